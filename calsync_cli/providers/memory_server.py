"""A calendar server in memory, exact and without faults: the world of the reference provider (providers.memory).

Shape   people edit it (`user_put`, `user_delete`), a provider asks it, and it remembers who wrote what. Payloads are
        opaque bytes; only the lines UID, ATTENDEE and ORGANIZER are looked at
Version one counter for the whole server: etag "v7" is the 7th change, token "0-7" is epoch 0 after the 7th change
Threads one lock around each call; every call of a provider goes through `MemoryServer.perform`, the one place where a
        test counts calls and breaks them (tests/fakes/memory_faults.py)
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Literal, TypeVar

from calsync_cli.errors import (
    CalendarGone,
    NotFound,
    PreconditionFailed,
    ReadOnly,
    SyncTokenExpired,
    TooLarge,
    UidConflict,
)
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.base import Calendar, Hint, Item, Receipt

T = TypeVar("T")
Who = Literal["user", "calsync"]

_PEOPLE = re.compile(rb"^(?:ATTENDEE|ORGANIZER)[;:]", re.IGNORECASE | re.MULTILINE)
_UID = re.compile(rb"^UID(?:;[^:\r\n]*)?:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the history; `payload` None is a deletion, `replaced` what was there before."""

    number: int
    remote_id: str
    payload: bytes | None
    replaced: bytes | None
    who: Who
    stamp: datetime

    @property
    def etag(self) -> str:
        return f"v{self.number}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a provider. `guard` is the etag an update or delete named, or the key of a create (I13)."""

    number: int
    name: str
    calendar: str | None = None
    remote_id: str | None = None
    guard: str | None = None
    body: bytes | None = None

    @property
    def writes(self) -> bool:
        return self.name in ("create", "update", "delete")


@dataclass(frozen=True, slots=True)
class Mail:
    """The server mailed the guests of an event because calsync wrote to it (I6)."""

    calendar: str
    remote_id: str
    call: str


@dataclass(slots=True)
class Traits:
    """How this server behaves, all of it seen on real servers (facts 2 and 5). May be changed at any time.

    expired  how a token of an older epoch is answered: with an error, with a listing, or "silent": as if everything had
             changed, deletions left out (facts 0.7)
    receipt  what the answer to a write carries: an etag, the stored item, or nothing
    rewrite  applied to whatever is stored (facts 0.4)
    redact   applied to what is shown below read level "full" (O7)
    """

    delta: bool = True
    server_stamps: bool = True
    absent_for: timedelta | None = None
    rolling: bool = False
    page_size: int = 100
    fetch_size: int = 50
    concurrency: int = 8
    batch: int = 64
    expired: Literal["error", "listing", "silent"] = "error"
    receipt: Literal["etag", "item", "bare"] = "etag"
    uid_unique: bool = False
    rewrite: Callable[[bytes], bytes] | None = None
    redact: Callable[[bytes], bytes] | None = None


@dataclass(slots=True)
class Shelf:
    """One calendar: its present face, what it holds, and how it came to that. `gone`: its address answers 404."""

    face: Calendar
    items: dict[str, Change] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)
    gone: bool = False

    def at(self, number: int) -> dict[str, Change]:
        """What it held after the change of that number."""
        if not self.history or number >= self.history[-1].number:
            return self.items
        then: dict[str, Change] = {}
        for change in self.history[: self.position(number)]:
            then[change.remote_id] = change
        return {remote_id: change for remote_id, change in then.items() if change.payload is not None}

    def position(self, number: int) -> int:
        return bisect_right(self.history, number, key=lambda change: change.number)


class MemoryServer:
    """All calendars of a test world. `now` gives aware UTC and is the clock of the server's stamps."""

    def __init__(self, now: Callable[[], datetime], traits: Traits | None = None) -> None:
        self.now = now
        self.traits = traits or Traits()
        self.shelves: dict[str, Shelf] = {}
        self.calls: list[Call] = []
        self.mails: list[Mail] = []
        self.lock = threading.RLock()
        self._number = 0
        self._epoch = 0
        self._fresh = count(1)

    # -- what a test does to the world --------------------------------------------------------------------------------

    def add_calendar(
        self,
        calendar_id: str,
        name: str | None = None,
        *,
        access: Literal["read", "write"] = "write",
        mails: bool = False,
        max_bytes: int | None = None,
    ) -> str:
        face = Calendar(calendar_id, name or calendar_id, access, mails=mails, max_bytes=max_bytes)
        self.shelves[calendar_id] = Shelf(face)
        return calendar_id

    def set_calendar(
        self,
        calendar_id: str,
        *,
        name: str | None = None,
        access: Literal["read", "write"] | None = None,
        level: Literal["full", "limited", "busy"] | None = None,
        mails: bool | None = None,
        gone: bool | None = None,
    ) -> None:
        """Change what is given: rights and read level may drop (G6, O7), the calendar may answer 404 (`gone`)."""
        with self.lock:
            shelf = self.shelves[calendar_id]
            face = shelf.face
            shelf.face = replace(
                face,
                name=face.name if name is None else name,
                access=access or face.access,
                level=level or face.level,
                mails=face.mails if mails is None else mails,
            )
            shelf.gone = shelf.gone if gone is None else gone

    def user_put(self, calendar_id: str, remote_id: str | None, payload: bytes) -> str:
        """A person saves an event (None: a new one). Returns its id."""
        with self.lock:
            remote_id = remote_id or f"user-{next(self._fresh)}.ics"
            self._store(self.shelves[calendar_id], remote_id, payload, "user")
            return remote_id

    def user_delete(self, calendar_id: str, remote_id: str) -> None:
        with self.lock:
            shelf = self.shelves[calendar_id]
            if remote_id in shelf.items:
                self._store(shelf, remote_id, None, "user")

    def contents(self, calendar_id: str) -> dict[str, bytes]:
        """Live items as stored."""
        with self.lock:
            items = self.shelves[calendar_id].items
            return {remote_id: c.payload for remote_id, c in items.items() if c.payload is not None}

    def history(self, calendar_id: str) -> list[Change]:
        with self.lock:
            return list(self.shelves[calendar_id].history)

    def expire_tokens(self) -> None:
        with self.lock:
            self._epoch += 1

    @property
    def call_count(self) -> int:
        return len(self.calls)

    def write_count(self) -> int:
        """Changes calsync made, all calendars."""
        with self.lock:
            return sum(change.who == "calsync" for shelf in self.shelves.values() for change in shelf.history)

    # -- what a provider asks, inside `perform` -----------------------------------------------------------------------

    def perform(self, call: Call, action: Callable[[], T]) -> T:
        """The one gate every provider call passes."""
        with self.lock:
            self.calls.append(call)
            return action()

    def next_call(
        self,
        name: str,
        calendar: str | None = None,
        remote_id: str | None = None,
        guard: str | None = None,
        body: bytes | None = None,
    ) -> Call:
        return Call(len(self.calls) + 1, name, calendar, remote_id, guard, body)

    def visible(self) -> int:
        """The number of the last change that listings and fetches show; tests lower it (stale reads)."""
        return self._number

    def shelf(self, calendar_id: str) -> Shelf:
        shelf = self.shelves.get(calendar_id)
        if shelf is None or shelf.gone:
            text = f"The calendar {calendar_id} is not there. Nothing was changed."
            raise CalendarGone(text, next="calsync calendars")
        return shelf

    def hints(self, calendar_id: str, since: str | None) -> tuple[list[Hint], str | None, bool]:
        """(hints, token, listing)"""
        shelf, upto = self.shelf(calendar_id), self.visible()
        now = shelf.at(upto)
        token = f"{self._epoch}-{upto}" if self.traits.delta else None
        start = self._start(since)
        if start is None:
            silent = since is not None and self.traits.delta and self.traits.expired == "silent"
            return [Hint(c.remote_id, c.etag) for c in now.values()], token, not silent
        touched = dict.fromkeys(c.remote_id for c in shelf.history[shelf.position(start) : shelf.position(upto)])
        found = [(remote_id, now.get(remote_id)) for remote_id in touched]
        return [Hint(i, c.etag) if c else Hint(i, gone=True) for i, c in found], token, False

    def _start(self, since: str | None) -> int | None:
        """The change the token stands for; None: start from nothing."""
        if since is None or not self.traits.delta:
            return None
        match = re.fullmatch(r"(\d+)-(\d+)", since)
        if match and int(match[1]) == self._epoch and int(match[2]) <= self._number:
            return int(match[2])
        if self.traits.expired == "error":
            raise SyncTokenExpired("The server no longer knows this token; everything is listed again.")
        return None

    def item(self, calendar_id: str, remote_id: str, *, exact: bool) -> Item | None:
        """`exact` is a point read, which is never stale."""
        shelf = self.shelf(calendar_id)
        items = shelf.items if exact else shelf.at(self.visible())
        change = items.get(remote_id)
        return None if change is None else self._shown(shelf, change)

    def _shown(self, shelf: Shelf, change: Change) -> Item:
        payload = change.payload or b""
        if shelf.face.level != "full" and self.traits.redact:
            payload = self.traits.redact(payload)
        stamp = change.stamp if self.traits.server_stamps else None
        return Item(change.remote_id, change.etag, payload, stamp)

    def write(self, call: Call) -> Receipt:
        """Create (body, no version), update (body and version) or delete (version), for calsync."""
        assert call.calendar is not None
        assert call.remote_id is not None
        shelf = self.shelf(call.calendar)
        self._check(shelf, call, shelf.items.get(call.remote_id))
        stored = self._store(shelf, call.remote_id, call.body, "calsync")
        texts = (stored.payload or b"", stored.replaced or b"")
        if shelf.face.mails and any(_PEOPLE.search(text) for text in texts):
            self.mails.append(Mail(call.calendar, call.remote_id, call.name))
        match self.traits.receipt:
            case "etag":
                return Receipt(call.remote_id, stored.etag)
            case "item":
                return Receipt(call.remote_id, stored.etag, self._shown(shelf, stored))
            case "bare":
                return Receipt(call.remote_id)

    def _check(self, shelf: Shelf, call: Call, there: Change | None) -> None:
        if shelf.face.access == "read":
            raise ReadOnly(f"{shelf.face.name} may not be written by this account. Nothing was changed.")
        if call.name == "create" and there is not None:
            raise PreconditionFailed(f"{call.remote_id} exists already; it was left as it is.")
        if call.name != "create" and there is None:
            raise NotFound(f"{call.remote_id} is not there any more. Nothing was changed.")
        if call.name != "create" and there is not None and there.etag != call.guard:
            raise PreconditionFailed(f"{call.remote_id} was changed meanwhile. It was left as it is.")
        if call.body is not None and shelf.face.max_bytes is not None and len(call.body) > shelf.face.max_bytes:
            raise TooLarge(f"The server takes at most {shelf.face.max_bytes} bytes. Nothing was changed.")
        if call.body is not None and self.traits.uid_unique:
            self._check_uid(shelf, call.remote_id, call.body)

    def _check_uid(self, shelf: Shelf, remote_id: str | None, body: bytes) -> None:
        uid = _uid(body)
        for other in shelf.items.values():
            if uid is not None and other.remote_id != remote_id and _uid(other.payload or b"") == uid:
                raise UidConflict(
                    f"{shelf.face.name} already holds this event under another name. Nothing was changed.",
                    remote_id=other.remote_id,
                )

    def _store(self, shelf: Shelf, remote_id: str, payload: bytes | None, who: Who) -> Change:
        if payload is not None and self.traits.rewrite:
            payload = self.traits.rewrite(payload)
        before = shelf.items.pop(remote_id, None)
        self._number += 1
        replaced = before.payload if before else None
        change = Change(self._number, remote_id, payload, replaced, who, self.now())
        shelf.history.append(change)
        if payload is not None:
            shelf.items[remote_id] = change
        return change


def _uid(payload: bytes) -> bytes | None:
    match = _UID.search(payload)
    return match[1] if match else None
