"""How fast something goes on, and how long it will take. Pure; whoever asks brings the clock.

Shape   Meter().note(now_s, done); .rate() per second; .left_s(now_s, total), both None until they can be known
Smooth  over half a minute, and at least over the last two steps: batches end seconds apart
"""

from __future__ import annotations

import math
from collections import deque

WINDOW_S = 30.0
ENOUGH_S = 3.0
"""Before that nothing is foretold."""


class Meter:
    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque()

    def note(self, now_s: float, done: int) -> None:
        """A smaller count than before is a new beginning."""
        if self._steps and done < self._steps[-1][1]:
            self._steps.clear()
        if self._steps and done == self._steps[-1][1]:
            return
        self._steps.append((now_s, done))
        while len(self._steps) > 3 and now_s - self._steps[1][0] > WINDOW_S:
            self._steps.popleft()

    def rate(self) -> float | None:
        if len(self._steps) < 2:
            return None
        (began, first), (ended, last) = self._steps[0], self._steps[-1]
        return (last - first) / (ended - began) if ended - began >= ENOUGH_S else None

    def left_s(self, now_s: float, total: int) -> float | None:
        """Counts down between two steps; a step that is late counts from its own time again."""
        rate = self.rate()
        if rate is None:
            return None
        ended, last = self._steps[-1]
        left = (total - last) / rate
        return left - (now_s - ended) if now_s - ended < left else left


def rate_words(rate: float) -> str:
    """`83/s`, `4.2/s`, `25/min`."""
    if rate < 1:
        return f"{max(1, round(rate * 60))}/min"
    return f"{rate:.1f}/s" if rate < 10 else f"{rate:,.0f}/s"


def left_words(seconds: float) -> str:
    """No finer than it can be known."""
    if seconds < 60:
        return f"about {max(5, 5 * math.ceil(seconds / 5))} s left"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min left"
    hours, tens = divmod(10 * math.ceil(minutes / 10), 60)
    return f"about {hours} h{f' {tens} min' if tens else ''} left"
