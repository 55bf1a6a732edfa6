"""Folders and CalDAV servers in a CloudWorld. Their people use programs that know iCalendar as calsync does."""

from __future__ import annotations

import os
import re
import tempfile
from abc import abstractmethod
from collections.abc import Mapping
from copy import deepcopy
from datetime import date, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr

from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import Account, CalendarName
from calsync_cli.model.recur import starts
from calsync_cli.model.secret import Secret
from calsync_cli.model.series import CANCELLED, Form, Recurrence, Value, join, split
from calsync_cli.model.times import AllDay, Span, When, instance_key, key_start, moved, wall
from calsync_cli.providers.base import Provider
from calsync_cli.providers.caldav.provider import CalDavProvider
from calsync_cli.providers.icloud.provider import ICloudProvider
from calsync_cli.providers.vdir import VdirProvider
from tests.engine.cloud_wire import Gate, Wire
from tests.engine.sides import BERLIN, FIRST, LAST, Seen, Side, key_of, later, moment_text, plain_uid, when_of
from tests.fakes.caldav_server import FakeCalDav
from tests.fakes.icloud_server import PASSWORD, FakeICloud

if TYPE_CHECKING:
    from tests.engine.cloud_world import CloudWorld

Changes = dict[str, Value | None]


def ical_uid(payload: bytes) -> str:
    found = re.search(rb"^UID:(.*?)\r?$", re.sub(rb"\r?\n ", b"", payload), re.MULTILINE)
    return plain_uid(found[1].decode()) if found else ""


class IcalSide(Side):
    """`files` are the living objects by id; `put` and `remove` are what a person's program does."""

    @abstractmethod
    def files(self) -> dict[str, bytes]: ...

    @abstractmethod
    def put(self, remote_id: str, payload: bytes) -> None: ...

    @abstractmethod
    def remove(self, remote_id: str) -> None: ...

    @abstractmethod
    def new_id(self, uid: str) -> str: ...

    def payloads(self) -> dict[str, tuple[str, bytes]]:
        return {remote_id: (ical_uid(payload), payload) for remote_id, payload in self.files().items()}

    def texts(self) -> list[str]:
        return [payload.decode() for payload in self.files().values()]

    def agenda(self) -> list[Seen]:
        found = []
        for payload in self.files().values():
            expanded = recurring_ical_events.of(icalendar.Calendar.from_ical(payload)).between(FIRST, LAST)
            found += [_ical_seen(ical_uid(payload), one) for one in expanded]
        return sorted(found)

    def add(self, title: str, start: str, *, hours: int = 1, rule: str = "", location: str = "", text: str = "",
            uid: str = "", guests: tuple[str, ...] = (), link: str = "") -> str:
        uid = uid or f"{self.name}{self.world.fresh()}@example.test"
        begin = when_of(start)
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//people//EN", "BEGIN:VEVENT", f"UID:{uid}",
                 "DTSTAMP:20260101T000000Z", _line("DTSTART", begin), _line("DTEND", later(begin, hours)),
                 f"SUMMARY:{title}"]
        lines += [f"RRULE:{rule}"] if rule else []
        lines += [f"LOCATION:{location}"] if location else []
        lines += ["DESCRIPTION:" + text.replace("\n", "\\n")] if text else []
        lines += [f"URL:{link}"] if link else []
        lines += ["ORGANIZER:mailto:me@example.org"] if guests else []
        lines += [f"ATTENDEE:mailto:{email}" for email in guests]
        lines += ["X-PERSONAL:mine", "END:VEVENT", "END:VCALENDAR", ""]
        self.put(self.new_id(uid), "\r\n".join(lines).encode())
        return uid

    def _edit(self, uid: str, changes: Mapping[str, Value | None]) -> None:
        remote_id = self.id_of(uid)
        self.put(remote_id, mapping("ical").edit(self.files()[remote_id], changes))

    def _form(self, uid: str) -> Form:
        return mapping("ical").read(self.files()[self.id_of(uid)]).form

    def edit(self, uid: str, *, title: str | None = None, location: str | None = None, text: str | None = None) -> None:
        given = {"title": title, "location": location, "description": text}
        self._edit(uid, {name: value or None for name, value in given.items() if value is not None})

    def shift(self, uid: str, start: str) -> None:
        """Instances go along, as most programs do it."""
        form = self._form(uid)
        span = form["time"]
        assert isinstance(span, Span)
        begin = when_of(start)
        changes: Changes = {"time": Span(begin, moved(begin, wall(span.end) - wall(span.start)))}
        by = wall(begin) - wall(span.start)
        for path, value in form.items():
            key, name = split(path)
            if key:
                changes.setdefault(path, None)
                changes[join(instance_key(moved(key_start(key, span.start), by)), name)] = value
        self._edit(uid, changes)

    def set_rule(self, uid: str, rule: str) -> None:
        self._edit(uid, {"recurrence": Recurrence((_sorted_rule(rule),))})

    def dates(self, uid: str) -> list[str]:
        form = self._form(uid)
        span, rule = form.get("time"), form.get("recurrence")
        if not isinstance(span, Span) or not isinstance(rule, Recurrence):
            return []
        there = [one for one in starts(span, rule) if form.get(f"@{instance_key(one)}") != CANCELLED]
        return [wall(one).isoformat()[: 10 if isinstance(one, AllDay) else 16] for one in there]

    def cancel(self, uid: str, at: str) -> None:
        key = key_of(at)
        gone = {path: None for path in self._form(uid) if split(path)[0] == key}
        self._edit(uid, {**gone, f"@{key}": CANCELLED})

    def change(self, uid: str, at: str, *, title: str = "", to: str = "") -> None:
        key = key_of(at)
        changes: Changes = {f"@{key}/title": title} if title else {}
        if to:
            span = self._form(uid)["time"]
            assert isinstance(span, Span)
            begin = when_of(to)
            changes[f"@{key}/time"] = Span(begin, moved(begin, wall(span.end) - wall(span.start)))
        self._edit(uid, changes)

    def restore(self, uid: str, at: str) -> None:
        self._edit(uid, {f"@{key_of(at)}": None})

    def split(self, uid: str, at: str, title: str) -> str:
        form = self._form(uid)
        span, rule = form["time"], form["recurrence"]
        assert isinstance(span, Span) and isinstance(rule, Recurrence)
        key, until = key_of(at), instance_key(moved(when_of(at), timedelta(days=-1)))
        parts = [part for part in rule.rules[0].split(";") if not part.startswith(("COUNT=", "UNTIL="))]
        ends = [part for part in rule.rules[0].split(";") if part.startswith(("COUNT=", "UNTIL="))]
        later = {path: None for path in form if split(path)[0] >= key}
        self._edit(uid, {"recurrence": Recurrence((";".join(sorted([*parts, f"UNTIL={until}"])),)), **later})
        left = [_rest(end, span, ";".join(parts), at) for end in ends]
        hours = int((wall(span.end) - wall(span.start)) / timedelta(hours=1))
        return self.add(title, at, hours=hours, rule=";".join([*parts, *left]))

    def delete(self, uid: str) -> None:
        self.remove(self.id_of(uid))


def _line(name: str, when: When) -> str:
    if isinstance(when, AllDay):
        return f"{name};VALUE=DATE:{when.day:%Y%m%d}"
    return f"{name};TZID={BERLIN}:{wall(when):%Y%m%dT%H%M%S}"


def _sorted_rule(rule: str) -> str:
    return ";".join(sorted(rule.split(";")))


def _rest(end: str, span: Span, rule: str, at: str) -> str:
    """A COUNT is what is left of it; an UNTIL stays."""
    if not end.startswith("COUNT="):
        return end
    past = sum(1 for one in rrulestr(f"{rule};{end}", dtstart=wall(span.start)) if one < wall(when_of(at)))
    return f"COUNT={int(end[6:]) - past}"


def _ical_seen(uid: str, event: Any) -> Seen:
    ends = [_icalmoment_text(event[name].dt) for name in ("DTSTART", "DTEND")]
    return (uid, *ends, *(str(event.get(name, "")) for name in ("SUMMARY", "LOCATION", "DESCRIPTION")))


def _icalmoment_text(when: date | datetime) -> str:
    return moment_text(when.isoformat() if isinstance(when, datetime) else str(when))


class VdirSide(IcalSide):
    kind = "vdir"

    def __init__(self, world: CloudWorld, name: str) -> None:
        super().__init__(world, name)
        self.root = Path(tempfile.mkdtemp(prefix=f"cloud-world-{name}-", dir=world.folder))
        self.folder = self.root / "Home"
        self.folder.mkdir()

    @property
    def calendar(self) -> CalendarName:
        return CalendarName(self.name, "Home")

    def provider(self) -> Provider:
        inner = VdirProvider(Account(self.name, "vdir", path=self.root), self.world.ports)
        return Gate(self.world, self.name, inner)  # type: ignore[return-value]

    def claim(self) -> None:
        """As if it had been paired before (O2): without its marker an empty folder proves nothing."""
        inner = VdirProvider(Account(self.name, "vdir", path=self.root), self.world.ports)
        inner.claim(inner.open(str(self.folder)), self.world.installation)

    def save(self) -> Any:
        """The very files: a link keeps what their version is made of."""
        kept = Path(tempfile.mkdtemp(dir=self.world.folder))
        for file in self.folder.iterdir():
            os.link(file, kept / file.name)
        return kept

    def load(self, saved: Any) -> None:
        for file in self.folder.iterdir():
            file.unlink()
        for file in saved.iterdir():
            os.link(file, self.folder / file.name)

    def files(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in sorted(self.folder.glob("*.ics"))}

    def put(self, remote_id: str, payload: bytes) -> None:
        temporary = self.root / "temporary"
        temporary.write_bytes(payload)
        temporary.replace(self.folder / remote_id)

    def remove(self, remote_id: str) -> None:
        (self.folder / remote_id).unlink()

    def new_id(self, uid: str) -> str:
        return f"{uid}.ics"


class DavSide(IcalSide):
    kind = "dav"
    made_by: type[FakeCalDav] = FakeCalDav

    def __init__(self, world: CloudWorld, name: str, *switches: str) -> None:
        super().__init__(world, name)
        self.server = world.stack.enter_context(self.made_by(*switches))
        self.path = self.server.calendar("Work")
        date = lambda *_: formatdate(world.clock.now.timestamp(), usegmt=True)  # noqa: E731
        self.server.http.RequestHandlerClass.date_time_string = date  # type: ignore[method-assign, assignment]

    @property
    def calendar(self) -> CalendarName:
        return CalendarName(self.name, "Work")

    def provider(self) -> Provider:
        account = Account(self.name, "caldav", url=self.server.url.rstrip("/") + self.path, username="me")
        return self._wired(CalDavProvider(account, lambda: Secret("any"), self.world.ports))

    def _wired(self, made: CalDavProvider) -> Provider:
        inner = httpx.HTTPTransport(verify=False)
        made._client._client = httpx.Client(transport=Wire(self.world, self.name, inner))
        return made

    def save(self) -> Any:
        shelf, server = self.server.shelves[self.path], self.server
        return (deepcopy(shelf), server.clock, server.oldest)

    def load(self, saved: Any) -> None:
        shelf, self.server.clock, self.server.oldest = saved
        self.server.shelves[self.path] = deepcopy(shelf)
        self.server.faults.clear()

    def files(self) -> dict[str, bytes]:
        return self.server.contents(self.path)

    def put(self, remote_id: str, payload: bytes) -> None:
        self.server.user_put(remote_id, payload)

    def remove(self, remote_id: str) -> None:
        self.server.user_delete(remote_id)

    def new_id(self, uid: str) -> str:
        return f"{self.path}{uid}.ics"


class ICloudSide(DavSide):
    """`server.hidden`: what Apple denies though it is there."""

    made_by = FakeICloud
    server: FakeICloud

    def provider(self) -> Provider:
        return self._wired(ICloudProvider(self.server.account(self.name), lambda: Secret(PASSWORD), self.world.ports))
