"""A pair with a window: all sets are held against it once a day, and a quiet run loads none of them (V1, V2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calsync_cli.engine.groups import groups
from calsync_cli.engine.observe import observe
from calsync_cli.engine.snapshot import take
from calsync_cli.model.account import Window
from tests.engine.world import World, ics

NEAR = {"window": Window(timedelta(days=30), timedelta(days=30))}


def loaded(world: World) -> int:
    """How many sets the next run would plan."""
    session = world.session()
    try:
        (group,) = groups(world.pairs)
        seen = observe(session, dict.fromkeys(group.calendars, group.pairs[0].window))
        snapshot = take(session, group, seen).snapshot
        return len(snapshot.links) + len(snapshot.unlinked)
    finally:
        session.close()


def on(world: World, days: int) -> str:
    return f"{world.clock.now + timedelta(days=days):%Y%m%dT090000}"


@pytest.fixture
def world() -> World:
    made = World("ab", **NEAR)
    for uid, days in (("inside", 3), ("ends", -29), ("later", 33), ("far", 300), ("old", -300)):
        made.put("a", ics(uid, uid, start=on(made, days)))
    made.run()
    made.run()
    return made


def test_only_what_is_inside_crosses_and_a_quiet_run_loads_nothing(world: World) -> None:
    assert {uid for uid in ("inside", "ends", "later", "far", "old") if world.has("b", uid)} == {"inside", "ends"}
    assert loaded(world) == 0


def test_what_comes_into_the_window_by_the_passing_of_days_crosses(world: World) -> None:
    world.clock.now += timedelta(days=4)
    world.run()
    assert world.has("b", "later") and not world.has("b", "far")
    world.run()
    assert loaded(world) == 0


def test_what_leaves_the_window_rests_and_is_deleted_nowhere(world: World) -> None:
    world.clock.now += timedelta(days=20)
    world.run()
    world.run()
    assert world.has("a", "ends") and world.has("b", "ends")
    assert loaded(world) == 0
    world.replace("a", "ends", "SUMMARY:ends", "SUMMARY:Later")
    world.run()
    assert "SUMMARY:ends" in str(world.servers["b"].contents("b"))


def test_an_edit_that_moves_a_resting_set_back_into_the_window_wakes_it(world: World) -> None:
    world.clock.now += timedelta(days=20)
    world.run()
    payload = world.servers["a"].contents("a")[world.find("a", "ends")].decode()
    moved = payload
    for line, to in (("DTSTART", on(world, 2)), ("DTEND", on(world, 2).replace("T09", "T10"))):
        old = next(one for one in payload.splitlines() if one.startswith(line))
        moved = moved.replace(old, f"{old.rpartition(':')[0]}:{to}")
    world.put("a", moved.encode(), world.find("a", "ends"))
    world.run()
    assert on(world, 2)[:8] in world.servers["b"].contents("b")[world.find("b", "ends")].decode()


def test_a_day_on_which_one_side_could_not_be_read_is_made_up_for(world: World) -> None:
    world.clock.now += timedelta(days=4)
    world.servers["b"].set_calendar("b", gone=True)
    world.run()
    world.servers["b"].set_calendar("b", gone=False)
    world.run()
    assert world.has("b", "later")
