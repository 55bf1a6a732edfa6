"""A run with nothing to do ends before the planner is loaded: it must tell and leave behind what a whole run would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from calsync_cli.engine.groups import groups
from calsync_cli.engine.plan import plan
from calsync_cli.engine.report import Report
from calsync_cli.engine.run import run
from calsync_cli.engine.state import Wish
from calsync_cli.model.account import Window
from tests.engine.world import World, ics

KEPT = ("calendar", "grp", "grp_calendar", "link", "spoke", "hold", "outside", "operation", "kept", "mirror_item")


def two() -> World:
    world = World()
    for n in range(3):
        world.put("a", ics(f"u{n}", f"Event {n}"))
    world.run()
    return world


def unreadable() -> World:
    world = two()
    world.put("b", b"BEGIN:VCALENDAR\r\nnonsense")
    world.run()
    return world


def asked() -> World:
    world = two()
    for side in "ab":
        world.edit(side, "u1", title=f"as {side} says")
    world.run()
    return world


def windowed() -> World:
    world = World(window=Window(timedelta(days=365), timedelta(days=365)))
    world.put("a", ics("u1", "One"))
    world.put("a", ics("u2", "Long ago", start="20200101T090000"))
    world.run()
    return world


def emptied() -> World:
    """G2."""
    world = two()
    for n in range(3):
        world.delete("b", f"u{n}")
    world.run()
    return world


def lone() -> World:
    return World()


def whole(world: World) -> Report:
    """The same run with everything loaded and planned."""
    session = world.session()
    try:
        return run(session, groups(world.pairs), Wish(), lambda scene: plan(scene.snapshot))
    finally:
        session.close()
        world.clock.now += world.gap


def left_behind(world: World) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in world.db.all(f"SELECT * FROM {name}")] for name in KEPT]


def told(report: Report) -> tuple[object, ...]:
    return [p.json() for p in report.pairs], [p.json() for p in report.problems], report.notes, report.exit_code


@pytest.mark.parametrize("made", [two, unreadable, asked, windowed, emptied, lone])
def test_a_run_at_rest_tells_and_leaves_what_a_whole_one_would(made: Callable[[], World]) -> None:
    world = made()
    world.run()
    before = left_behind(world)
    short = world.run()
    assert left_behind(world) == before
    after = left_behind(world)
    assert told(short) == told(whole(world))
    assert left_behind(world) == after
