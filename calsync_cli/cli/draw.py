"""Tables with rich, loaded only when something is drawn; plain columns when the output is no terminal."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from calsync_cli.cli.lines import shown

STYLES = {
    "synced": "green", "pending": "yellow", "conflict": "bold red", "held": "yellow", "error": "bold red",
    "quarantined": "red", "dormant": "dim", "ok": "green", "failed": "bold red",
}


def print_json(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=1))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, color: bool, title: str = "") -> None:
    """Columns whose name ends with `>` are right-aligned. Long cells are folded on a terminal, never cut."""
    rows = [[shown(cell) for cell in row] for row in rows]
    if not rows:
        return
    if not sys.stdout.isatty():
        _plain([c.rstrip(">") for c in columns], rows)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column.rstrip(">"), justify="right" if column.endswith(">") else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*[Text(cell, style=STYLES.get(cell, "")) for cell in row])
    width = shutil.get_terminal_size().columns
    # Without a colour system rich writes no escape codes at all; `no_color` alone would leave bold and dim.
    Console(color_system="auto" if color else None, highlight=False, width=width).print(drawn)


def _plain(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(str(row[i])) for row in (columns, *rows)) for i in range(len(columns))]
    for row in (columns, *rows):
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
