"""A whole series with moved and cancelled dates, edited on either side, three times over, without drift (issue 3).

What each date shall be is kept by the test itself and compared with what both sides show, expanded by other people's
code.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calsync_cli.model.account import CalendarName
from tests.engine.cloud_oracle import check_agendas, check_one_look
from tests.engine.cloud_world import CloudWorld
from tests.engine.google_sides import GoogleSide
from tests.engine.ical_sides import IcalSide
from tests.engine.sides import BERLIN, Seen, Side

OTHERS = {"a folder": "vdir", "caldav": "dav", "google": "google"}
WEEKS = 8


class Expected:
    """The series as the people mean it: per original start what its date shows."""

    def __init__(self, first: str) -> None:
        begin = datetime.fromisoformat(first)
        self.series = {"title": "Standup", "location": "Room", "text": "one\ntwo"}
        self.dates: dict[str, dict[str, Any] | None] = {
            (begin + timedelta(weeks=n)).isoformat()[:16]: {} for n in range(WEEKS)
        }

    def seen(self, uid: str) -> list[Seen]:
        found = []
        for at, own in self.dates.items():
            if own is not None:
                shown = {"to": at, **self.series, **own}
                start = datetime.fromisoformat(shown["to"])
                found.append((uid, *(_utc(one) for one in (start, start + timedelta(hours=1))),
                              shown["title"], shown["location"], shown["text"]))
        return sorted(found)


def _utc(local: datetime) -> str:
    return local.replace(tzinfo=ZoneInfo(BERLIN)).astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M")


class Meeting:
    """One series on both sides, and the people who edit it."""

    def __init__(self, world: CloudWorld, origin: str, start: str) -> None:
        self.world, self.expected = world, Expected(start)
        rule = f"FREQ=WEEKLY;COUNT={WEEKS}"
        self.uid = world[origin].add("Standup", start, rule=rule, location="Room", text="one\ntwo")

    def series(self, side: Side, **changes: str) -> None:
        """At Google an exception repeats what it has from its series, so the people there do not change it along."""
        side.edit(self.uid, **changes)
        for own in self.expected.dates.values():
            if own and side.kind == "google":
                own |= {name: self.expected.series[name] for name in changes if name not in own}
        self.expected.series |= changes

    def change(self, side: Side, number: int, **changes: str) -> None:
        at = list(self.expected.dates)[number]
        side.change(self.uid, at, **changes)
        self.expected.dates[at] = {**(self.expected.dates[at] or {}), **changes}

    def cancel(self, side: Side, number: int) -> None:
        at = list(self.expected.dates)[number]
        side.cancel(self.uid, at)
        self.expected.dates[at] = None

    def check(self) -> None:
        for side in self.world.servers.values():
            assert side.agenda() == self.expected.seen(self.uid), side.name


def synced(world: CloudWorld, meeting: Meeting) -> None:
    """One run brings both sides there; the next meets what it wrote and writes nothing; then all rests."""
    assert world.run().exit_code == 0
    meeting.check()
    check_agendas(world)
    assert world.quiet()
    check_one_look(world)
    meeting.check()


@pytest.mark.parametrize("wait_h", [0.02, 26], ids=["at once", "a day apart"])
@pytest.mark.parametrize("origin", "ab")
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_series_edited_on_either_side_three_times_does_not_drift(other: str, origin: str, wait_h: float) -> None:
    with CloudWorld("google", other) as world:
        meeting = Meeting(world, origin, "2027-03-08T09:00")  # over the change to summer time
        meeting.change(world[origin], 1, title="Moved", to="2027-03-16T11:00")
        meeting.cancel(world[origin], 2)
        marks = bystanders(world, origin, meeting.uid)
        synced(world, meeting)
        for turn, side in enumerate(("a", "b", "a", "b", "a", "b")):
            here = world[side]
            world.clock.now += timedelta(hours=wait_h)
            meeting.series(here, **({"title": f"Standup {turn}"} if turn % 2 else {"location": f"Room {turn}"}))
            meeting.change(here, 1, to=f"2027-03-17T{10 + turn}:00")
            meeting.change(here, 4, title=f"Special {turn}")
            if turn == 3:
                meeting.cancel(here, 5)
            if turn == 4:
                meeting.change(here, 6, title="Late", to="2027-04-22T20:00")
            synced(world, meeting)
        world.oracle.final()
        assert bystanders(world, origin, meeting.uid, check=True) == marks != set()


def bystanders(world: CloudWorld, origin: str, uid: str, *, check: bool = False) -> set[str]:
    """I7: what nobody here understands. Put beside the event at first, and looked for at the end."""
    side = world[origin]
    if isinstance(side, GoogleSide):
        mine = {"extendedProperties": {"private": {"other.app": "mine"}, "shared": {"theirs": "too"}}, "colorId": "7"}
        if not check:
            side.patch(uid, mine)
        event = next(event for event in world.g.events(side.home) if event["id"] == side.id_of(uid))
        properties = event["extendedProperties"]
        return {str(properties["private"].get("other.app")), str(properties["shared"]), event["colorId"]}
    assert isinstance(side, IcalSide)
    return {line for line in side.files()[side.id_of(uid)].decode().split("\r\n") if line.startswith("X-PERSONAL")}


@pytest.mark.parametrize("other", ["vdir", "dav"])
def test_both_sides_edit_different_dates_of_one_series_three_times(other: str) -> None:
    with CloudWorld("google", other) as world:
        meeting = Meeting(world, "a", "2027-03-08T09:00")
        meeting.cancel(world["a"], 7)
        synced(world, meeting)
        for turn in range(3):
            meeting.series(world["ab"[turn % 2]], text=f"one\n{turn}")
            meeting.change(world["a"], turn, title=f"From Google {turn}")
            meeting.change(world["b"], turn + 3, title=f"From there {turn}", to=f"2027-04-{12 + turn}T15:00")
            synced(world, meeting)


def test_a_ring_of_two_google_accounts_and_a_folder_settles() -> None:
    with CloudWorld("google", "google", "vdir") as world:
        ring = world.pairs
        world.pairs = [*ring, type(ring[0])("ca", world["c"].calendar, world["a"].calendar, first_sync="auto")]
        assert isinstance(world.pairs[-1].a, CalendarName)
        meeting = Meeting(world, "c", "2027-03-08T09:00")
        meeting.cancel(world["c"], 3)
        meeting.change(world["c"], 4, title="Moved", to="2027-04-06T11:00")
        synced(world, meeting)
        meeting.series(world["a"], title="From a")
        meeting.change(world["b"], 1, title="From b")
        meeting.change(world["c"], 2, title="From c")
        synced(world, meeting)
