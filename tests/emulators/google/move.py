"""events.move: the same event on another calendar, under another organizer (facts 4.3, 6.1, item 33)."""

from __future__ import annotations

from tests.emulators.google import errors
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.guests import organizes, spread
from tests.emulators.google.lookup import find
from tests.emulators.google.series import cancelled, end
from tests.emulators.google.state import Body, Calendar, Row
from tests.emulators.google.view import render


def move(call: Call) -> Reply:
    source = call.calendar("writerWithoutPrivateAccess")
    target = call.calendar("writerWithoutPrivateAccess", call.params["destination"])
    row = find(source, call.path["eventId"])
    if row.dead:
        raise errors.deleted()
    call.guard(row.etag)
    _check_movable(source, row)
    if target is source:
        return Reply(render(call.world, source, row, call.user), etag=row.etag)
    there = target.rows.get(row.id)
    if there is not None and not there.dead:
        raise errors.duplicate()
    overrides = list(source.overrides_of(row.id))
    moved = _put(call, target, row)
    exceptions = [(one, _put(call, target, one)) for one in overrides]
    gone = end(call.world, source, row)
    spread(call, target, moved, row.body)
    for before, after in exceptions:
        spread(call, target, after, before.body)
    if call.world.modes.move_answer == "alive":
        return Reply(render(call.world, target, moved, call.user), etag=moved.etag)
    shown: Body = {**render(call.world, source, gone, call.user), "status": "cancelled"}
    return Reply(shown, etag=gone.etag)


def _check_movable(source: Calendar, row: Row) -> None:
    if row.body["eventType"] != "default":
        raise errors.event_type_restriction("Only events of type default can be moved.")
    if row.master_id:
        raise errors.ApiError(400, "cannotChangeOrganizerOfInstance", "Cannot change the organizer of an instance.",
                              domain="calendar")
    if not organizes(source, row.body):
        raise errors.ApiError(403, "cannotChangeOrganizer", "Only the organizer can move an event.", domain="calendar")


def _put(call: Call, target: Calendar, row: Row) -> Row:
    organizer: Body = {"email": target.id}
    if target.id not in call.world.accounts:
        organizer["displayName"] = target.summary
    body = {**row.body, "organizer": organizer}
    if row.dead:
        body = cancelled(body)
    return call.world.store(target, row.id, body, prefix=row.prefix, reminders=row.reminders)
