"""Rules without any date: nobody waits for the year 9999 (I14). The others keep all theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from dateutil.rrule import rrulestr

from calsync_cli.model import recur
from calsync_cli.model.series import Recurrence
from calsync_cli.model.times import Span, Zoned, rough_instant

START = datetime(2026, 1, 5, 9)
SPAN = Span(Zoned(START, "Europe/Berlin"), Zoned(START + timedelta(hours=1), "Europe/Berlin"))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31;UNTIL=20400101T000000Z",
        "FREQ=YEARLY;BYYEARDAY=60;BYMONTH=7;COUNT=2", "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=3;COUNT=2",
    ],
)
def test_a_rule_that_never_comes_has_its_first_date_alone(rule: str) -> None:
    assert not recur.comes(rule, START)
    form = {"time": SPAN, "recurrence": Recurrence((rule,))}
    assert recur.last_end(form) == rough_instant(SPAN.end)
    assert list(recur.starts(SPAN, form["recurrence"])) == [SPAN.start]  # type: ignore[arg-type]


@pytest.mark.parametrize("year", [1, 1900, 1999, 2026, 2096, 2100, 9000, 9998])
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "FREQ=YEARLY;INTERVAL=3;BYMONTH=2;BYMONTHDAY=29;BYDAY=SA", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", "FREQ=MONTHLY;BYDAY=5FR;BYMONTH=2", "FREQ=YEARLY;BYYEARDAY=366;BYDAY=WE",
    ],
)
def test_a_rule_that_comes_seldom_keeps_its_dates(rule: str, year: int) -> None:
    start = START.replace(year=year)
    ever = next(iter(rrulestr(rule, dtstart=start)), None)
    if ever is not None and ever.year - year < 100:
        assert recur.comes(rule, start)
