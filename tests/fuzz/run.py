"""One case of a target by its number: whether it breaks a law, and where."""

from __future__ import annotations

import traceback
from pathlib import Path
from random import Random

from tests.fuzz.targets import TARGETS


def broken(name: str, seed: int, number: int, *, save: Path | None = None) -> str:
    """Why this case breaks a law, with the place; "" when it keeps them all."""
    raw, check = TARGETS[name](Random(f"{name} {seed} {number}"))
    try:
        check()
    except Exception as err:  # whatever it is, it is a finding
        if save is not None:
            (save / f"{name}-{seed}-{number}").write_bytes(raw)
        frame = traceback.extract_tb(err.__traceback__)[-1]
        return f"{type(err).__name__}: {str(err)[:150]} ({Path(frame.filename).name}:{frame.lineno})"
    return ""
