"""From the document an edit was planned from to the requests that make the edited one (facts 5.4, 6.1).

Shape   patches(before, after) -> Patches in the order they must be sent: the event itself, then its instances by date.
        `before` is None for a document that `make` gave. Members are as PATCH takes them: objects are merged, null
        removes, lists are replaced whole; only members that differ, and never conferences or attachments, nor guests
        but for one's own answer
Again   after a patch that `reschedules`, Google has dropped exceptions whose date moved: read the event set again and
        ask for the patches from what is there now. The same holds after a lost reply: the list shrinks to nothing
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from calsync_cli.mapping.carried import google_place
from calsync_cli.mapping.google.address import original_text, wire_start
from calsync_cli.mapping.google.answer import answer_members
from calsync_cli.mapping.google.clock import read_span, write_time
from calsync_cli.mapping.google.document import Json, is_cancelled, object_of, text_of
from calsync_cli.mapping.google.fields import model_span
from calsync_cli.mapping.google.kept import EMPTIED, KEY, LOSS, kept_of, private_of, properties_of, put_properties
from calsync_cli.mapping.google.source import Source, source_of
from calsync_cli.mapping.inherit import inherited_span, same_value
from calsync_cli.model.plain import dataclass
from calsync_cli.model.times import InstanceKey

WRITABLE = (
    "summary", "description", "location", "start", "end", "recurrence", "transparency", "visibility", "colorId",
    "status", "reminders", "source", "extendedProperties",
)  # fmt: skip
_TIMES = ("start", "end")


@dataclass(frozen=True, slots=True)
class Patch:
    """One request.

    kind      insert: a new event with these members. patch: change these members (of an instance without a resource
              this makes its exception). cancel: take the instance out. restore: bring a cancelled instance back
    id        the event's or instance's id; "" for an instance that only Google can name: ask `events.instances` for
              `original` (facts 5.4)
    original  the instance's original start as `originalStart` takes it; "" for the event itself
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
    for key in sorted(new.overrides):
        result += _instance(old, new, key)
    return result


def _event(old: Json | None, new: Json) -> list[Patch]:
    if old is None:
        members = {name: new[name] for name in ("id", *WRITABLE) if name in new}
        return [Patch("insert", text_of(new, "id"), members=members)]
    members = {**_difference(old, new), **answer_members(old, new)}
    return [Patch("patch", text_of(old, "id"), "", _etag(old), members)] if members else []


def _instance(old: Source | None, new: Source, key: InstanceKey) -> list[Patch]:
    there = old.overrides.get(key) if old is not None else None
    wanted = new.overrides[key]
    original = wire_start(new, key)
    name = text_of(there or wanted, "id") or text_of(wanted, "id")
    target = (name, original_text(original), _etag(there) if there is not None else None)
    was_off, is_off = there is not None and is_cancelled(there), is_cancelled(wanted)
    if is_off:
        return [] if was_off else [Patch("cancel", *target)]
    if was_off:
        return [Patch("restore", *target, _restored(there or {}, wanted))]
    members = _difference(there if there is not None else _inherited(new, key), wanted)
    return [Patch("patch", *target, members)] if members else []


def _etag(resource: Json) -> str | None:
    return text_of(resource, "etag") or None


def _inherited(source: Source, key: InstanceKey) -> Json:
    """An instance without a resource, as Google shows it: its master's members at its own time.

    Whether Google gives it its master's properties too is not known (facts 5.7): the pieces of ours that the master
    has are taken for there, so that they are removed where the exception says `KEY`, as are carried properties that it
    shall not have; all its own are sent.
    """
    master, wanted = source.set.event or {}, source.overrides[key]
    base = {name: value for name, value in master.items() if name not in ("recurrence", "extendedProperties")}
    if "status" in wanted:
        base["status"] = text_of(master, "status") or "confirmed"
    if KEY in private_of(wanted):
        base["extendedProperties"] = {"private": {name: "" for name in private_of(master) if name.startswith(LOSS)}}
        for name, value in kept_of(wanted).items():
            if value == EMPTIED and (place := google_place(name)):
                put_properties(base, place[0], {place[1]: ""})
    span = source.span
    if span is not None:
        own = inherited_span(span, key)
        base |= {"start": write_time(source.clock.wire(own.start)), "end": write_time(source.clock.wire(own.end))}
        if same_value("time", own, model_span(read_span(wanted, source.clock, [], recurs=False), source.clock)):
            base |= {name: wanted[name] for name in _TIMES if name in wanted}
    return base


def _restored(there: Json, wanted: Json) -> Json:
    """All members, since a cancelled instance may show none of those it had."""
    members: Json = {name: wanted.get(name) for name in WRITABLE if name not in ("recurrence", "extendedProperties")}
    members["status"] = text_of(wanted, "status") or "confirmed"
    changed = _difference(there, wanted).get("extendedProperties")
    return {**members, "extendedProperties": changed} if changed else members


def _difference(old: Json, new: Json) -> Json:
    members: Json = {}
    for name in WRITABLE:
        was, now = old.get(name), new.get(name)
        if name == "extendedProperties":
            kinds = ("private", "shared")
            changed = {kind: _merged(properties_of(old, kind), properties_of(new, kind), whole=False) for kind in kinds}
            members |= {name: found} if (found := {kind: some for kind, some in changed.items() if some}) else {}
        elif was != now:
            members[name] = _merged(object_of(old, name), now, whole=True) if isinstance(now, dict) else now
    if any(name in members for name in _TIMES):
        members |= {name: new[name] for name in _TIMES if name not in members and name in new}
    return members


def _merged(old: Json, new: Json, *, whole: bool) -> Json:
    """What PATCH needs to make an object `new` of `old`; `whole`: also the members that stay."""
    gone = {name: None for name in old if name not in new}
    return {**gone, **{name: value for name, value in new.items() if whole or old.get(name) != value}}
