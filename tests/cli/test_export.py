"""`export`: one file with every event as it stands, and never over another file."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing

import pytest

from calsync_cli.mapping.contentlines import parse
from calsync_cli.mapping.gather import Gathered
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.vtimezones import vtimezone
from calsync_cli.model.series import LOCAL_FIELDS, without_fields
from tests.cli.program import CONFIG, Shell
from tests.corpus import OBJECTS
from tests.engine.world import ics


def _events(data: bytes) -> list[bytes]:
    return [b"".join(event.raw()) for event in parse(data).calendar.parts("VEVENT")]


def _with_zone(payload: bytes, tzid: str, rules: str) -> bytes:
    block = "\r\n".join([*vtimezone(rules, 2026, 2027), ""]).replace(f"TZID:{rules}", f"TZID:{tzid}").encode()
    return payload.replace(b"Europe/Berlin", tzid.encode()).replace(b"BEGIN:VEVENT", block + b"BEGIN:VEVENT")


def test_every_event_keeps_its_lines_and_a_zone_is_there_once(shell: Shell) -> None:
    for n in range(3):
        payload = ics(f"u{n}", f"Event {n}", "X-OWN;X-P=1:kept", "ATTENDEE:mailto:a@example.org")
        (shell.home("x") / f"u{n}.ics").write_bytes(_with_zone(payload, "Europe/Berlin", "Europe/Berlin"))
    shell("sync", "--yes")
    file = shell.folder / "out.ics"
    said = shell("export", "x/Home", str(file))
    assert (said.code, said.out, said.err) == (0, f"3 events of x/Home written to {file}\n", "")
    assert _events(file.read_bytes()) == [e for n in range(3) for e in _events(shell.file("x", f"u{n}").read_bytes())]
    assert file.read_bytes().count(b"BEGIN:VTIMEZONE") == 1
    assert shell("export", "x/Home").out.encode() == file.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="no umask there")
def test_a_file_that_is_there_is_replaced_only_by_force(shell: Shell) -> None:
    shell.synced(1)
    file = shell.folder / "my out.ics"
    file.write_text("mine")
    said = shell("export", "x/Home", str(file))
    assert said.code == 2 and "is there already" in said.err and f"'{file}' --force" in said.err
    assert file.read_text() == "mine"
    before = os.umask(0o027)
    try:
        assert shell("export", "x/Home", str(file), "--force").code == 0
    finally:
        os.umask(before)
    assert len(_events(file.read_bytes())) == 1 and file.stat().st_mode & 0o777 == 0o640
    assert [f.name for f in shell.folder.iterdir() if "out.ics" in f.name] == ["my out.ics"]


def test_what_cannot_be_exported_is_named_and_the_rest_is_there(shell: Shell) -> None:
    shell.put("x", "u1", "Dentist")
    (shell.home("x") / "bad.ics").write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n")
    shell("sync", "--yes")
    said = shell("export", "x/Home")
    assert said.code == 1 and "bad.ics is not in the file" in said.err and "SUMMARY:Dentist" in said.out


def test_a_calendar_or_folder_that_is_not_there_is_said(shell: Shell) -> None:
    shell.synced(1)
    assert "no calendar 'x/Work'" in shell("export", "x/Work").err
    said = shell("export", "x/Home", str(shell.folder / "none" / "out.ics"))
    assert said.code == 2 and "cannot be written" in said.err


def test_one_name_for_two_clocks_stays_two_clocks() -> None:
    gathered = Gathered()
    payloads = [_with_zone(ics(zone, "E"), "Customized", zone) for zone in ("Europe/Berlin", "America/New_York")]
    for payload in payloads * 2:
        gathered.add(payload)
    data = gathered.data("Home")
    head = data[: data.index(b"BEGIN:VEVENT")]
    forms = [ICAL.read(head + event + b"END:VCALENDAR\r\n").form for event in _events(data)]
    assert forms == [ICAL.read(payload).form for payload in payloads * 2] and head.count(b"BEGIN:VTIMEZONE") == 2


def test_odd_objects_say_in_the_file_what_they_said_alone() -> None:
    """But text that is no UTF-8, which is another line then."""
    gathered, kept = Gathered(), []
    for payload in (p for p in OBJECTS.values() if len(p) < 30_000):
        alone = Gathered()
        alone.add(payload)
        assert ICAL.read(alone.data("")).form == ICAL.read(payload).form
        gathered.add(payload)
        kept += [line.text for event in parse(payload).calendar.parts("VEVENT") for line in event.lines]
    there = [line.text for event in parse(gathered.data("All")).calendar.parts("VEVENT") for line in event.lines]
    assert len([line for line in kept if line.strip()]) == len(there)


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_events_of_a_service_become_calendar_lines_that_mail_nobody(shell: Shell, provider: str) -> None:
    """The mirror of such an account: its payloads are the service's own, the forms are what was understood of them."""
    shell.put("x", "u1", "Dentist", "ATTENDEE:mailto:a@example.org")
    shell.put("x", "u2", "Unread")
    shell("sync", "--yes")
    form = ICAL.read(shell.file("x", "u1").read_bytes()).form
    with closing(sqlite3.connect(shell.state / "calsync.db")) as db:
        db.execute("UPDATE mirror_item SET payload = ?", [b"{}"])
        db.execute("UPDATE mirror_item SET form = NULL, problem = 'odd' WHERE uid = 'u2'")
        db.commit()
    key = 'client_file = "c.json"' if provider == "google" else 'client_id = "00000000-0000-0000-0000-000000000000"'
    text = CONFIG.replace('provider = "vdir"\npath = "x"', f'provider = "{provider}"\n{key}')
    shell.config.write_text(text)
    said = shell("export", "x/Home")
    assert said.code == 1 and "u2.ics is not in the file: odd" in said.err
    assert ICAL.read(said.out.encode()).form == without_fields(form, LOCAL_FIELDS)
    assert "\nATTENDEE" not in said.out and "X-CALSYNC-LINK" not in said.out
