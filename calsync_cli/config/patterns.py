"""Regular expressions of the configuration that a title could hang: others word what they are held against. Pure.

Shape   `can_hang(pattern)` -> whether a repeat stands inside of a repeat, or a choice of beginnings does: those take
        time that doubles with each letter. Possessive repeats and atomic groups never go back, so they may
Left    what takes time that grows with a power of the length: `.*a.*b`
Source  Python's own parser of patterns (3.11 on)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MANY = 8
"""A repeat of no more at most is a small number of copies."""


def can_hang(pattern: str) -> bool:
    parser = getattr(re, "_parser")  # noqa: B009  (the type checker knows no such member)
    return _nests(parser.parse(pattern), within=False)


def _nests(tree: Iterable[tuple[Any, Any]], *, within: bool) -> bool:
    return any(_hangs(str(op), arg, within=within) for op, arg in tree)


def _hangs(op: str, arg: Any, *, within: bool) -> bool:
    match op:
        case "MAX_REPEAT" | "MIN_REPEAT":
            low, high, inner = int(arg[0]), int(arg[1]), arg[2]
            return (within and low != high) or _nests(inner, within=within or high > MANY)
        case "POSSESSIVE_REPEAT":
            return _nests(arg[2], within=False)
        case "ATOMIC_GROUP":
            return _nests(arg, within=False)
        case "SUBPATTERN":
            return _nests(arg[-1], within=within)
        case "BRANCH":
            return any((within and not list(part)) or _nests(part, within=within) for part in arg[1])
        case "ASSERT" | "ASSERT_NOT":
            return _nests(arg[1], within=within)
    return False
