"""Expansion of recurrence rules, bounded in count and time (R8), on the wall clock of the series.

Shape   in: the master's Span and Recurrence; out: original starts as `When`, in order
Limits  rules more often than daily are not expanded (facts 0.16): such a series is known only by its text
Source  RFC 5545 section 3.8.5.3; the expander is python-dateutil's
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING

from calsync_cli.model.series import Form, Path, Recurrence, Value
from calsync_cli.model.times import (
    AllDay,
    Floating,
    InstanceKey,
    Span,
    When,
    Zoned,
    compact,
    instance_key,
    key_start,
    moved,
    rough_instant,
    utc,
    wall,
    zone,
)

if TYPE_CHECKING:
    from dateutil.rrule import rruleset

MAX_INSTANCES = 500
MAX_YEARS = 10
MAX_ASKED = 100_000
"""Of so many instances it is known whether they are there; later ones are taken to be (no evidence against them)."""
_DAY = timedelta(days=1)
_SUB_DAILY = ("FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY", "RSCALE=", "SKIP=")


def expandable(recurrence: Recurrence) -> bool:
    return not any(word in rule for rule in recurrence.rules for word in _SUB_DAILY)


def like(start: When, local: datetime) -> When:
    match start:
        case AllDay():
            return AllDay(local.date())
        case Zoned(_, tzid):
            return Zoned(local, tzid)
        case Floating():
            return Floating(local)


def _wall_in(start: When, when: When) -> datetime:
    """`when` on the wall clock of the series, naive."""
    if isinstance(start, Zoned) and isinstance(when, Zoned) and when.tzid != start.tzid:
        return utc(when).astimezone(zone(start.tzid)).replace(tzinfo=None)
    return wall(when)


def _walls(start: When, when: When, key: InstanceKey) -> Iterator[datetime]:
    """The wall times in the zone of the series that mean the key's instant.

    A time that the clock leaves out means the instant as far after the change (RFC 5545 section 3.3.5), so that instant
    has two; the second of two equal hours has none.
    """
    if not (isinstance(start, Zoned) and isinstance(when, Zoned) and key.endswith("Z")):
        yield _wall_in(start, when)
        return
    instant = datetime.fromisoformat(key[:15]).replace(tzinfo=UTC)
    offsets = set()
    for by in (-_DAY, timedelta(0), _DAY):
        with suppress(OverflowError):  # at the ends of all time
            offsets.add((instant + by).astimezone(zone(start.tzid)).utcoffset() or timedelta(0))
    for offset in offsets:
        with suppress(OverflowError):
            local = (instant + offset).replace(tzinfo=None)
            if utc(Zoned(local, start.tzid)) == instant:
                yield local


def _local_until(rule: str, start: When) -> str:
    """UNTIL as naive wall time of the series, since the expansion runs on naive times."""
    parts = []
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        if name == "UNTIL" and len(value) > 8:
            moment = datetime.strptime(value[:15], "%Y%m%dT%H%M%S")
            if value.endswith("Z") and isinstance(start, Zoned):
                with suppress(OverflowError):  # in the last hours of the year 9999
                    moment = moment.replace(tzinfo=UTC).astimezone(zone(start.tzid)).replace(tzinfo=None)
            value = compact(moment)
        parts.append(f"{name}={value}" if value else part)
    return ";".join(parts)


_NARROWING = ("INTERVAL", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY", "BYSETPOS", "BYEASTER")
_CYCLE, _SEARCHED = 400, 120
"""Years after which the Gregorian calendar repeats, weekdays included; how many are looked through at least."""


def comes(rule: str, start: datetime) -> bool:
    """Whether a rule has any date at all, at least within centuries: one that never has (30 February) would be
    searched for seconds, up to the year 9999. The same question is asked of the last centuries before that."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    if sum(name in parts for name in _NARROWING) < 2:
        return True
    timeless = ";".join(f"{name}={value}" for name, value in sorted(parts.items()) if name not in ("COUNT", "UNTIL"))
    return _comes(timeless, start.replace(hour=0, minute=0, second=0, microsecond=0))


@lru_cache(maxsize=1024)
def _comes(rule: str, start: datetime) -> bool:
    from dateutil.rrule import rrulestr

    cycles = (datetime.max.year - _SEARCHED - start.year) // _CYCLE
    try:
        late = start.replace(year=start.year + max(cycles, 0) * _CYCLE)
        return next(iter(rrulestr(rule, dtstart=late)), None) is not None
    except (ValueError, OverflowError):
        return True  # whoever expands it will say what is wrong


def ruleset(span: Span, recurrence: Recurrence) -> rruleset:
    from dateutil.rrule import rrule, rruleset, rrulestr

    start = wall(span.start)
    rules = rruleset()
    for text in recurrence.rules:
        if not comes(text, start):
            continue
        parsed = rrulestr(_local_until(text, span.start), dtstart=start)
        assert isinstance(parsed, rrule)
        rules.rrule(parsed)
    rules.rdate(start)
    for extra in recurrence.dates:
        rules.rdate(_wall_in(span.start, extra))
    return rules


def starts(span: Span, recurrence: Recurrence) -> Iterator[When]:
    """Original starts in order, at most MAX_INSTANCES within MAX_YEARS; none for what is not expandable."""
    if not expandable(recurrence):
        return
    first = wall(span.start)
    limit = first + min(timedelta(days=366 * MAX_YEARS), datetime.max - first)
    for local in islice(ruleset(span, recurrence), MAX_INSTANCES):
        if local > limit:
            return
        yield like(span.start, local)


def has_instance(span: Span, recurrence: Recurrence, key: InstanceKey) -> bool:
    """Whether the rule puts an instance at `key`. True for rules that cannot be expanded: no evidence against it."""
    if not expandable(recurrence):
        return True
    start, expansion = key_start(key, span.start), _expansion(span, recurrence)
    return any(expansion.holds(local) for local in _walls(span.start, start, key))


class _Expansion:
    """The starts of one rule on the wall clock, expanded as far as somebody has asked."""

    def __init__(self, span: Span, recurrence: Recurrence) -> None:
        self.span, self.recurrence = span, recurrence
        self._left = iter(ruleset(span, recurrence))
        self._found: set[datetime] = set()
        self._last = datetime.min
        self._lock = Lock()

    def holds(self, local: datetime) -> bool:
        with self._lock:
            while self._last < local and len(self._found) < MAX_ASKED:
                self._last = self._next()
                self._found.add(self._last)
            return local in self._found or self._last < local

    def _next(self) -> datetime:
        try:
            return next(self._left, datetime.max)
        except Exception:  # the next question is to fail as this one does, not to find the expansion ended
            with suppress(ValueError):
                _EXPANSIONS.remove(self)
            raise


def _expansion(span: Span, recurrence: Recurrence) -> _Expansion:
    """Thousands of dates of one series are asked for one after the other; the series is the same object then."""
    for known in tuple(_EXPANSIONS):
        if known.span is span and known.recurrence is recurrence:
            return known
    made = _Expansion(span, recurrence)
    _EXPANSIONS.append(made)
    return made


_EXPANSIONS: deque[_Expansion] = deque(maxlen=4)


@lru_cache(maxsize=4096)
def same_zone(a: str, b: str) -> bool:
    """Zones are compared by their rules, not by their names (R8): equal offsets at every half month of 2000-2040."""
    if a == b:
        return True
    first, second = zone(a), zone(b)
    points = (datetime(year, month, day, 12) for year in range(2000, 2041) for month in range(1, 13) for day in (1, 15))
    return all(p.replace(tzinfo=first).utcoffset() == p.replace(tzinfo=second).utcoffset() for p in points)


def same_when(a: When, b: When, *, repeats: bool) -> bool:
    """Equal in meaning: single events by instant, series by wall time and zone rules."""
    if not (isinstance(a, Zoned) and isinstance(b, Zoned)):
        return a == b
    return (a.local == b.local and same_zone(a.tzid, b.tzid)) if repeats else utc(a) == utc(b)


def same_span(a: Span, b: Span, *, repeats: bool) -> bool:
    return same_when(a.start, b.start, repeats=repeats) and same_when(a.end, b.end, repeats=repeats)


def same_recurrence(span: Span, a: Recurrence, b: Recurrence) -> bool:
    """Equal by text or by the instances they give from `span` on (R8)."""
    if a == b:
        return True
    if a.periods != b.periods or not (expandable(a) and expandable(b)):
        return False
    return list(starts(span, a)) == list(starts(span, b))


def diff(base: Form, now: Form) -> dict[Path, Value | None]:
    """Paths whose meaning differs, with the value of `now` (None: removed)."""
    changed: dict[Path, Value | None] = {
        path: now.get(path) for path in base.keys() | now.keys() if base.get(path) != now.get(path)
    }
    if not changed:
        return changed
    repeats = "recurrence" in base or "recurrence" in now
    for path in [p for p in changed if p == "time" or p.endswith("/time")]:
        old, new = base.get(path), now.get(path)
        single = path != "time" or not repeats
        if isinstance(old, Span) and isinstance(new, Span) and same_span(old, new, repeats=not single):
            del changed[path]
    if "recurrence" in changed and "time" not in changed:
        span, was, will = base.get("time"), base.get("recurrence"), now.get("recurrence")
        known = isinstance(span, Span) and isinstance(was, Recurrence) and isinstance(will, Recurrence)
        if known and same_recurrence(span, was, will):  # type: ignore[arg-type]
            del changed["recurrence"]
    return changed


def last_end(form: Form) -> datetime | None:
    """When the last instance of the set ends, aware UTC (days and floating times roughly); None: it never does."""
    return _last(form, lambda span: span.end)


def last_start(form: Form) -> datetime | None:
    """When the last instance of the set starts, as in `last_end`."""
    return _last(form, lambda span: span.start)


def _last(form: Form, side: Callable[[Span], When]) -> datetime | None:
    ends = [rough_instant(side(v)) for p, v in form.items() if isinstance(v, Span) and p.endswith("time")]
    span, recurrence = form.get("time"), form.get("recurrence")
    if isinstance(span, Span) and isinstance(recurrence, Recurrence):
        if not all("COUNT=" in rule or "UNTIL=" in rule for rule in recurrence.rules) or not expandable(recurrence):
            return None
        last = None
        for last in ruleset(span, recurrence):
            if last.year > 2200:
                return None
        if last is not None:
            ends.append(rough_instant(like(span.start, last)) + (wall(side(span)) - wall(span.start)))
    return max(ends) if ends else None


def touches(form: Form, low: datetime | None, high: datetime | None) -> bool:
    """Whether any instance lies in [low, high] (V1); cancelled ones count, which errs on the side of keeping."""
    spans = [v for p, v in form.items() if isinstance(v, Span) and p.endswith("time")]
    if any(_overlaps(span, low, high) for span in spans) or not spans:
        return True
    span, recurrence = form.get("time"), form.get("recurrence")
    if not (isinstance(span, Span) and isinstance(recurrence, Recurrence)):
        return False
    if not expandable(recurrence):
        return True
    length = wall(span.end) - wall(span.start)
    after = (low or datetime(1900, 1, 1, tzinfo=UTC)).replace(tzinfo=None) - length - timedelta(days=1)
    found = ruleset(span, recurrence).after(after, inc=True)
    return found is not None and (high is None or found <= high.replace(tzinfo=None) + timedelta(days=1))


def _overlaps(span: Span, low: datetime | None, high: datetime | None) -> bool:
    return (low is None or rough_instant(span.end) >= low) and (high is None or rough_instant(span.start) <= high)


def shifted_key(key: InstanceKey, start: When, by: timedelta) -> InstanceKey:
    """The key after the whole series moved by `by` on its wall clock (R3)."""
    return instance_key(moved(rule_start(key, start), by))


def rule_start(key: InstanceKey, start: When) -> When:
    """`key_start`; where the clock leaves out the time that the rule says, that time and not the one shown instead."""
    at = key_start(key, start)
    if isinstance(at, Zoned) and isinstance(start, Zoned) and at.local.time() != start.local.time():
        said = Zoned(datetime.combine(at.local.date(), start.local.time()), at.tzid)
        return said if utc(said) == utc(at) else at
    return at
