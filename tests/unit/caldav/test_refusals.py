"""Each row of the table of errors (facts 1.4) is one class, and says why in words."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from calsync_cli.errors import (
    NotFound,
    PreconditionFailed,
    ReadOnly,
    Refused,
    TooLarge,
    TransientError,
    UidConflict,
    UnknownOutcome,
)
from calsync_cli.providers.base import Calendar
from calsync_cli.providers.caldav.refusals import Attempt, refusal

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CAL = Calendar("/cal/", "Work")
SABRE = '<s:exception xmlns:s="http://sabredav.org/ns">X</s:exception><s:message xmlns:s="http://sabredav.org/ns">{}</s:message>'


def answer(code: int, inner: str | None = None, text: str = "", **headers: str) -> httpx.Response:
    body = text if inner is None else (
        f'<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">{inner}</d:error>'
    )
    kind = "text/plain" if inner is None else "application/xml"
    given = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.Response(code, text=body, headers=given, request=httpx.Request("PUT", "https://x.example/cal/a.ics"))


def meaning(response: httpx.Response, *, creating: bool = False) -> Exception:
    return refusal(Attempt(CAL, "/cal/a.ics", creating), response, None, NOW)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(400, text="bad DTSTART"), Refused),
        (answer(403), ReadOnly),
        (answer(403, ""), ReadOnly),
        (answer(403, text="Access to the requested resource forbidden."), ReadOnly),
        (answer(403, "<d:need-privileges/>" + SABRE.format("no")), ReadOnly),
        (answer(403, SABRE.format("this event is in the trash")), Refused),
        (answer(403, "<c:valid-calendar-data/>"), Refused),
        (answer(403, "<c:supported-calendar-component/>"), Refused),
        (answer(403, "<c:max-resource-size/>"), TooLarge),
        (answer(403, "<c:unique-scheduling-object-resource/>"), UidConflict),
        (answer(400, "<c:no-uid-conflict/>"), UidConflict),
        (answer(409, "<c:no-uid-conflict/>"), UidConflict),
        (answer(412, "<c:no-uid-conflict/>"), UidConflict),
        (answer(404), NotFound),
        (answer(405), Refused),
        (answer(409), Refused),
        (answer(410), NotFound),
        (answer(412), PreconditionFailed),
        (answer(412, "<c:valid-calendar-data/>"), Refused),
        (answer(413), TooLarge),
        (answer(415, SABRE.format("Validation error in iCalendar")), Refused),
        (answer(423), TransientError),
        (answer(429), TransientError),
        (answer(500), UnknownOutcome),
        (answer(502), UnknownOutcome),
        (answer(503), UnknownOutcome),
        (answer(503, Retry_After="7"), TransientError),
        (answer(507), TooLarge),
        (answer(507, "<d:quota-not-exceeded/>"), TooLarge),
    ],
)
def test_a_refusal_has_one_meaning(response: httpx.Response, error: type[Exception]) -> None:
    assert type(meaning(response)) is error


def test_a_missing_place_for_a_new_event_is_not_a_missing_event() -> None:
    """iCloud says 404 to what it does not like (facts 4)."""
    assert type(meaning(answer(404), creating=True)) is Refused


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answer(403, "<c:max-instances/>"), "it repeats too often for this server"),
        (answer(403, "<c:valid-calendar-data/>"), "it does not take it for a valid event"),
        (answer(415, SABRE.format("Components\n must share a UID")), "Components must share a UID"),
        (answer(400, text="bad  DTSTART\nhere"), "bad DTSTART here"),
        (answer(400, "<c:a-thing-nobody-knows/>"), "a thing nobody knows"),
        (answer(405), "405 Method Not Allowed"),
    ],
)
def test_the_servers_reason_is_said_in_words(response: httpx.Response, words: str) -> None:
    assert str(meaning(response)) == f"the server refused the event ({words})"


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("Sat, 21 Nov 2026 00:01:30 GMT", 90.0), ("soon", None)])
def test_how_long_to_wait_is_passed_on(header: str, seconds: float | None) -> None:
    error = meaning(answer(429, Retry_After=header))
    assert isinstance(error, TransientError) and error.retry_after_s == seconds


def test_a_page_of_html_is_never_quoted() -> None:
    page = httpx.Response(400, html="<h1>Oops</h1>", request=httpx.Request("PUT", "https://x.example/"))
    assert "Oops" not in str(meaning(page))
