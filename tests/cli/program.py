"""A person at a shell: two folders, a configuration, and `calsync` with words. Runs the program's own `main`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from calsync_cli.cli.app import main
from calsync_cli.mapping.registry import mapping
from tests.engine.world import ics

CONFIG = """
[accounts.x]
provider = "vdir"
path = "x"

[accounts.y]
provider = "vdir"
path = "y"

[pairs.home]
a = "x/Home"
b = "y/Home"
"""


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._patch, self._capsys = patch, capsys
        self.config = folder / "config.toml"
        self.state = folder / "state"
        self.config.write_text(CONFIG)
        for side in "xy":
            (folder / side / "Home").mkdir(parents=True)

    def __call__(self, *words: str) -> Said:
        """`calsync WORDS` with this configuration and state folder."""
        self._patch.setattr(sys, "argv", ["calsync", "-c", str(self.config), "--state-dir", str(self.state), *words])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(int(ended.value.code or 0), said.out, said.err)

    def home(self, side: str) -> Path:
        return self.folder / side / "Home"

    def put(self, side: str, uid: str, title: str, *lines: str) -> None:
        (self.home(side) / f"{uid}.ics").write_bytes(ics(uid, title, *lines))

    def file(self, side: str, uid: str) -> Path:
        return next(f for f in self.home(side).glob("*.ics") if f"UID:{uid}\r\n".encode() in f.read_bytes())

    def edit(self, side: str, uid: str, **changes: Any) -> None:
        file = self.file(side, uid)
        file.write_bytes(mapping("ical").edit(file.read_bytes(), changes))

    def titles(self, side: str) -> list[str]:
        return sorted(mapping("ical").read(f.read_bytes()).title for f in self.home(side).glob("*.ics"))

    def contents(self, side: str) -> dict[str, bytes]:
        return {f.name: f.read_bytes() for f in self.home(side).iterdir()}

    def synced(self, count: int = 3) -> Shell:
        for n in range(count):
            self.put("x", f"u{n}", f"Event {n}")
        assert self("sync", "--yes").code == 0
        return self
