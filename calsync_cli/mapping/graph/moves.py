"""How far an instance may move: never onto the day of a neighbour or past it, not even of a deleted one (facts L6.2).

Shape   `check_moves(form, said, clock)` for a form as it shall be; raises MappingError, for Outlook would refuse it
        (ErrorOccurrenceCrossingBoundary). `in_order` says which instance to move first, so that none is in the way
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.clock import Clock
from calsync_cli.mapping.graph.rules import Spoken
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Form, split
from calsync_cli.model.times import InstanceKey, Span, When, Zoned, from_utc, utc, wall

_FARTHEST = 40_000


@dataclass(frozen=True, slots=True)
class _Place:
    start: datetime
    end: datetime


def check_moves(form: Form, said: Spoken, clock: Clock) -> None:
    span = form["time"]
    assert isinstance(span, Span)
    series = clock.wire(span.start)
    places = {
        clock.local_day(key, span.start): _place(value, series, clock)
        for path, value in form.items()
        if (key := split(path)[0]) and split(path)[1] == "time" and isinstance(value, Span)
    }
    for day, place in places.items():
        before, after = _around(said, wall(series).date(), day)
        if _crosses(place, before, after, places, wall(series).time()):
            raise MappingError(f"the instance of {day} would reach the day of another one, which Outlook refuses")


def _crosses(place: _Place, before: date | None, after: date | None, places: dict[date, _Place], at: time) -> bool:
    if before is not None and place.start.date() <= (places[before].start.date() if before in places else before):
        return True
    if after is None:
        return False
    follows = places[after].start if after in places else datetime.combine(after, at)
    return place.start.date() >= follows.date() or place.end > follows


def _place(span: Span, series: When, clock: Clock) -> _Place:
    return _Place(_wall_in(clock.wire(span.start), series), _wall_in(clock.wire(span.end), series))


def _wall_in(when: When, series: When) -> datetime:
    if isinstance(when, Zoned) and isinstance(series, Zoned):
        return from_utc(utc(when), series.tzid).local.replace(fold=0)
    return wall(when)


def _around(said: Spoken, first: date, day: date) -> tuple[date | None, date | None]:
    return _next(said, first, day, -1), _next(said, first, day, 1)


def _next(said: Spoken, first: date, day: date, step: int) -> date | None:
    for away in range(1, _FARTHEST):
        try:
            other = day + timedelta(days=step * away)
        except OverflowError:
            return None
        if other < first or (said.last is not None and other > said.last):
            return None
        if said.pattern.hits(first, other):
            return other
    return None


def in_order(keys: Iterable[InstanceKey], later: Iterable[InstanceKey]) -> list[InstanceKey]:
    """Those that move earlier or stay from the first on, then those that move later from the last on."""
    last = set(later)
    return [*sorted(set(keys) - last), *sorted(last, reverse=True)]
