"""Whole commands between real Cyrus, DAViCal or SOGo and another side: what people do on both, and then the rest."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import ics
from tests.fakes.servers import Server, radicale
from tests.process import comparer
from tests.process.events import events, retitled
from tests.process.program import Program, fill, quiet
from tests.process.test_thousand import ASK_ONCE, Folder, Members, Side, check_whole_life
from tests.servers.machine import asked

ECHO_S = {"Sogo": 2.5}
"""For how long a delta goes on to name what was just written: SOGo counts in seconds. What we wrote ourselves is then
looked at once more by the run after."""
BOTH = ("In the folder", "At the server")
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_names = count(1)


@pytest.fixture
def here(server: Server) -> Iterator[Members]:
    """A calendar that goes with the test: Cyrus takes a UID once for all calendars of a person (facts 2)."""
    calendar = server.make_calendar(f"sync-{next(_names)}")
    yield Members(server, calendar)
    server.raw("DELETE", calendar)


def some(side: Members, seed: int, number: int) -> dict[str, bytes]:
    """SOGo folds lines anew between the two halves of a character beyond U+FFFF and then stores "(null)" (5.8)."""
    made = events(seed, number)
    if type(side.server).__name__ != "Sogo":
        return made
    return {uid: _ASTRAL.sub("*", payload.decode()).encode() for uid, payload in made.items()}


def only(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("server", [each for each in asked() if each == name], indirect=True)


def name_of(side: Members) -> str:
    return side.calendar.rstrip("/").rpartition("/")[2]


def rests(program: Program, side: Members) -> Any:
    """The report of a run in which nothing is asked but once, and nothing is done (I3)."""
    if echo_s := ECHO_S.get(type(side.server).__name__):
        time.sleep(echo_s)
        assert quiet(program.sync())
    report = program.sync()
    assert quiet(report)
    assert all(counts == ASK_ONCE for name, counts in report["requests"].items() if name != "disk"), report["requests"]
    return report


def first_sync(program: Program, side: Members) -> None:
    """DAViCal answers 500 to one of two events that bring a new zone at the same time: the next run brings that one."""
    told = program.run("sync")
    if type(side.server).__name__ == "Davical" and told.code == 1:
        assert "had a fault of its own (500), so it may or may not be written" in told.out
        told = program.run("sync")
    assert told.code == 0, told.out + told.err


def with_folder(program: Program, side: Members) -> Folder:
    home = program.vdir("disk")
    program.caldav("dav", side.server)
    program.pair("disk/Home", f"dav/{name_of(side)}", tie="keep-both")
    return Folder(home)


def test_events_of_all_kinds_go_both_ways_between_it_and_radicale(tmp_path: Path, here: Members) -> None:
    """I3, I4, I5, I16, X5, X12. A third of them on each side, a third on both."""
    made = some(here, 3, 64)
    with radicale() as other:
        program = Program(tmp_path)
        program.caldav("dav", here.server)
        program.caldav("other", other)
        there = Members(other, other.make_calendar("work"))
        for n, payload in enumerate(made.values()):
            for side in ((here,), (there,), (here, there))[n % 3]:
                side.write(f"{side.calendar}e{n}.ics", payload)
        program.pair(f"dav/{name_of(here)}", "other/work")
        first_sync(program, here)
        assert comparer.difference(made.values(), here.read().values()) == []
        check_whole_life(program, here, there, set(made))
        rests(program, here)


@only("cyrus")
def test_two_hundred_events_of_a_folder_live_there_and_rest(tmp_path: Path, here: Members) -> None:
    made = events(seed=4, count=200)
    program = Program(tmp_path)
    home = with_folder(program, here)
    fill(home.path, made)
    first = program.sync()
    assert first["pairs"][0]["b"]["created"] == 200
    assert comparer.difference(made.values(), home.read().values()) == []
    check_whole_life(program, home, here, set(made))
    rests(program, here)


def test_the_same_field_changed_on_both_sides_ends_in_a_copy_of_each(tmp_path: Path, here: Members) -> None:
    """I1, D1."""
    made = some(here, 5, 16)
    program = Program(tmp_path)
    home = with_folder(program, here)
    fill(home.path, made)
    first_sync(program, here)
    for side, words in ((home, BOTH[0]), (here, BOTH[1])):
        for n, uid in enumerate(list(made)[:4]):
            name, payload = find(side, uid)
            side.write(name, retitled(payload, f"{words} {n}"))
    program.sync()
    for n in range(4):
        kept = [[side for side in (home, here) if said(side, f"{words} {n}")] for words in BOTH]
        assert sorted(map(len, kept)) == [1, 2], "one is agreed, the other a copy where it was written"
    rests(program, here)


def said(side: Side, words: str) -> bool:
    return any(words in title for _, _, _, title, *_ in comparer.seen(side.read().values()))


def find(side: Side, uid: str) -> tuple[str, bytes]:
    return next((name, payload) for name, payload in side.read().items() if comparer.uids([payload])[uid])


@only("sogo")
def test_an_event_that_sogo_loses_is_told_and_stays_whole_in_the_folder(tmp_path: Path, here: Members) -> None:
    """I1, I8, F4: see `some`."""
    program = Program(tmp_path)
    home = with_folder(program, here)
    lost = ics("lost", "To the moon", f"DESCRIPTION:{'🚀' * 100}")
    fill(home.path, {"beside": ics("beside", "Beside"), "lost": lost})
    before = home.read()
    told = program.run("sync")
    assert told.code == 1
    assert '"To the moon"' in told.out and "the server stored something else than was sent" in told.out
    assert sorted(here.read().values())[0] == b"(null)", "the control: SOGo has lost it"
    for _ in range(2):
        program.run("sync")
        assert home.read() == before
    assert quiet(program.run("sync", "--json").json)


@only("cyrus")
def test_a_moment_without_length_is_refused_alone_and_not_sent_again(tmp_path: Path, here: Members) -> None:
    """I3, I14, I16: Cyrus takes no event that ends when it begins (facts 2); a minute more would be another time."""
    program = Program(tmp_path)
    home = with_folder(program, here)
    fill(home.path, {"beside": ics("beside", "Beside"), "moment": ics("moment", "The moment", hours=0)})
    told = program.run("sync")
    assert told.code == 1 and '"The moment"' in told.out and "does not take it for a valid event" in told.out
    assert set(comparer.uids(here.read().values())) == {"beside"}
    again = program.run("sync", "--json").json
    assert again["requests"]["dav"]["write"] == 0
