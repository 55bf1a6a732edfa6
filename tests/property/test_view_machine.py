"""One side shows blocks, the other everything; people edit both, servers break, the process dies, the database is lost:
no word of the one ever reaches the other, and at rest both show the same times (X13, I18, W6).

CALSYNC_L2_EXAMPLES and CALSYNC_L2_STEPS as in test_sync_machine.py.
"""

from __future__ import annotations

import os
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from calsync_cli.model.codec import dumps, value_json
from calsync_cli.model.series import CANCELLED, Form, split
from calsync_cli.model.times import Span, Zoned
from calsync_cli.model.views import View
from calsync_cli.providers.memory import Traits
from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.oracles import TOKEN, Broken, check_rest
from tests.engine.world import ics, in_an_hour
from tests.property.test_sync_machine import CALLS, FAULTS, INSTANCES, START, _at

EXAMPLES = int(os.environ.get("CALSYNC_L2_EXAMPLES", "200"))
STEPS = int(os.environ.get("CALSYNC_L2_STEPS", "40"))
AT_WORK, AT_HOME = ("u1", "u2", "s1"), ("n1", "n2")
uids = st.sampled_from((*AT_WORK, *AT_HOME))
FIELDS = ("title", "location", "description", "categories", "url")


class ViewMachine(RuleBasedStateMachine):
    world: FaultyWorld

    def __init__(self) -> None:
        super().__init__()
        self.tokens = 0
        self.hours = 0
        self.may_show: set[bytes] = set()
        self.lost = self.undone = False

    @initialize(
        receipt=st.sampled_from(("etag", "item", "bare")), expired=st.sampled_from(("error", "listing", "silent")),
        conflict=st.sampled_from(("merge", "newest", "a", "b")),
        direction=st.sampled_from(("two-way", "two-way", "two-way", "a-to-b")),
    )
    def begin(self, receipt: str, expired: str, conflict: str, direction: str) -> None:
        traits = Traits(receipt=receipt, expired=expired, uid_unique=True)  # type: ignore[arg-type]
        self.world = FaultyWorld(
            "ab", None, {"a": traits, "b": traits}, conflict=conflict, direction=direction, to_b=View("busy"),
        )
        self.world.gap = in_an_hour(0.05)
        self.one_way = direction != "two-way"

    def token(self, side: str, uid: str) -> str:
        """A word; those of an event that is at home on b may be read there, wherever they were written."""
        self.tokens += 1
        text = f"tok{self.tokens}x"
        if side == "b" or uid in AT_HOME:
            self.may_show.add(text.encode())
        return text

    def name(self, side: str, uid: str) -> str | None:
        """What the event is called on this side: a block has a name of its own, which is found by what it links to."""
        if self.world.has(side, uid):
            return uid
        sql = "SELECT s.remote_id FROM spoke s JOIN link l ON l.id = s.link_id JOIN calendar c ON c.id = s.calendar_id "
        found = self.world.db.value(sql + "WHERE l.uid = ? AND c.account = ?", uid, side)
        forms = self.world.servers[side].contents(side)
        if found is None or found not in forms:
            return None
        return next(name for name in self.world.forms(side) if f"UID:{name}\r\n".encode() in forms[found])

    # -- people --------------------------------------------------------------------------------------------------------

    @rule(uid=uids, free=st.sampled_from((False, False, False, True)))
    def create(self, uid: str, free: bool) -> None:
        side = "a" if uid in AT_WORK else "b"
        if not self.world.has(side, uid) and not (side == "b" and self.world.has("a", uid)):
            word = [self.token(side, uid) for _ in range(6)]
            words = [f"LOCATION:{word[0]}", f"DESCRIPTION:{word[1]}", f"X-OWN:{word[2]}", f"CATEGORIES:{word[3]}",
                     f"ORGANIZER:mailto:{word[4]}@example.org", f"ATTENDEE:mailto:{word[5]}@example.org"]
            words += ["TRANSP:TRANSPARENT"] if free else []
            more = ["RRULE:FREQ=WEEKLY;COUNT=4"] if uid == "s1" else []
            self.world.put(side, ics(uid, self.token(side, uid), *words, *more, start=START))

    @rule(side=st.sampled_from("ab"), uid=uids, field=st.sampled_from(FIELDS))
    def edit(self, side: str, uid: str, field: str) -> None:
        if name := self.name(side, uid):
            text = self.token(side, uid)
            self.world.edit(side, name, **{field: frozenset({text}) if field == "categories" else text})

    @rule(uid=uids, value=st.sampled_from(("free", None)))
    def show_as(self, uid: str, value: str | None) -> None:
        if uid in AT_WORK and self.world.has("a", uid):
            self.world.edit("a", uid, busy=value)

    @rule(side=st.sampled_from("ab"), uid=uids)
    def move(self, side: str, uid: str) -> None:
        if uid != "s1" and not (self.one_way and side == "b") and (name := self.name(side, uid)):
            self.hours += 1
            start, end = (Zoned(_at(self.hours + more), "Europe/Berlin") for more in (0, 1))  # type: ignore[arg-type]
            self.world.edit(side, name, time=Span(start, end))

    @rule(side=st.sampled_from("ab"), key=st.sampled_from(INSTANCES), cancel=st.booleans())
    def instance(self, side: str, key: str, cancel: bool) -> None:
        name = self.name(side, "s1") if not (self.one_way and side == "b") else None
        if name and f"@{key}" not in self.world.forms(side)[name]:
            change = {f"@{key}": CANCELLED} if cancel else {f"@{key}/title": self.token(side, "s1")}
            self.world.edit(side, name, **change)

    @rule(side=st.sampled_from("ab"), uid=uids)
    def delete(self, side: str, uid: str) -> None:
        if name := self.name(side, uid):
            self.world.delete(side, name)

    # -- the world -----------------------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(FAULTS), call=st.sampled_from(CALLS))
    def break_a_call(self, kind: str, call: str | None) -> None:
        self.world.board.arm(kind, call=call)  # type: ignore[arg-type]

    @rule(hours=st.sampled_from((0.1, 2.0, 25.0)))
    def wait(self, hours: float) -> None:
        self.world.clock.now += in_an_hour(hours)

    @rule(really=st.sampled_from((False, False, False, True)))
    def lose_database(self, really: bool) -> None:
        if really and self.tokens > 3:
            self.world.oracle.remember_store()
            self.world.lose_database()
            self.lost = True

    @rule(full=st.sampled_from((False, False, False, True)))
    def run(self, full: bool) -> None:
        if self.world.crash_run(approved=AnyPlan(), full=full) is None:
            self.world.restart()

    @rule()
    def undo(self) -> None:
        """A person takes back the last run that wrote something."""
        last = self.world.db.value("SELECT max(run_id) FROM operation WHERE state = 'confirmed'")
        self.undone = self.undone or last is not None  # after that the sides differ by a person's wish (U1)
        if last is not None and self.world.crash_run(lambda world: world.undo(int(last))) is None:
            self.world.restart()

    # -- the end -------------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        world.restart()
        check_rest(world)
        world.oracle.final()
        self.check_no_leak()
        if not world.asked() and not self.undone:
            self.check_times()

    def check_no_leak(self) -> None:
        for change in self.world.servers["b"].history("b"):
            found = set(TOKEN.findall(change.remote_id.encode() + (change.payload or b"")))
            if change.who == "calsync" and (leaked := found - self.may_show):
                raise Broken(f"I18: {sorted(leaked)} on b")

    def check_times(self) -> None:
        """Every busy event of a has its times on b, once; what is native to b looks on a as it does there."""
        parked = {row[0] for row in self.world.db.all(
            "SELECT l.uid FROM spoke s JOIN link l ON l.id = s.link_id WHERE s.state = 'parked'")}
        home = self.world.forms("b")
        work = {uid: form for uid, form in self.world.forms("a").items() if uid not in home and uid not in parked}
        named = {self.name("b", uid) for uid in parked}
        blocks = [form for uid, form in home.items() if uid.endswith("@calsync") and uid not in named]
        wanted = Counter(_times(form) for form in work.values() if form.get("busy") != "free")
        there = Counter(map(_times, blocks))
        if wanted - there:
            raise Broken(f"W6: a has {wanted - there}, b has not")
        if there - wanted and not self.edited_blocks() and not self.lost:  # of what was lost nobody knows who edited it
            raise Broken(f"W6: b has {there - wanted}, a has not")

    def edited_blocks(self) -> bool:
        """Blocks that a person wrote upon stay, though their event takes no part any more (W4)."""
        return any(TOKEN.search(payload) for payload in self.world.servers["b"].contents("b").values())


def _times(form: Form) -> str:
    return dumps({p: value_json(v) for p, v in sorted(form.items()) if split(p)[1] in ("", "time", "recurrence")})


ViewMachine.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True,
    derandomize="CALSYNC_L2_EXAMPLES" not in os.environ, suppress_health_check=list(HealthCheck),
)
TestViewMachine = ViewMachine.TestCase
