"""`undo`, `trash`, `restore`, `retry` at a shell (semantics 17, cli.md section 2)."""

from __future__ import annotations

import sys

import pytest

from tests.cli.program import Shell
from tests.cli.terminal import Terminal


@pytest.fixture
def done(shell: Shell) -> Shell:
    """One event of six deleted, one renamed, both carried over."""
    shell.synced(6)
    shell.file("x", "u1").unlink()
    shell.edit("x", "u2", title="Renamed")
    assert shell("sync").code == 0
    return shell


def titles(shell: Shell, side: str) -> list[str]:
    found = [file.read_text() for file in shell.home(side).glob("*.ics")]
    return sorted(line.partition(":")[2] for text in found for line in text.splitlines() if line.startswith("SUMMARY"))


def test_the_last_run_is_taken_back_after_a_yes(done: Shell) -> None:
    assert len(titles(done, "y")) == 5 and "Renamed" in titles(done, "y")
    shown = done("undo", "-n")
    assert shown.code == 0 and shown.out.count("by run 2") == 2 and len(titles(done, "y")) == 5
    asked = done("undo")
    assert asked.code == 3 and "next: calsync undo 2 --yes" in asked.out and len(titles(done, "y")) == 5
    said = done("undo", "--yes", "--json").json
    assert (said["exit_code"], [change["action"] for change in said["changes"]]) == (0, ["create", "update"])
    assert len(titles(done, "y")) == 6 and "Renamed" not in titles(done, "y")
    assert "up to date" in done("sync").out
    assert done("undo", "2", "--yes").out == "undo 2: nothing is left to do\n"
    assert done("history", "--json").json[0]["trigger"] == "undo 2"


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("answer", "left"), [("y", 6), ("n", 5), ("", 5)])
def test_a_terminal_asks(done: Shell, answer: str, left: int) -> None:
    with Terminal(done, "undo") as term:
        term.see("Go ahead? ")
        term.type(answer)
        assert term.end() == (0 if answer == "y" else 3)
    assert len(titles(done, "y")) == left


def test_what_was_edited_since_stays_and_is_named(done: Shell) -> None:
    done.edit("y", "u2", title="Edited since")
    said = done("undo", "--yes")
    assert said.code == 3 and "it was changed after run 2; it stays on y/Home as it is" in said.out
    assert "Edited since" in titles(done, "y") and len(titles(done, "y")) == 6


def test_the_trash_lists_what_restore_brings_back(done: Shell) -> None:
    (row,) = done("trash", "--json").json
    assert (row["uid"], row["calendar"], row["run"]) == ("u1", "y/Home", 2) and row["title"] and row["deleted"]
    assert row["title"] in done("trash").out and "calsync restore" in done("trash").out
    only = done("restore", "u1", "--on", "x/Home", "--yes")
    assert only.code == 0 and len(titles(done, "x")) == 6 and len(titles(done, "y")) == 5
    assert done("restore", row["title"], "--yes").code == 0
    assert titles(done, "x") == titles(done, "y") and len(titles(done, "y")) == 6
    assert "up to date" in done("sync").out
    assert done("trash").out == "nothing was deleted in the last 90 days\n"


def test_a_purge_takes_the_copies_and_leaves_what_people_made_or_edited(shell: Shell) -> None:
    shell.synced(4)
    shell.put("y", "own", "Native at y")
    shell("sync")
    shell.edit("y", "u0", title="Edited copy")
    originals = {uid: shell.file("x", uid).read_bytes() for uid in ("u1", "u2", "u3")}
    shown = shell("purge", "home", "-n")
    assert shown.code == 0 and shown.out.count("made by calsync") == 4
    said = shell("purge", "home", "--yes")
    assert said.code == 3 and "it was edited since calsync made it, and is kept" in said.out
    assert titles(shell, "y") == ["Edited copy", "Native at y"]
    assert {uid: shell.file("x", uid).read_bytes() for uid in originals} == originals
    assert "Native at y" not in titles(shell, "x")
    for _ in range(2):
        shell("sync")
    assert titles(shell, "y") == ["Edited copy", "Native at y"], "what was purged is not made again"
    purged = next(row["run"] for row in shell("history", "--json").json if row["trigger"] == "purge home")
    assert shell("undo", str(purged), "--yes").code == 0 and len(titles(shell, "y")) == 5


def test_the_last_copy_of_an_event_is_no_copy(shell: Shell) -> None:
    shell.synced(3)
    shell.config.write_text(shell.config.read_text() + 'past_deletes = "keep"\n')
    shell.put("x", "old", "Long ago")
    old = shell.file("x", "old")
    old.write_bytes(old.read_bytes().replace(b":2026", b":2016"))
    shell("sync")
    old.unlink()
    shell("sync")
    said = shell("purge", "home", "--yes")
    assert "no other calendar of its pair has it any more" in said.out and titles(shell, "y") == ["Long ago"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("undo", "99"), "there is no run 99"),
        (("undo", "x"), "is not the number of a run"),
        (("restore", "nobody"), "nothing in the trash fits 'nobody'"),
        (("restore", "u1", "--on", "x/Nowhere"), "no calendar 'x/Nowhere'"),
        (("purge", "hoem"), "did you mean 'home'?"),
        (("retry", "nobody"), "no event has the UID 'nobody'"),
    ],
)
def test_what_cannot_be_meant_is_said_with_a_way_on(done: Shell, words: tuple[str, ...], reason: str) -> None:
    said = done(*words)
    assert said.code == 2 and reason in said.err and "next: calsync" in said.err


def test_nothing_to_take_back_on_the_first_day(shell: Shell) -> None:
    said = shell("undo")
    assert said.code == 2 and "no run has written anything yet" in said.err
    assert shell("trash").out == "nothing was deleted in the last 90 days\n"


def test_a_quarantined_event_is_tried_again(shell: Shell) -> None:
    shell.synced(2)
    file = shell.file("x", "u1")
    good = file.read_bytes()
    file.write_bytes(b"BEGIN:VCALENDAR\r\nnonsense")
    assert shell("sync").code == 1
    file.write_bytes(good.replace(b"SUMMARY:", b"SUMMARY:Good again "))
    assert shell("retry").code == 0
    assert any(title.startswith("Good again") for title in titles(shell, "y"))
