"""The situations in which every step is made to fail (test-plan 5). A scenario is a world, what was agreed before, and
what people did then; `writes` is what the run without a fault must write, so that no scenario is empty. An `errand` is
what a person asks for instead of a run, and asks for again after a crash.

one_question: not so where nobody can tell after a crash whether a server or a person stored something else; then
another question is asked of the same event. in_one_run: not so where edits that contradict each other end in another
way when the first is heard a run before the other, which is what a lost answer to a read makes of them (M3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from calsync_cli.model.account import CalendarName, Pair, Window
from calsync_cli.model.series import CANCELLED, Form, Recurrence
from calsync_cli.model.times import Span, Zoned
from calsync_cli.providers.memory import Traits
from calsync_cli.store import links, views
from tests.engine.faulty_world import FaultyWorld
from tests.engine.world import ics

Deed = Callable[[FaultyWorld], object]


def nothing(world: FaultyWorld) -> None:
    """Nobody does anything."""


@dataclass(frozen=True)
class Scenario:
    name: str
    then: Deed
    before: Deed | None = None
    writes: int = 1
    names: str = "ab"
    pairs: Callable[[], list[Pair]] | None = None
    traits: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    approve: bool = False
    settled: bool = True
    errand: Deed | None = None
    one_question: bool = True
    in_one_run: bool = True

    def world(self) -> FaultyWorld:
        traits = {name: Traits(**values) for name, values in self.traits.items()}
        return FaultyWorld(self.names, self.pairs() if self.pairs else None, traits, **self.rules)


# -- small deeds -------------------------------------------------------------------------------------------------------


def one(world: FaultyWorld) -> None:
    world.put("a", ics("u1", "One", "LOCATION:Here", "DESCRIPTION:first\\nsecond\\nthird"))


def two(world: FaultyWorld) -> None:
    one(world)
    world.put("a", ics("u2", "Two"))


def weekly(world: FaultyWorld) -> None:
    world.put("a", ics("s1", "Series", "RRULE:FREQ=WEEKLY;COUNT=6"))


def both(*deeds: Deed) -> Deed:
    def all_of_them(world: FaultyWorld) -> None:
        for deed in deeds:
            deed(world)

    return all_of_them


def edit(side: str, uid: str = "u1", **changes: Any) -> Deed:
    return lambda world: world.edit(side, uid, **{name.replace("_at_", "@"): v for name, v in changes.items()})


def instance(side: str, key: str, value: Any, name: str = "") -> Deed:
    path = f"@{key}/{name}" if name else f"@{key}"
    return lambda world: world.edit(side, "s1", **{path: value})


def delete(side: str, uid: str = "u1") -> Deed:
    return lambda world: world.delete(side, uid)


def put(side: str, uid: str, title: str, *lines: str, **where: Any) -> Deed:
    return lambda world: world.put(side, ics(uid, title, *lines, **where))


def many(side: str, count: int, title: str = "E") -> Deed:
    return lambda world: [world.put(side, ics(f"m{n}", f"{title}{n}")) for n in range(count)]


def decide(word: str) -> Deed:
    """A person answers everything that is asked."""

    def answer(world: FaultyWorld) -> None:
        for row in world.db.all("SELECT id FROM hold WHERE kind IN ('fields', 'delete', 'orphan')"):
            with world.db.transaction():
                links.set_choice(world.db, row["id"], {"": word})

    return answer


def conflict(world: FaultyWorld) -> None:
    """Row 10 in question, known to the database."""
    one(world)
    world.run()
    world.edit("a", "u1", title="A")
    world.edit("b", "u1", title="B")


def stale_b(world: FaultyWorld) -> None:
    """B still shows the old title: the write to it did not get through (D6)."""
    one(world)
    world.run()
    world.edit("a", "u1", title="A")
    world.board.arm("before", call="update")
    world.run()


def restored(uid: str, *sides: str) -> Deed:
    """Unless it is there already."""
    def errand(world: FaultyWorld) -> None:
        if any(lost.uid == uid for lost in views.trash(world.db)):
            world.restore(uid, *sides)

    return errand


def split(world: FaultyWorld) -> None:
    """"This and following" on A: the old series cut short, a new one takes over (R6)."""
    world.edit("a", "s1", recurrence=Recurrence(("COUNT=3;FREQ=WEEKLY",)))
    world.put("a", ics("s2", "Series later", "RRULE:FREQ=WEEKLY;COUNT=3", start="20261222T090000"))


def mixed(count: int) -> Deed:
    """Creates, updates and deletes on both sides at once."""

    def deed(world: FaultyWorld) -> None:
        for n in range(count):
            side = "ab"[n % 2]
            match n % 5:
                case 0 | 1:
                    world.put(side, ics(f"new{n}", f"New {n}"))
                case 2 | 3:
                    world.edit(side, f"m{n}", title=f"Edited {n}")
                case _:
                    world.delete(side, f"m{n}")

    return deed


def expire(world: FaultyWorld) -> None:
    for server in world.servers.values():
        server.expire_tokens()


def again(side: str, uid: str, title: str) -> Deed:
    """The event is deleted and one with the same UID made (row 17)."""
    return both(delete(side, uid), put(side, uid, title))


def lost(world: FaultyWorld) -> None:
    world.lose_database()


def small(world: FaultyWorld) -> None:
    """B takes no more than 2,000 bytes."""
    shelf = world.servers["b"].shelves["b"]
    shelf.face = replace(shelf.face, max_bytes=2000)


def joins(world: FaultyWorld) -> None:
    world.pairs.append(Pair("bc", CalendarName("b", "b"), CalendarName("c", "c"), first_sync="auto"))


def ring() -> list[Pair]:
    return [Pair(x + y, CalendarName(x, x), CalendarName(y, y), first_sync="auto") for x, y in ("ab", "bc", "ca")]


def upper(payload: bytes) -> bytes:
    """A server that trims what it stores and adds lines of its own."""
    lines = [line.rstrip(b" ") for line in payload.split(b"\r\n") if not line.startswith(b"X-SERVER")]
    at = lines.index(b"END:VEVENT")
    return b"\r\n".join([*lines[:at], b"X-SERVER:yes", *lines[at:]])


ONE_WAY = {"direction": "a-to-b"}
BARE = {"a": {"receipt": "bare"}, "b": {"receipt": "bare"}}
FULL_ANSWER = {"a": {"receipt": "item"}, "b": {"receipt": "item"}}
FRAGILE = {"a": {"absent_for": timedelta(0)}, "b": {"absent_for": timedelta(0)}}
REWRITING = {"a": {"rewrite": upper}, "b": {"rewrite": upper}}
NO_DELTA = {"a": {"delta": False}, "b": {"delta": False}}
SMALL_PAGES = {"a": {"page_size": 1, "fetch_size": 1}, "b": {"page_size": 2}}
UNIQUE = {"b": {"uid_unique": True}}
NEAR = {"window": Window(timedelta(days=30), timedelta(days=30))}
KEY = "20261208T080000Z"
DENTIST: Form = {
    "title": "Dentist", "time": Span(*(Zoned(datetime(2026, 12, 3, hour), "Europe/Berlin") for hour in (9, 10))),
}


def expired(mode: str) -> dict[str, dict[str, Any]]:
    return {"a": {"expired": mode}, "b": {"expired": mode}}


SCENARIOS = [
    # the decision table
    Scenario("row 1: new on a", one),
    Scenario("row 2: new on b", put("b", "u1", "One")),
    Scenario("row 3: on both and equal", both(put("a", "u1", "One"), put("b", "u1", "One")), writes=0),
    Scenario("row 4: on both, a field on one side only", both(
        put("a", "u1", "One", "LOCATION:L"), put("b", "u1", "One"))),
    Scenario("row 4: on both, different", both(put("a", "u1", "One"), put("b", "u1", "Two")), writes=0),
    Scenario("row 6: edited on a", edit("a", title="T"), one),
    Scenario("row 7: edited on b", edit("b", title="T", location=None), one),
    Scenario("row 8: the same edit twice", both(edit("a", title="T"), edit("b", title="T")), one, writes=0),
    Scenario("row 9: other fields", both(edit("a", title="T"), edit("b", location="L")), one, writes=2),
    Scenario("row 10: held", both(edit("a", title="A"), edit("b", title="B", location="L")), one),
    Scenario("row 10: a wins", both(edit("a", title="A"), edit("b", title="B")), one, rules={"conflict": "a"}),
    Scenario("row 10: newest wins", both(edit("a", title="A"), lambda w: w.wait(30), edit("b", title="B")), one,
             rules={"conflict": "newest"}),
    Scenario("row 10: both are kept", both(edit("a", title="A"), edit("b", title="B")), one, writes=2,
             rules={"tie": "keep-both"}),
    Scenario("row 10: two lines of one text", both(
        edit("a", description="FIRST\nsecond\nthird"), edit("b", description="first\nsecond\nTHIRD")), one, writes=2),
    Scenario("row 10: two sets of one set", both(
        edit("a", categories=frozenset({"x"})), edit("b", categories=frozenset({"y"}))), one, writes=2),
    Scenario("row 11: deleted on a", delete("a"), two),
    Scenario("row 12: deleted on b", delete("b"), two),
    Scenario("row 13: deleted on both", both(delete("a"), delete("b")), two, writes=0),
    Scenario("row 14: deleted on a, edited on b", both(delete("a"), edit("b", title="B")), two),
    Scenario("row 14: a wins", both(delete("a"), edit("b", title="B")), two,
             rules={"conflict": "a"}),
    Scenario("row 15: edited on a, deleted on b", both(edit("a", title="A"), delete("b")), two),
    Scenario("row 15: asked", both(edit("a", title="A"), delete("b")), two, writes=0,
             rules={"conflict": "ask"}),
    Scenario("row 17: made again", again("a", "u1", "Another"), two),
    Scenario("row 18: only local fields", edit("a", reminders=frozenset({"display:-PT5M"})), one, writes=0),
    Scenario("row 19: left the window", edit("a", title="Far"), both(
        one, put("a", "u9", "Far", start="20270901T090000")),
             rules=NEAR),
    Scenario("row 19: moved into the window", lambda w: w.replace("a", "u9", "20270901", "20261202"),
             both(one, put("a", "u9", "Far", start="20270901T090000")), rules=NEAR),
    # first sync
    Scenario("first sync, nothing matches", both(put("a", "u1", "One"), put("b", "u2", "Two")), writes=2),
    Scenario("first sync, one match by fingerprint", both(
        put("a", "u1", "One", "LOCATION:L"), put("b", "u2", "One"))),
    Scenario("first sync, many matches", both(many("a", 5), many("b", 4), put("a", "u1", "One")), writes=2),
    Scenario("first sync, ambiguous", both(
        put("a", "u1", "One"), put("b", "u2", "One"), put("b", "u3", "One")), writes=0),
    # series
    Scenario("series renamed", edit("a", "s1", title="T"), weekly),
    Scenario("instance cancelled", instance("a", KEY, CANCELLED), weekly),
    Scenario("instance edited", instance("b", KEY, "This one", "title"), weekly),
    Scenario("instance edited, series edited elsewhere", both(
        instance("b", KEY, "This one", "title"), edit("a", "s1", location="L")), weekly, writes=2),
    Scenario("instance cancelled and edited", both(
        instance("a", KEY, CANCELLED), instance("b", KEY, "This one", "title")), weekly),
    Scenario("two instances cancelled", both(
        instance("a", KEY, CANCELLED), instance("b", "20261215T080000Z", CANCELLED)), weekly, writes=2),
    Scenario("this and following", split, weekly, writes=2),
    Scenario("series deleted", delete("b", "s1"), both(weekly, one)),
    Scenario("series deleted, instance edited", both(
        delete("b", "s1"), instance("a", KEY, "This one", "title")), both(weekly, one)),
    # many at once, tokens, pages
    Scenario("fifty mixed", mixed(50), many("a", 50), writes=50, rules={"delete_percent": 100.0}),
    Scenario("small pages", mixed(5), many("a", 5), writes=5, traits=SMALL_PAGES),
    Scenario("tokens expired", both(edit("a", title="T"), put("b", "u2", "Two"), expire), one, writes=2),
    Scenario("tokens expired, deleted and approved", both(delete("a"), expire), two, approve=True),
    Scenario("tokens expired, answered by a listing", both(edit("a", title="T"), expire), one,
             traits=expired("listing")),
    Scenario("tokens expired without a word", both(edit("a", title="T"), delete("b", "u2"), expire),
             two, traits=expired("silent")),
    Scenario("no delta", both(edit("a", title="T"), delete("b", "u2")), two, writes=2,
             traits=NO_DELTA),
    # people and time
    Scenario("a conflict decided for a", decide("a"), conflict),
    Scenario("a conflict decided for b", decide("b"), conflict),
    Scenario("a conflict decided for the old value", decide("base"), conflict, writes=2),
    Scenario("a conflict decided for both", decide("both"), conflict, writes=2),
    Scenario("a stale copy catches up", nothing, stale_b, settled=False),
    Scenario("a stale copy is deleted", delete("b"), both(put("a", "u2", "T"), stale_b), settled=False),
    Scenario("a stale copy is edited", edit("b", location="L"), stale_b, writes=2, settled=False),
    # servers
    Scenario("rewriting server", both(edit("a", title="T"), put("b", "u2", "Two ")), one, writes=2, traits=REWRITING),
    Scenario("answers without versions", both(edit("a", title="T"), put("b", "u2", "Two"), delete("b", "u3")),
             both(one, put("a", "u3", "Three")), writes=3, traits=BARE),
    Scenario("answers with the item", both(edit("a", title="T"), put("b", "u2", "Two")), one, writes=2,
             traits=FULL_ANSWER),
    Scenario("fragile server", both(delete("b"), edit("a", "u2", title="T")), two, writes=2,
             traits=FRAGILE),
    Scenario("uid taken by something unreadable", one, lambda w: w.put("b", b"BEGIN:VCALENDAR\r\nUID:u1\r\nnonsense"),
             traits=UNIQUE, writes=0),
    Scenario("refused: too large", both(edit("a", description="x" * 4000), edit("b", title="T")), both(small, one)),
    # taking back and bringing back
    Scenario("undo of a new event", nothing, both(one, FaultyWorld.run), settled=False, errand=lambda w: w.undo(1)),
    Scenario("undo of edits and deletions", nothing, both(one, put("a", "u2", "Two"), put("b", "u3", "Three"),
             FaultyWorld.run, edit("a", title="T"), delete("b", "u2"), edit("a", "u3", location="L"), FaultyWorld.run),
             settled=False, writes=3, errand=lambda w: w.undo(2)),
    Scenario("undo of an undo", nothing, both(two, FaultyWorld.run, edit("a", title="T"), delete("b", "u2"),
             FaultyWorld.run, lambda w: w.undo(2)), settled=False, writes=2, errand=lambda w: w.undo(3)),
    Scenario("undo beside an edit that waits", edit("b", "u2", title="Waits"), both(two, FaultyWorld.run,
             edit("a", title="T"), FaultyWorld.run), settled=False, writes=2, errand=lambda w: w.undo(2)),
    Scenario("undo in a ring of three", nothing, both(two, FaultyWorld.run, delete("c", "u2"), edit("a", title="T"),
             FaultyWorld.run), names="abc", pairs=ring, settled=False, writes=4, errand=lambda w: w.undo(2)),
    Scenario("restored on both sides", nothing, both(two, FaultyWorld.run, delete("a", "u2"), FaultyWorld.run),
             settled=False, writes=2, errand=restored("u2", "a", "b")),
    Scenario("restored on one side", nothing, both(two, FaultyWorld.run, delete("a", "u2"), FaultyWorld.run),
             settled=False, errand=restored("u2", "b")),
    # a person's word on one calendar
    Scenario("added by hand", nothing, both(one, FaultyWorld.run), settled=False, writes=2,
             errand=lambda w: w.hand_add("b", DENTIST, "hand@calsync")),
    Scenario("edited by hand", nothing, both(one, FaultyWorld.run), settled=False, writes=2,
             errand=lambda w: w.hand_edit("b", "u1", {"title": "T", "location": None})),
    Scenario("removed by hand", nothing, both(two, FaultyWorld.run), settled=False, writes=2,
             errand=lambda w: w.has("a", "u1") and w.hand_remove("a", "u1")),
    # more calendars, one way, lost state
    Scenario("ring of three, edits in two", both(edit("b", title="T"), edit("c", location="L")), one, names="abc",
             pairs=ring, writes=3),
    Scenario("ring of three, deleted", delete("c"), two, names="abc", pairs=ring, writes=2),
    Scenario("ring of three, conflict decided", decide("b"), both(one, FaultyWorld.run, edit("a", title="A"),
             edit("c", title="C")), names="abc", pairs=ring, writes=2),
    Scenario("chain of three, new at the end", put("c", "u2", "Two"), one, names="abc", writes=2),
    Scenario("one-way, new and edited", both(
        edit("a", title="T"), put("a", "u2", "Two"), put("b", "u3", "Native")), one, rules=ONE_WAY, writes=2),
    Scenario("one-way, deleted at the source", delete("a"), two, rules=ONE_WAY),
    Scenario("one-way, target deleted", delete("b"), two, rules=ONE_WAY, writes=0),
    Scenario("one-way, target edited, overwritten", edit("b", title="Mine"), one,
             rules={**ONE_WAY, "target_edits": "overwrite"}),
    Scenario("database lost", lost, both(one, weekly), writes=0),
    Scenario("database lost, edited meanwhile", both(lost, edit("a", location="L2"), put("b", "u2", "Two")), one),
    Scenario("a calendar joins", joins, both(one, put("b", "u2", "Two")), names="abc", writes=2,
             pairs=lambda: [Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), first_sync="auto")]),
]
assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
__all__ = ["BY_NAME", "SCENARIOS", "Scenario"]
