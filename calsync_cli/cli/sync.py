"""`sync` and `apply`: run the engine, show the report."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from calsync_cli import files
from calsync_cli.cli import lines
from calsync_cli.cli.context import Context
from calsync_cli.cli.running import Job, run
from calsync_cli.cli.screen import say
from calsync_cli.engine.report import Change, Report
from calsync_cli.engine.state import Wish
from calsync_cli.errors import UsageError

SHOWN_CHANGES, SHOWN_UNDONE = 200, 10


def sync(
    ctx: Context, pairs: Sequence[str], *, all: bool, due: bool, dry_run: bool, plan_file: Path | None, yes: bool,
    approve: Sequence[str], full: bool, retire: bool, budget: str | None, as_json: bool,
) -> int:
    """The main job. Returns the exit code."""
    if all and pairs:
        raise UsageError("--all and pair names do not go together", next="calsync sync --all")
    wish = Wish(
        dry_run=dry_run or plan_file is not None, yes=yes, full=full, approved=frozenset(approve),
        confirm=asked(as_json=as_json),
        trigger=_retiring(pairs) if retire else "due" if due else "manual", plans_dir=ctx.state_dir / "plans",
    )
    job: Job = lambda work, wish: work.sync(pairs, wish, due=due, retire=retire)  # noqa: E731
    report, signal_code = run(ctx, wish, job, budget=budget)
    if plan_file is not None:
        _save_plan(plan_file, report, retire=retire)
    show(ctx, report, as_json=as_json, due=due)
    for unknown in set(approve) - {str(plan["plan"]) for plan in report.plans}:
        say(f"nothing was done with {lines.shown(unknown)}: no plan of that name waits just now", to=sys.stderr)
    if plan_file is not None and not as_json and not ctx.quiet:
        say(f"plan saved to {plan_file}; run it with: calsync apply {plan_file}")
    return signal_code or report.exit_code


def apply(ctx: Context, file: Path, *, as_json: bool) -> int:
    """Run a saved plan if the world has not moved, else say what moved."""
    saved, retire = _read_plan(file)
    ids = frozenset(str(plan["plan"]) for plan in saved)
    names = [str(name) for plan in saved for name in plan["pairs"]]
    wish = Wish(yes=True, approved=ids, expected=ids, trigger="apply", plans_dir=ctx.state_dir / "plans")
    report, signal_code = run(ctx, wish, lambda work, wish: work.sync(names, wish, retire=retire))
    if any(problem.code == "plan-moved" for problem in report.problems):
        report.notes += _moved(saved, report.plans)
    show(ctx, report, as_json=as_json)
    return signal_code or report.exit_code


def _retiring(names: Sequence[str]) -> str:
    """What was typed, as it is typed again to say yes to it."""
    return " ".join(("sync", *map(shlex.quote, names), "--retire"))


def _read_plan(file: Path) -> tuple[list[dict[str, Any]], bool]:
    """The plans, and whether they begin with what is to be retired."""
    again = "calsync sync --plan-file FILE"
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        plans: list[dict[str, Any]] = saved["plans"]
        for plan in plans:
            _ = [_planned(change) for change in plan["changes"]], str(plan["plan"]), [*plan["pairs"]]
    except FileNotFoundError:
        raise UsageError(f"there is no plan file {file}; nothing was touched", next=again) from None
    except OSError as err:
        raise UsageError(f"{file} cannot be read ({err.strerror}); nothing was touched", next=again) from None
    except (ValueError, KeyError, TypeError):
        text = f"{file} is not a plan of calsync sync --plan-file; nothing was touched"
        raise UsageError(text, next=again) from None
    return plans, bool(saved.get("retire"))


def _moved(saved: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the saved plans would do and today's would not, and the other way round."""
    before, after = (
        {(c["side"], c["pair"], c["action"], c["uid"], *c["fields"]): c for plan in plans for c in plan["changes"]}
        for plans in (saved, now)
    )
    differences = [("no longer to be done", before[key]) for key in before.keys() - after.keys()]
    differences += [("new since then", after[key]) for key in after.keys() - before.keys()]
    differences.sort(key=lambda one: (one[0], one[1]["start"], one[1]["title"]))
    for words, change in differences[:SHOWN_UNDONE]:
        yield f"{words}: {lines.change_line(_planned(change), 0, dry_run=True)}"
    if len(differences) > SHOWN_UNDONE:
        yield f"... and {len(differences) - SHOWN_UNDONE:,} more differences"
    if not differences:
        yield "the same changes are planned, but some of their events have another version now"


def asked(*, as_json: bool) -> Callable[[str, Report], bool] | None:
    """How a plan is confirmed: on a terminal, or not at all."""
    return _ask if sys.stdin.isatty() and not as_json else None


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
    return (lines.change_line(_planned(change), 0, dry_run=True) for change in report.plans[-1]["changes"])


def _planned(change: Mapping[str, Any]) -> Change:
    """A change as a plan file holds it. Raises TypeError or KeyError for anything else."""
    return Change(**{**change, "fields": tuple(change["fields"]), "losses": tuple(change.get("losses", ()))})


class _Stopped(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _save_plan(file: Path, report: Report, *, retire: bool) -> None:
    document = {"format": "calsync plan 1", **({"retire": True} if retire else {}), "plans": report.plans}
    try:
        files.write(file, json.dumps(document, ensure_ascii=False, indent=1))
    except OSError as err:
        text = f"the plan cannot be saved to {file} ({err.strerror}); no calendar was touched"
        raise UsageError(text, next="calsync sync --plan-file FILE") from err


def show(ctx: Context, report: Report, *, as_json: bool, due: bool = False) -> None:
    """The report as one JSON document, or as lines. A terminal gets the first changes, a file all of them."""
    if as_json:
        from calsync_cli.cli.draw import print_json

        print_json(report.json())
        return
    out: list[str] = []
    width = max((len(pair.pair) for pair in report.pairs), default=0)
    if not ctx.quiet:
        out += _change_lines(report, width)
        if report.changes or report.problems:
            out += [lines.pair_line(pair, width, dry_run=report.dry_run) for pair in report.pairs]
        elif report.pairs:
            out.append(lines.quiet_line(report))
        out += [f"note: {lines.shown(note)}" for note in report.notes]
    out += lines.problem_lines(report.problems, untouched=not lines.wrote(report), quiet=ctx.quiet)
    if not out and not ctx.quiet:
        out = ["nothing is due" if due else f"no pairs yet in {ctx.config_file}; make one: calsync init"]
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
