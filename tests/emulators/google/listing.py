"""events.list: full reads, deltas and windows (facts 4.1 to 4.3, items 7 to 19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.emulators.clock import stamp
from tests.emulators.google import errors
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.expand import expanded, half_a_year, touches
from tests.emulators.google.lookup import belongs
from tests.emulators.google.pages import Item, serve
from tests.emulators.google.state import Body, Calendar, Row
from tests.emulators.google.times import instant, read_bound, zone
from tests.emulators.google.tokens import Listing, Place, Position, read_position

NOT_WITH_TOKEN = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax",
                  "updatedMin")
NO_TOKEN_AFTER = ("orderBy", "q", "iCalUID", "privateExtendedProperty", "sharedExtendedProperty")
PAGING = ("pageToken", "maxResults", "fields", "prettyPrint", "alt", "quotaUser", "key", "userIp")
UPDATED_MIN_DAYS = 30


def list_events(call: Call) -> Reply:
    calendar = call.calendar()
    question = {name: value for name, value in call.params.items() if name not in PAGING}
    if "pageToken" in call.params:
        place = call.world.listings.resume(call.params["pageToken"], question, call.world.clock.now_s())
    else:
        place = Place(_begin(call, calendar, question), 0, call.hints.get("empty", 0))
    return serve(call, calendar, place)


def _begin(call: Call, calendar: Calendar, question: dict[str, Any]) -> Listing:
    world = call.world
    horizon = max(0, world.horizon(calendar) - call.hints.get("stale", 0))
    _check_bounds(call)
    window: dict[str, str] = {name: question[name] for name in ("timeMin", "timeMax") if name in question}
    if "syncToken" in question:
        since = _position(call, calendar)
        window = since.window
        items = list(_delta(call, calendar, since, max(horizon, since.seq)))
        horizon = max(horizon, since.seq)
    else:
        items = list(_full(call, calendar, horizon))
    _put_in_order(call, calendar, items)
    position = Position(calendar.id, call.user, horizon, calendar.generation, _shape(call), window)
    token = None if any(name in question for name in NO_TOKEN_AFTER) else position.encoded()
    return Listing(items, token, question, world.clock.now_s(), horizon)


def _shape(call: Call) -> dict[str, Any]:
    return {"singleEvents": bool(call.params.get("singleEvents"))}


def _check_bounds(call: Call) -> None:
    params = call.params
    if "timeZone" in params and zone(params["timeZone"]) is None:
        raise errors.invalid("Invalid time zone.", "timeZone")
    if params.get("orderBy") == "startTime" and not params.get("singleEvents"):
        raise errors.invalid("The requested ordering is not available for the particular query.", "orderBy")
    bounds = [read_bound(params[name]) for name in ("timeMin", "timeMax") if name in params]
    if len(bounds) == 2 and bounds[0] >= bounds[1]:
        raise errors.time_range_empty()
    oldest = call.world.clock.now() - timedelta(days=UPDATED_MIN_DAYS)
    if "updatedMin" in params and read_bound(params["updatedMin"]) < oldest:
        raise errors.updated_min_too_long_ago()


def _position(call: Call, calendar: Calendar) -> Position:
    """The token, if it may be used for this request."""
    params = call.params
    if any(name in params for name in NOT_WITH_TOKEN) or params.get("showDeleted") is False:
        raise errors.invalid("Sync token cannot be used with other request restrictions.", "syncToken")
    since = read_position(params["syncToken"])
    if (since.subject, since.user) != (calendar.id, call.user) or since.shape != _shape(call):
        raise errors.invalid("Invalid sync token value.", "syncToken")
    if since.generation < calendar.generation or call.hints.get("expired"):
        raise errors.full_sync_required()
    return since


# -- what a listing holds ----------------------------------------------------------------------------------------------


def _full(call: Call, calendar: Calendar, horizon: int) -> Iterator[Item]:
    rows = [row for row in calendar.as_of(horizon) if not row.orphan]
    if call.params.get("singleEvents"):
        yield from _single(call, calendar, rows)
        return
    for row in rows:
        if row.dead:
            if _lists_cancelled(call, calendar, row):
                yield Item(row, gone=True)
            elif call.world.modes.listed_cancelled_masters and row.is_master:
                yield Item(row, gone=True, husk=True)
        elif _matches(call, calendar, row):
            yield Item(row)


def _lists_cancelled(call: Call, calendar: Calendar, row: Row) -> bool:
    """Cancelled exceptions of living series always; other tombstones when asked for, and not forever."""
    if belongs(calendar, row):
        return _matches(call, calendar, row)
    since = call.params.get("updatedMin")
    if since is not None and row.updated >= stamp_of(read_bound(since)):
        return True
    youngest = call.world.clock.now_us() - int(call.world.modes.tombstone_life_days * 86_400_000_000)
    return bool(call.params.get("showDeleted")) and row.us > youngest and _matches(call, calendar, row)


def _single(call: Call, calendar: Calendar, rows: list[Row]) -> Iterator[Item]:
    """Expanded: no masters; cancelled ones only with showDeleted, and then as instances."""
    low, high = _window(call)
    overrides: dict[str, list[Row]] = {}
    masters = {row.id for row in rows if row.is_master}
    for row in rows:
        if row.master_id in masters:
            overrides.setdefault(row.master_id or "", []).append(row)
    show_deleted = bool(call.params.get("showDeleted"))
    for row in rows:
        if row.is_master:
            found = [] if row.dead else list(expanded(calendar, row, overrides.get(row.id, ()), low, high))
        else:
            found = [] if row.master_id in masters else [row]
        for one in found:
            if (show_deleted or not one.dead) and _matches(call, calendar, one):
                yield Item(one, gone=one.dead)


def _delta(call: Call, calendar: Calendar, since: Position, horizon: int) -> Iterator[Item]:
    """Each changed event once, newest body, deletions always."""
    changed = {entry.row.id: entry.row for entry in calendar.log[since.seq : horizon]}
    low, high = (read_bound(since.window[name]) if name in since.window else None for name in ("timeMin", "timeMax"))
    for row_id, logged in changed.items():
        row = next(row for row in reversed(calendar.versions[row_id]) if row.seq <= horizon)
        if row.orphan and row is not logged:
            continue
        if row.dead and calendar.kind == "contacts":
            continue
        if not row.dead and call.world.modes.window_delta == "inside" and not touches(calendar, row, low, high):
            continue
        if since.shape["singleEvents"] and row.is_master:
            yield from _changed_series(call, calendar, row, low, high)
        elif not row.dead and not _matches(call, calendar, row):
            continue
        else:
            yield Item(row, gone=row.dead, bare=call.world.modes.bare_instance_tombstones)


def _changed_series(
    call: Call, calendar: Calendar, row: Row, low: datetime | None, high: datetime | None
) -> Iterator[Item]:
    if row.dead:
        for one in half_a_year(calendar, row, call.world.clock.now()):
            yield Item(one, gone=True)
    else:
        for one in expanded(calendar, row, calendar.overrides_of(row.id), low, high):
            yield Item(one, gone=one.dead)


# -- filters and order -------------------------------------------------------------------------------------------------


def _window(call: Call) -> tuple[datetime | None, datetime | None]:
    low, high = (call.params.get(name) for name in ("timeMin", "timeMax"))
    return (read_bound(low) if low else None, read_bound(high) if high else None)


def _matches(call: Call, calendar: Calendar, row: Row) -> bool:
    params, body = call.params, row.body
    if "eventTypes" in params and body["eventType"] not in params["eventTypes"]:
        return False
    if "iCalUID" in params and body["iCalUID"] != params["iCalUID"]:
        return False
    if "updatedMin" in params and row.updated < stamp_of(read_bound(params["updatedMin"])):
        return False
    if "q" in params and not _has_words(body, params["q"]):
        return False
    for kind in ("private", "shared"):
        stored = body.get("extendedProperties", {}).get(kind, {})
        for wanted in params.get(f"{kind}ExtendedProperty", ()):
            key, _, value = wanted.partition("=")
            if stored.get(key) != value:
                return False
    return touches(calendar, row, *_window(call))


def _has_words(body: Body, words: str) -> bool:
    texts = [body.get(name, "") for name in ("summary", "description", "location")]
    texts += [str(guest.get(name, "")) for guest in body.get("attendees", ()) for name in ("email", "displayName")]
    text = " ".join(texts).lower()
    return all(word in text for word in words.lower().split())


def _put_in_order(call: Call, calendar: Calendar, items: list[Item]) -> None:
    order = call.params.get("orderBy")
    if order == "startTime":
        items.sort(key=lambda item: instant(item.row.body["start"], calendar.time_zone))
    elif order == "updated":
        items.sort(key=lambda item: item.row.updated)
    elif call.world.modes.order == "shuffled":
        call.world.dice.shuffle(items)


def stamp_of(moment: datetime) -> str:
    return stamp(int(moment.timestamp() * 1_000_000))
