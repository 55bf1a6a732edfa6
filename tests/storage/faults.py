"""The shim is compiled, and `tests.storage.loop` run with it below Python and SQLite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")


def why_not() -> str:
    """Why it cannot be done here, or ""."""
    if not sys.platform.startswith("linux"):
        return "file operations are made to fail on Linux only"
    return "" if shutil.which("cc") else "there is no C compiler to make the shim with"


def compiled(folder: Path) -> Path:
    library = folder / "shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True, capture_output=True)
    return library


def run(folder: Path, *words: str, quiet: bool = True) -> tuple[int, str]:
    """(exit code, what was said) of `python -m tests.storage.loop WORDS`."""
    command = [sys.executable, "-m", "tests.storage.loop", *words]
    environ = {**os.environ, "LD_PRELOAD": str(compiled(folder))}
    done = subprocess.run(command, env=environ, check=False, text=True, stdout=subprocess.PIPE if quiet else None,
                          stderr=subprocess.STDOUT if quiet else None)
    return done.returncode, done.stdout or ""
