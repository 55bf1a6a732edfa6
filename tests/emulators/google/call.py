"""One call of one method, after routing, sign-in and the checks of the discovery document; and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.emulators.google import errors
from tests.emulators.google.discovery import Method
from tests.emulators.google.state import ROLES, Body, Calendar, World


@dataclass
class Reply:
    content: Body | None = None
    status: int = 200
    etag: str = ""


@dataclass
class Call:
    world: World
    method: Method
    user: str
    path: dict[str, str]
    params: dict[str, Any] = field(default_factory=dict)
    body: Body = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    scopes: frozenset[str] | None = None          # None: a person at the web page, who may do everything they may see
    client_id: str = ""
    hints: dict[str, Any] = field(default_factory=dict)          # from armed faults: page, empty, stale, expired ...

    @property
    def person(self) -> bool:
        return self.scopes is None

    def calendar(self, need: str = "freeBusyReader", name: str = "") -> Calendar:
        """404 without any right, 403 with too small a one."""
        asked = name or self.path["calendarId"]
        calendar = self.world.calendars.get(self.user if asked == "primary" else asked)
        if calendar is None or calendar.role(self.user) == "none" or not self._covered(calendar):
            raise errors.not_found()
        if ROLES.index(calendar.role(self.user)) < ROLES.index(need):
            raise errors.needs_owner() if need == "owner" else errors.needs_writer()
        return calendar

    def _covered(self, calendar: Calendar) -> bool:
        """Some scopes reach only calendars made by the client, or owned by the user."""
        if self.scopes is None:
            return True
        usable = {scope.rpartition("/")[2] for scope in self.scopes & self.method.scopes}
        narrow = {"calendar.app.created", "calendar.events.owned", "calendar.events.owned.readonly"}
        if not usable or usable - narrow:
            return True
        owned = calendar.role(self.user) == "owner" and usable & (narrow - {"calendar.app.created"})
        return bool(owned) or calendar.made_by_client

    @property
    def send_updates(self) -> str:
        """The deprecated boolean counts when the newer parameter is absent."""
        if "sendUpdates" in self.params:
            return str(self.params["sendUpdates"])
        return "all" if self.params.get("sendNotifications") else "none"

    def guard(self, etag: str) -> None:
        """If-Match: the quotes belong to it, * matches everything that exists (facts 3.5)."""
        wanted = self.headers.get("if-match", "")
        if wanted and wanted != "*" and etag not in [one.strip() for one in wanted.split(",")]:
            raise errors.condition_not_met()

    def not_modified(self, etag: str) -> bool:
        wanted = self.headers.get("if-none-match", "")
        return bool(wanted) and (wanted == "*" or etag in [one.strip() for one in wanted.split(",")])
