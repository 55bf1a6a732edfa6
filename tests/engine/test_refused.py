"""What a server refused is neither repeated in every run nor given up for ever (I3)."""

from __future__ import annotations

import pytest

from tests.engine.faulty_world import FaultyWorld
from tests.engine.world import ics, in_an_hour


def refused() -> FaultyWorld:
    world = FaultyWorld("ab")
    world.put("a", ics("u1", "One"))
    world.run()
    world.edit("a", "u1", title="Two")
    world.board.arm("403", call="update")
    report = world.run()
    assert report.exit_code != 0 and world.forms("b")["u1"]["title"] == "One"
    return world


def writes(world: FaultyWorld) -> int:
    return sum(count["write"] for count in world.run().requests.values())


def test_a_refused_write_rests_for_a_day_and_is_then_tried_again() -> None:
    world = refused()
    assert [writes(world) for _ in range(4)] == [0, 0, 0, 0]
    world.clock.now += in_an_hour(25)
    assert writes(world) == 1
    assert world.forms("b")["u1"]["title"] == "Two"
    assert world.run().exit_code == 0 and world.quiet()


def test_what_is_refused_again_rests_for_another_day() -> None:
    world = refused()
    world.run()
    world.clock.now += in_an_hour(25)
    world.board.arm("403", call="update")
    world.run()
    assert [writes(world) for _ in range(3)] == [0, 0, 0]
    assert world.forms("b")["u1"]["title"] == "One"
    world.clock.now += in_an_hour(25)
    world.run()
    assert world.forms("b")["u1"]["title"] == "Two"


@pytest.mark.parametrize("full", [True, False])
def test_full_tries_it_again_at_once(full: bool) -> None:
    world = refused()
    world.run(full=full)
    assert world.forms("b")["u1"]["title"] == ("Two" if full else "One")
