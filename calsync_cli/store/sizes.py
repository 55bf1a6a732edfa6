"""How much the state takes, and until when what of it is kept; for `doctor`. Reads only."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from calsync_cli.model.plain import dataclass
from calsync_cli.store.backup import DAILY
from calsync_cli.store.db import FILE_NAME, Database


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes, unless a name says otherwise. aside: what a schema change or a rebuild put aside."""

    database: int
    empty: int
    daily_copy: int
    aside: int
    logs: int
    events: int
    event_bytes: int
    writes: int
    write_bytes: int
    trash: int
    trash_bytes: int

    def json(self) -> dict[str, int]:
        return asdict(self)


def measure(db: Database, folder: Path, log_name: str) -> Sizes:
    def count(sql: str) -> tuple[int, int]:
        row = db.one(sql)
        return (0, 0) if row is None else (int(row[0] or 0), int(row[1] or 0))

    events, event_bytes = count(
        "SELECT sum(gone < 2), sum(length(payload) + length(coalesce(form, ''))) FROM mirror_item"
    )
    writes, write_bytes = count(
        "SELECT count(*), sum(length(changes) + length(coalesce(intent, '')) + length(coalesce(before, '')) "
        "+ length(coalesce(after, ''))) FROM operation"
    )
    trash, trash_bytes = count("SELECT count(*), sum(length(coalesce(payload, value, ''))) FROM kept")
    files = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
    ours = {name: size for name, size in files.items() if name.startswith(Path(FILE_NAME).stem + ".")}
    live = {FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"}
    logs = sum(size for name, size in files.items() if name.startswith(log_name))
    aside = sum(
        size for name, size in ours.items() if name not in {*live, DAILY} and not name.startswith(log_name)
    )
    return Sizes(
        database=sum(ours.get(name, 0) for name in live),
        empty=int(db.value("PRAGMA freelist_count")) * int(db.value("PRAGMA page_size")),
        daily_copy=ours.get(DAILY, 0), aside=aside, logs=logs, events=events, event_bytes=event_bytes, writes=writes,
        write_bytes=write_bytes, trash=trash, trash_bytes=trash_bytes,
    )
