"""[notify]: what of a run's trouble is new since the last notice. Pure.

Shape   Known = {key of a trouble: the pairs of the runs that met it}; `compare(problems, pairs, known)` -> (what is
        new, what is known from now on)
Rule    a trouble is forgotten when a run that could have met it again did not, so it is told once, and again when it
        comes back. Runs of other pairs say nothing about it
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from calsync_cli.model.account import Trouble
from calsync_cli.model.words import printable

Known = Mapping[str, Sequence[str]]
Problem = Mapping[str, Any]
"""As in `sync --json`, with `kind`."""
SHOWN = 3
CONFLICTS = frozenset({
    "fields", "delete", "orphan", "ambiguous", "approval", "notify", "undo", "loop", "first-plan", "plan-moved",
    "person-needed",
})  # fmt: skip


def kind_of(code: str, exit_code: int) -> Trouble:
    """What of `on` a problem of a report is: by its word, then by its share of the exit code."""
    if code in CONFLICTS or exit_code == 3:
        return "conflict"
    if code == "guard" or exit_code == 4:
        return "guard"
    return "sign-in" if exit_code == 5 else "failure"


def compare(problems: Sequence[Problem], pairs: Collection[str], known: Known) -> tuple[list[Problem], Known]:
    """pairs: those that the run looked after."""
    met = {_key(problem): problem for problem in problems}
    new = [problem for key, problem in met.items() if key not in known]
    after = {key: list(seen) for key, seen in known.items() if key not in met and not set(seen) <= set(pairs)}
    for key in met:
        before = set(known.get(key, pairs))
        after[key] = sorted(before & set(pairs) or before)
    return new, after


def _key(problem: Problem) -> str:
    """An account's trouble is one, however its words change; what concerns events is told by its words."""
    of_account = problem["account"] is not None and problem["event"] is None
    return "\n".join([problem["kind"], problem["code"], problem["account"] if of_account else problem["message"]])


def sentence(new: Sequence[Problem]) -> str:
    """For a person, in a line each, with what to type next. What others worded makes no lines of its own."""
    lines = []
    for problem in new[:SHOWN]:
        about = problem["account"] is not None and problem["event"] is None
        named = about and problem["account"] not in problem["message"]
        words = f"{problem['account']}: {problem['message']}" if named else problem["message"]
        lines.append(printable(words + (f" (next: {problem['next']})" if problem["next"] else "")))
    if len(new) > SHOWN:
        lines.append(f"and {len(new) - SHOWN} more: calsync status")
    return "\n".join(lines)
