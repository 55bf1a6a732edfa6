"""Tables with rich, loaded only when something is drawn; plain columns when the output is no terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from calsync_cli.cli.screen import columns_of, shown, width

STYLES = {
    "synced": "green", "pending": "yellow", "conflict": "bold red", "held": "yellow", "error": "bold red",
    "quarantined": "red", "dormant": "dim", "ok": "green", "failed": "bold red",
}


def print_json(data: Any, indent: int | None = 1) -> None:
    """Whatever could steer a terminal is escaped; it stands inside of texts only."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    print(text if text.isascii() and "\x7f" not in text else "".join(_escaped(c) for c in text))


def _escaped(letter: str) -> str:
    return letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1]


Cell = str | tuple[str, ...]
"""A tuple is a cell of several lines."""


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, color: bool) -> None:
    """Columns whose name ends with `>` are right-aligned. Long cells are folded on a terminal, never cut."""
    cells = [[tuple(shown(line) for line in ((cell,) if isinstance(cell, str) else cell)) for cell in row]
             for row in rows]
    if not rows:
        return
    if not sys.stdout.isatty():
        _plain(columns, [[" ".join(cell) for cell in row] for row in cells])
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column.rstrip(">"), justify="right" if column.endswith(">") else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*[Text("\n").join(Text(line, style=_style(line)) for line in cell) for cell in row])
    # Without a colour system rich writes no escape codes at all; `no_color` alone would leave bold and dim.
    Console(color_system="auto" if color else None, highlight=False, width=columns_of(sys.stdout)).print(drawn)


def _style(line: str) -> str:
    """`conflict` and `3 conflict` are shown alike."""
    count, _, word = line.rpartition(" ")
    return STYLES.get(word, "") if not count or count.replace(",", "").isdecimal() else ""


def _plain(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    names = [column.rstrip(">") for column in columns]
    widths = [max(width(row[i]) for row in (names, *rows)) for i in range(len(names))]
    for row in (names, *rows):
        cells = [cell + " " * (room - width(cell)) for cell, room in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())
