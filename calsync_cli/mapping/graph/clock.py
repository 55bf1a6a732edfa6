"""`start`, `end` and `originalStart` <-> the model's times (facts 0.15, 0.16, L4.2, L4.3, L13).

Reads   a time stands in any zone, mostly UTC, and is meant in the event's own: of a series `recurrenceTimeZone`, else
        `originalStartTimeZone`. All-day events have dates, whatever zone stands beside them
Words   a time "at Outlook" is a day or zoned, never floating; `Clock` goes between the two: a floating event is written
        in the mailbox's zone and noted, and reads as floating while it is in that zone
Errors  MappingError naming the member whose date is impossible, or a series whose zone nobody knows (I16)
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.zones import known
from calsync_cli.mapping.jsondoc import Json, object_of, text_of
from calsync_cli.mapping.rrule_text import canonical
from calsync_cli.mapping.values import stamp
from calsync_cli.mapping.when import from_key
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
    utc,
    wall,
    zone,
)

_FIRST_YEAR, _LAST_YEAR = 1001, 9997  # a year from where datetime ends, so that no zone leads out of it
_DAY = timedelta(days=1)
_UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})Z", re.ASCII)
_MIDNIGHT = "00:00:00"


@dataclass(frozen=True, slots=True)
class Clock:
    """How the times of one event set are meant.

    zone      the mailbox's own zone, "" when unknown
    floating  None: days and zoned times. Else the event has no zone and is written in this one
    """

    zone: str = ""
    floating: str | None = None

    def model(self, when: When) -> When:
        """A time as the form has it."""
        if self.floating and isinstance(when, Zoned):
            local = when.local if when.tzid == self.floating else from_utc(utc(when), self.floating).local
            return Floating(local.replace(fold=0))
        return when

    def model_span(self, span: Span) -> Span:
        return Span(self.model(span.start), self.model(span.end)) if self.floating else span

    def wire(self, when: When) -> When:
        """A time as it stands at Outlook."""
        return Zoned(when.local, self.floating) if self.floating and isinstance(when, Floating) else when

    def wire_span(self, span: Span) -> Span:
        return Span(self.wire(span.start), self.wire(span.end)) if self.floating else span

    def model_rule(self, rule: str) -> str:
        """A canonical rule at Outlook -> in the form: UNTIL of a floating series is wall time."""
        found = _UNTIL.search(rule) if self.floating else None
        if found is None:
            return rule
        until = datetime.fromisoformat(found.group(1)).replace(tzinfo=UTC)
        local = from_utc(until, self.floating or "UTC").local if until.year <= _LAST_YEAR else until
        return f"{rule[: found.start()]}UNTIL={stamp(local)}{rule[found.end() :]}"

    def local_day(self, key: InstanceKey, start: When) -> date:
        """The day a key's instance has on the clock of the series, by which Outlook names it; `start` is the form's."""
        when, series = self.wire(from_key(key, start)), self.wire(start)
        if isinstance(when, Zoned) and isinstance(series, Zoned):
            return from_utc(utc(when), series.tzid).local.date()
        return wall(when).date()

    def wire_rule(self, rule: str, start: When) -> str:
        """The other way; `start` is the series' start in the form."""
        return canonical(rule, self.wire(start))


# -- reading -----------------------------------------------------------------------------------------------------------


def moment_of(said: str, name: str) -> datetime:
    """Seven digits of a second are cut to none; an offset, where there is one, is kept."""
    try:
        moment = datetime.fromisoformat(said if len(said) > 10 else "").replace(microsecond=0)
    except ValueError:
        raise MappingError(f"its {name} is not a possible date: {said[:60]!r}") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise MappingError(f"its {name} is not a possible date: {said[:60]!r}")
    return moment


def own_zones(resource: Json, fallback: str, *, recurs: bool) -> tuple[str, str, str]:
    """The zones the event starts and ends in, and the name of one that is unknown ("": none is).

    fallback: the zone of its series, or "". A series whose zone is not told, or not known, is unreadable: its later
    dates are where nobody can tell (I16).
    """
    first, last = text_of(resource, "originalStartTimeZone"), text_of(resource, "originalEndTimeZone")
    extent = object_of(object_of(resource, "recurrence"), "range") if recurs else {}
    names = [text_of(extent, "recurrenceTimeZone"), first, last, _label(resource, "start")]  # L13.4
    start = next((tzid for name in names if name and (tzid := known(name))), fallback)
    odd = "" if start else next(filter(None, names), "not told")
    if recurs and odd:
        raise MappingError(f"the time zone of the series is unknown: {odd[:60]!r}, so its later dates are unknown too")
    end = known(last) if last and not recurs else None
    return start, end or start, odd


def _label(resource: Json, name: str) -> str:
    """The zone a time stands in, where that says something: UTC is what Graph shows of every event."""
    label = text_of(object_of(resource, name), "timeZone")
    return "" if known(label) == "UTC" else label


def read_span(resource: Json, clock: Clock, losses: list[str], *, recurs: bool, series_zone: str = "") -> Span:
    """Start and end as they stand at Outlook; what is broken is read as the shortest event it can mean."""
    start_node, end_node = object_of(resource, "start"), object_of(resource, "end")
    if resource.get("isAllDay") is True:
        return _days(start_node, end_node, losses)
    first, last, odd = own_zones(resource, series_zone, recurs=recurs)
    if odd:
        losses.append(f"its time zone {odd[:60]!r} is unknown; read by its instants")
        first = first or clock.zone
    start = _timed(start_node, first or "UTC", "start", recurs=recurs)
    end = _timed(end_node, last or first or "UTC", "end", recurs=False) if end_node else start
    if not end_node:
        losses.append("it has no end; read as having no length")
    if utc(end) < utc(start):
        losses.append("it ends before it starts; read as having no length")
        return Span(start, start)
    return Span(start, end)


def _timed(node: Json, tzid: str, name: str, *, recurs: bool) -> Zoned:
    said, label = text_of(node, "dateTime"), text_of(node, "timeZone")
    moment = moment_of(said, name)
    if moment.tzinfo is None:
        stands = known(label) if label else tzid
        if stands is None:
            raise MappingError(f"the time zone of its {name} is unknown: {label[:60]!r}")
        if stands == tzid:
            return Zoned(moment, tzid)
        moment = utc(Zoned(moment, stands))
    when = at_instant(moment.astimezone(UTC), tzid)
    if recurs and when.tzid != tzid:
        raise MappingError("the series starts in the second of two equal hours, where the clocks go back")
    return when


def _days(start_node: Json, end_node: Json, losses: list[str]) -> Span:
    first = _day(start_node, "start")
    last = _day(end_node, "end") if end_node else first
    if last <= first:
        losses.append("it ends before it starts, or has no end; read as one day")
        last = first + _DAY
    return Span(AllDay(first), AllDay(last))


def _day(node: Json, name: str) -> date:
    said = text_of(node, "dateTime")
    moment = moment_of(said, name)
    if said[11:19] != _MIDNIGHT:
        raise MappingError(f"it is all-day, but its {name} is no midnight: {said[:60]!r}")
    return moment.date()


# -- writing -----------------------------------------------------------------------------------------------------------


def node_of(when: When, name: str) -> Json:
    """A time in the zone that Outlook calls `name`; the caller has made sure that it is the zone of `when`."""
    return {"dateTime": wall(when).replace(microsecond=0, fold=0).isoformat(), "timeZone": name}


def original_text(original: When) -> str:
    """`originalStart`, and what a request names an instance by: an instant in UTC, or a day."""
    if isinstance(original, Zoned):
        return utc(original).strftime("%Y-%m-%dT%H:%M:%SZ")
    return wall(original).date().isoformat()


def is_plain(when: Zoned) -> bool:
    """Whether its wall time is there once: not in the hour that is left out, nor in one that comes twice."""
    rules = zone(when.tzid)
    return rules.utcoffset(when.local) == rules.utcoffset(when.local.replace(fold=1))
