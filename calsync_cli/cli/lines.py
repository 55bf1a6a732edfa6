"""Words for a run: a line per change, a line per pair, then what waits and the command for it (cli.md section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from calsync_cli.cli.screen import shown as shown
from calsync_cli.cli.words import field_words
from calsync_cli.engine.report import Change, PairReport, Problem, Report

SIGN = {"create": "+", "update": "~", "delete": "-"}
OUTCOME = {
    "confirmed": "", "planned": "  (not done)", "failed": "  FAILED", "stale": "  again later",
    "unknown": "  not confirmed yet", "waiting": "  not sent",
}


def day_words(text: str) -> str:
    """`Tue 24 Nov 2026 09:30`, on the clock of the event's own zone; the day alone for all-day events."""
    if not text:
        return ""
    if len(text) == 10:
        day = date.fromisoformat(text)
        return f"{day:%a} {day.day} {day:%b %Y}"
    when = datetime.fromisoformat(text)
    return f"{when:%a} {when.day} {when:%b %Y %H:%M}"


def ago(text: str | None, now: datetime) -> str:
    """`3 min ago`."""
    if text is None:
        return "never"
    seconds = (now - datetime.fromisoformat(text)).total_seconds()
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min"), (129600, 3600, "h")):
        if seconds < limit:
            return f"{max(0, int(seconds // unit))} {name} ago"
    return f"{int(seconds // 86400)} days ago"


def counted(count: int, what: str) -> str:
    """`1 event`, `1,000 events`."""
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def change_line(change: Change, width: int, *, dry_run: bool = False) -> str:
    """side, verb, title, start, why, what is lost. In a dry run nobody needs to be told that it was not done."""
    title = shown(change.title) or "(no title)"
    when = day_words(change.start)
    if change.recurring and change.action != "create":
        touched = f", {change.instances} instance{'s' if change.instances != 1 else ''}" if change.instances else ""
        when = f"series{touched}"
    sign = f"{SIGN[change.action]}{change.side}"
    outcome = "" if dry_run else OUTCOME.get(change.outcome, "")
    lost = f"  [{shown('; '.join(change.losses))}]" if change.losses else ""
    return f'{change.pair:<{width}}  {sign}  "{title}"  {when}   {change.because}{outcome}{lost}'


def pair_line(pair: PairReport, width: int, *, dry_run: bool) -> str:
    """The total of one pair."""
    parts = []
    for side, count in (("a", pair.a), ("b", pair.b)):
        numbers = [(count.created, "+"), (count.updated, "~"), (count.deleted, "-")]
        done = " ".join(f"{sign}{number:,}" for number, sign in numbers if number) or "no change"
        parts.append(f"{side} {count.calendar}: {done} ({counted(count.events, 'event')})")
    conflicts = f"conflict{'s' if pair.conflicts != 1 else ''}"
    waits = [(pair.linked, "linked"), (pair.conflicts, conflicts), (pair.ambiguous, "ambiguous"), (pair.held, "held"),
             (pair.failed, "failed"), (pair.quarantined, "quarantined")]
    words = [f"{number:,} {word}" for number, word in waits if number]
    head = f"{pair.pair:<{width}}  {'would write: ' if dry_run else ''}"
    return head + "; ".join(parts) + (f"; {', '.join(words)}" if words else "")


def problem_lines(
    problems: Sequence[Problem], *, untouched: bool, limit: int = 5, quiet: bool = False
) -> Iterator[str]:
    """What went wrong or waits, each with the next command; many of one kind are counted. untouched: the run wrote
    nothing at all, which is worth a word where a whole account failed. quiet: it may be mailed, so without the titles
    that a pair hides."""
    by_code: dict[str, list[Problem]] = {}
    for problem in problems:
        by_code.setdefault(problem.code, []).append(problem)
    commands = {code: list(dict.fromkeys(p.next for p in group if p.next))[:3] for code, group in by_code.items()}
    codes = [*by_code, ""]
    for number, (code, group) in enumerate(by_code.items()):
        for problem in group[:limit]:
            message = problem.untitled() if quiet and problem.discreet else problem.message
            words = problem_words(code, message, problem.account)
            unsaid = untouched and code in ACCOUNT_WIDE and "nothing was" not in words.lower()
            yield f"! {words.rstrip('.')}. Nothing was changed" if unsaid else f"! {words}"
        if len(group) > limit:
            yield f"! ... and {len(group) - limit:,} more like this"
        if commands[code] != commands.get(codes[number + 1]):  # said once for several in a row
            yield from (f"  next: {command}" for command in commands[code])


def wrote(report: Report) -> bool:
    """Whether the run sent any change."""
    return any(change.outcome not in ("planned", "waiting") for change in report.changes)


ACCOUNT_WIDE = frozenset({"transient", "remote", "protocol", "auth", "calendar-gone"})


def problem_words(code: str, message: str, account: str | None) -> str:
    """What happened, and on which account where that is all that is known."""
    words = shown(message)
    named = account is None or re.search(rf"\baccount {re.escape(account)}\b", words)
    return words if named or code not in ACCOUNT_WIDE else f"account {account}: {words}"


DONE = {"create": "created", "update": "changed", "delete": "deleted"}
STATE = {
    "confirmed": "", "failed": "  FAILED", "abandoned": "  not done; planned anew in the next run",
    "sent": "  not confirmed yet", "planned": "  not sent",
}


def operation_lines(op: Mapping[str, Any], *, titled: bool) -> Iterator[str]:
    """One row of the journal: what was written and why, then the request and the answer."""
    title = f' "{shown(op["title"]) or "(no title)"}"  {day_words(op["start"])} ' if titled else ":"
    verb = DONE[op["action"]] if op["outcome"] == "confirmed" else op["action"]
    yield f"{verb} on {op['calendar']}{title} {op['because']}{STATE.get(op['outcome'], '')}"
    paths, zone = op["changes"] if op["action"] == "update" else (), op["zone"] or "UTC"
    fields = ", ".join(field_words(path, zone) for path in paths)
    unchanged = f"only as {op['precondition']}" if op["precondition"] else "only if it still was as read before"
    guard = "only if it is new" if op["action"] == "create" else unchanged
    sent = f"sent {op['sent'][11:]}" if op["sent"] else "not sent"
    done = f", answered {op['done'][11:]}" if op["done"] else ""
    yield f"  {sent}{f' with {fields}' if fields else ''} to {op['remote_id']}, {guard}{done}"
    if op["error"]:
        yield f"  {shown(op['error'])}"


def quiet_line(report: Report) -> str:
    """All is well and nothing changed: one line."""
    events = sum(max(pair.a.events, pair.b.events) for pair in report.pairs)
    return f"{counted(len(report.pairs), 'pair')} up to date, {counted(events, 'event')}, {report.seconds:.1f} s"
