"""Events of the documents' stories: people's days, soon enough that every calendar's window shows them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

DAY = "%Y%m%d"


def soon(days: int) -> date:
    """The Tuesday of the week after next, and so many days more: a day of the week stays what the document says."""
    today = date.today()
    return today + timedelta(days=8 - today.weekday() + 7 + days)


def ics(uid: str, title: str, day: date, start: str = "0930", end: str = "1030", *lines: str) -> bytes:
    rows = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calsync//documents", "BEGIN:VEVENT", f"UID:{uid}",
        f"DTSTAMP:{day.strftime(DAY)}T000000Z", f"DTSTART;TZID=Europe/Berlin:{day.strftime(DAY)}T{start}00",
        f"DTEND;TZID=Europe/Berlin:{day.strftime(DAY)}T{end}00", f"SUMMARY:{title}", *lines,
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(rows).encode()


def put(calendar: Path, title: str, days: int = 0, start: str = "0930", end: str = "1030", *lines: str) -> Path:
    """One file, called by the title in small letters."""
    calendar.mkdir(parents=True, exist_ok=True)
    name = title.lower().replace(" ", "-")
    file = calendar / f"{name}.ics"
    file.write_bytes(ics(name, title, soon(days), start, end, *lines))
    return file


def week(calendar: Path) -> None:
    """A small calendar to begin with."""
    put(calendar, "Dentist")
    put(calendar, "Choir", 1, "1900", "2030", "LOCATION:Town hall")
    put(calendar, "Standup", -1, "1000", "1015", "RRULE:FREQ=WEEKLY;COUNT=8")
    put(calendar, "Lunch with Kim", 2, "1230", "1330")
