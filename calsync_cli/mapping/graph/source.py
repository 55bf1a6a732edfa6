"""A parsed event set of Graph: its master's fields, its instances by key, its deleted dates, and whose copy it is.

Shape   `source_of(payload)` -> Source; `reading(source)` -> Reading. Everything that reads or edits starts here
Keys    an exception is known by its `originalStart`, a deleted date by its text in `cancelledOccurrences` (dates). What
        names no date of the series is passed over
Errors  MappingError in words for what cannot be trusted as a whole: hidden details, a series nobody can expand
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from calsync_cli.errors import MappingError
from calsync_cli.mapping import other_tools
from calsync_cli.mapping.carried import kept_fields
from calsync_cli.mapping.graph.clock import Clock
from calsync_cli.mapping.graph.dates import Dates, dates_of
from calsync_cli.mapping.graph.document import EventSet, parsed
from calsync_cli.mapping.graph.fields import own_answer, service_kind, shown_fields, times
from calsync_cli.mapping.graph.kept import identity, kept_of, of_instance, of_series
from calsync_cli.mapping.graph.standing import is_called_off, people_of, redacted
from calsync_cli.mapping.graph.zones import known
from calsync_cli.mapping.inherit import Fields, inherited_span, own_paths
from calsync_cli.mapping.jsondoc import Json, text_of
from calsync_cli.mapping.kept import LOST, Kept, texts, word
from calsync_cli.mapping.rrule_text import canonical
from calsync_cli.model.plain import dataclass
from calsync_cli.model.recur import same_zone
from calsync_cli.model.series import CANCELLED, CARRIED, Path, Reading, Recurrence, Value
from calsync_cli.model.times import InstanceKey, Span, When, Zoned, instance_key, wall

FLOATING, RULE, OFF = "floating", "rule", "off"
"""In `Kept`: the zone a floating event is written in, [rule, what Outlook shows of it], dates off that are none."""
_WORDS = {"color": "colour", "url": "link", "visibility": "privacy"}


@dataclass(slots=True)
class Source:
    """`off`: deleted dates as they are named, by their keys. `dates` is None for an event that does not repeat.
    `overrides` holds the exception that counts for each key; others of the same key stay in `set` unread."""

    set: EventSet
    clock: Clock
    uid: str = ""
    marker: str | None = None
    kept: Kept = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)
    dates: Dates | None = None
    overrides: dict[InstanceKey, Json] = field(default_factory=dict)
    off: dict[InstanceKey, str] = field(default_factory=dict)
    losses: list[str] = field(default_factory=list)

    @property
    def span(self) -> Span | None:
        span = self.fields.get("time")
        return span if isinstance(span, Span) else None

    @property
    def start(self) -> When | None:
        """The master's start at Outlook, to which keys of the series refer."""
        return self.clock.wire(self.span.start) if self.span is not None else None

    def kept_for(self, key: InstanceKey, resource: Json) -> Kept:
        return of_instance(self.kept, key) if self.set.event is not None else of_series(kept_of(resource))


def source_of(payload: bytes) -> Source:
    body = parsed(payload)
    for resource in body.resources:
        if why := redacted(resource, body.calendar):
            raise MappingError(why)
    source = Source(body, Clock(known(text_of(body.calendar, "timeZone")) or ""))
    if body.event is not None:
        _read_master(source, body.event)
    for resource in body.instances:
        _put_override(source, resource)
    if source.dates is not None:
        _read_deleted(source, source.dates)
    _identify(source)
    return source


# -- master ------------------------------------------------------------------------------------------------------------


def _read_master(source: Source, event: Json) -> None:
    if text_of(event, "type") in ("occurrence", "exception"):
        raise MappingError("an instance of a series stands where its series is expected")
    kept = source.kept = kept_of(event)
    recurs = isinstance(event.get("recurrence"), dict)
    losses = source.losses
    span = times(event, kept, source.clock, losses, recurs=recurs)
    if FLOATING in kept and isinstance(span.start, Zoned):
        source.clock = _floating(source.clock, str(kept[FLOATING]), span.start)
        if source.clock.floating:
            span = times(event, kept, source.clock, losses, recurs=recurs)
    source.fields = shown_fields(event, kept, span)
    if recurs:
        source.dates = dates_of(event["recurrence"], source.clock.wire(span.start))
        source.fields["recurrence"] = Recurrence((_rule(source, source.dates, span.start),))


def _floating(clock: Clock, note: str, start: Zoned) -> Clock:
    """The note says floating for as long as the event is in the zone that the note names."""
    zone = known(note)
    return Clock(clock.zone, start.tzid) if zone and same_zone(zone, start.tzid) else clock


def _rule(source: Source, dates: Dates, start: When) -> str:
    """The rule in the form's words: the one that was written, for as long as Outlook shows the same (L5.4)."""
    shown = source.clock.model_rule(dates.rule)
    for stands in stand_ins(shown, start):
        found = word(source.kept, RULE, stands)
        if found != stands:
            try:
                return canonical(found, start)
            except MappingError:
                break
    return shown


def stand_ins(shown: str, start: When) -> tuple[str, str]:
    """What stands for a written rule: the one Outlook shows, and where the rule names times of day, the start's too."""
    return shown, f"{shown};{wall(start):%H%M%S}"


# -- instances ---------------------------------------------------------------------------------------------------------


def _put_override(source: Source, resource: Json) -> None:
    """File an exception under its key; of two for one date the one that was changed later counts."""
    event = source.set.event
    if text_of(resource, "type") == "occurrence" and event is not None:
        return
    if event is not None and text_of(resource, "seriesMasterId") not in ("", text_of(event, "id")):
        raise MappingError("an instance in this event set belongs to another series")
    if event is not None and source.dates is None:
        source.losses.append("a changed instance of an event that does not repeat was left alone")
        return
    original = _original(source, resource)
    if original is None:
        source.losses.append("a changed instance outside of its series was left alone")
        return
    key = instance_key(source.clock.model(original))
    other = source.overrides.get(key)
    stamp = "lastModifiedDateTime"
    if other is None or text_of(other, stamp) <= text_of(resource, stamp):
        source.overrides[key] = resource


def _original(source: Source, resource: Json) -> When | None:
    if source.dates is not None:
        return source.dates.original(resource)
    if not text_of(resource, "originalStart"):
        raise MappingError("an instance of a series that is not here does not say which one it is")
    span = times(resource, kept_of(resource), source.clock, [], recurs=False)
    return Dates.lone(resource, span.start)


def _read_deleted(source: Source, dates: Dates) -> None:
    for text in source.set.cancelled:
        original = dates.deleted(text)
        if original is not None:
            source.off.setdefault(instance_key(source.clock.model(original)), text)


def _identify(source: Source) -> None:
    event = source.set.event
    if event is not None:
        uid, source.marker = identity(event)
        source.uid = uid or _own_uid(event)
        if not source.uid:
            raise MappingError("the event has no UID, so it cannot be told apart from others")
        return
    uids = {text_of(one, "uid") or text_of(one, "iCalUId") for one in source.overrides.values()} - {""}
    if len(uids) != 1:
        raise MappingError("the instances do not say which one event they belong to")
    source.uid = uids.pop()


def _own_uid(event: Json) -> str:
    """`iCalUId` may be null (L4.7); the id is then as good, for it is asked for in its immutable form."""
    name = text_of(event, "id")
    return text_of(event, "iCalUId") or text_of(event, "uid") or (f"{name}@graph.microsoft.com" if name else "")


# -- the form ----------------------------------------------------------------------------------------------------------


def reading(source: Source) -> Reading:
    form: dict[Path, Value] = dict(source.fields)
    form |= {f"@{key}": CANCELLED for key in (*source.off, *kept_off(source))}
    for key, resource in sorted(source.overrides.items()):
        if f"@{key}" in form:
            continue
        if is_off(source, resource):
            form[f"@{key}"] = CANCELLED
        else:
            form |= own_paths(source.fields, key, override_fields(source, key, resource))
    for key in noted(source):
        form |= own_paths(source.fields, key, noted_fields(source, key))
    people = people_of(source.set.resources, source.set.calendar)
    losses = tuple(dict.fromkeys([*source.losses, *_remarks(source)]))
    event = source.set.event or {}
    own = _own_uid(event) if event else ""
    tool = other_tools.of_title(text_of(event, "subject")) if source.marker is None else ""
    return Reading(
        source.uid, form, source.marker, people, losses, own, text_of(event, "createdDateTime"), tool,
        service_kind(event), own_answer(event),
    )


def is_off(source: Source, resource: Json) -> bool:
    """An instance that its organizer called off is no date any more, unless the whole series is called off."""
    event = source.set.event
    return is_called_off(resource) and event is not None and not is_called_off(event)


def kept_off(source: Source) -> list[InstanceKey]:
    """Dates that were taken out without being dates of the series: Outlook has no place for them."""
    dates, noted = source.dates, texts(source.kept, OFF)
    if dates is None or not noted:
        return []
    return [key for key in noted if dates.is_key(key) and not dates.has(key, source.clock)]


def override_fields(source: Source, key: InstanceKey, resource: Json) -> Fields:
    kept, start = source.kept_for(key, resource), source.start
    series_zone = start.tzid if isinstance(start, Zoned) else ""
    span = times(resource, kept, source.clock, source.losses, recurs=False, series_zone=series_zone)
    return shown_fields(resource, kept, span)


def noted(source: Source) -> list[InstanceKey]:
    """Instances that differ from their series only in what Outlook cannot show: it has no exception for them."""
    dates = source.dates
    keys = [name[1:] for name in source.kept if name.startswith("@")] if dates is not None else []
    there = [key for key in keys if key not in source.overrides and key not in source.off]
    return [key for key in there if dates is not None and dates.is_key(key) and dates.has(key, source.clock)]


def noted_fields(source: Source, key: InstanceKey) -> Fields:
    span, event = source.span, source.set.event
    assert span is not None and event is not None
    return shown_fields(event, of_instance(source.kept, key), inherited_span(span, key))


def carried_form(source: Source, names: Iterable[str]) -> dict[Path, Value]:
    """Carried properties of the whole set, instances as far as they differ from the master."""
    names = frozenset(names)
    master = kept_fields(source.kept, names)
    form: dict[Path, Value] = dict(master)
    for key, resource in source.overrides.items() if names else ():
        if not is_off(source, resource):
            form |= own_paths(master, key, kept_fields(source.kept_for(key, resource), names))
    for key in noted(source) if names else ():
        form |= own_paths(master, key, kept_fields(of_instance(source.kept, key), names))
    return form


def _remarks(source: Source) -> list[str]:
    """What a person should know of this replica beside its losses (mapping.losses): what did not fit."""
    return [f"its {_word(name)} did not fit into the event at Outlook and was lost" for name in
            texts(source.kept, LOST)]  # fmt: skip


def _word(name: str) -> str:
    return "changed instance" if name.startswith("@") else _WORDS.get(name, name.removeprefix(CARRIED))


