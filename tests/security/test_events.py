"""Invitations and feeds that are bombs: rules, dates, nesting, names of zones. None may stop or fill a run.

Rules that never come, far years, deep nesting: tests/unit/test_rules_that_never_come.py, test_far_years.py, tests/fuzz.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.registry import mapping
from tests.cli.conftest import shell as shell
from tests.cli.program import Shell

DATA = Path(__file__).parents[1] / "data"
LIMIT_S = 5.0
"""For one event, on a machine that does other things too."""


def raw(*lines: str, start: str = "DTSTART;TZID=Europe/Berlin:20261201T090000", uid: str = "u1") -> bytes:
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z"]
    head += [start]
    return "\r\n".join([*head, "SUMMARY:Bomb", *lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()


MANY = 10_000
"""The same with 100,000 by hand: 8 s of processor for the worst, 16 s for the whole calendar."""
BOMBS: dict[str, bytes] = {
    "every second": raw("RRULE:FREQ=SECONDLY"),
    "every second of a day that never comes": raw("RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"),
    "a billion times": raw("RRULE:FREQ=DAILY;COUNT=1000000000"),
    "a number of 4000 digits": raw("RRULE:FREQ=DAILY;COUNT=" + "9" * 4000),
    "all seconds of a year, the last one": raw(
        f"RRULE:FREQ=YEARLY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))};"
        f"BYSECOND={','.join(map(str, range(60)))};BYSETPOS=-1"
    ),
    "ten thousand rules": raw(*["RRULE:FREQ=DAILY"] * MANY),
    "ten thousand dates out": raw("RRULE:FREQ=DAILY", *["EXDATE;TZID=Europe/Berlin:20261201T090000"] * MANY),
    "ten thousand dates in one line": raw("RDATE;TZID=Europe/Berlin:" + ",".join(["20261202T090000"] * MANY)),
    "ten thousand alarms": raw(*["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "END:VALARM"] * MANY),
    "nested without end": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * MANY + b"END:VEVENT\r\n" * MANY,
    "parameters without end": raw("X-A" + ";A=b" * MANY + ":x"),
    "quotes that do not close": raw('X-A;A="' * MANY),
    "folded into letters": raw("DESCRIPTION:x\r\n " + "\r\n ".join("y" * MANY)),
    "backslashes": raw("DESCRIPTION:" + "\\" * MANY),
    "markup": raw("X-ALT-DESC;FMTTYPE=text/html:" + "<div>" * MANY),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_it_is_read_or_refused_in_time(bomb: bytes) -> None:
    begin = time.process_time()
    try:
        mapping("ical").read(bomb)
    except MappingError as err:
        assert len(str(err)) < 500
    assert time.process_time() - begin < LIMIT_S


def test_a_calendar_of_bombs_syncs_beside_a_good_event(shell: Shell) -> None:
    """Read, planned, written, read back, shown; what cannot be read is left alone and told."""
    shell.put("x", "good", "Good")
    for number, bomb in enumerate(BOMBS.values()):
        (shell.home("x") / f"{number}.ics").write_bytes(bomb.replace(b"UID:u1\r", b"UID:b%d\r" % number))
    begin = time.process_time()
    assert shell("sync", "--yes").code in (0, 1)
    assert "Good" in shell.titles("y")
    assert shell("sync").code in (0, 1)
    shell("agenda", "--from", "2026-12-01", "--days", "3")
    shell("why", "Bomb")
    assert time.process_time() - begin < 4 * LIMIT_S


ZONES = (
    "../../../../etc/passwd", "/etc/passwd", "Europe", "x" * 5000, "Europe/Berlin/../../../../etc/passwd", "..",
    "tzdata.zi", "localtime", "posixrules", "CON", "x\x00y", "\u202eBerlin",
)


@pytest.mark.parametrize("zone", ZONES)
def test_the_name_of_a_zone_is_no_path(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outside of the two folders of zones is opened."""
    opened: list[str] = []
    real = open

    def watched(file: Any, *args: Any, **more: Any) -> Any:
        opened.append(str(file))
        return real(file, *args, **more)

    monkeypatch.setattr("builtins.open", watched)
    with pytest.raises(MappingError):
        mapping("ical").read(raw(start=f"DTSTART;TZID={zone}:20261201T090000"))
    for kind in ("google", "graph"):
        document = json.loads((DATA / kind / "all_day.json").read_text(encoding="utf-8"))
        times = {"dateTime": "2026-05-04T09:00:00", "timeZone": zone}
        document["event"] |= {"start": times, "end": times, "isAllDay": False, "originalStartTimeZone": zone}
        try:
            mapping(kind).read(json.dumps(document).encode())
        except MappingError as err:
            assert len(str(err)) < 500
    assert not [path for path in opened if "passwd" in path or (path.startswith("/etc") and "localtime" not in path)]
