"""When a group runs: laws of the agenda over any order of notices, runs, failures and clocks. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_cli.watch.agenda import BURST, BUSY, JOIN, REFILL, RETRY, Agenda

START = datetime(2026, 5, 4, 8, tzinfo=UTC)
POLL = timedelta(minutes=15)


class Desk:
    """Runs whatever is due as soon as it is, one second of its time each."""

    def __init__(self, *keys: str) -> None:
        self.agenda = Agenda(POLL)
        self.agenda.keep(keys)
        self.now = START
        self.ran: list[tuple[datetime, str, tuple[str, ...]]] = []

    def step(self, failed: bool = False) -> bool:
        if not self.agenda.must_look(self.now):
            return False
        keys = self.agenda.due(self.now)
        polling = self.agenda.polls(self.now)
        self.ran.append((self.now, "poll" if polling else "notice", tuple(keys)))
        self.agenda.begun(keys, self.now, polling=polling)
        self.now += timedelta(seconds=1)
        self.agenda.ended(keys, keys if failed else (), self.now)
        return True

    def until(self, end: datetime, failed: bool = False) -> None:
        """As the loop does: nothing is looked at but when the agenda says so."""
        for _ in range(10_000):
            if self.step(failed):
                continue
            wake = self.agenda.next(self.now)
            assert wake > self.now, "it would spin"
            if wake > end:
                break
            self.now = wake
        self.now = max(self.now, end)

    def runs(self, kind: str) -> list[datetime]:
        return [when for when, what, _ in self.ran if what == kind]


def test_everything_runs_at_the_start_and_each_poll() -> None:
    desk = Desk("a", "b")
    desk.until(START + timedelta(hours=1))
    assert [what for _, what, keys in desk.ran if keys == ("a", "b")] == ["poll"] * 5


def test_without_any_group_it_still_looks_each_poll_and_never_spins() -> None:
    desk = Desk()
    desk.until(START + timedelta(hours=1))
    assert [keys for _, _, keys in desk.ran] == [()] * 5
    desk.agenda.keep(["a"])
    desk.until(START + timedelta(hours=2))
    assert desk.ran[-1][2] == ("a",)


def test_what_nobody_tells_of_is_looked_at_as_often_as_its_pairs_want() -> None:
    """cli.md: `every` is a pair's, `poll` the least for all; a longer one changes nothing (L3)."""
    desk = Desk("a", "b", "c")
    desk.agenda.look_every({"a": timedelta(minutes=5), "b": timedelta(hours=2)})
    desk.until(START + timedelta(minutes=14))
    assert desk.agenda.next_look("a") == START + timedelta(minutes=15)
    assert [(when - START, keys) for when, _, keys in desk.ran] == [
        (timedelta(minutes=5 * n), keys) for n, keys in enumerate([("a", "b", "c"), ("a",), ("a",)])]
    desk.until(START + timedelta(hours=1))
    assert sum("b" in keys for _, _, keys in desk.ran) == 5 == sum("c" in keys for _, _, keys in desk.ran)
    desk.agenda.look_every({})
    ran = len(desk.ran)
    desk.until(START + timedelta(hours=1, minutes=14))
    assert len(desk.ran) == ran, "its server tells of it again"


def test_notices_of_two_seconds_are_one_run_of_the_group_they_are_about() -> None:
    desk = Desk("a", "b")
    desk.until(START + timedelta(seconds=10))
    for _ in range(5):
        desk.agenda.hear("b", desk.now)
        desk.until(desk.now + timedelta(seconds=0.2))
    heard = START + timedelta(seconds=10)
    desk.until(desk.now + timedelta(minutes=1))
    assert desk.ran[1:] == [(heard + JOIN, "notice", ("b",))]


def test_a_notice_during_a_run_causes_another_one() -> None:
    desk = Desk("a")
    desk.step()
    desk.agenda.hear("a", desk.now)
    keys = desk.agenda.due(desk.now + JOIN)
    desk.agenda.begun(keys, desk.now + JOIN, polling=False)
    desk.agenda.hear("a", desk.now + JOIN)
    desk.agenda.ended(keys, (), desk.now + JOIN)
    assert desk.agenda.due(desk.now + JOIN + JOIN) == ["a"]


def test_a_flood_of_notices_causes_runs_at_a_bounded_rate() -> None:
    desk = Desk("a")
    desk.until(START + timedelta(seconds=5))
    end = START + timedelta(minutes=10)
    while desk.now < end:
        desk.agenda.hear("a", desk.now)
        desk.until(desk.now + timedelta(seconds=0.5))
    assert BURST < len(desk.runs("notice")) <= BURST + timedelta(minutes=10) / REFILL + 1


def test_a_failed_group_is_tried_again_sooner_than_the_poll_and_then_less_often() -> None:
    desk = Desk("a")
    desk.until(START + timedelta(minutes=14), failed=True)
    gaps = [int((b - a).total_seconds()) for a, b in zip(desk.runs("notice"), desk.runs("notice")[1:], strict=False)]
    assert desk.runs("notice")[0] == START + RETRY + timedelta(seconds=1) and gaps == [121, 241]
    desk.until(START + timedelta(minutes=31))
    assert desk.runs("notice")[-1] < START + timedelta(minutes=15), "one good run ends it"


def test_another_run_at_work_postpones_and_loses_nothing() -> None:
    desk = Desk("a", "b")
    desk.agenda.begun(["a", "b"], START, polling=True)
    desk.agenda.kept_out(["a", "b"], START, polling=True)
    assert desk.agenda.due(START + BUSY / 2) == [] and desk.agenda.next(START) == START + BUSY
    assert desk.agenda.due(START + BUSY) == ["a", "b"]


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(hours=-1), timedelta(hours=9), timedelta(days=400)])
def test_a_clock_that_was_set_or_a_machine_that_slept_polls_at_once(jump: timedelta) -> None:
    desk = Desk("a")
    desk.until(START + timedelta(minutes=1))
    assert desk.agenda.due(desk.now + jump) == ["a"] and desk.agenda.next(desk.now + jump) == desk.now + jump


acts = st.lists(st.tuples(
    st.sampled_from(["hear a", "hear b", "hear gone", "wait", "fail", "busy", "keep", "keep a", "keep a b", "back"]),
    st.floats(0.01, 2000, allow_nan=False),
), max_size=40)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(acts)
def test_no_notice_is_forgotten_and_no_poll_is_left_out(steps: list[tuple[str, float]]) -> None:
    desk = Desk("a", "b")
    keys = {"a", "b"}
    for act, seconds in steps:
        if act.startswith("hear"):
            desk.agenda.hear(act[5:], desk.now)
        elif act.startswith("keep"):
            keys = set(act[4:].split())
            desk.agenda.keep(keys)
        elif act == "busy" and (due := desk.agenda.due(desk.now)):
            polling = desk.agenda.polls(desk.now)
            desk.agenda.begun(due, desk.now, polling=polling)
            desk.agenda.kept_out(due, desk.now, polling=polling)
        elif act == "back":
            desk.now -= timedelta(seconds=seconds)
        desk.until(desk.now + timedelta(seconds=seconds), failed=act == "fail")
    desk.until(desk.now + POLL + BUSY)
    heard = desk.now
    for key in keys:
        desk.agenda.hear(key, heard)
    before = len(desk.ran)
    desk.until(heard + JOIN + REFILL)
    assert {key for _, _, ran in desk.ran[before:] for key in ran} == keys, "soon"
    polls = [when for when, what, _ in desk.ran if what == "poll"]
    assert desk.now - polls[-1] <= POLL + BUSY + JOIN + REFILL
