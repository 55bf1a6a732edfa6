"""Progress on a terminal: bars for reading and writing that last over a second, and nothing anywhere else."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals", allow_module_level=True)

from calsync_cli.cli.progress import WORDS, Bar
from tests.cli.program import Shell
from tests.cli.terminal import Terminal
from tests.engine.world import ics
from tests.fakes.caldav_server import FakeCalDav
from tests.process.google import ME, Person, service

CONFIG = """
[accounts.x]
provider = "vdir"
path = "x"

[accounts.dav]
provider = "caldav"
url = "{url}dav/"
username = "me"
password = "any"

[pairs.home]
a = "x/Home"
b = "dav/Home"
first_sync = "{first_sync}"
"""
BARS = tuple(WORDS.values())


@pytest.fixture
def server() -> Iterator[FakeCalDav]:
    with FakeCalDav() as running:
        running.calendar("Home")
        yield running


@pytest.fixture
def slow(shell: Shell, server: FakeCalDav) -> Shell:
    _configure(shell, server, "auto")
    return shell


def _configure(shell: Shell, server: FakeCalDav, first_sync: str) -> None:
    shell.config.write_text(CONFIG.format(url=server.url, first_sync=first_sync))
    shell.config.chmod(0o600)


def _fill(server: FakeCalDav, count: int) -> None:
    for n in range(count):
        server.user_put(f"/dav/cal/me/Home/{n}.ics", ics(f"s{n}", f"Event {n}"))


def test_reading_many_bodies_shows_how_far_it_is(slow: Shell, server: FakeCalDav) -> None:
    _fill(server, 250)
    server.faults = [("REPORT", "slow 0.8")] * 4
    with Terminal(slow, "sync") as term:
        term.see("reading events")
        term.see(" of 250")
        assert term.end() == 0, term.screen
    assert len(slow.titles("x")) == 250


def test_one_slow_answer_shows_that_something_goes_on(slow: Shell, server: FakeCalDav) -> None:
    server.faults = [("PROPFIND", "slow 2.5")]
    with Terminal(slow, "sync") as term:
        term.see("looking at calendars")
        assert term.end() == 0, term.screen


def test_writing_shows_how_far_it_is(slow: Shell, server: FakeCalDav) -> None:
    for n in range(130):
        slow.put("x", f"u{n}", f"Event {n}")
    server.faults = [("PUT", "slow 0.03")] * 130
    with Terminal(slow, "sync") as term:
        term.see("writing events")
        term.see(" of 130")
        assert term.end() == 0, term.screen
    assert len(server.contents("/dav/cal/me/Home/")) == 130


def test_the_bars_are_gone_when_the_report_is_there(slow: Shell, server: FakeCalDav) -> None:
    server.faults = [("PROPFIND", "slow 1.6")]
    with Terminal(slow, "sync") as term:
        assert term.end() == 0
    last = term.screen.strip().splitlines()[-1]
    assert "1 pair up to date" in last and not any(bar in last for bar in BARS)
    assert term.screen.count("\x1b[?25l") == term.screen.count("\x1b[?25h") == 1  # the cursor is back


def test_quick_work_shows_none(capfd: pytest.CaptureFixture[str]) -> None:
    """Without a clock of its own: a busy machine may need more than a second for anything."""
    bar = Bar(time.monotonic, color=True, patience_s=60)
    bar.update("read", 1, 2)
    bar.close()
    assert capfd.readouterr() == ("", "") and bar.aside(lambda: 3)() == 3
    bar.close()


@pytest.mark.parametrize("words", [("-q",), ("-v",), ("--json",)])
def test_who_asked_for_silence_or_for_lines_or_for_data_gets_no_bar(
    slow: Shell, server: FakeCalDav, words: tuple[str, ...]
) -> None:
    server.faults = [("PROPFIND", "slow 1.6")]
    with Terminal(slow, "sync", *words) as term:
        assert term.end() == 0
    assert not any(bar in term.screen for bar in BARS)


def test_no_escape_code_without_a_terminal(slow: Shell, server: FakeCalDav) -> None:
    server.faults = [("PROPFIND", "slow 1.6")]
    command = [sys.executable, "-m", "calsync_cli", "-c", str(slow.config), "--state-dir", str(slow.state), "sync"]
    said = subprocess.run([*command, "--json"], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert (said.returncode, said.stderr) == (0, b"") and json.loads(said.stdout)["exit_code"] == 0


def test_bars_go_to_standard_error_and_leave_the_report_alone(slow: Shell, server: FakeCalDav) -> None:
    server.faults = [("PROPFIND", "slow 1.6")]
    file = slow.folder / "out.txt"
    with Terminal(slow, "sync", stdout=file) as term:
        term.see("looking at calendars")
        assert term.end() == 0
    assert file.read_text().startswith("1 pair up to date")


def test_a_server_that_asks_to_wait_is_named_with_the_seconds(shell: Shell, server: FakeCalDav) -> None:
    _configure(shell, server, "auto")
    _fill(server, 3)
    server.faults = [("REPORT", "429 3")]
    with Terminal(shell, "sync") as term:
        term.see("127.0.0.1 (dav) asks to wait ")
        assert term.end() == 0, term.screen
    assert len(shell.titles("x")) == 3


def test_google_being_cruel_is_told_as_it_is(tmp_path: Path) -> None:
    """Slow, and asking for a pause in the middle of 120 writes: how many of how many, who makes us wait how long."""
    with service("--account", ME) as google:
        person = Person(tmp_path)
        person.google("work", google)
        home = person.vdir("disk")
        for n in range(120):
            (home / f"{n}.ics").write_bytes(ics(f"u{n}", f"Event {n}"))
        person.pair("disk/Home", f"work/{ME}")
        assert person.run("config", "check").code == 0
        google.do({"do": "fault", "name": "slow", "match": "batch", "times": None, "seconds_slow": 0.6},
                  {"do": "fault", "name": "429", "match": "events.insert", "skip": 60, "times": 1, "retry_after_s": 4})
        with Terminal(person, "sync", **person.environ) as term:
            term.see("writing events")
            waiting = term.see("Google (work) asks to wait ") + term.see(" s")
            assert " of 120" in waiting and int(waiting.split()[-2]) in range(1, 5)
            assert term.end() == 0, term.screen
        assert len(google.titles()) == 120 and "left" not in waiting.rpartition("writing events")[2]


def test_a_question_is_not_drawn_over(shell: Shell, server: FakeCalDav) -> None:
    _configure(shell, server, "ask")
    _fill(server, 3)
    server.faults = [("PROPFIND", "slow 1.6"), ("PROPFIND", "slow 0.2")]
    with Terminal(shell, "sync") as term:
        term.see("looking at calendars")
        term.see("waits for your yes")
        term.see("[y/N, s shows each change] ")
        assert term.silent(1.6)
        term.type("y")
        assert term.end() == 0, term.screen
    assert len(shell.titles("x")) == 3


def test_each_change_can_be_seen_before_the_answer(shell: Shell, server: FakeCalDav) -> None:
    _configure(shell, server, "ask")
    _fill(server, 3)
    with Terminal(shell, "sync") as term:
        term.see("[y/N, s shows each change] ")
        term.type("s")
        said = term.see("[y/N, s shows each change] ")
        assert all(f'home  +a  "Event {n}"' in said for n in range(3)) and "(not done)" not in said
        term.type("yes")
        assert term.end() == 0, term.screen
    assert len(shell.titles("x")) == 3


@pytest.mark.parametrize("keys", ["n\n", "\n", "\x04", "perhaps\n"])
def test_anything_but_yes_leaves_all_as_it_was(shell: Shell, server: FakeCalDav, keys: str) -> None:
    _configure(shell, server, "ask")
    _fill(server, 3)
    with Terminal(shell, "sync") as term:
        term.see("[y/N, s shows each change] ")
        term.press(keys)
        assert term.end() == 3 and "calsync sync home --yes" in term.screen
    assert shell.titles("x") == []


@pytest.mark.parametrize(("number", "code"), [(None, 130), (15, 143)])
def test_a_signal_at_the_question_is_a_no(shell: Shell, server: FakeCalDav, number: int | None, code: int) -> None:
    _configure(shell, server, "ask")
    _fill(server, 3)
    with Terminal(shell, "sync") as term:
        term.see("[y/N, s shows each change] ")
        assert term.interrupt(number) == code, term.screen
    assert shell.titles("x") == []
    assert [run["exit_code"] for run in shell("history", "--json").json] == [3]
