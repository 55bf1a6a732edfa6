"""Microsoft 365 and Outlook.com as a new user meets them (issue 4): whole commands against the emulator over TLS, and
what both sides hold afterwards.

Compared by reading Outlook's own form and the .ics files with nothing of calsync (comparer_graph).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.emulators.browser import browser, why_not
from tests.fakes.servers import radicale
from tests.process import comparer, comparer_graph
from tests.process.cloud import NOTE
from tests.process.events import events, retitled
from tests.process.graph import HOME, ME, OTHER, Person, Service, service
from tests.process.graph_events import edits
from tests.process.program import file_of, fill, quiet
from tests.process.test_thousand import FUTURE, Members


@pytest.fixture
def graph() -> Iterator[Service]:
    with service() as running:
        yield running


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def to_come(seed: int, count: int) -> dict[str, bytes]:
    return {uid: payload for uid, payload in events(seed, count).items() if FUTURE in payload}


def check_equal(graph: Service, payloads: Mapping[str, bytes], user: str = ME) -> None:
    there = graph.events(HOME, user)
    assert comparer_graph.difference(there, payloads.values()) == []
    assert comparer_graph.uids(there) == comparer.uids(payloads.values())
    assert graph.mails == []


def check_rest(person: Person, graph: Service) -> None:
    """I3: nothing to do is one question to the calendar, and no write anywhere. What a delta says of our own writes is
    looked at once before."""
    assert quiet(person.sync())
    graph.clear_log()
    assert quiet(person.sync())
    (asked,) = graph.asked()
    assert asked.startswith("GET ") and asked.endswith("/calendarView/delta")


# -- the first day -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_a_person_signs_in_in_a_real_browser_and_makes_a_calendar(graph: Service, person: Person) -> None:
    """With the second of the accounts that the page offers."""
    graph.change(knobs={"consent": "ask"})
    person.configure("mail", graph, 'tenant = "consumers"')
    with browser(any_certificate=True) as page:
        person.browse(NOTE, str(person.page_file))
        process = person.start("login", "mail")
        page.open(person.asked_to_open(process))
        assert "Calendars.ReadWrite" in page.text()
        page.type("select[name=account]", OTHER)
        page.click("#allow")
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        assert "You can close this window" in page.text()
    assert f"signed in to mail as {OTHER} (personal account)" in out
    assert f'username = "{OTHER}"' in person.config.read_text()
    made = person.run("calendars", "create", "mail", "Trips")
    assert (made.code, made.out) == (0, "made mail/Trips\n")
    listed = {row["name"]: row for row in person.run("calendars", "mail", "--json").json}
    assert listed[HOME]["alias"] == "primary" and listed["Trips"]["access"] == "write"
    assert any(row["access"] == "read" for row in listed.values())
    person.vdir("disk")
    person.look_ahead("mail/primary", "disk/Home")
    doctor = person.run("doctor", "--json")
    assert doctor.code == 0 and {row["check"]: row["ok"] for row in doctor.json}["calendar mail/primary"]
    person.check_silence(out, err, doctor.out)
    said = person.run("logout", "mail")
    assert said.code == 0 and "https://account.live.com/consent/Manage" in said.out
    said = person.run("sync")
    assert said.code == 5 and "account mail is not signed in" in said.out and "next: calsync login mail" in said.out


def check_light(person: Person) -> None:
    """A quiet run loads no library of the sign-in while the token is good, and none for .ics."""
    person.environ["PYTHONPROFILEIMPORTTIME"] = "1"
    said = person.run("sync")
    assert "1 pair up to date" in said.out
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.err.splitlines()}
    heavy = {"click", "icalendar", "jwt", "keyring", "lxml", "msal", "pydantic", "pygments", "requests", "rich",
             "tomlkit", "urllib3", "webbrowser"}
    assert "httpx" in loaded and not heavy & loaded


# -- a life ------------------------------------------------------------------------------------------------------------


def people_at_work(dice: random.Random, graph: Service, home: Path, edits: int = 10) -> set[str]:
    """Edits and half as many deletions on each side, each of another event. Returns the UIDs that must be gone."""
    mine = [one for one in graph.events() if one["isOrganizer"] and not one["attendees"]]
    chosen = dice.sample(mine, 3 * edits)
    gone = {comparer_graph.uid(one) for one in chosen[2 * edits :]}
    for n, one in enumerate(chosen):
        in_outlook = n % 2 == 0
        if in_outlook and n < 2 * edits:
            graph.edit({"do": "update", "id": one["id"], "changes": {"subject": f"Neu ✏ {n}"}})
        elif in_outlook:
            graph.edit({"do": "delete", "id": one["id"]})
        elif n < 2 * edits:
            file = file_of(home, comparer_graph.uid(one))
            file.write_bytes(retitled(file.read_bytes(), f"Neu ✏ {n}"))
        else:
            file_of(home, comparer_graph.uid(one)).unlink()
    return gone


def test_events_of_both_sides_meet_live_and_rest(graph: Service, person: Person) -> None:
    """From either side, series with edited instances and meetings with guests among them; then edits and deletions."""
    home, made = person.vdir("disk"), to_come(seed=21, count=160)
    fill(home, made)
    graph.edit(*edits(22, 60))
    theirs = comparer_graph.uids(graph.events())
    person.microsoft("office", graph)
    person.look_ahead("office/primary", "disk/Home")
    first = person.sync()
    assert (first["pairs"][0]["a"]["created"], first["pairs"][0]["b"]["created"]) == (len(made), 60)
    assert set(theirs) | set(made) == set(comparer_graph.uids(graph.events()))
    check_equal(graph, comparer.folder(home))
    check_rest(person, graph)
    gone = people_at_work(random.Random(7), graph, home)
    report = person.sync()
    assert [change["outcome"] for change in report["changes"]] == ["confirmed"] * 30
    check_equal(graph, comparer.folder(home))
    assert not gone & set(comparer_graph.uids(graph.events()))
    assert sum("Neu ✏ " in title for title in graph.titles()) >= 20
    check_rest(person, graph)
    check_light(person)


def test_what_ended_long_ago_or_is_far_away_stays_where_it_is(graph: Service, person: Person) -> None:
    """V1: with the window that a pair with a Microsoft calendar has if nothing is said."""
    home, made = person.vdir("disk"), to_come(seed=30, count=4)
    fill(home, made)
    graph.edit(*edits(31, 4))
    person.microsoft("office", graph)
    person.pair("office/primary", "disk/Home")
    report = person.sync()
    assert report["changes"] == [] and len(graph.events()) == len(comparer.folder(home)) == 4
    status = person.run("status").out
    assert "4 dormant" in status and "nothing needs you" in status


def test_a_lost_delta_link_reads_everything_again_and_makes_nothing_twice(graph: Service, person: Person) -> None:
    """410: links stay, an edit meanwhile arrives, and a deletion after a yes (G4)."""
    home, made = person.vdir("disk"), to_come(seed=23, count=16)
    fill(home, made)
    person.microsoft("office", graph)
    person.look_ahead("office/primary", "disk/Home")
    person.sync()
    edited, lost = graph.events()[:2]
    graph.edit({"do": "update", "id": edited["id"], "changes": {"subject": "Meanwhile"}})
    graph.change(forget_tokens=True)
    report = person.sync()
    assert [(change["action"], change["side"]) for change in report["changes"]] == [("update", "b")]
    check_equal(graph, comparer.folder(home))
    graph.edit({"do": "delete", "id": lost["id"]})
    graph.change(forget_tokens=True, knobs={"lost_token": "400"})
    guard = person.sync(code=4)["pairs"][0]["guard"]
    assert guard["kind"] == "G4" and len(comparer.folder(home)) == len(made)
    person.sync("home", "--approve", guard["plan"])
    assert len(comparer.folder(home)) == len(made) - 1
    check_equal(graph, comparer.folder(home))
    check_rest(person, graph)


def test_outlook_and_radicale(graph: Service, person: Person) -> None:
    with radicale() as server:
        made = to_come(seed=24, count=24)
        person.caldav("dav", server)
        side = Members(server, server.make_calendar("work"))
        for n, payload in enumerate(made.values()):
            side.write(f"{side.calendar}e{n}.ics", payload)
        graph.edit(*edits(25, 10))
        person.microsoft("office", graph)
        person.look_ahead("office/primary", "dav/work")
        person.sync()
        check_equal(graph, side.read())
        one = next(e for e in graph.events() if e["recurrence"] and e["isOrganizer"] and not e["attendees"])
        graph.edit({"do": "update", "id": one["id"], "changes": {"subject": "From Outlook"}})
        name, payload = next((n, p) for n, p in side.read().items() if b"ATTENDEE" not in p and b"e25u" not in p)
        side.write(name, retitled(payload, "From Radicale"))
        person.sync()
        check_equal(graph, side.read())
        assert {"From Outlook", "From Radicale"} <= set(graph.titles())
        check_rest(person, graph)


def test_a_work_and_a_personal_account_in_one_pair(graph: Service, person: Person) -> None:
    """Side by side, each with its own sign-in."""
    graph.edit(*edits(26, 10))
    person.microsoft("office", graph, ME)
    person.microsoft("mail", graph, OTHER, 'tenant = "consumers"')
    person.look_ahead("office/primary", "mail/primary")
    person.sync()
    a, b = graph.events(HOME, ME), graph.events(HOME, OTHER)
    assert comparer_graph.uids(a) == comparer_graph.uids(b)
    assert comparer_graph.difference(a, comparer_graph.as_ics(b).values()) == []
    held = {comparer_graph.uid(e) for e in a if e["attendees"]}
    copy = next(e for e in b if e["recurrence"] and comparer_graph.uid(e) not in held)
    graph.edit({"do": "update", "id": copy["id"], "changes": {"subject": "Back again"}}, user=OTHER)
    person.sync()
    assert "Back again" in graph.titles(HOME, ME)
    assert quiet(person.sync())
    graph.clear_log()
    assert quiet(person.sync()) and len(graph.asked()) == 2
