"""A calendar as people have it, as raw iCalendar text: made from a seed, never by calsync's own mapping.

Shape   `events(seed, count)` -> {uid: payload}; `retitled(payload, words)` is the edit of another client
Dates   most lie in 2030, so that they stay in the future; one in ten lies in 2025
Source  RFC 5545
"""

from __future__ import annotations

import random
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

FUTURE, PAST = date(2030, 1, 7), date(2025, 3, 3)

VTIMEZONE = """BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:DAYLIGHT
TZNAME:{summer}
TZOFFSETFROM:{low}
TZOFFSETTO:{high}
DTSTART:{spring}
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY={spring_day}
END:DAYLIGHT
BEGIN:STANDARD
TZNAME:{winter}
TZOFFSETFROM:{high}
TZOFFSETTO:{low}
DTSTART:{autumn}
RRULE:FREQ=YEARLY;BYMONTH={autumn_month};BYDAY={autumn_day}
END:STANDARD
END:VTIMEZONE"""
EUROPE = {
    "summer": "CEST", "winter": "CET", "low": "+0100", "high": "+0200", "spring": "19700329T020000",
    "spring_day": "-1SU", "autumn": "19701025T030000", "autumn_month": 10, "autumn_day": "-1SU",
}
NEW_YORK = {
    "summer": "EDT", "winter": "EST", "low": "-0500", "high": "-0400", "spring": "20070311T020000",
    "spring_day": "2SU", "autumn": "20071104T020000", "autumn_month": 11, "autumn_day": "1SU",
}
ZONES: list[tuple[str, str, dict[str, object] | None]] = [
    ("Europe/Berlin", "Europe/Berlin", EUROPE),
    ("W. Europe Standard Time", "Europe/Berlin", EUROPE),
    ("America/New_York", "America/New_York", NEW_YORK),
    ("Europe/Paris", "Europe/Paris", None),
    ("Asia/Tokyo", "Asia/Tokyo", None),
    ("Australia/Sydney", "Australia/Sydney", None),
    ("Asia/Kolkata", "Asia/Kolkata", None),
]
"""(TZID as written, the zone it is, rules of the VTIMEZONE or None when the text carries none)"""

TITLES = (
    "Dentist", "Team meeting", "Lunch with Zoë", "Geburtstag von Jürgen 🎂", "会議:予算", "Встреча", "Fußball ⚽️",
    "Flight LH 123\\, seat 4\\; window", "Review: C:\\\\temp", "👩‍👩‍👧 school", "Ä" * 60,
)
PLACES = ("Room 4", "Café Müller\\, Köln", "https://example.org/meet/abc?x=1&y=2", "東京駅", "")
WORDS = (
    "agenda", "budget", "Zürich", "naïve", "🚀", "übermorgen", "notes", "\\n\\n", "minutes", "\\,", "\\;",
    "https://example.org/a?b=c",
)
CATEGORIES = ("Work", "Private", "Reisen", "健康", "VIP")


def events(seed: int, count: int) -> dict[str, bytes]:
    return {uid: payload for n in range(count) for uid, payload in [event(random.Random(f"{seed}-{n}"), seed, n)]}


def event(dice: random.Random, seed: int, number: int) -> tuple[str, bytes]:
    """Which kind it is goes round, so that each kind is there in any hundred."""
    uid = dice.choice(("{s}-{n}@example.org", "{s}F{n:06X}-8A2B-4C1D", "_{s}_{n}.calendar")).format(s=seed, n=number)
    make = (_single, _weekly, _all_day, _utc, _edited_series, _monthly, _single, _all_day_series)[number % 8]
    zones, parts = make(dice, uid)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Another client//EN", *zones]
    for part in parts:
        lines += ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20250101T000000Z", *part, "END:VEVENT"]
    return uid, text([*lines, "END:VCALENDAR"])


def text(lines: list[str]) -> bytes:
    return b"".join(_folded(line) for line in "\n".join(lines).split("\n"))


def _folded(line: str) -> bytes:
    """At most 75 octets a line, never cut inside a character (RFC 5545 3.1)."""
    rows, row = [], b""
    for char in line:
        if len(row) + len(char.encode()) > 74:
            rows.append(row)
            row = b" "
        row += char.encode()
    return b"\r\n".join([*rows, row]) + b"\r\n"


def retitled(payload: bytes, words: str) -> bytes:
    """Another client changes the title of the event (of a series: not of its edited instances), and nothing else."""
    parts = re.split(rb"(?=BEGIN:VEVENT)", payload)
    at = next(n for n, part in enumerate(parts) if part.startswith(b"BEGIN:VEVENT") and b"\nRECURRENCE-ID" not in part)
    line = re.compile(rb"^SUMMARY[:;].*\r?\n(?:[ \t].*\r?\n)*", re.MULTILINE)
    assert line.search(parts[at]), payload
    parts[at] = line.sub(lambda _: _folded(f"SUMMARY:{words}"), parts[at], count=1)
    return b"".join(parts)


# -- the kinds ---------------------------------------------------------------------------------------------------------

Parts = tuple[list[str], list[list[str]]]


def _day(dice: random.Random) -> date:
    return (PAST if dice.random() < 0.1 else FUTURE) + timedelta(days=dice.randrange(330))


def _zoned(dice: random.Random) -> tuple[list[str], str, ZoneInfo, datetime]:
    tzid, zone, rules = dice.choice(ZONES)
    start = datetime.combine(_day(dice), datetime.min.time()) + timedelta(hours=dice.randrange(6, 22))
    start += timedelta(minutes=dice.choice((0, 15, 30)))
    return [VTIMEZONE.format(tzid=tzid, **rules)] if rules else [], tzid, ZoneInfo(zone), start


def _local(value: datetime) -> str:
    return value.strftime("%Y%m%dT%H%M%S")


def _utc_text(value: datetime, zone: ZoneInfo) -> str:
    return _local(value.replace(tzinfo=zone).astimezone(ZoneInfo("UTC"))) + "Z"


def _span(tzid: str, start: datetime, minutes: int) -> list[str]:
    end = start + timedelta(minutes=minutes)
    return [f"DTSTART;TZID={tzid}:{_local(start)}", f"DTEND;TZID={tzid}:{_local(end)}"]


def _about(dice: random.Random) -> list[str]:
    """Everything about an event but its time."""
    found = [f"SUMMARY:{dice.choice(TITLES)} {dice.randrange(1000)}"]
    if dice.random() < 0.5 and (place := dice.choice(PLACES)):
        found.append(f"LOCATION:{place}")
    if dice.random() < 0.5:
        found.append("DESCRIPTION:" + " ".join(dice.choice(WORDS) for _ in range(dice.choice((3, 30, 300)))))
    if dice.random() < 0.4:
        found.append("CATEGORIES:" + ",".join(dice.sample(CATEGORIES, dice.choice((1, 2, 3)))))
    if dice.random() < 0.3:
        found.append("STATUS:" + dice.choice(("CONFIRMED", "TENTATIVE", "CANCELLED")))
    if dice.random() < 0.3:
        found.append("TRANSP:" + dice.choice(("OPAQUE", "TRANSPARENT")))
    if dice.random() < 0.3:
        found += [f"X-PROJECT;X-KIND=a:P{dice.randrange(99)}", "SEQUENCE:3", "PRIORITY:5", "URL:https://example.org/p"]
    if dice.random() < 0.4:
        minutes = dice.choice((5, 15, 1440))
        found += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Soon", f"TRIGGER:-PT{minutes}M", "END:VALARM"]
    return found


def _single(dice: random.Random, uid: str) -> Parts:
    zones, tzid, _, start = _zoned(dice)
    if dice.random() < 0.3:
        begin = _span(tzid, start, 0)[0]
        return zones, [[begin, f"DURATION:PT{dice.choice((20, 45, 90))}M", *_about(dice)]]
    return zones, [[*_span(tzid, start, dice.choice((30, 60, 600, 3000))), *_about(dice)]]


def _utc(dice: random.Random, uid: str) -> Parts:
    start = datetime.combine(_day(dice), datetime.min.time()) + timedelta(hours=dice.randrange(24))
    return [], [[f"DTSTART:{_local(start)}Z", f"DTEND:{_local(start + timedelta(hours=1))}Z", *_about(dice)]]


def _all_day(dice: random.Random, uid: str) -> Parts:
    day = _day(dice)
    end = day + timedelta(days=dice.choice((1, 1, 3, 14)))
    return [], [[f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{end:%Y%m%d}", *_about(dice)]]


def _all_day_series(dice: random.Random, uid: str) -> Parts:
    day = _day(dice)
    rule = f"RRULE:FREQ=WEEKLY;COUNT={dice.choice((4, 9))}"
    gone = f"EXDATE;VALUE=DATE:{day + timedelta(days=7):%Y%m%d}"
    end = f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    return [], [[f"DTSTART;VALUE=DATE:{day:%Y%m%d}", end, rule, gone, *_about(dice)]]


def _weekly(dice: random.Random, uid: str) -> Parts:
    zones, tzid, zone, start = _zoned(dice)
    until = _utc_text(start + timedelta(weeks=12), zone)
    rule = dice.choice((f"UNTIL={until}", "COUNT=10", "INTERVAL=2;COUNT=20", "BYDAY=MO,WE,FR;COUNT=15", "WKST=SU"))
    if "BYDAY" in rule:
        start -= timedelta(days=start.weekday())  # the first instance must fall on one of its days
    gone = [f"EXDATE;TZID={tzid}:{_local(start + timedelta(weeks=2))}"] if dice.random() < 0.5 else []
    return zones, [[*_span(tzid, start, 60), f"RRULE:FREQ=WEEKLY;{rule}", *gone, *_about(dice)]]


def _monthly(dice: random.Random, uid: str) -> Parts:
    zones, tzid, _, start = _zoned(dice)
    start = start.replace(day=min(start.day, 28))
    nth = (start.day - 1) // 7 + 1
    day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[start.weekday()]
    rule = dice.choice(
        (f"FREQ=MONTHLY;BYMONTHDAY={start.day};COUNT=12", f"FREQ=MONTHLY;BYDAY={nth if nth < 5 else -1}{day};COUNT=8",
         "FREQ=MONTHLY;COUNT=6", "FREQ=YEARLY", "FREQ=DAILY;INTERVAL=3;COUNT=9")
    )
    return zones, [[*_span(tzid, start, 90), f"RRULE:{rule}", *_about(dice)]]


def _edited_series(dice: random.Random, uid: str) -> Parts:
    """One instance moved and renamed, one cancelled, one excluded."""
    zones, tzid, _, start = _zoned(dice)
    master = [*_span(tzid, start, 60), "RRULE:FREQ=WEEKLY;COUNT=12", *_about(dice)]
    master.append(f"EXDATE;TZID={tzid}:{_local(start + timedelta(weeks=5))}")
    moved_from, cancelled = start + timedelta(weeks=1), start + timedelta(weeks=3)
    moved = [f"RECURRENCE-ID;TZID={tzid}:{_local(moved_from)}", *_span(tzid, moved_from + timedelta(hours=26), 45)]
    off = [f"RECURRENCE-ID;TZID={tzid}:{_local(cancelled)}", *_span(tzid, cancelled, 60), "STATUS:CANCELLED"]
    parts = [master, [*moved, *_about(dice)]]
    if dice.random() < 0.5:
        parts.append([*off, "SUMMARY:Not this time"])
    return zones, parts
