"""The Google emulator as one object: accounts, calendars, sign-in, API, faults, mails, over real HTTP on loopback.

    with google_emulator() as g:
        token = g.token()                                    # or walk through g.auth_url as a client does
        httpx.get(f"{g.api_url}/users/me/calendarList", headers={"Authorization": f"Bearer {token}"})
        g.faults.arm("drop-after", "POST .*/events")         # faults.py names them all
        g.people.patch(calendar, event_id, {"summary": "Edited in the browser"})       # people.py
        assert g.mails == [] and g.problems == []

Everything time does is done by `g.clock` and everything random by `seed`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Self

from tests.emulators.clock import Clock, Ids
from tests.emulators.google.api import SERVICE, Api
from tests.emulators.google.batch import PATH as BATCH
from tests.emulators.google.channels import Channels
from tests.emulators.google.control import Control
from tests.emulators.google.discovery import document
from tests.emulators.google.faults import Faults, refusal, spoiled
from tests.emulators.google.modes import Modes
from tests.emulators.google.people import People
from tests.emulators.google.quota import Quota
from tests.emulators.google.state import Body, Calendar, World
from tests.emulators.google.view import render
from tests.emulators.oauth import Client, OAuthServer
from tests.emulators.oauth_tokens import Grant, Policy
from tests.emulators.web import Request, Response, WebServer, html_response, json_response

ME = "me@example.test"
SCOPE = "https://www.googleapis.com/auth/"
CALENDAR_SCOPE = SCOPE + "calendar"
CLIENT = Client("123-emulated.apps.googleusercontent.com", "GOCSPX-emulated")


class GoogleEmulator:
    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 0,
        start: datetime | None = None,
        accounts: Iterable[str] = (ME,),
        auto_consent: bool = False,
        page: int | None = None,
        lag_s: float = 0.0,
        lag_calls: int = 0,
        quota_per_minute: int | None = None,
        policy: Policy | None = None,
        modes: dict[str, Any] | None = None,
    ) -> None:
        self.clock = Clock(start)
        self.modes = Modes()
        self.modes.change(modes or {})
        self.world = World(self.clock, Ids(seed), self.modes, page_limit=page, dice=Random(seed))
        self.world.lag.seconds, self.world.lag.calls = lag_s, lag_calls
        for email in accounts:
            self.world.add_account(email)
        self.problems: list[str] = []
        self.oauth = OAuthServer(
            self.clock, Ids(seed + 1), CLIENT, lambda: list(self.world.accounts),
            frozenset(document()["auth"]["oauth2"]["scopes"]), self.problems.append, policy or Policy(),
            auto_consent=auto_consent,
        )
        self.faults = Faults(self.clock, Random(seed + 2))
        self.quota = Quota(self.clock, Random(seed + 3), quota_per_minute)
        self.api = Api(self.world, self.oauth, self.faults, self.quota, self.problems)
        self.channels = Channels(self.world)
        self.api.handlers.update(self.channels.handlers())
        self.people = People(self.world)
        self.control = Control(self)
        self._port = port

    def __enter__(self) -> Self:
        self._web = WebServer(self.answer, self._port).__enter__()
        self.root_url = f"http://127.0.0.1:{self._web.port}"
        self.api_url = self.root_url + SERVICE.rstrip("/")
        self.batch_url = self.root_url + BATCH
        self.auth_url = self.root_url + self.oauth.paths.authorize[0]
        self.token_url = self.root_url + self.oauth.paths.token
        self.revoke_url = self.root_url + self.oauth.paths.revoke
        self.control_url = self.root_url + "/control"
        self._folder = tempfile.TemporaryDirectory(prefix="google-emulator-")
        self.client_file = Path(self._folder.name) / "client_secret.json"
        self.client_file.write_text(json.dumps(self.client_config()))
        return self

    def __exit__(self, *_: object) -> None:
        self._web.__exit__()
        self._folder.cleanup()

    # -- HTTP ----------------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        if request.path.startswith((SERVICE, BATCH)):
            return self.api.answer(request)
        with self.world.lock:
            if request.path == "/control":
                return self.control.answer(request)
            if request.path in (self.oauth.paths.token, self.oauth.paths.revoke):
                return self._answer_token(request)
            return self.oauth.answer(request) or self._unknown(request)

    def _answer_token(self, request: Request) -> Response:
        """Only faults whose pattern names oauth reach the token end point."""
        hit = self.faults.take(f"{request.method} {request.path}? oauth", False)
        refused = refusal(hit)
        if "drop-before" in hit:
            return Response(0, fate="dropped")
        if refused is not None:
            return json_response(refused.status, {"error": "internal_failure"})
        return spoiled(self.oauth.answer(request) or self._unknown(request), hit)

    def _unknown(self, request: Request) -> Response:
        if request.path != "/favicon.ico":
            self.problems.append(f"{request.method} {request.path}: nothing is here")
        return html_response(404, "<html><title>Error 404 (Not Found)!!1</title></html>")

    # -- what a test needs ---------------------------------------------------------------------------------------------

    def client_config(self) -> dict[str, Any]:
        """The file that the console offers for download (facts 1.2)."""
        return {"installed": {
            "client_id": CLIENT.id, "client_secret": CLIENT.secret, "project_id": "emulated",
            "auth_uri": self.auth_url, "token_uri": self.token_url, "redirect_uris": ["http://localhost"],
        }}

    def token(self, user: str = "", scopes: Iterable[str] = (CALENDAR_SCOPE,)) -> str:
        """An access token without any sign-in."""
        return self.oauth.tokens.new_access(Grant(user or self.me, CLIENT.id, frozenset(scopes))).value

    def refresh_token(self, user: str = "", scopes: Iterable[str] = (CALENDAR_SCOPE,)) -> str:
        return self.oauth.tokens.new_refresh(Grant(user or self.me, CLIENT.id, frozenset(scopes))).value

    @property
    def me(self) -> str:
        return next(iter(self.world.accounts))

    @property
    def mails(self) -> list[Body]:
        return self.world.mails

    @property
    def log(self) -> list[Any]:
        return self.api.log

    @property
    def requests(self) -> dict[str, int]:
        writes = sum(entry.writes for entry in self.api.log)
        return {"read": len(self.api.log) - writes, "write": writes}

    def calendar(self, calendar_id: str = "") -> Calendar:
        return self.world.calendars[calendar_id or self.me]

    def events(self, calendar_id: str = "", *, deleted: bool = False) -> list[Body]:
        """What the owner sees: living events and the cancelled instances of living series."""
        with self.world.lock:
            calendar = self.calendar(calendar_id)
            living = {row.id for row in calendar.rows.values() if not row.dead}
            return [render(self.world, calendar, row, calendar.owner) for row in calendar.rows.values()
                    if deleted or not row.dead or (row.master_id in living and not row.orphan)]

    def settle(self) -> None:
        """No more faults and no more lag; what was late is carried out now."""
        with self.world.lock:
            self.faults.disarm()
            self.world.lag.seconds, self.world.lag.calls = 0.0, 0
            self.world.show_everything()
            self.api.do_late_ones(settled=True)

    def clear_logs(self) -> None:
        """Counts, mails and problems from zero; calendars and tokens stay."""
        for entries in (self.api.log, self.world.mails, self.problems, self.api.remarks, self.oauth.token_requests):
            entries.clear()
        self.faults.used.clear()

    def expire_sync_tokens(self, calendar_id: str = "") -> None:
        for calendar in self.world.calendars.values():
            if calendar_id in ("", calendar.id):
                calendar.generation += 1


def google_emulator(**options: Any) -> GoogleEmulator:
    return GoogleEmulator(**options)
