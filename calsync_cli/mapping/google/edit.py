"""Editing an event set: the smallest change of its JSON members that makes a change of its form (I7).

Shape   edit_payload(bytes, changes) -> bytes, the whole document as it shall be; `patches` tells what to send for it
Dates   taken out one by one they become cancelled exceptions, as at Google; when rule or time change they become EXDATE
        lines, for Google then drops exceptions whose date moved (facts 4.4). An exception whose date is gone goes
Checks  the result is read back: time, rule and instances must be as asked, or nothing is written (I16)
Errors  MappingError when the change cannot be said at Google, or must not be made (standing)
"""

from __future__ import annotations

from copy import deepcopy

from calsync_cli.errors import MappingError
from calsync_cli.mapping.carried import names_of
from calsync_cli.mapping.editing import taken_along
from calsync_cli.mapping.google.dates import form_dates
from calsync_cli.mapping.google.document import Json
from calsync_cli.mapping.google.editing import Edit, editing
from calsync_cli.mapping.google.exceptions import edit_exceptions
from calsync_cli.mapping.google.kept import FLOATING, NO_ZONE_YET, drop_identity, put_kept, put_private
from calsync_cli.mapping.google.new_event import keep_rules, with_dates_only
from calsync_cli.mapping.google.series_lines import edit_lines
from calsync_cli.mapping.google.source import Source, carried_form, carried_names, reading, series_carried, source_of
from calsync_cli.mapping.google.standing import is_guest, refusal
from calsync_cli.mapping.google.write import Sheet, write_fields, write_span
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.recur import diff
from calsync_cli.model.series import Changes, Form, applied, split
from calsync_cli.model.times import Span


def edit_payload(payload: bytes, changes: Changes) -> bytes:
    if not changes:
        return payload
    source = source_of(payload)
    asked, there = names_of(changes), carried_names(source)
    before: Form = {**reading(source).form, **carried_form(source, asked)}
    then = with_dates_only(normal(applied(before, changes)))
    if then == before:
        return payload
    rest = carried_form(source, there - asked)  # an instance that is made anew keeps its own
    then = {**then, **taken_along(before, then, rest, source.overrides, lambda key: key in form_dates(then, [key]))}
    before = {**before, **rest}
    _check_allowed(source, before, then)
    edit = editing(source, before, then, asked | there)
    if source.set.event is not None:
        _edit_master(edit, source.set.event)
        edit_lines(edit)
    elif any(not split(path)[0] for path in then):
        raise MappingError("this is one instance of a series that is not here; it has no common fields")
    edit_exceptions(edit)
    edited = source.set.data()
    _check(then, reading(source_of(edited)).form)
    return edited


def without_marker(payload: bytes) -> bytes:
    body = source_of(payload).set
    if body.event is None:
        return payload
    before = deepcopy(body.event)
    drop_identity(body.event)
    return payload if body.event == before else body.data()


def _check_allowed(source: Source, before: Form, then: Form) -> None:
    named = {split(path)[1] for path in before.keys() | then.keys() if before.get(path) != then.get(path)}
    for resource in source.set.resources:
        if why := refusal(resource, source.set.calendar, named):
            raise MappingError(why)


def _check(wanted: Form, got: Form) -> None:
    for path in diff(wanted, got):
        if split(path)[1] in ("time", "recurrence", ""):
            raise MappingError(f"the edit of this event would not read back as asked ({path}); it was not written")


def _edit_master(edit: Edit, event: Json) -> None:
    then = edit.master
    span = then.get("time")
    if not isinstance(span, Span):
        raise MappingError("an event cannot lose its time")
    if edit.clock.floating != edit.source.clock.floating:
        put_private(event, {FLOATING: None if edit.clock.floating is None else edit.clock.floating or NO_ZONE_YET})
    sheet = Sheet(event, edit.kept, edit.clock)
    now = {**edit.source.fields, **series_carried(edit.source, edit.names)}
    if "recurrence" in then and "recurrence" not in now:
        write_span(sheet, span, recurs=True)
    write_fields(sheet, now, then)
    keep_rules(sheet.kept, edit.then, edit.clock)
    if not is_guest(event, edit.source.set.calendar):  # on a guest's copy even our own properties are refused (5.5)
        put_kept(event, sheet.kept)
