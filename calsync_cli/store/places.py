"""Where an account's calendars are: its folder, or its server and user. Another place holds other calendars (G6, T3).

Rule    what was seen and agreed at one place is put aside when the account points to another, and taken up again when
        it points back; so an address that happens to be the same there is never taken for the same calendar
"""

from __future__ import annotations

from calsync_cli.store.db import Database

ASIDE = "aside:"


def notice(db: Database, account: str, place: str) -> None:
    """Within the run's lock. `place` names the place; the first one an account has is simply noted."""
    known = db.meta(f"place:{account}")
    if known == place:
        return
    with db.transaction():
        db.set_meta(f"place:{account}", place)
        if known is None:
            return
        db.run(
            "UPDATE calendar SET remote = ? || remote WHERE account = ? AND remote NOT LIKE ?",
            f"{ASIDE}{known}:", account, f"{ASIDE}%",
        )
        prefix = f"{ASIDE}{place}:"
        db.run(
            "UPDATE calendar SET remote = substr(remote, ?), sync_token = NULL, last_full_us = NULL "
            "WHERE account = ? AND substr(remote, 1, ?) = ?", len(prefix) + 1, account, len(prefix), prefix,
        )
        db.run(
            "UPDATE operation SET state = 'abandoned', error = 'its account points to another place now' "
            "WHERE state = 'sent' AND calendar_id IN (SELECT id FROM calendar WHERE account = ? AND remote LIKE ?)",
            account, f"{ASIDE}%",
        )


def was_elsewhere(db: Database, account: str, name: str) -> bool:
    """Whether the configured name led to a calendar that was put aside."""
    remote = db.value(
        "SELECT c.remote FROM alias a JOIN calendar c ON c.id = a.calendar_id WHERE a.account = ? AND a.name = ?",
        account, name,
    )
    return remote is not None and str(remote).startswith(ASIDE)
