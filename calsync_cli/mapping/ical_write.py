"""Writing single properties into a component: the smallest edit of its raw lines (I7).

Shape   `write_fields` brings a VEVENT from the fields it shows to those it shall show; every other line stays as it is
Errors  MappingError for what must not be written: people (semantics 15)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from calsync_cli.errors import MappingError
from calsync_cli.mapping.alarms import alarm_of, reminder_of
from calsync_cli.mapping.contentlines import Component, Line
from calsync_cli.mapping.ical_carried import write_carried
from calsync_cli.mapping.ical_lines import (
    Pen,
    add_line,
    end_of_lines,
    harmless,
    put,
    put_time,
    remove_all,
    replace,
    spelled,
)
from calsync_cli.mapping.ical_read import attachment_of, categories_of
from calsync_cli.mapping.inherit import Fields
from calsync_cli.mapping.rrule_text import spoken
from calsync_cli.mapping.values import Duration, clean, duration_text, escaped, one_line, split_list, text
from calsync_cli.mapping.when import later, read_when, span_of
from calsync_cli.mapping.zones import Zones
from calsync_cli.model.series import FIELDS, Recurrence, Value
from calsync_cli.model.times import Span, When, Zoned, utc, wall

_TEXTS = {"title": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION", "color": "COLOR"}
_WORDS = {
    "visibility": ("CLASS", {"private": "PRIVATE", "confidential": "CONFIDENTIAL"}, "PUBLIC"),
    "busy": ("TRANSP", {"free": "TRANSPARENT"}, "OPAQUE"),
    "status": ("STATUS", {"tentative": "TENTATIVE", "cancelled": "CANCELLED"}, "CONFIRMED"),
}
_PEOPLE = ("guests", "organizer")


# -- fields -----------------------------------------------------------------------------------------------------------


def write_fields(event: Component, now: Fields, then: Fields, pen: Pen) -> None:
    """Bring the component from the fields it shows to those it shall show; the rule is not among them."""
    if now.get("time") != then.get("time"):
        span = then.get("time")
        if not isinstance(span, Span):
            raise MappingError("an event cannot lose its time")
        write_time(event, span, pen)
    for name in FIELDS:
        if name not in ("time", "recurrence") and now.get(name) != then.get(name):
            _write_field(event, name, then.get(name), pen)
    write_carried(event, now, then, pen)


def _write_field(event: Component, name: str, value: Value | None, pen: Pen) -> None:
    if name in _PEOPLE:
        raise MappingError("guests and organizer of an event are never changed by a sync")
    if name in _TEXTS:
        _write_text(event, _TEXTS[name], escaped(clean(_text(value))), pen)
    elif name == "url":
        _write_text(event, "URL", one_line(_text(value)), pen)
    elif name in _WORDS:
        _write_word(event, name, _text(value), pen)
    elif name == "categories":
        _write_categories(event, _texts(value), pen)
    elif name == "attachments":
        _write_attachments(event, _texts(value), pen)
    elif name == "reminders":
        write_reminders(event, _texts(value), pen)


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Value | None) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()


def _write_text(event: Component, name: str, value: str, pen: Pen) -> None:
    if value:
        put(event, name, value, pen)
    else:
        remove_all(event, name)


def _write_word(event: Component, field_name: str, value: str, pen: Pen) -> None:
    """A cleared word becomes its default where a line said otherwise, so that the line keeps its place."""
    name, words, default = _WORDS[field_name]
    if value and value not in words:
        raise MappingError(f"{value!r} is no {field_name} that a calendar file can say")
    if value or event.first(name) is not None:
        put(event, name, words.get(value, default), pen)


def _write_categories(event: Component, wanted: frozenset[str], pen: Pen) -> None:
    have = {name for line in event.all("CATEGORIES") for name in categories_of(line)}
    keep_items(event, "CATEGORIES", lambda _, item: text(item).strip() in wanted, pen)
    missing = ",".join(escaped(name) for name in sorted(wanted - have))
    last = event.all("CATEGORIES")[-1:]
    if missing and last:  # many programs look at one CATEGORIES line only
        replace(event, last[0], pen.line(spelled(last[0]), f"{last[0].value},{missing}", last[0].params))
    elif missing:
        add_line(event, pen.line("CATEGORIES", missing))


def keep_items(event: Component, name: str, keep: Callable[[Line, str], bool], pen: Pen) -> None:
    """Leave only the wanted items in lines that hold lists; lines without any go, untouched ones keep their bytes."""
    for line in event.all(name):
        items = split_list(line.value)
        kept = [item for item in items if keep(line, item)]
        if kept == items:
            continue
        if not kept:
            event.remove(line)
        else:
            replace(event, line, pen.line(spelled(line), ",".join(kept), line.params))


def _write_attachments(event: Component, wanted: frozenset[str], pen: Pen) -> None:
    have = {uri: line for line in event.all("ATTACH") if (uri := attachment_of(line))}
    for line in event.all("ATTACH"):
        if (uri := attachment_of(line)) and uri not in wanted:
            event.remove(line)
    for uri in sorted(wanted - have.keys()):
        add_line(event, pen.line("ATTACH", one_line(uri)), after="ATTACH")


def write_reminders(event: Component, wanted: Iterable[str], pen: Pen) -> None:
    missing = set(wanted)
    start = event.first("DTSTART")
    begins = read_when(start, pen.zones) if start is not None else None
    for alarm in event.parts("VALARM"):
        reminder = reminder_of(alarm, begins, pen.zones, [])
        if reminder and reminder not in wanted:
            event.remove(alarm)
        missing.discard(reminder)
    at = max((i for i, c in enumerate(event.children) if isinstance(c, Component)), default=end_of_lines(event) - 1) + 1
    event.children[at:at] = [alarm_of(reminder, pen.newline) for reminder in sorted(missing)]


# -- time -------------------------------------------------------------------------------------------------------------


def write_time(event: Component, span: Span, pen: Pen) -> None:
    start = event.first("DTSTART")
    if start is None or read_when(start, pen.zones) != span.start:
        put_time(event, "DTSTART", span.start, pen)
    end, length = event.first("DTEND"), event.first("DURATION")
    if (end is not None or length is not None) and _ends_so(span, end, length, pen.zones):
        return
    said = _length_text(span) if end is None and length is not None else None
    if said is not None:
        put(event, "DURATION", said, pen)
        return
    put_time(event, "DTEND", span.end, pen, instead=length)
    remove_all(event, "DURATION")


def _ends_so(span: Span, end: Line | None, length: Line | None, zones: Zones) -> bool:
    """Whether the end the component has is right already with the new start, and not merely read so out of mercy."""
    if end is not None and read_when(end, zones) != span.end:
        return False
    losses: list[str] = []
    return span_of(span.start, end, length, zones, losses) == span and not losses


def _length_text(span: Span) -> str | None:
    """DURATION for a file that used one: whole days nominal, the rest exact; None if no duration says this end."""
    days = wall(span.end) - wall(span.start)
    choices = [Duration(days.days, 0)] if not days.seconds else []
    if isinstance(span.start, Zoned) and isinstance(span.end, Zoned):
        exact = utc(span.end) - utc(span.start)
        choices.append(Duration(0, exact.days * 86400 + exact.seconds))
    else:
        choices.append(Duration(days.days, days.seconds))
    found = next((length for length in choices if later(span.start, length) == span.end), None)
    return duration_text(found.days, found.seconds) if found else None


# -- recurrence -------------------------------------------------------------------------------------------------------


def write_rules(event: Component, rules: Sequence[str], canonical_of: Callable[[Line], str], pen: Pen) -> None:
    """RRULE lines whose meaning stays keep their bytes; a changed one is replaced in its place."""
    lines = [line for line in event.all("RRULE") if line.value.strip()]
    missing = [rule for rule in rules if rule not in {canonical_of(line) for line in lines}]
    for line in lines:
        if canonical_of(line) in rules:
            continue
        if missing:
            replace(event, line, pen.line(spelled(line), spoken(missing.pop(0)), harmless(line)))
        else:
            event.remove(line)
    for rule in missing:
        add_line(event, pen.line("RRULE", spoken(rule)), after="RRULE")


def write_dates(event: Component, rule: Recurrence, item_of: Callable[[Line, str], When | str], pen: Pen) -> None:
    """RDATE lines hold exactly the dates and periods of `rule`; items that stay keep their bytes."""
    wanted: set[When | str] = {*rule.dates, *rule.periods}
    have = {item_of(line, item) for line in event.all("RDATE") for item in split_list(line.value)}
    keep_items(event, "RDATE", lambda line, item: item_of(line, item) in wanted, pen)
    for when in rule.dates:
        if when not in have:
            add_line(event, pen.time("RDATE", when), after="RDATE")
    for period in rule.periods:
        if period not in have:
            add_line(event, _period_line(event, period, pen), after="RDATE")


def _period_line(event: Component, period: str, pen: Pen) -> Line:
    """A period without Z is on the clock of the series, whose zone the line then names."""
    start = event.first("DTSTART")
    tzid = start.param("TZID") if start is not None and not period.partition("/")[0].endswith("Z") else ""
    return pen.line("RDATE", period, (("VALUE", "PERIOD"), *((("TZID", tzid),) if tzid else ())))
