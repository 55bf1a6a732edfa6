"""A quick look into the state for words to complete: read only, without lock or migration, and without waiting.

Errors  sqlite3.Error: there is no state, or it is not of this program's making; nobody is to be told while they type
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from calsync_cli.store.db import FILE_NAME

MANY = 200
NUMBERS = {
    "run": "SELECT id FROM run ORDER BY id DESC",
    "conflict": "SELECT id FROM hold WHERE kind IN ('fields', 'delete', 'orphan') ORDER BY id",
    "open write": "SELECT id FROM operation WHERE state = 'sent' ORDER BY id",
    "approval": "SELECT id FROM hold WHERE kind IN ('approval', 'notify') ORDER BY id",
}


def titles(folder: Path, begin: str) -> list[str]:
    """Titles of events that begin so, the latest seen first."""
    sql = (
        "SELECT json_extract(form, '$.title') AS title FROM mirror_item WHERE gone < 2 AND form IS NOT NULL "
        "AND substr(title, 1, ?) = ? GROUP BY title ORDER BY max(seen_at_us) DESC, title LIMIT ?"
    )
    with _opened(folder) as database:
        return [row[0] for row in database.execute(sql, (len(begin), begin, MANY)) if row[0]]


def numbers(folder: Path, what: str) -> list[str]:
    """Of runs, or of what waits."""
    with _opened(folder) as database:
        return [str(row[0]) for row in database.execute(f"{NUMBERS[what]} LIMIT ?", (MANY,))]


@contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """A database that nobody has open is read as it lies there: SQLite would make files of its own beside it."""
    file = folder / FILE_NAME
    alone = "" if file.with_name(f"{FILE_NAME}-wal").exists() else "&immutable=1"
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro{alone}", uri=True, timeout=0.2)) as database:
        yield database
