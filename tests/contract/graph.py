"""One person's Outlook calendar, a provider that is signed in to it, and a clock that only waiting moves.

Shape   `desk(**options)` as a context; .person does things in Outlook; .create, .update, .delete write as the engine
        does: payloads of the mapping, versions as read. `slept` are the waits in seconds; no test waits really
Honest  at the end nobody was mailed, every write had its guard and every request asked for immutable ids, and nothing
        was sent or answered that the entity definitions do not know
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import unquote

import pytest

from calsync_cli.mapping.graph.kept import PROPERTIES
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import EVERYTHING, Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Hint, Item, Page
from calsync_cli.providers.graph.provider import GraphProvider
from tests.contract.desk import BERLIN, FOURTH, KEYS, SECOND, THIRD, WEEKLY, Writing, days, error_of, form, span
from tests.emulators.graph import Running, fault, graph_emulator
from tests.emulators.graph.auth import Bearer

__all__ = [
    "BERLIN", "FOURTH", "GUESTS", "KEYS", "SECOND", "THIRD", "WEEKLY", "WIRE", "Desk", "at", "days", "desk", "error_of",
    "form", "fresh_desk", "meeting", "span", "weekly",
]

WIRE = mapping("graph")
NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
GUESTS = [{"emailAddress": {"name": "You", "address": "you@example.org"}, "type": "required"}]
Json = dict[str, Any]


def at(day: int = 4, hour: int = 9, zone: str = BERLIN) -> dict[str, str]:
    return {"dateTime": f"2026-05-{day:02d}T{hour:02d}:00:00", "timeZone": zone}


def weekly(day: int = 4, count: int = 4) -> Json:
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
        "range": {"type": "numbered", "startDate": f"2026-05-{day:02d}", "numberOfOccurrences": count},
    }


def meeting(**more: Any) -> Json:
    return {"attendees": [dict(guest) for guest in GUESTS], **more}


@dataclass
class Desk(Writing):
    g: Running
    home: str
    provider: GraphProvider
    auth: Bearer
    slept: list[float] = field(default_factory=list)
    wire = WIRE

    @property
    def cal(self) -> Calendar:
        return Calendar(self.home, "Work", mails=True)

    @property
    def asked(self) -> list[str]:
        """Method and path in order, of the requests since the last look; parts of batches too."""
        found = [f"{entry['method']} {unquote(entry['path'].removeprefix('/v1.0'))}" for entry in self.g.emulator.log]
        self.g.emulator.log.clear()
        return found

    @property
    def writes(self) -> list[str]:
        """Of the requests since the last look, those that write."""
        return [one for one in self.asked if not one.startswith("GET") and not one.endswith("$batch")]

    def arm(self, name: str, *, of: str = "", **more: Any) -> None:
        """of: the id of an event, whose own address is meant, below its calendar or not."""
        more |= {"path": f"/events/{re.escape(of)}"} if of else {}
        self.g.emulator.arm(fault(name, **more))

    # -- as the engine -------------------------------------------------------------------------------------------------

    def page(self, since: str | None = None, window: Window = EVERYTHING) -> Page:
        (page,) = self.provider.changes(self.cal, since, window)
        return page

    def hints(self, since: str | None = None, window: Window = EVERYTHING) -> dict[str, Hint]:
        return {hint.remote_id: hint for hint in self.page(since, window).hints}

    def token(self, window: Window = EVERYTHING) -> str:
        found = self.page(None, window).token
        assert found is not None
        return found

    def fetched(self, *ids: str) -> dict[str, Item]:
        """Those that are there."""
        found = self.provider.fetch(self.cal, ids)
        return {one.remote_id: one for one in found if isinstance(one, Item)}

    # -- as a person ---------------------------------------------------------------------------------------------------

    def insert(self, subject: str = "Tea", day: int = 4, **more: Any) -> str:
        event = {"subject": subject, "start": at(day), "end": at(day, 10), "isReminderOn": False, **more}
        return self.g.do(do="create", calendar=self.home, event=event)

    def series(self, subject: str = "Weekly", **more: Any) -> str:
        return self.insert(subject, recurrence=weekly(), **more)

    def patch(self, event_id: str, **changes: Any) -> None:
        self.g.do(do="update", id=event_id, changes=changes)

    def patch_date(self, event_id: str, day: int, **changes: Any) -> str:
        return self.g.do(do="edit_occurrence", id=event_id, date=f"2026-05-{day:02d}", changes=changes)

    def remove(self, event_id: str) -> None:
        self.g.do(do="delete", id=event_id)

    def remove_date(self, event_id: str, day: int) -> None:
        self.g.do(do="delete_occurrence", id=event_id, date=f"2026-05-{day:02d}")

    def events(self) -> list[Json]:
        return self.g.events("Work")

    def event(self, event_id: str) -> Json:
        """As its owner sees it."""
        return next(one for one in self.events() if one["id"] == event_id)

    def titles(self) -> list[str]:
        return sorted(str(one["subject"]) for one in self.events())


@contextmanager
def desk(*, account: Mapping[str, Any] | None = None, frozen: bool = True, **options: Any) -> Iterator[Desk]:
    """frozen: it is May 2026; else it is today, as the Date of every answer says."""
    with graph_emulator(**options) as g:
        clock, ids, waited = g.emulator.world.clock, count(1), [1000.0]
        clock.frozen = NOW if frozen else None
        made = g.do(do="add_calendar", name="Work")
        auth = Bearer(g)
        ports = Ports(
            now=clock.now, monotonic_s=lambda: sum(waited), sleep=lambda s: sleep(s),
            fresh_id=lambda: f"{next(ids):032x}",
        )
        settings = Account("work", "microsoft", api_url=g.graph_url, ca_file=g.ca_file, **(account or {}))
        here = Desk(g, made, GraphProvider(settings, auth, ports, PROPERTIES), auth)

        def sleep(seconds: float) -> None:
            here.slept.append(seconds)
            waited.append(seconds)
            clock.advance(seconds)

        log = g.emulator.log = _Kept()
        yield here
        here.provider.close()
        assert g.mails == []
        for entry in log.all:
            _check(entry)


class _Kept(list[Any]):
    """A log that can be cleared and is still there for the check at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Json] = []

    def append(self, entry: Json) -> None:
        self.all.append(entry)
        super().append(entry)


def _check(entry: Json) -> None:
    headers, path = entry["headers"], entry["path"]
    if path.endswith("$batch"):
        return
    assert 'IdType="ImmutableId"' in headers.get("prefer", ""), entry
    if entry["method"] in ("PATCH", "DELETE") and "/subscriptions/" not in path:
        assert headers.get("if-match", "*").startswith('W/"'), entry  # I13


def later(here: Desk, **more: float) -> None:
    here.g.emulator.world.clock.added += timedelta(**more)


@pytest.fixture(name="desk")
def fresh_desk() -> Iterator[Desk]:
    with desk() as made:
        yield made
