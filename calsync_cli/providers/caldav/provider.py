"""CalDAV calendars: delta by sync-collection, bodies by multiget, conditional writes only (RFC 4791, 6578; facts 0-3).

Shape   Calendar.id and remote_id are decoded URL paths (whole URLs for another origin than the account's); hrefs are
        compared by decoded path, never by string or host (facts 0.10)
Tokens  "sync:<sync-token>", "ctag:<getctag>" where the server has no sync-collection, "list:" where it has neither
"""

from __future__ import annotations

import email.utils
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx

from calsync_cli.errors import (
    CalendarGone,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    Refused,
    SyncTokenExpired,
    TooLarge,
    TransientError,
    UidConflict,
    UnknownOutcome,
)
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.base import Calendar, Capabilities, Hint, Item, Missing, Page, Receipt
from calsync_cli.providers.caldav import xml
from calsync_cli.providers.caldav.client import DavClient, busy, http_date, retry_after_s
from calsync_cli.providers.caldav.xml import CS, A, Answer, C, D
from calsync_cli.providers.registry import Credential

BATCH = 80
GONE = frozenset({404, 410, 418})
XML_TYPE = {"Content-Type": "application/xml; charset=utf-8"}
ICS_TYPE = {"Content-Type": "text/calendar; charset=utf-8"}
UID_CONFLICTS = frozenset({"no-uid-conflict", "unique-scheduling-object-resource"})
WRITE_RIGHTS = frozenset({"all", "write", "write-content", "bind"})


class CalDavProvider:
    """One account. Nothing is asked before it is needed."""

    def __init__(self, account: Account, credential: Credential, ports: Ports) -> None:
        self._account = account
        self._credential = credential
        self._ports = ports
        self._client = DavClient(account, credential, ports)
        self._spelling: dict[str, str] = {}
        self._careless: set[str] = set()
        self.caps = Capabilities(mapping="ical", delta=True, server_stamps=True, concurrency=account.concurrency)

    @property
    def requests(self) -> dict[str, int]:
        return self._client.requests

    def close(self) -> None:
        self._client.close()

    # -- hrefs ---------------------------------------------------------------------------------------------------------

    def _id(self, href: str) -> str:
        """Decoded path; with scheme and host only where they are not the account's."""
        href = href.replace("#", "%23").replace("?", "%3F")  # Xandikos sends these as they are; no href has a fragment
        whole = urljoin(self._client.url, href)
        path = unquote(urlsplit(whole).path)
        here = http.origin(whole) == http.origin(self._client.url)
        found = path if here else f"{urlsplit(whole).scheme}://{urlsplit(whole).netloc}{path}"
        if self._href(found) != href:
            self._spelling[found] = href
        return found

    def _href(self, remote_id: str) -> str:
        """The server's own spelling if it differs from ours."""
        if remote_id in self._spelling:
            return self._spelling[remote_id]
        if "://" in remote_id:
            scheme, _, rest = remote_id.partition("://")
            host, _, path = rest.partition("/")
            return f"{scheme}://{host}/{_quoted(path)}"
        return _quoted(remote_id)

    # -- calendars -----------------------------------------------------------------------------------------------------

    def calendars(self) -> Sequence[Calendar]:
        """The account's own address if it is a calendar, else every calendar of its home (facts 1.2)."""
        own = self._own_calendar()
        if own is not None:
            return [own]
        from calsync_cli.providers.caldav.discovery import homes

        found: dict[str, Calendar] = {}
        for home in homes(self._client, self._account, self._credential):
            body = xml.propfind(xml.CALENDAR_PROPS)
            response = self._client.request("PROPFIND", home, body, {"Depth": "1", **XML_TYPE})
            if response.status_code == 207:
                for answer in xml.multistatus(response.content).answers:
                    calendar = self._calendar(answer, response)
                    if calendar is not None:
                        found.setdefault(calendar.id, calendar)
        return list(found.values())

    def _own_calendar(self) -> Calendar | None:
        body = xml.propfind(xml.CALENDAR_PROPS)
        response = self._client.request("PROPFIND", self._client.url, body, {"Depth": "0", **XML_TYPE})
        if response.status_code != 207:
            return None
        answers = xml.multistatus(response.content).answers
        return next((c for a in answers if (c := self._calendar(a, response)) is not None), None)

    def open(self, calendar_id: str) -> Calendar:
        body = xml.propfind(xml.CALENDAR_PROPS)
        response = self._client.request("PROPFIND", self._href(calendar_id), body, {"Depth": "0", **XML_TYPE})
        if response.status_code == 207:
            for answer in xml.multistatus(response.content).answers:
                calendar = self._calendar(answer, response)
                if calendar is not None:
                    return calendar
        if response.status_code == 207 or response.status_code in GONE:
            raise self._gone(calendar_id)
        raise self._unexpected(response, "PROPFIND")

    def _gone(self, calendar_id: str) -> CalendarGone:
        host, name = urlsplit(self._client.url).hostname, self._account.name
        text = f"{host} has no calendar at {calendar_id} any more. Nothing was deleted elsewhere because of that"
        return CalendarGone(text, next=f"calsync calendars {name}")

    def _calendar(self, answer: Answer, response: httpx.Response) -> Calendar | None:
        """None for what is no calendar of events, or one that cannot be a replica (O9)."""
        kinds = {child.tag for child in answer.props.get(f"{D}resourcetype", ())}
        if f"{C}calendar" not in kinds or kinds & {f"{CS}subscribed", f"{C}schedule-inbox", f"{C}schedule-outbox"}:
            return None
        parts = answer.props.get(f"{C}supported-calendar-component-set")
        names = {comp.get("name", "").upper() for comp in parts} if parts is not None else set()
        if names and "VEVENT" not in names:
            return None
        own = self._id(answer.href)
        limit = answer.text(f"{C}max-resource-size") or ""
        path = own.rstrip("/") + "/"
        if "sogo" in response.headers.get("server", "").lower() or "/SOGo/" in own:
            self._careless.add(path)
        return Calendar(
            id=path,
            name=answer.text(f"{D}displayname") or unquote(own.rstrip("/").rpartition("/")[2]),
            access=_access(answer),
            mails="calendar-auto-schedule" in response.headers.get("dav", ""),
            max_bytes=int(limit) if limit.isdigit() else None,
            color=answer.text(f"{A}calendar-color"),
        )

    def create_calendar(self, name: str) -> Calendar:
        """Made by the caldav library; the server may choose another address than asked for (facts 1.2)."""
        from calsync_cli.providers.caldav.discovery import make_calendar

        before = {calendar.id for calendar in self.calendars()}
        make_calendar(self._account, self._credential, name)
        new = [calendar for calendar in self.calendars() if calendar.id not in before]
        if len(new) != 1:
            raise ProtocolError(f"the server did not show the new calendar {name!r}", next="calsync calendars")
        return new[0]

    # -- hints ---------------------------------------------------------------------------------------------------------

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
        first, seen = token, {token}
        while True:
            response = self._report(cal, xml.sync_collection(token), depth="0")
            if response.status_code != 207:
                return self._no_sync(cal, response, pages, first)
            answer = xml.multistatus(response.content)
            page, cut = self._sync_page(cal, answer, response, initial=not first)
            pages.append(page)
            if not cut:
                return pages
            if answer.token is None or answer.token in seen:
                raise ProtocolError(f"{cal.name}: the server cuts its answer and gives no way to go on")
            token = answer.token
            seen.add(token)

    def _no_sync(self, cal: Calendar, response: httpx.Response, pages: list[Page], token: str) -> list[Page] | None:
        names = xml.error_names(response.content)
        if response.status_code in GONE and not pages:
            self.open(cal.id)  # raises CalendarGone if it is the calendar that is missing
        if response.status_code in (429, 503):
            raise busy(response, self._ports.now())
        if token and ("valid-sync-token" in names or response.status_code in (400, 403, 409, 410, 412, 500)):
            raise SyncTokenExpired(f"{cal.name}: the server no longer knows the last state; everything is listed anew")
        if response.status_code in (400, 403, 404, 405, 415, 501) and not pages:
            return None
        raise self._unexpected(response, "REPORT")

    def _sync_page(
        self, cal: Calendar, answer: xml.MultiStatus, response: httpx.Response, *, initial: bool
    ) -> tuple[Page, bool]:
        """One page; whether more is to come. A 507 for the collection is no removal (O10)."""
        hints: dict[str, Hint] = {}
        cut = False
        for one in answer.answers:
            remote_id = self._id(one.href)
            if remote_id.rstrip("/") == cal.id.rstrip("/"):
                cut = cut or one.status == 507
            elif one.status in GONE:
                if not initial and remote_id not in hints:
                    hints[remote_id] = Hint(remote_id, gone=True)
            elif one.status is None or one.status == 200:
                hints[remote_id] = Hint(remote_id, one.text(f"{D}getetag") or None)
        token = f"sync:{answer.token}" if answer.token else None
        now = http_date(response.headers.get("date"))
        return Page(tuple(hints.values()), token, listing=initial, server_now=now), cut

    def _listing(self, cal: Calendar, ctag: str) -> Page:
        """Without sync-collection: the ctag before the listing, and none if it is the same (facts 1.3)."""
        now_ctag, server_now = self._ctag(cal)
        if ctag and ctag == now_ctag:
            return Page((), f"ctag:{ctag}", server_now=server_now)
        body = xml.propfind("<D:getetag/><D:getcontenttype/><D:resourcetype/>")
        response = self._client.request("PROPFIND", self._href(cal.id), body, {"Depth": "1", **XML_TYPE})
        if response.status_code in GONE:
            raise self._gone(cal.id)
        if response.status_code != 207:
            raise self._unexpected(response, "PROPFIND")
        hints = []
        for one in xml.multistatus(response.content).answers:
            remote_id = self._id(one.href)
            kinds = {child.tag for child in one.props.get(f"{D}resourcetype", ())}
            if remote_id.rstrip("/") != cal.id.rstrip("/") and f"{D}collection" not in kinds and one.status is None:
                hints.append(Hint(remote_id, one.text(f"{D}getetag") or None))
        token = f"ctag:{now_ctag}" if now_ctag else "list:"
        return Page(tuple(hints), token, listing=True, server_now=server_now)

    def _ctag(self, cal: Calendar) -> tuple[str | None, datetime | None]:
        response = self._client.request(
            "PROPFIND", self._href(cal.id), xml.propfind("<CS:getctag/>"), {"Depth": "0", **XML_TYPE}
        )
        if response.status_code in GONE:
            raise self._gone(cal.id)
        now = http_date(response.headers.get("date"))
        if response.status_code != 207:
            return None, now
        found = [one.text(f"{CS}getctag") for one in xml.multistatus(response.content).answers]
        return next((ctag for ctag in found if ctag), None), now

    def _report(self, cal: Calendar, body: bytes, *, depth: str) -> httpx.Response:
        return self._client.request("REPORT", self._href(cal.id), body, {"Depth": depth, **XML_TYPE})

    # -- bodies --------------------------------------------------------------------------------------------------------

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        ids = list(dict.fromkeys(remote_ids))
        for start in range(0, len(ids), BATCH):
            yield from self._multiget(cal, ids[start : start + BATCH])

    def _multiget(self, cal: Calendar, ids: list[str]) -> Iterator[Item | Missing]:
        """What is not answered, or answered 404, is looked at alone: iCloud and Xandikos miss live ones at times."""
        response = self._report(cal, xml.multiget(_path_only(self._href(i)) for i in ids), depth="1")
        if response.status_code != 207:
            for remote_id in ids:
                yield self.look(cal, remote_id) or Missing(remote_id)
            return
        found: dict[str, Item] = {}
        for one in xml.multistatus(response.content).answers:
            data = one.props.get(f"{C}calendar-data")
            if data is not None and data.text:
                stamp = http_date(one.text(f"{D}getlastmodified"))
                remote_id = self._id(one.href)
                payload = _stored(data.text.encode())
                found[remote_id] = Item(remote_id, one.text(f"{D}getetag") or _content_mark(payload), payload, stamp)
        for remote_id in ids:
            yield found.get(remote_id) or self.look(cal, remote_id) or Missing(remote_id)

    def look(self, cal: Calendar, remote_id: str) -> Item | None:
        response = self._client.request("GET", self._href(remote_id), None, {"Accept-Encoding": "identity"})
        if response.status_code in (404, 410):
            return None
        if response.status_code != 200:
            raise self._unexpected(response, "GET")
        payload = _stored(response.content)
        etag = response.headers.get("etag") or self._etag(remote_id) or _content_mark(payload)
        stamp = http_date(response.headers.get("last-modified"))
        return Item(remote_id, etag, payload, stamp)

    def _etag(self, remote_id: str) -> str | None:
        body = xml.propfind("<D:getetag/>")
        response = self._client.request("PROPFIND", self._href(remote_id), body, {"Depth": "0", **XML_TYPE})
        if response.status_code != 207:
            return None
        tags = [one.text(f"{D}getetag") for one in xml.multistatus(response.content).answers]
        return next((tag for tag in tags if tag), None)

    # -- writes --------------------------------------------------------------------------------------------------------

    def remote_id_for(self, cal: Calendar, key: str) -> str:
        """In the form of a UUID, which every server takes as a file name (facts 1.4)."""
        return f"{cal.id}{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}.ics"

    def create(self, cal: Calendar, key: str, body: bytes) -> Receipt:
        remote_id = self.remote_id_for(cal, key)
        if cal.id in self._careless and self.look(cal, remote_id) is not None:
            raise PreconditionFailed(f"{remote_id} is already there")
        response = self._put(cal, remote_id, body, {"If-None-Match": "*"})
        return self._receipt(remote_id, response)

    def update(self, cal: Calendar, remote_id: str, body: bytes, etag: str) -> Receipt:
        response = self._put(cal, remote_id, body, self._guard(cal, remote_id, etag))
        return self._receipt(remote_id, response)

    def delete(self, cal: Calendar, remote_id: str, etag: str) -> None:
        if cal.id in self._careless:
            self._compare(cal, remote_id, etag)
        headers = {**self._guard(cal, remote_id, etag), "Schedule-Reply": "F"}
        response = self._client.request("DELETE", self._href(remote_id), None, headers)
        if response.status_code in (404, 410):
            raise NotFound(f"{remote_id} is gone already")
        if response.status_code == 412 and self.look(cal, remote_id) is None:
            raise NotFound(f"{remote_id} is gone already")
        if response.status_code not in (200, 202, 204, 207):
            raise self._write_error(cal, response, remote_id)

    def _put(self, cal: Calendar, remote_id: str, body: bytes, condition: dict[str, str]) -> httpx.Response:
        headers = {**ICS_TYPE, **condition, "Schedule-Reply": "F"}
        response = self._client.request("PUT", self._href(remote_id), body, headers)
        if response.status_code not in (200, 201, 204):
            raise self._write_error(cal, response, remote_id, creating="If-None-Match" in condition)
        return response

    def _receipt(self, remote_id: str, response: httpx.Response) -> Receipt:
        """A weak etag says nothing about these bytes: as if none was given (facts 1.4)."""
        etag = response.headers.get("etag")
        return Receipt(remote_id, None if etag is None or etag.startswith("W/") else etag)

    def _guard(self, cal: Calendar, remote_id: str, etag: str) -> dict[str, str]:
        """The condition of a write. If-Match never matches a weak etag (RFC 9110 13.1.1), and some servers give none:
        there the present state is compared first, and the server is asked to hold it to its date."""
        if _is_strong(etag):
            return {"If-Match": unquote(etag) if etag.startswith("%22") else etag}
        item = self._compare(cal, remote_id, etag)
        if item.etag is not None and _is_strong(item.etag):
            return {"If-Match": item.etag}
        if item.stamp is None:
            return {}
        return {"If-Unmodified-Since": email.utils.format_datetime(item.stamp, usegmt=True)}

    def _compare(self, cal: Calendar, remote_id: str, etag: str) -> Item:
        """For servers that ignore the condition (SOGo, facts 2), or cannot be given one."""
        item = self.look(cal, remote_id)
        if item is None:
            raise NotFound(f"{remote_id} is gone already")
        if (item.etag or "").removeprefix("W/") != etag.removeprefix("W/"):
            raise PreconditionFailed(f"{remote_id} was changed by somebody else")
        return item

    # -- errors (facts 1.4) --------------------------------------------------------------------------------------------

    def _write_error(
        self, cal: Calendar, response: httpx.Response, remote_id: str, *, creating: bool = False
    ) -> Exception:
        code, names = response.status_code, set(xml.error_names(response.content))
        words = _words(response, names)
        if names & UID_CONFLICTS or (code == 409 and creating and not names and self._exists(cal)):
            href = xml.error_href(response.content)
            text = f"the server already has an event with this UID in one of its calendars ({words})"
            return UidConflict(text, remote_id=self._id(href) if href else None)
        if code in (429, 423) or (code == 503 and "retry-after" in response.headers):
            wait = retry_after_s(response, self._ports.now())
            return TransientError(f"{cal.name}: the server asks to wait ({code})", retry_after_s=wait)
        if code >= 500 and code != 507:
            return UnknownOutcome(f"{cal.name}: the server answered {code} to a write, so it may or may not be done")
        if code in (413, 507) or "max-resource-size" in names:
            return TooLarge(f"{cal.name}: the server has no room for an event of this size ({words})")
        if code == 412 and "valid-calendar-data" not in names:
            return PreconditionFailed(f"{remote_id} was changed by somebody else")
        if code == 403 and (not names or "need-privileges" in names):
            return ReadOnly(f"{cal.name} may not be written by this account", next="calsync calendars")
        if code in (404, 410) and not creating:
            return NotFound(f"{remote_id} is gone")
        if code in (404, 409, 410) and not self._exists(cal):
            return self._gone(cal.id)
        return Refused(f"{cal.name}: the server refused the event ({words})")

    def _exists(self, cal: Calendar) -> bool:
        try:
            self.open(cal.id)
        except CalendarGone:
            return False
        return True

    def _unexpected(self, response: httpx.Response, method: str) -> Exception:
        host = response.request.url.host
        if response.status_code in (429, 503):
            return busy(response, self._ports.now())
        if response.status_code >= 500:
            return TransientError(f"{host} has a fault of its own ({response.status_code} to {method})")
        return ProtocolError(f"{host} answered {response.status_code} to {method}", next="calsync doctor")


def _access(answer: Answer) -> Literal["read", "write"]:
    """Absent rights mean: assume writable, a 403 will tell (facts 1.2)."""
    rights = answer.props.get(f"{D}current-user-privilege-set")
    if rights is None:
        return "write"
    names = {xml.local_name(right) for one in rights for right in one if isinstance(right.tag, str)}
    return "write" if not names or names & WRITE_RIGHTS else "read"


def _is_strong(etag: str) -> bool:
    return not etag.startswith(("W/", "content:"))


def _content_mark(payload: bytes) -> str:
    """Stands in where a server gives no etag at all (SmarterMail, Kerio; facts 1.3)."""
    return f"content:{hashlib.sha256(payload).hexdigest()[:32]}"


def _quoted(path: str) -> str:
    return quote(path, safe="/@:!$&'()*+,;=~-._")


def _path_only(href: str) -> str:
    """Multiget wants paths, percent-encoded (facts 1.3)."""
    return urlsplit(href).path if "://" in href else href


def _stored(payload: bytes) -> bytes:
    """XML turns CRLF into LF on its way; CRLF is what is stored (facts 1.1)."""
    return payload.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _words(response: httpx.Response, names: set[str]) -> str:
    """The server's own reason, short and on one line."""
    if names:
        return f"{response.status_code}: {', '.join(sorted(names - {'error', 'href'}))}"
    text = " ".join(response.text.split()) if "html" not in response.headers.get("content-type", "") else ""
    return f"{response.status_code}: {text[:120]}" if text else str(response.status_code)
