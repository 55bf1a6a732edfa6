"""docs/status.svg: what `calsync status` draws at a terminal, as a picture, by the real program over real folders.

Shape   screen() -> what it drew, with its colours; picture(screen) -> SVG; told(svg) -> the words of a picture
Kept    no font from elsewhere, no date: the picture is old when its words are, not when the day is another
"""

from __future__ import annotations

import html
import io
import os
import re
import sys
import tempfile
from pathlib import Path

from tests.docs.documents import ROOT
from tests.docs.events import put, week
from tests.docs.home import SHIM
from tests.docs.typist import typed
from tests.docs.words import words

FILE = ROOT / "docs" / "status.svg"
COLUMNS = 92
CONFIG = """
[accounts.laptop]
provider = "vdir"
path = "~/.calendars"
[accounts.phone]
provider = "vdir"
path = "~/phone"
[accounts.holidays]
provider = "ics"
path = "~/holidays.ics"
[pairs.home]
a = "laptop/Home"
b = "phone/Home"
[pairs.club]
a = "laptop/Club"
b = "phone/Club"
to_b = { view = "busy", title = "Club" }
[pairs.holidays]
a = "holidays/feed"
b = "laptop/Holidays"
every = "1d"
"""
TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {terminal_width} {terminal_height}" role="img">
<title>$ calsync status</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; \
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect fill="#0d1117" stroke="#30363d" x="1" y="1" width="{width_inside}" height="{height_inside}" rx="8"/>
<g transform="translate(14, 10)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def screen() -> str:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        laptop, phone = home / ".calendars", home / "phone"
        week(laptop / "Home")
        put(laptop / "Club", "Training", 0, "1800", "2000")
        (phone / "Home").mkdir(parents=True)
        (phone / "Club").mkdir()
        (laptop / "Holidays").mkdir()
        day = put(home, "May Day", 5).read_bytes()
        (home / "holidays.ics").write_bytes(day)
        config = home / "config.toml"
        config.write_text(CONFIG)
        program = home / "calsync"
        program.write_text(SHIM.format(root=ROOT, python=sys.executable))
        program.chmod(0o755)
        environ = {"HOME": name, "PATH": os.environ["PATH"], "CALSYNC_CONFIG": str(config), "LANG": "C.UTF-8"}
        run = [str(program), "--state-dir", str(home / "state")]
        typed([*run, "sync", "--yes"], environ, home)
        (there,) = [file for file in (phone / "Home").glob("*.ics") if b"SUMMARY:Choir" in file.read_bytes()]
        there.write_bytes(there.read_bytes().replace(b"SUMMARY:Choir", b"SUMMARY:Choir, new hall"))
        ours = laptop / "Home" / "choir.ics"
        ours.write_bytes(ours.read_bytes().replace(b"SUMMARY:Choir", b"SUMMARY:Choir rehearsal"))
        typed([*run, "sync"], environ, home)
        code, drawn = typed([*run, "status"], environ, home, columns=COLUMNS)
        assert code == 0, drawn
        return f"\x1b[1m$ calsync status\x1b[0m\n{drawn}"


def picture(drawn: str) -> str:
    from rich.console import Console
    from rich.terminal_theme import TerminalTheme
    from rich.text import Text

    theme = TerminalTheme(
        (13, 17, 23), (230, 237, 243),
        [(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), (88, 166, 255), (188, 140, 255), (57, 197, 207),
         (177, 186, 196)],
    )  # fmt: skip
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(drawn.replace("\r", "").rstrip()))
    made = console.export_svg(title="", theme=theme, code_format=_template(drawn), unique_id="status")
    return "\n".join(line.rstrip() for line in made.splitlines()) + "\n"


def _template(drawn: str) -> str:
    width = round(COLUMNS * 12.2) + 28
    height = round(len(drawn.rstrip().splitlines()) * 24.4) + 28
    sized = TEMPLATE.replace("{width_inside}", str(width - 2)).replace("{height_inside}", str(height - 2))
    return sized.replace("{terminal_width}", str(width), 1).replace("{terminal_height}", str(height), 1)


def told(svg: str) -> str:
    """What is written in the picture, without what changes from run to run."""
    return words(" ".join(html.unescape(part).replace("\xa0", " ") for part in re.findall(r"<text[^>]*>([^<]*)<", svg)))
