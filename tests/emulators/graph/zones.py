"""Zone names as Graph takes and gives them: Windows names and a fixed list of IANA names (facts L13).

Shape   zone(name) -> ZoneInfo; unknown spellings raise UnknownZone; to_windows(name) -> the Windows name
Source  windows_zones.txt: CLDR windowsZones, territory 001; listed_zones.txt: the documentation of dateTimeTimeZone
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

LISTED = frozenset(Path(__file__).with_name("listed_zones.txt").read_text(encoding="ascii").split())
REFUSED = frozenset({"EST", "MST", "HST"})  # IANA keys that the service does not take (L13.3)
SPELT = {"Asia/Toshkent": "Asia/Tashkent", "Asia/Astana": "Asia/Almaty"}
NEW = frozenset({"Alberta Standard Time", "British Columbia Standard Time", "Manitoba Standard Time"})  # of 2026
ODD = {"tzone://Microsoft/Utc": "UTC"}


class UnknownZone(ValueError):
    """The name is not one that Graph takes."""


def _windows() -> dict[str, str]:
    text = Path(__file__).with_name("windows_zones.txt").read_text(encoding="ascii")
    return dict(line.split(" = ", 1) for line in text.splitlines())


WINDOWS: dict[str, str] = _windows()
_BACK = {iana: name for name, iana in WINDOWS.items()} | {
    "Etc/GMT": "UTC",
    "GMT": "UTC",
    "Europe/Kiev": "FLE Standard Time",
}
_FOLDED = {name.lower(): name for name in (*WINDOWS, *LISTED, *ODD)}


@cache
def zone(name: str, *, any_iana: bool = False) -> ZoneInfo:
    """The rules behind a name. `any_iana` also takes names outside the list, as the service may (L17.5)."""
    known = _FOLDED.get(name.lower())
    if known is not None:
        return ZoneInfo(ODD.get(known) or WINDOWS.get(known) or SPELT.get(known, known))
    if any_iana and "/" in name and name not in REFUSED:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise UnknownZone(name) from None
    raise UnknownZone(name)


@cache
def to_windows(name: str) -> str:
    """The Windows spelling that Outlook would keep: by the table, else the first zone with the same offsets."""
    if name in WINDOWS or name in ODD:
        return name
    key = zone(name, any_iana=True).key
    return _BACK.get(name) or _BACK.get(key) or _alike(key)


@cache
def _alike(key: str) -> str:
    want = _offsets(key)
    return next((name for name, iana in WINDOWS.items() if name not in NEW and _offsets(iana) == want), "UTC")


@cache
def _offsets(key: str) -> tuple[timedelta | None, ...]:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return tuple((start + timedelta(days=5 * n)).astimezone(ZoneInfo(key)).utcoffset() for n in range(220))


def same_zone(one: str, other: str) -> bool:
    """Two spellings of one zone: Windows and IANA names may be mixed (L5.1)."""
    return to_windows(one) == to_windows(other)
