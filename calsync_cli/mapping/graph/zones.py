"""Zone names of Outlook <-> IANA names (facts 6, L13).

Reads   `known`: Windows names, IANA names, display names, `tzone://Microsoft/Utc`; None for what says nothing
        (`tzone://Microsoft/Custom`, empty)
Writes  `sent(zone, first, last)`: a Windows name whose clock is the zone's own from `first` to `last`: there are 600
        IANA zones, and 142 of Windows; None when there is none. UTC and Windows names are always taken (L13.1)
Table   icalendar's copy of CLDR windowsZones (territory 001), and three names of 2026 that it does not have yet; as
        servers may not know those either, they are sent only where no older one keeps the clock
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from calsync_cli.mapping.zones import display, iana
from calsync_cli.model.times import zone

_NEW = {
    "Alberta Standard Time": "America/Edmonton", "British Columbia Standard Time": "America/Vancouver",
    "Manitoba Standard Time": "America/Winnipeg",
}  # fmt: skip
_RENAMED = {
    "Etc/UTC": "UTC", "Etc/GMT": "UTC", "GMT": "UTC", "Europe/Kiev": "Europe/Kyiv", "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon", "America/Godthab": "America/Nuuk",
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Indianapolis": "America/Indiana/Indianapolis",
}  # fmt: skip
"""Old spellings in CLDR -> the names that calendar files use today."""
_COMMON = (
    "W. Europe", "Eastern", "Central", "Mountain", "Pacific", "GMT", "FLE", "China", "India", "AUS Eastern",
    "SE Asia", "Singapore", "Arabian", "South Africa", "Russian", "SA Pacific", "SA Eastern", "Central America",
)  # fmt: skip
"""Of zones with one clock the one that says most to a person, all `... Standard Time`."""
_ALL_YEARS = 2041
_STEP, _DAY = timedelta(days=4), timedelta(days=1)

Clock = tuple[tuple[datetime, timedelta], ...]


@cache
def windows_zones() -> dict[str, str]:
    """Windows name -> IANA name, the preferred ones first and those of 2026 last."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    table = {name: _RENAMED.get(tzid, tzid) for name, tzid in WINDOWS_TO_OLSON.items() if name not in ("UTC", *_NEW)}
    first = {name: table[name] for short in _COMMON if (name := f"{short} Standard Time") in table}
    return {**first, **table, "UTC": "UTC", **_NEW}


@cache
def _any_case() -> dict[str, str]:
    return {name.lower(): tzid for name, tzid in windows_zones().items()}


@lru_cache(maxsize=1024)
def known(name: str) -> str | None:
    return _any_case().get(name.strip().lower()) or iana(name) or display(name)


# -- which name keeps a clock ------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def sent(tzid: str, first: datetime, last: datetime | None) -> str | None:
    """`first` and `last` are instants; None: for ever, which is looked at until 2041 or 16 years on. A day more on both
    sides, so that no wall time that comes once on one clock comes twice on the other."""
    since, until = first - _DAY, last + _DAY if last is not None else None
    return next((name for name, other in _candidates(tzid) if same_clock(tzid, other, since, until)), None)


@lru_cache(maxsize=1024)
def _candidates(tzid: str) -> list[tuple[str, str]]:
    """Windows names and their zones, the zone's own names first, those of 2026 last."""
    meant = _RENAMED.get(tzid, tzid)
    return sorted(windows_zones().items(), key=lambda pair: (pair[0] in _NEW, pair[1] != meant))


def same_clock(a: str, b: str, first: datetime, last: datetime | None) -> bool:
    """Whether two zones show the same time at every instant from `first` to `last`, both in UTC."""
    if a == b:
        return True
    last = last if last is not None else datetime(max(first.year + 16, _ALL_YEARS), 1, 1, tzinfo=UTC)
    if _offset(a, first) != _offset(b, first):
        return False
    return all(_between(a, year, first, last) == _between(b, year, first, last) for year in _years(first, last))


def _years(first: datetime, last: datetime) -> range:
    return range(first.year, min(last.year, first.year + 400) + 1)


def _between(tzid: str, year: int, first: datetime, last: datetime) -> Clock:
    return tuple((at, offset) for at, offset in transitions(tzid, year) if first < at <= last)


@lru_cache(maxsize=8192)
def transitions(tzid: str, year: int) -> Clock:
    """When in a year (of UTC) the clock changes, to the second, and the offset from then on."""
    found = []
    at = datetime(year, 1, 1, tzinfo=UTC)
    end = datetime(year + 1, 1, 1, tzinfo=UTC)
    offset = _offset(tzid, at)
    while at < end:
        later = min(at + _STEP, end)
        if (after := _offset(tzid, later)) != offset:
            found.append((_change(tzid, at, later, offset), after))
        at, offset = later, after
    return tuple(found)


def _change(tzid: str, low: datetime, high: datetime, offset: timedelta) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(tzid, middle) == offset else (low, middle)
    return high


def _offset(tzid: str, instant: datetime) -> timedelta:
    return instant.astimezone(zone(tzid)).utcoffset() or timedelta(0)
