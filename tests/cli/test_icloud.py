"""Whole commands with an iCloud account: from nothing to a sign-in, and what happens to pairs with it (facts 4)."""

from __future__ import annotations

import io
import sys
import tomllib
from collections.abc import Iterator

import pytest

from calsync_cli.mapping.registry import mapping
from tests.cli.program import Said, Shell
from tests.engine.world import ics
from tests.fakes.icloud_server import APPLE_PASSWORD, PASSWORD, USER, FakeICloud
from tests.fakes.servers import radicale

SECRETS = '[secrets]\nbackend = "file"\n'
ACCOUNT = '[accounts.apple]\nprovider = "icloud"\nusername = "{user}"\nurl = "{url}"\n'
FOLDER = '[accounts.x]\nprovider = "vdir"\npath = "x"\n'
PAIR = '[pairs.home]\na = "{a}"\nb = "apple/Work"\nfirst_sync = "auto"\n'


@pytest.fixture
def server() -> Iterator[FakeICloud]:
    with FakeICloud() as running:
        running.calendar("Work")
        yield running


class Person:
    """Somebody at the shell, whose account is called `apple`."""

    def __init__(self, shell: Shell, server: FakeICloud, patch: pytest.MonkeyPatch) -> None:
        self.shell, self.server, self.patch = shell, server, patch
        patch.setenv("CALSYNC_SECRET_KEY", "key")
        shell.config.write_text(SECRETS + ACCOUNT.format(user=USER, url=server.url) + FOLDER + PAIR.format(a="x/Home"))

    @property
    def work(self) -> str:
        return next(path for path, shelf in self.server.shelves.items() if shelf.name == "Work")

    def login(self, *words: str, password: str = PASSWORD, name: str = "apple") -> Said:
        self.patch.setattr(sys, "stdin", io.StringIO(password + "\n"))
        return self.shell("login", name, "--password-stdin", *words)

    def titles(self) -> list[str]:
        return sorted(mapping("ical").read(one).title for one in self.server.contents(self.work).values())

    def at_apple(self, uid: str) -> str:
        members = self.server.contents(self.work).items()
        return next(path for path, payload in members if f"UID:{uid}\r\n".encode() in payload)

    def edit(self, uid: str, old: str, new: str) -> None:
        path = self.at_apple(uid)
        payload = self.server.contents(self.work)[path]
        self.server.user_put(path, payload.replace(old.encode(), new.encode()))

    def writes(self) -> int:
        return self.server.requests("PUT") + self.server.requests("DELETE")


@pytest.fixture
def person(shell: Shell, server: FakeICloud, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person(shell, server, monkeypatch)


@pytest.fixture
def synced(person: Person) -> Person:
    """The password comes from the environment, which is quicker than an encrypted file."""
    person.patch.setenv("CALSYNC_ACCOUNTS__APPLE__PASSWORD", PASSWORD)
    return _with_events(person)


@pytest.fixture
def signed_in(person: Person) -> Person:
    assert person.login().code == 0
    return _with_events(person)


def _with_events(person: Person) -> Person:
    for n in range(4):
        person.shell.put("x", f"u{n}", f"Event {n}")
    person.server.user_put(f"{person.work}a.ics", ics("a1", "At Apple"))
    assert person.shell("sync").code == 0
    assert person.titles() == person.shell.titles("x") == ["At Apple", *(f"Event {n}" for n in range(4))]
    return person


# -- the sign-in -------------------------------------------------------------------------------------------------------


def test_the_word_icloud_makes_the_account(person: Person) -> None:
    person.shell.config.write_text(SECRETS)
    said = person.login("--url", person.server.url, "--username", USER, name="icloud")
    assert said.code == 0, said.err
    assert said.out.splitlines()[1:] == ["  icloud/Work"] and PASSWORD not in said.out + said.err
    account = {"provider": "icloud", "url": person.server.url, "username": USER}
    assert tomllib.loads(person.shell.config.read_text())["accounts"] == {"icloud": account}
    (row,) = person.shell("accounts", "--json").json
    assert (row["provider"], row["signed_in"], row["problem"]) == ("icloud", True, None)
    (row,) = person.shell("calendars", "icloud", "--json").json
    assert (row["name"], row["access"], row["mails_guests"]) == ("Work", "write", True)
    assert person.shell("doctor").code == 0


def test_the_password_of_the_apple_account_is_refused_in_words(person: Person) -> None:
    said = person.login(password=APPLE_PASSWORD)
    assert said.code == 5 and APPLE_PASSWORD not in said.out + said.err
    assert "does not look like an app-specific password" in said.err
    assert "Apple takes only an app-specific password" in said.err and "next: calsync login apple" in said.err
    assert not (person.shell.state / "secrets.json").exists()


def test_a_password_of_the_right_form_is_not_remarked_upon(person: Person) -> None:
    said = person.login(password=f" {PASSWORD} ")
    assert said.code == 0 and said.err == ""


def test_an_account_of_the_configuration_needs_no_address() -> None:
    from calsync_cli.config import schema

    assert "icloud" in schema.ACCOUNT["url"].only


def test_logging_out_removes_the_password_and_the_next_run_says_what_to_type(signed_in: Person) -> None:
    assert signed_in.shell("logout", "apple").code == 0
    said = signed_in.shell("sync")
    assert said.code == 5 and "next: calsync login apple" in said.out
    assert signed_in.titles() == signed_in.shell.titles("x")


# -- with a folder -----------------------------------------------------------------------------------------------------


def test_a_quiet_run_asks_once(synced: Person) -> None:
    synced.server.log.clear()
    said = synced.shell("sync", "--json").json
    assert (said["exit_code"], said["changes"]) == (0, [])
    assert said["requests"]["apple"] == {"read": 1, "write": 0}
    assert synced.server.asked(synced.server.partition) == [("REPORT", synced.work)]


@pytest.mark.parametrize("odd", [(), ("no-etag-on-put", "multiget-misses"), ("403-no-end",)])
def test_edits_both_ways_arrive_and_then_all_rests(synced: Person, odd: tuple[str, ...]) -> None:
    synced.server.odd |= set(odd)
    synced.shell.edit("x", "u0", title="From the folder")
    synced.edit("u1", "Event 1", "From Apple")
    synced.shell.file("x", "u2").unlink()
    synced.server.user_delete(synced.at_apple("u3"))
    assert synced.shell("sync").code == 0
    assert synced.shell("sync", "--json").json["changes"][0]["action"] == "delete"  # it takes two runs to believe Apple
    assert synced.titles() == synced.shell.titles("x") == ["At Apple", "From Apple", "From the folder"]
    writes = synced.writes()
    assert synced.shell("sync", "--json").json["changes"] == []
    assert synced.writes() == writes


@pytest.mark.parametrize("answer", [404, 401, 421, 0])
def test_an_account_that_apple_moved_between_two_runs_loses_nothing(synced: Person, answer: int) -> None:
    synced.server.move(answer)
    synced.shell.edit("x", "u0", title="From the folder")
    synced.edit("u1", "Event 1", "From Apple")
    synced.server.log.clear()
    said = synced.shell("sync", "--json").json
    assert said["exit_code"] == 0 and {one["action"] for one in said["changes"]} == {"update"}
    assert "From Apple" in synced.shell.titles("x") and "From the folder" in synced.titles()
    assert len(synced.titles()) == 5 and len(synced.server.asked(synced.server.url)) == 2
    synced.server.log.clear()
    assert synced.shell("sync", "--json").json["requests"]["apple"]["read"] == 1


def test_a_password_that_ended_stops_the_account_and_a_new_one_goes_on_where_it_stopped(signed_in: Person) -> None:
    new = "qrst-uvwx-yzab-cdef"
    signed_in.server.revoke(instead=new)
    signed_in.shell.edit("x", "u0", title="From the folder")
    said = signed_in.shell("sync")
    assert said.code == 5
    assert "next: calsync login apple" in said.out and "app-specific password" in said.out
    assert signed_in.titles() == ["At Apple", *(f"Event {n}" for n in range(4))]
    assert signed_in.login(password=new).code == 0
    assert signed_in.shell("sync").code == 0 and "From the folder" in signed_in.titles()


def test_a_storm_of_503_delays_and_neither_doubles_nor_loses(synced: Person) -> None:
    """J6: reads say that they were asked to wait; a write without a word about when is of unknown outcome."""
    synced.patch.setattr("calsync_cli.ports.time.sleep", lambda _: None)
    for n in range(5):
        synced.shell.put("x", f"n{n}", f"New {n}")
    synced.server.faults += [("REPORT", "503")] * 3
    said = synced.shell("sync")
    assert said.code == 1 and "asks to wait (503)" in said.out
    synced.server.faults[:] = [("PUT", "503")] * 3 + [("PUT", "503 0"), ("REPORT", "503"), ("GET", "503")]
    synced.shell("sync")
    synced.server.faults.clear()
    assert synced.shell("sync").code == 0
    assert synced.titles() == synced.shell.titles("x") and len(synced.titles()) == 10
    assert synced.shell("sync", "--json").json["changes"] == []


@pytest.mark.parametrize("changed", [False, True])
def test_an_event_that_apple_lists_and_denies_for_a_while_is_deleted_nowhere(synced: Person, changed: bool) -> None:
    """O2: once such a 404 emptied the calendars of another program's users."""
    path = synced.at_apple("u1")
    if changed:
        synced.edit("u1", "Event 1", "From Apple")
    synced.shell.put("x", "n", "New")  # the run is no quiet one
    synced.server.hidden = {path}
    assert synced.shell("sync", "--full").code == 0
    assert synced.shell.titles("x") == ["At Apple", *(f"Event {n}" for n in range(4)), "New"]
    synced.server.hidden = set()
    assert synced.shell("sync").code == 0
    assert synced.titles() == synced.shell.titles("x") and len(synced.titles()) == 6
    assert ("From Apple" in synced.shell.titles("x")) == changed
    assert synced.shell("sync", "--json").json["changes"] == []


def test_a_new_event_that_apple_lists_and_denies_for_a_while_comes_in_the_next_run(synced: Person) -> None:
    """I11: no later answer names it again."""
    path = f"{synced.work}late.ics"
    synced.server.user_put(path, ics("late", "Late"))
    synced.server.hidden = {path}
    said = synced.shell("sync")
    assert said.code == 1 and "the next run asks again" in said.out and "Late" not in synced.shell.titles("x")
    synced.server.hidden = set()
    assert synced.shell("sync").code == 0 and "Late" in synced.shell.titles("x")


def test_a_point_in_time_and_a_day_arrive_with_an_end(synced: Person) -> None:
    for uid, start in (("p1", "DTSTART:20261124T090000Z"), ("p2", "DTSTART;VALUE=DATE:20261124")):
        lines = [line for line in ics(uid, uid).split(b"\r\n") if not line.startswith((b"DTEND", b"DTSTART"))]
        lines.insert(lines.index(f"UID:{uid}".encode()), start.encode())
        synced.shell.home("x").joinpath(f"{uid}.ics").write_bytes(b"\r\n".join(lines))
    before = synced.server.requests("PUT")
    assert synced.shell("sync").code == 0
    assert synced.server.requests("PUT") == before + 2
    for uid in ("p1", "p2"):
        assert b"\r\nDTEND" in synced.server.contents(synced.work)[synced.at_apple(uid)]
        assert b"DTEND" not in synced.shell.file("x", uid).read_bytes()
    assert synced.shell("sync", "--json").json["changes"] == []


def test_one_event_for_two_calendars_of_the_account_gets_a_uid_of_its_own_there(synced: Person) -> None:
    """K5: Apple takes a UID once in an account."""
    synced.server.calendar("Club")
    (synced.shell.folder / "x" / "Club").mkdir()
    (synced.shell.folder / "x" / "Club" / "u0.ics").write_bytes(ics("u0", "Event 0"))
    pair = PAIR.replace("pairs.home", "pairs.club").replace("Work", "Club").format(a="x/Club")
    synced.shell.config.write_text(synced.shell.config.read_text() + pair)
    said = synced.shell("sync")
    assert said.code == 0, said.err
    club = next(shelf for shelf in synced.server.shelves.values() if shelf.name == "Club")
    assert [mapping("ical").read(one).title for one in club.members.values()] == ["Event 0"]
    assert synced.titles() == synced.shell.titles("x")
    assert synced.shell("sync", "--json").json["changes"] == []


def test_a_meeting_of_ones_own_is_held_at_apple(synced: Person) -> None:
    """Semantics 15: whether Apple heeds SCHEDULE-AGENT is not known."""
    people = (f"ORGANIZER:mailto:{USER}", "ATTENDEE:mailto:you@example.org")
    synced.server.user_put(f"{synced.work}m.ics", ics("m1", "Meeting", *people))
    assert synced.shell("sync").code == 0
    synced.shell.edit("x", "m1", title="Moved")
    writes = synced.writes()
    assert synced.shell("sync").code == 3
    assert synced.writes() == writes and "Meeting" in synced.titles()


# -- with a real server ------------------------------------------------------------------------------------------------


def test_between_apple_and_radicale(person: Person) -> None:
    with radicale() as real:
        real.make_calendar("Home")
        dav = f'[accounts.dav]\nprovider = "caldav"\nurl = "{real.url}"\nusername = "me"\npassword = "any"\n'
        account = ACCOUNT.format(user=USER, url=person.server.url)
        person.shell.config.write_text(SECRETS + account + dav + PAIR.format(a="dav/Home"))
        person.patch.setenv("CALSYNC_ACCOUNTS__APPLE__PASSWORD", PASSWORD)
        for n in range(3):
            person.server.user_put(f"{person.work}e{n}.ics", ics(f"u{n}", f"Event {n}"))
        assert person.shell("sync").code == 0
        said = person.shell("sync", "--json").json
        assert said["changes"] == [] and said["requests"]["apple"] == {"read": 1, "write": 0}
        person.server.move()
        person.edit("u0", "Event 0", "From Apple")
        person.server.user_delete(person.at_apple("u1"))
        assert person.shell("sync").code == person.shell("sync").code == 0
        shown = person.shell("events", "list", "--calendar", "dav/Home", "--json").json
        assert sorted(one["title"] for one in shown) == ["Event 2", "From Apple"]
        assert person.shell("sync", "--json").json["changes"] == []
