"""An IANA zone -> VTIMEZONE text, from zoneinfo's own transitions.

Shape   lines without line ends, BEGIN to END; two RRULE observances where one yearly rule holds from before the event's
        first year to HORIZON, else each transition of the event's years by date
Units   an observance starts in local time of the offset before it (RFC 5545 section 3.6.5), which generators get wrong
Cost    a few milliseconds per zone and first year, cached
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from calsync_cli.mapping.values import stamp
from calsync_cli.model.plain import dataclass
from calsync_cli.model.times import zone

HORIZON = 2040
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_STEP = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of clocks: `local` is the wall time just before it, offsets in seconds."""

    local: datetime
    before: int
    after: int
    name: str
    dst: bool

    @property
    def kind(self) -> tuple[int, int, str, bool]:
        return self.before, self.after, self.name, self.dst


@lru_cache(maxsize=256)
def vtimezone(tzid: str, first_year: int, last_year: int) -> tuple[str, ...]:
    """The block for an event that happens in these years; `last_year` beyond HORIZON is cut to it."""
    last = min(max(first_year, last_year), HORIZON)
    body = _yearly(tzid, first_year) or _dated(tzid, first_year, last)
    return ("BEGIN:VTIMEZONE", f"TZID:{tzid}", *body, "END:VTIMEZONE")


def _yearly(tzid: str, first_year: int) -> tuple[str, ...] | None:
    """Observances by rule, if one rule per kind of change holds every year from before the event on."""
    last_year = max(HORIZON, first_year + 10)
    changes = _changes(tzid, first_year - 1, last_year)
    if not changes:
        moment = datetime(first_year, 1, 1, tzinfo=UTC)
        return _observance(_still(tzid, moment), [])
    kinds = {change.kind for change in changes}
    start = _steady_since(tzid, changes)
    if len(kinds) != 2 or start > first_year - 1:
        return None
    lines: list[str] = []
    for kind in sorted(kinds, key=lambda k: not k[3]):
        same = [change for change in changes if change.kind == kind]
        rule = _rule(same)
        if rule is None or [c.local.year for c in same] != list(range(first_year - 1, last_year + 1)):
            return None
        first = next(c for c in _changes(tzid, start, start + 1) if c.kind == kind)
        lines += _observance(first, [], rule)
    return tuple(lines)


def _steady_since(tzid: str, changes: tuple[Change, ...]) -> int:
    """The first year from which today's rules have held, so that most events share one block."""
    kinds = {change.kind for change in changes}
    rules = {kind: _rule([c for c in changes if c.kind == kind]) for kind in kinds}
    clocks = {change.kind: change.local.time() for change in changes}
    first = changes[0].local.year
    for year in range(first, 1969, -1):
        here = _changes(tzid, year, year)
        as_now = (clocks.get(c.kind) == c.local.time() and _obeys(c, rules[c.kind]) for c in here)
        if len(here) != len(kinds) or not all(as_now):
            return year + 1
    return 1970


def _dated(tzid: str, first_year: int, last_year: int) -> tuple[str, ...]:
    """Every change of the event's years by its date, after the state before them."""
    changes = _changes(tzid, first_year - 1, last_year + 1)
    lines = list(_observance(_still(tzid, datetime(first_year - 1, 1, 1, tzinfo=UTC)), []))
    for kind in sorted({change.kind for change in changes}):
        same = [change for change in changes if change.kind == kind]
        lines += _observance(same[0], [c.local for c in same[1:]])
    return tuple(lines)


def _observance(first: Change, more: list[datetime], rule: str | None = None) -> tuple[str, ...]:
    name = "DAYLIGHT" if first.dst else "STANDARD"
    return (
        f"BEGIN:{name}",
        f"TZOFFSETFROM:{_offset(first.before)}",
        f"TZOFFSETTO:{_offset(first.after)}",
        f"TZNAME:{first.name}",
        f"DTSTART:{stamp(first.local)}",
        *([f"RRULE:{rule}"] if rule else []),
        *(f"RDATE:{stamp(local)}" for local in more),
        f"END:{name}",
    )


def _offset(seconds: int) -> str:
    hours, rest = divmod(abs(seconds), 3600)
    minutes, secs = divmod(rest, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}{f'{secs:02}' if secs else ''}"


# -- the transitions of a zone ----------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _changes(tzid: str, first_year: int, last_year: int) -> tuple[Change, ...]:
    return tuple(_scan(tzid, first_year, last_year))


def _scan(tzid: str, first_year: int, last_year: int) -> Iterator[Change]:
    low, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    before = _state(tzid, low)
    while low < end:
        high = min(low + _STEP, end)
        after = _state(tzid, high)
        if after != before:
            at = _bisect(tzid, low, high)
            after = _state(tzid, at)
            yield Change((at + before[0]).replace(tzinfo=None), _seconds(before[0]), _seconds(after[0]), *after[1:])
            low, before = at, after
            continue
        low = high


def _bisect(tzid: str, low: datetime, high: datetime) -> datetime:
    """The first second after `low` at which the state differs."""
    before = _state(tzid, low)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (middle, high) if _state(tzid, middle) == before else (low, middle)
    return high


def _state(tzid: str, instant: datetime) -> tuple[timedelta, str, bool]:
    local = instant.astimezone(zone(tzid))
    return local.utcoffset() or timedelta(0), local.tzname() or "", bool(local.dst())


def _still(tzid: str, instant: datetime) -> Change:
    offset, name, dst = _state(tzid, instant)
    return Change(datetime(1970, 1, 1), _seconds(offset), _seconds(offset), name, dst)


def _seconds(offset: timedelta) -> int:
    return offset.days * 86400 + offset.seconds


# -- yearly rules -----------------------------------------------------------------------------------------------------


def _rule(changes: list[Change]) -> str | None:
    """The RRULE that gives exactly these changes, or None: nth or last weekday, or a weekday on or after a day."""
    days = [change.local for change in changes]
    if len({(d.month, d.weekday(), d.time()) for d in days}) != 1:
        return None
    month, name = days[0].month, _DAYS[days[0].weekday()]
    if all(d.day + 7 > monthrange(d.year, d.month)[1] for d in days):
        return f"FREQ=YEARLY;BYMONTH={month};BYDAY=-1{name}"
    ordinals = {(d.day - 1) // 7 + 1 for d in days}
    if len(ordinals) == 1:
        return f"FREQ=YEARLY;BYMONTH={month};BYDAY={ordinals.pop()}{name}"
    low, high = min(d.day for d in days), max(d.day for d in days)
    if high - low > 6:
        return None
    window = ",".join(str(day) for day in range(low, min(low + 7, 32)))
    return f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={window};BYDAY={name}"


def _obeys(change: Change, rule: str | None) -> bool:
    from dateutil.rrule import rrulestr

    if rule is None:
        return False
    start = datetime.combine(date(change.local.year, 1, 1), change.local.time())
    return change.local == rrulestr(rule, dtstart=start)[0]
