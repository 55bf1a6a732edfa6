"""The engine between a Microsoft calendar and one in memory: what a refusal, a lowered right, a moved window or a
meeting must not cost.

Time is the engine's own, and the emulator's goes along with it. Sides: `m` in memory, `g` at Microsoft.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from calsync_cli.engine.report import Report
from calsync_cli.engine.session import Session
from calsync_cli.mapping.graph.kept import PROPERTIES
from calsync_cli.model.account import Account, CalendarName, Pair, Window
from calsync_cli.providers.base import Provider
from calsync_cli.providers.graph.provider import GraphProvider
from calsync_cli.providers.memory import MemoryProvider
from tests.contract.graph import meeting
from tests.emulators.graph import Running, fault, graph_emulator
from tests.emulators.graph.auth import Bearer
from tests.emulators.graph.wire import Raw, Reply
from tests.engine.world import World, ics

WINDOW = Window(timedelta(days=60), timedelta(days=120))


class Here(World):
    def __init__(self, g: Running, **rules: Any) -> None:
        self.g, self.home = g, g.do(do="add_calendar", name="Work")
        sides = CalendarName("m", "m"), CalendarName("g", self.home)
        pair = Pair("mg", *sides, first_sync="auto", window=WINDOW, **rules)
        super().__init__("m", [pair])
        self.auth = Bearer(g)
        self.follow()
        wire = g.emulator.one

        def dated(raw: Raw, *, part: bool) -> Reply:
            reply = wire(raw, part=part)
            return replace(reply, headers={**reply.headers, "Date": format_datetime(self.clock.now, usegmt=True)})

        g.emulator.one = dated  # type: ignore[method-assign]

    def follow(self) -> None:
        """The emulator's clock is the engine's, and its answers say so."""
        self.g.emulator.world.clock.frozen = self.clock.now

    def session(self) -> Session:
        return Session(self.db, self.ports, self.installation, self.connect, inline=True)

    def connect(self, account: str) -> Provider:
        if account == "m":
            return MemoryProvider(self.servers["m"])
        settings = Account("g", "microsoft", api_url=self.g.graph_url, ca_file=self.g.ca_file)
        return GraphProvider(settings, self.auth, self.ports, PROPERTIES)

    def run(self, **wish: Any) -> Report:
        self.follow()
        self.g.emulator.log.clear()
        return super().run(**wish)

    def event(self, subject: str, day: int = 7, **more: Any) -> str:
        when = {"start": soon(9, day), "end": soon(10, day), "isReminderOn": False}
        return self.g.do(do="create", calendar=self.home, event={"subject": subject, **when, **more})

    def there(self) -> list[str]:
        return sorted(str(one["subject"]) for one in self.g.events("Work"))

    def named(self, subject: str) -> dict[str, Any]:
        return next(one for one in self.g.events("Work") if one["subject"] == subject)

    def asked(self) -> list[str]:
        """Of the last run, with the parts of batches."""
        return [entry["method"] for entry in self.g.emulator.log if not entry["path"].endswith("$batch")]

    def pass_days(self, days: int) -> None:
        self.clock.now += timedelta(days=days)
        self.follow()


def soon(hour: int, day: int = 7) -> dict[str, str]:
    return {"dateTime": f"2026-12-{day:02d}T{hour:02d}:00:00", "timeZone": "Europe/Berlin"}


def words(report: Report) -> str:
    return "\n".join(problem.message for problem in report.problems)


def fill(here: Here, count: int = 3) -> None:
    for n in range(count):
        here.event(f"Theirs {n}")
        here.put("m", ics(f"mine{n}", f"Mine {n}"))
    assert here.run().exit_code == 0
    assert here.there() == here.titles("m") and len(here.there()) == 2 * count


@pytest.fixture
def here() -> Iterator[Here]:
    with graph_emulator() as g:
        yield Here(g)
        assert g.mails == []


def test_a_run_without_changes_is_one_question(here: Here) -> None:
    fill(here)
    here.run()
    report = here.run()
    assert report.exit_code == 0 and here.asked() == ["GET"]


def test_twenty_creates_leave_in_one_request(here: Here) -> None:
    for n in range(20):
        here.put("m", ics(f"mine{n}", f"Mine {n}"))
    assert here.run().exit_code == 0
    batches = [e for e in here.g.emulator.log if e["path"].endswith("$batch")]
    assert here.asked().count("POST") == 20 and len(batches) == 2  # made, and read back
    assert here.there() == here.titles("m")


def test_a_month_that_passes_moves_the_window_and_deletes_nothing(here: Here) -> None:
    """V1, A4.6: what lies behind the old edge is dormant."""
    fill(here)
    old = here.event("Old", start={"dateTime": "2026-10-05T09:00:00", "timeZone": "UTC"},
                     end={"dateTime": "2026-10-05T10:00:00", "timeZone": "UTC"})  # fmt: skip
    here.run()
    titles = here.titles("m")
    for _ in range(8):
        here.pass_days(17)
        report = here.run()
        assert report.exit_code == 0 and "POST" not in here.asked() and "DELETE" not in here.asked(), words(report)
    assert here.titles("m") == titles == here.there() and old
    here.event("New", start={"dateTime": "2027-05-05T09:00:00", "timeZone": "UTC"},
               end={"dateTime": "2027-05-05T10:00:00", "timeZone": "UTC"})  # fmt: skip
    assert here.run().exit_code == 0 and "New" in here.titles("m")


def test_an_event_that_moves_out_of_the_window_moves_on_the_other_side(here: Here) -> None:
    """V3."""
    fill(here)
    name = here.named("Theirs 0")["id"]
    far = {"dateTime": "2029-01-05T09:00:00", "timeZone": "Europe/Berlin"}
    here.g.do(do="update", id=name, changes={"start": far, "end": {**far, "dateTime": "2029-01-05T10:00:00"}})
    assert here.run().exit_code == 0
    shown = [form["time"] for form in here.forms("m").values() if form["title"] == "Theirs 0"]
    assert shown[0].start.local.year == 2029  # type: ignore[union-attr]


def test_an_event_that_moves_to_another_calendar_is_deleted_on_the_other_side(here: Here) -> None:
    """A4.4: `moved` is gone from this calendar."""
    fill(here)
    other = here.g.do(do="add_calendar", name="Other")
    here.g.do(do="move", id=here.named("Theirs 0")["id"], calendar=other)
    assert here.run().exit_code == 0 and "Theirs 0" not in here.titles("m") and len(here.titles("m")) == 5


def test_a_calendar_that_may_only_be_read_stops_nothing_else(here: Here) -> None:
    fill(here)
    here.g.do(do="set_calendar", calendar=here.home, can_edit=False)
    here.edit("m", "mine0", title="New")
    report = here.run()
    assert report.exit_code in (4, 5) and "may not be written" in words(report) and "Mine 0" in here.there()
    assert here.titles("m").count("New") == 1


def test_details_that_are_hidden_from_now_on_clear_nothing(here: Here) -> None:
    """O7, I8: the event says "Private Appointment" and nothing else."""
    fill(here)
    secret = here.event("Secret", sensitivity="private", location={"displayName": "Room 1"})
    here.run()
    assert "Secret" in here.titles("m")
    here.g.do(do="set_calendar", calendar=here.home, can_view_private=False)
    here.g.do(do="touch", id=secret)
    for _ in range(2):
        here.run()
        here.pass_days(2)
        assert "Secret" in here.titles("m") and "Private Appointment" not in here.titles("m")


def test_a_calendar_that_is_gone_deletes_nothing(here: Here) -> None:
    fill(here)
    here.g.do(do="delete_calendar", calendar=here.home)
    report = here.run()
    assert report.exit_code != 0 and len(here.titles("m")) == 6 and "cannot be found" in words(report)


def test_one_event_that_is_refused_does_not_hold_up_the_others(here: Here) -> None:
    """I14."""
    for n in range(4):
        here.put("m", ics(f"mine{n}", f"Mine {n}"))
    here.g.emulator.arm(fault("status", method="POST", where="part", status=400, code="ErrorCalendarDurationIsTooLong"))
    report = here.run()
    assert report.exit_code == 1 and "it is too long" in words(report) and len(here.there()) == 3


def test_a_mailbox_that_is_full_still_lets_go(here: Here) -> None:
    """A6.2."""
    fill(here)
    here.g.change(full=True)
    here.put("m", ics("more", "More"))
    here.delete("m", "mine0")
    report = here.run()
    assert "the mailbox is full" in words(report) and here.there().count("Mine 0") == 0 and "More" not in here.there()


@pytest.mark.parametrize("edit", ["title", "delete", "instance"])
def test_what_would_mail_guests_is_held_and_listed(here: Here, edit: str) -> None:
    """Semantics 15, I6: reading and mirroring work without any hold; the mail log stays empty."""
    fill(here)
    rule = {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
            "range": {"type": "numbered", "startDate": "2026-12-07", "numberOfOccurrences": 3}}  # fmt: skip
    name = here.event("Meeting", **meeting(**({"recurrence": rule} if edit == "instance" else {})))
    assert here.run().exit_code == 0 and "Meeting" in here.titles("m")
    copies = here.servers["m"].contents("m").items()
    copy, payload = next((i, payload) for i, payload in copies if b"SUMMARY:Meeting" in payload)
    if edit == "delete":
        here.servers["m"].user_delete("m", copy)
    else:
        here.put("m", payload.replace(b"SUMMARY:Meeting", b"SUMMARY:Changed"), copy)
    report = here.run()
    assert report.exit_code == 3 and here.named("Meeting")["id"] == name and not {"PATCH", "DELETE"} & set(here.asked())
    here.g.do(do="update", id=name, changes={"location": {"displayName": "Room 9"}})
    here.run()
    assert here.g.mails == []


def test_a_create_whose_answer_was_lost_is_not_made_again(here: Here) -> None:
    """J table: found by its private property, though nobody remembers the transaction."""
    fill(here)
    here.put("m", ics("more", "More"))
    here.g.emulator.arm(fault("drop-after", method="POST", path="/events$"))
    here.run()
    here.pass_days(1)
    here.g.change(forget_transactions=True)
    here.run()
    assert here.run().exit_code == 0 and here.there().count("More") == 1 and here.there() == here.titles("m")
