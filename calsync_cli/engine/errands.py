"""What a person asked for by name, in place of the planner: how such a plan is made, and "put it back". Pure.

Shape   Snapshot -> a Plan of a few links; all else waits for the next run
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from calsync_cli.engine import presence
from calsync_cli.engine.case import Case, Decision
from calsync_cli.engine.plan import restore, step_order
from calsync_cli.engine.presence import Is
from calsync_cli.engine.world import Plan, Snapshot, Spoke
from calsync_cli.model import recur
from calsync_cli.model.series import CARRIED, split

Image = Callable[[int, str], bytes]
"""(calendar, remote id) -> the lines of an event that was there, b"" when they are not kept."""


def unasked(snap: Snapshot) -> Snapshot:
    """Who asks for something by name has been asked enough; what could mail somebody still waits (G8)."""
    return replace(snap, rules=replace(snap.rules, approve=frozenset(), approve_creates=None))


def errand_plan(snap: Snapshot, decisions: Sequence[Decision]) -> Plan:
    changed = [d for d in decisions if d.steps]
    links = [replace(d.link, open=True) for d in changed] + [link for d in changed for link in d.extra]
    return Plan(
        group=snap.rules.key,
        links=tuple(sorted(links, key=lambda link: link.key)),
        steps=tuple(sorted((step for d in changed for step in d.steps), key=step_order(snap))),
        holds=tuple(hold for d in decisions for hold in d.holds),
        kept=tuple(kept for d in decisions for kept in d.kept),
        notes=tuple(note for d in decisions for note in d.notes),
        whole=False,
    )


def touched(case: Case, spoke: Spoke) -> bool:
    """Whether somebody changed it since calsync wrote it last, also where its view would not hear it (W4), or nobody
    knows: it was found again without a base. What was carried by name may be read no more, which is nobody's edit."""
    form = spoke.replica.form if spoke.replica else None
    if form is None or spoke.base is None:
        return True
    local = case.snap.rules.local | {split(path)[1] for path in spoke.base if split(path)[1].startswith(CARRIED)}
    return any(split(path)[1] not in local for path in recur.diff(spoke.base, form))


def put_back(snap: Snapshot, image: Image = lambda calendar, remote_id: b"") -> Plan:
    """What people deleted on one calendar and another still has is made there again (D4). Never in a one-way source."""
    snap = unasked(snap)
    cases = [Case(snap, link) for link in snap.links if link.alive and not link.frozen and link.quarantine is None]
    decisions = [_put_back(case, image) for case in cases if not presence.all_outside(case)]
    return errand_plan(snap, [d for d in decisions if d is not None])


def _put_back(case: Case, image: Image) -> Decision | None:
    there = [s for s in case.link.spokes if presence.state(case, s) is Is.THERE]
    gone = [s for s in case.link.spokes if _is_missing(case, s)]
    if not gone or not there:
        return None
    lines = {s.calendar: image(s.calendar, s.replica.remote_id) for s in gone if s.replica is not None}
    decision = restore(case, gone, there, f"deleted on {case.labels(gone)}, still on {case.labels(there)}")
    decision.steps = [
        replace(step, like=lines.get(step.calendar, b"")) if step.kind == "create" else step for step in decision.steps
    ]
    return decision


def _is_missing(case: Case, spoke: Spoke) -> bool:
    """Deleted now, or earlier and left so (past_deletes, target_deletes, a deletion that was undone or rejected)."""
    if case.calendars[spoke.calendar].role == "source":
        return False
    state = presence.state(case, spoke)
    return state is Is.GONE or (state is Is.PARKED and spoke.replica is None)

