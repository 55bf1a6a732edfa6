"""What the parts of one edit share: the file, the forms before and after, the keys that move, the pen.

Shape   `editing(...)` -> Editing; `key_moves` says which instance keys move along with their series (R3)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Component
from calsync_cli.mapping.ical_carried import carried_fields
from calsync_cli.mapping.ical_lines import Pen
from calsync_cli.mapping.ical_read import Source
from calsync_cli.mapping.inherit import Fields, key_kind, master_fields
from calsync_cli.mapping.values import split_list
from calsync_cli.mapping.when import read_when
from calsync_cli.model.plain import dataclass
from calsync_cli.model.recur import has_instance, rule_start
from calsync_cli.model.series import CANCELLED, Form, Path, Recurrence, Value, instance_keys, join, split
from calsync_cli.model.times import AllDay, Floating, InstanceKey, Span, When, Zoned, instance_key, wall

_TIMES = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"})


@dataclass(slots=True)
class Editing:
    """One edit under way. `keys`: instance key in the file -> key afterwards, for those that move."""

    source: Source
    before: Form
    then: Form
    carried: frozenset[str]
    keys: dict[InstanceKey, InstanceKey]
    pen: Pen
    old_span: Span | None
    master_then: Fields
    removed: set[InstanceKey] = field(default_factory=set)

    def new_key(self, old: InstanceKey) -> InstanceKey:
        return self.keys.get(old, old)

    def is_off(self, key: InstanceKey) -> bool:
        """The instance shall be cancelled."""
        return self.then.get(f"@{key}") == CANCELLED

    def was_off(self, old: InstanceKey) -> bool:
        return self.before.get(f"@{old}") == CANCELLED

    @property
    def start(self) -> When:
        span = self.master_then["time"]
        assert isinstance(span, Span)
        return span.start

    @property
    def rescheduled(self) -> bool:
        return any(self.before.get(path) != self.then.get(path) for path in ("time", "recurrence"))

    @property
    def kind_changed(self) -> bool:
        """RECURRENCE-ID must have the type of DTSTART, so another kind or zone touches every one of them."""
        return self.old_span is not None and _kind(self.old_span.start) != _kind(self.start)

    @property
    def type_changed(self) -> bool:
        """Days became times or the like: EXDATE, RDATE and UNTIL of the old type would be read by mercy only."""
        return self.old_span is not None and type(self.old_span.start) is not type(self.start)

    def is_instance(self, key: InstanceKey) -> bool:
        """Whether the series has an instance there afterwards; True when nobody can tell."""
        span, rule = self.master_then.get("time"), self.master_then.get("recurrence")
        if not isinstance(span, Span) or not isinstance(rule, Recurrence):
            return False
        if key_kind(key) != key_kind(instance_key(span.start)):
            return False
        try:
            return bool(rule.periods) or has_instance(span, rule, key)
        except ValueError:
            return True

    def with_carried(self, fields: Fields, event: Component) -> Fields:
        return {**fields, **carried_fields(event, self.carried)}


def editing(source: Source, before: Form, then: Form, carried: frozenset[str]) -> Editing:
    moves = key_moves(before, then, source.overrides)
    pen = Pen(source.document.newline, source.zones, _spelling(source))
    return Editing(source, before, then, carried, moves, pen, source.span, master_fields(then))


def key_moves(before: Form, then: Form, overrides: Iterable[InstanceKey]) -> dict[InstanceKey, InstanceKey]:
    """Old key -> new key where the series moved and took instances along.

    All of them (also overrides that show nothing of their own) if each shifted key is wanted; else those whose old key
    is gone and whose shifted key was not there before.
    """
    old, new = before.get("time"), then.get("time")
    if not (isinstance(old, Span) and isinstance(new, Span)) or old.start == new.start:
        return {}
    had, wanted = set(instance_keys(before)), set(instance_keys(then))
    every = had | set(overrides)
    shifted = {key: instance_key(_along(key, old.start, new.start)) for key in every}
    if all(shifted[key] in wanted for key in had):
        return shifted
    return {key: shifted[key] for key in every - wanted if shifted[key] not in every}


def taken_along(
    before: Form, then: Form, rest: Form, overrides: Iterable[InstanceKey], is_date: Callable[[InstanceKey], bool]
) -> dict[Path, Value]:
    """`rest`: paths that an edit does not know of. They go with their instances, if those are dates afterwards."""
    keys = instance_keys(rest)
    moves = key_moves(before, then, {*overrides, *keys})
    stays = {key for key in keys if f"@{moves.get(key, key)}" not in then and is_date(moves.get(key, key))}
    named = ((path, *split(path)) for path in rest)
    return {join(moves.get(key, key), name): rest[path] for path, key, name in named if not key or key in stays}


def _along(key: InstanceKey, old: When, new: When) -> When:
    """Where the instance at `key` goes when its series goes from `old` to `new`: by the same step on the wall clock."""
    at = wall(rule_start(key, old)) + (wall(new) - wall(old))
    match new:
        case AllDay():
            return AllDay(at.date())
        case Zoned(_, tzid):
            return Zoned(at, tzid)
        case Floating():
            return Floating(at)


def _kind(when: When) -> tuple[type, str]:
    return type(when), when.tzid if isinstance(when, Zoned) else ""


def _spelling(source: Source) -> dict[str, str]:
    """IANA name -> the name this file uses for the zone, for every zone that a property of an event names."""
    names: dict[str, str] = {}
    for event in source.document.calendar.parts("VEVENT"):
        for line in event.lines:
            tzid = line.param("TZID").strip() if line.name in _TIMES else ""
            if not tzid:
                continue
            try:
                when = read_when(line, source.zones, split_list(line.value)[0].partition("/")[0])
            except (MappingError, IndexError):  # a second DTSTART or an empty EXDATE: nobody reads it
                continue
            if isinstance(when, Zoned) and when.tzid != "UTC":
                names.setdefault(when.tzid, tzid)
    return names
