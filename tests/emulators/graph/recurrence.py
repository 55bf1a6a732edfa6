"""Patterns and ranges: validation, filling of unused members, expansion as Outlook does it. Pure: local dates only.

Facts   L5: several daysOfWeek in a relative pattern mean BYSETPOS; day 29-31 in a short month is its last day (clamp);
        endDate is inclusive; the first occurrence is the first match at or after startDate
Errors  GraphError 400 with the code of the rule that is broken
"""

from __future__ import annotations

import calendar
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from tests.emulators.graph.errors import GraphError, bad

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
NEEDED = {
    "daily": (), "weekly": ("daysOfWeek",), "absoluteMonthly": ("dayOfMonth",), "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"), "relativeYearly": ("daysOfWeek", "month"),
}
LATEST = date(4500, 9, 1)
NEVER = "0001-01-01"
STEPS = 40_000
Rule = dict[str, Any]


def normal(rule: Rule, first_day: date, *, limits: bool) -> Rule:
    """The rule as it is stored: checked, every member present (L5.1). `first_day` is the local date of the start."""
    pattern, extent = rule.get("pattern"), rule.get("range")
    if not isinstance(pattern, dict) or not isinstance(extent, dict):
        raise bad("Recurrence needs a pattern and a range.", "ErrorCalendarInvalidRecurrence")
    return {"pattern": _pattern(pattern, limits), "range": _range(extent, first_day, limits)}


def _pattern(given: Rule, limits: bool) -> Rule:
    kind = given.get("type")
    interval = given.get("interval")
    if kind not in NEEDED or not isinstance(interval, int) or interval < 1:
        raise bad("The recurrence pattern is not valid.", "ErrorCalendarInvalidRecurrence")
    for name in NEEDED[kind]:
        if not given.get(name):
            raise bad(f"Missing parameter of the recurrence pattern: {name}.", "ErrorCalendarInvalidRecurrence")
    full = {
        "type": kind,
        "interval": interval,
        "month": given.get("month") or 0,
        "dayOfMonth": given.get("dayOfMonth") or 0,
        "firstDayOfWeek": given.get("firstDayOfWeek") or "sunday",
        "index": given.get("index") or "first",
    }
    if given.get("daysOfWeek"):
        full["daysOfWeek"] = [day for day in DAYS if day in given["daysOfWeek"]]
    wrong = not 0 <= full["month"] <= 12 or not 0 <= full["dayOfMonth"] <= 31  # unused members are checked too
    too_long = limits and kind in ("daily", "weekly") and interval > 99
    if wrong or too_long:
        raise bad("At least one property failed validation.", "ErrorPropertyValidationFailure")
    return full


def _range(given: Rule, first_day: date, limits: bool) -> Rule:
    kind = given.get("type")
    start = _day(given.get("startDate"))
    if kind not in ("endDate", "noEnd", "numbered") or start != first_day:
        raise bad(
            "The recurrence range is not valid: startDate must be the day of the start.", "ErrorInvalidRecurrenceRange"
        )
    full = {
        "type": kind, "startDate": start.isoformat(), "endDate": NEVER, "numberOfOccurrences": 0,
        "recurrenceTimeZone": given.get("recurrenceTimeZone") or "",
    }
    if kind == "numbered":
        count = given.get("numberOfOccurrences")
        if not isinstance(count, int) or count < 1 or (limits and count > 999):
            raise bad("numberOfOccurrences is out of range.", "ErrorInvalidRecurrenceRange")
        full["numberOfOccurrences"] = count
    if kind == "endDate":
        end = _day(given.get("endDate"))
        if end is None or end < start:
            raise bad("The recurrence range ends before it starts.", "ErrorInvalidRecurrenceRange")
        if end > LATEST:
            raise bad("The end of the recurrence is too late.", "ErrorRecurrenceEndDateTooBig")
        full["endDate"] = end.isoformat()
    return full


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def checked(rule: Rule) -> Rule:
    """Refuses a rule without any occurrence."""
    if not dates(rule, date.max, limit=1):
        raise GraphError(400, "ErrorRecurrenceHasNoOccurrence", "The recurrence has no occurrence.")
    return rule


def dates(rule: Rule, until: date, limit: int | None = None) -> list[date]:
    """Original dates of the series up to and including `until`, cancelled and moved ones too."""
    return _expander(json.dumps(rule, sort_keys=True)).upto(until, limit)


def between(rule: Rule, first: date, last: date) -> list[date]:
    """Original dates from `first` to `last`, both included."""
    found = _expander(json.dumps(rule, sort_keys=True))
    found.upto(last, None)
    return found.found[bisect_left(found.found, first):bisect_right(found.found, last)]


def hits(rule: Rule, day: date) -> bool:
    return bool(between(rule, day, day))


def neighbours(rule: Rule, day: date) -> tuple[date | None, date | None]:
    """The dates before and after one of the series."""
    found = _expander(json.dumps(rule, sort_keys=True))
    found.upto(day + timedelta(days=1), None)
    place = bisect_left(found.found, day)
    found.upto(LATEST, place + 2)
    before = found.found[place - 1] if place else None
    return before, found.found[place + 1] if place + 1 < len(found.found) else None


class Expander:
    """The dates of one rule, kept and extended as they are asked for."""

    def __init__(self, rule: Rule) -> None:
        self.source = _limited(rule)
        self.found: list[date] = []
        self.over = False

    def upto(self, until: date, limit: int | None) -> list[date]:
        while (
            not self.over and (not self.found or self.found[-1] <= until) and (limit is None or len(self.found) < limit)
        ):
            day = next(self.source, None)
            if day is None:
                self.over = True
            else:
                self.found.append(day)
        return self.found[: bisect_right(self.found, until)][:limit]


@lru_cache(maxsize=20_000)
def _expander(text: str) -> Expander:
    return Expander(json.loads(text))


def _limited(rule: Rule) -> Iterator[date]:
    extent = rule["range"]
    start = date.fromisoformat(extent["startDate"])
    end = date.fromisoformat(extent["endDate"]) if extent["type"] == "endDate" else LATEST
    left = extent["numberOfOccurrences"] if extent["type"] == "numbered" else -1
    for day in _endless(rule["pattern"], start):
        if day > end or left == 0:
            return
        yield day
        left -= 1


def _endless(pattern: Rule, start: date) -> Iterator[date]:
    for step in range(STEPS):
        try:
            batch = _batch(pattern, start, step)
        except (OverflowError, ValueError):
            return
        yield from (day for day in batch if day >= start)


def _batch(p: Rule, start: date, step: int) -> list[date]:
    n, kind = p["interval"], p["type"]
    wanted = {DAYS.index(day) for day in p.get("daysOfWeek") or ()}
    if kind == "daily":
        return [start + timedelta(days=n * step)]
    if kind == "weekly":
        back = (start.weekday() - DAYS.index(p["firstDayOfWeek"])) % 7
        week = start - timedelta(days=back) + timedelta(weeks=n * step)
        return [day for day in (week + timedelta(days=i) for i in range(7)) if day.weekday() in wanted]
    if kind.endswith("Monthly"):
        year, month = divmod(start.year * 12 + start.month - 1 + n * step, 12)
        return [_in_month(p, wanted, year, month + 1)]
    return [_in_month(p, wanted, start.year + n * step, p["month"])]


def _in_month(p: Rule, wanted: set[int], year: int, month: int) -> date:
    last = calendar.monthrange(year, month)[1]
    if p["type"].startswith("absolute"):
        return date(year, month, min(p["dayOfMonth"], last))
    days = [day for day in (date(year, month, n) for n in range(1, last + 1)) if day.weekday() in wanted]
    place = INDEX[p["index"]]
    return days[place - 1 if place > 0 else -1]
