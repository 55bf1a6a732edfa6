"""What the service stores: accounts, calendars, rows, and per calendar a log of every change that is never shortened.

A Row is immutable: a write makes a new one and appends it to the log. So a list can be answered as of any earlier
position, a sync token is just such a position, and a cancelled row (tombstone) never goes away.
Bodies are kept in the stored form of `times`; who looks at them decides what is shown (see `view`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from threading import RLock
from typing import Any

from tests.emulators.clock import Clock, Ids, stamp
from tests.emulators.google.modes import Modes
from tests.emulators.google.recurrence import Recurrence, recurrence
from tests.emulators.google.tokens import Listings

Body = dict[str, Any]
ROLES = ("none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")


@dataclass(frozen=True, eq=False)
class Row:
    id: str
    body: Body
    us: int                                       # of this version, in microseconds: the etag
    updated: str
    seq: int                                      # position in the calendar's log
    prefix: str = ""                              # of the instance ids, for a master
    reminders: dict[str, Body] = field(default_factory=dict)      # per signed-in user
    orphan: bool = False                          # an override that its series no longer has
    shown: dict[Any, Body] = field(default_factory=dict, repr=False)     # memory of `view`

    @property
    def etag(self) -> str:
        return f'"{2 * self.us}"'

    @property
    def dead(self) -> bool:
        return bool(self.body["status"] == "cancelled")

    @property
    def is_master(self) -> bool:
        return bool(self.body.get("recurrence"))

    @property
    def master_id(self) -> str | None:
        return self.body.get("recurringEventId")

    @property
    def recurrence(self) -> Recurrence:
        return recurrence(self.body["recurrence"], self.body["start"])


@dataclass
class Entry:
    """One line of the log, and from when on lists may show it."""

    row: Row
    shown_from_us: int
    shown_from_call: int


@dataclass
class Lag:
    seconds: float = 0.0
    calls: int = 0


@dataclass
class Calendar:
    id: str
    owner: str
    summary: str
    time_zone: str
    kind: str = "secondary"                       # primary secondary holiday contacts import resource
    more: Body = field(default_factory=dict)      # description, location and so on
    acl: dict[str, str] = field(default_factory=dict)
    made_by_client: bool = False
    rows: dict[str, Row] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    versions: dict[str, list[Row]] = field(default_factory=dict)
    overrides: dict[str, set[str]] = field(default_factory=dict)  # ids of overrides by master id
    prefixes: dict[str, set[str]] = field(default_factory=dict)   # ids of masters by prefix of their instance ids
    generation: int = 0                           # of sync tokens: older ones are dead
    us: int = 0

    def role(self, user: str) -> str:
        return self.acl.get(user, "none")

    def overrides_of(self, master_id: str) -> Iterator[Row]:
        for row_id in sorted(self.overrides.get(master_id, ())):
            row = self.rows[row_id]
            if row.master_id == master_id and not row.orphan:
                yield row

    def masters_of(self, prefix: str) -> Iterator[Row]:
        """Living series whose instance ids begin so; the prefix is not always the id (facts 4.4)."""
        for row_id in sorted(self.prefixes.get(prefix, ())):
            row = self.rows[row_id]
            if row.prefix == prefix and row.is_master and not row.dead:
                yield row

    def as_of(self, seq: int) -> Iterator[Row]:
        """Every row as it was at this position of the log, in the order of their making."""
        if seq >= len(self.log):
            yield from self.rows.values()
            return
        for versions in self.versions.values():
            found = next((row for row in reversed(versions) if row.seq <= seq), None)
            if found is not None:
                yield found


@dataclass
class Account:
    email: str
    name: str
    entries: dict[str, Body] = field(default_factory=dict)        # the calendar list: calendar id -> own settings
    settings: dict[str, str] = field(default_factory=dict)
    list_log: list[tuple[str, bool]] = field(default_factory=list)      # (calendar id, removed)


@dataclass
class World:
    clock: Clock
    ids: Ids
    modes: Modes
    accounts: dict[str, Account] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    lag: Lag = field(default_factory=Lag)
    lock: Any = field(default_factory=RLock, repr=False)          # held by whoever reads or changes anything
    listings: Listings = field(default_factory=Listings)
    calendars_made: int = 0
    page_limit: int | None = None                 # pages no longer than this, whatever maxResults says
    dice: Random = field(default_factory=Random)  # for orders that are unspecified
    calls: int = 0
    mails: list[Body] = field(default_factory=list)
    listeners: list[Any] = field(default_factory=list)            # called with (calendar) after a change

    def horizon(self, calendar: Calendar) -> int:
        """Up to which position lists show this calendar now."""
        now, seq = self.clock.now_us(), len(calendar.log)
        while seq and not _is_shown(calendar.log[seq - 1], now, self.calls):
            seq -= 1
        return seq

    def show_everything(self) -> None:
        for calendar in self.calendars.values():
            for entry in calendar.log:
                entry.shown_from_us = entry.shown_from_call = 0

    def store(self, calendar: Calendar, row_id: str, body: Body, *, quiet: bool = False, **more: Any) -> Row:
        """A new version of a row. `quiet` leaves `updated` as it was (reminders)."""
        us, old = self.clock.tick_us(), calendar.rows.get(row_id)
        updated = old.updated if quiet and old else stamp(us)
        base = old or Row(row_id, {}, 0, "", 0)
        row = replace(base, **{"orphan": False, **more}, body=body, us=us, updated=updated, seq=len(calendar.log) + 1,
                      shown={})
        calendar.rows[row_id] = row
        calendar.versions.setdefault(row_id, []).append(row)
        shown_from = self.clock.now_us() + int(self.lag.seconds * 1_000_000)
        calendar.log.append(Entry(row, shown_from, self.calls + self.lag.calls + 1 if self.lag.calls else 0))
        if row.prefix:
            calendar.prefixes.setdefault(row.prefix, set()).add(row_id)
        if row.master_id:
            calendar.overrides.setdefault(row.master_id, set()).add(row_id)
        for listener in self.listeners:
            listener(calendar)
        return row

    def end_quietly(self, calendar: Calendar, row: Row, orphan: bool) -> None:
        """A row is cancelled without any word in the log; an orphan is even unreachable."""
        gone = replace(row, body={**row.body, "status": "cancelled"}, orphan=orphan, shown={})
        calendar.rows[row.id] = gone
        calendar.versions[row.id].append(gone)

    def calendars_of(self, user: str) -> list[Calendar]:
        return [self.calendars[c] for c in self.accounts[user].entries if c in self.calendars]

    def add_account(self, email: str, name: str = "", time_zone: str = "Europe/Berlin") -> Account:
        account = self.accounts[email] = Account(email, name or email.partition("@")[0].title())
        account.settings = {"timezone": time_zone, "weekStart": "1", "locale": "en"}
        self.add_calendar(email, email, time_zone=time_zone, calendar_id=email, kind="primary")
        return account

    def add_calendar(
        self, owner: str, summary: str, *, time_zone: str = "Europe/Berlin", calendar_id: str = "",
        kind: str = "secondary", role: str = "owner", more: Body | None = None,
    ) -> Calendar:
        """A calendar that was there before any client came; `role` is the owner's own, e.g. reader for holidays."""
        made = calendar_id or f"c_{self.ids.event_id()}@group.calendar.google.com"
        calendar = Calendar(made, owner, summary, time_zone, kind, dict(more or {}), {owner: role})
        calendar.us = self.clock.tick_us()
        self.calendars[made] = calendar
        self.list_for(owner, made)
        return calendar

    def list_for(self, user: str, calendar_id: str) -> None:
        account = self.accounts[user]
        account.entries.setdefault(calendar_id, {"us": self.clock.tick_us()})
        account.list_log.append((calendar_id, False))

    def share(self, calendar_id: str, user: str, role: str) -> None:
        """A change of rights kills the sync tokens; without any right the calendar leaves the list (facts 3.2)."""
        calendar = self.calendars[calendar_id]
        calendar.acl[user] = role
        calendar.generation += 1
        account = self.accounts[user]
        if role == "none":
            account.entries.pop(calendar_id, None)
            account.list_log.append((calendar_id, True))
        elif calendar_id not in account.entries:
            self.list_for(user, calendar_id)

    def remove_calendar(self, calendar_id: str) -> None:
        del self.calendars[calendar_id]
        for account in self.accounts.values():
            if account.entries.pop(calendar_id, None) is not None:
                account.list_log.append((calendar_id, True))

    def take_new_calendar(self) -> bool:
        """Whether one more may be made; deleting gives nothing back (facts 8.1)."""
        self.calendars_made += 1
        return self.calendars_made <= self.modes.calendars_allowed

    def primary_of(self, email: str) -> Calendar | None:
        return self.calendars.get(email) if email in self.accounts else None


def _is_shown(entry: Entry, now_us: int, calls: int) -> bool:
    return entry.shown_from_us <= now_us and entry.shown_from_call <= calls
