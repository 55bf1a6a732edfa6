"""What other threads and signals tell the loop. Each thing waits once, however often it is told.

Threads  `put` may be called from any thread and from a signal handler; `take` only by the loop
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from queue import Empty, SimpleQueue

from calsync_cli.model.plain import dataclass
from calsync_cli.providers.notices import News


@dataclass(frozen=True, slots=True)
class Notice:
    """A server said this about the channel of that number."""

    number: int
    news: News


@dataclass(frozen=True, slots=True)
class Touched:
    """Something changed in a folder of a folder account; None: perhaps, anywhere in it."""

    account: str
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Stirred:
    """The tunnel, the folders or a signal want the loop to look."""


Signal = Notice | Touched | Stirred
MOST = 1000
"""Folders that are told by name at one time; beyond that something else is told already."""


class Inbox:
    def __init__(self) -> None:
        self._queue: SimpleQueue[Signal] = SimpleQueue()
        self._waiting: set[Signal] = set()

    def put(self, signal: Signal) -> None:
        if signal not in self._waiting and len(self._waiting) < MOST:
            self._waiting.add(signal)
            self._queue.put(signal)

    def take(self, wait_s: float) -> list[Signal]:
        """What is there, after waiting for the first of it."""
        found: list[Signal] = []
        with contextlib.suppress(Empty):
            found.append(self._queue.get(timeout=max(0.001, wait_s)))
            while True:
                self._waiting.discard(found[-1])
                found.append(self._queue.get_nowait())
        return found
