"""Special event types: what may be created where, and what may be changed later (facts 5.8)."""

from __future__ import annotations

from tests.emulators.google.errors import event_type_restriction
from tests.emulators.google.state import Body, Calendar
from tests.emulators.google.times import original_of

PROPERTIES = {
    "birthday": "birthdayProperties", "focusTime": "focusTimeProperties", "outOfOffice": "outOfOfficeProperties",
    "workingLocation": "workingLocationProperties",
}
GMAIL_CHANGEABLE = frozenset({
    "colorId", "visibility", "transparency", "status", "extendedProperties", "attendees", "sequence", "eventLabelId",
})


def check_kind(calendar: Calendar, body: Body, before: Body | None) -> None:
    kind = body.setdefault("eventType", "default")
    if before is not None:
        _check_change(kind, body, before)
        return
    for owner, name in PROPERTIES.items():
        if name in body and owner != kind:
            raise event_type_restriction(f"{name} is only for events of type {owner}.")
    if kind == "fromGmail":
        raise event_type_restriction("Events from Gmail cannot be created.")
    if kind in ("focusTime", "outOfOffice", "workingLocation"):
        _check_status_event(calendar, kind, body)
    if kind == "birthday":
        _check_birthday(body)


def _check_change(kind: str, body: Body, before: Body) -> None:
    if kind != before.get("eventType", "default"):
        raise event_type_restriction("The type of an event cannot be changed.")
    names = set(body) | set(before)
    changed = {name for name in names if body.get(name) != before.get(name)}
    if kind == "fromGmail" and changed - GMAIL_CHANGEABLE:
        raise event_type_restriction(f"These fields of an event from Gmail cannot be changed: {sorted(changed)}")
    if kind == "birthday":
        _check_birthday(body)
    if kind in ("focusTime", "outOfOffice") and "date" in body["start"]:
        raise event_type_restriction(f"Events of type {kind} cannot be all-day.")


def _check_status_event(calendar: Calendar, kind: str, body: Body) -> None:
    if calendar.kind != "primary":
        raise event_type_restriction(f"Events of type {kind} can only be created on primary calendars.")
    if kind != "workingLocation" and "date" in body["start"]:
        raise event_type_restriction(f"Events of type {kind} cannot be all-day.")
    if PROPERTIES[kind] not in body:
        raise event_type_restriction(f"{PROPERTIES[kind]} is missing.")
    is_place = kind == "workingLocation"
    if is_place and (body.get("visibility") != "public" or body.get("transparency") != "transparent"):
        raise event_type_restriction("Working locations are public and transparent.")


def _check_birthday(body: Body) -> None:
    start, end = body["start"], body["end"]
    one_day = "date" in start and original_of(end).toordinal() - original_of(start).toordinal() == 1
    yearly = any("FREQ=YEARLY" in line for line in body.get("recurrence", ()))
    hidden = body.get("visibility") == "private" and body.get("transparency") == "transparent"
    if not (one_day and (yearly or "recurringEventId" in body) and hidden):
        raise event_type_restriction("Birthdays are yearly, all-day, one day, private and transparent.")
    if body.get("birthdayProperties", {}).get("type", "birthday") != "birthday":
        raise event_type_restriction("Only birthdays can be created, no other special days.")
