"""One write of an event set that is stored as several resources, request by request, and what became of it. Pure.

Shape   `planned(cal, write, check)` -> Plan with its requests: the head (an event, or a series' master), the rest
        (instances). Requests are those of the mappings' patches: kind, id, original, etag, members
Errors  a Plan keeps its first one; nothing more is sent for it. What a cut leaves is UnknownOutcome
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Generic, TypeVar

from calsync_cli.errors import CalsyncError, InternalCheck, PreconditionFailed, ProtocolError, UnknownOutcome
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.answers import Json, text
from calsync_cli.providers.base import Calendar, Write
from calsync_cli.providers.versions import is_of_many, master_etag

MOVES = frozenset({"start", "end", "isAllDay", "recurrence"})
S = TypeVar("S")


@dataclass(slots=True)
class Plan(Generic[S]):
    """One write and how far it has come.

    rest    the instances' requests; before: the whole set as it was right before, where the write is of several
    now     the instances after the head moved their dates; answer: what the head was answered
    """

    write: Write
    head: Json | None = None
    rest: list[Json] = field(default_factory=list)
    instances: frozenset[str] = frozenset()
    before: S | None = None
    now: dict[str, Json] = field(default_factory=dict)
    answer: Json | None = None
    done: int = 0
    error: CalsyncError | None = None

    @property
    def id(self) -> str:
        return self.write.remote_id

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

    def failure(self, cal: Calendar) -> CalsyncError | None:
        """For the one who asked for the write."""
        if self.error is None or not self.done:
            return self.error
        return UnknownOutcome(f"{cal.name}: not all of the series was written ({self.error})")


def planned(cal: Calendar, write: Write, check: Callable[[Mapping[str, Any]], str], kind: type[Plan[S]]) -> Plan[S]:
    """check: raises ProtocolError for a resource whose id cannot stand in an address."""
    try:
        check({"id": write.remote_id})
    except ProtocolError as err:
        return kind(write, error=err)
    if write.kind == "delete":
        return kind(write, {"kind": "delete", "id": write.remote_id, "etag": master_etag(write.etag or "")})
    try:
        body = json.loads(write.body)
        requests, instances = _objects(body["requests"]), _objects(body.get("instances", []))
        for request in requests:
            check({"id": text(request, "id") or write.remote_id})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ProtocolError):
        return kind(write, error=InternalCheck(f"{cal.name}: a payload that does not say how it is to be written"))
    plan = kind(write, instances=frozenset(text(one, "id") for one in instances) - {""})
    plan.head = next((one for one in requests if not text(one, "original")), None)
    plan.rest = [one for one in requests if text(one, "original")]
    if write.kind == "update" and plan.head is not None and text(plan.head, "etag") != master_etag(write.etag or ""):
        plan.fail(PreconditionFailed(f"{cal.name}: the change was planned from another version"))
    return plan


def _objects(found: object) -> list[Json]:
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TypeError
    return found


def members_of(request: Json) -> Json:
    found = request.get("members")
    return found if isinstance(found, dict) else {}


def stale(cal: Calendar) -> PreconditionFailed:
    return PreconditionFailed(f"{cal.name}: the event was changed by somebody else")
