"""Whether a rule puts an instance at a key, around the changes of clocks (R8; RFC 5545 section 3.3.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calsync_cli.model.occurrences import occurrences
from calsync_cli.model.recur import has_instance, starts
from calsync_cli.model.series import Form, Recurrence, instance_form
from calsync_cli.model.times import Span, When, Zoned, instance_key, zone

DAILY = Recurrence(("FREQ=DAILY;COUNT=240",))


def span(text: str, tzid: str) -> Span:
    start = datetime.fromisoformat(text)
    return Span(Zoned(start, tzid), Zoned(start + timedelta(hours=1), tzid))


@pytest.mark.parametrize(
    ("first", "tzid", "key", "there"),
    [
        ("2027-03-20T02:30", "Europe/Berlin", "20270328T013000Z", True),  # the clock leaves 2:30 out: 3:30 summer time
        ("2027-03-20T03:30", "Europe/Berlin", "20270328T013000Z", True),
        ("2027-03-20T02:30", "Europe/Berlin", "20270328T003000Z", False),
        ("2027-03-20T02:30", "Europe/Berlin", "20270329T003000Z", True),
        ("2027-10-20T02:30", "Europe/Berlin", "20271031T003000Z", True),  # the first of two
        ("2027-10-20T02:30", "Europe/Berlin", "20271031T013000Z", False),  # the second
        ("2027-10-20T02:30", "Europe/Berlin", "20271101T013000Z", True),
        ("2027-03-05T02:30", "America/New_York", "20270314T073000Z", True),
        ("2027-10-05T01:45", "Australia/Lord_Howe", "20270404T144500Z", False),
        ("2011-12-20T10:00", "Pacific/Apia", "20111230T200000Z", True),  # the 30th was left out, so it means the 31st
    ],
)
def test_an_instance_is_where_its_wall_time_means_its_instant(first: str, tzid: str, key: str, there: bool) -> None:
    assert has_instance(span(first, tzid), DAILY, key) is there


@pytest.mark.parametrize("tzid", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
@pytest.mark.parametrize("hour", [1, 2, 3])
def test_every_start_of_a_rule_is_an_instance_of_it(tzid: str, hour: int) -> None:
    one = span(f"2026-09-01T{hour:02}:30", tzid)
    changes = [when for when in starts(one, DAILY) if _offset(when, -1) != _offset(when, 1)]
    assert changes
    for when in changes:
        assert has_instance(one, DAILY, instance_key(when)), when


def _offset(when: When, days: int) -> timedelta | None:
    assert isinstance(when, Zoned)
    return (when.local + timedelta(days=days)).replace(tzinfo=zone(when.tzid)).utcoffset()


@pytest.mark.parametrize("key", ["00010101T000000Z", "99991231T235959Z"])
@pytest.mark.parametrize("tzid", ["Asia/Tokyo", "America/New_York"])
def test_the_ends_of_all_time_are_no_error(key: str, tzid: str) -> None:
    assert not has_instance(span("2026-09-01T09:00", tzid), DAILY, key)


def test_a_date_whose_ends_lie_in_two_zones_is_as_long_as_the_first_one_of_its_series() -> None:
    """A flight: on the day that one of the zones has changed its clocks, only the instants tell how long it is."""
    series = Span(Zoned(datetime(2026, 3, 1, 10), "Europe/Berlin"), Zoned(datetime(2026, 3, 1, 13), "America/New_York"))
    form: Form = {"time": series, "recurrence": Recurrence(("COUNT=9;FREQ=WEEKLY",))}
    key = instance_key(Zoned(datetime(2026, 3, 15, 10), "Europe/Berlin"))  # New York has changed, Berlin has not
    lands = Zoned(datetime(2026, 3, 15, 14), "America/New_York")
    one = instance_form(form, key)["time"]
    assert one == Span(Zoned(datetime(2026, 3, 15, 10), "Europe/Berlin"), lands)
    shown, _ = occurrences(form, datetime(2026, 3, 14, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC))
    assert dict(shown)[key]["time"] == one
