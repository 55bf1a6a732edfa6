"""So many at once, and then no more than so many a second."""

from __future__ import annotations

from collections.abc import Callable


class Bucket:
    def __init__(self, monotonic_s: Callable[[], float], burst: int, per_s: float) -> None:
        self._clock, self._burst, self._per_s = monotonic_s, burst, per_s
        self._left, self._at = float(burst), monotonic_s()

    def take(self) -> bool:
        """Whether one more may pass."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
