"""Event sets from Google's single resources: a series is its master and all its exceptions (facts 4.3, 4.4; O6). Pure.

Shape   EventSet(id, event, instances): id is the master's or single event's id, or for an instance whose series is not
        here (R9) its own; `item` is what the engine gets, its payload the document that mapping/google reads
Etags   of a set with instances: the master's etag, `#`, and a digest over all; so that `master_etag` finds it again
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from calsync_cli.model.plain import dataclass
from calsync_cli.providers.base import Item
from calsync_cli.providers.google.answers import Json, etag_of, text
from calsync_cli.providers.versions import set_etag

_INSTANCE_ID = re.compile(r"(.+)_(\d{8})(?:T(\d{6})Z)?", re.DOTALL | re.ASCII)


@dataclass(slots=True)
class EventSet:
    id: str
    event: Json | None
    instances: dict[str, Json] = field(default_factory=dict)

    @property
    def resources(self) -> list[Json]:
        head = [self.event] if self.event is not None else []
        return [*head, *(one for _, one in sorted(self.instances.items()))]

    def item(self, about: Mapping[str, Any]) -> Item:
        """about: what the document says of the calendar."""
        parts = [one for _, one in sorted(self.instances.items())]
        body = {"calendar": dict(about), "event": self.event, "instances": parts}
        try:
            payload = json.dumps(body, separators=(",", ":"), sort_keys=True).encode("ascii")
        except RecursionError:
            payload = b""  # too deep to be kept: one that cannot be read, as the engine will find (O8)
        return Item(self.id, self._etag(), payload, self._stamp())

    def _etag(self) -> str | None:
        """None unless each part has a version: what is written must be what was read (I13)."""
        return set_etag([etag_of(one) for one in self.resources])

    def _stamp(self) -> datetime | None:
        """When anything of it was changed last, by Google's clock (D2)."""
        return max((when for one in self.resources if (when := updated(one)) is not None), default=None)


def assembled(resources: Iterable[Json]) -> tuple[list[EventSet], dict[str, list[Json]]]:
    """Of a complete listing: the living sets, and by the id of their series those instances whose series is not in it.

    Dead series take their instances with them, and cancelled instances of a series that is not here are nothing.
    """
    resources = list(resources)
    sets = {text(one, "id"): EventSet(text(one, "id"), one) for one in resources if not text(one, "recurringEventId")}
    loose: dict[str, list[Json]] = {}
    for one in resources:
        of = text(one, "recurringEventId")
        if of in sets:
            sets[of].instances[text(one, "id")] = one
        elif of and not is_cancelled(one):
            loose.setdefault(of, []).append(one)
    return [found for found in sets.values() if not is_cancelled(found.event or {})], loose


def is_bare(resource: Json) -> bool:
    """A tombstone that may be an instance's, without its series (facts 4.3)."""
    bare = is_cancelled(resource) and not text(resource, "recurringEventId")
    return bare and _INSTANCE_ID.fullmatch(text(resource, "id")) is not None


def completed(instance: Json, series: str) -> Json:
    """A tombstone that lacks everything but its id, with what the id says (facts 4.3)."""
    if "originalStartTime" in instance and "recurringEventId" in instance:
        return instance
    found = _INSTANCE_ID.fullmatch(text(instance, "id"))
    if found is None or "originalStartTime" in instance:
        return {**instance, "recurringEventId": series}
    _, day, clock = found.groups()
    date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    start = {"date": date} if clock is None else {"dateTime": f"{date}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z"}
    return {**instance, "recurringEventId": series, "originalStartTime": start}


def series_of(instance: Json) -> str:
    """The series that an instance belongs to, else "". The prefix of the id is not always right (facts 0.7), so it is
    believed only of a tombstone that says nothing else."""
    if said := text(instance, "recurringEventId"):
        return said
    found = _INSTANCE_ID.fullmatch(text(instance, "id")) if is_cancelled(instance) else None
    return found[1] if found else ""


def is_plain(instance: Json, master: Json) -> bool:
    """An instance without an exception of its own is as old as its series: Google makes it up when asked for it."""
    same = text(instance, "updated") == text(master, "updated") != ""
    return same and not is_cancelled(instance)


def is_cancelled(resource: Mapping[str, Any]) -> bool:
    """The status decides, not which fields are there (facts 0.5)."""
    return resource.get("status") == "cancelled"


def updated(resource: Mapping[str, Any]) -> datetime | None:
    try:
        when = datetime.fromisoformat(text(resource, "updated"))
        return when.astimezone(UTC) if when.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
