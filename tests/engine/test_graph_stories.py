"""Single troubles with Microsoft as a side: what Outlook rewrites, hides, drops and refuses, meetings, windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calsync_cli.engine.report import Report
from calsync_cli.model.account import IN_WINDOWS
from calsync_cli.store import views
from tests.emulators.graph import bodies
from tests.emulators.graph.faults import fault
from tests.engine.cloud_oracle import check_one_look, check_settled
from tests.engine.cloud_world import CloudWorld
from tests.engine.faulty_world import AnyPlan
from tests.engine.sides import Seen

START, SECOND, THIRD, FOURTH = "2027-03-01T09:00", "2027-03-08T09:00", "2027-03-15T09:00", "2027-03-22T09:00"
WEEKLY = "FREQ=WEEKLY;COUNT=6"
OTHERS = ["vdir", "dav", "google"]


@pytest.fixture(params=OTHERS)
def world(request: pytest.FixtureRequest) -> Iterator[CloudWorld]:
    """A series from Outlook with a moved and a renamed date, and a single event from the other side."""
    with agreed(request.param) as made:
        yield made


def agreed(other: str, **more: Any) -> CloudWorld:
    made = CloudWorld("graph", other, delete_percent=100.0, **more)
    made.known["s"] = made["a"].add("Series", START, rule=WEEKLY, location="Room")
    made["a"].change(made.known["s"], SECOND, title="Moved", to="2027-03-09T11:00")
    made["a"].change(made.known["s"], THIRD, title="Renamed")
    made.known["one"] = made["b"].add("One", "2027-05-03T09:00", location="Here")
    check_settled(made)
    return made


def seen_at(world: CloudWorld, side: str, name: str) -> list[Seen]:
    return [one for one in world[side].agenda() if one[0] == world.known[name]]


def titles(world: CloudWorld, side: str) -> list[str]:
    return sorted({one[3] for one in world[side].agenda()})


def words(report: Report) -> str:
    return "\n".join(problem.message for problem in report.problems)


def statuses(world: CloudWorld) -> dict[str, tuple[str, str]]:
    """What `status` and `events` say, by title."""
    numbers = [row[0] for row in world.db.all("SELECT id FROM calendar")]
    return {event.title: (event.status, event.detail) for number in numbers for event in views.events(world.db, number)}


# -- series ------------------------------------------------------------------------------------------------------------


def test_a_series_cut_short_elsewhere_keeps_what_was_changed_of_its_dates(world: CloudWorld) -> None:
    """Outlook drops all of it when a rule is written (L16.44); that is nobody's deletion (I1, I2)."""
    before = seen_at(world, "b", "s")[:3]
    world.person(lambda: world["b"].split(world.known["s"], FOURTH, "Later half"))
    check_settled(world)
    assert seen_at(world, "a", "s") == seen_at(world, "b", "s") == before


@pytest.mark.parametrize("other", ["vdir", "dav"])
def test_a_series_moved_elsewhere_takes_its_dates_along(other: str) -> None:
    """R3. At Google, as in Outlook, what was changed of them is lost by the move itself."""
    world = agreed(other)
    world.person(lambda: world["b"].cancel(world.known["s"], FOURTH))
    world.run()
    world.person(lambda: world["b"].shift(world.known["s"], "2027-03-01T14:00"))
    check_settled(world)
    shown = seen_at(world, "a", "s")
    assert {"Moved", "Renamed"} <= {one[3] for one in shown} and len(shown) == 5


def test_an_exception_keeps_its_place_when_its_series_gets_another(world: CloudWorld) -> None:
    """At Google an exception repeats what it has from its series; in Outlook it would follow (L16.44, I4)."""
    world.person(lambda: world["b"].edit(world.known["s"], location="Elsewhere"))
    check_settled(world)
    assert {one[4] for one in seen_at(world, "a", "s")} == (
        {"Elsewhere", "Room"} if world["b"].kind == "google" else {"Elsewhere"})


def test_a_series_moved_in_outlook_loses_its_exceptions_everywhere(world: CloudWorld) -> None:
    """There it is what the person did."""
    world.person(lambda: world["a"].shift(world.known["s"], "2027-03-01T14:00"))
    check_settled(world)
    assert {one[3] for one in seen_at(world, "b", "s")} == {"Series"} and len(seen_at(world, "b", "s")) == 6


def test_one_day_of_an_all_day_series_is_that_day_and_not_its_neighbour(world: CloudWorld) -> None:
    """Outlook names it by a midnight, which in Berlin is the day before at Greenwich (L6.1)."""
    uid = world["a"].add("Days", "2027-03-01", rule="FREQ=DAILY;COUNT=5")
    world.run()
    world.person(lambda: world["b"].change(uid, "2027-03-03", title="Third"))
    world.person(lambda: world["b"].cancel(uid, "2027-03-05"))
    check_settled(world)
    shown = [(one[1], one[3]) for one in world["a"].agenda() if one[0] == uid]
    assert shown == [("2027-03-01", "Days"), ("2027-03-02", "Days"), ("2027-03-03", "Third"), ("2027-03-04", "Days")]


def test_a_date_deleted_in_outlook_that_no_delta_shows_is_gone_everywhere_within_a_day() -> None:
    """Facts 0.5: the list of everything once a day reads every series again."""
    with agreed("vdir", knobs={"deleted_occurrence": "silent"}) as world:
        world.person(lambda: world["a"].cancel(world.known["s"], FOURTH))
        world.clock.now += timedelta(hours=25)
        world.run()
        check_settled(world)
        assert len(seen_at(world, "b", "s")) == 5


def test_a_date_that_outlook_cannot_bring_back_is_told_and_nothing_else_waits_for_it() -> None:
    """L16.42, I14."""
    with agreed("vdir") as world:
        world["a"].cancel(world.known["s"], FOURTH)
        world.run()
        world["b"].restore(world.known["s"], FOURTH)
        world["a"].add("tok1x", START)
        report = world.run()
        assert report.exit_code != 0 and '"Series"' in words(report), words(report)
        assert "tok1x" in titles(world, "b")
        assert len(seen_at(world, "b", "s")) == 6 and len(seen_at(world, "a", "s")) == 5
        assert world.quiet()
        world.oracle.final()


def test_a_date_moved_past_its_neighbour_is_told_and_both_sides_keep_theirs() -> None:
    """Outlook refuses it (L6.2); it is never approximated."""
    with agreed("dav") as world:
        world["b"].change(world.known["s"], FOURTH, title="tok1x", to="2027-04-06T09:00")
        report = world.run()
        assert report.exit_code != 0 and "Outlook refuses" in words(report), words(report)
        assert "tok1x" in titles(world, "b") and "tok1x" not in titles(world, "a")
        assert world.quiet()
        world["b"].change(world.known["s"], FOURTH, to="2027-03-24T09:00")
        check_settled(world)
        assert "tok1x" in titles(world, "a")


# -- conflicts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("conflict", "wins"), [("a", "tok1x"), ("b", "tok2x"), ("newest", "tok2x"), ("ask", "")])
def test_the_same_field_changed_on_both_sides(conflict: str, wins: str) -> None:
    """Row 10; whatever loses is stored."""
    with agreed("google", conflict=conflict, tie="a") as world:
        world.person(lambda: world["a"].edit(world.known["one"], title="tok1x"))
        world.wait(30)
        world.person(lambda: world["b"].edit(world.known["one"], title="tok2x"))
        report = world.run()
        shown = {side: {one[3] for one in seen_at(world, side, "one")} for side in "ab"}
        assert shown == ({"a": {"tok1x"}, "b": {"tok2x"}} if not wins else {"a": {wins}, "b": {wins}})
        assert report.exit_code == (0 if wins else 3)
        world.oracle.no_word_lost()
        world.oracle.final()


@pytest.mark.parametrize("gone", "ab")
def test_an_edit_wins_over_a_deletion(world: CloudWorld, gone: str) -> None:
    """Rows 14 and 15, with a series and a single event."""
    other = "ba"["ab".index(gone)]
    world["a"].add("Rest", "2027-07-01T09:00")  # a calendar that shows nothing at all stops the run (G2)
    world.run()
    for name in ("one", "s"):
        world.person(lambda name=name: world[gone].delete(world.known[name]))
    world.person(lambda: world[other].edit(world.known["one"], title="tok1x"))
    world.person(lambda: world[other].change(world.known["s"], FOURTH, title="tok2x"))
    check_settled(world)
    for side in "ab":
        assert {"tok1x", "tok2x", "Moved", "Renamed"} <= set(titles(world, side))


def test_deletions_on_either_side_go_on(world: CloudWorld) -> None:
    world.person(lambda: world["a"].delete(world.known["one"]))
    world.person(lambda: world["b"].delete(world.known["s"]))
    check_settled(world)
    assert world["a"].uids() == world["b"].uids() == set()


# -- texts, days, zones ------------------------------------------------------------------------------------------------


def test_a_text_goes_through_outlooks_html_and_back_unchanged(world: CloudWorld) -> None:
    """F2, F4: what Outlook makes of it is no edit; only the line that was changed changes."""
    text = "First  line & <b>not bold</b>\n\n  indented\nhttps://example.test/?a=1&b=2\nlast – ü"
    uid = world["b"].add("Text", START, text=text)
    for _ in range(3):
        world.run()
    check_one_look(world)
    world.person(lambda: world["b"].edit(uid, text=text.replace("last", "tok1x")))
    world.run()
    world.person(lambda: world["b"].edit(uid, title="Title"))
    world.run()
    shown = next(one for one in world["b"].agenda() if one[0] == uid)[5]
    assert shown == text.replace("last", "tok1x")
    assert "tok1x – ü" in " ".join(world["a"].texts())


def test_formatting_that_a_person_made_in_outlook_survives_edits_elsewhere() -> None:
    """I7: of HTML only the words cross, and the page is written again only where its words change."""
    with agreed("vdir") as world:
        here, page = world.graph[0], "<p>Agenda: <b>tok1x</b></p><ul><li>one</li><li>two</li></ul>"
        here.patch(world.known["one"], {"body": {"contentType": "html", "content": page}})
        world.run()
        assert "tok1x" in seen_at(world, "b", "one")[0][5]
        before = here.found(world.known["one"])[1].members["html"]
        world["b"].edit(world.known["one"], title="Changed", location="There")
        world.run()
        members = here.found(world.known["one"])[1].members
        assert members["subject"] == "Changed" and members["html"] == before and "<b>tok1x</b>" in before
        assert world.quiet()


def test_a_meeting_online_keeps_its_join_block() -> None:
    """L4.4: a body without it ends the meeting."""
    with agreed("vdir") as world:
        here = world.graph[0]
        body = {"contentType": "text", "content": "Bring tea"}
        here.patch(world.known["one"], {"isOnlineMeeting": True, "body": body})
        world.run()
        world["b"].edit(world.known["one"], title="Changed")
        world.run()
        members = here.found(world.known["one"])[1].members
        assert members["isOnlineMeeting"] and members["onlineMeeting"]["joinUrl"] in bodies.as_text(members["html"])
        assert world.quiet()


def test_days_and_zones_are_the_same_instants_on_all_sides(world: CloudWorld) -> None:
    """I16: all-day events, events that last over midnight and over a change of clocks."""
    for side in "ab":
        world[side].add(f"Days {side}", "2027-03-27", hours=72)
        world[side].add(f"Night {side}", "2027-03-27T23:00", hours=5)
        world[side].add(f"Weekly {side}", "2027-03-22T09:00", rule="FREQ=WEEKLY;COUNT=3")
    check_settled(world)
    assert len(world["a"].uids()) == 8


def test_an_event_becomes_all_day_and_timed_again(world: CloudWorld) -> None:
    world.person(lambda: world["a"].shift(world.known["one"], "2027-05-04"))
    world.run()
    assert [one[1:3] for one in seen_at(world, "b", "one")] == [("2027-05-04", "2027-05-05")]
    world.person(lambda: world["b"].shift(world.known["one"], "2027-05-05T10:00"))
    check_settled(world)


# -- meetings (semantics 15) -------------------------------------------------------------------------------------------


GUEST = {"emailAddress": {"address": "friend@elsewhere.test", "name": "Friend"}}
CHAIR = {"emailAddress": {"address": "chair@elsewhere.test", "name": "Chair"}}


def invite(world: CloudWorld, *names: str) -> None:
    for name in names:
        world.graph[0].patch(world.known[name], {"attendees": [GUEST]})


def test_meetings_are_mirrored_without_their_guests(world: CloudWorld) -> None:
    """I6: reading costs no mail, and copies invite nobody."""
    world["a"].add("Meeting", START, guests=("friend@elsewhere.test",))
    invite(world, "s")
    check_settled(world)
    assert "Meeting" in titles(world, "b")
    world.graph[0].edit(world.known["s"], location="Elsewhere")
    check_settled(world)
    assert "Elsewhere" in {one[4] for one in seen_at(world, "b", "s")}


@pytest.mark.parametrize("deed", ["edit", "move", "date", "cancel", "delete"])
def test_a_write_that_would_mail_guests_is_held_and_told(world: CloudWorld, deed: str) -> None:
    """I6, G8: Microsoft mails whatever a client says, so a person has to allow it."""
    invite(world, "s", "one")
    world.run()
    there = world["b"]
    match deed:
        case "edit":
            there.edit(world.known["one"], title="tok1x")
        case "move":
            there.shift(world.known["s"], "2027-03-01T14:00")
        case "date":
            there.change(world.known["s"], FOURTH, title="tok1x")
        case "cancel":
            there.cancel(world.known["s"], FOURTH)
        case _:
            there.delete(world.known["one"])
    before = world["a"].agenda()
    there.add("Free", START)
    report = world.run()
    assert world["a"].agenda() != before and "Free" in titles(world, "a")
    assert [one for one in world["a"].agenda() if one[3] != "Free"] == before
    assert report.exit_code == 3 and sum(pair.held for pair in report.pairs) == 1, words(report)
    assert "mail" in words(report) and ("One" in words(report) or "Series" in words(report)), words(report)
    told = {title: words for title, (status, words) in statuses(world).items() if status == "held"}
    assert told and all("mail" in words for words in told.values()), statuses(world)
    assert world.quiet()
    world.oracle.final()


def test_a_pair_that_allows_it_writes_meetings() -> None:
    with agreed("vdir") as world:
        invite(world, "one")
        world.run()
        world.pairs = [replace(pair, notify="allow") for pair in world.pairs]
        world["b"].edit(world.known["one"], title="tok1x")
        world.run()
        assert "tok1x" in titles(world, "a")
        assert [mail["kind"] for mail in world.graph[0].box.mails] == ["update"]


def test_what_somebody_else_organizes_is_mirrored_and_never_written(world: CloudWorld) -> None:
    """K3, L4.7: an edit of my copy is not mine to make; the organizer's next update would overwrite it."""
    here = world.graph[0]
    event = {"subject": "Theirs", "attendees": [{"emailAddress": {"address": here.user}}], "organizer": CHAIR,
             "isOrganizer": False, "responseStatus": {"response": "accepted", "time": "2026-11-01T00:00:00Z"}}
    times = {name: {"dateTime": f"2027-03-02T{hour}:00:00", "timeZone": "UTC"}
             for name, hour in (("start", 9), ("end", 10))}
    here.person("create", event={**event, **{name: {**node, "dateTime": node["dateTime"].replace("T9", "T09")}
                                             for name, node in times.items()}})
    check_settled(world)
    assert "Theirs" in titles(world, "b")
    uid = next(one[0] for one in world["b"].agenda() if one[3] == "Theirs")
    world["b"].edit(uid, title="tok1x")
    report = world.run()
    assert report.exit_code in (1, 3) and "Theirs" in titles(world, "a"), words(report)
    assert words(report)
    assert world.quiet()
    world.oracle.final()


# -- windows (semantics 11) --------------------------------------------------------------------------------------------


def test_what_leaves_the_window_by_the_passing_of_time_is_deleted_nowhere() -> None:
    """V1, V2: it sleeps, and is there again when somebody moves it back."""
    with agreed("vdir", window=IN_WINDOWS) as world:
        old = world["a"].add("Old", "2026-12-01T09:00")
        mine = world["b"].add("Mine", "2026-12-02T09:00")
        world.run()
        for days in (200, 200, 200, 200):
            world.clock.now += timedelta(days=days)
            assert world.run().exit_code == 0
        for side in "ab":
            assert world[side].uids() == {old, mine, world.known["s"], world.known["one"]}
        assert world.quiet()
        check_one_look(world)
        assert {statuses(world)[title][0] for title in ("Old", "Mine")} == {"dormant"}
        world["b"].add("New", f"{world.clock.now:%Y-%m-%d}T09:00")
        world.run()
        assert len(world["a"].uids()) == 5
        world.oracle.final()


def test_what_lies_outside_of_the_window_is_not_copied_and_comes_when_it_is_moved_in() -> None:
    with agreed("vdir", window=IN_WINDOWS) as world:
        far, past = world["b"].add("tok1x", "2031-03-01T09:00"), world["b"].add("tok2x", "2020-03-01T09:00")
        there = world["a"].add("tok3x", "2031-03-01T09:00")
        assert world.run().exit_code == 0 and world.quiet()
        assert not {far, past} & world["a"].uids() and there not in world["b"].uids()
        world["b"].shift(far, "2027-06-01T09:00")
        world["a"].shift(there, "2027-06-02T09:00")
        world.run()
        assert {far, there} <= world["a"].uids() & world["b"].uids() and past not in world["a"].uids()
        assert world.quiet()
        world.oracle.final()


@pytest.mark.parametrize("side", "ab")
def test_what_a_person_moves_out_of_the_window_is_moved_and_not_deleted(side: str) -> None:
    """V3: Graph shows it as removed from the list; the event itself says where it went."""
    with agreed("vdir", window=IN_WINDOWS) as world:
        world[side].shift(world.known["one"], "2031-05-03T09:00")
        for _ in range(3):
            assert world.run().exit_code == 0
        for name in "ab":
            assert world[name].has(world.known["one"])
        world[side].shift(world.known["one"], "2027-05-04T09:00")
        check_settled(world)
        assert seen_at(world, "a", "one")[0][1].startswith("2027-05-04")


def test_another_window_deletes_nothing() -> None:
    """V7, T3: it is a new list, and what it leaves out lies outside."""
    with agreed("google", window=IN_WINDOWS) as world:
        world["a"].add("Far", "2028-09-01T09:00")
        world.run()
        for days in (30, 900, 365):
            window = replace(IN_WINDOWS, future=timedelta(days=days))
            world.pairs = [replace(pair, window=window) for pair in world.pairs]
            for _ in range(2):
                assert world.run().exit_code in (0, 3)
            assert len(world["a"].uids()) == len(world["b"].uids()) == 3
        assert world.quiet()
        world.oracle.final()


# -- troubles ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forgets", [0.0, 14400.0])
@pytest.mark.parametrize("lag_s", [0.0, 120.0])
def test_a_create_whose_answer_was_lost_is_made_once(forgets: float, lag_s: float) -> None:
    """J table: it is looked for by its key; where nobody finds it, another look follows before it is sent again."""
    with agreed("vdir", knobs={"transaction_memory_s": forgets}) as world:
        world.m.knobs.filter_lag_s = world.m.knobs.delta_lag_s = lag_s
        for number in range(3):
            rule = "FREQ=DAILY;COUNT=3" if number else ""
            world["b"].add(f"New {number}", f"2027-06-{number + 1:02}T09:00", rule=rule)
        world.m.arm(fault("drop-after", path="batch|/events$", method="POST"))
        world.gap = timedelta(seconds=20)
        for _ in range(3):
            world.run()
        world.gap = timedelta(minutes=10)
        check_settled(world)
        assert len(world["a"].uids()) == 5


def copied() -> tuple[CloudWorld, str, str]:
    """L16.34: private properties are copied along, marker and all, and no event can tell that it is not the first."""
    world = agreed("vdir")
    here = world.graph[0]
    first = here.id_of(world.known["one"])
    copy = str(here.person("copy", id=first)["id"])
    here.person("update", id=copy, changes={"subject": "Copy"})
    for _ in range(2):
        assert world.run().exit_code == 0
    assert titles(world, "a") == titles(world, "b") == ["Copy", "Moved", "One", "Renamed", "Series"]
    return world, first, copy


def test_a_copy_made_in_outlook_is_an_event_of_its_own() -> None:
    world, first, copy = copied()
    with world:
        here, there = world.graph[0], world["b"]
        here.person("update", id=copy, changes={"subject": "Copied"})
        world.run()
        assert {"One", "Copied"} <= set(titles(world, "b")) and "Copy" not in titles(world, "b")
        uid = next(uid for uid, payload in there.payloads().values() if b"SUMMARY:Copied" in payload)
        world.person(lambda: there.edit(uid, title="Here too"))
        for _ in range(2):
            world.run()
        assert {"One", "Here too"} <= set(titles(world, "a"))
        here.person("delete", id=first)
        for _ in range(2):
            world.run()
        here.person("update", id=copy, changes={"subject": "Alone"})
        for _ in range(2):
            assert world.run().exit_code == 0
        assert titles(world, "a") == titles(world, "b") == ["Alone", "Moved", "Renamed", "Series"]
        assert world.quiet()


def test_a_copy_made_in_outlook_is_told_from_the_first_without_any_database() -> None:
    """K5: the older one is the event that calsync knows."""
    world, _, _ = copied()
    with world:
        before = {side: world[side].agenda() for side in "ab"}
        world.lose_database()
        for _ in range(3):
            world.run(approved=AnyPlan())
        assert {side: world[side].agenda() for side in "ab"} == before
        assert world.quiet()
