"""A person's home folder in which the commands of a document are run one after the other, with the real program.

Shape   home.lead("google", api_url=...): accounts of that kind are led to a server of the tests by the environment,
        so that configurations stand in the documents as a reader needs them
        home.run(line, answers) -> Said; home.write(toml), home.add(toml)
        home.signed_in(), home.alone(): with every account of the configuration signed in to, or with none; where a
        story has servers of every kind (recipes.py)
Why     commands without questions run in this process, which takes a tenth of the time; questions need a terminal
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from calsync_cli.cli.app import main
from calsync_cli.config.environment import PREFIX
from tests.docs.documents import ROOT
from tests.docs.typist import Answers, typed
from tests.fakes.schedulers import environ, put
from tests.process.cloud import VISIT

SHIM = '#!/bin/sh\nPYTHONPATH="{root}" exec "{python}" -m calsync_cli "$@"\n'
SHELL = frozenset({"mkdir", "cp", "mv", "rm", "cat", "echo", "printf", "touch", "chmod", "ls", "sed"})
"""Programs of the system that a document may use and that are run, in the home folder."""


@dataclass(frozen=True)
class Said:
    code: int
    text: str


class Home:
    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.stack = folder, ExitStack()
        self.config = folder / ".config" / "calsync" / "config.toml"
        self.config.parent.mkdir(parents=True)
        self._patch, self._capsys = patch, capsys
        self._led: dict[str, dict[str, str]] = {}
        self._leading: list[str] = []
        self.instead: dict[str, str] = {}
        self.signed_in: Callable[[], None] = lambda: None
        self.alone: Callable[[], None] = lambda: None
        programs = folder / "bin"
        programs.mkdir()
        self.program(programs / "calsync", SHIM.format(root=ROOT, python=sys.executable))
        put(programs)
        for name in [name for name in os.environ if name.startswith((PREFIX, "XDG_"))] + ["COLUMNS", "LINES"]:
            patch.delenv(name, raising=False)
        for name, value in {
            **environ(programs), "HOME": str(folder), "CALSYNC_SECRETS__BACKEND": "file",
            "CALSYNC_SECRET_KEY": "a passphrase of the tests", "VDIRSYNCER_CONFIG": str(folder / "none"),
        }.items():  # fmt: skip
            patch.setenv(name, value)
        patch.chdir(folder)

    @staticmethod
    def program(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def environ(self, name: str, value: str) -> None:
        self._patch.setenv(name, value)

    def as_typed(self, line: str) -> str:
        """With the words that a reader would have put there."""
        for word, other in self.instead.items():
            line = line.replace(word, other)
        return line

    def forget(self, name: str) -> None:
        self._patch.delenv(name, raising=False)

    def browse(self, *words: str) -> None:
        """By a browser that agrees to everything; words: the file of a certificate that it trusts. The library asks for
        the browser of a process only once, and this process has had other homes."""
        self._patch.setattr(webbrowser, "_tryorder", None)
        self._patch.setattr(webbrowser, "_browsers", {})
        visit = self.folder / "visit.py"
        visit.write_text(VISIT)
        self.environ("BROWSER", " ".join([sys.executable, str(visit), *words, "%s"]))

    def lead(self, provider: str, **keys: str) -> None:
        self._led[provider] = keys

    def write(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")
        self.config.chmod(0o600)

    def add(self, text: str) -> None:
        self.write(f"{self.config.read_text(encoding='utf-8')}\n{text}")

    def run(self, line: str, answers: Answers = ()) -> Said:
        words = shlex.split(line)
        self._lead_there(words)
        if answers:
            return Said(*typed([str(self.folder / "bin/calsync"), *words[1:]], os.environ, self.folder, answers))
        if words[0] == "calsync" and not {"|", "||", "<", ">", "&&"} & set(words):
            return self._here(words)
        done = subprocess.run(["sh", "-c", line], cwd=self.folder, capture_output=True, text=True, check=False)
        return Said(done.returncode, done.stdout + done.stderr)

    def _here(self, words: list[str]) -> Said:
        # `~` is the shell's to expand, and only at the beginning of a word
        at = [os.path.expanduser(word) if word.startswith("~/") else word for word in words]  # noqa: PTH111
        self._patch.setattr(sys, "argv", [word.replace("=~/", f"={self.folder}/") for word in at])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(int(ended.value.code or 0), said.out + said.err)

    def _lead_there(self, words: list[str]) -> None:
        """Every account whose kind is led somewhere; `login google` makes the account google."""
        for variable in self._leading:
            self._patch.delenv(variable, raising=False)
        self._leading.clear()
        there = tomllib.loads(self.config.read_text()).get("accounts", {}) if self.config.exists() else {}
        kinds = {name: account.get("provider", name) for name, account in there.items()}
        if words[1:2] == ["login"] and words[2] in self._led:
            kinds.setdefault(words[2], words[2])
        for name, kind in kinds.items():
            for key, value in self._led.get(kind, {}).items():
                self._lead_one(name, key, value)
                if name == kind:
                    self._lead_one(name, "provider", kind)

    def _lead_one(self, name: str, key: str, value: str) -> None:
        variable = f"{PREFIX}ACCOUNTS__{name}__{key}".upper().replace("-", "_")
        self._patch.setenv(variable, value)
        self._leading.append(variable)
