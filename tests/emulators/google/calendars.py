"""calendarList, calendars, colors, settings (facts 3.1, 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.emulators.google import errors
from tests.emulators.google.body import merged, without_nulls
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.guests import organizes, spread
from tests.emulators.google.listing import PAGING
from tests.emulators.google.palettes import CALENDAR, EVENT, FOREGROUND, palette
from tests.emulators.google.series import end
from tests.emulators.google.state import ROLES, Account, Body, Calendar
from tests.emulators.google.times import zone
from tests.emulators.google.tokens import Listing, Place, Position, read_position

PAGE, LARGEST_PAGE = 100, 250
ENTRY_SETTABLE = ("summaryOverride", "colorId", "backgroundColor", "foregroundColor", "hidden", "selected",
                  "defaultReminders", "notificationSettings", "autoAcceptInvitations")
CALENDAR_SETTABLE = ("description", "location", "conferenceProperties", "labelProperties", "workingHours",
                     "autoAcceptInvitations")


# -- the calendar list -------------------------------------------------------------------------------------------------


def entry(call: Call, calendar: Calendar) -> Body:
    own = call.world.accounts[call.user].entries[calendar.id]
    told: Body = {
        "kind": "calendar#calendarListEntry", "etag": f'"{2 * max(calendar.us, own["us"])}"', "id": calendar.id,
        "summary": calendar.summary, "timeZone": calendar.time_zone, "accessRole": calendar.role(call.user),
        "colorId": "16", "selected": True, "defaultReminders": [], "dataOwner": calendar.owner,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    told |= {name: calendar.more[name] for name in ("description", "location") if name in calendar.more}
    told |= {name: value for name, value in own.items() if name != "us"}
    told.setdefault("backgroundColor", CALENDAR.get(told["colorId"], CALENDAR["16"]))
    told.setdefault("foregroundColor", FOREGROUND)
    return told | ({"primary": True} if calendar.kind == "primary" and calendar.id == call.user else {})


def list_entries(call: Call) -> Reply:
    world, account = call.world, call.world.accounts[call.user]
    question = {name: value for name, value in call.params.items() if name not in PAGING}
    if "pageToken" in call.params:
        place = world.listings.resume(call.params["pageToken"], question, world.clock.now_s())
    else:
        items = _changed_entries(call, account) if "syncToken" in question else _all_entries(call, account)
        position = Position("calendarList", call.user, len(account.list_log), 0, {}).encoded()
        place = Place(Listing(items, position, question, world.clock.now_s()))
    return _serve_list(call, place, "calendar#calendarList", len(account.list_log))


def _serve_list(call: Call, place: Place, kind: str, version: int) -> Reply:
    size = min(call.params.get("maxResults", PAGE), LARGEST_PAGE, call.world.page_limit or LARGEST_PAGE)
    items = place.listing.items[place.offset : place.offset + size]
    answer: Body = {"kind": kind, "etag": f'"p{version + 1}"', "items": items}
    if place.offset + size < len(place.listing.items):
        answer["nextPageToken"] = call.world.listings.token(Place(place.listing, place.offset + size))
    else:
        answer["nextSyncToken"] = place.listing.sync_token
    return Reply(answer, etag=answer["etag"])


def _all_entries(call: Call, account: Account) -> list[Body]:
    least = ROLES.index(call.params.get("minAccessRole", "none"))
    found = []
    for calendar in call.world.calendars_of(call.user):
        told = entry(call, calendar)
        if (call.params.get("showHidden") or not told.get("hidden")) and ROLES.index(told["accessRole"]) >= least:
            found.append(told)
    return found


def _changed_entries(call: Call, account: Account) -> list[Body]:
    """Names and rights that changed are not reported: read the list in full instead."""
    params = call.params
    restricted = "minAccessRole" in params or "showOwnOrganizationOnly" in params
    if restricted or params.get("showDeleted") is False or params.get("showHidden") is False:
        raise errors.invalid("Sync token cannot be used with other request restrictions.", "syncToken")
    since = read_position(params["syncToken"])
    if (since.subject, since.user) != ("calendarList", call.user):
        raise errors.invalid("Invalid sync token value.", "syncToken")
    if call.hints.get("expired"):
        raise errors.full_sync_required()
    changed = dict(account.list_log[since.seq :])
    return [_removed(name) if gone or name not in account.entries else entry(call, call.world.calendars[name])
            for name, gone in changed.items()]


def _removed(calendar_id: str) -> Body:
    return {"kind": "calendar#calendarListEntry", "etag": '"0"', "id": calendar_id, "deleted": True}


def _listed(call: Call) -> Calendar:
    calendar = call.calendar()
    if calendar.id not in call.world.accounts[call.user].entries:
        raise errors.not_found()
    return calendar


def get_entry(call: Call) -> Reply:
    told = entry(call, _listed(call))
    return Reply(None, 304) if call.not_modified(told["etag"]) else Reply(told, etag=told["etag"])


def insert_entry(call: Call) -> Reply:
    if not call.body.get("id"):
        raise errors.required("Missing id.", "id")
    calendar = call.calendar(name=call.body["id"])
    return _set_entry(call, calendar, {name: call.body[name] for name in ENTRY_SETTABLE if name in call.body})


def patch_entry(call: Call) -> Reply:
    calendar = _listed(call)
    given = {name: call.body[name] for name in ENTRY_SETTABLE if name in call.body}
    return _set_entry(call, calendar, merged(call.world.accounts[call.user].entries[calendar.id], given))


def update_entry(call: Call) -> Reply:
    calendar = _listed(call)
    return _set_entry(call, calendar, {name: call.body[name] for name in ENTRY_SETTABLE if name in call.body})


def _set_entry(call: Call, calendar: Calendar, own: Body) -> Reply:
    put_on_list(call, calendar, own)
    told = entry(call, calendar)
    return Reply(told, etag=told["etag"])


def put_on_list(call: Call, calendar: Calendar, own: Body) -> None:
    account = call.world.accounts[call.user]
    account.entries[calendar.id] = {**own, "us": call.world.clock.tick_us()}
    account.list_log.append((calendar.id, False))


def delete_entry(call: Call) -> Reply:
    calendar = _listed(call)
    if calendar.owner == call.user:
        raise errors.forbidden("The data owner of a calendar cannot remove such a calendar from their list.")
    account = call.world.accounts[call.user]
    del account.entries[calendar.id]
    account.list_log.append((calendar.id, True))
    return Reply(None, 204)


# -- calendars ---------------------------------------------------------------------------------------------------------


def _shown(calendar: Calendar) -> Body:
    return {"kind": "calendar#calendar", "etag": f'"{2 * calendar.us}"', "id": calendar.id,
            "summary": calendar.summary, "timeZone": calendar.time_zone, "dataOwner": calendar.owner,
            "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]}, **calendar.more}


def get_calendar(call: Call) -> Reply:
    told = _shown(call.calendar("freeBusyReader"))
    return Reply(None, 304) if call.not_modified(told["etag"]) else Reply(told, etag=told["etag"])


def insert_calendar(call: Call) -> Reply:
    world = call.world
    if not call.body.get("summary"):
        raise errors.required("Missing title.", "summary")
    if not world.take_new_calendar():
        raise errors.quota_exceeded()
    calendar_id = f"c_{world.ids.event_id()}@group.calendar.google.com"
    primary = world.calendars[call.user]
    calendar = Calendar(calendar_id, call.user, "", primary.time_zone, acl={call.user: "owner"})
    calendar.made_by_client = not call.person
    _set_calendar(call, calendar, without_nulls(call.body))
    world.calendars[calendar_id] = calendar
    put_on_list(call, calendar, {})
    return Reply(_shown(calendar))


def patch_calendar(call: Call) -> Reply:
    calendar = call.calendar("owner")
    call.guard(_shown(calendar)["etag"])
    _set_calendar(call, calendar, merged({**calendar.more, "summary": calendar.summary}, call.body))
    return Reply(_shown(calendar))


def update_calendar(call: Call) -> Reply:
    calendar = call.calendar("owner")
    call.guard(_shown(calendar)["etag"])
    _set_calendar(call, calendar, without_nulls(call.body))
    return Reply(_shown(calendar))


def _set_calendar(call: Call, calendar: Calendar, body: Body) -> None:
    if body.get("timeZone") and zone(body["timeZone"]) is None:
        raise errors.invalid("Invalid time zone.", "timeZone")
    calendar.summary = body.get("summary", calendar.summary)
    calendar.time_zone = body.get("timeZone", calendar.time_zone)
    calendar.more = {name: body[name] for name in CALENDAR_SETTABLE if name in body}
    calendar.us = call.world.clock.tick_us()


def delete_calendar(call: Call) -> Reply:
    """Destroys a secondary calendar for everyone; its events are cancelled for their guests."""
    calendar = call.calendar("owner")
    if calendar.kind == "primary":
        raise errors.ApiError(403, "cannotDeletePrimaryCalendar", "Cannot delete a primary calendar.",
                              domain="calendar")
    _cancel_all(call, calendar)
    call.world.remove_calendar(calendar.id)
    return Reply(None, 204)


def clear_calendar(call: Call) -> Reply:
    """Deletes everything on the primary calendar; 400 elsewhere."""
    calendar = call.calendar("owner")
    if calendar.kind != "primary":
        raise errors.invalid("Only primary calendars can be cleared.")
    _cancel_all(call, calendar)
    return Reply(None, 204)


def _cancel_all(call: Call, calendar: Calendar) -> None:
    for row in list(calendar.rows.values()):
        if not calendar.rows[row.id].dead:
            gone = end(call.world, calendar, calendar.rows[row.id])
            if organizes(calendar, row.body):
                spread(call, calendar, gone, row.body)


# -- the rest ----------------------------------------------------------------------------------------------------------


def colors(call: Call) -> Reply:
    return Reply({"kind": "calendar#colors", "updated": "2012-02-14T00:00:00.000Z",
                  "calendar": palette(CALENDAR), "event": palette(EVENT)})


def _setting(name: str, value: str) -> Body:
    return {"kind": "calendar#setting", "etag": f'"{len(value)}"', "id": name, "value": value}


def list_settings(call: Call) -> Reply:
    account = call.world.accounts[call.user]
    items: list[Any] = [_setting(name, value) for name, value in account.settings.items()]
    token = Position("settings", call.user, 0, 0, {}).encoded()
    return _serve_list(call, Place(Listing(items, token, {}, call.world.clock.now_s())), "calendar#settings", 0)


def get_setting(call: Call) -> Reply:
    settings = call.world.accounts[call.user].settings
    if call.path["setting"] not in settings:
        raise errors.not_found()
    return Reply(_setting(call.path["setting"], settings[call.path["setting"]]))


HANDLERS: dict[str, Callable[[Call], Reply]] = {
    "calendarList.list": list_entries, "calendarList.get": get_entry, "calendarList.insert": insert_entry,
    "calendarList.patch": patch_entry, "calendarList.update": update_entry, "calendarList.delete": delete_entry,
    "calendars.get": get_calendar, "calendars.insert": insert_calendar, "calendars.patch": patch_calendar,
    "calendars.update": update_calendar, "calendars.delete": delete_calendar, "calendars.clear": clear_calendar,
    "colors.get": colors, "settings.list": list_settings, "settings.get": get_setting,
}
