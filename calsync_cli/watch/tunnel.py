"""The way from the internet to the receiver: a program that prints its address, a fixed address, or none.

Shape   `tend(now)` starts what is to be started and returns when to come again; `url` is the address, or None;
        `words` say how it is
Rule    a program that ends is started again, after longer and longer pauses; it never outlives us (leash)
"""

from __future__ import annotations

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

TROUBLE = re.compile(
    r'^(?!.*\b(?:lvl=(?:dbug|info|warn)|DBG|INF|WRN)\b).*?\b(?:err|error)="((?:[^"\\]|\\.)+)"'
)
"""Where ngrok and cloudflared say in a line of their log what is wrong, and not what may be so."""
LONGEST_PAUSE = timedelta(minutes=5)
STEADY = timedelta(minutes=1)
"""Whoever led here for so long is started again at once."""
PATIENCE = timedelta(seconds=60)
"""Until a program must have named its address."""
WORDS = 200
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
        self._reader: threading.Thread | None = None
        self._last = self._trouble = ""
        self._failures = 0
        self._began: datetime | None = None
        self._again: datetime | None = None
        self.name = Path(self._command[0]).name if tunnel.name == "command" else tunnel.name
        self.url: str | None = None
        self._problem = ""

    @property
    def words(self) -> str:
        if self.url:
            return f"tunnel: {self.name} {self.url}"
        return f"tunnel: {self._problem or f'{self.name} starts{_behind(self._trouble)}'}"

    def tend(self, now: datetime) -> datetime | None:
        if self._process is not None and self._process.poll() is not None:
            if self._reader is not None:
                self._reader.join(0.5)  # its last words
            self._ended(f"{self.name} ended ({self._process.returncode})", now)
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
        self._last = self._trouble = ""
        if which(self._command[0]) is None:
            self._ended(f"{self._command[0]} is not installed", now)
            return
        self._problem = ""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(leash.__file__)), *self._command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=without_secrets(os.environ),
        )
        self._reader = threading.Thread(target=self._listen, args=(self._process,), name="tunnel", daemon=True)
        self._reader.start()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """In a thread: the whole output is read, or the program would stand still."""
        pipe: IO[bytes] | None = process.stdout
        with contextlib.suppress(OSError, ValueError):
            while pipe is not None and (line := pipe.readline(10_000)):
                text = "".join(c for c in line.decode(errors="replace").strip() if c.isprintable())
                if process is not self._process:
                    continue  # its successor is at work
                self._hear(text)
                if found := self._pattern.search(text):
                    self._named(found[1] if found.re.groups else found[0])
        self._inbox.put(Stirred())

    def _hear(self, text: str) -> None:
        """The first trouble tells most: those after it come of other ways that were tried. ngrok frames its words with
        lines that say ERROR and nothing else."""
        found = TROUBLE.search(text)
        if found and not self._trouble:
            self._trouble = found[1].replace('\\"', '"').partition("\\n")[0][:WORDS]
            self._inbox.put(Stirred())
        elif text and text != "ERROR:":
            self._last = text[:WORDS]

    def _named(self, url: str) -> None:
        """Plain http leads to this machine only, in tests."""
        with contextlib.suppress(BadValue):
            url = address(url.rstrip("/"))
            if url != self.url:
                self.url, self._trouble = url, ""
                self._inbox.put(Stirred())

    def _ended(self, words: str, now: datetime) -> None:
        steady = self.url is not None and now - (self._began or now) > STEADY
        self._failures = 0 if steady else self._failures + 1
        pause = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(self._failures, 10)))
        self._process, self.url, self._again = None, None, now + pause
        self._problem = f"{words}{_behind(self._trouble or self._last)}; again in {int(pause.total_seconds())} s"

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            with contextlib.suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
            try:
                process.wait(leash.PATIENCE_S + 2)
            except subprocess.TimeoutExpired:
                process.kill()


def _behind(words: str) -> str:
    return f": {words}" if words else ""


def way(tunnel: Tunnel, public_url: str | None, port: int, ports: Ports, inbox: Inbox) -> Way:
    if public_url is not None or tunnel.name == "none":
        return Fixed(public_url)
    return Program(tunnel, port, ports, inbox)
