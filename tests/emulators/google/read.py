"""events.get and events.instances (facts 4.3, 4.4)."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.emulators.google import errors
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.expand import expanded, same_start, touches
from tests.emulators.google.listing import PAGING
from tests.emulators.google.lookup import find
from tests.emulators.google.pages import Item, serve
from tests.emulators.google.state import Calendar, Row
from tests.emulators.google.times import instant, read_bound, zone
from tests.emulators.google.tokens import Listing, Place
from tests.emulators.google.view import render


def get(call: Call) -> Reply:
    """Cancelled events too, with 200."""
    calendar = call.calendar()
    row = find(calendar, call.path["eventId"])
    if call.not_modified(row.etag):
        return Reply(None, 304, row.etag)
    shown = render(
        call.world, calendar, row, call.user, _zone(call), call.params.get("maxAttendees")
    )
    return Reply(shown, etag=row.etag)


def _zone(call: Call) -> str:
    asked = str(call.params.get("timeZone", ""))
    if asked and zone(asked) is None:
        raise errors.invalid("Invalid time zone.", "timeZone")
    return asked


def instances(call: Call) -> Reply:
    calendar = call.calendar()
    question = {name: value for name, value in call.params.items() if name not in PAGING}
    if "pageToken" in call.params:
        return serve(call, calendar, call.world.listings.resume(
            call.params["pageToken"], question, call.world.clock.now_s()))
    row = find(calendar, call.path["eventId"])
    rows = [one for one in _found(call, calendar, row) if call.params.get("showDeleted") or not one.dead]
    rows.sort(key=lambda one: instant(one.body["start"], calendar.time_zone))
    listing = Listing([Item(one) for one in rows], None, question, call.world.clock.now_s())
    return serve(call, calendar, Place(listing, 0, call.hints.get("empty", 0)))


def _found(call: Call, calendar: Calendar, row: Row) -> list[Row]:
    """An instance id gives that one instance."""
    low, high = (read_bound(call.params[name]) if name in call.params else None for name in ("timeMin", "timeMax"))
    if not row.is_master:
        return [row] if row.master_id and touches(calendar, row, low, high) else []
    if row.dead:
        return []
    found = list(expanded(calendar, row, calendar.overrides_of(row.id), low, high))
    if "originalStart" in call.params:
        wanted = _original(call.params["originalStart"], calendar)
        found = [one for one in found if same_start(one, wanted, calendar)]
    return found


def _original(text: str, calendar: Calendar) -> datetime:
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=zone(calendar.time_zone) or UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise errors.invalid("Invalid original start.", "originalStart") from None
    if moment.tzinfo is None:
        raise errors.invalid("Invalid original start.", "originalStart")
    return moment
