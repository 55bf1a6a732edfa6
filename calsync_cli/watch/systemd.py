"""What systemd wants to hear of a service with Type=notify: that it is ready, how it is, that it is alive.

Source  sd_notify(3): one datagram to the socket in NOTIFY_SOCKET; a first @ stands for a zero byte
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping


class Systemd:
    """Silent where nobody asked to be told. watchdog_s: how often `alive` must be said; 0: never."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = environ.get("NOTIFY_SOCKET", "")
        wait = environ.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(wait) / 2e6 if self._path and wait.isdecimal() else 0.0

    def say(self, text: str) -> None:
        if not self._path or not hasattr(socket, "AF_UNIX"):
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(text.encode(), self._path.replace("@", "\0", 1) if self._path[0] == "@" else self._path)

    def ready(self) -> None:
        self.say("READY=1")

    def status(self, words: str) -> None:
        self.say(f"STATUS={words}")

    def alive(self) -> None:
        self.say("WATCHDOG=1")

    def stopping(self) -> None:
        self.say("STOPPING=1")
