"""One conflict on the screen: both versions and the one before them, field by field, with the changed words marked.

Looks   side by side where the window is `WIDE`, below each other where it is not
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli import words
from calsync_cli.cli.draw import blocks, table
from calsync_cli.cli.lines import day_words
from calsync_cli.cli.screen import columns_of, say, shown
from calsync_cli.cli.word_diff import Marked, changed, cut, marked
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import CANCELLED, FIELDS, form_span, join, split
from calsync_cli.model.times import Zoned

ORDER = ("title", "start", "end", *FIELDS)
WIDE = 100
ROOM = 300
GONE, CANCELLED_THERE, AS_SERIES = "(deleted)", "(cancelled)", "(as in the series)"
UNKNOWN = "(not known)"
LETTERS = "cdegijltuvwxyz"
"""Of third calendars: those that say nothing else in the inbox."""


@dataclass(frozen=True, slots=True)
class View:
    """A conflict as `conflicts list --json` has it, its sides' names, and the zone in which its event is told.

    first: the side whose version is the event when both are kept
    """

    conflict: Mapping[str, Any]
    a: str
    b: str
    tzid: str
    first: str = "a"

    @property
    def title(self) -> str:
        return f'"{shown(self.conflict["title"]) or "(no title)"}"'

    @property
    def heading(self) -> str:
        return f'conflict {self.conflict["id"]}: {self.title}  {day_words(self.conflict["start"])}  ({self.pair})'

    @property
    def kind(self) -> str:
        return str(self.conflict["kind"])

    @property
    def pair(self) -> str:
        return str(self.conflict["pair"])

    @property
    def values(self) -> Mapping[str, Mapping[str, Any]]:
        """Path -> base, a, b: what differs, or what was edited while the other side deleted the event."""
        found: Mapping[str, Mapping[str, Any]] = self.conflict["fields"] or self.conflict["edits"]
        return found

    @property
    def fields(self) -> list[str]:
        """Fields of the event first, then those of its instances by date."""
        return sorted(self.values, key=_place)

    @property
    def unknown(self) -> set[str]:
        """Those without a value before both: the calendars met with the event on each."""
        return set(self.conflict["unknown"])

    @property
    def others(self) -> Mapping[str, str]:
        """Calendars beside the pair's that have their say, by the letter that stands for them."""
        return dict(zip(LETTERS, self.conflict["elsewhere"], strict=False))

    def text_on(self, calendar: str, path: str) -> str:
        value = self.conflict["elsewhere"][calendar][path]
        return CANCELLED_THERE if value == CANCELLED else shown(words.value_words(path, value))

    def name(self, side: str) -> str:
        return {"a": self.a, "b": self.b}[side]

    def deleted(self, side: str) -> bool:
        return bool(self.conflict["sides"].get(self.name(side)) == "deleted")

    @property
    def is_either_or(self) -> bool:
        """Nothing between a and b can be taken: an event, or dates of it, are there or not."""
        return self.kind != "fields" or all(self.cancelled(split(path)[0]) for path in self.fields)

    def label(self, path: str) -> str:
        return words.field_words(path, self.tzid)

    def texts(self, path: str) -> dict[str, str]:
        """Before, a, b in words. Offsets are told only where the three differ in them."""
        values = self.values[path]
        key, name = split(path)
        cancels = self.cancelled(key)
        found = {side: shown(words.value_words(path, values[side])) for side in ("base", "a", "b")}
        if name in ("start", "end"):
            offsets = {v[-6:] for v in values.values() if v and len(v) > 10}  # of times, not of days
            alike = len(offsets) == 1
            found = {s: t.rpartition(" ")[0] if alike and t[-5:-4] in ("+", "-") else t for s, t in found.items()}
        for side in found:
            if side == "base" and path in self.unknown:
                found[side] = UNKNOWN
            elif side != "base" and self.deleted(side):
                found[side] = GONE
            elif side in cancels:
                found[side] = CANCELLED_THERE
            elif cancels and not name:
                found[side] = AS_SERIES if side == "base" else "(edited)"
            elif key and values[side] is None:  # as the series has it, unless the series lost it
                lost = self.kind == "orphan" and side != "base"
                found[side] = "(not there)" if lost else AS_SERIES
        return found

    def cancelled(self, key: str) -> set[str]:
        """The sides that cancelled this date of the series while it was edited elsewhere (R4)."""
        mark = self.conflict["fields"].get(join(key, ""), {}) if key else {}
        return {side for side in "ab" if mark.get(side) == CANCELLED}


def _place(path: str) -> tuple[str, int, str]:
    key, name = split(path)
    return key, ORDER.index(name) if name in ORDER else len(ORDER), name


def view(work: Workspace, conflict: Mapping[str, Any]) -> View:
    pair = work.config.pairs.get(conflict["pair"])
    a, b = (str(pair.a), str(pair.b)) if pair else ("a", "b")
    starts = [span.start for _, e in work.find(conflict["uid"]) if e.form and (span := form_span(e.form))]
    zones = [start.tzid for start in starts if isinstance(start, Zoned)]
    return View(conflict, a, b, zones[0] if zones else "UTC", work.leads(conflict["pair"]))


def draw(seen: View, *, color: bool) -> None:
    """The conflict as text, then its fields."""
    conflict = seen.conflict
    say(seen.heading, f"  {shown(conflict['words'])}")
    columns = columns_of(sys.stdout)
    if seen.fields:
        rows = [(seen.label(path), _cells(seen.texts(path))) for path in seen.fields]
        if not columns or columns >= WIDE:
            print()
            heads = ["field", "before", f"a: {seen.a}", f"b: {seen.b}"]
            table(heads, [[label, *cells] for label, cells in rows], color=color, shares=(0, 1, 1, 1))
        else:
            say(*(f"  {side}: {seen.name(side)}" for side in "ab"))
            blocks([(label, list(zip(("before", "a", "b"), cells, strict=True))) for label, cells in rows], color=color)
    for side in "ab":
        if seen.name(side) in conflict["sides"]:
            say(f"  {side}: {seen.name(side)}: {conflict['sides'][seen.name(side)]}")
    for letter, calendar in seen.others.items():
        found = (f"{seen.label(path)} {seen.text_on(calendar, path)}" for path in seen.fields)
        say(f"  {letter}: {calendar} has: {'; '.join(found)}")


def _cells(texts: Mapping[str, str]) -> list[Marked | str]:
    """Before, a, b. A value in brackets is no text, and nothing of it is compared."""
    base, sides = texts["base"], [texts["a"], texts["b"]]
    said = [text for text in sides if not _is_remark(text)]
    if _is_remark(base):
        others = [said[1 - i] for i in range(2)] if len(said) == 2 else ["", ""]
        found = [_short(_new_only(marked(other, text))) for text, other in zip(sides, others, strict=True)]
        return [base, *found]
    before = Marked(tuple(("", text) for _, text in cut(changed(base, said), ROOM).pieces))
    return [before, *(text if _is_remark(text) else _short(marked(base, text)) for text in sides)]


def _is_remark(text: str) -> bool:
    return text in REMARKS


REMARKS = frozenset({"(none)", UNKNOWN, "(edited)", "(not there)", AS_SERIES, CANCELLED_THERE, GONE})


def _short(text: Marked) -> Marked:
    return cut(text, ROOM)


def _new_only(text: Marked) -> Marked:
    return Marked(tuple(piece for piece in text.pieces if piece[0] != "-"))
