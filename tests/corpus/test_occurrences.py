"""The dates that `agenda` shows are those that another reader of calendars finds (I16)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calsync_cli.engine.report import iso
from calsync_cli.mapping.ical import ICAL
from calsync_cli.model.codec import time_text
from calsync_cli.model.occurrences import occurrences
from calsync_cli.model.series import LOCAL_FIELDS, Form, without_fields
from calsync_cli.model.times import Span, rough_instant
from tests.corpus.test_second_opinion import COMPARED, OTHERWISE, SPAN, agenda
from tests.engine.sides import moment_text

LOW, HIGH = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in SPAN)
EDGE = timedelta(days=2)
FIRST_DATE = {"until_in_year_1", "until_before_the_start", "bymonth_leap_month"}
"""The other reader drops the first date where its rule does not give it."""
OF_SERIES = (b"RRULE", b"RDATE", b"EXDATE", b"RECURRENCE-ID")
REPEATING = [name for name, payload in COMPARED.items() if any(word in payload for word in OF_SERIES)]


def _ours(form: Form) -> list[tuple[str, str]] | None:
    dates, all_known = occurrences(form, LOW, HIGH)
    spans = [one["time"] for _, one in dates]
    if not all_known:
        return None
    return sorted(_told(span) for span in spans if isinstance(span, Span) and _inside(span))


def _inside(span: Span) -> bool:
    return LOW + EDGE <= rough_instant(span.start) <= HIGH - EDGE


def _told(span: Span) -> tuple[str, str]:
    return moment_text(iso(time_text(span.start))), moment_text(iso(time_text(span.end)))


@pytest.mark.parametrize("name", REPEATING)
def test_another_reader_finds_the_same_dates(name: str) -> None:
    form = without_fields(ICAL.read(COMPARED[name]).form, LOCAL_FIELDS)
    ours, theirs = _ours(form), agenda(ICAL.make("u", form, ""))
    if ours is None or theirs is None or name in FIRST_DATE or any(name in names for names in OTHERWISE.values()):
        return
    low, high = ((edge.strftime("%Y-%m-%d")) for edge in (LOW + EDGE, HIGH - EDGE))
    assert ours == sorted((start, end) for _, start, end, *_ in theirs if low <= start <= high)
