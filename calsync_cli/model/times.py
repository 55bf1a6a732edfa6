"""The three kinds of time a calendar has, and the key of an instance.

Shape   AllDay(day) | Zoned(naive wall time, IANA zone name; UTC is "UTC") | Floating(naive wall time)
Source  RFC 5545 sections 3.3.4, 3.3.5, 3.8.4.4; semantics R1
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from calsync_cli.model.plain import dataclass

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class AllDay:
    day: date


@dataclass(frozen=True, slots=True)
class Zoned:
    """`local` is naive wall time in `tzid`; the first of two equal wall times is meant (fold 0)."""

    local: datetime
    tzid: str


@dataclass(frozen=True, slots=True)
class Floating:
    local: datetime


When = AllDay | Zoned | Floating


@dataclass(frozen=True, slots=True)
class Span:
    """The time block: start and exclusive end, of one kind (both AllDay, both Floating, or both Zoned)."""

    start: When
    end: When


@lru_cache(maxsize=1024)
def zone(tzid: str) -> ZoneInfo:
    """The rules of an IANA zone. Raises ZoneInfoNotFoundError (a KeyError) or ValueError for a name that is none."""
    from zoneinfo import ZoneInfo  # slow to load, and a quiet run asks for no zone

    return ZoneInfo(tzid)


def utc(when: Zoned) -> datetime:
    """The instant of a zoned time, aware, in UTC."""
    if when.tzid == "UTC":
        return when.local.replace(tzinfo=UTC)
    return when.local.replace(tzinfo=zone(when.tzid)).astimezone(UTC)


def from_utc(instant: datetime, tzid: str) -> Zoned:
    return Zoned(instant.astimezone(zone(tzid)).replace(tzinfo=None), tzid)


def at_instant(instant: datetime, tzid: str) -> Zoned:
    """The wall time of an instant; the second of two equal wall times can only be said in UTC (Zoned)."""
    local = from_utc(instant, tzid).local
    return Zoned(local, tzid) if local.fold == 0 else from_utc(instant, "UTC")


def wall(when: When) -> datetime:
    """The naive wall time; midnight for a day."""
    return datetime(when.day.year, when.day.month, when.day.day) if isinstance(when, AllDay) else when.local


def by_time(when: When) -> tuple[datetime, str]:
    """The order in which dates of a series are listed."""
    return wall(when), when.tzid if isinstance(when, Zoned) else ""


def moved(when: When, by: timedelta) -> When:
    """The same kind of time, `by` later on its own wall clock."""
    match when:
        case AllDay(day):
            return AllDay(day + by)
        case Zoned(local, tzid):
            return Zoned(local + by, tzid)
        case Floating(local):
            return Floating(local + by)


def rough_instant(when: When) -> datetime:
    """An aware instant for sorting and windows; days and floating times are read as UTC (off by at most 14 h)."""
    return utc(when) if isinstance(when, Zoned) else wall(when).replace(tzinfo=UTC)


InstanceKey = str
"""`20261124` (a day), `20261124T083000Z` (a UTC instant) or `20261124T083000` (floating wall time); sorts by time."""


def compact(when: date) -> str:
    """`20261124`, `20261124T083000`; years have four digits, which strftime does not promise before 1000."""
    when = when.replace(microsecond=0, tzinfo=None) if isinstance(when, datetime) else when
    text = when.isoformat()
    return text.replace("-", "").replace(":", "")


def instance_key(original_start: When) -> InstanceKey:
    """The key of the instance that the rule put at `original_start` (R1)."""
    match original_start:
        case AllDay(day):
            return compact(day)
        case Zoned():
            return compact(utc(original_start)) + "Z"
        case Floating(local):
            return compact(local)


def key_start(key: InstanceKey, series_start: When) -> When:
    """The original start that `key` names, in the kind and zone of the series' start.

    A key of another kind than the series (seen in the wild) is read by its own form.
    """
    if len(key) == 8:
        return AllDay(date(int(key[:4]), int(key[4:6]), int(key[6:8])))
    naive = datetime.fromisoformat(key[:15])
    if not key.endswith("Z"):
        return Floating(naive)
    try:
        return from_utc(naive.replace(tzinfo=UTC), series_start.tzid if isinstance(series_start, Zoned) else "UTC")
    except OverflowError:  # within a day of the ends of all time
        return Zoned(naive, "UTC")


def lasting(series: Span, start: When) -> Span:
    """An instance that starts then is as long as the first one: on the wall clock where both ends share a zone, exactly
    otherwise."""
    first, last = series.start, series.end
    if isinstance(start, Zoned) and isinstance(first, Zoned) and isinstance(last, Zoned) and first.tzid != last.tzid:
        return Span(start, at_instant(utc(start) + (utc(last) - utc(first)), last.tzid))
    return Span(start, moved(start, wall(last) - wall(first)))
