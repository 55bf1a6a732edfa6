"""Time zone names of the wild -> IANA names.

Order   IANA name, vendor prefix, X-LIC-LOCATION, Windows name, display name, the offsets of the file's own VTIMEZONE
        (compared with known zones around the event's dates), a plain offset such as GMT+0100 (facts section 6), a name
        with other separators (Europe_Berlin).
        An IANA name is trusted over the block that defines it: iCloud's blocks are stale (facts section 4)
Errors  MappingError naming the zone when nothing defines it; the event is then left alone (I16)
Note    icalendar's resolver is not used: its process-wide cache lets one file shift another one's times (facts 0.15)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from functools import cache, lru_cache
from io import StringIO
from zoneinfo import available_timezones

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Component
from calsync_cli.mapping.values import text
from calsync_cli.model.times import zone

_UTC_NAMES = frozenset(
    {"utc", "z", "zulu", "uct", "universal", "etc/utc", "etc/zulu", "etc/uct", "etc/universal", "tzone://microsoft/utc"}
    | {"coordinated universal time", "(utc) coordinated universal time"}
)
_NOT_ZONES = frozenset({"localtime", "posixrules", "factory"})
_OFFSET = re.compile(r"\(?(?:UTC|GMT)([+-])(\d{1,2}):?(\d{2})?\)?", re.IGNORECASE | re.ASCII)
_DISPLAY = re.compile(r"\((?:UTC|GMT)(?:([+-])(\d{1,2}):?(\d{2}))?\)\s*(.+)", re.IGNORECASE | re.ASCII)
_DISPLAY_NAMES = {
    "eastern time (us & canada)": "America/New_York",
    "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver",
    "pacific time (us & canada)": "America/Los_Angeles",
    "atlantic time (canada)": "America/Halifax",
    "newfoundland": "America/St_Johns",
    "arizona": "America/Phoenix",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "greenwich mean time": "Europe/London",
    "dublin, edinburgh, lisbon, london": "Europe/London",
    "greenwich mean time : dublin, edinburgh, lisbon, london": "Europe/London",
    "chennai, kolkata, mumbai, new delhi": "Asia/Kolkata",
    "beijing, chongqing, hong kong, urumqi": "Asia/Shanghai",
    "osaka, sapporo, tokyo": "Asia/Tokyo",
    "canberra, melbourne, sydney": "Australia/Sydney",
}
_FIXED = {
    330: "Asia/Kolkata", 345: "Asia/Kathmandu", 270: "Asia/Kabul", 210: "Asia/Tehran", 390: "Asia/Yangon",
    525: "Australia/Eucla", 570: "Australia/Darwin", -570: "Pacific/Marquesas",
}  # fmt: skip
_MATCH_YEARS = 3


class Zones:
    """The zones of one calendar object. `hint` years say around which dates a custom block is matched."""

    def __init__(self, calendar: Component) -> None:
        self._calendar = calendar
        self._blocks: dict[str, Component] | None = None

    def resolve(self, tzid: str, year: int) -> str:
        """The IANA name that `tzid` means in this file ("UTC" for every spelling of it)."""
        return iana(tzid) or self._by_file(tzid, year)

    def _by_file(self, tzid: str, year: int) -> str:
        block = self.block(tzid)
        location = block.first("X-LIC-LOCATION") if block is not None else None
        found = (iana(text(location.value)) if location is not None else None) or windows(tzid) or display(tzid)
        if found is None and block is not None:
            found = _by_rules(b"".join(block.raw()), year)
        found = found or _by_offset(tzid) or iana(tzid.replace(" ", "_")) or iana(tzid.replace("_", "/", 1))
        if found is not None:
            return found
        why = "no known zone keeps the rules the file gives for it" if block else "the file does not define it"
        raise MappingError(f"its time zone {tzid[:60]!r} is unknown and {why}")

    def block(self, tzid: str) -> Component | None:
        if self._blocks is None:
            self._blocks = {}
            for part in self._calendar.parts("VTIMEZONE"):
                line = part.first("TZID")
                if line is not None:
                    self._blocks.setdefault(text(line.value).strip(), part)
        return self._blocks.get(tzid)


LONGEST = 100
"""No zone has a longer name; looking for one of a thousand parts would go a thousand calls deep."""


@lru_cache(maxsize=4096)
def iana(tzid: str) -> str | None:
    """The zone a name spells out: itself, in another case, or behind a vendor's prefix (/mozilla.org/2005/...)."""
    name = tzid.strip().strip('"')
    if name.lower() in _UTC_NAMES:
        return "UTC"
    parts = name.strip("/").split("/")
    tails = ["/".join(parts[-n:]) for n in (3, 2, 1) if n < len(parts)] if name.startswith("/") else []
    for candidate in [name, *([name.strip("/")] if name.startswith("/") else []), *tails]:
        if candidate.lower() in _UTC_NAMES:
            return "UTC"
        if is_zone(candidate):
            return candidate
        if (other := _any_case().get(candidate.lower())) is not None:
            return other
    return None


def is_zone(name: str) -> bool:
    if not 0 < len(name) <= LONGEST or name.lower() in _NOT_ZONES or name.startswith(("posix/", "right/")):
        return False
    try:
        zone(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


@cache
def _any_case() -> dict[str, str]:
    return {name.lower(): name for name in sorted(available_timezones()) if name.lower() not in _NOT_ZONES}


@lru_cache(maxsize=512)
def windows(tzid: str) -> str | None:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    wanted = tzid.strip().strip('"').lower()
    found = next((name for key, name in WINDOWS_TO_OLSON.items() if key.lower() == wanted), None)
    return "UTC" if found in ("Etc/UTC", "Etc/GMT") and wanted == "utc" else found


@lru_cache(maxsize=512)
def display(tzid: str) -> str | None:
    """Outlook's `(UTC+01:00) Amsterdam, Berlin, ...`: the first city that is a zone with that standard offset."""
    found = _DISPLAY.fullmatch(tzid.strip())
    if found is None:
        return None
    sign, hours, minutes, places = found.groups()
    places = places.strip().lower()
    if places in _UTC_NAMES:
        return "UTC"
    if places in _DISPLAY_NAMES:
        return _DISPLAY_NAMES[places]
    offset = (-1 if sign == "-" else 1) * timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    cities = [city.strip().replace(" ", "_") for city in places.split(",")]
    for city in cities:
        for name in sorted(available_timezones()):
            if name.lower().endswith("/" + city) and offset in _offsets(name):
                return name
    return None


def _offsets(name: str) -> set[timedelta | None]:
    return {datetime(2024, month, 1, tzinfo=zone(name)).utcoffset() for month in (1, 7)}


def _by_offset(tzid: str) -> str | None:
    """`GMT+0100` and the like: the fixed zone of that offset, if there is one."""
    found = _OFFSET.fullmatch(tzid.strip())
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    total = (-1 if sign == "-" else 1) * (int(hours) * 60 + int(minutes or 0))
    if total % 60:
        return _FIXED.get(total)
    if total == 0:
        return "UTC"
    name = f"Etc/GMT{-total // 60:+d}"  # POSIX signs: Etc/GMT-1 is an hour east
    return name if is_zone(name) else None


@lru_cache(maxsize=256)
def _by_rules(block: bytes, year: int) -> str | None:
    """The first zone, of the common ones and then of all, that keeps the block's offsets around `year`."""
    rules = _rules_of(block, year + _MATCH_YEARS + 1)
    if rules is None:
        return None
    months = [(year + i // 12, i % 12 + 1) for i in range(12 * _MATCH_YEARS)]
    days = [datetime(y, month, day, 12) for y, month in months for day in (1, 8, 15, 22)]
    try:
        wanted = [rules.utcoffset(day) for day in days]
    except (ValueError, OverflowError, TypeError):
        return None
    return next((name for name in _candidates() if _keeps(name, days, wanted)), None)


def _keeps(name: str, days: Sequence[datetime], wanted: Sequence[timedelta | None]) -> bool:
    rules = zone(name)
    return all(rules.utcoffset(day) == offset for day, offset in zip(days, wanted, strict=True))


@cache
def _candidates() -> tuple[str, ...]:
    """Common zones (the Windows table) before all others, each group in a fixed order, so the choice never moves."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    common = [name for name in WINDOWS_TO_OLSON.values() if is_zone(name) and not name.startswith("Etc/")]
    first = ["Europe/Berlin", "America/New_York", "Europe/London", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo"]
    rest = sorted(name for name in available_timezones() if is_zone(name))
    return tuple(dict.fromkeys([*first, *common, *rest]))


_MOST_RULES, _MOST_LINES = 40, 5000
_OF_CLOCKS = frozenset({"FREQ", "INTERVAL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST", "UNTIL", "COUNT"})


def _yearly(rule: str, last_year: int) -> str:
    """The rule with an end, or "" for one that no clock is changed by."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";") if part)
    if parts.get("FREQ") != "YEARLY" or not parts.keys() <= _OF_CLOCKS:
        return ""
    if "COUNT" in parts:
        return rule if len(parts["COUNT"]) <= 2 else ""
    end = f"{last_year}1231T000000"
    parts["UNTIL"] = min(parts.get("UNTIL", end), end)
    return ";".join(f"{name}={value}" for name, value in parts.items())


_KEPT = ("BEGIN", "END", "TZID", "DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE", "TZNAME")


def _rules_of(block: bytes, last_year: int) -> tzinfo | None:
    """The offsets a VTIMEZONE gives until then, by dateutil; only the lines that matter are shown to it, since it is
    strict. It tries every second that a rule allows, up to the year 9999, so rules must be those that clocks have."""
    from dateutil.tz import tzical

    from calsync_cli.mapping.contentlines import content_lines

    lines: list[str] = []
    rules = 0
    for line in content_lines(block):
        if line.name in _KEPT:
            value = "X" if line.name == "TZID" else line.value.strip().upper()
            if line.name in ("RRULE", "DTSTART", "RDATE"):
                value = re.sub(r"(\d{8}T\d{6})Z", r"\1", value)  # dateutil wants naive times throughout
            if line.name == "RRULE":
                rules += 1
                value = _yearly(value, last_year)
                if not value or rules > _MOST_RULES:
                    return None
            if len(lines) > _MOST_LINES:
                return None
            lines.append(f"{line.name}:{value}")
    try:
        return tzical(StringIO("\n".join(lines) + "\n")).get()
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
