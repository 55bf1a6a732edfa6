"""What each calendar shows of one event set, and which rows of the table that calls for (semantics 4, 11). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import Enum

from calsync_cli.engine.case import Case, field_words
from calsync_cli.engine.folded import changes_of
from calsync_cli.engine.world import Link, Spoke, Written
from calsync_cli.model import recur
from calsync_cli.model.codec import form_json
from calsync_cli.model.series import Changes

LEAVE_AFTER = timedelta(days=7)
PAST_AFTER = timedelta(hours=24)
LOOPS_AFTER = 4
RESTLESS_AFTER = 5
"""How often one field of one replica is written with the same two values before that is called a loop (N6)."""


class Is(Enum):
    """What one calendar shows of one event set in this run (semantics section 1, "replica state")."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    PARKED = "parked"


class Do(Enum):
    FLOW = "flow"        # rows 1-10, 18: fold what was said, write to who is behind
    DELETE = "delete"    # rows 11, 12
    CLOSE = "close"      # row 13
    JUDGE = "judge"      # rows 14, 15: an edit against a deletion
    WAIT = "wait"        # row 16


PRESENCE: Mapping[tuple[bool, bool, bool, bool], Do] = {
    # (some gone, some there, some edited or not up to date when it went, some unknown)
    (False, True, False, False): Do.FLOW,
    (False, True, True, False): Do.FLOW,
    (False, True, False, True): Do.FLOW,
    (False, True, True, True): Do.FLOW,
    (True, False, False, False): Do.CLOSE,
    (True, False, True, False): Do.CLOSE,
    (True, True, False, False): Do.DELETE,
    (True, True, True, False): Do.JUDGE,
    (True, False, False, True): Do.WAIT,
    (True, False, True, True): Do.WAIT,
    (True, True, False, True): Do.WAIT,
    (True, True, True, True): Do.WAIT,
    (False, False, False, False): Do.CLOSE,
    (False, False, False, True): Do.WAIT,
    (False, False, True, False): Do.CLOSE,
    (False, False, True, True): Do.WAIT,
}


def state(case: Case, spoke: Spoke) -> Is:
    calendar = case.calendars[spoke.calendar]
    if spoke.state == "parked":
        return Is.PARKED
    if spoke.state == "absent":
        return Is.ABSENT
    if not calendar.readable or spoke.replica is None:
        return Is.UNKNOWN
    if spoke.replica.gone:
        return Is.GONE
    return Is.THERE if spoke.replica.form is not None else Is.UNKNOWN


def parked(link: Link, gone: Sequence[Spoke]) -> Link:
    """These calendars do not have it, and that is how it shall be."""
    calendars = {s.calendar for s in gone}
    return replace(link, spokes=tuple(
        replace(s, state="parked", remote_id=None, replica=None) if s.calendar in calendars else s
        for s in link.spokes
    ))


def is_blind(case: Case, states: Mapping[int, Is]) -> bool:
    """Whether it is to be made on a calendar that cannot be read just now."""
    return any(is_now is Is.ABSENT and not case.calendars[number].readable for number, is_now in states.items())


def may_be_deleted(case: Case) -> bool:
    """A calendar that cannot be read now had lost it when it could: until that is settled no copy is made (row 16)."""
    unread = (s for s in case.link.spokes if state(case, s) is Is.UNKNOWN)
    return any(spoke.replica is not None and spoke.replica.gone for spoke in unread)


def edited(case: Case, spoke: Spoke) -> bool:
    """A person's change that has not been folded, or (no base yet) a replica that was never agreed on."""
    assert spoke.replica is not None and spoke.replica.form is not None
    if case.calendars[spoke.calendar].role == "target":
        return False
    return spoke.base is None or bool(changes_of(spoke, spoke.replica.form, case.snap.rules.local))


def not_up_to_date(case: Case, spoke: Spoke) -> bool:
    """The person who deleted it had not seen the hub's present state (D6); without a base, none at all (I2)."""
    return spoke.base is None or any(
        entry.rev > spoke.ack(path) for path, entry in case.link.hub.items() if not case.is_local(path)
    )


def all_outside(case: Case) -> bool:
    """V1: a set leaves when all of it is outside by more than 7 days; it enters when any instance is inside."""
    if case.snap.rules.window.all:
        return False
    known = case.link.id is not None and any(s.state == "live" for s in case.link.spokes)
    low, high = case.snap.rules.window.bounds(case.snap.now, LEAVE_AFTER if known else timedelta(0))
    forms = [s.replica.form for s in case.link.spokes if s.replica and s.replica.form is not None]
    return bool(forms) and not any(recur.touches(form, low, high) for form in forms)


def dormant(case: Case) -> Link:
    spokes = tuple(replace(s, state="dormant") if s.state == "live" else s for s in case.link.spokes)
    if case.link.id is None:
        return case.link
    return replace(case.link, spokes=spokes, open=False)


def closed(case: Case) -> Link:
    """Row 13: gone everywhere; the link stays as a tombstone (N2)."""
    spokes = tuple(
        replace(s, state="absent", remote_id=None, replica=None, base=None, rev=0, behind={},
                generation=s.generation + (s.remote_id is not None))
        for s in case.link.spokes
    )
    return replace(case.link, spokes=spokes, alive=False, open=False, hub={})


def rolled_off(case: Case, spoke: Spoke) -> bool:
    """V8: a feed drops by itself what is over, so only what was still to come can have been deleted there."""
    if not case.calendars[spoke.calendar].rolling or spoke.base is None:
        return False
    last = recur.last_start(spoke.base)
    return last is not None and last <= case.snap.now


def loops(case: Case, spoke: Spoke, due: Changes) -> str:
    """N6: the field that somebody else always sets back, or the replica that is changed after each run, in words."""
    writes = case.snap.written.get((case.link.id or 0, spoke.calendar), ())
    past = [write.changes for write in writes]
    if _never_rests(case, writes):
        return (
            f"it was written to {case.calendars[spoke.calendar].label} in {RESTLESS_AFTER} runs one after the other, "
            "and each time somebody had changed it there meanwhile, perhaps another program that syncs these "
            "calendars; it is left alone until it is edited, or calsync retry"
        )
    for path, value in sorted(due.items()):
        before = [changes[path] for changes in past if path in changes][-LOOPS_AFTER:]
        if len(before) == LOOPS_AFTER and len({form_json({path: one}) for one in (*before, value)}) <= 2:
            return (
                f"{field_words(path)} was written to {case.calendars[spoke.calendar].label} {LOOPS_AFTER} times within "
                "a day, always one of the same two values: somebody else sets it back, perhaps another program that "
                "syncs these calendars; this event is left alone until it is edited, or calsync retry"
            )
    return ""


def _never_rests(case: Case, writes: Sequence[Written]) -> bool:
    """In each of the last runs it was written; a person who edits elsewhere does not touch what is written here."""
    last = writes[-RESTLESS_AFTER:]
    runs = [write.run for write in last]
    if not runs or runs[-1] < case.snap.run - 1:  # the run in progress may have its number already
        return False
    in_a_row = runs == list(range(runs[-1] - RESTLESS_AFTER + 1, runs[-1] + 1))
    return in_a_row and all(write.touched for write in last[1:])


def ended(case: Case, there: list[Spoke]) -> bool:
    ends = [recur.last_end(s.replica.form) for s in there if s.replica and s.replica.form is not None]
    return bool(ends) and all(end is not None and end < case.snap.now - PAST_AFTER for end in ends)
