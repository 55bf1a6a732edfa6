"""What `watch` shows: one calm picture on a terminal, plain lines elsewhere; with -q only what is wrong."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from calsync_cli.cli import lines
from calsync_cli.cli.context import Context
from calsync_cli.cli.screen import columns_of, shown, wrapped

if TYPE_CHECKING:
    from calsync_cli.engine.report import Problem, Report
    from calsync_cli.ports import Ports
    from calsync_cli.watch.state import AccountState, WatchState

log = logging.getLogger(__name__)
MOST_CHANGES = 20
MOST_WAITS = 6


class Plain:
    """A line for each thing that happens, with the time unless a journal notes it anyway."""

    def __init__(self, ports: Ports, *, quiet: bool, stamps: bool) -> None:
        self._ports, self._quiet, self._stamps = ports, quiet, stamps

    def _clock(self) -> str:
        return f"{self._ports.now().astimezone():%H:%M:%S} "

    def tell(self, line: str, *, wrong: bool = False) -> None:
        log.log(logging.WARNING if wrong else logging.INFO, "%s", line)
        if wrong or not self._quiet:
            self._put(shown(line))

    def report(self, report: Report, new: Sequence[Problem]) -> None:
        for line in report_lines(report, new, quiet=self._quiet):
            self._put(line)

    def draw(self, state: WatchState) -> None:
        """Lines need no picture."""

    def _put(self, line: str) -> None:
        stamp = self._clock() if self._stamps else ""
        print(stamp + line, flush=True)


class Live(Plain):
    """The picture stays at the bottom; what happens goes up above it."""

    def __init__(self, live: Any, ports: Ports, *, quiet: bool) -> None:
        super().__init__(ports, quiet=quiet, stamps=True)
        self._live = live

    def draw(self, state: WatchState) -> None:
        self._live.update(picture(state, columns_of(sys.stdout)), refresh=True)

    def tell(self, line: str, *, wrong: bool = False) -> None:
        """How accounts and tunnel are stands in the picture."""
        log.log(logging.WARNING if wrong else logging.INFO, "%s", line)
        if wrong:
            self._put(shown(line))

    def _put(self, line: str) -> None:
        from rich.text import Text

        columns = columns_of(sys.stdout)
        for piece in wrapped(self._clock() + line, columns) if columns else [line]:
            self._live.console.print(Text(piece), soft_wrap=True)


@contextmanager
def screen(ctx: Context) -> Iterator[Plain]:
    if not sys.stdout.isatty() or ctx.environ.get("TERM") == "dumb" or ctx.quiet or ctx.verbosity:
        yield Plain(ctx.ports, quiet=ctx.quiet, stamps="JOURNAL_STREAM" not in os.environ)
        return
    from rich.console import Console
    from rich.live import Live as Drawn

    console = Console(color_system="auto" if ctx.color else None, highlight=False)
    with Drawn(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        yield Live(live, ctx.ports, quiet=ctx.quiet)


def report_lines(report: Report, new: Sequence[Problem], *, quiet: bool) -> Iterator[str]:
    """What a run changed, and what is newly wrong."""
    if not quiet:
        done = [change for change in report.changes if change.outcome != "planned"]
        yield from (lines.change_line(change, 0) for change in done[:MOST_CHANGES])
        if len(done) > MOST_CHANGES:
            yield f"... and {len(done) - MOST_CHANGES:,} more: calsync history {report.run}"
        yield from (f"note: {shown(note)}" for note in report.notes)
    yield from lines.problem_lines(new, untouched=not lines.wrote(report), quiet=quiet)


# -- the picture -------------------------------------------------------------------------------------------------------

COLUMNS = ("account", "changes by", "last notice", "last run", "renewal", "next look")
NARROW = ("account", "changes by", "last run", "next look")
WIDE_COLUMNS = 78
"""From here on there is room for all, with eighteen letters of an account's name."""


def picture(state: WatchState, width: int) -> Any:
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    columns = COLUMNS if width >= WIDE_COLUMNS else NARROW
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in ("account",))
    for one in state.accounts:
        found = dict(zip(COLUMNS, cells(one, state), strict=True))
        table.add_row(*(found[column] for column in columns))
    doing = f"{'running' if state.busy else 'waiting'} (Ctrl-C stops); {shown(state.way)}"
    parts: list[Any] = [Text(""), table, *(Text(piece, style="dim") for piece in wrapped(doing, width or 80))]
    problems = [f"{one.name}: {one.problem}" for one in state.accounts if one.problem] + list(state.waits)
    for line in problems[:MOST_WAITS]:
        parts += [Text(piece, style="magenta") for piece in wrapped(f"! {shown(line)}", width or 80)]
    if len(problems) > MOST_WAITS:
        parts.append(Text(f"! ... and {len(problems) - MOST_WAITS} more: calsync status", style="magenta"))
    return Group(*parts)


def cells(one: AccountState, state: WatchState) -> list[str]:
    return [
        shown(one.name), one.how, _ago(one.notice, state.now), _ago(one.run, state.now),
        until(one.renewal, state.now), until(one.look, state.now),
    ]


def _ago(when: datetime | None, now: datetime) -> str:
    """In minutes: the picture is drawn anew each half of one."""
    if when is None:
        return "-"
    return "just now" if (now - when).total_seconds() < 90 else lines.ago(when.isoformat(), now)


def until(when: datetime | None, now: datetime) -> str:
    """`in 12 min`, `in 3 days`."""
    if when is None:
        return "-"
    seconds = (when - now).total_seconds()
    if seconds < 60:
        return "in a minute" if seconds > 0 else "now"
    for limit, unit, name in ((5400, 60, "min"), (129600, 3600, "h")):
        if seconds < limit:
            return f"in {int(seconds // unit)} {name}"
    return f"in {int(seconds // 86400)} days"
