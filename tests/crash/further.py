"""More situations in which every step is made to fail, beside those of `scenarios` (test-plan 5).

They are enumerated by `python -m tests.crash`; a commit plays each once, and breaks it at one step of each kind.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from calsync_cli.engine.groups import groups
from calsync_cli.engine.purge import purge
from calsync_cli.engine.run import run
from calsync_cli.engine.state import Wish
from calsync_cli.engine.undo import put_right
from calsync_cli.model.account import CalendarName, Pair
from calsync_cli.model.series import CANCELLED, Recurrence
from calsync_cli.store import backup, links
from tests.crash.scenarios import (
    BARE,
    DENTIST,
    FRAGILE,
    FULL_ANSWER,
    KEY,
    NEAR,
    NO_DELTA,
    ONE_WAY,
    REWRITING,
    SMALL_PAGES,
    Deed,
    Scenario,
    both,
    conflict,
    decide,
    delete,
    edit,
    expire,
    expired,
    instance,
    lost,
    many,
    mixed,
    nothing,
    one,
    put,
    restored,
    ring,
    split,
    stale_b,
    two,
    weekly,
)
from tests.engine.faulty_world import FaultyWorld
from tests.engine.world import ics

Run = FaultyWorld.run
LATER, THIRD, LAST = "20261215T080000Z", "20261215T080000Z", "20270105T080000Z"


# -- small deeds -------------------------------------------------------------------------------------------------------


def when(side: str, old: str, new: str, uid: str = "u1") -> Deed:
    """A person moves an event: the text of its times changes."""
    return lambda world: world.replace(side, uid, old, new)


def deletes(side: str, *numbers: int) -> Deed:
    return lambda world: [world.delete(side, f"m{n}") for n in numbers]


def retitles(side: str, count: int) -> Deed:
    return lambda world: [world.edit(side, f"m{n}", title=f"Moved {n}") for n in range(count)]


def news(side: str, count: int) -> Deed:
    return lambda world: [world.put(side, ics(f"new{n}", f"New {n}")) for n in range(count)]


def rule(side: str, text: str) -> Deed:
    return lambda world: world.edit(side, "s1", recurrence=Recurrence((text,)))


def all_day(world: FaultyWorld) -> None:
    event = ics("s1", "Days", "RRULE:FREQ=WEEKLY;COUNT=6")
    for day, clock in (("20261201", "T09"), ("20261202", "T10")):
        event = event.replace(f";TZID=Europe/Berlin:20261201{clock}0000".encode(), f";VALUE=DATE:{day}".encode())
    world.put("a", event)


def with_exceptions(world: FaultyWorld) -> None:
    """A series with a renamed and a cancelled date."""
    weekly(world)
    world.run()
    world.edit("a", "s1", **{f"@{KEY}/title": "Renamed", f"@{LATER}": CANCELLED})


def spoil(side: str, uid: str) -> Deed:
    """Somebody's program writes what nobody can read, under the same name."""
    nonsense = b"BEGIN:VCALENDAR\r\nUID:" + uid.encode() + b"\r\nnonsense"
    return lambda world: world.put(side, nonsense, world.find(side, uid))


def mend(side: str, uid: str, title: str) -> Deed:
    return lambda world: world.put(side, ics(uid, title), world.find(side, uid))


def away(side: str) -> Deed:
    """The calendar answers 404 as a whole."""
    def deed(world: FaultyWorld) -> None:
        world.servers[side].shelves[side].gone = True

    return deed


def read_only(side: str) -> Deed:
    def deed(world: FaultyWorld) -> None:
        shelf = world.servers[side].shelves[side]
        shelf.face = replace(shelf.face, access="read")

    return deed


def rules(**changes: Any) -> Deed:
    """The configuration changes (V7)."""
    def deed(world: FaultyWorld) -> None:
        world.pairs = [replace(pair, **changes) for pair in world.pairs]

    return deed


def pairs_left(count: int) -> Deed:
    """The others are taken out of the configuration."""
    def deed(world: FaultyWorld) -> None:
        world.pairs = world.pairs[:count]

    return deed


def answers(word: str) -> Deed:
    """A person answers every approval that waits."""
    def deed(world: FaultyWorld) -> None:
        for row in world.db.all("SELECT id FROM hold WHERE kind = 'approval'"):
            with world.db.transaction():
                links.set_choice(world.db, row["id"], {"": word})

    return deed


def older_database(world: FaultyWorld) -> None:
    """A copy of the database from before the last edits is put back, and noticed (T5)."""
    one(world)
    world.put("a", ics("u2", "Two"))
    world.run()
    image = world.db._connection.serialize()
    world.edit("a", "u1", title="Newer")
    world.put("b", ics("u3", "Three"))
    world.run()
    world.oracle.forget()
    world._load(image)
    with world.db.transaction():
        backup.forget_tokens(world.db)


def errand(job: Any) -> Deed:
    """What a person asks for by name, with a yes."""
    def deed(world: FaultyWorld) -> None:
        session = world.session()
        try:
            job(session, groups(world.pairs))
        finally:
            session.close()
            world.clock.now += world.gap

    return deed


put_all_back = errand(lambda session, found: put_right(session, found, Wish(yes=True, trigger="restore --pair ab")))
purge_pair = errand(lambda session, found: purge(session, found, found[0].pairs[0], Wish(yes=True, trigger="purge ab")))
try_again = errand(lambda session, found: run(session, found, Wish(full=True, trigger="retry")))


def four() -> list[Pair]:
    return [Pair(x + y, CalendarName(x, x), CalendarName(y, y), first_sync="auto") for x, y in ("ab", "bc", "cd")]


def other_hour(payload: bytes) -> bytes:
    """A server that stores another time than it was given."""
    return payload.replace(b":20261201T110000", b":20261201T113000")


def feed(**more: Any) -> dict[str, dict[str, Any]]:
    return {"a": {"rolling": True, "delta": False, "absent_for": timedelta(0), **more}}


BACKWARDS = {"direction": "b-to-a"}
TEN, TWELVE, SIXTY = many("a", 10), many("a", 12), many("a", 60)
ASKS: dict[str, Any] = {"rules": {"conflict": "ask"}}


def asked(*names: str, **more: Any) -> dict[str, Any]:
    return {"approve": frozenset(names), **more}


FURTHER = [
    # the decision table, other policies and the other way round
    Scenario("row 4: a wins", both(put("a", "u1", "One"), put("b", "u1", "Two")), rules={"conflict": "a"}),
    Scenario("row 4: b wins", both(put("a", "u1", "One"), put("b", "u1", "Two")), rules={"conflict": "b"}),
    Scenario("row 4: the newest wins", both(put("a", "u1", "One"), lambda w: w.wait(30), put("b", "u1", "Two")),
             rules={"conflict": "newest"}),
    Scenario("row 4: asked", both(put("a", "u1", "One", "LOCATION:L"), put("b", "u1", "Two")), **ASKS, writes=0),
    Scenario("row 6: a field is cleared", edit("a", location=None), one),
    Scenario("row 6: another time", when("a", "20261201T09", "20261202T11"), one),
    Scenario("row 9: time and title", both(when("b", "20261201T09", "20261202T08"), edit("a", title="T")), one,
             writes=2),
    Scenario("row 10: b wins", both(edit("a", title="A"), edit("b", title="B")), one, rules={"conflict": "b"}),
    Scenario("row 10: asked, and nothing else changed", both(edit("a", title="A"), edit("b", title="B")), one, **ASKS,
             writes=0),
    Scenario("row 10: the tie goes to b", both(edit("a", title="A"), edit("b", title="B")), one, rules={"tie": "b"}),
    Scenario("row 10: the tie goes to the newest", both(
        edit("b", title="B"), lambda w: w.wait(30), edit("a", title="A")), one, rules={"tie": "newest"}),
    Scenario("row 10: two times", both(
        when("a", "20261201T09", "20261202T09"), when("b", "20261201T09", "20261203T09")), one, rules={"tie": "a"}),
    Scenario("row 10: two times, held, the rest flows", both(
        when("a", "20261201T09", "20261202T09"), when("b", "20261201T09", "20261203T09"), edit("a", title="T")), one),
    Scenario("row 10: one field has a policy of its own", both(
        edit("a", title="A", location="LA"), edit("b", title="B", location="LB")), one,
             rules={"field_policy": {"title": "b"}}),
    Scenario("row 14: b wins", both(delete("a"), edit("b", title="B")), two, rules={"conflict": "b"}),
    Scenario("row 14: newest", both(delete("a"), edit("b", title="B")), two, rules={"conflict": "newest"}),
    Scenario("row 14: asked", both(delete("a"), edit("b", title="B")), two, **ASKS, writes=0),
    Scenario("row 15: a wins", both(edit("a", title="A"), delete("b")), two, rules={"conflict": "a"}),
    Scenario("row 15: b wins", both(edit("a", title="A"), delete("b")), two, rules={"conflict": "b"}),
    Scenario("row 15: decided for the deletion", decide("b"), both(
        two, Run, edit("a", title="A"), delete("b")), **ASKS),
    Scenario("row 15: decided for the edit", decide("a"), both(two, Run, edit("a", title="A"), delete("b")), **ASKS),
    Scenario("row 16: one calendar is away", both(away("b"), edit("a", title="A")), two, writes=0),
    Scenario("row 17: made again on b", both(delete("b"), put("b", "u1", "Another")), two),
    Scenario("row 17: made again with an edit elsewhere", both(
        delete("a"), put("a", "u1", "Another"), edit("b", location="L")), two),
    Scenario("row 17: a deleted event comes back later", put("a", "u1", "Again"), both(two, Run, delete("a"), Run)),
    Scenario("row 18: only local fields on b", edit("b", reminders=frozenset({"display:-PT5M"})), one, writes=0),
    Scenario("row 19: left the window and deleted there", delete("a", "u9"), both(
        one, put("a", "u9", "Far", start="20261215T090000"), Run,
        lambda w: w.replace("a", "u9", "20261215", "20270901"), Run), rules=NEAR, writes=0),
    # first sync
    Scenario("first sync of a series on both", both(weekly, put("b", "s1", "Series", "RRULE:FREQ=WEEKLY;COUNT=6")),
             writes=0),
    Scenario("first sync, series that differ", both(weekly, put("b", "s1", "Series", "RRULE:FREQ=WEEKLY;COUNT=9")),
             writes=0),
    Scenario("first sync with something unreadable", both(
        one, lambda w: w.put("b", b"BEGIN:VCALENDAR\r\nUID:u7\r\nnonsense"))),
    Scenario("first sync of twelve", TWELVE, writes=12),
    Scenario("first sync with a read-only side", both(one, read_only("b")), writes=0),
    # series
    Scenario("series moved, its dates go along", when("a", "T09", "T14", "s1"), with_exceptions),
    Scenario("series moved by a day", when("b", "20261201T", "20261202T", "s1"), weekly),
    Scenario("series made shorter", rule("a", "COUNT=3;FREQ=WEEKLY"), with_exceptions),
    Scenario("series made longer", rule("b", "COUNT=9;FREQ=WEEKLY"), with_exceptions),
    Scenario("series becomes one event", edit("a", "s1", recurrence=None), weekly),
    Scenario("one event becomes a series", edit("b", recurrence=Recurrence(("COUNT=4;FREQ=DAILY",))), one),
    Scenario("all-day series, one day renamed", lambda w: w.edit("b", "s1", **{"@20261208/title": "This day"}),
             all_day),
    Scenario("an instance loses its date on one side", both(
        rule("a", "COUNT=2;FREQ=WEEKLY"), instance("b", LATER, "Mine", "title")), weekly, in_one_run=False),
    Scenario("an instance that lost its date stands alone", both(
        rule("a", "COUNT=2;FREQ=WEEKLY"), instance("b", LATER, "Mine", "title")), weekly, in_one_run=False,
             rules={"orphan": "detach"}, writes=3),
    Scenario("two dates edited on two sides", both(
        instance("a", KEY, "A", "title"), instance("b", LATER, "B", "title")), weekly, writes=2),
    Scenario("one date edited on two sides", both(
        instance("a", KEY, "A", "title"), instance("b", KEY, "B", "title")), weekly, writes=0),
    Scenario("one date edited on two sides, decided", decide("b"), both(
        weekly, Run, instance("a", KEY, "A", "title"), instance("b", KEY, "B", "title"))),
    Scenario("one date cancelled and edited, a wins", both(
        instance("a", KEY, CANCELLED), instance("b", KEY, "B", "title")), weekly, rules={"conflict": "a"}),
    Scenario("a cancelled date comes back", lambda w: w.edit("b", "s1", **{f"@{LATER}": None}), with_exceptions),
    Scenario("this and following on b", lambda w: (
        w.edit("b", "s1", recurrence=Recurrence(("COUNT=3;FREQ=WEEKLY",))),
        w.put("b", ics("s2", "Series later", "RRULE:FREQ=WEEKLY;COUNT=3", start="20261222T090000"))), weekly,
             writes=2),
    Scenario("this and following, and a date of the later half edited elsewhere", both(
        split, instance("b", LAST, "Mine", "title")), weekly, in_one_run=False, writes=2),
    Scenario("this and following, not approved", split, weekly, rules=asked("series-edit")),
    Scenario("series deleted on both sides", both(delete("a", "s1"), delete("b", "s1")), both(weekly, one), writes=0),
    # many at once, tokens, pages, answers
    Scenario("fifty mixed, answers without versions", mixed(50), many("a", 50), rules={"delete_percent": 100.0},
             traits=BARE, writes=50),
    Scenario("fifty mixed, answers with the items", mixed(50), many("a", 50), rules={"delete_percent": 100.0},
             traits=FULL_ANSWER, writes=50),
    Scenario("fifty new", news("a", 50), one, writes=50),
    Scenario("tokens expired on small pages", both(edit("a", "m3", title="T"), expire, put("b", "u2", "Two")),
             many("a", 5), traits=SMALL_PAGES, writes=2),
    Scenario("tokens expired on a silent server, ten mixed", both(mixed(10), expire), TEN, approve=True,
             traits=expired("silent"), rules={"delete_percent": 100.0}, writes=10),
    Scenario("no delta and answers without versions", both(edit("a", title="T"), put("b", "u2", "Two")), one,
             traits={"a": {**NO_DELTA["a"], **BARE["a"]}, "b": {**NO_DELTA["b"], **BARE["b"]}}, writes=2),
    Scenario("fragile, rewriting, answers without versions", both(edit("a", title="T "), put("b", "u2", "Two ")), one,
             traits={"b": {**FRAGILE["b"], **REWRITING["b"], **BARE["b"]}}, writes=2),
    # guards
    Scenario("a mass deletion is stopped", deletes("a", *range(6)), TWELVE, writes=0),
    Scenario("a mass deletion is approved", deletes("a", *range(6)), TWELVE, approve=True, writes=6),
    Scenario("an emptied calendar stops", deletes("b", *range(10)), TEN, writes=0),
    Scenario("an emptied calendar is approved", deletes("b", *range(10)), TEN, approve=True, writes=10),
    Scenario("a mass rewrite is approved", retitles("a", 25), many("a", 30), approve=True, writes=25),
    Scenario("a flood of new events is stopped", news("a", 55), one, writes=0),
    Scenario("a flood of new events is approved", news("b", 55), one, approve=True, writes=55),
    # approvals
    Scenario("deletions wait", both(delete("a"), edit("a", "u2", title="T")), two, rules=asked("delete")),
    Scenario("a deletion is approved", answers("approve"), both(two, Run, delete("a")), rules=asked("delete")),
    Scenario("a deletion is rejected", answers("reject"), both(two, Run, delete("a")), rules=asked("delete"),
             writes=0),
    Scenario("an update is rejected", answers("reject"), both(two, Run, edit("a", title="T")), rules=asked("all"),
             writes=0),
    Scenario("every write waits, then not", rules(approve=frozenset()), both(
        one, put("b", "u2", "Two"), weekly), rules=asked("all"), writes=3),
    Scenario("too many new events wait", news("a", 5), one, rules=asked("create", approve_creates=3), writes=0),
    Scenario("bringing back is approved", answers("approve"), both(
        two, Run, delete("a"), edit("b", title="B")), rules=asked("restore")),
    # taking back and bringing back
    Scenario("undo of a deleted series with its dates", nothing, both(
        with_exceptions, one, Run, delete("a", "s1"), Run), settled=False, errand=lambda w: w.undo(3)),
    Scenario("undo of a first sync of twelve", nothing, both(TWELVE, Run), settled=False, errand=lambda w: w.undo(1),
             writes=12),
    Scenario("a series is restored", nothing, both(weekly, one, Run, delete("b", "s1"), Run), settled=False,
             errand=restored("s1", "a", "b"), writes=2),
    Scenario("all of a pair is put back", nothing, both(TWELVE, Run, deletes("a", *range(6))), settled=False,
             errand=put_all_back, writes=6),
    Scenario("all of a pair is put back beside edits", nothing, both(
        TWELVE, Run, deletes("a", *range(3)), edit("b", "m1", title="B"), edit("a", "m5", title="A")), settled=False,
             errand=put_all_back, writes=4),
    Scenario("all of a ring is put back", nothing, both(two, Run, delete("c"), delete("a", "u2")), names="abc",
             pairs=ring, settled=False, errand=put_all_back, writes=2),
    Scenario("a pair is purged", nothing, both(two, put("b", "u3", "Three"), Run, edit("b", title="Mine"), Run),
             settled=False, errand=purge_pair, writes=3),
    # a pair is taken out of the configuration
    Scenario("what a pair left behind is retired", both(edit("b", title="Mine"), pairs_left(0)), both(
        two, weekly, put("b", "u3", "Three")), errand=lambda w: w.retire(), writes=4),
    Scenario("what a one-way pair left behind is retired", both(edit("b", title="Mine"), delete("a", "u2"),
             pairs_left(0)), both(two, weekly), errand=lambda w: w.retire(), writes=3, rules=ONE_WAY),
    Scenario("what a ring left behind is retired beside an edit", both(
        edit("a", title="A"), edit("c", "u2", title="Mine"), pairs_left(1)), both(two, put("c", "u3", "Three")),
             names="abc", pairs=ring, errand=lambda w: w.retire(), writes=3),
    Scenario("retired, answers without versions", both(edit("b", title="Mine"), pairs_left(0)), two,
             errand=lambda w: w.retire(), writes=2, traits=BARE),
    Scenario("an undo of what was retired", nothing, both(
        two, put("b", "u3", "Three"), Run, pairs_left(0), lambda w: w.retire()), settled=False,
             errand=lambda w: w.undo(2), writes=3),
    Scenario("what was refused is tried again", mend("b", "u2", "Good again"), both(
        two, Run, spoil("b", "u2"), edit("a", title="T"), Run), settled=False, errand=try_again),
    # a person's word on one calendar
    Scenario("added by hand, answers without versions", nothing, both(one, Run), settled=False, traits=BARE, writes=2,
             errand=lambda w: w.hand_add("a", DENTIST, "hand@calsync")),
    Scenario("added by hand to the source of a one-way pair", nothing, both(one, Run), settled=False, rules=ONE_WAY,
             writes=2, errand=lambda w: w.hand_add("a", DENTIST, "hand@calsync")),
    Scenario("a series moved by hand in a ring", nothing, both(weekly, Run), names="abc", pairs=ring, settled=False,
             writes=3, errand=lambda w: w.hand_edit("b", "s1", {"time": DENTIST["time"]})),
    Scenario("a date called off by hand beside an edit", edit("b", "s1", title="B"), both(weekly, one, Run),
             settled=False, writes=3, errand=lambda w: w.hand_edit("a", "s1", {f"@{KEY}": CANCELLED})),
    Scenario("removed by hand, fragile, answers without versions", nothing, both(two, Run), settled=False, writes=2,
             traits={"a": {**FRAGILE["a"], **BARE["a"]}, "b": {**FRAGILE["b"], **BARE["b"]}},
             errand=lambda w: w.has("a", "u2") and w.hand_remove("a", "u2")),
    Scenario("removed by hand against an edit", edit("b", title="B"), both(two, Run), settled=False, writes=2,
             errand=lambda w: w.hand_remove("a", "u1") if "One" in w.titles("a") else w.run()),
    # more calendars
    Scenario("ring of three, one field edited in two", both(edit("b", title="B"), edit("c", title="C")), one,
             names="abc", pairs=ring, in_one_run=False, writes=0),
    Scenario("ring of three, new in all", both(
        put("a", "u1", "One"), put("b", "u1", "One"), put("c", "u1", "One", "LOCATION:L")), names="abc", pairs=ring,
             writes=2),
    Scenario("ring of three, a series changed in two", both(
        instance("b", KEY, "B", "title"), lambda w: w.edit("c", "s1", **{f"@{LATER}": CANCELLED})), weekly, names="abc",
             pairs=ring, writes=3),
    Scenario("ring of three, deleted and edited", both(delete("b"), edit("c", title="C")), two, names="abc", pairs=ring,
             writes=2),
    Scenario("ring of three, one is away", both(away("c"), edit("a", title="A"), delete("b", "u2")), two, names="abc",
             pairs=ring),
    Scenario("ring of three, the database is lost", both(lost, edit("b", location="L")), two, names="abc", pairs=ring,
             writes=0),
    Scenario("chain of four, edits at both ends", both(edit("a", title="A"), edit("d", location="L")), one,
             names="abcd", pairs=four, writes=4),
    Scenario("ring of three, a stale copy is deleted", delete("b"), both(put("a", "u2", "T"), stale_b), names="abc",
             pairs=ring, settled=False),
    # one way, feeds, other rules
    Scenario("one-way, target edited and kept", edit("b", title="Mine"), one, rules=ONE_WAY, writes=0),
    Scenario("one-way, target edited, then the source", both(edit("b", title="Mine"), edit("a", title="T")), one,
             rules=ONE_WAY),
    Scenario("one-way, target deleted, made again", delete("b"), two, rules={**ONE_WAY, "target_deletes": "restore"}),
    Scenario("one-way, an edited copy outlives its source", both(edit("b", title="Mine"), delete("a")), two,
             rules=ONE_WAY, writes=0),
    Scenario("one-way from b", both(edit("b", title="T"), put("b", "u2", "Two"), delete("b", "u3")),
             both(put("b", "u1", "One"), put("b", "u3", "Three")), rules=BACKWARDS, writes=3),
    Scenario("one-way of a series with its dates", instance("a", LAST, "Mine", "title"), with_exceptions,
             rules=ONE_WAY),
    Scenario("a feed, new, changed and gone", both(edit("a", title="T"), put("a", "u3", "Three"), delete("a", "u2")),
             two, rules=ONE_WAY, traits=feed(), writes=3),
    Scenario("a feed drops what is over", delete("a", "u9"), both(two, put("a", "u9", "Over", start="20261101T090000")),
             rules=ONE_WAY, traits=feed(), writes=0),
    Scenario("a pair becomes one-way", both(rules(direction="a-to-b"), edit("b", title="B"), edit("a", "u2",
             title="A")),
             two, writes=2),
    Scenario("a pair becomes two-way", both(rules(direction="two-way"), put("b", "u3", "Three")), two, rules=ONE_WAY),
    Scenario("another window, and a deletion that waits", both(rules(window=NEAR["window"]), delete("a")), two,
             writes=0),
    Scenario("another window, and a deletion that is approved", both(rules(window=NEAR["window"]), delete("a")), two,
             approve=True),
    Scenario("a wider window", rules(window=NEAR["window"].with_all_of(replace(NEAR["window"], past=None,
             future=None))),
             both(one, put("a", "u9", "Far", start="20270901T090000")), rules=NEAR),
    Scenario("reminders are synced", edit("a", reminders=frozenset({"display:-PT5M"})), one,
             rules={"reminders": "merge"}),
    # quarantine, stale copies, lost state
    Scenario("an event becomes unreadable", both(spoil("b", "u1"), edit("a", "u2", title="T")), two),
    Scenario("an unreadable event is mended", mend("b", "u1", "Good again"), both(two, Run, spoil("b", "u1"))),
    Scenario("a server stores another time", when("a", "20261201T09", "20261201T11"), one,
             one_question=False, traits={"b": {"rewrite": other_hour}}),
    Scenario("a stale copy, and the same field edited there", edit("b", title="B"), stale_b, settled=False, writes=0),
    Scenario("a stale copy, and the source deleted", delete("a"), both(put("a", "u2", "T"), stale_b), settled=False),
    Scenario("a conflict, then another", edit("b", title="B2"), both(conflict, Run), writes=0),
    Scenario("database lost with a conflict", lost, conflict, writes=0),
    Scenario("database lost, a series changed", both(lost, instance("b", KEY, "B", "title")), with_exceptions,
             writes=0),
    Scenario("an older database", nothing, older_database, settled=False, writes=0),
    Scenario("an older database and a deletion", delete("a", "u2"), older_database, settled=False, approve=True),
]
assert len({scenario.name for scenario in FURTHER}) == len(FURTHER)
