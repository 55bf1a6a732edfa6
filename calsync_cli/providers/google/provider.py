"""Google calendars: delta by sync token, whole event sets, PATCH of changed members, nobody mailed (facts 0, 4, 6).

Shape   Calendar.id is the calendar's address, remote_id the id of the event or of the series' master; a payload is the
        document of sets.py. A body to write is such a document with its `requests`: what makes it of what is there
Writes  every one with `sendUpdates=none` and, unless it makes something new, with If-Match on the resource it changes
Sets    are not written in one piece: a write that was cut half way is found by the next look and goes on from there
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from calsync_cli.errors import AuthError, CalsyncError, ProtocolError
from calsync_cli.model.account import EVERYTHING, Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Capabilities, Channel, Item, Missing, Page, Receipt, Write
from calsync_cli.providers.google.answers import etag_of, event_id, event_of, json_of, text
from calsync_cli.providers.google.calendar_list import PATH, listed
from calsync_cli.providers.google.channels import Channels
from calsync_cli.providers.google.client import Call, GoogleClient, event_path
from calsync_cli.providers.google.multipart import MAX_PARTS
from calsync_cli.providers.google.reading import ROLES, Reader, rights
from calsync_cli.providers.google.refusals import Meaning, meaning, refusal
from calsync_cli.providers.google.sets import is_cancelled
from calsync_cli.providers.google.writing import Writer

ID_PREFIX = "cs"
"""With 32 hex digits after it: 5 to 1024 characters of a-v and 0-9 (facts 6.2)."""


class GoogleProvider:
    """One account. Nothing is asked before it is needed."""

    def __init__(self, account: Account, auth: httpx.Auth, ports: Ports) -> None:
        self._account = account
        self.me = account.me
        self._client = GoogleClient(account, auth, ports)
        self._reader = Reader(self._client, ports)
        self._writer = Writer(self._client, self._reader, ports)
        self.caps = Capabilities(
            mapping="google", delta=True, server_stamps=True, concurrency=account.concurrency, batch=MAX_PARTS,
            bulk=MAX_PARTS, atomic=False, strict=True, push="calendar",
        )
        self._channels = Channels(self._client, ports)

    @property
    def requests(self) -> dict[str, int]:
        return self._client.requests

    def close(self) -> None:
        self._client.close()

    # -- calendars -----------------------------------------------------------------------------------------------------

    def calendars(self) -> Sequence[Calendar]:
        """All but those without any right (facts 3.2)."""
        found = listed(lambda params: self._client.call(Call("GET", PATH, params)), self._account)
        shown = (one for one in found if text(one, "accessRole") in ROLES and not one.get("deleted"))
        return [self._calendar(one) for one in shown]

    def open(self, calendar_id: str) -> Calendar:
        return self._calendar(self._reader.entry(Calendar(calendar_id, calendar_id)))

    def _calendar(self, entry: Mapping[str, Any]) -> Calendar:
        if entry.get("primary") is True and "@" in text(entry, "id"):
            self.me |= {text(entry, "id").lower()}  # the first calendar's id is the address of the account (facts 3)
        return _calendar(entry, self._account)

    def create_calendar(self, name: str) -> Calendar:
        """Raises AuthError where the sign-in does not allow it (facts 1.6)."""
        response = self._client.call(Call("POST", "calendars", body={"summary": name}))
        if response.status_code != 200:
            why = refusal(name, response, self._account)
            if meaning(response) is Meaning.SCOPE and self._account.access != "create":
                words = f'{self._account.name} signed in without the right to make calendars; set access = "create"'
                raise AuthError(f"{words} in its section of the configuration and sign in again", next=why.next)
            raise why
        return self.open(event_id(json_of(response)))

    # -- reading -------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        """Always of the whole calendar: a window would become part of the token (facts 4.2)."""
        return self._reader.changes(cal, since)

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        about = self._reader.about(cal)
        found = self._reader.sets(cal, list(dict.fromkeys(remote_ids)))
        for name, one in found.items():
            yield one.item(about) if one is not None else Missing(name)
        for alone in self._reader.alone(cal, [name for name, one in found.items() if one is None]):
            yield alone.item(about)

    def holds(self, payload: bytes, parts: Mapping[str, str]) -> bool:
        """Whether a known set shows all these resources in these versions already."""
        known = _versions(payload)
        return all(etag and known.get(name) == etag for name, etag in parts.items())

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Item | None:
        """Every instance that `known` or a list names is read by its id, which is never behind (facts 4.5)."""
        about = self._reader.about(cal)
        instances = frozenset(_versions(known)) - {"", remote_id}
        found = self._reader.sets(cal, [remote_id], {remote_id: instances})[remote_id]
        return found.item(about) if found is not None else None

    def buried(self, cal: Calendar, remote_id: str) -> bool:
        """Whether the server remembers this id as made and removed: a GET shows it as cancelled (facts 4.3)."""
        response = self._client.call(Call("GET", event_path(cal.id, remote_id)))
        return response.status_code == 200 and is_cancelled(event_of(response))

    # -- writing -------------------------------------------------------------------------------------------------------

    def remote_id_for(self, cal: Calendar, key: str) -> str:
        return ID_PREFIX + key

    def create(self, cal: Calendar, key: str, body: bytes) -> Receipt:
        return self._one(cal, Write("create", self.remote_id_for(cal, key), body))

    def update(self, cal: Calendar, remote_id: str, body: bytes, etag: str) -> Receipt:
        return self._one(cal, Write("update", remote_id, body, etag))

    def delete(self, cal: Calendar, remote_id: str, etag: str) -> None:
        self._one(cal, Write("delete", remote_id, b"", etag))

    def _one(self, cal: Calendar, write: Write) -> Receipt:
        (answer,) = self.bulk(cal, [write])
        if isinstance(answer, CalsyncError):
            raise answer
        return answer

    def bulk(self, cal: Calendar, writes: Sequence[Write]) -> list[Receipt | CalsyncError]:
        """In the order of `writes`, many to a request. Raises only before anything has left."""
        return self._writer.bulk(cal, writes)

    # -- push ----------------------------------------------------------------------------------------------------------

    def open_channel(self, wanted: Channel) -> Channel:
        return self._channels.open(wanted)

    def renew_channel(self, channel: Channel) -> Channel | None:
        return None

    def close_channel(self, channel: Channel) -> None:
        self._channels.close(channel)


def _versions(payload: bytes) -> dict[str, str]:
    """Of a document as it was kept, each resource's version by its id; nothing of what is none."""
    try:
        found = json.loads(payload) if payload else {"instances": []}
        return {text(one, "id"): etag_of(one) for one in (found.get("event") or {}, *found["instances"])}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _calendar(entry: Mapping[str, Any], account: Account) -> Calendar:
    role = text(entry, "accessRole")
    if not role:
        raise ProtocolError(f"Google does not say what {account.name} may do with a calendar")
    if role not in ROLES:
        words = f"this calendar is no longer shared with {account.name} ({role!a})"
        raise AuthError(words, next=f"calsync calendars {account.name}")
    access, level = rights(role, account)
    name = text(entry, "summaryOverride") or text(entry, "summary") or text(entry, "id")
    return Calendar(
        event_id(entry), name, access, level, color=text(entry, "backgroundColor") or None,
        alias="primary" if entry.get("primary") is True else "", zone=text(entry, "timeZone") or "UTC",
    )
