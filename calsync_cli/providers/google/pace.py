"""No more requests to Google than its quota lets through: 600 units a minute and user (facts 8.1).

Shape   Pace(ports).take(units) returns when they may be spent; `pause(seconds)` makes everybody wait who comes later
Window  any 60 seconds count, not the minutes of a clock. A bucket that fills up again while it is being emptied lets
        nearly twice as much through in the first minute, which Google refuses; so what was spent is remembered
Threads all of an account share one Pace; each waits outside of the lock for the time it was given
"""

from __future__ import annotations

import threading
from collections import deque

from calsync_cli.ports import Ports

PER_MINUTE = 600
WINDOW_S = 62.0
"""Two seconds for the way to Google, where the windows are counted."""


class Pace:
    def __init__(self, ports: Ports, per_minute: int = PER_MINUTE) -> None:
        self._ports, self._limit = ports, per_minute
        self._spent: deque[tuple[float, int]] = deque()
        self._units = 0
        self._from = 0.0
        self._lock = threading.Lock()

    def take(self, units: int) -> None:
        """Waits as long as needed; more than a whole window at once waits for an empty one."""
        with self._lock:
            now = self._ports.monotonic_s()
            at = max(now, self._from)
            while self._spent and (self._spent[0][0] <= at - WINDOW_S or self._units + units > self._limit):
                first, gone = self._spent.popleft()
                self._units -= gone
                at = max(at, first + WINDOW_S)
            self._spent.append((at, units))
            self._units += units
            self._from = at
        if at > now:
            self._ports.sleep(at - now)

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._from = max(self._from, self._ports.monotonic_s() + seconds)
