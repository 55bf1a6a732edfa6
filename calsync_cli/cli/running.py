"""One run of the engine for a command: its bars, its signals, its budget and its lines in the log."""

from __future__ import annotations

import json
import logging
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli import lines
from calsync_cli.cli.context import Context
from calsync_cli.engine.report import Report
from calsync_cli.engine.state import Wish
from calsync_cli.errors import CalsyncError, UsageError

LOGGED_PROBLEMS = 50


Job = Callable[[Workspace, Wish], Report]


def run(ctx: Context, wish: Wish, job: Job, *, budget: str | None = None) -> tuple[Report, int]:
    """(report of the job, 130 or 143 when a signal ended the run at a clean boundary)."""
    work = ctx.workspace()
    try:
        with _progress(ctx, work) as aside, _signals(work, budget) as caught:
            wish = replace(wish, confirm=wish.confirm and aside(wish.confirm))
            report = job(work, wish)
            report.notes += _noted(work.follow(report))
            signal_code = 128 + caught[0] if caught else 0
    except CalsyncError as err:
        _noted(work.tell_failure(err))
        raise
    finally:
        work.close()
    _log(report)
    return report, signal_code


def _noted(notes: list[str]) -> list[str]:
    for note in notes:
        logging.getLogger(__name__).warning("%s", note)
    return notes


def _log(report: Report) -> None:
    """What was only planned, by UID, and the totals; writes were told as they were done (engine.run)."""
    items = logging.getLogger("calsync_cli.items")
    for change in report.changes:
        if change.outcome == "planned":
            words = (change.pair, change.side, change.action, change.uid, change.outcome, change.because)
            items.info("%s: on %s %s %s: %s, %s", *words)
    log = logging.getLogger(__name__)
    for problem in report.problems[:LOGGED_PROBLEMS]:
        log.warning("%s: %s", problem.code, lines.shown(problem.untitled()))
    if len(report.problems) > LOGGED_PROBLEMS:
        log.warning("... and %d problems more", len(report.problems) - LOGGED_PROBLEMS)
    for pair in report.pairs:
        log.info("%s", json.dumps(pair.json(), ensure_ascii=False))
    name = "dry run" if report.run is None else f"run {report.run}"
    log.info("%s took %.2f s, exit code %d", name, report.seconds, report.exit_code)


@contextmanager
def _signals(work: Workspace, budget: str | None) -> Iterator[list[int]]:
    """J7: the first signal ends the run after the requests under way, the second at once; L4: so does the budget."""
    caught: list[int] = []
    end = None if budget is None else work.ports.monotonic_s() + parse_duration(budget).total_seconds()
    work.stopping = lambda: bool(caught) or (end is not None and work.ports.monotonic_s() >= end)

    def stop(number: int, frame: Any) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)

    old = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def parse_duration(text: str) -> timedelta:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a duration; write 90s, 5m or 1h", next="calsync sync -h")
    return timedelta(seconds=int(match[1]) * units[match[2]])


Confirm = Callable[[str, Report], bool]


@contextmanager
def _progress(ctx: Context, work: Workspace) -> Iterator[Callable[[Confirm], Confirm]]:
    """Bars on a terminal's stderr for work that lasts over a second; yields what puts a question in front of them.
    With -v the lines of the log tell more, and a bar would be torn by them."""
    if ctx.quiet or ctx.verbosity or ctx.as_json or not sys.stderr.isatty() or ctx.environ.get("TERM") == "dumb":
        yield lambda confirm: confirm
        return
    from calsync_cli.cli.progress import Bar

    bar = Bar(work.ports.monotonic_s, color=ctx.color)
    work.progress = bar.update
    work.ports = replace(work.ports, waits=bar.wait)
    try:
        yield bar.aside
    finally:
        bar.close()
