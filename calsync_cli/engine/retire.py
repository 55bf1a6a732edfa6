"""Copies of pairs that are not in the configuration any more are taken away (W4).

Shape   `retired` stands in for the planner: snapshot -> a Plan; `retire` carries it out before the sync of the day
Rules   a copy goes if nobody edited it since calsync wrote it last. An edited one is let go: it loses calsync's marker
        and stays as an event of its own, and so does one of a two-way pair that is all that is left of its event.
        What cannot be compared now stays as it is, for another time
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from calsync_cli.engine.case import Case, Decision, start_text
from calsync_cli.engine.errands import errand_plan, touched, unasked
from calsync_cli.engine.former import Former, unseen_names
from calsync_cli.engine.groups import Group, groups, windows
from calsync_cli.engine.observe import notice_places, observe
from calsync_cli.engine.report import Report
from calsync_cli.engine.run import run
from calsync_cli.engine.session import Session
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.state import Wish
from calsync_cli.engine.undo import UNFINISHED
from calsync_cli.engine.views import is_copy
from calsync_cli.engine.world import Hold, Kept, Link, Plan, Snapshot, Spoke
from calsync_cli.model.account import Pair
from calsync_cli.model.series import form_title
from calsync_cli.store import former as stored

RETIRED = "its pair is not in the configuration any more"
LET_GO = "its pair is not in the configuration any more, and somebody edited it, so it stays as an event of its own"
THE_LAST = "its pair is not in the configuration any more, and nobody else has it, so it stays as an event of its own"


def retired(snap: Snapshot, former: Former) -> Plan:
    snap = unasked(snap)
    stays: Counter[tuple[int, str]] = Counter()
    decisions = [_retire(Case(snap, link), former, stays) for link in snap.links]
    plan = errand_plan(snap, decisions)
    plain = tuple(d.link for d, link in zip(decisions, snap.links, strict=True) if not d.steps and d.link is not link)
    holds = tuple(_stay(former, number, why, count) for (number, why), count in sorted(stays.items()))
    links = tuple(sorted((*plan.links, *plain), key=lambda link: link.key))
    return replace(plan, links=links, holds=(*plan.holds, *holds))


def _retire(case: Case, former: Former, stays: Counter[tuple[int, str]]) -> Decision:
    result = Decision(case.link)
    there = [s for s in case.link.spokes if s.replica is not None and not s.replica.gone]
    for spoke in [s for s in there if s.owned and s.calendar in former.left]:
        others = [s for s in there if s is not spoke and not any(step.calendar == s.calendar for step in result.steps)]
        if why := _not_now(case, spoke, former, others):
            stays[spoke.calendar, why] += 1
        elif touched(case, spoke):
            _let_go(case, spoke, LET_GO, result)
        elif not former.one_way and not (others and is_copy(case.link, spoke)):
            _let_go(case, spoke, THE_LAST, result)
        elif hold := case.cannot_write(spoke, "delete", {}):
            result.holds.append(hold)
        else:
            result.kept.append(Kept(case.link.key, spoke.calendar, "trash", case.link.uid))
            result.steps.append(case.step("delete", spoke, RETIRED))
    return result


def _not_now(case: Case, spoke: Spoke, former: Former, others: Sequence[Spoke]) -> str:
    """Why nobody can say now what is to become of it. A one-way copy goes whatever became of its event."""
    if case.link.frozen:
        return UNFINISHED
    here = case.calendars[spoke.calendar]
    if here.lowered or not here.readable:
        return here.lowered or "it cannot be read just now"
    unread = [c.label for c in case.calendars.values() if not c.readable]
    if former.one_way or any(case.calendars[s.calendar].readable for s in others):
        return ""
    gone = [former.labels[number] for number in sorted(former.away)]
    if gone:
        return f"nobody can say whether {' and '.join(gone)}, of no account of the configuration, still has its event"
    return f"{' and '.join(unread)} cannot be read just now" if unread else ""


def _let_go(case: Case, spoke: Spoke, because: str, result: Decision) -> None:
    assert spoke.replica is not None
    if not spoke.replica.marker:
        result.link = _without(result.link, spoke)
    elif hold := case.cannot_write(spoke, "update", {}):
        result.holds.append(hold)
    else:
        form = spoke.replica.form or {}
        step = case.step("update", spoke, because)
        named = replace(step, title=form_title(form) or step.title, start=start_text(form) or step.start)
        result.steps.append(replace(named, releases=True, rev=spoke.rev))


def _without(link: Link, spoke: Spoke) -> Link:
    """Nothing is to be written for it."""
    empty = Spoke(spoke.calendar, generation=spoke.generation + 1, alias=spoke.alias)
    return replace(link, spokes=tuple(empty if s.calendar == spoke.calendar else s for s in link.spokes))


def _stay(former: Former, number: int, why: str, count: int) -> Hold:
    words = f"{count:,} {'copy stays' if count == 1 else 'copies stay'} there for now: {why}"
    return Hold("retire", f"retire:{number}:{why}", former.labels[number], "", words, calendar=number)


# -- the errand --------------------------------------------------------------------------------------------------------


def find_names(session: Session, pairs: Iterable[Pair]) -> None:
    """Look for calendars that the configuration calls by a name no run has found yet: a known one may be meant."""
    pairs = list(pairs)
    unseen = unseen_names(session.db, pairs)
    if unseen:
        wanted = windows([group for group in groups(pairs) if set(group.calendars) & set(unseen)])
        notice_places(session, [name.account for name in unseen])
        observe(session, {name: wanted[name] for name in unseen})


def retire(session: Session, formers: Sequence[Former], then: Sequence[Group], wish: Wish) -> Report:
    """Take the copies away, then bring the other groups up to date, in one run. Raises as `run` does."""
    by_key = {former.group.key: former for former in formers}
    there = [f.group for f in formers if f.group.calendars and stored.copies(session.db, f.group.key).keys() & f.left]

    def errand(scene: Scene) -> Plan:
        return retired(scene.snapshot, by_key[scene.key])

    report = run(session, there, wish, errand, then=then, anyway=True)
    report.notes += _left_there(session, formers)
    if not there:
        report.notes.append("every copy that is known belongs to a pair of the configuration; nothing is to be retired")
    if not wish.dry_run:
        with session.db.transaction():
            for former in formers:
                stored.forget(session.db, former.group.key, former.left)
    return report


def _left_there(session: Session, formers: Sequence[Former]) -> list[str]:
    """What lies where nobody can look."""
    found = []
    for former in formers:
        counts = stored.copies(session.db, former.group.key)
        for number in sorted(former.left & former.away & counts.keys()):
            label = former.labels[number]
            found.append(f"{counts[number]:,} copies on {label} stay: its account is no more, or points elsewhere")
    return found
