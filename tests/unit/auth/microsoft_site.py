"""The Graph emulator as the tests of signing in need it: a work and a personal account, a person with a browser.

Shape   `with microsoft_site() as site:` gives .g, the emulator; .config(name) for the configuration; .person, a browser
        that agrees to everything; .asked(path), how often; `answers` are answers of the sign-in side to come instead
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.emulators.graph import ANN, Running, graph_emulator
from tests.emulators.graph.person import BOB, Browser
from tests.emulators.graph.wire import Raw, Reply

TOKEN, DISCOVERY, LIST = "oauth2/v2.0/token", "openid-configuration", "/v1.0/me/calendars"


class Site:
    def __init__(self, g: Running) -> None:
        self.g = g
        self.person = Browser(g)
        self.answers: list[tuple[str, Reply]] = []
        self._handle = g.emulator.sign_in.handle
        g.login.handle = self._answer

    def _answer(self, raw: Raw) -> Reply:
        """The first of the answers to come whose word is in the address."""
        for place, (word, reply) in enumerate(self.answers):
            if word in raw.target:
                del self.answers[place]
                self.g.emulator.sign_in.log.append((raw.method, raw.target.partition("?")[0], reply.status))
                return reply
        return self._handle(raw)

    def asked(self, word: str = TOKEN) -> int:
        return sum(word in path for _, path, _ in self.g.emulator.sign_in.log)

    def listed(self) -> int:
        return sum(one["path"].startswith(LIST) for one in self.g.emulator.log)

    def config(self, name: str, *lines: str) -> str:
        known = {"provider": "microsoft", **self.urls, "ca_file": str(self.g.ca_file)}
        return "\n".join([f"[accounts.{name}]", *(f'{key} = "{value}"' for key, value in known.items()), *lines, ""])

    @property
    def urls(self) -> dict[str, str]:
        return {"graph_url": self.g.graph_url, "authority": self.g.login.url}

    @property
    def client(self) -> str:
        return f'client_id = "{self.g.client_id}"'

    def secrets(self) -> list[str]:
        """Every value that nobody may see."""
        known = self.g.emulator.identity
        devices = [grant.request["device_code"] for grant in known.devices.values()]
        return [*known.sessions, *known.refresh, *known.codes, *devices]


def told(body: Any, status: int = 200, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, content, {"Content-Type": "application/json", **headers})


@contextmanager
def microsoft_site(**knobs: Any) -> Iterator[Site]:
    with graph_emulator(users=(ANN, BOB), **knobs) as g:
        yield Site(g)
