"""Every row of the error tables (facts S2, A6.2, L11): what it means, and the error of a read and of a write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

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
from calsync_cli.providers.graph.refusals import CODES, STATUSES, Meaning, is_lost_link, meaning, read_problem, refusal

ACCOUNT = Account("work", "microsoft")
LOGIN, LIST = "calsync login work", "calsync calendars work"
Kind = type[CalsyncError]


@dataclass(frozen=True)
class Row:
    """where: the tables that name it. words: a piece of what a person reads of the write; next: the command."""

    where: str
    status: int
    code: str
    meaning: Meaning
    read: Kind
    write: Kind
    words: str = ""
    next: str = ""

    def __str__(self) -> str:
        return f"{self.status}-{self.code}"


def _of(where: str, status: int, codes: str, *rest: Any) -> list[Row]:
    return [Row(where, status, code, *rest) for code in codes.split() or [""]]


M = Meaning
ROWS: list[Row] = [
    # our body is wrong for this event: held with the message, never repeated unchanged
    *_of("S2 A6.2 L11", 400, "ErrorInvalidRequest ErrorPropertyValidationFailure ErrorInvalidArgument RequestBodyRead "
         "ErrorInvalidParameter BadRequest invalidRequest UnableToDeserializePostBody RequestBroker--ParseUri "
         "ErrorInvalidIdMalformed ErrorInvalidId ErrorInvalidRecipients ErrorMeetingSeriesNotAllowed "
         "ErrorInvalidUrlQuery InefficientFilter ErrorInvalidUrlQueryFilter ErrorRestrictionTooComplex",
         M.REFUSED, ProtocolError, Refused, "refused the event (no)"),
    # held, and which rule it was
    *_of("S2 A6.2", 400, "ErrorCalendarDurationIsTooLong", M.REFUSED, ProtocolError, Refused, "it is too long"),
    *_of("S2 A6.2", 400, "ErrorCalendarEndDateIsEarlierThanStartDate",
         M.REFUSED, ProtocolError, Refused, "ends before"),
    *_of("S2 A6.2", 400, "ErrorOccurrenceCrossingBoundary", M.REFUSED, ProtocolError, Refused, "neighbours"),
    *_of("S2 A6.2", 400, "ErrorOccurrenceTimeSpanTooBig", M.REFUSED, ProtocolError, Refused, "between its instances"),
    *_of("S2 A6.2", 400, "ErrorRecurrenceHasNoOccurrence", M.REFUSED, ProtocolError, Refused, "no instance"),
    *_of("A6.2 L11", 400, "ErrorRecurrenceEndDateTooBig", M.REFUSED, ProtocolError, Refused, "ends too late"),
    *_of("A6.2", 400, "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", M.REFUSED, ProtocolError, Refused, "date"),
    *_of("L11", 400, "ErrorInvalidRecurrenceRange ErrorCalendarInvalidRecurrence "
         "ErrorCalendarInvalidDayForWeeklyRecurrence", M.REFUSED, ProtocolError, Refused, "its"),
    *_of("A6.2 L11", 400, "TimeZoneNotSupportedException ErrorCalendarInvalidTimeZone",
         M.REFUSED, ProtocolError, Refused,
         "time zone is not known"),
    *_of("L11", 400, "ErrorCalendarIsNotOrganizer", M.REFUSED, ProtocolError, Refused, "only its organizer"),
    *_of("A6.2 L11", 400, "ErrorCalendarOccurrenceIsDeletedFromRecurrence", M.GONE, ProtocolError, NotFound, "gone"),
    *_of("A6.2 L11", 404, "ErrorCalendarOccurrenceIsDeletedFromRecurrence", M.GONE, ProtocolError, NotFound, "gone"),
    *_of("A6.2 L7.2 L11", 400, "ErrorDuplicateTransactionId",
         M.DUPLICATE, ProtocolError, PreconditionFailed, "already"),
    *_of("A6.2 L7.2 L11", 409, "ErrorDuplicateTransactionId",
         M.DUPLICATE, ProtocolError, PreconditionFailed, "already"),
    # the sign-in (the 401 itself is renewed once before)
    *_of("S2 A6.2 L11", 401, "InvalidAuthenticationToken unauthenticated CompactTokenParsingFailed TokenNotFound",
         M.SIGN_IN,
         AuthError, AuthError, "although it is fresh", LOGIN),
    *_of("L11", 401, "", M.SIGN_IN, AuthError, AuthError, "refuses the sign-in of work", LOGIN),
    # the right was lost (G6)
    *_of("S2 A6.2 L11", 403, "ErrorAccessDenied Authorization_RequestDenied accessDenied Forbidden",
         M.NO_RIGHT, AuthError,
         ReadOnly, "Work may not be written", LIST),
    *_of("A6.2", 403, "ErrorMessageSubmissionBlocked ErrorSendAsDenied",
         M.REFUSED, ProtocolError, Refused, "not send mail"),
    *_of("A6.2", 403, "ExtensionError AccessRestricted", M.POLICY, AuthError, AuthError, "administrator", LOGIN),
    *_of("S2 A3 A6.2", 403, "MailboxNotEnabledForRESTAPI", M.NO_MAILBOX, AuthError, AuthError, "no mailbox", LOGIN),
    *_of("S2 A3 A6.2 L11", 404, "MailboxNotEnabledForRESTAPI MailboxNotSupportedForRESTAPI ErrorNonExistentMailbox "
         "Request_ResourceNotFound OrganizationFromTenantGuidNotFound",
         M.NO_MAILBOX, AuthError, AuthError, "no mailbox", LOGIN),
    *_of("L11", 400, "ErrorInvalidUser", M.NO_MAILBOX, AuthError, AuthError, "no mailbox", LOGIN),
    *_of("A3 A6.2", 503, "MailboxNotEnabledForRESTAPI", M.NO_MAILBOX, AuthError, AuthError, "no mailbox", LOGIN),
    *_of("A3 A6.2", 503, "MailboxInfoStale", M.BUSY, TransientError, TransientError, "too busy"),
    # gone for this id (O2)
    *_of("S2 A6.2 L11", 404, "ErrorItemNotFound itemNotFound ResourceNotFound ErrorObjectNotFound ErrorFolderNotFound",
         M.GONE,
         ProtocolError, NotFound, "the event is gone"),
    *_of("L11", 410, "", M.GONE, ProtocolError, NotFound, "gone"),
    # somebody was faster; at times the service itself (J6)
    *_of("S2 A6.2 L11", 409, "ErrorIrresolvableConflict Conflict resourceModified",
         M.STALE, ProtocolError, PreconditionFailed,
         "changed by somebody else"),
    *_of("S2 A6.2 L11", 412, "ErrorIrresolvableConflict PreconditionFailed ErrorStaleObject "
         "ErrorChangeKeyRequiredForWriteOperations",
         M.STALE, ProtocolError, PreconditionFailed, "changed by somebody else"),
    *_of("S2 A6.2 L11", 409, "ErrorFolderExists nameAlreadyExists",
         M.EXISTS, ProtocolError, PreconditionFailed, "already"),
    # size and room
    *_of("S2 A6.2 L11", 413, "RequestEntityTooLarge", M.TOO_LARGE, ProtocolError, TooLarge, "too large"),
    *_of("S2 A6.2", 400, "ErrorMessageSizeExceeded", M.TOO_LARGE, ProtocolError, TooLarge, "too large"),
    *_of("S2 A6.2 L11", 507, "ErrorQuotaExceeded", M.FULL, TransientError, Refused, "mailbox is full"),
    *_of("A6.2 L11", 403, "ErrorQuotaExceeded quotaLimitReached", M.FULL, TransientError, Refused, "mailbox is full"),
    # later
    *_of("S2 A6.2 L11", 423, "ErrorMailboxMoveInProgress locked resourceLocked",
         M.LOCKED, TransientError, TransientError, "busy"),
    *_of("A6.2 L9 L11", 424, "FailedDependency", M.DEPENDENT, TransientError, TransientError, "too busy"),
    *_of("S2 A6.2 L10 L11", 429, "TooManyRequests ApplicationThrottled activityLimitReached ErrorTooManyRequests "
         "ErrorExceededConnectionCount ErrorExceededFindCountLimit MailboxConcurrency", M.BUSY, TransientError,
         TransientError, "too busy for work"),
    *_of("S2 A6.2 L11", 509, "", M.BUSY, TransientError, TransientError, "too busy"),
    *_of("L10 L15 L16.14", 503, "ApplicationThrottled", M.BUSY, TransientError, TransientError, "too busy"),
    # whether a write was done nobody knows (J3, J6)
    *_of("S2 A6.2 L11", 500, "ErrorInternalServerError ErrorInternalServerTransientError generalException UnknownError "
         "InternalServerError ErrorServerBusy", M.FAULT, TransientError, UnknownOutcome, "may or may not"),
    *_of("S2 A6.2 L11", 503, "ErrorServerBusy serviceNotAvailable ErrorMailboxStoreUnavailable ErrorConnectionFailed "
         "ErrorTimeoutExpired ErrorBatchProcessingStopped ErrorMailboxMoveInProgress",
         M.FAULT, TransientError, UnknownOutcome,
         "may or may not"),
    *_of("S2 A6.2 L11", 502, "UnknownError", M.FAULT, TransientError, UnknownOutcome, "may or may not"),
    *_of("S2 A6.2 L11", 504, "UnknownError", M.FAULT, TransientError, UnknownOutcome, "may or may not"),
    *_of("A6.2 L11", 408, "RequestTimeout", M.FAULT, TransientError, UnknownOutcome, "may or may not"),
    *_of("L11", 500, "ErrorItemNotFound ErrorIrresolvableConflict",
         M.FAULT, TransientError, UnknownOutcome, "may or may not"),
    # what the account or server cannot do at all
    *_of("A6.2 L11", 501, "NotImplemented", M.MISSING, ProtocolError, Refused, "refused the event"),
    *(Row("A6.2 L11", status, "notSupported",
         M.MISSING, ProtocolError, Refused, "refused") for status in (402, 405, 406, 411, 415)),
    *_of("A6.2 L11", 422, "UnprocessableEntity", M.REFUSED, ProtocolError, Refused, "refused the event"),
    *_of("L11", 418, "SomethingNew", M.REFUSED, ProtocolError, Refused, "refused the event (no)"),
]  # fmt: skip


def answer(status: int, code: str, message: str = "no", *, method: str = "PATCH", **headers: str) -> httpx.Response:
    request = httpx.Request(method, "https://graph.microsoft.com/v1.0/me/events/x")
    body = {"error": {"code": code, "message": message, "innerError": {"request-id": "1"}}}
    return httpx.Response(status, json=body, request=request, headers=headers)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_row_has_its_meaning_and_its_words(row: Row) -> None:
    for code in (row.code, row.code.swapcase()):
        response = answer(row.status, code)
        assert meaning(response) is row.meaning
        told = refusal("Work", response, ACCOUNT)
        assert type(told) is row.write and row.words in str(told) and told.next == (row.next or row.write.usual)
        assert type(read_problem(answer(row.status, code, method="GET"), ACCOUNT)) is row.read


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_deepest_code_decides_as_well(row: Row) -> None:
    """A2: `innerError` is also spelled `innererror`, and may nest; the outer code is then a general one."""
    for name in ("innerError", "innererror"):
        error = {"code": "SomethingGeneral", "message": "", name: {"code": "other", name: {"code": row.code}}}
        request = httpx.Request("PATCH", "https://graph.microsoft.com/v1.0/me/events/x")
        assert meaning(httpx.Response(row.status, json={"error": error}, request=request)) is row.meaning


def test_no_code_and_no_status_is_without_a_row() -> None:
    assert set(CODES) <= {row.code.lower() for row in ROWS}
    assert set(STATUSES) <= {row.status for row in ROWS}
    assert {row.meaning for row in ROWS} | {M.CLAIMS, M.STRANGE} == set(Meaning)


@pytest.mark.parametrize("status", [401, 403])
def test_a_claims_challenge_that_nobody_could_meet_wants_a_person(status: int) -> None:
    """A1.7."""
    header = 'Bearer realm="", error="insufficient_claims", claims="e30="'
    response = answer(status, "InvalidAuthenticationToken", **{"WWW-Authenticate": header})
    told = refusal("Work", response, ACCOUNT)
    assert meaning(response) is M.CLAIMS and isinstance(told, AuthError) and told.next == LOGIN
    assert "asks for more proof" in str(told)


@pytest.mark.parametrize(
    ("status", "code", "lost"),
    [(410, "SyncStateNotFound", True), (410, "syncStateNotFound", True), (410, "resyncRequired", True), (410, "", True),
     (410, "resyncChangesApplyDifferences", True), (410, "fullSyncRequired", True), (400, "SyncStateNotFound", True),
     (400, "SyncStateInvalid", True), (400, "ErrorInvalidSyncStateData", True), (404, "SyncStateNotFound", True),
     (400, "BadRequest", True), (400, "ErrorInvalidIdMalformed", True), (404, "ErrorItemNotFound", False),
     (403, "BadRequest", False), (400, "ErrorInvalidParameter", False), (500, "SyncStateNotFound", False)],
)  # fmt: skip
def test_the_death_of_a_link_in_all_its_forms(status: int, code: str, lost: bool) -> None:
    """A4.5, L3.4."""
    assert is_lost_link(answer(status, code)) is lost


BODIES = ["", "<html>", "null", "5", '"error"', "[]", "{", '{"error": null}', '{"error": 5}', '{"error": []}',
          '{"error": {"code": 5, "message": 5, "innerError": 5}}',
          '{"error": {"code": null, "innererror": {"code": []}}}',
          '{"error": {"message": "\\ud800"}}', "[" * 100_000, "\xff"]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_no_shape_of_a_refusal_breaks_its_reading(body: str) -> None:
    """A2: no JSON is class by status; a proxy's 403 is no lost right."""
    for status in (300, 302, 400, 401, 403, 404, 409, 410, 412, 429, 500, 503):
        request = httpx.Request("GET", "https://x.test/")
        response = httpx.Response(status, content=body.encode("latin-1"), request=request)
        assert isinstance(refusal("Work", response, ACCOUNT), CalsyncError)
        assert isinstance(read_problem(response, ACCOUNT), CalsyncError)
        assert is_lost_link(response) is (status == 410)
        if not said(response).known:
            expected = {401: M.SIGN_IN, 404: M.GONE, 409: M.STALE, 410: M.GONE, 412: M.STALE, 429: M.BUSY}
            assert meaning(response) is expected.get(status, M.FAULT if status >= 500 else M.STRANGE)


def test_words_of_the_server_cannot_steer_a_terminal() -> None:
    told = str(refusal("Work", answer(400, "ErrorInvalidRequest", "\x1b[2J\x07red\u202e" + "x" * 5000), ACCOUNT))
    assert told.startswith("Work: Microsoft refused the event ([2Jred") and len(told) < 400
