"""RRULE text <-> its canonical text.

Shape   `canonical(raw, start)` -> parts sorted by name, BY lists sorted, INTERVAL=1 and WKST=MO left out, upper case,
        UNTIL as model.series.Recurrence documents it; `spoken(rule)` -> the same as it is written, FREQ first
Errors  MappingError naming what is wrong in the rule
Source  RFC 5545 section 3.3.10; RFC 7529 for RSCALE and SKIP, which are kept in the text
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache

from calsync_cli.errors import MappingError
from calsync_cli.mapping.values import stamp
from calsync_cli.model.times import AllDay, When, Zoned, utc

_FREQS = frozenset(["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,4}", re.ASCII)
_COUNT = re.compile(r"0*([1-9]\d{0,9})", re.ASCII)
_UNTIL = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d):?(\d\d)(Z?))?", re.ASCII)
_RANGES = {
    "BYSECOND": (0, 60), "BYMINUTE": (0, 59), "BYHOUR": (0, 23), "BYMONTHDAY": (-31, 31), "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53), "BYMONTH": (1, 12), "BYSETPOS": (-366, 366),
}  # fmt: skip
_KNOWN = frozenset({"FREQ", "UNTIL", "WKST", "RSCALE", "SKIP"})
_LAST = "99991231T235959Z"


def canonical(raw: str, start: When) -> str:
    """The canonical text of one RRULE of a series that starts at `start`."""
    parts = dict(_parts(raw))
    if "UNTIL" in parts:
        parts["UNTIL"] = until_text(parts["UNTIL"], start)
    return ";".join(f"{name}={parts[name]}" for name in sorted(parts))


def spoken(rule: str) -> str:
    """RFC 5545 3.3.10: FREQ must be the first part, for programs that are older than it."""
    parts = rule.split(";")
    return ";".join(sorted(parts, key=lambda part: not part.startswith("FREQ=")))


@lru_cache(maxsize=4096)
def _parts(raw: str) -> tuple[tuple[str, str], ...]:
    parts: dict[str, str] = {}
    for part in raw.upper().replace(" ", "").split(";"):
        name, _, value = part.partition("=")
        if name:
            parts[name] = _part(name, value, raw)
    if parts.get("FREQ") not in _FREQS:
        raise _bad(raw, "FREQ", parts.get("FREQ", ""))
    if "L" in parts.get("BYMONTH", "") and "RSCALE" not in parts:
        raise _bad(raw, "BYMONTH", parts["BYMONTH"])
    defaults = {("INTERVAL", "1"), ("WKST", "MO")}
    return tuple(item for item in parts.items() if item not in defaults)


def _part(name: str, value: str, raw: str) -> str:
    if name in ("COUNT", "INTERVAL"):
        found = _COUNT.fullmatch(value)
        if found is None:
            raise _bad(raw, name, value)
        return found.group(1)
    if name == "BYDAY":
        return _by_day(value, raw)
    if name in _RANGES:
        return _by_number(name, value, raw)
    if name == "WKST" and value not in _DAYS:
        raise _bad(raw, name, value)
    if name == "UNTIL" and not _UNTIL.fullmatch(value):
        raise _bad(raw, name, value)
    if not value or name not in _KNOWN:
        raise _bad(raw, name, value)
    return value


def _by_day(value: str, raw: str) -> str:
    days = set()
    for item in value.split(","):
        found = _BYDAY.fullmatch(item)
        if found is None or (found.group(1) and int(found.group(1)) == 0):
            raise _bad(raw, "BYDAY", value)
        days.add((_DAYS.index(found.group(2)), int(found.group(1) or 0)))
    return ",".join(f"{ordinal or ''}{_DAYS[day]}" for day, ordinal in sorted(days))


def _by_number(name: str, value: str, raw: str) -> str:
    low, high = _RANGES[name]
    numbers = set()
    for item in value.split(","):
        leap = name == "BYMONTH" and item.endswith("L")  # RFC 7529: a leap month
        if not _NUMBER.fullmatch(item.removesuffix("L") if leap else item):
            raise _bad(raw, name, value)
        number = int(item.removesuffix("L") if leap else item)
        if not low <= number <= high or (number == 0 and name not in ("BYSECOND", "BYMINUTE", "BYHOUR")):
            raise _bad(raw, name, value)
        numbers.add((min(number, 59) if name == "BYSECOND" else number, leap))  # a leap second, which few clocks have
    return ",".join(f"{number}{'L' if leap else ''}" for number, leap in sorted(numbers))


def _bad(raw: str, name: str, value: str) -> MappingError:
    what = f"{name}={value[:50]}" if value else f"{name} is missing"
    return MappingError(f"its repetition rule cannot be understood: {what} in RRULE:{raw[:200]}")


def until_text(value: str, start: When) -> str:
    """UNTIL in the one form its series wants; a date on a timed series means the end of that day (facts section 6)."""
    found = _UNTIL.fullmatch(value)
    if found is None:
        raise MappingError(f"its repetition rule ends at an impossible time: UNTIL={value}")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    timed = found.group(4) is not None
    try:
        last = date(year, month, day)
        clock = datetime(year, month, day, *((hour, minute, min(second, 59)) if timed else (23, 59, 59)))
    except ValueError:
        raise MappingError(f"its repetition rule ends at an impossible time: UNTIL={value}") from None
    return _until_for(start)(last, clock, bool(found.group(7)))


def _until_for(start: When) -> Callable[[date, datetime, bool], str]:
    match start:
        case AllDay():
            return lambda last, clock, is_utc: f"{last.year:04}{last.month:02}{last.day:02}"
        case Zoned(_, tzid):
            return lambda last, clock, is_utc: _instant(clock, "UTC" if is_utc else tzid)
        case _:
            return lambda last, clock, is_utc: stamp(clock)


def _instant(clock: datetime, tzid: str) -> str:
    try:
        moment = clock.replace(tzinfo=UTC) if tzid == "UTC" else utc(Zoned(clock, tzid))
    except OverflowError:
        return _LAST
    return stamp(moment) + "Z"
