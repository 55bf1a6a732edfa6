"""The n-th file operation fails, for n = 1, 2, ... until a run passes without meeting it (test-plan 3, L6).

Run     `python -m tests.storage.loop KIND...` with the shim preloaded; `tests.storage.faults` does that
Each n  a copy of the same two folders and state; a process of its own runs while the n-th operation on any file of them
        fails, is cut in half, or kills it; then runs without a fault, until they rest
Wanted  never a traceback; both folders as if nothing had failed; nothing twice, no left-over, a sound database, no row
        open, and a further run that writes nothing
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from calsync_cli.api import Workspace, open_workspace
from calsync_cli.config.load import load
from calsync_cli.engine.report import Report
from calsync_cli.engine.state import Wish
from calsync_cli.errors import CalsyncError
from calsync_cli.mapping.registry import mapping
from calsync_cli.ports import system_ports
from tests.engine.world import ics

ONCE, ON, HALF, KILL_BEFORE, KILL_AFTER = range(5)
MODES = {
    "EIO": (errno.EIO, ONCE), "ENOSPC": (errno.ENOSPC, ONCE), "full from then on": (errno.ENOSPC, ON),
    "half written": (errno.EIO, HALF), "killed before": (0, KILL_BEFORE), "killed after": (0, KILL_AFTER),
}
Job = Callable[[Workspace], Report]
YES = Wish(yes=True)


class Desk:
    """Two folders in a pair, with their state, always at the same place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "desk"
        self.config = self.folder / "config.toml"
        self.state = self.folder / "state"

    def make(self) -> None:
        for side in "xy":
            (self.folder / side / "Home").mkdir(parents=True)
        self.state.mkdir()
        accounts = "".join(f'[accounts.{s}]\nprovider = "vdir"\npath = "{self.folder / s}"\n' for s in "xy")
        rules = 'first_sync = "auto"\ndelete_limit = { count = 20, percent = 100 }\n'
        self.config.write_text(f'{accounts}[pairs.home]\na = "x/Home"\nb = "y/Home"\n{rules}')
        self.config.chmod(0o600)

    def home(self, side: str) -> Path:
        return self.folder / side / "Home"

    def put(self, side: str, uid: str, title: str) -> None:
        (self.home(side) / f"{uid}.ics").write_bytes(ics(uid, title, start="20300105T090000"))

    def file(self, side: str, uid: str) -> Path:
        return next(f for f in self.home(side).glob("*.ics") if f"UID:{uid}\r\n".encode() in f.read_bytes())

    def edit(self, side: str, uid: str, title: str) -> None:
        file = self.file(side, uid)
        file.write_bytes(mapping("ical").edit(file.read_bytes(), {"title": title}))

    def titles(self) -> dict[str, list[str]]:
        return {
            side: sorted(mapping("ical").read(f.read_bytes()).title for f in self.home(side).glob("*.ics"))
            for side in "xy"
        }

    def left_over(self) -> list[Path]:
        return [f for side in "xy" for f in self.home(side).iterdir() if f.suffix != ".ics" and f.name != ".calsync"]

    def unsound(self) -> str:
        with closing(sqlite3.connect(self.state / "calsync.db")) as db:
            found = str(db.execute("PRAGMA integrity_check").fetchone()[0])
            open_rows = db.execute("SELECT count(*) FROM operation WHERE state = 'sent'").fetchone()[0]
        return "" if found == "ok" and not open_rows else f"{found}, {open_rows} rows open"


def sync(work: Workspace) -> Report:
    return work.sync([], YES)


def undo(work: Workspace) -> Report:
    return work.undo(2, Wish(yes=True, trigger="undo 2"))


def put_back(work: Workspace) -> Report:
    return work.restore_pair("home", Wish(yes=True, trigger="restore --pair home"))


# -- what is done while files fail -------------------------------------------------------------------------------------


def _events(desk: Desk) -> None:
    for number in range(4):
        desk.put("x", f"u{number}", f"Event {number}")
    desk.put("y", "u9", "Event 9")


def _agreed(desk: Desk) -> None:
    _events(desk)
    alone(desk, sync)


def _edits(desk: Desk) -> None:
    desk.put("x", "new1", "New 1")
    desk.put("y", "new2", "New 2")
    desk.edit("x", "u0", "Edited on x")
    desk.edit("y", "u1", "Edited on y")
    desk.file("y", "u2").unlink()


def _agreed_and_edits(desk: Desk) -> None:
    _agreed(desk)
    _edits(desk)


def _edits_done(desk: Desk) -> None:
    _agreed_and_edits(desk)
    alone(desk, sync)


def _deleted(desk: Desk) -> None:
    _agreed(desk)
    for number in range(3):
        desk.file("x", f"u{number}").unlink()


KINDS: dict[str, tuple[Callable[[Desk], None], Job]] = {
    "first sync": (_events, sync), "edits": (_agreed_and_edits, sync), "undo": (_edits_done, undo),
    "put back": (_deleted, put_back),
}


# -- one process -------------------------------------------------------------------------------------------------------


def shim() -> Any:
    library = ctypes.CDLL(None)
    if not hasattr(library, "shim_arm"):
        sys.exit("the shim is not preloaded; run: python -m tests.storage")
    return library


def alone(desk: Desk, job: Job, at: int = 0, mode: str = "EIO") -> dict[str, Any]:
    """The job in a process of its own: {"code", "words", "next", "count", "writes"} or {"killed"} or {"trace"}."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        said: dict[str, Any] = {}
        library = shim()
        try:
            library.shim_root(str(desk.folder).encode())
            library.shim_arm(at, *MODES[mode])
            said = _worked(desk, job)
        except CalsyncError as err:
            said = {"code": err.exit_code, "words": str(err), "next": err.next}
        except BaseException:
            said = {"trace": traceback.format_exc()[-1500:]}
        finally:
            said["count"] = library.shim_count()
            library.shim_arm(0, 0, 0)
            os.write(told, json.dumps(said).encode())
            os._exit(0)
    os.close(told)
    with os.fdopen(answer, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else {"killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL}


def _worked(desk: Desk, job: Job) -> dict[str, Any]:
    work = open_workspace(load(desk.config, {}), desk.state, system_ports(), {})
    try:
        report = job(work)
    finally:
        work.close()
    writes = sum(count["write"] for count in report.requests.values())
    words = [problem.message for problem in report.problems]
    return {"code": report.exit_code, "words": "; ".join(words), "next": "-", "writes": writes}


# -- one loop ----------------------------------------------------------------------------------------------------------


class Loop:
    def __init__(self, folder: Path, kind: str) -> None:
        self.desk = Desk(folder)
        self.kind = kind
        before, self.job = KINDS[kind]
        self.desk.make()
        before(self.desk)
        self.kept = folder / "kept"
        shutil.copytree(self.desk.folder, self.kept)
        said = alone(self.desk, self.job)
        assert said.get("code") == 0, said
        self.operations = int(said["count"])
        self.settle()
        self.expected = self.desk.titles()
        self.words: set[str] = set()

    def again(self) -> None:
        shutil.rmtree(self.desk.folder)
        shutil.copytree(self.kept, self.desk.folder)

    def settle(self) -> str:
        """Runs without a fault until one rests; what went wrong, or ""."""
        for number in range(4):
            said = alone(self.desk, self.job if number == 0 else sync)
            if said.get("code") not in (0, 3):
                return f"the run after it: {said}"
            if number and not said["writes"]:
                return ""
        return "it never rests"

    def strike(self, at: int, mode: str) -> str:
        """What is wrong afterwards, or ""."""
        self.again()
        said = alone(self.desk, self.job, at, mode)
        if "trace" in said:
            return str(said["trace"])
        if said.get("code") and not said["next"]:
            return f"no next command: {said}"
        if said.get("words"):
            self.words.add(str(said["words"]))
        wrong = self.settle()
        if wrong:
            return wrong
        if self.desk.titles() != self.expected:
            return f"{self.desk.titles()}\n    instead of {self.expected}"
        return self.desk.unsound() or self.swept()

    def swept(self) -> str:
        """What could not be removed when it should be goes when it is old."""
        for path in self.desk.left_over():
            os.utime(path, (1_000_000_000, 1_000_000_000))
        alone(self.desk, sync)
        return ", ".join(path.name for path in self.desk.left_over())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storage.loop")
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--stride", type=int, default=1, help="every n-th operation only")
    parser.add_argument("--modes", nargs="*", default=list(MODES))
    parser.add_argument("--words", action="store_true", help="print what the runs said")
    given = parser.parse_args()
    points = bad = 0
    for kind in given.kinds:
        with tempfile.TemporaryDirectory(prefix="calsync-storage-") as folder:
            loop = Loop(Path(folder), kind)
            for number, mode in enumerate(given.modes):
                for at in range(1 + number % given.stride, loop.operations + 1, given.stride):
                    points += 1
                    wrong = loop.strike(at, mode)
                    if wrong:
                        bad += 1
                        print(f"{kind}, operation {at} of {loop.operations}, {mode}: {wrong}", flush=True)
            if given.words:
                print(*sorted(loop.words), sep="\n")
            print(f"{kind}: {loop.operations} file operations", flush=True)
    print(f"{points:,} faults, {bad} violations")
    return 1 if bad or not points else 0


if __name__ == "__main__":
    sys.exit(main())
