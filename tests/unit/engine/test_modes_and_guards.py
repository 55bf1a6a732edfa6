"""W1 to W5, V1 to V5, G1 to G9: one-way pairs, windows, and the last look at the finished plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from calsync_cli.engine.guards import check
from calsync_cli.engine.plan import plan
from calsync_cli.engine.world import Rules
from calsync_cli.model.account import Window
from calsync_cli.model.series import Recurrence
from tests.unit.engine.stage import NOW, Stage, event, kinds, series, span, titles


def linked(events: int = 1, count: int = 2, form: Any = None, **rules: Any) -> Stage:
    stage = Stage(count, Rules("group:g", ("ab",), **{"past_deletes": "propagate", **rules}))
    for number in range(events):
        stage.put(1, f"u{number}", form or event(f"E{number}", time=span(minutes=number + 30)))
    stage.settle()
    return stage


def one_way(**rules: Any) -> Stage:
    """Calendar 1 is the source, 2 the target, which also has an event of its own."""
    stage = Stage(2, Rules("oneway:g", ("ab",), past_deletes="propagate", **rules), roles=("source", "target"))
    stage.put(1, "u", event())
    stage.put(2, "native", event("Native", time=span("2026-12-24 18:00")))
    stage.settle()
    return stage


def trips(stage: Stage, **snapshot: Any) -> list[str]:
    snap = replace(stage.snapshot(), **snapshot)
    return [trip.kind for trip in check(snap, plan(snap))]


# -- one-way -----------------------------------------------------------------------------------------------------------


def test_one_way_copies_the_source_and_leaves_native_events_of_the_target_alone() -> None:
    """W2, I9."""
    stage = one_way()
    assert titles(stage, 1) == ["Dentist"] and titles(stage, 2) == ["Dentist", "Native"]
    stage.edit(1, "u", {"title": "Moved"})
    assert kinds(stage.run().steps) == [("update", 2)]


def test_one_way_never_writes_a_native_event_that_has_the_same_uid_as_a_source_event() -> None:
    """I9: an invitation that the target has too is linked, not owned, and neither written nor deleted."""
    stage = one_way()
    stage.put(1, "invitation", event("Invited"))
    stage.put(2, "invitation", event("Invited too"))
    assert not stage.run().steps
    stage.edit(1, "invitation", {"title": "Changed"})
    assert not stage.run().steps
    stage.delete(1, "invitation")
    assert not stage.run().steps
    assert "Invited too" in titles(stage, 2)


@pytest.mark.parametrize(("word", "title"), [("keep", "By hand"), ("overwrite", "Dentist")])
def test_a_target_copy_edited_by_a_person_is_kept_or_overwritten_by_rule(word: str, title: str) -> None:
    """W2 `target_edits`; the source never hears of it."""
    stage = one_way(target_edits=word)
    stage.edit(2, "u", {"title": "By hand"})
    stage.settle()
    assert stage.form(2, "u")["title"] == title
    assert titles(stage, 1) == ["Dentist"]
    stage.check_lost()


def test_a_kept_target_edit_goes_to_the_store_when_the_source_changes_that_field_again() -> None:
    """W2, I1."""
    stage = one_way()
    stage.edit(2, "u", {"title": "By hand", "url": "https://mine"})
    stage.settle()
    stage.edit(1, "u", {"title": "From the source"})
    made = stage.run()
    assert stage.form(2, "u")["title"] == "From the source" and stage.form(2, "u")["url"] == "https://mine"
    assert [(k.kind, k.path, k.value) for k in made.kept] == [("overwritten", "title", "By hand")]
    stage.check_lost()


@pytest.mark.parametrize(("word", "there"), [("respect", False), ("restore", True)])
def test_a_target_copy_deleted_by_a_person_stays_deleted_or_comes_back_by_rule(word: str, there: bool) -> None:
    """W2 `target_deletes`; the source is never deleted for it."""
    stage = one_way(target_deletes=word)
    stage.delete(2, "u")
    stage.settle()
    assert stage.has(2, "u") == there
    assert stage.has(1, "u")
    stage.edit(1, "u", {"title": "Later"})
    stage.settle()
    assert stage.has(2, "u") == there


def test_a_source_deletion_retires_the_copy_if_nobody_touched_it_and_releases_it_otherwise() -> None:
    """W4, W5."""
    stage = one_way()
    stage.put(1, "v", event("Second", time=span("2026-12-05 10:00")))
    stage.settle()
    stage.edit(2, "v", {"location": "I will be there anyway"})
    stage.delete(1, "u")
    stage.delete(1, "v")
    made = stage.run()
    assert kinds(made.steps) == [("delete", 2)]
    assert titles(stage, 2) == ["Native", "Second"]
    assert len(made.notes) == 1
    stage.settle()
    assert titles(stage, 2) == ["Native", "Second"]


# -- windows and past events -------------------------------------------------------------------------------------------


def windowed(days: int = 30, form: Any = None) -> Stage:
    return linked(form=form, window=Window(timedelta(days=days), timedelta(days=days)))


def test_a_set_leaves_only_when_all_of_it_is_more_than_seven_days_outside() -> None:
    """V1."""
    stage = windowed()
    link = next(iter(stage.links.values()))
    for days, state in ((36, "live"), (37 + 11, "dormant")):
        stage.now = NOW + timedelta(days=10 + days)
        stage.run()
        assert {s.state for s in stage.links[link.key].spokes} == {state}


def test_a_series_is_inside_while_any_instance_is() -> None:
    """V1."""
    stage = windowed(form=series() | {"recurrence": Recurrence(("FREQ=WEEKLY",))})
    stage.now = NOW + timedelta(days=700)
    stage.edit(1, "u0", {"title": "Still going"})
    assert kinds(stage.run().steps) == [("update", 2)]


def test_leaving_the_window_is_not_deleting_and_coming_back_resumes_from_the_kept_base() -> None:
    """V1, V2."""
    stage = windowed()
    stage.now = NOW + timedelta(days=90)
    stage.edit(1, "u0", {"title": "While asleep"})
    assert not stage.run().steps
    stage.now = NOW
    assert kinds(stage.run().steps) == [("update", 2)]
    stage.settle()
    assert titles(stage, 2) == ["While asleep"]


def test_a_new_set_outside_the_window_is_not_copied() -> None:
    """V1."""
    stage = windowed()
    stage.put(1, "far", event("Far", time=span("2028-01-01 09:00")))
    assert not stage.run().steps
    assert not stage.has(2, "far")


def test_a_move_out_of_the_window_flows_before_the_set_sleeps() -> None:
    """V3: a time edit, not a deletion."""
    stage = windowed()
    stage.edit(1, "u0", {"time": span("2028-01-01 09:00")})
    assert kinds(stage.run().steps) == [("update", 2)]
    assert stage.form(2, "u0")["time"] == span("2028-01-01 09:00")
    stage.run()
    assert {s.state for link in stage.links.values() for s in link.spokes} == {"dormant"}


@pytest.mark.parametrize(("word", "there"), [("keep", True), ("propagate", False)])
def test_deleting_what_ended_more_than_a_day_ago_stays_where_it_was_done(word: str, there: bool) -> None:
    """V4 `past_deletes`."""
    stage = linked(past_deletes=word)
    stage.now = datetime(2026, 12, 3, 9, tzinfo=NOW.tzinfo)
    stage.delete(1, "u0")
    stage.settle()
    assert stage.has(2, "u0") == there


def test_deleting_what_ended_less_than_a_day_ago_travels() -> None:
    """V4."""
    stage = linked(past_deletes="keep")
    stage.now = datetime(2026, 12, 2, 8, tzinfo=NOW.tzinfo)
    stage.delete(1, "u0")
    assert kinds(stage.run().steps) == [("delete", 2)]


# -- guards ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "deleted", "trip"), [(300, 20, []), (300, 21, ["G1"]), (40, 4, []), (40, 5, ["G1"]), (50, 5, [])]
)
def test_too_many_deletes_or_too_large_a_share_stop_the_group(events: int, deleted: int, trip: list[str]) -> None:
    """G1: 20 events, or 10 % with at least 5."""
    stage = linked(events)
    for number in range(deleted):
        stage.delete(1, f"u{number}")
    assert trips(stage) == trip


def test_a_side_that_lists_nothing_stops_the_group() -> None:
    """G2: a calendar taken for empty is no deletion of everything."""
    stage = linked(3)
    stage.calendar[2] = {"listed": 0}
    assert trips(stage) == ["G2"]


def test_a_field_that_changes_nearly_everywhere_stops_the_group() -> None:
    """G3: more than half of the sets, at least 20."""
    stage = linked(30)
    for number in range(20):
        stage.edit(1, f"u{number}", {"time": span("2027-01-01 10:00", number + 5)})
    assert trips(stage) == ["G3"]
    fewer = linked(30)
    for number in range(19):
        fewer.edit(1, f"u{number}", {"time": span("2027-01-01 10:00", number + 5)})
    assert trips(fewer) == []


@pytest.mark.parametrize("why", ["reset", "first", "rules_changed"])
def test_any_delete_after_a_lost_token_in_a_first_run_or_under_changed_rules_stops_the_group(why: str) -> None:
    """G4."""
    stage = linked(10)
    stage.delete(1, "u0")
    assert trips(stage) == []
    if why == "reset":
        stage.calendar[1] = {"reset": True}
        assert trips(stage) == ["G4"]
    else:
        assert trips(stage, **{why: True}) == ["G4"]


def test_a_lowered_right_stops_the_group() -> None:
    """G6."""
    stage = linked()
    stage.calendar[2] = {"lowered": "this account may no longer write to it"}
    assert trips(stage) == ["G6"]


@pytest.mark.parametrize(("word", "deleter"), [("a", 1), ("b", 2), ("a", 2), ("b", 1)])
def test_the_named_side_decides_an_edit_against_a_deletion(word: str, deleter: int) -> None:
    """Rows 14, 15."""
    stage = linked(4, conflict=word, delete_percent=100.0)
    stage.delete(deleter, "u1")
    stage.edit(3 - deleter, "u1", {"title": "Edited"})
    stage.settle()
    stays = (word == "a") != (deleter == 1)
    assert [stage.has(calendar, "u1") for calendar in (1, 2)] == [stays, stays]


def test_creating_everything_again_stops_the_group() -> None:
    """G7: more than 50 creates that are more than half of what the target holds, but not on a first run."""
    stage = linked(4)
    for number in range(51):
        stage.put(1, f"new{number}", event(f"N{number}", time=span(minutes=number + 100)))
    assert trips(stage) == ["G7"]
    assert trips(stage, first=True) == []


def test_a_flood_of_new_events_does_not_slip_by_while_the_other_side_is_away() -> None:
    """G7, I15: the plan that takes them in is the one that is stopped, not the one that writes them later."""
    stage = linked(4)
    for number in range(51):
        stage.put(1, f"new{number}", event(f"N{number}", time=span(minutes=number + 100)))
    stage.unreadable.add(2)
    assert trips(stage) == ["G7"]


def test_a_read_only_calendar_and_guests_that_would_be_mailed_are_held_not_written() -> None:
    """G8, I6, I8."""
    stage = linked(2)
    stage.calendar[2] = {"mails": True}
    for thing in stage.things[2].values():
        thing.people = "host" if thing.uid == "u0" else ""
    stage.edit(1, "u0", {"title": "Guests would hear"})
    stage.edit(1, "u1", {"title": "Nobody hears"})
    made = stage.run()
    assert [(hold.kind, hold.calendar) for hold in made.holds] == [("notify", 2)]
    assert titles(stage, 2) == ["E0", "Nobody hears"]


def test_of_a_guests_own_copy_only_the_deletion_is_held() -> None:
    """G8, I6: its change stays with the guest, its deletion may be told to the organizer."""
    stage = linked(3)
    stage.calendar[2] = {"mails": True}
    for thing in stage.things[2].values():
        thing.people = "guest"
    stage.edit(1, "u0", {"busy": False})
    stage.delete(1, "u1")
    made = stage.run()
    assert [(hold.kind, hold.calendar) for hold in made.holds] == [("notify", 2)]
    assert "the organizer of this meeting that you do not come" in made.holds[0].words
    assert len(titles(stage, 2)) == 3
    stage.calendar[2] = {"access": "read"}
    made = stage.run()
    assert [hold.kind for hold in made.holds] == ["read-only"] and not made.steps
