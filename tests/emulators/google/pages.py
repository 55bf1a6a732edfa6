"""Pages of events: what one answer of events.list or events.instances holds (facts 4.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.emulators.clock import stamp
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.state import Body, Calendar, Row
from tests.emulators.google.tokens import Place
from tests.emulators.google.view import render, tombstone

DEFAULT_PAGE, LARGEST_PAGE = 250, 2500


@dataclass(frozen=True)
class Item:
    """A row in a listing; `gone` as a tombstone, `bare` without the series it belongs to, `husk` with its rule only."""

    row: Row
    gone: bool = False
    bare: bool = False
    husk: bool = False


def serve(call: Call, calendar: Calendar, place: Place) -> Reply:
    """Exactly one of nextPageToken and nextSyncToken, where there is a token at all."""
    listing = place.listing
    size = min(call.params.get("maxResults", DEFAULT_PAGE), LARGEST_PAGE)
    for limit in (call.world.page_limit, call.hints.get("page")):
        size = min(size, limit) if limit else size
    if place.blanks:
        chosen, rest = [], replace(place, blanks=place.blanks - 1)
    else:
        chosen = listing.items[place.offset : place.offset + size]
        rest = replace(place, offset=place.offset + size)
    answer = envelope(call, calendar, [_show(call, calendar, item) for item in chosen])
    if place.blanks or rest.offset < len(listing.items):
        answer["nextPageToken"] = call.world.listings.token(rest)
    else:
        if call.world.modes.live_pages and place.offset:
            answer["items"] += _changed_meanwhile(call, calendar, place)
        if listing.sync_token:
            answer["nextSyncToken"] = listing.sync_token
    return Reply(answer, etag=answer["etag"])


def _show(call: Call, calendar: Calendar, item: Item) -> Body:
    tzid = call.params.get("timeZone", "")
    if item.husk:
        return {"kind": "calendar#event", "etag": item.row.etag, "id": item.row.id, "status": "cancelled",
                "recurrence": item.row.body["recurrence"]}
    if item.gone:
        return tombstone(call.world, calendar, item.row, call.user, tzid, bare=item.bare)
    return render(call.world, calendar, item.row, call.user, tzid, call.params.get("maxAttendees"))


def _changed_meanwhile(call: Call, calendar: Calendar, place: Place) -> list[Body]:
    """What changed since the first page comes once more, at the end; and again with the next token."""
    known = {item.row.id for item in place.listing.items}
    later = {entry.row.id for entry in calendar.log[place.listing.seq :]} & known
    rows = [calendar.rows[row_id] for row_id in sorted(later)]
    return [_show(call, calendar, Item(row, gone=row.dead)) for row in rows]


def envelope(call: Call, calendar: Calendar, items: list[Body]) -> Body:
    entry = call.world.accounts[call.user].entries.get(calendar.id, {})
    told: Body = {
        "kind": "calendar#events", "etag": f'"p{calendar.us + len(calendar.log)}"', "summary": calendar.summary,
        "description": calendar.more.get("description", ""),
        "updated": calendar.log[-1].row.updated if calendar.log else stamp(calendar.us),
        "timeZone": call.params.get("timeZone") or calendar.time_zone, "accessRole": calendar.role(call.user),
        "defaultReminders": entry.get("defaultReminders", []), "items": items,
    }
    return told
