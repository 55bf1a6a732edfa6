"""`sync --retire` at a shell: the copies of pairs that are not in the configuration any more (W4, cli.md section 2)."""

from __future__ import annotations

import sys

import pytest

from tests.cli.program import CONFIG, Shell
from tests.cli.terminal import Terminal

ACCOUNTS = CONFIG.partition("[pairs")[0]


@pytest.fixture
def gone(shell: Shell) -> Shell:
    """A one-way pair with three copies, one of them edited, that somebody took out of the configuration."""
    shell.config.write_text(CONFIG + 'direction = "a-to-b"\n')
    shell.synced(3)
    shell.edit("y", "u1", title="Mine")
    shell.config.write_text(ACCOUNTS)
    return shell


def test_the_plan_is_shown_and_asks_for_a_yes(gone: Shell) -> None:
    before = gone.contents("y")
    looked = gone("sync", "--retire", "-n")
    assert looked.code == 0 and gone.contents("y") == before
    assert 'home  -b  "Event 0"' in looked.out and "its pair is not in the configuration any more" in looked.out
    assert 'home  ~b  "Mine"' in looked.out and "so it stays as an event of its own" in looked.out
    assert "b y/Home: ~1 -2 (3 events)" in looked.out
    asked = gone("sync", "--retire")
    assert asked.code == 3 and "next: calsync sync --retire --yes" in asked.out and gone.contents("y") == before
    done = gone("sync", "--retire", "--yes", "--json").json
    assert (done["exit_code"], done["pairs"][0]["pair"], done["pairs"][0]["b"]["deleted"]) == (0, "home", 2)
    assert [(c["action"], c["title"], c["outcome"]) for c in done["changes"]] == [
        ("update", "Mine", "confirmed"), ("delete", "Event 0", "confirmed"), ("delete", "Event 2", "confirmed"),
    ]
    assert gone.titles("y") == ["Mine"] and b"X-CALSYNC" not in gone.file("y", "u1").read_bytes()
    assert gone.titles("x") == ["Event 0", "Event 1", "Event 2"]
    again = gone("sync", "--retire", "--yes")
    assert again.code == 0 and "nothing is to be retired" in again.out


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("answer", "left"), [("y", 1), ("n", 3)])
def test_a_terminal_asks(gone: Shell, answer: str, left: int) -> None:
    with Terminal(gone, "sync", "--retire") as term:
        term.see("Go ahead? ")
        term.type(answer)
        assert term.end() == (0 if answer == "y" else 3)
    assert len(gone.titles("y")) == left


def test_it_can_be_taken_back_and_what_went_lies_in_the_trash(gone: Shell) -> None:
    gone("sync", "--retire", "--yes")
    assert [row["title"] for row in gone("trash", "--json").json] == ["Event 2", "Event 0"]
    one = gone("restore", "Event 0", "--yes")
    assert one.code == 0 and gone.titles("y") == ["Event 0", "Mine"] and len(gone.titles("x")) == 3
    run = gone("history", "--json").json[1]
    assert run["trigger"] == "sync --retire" and run["deleted"] == 2
    assert gone("undo", str(run["run"]), "--yes").code == 0
    assert gone.titles("y") == ["Event 0", "Event 2", "Mine"]
    assert gone("sync", "--retire", "--yes").code == 0 and gone.titles("y") == ["Mine"]


def test_the_doctor_knows_what_lies_there(gone: Shell) -> None:
    said = gone("doctor")
    assert said.code == 0 and "y/Home: 3 events made by home, a pair of before" in said.out
    assert "next: calsync sync --retire --dry-run" in said.out
    gone("sync", "--retire", "--yes")
    assert "a pair of before" not in gone("doctor").out


def test_the_pair_is_named_as_it_was_and_others_are_not_meant(gone: Shell) -> None:
    wrong = gone("sync", "hoem", "--retire", "--yes")
    assert wrong.code == 2 and "there is no pair 'hoem'" in wrong.err and len(gone.titles("y")) == 3
    asked = gone("sync", "home", "--retire")
    assert "next: calsync sync home --retire --yes" in asked.out
    assert gone("sync", "home", "--retire", "--yes").code == 0 and gone.titles("y") == ["Mine"]
    assert gone("sync", "home").code == 2


def test_a_saved_plan_is_run_as_it_was_seen(gone: Shell) -> None:
    plan = gone.folder / "plan.json"
    assert gone("sync", "--retire", "--plan-file", str(plan)).code == 0 and len(gone.titles("y")) == 3
    gone.edit("y", "u2", title="Mine too")
    moved = gone("apply", str(plan))
    assert moved.code == 3 and "have changed since the plan was saved" in moved.out and len(gone.titles("y")) == 3
    gone("sync", "--retire", "--plan-file", str(plan))
    assert gone("apply", str(plan)).code == 0 and gone.titles("y") == ["Mine", "Mine too"]


def test_a_pair_that_points_elsewhere_now(shell: Shell) -> None:
    """The pairs of today are synced in the same run, and a hook hears of both."""
    shell.synced(3)
    heard = shell.folder / "heard"
    hook = f'[[hooks]]\non = ["created", "deleted"]\ncommand = ["sh", "-c", "cat > {heard}"]\n'
    (shell.folder / "y" / "New").mkdir()
    shell.config.write_text(CONFIG.replace("y/Home", "y/New").replace("[pairs", f"{hook}\n[pairs"))
    done = shell("sync", "--retire", "--yes")
    assert done.code == 0 and "home (before)  " in done.out
    assert shell.titles("y") == [] and len(list((shell.folder / "y" / "New").glob("*.ics"))) == 3
    assert shell.titles("x") == ["Event 0", "Event 1", "Event 2"]
    assert heard.read_text().count('"y/Home"') == 3 and heard.read_text().count('"y/New"') == 3


def test_a_calendar_by_another_name_is_the_same_calendar(shell: Shell) -> None:
    shell.synced(3)
    before = shell.contents("y")
    by_id = next(row["id"] for row in shell("calendars", "--json").json if row["account"] == "y")
    shell.config.write_text(CONFIG.replace("y/Home", f"y/{by_id}"))
    assert "a pair of before" not in shell("doctor").out
    looked = shell("sync", "--retire", "-n")
    assert "nothing is to be retired" in looked.out and shell("sync", "--retire", "--yes").code == 0
    assert shell.contents("y") == before and len(shell.titles("x")) == 3


def test_while_a_calendar_cannot_be_found_nothing_of_its_account_goes(shell: Shell) -> None:
    shell.synced(3)
    before = shell.contents("y")
    shell.config.write_text(CONFIG.replace("y/Home", "y/Nowhere"))
    assert shell("sync", "--retire", "--yes").code not in (0, 8) and shell.contents("y") == before


def test_an_account_by_another_name_takes_its_copies_over(shell: Shell) -> None:
    """The old pair's copies go first, then the new one makes its own, in one run."""
    one_way = CONFIG + 'direction = "a-to-b"\n'
    shell.config.write_text(one_way)
    shell.synced(3)
    shell.config.write_text(one_way.replace("[accounts.x]", "[accounts.w]").replace('"x/Home"', '"w/Home"'))
    said = shell("sync", "--retire", "--yes")
    assert said.code == 0 and shell.titles("y") == ["Event 0", "Event 1", "Event 2"]
    assert "up to date" in shell("sync").out


def test_it_does_not_go_with_watch(shell: Shell) -> None:
    said = shell("sync", "--watch", "--retire")
    assert said.code == 2 and "--watch goes with the names of pairs only" in said.err
