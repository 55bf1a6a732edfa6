"""Series as single instances: for singleEvents=true and for events.instances (facts 4.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from tests.emulators.google.lookup import instance, original
from tests.emulators.google.recurrence import CEILING
from tests.emulators.google.state import Calendar, Row
from tests.emulators.google.times import as_stored, instant, shifted_end


def expanded(
    calendar: Calendar, master: Row, overrides: Iterable[Row], low: datetime | None, high: datetime | None
) -> Iterator[Row]:
    """Instances inside the window, exceptions in their places; cancelled ones are included."""
    own = {original(row): row for row in overrides}
    yield from (row for row in own.values() if touches(calendar, row, low, high))
    yield from islice(_plain(calendar, master, set(own), low, high), CEILING)


def _plain(
    calendar: Calendar, master: Row, taken: set[object], low: datetime | None, high: datetime | None
) -> Iterator[Row]:
    for start in master.recurrence.originals(CEILING * 50 if high or low else CEILING):
        row = instance(master, start)
        if high is not None and instant(row.body["start"], calendar.time_zone) >= high:
            return
        if start not in taken and touches(calendar, row, low, high):
            yield row


def touches(calendar: Calendar, row: Row, low: datetime | None, high: datetime | None) -> bool:
    """`low` bounds the end and `high` the start, both exclusive; a series counts from first to last instance."""
    if low is None and high is None:
        return True
    start, end = row.body["start"], row.body["end"]
    if high is not None and instant(start, calendar.time_zone) >= high:
        return False
    if low is None:
        return True
    if row.is_master:
        last = row.recurrence.last()
        if last is None:
            return row.recurrence.endless
        end = shifted_end(start, end, last)
    return instant(end, calendar.time_zone) > low


def half_a_year(calendar: Calendar, master: Row, now: datetime) -> Iterator[Row]:
    """The flood of instances after a series was deleted, seen with singleEvents=true (facts 4.3)."""
    yield from _plain(calendar, master, set(), now - timedelta(days=90), now + timedelta(days=90))


def same_start(row: Row, wanted: datetime, calendar: Calendar) -> bool:
    start = as_stored(original(row), row.body["start"])
    return instant(start, calendar.time_zone) == wanted
