"""docs/first-ten-minutes.md: a person's first ten minutes with the real program at a terminal, a folder and a server.

Shape   page() -> the document. It runs for some ten seconds: a Radicale, and each command as a process in a pty
Home    an empty one; what differs from machine to machine is replaced by what stands in every document
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docs.documents import ROOT
from tests.docs.events import week
from tests.docs.home import SHIM
from tests.docs.typist import Answers, typed
from tests.docs.words import plain
from tests.fakes.servers import Server, radicale

FILE = ROOT / "docs" / "first-ten-minutes.md"
COLUMNS = 100
HEAD = """\
# The first ten minutes

<!-- Made by running the program; not edited by hand: python -m tests.docs.make -->

This is what a person saw who had never used calsync: a folder of events on the laptop, an empty calendar on a CalDAV
server, and the program. Every line was printed by it or typed to it. Only the address of the server is another one.
"""


@dataclass(frozen=True)
class Step:
    """Words before it, what is typed at the shell, what is answered, and the exit code that must come."""

    words: str
    line: str
    answers: Answers = ()
    code: int = 0


def steps(url: str) -> Iterator[Step]:
    yield Step(
        "## From nothing to a first sync\n\n"
        "`calsync init` asks what to connect, tries each sign-in at once, and ends with a plan that waits for a yes.",
        "calsync init",
        [
            ("shall be connected?", None), ("> ", "folder"), ("[~/.calendars]: ", ""),
            ("shall be connected?", None), ("> ", "caldav"), ("[caldav]: ", "cloud"), ("(https://...): ", url),
            ("user name: ", "me"), ("password of me: ", "pass word"),
            ("shall be connected?", None), ("> ", ""),
            ("first calendar?", None), ("> ", "1"), ("second calendar?", None), ("> ", "1"),
            ("> [1] ", ""), ("> [1] ", ""), ("Go ahead?", None), ("] ", "y"),
        ],
    )  # fmt: skip
    yield Step("Did it? One glance, and a second run, which has nothing to do.", "calsync status")
    yield Step("", "calsync sync")
    yield Step(
        "## An edit\n\n"
        "The dentist moves on the laptop: any program that writes such files may do it, here it is `sed`. What is "
        "calsync going to do about that? And why?",
        "sed -i 's/T093000/T110000/; s/T103000/T120000/' ~/.calendars/Home/dentist.ics",
    )
    yield Step("", "calsync sync --dry-run")
    yield Step("", "calsync sync")
    yield Step("", 'calsync why "Dentist"')
    yield Step(
        "## A conflict\n\n"
        "The choir is renamed on the laptop, and on the phone, before the two have met. calsync does not guess. All "
        "else would go on; this one event waits.",
        "sed -i 's/SUMMARY:Choir/SUMMARY:Choir, bring music/' ~/.calendars/Home/choir.ics",
    )
    yield Step("", "phone rename Choir 'Choir in the church'")
    yield Step("", "calsync sync", code=3)
    yield Step(
        "Both versions are shown, what was before, and what would come of the answer before it counts. The laptop's "
        "name is the right one.",
        "calsync conflicts resolve", [("take [a] [b]", None), ("? ", "a"), ("Is that right? [Y/n] ", "y")],
    )  # fmt: skip
    yield Step(
        "## Taking it back\n\n"
        "On second thoughts, no. Everything that calsync does can be taken back; it shows first what that would be.",
        "calsync undo", [("Go ahead?", None), ("] ", "y")],
    )  # fmt: skip
    yield Step("And what if somebody, or something, deletes it all?", "rm ~/.calendars/Home/*.ics")
    yield Step("", "calsync sync", code=4)
    yield Step(
        "Nothing was deleted on the server: an empty calendar is no reason to empty another. So the events are made "
        "again where they were.",
        "calsync restore --pair folder-cloud --yes",
    )
    yield Step("## And from now on\n\nAll is well, and this was all of it:", "calsync history")
    yield Step("", "calsync status")
    yield Step(
        "`calsync schedule install` lets the machine do it from now on; here only what that would write.",
        "calsync schedule install --using cron --print",
    )


PHONE = """#!{python}
# What a phone does with the calendar on the server: rename OLD NEW
import sys
sys.path.insert(0, {root!r})
from tests.docs.transcript import renamed
renamed({url!r}, *sys.argv[2:])
"""


def renamed(url: str, old: str, new: str) -> None:
    """As a phone does it: read the calendar, change the title of the one, put it back."""
    import httpx

    web = httpx.Client(auth=("me", "pass word"))
    root = url.rstrip("/")
    listing = web.request("PROPFIND", f"{root}/me/personal/", headers={"Depth": "1"}).text
    for href in re.findall(r"<href>([^<]+\.ics)</href>", listing):
        payload = web.get(root + href).text
        if f"SUMMARY:{old}" in payload:
            text = payload.replace(f"SUMMARY:{old}", f"SUMMARY:{new}")
            web.put(root + href, content=text.encode(), headers={"Content-Type": "text/calendar"}).raise_for_status()


def page() -> str:
    with tempfile.TemporaryDirectory() as name, radicale({"me": "pass word"}) as server:
        home = Path(name)
        environ = _house(home, server)
        parts: list[str] = [HEAD]
        for step in steps(server.url):
            code, screen = typed(["/bin/sh", "-c", step.line], environ, home, step.answers, COLUMNS)
            assert code == step.code, f"{step.line} ended with {code}:\n{screen}"
            told = f"$ {step.line}\n{_as_told(screen, home, server)}".rstrip("\n")
            if step.words:
                parts += [*map(_filled, step.words.split("\n\n")), f"```console\n{told}\n```\n"]
            else:
                parts[-1] = parts[-1].removesuffix("```\n") + f"{told}\n```\n"
        return "\n".join(parts)


def _filled(paragraph: str) -> str:
    return paragraph + "\n" if paragraph.startswith("#") else textwrap.fill(paragraph, 120) + "\n"


def _house(home: Path, server: Server) -> Mapping[str, str]:
    week(home / ".calendars" / "Home")
    server.make_calendar("personal")
    programs = home / "bin"
    programs.mkdir()
    texts = {
        "calsync": SHIM.format(root=ROOT, python=sys.executable),
        "phone": PHONE.format(root=str(ROOT), url=server.url, python=sys.executable),
    }
    for name, text in texts.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return {
        "HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}", "LANG": "C.UTF-8", "TZ": "Europe/Berlin",
        "CALSYNC_SECRETS__BACKEND": "file", "CALSYNC_SECRET_KEY": "a passphrase", "NO_COLOR": "1",
    }


def _as_told(screen: str, home: Path, server: Server) -> str:
    text = plain(screen, home).replace(server.url, "https://cloud.example.org/")
    text = re.sub(rf"{re.escape(sys.executable)} -m calsync_cli", "~/.local/bin/calsync", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
