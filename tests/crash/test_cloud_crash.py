"""With Google on a side, too, a crash is a pause (I21): no second event, the same end, whatever request was the last.

Each scenario is played with one of the three other sides per commit, for every state that a death can leave behind;
CALSYNC_L4_CLOUD=all plays every point of every scenario with every side.
"""

from __future__ import annotations

import os

import pytest

from tests.crash.cloud_scenarios import PAIRS, SCENARIOS, CloudScenario
from tests.crash.cloud_trial import CloudTrial

ALL = os.environ.get("CALSYNC_L4_CLOUD") == "all"
TRIALS = [
    pytest.param(scenario, other, id=f"{scenario.name}, with {name}")
    for number, scenario in enumerate(SCENARIOS) for place, (name, other) in enumerate(PAIRS.items())
    if ALL or place == number % len(PAIRS)
]


@pytest.mark.parametrize(("scenario", "other"), TRIALS)
def test_every_step_of(scenario: CloudScenario, other: str) -> None:
    trial = CloudTrial(scenario, other)
    with trial.world:
        points = list(trial.points() if ALL else trial.different_points())
        broken = []
        for point in points:
            try:
                trial.play(point)
            except AssertionError as err:
                broken.append(f"{point}: {err}")
    assert points and not broken, f"{len(broken)} of {len(points)}:\n" + "\n".join(broken[:10])
