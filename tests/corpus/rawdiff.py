"""What differs between two iCalendar files, by their bytes. Nothing of calsync is used here.

Shape   `differences(before, after)` -> lines that only one of both has, as Line: sign "-" or "+", the components it is
        in, its property's name, its bytes with folds and line end; in file order
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

_PHYSICAL = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NAME = re.compile(rb"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Line:
    sign: str
    inside: tuple[str, ...]
    name: str
    raw: bytes


def lines_of(payload: bytes) -> list[tuple[tuple[str, ...], str, bytes]]:
    stack: list[str] = []
    found = []
    for raw in _unfolded(payload):
        flat = re.sub(rb"(?:\r\n|\r|\n)[ \t]", b"", raw).removeprefix(b"\xef\xbb\xbf")
        name = (m.group().decode().upper() if (m := _NAME.match(flat)) else "").strip()
        value = flat.partition(b":")[2].strip().decode("latin-1").upper()
        if name == "BEGIN":
            stack.append(value)
        found.append((tuple(stack), name, raw))
        if name == "END" and stack:
            stack.pop()
    return found


def _unfolded(payload: bytes) -> Iterator[bytes]:
    """Content lines with their folds; blank lines are lines."""
    held = b""
    for physical in _PHYSICAL.findall(payload):
        if held and physical[:1] in (b" ", b"\t"):
            held += physical
            continue
        if held:
            yield held
        held = physical
    if held:
        yield held


def differences(before: bytes, after: bytes) -> list[Line]:
    old, new = lines_of(before), lines_of(after)
    low = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    high = next(
        (i for i, (a, b) in enumerate(zip(reversed(old[low:]), reversed(new[low:]), strict=False)) if a != b),
        min(len(old), len(new)) - low,
    )
    middle = old[low : len(old) - high], new[low : len(new) - high]
    found: list[Line] = []
    for what, a, b, c, d in SequenceMatcher(None, *middle, autojunk=False).get_opcodes():
        if what != "equal":
            found += [Line("-", *line) for line in middle[0][a:b]] + [Line("+", *line) for line in middle[1][c:d]]
    return found
