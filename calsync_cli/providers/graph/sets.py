"""Event sets from Graph resources: a series is its master, its exceptions, its cancelled dates (facts L6, O6). Pure.

Shape   EventSet(id, event, instances, cancelled); `item` is the document that mapping/graph reads
Etags   of a set with more than one resource: the master's, `#`, and a digest over all
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from calsync_cli.providers.base import Item

Json = dict[str, Any]


@dataclass(slots=True)
class EventSet:
    """cancelled: `OID.{master}.{date}` as Graph names the dates that were taken out."""

    id: str
    event: Json
    instances: dict[str, Json] = field(default_factory=dict)
    cancelled: tuple[str, ...] = ()

    def item(self, about: Mapping[str, Any]) -> Item:
        instances = [one for _, one in sorted(self.instances.items())]
        body = {"calendar": dict(about), "event": self.event, "instances": instances}
        body["cancelled"] = sorted(self.cancelled)
        payload = json.dumps(body, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii")
        return Item(self.id, self.etag, payload, self._stamp())

    @property
    def etag(self) -> str | None:
        own = etag_of(self.event)
        if not self.instances and not self.cancelled:
            return own or None
        parts = [own, *(etag_of(one) for _, one in sorted(self.instances.items())), *sorted(self.cancelled)]
        return f"{own}#{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]}"

    def _stamp(self) -> datetime | None:
        """When anything of it was changed last, by Microsoft's clock (D2)."""
        stamps = [when for one in [self.event, *self.instances.values()] if (when := modified(one)) is not None]
        return max(stamps, default=None)


def master_etag(etag: str) -> str:
    head, mark, _ = etag.rpartition("#")
    return head if mark and head.endswith('"') else etag


def etag_of(resource: Mapping[str, Any]) -> str:
    return text(resource, "@odata.etag")


def modified(resource: Mapping[str, Any]) -> datetime | None:
    """Up to seven digits of a second come; Python takes six."""
    said = text(resource, "lastModifiedDateTime")
    head, dot, rest = said.partition(".")
    try:
        when = datetime.fromisoformat(f"{head}.{rest.rstrip('Zz')[:6]}+00:00" if dot else said)
    except ValueError:
        return None
    return when if when.tzinfo is not None else None


def text(resource: Mapping[str, Any], name: str) -> str:
    value = resource.get(name)
    return value if isinstance(value, str) else ""


def objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
