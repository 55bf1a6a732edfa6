"""Calendars, groups, the user, and the small services around them (facts A3, L2.2, L13.1).

Shape   functions of a Call that give an Answer
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.emulators.graph.calls import Answer, Call
from tests.emulators.graph.errors import GraphError, bad, denied, not_found
from tests.emulators.graph.ids import Name
from tests.emulators.graph.query import Query, shape
from tests.emulators.graph.schema import problems
from tests.emulators.graph.views import whole
from tests.emulators.graph.world import Calendar, Mailbox, add_calendar
from tests.emulators.graph.zones import LISTED, WINDOWS

LIST = ("$select", "$top", "$skip", "$filter", "$orderby", "$expand")
ID_TYPES = frozenset({"entryId", "ewsId", "immutableEntryId", "restId", "restImmutableEntryId"})


def calendar_of(call: Call, text: str) -> Calendar:
    name = call.emulator.ids.read(text)
    if name is None:
        raise bad("Id is malformed.", "ErrorInvalidIdMalformed")
    found = call.box.calendars.get(name.key) if (name.kind, name.mailbox) == ("c", call.box.number) else None
    if found is None:
        raise not_found()
    return found


def group_of(call: Call, text: str) -> int:
    name: Name | None = call.emulator.ids.read(text)
    if name is None or name.kind != "g" or name.key not in call.box.groups:
        raise not_found()
    return name.key


def list_calendars(call: Call, group: int | None = None) -> Answer:
    if group is None and call.emulator.knobs.calendars_500:
        raise GraphError(500, "ErrorInternalServerError", "An internal server error occurred.")
    if group is None and call.emulator.knobs.calendars_of_one_group:
        group = call.box.default.group
    found = [one for one in call.box.calendars.values() if group in (None, one.group)]
    return _page(call, [call.emulator.renderer.calendar(call.box, one) for one in found], "calendar")


def list_groups(call: Call) -> Answer:
    return _page(call, [call.emulator.renderer.group(call.box, key) for key in call.box.groups], "calendarGroup")


def _page(call: Call, rows: list[dict[str, Any]], entity: str) -> Answer:
    query = Query.parse(call.take(*LIST), entity)
    size = min(query.top or 10, call.emulator.knobs.page_cap or 1000)
    shown = [shape(row, query) for row in rows[query.skip:query.skip + size]]
    body: dict[str, Any] = {
        "@odata.context": f"{call.emulator.graph_url}/$metadata#users('me')/{entity}s",
        "value": shown,
    }
    if query.skip + size < len(rows):
        body["@odata.nextLink"] = f"{call.root}?{urlencode({**call.params, '$skip': query.skip + size}, safe='$')}"
    return Answer(200, body, entity=entity)


def get_calendar(call: Call) -> Answer:
    query = Query.parse(call.take("$select", "$expand"), "calendar")
    shown = call.emulator.renderer.calendar(call.box, call.calendar or call.box.default)
    return Answer(200, shape(shown, query), entity="calendar")


def create_calendar(call: Call, group: int = 1) -> Answer:
    body = call.json()
    for text in problems("calendar", body):
        call.note(text)
    if not body.get("name"):
        raise bad("The name of the calendar is missing.", "ErrorInvalidArgument")
    if any(one.name == body["name"] and one.group == group for one in call.box.calendars.values()):
        raise GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")
    made = add_calendar(call.box, body["name"], group=group, color=body.get("color") or "auto")
    return Answer(201, call.emulator.renderer.calendar(call.box, made), entity="calendar")


def patch_calendar(call: Call) -> Answer:
    body, calendar = call.json(), call.calendar or call.box.default
    for text in problems("calendar", body):
        call.note(text)
    if body.keys() - {"name", "color", "isDefaultCalendar"}:
        raise bad("The property cannot be set.")
    calendar.name, calendar.color = body.get("name", calendar.name), body.get("color", calendar.color)
    calendar.change += 1
    return Answer(200, call.emulator.renderer.calendar(call.box, calendar), entity="calendar")


def delete_calendar(call: Call) -> Answer:
    calendar = call.calendar or call.box.default
    if not calendar.removable:
        raise GraphError(403, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
    remove_calendar(call.box, calendar)
    return Answer(204)


def remove_calendar(box: Mailbox, calendar: Calendar) -> None:
    """With its events; they are no longer found under any id."""
    for item, _ in list(box.living(calendar.key)):
        box.commit(item, None)
    del box.calendars[calendar.key]


def me(call: Call) -> Answer:
    query = Query.parse(call.take("$select"), "user")
    user = call.box.user
    full: dict[str, Any] = {
        "id": user.oid,
        "displayName": user.name,
        "mail": user.address,
        "userPrincipalName": user.address,
        "businessPhones": [],
        "givenName": user.name,
        "surname": "",
        "preferredLanguage": None,
    }
    return Answer(200, shape(full, query), entity="user")


def mailbox_settings(call: Call, only: str = "") -> Answer:
    if not call.session.may("MailboxSettings.Read"):
        raise denied()
    call.take("$select")
    return Answer(200, {"value": call.box.zone} if only else {"timeZone": call.box.zone, "dateFormat": "yyyy-MM-dd"})


def supported_zones(call: Call, standard: str) -> Answer:
    names = sorted(LISTED) if "iana" in standard.lower() else sorted(WINDOWS)
    return Answer(200, {"value": [{"alias": name, "displayName": name} for name in names]})


def categories(call: Call) -> Answer:
    if not call.session.may("MailboxSettings.Read"):
        raise denied()
    used = {name for _, state in call.box.living(None) for name in state.members["categories"]}
    rows = [{"id": name.lower(), "displayName": name, "color": "preset0"} for name in sorted(used)]
    return Answer(200, {"value": rows}, entity="outlookCategory")


def translate_ids(call: Call) -> Answer:
    """Between the two forms of an id (A8)."""
    body = call.json()
    given = body.get("inputIds") or []
    if len(given) > 1000 or not {body.get("sourceIdType"), body.get("targetIdType")} <= ID_TYPES:
        raise bad("The ids cannot be translated.", "ErrorInvalidArgument")
    prefs = call.prefs.__class__(immutable="mmutable" in body["targetIdType"])
    rows: list[dict[str, Any]] = []
    for text in given:
        name = call.emulator.ids.read(text)
        item = call.box.items.get(name.key) if name else None
        if item is None or item.now is None:
            rows.append(
                {"sourceId": text, "targetId": None, "errorDetails": {"code": "ErrorItemNotFound", "message": ""}}
            )
        else:
            rows.append(
                {"sourceId": text, "targetId": call.emulator.renderer.event_id(whole(call.box, item, item.now), prefs)}
            )
    return Answer(200, {"value": rows})
