"""Versions of instances that are newer than what lists may show for a while (facts 4.5).

Shape   note(calendar, resources) what a delta or a write answered; doubtful(calendar, series, listed) -> the ids for
        which a list says something else, so that they are read one by one
Life    a quarter of an hour, as long as the engine distrusts lists after a write (O3)
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from calsync_cli.ports import Ports
from calsync_cli.providers.google.answers import Json, etag_of, text
from calsync_cli.providers.google.sets import series_of

LIFE_S = 900.0


class Fresh:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._lock = threading.Lock()
        self._noted: dict[tuple[str, str], dict[str, tuple[str, float]]] = {}
        self._swept = 0.0

    def note(self, calendar: str, resources: Iterable[Json]) -> None:
        now = self._ports.monotonic_s()
        with self._lock:
            self._forget(now)
            for one in resources:
                if series := series_of(one):
                    self._noted.setdefault((calendar, series), {})[text(one, "id")] = (etag_of(one), now)

    def doubtful(self, calendar: str, series: str, listed: Mapping[str, Json]) -> set[str]:
        with self._lock:
            noted = self._noted.get((calendar, series), {})
            return {name for name, (etag, _) in noted.items() if name not in listed or etag_of(listed[name]) != etag}

    def _forget(self, now: float) -> None:
        """Once in a while: a thousand writes note a thousand times."""
        if now - self._swept < LIFE_S / 10:
            return
        self._swept = now
        for key, noted in list(self._noted.items()):
            kept = {name: known for name, known in noted.items() if now - known[1] < LIFE_S}
            if kept:
                self._noted[key] = kept
            else:
                del self._noted[key]
