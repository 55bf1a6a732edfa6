"""The world of one story: real engine, real SQLite in memory, servers in memory, a clock of its own.

A new process (`restart`) finds what was committed and nothing else; a database may be lost, or put back as it was.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from calsync_cli.engine.groups import groups
from calsync_cli.engine.report import Report
from calsync_cli.engine.session import Session
from calsync_cli.providers.memory import Call
from calsync_cli.store import backup
from calsync_cli.store.db import Database, open_connection
from tests.engine.faulty_world import FaultyWorld
from tests.engine.oracles import Oracle
from tests.engine.world import Clock
from tests.simulation import pen
from tests.simulation.ledger import Intent, Ledger
from tests.simulation.topology import Topology
from tests.simulation.weather import SimProvider, SimServer, Weather, climate


class SimOracle(Oracle):
    """X10, and what the journal said of each write when it left, for X1 and X8."""

    world: SimWorld

    def call(self, call: Call) -> None:
        super().call(call)
        self.world.trace(call)
        if call.name == "changes":
            self.world.round_over()
        if not call.writes:
            return
        row = self.world.db.one(
            "SELECT o.changes, o.before, o.grp, o.kind, o.because FROM operation o "
            "JOIN calendar c ON c.id = o.calendar_id WHERE o.state = 'sent' AND o.remote_id = ? AND c.remote = ? "
            "ORDER BY o.id DESC",  # another group's may be open still
            call.remote_id, call.calendar,
        )
        assert row is not None and call.calendar is not None
        kept = pen.tokens(bytes(row["before"] or b""))
        self.world.servers[call.calendar].intents[call] = Intent(_names(row["changes"]), kept, row["because"])
        if row["kind"] == "delete":
            self.world.deletes.append((row["grp"], call.calendar))


@lru_cache(maxsize=2048)
def _names(changes: str) -> frozenset[str]:
    return frozenset(json.loads(changes))


class SimWorld(FaultyWorld):
    servers: dict[str, SimServer]

    def __init__(self, topology: Topology, rules: dict[str, Any], rng: Random, rate: float) -> None:
        self.topology = topology
        self.ledger = Ledger(topology)
        self.ledger.restores = rules["conflict"] in ("merge", "newest", "ask") and not topology.bridges
        self.ledger.asked_for = self._asked_for
        self.ledger.kept = self._kept
        self.board: Weather = Weather(rng, rate)
        self.commit_count = 0
        self.kill_commit = None
        self.kills = 0
        self.runs = 0
        self.deletes: list[tuple[str, str]] = []
        self.round_over: Callable[[], None] = self.deletes.clear
        self.digest = 0
        self.known_runs = ""
        self.was_lost = False
        self.calls = 0
        self.oracle = SimOracle(self)
        self.clock = Clock()
        self.ports = self.clock.ports()
        self.servers, self.bulk = {}, {}
        for name in topology.calendars:
            traits, self.bulk[name] = climate(rng)
            server = SimServer(name, lambda: self.clock.now, traits, self.board, self.ledger)
            server.add_calendar(name, mails=rng.random() < 0.3)
            server.observers.append(self.oracle.call)
            self.servers[name] = server
        self.pairs = topology.pairs(rules)
        self.installation = "i" * 32
        self.gap = timedelta(0)
        self._hook(_empty_database(self.ports))

    def session(self) -> Session:
        made = {name: SimProvider(server, self.bulk[name]) for name, server in self.servers.items()}
        return Session(self.db, self.ports, self.installation, made.__getitem__, inline=True)

    def trace(self, call: Call) -> None:
        """What happened so far in one number: the same in every play of the same story."""
        self.calls += 1
        said = repr((call.name, call.calendar, call.remote_id, call.guard, call.body, self.clock.now))
        self.digest = zlib.crc32(said.encode(), self.digest)

    def contents(self, side: str) -> dict[str, bytes]:
        return self.servers[side].contents(side)

    def writes(self) -> int:
        return self.ledger.writes

    @property
    def operations(self) -> int:
        return self.ledger.edits + self.calls

    def crash_run(self, errand: Any = None, **wish: Any) -> Report | None:
        self.runs += 1
        for server in self.servers.values():
            server.calls.clear()
        return super().crash_run(errand, **wish)

    def restart(self) -> None:
        """Memory of the process is gone; the database is what it had committed."""
        connection = self.db._connection
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        self.kills += self.board.dead
        if self.board.dead and self.kill_commit is not None and self.commit_count >= self.kill_commit[0]:
            self.board.kinds[f"kill {self.kill_commit[1]} commit"] += 1
        self.board.revive()
        self.kill_commit = None

    @contextmanager
    def fair(self) -> Iterator[None]:
        """Nothing fails and nobody meddles for a while."""
        rate, meddling = self.board.rate, self.board.meddling
        self.board.rate, self.board.meddling = 0, lambda call: None
        yield
        self.board.rate, self.board.meddling = rate, meddling

    def make_right(self) -> None:
        """Every calendar is there again, with all rights."""
        for name, server in self.servers.items():
            server.set_calendar(name, gone=False, access="write", level="full")

    def all_planned(self) -> bool:
        """Every group has had its first sync."""
        planned = self.db.value("SELECT count(*) FROM grp WHERE first_us IS NOT NULL")
        return int(planned) == len(groups(self.pairs))

    @property
    def groups_apart(self) -> bool:
        """No calendar is in two groups, so none of them takes up in one run what another one did."""
        named = [name for group in groups(self.pairs) for name in group.calendars]
        return len(named) == len(set(named))

    def linked(self, grp: str, calendar: str) -> int:
        return int(self.db.value(
            "SELECT count(*) FROM spoke s JOIN calendar c ON c.id = s.calendar_id "
            "WHERE s.grp = ? AND c.remote = ? AND s.remote_id IS NOT NULL", grp, calendar,
        ))

    def lose_database(self) -> None:
        self.was_lost = True
        self._replace(_empty_database(self.ports))

    def image(self) -> bytes:
        return self.db._connection.serialize()

    def put_back(self, image: bytes) -> None:
        """A person puts an older copy of the database in its place; the next run notices (T5)."""
        self._replace(_opened(image, self.ports))

    def _replace(self, database: Database) -> None:
        """The state folder but for the database stays, and with it how many runs there were."""
        self.oracle.remember_store()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if self.known_runs:
                (folder / backup.RUNS).write_text(self.known_runs)
            backup.note(self.db, folder)
            self.db.close()
            self._hook(database)
            self.oracle.forget()
            backup.notice(self.db, folder)
            self.known_runs = (folder / backup.RUNS).read_text()
        self.ledger.forgotten()

    def _kept(self) -> set[bytes]:
        self.oracle.remember_store()
        return self.oracle.stored

    def _asked_for(self, remote_id: str) -> bool:
        return self.db.value(
            "SELECT 1 FROM operation WHERE kind = 'delete' AND parks = 1 AND remote_id = ?", remote_id
        ) is not None


@lru_cache(maxsize=1)
def _empty_image() -> bytes:
    database = open_connection(":memory:", Clock().ports())
    image = database._connection.serialize()
    database.close()
    return image


def _empty_database(ports: Any) -> Database:
    return _opened(_empty_image(), ports)


def _opened(image: bytes, ports: Any) -> Database:
    """As store.db opens it, less the migrations, which the image has had."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(image)
    connection.row_factory = sqlite3.Row
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    return Database(connection, ports)
