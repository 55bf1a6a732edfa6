"""The dates of one series: which texts of Graph name which of them (facts 5, L6.1).

Shape   `dates_of(recurrence, start)` -> Dates; `start` is the series' own at Outlook. `.original(resource)` and
        `.deleted(text)` give the original start that an exception or a deleted date names, None for none of the series
Dates   in `OID.{master}.{date}` and in `occurrenceId` are read as local ones of the series, or else as those of UTC
        (L17.8): never as a neighbour, which might be another instance
Errors  MappingError for a series whose first date is none of its pattern: nobody may guess the others
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.clock import Clock, moment_of
from calsync_cli.mapping.graph.pattern import Pattern, Range, last_of, pattern_of, range_of
from calsync_cli.mapping.jsondoc import Json, text_of
from calsync_cli.mapping.rrule_text import canonical
from calsync_cli.mapping.values import stamp
from calsync_cli.mapping.when import from_key
from calsync_cli.model.plain import dataclass
from calsync_cli.model.times import (
    AllDay,
    InstanceKey,
    When,
    Zoned,
    at_instant,
    instance_key,
    utc,
    wall,
    zone,
)

_NAMED = re.compile(r"(?:OID\..*\.)?(\d{4}-\d\d-\d\d)", re.ASCII | re.DOTALL)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dates:
    start: When
    pattern: Pattern
    range: Range

    @property
    def first(self) -> date:
        return wall(self.start).date()

    @property
    def rule(self) -> str:
        """The canonical RRULE of the series at Outlook."""
        end, count = self.range.end, self.range.count
        text = self.pattern.rule()
        if count is not None:
            text += f";COUNT={count}"
        elif end is not None:
            text += f";UNTIL={stamp(datetime.combine(end, wall(self.start).time()))}"
        return canonical(text, self.start)

    def hits(self, day: date) -> bool:
        last = last_of(self.pattern, self.range)
        return (last is None or day <= last) and self.pattern.hits(self.first, day)

    def at(self, day: date) -> When:
        """Where the series puts the occurrence of a day."""
        match self.start:
            case Zoned(local, tzid):
                found = utc(Zoned(datetime.combine(day, local.time()), tzid))
                return at_instant(found, tzid)  # a time that is left out on that day is said as its instant is
            case _:
                return AllDay(day)

    # -- keys ----------------------------------------------------------------------------------------------------------

    def is_key(self, text: str) -> bool:
        try:
            from_key(text, self.start)
        except (ValueError, OverflowError):
            return False
        return True

    def has(self, key: InstanceKey, clock: Clock) -> bool:
        """Whether a key names a date of the series."""
        return any(instance_key(clock.model(self.at(day))) == key for day in self._near(key, clock) if self.hits(day))

    def _near(self, key: InstanceKey, clock: Clock) -> list[date]:
        when = clock.wire(from_key(key, self.start))
        day = wall(when).date()
        return [day] if isinstance(self.start, AllDay) else [day, day - _DAY, day + _DAY]

    # -- names ---------------------------------------------------------------------------------------------------------

    def deleted(self, text: str) -> When | None:
        found = _NAMED.fullmatch(text)
        if found is None:
            return self._by_instant(text) if "T" in text else None
        return self._by_date(found.group(1))

    def original(self, resource: Json) -> When | None:
        said, named = text_of(resource, "originalStart"), _NAMED.fullmatch(text_of(resource, "occurrenceId"))
        if not said and named is None:
            raise MappingError("an instance of the series does not say which one it is")
        if isinstance(self.start, Zoned) and said:
            return self._by_instant(said)
        by_name = self._by_date(named.group(1)) if named is not None else None
        return by_name if by_name is not None or not said else self._by_instant(said)

    def _by_date(self, text: str) -> When | None:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        if self.hits(day):
            return self.at(day)
        if not isinstance(self.start, Zoned):
            return None
        around = (day - _DAY, day + _DAY) if date.min < day < date.max else ()
        return next((self.at(one) for one in around if self.hits(one) and self._utc_day(one) == day), None)

    def _utc_day(self, day: date) -> date:
        when = self.at(day)
        return utc(when).date() if isinstance(when, Zoned) else day

    def _by_instant(self, said: str) -> When | None:
        moment = moment_of(said, "original start")
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if not isinstance(self.start, Zoned):
            return self._by_midnight(moment)
        day = moment.astimezone(zone(self.start.tzid)).date()
        days = (day, day - _DAY, day + _DAY)
        return next((self.at(one) for one in days if self.hits(one) and _instant(self.at(one)) == moment), None)

    def _by_midnight(self, moment: datetime) -> When | None:
        """The day whose midnight, in some zone of the world, this is: 14 hours before that of UTC to 12 after."""
        days = (moment.date(), moment.date() + _DAY)
        fits = [day for day in days if -14 * 60 <= _minutes(moment, day) <= 12 * 60 and self.hits(day)]
        return AllDay(min(fits, key=lambda day: abs(_minutes(moment, day)))) if fits else None

    @staticmethod
    def lone(resource: Json, start: When) -> When:
        """The original start of an instance whose series is not here (R9)."""
        moment = moment_of(text_of(resource, "originalStart"), "original start")
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(start, Zoned):
            return at_instant(moment, start.tzid)
        return AllDay((moment + timedelta(hours=12)).date())


def dates_of(recurrence: Json, start: When) -> Dates:
    first = wall(start).date()
    found = Dates(start, pattern_of(recurrence), range_of(recurrence, first))
    if not found.hits(first):
        raise MappingError(f"the first date of its series, {first}, is none of its pattern; nobody can tell its dates")
    return found


def _instant(when: When) -> datetime | None:
    return utc(when) if isinstance(when, Zoned) else None


def _minutes(moment: datetime, day: date) -> float:
    """From the midnight of a day at Greenwich to a moment."""
    return (moment - datetime(day.year, day.month, day.day, tzinfo=UTC)) / timedelta(minutes=1)
