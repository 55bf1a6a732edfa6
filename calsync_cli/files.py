"""Files and folders for their owner alone, from the first moment on, whatever the umask says; and locks on them.

Shape   `write(path, text)` all or nothing: a new file beside it, which nobody else can have put there, takes its name
        `try_lock(handle)` -> whether the system gave it; it is released with the handle, or with its holder
Errors  OSError
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def write(path: Path, text: str, *, mode: int = 0o600, sync: bool = False) -> None:
    """sync: on the disk before it takes the name."""
    partial = path.with_name(path.name + ".part")
    make(partial, mode)
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    partial.replace(path)


def make(path: Path, mode: int = 0o600) -> None:
    """Empty; what lay there before, a link of somebody's too, is gone."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))


def make_folder(path: Path) -> None:
    """With all that is missing above it: who may write there could put another one in its place."""
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)


FAR = 0x7FFFFFFF
"""Windows locks bytes, and against readers too: one far behind the text, so that others can read who holds it."""


def try_lock(handle: int) -> bool:
    """Exclusive, between processes and between threads. Raises OSError where files cannot be locked at all."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # Windows says the second
        return False
    return True
