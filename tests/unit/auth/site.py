"""The Google emulator as the tests of signing in need it: two people, a calendar that may only be read, lists of one.

Shape   `with google_site() as site:` gives .config(name) for the configuration, and .asked, the (method, path) of every
        request; `api_answers` and `token_answers` are answers to come instead of real ones
Honest  at the end nothing may have been asked that Google would not understand
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.emulators.google.api import SERVICE
from tests.emulators.google.emulator import CLIENT, GoogleEmulator
from tests.emulators.web import Request, Response, json_response

LIST_PATH = "/calendar/v3/users/me/calendarList"
SECRET = CLIENT.secret
USERS = ["ann@gmail.example", "bob@gmail.example"]
UNAUTHORIZED = {"error": {"code": 401, "message": "Invalid Credentials", "errors": [
    {"domain": "global", "reason": "authError", "message": "Invalid Credentials"}]}}


class Site(GoogleEmulator):
    def __init__(self, **options: Any) -> None:
        super().__init__(accounts=USERS, page=1, **options)
        self.asked: list[tuple[str, str]] = []
        self.api_answers: list[Response] = []
        self.token_answers: list[Response] = []
        self.testing = False
        self._turn = threading.Lock()
        for user in USERS:
            self.world.calendars[user].summary = "Me"
            self.world.add_calendar(user, "Holidays", role="reader")

    def answer(self, request: Request) -> Response:
        with self._turn:
            self.asked.append((request.method, request.path))
            if request.path == "/token" and self.token_answers:
                return self.token_answers.pop(0)
            if request.path.startswith(SERVICE) and self.api_answers:
                return self.api_answers.pop(0)
            return self._with_end(request, super().answer(request))

    def _with_end(self, request: Request, found: Response) -> Response:
        """While a project is in Testing, Google tells when the refresh token ends."""
        if not self.testing or request.path != "/token" or found.status != 200:
            return found
        return json_response(200, {**found.json(), "refresh_token_expires_in": 604799})

    def count(self, path: str) -> int:
        return sum(asked == path for _, asked in self.asked)

    @property
    def urls(self) -> dict[str, str]:
        return {"api_url": self.api_url, "auth_url": self.auth_url, "token_url": self.token_url}

    def config(self, name: str, *lines: str) -> str:
        urls = [f'{key} = "{url}"' for key, url in self.urls.items()]
        return "\n".join([f"[accounts.{name}]", 'provider = "google"', *urls, *lines, ""])

    def secrets(self) -> list[str]:
        """Every value that nobody may see."""
        tokens = self.oauth.tokens
        return [SECRET, *tokens.access, *tokens.refresh, *tokens.codes]


@contextmanager
def google_site(*, auto_consent: bool = True) -> Iterator[Site]:
    with Site(auto_consent=auto_consent) as site:
        yield site
        assert site.problems == []
