"""A progress bar on stderr, drawn only when the work has lasted a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WORDS = {"write": "writing", "read": "reading"}


class Bar:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def update(self, what: str, done: int, total: int) -> None:
        if self._progress is None:
            if self._clock() - self._began < 1.0:
                return
            self._progress = self._open()
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(WORDS.get(what, what), total=total)
        self._progress.update(self._tasks[what], completed=done, total=total)

    def _open(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        progress = Progress(*columns, console=Console(stderr=True), transient=True)
        progress.start()
        return progress

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
