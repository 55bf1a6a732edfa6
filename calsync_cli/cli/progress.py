"""Progress bars on stderr for work that lasts longer than a second; rich is loaded only then.

Threads  `update` may be called from any thread; a timer's thread draws the first picture, also while one slow request
         keeps everybody waiting
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Timer
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 1.0
WORDS = {"list": "looking at calendars", "read": "reading events", "write": "writing events"}


class Bar:
    def __init__(self, *, color: bool, patience_s: float = PATIENCE_S) -> None:
        self._color, self._patience_s = color, patience_s
        self._lock = Lock()
        self._counts: dict[str, tuple[int, int]] = {}
        self._tasks: dict[str, Any] = {}
        self._drawn: Any = None
        self._timer: Timer | None = None
        self._wait()

    def update(self, what: str, done: int, total: int) -> None:
        with self._lock:
            self._counts[what] = (done, total)
            if self._drawn is not None:
                self._draw(what)

    def close(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._drawn is not None:
                self._drawn.stop()
                self._drawn = None
                self._tasks.clear()

    def aside(self, call: Callable[P, T]) -> Callable[P, T]:
        """The call with the bars out of its way: a question must not be drawn over."""

        def asked(*args: P.args, **more: P.kwargs) -> T:
            self.close()
            try:
                return call(*args, **more)
            finally:
                self._wait()

        return asked

    def _wait(self) -> None:
        self._timer = Timer(self._patience_s, self._open)
        self._timer.daemon = True
        self._timer.start()

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        with self._lock:
            if self._timer is None:
                return
            console = Console(stderr=True, color_system="auto" if self._color else None)
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._drawn = Progress(*columns, console=console, transient=True, redirect_stdout=False,
                                   redirect_stderr=False)
            for what in self._counts:
                self._draw(what)
            self._drawn.start()

    def _draw(self, what: str) -> None:
        done, total = self._counts[what]
        if what not in self._tasks:
            self._tasks[what] = self._drawn.add_task(WORDS.get(what, what), total=total)
        self._drawn.update(self._tasks[what], completed=done, total=total)
