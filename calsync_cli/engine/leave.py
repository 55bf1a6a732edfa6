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
from calsync_cli.engine.filters import Facts, rejected
from calsync_cli.engine.fold import fold
from calsync_cli.engine.folded import changes_of
from calsync_cli.engine.world import Kept, Link, Spoke
from calsync_cli.model.series import LOCAL_FIELDS, Form, split
from calsync_cli.model.views import ALL, Filter

NO_PART = "it takes no part any more"
SHOWED_MORE = "it was made to show more than it may now, and is made anew"
NO_BLOCK = Filter(only=frozenset({"busy"}), never=frozenset({"cancelled", "declined"}))
"""Events that have no busy copy: what is free, called off or declined (W3)."""


def leaving(case: Case, there: Sequence[Spoke]) -> Decision | None:
    if case.snap.rules.filter == ALL and not any(c.view.view == "busy" for c in case.snap.calendars):
        return None
    why = outside(case, there)
    if why and case.snap.rules.on_leave == "keep":
        return Decision(presence.dormant(case))
    blocks = [s for s in case.link.spokes if _is_block(case, s)]
    if not why and blocks:
        why = outside(case, there, NO_BLOCK)
        there = [s for s in there if s in blocks]
    return _retired(case, there, why) if why else None


def outside(case: Case, there: Sequence[Spoke], rule: Filter | None = None) -> str:
    """Why this set does not take part, "" if it does."""
    speaking = tuple(s for s in there if case.calendars[s.calendar].role != "target")
    if not speaking:
        return ""
    own = next((s for s in speaking if not s.owned), speaking[0])
    assert own.replica is not None and own.replica.form is not None
    local = {path: value for path, value in own.replica.form.items() if split(path)[1] in LOCAL_FIELDS}
    form: Form = {**fold(case.link, speaking, case.ctx).hub_form(), **local}
    other = frozenset().union(*(c.me for c in case.snap.calendars if c.id != own.calendar))
    facts = Facts(case.calendars[own.calendar].me, other, own.replica.kind, own.replica.answer)
    return rejected(case.snap.rules.filter if rule is None else rule, form, facts)


def _is_block(case: Case, spoke: Spoke) -> bool:
    """A busy copy, or the place of one."""
    native = [s for s in case.link.spokes if s.state in ("live", "dormant") and not s.owned]
    busy = case.calendars[spoke.calendar].view.view == "busy"
    return busy and (spoke.owned or (bool(native) and spoke not in native))


def _retired(case: Case, there: Sequence[Spoke], why: str) -> Decision:
    """W4: copies that nobody edited go; the link sleeps until the event takes part again (V2)."""
    result = Decision(presence.dormant(case))
    _take_away(case, [s for s in there if s.owned], f"{NO_PART}: {why}", result)
    return result


def anew(case: Case, decision: Decision, there: Sequence[Spoke]) -> Decision:
    """A copy that was made to show more than its view does now is taken away; the next run makes it again. Nothing of
    what it held can stay behind so (I18)."""
    more = [s for s in there if s.owned and _shows_more(case, s)]
    if not more or decision.holds:
        return decision
    calendars = {s.calendar for s in more}
    steps = [step for step in decision.steps if step.calendar not in calendars]
    if any(step.kind == "update" for step in steps):
        return decision  # what a person said there flows first
    result = replace(decision, steps=steps)
    _take_away(case, more, SHOWED_MORE, result)
    return result


def _shows_more(case: Case, spoke: Spoke) -> bool:
    return views.less(views.of_text(spoke.view), case.calendars[spoke.calendar].view)


def _take_away(case: Case, copies: Sequence[Spoke], because: str, result: Decision) -> None:
    for spoke in copies:
        assert spoke.replica is not None
        label = case.calendars[spoke.calendar].label
        if spoke.replica.form is None or changes_of(spoke, spoke.replica.form, case.snap.rules.local):
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
