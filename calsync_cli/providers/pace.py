"""No more requests than a service's quota lets through: so many units in any so many seconds.

Shape   Pace(ports, units, seconds).take(units) returns when they may be spent; `pause(seconds)` makes everybody wait
        who comes later
Window  any minute counts, not those of a clock. A bucket that fills up again while it is being emptied lets nearly
        twice as much through in the first one, which the service refuses; so what was spent is remembered
Threads all of an account share one Pace; each waits outside of the lock for the time it was given
"""

from __future__ import annotations

import threading
from collections import deque

from calsync_cli.ports import Ports

ON_THE_WAY_S = 2.0
"""For the way to the service, where the windows are counted."""


class Pace:
    def __init__(self, ports: Ports, units: int, seconds: float, service: str = "the server") -> None:
        self._ports, self._limit, self._window_s = ports, units, seconds + ON_THE_WAY_S
        self._service = service
        self._paused_until = 0.0
        self._spent: deque[tuple[float, int]] = deque()
        self._units = 0
        self._from = 0.0
        self._lock = threading.Lock()

    def take(self, units: int) -> None:
        """Waits as long as needed; more than a whole window at once waits for an empty one."""
        with self._lock:
            now = self._ports.monotonic_s()
            at = max(now, self._from)
            while self._spent and (self._spent[0][0] <= at - self._window_s or self._units + units > self._limit):
                first, gone = self._spent.popleft()
                self._units -= gone
                at = max(at, first + self._window_s)
            self._spent.append((at, units))
            self._units += units
            self._from = at
            told = at <= self._paused_until
        if at > now:
            why = f"{self._service} asks to wait" if told else f"as fast as {self._service} allows; going on in"
            self._ports.wait(at - now, why)

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._paused_until = max(self._paused_until, self._ports.monotonic_s() + seconds)
            self._from = max(self._from, self._paused_until)
