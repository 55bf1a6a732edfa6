"""The limits of Outlook: four requests at once for a mailbox, ten thousand in ten minutes (facts A6.1, L10).

Shape   Throttle(knobs, clock): with throttle.inside(mailbox, units): ...; raises GraphError 429 (or 503)
Facts   refused requests count too; each one during a penalty makes the penalty longer
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime

from tests.emulators.graph.errors import GraphError
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.world import Clock

SOON = timedelta(seconds=10)


class Throttle:
    def __init__(self, knobs: Knobs, clock: Clock) -> None:
        self.knobs, self.clock = knobs, clock
        self.lock = threading.Lock()
        self.busy: dict[int, int] = {}
        self.recent: dict[int, deque[float]] = {}
        self.until: dict[int, float] = {}
        self.most_busy = 0

    @contextmanager
    def inside(self, mailbox: int, units: int = 1) -> Iterator[None]:
        with self.lock:
            self._count(mailbox)
            if self.busy.get(mailbox, 0) + units > self.knobs.concurrency:
                raise self.refusal("MailboxConcurrency", self.knobs.concurrency_status)
            self.busy[mailbox] = self.busy.get(mailbox, 0) + units
            self.most_busy = max(self.most_busy, self.busy[mailbox])
        try:
            yield
        finally:
            with self.lock:
                self.busy[mailbox] -= units

    def part(self, mailbox: int) -> None:
        """A part of a batch: it counts, and its batch already holds a place."""
        with self.lock:
            self._count(mailbox)

    def storm(self, mailbox: int, seconds: float) -> None:
        with self.lock:
            self.until[mailbox] = self.clock.monotonic() + seconds

    def _count(self, mailbox: int) -> None:
        now = self.clock.monotonic()
        recent = self.recent.setdefault(mailbox, deque())
        while recent and recent[0] < now - self.knobs.window_s:
            recent.popleft()
        recent.append(now)
        if now < self.until.get(mailbox, 0.0):
            self.until[mailbox] += 0.1
            raise self.refusal("RequestRate", 429)
        if len(recent) > self.knobs.window_requests:
            self.until[mailbox] = recent[0] + self.knobs.window_s
            raise self.refusal("RequestRate", 429)

    def refusal(self, limit: str, status: int, wait: str | None = None) -> GraphError:
        headers = {
            "RateLimit-Exceeded": limit,
            "RateLimit-Scope": "Mailbox",
            "Rate-Limit-Limit": str(self.knobs.window_requests),
        }
        headers |= {"Rate-Limit-Remaining": "0", "Rate-Limit-Reset": f"{self.clock.now() + SOON:%Y-%m-%dT%H:%M:%SZ}"}
        headers |= self.retry_after("1" if limit == "MailboxConcurrency" and wait is None else wait)
        return GraphError(status, "ApplicationThrottled", f"Application is over its {limit} limit.", headers=headers)

    def retry_after(self, wait: str | None = None) -> dict[str, str]:
        said = (
            self.knobs.retry_after if wait is None or self.knobs.retry_after in ("absent", "date", "decimals") else wait
        )
        if said == "absent":
            return {}
        if said == "date":
            return {"Retry-After": format_datetime(self.clock.now() + timedelta(seconds=2), usegmt=True)}
        return {"Retry-After": "2.128" if said == "decimals" else said}
