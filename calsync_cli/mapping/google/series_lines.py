"""The `recurrence` lines of one edit: rules, extra dates, and which cancelled dates stand there.

Rule    a date taken out stays where it is said already: in an EXDATE line or by a cancelled exception that keeps its
        date. A new one becomes a cancelled exception while the series keeps its dates, else an EXDATE (edit)
"""

from __future__ import annotations

from calsync_cli.mapping.google.document import text_of
from calsync_cli.mapping.google.editing import Edit
from calsync_cli.mapping.google.lines import Entry, check_rules, dates_of, with_dates, with_rules
from calsync_cli.mapping.google.new_event import wire_recurrence
from calsync_cli.mapping.when import from_key
from calsync_cli.model.series import Recurrence, instance_keys
from calsync_cli.model.times import InstanceKey, When, instance_key


def edit_lines(edit: Edit) -> None:
    """Bring the list to what the series shall be; left as it is when nothing in it changes."""
    event = edit.source.set.event
    assert event is not None
    start = edit.clock.wire(edit.start)
    entries = edit.source.entries
    if edit.rescheduled:
        entries = _edit_rule(edit, entries, start)
    stays = {key for _, key in _off(edit)} | {key for key in edit.found if covers(edit, key)}
    missing = [key for key in instance_keys(edit.then) if edit.is_off(key) and key not in stays and by_line(edit, key)]
    keep = {id(one): _kept_items(edit, one) for one in entries if one.name == "EXDATE"}
    entries = with_dates(entries, "EXDATE", lambda one, item: keep[id(one)].get(item), _whens(edit, missing), start)
    lines = [one.raw for one in entries]
    if lines == [one.raw for one in edit.source.entries]:
        return
    if lines:
        event["recurrence"] = lines
    else:
        event.pop("recurrence", None)


def _edit_rule(edit: Edit, entries: list[Entry], start: When) -> list[Entry]:
    rule = edit.then.get("recurrence")
    wanted = wire_recurrence(rule, edit.start, edit.clock) if isinstance(rule, Recurrence) else Recurrence()
    if edit.before.get("recurrence") != rule or edit.kind_changed:
        check_rules(wanted)
    entries = with_rules(entries, wanted.rules, start, renew=edit.kind_changed)
    have = {when for one in entries if one.name == "RDATE" for _, when in dates_of(one, start)}
    missing = [when for when in wanted.dates if when not in have or edit.kind_changed]

    def stays(one: Entry, item: str) -> When | str | None:
        when = dict(dates_of(one, start))[item]
        return when if not edit.kind_changed and (when in wanted.dates or when in wanted.periods) else None

    return with_dates(entries, "RDATE", stays, missing, start)


# -- cancelled dates ---------------------------------------------------------------------------------------------------


def covers(edit: Edit, key: InstanceKey) -> bool:
    """Whether the exception found there says afterwards that its date is off."""
    return edit.is_off(key) and edit.stays(key)


def by_line(edit: Edit, key: InstanceKey) -> bool:
    """Whether a date is taken out by a line: its series is not at Google yet, or is rescheduled, or never had it."""
    event = edit.source.set.event
    assert event is not None
    return not text_of(event, "id") or edit.rescheduled or not edit.is_date(key)


def _off(edit: Edit) -> list[tuple[InstanceKey, InstanceKey]]:
    """Dates that EXDATE lines take out and that stay off, as (key in the document, key afterwards)."""
    start = edit.source.start
    found = [key for one in edit.source.entries if one.name == "EXDATE" for key in _keys(edit, one, start).values()]
    return [(old, edit.new_key(old)) for old in found if edit.is_off(edit.new_key(old))]


def _keys(edit: Edit, one: Entry, start: When | None) -> dict[str, InstanceKey]:
    """Item -> key in the document, under the start the series had."""
    if start is None:
        return {}
    told = dates_of(one, start)
    return {item: instance_key(edit.source.clock.model(when)) for item, when in told if not isinstance(when, str)}


def _kept_items(edit: Edit, one: Entry) -> dict[str, When]:
    keys = _keys(edit, one, edit.source.start)
    new = {item: edit.new_key(old) for item, old in keys.items()}
    return {item: edit.clock.wire(from_key(key, edit.start)) for item, key in new.items() if edit.is_off(key)}


def _whens(edit: Edit, keys: list[InstanceKey]) -> list[When]:
    return [edit.clock.wire(from_key(key, edit.start)) for key in keys]
