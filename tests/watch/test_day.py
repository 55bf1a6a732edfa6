"""Virtual time: a whole day of channels that live three hours, and what happens when things go wrong in it."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import FunctionType, MethodType, ModuleType

import pytest

from calsync_cli.ports import Ports
from calsync_cli.watch.loop import Watch
from tests.watch.world import Recorder, World

SHORT = {"modes": {"channel_life_s": 3 * 3600}}


def weight(loop: Watch) -> int:
    """Bytes of all that the loop holds on to, its database and the test's own things left out."""
    seen: dict[int, object] = {}
    todo: list[object] = [vars(loop)]
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, World | Recorder | Ports | type | ModuleType | FunctionType | MethodType):
            continue
        seen[id(one)] = one
        todo += gc.get_referents(one)
    return sum(sys.getsizeof(one) for one in seen.values())


def test_a_day_leaves_no_channel_behind_and_the_memory_flat(tmp_path: Path) -> None:
    """12 edits, 24 polls, 15 renewals of a Google channel and of a Graph subscription."""
    with World(tmp_path, google=dict(SHORT), graph={"given_minutes": 180}, poll=timedelta(hours=1)) as world:
        sizes: list[int] = []
        open_then: list[int] = []

        def measure() -> None:
            assert world.loop is not None
            sizes.append(weight(world.loop))

        def edit(hour: int) -> None:
            (world.insert if hour % 4 == 1 else world.create)(f"Event {hour}", 6 + hour % 20)

        acts = [world.at(world.heard(lambda hour=hour: edit(hour)), hours=hour, minutes=7) for hour in range(1, 24, 2)]
        acts += [world.at(lambda: open_then.append(world.channels()), hours=hour, minutes=3) for hour in range(1, 24)]
        acts += [world.at(measure, hours=hour) for hour in (8, 16, 24)]
        world.run(*acts)
        asked = [entry.method for entry in world.google.log]
        assert open_then == [2] * 23, "one for each service, however often they are renewed"
        assert world.channels() == 0 and world.rows() == 0
        assert len(world.google.channels.used_ids) >= 15 and "channels.stop" in asked
        assert 10_000 < max(sizes) < min(sizes) * 1.02 + 4000, sizes
        assert world.titles("google") == sorted(f"Event {n}" for n in range(1, 24, 4))
        assert world.titles("graph") == sorted(f"Event {n}" for n in range(3, 24, 4))
        assert world.google.mails == [] and world.graph.mails == []
        assert 24 + 12 <= world.recorder.runs <= 24 + 4 * 12 + 60


def test_a_notice_brings_a_change_within_the_two_seconds_of_joining(tmp_path: Path) -> None:
    with World(tmp_path, google={}) as world:
        seen: list[list[str]] = []
        world.run(
            world.at(world.heard(lambda: world.insert("Now")), minutes=3),
            world.at(lambda: seen.append(world.titles("google")), minutes=3, seconds=1),
            world.at(lambda: seen.append(world.titles("google")), minutes=3, seconds=3),
        )
        assert seen == [[], ["Now"]]


def test_lost_notices_cost_nothing_but_time(tmp_path: Path) -> None:
    with World(tmp_path, google={"modes": {"push_delivery": "lost"}}) as world:
        seen: list[list[str]] = []
        world.run(
            world.at(lambda: world.insert("Late"), minutes=3),
            world.at(lambda: seen.append(world.titles("google")), minutes=14),
            world.at(lambda: seen.append(world.titles("google")), minutes=16),
        )
        assert seen == [[], ["Late"]]


def test_what_a_run_that_died_left_open_is_stopped_by_the_next(tmp_path: Path) -> None:
    """Also a channel whose opening was never answered."""
    with World(tmp_path, google={}, graph={}) as world:
        class Killed(BaseException):
            pass

        def die() -> None:
            raise Killed

        for _ in range(2):
            with suppress(Killed):
                world.run((world.ports.now() + timedelta(minutes=2), die))
        assert world.channels() == 2 == world.rows(), "the first two are stopped, the next two open"
        world.google.faults.arm("drop-after", "events.watch", times=1)
        world.run((world.ports.now() + timedelta(minutes=1), lambda: None))
        assert world.channels() == world.rows() == 0
        assert any("2 channels of an earlier run" in line for line in world.lines)


@pytest.mark.parametrize("told", [False, True])
def test_a_pair_that_nobody_tells_of_is_looked_at_by_its_own_every(tmp_path: Path, told: bool) -> None:
    with World(tmp_path, google={}, poll=timedelta(hours=1)) as world:
        world.config.write_text(world.config.read_text() + 'every = "10m"\n')
        if not told:
            world.google.faults.arm("error", "events.watch", status=400, reason="invalid", times=None)
        world.google.modes.push_delivery = "lost"
        seen: list[list[str]] = []
        world.run(
            world.at(lambda: world.insert("Silent"), minutes=33),
            world.at(lambda: seen.append(world.titles("google")), minutes=44),
            world.at(lambda: seen.append(world.titles("google")), minutes=61),
        )
        assert seen == [[] if told else ["Silent"], ["Silent"]]


def test_a_server_that_refuses_channels_is_asked_less_and_less_and_polled(tmp_path: Path) -> None:
    with World(tmp_path, google={}, poll=timedelta(hours=1)) as world:
        world.google.faults.arm("error", "events.watch", status=400, reason="pushNotSupportedForRequestedResource",
                                times=None)
        world.run(world.at(lambda: world.insert("Polled"), hours=1), world.at(lambda: None, hours=3))
        asked = sum(entry.method == "events.watch" for entry in world.google.log)
        assert 5 <= asked <= 9 and world.titles("google") == ["Polled"]
        assert world.recorder.state is not None and world.recorder.state.accounts[1].problem


def test_what_changed_before_a_channel_was_open_is_read_once_it_is(tmp_path: Path) -> None:
    """Its opening failed at first; in between nobody could tell of an edit."""
    with World(tmp_path, google={"modes": {"sync_message": "never"}}, poll=timedelta(hours=2)) as world:
        world.google.faults.arm("error", "events.watch", status=400, reason="invalid", times=1)
        seen: list[list[str]] = []
        world.run(
            world.at(lambda: world.insert("Untold"), seconds=40),
            world.at(lambda: seen.append(world.titles("google")), seconds=55),
            world.at(lambda: seen.append(world.titles("google")), seconds=110),
        )
        assert seen == [[], ["Untold"]]


def test_a_subscription_that_microsoft_removes_is_made_again_and_the_gap_is_read(tmp_path: Path) -> None:
    with World(tmp_path, graph={}) as world:
        seen: list[object] = []

        def remove() -> None:
            world.graph.change(knobs={"notices": "lost"})
            world.create("In the gap")
            world.graph.change(knobs={"notices": "on"}, lifecycle="subscriptionRemoved")

        world.run(
            world.at(world.heard(remove), minutes=3),
            world.at(lambda: seen.append((world.channels(), world.titles("graph"))), minutes=3, seconds=10),
            world.at(world.heard(lambda: world.create("After")), minutes=5),
            world.at(lambda: seen.append(world.titles("graph")), minutes=5, seconds=10),
        )
        assert seen == [(1, ["In the gap"]), ["After", "In the gap"]]


def test_a_demand_to_reauthorize_is_met_and_what_was_not_told_is_read(tmp_path: Path) -> None:
    with World(tmp_path, graph={}) as world:
        seen: list[list[str]] = []

        def demand() -> None:
            world.graph.change(lifecycle="reauthorizationRequired")
            world.create("Untold")

        world.run(
            world.at(world.heard(demand), minutes=15, seconds=30),
            world.at(lambda: seen.append(world.titles("graph")), minutes=15, seconds=40),
            world.at(world.heard(lambda: world.create("Told")), minutes=17),
            world.at(lambda: seen.append(world.titles("graph")), minutes=17, seconds=10),
        )
        assert seen == [["Untold"], ["Told", "Untold"]]


@pytest.mark.parametrize("slept", [timedelta(minutes=10), timedelta(hours=9)])
def test_a_machine_that_slept_catches_up_at_once(tmp_path: Path, slept: timedelta) -> None:
    """The wall clock goes on while everything else stands still; also when the next look would be soon."""
    with World(tmp_path, google=dict(SHORT)) as world:
        seen: list[list[str]] = []
        real = world.ports.now

        def sleep() -> None:
            world.insert("At night")
            world.google.clock.advance(slept.total_seconds())
            object.__setattr__(world.ports, "now", lambda: real() + slept)

        world.google.modes.push_delivery = "lost"
        world.run(
            world.at(sleep, minutes=3),
            (world.ports.now() + timedelta(minutes=4) + slept, lambda: seen.append(world.titles("google"))),
        )
        assert seen == [["At night"]] and any("slept" in line for line in world.lines)
        assert world.channels() == 0


def test_a_configuration_that_is_edited_wrong_is_said_so_and_right_again(tmp_path: Path) -> None:
    with World(tmp_path, google={}) as world:
        good = world.config.read_text()
        seen: list[object] = []
        world.run(
            world.at(lambda: world.config.write_text(good + "nonsense = 1\n"), minutes=5),
            world.at(lambda: seen.append(world.recorder.state), minutes=20),
            world.at(lambda: world.config.write_text(good), minutes=21),
            world.at(lambda: world.insert("Still there"), minutes=22),
            world.at(lambda: seen.append(world.recorder.state), minutes=50),
        )
        bad, well = seen
        assert "nonsense" in str(bad.waits) and well.waits == ()  # type: ignore[attr-defined]
        assert world.titles("google") == ["Still there"]


def test_a_pair_that_is_no_longer_there_does_not_make_it_watch_all_others(tmp_path: Path) -> None:
    with World(tmp_path, google={}, graph={}) as world:
        world.pairs = ["google"]
        text = world.config.read_text()
        without = text.replace("[pairs.google]", "[pairs.renamed]")
        world.run(
            world.at(lambda: world.config.write_text(without), minutes=5),
            world.at(lambda: world.create("Not watched"), minutes=20),
            world.at(lambda: None, minutes=50),
        )
        assert world.titles("graph") == [] and world.channels() == 0
