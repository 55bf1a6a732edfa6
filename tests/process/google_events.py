"""A Google calendar as people have it: what they typed at the web page, and what others invited them to.

Shape   `steps(calendar, seed, count)` -> steps for the control URL; each event is `e<seed>x<number>`, so that it can be
        found again; nothing of calsync's own mapping
Dates   most lie in 2030, so that they stay in the future; one in ten lies in 2025
Source  facts 4.4, 5
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.process.events import FUTURE, PAST

Json = dict[str, Any]
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "Asia/Tokyo", "UTC")
TITLES = ("Dentist", "Team meeting", "Lunch with Zoë", "Geburtstag von Jürgen 🎂", "会議:予算", "Встреча", "a; b, c\\d",
          "👩‍👩‍👧 school", "Ä" * 60)
PLACES = ("Room 4", "Café Müller, Köln", "https://example.org/meet/abc?x=1&y=2", "東京駅")
TEXTS = ("agenda\n\nbudget; notes, minutes", "https://example.org/a?b=c", "naïve 🚀 " * 30, "two  blanks")
GUESTS = ("zoe@example.com", "other@example.test", "team@lists.example.org")
OUTSIDE = "chief@example.com"


def event_id(seed: int, number: int) -> str:
    return f"e{seed}u{number:05d}"


def steps(calendar: str, seed: int, count: int) -> list[Json]:
    kinds = (_single, _weekly, _all_day, _single, _edited, _monthly, _meeting, _invited, _all_day_series, _team)
    found: list[Json] = []
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")
        found += kinds[number % len(kinds)](dice, calendar, event_id(seed, number))
    return found


def special(calendar: str) -> list[Json]:
    """What Google makes itself or treats in its own way (facts 5.8)."""
    day = {"start": {"date": "2030-05-06"}, "end": {"date": "2030-05-07"}}
    hours = {"start": {"dateTime": "2030-05-06T09:00:00+02:00", "timeZone": "Europe/Berlin"},
             "end": {"dateTime": "2030-05-06T11:00:00+02:00", "timeZone": "Europe/Berlin"}}
    return [{"do": "put", "calendar": calendar, "id": name, "event": event} for name, event in {
        "sfocus": {**hours, "summary": "Focus", "eventType": "focusTime",
                   "focusTimeProperties": {"autoDeclineMode": "declineNone"}},
        "sooo": {**hours, "summary": "Away", "eventType": "outOfOffice",
                 "outOfOfficeProperties": {"autoDeclineMode": "declineNone"}},
        "swork": {**day, "summary": "Home office", "eventType": "workingLocation", "visibility": "public",
                  "transparency": "transparent", "workingLocationProperties": {"type": "homeOffice", "homeOffice": {}}},
        "sgmail": {**hours, "summary": "Flight to Lisbon", "eventType": "fromGmail", "endTimeUnspecified": True},
        "sbirth": {**day, "summary": "Ada's birthday", "eventType": "birthday", "recurrence": ["RRULE:FREQ=YEARLY"],
                   "visibility": "private", "transparency": "transparent", "birthdayProperties": {"type": "birthday"}},
    }.items()]


# -- the kinds ---------------------------------------------------------------------------------------------------------


def _insert(calendar: str, event: Json) -> Json:
    return {"do": "insert", "calendar": calendar, "event": event}


def _day(dice: random.Random) -> date:
    return (PAST if dice.random() < 0.1 else FUTURE) + timedelta(days=dice.randrange(330))


def _timed(dice: random.Random, minutes: int) -> tuple[datetime, Json]:
    zone = dice.choice(ZONES)
    start = datetime.combine(_day(dice), datetime.min.time(), ZoneInfo(zone))
    start += timedelta(hours=dice.randrange(6, 22), minutes=dice.choice((0, 15, 30)))
    return start, _span(start, minutes)


def _span(start: datetime, minutes: int) -> Json:
    end = (start.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(start.tzinfo)
    return {"start": {"dateTime": start.isoformat(), "timeZone": str(start.tzinfo)},
            "end": {"dateTime": end.isoformat(), "timeZone": str(start.tzinfo)}}


def _about(dice: random.Random) -> Json:
    found: Json = {"summary": f"{dice.choice(TITLES)} {dice.randrange(1000)}"}
    if dice.random() < 0.5:
        found["location"] = dice.choice(PLACES)
    if dice.random() < 0.5:
        found["description"] = dice.choice(TEXTS).rstrip()
    if dice.random() < 0.2:
        found["status"] = "tentative"
    if dice.random() < 0.3:
        found["transparency"] = "transparent"
    if dice.random() < 0.2:
        found["visibility"] = dice.choice(("private", "public", "confidential"))
    if dice.random() < 0.3:
        found["colorId"] = str(dice.randrange(1, 12))
    if dice.random() < 0.5:
        one = {"method": "popup", "minutes": dice.choice((0, 10, 1440))}
        found["reminders"] = dice.choice(({"useDefault": True}, {"useDefault": False, "overrides": [one]}))
    return found


def _single(dice: random.Random, calendar: str, name: str) -> list[Json]:
    _, span = _timed(dice, dice.choice((30, 60, 600, 3000)))
    return [_insert(calendar, {"id": name, **span, **_about(dice)})]


def _all_day(dice: random.Random, calendar: str, name: str) -> list[Json]:
    day = _day(dice)
    span = {"start": {"date": str(day)}, "end": {"date": str(day + timedelta(days=dice.choice((1, 1, 3, 14))))}}
    return [_insert(calendar, {"id": name, **span, **_about(dice)})]


def _weekly(dice: random.Random, calendar: str, name: str) -> list[Json]:
    start, span = _timed(dice, 60)
    until = (start + timedelta(weeks=12)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    rule = dice.choice((f"UNTIL={until}", "COUNT=10", "INTERVAL=2;COUNT=20", "WKST=SU"))
    return [_insert(calendar, {"id": name, **span, "recurrence": [f"RRULE:FREQ=WEEKLY;{rule}"], **_about(dice)})]


def _monthly(dice: random.Random, calendar: str, name: str) -> list[Json]:
    start, _ = _timed(dice, 60)
    start = start.replace(day=min(start.day, 28))
    rule = dice.choice(("FREQ=MONTHLY;COUNT=6", "FREQ=YEARLY", "FREQ=DAILY;INTERVAL=3;COUNT=9"))
    return [_insert(calendar, {"id": name, **_span(start, 60), "recurrence": [f"RRULE:{rule}"], **_about(dice)})]


def _all_day_series(dice: random.Random, calendar: str, name: str) -> list[Json]:
    day = _day(dice)
    span = {"start": {"date": str(day)}, "end": {"date": str(day + timedelta(days=1))}}
    lines = ["RRULE:FREQ=WEEKLY;COUNT=9", f"EXDATE;VALUE=DATE:{day + timedelta(days=14):%Y%m%d}"]
    gone = {"do": "delete", "calendar": calendar, "id": f"{name}_{day + timedelta(days=7):%Y%m%d}"}
    return [_insert(calendar, {"id": name, **span, "recurrence": lines, **_about(dice)}), gone]


def _edited(dice: random.Random, calendar: str, name: str) -> list[Json]:
    """One instance moved and renamed, one renamed only, one deleted."""
    start, span = _timed(dice, 60)
    made = _insert(calendar, {"id": name, **span, "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=12"], **_about(dice)})
    second = start + timedelta(weeks=1)
    moved = {**_span(second + timedelta(hours=26), 45), "summary": f"Moved {name}"}
    return [
        made, {"do": "patch", "calendar": calendar, "id": _instance(name, second), "changes": moved},
        {"do": "patch", "calendar": calendar, "id": _instance(name, start + timedelta(weeks=4)),
         "changes": {"summary": f"Only this {name}"}},
        {"do": "delete", "calendar": calendar, "id": _instance(name, start + timedelta(weeks=3))},
    ]


def _instance(name: str, start: datetime) -> str:
    return f"{name}_{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _people(dice: random.Random) -> list[Json]:
    answers = ("needsAction", "accepted", "declined", "tentative")
    return [{"email": email, "responseStatus": dice.choice(answers)} for email in dice.sample(GUESTS, 2)]


def _meeting(dice: random.Random, calendar: str, name: str) -> list[Json]:
    _, span = _timed(dice, 60)
    return [_insert(calendar, {"id": name, **span, **_about(dice), "attendees": _people(dice)})]


def _team(dice: random.Random, calendar: str, name: str) -> list[Json]:
    """Mine, with guests, and one instance moved."""
    start, span = _timed(dice, 60)
    lines = ["RRULE:FREQ=WEEKLY;COUNT=8"]
    made = {"id": name, **span, "recurrence": lines, **_about(dice), "attendees": _people(dice)}
    second = start + timedelta(weeks=1)
    moved = _span(second + timedelta(hours=3), 30)
    return [_insert(calendar, made),
            {"do": "patch", "calendar": calendar, "id": _instance(name, second), "changes": moved}]


def _invited(dice: random.Random, calendar: str, name: str) -> list[Json]:
    """Somebody else's, by mail; whose UID is not made from an id."""
    _, span = _timed(dice, 60)
    event = {**span, **_about(dice), "attendees": _people(dice)}
    event.pop("reminders", None)
    uid = f"{name}@outside.example"
    return [{"do": "invite", "calendar": calendar, "organizer": OUTSIDE, "event": event, "uid": uid}]
