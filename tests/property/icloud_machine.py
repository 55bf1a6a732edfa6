"""The steps of the L2 machine that are Apple's: events that are listed and denied, and an account that moves (facts 4).

What Apple denies it denies for one run; after that it is asked once in peace, for a denial in each of two runs is a
proof by the rule (O2).
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.engine.cloud_world import CloudWorld
from tests.engine.ical_sides import ICloudSide
from tests.property.cloud_machine import EVENTS, CloudMachine, numbers


class ICloudMachine(CloudMachine):
    rested = True

    @initialize(order=st.booleans(), conflict=st.sampled_from(("merge", "merge", "newest", "a")),
                events=st.lists(EVENTS, min_size=1, max_size=3), synced=st.booleans())
    def begin(self, order: bool, conflict: str, events: list[dict[str, Any]], synced: bool) -> None:
        a, b = self.kinds("icloud", order)
        self.begin_with(CloudWorld(a, b, conflict=conflict), events, synced=synced)

    @property
    def apple(self) -> ICloudSide:
        return next(side for side in self.world.servers.values() if isinstance(side, ICloudSide))

    @rule(number=numbers)
    def deny(self, number: int) -> None:
        there = sorted(self.apple.files())
        if self.rested and there:
            self.apple.server.hidden.add(there[number % len(there)])

    @rule(answer=st.sampled_from((404, 401, 421)))
    def move_account(self, answer: int) -> None:
        if len(self.apple.server.partitions) < 3:
            self.apple.server.move(answer)

    @rule(amount=numbers, what=st.sampled_from(("hours", "a day", "lost database")))
    def time(self, amount: int, what: str) -> None:
        self.pass_time(what, amount)

    @rule(full=st.sampled_from((False, False, False, False, True)), gap=st.sampled_from((0.001, 0.05, 0.4)))
    def run(self, full: bool, gap: float) -> None:
        self.rested = self.rested and not self.apple.server.hidden
        super().run(full, gap)
        self.apple.server.hidden.clear()

    @rule()
    def rest(self) -> None:
        """A run in peace."""
        self.calm()
        self.run(False, 0.05)
        self.rested = True

    def calm(self) -> None:
        self.world.board.disarm()
        self.world.kill_commit = None
        self.apple.server.hidden.clear()
