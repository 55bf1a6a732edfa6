"""What a person reads: nothing cut at any width, and each trouble with its event, its reason and its command."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals", allow_module_level=True)

from calsync_cli.cli import screen
from tests.cli.program import Shell
from tests.cli.terminal import Terminal
from tests.engine.world import ics
from tests.fakes.caldav_server import FakeCalDav

ACCOUNT = "an-account-with-a-very-long-name-that-somebody-made-up"
CALENDAR = "Family and friends – 家族と友達のカレンダー (shared, 2026)"
NASTY = f"""
[accounts.{ACCOUNT}]
provider = "vdir"
path = "x"

[accounts.y]
provider = "vdir"
path = "y"

[pairs.a-pair-with-a-name-that-is-longer-than-it-should-be]
a = "{ACCOUNT}/{CALENDAR}"
b = "y/{CALENDAR}"
first_sync = "auto"

[pairs.second]
a = "y/Two"
b = "{ACCOUNT}/Two"
direction = "a-to-b"
first_sync = "auto"
"""
TITLES = ("会議:予算 👩‍👩‍👧 school 🎂 " * 4, "Ä" * 200, "", "x" * 300, "العربية اجتماع مهم جدا", "a\\nb\x1b[31m",
          "e\u0301" * 90)


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Long names, wide and odd titles, a conflict and a file that cannot be read."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("nasty")
        shell = Shell(folder, patch, None)  # type: ignore[arg-type]
        shell.config.write_text(NASTY)
        for side in "xy":
            for name in (CALENDAR, "Two"):
                (folder / side / name).mkdir(parents=True)
        for n, title in enumerate(TITLES):
            (folder / "x" / CALENDAR / f"{n}.ics").write_bytes(ics(f"u{n}", title))
        _run(shell, "sync", code=0)
        (folder / "x" / CALENDAR / "bad.ics").write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:q")
        for side in "xy":
            found = next(f for f in (folder / side / CALENDAR).glob("*.ics") if b"UID:u1\r" in f.read_bytes())
            found.write_bytes(found.read_bytes().replace("Ä".encode() * 20, b"Edited on " + side.encode() + b" " * 10))
        _run(shell, "sync", code=3)
        yield shell


def _run(shell: Shell, *words: str, code: int, columns: int = 80) -> str:
    with Terminal(shell, "--no-color", *words, columns=columns, lines=50) as term:
        assert term.end() == code, term.screen
    return term.screen


@pytest.mark.parametrize("columns", [80, 120, 160])
@pytest.mark.parametrize(("words", "code"), [
    ("sync", 3), ("sync --dry-run", 0), ("status", 0), ("events", 0), ("events show u0", 0), ("why u1", 0),
    ("conflicts", 0), ("conflicts show 1", 0), ("history", 0), ("history 1", 0), ("doctor", 0), ("config check", 0),
    ("sync nope", 2), ("events list --status odd", 2), ("-h", 0), ("sync -h", 0),
])  # fmt: skip
def test_no_line_is_wider_than_the_window(nasty: Shell, words: str, code: int, columns: int) -> None:
    seen = _run(nasty, *words.split(), code=code, columns=columns)
    assert seen.strip() and "\x1b" not in seen and "…" not in seen.replace("… ", "").replace(" …", "")
    for line in seen.split("\n"):
        assert screen.width(line.rstrip("\r ")) <= columns, line


def test_every_letter_of_a_title_is_there(nasty: Shell) -> None:
    seen = "".join(_run(nasty, "events", code=0).split())
    assert seen.count("x" * 20) >= 1 and seen.count("👩‍👩‍👧") == 4 and "(notitle)" in seen
    assert seen.count("العربية") == 1  # one row for both calendars


def test_a_table_for_a_file_is_aligned_by_what_is_seen(shell: Shell) -> None:
    for n, title in enumerate(["会議:予算", "👩‍👩‍👧", "plain"]):
        shell.put("x", f"u{n}", title)
    shell("sync", "--yes")
    head, *rows = shell("events", "list").out.splitlines()
    assert {screen.width(row[: row.index("x/Home")]) for row in rows} == {screen.width(head[: head.index("cal")])}


# -- status tells what stopped the last run ----------------------------------------------------------------------------


def _said(shell: Shell, *words: str) -> str:
    """What is said, on one line."""
    said = shell(*words)
    return " ".join((said.out + said.err).split())


def test_a_first_plan_that_waits_is_told_by_status(shell: Shell) -> None:
    shell.put("x", "u1", "Dentist")
    assert "(not done)" in _said(shell, "sync")
    said = _said(shell, "status")
    assert "waits for your yes" in said and "next: calsync sync home --yes" in said and "nothing needs you" not in said
    shell("sync", "--yes")
    assert "nothing needs you" in _said(shell, "status")


def test_a_guard_is_told_by_status_until_it_is_settled(shell: Shell) -> None:
    shell.synced(10)
    for n in range(8):
        shell.file("y", f"u{n}").unlink()
    assert shell("sync").code == 4
    assert "8 of 10 events would be deleted on x/Home" in _said(shell, "status")
    (problem,) = shell("status", "--json").json["problems"]
    assert problem["code"] == "guard" and problem["next"].startswith("calsync sync home --approve ")
    assert shell(*problem["next"].split()[1:]).code == 0
    assert "nothing needs you" in _said(shell, "status")


def test_a_server_that_is_down_is_told_with_its_account(shell: Shell) -> None:
    _with_server(shell, "http://127.0.0.1:9/")
    said = _said(shell, "sync", "--yes")
    assert "account dav: 127.0.0.1:9 cannot be reached" in said and "Nothing was changed" in said and "next: " in said
    assert "account dav: 127.0.0.1:9 cannot be reached" in _said(shell, "status")


def _with_server(shell: Shell, url: str) -> None:
    shell.config.write_text(
        f'[accounts.x]\nprovider = "vdir"\npath = "x"\n[accounts.dav]\nprovider = "caldav"\nurl = "{url}dav/"\n'
        'username = "me"\npassword = "any"\n[pairs.home]\na = "x/Home"\nb = "dav/Home"\nfirst_sync = "auto"\n'
    )
    shell.config.chmod(0o600)


# -- what was not done -------------------------------------------------------------------------------------------------


def test_a_refused_event_is_named_by_title_and_date_with_what_to_do(shell: Shell) -> None:
    with FakeCalDav() as server:
        server.calendar("Home")
        server.faults = [("PUT", "400")]
        _with_server(shell, server.url)
        shell.put("x", "u1", "Dentist")
        said = _said(shell, "sync")
        assert '+b "Dentist" Tue 1 Dec 2026 09:00 new on x/Home FAILED' in said
        assert '! "Dentist" (Tue 1 Dec 2026 09:00) on dav/Home:' in said and "400" in said and "next: calsync" in said
        detail = _said(shell, "history", "1")
        assert 'create on dav/Home "Dentist"' in detail and "FAILED" in detail and "only if it is new" in detail


def test_what_a_guard_stopped_is_shown_as_not_done_and_not_at_length(shell: Shell) -> None:
    shell.synced(40)
    for n in range(30):
        shell.file("y", f"u{n}").unlink()
    with Terminal(shell, "sync") as term:
        assert term.end() == 4
    assert term.screen.count("(not done)") == 10 and "... and 20 more: calsync sync --dry-run | less" in term.screen
    assert shell("sync").out.count("(not done)") == 30  # a file gets them all
    assert "(not done)" not in shell("sync", "--dry-run").out


def test_a_long_run_is_cut_on_the_screen_with_the_command_for_the_rest(shell: Shell) -> None:
    for n in range(230):
        shell.put("x", f"u{n}", f"Event {n}")
    with Terminal(shell, "sync", "--yes") as term:
        assert term.end() == 0
    assert "... and 30 more: calsync history 1" in term.screen and term.screen.count("new on x/Home") == 200
    assert shell("history", "1").out.count("created on y/Home") == 230


def test_many_conflicts_are_counted(shell: Shell) -> None:
    shell.synced(20)
    for n in range(20):
        shell.edit("x", f"u{n}", title=f"Left {n}")
        shell.edit("y", f"u{n}", title=f"Right {n}")
    said = shell("sync")
    assert said.code == 3 and "20 conflicts" in said.out and "... and 15 more like this" in said.out
    assert said.out.count("next: ") == 1
    assert "20 events wait for a decision: calsync conflicts resolve" in shell("status").out


def test_a_plan_id_that_is_none_is_told(shell: Shell) -> None:
    shell.synced(1)
    said = shell("sync", "--approve", "beef")
    assert said.code == 0 and "nothing was done with beef" in said.err


def test_nothing_due_and_no_pairs_are_told_apart(shell: Shell) -> None:
    shell.synced(1)
    assert shell("sync", "--due").out == "nothing is due\n"
    shell.config.write_text('[accounts.x]\nprovider = "vdir"\npath = "x"\n')
    assert "no pairs yet" in shell("sync").out and "no pairs yet" in shell("status").out


# -- one event ---------------------------------------------------------------------------------------------------------


def test_words_that_fit_several_events_list_them(shell: Shell) -> None:
    shell.synced(3)
    for command in (("why",), ("events", "show")):
        said = shell(*command, "Event")
        assert said.code == 2 and "3 events fit 'Event'; name one by its UID" in said.err
        assert all(f"u{n}" in said.out for n in range(3)) and said.err.rstrip().endswith(f"{' '.join(command)} UID")
    assert len(shell("why", "Event", "--json").json["sides"]) == 6


def test_a_whole_title_goes_before_a_part_of_one(shell: Shell) -> None:
    shell.put("x", "u1", "Dentist")
    shell.put("x", "u2", "Dentist again")
    shell("sync", "--yes")
    assert "UID u1" in shell("why", "dentist").out and "again" not in shell("why", "dentist").out


def test_a_file_that_cannot_be_read_is_found_by_its_name(shell: Shell) -> None:
    shell.synced(1)
    (shell.home("x") / "bad.ics").write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:q")
    shell("sync")
    assert "cut off" in shell("why", "bad.ics").out


def test_why_names_the_command_for_a_conflict_and_the_request(shell: Shell) -> None:
    shell.synced(1)
    for side in "xy":
        shell.edit(side, "u0", title=f"On {side}")
    shell("sync")
    said = _said(shell, "why", "u0")
    assert "next: calsync conflicts resolve 1" in said and "created on y/Home: new on x/Home" in said


def test_the_fields_of_an_event_are_shown_in_words(shell: Shell) -> None:
    shell.put("x", "u1", "Standup", "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=5", "CATEGORIES:Work,VIP", "LOCATION:Room")
    shell("sync", "--yes")
    said = _said(shell, "events", "show", "u1")
    assert "on x/Home and y/Home: synced" in said and "repetition every week on Tue, 5 times" in said
    assert "time Tue 1 Dec 2026 09:00-10:00 Europe/Berlin" in said and "categories VIP, Work" in said
    assert "{" not in said


# -- configuration -----------------------------------------------------------------------------------------------------


def test_problems_of_a_configuration_are_a_list_under_the_name_of_the_file(shell: Shell) -> None:
    shell.config.write_text(shell.config.read_text() + 'confict = "a"\nevery = "soon"\n')
    for words, after in ((("sync",), "calsync config check"), (("config", "check"), "calsync config edit")):
        said = shell(*words)
        first, *rest = said.err.splitlines()
        assert said.code == 2 and first == f"calsync: 2 problems in {shell.config}; nothing was touched"
        assert all(line.startswith("  ") for line in rest) and rest[-1] == f"  next: {after}"


@pytest.mark.parametrize(("line", "said"), [
    ('direction = "a-to-b"', "one way; an edit in y/Home stays until its source changes the same field"),
    ('direction = "b-to-a"\ntarget_edits = "overwrite"', "one way; an edit in x/Home is overwritten"),
    ("", "changes of both sides are merged; where both changed one field, you are asked"),
    ('conflict = "newest"', "where both changed, the newest change wins"),
])
def test_config_check_says_what_a_pair_does(shell: Shell, line: str, said: str) -> None:
    shell.config.write_text(shell.config.read_text() + line + "\n")
    assert said in _said(shell, "config", "check")


def test_paths_are_told_in_full(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.synced(1)
    monkeypatch.chdir(shell.folder)
    shell.config, shell.state = Path("config.toml"), Path("state")
    assert shell("config", "path").out.strip() == str(shell.folder / "config.toml")
    checks = {row["check"]: row["message"] for row in json.loads(shell("doctor", "--json").out)}
    assert checks["state folder"] == str(shell.folder / "state")
