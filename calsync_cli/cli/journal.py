"""`journal`: writes with an open end, and giving them up (J8). History has the others."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from calsync_cli.cli.approvals import VERBS
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lines import ago, counted, day_words
from calsync_cli.cli.screen import say, shown
from calsync_cli.errors import PersonNeeded, UsageError

NOTHING = "every write has an end that is known; calsync history tells of them"


def listing(ctx: Context, *, as_json: bool) -> int:
    """What was sent, and why nobody knows what became of it."""
    rows, now = ctx.look(lambda work: work.unfinished()), ctx.ports.now()
    if as_json:
        print_json(rows)
        return 0
    cells = [[str(row["id"]), f"{VERBS[row['action']]} on {row['calendar']}", row["title"], day_words(row["start"]),
              row["words"], ago(row["sent"], now)] for row in rows]
    table(["id>", "was to", "title", "start", "its end is not known", "sent"], cells, color=ctx.color)
    ways = ("each run looks again, and until then leaves the event alone; if the calendar never comes back: "
            "calsync journal abandon ID")
    say(*(["", ways] if rows else [NOTHING]))
    return 0


def abandon(ctx: Context, ids: Sequence[int], *, all: bool, yes: bool, as_json: bool) -> int:
    """Give up what is named, after a yes."""
    if all == bool(ids):
        raise UsageError("name writes by their numbers, or say --all", next="calsync journal")
    rows = [row for row in ctx.look(lambda work: work.unfinished()) if all or row["id"] in ids]
    numbers = [row["id"] for row in rows] if all else list(ids)
    if numbers and rows and not yes:
        _confirm(rows, "--all" if all else " ".join(map(str, ids)), may_ask=not as_json)
    if numbers:
        ctx.look(lambda work: work.abandon(numbers))
    if as_json:
        print_json(rows)
    elif not numbers:
        say(NOTHING)
    else:
        say(f"{counted(len(numbers), 'write')} given up; the next sync plans what is to be done: calsync sync -n")
    return 0


def _confirm(rows: Sequence[Mapping[str, Any]], words: str, *, may_ask: bool) -> None:
    """Raises PersonNeeded without a yes."""
    what = ", ".join(f'the {row["action"]} of "{shown(row["title"])}" on {row["calendar"]}' for row in rows[:5])
    what += f" and {len(rows) - 5:,} more" if len(rows) > 5 else ""
    again = f"calsync journal abandon {words} --yes"
    if not (may_ask and sys.stdin.isatty()):
        raise PersonNeeded(f"to give up {what} needs your yes; nothing was given up", next=again)
    from calsync_cli.cli.questions import yes

    say("Whether it was made will not be asked again; if it was, the next sync finds that as it finds any change.")
    if not yes(f"Give up {what}? [y/N] ", default=False):
        raise PersonNeeded("nothing was given up", next=again)
