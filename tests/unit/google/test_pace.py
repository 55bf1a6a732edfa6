"""600 units in any sixty seconds (facts 8.1), with a clock that only sleeping moves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from calsync_cli.ports import Ports
from calsync_cli.providers.google.client import QUOTA
from calsync_cli.providers.pace import ON_THE_WAY_S, Pace

WINDOW_S = QUOTA[1] + ON_THE_WAY_S


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    @property
    def ports(self) -> Ports:
        return Ports(lambda: datetime.now(UTC), lambda: self.now_s, self.sleep, lambda: "0" * 32)


def test_a_full_minute_is_spent_at_once_and_then_it_waits_for_the_next() -> None:
    clock = Clock()
    pace = Pace(clock.ports, *QUOTA)
    for _ in range(600):
        pace.take(1)
    assert clock.now_s == 0.0
    pace.take(1)
    assert clock.now_s == WINDOW_S


def test_a_thousand_creates_take_one_wait() -> None:
    clock = Clock()
    pace = Pace(clock.ports, *QUOTA)
    for _ in range(20):
        pace.take(50)
    assert clock.now_s == WINDOW_S


def test_slow_requests_never_wait() -> None:
    clock = Clock()
    pace = Pace(clock.ports, *QUOTA)
    for _ in range(2000):
        clock.now_s += 0.11
        before = clock.now_s
        pace.take(1)
        assert clock.now_s == before


def test_more_than_a_window_holds_goes_through_alone() -> None:
    clock = Clock()
    pace = Pace(clock.ports, units=10, seconds=60.0)
    pace.take(25)
    pace.take(1)
    assert clock.now_s == WINDOW_S


def test_a_pause_holds_everybody_once() -> None:
    clock = Clock()
    pace = Pace(clock.ports, *QUOTA)
    pace.pause(5.0)
    pace.pause(3.0)
    pace.take(1)
    pace.take(1)
    assert clock.now_s == 5.0


def test_threads_are_given_different_times() -> None:
    """The clock stands still here, so what each thread is told to sleep is the time it was given."""
    told: list[float] = []
    pace = Pace(Ports(lambda: datetime.now(UTC), lambda: 0.0, told.append, lambda: "0" * 32), units=10, seconds=60.0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.take(1), range(40)))
    assert sorted(told) == [WINDOW_S] * 10 + [2 * WINDOW_S] * 10 + [3 * WINDOW_S] * 10


@given(st.lists(st.tuples(st.integers(1, 150), st.floats(0, 40)), max_size=60), st.integers(150, 600))
def test_no_window_holds_more_than_its_units(asked: list[tuple[int, float]], limit: int) -> None:
    clock = Clock()
    pace = Pace(clock.ports, units=limit, seconds=60.0)
    spent = []
    for units, idle in asked:
        clock.now_s += idle
        pace.take(units)
        spent.append((clock.now_s, units))
    for end, _ in spent:
        assert sum(units for when, units in spent if end - 60.0 < when <= end) <= limit
