"""Properties that a pair carries by name: "x:X-PROJECT" in a form, the raw value of that line in a file.

Shape   only X- properties; overrides hold what differs from their master, as with every other field
"""

from __future__ import annotations

from collections.abc import Iterable

from calsync_cli.mapping.contentlines import Component
from calsync_cli.mapping.ical_read import Source
from calsync_cli.mapping.inherit import Fields, own_paths
from calsync_cli.model.series import CARRIED, Path, Value


def carried_fields(event: Component, names: Iterable[str]) -> Fields:
    """Raw values of the properties that a pair carries by name, as {"x:NAME": value}."""
    lines = {name: event.first(name.removeprefix(CARRIED).upper()) for name in names}
    return {name: value for name, line in lines.items() if line is not None and (value := line.value.strip())}


def carried_form(source: Source, names: Iterable[str]) -> dict[Path, Value]:
    """Carried properties of the whole set, overrides as far as they differ from the master."""
    names = frozenset(names)
    master = carried_fields(source.master, names) if source.master is not None else {}
    form: dict[Path, Value] = dict(master)
    for key, event in source.overrides.items() if names else ():
        form |= own_paths(master, key, carried_fields(event, names))
    return form
