"""What the program itself makes for the documents is up to date. It is made by `python -m tests.docs.make`."""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess

import pytest

from tests.docs import pages, picture, transcript
from tests.docs.words import words

AGAIN = "python -m tests.docs.make"


def test_the_page_of_commands_is_the_programs_own_help() -> None:
    assert pages.COMMANDS.read_text(encoding="utf-8") == pages.commands(), f"{AGAIN} commands"


def test_the_page_of_keys_is_the_programs_own_schema() -> None:
    assert pages.CONFIGURATION.read_text(encoding="utf-8") == pages.configuration(), f"{AGAIN} commands"


def test_the_man_page_is_the_programs_own_help() -> None:
    assert pages.MAN.read_text(encoding="utf-8") == pages.man(), f"{AGAIN} commands"


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff on this machine to read the man page")
def test_the_man_page_is_one_that_can_be_read() -> None:
    command = ["groff", "-man", "-ww", "-T", "utf8", str(pages.MAN)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "calsync conflicts resolve" in re.sub(r"\x1b\[[\d;]*m|.\x08", "", done.stdout)


def test_the_picture_of_status_shows_what_status_draws() -> None:
    drawn = picture.told(picture.picture(picture.screen()))
    assert picture.told(picture.FILE.read_text(encoding="utf-8")) == drawn, f"{AGAIN} status"
    assert "1 conflict" in drawn and "last good sync" in drawn


def test_pictures_load_nothing_and_need_no_light() -> None:
    for file in picture.FILE.parent.glob("*.svg"):
        text = file.read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[^\s\"'<)]+", text)) == {"http://www.w3.org/2000/svg"}, file
        assert "prefers-color-scheme: dark" in text or "#0d1117" in text


def test_the_first_ten_minutes_are_as_they_are_told() -> None:
    told, now = transcript.FILE.read_text(encoding="utf-8"), transcript.page()
    if words(told) != words(now):
        changed = difflib.unified_diff(told.splitlines(), now.splitlines(), "told", "now", n=1, lineterm="")
        pytest.fail("\n".join([f"{AGAIN} transcript", *changed]))


def test_the_first_ten_minutes_name_no_machine() -> None:
    told = transcript.FILE.read_text(encoding="utf-8")
    for trace in ("/tmp", "/root", "127.0.0.1", "localhost", "python"):
        assert trace not in told.replace(AGAIN, ""), trace
