"""What the lines of progress say, on a clock of the test's own: only what is known, and in the width there is."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_cli.cli.meter import Meter, left_words, rate_words
from calsync_cli.cli.progress import Bar


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bar(clock: Clock) -> Iterator[Bar]:
    made = Bar(clock, color=False, patience_s=600)
    yield made
    made.close()


def lines(bar: Bar, columns: int = 80) -> list[str]:
    return list(bar.lines(columns))


def test_a_total_that_nobody_knows_is_not_made_up(bar: Bar, clock: Clock) -> None:
    for second in range(20):
        clock.now_s += 1
        bar.update("list", 250 * second, 0)
    assert lines(bar) == ["looking at calendars  4,750 events so far"]
    bar.update("keep", 0, 4750)
    assert lines(bar)[0] == "looking at calendars  4,750 events"  # now they are all


def test_the_time_that_is_left_is_told_when_it_can_be_known(bar: Bar, clock: Clock) -> None:
    bar.update("write", 0, 1000)
    assert lines(bar) == [f"writing events        {'─' * 24}  0 of 1,000"]
    clock.now_s += 2
    bar.update("write", 20, 1000)
    assert "left" not in lines(bar)[0] and "/s" not in lines(bar)[0]
    clock.now_s += 3
    bar.update("write", 50, 1000)
    assert lines(bar)[0].endswith("50 of 1,000  10/s  about 95 s left".replace("95 s", "2 min"))
    bar.update("write", 1000, 1000)
    assert lines(bar) == ["writing events        1,000 of 1,000"]


@pytest.mark.parametrize("batch", [1, 50, 200])
@pytest.mark.parametrize("rate", [2.0, 40.0, 700.0])
def test_what_goes_on_evenly_is_foretold_rightly_and_without_jumps(batch: int, rate: float) -> None:
    """However coarse the steps are: after the first few of them within a tenth, and never more than before."""
    meter, total, now, told = Meter(), 100 * batch, 0.0, float("inf")
    for step in range(100):
        meter.note(now, step * batch)
        for _ in range(4):
            now += batch / rate / 4
            left = meter.left_s(now, total)
            if left is not None and step > 3:
                assert left == pytest.approx((total / rate) - now, rel=0.1, abs=1.1 * batch / rate)
                assert left <= told + batch / rate + 0.01
                told = left


def test_a_rate_that_changes_is_noticed_within_half_a_minute() -> None:
    meter, now, done = Meter(), 0.0, 0
    for second in range(120):
        now, done = now + 1, done + (100 if second < 60 else 10)
        meter.note(now, done)
        if second == 59:
            assert meter.rate() == pytest.approx(100)
    assert meter.rate() == pytest.approx(10, rel=0.05)


def test_who_makes_us_wait_is_told_and_the_time_left_is_not(bar: Bar, clock: Clock) -> None:
    for done in (0, 100, 200):
        bar.update("write", done, 1000)
        clock.now_s += 4
    assert "left" in lines(bar)[0]
    bar.wait("Google (work) asks to wait", 12)
    bar.wait("Google (work) asks to wait", 9)  # another thread
    assert lines(bar)[1:] == ["Google (work) asks to wait 12 s"] and "left" not in lines(bar)[0]
    clock.now_s += 5
    assert lines(bar)[1:] == ["Google (work) asks to wait 7 s"]
    bar.wait("Google (work) asks to wait", 0)
    assert lines(bar)[1:] == ["Google (work) asks to wait 7 s"]
    bar.wait("Google (work) asks to wait", 0)
    assert len(lines(bar)) == 1 and "left" in lines(bar)[0]
    bar.wait("Google (work) asks to wait", 0)  # one too many harms nobody


def test_the_next_group_and_the_next_round_begin_anew(bar: Bar) -> None:
    for what, done, total in (("list", 5, 0), ("plan", 0, 0), ("write", 5, 5), ("plan", 0, 0), ("write", 0, 7)):
        bar.update(what, done, total)
    assert [line.split("  ")[0] for line in lines(bar)] == ["looking at calendars", "comparing", "writing events"]
    assert lines(bar)[-1].endswith("0 of 7")
    bar.update("list", 0, 0)
    assert lines(bar) == ["looking at calendars"]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 10**7), st.integers(0, 100), st.floats(0.01, 4000), st.integers(80, 200))
def test_every_line_fits_the_window(total: int, percent: int, seconds: float, columns: int) -> None:
    clock = Clock()
    bar = Bar(clock, color=False, patience_s=600)
    try:
        for part in (0, 1, 2):
            bar.update("write", total * percent * part // 200, total)
            clock.now_s += seconds
        (line,) = bar.lines(columns)
        assert len(line) <= columns and re.search(rf"{total:,}", line)
    finally:
        bar.close()


def test_words_are_no_finer_than_what_can_be_known() -> None:
    assert [left_words(s) for s in (0.2, 5.1, 41, 61, 600, 5399, 5400, 7100, 90_000)] == [
        f"about {words} left" for words in
        ("5 s", "10 s", "45 s", "1 min", "10 min", "1 h 30 min", "1 h 30 min", "2 h", "25 h")
    ]
    assert [rate_words(r) for r in (0.001, 0.5, 4.21, 10, 1234)] == ["1/min", "30/min", "4.2/s", "10/s", "1,234/s"]


def test_telling_costs_next_to_nothing(bar: Bar) -> None:
    """Of a first sync of 5,000 events: each is told when it is taken in, and the picture is drawn for a minute."""
    began = time.process_time()
    for what in ("keep", "write"):
        for done in range(5000):
            bar.update(what, done, 5000)
    for _ in range(240):
        lines(bar)
    assert time.process_time() - began < 1.0
