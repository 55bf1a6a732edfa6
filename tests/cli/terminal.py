"""The real program in a real terminal: a child behind a pty, read until something shows, answered with keys.

Shape   `with Terminal(shell, "conflicts", "resolve") as term:` term.see("quit? "); term.type("a"); term.end() -> code
        `term.screen` is everything written so far, standard error included
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path
from typing import Protocol, Self

PATIENCE_S = 30.0


class Configured(Protocol):
    """Whoever has a configuration and a state folder."""

    @property
    def config(self) -> Path: ...

    @property
    def state(self) -> Path: ...


class Terminal:
    def __init__(
        self, shell: Configured, *words: str, columns: int = 80, lines: int = 40, stdout: Path | None = None,
        **environ: str,
    ) -> None:
        config, state = str(shell.config), str(shell.state)
        command = [sys.executable, "-m", "calsync_cli", "-c", config, "--state-dir", state, *words]
        self.screen, self._seen = "", 0
        self._code: int | None = None
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a suite in the background hands down that it is ignored
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            if stdout is not None:
                os.dup2(os.open(stdout, os.O_CREAT | os.O_WRONLY), 1)
            kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
            os.execve(sys.executable, command, {**kept, "TERM": "xterm-256color", **environ})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._terminal)

    def see(self, words: str) -> str:
        """Wait until the words appear behind what was seen before; returns what came up to their end."""
        found = self.see_or_end(words)
        assert found, f"{words!r} did not appear in:\n{self.screen[self._seen:]}"
        return found

    def see_or_end(self, words: str) -> str:
        """The same; "" when the program ends without them."""
        deadline = time.monotonic() + PATIENCE_S
        while words not in self.screen[self._seen :]:
            if not self._read(deadline):
                return ""
        end = self.screen.index(words, self._seen) + len(words)
        found, self._seen = self.screen[self._seen : end], end
        return found

    def type(self, keys: str) -> None:
        """A line, as typed with Enter."""
        self.press(keys + "\n")

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def silent(self, seconds: float) -> bool:
        """Whether nothing more is written for so long."""
        return not select.select([self._terminal], [], [], seconds)[0]

    def interrupt(self, number: int | None = None) -> int:
        """Ctrl-C or a signal, until it is heard: the first may come just before the program begins to wait for keys."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < deadline, f"nobody heard it:\n{self.screen}"
            os.kill(self.pid, number) if number else self.press("\x03")
            self.screen += "\n"  # the echo is not followed by a line end
            while select.select([self._terminal], [], [], 1.0)[0]:
                if not self._read(time.monotonic() + 1.0):
                    return self.end()

    def end(self) -> int:
        """Wait for the program to end; returns its exit code. A traceback is never right."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read(deadline):
            pass
        self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        assert "Traceback" not in self.screen and "unexpected error" not in self.screen, self.screen
        return self._code

    def _read(self, deadline: float) -> bool:
        """More of the screen; False at its end. Linux says EIO there."""
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"nothing more came after:\n{self.screen}"
        try:
            more = os.read(self._terminal, 65536)
        except OSError:
            return False
        self.screen += more.decode(errors="replace").replace("\r\n", "\n")
        return bool(more)
