"""An account whose folder, server or user is another one now: nothing of the old place counts there (G6, T3)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.program import Shell
from tests.fakes.caldav_server import FakeCalDav


def moved(shell: Shell, count: int = 4) -> Path:
    """Synced folders, and the configuration then points side y to a new, empty place."""
    shell.synced(count)
    (shell.folder / "new" / "Home").mkdir(parents=True)
    point(shell, "new")
    return shell.folder / "new" / "Home"


def point(shell: Shell, place: str) -> None:
    lines = [f'path = "{place}"' if line in ('path = "y"', 'path = "new"') else line
             for line in shell.config.read_text().splitlines()]
    shell.config.write_text("\n".join(lines) + "\n")


def approve(shell: Shell) -> int:
    said = shell("sync", "--json")
    assert said.code == 4 and said.json["pairs"][0]["guard"]["kind"] == "G6", said.out
    return shell("sync", "--approve", said.json["pairs"][0]["guard"]["plan"]).code


def test_another_folder_is_asked_about_and_then_filled_and_nothing_is_deleted(shell: Shell) -> None:
    new, old = moved(shell), shell.contents("y")
    for _ in range(2):
        said = shell("sync")
        assert said.code == 4 and "(G6)" in said.out and "another place" in said.out
        assert not any(new.iterdir())
    assert approve(shell) == 0
    assert len(list(new.glob("*.ics"))) == 4 and len(shell.titles("x")) == 4
    assert shell.contents("y") == old
    shell.edit("x", "u0", title="Later")
    assert shell("sync").code == 0
    assert any(b"Later" in file.read_bytes() for file in new.glob("*.ics")) and shell.contents("y") == old


def test_a_folder_that_was_moved_is_linked_again_without_a_write(shell: Shell) -> None:
    new = moved(shell)
    for file in shell.home("y").iterdir():
        file.rename(new / file.name)
    shell.edit("x", "u1", title="Edited meanwhile")
    before = {file.name: file.read_bytes() for file in new.iterdir() if b"UID:u1\r\n" not in file.read_bytes()}
    assert approve(shell) in (0, 3)
    after = {file.name: file.read_bytes() for file in new.iterdir()}
    assert len(after) == 5 and {name: after[name] for name in before} == before


def test_a_mistake_in_the_path_that_is_taken_back_costs_nothing(shell: Shell) -> None:
    moved(shell)
    assert shell("sync").code == 4
    point(shell, "y")
    shell.file("x", "u0").unlink()
    shell.edit("y", "u1", title="From y")
    assert approve(shell) == 0
    assert shell.titles("x") == shell.titles("y") == ["Event 2", "Event 3", "From y"]
    assert shell("sync", "--json").json["changes"] == []


def test_another_path_for_the_same_folder_is_the_same(shell: Shell) -> None:
    shell.synced(2)
    point(shell, "../" + shell.folder.name + "/y")
    assert shell("sync").code == 0


def test_another_server_with_the_same_addresses_proves_no_deletion(shell: Shell) -> None:
    """O2, T3: the new server's 404 for an event of the old one says nothing."""
    with FakeCalDav() as first, FakeCalDav() as second:
        for server in (first, second):
            server.calendar("Work")
        text = (
            f'[accounts.x]\nprovider = "vdir"\npath = "x"\n[accounts.dav]\nprovider = "caldav"\n'
            f'url = "{first.url}dav/"\nusername = "me"\npassword = "any"\n'
            '[pairs.home]\na = "x/Home"\nb = "dav/Work"\nfirst_sync = "auto"\n'
        )
        shell.config.write_text(text)
        for n in range(3):
            shell.put("x", f"u{n}", f"Event {n}")
        assert shell("sync").code == 0
        shell.config.write_text(text.replace(first.url, second.url))
        assert approve(shell) == 0
        assert len(shell.titles("x")) == 3
        assert len(second.contents(next(iter(second.shelves)))) == 3


@pytest.mark.parametrize("side", ["x", "y"])
def test_a_copied_folder_in_the_place_of_the_old_one_is_linked_whoever_wrote_last(shell: Shell, side: str) -> None:
    """What was agreed came from a calendar that is not there any more; its values stand for the new place."""
    shell.synced(4)
    for other, uid in (("x", "u0"), ("y", "u1")):
        shell.edit(other, uid, title=f"Last word of {other}")
    assert shell("sync").code == 0
    shutil.copytree(shell.folder / side, shell.folder / "new")
    shell.config.write_text(shell.config.read_text().replace(f'path = "{side}"', 'path = "new"'))
    new = shell.folder / "new" / "Home"
    edited = next(file for file in new.glob("*.ics") if b"UID:u2\r\n" in file.read_bytes())
    edited.write_bytes(edited.read_bytes().replace(b"SUMMARY:", b"SUMMARY:Moved "))
    assert approve(shell) in (0, 3)
    assert shell("sync").code in (0, 3)
    rest = shell("sync", "--json").json
    assert rest["changes"] == [] and rest["exit_code"] in (0, 3)
    assert len(list(new.glob("*.ics"))) == 4
