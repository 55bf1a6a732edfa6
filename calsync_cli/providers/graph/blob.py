"""The recurrence of a master as Exchange keeps it: where an account does not tell deleted dates otherwise (L6.1c).

Shape   `dates_of(resource)` -> Dates, from a master that was read with the property NAME. Pure
Source  MS-OXOCAL 2.2.1.44, as Evolution reads it; dates are minutes since 1601 in the local time of the series
Errors  ProtocolError for what is no such thing
"""

from __future__ import annotations

import base64
import struct
from datetime import date, timedelta

from calsync_cli.errors import ProtocolError
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.graph.answers import GRAPH, Json, text

NAME = "Binary {00062002-0000-0000-c000-000000000046} Id 0x8216"
_HEAD = struct.Struct("<HHHHHIII")
_FIRST = date(1601, 1, 1)
_LENGTHS = {0: 0, 1: 4, 2: 4, 3: 8, 4: 4}
"""By PatternType, of what is special to it: day, week, month, n-th weekday, end of month."""
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Dates:
    """off: original dates that do not take place as the rule says, the changed ones too; changed: where those are."""

    off: tuple[date, ...]
    changed: tuple[date, ...]


def dates_of(master: Json) -> Dates:
    found = next((text(one, "value") for one in GRAPH.objects(master, "singleValueExtendedProperties")), "")
    try:
        raw = base64.b64decode(found, validate=True)
        _, _, _, kind, *_ = _HEAD.unpack_from(raw)
        place = _HEAD.size + _LENGTHS[kind] + 12  # EndType, OccurrenceCount, FirstDOW
        off, place = _listed(raw, place)
        changed, _ = _listed(raw, place)
    except (ValueError, KeyError, struct.error, OverflowError):
        raise ProtocolError("Microsoft does not tell which dates of a series were deleted or changed") from None
    return Dates(off, changed)


def _listed(raw: bytes, place: int) -> tuple[tuple[date, ...], int]:
    (count,) = struct.unpack_from("<I", raw, place)
    if count > _MOST:
        raise ValueError
    minutes = struct.unpack_from(f"<{count}I", raw, place + 4)
    return tuple(_FIRST + timedelta(days=one // 1440) for one in minutes), place + 4 + 4 * count
