"""Calendars, links and an executor in plain Python: the planner alone on stage, every write ideal unless told to fail.

Shape   Stage holds what servers and database would; `snapshot()` is what the planner sees, `apply()` what becomes of
        its plan (as engine/settle.py does it), `run()` both. People act through `put`, `edit`, `delete`
Oracles every apply checks I1 (a replaced value is agreed or kept), I2/X3 (a delete answers a person's delete that had
        seen what is deleted), I5 (no second replica of a set), I13 (writes meet the version they were planned from)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from calsync_cli.engine.keys import Marker
from calsync_cli.engine.plan import is_pending, plan
from calsync_cli.engine.world import CalendarState, Choice, Hold, Link, Plan, Replica, Rules, Snapshot, Spoke, Step
from calsync_cli.model import recur
from calsync_cli.model.codec import value_json
from calsync_cli.model.series import CANCELLED, Form, People, Recurrence, Value, applied, split, without_fields
from calsync_cli.model.times import Span, Zoned

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
INSTALLATION = "i" * 32
Atom = tuple[str, str]


def span(start: str = "2026-12-01 09:00", minutes: int = 60, tzid: str = "Europe/Berlin") -> Span:
    begin = datetime.fromisoformat(start)
    return Span(Zoned(begin, tzid), Zoned(begin + timedelta(minutes=minutes), tzid))


def weekly(count: int = 5) -> Recurrence:
    return Recurrence((f"COUNT={count};FREQ=WEEKLY",))


def event(title: str = "Dentist", **fields: Any) -> dict[str, Value]:
    return {"title": title, "time": span(), **fields}


def series(title: str = "Team", **fields: Any) -> dict[str, Value]:
    """Tuesdays at nine in Berlin from 1 December 2026, five times; keys 20261201T080000Z and so on."""
    return event(title, recurrence=weekly(), **fields)


def key(week: int) -> str:
    """Key of the instance of `series()` in the given week, the first being 0."""
    return (datetime(2026, 12, 1, 8) + timedelta(weeks=week)).strftime("%Y%m%dT%H%M%SZ")


def atoms(form: Mapping[str, Value | None]) -> set[Atom]:
    """What a person wrote, in pieces that can be told apart: lines of a text, members of a set, other values whole."""
    found: set[Atom] = set()
    for path, value in form.items():
        name = split(path)[1]
        if name == "description" and isinstance(value, str):
            found |= {(name, line) for line in value.split("\n") if line}
        elif isinstance(value, frozenset):
            found |= {(name, member) for member in value}
        elif value and value != CANCELLED and name != "status":  # two people may well choose the same status
            found.add((name, repr(value)))
    return found


@dataclass
class Thing:
    """An event on a server."""

    uid: str
    form: dict[str, Value]
    version: int
    marker: str | None = None
    people: People = ""
    stamp: datetime | None = None
    tool: str = ""


class Broken(AssertionError):
    """An invariant did not hold."""


@dataclass
class Stage:
    count: int = 2
    rules: Rules = field(default_factory=lambda: Rules("group:g", ("ab",), past_deletes="propagate"))
    roles: tuple[str, ...] = ()
    first: bool = True
    now: datetime = NOW
    strict: bool = True
    choices: dict[str, Choice] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids = tuple(range(1, self.count + 1))
        self.things: dict[int, dict[str, Thing]] = {i: {} for i in self.ids}
        self.mirror: dict[tuple[int, str], Replica] = {}
        self.links: dict[str, Link] = {}
        self.kept: set[Atom] = set()
        self.outvoted: set[Atom] = set()
        self.agreed: set[Atom] = set()
        self.written: set[Atom] = set()
        self.superseded: set[Atom] = set()
        self.unreadable: set[int] = set()
        self.calendar: dict[int, dict[str, Any]] = {i: {} for i in self.ids}
        self.counter = 0
        self.writes = 0
        self.waiting: dict[tuple[int, str], Hold] = {}
        self.shown: dict[tuple[int, str], set[Atom]] = {}
        self.graves: dict[tuple[int, str], set[Atom]] = {}

    # -- people --------------------------------------------------------------------------------------------------------

    def tick(self) -> int:
        self.counter += 1
        return self.counter

    def put(self, calendar: int, uid: str, form: Form, rid: str | None = None, **other: Any) -> str:
        """A person makes an event."""
        rid = rid or f"r{self.tick()}"
        self.things[calendar][rid] = Thing(uid, dict(form), self.tick(), **other)
        self.written |= atoms(form)
        return rid

    def find(self, calendar: int, uid: str) -> str:
        return next(rid for rid, thing in self.things[calendar].items() if thing.uid == uid)

    def has(self, calendar: int, uid: str) -> bool:
        return any(thing.uid == uid for thing in self.things[calendar].values())

    def edit(self, calendar: int, uid: str, changes: Mapping[str, Value | None], stamp: datetime | None = None) -> None:
        """A person changes an event they see: what they replace is theirs to drop."""
        thing = self.things[calendar][self.find(calendar, uid)]
        self._show(calendar, thing)
        before = atoms(thing.form)
        thing.form = applied(thing.form, changes)
        thing.version, thing.stamp = self.tick(), stamp
        after = atoms(thing.form)
        self.written |= after - before
        self.superseded |= before - after

    def delete(self, calendar: int, uid: str) -> None:
        """What the person saw there, ever, is theirs to delete."""
        thing = self.things[calendar].pop(self.find(calendar, uid))
        self._show(calendar, thing)
        self.graves[calendar, uid] = set(self.shown[calendar, uid])
        self.superseded |= atoms(thing.form)

    def _show(self, calendar: int, thing: Thing) -> None:
        self.shown.setdefault((calendar, thing.uid), set()).update(atoms(thing.form))

    def form(self, calendar: int, uid: str) -> dict[str, Value]:
        return self.things[calendar][self.find(calendar, uid)].form

    # -- what the planner sees -----------------------------------------------------------------------------------------

    def state(self, calendar: int) -> CalendarState:
        linked = sum(s.remote_id is not None for k in self.links.values() for s in k.spokes if s.calendar == calendar)
        role: Any = self.roles[calendar - 1] if self.roles else "both"
        values: dict[str, Any] = {
            "label": f"{'abcde'[calendar - 1]}/cal", "identity": f"cal{calendar}", "role": role,
            "readable": calendar not in self.unreadable, "linked": linked, "listed": len(self.things[calendar]),
            "server_stamps": True,
        }
        return CalendarState(calendar, **values | self.calendar[calendar])

    def observe(self) -> None:
        for calendar in self.ids:
            if calendar in self.unreadable:
                continue
            for rid, thing in self.things[calendar].items():
                self.mirror[calendar, rid] = Replica(
                    calendar, rid, thing.uid, str(thing.version), thing.form, None, thing.marker, thing.people,
                    stamp=thing.stamp, tool=thing.tool,
                )
            for (where, rid), seen in self.mirror.items():
                if where == calendar and rid not in self.things[calendar]:
                    self.mirror[where, rid] = replace(seen, gone=True)

    def snapshot(self) -> Snapshot:
        self.observe()
        links = []
        for link in self.links.values():
            spokes = tuple(
                replace(s, replica=self.mirror.get((s.calendar, s.remote_id))) if s.remote_id else s
                for s in link.spokes
            )
            links.append(replace(link, spokes=spokes))
        taken = {(s.calendar, s.remote_id) for link in links for s in link.spokes}
        loose = tuple(replica for place, replica in self.mirror.items() if place not in taken and not replica.gone)
        return Snapshot(
            self.rules, tuple(self.state(i) for i in self.ids), tuple(links), loose, self.now, INSTALLATION,
            first=self.first, choices=self.choices,
            waiting={place: hold for place, hold in self.waiting.items() if not self.mirror[place].gone},
        )

    # -- what becomes of a plan ----------------------------------------------------------------------------------------

    def run(self, rng: random.Random | None = None, fails: Callable[[Step], bool] = lambda step: False) -> Plan:
        made = plan(self.snapshot())
        self.apply(made, rng, fails)
        return made

    def apply(
        self, made: Plan, rng: random.Random | None = None, fails: Callable[[Step], bool] = lambda step: False
    ) -> None:
        self.first = False
        self.waiting = {(h.calendar, h.remote_id): h for h in made.holds if h.calendar and h.remote_id}
        self._keep(made)
        for link in made.links:
            number = link.id or self.tick()
            stripped = tuple(replace(s, replica=None) for s in link.spokes)
            self.links[link.key] = replace(link, id=number, spokes=stripped)
            self.agreed |= atoms({path: entry.value for path, entry in link.hub.items()})
        done: set[tuple[str, int]] = set()
        for kind in ("create", "update", "delete"):
            steps = [step for step in made.steps if step.kind == kind]
            if rng is not None:
                rng.shuffle(steps)
            for step in steps:
                ready = all((needed, step.calendar) in done for needed in step.needs)
                if ready and not fails(step):
                    self._write(step)
                    done.add((step.link, step.calendar))
        for name in {step.link for step in made.steps}:
            self._refresh(name)
        self.observe()

    def _keep(self, made: Plan) -> None:
        for kept in made.kept:
            if kept.path is not None:
                self.outvoted |= atoms({kept.path: kept.value})
                self.kept |= self.outvoted
                continue
            known = [*made.links, *self.links.values()]
            spoke = next(s for k in known if k.key == kept.link for s in k.spokes if s.calendar == kept.calendar)
            replica = self.mirror[spoke.calendar, spoke.remote_id or ""]
            self.kept |= atoms(replica.form or {})

    def _write(self, step: Step) -> None:
        self.writes += 1
        link = self.links[step.link]
        spoke = next(s for s in link.spokes if s.calendar == step.calendar)
        here = self.things[step.calendar]
        if step.kind == "create":
            self._create(step, link, spoke)
            return
        thing = here[step.remote_id or ""]
        if str(thing.version) != step.etag:
            raise Broken(f"I13: {step} was planned from another version")
        if step.kind == "delete":
            self._check_delete(step, link, thing)
            del here[step.remote_id or ""]
            state: Any = "parked" if step.parks else "absent"
            emptied = Spoke(spoke.calendar, state, generation=spoke.generation + 1)
            self._save(link, emptied)
            return
        before = dict(thing.form)
        thing.form = applied(thing.form, step.changes)
        lost = atoms(before) - atoms(thing.form) - self.agreed - self.kept - self.superseded
        if lost:
            raise Broken(f"I1: {step.because}: {lost} is replaced and nowhere kept")
        thing.version = self.tick()
        self._confirm(step, link, replace(spoke, base=_moved_base(spoke, before, thing.form, step)))

    def _create(self, step: Step, link: Link, spoke: Spoke) -> None:
        if any(thing.uid == step.uid for thing in self.things[step.calendar].values()):
            raise Broken(f"I5: {step.uid} would be twice on {step.calendar}")
        form = applied({}, step.changes)
        marker = Marker(INSTALLATION, step.link, step.generation).text(f"cal{step.calendar}", step.uid)
        rid = f"r{self.tick()}"
        self.things[step.calendar][rid] = Thing(step.uid, form, self.tick(), marker)
        self._confirm(step, link, replace(spoke, remote_id=rid, owned=True, base=form))

    def _check_delete(self, step: Step, link: Link, thing: Thing) -> None:
        seen = [atoms_seen for (_, uid), atoms_seen in self.graves.items() if uid == link.uid]
        if not seen:
            raise Broken(f"I2: nobody deleted {link.uid}, and {step} deletes it")
        told = set().union(*seen) | self.superseded | self.outvoted
        unseen = atoms(without_fields(thing.form, self.rules.local)) - told
        if unseen and self.strict and self.rules.conflict not in ("a", "b"):
            raise Broken(f"rows 14, 15: {unseen} is deleted, which the deleting person had not seen")
        if unseen - self.kept:
            raise Broken(f"I1: {unseen - self.kept} is deleted and not in the trash")

    def _confirm(self, step: Step, link: Link, spoke: Spoke) -> None:
        held = {p: spoke.ack(p) for p in step.held}
        self._save(link, replace(spoke, state="live", rev=step.rev, behind=held, refused=None, problem=None))

    def _save(self, link: Link, spoke: Spoke) -> None:
        spokes = tuple(spoke if s.calendar == spoke.calendar else s for s in link.spokes)
        self.links[link.key] = replace(link, spokes=spokes)

    def _refresh(self, name: str) -> None:
        link = self.links[name]
        gone = [s for s in link.spokes if s.state == "live" and s.remote_id not in self.things[s.calendar]]
        there = [s for s in link.spokes if s.state == "live" and s not in gone]
        if link.alive and not there and gone + [s for s in link.spokes if s.generation]:
            spokes = tuple(Spoke(s.calendar, generation=s.generation + (s in gone)) for s in link.spokes)
            self.links[name] = replace(link, spokes=spokes, alive=False, open=False, hub={})
            for place in [p for p in self.graves if p[1] == link.uid]:
                del self.graves[place]
            return
        calendars = {i: self.state(i) for i in self.ids}
        if not is_pending(link, calendars, self.rules.local) and not gone:
            self.links[name] = replace(link, open=link.open and link.quarantine is not None)

    # -- what must hold at the end -------------------------------------------------------------------------------------

    def settle(self, rng: random.Random | None = None, runs: int = 2) -> Plan:
        """Run until quiet; Broken if that takes more than `runs` runs (I4) or the next one is not empty (I3)."""
        for _ in range(runs):
            self.run(rng)
        last = plan(self.snapshot())
        if last.steps or last.links or last.kept:
            raise Broken(f"I3, I4: not at rest after {runs} runs: {last.steps} {last.kept} {last.links}")
        return last

    def check_lost(self) -> None:
        """X1: every value of a person is current, kept, or was replaced by somebody who saw it."""
        current = set().union(*(atoms(t.form) for side in self.things.values() for t in side.values()), set())
        lost = self.written - current - self.kept - self.superseded
        if lost:
            raise Broken(f"X1: {lost} is lost")

    def check_equal(self, last: Plan) -> None:
        """I4, X5: all readable replicas of a set are equal, what waits for a person excepted."""
        contested: dict[str | None, set[str]] = {}
        waits: set[str | None] = set()
        for hold in last.holds:
            if hold.kind in ("fields", "orphan") and self.links[hold.link or ""].hub:
                contested.setdefault(hold.link, set()).update(hold.detail)
            else:
                waits.add(hold.link)
        for link in self.links.values():
            if link.key in waits or not link.alive:
                continue
            there = [
                self.things[s.calendar][s.remote_id or ""].form
                for s in link.spokes if s.state == "live" and s.remote_id in self.things[s.calendar]
                and s.calendar not in self.unreadable
            ]
            asked = contested.get(link.key, set())
            forms = [
                {p: value_json(v) for p, v in form.items()
                 if not waits_for_answer(p, asked, there) and split(p)[1] not in self.rules.local}
                for form in there
            ]
            missing = [s.calendar for s in link.spokes if s.state == "absent"]
            if any(form != forms[0] for form in forms) or (missing and forms):
                raise Broken(f"I4: {link.uid} differs: {forms}, missing on {missing}; contested {contested}")


def waits_for_answer(path: str, asked: Collection[str], forms: Iterable[Form]) -> bool:
    """It is asked about; or, while it is asked which dates a series has, it is of a date that not all have (R3)."""
    key = split(path)[0]
    if path in asked or not key or not {"time", "recurrence"}.intersection(asked):
        return path in asked
    return not all(
        isinstance(span := form.get("time"), Span) and isinstance(rule := form.get("recurrence"), Recurrence)
        and recur.has_instance(span, rule, key)
        for form in forms
    )


def _moved_base(spoke: Spoke, before: Form, shown: Form, step: Step) -> dict[str, Value]:
    base = dict(spoke.base or {})
    for path in {*base, *shown, *step.changes} - step.held:
        if path in step.changes or shown.get(path) != before.get(path):
            if path in shown:
                base[path] = shown[path]
            else:
                base.pop(path, None)
    return base


def titles(stage: Stage, calendar: int) -> list[str]:
    return sorted(str(thing.form.get("title")) for thing in stage.things[calendar].values())


def kinds(steps: Iterable[Step]) -> list[tuple[str, int]]:
    return sorted((step.kind, step.calendar) for step in steps)
