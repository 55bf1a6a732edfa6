"""CalDAV calendars: delta by sync-collection, bodies by multiget, conditional writes only (RFC 4791, 6578; facts 0-3).

Shape   Calendar.id and remote_id are decoded URL paths (whole URLs for another origin than the account's; hrefs.py)
Bodies  with CRLF line ends, however they came; etags as the server gave them, else a mark of the content
Writes  a definite no is raised as what it means (refusals.py); a cut answer or 5xx as UnknownOutcome, never repeated
"""

from __future__ import annotations

import email.utils
import hashlib
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

import httpx

from calsync_cli.errors import CalendarGone, NotFound, PreconditionFailed, ProtocolError, TooLarge, UidConflict
from calsync_cli.model.account import EVERYTHING, Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.base import Calendar, Capabilities, Item, Missing, Page, Receipt
from calsync_cli.providers.caldav import xml
from calsync_cli.providers.caldav.calendars import Calendars
from calsync_cli.providers.caldav.client import DavClient, busy
from calsync_cli.providers.caldav.delta import Delta
from calsync_cli.providers.caldav.refusals import Attempt, ServerFault, refusal, unexpected
from calsync_cli.providers.caldav.xml import C, D
from calsync_cli.providers.registry import Credential

BATCH = 100
"""Bodies to a request; as many as the engine asks for at once (facts 1.3)."""
BIG = 1_000_000
BROKEN_WAITS_S = (1.0, 3.0)
GONE = frozenset({404, 410})
ICS_TYPE = {"Content-Type": "text/calendar; charset=utf-8"}
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")


class CalDavProvider:
    """One account. Nothing is asked before it is needed."""

    def __init__(
        self, account: Account, credential: Credential, ports: Ports, client: DavClient | None = None
    ) -> None:
        self.place = _place(account)
        self._ports = ports
        self._client = client or DavClient(account, credential, ports)
        self._hrefs = self._client.hrefs()
        self._calendars = Calendars(account, credential, ports, self._client, self._hrefs)
        self._delta = Delta(self._client, self._hrefs, ports, self.open)
        self.caps = Capabilities(mapping="ical", delta=True, server_stamps=True, concurrency=account.concurrency)

    @property
    def me(self) -> frozenset[str]:
        """Under which addresses its owner is invited, as far as is known."""
        return self._client.me

    @property
    def requests(self) -> dict[str, int]:
        return self._client.requests

    def close(self) -> None:
        self._client.close()

    # -- calendars and hints -------------------------------------------------------------------------------------------

    def calendars(self) -> Sequence[Calendar]:
        return self._calendars.listed()

    def open(self, calendar_id: str) -> Calendar:
        return self._calendars.open(calendar_id)

    def create_calendar(self, name: str) -> Calendar:
        return self._calendars.create(name)

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        return self._delta.changes(cal, since)

    # -- bodies --------------------------------------------------------------------------------------------------------

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        ids = list(dict.fromkeys(remote_ids))
        for start in range(0, len(ids), BATCH):
            yield from self._bodies(cal, ids[start : start + BATCH])

    def _bodies(self, cal: Calendar, ids: list[str]) -> Iterator[Item | Missing]:
        """What is not answered, or answered 404, is looked at alone: iCloud and Xandikos miss live ones at times."""
        try:
            found = self._multiget(cal, ids)
        except http.TooMuch:
            if len(ids) > 1:
                half = len(ids) // 2
                yield from self._bodies(cal, ids[:half])
                yield from self._bodies(cal, ids[half:])
                return
            found = {}
        for remote_id in ids:
            yield found.get(remote_id) or self._alone(cal, remote_id)

    def _multiget(self, cal: Calendar, ids: list[str]) -> dict[str, Item]:
        """Nothing where the server has no such report, or where one object breaks the whole answer (facts 2)."""
        body = xml.multiget(self._hrefs.path(i) for i in ids)
        response = self._client.ask("REPORT", self._hrefs.url(cal.id), body, depth=1)
        if response.status_code in GONE:
            self.open(cal.id)  # raises if it is the calendar that is gone: its members are not deleted by that (O2)
        if response.status_code in (429, 503):
            raise busy(response, self._ports.now())
        if response.status_code != 207:
            return {}
        try:
            answers = xml.multistatus(response.content).answers
        except ProtocolError:
            return {}
        items = [self._item(cal, one, str(response.request.url)) for one in answers]
        return {item.remote_id: item for item in items if item is not None}

    def _item(self, cal: Calendar, answer: xml.Answer, base: str) -> Item | None:
        data = answer.props.get(f"{C}calendar-data")
        if data is None or not data.text:
            return None
        payload = _stored(data.text.encode())
        etag = self._client.version(base, answer.text(f"{D}getetag")) or _content_mark(payload)
        stamp = http.http_date(answer.text(f"{D}getlastmodified"))
        return Item(self._hrefs.member(cal.id, answer.href, base), etag, payload, stamp)

    def _alone(self, cal: Calendar, remote_id: str) -> Item | Missing:
        """An object that the server itself cannot show must not end its calendar: it comes as an empty body (O8)."""
        for wait_s in (*BROKEN_WAITS_S, None):
            try:
                return self.look(cal, remote_id) or Missing(remote_id)
            except ServerFault:
                if wait_s is not None:
                    self._ports.sleep(wait_s)
            except http.TooMuch:
                break
        self.open(cal.id)  # raises if it is not only this object
        return Item(remote_id, None, b"")

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Item | None:
        found = self._looked(cal, remote_id)
        return None if found is None else found[0]

    def _looked(self, cal: Calendar, remote_id: str) -> tuple[Item, str | None] | None:
        """The event, and the etag that came with it, whatever that is worth. Uncompressed, since front ends change the
        etag of what they compress (facts 0.19)."""
        response = self._client.request("GET", self._hrefs.url(remote_id), None, {"Accept-Encoding": "identity"})
        if response.status_code in GONE:
            return None
        if response.status_code != 200:
            raise unexpected(response, self._ports.now())
        if response.headers.get("content-type", "").lower().startswith("text/html"):
            raise ProtocolError(f"{cal.name}: a web page came where an event was asked for")
        payload = _stored(response.content)
        given = response.headers.get("etag") or self._etag(remote_id)
        etag = self._client.version(str(response.request.url), given) or _content_mark(payload)
        return Item(remote_id, etag, payload, http.http_date(response.headers.get("last-modified"))), given

    def _etag(self, remote_id: str) -> str | None:
        response = self._client.ask("PROPFIND", self._hrefs.url(remote_id), xml.propfind("<D:getetag/>"), depth=0)
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
        if self._client.is_sogo(self._hrefs.url(cal.id)) and self.look(cal, remote_id) is not None:
            raise PreconditionFailed(f"{remote_id} is already there")
        return self._put(Attempt(cal, remote_id, creating=True), body, {"If-None-Match": "*"})

    def update(self, cal: Calendar, remote_id: str, body: bytes, etag: str) -> Receipt:
        return self._put(Attempt(cal, remote_id), body, self._guard(cal, remote_id, etag))

    def delete(self, cal: Calendar, remote_id: str, etag: str) -> None:
        headers = {**self._guard(cal, remote_id, etag), "Schedule-Reply": "F"}
        response = self._client.request("DELETE", self._hrefs.url(remote_id), None, headers)
        if response.status_code == 412 and self.look(cal, remote_id) is None:
            raise NotFound(f"{remote_id} is gone already")
        if response.status_code not in (200, 202, 204, 207):
            raise self._refusal(Attempt(cal, remote_id), response)
        inner = _inner_status(response)
        if inner >= 400:
            told = httpx.Response(inner, request=response.request)
            raise self._refusal(Attempt(cal, remote_id), told)

    def _put(self, attempt: Attempt, body: bytes, condition: dict[str, str]) -> Receipt:
        """A weak etag in the answer says nothing about these bytes: as if none was given (facts 1.4)."""
        headers = {**ICS_TYPE, **condition, "Schedule-Reply": "F"}
        response = self._client.request("PUT", self._hrefs.url(attempt.remote_id), body, headers)
        if response.status_code not in (200, 201, 204):
            if response.status_code == 412 and len(body) > BIG:
                self._check_size(attempt, condition)
            raise self._refusal(attempt, response)
        etag = self._client.version(str(response.request.url), response.headers.get("etag"))
        return Receipt(attempt.remote_id, None if etag is None or etag.startswith("W/") else etag)

    def _check_size(self, attempt: Attempt, condition: dict[str, str]) -> None:
        """Radicale answers 412 to what is too large (facts 2); then the condition itself was fine."""
        item = self.look(attempt.cal, attempt.remote_id)
        if (item is None) if attempt.creating else (item is not None and item.etag == condition.get("If-Match")):
            raise TooLarge("the server does not take an event of this size")

    def _guard(self, cal: Calendar, remote_id: str, etag: str) -> dict[str, str]:
        """The condition of a write. If-Match never matches a weak etag (RFC 9110 13.1.1), some servers give none, and
        SOGo's say little and it deletes whatever they say: there the present state is compared first, and the server is
        asked to hold it to its etag or its date.
        """
        if _is_strong(etag) and not self._client.is_sogo(self._hrefs.url(cal.id)):
            return {"If-Match": unquote(etag) if etag.startswith("%22") else etag}
        item, given = self._compare(cal, remote_id, etag)
        if given is not None and _is_strong(given):
            return {"If-Match": given}
        if item.stamp is None:
            return {}
        return {"If-Unmodified-Since": email.utils.format_datetime(item.stamp, usegmt=True)}

    def _compare(self, cal: Calendar, remote_id: str, etag: str) -> tuple[Item, str | None]:
        found = self._looked(cal, remote_id)
        if found is None:
            raise NotFound(f"{remote_id} is gone already")
        if (found[0].etag or "").removeprefix("W/") != etag.removeprefix("W/"):
            raise PreconditionFailed(f"{remote_id} was changed by somebody else")
        return found

    def _refusal(self, attempt: Attempt, response: httpx.Response) -> Exception:
        href = xml.complaint(response.content).href
        base = str(response.request.url)
        other = self._hrefs.member(attempt.cal.id, href, base) if href else None
        error = refusal(attempt, response, other, self._ports.now())
        if response.status_code in (404, 409, 410) and attempt.creating and not isinstance(error, UidConflict):
            try:
                self.open(attempt.cal.id)
            except CalendarGone as gone:
                return gone
            if response.status_code == 409:  # Radicale and SOGo give no other reason than the calendar being there
                if self.look(attempt.cal, attempt.remote_id) is not None:
                    return PreconditionFailed(f"{attempt.remote_id} is already there")
                return UidConflict("the server already has an event with this UID")
        return error


def _is_strong(etag: str) -> bool:
    return not etag.startswith(("W/", "content:"))


def _content_mark(payload: bytes) -> str:
    """Stands in where a server gives no etag at all (SmarterMail, Kerio; facts 1.3)."""
    return f"content:{hashlib.sha256(payload).hexdigest()[:32]}"


def _stored(payload: bytes) -> bytes:
    """XML turns every line end into LF on its way; CRLF is what is stored (facts 1.1)."""
    return _LINE_ENDS.sub(b"\r\n", payload)


def _inner_status(response: httpx.Response) -> int:
    """A multistatus may hold a refusal (RFC 4918 section 9.6.1); Radicale answers every DELETE with one."""
    if not response.content or b"multistatus" not in response.content:
        return 0
    try:
        return max((one.status or 0 for one in xml.multistatus(response.content).answers), default=0)
    except ProtocolError:
        return 0


def _place(account: Account) -> str:
    """Server and user, by which the engine tells that the account points elsewhere now (G6)."""
    scheme, _, rest = (account.url or "").rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{account.provider} {account.username or ''} {scheme.lower()}://{host.lower()}{slash}{path}"
