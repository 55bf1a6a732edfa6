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


def test_what_google_keeps_but_does_not_show_is_named(google: Service, person: Person) -> None:
    lines = ["CATEGORIES:Work", "DESCRIPTION:" + "word " * 2000]
    (home(person) / "long.ics").write_bytes(ics("long", "Long", *lines, start="20300105T090000"))
    person.sync()
    for words in (("why",), ("events", "show")):
        said = person.run(*words, "Long").out
        assert "kept with the event, but not shown by Google as it is: categories, description" in said
    sides = {side["calendar"]: side["remarks"] for side in person.run("why", "Long", "--json").json["sides"]}
    assert len(sides["work/primary"]) == 1 and sides["disk/Home"] == []


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
