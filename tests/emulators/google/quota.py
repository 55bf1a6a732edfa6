"""Requests per minute and user, in a sliding window by the clock (facts 8.1, item 41). Off unless a limit is given."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random

from tests.emulators.clock import Clock
from tests.emulators.google import errors

WINDOW_S = 60.0
PATCH_UNITS = 3


@dataclass
class Quota:
    clock: Clock
    dice: Random
    per_minute: int | None = None
    writes_blocked_until_s: float = 0.0           # quotaExceeded: no matter of seconds, reads go on
    spent: dict[str, deque[tuple[float, int]]] = field(default_factory=dict)
    refused: int = 0

    def spend(self, user: str, method: str, writes: bool) -> None:
        """ApiError when there is nothing left; a refused request costs nothing."""
        now = self.clock.now_s()
        if writes and now < self.writes_blocked_until_s:
            raise errors.quota_exceeded()
        if self.per_minute is None:
            return
        window = self.spent.setdefault(user, deque())
        while window and window[0][0] <= now - WINDOW_S:
            window.popleft()
        units = PATCH_UNITS if method.endswith(".patch") else 1
        if sum(cost for _, cost in window) + units > self.per_minute:
            self.refused += 1
            raise self.dice.choice((errors.user_rate_limit, errors.rate_limit, errors.too_many_requests))()
        window.append((now, units))
