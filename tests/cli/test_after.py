"""[notify] and [[hooks]] behind real runs: who hears of what, and that nothing of it reaches back."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Shell

KEEP = """
import json, pathlib, sys
data = json.load(sys.stdin)
with pathlib.Path(sys.argv[1]).open("a") as file:
    file.write(json.dumps({"words": sys.argv[2:], **data}) + "\\n")
"""


class Desk:
    """A shell with a program that notes what it gets."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.heard_file = shell.folder / "heard"
        self.script("keep.py", KEEP)

    def script(self, name: str, text: str) -> None:
        (self.shell.folder / name).write_text(text)

    def configure(self, text: str) -> None:
        self.shell.config.write_text(self.shell.config.read_text() + text)

    def python(self, script: str, *words: str) -> str:
        return json.dumps([sys.executable, str(self.shell.folder / script), *words])

    def notify(self, *on: str) -> None:
        wanted = f"on = {json.dumps(on)}\n" if on else ""
        self.configure(f"[notify]\n{wanted}command = {self.python('keep.py', str(self.heard_file))}\n")

    def hook(self, more: str = "", command: str = "") -> None:
        self.configure(f"[[hooks]]\n{more}command = {command or self.python('keep.py', str(self.heard_file))}\n")

    @property
    def heard(self) -> list[Any]:
        lines = self.heard_file.read_text().splitlines() if self.heard_file.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def desk(shell: Shell) -> Desk:
    return Desk(shell)


def test_trouble_is_told_once_and_again_when_it_comes_back(desk: Desk) -> None:
    desk.notify()
    desk.shell.synced()
    marker = desk.shell.home("y") / ".calsync"
    kept = marker.read_bytes()
    marker.unlink()
    assert desk.shell("sync").code != 0
    (first,) = desk.heard
    assert first["words"] == [first["text"]] and "next: " in first["text"] and first["new"] == first["all"]
    desk.shell("sync")
    assert len(desk.heard) == 1, "it stands as it was told"
    marker.write_bytes(kept)
    assert desk.shell("sync").code == 0
    marker.unlink()
    desk.shell("sync")
    assert len(desk.heard) == 2


def test_only_what_is_wanted_is_told_and_dry_runs_tell_nothing(desk: Desk) -> None:
    desk.notify("guard")
    desk.shell.put("x", "u", "New")
    assert desk.shell("sync").code == 3, "the first plan waits"
    assert desk.heard == []
    assert desk.shell("sync", "--yes").code == 0
    desk.shell.file("y", "u").unlink()
    assert desk.shell("sync", "--dry-run").code == 0 and desk.heard == []
    assert desk.shell("sync").code == 4
    assert [one["kind"] for one in desk.heard[0]["new"]] == ["guard"]


def test_a_damaged_state_is_told_too(desk: Desk) -> None:
    desk.notify("failure")
    desk.shell.synced()
    (desk.shell.state / "calsync.db").write_bytes(b"no database at all")
    for _ in range(2):
        assert desk.shell("sync").code == 7
    assert [one["new"][0]["code"] for one in desk.heard] == ["state"]


def test_a_run_that_never_began_forgets_no_trouble(desk: Desk) -> None:
    """A mistyped name is none, and a state that cannot be read says nothing of what was told before."""
    desk.notify()
    desk.shell.put("x", "u", "New")
    assert desk.shell("sync").code == 3
    assert desk.shell("sync", "hmoe").code == 2
    file = desk.shell.state / "calsync.db"
    kept = file.read_bytes()
    file.write_bytes(b"no database")
    assert desk.shell("sync").code == 7
    file.write_bytes(kept)
    assert desk.shell("sync").code == 3
    assert [[one["code"] for one in heard["new"]] for heard in desk.heard] == [["first-plan"], ["state"]]


def test_a_notice_that_nobody_took_is_told_again(desk: Desk) -> None:
    desk.configure('[notify]\ncommand = ["./not-there"]\n')
    desk.shell.put("x", "u", "New")
    for _ in range(2):
        said = desk.shell("sync")
        assert said.code == 3 and "note: notify: ./not-there cannot be run" in said.out


def test_what_cannot_be_noted_or_passed_on_stops_no_run(desk: Desk) -> None:
    """A disk that is full, a title with a zero byte in it: told once more, and nothing else."""
    desk.notify()
    desk.configure('[[hooks]]\ncommand = ["./on\\u0000change"]\n')
    (desk.shell.folder / "state/told.json.part").mkdir(parents=True)
    desk.shell.put("x", "u", "New")
    for count in (1, 2):
        said = desk.shell("sync")
        assert said.code == 3 and "note: notify: what was told cannot be noted" in said.out
        assert len(desk.heard) == count
    said = desk.shell("sync", "--yes")
    assert said.code == 0 and "cannot be run (embedded null byte)" in said.out and desk.shell.titles("y") == ["New"]


def test_a_hook_gets_what_it_asked_for(desk: Desk) -> None:
    desk.shell.synced(30)
    desk.hook('on = ["created", "deleted"]\npairs = ["home"]\n')
    desk.shell.put("x", "u", "Lunch", "LOCATION:Room 1")
    desk.shell("sync", "--yes")
    desk.shell.edit("x", "u", title="Dinner")
    desk.shell("sync")
    desk.shell.file("x", "u").unlink()
    desk.shell("sync")
    desk.shell("sync")
    made, gone = desk.heard
    (change,) = made["changes"]
    assert (change["action"], change["calendar"], change["title"]) == ("create", "y/Home", "Lunch")
    assert change["event"]["location"] == "Room 1" and change["event"]["end"] > change["event"]["start"]
    assert [(one["action"], one["event"]) for one in gone["changes"]] == [("delete", None)]


def test_nothing_a_hook_does_breaks_a_run(desk: Desk) -> None:
    desk.script("fails.py", "import sys; print('no luck'); sys.exit(3)")
    desk.script("hangs.py", "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', "
                "'import time; time.sleep(60)']); time.sleep(60)")
    desk.script("floods.py", "import sys\nwhile True: sys.stdout.write('x' * 65536)")
    desk.script("leaves.py", "import subprocess, sys; subprocess.Popen([sys.executable, '-c', "
                "'import time; time.sleep(5)'])")
    for script in ("fails.py", "hangs.py", "floods.py", "leaves.py"):
        desk.hook('timeout = "1s"\n', desk.python(script))
    desk.hook("", '["./not-there"]')
    desk.hook()
    desk.shell.put("x", "u", "Lunch")
    began = time.monotonic()
    said = desk.shell("sync", "--yes")
    assert time.monotonic() - began < 20
    assert said.code == 0 and desk.shell.titles("y") == ["Lunch"]
    assert len(desk.heard) == 1, "the last one ran all the same"
    notes = [line for line in said.out.splitlines() if line.startswith("note: hook: ")]
    assert len(notes) == 4 and "fails.py ended with code 3 (no luck); the run is not affected" in notes[0]
    assert "hangs.py took longer than 1 s" in notes[1] and "floods.py took longer than 1 s" in notes[2]
    log = (desk.shell.state / "calsync.log").read_text()
    assert "no luck" in log and len(log) < 20_000


def test_a_hook_is_found_beside_the_configuration_and_can_ask_calsync(desk: Desk) -> None:
    file = desk.shell.folder / "on-change"
    root = Path(__file__).parents[2]
    call = f'"{sys.executable}" -m calsync_cli events list --json > heard.json'
    file.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" {call}\n')
    file.chmod(0o755)
    desk.hook("", '["./on-change"]')
    desk.shell.put("x", "u", "Lunch")
    desk.shell("sync", "--yes")
    found = json.loads((desk.shell.folder / "heard.json").read_text())
    assert {row["calendar"] for row in found} == {"x/Home", "y/Home"}


def test_due_pairs_run_and_others_rest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.shell.synced()
    assert desk.shell("sync", "--due").out.strip() == "nothing is due"
    assert desk.shell("sync", "--due", "-q").out == ""
    text = desk.shell.config.read_text()
    desk.shell.config.write_text(text + 'every = "1s"\n')
    time.sleep(1.1)
    desk.shell.put("x", "v", "More")
    assert desk.shell("sync", "--due").code == 0 and "More" in desk.shell.titles("y")


def test_a_scheduled_run_beside_another_one_is_quiet(desk: Desk) -> None:
    from calsync_cli.ports import system_ports
    from calsync_cli.store.lock import Lock

    desk.shell.synced()
    lock = Lock(desk.shell.state, system_ports())
    try:
        said = desk.shell("sync", "--due", "--full", "-q"), desk.shell("sync")
    finally:
        lock.release()
    assert [one.code for one in said] == [6, 6]
    assert said[0].out + said[0].err == "" and "another calsync run" in said[1].err
