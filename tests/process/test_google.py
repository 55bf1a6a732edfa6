"""Google as a new user meets it (issue 3): whole commands against the emulator, and what both sides hold afterwards.

Compared by reading Google's JSON and the .ics files with nothing of calsync (comparer_google).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.browser import browser, why_not
from tests.fakes.servers import radicale
from tests.process import comparer, comparer_google
from tests.process.cloud import NOTE
from tests.process.events import events, retitled
from tests.process.google import ME, OTHER, Person, Service, service
from tests.process.google_events import steps
from tests.process.program import file_of, fill, quiet
from tests.process.test_thousand import Members

ASK_ONCE = {"read": 1, "write": 0}


@pytest.fixture
def google() -> Iterator[Service]:
    with service("--account", ME, "--account", OTHER) as running:
        yield running


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def check_equal(google: Service, payloads: Mapping[str, bytes], calendar: str = ME) -> None:
    there = google.events(calendar)
    assert comparer_google.difference(there, payloads.values()) == []
    assert comparer_google.uids(there) == comparer.uids(payloads.values())
    assert google.mails == []


def check_rest(person: Person, google: Service, *pairs: str) -> None:
    """I3: nothing to do is one question to each Google calendar, and no write anywhere."""
    google.do({"do": "clear_logs"})
    assert quiet(person.sync(*pairs))
    assert google.requests == ASK_ONCE


# -- the first day -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_a_person_signs_in_in_a_real_browser_and_makes_a_calendar(person: Person) -> None:
    with service("--account", ME, "--account", OTHER) as google, browser() as page:
        google.do({"do": "consent", "auto": False})
        person.configure("work", google, 'access = "create"')
        person.browse(NOTE, str(person.page_file))
        process = person.start("login", "work")
        page.open(person.asked_to_open(process))
        assert "wants to access your account" in page.text()
        page.click(f'input[name=user][value="{ME}"]')
        page.click("#allow")
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        assert "You can close this window" in page.text()
        assert f"signed in to work as {ME}" in out and f'username = "{ME}"' in person.config.read_text()
        made = person.run("calendars", "create", "work", "Trips")
        assert (made.code, made.out) == (0, "made work/Trips\n")
        again = person.run("calendars", "create", "work", "Trips")
        assert again.code == 2 and "already has a calendar" in again.err
        listed = {row["name"]: row for row in person.run("calendars", "work", "--json").json}
        assert (listed[ME]["id"], listed[ME]["alias"]) == (ME, "primary") and listed["Trips"]["access"] == "write"
        assert f"{ME} (primary)" in person.run("calendars").out
        person.vdir("disk")
        person.pair("work/primary", "disk/Home")
        doctor = person.run("doctor", "--json")
        assert doctor.code == 0 and {row["check"]: row["ok"] for row in doctor.json}["calendar work/primary"]
        assert person.run("accounts").code == 0
        person.check_silence(out, err, doctor.out)


def test_making_a_calendar_needs_a_right_that_is_named(google: Service, person: Person) -> None:
    person.google("work", google)
    said = person.run("calendars", "create", "work", "Trips")
    assert said.code == 5 and 'set access = "create"' in said.err and "calsync login work" in said.err


def test_a_quiet_run_loads_nothing_that_it_does_not_need(google: Service, person: Person) -> None:
    fill(person.vdir("disk"), events(seed=27, count=8))
    person.google("work", google)
    person.pair("work/primary", "disk/Home")
    person.sync()
    person.environ["PYTHONPROFILEIMPORTTIME"] = "1"
    said = person.run("sync")
    assert "1 pair up to date" in said.out
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.err.splitlines()}
    heavy = {"click", "google", "google_auth_oauthlib", "icalendar", "keyring", "lxml", "oauthlib", "pydantic",
             "pygments", "requests", "rich", "tomlkit", "webbrowser"}
    assert "httpx" in loaded and not heavy & loaded


# -- a life ------------------------------------------------------------------------------------------------------------


def people_at_work(dice: random.Random, google: Service, calendar: str, home: Path, edits: int = 10) -> set[str]:
    """Edits and half as many deletions on each side, each of another event. Returns the UIDs that must be gone."""
    mine = [one for one in google.events(calendar) if is_mine_and_to_come(one)]
    chosen = dice.sample(mine, 3 * edits)
    gone = {comparer_google.uid(one) for one in chosen[2 * edits :]}
    for n, one in enumerate(chosen):
        at_google = n % 2 == 0
        if at_google and n < 2 * edits:
            changes = {"summary": f"Neu ✏ {n}"}
            google.do({"do": "patch", "calendar": calendar, "id": one["id"], "changes": changes})
        elif at_google:
            google.do({"do": "delete", "calendar": calendar, "id": one["id"]})
        elif n < 2 * edits:
            file = file_of(home, comparer_google.uid(one))
            file.write_bytes(retitled(file.read_bytes(), f"Neu ✏ {n}"))
        else:
            file_of(home, comparer_google.uid(one)).unlink()
    return gone


def is_mine_and_to_come(event: Mapping[str, Any]) -> bool:
    start = event.get("start", {})
    mine = bool(event.get("organizer", {}).get("self")) and event.get("eventType") == "default"
    return mine and "recurringEventId" not in event and str(start.get("dateTime") or start.get("date")) > "2030"


def test_events_of_both_sides_meet_live_and_rest(google: Service, person: Person) -> None:
    """From either side, series with edited instances and meetings with guests among them; then edits and deletions."""
    home = person.vdir("disk")
    made = events(seed=21, count=64)
    fill(home, made)
    google.do(*steps(ME, 22, 60))
    theirs = comparer_google.uids(google.events())
    google.do({"do": "clear_logs"})
    person.google("work", google)
    person.pair("work/primary", "disk/Home")
    first = person.sync()
    assert (first["pairs"][0]["a"]["created"], first["pairs"][0]["b"]["created"]) == (64, 60)
    assert set(theirs) | set(made) == set(comparer_google.uids(google.events()))
    check_equal(google, comparer.folder(home))
    check_rest(person, google)
    gone = people_at_work(random.Random(7), google, ME, home)
    report = person.sync()
    assert [change["outcome"] for change in report["changes"]] == ["confirmed"] * 30
    check_equal(google, comparer.folder(home))
    assert not gone & set(comparer_google.uids(google.events()))
    assert sum("Neu ✏ " in title for title in google.titles()) >= 20
    check_rest(person, google)


def test_series_with_moved_and_cancelled_instances_go_round_three_times_without_drift(
    google: Service, person: Person
) -> None:
    """Edited there and back on either side, at last every byte and every member is as it was."""
    home = person.vdir("disk")
    made = {uid: p for uid, p in events(seed=28, count=48).items() if b"RECURRENCE-ID" in p and b":2030" in p}
    assert len(made) >= 4
    fill(home, {uid: retitled(payload, "Round") for uid, payload in made.items()})
    person.google("work", google)
    person.pair("work/primary", "disk/Home")
    person.sync()
    files, members = comparer.folder(home), steady(google)
    for n in range(3):
        for one in [e for e in google.events() if "recurrence" in e]:
            google.do({"do": "patch", "calendar": ME, "id": one["id"], "changes": {"summary": f"There {n}"}})
        person.sync()
        assert all(f"SUMMARY:There {n}\r\n".encode() in payload for payload in comparer.folder(home).values())
        check_equal(google, comparer.folder(home))
        for file in home.glob("*.ics"):
            file.write_bytes(retitled(file.read_bytes(), "Round"))
        person.sync()
        check_equal(google, comparer.folder(home))
    assert comparer.folder(home) == files
    assert steady(google) == members


def steady(google: Service) -> dict[str, dict[str, Any]]:
    """Events without what Google counts up at every change."""
    return {one["id"]: {key: value for key, value in one.items() if key not in ("etag", "updated", "sequence")}
            for one in google.events()}


def test_a_lost_sync_token_reads_everything_again_and_makes_nothing_twice(google: Service, person: Person) -> None:
    """410: links stay, an edit meanwhile arrives, and a deletion after a yes (G4)."""
    home = person.vdir("disk")
    fill(home, events(seed=23, count=24))
    person.google("work", google)
    person.pair("work/primary", "disk/Home")
    person.sync()
    edited, lost = [one for one in google.events() if is_mine_and_to_come(one)][:2]
    google.do({"do": "patch", "calendar": ME, "id": edited["id"], "changes": {"summary": "Meanwhile"}},
              {"do": "expire_sync_tokens"})
    report = person.sync()
    assert [(change["action"], change["side"]) for change in report["changes"]] == [("update", "b")]
    check_equal(google, comparer.folder(home))
    google.do({"do": "delete", "calendar": ME, "id": lost["id"]}, {"do": "expire_sync_tokens"})
    guard = person.sync(code=4)["pairs"][0]["guard"]
    assert guard["kind"] == "G4" and len(comparer.folder(home)) == 24
    person.sync("home", "--approve", guard["plan"])
    assert len(comparer.folder(home)) == 23
    check_equal(google, comparer.folder(home))
    check_rest(person, google)


def test_google_and_radicale(google: Service, person: Person) -> None:
    with radicale() as server:
        made = events(seed=24, count=32)
        person.caldav("dav", server)
        side = Members(server, server.make_calendar("work"))
        for n, payload in enumerate(made.values()):
            side.write(f"{side.calendar}e{n}.ics", payload)
        google.do(*steps(ME, 25, 20), {"do": "clear_logs"})
        person.google("work", google)
        person.pair("work/primary", "dav/work")
        person.sync()
        check_equal(google, side.read())
        one = next(e for e in google.events() if is_mine_and_to_come(e) and "recurrence" in e)
        google.do({"do": "patch", "calendar": ME, "id": one["id"], "changes": {"summary": "From Google"}})
        name, payload = next((n, p) for n, p in side.read().items() if b":2030" in p)
        side.write(name, retitled(payload, "From Radicale"))
        person.sync()
        check_equal(google, side.read())
        assert {"From Google", "From Radicale"} <= set(google.titles())
        check_rest(person, google)


def test_two_google_accounts_in_one_pair(google: Service, person: Person) -> None:
    """Side by side, each with its own sign-in; an invitation that both have is one event (K3)."""
    google.do(*steps(ME, 26, 30), {"do": "clear_logs"})
    before = comparer_google.uids(google.events(OTHER))
    assert before, "some of these meetings invite the other account"
    person.google("work", google, ME)
    person.google("club", google, OTHER)
    person.pair("work/primary", "club/primary")
    person.sync()
    a, b = google.events(ME), google.events(OTHER)
    assert comparer_google.uids(a) == comparer_google.uids(b)
    assert comparer_google.difference(a, comparer_google.as_ics(b).values()) == []
    mine = next(e for e in b if e["id"].startswith("cs") and "recurrence" in e)
    google.do({"do": "patch", "calendar": OTHER, "id": mine["id"], "changes": {"summary": "Back again"}})
    person.sync()
    assert "Back again" in google.titles(ME)
    assert google.mails == []
    google.do({"do": "clear_logs"})
    assert quiet(person.sync()) and google.requests == {"read": 2, "write": 0}
