"""Output without what differs from day to day and from machine to machine: dates, times, ids, paths. Pure.

Two outputs are the same if their words are: windows break lines elsewhere when a date is shorter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

PIECES = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|([\r\n])|([^\x1b\r\n]+)")
WEEKDAY, MONTH = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(rf"(?:{WEEKDAY}\s+)?\d{{1,2}}\s+{MONTH}(?:\s+\d{{4}})?"), "DAY"),
    (re.compile(r"\d{4}-\d\d-\d\d(?:\s+\d\d:\d\d(?::\d\d)?)?"), "DAY"),
    (re.compile(r"\b\d+\s+(?:s|min|h|days?)\s+ago"), "AGO"),
    (re.compile(r"\bin\s+\d+\s+(?:s|min|h|days?)\b|\bnow\b"), "SOON"),
    (re.compile(r"\b\d+(?:\.\d+)?\s+s\b"), "SECONDS"),
    (re.compile(r"\b\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\b\d+-59/15\b"), "MINUTES"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b"), "ID"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\b[0-9a-f]{10,}\b"), "ID"),
    (re.compile(r"[─━—-]{3,}"), " "),
)


def plain(text: str, home: Path) -> str:
    """What is left on the screen at the end, with the home folder as `~`: bars of progress come and go."""
    lines, row, column = [""], 0, 0
    for number, move, end, written in PIECES.findall(text):
        if written:
            lines[row] = lines[row][:column].ljust(column) + written + lines[row][column + len(written) :]
            column += len(written)
        elif end == "\r":
            column = 0
        elif end:
            row, column = row + 1, 0
            lines += [""] * (row == len(lines))
        elif move == "A":
            row = max(0, row - int(number or 1))
        elif move == "K":
            lines[row] = ""
    return "\n".join(line.rstrip() for line in lines).replace(str(home), "~")


def words(text: str) -> str:
    """The words alone, one blank between them."""
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    return " ".join(text.split())


def shown_in(lines: Sequence[str], output: str) -> str | None:
    """The first of the lines that the output lacks, in their order; `...` stands for whatever is there."""
    rest = words(output)
    for line in lines:
        for wanted in filter(None, map(words, line.split("..."))):
            if wanted not in rest:
                return line
            rest = rest[rest.index(wanted) + len(wanted) :]
    return None
