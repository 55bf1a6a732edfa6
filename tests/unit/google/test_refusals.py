"""Every row of facts 8.2: what it means, and the error of a read and of a write, in words with the next command."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

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
from calsync_cli.providers.google.refusals import (
    REASONS,
    STATUSES,
    Meaning,
    is_expired_token,
    meaning,
    read_problem,
    refusal,
)
from calsync_cli.providers.patient import told_to_wait_s
from tests.emulators.google import errors
from tests.emulators.google.errors import ApiError

ACCOUNT = Account("work", "google")
LOGIN, LIST = "calsync login work", "calsync calendars work"
QUERIES = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service"


EVENT = "calendars/x/events/y"


def answer(error: ApiError, *, new: bool = False, method: str = "PATCH", path: str = EVENT) -> httpx.Response:
    request = httpx.Request(method, f"https://www.googleapis.com/calendar/v3/{path}")
    return httpx.Response(error.status, json=error.body(new), request=request)


def e(status: int, reason: str, message: str = "An error", **more: Any) -> ApiError:
    return ApiError(status, reason, message, **more)


Row = tuple[ApiError, Meaning, type[CalsyncError], type[CalsyncError], str, str]
ROWS: list[Row] = [
    # error, meaning, to a read, to a write, a piece of what a person reads of the write, and the next command
    (e(400, "invalid", "Invalid start time"), Meaning.REFUSED, ProtocolError, Refused, "(Invalid start time)", ""),
    (e(400, "required", "Missing end time."), Meaning.REFUSED, ProtocolError, Refused, "(Missing end time.)", ""),
    (e(400, "badRequest"), Meaning.REFUSED, ProtocolError, Refused, "refused the event", ""),
    (e(400, "parseError"), Meaning.REFUSED, ProtocolError, Refused, "refused the event", ""),
    (e(400, "invalidParameter"), Meaning.REFUSED, ProtocolError, Refused, "refused the event", ""),
    (e(400, "invalid", "Requested ordering", location="orderBy"), Meaning.REFUSED, ProtocolError, Refused, "", ""),
    (errors.time_range_empty(), Meaning.REFUSED, ProtocolError, Refused, "its end is not after its start", ""),
    (errors.event_type_restriction("No."), Meaning.REFUSED, ProtocolError, Refused, "special type", ""),
    (e(400, "participantIsNeitherOrganizerNorAttendee"), Meaning.REFUSED, ProtocolError, Refused, "neither", ""),
    (e(400, "invalid", "Invalid sequence value. The"), Meaning.STALE, ProtocolError, PreconditionFailed, "", ""),
    (e(400, "cannotUseDefaultRemindersAndSpecifyOverride"), Meaning.REFUSED, ProtocolError, Refused, "", ""),
    (errors.auth_error(), Meaning.SIGN_IN, AuthError, AuthError, "refuses the sign-in of work", LOGIN),
    (errors.login_required(), Meaning.SIGN_IN, AuthError, AuthError, "refuses the sign-in", LOGIN),
    (errors.rate_limit(), Meaning.BUSY, TransientError, TransientError, "too busy for work just now (403)", ""),
    (errors.user_rate_limit(), Meaning.BUSY, TransientError, TransientError, "too busy", ""),
    (errors.quota_exceeded(), Meaning.FULL, TransientError, TransientError, "no more for now", ""),
    (e(403, "calendarUsageLimitsExceeded"), Meaning.FULL, TransientError, TransientError, "again in an hour", ""),
    (e(429, "quotaExceeded"), Meaning.FULL, TransientError, TransientError, "no more for now", ""),
    (e(403, "dailyLimitExceeded"), Meaning.DAY_OVER, TransientError, TransientError, "console.cloud.google.com", ""),
    (e(403, "dailyLimitExceededUnreg"), Meaning.DAY_OVER, TransientError, TransientError, "of the day", ""),
    (e(403, "variableTermLimitExceeded"), Meaning.DAY_OVER, TransientError, TransientError, "of the day", ""),
    (errors.needs_writer(), Meaning.NO_RIGHT, AuthError, ReadOnly, "Work may not be written", LIST),
    (errors.forbidden(), Meaning.NO_RIGHT, AuthError, ReadOnly, "Work may not be written", LIST),
    (errors.not_organizer(), Meaning.REFUSED, ProtocolError, Refused, "only its organizer", ""),
    (errors.insufficient_scopes(), Meaning.SCOPE, AuthError, AuthError, "does not allow to edit events", LOGIN),
    (e(403, "accessNotConfigured"), Meaning.API_OFF, ConfigError, ConfigError, "console.cloud.google.com", LOGIN),
    (e(403, "x", details=[{"reason": "SERVICE_DISABLED"}]), Meaning.API_OFF, ConfigError, ConfigError, "on", LOGIN),
    (e(403, "notACalendarUser"), Meaning.NO_CALENDAR, AuthError, AuthError, "has no Google Calendar", LOGIN),
    (e(403, "domainPolicy"), Meaning.POLICY, AuthError, AuthError, "an administrator", LOGIN),
    (e(403, "forbiddenForServiceAccounts"), Meaning.POLICY, AuthError, AuthError, "an administrator", LOGIN),
    (e(403, "newReasonOfTomorrow", "No"), Meaning.ODD, ProtocolError, Refused, "(No)", ""),
    (errors.not_found(), Meaning.GONE, ProtocolError, NotFound, "the event is gone", ""),
    (e(405, "httpMethodNotAllowed"), Meaning.REFUSED, ProtocolError, Refused, "", ""),
    (e(411, "lengthRequired"), Meaning.REFUSED, ProtocolError, Refused, "", ""),
    (e(413, "uploadTooLarge"), Meaning.TOO_LARGE, ProtocolError, TooLarge, "too large", ""),
    (e(415, "unsupportedMediaType"), Meaning.REFUSED, ProtocolError, Refused, "", ""),
    (errors.duplicate(), Meaning.TAKEN, ProtocolError, PreconditionFailed, "there is, or was, an event", ""),
    (errors.conflict(), Meaning.CONFLICT, ProtocolError, PreconditionFailed, "changed by somebody else", ""),
    (errors.full_sync_required(), Meaning.GONE, ProtocolError, NotFound, "", ""),
    (errors.updated_min_too_long_ago(), Meaning.GONE, ProtocolError, NotFound, "", ""),
    (errors.deleted(), Meaning.GONE, ProtocolError, NotFound, "the event is gone", ""),
    (errors.condition_not_met(), Meaning.STALE, ProtocolError, PreconditionFailed, "changed by somebody else", ""),
    (e(428, "preconditionRequired"), Meaning.REFUSED, ProtocolError, Refused, "", ""),
    (errors.too_many_requests(), Meaning.BUSY, TransientError, TransientError, "too busy for work just now (429)", ""),
    (e(429, "RESOURCE_EXHAUSTED"), Meaning.BUSY, TransientError, TransientError, "too busy", ""),
    (e(429, "newReasonOfTomorrow"), Meaning.BUSY, TransientError, TransientError, "too busy", ""),
    (errors.backend_error(500), Meaning.FAULT, TransientError, UnknownOutcome, "may or may not be written", ""),
    (e(500, "internalError"), Meaning.FAULT, TransientError, UnknownOutcome, "(500)", ""),
    (errors.backend_error(502), Meaning.FAULT, TransientError, UnknownOutcome, "(502)", ""),
    (errors.backend_error(503), Meaning.FAULT, TransientError, UnknownOutcome, "(503)", ""),
    (errors.backend_error(504), Meaning.FAULT, TransientError, UnknownOutcome, "(504)", ""),
]  # fmt: skip


@pytest.mark.parametrize("new", [False, True], ids=["classic", "new"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0].status}-{row[0].reason}")
def test_every_row_of_the_table(row: Row, new: bool) -> None:
    error, meant, of_read, of_write, words, next_command = row
    response = answer(error, new=new)
    write = refusal("Work", response, ACCOUNT)
    assert meaning(response) is meant
    assert type(read_problem(answer(error, new=new, method="GET"), ACCOUNT)) is of_read
    assert (type(write), write.next) == (of_write, next_command or of_write.usual)
    assert words in str(write)


def test_no_reason_and_no_status_of_the_tables_is_without_a_row() -> None:
    tried = {reason for error, *_ in ROWS for reason in said(answer(error)).reasons}
    assert REASONS.keys() <= tried
    assert STATUSES.keys() <= {error.status for error, *_ in ROWS}
    assert {meant for _, meant, *_ in ROWS} == set(Meaning) - {Meaning.STRANGE}


@pytest.mark.parametrize("status", [300, 302, 307, 400, 403, 405, 407, 418, 451])
@pytest.mark.parametrize("body", [b"", b"<html>Proxy</html>", b"{}", b'{"error": "access_denied"}', b"[1]", b"\xff"])
def test_what_google_did_not_say_is_no_refusal_of_the_event(status: int, body: bytes) -> None:
    """A proxy's page must not be remembered as "Google refused this event"."""
    response = httpx.Response(status, content=body, request=httpx.Request("PATCH", "https://www.googleapis.com/x"))
    assert meaning(response) is Meaning.STRANGE
    assert isinstance(refusal("Work", response, ACCOUNT), ProtocolError)
    assert "or something in between" in str(refusal("Work", response, ACCOUNT))


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_page_of_a_load_balancer_is_a_fault(status: int) -> None:
    response = httpx.Response(status, html="<html>", request=httpx.Request("GET", "https://x.test/"))
    assert isinstance(read_problem(response, ACCOUNT), TransientError)
    assert isinstance(refusal("Work", response, ACCOUNT), UnknownOutcome)


def test_the_right_that_is_missing_is_named() -> None:
    scope = errors.insufficient_scopes()
    for method, path, words in (
        ("GET", "users/me/calendarList", "see the list of calendars"), ("GET", "calendars/x/events", "view events"),
        ("POST", "calendars/x/events", "edit events"), ("POST", "calendars", "create calendars"),
    ):  # fmt: skip
        assert words in str(refusal("Work", answer(scope, method=method, path=path), ACCOUNT))


def test_dead_tokens_are_told_from_dead_events_and_from_other_mistakes() -> None:
    assert is_expired_token(answer(errors.full_sync_required()))
    assert is_expired_token(answer(errors.updated_min_too_long_ago()))
    assert is_expired_token(answer(errors.invalid("Invalid sync token value.", "syncToken")))
    assert is_expired_token(answer(errors.invalid("Invalid sync token value.")))
    assert is_expired_token(answer(errors.invalid("Something else", "syncToken")))
    assert not is_expired_token(answer(errors.invalid("Invalid page token value.", "pageToken")))
    assert not is_expired_token(answer(errors.not_found()))


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7.0), (" 7 ", 7.0), ("0", 0.0), ("2.128", 2.128), ("1.", None),
     (".5", None), ("", None), ("soon", None), ("-1", None), ("1e9", None), ("9" * 400, None),
     ("²", None), ("Sat, 21 Nov 2026 09:00:30 GMT", 30.0), ("Sat, 21 Nov 2026 08:00:00 GMT", 0.0)],
)  # fmt: skip
def test_only_sensible_numbers_of_seconds_are_believed(told: str, seconds: float | None) -> None:
    head = [(b"retry-after", told.encode("latin-1")), (b"date", b"Sat, 21 Nov 2026 09:00:00 GMT")]
    assert told_to_wait_s(httpx.Response(429, headers=head)) == seconds


def test_a_date_without_a_clock_to_hold_it_against_says_nothing() -> None:
    assert told_to_wait_s(httpx.Response(429, headers={"Retry-After": "Sat, 21 Nov 2026 09:00:30 GMT"})) is None


@pytest.mark.parametrize(
    "body",
    ["null", "5", '"error"', "[]", "{", '{"error": null}', '{"error": 5}', '{"error": []}', '{"error": {"errors": 5}}',
     '{"error": {"errors": [null, 5, {"reason": 5}], "details": {"a": 1}, "message": 5, "status": []}}',
     '{"error": {"message": "\\ud800"}}', "[" * 100_000, "\xff"],
)  # fmt: skip
def test_no_shape_of_a_refusal_breaks_its_reading(body: str) -> None:
    for status in (400, 401, 403, 404, 409, 410, 412, 429, 500):
        request = httpx.Request("GET", "https://x.test/")
        response = httpx.Response(status, content=body.encode("latin-1"), request=request)
        assert isinstance(refusal("Work", response, ACCOUNT), CalsyncError)
        assert isinstance(read_problem(response, ACCOUNT), CalsyncError)
        assert not is_expired_token(response) or status == 410


def test_words_of_the_server_cannot_steer_a_terminal() -> None:
    response = answer(e(400, "invalid", "\x1b[2J\x07red\u202e" + "x" * 5000))
    assert str(refusal("Work", response, ACCOUNT)).startswith("Work: Google refused the event ([2Jred")
    assert len(str(refusal("Work", response, ACCOUNT))) < 400
