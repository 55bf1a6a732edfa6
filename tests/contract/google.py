"""One person's Google calendar, a provider that is signed in to it, and a clock that only waiting moves.

Shape   `desk(**options)` as a context; .people do things at the web page; .create, .update, .delete write as the engine
        does: payloads of the mapping, versions as read. `slept` are the waits in seconds; no test waits really
Honest  at the end nobody was mailed, every write said so, and nothing was asked that Google would not understand
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from calsync_cli.errors import CalsyncError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import Account
from calsync_cli.model.series import Form, Path, Recurrence, Value
from calsync_cli.model.times import AllDay, Span, Zoned
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Hint, Item, Page, Receipt, Write
from calsync_cli.providers.google.provider import GoogleProvider
from tests.emulators.google.auth import Bearer
from tests.emulators.google.emulator import GoogleEmulator, google_emulator

BERLIN = "Europe/Berlin"
WIRE = mapping("google")
KEYS = [f"{n:032x}" for n in range(1, 3000)]
GUESTS = ({"email": "you@example.org"}, {"email": "friend@gmail.example"})


def span(day: int = 4, hour: int = 9, zone: str = BERLIN) -> Span:
    """One hour of May 2026; the 4th is a Monday."""
    start = datetime(2026, 5, day, hour)
    return Span(Zoned(start, zone), Zoned(start + timedelta(hours=1), zone))


def days(day: int = 4, length: int = 1) -> Span:
    return Span(AllDay(date(2026, 5, day)), AllDay(date(2026, 5, day + length)))


def form(title: str = "Tea", **more: Value) -> dict[Path, Value]:
    return {"time": span(), "title": title, **more}


WEEKLY = Recurrence(("COUNT=4;FREQ=WEEKLY",))
SECOND, THIRD, FOURTH = "20260511T070000Z", "20260518T070000Z", "20260525T070000Z"


@dataclass
class Desk:
    g: GoogleEmulator
    home: str
    provider: GoogleProvider
    auth: Bearer
    slept: list[float] = field(default_factory=list)
    now_s: float = 1000.0

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

    def look(self, remote_id: str, known: bytes = b"") -> Item:
        found = self.provider.look(self.cal, remote_id, known)
        assert found is not None
        return found

    def read(self, remote_id: str) -> Form:
        return WIRE.read(self.look(remote_id).payload).form

    def made(self, wanted: Form | None = None, key: str = KEYS[0], uid: str = "one") -> bytes:
        place = Place(self.provider.remote_id_for(self.cal, key), BERLIN)
        return WIRE.make(uid, wanted if wanted is not None else form(), "contract", place)

    def create(self, wanted: Form | None = None, key: str = KEYS[0], uid: str = "one") -> Receipt:
        return self.provider.create(self.cal, key, self.made(wanted, key, uid))

    def update(self, item: Item, changes: Mapping[Path, Value | None]) -> Receipt:
        write = self.edit(item, changes)
        assert write.etag is not None
        return self.provider.update(self.cal, item.remote_id, write.body, write.etag)

    def delete(self, item: Item) -> None:
        assert item.etag is not None
        self.provider.delete(self.cal, item.remote_id, item.etag)

    def new(self, number: int, wanted: Form | None = None) -> Write:
        """One create of many."""
        body = self.made(wanted or form(f"Event {number}"), KEYS[number], KEYS[number])
        return Write("create", self.provider.remote_id_for(self.cal, KEYS[number]), body)

    def edit(self, item: Item, changes: Mapping[Path, Value | None]) -> Write:
        return Write("update", item.remote_id, WIRE.edit(item.payload, changes), item.etag)

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
        if entry.writes and entry.method.startswith("events."):
            assert "sendUpdates=none" in entry.query, entry
            assert entry.method == "events.insert" or entry.headers.get("if-match", "*") != "*", entry  # I13


def error_of(found: Any) -> CalsyncError:
    assert isinstance(found, CalsyncError), found
    return found


@pytest.fixture(name="desk")
def fresh_desk() -> Iterator[Desk]:
    with desk() as made:
        yield made
