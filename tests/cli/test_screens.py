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


def test_apply_says_what_has_moved_since(shell: Shell) -> None:
    shell.synced()
    shell.edit("x", "u1", title="Planned")
    shell("sync", "--plan-file", str(shell.folder / "plan.json"))
    shell.edit("x", "u1", title="Event 1")
    shell.edit("y", "u2", title="Moved since")
    said = shell("apply", str(shell.folder / "plan.json"))
    assert said.code == 3 and "nothing was done" in said.out
    assert 'no longer to be done: home ~b "Planned" Tue 1 Dec' in said.out
    assert 'new since then: home ~a "Event 2" Tue 1 Dec' in said.out
    assert len(shell("apply", str(shell.folder / "plan.json"), "--json").json["notes"]) == 2


@pytest.mark.parametrize("text", [
    "", "[]", "{}", '{"plans": 3}', '{"plans": [{"plan": 1}]}', "\x00\xff",
    '{"plans": [{"plan": "x", "pairs": ["home"], "changes": [{"title": "x", "fields": []}]}]}',
])
def test_a_file_that_is_no_plan_changes_nothing(shell: Shell, text: str) -> None:
    shell.synced(1)
    shell.edit("x", "u0", title="Waits")
    file = shell.folder / "plan.json"
    file.write_text(text)
    said = shell("apply", str(file))
    assert said.code == 2 and "is not a plan of calsync sync --plan-file; nothing was touched" in said.err
    assert shell.titles("y") == ["Event 0"]


def test_places_that_cannot_be_read_or_written_are_told(shell: Shell) -> None:
    shell.synced(1)
    said = shell("apply", str(shell.folder))
    assert said.code == 2 and "cannot be read (Is a directory)" in said.err
    said = shell("sync", "--plan-file", str(shell.folder / "none" / "plan.json"))
    assert said.code == 2 and "cannot be saved" in said.err and "no calendar was touched" in said.err


@pytest.mark.parametrize("budget", ["5x", "", "-1s", "9999999999d", "1.5h", "٣s"])
def test_a_budget_that_is_no_time_is_refused(shell: Shell, budget: str) -> None:
    said = shell("sync", f"--budget={budget}")
    assert said.code == 2 and "is not a duration; write 90s, 5m or 1h" in said.err


def test_a_budget_that_is_used_up_ends_with_one(shell: Shell) -> None:
    shell.put("x", "u1", "Dentist")
    said = shell("sync", "--yes", "--budget", "0s")
    assert said.code == 1 and "more is to be done" in said.out and "not sent" in said.out


def test_quiet_says_nothing_while_all_is_well_and_the_trouble_else(shell: Shell) -> None:
    shell.synced(1)
    for words in ("sync", "status", "doctor", "conflicts", "config check", "conflicts resolve"):
        said = shell(*words.split(), "-q")
        assert (said.code, said.out, said.err) == (0, "", ""), words
    for side in "xy":
        shell.edit(side, "u0", title=f"On {side}")
    assert shell("sync", "-q").code == 3
    assert shell("status", "-q").out == "1 event waits for a decision: calsync conflicts resolve\n"


# -- JSON --------------------------------------------------------------------------------------------------------------


def test_every_document_has_the_members_that_scripts_rely_on(shell: Shell) -> None:
    """cli.md section 5."""
    shell.synced(2)
    shell.edit("x", "u1", title="New")
    for side in "xy":
        shell.edit(side, "u0", title=f"On {side}")
    run = shell("sync", "--json").json
    assert set(run) >= {"run", "exit_code", "dry_run", "started", "seconds", "pairs", "changes", "requests", "errors"}
    assert set(run["pairs"][0]) == {
        "pair", "a", "b", "linked", "conflicts", "ambiguous", "held", "failed", "quarantined", "guard",
    }
    assert set(run["pairs"][0]["a"]) == {"calendar", "created", "updated", "deleted", "events"}
    (change,) = run["changes"]
    names = {"pair", "side", "action", "uid", "title", "start", "fields", "because", "outcome", "losses"}
    assert set(change) == names and change["losses"] == []
    assert (change["start"], change["fields"]) == ("2026-12-01T09:00:00+01:00", ["title"])
    assert set(run["errors"][0]) == {"account", "event", "code", "message", "next"}
    (conflict,) = shell("conflicts", "list", "--json").json
    assert {"id", "pair", "uid", "title", "kind", "fields", "since"} <= set(conflict)
    assert set(conflict["fields"]["title"]) == {"base", "a", "b"} and conflict["since"].endswith("Z")
    for event in shell("events", "list", "--json").json:
        assert {"calendar", "uid", "title", "start", "end", "recurring", "status", "detail"} <= set(event)
    for row in shell("history", "--json").json:
        assert {"run", "started", "seconds", "exit_code", "trigger", "created", "updated", "deleted"} <= set(row)
        assert {"conflicts", "failed", "requests"} <= set(row)


@pytest.mark.parametrize("words", [
    "sync", "sync -n", "apply nope", "status", "status nope", "events", "events list", "events show u0",
    "events show no", "conflicts", "conflicts list", "conflicts show 9", "conflicts resolve", "history", "history 1",
    "history 9", "why u0", "calendars", "accounts", "doctor", "config check", "config path", "config schema",
])  # fmt: skip
def test_json_is_one_document_and_nothing_else(shell: Shell, words: str) -> None:
    shell.synced(1)
    said = shell(*words.split(), "--json")
    assert said.json is not None and said.err == ""


def test_options_before_a_command_of_a_group_are_not_passed_over(shell: Shell) -> None:
    shell.synced(1)
    said = shell("events", "--status", "held", "list")
    assert said.code == 2 and "options belong behind the whole command: calsync events list ..." in said.err
    assert shell("events", "--status", "held").out == "no events with status held\n"


def test_who_is_locked_out_is_told_when_to_come_back(shell: Shell) -> None:
    from calsync_cli.ports import system_ports
    from calsync_cli.store.lock import Lock

    shell.synced(1)
    lock = Lock(shell.state, system_ports())
    try:
        said = shell("sync")
    finally:
        lock.release()
    assert said.code == 6 and "nothing was touched" in said.err and "next: calsync sync" in said.err


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


def test_why_tells_what_lost_a_conflict(shell: Shell) -> None:
    """I1: what gave way is not only kept but can be found, by the event that it belonged to."""
    shell.synced(1)
    for side in "xy":
        shell.edit(side, "u0", title=f"On {side}")
    shell("sync")
    shell("conflicts", "resolve", "--take", "a", "--all")
    shell("sync")
    said = _said(shell, "why", "u0")
    assert "values that gave way, kept for 90 days: run 3: title On y on y/Home lost a conflict" in said
    assert "calsync events edit" in said
    (kept,) = shell("why", "u0", "--json").json["kept"]
    assert (kept["field"], kept["value"], kept["kind"], kept["calendar"]) == ("title", "On y", "conflict", "y/Home")


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
    (row,) = json.loads(shell("config", "check", "--json").out)["pairs"]
    assert said in row["sentence"] and row["sentence"].startswith(f"{row['pair']}: ")


def test_paths_are_told_in_full(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.synced(1)
    monkeypatch.chdir(shell.folder)
    shell.config, shell.state = Path("config.toml"), Path("state")
    assert shell("config", "path").out.strip() == str(shell.folder / "config.toml")
    checks = {row["check"]: row["message"] for row in json.loads(shell("doctor", "--json").out)}
    assert checks["state folder"] == str(shell.folder / "state")


# -- losses ------------------------------------------------------------------------------------------------------------

PEOPLE = ("ORGANIZER:mailto:boss@example.org", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.org")
NOT_COPIED = "not copied: guests, organizer"


def test_a_plan_a_run_and_why_tell_what_a_copy_is_without(shell: Shell) -> None:
    shell.put("x", "u1", "Review", *PEOPLE)
    shell.put("x", "u2", "Dentist")
    for words in ("sync --dry-run", "sync --yes"):
        said = shell(*words.split())
        first, second = sorted(said.out.splitlines()[:2], key=lambda line: "Review" in line)
        assert "[" not in first and second.endswith(f"new on x/Home  [{NOT_COPIED}]")
    sides = {side["calendar"]: side["losses"] for side in shell("why", "Review", "--json").json["sides"]}
    assert sides == {"x/Home": [], "y/Home": [NOT_COPIED]}
    assert shell("why", "Review").out.count(NOT_COPIED) == 1 and NOT_COPIED not in shell("why", "Dentist").out
    assert f"  on y/Home: {NOT_COPIED}\n" in shell("events", "show", "Review").out


def test_losses_are_not_told_again_when_they_are_not_touched_nor_in_quiet(shell: Shell) -> None:
    shell.put("x", "u1", "Review", *PEOPLE)
    assert shell("sync", "--yes", "-q").out == ""
    assert "[" not in shell("sync").out
    shell.edit("y", "u1", location="Room 4")
    assert "[" not in shell("sync", "--dry-run").out + shell("sync", "--dry-run", "-q").out
    (change,) = shell("sync", "--json").json["changes"]
    assert (change["side"], change["losses"]) == ("a", [])


def test_a_plan_of_an_earlier_version_has_no_word_of_losses(shell: Shell) -> None:
    shell.put("x", "u1", "Review", *PEOPLE)
    plan = shell.folder / "plan.json"
    shell("sync", "--plan-file", str(plan))
    document = json.loads(plan.read_text(encoding="utf-8"))
    assert [change.pop("losses") for change in document["plans"][0]["changes"]] == [[NOT_COPIED]]
    plan.write_text(json.dumps(document), encoding="utf-8")
    assert shell("apply", str(plan)).code == 0 and shell.titles("y") == ["Review"]
