"""What is stored: mailboxes, calendars, items with every version they ever had. No HTTP, no JSON of Graph.

Shape   World(clock) -> mailbox(user) -> Mailbox: calendars, items, log, mails; one lock for everything
Law     a version is never changed: a write makes a new State; a delta is the difference of two versions (facts L3.3)
Units   instants are aware datetimes in UTC; wall times are naive, in the zone that stands beside them
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.emulators.graph import recurrence
from tests.emulators.graph.zones import zone

Members = Mapping[str, Any]


class Clock:
    """Real time plus what the test added."""

    def __init__(self) -> None:
        self.added = timedelta()
        self.frozen: datetime | None = None

    def now(self) -> datetime:
        return (self.frozen or datetime.now(UTC)) + self.added

    def advance(self, seconds: float) -> None:
        self.added += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return time.monotonic() + self.added.total_seconds()


@dataclass(frozen=True, slots=True)
class Moment:
    """A wall time and the zone name as it was written."""

    wall: datetime
    zone: str

    @property
    def instant(self) -> datetime:
        return self.wall.replace(tzinfo=zone(self.zone, any_iana=True)).astimezone(UTC)

    def on(self, day: date) -> Moment:
        return Moment(datetime.combine(day, self.wall.time()), self.zone)


@dataclass(frozen=True)
class Override:
    """An exception: what differs from the master."""

    members: Members
    start: Moment
    end: Moment
    props: Mapping[str, str]
    change: int
    modified: datetime


@dataclass(frozen=True)
class State:
    """One version of a single event or of a whole series."""

    calendar: int
    members: Members
    start: Moment
    end: Moment
    created: datetime
    modified: datetime
    change: int
    rule: recurrence.Rule | None = None
    overrides: Mapping[date, Override] = field(default_factory=dict)
    cancelled: frozenset[date] = frozenset()
    props: Mapping[str, str] = field(default_factory=dict)
    moves: int = 0
    pattern: int = 0  # how often the rule was rewritten: ids of occurrences change with it


@dataclass
class Item:
    key: int
    history: list[tuple[int, datetime, State | None]] = field(default_factory=list)

    @property
    def now(self) -> State | None:
        return self.history[-1][2]

    def at(self, seq: int) -> State | None:
        place = bisect_right(self.history, seq, key=lambda version: version[0])
        return self.history[place - 1][2] if place else None

    @property
    def last(self) -> State:
        """The newest version that was alive."""
        return next(state for _, _, state in reversed(self.history) if state is not None)


@dataclass
class Calendar:
    key: int
    name: str
    owner: tuple[str, str] | None
    group: int = 0
    color: str = "auto"
    hex_color: str = ""
    default: bool = False
    can_edit: bool = True
    can_share: bool = True
    can_view_private: bool = True
    removable: bool = True
    change: int = 1


@dataclass
class User:
    address: str
    name: str
    oid: str
    tid: str
    personal: bool = False


@dataclass
class Mailbox:
    number: int
    user: User
    clock: Clock
    zone: str = "W. Europe Standard Time"
    groups: dict[int, str] = field(default_factory=dict)
    calendars: dict[int, Calendar] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    log: list[tuple[int, datetime, int]] = field(default_factory=list)  # seq, when, item
    mails: list[dict[str, Any]] = field(default_factory=list)
    transactions: dict[str, tuple[datetime, int, Any]] = field(default_factory=dict)
    needs_claims: dict[str, Any] | None = None
    full: bool = False  # quota
    seq: int = 0
    keys: int = 0
    watchers: list[Callable[[Mailbox, Item, str], None]] = field(default_factory=list)

    def next_key(self) -> int:
        self.keys += 1
        return self.keys

    def commit(self, item: Item, state: State | None) -> None:
        """The one way to change an item."""
        kind = "deleted" if state is None else "updated" if item.history and item.now else "created"
        self.seq += 1
        at = self.clock.now()
        item.history.append((self.seq, at, state))
        self.items[item.key] = item
        self.log.append((self.seq, at, item.key))
        for watcher in self.watchers:
            watcher(self, item, kind)

    def touched(self, after: int, upto: int) -> list[int]:
        """Keys of the items with a version in (after, upto]."""
        begin = bisect_right(self.log, after, key=lambda row: row[0])
        end = bisect_right(self.log, upto, key=lambda row: row[0])
        return list(dict.fromkeys(key for _, _, key in self.log[begin:end]))

    def seq_before(self, lag_s: float) -> int:
        """What a reader sees who is so many seconds behind."""
        if lag_s <= 0:
            return self.seq
        limit = self.clock.now() - timedelta(seconds=lag_s)
        place = bisect_right(self.log, limit, key=lambda row: row[1])
        return self.log[place - 1][0] if place else 0

    def living(self, calendar: int | None, seq: int | None = None) -> Iterator[tuple[Item, State]]:
        for item in list(self.items.values()):
            state = item.now if seq is None else item.at(seq)
            if state is not None and state.calendar in self.calendars and calendar in (None, state.calendar):
                yield item, state

    @property
    def default(self) -> Calendar:
        return next(c for c in self.calendars.values() if c.default)

    def named(self, name: str) -> Calendar:
        return next(c for c in self.calendars.values() if c.name == name)


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.lock = threading.RLock()
        self.mailboxes: list[Mailbox] = []

    def mailbox(self, address: str) -> Mailbox | None:
        return next((m for m in self.mailboxes if address.lower() in (m.user.address.lower(), m.user.oid)), None)

    def add_mailbox(self, user: User) -> Mailbox:
        """With what every account has: a default calendar, a second one, and two that cannot be written."""
        box = Mailbox(len(self.mailboxes) + 1, user, self.clock)
        mine = (user.name, user.address)
        for key, name in enumerate(("My Calendars", "Other Calendars", "People's calendars"), 1):
            box.groups[key] = name
        self.mailboxes.append(box)
        add_calendar(box, "Calendar", owner=mine, default=True, removable=False, hex_color="#0078d4", color="lightBlue")
        add_calendar(box, "Birthdays", owner=mine, group=2, can_edit=False, can_share=False, removable=False)
        add_calendar(box, "United States holidays", owner=None, group=2, can_edit=False, can_share=False)
        return box


def add_calendar(box: Mailbox, name: str, **more: Any) -> Calendar:
    settings: dict[str, Any] = {"owner": (box.user.name, box.user.address), "group": 1} | more
    calendar = Calendar(box.next_key(), name, **settings)
    box.calendars[calendar.key] = calendar
    return calendar
