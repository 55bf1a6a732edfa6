"""`recurrence[]` of a series: reading, refusing, re-serialising and expanding it (facts 5.3).

Shape   check_lines(lines) -> normalised lines; Recurrence(lines, start) gives originals in order, `has(original)`;
        instance ids `<prefix>_<stamp>` and back
Walls   a rule runs on the wall clock of start.timeZone, so a series keeps its hour across a daylight saving change
Odd     UNTIL as a date on a timed series ends it a day early; unknown parts and lines of stored dirt are skipped
"""

from __future__ import annotations

import heapq
import re
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from dateutil.rrule import rrulestr

from tests.emulators.google.errors import backend_error, invalid
from tests.emulators.google.times import ALIASES, Original, Stored, original_of, zone

NAMES = ("RRULE", "EXRULE", "RDATE", "EXDATE")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
SUB_DAILY = ("HOURLY", "MINUTELY", "SECONDLY")
ORDER = ("FREQ", "WKST", "UNTIL", "COUNT", "INTERVAL", "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY",
         "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS")
CEILING = 730                                    # instances an endless rule expands to (facts 4.4)
INSTANCE = re.compile(r"(.+)_(\d{8}(?:T\d{6}Z)?)", re.DOTALL)
BAD_RULE = "Invalid recurrence rule."


# -- what a client may write -------------------------------------------------------------------------------------------


def check_lines(lines: Any, start: Stored) -> list[str]:
    """The lines as Google hands them back; ApiError for what it refuses."""
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise invalid(BAD_RULE)
    checked = [_check_line(line, start) for line in lines]
    if lines and not any(line.startswith(("RRULE", "RDATE")) for line in lines):
        raise invalid(BAD_RULE)
    return checked


def _check_line(line: str, start: Stored) -> str:
    head, colon, value = line.strip().partition(":")
    name, *params = head.upper().split(";")
    if name not in NAMES or not colon or not value:
        raise invalid(BAD_RULE)
    if name in ("RRULE", "EXRULE"):
        return f"{name}:{_check_rule(value)}"
    for param in params:
        key, _, said = param.partition("=")
        if (key == "TZID" and zone(head.split("=", 1)[1]) is None) or (key == "VALUE" and said == "PERIOD"):
            raise invalid(BAD_RULE)
    if not list(_dates(head, value, start)):
        raise invalid(BAD_RULE)
    return f"{head}:{value}"


def _check_rule(text: str) -> str:
    parts = _parts(text)
    if parts.get("FREQ") in SUB_DAILY:
        raise backend_error()
    counted = parts.get("COUNT")
    wrong = (
        parts.get("FREQ") not in FREQUENCIES or set(parts) - set(ORDER) or ("UNTIL" in parts and counted)
        or (counted is not None and not re.fullmatch(r"[1-9]\d{0,8}", counted))
        or not re.fullmatch(r"[1-9]\d*", parts.get("INTERVAL", "1"))
        or not re.fullmatch(r"\d{8}(T\d{6}Z?)?", parts.get("UNTIL", "20260101"))
    )
    if wrong:
        raise invalid(BAD_RULE)
    try:
        rrulestr(_without(parts, "UNTIL"), dtstart=datetime(2026, 1, 1))
    except (ValueError, KeyError, TypeError):
        raise invalid(BAD_RULE) from None
    if parts.get("INTERVAL") == "1":
        del parts["INTERVAL"]
    if parts.get("WKST") == "MO":
        del parts["WKST"]
    return ";".join(f"{name}={parts[name]}" for name in ORDER if name in parts)


def _parts(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.upper().strip(";").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _without(parts: dict[str, str], *names: str) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items() if name in ORDER and name not in names)


def _dates(head: str, text: str, start: Stored) -> Iterator[Original]:
    """Values of RDATE and EXDATE as originals; a value that cannot be read is skipped."""
    match = re.search(r"TZID=\"?([^;:\"]+)", head)
    tzid = match.group(1) if match else start.get("timeZone", "UTC")
    for value in text.split(","):
        try:
            if re.fullmatch(r"\d{8}", value.strip()):
                yield datetime.strptime(value.strip(), "%Y%m%d").date()
            else:
                moment = datetime.strptime(value.strip().removesuffix("Z"), "%Y%m%dT%H%M%S")
                near = UTC if value.strip().endswith("Z") else zone(ALIASES.get(tzid, tzid)) or UTC
                yield moment.replace(tzinfo=near).astimezone(UTC)
        except ValueError:
            continue


# -- expansion ---------------------------------------------------------------------------------------------------------


def recurrence(lines: Iterable[str], start: Stored) -> Recurrence:
    return _cached(tuple(lines), tuple(sorted(start.items())))


@lru_cache(4096)
def _cached(lines: tuple[str, ...], start: tuple[tuple[str, str], ...]) -> Recurrence:
    return Recurrence(lines, dict(start))


class Recurrence:
    """The originals of a series, computed as far as anybody asked."""

    def __init__(self, lines: tuple[str, ...], start: Stored) -> None:
        self.start = start
        self.timed = "dateTime" in start
        self.zone = zone(start.get("timeZone", "UTC")) or UTC
        self.first = original_of(start)
        self._lock = threading.Lock()
        self._known: list[Original] = []
        self._known_set: set[Original] = set()
        sources = [self._rule(line) for line in lines if line.startswith("RRULE")]
        given = [o for line in lines if line.startswith("RDATE") for o in self._line_dates(line)]
        self._gone = {o for line in lines if line.startswith("EXDATE") for o in self._line_dates(line)}
        for line in lines:
            if line.startswith("EXRULE"):
                self._gone |= set(_first(self._rule(line), CEILING * 10))
        self.endless = any(line.startswith("RRULE") and not {"UNTIL", "COUNT"} & set(_parts(line.partition(":")[2]))
                           for line in lines)
        self._source = heapq.merge([self.first], sorted(given), *sources)

    def _line_dates(self, line: str) -> list[Original]:
        head, _, value = line.partition(":")
        return [o for o in _dates(head, value, self.start) if isinstance(o, datetime) == self.timed]

    def _rule(self, line: str) -> Iterator[Original]:
        """The start always counts, also when it does not match the rule."""
        parts = _parts(line.partition(":")[2])
        wall = self._wall(self.first)
        until = self._until(parts.get("UNTIL", ""))
        try:
            found = rrulestr(_without(parts, "UNTIL", "COUNT"), dtstart=wall)
        except (ValueError, KeyError, TypeError):
            return
        left = int(parts["COUNT"]) if parts.get("COUNT", "").isdigit() else None
        if left is not None and next(iter(found), None) != wall:
            left -= 1
        for moment in found:
            if left == 0:
                return
            original = self._original(moment)
            if until is not None and original > until:
                return
            yield original
            left = left if left is None else left - 1

    def _wall(self, original: Original) -> datetime:
        if isinstance(original, datetime):
            return original.astimezone(self.zone).replace(tzinfo=None)
        return datetime.combine(original, time())

    def _original(self, wall: datetime) -> Original:
        return wall.replace(tzinfo=self.zone).astimezone(UTC) if self.timed else wall.date()

    def _until(self, text: str) -> Original | None:
        if not text:
            return None
        if not self.timed:
            return datetime.strptime(text[:8], "%Y%m%d").date()
        if "T" not in text:
            return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
        moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")
        return moment.replace(tzinfo=UTC if text.endswith("Z") else self.zone).astimezone(UTC)

    def _more(self) -> bool:
        with self._lock:
            for original in self._source:
                if original not in self._gone and original not in self._known_set:
                    self._known.append(original)
                    self._known_set.add(original)
                    return True
            return False

    def originals(self, limit: int = CEILING) -> Iterator[Original]:
        number = 0
        while number < limit and (number < len(self._known) or self._more()):
            yield self._known[number]
            number += 1

    def has(self, original: Original) -> bool:
        if isinstance(original, datetime) != self.timed:
            return False
        while original not in self._known_set and (not self._known or self._known[-1] < original):
            if not self._more():
                break
        return original in self._known_set

    def last(self) -> Original | None:
        """None when there is no end, or no instance at all."""
        found = None if self.endless else list(self.originals(CEILING * 50))
        return found[-1] if found else None


def _first(source: Iterator[Original], limit: int) -> Iterator[Original]:
    for _, original in zip(range(limit), source, strict=False):
        yield original


# -- ids ---------------------------------------------------------------------------------------------------------------


def stamp_of(original: Original) -> str:
    if isinstance(original, datetime):
        return original.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return original.strftime("%Y%m%d")


def instance_id(prefix: str, original: Original) -> str:
    return f"{prefix}_{stamp_of(original)}"


def split_instance_id(text: str) -> tuple[str, Original] | None:
    match = INSTANCE.fullmatch(text)
    if match is None:
        return None
    prefix, stamp = match.groups()
    try:
        if "T" in stamp:
            return prefix, datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return prefix, datetime.strptime(stamp, "%Y%m%d").date()
    except ValueError:
        return None


def until_before(original: Original) -> str:
    """UNTIL that ends a series just before this instance."""
    if isinstance(original, datetime):
        return datetime.fromtimestamp(original.timestamp() - 1, UTC).strftime("%Y%m%dT%H%M%SZ")
    return date.fromordinal(original.toordinal() - 1).strftime("%Y%m%d")
