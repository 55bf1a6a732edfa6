"""One conflict on the screen: both versions and the one before them, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli import words
from calsync_cli.cli.draw import table
from calsync_cli.cli.lines import day_words
from calsync_cli.cli.screen import say, shown
from calsync_cli.model.series import FIELDS, form_span, split
from calsync_cli.model.times import Zoned

ORDER = ("title", "start", "end", *FIELDS)


@dataclass(frozen=True, slots=True)
class View:
    """A conflict as `conflicts list --json` has it, its sides' names, and the zone in which its event is told."""

    conflict: Mapping[str, Any]
    a: str
    b: str
    tzid: str

    @property
    def heading(self) -> str:
        title = shown(self.conflict["title"]) or "(no title)"
        return f'conflict {self.conflict["id"]}: "{title}"  {day_words(self.conflict["start"])}  ({self.pair})'

    @property
    def pair(self) -> str:
        return str(self.conflict["pair"])

    @property
    def fields(self) -> list[str]:
        """Fields of the event first, then those of its instances by date."""
        return sorted(self.conflict["fields"], key=_place)

    def label(self, path: str) -> str:
        return words.field_words(path, self.tzid)


def _place(path: str) -> tuple[str, int, str]:
    key, name = split(path)
    return key, ORDER.index(name) if name in ORDER else len(ORDER), name


def view(work: Workspace, conflict: Mapping[str, Any]) -> View:
    pair = work.config.pairs.get(conflict["pair"])
    a, b = (str(pair.a), str(pair.b)) if pair else ("a", "b")
    starts = [span.start for _, e in work.find(conflict["uid"]) if e.form and (span := form_span(e.form))]
    zones = [start.tzid for start in starts if isinstance(start, Zoned)]
    return View(conflict, a, b, zones[0] if zones else "UTC")


def draw(seen: View, *, color: bool) -> None:
    """The conflict as text and a table."""
    conflict = seen.conflict
    say(seen.heading, f"  {shown(conflict['words'])}")
    if seen.fields:
        kind, fields = conflict["kind"], conflict["fields"]
        rows = [[seen.label(path), *_cells(kind, path, fields[path])] for path in seen.fields]
        print()
        table(["field", "before", f"a: {seen.a}", f"b: {seen.b}"], rows, color=color)
    for letter, name in (("a", seen.a), ("b", seen.b)):
        if name in conflict["sides"]:
            say(f"  {letter}: {name}: {conflict['sides'][name]}")


def _cells(kind: str, path: str, values: Mapping[str, Any]) -> list[str]:
    """Before, a, b. Offsets are told only where the three differ in them."""
    key, name = split(path)
    cells = [shown(words.value_words(path, values[side])) for side in ("base", "a", "b")]
    if name in ("start", "end"):
        offsets = {v[-6:] for v in values.values() if v and len(v) > 10}
        cells = [c.rpartition(" ")[0] if len(offsets) == 1 and c[-5:-4] in ("+", "-") else c for c in cells]
    if key:  # nothing said of an instance: it is as the series has it, unless the series lost it
        absent = ("as in the series", *["not there" if kind == "orphan" else "as in the series"] * 2)
        cells = [f"({absent[i]})" if values[side] is None else cells[i] for i, side in enumerate(("base", "a", "b"))]
    return words.excerpts(cells)
