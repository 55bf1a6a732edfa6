"""Writes of which nobody knows whether they were made, of an account that was taken away (J8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calsync_cli.engine.recover import give_up
from calsync_cli.engine.session import Session
from calsync_cli.errors import CalendarGone
from calsync_cli.providers.base import Provider
from calsync_cli.store import journal
from tests.engine.faulty_world import FaultyWorld
from tests.engine.oracles import check_alike
from tests.engine.world import ics
from tests.fakes.memory_faults import Fault


class Shrinking(FaultyWorld):
    """Its configuration may lack an account that the state knows."""

    away = ""

    def session(self) -> Session:
        made = super().session()
        connect = made.connect

        def known(account: str) -> Provider:
            if account == self.away:
                raise CalendarGone(f"account {account} is in the configuration no more")
            return connect(account)

        made.connect = known
        return made


def cut_off(kind: str, fault: Fault) -> Shrinking:
    """A write to b that was broken off, after which b is away."""
    world = Shrinking("ab")
    world.put("a", ics("u1", "One"))
    world.put("a", ics("u2", "Two"))
    world.run()
    match kind:
        case "create":
            world.put("a", ics("u3", "Three"))
        case "update":
            world.edit("a", "u1", title="Newer")
        case "delete":
            world.delete("a", "u1")
    game = world.save()
    world.load(game)
    world.run()
    (number,) = world.writing
    world.load(game)
    world.board.fault_at(number, fault)
    world.crash_run()
    world.restart()
    world.pairs, world.away = [], "b"
    return world


@pytest.mark.parametrize("fault", ["kill-before", "kill-after"])
@pytest.mark.parametrize("kind", ["create", "update", "delete"])
@pytest.mark.parametrize("days", [0, 3])
def test_what_was_given_up_is_found_or_made_when_the_account_is_back(kind: str, fault: Fault, days: int) -> None:
    world = cut_off(kind, fault)
    for _ in range(2):
        report = world.run()
        assert report.exit_code == 1 and [p.next for p in report.problems] == ["calsync journal"]
    (row,) = journal.sent(world.db)
    assert row["error"] == "account b is in the configuration no more" and row["kind"] == kind
    give_up(world.db, [row["id"]])
    assert world.run().exit_code == 0
    world.clock.now += timedelta(days=days)
    world.pairs, world.away = FaultyWorld("ab").pairs, ""
    world.run()
    world.run()
    assert world.quiet()
    check_alike(world)
    world.oracle.final()
    expected = {"create": ["One", "Three", "Two"], "update": ["Newer", "Two"], "delete": ["Two"]}
    assert world.titles("a") == world.titles("b") == expected[kind]


@pytest.mark.parametrize("fault", ["kill-before", "kill-after"])
def test_what_was_not_given_up_is_looked_up_when_the_account_is_back(fault: Fault) -> None:
    world = cut_off("create", fault)
    world.run()
    world.pairs, world.away = FaultyWorld("ab").pairs, ""
    assert world.run().exit_code == 0 and world.quiet()
    world.oracle.final()
    assert world.titles("a") == world.titles("b") == ["One", "Three", "Two"]
