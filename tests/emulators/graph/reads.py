"""Reading events: lists, views, single reads, instances, delta (facts A2, A4, L2.3, L6.1).

Shape   functions of a Call that give an Answer; find(...) resolves an id to what it names now
Errors  GraphError
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tests.emulators.graph.blob import blob, is_blob
from tests.emulators.graph.calls import Answer, Call
from tests.emulators.graph.errors import GraphError, bad, not_found
from tests.emulators.graph.prefer import UTC_TEXT
from tests.emulators.graph.query import Query, shape
from tests.emulators.graph.render import Json, Renderer
from tests.emulators.graph.views import Seen, Window, in_window, instances, moment_key, one, whole

LIST = ("$select", "$top", "$filter", "$orderby", "$expand", "$skip", "$count")
SINGLE = ("$select", "$expand")
WINDOW = ("startDateTime", "endDateTime")
TOKENS = ("$deltatoken", "$skiptoken")
ODD = ("$select", "$expand", "$filter", "$orderby", "$search", "$top")
MOST_DAYS = 1825


class Row:
    """For filters: the JSON is made only when it is asked for, and once."""

    def __init__(self, seen: Seen, renderer: Renderer) -> None:
        self.seen, self.renderer = seen, renderer
        self.props = seen.props
        self.made: Json = {}

    def json(self) -> Json:
        self.made = self.made or self.renderer.event(self.seen, UTC_TEXT)
        return self.made


# -- finding -----------------------------------------------------------------------------------------------------------


def find(call: Call, text: str, *, lag_s: float = 0.0) -> Seen:
    """The event of that id. Default ids die when the item moves; immutable ones do not (A8)."""
    name = call.emulator.ids.read(text)
    if name is None:
        raise bad("Id is malformed.", "ErrorInvalidIdMalformed")
    item = call.box.items.get(name.key) if name.mailbox == call.box.number and name.kind in "eioj" else None
    seq = call.box.seq_before(lag_s)
    state = item.at(seq) if item else None
    if item is None or state is None or state.calendar not in call.box.calendars:
        raise not_found()
    seen = whole(call.box, item, state)
    if name.day is not None:
        found = one(call.box, item, state, name.day) if name.pattern == state.pattern else None
        if found is None:
            raise GraphError(
                404, call.emulator.knobs.gone_occurrence, "The specified object was not found in the store."
            )
        seen = found
    moved = name.kind in "eo" and call.emulator.renderer.event_id(seen, call.prefs.__class__()) != text
    checked = call.emulator.knobs.calendar_segment == "checked" and call.calendar is not None
    if moved or (checked and call.calendar and state.calendar != call.calendar.key):
        raise not_found()
    return seen


def window_of(params: dict[str, str]) -> Window:
    start, end = (_instant(params, name) for name in WINDOW)
    window = Window(start, end)
    if window.days > MOST_DAYS:
        raise bad("The range between the start and end dates is greater than the allowed range. "
                  f"Maximum number of days: {MOST_DAYS}")
    if end <= start:
        raise bad("The end of the window is not after its start.", "ErrorInvalidParameter")
    return window


def _instant(params: dict[str, str], name: str) -> datetime:
    shown = name[0].upper() + name[1:]
    if name not in params:
        raise bad("This request requires a time window specified by the query string parameters StartDateTime and "
                  "EndDateTime.", "ErrorInvalidParameter")
    try:
        moment = datetime.fromisoformat(params[name].replace(" ", "+"))
    except ValueError:
        raise bad(f"The value '{params[name]}' of parameter '{shown}' is invalid.", "ErrorInvalidParameter") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# -- shaping -----------------------------------------------------------------------------------------------------------


def expanded(call: Call, seen: Seen, query: Query, full: Json) -> Json:
    """Private properties only by their names; nothing when the event has none of them (L8)."""
    wanted = dict(query.expand or {}).get("singleValueExtendedProperties", ())
    found = [{"id": name, "value": seen.props[name]} for name in wanted if name in seen.props]
    found += [
        {"id": name, "value": blob(seen.state)} for name in wanted if is_blob(name) and seen.kind == "seriesMaster"
    ]
    if found:
        full["singleValueExtendedProperties@odata.context"] = (
            f"{call.emulator.graph_url}/$metadata#singleValueExtendedProperties"
        )
        full["singleValueExtendedProperties"] = found
    return full


def listed(call: Call, found: Iterable[Seen], query: Query, *, view: bool = False) -> Answer:
    """Filter, sort, one page; the next link counts items, which shift when the calendar changes (L2.3)."""
    renderer = call.emulator.renderer
    kept = [seen for seen in found if query.filter is None or query.filter.test(Row(seen, renderer))]
    for name, down in reversed(query.order):
        kept.sort(key=_sorter(renderer, name), reverse=down)
    if call.emulator.knobs.list_page_empty and "$skip" not in call.params:
        more = {**call.params, "$skip": 0}
        return Answer(200, {"value": [], "@odata.nextLink": f"{call.root}?{urlencode(more, safe='$')}"}, entity="event")
    size = query.top or 10
    if call.emulator.knobs.page_cap:
        size = min(size, call.emulator.knobs.page_cap)
    rows = [_row(call, seen, query, view) for seen in kept[query.skip:query.skip + size]]
    body: Json = {"@odata.context": f"{call.emulator.graph_url}/$metadata#Collection(event)", "value": rows}
    if query.count:
        body["@odata.count"] = len(kept)
    if query.skip + size < len(kept):
        body["@odata.nextLink"] = f"{call.root}?{urlencode({**call.params, '$skip': query.skip + size}, safe='$')}"
    return Answer(200, body, entity="event")


def _row(call: Call, seen: Seen, query: Query, view: bool) -> Json:
    full = call.emulator.renderer.event(seen, call.prefs, view=view)
    if view and not call.emulator.knobs.view_original_start and "*" not in (query.select or ()):
        full["originalStart"] = None
    return shape(expanded(call, seen, query, full), query)


def _sorter(renderer: Renderer, name: str) -> Callable[[Seen], Any]:
    def key(seen: Seen) -> Any:
        value: Any = renderer.event(seen, UTC_TEXT)
        for part in name.split("/"):
            value = value[part]
        return value

    return key


# -- the requests ------------------------------------------------------------------------------------------------------


def list_events(call: Call) -> Answer:
    """Singles and masters, never instances."""
    query = Query.parse(call.take(*LIST))
    knobs = call.emulator.knobs
    by_property = query.filter is not None and "singleValueExtendedProperties" in query.filter.fields
    lag = max(knobs.list_lag_s, knobs.filter_lag_s if by_property else 0.0)
    calendar = (call.calendar or call.box.default).key
    found = (whole(call.box, item, state) for item, state in call.box.living(calendar, _as_seen(call, lag)))
    return listed(call, found, query)


def _as_seen(call: Call, lag_s: float) -> int:
    """Lists may be some seconds behind, or some changes, and the next one more than the last."""
    stale = call.emulator.knobs.stale_lists
    seq = call.box.seq_before(lag_s)
    return max(0, seq - call.emulator.dice.randint(0, stale)) if stale else seq


def list_view(call: Call) -> Answer:
    params = call.take(*LIST, *WINDOW)
    query, window = Query.parse(params), window_of(params)
    calendar = (call.calendar or call.box.default).key
    seq = _as_seen(call, call.emulator.knobs.list_lag_s)
    found: list[Seen] = []
    for item, state in call.box.living(calendar, seq):
        found += in_window(call.box, item, state, calendar, window)
    return listed(call, sorted(found, key=moment_key), query, view=True)


def list_instances(call: Call, text: str) -> Answer:
    params = call.take(*LIST, *WINDOW)
    master = find(call, text, lag_s=call.emulator.knobs.point_lag_s)
    if master.kind != "seriesMaster":
        raise bad("ExpandSeries can only be performed against a series.")
    query = Query.parse(params)
    return listed(call, instances(call.box, master.item, master.state, window_of(params)), query)


def get_event(call: Call, text: str) -> Answer:
    query = Query.parse(call.take(*SINGLE))
    seen = _maybe_stale(call, find(call, text, lag_s=call.emulator.knobs.point_lag_s))
    full = call.emulator.renderer.event(seen, call.prefs)
    if seen.kind == "seriesMaster" and not call.emulator.knobs.series_members_absent:
        _series_members(call, seen, query, full)
    return Answer(200, _context(call, shape(expanded(call, seen, query, full), query)), entity="event")


def _series_members(call: Call, seen: Seen, query: Query, full: Json) -> None:
    """Only when a GET of the master by its id names them (L6.1)."""
    if query.names("cancelledOccurrences"):
        full["cancelledOccurrences"] = call.emulator.renderer.cancelled(seen, call.prefs)
    if query.names("exceptionOccurrences") and "exceptionOccurrences" in query.expand:
        found = (one(call.box, seen.item, seen.state, day) for day in sorted(seen.state.overrides))
        full["exceptionOccurrences"] = [call.emulator.renderer.event(each, call.prefs) for each in found if each]


def _maybe_stale(call: Call, seen: Seen) -> Seen:
    left = call.emulator.stale_reads.get((call.box.number, seen.item.key), 0)
    if seen.day is None or not left:
        return seen
    call.emulator.stale_reads[call.box.number, seen.item.key] = left - 1
    states = [state for _, _, state in seen.item.history if state is not None]
    return (one(call.box, seen.item, states[-2], seen.day) if len(states) > 1 else None) or seen


def _context(call: Call, body: Json) -> Json:
    return {"@odata.context": f"{call.emulator.graph_url}/$metadata#users('me')/events/$entity", **body}


# -- delta -------------------------------------------------------------------------------------------------------------


def view_delta(call: Call) -> Answer:
    params = call.take(*WINDOW, *TOKENS, *ODD)
    odd = sorted(set(params) & set(ODD))
    if odd:
        call.note(f"not supported on delta: {', '.join(odd)}")
        if call.emulator.knobs.odd_options == "refuse":
            raise bad(
                "The following parameters are not supported with change tracking over the 'CalendarView' resource: "
                f"'{', '.join(odd)}'.",
                "ErrorInvalidUrlQuery",
            )
    calendar = (call.calendar or call.box.default).key
    delta, path = call.emulator.delta, call.root
    token = next(((params[name], name) for name in TOKENS if params.get(name)), None)
    if token is None:
        body = delta.start(call.box, calendar, window_of(params), call.prefs, path)
    else:
        if set(params) & set(WINDOW) and call.emulator.knobs.window_with_token == "refuse":
            raise bad("The time window cannot be changed with a token.", "ErrorInvalidParameter")
        kind = "skip" if token[1] == "$skiptoken" else "delta"
        body = delta.resume(call.box, calendar, token[0], kind, call.prefs, path)
    if call.emulator.knobs.foreign_next_link and "@odata.nextLink" in body:
        body["@odata.nextLink"] = body["@odata.nextLink"].replace(call.emulator.graph_url, call.emulator.trap_url)
    context = {"@odata.context": f"{call.emulator.graph_url}/$metadata#Collection(event)"}
    return Answer(200, context | body, {"applied": "odata.track-changes"}, entity="event")


def events_delta(call: Call) -> Answer:
    """Not documented for v1.0: off unless the knob says so; singles and masters with few members (A4.1, L3.1)."""
    if not call.emulator.knobs.events_delta:
        raise bad("Resource not found for the segment 'delta'.", "BadRequest")
    params = call.take("startDateTime", "endDateTime", *TOKENS, "$select")
    if "endDateTime" in params:
        raise bad("The parameter 'EndDateTime' is not supported.", "ErrorInvalidParameter")
    start = _instant(params, "startDateTime") if "startDateTime" in params else datetime.min.replace(year=2, tzinfo=UTC)
    since = int(params.get("$deltatoken") or 0)
    calendar = (call.calendar or call.box.default).key
    rows: list[Json] = []
    for key in call.box.touched(since, call.box.seq):
        item = call.box.items[key]
        seen = whole(call.box, item, item.now or item.last)
        if item.now is None or item.now.calendar != calendar:
            rows += [call.emulator.renderer.removed(seen, call.prefs)] if since else []
        elif seen.span()[0] >= start:
            full = call.emulator.renderer.event(seen, call.prefs)
            rows.append({name: full[name] for name in ("@odata.etag", "id", "type", "start", "end")})
    return Answer(200, {"value": rows, "@odata.deltaLink": f"{call.root}?$deltatoken={call.box.seq}"}, entity="event")
