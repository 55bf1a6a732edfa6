"""Single troubles with Google as a side: writes cut in half, people in between, guests, rights, quotas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.cloud_oracle import check_agendas, check_settled
from tests.engine.cloud_world import CloudWorld
from tests.engine.faulty_world import AnyPlan
from tests.engine.google_cloud import PERSON
from tests.engine.google_sides import GoogleSide

START, SECOND, THIRD, FOURTH = "2027-03-01T09:00", "2027-03-08T09:00", "2027-03-15T09:00", "2027-03-22T09:00"
WEEKLY = "FREQ=WEEKLY;COUNT=6"


@pytest.fixture(params=["vdir", "google"])
def world(request: pytest.FixtureRequest) -> Iterator[CloudWorld]:
    """A series from Google with a moved and a renamed date, and a single event from the other side."""
    with CloudWorld("google", request.param, delete_percent=100.0) as made:
        made.known["s"] = made["a"].add("Series", START, rule=WEEKLY, location="Room")
        made["a"].change(made.known["s"], SECOND, title="Moved", to="2027-03-09T11:00")
        made["a"].change(made.known["s"], THIRD, title="Renamed")
        made.known["one"] = made["b"].add("One", "2027-05-03T09:00", location="Here")
        check_settled(made)
        yield made


def places(world: CloudWorld, side: str) -> list[str]:
    return sorted({seen[4] for seen in world[side].agenda() if seen[0] == world.known["s"]})


# -- writes cut in half ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drop-after", "503-after", "garbled", "cut", "empty-answer"])
def test_exceptions_that_a_cut_write_did_not_reach_are_not_taken_for_edits(world: CloudWorld, fault: str) -> None:
    """J table, I21: after the series' own patch each exception still shows the old place as its own."""
    world["b"].edit(world.known["s"], location="Elsewhere")
    world.g.faults.arm(fault, "PATCH .*/events/[^_/]*[?]")
    if world["b"].kind == "google":  # there a person's edit of a series does not change its exceptions
        world.run()
        check_settled(world)
        assert places(world, "a") == places(world, "b") == ["Elsewhere", "Room"]
        return
    world.run()
    check_settled(world)
    assert places(world, "a") == places(world, "b") == ["Elsewhere"]


@pytest.mark.parametrize("fault", ["412", "403-quota", "500", "drop-before", "409", "429"])
def test_a_refusal_in_the_middle_of_a_series_leaves_no_old_words_behind(world: CloudWorld, fault: str) -> None:
    """J6: one of the exceptions is refused after the series itself was written."""
    if world["b"].kind == "google":
        pytest.skip("there a person's edit of a series does not change its exceptions")
    world["b"].edit(world.known["s"], location="Elsewhere")
    world.g.faults.arm(fault, "PATCH .*/events/[^/]*_2027", times=1 if fault in ("412", "500", "drop-before") else 9)
    world.run()
    world.g.faults.disarm()
    check_settled(world)
    assert places(world, "a") == places(world, "b") == ["Elsewhere"]


def test_an_edit_of_a_date_between_the_patches_of_its_series_stays(world: CloudWorld) -> None:
    """I1, I13."""
    here = google(world)
    at = here.instance(world.known["s"], THIRD)
    world["b"].edit(world.known["s"], location="Elsewhere", title="tok1x")
    meddle(world, "PATCH .*/events/[^_/]*[?]", lambda: here.patch_at(at, {"summary": "tok2x"}), after=True)
    world.run()
    check_settled(world)
    assert {"tok1x", "tok2x"} <= {seen[3] for seen in world["a"].agenda()}


def test_a_date_cancelled_between_the_patches_of_its_series_stays_cancelled(world: CloudWorld) -> None:
    here = google(world)
    at, count = here.instance(world.known["s"], THIRD), len(here.agenda())
    world["b"].edit(world.known["s"], location="Elsewhere")
    deed = lambda: here.g.people.delete(here.home, at, user=PERSON)  # noqa: E731
    meddle(world, "PATCH .*/events/[^_/]*[?]", deed, after=True)
    world.run()
    check_settled(world)
    assert len(here.agenda()) == count - 1


def test_a_series_deleted_between_its_patches_is_a_matter_of_edit_against_delete(world: CloudWorld) -> None:
    here = google(world)
    name = here.id_of(world.known["s"])
    world["b"].edit(world.known["s"], location="Elsewhere", title="tok1x")
    deed = lambda: here.g.people.delete(here.home, name, user=PERSON)  # noqa: E731
    meddle(world, "PATCH .*/events/[^_/]*[?]", deed, after=True)
    world.run()
    check_settled(world)
    assert "tok1x" in {seen[3] for seen in world["a"].agenda()}


def google(world: CloudWorld) -> GoogleSide:
    found = world["a"]
    assert isinstance(found, GoogleSide)
    return found


def meddle(world: CloudWorld, match: str, deed: Any, *, after: bool = False) -> None:
    """A person does something while our request is answered, or right before."""
    here = google(world)
    match = match.replace(".*/events", f".*/{here.home.replace('@', '(@|%40)')}/events")
    world.g.faults.arm("do-after" if after else "do", match, action=lambda: world.person(deed))


@pytest.mark.parametrize("seed", range(12))
def test_half_a_batch_is_finished_by_the_next_run(world: CloudWorld, seed: int) -> None:
    """J5: some parts done, some answered, by chance; nothing twice, nothing lost."""
    for number in range(8):
        rule = "" if number % 2 else "FREQ=DAILY;COUNT=3"
        world["b"].add(f"New {number}", f"2027-06-{number + 1:02}T09:00", rule=rule)
    world["b"].edit(world.known["one"], title="Changed")
    world["b"].change(world.known["s"], FOURTH, title="Changed too")
    world.g.world.dice.seed(seed)
    world.g.faults.arm("partial-batch", times=2)
    world.run()
    check_settled(world)
    assert len(world["a"].uids()) == len(world["b"].uids()) == 10


# -- rights, quotas, sign-in -------------------------------------------------------------------------------------------


def test_writes_that_the_quota_stops_go_on_later_and_reading_goes_on(world: CloudWorld) -> None:
    for number in range(5):
        world["b"].add(f"New {number}", f"2027-06-{number + 1:02}T09:00")
    world.g.quota.writes_blocked_until_s = world.g.clock.now_s() + 3600
    world["a"].edit(world.known["one"], title="Changed")
    assert world.run().exit_code == 1
    if world["b"].kind != "google":
        assert "Changed" in {seen[3] for seen in world["b"].agenda()}
    world.clock.now += world.gap * 30
    check_settled(world)
    assert len(world["a"].uids()) == 7


@pytest.mark.parametrize("role", ["reader", "freeBusyReader", "none", "writerWithoutPrivateAccess"])
def test_rights_taken_away_in_mid_run_take_nothing_from_the_other_side(world: CloudWorld, role: str) -> None:
    """O7, G6, I8; and what was to be written is written when they are back."""
    here = google(world)
    world.person(lambda: world["b"].edit(world.known["one"], title="tok1x"))
    world.person(lambda: world["b"].delete(world.known["s"]))
    agenda = world["b"].agenda()
    world.g.faults.arm("role", f"PATCH .*{here.home.replace('@', '(@|%40)')}", role=role)
    for number in range(4):
        world.run(full=number == 2)
        assert world["b"].agenda() == agenda
    world.g.world.share(here.home, here.user, "owner")
    world.run(approved=AnyPlan())
    world.run(approved=AnyPlan())
    check_settled(world)
    assert "tok1x" in {seen[3] for seen in world["a"].agenda()}
    assert not world["a"].has(world.known["s"])


# -- people ------------------------------------------------------------------------------------------------------------


def test_events_with_guests_are_written_and_nobody_is_mailed(world: CloudWorld) -> None:
    """I6: sendUpdates=none, and the guests stay."""
    here = google(world)
    for name in ("one", "s"):
        here.patch(world.known[name], {"attendees": [{"email": "friend@elsewhere.test"}]})
    world.run()
    world["b"].edit(world.known["one"], title="Changed")
    world["b"].change(world.known["s"], FOURTH, title="Changed too")
    world["b"].cancel(world.known["s"], THIRD)
    check_settled(world)
    guests = [event["attendees"] for event in world.g.events(here.home) if "attendees" in event]
    assert len(guests) >= 3 and all(any("friend" in one["email"] for one in them) for them in guests)
    world.person(lambda: world["b"].delete(world.known["one"]))
    check_settled(world)
    assert world.g.mails == []


def test_a_meeting_that_both_accounts_have_is_one_event_and_only_its_organizer_is_written() -> None:
    """K3, I5, I6: the guest's copy came by itself; an edit of it is not ours to make elsewhere."""
    with CloudWorld("google", "google") as world:
        uid = world["a"].add("Meeting", START, guests=(world.users["b"],))
        assert world["b"].has(uid)
        for _ in range(2):
            assert world.run().exit_code == 0
        world["a"].edit(uid, title="Moved on")
        for _ in range(3):
            world.run()
        assert len(world["a"].uids()) == len(world["b"].uids()) == 1
        check_agendas(world)
        world.oracle.final()
        assert world.quiet()


def test_a_copy_of_a_copy_is_an_event_of_its_own(world: CloudWorld) -> None:
    """Facts 0.16: all private properties are duplicated, marker and all."""
    google(world).duplicate(world.known["one"], "Copy")
    google(world).split(world.known["s"], FOURTH, "Later half")
    check_settled(world)
    assert len(world["b"].uids()) == 4


def test_a_date_that_google_will_not_bring_back_is_told_and_nothing_else_waits_for_it() -> None:
    with CloudWorld("vdir", "google", modes={"restore_instance": "forbidden"}) as world:
        uid = world["b"].add("Series", START, rule=WEEKLY)
        world["b"].cancel(uid, SECOND)
        world.run()
        world["a"].restore(uid, SECOND)
        world["a"].add("tok1x", START)
        report = world.run()
        assert report.exit_code != 0 and any("Series" in problem.message for problem in report.problems)
        assert any(seen[3] == "tok1x" for seen in world["b"].agenda())
        assert len([seen for seen in world["a"].agenda() if seen[0] == uid]) == 6
        assert world.quiet()
        world.oracle.final()


# -- over real connections ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["", "drop-before", "drop-after", "cut", "garbled", "503-after", "401"])
def test_the_same_over_real_connections(fault: str) -> None:
    with CloudWorld("google", "vdir", http=True) as world:
        world.known["s"] = world["b"].add("Series", START, rule=WEEKLY)
        world["b"].change(world.known["s"], SECOND, title="Moved", to="2027-03-09T11:00")
        world["b"].cancel(world.known["s"], THIRD)
        world["a"].add("One", START)
        if fault:
            world.g.faults.arm(fault, "POST|PATCH", times=1)
            world.g.faults.arm(fault, "GET", skip=3)
        world.run()
        check_settled(world)
        assert len(world["a"].agenda()) == 6
