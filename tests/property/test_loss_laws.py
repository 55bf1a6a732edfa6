"""What an event loses is in the loss table of its mapping, and what is not in the table arrives and is shown exactly.

told in the table   every loss of a copy is a clause's, by its field and by what becomes of it; no clause, no loss
nothing hidden      a copy that is told to lose nothing reads as asked, also by those who know nothing of calsync's own
                    properties
nothing gone        what is kept comes back: only what the table does not copy is asked for and not read
the same twice      what lies there loses what it lost when it was written, people aside, who were only asked for
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_cli.errors import MappingError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.inherit import normal
from calsync_cli.mapping.losses import How, Table, losses_of
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.recur import diff
from calsync_cli.model.series import LOCAL_FIELDS, Changes, Form, applied
from tests.property.test_graph_laws import any_form
from tests.property.test_ical_laws import changes
from tests.unit.losses.page import GOOGLE, GRAPH, ICAL

LAW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
HERE = Place("cs0example0123456789", "Europe/Berlin")
TABLES: dict[str, Table] = {"ical": ICAL, "google": GOOGLE, "graph": GRAPH}
PEOPLE: Form = {
    "organizer": "mailto:boss@example.org", "guests": frozenset({"mailto:a@b.c ACCEPTED REQ-PARTICIPANT INDIVIDUAL"}),
}  # fmt: skip


def written(call: Any) -> bytes | None:
    """None for what is held: that it is so with a reason is the mapping's own law."""
    try:
        found: bytes = call()
    except MappingError:
        return None
    return found


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
@given(form=any_form, people=st.booleans())
def test_the_losses_of_a_new_copy_are_in_the_table(name: str, form: Form, people: bool) -> None:
    asked = {**form, **(PEOPLE if people else {})}
    payload = written(lambda: mapping(name).make("u", asked, "m", HERE))
    if payload is not None:
        check(name, payload, asked)
        told = {loss.path for loss in losses_of(mapping(name), payload, asked) if loss.how is How.LEFT}
        assert (told >= PEOPLE.keys()) == people


@pytest.mark.parametrize("name", TABLES)
@LAW
@given(data=st.data())
def test_the_losses_of_an_edit_are_in_the_table(name: str, data: st.DataObject) -> None:
    wire, form = mapping(name), data.draw(any_form)
    before = written(lambda: wire.make("u", form, "m", HERE))
    change = data.draw(changes(form))
    after = written(lambda: wire.edit(before, change)) if before is not None else None
    if after is not None:
        check(name, after, change)
