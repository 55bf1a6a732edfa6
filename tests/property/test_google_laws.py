"""The laws of the Google mapping, over the same forms and changes as those of the iCalendar mapping.

put-get for new copies   read(make(uid, f, m)).form == f, also once a provider has completed it
put-get for edits        read(edit(p, c)).form == normal(applied(read(p).form, c))
get-put                  edit(p, {}) is p, and what c does not name keeps its members (I7)
refused                  what Google does not take is held with a reason (`refused` below is the whole list)
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_cli.errors import MappingError
from calsync_cli.mapping.google.address import addressed
from calsync_cli.mapping.google.mapping import GOOGLE
from calsync_cli.mapping.inherit import instance_fields, normal
from calsync_cli.model.recur import has_instance
from calsync_cli.model.series import CANCELLED, Form, Recurrence, applied, instance_keys
from calsync_cli.model.times import AllDay, Floating, Span, Zoned, instance_key, utc, wall
from tests.property.test_ical_laws import changes, forms

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
        assert (reading.uid, reading.marker, reading.people) == ("uid-1@x", marker or None, False)
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

