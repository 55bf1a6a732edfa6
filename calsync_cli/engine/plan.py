"""The planner: what is known of a group -> what shall happen to it. A pure function (I20).

Shape   Snapshot -> Plan. Nothing here asks the clock, a server or the database
Source  semantics section 4 (the table), 6 (R6), 8 (K), 10 (W), 11 (V); rows are cited by number
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from calsync_cli.engine import presence
from calsync_cli.engine.case import Case, Decision, field_words, forms_digest, is_pending, write_digest
from calsync_cli.engine.create_steps import create, detach, keep_lost
from calsync_cli.engine.fold import fold
from calsync_cli.engine.folded import Contender, Folded, changes_of
from calsync_cli.engine.following import with_needs
from calsync_cli.engine.keys import digest
from calsync_cli.engine.lapsed import without_lapsed
from calsync_cli.engine.leave import anew, asleep, leaving, selects
from calsync_cli.engine.match import Matched, left_words, match
from calsync_cli.engine.presence import PRESENCE, Do, Is
from calsync_cli.engine.world import Hold, HoldKind, Kept, Plan, Snapshot, Spoke, Step, calendar_meant
from calsync_cli.engine.write_steps import bring_up
from calsync_cli.model.codec import dumps, form_json, value_json
from calsync_cli.model.series import Path, split

__all__ = ["field_words", "forms_digest", "is_pending", "plan", "step_order", "write_digest"]


def plan(snap: Snapshot) -> Plan:
    """Match what is new, decide each link alone, then tie together what must go in order (R6)."""
    matched = match(snap)
    before = {link.key: link for link in snap.links}
    decisions = _decided(snap, matched)
    if many := _many_creates(snap, decisions):
        decisions = _decided(snap, matched, many)
    outside = {(s.calendar, s.remote_id): d.outside for d in decisions for s in d.link.spokes if s.remote_id}
    decisions = [d for d in decisions if d.link.id is not None or d.link.hub or d.holds]
    links = [d.link for d in decisions if d.link != before.get(d.link.key) or d.steps]
    links += [link for d in decisions for link in d.extra]
    steps = with_needs(decisions)
    return Plan(
        group=snap.rules.key,
        links=tuple(sorted(links, key=lambda link: link.key)),
        steps=tuple(sorted(steps, key=step_order(snap))),
        holds=tuple(matched.holds + [h for d in decisions for h in d.holds]),
        kept=tuple(k for d in decisions for k in d.kept),
        quarantined=tuple(matched.quarantined),
        linked=tuple(matched.linked),
        cleared=tuple((item.calendar, item.remote_id) for item in matched.cleared),
        foreign=tuple((item.calendar, item.remote_id) for item in matched.foreign),
        notes=(*left_words(snap, matched), *asleep(snap, decisions), *(note for d in decisions for note in d.notes)),
        outside=outside if selects(snap) else {},
        undecided=frozenset(d.link.key for d in decisions if d.undecided),
    )


def _decided(snap: Snapshot, matched: Matched, many_creates: frozenset[int] = frozenset()) -> list[Decision]:
    barred = matched.barred
    return [decide(Case(snap, link, barred.get(link.key, frozenset()), many_creates)) for link in matched.links]


def _many_creates(snap: Snapshot, decisions: Sequence[Decision]) -> frozenset[int]:
    """Calendars that would get more new events than may go unasked (A1)."""
    limit = snap.rules.approve_creates
    if limit is None:
        return frozenset()
    made = Counter(step.calendar for d in decisions for step in d.steps if step.kind == "create")
    return frozenset(calendar for calendar, count in made.items() if count > limit)


def step_order(snap: Snapshot) -> Callable[[Step], tuple[int, int, str, str, str]]:
    """D7: creates, then updates, then deletes; within these by calendar, start and UID."""
    kinds = ("create", "update", "delete")
    ranks = {calendar.id: number for number, calendar in enumerate(snap.calendars)}

    def order(step: Step) -> tuple[int, int, str, str, str]:
        return kinds.index(step.kind), ranks[step.calendar], step.start, step.uid, step.link

    return order


def decide(case: Case) -> Decision:
    """What happens to one link. Order matters: a frozen link first, then windows, then quarantine, then the table."""
    if case.link.frozen:
        return Decision(case.link, undecided=True)
    if presence.all_outside(case):
        return Decision(presence.dormant(case))
    if case.link.quarantine is not None:
        if case.link.quarantine[1] == forms_digest(case.link):
            hold = case.hold("quarantine", case.link.quarantine[0], {}, case.link.quarantine[1])
            return Decision(replace(case.link, open=True), holds=[hold])
        case.link = replace(case.link, quarantine=None)
    states = {spoke.calendar: presence.state(case, spoke) for spoke in case.link.spokes}
    gone = [s for s in case.link.spokes if states[s.calendar] is Is.GONE]
    there = [s for s in case.link.spokes if states[s.calendar] is Is.THERE]
    rolled = [s for s in gone if presence.rolled_off(case, s)]
    if rolled and there:
        return _park(case, rolled)
    if there and (left := leaving(case, there)):
        return left
    unknown = Is.UNKNOWN in states.values()
    edited = any(presence.edited(case, s) for s in there) or any(presence.not_up_to_date(case, s) for s in gone)
    if gone and there and case.one_way():
        return _one_way_gone(case, gone, there)
    match PRESENCE[bool(gone), bool(there), edited, unknown]:
        case Do.FLOW if unknown or presence.is_blind(case, states):
            # what was open may wait for just the calendar that cannot be read now, and so may what was answered
            flown = _flow(case, there, may_create=not presence.may_be_deleted(case))
            decision, was_open = anew(case, flown, there, waits=True), case.link.open
            return replace(decision, link=replace(decision.link, open=decision.link.open or was_open), undecided=True)
        case Do.FLOW:
            return anew(case, _flow(case, there), there)
        case Do.CLOSE if not gone and _awaits_creation(case):
            return _flow(case, [])
        case Do.CLOSE:
            return Decision(presence.closed(case))
        case Do.DELETE:
            return _delete(case, gone, there)
        case Do.JUDGE:
            return _judge(case, gone, there)
        case Do.WAIT:
            decision = _flow(case, there, may_create=False) if there else Decision(case.link)
            decision = anew(case, decision, there, waits=True)
            return replace(decision, link=replace(decision.link, open=True), undecided=True)


def _awaits_creation(case: Case) -> bool:
    """A conflict copy or a detached instance whose first create has not arrived yet lives in the hub alone (R2, D1)."""
    return case.link.alive and bool(case.link.hub) and any(s.state == "absent" for s in case.link.spokes)


def _delete(case: Case, gone: list[Spoke], there: list[Spoke], *, why: str = "") -> Decision:
    """Rows 11, 12. The link stays open until the last delete is confirmed."""
    if presence.ended(case, there) and case.snap.rules.past_deletes == "keep":
        words = "ended more than a day ago, so its deletion stays on {} (past_deletes)"
        return _park(case, gone, _say(case, gone, words))
    because = why or f"deleted on {case.labels(gone)}"
    result = Decision(replace(case.link, open=True))
    kept = [spoke for spoke in there if case.is_rejected(spoke, "delete", {})]
    if kept:  # A4: it stays there, and nowhere it is missing is it made again
        result.link = presence.parked(result.link, gone)
    for spoke in there:
        if spoke in kept:
            continue
        hold = case.cannot_write(spoke, "delete", {})
        if hold:
            result.holds.append(hold)
            continue
        assert spoke.replica is not None
        result.kept.append(Kept(case.link.key, spoke.calendar, "trash", case.link.uid))
        result.steps.append(replace(case.step("delete", spoke, because), parks=bool(kept)))
    return result


def _say(case: Case, gone: list[Spoke], words: str) -> str:
    return f'"{case.title()}" {words.format(case.labels(gone))}'


def _park(case: Case, gone: list[Spoke], *notes: str) -> Decision:
    return Decision(replace(presence.parked(case.link, gone), open=False), notes=list(notes))


def _judge(case: Case, gone: list[Spoke], there: list[Spoke]) -> Decision:
    """Rows 14, 15: edit against delete."""
    sides = {s.calendar: "deleted" for s in gone} | {s.calendar: "edited" for s in there}
    detail = {"sides": {case.calendars[c].label: what for c, what in sorted(sides.items())}}
    digests = [form_json(s.replica.form) for s in there if s.replica and s.replica.form is not None]
    words = f"deleted on {case.labels(gone)}, edited on {case.labels(there)}"
    hold = case.hold("delete", words, detail, digest("delete", *sorted(sides.items()), *digests))
    choice = case.snap.choices.get(hold.subject)
    answer = choice.answers.get("") if choice and choice.digest == hold.digest else None
    match _judgement(case, gone, there, answer or case.snap.rules.conflict):
        case "delete":
            return _delete(case, gone, there, why=f"deleted on {case.labels(gone)}, which wins over the edit")
        case "restore":
            return restore(case, gone, there)
    return Decision(replace(case.link, open=True), holds=[hold])


def _judgement(case: Case, gone: list[Spoke], there: list[Spoke], word: str) -> str:
    if word in ("a", "b"):
        first = min if word == "a" else max
        decider = first((*gone, *there), key=lambda s: case.ctx.rank(s.calendar))
        return "delete" if decider in gone else "restore"
    if (number := calendar_meant(word)) is not None:
        return "delete" if number in {s.calendar for s in gone} else "restore"
    return "hold" if word == "ask" else "restore"


def restore(case: Case, gone: list[Spoke], there: list[Spoke], why: str = "") -> Decision:
    """D4: a new replica under the next generation."""
    fresh = {s.calendar: replace(Spoke(s.calendar), generation=s.generation + 1, alias=s.alias) for s in gone}
    spokes = tuple(fresh.get(s.calendar, s) for s in case.link.spokes)
    case.link = replace(case.link, spokes=spokes, hub=without_lapsed(case, gone, there))
    why = why or f"edited on {case.labels(there)} after it was deleted on {case.labels(gone)}"
    return _flow(case, there, why=why)


def _one_way_gone(case: Case, gone: list[Spoke], there: list[Spoke]) -> Decision:
    """W2, W4, W5: a target copy a person deleted is respected; a retired copy goes only if nobody touched it."""
    if all(case.calendars[s.calendar].role == "target" for s in gone):
        if case.snap.rules.target_deletes == "restore":
            return restore(case, gone, there)
        return _park(case, gone, _say(case, gone, "was deleted on {} and stays so (target_deletes)"))
    copies = [s for s in there if case.calendars[s.calendar].role == "target"]
    untouched = [
        s for s in copies
        if s.owned and s.replica and s.replica.form is not None
        and not changes_of(s, s.replica.form, case.snap.rules.local)
    ]
    if not copies or not untouched:
        note = f'"{case.title()}" was edited by a person and is kept'
        return Decision(presence.closed(case), notes=[note] if copies else [])
    return _delete(case, gone, untouched)


def _flow(case: Case, there: list[Spoke], *, why: str = "", may_create: bool = True) -> Decision:
    """Rows 1 to 10: fold what was said, then bring every calendar up to date."""
    speaking = tuple(s for s in there if case.calendars[s.calendar].role != "target")
    folded = _fold(case, speaking)
    if folded.contested and case.snap.rules.conflict == "ask" and all(s.base is None for s in there):
        return Decision(replace(case.link, open=True), holds=_conflicts(case, folded))  # row 4: nothing is written
    result = Decision(replace(case.link, hub=folded.hub, rev=folded.rev))
    spokes: list[Spoke] = []
    for spoke in case.link.spokes:
        if spoke in there:
            spokes.append(bring_up(case, spoke, folded, result, spoke in speaking, why))
        elif spoke.state == "absent" and may_create and spoke.calendar not in case.barred and (speaking or not there):
            spokes.append(create(case, spoke, folded, result, there, why))
        else:
            spokes.append(spoke)
    result.holds += _conflicts(case, folded)
    keep_lost(case, folded, result)
    detach(case, folded, result)
    result.link = replace(result.link, spokes=tuple(spokes))
    if result.loop:
        return _left_alone(case, result.loop)
    waits = bool(result.steps or result.holds) or is_pending(result.link, case.calendars, case.snap.rules.local)
    result.link = replace(result.link, open=waits)
    return result


def _left_alone(case: Case, words: str) -> Decision:
    """N6: nothing is folded and nothing written while its replicas look like this."""
    mark = forms_digest(case.link)
    link = replace(case.link, quarantine=(words, mark), open=True)
    return Decision(link, holds=[case.hold("quarantine", words, {}, mark)])


def _fold(case: Case, speaking: tuple[Spoke, ...]) -> Folded:
    """A person's answer counts only for the question it was given to (A3)."""
    unheard = tuple(s for s in case.link.spokes if presence.state(case, s) is Is.UNKNOWN)
    folded = fold(case.link, speaking, case.ctx, unheard)
    choice = case.snap.choices.get(f"link:{case.link.key}")
    if choice and any(hold.digest == choice.digest for hold in _conflicts(case, folded)):
        return fold(case.link, speaking, replace(case.ctx, choice=choice), unheard)
    return folded


def _conflicts(case: Case, folded: Folded) -> list[Hold]:
    fields = {p: c for p, c in folded.contested.items() if split(p)[0] not in folded.orphans}
    orphans = {p: c for p, c in folded.contested.items() if p not in fields}
    holds = [_conflict_hold(case, "fields", fields, folded)] if fields else []
    return holds + ([_conflict_hold(case, "orphan", orphans, folded)] if orphans else [])


def _conflict_hold(case: Case, kind: HoldKind, group: Mapping[Path, tuple[Contender, ...]], folded: Folded) -> Hold:
    detail = {
        path: {
            "base": value_json(folded.value(path)),
            "sides": {str(c.calendar): value_json(c.value) for c in contenders},
        }
        for path, contenders in sorted(group.items())
    }
    names = ", ".join(dict.fromkeys(field_words(path) for path in sorted(group)))
    words = f"{names} changed differently on {case.labels(s for s in case.link.spokes if s.state == 'live')}"
    if kind == "orphan":
        words = "an instance was edited on one side while the series lost that date on the other"
    return case.hold(kind, words, detail, digest(kind, dumps(detail)))
