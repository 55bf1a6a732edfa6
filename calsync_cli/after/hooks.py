"""[[hooks]]: each program gets the changes of a run that it asked for, as one JSON document on standard input.

Shape   {"run": 17, "changes": [{"pair", "side", "calendar", "action", "uid", "title", "start", "fields", "because",
        "outcome", "losses", "event": {"start", "end", "location", ...} or null}]}; only what the servers confirmed
Rule    nothing a hook does changes the run, which is over, or its exit code: what went wrong is a note
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from calsync_cli.after.programs import call
from calsync_cli.model.account import Hook

WROTE = {"create": "created", "update": "updated", "delete": "deleted"}


def run_hooks(
    hooks: Sequence[Hook], run: int, changes: Sequence[Mapping[str, Any]], folder: Path, environ: Mapping[str, str]
) -> list[str]:
    """What went wrong, in words. One after the other, each only where there is something for it."""
    notes = []
    for hook in hooks:
        wanted = [one for one in changes if _concerns(hook, one)]
        if wanted:
            data = {"run": run, "changes": wanted}
            problem = call(
                hook.command, data, folder=folder, environ=environ, limit_s=hook.timeout.total_seconds()
            )
            notes += [f"hook: {problem}; the run is not affected"] if problem else []
    return notes


def _concerns(hook: Hook, change: Mapping[str, Any]) -> bool:
    here = not hook.pairs or change["pair"] in hook.pairs
    return here and change["outcome"] == "confirmed" and WROTE[change["action"]] in hook.on
