"""`start`, `end` and `originalStartTime` <-> the model's times (facts 3.3, 5.2, 11.1).

Words   a time "at Google" is a day or zoned, never floating; `Clock.model` and `Clock.wire` go between the two. An
        event without a zone is written in the calendar's zone and noted (`calsync.floating`, facts 5.2): it reads as
        floating for as long as the note names the zone its start is in
Shape   nodes are {"date"} or {"dateTime", "timeZone"}; all-day ends are exclusive on both sides
Errors  MappingError naming the member whose date is impossible or whose zone is unknown
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from calsync_cli.errors import MappingError
from calsync_cli.mapping.google.document import Json, id_stamp, object_of, text_of
from calsync_cli.mapping.rrule_text import canonical
from calsync_cli.mapping.values import stamp
from calsync_cli.mapping.zones import display, iana, windows
from calsync_cli.model.plain import dataclass
from calsync_cli.model.times import (
    AllDay,
    Floating,
    InstanceKey,
    Span,
    When,
    Zoned,
    at_instant,
    from_utc,
    instance_key,
    utc,
    wall,
    zone,
)

_FIRST_YEAR, _LAST_YEAR = 1001, 9997  # a year from where datetime ends, so that no zone leads out of it
_DAY = timedelta(days=1)
_BETWEEN = ("T", "t", " ")
_UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})Z", re.ASCII)
_OLDER = {"Europe/Kyiv": "Europe/Kiev", "America/Nuuk": "America/Godthab", "Pacific/Kanton": "Pacific/Enderbury"}
"""Names that Google was slow to learn -> older names of the same zones, which it always knows (facts 5.2)."""

UNSETTLED = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """How the times of one event set are meant.

    zone      the calendar's own zone, "" when unknown
    floating  None: days and zoned times. Else the event has no zone and is written in this one; UNSETTLED while nobody
              knows the calendar's zone: its times then stand without zone and offset until a provider settles them
    """

    zone: str = ""
    floating: str | None = None

    def model(self, when: When) -> When:
        """A time as the form has it."""
        if self.floating and isinstance(when, Zoned):
            local = when.local if when.tzid == self.floating else from_utc(utc(when), self.floating).local
            return Floating(local.replace(fold=0))
        return when

    def wire(self, when: When) -> When:
        """A time as it stands at Google; floating only while unsettled."""
        return Zoned(when.local, self.floating) if self.floating and isinstance(when, Floating) else when

    def model_rule(self, rule: str) -> str:
        """A canonical rule at Google -> in the form: UNTIL of a floating series is wall time."""
        found = _UNTIL.search(rule) if self.floating else None
        if found is None:
            return rule
        until = datetime.fromisoformat(found.group(1)).replace(tzinfo=UTC)
        local = from_utc(until, self.floating or "UTC").local if until.year <= _LAST_YEAR else until
        return f"{rule[: found.start()]}UNTIL={stamp(local)}{rule[found.end() :]}"

    def wire_rule(self, rule: str, start: When) -> str:
        """The other way; `start` is the series' start in the form."""
        return canonical(rule, self.wire(start))


@lru_cache(maxsize=1024)
def known_zone(name: str) -> str | None:
    return iana(name) or windows(name) or display(name)


# -- reading -----------------------------------------------------------------------------------------------------------


def read_time(node: Json, clock: Clock, name: str, losses: list[str], *, recurs: bool = False) -> When:
    """`recurs`: a series, whose zone decides where its later instances are, so that nothing may be guessed."""
    day, moment = node.get("date"), node.get("dateTime")
    if day is not None and moment is not None:
        raise MappingError(f"its {name} is a day and a time at once")
    if isinstance(moment, str):
        return _timed(moment, node, clock, name, losses, recurs=recurs)
    if isinstance(day, str) and len(day) == 10:
        try:
            return AllDay(_in_range(date.fromisoformat(day), day, name))
        except ValueError:
            pass
    if moment is None and day is None:
        raise MappingError(f"the event has no {name}")
    raise MappingError(f"its {name} is not a possible date: {str(moment or day)[:60]!r}")


def _in_range(day: date, said: str, name: str) -> date:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise MappingError(f"its {name} is not a possible date: {said[:60]!r}")
    return day


def _timed(said: str, node: Json, clock: Clock, name: str, losses: list[str], *, recurs: bool) -> When:
    try:
        moment = datetime.fromisoformat(said.upper() if said[10:11] in _BETWEEN else "").replace(microsecond=0)
    except ValueError:
        raise MappingError(f"its {name} is not a possible date: {said[:60]!r}") from None
    _in_range(moment, said, name)
    local = moment.replace(tzinfo=None)
    named = text_of(node, "timeZone")
    tzid = known_zone(named) if named else None
    if moment.tzinfo is None and tzid is None:
        if not named and clock.floating == UNSETTLED:
            return Floating(local)
        raise MappingError(f"the time zone of its {name} is unknown: {named[:60]!r}")
    if tzid is None:
        tzid = _guessed(said, named, clock, name, losses, recurs=recurs)
    offset = moment.utcoffset()
    if offset is None or zone(tzid).utcoffset(local) == offset:
        return Zoned(local, tzid)
    when = at_instant(moment.astimezone(UTC), tzid)
    if recurs and when.tzid != tzid:
        raise MappingError("the series starts in the second of two equal hours, where the clocks go back")
    return when


def _guessed(said: str, named: str, clock: Clock, name: str, losses: list[str], *, recurs: bool) -> str:
    """The zone of a time that has an offset and no known zone: the instant is sure, the wall clock is not."""
    if not named and said[-1:] in "Zz":
        return "UTC"
    if not named and clock.zone:
        return clock.zone
    if recurs:
        words = f"the time zone of its {name} is unknown: {named[:60]!r}"
        raise MappingError(f"{words}, so its later dates are unknown too")
    if named:
        losses.append(f"its time zone {named[:60]!r} is unknown; read by its offset")
    return clock.zone or "UTC"


def read_span(resource: Json, clock: Clock, losses: list[str], *, recurs: bool) -> Span:
    """Start and end as they stand at Google; what is broken is read as the shortest event it can mean (facts 5.2)."""
    start = read_time(object_of(resource, "start"), clock, "start", losses, recurs=recurs)
    node = object_of(resource, "end")
    if not node:
        losses.append("it has no end; read as the shortest event")
    end = read_time(node, clock, "end", losses) if node else start
    if type(start) is not type(end):
        raise MappingError("its start is a day and its end a time, or the other way round")
    if isinstance(start, AllDay) and isinstance(end, AllDay):
        if end.day <= start.day and node:
            losses.append("it ends before it starts; read as one day")
        return Span(start, end if end.day > start.day else AllDay(start.day + _DAY))
    if _order(end) < _order(start):
        losses.append("it ends before it starts; read as having no length")
        return Span(start, start)
    return Span(start, end)


def _order(when: When) -> datetime:
    return utc(when) if isinstance(when, Zoned) else wall(when).replace(tzinfo=UTC)


def read_original(resource: Json, clock: Clock, losses: list[str]) -> When:
    """Where the series put an instance, at Google. A minimal resource says it by its id.

    The id holds the original start even when the instance was moved; its prefix says nothing (facts 4.4).
    """
    node = object_of(resource, "originalStartTime")
    if node.get("dateTime") is not None or node.get("date") is not None:
        return read_time(node, clock, "original start", losses)
    return _stamped(id_stamp(resource))


def read_key(resource: Json, clock: Clock, losses: list[str]) -> InstanceKey:
    """Which instance of its series a resource is."""
    return instance_key(clock.model(read_original(resource, clock, losses)))


def _stamped(text: str) -> When:
    try:
        if len(text) == 8:
            return AllDay(_in_range(date.fromisoformat(text), text, "original start"))
        moment = datetime.fromisoformat(text[:15])
    except ValueError:
        raise MappingError("an instance of the series does not say which one it is") from None
    _in_range(moment, text, "original start")
    return Zoned(moment, "UTC")


# -- writing -----------------------------------------------------------------------------------------------------------


def write_time(when: When) -> Json:
    """The node of a time at Google. The offset tells equal hours apart; years whose offset has seconds go without."""
    match when:
        case AllDay(day):
            return {"date": f"{day.year:04}-{day.month:02}-{day.day:02}"}
        case Floating(local):
            return {"dateTime": _iso(local)}
        case Zoned(local, "UTC"):
            return {"dateTime": f"{_iso(local)}Z", "timeZone": "UTC"}
        case Zoned(local, tzid):
            offset = zone(tzid).utcoffset(local)
            return {"dateTime": _iso(local) + _offset(offset), "timeZone": google_zone(tzid)}


def google_zone(tzid: str) -> str:
    return _OLDER.get(tzid, tzid)


def _iso(local: datetime) -> str:
    return local.replace(microsecond=0, fold=0).isoformat()


def _offset(offset: timedelta | None) -> str:
    total = int(offset.total_seconds()) if offset is not None else 0
    if offset is None or total % 60:
        return ""
    hours, minutes = divmod(abs(total) // 60, 60)
    return f"{'-' if total < 0 else '+'}{hours:02}:{minutes:02}"


def has_length(span: Span) -> bool:
    """Whether the span ends after it starts; Google refuses any other (facts 5.2)."""
    return _order(span.end) > _order(span.start)
