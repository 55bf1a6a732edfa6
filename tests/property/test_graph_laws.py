"""The laws of the Graph mapping, over the same forms and changes as those of the others, and over series that Outlook
can hold.

put-get for new copies   read(make(uid, f, m)).form == f, also as Outlook gives it back once the requests were sent
put-get for edits        read(edit(p, c)).form == normal(applied(read(p).form, c)), there too
get-put                  edit(p, {}) is p, and what c does not name keeps its members (I7)
refused                  what Outlook cannot hold is held with a reason (REASONS is the whole list)
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.document import document
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.graph.series_rule import with_dates_only
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.recur import diff
from calsync_cli.model.series import (
    LOCAL_FIELDS,
    Form,
    Recurrence,
    applied,
    split,
    without_fields,
)
from calsync_cli.model.times import AllDay, Floating, Span, Zoned, from_utc, utc
from tests.property.test_ical_laws import ZONES, changes, field_values, forms, instances, moments
from tests.unit.graph_outlook import CALENDAR, HOME, CannotRestore, Outlook
from tests.unit.test_graph_mapping_trips import NAMED

Json = dict[str, Any]
LAW = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))

REASONS = (
    "repeats on extra dates", "repeats by more than one rule", "first date is none of its rule",
    "names several days of the month", "leaves out the months that lack its day", "only date is cancelled",
    "longer than the time between them", "would reach the day of another one", "has no time zone while its series",
    "has a time zone while its series", "is no date of its series", "was deleted at Outlook", "in a way of its own",
    "ends in another time zone", "repeats in several months only", "its rule ends before it begins",
    "the clock of its zone leaves out",
)  # fmt: skip


def refused(call: Any) -> bool:
    """Whether a call is refused, with one of the known reasons."""
    try:
        call()
    except MappingError as err:
        assert any(reason in str(err) for reason in REASONS), str(err)
        return True
    return False


# -- series that Outlook can hold --------------------------------------------------------------------------------------

_ICAL = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@st.composite
def rules(draw: st.DrawFn, start: date) -> str:
    day, place = _ICAL[start.weekday()], min((start.day - 1) // 7 + 1, 4) if start.day < 29 else -1
    more = draw(st.sets(st.sampled_from(_ICAL), max_size=3)) | {day}
    month_day = f"BYMONTHDAY={start.day}" if start.day <= 28 else f"BYDAY={day};BYSETPOS=-1"
    text = draw(st.sampled_from([
        "FREQ=DAILY", "FREQ=WEEKLY", f"FREQ=WEEKLY;BYDAY={','.join(more)}", f"FREQ=MONTHLY;{month_day}",
        f"FREQ=MONTHLY;BYDAY={place}{day}", f"FREQ=YEARLY;BYMONTH={start.month};BYDAY={place}{day}",
        f"FREQ=YEARLY;BYMONTH={start.month};BYMONTHDAY={start.day}",
    ]))  # fmt: skip
    step = draw(st.sampled_from(["", "", ";INTERVAL=2", ";INTERVAL=3;WKST=SU"]))
    end = draw(st.sampled_from(["", ";COUNT=7", f";UNTIL={start + timedelta(days=200):%Y%m%d}"]))
    return text + step + end


@st.composite
def series(draw: st.DrawFn) -> Form:
    """Short events with a rule that mostly can be said, and instances of their own."""
    local, kind = draw(moments), draw(st.sampled_from(["day", "floating", "zoned", "zoned"]))
    length = timedelta(minutes=draw(st.sampled_from([0, 30, 60, 24 * 60])))
    zone = draw(st.sampled_from(ZONES))
    if kind == "day":
        span = Span(AllDay(local.date()), AllDay(local.date() + timedelta(days=1)))
    elif kind == "floating":
        span = Span(Floating(local), Floating(local + length))
    else:
        span = Span(Zoned(local, zone), Zoned(local + length, zone))
    form: dict[str, Any] = {"time": span, **draw(field_values)}
    form["recurrence"] = Recurrence((draw(rules(local.date())),))
    form = dict(normal(form))
    return normal({**form, **draw(instances(span, form["recurrence"]))})


any_form = series() | forms()

OUTLOOKS = st.fixed_dictionaries({
    "zone_names": st.sampled_from(["windows", "echo"]), "nulls": st.booleans(),
    "recurrence_zone": st.sampled_from(["event", "empty", "custom"]), "exceptions_inherit_properties": st.booleans(),
})  # fmt: skip
"""Knobs of the emulator that must make no difference to what is read."""


# -- new copies --------------------------------------------------------------------------------------------------------


@LAW
@given(any_form, st.sampled_from(["", "a.b.1.c"]))
def test_a_new_copy_reads_back_as_the_form_it_was_made_from(form: Form, marker: str) -> None:
    if refused(lambda: GRAPH.make("uid-1@x", form, marker, HOME)):
        return
    payload = GRAPH.make("uid-1@x", form, marker, HOME)
    reading = GRAPH.read(payload)
    assert reading.form == form or _has_gap(form)
    assert not diff(form, reading.form)
    assert (reading.uid, reading.marker, reading.people) == ("uid-1@x", marker or None, "")
    assert GRAPH.make("uid-1@x", form, marker, HOME) == payload


@LAW
@given(any_form, OUTLOOKS)
def test_a_new_copy_reads_back_as_outlook_gives_it(form: Form, knobs: dict[str, Any]) -> None:
    if refused(lambda: GRAPH.make("u", form, "m", HOME)):
        return
    outlook = Outlook(**knobs)
    item = outlook.create(GRAPH.make("u", form, "m", HOME))
    reading = GRAPH.read(outlook.read(item))
    assert reading.form == form or _has_gap(form)
    assert not diff(form, reading.form)
    assert (reading.uid, reading.marker, outlook.problems, outlook.box.mails) == ("u", "m", [], [])


@LAW
@given(any_form)
def test_reading_gives_a_normal_form_and_the_empty_edit_the_same_bytes(form: Form) -> None:
    if refused(lambda: GRAPH.make("u", form, "m", HOME)):
        return
    made = GRAPH.make("u", form, "m", HOME)
    outlook = Outlook()
    for payload in (made, outlook.read(outlook.create(made))):
        assert normal(GRAPH.read(payload).form) == GRAPH.read(payload).form
        assert GRAPH.edit(payload, {}) is payload
        assert GRAPH.edit(payload, dict(GRAPH.read(payload).form)) == payload


# -- edits -------------------------------------------------------------------------------------------------------------


@LAW
@given(st.data())
def test_an_edit_of_a_new_copy_reads_back_as_asked(data: st.DataObject) -> None:
    form = data.draw(any_form)
    assume(not refused(lambda: GRAPH.make("u", form, "m", HOME)))
    payload = with_calendar(GRAPH.make("u", form, "m", HOME))
    before = GRAPH.read(payload).form
    change = data.draw(changes(before))
    if refused(lambda: GRAPH.edit(payload, change)):
        return
    wanted = with_dates_only(normal(applied(before, change)))
    edited = GRAPH.edit(payload, change)
    assert GRAPH.read(edited).form == wanted or _has_gap(wanted)
    assert not diff(wanted, GRAPH.read(edited).form)
    if wanted == before:
        assert edited == payload


@LAW
@given(st.data())
def test_an_edit_of_what_graph_gave_reads_back_as_asked_and_leaves_all_else_i7(data: st.DataObject) -> None:
    form = data.draw(any_form)
    assume(not refused(lambda: GRAPH.make("u", form, "m", HOME)))
    outlook = Outlook(master_patch_drops=data.draw(st.booleans()), **data.draw(OUTLOOKS))
    item = outlook.create(GRAPH.make("u", form, "m", HOME))
    payload = data.draw(foreign(outlook.read(item)))
    before = GRAPH.read(payload).form
    change = data.draw(changes(before))
    if refused(lambda: GRAPH.edit(payload, change)):
        return
    wanted = with_dates_only(normal(applied(before, change)))
    edited = GRAPH.edit(payload, change)
    assert not diff(without_fields(wanted, LOCAL_FIELDS), without_fields(GRAPH.read(edited).form, LOCAL_FIELDS))
    assert_bystanders_live(payload, edited, before, wanted)
    if wanted == before:
        assert edited == payload
        return
    try:
        outlook.edit(item, edited)
    except (CannotRestore, MappingError):
        # a deleted date, or an exception of the other kind of time, that Outlook kept while its series moved
        assert not outlook.knobs.master_patch_drops
        return
    there = GRAPH.read(outlook.read(item)).form
    assert not diff(without_fields(wanted, LOCAL_FIELDS), without_fields(there, LOCAL_FIELDS))
    assert not outlook.problems




def assert_bystanders_live(payload: bytes, edited: bytes, before: Form, wanted: Form) -> None:
    changed = {path for path in before.keys() | wanted.keys() if before.get(path) != wanted.get(path)}
    was, now = _by_id(payload), _by_id(edited)
    for name in was.keys() & now.keys():
        fields = {split(path)[1] for path in changed if not path.startswith("@") or name != "event"}
        touched = set().union(*(NAMED.get(field, set()) for field in fields))
        for member in was[name].keys() | now[name].keys():
            if member == "singleValueExtendedProperties":
                assert _foreign_properties(was[name]) == _foreign_properties(now[name])
            elif member not in touched:
                assert was[name].get(member) == now[name].get(member), member


def _by_id(payload: bytes) -> dict[str, Json]:
    data = json.loads(payload)
    return {"event": data["event"], **{one["id"]: one for one in data["instances"] if "id" in one}}


def _foreign_properties(resource: Json) -> list[Json]:
    return [one for one in resource.get("singleValueExtendedProperties", ()) if "calsync-" not in one["id"]]


@st.composite
def foreign(draw: st.DrawFn, payload: bytes) -> bytes:
    """Strangers' properties, members that nobody knows, other spellings of zones and times, plain occurrences."""
    data = json.loads(payload)
    for resource in [data["event"], *data["instances"]]:
        resource["futureMember"] = {"list": [1, {"deep": None}], "size": len(str(resource))}
        stranger = {"id": "String {00020329-0000-0000-C000-000000000046} Name other", "value": "1"}
        resource["singleValueExtendedProperties"] = [stranger, *resource.get("singleValueExtendedProperties", ())]
        for name in ("start", "end"):
            if draw(st.booleans()) and not resource["isAllDay"]:
                resource[name] = {**resource[name], "dateTime": resource[name]["dateTime"][:19] + "Z"}
    if data["event"]["recurrence"] and draw(st.booleans()):
        zone = draw(st.sampled_from(["", "tzone://Microsoft/Custom"]))
        data["event"]["recurrence"]["range"]["recurrenceTimeZone"] = zone
    if data["event"]["recurrence"] and draw(st.booleans()):
        data["instances"].append({"id": "plain", "type": "occurrence", "start": data["event"]["start"]})
    return document(data["event"], draw(st.permutations(data["instances"])), data["cancelled"], data["calendar"])


def with_calendar(payload: bytes) -> bytes:
    data = json.loads(payload)
    return document(data["event"], data["instances"], data["cancelled"], CALENDAR)


def _has_gap(form: Form) -> bool:
    """Some time of the form is not there on its clock, or there twice: Outlook is told it as an instant."""
    spans = [value for value in form.values() if isinstance(value, Span)]
    times = [when for span in spans for when in (span.start, span.end) if isinstance(when, Zoned)]
    return any(from_utc(utc(when), when.tzid).local != when.local for when in times)
