"""What is known of a feed between two runs, as the token that the engine keeps.

Shape   JSON: validators of the last whole reading, the digest of what it said, how its events are named, and when it
        wants to be asked again. Nothing in it gives the address away
Errors  SyncTokenExpired for a token of another feed or another version: everything is listed again
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from calsync_cli.errors import SyncTokenExpired
from calsync_cli.model.plain import dataclass

VERSION = 1


@dataclass(frozen=True, slots=True)
class Token:
    """rest_s, again_at: seconds between two questions, and when the next one may be asked; 0 and None: at any time."""

    place: str
    digest: str
    validators: Mapping[str, str]
    by_content: bool
    rest_s: int = 0
    again_at: str | None = None
    version: int = VERSION

    def text(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    def rests(self, now: datetime) -> bool:
        """Whether the publisher wants to be left alone. A clock that went back does not make that any longer."""
        if self.again_at is None:
            return False
        again = datetime.fromisoformat(self.again_at)
        return now < again <= now + timedelta(seconds=self.rest_s)


def resting(rest_s: int, now: datetime) -> str | None:
    return (now + timedelta(seconds=rest_s)).isoformat(timespec="seconds") if rest_s else None


def read_token(text: str, place: str) -> Token:
    try:
        found = Token(**json.loads(text))
        if found.version != VERSION or found.place != place or not isinstance(found.validators, dict):
            raise ValueError
        if found.again_at is not None:
            datetime.fromisoformat(found.again_at)
    except (TypeError, ValueError):
        raise SyncTokenExpired("what was known of the feed is of another feed or version") from None
    return found
