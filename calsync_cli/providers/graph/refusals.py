"""What a refusal by Graph means: one class of error per row of the table (facts 2, L11, J6), in words for a person.

Shape   `refusal(name, response, account)` for writes, `problem(name, response, account)` for reads: the error to raise
Rule    decided by status, then by `error.code` without case, never by its message; any 5xx to a write is UnknownOutcome
"""

from __future__ import annotations

from typing import Any

import httpx

from calsync_cli.errors import (
    AuthError,
    CalsyncError,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    Refused,
    TooLarge,
    TransientError,
    UnknownOutcome,
)
from calsync_cli.model.account import Account

RESYNC = ("syncstate", "resync")
UNREADABLE_LINK = frozenset({"errorinvalididmalformed", "badrequest", "errorinvalidid"})
NO_MAILBOX = frozenset({"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi"})
DUPLICATE = "errorduplicatetransactionid"
SIZES = frozenset({"errormessagesizeexceeded", "requestentitytoolarge"})
IN_WORDS = {
    "errorcalendardurationistoolong": "it is too long",
    "errorcalendarenddateisearlierthanstartdate": "it ends before it starts",
    "erroroccurrencecrossingboundary": "an instance may not be moved past its neighbours there",
    "erroroccurrencetimespantoobig": "it is longer than the time between its instances",
    "errorrecurrencehasnooccurrence": "its rule has no instance",
    "errorinvalidrecurrencerange": "its rule does not fit its start",
    "errorcalendarinvalidrecurrence": "its rule is not taken there",
    "errorrecurrenceenddatetoobig": "its rule ends too late",
    "timezonenotsupportedexception": "its time zone is not known there",
}


def codes(response: httpx.Response) -> tuple[frozenset[str], str]:
    """All codes of an error body in lower case, the nested ones too, and its message without control characters."""
    try:
        error: Any = response.json()["error"]
        message = "".join(c for c in str(error.get("message", "")) if c.isprintable())[:300]
        found = set()
        while isinstance(error, dict):
            found.add(str(error.get("code", "")).lower())
            error = error.get("innerError") or error.get("innererror")
        return frozenset(found - {""}), message
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return frozenset(), ""


def is_resync(response: httpx.Response) -> bool:
    """The delta link is too old, unknown or unreadable: list everything anew (L3.4)."""
    found, _ = codes(response)
    lost = any(word in code for code in found for word in RESYNC)
    return response.status_code == 410 or (400 <= response.status_code < 500 and lost) or (
        response.status_code == 400 and bool(found & UNREADABLE_LINK)
    )


def refusal(name: str, response: httpx.Response, account: Account) -> CalsyncError:
    """name: the calendar's, for words."""
    status, (found, message) = response.status_code, codes(response)
    if status in (401, 403, 429, 509) or found & NO_MAILBOX:
        return problem(name, response, account)
    if status == 507 or "errorquotaexceeded" in found:
        return TooLarge("the mailbox is full")
    if status == 413 or found & SIZES:
        return TooLarge("an event of this size is not taken")
    if status >= 500 or status == 408:
        return UnknownOutcome(f"Graph had a fault of its own ({status}), so it may or may not be written")
    if status == 423:
        return TransientError(f"{name}: the mailbox is locked just now; the event was not written")
    if status in (409, 412):
        return PreconditionFailed("the event was changed by somebody else")
    if status in (404, 410) or "errorcalendaroccurrenceisdeletedfromrecurrence" in found:
        return NotFound("the event is gone")
    words = next((IN_WORDS[code] for code in sorted(found) if code in IN_WORDS), message or ", ".join(sorted(found)))
    return Refused(f"Graph refused the event ({words or status})")


def problem(name: str, response: httpx.Response, account: Account) -> CalsyncError:
    """An answer that is about the account or the calendar."""
    status, (found, message) = response.status_code, codes(response)
    again = f"calsync login {account.name}"
    if found & NO_MAILBOX:
        return AuthError(f"the Microsoft account of {account.name} has no mailbox that programs can use", next=again)
    if status == 401:
        return AuthError(f"Microsoft refuses the sign-in of {account.name}, although it was just renewed", next=again)
    if status == 403:
        if response.request.method == "GET":
            return AuthError(f"{name} may not be read by {account.name} any more", next="calsync calendars")
        return ReadOnly(f"{name} may not be written by this account", next="calsync calendars")
    if status in (408, 423, 429, 509) or status >= 500:
        told = response.headers.get("retry-after", "")
        wait = float(told) if told.replace(".", "", 1).isdecimal() and len(told) < 9 else None
        return TransientError(f"Microsoft is too busy for {account.name} just now ({status})", retry_after_s=wait)
    words = message or ", ".join(sorted(found))
    return ProtocolError(f"{response.request.url.host} refuses what was asked for {account.name} ({status} {words})")
