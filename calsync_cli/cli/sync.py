"""`sync` and `apply`: run the engine, show the report."""

from __future__ import annotations

import json
import logging
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli import lines
from calsync_cli.cli.context import Context
from calsync_cli.cli.screen import say
from calsync_cli.engine.report import Change, Report
from calsync_cli.engine.run import Wish
from calsync_cli.errors import UsageError

SHOWN_CHANGES, SHOWN_UNDONE = 200, 10
LOGGED_PROBLEMS = 50


def sync(
    ctx: Context, pairs: Sequence[str], *, all: bool, due: bool, dry_run: bool, plan_file: Path | None, yes: bool,
    approve: Sequence[str], full: bool, budget: str | None, as_json: bool,
) -> int:
    """The main job. Returns the exit code."""
    if all and pairs:
        raise UsageError("--all and pair names do not go together", next="calsync sync --all")
    wish = Wish(
        dry_run=dry_run or plan_file is not None, yes=yes, full=full, approved=frozenset(approve),
        confirm=None if as_json else _ask if sys.stdin.isatty() else None,
        trigger="due" if due else "manual", plans_dir=ctx.state_dir / "plans",
    )
    report, signal_code = run(ctx, pairs, wish, due=due, budget=budget)
    if plan_file is not None:
        _save_plan(plan_file, report)
    show(ctx, report, as_json=as_json, due=due)
    for unknown in set(approve) - {str(plan["plan"]) for plan in report.plans}:
        say(f"nothing was done with {lines.shown(unknown)}: no plan of that name waits just now", to=sys.stderr)
    if plan_file is not None and not as_json and not ctx.quiet:
        say(f"plan saved to {plan_file}; run it with: calsync apply {plan_file}")
    return signal_code or report.exit_code


def apply(ctx: Context, file: Path, *, as_json: bool) -> int:
    """Run a saved plan if the world has not moved."""
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        ids = frozenset(str(plan["plan"]) for plan in saved["plans"])
        names = [str(name) for plan in saved["plans"] for name in plan["pairs"]]
    except FileNotFoundError:
        raise UsageError(f"there is no plan file {file}", next="calsync sync --plan-file FILE") from None
    except (ValueError, KeyError, TypeError):
        text = f"{file} is not a plan of calsync sync --plan-file"
        raise UsageError(text, next="calsync sync --plan-file FILE") from None
    wish = Wish(yes=True, approved=ids, expected=ids, trigger="apply", plans_dir=ctx.state_dir / "plans")
    report, signal_code = run(ctx, names, wish)
    show(ctx, report, as_json=as_json)
    return signal_code or report.exit_code


def run(
    ctx: Context, pairs: Sequence[str], wish: Wish, *, due: bool = False, budget: str | None = None
) -> tuple[Report, int]:
    """(report, 130 or 143 when a signal ended the run at a clean boundary)."""
    work = ctx.workspace()
    try:
        with _progress(ctx, work) as aside, _signals(work, budget) as caught:
            wish = replace(wish, confirm=wish.confirm and aside(wish.confirm))
            report = work.sync(pairs, wish, due=due)
            signal_code = 128 + caught[0] if caught else 0
    finally:
        work.close()
    _log(report)
    return report, signal_code


def _log(report: Report) -> None:
    """A line per write, by UID: titles stay out of the log, where they would outlive their event."""
    items = logging.getLogger("calsync_cli.items")
    for change in report.changes:
        words = (change.pair, change.side, change.action, change.uid, change.outcome, change.because)
        items.info("%s: on %s %s %s: %s, %s", *words)
    log = logging.getLogger(__name__)
    for problem in report.problems[:LOGGED_PROBLEMS]:
        log.warning("%s: %s", problem.code, lines.shown(problem.message))
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
    match = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a duration; write 90s, 5m or 1h", next="calsync sync -h")
    return timedelta(seconds=int(match[1]) * units[match[2]])


Confirm = Callable[[str, Report], bool]


@contextmanager
def _progress(ctx: Context, work: Workspace) -> Iterator[Callable[[Confirm], Confirm]]:
    """Bars on a terminal's stderr for work that lasts over a second; yields what puts a question in front of them.
    With -v the lines of the log tell more, and a bar would be torn by them."""
    if ctx.quiet or ctx.verbosity or not sys.stderr.isatty() or ctx.environ.get("TERM") == "dumb":
        yield lambda confirm: confirm
        return
    from calsync_cli.cli.progress import Bar

    bar = Bar(color=ctx.color)
    work.progress = bar.update
    try:
        yield bar.aside
    finally:
        bar.close()


def _ask(words: str, report: Report) -> bool:
    """A yes on the terminal. A signal is a no, and ends the run as it would between two requests."""

    def leave(number: int, frame: Any) -> None:
        raise _Stopped(number)

    old = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    stopped_by = 0
    try:
        say(words, to=sys.stderr)
        while (answer := input("Go ahead? [y/N, s shows each change] ").strip().lower()) in ("s", "show"):
            say(*_planned_lines(report))
    except EOFError:
        answer = ""
        print()
    except _Stopped as err:
        answer, stopped_by = "", err.number
        print()
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
    if stopped_by:
        signal.raise_signal(stopped_by)
    return answer in ("y", "yes")


def _planned_lines(report: Report) -> Iterator[str]:
    """Every change of the plan that is asked about: the last one made."""
    changes = [Change(**{**change, "fields": tuple(change["fields"])}) for change in report.plans[-1]["changes"]]
    return (lines.change_line(change, 0, dry_run=True) for change in changes)


class _Stopped(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _save_plan(file: Path, report: Report) -> None:
    document = {"format": "calsync plan 1", "plans": report.plans}
    partial = file.with_name(file.name + ".part")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    partial.replace(file)


def show(ctx: Context, report: Report, *, as_json: bool, due: bool = False) -> None:
    """The report as one JSON document, or as lines. A terminal gets the first changes, a file all of them."""
    if as_json:
        print(json.dumps(report.json(), ensure_ascii=False, indent=1))
        return
    out: list[str] = []
    width = max((len(pair.pair) for pair in report.pairs), default=0)
    if not ctx.quiet:
        out += _change_lines(report, width)
        if report.changes or report.problems:
            out += [lines.pair_line(pair, width, dry_run=report.dry_run) for pair in report.pairs]
        out += [f"note: {lines.shown(note)}" for note in report.notes]
    out += lines.problem_lines(report.problems, untouched=not lines.wrote(report))
    if not out and not ctx.quiet:
        nothing = "nothing is due" if due else f"no pairs yet in {ctx.config_file}; write one: calsync config edit"
        out = [lines.quiet_line(report) if report.pairs else nothing]
    if out:
        say(*out)


def _change_lines(report: Report, width: int) -> Iterator[str]:
    """What was done, or would be; of what a guard or a question stopped only the first, so that the reason is seen."""
    undone = [c for c in report.changes if c.outcome == "planned" and not report.dry_run]
    done = [c for c in report.changes if c not in undone]
    for changes, fit in ((done, SHOWN_CHANGES), (undone, SHOWN_UNDONE)):
        fit = fit if sys.stdout.isatty() else len(changes)
        yield from (lines.change_line(change, width, dry_run=report.dry_run) for change in changes[:fit])
        if len(changes) > fit:
            history = report.run is not None and changes is done
            whole = f"calsync history {report.run}" if history else "calsync sync --dry-run | less"
            yield f"... and {len(changes) - fit:,} more: {whole}"
