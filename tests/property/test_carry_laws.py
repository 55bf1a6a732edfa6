"""Carried properties (`fields.carry`): a value survives the trip through any calendar, whatever its home.

there   carried(make(f)) == what f has of them, and nothing else of the event changes
back    an edit of it on any side reads back as asked, and takes no other field along
trip    over every ordered pair of mappings, and back: every side then says the same
"""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_cli.mapping.base import Mapping
from calsync_cli.mapping.google.address import addressed
from calsync_cli.mapping.google.mapping import GOOGLE
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.series import CANCELLED, CARRIED, Changes, Form, Recurrence, Value, applied, join, split
from calsync_cli.model.times import Span, Zoned, instance_key, key_start
from calsync_cli.model.times import moved as moved_by
from tests.property.test_google_laws import ID, ZONE, assert_requests_lead_there

NAMES = (
    "x:X-PROJECT", "x:X-OTHER", "x:google:extended.private.ticket", "x:google:extended.shared.A b:c;\"d\"",
)
MAPPINGS: dict[str, Any] = {"ical": ICAL, "google": GOOGLE, "graph": GRAPH}
LAW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NINE = datetime(2026, 11, 24, 9)
SPAN = Span(Zoned(NINE, ZONE), Zoned(NINE + timedelta(hours=1), ZONE))
KEYS = tuple(instance_key(Zoned(NINE + timedelta(weeks=n), ZONE)) for n in range(3))
SINGLE: Form = {"title": "Dentist", "time": SPAN}
SERIES: Form = {**SINGLE, "recurrence": Recurrence(("COUNT=5;FREQ=WEEKLY",))}

lines = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
texts = lines | st.text('a,;\\:"n\n ä😀\t', max_size=20) | st.sampled_from(["x" * 1001, "ä" * 1200, "-", '[""]'])


@st.composite
def carried_values(draw: st.DrawFn, *, series: bool) -> dict[str, Value]:
    """Some of the names on the master, and on instances: other values, or none where the master has one."""
    found: dict[str, Value] = {}
    for name in NAMES:
        value = draw(lines if name.startswith("x:X-") else texts)
        found |= {name: value} if value else {}
        for key in KEYS if series else ():
            if draw(st.booleans()):
                found[join(key, name)] = draw(st.sampled_from(["", "own"]))
    return found


@st.composite
def forms(draw: st.DrawFn) -> Form:
    series = draw(st.booleans())
    titles = {join(key, "title"): "Other" for key in KEYS if draw(st.booleans())} if series else {}
    return {**(SERIES if series else SINGLE), **titles, **draw(carried_values(series=series))}


def only(form: Form, *, carried: bool) -> Form:
    return {path: value for path, value in form.items() if split(path)[1].startswith(CARRIED) is carried}


def made(name: str, form: Form) -> bytes:
    """As it lies there: completed where the provider completes it."""
    body: bytes = MAPPINGS[name].make("uid-1@x", form, "a.b.1.c")
    return addressed(body, ID, ZONE) if name == "google" else body


def whole(mapping: Mapping, payload: bytes) -> Form:
    return {**mapping.read(payload).form, **mapping.carried(payload, NAMES)}


def canonical(form: Form) -> Form:
    """Through a file once: the values of lines have no blanks around them."""
    return whole(ICAL, ICAL.make("u", form, ""))


def difference(now: Form, then: Form) -> Changes:
    return {path: then.get(path) for path in now.keys() | then.keys() if now.get(path) != then.get(path)}


def test_the_laws_are_about_all_kinds_of_names() -> None:
    form: Form = {**SERIES, **dict.fromkeys(NAMES, "value, with; signs\\"), f"@{KEYS[1]}/{NAMES[2]}": "own"}
    for name, mapping in MAPPINGS.items():
        assert whole(mapping, made(name, form)) == form


@pytest.mark.parametrize("name", MAPPINGS)
@LAW
@given(form=forms(), data=st.data())
def test_what_is_carried_is_made_and_edited_as_asked_and_nothing_else_changes(
    name: str, form: Form, data: st.DataObject
) -> None:
    mapping, form = MAPPINGS[name], canonical(form)
    payload = made(name, form)
    assert whole(mapping, payload) == form
    assert mapping.edit(payload, {}) is payload and mapping.carried(payload, ()) == {}
    other = data.draw(carried_values(series="recurrence" in form))
    wanted = canonical({**only(form, carried=False), **other})
    change = difference(form, wanted)
    edited = mapping.edit(payload, change)
    assert whole(mapping, edited) == wanted == normal(applied(form, change))
    if name == "google":
        how = {word for word in ("copies", "tombstones") if data.draw(st.booleans())}
        assert_requests_lead_there(payload, edited, only(wanted, carried=False), how)


@pytest.mark.parametrize(("a", "b"), list(itertools.permutations(MAPPINGS, 2)))
@LAW
@given(form=forms(), data=st.data())
def test_a_value_survives_the_trip_and_what_is_changed_there_comes_back(
    a: str, b: str, form: Form, data: st.DataObject
) -> None:
    one, two, form = MAPPINGS[a], MAPPINGS[b], canonical(form)
    here = made(a, form)
    there = made(b, whole(one, here))
    assert whole(two, there) == whole(one, here) == form
    other = data.draw(carried_values(series="recurrence" in form))
    wanted = canonical({**only(form, carried=False), **other})
    edited = two.edit(there, difference(form, wanted))
    back = one.edit(here, difference(whole(one, here), whole(two, edited)))
    assert whole(one, back) == whole(two, edited) == wanted
    (third,) = MAPPINGS.keys() - {a, b}
    assert whole(MAPPINGS[third], made(third, whole(one, back))) == wanted


@pytest.mark.parametrize("name", MAPPINGS)
@LAW
@given(form=forms(), hours=st.sampled_from([0, 1, 24]), other=st.booleans())
def test_other_edits_leave_carried_properties_alone(name: str, form: Form, hours: int, other: bool) -> None:
    """Also where the pair carries them no more, so that no edit names them: a new title, a moved series with its
    changed instances, one that is taken out."""
    mapping, form = MAPPINGS[name], canonical(form)
    payload, by = made(name, form), timedelta(hours=hours)
    known = only(form, carried=False)
    moved = {_later(path, by): value for path, value in known.items()}
    moved |= {"title": "New", "time": Span(*(Zoned(end.local + by, ZONE) for end in (SPAN.start, SPAN.end)))}
    if other and "recurrence" in form:
        moved |= {f"{_later('@' + KEYS[0], by)}/title": "Own", _later("@" + KEYS[1], by): CANCELLED}
        moved.pop(f"{_later('@' + KEYS[1], by)}/title", None)
    edited = mapping.edit(payload, difference(known, moved))
    off = _later("@" + KEYS[1], by) if other else "@"
    carried = {_later(path, by): value for path, value in only(form, carried=True).items()}
    assert mapping.read(edited).form == moved
    assert mapping.carried(edited, NAMES) == {p: v for p, v in carried.items() if not p.startswith(f"{off}/")}


def _later(path: str, by: timedelta) -> str:
    key, name = split(path)
    return join(instance_key(moved_by(key_start(key, SPAN.start), by)), name) if key else path


def test_googles_own_properties_are_read_and_written_where_google_has_them() -> None:
    ticket, shared = "x:google:extended.private.ticket", "x:google:extended.shared.room"
    payload = made("google", {**SINGLE, ticket: "T-1", shared: "7"})
    properties = json.loads(payload)["event"]["extendedProperties"]
    assert properties["private"]["ticket"] == "T-1" and properties["shared"] == {"room": "7"}
    edited = json.loads(GOOGLE.edit(payload, {ticket: "T-2", shared: None}))["event"]["extendedProperties"]
    assert edited["private"]["ticket"] == "T-2" and "shared" not in edited
    long = json.loads(GOOGLE.edit(payload, {ticket: "x" * 1001}))["event"]["extendedProperties"]["private"]
    assert "ticket" not in long and max(map(len, long.values())) < 1000
