"""The log: a file in the state folder at all times, and stderr with -v.

File    rotated at LOG_BYTES, for its owner alone; what looks like a password or token is struck out of every line,
        tracebacks included
Screen  items with -v, requests with -vv; not what `calsync_cli.cli` logs, since it prints what it has to say
Errors  OSError when the file cannot be opened; later failures to write are silent: a full disk must not stop a look
"""

from __future__ import annotations

import logging
import os
import re
import stat
import sys
from io import TextIOWrapper
from pathlib import Path

from calsync_cli.cli.screen import harmless

LOG_BYTES, LOG_FILES = 1_000_000, 3
FILE_NAME = "calsync.log"

_SECRETS = (
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]*(?=@)"), "..."),  # https://user:password@host
    (re.compile(r"\b(Basic|Bearer|Digest)\s+[A-Za-z0-9+/=._~\"-]{4,}", re.IGNORECASE), r"\1 ..."),
    (re.compile(
        r"""((?:password|passwd|secret|token|authorization|passphrase|code|api_?key)["']?\s*[:=]\s*)"""
        r"""(?:"[^"]*"|'[^']*'|[^\s&,;"']+)""", re.IGNORECASE), r"\1..."),
)


def scrubbed(text: str) -> str:
    """The text without what looks like a password, a code or a token."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def open_log(folder: Path | None, verbosity: int) -> Path | None:
    """Send what is logged to the file in this folder and, if asked for, to stderr. Returns the file."""
    logging.raiseExceptions = False
    root = logging.getLogger("calsync_cli")
    root.setLevel(logging.DEBUG if verbosity > 1 else logging.INFO)
    close_log()
    file = None
    if folder is not None:
        file = folder / FILE_NAME
        handler = _OwnersFile(file, encoding="utf-8")
        handler.setFormatter(_Line("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
    if verbosity:
        loud = logging.StreamHandler()
        loud.setLevel(logging.INFO if verbosity == 1 else logging.DEBUG)
        loud.setFormatter(_Line("%(message)s"))
        loud.addFilter(lambda record: not record.name.startswith("calsync_cli.cli"))
        root.addHandler(loud)
    if not root.handlers:
        root.addHandler(logging.NullHandler())
    return file


def close_log() -> None:
    root = logging.getLogger("calsync_cli")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()


class _Line(logging.Formatter):
    """Times with their offset, no secrets; only the first line of a record begins at the margin, so that no text of
    others can pass for one, and nothing in it steers the terminal that shows the log."""

    default_time_format = "%Y-%m-%dT%H:%M:%S%z"
    default_msec_format = None

    def format(self, record: logging.LogRecord) -> str:
        first, *more = scrubbed(super().format(record)).splitlines() or [""]
        return "\n".join([harmless(first), *(f"    {harmless(line)}" for line in more)])


class _OwnersFile(logging.FileHandler):
    """Each file is for the owner alone, also after a rotation, and also when an older one was not.

    Rotates by itself: to load `logging.handlers` takes longer than to write a run's lines.
    """

    def _open(self) -> TextIOWrapper:
        return TextIOWrapper(open(self.baseFilename, "ab", opener=_private), encoding="utf-8", errors="replace")

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._is_full():
                self._rotate()
            super().emit(record)
        except Exception:
            self.handleError(record)

    def _is_full(self) -> bool:
        """A device or a pipe that somebody put in its place never is."""
        assert self.stream is not None
        info = os.fstat(self.stream.fileno())
        return stat.S_ISREG(info.st_mode) and info.st_size >= LOG_BYTES

    def _rotate(self) -> None:
        if self.stream is not None:
            self.stream.close()
        names = [self.baseFilename, *(f"{self.baseFilename}.{number}" for number in range(1, LOG_FILES + 1))]
        try:
            for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
                if Path(newer).exists():
                    Path(newer).replace(older)
        finally:
            self.stream = self._open()


def _private(path: str, flags: int) -> int:
    number = os.open(path, flags, 0o600)
    if sys.platform != "win32":
        os.fchmod(number, 0o600)
    return number
