"""The first and the last years that a calendar can name."""

from __future__ import annotations

from datetime import datetime

from calsync_cli.model import recur
from calsync_cli.model.codec import form_from, form_json
from calsync_cli.model.series import Recurrence
from calsync_cli.model.times import Floating, Span, Zoned, instance_key


def test_a_series_until_the_last_day_of_all_is_expanded_east_of_utc_too() -> None:
    span = Span(Zoned(datetime(2027, 3, 1, 9), "Asia/Tokyo"), Zoned(datetime(2027, 3, 1, 10), "Asia/Tokyo"))
    rule = Recurrence(("FREQ=WEEKLY;UNTIL=99991231T235959Z",))
    assert len(list(recur.starts(span, rule))) == recur.MAX_INSTANCES
    assert recur.has_instance(span, rule, "20270308T000000Z")


def test_years_have_four_digits() -> None:
    form = {"time": Span(Floating(datetime(9, 1, 1, 1)), Floating(datetime(9, 1, 1, 2)))}
    assert form_from(form_json(form)) == form
    assert instance_key(Floating(datetime(9, 1, 1, 1))) == "00090101T010000"
