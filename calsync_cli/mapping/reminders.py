"""Reminders of the form <-> minutes before the start, which is all that JSON calendars know.

Shape   `stand_in("audio:-PT15M", span)` -> ("audio", 15): the whole minute before the start that rings nearest to it,
        and never later; None for one after the start or not understood. `form` reads kept originals back
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from calsync_cli.mapping.values import clean, duration
from calsync_cli.model.times import Span, When, Zoned, utc, wall

_REMINDER = re.compile(r"([^:]+):(?:(end):)?([+-]?P[^:]*|\d{8}T\d{6}Z?)", re.ASCII)


def stand_in(reminder: str, span: Span) -> tuple[str, int] | None:
    found = _REMINDER.fullmatch(reminder)
    if found is None:
        return None
    kind, end, moment = found.groups()
    try:
        before = -_after_start(moment, bool(end), span)
    except (ValueError, OverflowError):
        return None
    return (kind, -(-before // timedelta(minutes=1))) if before >= timedelta(0) else None


def _after_start(moment: str, end: bool, span: Span) -> timedelta:
    if not moment[0].isdigit():
        return duration(moment).exact + (_instant(span.end) - _instant(span.start) if end else timedelta(0))
    at = datetime.fromisoformat(moment[:15])
    if moment.endswith("Z"):
        return at.replace(tzinfo=UTC) - _instant(span.start)
    return at - wall(span.start)


def _instant(when: When) -> datetime:
    return utc(when) if isinstance(when, Zoned) else wall(when).replace(tzinfo=UTC)


def form(there: Iterable[str], kept: Iterable[tuple[str, str]], word: Callable[[str], str]) -> frozenset[str]:
    """What the provider shows (`word` puts it in the form's words), with the kept originals in the place of what
    stands for them."""
    there, kept = list(there), list(kept)
    taken = {instead for _, instead in kept}
    originals = {clean(value).strip() for value, instead in kept if not instead or instead in there}
    return frozenset((originals - {""}) | {word(text) for text in there if text not in taken})
