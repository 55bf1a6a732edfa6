"""A crash is a pause (I21): every step of every scenario, broken in every way, ends as if nothing had happened."""

from __future__ import annotations

import pytest

from tests.crash.enumerate import Point, Trial
from tests.crash.further import FURTHER
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.crash.viewed import VIEWED


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_step_of(scenario: Scenario) -> None:
    trial = Trial(scenario)
    points = list(trial.points())
    broken = []
    for point in points:
        try:
            trial.play(point)
        except AssertionError as err:
            broken.append(f"{point}: {err}")
    assert not broken, f"{len(broken)} of {len(points)}:\n" + "\n".join(broken[:10])


@pytest.mark.parametrize("scenario", (*FURTHER, *VIEWED), ids=lambda scenario: scenario.name)
def test_one_step_of_each_kind_of(scenario: Scenario) -> None:
    """`python -m tests.crash` breaks them all; here the middle one of each kind, and once the recovery too."""
    trial = Trial(scenario)
    by_kind: dict[tuple[str, str], list[Point]] = {}
    for point in trial.different_points():
        by_kind.setdefault((point.where, point.fault), []).append(point)
    points = [found[len(found) // 2] for found in by_kind.values()]
    for point in points:
        trial.play(point)
    trial.play(points[-1], Point("commit", 2, "after"))


def test_the_enumeration_is_large_enough() -> None:
    """A floor under both counts: a scenario that stops before its first request would pass every test above."""
    counts = {scenario.name: len(list(Trial(scenario).points())) for scenario in SCENARIOS}
    print(f"\n{len(counts)} scenarios, {sum(counts.values())} points")
    assert len(counts) >= 40 and min(counts.values()) > 0
    assert len(SCENARIOS) + len(FURTHER) >= 180
    assert sum(counts.values()) >= 3400
