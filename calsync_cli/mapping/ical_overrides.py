"""The overrides of one edit: changed, cancelled, brought back, moved with their series, made new or taken out.

Rules   an override goes when nothing of its own remains, unless it holds lines that the form does not know (I7) and
        its instance still exists; a second override of one instance goes where the first one went; a new one is a copy
        of the master's lines, people included, since a missing guest line would read as "uninvited" (facts section 3)
"""

from __future__ import annotations

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Component
from calsync_cli.mapping.editing import Editing
from calsync_cli.mapping.ical_carried import carriable_names
from calsync_cli.mapping.ical_lines import add_line, put_time, remove_all, replace, spelled
from calsync_cli.mapping.ical_read import MARKER, component_fields, override_fields, override_key
from calsync_cli.mapping.ical_write import write_fields
from calsync_cli.mapping.inherit import NOWHERE, cancelled, instance_fields, master_fields, same_value
from calsync_cli.mapping.new_event import new_event
from calsync_cli.mapping.when import from_key
from calsync_cli.model.series import LOCAL_FIELDS, instance_keys, split
from calsync_cli.model.times import InstanceKey, Span, When

_SERIES_ONLY = ("RRULE", "RDATE", "EXDATE", "EXRULE", MARKER)
_FORM_LINES = frozenset(
    {"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "SUMMARY", "DESCRIPTION", "LOCATION", "COLOR", "URL", "CLASS"}
    | {"TRANSP", "STATUS", "CATEGORIES", "ATTACH", "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE"}
)


def edit_overrides(edit: Editing) -> None:
    overrides = dict(edit.source.overrides)
    for old, event in overrides.items():
        _edit_override(edit, edit.new_key(old), old, event)
    placed = {edit.new_key(old) for old in overrides}
    for key in instance_keys(edit.then):
        if key not in placed and (not edit.is_off(key) or edit.source.master is None):
            _new_override(edit, key)
    for old, event in edit.source.doubles:
        if edit.new_key(old) in edit.removed:
            _remove(edit, event)
        else:
            _rename(edit, edit.new_key(old), event)


def off_by_override(edit: Editing, key: InstanceKey) -> bool:
    """The instance is off already, by an override that says so and that nobody asked to change."""
    found = ((old, event) for old, event in edit.source.overrides.items() if edit.new_key(old) == key)
    return any(_stays_cancelled(edit, key, old, event) for old, event in found)


def _stays_cancelled(edit: Editing, key: InstanceKey, old: InstanceKey, event: Component) -> bool:
    if not (edit.was_off(old) and edit.is_off(key)):
        return False
    return cancelled(component_fields(event, edit.source, key), edit.master_then)


def _edit_override(edit: Editing, key: InstanceKey, old: InstanceKey, event: Component) -> None:
    if edit.is_off(key):
        _cancel(edit, key, old, event)
    elif _goes(edit, key, old, event):
        _remove(edit, event)
        edit.removed.add(key)
    elif _is_stub(edit, key, old, event):
        _remove(edit, event)
        edit.removed.add(key)
        _new_override(edit, key)
    else:
        _write(edit, key, event)
        _rename(edit, key, event)


def _cancel(edit: Editing, key: InstanceKey, old: InstanceKey, event: Component) -> None:
    """The EXDATE of the master says it; without a master the override itself does (R9)."""
    if edit.source.master is None:
        _say_cancelled(edit, event)
    elif _stays_cancelled(edit, key, old, event) or _is_hidden(edit, old, event):
        _rename(edit, key, event)
    else:
        _remove(edit, event)
        edit.removed.add(key)


def _is_hidden(edit: Editing, old: InstanceKey, event: Component) -> bool:
    """An override whose instance was off before this edit, by an EXDATE: left as it was found."""
    fields = component_fields(event, edit.source, old)
    return edit.was_off(old) and not cancelled(fields, master_fields(edit.before))


def _say_cancelled(edit: Editing, event: Component) -> None:
    status = event.first("STATUS")
    if status is None:
        add_line(event, edit.pen.line("STATUS", "CANCELLED"))
    elif status.value.strip().upper() != "CANCELLED":
        replace(event, status, edit.pen.line(spelled(status), "CANCELLED"))


def _goes(edit: Editing, key: InstanceKey, old: InstanceKey, event: Component) -> bool:
    if any(split(path)[0] == key for path in edit.then):
        return False
    had = any(split(path)[0] == old for path in edit.before)
    if edit.source.master is not None and (edit.rescheduled or had) and not edit.is_instance(key):
        return True  # left behind it would show as an extra event
    return had and (edit.was_off(old) or not _is_own(edit, event))


def _is_own(edit: Editing, event: Component) -> bool:
    """The override has lines or parts that its master lacks and the form does not know, or lacks one that could be
    carried by name; that must not be lost (I7)."""
    master = edit.source.master
    if master is None:
        return False
    common = {(line.name, line.value) for line in master.lines}
    lines = [line for line in event.lines if line.flat.strip() and line.name not in _FORM_LINES]
    parts = [child for child in event.children if isinstance(child, Component) and child.name != "VALARM"]
    lacks = carriable_names(master) - carriable_names(event)
    return bool(parts or lacks) or any((line.name, line.value) not in common for line in lines)


def _is_stub(edit: Editing, key: InstanceKey, old: InstanceKey, event: Component) -> bool:
    """A cancelled override that comes back but lacks its people: a copy of the master has them, unchanged."""
    if edit.source.master is None or not edit.was_off(old):
        return False
    now, then = override_fields(edit.source, key, event), instance_fields(edit.then, key)
    return any(now.get(name) != then.get(name) for name in LOCAL_FIELDS)


def _write(edit: Editing, key: InstanceKey, event: Component) -> None:
    now = edit.with_carried(override_fields(edit.source, key, event), event)
    then = instance_fields(edit.then, key)
    if f"@{key}/time" not in edit.then and same_value("time", now.get("time"), then.get("time")):
        then["time"] = now["time"]  # inherited already, if perhaps in another zone's words
    write_fields(event, now, then, edit.pen)


def _rename(edit: Editing, key: InstanceKey, event: Component) -> None:
    """RECURRENCE-ID names `key`, in the type of the master's start (RFC 5545 section 3.8.4.4)."""
    if edit.source.master is None:
        return
    if edit.kind_changed or override_key(edit.source, event) != key:
        put_time(event, "RECURRENCE-ID", from_key(key, edit.start), edit.pen)


def _remove(edit: Editing, event: Component) -> None:
    calendar = edit.source.document.calendar
    if len(calendar.parts("VEVENT")) == 1:
        raise MappingError("this is the only instance in its file; removing it would leave no event")
    calendar.remove(event)


# -- new ones ---------------------------------------------------------------------------------------------------------


def _new_override(edit: Editing, key: InstanceKey) -> None:
    master = edit.source.master
    event = _copy_of(edit, master, key) if master is not None else _alone(edit, key)
    calendar = edit.source.document.calendar
    calendar.children.insert(calendar.index(calendar.parts("VEVENT")[-1]) + 1, event)


def _copy_of(edit: Editing, master: Component, key: InstanceKey) -> Component:
    event = master.copy()
    remove_all(event, *_SERIES_ONLY)
    add_line(event, edit.pen.time("RECURRENCE-ID", from_key(key, edit.start)), after="UID")
    now = edit.with_carried(component_fields(event, edit.source, key), event)
    write_fields(event, now, instance_fields(edit.then, key), edit.pen)
    return event


def _alone(edit: Editing, key: InstanceKey) -> Component:
    fields = instance_fields(edit.then, key)
    span = fields.get("time")
    original: When = from_key(key, span.start if isinstance(span, Span) else NOWHERE)
    event = new_event(edit.source.uid, fields, edit.pen, original)
    if edit.is_off(key):
        _say_cancelled(edit, event)
    return event
