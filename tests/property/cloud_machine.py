"""People, a service with moods and a process that dies, with Google as a side: the steps of the L2 machine (issue 3).

As tests/property/test_sync_machine.py for the memory model, but between real providers; people edit at Google as on
its page. CloudMachine.other says what stands on the other side. `cut`: series that end by a date, so that nobody moves
them past their own end, where programs disagree about what is left.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.emulators.google.errors import ApiError
from tests.engine.cloud_oracle import check_agendas, check_one_look
from tests.engine.cloud_world import CloudWorld
from tests.engine.faulty_world import AnyPlan
from tests.engine.ical_sides import VdirSide
from tests.engine.oracles import check_alike, check_rest
from tests.engine.sides import Side
from tests.engine.world import in_an_hour

KILLS = ("kill-before", "kill-after", "before", "after-applied", "garbled")
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
RULES = ("FREQ=WEEKLY;COUNT=4", "FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;COUNT=6")
MODES = st.fixed_dictionaries({
    "order": st.sampled_from(("stable", "shuffled")), "live_pages": st.booleans(),
    "bare_instance_tombstones": st.booleans(), "full_tombstones": st.booleans(),
    "listed_cancelled_masters": st.booleans(), "flood": st.sampled_from(("none", "before", "after")),
    "rekey": st.sampled_from(("tombstones", "silent")), "exception_inherits_private": st.booleans(),
    "restore_instance": st.sampled_from(("allowed", "allowed", "forbidden")),
    "error_form": st.sampled_from(("classic", "new")),
})

sides = st.sampled_from("ab")
numbers = st.integers(0, 5)
EVENTS = st.fixed_dictionaries({
    "side": sides, "repeats": st.sampled_from((True, True, False)), "kind": numbers,
    "all_day": st.sampled_from((False, False, True)),
})


class CloudMachine(RuleBasedStateMachine):
    other: ClassVar[str] = "vdir"
    world: CloudWorld

    def __init__(self) -> None:
        super().__init__()
        self.tokens = 0
        self.uids: list[str] = []
        self.cut: set[str] = set()

    @initialize(modes=MODES, conflict=st.sampled_from(("merge", "merge", "newest", "a", "b", "ask")),
                pages=st.sampled_from((None, None, 1, 2)), order=st.booleans(), events=st.lists(EVENTS, max_size=3),
                synced=st.booleans())
    def begin(
        self, modes: dict[str, Any], conflict: str, pages: int | None, order: bool, events: list[dict[str, Any]],
        synced: bool,
    ) -> None:
        kinds = ("google", self.other) if order else (self.other, "google")
        self.world = CloudWorld(*kinds, modes=modes, conflict=conflict, delete_percent=100.0)
        self.world.g.world.page_limit = pages
        for side in self.world.servers.values():
            if isinstance(side, VdirSide):
                side.claim()
        for event in events:
            self.add(**event)
        if synced:
            self.run(False, 0.001)

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
            to = "" if what == "title" else "2027-04-20" if len(at) == 10 else f"{at[:10]}T17:30"
            title = self.token()
            self.world.person(lambda: here.change(uid, at, title=title, to=to))

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

    def if_allowed(self, deed: Any) -> None:
        """What the page would not let a person do is not done."""
        with suppress(ApiError):
            self.world.person(deed)

    @rule(side=sides, number=numbers)
    def delete(self, side: str, number: int) -> None:
        if found := self.chosen(side, number):
            here, uid = found
            self.world.person(lambda: here.delete(uid))

    # -- the world -----------------------------------------------------------------------------------------------------

    @rule(fault=st.sampled_from(FAULTS), skip=st.integers(0, 3), times=st.sampled_from((1, 1, 2, 7)))
    def upset(self, fault: tuple[str, str], skip: int, times: int) -> None:
        """The service breaks: once, or more often than anybody is patient."""
        name, match = fault
        more: dict[str, Any] = {"n": 2} if name in ("page", "empty", "stale") else {}
        more |= {"calls": 2, "seconds_late": 0} if name == "late" else {}
        self.world.g.faults.arm(name, match, skip=skip, times=times, **more)

    @rule(kind=st.sampled_from((*KILLS, "commit-before", "commit-after")), later=st.integers(1, 14))
    def cut_off(self, kind: str, later: int) -> None:
        """The wire or the process breaks, some requests or commits from now."""
        if kind.startswith("commit"):
            self.world.kill_commit = (self.world.commit_count + later, kind.partition("-")[2])
        else:
            self.world.board.fault_at(self.world.board.count + later, kind)  # type: ignore[arg-type]

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
            case "expire":
                g.expire_sync_tokens()
            case "hours":
                self.world.clock.now += in_an_hour(0.2 * (1 + amount))
            case "a day":
                self.world.clock.now += in_an_hour(25)
            case "role":
                g.world.share(here.home, here.user, ROLES[amount])
            case "owner":
                g.world.share(here.home, here.user, "owner")
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
            world.g.settle()
            world.g.world.page_limit = None
            for here in world.google:
                self.world.g.world.share(here.home, here.user, "owner")
            world.gap = in_an_hour(0.5)
            check_rest(world)
            check_one_look(world)
            world.oracle.final()  # type: ignore[attr-defined]
            world.oracle.no_word_lost()
            check_alike(world)
            check_agendas(world)
