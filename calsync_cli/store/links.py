"""Links, hubs, spokes and holds: loading what a plan needs, storing what it decided.

Cost    only links with new mirror rows, or marked open, are loaded: a quiet run reads none, whatever the size
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from calsync_cli.engine.world import Choice, Entry, Hold, Kept, Link, Quarantine, Replica, Spoke
from calsync_cli.errors import InternalCheck
from calsync_cli.model.codec import dumps, form_from, form_json, value_from, value_json
from calsync_cli.model.plain import dataclass
from calsync_cli.store.db import Database, moment
from calsync_cli.store.mirror import next_seq

# -- groups ------------------------------------------------------------------------------------------------------------


def ensure_group(db: Database, grp: str, calendars: Sequence[int]) -> None:
    db.run("INSERT INTO grp (key) VALUES (?) ON CONFLICT DO NOTHING", grp)
    for calendar in calendars:
        db.run("INSERT INTO grp_calendar (grp, calendar_id) VALUES (?, ?) ON CONFLICT DO NOTHING", grp, calendar)


@dataclass(frozen=True, slots=True)
class GroupState:
    """planned: whether a plan over all its calendars was executed before; rules: digest of those it was executed under.

    day: on which all sets were held against the window last.
    """

    planned: bool = False
    rules: str = ""
    day: str = ""


def group_state(db: Database, grp: str, calendars: Sequence[int]) -> GroupState:
    row = db.one("SELECT first_us, rules, day FROM grp WHERE key = ?", grp)
    if row is None:
        return GroupState()
    members = {r[0] for r in db.all("SELECT calendar_id FROM grp_calendar WHERE grp = ?", grp)}
    return GroupState(row["first_us"] is not None and members >= set(calendars), row["rules"], row["day"])


def group_planned(db: Database, grp: str, rules: str) -> None:
    db.run("UPDATE grp SET first_us = coalesce(first_us, ?), rules = ? WHERE key = ?", db.now_us(), rules, grp)


# -- loading -----------------------------------------------------------------------------------------------------------


def newest_seq(db: Database, calendars: Sequence[int]) -> dict[int, int]:
    return {
        c: int(db.value("SELECT coalesce(max(seq), 0) FROM mirror_item WHERE calendar_id = ?", c)) for c in calendars
    }


def planned_seq(db: Database, grp: str, calendar: int) -> int:
    return int(
        db.value("SELECT planned_seq FROM grp_calendar WHERE grp = ? AND calendar_id = ?", grp, calendar) or 0
    )


def known_group(db: Database, calendars: Sequence[int]) -> str | None:
    """The two-way group that any of these calendars already belongs to, so that a group may grow and keep its links."""
    sql = "SELECT grp FROM grp_calendar WHERE calendar_id = ? AND grp NOT LIKE 'oneway:%' AND grp NOT LIKE 'bridge:%' "
    for calendar in calendars:
        found = db.value(sql + "ORDER BY grp", calendar)
        if found is not None:
            return str(found)
    return None


def lone_group(db: Database, calendars: Sequence[int]) -> str | None:
    """The two-way group of just these calendars, as a pair keeps its links when it gets a view or loses it (V7)."""
    keys = [row[0] for row in db.all("SELECT key FROM grp WHERE key NOT LIKE 'oneway:%' ORDER BY key")]
    return next((key for key in keys if set(members(db, key)) == set(calendars)), None)


def members(db: Database, grp: str) -> list[int]:
    """Numbers of the calendars of a group."""
    return [row[0] for row in db.all("SELECT calendar_id FROM grp_calendar WHERE grp = ?", grp)]


def uid_of(db: Database, link_id: int | None) -> str:
    return str(db.value("SELECT uid FROM link WHERE id = ?", link_id) or "")


def has_questions(db: Database, link_id: int) -> bool:
    return db.value("SELECT 1 FROM hold WHERE link_id = ? AND choice IS NULL", link_id) is not None


def linked_counts(db: Database, grp: str, calendars: Sequence[int]) -> dict[int, int]:
    sql = "SELECT count(*) FROM spoke WHERE grp = ? AND calendar_id = ? AND remote_id IS NOT NULL"
    return {c: int(db.value(sql, grp, c)) for c in calendars}


def load_links(db: Database, grp: str, calendars: Sequence[int], *, everything: bool = False) -> list[Link]:
    """Open links and links with a mirror row that has not been planned yet, with their spokes in `calendars` order."""
    if everything:
        rows = db.all("SELECT * FROM link WHERE grp = ?", grp)
    else:
        ids = {row[0] for row in db.all("SELECT id FROM link WHERE grp = ? AND open = 1", grp)}
        for calendar in calendars:
            ids |= _dirty(db, grp, calendar)
        rows = [row for i in sorted(ids) for row in db.all("SELECT * FROM link WHERE id = ?", i)]
    return [_link(db, row, calendars) for row in rows]


def _dirty(db: Database, grp: str, calendar: int) -> set[int]:
    sql = (
        "SELECT s.link_id FROM mirror_item m JOIN spoke s ON s.grp = ? AND s.calendar_id = m.calendar_id "
        "AND s.remote_id = m.remote_id WHERE m.calendar_id = ? AND m.seq > ? AND m.writer IS NOT ?"
    )
    return {row[0] for row in db.all(sql, grp, calendar, planned_seq(db, grp, calendar), grp)}


def links_for(db: Database, grp: str, calendars: Sequence[int], uids: Iterable[str], keys: Iterable[str]) -> list[Link]:
    """Links, tombstones too, that new replicas may belong to by UID or by marker."""
    found: dict[int, sqlite3.Row] = {}
    for uid in uids:
        found |= {row["id"]: row for row in db.all("SELECT * FROM link WHERE grp = ? AND uid = ?", grp, uid)}
    for key in keys:
        found |= {row["id"]: row for row in db.all("SELECT * FROM link WHERE grp = ? AND key = ?", grp, key)}
    return [_link(db, row, calendars) for _, row in sorted(found.items())]


def link_by_id(db: Database, link_id: int, calendars: Sequence[int]) -> Link | None:
    row = db.one("SELECT * FROM link WHERE id = ?", link_id)
    return None if row is None else _link(db, row, calendars)


def _link(db: Database, row: sqlite3.Row, calendars: Sequence[int]) -> Link:
    sql = (
        "SELECT s.*, m.uid AS m_uid, m.etag AS m_etag, m.form AS m_form, m.problem AS m_problem, m.marker AS m_marker, "
        "m.people AS m_people, m.gone AS m_gone, m.edited_us AS m_edited, m.kind AS m_kind, m.answer AS m_answer "
        "FROM spoke s LEFT JOIN mirror_item m ON m.calendar_id = s.calendar_id AND m.remote_id = s.remote_id "
        "WHERE s.link_id = ?"
    )
    spokes = {spoke["calendar_id"]: _spoke(spoke) for spoke in db.all(sql, row["id"])}
    hub = {p: Entry(value_from(v), rev, source) for p, (v, rev, source) in json.loads(row["hub"]).items()}
    frozen = db.value("SELECT 1 FROM operation WHERE link_id = ? AND state = 'sent'", row["id"]) is not None
    return Link(
        row["key"], row["uid"], tuple(spokes.get(c, Spoke(c)) for c in calendars), row["id"], bool(row["alive"]),
        row["rev"], hub, frozen, bool(row["open"]),
        tuple(json.loads(row["quarantine"])) if row["quarantine"] else None,
    )


def _spoke(row: sqlite3.Row) -> Spoke:
    replica = None
    if row["m_uid"] is not None:
        replica = Replica(
            row["calendar_id"], row["remote_id"], row["m_uid"], row["m_etag"],
            None if row["m_form"] is None else form_from(row["m_form"]), row["m_problem"], row["m_marker"],
            row["m_people"] or "", row["m_gone"] == 2, moment(row["m_edited"]) if row["m_edited"] else None,
            kind=row["m_kind"], answer=row["m_answer"],
        )
    return Spoke(
        row["calendar_id"], row["state"], row["remote_id"], row["generation"], row["alias"], bool(row["owned"]),
        None if row["base"] is None else form_from(row["base"]), row["rev"], json.loads(row["behind"]),
        row["refused"], row["problem"], replica, row["view"],
    )


def unlinked(
    db: Database, grp: str, calendar: int, members: Sequence[int], *, everything: bool,
    chained: Collection[str] = (),
) -> list[Replica]:
    """Readable items without a link in this group: new ones, those that wait for a person or were made by another
    program (N5), or all of them.

    Copies that a one-way rule of ours or a view made are derived and never a source (N4), but where the calendar they
    came from is a member too: then the pair was one-way before, and they are replicas of one set (V7, K3). Those of
    the groups in `chained` are copied on. One whose making is not known to have ended is a copy as well (J3).
    """
    within = ",".join(str(int(member)) for member in members if member != calendar) or "NULL"
    copying = ', '.join(['?'] * len(chained) + [repr('')])
    sql = (
        "SELECT m.* FROM mirror_item m WHERE m.id IN ("
        "SELECT id FROM mirror_item WHERE calendar_id = ? AND seq > ? "
        "UNION SELECT id FROM mirror_item WHERE calendar_id = ? AND problem IS NOT NULL "
        "UNION SELECT id FROM mirror_item WHERE calendar_id = ? AND tool <> '' "
        "UNION SELECT i.id FROM hold h JOIN mirror_item i ON i.calendar_id = h.calendar_id "
        "AND i.remote_id = h.remote_id WHERE h.calendar_id = ? AND h.grp = ?) "
        "AND m.gone < 2 AND m.form IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM spoke s WHERE s.grp = ? AND s.calendar_id = m.calendar_id "
        "AND s.remote_id = m.remote_id) "
        "AND NOT EXISTS (SELECT 1 FROM spoke s WHERE s.calendar_id = m.calendar_id AND s.remote_id = m.remote_id "
        "AND s.owned = 1 AND (s.grp LIKE 'oneway:%' OR s.view <> '') "
        f"AND s.grp NOT IN ({copying}) "
        "AND NOT EXISTS (SELECT 1 FROM spoke o WHERE o.link_id = s.link_id "
        f"AND o.calendar_id IN ({within}))) "
        "AND NOT EXISTS (SELECT 1 FROM operation p WHERE p.state = 'sent' AND p.kind = 'create' AND p.grp <> ? "
        "AND p.calendar_id = m.calendar_id AND p.remote_id = m.remote_id "
        f"AND (p.grp LIKE 'oneway:%' OR p.view <> '') AND p.grp NOT IN ({copying}))"
    )
    seq = -1 if everything else planned_seq(db, grp, calendar)
    rows = db.all(sql, calendar, seq, calendar, calendar, calendar, grp, grp, *sorted(chained), grp, *sorted(chained))
    return [_replica(row) for row in rows]


def let_go(db: Database, calendars: Sequence[int], uids: Iterable[str]) -> list[Replica]:
    """Readable items with one of these UIDs that lost their link, however long ago they changed (K3): copies that were
    released because a person had edited them (W4)."""
    sql = (
        "SELECT m.* FROM mirror_item m WHERE m.uid = ? AND m.calendar_id = ? AND m.gone < 2 AND m.form IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM spoke s WHERE s.calendar_id = m.calendar_id AND s.remote_id = m.remote_id)"
    )
    wanted = [(uid, calendar) for uid in dict.fromkeys(uids) if uid for calendar in calendars]
    return [_replica(row) for uid, calendar in wanted for row in db.all(sql, uid, calendar)]


def _replica(row: sqlite3.Row) -> Replica:
    return Replica(
        row["calendar_id"], row["remote_id"], row["uid"], row["etag"],
        None if row["form"] is None else form_from(row["form"]), row["problem"], row["marker"], row["people"],
        row["gone"] == 2, moment(row["edited_us"]) if row["edited_us"] else None, row["tool"], row["kind"],
        row["answer"],
    )


# -- storing a plan ----------------------------------------------------------------------------------------------------


def save_link(db: Database, grp: str, link: Link) -> int:
    """Insert or update the link with all its spokes; returns its number. InternalCheck: this key has a link already."""
    hub = dumps({p: [value_json(e.value), e.rev, e.source] for p, e in link.hub.items()})
    closed = None if link.alive else db.now_us()
    quarantine = dumps(list(link.quarantine)) if link.quarantine else None
    if link.id is None:
        if db.value("SELECT 1 FROM link WHERE grp = ? AND key = ?", grp, link.key) is not None:
            raise InternalCheck(f"a second link would be made for {link.uid}")  # its replicas would be forgotten (I5)
        db.run(
            "INSERT INTO link (grp, key, uid, alive, open, rev, hub, quarantine, closed_us) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            grp, link.key, link.uid, int(link.alive), int(link.open), link.rev, hub, quarantine, closed,
        )
    else:
        db.run(
            "UPDATE link SET uid = ?, alive = ?, open = ?, rev = ?, hub = ?, quarantine = ?, closed_us = ? "
            "WHERE id = ?",
            link.uid, int(link.alive), int(link.open), link.rev, hub, quarantine, closed, link.id,
        )
    link_id = link.id or int(db.value("SELECT id FROM link WHERE grp = ? AND key = ?", grp, link.key))
    for spoke in link.spokes:
        db.run("UPDATE spoke SET remote_id = NULL WHERE link_id = ? AND calendar_id = ?", link_id, spoke.calendar)
    for spoke in link.spokes:
        save_spoke(db, grp, link_id, spoke)
    if not link.open:
        _forget_answers(db, link_id)
    return link_id


def save_spoke(db: Database, grp: str, link_id: int, spoke: Spoke) -> None:
    db.run(
        "INSERT INTO spoke (link_id, calendar_id, grp, remote_id, state, generation, alias, owned, base, rev, behind, "
        "refused, problem, view) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (link_id, calendar_id) DO UPDATE "
        "SET remote_id = excluded.remote_id, state = excluded.state, generation = excluded.generation, "
        "alias = excluded.alias, owned = excluded.owned, base = excluded.base, rev = excluded.rev, "
        "behind = excluded.behind, refused = excluded.refused, problem = excluded.problem, "
        "view = excluded.view",
        link_id, spoke.calendar, grp, spoke.remote_id, spoke.state, spoke.generation, spoke.alias, int(spoke.owned),
        None if spoke.base is None else form_json(spoke.base), spoke.rev, dumps(dict(spoke.behind)), spoke.refused,
        spoke.problem, spoke.view,
    )


def set_open(db: Database, link_id: int, *, open: bool) -> None:
    db.run("UPDATE link SET open = ? WHERE id = ?", int(open), link_id)
    if not open:
        _forget_answers(db, link_id)


def _forget_answers(db: Database, link_id: int) -> None:
    """What was answered has been done."""
    db.run("DELETE FROM hold WHERE link_id = ? AND choice IS NOT NULL", link_id)


def mark_planned(db: Database, grp: str, seqs: Mapping[int, int], day: str) -> None:
    db.run("UPDATE grp SET day = ? WHERE key = ?", day, grp)
    for calendar, seq in seqs.items():
        db.run(
            "UPDATE grp_calendar SET planned_seq = ? WHERE grp = ? AND calendar_id = ? AND planned_seq < ?",
            seq, grp, calendar, seq,
        )


def save_outside(db: Database, grp: str, found: Mapping[tuple[int, str], str], *, afresh: bool) -> None:
    """Why events take no part, "" for those that do; `afresh`: what other rules said is forgotten (V5, V7)."""
    if afresh:
        db.run("DELETE FROM outside WHERE grp = ?", grp)
    for (calendar, remote_id), words in found.items():
        db.run("DELETE FROM outside WHERE calendar_id = ? AND remote_id = ? AND grp = ?", calendar, remote_id, grp)
        if words:
            db.run("INSERT INTO outside VALUES (?, ?, ?, ?)", grp, calendar, remote_id, words)


def save_quarantine(
    db: Database, quarantined: Iterable[Quarantine], cleared: Iterable[tuple[int, str]]
) -> None:
    """Duplicates keep their form and get a problem; a problem of that kind is over when the item found its link. Other
    groups look at it anew then, as at what is new."""
    for calendar, remote_id in cleared:
        known = "calendar_id = ? AND remote_id = ? AND form IS NOT NULL AND problem IS NOT NULL"
        if db.value(f"SELECT 1 FROM mirror_item WHERE {known}", calendar, remote_id):
            seq = next_seq(db)
            db.run(f"UPDATE mirror_item SET problem = NULL, seq = ? WHERE {known}", seq, calendar, remote_id)
    for item in quarantined:
        db.run(
            "UPDATE mirror_item SET problem = ? WHERE calendar_id = ? AND remote_id = ?",
            item.words, item.calendar, item.remote_id,
        )


def keep(db: Database, run: int, kept: Kept, link_id: int | None, payload: bytes | None) -> None:
    """I1: what is about to be lost, before the transaction of the plan ends."""
    value = None if kept.path is None else form_json({kept.path: kept.value})
    db.run(
        "INSERT INTO kept (run_id, link_id, calendar_id, kind, uid, path, value, payload, at_us) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        run, link_id, kept.calendar, kept.kind, kept.uid, kept.path, value, payload, db.now_us(),
    )


# -- holds -------------------------------------------------------------------------------------------------------------


def forget_refusals(db: Database, calendar: int) -> None:
    """What the server said no to is tried once more."""
    refused = "calendar_id = ? AND refused IS NOT NULL"
    db.run(f"UPDATE link SET open = 1 WHERE id IN (SELECT link_id FROM spoke WHERE {refused})", calendar)
    db.run(f"UPDATE spoke SET refused = NULL, problem = NULL WHERE {refused}", calendar)


def try_again(db: Database, only: Collection[int] | None) -> None:
    """What a server said no to, or stored otherwise, is planned anew: of these links, or of all."""
    rows = db.all(
        "SELECT id FROM link WHERE quarantine IS NOT NULL "
        "UNION SELECT link_id FROM spoke WHERE refused IS NOT NULL"
    )
    for (link_id,) in rows:
        if only is None or link_id in only:
            db.run("UPDATE link SET open = 1, quarantine = NULL WHERE id = ?", link_id)
            db.run("UPDATE spoke SET refused = NULL, problem = NULL WHERE link_id = ?", link_id)


def waits_for_rights(db: Database, calendar: int) -> bool:
    """Whether some write is held because the calendar is read-only."""
    return db.value("SELECT 1 FROM hold WHERE kind = 'read-only' AND calendar_id = ?", calendar) is not None


def replace_holds(
    db: Database, grp: str, holds: Sequence[Hold], planned: Iterable[int], undecided: Collection[int],
    writing: Collection[int], link_ids: Mapping[str, int],
) -> None:
    """Holds of the planned links, and of items, become what the plan says; number and age of the same ones stay.

    Of undecided links none is dropped, nor its answer (J3, row 16). Of those that are to be written, or whose write
    waits for another yes, none that was answered: the plan is derived again, and nobody is asked twice (I21, A3).
    """
    old = defaultdict(list)
    planned = set(planned)
    for row in db.all("SELECT * FROM hold WHERE grp = ?", grp):
        if row["link_id"] is None or row["link_id"] in planned:
            old[_place(row["link_id"], row["calendar_id"], row["remote_id"], row["kind"])].append(row)
    for hold in sorted(holds, key=lambda h: (h.start, h.title)):  # numbered as a person reads them
        link_id = link_ids.get(hold.link) if hold.link else None
        detail = dumps({"subject": hold.subject, "title": hold.title, "start": hold.start, "words": hold.words,
                        "fields": dict(hold.detail)})
        same = old.get(_place(link_id, hold.calendar, hold.remote_id, hold.kind))
        if same:
            row = same.pop()
            choice = row["choice"] if row["digest"] == hold.digest else None
            sql = "UPDATE hold SET digest = ?, detail = ?, choice = ? WHERE id = ?"
            db.run(sql, hold.digest, detail, choice, row["id"])
            continue
        db.run(
            "INSERT INTO hold (grp, link_id, calendar_id, remote_id, kind, digest, detail, since_us) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            grp, link_id, hold.calendar, hold.remote_id, hold.kind, hold.digest, detail, db.now_us(),
        )
    for rows in old.values():
        for row in rows:
            if row["link_id"] not in undecided and not (row["choice"] and row["link_id"] in writing):
                db.run("DELETE FROM hold WHERE id = ?", row["id"])


def _place(link_id: int | None, calendar: int | None, remote_id: str | None, kind: str) -> tuple[object, ...]:
    return link_id, calendar, remote_id, kind


def choices(db: Database, grp: str) -> dict[str, Choice]:
    """A person's answers, by hold subject."""
    found = {}
    for row in db.all("SELECT digest, detail, choice FROM hold WHERE grp = ? AND choice IS NOT NULL", grp):
        found[json.loads(row["detail"])["subject"]] = Choice(row["digest"], json.loads(row["choice"]))
    return found


def asks(db: Database, grp: str) -> bool:
    """Whether anything of this group waits for a person."""
    return db.value("SELECT 1 FROM hold WHERE grp = ?", grp) is not None


def hold_rows(db: Database, kinds: Sequence[str] = ()) -> list[sqlite3.Row]:
    """All holds, oldest first, with the link's UID and hub."""
    marks = ",".join("?" * len(kinds))
    where = f"WHERE h.kind IN ({marks})" if kinds else ""
    return db.all(
        "SELECT h.*, l.uid AS uid, l.key AS link_key FROM hold h LEFT JOIN link l ON l.id = h.link_id "
        f"{where} ORDER BY h.id",
        *kinds,
    )


def waiting(db: Database, grp: str, calendars: Sequence[int]) -> dict[tuple[int, str], Hold]:
    """Ambiguous items that are still there and have no link, by (calendar, remote id)."""
    sql = (
        "SELECT h.* FROM hold h JOIN mirror_item m ON m.calendar_id = h.calendar_id AND m.remote_id = h.remote_id "
        "WHERE h.grp = ? AND h.link_id IS NULL AND h.kind = 'ambiguous' AND m.gone < 2"
    )
    found = {}
    for row in db.all(sql, grp):
        if row["calendar_id"] in calendars:
            said = json.loads(row["detail"])
            found[row["calendar_id"], row["remote_id"]] = Hold(
                row["kind"], said["subject"], said["title"], said["start"], said["words"], None, row["calendar_id"],
                row["remote_id"], said["fields"], row["digest"],
            )
    return found


def set_choice(db: Database, hold_id: int, answers: Mapping[str, str]) -> None:
    """No answers take back what was answered before."""
    db.run("UPDATE hold SET choice = ? WHERE id = ?", dumps(dict(answers)) if answers else None, hold_id)
    db.run("UPDATE link SET open = 1 WHERE id = (SELECT link_id FROM hold WHERE id = ?)", hold_id)
