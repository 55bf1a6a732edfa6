"""Reading one calendar of a mailbox: what changed since a delta link, and whole event sets by id (facts 0, L3, L6).

Shape   Reader(client, ports, names).changes(cal, since, window) -> pages; .sets(cal, ids) -> {id: EventSet or None}
Hints   a delta says which sets to read, never what is in them: it hides deleted instances and private properties. Any
        sign of life of a series re-reads the whole of it (O6)
Proof   with every set that is read the calendar itself is asked: it must be there for an event to be gone (O2), and it
        says whether private details are hidden (O7)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import httpx

from calsync_cli.errors import CalendarGone, CalsyncError, ProtocolError
from calsync_cli.model.account import Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Hint, Page
from calsync_cli.providers.graph.answers import Json, etag_of, event_id, event_of, events, json_of, text
from calsync_cli.providers.graph.client import Call, GraphClient, calendar_path, event_path, quoted
from calsync_cli.providers.graph.fresh import Fresh
from calsync_cli.providers.graph.refusals import Meaning, meaning, read_problem
from calsync_cli.providers.graph.rounds import Rounds
from calsync_cli.providers.graph.sets import (
    CANCELLED,
    EXCEPTIONS,
    EventSet,
    alone,
    is_instance,
    is_series,
    series,
    single,
    tells_all,
)
from calsync_cli.providers.graph.untold import completed
from calsync_cli.providers.graph.window import bounds, edges, link_of, token_of
from calsync_cli.providers.http import http_date
from calsync_cli.providers.patient import Answer

MEMBERS = (
    "id,iCalUId,changeKey,type,seriesMasterId,subject,body,start,end,originalStartTimeZone,originalEndTimeZone,"
    "originalStart,isAllDay,isCancelled,isDraft,isOrganizer,organizer,attendees,responseStatus,showAs,sensitivity,"
    "importance,categories,isReminderOn,reminderMinutesBeforeStart,location,locations,recurrence,isOnlineMeeting,"
    "onlineMeetingProvider,onlineMeeting,webLink,transactionId,createdDateTime,lastModifiedDateTime,hasAttachments"
)
BEHIND_S = (1.0, 2.0, 4.0)
"""How long to wait for reads that are behind our own writes; then they count as they are."""
PROPERTIES = "singleValueExtendedProperties"


class Reader:
    """names: ids of the private properties that are read with every event."""

    def __init__(self, client: GraphClient, ports: Ports, names: Sequence[str]) -> None:
        self._client, self._ports, self.fresh = client, ports, Fresh(ports)
        chosen = " or ".join("id eq '{}'".format(name.replace("'", "''")) for name in names)
        own = f"{PROPERTIES}($filter={chosen})" if chosen else ""
        self._plain = {"$select": MEMBERS} | ({"$expand": own} if own else {})
        both = ",".join(filter(None, (EXCEPTIONS, own)))
        self._whole = {"$select": f"{MEMBERS},{CANCELLED},{EXCEPTIONS}", "$expand": both}
        self.me = client.account.me
        self._about: dict[str, Json] = {}
        self._loose: dict[tuple[str, str], set[str]] = {}

    # -- deltas --------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None, window: Window) -> Iterator[Page]:
        low, high = edges(window, self._ports.now())
        asked = bounds(low, high)
        link = link_of(since, asked)
        first = Call("GET", calendar_path(cal.id, "calendarView", "delta"),
                     {"startDateTime": asked[0], "endDateTime": asked[1]})
        found = Rounds(self._client, partial(self.read, cal)).round(cal.name, first, link)
        hints = tuple(self._hints(cal, found.rows.values(), listing=not link))
        token, window_read = token_of(found.link, asked), None if link else (low, high)
        yield Page(hints, token, not link, http_date(found.date), window=window_read)

    def _hints(self, cal: Calendar, rows: Iterable[Json], *, listing: bool) -> Iterator[Hint]:
        """Of a single event a version is told; of a series none, since its rows do not show all of it. An exception
        may have been a set of its own (R9). What a listing calls removed is simply not on it."""
        named: dict[str, str | None] = {}
        gone = []
        for row in rows:
            name, of = text(row, "id"), text(row, "seriesMasterId") if is_instance(row) else ""
            if "@removed" in row:
                gone.append(name)
                continue
            if text(row, "type") == "exception":
                gone.append(name)
                self._loose.setdefault((cal.id, of), set()).update({name} if of else ())
            only = text(row, "type") == "singleInstance"
            named[of or name] = (etag_of(row) or None) if only else None
        for name, etag in named.items():
            yield Hint(name, etag)
        for name in gone if not listing else ():
            if name not in named:
                yield Hint(name, gone=True)

    # -- the calendar itself -------------------------------------------------------------------------------------------

    def read(self, cal: Calendar, response: httpx.Response) -> Json:
        """The answer to a question about the calendar as such, where a 404 means the calendar."""
        if response.status_code >= 300 and meaning(response) is Meaning.GONE:
            words = f"{cal.name} cannot be found any more, or is no longer shared. Nothing was deleted elsewhere for it"
            raise CalendarGone(words, next=f"calsync calendars {self._client.account.name}")
        if response.status_code not in (200, 201):
            raise read_problem(response, self._client.account)
        return json_of(response)

    def now(self, cal: Calendar) -> Calendar:
        """Its rights as they are now. Raises CalendarGone."""
        return self._as_told(cal, self._client.call(Call("GET", calendar_path(cal.id))))

    def about(self, cal: Calendar) -> Json:
        """What a document says of its calendar, as it was when the set was read."""
        return self._about.get(cal.id, {"id": cal.id})

    def _as_told(self, cal: Calendar, response: httpx.Response) -> Calendar:
        told = self.read(cal, response)
        if text(told, "id") != cal.id:
            raise ProtocolError(f"{cal.name}: Microsoft answers for another calendar")
        self.me |= owner_of(told)
        self._about[cal.id] = {
            "id": cal.id, "canViewPrivateItems": told.get("canViewPrivateItems") is not False,
            "canShare": told.get("canShare") is True,
        }
        return calendar_of(self._client.account, told)

    # -- whole sets ----------------------------------------------------------------------------------------------------

    def sets(self, cal: Calendar, ids: Sequence[str], *, here: bool = False) -> dict[str, EventSet | None]:
        """Each set as it is now; None for what is gone, and for an instance that is part of a series here.

        here: an address below a calendar may answer for any of the mailbox's (A4.4), so each is asked where it is.
        Raises for the calendar as a whole, not for one event. Reads that are behind our own writes are waited for.
        """
        if not ids:
            return {}
        found = self._sets(cal, ids, here=here)
        for seconds in BEHIND_S:
            behind = [name for name, one in found.items() if one is not None and self.fresh.is_behind(one)]
            if not behind:
                break
            self._ports.sleep(seconds)
            found |= self._sets(cal, behind, here=here)
        return found

    def _sets(self, cal: Calendar, ids: Sequence[str], *, here: bool) -> dict[str, EventSet | None]:
        places = [Call("GET", event_path(name, "calendar"), {"$select": "id"}) for name in ids if here]
        calls = [Call("GET", self._path(cal, name), self._plain) for name in ids]
        probe, *answers = self._client.batch([Call("GET", calendar_path(cal.id)), *calls, *places])
        self._as_told(cal, _heard(probe))
        heads = self._events(ids, answers[: len(ids)])
        for name, answer in zip(ids, answers[len(ids) :], strict=False):
            heads[name] = heads[name] if self._is_of(cal, answer) else None
        found: dict[str, EventSet | None] = dict.fromkeys(ids)
        found |= {name: single(one) for name, one in heads.items() if one is not None and not is_instance(one)}
        found |= self._alone(cal, {name: one for name, one in heads.items() if one is not None and is_instance(one)})
        masters = [name for name, one in heads.items() if one is not None and is_series(one)]
        whole = self._get(cal, masters, self._whole)
        for name, one in whole.items():
            found[name] = None if one is None or not tells_all(one) else series(one) if is_series(one) else single(one)
        untold = [one for one in whole.values() if one is not None and not tells_all(one)]
        return found | completed(self._client, partial(self._path, cal), untold)

    def _is_of(self, cal: Calendar, answer: Answer) -> bool:
        response = _heard(answer)
        if meaning(response) is Meaning.GONE and response.status_code != 200:
            return False
        if response.status_code != 200:
            raise read_problem(response, self._client.account)
        return text(json_of(response), "id") == cal.id

    def _alone(self, cal: Calendar, instances: dict[str, Json]) -> dict[str, EventSet | None]:
        """Those whose series is not here; a part of one that is, is no set."""
        of = {name: text(one, "seriesMasterId") for name, one in instances.items()}
        masters = self._get(cal, sorted({master for master in of.values() if master}), self._plain)
        return {name: None if masters.get(of[name]) else alone(one) for name, one in instances.items()}

    def loose(self, cal: Calendar, gone: Iterable[str]) -> list[EventSet]:
        """The exceptions that deltas named of series which are not on this calendar."""
        parts = sorted({part for name in gone for part in self._loose.pop((cal.id, name), ())})
        return [one for one in self.sets(cal, parts).values() if one is not None]

    def _path(self, cal: Calendar, name: str) -> str:
        return calendar_path(cal.id, "events", quoted(name))

    def _get(self, cal: Calendar, names: Sequence[str], params: dict[str, str]) -> dict[str, Json | None]:
        return self._events(names, self._client.batch([Call("GET", self._path(cal, name), params) for name in names]))

    def _events(self, names: Sequence[str], answers: Sequence[Answer]) -> dict[str, Json | None]:
        """None: Graph knows none of that id."""
        found: dict[str, Json | None] = {}
        for name, answer in zip(names, answers, strict=True):
            response = _heard(answer)
            if response.status_code != 200 and meaning(response) is not Meaning.GONE:
                raise read_problem(response, self._client.account)
            found[name] = event_of(response) if response.status_code == 200 else None
            if found[name] is not None and text(found[name] or {}, "id") != name:
                raise ProtocolError("Microsoft answered for another event than the one that was asked for")
        return found

    def with_property(self, cal: Calendar, name: str, value: str) -> list[str]:
        """Ids of the events that carry this private property, the oldest first."""
        wanted = f"{PROPERTIES}/Any(ep: ep/id eq '{name}' and ep/value eq '{value}')"
        params = {"$filter": wanted, "$select": "id,createdDateTime", "$top": "50"}
        data = self.read(cal, self._client.call(Call("GET", calendar_path(cal.id, "events"), params)))
        return [event_id(one) for one in sorted(events(data), key=lambda one: text(one, "createdDateTime"))]


def owner_of(one: Json) -> frozenset[str]:
    """The address of the mailbox, lower-case, as its own calendars name it; only who made one may share it (A3)."""
    owner = one.get("owner")
    address = text(owner, "address").lower() if isinstance(owner, dict) else ""
    return frozenset({address} if "@" in address and one.get("canShare") is True else ())


def calendar_of(account: Account, one: Json) -> Calendar:
    """Meetings of an account mail people whatever we do (facts 0.12), so `mails` is always set."""
    level: Literal["full", "limited"] = "limited" if one.get("canViewPrivateItems") is False else "full"
    writable = one.get("canEdit") is not False and account.access != "read"
    cal = Calendar(event_id(one), text(one, "name") or text(one, "id"), level=level, mails=True)
    alias = "primary" if one.get("isDefaultCalendar") is True else ""
    return replace(cal, access="write" if writable else "read", color=text(one, "hexColor") or None, alias=alias)


def _heard(answer: Answer) -> httpx.Response:
    if isinstance(answer, CalsyncError):
        raise answer
    return answer
