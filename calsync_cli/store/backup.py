"""Copies of the state database, and what is done when it is lost, damaged or older than it was (U3, T5, K8).

Files   calsync.db, the state; calsync.daily.db, as it was at the first run of the day; runs, the number of the newest
        run, by which a database that was put back is known for what it is
Errors  StoreError where the folder cannot be written
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

from calsync_cli import files
from calsync_cli.errors import StoreError
from calsync_cli.ports import Ports
from calsync_cli.store.db import FILE_NAME, Database, open_database

DAILY, RUNS = "calsync.daily.db", "runs"


def keep_daily(db: Database, folder: Path) -> None:
    """A copy that replaces yesterday's once it is whole. What cannot be copied does not stop a run."""
    partial = folder / f"{DAILY}.part"
    try:
        files.make(partial)
        db.run("VACUUM INTO ?", str(partial))
        partial.replace(folder / DAILY)
    except (OSError, StoreError, sqlite3.Error):
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def newest_run(db: Database) -> int:
    return int(db.value("SELECT coalesce(max(id), 0) FROM run"))


def notice(db: Database, folder: Path) -> list[str]:
    """Within the run's lock, before anything is planned: a database that knows fewer runs than there were is an older
    one. Its agreements still hold, but what it knows of the calendars is old: all are listed anew, under guard G4.
    Returns what to tell of it."""
    known, newest = _known_runs(folder), newest_run(db)
    if newest >= known:
        return []
    with db.transaction():
        forget_tokens(db)
        now = db.now_us()  # the runs in between are not known; their numbers are not given again
        db.run("INSERT INTO run (id, started_us, ended_us, trigger) VALUES (?, ?, ?, 'restored')", known, now, now)
    if not newest:
        words = f"the state database was lost; the last run was number {known:,}. Every calendar is listed anew, and "
        return [f"{words}what belongs together is linked again. Nothing is deleted: what was deleted on one side since "
                "then comes back from the other, and undo and trash begin anew"]
    words = f"the state database is an older copy: it ends with run {newest:,}, and the last one was number {known:,}"
    return [f"{words}. Every calendar is listed anew, and deletions wait for your yes; undo knows no run in between"]


def note(db: Database, folder: Path) -> None:
    """After a run: how many there were. What cannot be written now the next run writes."""
    number = newest_run(db)
    if number > _known_runs(folder):
        with suppress(OSError):
            files.write(folder / RUNS, f"{number}\n")


def _known_runs(folder: Path) -> int:
    try:
        return int((folder / RUNS).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def forget_tokens(db: Database) -> None:
    """T5: links, bases and hub stay; what the calendars hold is asked anew."""
    db.run("UPDATE calendar SET sync_token = NULL, last_full_us = NULL, reset = 1")


def rebuild(folder: Path, ports: Ports) -> str:
    """What was done, in words. A sound database stays and forgets its tokens; a damaged one is put aside, and the
    daily copy, or an empty one, takes its place. Calendars are not touched. Raises StoreError for a newer schema."""
    file = folder / FILE_NAME
    words = "the database is sound; the next sync lists everything anew"
    if not file.exists() or not is_sound(file):
        words = _replaced(folder, f"{ports.now():%Y%m%d-%H%M%S}")
    db = open_database(folder, ports)
    try:
        with db.transaction():
            forget_tokens(db)
    finally:
        db.close()
    return words


def is_sound(file: Path) -> bool:
    try:
        connection = sqlite3.connect(file)
        try:
            return bool(connection.execute("PRAGMA quick_check").fetchone()[0] == "ok")
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def _replaced(folder: Path, stamp: str) -> str:
    file, daily = folder / FILE_NAME, folder / DAILY
    aside = folder / f"{FILE_NAME}.damaged-{stamp}"
    words = "there was no database"
    try:
        for old in (file, *(folder / f"{FILE_NAME}{end}" for end in ("-wal", "-shm"))):
            if old.exists():
                old.replace(aside if old == file else folder / f"{aside.name}{old.name[len(FILE_NAME):]}")
                words = f"the damaged database is now {aside}"
        if daily.exists() and is_sound(daily):
            files.make(file)
            shutil.copyfile(daily, file)
            return f"{words}; the copy of the day stands in its place, and the next sync lists everything anew"
    except OSError as err:
        raise StoreError(f"{err.filename or folder}: {err.strerror}; no calendar was touched") from err
    return f"{words}; the next sync begins anew, and finds again what belongs together"
