"""Taking back what a run did, and bringing back what was deleted (semantics 17).

Shape   `taken_back` and `brought_back` stand in for the planner: snapshot and journal -> a Plan of a few links
Rules   each inverse is planned from the version that the run left; a replica that was changed since is told and left
        alone (U1). Nobody is invited again: what is made anew is a copy like any other (U2)
After   both sides keep what they show then: the hub stays as it is, so that the next run does not do it again
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from calsync_cli.engine import presence
from calsync_cli.engine.case import Case, Decision, start_text
from calsync_cli.engine.errands import errand_plan, put_back, unasked
from calsync_cli.engine.groups import Group
from calsync_cli.engine.keys import link_key
from calsync_cli.engine.presence import Is
from calsync_cli.engine.report import Report
from calsync_cli.engine.run import run
from calsync_cli.engine.seen import read as read_payload
from calsync_cli.engine.session import Session
from calsync_cli.engine.state import Wish
from calsync_cli.engine.views import as_text, bare, heard, is_copy, leaks, shown
from calsync_cli.engine.world import Entry, Kept, Link, Plan, Snapshot, Spoke, Step
from calsync_cli.errors import CalendarGone, MappingError, UsageError
from calsync_cli.model import recur
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import LOCAL_FIELDS, Form, Reading, form_title, without_fields
from calsync_cli.model.views import PLAIN
from calsync_cli.store import journal, mirror, views
from calsync_cli.store.journal import Operation
from calsync_cli.store.views import Trash

UNFINISHED = "a write of an earlier run is not finished yet"
Read = Callable[[int, bytes], Reading | None]
"""(calendar, payload) -> what it meant there; None when it cannot be read."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a run did to one replica: how it was before and after it, None where it was not there.

    known: both can still be told; images are kept for 90 days. image: the payload of before; marker: in it
    """

    link: int
    calendar: int
    title: str
    before: Form | None
    after: Form | None
    known: bool = True
    image: bytes = b""
    marker: str | None = None


def pasts(done: Sequence[Operation], read: Read) -> list[Past]:
    """What a run confirmed, oldest first -> one Past per replica, the last written first."""
    found: dict[tuple[int, int], list[Operation]] = {}
    for op in done:
        found.setdefault((op.link_id, op.calendar), []).append(op)
    return [_past(ops[0], ops[-1], read) for ops in reversed(found.values())]


def _past(first: Operation, last: Operation, read: Read) -> Past:
    before = read(first.calendar, first.before) if first.before is not None else None
    after = read(last.calendar, last.after) if last.after is not None else None
    known = (before is not None or first.kind == "create") and (after is not None or last.kind == "delete")
    return Past(
        first.link_id, first.calendar, first.title, before.form if before else None, after.form if after else None,
        known, first.before or b"", before.marker if before else None,
    )


def taken_back(snap: Snapshot, done: Sequence[Past], run: int) -> Plan:
    """The inverses of what `run` did, in reverse order."""
    snap = unasked(snap)
    links = {link.id: link for link in snap.links}
    by_link: dict[int, list[Past]] = {}
    for past in done:
        if past.link in links and past.calendar in {calendar.id for calendar in snap.calendars}:
            by_link.setdefault(past.link, []).append(past)
    return errand_plan(snap, [_take_back(Case(snap, links[name]), some, run) for name, some in by_link.items()])


def _take_back(case: Case, done: Sequence[Past], run: int) -> Decision:
    result = Decision(case.link)
    for past in done:
        spoke = next(s for s in case.link.spokes if s.calendar == past.calendar)
        now = form_now(case, spoke)
        if past.known and (_same(now, past.before) or _same(past.before, past.after)):
            continue  # as it was already, or nothing that anybody sees
        words = _why_not(case, spoke, past, now, run)
        if words:
            label = case.calendars[spoke.calendar].label
            asked = case.hold("undo", f"{words}; it stays on {label} as it is", {}, "", case.calendars[spoke.calendar])
            result.holds.append(replace(asked, title=asked.title or past.title))
        elif past.before is None:
            take_away(case, spoke, f"made by run {run}", result)
        elif now is None:
            own = _is_at_home(case, spoke, past.marker, [other.calendar for other in done if other.before is not None])
            form = past.before if own else bare(case.calendars[spoke.calendar].view, past.before)
            _create(case, spoke, form, past.image, f"deleted by run {run}", result, own=own)
            result.notes += _lacking(case, spoke, past.before) if not own else []
        else:
            _update(case, spoke, now, past.before, f"changed by run {run}", result)
    return result


def _is_at_home(case: Case, spoke: Spoke, marker: str | None, made: Sequence[int]) -> bool:
    """It was no copy of this link, if perhaps one that another pair made there, and comes back whole also where copies
    show less, unless it is whole on another calendar. made: where it comes back, too."""
    others = {s.calendar for s in case.link.spokes if s.calendar in made or form_now(case, s) is not None}
    if any(case.calendars[other].view == PLAIN for other in others - {spoke.calendar}):
        return False
    known = (marker or "").split(".")
    return not marker or (known[0] == case.snap.installation and known[1:2] != [case.link.key])


def _lacking(case: Case, spoke: Spoke, before: Form) -> list[str]:
    """I19: words that a person wrote on a copy which shows less than its event do not come back with it."""
    calendar = case.calendars[spoke.calendar]
    made = shown(calendar.view, bare(calendar.view, before))
    if not recur.diff(without_fields(made, LOCAL_FIELDS), without_fields(before, LOCAL_FIELDS)):
        return []
    words = "comes back as a copy is made today; what somebody wrote on it besides stays in calsync trash"
    return [f'"{form_title(before)}" on {calendar.label} {words}']


def _why_not(case: Case, spoke: Spoke, past: Past, now: Form | None, run: int) -> str:
    if not past.known:
        return f"what it was before run {run} is no longer kept"
    if case.link.frozen:
        return UNFINISHED
    if not case.calendars[spoke.calendar].readable:
        return "it cannot be read just now"
    return "" if _same(now, past.after) else f"it was changed after run {run}"


def brought_back(
    snap: Snapshot, lost: Trash, form: Form, calendars: Sequence[int], marker: str | None = None
) -> Plan:
    """Make the event again on these calendars, and link it there. marker: it had where it was deleted."""
    link = next((one for one in snap.links if one.id == lost.link or one.uid == lost.uid), None)
    link = link or Link(link_key(snap.rules.key, lost.uid), lost.uid, tuple(Spoke(c.id) for c in snap.calendars))
    case, result = Case(unasked(snap), link), Decision(link)
    there = next((spoke for spoke in link.spokes if spoke.calendar == lost.calendar), None)
    at_home = there is not None and _is_at_home(case, there, marker, calendars)
    if there is not None and not at_home:
        form = bare(case.calendars[lost.calendar].view, form)
    if link.frozen:
        result.holds.append(case.hold("undo", f"{UNFINISHED}, so it is not made again", {"next": "calsync sync"}, ""))
    for spoke in link.spokes if not link.frozen else ():
        if spoke.calendar in calendars and form_now(case, spoke) is None:
            image = lost.payload if spoke.calendar == lost.calendar else b""  # another may speak another language
            own = spoke.calendar == lost.calendar and at_home
            _create(case, spoke, form, image, "restored", result, own=own)
    return errand_plan(snap, [result])


# -- errands -----------------------------------------------------------------------------------------------------------


def undo(session: Session, groups: Sequence[Group], number: int, wish: Wish) -> Report:
    """Take back what run `number` wrote in these groups. Raises as `run` does."""
    done = journal.confirmed(session.db, number)
    concerned = with_calendars(session, groups, {op.calendar for op in done})
    past = pasts(done, _reader(session))
    return run(session, concerned, wish, lambda scene: taken_back(scene.snapshot, past, number))


def restore(session: Session, groups: Sequence[Group], lost: Trash, calendars: Sequence[int], wish: Wish) -> Report:
    """Make one event of the trash again on these calendars."""
    found = _reader(session)(lost.calendar, lost.payload)
    if found is None:
        raise UsageError(f"what is kept of {lost.uid} cannot be read", next="calsync trash")
    wanted = with_calendars(session, groups, {lost.calendar})
    form, marker = found.form, found.marker
    return run(session, wanted, wish, lambda scene: brought_back(scene.snapshot, lost, form, calendars, marker))


def put_right(session: Session, groups: Sequence[Group], wish: Wish) -> Report:
    """Make again, in these groups, what was deleted on one calendar and is still on another."""
    def image(calendar: int, remote_id: str) -> bytes:
        return mirror.payload(session.db, calendar, remote_id) or b""

    return run(session, groups, wish, lambda scene: put_back(scene.snapshot, image))


def with_calendars(session: Session, groups: Sequence[Group], numbers: Collection[int]) -> list[Group]:
    names = {name for name in (name for group in groups for name in group.calendars)
             if views.calendar_ids(session.db, name.account, name.calendar) in numbers}
    return [group for group in groups if names.intersection(group.calendars)]


def _reader(session: Session) -> Read:
    def read(calendar: int, payload: bytes) -> Reading | None:
        try:
            return read_payload(session, mirror.calendar_row(session.db, calendar).account, payload)
        except (MappingError, CalendarGone):  # of an account of before
            return None

    return read


# -- steps -------------------------------------------------------------------------------------------------------------


def _create(
    case: Case, spoke: Spoke, form: Form, image: bytes, because: str, result: Decision, *, own: bool = False
) -> None:
    view = PLAIN if own else case.calendars[spoke.calendar].view
    form = shown(view, form)
    hold = case.cannot_write(spoke, "create", form)
    if hold:
        result.holds.append(hold)
        return
    result.link = _revived(case, result.link, spoke, form)
    uid = case.link.uid if own and not spoke.alias else case.uid(spoke)
    result.steps.append(Step(
        "create", spoke.calendar, case.link.key, uid, form_title(form), start_text(form), because,
        generation=spoke.generation, rev=result.link.rev, changes=dict(form), like=image, view=as_text(view),
    ))


def _revived(case: Case, link: Link, spoke: Spoke, form: Form) -> Link:
    """The set lives again, on this calendar; one that has it no longer by a person's wish does not get it back, and
    does not take it away again."""
    link = presence.parked(link, [s for s in link.spokes if presence.state(case, s) is Is.GONE])
    if not (link.alive and link.hub):
        rev = link.rev + 1
        said = {path: value for path, value in heard(spoke, form).items() if not case.is_local(path)}
        hub = {path: Entry(value, rev, spoke.calendar) for path, value in said.items()}
        others = tuple(replace(s, state="parked") if s.state == "absent" else s for s in link.spokes)
        link = replace(link, alive=True, rev=rev, hub=hub, spokes=others)
    spokes = tuple(replace(s, state="absent") if s.calendar == spoke.calendar else s for s in link.spokes)
    return replace(link, spokes=spokes, open=True)


def _update(case: Case, spoke: Spoke, now: Form, before: Form, because: str, result: Decision) -> None:
    changes = recur.diff(now, before)
    if is_copy(case.link, spoke):
        hidden = leaks(case.calendars[spoke.calendar].view, changes)
        changes = {path: value for path, value in changes.items() if path not in hidden}
    hold = case.cannot_write(spoke, "update", changes)
    if hold:
        result.holds.append(hold)
        return
    waiting = frozenset(spoke.behind)  # what the hub still owes this calendar stays owed
    step = case.step("update", spoke, because)
    result.steps.append(replace(step, changes=changes, held=waiting, rev=spoke.rev))
    lost = [path for path in sorted(changes) if path in now]
    result.kept += [Kept(case.link.key, spoke.calendar, "overwritten", case.link.uid, p, now[p]) for p in lost]


def take_away(case: Case, spoke: Spoke, because: str, result: Decision) -> None:
    hold = case.cannot_write(spoke, "delete", {})
    if hold:
        result.holds.append(hold)
        return
    result.steps.append(replace(case.step("delete", spoke, because), parks=True))
    result.kept.append(Kept(case.link.key, spoke.calendar, "trash", case.link.uid))


def form_now(case: Case, spoke: Spoke) -> Form | None:
    here = presence.state(case, spoke) is Is.THERE or (spoke.replica is not None and not spoke.replica.gone)
    return spoke.replica.form if here and spoke.replica is not None else None


def _same(a: Form | None, b: Form | None) -> bool:
    if a is None or b is None:
        return a is b
    return not recur.diff(a, b) and not recur.diff(b, a)

