"""What the cases stand on: helper processes, wires with a delay, client folders, and one measured run of a program.

Shape   with Bed(environment) as bed: bed.dav.ask({...}), bed.wire(port, delay_ms) -> port, bed.run(command) -> Measure
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bench.environment import ROOT, Environment


@dataclass(frozen=True)
class Measure:
    """Of one process: seconds by the clock and of CPU, peak of resident memory in MiB; requests where a wire counts."""

    wall_s: float
    cpu_s: float
    rss_mib: float
    out: str = ""
    requests: int | None = None


class Helper:
    """A server that takes a JSON line and answers with one."""

    def __init__(self, python: str, *words: str, greets: bool = True) -> None:
        self._process = subprocess.Popen(
            [python, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.told: dict[str, Any] = self._line() if greets else {}

    def ask(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()


@dataclass
class Bed:
    environment: Environment
    wires: dict[tuple[int, int], int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="calsync-bench-"))
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.proxy = self.helper("-m", "bench.proxy", greets=False)
        self.dav = self.helper("-m", "bench.dav")
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def helper(self, *words: str, greets: bool = True) -> Helper:
        helper = Helper(self.environment.python, *words, greets=greets)
        self.stack.callback(helper.close)
        return helper

    def wire(self, port: int, delay_ms: int) -> int:
        """The same one for the same server and delay."""
        if (port, delay_ms) not in self.wires:
            self.wires[port, delay_ms] = self.proxy.ask({"open": port, "delay_ms": delay_ms})["port"]
        return self.wires[port, delay_ms]

    def new(self, name: str) -> Path:
        """An empty folder."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    def run(self, command: Sequence[str], *, wires: Sequence[int] = (), codes: Sequence[int] = (0,)) -> Measure:
        for wire in wires:
            self.proxy.ask({"count": wire})
        launched = subprocess.run(
            [self.environment.python, "-I", "-S", str(ROOT / "bench/launch.py"), *command], stdout=subprocess.PIPE,
            check=True, env=_environ(), cwd=self.folder,
        )
        found = json.loads(launched.stdout)
        if found["code"] not in codes:
            said = f"{found['out'][-2000:]}\n{found['err'][:2000]}"
            raise RuntimeError(f"{' '.join(command)} ended with {found['code']}\n{said}")
        asked = sum(self.proxy.ask({"count": wire})["requests"] for wire in wires) if wires else None
        return Measure(found["wall_s"], found["cpu_s"], found["rss_mib"], found["out"] + found["err"], asked)

    def floor(self, what: str, given: Mapping[str, Any]) -> list[str]:
        """The command of a floor script."""
        text = json.dumps(given)
        if what in ("typer", "base"):
            return [self.environment.python, "-P", str(ROOT / "bench/floor.py"), what, text]
        handle, name = tempfile.mkstemp(suffix=".json", dir=self.folder)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        return [self.environment.python, "-P", str(ROOT / "bench/floor.py"), what, name]


def _environ() -> dict[str, str]:
    """Nothing of the machine's own configuration, and no keyring to ask."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CALSYNC_", "PYTHON", "XDG_"))}
    return {**kept, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "CALSYNC_SECRET_KEY": "key"}


class Calsync:
    """A folder with a configuration and a state of its own."""

    def __init__(self, bed: Bed, *, secrets: str = "") -> None:
        self.bed, self.folder = bed, bed.new("calsync")
        self.state = self.folder / "state"
        self._text = secrets

    def dav(self, name: str, port: int, home: str = "/me/", user: str = "me") -> None:
        self._text += (
            f'[accounts.{name}]\nprovider = "caldav"\nurl = "http://127.0.0.1:{port}{home}"\nusername = "{user}"\n'
            'password = "any"\nauth = "basic"\n'
        )

    def vdir(self, name: str) -> Path:
        path = self.folder / name
        self._text += f'[accounts.{name}]\nprovider = "vdir"\npath = "{path}"\n'
        (path / "home").mkdir(parents=True)
        return path / "home"

    def account(self, name: str, keys: Mapping[str, str]) -> None:
        self._text += "\n".join([f"[accounts.{name}]", *(f'{key} = "{value}"' for key, value in keys.items()), ""])

    def pair(self, a: str, b: str, more: str = "") -> None:
        self._text += f'[pairs.p]\na = "{a}"\nb = "{b}"\nfirst_sync = "auto"\n{more}'

    def command(self, *words: str) -> list[str]:
        config = self.folder / "config.toml"
        if not config.exists() or config.read_text() != self._text:
            config.write_text(self._text)
            config.chmod(0o600)
        return [self.bed.environment.calsync, "-c", str(config), "--state-dir", str(self.state), *words]

    @property
    def sync(self) -> list[str]:
        return self.command("sync", "-q")


class Vdirsyncer:
    """The same pair for vdirsyncer: collections by their addresses, so that it has nothing to discover."""

    def __init__(self, bed: Bed) -> None:
        self.bed, self.folder = bed, bed.new("vdirsyncer")
        self.state = self.folder / "status"
        self._text = (
            f'[general]\nstatus_path = "{self.state}"\n[pair p]\na = "a"\nb = "b"\ncollections = null\n'
            'conflict_resolution = "a wins"\n'
        )

    def dav(self, side: str, url: str) -> None:
        self._text += f'[storage {side}]\ntype = "caldav"\nurl = "{url}"\nusername = "me"\npassword = "any"\n'

    def vdir(self, side: str) -> Path:
        path = self.folder / side
        self._text += f'[storage {side}]\ntype = "filesystem"\npath = "{path}"\nfileext = ".ics"\n'
        path.mkdir()
        return path

    def command(self, word: str) -> list[str]:
        config = self.folder / "config"
        config.write_text(self._text)
        return [self.bed.environment.vdirsyncer, "-v", "error", "-c", str(config), word]

    def discover(self) -> None:
        self.bed.run(self.command("discover"))

    @property
    def sync(self) -> list[str]:
        return self.command("sync")
