"""A database that was lost, damaged or put back: no event is lost or doubled, nothing is deleted (K8, T5, U3, G4)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.program import Shell

DATABASE, DAILY = "calsync.db", "calsync.daily.db"


def put_aside(shell: Shell) -> None:
    for file in shell.state.glob(f"{DATABASE}*"):
        file.unlink()


def files(shell: Shell, side: str) -> list[bytes]:
    return sorted(file.read_bytes() for file in shell.home(side).glob("*.ics"))


@pytest.fixture
def used(shell: Shell) -> Shell:
    """Ten runs of use, with a copy of the database as it was after the first."""
    shell.synced(6)
    shutil.copyfile(shell.state / DATABASE, shell.folder / "old.db")
    for number in range(10):
        shell.put("x" if number % 2 else "y", f"new{number}", f"New {number}")
        shell.edit("y", "u3", title=f"Title {number}")
        assert shell("sync").code == 0
    shell.file("x", "u1").unlink()
    shell.edit("x", "u4", location="Room 4")
    assert shell("sync").code == 0
    assert len(shell.titles("x")) == len(shell.titles("y")) == 15
    return shell


def how_lost(shell: Shell, how: str) -> None:
    old = shell.folder / "old.db"
    if how == "put back":
        put_aside(shell)
        shutil.copyfile(old, shell.state / DATABASE)
    elif how == "damaged":
        put_aside(shell)
        (shell.state / DATABASE).write_bytes(b"junk" * 3000)
    else:
        put_aside(shell)
    if how == "lost with its copy":
        (shell.state / DAILY).unlink()


WAYS = ("put back", "damaged", "lost", "lost with its copy")


@pytest.mark.parametrize("how", WAYS)
def test_nothing_is_lost_doubled_or_deleted_and_then_all_goes_on(used: Shell, how: str) -> None:
    before = files(used, "x"), files(used, "y")
    how_lost(used, how)
    if how == "damaged":
        assert used("sync").code == 7
    if how != "put back":
        said = used("doctor", "--rebuild")
        assert (said.code == 0 and "lists everything anew" in said.out) or "begins anew" in said.out
    assert used("sync", "--yes").code == 0
    assert (files(used, "x"), files(used, "y")) == before
    used.edit("x", "u4", title="Goes on")
    assert used("sync").code == 0 and "Goes on" in used.titles("y")
    assert used("history", "--json").json[0]["run"] > 12, "no number of a run is given twice"


@pytest.mark.parametrize("how", WAYS)
def test_a_deletion_made_meanwhile_waits_for_a_yes_or_is_undone_but_never_slips_through(used: Shell, how: str) -> None:
    used.file("x", "u2").unlink()
    how_lost(used, how)
    used("doctor", "--rebuild")
    said = used("sync", "--yes")
    if how == "lost with its copy":  # nobody knows any more that it was there (K8)
        assert said.code == 0 and len(used.titles("x")) == len(used.titles("y")) == 15
    else:
        assert said.code == 4 and "(G4)" in said.out
    assert len(used.titles("y")) == 15


def test_the_copy_of_the_day_is_private_and_whole(used: Shell) -> None:
    copy = used.state / DAILY
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not list(used.state.glob("*.part"))
    put_aside(used)
    shutil.copyfile(copy, used.state / DATABASE)
    assert used("status").code == 0


def test_a_newer_database_is_not_rebuilt(used: Shell) -> None:
    import sqlite3

    raw = sqlite3.connect(used.state / DATABASE)
    raw.execute("INSERT INTO migration VALUES (999, 0)")
    raw.commit()
    raw.close()
    before = (used.state / DATABASE).read_bytes()
    said = used("doctor", "--rebuild")
    assert said.code == 7 and "newer calsync" in said.err
    assert (used.state / DATABASE).read_bytes() == before


def test_two_machines_with_one_state_each_on_one_pair_double_nothing(used: Shell, tmp_path: Path) -> None:
    """K9: the second one asks whether the first is still at work; after a yes both find the same events."""
    before = files(used, "x"), files(used, "y")
    first, used.state = used.state, tmp_path / "other"
    said = used("sync", "--yes")
    assert said.code in (3, 4) and (files(used, "x"), files(used, "y")) == before
    used.state = first
    assert used("sync").code == 0 and (files(used, "x"), files(used, "y")) == before
