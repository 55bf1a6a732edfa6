"""Start and end of events: what Google accepts, how it keeps it, how it shows it (facts 3.3, 5.2).

Stored  {"date": "2026-05-04"} or {"dateTime": "2026-05-04T07:00:00Z", "timeZone": "Europe/Berlin"}; always the instant
        in UTC, with the zone as it was given (or none)
Shown   `dateTime` with the offset of the zone asked for, `timeZone` untouched
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.emulators.google.errors import ApiError, invalid, required, time_range_empty

Stored = dict[str, str]
Original = date | datetime
ALIASES = {
    "US/Eastern": "America/New_York", "US/Central": "America/Chicago", "US/Pacific": "America/Los_Angeles",
    "Asia/Calcutta": "Asia/Kolkata", "Asia/Saigon": "Asia/Ho_Chi_Minh", "GB": "Europe/London", "Etc/UTC": "UTC",
    "Asia/Katmandu": "Asia/Kathmandu", "Atlantic/Faeroe": "Atlantic/Faroe",
}
NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})
YEARS = range(1900, 2201)


@lru_cache(512)
def zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def read_when(given: Any, which: str, unknown_zones: frozenset[str] = frozenset()) -> Stored:
    """`which` is "start" or "end", for the texts."""
    if not isinstance(given, dict) or not (given.get("date") or given.get("dateTime")):
        raise required(f"Missing {which} time.")
    if given.get("date") and given.get("dateTime"):
        raise invalid(f"Invalid {which} time.")
    tzid = ALIASES.get(given.get("timeZone", ""), given.get("timeZone", ""))
    if tzid and (zone(tzid) is None or tzid in unknown_zones or tzid in NO_ZONES):
        raise invalid(f"Invalid time zone definition for {which} time.")
    if given.get("date"):
        return {"date": _read_date(given["date"], which).isoformat()}
    return {"dateTime": _read_instant(str(given["dateTime"]), str(tzid), which), **({"timeZone": tzid} if tzid else {})}


def _read_date(text: str, which: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(f"Invalid {which} time.") from None


def _read_instant(text: str, tzid: str, which: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"Invalid {which} time.") from None
    if moment.tzinfo is None:
        if not tzid:
            raise invalid(f"Missing time zone definition for {which} time.")
        moment = moment.replace(tzinfo=zone(tzid))
    if moment.year not in YEARS:
        raise invalid(f"Invalid {which} time")
    return utc_text(moment)


def utc_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_range(start: Stored, end: Stored) -> None:
    if ("date" in start) != ("date" in end):
        raise ApiError(400, "invalid", "Start and end times must either both be date or both be dateTime.")
    if (end.get("date") or end["dateTime"]) <= (start.get("date") or start["dateTime"]):
        raise time_range_empty()


@lru_cache(65536)
def _parse_utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def instant(stored: Stored, calendar_zone: str) -> datetime:
    """All-day values begin at midnight of the calendar's zone."""
    if "date" in stored:
        return datetime.fromisoformat(stored["date"]).replace(tzinfo=zone(calendar_zone) or UTC)
    return _parse_utc(stored["dateTime"])


def show(stored: Stored, tzid: str) -> Stored:
    if "date" in stored:
        return stored
    return {**stored, "dateTime": _shown(stored["dateTime"], tzid)}


@lru_cache(65536)
def _shown(text: str, tzid: str) -> str:
    if tzid == "UTC":
        return text
    return _parse_utc(text).astimezone(zone(tzid) or UTC).isoformat(timespec="seconds")


def original_of(stored: Stored) -> Original:
    """The value that names an instance: a day, or an instant in UTC."""
    return date.fromisoformat(stored["date"]) if "date" in stored else _parse_utc(stored["dateTime"]).astimezone(UTC)


def as_stored(original: Original, like: Stored) -> Stored:
    if isinstance(original, datetime):
        return {"dateTime": utc_text(original), **({"timeZone": like["timeZone"]} if "timeZone" in like else {})}
    return {"date": original.isoformat()}


def shifted_end(start: Stored, end: Stored, original: Original) -> Stored:
    """The end of an instance; hours are exact, days are days, and a timed event keeps its length."""
    if isinstance(original, datetime):
        length = _parse_utc(end["dateTime"]) - _parse_utc(start["dateTime"])
        return as_stored(original + length, end)
    length = date.fromisoformat(end["date"]) - date.fromisoformat(start["date"])
    return {"date": (original + length).isoformat()}


def read_bound(text: str) -> datetime:
    """A filter such as timeMin: the fraction of a second is ignored."""
    return datetime.fromisoformat(text).replace(microsecond=0).astimezone(UTC)


def day_before(original: Original) -> Original:
    return original - (timedelta(seconds=1) if isinstance(original, datetime) else timedelta(days=1))
