"""What the parts of one edit share: the event set, the forms before and after, which instance keys move, the clock.

Shape   `editing(...)` -> Edit. What exceptions show and keep is noted before the master changes, since they inherit it
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from calsync_cli.mapping.editing import key_moves
from calsync_cli.mapping.google.clock import UNSETTLED, Clock
from calsync_cli.mapping.google.document import Json, is_cancelled
from calsync_cli.mapping.google.fields import carried_fields
from calsync_cli.mapping.google.kept import Kept
from calsync_cli.mapping.google.new_event import is_date
from calsync_cli.mapping.google.source import Source, override_fields
from calsync_cli.mapping.inherit import Fields, master_fields
from calsync_cli.model.series import CANCELLED, Form
from calsync_cli.model.times import Floating, InstanceKey, Span, When


@dataclass(slots=True)
class Found:
    """An exception of the series as it was found: its resource, what it shows (nothing when cancelled) and keeps."""

    resource: Json
    fields: Fields
    kept: Kept


@dataclass(slots=True)
class Edit:
    """One edit under way. `moves`: instance key in the document -> key afterwards, for those that move."""

    source: Source
    before: Form
    then: Form
    names: frozenset[str]
    moves: dict[InstanceKey, InstanceKey]
    clock: Clock
    found: dict[InstanceKey, Found]
    kept: Kept

    def new_key(self, old: InstanceKey) -> InstanceKey:
        return self.moves.get(old, old)

    def is_off(self, key: InstanceKey) -> bool:
        return self.then.get(f"@{key}") == CANCELLED

    def was_off(self, old: InstanceKey) -> bool:
        return self.before.get(f"@{old}") == CANCELLED

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

    @property
    def kind_changed(self) -> bool:
        """Days became times or the like: lines with values of the old kind would be read by mercy only."""
        old = self.source.start
        return old is not None and type(old) is not type(self.clock.wire(self.start))


def editing(source: Source, before: Form, then: Form, names: frozenset[str]) -> Edit:
    moves = key_moves(before, then, source.overrides)
    found = {key: _found(source, key, resource, names) for key, resource in source.overrides.items()}
    return Edit(source, before, then, names, moves, _clock(source, then), found, deepcopy(source.kept))


def _clock(source: Source, then: Form) -> Clock:
    span = then.get("time")
    if not isinstance(span, Span) or not isinstance(span.start, Floating):
        return Clock(source.clock.zone)
    if source.clock.floating is not None:
        return source.clock
    return Clock(source.clock.zone, source.clock.zone or UNSETTLED)


def _found(source: Source, key: InstanceKey, resource: Json, names: frozenset[str]) -> Found:
    kept = deepcopy(source.kept_for(key, resource))
    if is_cancelled(resource):
        return Found(resource, {}, kept)
    return Found(resource, {**override_fields(source, key, resource), **carried_fields(kept, names)}, kept)
