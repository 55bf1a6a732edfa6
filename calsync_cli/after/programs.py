"""A program of the user's: JSON on its standard input, a time limit, and nothing it does can hurt the run.

Shape   `call(command, data, ...)` -> None, or in words why it did not do its work; its output goes to the log
Limits  the whole group of processes is ended after `limit_s` seconds; of its output the last OUTPUT_BYTES are kept
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from calsync_cli.model.words import printable

OUTPUT_BYTES = 4000
WORDS = 160
log = logging.getLogger(__name__)


def call(
    command: Sequence[str], data: Mapping[str, Any], *, folder: Path, environ: Mapping[str, str], limit_s: float
) -> str | None:
    """Relative to `folder`, the configuration's, are its name where that has a slash, and its working folder."""
    placed = any(sign in command[0] for sign in (os.sep, os.altsep or os.sep))
    words = [str(folder / command[0]) if placed else command[0], *command[1:]]
    try:
        with tempfile.TemporaryFile() as given:
            given.write(json.dumps(data).encode())
            given.seek(0)
            process = subprocess.Popen(
                words, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, env=dict(environ),
                start_new_session=sys.platform != "win32",
            )
    except (OSError, ValueError) as err:  # it is not there, the disk is full, its words cannot be passed on
        return f"{_name(command)} cannot be run ({getattr(err, 'strerror', None) or err})"
    return _ended(process, _name(command), limit_s)


def _name(command: Sequence[str]) -> str:
    """`python3 chat.py`. What stands further behind may be an address that is a secret."""
    script = next(iter(command[1:2]), "")
    return f"{command[0]} {script}" if re.fullmatch(r"[\w./-]*\w\.\w+", script) else command[0]


def _ended(process: subprocess.Popen[bytes], name: str, limit_s: float) -> str | None:
    said = bytearray()
    # Read aside: what it leaves running in the background may keep the pipe open for ever.
    reader = threading.Thread(target=_drain, args=(process.stdout, said), daemon=True)
    reader.start()
    code = 0
    try:
        code = process.wait(timeout=limit_s)
        words = f"{name} ended with code {code}" if code else None
    except subprocess.TimeoutExpired:
        words = f"{name} took longer than {limit_s:g} s and was ended"
    finally:
        if process.poll() is None:
            end(process)
    reader.join(0.5)
    lines = bytes(said).decode(errors="replace").splitlines()
    for line in lines:
        log.info("%s: %s", name, line)
    last = next((one for line in reversed(lines) if (one := printable(line))), "")
    return f"{words} ({last[:WORDS]})" if code and last else words


def _drain(pipe: IO[bytes] | None, into: bytearray) -> None:
    with contextlib.suppress(OSError, ValueError):
        while pipe is not None and (piece := pipe.read1(65536)):  # type: ignore[attr-defined]
            into += piece
            del into[:-OUTPUT_BYTES]  # the end tells why it failed


def end(process: subprocess.Popen[bytes]) -> None:
    """With everything that it started, where the system can say what that is."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
