"""How far a set of calls has come, for whoever shows progress.

Threads  the calls run in worker threads, so `report` is called from them, one at a time
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class Tally:
    """Counts what the calls are worth as they end, well or badly. A total of 0 stands for one that is not known."""

    def __init__(self, report: Callable[[str, int, int], None], what: str, total: int) -> None:
        self._report, self._what, self._total = report, what, total
        self._lock = Lock()
        self._done = 0
        if total:
            report(what, 0, total)

    def add(self, worth: int) -> None:
        with self._lock:
            self._done += worth
            self._report(self._what, self._done, self._total)

    def counting(self, call: Callable[[], T], worth: int = 1) -> Callable[[], T]:
        def counted() -> T:
            try:
                return call()
            finally:
                self.add(worth)

        return counted
