"""Groups that were synced once: which calendars they joined, what was made in them, how their pairs were called.

Cost    `calendars` and `pairs` look at much; they are asked where a person wants something done about what is gone
"""

from __future__ import annotations

import json
from collections.abc import Collection

from calsync_cli.store.db import Database

_COPIES = (
    "FROM spoke s JOIN mirror_item m ON m.calendar_id = s.calendar_id AND m.remote_id = s.remote_id AND m.gone < 2 "
    "WHERE s.grp = ? AND s.owned = 1"
)


def keys(db: Database) -> list[str]:
    return [row[0] for row in db.all("SELECT key FROM grp ORDER BY key")]


def key_of_link(db: Database, link: int) -> str | None:
    found = db.value("SELECT grp FROM link WHERE id = ?", link)
    return None if found is None else str(found)


def calendars(db: Database, grp: str) -> set[int]:
    """All that ever had a place in an event of the group."""
    return {row[0] for row in db.all("SELECT DISTINCT calendar_id FROM spoke WHERE grp = ?", grp)}


def members(db: Database, grp: str) -> set[int]:
    """Those that have not been forgotten."""
    return {row[0] for row in db.all("SELECT calendar_id FROM grp_calendar WHERE grp = ?", grp)}


def copies(db: Database, grp: str) -> dict[int, int]:
    """By calendar, how many of the group's events there calsync made."""
    return {row[0]: row[1] for row in db.all(f"SELECT s.calendar_id, count(*) {_COPIES} GROUP BY 1", grp)}


def names(db: Database, calendar: int) -> list[tuple[str, str]]:
    """(account, calendar) by which configurations have called it."""
    sql = "SELECT account, name FROM alias WHERE calendar_id = ? ORDER BY account, name"
    return [(row["account"], row["name"]) for row in db.all(sql, calendar)]


def made_under(db: Database, grp: str, calendar: int) -> str:
    """The view under which the group's copies there were made last."""
    sql = "SELECT view FROM operation WHERE grp = ? AND calendar_id = ? AND view IS NOT NULL ORDER BY id DESC LIMIT 1"
    found = db.value(sql, grp, calendar)
    if found is None:
        sql = "SELECT max(view) FROM spoke WHERE grp = ? AND calendar_id = ? AND owned = 1"
        found = db.value(sql, grp, calendar)
    return str(found or "")


def pairs(db: Database) -> dict[frozenset[str], tuple[str, str, str]]:
    """By two calendars `account/name`: (name, a, b) of the pair that joined them, as its last run told it."""
    found: dict[frozenset[str], tuple[str, str, str]] = {}
    for row in db.all("SELECT summary FROM run ORDER BY id DESC"):
        for pair in json.loads(row["summary"]).get("pairs", ()):
            a, b = pair["a"]["calendar"], pair["b"]["calendar"]
            found.setdefault(frozenset((a, b)), (pair["pair"], a, b))
    return found


def forget(db: Database, grp: str, left: Collection[int]) -> None:
    """Of the calendars that no pair joins to this group any more nothing is known but what an undo needs, once calsync
    has no copies there: whoever joins them again begins with a first sync, which finds again what belongs together."""
    db.run(
        "UPDATE spoke SET remote_id = NULL, state = 'absent', base = NULL WHERE grp = ? AND remote_id IS NOT NULL "
        "AND link_id IN (SELECT id FROM link WHERE grp = ? AND alive = 0)", grp, grp,
    )
    if copies(db, grp).keys() & set(left):
        return
    for calendar in left:
        db.run("DELETE FROM grp_calendar WHERE grp = ? AND calendar_id = ?", grp, calendar)
    if not members(db, grp):
        db.run("UPDATE link SET open = 0 WHERE grp = ?", grp)
        db.run("DELETE FROM hold WHERE grp = ?", grp)
        db.run("DELETE FROM outside WHERE grp = ?", grp)
