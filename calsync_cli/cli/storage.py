"""What `doctor` says of the disk: what lies there, how long, and what bounds it."""

from __future__ import annotations

from collections.abc import Iterator

from calsync_cli.cli.context import Context
from calsync_cli.cli.lines import counted
from calsync_cli.cli.log import FILE_NAME as LOG
from calsync_cli.cli.log import LOG_BYTES, LOG_FILES
from calsync_cli.store.db import FILE_NAME, open_database
from calsync_cli.store.retention import IMAGES, JOURNAL
from calsync_cli.store.sizes import Sizes, measure


def look(ctx: Context) -> Sizes | None:
    """None where there is no database yet."""
    if not (ctx.state_dir / FILE_NAME).exists():
        return None
    database = open_database(ctx.state_dir, ctx.ports)
    try:
        return measure(database, ctx.state_dir, LOG)
    finally:
        database.close()


def words(found: Sizes, ctx: Context) -> Iterator[str]:
    now = ctx.ports.now()
    yield (
        f"database {_mb(found.database)}, {_mb(found.empty)} of it free for what comes; its copy of the day "
        f"{_mb(found.daily_copy)}; log {_mb(found.logs)}, {_mb(LOG_BYTES * (LOG_FILES + 1))} at most"
    )
    yield f"events {_mb(found.event_bytes)} ({found.events:,}), as long as their calendars have them"
    yield (
        f"trash, and what lost a conflict: {_mb(found.trash_bytes)} ({found.trash:,}), for {IMAGES.days} days: back to "
        f"{now - IMAGES:%d %b %Y}"
    )
    yield (
        f"history {_mb(found.write_bytes)} ({counted(found.writes, 'write')}), for {JOURNAL.days} days: back to "
        f"{now - JOURNAL:%d %b %Y}, what each overwrote for {IMAGES.days}"
    )
    if found.aside:
        yield f"old databases put aside in {ctx.state_dir}: {_mb(found.aside)}; delete them when all is well"


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
