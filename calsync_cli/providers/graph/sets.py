"""Event sets from Graph resources: a series is its master, its exceptions, its cancelled dates (facts L6, O6). Pure.

Shape   EventSet(id, event, instances, cancelled); `item` is the document that mapping/graph reads. event None: only an
        instance is here, and its series is not (R9)
Etags   of a set with more than one resource: the master's, `#`, and a digest over all
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from calsync_cli.errors import ProtocolError
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.base import Item
from calsync_cli.providers.graph.answers import GRAPH, Json, etag_of, event_id, modified, text
from calsync_cli.providers.versions import set_etag

CANCELLED, EXCEPTIONS = "cancelledOccurrences", "exceptionOccurrences"
INSTANCES = frozenset({"occurrence", "exception"})


@dataclass(slots=True)
class EventSet:
    """cancelled: `OID.{master}.{date}` as Graph names the dates that were taken out."""

    id: str
    event: Json | None
    instances: dict[str, Json] = field(default_factory=dict)
    cancelled: tuple[str, ...] = ()

    @property
    def resources(self) -> list[Json]:
        head = [self.event] if self.event is not None else []
        return [*head, *(one for _, one in sorted(self.instances.items()))]

    def item(self, about: Mapping[str, Any]) -> Item:
        """about: what the document says of the calendar."""
        instances = [one for _, one in sorted(self.instances.items())]
        body = {"calendar": dict(about), "event": self.event, "instances": instances,
                "cancelled": sorted(self.cancelled)}
        try:
            payload = json.dumps(body, separators=(",", ":"), sort_keys=True).encode("ascii")
        except RecursionError:
            payload = b""  # too deep to be kept: one that cannot be read, as the engine will find (O8)
        return Item(self.id, self.etag, payload, self._stamp())

    @property
    def etag(self) -> str | None:
        return set_etag([etag_of(one) for one in self.resources], sorted(self.cancelled))

    def _stamp(self) -> datetime | None:
        """When anything of it was changed last, by Microsoft's clock (D2)."""
        return max((when for one in self.resources if (when := modified(one)) is not None), default=None)


def single(event: Json) -> EventSet:
    return EventSet(text(event, "id"), bare(event))


def alone(instance: Json) -> EventSet:
    """An instance without its series."""
    name = text(instance, "id")
    return EventSet(name, None, {name: bare(instance)})


def tells_all(event: Json) -> bool:
    """Of a series both its deleted dates and its exceptions, which some accounts may not (L17.7)."""
    return not is_series(event) or (event.get(CANCELLED) is not None and event.get(EXCEPTIONS) is not None)


def series(master: Json) -> EventSet:
    """From the answer that holds all of it. Raises ProtocolError where dates or exceptions are not told: they would
    look as if nobody had ever taken one out (I8)."""
    cancelled = master.get(CANCELLED)
    if not isinstance(cancelled, list) or not all(isinstance(one, str) for one in cancelled):
        raise ProtocolError("Microsoft does not tell which dates of a series were deleted; it cannot be kept in sync")
    if not isinstance(master.get(EXCEPTIONS), list):
        raise ProtocolError("Microsoft does not tell which dates of a series were changed; it cannot be kept in sync")
    exceptions = {event_id(one): bare(one) for one in GRAPH.objects(master, EXCEPTIONS)}
    return EventSet(text(master, "id"), bare(master), exceptions, tuple(cancelled))


def bare(resource: Json) -> Json:
    """Without what is said about the answer, and without the other parts of a set."""
    told = (name for name in resource if "@" in name and name != "@odata.etag")
    left = {*told, CANCELLED, EXCEPTIONS}
    return {name: value for name, value in resource.items() if name not in left}


def is_instance(resource: Mapping[str, Any]) -> bool:
    return text(resource, "type") in INSTANCES


def is_series(resource: Mapping[str, Any]) -> bool:
    return text(resource, "type") == "seriesMaster"
