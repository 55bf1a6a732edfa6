"""A series moved on one side while the other side's words for one of its dates are still on their way (R3 with D6)."""

from __future__ import annotations

from datetime import datetime

import pytest

from calsync_cli.model.series import CANCELLED
from calsync_cli.model.times import Span, Zoned
from tests.engine.faulty_world import FaultyWorld
from tests.engine.world import ics

SECOND, SECOND_LATER = "20261208T080000Z", "20261208T090000Z"


def span(hour: int) -> Span:
    return Span(*(Zoned(datetime(2026, 12, 1, hour + more), "Europe/Berlin") for more in (0, 1)))


def owed() -> FaultyWorld:
    """B has renamed the second date, and the write of that to A did not get through."""
    world = FaultyWorld("ab")
    world.put("a", ics("s1", "Series", "RRULE:FREQ=WEEKLY;COUNT=4"))
    world.run()
    world.edit("b", "s1", **{f"@{SECOND}/title": "tok1x"})
    world.board.arm("before", call="update")
    world.run()
    assert f"@{SECOND}/title" not in world.forms("a")["s1"]
    return world


def test_another_name_for_the_moved_date_is_a_conflict() -> None:
    """I1: what B said had been agreed and never shown on A, so A's name does not replace it."""
    world = owed()
    world.edit("a", "s1", time=span(10), **{f"@{SECOND_LATER}/title": "tok2x"})
    for _ in range(2):
        world.run()
    assert world.asked() == [("fields", "s1")]
    assert world.forms("a")["s1"][f"@{SECOND_LATER}/title"] == "tok2x"
    assert world.forms("b")["s1"][f"@{SECOND_LATER}/title"] == "tok1x"
    assert world.forms("a")["s1"]["time"] == world.forms("b")["s1"]["time"] == span(10)
    assert world.quiet()
    world.oracle.no_word_lost()


@pytest.mark.parametrize("word", ["a", "b"])
def test_the_name_that_loses_is_kept(word: str) -> None:
    world = owed()
    world.pairs = [type(world.pairs[0])("ab", world.pairs[0].a, world.pairs[0].b, first_sync="auto", conflict=word)]
    world.edit("a", "s1", time=span(10), **{f"@{SECOND_LATER}/title": "tok2x"})
    for _ in range(2):
        world.run()
    names = {world.forms(side)["s1"][f"@{SECOND_LATER}/title"] for side in "ab"}
    assert names == {"tok2x" if word == "a" else "tok1x"}
    world.oracle.no_word_lost()
    assert world.quiet()


def test_a_moved_series_takes_along_what_was_owed_to_it() -> None:
    world = owed()
    world.edit("a", "s1", time=span(10))
    for _ in range(2):
        world.run()
    for side in "ab":
        assert world.forms(side)["s1"][f"@{SECOND_LATER}/title"] == "tok1x"
    assert world.asked() == []
    assert world.quiet()


def test_the_moved_date_cancelled_on_the_side_that_had_not_seen_its_name_stays() -> None:
    """R4: an edit that was agreed, and a cancellation by somebody who had not seen it."""
    world = owed()
    world.edit("a", "s1", time=span(10), **{f"@{SECOND_LATER}": CANCELLED})
    for _ in range(2):
        world.run()
    for side in "ab":
        assert world.forms(side)["s1"][f"@{SECOND_LATER}/title"] == "tok1x"
    world.oracle.no_word_lost()
    assert world.quiet()
