"""New documents for copies that calsync makes, and new exceptions of a series.

Shape   make_payload(uid, form, marker, zone) -> the document without what Graph makes. Same arguments, same bytes. A
        changed instance is complete, as it is at Outlook; deleted dates are in `cancelled` by their date alone, and
        requests of their own make both (patches)
People  never become guests: Outlook would mail them (facts 0.12, I6)
Errors  MappingError for what Outlook cannot hold: held with the reason, never approximated
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph import reminders
from calsync_cli.mapping.graph.clock import Clock, original_text
from calsync_cli.mapping.graph.document import EventSet
from calsync_cli.mapping.graph.kept import MEMBER, joined, put_identity, put_kept
from calsync_cli.mapping.graph.meaning import difference
from calsync_cli.mapping.graph.moves import check_moves
from calsync_cli.mapping.graph.rules import Spoken
from calsync_cli.mapping.graph.series_rule import (
    check_length,
    is_date,
    spoken_at,
    with_dates_only,
    write_rule,
)
from calsync_cli.mapping.graph.source import FLOATING, OFF
from calsync_cli.mapping.graph.write import Sheet, write_fields, write_span
from calsync_cli.mapping.graph.zoned import Life
from calsync_cli.mapping.inherit import inherited, instance_fields, master_fields, normal
from calsync_cli.mapping.jsondoc import Json, text_of
from calsync_cli.mapping.kept import Kept, keep
from calsync_cli.mapping.when import from_key
from calsync_cli.model.series import LOCAL_FIELDS, Form, Recurrence, instance_keys, without_fields
from calsync_cli.model.times import Floating, InstanceKey, Span, When

_NOT_COPIED = frozenset({
    "id", "@odata.etag", "@odata.context", "changeKey", "createdDateTime", "lastModifiedDateTime", "webLink", "type",
    "recurrence", "iCalUId", "uid", "transactionId", "occurrenceId", "cancelledOccurrences", "exceptionOccurrences",
    MEMBER,
})  # fmt: skip


def make_payload(uid: str, form: Form, marker: str, zone: str) -> bytes:
    form = with_dates_only(normal(without_fields(form, LOCAL_FIELDS)))
    fields = master_fields(form)
    span, rule = fields.get("time"), fields.get("recurrence")
    if not isinstance(span, Span):
        raise MappingError("a single instance of a series that is not here cannot be made at Outlook")
    clock = clock_for(span, zone)
    event: Json = {"subject": "", "showAs": "busy"}
    reminders.write(event, "")
    said = said_of(form, clock)
    sheet = Sheet(event, {}, clock, life_of(said))
    write_fields(sheet, {}, fields)
    if said is not None and isinstance(rule, Recurrence):
        write_rule(event, rule, said, span, clock, sheet.kept)
    note_floating(sheet.kept, clock)
    instances, own = [], []
    for key in instance_keys(form):
        if f"@{key}" not in form:
            resource, kept = new_exception(event, sheet.kept, clock, form, key)
            instances += [resource] if resource is not None else []
            own.append((key, kept))
    cancelled = off_dates(form, clock, sheet.kept)
    put_kept(event, joined(sheet.kept, own))
    put_identity(event, uid, marker)
    return EventSet(event, instances, [day.isoformat() for _, day in cancelled]).data()


def clock_for(span: Span, zone: str) -> Clock:
    """Floating times are written in the mailbox's zone, and noted."""
    if not isinstance(span.start, Floating):
        return Clock(zone)
    if not zone:
        raise MappingError("it has no time zone, and the zone of this mailbox is not known; Outlook needs one")
    return Clock(zone, zone)


def note_floating(kept: Kept, clock: Clock) -> None:
    keep(kept, FLOATING, clock.floating)


def said_of(form: Form, clock: Clock) -> Spoken | None:
    """The pattern of a form that repeats, after looking at its length and at where its instances go."""
    span, rule = form.get("time"), form.get("recurrence")
    if not isinstance(rule, Recurrence) or not isinstance(span, Span):
        return None
    said = spoken_at(rule, span.start, clock)
    check_length(span, said)
    check_moves(form, said, clock)
    return said


def life_of(said: Spoken | None) -> Life | None:
    return Life(said.pattern, said.last) if said is not None else None


def off_dates(form: Form, clock: Clock, kept: Kept) -> list[tuple[InstanceKey, date]]:
    """The dates to be deleted; those that are no dates of the series are only kept."""
    span = form["time"]
    assert isinstance(span, Span)
    keys = [key for key in instance_keys(form) if f"@{key}" in form] if "recurrence" in form else []
    there = [key for key in keys if is_date(form, key)]
    keep(kept, OFF, [key for key in keys if key not in there])
    return [(key, clock.local_day(key, span.start)) for key in there]


def new_exception(master: Json, kept: Kept, clock: Clock, form: Form, key: InstanceKey) -> tuple[Json | None, Kept]:
    """The resource of a changed instance that had none (none, when Outlook shows nothing of the change), and what
    counts for it: what it inherits, its own on top. `master`, `kept` and `form` are as they are afterwards."""
    if not is_date(form, key):
        raise MappingError(f"a changed instance ({key}) is no date of its series, and Outlook knows no others")
    resource = deepcopy({name: value for name, value in master.items() if name not in _NOT_COPIED})
    sheet = Sheet(resource, deepcopy(kept), clock)
    fields = master_fields(form)
    now, then = inherited(fields, key), instance_fields(form, key)
    name_exception(resource, text_of(master, "id"), original_of(form, key, clock))
    own = then["time"]
    assert isinstance(own, Span)
    write_span(sheet, own)
    write_fields(sheet, {**now, "time": own}, then)
    same = f"@{key}/time" not in form
    return (resource if difference(master, resource, same_times=same, recurs=False) else None), sheet.kept


def original_of(form: Form, key: InstanceKey, clock: Clock) -> When:
    span = form["time"]
    assert isinstance(span, Span)
    return clock.wire(from_key(key, span.start))


def name_exception(resource: Json, master_id: str, original: When) -> None:
    said = original_text(original)
    resource |= {"type": "exception", "originalStart": said if "T" in said else f"{said}T00:00:00Z"}
    if master_id:
        resource["seriesMasterId"] = master_id
