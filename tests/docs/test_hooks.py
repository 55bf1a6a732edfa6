"""The examples of docs/hooks.md and the service of `watch` in docs/automatic.md, as they stand there."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Shell
from tests.docs import documents
from tests.docs.documents import ROOT, blocks
from tests.emulators.web import Request, Response, WebServer

SCRIPTS = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", documents.text("docs/hooks.md"), re.DOTALL))
HOOKS = next(block.text for block in blocks("docs/hooks.md") if block.text.startswith("[[hooks]]"))
SHIM = f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m calsync_cli "$@"\n'
ALARM = '#!/bin/sh\necho "$@" >> "$ALARMS"\n'


class Desk:
    """A shell whose configuration has the hooks of the page, and a server where they post to."""

    def __init__(self, shell: Shell, web: WebServer, posted: list[Any]) -> None:
        self.shell, self.posted = shell, posted
        self.url = f"http://127.0.0.1:{web.port}"
        for name, text in SCRIPTS.items():
            (shell.folder / name).write_text(text)
        shell.synced(12)

    def hooks(self, word: str) -> None:
        """Only those whose command holds the word."""
        text = re.sub(r"https://(chat|flows)\.example\.org", self.url, HOOKS).replace("laptop/Room", "y/Home")
        wanted = [f"[[hooks]]{part}" for part in text.split("[[hooks]]") if word in part]
        assert wanted
        self.shell.config.write_text(self.shell.config.read_text() + "\n".join(wanted))

    def sync(self) -> None:
        said = self.shell("sync")
        assert (said.code, said.err) == (0, "") and "note:" not in said.out, said


@pytest.fixture
def desk(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    programs = tmp_path / "bin"
    programs.mkdir()
    python = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
    for name, text in (("calsync", SHIM), ("notify-send", ALARM), ("python3", python)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("ALARMS", str(tmp_path / "alarms"))
    posted: list[Any] = []

    def answer(request: Request) -> Response:
        posted.append(json.loads(request.body))
        return Response(200)

    with WebServer(answer) as web:
        yield Desk(shell, web, posted)


def test_all_examples_are_there() -> None:
    assert set(SCRIPTS) == {"chat.py", "rooms.py", "hours.py"} and HOOKS.count("[[hooks]]") == 4


def test_a_chat_hears_of_what_is_new(desk: Desk) -> None:
    desk.hooks("chat.py")
    desk.shell.put("x", "new", "Dentist")
    desk.sync()
    (message,) = desk.posted
    assert message["text"].startswith("Dentist, 20") and "new on x/Home" in message["text"]


def test_a_room_that_is_booked_twice_calls_out(desk: Desk, tmp_path: Path) -> None:
    desk.hooks("rooms.py")
    desk.shell.put("x", "one", "First")
    desk.sync()
    text = (tmp_path / "alarms").read_text() if (tmp_path / "alarms").exists() else ""
    assert "First" in text, "all events of this desk are at the same time"
    assert 'y/Home: "First" and "Event 0"' in text


def test_hours_follow_every_change(desk: Desk) -> None:
    desk.hooks("hours.py")

    def rows() -> dict[str, tuple[str, float]]:
        with (desk.shell.folder / "hours.csv").open() as file:
            return {row["uid"]: (row["title"], float(row["hours"])) for row in csv.DictReader(file)}

    desk.shell.put("x", "new", "Work")
    desk.sync()
    (title, hours) = rows()["new"]
    assert title == "Work" and hours > 0
    desk.shell.edit("x", "new", title="Other work")
    desk.sync()
    assert rows()["new"][0] == "Other work" and len(rows()) == 1
    desk.shell.file("x", "new").unlink()
    desk.sync()
    assert rows() == {}


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_a_workflow_gets_the_document(desk: Desk) -> None:
    desk.hooks("curl")
    desk.shell.put("x", "new", "Dentist")
    desk.sync()
    (document,) = desk.posted
    assert [one["title"] for one in document["changes"]] == ["Dentist"] and document["run"] > 1


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze; it is in Debian's systemd")
def test_the_service_of_watch_passes_systemds_own_check(tmp_path: Path) -> None:
    (unit,) = [block.text for block in blocks("docs/automatic.md") if block.language == "ini"]
    file = tmp_path / "calsync-watch.service"
    file.write_text(unit.replace("%h/.local/bin/calsync", sys.executable))
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(["systemd-analyze", "verify", "--user", file], capture_output=True, text=True, check=False,
                          env=environ)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
