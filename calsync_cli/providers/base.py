"""What every provider can be asked. A provider moves payloads and decides nothing (style.md section 4).

Shape   ids are strings the provider chose (CalDAV href path, vdir file name); payloads are bytes as received
Order   changes() for the hints, fetch() for what the mirror lacks, look() before anything counts as deleted (O1, O2)
Errors  reads raise RemoteError kinds (they end the calendar); writes raise ItemError kinds (they end the item), and
        UnknownOutcome when the write may have been applied; TransientError from a write means it was surely not applied
Threads one provider is used from several threads at once, up to `caps.concurrency` of them
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from calsync_cli.model.account import EVERYTHING, Window
from calsync_cli.model.plain import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this kind of provider can do, as data; the engine asks this and never the kind.

    mapping        name of the mapping that reads its payloads ("ical")
    delta          changes() can answer with less than everything
    server_stamps  Item.stamp is set by the server's clock (D2), not by a client or a file system
    absent_for     how long something must have been absent before that proves a deletion, so in two runs at least;
                   None: the first time does (O2)
    rolling        it drops by itself what is over: absence of what has begun for the last time is no deletion (V8)
    concurrency    requests side by side
    batch          how many journal rows leave in one group
    bulk           how many writes of one calendar the provider takes at once, by `bulk`; 0: one by one
    atomic         a write happens whole or not at all; else a series may be found half written (facts of Google 5.4)
    searched       what a create made is looked for by its key, and the search may be minutes behind: one that is not
                   found may still be there (J table)
    strict         a token that is no good is always refused, never answered with everything instead
    by_name        of other programs' properties a payload holds those alone that were asked for by name
    push           it can tell by itself (`Pushing`) that something changed: in one calendar, or in some of the account
    """

    mapping: str
    delta: bool
    server_stamps: bool
    absent_for: timedelta | None = None
    rolling: bool = False
    concurrency: int = 8
    batch: int = 64
    bulk: int = 0
    atomic: bool = True
    searched: bool = False
    strict: bool = False
    by_name: bool = False
    push: Literal["", "calendar", "account"] = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """One collection as its provider shows it.

    id         stable handle (CalDAV: decoded path; vdir: absolute folder)
    access     what this login may do: "write", or "read"
    mails      writing or deleting an event with guests may make the server mail people (semantics 15)
    max_bytes  largest object the server takes, if it says so
    alias      a name that every account has for one of its calendars ("primary")
    zone       IANA name of the zone that its times without one are meant in, where it has such a thing
    """

    id: str
    name: str
    access: Literal["read", "write"] = "write"
    level: Literal["full", "limited", "busy"] = "full"
    mails: bool = False
    max_bytes: int | None = None
    color: str | None = None
    alias: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One event set as held by the server. etag None: the server gave none, so it is fetched again before a write."""

    remote_id: str
    etag: str | None
    payload: bytes
    stamp: datetime | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """An id that was asked for and not there. A hint like any other (O2)."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Hint:
    """This id may have changed, or (gone) may have been removed. `item` when the listing carried the whole body.

    parts: of a set that the listing names only in part, the versions of these parts by their ids. Where the provider
    finds that a known payload `holds` them all, it is as it was: mostly an echo of our own write (O5).
    """

    remote_id: str
    etag: str | None = None
    gone: bool = False
    item: Item | None = None
    parts: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some hints of a round.

    token      may be stored once this page is (T1); None on pages that cannot be committed alone. The last page has one
               if the calendar has tokens at all
    listing    the round lists every member, so a known id that is in none of its pages is a hint that it is gone
    server_now the server's clock when it answered (Date header), for G5 and D2
    calendar   the calendar's present rights and name, where the answer told them (O7)
    window     where not everything is listed: what lies wholly outside of it is not missing (V1, V3)
    """

    hints: tuple[Hint, ...]
    token: str | None = None
    listing: bool = False
    server_now: datetime | None = None
    calendar: Calendar | None = None
    window: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A confirmed write. etag as the answer gave it; item when the answer carried the stored body."""

    remote_id: str
    etag: str | None = None
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One write of several. remote_id: of a create, the id it will get; etag: the version it was planned from (I13)."""

    kind: Literal["create", "update", "delete"]
    remote_id: str
    body: bytes = b""
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A server's promise to post notices to `address`. What they say is a hint that something changed, and no more.

    id        at the server; "" until it gave one
    calendar  stable id; "": any calendar of the account
    secret    comes back in every notice
    resource  the server's name of what is watched; Google wants it when the channel is closed
    expires   None until it is open
    """

    id: str
    calendar: str
    address: str
    secret: str
    resource: str = ""
    expires: datetime | None = None


class Pushing(Protocol):
    """What providers with `caps.push` can do besides. Nothing here touches an event. Whatever CalsyncError is raised,
    the channel may be open, and is closed before another is tried."""

    def open_channel(self, wanted: Channel) -> Channel:
        """The server may post to the address, and wait for the answer, before this returns."""
        ...

    def renew_channel(self, channel: Channel) -> Channel | None:
        """The same for longer; None where that cannot be: another has to be opened, and this one closed."""
        ...

    def close_channel(self, channel: Channel) -> None:
        """One that is closed already, or whose opening was cut, is no error."""
        ...


class Provider(Protocol):
    """A login, ready to use. Constructing one makes no request."""

    @property
    def caps(self) -> Capabilities: ...

    def calendars(self) -> Sequence[Calendar]:
        """Every calendar of the account. Raises AuthError, TransientError, ProtocolError."""
        ...

    def open(self, calendar_id: str) -> Calendar:
        """The present state (access, name) of one calendar by its stable id. Raises CalendarGone."""
        ...

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        """Hints since the token, or all of them for None. Raises SyncTokenExpired (before any page), CalendarGone.

        window: how much is wanted; a provider that reads in windows says in its pages which one it read.
        """
        ...

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        """Bodies, in batches of the provider's choosing, any order; each id is answered exactly once. What turns out to
        have taken the place of a set that was named in parts comes too.
        """
        ...

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Item | None:
        """A point read of one item past every cache. None only if the server itself says it is gone (404, 410).

        known: the payload as it was last; its parts are read one by one where a set has several (O6).
        """
        ...

    def remote_id_for(self, cal: Calendar, key: str) -> str:
        """The id a create under this key will get. Pure. `key` is 32 lower-case hex digits."""
        ...

    def create(self, cal: Calendar, key: str, body: bytes) -> Receipt:
        """Make a new item at remote_id_for(key); never overwrites. PreconditionFailed: something is there already."""
        ...

    def update(self, cal: Calendar, remote_id: str, body: bytes, etag: str) -> Receipt:
        """Replace exactly version `etag` (I13). Raises PreconditionFailed, NotFound, ReadOnly, Refused, TooLarge."""
        ...

    def delete(self, cal: Calendar, remote_id: str, etag: str) -> None:
        """Remove exactly the version `etag`, mailing nobody. NotFound when it is gone already."""
        ...

    def close(self) -> None: ...
