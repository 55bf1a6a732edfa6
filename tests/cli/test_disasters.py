"""Days on which much goes wrong at once: nothing is lost, nothing is doubled, and what is said helps (promises 1, 4).

Each story ends with the sentence a person reads, and with what it advises being done.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.program import Said, Shell

MANY, LEFT = 300, 10


def delete(shell: Shell, side: str, count: int) -> None:
    for number in range(count):
        shell.file(side, f"u{number}").unlink()


def files(shell: Shell, side: str) -> list[bytes]:
    return sorted(file.read_bytes() for file in shell.home(side).glob("*.ics"))


def approve(shell: Shell, said: Said) -> Said:
    """Type the line behind the last `next:`."""
    (words,) = re.findall(r"next: calsync (sync \S+ --approve \w+)", said.out)
    return shell(*words.split())


@pytest.fixture
def mass(shell: Shell) -> Shell:
    """Somebody's phone deleted 290 of 300 events."""
    shell.synced(MANY)
    delete(shell, "x", MANY - LEFT)
    return shell


@pytest.fixture
def smaller(shell: Shell) -> Shell:
    """The same in small: 30 of 40."""
    shell.synced(30 + LEFT)
    delete(shell, "x", 30)
    return shell


# -- many deletions ----------------------------------------------------------------------------------------------------


def test_a_mass_deletion_stops_before_it_is_carried_over_and_both_ways_out_are_named(mass: Shell) -> None:
    before = files(mass, "y")
    said = mass("sync")
    assert said.code == 4 and files(mass, "y") == before
    assert (
        "! 290 of 300 events would be deleted on y/Home; the limit is 20 events or 10 %. Nothing was changed in home "
        "(G1). If they were deleted by mistake, this makes them there again: calsync restore --pair home\n"
        "  next: calsync sync home --approve "
    ) in said.out
    assert "290 of 300 events" in mass("status").out
    assert mass("sync").code == 4, "it stays so"


def test_a_mass_deletion_by_mistake_is_put_back_with_one_command(mass: Shell) -> None:
    there = files(mass, "y")
    shown = mass("restore", "--pair", "home", "-n")
    assert shown.code == 0 and shown.out.count("deleted on x/Home, still on y/Home") == 290
    assert len(files(mass, "x")) == LEFT
    assert mass("restore", "--pair", "home").code == 3, "it asks"
    assert len(files(mass, "x")) == 10
    assert mass("restore", "--pair", "home", "--yes").code == 0
    assert len(mass.titles("x")) == len(set(mass.titles("x"))) == MANY and mass.titles("x") == mass.titles("y")
    assert files(mass, "y") == there
    assert "1 pair up to date, 300 events" in mass("sync").out
    assert mass("restore", "--pair", "home", "--yes").out == "restore --pair home: nothing is left to do\n"


def test_a_mass_deletion_that_is_meant_goes_through_and_each_of_it_can_be_brought_back(smaller: Shell) -> None:
    said = approve(smaller, smaller("sync"))
    assert said.code == 0 and len(smaller.titles("y")) == 10
    assert len(smaller("trash", "--json").json) == 30
    assert "all that a run deleted: calsync undo RUN" in smaller("trash").out
    assert smaller("restore", "Event 7", "--yes").code == 0
    assert smaller.titles("x") == smaller.titles("y") and len(smaller.titles("x")) == 11
    assert "up to date, 11 events" in smaller("sync").out


def test_a_mass_deletion_regretted_after_the_yes_is_undone_and_then_put_back_on_both(smaller: Shell) -> None:
    there = files(smaller, "y")
    assert approve(smaller, smaller("sync")).code == 0
    assert smaller("undo", "--yes").code == 0
    assert sorted(smaller.titles("y")) == sorted({f"Event {n}" for n in range(40)})
    assert [b"X-CALSYNC" in one for one in files(smaller, "y")] == [b"X-CALSYNC" in one for one in there]
    assert len(smaller.titles("x")) == 10 and "up to date" in smaller("sync").out
    assert smaller("restore", "--pair", "home", "--yes").code == 0
    assert smaller.titles("x") == smaller.titles("y") and len(smaller.titles("x")) == 40
    assert "up to date, 40 events" in smaller("sync").out


def test_what_is_put_back_has_its_own_lines_and_edits_of_the_other_side_are_kept(shell: Shell) -> None:
    shell.put("x", "u0", "Event 0", "X-MINE:yes")
    shell.put("x", "u1", "Event 1", "X-MINE:yes")
    shell.put("x", "u2", "Event 2")
    assert shell("sync", "--yes").code == 0
    delete(shell, "x", 2)
    shell.edit("y", "u1", title="Edited")
    assert shell("restore", "--pair", "home", "--yes").code == 0
    assert shell.titles("x") == shell.titles("y") == ["Edited", "Event 0", "Event 2"]
    assert b"X-MINE:yes" in shell.file("x", "u0").read_bytes()
    assert "up to date" in shell("sync").out


def test_putting_back_never_writes_the_source_of_a_one_way_pair(shell: Shell) -> None:
    """I9."""
    shell.config.write_text(shell.config.read_text() + 'direction = "a-to-b"\n')
    shell.synced(30)
    delete(shell, "x", 25)
    said = shell("sync")
    assert said.code == 4 and "restore" not in said.out
    assert "If that is a mistake there, wait: when they are back, the sync goes on by itself" in said.out
    assert "nothing is left to do" in shell("restore", "--pair", "home", "--yes").out
    assert len(files(shell, "x")) == 5 and len(files(shell, "y")) == 30


@pytest.mark.parametrize("words", [(), ("Event", "--pair", "home"), ("--pair", "home", "--on", "x/Home")])
def test_restore_wants_an_event_or_a_pair(shell: Shell, words: tuple[str, ...]) -> None:
    shell.synced()
    said = shell("restore", *words)
    assert said.code == 2 and "restore takes an event, or --pair" in said.err


def test_an_emptied_calendar_stops_the_pair_and_is_filled_again(shell: Shell) -> None:
    """G2."""
    shell.synced(30)
    delete(shell, "y", 30)
    before = files(shell, "x")
    said = shell("sync")
    assert said.code == 4 and files(shell, "x") == before
    assert "y/Home lists no events at all, and 30 of them were synced before" in said.out
    way = "If they were deleted by mistake, this makes them there again: calsync restore --pair home"
    assert said.out.count(way) == 1
    assert shell("restore", "--pair", "home", "--yes").code == 0
    assert shell.titles("y") == shell.titles("x") and files(shell, "x") == before
    assert "up to date, 30 events" in shell("sync").out


# -- feeds -------------------------------------------------------------------------------------------------------------


def test_a_feed_that_becomes_a_web_page_changes_nothing_and_goes_on_when_it_is_back(shell: Shell) -> None:
    feed = shell.folder / "feed.ics"
    config = shell.config.read_text().replace('provider = "vdir"\npath = "x"', 'provider = "ics"\npath = "feed.ics"')
    shell.config.write_text(config.replace("x/Home", "x/feed"))
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:u{n}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20300105T0900{n:02}Z\r\nSUMMARY:Event {n}\r\n"
        "END:VEVENT\r\n" for n in range(30)
    )
    whole = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//them//EN\r\n{events}END:VCALENDAR\r\n"
    feed.write_text(whole)
    assert shell("sync", "--yes").code == 0
    before = files(shell, "y")
    feed.write_text("<!doctype html><html><body>Please sign in</body></html>")
    said = shell("sync", "--full")
    assert said.code == 1 and files(shell, "y") == before and len(before) == 30
    assert "web page" in said.out and "next: calsync" in said.out, said.out
    feed.write_text(whole.replace("SUMMARY:Event 3\r\n", "SUMMARY:Later\r\n"))
    assert shell("sync", "--full").code == 0 and "Later" in shell.titles("y") and len(shell.titles("y")) == 30


# -- state -------------------------------------------------------------------------------------------------------------


def lose_database(shell: Shell) -> None:
    for file in shell.state.glob("calsync.db*"):
        file.unlink()


@pytest.fixture
def used(shell: Shell) -> Shell:
    """Eleven runs, and a copy of the database of the first."""
    shell.synced(6)
    shutil.copyfile(shell.state / "calsync.db", shell.folder / "old.db")
    for number in range(10):
        shell.put("y", f"new{number}", f"New {number}")
        shell.edit("x", "u3", title=f"Title {number}")
        assert shell("sync").code == 0
    return shell


def test_a_lost_database_is_told_once_and_nothing_is_doubled(used: Shell) -> None:
    before = files(used, "x"), files(used, "y")
    lose_database(used)
    said = used("sync", "--yes")
    assert said.code == 0 and (files(used, "x"), files(used, "y")) == before
    assert (
        "note: the state database was lost; the last run was number 11. Every calendar is listed anew, and what "
        "belongs together is linked again. Nothing is deleted: what was deleted on one side since then comes back from "
        "the other, and undo and trash begin anew\n"
    ) in said.out
    assert "up to date, 16 events" in said.out
    assert "note" not in used("sync").out
    assert "the database was put back" in used("history").out and "not yet" not in used("history").out


def test_a_database_of_ten_runs_ago_is_told_and_takes_no_edit_back(used: Shell) -> None:
    before = files(used, "x"), files(used, "y")
    lose_database(used)
    shutil.copyfile(used.folder / "old.db", used.state / "calsync.db")
    said = used("sync")
    assert said.code == 0 and (files(used, "x"), files(used, "y")) == before
    assert (
        "note: the state database is an older copy: it ends with run 1, and the last one was number 11. Every "
        "calendar is listed anew, and deletions wait for your yes; undo knows no run in between\n"
    ) in said.out
    used.edit("y", "u3", title="Goes on")
    assert used("sync").code == 0 and "Goes on" in used.titles("x")


def test_a_deletion_beside_a_database_that_was_put_back_waits_and_both_ways_lead_on(used: Shell) -> None:
    lose_database(used)
    shutil.copyfile(used.folder / "old.db", used.state / "calsync.db")
    used.file("x", "u2").unlink()
    said = used("sync")
    assert said.code == 4 and len(used.titles("y")) == 16
    assert "1 event would be deleted although x/Home and y/Home had to be listed anew" in said.out
    assert "calsync restore --pair home" in said.out
    assert used("restore", "--pair", "home", "--yes").code == 0
    assert used.titles("x") == used.titles("y") and len(used.titles("x")) == 16
    assert used("sync").code == 0


# -- two machines ------------------------------------------------------------------------------------------------------


def test_two_machines_on_one_pair_are_told_and_lose_and_double_nothing(used: Shell, tmp_path: Path) -> None:
    """K9: each new event of the one stops the other until a person says yes; edits of both arrive at both."""
    first, second = used.state, tmp_path / "second"
    used.state = second
    said = used("sync", "--yes")
    assert said.code == 4
    assert (
        "another calsync installation, or this one before its state folder was lost, already syncs 16 events of x/Home "
        "and y/Home. Nothing was changed in home (G9). Only one machine should sync a pair: if it is another one, take "
        "the pair out of its configuration\n"
    ) in said.out
    made = {f"Event {n}" for n in range(6) if n != 3} | {"Title 9"} | {f"New {n}" for n in range(10)}
    for turn in range(6):
        used.state = second if turn % 2 else first
        used.put("xy"[turn % 2], f"turn{turn}", f"Turn {turn}")
        used.edit("yx"[turn % 2], f"u{turn % 2}", location=f"Room {turn}")
        made.add(f"Turn {turn}")
        said = used("sync", "--yes")
        assert said.code in (0, 4), said.out
        if said.code == 4:
            assert "(G9)" in said.out and approve(used, said).code == 0
    for state in (first, second):
        used.state = state
        said = used("sync")
        assert said.code == 0 or ("(G9)" in said.out and approve(used, said).code == 0)
    for side in "xy":
        assert used.titles(side) == sorted(made)
        assert b"LOCATION:Room 4" in used.file(side, "u0").read_bytes()
        assert b"LOCATION:Room 5" in used.file(side, "u1").read_bytes()
    used.state = first
    before = files(used, "x"), files(used, "y")
    assert used("sync").code in (0, 4) and (files(used, "x"), files(used, "y")) == before
