"""Any .ics file -> objects of one event set each, by the raw lines; nothing is repaired. Nothing of calsync is used.

Shape   `objects(payload)` -> payloads: the events of one UID with the head of their calendar and the zones they name.
        Two events of one UID without a RECURRENCE-ID are two objects. A file that is one object already, or whose
        components do not match, is given back as it is; so are files without events
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.corpus.rawdiff import lines_of


@dataclass
class Calendar:
    head: list[bytes] = field(default_factory=list)
    zones: list[list[bytes]] = field(default_factory=list)
    events: list[list[tuple[str, bytes]]] = field(default_factory=list)


def objects(payload: bytes) -> list[bytes]:
    calendars = _calendars(payload)
    if calendars is None or not any(one.events for one in calendars):
        return [payload]
    found = [_object(one, group) for one in calendars for group in _groups(one.events)]
    return [payload] if len(found) == 1 and len(calendars) == 1 else found


def as_series(payload: bytes) -> bytes | None:
    """A single event with all that is odd about it as a weekly series with one instance told once more, which shows
    nothing of its own; None for what is a series already, or no single event."""
    calendars = _calendars(payload)
    if calendars is None or len(calendars) != 1 or len(calendars[0].events) != 1:
        return None
    lines = calendars[0].events[0]
    starts = [raw for name, raw in lines if name == "DTSTART"]
    if len(starts) != 1 or any(name in _OF_SERIES for name, _ in lines) or any(not name for name, _ in lines[:1]):
        return None
    end = b"\r\n" if lines[0][1].endswith(b"\r\n") else b"\n"
    which = re.sub(rb"(?i)^dtstart", b"RECURRENCE-ID", starts[0])
    event = [raw for _, raw in lines[1:-1]]
    begin, last = lines[0][1], lines[-1][1]
    rule = b"RRULE:FREQ=WEEKLY;COUNT=4" + end
    return _object(calendars[0], [b"".join([begin, rule, *event, last]), b"".join([begin, which, *event, last])])


_OF_SERIES = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"})


def _calendars(payload: bytes) -> list[Calendar] | None:
    found: list[Calendar] = []
    depth = 0
    for inside, name, raw in lines_of(payload):
        depth = len(inside) - (name == "END")
        if name == "BEGIN" and inside == ("VCALENDAR",):
            found.append(Calendar())
        elif inside[:1] != ("VCALENDAR",) or (name == "END" and inside == ("VCALENDAR",)):
            if raw.strip(b"\r\n\t \xef\xbb\xbf") and name != "END":
                return None
        elif inside[1:2] == ("VEVENT",):
            if name == "BEGIN" and len(inside) == 2:
                found[-1].events.append([])
            found[-1].events[-1].append((name if len(inside) == 2 else "", raw))
        elif inside[1:2] == ("VTIMEZONE",):
            if name == "BEGIN" and len(inside) == 2:
                found[-1].zones.append([])
            found[-1].zones[-1].append(raw)
        elif len(inside) == 1:
            found[-1].head.append(raw)
    return None if depth else found


def _groups(events: list[list[tuple[str, bytes]]]) -> list[list[bytes]]:
    """Raw events by UID, and a master of a UID that has one already alone."""
    found: dict[object, list[bytes]] = {}
    masters: set[bytes] = set()
    for number, event in enumerate(events):
        uid = next((raw.partition(b":")[2].strip() for name, raw in event if name == "UID"), b"")
        master = not any(name == "RECURRENCE-ID" for name, _ in event)
        alone = not uid or (master and uid in masters)
        if master:
            masters.add(uid)
        found.setdefault(number if alone else uid, []).append(b"".join(raw for _, raw in event))
    return list(found.values())


def _object(calendar: Calendar, events: list[bytes]) -> bytes:
    end = b"\r\n" if events[0].endswith(b"\r\n") else b"\n"
    text = b"".join(events)
    zones = [b"".join(one) for one in calendar.zones if _zone_name(one) in text]
    body = [*calendar.head, *zones, *events]
    return b"".join([b"BEGIN:VCALENDAR" + end, *body, b"END:VCALENDAR" + end])


def _zone_name(zone: list[bytes]) -> bytes:
    return next((raw.partition(b":")[2].strip() for raw in zone if raw.upper().startswith(b"TZID")), b"")
