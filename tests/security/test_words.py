"""Words of others, in titles, names and errors: none of them steers a terminal or passes for a line of ours."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from pathlib import Path

import pytest

from calsync_cli.cli import draw, exits, log, screen
from calsync_cli.cli.context import Context
from calsync_cli.cli.screen import JOINERS
from calsync_cli.errors import ProtocolError
from tests.cli.conftest import shell as shell
from tests.cli.program import Said, Shell
from tests.fakes.caldav_server import FakeCalDav

EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\x08\x0b\x0c\x85\u2028\u2029\u202e\u2066\u200b\ufeff\U000e0041\r"
FORGED = "2026-11-21T10:00:00+0000 1 INFO calsync_cli: ends with exit code 0"
LOOKS = (
    ("sync", "--yes", "-vv"), ("events", "list"), ("events", "show", "Evil"), ("agenda",), ("why", "Evil"), ("status",),
    ("history",), ("history", "1"), ("conflicts",), ("conflicts", "list"), ("calendars",), ("trash",), ("approvals",),
    ("doctor", "-vv"), ("accounts",), ("config", "check"),
)


def steers(text: str) -> list[str]:
    """What a terminal would act upon, or turn the line round."""
    return [f"U+{ord(c):04X}" for c in set(text) - set("\n" + JOINERS) if unicodedata.category(c) in CONTROLS]


CONTROLS = ("Cc", "Cf", "Zl", "Zp", "Cs")


def check(said: Said) -> None:
    assert steers(said.out + said.err) == []
    assert not re.search(rf"^{re.escape(FORGED)}", said.out + said.err, re.MULTILINE)


def put(shell: Shell, side: str, uid: str, title: str) -> None:
    """Every text of the event, its UID included."""
    words = title.replace("\r", "")
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", f"UID:{uid}{EVIL[:-1]}",
        "DTSTAMP:20260101T000000Z", "DTSTART:20261122T090000Z", f"SUMMARY:Evil {words}\\n{FORGED}",
        f"LOCATION:{words}\\n{FORGED}",
        f"DESCRIPTION:{words}\\n{FORGED}", f"CATEGORIES:{words}", f"URL:https://example.org/{words}", "END:VEVENT",
        "END:VCALENDAR", "",
    ]
    (shell.home(side) / "evil.ics").write_bytes("\r\n".join(lines).encode())


@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
def test_no_text_of_an_event_reaches_a_terminal_raw(shell: Shell, as_json: bool) -> None:
    put(shell, "x", "u1", EVIL)
    (shell.home("x") / f"bad{EVIL[:30].replace(chr(13), '')}.ics".replace("/", "")).write_bytes(b"BEGIN:VCALENDAR\r\n")
    check(shell("sync", "--yes"))
    put(shell, "x", "u1", EVIL + " mine")
    put(shell, "y", "u1", EVIL + " yours")
    said = "".join(
        (found := shell(*words, *(["--json"] if as_json and words[0] != "config" else []))).out + found.err
        for words in LOOKS if check(shell(*words)) is None
    )
    assert "owned" in said and steers(said) == []


def test_json_says_the_same_as_before_it_was_made_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"title": EVIL + "Zoë 👩\u200d👧 \ud83d", "n": [1, {"x": None}]}
    draw.print_json(data)
    out = capsys.readouterr().out
    assert json.loads(out) == data and steers(out) == [] and "Zoë" in out


def test_the_words_of_a_server_reach_no_terminal_raw(shell: Shell) -> None:
    """Its names, and what it says when it refuses; XML itself has no escape character, but the others."""
    name = "Work \x9b31m\u202e\u2066\u200b\x85\u2028" + FORGED
    with FakeCalDav("basic-auth") as server:
        server.calendar(name)
        shell.config.write_text(
            f'[accounts.dav]\nprovider = "caldav"\nurl = "{server.url}dav/"\nusername = "me"\npassword = "secret"\n'
            '[accounts.y]\nprovider = "vdir"\npath = "y"\n[pairs.home]\na = "y/Home"\nb = "dav/Work"\n'
        )
        for words in (("calendars",), ("calendars", "dav", "--json"), ("sync", "--yes", "-vv"), ("doctor",)):
            found = shell(*words)
            check(found)
            assert "Work" in found.out + found.err, words


def test_whatever_is_printed_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    screen.say(f"  kept  blanks {EVIL}", "two\nlines")
    out = capsys.readouterr().out
    assert steers(out) == [] and out.startswith("  kept  blanks ") and out.endswith("two\nlines\n")


def test_no_text_passes_for_a_line_of_the_log(tmp_path: Path) -> None:
    file = log.open_log(tmp_path, 0)
    assert file is not None
    try:
        for end in ("\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"):
            logging.getLogger("calsync_cli.test").warning("title %s", f"Tea{end}{FORGED}")
        try:
            raise ValueError(f"{EVIL}\n{FORGED}")
        except ValueError:
            logging.getLogger("calsync_cli.test").exception("broken")
    finally:
        log.close_log()
    text = file.read_text(encoding="utf-8")
    assert steers(text) == [] and text.count(FORGED) == 7 and "Traceback" in text
    begun = [line for line in text.split("\n") if line[:1].isdigit()]
    assert len(begun) == 7 and not any(line.startswith(FORGED) for line in text.split("\n"))


def test_no_error_makes_lines_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    exits.tell(ProtocolError(f"the server said: no\n{FORGED}\ncalsync: all is well"), Context(), as_json=False)
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("calsync: the server said: no ") and last.startswith("  next: ")
