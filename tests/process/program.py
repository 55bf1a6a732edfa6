"""The whole program as a process of its own: real files, real SQLite, real sockets, real signals.

Shape   Program(folder).vdir("x").caldav("dav", server, url).pair("a/b", "c/d"), then .run("sync") -> Said
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.servers import Server

TIMEOUT_S = 180


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Program:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.state = folder / "state"
        self.environ: dict[str, str] = {}
        self._accounts = ""
        self._pairs = ""
        self._written = ""

    def vdir(self, name: str, calendar: str = "Home") -> Path:
        """An account that is a folder; returns its one calendar."""
        self._accounts += f'[accounts.{name}]\nprovider = "vdir"\npath = "{self.folder / name}"\n'
        (self.folder / name / calendar).mkdir(parents=True)
        return self.folder / name / calendar

    def ics(self, name: str, url: str) -> None:
        self._accounts += f'[accounts.{name}]\nprovider = "ics"\nurl = "{url}"\n'

    def caldav(self, name: str, server: Server, password: str = "any") -> None:
        self._accounts += (
            f'[accounts.{name}]\nprovider = "caldav"\nurl = "{server.url.rstrip("/")}{server.home}"\n'
            f'username = "{server.user}"\npassword = "{password}"\nauth = "basic"\n'
        )

    def pair(self, a: str, b: str, name: str = "home", **keys: str) -> None:
        more = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
        self._pairs += f'[pairs.{name}]\na = "{a}"\nb = "{b}"\nfirst_sync = "auto"\n{more}'

    def start(self, *words: str) -> subprocess.Popen[str]:
        self._write()
        command = [sys.executable, "-m", "calsync_cli", "-c", str(self.config), "--state-dir", str(self.state), *words]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**_environ(), **self.environ},
        )

    def _write(self) -> None:
        """Only what is new: `login` writes to the file too."""
        text = self._accounts + self._pairs
        if text != self._written:
            self.config.write_text(text)
            self.config.chmod(0o600)
        self._written = text

    def run(self, *words: str) -> Said:
        process = self.start(*words)
        out, err = process.communicate(timeout=TIMEOUT_S)
        assert "Traceback" not in out + err, out + err
        return Said(process.returncode, out, err)

    def sync(self, *words: str, code: int = 0) -> Any:
        """The report of one run that must end with this code."""
        said = self.run("sync", "--json", *words)
        assert said.code == code, (said.code, said.out[-3000:], said.err)
        return said.json

    def query(self, sql: str, *values: object) -> list[Any]:
        with sqlite3.connect(f"file:{self.state / 'calsync.db'}?mode=ro", uri=True) as db:
            return db.execute(sql, values).fetchall()


def _environ() -> Mapping[str, str]:
    """Nothing of the machine's own configuration, and no keyring to ask."""
    dropped = ("CALSYNC_CONFIG", "CALSYNC_STATE_DIR", "CALSYNC_LOG_LEVEL")
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    return kept | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}


def fill(path: Path, payloads: Mapping[str, bytes]) -> None:
    for number, payload in enumerate(payloads.values()):
        (path / f"{number:05d}.ics").write_bytes(payload)


def file_of(path: Path, uid: str) -> Path:
    """The file that holds this UID."""
    line = f"UID:{uid}\r\n".encode()
    return next(file for file in sorted(path.glob("*.ics")) if line in file.read_bytes().replace(b"\r\n ", b""))


def writes(report: Any) -> int:
    return sum(counts["write"] for counts in report["requests"].values())


def quiet(report: Any) -> bool:
    return writes(report) == 0 and report["changes"] == []
