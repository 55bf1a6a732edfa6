"""What changed in one calendar since a token: sync-collection, else ctag and a listing (RFC 6578; facts 1.3).

Tokens  "sync:<sync-token>", "ctag:<getctag>" where the server has no sync-collection, "list:" where it has neither; so
        the token remembers from run to run which way to ask, and a quiet calendar costs one request
Errors  SyncTokenExpired before the first page; CalendarGone
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import httpx

from calsync_cli.errors import CalendarGone, ProtocolError, SyncTokenExpired
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.base import Calendar, Hint, Page
from calsync_cli.providers.caldav import xml
from calsync_cli.providers.caldav.client import DavClient, busy
from calsync_cli.providers.caldav.hrefs import Hrefs
from calsync_cli.providers.caldav.refusals import unexpected
from calsync_cli.providers.caldav.xml import CS, D

REMOVED = frozenset({404, 410, 418})
GONE = frozenset({404, 410})
BAD_TOKEN = frozenset({400, 403, 409, 410, 412, 500})
MAX_PAGES = 10_000
NO_REPORT = frozenset({400, 403, 404, 405, 415, 500, 501})


class Delta:
    """`open_` raises CalendarGone if it is the calendar that is missing, and not the report."""

    def __init__(self, client: DavClient, hrefs: Hrefs, ports: Ports, open_: Callable[[str], Calendar]) -> None:
        self._client, self._hrefs, self._ports, self._open = client, hrefs, ports, open_

    def changes(self, cal: Calendar, since: str | None) -> Iterator[Page]:
        kind, _, token = (since or "sync:").partition(":")
        if kind == "sync":
            pages = self._sync(cal, token)
            if pages is not None:
                yield from pages
                return
        yield self._listing(cal, token if kind == "ctag" else "")

    def _sync(self, cal: Calendar, token: str) -> list[Page] | None:
        """sync-collection with its 507 pages (RFC 6578 section 3.6); None where the server has no such report."""
        pages: list[Page] = []
        first, seen, size = token, {token}, 0
        while True:
            response = self._client.ask("REPORT", self._hrefs.url(cal.id), xml.sync_collection(token), depth=0)
            if response.status_code != 207:
                return self._no_sync(cal, response, pages, first)
            answer = xml.multistatus(response.content)
            page, cut = self._page(cal, answer, response, initial=not first)
            pages.append(page)
            if not cut:
                return pages
            if answer.token is None or answer.token in seen:
                raise ProtocolError(f"{cal.name}: the server cuts its answer and gives no way to go on")
            size += len(response.content)
            if len(pages) >= MAX_PAGES or size > http.MAX_LIST:
                raise ProtocolError(f"{cal.name}: the server's list of events does not end")
            token = answer.token
            seen.add(token)

    def _no_sync(self, cal: Calendar, response: httpx.Response, pages: list[Page], token: str) -> list[Page] | None:
        names, code = xml.complaint(response.content).names, response.status_code
        if code in GONE and not pages:
            self._open(cal.id)
        if code in (429, 503):
            raise busy(response, self._ports.now())
        if token and ("valid-sync-token" in names or code in BAD_TOKEN):
            raise SyncTokenExpired(f"{cal.name}: the server no longer knows the last state; everything is listed anew")
        if code in NO_REPORT and not pages:
            return None
        raise unexpected(response, self._ports.now())

    def _page(
        self, cal: Calendar, answer: xml.MultiStatus, response: httpx.Response, *, initial: bool
    ) -> tuple[Page, bool]:
        """One page; whether more is to come. A 507 for the collection is no removal (O10)."""
        hints: dict[str, Hint] = {}
        cut = False
        for one in answer.answers:
            remote_id = self._hrefs.member(cal.id, one.href, str(response.request.url))
            if _is_same(remote_id, cal.id):
                cut = cut or one.status == 507
            elif one.status in REMOVED:
                if not initial and remote_id not in hints:  # in one page, an etag wins over a removal
                    hints[remote_id] = Hint(remote_id, gone=True)
            elif one.status is None or one.status == 200:
                hints[remote_id] = self._hint(remote_id, one, response)
        token = f"sync:{answer.token}" if answer.token else None
        now = http.http_date(response.headers.get("date"))
        return Page(tuple(hints.values()), token, listing=initial, server_now=now), cut

    def _hint(self, remote_id: str, answer: xml.Answer, response: httpx.Response) -> Hint:
        return Hint(remote_id, self._client.version(str(response.request.url), answer.text(f"{D}getetag")))

    def _listing(self, cal: Calendar, ctag: str) -> Page:
        """Without sync-collection: the ctag before the listing, and none if it is the same (facts 1.3)."""
        now_ctag, server_now = self._ctag(cal)
        if ctag and ctag == now_ctag:
            return Page((), f"ctag:{ctag}", server_now=server_now)
        response = self._propfind(cal, "<D:getetag/><D:getcontenttype/><D:resourcetype/>", depth=1)
        if response.status_code != 207:
            raise unexpected(response, self._ports.now())
        hints = []
        for one in xml.multistatus(response.content).answers:
            remote_id = self._hrefs.member(cal.id, one.href, str(response.request.url))
            kinds = {child.tag for child in one.props.get(f"{D}resourcetype", ())}
            if not _is_same(remote_id, cal.id) and f"{D}collection" not in kinds and one.status is None:
                hints.append(self._hint(remote_id, one, response))
        return Page(tuple(hints), f"ctag:{now_ctag}" if now_ctag else "list:", listing=True, server_now=server_now)

    def _ctag(self, cal: Calendar) -> tuple[str | None, datetime | None]:
        response = self._propfind(cal, "<CS:getctag/>", depth=0)
        now = http.http_date(response.headers.get("date"))
        if response.status_code != 207:
            return None, now
        found = [one.text(f"{CS}getctag") for one in xml.multistatus(response.content).answers]
        return next((ctag for ctag in found if ctag), None), now

    def _propfind(self, cal: Calendar, props: str, *, depth: int) -> httpx.Response:
        response = self._client.ask("PROPFIND", self._hrefs.url(cal.id), xml.propfind(props), depth=depth)
        if response.status_code in GONE:
            self._open(cal.id)
            raise CalendarGone(f"{cal.name} cannot be listed any more. Nothing was deleted elsewhere because of that")
        return response


def _is_same(remote_id: str, calendar_id: str) -> bool:
    return remote_id.rstrip("/") == calendar_id.rstrip("/")
