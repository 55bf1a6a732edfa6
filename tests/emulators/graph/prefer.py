"""The Prefer header: several headers and comma-joined forms alike; what was honoured is told (facts L2.1, L16.10)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.emulators.graph.errors import bad
from tests.emulators.graph.zones import UnknownZone, zone

ONE = re.compile(r'\s*([\w.\-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^,;\s]+))?\s*(?:,|;|$)')


@dataclass(frozen=True, slots=True)
class Prefs:
    immutable: bool = False
    zone: str | None = None
    text: bool = False
    page: int | None = None
    applied: tuple[str, ...] = ()


UTC_TEXT = Prefs(text=True)


def parse(header: str) -> Prefs:
    """Unknown preferences are ignored; an unknown zone is refused, never replaced (L13.1)."""
    found: dict[str, str] = {}
    for name, value in ONE.findall(header):
        found[name.lower()] = value.strip('"')
    zone_name = found.get("outlook.timezone")
    if zone_name is not None:
        try:
            zone(zone_name)
        except UnknownZone:
            raise bad(
                f"A valid TimeZone value must be specified. Not supported: '{zone_name}'.",
                "TimeZoneNotSupportedException",
            ) from None
    body, page = found.get("outlook.body-content-type", ""), found.get("odata.maxpagesize", "")
    immutable = found.get("idtype", "").lower() == "immutableid"
    applied = [
        'IdType="ImmutableId"' if immutable else "",
        f'outlook.timezone="{zone_name}"' if zone_name else "",
        f'outlook.body-content-type="{body}"' if body in ("text", "html") else "",
        f"odata.maxpagesize={page}" if page.isdigit() else "",
    ]
    return Prefs(immutable, zone_name, body == "text", int(page) if page.isdigit() and int(page) else None,
                 tuple(filter(None, applied)))
