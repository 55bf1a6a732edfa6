"""One person's Google calendar, a provider that is signed in to it, and a clock that only waiting moves.

Shape   `desk(**options)` as a context; .people do things at the web page; .create, .update, .delete write as the engine
        does: payloads of the mapping, versions as read. `slept` are the waits in seconds; no test waits really
Honest  at the end nobody was mailed, every write said so, and nothing was asked that Google would not understand
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Hint, Item, Page
from calsync_cli.providers.google.provider import GoogleProvider
from tests.contract.desk import BERLIN, FOURTH, KEYS, SECOND, THIRD, WEEKLY, Writing, days, error_of, form, span
from tests.emulators.google.auth import Bearer
from tests.emulators.google.emulator import GoogleEmulator, google_emulator

__all__ = [
    "BERLIN", "FOURTH", "GUESTS", "KEYS", "SECOND", "THIRD", "WEEKLY", "WIRE", "Desk", "at", "check", "days", "desk",
    "error_of", "form", "fresh_desk", "span",
]

WIRE = mapping("google")
GUESTS = ({"email": "you@example.org"}, {"email": "friend@gmail.example"})


@dataclass
class Desk(Writing):
    g: GoogleEmulator
    home: str
    provider: GoogleProvider
    auth: Bearer
    slept: list[float] = field(default_factory=list)
    now_s: float = 1000.0
    wire = WIRE

    @property
    def people(self) -> Any:
        return self.g.people

    @property
    def cal(self) -> Calendar:
        return Calendar(self.home, "Work", zone=BERLIN)

    @property
    def asked(self) -> list[str]:
        """Method names in order, of the requests since the last look."""
        return [entry.method for entry in self.g.log]

    # -- as the engine -------------------------------------------------------------------------------------------------

    def page(self, since: str | None = None) -> Page:
        """With the bodies of sets that are named in parts, which the engine fetches next unless it holds them."""
        (page,) = self.provider.changes(self.cal, since)
        named = {hint.remote_id: hint.parts for hint in page.hints if hint.parts is not None}
        hints = [hint for hint in page.hints if hint.parts is None]
        for one in self.provider.fetch(self.cal, list(named)) if named else ():
            if isinstance(one, Item):
                hints.append(Hint(one.remote_id, one.etag, item=one))
            elif one.remote_id in named[one.remote_id]:
                hints.append(Hint(one.remote_id, gone=True))
        return replace(page, hints=tuple(hints))

    def hints(self, since: str | None = None) -> dict[str, Hint]:
        """The last one of each id, as the engine takes them."""
        return {hint.remote_id: hint for hint in self.page(since).hints}

    def token(self) -> str:
        found = self.page().token
        assert found is not None
        return found

    # -- as a person ---------------------------------------------------------------------------------------------------

    def insert(self, summary: str = "Tea", day: int = 4, *, rule: str = "", **more: Any) -> str:
        """An event of one hour, a series with a rule; its id."""
        event = {"summary": summary, "start": at(day), "end": at(day, 10), **more}
        event |= {"recurrence": [f"RRULE:{rule}"]} if rule else {}
        return str(self.people.insert(self.home, event)["id"])

    def series(self, summary: str = "Weekly", **more: Any) -> str:
        return self.insert(summary, rule="FREQ=WEEKLY;COUNT=4", **more)

    def patch(self, event_id: str, **changes: Any) -> None:
        self.people.patch(self.home, event_id, changes)

    def remove(self, event_id: str) -> None:
        self.people.delete(self.home, event_id)

    def event(self, event_id: str) -> dict[str, Any]:
        """As its owner sees it."""
        return next(event for event in self.g.events(self.home, deleted=True) if event["id"] == event_id)

    def titles(self) -> list[str]:
        return sorted(str(event.get("summary")) for event in self.g.events(self.home) if event["status"] != "cancelled")


def at(day: int = 4, hour: int = 9) -> dict[str, str]:
    return {"dateTime": f"2026-05-{day:02d}T{hour:02d}:00:00", "timeZone": BERLIN}


@contextmanager
def desk(*, home: str = "", account: Mapping[str, Any] | None = None, **options: Any) -> Iterator[Desk]:
    with google_emulator(**options) as g:
        made = home or g.world.add_calendar(g.me, "Work").id
        ids = count(1)
        auth = Bearer(g)
        ports = Ports(
            now=lambda: datetime.now(UTC), monotonic_s=lambda: here.now_s, sleep=lambda s: sleep(s),
            fresh_id=lambda: f"{next(ids):032x}",
        )
        settings = Account("work", "google", api_url=g.api_url, **(account or {}))
        here = Desk(g, made, GoogleProvider(settings, auth, ports), auth)

        def sleep(seconds: float) -> None:
            here.slept.append(seconds)
            here.now_s += seconds
            g.clock.advance(seconds)

        yield here
        here.provider.close()
        check(g)


def check(g: GoogleEmulator) -> None:
    assert (g.mails, g.problems, g.api.remarks) == ([], [], [])
    for entry in g.log:
        if entry.writes and entry.method.startswith("events.") and entry.method != "events.watch":
            assert "sendUpdates=none" in entry.query, entry
            assert entry.method == "events.insert" or entry.headers.get("if-match", "*") != "*", entry  # I13


@pytest.fixture(name="desk")
def fresh_desk() -> Iterator[Desk]:
    with desk() as made:
        yield made
