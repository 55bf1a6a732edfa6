"""An iCalendar object -> Reading (facts sections 6 and 11, semantics section 5). Pure: no I/O, no clock.

Shape   `Source` is the parsed object: its document, zones, master and overrides by instance key; `reading` its form.
        One object holds one event set: a master, or overrides without one (R9), all under one UID
Errors  MappingError with the reason in words: the caller keeps the bytes and leaves the event alone (O8, I16)
"""

from __future__ import annotations

from dataclasses import field

from calsync_cli.errors import MappingError
from calsync_cli.mapping import other_tools
from calsync_cli.mapping.alarms import reminder_of
from calsync_cli.mapping.contentlines import Component, Document, Line, parse
from calsync_cli.mapping.inherit import Fields, cancelled, inherited_span, own_paths
from calsync_cli.mapping.rrule_text import canonical
from calsync_cli.mapping.values import clean, duration, split_list, stamp, text
from calsync_cli.mapping.when import original_start, read_when, span_of
from calsync_cli.mapping.zones import Zones
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import CANCELLED, Form, Path, People, Reading, Recurrence, Value, form_title
from calsync_cli.model.times import InstanceKey, Span, When, Zoned, by_time, instance_key, utc, wall

MARKER = "X-CALSYNC-LINK"
PEOPLE = frozenset({"ATTENDEE", "ORGANIZER"})
TEXTS = {"SUMMARY": "title", "LOCATION": "location", "DESCRIPTION": "description", "COLOR": "color"}
_VISIBILITY = {"PUBLIC": "", "": "", "CONFIDENTIAL": "confidential"}
_STATUS = {"TENTATIVE": "tentative", "CANCELLED": "cancelled"}


@dataclass(slots=True)
class Source:
    """One parsed object. `overrides` holds the component that counts for each key; `doubles` the others."""

    document: Document
    zones: Zones
    uid: str
    master: Component | None = None
    fields: Fields = field(default_factory=dict)
    overrides: dict[InstanceKey, Component] = field(default_factory=dict)
    doubles: list[tuple[InstanceKey, Component]] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    @property
    def span(self) -> Span | None:
        span = self.fields.get("time")
        return span if isinstance(span, Span) else None

    @property
    def rule(self) -> Recurrence | None:
        rule = self.fields.get("recurrence")
        return rule if isinstance(rule, Recurrence) else None


def source_of(payload: bytes) -> Source:
    document = parse(payload)
    events = document.calendar.parts("VEVENT")
    if not events:
        raise MappingError(_no_event(document.calendar))
    source = Source(document, Zones(document.calendar), _uid(events))
    masters = [event for event in events if event.first("RECURRENCE-ID") is None]
    if len(masters) > 1:
        raise MappingError("the file holds several events under one UID, none of them a changed instance of another")
    _note_oddities(source, events)
    if masters:
        source.master = masters[0]
        source.fields = component_fields(masters[0], source)
    for event in events:
        if event is not source.master:
            _put_override(source, event)
    return source


def _no_event(calendar: Component) -> str:
    kinds = {"VTODO": "a task", "VJOURNAL": "a journal entry", "VFREEBUSY": "free/busy information"}
    kind = next((words for name, words in kinds.items() if calendar.parts(name)), "")
    return f"this is {kind}, not an event" if kind else "the file holds no event"


def _uid(events: list[Component]) -> str:
    uids = {clean(line.value).strip() for event in events if (line := event.first("UID")) is not None} - {""}
    if len(uids) > 1:
        raise MappingError("the file holds events with different UIDs; one file must hold one event")
    if not uids:
        raise MappingError("the event has no UID, so it cannot be told apart from others")
    return uids.pop()


def _note_oddities(source: Source, events: list[Component]) -> None:
    if source.document.calendar.parts("VTODO") or source.document.calendar.parts("VJOURNAL"):
        source.losses.append("the file also holds a task or a journal entry, which was left alone")
    for event in events:
        for line in event.lines:
            if not line.name and line.flat.strip():
                source.losses.append(f"a line that is no property was left alone: {line.text[:60]!r}")
            elif not line.flat.isascii() and not line.is_utf8:
                source.losses.append(f"{line.name} is not UTF-8; read as Windows-1252")


def _put_override(source: Source, event: Component) -> None:
    """File an override under its key; of two for one instance the higher SEQUENCE counts, then the later one."""
    key = override_key(source, event)
    other = source.overrides.get(key)
    if other is not None and _sequence(other) > _sequence(event):
        source.doubles.append((key, event))
        return
    if other is not None:
        source.doubles.append((key, other))
    source.overrides[key] = event


def _sequence(event: Component) -> int:
    line = event.first("SEQUENCE")
    value = line.value.strip() if line is not None else ""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else 0


def override_key(source: Source, event: Component) -> InstanceKey:
    line = event.first("RECURRENCE-ID")
    assert line is not None
    if line.param("RANGE").upper() == "THISANDFUTURE":
        raise MappingError("one of its changes covers an instance and all following ones, which calsync cannot express")
    said = read_when(line, source.zones)
    span = source.span
    return instance_key(original_start(said, span.start, span, source.rule) if span else said)


# -- one component ----------------------------------------------------------------------------------------------------


def component_fields(event: Component, source: Source, key: InstanceKey = "") -> Fields:
    """The fields a VEVENT shows; `key` for an override, which has no rule of its own."""
    lines: dict[str, list[Line]] = {}
    for child in event.children:
        if isinstance(child, Line):
            lines.setdefault(child.name, []).append(child)
    fields: Fields = {"time": span} if (span := _span(lines, source, key)) else {}
    if not key and isinstance(span, Span) and (rule := recurrence_of(lines, span, source)):
        fields["recurrence"] = rule
    for name, path in TEXTS.items():
        if name in lines:
            fields[path] = text(lines[name][0].value)
    if "URL" in lines:
        fields["url"] = clean(lines["URL"][0].value).strip()
    fields |= _words(lines)
    fields |= _sets(lines, event, span, source)
    return {name: value for name, value in fields.items() if value}


def _span(lines: dict[str, list[Line]], source: Source, key: InstanceKey) -> Span | None:
    first = lines.get("DTSTART", [None])[0]
    if first is None:
        if key or source.span:
            source.losses.append("a changed instance has no start of its own; read as not moved")
            return None
        raise MappingError("the event has no start (DTSTART)")
    end, length = lines.get("DTEND", [None])[0], lines.get("DURATION", [None])[0]
    if end is not None and length is not None:
        source.losses.append("it has an end and a duration; the end counts")
    return span_of(read_when(first, source.zones), end, length, source.zones, source.losses)


def _words(lines: dict[str, list[Line]]) -> Fields:
    fields: Fields = {}
    if "CLASS" in lines:
        fields["visibility"] = _VISIBILITY.get(lines["CLASS"][0].value.strip().upper(), "private")
    if "TRANSP" in lines and lines["TRANSP"][0].value.strip().upper() == "TRANSPARENT":
        fields["busy"] = "free"
    if "STATUS" in lines:
        fields["status"] = _STATUS.get(lines["STATUS"][0].value.strip().upper(), "")
    if "ORGANIZER" in lines:
        fields["organizer"] = address(lines["ORGANIZER"][0])
    return fields


def _sets(lines: dict[str, list[Line]], event: Component, span: Span | None, source: Source) -> Fields:
    fields: Fields = {}
    if "CATEGORIES" in lines:
        fields["categories"] = frozenset(c for line in lines["CATEGORIES"] for c in categories_of(line))
    if "ATTACH" in lines:
        fields["attachments"] = frozenset(uri for line in lines["ATTACH"] if (uri := attachment_of(line)))
    if "ATTENDEE" in lines:
        fields["guests"] = frozenset(_guest(line) for line in lines["ATTENDEE"] if address(line))
    alarms = event.parts("VALARM")
    if alarms:
        start = span.start if span else None
        reminders = (reminder_of(alarm, start, source.zones, source.losses) for alarm in alarms)
        fields["reminders"] = frozenset(reminder for reminder in reminders if reminder)
    return fields


def categories_of(line: Line) -> list[str]:
    return [name for part in split_list(line.value) if (name := text(part).strip())]


def attachment_of(line: Line) -> str:
    """The URI of an attachment; "" for one that carries its bytes inline."""
    inline = line.param("VALUE").upper() == "BINARY" or line.param("ENCODING").upper() == "BASE64"
    value = clean(line.value).strip()
    return "" if inline or value[:5].lower() == "data:" else value


def address(line: Line) -> str:
    """`mailto:a@b.c` in lower case, whatever the producer made of it."""
    value = clean(line.value).strip().replace(" ", "%20").lower()
    email = line.param("EMAIL").strip().lower()
    if not value.startswith("mailto:") and "@" in email:
        return f"mailto:{email}"
    return f"mailto:{value}" if "@" in value and ":" not in value else value


def _guest(line: Line) -> str:
    words = (line.param("PARTSTAT") or "NEEDS-ACTION", line.param("ROLE") or "REQ-PARTICIPANT")
    return " ".join((address(line), *(w.upper() for w in words), (line.param("CUTYPE") or "INDIVIDUAL").upper()))


# -- recurrence -------------------------------------------------------------------------------------------------------


def recurrence_of(lines: dict[str, list[Line]], span: Span, source: Source) -> Recurrence | None:
    if "EXRULE" in lines:
        raise MappingError("it repeats with an exclusion rule (EXRULE), which calsync cannot express")
    rules = sorted({canonical(line.value, span.start) for line in lines.get("RRULE", ()) if line.value.strip()})
    if any("COUNT=" in rule and "UNTIL=" in rule for rule in rules):
        source.losses.append("its rule has both COUNT and UNTIL, of which RFC 5545 allows one")
    dates: set[When] = set()
    periods: set[str] = set()
    for line in lines.get("RDATE", ()):
        for item in split_list(line.value):
            if line.param("VALUE").upper() == "PERIOD" or "/" in item:
                periods.add(period_text(line, item, span.start, source.zones))
            else:
                dates.add(original_start(read_when(line, source.zones, item), span.start, None, None))
    if not (rules or dates or periods):
        return None
    return Recurrence(tuple(rules), tuple(sorted(dates, key=by_time)), tuple(sorted(periods)))


def period_text(line: Line, item: str, start: When, zones: Zones) -> str:
    """A period as it stands; in UTC when it is in another zone than the series, since the text carries no zone."""
    first, _, last = item.strip().upper().partition("/")
    when = read_when(line, zones, first)
    _check_end(line, zones, last)
    if not isinstance(when, Zoned) or (isinstance(start, Zoned) and when.tzid == start.tzid):
        return f"{first}/{last}"
    end = last if last.startswith(("P", "+")) else _utc_text(read_when(line, zones, last))
    return f"{_utc_text(when)}/{end}"


def _check_end(line: Line, zones: Zones, last: str) -> None:
    """The end of a period: a length or a time."""
    try:
        if last.startswith(("P", "+", "-")):
            duration(last)
            return
    except ValueError:
        raise MappingError(f"{line.name} is not a possible period: it ends by {last[:60]!r}") from None
    read_when(line, zones, last)


def _utc_text(when: When) -> str:
    return stamp(utc(when)) + "Z" if isinstance(when, Zoned) else stamp(wall(when))


def exdate_keys(line: Line, source: Source) -> list[tuple[str, InstanceKey]]:
    """Each value of an EXDATE line with the instance it names."""
    span = source.span
    assert span is not None
    return [
        (item, instance_key(original_start(read_when(line, source.zones, item), span.start, span, source.rule)))
        for item in split_list(line.value)
    ]


# -- the form ---------------------------------------------------------------------------------------------------------


def reading(source: Source) -> Reading:
    form: dict[Path, Value] = dict(source.fields)
    if source.master is not None:
        for line in source.master.all("EXDATE"):
            form |= {f"@{key}": CANCELLED for _, key in exdate_keys(line, source)}
    for key, event in sorted(source.overrides.items()):
        if f"@{key}" not in form:
            form |= override_paths(source, key, event)
    events = source.document.calendar.parts("VEVENT")
    marker, losses = _marker(source), tuple(dict.fromkeys(source.losses))
    return Reading(source.uid, form, marker, _people(events), losses, tool="" if marker else _tool(source, form))


def _tool(source: Source, form: Form) -> str:
    line = source.document.calendar.first("PRODID")
    return other_tools.of_lines(line.value if line is not None else "", source.uid, form_title(form))


def override_paths(source: Source, key: InstanceKey, event: Component) -> dict[Path, Value]:
    fields = override_fields(source, key, event)
    if cancelled(fields, source.fields):
        return {f"@{key}": CANCELLED}
    return own_paths(source.fields, key, fields)


def override_fields(source: Source, key: InstanceKey, event: Component) -> Fields:
    fields = component_fields(event, source, key)
    if "time" not in fields and source.span:
        fields["time"] = inherited_span(source.span, key)
    return fields


def _marker(source: Source) -> str | None:
    events = [source.master] if source.master is not None else list(source.overrides.values())
    found = (line for event in events if (line := event.first(MARKER)) is not None)
    return next((text(line.value) or None for line in found), None)


def _people(events: list[Component]) -> People:
    return "host" if any(line.name in PEOPLE for event in events for line in event.lines) else ""
