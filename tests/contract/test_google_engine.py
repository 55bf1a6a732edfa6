"""The engine between a Google calendar and one in memory: what a refusal, a lowered right or a late list must not cost.

Time is the engine's own; the emulator's stands still but for what it counts. Sides: `m` in memory, `g` at Google.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from calsync_cli.engine.report import Report
from calsync_cli.engine.session import Session
from calsync_cli.model.account import Account, CalendarName, Pair
from calsync_cli.providers.base import Provider
from calsync_cli.providers.google.provider import GoogleProvider
from calsync_cli.providers.memory import MemoryProvider
from tests.contract.google import check
from tests.emulators.google.auth import Bearer
from tests.emulators.google.emulator import GoogleEmulator, google_emulator
from tests.engine.world import START, World, ics

HER = "her@example.test"
NEXT = "20261214T080000Z"


class Here(World):
    def __init__(self, g: GoogleEmulator, home: str, **rules: Any) -> None:
        self.g, self.home = g, home
        pair = Pair("mg", CalendarName("m", "m"), CalendarName("g", home), first_sync="auto", **rules)
        super().__init__("m", [pair])
        self.auth = Bearer(g)

    def session(self) -> Session:
        return Session(self.db, self.ports, self.installation, self.connect, inline=True)

    def connect(self, account: str) -> Provider:
        if account == "m":
            return MemoryProvider(self.servers["m"])
        return GoogleProvider(Account("g", "google", api_url=self.g.api_url), self.auth, self.ports)

    def run(self, **wish: Any) -> Report:
        self.g.clear_logs()
        return super().run(**wish)

    def event(self, summary: str, **more: Any) -> str:
        when = {"start": soon(9), "end": soon(10)}
        return str(self.g.people.insert(self.home, {"summary": summary, **when, **more})["id"])

    def there(self) -> list[str]:
        events = self.g.events(self.home)
        return sorted(event["summary"] for event in events if event["status"] != "cancelled" and "summary" in event)

    def google_id(self, summary: str) -> str:
        return str(next(event["id"] for event in self.g.events(self.home) if event.get("summary") == summary))

    def asked(self, *methods: str) -> int:
        return sum(entry.method in methods for entry in self.g.log)


@pytest.fixture
def here() -> Iterator[Here]:
    with google_emulator(start=START, accounts=("me@example.test", HER)) as g:
        yield Here(g, g.world.add_calendar(g.me, "Work").id)
        check(g)


@pytest.fixture
def shared() -> Iterator[Here]:
    """A calendar of hers, which she shares."""
    with google_emulator(start=START, accounts=("me@example.test", HER)) as g:
        home = g.world.add_calendar(HER, "Hers").id
        g.world.share(home, g.me, "writer")
        yield Here(g, home)
        check(g)


def soon(hour: int) -> dict[str, str]:
    return {"dateTime": f"2026-12-07T{hour:02d}:00:00", "timeZone": "Europe/Berlin"}


def words(report: Report) -> str:
    return "\n".join(problem.message for problem in report.problems)


def fill(here: Here, count: int = 3) -> None:
    for n in range(count):
        here.event(f"Theirs {n}")
        here.put("m", ics(f"mine{n}", f"Mine {n}"))
    assert here.run().exit_code == 0
    assert here.there() == here.titles("m") and len(here.there()) == 2 * count


# -- quiet -------------------------------------------------------------------------------------------------------------


def test_a_run_without_changes_is_one_question(here: Here) -> None:
    fill(here)
    here.run()
    report = here.run()
    assert report.exit_code == 0 and [entry.method for entry in here.g.log] == ["events.list"]


def test_fifty_creates_leave_in_one_request(here: Here) -> None:
    for n in range(50):
        here.put("m", ics(f"u{n}", f"Event {n}"))
    report = here.run()
    assert (report.exit_code, len(here.there())) == (0, 50)
    assert report.requests["g"]["write"] == 1


# -- rights (O7, G6) ---------------------------------------------------------------------------------------------------


def test_a_share_that_is_lowered_to_reading_stops_the_group_and_changes_nothing(shared: Here) -> None:
    fill(shared)
    shared.g.world.share(shared.home, shared.g.me, "reader")
    shared.put("m", ics("late", "Late"))
    shared.g.people.patch(shared.home, shared.google_id("Theirs 0"), {"summary": "Secret now", "visibility": "private"})
    report = shared.run()
    assert report.exit_code == 5 and "shows this account less than before" in words(report)
    assert shared.asked("events.insert", "events.patch", "events.delete") == 0
    assert "Theirs 0" in shared.titles("m") and len(shared.titles("m")) == 7


def test_a_share_that_only_shows_when_she_is_busy_is_no_side(shared: Here) -> None:
    shared.event("Hers")
    shared.g.world.share(shared.home, shared.g.me, "freeBusyReader")
    shared.put("m", ics("mine", "Mine"))
    report = shared.run()
    assert report.exit_code == 5 and "ask its owner to share all details" in words(report)
    assert shared.titles("m") == ["Mine"] and shared.there() == ["Hers"]


def test_a_share_that_is_lowered_to_busy_times_clears_no_titles(shared: Here) -> None:
    """I8: what is not shown any more was not cleared by anybody."""
    fill(shared)
    before = shared.titles("m")
    shared.g.world.share(shared.home, shared.g.me, "freeBusyReader")
    for _ in range(2):
        assert shared.run().exit_code == 5
    assert shared.titles("m") == before
    shared.g.world.share(shared.home, shared.g.me, "writer")
    assert shared.run().exit_code == 0 and shared.titles("m") == before == shared.there()


def test_a_share_that_is_taken_back_deletes_nothing(shared: Here) -> None:
    fill(shared)
    before = shared.titles("m")
    shared.g.world.share(shared.home, shared.g.me, "none")
    report = shared.run()
    assert report.exit_code == 1 and "Nothing was deleted elsewhere" in words(report)
    assert shared.titles("m") == before


def test_private_events_of_others_stay_where_they_are(shared: Here) -> None:
    shared.event("Open")
    shared.event("Secret", visibility="private")
    shared.g.world.share(shared.home, shared.g.me, "writerWithoutPrivateAccess")
    shared.run()
    assert shared.titles("m") == ["Open"] and shared.there() == ["Open", "Secret"]


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_usage_limits_stop_writing_and_not_reading(here: Here) -> None:
    fill(here)
    here.g.quota.writes_blocked_until_s = here.g.clock.now_s() + 3600
    for n in range(45):
        here.put("m", ics(f"new{n}", f"New {n}"))
    here.edit("m", "mine0", title="Edited")
    here.event("Theirs too")
    report = here.run()
    assert report.exit_code == 1 and "try again in an hour" in words(report)
    assert here.asked("events.insert", "events.patch") == 45 and "Theirs too" in here.titles("m")
    here.g.quota.writes_blocked_until_s = 0.0
    assert here.run().exit_code == 0 and here.there() == here.titles("m")


def test_a_copy_that_somebody_removed_is_restored_under_the_next_id(here: Here) -> None:
    """J4: Google gives no id twice, so the first one cannot be used again."""
    fill(here)
    here.put("m", ics("one", "One"))
    here.run()
    first = here.google_id("One")
    here.g.people.delete(here.home, first)
    here.edit("m", "one", title="One again")
    assert here.run().exit_code == 0
    assert here.there() == here.titles("m") and "One again" in here.there() and here.google_id("One again") != first


def test_a_create_whose_answer_was_lost_and_that_somebody_removed_is_not_made_again(here: Here) -> None:
    """J table: GET shows it as cancelled, so it was made, and then removed by somebody."""
    fill(here)
    here.put("m", ics("one", "One"))
    here.g.faults.arm("drop-after", "events.insert")
    here.run()
    here.g.people.delete(here.home, here.google_id("One"))
    here.run()
    here.run()
    assert "One" not in here.there() and "One" not in here.titles("m")


def test_one_event_that_google_refuses_does_not_hold_up_the_others(here: Here) -> None:
    """I14; and it is not tried again every run (I3)."""
    for n in range(5):
        here.put("m", ics(f"u{n}", f"Event {n}"))
    here.g.faults.arm("error", "events.insert", status=400, reason="invalid", message="Invalid start time")
    report = here.run()
    assert "Invalid start time" in words(report) and len(here.there()) == 4
    here.run()
    assert here.asked("events.insert") == 0


def test_special_events_cross_over_and_their_copies_cannot_change_them(here: Here) -> None:
    mail = {"summary": "Flight", "eventType": "fromGmail", "start": soon(9), "end": soon(10)}
    here.g.people.put(here.home, "flight1234", mail)
    assert here.run().exit_code == 0 and here.titles("m") == ["Flight"]
    here.edit("m", "flight1234@google.com", title="My flight")
    here.run()
    assert here.there() == ["Flight"] and here.asked("events.patch") == 0


# -- lists that are behind (O1, O3, O4) --------------------------------------------------------------------------------


def test_our_own_write_is_not_undone_by_a_list_that_does_not_show_it_yet(here: Here) -> None:
    fill(here)
    here.g.world.lag.seconds, here.gap = 3600.0, timedelta(minutes=4)
    here.edit("m", "mine0", title="Edited")
    here.put("m", ics("new", "New"))
    here.delete("m", "mine1")
    for _ in range(3):
        here.run(full=True)
        assert here.titles("m") == ["Edited", "Mine 2", "New", "Theirs 0", "Theirs 1", "Theirs 2"] == here.there()
    here.g.settle()
    here.run(full=True)
    assert here.there() == here.titles("m") and "Mine 1" not in here.there()


@pytest.mark.parametrize("times", [1, 2])
def test_a_full_list_that_is_older_than_the_last_delta_undoes_nothing(here: Here, times: int) -> None:
    """O1: a listing may be older than the last one; the newer state is the one that counts."""
    fill(here)
    name = here.google_id("Theirs 0")
    here.g.people.patch(here.home, name, {"summary": "Newer"})
    here.run()
    assert "Newer" in here.titles("m")
    here.g.faults.arm("stale", "events.list", n=1, times=times)
    here.run(full=True)
    assert "Newer" in here.titles("m") and "Newer" in here.there()


def test_a_person_s_series_with_everything_crosses_and_comes_back(here: Here) -> None:
    series = here.event("Weekly", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    here.g.people.patch(here.home, f"{series}_{NEXT}", {"summary": "Second"})
    here.run()
    uid = f"{series}@google.com"
    here.edit("m", uid, **{f"@{NEXT}/title": "Second, edited", "title": "Edited"})
    here.run()
    assert {"Edited", "Second, edited"} <= set(here.there())
    here.run()
    here.run()
    assert [entry.method for entry in here.g.log] == ["events.list"]


def test_a_lost_token_lists_everything_and_deletes_nothing_without_asking(here: Here) -> None:
    """T4, G4."""
    fill(here)
    here.g.people.delete(here.home, here.google_id("Theirs 0"))
    here.g.expire_sync_tokens()
    report = here.run()
    assert report.exit_code == 4 and "Theirs 0" in here.titles("m")


# -- instances without their series (R9) -------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False])
def test_an_instance_alone_that_gets_its_series_becomes_part_of_it(named: bool) -> None:
    """Nothing is twice and nothing is lost. Where the delta does not name the instance, that waits for the next full
    list, and until then both are left alone."""
    with google_emulator(start=START, accounts=("me@example.test", HER)) as g:
        here = Here(g, g.me)
        fill(here)
        guest = {"summary": "Guest", "start": soon(9), "end": soon(10), "originalStartTime": soon(9)}
        name = g.people.invite(here.home, "boss@example.org", guest, uid="their@uid", instance_of="theirs")["id"]
        assert here.run().exit_code == 0
        first = {"dateTime": "2026-11-30T09:00:00", "timeZone": "Europe/Berlin"}
        last = {"dateTime": "2026-11-30T10:00:00", "timeZone": "Europe/Berlin"}
        g.people.put(here.home, "theirs", {
            "summary": "Theirs", "iCalUID": "their@uid", "start": first, "end": last, "attendees": [{"email": g.me}],
            "organizer": {"email": "boss@example.org"}, "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"],
        })  # fmt: skip
        if named:
            g.people.patch(here.home, name, {"colorId": "8"})
        here.run()
        here.run(full=not named)
        report = here.run()
        theirs = [payload for payload in here.servers["m"].contents("m").values() if b"UID:their@uid" in payload]
        assert report.exit_code == 0 and not report.changes and len(theirs) == 1
        assert b"SUMMARY:Theirs" in theirs[0] and b"SUMMARY:Guest" in theirs[0]
        check(g)
