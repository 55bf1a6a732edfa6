"""`agenda`: each event once for each of its days, on this machine's clock, without a request."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.cli.program import CONFIG, Shell
from tests.engine.world import ics

WEEK = ("agenda", "--from", "2026-12-01")


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("this system's clock cannot be moved to another zone")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def _day(uid: str, title: str, start: str, end: str, *lines: str) -> bytes:
    text = ics(uid, title, *lines)
    for name, value in (("DTSTART", start), ("DTEND", end)):
        at = text.index(name.encode())
        text = text[:at] + f"{name};VALUE=DATE:{value}".encode() + text[text.index(b"\r\n", at) :]
    return text


def _rows(shell: Shell, *words: str) -> list[list[str]]:
    said = shell(*WEEK, *words)
    assert said.code == 0
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in said.out.splitlines()[1:]]


def test_copies_are_one_row_that_names_their_calendars(shell: Shell) -> None:
    shell.put("x", "u1", "Dentist")
    shell("sync", "--yes")
    assert _rows(shell) == [["Tue 1 Dec 2026", "09:00-10:00", "Dentist", "x/Home, y/Home"]]


def test_whole_days_come_first_and_long_events_have_a_row_for_each_day(shell: Shell) -> None:
    shell.put("x", "u1", "Early")
    (shell.home("x") / "trip.ics").write_bytes(_day("trip", "Trip", "20261130", "20261203"))
    (shell.home("x") / "night.ics").write_bytes(ics("night", "Night", start="20261201T220000", hours=28))
    shell("sync", "--yes")
    assert [row[:3] for row in _rows(shell)] == [
        ["Tue 1 Dec 2026", "all day", "Trip"], ["Tue 1 Dec 2026", "09:00-10:00", "Early"],
        ["Tue 1 Dec 2026", "22:00-", "Night"], ["Wed 2 Dec 2026", "all day", "Trip"],
        ["Wed 2 Dec 2026", "all day", "Night"], ["Thu 3 Dec 2026", "-02:00", "Night"],
    ]


def test_an_event_that_ends_at_midnight_is_not_on_the_next_day(shell: Shell) -> None:
    (shell.home("x") / "u.ics").write_bytes(ics("u", "Late", start="20261201T220000", hours=2))
    shell("sync", "--yes")
    assert [row[:2] for row in _rows(shell)] == [["Tue 1 Dec 2026", "22:00-00:00"]]


def test_a_series_of_years_ago_shows_its_dates_with_what_was_moved_and_cancelled(shell: Shell) -> None:
    series = ics("s", "Stand-up", "RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Berlin:20261202T090000",
                 start="20180101T090000")
    moved = ics("s", "Moved", "RECURRENCE-ID;TZID=Europe/Berlin:20261203T090000", start="20261203T140000")
    event = moved[moved.index(b"BEGIN:VEVENT") : moved.index(b"END:VCALENDAR")]
    (shell.home("x") / "s.ics").write_bytes(series.replace(b"END:VCALENDAR", event + b"END:VCALENDAR"))
    shell("sync", "--yes")
    assert [row[:3] for row in _rows(shell, "--days", "4")] == [
        ["Tue 1 Dec 2026", "09:00-10:00", "Stand-up"], ["Thu 3 Dec 2026", "14:00-15:00", "Moved"],
        ["Fri 4 Dec 2026", "09:00-10:00", "Stand-up"],
    ]


def test_times_are_those_of_this_machine(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.put("x", "u1", "Dentist")
    shell("sync", "--yes")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    (row,) = shell(*WEEK, "--json").json["events"]
    assert (row["day"], row["start"]) == ("2026-12-01", "2026-12-01T21:00:00+13:00")


def test_what_is_called_off_is_not_there(shell: Shell) -> None:
    shell.put("x", "u1", "Off", "STATUS:CANCELLED")
    shell("sync", "--yes")
    said = shell(*WEEK)
    assert (said.code, said.out) == (0, "nothing from Tue 1 Dec 2026 to Mon 7 Dec 2026\n")


def test_overlaps_name_both_events_and_only_busy_ones(shell: Shell) -> None:
    shell.put("x", "u1", "Dentist")
    (shell.home("y") / "u2.ics").write_bytes(ics("u2", "Call", start="20261201T093000"))
    shell.put("x", "u3", "Radio", "TRANSP:TRANSPARENT")
    (shell.home("x") / "u4.ics").write_bytes(ics("u4", "Next", start="20261201T103000"))
    shell("sync", "--yes")
    assert _rows(shell, "--overlaps") == [
        ["Tue 1 Dec 2026", "09:30-10:00", "Dentist (x/Home, y/Home)", "Call (x/Home, y/Home)"]
    ]
    (found,) = shell(*WEEK, "--overlaps", "--json").json["overlaps"]
    assert found["start"] == "2026-12-01T09:30:00+01:00" and [e["uid"] for e in found["events"]] == ["u1", "u2"]


def test_a_busy_copy_is_its_event_and_no_double_booking(shell: Shell) -> None:
    shell.config.write_text(CONFIG.replace('b = "y/Home"', 'b = "y/Home"\ndirection = "a-to-b"\nto_b.view = "busy"'))
    shell.put("x", "u1", "Dentist")
    assert shell("sync", "--yes").code == 0 and shell.titles("y") == ["Busy"]
    assert _rows(shell) == [["Tue 1 Dec 2026", "09:00-10:00", "Dentist", "x/Home, y/Home"]]
    assert shell(*WEEK, "--overlaps").out.startswith("no double bookings from")


def test_what_cannot_be_worked_out_or_read_is_named(shell: Shell) -> None:
    shell.put("x", "u1", "Pulse", "RRULE:FREQ=HOURLY")
    (shell.home("x") / "bad.ics").write_bytes(b"BEGIN:VCALENDAR\r\n")
    shell("sync", "--yes")
    said = shell(*WEEK)
    assert '"Pulse" repeats in a way' in said.err and "1 event could not be read" in said.err
    assert len(shell(*WEEK, "--json").json["notes"]) == 2


@pytest.mark.parametrize("words", [("--from", "soon"), ("--from", "9999-12-31"), ("--days", "0"), ("--days", "x")])
def test_what_is_no_day_or_number_is_refused(shell: Shell, words: tuple[str, str]) -> None:
    said = shell("agenda", *words)
    assert said.code == 2 and "calsync agenda -h" in said.err


def test_today_and_tomorrow_are_words(shell: Shell) -> None:
    shell.synced(1)
    today, tomorrow = (shell("agenda", "--from", word, "--json").json["from"] for word in ("today", "tomorrow"))
    assert today < tomorrow and shell("agenda", "--json").json["days"] == 7
