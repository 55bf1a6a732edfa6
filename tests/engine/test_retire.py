"""`sync --retire`: what pairs left behind that are not in the configuration any more (W4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_cli.engine.report import Report
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import CalendarName, Pair
from calsync_cli.model.codec import form_json
from calsync_cli.model.views import View
from calsync_cli.providers.memory import Call
from calsync_cli.store import views
from tests.engine.cloud_world import CloudWorld
from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.world import World, ics


def name(side: str) -> CalendarName:
    return CalendarName(side, side)


def pair(a: str, b: str, **more: Any) -> Pair:
    return Pair(a + b, name(a), name(b), first_sync="auto", **more)


def world(names: str = "ab", pairs: list[Pair] | None = None, kind: type[World] = World, **more: Any) -> World:
    """Three events on a; two on b where both are sources."""
    made = kind(names, pairs, **more)
    for uid in ("one", "two", "three"):
        made.put("a", ics(uid, uid.title()))
    if made.pairs[0].direction == "two-way":
        for uid in ("four", "five"):
            made.put("b", ics(uid, uid.title()))
    made.run()
    return made


def told(report: Report) -> list[str]:
    return sorted(f"{c.action} {c.side} {c.title}" for c in report.changes if c.outcome == "confirmed")


def marked(made: World, side: str) -> list[str]:
    """Titles of what bears calsync's marker."""
    held = made.servers[side].contents(side).values()
    return sorted(p.split(b"SUMMARY:")[1].split(b"\r\n")[0].decode() for p in held if b"X-CALSYNC" in p)


SHAPES: list[dict[str, Any]] = [
    {"direction": "a-to-b"}, {}, {"to_b": View("busy")}, {"to_b": View("titles", title="[a] {title}")},
    {"direction": "a-to-b", "to_b": View("busy", "Taken")},
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_copies_of_a_pair_that_is_gone_go_and_nothing_else(shape: dict[str, Any]) -> None:
    made = world(**shape)
    own = {side: [p for p in made.servers[side].contents(side).values() if b"X-CALSYNC" not in p] for side in "ab"}
    with_copies = {side: made.titles(side) for side in "ab"}
    made.pairs = []
    made.run()
    assert {side: made.titles(side) for side in "ab"} == with_copies, "to take a pair away takes nothing else away"
    looked = made.retire(dry_run=True)
    assert {side: made.titles(side) for side in "ab"} == with_copies and looked.exit_code == 0
    report = made.retire()
    assert [(c.action, c.title) for c in looked.changes] == [(c.action, c.title) for c in report.changes]
    assert {side: sorted(made.servers[side].contents(side).values()) for side in "ab"} == {
        side: sorted(payloads) for side, payloads in own.items()
    }
    assert report.exit_code == 0 and report.pairs[0].pair == "ab"
    before = made.writes()
    again = made.retire()
    assert made.writes() == before and again.changes == [] and "nothing is to be retired" in again.notes[-1]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_is_taken_back_as_any_run_is(shape: dict[str, Any]) -> None:
    made = world(**shape)
    before = {side: made.forms(side) for side in "ab"}
    made.pairs = []
    run = made.retire().run
    assert made.undo(run).exit_code == 0
    assert {side: made.forms(side) for side in "ab"} == before
    gone = made.retire()
    assert all(c.action == "delete" for c in gone.changes) and len(gone.changes) == len(told(gone)) > 0
    assert made.undo(gone.run).exit_code == 0 and {side: made.forms(side) for side in "ab"} == before


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_pair_that_comes_again_makes_its_copies_again(shape: dict[str, Any]) -> None:
    made = world(**shape)
    pairs, before = made.pairs, {side: made.forms(side) for side in "ab"}
    made.pairs = []
    made.retire()
    made.pairs = [replace(one, first_sync="ask") for one in pairs]
    asked = made.run()
    assert [p.code for p in asked.problems] == ["first-plan"], "it is a first sync as any other"
    made.pairs = pairs
    made.run()
    assert {side: made.forms(side) for side in "ab"} == before and made.quiet()


def test_a_copy_that_somebody_edited_is_let_go() -> None:
    made = world(direction="a-to-b")
    made.edit("b", "one", title="Mine")
    made.pairs = []
    report = made.retire()
    assert told(report) == ["delete b Three", "delete b Two", "update b Mine"]
    assert made.titles("b") == ["Mine"] and marked(made, "b") == []
    form = made.forms("b")["one"]
    assert made.retire().changes == []
    made.pairs = [pair("a", "b", direction="a-to-b")]
    made.run()
    assert made.forms("b")["one"] == form, "it is an event of its own now"
    assert made.titles("b") == ["Mine", "Three", "Two"] and made.quiet()


def test_a_reminder_of_ones_own_does_not_keep_a_copy() -> None:
    """Reminders are local to each calendar unless a pair says otherwise (section 5)."""
    made = world(direction="a-to-b")
    made.edit("b", "one", reminders=frozenset({"display:-PT15M"}))
    made.pairs = []
    made.retire()
    assert made.titles("b") == []


def test_what_is_left_of_an_event_stays() -> None:
    """Its original is gone by another way than calsync's: the copy is the event now."""
    made = world()
    made.pairs = []
    made.delete("a", "one")
    report = made.retire()
    assert made.titles("a") == ["Three", "Two"] and made.titles("b") == ["Five", "Four", "One"]
    assert "update b One" in told(report) and marked(made, "b") == []


def test_a_one_way_copy_goes_whatever_became_of_its_event() -> None:
    made = world(direction="a-to-b")
    made.pairs = []
    made.delete("a", "one")
    made.retire()
    assert made.titles("b") == [] and {one.uid for one in views.trash(made.db)} == {"one", "two", "three"}
    made.restore("two", "b")
    assert made.titles("b") == ["Two"] and made.titles("a") == ["Three", "Two"]


@pytest.mark.parametrize(
    ("shape", "left"), [({"direction": "a-to-b"}, []), ({}, ["Five", "Four", "One", "Three", "Two"])],
)
def test_the_account_of_its_events_may_be_gone_too(shape: dict[str, Any], left: list[str]) -> None:
    made = world(**shape)
    made.pairs = []
    report = made.retire(accounts="b")
    assert made.titles("b") == left
    words = [p.message for p in report.problems]
    assert all("nobody can say whether a/a" in one and "3 copies stay" in one for one in words)
    assert (report.exit_code, len(words)) == ((0, 0) if not left else (3, 1))
    made.retire()
    assert made.titles("b") == ([] if not left else ["Five", "Four"])


def test_the_account_of_the_copies_may_be_gone() -> None:
    made = world(direction="a-to-b")
    made.pairs = []
    report = made.retire(accounts="a")
    assert "3 copies on b/b stay" in report.notes[0] and len(made.titles("b")) == 3


def test_a_pair_that_got_another_calendar_takes_its_copies_along() -> None:
    """a=b became a=c: what b gave to a is a's now, and what calsync made on b goes."""
    made = world("abc", [pair("a", "b")])
    made.pairs = [Pair("ab", name("a"), name("c"), first_sync="auto")]
    report = made.retire()
    everything = ["Five", "Four", "One", "Three", "Two"]
    assert (made.titles("a"), made.titles("b"), made.titles("c")) == (everything, ["Five", "Four"], everything)
    assert sorted({p.pair for p in report.pairs}) == ["ab", "ab (before)"] and made.quiet()
    made.pairs = [pair("a", "b"), pair("a", "c")]
    made.run()
    assert [made.titles(side) for side in "abc"] == [everything] * 3 and made.quiet()


def test_a_ring_that_lost_a_calendar() -> None:
    ring = [pair("a", "b"), pair("b", "c"), pair("c", "a")]
    made = world("abc", ring)
    made.pairs = ring[:1]
    made.put("c", ics("six", "Six"))
    made.retire()
    everything = ["Five", "Four", "One", "Three", "Two"]
    assert (made.titles("a"), made.titles("b"), made.titles("c")) == (everything, everything, ["Six"]) and made.quiet()


@pytest.mark.parametrize("shape", [{"direction": "b-to-a"}, {}, {"to_b": View("busy")}], ids=str)
def test_a_pair_whose_rules_changed_is_not_gone(shape: dict[str, Any]) -> None:
    made = world(direction="a-to-b")
    made.pairs = [pair("a", "b", **shape)]
    before = made.titles("b")
    assert made.retire(dry_run=True).exit_code == 0
    report = made.retire()
    assert any("nothing is to be retired" in note for note in report.notes)
    assert len(made.titles("b")) == len(before)


def test_other_pairs_of_the_same_calendars_keep_theirs() -> None:
    made = world("abc", [pair("a", "c", direction="a-to-b"), pair("b", "c", direction="a-to-b")])
    made.put("b", ics("four", "Four"))
    made.run()
    made.pairs = made.pairs[1:]
    made.retire()
    assert made.titles("c") == ["Four"] and made.titles("b") == ["Four"] and made.quiet()


def test_what_came_on_from_there_goes_with_it_and_comes_back_with_it() -> None:
    """a showed its events to b, and b shares all of its own with c: a run takes both away, an undo brings both back."""
    made = world("abc", [pair("a", "b", to_a=View("busy")), pair("b", "c")])
    made.run()
    before = {side: made.forms(side) for side in "abc"}
    made.pairs = made.pairs[1:]
    report = made.retire()
    assert (made.titles("a"), made.titles("b")) == (["One", "Three", "Two"], ["Five", "Four"]) and made.quiet()
    assert made.titles("c") == made.titles("b") and report.exit_code == 0
    made.undo(report.run)
    assert {side: made.forms(side) for side in "abc"} == before and made.quiet()


def test_only_what_is_named() -> None:
    made = world("abc", [pair("a", "b", direction="a-to-b"), pair("a", "c", direction="a-to-b")])
    made.pairs = []
    made.retire("ac")
    assert (len(made.titles("b")), len(made.titles("c"))) == (3, 0)


def test_without_a_yes_nothing_happens_and_the_sync_goes_on() -> None:
    made = world("abc", [pair("a", "b", direction="a-to-b"), pair("a", "c", direction="a-to-b")])
    made.pairs = made.pairs[1:]
    made.put("a", ics("four", "Four"))
    report = made.retire(yes=False)
    assert [(p.code, p.next) for p in report.problems] == [("first-plan", "calsync sync --retire --yes")]
    assert len(made.titles("b")) == 3 and "Four" in made.titles("c") and report.exit_code == 3
    made.pairs = [pair("a", "b", direction="a-to-b"), *made.pairs]
    assert made.run().exit_code == 0 and made.titles("b") == made.titles("c") and made.quiet()


def test_what_changed_between_the_look_and_the_write_stays() -> None:
    """The copy is edited after it was read: the server refuses the deletion, and the edit is seen."""
    made = world(direction="a-to-b", kind=FaultyWorld)
    made.pairs = []
    done: list[str] = []

    def faster(call: Call) -> None:
        if call.writes and not done:
            done.append(call.remote_id)
            made.edit("b", "one", title="Just now")

    made.servers["b"].observers.append(faster)
    made.retire()
    assert made.titles("b") == ["Just now"] and marked(made, "b") == []


@pytest.mark.parametrize(("a", "b"), [("google", "graph"), ("graph", "google"), ("icloud", "graph")])
def test_the_services_let_go_and_take_away(a: str, b: str) -> None:
    """Real providers: what was edited bears nothing of calsync's afterwards, and what was deleted comes back."""
    with CloudWorld(a, b) as made:
        for title in ("One", "Two", "Three"):
            made.person(lambda title=title: made["a"].add(title, "2026-12-03T09:00"))  # type: ignore[misc]
        made.person(lambda: made["b"].add("Four", "2026-12-04T09:00"))
        made.run()
        pairs, made.pairs = made.pairs, []
        made.person(lambda: made["b"].edit(next(u for u, f in made["b"].forms().items() if f.get("title") == "One"),
                                           title="Mine"))
        report = made.retire()
        assert [p.message for p in report.problems] == [] and told(report) == [
            "delete a Four", "delete b Three", "delete b Two", "update b Mine",
        ]
        left = made.db.all("SELECT marker FROM mirror_item m JOIN calendar c ON c.id = m.calendar_id "
                           "WHERE c.account = 'b' AND m.gone < 2 AND m.marker IS NOT NULL")
        titles = {side: sorted(str(form["title"]) for form in made[side].forms().values()) for side in "ab"}
        assert titles == {"a": ["One", "Three", "Two"], "b": ["Four", "Mine"]} and left == []
        assert made.retire().changes == [] and made.undo(report.run).exit_code == 0
        assert sorted(str(form["title"]) for form in made["b"].forms().values()) == ["Four", "Mine", "Three", "Two"]
        made.retire()
        made.pairs = pairs
        assert made.run().exit_code in (0, 3) and made.quiet()
        assert all("Mine" in str(made[side].forms()) for side in "ab")


EDITS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["edit", "delete", "new", "remind"]), st.integers(0, 5)),
    max_size=6,
)


@given(st.sampled_from(SHAPES), EDITS, EDITS)
@settings(max_examples=15, deadline=None)
def test_whatever_people_did_before_and_after_the_pair_was_taken_out(
    shape: dict[str, Any], before: list[tuple[str, str, int]], after: list[tuple[str, str, int]]
) -> None:
    """What people made is as they left it, what they edited since stays as they left it, all else that was made is
    gone but for the last of an event; an undo brings all of that back; a second time there is nothing to do."""
    made = world(pairs=[Pair("ab", name("a"), name("b"), first_sync="auto", delete_percent=100.0, **shape)])
    for number, deed in enumerate(before):
        _do(made, deed, number)
    made.run(approved=AnyPlan())
    made.pairs = []
    for number, deed in enumerate(after, len(before)):
        _do(made, deed, number)
    one_way, edits = shape.get("direction") is not None, len(before) + len(after)
    start = {side: made.servers[side].contents(side) for side in "ab"}
    report = made.retire()
    assert report.exit_code == 0
    left = {side: made.servers[side].contents(side) for side in "ab"}
    for side in "ab":
        for remote_id, payload in start[side].items():
            history = [c for c in made.servers[side].history(side) if c.remote_id == remote_id]
            if history[0].who == "user":
                assert left[side][remote_id] == payload, "a person made it"
            elif any(f"edit{side}{n}".encode() in payload for n in range(0 if one_way else len(before), edits)):
                assert _title(left[side][remote_id]) == _title(payload)
                let_go_before = one_way and mapping("ical").read(payload).uid not in made.forms("a")
                assert let_go_before or b"X-CALSYNC" not in left[side][remote_id]
            elif remote_id in left[side]:
                assert not one_way and b"X-CALSYNC" not in left[side][remote_id], "the last one"
    assert made.retire().changes == []
    back = made.undo(report.run)
    assert back.exit_code == 0
    for side in "ab":
        again = made.servers[side].contents(side).values()
        if side == "b" and back.notes:  # words that no view lets through were read before: they stay in the trash (I19)
            assert len(again) == len(start[side])
        else:
            assert sorted(map(_form, again)) == sorted(map(_form, start[side].values()))


def _do(made: World, deed: tuple[str, str, int], number: int) -> None:
    """What a person does on one side, if there is anything to do it to."""
    side, kind, which = deed
    items = sorted(made.servers[side].contents(side).items())
    if kind == "new":
        made.put(side, ics(f"new{number}", f"new{side}{number}"))
    elif items:
        remote_id, payload = items[which % len(items)]
        if kind == "delete":
            made.servers[side].user_delete(side, remote_id)
        else:
            reminders = {"reminders": frozenset({"display:-PT15M"})}
            changes: dict[str, Any] = {"title": f"edit{side}{number}"} if kind == "edit" else reminders
            made.put(side, mapping("ical").edit(payload, changes), remote_id)


def _title(payload: bytes) -> str:
    return mapping("ical").read(payload).title


def _form(payload: bytes) -> str:
    return form_json(mapping("ical").read(payload).form)
