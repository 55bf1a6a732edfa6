"""Changing and deleting events: patch, update, delete (facts 5.4, 5.5, 6.1, 6.2)."""

from __future__ import annotations

from typing import Any

from tests.emulators.google import errors
from tests.emulators.google.body import (
    CREATE_ONLY,
    READ_ONLY,
    SIGNIFICANT,
    checked,
    merged,
    take_reminders,
    without_nulls,
    writable,
)
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.guests import (
    QUIET,
    answer,
    guests,
    list_organizer,
    organizes,
    original_row,
    shared_part,
    spread,
)
from tests.emulators.google.lookup import belongs, find, is_virtual
from tests.emulators.google.series import end, keep_strictest, rekey
from tests.emulators.google.state import Body, Calendar, Row
from tests.emulators.google.view import is_hidden, render

NO_REMINDERS: Body = {"useDefault": True}


def patch(call: Call) -> Reply:
    calendar, row = _target(call)
    given = _settable(call, row)
    body = merged(_living(row.body, given), given)
    reminders = None
    if "reminders" in given:
        wanted = merged(row.reminders.get(call.user, NO_REMINDERS), given["reminders"])
        reminders = take_reminders({"reminders": wanted or NO_REMINDERS})
        body.pop("reminders", None)
    return _apply(call, calendar, row, body, reminders)


def update(call: Call) -> Reply:
    """Everything left out is cleared; what only the server may set stays."""
    calendar, row = _target(call)
    given = without_nulls(_settable(call, row))
    if call.body.get("attendeesOmitted"):
        return _apply(call, calendar, row, _only_my_response(calendar, row, given), None)
    kept = {name: row.body[name] for name in (*READ_ONLY, *CREATE_ONLY, "sequence") if name in row.body}
    if not call.params.get("conferenceDataVersion"):
        kept |= {name: row.body[name] for name in ("conferenceData",) if name in row.body}
    else:
        kept.pop("hangoutLink", None)
    if not call.params.get("supportsAttachments"):
        kept |= {name: row.body[name] for name in ("attachments",) if name in row.body}
    reminders = take_reminders(given) or NO_REMINDERS
    return _apply(call, calendar, row, {**kept, **given}, reminders)


def delete(call: Call) -> Reply:
    calendar = call.calendar("writerWithoutPrivateAccess")
    row = find(calendar, call.path["eventId"])
    if row.dead:
        raise errors.deleted()
    call.guard(row.etag)
    _check_visible(call, calendar, row)
    _end(call, calendar, row)
    return Reply(None, 204)


def _target(call: Call) -> tuple[Calendar, Row]:
    calendar = call.calendar("writerWithoutPrivateAccess")
    row = find(calendar, call.path["eventId"])
    if row.dead:
        _check_revival(call, calendar, row)
    call.guard(row.etag)
    _check_visible(call, calendar, row)
    return calendar, row


def _check_visible(call: Call, calendar: Calendar, row: Row) -> None:
    if is_hidden(row.body, calendar.role(call.user), call.user):
        raise errors.forbidden()


def _check_revival(call: Call, calendar: Calendar, row: Row) -> None:
    """A cancelled instance of a living series comes back; with anything else opinions differ (facts 5.4, 6.2)."""
    modes = call.world.modes
    if call.body.get("status") != "confirmed":
        raise errors.deleted()
    allowed = modes.restore_instance if belongs(calendar, row) else modes.revive
    if allowed == "forbidden":
        raise errors.forbidden()


def _living(stored: Body, given: Body) -> Body:
    return {**stored, "status": "confirmed"} if given.get("status") == "confirmed" else stored


def _settable(call: Call, row: Row) -> Body:
    given = writable(call, call.body)
    if given.get("eventType") not in (None, row.body["eventType"]):
        raise errors.event_type_restriction("The type of an event cannot be changed.")
    return {name: value for name, value in given.items() if name not in CREATE_ONLY}


def _only_my_response(calendar: Calendar, row: Row, given: Body) -> Body:
    mine = guests(given).get(calendar.id)
    listed = [merged(guest, mine) if mine and guest["email"] == calendar.id else guest
              for guest in row.body.get("attendees", ())]
    return {**row.body, "attendees": listed}


def _apply(call: Call, calendar: Calendar, row: Row, body: Body, reminders: Body | None) -> Reply:
    if body.get("status") == "cancelled":
        return _shown(call, calendar, _end(call, calendar, row))
    before = row.body
    body = checked(call, calendar, body, before)
    list_organizer(call, calendar, body)
    keep_strictest(call.world, calendar, body, before)
    mine = row.reminders if reminders is None else {**row.reminders, call.user: reminders}
    reminded = reminders is not None and reminders != row.reminders.get(call.user, NO_REMINDERS)
    if body == before and not reminded:
        return _shown(call, calendar, row)
    is_host = organizes(calendar, before)
    if not is_host:
        _check_guest(call, calendar, body, before)
    if is_virtual(calendar, row) and not call.world.modes.exception_inherits_private:
        _drop_private(body, call.body)
    prefix = row.prefix or (row.id if body.get("recurrence") else "")
    kept = call.world.store(calendar, row.id, body, quiet=body == before and not is_virtual(calendar, row),
                            prefix=prefix, reminders=mine)
    if any(body.get(name) != before.get(name) for name in SIGNIFICANT):
        rekey(call.world, calendar, kept)
    if is_host:
        spread(call, calendar, kept, before)
    else:
        answer(call, calendar, body, before)
        _change_original(call, calendar, body, before)
    return _shown(call, calendar, kept)


def _drop_private(body: Body, given: Body) -> None:
    asked = (given.get("extendedProperties") or {}).get("private") or {}
    own = {name: value for name, value in asked.items() if value is not None}  # null removes, and is never kept (6.1)
    properties = {**body.get("extendedProperties", {}), "private": own}
    body["extendedProperties"] = {kind: value for kind, value in properties.items() if value}
    if not body["extendedProperties"]:
        del body["extendedProperties"]


def _check_guest(call: Call, calendar: Calendar, body: Body, before: Body) -> None:
    """Guests change their own response and their own copy, unless they may modify the event."""
    if _without_me(calendar, body) != _without_me(calendar, before) and not before.get("guestsCanModify"):
        raise errors.not_organizer()
    was, now = (part.get("extendedProperties", {}).get("private") for part in (before, body))
    if was != now and call.world.modes.guest_private_write == "forbidden":
        raise errors.not_organizer()


def _without_me(calendar: Calendar, body: Body) -> Body:
    part = shared_part(body)
    others = [guest for guest in body.get("attendees", ()) if guest["email"] != calendar.id]
    part["attendees"] = sorted(others, key=lambda guest: str(guest["email"]))       # their order means nothing (11.2)
    return part


def _change_original(call: Call, calendar: Calendar, body: Body, before: Body) -> None:
    """What a guest with guestsCanModify changed reaches the organizer and everybody else."""
    found = original_row(call, body)
    if found is None or _without_me(calendar, body) == _without_me(calendar, before):
        return
    home, row = found
    names = {name for name in set(body) | set(before) if body.get(name) != before.get(name)} - set(QUIET)
    changed: dict[str, Any] = {name: value for name, value in row.body.items() if name not in names}
    changed |= {name: body[name] for name in names if name in body and name != "extendedProperties"}
    if "extendedProperties" in row.body:
        changed["extendedProperties"] = row.body["extendedProperties"]
    changed["sequence"] = max(body["sequence"], row.body["sequence"])
    kept = call.world.store(home, row.id, changed)
    rekey(call.world, home, kept)
    spread(call, home, kept, row.body)


def _end(call: Call, calendar: Calendar, row: Row) -> Row:
    """The organizer cancels for everybody; a guest only declines."""
    before = row.body
    if not organizes(calendar, before) and calendar.id in guests(before):
        declined = [{**guest, "responseStatus": "declined"} if guest["email"] == calendar.id else guest
                    for guest in before["attendees"]]
        answer(call, calendar, {**before, "attendees": declined}, before)
        return end(call.world, calendar, row)
    gone = end(call.world, calendar, row)
    if organizes(calendar, before):
        spread(call, calendar, gone, before)
    return gone


def _shown(call: Call, calendar: Calendar, row: Row) -> Reply:
    shown = render(call.world, calendar, row, call.user, "", call.params.get("maxAttendees"))
    return Reply(shown, etag=row.etag)
