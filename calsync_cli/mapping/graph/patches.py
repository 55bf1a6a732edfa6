"""From the document an edit was planned from to the requests that make the edited one (facts L4.1, L6.2).

Shape   patches(before, after) -> Patches in the order they must be sent: the event itself, then its instances. `before`
        is None for a document that `make` gave. Members are as PATCH takes them: one that is named is replaced whole,
        others stay; start and end go together, and the rule with them where the day or the zone changes (L4.2)
Never   guests, online meetings, `transactionId`, `recurrenceTimeZone`, and what only Graph can say
Again   after a patch that `reschedules`, Graph has dropped exceptions and deleted dates: read the event set again and
        ask for the patches from what is there now. The same holds after a lost reply: the list shrinks to nothing
"""

from __future__ import annotations

import json
from dataclasses import field
from typing import Literal

from calsync_cli.mapping.graph.clock import is_plain, node_of, original_text, read_span
from calsync_cli.mapping.graph.kept import MEMBER, changed_properties
from calsync_cli.mapping.graph.meaning import INSTANCE, TIMES, WRITABLE, difference, said
from calsync_cli.mapping.graph.moves import in_order
from calsync_cli.mapping.graph.source import Source, override_fields, source_of
from calsync_cli.mapping.graph.zoned import put_span
from calsync_cli.mapping.graph.zones import known, windows_zones
from calsync_cli.mapping.inherit import inherited_span
from calsync_cli.mapping.jsondoc import Json, object_of, text_of
from calsync_cli.mapping.when import from_key
from calsync_cli.model.plain import dataclass
from calsync_cli.model.recur import same_span
from calsync_cli.model.times import InstanceKey, Span, When, Zoned, rough_instant, utc


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
        return not self.original and any(name in self.members for name in (*TIMES, "recurrence"))


def patches(before: bytes | None, after: bytes) -> list[Patch]:
    new = source_of(after)
    old = source_of(before) if before is not None else None
    result, asked = [], _asked(after)
    if new.set.event is not None:
        result += _event(old, new, asked)
    there = {*old.off, *old.overrides} if old is not None else set()
    keys = {*new.overrides, *new.off, *(key for key in there if _is_date(new, key))}
    for key in in_order(keys, [key for key in new.overrides if _moves_later(old, new, key)]):
        result += _instance(old, new, key, asked)
    return result


def _asked(after: bytes) -> frozenset[str] | None:
    """Ids of the private properties that an edit sets; None for a document that holds no requests yet."""
    requests = json.loads(after).get("requests")
    if requests is None:
        return None
    return frozenset(one["id"] for request in requests for one in request["members"].get(MEMBER, ()))


def _is_date(source: Source, key: InstanceKey) -> bool:
    return source.dates is not None and source.dates.is_key(key) and source.dates.has(key, source.clock)


def _moves_later(old: Source | None, new: Source, key: InstanceKey) -> bool:
    now = old.overrides.get(key) if old is not None else None
    wanted = _start(new, key, new.overrides[key])
    at = _start(old, key, now) if old is not None and now is not None else original(new, key)
    return rough_instant(wanted) > rough_instant(at)


def _start(source: Source, key: InstanceKey, resource: Json) -> When:
    return _wired(source, key, resource).start


def original(source: Source, key: InstanceKey) -> When:
    """Where the series put the instance of that key, at Outlook."""
    start = source.span.start if source.span is not None else None
    if start is None:
        start = _shown_span(source, key, source.overrides[key]).start
    return source.clock.wire(from_key(key, start))


# -- the event ---------------------------------------------------------------------------------------------------------


def _event(old: Source | None, new: Source, asked: frozenset[str] | None) -> list[Patch]:
    event = new.set.event or {}
    if old is None or old.set.event is None:
        members = {name: said(name, event[name]) for name in (*WRITABLE, MEMBER) if name in event}
        return [Patch("insert", text_of(event, "id"), members=members)]
    there = old.set.event
    same = _same_times(_wire_span(old), _wire_span(new))
    members = difference(there, event, same_times=same, recurs=True)
    if not same and isinstance(event.get("recurrence"), dict) and _moves_days(there, event):
        members["recurrence"] = said("recurrence", event["recurrence"])
    if properties := changed_properties(there, event, asked):
        members[MEMBER] = properties
    return [Patch("patch", text_of(there, "id"), "", _etag(there), members)] if members else []


def _wire_span(source: Source) -> Span:
    """The times as Outlook shows them, whatever is kept beside them."""
    event = source.set.event or {}
    return read_span(event, source.clock, [], recurs=source.dates is not None)


def _same_times(a: Span, b: Span) -> bool:
    """In the same zone at the same instants: Outlook moves a time that its clock leaves out."""
    ends = ((a.start, b.start), (a.end, b.end))
    return a == b or all(
        isinstance(x, Zoned) and isinstance(y, Zoned) and x.tzid == y.tzid and utc(x) == utc(y) for x, y in ends
    )


def _moves_days(old: Json, new: Json) -> bool:
    """Another zone or another first day: Graph takes neither without the rule (L4.2, L5.1)."""
    zones = [known(text_of(one, "originalStartTimeZone")) for one in (old, new)]
    days = [text_of(object_of(object_of(one, "recurrence"), "range"), "startDate") for one in (old, new)]
    return zones[0] != zones[1] or days[0] != days[1]


# -- instances ---------------------------------------------------------------------------------------------------------


def _instance(
    old: Source | None, new: Source, key: InstanceKey, asked: frozenset[str] | None
) -> list[Patch]:
    there = old.overrides.get(key) if old is not None else None
    target = (text_of(there or {}, "id"), original_text(original(new, key)), _etag(there) if there else None)
    was_off = old is not None and key in old.off
    if key in new.off:
        return [] if was_off else [Patch("cancel", *target)]
    wanted = new.overrides.get(key) or _plain(new, key)
    if was_off:
        return [Patch("restore", *target, {name: wanted[name] for name in INSTANCE if name in wanted})]
    was = inherited_span(new.span, key) if new.span is not None else None
    if old is not None and there is not None:
        was = _shown_span(old, key, there)
    stays = _kept_from_series(old, new, there, wanted) if there is not None else {}
    there = there if there is not None else new.set.event or {}
    same = was is not None and same_span(new.clock.wire_span(was), _wired(new, key, wanted), repeats=False)
    members = difference(there, wanted if same else _in_its_zones(new, wanted), same_times=same, recurs=False)
    members = {**stays, **members}
    if new.set.event is None and (properties := changed_properties(there, wanted, asked)):
        members[MEMBER] = properties
    return [Patch("patch", *target, members)] if members else []


def _kept_from_series(old: Source | None, new: Source, there: Json, wanted: Json) -> Json:
    """What an exception shall go on to show although its series changes: it would follow where it says nothing of its
    own, and nobody can see from outside whether it does (L16.44)."""
    before, after = old.set.event if old is not None else None, new.set.event
    if before is None or after is None:
        return {}
    changed = difference(before, after, same_times=True, recurs=False)
    own = difference(before, there, same_times=True, recurs=False)
    wants = difference(after, wanted, same_times=True, recurs=False)
    return {name: value for name, value in wants.items() if name in changed and name not in own}


def _in_its_zones(source: Source, resource: Json) -> Json:
    """Outlook shows all times in UTC; one that is sent so is in UTC from then on."""
    span = read_span(resource, source.clock, [], recurs=False)
    nodes = {}
    for name, label, when in (("start", "originalStartTimeZone", span.start), ("end", "originalEndTimeZone", span.end)):
        own = text_of(resource, label)
        if isinstance(when, Zoned) and own in windows_zones() and known(own) == when.tzid and is_plain(when):
            nodes[name] = node_of(when, own)
    return {**resource, **nodes}


def _shown_span(source: Source, key: InstanceKey, resource: Json) -> Span:
    span = override_fields(source, key, resource)["time"]
    assert isinstance(span, Span)
    return span


def _wired(source: Source, key: InstanceKey, resource: Json) -> Span:
    return source.clock.wire_span(_shown_span(source, key, resource))


def _etag(resource: Json) -> str | None:
    return text_of(resource, "@odata.etag") or None


def _plain(source: Source, key: InstanceKey) -> Json:
    """An instance that shows what its series does: what an exception must become that was left behind at its date."""
    master, span = source.set.event or {}, source.span
    assert span is not None
    resource = {name: master[name] for name in INSTANCE if name in master}
    resource["originalStartTimeZone"] = text_of(master, "originalStartTimeZone")
    own = source.clock.wire_span(inherited_span(span, key))
    put_span(resource, own, {}, source.clock.zone, life=None, floating=source.clock.floating is not None)
    return resource
