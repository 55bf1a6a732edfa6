"""One-way copies that are found again without what was agreed with them: a person's words in them are not lost (W2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calsync_cli.model.account import CalendarName, Pair
from calsync_cli.model.series import CANCELLED
from calsync_cli.model.views import View
from tests.engine.faulty_world import FaultyWorld
from tests.engine.oracles import TOKEN
from tests.engine.world import ics


def copied(**rules: str) -> FaultyWorld:
    world = FaultyWorld("ab", direction="a-to-b", **rules)
    world.put("a", ics("u1", "One"))
    world.put("a", ics("u2", "Two"))
    world.run()
    return world


def stored(world: FaultyWorld) -> set[bytes]:
    world.oracle.remember_store()
    return world.oracle.stored


@pytest.mark.parametrize("field", ["title", "location"])
def test_words_in_a_copy_outlive_the_database(field: str) -> None:
    """K8: found by its marker, it says otherwise than its source; when that speaks, its words go to the store."""
    world = copied()
    world.edit("b", "u1", **{field: "tok1x"})
    world.run()
    world.lose_database()
    world.run()
    world.edit("a", "u1", **{field: "tok2x"})
    world.run()
    assert world.forms("b")["u1"][field] == "tok2x"
    assert b"tok1x" in stored(world)
    assert world.quiet()


@pytest.mark.parametrize("view", [View(), View("titles"), View("busy")], ids=lambda view: view.view)
def test_an_overwritten_copy_shows_what_it_is_to_show_and_nothing_else(view: View) -> None:
    """W2: also where its source says nothing, or may not say it there. What was written goes to the store (I1)."""
    world = copied(target_edits="overwrite", to_b=view)
    before = world.forms("b")
    for uid in before:
        world.edit("b", uid, title="tok1x", location="tok2x", description="tok3x")
    world.run()
    assert world.forms("b") == before and world.quiet()
    assert all(word in stored(world) for word in (b"tok1x", b"tok2x", b"tok3x"))


def test_an_edited_copy_is_not_retired_after_the_database_was_lost() -> None:
    """W4."""
    world = copied()
    world.edit("b", "u1", location="tok1x")
    world.lose_database()
    world.run()
    world.delete("a", "u1")
    world.run()
    assert world.has("b", "u1") and world.quiet()


def test_copies_that_are_found_again_are_not_written_over_with_what_they_say() -> None:
    """K8, I3: nobody edited them, whatever becomes of edits."""
    world = copied(target_edits="overwrite")
    world.lose_database()
    assert world.run().changes == [] and world.quiet()


def test_a_copy_of_before_is_as_good_as_new_after_the_database_was_lost() -> None:
    world = copied()
    world.lose_database()
    world.run()
    world.edit("a", "u1", title="Newer")
    world.delete("a", "u2")
    world.run()
    world.run(approved=frozenset(plan["plan"] for plan in world.run(dry_run=True).plans))
    assert world.titles("b") == ["Newer"] and not TOKEN.findall(repr(stored(world)).encode())


def test_a_released_copy_is_the_events_again_when_its_source_is_back() -> None:
    """W4, K3, I5: one event of a UID, and what a person had written into it is in the store."""
    world = copied()
    world.edit("b", "u1", title="tok1x")
    world.run()
    payload = world.servers["a"].contents("a")[world.find("a", "u1")]
    world.delete("a", "u1")
    world.run()
    assert world.titles("b") == ["Two", "tok1x"]
    world.put("a", payload)
    world.run()
    assert world.titles("b") == ["One", "Two"], "there are two of them"
    assert b"tok1x" in stored(world)
    assert world.quiet()


def test_a_copy_that_a_late_write_brought_up_to_date_is_no_edited_copy() -> None:
    """W4, row 8: it arrived after it had been looked for and before it was listed."""
    world = copied()
    world.board.late_time, world.board.late_calls = timedelta(days=9), 2
    world.board.arm("late", call="update")
    world.edit("a", "u1", title="tok1x")
    world.run()
    world.run()
    assert world.titles("b") == ["Two", "tok1x"]
    world.delete("a", "u1")
    world.run()
    assert world.titles("b") == ["Two"]


def test_words_in_a_date_of_the_copy_that_the_source_cancels_are_kept() -> None:
    world = FaultyWorld("ab", direction="a-to-b")
    world.put("a", ics("s1", "Series", "RRULE:FREQ=WEEKLY;COUNT=4"))
    world.run()
    world.edit("b", "s1", **{"@20261208T080000Z/title": "tok1x"})
    world.run()
    world.edit("a", "s1", **{"@20261208T080000Z": CANCELLED})
    world.run()
    assert world.forms("b")["s1"]["@20261208T080000Z"] == CANCELLED
    assert b"tok1x" in stored(world)


def pair_with_a_copy() -> FaultyWorld:
    a, b, c = (CalendarName(name, name) for name in "abc")
    both, copy = Pair("ab", a, b, first_sync="auto"), Pair("bc", b, c, "a-to-b", first_sync="auto")
    return FaultyWorld("abc", [both, copy])


def test_the_source_of_a_copy_is_nobodys_copy_though_another_pair_made_it() -> None:
    """N4, K8: B's event, which pair ab made, is linked by pair bc first, as A cannot be read after the database went.

    A deletion that was not seen before that is undone (K7).
    """
    world = pair_with_a_copy()
    world.put("a", ics("u1", "One"))
    world.run()
    assert world.titles("c") == ["One"]
    world.lose_database()
    world.delete("a", "u1")
    world.servers["a"].set_calendar("a", gone=True)
    world.run()
    world.servers["a"].set_calendar("a", gone=False)
    world.run(full=True)
    world.edit("b", "u1", title="Two")
    world.run()
    assert [world.titles(side) for side in "abc"] == [["Two"]] * 3
    assert world.quiet()


def test_a_copy_whose_making_was_cut_off_is_no_source_either() -> None:
    """N4, J3: it is listed before it is known whose it is, as the look after it failed."""
    a, b, c = (CalendarName(name, name) for name in "abc")
    world = FaultyWorld("abc", [Pair("bc", b, c, first_sync="auto"), Pair("ab", a, b, "a-to-b", first_sync="auto")])
    world.put("b", ics("u2", "Two"))
    world.run()
    world.put("a", ics("u1", "One"))
    world.board.arm("kill-after", call="create")
    world.crash_run()
    world.restart()
    world.board.arm("before", call="look")
    for _ in range(3):
        world.run()
    assert world.titles("b") == ["One", "Two"] and world.titles("c") == ["Two"]
    assert world.quiet()
