"""`init` at a terminal and vdirsyncer's calendars taken over, against a real CalDAV server."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Shell
from tests.cli.terminal import Terminal
from tests.fakes.servers import Radicale, radicale
from tests.process.events import events

KEY = {"CALSYNC_SECRET_KEY": "for tests", "COLUMNS": "200"}
SECRETS = '[secrets]\nbackend = "file"\n'


@pytest.fixture(scope="module")
def server() -> Iterator[Radicale]:
    with radicale({"me": "pass word"}) as started:
        started.password = "pass word"
        yield started


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    for name, value in {**KEY, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    for name in ("XDG_CONFIG_HOME", "VDIRSYNCER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    made = Shell(tmp_path, monkeypatch, capsys)
    made.config.write_text(SECRETS)
    return made


def test_a_person_connects_a_server_and_tries_it_out(shell: Shell, server: Radicale) -> None:
    shell.put("x", "u", "Dentist")
    with Terminal(shell, "init", columns=200, HOME=str(shell.folder), **KEY) as term:
        for password in ("wrong", "pass word"):
            term.see("> ")
            term.type("caldav")
            term.see("Name for it [caldav]: ")
            term.type("")
            first = password == "wrong"  # then Enter keeps what was said
            term.see("Address of the server (https://...): " if first else f"Address of the server [{server.url}]: ")
            term.type(server.url if first else "")
            term.see("user name: ")
            term.type("me")
            term.see("password of me: ")
            term.type(password)
            term.see("signed in to caldav as me" if password == "pass word" else "! ")
        assert "pass word" not in term.screen
        term.see("> ")
        term.type("folder")
        term.see("calendars [~/.calendars]: ")
        term.type(str(shell.folder / "x"))
        term.see("> ")
        term.type("")
        term.see("1  folder/Home")
        term.see("> ")
        term.type("1")
        term.see("second calendar?")
        term.see("> ")
        term.type("n")
        term.see("In which account?")
        term.see("> ")
        term.type("caldav")
        term.see("made caldav/calsync trial")
        for _ in range(2):
            term.see("> [1] ")
            term.type("")
        term.see("Go ahead? [y/N, s shows each change] ")
        term.type("y")
        term.see("+1")
        term.see("calsync undo")
        assert term.end() == 0
    assert shell("sync").out.count("up to date") == 1
    assert shell("undo", "--yes").code == 0
    assert shell.titles("x") == ["Dentist"]


def test_what_vdirsyncer_has_synced_with_a_server_is_linked_without_a_write(shell: Shell, server: Radicale) -> None:
    """Its layout: the same items on both sides, each under its UID where that is a harmless name, else a random one."""
    calendar = server.make_calendar("theirs")
    folder = shell.folder / "cal" / "theirs"
    folder.mkdir(parents=True)
    for number, (uid, payload) in enumerate(events(7, 15).items()):
        name = f"{uid}.ics" if uid.replace("-", "").replace(".", "").isalnum() else f"random-{number}.ics"
        (folder / name).write_bytes(payload)
        assert server.raw("PUT", f"{calendar}{name}", payload, {"Content-Type": "text/calendar"}).status_code == 201
    (shell.folder / "theirs").write_text(
        '[general]\nstatus_path = "~/status/"\n[pair my]\na = "here"\nb = "there"\ncollections = ["theirs"]\n'
        f'[storage here]\ntype = "filesystem"\npath = "{folder.parent}/"\nfileext = ".ics"\n'
        f'[storage there]\ntype = "caldav"\nurl = "{server.url}"\nusername = "me"\n'
        'password.fetch = ["command", "echo", "pass word"]\n'
    )
    before = {file.name: file.read_bytes() for file in folder.glob("*.ics")}
    assert shell("import", "vdirsyncer", str(shell.folder / "theirs")).code == 0
    report = shell("sync", "--yes", "--json").json
    assert (report["exit_code"], report["changes"], report["pairs"][0]["linked"]) == (0, [], 15)
    assert report["requests"]["there"]["write"] == 0
    assert {file.name: file.read_bytes() for file in folder.glob("*.ics")} == before
    assert tomllib.loads(shell.config.read_text())["pairs"]["my-theirs"]["b"] == "there/theirs"


def test_a_password_of_its_file_goes_into_the_store_of_secrets(shell: Shell, server: Radicale) -> None:
    server.make_calendar("plain")
    (shell.folder / "cal" / "plain").mkdir(parents=True)
    (shell.folder / "theirs").write_text(
        '[general]\nstatus_path = "~/status/"\n[pair my]\na = "here"\nb = "there"\ncollections = ["plain"]\n'
        f'[storage here]\ntype = "filesystem"\npath = "{shell.folder}/cal/"\nfileext = ".ics"\n'
        f'[storage there]\ntype = "caldav"\nurl = "{server.url}"\nusername = "me"\npassword = "pass word"\n'
    )
    said = shell("import", "vdirsyncer", str(shell.folder / "theirs"))
    assert said.code == 0
    assert "pass word" not in said.out + said.err + shell.config.read_text()
    assert "calsync login" not in said.out
    assert shell("sync", "--yes").code == 0
