"""A Google calendar as the people who look at it see it, from the JSON of its events. Nothing of calsync is used here.

Shape   `as_ics(events)` -> calendar objects, so that `difference(events, payloads)` compares it with .ics files
Equal   Google has no categories, and keeps a cancelled event as a tentative one (facts 11.1): neither is compared.
        It drops variation selectors and blanks at the ends of lines (facts 11.2)
Source  facts 4.4, 5.2, 5.3; expanded by icalendar and recurring_ical_events
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.process import comparer
from tests.process.comparer import Instance, escaped, object_of, tidy

Json = dict[str, Any]
PRIVATE = "extendedProperties"


def difference(events: Iterable[Json], payloads: Iterable[bytes]) -> list[tuple[str, Instance]]:
    """Instances that only the one or only the other has; empty when they are equal."""
    return comparer.difference(as_ics(events).values(), payloads, _comparable)


def _comparable(one: Instance) -> Instance:
    uid, start, end, title, place, text, _, status = one
    return (uid, start, end, tidy(title), tidy(place), tidy(text), (), "TENTATIVE" if status == "CANCELLED" else status)


def uid(event: Mapping[str, Any]) -> str:
    """The UID that other calendars know it by: the marker's where the marker was written for it (facts 11.3)."""
    marker = event.get(PRIVATE, {}).get("private", {})
    own = marker.get("calsync.id") in (event["id"], event.get("recurringEventId"))
    return str(marker["calsync.uid"] if own and "calsync.uid" in marker else event["iCalUID"])


def uids(events: Iterable[Json]) -> Counter[str]:
    """UID -> how many events or series it is."""
    return Counter(uid(one) for one in events if "recurringEventId" not in one and one["status"] != "cancelled")


def as_ics(events: Iterable[Json]) -> dict[str, bytes]:
    """UID -> one calendar object with the master and its instances."""
    events = list(events)
    names = {one["id"]: uid(one) for one in events}
    found: dict[str, list[str]] = {}
    for one in events:
        if "recurringEventId" in one or one["status"] == "cancelled":
            continue
        parts = [p for p in events if p.get("recurringEventId") == one["id"]]
        gone = [p for p in parts if p["status"] == "cancelled"]
        lines = [*_vevent(one, names[one["id"]]), *one.get("recurrence", ())]
        lines += [_line("EXDATE", p["originalStartTime"], one["start"]) for p in gone]
        body = [*lines, "END:VEVENT"]
        for part in parts:
            if part["status"] != "cancelled":
                mine = _line("RECURRENCE-ID", part["originalStartTime"], one["start"])
                body += [*_vevent(part, names[one["id"]]), mine, "END:VEVENT"]
        found.setdefault(names[one["id"]], []).extend(body)
    return {name: object_of(lines) for name, lines in found.items()}


def _vevent(event: Json, name: str) -> list[str]:
    lines = ["BEGIN:VEVENT", f"UID:{name}", "DTSTAMP:20250101T000000Z", _line("DTSTART", event["start"]),
             _line("DTEND", event["end"]), f"STATUS:{event['status'].upper()}"]
    for key, member in (("SUMMARY", "summary"), ("LOCATION", "location"), ("DESCRIPTION", "description")):
        if event.get(member):
            lines.append(f"{key}:{escaped(event[member])}")
    return lines


def _line(name: str, when: Json, like: Json | None = None) -> str:
    """In the zone of `like`, which is where a series counts its days."""
    if "date" in when:
        return f"{name};VALUE=DATE:{when['date'].replace('-', '')}"
    zone = (like or when).get("timeZone") or when.get("timeZone") or "UTC"
    moment = datetime.fromisoformat(when["dateTime"]).astimezone(ZoneInfo(zone))
    if zone == "UTC":
        return f"{name}:{moment:%Y%m%dT%H%M%S}Z"
    return f"{name};TZID={zone}:{moment:%Y%m%dT%H%M%S}"
