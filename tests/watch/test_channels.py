"""Channels of several calendars: one that cannot have any keeps no other from theirs, and what fails is asked less."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from calsync_cli.watch.channels import LONGEST, Channels, Wanted
from tests.watch.world import World

HOUR = timedelta(hours=1)


class Desk:
    """Three calendars of one Google account, and the channels that are wanted for them."""

    def __init__(self, world: World) -> None:
        self.world, self.g = world, world.google
        self.ids = sorted([self.g.me, *(self.g.world.add_calendar(self.g.me, name).id for name in ("B", "C"))])
        self.wanted: list[Wanted] = [("work", name) for name in self.ids]
        self.base: str | None = f"http://127.0.0.1:{world.receiver.port}"
        self.channels = Channels(world.ports, lambda doors: None)

    def tend(self, after: timedelta = timedelta(0)) -> list[str]:
        """Calendars whose channels were opened now."""
        self.world._advance(after.total_seconds())
        work = self.world.workspace()
        try:
            return [key[1] for key in self.channels.tend(work, self.wanted, self.base, self.world.ports.now())]
        finally:
            work.close()

    def refuse(self, number: int, method: str = "events.watch", **more: Any) -> None:
        name = self.ids[number].partition("@")[0]
        self.g.faults.arm("error", f"{name}.*{method}", times=None, **{"status": 400, "reason": "invalid", **more})

    @property
    def watched(self) -> list[str]:
        return sorted(channel.calendar for channel in self.g.channels.living())

    def asked(self) -> int:
        count = sum(entry.method in ("events.watch", "channels.stop") for entry in self.g.log)
        self.g.clear_logs()
        return count


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with World(tmp_path, google={"modes": {"sync_message": "never"}}) as world:
        yield Desk(world)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_calendar_that_cannot_have_a_channel_keeps_no_other_from_its_own(desk: Desk, number: int) -> None:
    desk.refuse(number)
    others = [name for name in desk.ids if name != desk.ids[number]]
    assert desk.tend() == others == desk.watched
    assert "refuses" in desk.channels.problem("work") and desk.world.rows() == 2
    asked = [len(desk.tend(timedelta(minutes=5))) or desk.asked() for _ in range(72)]
    assert sum(asked) < 16, "in six hours"
    desk.g.faults.disarm()
    assert desk.tend(LONGEST) == [desk.ids[number]] and desk.watched == desk.ids
    assert desk.channels.problem("work") == ""


def test_one_that_cannot_be_closed_stops_no_renewal(desk: Desk) -> None:
    desk.tend()
    desk.wanted = desk.wanted[1:]
    desk.g.faults.arm("error", "channels.stop", times=3, status=400, reason="invalid")
    for _ in range(4):
        desk.tend(24 * HOUR)
    assert desk.watched == desk.ids[1:] and len(desk.channels.held) == 2
    assert len(desk.g.channels.used_ids) == 5, "both others were renewed at half of their week"


def test_an_answer_that_is_none_leaves_nothing_open(desk: Desk) -> None:
    desk.g.faults.arm("garbled", "events.watch", times=1)
    assert desk.tend() == [] and len(desk.watched) == 1
    desk.tend(timedelta(minutes=2))
    assert desk.watched == desk.ids and desk.world.rows() == 3


def test_while_nothing_leads_here_nothing_is_opened_and_nothing_closed(desk: Desk) -> None:
    desk.tend()
    base, desk.base = desk.base, None
    desk.asked()
    for _ in range(10):
        desk.tend(HOUR)
    assert desk.asked() == 0 and desk.watched == desk.ids
    desk.base = base
    assert desk.tend() == [] and desk.asked() == 0, "it came back as it was"
    desk.base = f"{base}/elsewhere"
    assert sorted(desk.tend()) == desk.ids == desk.watched
    assert all("/elsewhere/" in channel.address for channel in desk.g.channels.living())


def test_a_server_that_is_away_is_asked_once_for_all_of_its_calendars(desk: Desk) -> None:
    desk.g.faults.arm("drop-before", "events.watch", times=None)
    desk.tend()
    first = desk.asked()
    for _ in range(12):
        desk.tend(timedelta(minutes=10))
    assert first == 1 and desk.asked() <= 10 and desk.watched == []
    desk.g.faults.disarm()
    desk.tend(LONGEST)
    assert sorted(desk.watched) == desk.ids and desk.world.rows() == 3
