"""A run of 200 mixed changes in a ring of three kinds of provider, taken back: every calendar is as it was (I19)."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

from tests.engine.cloud_world import CloudWorld
from tests.engine.sides import Seen

CHANGES = 200
FIRST = datetime(2027, 3, 1, 9)


def agendas(world: CloudWorld) -> dict[str, Counter[Seen]]:
    return {name: Counter(side.agenda()) for name, side in world.servers.items()}


def at(number: int) -> str:
    return f"{FIRST + timedelta(hours=number * 7):%Y-%m-%dT%H:%M}"


def add(world: CloudWorld, number: int) -> str:
    rule = "FREQ=WEEKLY;COUNT=4" if number % 5 == 0 else ""
    return world["abc"[number % 3]].add(f"Event {number}", at(number), rule=rule, location="Room")


def change(world: CloudWorld, dice: random.Random, number: int, uid: str, *, series: bool) -> None:
    """Each event is changed by one person on one calendar, or on that calendar goes away, or is new there."""
    side = world[dice.choice("abc")]
    deeds = ["edit", "edit", "delete", "new", *(["date"] if series else ["shift"])]
    match dice.choice(deeds):
        case "edit":
            side.edit(uid, title=f"Retitled {number}", location=dice.choice((None, "Elsewhere", "")))
        case "shift":
            side.shift(uid, f"{FIRST + timedelta(hours=number * 7 + 2):%Y-%m-%dT%H:%M}")
        case "date":
            second = FIRST + timedelta(hours=number * 7, days=7)
            side.change(uid, f"{second:%Y-%m-%dT%H:%M}", title=f"Once {number}")
        case "delete":
            side.delete(uid)
        case _:
            side.add(f"New {number}", at(number + 500), location="Here")


def test_a_run_of_200_mixed_changes_is_taken_back_on_all_calendars() -> None:
    dice = random.Random(11)
    with CloudWorld("google", "graph", "dav", ring=True, delete_count=1000, delete_percent=100.0) as world:
        world.gap = timedelta(minutes=20)
        known = []
        for number in range(CHANGES):
            known.append(world.person(lambda n=number: add(world, n)))
        world.run()
        world.run()
        for number, uid in enumerate(known):
            world.person(lambda n=number, u=uid: change(world, dice, n, u, series=n % 5 == 0))
        before = agendas(world)
        done = world.run()
        assert len(done.changes) >= CHANGES and agendas(world) != before
        after = agendas(world)
        world.wait(30)
        back = world.undo(done.run)
        assert not back.problems, [problem.message for problem in back.problems]
        assert agendas(world) == before
        writes = world.writes()
        world.run()
        assert world.writes() == writes and agendas(world) == before, "it rests as it was"
        world.wait(30)
        again = world.undo(back.run)
        assert not again.problems and agendas(world) == after
        assert not world.g.mails and not any(box.mails for box in world.m.world.mailboxes)
