"""Reading one Google calendar: what changed since a token, and whole event sets by id (facts 4; O1 to O7, T1 to T4).

Shape   Reader(client, ports).changes(cal, since) -> pages; .sets(cal, ids) -> {id: EventSet or None}
Series  a delta names single resources. Where a known set does not hold them as they are now, its master is read by its
        id, its exceptions come from one list by iCalUID, 50 lists to a request
Lag     lists may be seconds behind (facts 4.5): where one differs from a newer answer, the resource itself is asked
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Literal

import httpx

from calsync_cli.errors import (
    AuthError,
    CalendarGone,
    CalsyncError,
    ProtocolError,
    SyncTokenExpired,
    TransientError,
)
from calsync_cli.model.account import Account
from calsync_cli.model.plain import dataclass
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.base import Calendar, Hint, Item, Page
from calsync_cli.providers.google.answers import Json, etag_of, event_of, events, json_of, text
from calsync_cli.providers.google.client import Call, GoogleClient, event_path, events_path, list_entry_path
from calsync_cli.providers.google.fresh import Fresh
from calsync_cli.providers.google.refusals import is_expired_token, read_problem
from calsync_cli.providers.google.sets import (
    EventSet,
    assembled,
    completed,
    is_bare,
    is_cancelled,
    is_plain,
    series_of,
)
from calsync_cli.providers.http import TooMuch, http_date

TOKEN = "1:"
"""Before each stored token: the shape of our question (T3). Another shape needs another number."""
PAGE_SIZES = (2500, 250, 25)
"""The largest first; a smaller one where an answer grew too long."""
MAX_PAGES = 20_000
STARTS = 3
GONE = frozenset({404, 410})
Known = Mapping[str, Collection[str]]
Level = Literal["full", "limited", "busy"]
Access = Literal["read", "write"]
ROLES: Mapping[str, tuple[Access, Level]] = {
    "owner": ("write", "full"), "writer": ("write", "full"), "writerWithoutPrivateAccess": ("write", "limited"),
    "reader": ("read", "limited"), "freeBusyReader": ("read", "busy"),
}  # fmt: skip


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


class _PageLost(Exception):
    """Google no longer knows where it was: page tokens live shortly (facts 4.2)."""


class Reader:
    def __init__(self, client: GoogleClient, ports: Ports) -> None:
        self._client, self.fresh = client, Fresh(ports)
        self._about: dict[str, Json] = {}
        self._loose: dict[str, dict[str, list[str]]] = {}

    # -- lists ---------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None) -> Iterator[Page]:
        if cal.level == "busy":
            raise self._only_busy(cal)
        if since is not None and not since.startswith(TOKEN):
            raise SyncTokenExpired(f"{cal.name}: its last state was noted by another version; all is listed anew")
        told = {"syncToken": since.removeprefix(TOKEN)} if since is not None else {"showDeleted": "false"}
        listing = self._list(cal, {"singleEvents": "false", **told})
        if not listing.token:
            raise ProtocolError(f"{cal.name}: Google ended its list without a sync token")
        now = self._as_told(cal, listing.envelope)
        hints = self._everything(cal, listing.items) if since is None else self._delta(cal, listing.items)
        yield Page(tuple(hints), TOKEN + listing.token, since is None, http_date(listing.date), now)

    def _list(self, cal: Calendar, question: Mapping[str, str]) -> _Listing:
        """All pages of it; begun anew where Google lost the place, with smaller pages where one was too long."""
        sizes = list(PAGE_SIZES)
        for _ in range(STARTS):
            try:
                return self._pages(cal, {"maxResults": str(sizes[0]), **question})
            except TooMuch:
                sizes = sizes[1:] or sizes
            except _PageLost:
                continue
        raise TransientError(f"{cal.name}: Google's list of events could not be read to its end")

    def _pages(self, cal: Calendar, question: Mapping[str, str]) -> _Listing:
        """A later page wins. The token is on the last one only (facts 0.2)."""
        result, page, before, size = _Listing(), "", set[str](), 0
        while page not in before and len(before) < MAX_PAGES and size <= http.MAX_LIST:
            before.add(page)
            more = {"pageToken": page} if page else {}
            response = self._client.call(Call("GET", events_path(cal.id), {**question, **more}))
            if page and response.status_code in (400, 410):
                raise _PageLost
            if "syncToken" in question and is_expired_token(response):
                words = f"{cal.name}: Google no longer knows the last state; everything is listed anew"
                raise SyncTokenExpired(words)
            data = self.read(cal, response)
            size += len(response.content)
            result.items |= {text(one, "id"): one for one in events(data)}
            result.envelope = {**data, "items": None}
            result.date = response.headers.get("date")
            page, result.token = text(data, "nextPageToken"), text(data, "nextSyncToken")
            if not page:
                return result
        raise ProtocolError(f"{cal.name}: Google's list of events does not end")

    def _everything(self, cal: Calendar, items: Mapping[str, Json]) -> Iterator[Hint]:
        """Instances that came without their series: it may be behind (facts 4.5), or not on this calendar (R9)."""
        about = self.about(cal)
        whole, loose = assembled(self._without_bare(cal, items).values())
        for found in whole:
            yield _hint(found.item(about))
        for series, late in self.sets(cal, list(loose)).items():
            alone = [EventSet(text(one, "id"), None, {text(one, "id"): one}) for one in loose[series]]
            for one in [late] if late is not None else alone:
                yield _hint(one.item(about))

    def _delta(self, cal: Calendar, items: Mapping[str, Json]) -> Iterator[Hint]:
        """A series is named by what of it was listed; its instances might be alone, now or before (R9)."""
        about, items = self.about(cal), self._without_bare(cal, items)
        self.fresh.note(cal.id, items.values())
        series: dict[str, dict[str, str]] = {}
        loose: dict[str, list[str]] = {}
        for name, one in items.items():
            if of := series_of(one):
                series.setdefault(of, {})[name] = etag_of(one)
                loose.setdefault(of, []).extend([] if is_cancelled(one) else [name])
            elif not is_cancelled(one) and "recurrence" in one:
                series.setdefault(name, {})[name] = etag_of(one)
            elif not is_cancelled(one):
                yield _hint(EventSet(name, one).item(about))
            if of or is_cancelled(one):
                yield Hint(name, gone=True)
        self._loose.setdefault(cal.id, {}).update(loose)
        for name, parts in series.items():
            if loose.get(name) or not is_cancelled(items.get(name, {})):
                yield Hint(name, parts=parts)

    def alone(self, cal: Calendar, series: Iterable[str]) -> list[EventSet]:
        """The instances that the last deltas named of series which are not on this calendar."""
        named = self._loose.get(cal.id, {})
        parts = [part for name in series for part in named.pop(name, ())]
        return [found for found in self.sets(cal, parts).values() if found is not None]

    def _without_bare(self, cal: Calendar, items: Mapping[str, Json]) -> dict[str, Json]:
        """Tombstones that say too little, as Google shows them when asked for each (facts 4.3)."""
        read = self._gets(cal, [name for name, one in items.items() if is_bare(one)])
        return {**items, **{name: one for name, one in read.items() if one is not None}}

    # -- the calendar itself -------------------------------------------------------------------------------------------

    def read(self, cal: Calendar, response: httpx.Response) -> Json:
        """The answer to a question about the calendar as such, where a 404 means the calendar."""
        if response.status_code in GONE:
            words = f"{cal.name} cannot be found any more, or is no longer shared. Nothing was deleted elsewhere for it"
            raise CalendarGone(words, next=f"calsync calendars {self._client.account.name}")
        if response.status_code != 200:
            raise read_problem(response, self._client.account)
        return json_of(response)

    def entry(self, cal: Calendar) -> Json:
        """The calendar's place in the list. Raises CalendarGone."""
        return self.read(cal, self._client.call(Call("GET", list_entry_path(cal.id))))

    def now(self, cal: Calendar) -> Calendar:
        """Its rights as they are now."""
        return self._as_told(cal, self.entry(cal))

    def about(self, cal: Calendar) -> Json:
        """What a document says of its calendar; from the last list, else asked once."""
        if cal.id not in self._about:
            self.now(cal)
        return self._about[cal.id]

    def _as_told(self, cal: Calendar, envelope: Json) -> Calendar:
        """The calendar as this answer describes it: a share can be taken back at any time (facts 3.2, O7)."""
        role = text(envelope, "accessRole")
        if not role:
            raise ProtocolError(f"{cal.name}: Google does not say what this account may do with it")
        if role not in ROLES:
            words = f"{cal.name} is no longer shared with {self._client.account.name} ({role!a})"
            raise AuthError(words, next=f"calsync calendars {self._client.account.name}")
        access, level = rights(role, self._client.account)
        zone = text(envelope, "timeZone") or "UTC"
        self._about[cal.id] = {"accessRole": role, "id": cal.id, "timeZone": zone}
        return replace(cal, access=access, level=level, zone=zone)

    def _only_busy(self, cal: Calendar) -> AuthError:
        words = f"{cal.name} only shows {self._client.account.name} when it is busy, not its events, so it cannot be"
        return AuthError(f"{words} kept in sync; ask its owner to share all details", next="calsync calendars")

    # -- whole sets ----------------------------------------------------------------------------------------------------

    def sets(self, cal: Calendar, ids: Sequence[str], known: Known | None = None) -> dict[str, EventSet | None]:
        """Each set as it is now; None for what is gone, and for an instance that is part of a series here.

        known: by series, ids of instances that are read one by one, and so are then those that a list names (O3).
        Raises for the calendar as a whole, not for one event.
        """
        heads = {name: one for name, one in self._gets(cal, ids).items() if one is not None and not is_cancelled(one)}
        found: dict[str, EventSet | None] = dict.fromkeys(ids)
        found |= {name: EventSet(name, one) for name, one in heads.items() if not text(one, "recurringEventId")}
        instances = {name: one for name, one in heads.items() if text(one, "recurringEventId")}
        masters = self._gets(cal, sorted({text(one, "recurringEventId") for one in instances.values()}))
        for name, one in instances.items():
            master = masters[text(one, "recurringEventId")]
            if master is None or is_cancelled(master):
                found[name] = EventSet(name, None, {name: one})
        series = [one for one in found.values() if one is not None and "recurrence" in (one.event or {})]
        self._fill(cal, series, known)
        return found

    def _fill(self, cal: Calendar, series: Sequence[EventSet], known: Known | None) -> None:
        """The exceptions of each."""
        doubtful: list[tuple[EventSet, str]] = []
        for one, listed in zip(series, self._listed(cal, series), strict=True):
            one.instances = listed
            names = self.fresh.doubtful(cal.id, one.id, listed)
            if known is not None:
                names |= listed.keys() | set(known.get(one.id, ()))
            doubtful += [(one, name) for name in sorted(names)]
        read = self._gets(cal, list(dict.fromkeys(name for _, name in doubtful)))
        for one, name in doubtful:
            _lay_over(one, name, read[name])

    def _listed(self, cal: Calendar, series: Sequence[EventSet]) -> list[dict[str, Json]]:
        """By iCalUID, which a series and its exceptions share; one without any is searched among all events."""
        uids = [text(one.event or {}, "iCalUID") for one in series]
        questions = [{"showDeleted": "true", **({"iCalUID": uid} if uid else {})} for uid in uids]
        first = {"maxResults": str(PAGE_SIZES[0])}
        answers = self._client.batch([Call("GET", events_path(cal.id), {**first, **asked}) for asked in questions])
        result = []
        for one, asked, answer in zip(series, questions, answers, strict=True):
            if isinstance(answer, TooMuch):
                listed: Iterable[Json] = self._list(cal, asked).items.values()
            elif isinstance(answer, CalsyncError):
                raise answer
            else:
                data = self.read(cal, answer)
                listed = self._list(cal, asked).items.values() if text(data, "nextPageToken") else events(data)
            result.append({text(part, "id"): completed(part, one.id) for part in listed if series_of(part) == one.id})
        return result

    def _gets(self, cal: Calendar, names: Collection[str]) -> dict[str, Json | None]:
        """None: Google knows none of that id, and does know the calendar (O2)."""
        found: dict[str, Json | None] = {}
        answers = self._client.batch([Call("GET", event_path(cal.id, name)) for name in names])
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, CalsyncError):
                raise answer
            if answer.status_code not in (200, *GONE):
                raise read_problem(answer, self._client.account)
            found[name] = event_of(answer) if answer.status_code == 200 else None
        if None in found.values():
            self.entry(cal)
        return found


def _lay_over(found: EventSet, name: str, one: Json | None) -> None:
    """What a point read says of an instance counts; but one that Google only makes up is no exception."""
    listed = found.instances.pop(name, None)
    if one is None or text(one, "recurringEventId") not in ("", found.id):
        return
    if listed is not None or not is_plain(one, found.event or {}):
        found.instances[name] = completed(one, found.id)


def _hint(item: Item) -> Hint:
    return Hint(item.remote_id, item.etag, item=item)
