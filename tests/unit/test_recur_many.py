"""Series of which thousands of dates are asked for: each answer is that of the rule, and all of them come in time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from calsync_cli.mapping.ical import ICAL
from calsync_cli.model import recur
from calsync_cli.model.series import CANCELLED, Recurrence
from calsync_cli.model.times import Span, Zoned, instance_key

FIRST = datetime(2026, 1, 1, 9)
RULES = [
    "FREQ=DAILY", "COUNT=40;FREQ=DAILY;INTERVAL=3", "BYDAY=MO,WE;FREQ=WEEKLY;UNTIL=20270101T080000Z",
    "BYDAY=-1FR;FREQ=MONTHLY", "BYMONTH=2;BYMONTHDAY=29;FREQ=YEARLY",
]


def at(day: int) -> Zoned:
    return Zoned(FIRST + timedelta(days=day), "Europe/Berlin")


@pytest.mark.parametrize("rule", RULES)
def test_in_whatever_order_dates_are_asked_for_each_is_there_if_the_rule_has_it(rule: str) -> None:
    span, recurrence = Span(at(0), at(0)), Recurrence((rule,), (at(5),), ())
    listed = {instance_key(start) for start in recur.starts(span, recurrence)}
    for days in (range(400), range(399, -1, -1), [300, 2, 250, 5, 4, 399]):
        for day in days:
            assert recur.has_instance(span, recurrence, instance_key(at(day))) == (instance_key(at(day)) in listed)


def test_what_comes_after_so_many_that_nobody_counts_them_is_taken_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recur, "MAX_ASKED", 50)
    span, recurrence = Span(at(0), at(0)), Recurrence(("FREQ=DAILY;INTERVAL=2",), (), ())
    assert [recur.has_instance(span, recurrence, instance_key(at(day))) for day in (3, 4, 97, 3001)] == [
        False, True, False, True]


def test_an_expansion_that_fails_fails_each_time() -> None:
    span, recurrence = Span(at(0), at(0)), Recurrence(("FREQ=DAILY;BYHOUR=77",), (), ())
    for _ in range(3):
        with pytest.raises(ValueError):
            recur.has_instance(span, recurrence, instance_key(at(3)))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("rule", ["RRULE:FREQ=DAILY", "RDATE;TZID=Europe/Berlin:{}"])
def test_thousands_of_dates_in_another_zone_are_found_in_time(rule: str) -> None:
    dates = ",".join((FIRST + timedelta(days=n)).strftime("%Y%m%dT%H%M%S") for n in range(4_000))
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:u", "DTSTART;TZID=Europe/Berlin:20260101T090000",
        rule.format(dates), f"EXDATE;TZID=America/New_York:{dates}", "END:VEVENT", "END:VCALENDAR", "",
    ]
    form = ICAL.read("\r\n".join(lines).encode()).form
    assert sum(value == CANCELLED for value in form.values()) == 4_000
