"""How far long work is, on stderr, once it lasts longer than a second; rich is loaded only then.

Shape   `Bar.update(what, done, total)`, stage after stage: a total of 0 is not known yet, and is not made up;
        `Bar.wait(why, seconds)`: somebody asked for a pause, 0 when it is over
Threads both may be called from any thread; one of rich's draws, also while one slow request keeps everybody waiting
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from threading import Lock, Timer
from typing import Any, ParamSpec, TypeVar

from calsync_cli.cli.meter import Meter, left_words, rate_words
from calsync_cli.model.plain import dataclass

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 1.0
A_SECOND = 4
"""So often it is drawn."""
WORDS = {"list": "looking at calendars", "read": "reading events", "keep": "taking in events",
         "plan": "comparing", "write": "writing events"}
LABEL = max(map(len, WORDS.values()))
FULL, EMPTY, WIDEST, NARROWEST = "━", "─", 24, 6


@dataclass(slots=True)
class Stage:
    """meter: of what is done since the stage was begun last."""

    what: str
    done: int = 0
    total: int = 0
    meter: Meter = field(default_factory=Meter)

    def note(self, now_s: float, done: int, total: int) -> None:
        self.done, self.total = done, total
        self.meter.note(now_s, done)

    def line(self, now_s: float, columns: int, *, is_over: bool, is_waiting: bool) -> str:
        label = f"{WORDS.get(self.what, self.what):<{LABEL}}"
        if not self.total:
            so_far = "" if is_over else " so far"
            return f"{label}  {f'{self.done:,} events{so_far}' if self.done else ''}".rstrip()
        counts = f"{self.done:,} of {self.total:,}"
        if self.done >= self.total:
            return f"{label}  {counts}"
        rate, left = self.meter.rate(), self.meter.left_s(now_s, self.total)
        after = [rate_words(rate)] if rate else []
        after += [left_words(left)] if left and not is_waiting else []
        text = "  ".join([counts, *after])
        room = min(WIDEST, columns - len(label) - len(text) - 5)
        if room < NARROWEST:
            return f"{label}  {text}"
        full = room * self.done // self.total
        return f"{label}  {FULL * full}{EMPTY * (room - full)}  {text}"


class Bar:
    def __init__(self, clock_s: Callable[[], float], *, color: bool, patience_s: float = PATIENCE_S) -> None:
        self._clock_s, self._color, self._patience_s = clock_s, color, patience_s
        self._lock, self._life = Lock(), Lock()
        self._stages: list[Stage] = []
        self._waits: list[tuple[str, float]] = []
        self._drawn: Any = None
        self._timer: Timer | None = None
        self._begin()

    def update(self, what: str, done: int, total: int) -> None:
        with self._lock:
            known = next((n for n, stage in enumerate(self._stages) if stage.what == what), len(self._stages))
            if self._stages[known:] and done < self._stages[known].done:
                del self._stages[known:]  # one more round, or the next group: all that follows begins anew
            if not self._stages[known:]:
                self._stages.append(Stage(what))
            self._stages[known].note(self._clock_s(), done, total)

    def wait(self, why: str, seconds: float) -> None:
        """Of several that wait for the same, any one's end is the end of one."""
        with self._lock:
            if seconds:
                self._waits.append((why, self._clock_s() + seconds))
            else:
                over = next((wait for wait in sorted(self._waits, key=lambda w: w[1]) if wait[0] == why), None)
                if over is not None:
                    self._waits.remove(over)

    def lines(self, columns: int) -> Iterator[str]:
        with self._lock:
            now = self._clock_s()
            until = {why: max(end for other, end in self._waits if other == why) for why, _ in self._waits}
            waits = {why: max(1, round(end - now)) for why, end in until.items() if end - now > 0.5}
            for stage in self._stages:
                over = stage is not self._stages[-1]
                yield stage.line(now, columns, is_over=over, is_waiting=bool(waits))
        yield from (f"{why} {seconds:,} s" for why, seconds in waits.items())

    def close(self) -> None:
        with self._life:
            if self._timer is not None:
                self._timer.cancel()
            if self._drawn is not None:
                self._drawn.stop()
            self._timer = self._drawn = None

    def aside(self, call: Callable[P, T]) -> Callable[P, T]:
        """The call with the bars out of its way: a question must not be drawn over."""

        def asked(*args: P.args, **more: P.kwargs) -> T:
            self.close()
            try:
                return call(*args, **more)
            finally:
                self._begin()

        return asked

    def _begin(self) -> None:
        self._timer = Timer(self._patience_s, self._open)
        self._timer.daemon = True
        self._timer.start()

    def _open(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(stderr=True, color_system="auto" if self._color else None, highlight=False)

        def picture() -> Text:
            return Text("\n".join(self.lines(console.width)), no_wrap=True, overflow="ellipsis")

        drawn = Live(console=console, get_renderable=picture, refresh_per_second=A_SECOND, transient=True,
                     redirect_stdout=False, redirect_stderr=False)
        with self._life:
            if self._timer is not None:
                self._drawn = drawn
                drawn.start()
