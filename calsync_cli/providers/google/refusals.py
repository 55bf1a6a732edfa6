"""What a refusal by Google means: one class of error per row of the table (facts 8.2, J6), in words for a person.

Shape   `refusal(name, response, account)` -> the exception to raise for a write; for a read: `calendar_list.problem`
Rule    only a definite no is taken for one: any 5xx to a write is UnknownOutcome
"""

from __future__ import annotations

from typing import Any

import httpx

from calsync_cli.errors import (
    CalsyncError,
    NotFound,
    PreconditionFailed,
    ReadOnly,
    Refused,
    TransientError,
    UnknownOutcome,
)
from calsync_cli.model.account import Account
from calsync_cli.providers.google.calendar_list import API_OFF, BUSY, DAY_OVER, SCOPE, problem, said

FULL = frozenset({"quotaExceeded", "calendarUsageLimitsExceeded"})
NO_RIGHT = frozenset({"forbidden", "requiredAccessLevel"})
ACCOUNT = SCOPE | API_OFF | DAY_OVER | {"notACalendarUser", "domainPolicy"}
IN_WORDS = {
    "timeRangeEmpty": "its end is not after its start",
    "eventTypeRestriction": "events of this special type cannot be changed by other programs",
    "forbiddenForNonOrganizer": "only its organizer may change this",
    "participantIsNeitherOrganizerNorAttendee": "you are neither its organizer nor one of its guests",
    "malformedWorkingLocationEvent": "it is no complete working location",
}


def is_busy(response: httpx.Response) -> bool:
    """Asked to wait, so surely not carried out (facts 0.18)."""
    return response.status_code == 429 or (response.status_code == 403 and bool(said(response)[0] & BUSY))


def refusal(name: str, response: httpx.Response, account: Account) -> CalsyncError:
    """name: the calendar's, for words."""
    code, (reasons, message) = response.status_code, said(response)
    if is_busy(response):
        return problem(response, account)
    if reasons & FULL:
        text = f"Google lets {account.name} write no more for now (usage limits); reading goes on, try again in an hour"
        return TransientError(text, retry_after_s=3600.0)
    if code == 401 or reasons & ACCOUNT:
        return problem(response, account)
    if code >= 500:
        return UnknownOutcome(f"{name}: Google had a fault of its own ({code}), so it may or may not be written")
    if code == 412 or (code == 409 and "conflict" in reasons):
        return PreconditionFailed(f"{name}: the event was changed by somebody else")
    if code == 409:
        return PreconditionFailed(f"{name}: there is, or was, an event under this id")
    if code in (404, 410):
        return NotFound(f"{name}: the event is gone")
    if code == 403 and reasons & NO_RIGHT:
        return ReadOnly(f"{name} may not be written by this account", next="calsync calendars")
    words = next((IN_WORDS[reason] for reason in sorted(reasons) if reason in IN_WORDS), message)
    return Refused(f"{name}: Google refused the event ({words or code})")


def is_expired_token(response: httpx.Response) -> bool:
    """410 to a list; or 400 for a token that it cannot read, which is as good as expired (facts 4.1)."""
    if response.status_code == 410:
        return True
    named = _location(response) == "syncToken" or "sync token" in said(response)[1].lower()
    return response.status_code == 400 and named


def _location(response: httpx.Response) -> str:
    try:
        errors: Any = response.json()["error"]["errors"]
        return str(errors[0].get("location", ""))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return ""
