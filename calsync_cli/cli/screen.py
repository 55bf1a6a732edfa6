"""Text on a screen: harmless, as wide as it looks, broken between words.

Source  Unicode standard annexes 9 (bidirectional controls), 11 (wide characters) and 29 (joined characters)
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from typing import TextIO

JOINERS = "\u200c\u200d"
"""Kept, since they make one picture or the right letter of their neighbours; invisible by themselves."""


def shown(text: str) -> str:
    """Text of others as one harmless line: no line ends, no escape sequences, nothing that turns the line round."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(_harmless(c) for c in text).split())


def harmless(line: str) -> str:
    """The line with its blanks as they are."""
    return line if line.isprintable() else "".join(map(_harmless, line))


def _harmless(letter: str) -> str:
    if letter.isprintable() or letter in JOINERS:
        return letter
    return "" if unicodedata.category(letter) == "Cf" else " "


def width(text: str) -> int:
    """How many columns the text takes."""
    return len(text) if text.isascii() else sum(columns for _, columns in _letters(text))


def _letters(text: str) -> Iterator[tuple[str, int]]:
    """Each letter with the columns it takes; what is joined to the one before takes none."""
    joined = False
    for letter in text:
        if joined or unicodedata.category(letter) in ("Cf", "Me", "Mn"):
            yield letter, 0
        else:
            yield letter, 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        joined = letter == "\u200d"


def columns_of(stream: TextIO) -> int:
    """The width of the window behind the stream; 0 when there is none, and nothing must be broken."""
    if not stream.isatty():
        return 0
    try:
        return int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        pass
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def say(*texts: str, to: TextIO | None = None) -> None:
    """Print lines, whoever worded them: nothing in them steers a terminal, and a line end is one of ours only if the
    text was made harmless before. On a terminal they are broken between words, and go on a little to the right."""
    if not texts:
        return
    stream = to or sys.stdout
    columns = columns_of(stream)
    for line in map(harmless, "\n".join(texts).split("\n")):
        print("\n".join(wrapped(line, columns)) if columns else line, file=stream)


def wrapped(line: str, columns: int, more: int = 4) -> Iterator[str]:
    """Pieces of the line that fit; those after the first begin `more` columns behind its own indent."""
    indent = " " * min(len(line) - len(line.lstrip(" ")) + more, max(0, columns - 20))
    done, used = "", 0
    for space, word in re.findall(r"( *)([^ ]+)", line):
        if done.strip() and used + len(space) + width(word) > columns:
            yield done
            done, used, space = indent, len(indent), ""
        done, used = done + space, used + len(space)
        for letter, taken in _letters(word):
            if used + taken > columns and used > len(indent):
                yield done
                done, used = indent, len(indent)
            done, used = done + letter, used + taken
    yield done
