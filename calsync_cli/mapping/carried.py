"""Properties that a pair carries by name (model.series.CARRIED): what they are called, and in which spelling.

Names   "x:X-PROJECT": a line of a calendar file, its raw value. "x:google:extended.private.ticket", ".shared.": a
        property of Google's, any text. "x:graph:extended.Ticket": a named text property of Outlook's, of those that
        anybody may make; ".{guid}.Ticket": one of a program's own (facts L8). Where a calendar has no such place, the
        value is kept beside the event
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from calsync_cli.mapping.inherit import Fields
from calsync_cli.mapping.kept import Kept
from calsync_cli.mapping.outlook_names import graph_place
from calsync_cli.mapping.values import clean, one_line
from calsync_cli.model.series import CARRIED, Changes, Value, split

_GOOGLE = f"{CARRIED}google:extended."


def line_name(name: str) -> str:
    """The property of a file that it is; "" for all others."""
    bare = name.removeprefix(CARRIED).upper()
    return bare if bare.startswith("X-") else ""


def google_place(name: str) -> tuple[str, str] | None:
    """("private", key) or ("shared", key) for a property of Google's."""
    kind, dot, key = name.removeprefix(_GOOGLE).partition(".")
    return (kind, key) if name.startswith(_GOOGLE) and dot and key and kind in ("private", "shared") else None


def has_own_place(name: str) -> bool:
    """One of a service's properties, which no other calendar has a place for."""
    return google_place(name) is not None or graph_place(name) is not None


def canonical(name: str, value: object) -> str:
    """The spelling of a value that stays when it travels; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    return one_line(clean(value)) if line_name(name) else clean(value)


def kept_fields(kept: Kept, names: Iterable[str]) -> Fields:
    """What is kept beside the event of them."""
    found: dict[str, Value] = {name: canonical(name, kept.get(name)) for name in names if name.startswith(CARRIED)}
    return {name: value for name, value in found.items() if value}


def names_of(changes: Changes) -> frozenset[str]:
    return frozenset(name for path in changes if (name := split(path)[1]).startswith(CARRIED))


def names_in(kept: Kept) -> Iterator[str]:
    """All that are kept beside an event, and for single instances of it."""
    for name, value in kept.items():
        if name.startswith(CARRIED):
            yield name
        elif name.startswith("@") and isinstance(value, dict):
            yield from names_in(value)


def google_names(kind: str, keys: Iterable[str]) -> Iterator[str]:
    """Of properties of Google's by their keys, the other way round than google_place."""
    yield from (f"{_GOOGLE}{kind}.{key}" for key in keys)
