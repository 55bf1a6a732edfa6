"""A person's own word on one calendar: an event more, one that is changed, one less.

Shape   `added`, `edited` and `removed` stand in for the planner: Snapshot -> a Plan of one write on one calendar. It is
        no copy and agreed upon with nobody: the sync behind it hears it as any edit that was made there (Step.by_hand)
Rules   what the person had before their eyes must still be so, else nothing is written and it is told; who asks for
        something by name has been asked enough, but nobody is mailed (G8)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from calsync_cli.engine.case import Case, Decision, field_words, start_text
from calsync_cli.engine.errands import errand_plan, unasked
from calsync_cli.engine.groups import Group
from calsync_cli.engine.keys import link_key
from calsync_cli.engine.report import Report
from calsync_cli.engine.run import run
from calsync_cli.engine.session import Session
from calsync_cli.engine.state import Wish
from calsync_cli.engine.views import is_copy, leaks
from calsync_cli.engine.world import Hold, Kept, Link, Plan, Replica, Snapshot, Spoke, Step
from calsync_cli.model import recur
from calsync_cli.model.account import CalendarName
from calsync_cli.model.series import Changes, Form, Path, applied, form_title, split
from calsync_cli.store import journal, views
from calsync_cli.store.db import Database

SCHEDULE = ("title", "time", "recurrence")
"""What makes two events the same one to whoever adds them."""


def added(
    snap: Snapshot, calendar: int, uid: str, form: Form, *, again: bool = False, under_way: Iterable[Form] = ()
) -> Plan:
    """A new event. One that is there already, as after a run that was cut off, is not made twice unless `again`.

    under_way: what earlier runs sent to this calendar, of which nobody knows yet whether it arrived
    """
    snap = unasked(snap)
    label = next(c.label for c in snap.calendars if c.id == calendar)
    if not again and any(_alike(form, other) for other in under_way):
        words = f"it was sent to {label} before, and whether it arrived is not known yet; the next sync finds out"
        detail = {"next": "calsync sync"}
        new = f"new:{uid}"
        return _nothing(
            snap, Hold("by-hand", new, form_title(form), start_text(form), words, None, calendar, None, detail)
        )
    if not again and any(_alike(form, one.form) for one in _replicas(snap, calendar) if one.form is not None):
        note = f'"{form_title(form)}" is on {label} already at that time; with --again it is made once more'
        return replace(errand_plan(snap, []), notes=(note,))
    key = link_key(snap.rules.key, uid)
    link = next((one for one in snap.links if one.key == key), None)
    link = link or Link(key, uid, tuple(Spoke(c.id) for c in snap.calendars))
    case, result = Case(snap, link), Decision(link)
    spoke = next(s for s in link.spokes if s.calendar == calendar)
    hold = case.cannot_write(spoke, "create", form)
    if hold is not None:
        return _nothing(snap, replace(_worded(case, hold), title=form_title(form), start=start_text(form)))
    result.steps.append(Step(
        "create", calendar, link.key, uid, form_title(form), start_text(form), "added by hand", changes=dict(form),
        by_hand=True,
    ))
    return errand_plan(snap, [result])


def edited(snap: Snapshot, calendar: int, remote_id: str, changes: Changes, seen: Form) -> Plan:
    """Other values in an event that looked like `seen`."""
    found = _found(snap, calendar, remote_id, seen)
    if isinstance(found, Hold):
        return _nothing(snap, found)
    case, spoke, now = found
    said = {path: value for path, value in changes.items() if now.get(path) != value}
    if not said:
        note = f'"{form_title(now)}" is so already on {case.calendars[calendar].label}'
        return replace(errand_plan(snap, []), notes=(note,))
    hold = _moved(case, spoke, _beside(said, seen, now), seen, now) or _hidden(case, spoke, said)
    hold = hold or case.cannot_write(spoke, "update", said)
    if hold is not None:
        return _nothing(snap, _worded(case, hold))
    result = Decision(case.link)
    after = applied(now, said)
    step = replace(case.step("update", spoke, "changed by hand"), title=form_title(after), start=start_text(after))
    result.steps.append(_by_hand(replace(step, changes=said), spoke))
    lost = [path for path in sorted(said) if path in now]
    result.kept += [Kept(case.link.key, calendar, "overwritten", case.link.uid, path, now[path]) for path in lost]
    return errand_plan(snap, [result])


def removed(snap: Snapshot, calendar: int, remote_id: str, seen: Form) -> Plan:
    """An event less. It must look as `seen` in everything: who deletes it means that one."""
    found = _found(snap, calendar, remote_id, seen)
    if isinstance(found, Hold):
        return _nothing(snap, found)
    case, spoke, now = found
    hold = _moved(case, spoke, {*seen, *now}, seen, now) or case.cannot_write(spoke, "delete", {})
    if hold is not None:
        return _nothing(snap, _worded(case, hold))
    result = Decision(case.link)
    result.steps.append(_by_hand(case.step("delete", spoke, "deleted by hand"), spoke))
    result.kept.append(Kept(case.link.key, calendar, "trash", case.link.uid))
    return errand_plan(snap, [result])


def _by_hand(step: Step, spoke: Spoke) -> Step:
    """What the hub still owes this calendar stays owed."""
    return replace(step, by_hand=True, rev=spoke.rev, held=frozenset(spoke.behind))


def _nothing(snap: Snapshot, hold: Hold) -> Plan:
    return replace(errand_plan(snap, []), holds=(hold,))


# -- errands -----------------------------------------------------------------------------------------------------------


Said = Callable[[Snapshot, int], Plan]
"""What a person says of the calendar of this number."""


def carry_out(session: Session, groups: Sequence[Group], name: CalendarName, said: Said, wish: Wish) -> Report:
    """Write it on this calendar and bring all groups up to date that it belongs to. Raises as `run` does."""
    mine = [group for group in groups if name in group.calendars]
    mine.sort(key=lambda group: (group.one_way, group.bridge))
    number = views.calendar_ids(session.db, name.account, name.calendar)
    assert mine and number is not None
    return run(session, mine[:1], wish, lambda scene: said(scene.snapshot, number), then=mine)


def under_way(db: Database, number: int) -> list[Form]:
    """New events sent to a calendar of which nobody knows yet whether they arrived."""
    ops = map(journal.operation_of, journal.sent(db))
    return [{path: value for path, value in op.changes.items() if value is not None}
            for op in ops if op.by_hand and op.kind == "create" and op.calendar == number]


# -- what is there -----------------------------------------------------------------------------------------------------


def _replicas(snap: Snapshot, calendar: int) -> Iterable[Replica]:
    linked = (s.replica for link in snap.links for s in link.spokes if s.calendar == calendar and s.replica is not None)
    loose = (one for one in snap.unlinked if one.calendar == calendar)
    return (one for one in (*linked, *loose) if not one.gone)


def _alike(form: Form, other: Form) -> bool:
    a, b = ({path: one[path] for path in SCHEDULE if path in one} for one in (form, other))
    return not recur.diff(a, b) and not recur.diff(b, a)


def _found(snap: Snapshot, calendar: int, remote_id: str, seen: Form) -> tuple[Case, Spoke, Form] | Hold:
    """The event, or why nothing can be done with it."""
    snap = unasked(snap)
    label = next(c.label for c in snap.calendars if c.id == calendar)
    place = {(s.calendar, s.remote_id): (link, s) for link in snap.links for s in link.spokes if s.remote_id}
    link, spoke = place.get((calendar, remote_id), (None, None))
    words, next_command = "", "calsync events list"
    if link is None or spoke is None:
        words = f"it is not there on {label} any more, or not in sync, so nothing was written"
    elif link.frozen:
        words, next_command = "a write of an earlier run is not finished yet, so nothing was written", "calsync sync"
    elif spoke.replica is None or spoke.replica.gone:
        words, next_command = f"it was deleted on {label} meanwhile, so nothing was written", "calsync sync"
    elif spoke.replica.form is None or not _readable(snap, calendar):
        words, next_command = f"it cannot be read on {label} just now, so nothing was written", "calsync doctor"
    else:
        return Case(snap, link), spoke, spoke.replica.form
    subject = f"item:{calendar}:{remote_id}"
    detail = {"next": next_command}
    return Hold("by-hand", subject, form_title(seen), start_text(seen), words, calendar=calendar, detail=detail)


def _readable(snap: Snapshot, calendar: int) -> bool:
    return next(c.readable for c in snap.calendars if c.id == calendar)


def _beside(said: Changes, seen: Form, now: Form) -> set[Path]:
    """What the person looked at when they said this: the values themselves, and of times also which dates there are."""
    dated = any(split(path)[0] or split(path)[1] in ("time", "recurrence") for path in said)
    return set(said) | ({"time", "recurrence"} if dated else set())


def _moved(case: Case, spoke: Spoke, paths: Collection[Path], seen: Form, now: Form) -> Hold | None:
    """Somebody was faster: what would be overwritten is not what the person saw."""
    changed = {**recur.diff(seen, now), **recur.diff(now, seen)}
    names = ", ".join(dict.fromkeys(field_words(path) for path in sorted(changed) if path in paths))
    if not names:
        return None
    calendar = case.calendars[spoke.calendar]
    words = f"{names} changed on {calendar.label} meanwhile, so nothing was written; look at it, and say it again"
    return case.hold("by-hand", words, {"next": f"calsync events show {case.link.uid}"}, "", calendar)


def _hidden(case: Case, spoke: Spoke, said: Changes) -> Hold | None:
    """W6: a copy does not get what its view hides."""
    calendar = case.calendars[spoke.calendar]
    hidden = leaks(calendar.view, said) if is_copy(case.link, spoke) else []
    if not hidden:
        return None
    names = ", ".join(dict.fromkeys(map(field_words, hidden)))
    words = f"{names} is not shown on {calendar.label} (view); change the event itself"
    return case.hold("by-hand", words, {}, "", calendar)


def _worded(case: Case, hold: Hold) -> Hold:
    """What no list of approvals shows, since nothing of it is kept: the way out is another one."""
    if hold.kind != "notify":
        return hold
    pairs = " and ".join(case.snap.rules.pairs)
    words = f'{hold.words}, so nothing was written; do it at the service, or say notify = "allow" in {pairs}'
    return replace(hold, kind="by-hand", words=words, detail={"next": "calsync config edit"})
