"""One RRULE -> the pattern and range of Graph that give the very same dates, or the reason why none does (R7, L5.3).

Shape   `spoken(recurrence, start)` -> Spoken; `start` is the series' own, a day or zoned. Patterns are proposed from
        the parts of the rule, and one is taken only when it gives the dates that dateutil finds for the rule itself:
        the first 500 within 400 years (40 of rules by day), or failing that all of a rule that ends among them
Refused more than one rule, extra dates, anything more often than daily, weeks or days of a year by number, several days
        of a month, days 29 to 31 where a month lacks them, several months that are not evenly spaced, a fifth weekday,
        several n-th weekdays, other places in a set than 1 to 4 and the last, a first date that is none of its rule,
        steps of more than 99 days or weeks (unconfirmed: short sheet 5)
Errors  MappingError with the reason in words: held, never approximated
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from math import lcm

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.pattern import ALL_DAYS, LAST_END, Pattern, Range, last_of
from calsync_cli.model.plain import dataclass
from calsync_cli.model.recur import comes
from calsync_cli.model.series import Recurrence
from calsync_cli.model.times import AllDay, When, Zoned, utc, wall

_PROOF = 500
_MOST_STEPS, _MOST_COUNT = 99, 999
_ICAL = {name: day for day, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_PLACES = (1, 2, 3, 4, -1)
_TIMES = {"BYHOUR": "hour", "BYMINUTE": "minute", "BYSECOND": "second"}
_REFUSED = {
    "FREQ=SECONDLY": "repeats every few seconds", "FREQ=MINUTELY": "repeats every few minutes",
    "FREQ=HOURLY": "repeats every few hours", "RSCALE=": "repeats by another calendar than the Gregorian one",
    "SKIP=": "repeats by another calendar than the Gregorian one", "BYWEEKNO=": "repeats in weeks given by number",
    "BYYEARDAY=": "repeats on days of the year given by number",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """last: a date after which there is no occurrence; None when the series does not end."""

    pattern: Pattern
    range: Range
    last: date | None


@lru_cache(maxsize=256)
def spoken(recurrence: Recurrence, start: When) -> Spoken:
    if recurrence.dates or recurrence.periods:
        raise MappingError("it repeats on extra dates besides its rule, which Outlook cannot hold")
    if len(recurrence.rules) != 1:
        raise MappingError("it repeats by more than one rule, which Outlook cannot hold")
    rule = _Rule(recurrence.rules[0], start)
    if why := rule.refusal():
        raise MappingError(f"it {why}, which Outlook cannot hold: RRULE:{rule.text}")
    first = wall(start).date()
    dates = rule.dates() if rule.may_have(first) else []
    if not dates or dates[0] != first:
        raise MappingError(f"its first date is none of its rule, which Outlook cannot hold: RRULE:{rule.text}")
    limited = rule.limited(dates)
    proposed = list(_proposals(rule, first))
    pattern = next((one for one in proposed if _gives(one, first, dates)), None)
    if pattern is None and len(limited) < len(dates):
        pattern = next((one for one in proposed if _gives(one, first, limited)), None)
    if pattern is None:
        raise MappingError(f"it {rule.why_not()}, which Outlook cannot hold: RRULE:{rule.text}")
    extent = _range(rule, pattern, first)
    return Spoken(pattern, extent, last_of(pattern, extent))


def _gives(pattern: Pattern, first: date, dates: list[date]) -> bool:
    return list(islice(pattern.dates(first), len(dates))) == dates


class _Rule:
    """The parts of one canonical rule, and what dateutil makes of it."""

    def __init__(self, text: str, start: When) -> None:
        self.text, self.start = text, start
        parts = dict(part.split("=", 1) for part in text.split(";"))
        self.until, self.count = parts.pop("UNTIL", ""), int(parts.pop("COUNT", "0"))
        self.parts = {name: value for name, value in parts.items() if not self._is_idle(name, value)}
        self.step = int(self.parts.get("INTERVAL", "1"))
        self.freq = self.parts["FREQ"]
        self.week = _ICAL[self.parts.get("WKST", "MO")]
        self.days = [(int(one[:-2] or "0"), _ICAL[one[-2:]]) for one in self._list("BYDAY")]
        self.months, self.month_days, self.places = (
            [int(one.rstrip("L")) for one in self._list(name)] for name in ("BYMONTH", "BYMONTHDAY", "BYSETPOS")
        )

    def _list(self, name: str) -> list[str]:
        return self.parts[name].split(",") if name in self.parts else []

    def _is_idle(self, name: str, value: str) -> bool:
        """Parts that only repeat the start's own time of day, or leave nothing out."""
        if name in _TIMES:
            return isinstance(self.start, Zoned) and value == str(getattr(self.start.local, _TIMES[name]))
        return value == ",".join(map(str, range(1, 13))) if name == "BYMONTH" else False

    @property
    def weekdays(self) -> tuple[int, ...]:
        return tuple(sorted({day for _, day in self.days}))

    def refusal(self) -> str:
        """What no pattern can say, whatever the dates."""
        if self.until and self.count:
            return "ends by a number and by a date at once"
        if why := next((words for part, words in _REFUSED.items() if part in self.text), ""):
            return why
        if any(name in self.parts for name in _TIMES):
            return "repeats at other times of the day than its own"
        if self.freq == "DAILY" and self.step > _MOST_STEPS and (self.step % 7 or self.step > 7 * _MOST_STEPS):
            return f"repeats every {self.step} days, and 99 is the most"
        if self.freq == "WEEKLY" and self.step > _MOST_STEPS:
            return f"repeats every {self.step} weeks, and 99 is the most"
        if len(self.places) > 1 or any(place not in _PLACES for place in self.places):
            return "picks other dates of a set than the first to fourth or the last"
        return ""

    def why_not(self) -> str:
        """The most likely reason that no pattern gives the same dates."""
        reasons = {
            "names several days of the month": len(self.month_days) > 1 and not self.places,
            "counts days from the end of the month": any(day < -1 for day in self.month_days),
            "leaves out the months that lack its day, where Outlook takes their last":
                any(day > 28 for day in self.month_days) or (not self.days and wall(self.start).day > 28),
            "names several n-th weekdays": len(self.days) > 1 and any(number for number, _ in self.days),
            "names a weekday that months may lack, or one counted from their end":
                any(number not in (0, *_PLACES) for number, _ in self.days),
            "repeats in several months only": bool(self.months) and (len(self.months) > 1 or self.freq == "DAILY"),
            "counts weekdays over a whole year": self.freq == "YEARLY" and bool(self.days) and not self.months,
        }  # fmt: skip
        return next((words for words, applies in reasons.items() if applies), "repeats in a way of its own")

    def may_have(self, day: date) -> bool:
        """Whether each part by itself allows the day; dateutil looks through 8,000 years for a rule that never fits."""
        from_end = day.day - monthrange(day.year, day.month)[1] - 1
        return (
            (not self.months or day.month in self.months)
            and (not self.month_days or day.day in self.month_days or from_end in self.month_days)
            and (not self.days or day.weekday() in self.weekdays)
        )

    def dates(self) -> list[date]:
        """The first dates of the rule in its own words, as if it never ended."""
        from dateutil.rrule import rrulestr

        begin = datetime.combine(wall(self.start).date(), time(12))
        years = 40 if self.freq in ("DAILY", "WEEKLY") else 400
        horizon = f"UNTIL={min(begin.year + years * max(1, self.step // 12), 9998)}1231T235959"
        text = ";".join([*(f"{name}={value}" for name, value in self.parts.items()), horizon])
        try:
            if not comes(text, begin):
                return []
            return [one.date() for one in islice(rrulestr(text, dtstart=begin), _PROOF)]
        except (ValueError, OverflowError):
            raise MappingError(f"its repetition rule cannot be understood: RRULE:{self.text}") from None

    def limited(self, dates: list[date]) -> list[date]:
        """Those of the dates that the rule has before it ends."""
        last = self.last_day()
        return [day for day in dates[: self.count or None] if last is None or day <= last]

    def last_day(self) -> date | None:
        """The last day whose occurrence lies at or before UNTIL, on the clock of the series."""
        if not self.until:
            return None
        if int(self.until[:4]) > LAST_END.year:
            return date(LAST_END.year + 1, 1, 1)
        day = date(int(self.until[:4]), int(self.until[4:6]), int(self.until[6:8]))
        if isinstance(self.start, AllDay) or len(self.until) == 8 or day.year < wall(self.start).year - 1:
            return day
        moment = datetime.fromisoformat(self.until[:15])
        if not (isinstance(self.start, Zoned) and self.until.endswith("Z")):
            return day if datetime.combine(day, wall(self.start).time()) <= moment else day - timedelta(days=1)
        days = (day + timedelta(days=step) for step in (1, 0, -1))
        clock, limit = self.start.local.time(), moment.replace(tzinfo=UTC)
        fits = (one for one in days if utc(Zoned(datetime.combine(one, clock), self.start.tzid)) <= limit)
        return next(fits, day - timedelta(days=2))


def _range(rule: _Rule, pattern: Pattern, first: date) -> Range:
    """An end after the last that Outlook knows is none; more occurrences than it counts end at the date of the last."""
    end = rule.last_day()
    if rule.count > _MOST_COUNT:
        end = last_of(pattern, Range(first, count=rule.count)) or LAST_END + timedelta(days=1)
    if end is not None:
        if end < first:
            raise MappingError(f"its rule ends before it begins: RRULE:{rule.text}")
        return Range(first, end=end if end <= LAST_END else None)
    return Range(first, count=rule.count or None)


# -- proposals ---------------------------------------------------------------------------------------------------------


def _proposals(rule: _Rule, first: date) -> Iterator[Pattern]:
    if rule.freq == "DAILY":
        if rule.step <= _MOST_STEPS:
            yield Pattern("daily", rule.step)
        if rule.days:
            yield Pattern("weekly", 1, rule.weekdays)
        if rule.step % 7 == 0:
            yield Pattern("weekly", rule.step // 7, (first.weekday(),))
    elif rule.freq == "WEEKLY":
        yield Pattern("weekly", rule.step, rule.weekdays or (first.weekday(),), first=rule.week)
    elif rule.days and not rule.months and not rule.month_days:  # each of those weekdays in the month or year
        yield Pattern("weekly", 1, rule.weekdays)
    yield from _in_months(rule, first)


def _in_months(rule: _Rule, first: date) -> Iterator[Pattern]:
    """The last day of a month is said as a place before it is said as the 31st, which leans on how Outlook clamps."""
    for step in dict.fromkeys(_month_steps(rule)):
        month = first.month if step % 12 == 0 else 0
        kind, each = ("Yearly", step // 12) if month else ("Monthly", step)
        for days, index in dict.fromkeys(_places(rule)):
            yield Pattern(f"relative{kind}", each, days, index, month=month)
        for day in dict.fromkeys(_month_days(rule, first)):
            yield Pattern(f"absolute{kind}", each, day=day, month=month)


def _month_steps(rule: _Rule) -> Iterator[int]:
    """Months from one occurrence to the next. Several named months count where they are evenly spaced."""
    own = {"MONTHLY": rule.step, "YEARLY": 12 * rule.step}.get(rule.freq, 1)
    if len(rule.months) == 1:
        yield lcm(own, 12)
    elif rule.months and 12 % len(rule.months) == 0:
        yield 12 // len(rule.months)
    if rule.freq == "YEARLY" and not rule.months and (rule.month_days or rule.places):
        yield 1
    yield own


def _month_days(rule: _Rule, first: date) -> Iterator[int]:
    if rule.days:
        return
    if not rule.month_days:
        yield first.day
    elif rule.month_days[-1] > 0 and (len(rule.month_days) == 1 or rule.places == [-1]):
        yield rule.month_days[-1]


def _places(rule: _Rule) -> Iterator[tuple[tuple[int, ...], int]]:
    """The set of days and which of them."""
    if rule.month_days == [-1] or (not rule.days and rule.places == [-1]):
        yield ALL_DAYS, -1
    if not rule.days:
        return
    numbers = {number for number, _ in rule.days}
    if numbers == {0} and len(rule.places) == 1 and rule.places[0] in _PLACES:
        yield rule.weekdays, rule.places[0]
    elif len(rule.days) == 1 and not rule.places and rule.days[0][0] in _PLACES:
        yield rule.weekdays, rule.days[0][0]
    elif numbers == {0} and rule.month_days:
        yield from ((rule.weekdays, place) for place in _PLACES)
