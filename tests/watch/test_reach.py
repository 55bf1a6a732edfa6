"""Whether an address leads here: tried more and more patiently, and again from time to time. Pure but for one knock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from calsync_cli.ports import system_ports
from calsync_cli.watch.inbox import Inbox
from calsync_cli.watch.reach import AGAIN, GIVE_UP, LONGEST, Knocker, Reach
from calsync_cli.watch.receiver import Receiver

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)


class Door:
    def __init__(self) -> None:
        self.open, self.knocks = False, 0

    def __call__(self, url: str) -> bool:
        self.knocks += 1
        return self.open


def test_a_new_address_is_tried_at_once_and_then_less_and_less_often() -> None:
    door = Door()
    reach, now, waits = Reach(door), NOW, []
    for _ in range(GIVE_UP):
        again = reach.tend("https://a.example", now)
        assert again is not None and reach.good is None
        waits.append(again - now)
        now = again
    assert waits == sorted(waits) and waits[0] == timedelta(seconds=1) and waits[-1] == LONGEST
    assert reach.failures == GIVE_UP
    door.open = True
    assert reach.tend("https://a.example", now) == now + AGAIN and reach.good == "https://a.example"
    knocks = door.knocks
    reach.tend("https://a.example", now + AGAIN / 2)
    assert door.knocks == knocks, "not before its time"


def test_another_address_and_a_clock_that_was_set_are_tried_at_once() -> None:
    door = Door()
    door.open = True
    reach = Reach(door)
    reach.tend("https://a.example", NOW)
    door.open = False
    reach.tend("https://b.example", NOW)
    assert reach.good is None and door.knocks == 2
    door.open = True
    reach.tend("https://b.example", NOW - timedelta(days=3))
    assert reach.good == "https://b.example"
    assert reach.tend(None, NOW) is None and reach.good is None


def test_one_that_no_longer_leads_here_is_found_out() -> None:
    door = Door()
    door.open = True
    reach = Reach(door)
    again = reach.tend("https://a.example", NOW)
    door.open = False
    assert again is not None
    reach.tend("https://a.example", again)
    assert reach.good is None


def test_a_real_knock_at_the_receiver_and_elsewhere() -> None:
    receiver = Receiver(system_ports(), Inbox())
    receiver.start()
    here = f"http://127.0.0.1:{receiver.port}"
    try:
        assert Knocker(receiver.knock)(here)
        assert not Knocker("x" * 64)(here)
    finally:
        receiver.close()
    assert not Knocker(receiver.knock)(here)
    assert not Knocker(receiver.knock)("https://[")
