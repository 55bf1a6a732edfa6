"""Where a feed comes from: an address on the web, asked with conditions, or a file.

Shape   `source.get(validators)` -> Answer with the bytes, or with None where nothing has changed since `validators`
Limits  CONNECT_S to connect, TOTAL_S for all, MAX_BYTES unpacked (facts 8)
Errors  AuthError, CalendarGone, TransientError, ProtocolError; none of them holds the address, which is a secret, and
        none proves anything about an event (O9)
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol

from calsync_cli.errors import CalendarGone, ProtocolError
from calsync_cli.model.plain import dataclass
from calsync_cli.providers import vdir_files

MAX_BYTES = 20_000_000
KEPT = "The events that were read before stay"

Validators = Mapping[str, str]
"""What makes the next request conditional, as it was received; of a file its version."""


@dataclass(frozen=True, slots=True)
class Answer:
    """body None: as before. max_age_s: how long the publisher thinks that it stays so, if it said."""

    body: bytes | None
    validators: Validators = field(default_factory=dict)
    charset: str = ""
    max_age_s: int | None = None


class Source(Protocol):
    place: str
    """Names the feed, without giving its address away."""
    label: str
    """The same for a person."""
    served: bool
    """By a program, which may make it anew for each reader, and may want to be left alone for a while."""
    requests: dict[str, int]

    def get(self, validators: Validators) -> Answer: ...

    def close(self) -> None: ...


class FileSource:
    """`path` of the configuration; its version is what a stat shows."""

    served = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self.place, self.label = f"ics {path}", str(path)
        self.requests = {"read": 0, "write": 0}

    def get(self, validators: Validators) -> Answer:
        self.requests["read"] += 1
        try:
            info = self._path.stat()
            version = {"file": vdir_files.etag_of(info)}
            if version == dict(validators):
                return Answer(None, validators)
            if not stat.S_ISREG(info.st_mode):
                raise ProtocolError(f"{self._path} is no file. {KEPT}", next="calsync config edit")
            if info.st_size > MAX_BYTES:
                raise too_large(str(self._path))
            return Answer(self._path.read_bytes(), version)
        except FileNotFoundError:
            raise CalendarGone(f"The file {self._path} is not there. {KEPT}", next="calsync config edit") from None
        except OSError as err:
            text = f"The file {self._path} cannot be read ({err.strerror}). {KEPT}"
            raise CalendarGone(text, next="calsync doctor") from err

    def close(self) -> None:
        """Nothing is held open."""


def useless(what: str) -> ProtocolError:
    """An answer from which nothing follows."""
    return ProtocolError(f"{what}. {KEPT}", next="calsync doctor")


def too_large(place: str) -> ProtocolError:
    return useless(f"{place} has more than {MAX_BYTES // 1_000_000} MB, which no feed needs")
