"""Event sets from Google's single resources: a series is its master and all its exceptions (facts 4.3, 4.4; O6). Pure.

Shape   EventSet(id, event, instances): id is the master's or single event's id, or for an instance whose series is not
        here (R9) its own; `payload` is the document that mapping/google reads
Etags   of a set with instances: the master's etag, `#`, and a digest over all; so that `master_etag` finds it again
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from calsync_cli.providers.base import Item

Json = dict[str, Any]
_INSTANCE_ID = re.compile(r"(.+)_(\d{8})(?:T(\d{6})Z)?", re.DOTALL | re.ASCII)


@dataclass(slots=True)
class EventSet:
    id: str
    event: Json | None
    instances: dict[str, Json] = field(default_factory=dict)

    @property
    def is_live(self) -> bool:
        if self.event is not None:
            return not is_cancelled(self.event)
        return any(not is_cancelled(one) for one in self.instances.values())

    def item(self, about: Mapping[str, Any]) -> Item:
        """about: what the document says of the calendar."""
        parts = sorted(self.instances.items())
        body = {"calendar": dict(about), "event": self.event, "instances": [one for _, one in parts]}
        text = json.dumps(body, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
        return Item(self.id, self._etag(), text.encode("ascii"), self._stamp())

    def _etag(self) -> str | None:
        etags = [text(one, "etag") for one in [self.event or {}, *(one for _, one in sorted(self.instances.items()))]]
        if not any(etags):
            return None
        if len(etags) == 1:
            return etags[0]
        return f"{etags[0]}#{hashlib.sha256(json.dumps(etags).encode()).hexdigest()[:24]}"

    def _stamp(self) -> datetime | None:
        """When anything of it was changed last, by Google's clock (D2)."""
        stamps = [when for one in [self.event or {}, *self.instances.values()] if (when := updated(one)) is not None]
        return max(stamps, default=None)


def master_etag(etag: str) -> str:
    head, mark, _ = etag.rpartition("#")
    return head if mark and head.endswith('"') else etag


def assembled(resources: Iterable[Json]) -> list[EventSet]:
    """Of a complete listing. Cancelled instances of a series that is not here are nothing."""
    resources = [one for one in resources if text(one, "id")]
    sets = {text(one, "id"): EventSet(text(one, "id"), one) for one in resources if not text(one, "recurringEventId")}
    for one in resources:
        of, name = text(one, "recurringEventId"), text(one, "id")
        if of in sets:
            sets[of].instances[name] = one
        elif of:
            sets[name] = EventSet(name, None, {name: one})
    return [found for found in sets.values() if found.is_live]


def with_newer(known: Json | None, other: Json | None) -> Json | None:
    """Of two states of one resource the later one; a list may be older than an answer (facts 4.5)."""
    if known is None or other is None:
        return other if known is None else known
    first, second = updated(known), updated(other)
    if is_cancelled(known) != is_cancelled(other) and (first is None or second is None):
        return known  # a bare tombstone has no stamp; `known` came from the newer answer
    return other if first is not None and second is not None and second > first else known


def completed(instance: Json, series: str) -> Json:
    """A tombstone that lacks everything but its id, with what the id says (facts 4.3)."""
    found = _INSTANCE_ID.fullmatch(text(instance, "id"))
    if found is None or "originalStartTime" in instance:
        return {**instance, "recurringEventId": text(instance, "recurringEventId") or series}
    _, day, clock = found.groups()
    date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    start = {"date": date} if clock is None else {"dateTime": f"{date}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z"}
    return {**instance, "recurringEventId": series, "originalStartTime": start}


def series_of(instance_id: str) -> str:
    """The series that an id seems to be an instance of, else "". The prefix is not always right (facts 0.7)."""
    found = _INSTANCE_ID.fullmatch(instance_id)
    return found[1] if found else ""


def is_cancelled(resource: Mapping[str, Any]) -> bool:
    """The status decides, not which fields are there (facts 0.5)."""
    return resource.get("status") == "cancelled"


def text(resource: Mapping[str, Any], name: str) -> str:
    value = resource.get(name)
    return value if isinstance(value, str) else ""


def updated(resource: Mapping[str, Any]) -> datetime | None:
    try:
        when = datetime.fromisoformat(text(resource, "updated"))
    except ValueError:
        return None
    return when if when.tzinfo is not None else None
