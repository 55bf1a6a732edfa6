"""Editing an iCalendar object in place: the smallest change of its raw lines that makes a change of its form (I7).

Shape   edit_payload(bytes, changes) -> bytes. Each component is brought from the fields it shows to those it shall
        show, so an override that inherited a value follows its master, and one with a value of its own keeps it
Keys    a series moved by a constant shift takes its overrides and EXDATEs along in place (R3)
Checks  the result is read back: time, rule and instances must be as asked, or nothing is written (I16)
Errors  MappingError when the change cannot be said in this format; the payload is then untouched
"""

from __future__ import annotations

from calsync_cli.errors import MappingError
from calsync_cli.mapping.carried import names_of
from calsync_cli.mapping.contentlines import Component, Line
from calsync_cli.mapping.editing import Editing, editing
from calsync_cli.mapping.ical_carried import carried_form
from calsync_cli.mapping.ical_lines import add_line, harmless, remove_all, spelled
from calsync_cli.mapping.ical_overrides import edit_overrides, off_by_override
from calsync_cli.mapping.ical_read import (
    MARKER,
    component_fields,
    exdate_keys,
    period_text,
    reading,
    source_of,
)
from calsync_cli.mapping.ical_write import write_dates, write_fields, write_rules
from calsync_cli.mapping.inherit import normal
from calsync_cli.mapping.new_event import add_zones, new_event
from calsync_cli.mapping.rrule_text import canonical
from calsync_cli.mapping.when import from_key, original_start, read_when
from calsync_cli.model.recur import diff
from calsync_cli.model.series import Changes, Form, Recurrence, applied, instance_keys, split
from calsync_cli.model.times import InstanceKey, When, Zoned

ExdateLine = tuple[Line, list[tuple[str, InstanceKey]]]


def edit_payload(payload: bytes, changes: Changes) -> bytes:
    if not changes:
        return payload
    source = source_of(payload)
    names = names_of(changes)
    before = {**reading(source).form, **carried_form(source, names)}
    then = normal(applied(before, changes))
    if then == before:
        return payload
    edit = editing(source, before, then, names)
    exdates = _exdates(edit)
    _edit_master(edit)
    _edit_exdates(edit, exdates)
    edit_overrides(edit)
    add_zones(source, edit.pen)
    edited = source.document.data()
    _check(then, reading(source_of(edited)).form)
    return edited


def without_marker(payload: bytes) -> bytes:
    document = source_of(payload).document
    for event in document.calendar.parts("VEVENT"):
        remove_all(event, MARKER)
    return document.data()


def _check(wanted: Form, got: Form) -> None:
    for path in diff(wanted, got):
        if split(path)[1] in ("time", "recurrence", ""):
            raise MappingError(f"the edit of this event would not read back as asked ({path}); it was not written")


# -- the master -------------------------------------------------------------------------------------------------------


def _edit_master(edit: Editing) -> None:
    if "time" not in edit.master_then:
        if edit.source.master is not None:
            raise MappingError("a series cannot lose its master and keep single instances of it")
        if edit.master_then:
            raise MappingError("this is one instance of a series that is not here; it has no common fields")
        return
    master = edit.source.master or _new_master(edit)
    now = edit.with_carried(component_fields(master, edit.source), master)
    write_fields(master, now, edit.master_then, edit.pen)
    edit.source.fields = dict(edit.master_then)
    _edit_rule(edit, master)


def _new_master(edit: Editing) -> Component:
    calendar = edit.source.document.calendar
    master = new_event(edit.source.uid, edit.master_then, edit.pen)
    calendar.children.insert(calendar.index(calendar.parts("VEVENT")[0]), master)
    edit.source.master = master
    return master


def _edit_rule(edit: Editing, master: Component) -> None:
    start = edit.start
    rule = edit.master_then.get("recurrence")
    wanted = rule if isinstance(rule, Recurrence) else Recurrence()
    write_rules(master, wanted.rules, lambda line: _rule_of(edit, line), edit.pen)
    write_dates(master, wanted, lambda line, item: _extra(edit, line, item, start), edit.pen)


def _rule_of(edit: Editing, line: Line) -> str:
    """The canonical text of an RRULE line; "" when its UNTIL is of the type the series had before."""
    text = canonical(line.value, edit.start)
    until = next((part for part in text.split(";") if part.startswith("UNTIL=")), "")
    return "" if edit.type_changed and until not in [*line.value.upper().split(";"), ""] else text


def _extra(edit: Editing, line: Line, item: str, start: When) -> When | str:
    if edit.type_changed:
        return ""
    if line.param("VALUE").upper() == "PERIOD" or "/" in item:
        return period_text(line, item, start, edit.source.zones)
    return original_start(read_when(line, edit.source.zones, item), start, None, None)


# -- cancelled instances ----------------------------------------------------------------------------------------------


def _exdates(edit: Editing) -> list[ExdateLine]:
    """EXDATE lines with the instances they name now, before the master moves."""
    master = edit.source.master
    return [(line, exdate_keys(line, edit.source)) for line in master.all("EXDATE")] if master is not None else []


def _edit_exdates(edit: Editing, lines: list[ExdateLine]) -> None:
    master = edit.source.master
    if master is None:
        return
    there: set[InstanceKey] = set()
    for line, items in lines:
        kept = [(item, key) for item, old in items if edit.is_off(key := edit.new_key(old))]
        there |= {key for _, key in kept}
        if items:
            _edit_exdate(edit, master, line, kept)
    for key in instance_keys(edit.then):
        if edit.is_off(key) and key not in there and not off_by_override(edit, key):
            _add_exdate(edit, master, key)


def _edit_exdate(edit: Editing, master: Component, line: Line, kept: list[tuple[str, InstanceKey]]) -> None:
    """Leave the wanted values of a line; values that would name another instance now are written anew in its place."""
    reads = exdate_keys(line, edit.source)
    if reads == kept and not edit.type_changed:
        return
    at = master.index(line)
    if set(kept) <= set(reads) and not edit.type_changed:
        text = ",".join(item for item, _ in kept)
        new = [edit.pen.line(spelled(line), text, line.params)] if kept else []
    else:
        times = [from_key(key, edit.start) for _, key in kept]
        new = [edit.pen.time(spelled(line), when, harmless(line)) for when in times]
    master.children[at : at + 1] = new


def _add_exdate(edit: Editing, master: Component, key: InstanceKey) -> None:
    """In the type of DTSTART; in UTC where the file's other EXDATEs are."""
    last = master.all("EXDATE")[-1:]
    when = from_key(key, edit.start)
    if last and isinstance(when, Zoned) and last[0].value.rstrip().upper().endswith("Z"):
        when = from_key(key, Zoned(when.local, "UTC"))
    add_line(master, edit.pen.time("EXDATE", when), after="EXDATE")
