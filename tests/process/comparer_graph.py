"""An Outlook calendar as the people who look at it see it, from the emulator's plain form of it. Nothing of calsync is
used here.

Shape   `as_ics(events)` -> calendar objects, so that `difference(events, payloads)` compares it with .ics files
Equal   Outlook has one word for busy and status (facts L14), so the status is not compared; of two blanks it makes one
        a no-break space, and in descriptions it shows no second empty line and no blanks at the beginning of one (L4.4)
Source  facts 4, 5, L5, L13; zones by CLDR; expanded by icalendar and recurring_ical_events
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tests.emulators.graph.zones import zone
from tests.process import comparer
from tests.process.comparer import Instance, escaped, object_of, tidy

Json = dict[str, Any]
INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
FREQ = {"daily": "DAILY", "weekly": "WEEKLY", "absoluteMonthly": "MONTHLY", "relativeMonthly": "MONTHLY",
        "absoluteYearly": "YEARLY", "relativeYearly": "YEARLY"}


def difference(events: Iterable[Json], payloads: Iterable[bytes]) -> list[tuple[str, Instance]]:
    """Instances that only the one or only the other has; empty when they are equal."""
    return comparer.difference(as_ics(events).values(), payloads, _comparable)


def _comparable(one: Instance) -> Instance:
    uid, start, end, title, place, text, tags, _ = one
    text = re.sub(r"\n *", "\n", text.replace("\xa0", " "))
    return (uid, start, end, tidy(title), tidy(place), re.sub(r"\n{3,}", "\n\n", tidy(text)), tags, "")


def uid(event: Mapping[str, Any]) -> str:
    """The UID that other calendars know it by."""
    own = [value for name, value in event["props"].items() if name.endswith(" calsync-uid")]
    return str(own[0] if own else event["iCalUId"])


def uids(events: Iterable[Json]) -> Counter[str]:
    """UID -> how many events or series it is."""
    return Counter(uid(one) for one in events)


def as_ics(events: Iterable[Json]) -> dict[str, bytes]:
    """UID -> one calendar object with the master and its instances."""
    found: dict[str, list[str]] = {}
    for one in events:
        lines = _vevent(one, uid(one))
        if one["recurrence"]:
            lines += [f"RRULE:{_rule(one)}", *(_on_day("EXDATE", one, day) for day in one["cancelled"])]
        lines.append("END:VEVENT")
        for day, changes in one["exceptions"].items():
            lines += [*_vevent({**one, **changes}, uid(one)), _on_day("RECURRENCE-ID", one, day), "END:VEVENT"]
        found.setdefault(uid(one), []).extend(lines)
    return {name: object_of(lines) for name, lines in found.items()}


def _vevent(event: Json, name: str) -> list[str]:
    lines = ["BEGIN:VEVENT", f"UID:{name}", "DTSTAMP:20250101T000000Z", _line("DTSTART", event, event["start"]),
             _line("DTEND", event, event["end"])]
    texts = {"SUMMARY": event["subject"], "LOCATION": event["location"]["displayName"], "DESCRIPTION": event["body"]}
    lines += [f"{key}:{escaped(tidy(text))}" for key, text in texts.items() if text]
    return lines + ([f"CATEGORIES:{','.join(map(escaped, event['categories']))}"] if event["categories"] else [])


def _line(name: str, event: Json, moment: Json) -> str:
    wall = datetime.fromisoformat(moment["dateTime"])
    if event["isAllDay"]:
        return f"{name};VALUE=DATE:{wall:%Y%m%d}"
    key = zone(moment["timeZone"], any_iana=True).key
    return f"{name}:{wall:%Y%m%dT%H%M%S}Z" if key in ("UTC", "Etc/UTC") else f"{name};TZID={key}:{wall:%Y%m%dT%H%M%S}"


def _on_day(name: str, master: Json, day: str) -> str:
    return _line(name, master, {**master["start"], "dateTime": day + master["start"]["dateTime"][10:]})


def _rule(event: Json) -> str:
    """The days of a short month that a pattern names are its last there (facts 5)."""
    pattern, extent = event["recurrence"]["pattern"], event["recurrence"]["range"]
    kind, days = pattern["type"], [day[:2].upper() for day in pattern.get("daysOfWeek", ())]
    parts = [f"FREQ={FREQ[kind]}", f"INTERVAL={pattern['interval']}"]
    if kind == "weekly":
        parts += [f"BYDAY={','.join(days)}", f"WKST={pattern['firstDayOfWeek'][:2].upper()}"]
    if kind.endswith("Yearly"):
        parts.append(f"BYMONTH={pattern['month']}")
    if kind.startswith("relative"):
        parts += [f"BYDAY={','.join(days)}", f"BYSETPOS={INDEX[pattern['index']]}"]
    if kind.startswith("absolute"):
        day = pattern["dayOfMonth"]
        parts.append(f"BYMONTHDAY={','.join(map(str, range(28, day + 1)))};BYSETPOS=-1" if day > 28
                     else f"BYMONTHDAY={day}")
    if extent["type"] == "numbered":
        parts.append(f"COUNT={extent['numberOfOccurrences']}")
    if extent["type"] == "endDate":
        parts.append(f"UNTIL={_until(event, date.fromisoformat(extent['endDate']))}")
    return ";".join(parts)


def _until(event: Json, last: date) -> str:
    if event["isAllDay"]:
        return f"{last:%Y%m%d}"
    there = ZoneInfo(zone(event["start"]["timeZone"], any_iana=True).key)
    return f"{datetime.combine(last, time(23, 59, 59), there).astimezone(UTC):%Y%m%dT%H%M%SZ}"
