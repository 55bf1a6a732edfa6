"""Playing a scenario with a cloud again for every step and fault: `crash.enumerate` for a CloudWorld."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.crash.cloud_scenarios import CloudScenario
from tests.crash.enumerate import Trial, quiet, state
from tests.engine.cloud_oracle import check_agendas, check_one_look
from tests.engine.oracles import Broken

HALVES = ("half", "half-kill")
"""Of a batch each part is carried out or not, by chance, and answered or not, by chance; or nobody hears of it."""


class CloudTrial(Trial):
    """A step is a request to a cloud or to a CalDAV server, a call of a folder, or a commit."""

    def __init__(
        self, scenario: CloudScenario, cloud: str, other: str, knobs: dict[str, Any] | None = None
    ) -> None:
        self.scenario = scenario  # type: ignore[assignment]
        self.world = world = scenario.world(cloud, other, knobs)  # type: ignore[assignment]
        world.gap = timedelta(minutes=16 if world.graph else 1)  # within `settle` (O3) but where it is waited for (J)
        if scenario.before is not None:
            scenario.before(world)
            world.run()
            quiet(world, self.wish)
        scenario.then(world)
        self.game = world.save()
        world.load(self.game)
        before = world.writes()
        self.run()
        self.counted()
        self.runs = quiet(world, self.wish) + 1
        if scenario.writes != (world.writes() > before):
            raise Broken(f"{scenario.name}: {world.writes() - before} writes")
        world.oracle.final()
        check_agendas(world)
        check_one_look(world)
        self.expected = state(world)

    def counted(self) -> None:
        super().counted()
        self.batches = set(self.world.batches)  # type: ignore[attr-defined]

    def more_faults(self, number: int) -> tuple[str, ...]:
        return HALVES if number in self.batches else ()
