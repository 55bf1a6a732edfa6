"""A calendar that is a feed: what is absent from it counts after an hour and two looks, what is over never (O2, V8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calsync_cli.providers.memory import Traits
from tests.engine.world import World, ics

FEED = Traits(delta=False, server_stamps=False, absent_for=timedelta(hours=1), rolling=True)


def on(world: World, **away: int) -> str:
    return f"{world.clock.now + timedelta(hours=1) + timedelta(**away):%Y%m%dT%H0000}"  # Berlin in winter


def writes_of_a_run(world: World) -> int:
    before = world.writes()
    world.run()
    return world.writes() - before


@pytest.fixture
def world() -> World:
    made = World("ab", traits={"a": FEED}, direction="a-to-b")
    shelf = made.servers["a"].shelf("a")
    shelf.face = replace(shelf.face, access="read")
    made.put("a", ics("past", "Past", start=on(made, days=-3)))
    made.put("a", ics("soon", "Soon", start=on(made, hours=5)))
    for number in range(20):
        made.put("a", ics(f"later{number}", "Later", start=on(made, days=7 + number)))
    made.run()
    made.run()
    assert made.has("b", "past") and made.has("b", "later19")
    return made


def test_what_is_absent_for_less_than_an_hour_is_not_deleted(world: World) -> None:
    world.delete("a", "later3")
    for _ in range(3):  # every 20 minutes
        assert writes_of_a_run(world) == 0
    assert world.has("b", "later3")
    assert writes_of_a_run(world) == 1
    assert not world.has("b", "later3")


def test_one_look_after_a_long_pause_is_not_enough(world: World) -> None:
    world.clock.now += timedelta(hours=3)
    world.delete("a", "later3")
    assert writes_of_a_run(world) == 0
    world.clock.now += timedelta(hours=3)
    assert writes_of_a_run(world) == 1
    assert not world.has("b", "later3")


def test_what_is_back_in_between_was_never_away(world: World) -> None:
    """Absent, there, absent: the two fetches without it do not follow each other."""
    payload = world.servers["a"].contents("a")[world.find("a", "later3")]
    remote_id = world.find("a", "later3")
    world.delete("a", "later3")
    world.run()
    world.put("a", payload, remote_id)
    world.run()
    world.clock.now += timedelta(hours=3)
    world.delete("a", "later3")
    world.run()
    assert world.has("b", "later3")


def test_what_is_over_leaves_the_feed_and_stays_where_it_was_copied(world: World) -> None:
    world.delete("a", "past")
    world.gap = timedelta(hours=2)
    for _ in range(3):
        assert writes_of_a_run(world) == 0
    assert world.run().exit_code == 0
    assert world.has("b", "past")


def test_what_had_begun_when_its_absence_is_proved_stays(world: World) -> None:
    """Feeds of what is to come drop an event when it begins; an hour later it may still be going on."""
    world.clock.now += timedelta(hours=4)
    world.delete("a", "soon")
    world.gap = timedelta(hours=2)
    world.run()
    world.run()
    assert world.has("b", "soon")


def test_what_was_dropped_and_comes_back_is_the_same_event(world: World) -> None:
    payload = world.servers["a"].contents("a")[world.find("a", "past")]
    world.delete("a", "past")
    world.gap = timedelta(hours=2)
    world.run()
    world.run()
    day, later = on(world, days=-3)[:8].encode(), on(world, days=3)[:8].encode()
    assert payload.count(day) == 2
    world.put("a", payload.replace(day, later).replace(b"SUMMARY:Past", b"SUMMARY:Put off"))
    assert writes_of_a_run(world) == 1
    assert writes_of_a_run(world) == 0
    assert world.forms("b")["past"] == world.forms("a")["past"]
    assert len(world.titles("b")) == 22


@pytest.mark.parametrize("again", ["Past", "Past and back"])
def test_a_deletion_that_was_not_passed_on_can_be_taken_back(again: str) -> None:
    world = World("ab")
    world.put("a", ics("past", "Past", start=on(world, days=-3)))
    world.run()
    payload = world.servers["a"].contents("a")[world.find("a", "past")]
    world.delete("a", "past")
    world.run()
    assert world.has("b", "past")
    world.put("a", payload.replace(b"SUMMARY:Past", f"SUMMARY:{again}".encode()))
    world.run()
    assert writes_of_a_run(world) == 0
    assert world.titles("a") == world.titles("b") == [again]


def test_a_series_without_end_can_be_deleted_in_a_feed(world: World) -> None:
    world.put("a", ics("weekly", "Weekly", "RRULE:FREQ=WEEKLY", start=on(world, days=-30)))
    world.run()
    assert world.has("b", "weekly")
    world.delete("a", "weekly")
    world.gap = timedelta(hours=2)
    world.run()
    world.run()
    assert not world.has("b", "weekly")


def test_a_feed_that_became_empty_deletes_nothing_by_itself(world: World) -> None:
    for remote_id in list(world.servers["a"].contents("a")):
        world.servers["a"].user_delete("a", remote_id)
    world.gap = timedelta(hours=2)
    assert writes_of_a_run(world) == 0
    assert world.run().exit_code == 4
    assert len(world.titles("b")) == 22


def test_what_is_missing_after_a_lost_token_is_asked_about_though_its_proof_comes_later() -> None:
    """G4: the listing that took the token's place left it out; that it takes an hour to believe changes nothing."""
    world = World("ab", traits={"b": Traits(absent_for=timedelta(hours=1))})
    for number in range(3):
        world.put("a", ics(f"u{number}", f"E{number}"))
    world.run()
    world.servers["b"].expire_tokens()
    world.delete("b", "u1")
    assert writes_of_a_run(world) == 0
    world.clock.now += timedelta(hours=1)
    stopped = world.run()
    assert stopped.exit_code == 4 and world.has("a", "u1")
    assert "G4" in stopped.problems[0].message
    world.run(approved=frozenset(plan["plan"] for plan in stopped.plans))
    assert not world.has("a", "u1")
    world.delete("b", "u2")
    world.run()
    world.clock.now += timedelta(hours=1)
    assert world.run().exit_code == 0 and not world.has("a", "u2"), "the guard is over"


def test_what_is_gone_does_not_come_back_because_a_late_listing_shows_it() -> None:
    """O4: it was deleted by ourselves; a look finds it missing, which is no doubt about its being gone."""
    world = World("ab", traits={"b": Traits(delta=False, absent_for=timedelta(hours=1))})
    for number in range(3):
        world.put("a", ics(f"u{number}", f"E{number}"))
    world.run()
    server = world.servers["b"]
    old, real, remote_id = server.visible(), server.visible, world.find("b", "u1")
    world.delete("a", "u1")
    world.run()
    assert not world.has("b", "u1") and remote_id.endswith(".ics")
    server.visible = lambda: old  # type: ignore[method-assign]
    world.run()
    server.visible = real  # type: ignore[method-assign]
    world.run()
    assert not world.has("a", "u1") and not world.has("b", "u1")
