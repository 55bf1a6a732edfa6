"""Signed in without any sign-in: for tests whose subject is another one."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from tests.emulators.graph.control import SCOPES
from tests.emulators.graph.running import Running


class Bearer(httpx.Auth):
    """A 401 brings a new token and one repetition, as auth/token.py does; a claims challenge does not."""

    def __init__(self, running: Running, address: str = "", scopes: str = SCOPES) -> None:
        self.running, self.address, self.scopes = running, address, scopes
        self.value = running.token(address, scopes)
        self.renewed = 0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self.value}"
        response = yield request
        if response.status_code == 401 and "claims" not in response.headers.get("www-authenticate", ""):
            self.renewed += 1
            self.value = self.running.token(self.address, self.scopes)
            request.headers["Authorization"] = f"Bearer {self.value}"
            yield request
