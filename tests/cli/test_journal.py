"""`journal` at a shell: writes of which nobody knows whether they were made (J8)."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from tests.cli.program import CONFIG, Shell
from tests.cli.terminal import Terminal

BARE = CONFIG.partition("[pairs")[0]
WITHOUT_Y = BARE.partition("[accounts.y]")[0]


def cut_off(state: Path, *kinds: str) -> None:
    """As a run leaves it whose program died before the answers of its last writes."""
    with sqlite3.connect(state / "calsync.db") as database:
        for kind in kinds:
            sql = "SELECT max(id) FROM operation WHERE kind = ?"
            database.execute(f"UPDATE operation SET state = 'sent', done_us = NULL WHERE id = ({sql})", (kind,))
    database.close()


@pytest.fixture
def open_end(shell: Shell) -> Shell:
    """A create and an update were cut off, and then the account they went to was taken out of the configuration."""
    shell.synced(3)
    shell.edit("x", "u0", title="Renamed")
    assert shell("sync").code == 0
    cut_off(shell.state, "create", "update")
    shell.config.write_text(WITHOUT_Y)
    return shell


def test_what_is_open_is_told_in_each_run_and_can_be_given_up(open_end: Shell) -> None:
    for _ in range(2):
        said = open_end("sync")
        assert said.code == 1 and "next: calsync journal" in said.out
        words = 'nobody knows whether the update of "Renamed" (Tue 1 Dec 2026 09:00) on y/Home was made'
        assert f"{words}: account y is not in the configuration any more" in said.out
    sick = open_end("doctor")
    assert sick.code == 1 and "the end of a write is not known" in sick.out and "next: calsync journal" in sick.out
    rows = open_end("journal", "--json").json
    assert [(row["action"], row["calendar"], row["pair"], row["title"]) for row in rows] == [
        ("create", "y/Home", "", "Event 2"), ("update", "y/Home", "", "Renamed")]
    shown = open_end("journal").out
    assert "change on y/Home" in shown and "account y is not in the configuration any more" in shown
    assert "calsync journal abandon ID" in shown and open_end("journal", "list").out == shown
    number = str(rows[0]["id"])
    asked = open_end("journal", "abandon", number)
    assert asked.code == 3 and f"next: calsync journal abandon {number} --yes" in asked.err
    assert 'the create of "Event 2" on y/Home' in asked.err and len(open_end("journal", "--json").json) == 2
    assert open_end("journal", "abandon", number, "--yes").out.startswith("1 write given up; ")
    assert open_end("journal", "abandon", "--all", "--yes", "--json").json[0]["action"] == "update"
    assert open_end("sync").code == 0 and open_end("journal").out.startswith("every write has an end that is known")
    assert "given up by hand" in open_end("history", "2").out


def test_when_the_account_is_back_all_is_as_it_was(open_end: Shell) -> None:
    """Given up or not: what had arrived is found, nothing is made twice, nothing is lost."""
    before = open_end.contents("y")
    open_end("sync")
    open_end("journal", "abandon", str(open_end("journal", "--json").json[0]["id"]), "--yes")
    open_end.config.write_text(CONFIG)
    assert open_end("sync").code == 0 and open_end("sync").code == 0
    assert open_end.contents("y") == before and open_end("journal", "--json").json == []
    assert open_end("status", "--json").json["pairs"][0]["synced"] == 3


def test_an_undo_names_what_it_cannot_reach(open_end: Shell) -> None:
    said = open_end("undo", "1", "--yes")
    words = "what run 1 wrote on y/Home stays: account y is not in the configuration any more"
    assert said.code == 3 and words in said.out


def test_other_commands_do_not_stumble_over_an_account_that_is_gone(open_end: Shell) -> None:
    for words in ("undo -n", "undo 1 --yes", "status", "history 1", "doctor", "trash", "why Renamed", "retry", "agenda",
                  "sync --retire --yes", "sync --full", "events list"):
        assert open_end(*words.split()).code in (0, 1, 3), words


def test_carried_properties_of_an_account_that_is_gone_are_forgotten(shell: Shell) -> None:
    shell.config.write_text(CONFIG + '[pairs.home.fields]\ncarry = ["X-P"]\n')
    shell.synced(2)
    shell.config.write_text(WITHOUT_Y)
    assert shell("sync").code == 0
    shell.config.write_text(CONFIG)
    assert shell("sync", "--yes").code == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("journal", "abandon"), "name writes by their numbers, or say --all"),
        (("journal", "abandon", "--all", "3"), "name writes by their numbers, or say --all"),
        (("journal", "abandon", "99", "--yes"), "no write with an open end has the number 99"),
        (("journal", "abandon", "x"), "'x' is not the number of a write with an open end"),
    ],
)
def test_what_cannot_be_meant_is_said_with_a_way_on(open_end: Shell, words: tuple[str, ...], reason: str) -> None:
    said = open_end(*words)
    assert said.code == 2 and reason in said.err and "next: calsync journal" in said.err
    assert len(open_end("journal", "--json").json) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("answer", "left"), [("y", 0), ("n", 2)])
def test_a_terminal_asks(open_end: Shell, answer: str, left: int) -> None:
    with Terminal(open_end, "journal", "abandon", "--all") as term:
        term.see("[y/N] ")
        term.type(answer)
        assert term.end() == (0 if answer == "y" else 3)
    assert len(open_end("journal", "--json").json) == left
