"""What a server's no to a write means: one class of error per row of the table (facts 1.4, J6), in words for a person.

Shape   `refusal(...)` -> the exception to raise; nothing is asked of the server here
Reads   `unexpected(...)` likewise
Rule    only a definite no is taken for one: 5xx is UnknownOutcome, except 507, and 503 with Retry-After
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote

import httpx

from calsync_cli.errors import (
    CalsyncError,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    Refused,
    TooLarge,
    TransientError,
    UidConflict,
    UnknownOutcome,
)
from calsync_cli.model.plain import dataclass
from calsync_cli.providers import http
from calsync_cli.providers.base import Calendar
from calsync_cli.providers.caldav import xml
from calsync_cli.providers.caldav.client import busy

UID_CONFLICTS = frozenset({"no-uid-conflict", "unique-scheduling-object-resource"})
CONDITIONS = frozenset({"if-match", "if-none-match"})  # DAViCal names the condition that was not met (facts 2)
SIZES = frozenset({"max-resource-size", "quota-not-exceeded"})
IN_WORDS = {
    "valid-calendar-data": "it does not take it for a valid event",
    "valid-calendar-object-resource": "it does not take it for a valid event",
    "supported-calendar-data": "it does not take this kind of data",
    "supported-calendar-component": "this calendar takes no events",
    "calendar-collection-location-ok": "there may be no calendar at this place",
    "min-date-time": "it lies too far in the past for this server",
    "max-date-time": "it lies too far in the future for this server",
    "max-instances": "it repeats too often for this server",
    "max-attendees-per-instance": "it has too many guests for this server",
    "max-resource-size": "it is too large for this server",
    "quota-not-exceeded": "there is no room left for this account",
    "need-privileges": "this account may not do that",
    "no-uid-conflict": "its UID is taken",
    "unique-scheduling-object-resource": "its UID is taken",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was tried. creating: a new item; remote_id: where."""

    cal: Calendar
    remote_id: str
    creating: bool = False


def refusal(attempt: Attempt, response: httpx.Response, other: str | None, now: datetime) -> CalsyncError:
    """`other` is the id of the resource that the refusal names."""
    code, said = response.status_code, xml.complaint(response.content)
    name, words = attempt.cal.name, in_words(response, said)
    if said.names & UID_CONFLICTS:
        return UidConflict("the server already has an event with this UID in a calendar of yours",
                           remote_id=other)
    if code in (429, 423) or (code == 503 and "retry-after" in response.headers):
        return TransientError(f"{name}: the server asks to wait; the event was not written",
                              retry_after_s=http.retry_after_s(response, now))
    if code in (413, 507) or said.names & SIZES:
        return TooLarge(f"the server has no room for an event of this size ({words})")
    if code >= 500:
        return UnknownOutcome(f"the server had a fault of its own ({code}), so it may or may not be written")
    if code == 412 and said.names <= CONDITIONS:
        return PreconditionFailed(f"{attempt.remote_id} was changed by somebody else")
    if code == 403 and ("need-privileges" in said.names or not (said.names or said.words)):
        return ReadOnly(f"{name} may not be written by this account", next="calsync calendars")
    if code in (404, 410) and not attempt.creating:
        return NotFound(f"{attempt.remote_id} is gone")
    return Refused(f"the server refused the event ({words})")


class ServerFault(TransientError):
    """5xx to a read: the server's own trouble, with the calendar or with one object in it."""


def unexpected(response: httpx.Response, now: datetime) -> CalsyncError:
    """The error for an answer to a read that is none of those hoped for."""
    host, code = response.request.url.host, response.status_code
    if code in (429, 503):
        return busy(response, now)
    if code >= 500:
        return ServerFault(f"{host} has a fault of its own ({code}); nothing was changed because of it")
    if code == 403:
        return ProtocolError(f"{host} does not let this account read {unquote(response.request.url.path)}",
                             next="calsync calendars")
    words = in_words(response, xml.complaint(response.content))
    return ProtocolError(f"{host} gave an answer that makes no sense here ({words})", next="calsync doctor")


def in_words(response: httpx.Response, said: xml.Complaint) -> str:
    """The server's own reason, short and on one line; its number where it gives none."""
    named = [IN_WORDS.get(name, name.replace("-", " ")) for name in sorted(said.names)]
    kind = response.headers.get("content-type", "")
    markup = "html" in kind or "xml" in kind
    plain = " ".join(response.text.split()) if kind.startswith("text/") and not markup else ""
    words = "; ".join(dict.fromkeys([*named, *filter(None, [said.words or plain])]))
    return words[:200] or f"{response.status_code} {response.reason_phrase}".strip()
