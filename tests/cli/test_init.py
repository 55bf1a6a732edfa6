"""`init` and `import vdirsyncer`: with words alone, and at a terminal; what is asked, written, and left as it was."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import httpx
import pytest

from tests.cli.program import Shell
from tests.cli.terminal import Terminal
from tests.unit.auth.site import google_site

VDIRSYNCER = """[general]
status_path = "{home}/status/"
[pair my]
a = "here"
b = "there"
collections = ["from a", "from b"]
[storage here]
type = "filesystem"
path = "{home}/x/"
fileext = ".ics"
post_hook = "beep"
[storage there]
type = "filesystem"
path = "{home}/y/"
fileext = ".ics"
"""


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Nothing is configured; two folders have a calendar."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("VDIRSYNCER_CONFIG", raising=False)
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell.config.unlink()
    shell.put("x", "u", "Dentist")
    return shell


def accounts(shell: Shell) -> tuple[str, ...]:
    return ("--account", f"laptop={shell.folder / 'x'}", "--account", f"stick={shell.folder / 'y'}")


def pairs(shell: Shell) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = tomllib.loads(shell.config.read_text()).get("pairs", {})
    return found


# -- with words alone --------------------------------------------------------------------------------------------------


def test_from_nothing_to_a_first_sync_and_back(new: Shell) -> None:
    said = new("init", *accounts(new), "--a", "laptop/Home", "--b", "stick/Home", "--yes")
    assert said.code == 0, said.err
    assert new.titles("y") == ["Dentist"]
    assert "calsync undo" in said.out and "calsync schedule install" in said.out
    assert pairs(new) == {"laptop-stick": {
        "a": "laptop/Home", "b": "stick/Home", "direction": "two-way", "conflict": "merge", "first_sync": "ask",
    }}
    assert "# every key: calsync config schema" in new.config.read_text()
    assert new.config.stat().st_mode & 0o077 == 0
    assert new("undo", "--yes").code == 0
    assert (new.titles("x"), new.titles("y")) == (["Dentist"], [])


def test_without_a_yes_the_first_plan_waits(new: Shell) -> None:
    before = new.contents("y")
    said = new("init", *accounts(new), "--a", "laptop/Home", "--b", "stick/Home")
    assert said.code == 3
    assert "calsync sync laptop-stick --yes" in said.out
    assert new.contents("y").keys() - before.keys() <= {".calsync"}
    assert new.titles("y") == []


def test_a_new_calendar_is_made_to_try_it_out(new: Shell) -> None:
    said = new("init", *accounts(new), "--a", "laptop/Home", "--b", "stick/Trial", "--create", "--yes")
    assert said.code == 0
    assert len(list((new.folder / "y" / "Trial").glob("*.ics"))) == 1
    assert new.titles("y") == []


def test_done_twice_is_done_once(new: Shell) -> None:
    words = ("init", *accounts(new), "--a", "laptop/Home", "--b", "stick/Home", "--yes")
    assert new(*words).code == 0
    before = new.config.read_bytes()
    again = new(*words)
    assert again.code == 0
    assert "these two are a pair already: laptop-stick" in again.out
    assert new.config.read_bytes() == before


def test_it_adds_to_a_configuration_and_leaves_the_rest(new: Shell) -> None:
    kept = "# mine\n[defaults]\nevery = '5m'  # often\n"
    new.config.write_text(kept)
    new.config.chmod(0o640)
    rules = ("--direction", "a-to-b", "--name", "copy")
    assert new("init", *accounts(new), "--a", "laptop/Home", "--b", "stick/Home", *rules, "--yes").code == 0
    assert new.config.read_text().startswith(kept)
    assert new.config.stat().st_mode & 0o777 == 0o640
    assert pairs(new)["copy"] == {"a": "laptop/Home", "b": "stick/Home", "direction": "a-to-b", "first_sync": "ask"}


def test_a_feed_says_the_direction(new: Shell) -> None:
    feed = new.folder / "h.ics"
    feed.write_bytes(new.file("x", "u").read_bytes())
    said = new("init", "--account", f"days={feed}", *accounts(new), "--a", "days/feed", "--b", "stick/Home", "--yes")
    assert said.code == 0, said.err
    assert pairs(new)["days-stick"]["direction"] == "a-to-b"
    assert new("init", "--a", "stick/Home", "--b", "days/feed", "--direction", "a-to-b", "--name", "x").code == 0
    wrong = new("init", "--a", "laptop/Home", "--b", "days/feed", "--direction", "a-to-b")
    assert (wrong.code, "can only be read; the direction is b-to-a" in wrong.err) == (2, True)


@pytest.mark.parametrize(("words", "says"), [
    ((), "name both calendars: --a ACCOUNT/CALENDAR --b ACCOUNT/CALENDAR"),
    (("--a", "laptop/Home", "--b", "stick/Nope"), "calendars: laptop/Home, stick/Home); with --create it is made"),
    (("--a", "laptop/Home", "--b", "laptop/Home"), "both sides are the same calendar"),
    (("--a", "laptop/Home", "--b", "stick"), "write ACCOUNT/CALENDAR"),
    (("--a", "laptop/Home", "--b", "stick/Home", "--direction", "up"), "is none of: two-way, a-to-b, b-to-a"),
    (("--a", "laptop/Home", "--b", "stick/Home", "--conflict", "me"), "is none of: merge, ask"),
    (("--account", "nothing", "--a", "laptop/Home", "--b", "stick/Home"), "write NAME=FOLDER"),
    (("--from", "outlook"), "it reads: vdirsyncer"),
    (("--from", "vdirsyncer"), "no configuration of vdirsyncer in its usual places"),
])
def test_what_cannot_be_is_said_and_no_pair_is_written(new: Shell, words: tuple[str, ...], says: str) -> None:
    assert new("init", *accounts(new), "--a", "laptop/Home", "--b", "stick/Home").code == 3
    before = new.config.read_bytes()
    said = new("init", *words)
    assert said.code == 2
    assert says in said.err
    assert new.config.read_bytes() == before


# -- vdirsyncer --------------------------------------------------------------------------------------------------------


@pytest.fixture
def theirs(new: Shell) -> Shell:
    """Both folders as vdirsyncer left them: the same events, each in a file that is called by its UID."""
    folder = new.folder / ".config" / "vdirsyncer"
    folder.mkdir(parents=True)
    (folder / "config").write_text(VDIRSYNCER.format(home=new.folder))
    for side in "xy":
        for number in range(5):
            new.put(side, f"u{number}", f"Event {number}")
    new.put("y", "u", "Dentist")
    return new


def test_what_vdirsyncer_has_synced_is_linked_without_a_write(theirs: Shell) -> None:
    before = {side: theirs.contents(side) for side in "xy"}
    said = theirs("import", "vdirsyncer")
    assert said.code == 0, said.err
    assert "pair my-Home: here/Home <-> there/Home" in said.out
    assert "! post_hook of storage here: calsync runs programs after a run" in said.out
    assert "# vdirsyncer: post_hook of storage here" in theirs.config.read_text()
    report = theirs("sync", "--yes", "--json").json
    assert (report["changes"], report["pairs"][0]["linked"], report["pairs"][0]["conflicts"]) == ([], 6, 0)
    for side in "xy":
        after = theirs.contents(side)
        assert {name: after[name] for name in before[side]} == before[side]
        assert [name for name in after if name.endswith(".ics") and name not in before[side]] == []
    theirs.put("x", "new", "New")
    assert theirs("sync").code == 0
    assert theirs.titles("y") == theirs.titles("x")


def test_init_from_does_the_same_as_import_and_goes_on_to_the_first_plan(theirs: Shell) -> None:
    said = theirs("init", "--from", "vdirsyncer", "--yes")
    assert said.code == 0
    assert "1 pair up to date, 6 events" in said.out and "calsync undo" in said.out
    first = theirs.config.read_bytes()
    theirs.config.unlink()
    assert theirs("import", "vdirsyncer", str(theirs.folder / ".config/vdirsyncer/config")).code == 0
    assert theirs.config.read_bytes() == first
    again = theirs("import", "vdirsyncer")
    assert (again.code, theirs.config.read_bytes()) == (0, first)
    assert "nothing new for" in again.out


def test_its_record_of_what_it_found_counts_more_than_the_folders(theirs: Shell) -> None:
    status = {"collections": [["Home", [{"collection": "Home"}, {"collection": "Home"}]]], "cache_key": "x"}
    (theirs.folder / "x" / "Not synced").mkdir()
    (theirs.folder / "status").mkdir()
    (theirs.folder / "status" / "my.collections").write_text(json.dumps(status))
    assert theirs("import", "vdirsyncer").code == 0
    assert set(pairs(theirs)) == {"my-Home"}


CALENDARSYNC = """sync:
  start:
    identifier: MonthStart
    offset: -1
  end:
    identifier: MonthEnd
    offset: 1
source:
  adapter:
    type: ics
    config:
      url: "https://x.example/h.ics"
sink:
  adapter:
    type: "google"
    calendar: "me@example.org"
transformations:
  - name: KeepTitle
"""


def test_the_set_up_of_calendarsync_is_taken_over(new: Shell) -> None:
    file = new.folder / "sync.yaml"
    file.write_text(CALENDARSYNC)
    said = new("import", "calendarsync", str(file))
    assert said.code == 0, said.err
    assert "pair calendarsync: feed/feed -> google/me@example.org" in said.out and "calsync login google" in said.out
    assert "let CalendarSync rest from then on" in said.out and "vdirsyncer" not in said.out
    assert "# CalendarSync: copies: those that CalendarSync made" in new.config.read_text()
    (pair,) = pairs(new).values()
    assert pair["to_b"] == {"view": "titles", "private": False, "reminders": "none"}
    assert new("config", "check").code == 0
    wrong = new("import", "calendarsync", str(new.file("x", "u")))
    assert wrong.code == 2 and "is no configuration of calendarsync: line 1 is no" in wrong.err


def test_the_folders_of_khal_become_accounts(new: Shell) -> None:
    file = new.folder / "khal"
    file.write_text("[calendars]\n[[home]]\npath = ~/x/Home\n")
    said = new("import", "khal", str(file))
    assert (said.code, "next: calsync init" in said.out, pairs(new)) == (0, True, {}), said.err
    assert tomllib.loads(new.config.read_text())["accounts"] == {"x": {"provider": "vdir", "path": "~/x"}}


def test_print_and_json_change_nothing(theirs: Shell) -> None:
    said = theirs("import", "vdirsyncer", "--print", "--json").json
    assert (set(said["accounts"]), set(said["pairs"]), said["written"]) == ({"here", "there"}, {"my-Home"}, False)
    assert said["notes"][0]["what"] == "post_hook of storage here"
    assert "would be added" in theirs("import", "vdirsyncer", "--print").out
    assert not theirs.config.exists()


def test_names_that_are_taken_get_a_number(theirs: Shell) -> None:
    theirs.config.write_text('[accounts.here]\nprovider = "vdir"\npath = "elsewhere"\n')
    config = theirs.folder / ".config/vdirsyncer/config"
    config.write_text(config.read_text() + 'client_id = "x"\n')
    config.write_text(config.read_text().replace('"beep"', '"beep"\npassword.fetch = ["prompt", "?"]'))
    said = theirs("import", "vdirsyncer")
    assert said.code == 0
    assert pairs(theirs)["my-Home"]["a"] == "here-2/Home"
    assert "keeps it in the keyring; calsync login here-2" in said.out


@pytest.mark.parametrize("text", ["", "nonsense", "[pair x]\na = 1\n", "\x00"])
def test_a_file_that_is_none_is_named_and_nothing_is_written(theirs: Shell, text: str) -> None:
    (theirs.folder / "odd").write_text(text)
    said = theirs("import", "vdirsyncer", str(theirs.folder / "odd"))
    assert said.code == 2
    assert "is no configuration of vdirsyncer" in said.err
    assert "cannot be read" in theirs("import", "vdirsyncer", str(theirs.folder / "missing")).err
    assert not theirs.config.exists()


# -- at a terminal -----------------------------------------------------------------------------------------------------


def test_a_person_is_led_from_nothing_to_a_first_sync(new: Shell) -> None:
    with Terminal(new, "init", HOME=str(new.folder)) as term:
        term.see("What shall be connected?")
        term.see("> ")
        term.type("9")
        term.see("'9' is none of them")
        term.type("folder")
        term.see("calendars [~/.calendars]: ")
        term.type(str(new.folder / "x"))
        term.see("Accounts: folder (vdir)")
        term.see("Enter  no more: go on")
        term.type("5")
        term.see("calendars [~/.calendars]: ")
        term.type(str(new.folder / "y"))
        term.see("Accounts: folder (vdir), folder2 (vdir)")
        term.see("> ")
        term.type("")
        term.see("first calendar?")
        term.see("2  folder2/Home")
        term.type("1")
        term.see("second calendar?")
        term.see("> ")
        term.type("n")
        term.see("In which account?")
        term.see("> ")
        term.type("folder2")
        term.see("made folder2/calsync trial")
        term.see("Which way?")
        term.see("> [1] ")
        term.type("")
        term.see("When both sides changed one event?")
        term.see("> [1] ")
        term.type("2")
        term.see("Go ahead? [y/N, s shows each change] ")
        term.type("s")
        term.see('"Dentist"')
        term.see("Go ahead? [y/N, s shows each change] ")
        term.type("y")
        term.see("calsync undo")
        assert term.end() == 0
        said = [line for line in term.screen.split("\n") if "[~/.calendars]" not in line]  # with what was typed
        assert all(len(line) <= 80 for line in said)
    assert pairs(new)["folder-folder2"]["conflict"] == "ask"
    assert len(list((new.folder / "y" / "calsync trial").glob("*.ics"))) == 1


def test_what_is_set_up_here_is_found_and_taken_over(theirs: Shell) -> None:
    with Terminal(theirs, "init", columns=300, HOME=str(theirs.folder)) as term:
        term.see("vdirsyncer is set up here")
        term.see("Take this over? [Y/n] ")
        term.type("")
        term.see("6 on several calendars already")
        term.see("Go ahead? [y/N, s shows each change] ")
        term.type("y")
        term.see("1 pair up to date, 6 events")
        term.see("calsync undo")
        assert term.end() == 0
    assert set(pairs(theirs)) == {"my-Home"}
    with Terminal(theirs, "init", HOME=str(theirs.folder)) as term:  # and is not offered again
        term.see("vdirsyncer is set up here")
        term.see("Accounts: here (vdir), there (vdir)")
        assert "Take this over" not in term.screen
        assert term.interrupt() == 130


def test_the_folders_of_khal_are_offered(new: Shell) -> None:
    folder = new.folder / ".config" / "khal"
    folder.mkdir(parents=True)
    (folder / "config").write_text("[calendars]\n[[home]]\npath = ~/x/*\ntype = discover\n")
    with Terminal(new, "init", HOME=str(new.folder)) as term:
        term.see("khal is set up here")
        term.see("Connect ~/x? [Y/n] ")
        term.type("")
        term.see("Accounts: local (vdir)")
        term.see("> ")
        term.press("\x04")
        assert term.end() == 2
        assert "what was done so far stays" in term.screen
    assert tomllib.loads(new.config.read_text())["accounts"] == {"local": {"provider": "vdir", "path": "~/x"}}


def test_a_sign_in_by_the_browser_leaves_the_keys_to_the_next_question(
    new: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    with google_site() as site:
        (new.folder / "client.json").write_bytes(site.client_file.read_bytes())
        known = site.config("google", f'client_file = "{new.folder / "client.json"}"')
        new.config.write_text(f'[secrets]\nbackend = "file"\n{known}')
        with Terminal(new, "init", columns=300, HOME=str(new.folder), CALSYNC_SECRET_KEY="key") as term:
            term.see("Accounts: google (not signed in)")
            term.see("> ")
            term.type("google")
            term.see("Name for it [google]: ")
            term.type("")
            page = term.see("When you have agreed").split()[-5]
            term.see("ssh -L")
            term.type(httpx.get(page, trust_env=False).headers["Location"])
            term.see("signed in to google as ann@gmail.example")
            term.see("Accounts: google (google)")
            term.see("> ")
            term.type("folder")
            term.see("calendars [~/.calendars]: ")
            assert term.interrupt() == 130


def test_a_mistyped_address_is_asked_again(new: Shell) -> None:
    new.config.write_text('[secrets]\nbackend = "file"\n')
    with Terminal(new, "init", columns=200, HOME=str(new.folder), CALSYNC_SECRET_KEY="key") as term:
        for question, typed in (
            ("> ", "caldav"), ("Name for it [caldav]: ", ""), ("(https://...): ", "http://127.0.0.1:1/"),
            ("user name: ", "me"), ("password of me: ", "x"),
        ):  # fmt: skip
            term.see(question)
            term.type(typed)
        term.see("127.0.0.1:1 cannot be reached")
        term.see("next: caldav to try again, or later: calsync doctor")
        for question, typed in (
            ("> ", "caldav"), ("Name for it [caldav]: ", ""), ("Address of the server [http://127.0.0.1:1/]: ", "ftp://x"),
        ):  # fmt: skip
            term.see(question)
            term.type(typed)
        term.see("nothing was sent")
        assert term.interrupt() == 130
        assert term.screen.endswith("\nstopped\n")


def test_a_name_that_an_account_has_is_not_given_to_another(new: Shell) -> None:
    new.config.write_text(f'[accounts.cal]\nprovider = "vdir"\npath = "{new.folder / "x"}"\n')
    before = new.config.read_bytes()
    with Terminal(new, "init", HOME=str(new.folder)) as term:
        for kind, question in (("feed", "or file: "), ("caldav", "")):
            term.see("> ")
            term.type(kind)
            if question:
                term.see(question)
                term.type("https://x.example/h.ics")
            term.see("Name for it [")
            term.type("cal")
            term.see("another name")
        assert term.interrupt() == 130
    assert new.config.read_bytes() == before


def test_ctrl_c_at_a_question_ends_it_with_what_is_done_kept(new: Shell) -> None:
    with Terminal(new, "init", HOME=str(new.folder)) as term:
        assert "No event is written before you have seen the plan" in term.see("> ")
        assert term.interrupt() == 130
    assert not new.config.exists()
