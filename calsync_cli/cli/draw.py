"""Tables with rich, loaded only when something is drawn; plain columns when the output is no terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from calsync_cli.cli.screen import columns_of, shown, width
from calsync_cli.cli.word_diff import Marked

STYLES = {
    "synced": "green", "pending": "magenta", "conflict": "bold red", "held": "magenta", "error": "bold red",
    "quarantined": "red", "dormant": "dim", "ok": "green", "failed": "bold red",
}
"""Colours that can be read on a dark ground and on a light one: yellow, cyan, blue and bold green cannot."""


def print_json(data: Any, indent: int | None = 1) -> None:
    """Whatever could steer a terminal is escaped; it stands inside of texts only."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    print(text if text.isascii() and "\x7f" not in text else "".join(_escaped(c) for c in text))


def _escaped(letter: str) -> str:
    return letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1]


Cell = str | tuple[str, ...] | Marked
"""A tuple is a cell of several lines."""


def table(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, color: bool, shares: Sequence[int] = ()
) -> None:
    """Columns whose name ends with `>` are right-aligned. Long cells are folded on a terminal, never cut.

    shares: how the window is divided among the columns; 0 for as wide as it must be. Without them the texts decide
    """
    if not rows:
        return
    if not sys.stdout.isatty():
        _plain(columns, [[" ".join(_lines(cell)) for cell in row] for row in rows])
        return
    from rich import box
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold", expand=bool(shares))
    for number, column in enumerate(columns):
        justify: Any = "right" if column.endswith(">") else "left"
        ratio = shares[number] if shares else None
        drawn.add_column(column.rstrip(">"), justify=justify, overflow="fold", ratio=ratio or None)
    for row in rows:
        drawn.add_row(*map(_text, row))
    _print(drawn, color=color)


def blocks(found: Sequence[tuple[str, Sequence[tuple[str, Cell]]]], *, color: bool) -> None:
    """Each name with its lines below, as (label, text): what stands side by side where the window is wide enough."""
    room = max(width(label) for _, lines in found for label, _ in lines)
    for name, lines in found:
        if not sys.stdout.isatty():
            print(name, *(f"  {label:<{room}}  {' '.join(_lines(cell))}" for label, cell in lines), sep="\n")
            continue
        from rich.table import Table
        from rich.text import Text

        drawn = Table.grid(padding=(0, 2, 0, 0))
        drawn.add_column(no_wrap=True, min_width=room + 2)
        drawn.add_column(overflow="fold")
        for label, cell in lines:
            drawn.add_row(f"  {label}", _text(cell))
        _print(Text(shown(name), style="bold"), color=color)
        _print(drawn, color=color)


def _print(drawn: Any, *, color: bool) -> None:
    from rich.console import Console

    # Without a colour system rich writes no escape codes at all; `no_color` alone would leave bold and dim.
    Console(color_system="auto" if color else None, highlight=False, width=columns_of(sys.stdout)).print(drawn)


def _lines(cell: Cell) -> tuple[str, ...]:
    lines = cell if isinstance(cell, tuple) else (cell.plain if isinstance(cell, Marked) else cell,)
    return tuple(map(shown, lines))


MARKS = {"+": "underline green", "-": "red"}
"""Beside brackets, for whoever sees colours."""


def _text(cell: Cell) -> Any:
    from rich.text import Text

    if isinstance(cell, Marked):
        return Text.assemble(*((str(Marked((piece,))), MARKS.get(piece[0], "")) for piece in cell.pieces))
    return Text("\n").join(Text(line, style=_style(line)) for line in _lines(cell))


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
