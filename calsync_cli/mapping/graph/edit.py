"""Editing an event set: the smallest change of its JSON members that makes a change of its form (I7).

Shape   edit_payload(bytes, changes) -> bytes, the whole document as it shall be; `patches` tells what to send for it
Checks  the result is read back: time, rule and instances must be as asked, or nothing is written (I16)
Errors  MappingError when the change cannot be said at Outlook, or must not be made (standing)
"""

from __future__ import annotations

from copy import deepcopy

from calsync_cli.errors import MappingError
from calsync_cli.mapping.carried import kept_fields, names_in, names_of
from calsync_cli.mapping.editing import taken_along
from calsync_cli.mapping.graph.editing import Edit, editing, look_at_series
from calsync_cli.mapping.graph.exceptions import edit_deleted, edit_exceptions
from calsync_cli.mapping.graph.kept import LINK, UID, joined, put_kept, put_properties
from calsync_cli.mapping.graph.new_event import life_of, note_floating
from calsync_cli.mapping.graph.series_rule import is_date, remove_rule, with_dates_only, write_rule
from calsync_cli.mapping.graph.source import Source, carried_form, is_off, reading, source_of
from calsync_cli.mapping.graph.standing import refusal
from calsync_cli.mapping.graph.write import Sheet, write_fields, write_span
from calsync_cli.mapping.graph.zoned import serves
from calsync_cli.mapping.inherit import normal
from calsync_cli.mapping.jsondoc import Json
from calsync_cli.model.recur import diff
from calsync_cli.model.series import Changes, Form, Recurrence, applied, split
from calsync_cli.model.times import Span


def edit_payload(payload: bytes, changes: Changes) -> bytes:
    if not changes:
        return payload
    source = source_of(payload)
    asked, there = names_of(changes), frozenset(names_in(source.kept))
    before: Form = {**reading(source).form, **carried_form(source, asked)}
    then = with_dates_only(normal(applied(before, changes)))
    if then == before:
        return payload
    rest = carried_form(source, there - asked)  # an instance that is made anew keeps its own
    then = {**then, **taken_along(before, then, rest, source.overrides, lambda key: is_date(then, key))}
    before = {**before, **rest}
    _check_allowed(source, before, then)
    edit = editing(source, before, then, asked | there)
    look_at_series(edit)
    if source.set.event is not None:
        _edit_master(edit, source.set.event)
        edit_deleted(edit)
    elif any(not split(path)[0] for path in then):
        raise MappingError("this is one instance of a series that is not here; it has no common fields")
    edit_exceptions(edit)
    if source.set.event is not None:
        put_kept(source.set.event, joined(edit.kept, sorted(edit.own.items())))
    edited = source.set.data()
    _check(then, reading(source_of(edited)).form)
    return edited


def without_marker(payload: bytes) -> bytes:
    body = source_of(payload).set
    if body.event is None:
        return payload
    before = deepcopy(body.event)
    put_properties(body.event, {LINK: "", UID: ""})
    return payload if body.event == before else body.data()


def _check_allowed(source: Source, before: Form, then: Form) -> None:
    named = {split(path)[1] for path in before.keys() | then.keys() if before.get(path) != then.get(path)}
    for resource in source.set.resources:  # an instance that was called off is not written, and says so itself
        if not is_off(source, resource) and (why := refusal(resource, named)):
            raise MappingError(why)


def _check(wanted: Form, got: Form) -> None:
    for path in diff(wanted, got):
        if split(path)[1] in ("time", "recurrence", ""):
            raise MappingError(f"the edit of this event would not read back as asked ({path}); it was not written")


def _edit_master(edit: Edit, event: Json) -> None:
    then = edit.master
    span, rule = then.get("time"), then.get("recurrence")
    if not isinstance(span, Span):
        raise MappingError("an event cannot lose its time")
    sheet = Sheet(event, edit.kept, edit.clock, life_of(edit.said))
    now = {**edit.source.fields, **kept_fields(edit.kept, edit.names)}
    if edit.rescheduled and now.get("time") == span and not serves(event, edit.clock.wire_span(span), sheet.life):
        write_span(sheet, span)  # a rule for one that had none, or one that goes on longer
    write_fields(sheet, now, then)
    if isinstance(rule, Recurrence) and edit.said is not None and edit.rescheduled:
        write_rule(event, rule, edit.said, span, edit.clock, sheet.kept)
    elif not isinstance(rule, Recurrence):
        remove_rule(event, sheet.kept)
    if edit.clock.floating != edit.source.clock.floating:
        note_floating(sheet.kept, edit.clock)
