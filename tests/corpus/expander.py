"""An expander of RRULEs that shares nothing with python-dateutil: it looks at every day and asks whether it fits.

Shape   `expand(rule, start, last, most)` -> naive wall times from `start` to `last`, at most so many
Source  RFC 5545 section 3.3.10
Rules   DAILY to YEARLY with all BY parts but BYSECOND; n-th weekdays in MONTHLY and YEARLY only. UNTIL is wall time
        or a day here. DTSTART counts only where the rule makes it
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice, product

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = timedelta(days=1)


def expand(rule: str, start: datetime, last: datetime, most: int) -> list[datetime]:
    parts = dict(part.split("=") for part in rule.split(";"))
    until = _until(parts.get("UNTIL", ""), last)
    every = (at for at in _all(parts, start, until) if start <= at <= until)
    return list(islice(every, min(most, int(parts.get("COUNT", most)))))


def _until(text: str, last: datetime) -> datetime:
    if not text:
        return last
    end = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")
    return min(last, end if "T" in text else end + DAY - timedelta(seconds=1))


def _all(parts: dict[str, str], start: datetime, last: datetime) -> Iterator[datetime]:
    """Period by period, so that BYSETPOS can pick of whole periods."""
    step, week = int(parts.get("INTERVAL", "1")), DAYS.index(parts.get("WKST", "MO"))
    first = _begin(parts["FREQ"], start.date(), week)
    days = (first + n * DAY for n in range((last.date() - first).days + 1))
    times = [time(h, m, start.second) for h, m in product(_numbers(parts, "BYHOUR") or [start.hour],
                                                          _numbers(parts, "BYMINUTE") or [start.minute])]
    for number, period in groupby(days, lambda day: _period(parts["FREQ"], day, first, week)):
        if number % step:
            continue
        whole = sorted(datetime.combine(day, at) for day in period if _fits(parts, day, start, week) for at in times)
        places = _numbers(parts, "BYSETPOS")
        if places:
            whole = sorted({whole[n - 1 if n > 0 else n] for n in places if abs(n) <= len(whole)})
        yield from whole


def _begin(freq: str, day: date, week: int) -> date:
    if freq == "WEEKLY":
        return day - DAY * ((day.weekday() - week) % 7)
    return day.replace(day=1, month=day.month if freq != "YEARLY" else 1) if freq != "DAILY" else day


def _period(freq: str, day: date, first: date, week: int) -> int:
    match freq:
        case "DAILY":
            return (day - first).days
        case "WEEKLY":
            return (day - first).days // 7
        case "MONTHLY":
            return (day.year - first.year) * 12 + day.month - first.month
    return day.year - first.year


def _numbers(parts: dict[str, str], name: str) -> list[int]:
    return [int(text) for text in parts[name].split(",")] if name in parts else []


def _fits(parts: dict[str, str], day: date, start: datetime, week: int) -> bool:
    months, weekdays = _numbers(parts, "BYMONTH"), parts["BYDAY"].split(",") if "BYDAY" in parts else []
    month_days, year_days = _numbers(parts, "BYMONTHDAY"), _numbers(parts, "BYYEARDAY")
    weeks = _numbers(parts, "BYWEEKNO")
    if not (weekdays or month_days or year_days or weeks):
        match parts["FREQ"]:
            case "WEEKLY":
                weekdays = [DAYS[start.weekday()]]
            case "MONTHLY":
                month_days = [start.day]
            case "YEARLY":
                month_days, months = [start.day], months or [start.month]
    if weeks and not (weekdays or month_days or year_days):
        weekdays = [DAYS[start.weekday()]]
    return (
        (not months or day.month in months)
        and (not month_days or day.day in month_days or day.day - monthrange(day.year, day.month)[1] - 1 in month_days)
        and (not year_days or _yearday(day) in year_days or _yearday(day) - 366 - isleap(day.year) in year_days)
        and (not weeks or _in_week(day, week, weeks))
        and (not weekdays or any(_is_weekday(day, one, whole_year=parts["FREQ"] == "YEARLY" and not months)
                                 for one in weekdays))
    )  # fmt: skip


def _yearday(day: date) -> int:
    return day.timetuple().tm_yday


def _in_week(day: date, week: int, weeks: list[int]) -> bool:
    """The week with most of its days in a year is of that year."""
    middle = day - DAY * ((day.weekday() - week) % 7) + 3 * DAY
    number = (_yearday(middle) - 1) // 7 + 1
    of_last = middle + 7 * DAY
    return number in weeks or (-1 in weeks and of_last.year > middle.year)


def _is_weekday(day: date, said: str, *, whole_year: bool) -> bool:
    number, name = int(said[:-2] or "0"), said[-2:]
    if DAYS[day.weekday()] != name or not number:
        return DAYS[day.weekday()] == name
    at, most = (_yearday(day), 365 + isleap(day.year)) if whole_year else (day.day, monthrange(day.year, day.month)[1])
    return number in ((at - 1) // 7 + 1, -((most - at) // 7 + 1))
