"""The log file: every command that has a state folder writes it, for its owner alone, and no secret gets in."""

from __future__ import annotations

import logging
import stat
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from calsync_cli.cli.context import Context
from calsync_cli.cli.log import scrubbed
from tests.cli.program import Shell
from tests.fakes.caldav_server import FakeCalDav

OWNER_ONLY = 0o600


def _log(shell: Shell) -> str:
    return (shell.state / "calsync.log").read_text()


# -- where it is written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [
    "sync", "sync --dry-run --json", "apply none.json", "status", "status nope", "events", "events list",
    "events show u1", "conflicts", "conflicts list", "conflicts show 1", "conflicts resolve 1 --take a", "history",
    "history 1", "why u1",
    "calendars", "calendars x", "accounts", "login x", "logout x", "doctor",
])  # fmt: skip
def test_every_command_with_a_state_folder_writes_its_beginning_and_its_end(shell: Shell, words: str) -> None:
    shell.synced(2)
    (shell.state / "calsync.log").unlink()
    said = shell(*words.split())
    first, *_, last = _log(shell).splitlines()
    name = [word for word in words.split() if word.isalpha()]
    assert f" {name[0]}" in first and "begins (calsync " in first
    assert last.endswith(f"ends with exit code {said.code}")
    assert stat.S_IMODE((shell.state / "calsync.log").stat().st_mode) == OWNER_ONLY


@pytest.mark.parametrize("words", ["--version", "-h", "", "sync -h", "conflicts -h", "config path", "config schema"])
def test_who_only_asks_how_it_works_makes_no_folder(shell: Shell, words: str) -> None:
    shell(*words.split())
    assert not shell.state.exists()


def test_help_and_version_do_not_load_the_log() -> None:
    code = "import sys; sys.argv = ['calsync', '--version']\nfrom calsync_cli.cli.app import main\n"
    code += "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "logging.handlers" not in loaded and "calsync_cli.cli.log" not in loaded


def test_a_run_is_told_by_uid_without_titles(shell: Shell) -> None:
    shell.put("x", "u1", "Divorce lawyer")
    shell("sync", "--yes")
    shell("why", "Divorce")
    assert "home: on b create u1: confirmed, new on x/Home" in _log(shell)
    assert "Divorce" not in _log(shell) and "run 1 took" in _log(shell)


def test_a_refusal_is_in_the_log_too(shell: Shell) -> None:
    shell("status", "nope")
    assert "ERROR" in _log(shell) and "there is no pair 'nope'" in _log(shell)


def test_each_write_is_told_when_it_was_done_and_not_after_the_run(shell: Shell) -> None:
    """Whoever looks at a long run with -v, or at the log of one that was killed, sees how far it came."""
    with FakeCalDav() as server:
        server.calendar("Work")
        shell.config.write_text(
            f'[accounts.x]\nprovider = "vdir"\npath = "x"\n[accounts.dav]\nprovider = "caldav"\n'
            f'url = "{server.url}dav/"\nusername = "me"\npassword = "any"\n'
            '[pairs.home]\na = "x/Home"\nb = "dav/Work"\nfirst_sync = "auto"\n'
        )
        for n in range(65):  # one more than leave together
            shell.put("x", f"u{n}", f"Event {n}")
        server.faults = [("PUT", "slow 0")] * 64 + [("PUT", "slow 1.1")]
        assert shell("sync").code == 0
    lines = _log(shell).splitlines()
    at = [datetime.strptime(line.partition(" ")[0], "%Y-%m-%dT%H:%M:%S%z") for line in lines]
    told = [when for when, line in zip(at, lines, strict=True) if ": on b create u" in line and "confirmed" in line]
    assert len(told) == 65 and at[-1] - told[0] >= timedelta(seconds=1)


@pytest.mark.parametrize(("level", "shows_item"), [("-v", True), ("-q", False)])
def test_items_are_on_standard_error_only_when_asked_for(shell: Shell, level: str, shows_item: bool) -> None:
    shell.put("x", "u1", "Dentist")
    said = shell("sync", "--yes", "--json", level)
    assert said.json["exit_code"] == 0
    assert ("on b create u1" in said.err) == shows_item and "begins" not in said.err
    assert shows_item or said.err == ""


def test_a_thousand_problems_do_not_fill_it(shell: Shell) -> None:
    shell.synced(1)
    for n in range(200):
        (shell.home("x") / f"bad{n}.ics").write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:q")
    shell("sync")
    assert "... and 150 problems more" in _log(shell) and _log(shell).count("quarantined: ") == 50


# -- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "GET https://me:hunter2@example.org/dav/ -> 200", "authorization: Basic aHVudGVyMg==hunter2",
    "Authorization: Bearer hunter2hunter2", "password=hunter2", 'password = "hunter2 and more"',
    "'password': 'hunter2'",
    "POST https://x/token?code=hunter2&state=1", "refresh_token=hunter2&grant_type=x", '{"access_token": "hunter2"}',
    "client_secret: hunter2", "CALSYNC_SECRET_KEY passphrase='hunter2'",
])  # fmt: skip
def test_what_looks_like_a_secret_is_struck_out(text: str) -> None:
    assert "hunter2" not in scrubbed(text) and "..." in scrubbed(text)


@pytest.mark.parametrize("text", [
    "run 3 took 0.40 s, exit code 5", "https://example.org:8443/dav/me@home/", "sign in again: calsync login home",
    '"Password change" on x/Home: refused', "the sync token has expired", "mailto:me@example.org",
])  # fmt: skip
def test_what_is_none_stays(text: str) -> None:
    assert scrubbed(text) == text


def test_no_password_of_a_server_is_in_the_log_of_its_requests(shell: Shell) -> None:
    with FakeCalDav("basic-auth") as server:
        server.calendar("Home")
        plain = server.url + "dav/"
        inside = plain.replace("://", "://me:secret@")
        for password, url in (("secret", plain), ("wrong secret", plain), ("secret", inside)):
            shell.config.write_text(
                f'[accounts.x]\nprovider = "vdir"\npath = "x"\n[accounts.d]\nprovider = "caldav"\nurl = "{url}"\n'
                f'username = "me"\npassword = "{password}"\n[pairs.home]\na = "x/Home"\nb = "d/Home"\n'
            )
            for words in (("sync", "--yes"), ("doctor",), ("calendars",), ("config", "check")):
                said = shell(*words, "-vv")
                assert "secret" not in (said.out + said.err).replace("secrets", "")
    text = _log(shell)
    assert "PROPFIND" in text and "secret" not in text.replace("secrets", "")


def test_no_password_is_in_the_trace_of_an_unexpected_error(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*words: object, **more: object) -> int:
        raise RuntimeError("POST https://me:hunter2@example.org/ with Authorization: Bearer hunter2hunter2")

    monkeypatch.setattr("calsync_cli.cli.inspect.status", broken)
    said = shell("status")
    assert said.code == 8 and "Traceback" in _log(shell)
    assert "hunter2" not in _log(shell) + said.err


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_logger() -> logging.Logger:
    return logging.getLogger("calsync_cli")


def test_every_log_file_is_for_its_owner_alone(
    tmp_path: Path, own_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calsync_cli.cli.log.LOG_BYTES", 200)
    Context(state_option=tmp_path / "s").start_log()
    for _ in range(20):
        own_logger.info("a line that fills the file until a new one is begun")
    files = sorted((tmp_path / "s").glob("calsync.log*"))
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {OWNER_ONLY}


def test_a_file_that_others_could_read_is_closed_to_them(shell: Shell) -> None:
    shell.state.mkdir(mode=0o700)
    (shell.state / "calsync.log").touch(mode=0o644)
    shell("status")
    assert stat.S_IMODE((shell.state / "calsync.log").stat().st_mode) == OWNER_ONLY


def test_starting_the_log_twice_writes_each_line_once(tmp_path: Path, own_logger: logging.Logger) -> None:
    context = Context(state_option=tmp_path / "s")
    context.start_log()
    path = context.start_log()
    own_logger.info("only once")
    assert path is not None and path.read_text().count("only once") == 1


def test_a_log_that_cannot_be_written_says_nothing_on_the_screen(
    tmp_path: Path, own_logger: logging.Logger, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(text: str) -> int:
        raise OSError(28, "No space left on device")

    Context(state_option=tmp_path / "s").start_log()
    monkeypatch.setattr(own_logger.handlers[0], "stream", SimpleNamespace(write=full, flush=bool, seek=int, tell=int))
    own_logger.info("lost")
    assert capfd.readouterr() == ("", "")


def test_a_folder_in_place_of_the_log_does_not_stop_a_look(shell: Shell) -> None:
    shell.synced(1)
    (shell.state / "calsync.log").unlink()
    (shell.state / "calsync.log").mkdir()
    assert shell("status").code == 0


@pytest.mark.parametrize(("level", "quiet", "verbosity"), [("debug", False, 2), ("INFO", False, 1), ("ERROR", True, 0)])
def test_the_log_level_of_the_environment_stands_for_v_and_q(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, level: str, quiet: bool, verbosity: int
) -> None:
    seen: list[Context] = []
    monkeypatch.setenv("CALSYNC_LOG_LEVEL", level)
    monkeypatch.setattr("calsync_cli.cli.settings.path", lambda ctx, as_json: seen.append(ctx) or 0)
    shell("config", "path")
    assert (seen[0].quiet, seen[0].verbosity) == (quiet, verbosity)
