"""Lists are seconds behind what was written (facts 4.5 of Google, 0.7 of Graph): a run within that time never undoes an
edit (O1, O3).

Every run is a process of its own, as from cron, so it remembers nothing but the database. LAG_S passes between two runs
only where a test says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.engine.cloud_oracle import check_agendas, check_one_look
from tests.engine.cloud_world import CloudWorld
from tests.engine.google_cloud import GoogleCloud
from tests.engine.graph_cloud import GraphCloud
from tests.engine.oracles import check_alike

LAG_S = 40.0
START, SECOND, THIRD = "2027-03-01T09:00", "2027-03-08T09:00", "2027-03-15T09:00"


PAIRS = [("google", "vdir"), ("google", "dav"), ("google", "google"), ("graph", "vdir"), ("graph", "dav")]


@pytest.fixture(params=PAIRS, ids=" with ".join)
def world(request: pytest.FixtureRequest) -> Iterator[CloudWorld]:
    """A single event and a series, agreed on both sides; then lists begin to lag."""
    with CloudWorld(*request.param, delete_percent=100.0) as made:
        made.known["one"] = made["b"].add("One", START, location="Here")
        made.known["s"] = made["b"].add("Series", START, rule="FREQ=WEEKLY;COUNT=5")
        made.known["g"] = made["a"].add("From the cloud", START, rule="FREQ=WEEKLY;COUNT=5")
        made["a"].add("Rest", "2027-05-01T09:00")
        for _ in range(2):
            made.run()
        made.gap = timedelta(seconds=1)
        cloud(made).lag(LAG_S)
        yield made
        cloud(made).settle()
        made.clock.now += timedelta(hours=1)
        for _ in range(2):
            made.run()
        made.oracle.final()
        made.oracle.no_word_lost()
        check_alike(made)
        check_agendas(made)
        check_one_look(made)


def cloud(world: CloudWorld) -> GoogleCloud | GraphCloud:
    return world.clouds[world["a"].kind]


def runs(world: CloudWorld, shown: Callable[[], object], count: int = 3) -> None:
    """Runs within the lag, incremental and complete ones; what people see stays as it is after the first."""
    world.run()
    there = shown()
    for number in range(count):
        world.run(full=number == 1)
        assert shown() == there


def at_b(world: CloudWorld, deed: Callable[[], object]) -> None:
    """What people do on the other side is seen at once, also where that is a cloud: its lag is a matter of "a"."""
    if world["b"].kind in world.clouds:
        cloud(world).lag(0.0)
    world.person(deed)
    cloud(world).lag(LAG_S)


def sides(world: CloudWorld) -> Callable[[], object]:
    return lambda: (world["a"].agenda(), world["b"].agenda())


def check(world: CloudWorld, title: str, side: str = "ab") -> None:
    for name in side:
        assert any(seen[3] == title for seen in world[name].agenda()), (title, name)


def test_what_we_wrote_is_not_taken_back_by_a_list_that_does_not_show_it_yet(world: CloudWorld) -> None:
    at_b(world, lambda: world["b"].edit(world.known["one"], title="tok1x"))
    at_b(world, lambda: world["b"].change(world.known["s"], SECOND, title="tok2x", to="2027-03-09T10:00"))
    at_b(world, lambda: world["b"].cancel(world.known["g"], THIRD))
    runs(world, sides(world))
    check(world, "tok1x")
    check(world, "tok2x")
    assert world["a"].agenda() == world["b"].agenda()


def test_what_we_made_is_not_taken_for_deleted(world: CloudWorld) -> None:
    at_b(world, lambda: world["b"].add("tok1x", START))
    at_b(world, lambda: world["b"].add("tok2x", START, rule="FREQ=DAILY;COUNT=3"))
    runs(world, sides(world))
    assert world["a"].agenda() == world["b"].agenda()
    check(world, "tok2x")


def test_what_we_deleted_does_not_come_back(world: CloudWorld) -> None:
    for name in ("one", "s", "g"):
        at_b(world, lambda name=name: world["b"].delete(world.known[name]))
    runs(world, sides(world))
    assert [seen[3] for seen in world["a"].agenda()] == [seen[3] for seen in world["b"].agenda()] == ["Rest"]


def test_an_edit_in_the_cloud_that_no_list_shows_yet_is_not_overwritten(world: CloudWorld) -> None:
    """The other side edits something else of the same event: our write meets another version (I13)."""
    world.person(lambda: world["a"].edit(world.known["one"], title="tok1x"))
    world.person(lambda: world["a"].change(world.known["s"], SECOND, title="tok2x"))
    at_b(world, lambda: world["b"].edit(world.known["one"], location="tok3x"))
    at_b(world, lambda: world["b"].change(world.known["s"], THIRD, title="tok4x"))
    runs(world, sides(world))
    for word in ("tok1x", "tok2x", "tok4x"):
        check(world, word, "a")


def test_a_later_edit_in_the_cloud_is_not_undone_by_an_older_list(world: CloudWorld) -> None:
    """Shown and agreed; edited again within the lag of the first edit."""
    world.person(lambda: world["a"].edit(world.known["one"], title="tok1x"))
    world.clock.now += timedelta(seconds=LAG_S)
    world.person(lambda: world["a"].edit(world.known["one"], title="tok2x"))
    world.person(lambda: world["a"].change(world.known["g"], SECOND, title="tok3x"))
    for _ in range(3):
        world.run()
        check(world, "tok2x", "a")
        check(world, "tok3x", "a")
    world.clock.now += timedelta(seconds=LAG_S)
    world.run()
    check(world, "tok2x")
    check(world, "tok3x")


def test_an_edit_of_a_date_right_after_our_write_of_its_series_stays(world: CloudWorld) -> None:
    at_b(world, lambda: world["b"].edit(world.known["g"], location="tok1x"))
    world.run()
    world.person(lambda: world["a"].change(world.known["g"], SECOND, title="tok2x"))
    at_b(world, lambda: world["b"].change(world.known["g"], THIRD, title="tok3x"))
    for _ in range(3):
        world.run()
        check(world, "tok2x", "a")
    check(world, "tok3x", "a")


def test_a_date_cancelled_in_the_cloud_within_the_lag_stays_cancelled(world: CloudWorld) -> None:
    count = len(world["a"].agenda())
    world.person(lambda: world["a"].cancel(world.known["g"], SECOND))
    at_b(world, lambda: world["b"].edit(world.known["g"], title="tok1x"))
    for _ in range(3):
        world.run(full=True)
        assert len(world["a"].agenda()) == count - 1
    check(world, "tok1x", "b")


def test_an_event_deleted_in_the_cloud_within_the_lag_is_not_made_again(world: CloudWorld) -> None:
    world.person(lambda: world["a"].delete(world.known["one"]))
    at_b(world, lambda: world["b"].add("tok1x", START))
    runs(world, lambda: world["a"].has(world.known["one"]))
    assert not world["a"].has(world.known["one"])


def test_an_edit_against_a_deletion_that_no_list_shows_yet_comes_back_as_edited(world: CloudWorld) -> None:
    """Row 15: the write finds it gone."""
    world.person(lambda: world["a"].delete(world.known["one"]))
    at_b(world, lambda: world["b"].edit(world.known["one"], title="tok1x"))
    for _ in range(3):
        world.run()
    check(world, "tok1x")


def test_a_series_split_in_the_cloud_within_the_lag_of_our_write(world: CloudWorld) -> None:
    at_b(world, lambda: world["b"].change(world.known["g"], SECOND, title="tok1x"))
    world.run()
    world.person(lambda: world["a"].split(world.known["g"], THIRD, "tok2x"))
    at_b(world, lambda: world["b"].edit(world.known["g"], location="tok3x"))
    runs(world, lambda: sum(seen[3] == "tok2x" for seen in world["a"].agenda()))
    check(world, "tok2x", "a")
