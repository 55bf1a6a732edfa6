"""The clock and the source of ids of an emulator; both are passed in, so a test run is a function of its seed.

A Clock either follows real time or stands still at `start` until it is advanced. `tick_us` is for writes: each call is
at least one millisecond later than the one before, so that no two versions of anything share a time stamp.
"""

from __future__ import annotations

import random
import string
import threading
import time
from datetime import UTC, datetime, timedelta

EVENT_ALPHABET = string.digits + string.ascii_lowercase[:22]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._ahead_s = 0.0
        self._last_us = 0
        self._lock = threading.Lock()

    def now_us(self) -> int:
        real = time.time() if self._start is None else self._start.timestamp()
        return max(self._last_us, int((real + self._ahead_s) * 1_000_000))

    def now(self) -> datetime:
        return EPOCH + timedelta(microseconds=self.now_us())

    def now_s(self) -> float:
        return self.now_us() / 1_000_000

    def tick_us(self) -> int:
        with self._lock:
            self._last_us = max(self._last_us + 1000, self.now_us())
            return self._last_us

    def advance(self, seconds: float) -> None:
        self._ahead_s += seconds


def stamp(us: int) -> str:
    """RFC 3339 with milliseconds, as in `updated`."""
    moment = EPOCH + timedelta(microseconds=us)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Ids:
    """Random names that repeat with the seed."""

    def __init__(self, seed: int = 0) -> None:
        self.random = random.Random(seed)

    def event_id(self) -> str:
        return "".join(self.random.choices(EVENT_ALPHABET, k=26))

    def secret(self, prefix: str = "", length: int = 40) -> str:
        return prefix + "".join(self.random.choices(string.ascii_letters + string.digits + "-_", k=length))
