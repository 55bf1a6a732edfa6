"""The dates of an event set within a stretch of time: what its rule puts there, moved and cancelled instances in place.

Shape   in: a form and two aware instants; out: instance keys, each with the form of that date as a single event
Limits  of a rule more often than daily, or with more than MAX_ASKED dates before the end, only the first date and the
        changed instances are known; periods (RDATE;VALUE=PERIOD) are texts here, and not told
Order   none; days and floating times count as UTC, so a day more on each side is looked at and the caller cuts
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from calsync_cli.model.recur import MAX_ASKED, expandable, like, ruleset
from calsync_cli.model.series import CANCELLED, Form, Path, Recurrence, Value, instance_form, instance_keys
from calsync_cli.model.times import InstanceKey, Span, When, instance_key, lasting, rough_instant, wall

_DAY = timedelta(days=1)
Occurrence = tuple[InstanceKey, dict[Path, Value]]


def within(span: Span, recurrence: Recurrence, low: datetime, high: datetime) -> list[When] | None:
    """Original starts whose instances touch [low, high], a day more on each side; None: they cannot be worked out."""
    if not expandable(recurrence):
        return None
    low_wall, before = _naive(low) - _DAY, _naive(high) + _DAY
    length = wall(span.end) - wall(span.start) + _DAY
    after = low_wall - min(max(length, timedelta(0)), low_wall - datetime.min)
    found: list[When] = []
    for number, local in enumerate(islice(ruleset(span, recurrence), MAX_ASKED + 1)):
        if local > before:
            return found
        if number == MAX_ASKED:
            return None
        if local >= after:
            found.append(like(span.start, local))
    return found


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)


def occurrences(form: Form, low: datetime, high: datetime) -> tuple[list[Occurrence], bool]:
    """Each date once that may touch [low, high], cancelled ones not; and whether these are all of them."""
    keys = instance_keys(form)
    span, recurrence = form.get("time"), form.get("recurrence")
    found: list[Occurrence] = []
    starts: list[When] | None = []
    if isinstance(span, Span):
        single = {path: value for path, value in form.items() if not path.startswith("@") and path != "recurrence"}
        starts = within(span, recurrence, low, high) if isinstance(recurrence, Recurrence) else [span.start]
        for start in [span.start] if starts is None else starts:
            key = instance_key(start)
            there = lasting(span, start)
            if key not in keys and _near(there, low, high):
                found.append((key, {**single, "time": there}))
    for key in keys:
        one = instance_form(form, key)
        own = one.get("time")
        if form.get(f"@{key}") != CANCELLED and isinstance(own, Span) and _near(own, low, high):
            found.append((key, one))
    periods = isinstance(recurrence, Recurrence) and recurrence.periods
    return found, starts is not None and not periods


def _near(span: Span, low: datetime, high: datetime) -> bool:
    return rough_instant(span.end) >= low - _DAY and rough_instant(span.start) <= high + _DAY
