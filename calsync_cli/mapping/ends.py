"""An end for what has none: RFC 5545 section 3.6.1 lets it out, iCloud answers 404 to that (facts 0.12).

Law     read(with_ends(p)).form == read(p).form; with_ends(with_ends(p)) == with_ends(p); no line changes, some come
"""

from __future__ import annotations

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Component, make_line, parse
from calsync_cli.mapping.ical_lines import add_line
from calsync_cli.mapping.when import read_when, span_of, written
from calsync_cli.mapping.zones import Zones
from calsync_cli.model.times import AllDay


def with_ends(payload: bytes) -> bytes:
    """The payload with the DTEND that each VEVENT without DTEND and DURATION means; what is no payload stays."""
    try:
        document = parse(payload)
        for event in document.calendar.parts("VEVENT"):
            if event.first("DTEND") is None and event.first("DURATION") is None:
                _end(event, document.newline, Zones(document.calendar))
    except MappingError:
        return payload
    return document.data()


def _end(event: Component, newline: bytes, zones: Zones) -> None:
    """In the words of the start: its zone stays as the file spells it."""
    start = event.first("DTSTART")
    if start is None:
        return
    end = span_of(read_when(start, zones), None, None, zones, []).end
    value = written(end)[0] if isinstance(end, AllDay) else start.value
    add_line(event, make_line("DTEND", value, start.params, newline), after="DTSTART")
