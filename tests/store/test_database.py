"""The state database: fresh, newer, damaged, full; who may read it; which indices the planner's questions use."""

from __future__ import annotations

import re
import sqlite3
import stat
from pathlib import Path

import pytest

from calsync_cli.errors import StoreError
from calsync_cli.ports import system_ports
from calsync_cli.store import db as store
from calsync_cli.store import journal, links, mirror
from calsync_cli.store.db import FILE_NAME, Database, open_connection, open_database


def test_a_fresh_folder_gets_todays_schema_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    database = open_database(tmp_path, system_ports())
    assert store.schema_version(database) == store.migrations()[-1][0]
    assert store.integrity_problems(database) == []
    database.close()
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    open_database(tmp_path, system_ports()).close()
    database = open_database(tmp_path, system_ports())
    assert database.commits == 0
    database.close()


def test_every_commit_is_durable(tmp_path: Path) -> None:
    database = open_database(tmp_path, system_ports())
    assert database.value("PRAGMA journal_mode") == "wal"
    assert database.value("PRAGMA synchronous") == 2
    database.close()


def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    open_database(tmp_path, system_ports()).close()
    raw = sqlite3.connect(tmp_path / FILE_NAME)
    raw.execute("INSERT INTO migration VALUES (999, 0)")
    raw.commit()
    raw.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(StoreError, match="newer calsync") as refused:
        open_database(tmp_path, system_ports())
    assert refused.value.exit_code == 7
    assert (tmp_path / FILE_NAME).read_bytes() == before


GARBAGE = (b"not a database at all, but long enough to look at" * 100, b"SQLite format 3\0" + b"x" * 5000)


@pytest.mark.parametrize("garbage", GARBAGE, ids=("text", "header only"))
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(garbage)
    with pytest.raises(StoreError, match="no calendar was touched") as refused:
        open_database(tmp_path, system_ports())
    assert refused.value.exit_code == 7
    assert (tmp_path / FILE_NAME).read_bytes() == garbage


def test_a_schema_change_keeps_a_copy_of_what_was_there_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = open_database(tmp_path, system_ports())
    with database.transaction():
        database.set_meta("old", "yes")
    database.close()
    more = [*store.migrations(), (2, "ALTER TABLE meta ADD COLUMN more TEXT;")]
    monkeypatch.setattr(store, "migrations", lambda: more)
    open_database(tmp_path, system_ports()).close()
    copy = tmp_path / FILE_NAME.replace(".db", ".schema1.db")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sqlite3.connect(copy).execute("SELECT value FROM meta WHERE key = 'old'").fetchone() == ("yes",)


def test_a_schema_change_that_breaks_is_undone_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_database(tmp_path, system_ports()).close()
    more = [*store.migrations(), (2, "CREATE TABLE half (a);\nALTER TABLE nowhere ADD COLUMN b;")]
    monkeypatch.setattr(store, "migrations", lambda: more)
    with pytest.raises(StoreError):
        open_database(tmp_path, system_ports())
    raw = sqlite3.connect(tmp_path / FILE_NAME)
    assert raw.execute("SELECT max(number) FROM migration").fetchone() == (1,)
    assert raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone() is None


def test_a_full_disk_ends_in_words_and_leaves_no_transaction_open(tmp_path: Path) -> None:
    database = open_database(tmp_path, system_ports())
    pages = int(database.value("PRAGMA page_count"))
    database.run(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(StoreError, match="cannot be written") as full, database.transaction():
        database.set_meta("big", "x" * 200_000)
    assert full.value.exit_code == 7
    assert database.meta("big") is None
    with database.transaction():
        database.set_meta("small", "fits")
    database.close()


@pytest.mark.parametrize(("pragma", "way"), [("query_only = 1", "writable"), ("max_page_count = 1", "free some disk")])
def test_a_database_that_cannot_be_written_says_what_helps(tmp_path: Path, pragma: str, way: str) -> None:
    database = open_database(tmp_path, system_ports())
    database._connection.execute(f"PRAGMA {pragma}")
    with pytest.raises(StoreError, match="cannot be written") as stopped, database.transaction():
        database.set_meta("x", "x" * 100_000)
    assert way in (stopped.value.next or "")
    database.close()


class Explained(Database):
    """Collects the query plan of every question asked."""

    plans: list[tuple[str, str]]

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        if sql.lstrip().startswith("SELECT"):
            rows = super().all(f"EXPLAIN QUERY PLAN {sql}", *values)
            self.plans += [(sql, row["detail"]) for row in rows]
        return super().all(sql, *values)

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        return next(iter(self.all(sql, *values)), None)


def test_what_a_run_asks_is_answered_by_indices() -> None:
    """A quiet run costs the same whatever the size: no question of the planner reads a whole table of events."""
    database = open_connection(":memory:", system_ports())
    asked = Explained(database._connection, system_ports())
    asked.plans = []
    links.load_links(asked, "g", [1, 2])
    links.unlinked(asked, "g", 1, (1, 2), everything=False)
    links.links_for(asked, "g", [1, 2], ["u"], ["k"])
    links.newest_seq(asked, [1])
    links.linked_counts(asked, "g", [1])
    links.known_group(asked, [1])
    links.has_questions(asked, 1)
    mirror.etags(asked, 1, ["x"])
    mirror.suspects(asked, 1)
    mirror.proved_gone(asked, 1, "x")
    mirror.quarantined(asked, 1)
    asked.one(f"SELECT {mirror.MISSING} FROM calendar")
    mirror.find_calendar(asked, "a", "b")
    links.let_go(asked, [1, 2], ["u"])
    journal.late_deletes(asked, 0)
    journal.late_writes(asked, 0)
    assert len(asked.plans) > 15
    events = ("mirror_item", "link", "spoke", "operation", "m", "s", "l", "i", "h")
    scans = [(sql, plan) for sql, plan in asked.plans if plan.split()[:1] == ["SCAN"] and plan.split()[1] in events]
    assert scans == []
    whole = re.compile(r"USING INDEX (sqlite_autoindex_mirror_item_1|mirror_item_seq) \(calendar_id=\?\)$")
    assert [sql for sql, plan in asked.plans if whole.search(plan)] == []  # every event of a calendar, one by one
    news = [plan for sql, plan in asked.plans if "m.id IN" in sql]
    assert any("mirror_item_seq (calendar_id=? AND seq>?)" in plan for plan in news), news
