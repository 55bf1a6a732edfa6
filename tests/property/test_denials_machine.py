"""As the sync machine, where servers now and then deny that an event is there (O2, facts 4): one denial is no proof.

What the server denies it denies for one run, to reads, and to writes too if it likes; after that it is asked once in
peace, for two runs with a denial in each are a proof by the rule. CALSYNC_L2_EXAMPLES and CALSYNC_L2_STEPS as there.
"""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from calsync_cli.providers.memory import Traits
from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.world import in_an_hour
from tests.fakes.memory_faults import FaultyServer
from tests.property.test_sync_machine import SyncMachine, sides, uids

EXAMPLES = int(os.environ.get("CALSYNC_L2_EXAMPLES", "250"))
STEPS = int(os.environ.get("CALSYNC_L2_STEPS", "50"))


class DenialsMachine(SyncMachine):
    @initialize(
        names=st.sampled_from(("ab", "ab", "abc")),
        receipt=st.sampled_from(("etag", "item", "bare")),
        expired=st.sampled_from(("error", "listing", "silent")),
        conflict=st.sampled_from(("merge", "merge", "newest", "a", "ask")),
        small=st.booleans(),
    )
    def begin(self, names: str, receipt: str, expired: str, conflict: str, small: bool) -> None:  # type: ignore[override]
        traits = Traits(receipt=receipt, expired=expired, uid_unique=True, absent_for=timedelta(0))  # type: ignore[arg-type]
        if small:
            traits.page_size, traits.fetch_size, traits.batch = 2, 1, 2
        self.world = FaultyWorld(names, None, dict.fromkeys(names, traits), conflict=conflict)
        self.world.gap = in_an_hour(0.05)
        self.rested: set[str] = set(names)

    def server(self, side: str) -> FaultyServer:
        return self.world.servers[self.on(side)]  # type: ignore[return-value]

    @rule(side=sides, uid=uids, writes=st.booleans())
    def deny(self, side: str, uid: str, writes: bool) -> None:
        side = self.on(side)
        if side in self.rested and self.world.has(side, uid):
            self.server(side).denied[self.world.find(side, uid)] = writes

    @rule(full=st.sampled_from((False, False, False, True)))
    def run(self, full: bool) -> None:
        self.rested -= {side for side in self.world.servers if self.server(side).denied}
        report = self.world.crash_run(approved=AnyPlan(), full=full)
        for side in self.world.servers:
            self.server(side).denied.clear()
        if report is None:
            self.world.restart()

    @rule()
    def rest(self) -> None:
        """A run in peace."""
        self.world.board.disarm()
        for name, server in self.world.servers.items():
            server.set_calendar(name, gone=False, access="write")
        self.run(False)
        self.rested = set(self.world.servers)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            for side in self.world.servers:
                self.server(side).denied.clear()
        super().teardown()


DenialsMachine.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True,
    derandomize="CALSYNC_L2_EXAMPLES" not in os.environ, suppress_health_check=list(HealthCheck),
)
TestDenialsMachine = DenialsMachine.TestCase
