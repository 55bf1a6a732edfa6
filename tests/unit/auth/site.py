"""Google as far as signing in goes, on loopback: the OAuth server of the emulators and a list of calendars.

Shape   `with google_site() as site:` gives .config(name) for the configuration, .client_file(folder), .oauth, .clock,
        .log of (method, path); `api_answers` and `token_answers` are answers to come instead of the real ones
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calsync_cli.auth.google.scopes import CREATE, LIST, PREFIX, READ, WRITE
from tests.emulators.clock import Clock, Ids
from tests.emulators.oauth import Client, OAuthServer
from tests.emulators.web import Request, Response, WebServer, json_response

LIST_PATH = "/calendar/v3/users/me/calendarList"
SECRET = "GOCSPX-never-to-be-seen"
USERS = ["ann@gmail.example", "bob@gmail.example"]
UNAUTHORIZED = {"error": {"code": 401, "message": "Invalid Credentials", "errors": [
    {"domain": "global", "reason": "authError", "message": "Invalid Credentials"}]}}


@dataclass
class Site:
    clock: Clock
    oauth: OAuthServer
    base: str = ""
    log: list[tuple[str, str]] = field(default_factory=list)
    api_answers: list[Response] = field(default_factory=list)
    token_answers: list[Response] = field(default_factory=list)
    testing: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Response:
        with self.turn:
            self.log.append((request.method, request.path))
            if request.path == "/token" and self.token_answers:
                return self.token_answers.pop(0)
            found = self.oauth.answer(request)
            if found is not None:
                return self._with_end(request, found)
            return self._api(request)

    def _with_end(self, request: Request, found: Response) -> Response:
        """While a project is in Testing, Google tells when the refresh token ends."""
        if not self.testing or request.path != "/token" or found.status != 200:
            return found
        return json_response(200, {**found.json(), "refresh_token_expires_in": 604799})

    def _api(self, request: Request) -> Response:
        if self.api_answers:
            return self.api_answers.pop(0)
        token = self.oauth.bearer(request.headers.get("authorization", ""))
        if token is None:
            return json_response(401, UNAUTHORIZED)
        if request.path != LIST_PATH:
            return json_response(404, {"error": {"code": 404, "errors": [{"reason": "notFound"}]}})
        if not token.grant.scopes & {LIST, PREFIX + "calendar"}:
            return json_response(403, {"error": {"code": 403, "errors": [{"reason": "insufficientPermissions"}]}})
        pages: list[dict[str, Any]] = [
            {"items": [{"id": token.grant.user, "summary": "Me", "primary": True, "accessRole": "owner"}],
             "nextPageToken": "2"},
            {"items": [{"id": "holidays@group.v.calendar.google.com", "summary": "Holidays", "accessRole": "reader"}]},
        ]
        return json_response(200, pages[1 if dict(request.params).get("pageToken") == "2" else 0])

    def count(self, path: str) -> int:
        return sum(logged == path for _, logged in self.log)

    @property
    def urls(self) -> dict[str, str]:
        return {
            "api_url": f"{self.base}/calendar/v3/", "auth_url": f"{self.base}/o/oauth2/v2/auth",
            "token_url": f"{self.base}/token",
        }

    def config(self, name: str, *lines: str) -> str:
        urls = [f'{key} = "{url}"' for key, url in self.urls.items()]
        return "\n".join([f"[accounts.{name}]", 'provider = "google"', *urls, *lines, ""])

    def client_file(self, folder: Path) -> Path:
        installed = {
            "client_id": self.oauth.client.id, "client_secret": SECRET, "project_id": "p",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": "https://oauth2.googleapis.com/token", "redirect_uris": ["http://localhost"],
        }
        file = folder / "client.json"
        file.write_text(json.dumps({"installed": installed}))
        return file

    def secrets(self) -> list[str]:
        """Every value that nobody may see."""
        tokens = self.oauth.tokens
        return [SECRET, *tokens.access, *tokens.refresh, *tokens.codes]


@contextmanager
def google_site(*, auto_consent: bool = True) -> Iterator[Site]:
    clock, ids = Clock(), Ids(7)
    oauth = OAuthServer(
        clock, ids, Client("123-abc.apps.googleusercontent.com", SECRET), lambda: USERS,
        frozenset({LIST, READ, WRITE, CREATE, PREFIX + "calendar"}), note=_fail, auto_consent=auto_consent,
    )
    site = Site(clock, oauth)
    with WebServer(site.answer) as web:
        site.base = f"http://127.0.0.1:{web.port}"
        yield site


def _fail(text: str) -> None:
    raise AssertionError(text)
