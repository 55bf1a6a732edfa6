"""The L2 machine with Google as a side: its moods, and what people do on its page only (issue 3)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.engine.cloud_world import CloudWorld
from tests.property.cloud_machine import EVENTS, CloudMachine, numbers

WRITES = r"(POST|PATCH|DELETE) .*/events"
FAULTS: tuple[tuple[str, str], ...] = (
    ("drop-before", ""), ("drop-after", ""), ("cut", ""), ("garbled", ""), ("drop-after", WRITES), ("late", WRITES),
    ("500", ""), ("503", ""), ("503-after", WRITES), ("500-after", WRITES), ("401", ""), ("429", ""), ("403-rate", ""),
    ("403-user-rate", ""), ("403-quota", ""), ("403", WRITES), ("404", "events.list"), ("404", "DELETE .*/events"),
    ("409", WRITES), ("412", WRITES), ("410", ""), ("page", ""), ("empty", ""), ("stale", ""), ("partial-batch", ""),
    ("partial-batch", ""), ("empty-answer", WRITES), ("drop-after", "batch"), ("drop-before", "batch"),
    ("503", "batch"), ("garbled", "batch"),
)
LAGS = ((5.0, 0), (60.0, 0), (400.0, 0), (0.0, 3), (0.0, 9), (30.0, 2))
ROLES = ("reader", "reader", "writer", "freeBusyReader", "none", "owner")
MODES = st.fixed_dictionaries({
    "order": st.sampled_from(("stable", "shuffled")), "live_pages": st.booleans(),
    "bare_instance_tombstones": st.booleans(), "full_tombstones": st.booleans(),
    "listed_cancelled_masters": st.booleans(), "flood": st.sampled_from(("none", "before", "after")),
    "rekey": st.sampled_from(("tombstones", "silent")), "exception_inherits_private": st.booleans(),
    "restore_instance": st.sampled_from(("allowed", "allowed", "forbidden")),
    "error_form": st.sampled_from(("classic", "new")),
})


class GoogleMachine(CloudMachine):
    @initialize(modes=MODES, conflict=st.sampled_from(("merge", "merge", "newest", "a", "b", "ask")),
                pages=st.sampled_from((None, None, 1, 2)), order=st.booleans(), events=st.lists(EVENTS, max_size=3),
                synced=st.booleans())
    def begin(
        self, modes: dict[str, Any], conflict: str, pages: int | None, order: bool, events: list[dict[str, Any]],
        synced: bool,
    ) -> None:
        world = CloudWorld(*self.kinds("google", order), modes=modes, conflict=conflict, delete_percent=100.0)
        world.g.world.page_limit = pages
        self.begin_with(world, events, synced=synced)

    @rule(number=numbers, what=st.sampled_from(("restore", "restore", "invite", "duplicate")))
    def at_google_only(self, number: int, what: str) -> None:
        """A date from the bin; guests, whom the person does not mail, so that any mail is ours; a copy with all private
        properties.
        """
        here = self.world.google[0]
        found = self.chosen(here.name, number)
        if what == "restore":
            gone = [row for row in here.at.rows.values() if row.dead and row.master_id and not row.orphan]
            gone = [row for row in gone if not here.at.rows[row.master_id].dead]
            if gone:
                self.if_allowed(lambda: here.patch_at(gone[number % len(gone)].id, {"status": "confirmed"}))
        elif found and what == "invite":
            self.if_allowed(lambda: here.patch(found[1], {"attendees": [{"email": "friend@elsewhere.test"}]}))
        elif found and len(here.rows()) < 10:
            title = self.token()
            self.if_allowed(lambda: here.duplicate(found[1], title))

    # -- the world -----------------------------------------------------------------------------------------------------

    @rule(fault=st.sampled_from(FAULTS), skip=st.integers(0, 3), times=st.sampled_from((1, 1, 2, 7)))
    def upset(self, fault: tuple[str, str], skip: int, times: int) -> None:
        """The service breaks: once, or more often than anybody is patient."""
        name, match = fault
        more: dict[str, Any] = {"n": 2} if name in ("page", "empty", "stale") else {}
        more |= {"calls": 2, "seconds_late": 0} if name == "late" else {}
        self.world.g.faults.arm(name, match, skip=skip, times=times, **more)

    @rule(what=st.sampled_from(("lag", "lag", "no lag", "page", "expire", "hours", "a day", "role", "role", "owner",
                                "lost database")), amount=numbers)
    def turn(self, what: str, amount: int) -> None:
        g, here = self.world.g, self.world.google[amount % len(self.world.google)]
        match what:
            case "lag":
                g.world.lag.seconds, g.world.lag.calls = LAGS[amount]
            case "no lag":
                g.world.lag.seconds, g.world.lag.calls = 0.0, 0
            case "page":
                g.world.page_limit = (None, None, 1, 2, 3, 7)[amount]
            case "role":
                g.world.share(here.home, here.user, ROLES[amount])
            case "owner":
                g.world.share(here.home, here.user, "owner")
            case _:
                self.pass_time(what, amount)

    def calm(self) -> None:
        g = self.world.g
        g.settle()
        g.world.page_limit = None
        for here in self.world.google:
            g.world.share(here.home, here.user, "owner")
