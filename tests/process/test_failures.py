"""What goes wrong in real life: one clear sentence, the right exit code, and nothing changed that should not be."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import ics
from tests.fakes.servers import Server, freeze, radicale
from tests.process import comparer
from tests.process.events import retitled
from tests.process.program import Program, Said, file_of, fill, quiet, writes


def some(count: int, prefix: str = "u") -> dict[str, bytes]:
    return {f"{prefix}{n}": ics(f"{prefix}{n}", f"Event {n}", start="20300105T090000") for n in range(count)}


class Folders(Program):
    """Two folders in sync, ten events in each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.x, self.y = self.vdir("x"), self.vdir("y")
        fill(self.x, some(10))
        self.pair("x/Home", "y/Home")
        self.sync()

    def contents(self) -> tuple[dict[str, bytes], dict[str, bytes]]:
        return comparer.folder(self.x), comparer.folder(self.y)

    def titles(self, side: Path) -> dict[str, str]:
        found = comparer.seen(comparer.folder(side).values())
        return {uid: title for uid, _, _, title, *_ in found}

    def retitle(self, side: Path, uid: str, title: str) -> None:
        file = file_of(side, uid)
        file.write_bytes(retitled(file.read_bytes(), title))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def complaint(said: Said, code: int, *words: str) -> str:
    """All that was said of a failure: this code, these words, no jargon of the machine."""
    text = said.out + said.err
    assert said.code == code, text
    for word in words:
        assert word in text, text
    assert "Error(" not in text and ".py" not in text
    assert len([line for line in text.splitlines() if line]) <= 4, text
    return text


# -- servers -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    with radicale(users={"me": "right"}) as running:
        yield running


def with_server(folder: Path, server: Server, calendar: str = "work", password: str = "right") -> tuple[Program, Path]:
    program = Program(folder)
    home = program.vdir("disk")
    fill(home, some(3))
    program.caldav("dav", server, password)
    server.make_calendar(calendar)
    program.pair("disk/Home", f"dav/{calendar}")
    return program, home


def test_a_server_that_is_down_fails_the_run_and_the_next_one_catches_up(tmp_path: Path, server: Server) -> None:
    program, home = with_server(tmp_path, server)
    program.sync()
    (home / "late.ics").write_bytes(ics("late", "Late"))
    before = comparer.folder(home)
    server.stop()
    complaint(program.run("sync"), 1, "cannot be reached")
    assert comparer.folder(home) == before
    server.start()
    program.sync()
    assert "late" in comparer.uids(comparer.members(server, "/me/work/").values())


def test_a_wrong_password_is_said_and_names_the_command_to_sign_in(tmp_path: Path, server: Server) -> None:
    program, home = with_server(tmp_path, server, password="wrong")
    before = comparer.folder(home)
    text = complaint(program.run("sync"), 5, "password in the configuration", "calsync config edit")
    assert "wrong" not in text
    assert comparer.folder(home) == before
    assert comparer.members(server, "/me/work/") == {}


def test_a_read_only_calendar_is_said_when_a_write_is_due(tmp_path: Path, server: Server) -> None:
    program, home = with_server(tmp_path, server, calendar="frozen")
    program.sync()
    freeze(server)
    assert quiet(program.sync())
    held = comparer.members(server, "/me/frozen/")
    file = file_of(home, "u1")
    file.write_bytes(retitled(file.read_bytes(), "New words"))
    before = comparer.folder(home)
    said = program.run("sync")
    assert said.code == 5, said.out + said.err
    assert "frozen" in said.out + said.err
    assert comparer.members(server, "/me/frozen/") == held
    assert comparer.folder(home) == before


# -- folders -----------------------------------------------------------------------------------------------------------


def test_an_emptied_folder_is_stopped_before_anything_is_deleted(folders: Folders) -> None:
    """G2."""
    for file in folders.y.glob("*.ics"):
        file.unlink()
    before = folders.contents()
    text = folders.run("sync")
    assert text.code == 4, text.out
    assert "lists no events at all" in text.out + text.err
    assert folders.contents() == before


def test_a_removed_folder_is_no_deletion(folders: Folders) -> None:
    """O2."""
    before = comparer.folder(folders.x)
    folders.y.rename(folders.folder / "elsewhere")
    complaint(folders.run("sync"), 1, "Home")
    assert comparer.folder(folders.x) == before
    assert not folders.y.exists()
    (folders.folder / "elsewhere").rename(folders.y)
    assert quiet(folders.sync())


# -- state -------------------------------------------------------------------------------------------------------------


def test_a_state_of_a_newer_version_is_left_alone(folders: Folders) -> None:
    with sqlite3.connect(folders.state / "calsync.db") as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(migration)")]
        last: list[Any] = list(db.execute("SELECT * FROM migration ORDER BY 1 DESC LIMIT 1").fetchone())
        db.execute(f"INSERT INTO migration VALUES ({','.join('?' * len(columns))})", [9999, *last[1:]])
    db.close()
    folders.retitle(folders.x, "u1", "New words")
    before = folders.contents()
    complaint(folders.run("sync"), 7, "newer")
    assert folders.contents() == before


def test_a_damaged_state_is_said_and_nothing_is_touched(folders: Folders) -> None:
    file = folders.state / "calsync.db"
    for extra in folders.state.glob("calsync.db-*"):
        extra.unlink()
    file.write_bytes(b"this is no database" * 1000)
    damaged = file.read_bytes()
    folders.retitle(folders.x, "u1", "New words")
    before = folders.contents()
    complaint(folders.run("sync"), 7, "damaged")
    assert folders.contents() == before
    assert file.read_bytes() == damaged


HOLD = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"


@pytest.mark.skipif(sys.platform == "win32", reason="holds the lock by flock")
def test_a_second_run_at_the_same_time_stops_without_a_request(tmp_path: Path, server: Server) -> None:
    """L1."""
    program, _ = with_server(tmp_path, server)
    program.sync()
    before = len((server.folder / "server.log").read_bytes())
    command = [sys.executable, "-c", HOLD, str(program.state / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        complaint(program.run("sync"), 6, "another calsync run", "nothing was touched")
        other.communicate("\n")
    assert len((server.folder / "server.log").read_bytes()) == before, "a request was sent"
    assert quiet(program.sync())
    assert len((server.folder / "server.log").read_bytes()) > before


# -- bad events --------------------------------------------------------------------------------------------------------


def test_bad_events_do_not_keep_the_good_ones_from_syncing(tmp_path: Path) -> None:
    """I17."""
    program = Program(tmp_path)
    x, y = program.vdir("x"), program.vdir("y")
    fill(x, some(100))
    (x / "broken.ics").write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:broken\r\nDTSTART:soon\r\n")
    twice = ics("twice", "Twice", start="20300301T090000")
    (x / "twice-1.ics").write_bytes(twice)
    (x / "twice-2.ics").write_bytes(retitled(twice, "Twice, otherwise"))
    zone = ics("zone", "Nowhere", start="20300301T090000").replace(b"Europe/Berlin", b"Middle-earth/Shire")
    (x / "zone.ics").write_bytes(zone)
    (x / "long.ics").write_bytes(ics("long", "Long", "DESCRIPTION:" + "x" * 1_000_000, start="20300301T090000"))
    program.pair("x/Home", "y/Home")
    before = comparer.folder(x)
    said = program.run("sync", "--json")
    assert said.code == 1, said.out[-2000:]
    there = comparer.uids(comparer.folder(y).values())
    assert set(some(100)) <= set(there) and "long" in there
    assert max(there.values()) == 1 and "broken" not in there
    listed = program.run("events", "list", "--status", "quarantined", "--json").json
    assert {Path(row["remote_id"]).name for row in listed} >= {"broken.ics", "zone.ics"}
    assert all(row["detail"] for row in listed), listed
    assert comparer.folder(x) == before
    assert writes(program.run("sync", "--json").json) == 0


# -- conflicts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "titles"),
    [
        (["--take", "a"], {"Mine"}), (["--take", "b"], {"Theirs"}), (["--take", "base"], {"Event 1"}),
        (["--take", "both"], {"Mine", "Theirs"}), (["--field", "title=b"], {"Theirs"}),
    ],
)
def test_a_conflict_waits_alone_and_each_answer_settles_it(
    folders: Folders, answer: list[str], titles: set[str]
) -> None:
    folders.retitle(folders.x, "u1", "Mine")
    folders.retitle(folders.y, "u1", "Theirs")
    folders.retitle(folders.y, "u2", "Not in conflict")
    folders.sync(code=3)
    assert (folders.titles(folders.x)["u1"], folders.titles(folders.y)["u1"]) == ("Mine", "Theirs")
    assert folders.titles(folders.x)["u2"] == "Not in conflict"
    (conflict,) = folders.run("conflicts", "list", "--json").json
    resolved = folders.run("conflicts", "resolve", str(conflict["id"]), *answer)
    assert resolved.code == 0, resolved.out + resolved.err
    others = {f"Event {n}" for n in range(10)} - {"Event 1", "Event 2"} | {"Not in conflict"}
    assert set(folders.titles(folders.y).values()) == others | titles
    left, right = folders.contents()
    apart = comparer.difference(left.values(), right.values())
    others_apart = [one for one in apart if "-calsync-copy-" not in one[1][0]]
    assert others_apart == [], "only the copy of --take both stays on its side (D1)"
    assert folders.run("conflicts", "list", "--json").json == []
    assert quiet(folders.sync())
