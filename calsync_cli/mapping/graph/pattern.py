"""`recurrence` of an event <-> the dates it gives and the one RRULE that gives the same (facts 5, L5.1, L5.2).

Shape   `pattern_of(json)` -> Pattern; `.hits(start, day)` and `.dates(start)` are local dates of the series, on which
        the time of day is put in its zone; `.rule()` is RRULE text. `Range` says where it ends, `endDate` included
Outlook several days with an index count as one set (BYSETPOS); day 29 to 31 in a shorter month is its last day (L5.1)
Errors  MappingError for what Graph does not document: nobody may guess dates
"""

from __future__ import annotations

import sys
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import field
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

from calsync_cli.errors import MappingError
from calsync_cli.mapping.jsondoc import Json, object_of, text_of
from calsync_cli.model.plain import dataclass

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_ICAL = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_INDEX_NAMES = {number: name for name, number in INDEXES.items()}
_NEEDS = {
    "daily": (), "weekly": ("daysOfWeek",), "absoluteMonthly": ("dayOfMonth",), "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"), "relativeYearly": ("daysOfWeek", "month"),
}  # fmt: skip
_SHORTEST = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}
_STEPS = 40_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """Days count from Monday = 0; members that its kind does not use have their defaults, so that equal means equal."""

    kind: str
    interval: int = 1
    days: tuple[int, ...] = ()
    index: int = 1
    day: int = 0
    month: int = 0
    first: int = 0

    # -- dates ---------------------------------------------------------------------------------------------------------

    def hits(self, start: date, day: date) -> bool:
        """Whether the series that starts at `start` has an occurrence at `day`, as far as the pattern goes."""
        if day < start:
            return False
        if self.kind == "daily":
            return (day - start).days % self.interval == 0
        if self.kind == "weekly":
            weeks = (day - self._week(start)).days // 7
            return day.weekday() in self.days and weeks % self.interval == 0
        if self.kind.endswith("Monthly"):
            months = (day.year - start.year) * 12 + day.month - start.month
            return months % self.interval == 0 and self.in_month(day.year, day.month) == day
        years = day.year - start.year
        return day.month == self.month and years % self.interval == 0 and self.in_month(day.year, self.month) == day

    def dates(self, start: date) -> Iterator[date]:
        """Occurrences in order, without end but for that of the calendar."""
        for step in range(_STEPS):
            try:
                yield from (day for day in self._batch(start, step) if day >= start)
            except (OverflowError, ValueError):
                return

    def _batch(self, start: date, step: int) -> list[date]:
        if self.kind == "daily":
            return [start + timedelta(days=self.interval * step)]
        if self.kind == "weekly":
            week = self._week(start) + timedelta(weeks=self.interval * step)
            return sorted(week + timedelta(days=(day - self.first) % 7) for day in self.days)
        if self.kind.endswith("Monthly"):
            year, month = divmod(start.year * 12 + start.month - 1 + self.interval * step, 12)
            return [self.in_month(year, month + 1)]
        return [self.in_month(start.year + self.interval * step, self.month)]

    def _week(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.first) % 7)

    def in_month(self, year: int, month: int) -> date:
        weekday, length = monthrange(year, month)
        if self.day:
            return date(year, month, min(self.day, length))
        days = (day for day in range(1, length + 1) if (weekday + day - 1) % 7 in self.days)
        found = list(days)
        return date(year, month, found[self.index - 1 if self.index > 0 else -1])

    # -- words ---------------------------------------------------------------------------------------------------------

    def rule(self) -> str:
        """The RRULE with the same dates, without its end (L5.2). WKST only where it matters."""
        names = ",".join(_ICAL[day] for day in self.days)
        every = f";INTERVAL={self.interval}" if self.interval > 1 else ""
        if self.kind == "daily":
            return f"FREQ=DAILY{every}"
        if self.kind == "weekly":
            week = f";WKST={_ICAL[self.first]}" if self.interval > 1 and len(self.days) > 1 else ""
            return f"FREQ=WEEKLY{every};BYDAY={names}{week}"
        within = f"BYDAY={self.index}{names}" if len(self.days) == 1 else f"BYDAY={names};BYSETPOS={self.index}"
        if self.kind.endswith("Monthly"):
            return f"FREQ=MONTHLY{every};{self._month_days(28) if self.day else within}"
        short = _SHORTEST.get(self.month, 31)
        return f"FREQ=YEARLY{every};BYMONTH={self.month};{self._month_days(short) if self.day else within}"

    def _month_days(self, short: int) -> str:
        longest = 29 if short == 28 and self.month else short if self.month else 31
        if self.day <= short:
            return f"BYMONTHDAY={self.day}"
        if self.day >= longest and not self.month:
            return "BYMONTHDAY=-1"
        days = ",".join(map(str, range(short, min(self.day, longest) + 1)))
        return f"BYMONTHDAY={days};BYSETPOS=-1" if "," in days else f"BYMONTHDAY={days}"

    def json(self) -> Json:
        found: Json = {"type": self.kind, "interval": self.interval}
        if self.days:
            found["daysOfWeek"] = [DAYS[day] for day in self.days]
        if self.kind == "weekly":
            found["firstDayOfWeek"] = DAYS[self.first]
        if self.kind.startswith("relative"):
            found["index"] = _INDEX_NAMES[self.index]
        if self.day:
            found["dayOfMonth"] = self.day
        if self.month:
            found["month"] = self.month
        return found


ALL_DAYS = tuple(range(7))


def pattern_of(recurrence: Json) -> Pattern:
    node = object_of(recurrence, "pattern")
    kind, interval = text_of(node, "type"), _number(node, "interval", 1)
    if kind not in _NEEDS:
        raise MappingError(f"it repeats in a way that calsync does not know: {kind[:60]!r}")
    days = node.get("daysOfWeek")
    names = [str(name).lower() for name in days] if isinstance(days, list) else []
    first = text_of(node, "firstDayOfWeek").lower() or "sunday"
    index = text_of(node, "index").lower() or "first"
    number, month = _number(node, "dayOfMonth", 0), _number(node, "month", 0)
    fits = interval >= 1 and number <= 31 and month <= 12 and first in DAYS and set(names) <= set(DAYS)
    needs = _NEEDS[kind]
    if not fits or ("daysOfWeek" in needs and not names) or (kind.startswith("relative") and index not in INDEXES):
        raise MappingError("its repetition pattern is not one that Outlook can have")
    if ("dayOfMonth" in needs and number < 1) or ("month" in needs and month < 1):
        raise MappingError("its repetition pattern is not one that Outlook can have")
    return Pattern(
        kind, interval,
        tuple(sorted({DAYS.index(name) for name in names})) if "daysOfWeek" in needs else (),
        INDEXES[index] if kind.startswith("relative") else 1,
        number if "dayOfMonth" in needs else 0,
        month if "month" in needs else 0,
        DAYS.index(first) if kind == "weekly" else 0,
    )  # fmt: skip


def _number(node: Json, name: str, default: int) -> int:
    value: Any = node.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MappingError(f"its repetition pattern has no possible {name}")
    return value


# -- where a series ends -----------------------------------------------------------------------------------------------

LAST_END = date(4500, 8, 31)
"""Outlook knows no later end (L5.1: ErrorRecurrenceEndDateTooBig from 1 September 4500)."""
_NO_DATE = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Range:
    """`end` is the last day an occurrence may have; `count` counts deleted ones too; neither: no end.

    zone: the name of the zone the series is in, as it stands; never sent, for Graph takes the event's own (L5.1)
    """

    start: date
    end: date | None = None
    count: int | None = None
    zone: str = field(default="", compare=False)

    def json(self) -> Json:
        kind = "endDate" if self.end is not None else "numbered" if self.count is not None else "noEnd"
        found: Json = {"type": kind, "startDate": self.start.isoformat()}
        if self.end is not None:
            found["endDate"] = self.end.isoformat()
        if self.count is not None:
            found["numberOfOccurrences"] = self.count
        return {**found, "recurrenceTimeZone": self.zone} if self.zone else found


@lru_cache(maxsize=1024)
def last_of(pattern: Pattern, extent: Range) -> date | None:
    """A day after which the series has no date; None when it does not end, or not in any time that counts."""
    if extent.count is not None:
        return next(islice(pattern.dates(extent.start), min(extent.count - 1, sys.maxsize), None), None)
    return extent.end


def range_of(recurrence: Json, first: date) -> Range:
    """`first`: the local date of the event's start, which is the first of the series."""
    node = object_of(recurrence, "range")
    kind, zone = text_of(node, "type"), text_of(node, "recurrenceTimeZone")
    start = _date(node, "startDate")
    if start not in (first, _NO_DATE):
        raise MappingError(f"its series begins at {start}, its first event at {first}; nobody can tell its dates")
    if kind == "noEnd":
        return Range(first, zone=zone)
    if kind == "endDate":
        end = _date(node, "endDate")
        if end < first:
            raise MappingError("its series ends before it begins")
        return Range(first, end=end if end <= LAST_END else None, zone=zone)
    if kind == "numbered":
        count = node.get("numberOfOccurrences")
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            return Range(first, count=count, zone=zone)
    raise MappingError(f"its series ends in a way that calsync does not know: {kind[:60]!r}")


def _date(node: Json, name: str) -> date:
    try:
        return date.fromisoformat(text_of(node, name)[:10] or "0001-01-01")
    except ValueError:
        raise MappingError(f"its series has no possible {name}: {text_of(node, name)[:60]!r}") from None
