"""Which zone a time is written in, and how it reads back as the zone that was meant (facts 6, L13).

Writes  Outlook has a quarter of the world's zone names, so a time is sent under one whose clock is the same for as long
        as the event goes on, and the zone that was meant is kept beside it: "zone" and "end zone", [meant, shown].
        A single time that comes twice or not at all on its clock, or whose zone no name keeps, is sent in UTC
Reads   the kept zone counts while Outlook shows the one that stands for it, and both still have one clock
Errors  MappingError for a series in a zone whose clock Outlook does not know: its later dates would shift (I16)
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.clock import is_plain, node_of
from calsync_cli.mapping.graph.pattern import Pattern, pattern_of
from calsync_cli.mapping.graph.zones import known, same_clock, sent, windows_zones
from calsync_cli.mapping.jsondoc import Json, object_of, text_of
from calsync_cli.mapping.kept import Kept, keep
from calsync_cli.mapping.zones import is_zone
from calsync_cli.model.plain import dataclass
from calsync_cli.model.times import AllDay, Span, Zoned, at_instant, utc

ZONE, END_ZONE = "zone", "end zone"
_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Life:
    """How long a series goes on: its dates, and the last of them (None: no end)."""

    pattern: Pattern
    last: date | None


# -- reading -----------------------------------------------------------------------------------------------------------


def noted_span(span: Span, kept: Kept, resource: Json, *, recurs: bool) -> Span:
    start, end = span.start, span.end
    if not isinstance(start, Zoned) or not isinstance(end, Zoned) or not (ZONE in kept or END_ZONE in kept):
        return span
    life = (utc(start), _until(resource)) if recurs else (utc(start), utc(start))
    first = _noted(start, kept.get(ZONE), life, recurs=recurs)
    last = _noted(end, kept.get(END_ZONE), life, recurs=False)
    if last is end and end.tzid == start.tzid:
        last = _noted(end, kept.get(ZONE), life, recurs=recurs)
    return Span(first, last)


def _noted(when: Zoned, note: object, life: tuple[datetime, datetime | None], *, recurs: bool) -> Zoned:
    match note:
        case [str(meant), str(shown)] if shown == when.tzid and (meant == "UTC" or is_zone(meant)):
            if not recurs:
                found = at_instant(utc(when), meant)
                return found if found.tzid == meant else when
            return Zoned(when.local, meant) if same_clock(meant, shown, *life) else when
    return when


def _until(resource: Json) -> datetime | None:
    """After the last occurrence; None where there is none, or where nobody can tell."""
    node = object_of(resource, "recurrence")
    extent = object_of(node, "range")
    try:
        if extent.get("type") == "endDate":
            return _evening(date.fromisoformat(text_of(extent, "endDate")[:10]))
        first, count = date.fromisoformat(text_of(extent, "startDate")[:10]), extent.get("numberOfOccurrences")
        if extent.get("type") != "numbered" or not isinstance(count, int):
            return None
        last = next(islice(pattern_of(node).dates(first), max(count, 1) - 1, None), None)
        return _evening(last) if last is not None else None
    except (MappingError, ValueError, OverflowError):
        return None


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=2)


# -- writing -----------------------------------------------------------------------------------------------------------


def put_span(resource: Json, span: Span, kept: Kept, mailbox: str, *, life: Life | None, floating: bool) -> None:
    """Both ends, as Graph wants them (L4.2); `span` is at Outlook, `life` that of a series."""
    start, end = span.start, span.end
    keep(kept, ZONE, None)
    keep(kept, END_ZONE, None)
    if isinstance(start, AllDay) or isinstance(end, AllDay):
        name = _day_zone(resource, mailbox)
        _put(resource, {"start": node_of(start, name), "end": node_of(end, name)}, name, name)
        resource["isAllDay"] = True
        return
    assert isinstance(start, Zoned) and isinstance(end, Zoned)
    first_name, first = _placed(resource, start, life, floating=floating)
    if life is None:
        last_name, last = _placed(resource, end, None, floating=floating)
    else:
        last_name, last = first_name, _in_zone(end, start, life)
    _put(resource, {"start": node_of(first, first_name), "end": node_of(last, last_name)}, first_name, last_name)
    resource["isAllDay"] = False
    _note(kept, span, _named(first, first_name), _named(last, last_name), floating=floating)


def serves(resource: Json, span: Span, life: Life | None) -> bool:
    """Whether the zone an event is in keeps the clock that is meant for as long as a series will go on."""
    start, end, own = span.start, span.end, known(text_of(resource, "originalStartTimeZone"))
    if life is None or not isinstance(start, Zoned) or not isinstance(end, Zoned):
        return True
    last = _evening(life.last) if life.last is not None else None
    return own is not None and start.tzid == end.tzid and same_clock(start.tzid, own, utc(start), last)


def _put(resource: Json, nodes: Json, first: str, last: str) -> None:
    resource |= nodes
    resource |= {"originalStartTimeZone": first, "originalEndTimeZone": last}


def _day_zone(resource: Json, mailbox: str) -> str:
    """All-day events have their own zone too; it says nothing, but both ends must have the same one (L4.3)."""
    own = text_of(resource, "originalStartTimeZone")
    if own in windows_zones():
        return own
    return next((name for name, tzid in windows_zones().items() if tzid == mailbox), "UTC")


def _placed(resource: Json, when: Zoned, life: Life | None, *, floating: bool) -> tuple[str, Zoned]:
    """The name to send for a time, and the time in that zone."""
    own = text_of(resource, "originalStartTimeZone")
    if when.tzid == "UTC":
        return "UTC", when
    if not is_plain(when):
        if life is None and not floating:
            return "UTC", at_instant(utc(when), "UTC")
        if at_instant(utc(when), when.tzid).local != when.local:
            raise MappingError("it has a time that the clock of its zone leaves out on that day; Outlook would move it")
    if known(own) == when.tzid and (own in windows_zones() or own == when.tzid):
        return own, when
    instant = utc(when)
    last = instant if life is None else _evening(life.last) if life.last is not None else None
    name = sent(when.tzid, instant, last)
    if name is not None:
        return name, when
    if life is None and not floating:
        return "UTC", at_instant(instant, "UTC")
    raise MappingError(f"none of Outlook's time zones keeps the clock of {when.tzid}, so its dates would shift")


def _named(when: Zoned, name: str) -> Zoned:
    """The time as it reads without a note."""
    return Zoned(when.local, known(name) or when.tzid)


def _note(kept: Kept, meant: Span, first: Zoned, last: Zoned, *, floating: bool) -> None:
    start, end = meant.start, meant.end
    if floating or not isinstance(start, Zoned) or not isinstance(end, Zoned):
        return
    if start.tzid != first.tzid:
        kept[ZONE] = [start.tzid, first.tzid]
    without = start.tzid if last.tzid == first.tzid else last.tzid
    if end.tzid != without:
        kept[END_ZONE] = [end.tzid, last.tzid]


def _in_zone(end: Zoned, start: Zoned, life: Life) -> Zoned:
    """The end of a series in the zone it starts in: Graph takes no other (L4.2). Every occurrence must last as long."""
    if end.tzid == start.tzid:
        return end
    found = at_instant(utc(end), start.tzid)
    exact, nominal = utc(end) - utc(start), found.local - start.local
    for day in islice(life.pattern.dates(start.local.date()), _LOOKED_AT):
        if life.last is not None and day > life.last:
            break
        one = Zoned(datetime.combine(day, start.local.time()), start.tzid)
        if found.tzid != start.tzid or utc(Zoned(one.local + nominal, one.tzid)) - utc(one) != exact:
            raise MappingError("the series ends in another time zone; Outlook would change how long it lasts")
    return found
