"""Words for a run: a line per change, a line per pair, then what waits and the command for it (cli.md section 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from calsync_cli.engine.report import Change, PairReport, Problem, Report

SIGN = {"create": "+", "update": "~", "delete": "-"}
OUTCOME = {
    "confirmed": "", "planned": "", "failed": "  FAILED", "stale": "  again later", "unknown": "  not confirmed yet",
    "waiting": "  not sent",
}


def shown(text: str) -> str:
    """Text of others as one harmless line: no line ends, no escape sequences for the terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def day_words(text: str) -> str:
    """`Tue 24 Nov 09:30`, with the year when it is not the usual one to think of; the day alone for all-day events."""
    if not text:
        return ""
    if len(text) == 10:
        day = date.fromisoformat(text)
        return f"{day:%a} {day.day} {day:%b %Y}"
    when = datetime.fromisoformat(text)
    return f"{when:%a} {when.day} {when:%b %Y %H:%M}"


def change_line(change: Change, width: int) -> str:
    """side, verb, title, start, why."""
    title = shown(change.title) or "(no title)"
    when = day_words(change.start)
    if change.recurring and change.action != "create":
        touched = f", {change.instances} instance{'s' if change.instances != 1 else ''}" if change.instances else ""
        when = f"series{touched}"
    sign = f"{SIGN[change.action]}{change.side}"
    return f'{change.pair:<{width}}  {sign}  "{title}"  {when}   {change.because}{OUTCOME.get(change.outcome, "")}'


def pair_line(pair: PairReport, width: int, *, dry_run: bool) -> str:
    """The total of one pair."""
    parts = []
    for side, count in (("a", pair.a), ("b", pair.b)):
        numbers = [(count.created, "+"), (count.updated, "~"), (count.deleted, "-")]
        done = " ".join(f"{sign}{number}" for number, sign in numbers if number) or "no change"
        parts.append(f"{side} {count.calendar}: {done} ({count.events:,} events)")
    waits = [(pair.linked, "linked"), (pair.conflicts, "conflict"), (pair.ambiguous, "ambiguous"), (pair.held, "held"),
             (pair.failed, "failed"), (pair.quarantined, "quarantined")]
    words = [f"{number} {word}" for number, word in waits if number]
    head = f"{pair.pair:<{width}}  {'would write: ' if dry_run else ''}"
    return head + "; ".join(parts) + (f"; {', '.join(words)}" if words else "")


def problem_lines(problems: Sequence[Problem], limit: int = 12) -> Iterator[str]:
    """What went wrong or waits, each with the next command; many of one kind are counted."""
    by_code: dict[str, list[Problem]] = {}
    for problem in problems:
        by_code.setdefault(problem.code, []).append(problem)
    for group in by_code.values():
        for problem in group[:limit]:
            yield f"! {shown(problem.message)}"
        if len(group) > limit:
            yield f"! ... and {len(group) - limit} more like this"
        commands = dict.fromkeys(problem.next for problem in group if problem.next)
        for command in list(commands)[:3]:
            yield f"  next: {command}"


def quiet_line(report: Report) -> str:
    """All is well and nothing changed: one line."""
    events = sum(max(pair.a.events, pair.b.events) for pair in report.pairs)
    pairs = len(report.pairs)
    return f"{pairs} pair{'s' if pairs != 1 else ''} up to date, {events:,} events, {report.seconds:.1f} s"
