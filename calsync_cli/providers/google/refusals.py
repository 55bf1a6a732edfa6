"""What a refusal by Google means, and in which words a person learns of it: the table of facts 8.2, J6.

Shape   `meaning(response)` -> Meaning, decided by status and reason; then `read_problem` for a request that asked, and
        `refusal` for one that wrote, give the exception to raise
Rule    only a definite no counts as one: any 5xx to a write is UnknownOutcome. 410 and 400 for a sync token are looked
        at by `is_expired_token` first, for 410 has three meanings
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

import httpx

from calsync_cli.errors import (
    AuthError,
    CalsyncError,
    ConfigError,
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
from calsync_cli.providers.google.answers import said
from calsync_cli.providers.patient import told_to_wait_s

FULL_S = 3600.0
"""How long nothing is written after usage limits were met; Google itself says hours to months (facts 8.1)."""


class Meaning(Enum):
    BUSY = "asked to wait a little, so surely not carried out"
    FULL = "usage limits: no more writes for hours"
    DAY_OVER = "the project's requests of the day are used up"
    SIGN_IN = "the access token is refused"
    SCOPE = "a right was not granted at sign-in"
    API_OFF = "the API is not switched on in the project"
    NO_CALENDAR = "the Google account has no calendar"
    POLICY = "an administrator does not allow it"
    NO_RIGHT = "this calendar may not be written, or not this event"
    CONFLICT = "parallel writes got into each other's way"
    STALE = "somebody was faster"
    TAKEN = "the id is, or was, in use"
    GONE = "not there"
    TOO_LARGE = "too large"
    REFUSED = "a definite no to these bytes"
    ODD = "a 403 without a known reason; some pass"
    FAULT = "a fault of Google's own"
    STRANGE = "this is not Google speaking"


REASONS: Mapping[str, Meaning] = {
    "insufficientPermissions": Meaning.SCOPE, "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Meaning.SCOPE,
    "accessNotConfigured": Meaning.API_OFF, "SERVICE_DISABLED": Meaning.API_OFF,
    "notACalendarUser": Meaning.NO_CALENDAR,
    "domainPolicy": Meaning.POLICY, "forbiddenForServiceAccounts": Meaning.POLICY,
    "dailyLimitExceeded": Meaning.DAY_OVER, "dailyLimitExceededUnreg": Meaning.DAY_OVER,
    "variableTermLimitExceeded": Meaning.DAY_OVER,
    "quotaExceeded": Meaning.FULL, "calendarUsageLimitsExceeded": Meaning.FULL,
    "rateLimitExceeded": Meaning.BUSY, "userRateLimitExceeded": Meaning.BUSY, "RESOURCE_EXHAUSTED": Meaning.BUSY,
    "forbiddenForNonOrganizer": Meaning.REFUSED, "eventTypeRestriction": Meaning.REFUSED,
    "requiredAccessLevel": Meaning.NO_RIGHT, "forbidden": Meaning.NO_RIGHT,
}  # fmt: skip
"""Of a 403 or 429, where the reason decides (facts 0.18); of several the first of these counts."""

STATUSES: Mapping[int, Meaning] = {
    401: Meaning.SIGN_IN, 404: Meaning.GONE, 409: Meaning.TAKEN, 410: Meaning.GONE, 412: Meaning.STALE,
    413: Meaning.TOO_LARGE, 429: Meaning.BUSY,
}  # fmt: skip

IN_WORDS: Mapping[str, str] = {
    "timeRangeEmpty": "its end is not after its start",
    "eventTypeRestriction": "events of this special type cannot be changed by other programs",
    "forbiddenForNonOrganizer": "only its organizer may change this",
    "participantIsNeitherOrganizerNorAttendee": "you are neither its organizer nor one of its guests",
    "malformedWorkingLocationEvent": "it is no complete working location",
}  # fmt: skip


def meaning(response: httpx.Response) -> Meaning:
    status, told = response.status_code, said(response)
    if status >= 500:
        return Meaning.FAULT
    if status in (403, 429):
        found = next((meant for reason, meant in REASONS.items() if reason in told.reasons), None)
        if found is not None or status == 403:
            return found or (Meaning.ODD if told.known else Meaning.STRANGE)
    if status == 409 and "conflict" in told.reasons:
        return Meaning.CONFLICT
    if status == 400 and "sequence value" in told.message:
        return Meaning.STALE
    if status in STATUSES:
        return STATUSES[status]
    return Meaning.REFUSED if told.known and 400 <= status < 500 else Meaning.STRANGE


# -- in words ----------------------------------------------------------------------------------------------------------


def read_problem(response: httpx.Response, account: Account) -> CalsyncError:
    """For a request that only asked; a 404 of a calendar or an event is the caller's to understand."""
    meant = meaning(response)
    if meant in (Meaning.FAULT, Meaning.FULL):
        return TransientError(f"Google is too busy for {account.name} just now ({response.status_code})")
    if meant is Meaning.NO_RIGHT:
        text = f"Google does not show {account.name} what was asked for"
        return AuthError(text, next=f"calsync calendars {account.name}")
    return _of_account(meant, response, account) or _strange(response, account)


def refusal(name: str, response: httpx.Response, account: Account) -> CalsyncError:
    """For a write. name: the calendar's, for words."""
    told, code = said(response), response.status_code
    match meaning(response):
        case Meaning.FAULT:
            return UnknownOutcome(f"{name}: Google had a fault of its own ({code}), so it may or may not be written")
        case Meaning.FULL:
            text = f"Google lets {account.name} write no more for now (usage limits); reading goes on, try again in"
            return TransientError(f"{text} an hour", retry_after_s=FULL_S)
        case Meaning.STALE | Meaning.CONFLICT:
            return PreconditionFailed(f"{name}: the event was changed by somebody else")
        case Meaning.TAKEN:
            return PreconditionFailed(f"{name}: there is, or was, an event under this id")
        case Meaning.GONE:
            return NotFound(f"{name}: the event is gone")
        case Meaning.TOO_LARGE:
            return TooLarge(f"{name}: the event is too large for Google")
        case Meaning.NO_RIGHT:
            return ReadOnly(f"{name} may not be written by this account", next=f"calsync calendars {account.name}")
        case Meaning.REFUSED | Meaning.ODD:
            words = next((IN_WORDS[reason] for reason in sorted(told.reasons) if reason in IN_WORDS), told.message)
            return Refused(f"{name}: Google refused the event ({words or code})")
        case meant:
            return _of_account(meant, response, account) or _strange(response, account)


def _of_account(meant: Meaning, response: httpx.Response, account: Account) -> CalsyncError | None:
    """What is about the whole account: sign-in, rights, project, quota."""
    name, again = account.name, f"calsync login {account.name}"
    match meant:
        case Meaning.SIGN_IN:
            return AuthError(f"Google refuses the sign-in of {name}, although it is fresh", next=again)
        case Meaning.SCOPE:
            text = f"the sign-in of {name} does not allow to {_doing(response)}: a right was unticked, or `access` asks"
            return AuthError(f"{text} for more by now", next=again)
        case Meaning.API_OFF:
            return _api_off(response, account)
        case Meaning.NO_CALENDAR:
            text = f"the Google account of {name} has no Google Calendar; open calendar.google.com with it once"
            return AuthError(text, next=again)
        case Meaning.POLICY:
            text = f"an administrator does not let other programs use the calendars of {name}; ask them to allow it"
            return AuthError(text, next=again)
        case Meaning.DAY_OVER:
            text = f"the Google Cloud project of {name} has used up its requests of the day; its quotas stand at"
            return TransientError(f"{text} console.cloud.google.com, APIs & Services")
        case Meaning.BUSY:
            text = f"Google is too busy for {name} just now ({response.status_code})"
            return TransientError(text, retry_after_s=told_to_wait_s(response))
    return None


def _doing(response: httpx.Response) -> str:
    """What the request was for, as the page of consent calls it (facts 1.6)."""
    request = response.request
    if "calendarList" in request.url.path:
        return "see the list of calendars"
    if request.method != "GET":
        return "edit events" if "/events" in request.url.path else "create calendars"
    return "view events"


def _api_off(response: httpx.Response, account: Account) -> ConfigError:
    where = re.search(r"https://console\.\S+", said(response).message)
    place = where[0] if where else "console.cloud.google.com, APIs & Services"
    text = "the Google Calendar API is not switched on in the Google Cloud project of the client file; switch it on"
    problem = (f"accounts.{account.name}.client_file", f"{text} at {place}, wait a minute, and go on")
    return ConfigError([problem], next=f"calsync login {account.name}")


def _strange(response: httpx.Response, account: Account) -> ProtocolError:
    host, told = response.request.url.host, said(response)
    if not told.known:
        return ProtocolError(f"{host}, or something in between, answered {response.status_code} for {account.name}")
    words = f"{response.status_code}: {told.message}" if told.message else str(response.status_code)
    return ProtocolError(f"{host} refuses what was asked for {account.name} ({words})")


def is_expired_token(response: httpx.Response) -> bool:
    """To a list: 410; or 400 for a token that Google cannot read, which is as good as expired (facts 4.1)."""
    if response.status_code == 410:
        return True
    told = said(response)
    return response.status_code == 400 and (told.location == "syncToken" or "sync token" in told.message.lower())
