"""Which trouble was told already ([notify]): a file beside the database, so that it outlives that one's trouble."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

FILE = "told.json"


def read(folder: Path) -> dict[str, list[str]]:
    """Nothing of a file that is not there or not ours: then everything is told once more."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {str(key): [str(pair) for pair in pairs] for key, pairs in found.items()}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}


def write(folder: Path, known: Mapping[str, Sequence[str]]) -> None:
    """Raises OSError."""
    partial = folder / f"{FILE}.part"
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(known), encoding="utf-8")
    partial.replace(folder / FILE)
