"""X5, X12: whether calendars show the same, by their text alone; nothing of calsync's model is asked.

Two events whose lines say the same in the same words are the same. All others, and every event of some stories, are
expanded by the independent comparer (tests.process.comparer).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from tests.process import comparer
from tests.simulation import pen

SPANS = ((date(2026, 12, 1), date(2028, 12, 1)),)
"""Where `people` put their events."""

SEEN = (b"DTSTART", b"DTEND", b"RRULE", b"RECURRENCE-ID", b"SUMMARY", b"LOCATION", b"DESCRIPTION", b"STATUS", b"URL")
Text = tuple[tuple[bytes, ...], ...]


@lru_cache(maxsize=8192)
def said(payload: bytes) -> Text:
    """The lines that people see, event by event, without order; a value that is a set, as a set."""
    found: list[tuple[bytes, ...]] = []
    lines: list[bytes] = []
    depth = 0
    for line in pen.flat(payload).split(pen.NL):
        if line == b"BEGIN:VEVENT":
            lines, depth = [], 1
        elif line == b"END:VEVENT":
            found.append(tuple(sorted(lines)))
            depth = 0
        elif line.startswith(b"BEGIN:"):
            depth += bool(depth)
        elif line.startswith(b"END:"):
            depth -= bool(depth)
        elif depth == 1:
            name = re.split(rb"[:;]", line, maxsplit=1)[0]
            if name in SEEN:
                lines.append(line)
            elif name in (b"CATEGORIES", b"EXDATE", b"RDATE"):
                head, _, values = line.partition(b":")
                lines += [head + b":" + value for value in values.split(b",") if value]
    return tuple(sorted(found))


def same(one: bytes, other: bytes) -> bool:
    return said(one) == said(other) or not difference([one], [other])


def difference(one: Iterable[bytes], other: Iterable[bytes]) -> list[tuple[str, comparer.Instance]]:
    return comparer.difference(map(_plain, one), map(_plain, other), spans=SPANS)


def _plain(payload: bytes) -> bytes:
    """Under one UID, also where a copy had to take a derived one (K5)."""
    return re.sub(rb"^UID:[^\r\n]*", b"UID:" + pen.uid_of(payload), pen.flat(payload), flags=re.MULTILINE)
