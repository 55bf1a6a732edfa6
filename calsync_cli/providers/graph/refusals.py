"""What a refusal by Graph means, and in which words a person learns of it: the tables of facts S2, A6.2, L11; J6.

Shape   `meaning(response)` -> Meaning, decided by status and code; then `read_problem` for a request that asked, and
        `refusal` for one that wrote, give the exception to raise
Rule    only a definite no counts as one: any 5xx to a write is UnknownOutcome unless its code says that nothing was
        done. Codes are compared without case, wherever they are nested; messages decide nothing
        404 and 410 of a delta link are looked at by `is_lost_link` first
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

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
from calsync_cli.providers.graph.answers import said
from calsync_cli.providers.patient import told_to_wait_s


class Meaning(Enum):
    BUSY = "asked to wait a little, so surely not carried out"
    LOCKED = "the mailbox is being moved or is locked: minutes, not seconds"
    DEPENDENT = "not carried out, for what it depends on failed"
    FULL = "the mailbox is full"
    SIGN_IN = "the access token is refused"
    CLAIMS = "the sign-in must prove more than it can without a person"
    NO_MAILBOX = "the account has no mailbox that programs can use"
    POLICY = "the organization does not allow it"
    NO_RIGHT = "this calendar may not be written, or not this event"
    STALE = "somebody was faster"
    DUPLICATE = "a create under this transaction id was carried out before"
    EXISTS = "a calendar of this name is there already"
    GONE = "not there"
    TOO_LARGE = "too large"
    REFUSED = "a definite no to these bytes"
    MISSING = "this account or server cannot do that at all"
    FAULT = "a fault of Graph's own"
    STRANGE = "this is not Graph speaking"


CODES: Mapping[str, Meaning] = {
    "mailboxnotenabledforrestapi": Meaning.NO_MAILBOX, "mailboxnotsupportedforrestapi": Meaning.NO_MAILBOX,
    "errornonexistentmailbox": Meaning.NO_MAILBOX, "organizationfromtenantguidnotfound": Meaning.NO_MAILBOX,
    "errorinvaliduser": Meaning.NO_MAILBOX, "request_resourcenotfound": Meaning.NO_MAILBOX,
    "applicationthrottled": Meaning.BUSY, "toomanyrequests": Meaning.BUSY, "activitylimitreached": Meaning.BUSY,
    "errortoomanyrequests": Meaning.BUSY, "errorexceededconnectioncount": Meaning.BUSY,
    "errorexceededfindcountlimit": Meaning.BUSY, "mailboxconcurrency": Meaning.BUSY, "mailboxinfostale": Meaning.BUSY,
    "errorquotaexceeded": Meaning.FULL, "quotalimitreached": Meaning.FULL,
    "errormailboxmoveinprogress": Meaning.LOCKED, "locked": Meaning.LOCKED, "resourcelocked": Meaning.LOCKED,
    "errorduplicatetransactionid": Meaning.DUPLICATE,
    "errorfolderexists": Meaning.EXISTS, "namealreadyexists": Meaning.EXISTS,
    "accessrestricted": Meaning.POLICY, "extensionerror": Meaning.POLICY,
    "errormessagesubmissionblocked": Meaning.REFUSED, "errorsendasdenied": Meaning.REFUSED,
    "errormessagesizeexceeded": Meaning.TOO_LARGE, "requestentitytoolarge": Meaning.TOO_LARGE,
    "errorcalendaroccurrenceisdeletedfromrecurrence": Meaning.GONE,
    "errorirresolvableconflict": Meaning.STALE, "errorstaleobject": Meaning.STALE,
    "errorchangekeyrequiredforwriteoperations": Meaning.STALE,
}  # fmt: skip
"""Of a refusal with one of these the code decides; of several the first of these counts."""

SURE = frozenset({Meaning.BUSY, Meaning.NO_MAILBOX, Meaning.FULL})
"""Of a 5xx these codes still say that nothing was done (L14 of the checklist, L15, A3)."""

STATUSES: Mapping[int, Meaning] = {
    401: Meaning.SIGN_IN, 403: Meaning.NO_RIGHT, 404: Meaning.GONE, 408: Meaning.FAULT, 409: Meaning.STALE,
    410: Meaning.GONE, 412: Meaning.STALE, 413: Meaning.TOO_LARGE, 423: Meaning.LOCKED, 424: Meaning.DEPENDENT,
    429: Meaning.BUSY, 501: Meaning.MISSING, 507: Meaning.FULL, 509: Meaning.BUSY,
    **dict.fromkeys((402, 405, 406, 411, 415), Meaning.MISSING),
}  # fmt: skip

LOST_LINK = ("syncstate", "resync", "fullsyncrequired")
UNREADABLE_LINK = frozenset({"errorinvalididmalformed", "errorinvalidid", "badrequest"})

IN_WORDS: Mapping[str, str] = {
    "errorcalendardurationistoolong": "it is too long",
    "errorcalendarenddateisearlierthanstartdate": "it ends before it starts",
    "errorcalendarinvaliddayforweeklyrecurrence": "its weekly rule does not fit its start",
    "errorcalendarinvalidrecurrence": "its rule is not taken there",
    "errorcalendarinvalidtimezone": "its time zone is not known there",
    "errorcalendarisnotorganizer": "only its organizer may change this",
    "errorcalendaroccurrenceindexisoutofrecurrencerange": "its series has no such date",
    "errorinvalidrecurrencerange": "its rule does not fit its start",
    "errormessagesubmissionblocked": "this account may not send mail, which this change would do",
    "erroroccurrencecrossingboundary": "an instance may not be moved to or past the day of its neighbours there",
    "erroroccurrencetimespantoobig": "it is longer than the time between its instances",
    "errorrecurrenceenddatetoobig": "its rule ends too late",
    "errorrecurrencehasnooccurrence": "its rule has no instance",
    "errorsendasdenied": "this account may not send mail, which this change would do",
    "timezonenotsupportedexception": "its time zone is not known there",
}


def meaning(response: httpx.Response) -> Meaning:
    status, told = response.status_code, said(response)
    if status in (401, 403) and "insufficient_claims" in response.headers.get("www-authenticate", ""):
        return Meaning.CLAIMS
    found = next((meant for code, meant in CODES.items() if code in told.codes), None) if status >= 400 else None
    if status >= 500 and found not in SURE:
        return STATUSES.get(status, Meaning.FAULT)
    if status == 403 and found is None and not told.known:
        return Meaning.STRANGE  # a proxy's no is no lost right
    if found is not None and status != 401:
        return found
    known = told.known and 400 <= status < 500
    return STATUSES.get(status, Meaning.REFUSED if known else Meaning.STRANGE)


def is_lost_link(response: httpx.Response) -> bool:
    """A link of an earlier answer is too old, unknown or unreadable: list everything anew (A4.5, L3.4)."""
    status, found = response.status_code, said(response).codes
    if status == 410:
        return True
    lost = any(word in code for code in found for word in LOST_LINK)
    return 400 <= status < 500 and (lost or (status == 400 and bool(found & UNREADABLE_LINK)))


# -- in words ----------------------------------------------------------------------------------------------------------


def read_problem(response: httpx.Response, account: Account) -> CalsyncError:
    """For a request that only asked; a 404 of a calendar or an event is the caller's to understand."""
    match meaning(response):
        case Meaning.FAULT:
            return _busy(response, account)
        case Meaning.NO_RIGHT:
            text = f"what was asked for may not be read by {account.name}"
            return AuthError(text, next=f"calsync calendars {account.name}")
        case meant:
            return _of_account(meant, response, account) or _strange(response, account)


def refusal(name: str, response: httpx.Response, account: Account) -> CalsyncError:
    """For a write. name: the calendar's, for words."""
    told, code = said(response), response.status_code
    match meaning(response):
        case Meaning.FAULT:
            return UnknownOutcome(f"{name}: Microsoft had a fault of its own ({code}), so it may or may not be written")
        case Meaning.FULL:
            return Refused(f"{name}: the mailbox is full; make room at Outlook (deleting still works)")
        case Meaning.STALE:
            return PreconditionFailed(f"{name}: the event was changed by somebody else")
        case Meaning.DUPLICATE | Meaning.EXISTS:
            return PreconditionFailed(f"{name}: this was made already")
        case Meaning.GONE:
            return NotFound(f"{name}: the event is gone")
        case Meaning.TOO_LARGE:
            return TooLarge(f"{name}: the event is too large for Microsoft")
        case Meaning.NO_RIGHT:
            return ReadOnly(f"{name} may not be written by this account", next=f"calsync calendars {account.name}")
        case Meaning.REFUSED | Meaning.MISSING:
            words = next((IN_WORDS[one] for one in sorted(told.codes) if one in IN_WORDS), "")
            words = words or told.message or ", ".join(sorted(told.codes)) or str(code)
            return Refused(f"{name}: Microsoft refused the event ({words})")
        case meant:
            return _of_account(meant, response, account) or _strange(response, account)


def _of_account(meant: Meaning, response: httpx.Response, account: Account) -> CalsyncError | None:
    """What is about the whole account: sign-in, rights, mailbox, load."""
    name, again = account.name, f"calsync login {account.name}"
    match meant:
        case Meaning.SIGN_IN:
            return AuthError(f"Microsoft refuses the sign-in of {name}, although it is fresh", next=again)
        case Meaning.CLAIMS:
            text = f"Microsoft wants you to sign in to {name} again: a policy of your organization asks for more proof"
            return AuthError(text, next=again)
        case Meaning.NO_MAILBOX:
            text = f"the Microsoft account of {name} has no mailbox that programs can use: it has no licence, or its"
            return AuthError(f"{text} mailbox is not at Microsoft", next=again)
        case Meaning.POLICY:
            text = f"the organization of {name} does not let other programs use its calendars; ask its administrator"
            return AuthError(text, next=again)
        case Meaning.BUSY | Meaning.LOCKED | Meaning.DEPENDENT | Meaning.FULL:
            return _busy(response, account)
    return None


def _busy(response: httpx.Response, account: Account) -> TransientError:
    text = f"Microsoft is too busy for {account.name} just now ({response.status_code})"
    return TransientError(text, retry_after_s=told_to_wait_s(response))


def _strange(response: httpx.Response, account: Account) -> ProtocolError:
    host, told = response.request.url.host, said(response)
    if not told.known:
        return ProtocolError(f"{host}, or something in between, answered {response.status_code} for {account.name}")
    words = told.message or ", ".join(sorted(told.codes))
    what = f"{response.status_code}: {words}" if words else str(response.status_code)
    return ProtocolError(f"{host} refuses what was asked for {account.name} ({what})")
