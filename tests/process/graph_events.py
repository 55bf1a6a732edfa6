"""An Outlook calendar as people have it: what they typed there, and what others invited them to.

Shape   `edits(seed, count)` -> edits for the control URL; each event has `e<seed>u<number>` in its title, so that it
        can be found again; nothing of calsync's own mapping
Dates   in 2030, so that they stay in the future; windows of the tests reach to its end
Source  facts 4, 5, L4, L5
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from tests.process.events import FUTURE
from tests.process.google_events import GUESTS, OUTSIDE, PLACES, TEXTS, TITLES

Json = dict[str, Any]
ZONES = ("W. Europe Standard Time", "Eastern Standard Time", "India Standard Time", "AUS Eastern Standard Time",
         "Tokyo Standard Time", "UTC", "Romance Standard Time")
CATEGORIES = ("Work", "Reisen", "健康", "VIP")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def edits(seed: int, count: int, calendar: str = "Calendar") -> list[Json]:
    kinds = (_single, _weekly, _all_day, _single, _edited, _monthly, _meeting, _invited, _all_day_series, _team)
    found: list[Json] = []
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")
        name = f"{dice.choice(TITLES)} e{seed}u{number:05d}"
        found += [{"calendar": calendar, **one} for one in kinds[number % len(kinds)](dice, name)]
    return found


# -- the kinds ---------------------------------------------------------------------------------------------------------


def _create(name: str, *parts: Json) -> Json:
    event: Json = {"subject": name}
    for part in parts:
        event |= part
    return {"do": "create", "event": event}


def _day(dice: random.Random) -> date:
    return FUTURE + timedelta(days=dice.randrange(330))


def _start(dice: random.Random) -> tuple[datetime, str]:
    hours, minutes = dice.randrange(6, 22), dice.choice((0, 15, 30))
    return datetime.combine(_day(dice), datetime.min.time()).replace(hour=hours, minute=minutes), dice.choice(ZONES)


def _span(start: datetime, zone: str, minutes: int) -> Json:
    end = start + timedelta(minutes=minutes)
    return {"start": {"dateTime": start.isoformat(), "timeZone": zone},
            "end": {"dateTime": end.isoformat(), "timeZone": zone}}


def _days(day: date, count: int) -> Json:
    begin = datetime.combine(day, datetime.min.time())
    return {"isAllDay": True, **_span(begin, "UTC", 1440 * count)}


def _about(dice: random.Random) -> Json:
    found: Json = {}
    if dice.random() < 0.5:
        found["location"] = {"displayName": dice.choice(PLACES)}
    if dice.random() < 0.5:
        found["body"] = {"contentType": "text", "content": dice.choice(TEXTS).rstrip()}
    if dice.random() < 0.5:
        found["showAs"] = dice.choice(("free", "tentative", "busy", "oof", "workingElsewhere"))
    if dice.random() < 0.2:
        found["sensitivity"] = dice.choice(("private", "personal", "confidential"))
    if dice.random() < 0.3:
        found["categories"] = dice.sample(CATEGORIES, 2)
    if dice.random() < 0.5:
        found |= {"isReminderOn": dice.random() < 0.5, "reminderMinutesBeforeStart": dice.choice((0, 10, 1440))}
    return found


def _rule(start: date, extent: Json, **pattern: Any) -> Json:
    return {"recurrence": {"pattern": {"interval": 1, **pattern},
                           "range": {"startDate": f"{start:%Y-%m-%d}", **extent}}}


def _count(number: int) -> Json:
    return {"type": "numbered", "numberOfOccurrences": number}


def _single(dice: random.Random, name: str) -> list[Json]:
    start, zone = _start(dice)
    return [_create(name, _span(start, zone, dice.choice((30, 60, 600, 3000))), _about(dice))]


def _all_day(dice: random.Random, name: str) -> list[Json]:
    return [_create(name, _about(dice), _days(_day(dice), dice.choice((1, 1, 3, 14))))]


def _weekly(dice: random.Random, name: str) -> list[Json]:
    start, zone = _start(dice)
    last = {"type": "endDate", "endDate": f"{start + timedelta(weeks=12):%Y-%m-%d}"}
    days = sorted({start.weekday(), *dice.choice(((), (2, 4)))})
    rule = _rule(start, dice.choice((last, _count(10))), type="weekly", interval=dice.choice((1, 2)),
                 daysOfWeek=[DAYS[day] for day in days], firstDayOfWeek=dice.choice(("sunday", "monday")))
    return [_create(name, _span(start, zone, 60), rule, _about(dice))]


def _monthly(dice: random.Random, name: str) -> list[Json]:
    start, zone = _start(dice)
    start = start.replace(day=min(start.day, 28))
    day, nth = DAYS[start.weekday()], ("first", "second", "third", "fourth")[(start.day - 1) // 7]
    rule = dice.choice((
        _rule(start, _count(6), type="absoluteMonthly", dayOfMonth=start.day),
        _rule(start, {"type": "noEnd"}, type="absoluteYearly", dayOfMonth=start.day, month=start.month),
        _rule(start, _count(9), type="daily", interval=3),
        _rule(start, _count(8), type="relativeMonthly", daysOfWeek=[day], index=nth),
    ))
    return [_create(name, _span(start, zone, 60), rule, _about(dice))]


def _all_day_series(dice: random.Random, name: str) -> list[Json]:
    day = _day(dice)
    rule = _rule(day, _count(9), type="weekly", daysOfWeek=[DAYS[day.weekday()]])
    return [_create(name, _about(dice), _days(day, 1), rule),
            {"do": "delete_occurrence", "subject": name, "date": f"{day + timedelta(weeks=1)}"}]


def _series(dice: random.Random, name: str, *more: Json) -> tuple[datetime, str, Json]:
    start, zone = _start(dice)
    rule = _rule(start, _count(12), type="weekly", daysOfWeek=[DAYS[start.weekday()]])
    return start, zone, _create(name, _span(start, zone, 60), rule, _about(dice), *more)


def _edited(dice: random.Random, name: str) -> list[Json]:
    """One instance moved and renamed, one renamed only, one deleted."""
    start, zone, made = _series(dice, name)
    moved = {**_span(start + timedelta(weeks=1, hours=26), zone, 45), "subject": f"Moved {name}"}
    return [made, _instance(name, start, 1, moved), _instance(name, start, 4, {"subject": f"Only this {name}"}),
            {"do": "delete_occurrence", "subject": name, "date": f"{start + timedelta(weeks=3):%Y-%m-%d}"}]


def _instance(name: str, start: datetime, weeks: int, changes: Json) -> Json:
    day = f"{start + timedelta(weeks=weeks):%Y-%m-%d}"
    return {"do": "edit_occurrence", "subject": name, "date": day, "changes": changes}


def people(dice: random.Random) -> Json:
    answers = ("none", "accepted", "declined", "tentativelyAccepted")
    return {"attendees": [{"emailAddress": {"address": one, "name": one.partition("@")[0]}, "type": "required",
                           "status": {"response": dice.choice(answers), "time": "2029-12-01T09:00:00Z"}}
                          for one in dice.sample(GUESTS, 2)]}


def _meeting(dice: random.Random, name: str) -> list[Json]:
    start, zone = _start(dice)
    return [_create(name, _span(start, zone, 60), _about(dice), people(dice))]


def _team(dice: random.Random, name: str) -> list[Json]:
    """Mine, with guests, and one instance moved."""
    start, zone, made = _series(dice, name, people(dice))
    return [made, _instance(name, start, 1, _span(start + timedelta(weeks=1, hours=3), zone, 30))]


def _invited(dice: random.Random, name: str) -> list[Json]:
    """Somebody else's, whose answers are kept there."""
    start, zone = _start(dice)
    theirs = {"isOrganizer": False, "organizer": {"emailAddress": {"address": OUTSIDE, "name": "Chief"}},
              "responseStatus": {"response": "accepted", "time": "2029-12-01T09:00:00Z"}}
    return [_create(name, _span(start, zone, 60), _about(dice), people(dice), theirs)]
