"""Zone names of the wild, and the VTIMEZONEs we write ourselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from dateutil.tz import tzical

from calsync_cli.mapping.vtimezones import vtimezone
from calsync_cli.mapping.zones import display, iana, windows
from calsync_cli.model.times import zone


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("europe/berlin", "Europe/Berlin"),
        ('"Europe/Berlin"', "Europe/Berlin"),
        ("/Europe/Berlin", "Europe/Berlin"),
        ("/citadel.org/20210210_1/Europe/Berlin", "Europe/Berlin"),
        ("/softwarestudio.org/Tzfile/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Etc/UTC", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("Z", "UTC"),
        ("Mars/Base", None),
        ("localtime", None),
        ("../../etc/passwd", None),
        ("Europe", None),
        ("", None),
        ("a\x00b", None),
    ],
)
def test_a_name_that_spells_out_its_zone(tzid: str, name: str | None) -> None:
    assert iana(tzid) == name


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("pacific standard time", "America/Los_Angeles"),
        ("India Standard Time", "Asia/Calcutta"),
        ("Customized Time Zone", None),
    ],
)
def test_windows_names(tzid: str, name: str | None) -> None:
    assert windows(tzid) == name


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("(UTC+09:00) Osaka, Sapporo, Tokyo", "Asia/Tokyo"),
        ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "Asia/Kolkata"),
        ("(GMT-08:00) Pacific Time (US & Canada)", "America/Los_Angeles"),
        ("(UTC+01:00) Brussels, Copenhagen, Madrid, Paris", "Europe/Brussels"),
        ("(UTC) Coordinated Universal Time", "UTC"),
        ("(UTC+01:00) Nowhere, Atlantis", None),
        ("(UTC+07:00) Brussels", None),
    ],
)
def test_display_names_of_outlook(tzid: str, name: str | None) -> None:
    assert display(tzid) == name


ZONES = [
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Jerusalem",
    "Africa/Casablanca", "America/Santiago", "Pacific/Apia", "Europe/Dublin", "Asia/Tehran", "America/Nuuk",
]  # fmt: skip


@pytest.mark.parametrize("tzid", ZONES)
@pytest.mark.parametrize("year", [1998, 2011, 2026])
def test_our_vtimezone_gives_the_offsets_of_the_zone_c3(tzid: str, year: int) -> None:
    """Read back by an independent reader, every six hours of three years but the days around a change."""
    block = vtimezone(tzid, year, year + 2)
    reader = tzical(StringIO("\n".join(block) + "\n")).get()
    instant = datetime(year, 1, 1, tzinfo=UTC)
    while instant < datetime(year + 3, 1, 1, tzinfo=UTC):
        local = instant.astimezone(zone(tzid))
        if _steady(instant, tzid):
            assert reader.utcoffset(local.replace(tzinfo=None)) == local.utcoffset(), local
        instant += timedelta(hours=6)


def _steady(instant: datetime, tzid: str) -> bool:
    around = [(instant + timedelta(hours=h)).astimezone(zone(tzid)).utcoffset() for h in (-30, 0, 30)]
    return len(set(around)) == 1


def test_a_common_zone_is_told_by_two_rules_that_hold_for_ever() -> None:
    text = "\r\n".join(vtimezone("Europe/Berlin", 2026, 2040))
    assert "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" in text
    assert "DTSTART:19960331T020000" in text  # local time before the change, as RFC 5545 section 3.6.5 wants
    assert text.count("BEGIN:") == 3


def test_observances_begin_before_the_event() -> None:
    for year in (1975, 1997, 2007, 2026):
        starts = [line for line in vtimezone("America/New_York", year, 2040) if line.startswith("DTSTART:")]
        assert min(starts) < f"DTSTART:{year}"
