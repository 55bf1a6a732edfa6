"""The outside world as the program sees it: time, sleep, fresh ids. Nothing else asks the system for these (Q1).

Tests pass their own `Ports`; production uses `system_ports()`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from calsync_cli.model.plain import dataclass


@dataclass(frozen=True, slots=True)
class Ports:
    """now: aware UTC; monotonic_s: for durations; sleep: seconds; fresh_id: 32 hex digits, unguessable.

    waits: told before a wait that somebody asked for who it is ("Google (work) asks to wait") and how many seconds,
    and behind it the same words with 0; from any thread
    """

    now: Callable[[], datetime]
    monotonic_s: Callable[[], float]
    sleep: Callable[[float], None]
    fresh_id: Callable[[], str]
    waits: Callable[[str, float], None] = lambda why, seconds: None

    def wait(self, seconds: float, why: str) -> None:
        self.waits(why, seconds)
        try:
            self.sleep(seconds)
        finally:
            self.waits(why, 0.0)


def _fresh_id() -> str:
    import secrets  # not at the top: few commands need an id, and every start would pay for it

    return secrets.token_hex(16)


def system_ports() -> Ports:
    return Ports(
        now=lambda: datetime.now(UTC),
        monotonic_s=time.monotonic,
        sleep=time.sleep,
        fresh_id=_fresh_id,
    )
