"""What a person reads about events at Google: titles, ids, days on the clock of the event, and what is held and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.world import ics
from tests.process.events import retitled
from tests.process.google import ME, Person, Service, service
from tests.process.google_events import special, steps
from tests.process.program import file_of


@pytest.fixture
def google() -> Iterator[Service]:
    with service() as running:
        yield running


@pytest.fixture
def person(tmp_path: Path, google: Service) -> Person:
    made = Person(tmp_path)
    made.google("work", google)
    made.vdir("disk")
    made.pair("work/primary", "disk/Home")
    return made


def home(person: Person) -> Path:
    return person.folder / "disk" / "Home"


def test_an_instance_is_told_by_its_day_and_hour_there(google: Service, person: Person) -> None:
    lines = ["RRULE:FREQ=DAILY;COUNT=5"]
    (home(person) / "s.ics").write_bytes(ics("standup", "Standup", *lines, start="20300107T090000"))
    person.sync()
    (made,) = google.events()
    third = google.do({"do": "instances", "calendar": ME, "master_id": made["id"]})[0][2]
    google.do({"do": "patch", "calendar": ME, "id": third["id"], "changes": {"summary": "Long standup"}})
    told = person.run("sync").out.splitlines()[0]
    assert told.endswith("series, 1 instance   an instance's title changed on work/primary")
    why = person.run("why", "Standup").out
    assert made["id"] in why and "id s.ics, UID standup" in why
    assert "with title on Wed 9 Jan 2030 09:00 to s.ics" in why
    assert "title on Wed 9 Jan 2030 09:00 Long standup" in person.run("events", "show", "Standup").out
    assert "with title on Wed 9 Jan 2030 09:00 to s.ics" in person.run("history", "2").out


def test_what_google_cannot_hold_is_left_alone_with_a_reason(google: Service, person: Person) -> None:
    hourly = ics("hourly", "Pills", "RRULE:FREQ=HOURLY;COUNT=5", start="20300101T090000")
    (home(person) / "hourly.ics").write_bytes(hourly)
    bell = ics("bell", "Bell", start="20300101T090000")
    (home(person) / "bell.ics").write_bytes(bell.replace(b"DTEND;TZID=Europe/Berlin:20300101T100000\r\n", b""))
    (home(person) / "fine.ics").write_bytes(ics("fine", "Fine", start="20300101T090000"))
    for _ in range(2):
        said = person.run("sync")
        assert said.code == 1 and "which Google Calendar cannot hold" in said.err + said.out
    assert google.titles() == ["Fine"]
    why = person.run("why", "Bell").out
    assert "it has no length" in why and "has not written this event anywhere" in why
    assert "2 error" in person.run("status").out


def test_what_an_event_loses_at_google_is_told_before_it_is_written_and_after(google: Service, person: Person) -> None:
    lines = ["CATEGORIES:Work", "COLOR:turquoise", "DESCRIPTION:" + "word " * 2000]
    people = ["ORGANIZER:mailto:boss@example.test", "ATTENDEE:mailto:ann@example.test"]
    (home(person) / "long.ics").write_bytes(ics("long", "Long", *lines, *people, start="20300105T090000"))
    (home(person) / "fine.ics").write_bytes(ics("fine", "Fine", start="20300107T090000"))
    losses = ["not copied: guests, organizer", "kept, not shown: categories",
              "kept, shown roughly: colour, description"]
    for words in (("--dry-run",), ()):
        told = {change["title"]: change["losses"] for change in person.sync(*words)["changes"]}
        assert told == {"Long": losses, "Fine": []}
    shown = f"colour as mediumseagreen; description as {('word ' * 8).strip()}"
    for words in (("why",), ("events", "show")):
        said = person.run(*words, "Long").out
        assert all(line in said for line in (*losses[:2], f"kept, shown roughly: {shown} … (8,192 characters)"))
    sides = {side["calendar"]: side["losses"] for side in person.run("why", "Long", "--json").json["sides"]}
    assert len(sides["work/primary"]) == 3 and sides["disk/Home"] == []
    assert person.run("sync").out.startswith("1 pair up to date, 2 events, ")


def test_an_edit_tells_the_losses_of_what_it_changes_only(google: Service, person: Person) -> None:
    file = home(person) / "e.ics"
    file.write_bytes(ics("e", "Evening", "CATEGORIES:Work", start="20300105T090000"))
    person.sync()
    file.write_bytes(ics("e", "Night", "CATEGORIES:Work", start="20300105T090000"))
    assert person.run("sync").out.splitlines()[0].endswith("title changed on disk/Home")
    file.write_bytes(ics("e", "Night", "CATEGORIES:Work,Fun", start="20300105T090000"))
    for words in ("sync --dry-run", "sync"):
        line = person.run(*words.split()).out.splitlines()[0]
        assert line.endswith("categories changed on disk/Home  [kept, not shown: categories]")


def test_a_plan_tells_what_would_not_be_written_and_why(google: Service, person: Person) -> None:
    hourly = ics("hourly", "Pills", "RRULE:FREQ=HOURLY;COUNT=5", start="20300101T090000")
    (home(person) / "hourly.ics").write_bytes(hourly)
    line = person.run("sync", "--dry-run").out.splitlines()[0]
    assert line.endswith(
        "[held: it repeats every few hours, which Google Calendar cannot hold: RRULE:FREQ=HOURLY;COUNT=5]"
    )
    plan = person.folder / "plan.json"
    assert person.run("sync", "--plan-file", str(plan)).code == 0
    assert '"losses"' in plan.read_text() and person.run("apply", str(plan)).code == 1
    plan.write_text(plan.read_text().replace('"losses"', '"other"'))
    assert person.run("apply", str(plan)).code == 2  # no plan of ours


def test_special_events_and_meetings_of_others_are_read_and_said_to_be_so(google: Service, person: Person) -> None:
    google.do(*special(ME), *steps(ME, 4, 8), {"do": "clear_logs"})
    person.sync()
    invited = next(one for one in google.events() if not one["organizer"].get("self"))
    before = {one["id"]: one.get("etag") for one in google.events()}
    uids = {"sfocus@google.com": "a focus time", "sgmail@google.com": "made by Google from a mail",
            "sbirth@google.com": "a birthday", invited["iCalUID"]: "somebody else's meeting"}
    for uid in uids:
        file = file_of(home(person), uid)
        file.write_bytes(retitled(file.read_bytes(), "Edited here"))
    file_of(home(person), "sooo@google.com").unlink()
    said = person.run("sync")
    assert said.code == 1 and "an out-of-office time" in said.out + said.err
    assert [words for words in uids.values() if words not in said.out + said.err] == []
    assert {one["id"]: one.get("etag") for one in google.events()} == before
    listed = person.run("events", "list", "--status", "error", "--json").json
    assert set(uids) <= {row["uid"] for row in listed} and all(row["detail"] for row in listed)


def test_a_conflict_shows_both_versions_and_ends_as_the_person_says(google: Service, person: Person) -> None:
    (home(person) / "d.ics").write_bytes(ics("dentist", "Dentist", start="20300105T090000"))
    person.sync()
    (made,) = google.events()
    google.do({"do": "patch", "calendar": ME, "id": made["id"], "changes": {"summary": "At Google"}})
    file = home(person) / "d.ics"
    file.write_bytes(retitled(file.read_bytes(), "On disk"))
    person.sync(code=3)
    (conflict,) = person.run("conflicts", "list", "--json").json
    assert conflict["fields"] == {"title": {"base": "Dentist", "a": "At Google", "b": "On disk"}}
    shown = person.run("conflicts", "show", str(conflict["id"])).out
    assert "a: work/primary" in shown and "At Google" in shown and "On disk" in shown
    assert person.run("conflicts", "resolve", str(conflict["id"]), "--take", "b").code == 0
    assert google.titles() == ["On disk"]
