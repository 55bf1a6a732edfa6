"""The mirror: what each calendar showed last, payload and form side by side. One function per verb.

Order   `save_round` stores rows and token in one transaction (T1); `seq` grows with every change of meaning
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from calsync_cli.model.codec import form_from, form_json
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Form, People
from calsync_cli.store.db import Database, micros, moment
from calsync_cli.store.places import ASIDE


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A calendar of the mirror; `token` covers exactly the stored items."""

    id: int
    account: str
    remote: str
    name: str
    access: str
    level: str
    mails: bool
    max_bytes: int | None
    token: str | None
    last_full: datetime | None
    reset: bool
    lowered: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One item as it was just read. form None: not readable, `problem` says why. The rest as in Reading."""

    remote_id: str
    uid: str
    etag: str | None
    payload: bytes
    form: Form | None
    problem: str | None = None
    marker: str | None = None
    people: People = ""
    stamp: datetime | None = None
    own_uid: str = ""
    made: str = ""
    tool: str = ""
    kind: str = ""
    answer: str = ""


def calendar_row(db: Database, calendar_id: int) -> CalendarRow:
    row = db.one("SELECT * FROM calendar WHERE id = ?", calendar_id)
    assert row is not None
    return _calendar(row)


def _calendar(row: sqlite3.Row) -> CalendarRow:
    return CalendarRow(
        row["id"], row["account"], row["remote"], row["name"], row["access"], row["level"], bool(row["mails"]),
        row["max_bytes"], row["sync_token"], moment(row["last_full_us"]) if row["last_full_us"] else None,
        bool(row["reset"]), row["lowered"], row["zone"],
    )


def find_calendar(db: Database, account: str, name: str) -> CalendarRow | None:
    """The calendar a configured name was resolved to in an earlier run, if the account still is at that place."""
    row = db.one(
        "SELECT c.* FROM alias a JOIN calendar c ON c.id = a.calendar_id WHERE a.account = ? AND a.name = ?",
        account, name,
    )
    return None if row is None or row["remote"].startswith(ASIDE) else _calendar(row)


def put_calendar(
    db: Database, account: str, alias: str, remote: str, name: str, access: str, level: str, mails: bool,
    max_bytes: int | None, zone: str = "",
) -> CalendarRow:
    """Note a calendar as its provider shows it now, and the configured name that leads to it."""
    db.run(
        "INSERT INTO calendar (account, remote, name, access, level, mails, max_bytes, zone) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (account, remote) DO UPDATE SET name = excluded.name, access = excluded.access, "
        "level = excluded.level, mails = excluded.mails, max_bytes = excluded.max_bytes, zone = excluded.zone",
        account, remote, name, access, level, int(mails), max_bytes, zone,
    )
    calendar_id = db.value("SELECT id FROM calendar WHERE account = ? AND remote = ?", account, remote)
    db.run(
        "INSERT INTO alias VALUES (?, ?, ?) ON CONFLICT (account, name) "
        "DO UPDATE SET calendar_id = excluded.calendar_id",
        account, alias, calendar_id,
    )
    return calendar_row(db, calendar_id)


def stamp(db: Database, calendar_id: int, remote_id: str) -> int | None:
    """When the server changed it last, in microseconds; None where it did not say."""
    found = db.value("SELECT stamp_us FROM mirror_item WHERE calendar_id = ? AND remote_id = ?", calendar_id, remote_id)
    return int(found) if found is not None else None


def etags(db: Database, calendar_id: int, remote_ids: Iterable[str] | None = None) -> dict[str, str | None]:
    """Etag by remote id of the live items: of the given ones, or of all."""
    if remote_ids is None:
        rows = db.all("SELECT remote_id, etag FROM mirror_item WHERE calendar_id = ? AND gone < 2", calendar_id)
        return {row[0]: row[1] for row in rows}
    found: dict[str, str | None] = {}
    for remote_id in remote_ids:
        row = db.one(
            "SELECT etag FROM mirror_item WHERE calendar_id = ? AND remote_id = ? AND gone < 2", calendar_id, remote_id
        )
        if row is not None:
            found[remote_id] = row[0]
    return found


def readable(db: Database, account: str) -> list[sqlite3.Row]:
    """All items of an account that are there and could be read: calendar_id, remote_id, etag, payload, stamp_us."""
    sql = (
        "SELECT m.calendar_id, m.remote_id, m.etag, m.payload, m.stamp_us FROM mirror_item m "
        "JOIN calendar c ON c.id = m.calendar_id WHERE c.account = ? AND m.gone = 0 AND m.form IS NOT NULL"
    )
    return db.all(sql, account)


def linked_ids(db: Database, calendar_id: int, remote_ids: Sequence[str]) -> set[str]:
    """Those of the ids that some group has a link for."""
    sql = "SELECT 1 FROM spoke WHERE calendar_id = ? AND remote_id = ?"
    return {i for i in remote_ids if db.value(sql, calendar_id, i) is not None}


def proved_gone(db: Database, calendar_id: int, remote_id: str) -> bool:
    """Whether this id was seen gone with proof, so that a reappearance must be looked at (O4)."""
    row = db.one("SELECT gone FROM mirror_item WHERE calendar_id = ? AND remote_id = ?", calendar_id, remote_id)
    return row is not None and row["gone"] == 2


def live_count(db: Database, calendar_id: int) -> int:
    """From two narrow indices: the rows themselves hold payloads."""
    sql = "SELECT count(*) FROM mirror_item INDEXED BY mirror_item_seq WHERE calendar_id = ?"
    rows = int(db.value(sql, calendar_id))
    sql = "SELECT count(*) FROM mirror_item INDEXED BY mirror_item_gone WHERE calendar_id = ? AND gone > 0 AND gone = 2"
    return rows - int(db.value(sql, calendar_id))


def next_seq(db: Database) -> int:
    seq = int(db.meta("seq") or "0") + 1
    db.set_meta("seq", str(seq))
    return seq


def payload(db: Database, calendar_id: int, remote_id: str) -> bytes | None:
    found = db.value(
        "SELECT payload FROM mirror_item WHERE calendar_id = ? AND remote_id = ?", calendar_id, remote_id
    )
    return None if found is None else bytes(found)


def _is_copy(db: Database, calendar_id: int, seen: Seen, known_uid: str) -> bool:
    """Somebody copied an event with all that calsync keeps beside it: the one that was there first is that event (K5).

    What was once told to be a copy remains one, whatever becomes of the other.
    """
    if known_uid in (seen.uid, seen.own_uid):
        return known_uid == seen.own_uid
    sql = "SELECT 1 FROM mirror_item WHERE calendar_id = ? AND uid = ? AND remote_id != ? AND gone < 2"
    return db.value(sql, calendar_id, seen.uid, seen.remote_id) is not None


def put_item(db: Database, calendar_id: int, seen: Seen, seq: int, writer: str | None = None) -> bool:
    """Store one item. True if its meaning changed; an echo only moves the version marker (O5)."""
    old = db.one(
        "SELECT form, problem, gone, marker, uid, tool, kind, answer, stamp_us, edited_us, writer FROM mirror_item "
        "WHERE calendar_id = ? AND remote_id = ?", calendar_id, seen.remote_id,
    )
    if seen.own_uid not in ("", seen.uid) and _is_copy(db, calendar_id, seen, "" if old is None else old["uid"]):
        seen = replace(seen, uid=seen.own_uid, marker=None)
    form = None if seen.form is None else form_json(seen.form)
    same = (
        old is not None and old["gone"] == 0 and old["form"] == form and old["uid"] == seen.uid
        and (form is not None or old["problem"] == seen.problem)
        and (old["tool"], old["kind"], old["answer"]) == (seen.tool, seen.kind, seen.answer)
    )
    stamp = micros(seen.stamp) if seen.stamp else None
    edited = _edited(old, stamp, old["writer"] if old is not None and same else writer)
    if same:
        db.run(
            "UPDATE mirror_item SET etag = ?, stamp_us = ?, edited_us = ?, payload = ?, people = ?, marker = ?, "
            "seen_at_us = ? WHERE calendar_id = ? AND remote_id = ?",
            seen.etag, stamp, edited, seen.payload, seen.people, seen.marker, db.now_us(), calendar_id, seen.remote_id,
        )
        return False
    db.run(
        "INSERT INTO mirror_item (calendar_id, remote_id, uid, etag, stamp_us, edited_us, payload, form, problem, "
        "marker, people, tool, kind, answer, gone, seq, writer, seen_at_us) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?) "
        "ON CONFLICT (calendar_id, remote_id) DO UPDATE SET uid = excluded.uid, etag = excluded.etag, "
        "stamp_us = excluded.stamp_us, edited_us = excluded.edited_us, payload = excluded.payload, "
        "form = excluded.form, problem = excluded.problem, "
        "marker = excluded.marker, people = excluded.people, tool = excluded.tool, kind = excluded.kind, "
        "answer = excluded.answer, gone = 0, seq = excluded.seq, writer = excluded.writer, "
        "seen_at_us = excluded.seen_at_us",
        calendar_id, seen.remote_id, seen.uid, seen.etag, stamp, edited, seen.payload, form, seen.problem, seen.marker,
        seen.people, seen.tool, seen.kind, seen.answer, seq, writer, db.now_us(),
    )
    return True


def _edited(old: sqlite3.Row | None, stamp: int | None, writer: str | None) -> int | None:
    """A write of ours says nothing about when a person last changed the event (D2)."""
    if old is None:
        return stamp if writer is None else None
    same: int | None = old["edited_us"]
    return same if writer is not None or stamp == old["stamp_us"] else stamp


def account_of(db: Database, calendar_id: int) -> str | None:
    found = db.value("SELECT account FROM calendar WHERE id = ?", calendar_id)
    return None if found is None else str(found)


def touch_etag(db: Database, calendar_id: int, remote_id: str, etag: str | None) -> None:
    db.run("UPDATE mirror_item SET etag = ? WHERE calendar_id = ? AND remote_id = ?", etag, calendar_id, remote_id)


def set_gone(db: Database, calendar_id: int, remote_id: str, level: int, seq: int) -> None:
    """level 1: missing, which is no proof yet where it has to be absent for longer; 2: proved (O2). What was proved
    stays so, however often it is found missing again: a late listing may have shown it once more (O4).
    """
    db.run(
        "UPDATE mirror_item SET gone = ?, seq = ?, writer = NULL, seen_at_us = ? "
        "WHERE calendar_id = ? AND remote_id = ? AND gone < ?",
        level, seq, db.now_us(), calendar_id, remote_id, level,
    )


def lower_access(db: Database, calendar_id: int) -> None:
    """The server forbade a write: read-only until the rights are read again, which the next round does."""
    db.run("UPDATE calendar SET access = 'read', last_full_us = NULL WHERE id = ?", calendar_id)


def forget_full(db: Database, calendar_id: int) -> None:
    """Makes the next round a complete listing with fresh rights."""
    db.run("UPDATE calendar SET last_full_us = NULL WHERE id = ?", calendar_id)


def forget_versions(db: Database, calendar_id: int) -> None:
    """The next full listing reads every body again."""
    db.run("UPDATE mirror_item SET etag = NULL, stamp_us = NULL WHERE calendar_id = ?", calendar_id)
    forget_full(db, calendar_id)


def forget_all_versions(db: Database, account: str) -> None:
    for row in db.all("SELECT id FROM calendar WHERE account = ?", account):
        forget_versions(db, row["id"])


def suspects(db: Database, calendar_id: int) -> dict[str, int]:
    """Ids that were missing when they were looked at last, and since when, in microseconds (O2)."""
    sql = "SELECT remote_id, seen_at_us FROM mirror_item WHERE calendar_id = ? AND gone > 0 AND gone = 1"
    rows = db.all(sql, calendar_id)
    return {row[0]: row[1] for row in rows}


def save_token(db: Database, calendar_id: int, token: str | None, *, full: bool) -> None:
    """T1: called in the transaction that stores the items the token covers."""
    now = db.now_us()
    db.run("UPDATE calendar SET sync_token = ?, last_ok_us = ? WHERE id = ?", token, now, calendar_id)
    if full:
        db.run("UPDATE calendar SET last_full_us = ? WHERE id = ?", now, calendar_id)


def drop_token(db: Database, calendar_id: int) -> None:
    """T4: the token is lost; guard G4 watches until the next planned run."""
    db.run("UPDATE calendar SET sync_token = NULL, reset = 1 WHERE id = ?", calendar_id)


def set_lowered(db: Database, calendar_id: int, words: str) -> None:
    """G6: rights shrank, or ("") are as before."""
    db.run("UPDATE calendar SET lowered = ? WHERE id = ?", words, calendar_id)


MISSING = "EXISTS (SELECT 1 FROM mirror_item WHERE calendar_id = calendar.id AND gone > 0 AND gone = 1)"
"""`gone > 0` names the index that holds only these; without it every event of the calendar is looked at."""


def clear_reset(db: Database, calendar_ids: Sequence[int]) -> None:
    """A plan was executed, so a person has agreed to what the guards G4 and G6 asked. What is missing and not proved to
    be gone yet was no part of it (O2): G4 stays for as long.
    """
    for calendar_id in calendar_ids:
        db.run(f"UPDATE calendar SET reset = reset AND {MISSING}, lowered = '' WHERE id = ?", calendar_id)


def sweep_gone(db: Database, before_us: int) -> None:
    """Rows of items that are gone and belong to no link; a late listing may show them again for a while (O4)."""
    db.run(
        "DELETE FROM mirror_item WHERE gone = 2 AND seen_at_us < ? AND NOT EXISTS (SELECT 1 FROM spoke s "
        "WHERE s.calendar_id = mirror_item.calendar_id AND s.remote_id = mirror_item.remote_id)",
        before_us,
    )


def form_at(db: Database, calendar_id: int, remote_id: str) -> Form | None:
    text = db.value("SELECT form FROM mirror_item WHERE calendar_id = ? AND remote_id = ?", calendar_id, remote_id)
    return None if text is None else form_from(text)


def quarantined(db: Database, calendar_id: int) -> list[sqlite3.Row]:
    """(remote_id, uid, problem, form) of the items that calsync does not touch."""
    return db.all(
        "SELECT remote_id, uid, problem, form FROM mirror_item INDEXED BY mirror_item_problem "
        "WHERE calendar_id = ? AND problem IS NOT NULL AND gone < 2 ORDER BY remote_id", calendar_id,
    )
