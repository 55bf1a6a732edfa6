"""Carried properties in a calendar file: lines of their own name, and one X- line for each of another service's.

Shape   X-CALSYNC-CARRIED;X-NAME="google:extended.private.ticket":text; no calendar program shows it
Rule    overrides hold what differs from their master, as with every other field
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from calsync_cli.errors import MappingError
from calsync_cli.mapping.carried import canonical, has_own_place, line_name
from calsync_cli.mapping.contentlines import Component, Line
from calsync_cli.mapping.ical_lines import Pen, add_line, put, remove_all, replace
from calsync_cli.mapping.ical_read import Source
from calsync_cli.mapping.inherit import Fields, own_paths
from calsync_cli.mapping.values import escaped, text
from calsync_cli.model.series import CARRIED, Path, Value

BESIDE = "X-CALSYNC-CARRIED"
_NAMED = "X-NAME"
_CARRIABLE = re.compile(r"X-(?!CALSYNC-)[A-Z0-9-]+")


def carriable_names(event: Component) -> set[tuple[str, str]]:
    """What an event has that a pair may carry: names of lines, and for another service's the name that it has there."""
    lines = [line for line in event.lines if line.name == BESIDE or _CARRIABLE.fullmatch(line.name)]
    return {(line.name, line.param(_NAMED) if line.name == BESIDE else "") for line in lines}


def carried_fields(event: Component, names: Iterable[str]) -> Fields:
    found: dict[str, Value] = {name: canonical(name, _value(event, name)) for name in names if name.startswith(CARRIED)}
    return {name: value for name, value in found.items() if value}


def _value(event: Component, name: str) -> str:
    line = event.first(line_name(name)) if line_name(name) else _beside(event, name)
    if line is None:
        return ""
    return line.value if line_name(name) else text(line.value)


def _beside(event: Component, name: str) -> Line | None:
    return next((one for one in event.all(BESIDE) if CARRIED + one.param(_NAMED) == name), None)


def carried_form(source: Source, names: Iterable[str]) -> dict[Path, Value]:
    """Carried properties of the whole set, overrides as far as they differ from the master."""
    names = frozenset(names)
    master = carried_fields(source.master, names) if source.master is not None else {}
    form: dict[Path, Value] = dict(master)
    for key, event in source.overrides.items() if names else ():
        form |= own_paths(master, key, carried_fields(event, names))
    return form


def write_carried(event: Component, now: Fields, then: Fields, pen: Pen) -> None:
    for name in sorted(now.keys() | then.keys()):
        if name.startswith(CARRIED) and now.get(name) != then.get(name):
            _write(event, name, canonical(name, then.get(name)), pen)


def _write(event: Component, name: str, value: str, pen: Pen) -> None:
    line = line_name(name)
    if has_own_place(name):
        _write_beside(event, name, value, pen)
    elif not _CARRIABLE.fullmatch(line):
        bare = name.removeprefix(CARRIED)
        raise MappingError(f"the property {bare!r} cannot be carried to a calendar file; only X- properties can")
    elif value:
        put(event, line, value, pen)
    else:
        remove_all(event, line)


def _write_beside(event: Component, name: str, value: str, pen: Pen) -> None:
    old = _beside(event, name)
    new = pen.line(BESIDE, escaped(value), ((_NAMED, name.removeprefix(CARRIED)),))
    if old is None:
        if value:
            add_line(event, new)
    elif value:
        replace(event, old, new)
    else:
        event.remove(old)
