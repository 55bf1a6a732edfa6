"""Signing in against a real Radicale with real passwords, and the account commands around it (cli.md section 2)."""

from __future__ import annotations

import io
import stat
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Said, Shell
from tests.fakes.servers import Server, radicale

PASSWORD = "correct horse"
SECRETS = '[secrets]\nbackend = "file"\n'


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with radicale({"me": PASSWORD}) as running:
        running.make_calendar("Family")
        yield running


@pytest.fixture
def safe(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell whose passwords go to an encrypted file."""
    monkeypatch.setenv("CALSYNC_SECRET_KEY", "key")
    shell.config.write_text(SECRETS)
    return shell


@pytest.fixture
def login(safe: Shell, server: Server, monkeypatch: pytest.MonkeyPatch) -> Login:
    return Login(safe, server, monkeypatch)


class Login:
    def __init__(self, shell: Shell, server: Server, patch: pytest.MonkeyPatch) -> None:
        self.shell, self.server, self._patch = shell, server, patch

    def __call__(self, name: str, *words: str, password: str = PASSWORD) -> Said:
        self._patch.setattr(sys, "stdin", io.StringIO(password + "\n"))
        return self.shell("login", name, "--password-stdin", *words)

    def new(self, *words: str) -> Said:
        return self("caldav", "--url", self.server.url, "--username", "me", *words)


def test_a_provider_word_makes_the_account_and_keeps_the_password_that_opened_the_door(login: Login) -> None:
    said = login.new()
    assert said.code == 0, said.err
    assert "caldav/Family" in said.out and PASSWORD not in said.out + said.err
    written = tomllib.loads(login.shell.config.read_text())
    assert written["accounts"] == {"caldav": {"provider": "caldav", "url": login.server.url, "username": "me"}}
    assert PASSWORD.encode() not in b"".join(f.read_bytes() for f in login.shell.state.iterdir())
    assert login.shell("calendars", "caldav", "--json").json[0]["name"] == "Family"
    (account,) = login.shell("accounts", "--json").json
    assert (account["signed_in"], account["problem"]) == (True, None)


def test_a_wrong_password_is_told_at_once_and_nothing_is_stored(login: Login) -> None:
    before = login.shell.config.read_text()
    said = login("caldav", "--url", login.server.url, "--username", "me", password="wrong")
    assert said.code == 5 and "refused the user name or password" in said.err
    assert login.shell.config.read_text() == before
    assert not (login.shell.state / "secrets.json").exists()


def test_logging_in_again_replaces_the_password_and_logging_out_removes_it(login: Login) -> None:
    login.new()
    assert login("caldav").code == 0
    said = login.shell("logout", "caldav")
    assert said.code == 0 and "not touched" in said.out
    assert login.shell("accounts").code == login.shell("accounts", "--json").code == 5
    said = login.shell("calendars", "caldav")
    assert said.code == 5 and "calsync login caldav" in said.err
    assert "was not signed in" in login.shell("logout", "caldav").out


def test_another_user_name_is_written_where_the_next_run_reads_it(login: Login) -> None:
    login.shell.config.write_text(
        f'{SECRETS}# my cloud\n[accounts.cloud]\nprovider = "caldav"\nurl = "{login.server.url}"\nusername = "old"\n'
    )
    assert login("cloud", "--username", "me").code == 0
    text = login.shell.config.read_text()
    assert "# my cloud" in text and tomllib.loads(text)["accounts"]["cloud"]["username"] == "me"
    assert login.shell("calendars", "cloud").code == 0


def test_the_users_file_keeps_its_rights_and_its_symbolic_link(login: Login, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(SECRETS)
    real.chmod(0o640)
    login.shell.config.unlink()
    login.shell.config.symlink_to(real)
    assert login.new().code == 0
    assert login.shell.config.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640 and "accounts" in real.read_text()


def test_without_any_configuration_a_file_is_made_for_its_owner(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALSYNC_SECRETS__BACKEND", "file")
    login.shell.config.unlink()
    assert login.new().code == 0
    assert stat.S_IMODE(login.shell.config.stat().st_mode) == 0o600


def test_a_password_never_leaves_over_plain_http(login: Login) -> None:
    said = login("caldav", "--url", "http://cloud.example.org/", "--username", "me")
    assert said.code == 2 and "plain http" in said.err and "nothing was sent" in said.err
    assert login("caldav", "--url", "cloud.example.org", "--username", "me").code == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [('password = "x"', "in the configuration"), ('password_command = ["echo", "x"]', "password_command")],
)
def test_a_password_that_would_never_be_asked_for_is_not_stored(login: Login, line: str, words: str) -> None:
    account = f'[accounts.cloud]\nprovider = "caldav"\nurl = "{login.server.url}"\nusername = "me"\n{line}\n'
    login.shell.config.write_text(SECRETS + account)
    said = login("cloud")
    assert said.code == 2 and words in said.err
    assert not (login.shell.state / "secrets.json").exists()


def test_an_unknown_account_gets_a_suggestion(login: Login) -> None:
    login.new()
    for words in (("login", "caldv"), ("logout", "caldv"), ("calendars", "caldv")):
        said = login.shell(*words)
        assert said.code == 2 and "did you mean 'caldav'" in said.err


def test_without_a_terminal_each_question_names_its_flag(safe: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert "--url" in safe("login", "caldav").err
    assert "--username" in safe("login", "caldav", "--url", "https://c.org/").err
    said = safe("login", "caldav", "--url", "https://c.org/", "--username", "me")
    assert said.code == 2 and "--password-stdin" in said.err
    said = safe("login", "caldav", "--url", "https://c.org/", "--username", "me", "--password-stdin")
    assert said.code == 2 and "empty" in said.err


def test_a_folder_account_needs_no_sign_in(shell: Shell) -> None:
    said = shell("login", "x")
    assert said.code == 2 and "needs no sign-in" in said.err


def test_calendars_are_made_on_the_server_and_in_folders(login: Login) -> None:
    login.new()
    login.shell.config.write_text(login.shell.config.read_text() + '\n[accounts.x]\nprovider = "vdir"\npath = "x"\n')
    assert login.shell("calendars", "create", "caldav", "Holidays").code == 0
    assert login.shell("calendars", "create", "x", "Work").code == 0
    assert (login.shell.folder / "x" / "Work").is_dir()
    names = {(row["account"], row["name"]) for row in login.shell("calendars", "--json").json}
    assert {("caldav", "Holidays"), ("x", "Work")} <= names
    assert login.shell("calendars", "create", "x", "Work").code == 2
    assert login.shell("calendars", "create", "x", "../Away").code == 2
    assert login.shell("calendars", "create", "x").code == 2


def test_an_account_without_calendars_says_how_to_make_one(login: Login) -> None:
    pair = '\n[pairs.home]\na = "s/Work on it"\nb = "t/Work"\n'
    folders = "".join(f'\n[accounts.{name}]\nprovider = "vdir"\npath = "{name}"\n' for name in "st")
    login.shell.config.write_text(SECRETS + folders + pair)
    for name in "st":
        (login.shell.folder / name).mkdir()
    assert "s has no calendars yet\n  next: calsync calendars create s NAME" in login.shell("calendars").out
    said = login.shell("sync")
    assert said.code == 2 and "s has no calendars yet" in said.out
    assert "next: calsync calendars create s 'Work on it'" in said.out


def test_one_account_that_cannot_be_reached_does_not_hide_the_others(login: Login) -> None:
    """I14."""
    login.new()
    more = '\n[accounts.off]\nprovider = "caldav"\nurl = "http://127.0.0.1:9/"\nusername = "me"\npassword = "x"\n'
    login.shell.config.write_text(login.shell.config.read_text() + more)
    said = login.shell("calendars")
    assert said.code == 1 and "caldav/Family" in said.out and "127.0.0.1:9 cannot be reached" in said.err


# -- doctor ------------------------------------------------------------------------------------------------------------


def _findings(said: Said) -> dict[str, tuple[bool, str]]:
    return {row["check"]: (row["ok"], row["next"]) for row in said.json}


def test_doctor_finds_nothing_on_a_healthy_machine(login: Login) -> None:
    login.new()
    pair = '\n[accounts.x]\nprovider = "vdir"\npath = "x"\n[pairs.p]\na = "x/Home"\nb = "caldav/Family"\n'
    login.shell.config.write_text(login.shell.config.read_text() + pair)
    said = login.shell("doctor", "--json")
    assert said.code == 0 and all(row["ok"] for row in said.json), said.out
    wanted = {"config", "state folder", "lock", "database", "clock", "zones", "secrets", "account caldav"}
    assert wanted | {"calendar caldav/Family", "calendar x/Home"} <= set(_findings(said))


def test_each_finding_of_doctor_names_a_command(login: Login) -> None:
    login.new()
    login.shell("logout", "caldav")
    more = '\n[accounts.x]\nprovider = "vdir"\npath = "x"\n[pairs.p]\na = "x/Hmoe"\nb = "x/Home"\n'
    login.shell.config.write_text(login.shell.config.read_text() + more)
    login.shell.state.chmod(0o755)
    said = login.shell("doctor", "--json")
    found = _findings(said)
    assert said.code == 5
    assert found["account caldav"] == (False, "calsync login caldav")
    assert found["calendar x/Hmoe"] == (False, "calsync calendars x") and found["calendar x/Home"][0]
    assert found["state folder"] == (False, f"chmod 700 {login.shell.state}")
    assert [row["check"] for row in said.json if not row["ok"] and not row["next"]] == []


def test_doctor_tells_a_read_only_target(login: Login) -> None:
    (login.shell.folder / "x" / "Home").chmod(0o500)
    pair = '[accounts.x]\nprovider = "vdir"\npath = "x"\n[accounts.y]\nprovider = "vdir"\npath = "y"\n'
    pair += '[pairs.p]\na = "x/Home"\nb = "y/Home"\n'
    login.shell.config.write_text(SECRETS + pair)
    if (login.shell.folder / "x" / "Home" / "probe").parent.stat().st_uid == 0 and _can_write(login.shell.home("x")):
        pytest.skip("this user may write everywhere")
    assert not _findings(login.shell("doctor", "--json"))["calendar x/Home"][0]
    login.shell.config.write_text(SECRETS + pair + 'direction = "a-to-b"\n')
    assert _findings(login.shell("doctor", "--json"))["calendar x/Home"][0]


def _can_write(folder: Path) -> bool:
    import os

    return os.access(folder, os.W_OK)


def test_doctor_tells_a_clock_that_went_back(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """G5."""
    import sqlite3

    shell.synced()
    assert _findings(shell("doctor", "--json"))["clock"][0]
    with sqlite3.connect(shell.state / "calsync.db") as db:
        db.execute("UPDATE run SET ended_us = ended_us + 86400000000")
    said = shell("doctor", "--json")
    assert said.code == 1 and not _findings(said)["clock"][0]


def test_doctor_goes_on_when_the_configuration_is_broken(shell: Shell) -> None:
    shell.config.write_text("[accounts.x]\nprovider = 'vdr'\n")
    said = shell("doctor", "--json")
    assert said.code == 2 and not _findings(said)["config"][0] and _findings(said)["zones"][0]


def test_doctor_tells_a_state_folder_that_cannot_be(shell: Shell) -> None:
    shell.state.write_text("in the way")
    said = shell("doctor", "--json")
    assert said.code == 7 and not _findings(said)["state folder"][0]
