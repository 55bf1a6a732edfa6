"""People edit, servers break, the process dies, the database is lost; then all rests, alike and complete (L2).

CALSYNC_L2_EXAMPLES and CALSYNC_L2_STEPS set the size; a failure prints the steps that lead to it.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from calsync_cli.model.series import CANCELLED
from calsync_cli.model.times import Span, Zoned
from calsync_cli.providers.memory import Traits
from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.oracles import check_alike, check_rest
from tests.engine.world import ics, in_an_hour
from tests.fakes.memory_faults import Fault

EXAMPLES = int(os.environ.get("CALSYNC_L2_EXAMPLES", "2000"))
STEPS = int(os.environ.get("CALSYNC_L2_STEPS", "50"))
UIDS = ("u1", "u2", "u3", "s1")
INSTANCES = ("20270308T080000Z", "20270315T080000Z")
START = "20270301T090000"
FAULTS: tuple[Fault, ...] = (
    "before", "after-applied", "garbled", "kill-before", "kill-after", "401", "403", "404", "409", "412", "429", "5xx",
    "stale", "replay", "reorder", "token-expired",
)  # not "empty": a first listing that shows nothing and gives a good token cannot be told from an empty calendar
CALLS = (None, None, "changes", "fetch", "look", "create", "update", "delete", "open")

sides = st.sampled_from("abc")
uids = st.sampled_from(UIDS)


class SyncMachine(RuleBasedStateMachine):
    world: FaultyWorld

    def __init__(self) -> None:
        super().__init__()
        self.tokens = 0
        self.hours = 0

    @initialize(
        names=st.sampled_from(("ab", "ab", "abc", "a")),
        receipt=st.sampled_from(("etag", "item", "bare")),
        delta=st.booleans(),
        expired=st.sampled_from(("error", "listing", "silent")),
        conflict=st.sampled_from(("merge", "merge", "newest", "a", "ask")),
        small=st.booleans(),
    )
    def begin(self, names: str, receipt: str, delta: bool, expired: str, conflict: str, small: bool) -> None:
        traits = Traits(delta=delta, receipt=receipt, expired=expired, uid_unique=True)  # type: ignore[arg-type]
        if small:
            traits.page_size, traits.fetch_size, traits.batch = 2, 1, 2
        self.world = FaultyWorld(names, None, dict.fromkeys(names, traits), conflict=conflict)
        self.world.gap = in_an_hour(0.05)

    def on(self, side: str) -> str:
        """One of the calendars there are."""
        names = list(self.world.servers)
        return side if side in names else names[0]

    def token(self) -> str:
        self.tokens += 1
        return f"tok{self.tokens}x"

    # -- people --------------------------------------------------------------------------------------------------------

    @rule(side=sides, uid=uids)
    def create(self, side: str, uid: str) -> None:
        side = self.on(side)
        if not self.world.has(side, uid):
            more = ("RRULE:FREQ=WEEKLY;COUNT=4",) if uid == "s1" else ()
            self.world.put(side, ics(uid, self.token(), *more, start=START))

    @rule(side=sides, uid=uids, field=st.sampled_from(("title", "title", "location", "description", "categories")))
    def edit(self, side: str, uid: str, field: str) -> None:
        side = self.on(side)
        if self.world.has(side, uid):
            value = frozenset({self.token()}) if field == "categories" else self.token()
            self.world.edit(side, uid, **{field: value})

    @rule(side=sides, uid=st.sampled_from(UIDS[:3]))
    def move(self, side: str, uid: str) -> None:
        side = self.on(side)
        if self.world.has(side, uid):
            self.hours += 1
            start = Zoned(_at(self.hours), "Europe/Berlin")
            self.world.edit(side, uid, time=Span(start, Zoned(_at(self.hours + 1), "Europe/Berlin")))

    @rule(side=sides, key=st.sampled_from(INSTANCES), cancel=st.booleans())
    def instance(self, side: str, key: str, cancel: bool) -> None:
        side = self.on(side)
        if not self.world.has(side, "s1") or f"@{key}" in self.world.forms(side)["s1"]:
            return
        self.world.edit(side, "s1", **({f"@{key}": CANCELLED} if cancel else {f"@{key}/title": self.token()}))

    @rule(side=sides, uid=uids)
    def delete(self, side: str, uid: str) -> None:
        side = self.on(side)
        if self.world.has(side, uid):
            self.world.delete(side, uid)

    # -- the world -----------------------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(FAULTS), call=st.sampled_from(CALLS))
    def break_a_call(self, kind: Fault, call: str | None) -> None:
        self.world.board.arm(kind, call=call)

    @rule(hours=st.sampled_from((0.1, 0.5, 2.0, 25.0, -0.02)))
    def wait(self, hours: float) -> None:
        self.world.clock.now += in_an_hour(hours)

    @rule(side=sides)
    def expire(self, side: str) -> None:
        self.world.servers[self.on(side)].expire_tokens()

    @rule(side=sides, gone=st.booleans())
    def vanish(self, side: str, gone: bool) -> None:
        side = self.on(side)
        self.world.servers[side].set_calendar(side, gone=gone)

    @rule(side=sides, access=st.sampled_from(("read", "write")))
    def permit(self, side: str, access: str) -> None:
        side = self.on(side)
        self.world.servers[side].set_calendar(side, access=access)  # type: ignore[arg-type]

    @precondition(lambda self: self.tokens > 3)
    @rule(really=st.sampled_from((False, False, False, True)))
    def lose_database(self, really: bool) -> None:
        if really:
            self.world.oracle.remember_store()
            self.world.lose_database()

    @rule(full=st.sampled_from((False, False, False, True)))
    def run(self, full: bool) -> None:
        if self.world.crash_run(approved=AnyPlan(), full=full) is None:
            self.world.restart()

    # -- the end -------------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        world.restart()
        for name, server in world.servers.items():
            server.set_calendar(name, gone=False, access="write")
        check_rest(world)
        world.oracle.final()
        world.oracle.no_word_lost()
        check_alike(world)


def _at(hours: int) -> object:
    from datetime import datetime, timedelta

    return datetime(2027, 3, 1, 9) + timedelta(hours=hours)


SyncMachine.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True,
    derandomize="CALSYNC_L2_EXAMPLES" not in os.environ, suppress_health_check=list(HealthCheck),
)
TestSyncMachine = SyncMachine.TestCase
