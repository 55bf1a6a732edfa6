"""Signing in with a real browser on the consent page of the OAuth server (issue 3)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import chromium
from tests.cli.program import Shell
from tests.cli.test_login_google import Desk, _end, _start
from tests.unit.auth.site import Site, google_site

pytestmark = pytest.mark.skipif(chromium.found() is None, reason="there is no Chromium here")


@pytest.fixture
def site() -> Iterator[Site]:
    with google_site(auto_consent=False) as running:
        yield running


@pytest.mark.parametrize(("decision", "code"), [("allow", 0), ("cancel", 5)])
def test_a_person_decides_in_a_real_browser(
    shell: Shell, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, decision: str, code: int
) -> None:
    desk = Desk(shell, site, monkeypatch)
    desk.configure()
    place = tmp_path / "browser"
    place.mkdir()
    script = Path(chromium.__file__)
    said = _end(_start(desk, "login", "work", BROWSER=f"{sys.executable} {script} {place} {decision} %s"), "")
    assert said.code == code, said.err + said.out
    assert "calendar.events" in (place / "consent.txt").read_text()
    assert "You can close this window" in (place / "end.txt").read_text()
    desk.check_silence(said.out + said.err)
    assert desk.stored == (code == 0)
