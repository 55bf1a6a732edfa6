"""The planner: what is known of a group -> what shall happen to it. A pure function (I20).

Shape   Snapshot -> Plan. Nothing here asks the clock, a server or the database
Source  semantics section 4 (the table), 6 (R6), 8 (K), 10 (W), 11 (V); rows are cited by number
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from calsync_cli.engine.fold import Contender, Context, Folded, changes_of, fold
from calsync_cli.engine.keys import digest, link_key
from calsync_cli.engine.match import CONFLICT_COPY, match
from calsync_cli.engine.world import (
    CalendarState,
    Entry,
    Hold,
    HoldKind,
    Kept,
    Link,
    Plan,
    Snapshot,
    Spoke,
    Step,
)
from calsync_cli.model import recur
from calsync_cli.model.codec import dumps, form_json, time_text, value_json
from calsync_cli.model.series import Changes, Form, Path, Recurrence, Value, form_span, form_title, split
from calsync_cli.model.times import Span, instance_key

LEAVE_AFTER = timedelta(days=7)
PAST_AFTER = timedelta(hours=24)


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


@dataclass(slots=True)
class Decision:
    """What happens to one link."""

    link: Link
    steps: list[Step] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    extra: list[Link] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plan(snap: Snapshot) -> Plan:
    """Match what is new, decide each link alone, then tie together what must go in order (R6)."""
    matched = match(snap)
    before = {link.key: link for link in snap.links}
    decisions = [Planner(snap, link).decide() for link in matched.links]
    decisions = [d for d in decisions if d.link.id is not None or d.link.hub or d.holds]
    links = [d.link for d in decisions if d.link != before.get(d.link.key) or d.steps]
    links += [link for d in decisions for link in d.extra]
    steps = _with_needs(snap, decisions)
    return Plan(
        group=snap.rules.key,
        links=tuple(sorted(links, key=lambda link: link.key)),
        steps=tuple(sorted(steps, key=_step_order(snap))),
        holds=tuple(matched.holds + [h for d in decisions for h in d.holds]),
        kept=tuple(k for d in decisions for k in d.kept),
        quarantined=tuple(matched.quarantined),
        linked=tuple(matched.linked),
        cleared=tuple((item.calendar, item.remote_id) for item in matched.cleared),
        foreign=tuple((item.calendar, item.remote_id) for item in matched.foreign),
        notes=tuple(note for d in decisions for note in d.notes),
    )


def _step_order(snap: Snapshot) -> Callable[[Step], tuple[int, int, str, str, str]]:
    """D7: creates, then updates, then deletes; within these by calendar, start and UID."""
    kinds = ("create", "update", "delete")
    ranks = {calendar.id: number for number, calendar in enumerate(snap.calendars)}

    def order(step: Step) -> tuple[int, int, str, str, str]:
        return kinds.index(step.kind), ranks[step.calendar], step.start, step.uid, step.link

    return order


class Planner:
    """The decision for one link. Holds what every rule needs; makes no choice of its own."""

    def __init__(self, snap: Snapshot, link: Link) -> None:
        self.snap = snap
        self.link = link
        self.calendars = {calendar.id: calendar for calendar in snap.calendars}
        stamps = {s.calendar: s.replica.stamp for s in link.spokes if s.replica and s.replica.stamp}
        self.ctx = Context(snap.rules, self.calendars, tuple(self.calendars), stamps)

    # -- presence ------------------------------------------------------------------------------------------------------

    def decide(self) -> Decision:
        if self.link.frozen:
            return Decision(self.link)
        if self._all_outside():
            return Decision(self._dormant())
        if self.link.quarantine is not None:
            if self.link.quarantine[1] == forms_digest(self.link):
                hold = self._hold("quarantine", self.link.quarantine[0], {}, self.link.quarantine[1])
                return Decision(replace(self.link, open=True), holds=[hold])
            self.link = replace(self.link, quarantine=None)
        states = {spoke.calendar: self._state(spoke) for spoke in self.link.spokes}
        gone = [s for s in self.link.spokes if states[s.calendar] is Is.GONE]
        there = [s for s in self.link.spokes if states[s.calendar] is Is.THERE]
        unknown = Is.UNKNOWN in states.values()
        edited = any(self._edited(s) for s in there) or any(self._not_up_to_date(s) for s in gone)
        if gone and there and self._one_way():
            return self._one_way_gone(gone, there)
        match PRESENCE[bool(gone), bool(there), edited, unknown]:
            case Do.FLOW:
                return self._flow(there)
            case Do.CLOSE:
                return Decision(self._closed())
            case Do.DELETE:
                return self._delete(gone, there)
            case Do.JUDGE:
                return self._judge(gone, there)
            case Do.WAIT:
                return self._flow(there, may_create=False) if there else Decision(replace(self.link, open=True))

    def _state(self, spoke: Spoke) -> Is:
        calendar = self.calendars[spoke.calendar]
        if spoke.state == "parked":
            return Is.PARKED
        if spoke.state == "absent":
            return Is.ABSENT
        if not calendar.readable or spoke.replica is None:
            return Is.UNKNOWN
        if spoke.replica.gone:
            return Is.GONE
        return Is.THERE if spoke.replica.form is not None else Is.UNKNOWN

    def _edited(self, spoke: Spoke) -> bool:
        """A person's change that has not been folded, or (no base yet) a replica that was never agreed on."""
        assert spoke.replica is not None and spoke.replica.form is not None
        if self.calendars[spoke.calendar].role == "target":
            return False
        return spoke.base is None or bool(changes_of(spoke, spoke.replica.form, self.snap.rules.local))

    def _not_up_to_date(self, spoke: Spoke) -> bool:
        """The person who deleted it had not seen the hub's present state (D6)."""
        return spoke.base is not None and any(
            entry.rev > spoke.ack(path) for path, entry in self.link.hub.items() if not self._is_local(path)
        )

    def _is_local(self, path: Path) -> bool:
        return split(path)[1] in self.snap.rules.local

    def _one_way(self) -> bool:
        return any(calendar.role != "both" for calendar in self.snap.calendars)

    # -- windows (section 11) ------------------------------------------------------------------------------------------

    def _bounds(self, slack: timedelta) -> tuple[datetime | None, datetime | None]:
        window, now = self.snap.rules.window, self.snap.now
        low = now - window.past - slack if window.past is not None else None
        high = now + window.future + slack if window.future is not None else None
        return low, high

    def _all_outside(self) -> bool:
        """V1: a set leaves when all of it is outside by more than 7 days; it enters when any instance is inside."""
        if self.snap.rules.window.all:
            return False
        known = self.link.id is not None and any(s.state == "live" for s in self.link.spokes)
        low, high = self._bounds(LEAVE_AFTER if known else timedelta(0))
        forms = [s.replica.form for s in self.link.spokes if s.replica and s.replica.form is not None]
        return bool(forms) and not any(recur.touches(form, low, high) for form in forms)

    def _dormant(self) -> Link:
        spokes = tuple(replace(s, state="dormant") if s.state == "live" else s for s in self.link.spokes)
        if self.link.id is None:
            return self.link
        return replace(self.link, spokes=spokes, open=True)

    # -- deletions -----------------------------------------------------------------------------------------------------

    def _closed(self) -> Link:
        """Row 13: gone everywhere; the link stays as a tombstone (N2)."""
        spokes = tuple(
            replace(s, state="absent", remote_id=None, replica=None, base=None, rev=0, behind={},
                    generation=s.generation + (s.remote_id is not None))
            for s in self.link.spokes
        )
        return replace(self.link, spokes=spokes, alive=False, open=False, hub={})

    def _delete(self, gone: list[Spoke], there: list[Spoke], *, why: str = "") -> Decision:
        """Rows 11, 12. The link stays open until the last delete is confirmed."""
        if self._ended(there) and self.snap.rules.past_deletes == "keep":
            return self._park(gone, "ended more than a day ago, so its deletion stays on {} (past_deletes)")
        because = why or f"deleted on {self._labels(gone)}"
        result = Decision(replace(self.link, open=True))
        for spoke in there:
            hold = self._cannot_write(spoke, "delete", {})
            if hold:
                result.holds.append(hold)
                continue
            assert spoke.replica is not None
            result.kept.append(Kept(self.link.key, spoke.calendar, "trash", self.link.uid))
            result.steps.append(self._step("delete", spoke, because))
        return result

    def _ended(self, there: list[Spoke]) -> bool:
        ends = [recur.last_end(s.replica.form) for s in there if s.replica and s.replica.form is not None]
        return bool(ends) and all(end is not None and end < self.snap.now - PAST_AFTER for end in ends)

    def _park(self, gone: list[Spoke], words: str) -> Decision:
        calendars = {s.calendar for s in gone}
        spokes = tuple(
            replace(s, state="parked", remote_id=None, replica=None) if s.calendar in calendars else s
            for s in self.link.spokes
        )
        title = self._title()
        note = f'"{title}" {words.format(self._labels(gone))}'
        return Decision(replace(self.link, spokes=spokes, open=False), notes=[note])

    def _judge(self, gone: list[Spoke], there: list[Spoke]) -> Decision:
        """Rows 14, 15: edit against delete."""
        sides = {s.calendar: "deleted" for s in gone} | {s.calendar: "edited" for s in there}
        detail = {"sides": {self.calendars[c].label: what for c, what in sorted(sides.items())}}
        digests = [form_json(s.replica.form) for s in there if s.replica and s.replica.form is not None]
        words = f"deleted on {self._labels(gone)}, edited on {self._labels(there)}"
        hold = self._hold("delete", words, detail, digest("delete", *sorted(sides.items()), *digests))
        choice = self.snap.choices.get(hold.subject)
        answer = choice.answers.get("") if choice and choice.digest == hold.digest else None
        match self._judgement(gone, there, answer or self.snap.rules.conflict):
            case "delete":
                return self._delete(gone, there, why=f"deleted on {self._labels(gone)}, which wins over the edit")
            case "restore":
                return self._restore(gone, there)
        return Decision(replace(self.link, open=True), holds=[hold])

    def _judgement(self, gone: list[Spoke], there: list[Spoke], word: str) -> str:
        if word in ("a", "b"):
            first = min if word == "a" else max
            decider = first((*gone, *there), key=lambda s: self.ctx.rank(s.calendar))
            return "delete" if decider in gone else "restore"
        return "hold" if word == "ask" else "restore"

    def _restore(self, gone: list[Spoke], there: list[Spoke]) -> Decision:
        """D4: a new replica under the next generation."""
        fresh = {s.calendar: replace(Spoke(s.calendar), generation=s.generation + 1, alias=s.alias) for s in gone}
        spokes = tuple(fresh.get(s.calendar, s) for s in self.link.spokes)
        self.link = replace(self.link, spokes=spokes)
        return self._flow(there, why=f"edited on {self._labels(there)} after it was deleted on {self._labels(gone)}")

    def _one_way_gone(self, gone: list[Spoke], there: list[Spoke]) -> Decision:
        """W2, W4, W5: a target copy a person deleted is respected; a retired copy goes only if nobody touched it."""
        if all(self.calendars[s.calendar].role == "target" for s in gone):
            if self.snap.rules.target_deletes == "restore":
                return self._restore(gone, there)
            return self._park(gone, "was deleted on {} and stays so (target_deletes)")
        copies = [s for s in there if self.calendars[s.calendar].role == "target"]
        untouched = [
            s for s in copies
            if s.owned and s.replica and s.replica.form is not None
            and not changes_of(s, s.replica.form, self.snap.rules.local)
        ]
        if not copies or not untouched:
            note = f'"{self._title()}" was edited by a person and is kept'
            return Decision(self._closed(), notes=[note] if copies else [])
        return self._delete(gone, untouched)

    # -- fields --------------------------------------------------------------------------------------------------------

    def _flow(self, there: list[Spoke], *, why: str = "", may_create: bool = True) -> Decision:
        """Rows 1 to 10: fold what was said, then bring every calendar up to date."""
        speaking = tuple(s for s in there if self.calendars[s.calendar].role != "target")
        folded = self._fold(speaking)
        result = Decision(replace(self.link, hub=folded.hub, rev=folded.rev))
        spokes: list[Spoke] = []
        for spoke in self.link.spokes:
            if spoke in there:
                spokes.append(self._bring_up(spoke, folded, result, spoke in speaking, why))
            elif spoke.state == "absent" and may_create and speaking:
                spokes.append(self._create(spoke, folded, result, there, why))
            else:
                spokes.append(spoke)
        result.holds += self._conflicts(folded)
        self._lost(folded, result)
        self._detach(folded, result)
        result.link = replace(result.link, spokes=tuple(spokes))
        waits = bool(result.steps or result.holds) or is_pending(result.link, self.calendars, self.snap.rules.local)
        result.link = replace(result.link, open=waits)
        return result

    def _fold(self, speaking: tuple[Spoke, ...]) -> Folded:
        """A person's answer counts only for the question it was given to (A3)."""
        folded = fold(self.link, speaking, self.ctx)
        choice = self.snap.choices.get(f"link:{self.link.key}")
        if choice and any(hold.digest == choice.digest for hold in self._conflicts(folded)):
            return fold(self.link, speaking, replace(self.ctx, choice=choice))
        return folded

    def _bring_up(self, spoke: Spoke, folded: Folded, result: Decision, speaks: bool, why: str) -> Spoke:
        """The spoke once the plan is stored: base as it is now less what is contested, behind where a write is due."""
        assert spoke.replica is not None and spoke.replica.form is not None
        now, base = spoke.replica.form, spoke.base or {}
        held = frozenset(folded.contested)
        due = {
            path: entry.value
            for path, entry in folded.hub.items()
            if entry.rev > spoke.ack(path) and path not in held and not self._is_local(path)
            and self._differs(path, now, entry.value)
        }
        if not speaks and self.snap.rules.target_edits == "overwrite":
            due |= self._target_edits(spoke, now, folded)
        writable = self._is_writable_target(spoke)
        if due and writable:
            self._update(spoke, due, held, folded, result, why)
        behind = {p: spoke.ack(p) for p in (*(due if writable else ()), *held)}
        new_base = now if speaks or spoke.base is None else spoke.base
        kept_base = {p: v for p, v in new_base.items() if p not in held} | {p: base[p] for p in held if p in base}
        return replace(spoke, state="live", base=kept_base, rev=folded.rev, behind=behind)

    def _is_writable_target(self, spoke: Spoke) -> bool:
        """I9: one-way rules write only owned replicas, and never the source."""
        role = self.calendars[spoke.calendar].role
        return role == "both" or (role == "target" and spoke.owned)

    def _differs(self, path: Path, now: Form, value: Value | None) -> bool:
        old = {path: now[path]} if path in now else {}
        return bool(recur.diff(_with_time(old, now), _with_time({path: value} if value is not None else {}, now)))

    def _target_edits(self, spoke: Spoke, now: Form, folded: Folded) -> dict[Path, Value | None]:
        return {p: folded.value(p) for p in changes_of(spoke, now, self.snap.rules.local) if p in folded.hub}

    def _update(
        self, spoke: Spoke, due: Mapping[Path, Value | None], held: frozenset[Path], folded: Folded,
        result: Decision, why: str,
    ) -> None:
        hold = self._cannot_write(spoke, "update", due)
        if hold:
            result.holds.append(hold)
            return
        sources = sorted({folded.hub[path].source for path in due}, key=self.ctx.rank)
        words = ", ".join(dict.fromkeys(field_words(path) for path in sorted(due)))
        because = why or f"{words} changed on {' and '.join(self.calendars[c].label for c in sources)}"
        result.steps.append(
            replace(self._step("update", spoke, because), changes=due, held=held, rev=folded.rev)
        )

    def _create(self, spoke: Spoke, folded: Folded, result: Decision, there: list[Spoke], why: str) -> Spoke:
        calendar = self.calendars[spoke.calendar]
        if calendar.role == "source" or not calendar.readable:
            return spoke
        source = next((s for s in there if self.calendars[s.calendar].role != "target"), there[0])
        assert source.replica is not None and source.replica.form is not None
        form = {p: e.value for p, e in folded.hub.items() if e.value is not None and not self._is_local(p)}
        form |= {p: v for p, v in source.replica.form.items() if self._is_local(p)}
        for path, contenders in folded.contested.items():  # the new copy starts with what its source shows
            value = source.replica.form.get(path)
            if value is not None and contenders:
                form[path] = value
        hold = self._cannot_write(spoke, "create", form)
        if hold:
            result.holds.append(hold)
            return spoke
        because = why or f"new on {self.calendars[source.calendar].label}"
        step = Step(
            "create", spoke.calendar, self.link.key, self._uid(spoke), form_title(form), _start(form), because,
            generation=spoke.generation, rev=folded.rev, changes=form,
        )
        result.steps.append(step)
        return spoke

    def _uid(self, spoke: Spoke) -> str:
        """K5: the original UID, or a derived one where the server refused it."""
        if not spoke.alias:
            return self.link.uid
        return f"{self.link.uid}-calsync-{digest('alias', self.link.key, spoke.calendar, spoke.alias)[:8]}"

    # -- conflicts -----------------------------------------------------------------------------------------------------

    def _conflicts(self, folded: Folded) -> list[Hold]:
        fields = {p: c for p, c in folded.contested.items() if split(p)[0] not in folded.orphans}
        orphans = {p: c for p, c in folded.contested.items() if p not in fields}
        holds = [self._conflict_hold("fields", fields, folded)] if fields else []
        return holds + ([self._conflict_hold("orphan", orphans, folded)] if orphans else [])

    def _conflict_hold(self, kind: HoldKind, group: Mapping[Path, tuple[Contender, ...]], folded: Folded) -> Hold:
        detail = {
            path: {
                "base": value_json(folded.value(path)),
                "sides": {str(c.calendar): value_json(c.value) for c in contenders},
            }
            for path, contenders in sorted(group.items())
        }
        names = ", ".join(dict.fromkeys(field_words(path) for path in sorted(group)))
        words = f"{names} changed differently on {self._labels(s for s in self.link.spokes if s.state == 'live')}"
        if kind == "orphan":
            words = "an instance was edited on one side while the series lost that date on the other"
        return self._hold(kind, words, detail, digest(kind, dumps(detail)))

    def _lost(self, folded: Folded, result: Decision) -> None:
        """D3: whatever lost goes to the store; with keep-both it also becomes an event of its own (D1)."""
        result.kept += [
            Kept(self.link.key, calendar, "conflict", self.link.uid, path, value)
            for calendar, path, value in folded.lost
        ]
        for calendar in sorted(folded.copies):
            spoke = next(s for s in self.link.spokes if s.calendar == calendar)
            if spoke.replica is not None and spoke.replica.form is not None:
                self._copy(calendar, spoke.replica.form, folded, result)

    def _copy(self, calendar: int, form: Form, folded: Folded, result: Decision) -> None:
        mark = digest("copy", self.link.key, calendar, form_json(form))
        uid = f"{self.link.uid}{CONFLICT_COPY}{mark[:8]}"
        key = link_key(self.snap.rules.key, uid)
        spokes = tuple(Spoke(c, state="absent" if c == calendar else "parked") for c in self.calendars)
        hub = {path: Entry(value, 1, calendar) for path, value in form.items() if not self._is_local(path)}
        result.extra.append(Link(key, uid, spokes, rev=1, hub=hub, open=True))
        because = f"the version of {self.calendars[calendar].label}, kept as an event of its own"
        result.steps.append(
            Step("create", calendar, key, uid, form_title(form), _start(form), because, rev=1, changes=dict(form))
        )

    def _detach(self, folded: Folded, result: Decision) -> None:
        """An orphaned instance becomes a single event of its own on every calendar (R2)."""
        for key, (calendar, form) in sorted(folded.detached.items()):
            uid = f"{self.link.uid}-calsync-{key}"
            name = link_key(self.snap.rules.key, uid)
            hub = {path: Entry(value, 1, calendar) for path, value in form.items() if not self._is_local(path)}
            spokes = tuple(Spoke(c) for c in self.calendars)
            result.extra.append(Link(name, uid, spokes, rev=1, hub=hub, open=True))
            others = self._labels(s for s in self.link.spokes if s.calendar != calendar)
            because = f"its date left the series on {others}"
            result.steps += [
                Step("create", c, name, uid, form_title(form), _start(form), because, rev=1, changes=form)
                for c, state in self.calendars.items()
                if state.role != "source"
            ]

    # -- holds ---------------------------------------------------------------------------------------------------------

    def _cannot_write(self, spoke: Spoke, kind: str, changes: Mapping[Path, Value | None]) -> Hold | None:
        """Why this write must wait for a person, if it must (semantics 15, I8)."""
        calendar = self.calendars[spoke.calendar]
        asked = write_digest(kind, calendar.id, changes)
        if calendar.access == "read":
            words = f"{calendar.label} is read-only for this account, so this {kind} cannot be made there"
            return self._hold("read-only", words, {}, asked, calendar)
        mails = calendar.mails and not self.snap.rules.notify
        if kind != "create" and mails and spoke.replica and spoke.replica.people:
            words = f"{calendar.label} would mail the guests of this meeting (notify = \"never\")"
            return self._hold("notify", words, {}, asked, calendar)
        if spoke.refused == asked:
            return self._hold("refused", f"{calendar.label} refused it: {spoke.problem}", {}, asked, calendar)
        return None

    def _hold(
        self,
        kind: HoldKind,
        words: str,
        detail: Mapping[str, object],
        asked: str,
        calendar: CalendarState | None = None,
    ) -> Hold:
        subject = f"link:{self.link.key}" if calendar is None else f"link:{self.link.key}:{calendar.id}:{kind}"
        return Hold(
            kind, subject, self._title(), self._start(), words, self.link.key,
            calendar.id if calendar else None, None, dict(detail), asked,
        )

    # -- words ---------------------------------------------------------------------------------------------------------

    def _labels(self, spokes: Iterable[Spoke]) -> str:
        return " and ".join(self.calendars[s.calendar].label for s in spokes)

    def _form(self) -> Form:
        for spoke in self.link.spokes:
            if spoke.replica is not None and spoke.replica.form is not None and not spoke.replica.gone:
                return spoke.replica.form
        return {path: entry.value for path, entry in self.link.hub.items() if entry.value is not None}

    def _title(self) -> str:
        return form_title(self._form())

    def _start(self) -> str:
        return _start(self._form())

    def _step(self, kind: Literal["update", "delete"], spoke: Spoke, because: str) -> Step:
        assert spoke.replica is not None
        return Step(
            kind, spoke.calendar, self.link.key, self.link.uid, self._title(), self._start(), because,
            remote_id=spoke.remote_id, etag=spoke.replica.etag, generation=spoke.generation, rev=self.link.rev,
        )


def write_digest(kind: str, calendar: int, changes: Changes) -> str:
    """Names one write, so that a definite no to it is remembered until something else is asked."""
    return digest(kind, calendar, form_json(changes))


def forms_digest(link: Link) -> str:
    """Names how all replicas of a link look just now."""
    forms = [form_json(s.replica.form) for s in link.spokes if s.replica and s.replica.form is not None]
    return digest("forms", *forms)


def is_pending(link: Link, calendars: Mapping[int, CalendarState], local: frozenset[str]) -> bool:
    """Whether some calendar still has to be brought up to what the hub says."""
    if not link.alive:
        return False
    for spoke in link.spokes:
        if calendars[spoke.calendar].role == "source":
            continue
        if spoke.state == "absent" or (spoke.state == "live" and spoke.behind):
            return True
        owed = any(e.rev > spoke.ack(p) for p, e in link.hub.items() if split(p)[1] not in local)
        if spoke.state == "live" and owed and (calendars[spoke.calendar].role == "both" or spoke.owned):
            return True
    return False


def _with_time(form: dict[Path, Value], now: Form) -> dict[Path, Value]:
    """Recurrences and zones are compared in the light of the set's own time block (R8)."""
    light = {path: now[path] for path in ("time", "recurrence") if path in now}
    return {**light, **form} if not ("time" in form and "recurrence" in form) else form


def _start(form: Form) -> str:
    span = form_span(form)
    return time_text(span.start) if span else ""


FIELD_WORDS = {
    "time": "time", "recurrence": "repetition", "visibility": "privacy", "busy": "busy state", "color": "colour",
    "url": "link",
}


def field_words(path: Path) -> str:
    """A field as a person would call it; instances are named as such."""
    key, name = split(path)
    if key and not name:
        return "a cancelled date"
    return ("an instance's " if key else "") + FIELD_WORDS.get(name, name.removeprefix("x:"))


# -- this and following (R6) -------------------------------------------------------------------------------------------


def _with_needs(snap: Snapshot, decisions: list[Decision]) -> list[Step]:
    """A series cut short waits for the series that takes over its later dates, on each calendar."""
    births = [(d, _born(d)) for d in decisions if any(step.kind == "create" for step in d.steps)]
    steps = []
    for decision in decisions:
        for step in decision.steps:
            lost = _lost_dates(decision, step)
            heirs = [d for d, start in births if start in lost and d is not decision] if lost else []
            there = [s for d in heirs for s in d.steps if s.kind == "create" and s.calendar == step.calendar]
            needs = tuple(sorted(s.link for s in there))
            steps.append(replace(step, needs=needs) if needs else step)
    return steps


def _born(decision: Decision) -> str:
    span = next((s.changes.get("time") for s in decision.steps if s.kind == "create"), None)
    return instance_key(span.start) if isinstance(span, Span) else ""


def _lost_dates(decision: Decision, step: Step) -> frozenset[str]:
    """Dates of the replica's present series that the planned rule no longer has."""
    rule = step.changes.get("recurrence")
    replica = next((s.replica for s in decision.link.spokes if s.calendar == step.calendar), None)
    if step.kind != "update" or not isinstance(rule, Recurrence) or replica is None or replica.form is None:
        return frozenset()
    span, before = replica.form.get("time"), replica.form.get("recurrence")
    after = step.changes.get("time", span)
    if not (isinstance(span, Span) and isinstance(before, Recurrence) and isinstance(after, Span)):
        return frozenset()
    left = {instance_key(when) for when in recur.starts(after, rule)}
    return frozenset(instance_key(when) for when in recur.starts(span, before)) - left
