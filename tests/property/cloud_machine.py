"""People, a service with moods and a process that dies, with a cloud as a side: the steps of the L2 machine.

As tests/property/test_sync_machine.py for the memory model, but between real providers; people edit as on the page of
the service. What only one service has is in google_machine.py and graph_machine.py. `other` says what stands on the
other side. `cut`: series that end by a date, so that nobody moves them past their own end, where programs disagree
about what is left.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.emulators.google.errors import ApiError
from tests.emulators.graph.errors import GraphError
from tests.engine.cloud_oracle import check_agendas, check_one_look
from tests.engine.cloud_world import CloudWorld
from tests.engine.faulty_world import AnyPlan
from tests.engine.ical_sides import VdirSide
from tests.engine.oracles import check_alike, check_rest
from tests.engine.sides import Side
from tests.engine.world import in_an_hour

KILLS = ("kill-before", "kill-after", "before", "after-applied", "garbled")
RULES = ("FREQ=WEEKLY;COUNT=4", "FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;COUNT=6")
sides = st.sampled_from("ab")
numbers = st.integers(0, 5)
EVENTS = st.fixed_dictionaries({
    "side": sides, "repeats": st.sampled_from((True, True, False)), "kind": numbers,
    "all_day": st.sampled_from((False, False, True)),
})


class CloudMachine(RuleBasedStateMachine):
    other: ClassVar[str] = "vdir"
    far: ClassVar[str] = "2027-04-20"
    """Where a date of an all-day series is moved to."""
    world: CloudWorld

    def __init__(self) -> None:
        super().__init__()
        self.tokens = 0
        self.uids: list[str] = []
        self.cut: set[str] = set()

    def begin_with(self, world: CloudWorld, events: list[dict[str, Any]], *, synced: bool) -> None:
        self.world = world
        for side in world.servers.values():
            if isinstance(side, VdirSide):
                side.claim()
        for event in events:
            self.add(**event)
        if synced:
            self.run(False, 0.001)

    def kinds(self, cloud: str, order: bool) -> tuple[str, str]:
        return (cloud, self.other) if order else (self.other, cloud)

    def calm(self) -> None:
        """The service is well again."""
        raise NotImplementedError

    def token(self) -> str:
        self.tokens += 1
        return f"tok{self.tokens}x"

    def chosen(self, side: str, number: int) -> tuple[Side, str] | None:
        """The side, and an event that it holds."""
        here = self.world[side]
        known = here.uids()
        there = [uid for uid in self.uids if uid in known]
        return (here, there[number % len(there)]) if there else None

    def date(self, side: str, number: int, which: int) -> tuple[Side, str, str] | None:
        """The side, a series that it holds, and a date of it."""
        here = self.world[side]
        known = here.uids()
        there = [(uid, dates) for uid in self.uids if uid in known and (dates := here.dates(uid))]
        if not there:
            return None
        uid, dates = there[number % len(there)]
        return here, uid, dates[which % len(dates)]

    # -- people --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.uids) < 5)
    @rule(side=sides, repeats=st.booleans(), kind=numbers, all_day=st.sampled_from((False, False, True)))
    def add(self, side: str, repeats: bool, kind: int, all_day: bool) -> None:
        start = "2027-03-01" if all_day else "2027-03-01T09:00"
        rule = RULES[kind % len(RULES)] if repeats else ""
        title = self.token()
        self.uids.append(self.world.person(lambda: self.world[side].add(title, start, rule=rule)))

    @rule(side=sides, number=numbers, what=st.sampled_from(("title", "location", "text", "clear", "shift", "repeat")),
          day=numbers, hour=numbers)
    def edit(self, side: str, number: int, what: str, day: int, hour: int) -> None:
        if found := self.chosen(side, number):
            here, uid = found
            if what == "shift" and uid not in self.cut:
                start = f"2027-03-{1 + day:02}" + (f"T{9 + hour:02}:00" if not self.is_all_day(here, uid) else "")
                self.world.person(lambda: here.shift(uid, start))
            elif what == "repeat":
                if here.dates(uid):
                    self.world.person(lambda: here.set_rule(uid, RULES[day % len(RULES)]))
            elif what == "clear":
                self.world.person(lambda: here.edit(uid, location="", text=""))
            elif what != "shift":
                value = self.token()
                self.world.person(lambda: here.edit(uid, **{what: value}))

    def is_all_day(self, here: Side, uid: str) -> bool:
        return any(seen[0] == uid and len(seen[1]) == 10 for seen in here.agenda())

    @rule(side=sides, number=numbers, which=numbers, what=st.sampled_from(("title", "move", "cancel", "split")))
    def edit_a_date(self, side: str, number: int, which: int, what: str) -> None:
        found = self.date(side, number, which)
        if not found:
            return
        here, uid, at = found
        first, count = here.dates(uid).index(at) == 0, len(here.dates(uid))
        if what == "cancel" and count > 1:
            self.world.person(lambda: here.cancel(uid, at))
        elif what == "split" and not first and len(self.uids) < 7:
            title = self.token()
            self.uids.append(self.world.person(lambda: here.split(uid, at, title)))
            self.cut.add(uid)
        elif what in ("title", "move"):
            to = "" if what == "title" else self.far if len(at) == 10 else f"{at[:10]}T17:30"
            title = self.token()
            self.world.person(lambda: here.change(uid, at, title=title, to=to))

    def if_allowed(self, deed: Any) -> None:
        """What the page would not let a person do is not done."""
        with suppress(ApiError, GraphError):
            self.world.person(deed)

    @rule(side=sides, number=numbers)
    def delete(self, side: str, number: int) -> None:
        if found := self.chosen(side, number):
            here, uid = found
            self.world.person(lambda: here.delete(uid))

    # -- the world -----------------------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from((*KILLS, "commit-before", "commit-after")), later=st.integers(1, 14))
    def cut_off(self, kind: str, later: int) -> None:
        """The wire or the process breaks, some requests or commits from now."""
        if kind.startswith("commit"):
            self.world.kill_commit = (self.world.commit_count + later, kind.partition("-")[2])
        else:
            self.world.board.fault_at(self.world.board.count + later, kind)  # type: ignore[arg-type]

    def pass_time(self, what: str, amount: int) -> None:
        match what:
            case "expire":
                for cloud in self.world.clouds.values():
                    cloud.expire_tokens()
            case "hours":
                self.world.clock.now += in_an_hour(0.2 * (1 + amount))
            case "a day":
                self.world.clock.now += in_an_hour(25)
            case "lost database" if self.tokens > 3 and amount < 2:
                self.world.oracle.remember_store()
                self.world.lose_database()

    @rule(full=st.sampled_from((False, False, False, False, True)), gap=st.sampled_from((0.001, 0.05, 0.4)))
    def run(self, full: bool, gap: float) -> None:
        self.world.gap = in_an_hour(gap)
        if self.world.crash_run(approved=AnyPlan(), full=full) is None:
            self.world.restart()

    @rule()
    def run_again(self) -> None:
        self.run(False, 0.001)

    # -- the end -------------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        with self.world as world:
            world.restart()
            self.calm()
            world.gap = in_an_hour(0.5)
            check_rest(world)
            check_one_look(world)
            world.oracle.final()  # type: ignore[attr-defined]
            world.oracle.no_word_lost()
            check_alike(world)
            check_agendas(world)
