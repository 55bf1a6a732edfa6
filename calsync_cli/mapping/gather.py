"""Many calendar objects -> one file with all their events. Pure.

Shape   `add(payload)` for each, then `data(name)`: one VCALENDAR, each VTIMEZONE once, every VEVENT with its own lines
Rules   lines keep their bytes and folds; line ends become CRLF, text that is not UTF-8 becomes it, blank lines go.
        Where two objects mean different clocks by one name that is no IANA zone, the later one's gets a number. METHOD,
        which would make an invitation of the file, and whatever is no event stay behind
Errors  MappingError for an object without an event or that cannot be taken apart; nothing of it is taken then
"""

from __future__ import annotations

from collections.abc import Iterator

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Component, Line, fold, make_line, parse
from calsync_cli.mapping.ical_lines import spelled
from calsync_cli.mapping.new_event import PRODID
from calsync_cli.mapping.values import escaped, text
from calsync_cli.mapping.zones import iana


class Gathered:
    def __init__(self) -> None:
        self._zones: dict[str, Component] = {}
        self._events: list[Component] = []

    def add(self, payload: bytes) -> None:
        calendar = parse(payload).calendar
        events = calendar.parts("VEVENT")
        if not events:
            raise MappingError("there is no event in it")
        own: dict[str, Component] = {}
        for zone in calendar.parts("VTIMEZONE"):
            line = zone.first("TZID")
            if line is not None:
                own.setdefault(text(line.value).strip(), zone)  # the first counts
        for name, zone in own.items():
            self._add_zone(name, zone, events)
        self._events += events

    def _add_zone(self, name: str, zone: Component, events: list[Component]) -> None:
        new, number = name, 1
        while new in self._zones and iana(name) is None and _told(self._zones[new]) != _told(zone):
            number += 1
            new = f"{name} ({number})"
        if new != name:
            zone.children[zone.index(zone.all("TZID")[0])] = make_line("TZID", escaped(new))
            for event in events:
                _rename(event, name, new)
        self._zones.setdefault(new, zone)

    def data(self, name: str) -> bytes:
        head = [("BEGIN", "VCALENDAR"), ("VERSION", "2.0"), ("PRODID", PRODID), ("X-WR-CALNAME", escaped(name))]
        lines = [make_line(*one).raw for one in head]
        for part in (*self._zones.values(), *self._events):
            lines += _lines(part)
        return b"".join([*lines, make_line("END", "VCALENDAR").raw])


def _told(zone: Component) -> list[bytes]:
    """What a block says but for its name."""
    return [line.flat.strip() for line in _leaves(zone) if line.name != "TZID" and line.flat.strip()]


def _leaves(part: Component) -> Iterator[Line]:
    yield part.begin
    for child in part.children:
        if isinstance(child, Line):
            yield child
        else:
            yield from _leaves(child)
    if part.end is not None:
        yield part.end


def _rename(part: Component, name: str, new: str) -> None:
    for at, child in enumerate(part.children):
        if isinstance(child, Component):
            _rename(child, name, new)
        elif child.param("TZID").strip() == name:
            params = [(key, new if key == "TZID" else value) for key, value in child.params]
            part.children[at] = make_line(spelled(child), child.value, params)


def _lines(part: Component) -> Iterator[bytes]:
    for line in _leaves(part):
        if line.flat.strip():
            yield b"\r\n".join([*line.raw.splitlines(), b""]) if line.is_utf8 else fold(line.text)
