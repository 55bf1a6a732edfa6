"""Copies that have no place any more: their event left the filter, or their view shows less of it now (V5, V7, W3, W4).

Shape   `leaving` -> the decision for a set that does not take part, None if it does; `anew` -> the decision for one
        that does, with copies taken away that hold more than they may
Rules   what a person edited is not taken away. A filter looks at what is agreed, and at what only the event itself says
        (guests, the answer given), so both sides give the same answer (V6)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calsync_cli.engine import presence, views
from calsync_cli.engine.case import Case, Decision
from calsync_cli.engine.filters import Facts, kinds, rejected
from calsync_cli.engine.fold import fold
from calsync_cli.engine.folded import changes_of
from calsync_cli.engine.world import Kept, Link, Snapshot, Spoke
from calsync_cli.model.series import LOCAL_FIELDS, Form, form_title, split
from calsync_cli.model.views import ALL

NAMED = 5
"""Of so many events that fall asleep at once the titles are told."""
NO_PART = "it takes no part any more"
SHOWED_MORE = "it was made to show more than it may now, and is made anew"
NO_BLOCK = {
    "free": "its time counts as free, so it has no busy copy", "cancelled": "it is called off, so it has no busy copy",
    "declined": "you said no to it, so it has no busy copy",
}
"""Kinds of events that have no busy copy (W3)."""


def selects(snap: Snapshot) -> bool:
    """Whether any event may be left out."""
    return snap.rules.filter != ALL or any(calendar.view.view == "busy" for calendar in snap.calendars)


def asleep(snap: Snapshot, decisions: Sequence[Decision]) -> list[str]:
    """V1, V5, V7: what other rules leave out from now on, though nothing is written to it."""
    if not snap.rules_changed:
        return []
    lived = {link.key for link in snap.links if sum(spoke.state == "live" for spoke in link.spokes) > 1}
    links = [
        d.link for d in decisions if d.link.key in lived and not d.steps
        and {spoke.state for spoke in d.link.spokes} & {"live", "dormant"} == {"dormant"}
    ]
    titles = [form_title({path: e.value for path, e in link.hub.items() if e.value is not None}) for link in links]
    if not titles:
        return []
    some = ", ".join(f'"{title or "(no title)"}"' for title in titles[:NAMED])
    more = f" and {len(titles) - NAMED:,} more" if len(titles) > NAMED else ""
    count = "1 event takes" if len(titles) == 1 else f"{len(titles):,} events take"
    words = "part no more by the rules as they are now; what is on both sides stays, each for itself"
    return [f"{count} {words}: {some}{more}"]


def leaving(case: Case, there: Sequence[Spoke]) -> Decision | None:
    speaking = tuple(s for s in there if case.calendars[s.calendar].role != "target")
    if not selects(case.snap) or not speaking:
        return None
    whole = views.origin(case.link)
    own = next((s for s in speaking if s.calendar == whole), speaking[0])
    form, facts = _event(case, own, speaking)
    why = rejected(case.snap.rules.filter, form, facts)
    if why and case.snap.rules.on_leave == "keep":
        return replace(Decision(presence.dormant(case)), outside=why)
    blocks = [s for s in case.link.spokes if _is_block(case, s)]
    if not why and blocks:
        why = next((words for kind, words in NO_BLOCK.items() if kind in kinds(form, facts)), "")
        there = [s for s in there if s in blocks]
    return _retired(case, [s for s in there if views.is_copy(case.link, s) and s is not own], why) if why else None


def _event(case: Case, own: Spoke, speaking: tuple[Spoke, ...]) -> tuple[Form, Facts]:
    """What is agreed on once everybody was heard, and what only the event itself, `own`, can say."""
    assert own.replica is not None and own.replica.form is not None
    local = {path: value for path, value in own.replica.form.items() if split(path)[1] in LOCAL_FIELDS}
    form: Form = {**fold(case.link, speaking, case.ctx).hub_form(), **local}
    other = frozenset().union(*(c.me for c in case.snap.calendars if c.id != own.calendar))
    return form, Facts(case.calendars[own.calendar].me, other, own.replica.kind, own.replica.answer)


def _is_block(case: Case, spoke: Spoke) -> bool:
    """A busy copy, or the place of one."""
    busy = case.calendars[spoke.calendar].view.view == "busy"
    return busy and (views.is_copy(case.link, spoke) or spoke.state == "absent")


def _retired(case: Case, copies: Sequence[Spoke], why: str) -> Decision:
    """W4: copies that nobody edited go; the link sleeps until the event takes part again (V2)."""
    result = replace(Decision(presence.dormant(case)), outside=why)
    _take_away(case, copies, f"{NO_PART}: {why}", result)
    return result


def anew(case: Case, decision: Decision, there: Sequence[Spoke], *, waits: bool = False) -> Decision:
    """A copy that was made to show more than its view does now is taken away; the next run makes it again. Nothing of
    what it held can stay behind so (I18). What a person said in one flows first, and until then it is written over
    (V7); of a one-way copy nothing flows, so it goes to the trash as it is.

    waits: not all could be read, so it stays for now (row 16)
    """
    more = [s for s in there if views.is_copy(case.link, s) and _shows_more(case, s) and not _has_to_say(case, s)]
    calendars = {s.calendar for s in more}
    rest = [step for step in decision.steps if step.calendar not in calendars]
    if waits:
        return replace(decision, steps=rest)
    if not more or decision.holds or len(more) == len(there) or any(step.kind == "update" for step in rest):
        return decision  # the last one of an event stays; and what a person said there flows first
    result = replace(decision, steps=rest)
    _take_away(case, more, SHOWED_MORE, result, even_edited=True)
    return result


def _shows_more(case: Case, spoke: Spoke) -> bool:
    return views.less(views.of_text(spoke.view), case.calendars[spoke.calendar].view)


def _has_to_say(case: Case, spoke: Spoke) -> bool:
    if spoke.base is not None and case.calendars[spoke.calendar].role == "target":
        return False
    return _is_edited(case, spoke)


def _is_edited(case: Case, spoke: Spoke) -> bool:
    """Also one of which nobody knows: it was found again without a base."""
    form = spoke.replica.form if spoke.replica else None
    return form is None or bool(changes_of(spoke, form, case.snap.rules.local))


def _take_away(
    case: Case, copies: Sequence[Spoke], because: str, result: Decision, *, even_edited: bool = False
) -> None:
    for spoke in copies:
        label = case.calendars[spoke.calendar].label
        if not even_edited and _is_edited(case, spoke):
            result.notes.append(f'"{case.title()}" on {label} was edited by a person and is kept')
        elif hold := case.cannot_write(spoke, "delete", {}):
            result.holds.append(hold)
        else:
            result.kept.append(Kept(case.link.key, spoke.calendar, "trash", case.link.uid))
            result.steps.append(case.step("delete", spoke, because))
            result.link = _awake(result.link, spoke)


def _awake(link: Link, spoke: Spoke) -> Link:
    """The copy's own share stays as it is until its deletion is confirmed."""
    spokes = tuple(spoke if s.calendar == spoke.calendar else s for s in link.spokes)
    return replace(link, spokes=spokes, open=True)
