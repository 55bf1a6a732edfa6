"""The state database: opening, transactions, migrations. The only module that knows how SQLite is set up.

Shape   `open_database(folder, ports)` -> Database; all times in it are UTC microseconds
Errors  StoreError for a database that is damaged, locked by others, or newer than this program
Source  semantics J1, U3; sqlite.org/lang_transaction.html, pragma.html
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from calsync_cli import files
from calsync_cli.errors import StoreError
from calsync_cli.ports import Ports

FILE_NAME = "calsync.db"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


class Database:
    """One connection. Statements run in autocommit mode outside `transaction()`."""

    def __init__(self, connection: sqlite3.Connection, ports: Ports) -> None:
        self._connection = connection
        self._ports = ports
        self.commits = 0

    def now_us(self) -> int:
        return micros(self._ports.now())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; durable when it returns (synchronous=FULL)."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self.before_commit()
            self._connection.execute("COMMIT")
        except BaseException as err:
            if self._connection.in_transaction:  # a full disk may have ended it already
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            if isinstance(err, sqlite3.OperationalError):
                raise _unusable(err) from err
            raise
        self.commits += 1
        self.after_commit()

    def before_commit(self) -> None:
        """A place for crash tests to stop at (L4)."""

    def after_commit(self) -> None:
        """Another: what was done is on disk."""

    def run(self, sql: str, *values: Any) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except sqlite3.DatabaseError as err:
            _raise_unusable(err)
            raise

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._connection.executemany(sql, rows)

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.run(sql, *values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        try:
            return self.run(sql, *values).fetchall()
        except sqlite3.DatabaseError as err:
            _raise_unusable(err)
            raise

    def value(self, sql: str, *values: Any) -> Any:
        row = self.one(sql, *values)
        return None if row is None else row[0]

    def meta(self, key: str) -> str | None:
        found = self.value("SELECT value FROM meta WHERE key = ?", key)
        return None if found is None else str(found)

    def set_meta(self, key: str, value: str) -> None:
        self.run("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)

    def close(self) -> None:
        self._connection.close()


DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""What SQLite says of a file that is no sound database (any more)."""
_OF_THE_DISK = (
    *DAMAGED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL,
)


def _code(err: sqlite3.Error) -> int:
    return getattr(err, "sqlite_errorcode", 0) & 0xFF


def _raise_unusable(err: sqlite3.DatabaseError) -> None:
    """Where the disk or another program is at fault, and not the statement. Raises StoreError."""
    if _code(err) in _OF_THE_DISK:
        raise _unusable(err) from err


def _unusable(err: sqlite3.DatabaseError) -> StoreError:
    if _code(err) in DAMAGED:
        text = f"the state database cannot be used ({err}); what was under way is looked up at the next run"
        return StoreError(text, next="calsync doctor")
    text = f"the state database cannot be written ({err}); what was under way is looked up at the next run"
    ways = {
        sqlite3.SQLITE_READONLY: "make the file and its folder writable for you",
        sqlite3.SQLITE_FULL: "free some disk space", sqlite3.SQLITE_BUSY: "stop the other program that has it open",
        sqlite3.SQLITE_LOCKED: "stop the other program that has it open",
    }
    way = ways.get(_code(err), "look whether its disk is full or failing")
    return StoreError(text, next=f"{way}, then: calsync sync")


def open_database(folder: Path, ports: Ports) -> Database:
    """Open or create `folder/calsync.db`, brought to today's schema. Only the owner may read it."""
    path = folder / FILE_NAME
    try:
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        return open_connection(str(path), ports, backup=path)
    except sqlite3.DatabaseError as err:
        text = f"the state database {path} cannot be used ({err}); no calendar was touched"
        raise StoreError(text, next="calsync doctor") from err
    except OSError as err:
        text = f"the state database {path} cannot be made ({err.strerror}); no calendar was touched"
        raise StoreError(text, next="calsync doctor") from err


def open_connection(name: str, ports: Ports, *, backup: Path | None = None) -> Database:
    """`name` may be ":memory:". `backup` is copied aside before a schema change (U3)."""
    database = connect(name, ports)
    _migrate(database, backup)
    return database


def connect(name: str, ports: Ports) -> Database:
    """As `open_connection`, but the schema stays as it is."""
    connection = sqlite3.connect(name, isolation_level=None, timeout=10.0)
    connection.row_factory = sqlite3.Row
    # of a new database: two events of the usual size leave a quarter of a page of 4,096 empty
    connection.execute("PRAGMA page_size=8192")
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    return Database(connection, ports)


# -- migrations --------------------------------------------------------------------------------------------------------


def migrations() -> list[tuple[int, str]]:
    """(number, SQL) in order, from `migrations/NNNN_*.sql`."""
    files = Path(__file__).with_name("migrations").glob("*.sql")  # importlib.resources takes longer than all the rest
    return sorted((int(f.name[:4]), f.read_text(encoding="utf-8")) for f in files)


def schema_version(database: Database) -> int:
    database.run("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, at_us INTEGER NOT NULL) STRICT")
    return int(database.value("SELECT coalesce(max(number), 0) FROM migration"))


def _migrate(database: Database, backup: Path | None) -> None:
    known = migrations()
    have = schema_version(database)
    if have > known[-1][0]:
        raise StoreError(
            f"the state database was written by a newer calsync (schema {have}, this program knows {known[-1][0]}); "
            "nothing was touched",
            next="upgrade calsync, or point --state-dir at another folder",
        )
    due = [(number, sql) for number, sql in known if number > have]
    if due and have and backup is not None:
        _copy_aside(database, backup, have)
    for number, sql in due:
        with database.transaction():
            for statement in _statements(sql):
                database.run(statement)
            broken = database.all("PRAGMA foreign_key_check")
            if broken:
                raise StoreError(f"schema change {number} found {len(broken)} broken references; nothing was changed")
            database.run("INSERT INTO migration VALUES (?, ?)", number, database.now_us())


def _copy_aside(database: Database, path: Path, version: int) -> None:
    copy = path.with_suffix(f".schema{version}.db")
    files.make(copy)
    database.run("VACUUM INTO ?", str(copy))


def _statements(sql: str) -> Iterator[str]:
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def integrity_problems(database: Database) -> list[str]:
    """What SQLite itself finds wrong; empty when the file is sound."""
    rows = [str(row[0]) for row in database.all("PRAGMA quick_check")]
    return [] if rows == ["ok"] else rows
