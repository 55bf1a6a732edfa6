"""Properties that a pair carries by name: both ways, merged like any field, and no other pair's affair (section 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from calsync_cli.model.account import CalendarName, Pair
from tests.engine.cloud_world import CloudWorld
from tests.engine.faulty_world import AnyPlan
from tests.engine.ical_sides import IcalSide
from tests.engine.world import World, ics

PROJECT = ("x:X-PROJECT",)


def lines(world: World, side: str) -> list[str]:
    text = b"".join(world.servers[side].contents(side).values()).decode()
    return sorted(line for line in text.split("\r\n") if line.startswith("X-"))


def projects(world: World, side: str) -> list[str]:
    return [line for line in lines(world, side) if line.startswith("X-PROJECT")]


def test_what_is_carried_crosses_and_what_is_not_stays() -> None:
    world = World("ab", carry=PROJECT)
    world.put("a", ics("u1", "One", "X-PROJECT:alpha", "X-OTHER:here"))
    world.run()
    assert projects(world, "b") == ["X-PROJECT:alpha"] and "X-OTHER:here" not in lines(world, "b")
    world.replace("b", "u1", "alpha", "beta")
    world.run()
    assert projects(world, "a") == ["X-PROJECT:beta"] and "X-OTHER:here" in lines(world, "a") and world.quiet()
    world.replace("a", "u1", "X-PROJECT:beta\r\n", "")
    world.run()
    assert projects(world, "b") == [] and world.quiet()


def test_two_different_values_are_a_conflict_by_the_pairs_rules() -> None:
    world = World("ab", carry=PROJECT, conflict="a")
    world.put("a", ics("u1", "One", "X-PROJECT:alpha"))
    world.run()
    world.replace("a", "u1", "alpha", "mine")
    world.replace("b", "u1", "alpha", "yours")
    world.run()
    assert projects(world, "a") == projects(world, "b") == ["X-PROJECT:mine"] and world.quiet()


def rule(**more: Any) -> list[Pair]:
    return [Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), first_sync="auto", **more)]


def test_a_name_that_is_added_later_brings_what_is_there_already() -> None:
    """V7: the mirror is read again, not the network."""
    world = World("ab")
    world.put("a", ics("u1", "One", "X-PROJECT:alpha"))
    world.run()
    assert projects(world, "b") == []
    world.pairs = rule(carry=PROJECT)
    bodies = sum(call.name == "fetch" for call in world.servers["a"].calls)
    world.run(approved=AnyPlan())
    assert sum(call.name == "fetch" for call in world.servers["a"].calls) == bodies
    assert projects(world, "b") == ["X-PROJECT:alpha"] and world.quiet()
    world.pairs = rule()
    world.run(approved=AnyPlan())
    world.replace("a", "u1", "alpha", "beta")
    world.run()
    assert projects(world, "b") == ["X-PROJECT:alpha"] and world.quiet(), "no more carried, and left as it is"


def test_what_one_pair_carries_is_not_carried_by_another() -> None:
    pairs = [
        Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), "a-to-b", first_sync="auto", carry=PROJECT),
        Pair("ac", CalendarName("a", "a"), CalendarName("c", "c"), "a-to-b", first_sync="auto"),
    ]
    world = World("abc", pairs)
    world.put("a", ics("u1", "One", "X-PROJECT:alpha"))
    world.run()
    assert projects(world, "b") == ["X-PROJECT:alpha"] and projects(world, "c") == []
    world.replace("a", "u1", "alpha", "beta")
    before = world.writes()
    world.run()
    assert world.writes() == before + 1 and projects(world, "b") == ["X-PROJECT:beta"] and world.quiet()


def test_copies_go_on_to_others_only_where_that_is_said() -> None:
    """N4: a derived copy is no source, unless chain = true."""
    def pairs(chain: bool) -> list[Pair]:
        return [
            Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), "a-to-b", first_sync="auto", chain=chain),
            Pair("bc", CalendarName("b", "b"), CalendarName("c", "c"), first_sync="auto"),
        ]

    world = World("abc", pairs(False))
    world.put("a", ics("u1", "Copied"))
    world.put("b", ics("n1", "Own"))
    world.run()
    world.run()
    assert world.titles("b") == ["Copied", "Own"] and world.titles("c") == ["Own"]
    world = World("abc", pairs(True))
    world.put("a", ics("u1", "Copied"))
    world.run()
    world.run()
    assert world.titles("b") == world.titles("c") == ["Copied"] and world.titles("a") == ["Copied"] and world.quiet()


@pytest.mark.parametrize("kinds", [("vdir", "google"), ("vdir", "graph"), ("google", "vdir"), ("dav", "google")])
def test_a_value_survives_the_trip_through_a_cloud(kinds: tuple[str, str]) -> None:
    """Where a service has no place for it, calsync keeps it beside the event."""
    with CloudWorld(*kinds, carry=PROJECT) as world:
        name = "a" if kinds[0] in ("vdir", "dav") else "b"
        side, cloud = world[name], world["b" if name == "a" else "a"]
        assert isinstance(side, IcalSide)
        uid = side.add("Talk", "2027-03-01T09:00")
        remote_id, payload = next(iter(side.files().items()))
        side.put(remote_id, payload.replace(b"END:VEVENT", b"X-PROJECT:alpha\r\nEND:VEVENT"))
        world.run()
        cloud.edit(uid, title="Talk in the cloud")
        world.run()
        payload = next(iter(side.files().values()))
        assert b"X-PROJECT:alpha" in payload and b"Talk in the cloud" in payload
        assert world.quiet()


# -- named properties of Outlook's -------------------------------------------------------------------------------------

TICKET = "x:graph:extended.Ann's Ticket"
AT_OUTLOOK = "String {00020329-0000-0000-c000-000000000046} Name Ann's Ticket"

LINE = 'X-CALSYNC-CARRIED;X-NAME="graph:extended.Ann\'s Ticket":'


def ticket(world: CloudWorld, uid: str) -> str:
    (side,) = world.graph
    _, state = side.found(uid)
    return state.props.get(AT_OUTLOOK) or ""


def set_ticket(world: CloudWorld, uid: str, value: str) -> None:
    world.graph[0].patch(uid, {"singleValueExtendedProperties": [{"id": AT_OUTLOOK, "value": value}]})


def beside(side: IcalSide) -> list[str]:
    text = b"".join(side.files().values()).replace(b"\r\n ", b"").decode()
    return [line for line in text.split("\r\n") if "Ticket" in line]


@pytest.mark.parametrize("other", ["vdir", "google"])
def test_a_property_of_outlook_crosses_both_ways_and_rests(other: str) -> None:
    with CloudWorld("graph", other, carry=(TICKET,)) as world:
        uid = world["a"].add("Talk", "2027-03-01T09:00")
        set_ticket(world, uid, "T-1")
        world.run()
        assert world.quiet()
        side = world["b"]
        if isinstance(side, IcalSide):
            assert beside(side) == [f"{LINE}T-1"]
            side.put(*next((i, p.replace(b":T-1", b":T-2")) for i, p in side.files().items()))
            world.run()
            assert ticket(world, uid) == "T-2"
            side.put(*next((i, p.replace(f"{LINE}T-2\r\n".encode(), b""))
                           for i, p in side.files().items()))
            world.run()
            assert ticket(world, uid) in ("", "-") and world.quiet()
            return
        side.edit(uid, title="Talk at Google")
        world.run()
        assert ticket(world, uid) == "T-1" and world.quiet(), "what Google keeps beside the event takes nothing back"


def test_what_comes_back_to_a_new_event_at_outlook_is_its_property_again() -> None:
    with CloudWorld("vdir", "graph", carry=(TICKET,)) as world:
        side = world["a"]
        assert isinstance(side, IcalSide)
        uid = side.add("Talk", "2027-03-01T09:00", rule="FREQ=WEEKLY;COUNT=3")
        line = f"{LINE}T-1\r\nEND:VEVENT".encode()
        side.put(*next((i, p.replace(b"END:VEVENT", line)) for i, p in side.files().items()))
        world.run()
        assert ticket(world, uid) == "T-1" and world.quiet()
        side.change(uid, "2027-03-08T09:00", title="Another talk")
        world.run()
        world["b"].edit(uid, title="Talk at Outlook")
        world.run()
        assert ticket(world, uid) == "T-1" and len(beside(side)) in (1, 2) and world.quiet()


def test_a_name_that_is_added_later_is_asked_for_at_outlook() -> None:
    """V7: Outlook shows what it is asked for by name, so everything is read once more, and then no more."""
    with CloudWorld("graph", "vdir") as world:
        uid = world["a"].add("Talk", "2027-03-01T09:00")
        set_ticket(world, uid, "T-1")
        world.run()
        side = world["b"]
        assert isinstance(side, IcalSide) and beside(side) == []
        (pair,) = world.pairs
        world.pairs = [replace(pair, carry=(TICKET,))]
        world.run(yes=True)
        assert beside(side) == [f"{LINE}T-1"] and world.quiet()
        before = len(world.m.log)
        world.run()
        assert len(world.m.log) - before <= 1, "a quiet run is one request"
