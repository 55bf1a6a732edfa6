"""One round of a delta: all its pages to the link of the next one (facts A4, L3).

Shape   Rounds(client).read(name, first, link) -> Round. link: of an earlier round, else ""; first: the call that begins
        anew. Nothing of a round counts before its end
Begun anew  a page that cannot be had, for its link died or Graph has a fault over it, is asked for from the beginning
        of the round, in smaller pages
Errors  SyncTokenExpired: the stored link itself is no good; CalendarGone; TransientError, ProtocolError, AuthError
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

import httpx

from calsync_cli.errors import ProtocolError, SyncTokenExpired, TransientError
from calsync_cli.model.plain import dataclass
from calsync_cli.providers import http
from calsync_cli.providers.graph.answers import Json, events, text
from calsync_cli.providers.graph.client import Call, GraphClient
from calsync_cli.providers.graph.refusals import Meaning, is_lost_link, meaning
from calsync_cli.providers.http import TooMuch

SIZES = (100, 10, 1)
"""Wishes: of rows to a page. Graph never splits a series (T: docs#4501)."""
MAX_PAGES = 100_000
STARTS = 5


@dataclass(slots=True)
class Round:
    """rows: the last one of each id."""

    rows: dict[str, Json] = field(default_factory=dict)
    link: str = ""
    date: str | None = None


class _Lost(Exception):
    """Graph no longer knows where it was."""


class _Stuck(Exception):
    """This page cannot be had in this size."""


class Rounds:
    def __init__(self, client: GraphClient, read: Callable[[httpx.Response], Json]) -> None:
        """read: the body of an answer about the calendar; raises what a refusal means."""
        self._client, self._read = client, read

    def round(self, name: str, first: Call, link: str) -> Round:
        sizes = list(SIZES)
        for _ in range(STARTS):
            start = Call("GET", link or first.path, {} if link else first.params, prefer=_size(sizes[0]))
            try:
                return self._pages(name, start, stored=bool(link))
            except _Lost:
                continue
            except (_Stuck, TooMuch):
                sizes = sizes[1:] or sizes
        raise TransientError(f"{name}: Microsoft's list of events could not be read to its end")

    def _pages(self, name: str, call: Call, *, stored: bool) -> Round:
        found, before, prefer, size = Round(), set[str](), call.prefer, 0
        while call.path not in before and len(before) < MAX_PAGES and size <= http.MAX_LIST:
            response = self._client.call(call)
            if (stored or before) and is_lost_link(response):
                if before:
                    raise _Lost
                raise SyncTokenExpired(f"{name}: Microsoft no longer knows the last state; everything is listed anew")
            if is_lost_link(response) and response.status_code != 400:
                raise _Lost
            if before and meaning(response) is Meaning.FAULT:
                raise _Stuck
            data = self._read(response)
            size += len(response.content)
            found.rows |= {text(one, "id"): one for one in events(data)}
            found.date = response.headers.get("date")
            before.add(call.path)
            after, found.link = text(data, "@odata.nextLink"), text(data, "@odata.deltaLink")
            if not after and not found.link:
                raise ProtocolError(f"{name}: Microsoft ended its list without a link to go on from")
            if not after:
                return found
            call = Call("GET", after, prefer=prefer)
        raise ProtocolError(f"{name}: Microsoft's list of events does not end")


def _size(rows: int) -> str:
    return f"odata.maxpagesize={rows}"
