"""The reference provider: exact and without faults. Other providers are measured against it.

Shape   one login at a MemoryServer (providers.memory_server), speaking the "ical" mapping; keeps nothing between calls
Calls   calendars, open, look and each write are one call, changes one per page, fetch one per `fetch_size` ids
Errors  as in providers.base
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from calsync_cli.model.account import EVERYTHING, Window
from calsync_cli.providers.base import Calendar, Capabilities, Item, Missing, Page, Receipt
from calsync_cli.providers.memory_server import Call, Change, Mail, MemoryServer, Traits

__all__ = ["Call", "Change", "Mail", "MemoryProvider", "MemoryServer", "Traits"]

T = TypeVar("T")


class MemoryProvider:
    """One login; `only` names the calendars it sees (None: all)."""

    def __init__(self, server: MemoryServer, only: Collection[str] | None = None) -> None:
        self.server = server
        self._only = only
        self.requests = {"read": 0, "write": 0}

    @property
    def caps(self) -> Capabilities:
        t = self.server.traits
        return Capabilities(
            "ical", t.delta, t.server_stamps, t.absent_for, t.rolling, concurrency=t.concurrency, batch=t.batch
        )

    def _port(self, call: Call, action: Callable[[], T]) -> T:
        self.requests["write" if call.writes else "read"] += 1
        return self.server.perform(call, action)

    def _read(self, name: str, calendar: str | None, action: Callable[[], T], remote_id: str | None = None) -> T:
        with self.server.lock:
            return self._port(self.server.next_call(name, calendar, remote_id=remote_id), action)

    def calendars(self) -> Sequence[Calendar]:
        return self._read("calendars", None, self._faces)

    def _faces(self) -> list[Calendar]:
        shelves = self.server.shelves.items()
        return [s.face for name, s in shelves if not s.gone and (self._only is None or name in self._only)]

    def open(self, calendar_id: str) -> Calendar:
        return self._read("open", calendar_id, lambda: self.server.shelf(calendar_id).face)

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        """Each page is one call. The whole round shows the state of its first page; the token stands for that."""
        hints, token, listing = self._read("changes", cal.id, lambda: self.server.hints(cal.id, since))
        size = self.server.traits.page_size
        parts = [tuple(hints[i : i + size]) for i in range(0, len(hints), size)] or [()]
        for index, part in enumerate(parts):
            if index:
                self._read("changes", cal.id, lambda: self.server.shelf(cal.id))
            yield Page(part, token if index == len(parts) - 1 else None, listing, self.server.now())

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        wanted, size = list(dict.fromkeys(remote_ids)), self.server.traits.fetch_size
        for i in range(0, len(wanted), size):
            part = wanted[i : i + size]
            yield from self._read("fetch", cal.id, lambda part=part: self._items(cal, part))  # type: ignore[misc]

    def _items(self, cal: Calendar, remote_ids: Sequence[str]) -> list[Item | Missing]:
        return [self.server.item(cal.id, i, exact=False) or Missing(i) for i in remote_ids]

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Item | None:
        return self._read("look", cal.id, lambda: self.server.item(cal.id, remote_id, exact=True), remote_id)

    def remote_id_for(self, cal: Calendar, key: str) -> str:
        return f"{key}.ics"

    def create(self, cal: Calendar, key: str, body: bytes) -> Receipt:
        return self._write("create", cal, self.remote_id_for(cal, key), key, body)

    def update(self, cal: Calendar, remote_id: str, body: bytes, etag: str) -> Receipt:
        return self._write("update", cal, remote_id, etag, body)

    def delete(self, cal: Calendar, remote_id: str, etag: str) -> None:
        self._write("delete", cal, remote_id, etag, None)

    def _write(self, name: str, cal: Calendar, remote_id: str, guard: str, body: bytes | None) -> Receipt:
        with self.server.lock:
            call = self.server.next_call(name, cal.id, remote_id=remote_id, guard=guard, body=body)
            return self._port(call, lambda: self.server.write(call))

    def close(self) -> None:
        """Nothing is held open."""
