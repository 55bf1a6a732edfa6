"""What an event loses is in the loss table of its mapping, and what is not in the table arrives and is shown exactly.

told in the table   every loss of a copy is a clause's, by its field and by what becomes of it; no clause, no loss
nothing hidden      a copy that is told to lose nothing reads as asked, also by those who know nothing of calsync's own
                    properties
nothing gone        what is kept comes back: only what the table does not copy is asked for and not read
the same twice      what lies there loses what it lost when it was written, people aside, who were only asked for; also
                    once the server has given it back in its own words
held in the table   what is not written is a clause's too, by the reason that is told

All of them hold for the odd objects of the corpus as well.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_cli.errors import MappingError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.inherit import normal
from calsync_cli.mapping.losses import How, Table, losses_of
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.recur import diff
from calsync_cli.model.series import LOCAL_FIELDS, Changes, Form, applied
from tests.corpus import OBJECTS
from tests.property.test_google_laws import foreign
from tests.property.test_graph_laws import OUTLOOKS, any_form
from tests.property.test_ical_laws import changes
from tests.unit.graph_outlook import HOME, Outlook
from tests.unit.losses import test_google_losses, test_graph_losses, test_ical_losses
from tests.unit.losses.page import COLUMNS

LAW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
HERE = Place("cs0example0123456789", "Europe/Berlin")
TABLES: dict[str, Table] = dict(zip(("ical", "google", "graph"), COLUMNS.values(), strict=True))
PEOPLE: Form = {
    "organizer": "mailto:boss@example.org", "guests": frozenset({"mailto:a@b.c ACCEPTED REQ-PARTICIPANT INDIVIDUAL"}),
}  # fmt: skip


GOOGLE_WIRE, GRAPH_WIRE = mapping("google"), mapping("graph")
REASONS = {
    name: [reason for _, _, _, reason in holds]
    for name, holds in (("ical", test_ical_losses.HOLDS), ("google", test_google_losses.HOLDS),
                        ("graph", test_graph_losses.HOLDS))
}  # fmt: skip
"""Of what is held, as the proofs of the clauses look for them."""


def written(name: str, call: Any) -> bytes | None:
    """None for what is held, with the reason of a clause."""
    try:
        found: bytes = call()
    except MappingError as err:
        assert any(re.search(reason, str(err)) for reason in REASONS[name]), str(err)
        return None
    return found


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """As in the other laws, and texts too long for some calendars."""
    form = dict(draw(any_form))
    for name, times in (("title", 30), ("description", 120)):
        if draw(st.integers(0, 3)) == 0 and isinstance(text := form.get(name), str):
            form[name] = text * times
    return normal(form)


def check(name: str, payload: bytes, asked: Changes) -> None:
    wire, table = mapping(name), TABLES[name]
    told = losses_of(wire, payload, asked)
    in_table = {(field, clause.how) for field, clauses in table.items() for clause in clauses}
    assert {(loss.field, loss.how) for loss in told} <= in_table
    here = wire.read(payload).form
    seen = wire.seen(payload)
    if not told:
        assert not diff(here, normal(applied(here, asked))) and (seen is None or not diff(here, seen))
    gone = {loss.field for loss in told if loss.how is How.LEFT}
    assert gone <= {*LOCAL_FIELDS, ""}  # nothing here is so long that it does not fit
    assert list(losses_of(wire, payload)) == [loss for loss in told if loss.how is not How.LEFT]


@pytest.mark.parametrize("name", TABLES)
@LAW
@given(form=forms(), people=st.booleans())
def test_the_losses_of_a_new_copy_are_in_the_table(name: str, form: Form, people: bool) -> None:
    asked = {**form, **(PEOPLE if people else {})}
    payload = written(name, lambda: mapping(name).make("u", asked, "m", HERE))
    if payload is not None:
        check(name, payload, asked)
        told = {loss.path for loss in losses_of(mapping(name), payload, asked) if loss.how is How.LEFT}
        assert (told >= PEOPLE.keys()) == people


@pytest.mark.parametrize("name", TABLES)
@LAW
@given(data=st.data())
def test_the_losses_of_an_edit_are_in_the_table(name: str, data: st.DataObject) -> None:
    wire, form = mapping(name), data.draw(forms())
    before = written(name, lambda: wire.make("u", form, "m", HERE))
    change = data.draw(changes(form))
    after = written(name, lambda: wire.edit(before, change)) if before is not None else None
    if after is not None:
        check(name, after, change)


@LAW
@given(form=forms(), data=st.data())
def test_google_gives_back_a_copy_with_the_losses_that_were_told(form: Form, data: st.DataObject) -> None:
    made = written("google", lambda: GOOGLE_WIRE.make("u", form, "m", HERE))
    if made is not None:
        assert losses_of(GOOGLE_WIRE, data.draw(foreign(form))) == losses_of(GOOGLE_WIRE, made)


@LAW
@given(form=forms(), knobs=OUTLOOKS)
def test_outlook_gives_back_a_copy_with_the_losses_that_were_told(form: Form, knobs: dict[str, Any]) -> None:
    made = written("graph", lambda: GRAPH_WIRE.make("u", form, "m", HOME))
    if made is not None:
        outlook = Outlook(**knobs)
        assert losses_of(GRAPH_WIRE, outlook.read(outlook.create(made))) == losses_of(GRAPH_WIRE, made)


@pytest.mark.parametrize("name", TABLES)
def test_what_the_odd_objects_of_the_corpus_lose_is_in_the_table(name: str) -> None:
    for payload in OBJECTS.values():
        form = ICAL.read(payload).form
        made = written(name, lambda form=form: mapping(name).make("u", form, "m", HERE))
        if made is not None:
            check(name, made, form)
