"""A Google calendar in a CloudWorld: its people edit through the emulator's people, as at the web page, never through
calsync's mapping.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx

from calsync_cli.mapping.google.document import document
from calsync_cli.model.account import Account, CalendarName
from calsync_cli.model.times import AllDay, When, moved, wall
from calsync_cli.providers.base import Provider
from calsync_cli.providers.google.provider import GoogleProvider
from tests.emulators.google import lookup
from tests.emulators.google.errors import ApiError
from tests.emulators.google.recurrence import instance_id
from tests.emulators.google.state import Row
from tests.emulators.google.times import original_of
from tests.emulators.google.tokens import read_position
from tests.emulators.google.view import render
from tests.engine.cloud_wire import Token, Wire
from tests.engine.google_cloud import PERSON
from tests.engine.sides import BERLIN, FIRST, LAST, Seen, Side, later, moment_text, plain_uid, when_of, words_in

if TYPE_CHECKING:
    from tests.engine.cloud_world import CloudWorld


def google_uid(event: Mapping[str, Any]) -> str:
    """Ground truth, read past calsync's mapping."""
    private = event.get("extendedProperties", {}).get("private", {})
    ours = private.get("calsync.id") == event["id"]
    return plain_uid(str(private["calsync.uid"] if ours and "calsync.uid" in private else event["iCalUID"]))


class GoogleSide(Side):
    kind = "google"
    mapping = "google"

    def __init__(self, world: CloudWorld, name: str, user: str) -> None:
        super().__init__(world, name)
        self.user, self.g = user, world.g
        self.home = user
        self.g.world.share(self.home, PERSON, "owner")

    @property
    def calendar(self) -> CalendarName:
        return CalendarName(self.name, self.home)

    @property
    def at(self) -> Any:
        return self.g.calendar(self.home)

    def provider(self) -> Provider:
        account = Account(self.name, "google", api_url=self.g.api_url, timeout_s=20.0)
        made = GoogleProvider(account, Token(lambda: self.g.token(self.user)), self.world.ports)
        wire = Wire(self.world, self.name, self.world.clouds["google"].transport())
        made._client._client = httpx.Client(transport=wire)
        return made

    def save(self) -> Any:
        return None  # with the emulator, by the world

    def load(self, saved: Any) -> None:
        """With the emulator."""

    # -- seeing

    def rows(self) -> list[Row]:
        return [row for row in self.at.rows.values() if not row.master_id and not row.dead]

    def _shown(self, row: Row) -> dict[str, Any]:
        return render(self.g.world, self.at, row, self.user)

    def payloads(self) -> dict[str, tuple[str, bytes]]:
        about = {"id": self.home, "timeZone": self.at.time_zone, "accessRole": "owner"}
        found = {}
        for row in self.rows():
            parts = [self._shown(one) for one in self.at.overrides_of(row.id)]
            event = self._shown(row)
            found[row.id] = (google_uid(event), document(event, parts, about))
        return found

    def texts(self) -> list[str]:
        parts = [row.body for row in self.rows()]
        parts += [one.body for row in self.rows() for one in self.at.overrides_of(row.id) if not one.dead]
        return [str(body.get(name, "")) for body in parts for name in ("summary", "location", "description")]

    def words_in_no_list(self, series: str) -> set[str]:
        horizon = self.g.world.horizon(self.at)
        late = [row.body for row in self.at.overrides_of(series) if row.seq > horizon and not row.dead]
        return words_in(str(body.get(name, "")) for body in late for name in ("summary", "location", "description"))

    def uids(self) -> set[str]:
        return {google_uid(self._shown(row)) for row in self.rows()}

    def has(self, uid: str) -> bool:
        return uid in self.uids()

    def id_of(self, uid: str) -> str:
        return next(row.id for row in self.rows() if google_uid(self._shown(row)) == uid)

    def uid_at(self, remote_id: str) -> str | None:
        row = self.at.rows.get(remote_id)
        return google_uid(self._shown(row)) if row is not None and not row.dead and not row.master_id else None

    def agenda(self) -> list[Seen]:
        found: list[Seen] = []
        for row in self.rows():
            uid = google_uid(self._shown(row))
            events = self.g.people.instances(self.home, row.id) if row.is_master else [self._shown(row)]
            found += [_google_seen(uid, event) for event in events]
        return sorted(one for one in found if str(FIRST) <= one[1] < str(LAST))

    def not_covered(self, token: str, mirror: Mapping[str, Any]) -> str:
        """What the token says we know and the mirror does not (I11): the id of such an event, or ""."""
        there = {row.id: row for row in self.at.as_of(read_position(token.removeprefix("1:")).seq) if not row.orphan}
        for row in there.values():
            master = there.get(row.master_id or "")
            if row.master_id and (master is None or master.dead or not lookup.belongs(self.at, row)):
                continue
            later = [one for one in self.at.versions[row.id] if one.seq >= row.seq]
            if not _is_covered(row, later, mirror.get(row.master_id or row.id)):
                return str(row.id)
        return ""

    def names_of(self, remote_id: str) -> tuple[str, ...]:
        try:
            return (lookup.find(self.at, remote_id).master_id or remote_id,)
        except ApiError:
            return (remote_id,)

    # -- doing

    def add(self, title: str, start: str, *, hours: int = 1, rule: str = "", location: str = "", text: str = "",
            uid: str = "", guests: tuple[str, ...] = (), link: str = "") -> str:
        begin = when_of(start)
        event: dict[str, Any] = {"summary": title, "start": _node(begin), "end": _node(later(begin, hours))}
        event |= {"recurrence": [f"RRULE:{rule}"]} if rule else {}
        event |= {name: value for name, value in (("location", location), ("description", text)) if value}
        event |= {"iCalUID": uid} if uid else {}
        event |= {"source": {"url": link, "title": "Link"}} if link else {}
        event |= {"attendees": [{"email": email} for email in guests]} if guests else {}
        return google_uid(self.g.people.insert(self.home, event, user=PERSON))

    def edit(self, uid: str, *, title: str | None = None, location: str | None = None, text: str | None = None) -> None:
        given = {"summary": title, "location": location, "description": text}
        self.patch(uid, {name: value or None for name, value in given.items() if value is not None})

    def patch(self, uid: str, changes: dict[str, Any]) -> None:
        self.patch_at(self.id_of(uid), changes)

    def patch_at(self, event_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        return self.g.people.patch(self.home, event_id, changes, user=PERSON)

    def shift(self, uid: str, start: str) -> None:
        event = self._shown(self.at.rows[self.id_of(uid)])
        begin = when_of(start)
        self.patch(uid, {"start": _whole(begin), "end": _whole(moved(begin, _length(event)))})

    def set_rule(self, uid: str, rule: str) -> None:
        self.patch(uid, {"recurrence": [f"RRULE:{rule}"]})

    def instance(self, uid: str, at: str) -> str:
        row: Row = self.at.rows[self.id_of(uid)]
        event = self._shown(row)
        zone = event["start"].get("timeZone", BERLIN)
        return instance_id(row.prefix, original_of({**_node(when_of(at)), "timeZone": zone} if len(at) > 10
                                                   else {"date": at}))

    def dates(self, uid: str) -> list[str]:
        row: Row = self.at.rows[self.id_of(uid)]
        if not row.is_master:
            return []
        nodes = [event["originalStartTime"] for event in self.g.people.instances(self.home, row.id)]
        return [_local_text(node.get("dateTime") or node["date"]) for node in nodes]

    def cancel(self, uid: str, at: str) -> None:
        self.g.people.delete(self.home, self.instance(uid, at), user=PERSON)

    def change(self, uid: str, at: str, *, title: str = "", to: str = "") -> None:
        changes: dict[str, Any] = {"summary": title} if title else {}
        if to:
            event = self._shown(self.at.rows[self.id_of(uid)])
            changes |= {"start": _whole(when_of(to)), "end": _whole(moved(when_of(to), _length(event)))}
        self.patch_at(self.instance(uid, at), changes)

    def restore(self, uid: str, at: str) -> None:
        self.patch_at(self.instance(uid, at), {"status": "confirmed"})

    def split(self, uid: str, at: str, title: str) -> str:
        made = self.g.people.split(self.home, self.id_of(uid), self.instance(uid, at))
        return google_uid(self.patch_at(made["id"], {"summary": title}))

    def duplicate(self, uid: str, title: str) -> str:
        """All private properties are copied along (facts 0.16)."""
        made = self.g.people.duplicate(self.home, self.id_of(uid))
        return google_uid(self.patch_at(made["id"], {"summary": title}))

    def delete(self, uid: str) -> None:
        self.g.people.delete(self.home, self.id_of(uid), user=PERSON)


def _is_covered(row: Row, later: list[Row], have: Any) -> bool:
    if have is None:
        return any(one.dead for one in later)
    if have["gone"]:
        return row.dead or any(one.dead for one in later) or row.master_id is not None
    body = json.loads(have["payload"])
    parts = [body["event"] or {}, *body["instances"]]
    etags = {part.get("etag") for part in parts if part.get("id") == row.id}
    return bool(etags & {one.etag for one in later}) or (not etags and any(one.dead for one in later))


def _node(when: When) -> dict[str, Any]:
    if isinstance(when, AllDay):
        return {"date": when.day.isoformat()}
    local = wall(when).replace(tzinfo=ZoneInfo(BERLIN))
    return {"dateTime": local.isoformat(), "timeZone": BERLIN}


def _whole(when: When) -> dict[str, Any]:
    """As a patch says it: the other kind of time goes."""
    node = _node(when)
    return {**node, "dateTime": None, "timeZone": None} if "date" in node else {**node, "date": None}


def _length(event: Mapping[str, Any]) -> timedelta:
    first, last = (event[name].get("dateTime") or event[name]["date"] for name in ("start", "end"))
    return datetime.fromisoformat(last) - datetime.fromisoformat(first)


def _local_text(text: str) -> str:
    """"2027-03-08T09:00" from RFC 3339."""
    if len(text) == 10:
        return text
    return datetime.fromisoformat(text).astimezone(ZoneInfo(BERLIN)).strftime("%Y-%m-%dT%H:%M")


def _google_seen(uid: str, event: Mapping[str, Any]) -> Seen:
    ends = [moment_text(event[name].get("dateTime") or event[name]["date"]) for name in ("start", "end")]
    return (uid, *ends, *(str(event.get(name, "")) for name in ("summary", "location", "description")))
