"""The calendars of one account: which there are, what may be done in each (RFC 4791 section 5.2, RFC 3744; facts 1.2).

Shape   `listed()` -> every calendar of events; `open(id)` -> one, by one PROPFIND, and one OPTIONS where the server
        does not say what it can in its answers
Errors  CalendarGone: 404, 410, or no calendar of events there (any more); that is never a proof of deletions (O2)
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from calsync_cli.errors import CalendarGone, ProtocolError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.base import Calendar
from calsync_cli.providers.caldav import xml
from calsync_cli.providers.caldav.client import DavClient
from calsync_cli.providers.caldav.hrefs import Hrefs
from calsync_cli.providers.caldav.refusals import unexpected
from calsync_cli.providers.caldav.xml import CS, A, Answer, C, D
from calsync_cli.providers.registry import Credential

GONE = frozenset({404, 410})
SCHEDULES = frozenset({"calendar-auto-schedule", "calendar-schedule"})
WRITE_RIGHTS = frozenset({"all", "write", "write-content", "bind"})
SUBSCRIBED = "is a subscription that the server only shows; sync its source as an ics account instead"
BOXES = {
    f"{C}schedule-inbox": "is the server's inbox of invitations, not a calendar",
    f"{C}schedule-outbox": "is the server's outbox of invitations, not a calendar",
}


class Calendars:
    def __init__(
        self, account: Account, credential: Credential, ports: Ports, client: DavClient, hrefs: Hrefs
    ) -> None:
        self._account, self._credential, self._ports = account, credential, ports
        self._client, self._hrefs = client, hrefs
        self._announced: dict[str, frozenset[str]] = {}

    def listed(self) -> list[Calendar]:
        """The account's own address if it is a calendar, else every calendar of its homes."""
        own = self._at(self._client.url, depth=0)
        return own or [calendar for home in self._client.homes() for calendar in self._at(home, depth=1)]

    def _at(self, url: str, *, depth: int) -> list[Calendar]:
        response = self._client.ask("PROPFIND", url, xml.propfind(xml.CALENDAR_PROPS), depth=depth)
        if response.status_code != 207:
            return []
        answers = xml.multistatus(response.content).answers
        return [self._calendar(one, response) for one in answers if _why_not(one) is None]

    def open(self, calendar_id: str) -> Calendar:
        url = self._hrefs.url(calendar_id)
        response = self._client.ask("PROPFIND", url, xml.propfind(xml.CALENDAR_PROPS), depth=0)
        if response.status_code in GONE:
            raise self.gone(calendar_id)
        if response.status_code != 207:
            raise unexpected(response, self._ports.now())
        reason = "cannot be found any more"
        for answer in xml.multistatus(response.content).answers:
            reason = _why_not(answer) or ""
            if not reason:
                return self._calendar(answer, response)
        raise self.gone(calendar_id, reason)

    def gone(self, calendar_id: str, reason: str = "cannot be found any more") -> CalendarGone:
        host = urlsplit(self._client.url).hostname
        text = f"{calendar_id} on {host} {reason}. Nothing was deleted elsewhere because of that"
        return CalendarGone(text, next=f"calsync calendars {self._account.name}")

    def _calendar(self, answer: Answer, response: httpx.Response) -> Calendar:
        path = self._hrefs.id(answer.href.rstrip("/") + "/", str(response.request.url))
        limit = answer.text(f"{C}max-resource-size") or ""
        return Calendar(
            id=path,
            name=answer.text(f"{D}displayname") or path.rstrip("/").rpartition("/")[2],
            access=_access(answer),
            mails=self._client.may_mail(self._hrefs.url(path)) or bool(self._can(response) & SCHEDULES),
            max_bytes=int(limit) if limit.isdigit() else None,
            color=answer.text(f"{A}calendar-color"),
        )

    def _can(self, response: httpx.Response) -> frozenset[str]:
        """The DAV header of the answer; a server need only give it to OPTIONS (RFC 4918 10.1; Xandikos)."""
        said = response.headers.get("dav")
        if said is not None:
            return _words(said)
        url = str(response.request.url)
        if http.site(url) not in self._announced:
            self._announced[http.site(url)] = _words(self._client.request("OPTIONS", url).headers.get("dav", ""))
        return self._announced[http.site(url)]

    def create(self, name: str) -> Calendar:
        """Made by the caldav library; the server may choose another address than asked for (facts 1.2)."""
        from calsync_cli.providers.caldav.discovery import SETTLING_S, make_calendar

        if self._at(self._client.url, depth=0):
            text = f"the address of account {self._account.name} is that of one calendar"
            raise ProtocolError(text, next="calsync config edit, and give the server's address to make calendars")
        homes = self._client.homes()
        before = {calendar.id for calendar in self.listed()}
        make_calendar(self._client, self._account, self._credential, homes[0], name)
        for wait_s in SETTLING_S:
            self._ports.sleep(wait_s)
            new = [calendar for calendar in self.listed() if calendar.id not in before]
            found = [calendar for calendar in new if calendar.name == name] or new
            if len(found) == 1:
                return found[0]
        raise ProtocolError(f"the server does not show the new calendar {name!r} yet", next="calsync calendars")


def _why_not(answer: Answer) -> str | None:
    """None for a calendar of events; else why it is none, or cannot be a replica (O9)."""
    kinds = {child.tag for child in answer.props.get(f"{D}resourcetype", ())}
    if f"{CS}subscribed" in kinds:
        return SUBSCRIBED
    if f"{C}calendar" not in kinds:  # SOGo calls everybody's first calendar an outbox too
        return next((words for kind, words in BOXES.items() if kind in kinds), "is no calendar (any more)")
    parts: Any = answer.props.get(f"{C}supported-calendar-component-set")
    names = {part.get("name", "").upper() for part in parts} if parts is not None else set()
    return "holds no events" if names and "VEVENT" not in names else None


def _access(answer: Answer) -> Literal["read", "write"]:
    """No rights told means: assume writable, a 403 will tell (facts 1.2)."""
    rights = answer.props.get(f"{D}current-user-privilege-set")
    if rights is None:
        return "write"
    names = {xml.local_name(right) for one in rights for right in one if isinstance(right.tag, str)}
    return "write" if not names or names & WRITE_RIGHTS else "read"


def _words(header: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in header.split(","))
