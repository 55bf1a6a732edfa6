"""Whether what was read is older than what we wrote ourselves: reads may be behind for a while (L2.3, docs#3706).

Shape   replaced(id, etag), changed(series, instance), cancelled(series, occurrence): a write was carried out
        is_behind(set) -> whether a set that was read shows less than that
Life    a minute
"""

from __future__ import annotations

import threading
from dataclasses import field

from calsync_cli.model.plain import dataclass
from calsync_cli.ports import Ports
from calsync_cli.providers.graph.answers import etag_of, text
from calsync_cli.providers.graph.sets import EventSet

LIFE_S = 60.0


@dataclass(slots=True)
class _Written:
    at: float
    old: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)


class Fresh:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._lock = threading.Lock()
        self._sets: dict[str, _Written] = {}

    def replaced(self, name: str, etag: str) -> None:
        """This version of an event or of a master is no more."""
        with self._lock:
            self._of(name).old.add(etag)

    def changed(self, series: str, instance: str) -> None:
        with self._lock:
            self._of(series).changed.add(instance)

    def cancelled(self, series: str, instance: str, occurrence: str) -> None:
        with self._lock:
            written = self._of(series)
            written.cancelled |= {occurrence} - {""}
            written.changed.discard(instance)

    def moved(self, series: str) -> None:
        """Its dates are others now: what was said of them is void."""
        with self._lock:
            written = self._of(series)
            written.changed.clear()
            written.cancelled.clear()

    def is_behind(self, found: EventSet) -> bool:
        now = self._ports.monotonic_s()
        with self._lock:
            written = self._sets.get(found.id)
            if written is None or now - written.at > LIFE_S:
                return False
            old = any(etag_of(one) in written.old for one in found.resources if text(one, "id") == found.id)
            return old or not (
                written.changed <= found.instances.keys() and written.cancelled <= set(found.cancelled)
            )

    def _of(self, name: str) -> _Written:
        now = self._ports.monotonic_s()
        for other in [other for other, written in self._sets.items() if now - written.at > LIFE_S]:
            del self._sets[other]
        written = self._sets.setdefault(name, _Written(now))
        written.at = now
        return written
