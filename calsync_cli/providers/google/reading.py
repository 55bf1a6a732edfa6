"""Reading one Google calendar: what changed since a token, and whole event sets by id (facts 4; O1 to O7, T1 to T4).

Shape   Reader(client).changes(cal, since) -> pages; .sets(cal, ids) -> {id: EventSet or None}
Series  a delta names single resources; the rest of their series comes from one list by iCalUID, 50 lists to a request
Lag     lists may be seconds behind (facts 4.5): what a delta or a write answered in this process is laid over them
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import httpx

from calsync_cli.errors import AuthError, CalendarGone, CalsyncError, ProtocolError, SyncTokenExpired
from calsync_cli.model.account import Account
from calsync_cli.providers.base import Calendar, Hint, Page
from calsync_cli.providers.google.calendar_list import json_of, problem
from calsync_cli.providers.google.client import Call, GoogleClient, calendar_path, list_entry_path
from calsync_cli.providers.google.refusals import is_expired_token
from calsync_cli.providers.google.sets import (
    EventSet,
    Json,
    assembled,
    completed,
    is_cancelled,
    series_of,
    text,
    with_newer,
)
from calsync_cli.providers.http import http_date

TOKEN = "1:"
"""Before each stored token: the shape of our question (T3). Another shape needs another number."""
PAGE_SIZE = "2500"
GONE = frozenset({404, 410})
Level = Literal["full", "limited", "busy"]
Access = Literal["read", "write"]
ROLES: Mapping[str, tuple[Access, Level]] = {
    "owner": ("write", "full"), "writer": ("write", "full"), "writerWithoutPrivateAccess": ("write", "limited"),
    "reader": ("read", "limited"), "freeBusyReader": ("read", "busy"),
}


def rights(role: str, account: Account) -> tuple[Access, Level]:
    """Of a calendar with this role, for a sign-in that may itself be for reading only."""
    access, level = ROLES[role]
    return ("read" if account.access == "read" else access), level


@dataclass(slots=True)
class _Listing:
    items: dict[str, Json] = field(default_factory=dict)
    envelope: Json = field(default_factory=dict)
    token: str = ""
    date: str | None = None


class Reader:
    def __init__(self, client: GoogleClient) -> None:
        self._client = client
        self._about: dict[str, Json] = {}
        self._fresh: dict[str, dict[str, Json]] = {}

    # -- deltas --------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None) -> Iterator[Page]:
        if since is not None and not since.startswith(TOKEN):
            raise SyncTokenExpired(f"{cal.name}: its last state was noted by another version; all is listed anew")
        told = {"syncToken": since.removeprefix(TOKEN)} if since is not None else {"showDeleted": "false"}
        listing = self._list(cal, {"maxResults": PAGE_SIZE, "singleEvents": "false", **told})
        if not listing.token:
            raise ProtocolError(f"{cal.name}: Google ended its list without a sync token")
        now = self._as_told(cal, listing.envelope)
        if since is None:
            hints = [_hint(found.item(self.about(cal))) for found in assembled(listing.items.values())]
        else:
            hints = list(self._delta(cal, listing.items))
        yield Page(tuple(hints), TOKEN + listing.token, since is None, http_date(listing.date), now)

    def _list(self, cal: Calendar, params: Mapping[str, str]) -> _Listing:
        """All pages; a later one wins. The token is on the last one only (facts 0.2)."""
        result, page = _Listing(), ""
        for _ in range(100_000):
            more = {"pageToken": page} if page else {}
            response = self._client.call(Call("GET", calendar_path(cal.id, "events"), {**params, **more}))
            data = self.read(cal, response, listing=True)
            result.items |= {text(one, "id"): one for one in data.get("items") or () if isinstance(one, dict)}
            result.envelope = {**result.envelope, **data}
            result.date = response.headers.get("date")
            page, result.token = text(data, "nextPageToken"), text(data, "nextSyncToken")
            if not page:
                return result
        raise ProtocolError(f"{cal.name}: Google's list of events does not end")

    def read(self, cal: Calendar, response: httpx.Response, *, listing: bool = False) -> Json:
        if listing and is_expired_token(response):
            raise SyncTokenExpired(f"{cal.name}: Google no longer knows the last state; everything is listed anew")
        if response.status_code in GONE:
            words = f"{cal.name} cannot be found any more, or is no longer shared. Nothing was deleted elsewhere for it"
            raise CalendarGone(words, next=f"calsync calendars {self._client.account.name}")
        if response.status_code != 200:
            raise problem(response, self._client.account)
        return json_of(response)

    def _as_told(self, cal: Calendar, envelope: Json) -> Calendar:
        """The calendar as this list describes it: a share can be taken back at any time (facts 3.2, O7)."""
        role = text(envelope, "accessRole")
        if role not in ROLES:
            words = f"{cal.name} is no longer shared with {self._client.account.name}"
            raise AuthError(words, next=f"calsync calendars {self._client.account.name}")
        access, level = rights(role, self._client.account)
        zone = text(envelope, "timeZone") or "UTC"
        self._about[cal.id] = {"accessRole": role, "id": cal.id, "timeZone": zone}
        return replace(cal, access=access, level=level, zone=zone)

    def about(self, cal: Calendar) -> Json:
        """What a document says of its calendar; from the last list, else asked once."""
        if cal.id not in self._about:
            response = self._client.call(Call("GET", list_entry_path(cal.id)))
            self._as_told(cal, self.read(cal, response))
        return self._about[cal.id]

    def _delta(self, cal: Calendar, items: Mapping[str, Json]) -> Iterator[Hint]:
        series: dict[str, dict[str, Json]] = {}
        for name, one in items.items():
            of = text(one, "recurringEventId")
            if of:
                series.setdefault(of, {})[name] = completed(one, of)
            elif is_cancelled(one):
                yield Hint(name, gone=True)
                if series_of(name):
                    series.setdefault(series_of(name), {})[name] = completed(one, series_of(name))
            elif "recurrence" in one:
                series.setdefault(name, {})[name] = one
            else:
                yield _hint(EventSet(name, one).item(self.about(cal)))
        for parts in series.values():
            self.note(cal, parts.values())
        found = self.sets(cal, list(series))
        for name, parts in series.items():
            whole = found[name]
            if whole is not None:
                yield _hint(whole.item(self.about(cal)))
            else:
                yield from self._loose(cal, parts)

    def _loose(self, cal: Calendar, parts: Mapping[str, Json]) -> Iterator[Hint]:
        """Instances whose series is not on this calendar: each is an event set of its own (R9)."""
        for name, one in parts.items():
            if is_cancelled(one) or not text(one, "recurringEventId"):
                yield Hint(name, gone=True)
            else:
                yield _hint(EventSet(name, None, {name: one}).item(self.about(cal)))

    # -- whole sets ----------------------------------------------------------------------------------------------------

    def note(self, cal: Calendar, resources: Iterable[Json]) -> None:
        """Answers that are newer than what a list may show for a while."""
        self._fresh.setdefault(cal.id, {}).update({text(one, "id"): one for one in resources})

    def sets(self, cal: Calendar, ids: Sequence[str], known: Sequence[str] = ()) -> dict[str, EventSet | None]:
        """Each set as it is now; None for what is gone. known: ids of instances to be read one by one, past every list.

        Raises for the calendar as a whole, not for one event.
        """
        heads = dict(zip(ids, self._gets(cal, ids), strict=True))
        found: dict[str, EventSet | None] = {}
        series = []
        for name, head in heads.items():
            if head is None or is_cancelled(head):
                found[name] = None
            elif text(head, "recurringEventId"):
                found[name] = EventSet(name, None, {name: head})
            else:
                found[name] = EventSet(name, head)
                series += [name] if "recurrence" in head else []
        for name, instances in zip(series, self._instances(cal, [heads[name] or {} for name in series]), strict=True):
            whole = found[name]
            assert whole is not None
            whole.instances = instances
            if known:
                self._look_again(cal, whole, known)
        return found

    def _gets(self, cal: Calendar, ids: Sequence[str]) -> list[Json | None]:
        answers = self._client.batch([Call("GET", calendar_path(cal.id, "events", name)) for name in ids])
        found: list[Json | None] = []
        for answer in answers:
            if isinstance(answer, CalsyncError):
                raise answer
            if answer.status_code in GONE:
                found.append(None)
            elif answer.status_code != 200:
                raise problem(answer, self._client.account)
            else:
                found.append(json_of(answer))
        if None in found:
            self._check_is_there(cal)
        return found

    def _check_is_there(self, cal: Calendar) -> None:
        """A 404 of the calendar is no proof that an event is gone (O2)."""
        self._as_told(cal, self.read(cal, self._client.call(Call("GET", list_entry_path(cal.id)))))

    def _instances(self, cal: Calendar, masters: Sequence[Json]) -> list[dict[str, Json]]:
        params = [{"iCalUID": text(one, "iCalUID"), "showDeleted": "true", "maxResults": PAGE_SIZE} for one in masters]
        calls = [Call("GET", calendar_path(cal.id, "events"), one) for one in params]
        result = []
        for master, one, answer in zip(masters, params, self._client.batch(calls), strict=True):
            if isinstance(answer, CalsyncError):
                raise answer
            data = self.read(cal, answer)
            listed = [item for item in data.get("items") or () if isinstance(item, dict)]
            if text(data, "nextPageToken"):
                listed = list(self._list(cal, one).items.values())
            result.append(self._of_series(cal, text(master, "id"), listed))
        return result

    def _of_series(self, cal: Calendar, series: str, listed: Iterable[Json]) -> dict[str, Json]:
        of = {text(one, "id"): one for one in listed if text(one, "recurringEventId") == series}
        for name, one in self._fresh.get(cal.id, {}).items():
            if text(one, "recurringEventId") == series:
                newest = with_newer(one, of.get(name))
                assert newest is not None
                of[name] = newest
        return of

    def _look_again(self, cal: Calendar, whole: EventSet, known: Sequence[str]) -> None:
        names = sorted({*whole.instances, *known})
        for name, one in zip(names, self._gets(cal, names), strict=True):
            if one is not None and text(one, "recurringEventId") == whole.id:
                whole.instances[name] = one
            elif one is None:
                whole.instances.pop(name, None)


def _hint(item: Any) -> Hint:
    return Hint(item.remote_id, item.etag, item=item)
