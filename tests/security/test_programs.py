"""Nothing that comes from a server is run: not as Python, not as SQL, not by a shell, not as words of a command."""

from __future__ import annotations

import ast
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calsync_cli.after.notices import desktop
from calsync_cli.config.environment import without_secrets
from tests.cli.conftest import shell as shell
from tests.cli.program import Shell
from tests.fakes.caldav_server import FakeCalDav

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "calsync_cli"
MODULES = {"pickle", "marshal", "shelve", "dill", "yaml", "code", "runpy", "ctypes"}
CALLS = {"eval", "exec", "compile", "__import__", "system", "popen", "getoutput", "getstatusoutput", "execvp", "spawnv"}


def offences(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        yield from (name for name in names if name.split(".")[0] in MODULES)
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            owner = getattr(getattr(node.func, "value", None), "id", "")
            if name in CALLS and not (name == "compile" and owner == "re"):
                yield name
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            yield from ["shell=True"] if words.get("shell", "False") != "False" else []


def test_nothing_in_the_program_can_run_what_it_reads() -> None:
    found = {path.name: list(offences(path.read_text("utf-8"))) for path in PACKAGE.rglob("*.py")}
    assert {name: what for name, what in found.items() if what} == {}


def test_the_check_sees_what_it_forbids() -> None:
    bad = "import pickle\neval(x)\nos.system(x)\nsubprocess.run(x, shell=True)\nfrom yaml import load\nre.compile(x)"
    assert set(offences(bad)) == {"pickle", "eval", "system", "shell=True", "yaml"}


INJECTED = "x0inject0x"
EVIL = f"'; DROP TABLE link; -- \" {INJECTED} $(touch owned) `touch owned` ; touch owned | touch owned & %s {{}} \\"


def test_no_word_of_an_event_or_a_calendar_becomes_sql(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement that reaches SQLite, without the values bound to it."""
    seen: list[str] = []

    class Listening(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            seen.append(sql)
            return super().execute(sql, *values)

        def executemany(self, sql: str, rows: Any) -> sqlite3.Cursor:
            seen.append(sql)
            return super().executemany(sql, rows)

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: real(*args, **{**more, "factory": Listening}))
    with FakeCalDav() as server:
        path = server.calendar_at(f"{server.home}work/", f"Work {EVIL}")
        for n in range(3):
            server.user_put(f"{path}{n}-'; {INJECTED}.ics", _event(f"u{n} {EVIL}", EVIL))
        shell.config.write_text(
            f'[accounts.dav]\nprovider = "caldav"\nurl = "{server.url}dav/"\nusername = "me"\npassword = "any"\n'
            f'[accounts.y]\nprovider = "vdir"\npath = "y"\n[pairs.home]\na = {json.dumps(f"dav/Work {EVIL}")}\n'
            'b = "y/Home"\n'
        )
        assert shell("sync", "--yes").code == 0
        for words in (("sync",), ("events", "list"), ("why", EVIL), ("why", "x' OR 1=1 --"), ("events", "show", "%"),
                      ("status",), ("history", "1"), ("agenda",), ("restore", EVIL), ("trash",), ("undo", "-n")):
            shell(*words)
    assert len(seen) > 100 and [sql for sql in seen if INJECTED in sql or "OR 1=1" in sql] == []
    assert len(list(shell.home("y").glob("*.ics"))) == 3


def _event(uid: str, title: str) -> bytes:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z",
        "DTSTART:20261201T090000Z", f"SUMMARY:{title}".replace(";", "\\;"), "END:VEVENT", "END:VCALENDAR", "",
    ]
    return "\r\n".join(lines).encode()


LOOK = """
import json, os, pathlib, sys
everybody = []
for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        everybody.append(file.read_bytes().replace(b"\\0", b" ").decode(errors="replace"))
    except OSError:
        pass
ours = {name: value for name, value in os.environ.items() if name.startswith("CALSYNC")}
given = sys.stdin.read() if sys.argv[2] == "reads" else ""
with open(sys.argv[1], "a") as out:
    out.write(json.dumps({"words": sys.argv[3:], "environ": ours, "everybody": everybody, "given": given}))
    out.write("\\n")
if sys.argv[2] == "alone":
    print("s3cret-from-command")
"""


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="this system shows its processes in another way")
def test_no_secret_is_in_a_list_of_processes_or_with_a_program_that_is_started(shell: Shell) -> None:
    """A real run with a passphrase and a password in the environment, a password_command, and a hook."""
    look, out = shell.folder / "look.py", shell.folder / "seen"
    look.write_text(LOOK)
    with FakeCalDav() as server:
        server.calendar("Work")
        command = [sys.executable, str(look), str(out)]
        shell.config.write_text(
            f'[accounts.dav]\nprovider = "caldav"\nurl = "{server.url}dav/"\nusername = "me"\n'
            f'password_command = {json.dumps([*command, "alone"])}\n'
            f'[accounts.y]\nprovider = "vdir"\npath = "y"\n[[hooks]]\ncommand = {json.dumps([*command, "reads"])}\n'
            '[pairs.home]\na = "y/Home"\nb = "dav/Work"\nfirst_sync = "auto"\n'
        )
        shell.put("y", "u1", EVIL)
        told = {**os.environ, "PYTHONPATH": str(ROOT), "CALSYNC_SECRET_KEY": "p4ssphrase",
                "CALSYNC_ACCOUNTS__OTHER__PASSWORD": "p4ssword", "CALSYNC_ACCOUNTS__OTHER__PROVIDER": "caldav",
                "CALSYNC_ACCOUNTS__OTHER__USERNAME": "me", "CALSYNC_ACCOUNTS__OTHER__URL": server.url}
        words = [sys.executable, "-m", "calsync_cli", "-c", str(shell.config), "--state-dir", str(shell.state), "sync"]
        done = subprocess.run([*words, "-vv"], env=told, capture_output=True, text=True, cwd=shell.folder, check=False)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) >= 2 and any(row["given"] for row in rows), done.stderr
    secrets = ("p4ssphrase", "p4ssword", "s3cret-from-command")
    log = (shell.state / "calsync.log").read_text()
    for secret in secrets:
        assert not [row for row in rows if secret in json.dumps([row["everybody"], row["environ"], row["words"]])]
        assert secret not in done.stdout + done.stderr + log
    assert not any(INJECTED in json.dumps([row["words"], row["everybody"]]) for row in rows), "titles come on stdin"
    assert not list(shell.folder.rglob("owned"))


def test_what_other_programs_get_to_see_of_the_environment() -> None:
    ours = {"CALSYNC_SECRET_KEY": "a", "CALSYNC_ACCOUNTS__X__PASSWORD": "b", "calsync_x": "c", "PATH": "d",
            "CALSYNC_CONFIG": "e", "CALSYNC_ACCOUNTS__X__PASSWORD_COMMAND": "f"}  # fmt: skip
    assert without_secrets(ours).keys() == ours.keys() - {"CALSYNC_SECRET_KEY", "CALSYNC_ACCOUNTS__X__PASSWORD"}


def test_a_notice_is_text_on_the_desktop_too() -> None:
    """Desktops of Linux draw links and pictures of such texts; a text is no option either."""
    *front, text = desktop('-x "<a href=\'https://evil.example\'>Click</a><img src=x>" & more', "linux")
    assert front[-2:] == ["--", "calsync"] and "<" not in text
