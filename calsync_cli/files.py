"""Files and folders for their owner alone, from the first moment on, whatever the umask says.

Shape   `write(path, text)` all or nothing: a new file beside it, which nobody else can have put there, takes its name
Errors  OSError
"""

from __future__ import annotations

import os
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
