"""With a cloud on a side, too, a crash is a pause (I21): no second event, the same end, whatever request was the last.

Each scenario is played with one of the other sides per cloud and commit, for every state that a death can leave behind;
CALSYNC_L4_CLOUD=all plays every point of every scenario with every side. Microsoft knows a repeated create by its
transactionId for some time only, and nobody says how long: here it has forgotten it at once (facts 0.10).
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.crash.cloud_scenarios import PAIRS, SCENARIOS, CloudScenario
from tests.crash.cloud_trial import CloudTrial

ALL = os.environ.get("CALSYNC_L4_CLOUD") == "all"
FORGETFUL: dict[str, Any] = {"transaction_memory_s": 0.0}
TRIALS = [
    pytest.param(scenario, cloud, other, id=f"{scenario.name}, {cloud} with {other}")
    for cloud, others in PAIRS.items() for number, scenario in enumerate(SCENARIOS)
    for place, other in enumerate(others) if cloud in scenario.only and (ALL or place == number % len(others))
]


@pytest.mark.parametrize(("scenario", "cloud", "other"), TRIALS)
def test_every_step_of(scenario: CloudScenario, cloud: str, other: str) -> None:
    trial = CloudTrial(scenario, cloud, other, FORGETFUL)
    with trial.world:
        points = list(trial.points() if ALL else trial.different_points())
        broken = []
        for point in points:
            try:
                trial.play(point)
            except AssertionError as err:
                broken.append(f"{point}: {err}")
    assert points and not broken, f"{len(broken)} of {len(points)}:\n" + "\n".join(broken[:10])
