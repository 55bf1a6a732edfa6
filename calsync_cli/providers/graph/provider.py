"""Calendars of Microsoft 365 and Outlook.com: delta in a window, whole sets, PATCH of changed members (facts 0, L4-L8).

Shape   Calendar.id and remote_id are Graph's own (immutable) ids; a payload is the document of sets.py. A body to write
        is such a document with its `requests`: what makes it of what is there
Creates get their id from the server: until it is known an operation goes by `key:` and its key, which is stored in a
        private property and as transactionId, so that one that was cut is found again and never made twice (J table)
Sets    are not written in one piece: a write that was cut half way is found by the next look and goes on from there
Mail    cannot be kept from being sent (facts 0.12): a calendar says so, and the engine holds what would send some
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx

from calsync_cli.errors import CalsyncError
from calsync_cli.model.account import EVERYTHING, Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Capabilities, Channel, Item, Missing, Page, Receipt, Write
from calsync_cli.providers.graph.answers import json_of
from calsync_cli.providers.graph.calendar_list import PATH, calendars
from calsync_cli.providers.graph.client import IN_FLIGHT, MAX_PARTS, Call, GraphClient
from calsync_cli.providers.graph.reading import Reader, calendar_of, owner_of
from calsync_cli.providers.graph.refusals import Meaning, meaning, refusal
from calsync_cli.providers.graph.steps import KEY, UNKNOWN_ID
from calsync_cli.providers.graph.subscriptions import Subscriptions
from calsync_cli.providers.graph.writing import Writer

__all__ = ["KEY", "UNKNOWN_ID", "GraphProvider"]


class GraphProvider:
    """One account. names: the mapping's private properties, read with every event. Nothing is asked before needed."""

    def __init__(self, account: Account, auth: httpx.Auth, ports: Ports, names: Sequence[str]) -> None:
        self._account = account
        self._client = GraphClient(account, auth, ports)
        self._reader = Reader(self._client, ports, [*names, KEY])
        self._writer = Writer(self._client, self._reader)
        self.caps = Capabilities(
            mapping="graph", delta=True, server_stamps=True, concurrency=min(IN_FLIGHT, account.concurrency),
            batch=MAX_PARTS, bulk=MAX_PARTS, atomic=False, searched=True, strict=True, by_name=True,
            push="account",
        )
        self._subscriptions = Subscriptions(self._client, ports)

    @property
    def me(self) -> frozenset[str]:
        """Under which addresses its owner is invited, as far as is known."""
        return self._reader.me

    @property
    def requests(self) -> dict[str, int]:
        return self._client.requests

    def close(self) -> None:
        self._client.close()

    # -- calendars -----------------------------------------------------------------------------------------------------

    def calendars(self) -> Sequence[Calendar]:
        found = calendars(self._client)
        self._reader.me = self._reader.me.union(*map(owner_of, found))
        return [calendar_of(self._account, one) for one in found]

    def open(self, calendar_id: str) -> Calendar:
        return self._reader.now(Calendar(calendar_id, calendar_id))

    def create_calendar(self, name: str) -> Calendar:
        """The one of this name that is there already, where Graph lets no second one be made (A6.2)."""
        response = self._client.call(Call("POST", PATH, body={"name": name}))
        if response.status_code == 201:
            return calendar_of(self._account, json_of(response))
        if meaning(response) is Meaning.EXISTS:
            for one in self.calendars():
                if one.name == name:
                    return one
        raise refusal(name, response, self._account)

    # -- reading -------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        return self._reader.changes(cal, since, window)

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        ids = list(dict.fromkeys(remote_ids))
        found = self._reader.sets(cal, [name for name in ids if not name.startswith(UNKNOWN_ID)])
        about = self._reader.about(cal)
        for name, one in found.items():
            yield one.item(about) if one is not None else Missing(name)
        for unnamed in (name for name in ids if name.startswith(UNKNOWN_ID)):
            yield self.look(cal, unnamed) or Missing(unnamed)
        for loose in self._reader.loose(cal, [name for name, one in found.items() if one is None]):
            yield loose.item(about)

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Item | None:
        if remote_id.startswith(UNKNOWN_ID):
            named = self._reader.with_property(cal, KEY, remote_id.removeprefix(UNKNOWN_ID))
            if not named:
                return None
            remote_id = named[0]
        found = self._reader.sets(cal, [remote_id], here=True)[remote_id]
        return found.item(self._reader.about(cal)) if found is not None else None

    # -- writing -------------------------------------------------------------------------------------------------------

    def remote_id_for(self, cal: Calendar, key: str) -> str:
        """Graph names what it makes; until then it goes by its key."""
        return UNKNOWN_ID + key

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
        """As many as one likes, each with its own end (J5)."""
        return self._writer.bulk(cal, writes)

    # -- push ----------------------------------------------------------------------------------------------------------

    def open_channel(self, wanted: Channel) -> Channel:
        return self._subscriptions.open(wanted)

    def renew_channel(self, channel: Channel) -> Channel | None:
        return self._subscriptions.renew(channel)

    def close_channel(self, channel: Channel) -> None:
        self._subscriptions.close(channel)
