"""Every copy that a pair made is taken away, while it is still in the configuration (cli.md section 2, W4).

Shape   `purged` stands in for the planner: snapshot -> a Plan; `purge` carries it out
Rules   what somebody edited stays, and so does the last one of an event; an undo brings the others back
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from calsync_cli.engine.case import Case, Decision
from calsync_cli.engine.errands import errand_plan, touched, unasked
from calsync_cli.engine.groups import Group
from calsync_cli.engine.report import Report
from calsync_cli.engine.run import run
from calsync_cli.engine.session import Session
from calsync_cli.engine.state import Wish
from calsync_cli.engine.undo import UNFINISHED, form_now, take_away, with_calendars
from calsync_cli.engine.world import Plan, Snapshot
from calsync_cli.model.account import Pair
from calsync_cli.store import views


def purged(snap: Snapshot, calendars: Collection[int]) -> Plan:
    """Take away every copy that calsync made on these calendars and nobody edited; the last one of an event stays."""
    snap = unasked(snap)
    return errand_plan(snap, [_purge(Case(snap, link), calendars) for link in snap.links if link.alive])


def _purge(case: Case, calendars: Collection[int]) -> Decision:
    result = Decision(case.link)
    shown = {s.calendar: form for s in case.link.spokes if (form := form_now(case, s)) is not None}
    copies = [s for s in case.link.spokes if s.owned and s.calendar in calendars and s.calendar in shown]
    for spoke in copies:
        words = ""
        if case.link.frozen:
            words = UNFINISHED
        elif touched(case, spoke):
            words = "it was edited since calsync made it, and is kept"
        elif len(shown) - sum(step.kind == "delete" for step in result.steps) < 2:
            words = "no other calendar of its pair has it any more, so it is kept"
        elif not case.calendars[spoke.calendar].readable:
            words = "it cannot be read just now"
        if words:
            result.holds.append(case.hold("undo", words, {}, "", case.calendars[spoke.calendar]))
        else:
            take_away(case, spoke, "made by calsync", result)
    return result


def purge(session: Session, groups: Sequence[Group], pair: Pair, wish: Wish) -> Report:
    """Take away the copies on both calendars of a pair."""
    named = (views.calendar_ids(session.db, name.account, name.calendar) for name in (pair.a, pair.b))
    numbers = {number for number in named if number is not None}
    return run(session, with_calendars(session, groups, numbers), wish, lambda scene: purged(scene.snapshot, numbers))
