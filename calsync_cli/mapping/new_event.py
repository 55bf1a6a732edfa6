"""New VEVENTs, VTIMEZONEs and whole objects for copies that calsync makes.

Shape   make_payload(uid, form, marker) -> bytes with CRLF; the same arguments always give the same bytes
Rules   DTEND is always written (iCloud and Cyrus refuse events without); people become X-CALSYNC- lines, never ATTENDEE
        or ORGANIZER, so that no server mails anybody (facts 0.1, I6); cancelled instances are EXDATEs
"""

from __future__ import annotations

from functools import lru_cache

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Component, Document, Line, make_component, make_line
from calsync_cli.mapping.ical_lines import Pen, add_line
from calsync_cli.mapping.ical_read import MARKER, PEOPLE, Source, source_of
from calsync_cli.mapping.ical_write import write_dates, write_fields, write_rules
from calsync_cli.mapping.inherit import NOWHERE, Fields, instance_fields, master_fields, normal
from calsync_cli.mapping.values import escaped, one_line, stamp
from calsync_cli.mapping.vtimezones import HORIZON, vtimezone
from calsync_cli.mapping.when import from_key
from calsync_cli.mapping.zones import Zones
from calsync_cli.model.series import CANCELLED, Form, Recurrence, instance_keys
from calsync_cli.model.times import InstanceKey, Span, When, rough_instant

PRODID = "-//calsync//calsync//EN"
_CRLF = b"\r\n"


def make_payload(uid: str, form: Form, marker: str) -> bytes:
    form = normal(form)
    calendar = make_component("VCALENDAR", [make_line("VERSION", "2.0"), make_line("PRODID", PRODID)])
    pen = Pen(_CRLF, Zones(calendar))
    master = master_fields(form)
    events = [_master(uid, form, pen)] if "time" in master else []
    for key in instance_keys(form):
        if f"@{key}" not in form or not events:
            events.append(_override(uid, form, key, pen))
    if not events or (master and "time" not in master):
        raise MappingError("an event without a start cannot be written to a calendar file")
    if marker:
        add_line(events[0], pen.line(MARKER, escaped(marker)))
    calendar.children += events
    document = Document(b"", calendar, b"")
    add_zones(Source(document, pen.zones, uid), pen)
    return document.data()


def again(payload: bytes, marker: str) -> bytes:
    """A payload as it once was, to be made anew: every line stays, but those that would mail people become
    X-CALSYNC- lines, and the marker is the given one. Raises MappingError as reading it does."""
    source = source_of(payload)
    calendar = source.document.calendar
    for line in calendar.all("METHOD"):
        calendar.remove(line)
    pen = Pen(source.document.newline, source.zones)
    events = calendar.parts("VEVENT")
    for event in events:
        for line in [line for line in event.lines if line.name in (*PEOPLE, MARKER)]:
            place = event.index(line)
            event.remove(line)
            if line.name in PEOPLE:
                event.children.insert(place, pen.line(f"X-CALSYNC-{line.name}", line.value, line.params))
    add_line(source.master or events[0], pen.line(MARKER, escaped(marker)))
    return source.document.data()


def _master(uid: str, form: Form, pen: Pen) -> Component:
    fields = master_fields(form)
    event = new_event(uid, fields, pen)
    span = fields["time"]
    assert isinstance(span, Span)
    for key in instance_keys(form):
        if form.get(f"@{key}") == CANCELLED:
            add_line(event, pen.time("EXDATE", from_key(key, span.start)), after="EXDATE")
    return event


def _override(uid: str, form: Form, key: InstanceKey, pen: Pen) -> Component:
    fields = instance_fields(form, key)
    if form.get(f"@{key}") == CANCELLED:
        fields = {**fields, "status": "cancelled"}
    series, own = form.get("time"), fields.get("time")
    span = series if isinstance(series, Span) else own
    return new_event(uid, fields, pen, from_key(key, span.start if isinstance(span, Span) else NOWHERE))


def new_event(uid: str, fields: Fields, pen: Pen, recurrence_id: When | None = None) -> Component:
    """A VEVENT that shows `fields`. DTSTAMP is the event's own start: no clock, the same bytes each time."""
    span = fields.get("time")
    if not isinstance(span, Span):
        if recurrence_id is None:
            raise MappingError("an event without a start cannot be written to a calendar file")
        span = Span(recurrence_id, recurrence_id)
    dtstamp = stamp(rough_instant(span.start)) + "Z"
    lines = [pen.line("UID", one_line(uid)), pen.line("DTSTAMP", dtstamp)]
    if recurrence_id is not None:
        lines.append(pen.time("RECURRENCE-ID", recurrence_id))
    event = make_component("VEVENT", [*lines, *_time_lines(span, pen)], pen.newline)
    rule = fields.get("recurrence")
    if isinstance(rule, Recurrence) and recurrence_id is None:
        write_rules(event, rule.rules, lambda line: line.value, pen)
        write_dates(event, rule, lambda line, item: item, pen)
    write_fields(event, {"time": span}, {**_without_people(fields), "time": span}, pen)
    for line in _people(fields, pen):
        add_line(event, line)
    return event


def _time_lines(span: Span, pen: Pen) -> list[Line]:
    return [pen.time("DTSTART", span.start), pen.time("DTEND", span.end)]


def _without_people(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name not in ("guests", "organizer")}


def _people(fields: Fields, pen: Pen) -> list[Line]:
    lines = []
    organizer, guests = fields.get("organizer"), fields.get("guests")
    if isinstance(organizer, str):
        lines.append(pen.line("X-CALSYNC-ORGANIZER", one_line(organizer)))
    for guest in sorted(guests) if isinstance(guests, frozenset) else ():
        address, _, words = guest.partition(" ")
        params = tuple(zip(("PARTSTAT", "ROLE", "CUTYPE"), words.split(), strict=False))
        lines.append(pen.line("X-CALSYNC-ATTENDEE", one_line(address), params))
    return lines


# -- zones ------------------------------------------------------------------------------------------------------------


def add_zones(source: Source, pen: Pen) -> None:
    """A VTIMEZONE for each zone this edit brought in; those the file had already are its own affair."""
    calendar = source.document.calendar
    for tzid in sorted(pen.used):
        spelling = pen.spelling.get(tzid, tzid)
        if tzid in pen.spelling or source.zones.block(spelling) is not None:
            continue
        years = pen.used[tzid]
        recurs = any(event.first("RRULE") is not None for event in calendar.parts("VEVENT"))
        lines = vtimezone(tzid, min(years), HORIZON if recurs else max(years))
        calendar.children.insert(_zone_place(calendar), _zone_component(lines, pen.newline).copy())


def _zone_place(calendar: Component) -> int:
    zones = calendar.parts("VTIMEZONE")
    return calendar.index(zones[-1]) + 1 if zones else calendar.index(calendar.parts("VEVENT")[0])


@lru_cache(maxsize=64)
def _zone_component(lines: tuple[str, ...], newline: bytes) -> Component:
    """The block as a tree, the same for all events of its zone."""
    stack: list[Component] = []
    for text in lines:
        name, _, value = text.partition(":")
        line = make_line(name, value, (), newline)
        if name == "BEGIN":
            stack.append(Component(value, line))
        elif name == "END" and len(stack) > 1:
            done = stack.pop()
            done.end = line
            stack[-1].children.append(done)
        elif name == "END":
            stack[0].end = line
        else:
            stack[-1].children.append(line)
    return stack[0]
