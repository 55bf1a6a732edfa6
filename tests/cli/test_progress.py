"""Progress on a terminal: bars for reading and writing that last over a second, and nothing anywhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals", allow_module_level=True)

from calsync_cli.cli.progress import Bar
from tests.cli.program import Shell
from tests.cli.terminal import Terminal
from tests.engine.world import ics
from tests.fakes.caldav_server import FakeCalDav

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
BARS = ("looking at calendars", "reading events", "writing events")


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
        term.see("/250")
        assert term.end() == 0, term.screen
    assert len(slow.titles("x")) == 250


def test_one_slow_answer_shows_that_something_goes_on(slow: Shell, server: FakeCalDav) -> None:
    server.faults = [("PROPFIND", "slow 2.5")]
    with Terminal(slow, "sync") as term:
        term.see("looking at calendars")
        term.see("/2")
        assert term.end() == 0, term.screen


def test_writing_shows_how_far_it_is(slow: Shell, server: FakeCalDav) -> None:
    for n in range(130):
        slow.put("x", f"u{n}", f"Event {n}")
    server.faults = [("PUT", "slow 0.03")] * 130
    with Terminal(slow, "sync") as term:
        term.see("writing events")
        term.see("/130")
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
    bar = Bar(color=True, patience_s=60)
    bar.update("read", 1, 2)
    bar.close()
    assert capfd.readouterr() == ("", "") and bar.aside(lambda: 3)() == 3
    bar.close()


@pytest.mark.parametrize("words", [("-q",), ("-v",)])
def test_who_asked_for_silence_or_for_lines_gets_no_bar(
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


def test_bars_go_to_standard_error_and_leave_the_json_alone(slow: Shell, server: FakeCalDav) -> None:
    server.faults = [("PROPFIND", "slow 1.6")]
    file = slow.folder / "out.json"
    with Terminal(slow, "sync", "--json", stdout=file) as term:
        term.see("looking at calendars")
        assert term.end() == 0
    assert json.loads(file.read_text())["exit_code"] == 0


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
