"""A crash is a pause (I21): every step of every scenario, broken in every way, ends as if nothing had happened."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crash.enumerate import Trial
from tests.crash.scenarios import SCENARIOS, Scenario

POINTS: dict[str, int] = {}
PLANNER = {
    "instance cancelled and edited": "D6, R4: fold() lets a cancellation beat an edit that its calendar had not seen",
}
"""Known faults of the planner; the test fails as soon as they are mended."""


def _cases() -> list[Any]:
    marks = {name: [pytest.mark.xfail(strict=True, reason=reason)] for name, reason in PLANNER.items()}
    return [pytest.param(scenario, id=scenario.name, marks=marks.get(scenario.name, ())) for scenario in SCENARIOS]


@pytest.mark.parametrize("scenario", _cases())
def test_every_step_of(scenario: Scenario) -> None:
    trial = Trial(scenario)
    broken = []
    for point in trial.points():
        try:
            trial.play(point)
        except AssertionError as err:
            broken.append(f"{point}: {err}")
        POINTS[scenario.name] = POINTS.get(scenario.name, 0) + 1
    assert not broken, f"{len(broken)} of {POINTS[scenario.name]}:\n" + "\n".join(broken[:10])


def test_the_enumeration_is_large_enough() -> None:
    """Runs last: says how many points were tried."""
    print(f"\n{len(POINTS)} scenarios, {sum(POINTS.values())} points")
    if len(POINTS) == len(SCENARIOS):
        assert len(POINTS) >= 40
        assert sum(POINTS.values()) > 4000
