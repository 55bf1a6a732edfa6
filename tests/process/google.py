"""The Google emulator as a process of its own, and a person who signs in to it with the real program.

    with service("--account", "me@example.test") as google:
        program = Person(tmp_path)
        program.google("work", google)               # account and `calsync login work`
        google.do({"do": "expire_access_tokens"})    # everything the control URL takes
        assert google.mails == []
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.process.program import Program

ME, OTHER = "me@example.test", "other@example.test"
Json = dict[str, Any]
SECRETS = ("ya29.", "GOCSPX")
ROOT = Path(__file__).parents[2]

VISIT = """
import sys, httpx
print(httpx.get(sys.argv[1], follow_redirects=True, trust_env=False).status_code)
"""


class Service:
    def __init__(self, told: Json) -> None:
        self.told = told
        self._http = httpx.Client(timeout=60.0, trust_env=False)

    def do(self, *steps: Json) -> list[Any]:
        answer = self._http.post(self.told["control_url"], json=list(steps))
        assert answer.status_code == 200, answer.text
        done: list[Any] = answer.json()["done"]
        return done

    def report(self, *, deleted: bool = False) -> Json:
        found: Json = self._http.get(self.told["control_url"] + ("?deleted=1" if deleted else "")).json()
        return found

    @property
    def mails(self) -> list[Json]:
        return list(self.report()["mails"])

    @property
    def requests(self) -> Mapping[str, int]:
        found: Mapping[str, int] = self.report()["requests"]
        return found

    def events(self, calendar: str = ME, *, deleted: bool = False) -> list[Json]:
        found = self.report(deleted=deleted)
        assert found["problems"] == [], found["problems"][:5]
        return list(found["events"][calendar])

    def titles(self, calendar: str = ME) -> list[str]:
        return sorted(one.get("summary", "") for one in self.events(calendar) if one["status"] != "cancelled")

    def close(self) -> None:
        self._http.close()


@contextmanager
def service(*options: str) -> Iterator[Service]:
    """Agrees to every sign-in at once, unless told otherwise. Fails at the end if a request was not as Google's are."""
    command = [sys.executable, "-m", "tests.emulators.google", "--auto-consent", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            running = Service(json.loads(process.stdout.readline()))
            yield running
            found = running.report()
            assert (found["problems"], found["mails"]) == ([], [])
            running.close()
        finally:
            process.terminate()


class Person(Program):
    """Signs in with a browser that agrees to everything."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._accounts = '[secrets]\nbackend = "file"\n'
        visit = folder / "visit.py"
        visit.write_text(VISIT)
        self.environ |= {"CALSYNC_SECRET_KEY": "key", "BROWSER": f"{sys.executable} {visit} %s"}

    def configure(self, name: str, running: Service, *lines: str) -> None:
        known = [f'{key} = "{running.told[key]}"' for key in ("client_file", "api_url", "auth_url", "token_url")]
        self._accounts += "\n".join([f"[accounts.{name}]", 'provider = "google"', *known, *lines, ""])

    def google(self, name: str, running: Service, user: str = ME, *lines: str) -> None:
        """An account of this user, signed in."""
        self.configure(name, running, f'username = "{user}"', *lines)
        running.do({"do": "consent", "auto": True, "user": user})
        said = self.run("login", name)
        assert said.code == 0, said.out + said.err

    def check_silence(self, *shown: str) -> None:
        """No token, code or client secret in what was shown, in the log, or readable in the state folder."""
        files = [self.config, *(file for file in self.state.rglob("*") if file.is_file())]
        everything = "".join([*shown, *(file.read_text(errors="replace") for file in files)])
        assert [mark for mark in SECRETS if mark in everything] == []
