"""A calendar that cannot be read for one run makes nobody forget: neither a guard nor a question nor its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from calsync_cli.errors import TransientError
from calsync_cli.model.account import Window
from calsync_cli.providers.memory import Traits
from tests.crash.further import answers
from tests.engine.faulty_world import FaultyWorld
from tests.engine.world import ics


def agreed(count: int = 3, **rules: object) -> FaultyWorld:
    world = FaultyWorld("ab", **rules)
    for number in range(count):
        world.put("a", ics(f"u{number}", f"E{number}"))
    world.run()
    world.run()
    return world


def other_window(world: FaultyWorld) -> None:
    world.pairs = [replace(pair, window=Window(timedelta(days=30), timedelta(days=30))) for pair in world.pairs]


def lost_token(world: FaultyWorld) -> None:
    world.servers["a"].expire_tokens()


def run_without(world: FaultyWorld, side: str) -> None:
    """One run in which this calendar answers nothing that can be read."""
    server = world.servers[side]
    real = server.hints

    def unreadable(*_: object) -> None:
        raise TransientError("The connection broke.")

    server.hints = unreadable  # type: ignore[assignment, method-assign]
    world.run()
    server.hints = real  # type: ignore[method-assign]


@pytest.mark.parametrize("why", [other_window, lost_token])
def test_a_deletion_still_waits_for_a_yes_when_the_other_calendar_is_back(why: Callable[[FaultyWorld], None]) -> None:
    """G4: the first run of other rules, or after a lost token, is one that saw everything."""
    world = agreed()
    why(world)
    world.delete("a", "u1")
    run_without(world, "b")
    report = world.run()
    assert report.exit_code == 4 and world.has("b", "u1"), report.changes


def test_a_wider_window_takes_effect_when_the_other_calendar_is_back() -> None:
    world = agreed(window=Window(timedelta(days=30), timedelta(days=30)))
    world.put("a", ics("far", "Far", start="20270901T090000"))
    world.run()
    assert not world.has("b", "far")
    world.pairs = [replace(pair, window=Window()) for pair in world.pairs]
    run_without(world, "b")
    world.run()
    assert world.has("b", "far")


@pytest.mark.parametrize("away", ["a", "b"])
@pytest.mark.parametrize("word", ["approve", "reject"])
@pytest.mark.parametrize("kind", ["create", "update", "delete"])
def test_an_answer_is_not_forgotten_while_a_calendar_is_away(away: str, word: str, kind: str) -> None:
    world = agreed(approve=frozenset({"all"}))
    assert not world.titles("b") and len(world.asked()) == 3
    if kind != "create":
        answers("approve")(world)
        world.run()
        world.edit("a", "u1", title="T") if kind == "update" else world.delete("a", "u1")
        world.run()
        assert world.asked() == [("approval", "u1")]
    answers(word)(world)
    run_without(world, away)
    world.run()
    assert world.asked() == []
    after = {"create": ["E0", "E1", "E2"], "update": ["E0", "E2", "T"], "delete": ["E0", "E2"]}[kind]
    before = [] if kind == "create" else ["E0", "E1", "E2"]
    assert world.titles("b") == (after if word == "approve" else before)
    assert world.quiet()


def test_a_deletion_that_waits_is_not_forgotten_while_its_calendar_is_away() -> None:
    world = agreed(approve=frozenset({"delete"}))
    world.delete("a", "u1")
    world.run()
    assert world.asked() == [("approval", "u1")]
    run_without(world, "a")
    world.run()
    assert world.asked() == [("approval", "u1")]


@pytest.mark.parametrize("kind", ["create", "update"])
def test_what_is_half_shown_when_an_open_write_is_looked_for_is_not_taken_for_what_is_there(kind: str) -> None:
    """O7, J3: before anything is read, and so before anybody notices that titles are hidden now."""
    hides = Traits(redact=lambda payload: payload.replace(b"SUMMARY:", b"SUMMARY:Busy"))
    world = FaultyWorld("abc", traits={"c": hides})
    if kind == "update":
        world.put("a", ics("u1", "One"))
        world.run()
        world.edit("a", "u1", location="Here")
        call = "update"
    else:
        world.put("a", ics("u1", "One"))
        call = "create"
    world.board.arm("kill-after", call=call, times=2)
    while world.crash_run() is None:
        world.restart()
        world.servers["c"].set_calendar("c", level="limited", access="read")
    world.servers["c"].set_calendar("c", level="full", access="write")
    world.run(full=True)
    world.run()
    assert world.titles("a") == world.titles("b") == world.titles("c") == ["One"]
    assert world.forms("a") == world.forms("c") and world.quiet()


@pytest.mark.parametrize("delta", [True, False])
def test_a_calendar_that_shows_more_than_before_is_read_again(delta: bool) -> None:
    """O7: its events have the versions they had, and titles now."""
    hides = Traits(redact=lambda payload: payload.replace(b"SUMMARY:", b"SUMMARY:Busy"), delta=delta)
    world = FaultyWorld("ab", traits={"b": hides})
    world.put("b", ics("u1", "One"))
    world.put("b", ics("u2", "Two"))
    world.servers["b"].set_calendar("b", level="limited", access="read")
    world.run()
    assert world.titles("a") == ["BusyOne", "BusyTwo"]
    world.servers["b"].set_calendar("b", level="full", access="write")
    world.clock.now += timedelta(days=8)
    world.run()
    world.run()
    assert world.titles("a") == world.titles("b") == ["One", "Two"]
    assert world.quiet()
