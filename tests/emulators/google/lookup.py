"""Finding events by id, also those instances of a series that no row stands for."""

from __future__ import annotations

from tests.emulators.google import errors
from tests.emulators.google.recurrence import instance_id, split_instance_id
from tests.emulators.google.state import Calendar, Row
from tests.emulators.google.times import Original, as_stored, original_of, shifted_end


def find(calendar: Calendar, event_id: str) -> Row:
    """The row, or an instance computed from its series; 404 when the rule does not produce it (facts 5.4).

    What is left of an instance of a dead series gives way to the living one that has the same id prefix.
    """
    row = calendar.rows.get(event_id)
    if row is not None and not row.orphan and not (row.dead and row.master_id and not belongs(calendar, row)):
        return row
    named = split_instance_id(event_id)
    if named is not None:
        for master in calendar.masters_of(named[0]):
            if master.recurrence.has(named[1]):
                return instance(master, named[1])
    if row is not None and not row.orphan:
        return row
    raise errors.not_found()


def instance(master: Row, original: Original) -> Row:
    """An instance without an exception of its own: its etag changes with the master's."""
    start, end = master.body["start"], master.body["end"]
    body = {name: value for name, value in master.body.items() if name != "recurrence"}
    body |= {
        "recurringEventId": master.id, "originalStartTime": as_stored(original, start),
        "start": as_stored(original, start), "end": shifted_end(start, end, original),
    }
    return Row(instance_id(master.prefix, original), body, master.us, master.updated, master.seq,
               reminders=master.reminders)


def is_virtual(calendar: Calendar, row: Row) -> bool:
    return calendar.rows.get(row.id) is not row


def original(row: Row) -> Original:
    return original_of(row.body["originalStartTime"])


def belongs(calendar: Calendar, row: Row) -> bool:
    """Whether an override has a living series here that still produces its original start."""
    master = calendar.rows.get(row.master_id or "")
    return master is not None and not master.dead and master.is_master
