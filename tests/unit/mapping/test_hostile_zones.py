"""VTIMEZONEs made to keep a program busy: the event is left alone, soon, or read as far as it can be (I14)."""

from __future__ import annotations

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.zones import iana, is_zone
from calsync_cli.model.series import form_span
from calsync_cli.model.times import Zoned

HOSTILE = {
    "every second of a day that never comes": ["FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31"],
    "every minute since 1601": ["FREQ=MINUTELY"],
    "each second of each year": [
        "FREQ=YEARLY;BYYEARDAY=1,2,3;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE="
        + ",".join(map(str, range(60))) + ";BYSECOND=" + ",".join(map(str, range(60)))],
    "a yearly day that never comes, many times": ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"] * 300,
    "a million times a day that never comes": ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000000"] * 300,
}


def event(*rules: str, dates: int = 0) -> bytes:
    summer = [f"RRULE:{rule}" for rule in rules] or ["RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"]
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD", "DTSTART:16010101T030000",
        "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD",
        "BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", *summer,
        *(f"RDATE:1900{n % 12 + 1:02}{n % 28 + 1:02}T0000{n % 60:02}" for n in range(dates)), "END:DAYLIGHT",
        "END:VTIMEZONE", "BEGIN:VEVENT", "UID:u1", "DTSTART;TZID=Ours:20260705T090000", "END:VEVENT",
        "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def zone_of(payload: bytes) -> str | None:
    """The zone its start was read in, or None when the event was left alone."""
    try:
        span = form_span(ICAL.read(payload).form)
    except MappingError:
        return None
    assert span is not None and isinstance(span.start, Zoned)
    return span.start.tzid


@pytest.mark.timeout(60)
@pytest.mark.parametrize("rules", HOSTILE.values(), ids=HOSTILE)
def test_a_zone_that_would_take_for_ever_is_no_zone(rules: list[str]) -> None:
    assert zone_of(event(*rules)) is None


@pytest.mark.timeout(60)
def test_a_hundred_thousand_dates_are_no_zone() -> None:
    assert zone_of(event(dates=100_000)) is None


def test_an_honest_zone_is_found_by_its_rules() -> None:
    assert zone_of(event()) == "Europe/Berlin"
    assert zone_of(event("BYMONTH=3;BYDAY=-1SU;FREQ=YEARLY;INTERVAL=1;WKST=MO;UNTIL=20991231T000000Z"))
    assert zone_of(event("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20200101T000000Z",
                         "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=25,26,27,28,29,30,31;BYDAY=SU")) == "Europe/Berlin"
    assert zone_of(event(dates=500)) == "Europe/Berlin"


def test_a_name_of_a_thousand_parts_is_no_zone() -> None:
    assert not is_zone("/".join(["Europe"] * 1000)) and iana("/".join(["Europe"] * 1000)) is None
