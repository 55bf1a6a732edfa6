"""The end that iCloud wants and RFC 5545 lets out (facts 0.12): written in full it says the same (I7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.ends import with_ends
from calsync_cli.mapping.ical import ICAL

FILES = sorted((Path(__file__).parents[2] / "data" / "ical").glob("*.ics"))


def event(*lines: str) -> bytes:
    inner = ("UID:u", "DTSTAMP:20261101T000000Z", *lines)
    return "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *inner, "END:VEVENT", "END:VCALENDAR", ""]).encode()


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("DTSTART:20261201T090000Z", "DTEND:20261201T090000Z"),
        ("DTSTART:20261201T090000", "DTEND:20261201T090000"),
        ("DTSTART;TZID=W. Europe Standard Time:20261201T090000", "DTEND;TZID=W. Europe Standard Time:20261201T090000"),
        ("DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101"),
        ("DTSTART:20261231", "DTEND:20270101"),
    ],
)
def test_the_end_that_is_meant_is_written_in_the_words_of_the_start(start: str, end: str) -> None:
    assert with_ends(event(start, "SUMMARY:a")) == event(start, end, "SUMMARY:a")


@pytest.mark.parametrize("own", ["DTEND:20261201T100000Z", "DURATION:PT1H"])
def test_an_end_that_is_there_stays_alone(own: str) -> None:
    payload = event("DTSTART:20261201T090000Z", own)
    assert with_ends(payload) == payload


def test_each_instance_of_a_series_gets_its_own() -> None:
    other = ("END:VEVENT", "BEGIN:VEVENT", "UID:u", "RECURRENCE-ID:20261202T090000Z", "DTSTART:20261202T110000Z")
    whole = with_ends(event("DTSTART:20261201T090000Z", "RRULE:FREQ=DAILY;COUNT=3", *other))
    assert whole.count(b"\r\nDTEND:20261201T090000Z\r\n") == whole.count(b"\r\nDTEND:20261202T110000Z\r\n") == 1


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_no_meaning_changes_and_no_line(file: Path) -> None:
    payload = file.read_bytes()
    whole = with_ends(payload)
    assert with_ends(whole) == whole
    try:
        meant = ICAL.read(payload)
    except MappingError:
        return
    assert ICAL.read(whole) == meant
    kept = [line for line in whole.splitlines(keepends=True) if not line.upper().startswith(b"DTEND")]
    assert kept == [line for line in payload.splitlines(keepends=True) if not line.upper().startswith(b"DTEND")]


def test_what_is_no_calendar_stays() -> None:
    assert with_ends(b"nothing") == b"nothing"
