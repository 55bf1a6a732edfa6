"""One .ics file with many events -> one resource per UID, lines untouched (RFC 4791 section 4.1)."""

from __future__ import annotations

import re

_BLOCK = re.compile(rb"^BEGIN:(VEVENT|VTIMEZONE)\r?\n.*?^END:\1[ \t]*\r?\n?", re.MULTILINE | re.DOTALL)
_UID = re.compile(rb"^UID(?:;[^:\r\n]*)?:(.*)$", re.MULTILINE)


def split_calendar(payload: bytes) -> list[bytes]:
    """Events without a UID are left out; every part gets all the zones of the file."""
    zones, events = [], dict[bytes, list[bytes]]()
    for match in _BLOCK.finditer(payload):
        block = match[0] if match[0].endswith(b"\n") else match[0] + b"\r\n"
        uid = _UID.search(block)
        if match[1] == b"VTIMEZONE":
            zones.append(block)
        elif uid is not None:
            events.setdefault(uid[1].strip(), []).append(block)
    head = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//calsync//demo//EN\r\n" + b"".join(zones)
    return [head + b"".join(blocks) + b"END:VCALENDAR\r\n" for blocks in events.values()]
