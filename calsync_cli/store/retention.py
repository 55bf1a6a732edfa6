"""What the state forgets with time, looked at once a day: so it grows with the events, not with the years.

Kept    images of what was overwritten or deleted 90 days (U1), and as long the runs that wrote nothing; tombstones 400
        days (row 13), and as long the journal
Disk    what is forgotten leaves room for what comes; where much of the file is empty, it is given back to the disk
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from calsync_cli.errors import StoreError
from calsync_cli.store.db import Database, micros, moment

IMAGES, JOURNAL = timedelta(days=90), timedelta(days=400)
EMPTY_BYTES, EMPTY_SHARE = 1_000_000, 0.25


def tidy(db: Database) -> bool:
    """In a transaction of its own, on the first call of a day. Open rows of the journal stay, whatever their age.
    Returns whether it was the first."""
    now = moment(db.now_us())
    today = f"{now:%Y-%m-%d}"
    if db.meta("tidied") == today:
        return False
    images, journal = micros(now - IMAGES), micros(now - JOURNAL)
    with db.transaction():
        db.run(
            "UPDATE operation SET before = NULL, after = NULL "
            "WHERE done_us < ? AND (before IS NOT NULL OR after IS NOT NULL)", images,
        )
        db.run("DELETE FROM kept WHERE at_us < ?", images)
        db.run("DELETE FROM link WHERE alive = 0 AND closed_us < ?", journal)
        db.run("DELETE FROM operation WHERE done_us < ?", journal)
        db.run("DELETE FROM run WHERE ended_us < ? AND id NOT IN (SELECT run_id FROM operation)", images)
        db.set_meta("tidied", today)
    _shrink(db)
    return True


def _shrink(db: Database) -> None:
    """Needs as much free disk as the file takes, for a moment; without it the room is used again all the same."""
    free, pages = int(db.value("PRAGMA freelist_count")), int(db.value("PRAGMA page_count"))
    if free * int(db.value("PRAGMA page_size")) > EMPTY_BYTES and free > pages * EMPTY_SHARE:
        with suppress(StoreError):
            db.run("VACUUM")
