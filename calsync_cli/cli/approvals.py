"""`approvals`: the writes that wait for a yes (semantics 14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lines import ago, day_words
from calsync_cli.cli.running import run
from calsync_cli.cli.screen import say
from calsync_cli.cli.sync import show
from calsync_cli.engine.state import Wish
from calsync_cli.errors import UsageError

VERBS = {"create": "make", "update": "change", "delete": "delete"}


def listing(ctx: Context, *, as_json: bool) -> int:
    """What waits, and why."""
    rows, now = ctx.look(lambda work: work.approvals()), ctx.ports.now()
    if as_json:
        print_json(rows)
        return 0
    cells = [[str(row["id"]), f"{VERBS.get(row['action'], row['action'])} on {row['calendar']}", row["title"],
              day_words(row["start"]), row["words"], ago(row["since"], now)] for row in rows]
    table(["id>", "would", "title", "start", "waits because", "since"], cells, color=ctx.color)
    say(*(["", "calsync approvals approve ID ..., or reject ID ...; --all for all of them"] if rows
          else ["nothing waits for your yes"]))
    return 0


def answer(
    ctx: Context, ids: Sequence[int], word: Literal["approve", "reject"], *, all: bool, as_json: bool
) -> int:
    """Say yes or no to what waits, and sync what that allows."""
    if all == bool(ids):
        raise UsageError("name what waits by its numbers, or say --all", next="calsync approvals list")
    work = ctx.workspace()
    try:
        numbers = [row["id"] for row in work.approvals()] if all else list(ids)
        pairs = work.answer(numbers, word) if numbers else []
    finally:
        work.close()
    if not pairs:
        say("nothing waits for your yes")
        return 0
    wish = Wish(trigger="approvals", plans_dir=ctx.state_dir / "plans")
    report, signal_code = run(ctx, wish, lambda work, wish: work.sync(pairs, wish))
    show(ctx, report, as_json=as_json)
    return signal_code or report.exit_code
