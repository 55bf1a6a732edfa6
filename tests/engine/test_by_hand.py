"""`events add | edit | rm`: a person's word on one calendar is written there, carried on, and can be taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Literal

import pytest

from calsync_cli.model.account import CalendarName, Pair
from calsync_cli.model.series import CANCELLED, Form, Recurrence
from calsync_cli.model.times import AllDay, Span, Zoned
from calsync_cli.model.views import View
from calsync_cli.providers.memory import Call
from calsync_cli.store import views
from tests.engine.cloud_world import CloudWorld
from tests.engine.faulty_world import FaultyWorld
from tests.engine.world import World, ics

BERLIN = "Europe/Berlin"


def at(hour: int, day: int = 1) -> Span:
    return Span(Zoned(datetime(2026, 12, day, hour), BERLIN), Zoned(datetime(2026, 12, day, hour + 1), BERLIN))


DENTIST: Form = {"title": "Dentist", "time": at(9), "location": "Main Street"}
REMINDED = frozenset({"display:-PT15M"})
SERIES = "RRULE:FREQ=WEEKLY;COUNT=6"
DATE = "@20261208T080000Z"


@pytest.fixture
def world() -> World:
    made = World("ab")
    for uid in ("one", "two"):
        made.put("a", ics(uid, uid.title(), "LOCATION:Here"))
    made.put("b", ics("series", "Series", SERIES))
    made.run()
    return made


def both(world: World) -> dict[str, dict[str, Form]]:
    return {side: world.forms(side) for side in world.servers}


def named(world: World, side: str, title: str) -> Form:
    (form,) = [form for form in world.forms(side).values() if form.get("title") == title]
    return form


def test_a_new_event_is_on_both_sides_in_one_run_and_rests(world: World) -> None:
    before = world.writes()
    report = world.hand_add("b", DENTIST)
    assert [(c.side, c.action, c.because, c.outcome) for c in report.changes] == [
        ("b", "create", "added by hand", "confirmed"), ("a", "create", "new on b/b", "confirmed")]
    assert named(world, "a", "Dentist")["time"] == at(9) == named(world, "b", "Dentist")["time"]
    assert (report.exit_code, world.writes() - before) == (0, 2) and world.quiet()


def test_what_is_there_already_is_not_made_twice_unless_asked(world: World) -> None:
    world.hand_add("a", DENTIST)
    before = world.writes()
    said = world.hand_add("a", {**DENTIST, "location": "Elsewhere"})
    assert world.writes() == before and said.exit_code == 0 and "is on a/a already" in said.notes[0]
    world.hand_add("a", DENTIST, again=True)
    assert world.titles("b").count("Dentist") == 2 and world.quiet()


def test_an_edit_arrives_and_leaves_what_was_not_named(world: World) -> None:
    report = world.hand_edit("b", "one", {"title": "Eins", "time": at(14, 2)})
    assert report.exit_code == 0 and len(report.changes) == 2
    for side in "ab":
        form = world.forms(side)["one"]
        assert (form["title"], form["time"], form["location"]) == ("Eins", at(14, 2), "Here")
    assert world.quiet()


def test_a_date_of_a_series_is_changed_and_called_off(world: World) -> None:
    world.hand_edit("a", "series", {f"{DATE}/title": "Once", "@20261215T080000Z": CANCELLED})
    assert world.forms("b")["series"][f"{DATE}/title"] == "Once"
    assert world.forms("b")["series"]["@20261215T080000Z"] == CANCELLED and world.quiet()


def test_a_removal_goes_everywhere_and_to_the_trash(world: World) -> None:
    report = world.hand_remove("a", "two")
    assert [(c.side, c.action) for c in report.changes] == [("a", "delete"), ("b", "delete")]
    assert not world.has("a", "two") and not world.has("b", "two") and world.quiet()
    assert {lost.calendar for lost in views.trash(world.db) if lost.uid == "two"} == {1, 2}


@pytest.mark.parametrize("deed", ["add", "edit", "remove"])
def test_each_is_taken_back_on_all_calendars(world: World, deed: str) -> None:
    before = both(world)
    match deed:
        case "add":
            done = world.hand_add("a", DENTIST)
        case "edit":
            done = world.hand_edit("b", "one", {"title": "Eins", "location": None})
        case _:
            done = world.hand_remove("b", "one")
    after = both(world)
    assert after != before
    back = world.undo(done.run)
    assert (back.exit_code, len(back.changes)) == (0, 2) and both(world) == before
    assert world.quiet()
    assert world.undo(back.run).exit_code == 0 and both(world) == after


def test_what_changed_meanwhile_is_not_overwritten(world: World) -> None:
    """The person looked at what the last run saw; somebody else was faster."""
    seen = world.mirrored("a", "one")
    world.edit("a", "one", title="Theirs")
    before = world.writes()
    report = world.hand_edit("a", "one", {"title": "Mine"}, seen)
    assert report.exit_code == 3 and world.writes() == before
    assert "title changed on a/a meanwhile, so nothing was written" in report.problems[0].message
    assert report.problems[0].next == "calsync events show one"
    world.run()
    assert world.forms("b")["one"]["title"] == "Theirs"


def test_what_changed_elsewhere_in_the_event_flows_beside_it(world: World) -> None:
    seen = world.mirrored("a", "one")
    world.edit("a", "one", title="Theirs")
    assert world.hand_edit("a", "one", {"location": "There"}, seen).exit_code == 0
    assert {(f["title"], f["location"]) for f in (world.forms(s)["one"] for s in "ab")} == {("Theirs", "There")}


def test_both_sides_edited_is_a_conflict_like_any_other(world: World) -> None:
    world.edit("b", "one", title="On b")
    report = world.hand_edit("a", "one", {"title": "On a"})
    assert report.exit_code == 3 and [c.side for c in report.changes] == ["a"]
    assert (world.forms("a")["one"]["title"], world.forms("b")["one"]["title"]) == ("On a", "On b")


def test_an_event_that_was_edited_or_deleted_meanwhile_is_not_removed(world: World) -> None:
    seen = world.mirrored("a", "one")
    world.edit("a", "one", location="There")
    assert "meanwhile" in world.hand_remove("a", "one", seen).problems[0].message and world.has("a", "one")
    world.delete("a", "two")
    before = world.writes()
    assert "was deleted on a/a meanwhile" in world.hand_remove("a", "two").problems[0].message
    assert "not there on a/a any more" in world.hand_edit("a", "two", {"title": "T"}).problems[0].message
    assert world.writes() == before and world.has("b", "two")


def test_an_edit_against_a_removal_by_hand_is_judged_as_any(world: World) -> None:
    world.edit("b", "one", title="Edited on b")
    report = world.hand_remove("a", "one")
    world.run()
    assert report.changes[0].action == "delete" and world.forms("a")["one"]["title"] == "Edited on b"


def test_a_calendar_that_may_only_be_read_is_refused_before_any_write() -> None:
    world = World("ab", [Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), "a-to-b", first_sync="auto")])
    world.put("a", ics("one", "One"))
    world.servers["a"].set_calendar("a", access="read")
    world.run()
    before = world.writes()
    for report in (world.hand_add("a", DENTIST), world.hand_edit("a", "one", {"title": "Mine"}),
                   world.hand_remove("a", "one")):
        assert report.exit_code == 5 and "read-only" in report.problems[0].message and not report.changes
    assert world.writes() == before


def test_nobody_is_mailed_by_hand_either() -> None:
    world = World("ab")
    world.servers["a"].set_calendar("a", mails=True)
    world.put("a", ics("one", "One", "ORGANIZER:mailto:me@example.org", "ATTENDEE:mailto:you@example.org"))
    world.run()
    before = world.writes()
    for report in (world.hand_edit("a", "one", {"title": "Mine"}), world.hand_remove("a", "one")):
        assert report.exit_code == 3 and 'say notify = "allow" in ab' in report.problems[0].message
    assert world.writes() == before and world.has("a", "one")


def test_a_dry_run_writes_nothing(world: World) -> None:
    before = world.writes()
    report = world.hand_add("a", DENTIST, dry_run=True)
    assert [(c.side, c.outcome) for c in report.changes] == [("a", "planned")] and report.exit_code == 0
    assert world.writes() == before and "Dentist" not in world.titles("a")


def test_somebody_faster_between_look_and_write_keeps_their_word() -> None:
    """The version is the guard: the write is refused, looked at anew, and told (I13)."""
    world, once = FaultyWorld("ab"), []
    world.put("a", ics("one", "One"))
    world.run()

    def faster(call: Call) -> None:
        if call.writes and not once:
            once.append(1)
            world.edit("a", "one", title="Theirs")

    world.servers["a"].observers.append(faster)
    report = world.hand_edit("a", "one", {"title": "Mine"})
    assert once and report.exit_code == 3 and world.forms("a")["one"]["title"] == "Theirs"
    world.run()
    assert world.forms("b")["one"]["title"] == "Theirs"


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_bridge_shows_on_the_other_side_what_its_view_says(side: str) -> None:
    pair = Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), first_sync="auto", to_b=View("busy"))
    world = World("ab", [pair])
    world.put("b", ics("own", "Own", start="20261203T090000"))
    world.run()
    report = world.hand_add(side, DENTIST)
    assert report.exit_code == 0 and named(world, side, "Dentist")["location"] == "Main Street"
    assert world.titles("b") == ["Dentist" if side == "b" else "Busy", "Own"] and world.quiet()
    assert world.titles("a") == ["Dentist", "Own"]
    uid, other = ({u for u in world.forms(s) if u != "own"}.pop() for s in (side, "b" if side == "a" else "a"))
    assert world.hand_edit(side, uid, {"time": at(15)}).exit_code == 0
    assert {form["time"] for s in "ab" for u, form in world.forms(s).items() if u != "own"} == {at(15)}
    assert world.undo(report.run).exit_code == 3, "it was changed since"
    assert world.hand_remove("b" if side == "a" else "a", other).exit_code == 0
    assert world.titles("a") == world.titles("b") == ["Own"] and world.quiet()


def test_text_is_not_written_into_a_busy_copy() -> None:
    pair = Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), first_sync="auto", to_b=View("busy"))
    world = World("ab", [pair])
    world.put("a", ics("one", "One"))
    world.run()
    (uid,) = world.forms("b")
    before = world.writes()
    report = world.hand_edit("b", uid, {"location": "Secret"})
    assert "not shown on b/b" in report.problems[0].message and world.writes() == before


@pytest.mark.parametrize("way", ["a-to-b", "b-to-a"])
def test_the_source_of_a_one_way_pair_is_where_events_are_made(way: Literal["a-to-b", "b-to-a"]) -> None:
    source, target = ("a", "b") if way == "a-to-b" else ("b", "a")
    pair = Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), first_sync="auto")
    world = World("ab", [replace(pair, direction=way)])
    world.put(source, ics("one", "One"))
    world.put(source, ics("two", "Two"))
    world.run()
    assert len(world.hand_add(source, DENTIST).changes) == 2 and "Dentist" in world.titles(target)
    assert world.hand_edit(source, "one", {"title": "Eins"}).exit_code == 0
    assert world.forms(target)["one"]["title"] == "Eins" and world.quiet()
    assert world.hand_remove(source, "one").exit_code == 0
    assert not world.has(target, "one") and world.quiet()


def test_an_event_added_to_the_target_of_a_one_way_pair_stays_there_alone() -> None:
    world = World("ab", [Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), "a-to-b", first_sync="auto")])
    world.run()
    report = world.hand_add("b", DENTIST)
    assert [c.side for c in report.changes] == ["b"] and world.titles("a") == [] and world.titles("b") == ["Dentist"]
    assert world.quiet() and world.titles("b") == ["Dentist"]


def test_it_goes_round_a_ring_and_over_a_bridge_in_the_same_run() -> None:
    names = {n: CalendarName(n, n) for n in "abcd"}
    plain = [Pair(x + y, names[x], names[y], first_sync="auto") for x, y in ("ab", "bc")]
    pairs = [*plain, Pair("ad", names["a"], names["d"], first_sync="auto", to_b=View("busy"))]
    world = World("abcd", pairs)
    world.run()
    report = world.hand_add("a", DENTIST)
    assert sorted(c.side + c.pair for c in report.changes) == ["aab", "bab", "bad", "bbc"]
    assert [world.titles(s) for s in "abcd"] == [["Dentist"], ["Dentist"], ["Dentist"], ["Busy"]] and world.quiet()
    assert world.undo(report.run).exit_code == 0
    assert [world.titles(s) for s in "abcd"] == [[], [], [], []] and world.quiet()


def test_a_repetition_with_a_whole_day_is_made(world: World) -> None:
    form: Form = {"title": "Bin day", "time": Span(AllDay(date(2026, 12, 1)), AllDay(date(2026, 12, 2))),
                  "recurrence": Recurrence(("FREQ=WEEKLY",)), "reminders": frozenset({"display:-PT12H"})}
    assert world.hand_add("a", form).exit_code == 0
    assert named(world, "b", "Bin day")["recurrence"] == form["recurrence"] and world.quiet()


def test_a_purge_leaves_what_was_added_by_hand(world: World) -> None:
    from calsync_cli.engine.groups import groups
    from calsync_cli.engine.purge import purge
    from calsync_cli.engine.state import Wish

    world.hand_add("a", DENTIST)
    session = world.session()
    purge(session, groups(world.pairs), world.pairs[0], Wish(yes=True, trigger="purge ab"))
    assert "Dentist" in world.titles("a") and "Dentist" not in world.titles("b")


def test_the_same_value_is_no_write(world: World) -> None:
    before = world.writes()
    report = world.hand_edit("a", "one", {"title": "One"})
    assert world.writes() == before and report.exit_code == 0 and "is so already" in report.notes[0]


@pytest.mark.parametrize("side", ["a", "b"])
def test_the_services_take_it_by_hand_too(side: str) -> None:
    """Google and Microsoft: made, changed, one date called off, removed and brought back; rests after each."""
    with CloudWorld("google", "graph") as world:
        world.person(lambda: world["a"].add("Other", "2026-12-03T09:00"))
        world.run()
        series: Form = {**DENTIST, "recurrence": Recurrence(("COUNT=4;FREQ=WEEKLY",)), "reminders": REMINDED}
        assert world.hand_add(side, series).exit_code == 0
        (uid,) = (uid for uid, form in world[side].forms().items() if form.get("title") == "Dentist")
        for changes in ({"time": at(14)}, {"title": "Doctor", "location": None}):
            assert world.hand_edit(side, uid, changes).exit_code == 0
        done = world.hand_edit(side, uid, {"@20261208T130000Z": CANCELLED})
        for name in "ab":
            form = next(form for form in world[name].forms().values() if form.get("title") == "Doctor")
            assert (form["time"], form["@20261208T130000Z"], "location" in form) == (at(14), CANCELLED, False)
        assert world.quiet()
        back = world.undo(done.run)
        assert ["has no way to bring it back" in problem.message for problem in back.problems] == [True]  # Outlook
        gone = world.hand_remove(side, uid)
        assert gone.exit_code == 0 and [len(world[name].forms()) for name in "ab"] == [1, 1] and world.quiet()
        assert world.undo(gone.run).exit_code == 0 and [len(world[name].forms()) for name in "ab"] == [2, 2]
        assert world.quiet()
        world.oracle.final()
