"""What is to be run and when, for all schedulers alike.

Step    `sync --due` itself decides which pairs are due, so a scheduler only has to look often enough: at most as far
        apart as the shortest `every`, in steps that divide an hour. An hour at most: whatever a sleeping or switched
        off machine missed is made up for within that time, whichever scheduler it has
Offset  minutes within the step, each machine its own, so that not all of them ask a server at the same second
"""

from __future__ import annotations

import hashlib
import platform
import sys
from datetime import timedelta
from pathlib import Path

from calsync_cli.errors import UsageError
from calsync_cli.model.plain import dataclass

STEPS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Job:
    """name: of the entry; another configuration or state folder has another. Times are minutes."""

    name: str
    command: tuple[str, ...]
    step: int
    offset: int
    folder: Path

    @property
    def minutes(self) -> list[int]:
        """Of each hour."""
        return list(range(self.offset, 60, self.step))


def job(config: Path, state_dir: Path, every: timedelta, *, usual: bool) -> Job:
    """usual: both paths are where they are when no option says otherwise."""
    minutes = every.total_seconds() / 60
    step = max((one for one in STEPS if one <= minutes), default=1)
    which = hashlib.sha256(f"{config}\n{state_dir}".encode()).hexdigest()
    name = "calsync" if usual else f"calsync-{which[:8]}"
    offset = int(hashlib.sha256(f"{platform.node()}\n{which}".encode()).hexdigest()[:8], 16) % step
    command = (_python(), "-m", "calsync_cli", "-q", "-c", str(config), "--state-dir", str(state_dir), "sync", "--due")
    if any(not word.isprintable() for word in command):
        text = "a path with a line end or another unprintable sign cannot be scheduled; nothing was done"
        raise UsageError(text, next="calsync config path")
    return Job(name, command, step, offset, config.parent)


def _python() -> str:
    """On Windows the one that opens no window."""
    windowless = Path(sys.executable).with_name("pythonw.exe")
    return str(windowless) if sys.platform == "win32" and windowless.exists() else sys.executable
