"""Every step of a scenario, broken in every way: count the steps once, then play the scenario again per step and fault.

Steps   each provider call and each commit, in order. A call: kill-before, kill-after, applied but the answer lost,
        applied but the answer garbled. A commit: the process dies just before or just after it
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from calsync_cli.model.codec import form_json
from tests.crash.scenarios import Scenario
from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.oracles import Broken, check_alike
from tests.fakes.memory_faults import Fault

CALL_FAULTS: tuple[Fault, ...] = ("kill-before", "kill-after", "after-applied", "garbled")
COMMIT_FAULTS = ("before", "after")
LOST_ANSWERS = ("after-applied", "garbled")
MAX_RUNS = 2


@dataclass(frozen=True)
class Point:
    where: str
    number: int
    fault: str

    def __str__(self) -> str:
        return f"{self.where} {self.number} {self.fault}"


class Trial:
    """One scenario, saved at the moment before its run; `expected` is how it ends without a fault."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.world = world = scenario.world()
        world.gap = timedelta(minutes=1)  # well within `settle` (O3)
        if scenario.before is not None:
            scenario.before(world)
            if scenario.settled:
                world.run()
                quiet(world, self.wish)
        scenario.then(world)
        self.game = world.save()
        world.load(self.game)
        before = world.writes()
        self.run()
        self.counted()
        self.runs = quiet(world, self.wish) + 1
        if world.writes() - before != scenario.writes:
            raise Broken(f"{scenario.name}: {world.writes() - before} writes instead of {scenario.writes}")
        world.oracle.final()
        self.expected = state(world)

    @property
    def wish(self) -> dict[str, Any]:
        return {"approved": AnyPlan()} if self.scenario.approve else {}

    def run(self) -> None:
        self.world.crash_run(self.scenario.errand, **self.wish)

    def counted(self) -> None:
        """After a run in which nothing was broken: its steps."""
        self.calls, self.commits = self.world.board.count, self.world.commit_count
        self.writing = set(self.world.writing)

    def points(self) -> Iterator[Point]:
        """Every step, in every way."""
        for number in range(1, self.calls + 1):
            yield from (Point("call", number, fault) for fault in (*CALL_FAULTS, *self.more_faults(number)))
        for number in range(1, self.commits + 1):
            yield from (Point("commit", number, fault) for fault in COMMIT_FAULTS)

    def different_points(self) -> Iterator[Point]:
        """One for each state that a death can leave behind, and for each answer to a write that can be lost. A read
        leaves no state of its own, nor does a request that never left.
        """
        for number in sorted(self.writing):
            yield from (Point("call", number, fault) for fault in (*CALL_FAULTS[1:], *self.more_faults(number)))
        yield from (Point("commit", number, "after") for number in range(1, self.commits + 1))

    def more_faults(self, number: int) -> tuple[str, ...]:
        """What else can become of this call."""
        return ()

    def play(self, point: Point, then: Point | None = None) -> None:
        """Raises Broken where anything that test-plan 5 requires does not hold. then: what breaks in the recovery."""
        self.world.load(self.game)
        self._break(point)
        if then is not None:
            self.world.begin_count()
            self._break(then)
        self._judge(self._in_two_runs(point) or (then is not None and self._in_two_runs(then)))

    def _in_two_runs(self, point: Point) -> bool:
        """Whether some of the edits are only heard in the next run."""
        answer_lost = point.where == "call" and point.number not in self.writing and point.fault in LOST_ANSWERS
        return answer_lost and not self.scenario.in_one_run

    def play_twice(self, point: Point) -> Iterator[tuple[Point, AssertionError | None]]:
        """The run breaks at this point, and the recovery at each of its own steps."""
        world = self.world
        world.load(self.game)
        self._break(point)
        broken_off = world.save()
        world.load(broken_off)
        self.run()
        steps = copy.copy(self)
        steps.counted()
        for then in steps.points():
            world.load(broken_off)
            try:
                self._break(then)
                self._judge(self._in_two_runs(point) or steps._in_two_runs(then))
            except AssertionError as err:
                yield then, err
            else:
                yield then, None

    def _break(self, point: Point) -> None:
        """One run that breaks there, and a new process."""
        world = self.world
        if point.where == "call":
            world.board.fault_at(point.number, point.fault)  # type: ignore[arg-type]
        else:
            world.kill_commit = (point.number, point.fault)
        self.run()
        world.restart()

    def _judge(self, in_two_runs: bool = False) -> None:
        world = self.world
        if self.scenario.errand is not None:
            self.scenario.errand(world)
        runs = quiet(world, self.wish)
        if runs > max(MAX_RUNS, self.runs):
            raise Broken(f"{runs} runs until it rested")
        world.oracle.final()
        if in_two_runs:
            check_alike(world)
            return
        ended = state(world)
        for name, expected in self.expected.items():
            if name == "asked" and not self.scenario.one_question:
                expected, ended[name] = ([uid for _, uid in asked] for asked in (expected, ended[name]))
            if ended[name] != expected:
                raise Broken(f"I21: {name} is {ended[name]}\n    instead of {expected}")


def quiet(world: FaultyWorld, wish: dict[str, Any]) -> int:
    """Run until a run writes nothing; how many runs wrote. The last one is the further run of I3."""
    for runs in range(6):
        before = world.writes()
        world.run(**wish)
        if world.writes() == before and runs >= 1:
            return runs
    raise Broken("I4: it never rests")


def state(world: FaultyWorld) -> dict[str, Any]:
    """What people see, and what they are asked."""
    shown = {name: {_plain(uid): form_json(form) for uid, form in world.forms(name).items()} for name in world.servers}
    return {**shown, "asked": world.asked()}


def _plain(uid: str) -> str:
    """A conflict copy's UID names the moment it was made in; only that is left out."""
    return re.sub("-copy-[0-9a-f]{8}$", "-copy", uid)
