"""Single troubles in the middle of a run: one calendar away, sign-in lost half way, somebody faster, rights lowered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calsync_cli.model.account import EVERYTHING, Window
from calsync_cli.model.series import Recurrence
from calsync_cli.providers.base import Calendar, Page
from calsync_cli.providers.memory import MemoryProvider, Traits
from calsync_cli.store import links
from tests.crash.scenarios import decide
from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.oracles import check_rest
from tests.engine.world import ics


def synced(count: int = 2, **rules: Any) -> FaultyWorld:
    world = FaultyWorld("ab", **rules)
    for number in range(count):
        world.put("a", ics(f"u{number}", f"E{number}"))
    world.run()
    return world


def test_a_calendar_that_fails_keeps_its_mirror_and_catches_up() -> None:
    """I14: one body that cannot be fetched discards that calendar's round, and only that."""
    world = synced()
    world.edit("a", "u0", title="A")
    world.edit("b", "u1", title="B")
    world.board.arm("garbled", call="fetch")
    assert world.run().exit_code == 1
    world.run()
    assert world.titles("a") == world.titles("b") == ["A", "B"]
    assert world.quiet()


def test_a_deletion_seen_while_another_calendar_is_away_is_not_forgotten() -> None:
    world = FaultyWorld("abc")
    world.put("a", ics("u0", "E0"))
    world.put("a", ics("u1", "E1"))
    world.run()
    world.delete("c", "u0")
    world.servers["a"].set_calendar("a", gone=True)
    world.run()
    assert world.titles("b") == ["E0", "E1"], "row 16: nothing is deleted while a calendar is unknown"
    world.servers["a"].set_calendar("a", gone=False)
    world.run()
    assert world.titles("a") == world.titles("b") == ["E1"]


@pytest.mark.parametrize("away", "bc")
@pytest.mark.parametrize("conflict", ["ask", "merge"])
def test_a_question_about_what_never_agreed_stays_while_one_of_its_sides_is_away(away: str, conflict: str) -> None:
    """Rows 4, 16: what B and C say differently is not copied to A before somebody has said which of them it is."""
    world = FaultyWorld("abc", conflict=conflict, tie="ask")
    world.put("a", ics("u0", "E0"))
    world.run()
    world.put("b", ics("u1", "tok1x"))
    world.put("c", ics("u1", "tok2x"))
    world.run()
    before, asked = world.forms("a"), world.asked()
    assert asked == [("fields", "u1")]
    world.servers[away].set_calendar(away, gone=True)
    world.run(full=True)
    assert world.forms("a") == before
    world.servers[away].set_calendar(away, gone=False)
    world.run()
    assert world.asked() == asked and world.forms("a") == before and world.quiet()


@pytest.mark.parametrize("conflict", ["ask", "a"])
def test_no_copy_is_made_of_what_may_be_deleted_while_its_calendar_is_away(conflict: str) -> None:
    """Row 16, X16: B had deleted it; with B away, what C still has is no new event for A."""
    world = FaultyWorld("abc", conflict=conflict, tie="ask")
    world.put("a", ics("u0", "E0"))
    world.run()
    world.servers["a"].set_calendar("a", gone=True)
    world.put("b", ics("u1", "E1"))
    world.run()
    assert world.has("c", "u1")
    world.servers["a"].set_calendar("a", gone=False)
    world.board.arm("5xx", call="create", times=9)
    world.delete("b", "u1")
    world.edit("c", "u1", title="T1")
    world.servers["c"].set_calendar("c", access="read")  # so that the deletion waits there
    world.run()
    world.board.disarm()
    world.servers["b"].set_calendar("b", gone=True)
    world.run()
    assert not world.has("a", "u1")
    world.servers["b"].set_calendar("b", gone=False)
    world.servers["c"].set_calendar("c", access="write")
    world.run(full=True)
    assert not world.has("a", "u1") and world.quiet()


def test_sign_in_lost_in_the_middle_of_a_batch_loses_nothing() -> None:
    world = synced(4)
    for number in range(4):
        world.edit("a", f"u{number}", title=f"T{number}")
    world.servers["b"].traits.batch = 1
    world.board.fault_at(world.board.count + 6, "401")  # two listings, a fetch, the first update and its read-back
    report = world.run()
    assert report.exit_code == 5
    assert world.sent_rows() == 0
    world.run()
    assert world.titles("b") == ["T0", "T1", "T2", "T3"]


def test_an_edit_between_our_write_and_our_look_stays_an_edit() -> None:
    for receipt in ("etag", "item"):
        world = synced()
        world.servers["b"].traits.receipt = receipt  # type: ignore[assignment]
        remote_id, done = world.find("b", "u0"), []

        def meddle(call: Any, world: FaultyWorld = world, remote_id: str = remote_id, done: list[int] = done) -> None:
            ours_is_there = call.calendar == "b" and call.name in ("fetch", "look") and "A" in world.titles("b")
            if ours_is_there and not done:
                done.append(1)
                world.edit("b", "u0", location="Mine")

        world.servers["b"].observers.append(meddle)
        world.edit("a", "u0", title="A")
        for _ in range(3):
            world.run()
        if receipt == "etag":
            assert done
            assert world.forms("a")["u0"]["location"] == "Mine"
        assert world.forms("a") == world.forms("b")
        assert world.quiet()


def test_an_event_deleted_just_before_our_update_is_restored_as_edited() -> None:
    """NotFound on an update: an edit against a deletion (row 14)."""
    world = synced()
    done: list[int] = []

    def meddle(call: Any) -> None:
        if call.name == "update" and not done:
            done.append(1)
            world.delete("b", "u0")

    world.servers["b"].observers.append(meddle)
    world.edit("a", "u0", title="A")
    world.run()
    world.run()
    assert world.titles("a") == world.titles("b") == ["A", "E1"]
    assert world.quiet()


def test_a_calendar_that_vanishes_under_a_write_costs_nothing() -> None:
    world = synced()
    world.edit("a", "u0", title="A")
    world.board.arm("404", call="update")
    assert world.run().exit_code == 1
    assert world.titles("b") == ["E0", "E1"]
    world.run()
    assert world.titles("b") == ["A", "E1"]


def test_a_uid_held_by_an_event_we_have_not_seen_is_linked_to_it() -> None:
    """K3, K5: between our listing and our create somebody made the same event."""
    world = synced()
    world.servers["b"].traits.uid_unique = True
    done: list[int] = []

    def meddle(call: Any) -> None:
        if call.name == "create" and not done:
            done.append(1)
            world.put("b", ics("new", "New"))

    world.servers["b"].observers.append(meddle)
    world.put("a", ics("new", "New", "LOCATION:L"))
    world.run()
    world.run()
    assert [world.forms(side)["new"].get("location") for side in "ab"] == ["L", "L"]
    assert len(world.servers["b"].contents("b")) == 3
    assert world.quiet()


def test_lowered_rights_stop_the_group_until_a_person_agrees() -> None:
    """G6, in every run and not only in the one that noticed."""
    world = synced()
    world.servers["b"].set_calendar("b", access="read")
    world.edit("b", "u0", title="B")
    for _ in range(2):
        assert world.run(full=True).exit_code == 4
        assert world.titles("a") == ["E0", "E1"]
    assert world.run(approved=AnyPlan()).exit_code == 0
    assert world.titles("a") == ["B", "E1"]


def test_a_calendar_that_shows_less_than_before_is_not_believed() -> None:
    """O7, I8: a redacted title is nobody's edit."""
    world = synced()
    world.servers["b"].traits.redact = lambda payload: payload.replace(b"SUMMARY:E", b"SUMMARY:Busy")
    world.servers["b"].set_calendar("b", level="busy")
    world.servers["b"].expire_tokens()
    assert world.run(full=True).exit_code == 5
    assert world.titles("a") == ["E0", "E1"]
    world.servers["b"].set_calendar("b", level="full")
    world.edit("b", "u0", title="B")
    world.run(full=True)
    assert world.titles("a") == ["B", "E1"]


def test_a_stale_answer_never_takes_an_edit_back() -> None:
    world = synced()
    world.edit("b", "u0", title="B")
    world.board.arm("stale", call="fetch")
    world.run()
    world.run()
    assert world.titles("a") == world.titles("b") == ["B", "E1"]


def test_a_hold_is_over_when_its_event_is_gone() -> None:
    world = synced()
    world.edit("a", "u0", title="A")
    world.edit("b", "u0", title="B")
    world.run()
    assert world.asked() == [("fields", "u0")]
    world.delete("a", "u0")
    world.delete("b", "u0")
    world.run()
    assert world.asked() == []
    assert world.quiet()


def test_a_calendar_that_joins_gets_everything_and_its_own_events_travel() -> None:
    world = FaultyWorld("abc")
    (first, second), world.pairs = world.pairs, world.pairs[:1]
    world.put("a", ics("u0", "E0"))
    world.run()
    world.put("c", ics("u1", "E1"))
    world.put("c", ics("u0", "E0"))
    world.pairs = [first, replace(second)]
    world.run()
    for side in "abc":
        assert world.titles(side) == ["E0", "E1"]
    assert world.quiet()


def test_an_answer_waits_for_the_calendar_it_is_about() -> None:
    """J3, row 16, A5: one run that could not see all does not forget what a person decided."""
    world = synced(1)
    world.edit("a", "u0", title="From A")
    world.edit("b", "u0", title="From B")
    world.run()
    (hold,) = world.db.all("SELECT id FROM hold")
    links.set_choice(world.db, hold["id"], {"": "b"})
    world.servers["b"].set_calendar("b", gone=True)
    world.run()
    world.servers["b"].set_calendar("b", gone=False)
    world.run()
    assert world.titles("a") == world.titles("b") == ["From B"]
    assert world.quiet()


def test_an_answer_about_a_deletion_waits_for_the_calendar_it_is_about() -> None:
    """Rows 14 and 15 with row 16."""
    world = synced(3, conflict="ask")
    world.edit("a", "u0", title="From A")
    world.delete("b", "u0")
    world.run()
    (hold,) = world.db.all("SELECT id, kind FROM hold")
    assert hold["kind"] == "delete"
    links.set_choice(world.db, hold["id"], {"": "a"})
    world.servers["a"].set_calendar("a", gone=True)
    world.run()
    world.servers["a"].set_calendar("a", gone=False)
    world.run()
    assert world.titles("a") == world.titles("b") == ["E1", "E2", "From A"]


def test_a_copy_that_a_person_removes_before_we_could_look_at_it_is_not_made_again() -> None:
    """J table, I2: the server had said yes, so its absence is a person's deletion."""
    for receipt in ("etag", "bare"):
        world = synced(3)
        world.servers["b"].traits.receipt = receipt  # type: ignore[assignment]
        done: list[int] = []

        def meddle(call: Any, world: FaultyWorld = world, done: list[int] = done) -> None:
            if call.calendar == "b" and call.name in ("fetch", "look") and world.has("b", "new") and not done:
                done.append(1)
                world.delete("b", "new")

        world.servers["b"].observers.append(meddle)
        world.put("a", ics("new", "New"))
        for _ in range(3):
            world.run()
        assert done and not world.has("a", "new") and not world.has("b", "new")
        assert world.quiet()


def test_what_lies_outside_of_a_listed_window_is_not_missed() -> None:
    """V1, V3: a provider that reads in windows leaves the rest out of its listings."""
    world = synced(3)
    world.put("a", ics("old", "Long ago", start="20200301T090000"))
    world.run()
    window = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))
    old, real = world.find("b", "old"), MemoryProvider.changes

    def in_window(self: Any, cal: Calendar, since: str | None, wanted: Window = EVERYTHING) -> Iterator[Page]:
        for page in real(self, cal, since, wanted):
            hints = tuple(hint for hint in page.hints if hint.remote_id != old)
            yield replace(page, hints=hints, window=window if page.listing else None)

    looked: list[str] = []
    world.servers["b"].observers.append(lambda call: looked.append(call.name) if call.remote_id == old else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryProvider, "changes", in_window)
        world.run(full=True)
        assert not looked, "an event outside of the window is not asked for one by one"
        world.delete("b", "u0")
        world.run(full=True)
    assert world.titles("a") == world.titles("b") == ["E1", "E2", "Long ago"]


@pytest.mark.parametrize("runs", [1, 2])
def test_a_new_event_that_is_listed_and_denied_is_asked_for_again(runs: int) -> None:
    """O2, I11: the token has moved on, so no later page names it. Where one absence is no proof, a denial is none."""
    traits = Traits(absent_for=timedelta(0))
    world = FaultyWorld("ab", traits={"a": traits, "b": traits})
    world.put("a", ics("u0", "E0"))
    world.run()
    world.put("a", ics("u1", "New"))
    for call in ("fetch", "look"):
        world.board.arm("flaky-404", call=call)
    report = world.run()
    assert world.titles("b") == ["E0"]
    assert [(p.code, p.exit_code) for p in report.problems] == [("quarantined", 1)]
    assert "denied" in report.problems[0].message
    if runs == 2:  # denied again: then it is taken for gone, until it is listed again
        world.board.arm("flaky-404", call="look")
        assert world.run().problems == []
        assert world.titles("b") == ["E0"] and world.quiet()
        world.edit("a", "u1", title="New")
        world.edit("a", "u1", title="Newer")
    world.run()
    assert world.titles("a") == world.titles("b") and len(world.titles("b")) == 2
    assert world.quiet()


FRAGILE = Traits(absent_for=timedelta(0))


def fragile(*uids: str) -> FaultyWorld:
    world = FaultyWorld("ab", traits={"a": FRAGILE})
    for uid in uids:
        world.put("a", ics(uid, uid))
    world.run()
    return world


def deny(world: FaultyWorld, uid: str, *, writes: bool = True) -> None:
    """For the next run server a answers that this event is missing."""
    world.servers["a"].denied[world.find("a", uid)] = writes  # type: ignore[attr-defined]


def after_a_denied_run(world: FaultyWorld) -> FaultyWorld:
    world.crash_run()
    world.restart()
    world.servers["a"].denied.clear()  # type: ignore[attr-defined]
    check_rest(world)
    world.oracle.final()
    return world


def test_several_looks_of_one_run_are_one_absence() -> None:
    """O2: in two runs. A refused write and the look after it, and the rounds of one run, are one run."""
    world = fragile("u1", "u2")
    world.edit("b", "u1", title="Edited")
    deny(world, "u1")
    after_a_denied_run(world)
    assert world.titles("a") == world.titles("b") == ["Edited", "u2"]


def test_a_deletion_that_was_met_by_a_denial_is_not_done() -> None:
    """The event is still there; nothing else would ever say so, for the token has moved on."""
    world = fragile("u1", "u2")
    world.delete("b", "u1")
    deny(world, "u1")
    after_a_denied_run(world)
    assert world.titles("a") == world.titles("b") == ["u2"]


def test_a_deletion_of_unknown_end_that_is_denied_is_not_done() -> None:
    world = fragile("u1", "u2")
    world.delete("b", "u1")
    world.board.arm("kill-before", call="delete")
    world.crash_run()
    world.restart()
    deny(world, "u1", writes=False)
    after_a_denied_run(world)
    assert world.titles("a") == world.titles("b") == ["u2"]


def test_a_create_whose_place_is_taken_by_what_is_denied_makes_no_second() -> None:
    """I5: it is our own, and it is looked for again instead of made again elsewhere."""
    world = fragile("u1")
    world.put("b", ics("u2", "New"))
    world.board.arm("kill-after", call="create")
    world.crash_run()
    world.restart()
    deny(world, "u2")
    after_a_denied_run(world)
    assert world.titles("a") == world.titles("b") == ["New", "u1"]


def test_what_is_denied_in_two_runs_is_gone() -> None:
    world = fragile("u1", "u2")
    world.delete("a", "u1")
    world.run()
    assert world.titles("b") == ["u1", "u2"]
    world.run()
    assert world.titles("b") == ["u2"] and world.quiet()


def test_the_value_before_is_no_answer_where_there_was_none() -> None:
    """Row 4: two different times in a first sync; an event without any would be the result."""
    world = FaultyWorld("ab")
    world.put("a", ics("u1", "One"))
    world.put("b", ics("u1", "One", start="20261201T110000"))
    world.run()
    assert world.asked() == [("fields", "u1")]
    decide("base")(world)
    world.run()
    assert world.asked() == [("fields", "u1")] and world.forms("a")["u1"]["time"] != world.forms("b")["u1"]["time"]
    decide("b")(world)
    world.run()
    assert world.asked() == [] and world.forms("a") == world.forms("b") and world.quiet()


def test_a_delete_that_arrives_late_is_not_taken_for_a_persons() -> None:
    """X17, I2: given up as not applied, it takes A's event away after B's was brought back by its owner."""
    world = FaultyWorld("ab")
    world.put("a", ics("u1", "One"))
    world.put("a", ics("u2", "Two"))
    world.run()
    payload = world.servers["b"].contents("b")[world.find("b", "u1")]
    world.delete("b", "u1")
    world.board.late_time, world.board.late_calls = timedelta(days=9), 2
    world.board.arm("late", call="delete")
    world.run()
    assert world.has("a", "u1")
    world.put("b", payload)
    for _ in range(2):
        world.run()
    assert world.titles("a") == world.titles("b") == ["One", "Two"]
    assert world.quiet()


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("arrives_after_calls", range(1, 9))
@pytest.mark.parametrize("edited", ["before it arrives", "after the run"])
def test_a_write_of_ours_that_arrives_late_is_no_edit_by_a_person(
    kind: str, arrives_after_calls: int, edited: str
) -> None:
    """I1, J3: given up as not applied, it shows on B what A said before; A's next words are the newer ones."""
    world = FaultyWorld("ab", conflict="ask", tie="ask")
    world.put("a", ics("u2", "Two"))
    world.put("a", ics("u1", "tok1x"))
    if kind == "update":
        world.run()
        world.edit("a", "u1", title="tok2x")
    world.board.late_time, world.board.late_calls = timedelta(days=9), arrives_after_calls
    world.board.arm("late", call=kind)
    world.run()
    if edited == "before it arrives":
        world.edit("a", "u1", title="tok3x")
    world.run()
    world.edit("a", "u1", title="tok4x")
    for _ in range(3):
        world.run()
    assert world.titles("a") == world.titles("b") == ["Two", "tok4x"]
    assert world.asked() == [] and world.quiet()
    world.oracle.no_word_lost()


@pytest.mark.parametrize("kind", ["create", "update"])
def test_what_a_person_says_on_top_of_a_write_that_arrived_late_crosses(kind: str) -> None:
    world = FaultyWorld("ab", conflict="ask", tie="ask")
    world.put("a", ics("u1", "tok1x"))
    if kind == "update":
        world.run()
        world.edit("a", "u1", title="tok2x")
    world.board.late_time, world.board.late_calls = timedelta(days=9), 2
    world.board.arm("late", call=kind)
    world.run()
    world.edit("a", "u1", location="tok3x")
    world.servers["b"].settle_late()
    world.edit("b", "u1", description="tok4x")
    for _ in range(3):
        world.run()
    assert world.asked() == [] and world.forms("a") == world.forms("b") and world.quiet()
    assert {"tok3x", "tok4x"} <= set(map(str, world.forms("a")["u1"].values()))


def test_words_written_right_after_a_write_that_was_answered_without_a_version_are_not_lost() -> None:
    """I1: whether the server wrote it otherwise or somebody was faster than our look, nobody can tell (F4)."""
    world = FaultyWorld("ab", traits={"b": Traits(receipt="bare")})
    world.put("a", ics("u1", "One"))
    world.run()
    written = []

    def meddle(call: Any) -> None:
        if call.name == "update":
            written.append(call)
        elif written:
            written.clear()
            world.edit("b", "u1", title="tok1x")

    world.servers["b"].observers.append(meddle)
    world.edit("a", "u1", title="tok2x")
    world.run()
    world.servers["b"].observers.remove(meddle)
    assert world.titles("b") == ["tok1x"]
    world.edit("a", "u1", title="tok3x")
    world.run()
    world.oracle.no_word_lost()
    assert world.quiet()


def test_an_answer_stays_while_what_it_calls_for_waits_for_another_yes() -> None:
    """A3, G8: the deletion was decided; that it could mail somebody is a question of its own."""
    world = FaultyWorld("ab", conflict="ask")
    meeting = ics("u1", "One", "ORGANIZER:mailto:me@example.org", "ATTENDEE:mailto:you@example.org")
    world.put("a", meeting)
    world.put("a", ics("u2", "Two"))
    world.run()
    world.servers["a"].set_calendar("a", mails=True)
    world.run(full=True)
    world.edit("a", "u1", location="Here")
    world.delete("b", "u1")
    world.run()
    assert world.asked() == [("delete", "u1")]
    decide("b")(world)
    for _ in range(3):
        report = world.run()
        assert [problem.code for problem in report.problems] == ["notify"]
    assert world.has("a", "u1") and world.quiet()


def test_a_date_that_became_an_event_is_made_though_its_places_are_taken() -> None:
    """I1, R2: it lives in the hub alone until then, and a place that is taken is no sign that it was there."""
    world = FaultyWorld("ab", orphan="detach", conflict="a")
    world.put("a", ics("u1", "One", "RRULE:FREQ=WEEKLY;COUNT=6"))
    world.run()
    world.edit("a", "u1", recurrence=Recurrence(("COUNT=2;FREQ=WEEKLY",)))
    world.edit("b", "u1", **{"@20261222T080000Z/title": "tok1x"})

    def take(server: Any, side: str) -> Callable[[Any], None]:
        def first(call: Any) -> None:
            if call.name == "create" and call.remote_id not in server.contents(side):
                server.observers.remove(first)
                world.put(side, ics(f"taken-{side}", "Taken"), call.remote_id)

        return first

    for side, server in world.servers.items():
        server.observers.append(take(server, side))
    for _ in range(4):
        world.run()
    assert "tok1x" in world.titles("a") and "tok1x" in world.titles("b")
    world.oracle.no_word_lost()
