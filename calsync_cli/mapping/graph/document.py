"""One event set of Microsoft Graph as one JSON document: what a provider stores as the payload of an item.

Shape   {"calendar": {"id", "name", "timeZone", "canViewPrivateItems", "canShare"}, "event": event resource or null,
        "instances": [event resource], "cancelled": [text]} in UTF-8 with sorted keys and no blanks. `event` is the
        single event or the master; null when only instances of a series are here (R9). `instances` are its exceptions;
        plain occurrences among them are not looked at. `cancelled` are its deleted dates as `cancelledOccurrences`
        names them: `OID.{master}.{date}`, or the date alone while the master has no id
        `calendar` and each of its members may be left out; `timeZone` is the mailbox's own, any name
Members  are kept exactly as Graph sent them; nothing here knows what they mean, but for what instances are sorted by
Errors  MappingError with a reason in words for what is no such document
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from calsync_cli.errors import MappingError
from calsync_cli.mapping.jsondoc import Json, decoded, dumped, text_of
from calsync_cli.model.plain import dataclass

REQUESTS = "requests"
"""The member that says what to send; `read` does not look at it (patches)."""


@dataclass(slots=True)
class EventSet:
    """The parts of a document; `others` are top-level members that nobody here knows."""

    event: Json | None
    instances: list[Json]
    cancelled: list[str]
    calendar: Json = field(default_factory=dict)
    others: Json = field(default_factory=dict)

    @property
    def resources(self) -> list[Json]:
        return [*([self.event] if self.event is not None else []), *self.instances]

    def data(self) -> bytes:
        instances = sorted(self.instances, key=lambda one: (text_of(one, "originalStart"), text_of(one, "id")))
        body = {**self.others, "event": self.event, "instances": instances, "cancelled": sorted(self.cancelled)}
        return dumped({**body, "calendar": self.calendar} if self.calendar else body)


def document(
    event: Mapping[str, Any] | None,
    instances: Iterable[Mapping[str, Any]] = (),
    cancelled: Iterable[str] = (),
    calendar: Mapping[str, Any] | None = None,
) -> bytes:
    """The payload for resources as Graph sent them. Same resources in any order: same bytes."""
    body = dict(event) if event is not None else None
    return EventSet(body, [dict(one) for one in instances], list(cancelled), dict(calendar or {})).data()


def parsed(payload: bytes) -> EventSet:
    data = decoded(payload)
    if data is None:
        raise MappingError("this is not a JSON document")
    if not isinstance(data, dict) or "event" not in data:
        raise MappingError("this is not an event set of Microsoft Graph")
    event, instances = data.pop("event"), data.pop("instances", [])
    cancelled, calendar = data.pop("cancelled", []), data.pop("calendar", {})
    data.pop(REQUESTS, None)
    if not isinstance(event, dict | None) or not isinstance(instances, list) or not isinstance(calendar, dict):
        raise MappingError("this is not an event set of Microsoft Graph")
    if not all(isinstance(one, dict) for one in instances):
        raise MappingError("an instance in this event set is not an object")
    if not isinstance(cancelled, list) or not all(isinstance(one, str) for one in cancelled):
        raise MappingError("a deleted date of this event set is not a text")
    if event is None and not instances:
        raise MappingError("the event set holds no event")
    return EventSet(event, instances, cancelled, calendar, data)
