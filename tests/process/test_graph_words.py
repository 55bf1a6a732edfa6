"""What a person reads about events at Outlook: titles, ids, days on the clock of the event, what is held and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import ics
from tests.process import comparer_graph
from tests.process.events import retitled
from tests.process.graph import Person, Service, service
from tests.process.graph_events import edits
from tests.process.program import file_of, writes


@pytest.fixture
def graph() -> Iterator[Service]:
    with service() as running:
        yield running


@pytest.fixture
def person(tmp_path: Path, graph: Service) -> Person:
    made = Person(tmp_path)
    made.microsoft("office", graph)
    made.vdir("disk")
    made.look_ahead("office/primary", "disk/Home")
    return made


def home(person: Person) -> Path:
    return person.folder / "disk" / "Home"


def test_an_instance_is_told_by_its_day_and_hour_and_a_conflict_by_both_sides(graph: Service, person: Person) -> None:
    lines = ["RRULE:FREQ=DAILY;COUNT=5"]
    (home(person) / "s.ics").write_bytes(ics("standup", "Standup", *lines, start="20300107T090000"))
    person.sync()
    (made,) = graph.events()
    changes = {"subject": "Long standup"}
    graph.edit({"do": "edit_occurrence", "id": made["id"], "date": "2030-01-09", "changes": changes})
    told = person.run("sync").out.splitlines()[0]
    assert told.endswith("series, 1 instance   an instance's title changed on office/primary")
    why = person.run("why", "Standup").out
    assert made["id"] in why and "id s.ics, UID standup" in why
    assert "with title on Wed 9 Jan 2030 09:00 to s.ics" in why
    assert "title on Wed 9 Jan 2030 09:00 Long standup" in person.run("events", "show", "Standup").out
    assert "with title on Wed 9 Jan 2030 09:00 to s.ics" in person.run("history", "2").out
    (home(person) / "d.ics").write_bytes(ics("dentist", "Dentist", start="20300105T090000"))
    person.sync()
    made = next(one for one in graph.events() if one["subject"] == "Dentist")
    graph.edit({"do": "update", "id": made["id"], "changes": {"subject": "In Outlook"}})
    file = home(person) / "d.ics"
    file.write_bytes(retitled(file.read_bytes(), "On disk"))
    person.sync(code=3)
    (conflict,) = person.run("conflicts", "list", "--json").json
    assert conflict["fields"] == {"title": {"base": "Dentist", "a": "In Outlook", "b": "On disk"}}
    shown = person.run("conflicts", "show", str(conflict["id"])).out
    assert "a: office/primary" in shown and "In Outlook" in shown and "On disk" in shown
    assert person.run("conflicts", "resolve", str(conflict["id"]), "--take", "b").code == 0
    assert graph.titles() == ["On disk", "Standup"]


def test_what_outlook_cannot_hold_is_left_alone_or_kept_with_a_reason(graph: Service, person: Person) -> None:
    hourly = ics("hourly", "Pills", "RRULE:FREQ=HOURLY;COUNT=5", start="20300101T090000")
    (home(person) / "hourly.ics").write_bytes(hourly)
    rent = ics("rent", "Rent", "RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=9", start="20300131T090000")
    (home(person) / "rent.ics").write_bytes(rent)
    lines = ["COLOR:red", "URL:https://example.org/p"]
    (home(person) / "long.ics").write_bytes(ics("long", "Long" * 70, *lines, start="20300105T090000"))
    for _ in range(2):
        said = person.run("sync")
        assert said.code == 1 and "which Outlook cannot hold" in said.err + said.out
    assert graph.titles() == ["Long" * 63 + "Lon"]
    why = person.run("why", "Rent").out
    assert "it leaves out the months that lack its day" in why and "has not written this event anywhere" in why
    assert "2 error" in person.run("status").out
    for words in (("why",), ("events", "show")):
        said = person.run(*words, "Long").out
        assert "kept, not shown: colour, link" in said
        assert f"kept, shown roughly: title as {'Long' * 10} … (255 characters)" in said
    sides = {side["calendar"]: side["losses"] for side in person.run("why", "long", "--json").json["sides"]}
    assert len(sides["office/primary"]) == 2 and sides["disk/Home"] == []


def meetings(graph: Service, *, mine: bool) -> list[dict[str, Any]]:
    return [one for one in graph.events() if one["attendees"] and one["isOrganizer"] == mine]


def test_meetings_are_held_with_the_reason_whoever_organizes_them(graph: Service, person: Person) -> None:
    """Read and mirrored like any other; an edit and a deletion wait, and are listed with the reason."""
    graph.edit(*edits(4, 20))
    person.sync()
    single, series = (next(one for one in meetings(graph, mine=True) if bool(one["recurrence"]) == many)
                      for many in (False, True))
    theirs, also_theirs = meetings(graph, mine=False)
    before = graph.events()
    for one in (single, theirs):
        file = file_of(home(person), comparer_graph.uid(one))
        file.write_bytes(retitled(file.read_bytes(), "Edited here"))
    for one in (series, also_theirs):
        file_of(home(person), comparer_graph.uid(one)).unlink()
    report = person.sync(code=3)
    assert (report["pairs"][0]["held"], writes(report)) == (3, 0)
    said = person.run("sync")
    assert said.code == 3 and said.out.count("(notify = \"never\")") == 3
    assert "could mail the organizer of this meeting that you do not come" in said.out
    assert "next: calsync events list --status held" in said.out
    assert graph.events() == before
    listed = person.run("events", "list", "--status", "held", "--json").json
    assert {row["uid"] for row in listed} == set(map(comparer_graph.uid, (single, series, also_theirs)))
    listed_errors = person.run("events", "list", "--status", "error", "--json").json
    assert {row["uid"] for row in listed_errors} == {comparer_graph.uid(theirs)}
    assert "only its organizer can change it" in person.run("why", comparer_graph.uid(theirs)).out
    mine = [row for row in listed if row["uid"] in map(comparer_graph.uid, (single, series))]
    assert mine and all("would mail the guests of this meeting" in row["detail"] for row in mine)
    assert "would mail the guests" in person.run("why", comparer_graph.uid(single)).out
    assert "3 held" in person.run("status").out and "1 error" in person.run("status").out
    in_outlook = {"subject": "Edited there"}
    graph.edit({"do": "update", "id": meetings(graph, mine=True)[-1]["id"], "changes": in_outlook})
    person.run("sync")
    assert any(b"Edited there" in other.read_bytes() for other in home(person).glob("*.ics")), "reading goes on"
