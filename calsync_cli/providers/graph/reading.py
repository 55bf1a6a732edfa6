"""Reading one calendar of a mailbox: what changed since a delta link, and whole event sets by id (facts 0, L3, L6).

Shape   Reader(client, names).changes(cal, since, window) -> pages; .sets(cal, ids) -> {id: EventSet or None}
Tokens  {"w": [start, end], "l": delta link}: the window is part of the link; another one needs a new round (T3, L3.5)
Hints   a delta says which sets to read, never what is in them: it hides deleted instances and private properties
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from calsync_cli.errors import CalendarGone, CalsyncError, ProtocolError, SyncTokenExpired
from calsync_cli.model.account import IN_WINDOWS, Window
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Hint, Page
from calsync_cli.providers.graph.client import Call, GraphClient, calendar_path, event_path, json_of, quoted
from calsync_cli.providers.graph.refusals import codes, is_resync, problem
from calsync_cli.providers.graph.sets import EventSet, Json, etag_of, modified, objects, text
from calsync_cli.providers.http import http_date

MEMBERS = (
    "id,iCalUId,changeKey,type,seriesMasterId,subject,body,start,end,originalStartTimeZone,originalEndTimeZone,"
    "originalStart,isAllDay,isCancelled,isDraft,isOrganizer,organizer,attendees,responseStatus,showAs,sensitivity,"
    "importance,categories,isReminderOn,reminderMinutesBeforeStart,location,locations,recurrence,isOnlineMeeting,"
    "onlineMeetingProvider,onlineMeeting,webLink,transactionId,createdDateTime,lastModifiedDateTime,hasAttachments"
)
GONE = frozenset({404, 410})
PAGE_SIZE = "odata.maxpagesize=100"
LONGEST = timedelta(days=1800)
"""Graph refuses windows over 1,825 days (facts 0.8)."""
MAX_PAGES = 100_000


class Reader:
    """names: ids of the private properties that are read with every event."""

    def __init__(self, client: GraphClient, ports: Ports, names: Sequence[str]) -> None:
        self._client, self._ports = client, ports
        chosen = " or ".join(f"id eq '{name}'" for name in names)
        self._expand = f"singleValueExtendedProperties($filter={chosen})"
        self._fresh: dict[str, Json] = {}

    # -- deltas --------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None, window: Window) -> Iterator[Page]:
        low, high = edges(window, self._ports.now())
        bounds = [f"{low:%Y-%m-%dT00:00:00Z}", f"{high:%Y-%m-%dT00:00:00Z}"]
        link = _link_of(since, bounds)
        first = Call("GET", calendar_path(cal.id, "calendarView", "delta"),
                     {"startDateTime": bounds[0], "endDateTime": bounds[1]}, prefer=PAGE_SIZE)
        rows, link_after, date = self._round(cal, Call("GET", link, prefer=PAGE_SIZE) if link else first)
        token = json.dumps({"w": bounds, "l": link_after})
        listing = not link
        yield Page(tuple(_hints(rows)), token, listing, http_date(date), window=(low, high) if listing else None)

    def _round(self, cal: Calendar, call: Call) -> tuple[dict[str, Json], str, str | None]:
        """All rows by id, the last of each; the link of the next round; the server's date."""
        rows: dict[str, Json] = {}
        stored = not call.params
        for _ in range(MAX_PAGES):
            response = self._client.call(call)
            if stored and is_resync(response):
                raise SyncTokenExpired(f"{cal.name}: Microsoft no longer knows the last state; all is listed anew")
            data = self.read(cal, response)
            rows |= {text(one, "id"): one for one in objects(data.get("value"))}
            after, end = text(data, "@odata.nextLink"), text(data, "@odata.deltaLink")
            if end:
                return rows, end, response.headers.get("date")
            if not after:
                break
            call = Call("GET", after, prefer=PAGE_SIZE)
        raise ProtocolError(f"{cal.name}: Microsoft ended its list without a link to go on from")

    def read(self, cal: Calendar, response: httpx.Response) -> Json:
        """The body of a 200. Raises CalendarGone for a 404 of the calendar itself."""
        if response.status_code in GONE and not codes(response)[0] & {"mailboxnotenabledforrestapi"}:
            words = f"{cal.name} cannot be found any more, or is no longer shared. Nothing was deleted elsewhere for it"
            raise CalendarGone(words, next=f"calsync calendars {self._client.account.name}")
        if response.status_code not in (200, 201):
            raise problem(cal.name, response, self._client.account)
        return json_of(response)

    # -- whole sets ----------------------------------------------------------------------------------------------------

    def note(self, resources: Sequence[Json]) -> None:
        """Answers to our writes, which a read may not show for a while (L2.3)."""
        self._fresh |= {text(one, "id"): one for one in resources if text(one, "id")}

    def sets(self, cal: Calendar, ids: Sequence[str]) -> dict[str, EventSet | None]:
        """Each set as it is now; None for what is gone from this calendar. Raises for the calendar as a whole."""
        params = {"$select": MEMBERS, "$expand": self._expand}
        heads = self._gets(cal, [Call("GET", self._path(cal, name), params) for name in ids])
        found: dict[str, EventSet | None] = dict.fromkeys(ids)
        for name, head in zip(ids, heads, strict=True):
            found[name] = None if head is None else EventSet(name, self._newest(head))
        series = [one for one in found.values() if one is not None and text(one.event, "type") == "seriesMaster"]
        more = {
            "$select": f"id,cancelledOccurrences,exceptionOccurrences,{MEMBERS}", "$expand": "exceptionOccurrences",
        }
        parts = self._gets(cal, [Call("GET", self._path(cal, one.id), more) for one in series])
        for whole, part in zip(series, parts, strict=True):
            if part is None:
                found[whole.id] = None
                continue
            whole.cancelled = tuple(one for one in part.get("cancelledOccurrences") or () if isinstance(one, str))
            listed = objects(part.get("exceptionOccurrences"))
            whole.instances = {text(one, "id"): self._newest(one) for one in listed if text(one, "id")}
        return found

    def _path(self, cal: Calendar, name: str) -> str:
        """Below its calendar: an event that was moved elsewhere is gone from here (O2)."""
        return calendar_path(cal.id, "events", quoted(name))

    def _gets(self, cal: Calendar, calls: Sequence[Call]) -> list[Json | None]:
        found: list[Json | None] = []
        for answer in self._client.batch(calls):
            if isinstance(answer, CalsyncError):
                raise answer
            if answer.status_code in GONE:
                found.append(None)
            elif answer.status_code != 200:
                raise problem(cal.name, answer, self._client.account)
            else:
                found.append(json_of(answer))
        if None in found:  # a 404 of the calendar is no proof that an event is gone (O2)
            self.read(cal, self._client.call(Call("GET", calendar_path(cal.id))))
        return found

    def _newest(self, seen: Json) -> Json:
        """An answer to our own write where it is newer than what was read; private properties come from the read."""
        fresh = self._fresh.get(text(seen, "id"))
        if fresh is None or etag_of(fresh) == etag_of(seen):
            return seen
        ours, theirs = modified(fresh), modified(seen)
        if ours is None or theirs is None or ours <= theirs:
            return seen
        name = "singleValueExtendedProperties"
        return {**fresh, name: seen[name]} if name in seen else fresh

    def is_here(self, cal: Calendar, name: str) -> bool:
        """Whether the event is in this calendar: an address below a calendar may answer for any of them (A4.4)."""
        response = self._client.call(Call("GET", event_path(name, "calendar"), {"$select": "id"}))
        return response.status_code not in GONE and text(self.read(cal, response), "id") == cal.id

    def with_property(self, cal: Calendar, name: str, value: str) -> list[str]:
        """Ids of the events that carry this private property, the oldest first."""
        wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and ep/value eq '{value}')"
        params = {"$filter": wanted, "$select": "id,createdDateTime", "$top": "50"}
        data = self.read(cal, self._client.call(Call("GET", calendar_path(cal.id, "events"), params)))
        found = sorted(objects(data.get("value")), key=lambda one: text(one, "createdDateTime"))
        return [text(one, "id") for one in found]


def edges(window: Window, now: datetime) -> tuple[datetime, datetime]:
    """Whole months around the window, so that it moves once a month; a side without end gets calsync's default (V1)."""
    past, future = window.past or IN_WINDOWS.past, window.future or IN_WINDOWS.future
    assert past is not None and future is not None
    low, high = _month(now - past, 0), _month(now + future, 2)
    return low, min(high, low + LONGEST)


def _month(when: datetime, later: int) -> datetime:
    months = when.year * 12 + when.month - 1 + later
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _link_of(since: str | None, bounds: list[str]) -> str:
    """The stored link; "" where there is none or it is for another window: then the whole window is listed anew."""
    try:
        data: Any = json.loads(since) if since else {}
        link = data["l"] if data.get("w") == bounds else ""
    except (ValueError, KeyError, AttributeError, TypeError):
        raise SyncTokenExpired("the last state was noted by another version; everything is listed anew") from None
    return link if isinstance(link, str) else ""


def _hints(rows: Mapping[str, Json]) -> Iterator[Hint]:
    """Sets to be read. A single event whose version is known needs no reading; of a series no version is told."""
    named: set[str] = set()
    for name, row in rows.items():
        if "@removed" in row:
            yield Hint(name, gone=True)
            continue
        of = text(row, "seriesMasterId") if text(row, "type") in ("occurrence", "exception") else name
        if not of or of in named:
            continue
        named.add(of)
        single = text(row, "type") == "singleInstance"
        yield Hint(of, (etag_of(row) or None) if single else None)
