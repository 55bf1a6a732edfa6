"""R1 to R8: series, their instances, and what happens when both sides touch them."""

from __future__ import annotations

from typing import Any

import pytest

from calsync_cli.engine.world import Choice, Rules
from calsync_cli.model.series import CANCELLED, Recurrence
from calsync_cli.model.times import AllDay, Span
from tests.unit.engine.stage import Stage, event, key, kinds, series, span, weekly

MOVED = span("2026-12-01 11:00")


def linked(form: Any = None, count: int = 2, **rules: Any) -> Stage:
    """A series that all calendars agree on."""
    stage = Stage(count, Rules("group:g", ("ab",), past_deletes="propagate", **rules))
    stage.put(1, "u", form or series())
    stage.settle()
    return stage


def moved_key(week: int) -> str:
    """Two hours later than `key`."""
    return key(week).replace("T08", "T10")


def moves(stage: Stage, calendar: int, hour: int) -> None:
    """A person moves the series to another hour, and its client takes the edited third date along."""
    there = key(2).replace("T08", f"T{hour - 1:02}")
    was = next(path for path in stage.form(calendar, "u") if path.startswith("@"))
    changes = {"time": span(f"2026-12-01 {hour:02}:00"), was: None, f"@{there}/title": stage.form(calendar, "u")[was]}
    stage.edit(calendar, "u", changes)


def test_series_edit_here_and_instance_edit_there_both_apply() -> None:
    """R2."""
    stage = linked()
    stage.edit(1, "u", {"title": "Renamed"})
    stage.edit(2, "u", {f"@{key(2)}/location": "Room 2"})
    stage.settle()
    for calendar in (1, 2):
        assert stage.form(calendar, "u")["title"] == "Renamed"
        assert stage.form(calendar, "u")[f"@{key(2)}/location"] == "Room 2"


@pytest.mark.parametrize("calendar", [1, 2])
def test_a_series_that_becomes_one_event_does_so_everywhere(calendar: int) -> None:
    """F1: a rule that is taken away is a change like any other, with its exceptions."""
    stage = linked(series(**{f"@{key(2)}": CANCELLED, f"@{key(3)}/title": "Special"}))
    stage.edit(calendar, "u", {"recurrence": None, f"@{key(2)}": None, f"@{key(3)}/title": None})
    stage.settle()
    for one in (1, 2):
        form = stage.form(one, "u")
        assert "recurrence" not in form and not any(path.startswith("@") for path in form)
    assert not stage.run().steps


def test_instance_edited_where_the_other_side_dropped_the_date_is_held_until_answered() -> None:
    """R2: an orphan is asked about, in every run, never dropped."""
    stage = linked()
    stage.edit(1, "u", {"recurrence": weekly(2)})
    stage.edit(2, "u", {f"@{key(3)}/title": "Special"})
    for _ in range(3):
        made = stage.run()
        assert [hold.kind for hold in made.holds] == ["orphan"]
    assert stage.form(2, "u")[f"@{key(3)}/title"] == "Special"
    assert stage.form(2, "u")["recurrence"] == weekly(2)
    assert f"@{key(3)}/title" not in stage.form(1, "u")
    assert not stage.run().steps


def test_an_orphan_that_waits_loses_nothing_and_makes_no_copy_meanwhile() -> None:
    """R2, D1: two say different things of a date that the third took away; who wins is asked later."""
    stage = linked(count=3, conflict="ask", tie="keep-both", policy={"title": "merge"})
    stage.edit(1, "u", {"recurrence": weekly(2)})
    stage.edit(2, "u", {f"@{key(3)}/title": "Special"})
    stage.edit(3, "u", {f"@{key(3)}/title": "Particular"})
    for _ in range(3):
        made = stage.run(fails=lambda step: True)
        assert [hold.kind for hold in made.holds] == ["orphan"]
        assert not made.kept and "create" not in [step.kind for step in made.steps]


def test_orphan_detach_makes_the_instance_an_event_of_its_own_everywhere() -> None:
    """R2, `orphan = "detach"`."""
    stage = linked(orphan="detach")
    stage.edit(1, "u", {"recurrence": weekly(2)})
    stage.edit(2, "u", {f"@{key(3)}/title": "Special"})
    assert not stage.settle().holds
    for calendar in (1, 2):
        (single,) = [t.form for t in stage.things[calendar].values() if t.uid != "u"]
        assert (single["title"], single["time"]) == ("Special", span("2026-12-22 09:00"))
        assert not any(path.startswith("@") for path in stage.form(calendar, "u"))


@pytest.mark.parametrize(("answer", "singles"), [("a", 0), ("b", 1)])
def test_an_answered_orphan_is_dropped_into_the_store_or_detached(answer: str, singles: int) -> None:
    """R2, A3: a is the side whose series lost the date."""
    stage = linked()
    stage.edit(1, "u", {"recurrence": weekly(2)})
    stage.edit(2, "u", {f"@{key(3)}/title": "Special"})
    (hold,) = stage.run().holds
    stage.choices[hold.subject] = Choice(hold.digest, {"": answer})
    made = stage.run()
    assert not stage.settle().holds
    assert len(stage.things[1]) == len(stage.things[2]) == 1 + singles
    assert any(k.value == "Special" for k in made.kept) == (singles == 0)


def test_detached_instance_whose_creates_all_fail_is_created_in_the_next_run() -> None:
    """R2, I1: until then it lives in the hub alone."""
    stage = linked(orphan="detach")
    stage.edit(1, "u", {"recurrence": weekly(2)})
    stage.edit(2, "u", {f"@{key(3)}/title": "Special"})
    stage.run(fails=lambda step: step.kind == "create")
    stage.settle()
    assert len(stage.things[1]) == len(stage.things[2]) == 2


@pytest.mark.parametrize(("policy", "hour"), [("a", 11), ("b", 7)])
def test_a_series_that_two_move_takes_its_dates_to_where_it_is(policy: Any, hour: int) -> None:
    """R3: the words of its dates go along, whoever wins, and no date stays where the loser had put it."""
    stage = linked(series(**{f"@{key(2)}/title": "Special"}), 3, conflict=policy)
    moves(stage, 1, 11)
    moves(stage, 3, 7)
    assert not stage.settle().holds
    for calendar in (1, 2, 3):
        form = stage.form(calendar, "u")
        assert form["time"] == span(f"2026-12-01 {hour:02}:00")
        there = key(2).replace("T08", f"T{hour - 1:02}")
        assert {path: form[path] for path in form if path.startswith("@")} == {f"@{there}/title": "Special"}


def test_a_series_that_two_move_waits_whole_and_is_answered_whole() -> None:
    """R3, A3: the dates wait with the time, under either name."""
    stage = linked(series(**{f"@{key(2)}/title": "Special"}), conflict="ask")
    moves(stage, 1, 11)
    moves(stage, 2, 7)
    for _ in range(2):
        made = stage.run()
        assert [hold.kind for hold in made.holds] == ["fields"] and not made.steps
    stage.choices[made.holds[0].subject] = Choice(made.holds[0].digest, {"": "b"})
    assert not stage.settle().holds
    there = key(2).replace("T08", "T06")
    for calendar in (1, 2):
        form = stage.form(calendar, "u")
        assert form["time"] == span("2026-12-01 07:00")
        assert {path: form[path] for path in form if path.startswith("@")} == {f"@{there}/title": "Special"}


def test_a_series_that_waits_for_its_time_gets_no_dates_it_does_not_have() -> None:
    """R3, D6: one moved it and edited a date while the other could not be written; that one had moved it as well."""
    stage = linked(series(**{f"@{key(2)}/title": "Special"}), conflict="ask")
    moves(stage, 1, 11)
    stage.run(fails=lambda step: True)
    moves(stage, 2, 7)
    stage.edit(1, "u", {f"@{moved_key(4)}/title": "Particular", "location": "Here"})
    for _ in range(2):
        assert "fields" in [hold.kind for hold in stage.run().holds]
    form, early = stage.form(2, "u"), key(2).replace("T08", "T06")
    assert [path for path in form if path[0] == "@"] == [f"@{early}/title"] and form["location"] == "Here"


@pytest.mark.parametrize("late", [False, True])
def test_words_in_conflict_go_along_with_their_series(late: bool) -> None:
    """R3, I1: also when the move arrives a run later than it was agreed on."""
    stage = linked(series(**{f"@{key(2)}/title": "Special"}), conflict="ask")
    moves(stage, 1, 11)
    stage.edit(1, "u", {f"@{moved_key(2)}/title": "This"})
    stage.edit(2, "u", {f"@{key(2)}/title": "That"})
    for fails in (late, False, False):
        made = stage.run(fails=lambda step, fails=fails: fails)  # type: ignore[misc]
        assert [hold.kind for hold in made.holds] == ["fields"]
    for calendar, words in ((1, "This"), (2, "That")):
        form = stage.form(calendar, "u")
        assert {path: form[path] for path in form if path[0] == "@"} == {f"@{moved_key(2)}/title": words}


def test_a_series_that_comes_back_elsewhere_has_its_dates_there() -> None:
    """D4, R3: moved and deleted on one calendar before the other, which moved it otherwise, had heard of the move."""
    stage = linked(series(**{f"@{key(2)}/title": "Special"}))
    stage.edit(1, "u", {"time": MOVED, f"@{key(2)}/title": None, f"@{moved_key(2)}/title": "Special"})
    stage.edit(1, "u", {f"@{moved_key(3)}/title": "Particular"})
    stage.run(fails=lambda step: True)
    there, early = span("2026-12-01 08:00"), key(2).replace("T08", "T07")
    stage.edit(2, "u", {"time": there, f"@{key(2)}/title": None, f"@{early}/title": "Special"})
    stage.delete(1, "u")
    assert not stage.settle().holds
    for calendar in (1, 2):
        form = stage.form(calendar, "u")
        assert form["time"] == there and form[f"@{early}/title"] == "Special"
        assert not [path for path in form if key(2) in path or moved_key(2) in path or moved_key(3) in path]


def test_a_shift_of_the_series_takes_instance_keys_along_while_the_other_side_moves_an_instance() -> None:
    """R3: A moves the series by two hours, B moves and cancels single dates."""
    stage = linked()
    own = span("2026-12-09 15:00")
    stage.edit(1, "u", {"time": MOVED})
    stage.edit(2, "u", {f"@{key(1)}/time": own, f"@{key(2)}": CANCELLED})
    last = stage.settle()
    assert not last.holds
    for calendar in (1, 2):
        form = stage.form(calendar, "u")
        assert form["time"] == MOVED
        assert form[f"@{moved_key(1)}/time"] == own
        assert form[f"@{moved_key(2)}"] == CANCELLED
        assert not [path for path in form if key(1) in path or key(2) in path]


def test_a_shift_takes_instances_along_that_were_agreed_before() -> None:
    """R3: every override maps one to one."""
    stage = linked(series(**{f"@{key(1)}/title": "Guest talk"}))
    stage.edit(1, "u", {"time": MOVED, f"@{key(1)}/title": None, f"@{moved_key(1)}/title": "Guest talk"})
    stage.settle()
    assert stage.form(1, "u") == stage.form(2, "u")
    assert stage.form(2, "u")[f"@{moved_key(1)}/title"] == "Guest talk"


def test_a_contested_instance_goes_along_with_its_series_and_stays_contested() -> None:
    """R3, I1: neither side's words are lost."""
    stage = linked()
    stage.edit(1, "u", {f"@{key(1)}/title": "From A"})
    stage.edit(2, "u", {"time": MOVED, f"@{moved_key(1)}/title": "From B"})
    for _ in range(2):
        (hold,) = stage.run().holds
        assert list(hold.detail) == [f"@{moved_key(1)}/title"]
    assert stage.form(1, "u")[f"@{moved_key(1)}/title"] == "From A"
    assert stage.form(2, "u")[f"@{moved_key(1)}/title"] == "From B"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("merge", "edited"), ("newest", "edited"), ("a", CANCELLED), ("b", "edited"), ("ask", "held")],
)
def test_an_instance_cancelled_here_and_edited_there_follows_rows_14_and_15_for_that_instance_alone(
    policy: str, expected: str
) -> None:
    """R4: A cancels, B edits; the rest of the series flows meanwhile."""
    stage = linked(conflict=policy)
    stage.edit(1, "u", {f"@{key(1)}": CANCELLED, "url": "https://a"})
    stage.edit(2, "u", {f"@{key(1)}/title": "Kept alive"})
    last = stage.settle()
    assert [stage.form(i, "u")["url"] for i in (1, 2)] == ["https://a"] * 2
    forms = [stage.form(i, "u") for i in (1, 2)]
    if expected == "held":
        assert [hold.kind for hold in last.holds] == ["fields"]
        assert forms[0][f"@{key(1)}"] == CANCELLED and forms[1][f"@{key(1)}/title"] == "Kept alive"
    else:
        assert forms[0] == forms[1]
        assert (forms[0].get(f"@{key(1)}") == CANCELLED) == (expected == CANCELLED)
        assert (forms[0].get(f"@{key(1)}/title") == "Kept alive") == (expected == "edited")
    stage.check_lost()


@pytest.mark.parametrize("first", ["cancelled", "edited"])
@pytest.mark.parametrize(
    ("policy", "expected"), [("merge", "edited"), ("a", CANCELLED), ("b", "edited"), ("ask", "held")]
)
def test_an_instance_agreed_upon_while_the_other_calendar_could_not_be_written_is_judged_alike(
    first: str, policy: str, expected: str
) -> None:
    """R4, D6: what A cancels, or B edits, later is a change against something it had not seen."""
    stage = linked(conflict=policy)
    cancels, edits = (1, {f"@{key(1)}": CANCELLED}), (2, {f"@{key(1)}/title": "Kept alive"})
    one, two = (cancels, edits) if first == "cancelled" else (edits, cancels)
    stage.edit(one[0], "u", one[1])
    stage.run(fails=lambda step: True)
    stage.edit(two[0], "u", two[1])
    last = stage.settle()
    forms = [stage.form(i, "u") for i in (1, 2)]
    if expected == "held":
        assert [hold.kind for hold in last.holds] == ["fields"]
        assert forms[0][f"@{key(1)}"] == CANCELLED and forms[1][f"@{key(1)}/title"] == "Kept alive"
    else:
        assert forms[0] == forms[1]
        assert (forms[0].get(f"@{key(1)}") == CANCELLED) == (expected == CANCELLED)
        assert (forms[0].get(f"@{key(1)}/title") == "Kept alive") == (expected == "edited")
    stage.check_lost()


def test_cancelling_an_instance_after_seeing_its_edit_is_no_conflict() -> None:
    """R4."""
    stage = linked(conflict="ask")
    stage.edit(2, "u", {f"@{key(1)}/title": "Seen by both"})
    stage.settle()
    stage.edit(1, "u", {f"@{key(1)}": CANCELLED, f"@{key(1)}/title": None})
    assert not stage.settle().holds
    assert stage.form(2, "u")[f"@{key(1)}"] == CANCELLED


def test_cancelling_all_instances_is_not_deleting_the_series() -> None:
    """R5."""
    stage = linked()
    stage.edit(1, "u", {f"@{key(week)}": CANCELLED for week in range(5)})
    made = stage.run()
    assert kinds(made.steps) == [("update", 2)]
    assert stage.has(1, "u") and stage.has(2, "u")


def test_a_series_deleted_here_against_an_instance_edited_there_is_restored() -> None:
    """R5, row 14 for the whole set."""
    stage = linked()
    stage.delete(1, "u")
    stage.edit(2, "u", {f"@{key(1)}/title": "Mind this one"})
    stage.settle()
    assert stage.form(1, "u")[f"@{key(1)}/title"] == "Mind this one"


def test_this_and_following_creates_the_heir_before_it_cuts_the_old_series() -> None:
    """R6: the shortened series waits for the confirmed create of the new one, per calendar."""
    stage = linked()
    stage.edit(1, "u", {"recurrence": weekly(2)})
    stage.put(1, "heir", series("Team, new time") | {"time": span("2026-12-15 09:00")})
    made = stage.run(fails=lambda step: step.kind == "create")
    (cut,) = [step for step in made.steps if step.kind == "update"]
    assert cut.needs == tuple(step.link for step in made.steps if step.kind == "create")
    assert stage.form(2, "u")["recurrence"] == weekly(5)  # the create failed, so nothing was cut
    stage.settle()
    assert stage.form(2, "u")["recurrence"] == weekly(2) and stage.has(2, "heir")


def test_an_unrelated_new_event_is_no_heir() -> None:
    """R6."""
    stage = linked()
    stage.edit(1, "u", {"recurrence": weekly(2)})
    stage.put(1, "other", event("Other"))
    assert all(not step.needs for step in stage.run().steps)


@pytest.mark.parametrize(("policy", "winner"), [("merge", None), ("a", 1), ("b", 2)])
def test_time_changed_here_and_rule_changed_there_are_one_conflict_of_both(policy: str, winner: int | None) -> None:
    """Section 5: time block and rule, never one from each side."""
    stage = linked(conflict=policy)
    stage.edit(1, "u", {"time": MOVED})
    stage.edit(2, "u", {"recurrence": weekly(3)})
    last = stage.settle()
    blocks = [(form["time"], form["recurrence"]) for form in (stage.form(1, "u"), stage.form(2, "u"))]
    own = [(MOVED, weekly(5)), (span(), weekly(3))]
    assert blocks == (own if winner is None else [own[winner - 1]] * 2)
    assert [sorted(hold.detail) for hold in last.holds] == ([["recurrence", "time"]] if winner is None else [])
    stage.check_lost()


def test_start_here_and_end_there_are_one_conflict_never_a_mixture() -> None:
    """Section 5: the time block."""
    stage = linked(event())
    stage.edit(1, "u", {"time": span("2026-12-01 08:00", 120)})
    stage.edit(2, "u", {"time": span("2026-12-01 09:00", 90)})
    (hold,) = stage.run().holds
    assert list(hold.detail) == ["time"]
    assert [stage.form(i, "u")["time"] for i in (1, 2)] == [span("2026-12-01 08:00", 120), span("2026-12-01 09:00", 90)]


@pytest.mark.parametrize(
    ("was", "became"),
    [
        (weekly(3), Recurrence(("FREQ=WEEKLY;UNTIL=20261215T080000Z",))),
        (weekly(3), Recurrence(("BYDAY=TU;COUNT=3;FREQ=WEEKLY",))),
    ],
)
def test_a_rule_rewritten_with_the_same_dates_is_no_change(was: Recurrence, became: Recurrence) -> None:
    """R8."""
    stage = linked(series() | {"recurrence": was})
    stage.edit(2, "u", {"recurrence": became})
    assert not stage.run().steps


def test_a_zone_of_another_name_and_the_same_rules_is_no_change() -> None:
    """R8."""
    stage = linked()
    stage.edit(2, "u", {"time": span(tzid="Europe/Vienna")})
    assert not stage.run().steps


def test_an_all_day_series_has_days_for_keys() -> None:
    """R1."""
    from datetime import date

    day = Span(AllDay(date(2026, 12, 1)), AllDay(date(2026, 12, 2)))
    stage = linked({"title": "Holiday", "time": day, "recurrence": weekly(3)})
    stage.edit(2, "u", {"@20261208": CANCELLED})
    stage.settle()
    assert stage.form(1, "u")["@20261208"] == CANCELLED
