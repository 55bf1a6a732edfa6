"""Signing in to Microsoft accounts, as whole commands against an authority over TLS (issue 4, item 1)."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from calsync_cli.auth.microsoft import page
from calsync_cli.auth.microsoft.grant import Grant, parse
from calsync_cli.auth.microsoft.refusals import ROWS
from calsync_cli.config.secrets import FileStore
from tests.cli import chromium
from tests.cli.program import Said, Shell
from tests.emulators.graph import ANN
from tests.emulators.graph.aadsts import REFUSALS
from tests.emulators.graph.person import BOB, Browser
from tests.emulators.graph.wire import Reply
from tests.unit.auth.microsoft_site import DISCOVERY, TOKEN, Site, microsoft_site, told

HEAD = '[secrets]\nbackend = "file"\n'
DEVICE = "devicecode"


class Desk:
    """A person with a browser that agrees to everything, unless told otherwise."""

    def __init__(self, shell: Shell, site: Site, patch: pytest.MonkeyPatch) -> None:
        self.shell, self.site, self.patch, self.g = shell, site, patch, site.g
        self.seen: list[str] = []
        patch.setenv("CALSYNC_SECRET_KEY", "key")
        patch.setenv("BROWSER", "in this test")
        patch.setattr("webbrowser.open", self._visit)
        shell.config.write_text(HEAD)

    def _visit(self, url: str) -> bool:
        self.seen.append(url)
        return self.site.person.open(url)

    @property
    def page(self) -> dict[str, str]:
        """What the last page was asked."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.seen[-1]).query).items()}

    def configure(self, name: str = "office", *lines: str, client: bool = True) -> None:
        known = [self.site.client] if client else []
        self.shell.config.write_text(self.shell.config.read_text() + self.site.config(name, *known, *lines))

    def login(self, name: str = "office", *words: str) -> Said:
        said = self.shell("login", name, *words)
        self.check_silence(said.out + said.err)
        return said

    def by_code(self, name: str = "office", *words: str) -> Said:
        """Without a browser here."""
        self.patch.setattr("time.sleep", lambda s: None)
        return self.login(name, "--no-browser", *words)

    def check_silence(self, shown: str) -> None:
        """No secret in what is shown, in the log, in the configuration, or readable in the state folder."""
        files = [self.shell.config, *(f for f in self.shell.state.rglob("*") if f.is_file())]
        everything = shown + "".join(file.read_text(errors="replace") for file in files)
        assert [secret for secret in self.site.secrets() if secret in everything] == []

    @property
    def config(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = tomllib.loads(self.shell.config.read_text())["accounts"]
        return found

    def accounts(self) -> dict[str, dict[str, object]]:
        return {row["account"]: row for row in self.shell("accounts", "--json").json}

    @property
    def stored(self) -> bool:
        return (self.shell.state / "secrets.json").exists()

    @property
    def store(self) -> FileStore:
        return FileStore(self.shell.state / "secrets.json", lambda: "key")

    def kept(self, name: str = "office") -> Grant:
        found = parse(self.store.get(name))
        assert found is not None
        return found


@pytest.fixture
def site() -> Iterator[Site]:
    with microsoft_site() as running:
        yield running


@pytest.fixture
def desk(shell: Shell, site: Site, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(shell, site, monkeypatch)


# -- it works ----------------------------------------------------------------------------------------------------------


def test_the_word_microsoft_makes_the_account_signs_in_and_tries_it_at_once(desk: Desk) -> None:
    lines = dict(line.split(" = ") for line in desk.site.config("m").splitlines()[1:] if line)
    for key, value in lines.items():
        desk.patch.setenv(f"CALSYNC_ACCOUNTS__MICROSOFT__{key.upper()}", value.strip('"'))
    said = desk.login("microsoft", "--client-id", desk.g.client_id, "--tenant", "organizations")
    assert said.code == 0, said.err
    assert "signed in to microsoft as ann@contoso.example (work or school account)" in said.out
    assert "microsoft/Calendar\n" in said.out and "(read-only)" in said.out
    assert desk.config["microsoft"] == {
        "client_id": desk.g.client_id, "tenant": "organizations", "username": "ann@contoso.example",
    }
    assert stat.S_IMODE((desk.shell.state / "secrets.json").stat().st_mode) == 0o600
    state = desk.accounts()["microsoft"]
    assert (state["signed_in"], state["problem"], state["username"]) == (True, None, "ann@contoso.example")
    assert desk.shell("calendars", "microsoft").code == 0
    asked = [one for one in desk.g.emulator.log if one["path"].startswith("/v1.0/me/calendars")]
    assert asked and all('IdType="ImmutableId"' in one["headers"]["prefer"] for one in asked)
