"""Dates and waiting times in headers, as servers write them and as they should not (RFC 9110)."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from calsync_cli.providers.http import http_date, retry_after_s

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def waits(told: str) -> float | None:
    return retry_after_s(httpx.Response(503, headers=[(b"retry-after", told.encode("latin-1"))]), NOW)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7.0), (" 7 ", 7.0), ("Sat, 21 Nov 2026 09:00:30 GMT", 30.0), ("Sat, 21 Nov 2026 08:00:00 GMT", 0.0),
     ("soon", None), ("", None), ("-1", None), ("\u00b2", None), ("1.5", None), ("9" * 400, float("inf"))],
)  # fmt: skip
def test_waiting_times(told: str, seconds: float | None) -> None:
    assert waits(told) == seconds


@pytest.mark.parametrize(
    "text", [None, "", "soon", "Fri, 31 Dec 9999 23:59:59 -1400", "Sat, 32 Nov 2026"]
)
def test_what_is_no_date_is_none(text: str | None) -> None:
    assert http_date(text) is None
