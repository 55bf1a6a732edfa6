"""I6 at servers that write to people: real Cyrus and SOGo, every message they send caught (semantics 15; facts 3).

Controls  the same meetings put by another client are mailed, before each story and after it; else no messages would
          prove nothing
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import ics
from tests.process import comparer
from tests.process.events import retitled
from tests.process.program import Program, fill, quiet
from tests.process.test_thousand import Members
from tests.servers.machine import asked
from tests.servers.test_real_sync import find, with_folder

MAILING = [name for name in asked() if name in ("cyrus", "sogo")]
ALICE, BOB, GUEST = "mailto:alice@example.org", "mailto:bob@example.org", "mailto:guest@elsewhere.example"
OWN = (f"ORGANIZER:{ALICE}", f"ATTENDEE;PARTSTAT=ACCEPTED:{ALICE}", f"ATTENDEE;RSVP=TRUE:{BOB}", f"ATTENDEE:{GUEST}")
GUESTS = (f"ORGANIZER:{GUEST}", f"ATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:{ALICE}")
BOBS = (f"ORGANIZER:{BOB}", f"ATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:{ALICE}")
on_cyrus = pytest.mark.parametrize("here", [name for name in MAILING if name == "cyrus"], indirect=True)
HOURS = "20300107T090000"
_PEOPLE = re.compile(rb"^(?:ATTENDEE|ORGANIZER)", re.MULTILINE)
_names = count(1)


def meeting(uid: str, *lines: str) -> bytes:
    return ics(uid, f"Meeting {uid}", *lines, start=HOURS)


def with_exception(uid: str) -> bytes:
    """A weekly meeting; its second time is later and has one guest more."""
    series = meeting(uid, *OWN, "RRULE:FREQ=WEEKLY;COUNT=5")
    part = re.search(rb"BEGIN:VEVENT.*END:VEVENT\r\n", series, re.DOTALL)
    assert part is not None
    moved = part[0].replace(b"RRULE:FREQ=WEEKLY;COUNT=5", b"RECURRENCE-ID;TZID=Europe/Berlin:20300114T090000")
    moved = moved.replace(b":20300107T090000", b":20300114T110000").replace(b":20300107T100000", b":20300114T120000")
    moved = moved.replace(b"END:VEVENT", b"ATTENDEE:mailto:late@elsewhere.example\r\nEND:VEVENT")
    return series.replace(part[0], part[0] + moved)


MEETINGS = {
    "own": meeting("own", *OWN),
    "own-series": with_exception("own-series"),
    "own-cancelled": meeting("own-cancelled", *OWN, "STATUS:CANCELLED"),
    "invited": meeting("invited", *BOBS),
    "accepted": meeting("accepted", f"ORGANIZER:{GUEST}", f"ATTENDEE;PARTSTAT=ACCEPTED:{ALICE}"),
    "declined": meeting("declined", f"ORGANIZER:{GUEST}", f"ATTENDEE;PARTSTAT=DECLINED:{ALICE}"),
    "of-others": meeting("of-others", f"ORGANIZER:{BOB}", f"ATTENDEE:{GUEST}"),
    "guests-alone": meeting("guests-alone", f"ATTENDEE:{BOB}", f"ATTENDEE:{GUEST}"),
    "organizer-alone": meeting("organizer-alone", f"ORGANIZER:{ALICE}"),
    "by-agent": meeting("by-agent", *(line.replace(":mailto", ";SCHEDULE-AGENT=CLIENT:mailto", 1) for line in OWN)),
}

BESIDE = {"beside": meeting("beside")}
"""Nobody is invited. A calendar that loses its only event would be stopped for that (G2)."""


def mailed_by_another_client(side: Members) -> None:
    """REQUEST to both guests when made, CANCEL to both when deleted."""
    before = side.server.mails()  # type: ignore[attr-defined]
    name = f"{side.calendar}control-{next(_names)}.ics"
    side.write(name, meeting(f"control-{next(_names)}", *OWN))
    side.remove(name)
    new = list(side.server.mails())  # type: ignore[attr-defined]
    for mail in before:
        new.remove(mail)
    people = (BOB.removeprefix("mailto:"), GUEST.removeprefix("mailto:"))
    assert new == sorted((kind, person) for kind in ("REQUEST", "CANCEL") for person in people)


@pytest.fixture(params=MAILING)
def here(request: pytest.FixtureRequest, running: Callable[[str], Any]) -> Iterator[Members]:
    server = running(request.param)
    side = Members(server, server.make_calendar(f"mail-{next(_names)}"))
    mailed_by_another_client(side)
    yield side
    mailed_by_another_client(side)
    server.raw("DELETE", side.calendar)


def without_people(side: Members) -> bool:
    return not any(_PEOPLE.search(payload) for payload in side.read().values())


def moved(payload: bytes) -> bytes:
    """An hour and a half later; the exception stays where it is."""
    return payload.replace(b"DTSTART;TZID=Europe/Berlin:20300107T090000", b"DTSTART;TZID=Europe/Berlin:20300107T093000")


def placed(payload: bytes) -> bytes:
    return payload.replace(b"END:VEVENT", b"LOCATION:Room 4\r\nEND:VEVENT")


def test_a_folder_full_of_meetings_is_kept_in_sync_and_nobody_hears_of_it(tmp_path: Path, here: Members) -> None:
    before = here.server.mails()  # type: ignore[attr-defined]
    program = Program(tmp_path)
    home = with_folder(program, here)
    fill(home.path, MEETINGS)
    assert program.sync()["pairs"][0]["b"]["created"] == len(MEETINGS)
    assert without_people(here)
    for change in (lambda payload: retitled(payload, "Another title"), moved, placed):
        for name, payload in home.read().items():
            home.write(name, change(payload))
        assert {c["outcome"] for c in program.sync()["changes"]} == {"confirmed"}
    assert without_people(here)
    for uid in ("own", "invited", "own-series"):
        name, payload = find(here, uid)
        here.write(name, retitled(payload, "Edited at the server"))
    program.sync()
    for uid in ("own", "invited"):
        home.remove(find(home, uid)[0])
    for uid in ("own-series", "accepted"):
        here.remove(find(here, uid)[0])
    program.sync()
    assert len(here.read()) == len(home.read()) == len(MEETINGS) - 4
    for uid in ("own", "own-series"):
        home.write(f"again-{uid}.ics", MEETINGS[uid])
    program.sync()
    assert len(here.read()) == len(MEETINGS) - 2 and without_people(here)
    assert here.server.mails() == before  # type: ignore[attr-defined]


@pytest.mark.parametrize("lines", [OWN, GUESTS], ids=["host", "guest"])
def test_a_meeting_of_the_servers_own_is_read_and_every_write_to_it_is_held(
    tmp_path: Path, here: Members, lines: tuple[str, ...]
) -> None:
    name = f"{here.calendar}native.ics"
    here.write(name, meeting("native", *lines))
    program = Program(tmp_path)
    home = with_folder(program, here)
    fill(home.path, BESIDE)
    program.sync()
    there, mails = here.read(), here.server.mails()  # type: ignore[attr-defined]
    file, payload = find(home, "native")
    for change in (retitled(payload, "Edited in the folder"), moved(payload), None):
        if change is None:
            home.remove(file)
        else:
            home.write(file, change)
        said = program.run("sync")
        assert said.code == 3 and "would mail the guests" in said.out, said.out + said.err
        assert here.read() == there and here.server.mails() == mails  # type: ignore[attr-defined]
        assert program.run("sync").code == 3
    assert here.server.mails() == mails  # type: ignore[attr-defined]


@on_cyrus
def test_what_people_do_to_a_meeting_at_the_server_arrives_and_is_not_answered(tmp_path: Path, here: Members) -> None:
    name = f"{here.calendar}native.ics"
    here.write(name, meeting("native", *OWN))
    program = Program(tmp_path)
    home = with_folder(program, here)
    fill(home.path, BESIDE)
    program.sync()
    here.write(name, retitled(here.read()[name], "Edited at the server"))
    program.sync()
    assert b"SUMMARY:Edited at the server" in find(home, "native")[1]
    here.remove(name)
    mails = here.server.mails()  # type: ignore[attr-defined]
    program.sync()
    assert set(comparer.uids(home.read().values())) == set(BESIDE)
    assert quiet(program.sync()) and here.server.mails() == mails  # type: ignore[attr-defined]


@on_cyrus
def test_what_is_taken_back_or_brought_back_invites_nobody_again(tmp_path: Path, here: Members) -> None:
    """U1, U2, I6: a meeting of the server's own and one of the folder, deleted where they were made."""
    name = f"{here.calendar}native.ics"
    here.write(name, meeting("native", *OWN))
    program = Program(tmp_path)
    home = with_folder(program, here)
    fill(home.path, {**BESIDE, "own": MEETINGS["own"], "invited": MEETINGS["invited"]})
    program.sync()
    here.remove(name)
    home.remove(find(home, "own")[0])
    program.sync()
    mails = here.server.mails()  # type: ignore[attr-defined]
    left, all_ = {"beside", "invited"}, {"beside", "invited", "own", "native"}
    for words, at_server, in_folder in (
        (("undo", "--yes"), {*left, "own"}, {*left, "native"}),  # what the run wrote, and not what people did
        (("undo", "--yes"), left, left),
        (("restore", "native", "--yes"), {*left, "native"}, {*left, "native"}),
        (("restore", "own", "--yes"), all_, all_),
    ):
        said = program.run(*words)
        assert said.code == 0, (words, said.out + said.err)
        program.sync()
        assert set(comparer.uids(here.read().values())) == at_server, words
        assert set(comparer.uids(home.read().values())) == in_folder, words
        assert without_people(here) and here.server.mails() == mails  # type: ignore[attr-defined]


@pytest.mark.skipif("cyrus" not in MAILING, reason="without Cyrus")
def test_an_invitation_that_arrives_in_a_copy_of_ours_makes_it_a_meeting_whose_writes_are_held(
    tmp_path: Path, running: Callable[[str], Any]
) -> None:
    """Cyrus puts an invitation where its UID is: our copy gets people by that, and writing it would answer them."""
    server = running("cyrus")
    here = Members(server, server.make_calendar(f"mail-{next(_names)}"))
    program = Program(tmp_path)
    home = with_folder(program, here)
    fill(home.path, {**BESIDE, "invited": meeting("invited", *BOBS)})
    program.sync()
    assert without_people(here)
    invites = server.as_("bob", "PUT", "/dav/calendars/user/bob/Default/invited.ics", meeting("invited", *BOBS))
    assert invites.status_code == 201
    assert not without_people(here), "the control: the invitation came into our copy"
    program.sync()
    there, mails = here.read(), server.mails()
    file, payload = find(home, "invited")
    for change in (retitled(payload, "Edited in the folder"), None):
        if change is None:
            home.remove(file)
        else:
            home.write(file, change)
        assert program.run("sync").code == 3
        assert here.read() == there and server.mails() == mails
    server.raw("DELETE", here.calendar)
