"""Somebody at a terminal who reads what a program asks and answers it.

Shape   `typed(command, environ, folder, answers, columns)` -> (exit code, everything on the screen, answers included)
        answers are pairs of words to wait for and what to type then, in order; None types nothing, a function is asked
        with all that is on the screen
Errors  AssertionError when the words do not come
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE_S = 60.0
LINES = 60

Answer = str | None | Callable[[str], str | None]
Answers = Sequence[tuple[str, Answer]]


def typed(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, answers: Answers = (), columns: int = 100
) -> tuple[int, str]:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
        os.execve(command[0], list(command), {**environ, "TERM": "xterm-256color"})
    screen, seen, ended = "", 0, False
    deadline = time.monotonic() + PATIENCE_S

    def more(what: str) -> bool:
        """Whether there was more on the screen; at its end Linux says EIO."""
        nonlocal screen
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"{what} did not appear behind:\n{screen}"
        try:
            new = os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            return False
        screen += new
        return bool(new)

    try:
        for words, answer in answers:
            while words not in screen[seen:]:
                assert more(repr(words)), f"{words!r} did not appear in:\n{screen}"
            seen = screen.index(words, seen) + len(words)
            text = answer(screen) if callable(answer) else answer
            if text is not None:
                os.write(terminal, (text + "\n").encode())
        while more("the end"):
            pass
        ended = True
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), screen.replace("\r\n", "\n")
    finally:
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(terminal)
