"""One write of an event set, request by request: what is asked and sent for it, and what became of it. Pure.

Shape   `planned(cal, write)` -> Plan with its requests: the head (an event, or a series' master), the rest (instances);
        `question` and `call_of` -> the Calls for one of them; `outcome` -> the Receipt or the error of the whole
Guard   call_of refuses what has no version to be held to; is_edited tells an edit that no plan has seen yet (I13)
Errors  a Plan keeps its first one; nothing more is sent for it
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from calsync_cli.errors import (
    CalsyncError,
    InternalCheck,
    PreconditionFailed,
    ProtocolError,
    Refused,
    UnknownOutcome,
)
from calsync_cli.providers.base import Calendar, Receipt, Write
from calsync_cli.providers.google.answers import Json, etag_of, event_id, objects, text
from calsync_cli.providers.google.client import Call, event_path, events_path
from calsync_cli.providers.google.sets import EventSet, is_of_many, is_plain, master_etag
from calsync_cli.providers.google.unseen import CONTENT, is_overwritten

QUIET = {"sendUpdates": "none"}
MOVES = frozenset({"start", "end", "recurrence"})


@dataclass(slots=True)
class Plan:
    """One write and how far it has come.

    rest    the instances' requests; before: the whole set as it was right before, where the write is of several
    now     the instances after the head moved their dates; answer: what the head was answered
    """

    write: Write
    head: Json | None = None
    rest: list[Json] = field(default_factory=list)
    instances: frozenset[str] = frozenset()
    before: EventSet | None = None
    now: dict[str, Json] = field(default_factory=dict)
    answer: Json | None = None
    done: int = 0
    error: CalsyncError | None = None

    @property
    def is_of_many(self) -> bool:
        """A set of several resources, now or after this."""
        return bool(self.rest) or is_of_many(self.write.etag or "")

    @property
    def moves(self) -> bool:
        head = self.head or {}
        return text(head, "kind") == "patch" and not MOVES.isdisjoint(members_of(head))

    def fail(self, error: CalsyncError) -> None:
        self.error = self.error or error


def planned(cal: Calendar, write: Write) -> Plan:
    try:
        event_id({"id": write.remote_id})
    except ProtocolError as err:
        return Plan(write, error=err)
    if write.kind == "delete":
        head = {"kind": "delete", "id": write.remote_id, "etag": master_etag(write.etag or "")}
        return Plan(write, head)
    try:
        body = json.loads(write.body)
        requests, instances = objects(body, "requests"), objects(body, "instances")
        if not isinstance(body.get("requests"), list):
            raise TypeError
        for request in requests:
            event_id({"id": text(request, "id") or write.remote_id})
    except (ValueError, TypeError, AttributeError, ProtocolError):
        return Plan(write, error=InternalCheck(f"{cal.name}: a payload that does not say how it is to be written"))
    plan = Plan(write, instances=frozenset(text(one, "id") for one in instances) - {""})
    plan.head = next((one for one in requests if not text(one, "original")), None)
    plan.rest = [one for one in requests if text(one, "original")]
    if write.kind == "update" and plan.head is not None and text(plan.head, "etag") != master_etag(write.etag or ""):
        plan.fail(PreconditionFailed(f"{cal.name}: the change was planned from another version"))
    return plan


def members_of(request: Json) -> Json:
    found = request.get("members")
    return found if isinstance(found, dict) else {}


def is_settled(plan: Plan, request: Json) -> bool:
    """The version it was planned from still counts, since nothing else of its series was written."""
    return plan.head is None and bool(text(request, "etag"))


def question(cal: Calendar, plan: Plan, request: Json) -> Call:
    """For one instance: by its id, or by its original start where only Google can name it (facts 5.4)."""
    if name := text(request, "id"):
        return Call("GET", event_path(cal.id, name))
    params = {"originalStart": text(request, "original"), "showDeleted": "true"}
    return Call("GET", event_path(cal.id, plan.write.remote_id, "instances"), params)


def is_edited(plan: Plan, request: Json, now: Json) -> bool:
    masters = [one for one in (plan.answer, plan.before and plan.before.event) if one]
    before = plan.before.instances.get(text(now, "id")) if plan.before is not None else None
    if masters and is_plain(now, masters[0]):
        before = None  # whatever exception there was, Google has dropped it
    members = CONTENT if text(request, "kind") == "cancel" else members_of(request)
    return is_overwritten(now, members, before, masters)


def call_of(cal: Calendar, plan: Plan, request: Json, etag: str) -> Call:
    kind = text(request, "kind")
    if kind == "insert":
        return Call("POST", events_path(cal.id), QUIET, {**members_of(request), "id": plan.write.remote_id})
    if not etag_of({"etag": etag}):  # I13
        raise Refused(f"{cal.name}: Google gives this event no version, so it cannot be changed safely")
    path = event_path(cal.id, text(request, "id"))
    if kind in ("delete", "cancel"):
        return Call("DELETE", path, QUIET, etag=etag)
    return Call("PATCH", path, QUIET, members_of(request), etag)


def outcome(cal: Calendar, plan: Plan, about: Json) -> Receipt | CalsyncError:
    """With what Google answered, where that is all of the event; else it is read back (F4)."""
    name, error = plan.write.remote_id, plan.error
    if error is not None:
        half = f"{cal.name}: not all of the series was written ({error})"
        return UnknownOutcome(half) if plan.done else error
    if plan.answer is None or plan.is_of_many or plan.instances:
        return Receipt(name)
    item = EventSet(name, plan.answer).item(about)
    return Receipt(name, item.etag, item)


def stale(cal: Calendar) -> PreconditionFailed:
    return PreconditionFailed(f"{cal.name}: the event was changed by somebody else")
