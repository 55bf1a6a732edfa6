"""The program as a process: start-up, help, usage, options (cli.md section 1)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from calsync_cli import __version__
from tests.cli.program import Shell

COMMANDS = [
    "sync", "apply", "status", "events", "conflicts", "history", "why", "demo", "calendars", "accounts", "login",
    "logout", "config", "doctor", "undo", "trash", "restore", "retry", "purge", "approvals", "journal", "agenda",
    "export",
]


def _calsync(*words: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *python, "-m", "calsync_cli", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_version_is_one_line() -> None:
    said = _calsync("--version")
    assert (said.returncode, said.stdout) == (0, f"calsync {__version__}\n")


def test_starting_loads_nothing_that_is_slow() -> None:
    said = _calsync("--version", python=("-X", "importtime"))
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in said.stderr.splitlines()}
    assert "typer" in loaded
    assert not loaded & {"rich", "httpx", "icalendar", "lxml", "keyring", "caldav", "sqlite3", "dateutil"}


def test_no_words_print_help() -> None:
    said = _calsync()
    assert "Usage" in said.stdout + said.stderr and "sync" in said.stdout + said.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    said = _calsync(command, "-h")
    assert said.returncode == 0 and "Usage" in said.stdout


def test_a_mistyped_command_gets_a_suggestion() -> None:
    said = _calsync("sycn")
    assert said.returncode == 2 and "sync" in said.stderr


def test_an_unknown_option_is_a_usage_error() -> None:
    assert _calsync("sync", "--frobnicate").returncode == 2


def test_global_options_count_behind_the_command_too(shell: Shell) -> None:
    shell.synced()
    words = ["sync", "-q", "-c", str(shell.config), "--state-dir", str(shell.state)]
    said = _calsync(*words)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_a_missing_configuration_names_the_place(tmp_path: Path) -> None:
    said = _calsync("-c", str(tmp_path / "none.toml"), "--state-dir", str(tmp_path / "s"), "sync")
    assert said.returncode == 2 and "none.toml" in said.stderr and "next:" in said.stderr


def test_a_state_folder_that_is_a_file_is_told_without_a_traceback(shell: Shell) -> None:
    shell.state.write_text("in the way")
    said = shell("sync")
    assert said.code == 7 and str(shell.state) in said.err


def test_config_check_tells_every_problem_at_once(shell: Shell) -> None:
    shell.config.write_text(shell.config.read_text() + 'confict = "a"\nevery = "soon"\n')
    said = shell("config", "check", "--json")
    assert said.code == 2
    assert {p["path"] for p in said.json["problems"]} == {"pairs.home.confict", "pairs.home.every"}
