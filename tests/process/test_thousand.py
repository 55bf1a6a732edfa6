"""A calendar of a thousand events of all kinds, and what people then do to it, between a folder and real servers."""

from __future__ import annotations

import random
from pathlib import Path

from tests.fakes.servers import Server, radicale, xandikos
from tests.process import comparer
from tests.process.events import events, retitled
from tests.process.program import Program, fill, quiet

FUTURE = b":2030"
ASK_ONCE = {"read": 1, "write": 0}


class Folder:
    """One side as another program on it sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, bytes]:
        return comparer.folder(self.path)

    def write(self, name: str, payload: bytes) -> None:
        (self.path / name).write_bytes(payload)

    def remove(self, name: str) -> None:
        (self.path / name).unlink()


class Members:
    def __init__(self, server: Server, calendar: str) -> None:
        self.server, self.calendar = server, calendar

    def read(self) -> dict[str, bytes]:
        return comparer.members(self.server, self.calendar)

    def write(self, name: str, payload: bytes) -> None:
        answer = self.server.raw("PUT", name, payload, {"Content-Type": "text/calendar; charset=utf-8"})
        assert answer.status_code in (200, 201, 204), answer.text

    def remove(self, name: str) -> None:
        assert self.server.raw("DELETE", name).status_code in (200, 204)


Side = Folder | Members


def people_at_work(dice: random.Random, a: Side, b: Side, edits: int = 10, deletions: int = 5) -> set[str]:
    """Edits and deletions on both sides, each of another event. Returns the UIDs that must be gone afterwards."""
    held = {side: {_uid(p): (name, p) for name, p in side.read().items()} for side in (a, b)}
    chosen = dice.sample(sorted(u for u, (_, p) in held[a].items() if FUTURE in p), 2 * (edits + deletions))
    gone = set()
    for n, uid in enumerate(chosen):
        side = (a, b)[n % 2]
        name, payload = held[side][uid]
        if n < 2 * edits:
            side.write(name, retitled(payload, f"Neu ✏️ {n}"))
        else:
            side.remove(name)
            gone.add(uid)
    return gone


def _uid(payload: bytes) -> str:
    (found,) = comparer.uids([payload])
    return found


def check_whole_life(program: Program, a: Side, b: Side, expected: set[str]) -> None:
    assert comparer.difference(a.read().values(), b.read().values()) == []
    assert set(comparer.uids(b.read().values())) == expected
    gone = people_at_work(random.Random(7), a, b)
    report = program.sync()
    assert [change["outcome"] for change in report["changes"]] == ["confirmed"] * 30
    left_a, left_b = a.read().values(), b.read().values()
    assert comparer.difference(left_a, left_b) == []
    assert comparer.uids(left_a) == dict.fromkeys(expected - gone, 1) == comparer.uids(left_b)
    assert sum("Neu ✏️ " in payload.decode() for payload in left_b) == 20


def test_a_thousand_events_of_a_folder_reach_radicale_live_there_and_rest(tmp_path: Path) -> None:
    """I3, I4, I5, I16, X5, X12."""
    made = events(seed=1, count=1000)
    with radicale() as server:
        program = Program(tmp_path)
        home = program.vdir("disk")
        fill(home, made)
        program.caldav("dav", server)
        calendar = server.make_calendar("work")
        program.pair("disk/Home", "dav/work")
        first = program.sync()
        assert first["pairs"][0]["b"]["created"] == 1000
        assert comparer.difference(made.values(), comparer.folder(home).values()) == []
        check_whole_life(program, Folder(home), Members(server, calendar), set(made))
        resting = program.sync()
        assert quiet(resting)
        assert resting["requests"]["dav"] == ASK_ONCE


def test_three_hundred_events_go_both_ways_between_two_kinds_of_server(tmp_path: Path) -> None:
    """Half of them on each side, some on both. 300, since Xandikos makes a commit of each write."""
    made = events(seed=2, count=300)
    with radicale() as one, xandikos() as other:
        program = Program(tmp_path)
        program.caldav("one", one)
        program.caldav("other", other)
        a, b = Members(one, one.make_calendar("work")), Members(other, other.make_calendar("work"))
        for n, payload in enumerate(made.values()):
            for side in ((a,), (b,), (a, b))[n % 3]:
                side.write(f"{side.calendar}e{n}.ics", payload)
        program.pair("one/work", "other/work")
        program.sync()
        assert comparer.difference(made.values(), a.read().values()) == []
        check_whole_life(program, a, b, set(made))
        resting = program.sync()
        assert quiet(resting)
        assert resting["requests"] == {"one": ASK_ONCE, "other": ASK_ONCE}
