"""Guards G1 to G9: a last look at the finished plan before anything is stored or sent (semantics section 13). Pure.

Shape   (Snapshot, Plan) -> the trips, in words for a person; none means go. Approval is the caller's matter
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from calsync_cli.engine.world import CalendarState, Link, Plan, Snapshot, Step
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import split

MIN_DELETES_FOR_PERCENT = 5
REWRITE_SHARE, REWRITE_MIN = 0.5, 20
CREATE_SHARE, CREATE_MIN = 0.5, 50
MAX_SKEW, MAX_BACKWARDS = timedelta(hours=24), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trip:
    """One reason to stop. `kind` is the guard's id."""

    kind: str
    words: str


def check(snap: Snapshot, plan: Plan) -> tuple[Trip, ...]:
    """All trips of this plan, worst first by id order of the table."""
    trips: list[Trip] = []
    for calendar in snap.calendars:
        steps = [step for step in plan.steps if step.calendar == calendar.id]
        trips += _deletes(snap, calendar, steps)
        trips += _emptied(calendar)
        trips += _rewritten(calendar, steps)
        trips += _created(snap, plan, calendar, steps)
        if calendar.lowered:
            trips.append(Trip("G6", f"{calendar.label}: {calendar.lowered}"))
    trips += _clock(snap)
    trips += _held_deletes(snap, plan)
    if plan.foreign:
        trips.append(Trip("G9", _foreign_words(snap, plan)))
    return tuple(trips)


def _deletes(snap: Snapshot, calendar: CalendarState, steps: list[Step]) -> list[Trip]:
    count = sum(step.kind == "delete" for step in steps)
    rules = snap.rules
    share = 100 * count / calendar.linked if calendar.linked else 0.0
    many = count > rules.delete_count
    large = count >= MIN_DELETES_FOR_PERCENT and share > rules.delete_percent
    if not (many or large):
        return []
    limit = f"{rules.delete_count} events or {rules.delete_percent:g} %"
    words = f"{count} of {_events(calendar.linked)} would be deleted on {calendar.label}; the limit is {limit}"
    return [Trip("G1", words)]


def _emptied(calendar: CalendarState) -> list[Trip]:
    if not calendar.readable or not calendar.linked or calendar.listed:
        return []
    words = f"{calendar.label} lists no events at all, and {calendar.linked} of them were synced before"
    return [Trip("G2", words)]


def _rewritten(calendar: CalendarState, steps: list[Step]) -> list[Trip]:
    """A field that changes nearly everywhere at once is a shifted zone or a mass rewrite, seldom a person (G3)."""
    fields: Counter[str] = Counter()
    for step in steps:
        if step.kind == "update":
            fields.update({split(path)[1] for path in step.changes if not path.startswith("@")})
    return [
        Trip("G3", f"the {name} of {count} of {calendar.linked} events would change on {calendar.label}")
        for name, count in sorted(fields.items())
        if count >= REWRITE_MIN and count > REWRITE_SHARE * calendar.linked
    ]


def _created(snap: Snapshot, plan: Plan, calendar: CalendarState, steps: list[Step]) -> list[Trip]:
    """An empty listing followed by "create everything again" shows as many creates at once (G7).

    What an accepted plan still owes, after a crash in a first push, is no such surprise; so what will be owed to a
    calendar that cannot be read just now counts already.
    """
    owed = {link.key for link in snap.links if link.open and link.id is not None}
    count = sum(step.kind == "create" and step.link not in owed for step in steps)
    if not calendar.readable and calendar.role != "source":
        count += sum(link.key not in owed and _is_owed(link, calendar) for link in plan.links)
    if snap.first or count <= CREATE_MIN or count <= CREATE_SHARE * calendar.listed:
        return []
    return [Trip("G7", f"{_events(count)} would be created on {calendar.label}, which holds {calendar.listed}")]


def _is_owed(link: Link, calendar: CalendarState) -> bool:
    return link.alive and any(s.calendar == calendar.id and s.state == "absent" for s in link.spokes)


def _clock(snap: Snapshot) -> list[Trip]:
    """A clock far off, or one that jumped back, makes windows and ages meaningless (G5)."""
    for calendar in snap.calendars:
        skew = calendar.server_now - snap.now if calendar.server_now else timedelta(0)
        if abs(skew) > MAX_SKEW:
            words = f"the clock here and the one of {calendar.label} are {abs(skew).days} days apart; set it right"
            return [Trip("G5", words)]
    if snap.last_run is not None and snap.last_run - snap.now > MAX_BACKWARDS:
        return [Trip("G5", f"the clock here went back to before the last run ({snap.last_run:%d %b %Y %H:%M} UTC)")]
    return []


def _held_deletes(snap: Snapshot, plan: Plan) -> list[Trip]:
    """Any delete after a lost token, a restored database, changed rules or in a first run (G4)."""
    count = sum(step.kind == "delete" for step in plan.steps)
    why = "this is the first run of the pair" if snap.first else ""
    why = why or ("the rules of the pair changed" if snap.rules_changed else "")
    lost = [calendar.label for calendar in snap.calendars if calendar.reset]
    why = why or (f"{' and '.join(lost)} had to be listed anew" if lost else "")
    return [Trip("G4", f"{_events(count)} would be deleted although {why}")] if count and why else []


def _foreign_words(snap: Snapshot, plan: Plan) -> str:
    labels = {calendar.id: calendar.label for calendar in snap.calendars}
    where = sorted({labels[calendar] for calendar, _ in plan.foreign})
    who = "another calsync installation, or this one before its state folder was lost,"
    return f"{who} already syncs {_events(len(plan.foreign))} of {' and '.join(where)}"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"
