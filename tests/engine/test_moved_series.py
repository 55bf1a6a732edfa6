"""A series moved on one side while the other side's words for one of its dates are still on their way (R3 with D6)."""

from __future__ import annotations

from datetime import datetime

import pytest

from calsync_cli.model import recur
from calsync_cli.model.series import CANCELLED, Recurrence
from calsync_cli.model.times import Span, Zoned
from tests.crash.scenarios import decide
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


# -- rules that say the same of one start and not of another (R8) ------------------------------------------------------

UNTIL = Recurrence(("FREQ=WEEKLY;UNTIL=20261223T115959Z",))
"""From 1 December at 9 four dates, as COUNT=4 says; from the 3rd three, from the 2nd at 13 four."""


def counted(*sides: str) -> FaultyWorld:
    world = FaultyWorld("ab")
    world.put("a", ics("s1", "Series", "RRULE:FREQ=WEEKLY;COUNT=4"))
    world.run()
    for side in sides:
        world.edit(side, "s1", recurrence=UNTIL)
        world.run()
    return world


def moved_to(day: int, hour: int) -> Span:
    return Span(*(Zoned(datetime(2026, 12, day, hour + more), "Europe/Berlin") for more in (0, 1)))


def dates(world: FaultyWorld, side: str) -> list[object]:
    form = world.forms(side)["s1"]
    time, rule = form["time"], form["recurrence"]
    assert isinstance(time, Span) and isinstance(rule, Recurrence)
    return list(recur.starts(time, rule))


def settled(world: FaultyWorld, count: int) -> None:
    for _ in range(2):
        world.run()
    assert dates(world, "a") == dates(world, "b")
    assert len(dates(world, "a")) == count
    assert world.asked() == [] and world.quiet()


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_new_rule_that_differs_only_after_the_move_goes_along(side: str) -> None:
    world = counted()
    world.edit(side, "s1", time=moved_to(3, 13), recurrence=UNTIL)
    settled(world, 3)


@pytest.mark.parametrize("other", ["a", "b"])
@pytest.mark.parametrize("mover", ["a", "b"])
def test_a_move_shows_the_dates_of_who_moved_everywhere(other: str, mover: str) -> None:
    """The other spelling changed nothing when it came, so each side kept its own until the move."""
    world = counted(other)
    assert dates(world, "a") == dates(world, "b")
    world.edit(mover, "s1", time=moved_to(3, 13))
    settled(world, 3 if mover == other else 4)


@pytest.mark.parametrize("mover", ["a", "b"])
def test_what_a_date_keeps_for_itself_goes_with_the_date(mover: str) -> None:
    """I16: a date's exception without the alarm of its series, and nothing else of its own, is no date of its own."""
    world = FaultyWorld("ab")
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Soon", "END:VALARM")
    world.put("a", ics("s1", "Series", "RRULE:FREQ=WEEKLY;COUNT=4", *alarm))
    world.run()
    for side in "ab":
        world.edit(side, "s1", **{f"@{SECOND}/title": "tok1x", f"@{SECOND}/reminders": frozenset()})
    world.run()
    world.edit(mover, "s1", time=span(10), **{
        f"@{SECOND}/title": None, f"@{SECOND}/reminders": None,
        f"@{SECOND_LATER}/title": "tok1x", f"@{SECOND_LATER}/reminders": frozenset(),
    })
    world.run()
    for side in "ab":
        assert not [path for path in world.forms(side)["s1"] if SECOND in path], f"the old date is still on {side}"
        assert world.forms(side)["s1"][f"@{SECOND_LATER}/title"] == "tok1x"
    assert world.quiet()


@pytest.mark.parametrize("word", ["a", "b"])
@pytest.mark.parametrize("conflict", ["ask", "merge"])
def test_a_move_that_is_contested_moves_no_dates_yet(conflict: str, word: str) -> None:
    """A moves the series with its exception while B gives it another number of dates: one question for both (R3)."""
    world = FaultyWorld("ab", conflict=conflict)
    world.put("a", ics("s1", "Series", "RRULE:FREQ=WEEKLY;COUNT=4"))
    world.run()
    world.edit("a", "s1", **{f"@{SECOND}/title": "tok1x"})
    world.run()
    world.edit("a", "s1", time=span(10), **{f"@{SECOND}/title": None, f"@{SECOND_LATER}/title": "tok1x"})
    world.edit("b", "s1", recurrence=Recurrence(("COUNT=8;FREQ=WEEKLY",)))
    for _ in range(2):
        world.run()
    assert world.asked() == [("fields", "s1")]
    assert world.quiet()
    decide(word)(world)
    for _ in range(2):
        world.run()
    assert world.asked() == []
    forms = [world.forms(side)["s1"] for side in "ab"]
    assert not recur.diff(forms[0], forms[1])
    assert forms[0]["time"] == span(10 if word == "a" else 9)
    assert forms[0].get(f"@{SECOND_LATER if word == 'a' else SECOND}/title") == "tok1x"
    assert len([path for path in forms[0] if path.startswith("@")]) == 1
    assert world.quiet()
    world.oracle.no_word_lost()


def test_a_date_keeps_its_words_where_the_series_said_the_same_until_a_conflict_was_decided() -> None:
    """I16: on A the date looks as if it had no words of its own, as its series says the same; B's words win there."""
    world = FaultyWorld("ab")
    world.put("a", ics("s1", "Series", "RRULE:FREQ=WEEKLY;COUNT=4"))
    world.run()
    world.edit("a", "s1", location="tok1x")
    world.edit("b", "s1", location="tok2x")
    world.run()
    assert world.asked() == [("fields", "s1")]
    world.edit("b", "s1", **{f"@{SECOND}/location": "tok1x"})
    world.run()
    decide("b")(world)
    for _ in range(2):
        world.run()
    assert world.forms("a") == world.forms("b") and world.forms("a")["s1"]["location"] == "tok2x"
    assert world.forms("a")["s1"][f"@{SECOND}/location"] == "tok1x"
    assert world.quiet()
