"""An emulator as a process of its own, behind its control URL, and a person who signs in to it with the real program.

Shape   `with started("tests.emulators.google", "--auto-consent") as told:` gives what its first line said
        Person(folder): program.account(name, provider, keys, ...), then .login(name); .check_silence(shown)
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.process.program import Program, Said

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
SECRETS = re.compile(r"ya29\.|GOCSPX|\b0\.AX|\bEwB[\w-]{99}|\beyJ[\w-]{20}")
"""Tokens and client secrets of Google's and Microsoft's emulators."""

VISIT = """
import re, ssl, sys, httpx
trust = ssl.create_default_context(cafile=sys.argv[1] if len(sys.argv) > 2 else None)
web = httpx.Client(verify=trust, follow_redirects=True, trust_env=False)
page = web.get(sys.argv[-1])
while form := re.search(r'<form[^>]*action="([^"]+)"', page.text):
    fields = dict(re.findall(r'<input type=hidden name="([^"]+)" value="([^"]*)"', page.text))
    page = web.post(str(page.url.join(form[1].replace("&amp;", "&"))), data=fields)
print(page.status_code)
"""
NOTE = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[-1] + chr(10))"


@contextmanager
def started(module: str, *options: str) -> Iterator[Json]:
    command = [sys.executable, "-m", module, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


class Control:
    """The side door of an emulator."""

    def __init__(self, told: Json) -> None:
        self.told = told
        self._http = httpx.Client(timeout=60.0, trust_env=False)

    def post(self, wanted: Any) -> Any:
        answer = self._http.post(self.told["control_url"], json=wanted)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, query: str = "") -> Json:
        found: Json = self._http.get(self.told["control_url"] + query).json()
        return found

    def close(self) -> None:
        self._http.close()


class Person(Program):
    """Signs in with a browser that agrees to everything."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._accounts = '[secrets]\nbackend = "file"\n'
        self.environ |= {"CALSYNC_SECRET_KEY": "key"}

    def account(self, name: str, provider: str, keys: Mapping[str, str], *lines: str) -> None:
        known = [f'{key} = "{value}"' for key, value in {"provider": provider, **keys}.items()]
        self._accounts += "\n".join([f"[accounts.{name}]", *known, *lines, ""])
        self.browse(VISIT, *([keys["ca_file"]] if "ca_file" in keys else []))

    def browse(self, script: str, *words: str) -> None:
        """What opens a page: this script, with the words and then the address."""
        visit = self.folder / "visit.py"
        visit.write_text(script)
        self.environ["BROWSER"] = " ".join([sys.executable, str(visit), *words, "%s"])

    def login(self, name: str) -> Said:
        said = self.run("login", name)
        assert said.code == 0, said.out + said.err
        return said

    def asked_to_open(self, process: subprocess.Popen[str]) -> str:
        """The address that `login` opens, once `browse(NOTE, page_file)` was told to note it."""
        while not (self.page_file.exists() and self.page_file.read_text().endswith("\n")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        return self.page_file.read_text().strip()

    @property
    def page_file(self) -> Path:
        return self.folder / "page"

    def check_silence(self, *shown: str) -> None:
        """No token, code or client secret in what was shown, in the log, or readable in the state folder."""
        files = [self.config, *(file for file in self.state.rglob("*") if file.is_file())]
        everything = "".join([*shown, *(file.read_text(errors="replace") for file in files)])
        assert SECRETS.findall(everything) == []
