"""Two or more memory calendars with the real engine and a real SQLite database between them, for engine tests.

`World` keeps servers, pairs, database and a clock of its own; `world.run()` is one run, `world.restart()` a new process
on the same state.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from calsync_cli.engine.by_hand import Said, added, carry_out, edited, removed, under_way
from calsync_cli.engine.former import formers, gone_groups
from calsync_cli.engine.groups import Group, carried, chained, groups
from calsync_cli.engine.report import Report
from calsync_cli.engine.retire import find_names, retire
from calsync_cli.engine.run import run
from calsync_cli.engine.session import Session
from calsync_cli.engine.state import Wish
from calsync_cli.engine.undo import restore, undo
from calsync_cli.errors import MappingError
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import Account, CalendarName, Pair
from calsync_cli.model.series import Changes, Form
from calsync_cli.ports import Ports
from calsync_cli.providers.memory import MemoryProvider, MemoryServer, Traits
from calsync_cli.store import former, journal, views
from calsync_cli.store.db import Database, open_connection

START = datetime(2026, 11, 21, 9, tzinfo=UTC)


def in_an_hour(share: float) -> timedelta:
    return timedelta(hours=share)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def ports(self) -> Ports:
        ids = itertools.count()
        return Ports(
            now=lambda: self.now, monotonic_s=lambda: self.now.timestamp(), sleep=self.sleep,
            fresh_id=lambda: f"{next(ids):032x}",
        )

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def ics(uid: str, title: str, *lines: str, start: str = "20261201T090000", hours: int = 1) -> bytes:
    """A small event in Europe/Berlin; `lines` are added to the VEVENT."""
    end = (datetime.strptime(start, "%Y%m%dT%H%M%S") + timedelta(hours=hours)).strftime("%Y%m%dT%H%M%S")
    body = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", f"UID:{uid}",
        "DTSTAMP:20260101T000000Z",
        f"DTSTART;TZID=Europe/Berlin:{start}", f"DTEND;TZID=Europe/Berlin:{end}", f"SUMMARY:{title}", *lines,
        "END:VEVENT", "END:VCALENDAR",
    ]
    return ("\r\n".join(body) + "\r\n").encode()


class World:
    """`names` are the calendars; every two neighbours are joined by a two-way pair unless `pairs` are given."""

    owners: Mapping[str, frozenset[str]] = {}

    def __init__(
        self, names: str = "ab", pairs: list[Pair] | None = None, server: Callable[..., Any] = MemoryServer,
        traits: dict[str, Traits] | None = None, **pair: Any,
    ) -> None:
        self.clock = Clock()
        self.ports = self.clock.ports()
        self.servers = {n: server(lambda: self.clock.now, (traits or {}).get(n, Traits())) for n in names}
        for name, made in self.servers.items():
            made.add_calendar(name)
        self.pairs = pairs or [
            Pair(f"{x}{y}", CalendarName(x, x), CalendarName(y, y), first_sync="auto", **pair)
            for x, y in itertools.pairwise(names)
        ]
        self.db: Database = open_connection(":memory:", self.ports)
        self.installation = "i" * 32
        self.gap = timedelta(minutes=20)

    def session(self) -> Session:
        return Session(
            self.db, self.ports, self.installation, lambda account: MemoryProvider(self.servers[account]), inline=True,
            carry=carried(self.pairs), chained=chained(self.pairs), owners=self.owners,
        )

    def run(self, **wish: Any) -> Report:
        session = self.session()
        try:
            return run(session, groups(self.pairs), Wish(**wish))
        finally:
            session.close()
            self.clock.now += self.gap

    def undo(self, run: int | None, **wish: bool) -> Report:
        """Take back a run."""
        assert run is not None
        session = self.session()
        try:
            gone = self._gone(journal.places(self.db, run))
            asked = Wish(**{"yes": True, **wish}, trigger=f"undo {run}")
            return undo(session, [*groups(self.pairs), *gone], run, asked)
        finally:
            session.close()
            self.clock.now += self.gap

    def _gone(self, about: dict[str, set[int]]) -> list[Group]:
        known = {name: Account(name, "memory") for name in self.servers}
        return gone_groups(self.db, about, {pair.name: pair for pair in self.pairs}, known)

    def retire(self, *names: str, accounts: str = "", **wish: Any) -> Report:
        """Take away what pairs of before left behind, and sync. accounts: those of the configuration, else all."""
        session = self.session()
        known = {name: Account(name, "memory") for name in accounts or self.servers}
        try:
            find_names(session, self.pairs)
            found = formers(self.db, {pair.name: pair for pair in self.pairs}, known)
            wanted = [former for former in found if not names or any(map(former.is_called, names))]
            return retire(session, wanted, groups(self.pairs), Wish(**{"yes": True, **wish}, trigger="sync --retire"))
        finally:
            session.close()
            self.clock.now += self.gap

    def restore(self, uid: str, *sides: str) -> Report:
        """Bring a deleted event back on these sides."""
        session = self.session()
        try:
            lost = next(one for one in views.trash(self.db) if one.uid == uid)
            wanted = [number for side in sides if (number := views.calendar_ids(self.db, side, side)) is not None]
            key = former.key_of_link(self.db, lost.link) if lost.link is not None else None
            found = (self._gone({key: {lost.calendar}}) if key else []) or groups(self.pairs)
            return restore(session, found, lost, wanted, Wish(yes=True, trigger=f"restore {uid}"))
        finally:
            session.close()
            self.clock.now += self.gap

    def by_hand(self, side: str, said: Said, **wish: bool) -> Report:
        """A person says something of one calendar to calsync."""
        session = self.session()
        try:
            asked = Wish(**{"yes": True, **wish}, trigger="events")
            return carry_out(session, groups(self.pairs), self.calendar_of(side), said, asked)
        finally:
            session.close()
            self.clock.now += self.gap

    def calendar_of(self, side: str) -> CalendarName:
        return next(name for pair in self.pairs for name in (pair.a, pair.b) if name.account == side)

    def hand_add(self, side: str, form: Form, uid: str = "", *, again: bool = False, **wish: bool) -> Report:
        uid = uid or f"{self.ports.fresh_id()}@calsync"
        return self.by_hand(side, lambda snap, number: added(
            snap, number, uid, form, again=again, under_way=under_way(self.db, number)), **wish)

    def hand_edit(self, side: str, uid: str, changes: Changes, seen: Form | None = None, **wish: bool) -> Report:
        """seen: what the person looked at, if not what the calendar showed last."""
        place, before = self._mirrored(side, uid)
        looked_at = before if seen is None else seen
        return self.by_hand(side, lambda snap, number: edited(snap, number, place, changes, looked_at), **wish)

    def hand_remove(self, side: str, uid: str, seen: Form | None = None, **wish: bool) -> Report:
        place, before = self._mirrored(side, uid)
        looked_at = before if seen is None else seen
        return self.by_hand(side, lambda snap, number: removed(snap, number, place, looked_at), **wish)

    def mirrored(self, side: str, uid: str) -> Form:
        """How calsync saw an event last."""
        return self._mirrored(side, uid)[1]

    def _mirrored(self, side: str, uid: str) -> tuple[str, Form]:
        name = self.calendar_of(side)
        number = views.calendar_ids(self.db, name.account, name.calendar)
        rows = views.events(self.db, number, uid=uid) if number is not None else []
        return next(((row.remote_id, row.form) for row in rows if row.form is not None), ("gone", {}))

    # -- people --------------------------------------------------------------------------------------------------------

    def put(self, side: str, payload: bytes, remote_id: str | None = None) -> str:
        return str(self.servers[side].user_put(side, remote_id, payload))

    def find(self, side: str, uid: str) -> str:
        """The id of the event with this UID (or one derived from it)."""
        return next(i for i, payload in self.servers[side].contents(side).items() if f"UID:{uid}".encode() in payload)

    def has(self, side: str, uid: str) -> bool:
        return any(f"UID:{uid}".encode() in payload for payload in self.servers[side].contents(side).values())

    def replace(self, side: str, uid: str, old: str, new: str) -> None:
        """A person changes a piece of text in their event."""
        remote_id = self.find(side, uid)
        payload = self.servers[side].contents(side)[remote_id]
        assert old.encode() in payload, payload
        self.put(side, payload.replace(old.encode(), new.encode()), remote_id)

    def edit(self, side: str, uid: str, **changes: Any) -> None:
        """A person's client changes fields of their event."""
        remote_id = self.find(side, uid)
        payload = self.servers[side].contents(side)[remote_id]
        self.put(side, mapping("ical").edit(payload, changes), remote_id)

    def delete(self, side: str, uid: str) -> None:
        self.servers[side].user_delete(side, self.find(side, uid))

    def forms(self, side: str) -> dict[str, Form]:
        """UID -> form of everything a calendar holds; fails on a UID held twice (I5). Unreadable: {}."""
        found: dict[str, Form] = {}
        for remote_id, payload in self.servers[side].contents(side).items():
            try:
                reading = mapping("ical").read(payload)
            except MappingError:
                found[f"unreadable {remote_id}"] = {}
                continue
            assert reading.uid not in found, f"{reading.uid} is twice on {side}"
            found[reading.uid] = reading.form
        return found

    def titles(self, side: str) -> list[str]:
        return sorted(str(form.get("title", "")) for form in self.forms(side).values())

    def writes(self) -> int:
        return sum(server.write_count() for server in self.servers.values())

    def quiet(self) -> bool:
        """A further run writes nothing (I3)."""
        before = self.writes()
        self.run()
        return self.writes() == before
