"""The way from the internet to the receiver: a program that prints its address, a fixed address, or none.

Shape   `tend(now)` starts what is to be started and returns when to come again; `url` is the address, or None;
        `words` say how it is
Rule    a program that ends is started again, after longer and longer pauses; it never outlives us (leash)
"""

from __future__ import annotations

import collections
import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from shutil import which
from typing import IO, Protocol

from calsync_cli.config.environment import without_secrets
from calsync_cli.config.values import BadValue, address
from calsync_cli.model.account import Tunnel
from calsync_cli.ports import Ports
from calsync_cli.watch import leash
from calsync_cli.watch.inbox import Inbox, Stirred

LONGEST_PAUSE = timedelta(minutes=5)
STEADY = timedelta(minutes=1)
"""Whoever lived so long is started again at once."""
PATIENCE = timedelta(seconds=60)
"""Until a program must have named its address."""
KNOWN: Mapping[str, Tunnel] = {
    "cloudflared": Tunnel(
        "cloudflared", ("cloudflared", "tunnel", "--no-autoupdate", "--url", "http://127.0.0.1:{port}"),
        r"https://(?!api\.)[a-z0-9-]+\.trycloudflare\.com",
    ),
    "ngrok": Tunnel(
        "ngrok", ("ngrok", "http", "127.0.0.1:{port}", "--log", "stdout", "--log-format", "logfmt"),
        r"\burl=(https://\S+)",
    ),
}


class Way(Protocol):
    @property
    def url(self) -> str | None: ...
    @property
    def words(self) -> str: ...
    def tend(self, now: datetime) -> datetime | None: ...
    def restart(self, why: str, now: datetime) -> None: ...
    def close(self) -> None: ...


class Fixed:
    """url None: no way at all."""

    def __init__(self, url: str | None) -> None:
        self.url = url.rstrip("/") if url else None
        self.words = self.url or "no tunnel"

    def tend(self, now: datetime) -> datetime | None:
        return None

    def restart(self, why: str, now: datetime) -> None:
        """It is somebody else's."""

    def close(self) -> None: ...


class Program:
    def __init__(self, tunnel: Tunnel, port: int, ports: Ports, inbox: Inbox) -> None:
        known = KNOWN.get(tunnel.name, tunnel)
        self._command = [word.replace("{port}", str(port)) for word in known.command]
        self._pattern = re.compile(known.url_regex)
        self._ports, self._inbox = ports, inbox
        self._process: subprocess.Popen[bytes] | None = None
        self._tail: collections.deque[str] = collections.deque(maxlen=1)
        self._failures = 0
        self._began: datetime | None = None
        self._again: datetime | None = None
        self.name = Path(self._command[0]).name if tunnel.name == "command" else tunnel.name
        self.url: str | None = None
        self._problem = ""

    @property
    def words(self) -> str:
        return self._problem or (f"{self.name} {self.url}" if self.url else f"{self.name} starts")

    def tend(self, now: datetime) -> datetime | None:
        if self._process is not None and self._process.poll() is not None:
            said = f": {self._tail[0]}" if self._tail else ""
            self._ended(f"{self.name} ended ({self._process.returncode}){said}", now)
        if self._process is not None and self.url is None and now - (self._began or now) >= PATIENCE:
            self.restart(f"{self.name} named no address", now)
        if self._process is None:
            if self._again is not None and self._again - LONGEST_PAUSE <= now < self._again:
                return self._again
            self._start(now)
        return None if self.url else self._again or now + PATIENCE

    def restart(self, why: str, now: datetime) -> None:
        self._end()
        self._ended(why, now)

    def close(self) -> None:
        self._end()

    # -- the process ---------------------------------------------------------------------------------------------------

    def _start(self, now: datetime) -> None:
        self._began, self._again = now, None
        if which(self._command[0]) is None:
            self._ended(f"{self._command[0]} is not installed", now)
            return
        self._problem = ""
        self._tail.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(leash.__file__)), *self._command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=without_secrets(os.environ),
        )
        reader = threading.Thread(target=self._listen, args=(self._process,), name="tunnel", daemon=True)
        reader.start()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """In a thread: the whole output is read, or the program would stand still."""
        pipe: IO[bytes] | None = process.stdout
        with contextlib.suppress(OSError, ValueError):
            while pipe is not None and (line := pipe.readline(10_000)):
                text = "".join(c for c in line.decode(errors="replace").strip() if c.isprintable())[:200]
                if text:
                    self._tail.append(text)
                found = self._pattern.search(text) if process is self._process else None
                if found is not None:
                    self._named(found[1] if found.re.groups else found[0])
        self._inbox.put(Stirred())

    def _named(self, url: str) -> None:
        """Plain http leads to this machine only, in tests."""
        with contextlib.suppress(BadValue):
            url = address(url.rstrip("/"))
            if url != self.url:
                self.url = url
                self._inbox.put(Stirred())

    def _ended(self, words: str, now: datetime) -> None:
        steady = now - (self._began or now) > STEADY
        self._failures = 0 if steady else self._failures + 1
        pause = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(self._failures, 10)))
        self._process, self.url, self._again = None, None, now + pause
        self._problem = f"{words}; again in {int(pause.total_seconds())} s"

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            with contextlib.suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
            try:
                process.wait(leash.PATIENCE_S + 2)
            except subprocess.TimeoutExpired:
                process.kill()


def way(tunnel: Tunnel, public_url: str | None, port: int, ports: Ports, inbox: Inbox) -> Way:
    if public_url is not None or tunnel.name == "none":
        return Fixed(public_url)
    return Program(tunnel, port, ports, inbox)
