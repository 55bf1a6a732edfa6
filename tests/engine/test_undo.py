"""Undo and restore over memory calendars (semantics 17, I19): what a run did is taken back, and rests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_cli.engine.groups import groups
from calsync_cli.engine.state import Wish
from calsync_cli.engine.undo import undo
from calsync_cli.model.account import CalendarName, Pair
from calsync_cli.model.series import CANCELLED, Form, Recurrence
from calsync_cli.model.views import View
from calsync_cli.providers.memory import Traits
from calsync_cli.store import views
from calsync_cli.store.retention import tidy
from tests.engine.world import World, ics
from tests.simulation import pen

SERIES = "RRULE:FREQ=WEEKLY;COUNT=6"
DATE = "@20261208T080000Z"


def all_forms(world: World) -> dict[str, dict[str, Form]]:
    return {side: world.forms(side) for side in world.servers}


def rests(world: World) -> None:
    before = world.writes()
    assert world.run().exit_code == 0
    assert world.writes() == before


@pytest.fixture
def world() -> World:
    made = World("ab")
    for uid in ("one", "two", "three"):
        made.put("a", ics(uid, uid.title(), "LOCATION:Here"))
    made.put("b", ics("series", "Series", SERIES))
    made.run()
    return made


def test_a_run_of_all_kinds_is_taken_back_and_stays_so(world: World) -> None:
    world.edit("a", "one", title="Renamed", location=None)
    world.edit("b", "series", **{DATE: CANCELLED, "recurrence": Recurrence(("COUNT=3;FREQ=WEEKLY",))})
    world.delete("b", "two")
    world.put("b", ics("new", "New"))
    before = all_forms(world)
    done = world.run()
    assert len(done.changes) == 4 and all_forms(world)["a"] != before["a"]
    after = all_forms(world)
    back = world.undo(done.run)
    assert (back.exit_code, [change.outcome for change in back.changes]) == (0, ["confirmed"] * 4)
    assert all_forms(world) == before
    rests(world)
    again = world.undo(back.run)
    assert again.exit_code == 0 and all_forms(world) == after
    rests(world)


def test_what_was_changed_since_is_told_and_left_alone(world: World) -> None:
    world.edit("a", "one", title="Renamed")
    world.edit("a", "three", title="Renamed too")
    done = world.run()
    world.edit("b", "one", location="Elsewhere")
    report = world.undo(done.run)
    assert world.forms("b")["one"]["title"] == "Renamed" and world.forms("b")["one"]["location"] == "Elsewhere"
    assert world.forms("b")["three"]["title"] == "Three"
    (problem,) = report.problems
    assert report.exit_code == 3 and f"it was changed after run {done.run}" in problem.message
    assert "Renamed" in problem.message
    world.run()
    assert world.forms("a")["one"]["location"] == "Elsewhere", "the edit made since flows as ever"
    assert world.forms("a")["three"]["title"] == "Renamed too" and world.forms("b")["three"]["title"] == "Three"


def test_the_next_edit_after_an_undo_flows_again(world: World) -> None:
    world.edit("a", "one", title="Renamed")
    done = world.run()
    world.undo(done.run)
    world.edit("a", "one", title="Renamed once more")
    world.run()
    assert world.forms("b")["one"]["title"] == "Renamed once more"


def test_a_deletion_that_was_taken_back_stays_on_its_side_until_it_is_edited(world: World) -> None:
    """The person who deleted it keeps it deleted; where it came back, edits do not send it round again."""
    world.delete("a", "two")
    done = world.run()
    world.undo(done.run)
    assert world.has("b", "two") and not world.has("a", "two")
    world.edit("b", "two", title="Edited")
    world.run()
    assert not world.has("a", "two") and world.forms("b")["two"]["title"] == "Edited"


def test_a_deletion_that_reached_some_calendars_alone_does_not_go_on_after_it_was_taken_back() -> None:
    """I19: on one of them it waits, as it would mail."""
    world = World("abc")
    world.servers["c"].set_calendar("c", mails=True)
    for uid in map(str, range(20)):
        world.put("a", ics(uid, uid))
    world.put("c", ics("two", "Two", "ORGANIZER:mailto:me@example.org", "ATTENDEE:mailto:you@example.org"))
    world.run()
    world.delete("a", "two")
    done = world.run()
    assert not world.has("b", "two") and world.has("c", "two")
    world.undo(done.run)
    before = world.writes()
    for _ in range(2):
        world.run()
    assert world.writes() == before and world.has("b", "two") and not world.has("a", "two")


def test_a_series_that_is_moved_back_keeps_the_words_of_its_dates(world: World) -> None:
    """I1, R3: here they are dates of the series, whatever the other side calls them."""
    world.edit("b", "series", **{f"{DATE}/title": "Special"})
    world.run()
    before = world.forms("a")["series"]
    place = world.find("b", "series")
    world.put("b", pen.moved(world.servers["b"].contents("b")[place], timedelta(hours=-1)), place)
    done = world.run()
    world.undo(done.run)
    assert world.forms("a")["series"] == before
    world.edit("b", "series", location="There")
    world.run()
    assert world.forms("a")["series"] == {**before, "location": "There"}


def test_a_conflict_that_waits_is_not_decided_by_what_an_undo_writes() -> None:
    """D2: `newest` asks when people changed it, and no write of ours is one of theirs."""
    world = World("ab", conflict="newest", tie="ask")
    world.put("a", ics("one", "One"))
    world.run()
    world.edit("a", "one", title="This", location="There")
    world.edit("b", "one", title="That")
    done = world.run()
    assert world.forms("b")["one"]["location"] == "There"
    world.clock.sleep(3600)
    world.undo(done.run)
    world.run()
    assert (world.forms("a")["one"]["title"], world.forms("b")["one"]["title"]) == ("This", "That")


def test_a_dry_run_and_a_missing_yes_write_nothing(world: World) -> None:
    world.edit("a", "one", title="Renamed")
    done = world.run()
    before = world.writes()
    shown = world.undo(done.run, dry_run=True, yes=False)
    assert [(c.action, c.outcome) for c in shown.changes] == [("update", "planned")] and shown.exit_code == 0
    refused = world.undo(done.run, yes=False)
    assert refused.exit_code == 3 and refused.problems[0].next == f"calsync undo {done.run} --yes"
    assert world.writes() == before


def test_edits_that_wait_are_neither_lost_nor_swallowed_by_an_undo(world: World) -> None:
    """An undo looks at a few events only; all that people did meanwhile is for the next run."""
    world.edit("a", "one", title="Renamed")
    done = world.run()
    world.edit("a", "three", title="Meanwhile")
    world.put("b", ics("fresh", "Fresh"))
    world.undo(done.run)
    assert world.forms("b")["three"]["title"] == "Three" and not world.has("a", "fresh")
    world.run()
    assert world.forms("b")["three"]["title"] == "Meanwhile" and world.has("a", "fresh")


def test_what_cannot_be_written_is_named(world: World) -> None:
    world.edit("a", "one", title="Renamed")
    done = world.run()
    shelf = world.servers["b"].shelf("b")
    shelf.face = replace(shelf.face, access="read")
    world.run(full=True)
    report = world.undo(done.run)
    assert report.exit_code == 5 and "read-only" in report.problems[0].message
    assert world.forms("b")["one"]["title"] == "Renamed"


def test_an_undo_under_way_that_is_cut_off_is_finished_by_asking_again(world: World) -> None:
    for uid in ("one", "two", "three"):
        world.edit("a", uid, title=f"New {uid}")
    before = all_forms(world)
    done = world.run()
    world.servers["b"].traits.batch = 1
    calls = iter((False, True))
    session = world.session()
    session.stopping = lambda: next(calls, True)
    try:
        undo(session, groups(world.pairs), done.run or 0, Wish(yes=True, trigger="undo"))
    finally:
        session.close()
    left = [uid for uid, form in world.forms("b").items() if str(form["title"]).startswith("New")]
    assert 0 < len(left) < 3
    world.undo(done.run)
    assert all_forms(world) == before
    rests(world)


def test_a_ring_is_taken_back_on_all_its_sides() -> None:
    pairs = [Pair(x + y, CalendarName(x, x), CalendarName(y, y), first_sync="auto") for x, y in ("ab", "bc", "ca")]
    world = World("abc", pairs)
    world.put("a", ics("one", "One"))
    world.put("b", ics("two", "Two"))
    world.run()
    world.delete("a", "one")
    world.edit("c", "two", title="Renamed")
    before = all_forms(world)
    done = world.run()
    world.undo(done.run)
    assert all_forms(world) == before
    rests(world)


@pytest.mark.parametrize("sides", ["a", "b", "ab"])
def test_a_deleted_event_is_made_again_where_it_is_wanted(world: World, sides: str) -> None:
    form = world.forms("a")["two"]
    world.delete("a", "two")
    world.run()
    assert [one.uid for one in views.trash(world.db)] == ["two"]
    report = world.restore("two", *sides)
    assert report.exit_code == 0 and len(report.changes) == len(sides)
    for side in "ab":
        assert world.forms(side).get("two") == (form if side in sides else None)
    assert all(world.forms(side)["one"] for side in "ab")
    rests(world)
    assert views.trash(world.db) == [] or sides == "a"
    world.undo(report.run)
    assert not world.has("a", "two") and not world.has("b", "two")
    rests(world)


def test_a_deletion_that_is_taken_back_brings_every_line_back_and_invites_nobody(world: World) -> None:
    lines = ("X-PROJECT;P=1:mine", "ORGANIZER:mailto:me@example.org", "ATTENDEE;CN=You:mailto:you@example.org")
    world.put("b", ics("rich", "Rich", *lines))
    world.run()
    payload = world.servers["b"].contents("b")[world.find("b", "rich")].decode()
    world.delete("a", "rich")
    done = world.run()
    world.undo(done.run)
    again = world.servers["b"].contents("b")[world.find("b", "rich")].decode()
    lost = set(payload.splitlines()) - set(again.splitlines())
    assert lost == set(lines[1:]) and "X-CALSYNC-ATTENDEE;CN=You:mailto:you@example.org" in again
    rests(world)


def test_what_was_made_again_on_both_sides_is_one_event(world: World) -> None:
    world.delete("a", "two")
    world.run()
    world.restore("two", "a", "b")
    world.edit("b", "two", title="Linked again")
    world.run()
    assert world.forms("a")["two"]["title"] == "Linked again"


def test_after_90_days_what_was_is_forgotten_and_said_so(world: World) -> None:
    world.delete("a", "two")
    world.edit("a", "one", title="Renamed")
    done = world.run()
    world.clock.now += timedelta(days=89)
    tidy(world.db)
    assert [one.uid for one in views.trash(world.db)] == ["two"]
    world.clock.now += timedelta(days=2)
    tidy(world.db)
    assert views.trash(world.db) == []
    report = world.undo(done.run)
    assert report.exit_code == 3 and len(report.problems) == 2
    assert all("is no longer kept" in problem.message for problem in report.problems)
    world.clock.now += timedelta(days=400)
    tidy(world.db)
    assert world.db.value("SELECT count(*) FROM operation") == 0 and world.db.value("SELECT count(*) FROM run") <= 2
    assert world.db.value("SELECT count(*) FROM link WHERE alive = 0") == 0
    rests(world)


# -- law ---------------------------------------------------------------------------------------------------------------

DEEDS = ("title", "location", "delete", "new", "cancel date", "rename date", "move")


@settings(max_examples=60, deadline=None)
@given(
    deeds=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(DEEDS), st.integers(0, 4)), min_size=1, max_size=6),
    receipt=st.sampled_from(["etag", "item", "bare"]),
    one_way=st.booleans(),
)
def test_undo_right_after_a_run_brings_back_what_was_there_before(
    deeds: list[tuple[str, str, int]], receipt: str, one_way: bool
) -> None:
    """X14, I19; and a second undo brings the run's own end back."""
    traits = {"b": Traits(receipt=receipt)}  # type: ignore[arg-type]
    world = World("ab", traits=traits, conflict="a", direction="a-to-b" if one_way else "two-way")
    for number in range(5):
        world.put("a", ics(f"u{number}", f"E{number}", *([SERIES] if number > 2 else [])))
    world.run()
    for place, (side, deed, number) in enumerate(deeds):
        _do(world, side, deed, f"u{number}", place)
    before = all_forms(world)
    done = world.run()
    after = all_forms(world)
    if not done.changes:
        return
    back = world.undo(done.run)
    assert not back.problems and all_forms(world) == before
    first = world.writes()
    world.run()
    assert world.writes() == first and all_forms(world) == before
    if back.changes:
        world.undo(back.run)
        assert all_forms(world) == after


def _do(world: World, side: str, deed: str, uid: str, place: int) -> None:
    if deed == "new":
        world.put(side, ics(f"new{place}", f"New {place}"))
    elif not world.has(side, uid):
        return
    elif deed == "delete":
        world.delete(side, uid)
    elif deed in ("title", "location"):
        world.edit(side, uid, **{deed: f"{deed} {place}"})
    elif deed == "move":
        day = f"202612{2 + place:02d}"
        old = world.servers[side].contents(side)[world.find(side, uid)].decode()
        line = next(one for one in old.splitlines() if one.startswith("DTSTART"))
        if "RRULE" not in old:
            world.put(side, old.replace(line.rpartition(":")[2][:8], day).encode(), world.find(side, uid))
    elif "recurrence" in world.forms(side)[uid]:
        key = "20261215T080000Z"
        if f"@{key}" not in world.forms(side)[uid]:
            changes = {f"@{key}": CANCELLED} if deed == "cancel date" else {f"@{key}/title": f"date {place}"}
            world.edit(side, uid, **changes)


@pytest.mark.parametrize("shape", [{}, {"direction": "a-to-b"}], ids=str)
def test_the_words_around_a_title_are_put_there_once(shape: dict[str, Any]) -> None:
    """What a view adds to titles is in the image of a copy already, when it is made again."""
    world = World("ab", to_b=View("titles", title="[a] {title} (w)"), **shape)
    for uid in ("one", "two", "six"):
        world.put("a", ics(uid, uid.title()))
    world.run()
    world.delete("a", "one")
    run = world.run().run
    assert world.titles("b") == ["[a] Six (w)", "[a] Two (w)"]
    report = world.undo(run)
    assert world.titles("b") == ["[a] One (w)", "[a] Six (w)", "[a] Two (w)"] and report.notes == []
    world.delete("a", "two")
    assert world.run().exit_code == 0
    world.restore("two", "a", "b")
    assert world.titles("a") == ["Six", "Two"]
    assert world.titles("b") == ["[a] One (w)", "[a] Six (w)", "[a] Two (w)"]
