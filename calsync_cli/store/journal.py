"""The journal: one row per request that changes something, durable before the request leaves (P1 to P3, I12)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import timedelta

from calsync_cli.engine.world import Written
from calsync_cli.model.codec import changes_from, dumps, form_from, form_json
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Form, Path, Value
from calsync_cli.store.db import Database


@dataclass(frozen=True, slots=True)
class Operation:
    """One write of one replica. `intent` is the body to send, `intent_form` what it reads as.

    answered: the server said yes to it; only what it stored is not known yet. parks, view, by_hand,
    releases: as in engine.world.Step
    before, after: images of the replica, of which old ones are gone
    """

    kind: str
    calendar: int
    remote_id: str
    link_id: int
    rev: int
    changes: Mapping[Path, Value | None]
    title: str
    start: str
    because: str
    id: int = 0
    key: str | None = None
    etag: str | None = None
    intent: bytes | None = None
    intent_form: Form | None = None
    before: bytes | None = None
    held: frozenset[Path] = frozenset()
    grp: str = ""
    answered: bool = False
    parks: bool = False
    view: str | None = None
    after: bytes | None = None
    by_hand: bool = False
    releases: bool = False


def plan_operation(db: Database, run: int, grp: str, op: Operation) -> int:
    """P1: what is about to be done."""
    cursor = db.run(
        "INSERT INTO operation (run_id, grp, link_id, calendar_id, kind, state, remote_id, key, rev, etag, changes, "
        "held, intent, intent_form, before, title, start, because, parks, view, by_hand, releases) "
        "VALUES (?, ?, ?, ?, ?, 'planned', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        run, grp, op.link_id, op.calendar, op.kind, op.remote_id, op.key, op.rev, op.etag, form_json(op.changes),
        dumps(sorted(op.held)), op.intent, None if op.intent_form is None else form_json(op.intent_form), op.before,
        op.title, op.start, op.because, int(op.parks), op.view, int(op.by_hand), int(op.releases),
    )
    return int(cursor.lastrowid or 0)


def mark_sent(db: Database, ids: Sequence[int]) -> None:
    """P2: in one durable transaction, before the first byte leaves."""
    for op_id in ids:
        sql = "UPDATE operation SET state = 'sent', sent_us = ? WHERE id = ? AND state = 'planned'"
        db.run(sql, db.now_us(), op_id)


def close(
    db: Database, op_id: int, state: str, *, after: bytes | None = None, error: str | None = None,
    remote_id: str | None = None,
) -> None:
    """P3: confirmed, failed or abandoned; with what the replica is now, and the id that its server gave it. What may
    still arrive is known by how it would read."""
    db.run(
        "UPDATE operation SET state = ?, after = ?, error = ?, done_us = ?, remote_id = coalesce(?, remote_id), "
        "intent = NULL, intent_form = iif(?, intent_form, NULL) WHERE id = ?",
        state, after, error, db.now_us(), remote_id, error in (NOT_ARRIVED, BY_HAND), op_id,
    )


def note(db: Database, op_id: int, error: str) -> None:
    """The row stays as it is; only the words of what happened are added."""
    db.run("UPDATE operation SET error = ? WHERE id = ?", error, op_id)


def note_answered(db: Database, op_id: int, remote_id: str) -> None:
    """The server said yes, so a create that is not there later was removed by somebody; it is not made again."""
    words = "written, but it could not be read back yet"
    db.run("UPDATE operation SET answered = 1, error = ?, remote_id = ? WHERE id = ?", words, remote_id, op_id)


def drop_planned(db: Database) -> None:
    """J2: the plan is derived again."""
    db.run("DELETE FROM operation WHERE state = 'planned'")


def sent(db: Database) -> list[sqlite3.Row]:
    """Rows whose outcome is unknown, oldest first (J3)."""
    return db.all("SELECT * FROM operation WHERE state = 'sent' ORDER BY id")


def unended(db: Database) -> bool:
    """Whether a run was cut off between its plan and the last outcome."""
    return db.value("SELECT 1 FROM operation WHERE state IN ('planned', 'sent')") is not None


def gave_up(db: Database, since_us: int) -> bool:
    """Whether any write was given up since then."""
    return db.value("SELECT 1 FROM operation WHERE state = 'abandoned' AND done_us >= ?", since_us) is not None


def confirmed(db: Database, run: int) -> list[Operation]:
    """What a run wrote, oldest first; only events that are still known."""
    sql = "SELECT * FROM operation WHERE run_id = ? AND state = 'confirmed' AND link_id IS NOT NULL ORDER BY id"
    return [operation_of(row) for row in db.all(sql, run)]


def places(db: Database, run: int) -> dict[str, set[int]]:
    """By group, the calendars on which a run wrote."""
    found: dict[str, set[int]] = {}
    for op in confirmed(db, run):
        found.setdefault(op.grp, set()).add(op.calendar)
    return found


STILL_UNDER_WAY = timedelta(hours=24)
"""How long a request may arrive after its connection broke."""

NOT_ARRIVED = "it had not arrived before the run was cut off"
"""Why a create or an update of unknown outcome was given up."""

STILL_THERE = "it was not deleted before the run was cut off"
"""Why a delete of unknown outcome was given up."""

BY_HAND = "given up by hand: nobody knows whether it was made"
"""What a person said of a write that nobody can look up any more (J8)."""


def late_deletes(db: Database, since_us: int) -> list[Operation]:
    """Deletes given up since then whose item, in just the version they named, is gone now."""
    sql = (
        "SELECT o.* FROM calendar c CROSS JOIN mirror_item m ON m.calendar_id = c.id AND m.gone > 0 "
        "CROSS JOIN spoke s ON s.calendar_id = c.id AND s.remote_id = m.remote_id "
        "CROSS JOIN operation o ON o.link_id = s.link_id AND o.calendar_id = c.id AND o.remote_id = m.remote_id "
        "WHERE m.gone = 2 AND o.state = 'abandoned' AND o.kind = 'delete' AND o.error IN (?, ?) AND o.done_us >= ? "
        "AND m.etag IS o.etag ORDER BY o.id"
    )
    return [operation_of(row) for row in db.all(sql, STILL_THERE, BY_HAND, since_us)]


def late_writes(db: Database, since_us: int) -> list[Operation]:
    """Creates and updates given up since then where something else is there now, and nothing was written since; newest
    first."""
    sql = (
        "SELECT o.* FROM operation o "
        "CROSS JOIN mirror_item m ON m.calendar_id = o.calendar_id AND m.remote_id = o.remote_id "
        "CROSS JOIN spoke s ON s.link_id = o.link_id AND s.calendar_id = o.calendar_id "
        "WHERE o.state = 'abandoned' AND o.done_us >= ? AND o.error IN (?, ?) AND o.kind <> 'delete' "
        "AND m.gone = 0 AND m.etag IS NOT o.etag "
        "AND iif(o.kind = 'create', s.state = 'absent', s.remote_id = o.remote_id) "
        "AND NOT EXISTS (SELECT 1 FROM operation n WHERE n.link_id = o.link_id AND n.calendar_id = o.calendar_id "
        "AND n.id > o.id AND n.state = 'confirmed') ORDER BY o.id DESC"
    )
    return [operation_of(row) for row in db.all(sql, since_us, NOT_ARRIVED, BY_HAND)]


def given_up_creates(db: Database, op: Operation) -> list[Operation]:
    """Earlier ones of the same place, of unknown outcome; oldest first."""
    sql = (
        "SELECT * FROM operation WHERE link_id = ? AND calendar_id = ? AND remote_id = ? AND kind = 'create' "
        "AND state = 'abandoned' AND error IN (?, ?) AND id < ? ORDER BY id"
    )
    rows = db.all(sql, op.link_id, op.calendar, op.remote_id, NOT_ARRIVED, BY_HAND, op.id)
    return [operation_of(row) for row in rows]


def updates_of(db: Database, link_id: int, since_us: int) -> dict[int, list[Written]]:
    """By calendar: what calsync changed there by itself since then, oldest first."""
    found: dict[int, list[Written]] = {}
    after: dict[int, bytes | None] = {}
    sql = (
        "SELECT calendar_id, run_id, changes, before, after FROM operation WHERE link_id = ? AND kind = 'update' "
        "AND state = 'confirmed' AND by_hand = 0 AND done_us >= ? ORDER BY id"
    )
    for row in db.all(sql, link_id, since_us):
        calendar = row["calendar_id"]
        touched = after.get(calendar, row["before"]) != row["before"]
        found.setdefault(calendar, []).append(Written(row["run_id"], changes_from(row["changes"]), touched))
        after[calendar] = row["after"]
    return found


def newest(db: Database) -> int:
    """The number of the last run, or of the one in progress; 0 before the first."""
    return int(db.value("SELECT max(id) FROM run") or 0)


def is_being_made(db: Database, link_id: int) -> bool:
    """Whether a create of the event is under way, or may have arrived."""
    sql = "SELECT 1 FROM operation WHERE link_id = ? AND kind = 'create' AND state IN ('planned', 'sent')"
    return db.value(sql, link_id) is not None


def was_written(db: Database, link_id: int) -> bool:
    """Whether a write of the event ever arrived, as far as the journal goes back."""
    return db.value("SELECT 1 FROM operation WHERE link_id = ? AND state = 'confirmed'", link_id) is not None


def recent_writes(db: Database, calendar_id: int, since_us: int) -> set[str]:
    """Ids we wrote lately: a listing may still show what was there before (O3)."""
    rows = db.all("SELECT remote_id FROM operation WHERE calendar_id = ? AND done_us >= ?", calendar_id, since_us)
    return {row[0] for row in rows}


def writes_since_token(db: Database, calendar_id: int) -> set[str]:
    """Ids we wrote after the stored token was taken: the next delta must name them."""
    rows = db.all(
        "SELECT remote_id FROM operation WHERE calendar_id = ? AND state = 'confirmed' AND kind != 'delete' "
        "AND done_us >= (SELECT last_ok_us FROM calendar WHERE id = ?)",
        calendar_id, calendar_id,
    )
    return {row[0] for row in rows}


def operation_of(row: sqlite3.Row) -> Operation:
    return Operation(
        row["kind"], row["calendar_id"], row["remote_id"], row["link_id"], row["rev"], changes_from(row["changes"]),
        row["title"], row["start"] or "", row["because"], row["id"], row["key"], row["etag"], row["intent"],
        None if row["intent_form"] is None else form_from(row["intent_form"]), row["before"],
        frozenset(json.loads(row["held"])), row["grp"], bool(row["answered"]), bool(row["parks"]), row["view"],
        row["after"], bool(row["by_hand"]), bool(row["releases"]),
    )


# -- runs --------------------------------------------------------------------------------------------------------------


def start_run(db: Database, trigger: str) -> int:
    cursor = db.run("INSERT INTO run (started_us, trigger) VALUES (?, ?)", db.now_us(), trigger)
    return int(cursor.lastrowid or 0)


def end_run(db: Database, run: int, exit_code: int, summary: str) -> None:
    db.run(
        "UPDATE run SET ended_us = ?, exit_code = ?, summary = ? WHERE id = ?", db.now_us(), exit_code, summary, run
    )
