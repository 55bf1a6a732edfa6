"""Single lines of a component: found, put, replaced, taken away; every other line stays as it is (I7).

Shape   a Pen knows the file's line ends and its spelling of zones
Order   a replaced line keeps its place, its name as spelled and its harmless parameters (LANGUAGE, X-...); a new line
        goes after the last property and before the first sub-component
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from calsync_cli.mapping.contentlines import Component, Line, Params, make_line
from calsync_cli.mapping.when import written
from calsync_cli.mapping.zones import Zones
from calsync_cli.model.plain import dataclass
from calsync_cli.model.times import When, Zoned


@dataclass(slots=True)
class Pen:
    """How this file is written. `spelling`: IANA name -> TZID as the file has it; `used`: zones written so far."""

    newline: bytes
    zones: Zones
    spelling: Mapping[str, str] = field(default_factory=dict)
    used: dict[str, set[int]] = field(default_factory=dict)

    def line(self, name: str, value: str, params: Sequence[tuple[str, str]] = ()) -> Line:
        return make_line(name, value, params, self.newline)

    def time(self, name: str, when: When, keep: Params = ()) -> Line:
        value, params = self.stamp(when)
        return self.line(name, value, (*params, *keep))

    def stamp(self, when: When) -> tuple[str, Params]:
        if isinstance(when, Zoned) and when.tzid != "UTC":
            self.used.setdefault(when.tzid, set()).add(when.local.year)
            return written(when, self.spelling.get(when.tzid))
        return written(when)


# -- lines ------------------------------------------------------------------------------------------------------------


def end_of_lines(event: Component) -> int:
    """Where a new line goes: after the last property, before the first sub-component."""
    parts = (i for i, child in enumerate(event.children) if isinstance(child, Component))
    at = next(parts, len(event.children))
    while at and not _is_property(event.children[at - 1]):
        at -= 1
    return at


def _is_property(child: Line | Component) -> bool:
    return isinstance(child, Line) and bool(child.flat.strip())


def add_line(event: Component, line: Line, after: str = "") -> None:
    """Put `line` after the last line of the name `after`, or where new lines go."""
    last = event.all(after)[-1:] if after else []
    event.children.insert(event.index(last[0]) + 1 if last else end_of_lines(event), line)


def replace(event: Component, old: Line, new: Line) -> None:
    event.children[event.index(old)] = new


def remove_all(event: Component, *names: str) -> None:
    event.children[:] = [c for c in event.children if not (isinstance(c, Line) and c.name in names)]


def spelled(line: Line) -> str:
    """The property's name in the case the file has it."""
    return line.flat[: len(line.name)].decode("ascii")


def harmless(line: Line, *names: str) -> Params:
    return tuple((key, value) for key, value in line.params if key in names or key.startswith("X-"))


def put(event: Component, name: str, value: str, pen: Pen) -> None:
    old = event.first(name)
    if old is None:
        add_line(event, pen.line(name, value))
    else:
        replace(event, old, pen.line(spelled(old), value, harmless(old, "LANGUAGE")))


def put_time(event: Component, name: str, when: When, pen: Pen, instead: Line | None = None) -> None:
    old = event.first(name) or instead
    if old is None:
        add_line(event, pen.time(name, when))
    else:
        replace(event, old, pen.time(spelled(old) if old.name == name else name, when, harmless(old)))
