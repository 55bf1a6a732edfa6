"""A power cut in the middle of a commit: what was not synced yet is lost, torn or out of order (test-plan 3, L6).

How     every commit of a run is copied aside as two files before it and after it (database and write-ahead log). Of the
        frames that the commit added, every disk state is made that a cut can leave: any number of them there, the last
        one cut, one of them missing among the others, rubbish behind them. A checkpoint is cut after each of its pages
Wanted  SQLite opens each of them sound, as it was either before or after the commit, and after it where all is there
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from calsync_cli.store.db import connect, open_connection
from tests.crash.scenarios import BY_NAME, Scenario
from tests.engine.faulty_world import FaultyWorld

HEADER, FRAME_HEADER = 32, 24


@dataclass(frozen=True)
class Disk:
    """The two files as they are on the disk."""

    database: bytes
    log: bytes


@dataclass
class Commit:
    """kind: the tables it wrote to."""

    before: Disk
    after: Disk
    kind: str


@dataclass
class Recorder:
    """Copies the files of a world's database at each commit."""

    file: Path
    commits: list[Commit] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)

    def disk(self) -> Disk:
        log = self.file.with_name(self.file.name + "-wal")
        return Disk(self.file.read_bytes(), log.read_bytes() if log.exists() else b"")

    def heard(self, sql: str) -> None:
        words = sql.split()
        if words and words[0] in ("INSERT", "UPDATE", "DELETE"):
            self.tables.add(words[1] if words[0] == "UPDATE" else words[2])


def recorded(scenario: Scenario, folder: Path) -> list[Commit]:
    """The commits of one run of this scenario, on real files."""
    world = scenario.world()
    file = folder / "calsync.db"
    _on_disk(world, file)
    if scenario.before is not None:
        scenario.before(world)
        world.run()
    scenario.then(world)
    recorder = Recorder(file)
    world.db._connection.set_trace_callback(recorder.heard)
    before_commit, after_commit = world.db.before_commit, world.db.after_commit
    held: list[Disk] = []

    def before() -> None:
        before_commit()
        held[:] = [recorder.disk()]

    def after() -> None:
        after_commit()
        found = Commit(held[0], recorder.disk(), "+".join(sorted(recorder.tables)) or "nothing")
        recorder.tables.clear()
        if found.after != found.before:
            recorder.commits.append(found)

    world.db.before_commit, world.db.after_commit = before, after  # type: ignore[method-assign]
    world.crash_run(scenario.errand, **({"full": True} if scenario.errand is None else {}))
    world.db.close()
    return recorder.commits


def _on_disk(world: FaultyWorld, file: Path) -> None:
    """The world's database lives in a file from now on; the log is never folded back by itself."""
    world.db.close()
    world._hook(open_connection(str(file), world.ports))
    world.db.run("PRAGMA wal_autocheckpoint = 0")


Cuts = Callable[[Commit], Iterator[tuple[str, Disk, bool]]]


# -- what a cut leaves -------------------------------------------------------------------------------------------------


def cuts(commit: Commit) -> Iterator[tuple[str, Disk, bool]]:
    """(in words, what is on the disk, whether all of the commit is there)."""
    old, new = len(commit.before.log), len(commit.after.log)
    base = commit.before.database
    size = FRAME_HEADER + struct.unpack(">I", commit.after.log[8:12])[0]
    frames = [(at, at + size) for at in range(max(old, HEADER), new, size)]
    log = commit.after.log
    for number, (start, end) in enumerate(frames):
        yield f"cut behind frame {number} of {len(frames)}", Disk(base, log[:start]), False
        for part in (1, FRAME_HEADER, size // 2, size - 1):
            yield f"frame {number} cut at byte {part}", Disk(base, log[: start + part]), False
        yield f"frame {number} not there, those behind it are", Disk(base, _zeros(log, start, end)), False
        for byte in (start + 2, start + FRAME_HEADER + 7, end - 3):
            yield f"a bit of frame {number} turned", Disk(base, _turned(log, byte)), False
    if len(frames) > 1:
        (a, b), (c, d) = frames[0], frames[-1]
        mixed = log[:a] + log[c:d] + log[b:c] + log[a:b] + log[d:]
        yield "first and last frame in each other's place", Disk(base, mixed), False
    yield "all there", Disk(base, log), True
    yield "all there, and rubbish behind it", Disk(base, log + b"rubbish" * 800), True


def checkpoints(commit: Commit) -> Iterator[tuple[str, Disk, bool]]:
    """The log is being folded into the database, page by page, and the cut comes in between; the log is still whole."""
    log, base = commit.after.log, bytearray(commit.after.database)
    page = struct.unpack(">I", log[8:12])[0]
    for at in range(HEADER, len(log) - page, FRAME_HEADER + page):
        number = struct.unpack(">I", log[at : at + 4])[0]
        start, body = (number - 1) * page, log[at + FRAME_HEADER : at + FRAME_HEADER + page]
        base.extend(bytes(max(0, start + page - len(base))))
        base[start : start + page // 2] = body[: page // 2]
        yield f"page {number} half folded back", Disk(bytes(base), log), True
        base[start : start + page] = body


def _zeros(log: bytes, start: int, end: int) -> bytes:
    return log[:start] + bytes(end - start) + log[end:]


def _turned(log: bytes, at: int) -> bytes:
    return log[:at] + bytes([log[at] ^ 0x10]) + log[at + 1 :]


# -- what is found afterwards ------------------------------------------------------------------------------------------


def content(disk: Disk, folder: Path) -> str:
    """A digest of all rows as a new process finds them; raises where the database is not sound."""
    file = folder / "cut.db"
    for end, data in (("", disk.database), ("-wal", disk.log)):
        file.with_name(file.name + end).write_bytes(data)
    file.with_name(file.name + "-shm").unlink(missing_ok=True)
    with closing(connect(str(file), _NO_PORTS)) as database:
        assert database.value("PRAGMA integrity_check") == "ok"
        assert not database.all("PRAGMA foreign_key_check")
        with closing(sqlite3.connect(file)) as raw:
            return hashlib.sha256("\n".join(raw.iterdump()).encode("utf-8", "surrogateescape")).hexdigest()


_NO_PORTS = FaultyWorld("a").ports


def check(commit: Commit, folder: Path, made: Cuts = cuts, every: int = 1) -> int:
    """How many disk states were looked at. AssertionError for one that is neither before nor after."""
    before, after = content(commit.before, folder), content(commit.after, folder)
    count = 0
    for words, disk, whole in list(made(commit))[::-every]:
        count += 1
        found = content(disk, folder)
        assert found == after if whole else found in (before, after), f"{commit.kind}: {words}"
    return count


def loop(names: list[str] | None = None, *, once: bool = False, every: int = 1) -> tuple[int, int, set[str]]:
    """(commits, disk states, kinds of transaction) of these scenarios; once: only the first commit of each kind; every:
    only every n-th of its disk states, from the last one on."""
    seen: set[str] = set()
    commits = states = 0
    with tempfile.TemporaryDirectory(prefix="calsync-torn-") as name:
        for number, scenario in enumerate(BY_NAME.values()):
            if names is not None and scenario.name not in names:
                continue
            folder = Path(name) / str(number)
            folder.mkdir()
            for commit in recorded(scenario, folder):
                if once and commit.kind in seen:
                    continue
                seen.add(commit.kind)
                commits += 1
                states += check(commit, folder, cuts, every) + check(commit, folder, checkpoints, every)
    return commits, states, seen
