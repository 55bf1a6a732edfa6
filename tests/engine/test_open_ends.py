"""Writes of which nobody knows whether they were made, of an account that was taken away (J8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calsync_cli.engine.by_hand import edited, removed
from calsync_cli.engine.errands import put_back
from calsync_cli.engine.former import Former, gone_groups
from calsync_cli.engine.groups import groups
from calsync_cli.engine.purge import purged
from calsync_cli.engine.recover import give_up
from calsync_cli.engine.retire import retired
from calsync_cli.engine.run import run
from calsync_cli.engine.session import Session
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.state import Wish
from calsync_cli.engine.undo import brought_back, pasts, taken_back
from calsync_cli.engine.world import Plan, Snapshot
from calsync_cli.errors import CalendarGone
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import Account
from calsync_cli.providers.base import Provider
from calsync_cli.store import journal, views
from tests.engine.faulty_world import FaultyWorld
from tests.engine.oracles import check_alike
from tests.engine.world import World, ics
from tests.fakes.memory_faults import Fault


@pytest.mark.parametrize("kind", ["undo", "restore", "purge", "put back", "retire", "edit", "remove"])
def test_nothing_that_is_asked_for_by_name_touches_an_event_with_an_open_end(kind: str) -> None:
    """J3: not until its end is known."""
    world = World("ab")
    for uid in ("u1", "u2", "u3"):
        world.put("a", ics(uid, uid.upper()))
    world.run()
    world.delete("a", "u1")
    world.edit("b", "u2", title="Newer")
    run = world.run().run or 0
    if kind == "put back":
        world.delete("b", "u3")
    free = _snapshot(world)
    frozen = replace(free, links=tuple(replace(link, frozen=True) for link in free.links))
    a, b = (views.calendar_ids(world.db, side, side) or 0 for side in "ab")
    remote_id, form = world._mirrored("b", "u2")

    def plan(snap: Snapshot) -> Plan:
        match kind:
            case "undo":
                done = pasts(journal.confirmed(world.db, run), lambda number, body: mapping("ical").read(body))
                return taken_back(snap, done, run)
            case "restore":
                lost = views.trash(world.db)[0]
                return brought_back(snap, lost, mapping("ical").read(lost.payload).form, [a, b])
            case "purge":
                return purged(snap, {a, b})
            case "put back":
                return put_back(snap)
            case "retire":
                keys, accounts = {snap.rules.key: {a, b}}, {n: Account(n, "memory") for n in "ab"}
                (group,) = gone_groups(world.db, keys, {}, accounts)
                return retired(snap, Former(group, frozenset({a, b}), {a: "a/a", b: "b/b"}, frozenset()))
            case "edit":
                return edited(snap, b, remote_id, {"title": "By hand"}, form)
        return removed(snap, b, remote_id, form)

    assert plan(free).steps and not plan(frozen).steps


def _snapshot(world: World) -> Snapshot:
    found: list[Snapshot] = []

    def look(scene: Scene) -> Plan:
        found.append(scene.snapshot)
        return Plan(scene.key)

    session = world.session()
    run(session, groups(world.pairs), Wish(dry_run=True), look)
    session.close()
    return found[0]


class Shrinking(FaultyWorld):
    """Its configuration may lack an account that the state knows."""

    away = ""

    def session(self) -> Session:
        made = super().session()
        connect = made.connect

        def known(account: str) -> Provider:
            if account == self.away:
                raise CalendarGone(f"account {account} is not in the configuration any more")
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
    assert row["error"] == "account b is not in the configuration any more" and row["kind"] == kind
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
