"""Writing the `recurrence` of a master, and what makes instances of a form dates of it.

Shape   `write_rule(event, recurrence, start, clock, kept)` after the times are written; `is_date(form, key)`
Members a pattern or range that means the same already keeps its spelling. `recurrenceTimeZone` follows the event's own
        zone in the document and is never sent (L5.1)
"""

from __future__ import annotations

from datetime import date
from itertools import islice

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.clock import Clock
from calsync_cli.mapping.graph.dates import Dates
from calsync_cli.mapping.graph.pattern import Range, pattern_of, range_of
from calsync_cli.mapping.graph.rules import Spoken, spoken
from calsync_cli.mapping.graph.source import RULE, stand_ins
from calsync_cli.mapping.inherit import key_kind
from calsync_cli.mapping.jsondoc import Json, object_of, text_of
from calsync_cli.mapping.kept import Kept, keep
from calsync_cli.model.recur import has_instance
from calsync_cli.model.series import CANCELLED, LOCAL_FIELDS, Form, Path, Recurrence, Value, instance_keys, split
from calsync_cli.model.times import Floating, InstanceKey, Span, When, instance_key, wall

_LOOKED_AT = 60
_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")


def spoken_at(recurrence: Recurrence, start: When, clock: Clock) -> Spoken:
    """The pattern for a rule of the form; `start` is the form's too. Raises MappingError with the reason (R7)."""
    rules = tuple(clock.wire_rule(text, start) for text in recurrence.rules)
    dates = tuple(clock.wire(when) for when in recurrence.dates)
    return spoken(Recurrence(rules, dates, recurrence.periods), clock.wire(start))


def check_length(span: Span, said: Spoken) -> None:
    """Outlook refuses occurrences that reach into the next (ErrorOccurrenceTimeSpanTooBig)."""
    first, length = wall(span.start).date(), wall(span.end) - wall(span.start)
    before: date | None = None
    for day in islice(said.pattern.dates(first), _LOOKED_AT):
        if said.last is not None and day > said.last:
            return
        if before is not None and length > day - before:
            raise MappingError("its occurrences are longer than the time between them, which Outlook refuses")
        before = day


def write_rule(event: Json, rule: Recurrence, said: Spoken, span: Span, clock: Clock, kept: Kept) -> None:
    """`span` and `rule` in the form's words; the event has its times already."""
    old = object_of(event, "recurrence")
    zone = text_of(event, "originalStartTimeZone") or text_of(object_of(old, "range"), "recurrenceTimeZone")
    extent = Range(said.range.start, said.range.end, said.range.count, zone)
    event["recurrence"] = {
        "pattern": old["pattern"] if _means(old, said) else said.pattern.json(),
        "range": old["range"] if _reaches(old, extent) else extent.json(),
    }
    if "type" in event:
        event["type"] = "seriesMaster"
    start = clock.wire(span.start)
    shown, with_time = stand_ins(clock.model_rule(Dates(start, said.pattern, said.range).rule), span.start)
    stands = with_time if any(name in rule.rules[0] for name in _TIMES) else shown
    keep(kept, RULE, [rule.rules[0], stands] if rule.rules[0] != stands else None)


def remove_rule(event: Json, kept: Kept) -> None:
    keep(kept, RULE, None)
    if event.get("recurrence") is not None:
        event["recurrence"] = None
        if "type" in event:
            event["type"] = "singleInstance"


def _means(old: Json, said: Spoken) -> bool:
    try:
        return bool(old) and pattern_of(old) == said.pattern
    except MappingError:
        return False


def _reaches(old: Json, extent: Range) -> bool:
    try:
        there = range_of(old, extent.start) if old else None
    except MappingError:
        return False
    said = text_of(object_of(old, "range"), "startDate")[:10]
    return there is not None and there == extent and there.zone == extent.zone and said == extent.start.isoformat()


# -- dates of a form ---------------------------------------------------------------------------------------------------


def is_date(form: Form, key: InstanceKey) -> bool:
    """Whether the series puts an instance at `key`; Outlook has no other exceptions (L6).

    By the pattern, which knows that of two equal wall times the first is meant, and where a time goes that the clock
    leaves out; a rule without a pattern is asked itself, it is refused anyway.
    """
    span, rule = form.get("time"), form.get("recurrence")
    if not isinstance(span, Span) or not isinstance(rule, Recurrence):
        return False
    if key_kind(key) != key_kind(instance_key(span.start)):
        return False
    clock = Clock("UTC", "UTC") if isinstance(span.start, Floating) else Clock()
    try:
        said = spoken_at(rule, span.start, clock)
    except MappingError:
        return _names(span, rule, key)
    dates = Dates(clock.wire(span.start), said.pattern, said.range)
    return dates.is_key(key) and dates.has(key, clock)


def _names(span: Span, rule: Recurrence, key: InstanceKey) -> bool:
    try:
        return has_instance(span, rule, key)
    except (ValueError, OverflowError):
        return False


def with_dates_only(form: Form) -> dict[Path, Value]:
    """`form` less instances that say nothing at Outlook: dates off an event that does not repeat, and instances that
    differ by their people only and are no date of the series any more."""
    span = form.get("time")
    if not isinstance(span, Span):
        return dict(form)
    if form.get(f"@{instance_key(span.start)}") == CANCELLED and "recurrence" not in form:
        raise MappingError("its only date is cancelled, so there is nothing that Outlook could show")
    spoken_for = {key for path in form if (key := split(path)[0]) and split(path)[1] not in LOCAL_FIELDS}
    keys = {key for key in instance_keys(form) if key not in spoken_for and not is_date(form, key)}
    if "recurrence" not in form:
        keys |= {key for key in spoken_for if f"@{key}" in form}
    return {path: value for path, value in form.items() if split(path)[0] not in keys}
