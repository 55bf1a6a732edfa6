"""Path and method -> handler, and the permission each needs.

Shape   route(call) -> Answer
Errors  GraphError 404 for unknown paths, 405 for other methods
"""

from __future__ import annotations

from tests.emulators.graph import batch, folders, reads, writes
from tests.emulators.graph.calls import Answer, Call, segments
from tests.emulators.graph.errors import GraphError, denied

READ, WRITE = "Calendars.Read", "Calendars.ReadWrite"


def route(call: Call) -> Answer:
    path = segments(call.raw.path)
    if not path or path[0] not in ("v1.0", "beta"):
        raise _unknown(path)
    if path[0] == "beta":
        call.note("the beta end point is not used")
    match path[1:]:
        case ["$batch"]:
            return batch.run(call)
        case ["subscriptions", *rest]:
            return _subscriptions(call, rest)
        case ["me", *rest]:
            return _mailbox(call, rest, "me")
        case ["users", who, *rest]:
            if call.emulator.world.mailbox(who) is not call.box:
                known = call.emulator.world.mailbox(who) is not None
                raise (
                    denied()
                    if known
                    else GraphError(404, "ErrorInvalidUser", f"The requested user '{who}' is invalid.")
                )
            return _mailbox(call, rest, f"users/{who}")
    raise _unknown(path)


def _unknown(path: list[str]) -> GraphError:
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{path[-1] if path else ''}'.")


def _wrong_method() -> GraphError:
    return GraphError(405, "UnsupportedMethod", "The HTTP method is not supported here.")


def need(call: Call, scope: str) -> None:
    if not call.session.may(scope):
        raise denied()


def _subscriptions(call: Call, rest: list[str]) -> Answer:
    need(call, READ)
    hooks = call.emulator.hooks
    match call.method, rest:
        case "POST", []:
            return hooks.create(call)
        case "GET", []:
            return hooks.list(call)
        case "GET", [name]:
            return hooks.get(call, name)
        case "PATCH", [name]:
            return hooks.renew(call, name)
        case "DELETE", [name]:
            return hooks.delete(call, name)
        case "POST", [name, "reauthorize"]:
            return hooks.reauthorize(call, name)
    raise _wrong_method()


def _mailbox(call: Call, rest: list[str], stem: str) -> Answer:
    mailbox = call.emulator.knobs.mailbox
    if rest and mailbox == "none":
        raise GraphError(404, "MailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox.")
    if rest and mailbox == "moving":
        raise GraphError(
            423, "ErrorMailboxMoveInProgress", "Mailbox move is in progress.", headers={"Retry-After": "600"}
        )
    call.root = f"{call.emulator.graph_url}{call.raw.target.removeprefix('/v1.0').partition('?')[0]}"
    match call.method, rest:
        case "GET", []:
            need(call, "User.Read")
            return folders.me(call)
        case "GET", ["mailboxSettings"]:
            return folders.mailbox_settings(call)
        case "GET", ["mailboxSettings", "timeZone"]:
            return folders.mailbox_settings(call, "timeZone")
        case "GET", ["outlook", zones] if zones.startswith("supportedTimeZones"):
            return folders.supported_zones(call, zones)
        case "GET", ["outlook", "masterCategories"]:
            return folders.categories(call)
        case "POST", ["translateExchangeIds"]:
            return folders.translate_ids(call)
    need(call, READ if call.method == "GET" else WRITE)
    match rest:
        case ["calendars" | "calendarGroups", *_] | ["calendar", *_]:
            return _folder(call, rest)
        case _:
            return _events(call, rest)


def _folder(call: Call, rest: list[str]) -> Answer:
    match rest:
        case ["calendarGroups"]:
            return folders.list_groups(call)
        case ["calendarGroups", group, "calendars", *more]:
            return _calendars(call, more, folders.group_of(call, group))
        case ["calendars", *more]:
            return _calendars(call, more, None)
        case ["calendar", *more]:
            call.calendar = call.box.default
            return _calendar(call, more)
    raise _unknown(rest)


def _calendars(call: Call, rest: list[str], group: int | None) -> Answer:
    match call.method, rest:
        case "GET", []:
            return folders.list_calendars(call, group)
        case "POST", []:
            return folders.create_calendar(call, group or 1)
        case _, [name, *more]:
            call.calendar = folders.calendar_of(call, name)
            return _calendar(call, more)
    raise _wrong_method()


def _calendar(call: Call, rest: list[str]) -> Answer:
    if rest:
        return _events(call, rest)
    match call.method:
        case "GET":
            return folders.get_calendar(call)
        case "PATCH":
            return folders.patch_calendar(call)
        case "DELETE":
            return folders.delete_calendar(call)
    raise _wrong_method()


def _events(call: Call, rest: list[str]) -> Answer:
    match call.method, rest:
        case "GET", ["events"]:
            return reads.list_events(call)
        case "POST", ["events"]:
            return writes.create(call)
        case "GET", ["events", "delta"]:
            return reads.events_delta(call)
        case "GET", ["calendarView"]:
            return reads.list_view(call)
        case "GET", ["calendarView", "delta"]:
            return reads.view_delta(call)
        case "GET", ["events", name]:
            return reads.get_event(call, name)
        case "PATCH", ["events", name]:
            return writes.patch(call, name)
        case "DELETE", ["events", name]:
            return writes.delete(call, name)
        case "GET", ["events", name, "instances"]:
            return reads.list_instances(call, name)
        case "GET", ["events", name, "calendar"]:
            call.calendar = call.box.calendars[reads.find(call, name).state.calendar]
            return folders.get_calendar(call)
        case "POST", ["events", name, act] if act in writes.ACTION_MEMBERS:
            return writes.action(call, name, act)
        case _, ["events"] | ["events", _]:
            raise _wrong_method()
    raise _unknown(rest)
