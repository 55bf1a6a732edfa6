"""What one viewer sees of one row: offsets of a zone, own flags, redaction by role (facts 3.2, 3.3, 4.3, 5.5)."""

from __future__ import annotations

import base64
from typing import Any

from tests.emulators.google.state import Body, Calendar, Row, World
from tests.emulators.google.times import show

BUSY = ("start", "end", "recurrence", "recurringEventId", "originalStartTime", "sequence", "transparency", "iCalUID",
        "eventType")
SECRET = ("private", "confidential")


def render(
    world: World, calendar: Calendar, row: Row, user: str, tzid: str = "", max_attendees: int | None = None
) -> Body:
    """The event resource; the answer is shared between calls, nobody changes it."""
    role = calendar.role(user)
    tzid = tzid or calendar.time_zone
    key = (user, role, tzid, max_attendees)
    if key not in row.shown:
        row.shown[key] = _render(calendar, row, user, role, tzid, max_attendees)
    return row.shown[key]


def _render(calendar: Calendar, row: Row, user: str, role: str, tzid: str, max_attendees: int | None) -> Body:
    body = row.body
    shown: Body = {"kind": "calendar#event", "etag": row.etag, "id": row.id, "status": body["status"],
                   "htmlLink": _link(calendar, row), "created": body["created"], "updated": row.updated}
    shown |= {name: value for name, value in body.items() if name not in shown}
    for name in ("start", "end", "originalStartTime"):
        if name in body:
            shown[name] = show(body[name], tzid)
    if is_hidden(body, role, user):
        kept = ("kind", "etag", "id", "status", "created", "updated", *BUSY)
        return {name: shown[name] for name in kept if name in shown} | {"visibility": "private"}
    shown["creator"] = _person(body["creator"], calendar)
    shown["organizer"] = _person(body["organizer"], calendar)
    shown["reminders"] = row.reminders.get(user, {"useDefault": True})
    if user != body["creator"]["email"]:
        shown.pop("source", None)
    if "attendees" in body:
        _show_guests(shown, body, calendar, max_attendees)
    return shown


def is_hidden(body: Body, role: str, user: str) -> bool:
    """Only a busy block is shown: to who sees no details at all, and of private events to who is not part of them."""
    if role == "freeBusyReader":
        return True
    if body.get("visibility") not in SECRET or role in ("writer", "owner"):
        return False
    insiders = [guest["email"] for guest in body.get("attendees", ())]
    return user not in (body["creator"]["email"], body["organizer"]["email"], *insiders)


def _person(who: Body, calendar: Calendar) -> Body:
    return {**who, "self": True} if who["email"] == calendar.id else who


def _show_guests(shown: Body, body: Body, calendar: Calendar, limit: int | None) -> None:
    guests = [_guest(guest, body, calendar) for guest in body["attendees"]]
    organizes = body["organizer"]["email"] == calendar.id
    if (body.get("guestsCanSeeOtherGuests") is False and not organizes) or (limit is not None and len(guests) > limit):
        guests = [guest for guest in guests if guest.get("self")]
        shown["attendeesOmitted"] = True
    shown["attendees"] = guests


def _guest(guest: Body, body: Body, calendar: Calendar) -> Body:
    """`self` marks the row of the calendar being read; it is not set on secondary calendars."""
    told = dict(guest)
    if guest["email"] == calendar.id and calendar.kind == "primary":
        told["self"] = True
    if guest["email"] == body["organizer"]["email"]:
        told["organizer"] = True
    return told


def _link(calendar: Calendar, row: Row) -> str:
    eid = base64.urlsafe_b64encode(f"{row.id} {calendar.id}".encode()).decode().rstrip("=")
    return f"https://www.google.com/calendar/event?eid={eid}"


def tombstone(world: World, calendar: Calendar, row: Row, user: str, tzid: str, *, bare: bool) -> Body:
    """What a listing says of a cancelled row: often nothing but its id."""
    if world.modes.full_tombstones:
        return render(world, calendar, row, user, tzid)
    told: dict[str, Any] = {"kind": "calendar#event", "etag": row.etag, "id": row.id, "status": "cancelled"}
    if row.master_id and not bare:
        told["recurringEventId"] = row.master_id
        told["originalStartTime"] = show(row.body["originalStartTime"], tzid or calendar.time_zone)
    return told
