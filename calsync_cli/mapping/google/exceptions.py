"""The exceptions of one edit: changed, cancelled, brought back, made new or left behind.

Rules   an exception never becomes a plain instance again at Google; one with nothing of its own shows what its master
        does. When the series is rescheduled Google drops those whose date it lost and lets all others be (facts 4.4):
        what moved along is made new at its new date, and an exception that happens to be at a date of the new series
        is brought to what that date shall show
"""

from __future__ import annotations

from copy import deepcopy

from calsync_cli.errors import MappingError
from calsync_cli.mapping.google.document import Json, is_cancelled, text_of
from calsync_cli.mapping.google.editing import Edit, Found
from calsync_cli.mapping.google.fields import carried_fields, instance_visibility
from calsync_cli.mapping.google.kept import KEY, keep, private_of, put_kept, put_private
from calsync_cli.mapping.google.new_event import check_dates, name_exception, new_exception
from calsync_cli.mapping.google.series_lines import by_line
from calsync_cli.mapping.google.write import Sheet, write_fields
from calsync_cli.mapping.inherit import Fields, instance_fields, same_value
from calsync_cli.mapping.when import from_key
from calsync_cli.model.series import instance_keys
from calsync_cli.model.times import InstanceKey

_SERVER_MADE = ("kind", "etag", "created", "updated", "htmlLink", "sequence")


def edit_exceptions(edit: Edit) -> None:
    alone = edit.source.set.event is None
    for key, found in edit.found.items():
        if alone:
            _edit_alone(edit, key, found)
        else:
            _edit_one(edit, key, found)
    for key in instance_keys(edit.then):
        if key not in edit.found or not (alone or edit.stays(key)):
            _add(edit, key)


def _edit_one(edit: Edit, key: InstanceKey, found: Found) -> None:
    if not edit.stays(key):
        _remove(edit, found.resource)
    elif edit.is_off(key):
        if not edit.was_off(found.key):
            found.resource["status"] = "cancelled"
    elif is_cancelled(found.resource):
        _restore(edit, key, found)
    else:
        _write(edit, key, found)


def _remove(edit: Edit, resource: Json) -> None:
    instances = edit.source.set.instances
    instances[:] = [one for one in instances if one is not resource]


def _add(edit: Edit, key: InstanceKey) -> None:
    event, instances = edit.source.set.event, edit.source.set.instances
    if event is None:
        raise MappingError("another instance of a series that is not here cannot be written at Google Calendar")
    if not edit.is_off(key):
        check_dates([key], edit.dates)
        instances.append(new_exception(event, edit.kept, edit.clock, edit.then, key))
    elif not by_line(edit, key) and f"@{key}" not in edit.before:
        resource: Json = {"status": "cancelled"}
        name_exception(resource, text_of(event, "id"), edit.clock.wire(from_key(key, edit.start)))
        instances.append(resource)


def _restore(edit: Edit, key: InstanceKey, found: Found) -> None:
    """A cancelled exception may show none of what it had, so it is written as if it were new."""
    event = edit.source.set.event
    assert event is not None
    properties = found.resource.get("extendedProperties")
    fresh = new_exception(event, edit.kept, edit.clock, edit.then, key, properties)
    fresh |= {name: found.resource[name] for name in ("id", *_SERVER_MADE) if name in found.resource}
    fresh["status"] = text_of(fresh, "status") or "confirmed"
    _remove(edit, found.resource)
    edit.source.set.instances.append(fresh)


def _write(edit: Edit, key: InstanceKey, found: Found) -> None:
    then = _then(edit, key)
    if f"@{key}/time" not in edit.then and same_value("time", found.fields.get("time"), then.get("time")):
        then["time"] = found.fields["time"]  # inherited already, if perhaps in another zone's words
    event = edit.source.set.event
    assert event is not None
    now = _now(edit, found, event)
    sheet = Sheet(found.resource, deepcopy(found.kept), edit.clock, event)
    keep(sheet.kept, "recurrence", edit.kept.get("recurrence"))
    if now == then and (sheet.kept == edit.kept or KEY in private_of(found.resource)):
        return
    write_fields(sheet, now, then)
    if sheet.kept != edit.kept:
        put_kept(found.resource, sheet.kept, key)
    elif KEY in private_of(found.resource):
        put_kept(found.resource, {})
        put_private(found.resource, {KEY: None})


def _now(edit: Edit, found: Found, event: Json) -> Fields:
    """What it shows, of which some is inherited from its series as that is afterwards."""
    series = carried_fields(event, edit.kept, edit.names)
    now = {name: value for name, value in found.fields.items() if name not in edit.names}
    now |= carried_fields(found.resource, found.kept, edit.names, series)
    now["visibility"] = instance_visibility(found.kept, event)
    return {name: value for name, value in now.items() if value}


def _then(edit: Edit, key: InstanceKey) -> Fields:
    return instance_fields(edit.then, key)


def _edit_alone(edit: Edit, key: InstanceKey, found: Found) -> None:
    """One instance of a series that is not here (R9)."""
    if edit.is_off(key):
        found.resource["status"] = "cancelled"
        return
    then = _then(edit, key)
    if is_cancelled(found.resource) or "time" not in then:
        raise MappingError("this is one instance of a series that is not here; it cannot come back or lose its time")
    if found.fields != then:
        sheet = Sheet(found.resource, deepcopy(found.kept), edit.clock)
        write_fields(sheet, found.fields, then)
        put_kept(found.resource, sheet.kept)
