"""An exclusive lock on a file, between processes and between threads; the system releases it with its holder.

Shape   `with held(path, ports, wait_s):`; the file is made for the owner alone, stays empty and is never removed
Errors  Busy when somebody else still holds it after `wait_s`; OSError when the file cannot be made or locked at all
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calsync_cli import files
from calsync_cli.ports import Ports

STEP_S = 0.02


class Busy(Exception):
    """Somebody else holds the lock."""


@contextmanager
def held(path: Path, ports: Ports, wait_s: float) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = ports.monotonic_s() + wait_s
        while not files.try_lock(handle):
            if ports.monotonic_s() >= deadline:
                raise Busy(str(path))
            ports.sleep(STEP_S)
        yield
    finally:
        os.close(handle)
