"""New documents for copies that calsync makes, and new exceptions of a series.

Shape   make_payload(uid, form, marker) -> the document without what Google makes; `address.addressed` completes it.
        Same arguments, same bytes. Cancelled dates are EXDATE lines: one insert then makes the whole series but for its
        changed instances. A changed instance is complete, as it is at Google
People  never become guests (facts 5.5, I6)
Errors  MappingError for what Google refuses: held with the reason, never approximated
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import deepcopy

from calsync_cli.errors import MappingError
from calsync_cli.mapping.google.address import instance_id
from calsync_cli.mapping.google.clock import UNSETTLED, Clock, write_time
from calsync_cli.mapping.google.counts import ambiguous, unambiguous
from calsync_cli.mapping.google.dates import form_dates
from calsync_cli.mapping.google.document import EventSet, Json, text_of
from calsync_cli.mapping.google.kept import (
    FLOATING,
    KEY,
    NO_ZONE_YET,
    Kept,
    keep,
    private_of,
    put_identity,
    put_kept,
    put_private,
)
from calsync_cli.mapping.google.lines import check_rules, dates_lines, with_rules
from calsync_cli.mapping.google.write import Sheet, write_fields, write_span
from calsync_cli.mapping.inherit import Fields, inherited, instance_fields, master_fields, normal
from calsync_cli.mapping.when import from_key
from calsync_cli.model.series import (
    CANCELLED,
    LOCAL_FIELDS,
    Form,
    Path,
    Recurrence,
    Value,
    instance_keys,
    split,
    without_fields,
)
from calsync_cli.model.times import Floating, InstanceKey, Span, When, instance_key

_NOT_COPIED = frozenset(
    {"id", "etag", "created", "updated", "htmlLink", "recurrence", "sequence", "extendedProperties", "recurringEventId"}
)


def make_payload(uid: str, form: Form, marker: str) -> bytes:
    form = with_dates_only(normal(without_fields(form, LOCAL_FIELDS)))
    fields = master_fields(form)
    span = fields.get("time")
    if not isinstance(span, Span):
        raise MappingError("a single instance of a series that is not here cannot be made at Google Calendar")
    clock = Clock("", UNSETTLED if isinstance(span.start, Floating) else None)
    event: Json = {"reminders": {"useDefault": False}}
    sheet = Sheet(event, {}, clock)
    write_fields(sheet, {}, fields)
    _write_lines(event, form, span.start, clock)
    keep_rules(sheet.kept, form, clock)
    put_kept(event, sheet.kept)
    put_private(event, {FLOATING: NO_ZONE_YET} if clock.floating is not None else {})
    put_identity(event, uid, marker)
    own = [key for key in instance_keys(form) if f"@{key}" not in form]
    check_dates(own, form_dates(form, own))
    return EventSet(event, [new_exception(event, sheet.kept, clock, form, key) for key in own]).data()


def keep_rules(kept: Kept, form: Form, clock: Clock) -> None:
    """Note the rules of a series that Google gets others for (counts)."""
    span, rule = form.get("time"), form.get("recurrence")
    there = isinstance(rule, Recurrence) and isinstance(span, Span)
    keep(kept, "recurrence", ambiguous(rule.rules, clock.wire(span.start)) if there else None)  # type: ignore[union-attr]


def check_dates(keys: Iterable[InstanceKey], dates: Collection[InstanceKey]) -> None:
    for key in keys:
        if key not in dates:
            raise MappingError(f"a changed instance ({key}) is no date of its series; Google Calendar has no others")


def _write_lines(event: Json, form: Form, start: When, clock: Clock) -> None:
    rule = form.get("recurrence")
    if not isinstance(rule, Recurrence):
        return
    wanted = wire_recurrence(rule, start, clock)
    check_rules(wanted)
    entries = [*with_rules([], wanted.rules, clock.wire(start), renew=False), *dates_lines("RDATE", wanted.dates)]
    off = (clock.wire(from_key(key, start)) for key in instance_keys(form) if f"@{key}" in form)
    event["recurrence"] = [one.raw for one in [*entries, *dates_lines("EXDATE", off)]]


def wire_recurrence(rule: Recurrence, start: When, clock: Clock) -> Recurrence:
    """A rule of the form as its lines at Google say it."""
    rules = tuple(unambiguous(clock.wire_rule(text, start), clock.wire(start)) for text in rule.rules)
    return Recurrence(rules, tuple(clock.wire(when) for when in rule.dates), rule.periods)


def with_dates_only(form: Form) -> dict[Path, Value]:
    """`form` less instances that say nothing at Google: dates off an event that does not repeat, and instances that
    differ by their people only and are no date of the series any more."""
    span = form.get("time")
    if not isinstance(span, Span):
        return dict(form)
    if form.get(f"@{instance_key(span.start)}") == CANCELLED and "recurrence" not in form:
        raise MappingError("its only date is cancelled, and Google Calendar would delete the event")
    spoken = {key for path in form if (key := split(path)[0]) and split(path)[1] not in LOCAL_FIELDS}
    silent = frozenset(instance_keys(form)) - spoken
    keys = set(silent - form_dates(form, silent))
    if "recurrence" not in form:
        keys |= {key for key in spoken if f"@{key}" in form}
    return {path: value for path, value in form.items() if split(path)[0] not in keys}


def new_exception(
    master: Json, kept: Kept, clock: Clock, form: Form, key: InstanceKey, properties: Json | None = None
) -> Json:
    """The resource of a changed instance that had none: what it inherits from the master, and its own on top.

    `master` and `kept` are as they are afterwards, and so is `form`, which has that date. `properties`: extended ones
    that it has already.
    """
    resource = deepcopy({name: value for name, value in master.items() if name not in _NOT_COPIED})
    if properties:
        resource["extendedProperties"] = deepcopy(properties)
    sheet = Sheet(resource, deepcopy(kept), clock, master)
    fields = master_fields(form)
    now, then = inherited(fields, key), instance_fields(form, key)
    name_exception(resource, text_of(master, "id"), _original(form, key, clock))
    write_span(sheet, _span(then))
    write_fields(sheet, {**now, "time": then["time"]}, then)
    if sheet.kept != kept or KEY in private_of(resource):
        put_kept(resource, sheet.kept, key)
    return resource


def name_exception(resource: Json, master_id: str, original: When) -> None:
    resource["originalStartTime"] = write_time(original)
    if master_id:
        resource["recurringEventId"] = master_id
    if found := instance_id(master_id, original):
        resource["id"] = found
    else:
        resource.pop("id", None)


def _original(form: Form, key: InstanceKey, clock: Clock) -> When:
    span = form["time"]
    assert isinstance(span, Span)
    return clock.wire(from_key(key, span.start))


def _span(fields: Fields) -> Span:
    span = fields.get("time")
    assert isinstance(span, Span)
    return span
