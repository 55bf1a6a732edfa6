"""A pair that shows one side as blocks, at the shell: what is told, what is not, and why an event takes no part."""

from __future__ import annotations

import pytest

from calsync_cli.mapping.registry import mapping
from calsync_cli.model.times import Span
from tests.cli.program import CONFIG, Shell

BLOCKS = CONFIG + """
to_b = { view = "busy", title = "Away" }
filter = { not_title = "(?i)lunch" }
"""


@pytest.fixture
def blocks(shell: Shell) -> Shell:
    shell.config.write_text(BLOCKS)
    shell.put("x", "u1", "Board meeting", "DESCRIPTION:takeover")
    shell.put("x", "u2", "Lunch")
    assert shell("sync", "--yes").code == 0
    assert shell.titles("y") == ["Away"]
    return shell


def moved_on_both_sides(shell: Shell) -> None:
    """A conflict about the time of the board meeting."""
    block = next(file for file in shell.home("y").glob("*.ics"))
    span = mapping("ical").read(block.read_bytes()).form["time"]
    assert isinstance(span, Span)
    for side, hours in (("x", 2), ("y", 5)):
        file = shell.file("x", "u1") if side == "x" else block
        file.write_bytes(file.read_bytes().replace(b"T090000", b"T%02d0000" % (9 + hours)).replace(
            b"T100000", b"T%02d0000" % (10 + hours)))


def test_what_is_hidden_is_told_to_its_owner_alone(blocks: Shell) -> None:
    """cli.md section 5: a mail of cron and the log file hold no title of such a pair."""
    moved_on_both_sides(blocks)
    quiet = blocks("-q", "sync")
    assert quiet.code == 3 and "Board meeting" not in quiet.out + quiet.err and "an event (" in quiet.out
    assert '"Board meeting"' in blocks("sync").out
    log = (blocks.state / "calsync.log").read_text()
    assert "Board meeting" not in log and "takeover" not in log and "an event (" in log
    assert not [file for file in blocks.home("y").iterdir() if b"Board" in file.read_bytes() or "u1" in file.name]


def test_a_resolved_conflict_moves_the_meeting_and_its_block(blocks: Shell) -> None:
    moved_on_both_sides(blocks)
    assert blocks("sync").code == 3
    assert blocks("conflicts", "resolve", "--all", "--take", "b").code == 0
    assert blocks("sync").code == 0
    assert b"T140000" in blocks.file("x", "u1").read_bytes()
    assert "takeover" in blocks.file("x", "u1").read_text()


def test_why_names_the_view_of_a_copy(blocks: Shell) -> None:
    shows = 'a copy that shows busy blocks only, called "Away"'
    assert f"{shows} (pairs.home.to_b)" in blocks("why", "Board").out
    blocks.config.write_text(BLOCKS.replace('"Away"', '"Out"'))
    assert f"{shows} (by rules of before)" in blocks("why", "Board").out


@pytest.mark.parametrize("rules", [
    BLOCKS.replace("lunch", "lunch|board"), BLOCKS + 'window = { past = "1d", future = "1d" }\n',
])
def test_what_narrowed_rules_leave_alone_is_told_before_and_as_it_happens(blocks: Shell, rules: str) -> None:
    """V1, V5, V7: nothing is written, but from then on each side has it for itself."""
    blocks.config.write_text(rules)
    told = '1 event takes part no more by the rules as they are now; what is on both sides stays, each for itself'
    for command in (["sync", "-n"], ["sync"]):
        found = blocks(*command)
        assert found.code == 0 and told in found.out and '"Board meeting"' in found.out
    assert told not in blocks("sync").out and blocks.titles("y") == ["Away"]


def test_why_names_the_rule_that_keeps_an_event_out(blocks: Shell) -> None:
    assert 'filter.not_title "(?i)lunch" fits its title' in blocks("why", "Lunch").out
    rows = {row["title"]: row for row in blocks("events", "list", "--json").json}
    assert rows["Lunch"]["status"] == "dormant" and rows["Away"]["status"] == "synced"
    status = blocks("status", "--json").json["pairs"][0]
    assert (status["dormant"], status["pending"], status["synced"]) == (1, 0, 1)
    assert "nothing needs you" in blocks("status").out


def test_a_changed_view_is_a_plan_that_waits(blocks: Shell) -> None:
    blocks.config.write_text(BLOCKS.replace('view = "busy", title = "Away"', 'view = "titles"'))
    planned = blocks("sync", "-n")
    assert planned.code == 0 and "by the pair's rules now" in planned.out
    assert "waits for your yes. Events: 1 to update." in planned.out
    waits = blocks("sync")
    assert waits.code == 3 and "1 to update" in waits.out and blocks.titles("y") == ["Away"]
    assert blocks("sync", "--yes").code == 0 and blocks.titles("y") == ["Board meeting"]
    blocks.config.write_text(BLOCKS)
    stopped = blocks("sync", "--yes")
    assert stopped.code == 4 and "put the rules of the pair back" in stopped.out
    assert blocks.titles("y") == ["Board meeting"]
    plan = stopped.out.split("--approve ")[1].split()[0]
    blocks("sync", "--approve", plan)
    assert blocks("sync").code == 0 and blocks.titles("y") == ["Away"]
    assert blocks("sync").code == 0
