"""`approvals` at a shell (semantics 14, cli.md section 2)."""

from __future__ import annotations

import pytest

from tests.cli.program import Shell


@pytest.fixture
def waiting(shell: Shell) -> Shell:
    """Two of six events deleted in a pair that wants to be asked."""
    shell.synced(6)
    shell.config.write_text(shell.config.read_text() + 'approve = ["delete"]\n')
    for uid in ("u1", "u2"):
        shell.file("x", uid).unlink()
    said = shell("sync")
    assert said.code == 3 and "deletions wait for your yes" in said.out and "next: calsync approvals" in said.out
    return shell


def test_a_yes_by_number_writes_that_one_and_a_no_keeps_the_other(waiting: Shell) -> None:
    rows = waiting("approvals", "list", "--json").json
    assert [(row["action"], row["calendar"], row["pair"], row["uid"]) for row in rows] == [
        ("delete", "y/Home", "home", "u1"), ("delete", "y/Home", "home", "u2")]
    shown = waiting("approvals").out
    assert "delete on y/Home" in shown and rows[0]["title"] in shown and "calsync approvals approve ID" in shown
    assert "held" in waiting("status").out
    assert waiting("approvals", "approve", str(rows[0]["id"])).code == 3
    assert len(list(waiting.home("y").glob("*.ics"))) == 5
    assert waiting("approvals", "reject", str(rows[1]["id"])).code == 0
    assert waiting("sync").code == 0 and len(list(waiting.home("y").glob("*.ics"))) == 5
    assert waiting("approvals").out == "nothing waits for your yes\n"


def test_all_at_once(waiting: Shell) -> None:
    said = waiting("approvals", "approve", "--all", "--json").json
    assert (said["exit_code"], [change["action"] for change in said["changes"]]) == (0, ["delete", "delete"])
    assert waiting("approvals", "approve", "--all").out == "nothing waits for your yes\n"
    assert waiting("undo", "--yes").code == 0 and len(list(waiting.home("y").glob("*.ics"))) == 6


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("approve",), "name what waits by its numbers, or say --all"),
        (("approve", "1", "--all"), "name what waits by its numbers, or say --all"),
        (("reject", "99"), "nothing waits under the number 99"),
        (("approve", "x"), "is not the number of a write that waits"),
    ],
)
def test_what_cannot_be_meant_is_said_and_nothing_written(waiting: Shell, words: tuple[str, ...], reason: str) -> None:
    said = waiting("approvals", *words)
    assert said.code == 2 and reason in said.err and "next: calsync approvals" in said.err
    assert len(list(waiting.home("y").glob("*.ics"))) == 6
