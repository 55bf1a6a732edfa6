"""One event set of Google Calendar as one JSON document: what a provider stores as the payload of an item.

Shape   {"calendar": {"id", "timeZone", "accessRole"}, "event": Events resource or null, "instances": [Events resource]}
        in UTF-8 with sorted keys and no blanks. `event` is the single event or the master; null when only instances of
        a series are here (R9). `instances` are its exceptions, changed and cancelled ones, by original start.
        `calendar` may be left out; with it floating times, zones and hidden details are read better (facts 3.2, 3.3)
Members  are kept exactly as Google sent them; nothing here knows what they mean, but for the key of an instance
Errors  MappingError with a reason in words for what is no such document
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from calsync_cli.errors import MappingError
from calsync_cli.mapping.jsondoc import Json as Json
from calsync_cli.mapping.jsondoc import decoded, dumped
from calsync_cli.mapping.jsondoc import object_of as object_of
from calsync_cli.mapping.jsondoc import objects_of as objects_of
from calsync_cli.mapping.jsondoc import text_of as text_of
from calsync_cli.model.plain import dataclass

_ID_STAMP = re.compile(r".+_(\d{8}(?:T\d{6}Z)?)", re.ASCII | re.DOTALL)


@dataclass(slots=True)
class EventSet:
    """The parts of a document; `others` are top-level members that nobody here knows."""

    event: Json | None
    instances: list[Json]
    calendar: Json = field(default_factory=dict)
    others: Json = field(default_factory=dict)

    @property
    def resources(self) -> list[Json]:
        return [*([self.event] if self.event is not None else []), *self.instances]

    def data(self) -> bytes:
        body = {**self.others, "event": self.event, "instances": sorted(self.instances, key=original_stamp)}
        return dumped({**body, "calendar": self.calendar} if self.calendar else body)


def document(
    event: Mapping[str, Any] | None,
    instances: Iterable[Mapping[str, Any]] = (),
    calendar: Mapping[str, Any] | None = None,
) -> bytes:
    """The payload for resources as Google sent them. Same resources in any order: same bytes."""
    body = dict(event) if event is not None else None
    return EventSet(body, [dict(one) for one in instances], dict(calendar or {})).data()


def parsed(payload: bytes) -> EventSet:
    data = decoded(payload)
    if data is None:
        raise MappingError("this is not a JSON document")
    if not isinstance(data, dict) or "event" not in data:
        raise MappingError("this is not an event set of Google Calendar")
    event, instances = data.pop("event"), data.pop("instances", [])
    calendar = data.pop("calendar", {})
    if not isinstance(event, dict | None) or not isinstance(instances, list) or not isinstance(calendar, dict):
        raise MappingError("this is not an event set of Google Calendar")
    if not all(isinstance(one, dict) for one in instances):
        raise MappingError("an instance in this event set is not an object")
    if event is None and not instances:
        raise MappingError("the event set holds no event")
    return EventSet(event, instances, calendar, data)


def is_cancelled(resource: Json) -> bool:
    """Facts 0.5: the status decides, before anything else is looked at."""
    return resource.get("status") == "cancelled"


def id_stamp(resource: Json) -> str:
    """The original start in an instance id, `20261201T083000Z` or `20261201`; "" in another id (facts 4.4)."""
    found = _ID_STAMP.fullmatch(text_of(resource, "id"))
    return found.group(1) if found else ""


def original_stamp(resource: Json) -> str:
    """Sorts instances by original start, whatever offsets they are spelled with; what cannot be read comes first."""
    node = object_of(resource, "originalStartTime")
    said = text_of(node, "dateTime")
    try:
        when = datetime.fromisoformat(said) if said else None
        if when is not None:
            return f"{(when.astimezone(UTC) if when.tzinfo else when):%Y%m%dT%H%M%SZ}"
    except (ValueError, OverflowError):
        return ""
    return text_of(node, "date").replace("-", "") or id_stamp(resource)
