"""DTSTART, DTEND, DURATION, RECURRENCE-ID, EXDATE and RDATE values <-> the model's times.

Shape   `read_when(text, tzid, day, zones)` -> When; `write_when(when, style)` -> (value, params); `span_of` for a
        component's time block; `key_of` for the instance a RECURRENCE-ID or EXDATE names
Errors  MappingError naming the property and its value when a date is impossible or its zone unknown
Source  RFC 5545 sections 3.3.4, 3.3.5, 3.8.2.2, 3.8.2.5, 3.8.4.4; facts section 6
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Line, Params
from calsync_cli.mapping.values import Duration, duration, stamp
from calsync_cli.mapping.zones import Zones
from calsync_cli.model.recur import has_instance
from calsync_cli.model.series import Recurrence
from calsync_cli.model.times import (
    AllDay,
    Floating,
    InstanceKey,
    Span,
    When,
    Zoned,
    at_instant,
    instance_key,
    key_start,
    utc,
    wall,
)

_STRICT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
_LOOSE = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_FIRST_YEAR, _LAST_YEAR = 1000, 9998
_DAY = timedelta(days=1)


def read_when(line: Line, zones: Zones, text: str | None = None) -> When:
    """The time a line (or one `text` of its list) says. `TZID=...:...Z` means the Z (facts section 6)."""
    value = (line.value if text is None else text).strip()
    found = _STRICT.fullmatch(value) or _LOOSE.fullmatch(value)
    if found is None:
        raise _impossible(line, value)
    year, month, day, hour, minute, second, suffix = found.groups()
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        raise _impossible(line, value)
    try:
        if hour is None or line.param("VALUE").upper() == "DATE":
            return AllDay(date(int(year), int(month), int(day)))
        midnight = datetime(int(year), int(month), int(day))
        late = hour == "24" and minute == "00"  # ISO 8601 allows 24:00
        local = midnight + _DAY if late else midnight.replace(
            hour=int(hour), minute=int(minute), second=min(int(second or 0), 59)
        )  # fmt: skip
        if suffix and suffix not in "Zz":
            return Zoned(local.replace(tzinfo=_offset(suffix)).astimezone(UTC).replace(tzinfo=None), "UTC")
    except (ValueError, OverflowError):
        raise _impossible(line, value) from None
    if suffix:
        return Zoned(local, "UTC")
    tzid = line.param("TZID").strip()
    return Zoned(local, zones.resolve(tzid, local.year)) if tzid else Floating(local)


def _offset(text: str) -> timezone:
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _impossible(line: Line, value: str) -> MappingError:
    return MappingError(f"{line.name} is not a possible date: {value[:60]!r}")


# -- the time block ---------------------------------------------------------------------------------------------------


def span_of(start: When, end: Line | None, length: Line | None, zones: Zones, losses: list[str]) -> Span:
    """Start and end by RFC 5545 section 3.6.1; what is broken is read as the shortest event it can mean."""
    if end is not None:
        last = _like_start(start, read_when(end, zones), losses)
    elif length is not None:
        last = _after(start, length)
    else:
        last = AllDay(start.day + _DAY) if isinstance(start, AllDay) else start
    return _forward(start, last, losses)


def _after(start: When, length: Line) -> When:
    try:
        return later(start, duration(length.value))
    except (ValueError, OverflowError):
        raise MappingError(f"DURATION is not a possible length: {length.value[:60]!r}") from None


def later(start: When, length: Duration) -> When:
    """Days on the wall clock, then seconds exactly: P1D and PT24H differ across a change of clocks."""
    match start:
        case AllDay(day):
            return AllDay(day + length.exact)
        case Floating(local):
            return Floating(local + length.exact)
        case Zoned(local, tzid):
            moved = Zoned(local + timedelta(days=length.days), tzid)
            return at_instant(utc(moved) + timedelta(seconds=length.seconds), tzid) if length.seconds else moved


def _like_start(start: When, end: When, losses: list[str]) -> When:
    """The end in the kind of the start; RFC 5545 wants them equal, the wild does not always."""
    if type(start) is type(end):
        return end
    losses.append("the end is of another kind (day, local time or zoned time) than the start; read by the wall clock")
    local = wall(end)
    match start:
        case AllDay():
            return AllDay(local.date() + _DAY if local.time() > datetime.min.time() else local.date())
        case Zoned(_, tzid):
            return Zoned(local, tzid)
        case Floating():
            return Floating(local)


def _forward(start: When, end: When, losses: list[str]) -> Span:
    if isinstance(start, AllDay) and isinstance(end, AllDay):
        if end.day < start.day:
            losses.append("it ends before it starts; read as one day")
        return Span(start, end if end.day > start.day else AllDay(start.day + _DAY))
    if _order(end) < _order(start):
        losses.append("it ends before it starts; read as having no length")
        return Span(start, start)
    return Span(start, end)


def _order(when: When) -> datetime:
    try:
        return utc(when) if isinstance(when, Zoned) else wall(when).replace(tzinfo=UTC)
    except OverflowError:
        raise MappingError(f"the date {wall(when):%Y-%m-%d} is out of range") from None


# -- instances --------------------------------------------------------------------------------------------------------


def original_start(said: When, start: When, span: Span | None, rule: Recurrence | None) -> When:
    """What a RECURRENCE-ID, EXDATE or RDATE names, in the kind of the series: by instant, then by wall time.

    A day on a timed series is that day's instance. Another zone's wall time is meant only if its instant names no
    instance while its wall time does (facts section 6). Without a master `start` is the override's own.
    """
    match start:
        case AllDay():
            return AllDay(_day_of(said))
        case Floating(local):
            return Floating(datetime.combine(wall(said), local.time()) if isinstance(said, AllDay) else wall(said))
        case Zoned(local, tzid):
            match said:
                case AllDay(day):
                    return Zoned(datetime.combine(day, local.time()), tzid)
                case Floating(at):
                    return Zoned(at, tzid)
                case Zoned(at, other):
                    if other == tzid:
                        return said
                    return _in_zone(said, start, span, rule)
    raise AssertionError(start)


def _day_of(said: When) -> date:
    """The day meant on an all-day series; a UTC time after noon is the local midnight of a zone east of Greenwich."""
    if isinstance(said, AllDay):
        return said.day
    late = isinstance(said, Zoned) and said.tzid == "UTC" and said.local.hour >= 12
    return said.local.date() + _DAY if late else said.local.date()


def _in_zone(said: Zoned, start: Zoned, span: Span | None, rule: Recurrence | None) -> Zoned:
    by_instant = at_instant(utc(said), start.tzid)
    if said.tzid == "UTC" or by_instant.local.time() == start.local.time() or span is None or rule is None:
        return by_instant
    by_wall = Zoned(said.local, start.tzid)
    return by_wall if not _names(by_instant, span, rule) and _names(by_wall, span, rule) else by_instant


def _names(when: Zoned, span: Span, rule: Recurrence) -> bool:
    try:
        return has_instance(span, rule, instance_key(when))
    except ValueError:  # the expander is stricter than the rules of the wild: no evidence
        return True


# -- writing ----------------------------------------------------------------------------------------------------------


def written(when: When, tzid: str | None = None) -> tuple[str, Params]:
    """The value and the parameters of a time; `tzid` is how this file spells the zone."""
    match when:
        case AllDay(day):
            return f"{day.year:04}{day.month:02}{day.day:02}", (("VALUE", "DATE"),)
        case Floating(local):
            return stamp(local), ()
        case Zoned(local, "UTC"):
            return stamp(local) + "Z", ()
        case Zoned(local, name):
            return stamp(local), (("TZID", tzid or name),)


def from_key(key: InstanceKey, start: When) -> When:
    """The original start a key names, written in the kind and zone of the series where that is unambiguous."""
    named = key_start(key, start)
    return at_instant(utc(named), named.tzid) if isinstance(named, Zoned) else named
