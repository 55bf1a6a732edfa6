"""A person who signs in: a browser without scripts, and MSAL pointed at the emulator.

Shape   app(g) -> an MSAL client; Browser(g).install(monkeypatch); sign_in(g); authorize, ask_token: plain requests
"""

from __future__ import annotations

import re
import threading
from typing import Any
from urllib.parse import urlencode

import httpx
import msal
import pytest

from tests.emulators.graph.identity import CONSUMERS
from tests.emulators.graph.running import Running
from tests.emulators.graph.world import User

SCOPES = ["Calendars.ReadWrite", "User.Read"]
BOB = User("bob@outlook.example", "Bob", "00000000-0000-0000-0001-0123456789ab", CONSUMERS, personal=True)


def no_other_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """requests prefers the bundle of the environment to the `verify` that MSAL sets on its session."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def app(g: Running, **more: Any) -> msal.PublicClientApplication:
    settings = {"authority": g.authority, "client_id": g.client_id, "verify": str(g.ca_file), **more}
    return msal.PublicClientApplication(instance_discovery=False, http_cache={}, **settings)


class Browser:
    """A person's browser without scripts: opens the page, presses a button, carries the form to where it should go."""

    def __init__(self, g: Running, press: str = "allow", account: str = "") -> None:
        self.g, self.press, self.account = g, press, account
        self.seen: list[httpx.Response] = []
        self.web = httpx.Client(verify=g.client_context(), trust_env=False)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> Browser:
        monkeypatch.setattr("webbrowser.open", self.open)
        return self

    def open(self, url: str, *_: Any, **__: Any) -> bool:
        threading.Thread(target=self.visit, args=(url,), daemon=True).start()
        return True

    def visit(self, url: str) -> httpx.Response:
        answer = self.web.get(url)
        for _ in range(3):
            self.seen.append(answer)
            action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            if not action:
                break
            fields = dict(re.findall(r'<input type=hidden name="([^"]+)" value="([^"]*)"', answer.text))
            if "/consent" in action[1]:
                chosen = re.search(r"<option selected>([^<]+)", answer.text)
                fields |= {"do": self.press, "account": self.account or (chosen[1] if chosen else "")}
            answer = self.web.post(str(answer.url.join(action[1].replace("&amp;", "&"))), data=fields)
        return answer


def sign_in(g: Running, client: msal.PublicClientApplication | None = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (client or app(g)).acquire_token_interactive(SCOPES, timeout=10, **more)
    return found


def authorize(g: Running, **change: str) -> httpx.Response:
    query = {
        "client_id": g.client_id,
        "response_type": "code",
        "redirect_uri": "http://localhost:4711",
        "state": "s",
        "scope": "User.Read offline_access openid",
        "code_challenge_method": "S256",
        "code_challenge": "x" * 43,
        **change,
    }
    with httpx.Client(verify=g.client_context(), trust_env=False) as web:
        return web.get(f"{g.authority}/oauth2/v2.0/authorize?{urlencode(query)}")


def ask_token(g: Running, **form: str) -> httpx.Response:
    with httpx.Client(verify=g.client_context(), trust_env=False) as web:
        return web.post(f"{g.authority}/oauth2/v2.0/token", data={"client_id": g.client_id, **form})
