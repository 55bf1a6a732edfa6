"""The owner's own answer in a calendar file: the PARTSTAT of the ATTENDEE lines with one of the owner's addresses.

Rule    dates that were changed, and said the same as their series, go on doing so
"""

from __future__ import annotations

from collections.abc import Iterator

from calsync_cli.mapping.answer import PARTSTATS, not_invited
from calsync_cli.mapping.contentlines import Component, Line
from calsync_cli.mapping.ical_lines import Pen, replace, spelled
from calsync_cli.mapping.ical_read import Source, address, source_of
from calsync_cli.mapping.inherit import Fields
from calsync_cli.model.series import ANSWER
from calsync_cli.model.views import answer_of


def answer_form(source: Source, me: frozenset[str]) -> Fields:
    """{} where nobody asked: of one's own meetings, and of events that do not name the owner."""
    said = _said(source.master, me) if source.master is not None else ""
    return {ANSWER: answer_of(said)} if said else {}


def answered(payload: bytes, me: frozenset[str], answer: str) -> bytes:
    """Raises MappingError where the owner is no guest."""
    source = source_of(payload)
    before = _said(source.master, me) if source.master is not None else ""
    if source.master is None or not before:
        raise not_invited()
    pen = Pen(source.document.newline, source.zones)
    said = PARTSTATS[answer]
    for event in (source.master, *source.overrides.values()):
        for line in _own(event, me):
            if _partstat(line) in (before, said) and _partstat(line) != said:
                params = [(name, value) for name, value in line.params if name != "PARTSTAT"]
                replace(event, line, pen.line(spelled(line), line.value, [*params, ("PARTSTAT", said)]))
    return source.document.data()


def _said(event: Component, me: frozenset[str]) -> str:
    """The PARTSTAT, "" where the owner is no guest, or the host."""
    host = event.first("ORGANIZER")
    if host is not None and _bare(host) in me:
        return ""
    return next((_partstat(line) for line in _own(event, me)), "")


def _own(event: Component, me: frozenset[str]) -> Iterator[Line]:
    return (line for line in event.all("ATTENDEE") if _bare(line) in me)


def _bare(line: Line) -> str:
    return address(line).removeprefix("mailto:")


def _partstat(line: Line) -> str:
    return line.param("PARTSTAT").upper() or "NEEDS-ACTION"
