"""Making events: insert, import, quickAdd (facts 6.1 to 6.3)."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

from tests.emulators.clock import stamp
from tests.emulators.google import errors
from tests.emulators.google.body import checked, take_reminders, without_nulls, writable
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.guests import list_organizer, spread
from tests.emulators.google.state import Body, Calendar, Row
from tests.emulators.google.times import utc_text
from tests.emulators.google.view import render

ID = re.compile(r"[a-v0-9]{5,1024}")


def insert(call: Call) -> Reply:
    calendar = call.calendar("writerWithoutPrivateAccess")
    body = without_nulls(writable(call, call.body))
    chosen, uid = body.pop("id", None), body.get("iCalUID")
    if chosen is not None and uid is not None and call.world.modes.id_with_uid == "refused":
        raise errors.invalid("Only one of id and iCalUID can be specified.", "iCalUID")
    event_id = _checked_id(calendar, chosen) if chosen is not None else call.world.ids.event_id()
    if uid is not None and call.world.modes.known_uid == "conflict" and _with_uid(calendar, uid):
        raise errors.duplicate()
    if body.get("status") == "cancelled":
        raise errors.invalid("Invalid value for: status", "status")
    return _make(call, calendar, event_id, body, {"email": calendar.id})


def import_(call: Call) -> Reply:
    """A private copy of an event known elsewhere: foreign uid, id derived from it, no mails."""
    calendar = call.calendar("writerWithoutPrivateAccess")
    body = without_nulls(writable(call, call.body))
    body.pop("id", None)
    if not body.get("iCalUID"):
        raise errors.required("Missing iCalUID.", "iCalUID")
    organizer = call.body.get("organizer") or {"email": calendar.id}
    _check_participant(call, calendar, body, organizer)
    body["eventType"] = "default"
    for name in ("birthdayProperties", "focusTimeProperties", "outOfOfficeProperties", "workingLocationProperties"):
        body.pop(name, None)
    found = _with_uid(calendar, body["iCalUID"])
    if found is not None and (call.world.modes.import_again == "conflict" or found.dead):
        raise errors.duplicate()
    body["privateCopy"] = True
    event_id = found.id if found else imported_id(body["iCalUID"])
    if found is None and event_id in calendar.rows:
        raise errors.duplicate()
    return _make(call, calendar, event_id, body, organizer)


def quick_add(call: Call) -> Reply:
    calendar = call.calendar("writerWithoutPrivateAccess")
    start = call.world.clock.now().replace(minute=0, second=0) + timedelta(hours=1)
    body: Body = {"summary": call.params["text"], "start": {"dateTime": utc_text(start)},
                  "end": {"dateTime": utc_text(start + timedelta(hours=1))}}
    return _make(call, calendar, call.world.ids.event_id(), body, {"email": calendar.id})


def imported_id(uid: str) -> str:
    return "_" + base64.b32hexencode(uid.encode()).decode().rstrip("=").lower()


def _checked_id(calendar: Calendar, event_id: str) -> str:
    """An id stays taken after its event was deleted."""
    if not isinstance(event_id, str) or not ID.fullmatch(event_id):
        raise errors.invalid("Invalid resource id value.", "id")
    if event_id in calendar.rows:
        raise errors.duplicate()
    return event_id


def _with_uid(calendar: Calendar, uid: str) -> Row | None:
    return next((row for row in calendar.rows.values() if row.body["iCalUID"] == uid and not row.master_id), None)


def _check_participant(call: Call, calendar: Calendar, body: Body, organizer: Body) -> None:
    owners = {calendar.id, calendar.owner}
    emails = {guest.get("email") for guest in body.get("attendees", ())} | {organizer.get("email")}
    if not owners & emails:
        text = "The owner of the calendar must either be the organizer or an attendee of an event that is imported."
        raise errors.ApiError(400, "participantIsNeitherOrganizerNorAttendee", text, domain="calendar")


def _make(call: Call, calendar: Calendar, event_id: str, body: Body, organizer: Body) -> Reply:
    world = call.world
    body.setdefault("iCalUID", f"{event_id}@google.com")
    reminders = take_reminders(body)
    body = checked(call, calendar, body)
    account = world.accounts.get(organizer["email"])
    name = account.name if account else calendar.summary if organizer["email"] == calendar.id else ""
    body["created"] = stamp(world.clock.now_us() // 1_000_000 * 1_000_000)
    body["creator"] = {"email": call.user}
    body["organizer"] = {"email": organizer["email"], **({"displayName": name} if name else {})}
    list_organizer(call, calendar, body)
    mine = {} if reminders is None else {call.user: reminders}
    prefix = event_id if body.get("recurrence") else ""
    row = world.store(calendar, event_id, body, prefix=prefix, reminders=mine)
    spread(call, calendar, row, None)
    return Reply(render(world, calendar, row, call.user, "", call.params.get("maxAttendees")), etag=row.etag)

