"""The L2 machine with Microsoft as a side: its moods, and what people do in Outlook only (issue 4).

Outlook never brings a deleted date back and moves none past its neighbours, so nobody here asks for it: what then has
to wait for a person is in the stories (tests/engine/test_graph_stories.py).
"""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.emulators.graph.faults import fault
from tests.emulators.graph.knobs import Knobs
from tests.engine.cloud_world import CloudWorld
from tests.engine.world import in_an_hour
from tests.property.cloud_machine import EVENTS, CloudMachine, numbers

WRITES, METHODS = "events", "POST|PATCH|DELETE"
FAULTS: tuple[tuple[str, str, str], ...] = (
    ("drop-before", "", "*"), ("drop-after", "", "*"), ("cut-body", "", "*"), ("garbled", "", "*"),
    ("drop-after", WRITES, METHODS), ("garbled", WRITES, METHODS), ("late", WRITES, METHODS), ("500", "", "*"),
    ("503", "", "*"), ("504-after", WRITES, METHODS), ("500-after", WRITES, METHODS), ("401", "", "*"),
    ("429", "", "*"), ("storm", "", "*"), ("423", "", "*"), ("html", "", "*"), ("empty", "", "*"),
    ("stale-info", "", "*"),
    ("410", "delta", "*"), ("412", "events/", "PATCH|DELETE"), ("409", "events/", "PATCH|DELETE"),
    ("half-batch", "", "*"), ("half-batch", "", "*"), ("missing-part", "", "*"), ("drop-after", "batch", "POST"),
    ("drop-before", "batch", "POST"),
)
LAGS = ((5.0, 0, 0), (60.0, 0, 5), (400.0, 0, 60), (0.0, 1, 0), (0.0, 3, 300), (30.0, 0, 30))
KNOBS = st.fixed_dictionaries({
    "deleted_occurrence": st.sampled_from(("siblings", "master", "removed", "silent")),
    "transaction_memory_s": st.sampled_from((0.0, 600.0, 14400.0)), "master_patch_drops": st.booleans(),
    "transaction_conflict": st.sampled_from(("400", "409", "first")),
    "transaction_after_delete": st.sampled_from(("deleted", "error", "new")),
    "etag_on_instance_delete": st.booleans(), "outside_rows": st.sampled_from(("removed", "empty", "none")),
    "removed_masters": st.booleans(), "removed_phantoms": st.booleans(), "removed_at_first": st.booleans(),
    "masters_in_delta": st.booleans(), "repeat_rows": st.booleans(), "nulls": st.booleans(),
    "first_page_empty": st.booleans(), "last_page_empty": st.booleans(), "page_cap": st.sampled_from((0, 0, 1, 2)),
    "batch_fifth": st.sampled_from(("queued", "429")),
    "retry_after": st.sampled_from(("1", "absent", "decimals", "date")),
    "lost_token": st.sampled_from(("410", "410-location", "400", "404", "400-id")),
    "exceptions_inherit_properties": st.booleans(), "zone_names": st.sampled_from(("windows", "echo")),
    "recurrence_zone": st.sampled_from(("event", "empty", "custom")),
    "calendar_segment": st.sampled_from(("ignored", "checked")),
    "error_shape": st.sampled_from(("innerError", "innererror", "nested", "other-case")),
})


class GraphMachine(CloudMachine):
    far = ""
    third: ClassVar[str] = ""
    """What closes a ring; nobody edits there."""

    @initialize(knobs=KNOBS, conflict=st.sampled_from(("merge", "merge", "newest", "a", "b", "ask")),
                order=st.booleans(), events=st.lists(EVENTS, max_size=3), synced=st.booleans())
    def begin(
        self, knobs: dict[str, Any], conflict: str, order: bool, events: list[dict[str, Any]], synced: bool,
    ) -> None:
        kinds = self.kinds("graph", order)
        ring = {"c": self.third, "ring": True} if self.third else {}
        world = CloudWorld(*kinds, knobs=knobs, conflict=conflict, delete_percent=100.0, **ring)
        self.begin_with(world, events, synced=synced)

    @rule(number=numbers, what=st.sampled_from(("touch", "importance")))
    def at_outlook_only(self, number: int, what: str) -> None:
        """Nothing that anybody would see on another side."""
        here = self.world.graph[0]
        if found := self.chosen(here.name, number):
            if what == "touch":
                here.person("touch", id=here.id_of(found[1]))
            else:
                here.patch(found[1], {"importance": "high"})

    # -- the world -----------------------------------------------------------------------------------------------------

    @rule(one=st.sampled_from(FAULTS), skip=st.integers(0, 3), times=st.sampled_from((1, 1, 2, 7)))
    def upset(self, one: tuple[str, str, str], skip: int, times: int) -> None:
        """The service breaks: once, or more often than anybody is patient."""
        name, path, method = one
        more: dict[str, Any] = {"seconds": 120.0} if name == "late" else {}
        self.world.m.arm(fault(name, skip=skip, times=times, path=path, method=method, **more))

    @rule(what=st.sampled_from(("lag", "lag", "no lag", "expire", "forget", "hours", "a day", "read only", "read only",
                                "owner", "lost database")), amount=numbers)
    def turn(self, what: str, amount: int) -> None:
        knobs, here = self.world.m.knobs, self.world.graph[amount % len(self.world.graph)]
        match what:
            case "lag":
                knobs.delta_lag_s, knobs.delta_lag_rounds, knobs.filter_lag_s = LAGS[amount]
            case "no lag":
                self._no_lag(knobs)
            case "forget":
                here.box.transactions.clear()
            case "read only" | "owner":
                here.box.default.can_edit = what == "owner"
            case _:
                self.pass_time(what, amount)

    def _no_lag(self, knobs: Knobs) -> None:
        knobs.delta_lag_s, knobs.delta_lag_rounds, knobs.filter_lag_s = 0.0, 0, 0.0

    def calm(self) -> None:
        m, knobs = self.world.m, self.world.m.knobs
        m.faults.armed.clear()
        m.throttle.until.clear()
        self._no_lag(knobs)
        knobs.page_cap, knobs.first_page_empty, knobs.last_page_empty = 0, False, False
        self.world.clock.now += in_an_hour(0.4)  # what is still on its way arrives, and nobody waits for more of it
        m.run_late()
        for here in self.world.graph:
            here.box.default.can_edit = True
