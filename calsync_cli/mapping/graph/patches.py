"""From the document an edit was planned from to the requests that make the edited one (facts L4.1, L6.2).

Shape   patches(before, after) -> Patches in the order they must be sent: the event itself, then its instances. `before`
        is None for a document that `make` gave. Members are as PATCH takes them: one that is named is replaced whole,
        others stay; start and end go together, and the rule with them where the day or the zone changes (L4.2)
Never   guests, online meetings, `transactionId`, `recurrenceTimeZone`, and what only Graph can say
Again   after a patch that `reschedules`, Graph has dropped exceptions and deleted dates: read the event set again and
        ask for the patches from what is there now. The same holds after a lost reply: the list shrinks to nothing
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from calsync_cli.mapping.graph.clock import original_text
from calsync_cli.mapping.graph.kept import MEMBER, changed_properties
from calsync_cli.mapping.graph.moves import in_order
from calsync_cli.mapping.graph.source import Source, override_fields, source_of
from calsync_cli.mapping.inherit import inherited_span, same_value
from calsync_cli.mapping.jsondoc import Json, object_of, text_of
from calsync_cli.mapping.when import from_key
from calsync_cli.model.times import InstanceKey, Span, When, rough_instant

WRITABLE = (
    "subject", "body", "start", "end", "isAllDay", "location", "showAs", "sensitivity", "categories", "isReminderOn",
    "reminderMinutesBeforeStart", "recurrence",
)  # fmt: skip
_TIMES = ("start", "end", "isAllDay")


@dataclass(frozen=True, slots=True)
class Patch:
    """One request.

    kind      insert: a new event with these members. patch: change these members (of a plain instance this makes an
              exception). cancel: delete the instance. restore: an instance that was deleted shall be there again, which
              Graph cannot do: the rest of the set must wait for a person
    id        the event's or exception's id; "" for an instance that only Graph can name: ask `instances` for `original`
    original  the instance's original start, an instant in UTC or a day; "" for the event itself
    etag      the version this was planned from; None for what has no resource yet
    """

    kind: Literal["insert", "patch", "cancel", "restore"]
    id: str
    original: str = ""
    etag: str | None = None
    members: Json = field(default_factory=dict)

    @property
    def reschedules(self) -> bool:
        return not self.original and any(name in self.members for name in (*_TIMES, "recurrence"))


def patches(before: bytes | None, after: bytes) -> list[Patch]:
    new = source_of(after)
    old = source_of(before) if before is not None else None
    result = []
    if new.set.event is not None:
        result += _event(old.set.event if old is not None else None, new.set.event)
    was_off = old.off if old is not None else {}
    keys = {*new.overrides, *new.off, *(key for key in was_off if _is_date(new, key))}
    for key in in_order(keys, [key for key in new.overrides if _moves_later(old, new, key)]):
        result += _instance(old, new, key)
    return result


def _is_date(source: Source, key: InstanceKey) -> bool:
    return source.dates is not None and source.dates.is_key(key) and source.dates.has(key, source.clock)


def _moves_later(old: Source | None, new: Source, key: InstanceKey) -> bool:
    now = old.overrides.get(key) if old is not None else None
    wanted = _start(new, key, new.overrides[key])
    at = _start(old, key, now) if old is not None and now is not None else original(new, key)
    return rough_instant(wanted) > rough_instant(at)


def _start(source: Source, key: InstanceKey, resource: Json) -> When:
    span = override_fields(source, key, resource)["time"]
    assert isinstance(span, Span)
    return source.clock.wire(span.start)


def original(source: Source, key: InstanceKey) -> When:
    """Where the series put the instance of that key, at Outlook."""
    start = source.span.start if source.span is not None else None
    if start is None:
        span = override_fields(source, key, source.overrides[key])["time"]
        assert isinstance(span, Span)
        start = span.start
    return source.clock.wire(from_key(key, start))


# -- the event ---------------------------------------------------------------------------------------------------------


def _event(old: Json | None, new: Json) -> list[Patch]:
    if old is None:
        members = {name: _said(name, new[name]) for name in (*WRITABLE, MEMBER) if name in new}
        return [Patch("insert", text_of(new, "id"), members=members)]
    members = _difference(old, new)
    if "start" in members and isinstance(new.get("recurrence"), dict) and _moves_days(old, new):
        members["recurrence"] = _said("recurrence", new["recurrence"])
    return [Patch("patch", text_of(old, "id"), "", _etag(old), members)] if members else []


def _moves_days(old: Json, new: Json) -> bool:
    """Another zone or another first day: Graph takes neither without the rule (L4.2, L5.1)."""
    zones = [text_of(one, "originalStartTimeZone") for one in (old, new)]
    days = [text_of(object_of(object_of(one, "recurrence"), "range"), "startDate") for one in (old, new)]
    return zones[0] != zones[1] or days[0] != days[1]


def _said(name: str, value: object) -> object:
    """A member as a request says it: Graph fills in the zone of a series by itself."""
    if name != "recurrence" or not isinstance(value, dict):
        return value
    extent = {key: part for key, part in object_of(value, "range").items() if key != "recurrenceTimeZone"}
    return {**value, "range": extent}


def _difference(old: Json, new: Json) -> Json:
    members: Json = {}
    for name in WRITABLE:
        if _said(name, old.get(name)) != _said(name, new.get(name)):
            members[name] = _said(name, new.get(name))
    if any(name in members for name in _TIMES):
        members |= {name: new[name] for name in ("start", "end") if name in new}
    if properties := changed_properties(old, new):
        members[MEMBER] = properties
    return members


# -- instances ---------------------------------------------------------------------------------------------------------


def _instance(old: Source | None, new: Source, key: InstanceKey) -> list[Patch]:
    there = old.overrides.get(key) if old is not None else None
    target = (text_of(there or {}, "id"), original_text(original(new, key)), _etag(there) if there else None)
    was_off = old is not None and key in old.off
    if key in new.off:
        return [] if was_off else [Patch("cancel", *target)]
    wanted = new.overrides.get(key)
    if was_off:
        return [Patch("restore", *target, _all(wanted) if wanted is not None else {})]
    assert wanted is not None
    members = _difference(there if there is not None else _inherited(new, key), wanted)
    members.pop(MEMBER, None) if new.set.event is not None else None
    return [Patch("patch", *target, members)] if members else []


def _etag(resource: Json) -> str | None:
    return text_of(resource, "@odata.etag") or None


def _all(wanted: Json) -> Json:
    return {name: wanted[name] for name in WRITABLE if name in wanted and name != "recurrence"}


def _inherited(source: Source, key: InstanceKey) -> Json:
    """A plain instance, as Graph shows it: its master's members at its own time."""
    master, wanted = source.set.event or {}, source.overrides[key]
    base = {name: value for name, value in master.items() if name != "recurrence"}
    own = inherited_span(source.span, key) if source.span is not None else None
    if own is not None and same_value("time", own, override_fields(source, key, wanted)["time"]):
        return {**base, **{name: wanted[name] for name in _TIMES if name in wanted}}
    return {**base, "start": None, "end": None}
