"""Keys that come out the same in every run: a repeated create is harmless, a lost database is found again (J4, K8).

Shape   32 lower-case hex digits each; the marker is `installation.link.generation.check`
"""

from __future__ import annotations

import hashlib

from calsync_cli.model.plain import dataclass


def digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def link_key(group: str, uid: str) -> str:
    return digest("link", group, uid)


def create_key(installation: str, link: str, calendar: str, generation: int) -> str:
    return digest("create", installation, link, calendar, generation)


@dataclass(frozen=True, slots=True)
class Marker:
    """What a replica made by calsync says of itself."""

    installation: str
    link: str
    generation: int

    def text(self, calendar: str, uid: str) -> str:
        return f"{self.installation}.{self.link}.{self.generation}.{_check(self, calendar, uid)}"


def _check(marker: Marker, calendar: str, uid: str) -> str:
    return digest("marker", marker.installation, marker.link, marker.generation, calendar, uid)[:12]


def parse_marker(text: str | None, calendar: str, uid: str) -> Marker | None:
    """The marker, if it was written for this calendar and UID; a copy a person made elsewhere carries a stray one."""
    parts = (text or "").split(".")
    if len(parts) != 4 or not parts[2].isdigit():
        return None
    marker = Marker(parts[0], parts[1], int(parts[2]))
    return marker if parts[3] == _check(marker, calendar, uid) else None
