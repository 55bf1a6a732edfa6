"""A World whose servers break on command and whose process can be killed at every call and every commit.

    world.kill_commit = (3, "before")      # the 3rd commit is lost; "after": it is the last thing that happens
    world.board.fault_at(7, "kill-after")  # the 7th provider call
    world.crash_run()                      # one run, which may die
    world.restart()                        # a new process on the same database file

`oracle` watches all the while (I11, I12, I13); `oracle.final()` judges the end (I2, I5, I6).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from calsync_cli.engine.report import Report
from calsync_cli.providers.memory import Call, Traits
from calsync_cli.providers.memory_server import Shelf
from calsync_cli.store.db import Database, connect, open_connection
from tests.engine.oracles import Oracle
from tests.engine.world import World
from tests.fakes.memory_faults import Board, FaultyServer, SimulatedCrash


class AnyPlan(frozenset[str]):
    """Approves whatever a guard stopped: a person who looked and said yes."""

    def __contains__(self, plan_id: object) -> bool:
        return True


class FaultyWorld(World):
    def __init__(self, names: str = "ab", pairs: Any = None, traits: dict[str, Traits] | None = None, **pair: Any):
        self.board = Board()
        self.commit_count = 0
        self.kill_commit: tuple[int, str] | None = None
        self.oracle = Oracle(self)
        self.writing: set[int] = set()
        """The numbers of the calls that write."""

        def make(now: Any, kind: Traits) -> FaultyServer:
            server = FaultyServer(now, replace(kind), board=self.board)
            server.observers += [self._note, self.oracle.call]
            return server

        super().__init__(names, pairs, make, traits, **pair)
        self._hook(self.db)

    # -- the process ---------------------------------------------------------------------------------------------------

    def _note(self, call: Call) -> None:
        if call.writes:
            self.writing.add(self.board.count)

    def _hook(self, db: Database) -> None:
        self.db = db
        db.before_commit = self._before_commit  # type: ignore[method-assign]
        db.after_commit = self._after_commit  # type: ignore[method-assign]

    def _before_commit(self) -> None:
        self.commit_count += 1
        if self.kill_commit == (self.commit_count, "before"):
            self._die()

    def _after_commit(self) -> None:
        self.oracle.committed()
        if self.kill_commit == (self.commit_count, "after"):
            self._die()

    def _die(self) -> None:
        self.board.dead = True
        raise SimulatedCrash

    def crash_run(self, errand: Callable[[FaultyWorld], object] | None = None, **wish: Any) -> Report | None:
        """One run, or what a person asks for instead; None if it died."""
        try:
            if errand is not None:
                errand(self)
                return None
            return self.run(**wish)
        except SimulatedCrash:
            return None

    def restart(self) -> None:
        """A new process: nothing is left of the old one but what it had committed."""
        connection = self.db._connection
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        self._load(connection.serialize())
        self.board.disarm()
        self.board.revive()
        self.kill_commit = None

    def lose_database(self) -> None:
        """The state folder is gone but for the installation id (K8)."""
        self.db.close()
        self._hook(open_connection(":memory:", self.ports))
        self.oracle.forget()

    def _load(self, image: bytes) -> None:
        fresh = connect(":memory:", self.ports)
        fresh._connection.deserialize(image)
        self.db.close()
        self._hook(fresh)

    def close(self) -> None:
        self.db.close()

    # -- saved games ---------------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return {
            "db": self.db._connection.serialize(), "now": self.clock.now, "oracle": self.oracle.save(),
            "servers": {name: _saved(server) for name, server in self.servers.items()},
        }

    def load(self, game: dict[str, Any]) -> None:
        for name, state in game["servers"].items():
            _restored(self.servers[name], state)
        self.clock.now = game["now"]
        self.board.disarm()
        self.board.revive()
        self.begin_count()
        self.kill_commit = None
        self.oracle.load(game["oracle"])
        self._load(game["db"])

    def begin_count(self) -> None:
        """Steps are numbered from here on."""
        self.board.count = self.commit_count = 0
        self.writing.clear()

    def wait(self, minutes: float) -> None:
        self.clock.now += timedelta(minutes=minutes)

    @property
    def now(self) -> datetime:
        return self.clock.now

    def sent_rows(self) -> int:
        return int(self.db.value("SELECT count(*) FROM operation WHERE state = 'sent'"))

    def asked(self) -> list[tuple[str, str]]:
        """(kind, UID) of what waits for a person."""
        sql = "SELECT h.kind, coalesce(l.uid, h.remote_id) FROM hold h LEFT JOIN link l ON l.id = h.link_id"
        rows = self.db.all(sql)
        return sorted((row[0], row[1]) for row in rows)


def _saved(server: FaultyServer) -> dict[str, Any]:
    return {
        "shelves": {name: _copy(shelf) for name, shelf in server.shelves.items()}, "number": server._number,
        "epoch": server._epoch, "fresh": copy.copy(server._fresh), "traits": replace(server.traits),
        "mails": list(server.mails),
    }


def _restored(server: FaultyServer, state: dict[str, Any]) -> None:
    server.shelves = {name: _copy(shelf) for name, shelf in state["shelves"].items()}
    server._number, server._epoch, server._fresh = state["number"], state["epoch"], copy.copy(state["fresh"])
    server.traits, server.mails, server._late = replace(state["traits"]), list(state["mails"]), []
    server.calls.clear()


def _copy(shelf: Shelf) -> Shelf:
    return Shelf(shelf.face, dict(shelf.items), list(shelf.history), shelf.gone)
