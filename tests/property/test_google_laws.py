"""The laws of the Google mapping, over the same forms and changes as those of the iCalendar mapping.

put-get for new copies   read(make(uid, f, m)).form == f, also once a provider has completed it
put-get for edits        read(edit(p, c)).form == normal(applied(read(p).form, c))
get-put                  edit(p, {}) is p, and what c does not name keeps its members (I7)
refused                  what Google does not take is held with a reason (`refused` below is the whole list)
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from calsync_cli.errors import MappingError
from calsync_cli.mapping.google import markup
from calsync_cli.mapping.google.address import addressed, instance_id
from calsync_cli.mapping.google.clock import write_time
from calsync_cli.mapping.google.document import document
from calsync_cli.mapping.google.kept import put_kept
from calsync_cli.mapping.google.mapping import GOOGLE
from calsync_cli.mapping.google.new_event import with_dates_only
from calsync_cli.mapping.google.patches import Patch, patches
from calsync_cli.mapping.google.source import source_of
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.inherit import inherited_span, instance_fields, normal
from calsync_cli.mapping.values import clean
from calsync_cli.model.codec import form_from, form_json
from calsync_cli.model.recur import has_instance, starts
from calsync_cli.model.series import (
    CANCELLED,
    LOCAL_FIELDS,
    Changes,
    Form,
    Recurrence,
    applied,
    instance_keys,
    split,
    without_fields,
)
from calsync_cli.model.times import AllDay, Floating, Span, Zoned, from_utc, instance_key, utc, wall
from tests.property.test_ical_laws import changes, forms

Json = dict[str, Any]
LAW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
ID = "cs0example0123456789"
ZONE = "Europe/Berlin"


def refused(form: Form) -> bool:
    """What Google cannot hold: no length, changed instances that are no dates, a mix of zoned and floating times."""
    span, rule = form["time"], form.get("recurrence")
    assert isinstance(span, Span)
    if not isinstance(rule, Recurrence) and form.get(f"@{instance_key(span.start)}") == CANCELLED:
        return True
    if isinstance(rule, Recurrence) and rule.periods:
        return True
    own = [key for key in instance_keys(form) if f"@{key}" not in form]
    spans = [span, *(instance_fields(form, key)["time"] for key in own)]
    if any(_mixed(span, one) or not _has_length(one) for one in spans if isinstance(one, Span)):
        return True
    return any(not isinstance(rule, Recurrence) or not _is_date(span, rule, key) for key in own)


def _has_length(span: Span) -> bool:
    if isinstance(span.start, Zoned) and isinstance(span.end, Zoned):
        return utc(span.end) > utc(span.start)
    return wall(span.end) > wall(span.start)


def _mixed(series: Span, span: Span) -> bool:
    return not isinstance(span.start, AllDay) and isinstance(series.start, Floating) != isinstance(span.start, Floating)


def _is_date(span: Span, rule: Recurrence, key: str) -> bool:
    same_kind = len(key) == len(instance_key(span.start))
    return same_kind and has_instance(span, rule, key)


def meant(form: Form) -> Form:
    """Cancelled dates of an event that does not repeat mean nothing, and Google has no place for them."""
    repeats = "recurrence" in form
    return {path: value for path, value in form.items() if repeats or value != CANCELLED or not path.startswith("@")}


@LAW
@given(forms(), st.sampled_from(["", "a.b.1.c"]))
def test_a_new_copy_reads_back_as_the_form_it_was_made_from(form: Form, marker: str) -> None:
    if refused(form):
        assert_refused(lambda: GOOGLE.make("uid-1@x", form, marker))
        return
    payload = GOOGLE.make("uid-1@x", form, marker)
    for body in (payload, addressed(payload, ID, ZONE)):
        reading = GOOGLE.read(body)
        assert reading.form == form
        assert (reading.uid, reading.marker, reading.people) == ("uid-1@x", marker or None, "")
    assert GOOGLE.make("uid-1@x", form, marker) == payload


@LAW
@given(forms())
def test_reading_gives_a_normal_form_and_the_empty_edit_the_same_bytes(form: Form) -> None:
    if refused(form):
        return
    payload = addressed(GOOGLE.make("u", form, "m"), ID, ZONE)
    assert normal(GOOGLE.read(payload).form) == GOOGLE.read(payload).form
    assert GOOGLE.edit(payload, {}) is payload
    assert GOOGLE.edit(payload, dict(form)) == payload


@LAW
@given(st.data())
def test_an_edit_of_our_own_copy_reads_back_as_asked(data: st.DataObject) -> None:
    form = data.draw(forms())
    if refused(form):
        return
    payload = GOOGLE.make("u", form, "m")
    if data.draw(st.booleans()):
        payload = addressed(payload, ID, ZONE)
    change = data.draw(changes(form))
    wanted = normal(applied(form, change))
    if refused(wanted):
        assert_refused(lambda: GOOGLE.edit(payload, change))
        return
    edited = GOOGLE.edit(payload, change)
    assert GOOGLE.read(edited).form == meant(wanted)
    if wanted == form:
        assert edited == payload


def assert_refused(call: object) -> None:
    assert callable(call)
    try:
        call()
    except MappingError as err:
        assert str(err)
        return
    raise AssertionError("this was to be held")



# -- the same event as Google gives it back ----------------------------------------------------------------------------

NAMED = {
    "title": {"summary"}, "location": {"location"}, "description": {"description"}, "url": {"source"},
    "color": {"colorId"}, "visibility": {"visibility"}, "busy": {"transparency"}, "status": {"status"},
    "time": {"start", "end", "recurrence", "reminders"}, "recurrence": {"recurrence"}, "reminders": {"reminders"},
    "categories": set(), "attachments": set(), "": {"status", "recurrence"},
}  # fmt: skip


@LAW
@given(st.data())
def test_the_same_event_in_googles_words_reads_as_the_same_form(data: st.DataObject) -> None:
    form = data.draw(forms())
    assume(not refused(form))
    payload = data.draw(foreign(form))
    reading = GOOGLE.read(payload)
    assert without_fields(reading.form, LOCAL_FIELDS) == form
    assert (reading.uid, reading.marker) == ("u", "m")
    assert GOOGLE.edit(payload, {}) == payload == document(*_parts(payload))


@LAW
@given(st.data())
def test_an_edit_of_what_google_gave_reads_back_as_asked_and_leaves_all_else_i7(data: st.DataObject) -> None:
    form = data.draw(forms())
    assume(not refused(form))
    payload = data.draw(foreign(form))
    before = GOOGLE.read(payload).form
    change = data.draw(changes(before))
    wanted = with_dates_only(normal(applied(before, change))) if not _broken(before, change) else {}
    if not wanted or refused(wanted):
        assert_refused(lambda: GOOGLE.edit(payload, change))
        return
    edited = GOOGLE.edit(payload, change)
    assert without_fields(GOOGLE.read(edited).form, LOCAL_FIELDS) == without_fields(wanted, LOCAL_FIELDS)
    assert_bystanders_live(payload, edited, before, wanted)
    if wanted == before:
        assert edited == payload
    for how in (set(), {"copies"}, {"tombstones"}, {"copies", "tombstones"}):
        assert_requests_lead_there(payload, edited, wanted, how)


def _broken(before: Form, change: Changes) -> bool:
    span, after = before.get("time"), normal(applied(before, change))
    new = after.get("time")
    assert isinstance(span, Span) and isinstance(new, Span)
    return "recurrence" not in after and after.get(f"@{instance_key(new.start)}") == CANCELLED


def assert_bystanders_live(payload: bytes, edited: bytes, before: Form, wanted: Form) -> None:
    changed = {path for path in before.keys() | wanted.keys() if before.get(path) != wanted.get(path)}
    was, now = _by_id(payload), _by_id(edited)
    for name in was.keys() & now.keys():
        fields = {split(path)[1] for path in changed if not path.startswith("@") or name != ID}
        if was[name].get("status") == "cancelled" != now[name].get("status"):
            continue  # brought back: it is written as if it were new
        touched = set().union(*(NAMED.get(field, set()) for field in fields))
        touched |= {"recurrence"} if any(path.startswith("@") and "/" not in path for path in changed) else set()
        for member in was[name].keys() | now[name].keys():
            if member == "extendedProperties":
                assert _foreign_properties(was[name]) == _foreign_properties(now[name])
            elif member not in touched:
                assert was[name].get(member) == now[name].get(member), member


def _by_id(payload: bytes) -> dict[str, Json]:
    event, instances, _ = _parts(payload)
    return {resource["id"]: resource for resource in [event, *instances]}


def _parts(payload: bytes) -> tuple[Json, list[Json], Json]:
    data = json.loads(payload)
    return data["event"], data["instances"], data.get("calendar", {})


def _foreign_properties(resource: Json) -> Json:
    kinds = resource.get("extendedProperties", {})
    return {
        kind: {name: value for name, value in kinds[kind].items() if not name.startswith("calsync.")} for kind in kinds
    }


@st.composite
def foreign(draw: st.DrawFn, form: Form) -> bytes:
    """Offsets of another zone, cancelled exceptions for EXDATEs, silent exceptions, rules respelled, guests, strangers'
    properties and members that nobody knows."""
    event, instances, _ = _parts(addressed(GOOGLE.make("u", form, "m"), ID, ZONE))
    if draw(st.booleans()):
        instances += _exdates_as_exceptions(draw, event)
    instances += [_silent(event, form, key) for key in _silent_keys(draw, event, form, instances)]
    people = draw(st.booleans())
    for resource in [event, *instances]:
        if resource.get("status") != "cancelled" or draw(st.booleans()):
            _dressed(resource, people)
            for name in ("start", "end", "originalStartTime"):
                if name in resource and draw(st.booleans()):
                    resource[name] = _rendered(resource[name])
    if draw(st.booleans()):
        event["recurrence"] = [_respelled(line) for line in event.get("recurrence", [])]
    payload = document(event, draw(st.permutations(instances)), {"accessRole": "owner", "timeZone": ZONE})
    assume(without_fields(GOOGLE.read(payload).form, LOCAL_FIELDS) == form or not _has_gap(form))
    return payload


def _dressed(resource: Json, people: bool) -> None:
    """What a server adds. Everything else is one object of several, so that shared state would be seen."""
    resource |= {
        "kind": "calendar#event", "etag": f'"{len(str(resource))}"', "htmlLink": "https://calendar.example/x",
        "created": "2026-05-01T08:00:00.000Z", "updated": "2026-05-04T08:12:33.512Z", "iCalUID": f"{ID}@google.com",
        "creator": {"email": "me@example.org", "self": True}, "organizer": {"email": "me@example.org", "self": True},
        "sequence": 3, "eventType": "default", "futureMember": {"list": [1, {"deep": None}]},
        "hangoutLink": "https://meet.example/abc", "guestsCanModify": False,
    }  # fmt: skip
    resource.setdefault("status", "confirmed")
    properties = resource.setdefault("extendedProperties", {})
    properties.setdefault("private", {})["other.app"] = "1"
    properties["shared"] = {"x": "2"}
    if people:
        resource["attendees"] = [{"email": "You@example.org", "responseStatus": "accepted", "comment": "hi"}]


def _rendered(node: Json) -> Json:
    """The same instant with the offset of the calendar's zone (facts 3.3)."""
    if "dateTime" not in node:
        return node
    moment = datetime.fromisoformat(node["dateTime"])
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(node["timeZone"]))
    return {**node, "dateTime": moment.astimezone(ZoneInfo("America/New_York")).isoformat()}


def _has_gap(form: Form) -> bool:
    """Some time of the form is not there on its clock, or there twice: Google gives it back as another one."""
    spans = [value for value in form.values() if isinstance(value, Span)]
    times = [when for span in spans for when in (span.start, span.end)]
    zoned = [when if isinstance(when, Zoned) else Zoned(wall(when), ZONE) for when in times]
    return any(from_utc(utc(when), when.tzid).local != when.local or _twice(when) for when in zoned)


def _twice(when: Zoned) -> bool:
    rules = ZoneInfo(when.tzid)
    return rules.utcoffset(when.local) != rules.utcoffset(when.local.replace(fold=1))


def _exdates_as_exceptions(draw: st.DrawFn, event: Json) -> list[Json]:
    """Each EXDATE as Google's own pages do it: a cancelled exception, some with nothing but id and status (4.3)."""
    lines = [line for line in event.get("recurrence", []) if line.startswith("EXDATE")]
    found = []
    for line in lines:
        event["recurrence"].remove(line)
        head, _, values = line.partition(":")
        for value in values.split(","):
            tzid = head.partition("TZID=")[2] or "UTC"
            when = _when(value, tzid)
            resource: Json = {"id": f"{ID}_{instance_key(when)}", "status": "cancelled"}
            if draw(st.booleans()):
                resource |= {"recurringEventId": ID, "originalStartTime": write_time(when)}
            found.append(resource)
    return found


def _when(stamp: str, tzid: str) -> AllDay | Zoned:
    return AllDay(date.fromisoformat(stamp)) if len(stamp) == 8 else Zoned(datetime.fromisoformat(stamp[:15]), tzid)


def _silent_keys(draw: st.DrawFn, event: Json, form: Form, instances: list[Json]) -> list[str]:
    span, rule = form["time"], form.get("recurrence")
    if not isinstance(span, Span) or not isinstance(rule, Recurrence) or not draw(st.booleans()):
        return []
    known = [instance_key(when) for when, _ in zip(starts(span, rule), range(8), strict=False)]
    spoken = set(instance_keys(form))
    return [key for key in draw(st.lists(st.sampled_from(known), max_size=2, unique=True)) if key not in spoken]


def _silent(event: Json, form: Form, key: str) -> Json:
    """An exception that shows what its master shows, with its master's properties, marker and all (facts 5.7)."""
    span = form["time"]
    assert isinstance(span, Span)
    own = inherited_span(span, key)
    first, last = (Zoned(when.local, ZONE) if isinstance(when, Floating) else when for when in (own.start, own.end))
    resource = {name: value for name, value in json.loads(json.dumps(event)).items() if name != "recurrence"}
    return resource | {
        "id": instance_id(ID, first), "recurringEventId": ID, "originalStartTime": write_time(first),
        "start": write_time(first), "end": write_time(last),
    }  # fmt: skip


def _respelled(line: str) -> str:
    if not line.startswith("RRULE:"):
        return line
    parts = sorted(line[6:].split(";"), key=lambda part: (not part.startswith("FREQ"), part[::-1]))
    return "RRULE:" + ";".join([*parts, *(["WKST=MO"] if "WKST" not in line else [])])


# -- the requests of an edit, played back on what Google would do with them --------------------------------------------

SENT = {
    "summary", "description", "location", "start", "end", "recurrence", "transparency", "visibility", "colorId",
    "status", "reminders", "source", "extendedProperties",
}  # fmt: skip
"""No guests, conferences, attachments, and nothing that the server makes."""


def assert_requests_lead_there(before: bytes, after: bytes, wanted: Form, how: set[str]) -> None:
    """`how` Google may do it: give new exceptions copies of their series' properties, and leave tombstones of those
    whose date is gone (facts 4.4, 5.7)."""
    now = before
    for _ in range(3):
        steps = patches(now, after)
        if not steps:
            break
        for step in steps:
            assert step.members.keys() <= SENT
            now = _played(now, step, how)
            if step.reschedules:
                break  # what is there now must be read first
    assert patches(now, after) == []
    assert without_fields(GOOGLE.read(now).form, LOCAL_FIELDS) == without_fields(wanted, LOCAL_FIELDS)


def _played(payload: bytes, step: Patch, how: set[str]) -> bytes:
    event, instances, calendar = _parts(payload)
    there = {resource["id"]: resource for resource in [event, *instances]}
    assert step.id
    if step.id not in there:
        assert step.etag is None and step.kind in ("patch", "cancel")
        there[step.id] = _born(event, step, copies_properties="copies" in how)
        instances.append(there[step.id])
    else:
        assert step.etag == there[step.id].get("etag")
    target = there[step.id]
    _merge(target, {"status": "cancelled"} if step.kind == "cancel" else step.members)
    if step.kind == "restore":
        target["attendees"] = event.get("attendees", [])
    if step.reschedules:
        instances = [one for resource in instances if (one := _after_reschedule(event, resource, how)) is not None]
    return document(event, instances, calendar)


def _after_reschedule(event: Json, resource: Json, how: set[str]) -> Json | None:
    """An exception that no longer matches is dropped, without a word or with one."""
    span, rule = (GOOGLE.read(document(event)).form.get(name) for name in ("time", "recurrence"))
    assert isinstance(span, Span)
    clock = source_of(document(event)).clock
    original = _when(resource["id"].rpartition("_")[2], "UTC")
    same_kind = isinstance(original, AllDay) == isinstance(span.start, AllDay)
    key = instance_key(clock.model(original)) if same_kind else ""
    if key and isinstance(rule, Recurrence) and has_instance(span, rule, key):
        return resource
    return {"id": resource["id"], "status": "cancelled"} if "tombstones" in how else None


def _born(event: Json, step: Patch, *, copies_properties: bool) -> Json:
    skipped = {"recurrence", "etag"} | (set() if copies_properties else {"extendedProperties"})
    resource = {name: value for name, value in json.loads(json.dumps(event)).items() if name not in skipped}
    stamp = step.id.rpartition("_")[2]
    original = _when(stamp, "UTC")
    clock = source_of(document(event)).clock
    span = GOOGLE.read(document(event)).form["time"]
    assert isinstance(span, Span)
    own = inherited_span(span, instance_key(clock.model(original)))
    times = {"start": write_time(clock.wire(own.start)), "end": write_time(clock.wire(own.end))}
    return resource | {"id": step.id, "recurringEventId": ID, "originalStartTime": write_time(original), **times}


def _merge(target: Json, members: Json) -> None:
    """JSON merge patch, as PATCH does it (facts 6.1)."""
    for name, value in members.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = {n: v for n, v in value.items() if v is not None} if isinstance(value, dict) else value


# -- across and back ---------------------------------------------------------------------------------------------------


@LAW
@given(forms())
def test_an_icalendar_event_crosses_to_google_and_back_c2(form: Form) -> None:
    assume(not refused(form))
    there = addressed(GOOGLE.make("u", ICAL.read(ICAL.make("u", form, "m")).form, "m"), ID, ZONE)
    back = ICAL.read(ICAL.make("u", GOOGLE.read(there).form, "m")).form
    assert back == form
    assert GOOGLE.edit(there, dict(back)) == there


# -- descriptions ------------------------------------------------------------------------------------------------------

TOKENS = st.sampled_from([
    "<p>", "</p>", "<br>", "<b>", "</b>", "<ul>", "<li>", "</li>", "</ul>", '<a href="https://x.example/">', "</a>",
    "&amp;", "&lt;b&gt;", "&nbsp;", "\n", "\r\n", " ", "x", "yy", "- ", "<", "&", "&foo;", "<foo>", "<!-- c -->",
    "<style>p{}</style>", "é", "<a href='y'>", "<hr>", "<td>", "</td>", "\u0301",
])  # fmt: skip
raws = st.lists(TOKENS, max_size=25).map("".join)


@settings(max_examples=600, deadline=None)
@given(raws, raws | st.lists(st.sampled_from(["x", "yy", "- x", "<b>", "&amp;", "", " z"])).map("\n".join))
def test_an_edited_description_shows_what_was_asked_and_an_unedited_one_stays(raw: str, wanted: str) -> None:
    text = clean(wanted)
    assert markup.shown(markup.edited(raw, text)) == text
    assert markup.shown(markup.spelled(text)) == text
    assert markup.shown(raw) == clean(markup.shown(raw))
    if markup.is_html(raw):
        assert markup.edited(raw, markup.shown(raw)) == raw


# -- damage ------------------------------------------------------------------------------------------------------------

DATA = Path(__file__).parents[1] / "data" / "google"
FILES = [json.loads(path.read_text()) for path in sorted(DATA.glob("*.json"))]
NOISE: list[Any] = [
    None, True, 0, -1, 2.5, 10**30, "", "x", "2026-11-24", "9999-12-31", "0000-00-00", "2026-11-24T09:30:00Z",
    "1001-01-01T00:00:00+14:00", "9997-12-31T23:59:59-14:00", "2026-11-24T09:30:00+00:00:30", "Asia/Kolkata",
    "../../etc/passwd", "a\x00b", "\ud83d", "cancelled", "private", "RRULE:FREQ=DAILY;COUNT=99999999999", "EXDATE:",
    "RDATE;VALUE=PERIOD:20261126T093000Z/PT2H", "RDATE:20261126T093000Z/", "EXDATE;TZID=Nowhere:20261201T083000",
    "RRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z", "RRULE:FREQ=WEEKLY;UNTIL=00010101", "x\r\ny", [], {}, [1], {"a": 1},
    ["RRULE:FREQ=WEEKLY"], {"date": "2026-11-24"}, {"dateTime": "2026-11-24T09:30:00"},
    {"useDefault": False, "overrides": [{"method": {}, "minutes": 10**9}]}, "<b>", "<a href='x'>",
    {"private": {"calsync.floating": "1"}}, {"private": {"calsync.floating": "Europe/Berlin", "calsync.loss.0": "eJx"}},
]  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FILES), st.data())
def test_damaged_event_sets_are_read_or_refused_and_never_crash_o8(parts: Json, data: st.DataObject) -> None:
    body = json.loads(json.dumps(parts))
    for _ in range(data.draw(st.integers(1, 4))):
        holder, name = data.draw(st.sampled_from(_places(body)))
        holder[name] = json.loads(json.dumps(data.draw(st.sampled_from(NOISE) | json_values)))
    _read_or_refused(json.dumps(body).encode(), data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["color", "status", "reminders", "categories", "attachments", "url", "description", "-", "x:X-A"]),
    st.sampled_from([*NOISE, ["a", "b"], [["display:-PT5M", "popup:5"]], [["x", "y"]], ["cancelled", ""], "tail"]),
    st.data(),
)
def test_damaged_notes_of_ours_are_read_or_passed_over(name: str, value: Any, data: st.DataObject) -> None:
    body = json.loads(json.dumps(data.draw(st.sampled_from(FILES))))
    assume(isinstance(body["event"], dict) and isinstance(body["event"].get("extendedProperties", {}), dict))
    put_kept(body["event"], {name: value})
    _read_or_refused(json.dumps(body).encode(), data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    assert_refused(lambda: GOOGLE.read(payload))


def _places(node: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for name, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        found += [(node, name), *_places(value)]
    return found


def _read_or_refused(payload: bytes, data: st.DataObject) -> None:
    try:
        form = GOOGLE.read(payload).form
    except MappingError as err:
        assert str(err)
        return
    assert form_from(form_json(form)) == form == normal(form)
    assert GOOGLE.edit(payload, {}) is payload
    assert GOOGLE.edit(payload, dict(form)) is payload
    change = data.draw(st.sampled_from(EDITS))
    with suppress(MappingError):
        edited = GOOGLE.edit(payload, change)
        assert GOOGLE.read(edited)
        patches(payload, edited)
    with suppress(MappingError):
        GOOGLE.make("u", form, "m")
    with suppress(MappingError):
        GOOGLE.read(GOOGLE.remove_marker(payload))


EDITS: list[Changes] = [
    {"title": "new"}, {"description": "a\nb"}, {"recurrence": Recurrence(("FREQ=DAILY",))}, {"recurrence": None},
    {"time": Span(AllDay(date(2026, 1, 1)), AllDay(date(2026, 1, 2)))}, {"@20261201T083000Z": CANCELLED},
    {"time": Span(Floating(datetime(2026, 1, 1, 9)), Floating(datetime(2026, 1, 1, 10)))}, {"x:X-A": "1"},
    {"@20261201T083000Z": None}, {"@20261201T083000Z/title": "t"}, {"reminders": frozenset({"audio:-PT5M"})},
    {"categories": frozenset({"a", "b"})},
]  # fmt: skip
