"""What the state forgets with time, looked at once a day: so it grows with the events, not with the years.

Kept    images of what was overwritten or deleted 90 days (U1); tombstones 400 days (row 13), and as long the journal
"""

from __future__ import annotations

from datetime import timedelta

from calsync_cli.store.db import Database, micros, moment

IMAGES, JOURNAL = timedelta(days=90), timedelta(days=400)


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
        db.run("DELETE FROM run WHERE ended_us < ? AND id NOT IN (SELECT run_id FROM operation)", journal)
        db.set_meta("tidied", today)
    return True
