"""What a fold works on: each calendar's voice, the hub as it becomes, what is contested. Pure; chooses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime

from calsync_cli.engine.views import heard
from calsync_cli.engine.world import CalendarState, Choice, Entry, Hub, Rules, Spoke
from calsync_cli.model import recur
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import ANSWER, Form, Path, Recurrence, Value, join, split
from calsync_cli.model.times import InstanceKey, Span

SCHEDULE = ("time", "recurrence")


@dataclass(frozen=True, slots=True)
class Voice:
    """What one calendar says: its spoke, its form, its base, and the paths that differ."""

    spoke: Spoke
    now: Form
    base: Form
    changes: Mapping[Path, Value | None]


@dataclass(frozen=True, slots=True)
class Contender:
    """One of several values of a contested path, and the calendar that holds it."""

    calendar: int
    value: Value | None


@dataclass(frozen=True, slots=True)
class Context:
    """The judge's view: rules, the calendars in priority order, a person's answers for this link."""

    rules: Rules
    calendars: Mapping[int, CalendarState]
    order: tuple[int, ...]
    stamps: Mapping[int, datetime] = field(default_factory=dict)
    choice: Choice | None = None

    def rank(self, calendar: int) -> int:
        return self.order.index(calendar)

    def is_heard(self, calendar: int) -> bool:
        return self.calendars[calendar].readable


@dataclass(slots=True)
class Folded:
    """hub and rev: the agreement after this fold. restored: paths where the value before was chosen.
    lost: (calendar, path, value) that a person wrote and another won; copies: those (calendar, path) of them for whose
    sake the whole version becomes an event of its own."""

    hub: dict[Path, Entry]
    rev: int
    contested: dict[Path, tuple[Contender, ...]] = field(default_factory=dict)
    orphans: set[InstanceKey] = field(default_factory=set)
    lost: list[tuple[int, Path, Value | None]] = field(default_factory=list)
    restored: set[Path] = field(default_factory=set)
    copies: set[tuple[int, Path]] = field(default_factory=set)
    by: dict[Path, int] = field(default_factory=dict)
    rekeyed: set[Path] = field(default_factory=set)
    moves: Mapping[InstanceKey, InstanceKey] = field(default_factory=dict)
    detached: dict[InstanceKey, tuple[int, Form]] = field(default_factory=dict)

    def value(self, path: Path) -> Value | None:
        entry = self.hub.get(path)
        return entry.value if entry else None

    def hub_form(self) -> dict[Path, Value]:
        return {path: entry.value for path, entry in self.hub.items() if entry.value is not None}

    def write(self, path: Path, value: Value | None, source: int) -> None:
        if value is not None and not value and not path.startswith("@"):
            value = None
        self.hub[path] = Entry(value, self.rev, source)
        self.by[path] = source

    def take_back(self, path: Path, before: Hub) -> None:
        """As if nothing had been decided about this path: it waits for a person."""
        self.by.pop(path, None)
        self.hub.pop(path, None)
        if path in before:
            self.hub[path] = before[path]
        self.lost = [said for said in self.lost if said[1] != path]
        self.copies = {copy for copy in self.copies if copy[1] != path}

    def rekey(self, moves: Mapping[InstanceKey, InstanceKey]) -> None:
        """Give every instance its new key; the old paths stay as removals, so that each calendar is told."""
        self.moves = moves
        moving = {path: entry for path, entry in self.hub.items() if split(path)[0] in moves}
        for path, entry in moving.items():
            self.hub[path] = Entry(None, entry.rev, entry.source)
        for path, entry in moving.items():
            self.hub[moved_path(path, moves)] = entry
        self.rekeyed |= moving.keys() | {moved_path(path, moves) for path in moving}

    def forget(self, moves: Mapping[InstanceKey, InstanceKey], form: Form, source: int) -> None:
        """Instances under an old key that only this form has (edited while the series moved) must go there too."""
        for path in form:
            if split(path)[0] in moves and path not in self.hub:
                self.hub[path] = Entry(None, self.rev, source)
                self.rekeyed.add(path)


def moved_path(path: Path, moves: Mapping[InstanceKey, InstanceKey]) -> Path:
    key, name = split(path)
    return join(moves.get(key, key), name)


def under(key: InstanceKey, paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if split(path)[0] == key)


def changes_of(spoke: Spoke, form: Form, local: frozenset[str]) -> dict[Path, Value | None]:
    """What the calendar changed since it last agreed, fields that never cross left out (row 18, W6). An answer that is
    not there any more is none that was taken back: the meeting moved, or the guest was taken off its list (I8)."""
    changed = recur.diff(heard(spoke, spoke.base or {}), heard(spoke, form))
    if changed.get(ANSWER, "") is None:
        del changed[ANSWER]
    return {path: value for path, value in changed.items() if split(path)[1] not in local}


def differs_from(time: Value | None, form: Form, rule: Value | None) -> bool:
    """Whether from this time on the rule gives other dates than the form's own: two spellings of one rule may agree
    until a series is moved (R8)."""
    own = form.get("recurrence")
    known = isinstance(time, Span) and isinstance(own, Recurrence) and isinstance(rule, Recurrence)
    return known and not recur.same_recurrence(time, own, rule)  # type: ignore[arg-type]


def has_date(form: Form, key: InstanceKey) -> bool:
    """Whether the rule of a series puts a date there."""
    span, rule = form.get("time"), form.get("recurrence")
    return isinstance(span, Span) and isinstance(rule, Recurrence) and recur.has_instance(span, rule, key)


def was_held(hub: Hub, path: Path, spoke: Spoke) -> bool:
    """A path kept behind although the hub says nothing newer waits for a person."""
    entry = hub.get(path)
    return path in spoke.behind and (entry is None or entry.rev <= spoke.behind[path])


def is_stale(result: Folded, path: Path, voice: Voice) -> bool:
    entry = result.hub.get(path)
    return entry is not None and entry.rev > voice.spoke.ack(path)


def without(voice: Voice, paths: list[Path]) -> Voice:
    return replace(voice, changes={p: v for p, v in voice.changes.items() if p not in paths})


def present(offer: Mapping[Path, Value | None]) -> dict[Path, Value]:
    return {path: value for path, value in offer.items() if value is not None}
