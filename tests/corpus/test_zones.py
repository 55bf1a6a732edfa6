"""C3: a share of the moments of every zone; all of them, more than a million, by `python -m tests.corpus --full`.

For Outlook, Windows names and days see tests/unit/test_graph_mapping_zones.py; blocks of other programs are below.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.vtimezones import vtimezone
from calsync_cli.model.series import Form
from calsync_cli.model.times import AllDay, Floating, Span, When, Zoned
from tests.corpus.odd import event
from tests.corpus.zone_times import LENGTH, NAMES, check

EVERY = 40
ZONES = NAMES[::30]
SHARES = 8
BLOCKS = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Sao_Paulo", "Asia/Tehran")


@pytest.mark.parametrize("share", range(SHARES))
def test_a_moment_of_each_zone_is_the_same_in_a_file_and_at_google_i16(share: int) -> None:
    assert sum(check(name, EVERY) for name in ZONES[share::SHARES]) > 400 // SHARES


def test_clocks_that_changed_at_another_hour_once_have_the_hours_of_today() -> None:
    """Uzhhorod put its clocks forward at two until 1996, and at three since."""
    assert "DTSTART:19960331T020000" not in vtimezone("Europe/Uzhgorod", 2000, 2040)


@pytest.mark.parametrize("tzid", ["Europe/Riga", "Asia/Baku", "Africa/Windhoek", "Asia/Yerevan", "Asia/Aqtobe"])
def test_clocks_that_stopped_or_paused_have_a_block_with_these_years(tzid: str) -> None:
    assert check(tzid, 4) > 500


@pytest.mark.parametrize("name", sorted(WINDOWS_TO_OLSON))
def test_a_windows_name_without_a_block_is_its_zone(name: str) -> None:
    for month in (1, 7):
        payload = event(f"DTSTART;TZID={name}:2027{month:02}15T093000", f"DTEND;TZID={name}:2027{month:02}15T103000")
        span = ICAL.read(payload).form["time"]
        assert isinstance(span, Span) and isinstance(span.start, Zoned)
        here, there = (datetime(2027, month, 15, 9, 30, tzinfo=ZoneInfo(zone))
                       for zone in (span.start.tzid, WINDOWS_TO_OLSON[name]))
        assert here.utcoffset() == there.utcoffset()


@pytest.mark.parametrize("tzid", BLOCKS)
def test_a_block_under_a_name_of_nobody_is_read_by_its_rules(tzid: str) -> None:
    for year in range(2019, 2031):
        block = "\r\n".join(vtimezone(tzid, year, year + 4)).replace(f"TZID:{tzid}", "TZID:Mine").encode()
        for month in range(1, 13):
            wall = datetime(year, month, 10, 9, 30)
            lines = (f"DTSTART;TZID=Mine:{wall:%Y%m%dT%H%M%S}", f"DTEND;TZID=Mine:{wall + LENGTH:%Y%m%dT%H%M%S}")
            span = ICAL.read(event(*lines, zones=[block])).form["time"]
            assert isinstance(span, Span) and isinstance(span.start, Zoned)
            assert wall.replace(tzinfo=ZoneInfo(span.start.tzid)).utcoffset() == wall.replace(
                tzinfo=ZoneInfo(tzid)
            ).utcoffset()


@pytest.mark.parametrize("make", [lambda at: AllDay(at.date()), Floating])
def test_days_and_floating_times_of_all_these_years_stay_as_they_are(make: type[Floating]) -> None:
    for n in range(0, 366 * 41, 17):
        at = datetime(2000, 1, 1, 9, 30) + timedelta(days=n)
        start: When = make(at)
        form: Form = {"title": "x", "time": Span(start, make(at + timedelta(days=1)))}
        assert ICAL.read(ICAL.make("u", form, "m")).form == form
