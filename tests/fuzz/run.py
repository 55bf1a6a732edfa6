"""One case of a target by its number: whether it breaks a law, and where."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz.targets import TARGETS

HOPELESS_S = 30.0


@contextmanager
def bounded() -> Iterator[None]:
    """Ends what takes for ever, where the system has a clock for that; what is only slow is told by the laws."""
    def end(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no end after {HOPELESS_S:.0f} s of CPU")

    if not hasattr(signal, "ITIMER_PROF"):
        yield
        return
    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, HOPELESS_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def broken(name: str, seed: int, number: int, *, save: Path | None = None) -> str:
    """Why this case breaks a law, with the place; "" when it keeps them all."""
    raw, check = TARGETS[name](Random(f"{name} {seed} {number}"))
    try:
        with bounded():
            check()
    except Exception as err:  # whatever it is, it is a finding
        if save is not None:
            (save / f"{name}-{seed}-{number}").write_bytes(raw)
        frame = traceback.extract_tb(err.__traceback__)[-1]
        return f"{type(err).__name__}: {str(err)[:150]} ({Path(frame.filename).name}:{frame.lineno})"
    return ""
