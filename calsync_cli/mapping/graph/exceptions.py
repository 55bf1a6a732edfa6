"""The exceptions and deleted dates of one edit: changed, taken out, moved with their series, made new or left behind.

Rules   an exception never becomes a plain instance again; one with nothing of its own shows what its master does. A
        deleted date never comes back (L6.2), but with a change of rule or time, which drops it. One whose date the
        series lost goes: Graph drops it with the master's change
"""

from __future__ import annotations

from copy import deepcopy

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.editing import Edit, Found
from calsync_cli.mapping.graph.kept import put_kept
from calsync_cli.mapping.graph.new_event import new_exception, off_dates
from calsync_cli.mapping.graph.write import Sheet, write_fields
from calsync_cli.mapping.inherit import instance_fields, same_value
from calsync_cli.mapping.jsondoc import Json, text_of
from calsync_cli.model.series import instance_keys, split
from calsync_cli.model.times import InstanceKey


def edit_exceptions(edit: Edit) -> None:
    for old, found in edit.found.items():
        _edit_one(edit, old, edit.new_key(old), found)
    placed = {edit.new_key(old) for old in edit.found}
    for key in instance_keys(edit.then):
        if key not in placed and not edit.is_off(key):
            _add(edit, key)


def edit_deleted(edit: Edit) -> None:
    """`cancelled` brought to the dates that shall be off. The texts of those that stay are kept as they are."""
    event, off = edit.source.set.event, edit.source.off
    assert event is not None
    if not edit.rescheduled:
        for old in off:
            if not edit.is_off(old) and edit.source.dates is not None:
                raise MappingError(f"the instance {old} was deleted at Outlook, which has no way to bring it back")
    called_off = {edit.new_key(old) for old, found in edit.found.items() if found.called_off}
    wanted = [(key, day) for key, day in off_dates(edit.then, edit.clock, edit.kept) if key not in called_off]
    stays = {} if edit.rescheduled else off
    prefix = f"OID.{text_of(event, 'id')}." if text_of(event, "id") else ""
    texts = [stays.get(key, f"{prefix}{day.isoformat()}") for key, day in wanted]
    others = [] if edit.rescheduled else [one for one in edit.source.set.cancelled if one not in off.values()]
    edit.source.set.cancelled = [*texts, *others]


def _edit_one(edit: Edit, old: InstanceKey, key: InstanceKey, found: Found) -> None:
    if edit.source.set.event is None:
        _edit_alone(edit, key, found)
    elif edit.is_off(key):
        if not found.called_off and (edit.rescheduled or old not in edit.source.off):
            _remove(edit, found.resource)
    elif found.called_off:
        raise MappingError(f"the instance {old} was called off by its organizer, who alone can bring it back")
    elif edit.rescheduled and not _wants(edit, key) and not edit.is_date(key):
        _remove(edit, found.resource)
    elif key != old:
        _remove(edit, found.resource)
        _add(edit, key)
    else:
        _write(edit, key, found)


def _wants(edit: Edit, key: InstanceKey) -> bool:
    return any(split(path)[0] == key for path in edit.then)


def _remove(edit: Edit, resource: Json) -> None:
    instances = edit.source.set.instances
    instances[:] = [one for one in instances if one is not resource]


def _add(edit: Edit, key: InstanceKey) -> None:
    event = edit.source.set.event
    if event is None:
        raise MappingError("another instance of a series that is not here cannot be written at Outlook")
    resource, edit.own[key] = new_exception(event, edit.kept, edit.clock, edit.then, key)
    edit.source.set.instances += [resource] if resource is not None else []


def _write(edit: Edit, key: InstanceKey, found: Found) -> None:
    if _wants(edit, key) and edit.rescheduled and not edit.is_date(key):
        raise MappingError(f"a changed instance ({key}) is no date of its series any more")
    then = instance_fields(edit.then, key)
    if f"@{key}/time" not in edit.then and same_value("time", found.fields.get("time"), then.get("time")):
        then["time"] = found.fields["time"]  # inherited already, if perhaps in another zone's words
    sheet = Sheet(found.resource, deepcopy(found.kept), edit.clock)
    if found.fields != then:
        write_fields(sheet, found.fields, then)
    edit.own[key] = sheet.kept


def _edit_alone(edit: Edit, key: InstanceKey, found: Found) -> None:
    """One instance of a series that is not here (R9)."""
    then = instance_fields(edit.then, key)
    if edit.is_off(key) or "time" not in then:
        raise MappingError("this is one instance of a series that is not here; it cannot be taken out or lose its time")
    if found.fields != then:
        sheet = Sheet(found.resource, deepcopy(found.kept), edit.clock)
        write_fields(sheet, found.fields, then)
        put_kept(found.resource, sheet.kept)
