"""One exclusive lock on the state folder, held by the operating system and released with the process (L1)."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import IO

from calsync_cli import files
from calsync_cli.errors import AlreadyRunning, StoreError
from calsync_cli.ports import Ports


class Lock:
    """Held from construction until `release`. The file's text names the holder, for messages only."""

    def __init__(self, folder: Path, ports: Ports, wait_s: float = 0.0) -> None:
        self._path = folder / "lock"
        try:
            self._path.touch(mode=0o600)
            self._file: IO[str] = self._path.open("a+", encoding="utf-8")
        except OSError as err:
            text = f"{self._path} cannot be opened ({err.strerror}); nothing was touched"
            raise StoreError(text, next="calsync doctor") from err
        deadline = ports.monotonic_s() + wait_s
        while not self._try():
            if ports.monotonic_s() >= deadline:
                holder = self._holder()
                self._file.close()
                raise AlreadyRunning(f"another calsync run{holder} is at work on this state; nothing was touched")
            ports.sleep(0.1)
        me = {"pid": os.getpid(), "host": socket.gethostname(), "since": ports.now().isoformat()}
        with suppress(OSError):  # the words are for others; a full disk keeps no lock from being held
            self._file.seek(0)
            self._file.truncate()
            self._file.write(json.dumps(me))
            self._file.flush()

    def _try(self) -> bool:
        try:
            return files.try_lock(self._file.fileno())
        except OSError as err:
            self._file.close()
            text = f"{self._path} cannot be locked ({err.strerror}); is it on a network drive? Nothing was touched"
            raise StoreError(text, next="calsync --state-dir DIR ...") from err

    def _holder(self) -> str:
        try:
            said = json.loads(self._path.read_text(encoding="utf-8"))
            return f" (process {said['pid']} on {said['host']}, since {said['since'][:19]}Z)"
        except (OSError, ValueError, KeyError):
            return ""

    def release(self) -> None:
        with suppress(OSError):  # words that could not be written
            self._file.close()
