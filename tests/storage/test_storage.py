"""L6: a power cut, a failing, full or read-only disk, another program on the database. Nothing is lost, and the run
after it ends as if nothing had been; `python -m tests.storage` goes through every operation and every disk state.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from calsync_cli.api import open_workspace
from calsync_cli.config.load import load
from calsync_cli.engine.state import Wish
from calsync_cli.errors import StoreError
from calsync_cli.ports import system_ports
from tests.process import comparer
from tests.process.program import Program, fill, writes
from tests.process.test_failures import some
from tests.storage import faults, torn
from tests.storage.loop import KINDS, MODES

LIMITED = """
import resource, runpy, sys
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
sys.argv = ["calsync", *sys.argv[2:]]
runpy.run_module("calsync_cli", run_name="__main__")
"""


def run_limited(program: Program, size: int) -> subprocess.CompletedProcess[str]:
    """One sync of this program with files of no more than so many bytes."""
    program._write()
    words = ["-c", str(program.config), "--state-dir", str(program.state), "sync"]
    done = subprocess.run([sys.executable, "-c", LIMITED, str(size), *words], check=False, text=True,
                          capture_output=True, stdin=subprocess.DEVNULL)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done


def two_folders(folder: Path, count: int) -> Program:
    program = Program(folder)
    x = program.vdir("x")
    program.vdir("y")
    fill(x, some(count))
    program.pair("x/Home", "y/Home")
    return program


def ends_well(program: Program, count: int) -> None:
    for _ in range(3):
        if writes(program.sync()) == 0:
            break
    folders = [comparer.folder(program.folder / side / "Home") for side in "xy"]
    for held in folders:
        assert comparer.uids(held.values()) == dict.fromkeys(some(count), 1)
    assert comparer.difference(*(held.values() for held in folders)) == []
    assert program.query("PRAGMA integrity_check") == [("ok",)]


def test_a_power_cut_in_a_commit_leaves_it_done_or_not_done() -> None:
    """One commit of each kind of transaction."""
    names = ["row 1: new on a", "row 6: edited on a", "row 11: deleted on a", "row 10: held"]
    commits, states, kinds = torn.loop(names, once=True, every=17)
    assert commits == len(kinds) >= 10 and states > 100
    assert any("operation" in kind for kind in kinds) and any("mirror_item" in kind for kind in kinds)


@pytest.mark.skipif(bool(faults.why_not()), reason=faults.why_not() or "-")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_operation_that_fails_costs_nothing_but_time(kind: str, tmp_path: Path) -> None:
    """Every so many of the operations of this kind of run, each in another way."""
    code, said = faults.run(tmp_path, kind, "--stride", "251", "--modes", *MODES)
    assert code == 0 and "0 violations" in said, said


def test_a_full_disk_is_told_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """No file may grow beyond a limit, from far too little to enough: where the database, its log or its copy stop."""
    program = two_folders(tmp_path, 60)
    codes = []
    for kilobytes in (40, 120, 200, 360, 100_000):
        done = run_limited(program, kilobytes * 1024)
        codes.append(done.returncode)
        said = done.stdout + done.stderr
        assert done.returncode in (0, 1, 7), said
        if done.returncode:
            assert "next: " in said and ("full" in said or "large" in said or "disk" in said), said
    assert codes[0] == 7 and codes[-1] == 0
    ends_well(program, 60)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_a_state_folder_that_may_not_be_written_is_told_and_nothing_is_touched(tmp_path: Path) -> None:
    program = two_folders(tmp_path, 3)
    program.sync()
    (tmp_path / "x" / "Home" / "00001.ics").unlink()
    before = comparer.folder(tmp_path / "y" / "Home")
    for file in (*program.state.iterdir(), program.config):
        file.chmod(0o644)
    for folder in (program.state, *program.state.parents):
        if folder.is_relative_to(tmp_path) or folder.name.startswith("pytest-"):
            folder.chmod(0o755)
    work = open_workspace(load(program.config, {}), program.state, system_ports(), {})
    os.seteuid(65534)
    try:
        with pytest.raises(StoreError) as stopped:
            work.sync([], Wish(yes=True))
    finally:
        os.seteuid(0)
        work.close()
    assert stopped.value.exit_code == 7 and str(program.state) in str(stopped.value)
    assert comparer.folder(tmp_path / "y" / "Home") == before


def test_a_state_that_does_not_know_its_own_installation_is_told_and_nothing_is_touched(tmp_path: Path) -> None:
    program = two_folders(tmp_path, 3)
    program.sync()
    (tmp_path / "x" / "Home" / "00001.ics").unlink()
    before = comparer.folder(tmp_path / "y" / "Home")
    (program.state / "installation").unlink()
    (program.state / "installation").mkdir()
    said = program.run("sync")
    assert said.code == 7 and "installation cannot be used" in said.err and "next: calsync doctor" in said.err
    assert comparer.folder(tmp_path / "y" / "Home") == before


def test_a_database_that_another_program_holds_is_told_and_nothing_is_touched(tmp_path: Path) -> None:
    """SQLITE_BUSY, here without the ten seconds of waiting."""
    program = two_folders(tmp_path, 3)
    program.sync()
    (tmp_path / "x" / "Home" / "00001.ics").unlink()
    before = comparer.folder(tmp_path / "y" / "Home")
    other = sqlite3.connect(program.state / "calsync.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    work = open_workspace(load(program.config, {}), program.state, system_ports(), {})
    try:
        work.db.run("PRAGMA busy_timeout = 50")
        with pytest.raises(StoreError, match="database is locked") as stopped:
            work.sync([], Wish(yes=True))
        assert stopped.value.exit_code == 7 and "stop the other program" in (stopped.value.next or "")
        assert comparer.folder(tmp_path / "y" / "Home") == before
        other.execute("ROLLBACK")
        other.close()
        assert [change.action for change in work.sync([], Wish(yes=True)).changes] == ["delete"]
    finally:
        work.close()
