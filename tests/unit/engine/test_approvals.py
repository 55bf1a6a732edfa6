"""Writes that wait for a yes (semantics 14): what waits, what a yes and a no do, what voids an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calsync_cli.engine.world import Choice, Plan
from calsync_cli.model.series import Recurrence
from tests.unit.engine.stage import Stage, event, series, titles
from tests.unit.engine.test_modes_and_guards import linked


def asking(events: int, *classes: str, creates: int | None = None, **more: Any) -> Stage:
    """So many events on all calendars, agreed on before the pair began to ask."""
    stage = linked(events, **more)
    stage.rules = replace(stage.rules, approve=frozenset(classes), approve_creates=creates)
    return stage


def answered(stage: Stage, made: Plan, word: str) -> None:
    stage.choices = {hold.subject: Choice(hold.digest, {"": word}) for hold in made.holds}


def waits(made: Plan) -> list[tuple[str, int | None]]:
    return [(hold.kind, hold.calendar) for hold in made.holds]


DEEDS: dict[str, Any] = {
    "delete": lambda stage: stage.delete(1, "u0"),
    "all": lambda stage: stage.edit(1, "u0", {"title": "Other"}),
}


@pytest.mark.parametrize("name", DEEDS)
def test_what_the_pair_names_waits_however_long_a1_a5(name: str) -> None:
    stage = asking(3, name)
    DEEDS[name](stage)
    before = dict(stage.form(2, "u0"))
    for _ in range(3):
        assert waits(stage.run()) == [("approval", 2)]
        stage.now += timedelta(days=100)
    assert stage.form(2, "u0") == before


def test_what_the_pair_does_not_name_flows() -> None:
    stage = asking(3, "delete", "series-edit", "restore")
    stage.edit(1, "u0", {"title": "Other"})
    stage.delete(2, "u1")
    made = stage.run()
    assert waits(made) == [("approval", 1)] and "Other" in titles(stage, 2)


def test_changes_of_series_and_of_their_dates_wait_where_that_is_named() -> None:
    stage = asking(1, "series-edit", form=series())
    stage.edit(1, "u0", {"recurrence": Recurrence(("COUNT=3;FREQ=WEEKLY",))})
    assert waits(stage.run()) == [("approval", 2)]
    stage.put(1, "single", event("Single"))
    assert [step.uid for step in stage.run().steps] == ["single"]


@pytest.mark.parametrize("name", ["delete", "all"])
def test_a_yes_lets_it_be_written(name: str) -> None:
    stage = asking(3, name)
    DEEDS[name](stage)
    answered(stage, stage.run(), "approve")
    made = stage.run()
    assert not made.holds and len(made.steps) == 1
    assert (len(titles(stage, 2)) == 2) if name == "delete" else ("Other" in titles(stage, 2))
    assert not stage.run().steps


def test_a_no_leaves_the_calendars_as_they_are_until_the_field_changes_again_a4() -> None:
    stage = asking(3, "all")
    stage.edit(1, "u0", {"title": "Other"})
    answered(stage, stage.run(), "reject")
    for _ in range(2):
        made = stage.run()
        assert not made.holds and not made.steps
        assert stage.form(1, "u0")["title"] == "Other" and stage.form(2, "u0")["title"] == "E0"
    stage.edit(1, "u0", {"title": "Another"})
    assert waits(stage.run()) == [("approval", 2)]


def test_a_rejected_deletion_keeps_the_event_where_it_is_and_makes_it_nowhere_again() -> None:
    stage = asking(3, "delete")
    stage.delete(1, "u0")
    answered(stage, stage.run(), "reject")
    for _ in range(2):
        made = stage.run()
        assert not made.holds and not made.steps
    assert "E0" in titles(stage, 2) and "E0" not in titles(stage, 1)
    stage.edit(2, "u0", {"title": "Edited"})
    assert not stage.run().steps and "Edited" not in titles(stage, 1)


def test_of_three_one_may_say_no_to_a_deletion() -> None:
    stage = asking(1, "delete", count=3)
    stage.delete(1, "u0")
    made = stage.run()
    assert waits(made) == [("approval", 2), ("approval", 3)]
    yes, no = made.holds
    stage.choices = {yes.subject: Choice(yes.digest, {"": "approve"}), no.subject: Choice(no.digest, {"": "reject"})}
    stage.run()
    for _ in range(2):
        assert not stage.run().steps
    assert (titles(stage, 1), titles(stage, 2), titles(stage, 3)) == ([], [], ["E0"])


def test_any_change_voids_a_yes_a3() -> None:
    """A2: what was approved is this write, from these versions."""
    stage = asking(3, "delete")
    stage.delete(1, "u0")
    answered(stage, stage.run(), "approve")
    stage.edit(2, "u0", {"location": "Elsewhere"})
    made = stage.run()
    assert not any(step.kind == "delete" for step in made.steps)
    assert stage.form(2, "u0")["location"] == "Elsewhere"


def test_creates_wait_where_there_are_more_than_may_go_unasked() -> None:
    stage = asking(1, "create", creates=3)
    for number in range(3):
        stage.put(1, f"few{number}", event(f"Few {number}"))
    assert len(stage.run().steps) == 3
    for number in range(4):
        stage.put(1, f"many{number}", event(f"Many {number}"))
    made = stage.run()
    assert len(made.holds) == 4 and not made.steps
    answered(stage, made, "approve")
    assert len(stage.run().steps) == 4
    stage.put(1, "one", event("One"))
    assert len(stage.run().steps) == 1


def test_a_rejected_create_is_not_asked_again() -> None:
    stage = asking(1, "all")
    stage.put(1, "new", event("New"))
    answered(stage, stage.run(), "reject")
    for _ in range(2):
        made = stage.run()
        assert not made.steps and not made.holds
    assert "New" not in titles(stage, 2)


def test_what_is_over_waits_and_what_comes_does_not() -> None:
    stage = asking(2, "past")
    stage.edit(1, "u0", {"title": "Soon"})
    assert len(stage.run().steps) == 1
    stage.now += timedelta(days=4000)
    stage.edit(1, "u1", {"title": "Long ago"})
    assert waits(stage.run()) == [("approval", 2)]


def test_a_meeting_whose_guests_would_be_mailed_can_be_approved_by_name_g8() -> None:
    stage = linked(2)
    stage.calendar[2] = {"mails": True}
    for thing in stage.things[2].values():
        thing.people = "host"
    stage.edit(1, "u0", {"title": "Guests shall hear"})
    made = stage.run()
    assert waits(made) == [("notify", 2)]
    answered(stage, made, "approve")
    assert len(stage.run().steps) == 1 and "Guests shall hear" in titles(stage, 2)
    stage.edit(1, "u0", {"title": "Again"})
    assert waits(stage.run()) == [("notify", 2)]


def test_bringing_back_what_was_deleted_waits_where_that_is_named() -> None:
    stage = asking(2, "restore")
    stage.edit(1, "u0", {"title": "Edited"})
    stage.delete(2, "u0")
    made = stage.run()
    assert waits(made) == [("approval", 2)] and not made.steps
    answered(stage, made, "approve")
    stage.run()
    assert "Edited" in titles(stage, 2)
