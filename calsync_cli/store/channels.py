"""Channels that servers were asked for: noted before the request leaves, so that one of a program that died is stopped
by the next (design section 7). Each verb is one statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from calsync_cli.model.plain import dataclass
from calsync_cli.store.db import Database, micros, moment


@dataclass(frozen=True, slots=True)
class Row:
    """number: ours. expires None: no answer was seen."""

    number: int
    account: str
    calendar: str
    remote_id: str
    resource: str
    address: str
    secret: str
    opened: datetime
    expires: datetime | None


def noted(db: Database, account: str, calendar: str, remote_id: str, address: str, secret: str) -> int:
    """About to be asked for; its number."""
    found = db.run(
        "INSERT INTO channel (account, calendar, remote_id, resource, address, secret, opened_us) "
        "VALUES (?, ?, ?, '', ?, ?, ?)", account, calendar, remote_id, address, secret, db.now_us(),
    )
    return int(found.lastrowid or 0)


def answered(db: Database, number: int, remote_id: str, resource: str, expires: datetime) -> None:
    """Open, or open for longer from now on."""
    db.run(
        "UPDATE channel SET remote_id = ?, resource = ?, opened_us = ?, expires_us = ? WHERE id = ?",
        remote_id, resource, db.now_us(), micros(expires), number,
    )


def forget(db: Database, number: int) -> None:
    db.run("DELETE FROM channel WHERE id = ?", number)


def known(db: Database) -> Mapping[int, Row]:
    return {row["id"]: _row(row) for row in db.all("SELECT * FROM channel ORDER BY id")}


def _row(row: sqlite3.Row) -> Row:
    expires = None if row["expires_us"] is None else moment(row["expires_us"])
    return Row(
        row["id"], row["account"], row["calendar"], row["remote_id"], row["resource"], row["address"], row["secret"],
        moment(row["opened_us"]), expires,
    )
