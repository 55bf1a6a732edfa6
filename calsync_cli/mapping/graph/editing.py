"""What the parts of one edit share: the event set, the forms before and after, which instance keys move, the clock.

Shape   `editing(...)` -> Edit. What exceptions show and keep is noted before the master changes, since they inherit it
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import field

from calsync_cli.mapping.carried import kept_fields
from calsync_cli.mapping.editing import key_moves
from calsync_cli.mapping.graph.clock import Clock
from calsync_cli.mapping.graph.kept import of_series
from calsync_cli.mapping.graph.new_event import clock_for, said_of
from calsync_cli.mapping.graph.rules import Spoken
from calsync_cli.mapping.graph.series_rule import is_date
from calsync_cli.mapping.graph.source import Source, is_off, override_fields
from calsync_cli.mapping.inherit import Fields, master_fields
from calsync_cli.mapping.jsondoc import Json
from calsync_cli.mapping.kept import Kept
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import CANCELLED, Form
from calsync_cli.model.times import Floating, InstanceKey, Span, When


@dataclass(slots=True)
class Found:
    """An exception of the series as it was found: its resource, what it shows and keeps. called_off: nobody but its
    organizer can bring it back."""

    resource: Json
    fields: Fields
    kept: Kept
    called_off: bool = False


@dataclass(slots=True)
class Edit:
    """One edit under way. `moves`: instance key in the document -> key afterwards, for those that move. `kept` is what
    the series keeps, `own` what each instance shall count with."""

    source: Source
    before: Form
    then: Form
    names: frozenset[str]
    moves: dict[InstanceKey, InstanceKey]
    clock: Clock
    found: dict[InstanceKey, Found]
    kept: Kept
    said: Spoken | None = None
    own: dict[InstanceKey, Kept] = field(default_factory=dict)

    def new_key(self, old: InstanceKey) -> InstanceKey:
        return self.moves.get(old, old)

    def is_off(self, key: InstanceKey) -> bool:
        return self.then.get(f"@{key}") == CANCELLED

    def is_date(self, key: InstanceKey) -> bool:
        return is_date(self.then, key)

    @property
    def master(self) -> Fields:
        return master_fields(self.then)

    @property
    def start(self) -> When:
        """The start of the series afterwards, in the form."""
        span = self.then["time"]
        assert isinstance(span, Span)
        return span.start

    @property
    def rescheduled(self) -> bool:
        return any(self.before.get(path) != self.then.get(path) for path in ("time", "recurrence"))


def editing(source: Source, before: Form, then: Form, names: frozenset[str]) -> Edit:
    moves = key_moves(before, then, source.overrides)
    found = {key: _found(source, key, resource, names) for key, resource in source.overrides.items()}
    return Edit(source, before, then, names, moves, _clock(source, then), found, deepcopy(of_series(source.kept)))


def look_at_series(edit: Edit) -> None:
    """The pattern of the series afterwards. Raises MappingError for what Outlook refuses of it or of its instances."""
    rescheduled = edit.rescheduled or edit.source.dates is None
    times = {path for path in edit.before.keys() | edit.then.keys() if path.endswith("/time")}
    if rescheduled or any(edit.before.get(path) != edit.then.get(path) for path in times):
        edit.said = said_of(edit.then, edit.clock)


def _clock(source: Source, then: Form) -> Clock:
    span = then.get("time")
    if not isinstance(span, Span) or not isinstance(span.start, Floating):
        return Clock(source.clock.zone)
    return source.clock if source.clock.floating is not None else clock_for(span, source.clock.zone)


def _found(source: Source, key: InstanceKey, resource: Json, names: frozenset[str]) -> Found:
    kept = deepcopy(source.kept_for(key, resource))
    fields = {**override_fields(source, key, resource), **kept_fields(kept, names)}
    return Found(resource, fields, kept, is_off(source, resource))
