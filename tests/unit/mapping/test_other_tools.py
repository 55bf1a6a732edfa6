"""What other programs write beside their copies, as it stands in their own code (N5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from calsync_cli.mapping import other_tools
from calsync_cli.mapping.registry import mapping
from tests.engine.world import ics

GOOGLE = Path(__file__).parents[2] / "data/google"
PRIVATE: list[tuple[dict[str, str], str]] = [
    ({"inovex.calendarsync.EventID": "1", "inovex.calendarsync.OriginalEventUri": "u",
      "inovex.calendarsync.SourceID": "s"}, "CalendarSync"),
    ({"EventID": "1", "OriginalEventUri": "u", "SourceID": "s"}, "CalendarSync"),
    ({"outlook_EntryID": "0", "outlook_GlobalApptID": "1", "outlook_CalendarID": "2"}, "Outlook Google Calendar Sync"),
    ({"outlook_CalendarID-02": "2"}, "Outlook Google Calendar Sync"),
    ({"MD5": "x", "fromGAS": "true", "id": "u"}, "GAS-ICS-Sync"),
    ({"sourceEventId": "1", "sourceCalendarId": "c"}, "a script that copies events"),
    ({"EventID": "1", "SourceID": "s"}, ""),
    ({"reclaim.touched": "true", "reclaim.event.category": "VACATION"}, ""),
    ({"OGCSmodified": "20260101"}, ""),
    ({}, ""),
]


def document(**more: Any) -> bytes:
    found = json.loads((GOOGLE / "all_day.json").read_text(encoding="utf-8"))
    found["event"] = {**found["event"], **more}
    return json.dumps(found).encode()


@pytest.mark.parametrize(("private", "tool"), PRIVATE)
def test_private_properties_at_google(private: dict[str, str], tool: str) -> None:
    reading = mapping("google").read(document(extendedProperties={"private": private}))
    assert reading.tool == tool


def test_the_title_that_gcalsync_gives() -> None:
    assert mapping("google").read(document(summary="O_o Dentist")).tool == other_tools.GCALSYNC
    assert mapping("google").read(document(summary="He said O_o")).tool == ""


@pytest.mark.parametrize(
    ("uid", "title", "prodid", "tool"),
    [
        ("gcalsync-20260101T090000Z", "Dentist", "x", "gcalsync"),
        ("u1", "O_o Dentist", "x", "gcalsync"),
        ("u1", "Dentist", "-//CalendarSync//CalendarSync 1.0//EN", "CalendarSync"),
        ("gcalsync-notes", "Dentist", "-//CalendarSynchronizer//EN", ""),
        ("u1", "Dentist", "-//calsync//EN", ""),
    ],
)
def test_lines_of_icalendar(uid: str, title: str, prodid: str, tool: str) -> None:
    raw = b"".join(
        b"PRODID:" + prodid.encode() + b"\r\n" if line.startswith(b"PRODID") else line
        for line in ics(uid, title).splitlines(keepends=True)
    )
    assert b"PRODID:" + prodid.encode() in raw
    assert mapping("ical").read(raw).tool == tool


def test_a_copy_that_calsync_made_of_such_a_copy_is_its_own() -> None:
    wire = mapping("ical")
    reading = wire.read(ics("u1", "O_o Dentist"))
    assert reading.tool
    from calsync_cli.engine.keys import Marker

    mark = Marker("i" * 32, "a" * 32, 0).text("cal", "u1")
    assert wire.read(wire.make("u1", reading.form, mark)).tool == ""
