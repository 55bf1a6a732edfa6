"""docs/loss-table.md, made of the loss tables of the mappings.

Renew it by `python -m tests.unit.losses.page > docs/loss-table.md`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from calsync_cli.mapping.google.losses import LOSSES as GOOGLE
from calsync_cli.mapping.graph.losses import LOSSES as GRAPH
from calsync_cli.mapping.ical_losses import LOSSES as ICAL
from calsync_cli.mapping.losses import EVENT, Clause, How, Table
from calsync_cli.model.series import CARRIED, FIELDS

FILE = Path(__file__).parents[3] / "docs" / "loss-table.md"
COLUMNS: dict[str, Table] = {"folders, CalDAV, iCloud": ICAL, "Google": GOOGLE, "Microsoft": GRAPH}
ROWS = {
    **{name: name for name in FIELDS},
    "url": "link", "color": "colour", "visibility": "privacy", "busy": "busy or free", "time": "time and zone",
    "recurrence": "repetition", "attachments": "attached links", "": "dates of a series", EVENT: "the event as a whole",
    CARRIED: "properties carried by name", "uid": "UID",
}  # fmt: skip
WORDS = {
    How.HIDDEN: "kept, not shown", How.ROUGH: "shown roughly", How.LEFT: "not copied", How.HELD: "held",
    How.READ: "as read",
}  # fmt: skip
"""In the order of a cell and of its note. What is only read roughly is told in the note alone."""

HEAD = """\
# What a calendar cannot hold

Calendars differ in what an event can be. This is what becomes of each part of an event when calsync copies it there,
and it is the whole list: what is not named here arrives and comes back as it was.

* **exact**: everybody sees it there as it is.
* **kept, not shown**: it lies in a private property of the copy. No other program shows it; calsync brings it back
  unharmed, wherever the event goes from there.
* **shown roughly**: kept too, and something near it is shown in its place. Whoever changes there what is shown has
  changed it everywhere.
* **not copied**: the copy is without it. It stays where it is.
* **held**: the event, or that change of it, is not written there at all; `calsync status` counts it, and
  `calsync why EVENT` says why.

Several words in one cell: it depends on the event, and the note says on what. `calsync sync --dry-run` tells with each
change what that event would lose, `calsync why EVENT` what its copies lack.
"""
FOOT = """\
A calendar that is only read (a subscription, a feed) loses nothing, for nothing is written there. A server may refuse
more than this, such as an event that is too large for it; it then stays where it is, with what the server said. What
does not fit into private properties (about 5,400 bytes an event at Google, 30,000 characters at Microsoft) is not
copied, the largest first, and `calsync why EVENT` names it.

A text is copied without control characters and without blanks at its end, and in the one spelling that Unicode gives to
letters with marks (NFC). Nobody sees the difference, and it alone never makes calsync write.

<!-- Made of the tables of the mappings; a test proves each line. To renew this file:
     python -m tests.unit.losses.page > docs/loss-table.md -->
"""


def page() -> str:
    """Notes are numbered column by column, so that those of one calendar stand together."""
    numbered = [(column, field) for column, table in COLUMNS.items() for field in ROWS if table.get(field)]
    numbers = {cell: number for number, cell in enumerate(numbered, 1)}
    lines = [HEAD, f"| | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    for field, name in ROWS.items():
        cells = [_cell(table.get(field, ()), numbers.get((column, field))) for column, table in COLUMNS.items()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for column, table in COLUMNS.items():
        lines += ["", f"## {column[0].upper()}{column[1:]}", ""]
        for field, name in ROWS.items():
            if table.get(field):
                lines += _note(numbers[column, field], name, table[field])
    return "\n".join([*lines, "", "## All", "", FOOT])


def _cell(clauses: tuple[Clause, ...], note: int | None) -> str:
    hows = [words for how, words in WORDS.items() if how is not How.READ and how in {c.how for c in clauses}]
    always = any(c.words.startswith("always") or (c.how is How.LEFT and len(hows) == 1) for c in clauses)
    words = hows if always else ["exact", *hows]
    return " / ".join(words) + (f" ({note})" if note else "")


def _note(number: int, name: str, clauses: tuple[Clause, ...]) -> Iterator[str]:
    parts = [f"*{words}*: {'; '.join(found)}" for how, words in WORDS.items()
             if (found := [clause.words for clause in clauses if clause.how is how])]  # fmt: skip
    head, indent = f"{number}. **{name}**", " " * (len(str(number)) + 2)
    if len(parts) == 1:
        yield from _wrapped(f"{head}, {parts[0]}.", indent)
        return
    yield head
    for part in parts:
        yield from _wrapped(f"{indent}- {part}.", indent + "  ")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, 118, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    print(page(), end="")
