"""Questions that commands ask of the state: status, events, conflicts, history. Reads only, but for `group_ran`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from calsync_cli.model import recur
from calsync_cli.model.codec import form_from
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Form, form_span, form_title
from calsync_cli.store.db import Database, moment

CONFLICTS = ("fields", "delete", "orphan")
HELD = ("ambiguous", "notify", "read-only", "approval")
ASKED = ("approval", "notify")
Bounds = tuple[datetime | None, datetime | None]
"""How far the pairs of a calendar look; None: without end."""
EVERYWHERE: Bounds = (None, None)
OUTSIDE = "outside the window of its pair"


def group_ran(db: Database, pairs: Sequence[str], *, ok: bool) -> None:
    now = db.now_us()
    for name in pairs:
        db.run(
            "INSERT INTO pair (name, ran_us, ok_us) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
            "ran_us = excluded.ran_us, ok_us = coalesce(excluded.ok_us, pair.ok_us)",
            name, now, now if ok else None,
        )


def pair_times(db: Database, name: str) -> tuple[datetime | None, datetime | None]:
    """(end of the last run, end of the last good run)."""
    row = db.one("SELECT ran_us, ok_us FROM pair WHERE name = ?", name)
    if row is None:
        return None, None
    return moment(row["ran_us"]), moment(row["ok_us"]) if row["ok_us"] else None


def last_run(db: Database) -> datetime | None:
    """When the last finished run ended."""
    us = db.value("SELECT max(ended_us) FROM run")
    return None if us is None else moment(us)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of one calendar with its sync status (cli.md section 2, `events`)."""

    calendar_id: int
    remote_id: str
    uid: str
    form: Form | None
    status: str
    detail: str
    link_id: int | None
    answer: str = ""

    @property
    def title(self) -> str:
        return form_title(self.form) if self.form is not None else ""


_EVENTS = """
SELECT m.calendar_id, m.remote_id, m.uid, m.form, m.problem AS m_problem, m.tool, m.answer, s.link_id, s.state,
       l.open, l.quarantine, l.rev, s.rev AS s_rev,
       (SELECT x.problem FROM spoke x WHERE x.link_id = s.link_id AND x.refused IS NOT NULL LIMIT 1) AS refused,
       (SELECT o.words FROM outside o WHERE o.calendar_id = m.calendar_id AND o.remote_id = m.remote_id LIMIT 1)
          AS outside,
       (SELECT group_concat(h.kind, ',') FROM hold h WHERE h.link_id = s.link_id
          OR (h.calendar_id = m.calendar_id AND h.remote_id = m.remote_id)) AS holds,
       (SELECT h.detail FROM hold h WHERE h.link_id = s.link_id
          OR (h.calendar_id = m.calendar_id AND h.remote_id = m.remote_id) LIMIT 1) AS detail
FROM mirror_item m
LEFT JOIN spoke s ON s.calendar_id = m.calendar_id AND s.remote_id = m.remote_id
LEFT JOIN link l ON l.id = s.link_id
WHERE m.calendar_id = ? AND m.gone < 2 {more}
GROUP BY m.id ORDER BY m.remote_id
"""


def events(
    db: Database, calendar_id: int, *, uid: str | None = None, link: int | None = None, bounds: Bounds = EVERYWHERE
) -> list[EventRow]:
    """The mirror of one calendar, or its events of one UID or link."""
    wanted = [(column, value) for column, value in (("m.uid", uid), ("s.link_id", link)) if value is not None]
    more = "".join(f"AND {column} = ? " for column, _ in wanted)
    rows = db.all(_EVENTS.format(more=more), calendar_id, *(value for _, value in wanted))
    return [_event(row, bounds) for row in rows]


def _event(row: sqlite3.Row, bounds: Bounds) -> EventRow:
    status, detail = _status(row, bounds)
    form = None if row["form"] is None else form_from(row["form"])
    number, remote_id = row["calendar_id"], row["remote_id"]
    return EventRow(number, remote_id, row["uid"], form, status, detail, row["link_id"], row["answer"])


def payloads(db: Database, calendar_id: int) -> list[sqlite3.Row]:
    """(remote_id, uid, payload, form, problem) of all items of a calendar."""
    return db.all(
        "SELECT remote_id, uid, payload, form, problem FROM mirror_item WHERE calendar_id = ? AND gone < 2 "
        "ORDER BY remote_id", calendar_id,
    )


def copies(db: Database) -> list[tuple[int, int, str, bool]]:
    """(link, calendar, remote id, whether it is a copy that shows a view of its event), the events themselves first."""
    rows = db.all(
        "SELECT link_id, calendar_id, remote_id, view <> '' AS masked FROM spoke WHERE remote_id IS NOT NULL "
        "ORDER BY masked, link_id, calendar_id"
    )
    return [(row["link_id"], row["calendar_id"], row["remote_id"], bool(row["masked"])) for row in rows]


def _status(row: sqlite3.Row, bounds: Bounds) -> tuple[str, str]:
    """The first that applies, worst first."""
    kinds = set((row["holds"] or "").split(",")) - {""}
    words = json.loads(row["detail"])["words"] if row["detail"] else ""
    if row["m_problem"] is not None:
        return "quarantined", row["m_problem"]
    if row["quarantine"] is not None:
        return "quarantined", json.loads(row["quarantine"])[0]
    if kinds & set(CONFLICTS):
        return "conflict", words
    if kinds & set(HELD):
        return "held", words
    if "refused" in kinds or (row["refused"] is not None and row["open"]):
        return "error", row["refused"] or words
    if row["state"] == "dormant" or (row["link_id"] is None and row["outside"]):
        return "dormant", row["outside"] or OUTSIDE
    if row["link_id"] is None and row["tool"]:
        return "dormant", f"{row['tool']}, another program, made it as a copy; it is not taken along (other_tools)"
    if row["link_id"] is None:
        return ("dormant", OUTSIDE) if _is_outside(row, bounds) else ("pending", "not synced yet")
    return ("pending", "something is still to be written") if row["open"] else ("synced", "")


def _is_outside(row: sqlite3.Row, bounds: Bounds) -> bool:
    """V1: what was never in the window has no link either."""
    return bounds != EVERYWHERE and row["form"] is not None and not recur.touches(form_from(row["form"]), *bounds)


def status_counts(db: Database, calendar_ids: Sequence[int], bounds: Bounds = EVERYWHERE) -> Mapping[str, int]:
    """Events by status over the calendars of a pair: each set counts once, by the worst it is on any side."""
    order = ("quarantined", "conflict", "held", "error", "pending", "dormant", "synced")
    worst: dict[object, str] = {}
    for calendar_id in calendar_ids:
        for event in _statuses(db, calendar_id, bounds):
            key, status = event
            if key not in worst or order.index(status) < order.index(worst[key]):
                worst[key] = status
    return {status: sum(one == status for one in worst.values()) for status in order}


def _statuses(db: Database, calendar_id: int, bounds: Bounds) -> list[tuple[object, str]]:
    rows = db.all(_EVENTS.format(more=""), calendar_id)
    return [(row["link_id"] or (calendar_id, row["remote_id"]), _status(row, bounds)[0]) for row in rows]


def view_of(db: Database, link: int | None, calendar_id: int) -> str:
    """As the engine's views say it; "" for what is no copy, or shows everything."""
    sql = "SELECT view FROM spoke WHERE link_id = ? AND calendar_id = ?"
    return str(db.value(sql, link, calendar_id) or "")


def is_owned(db: Database, calendar_id: int, remote_id: str) -> bool:
    """Whether calsync made it."""
    sql = "SELECT max(owned) FROM spoke WHERE calendar_id = ? AND remote_id = ?"
    return bool(db.value(sql, calendar_id, remote_id))


def calendar_ids(db: Database, account: str, name: str) -> int | None:
    found = db.value("SELECT calendar_id FROM alias WHERE account = ? AND name = ?", account, name)
    return None if found is None else int(found)


def paired_id(db: Database, account: str, name: str) -> str | None:
    """The provider's id of a configured calendar, if some event of it was ever agreed upon."""
    found = db.value(
        "SELECT c.remote FROM alias a JOIN calendar c ON c.id = a.calendar_id WHERE a.account = ? AND a.name = ? "
        "AND EXISTS (SELECT 1 FROM spoke s WHERE s.calendar_id = c.id AND s.remote_id IS NOT NULL)", account, name,
    )
    return None if found is None else str(found)


def aliases(db: Database) -> dict[int, str]:
    """Calendar number -> `account/name` as configured."""
    return {r["calendar_id"]: f"{r['account']}/{r['name']}" for r in db.all("SELECT * FROM alias ORDER BY name DESC")}


def runs(db: Database, limit: int) -> list[sqlite3.Row]:
    return db.all("SELECT * FROM run ORDER BY id DESC LIMIT ?", limit)


def run_row(db: Database, run: int) -> sqlite3.Row | None:
    return db.one("SELECT * FROM run WHERE id = ?", run)


def operations(db: Database, *, run: int | None = None, link: int | None = None) -> list[sqlite3.Row]:
    """Journal rows of a run or of an event, oldest first."""
    if run is not None:
        return db.all("SELECT * FROM operation WHERE run_id = ? ORDER BY id", run)
    return db.all("SELECT * FROM operation WHERE link_id = ? ORDER BY id", link)


def operation_counts(db: Database, run: int) -> Mapping[str, int]:
    rows = db.all(
        "SELECT kind, count(*) AS n FROM operation WHERE run_id = ? AND state = 'confirmed' GROUP BY kind", run
    )
    return {row["kind"]: row["n"] for row in rows}


@dataclass(frozen=True, slots=True)
class Trash:
    """What a deletion took from one calendar (row 11). link: None when nothing is known of the event any more."""

    id: int
    run: int
    link: int | None
    calendar: int
    uid: str
    payload: bytes
    at: datetime


def trash(db: Database) -> list[Trash]:
    """Deleted copies, the newest first; of events that are there again none, and each event of a calendar once."""
    rows = db.all(
        "SELECT k.*, l.id AS known FROM kept k LEFT JOIN link l ON l.id = k.link_id WHERE k.kind = 'trash' "
        "AND k.payload IS NOT NULL AND NOT EXISTS (SELECT 1 FROM spoke s WHERE s.link_id = k.link_id "
        "AND s.calendar_id = k.calendar_id AND s.remote_id IS NOT NULL) ORDER BY k.id DESC"
    )
    newest: dict[tuple[int, str], Trash] = {}
    for row in rows:
        one = Trash(row["id"], row["run_id"], row["known"], row["calendar_id"], row["uid"], row["payload"],
                    moment(row["at_us"]))
        newest.setdefault((one.calendar, one.uid), one)
    return list(newest.values())


def lost_values(db: Database, link: int) -> list[sqlite3.Row]:
    """Values of one event that gave way on a calendar, to another side's or to the rules of its pair, the newest first
    (I1): (run_id, calendar_id, kind, path, value, at_us); value: JSON {path: value}."""
    return db.all(
        "SELECT run_id, calendar_id, kind, path, value, at_us FROM kept WHERE link_id = ? AND path IS NOT NULL "
        "ORDER BY id DESC", link,
    )


def last_writing_run(db: Database) -> int | None:
    """The newest run that changed something."""
    found = db.value("SELECT max(run_id) FROM operation WHERE state = 'confirmed'")
    return None if found is None else int(found)


def start_of(form: Form | None) -> object:
    """The start of the master, as model time, or None."""
    span = form_span(form) if form is not None else None
    return span.start if span else None
