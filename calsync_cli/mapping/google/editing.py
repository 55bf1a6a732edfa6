"""What the parts of one edit share: the event set, the forms before and after, the dates of the series, the clock.

Shape   `editing(...)` -> Edit. What exceptions show and keep is noted before the master changes, since they inherit it
"""

from __future__ import annotations

from copy import deepcopy

from calsync_cli.mapping.editing import key_moves
from calsync_cli.mapping.google.clock import UNSETTLED, Clock, read_original
from calsync_cli.mapping.google.dates import form_dates
from calsync_cli.mapping.google.document import Json, is_cancelled
from calsync_cli.mapping.google.fields import carried_fields
from calsync_cli.mapping.google.kept import Kept
from calsync_cli.mapping.google.source import Source, override_fields, series_carried
from calsync_cli.mapping.inherit import Fields, master_fields
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import CANCELLED, Form, instance_keys
from calsync_cli.model.times import Floating, InstanceKey, Span, When, instance_key


@dataclass(slots=True)
class Found:
    """An exception as it was found: its key then, its resource, what it shows (nothing when cancelled) and keeps."""

    key: InstanceKey
    resource: Json
    fields: Fields
    kept: Kept


@dataclass(slots=True)
class Edit:
    """One edit under way.

    moves   key of a date that an EXDATE line takes out -> its key afterwards, where the series moved and took it along
    dates   of all instance keys in play those that the series has afterwards
    found   the exceptions there are, by the key their date has afterwards (another one when the series begins to float
            or ends to); Google lets those stay whose date does, whatever they were made for
    """

    source: Source
    before: Form
    then: Form
    names: frozenset[str]
    moves: dict[InstanceKey, InstanceKey]
    dates: frozenset[InstanceKey]
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
        return key in self.dates

    def stays(self, key: InstanceKey) -> bool:
        """Whether Google lets the exception found there be: its series is not rescheduled, or keeps that date."""
        return not self.rescheduled or self.is_date(key)

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
    clock = _clock(source, then)
    parts = (_found(source, key, resource, names) for key, resource in source.overrides.items())
    found = {instance_key(clock.model(read_original(one.resource, source.clock, []))): one for one in parts}
    dates = form_dates(then, {*instance_keys(then), *found})
    return Edit(source, before, then, names, moves, dates, clock, found, deepcopy(source.kept))


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
        return Found(key, resource, {}, kept)
    carried = carried_fields(resource, kept, names, series_carried(source, names))
    return Found(key, resource, {**override_fields(source, key, resource), **carried}, kept)
