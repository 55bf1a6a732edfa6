"""Signed in without any sign-in: for tests whose subject is another one."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from tests.emulators.google.emulator import GoogleEmulator


class Bearer(httpx.Auth):
    """A 401 brings a new token and one repetition, as auth/google/token.py does."""

    def __init__(self, emulator: GoogleEmulator, user: str = "") -> None:
        self.emulator, self.user = emulator, user or emulator.me
        self.value = emulator.token(self.user)
        self.renewed = 0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self.value}"
        response = yield request
        if response.status_code == 401:
            self.renewed += 1
            self.value = self.emulator.token(self.user)
            request.headers["Authorization"] = f"Bearer {self.value}"
            yield request
