"""A story: a seed -> calendars, rules, servers, people and faults of some days; told and played. `ending` judges it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from calsync_cli.engine.report import Report
from calsync_cli.providers.memory import Call
from tests.engine.faulty_world import AnyPlan
from tests.engine.oracles import Broken
from tests.simulation import ending, oracles, topology, twice
from tests.simulation.people import People
from tests.simulation.topology import Topology
from tests.simulation.world import SimWorld

Tell = Callable[[str], None]
VISIT = timedelta(hours=24)
"""How often a person looks at what waits."""


@dataclass
class Counts:
    """What was done, of one story or of many. `oracles`: how often each dear one was asked."""

    stories: int = 0
    operations: int = 0
    edits: int = 0
    calls: int = 0
    writes: int = 0
    runs: int = 0
    kills: int = 0
    cpu_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    oracles: Counter[str] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        for name in ("stories", "operations", "edits", "calls", "writes", "runs", "kills", "cpu_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        self.oracles += other.oracles


class Story:
    def __init__(
        self, seed: int, tell: Tell = lambda words: None, choose: Callable[[Random], Topology] = topology.some
    ) -> None:
        self.began = time.process_time()
        self.tell = tell
        self.rng = rng = Random(seed)
        self.topology = choose(rng)
        self.rules = topology.rules(rng)
        rate = rng.choice((0, 0, 0.005, 0.02, 0.02, 0.08))
        self.kill_rate = rng.choice((0, 0.02, 0.1)) if rate else 0
        self.meddle = rng.choice((0, 0.005, 0.03)) if rate else 0
        self.calm = not rate
        self.days = rng.choice((1, 1, 2, 3))
        self.cron = timedelta(minutes=rng.choice((5, 10, 15, 30, 60)))
        self.watch = rng.random() < 0.2
        self.per_day = rng.choice((10, 30, 60, 120))
        self.world = SimWorld(self.topology, self.rules, rng, rate)
        if any(server.traits.receipt == "bare" for server in self.world.servers.values()):
            self.meddle = 0  # what follows a write answered without a version may be the server's own rewriting (F4)
        self.world.ledger.tell = self.say
        self.world.round_over = self._judge_deletes
        self.world.board.meddling = self._meddle if self.meddle else lambda call: None
        self.world.board.on_slow = self._slow
        self.people = People(self.world, rng)
        self.images: list[bytes] = []
        self.oracles: Counter[str] = Counter()
        self.quiet_runs = 0
        self.before: tuple[object, ...] = ()
        self.shaken = self.busy = self.approved = False

    def counts(self) -> Counts:
        w = self.world
        return Counts(
            1, w.operations, w.ledger.edits, w.calls, w.ledger.writes, w.runs, w.kills,
            time.process_time() - self.began, w.board.kinds, self.oracles,
        )

    def say(self, words: str) -> None:
        self.tell(f"{self.world.clock.now:%d %H:%M} {words}")

    # -- the days ------------------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Raises Broken, or whatever the engine raises that it should not."""
        clock = self.world.clock
        self.say(f"{self.topology.name} {self.rules} rate {self.world.board.rate} cron {self.cron} watch {self.watch}")
        for _ in range(self.rng.randrange(12)):
            self.person()
        end = clock.now + timedelta(days=self.days)
        due = {"person": clock.now, "run": clock.now, "event": clock.now + self._pause(3), "visit": clock.now + VISIT}
        while (at := min(due.values())) < end:
            clock.now = max(clock.now, at)
            what = next(name for name, moment in due.items() if moment == at)
            due[what] = at + getattr(self, f"_{what}")()
        ending.end(self)

    def _pause(self, per_day: float) -> timedelta:
        return timedelta(seconds=1 + int(self.rng.expovariate(per_day / 86400)))

    def _person(self) -> timedelta:
        self.person()
        if self.watch:
            self.run()
        return self._pause(self.per_day)

    def _run(self) -> timedelta:
        self.run()
        return timedelta(hours=1) if self.watch else self.cron

    def _visit(self) -> timedelta:
        """A person looks at what waits: answers the questions or not, says yes to what a guard stopped."""
        answered = oracles.answer(self.world) if self.rng.random() < 0.5 else 0
        self.say(f"a person answers {answered} questions and approves")
        self.shaken = True
        self.run(approved=AnyPlan())
        return VISIT

    def person(self) -> None:
        self.busy = True
        self.say(self.people.act())
        self.busy = False

    def _meddle(self, call: Call) -> None:
        """Somebody edits in mid-run, just before a call."""
        if not self.busy and self.rng.random() < self.meddle:
            self.person()

    def _slow(self) -> None:
        self.world.clock.now += timedelta(minutes=self.rng.choice((1, 5, 20)))

    # -- runs ----------------------------------------------------------------------------------------------------------

    def run(self, **wish: Any) -> None:
        world = self.world
        if self.rng.random() < self.kill_rate:
            world.kill_commit = (world.commit_count + self.rng.randint(1, 10), self.rng.choice(("before", "after")))
        elif self.rng.random() < 0.01:
            self.approved = False
            twice.planned_twice(world, self.rng)
            self._judge_deletes()
            self.oracles["X15 plans"] += 1
        state, writes = self._outside(), world.writes()
        self.shaken = self.shaken or state != self.before
        self.approved = "approved" in wish
        report = world.crash_run(**wish)
        world.restart()
        self.say_of(report)
        if report is not None and report.exit_code == 8:
            raise Broken(f"internal check: {report.problems}")
        self._judge_deletes()
        after = self._outside()
        if self.shaken or report is None or after != state or wish or _waits_for_the_clock(report):
            self.quiet_runs = 0
        else:
            self.quiet_runs += 1
            self._judge_quiet(world.writes() - writes)
        self.shaken, self.before = False, after

    def say_of(self, report: Report | None) -> None:
        self.say("the run died" if report is None else told(report))

    def _outside(self) -> tuple[object, ...]:
        """All that may give a run something to do; where absence has to last for a proof, time is of it."""
        w = self.world
        late = sum(len(server._late) for server in w.servers.values())
        waits = any(server.traits.absent_for for server in w.servers.values())
        return w.ledger.edits, w.board.kinds.total(), w.kills, late, w.clock.now if waits else 0

    def _judge_quiet(self, writes: int) -> None:
        """X4: nothing happened for as long as all may take to arrive (I4), so nothing is written (I3)."""
        if self.quiet_runs > 1 + len(self.topology.joins):
            self.oracles["X4 quiet runs"] += 1
            if writes:
                raise Broken(f"I3: {writes} writes in a run after {self.quiet_runs} quiet ones")

    def _judge_deletes(self) -> None:
        """X11: no unapproved round deletes a large share of a calendar, or anything right after a lost token."""
        for (grp, calendar), number in Counter(self.world.deletes).items():
            share = 100 * number / (self.world.linked(grp, calendar) + number)
            self.oracles["X11 rounds with deletes"] += 1
            if number >= 5 and share > 10 and not self.approved:
                raise Broken(f"I15: {number} deletes on {calendar} at once, unasked")
        self.world.deletes.clear()

    # -- what happens to servers and machines --------------------------------------------------------------------------

    def _event(self) -> timedelta:
        world, rng = self.world, self.rng
        name = rng.choice(self.topology.calendars)
        server = world.servers[name]
        self.shaken = True
        kinds = ["image", "expire", "nothing"]
        if not self.calm:
            kinds += ["expire", "gone", "read", "level", "level", "clock", "lose", "put back", *["right"] * 3]
        kind = rng.choice(kinds)
        match kind:
            case "image":
                self.images.append(world.image())
            case "expire":
                server.expire_tokens()
            case "gone":
                server.set_calendar(name, gone=True)
            case "read":
                server.set_calendar(name, access="read")
            case "level":
                server.set_calendar(name, level="limited", access="read")  # who may write may see
            case "right":
                world.make_right()
            case "clock":
                world.clock.now += timedelta(minutes=rng.choice((-120, -4, -2, 3, 30, 26 * 60)))
            case "lose":
                world.make_right()  # what is hidden from the first look on cannot be told from what is there
                world.lose_database()
            case "put back" if self.images:
                world.put_back(rng.choice(self.images))
        if kind not in ("nothing", "image", "right"):
            world.board.kinds[f"world: {kind}"] += 1
        self.say(f"{name}: {kind}")
        return self._pause(3)


def _waits_for_the_clock(report: Report) -> bool:
    """A clock that went back lets runs go on once it has come near where it was (G5)."""
    return any("(G5)" in problem.message for problem in report.problems)


def told(report: Report) -> str:
    problems = "".join(f"\n      {p.code}: {p.message}" for p in report.problems)
    changes = "".join(
        f"\n      {c.action} {c.uid} on {c.pair} {c.side} {','.join(c.fields)}: {c.outcome}, {c.because}"
        for c in report.changes
    )
    return f"run {report.run}: exit {report.exit_code}{problems}{changes}"
