"""Fields, times, repetitions and other values as a person would say them.

Shape   in: paths and values as JSON shows them (`model.codec`, `conflicts list --json`); out: one line of text each
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from calsync_cli.model.codec import time_from
from calsync_cli.model.series import split
from calsync_cli.model.times import AllDay, Floating, When, Zoned, key_start, wall

NAMES = {
    "recurrence": "repetition", "busy": "busy state", "visibility": "privacy", "color": "colour", "url": "link",
    "": "this date",
}
FIELD_OF = {"start": "time", "end": "time", "all-day": "time"} | {shown: name for name, shown in NAMES.items() if name}
"""The field of the model, for a name by which it is shown or typed."""

UNSAID = {"busy": "busy", "status": "confirmed", "visibility": "public"}
"""What a missing value means, for fields that always have one."""

EXCERPT = 300


def field_words(path: str, tzid: str = "UTC") -> str:
    """`title`, or `title on Thu 3 Dec 2026 09:00` for a field of one instance of a series in the zone `tzid`."""
    key, name = split(path)
    words = NAMES.get(name, name.removeprefix("x:"))
    return f"{words} on {when_words(key_start(key, Zoned(datetime.min, tzid)))}" if key else words


def value_words(path: str, value: Any) -> str:
    """One value of a field; `(none)` for nothing."""
    name = split(path)[1]
    match value:
        case None | "" | []:
            return UNSAID.get(name, "(none)")
        case list():
            return ", ".join(reminder_words(v) if name == "reminders" else str(v) for v in value)
        case {"r": rules, "d": dates, "p": periods}:
            return "; ".join([*map(rule_words, rules), *(f"also {date_words(d)}" for d in (*dates, *periods))])
        case {"s": start, "e": end}:
            return span_words(time_from(start), time_from(end))
        case str() if name in ("start", "end") and value[:1].isdigit():
            return iso_words(value, is_end=name == "end")
    return str(value)


# -- times -------------------------------------------------------------------------------------------------------------


def when_words(when: When) -> str:
    """`Tue 24 Nov 2026 09:30`; the day alone for all-day events."""
    local = wall(when)
    day = f"{local:%a} {local.day} {local:%b %Y}"
    return day if isinstance(when, AllDay) else f"{day} {local:%H:%M}"


def date_words(text: str) -> str:
    """Stored time text in words; text of another shape as it stands."""
    try:
        return when_words(time_from(text))
    except ValueError:
        return text


def span_words(start: When, end: When) -> str:
    """From when to when; the last day of all-day events is the last day itself, not the one after."""
    if isinstance(start, AllDay) and isinstance(end, AllDay):
        last = AllDay(max(start.day, end.day - timedelta(days=1)))
        return when_words(start) if last == start else f"{when_words(start)} to {when_words(last)}"
    same_day = wall(start).date() == wall(end).date()
    until = f"-{wall(end):%H:%M}" if same_day else f" to {when_words(end)}"
    zone = f" {start.tzid}" if isinstance(start, Zoned) else ""
    return f"{when_words(start)}{until}{zone}"


def iso_words(text: str, *, is_end: bool = False) -> str:
    """An ISO time of `--json` in words, with its offset; the end of an all-day event is its last day."""
    if len(text) == 10:
        day = date.fromisoformat(text)
        return when_words(AllDay(day - timedelta(days=1) if is_end else day))
    moment = datetime.fromisoformat(text)
    offset = f" {moment:%z}" if moment.utcoffset() is not None else ""
    return when_words(Floating(moment.replace(tzinfo=None))) + offset


# -- repetitions and reminders -----------------------------------------------------------------------------------------

UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
WEEKDAYS = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rule_words(rule: str) -> str:
    """`every 2 weeks on Tue, Thu, 10 times`; a rule that these words cannot say stays as it is."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    unit = UNITS.get(parts.pop("FREQ", ""))
    step = parts.pop("INTERVAL", "1")
    words = f"every {unit}" if step == "1" else f"every {step} {unit}s"
    for name, say in (("BYDAY", _days), ("BYMONTHDAY", _month_days), ("BYMONTH", _months)):
        if name in parts:
            words += say(parts.pop(name))
    count, until = parts.pop("COUNT", ""), parts.pop("UNTIL", "")
    words += f", {count} times" if count else ""
    words += f", until {date_words(until[:8])}" if until else ""
    return rule if unit is None or parts else words


def _days(text: str) -> str:
    days = []
    for day in text.split(","):
        number, name = day[:-2].lstrip("+"), WEEKDAYS.get(day[-2:], day)
        days.append(f"the {_ordinal(number)} {name}" if number else name)
    return f" on {', '.join(days)}"


def _month_days(text: str) -> str:
    return " on the " + ", ".join(f"{_ordinal(n)} day" if n.startswith("-") else _ordinal(n) for n in text.split(","))


def _ordinal(number: str) -> str:
    """`2` -> `2nd`, `-1` -> `last`, `-2` -> `2nd last`."""
    count = number.lstrip("+-")
    ending = {"1": "st", "2": "nd", "3": "rd"}.get(count[-1:] if count[-2:-1] != "1" else "", "th")
    if number.startswith("-"):
        return "last" if count == "1" else f"{count}{ending} last"
    return f"{count}{ending}"


def _months(text: str) -> str:
    return " in " + ", ".join(MONTHS[int(n) - 1] if n.isdecimal() and 0 < int(n) <= 12 else n for n in text.split(","))


def reminder_words(text: str) -> str:
    """`display:-PT15M` -> `15 min before`; what is not so simple stays as it is."""
    found = re.fullmatch(r"display:(-?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:0S)?)?", text)
    if found is None:
        return text
    units = ("weeks", "days", "h", "min")
    sizes = [f"{n} {u[:-1] if n == '1' and u[-1] == 's' else u}" for n, u in zip(found.groups()[1:], units, strict=True)
             if n]
    return f"{' '.join(sizes)} {'before' if found[1] else 'after'}" if sizes else "at the start"


# -- long values side by side ------------------------------------------------------------------------------------------


def excerpts(texts: Sequence[str], room: int = EXCERPT) -> list[str]:
    """Texts cut to `room` around the first place where they differ, so that the difference is seen."""
    if all(len(text) <= room for text in texts):
        return list(texts)
    long = [text for text in texts if len(text) > room // 4]
    same = next((i for i, letters in enumerate(zip(*long, strict=False)) if len(set(letters)) > 1), 0)
    begin = max(0, same - room // 4) if len(long) > 1 else 0
    return [_excerpt(text, begin if len(text) > room // 4 else 0, room) for text in texts]


def _excerpt(text: str, begin: int, room: int) -> str:
    cut = text[begin : begin + room]
    head, tail = "… " if begin else "", " …" if begin + room < len(text) else ""
    return f"{head}{cut}{tail}" + (f" ({len(text):,} characters)" if head or tail else "")
