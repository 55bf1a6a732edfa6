"""A parsed event set of Google Calendar: its master's fields, its instances by key, and whose copy it is.

Shape   `source_of(payload)` -> Source; `reading(source)` -> Reading. Everything that reads or edits starts here
Keys    an instance is known by its original start, never by the prefix of its id (facts 4.4). A cancelled instance is
        off whatever else it says (facts 0.5); so is one that an EXDATE of its series names
Errors  MappingError in words for what cannot be trusted as a whole: hidden details, a deleted event, impossible times
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from calsync_cli.errors import MappingError
from calsync_cli.mapping import other_tools
from calsync_cli.mapping.carried import google_names, names_in
from calsync_cli.mapping.google.clock import UNSETTLED, Clock, known_zone, read_key
from calsync_cli.mapping.google.counts import as_kept
from calsync_cli.mapping.google.dates import form_dates
from calsync_cli.mapping.google.document import EventSet, Json, is_cancelled, object_of, parsed, text_of
from calsync_cli.mapping.google.fields import carried_fields, has_people, own_answer, shown_fields, shown_status
from calsync_cli.mapping.google.kept import (
    FLOATING,
    LOST,
    OURS,
    Kept,
    identity,
    instance_kept,
    kept_of,
    private_of,
    properties_of,
    texts,
)
from calsync_cli.mapping.google.lines import Entry, dates_of, entries_of, recurrence_of
from calsync_cli.mapping.google.standing import redacted, service_kind, special
from calsync_cli.mapping.inherit import Fields, own_paths
from calsync_cli.model.plain import dataclass
from calsync_cli.model.recur import same_zone
from calsync_cli.model.series import CANCELLED, CARRIED, Path, People, Reading, Recurrence, Value
from calsync_cli.model.times import InstanceKey, Span, When, instance_key

_WORDS = {"color": "colour", "recurrence": "number of dates", "url": "link", "visibility": "privacy"}


@dataclass(slots=True)
class Source:
    """`overrides` holds the exception that counts for each key; others of the same key stay in `set` unread."""

    set: EventSet
    clock: Clock
    uid: str = ""
    marker: str | None = None
    kept: Kept = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    overrides: dict[InstanceKey, Json] = field(default_factory=dict)
    losses: list[str] = field(default_factory=list)

    @property
    def span(self) -> Span | None:
        span = self.fields.get("time")
        return span if isinstance(span, Span) else None

    @property
    def start(self) -> When | None:
        """The master's start at Google, to which lines and keys of the series refer."""
        return self.clock.wire(self.span.start) if self.span is not None else None

    @property
    def rule(self) -> Recurrence | None:
        rule = self.fields.get("recurrence")
        return rule if isinstance(rule, Recurrence) else None

    def kept_for(self, key: InstanceKey, resource: Json) -> Kept:
        return instance_kept(resource, key, self.kept if self.set.event is not None else None)


def source_of(payload: bytes) -> Source:
    body = parsed(payload)
    role = text_of(body.calendar, "accessRole")
    for resource in body.resources:
        if not is_cancelled(resource) and (why := redacted(resource, role)):
            raise MappingError(why)
    source = Source(body, _clock(body))
    if body.event is not None:
        _read_master(source, body.event)
    _read_exceptions(source)
    _identify(source)
    return source


def _clock(body: EventSet) -> Clock:
    """The note says floating for as long as the start is in the zone the note names (or in none yet)."""
    own = known_zone(text_of(body.calendar, "timeZone")) or ""
    note = text_of(private_of(body.event), FLOATING) if body.event is not None else ""
    if body.event is None or not note:
        return Clock(own)
    start = object_of(body.event, "start")
    named = text_of(start, "timeZone")
    if not named:
        said = text_of(start, "dateTime")
        settled = not said or said[-1:] in "Zz" or "+" in said or "-" in said[10:]
        return Clock(own) if settled else Clock(own, UNSETTLED)
    noted, there = known_zone(note), known_zone(named)
    return Clock(own, there) if noted and there and same_zone(noted, there) else Clock(own)


# -- master and instances ----------------------------------------------------------------------------------------------


def _read_master(source: Source, event: Json) -> None:
    if is_cancelled(event):
        raise MappingError("Google says that this event was deleted")
    if event.get("recurringEventId"):
        raise MappingError("an instance of a series stands where its series is expected")
    source.kept = kept_of(event)
    source.entries = entries_of(event)
    recurs = bool(source.entries)
    source.fields = shown_fields(event, source.kept, source.clock, source.losses, recurs=recurs)
    start = source.start
    if not recurs or start is None:
        return
    rule = recurrence_of(source.entries, start, source.losses)
    if rule is not None:
        meant = as_kept(rule.rules, texts(source.kept, "recurrence"), start)
        rules = tuple(sorted(source.clock.model_rule(text) for text in meant))
        dates = tuple(source.clock.model(when) for when in rule.dates)
        source.fields["recurrence"] = Recurrence(rules, dates, rule.periods)


def _read_exceptions(source: Source) -> None:
    """File exceptions under their keys; of two for one instance the higher `sequence` counts, then the later one.

    Those at no date of their series are leftovers of what it was (facts 4.4): not an instance, and no cancelled one.
    """
    event = source.set.event
    keyed: list[tuple[InstanceKey, Json]] = []
    for resource in source.set.instances:
        if event is not None and text_of(resource, "recurringEventId") not in ("", text_of(event, "id")):
            raise MappingError("an instance in this event set belongs to another series")
        keyed.append((read_key(resource, source.clock, source.losses), resource))
    dates = form_dates(source.fields, (key for key, _ in keyed)) if event is not None else None
    for key, resource in keyed:
        other = source.overrides.get(key)
        if dates is not None and key not in dates:
            if not is_cancelled(resource):
                source.losses.append("a changed instance at no date of its series was left alone")
        elif other is None or _sequence(other) <= _sequence(resource):
            source.overrides[key] = resource


def _sequence(resource: Json) -> int:
    value = resource.get("sequence")
    return value if isinstance(value, int) else 0


def _identify(source: Source) -> None:
    event = source.set.event
    if event is not None:
        uid, source.marker = identity(event)
        source.uid = uid or text_of(event, "iCalUID") or _default_uid(event)
        if not source.uid:
            raise MappingError("the event has no UID, so it cannot be told apart from others")
        return
    if all(is_cancelled(resource) for resource in source.set.instances):
        raise MappingError("only cancelled dates are left of a series that is not here")
    uids = {text_of(resource, "iCalUID") for resource in source.set.instances} - {""}
    if len(uids) != 1:
        raise MappingError("the instances do not say which one event they belong to")
    source.uid = uids.pop()


def _default_uid(event: Json) -> str:
    return f"{text_of(event, 'id')}@google.com" if text_of(event, "id") else ""


# -- the form ----------------------------------------------------------------------------------------------------------


def reading(source: Source) -> Reading:
    form: dict[Path, Value] = dict(source.fields)
    form |= {f"@{key}": CANCELLED for key in off_by_line(source)}
    for key, resource in sorted(source.overrides.items()):
        if f"@{key}" in form:
            continue
        if is_cancelled(resource):
            form[f"@{key}"] = CANCELLED
        else:
            form |= own_paths(source.fields, key, override_fields(source, key, resource))
    people: People = "host" if any(has_people(resource) for resource in source.set.resources) else ""
    losses = tuple(dict.fromkeys([*source.losses, *_remarks(source)]))
    event = source.set.event if source.set.event is not None else source.set.instances[0]
    tool = other_tools.of_private(private_of(event), text_of(event, "summary")) if source.marker is None else ""
    return Reading(
        source.uid, form, source.marker, people, losses, tool=tool, kind=service_kind(event), answer=own_answer(event)
    )


def off_by_line(source: Source) -> list[InstanceKey]:
    """Keys of the dates that EXDATE lines take out; from an event that does not repeat they take nothing."""
    start = source.start
    if start is None or source.rule is None:
        return []
    found = [when for one in source.entries if one.name == "EXDATE" for _, when in dates_of(one, start)]
    return [instance_key(source.clock.model(when)) for when in found if not isinstance(when, str)]


def override_fields(source: Source, key: InstanceKey, resource: Json) -> Fields:
    """What an exception shows. "Cancelled, but still there" is a word of whole series: an instance is there or off."""
    kept = source.kept_for(key, resource)
    fields = shown_fields(resource, kept, source.clock, source.losses, series=source.set.event)
    if fields.get("status") == "cancelled" and source.fields.get("status") != "cancelled":
        fields |= {"status": shown_status(resource)}
    return {name: value for name, value in fields.items() if value}


def carried_names(source: Source) -> frozenset[str]:
    """All that can be carried and are there: those that are kept, and Google's own of the exceptions."""
    found = set(names_in(source.kept))
    for key, resource in source.overrides.items():
        found |= set(names_in(source.kept_for(key, resource)))
        for kind in ("private", "shared"):
            keys = (name for name in properties_of(resource, kind) if not name.startswith(OURS))
            found |= set(google_names(kind, keys))
    return frozenset(found)


def series_carried(source: Source, names: Iterable[str]) -> Fields:
    return carried_fields(source.set.event or {}, source.kept, names)


def carried_form(source: Source, names: Iterable[str]) -> dict[Path, Value]:
    """Carried properties of the whole set, instances as far as they differ from the master."""
    names = frozenset(names)
    master = series_carried(source, names)
    form: dict[Path, Value] = dict(master)
    for key, resource in source.overrides.items() if names else ():
        if not is_cancelled(resource):
            form |= own_paths(master, key, carried_fields(resource, source.kept_for(key, resource), names, master))
    return form


def _remarks(source: Source) -> list[str]:
    """What a person should know of this replica beside its losses: kinds that nobody writes, and what did not fit."""
    event = source.set.event if source.set.event is not None else source.set.instances[0]
    remarks = [why] if (why := special(event)) else []
    if event.get("endTimeUnspecified") is True:
        remarks.append("its end is not known; Google shows one nevertheless")
    lost = texts(source.kept, LOST)
    return remarks + [f"its {_word(name)} did not fit into the event at Google and was lost" for name in lost]


def _word(name: str) -> str:
    return _WORDS.get(name, name.removeprefix(CARRIED))
