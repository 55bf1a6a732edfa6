"""A world whose calendars are real providers before emulated services: Google over its API, folders, CalDAV.

    with GoogleWorld(a="google", b="vdir") as world:
        uid = world["a"].add("Standup", "2027-03-01T09:00", rule="FREQ=WEEKLY;COUNT=6")
        world.run()
        assert world["b"].agenda() == world["a"].agenda()

All of FaultyWorld: world.kill_commit, world.board, world.crash_run(), restart(), save() and load(), `oracle`. One
emulator serves every Google side, with an account for each. Time is world.clock for engine and emulator alike.
"""

from __future__ import annotations

import itertools
import os
import random
import tempfile
from contextlib import ExitStack
from copy import copy, deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from calsync_cli.engine.session import Session
from calsync_cli.model.account import Pair
from calsync_cli.model.series import Form
from calsync_cli.store.db import micros, open_connection
from tests.emulators.google.emulator import GoogleEmulator, google_emulator
from tests.engine.faulty_world import FaultyWorld
from tests.engine.google_oracle import GoogleOracle
from tests.engine.google_sides import PERSON, GoogleSide
from tests.engine.google_wire import Ask, dated_answers
from tests.engine.ical_sides import DavSide, VdirSide
from tests.engine.sides import Side
from tests.engine.world import START, Clock
from tests.fakes.memory_faults import Board

HTTP = os.environ.get("CALSYNC_GOOGLE_WIRE") == "http"
SHM = Path("/dev/shm")


class GoogleWorld(FaultyWorld):
    """Sides by name: "google", "vdir" or "dav". `rules` go into every pair, `modes` to the emulator."""

    def __init__(
        self, a: str = "google", b: str = "vdir", c: str = "", *, http: bool = HTTP,
        modes: dict[str, Any] | None = None, dav: tuple[str, ...] = (), pairs: list[Pair] | None = None, **rules: Any,
    ) -> None:
        self.stack = ExitStack()
        self.http = http
        self.folder = self.stack.enter_context(
            tempfile.TemporaryDirectory(prefix="calsync-", dir=SHM if SHM.is_dir() else None)
        )
        self.clock = Clock()
        self.ports = self.clock.ports()
        kinds = {name: kind for name, kind in (("a", a), ("b", b), ("c", c)) if kind}
        self.users = {name: f"{name}@example.test" for name, kind in kinds.items() if kind == "google"}
        self.g = self._emulator(modes)
        self.board = Board()
        self.commit_count = 0
        self.kill_commit: tuple[int, str] | None = None
        self.wrote = 0
        self.writing: set[int] = set()
        self.batches: set[int] = set()
        self.known: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self.oracle = GoogleOracle(self)  # type: ignore[assignment]
        self.servers: dict[str, Side] = {name: self._side(name, kind, dav) for name, kind in kinds.items()}  # type: ignore[assignment]
        names = {name: side.calendar for name, side in self.servers.items()}
        self.pairs = pairs or [
            Pair(f"{x}{y}", names[x], names[y], first_sync="auto", **rules) for x, y in itertools.pairwise(names)
        ]
        self.installation = "i" * 32
        self.gap = timedelta(minutes=3)
        self._hook(open_connection(":memory:", self.ports))

    def _emulator(self, modes: dict[str, Any] | None) -> GoogleEmulator:
        made = google_emulator(start=START, accounts=[*self.users.values(), PERSON], modes=modes)
        clock = made.clock
        clock.now_us = lambda: max(clock._last_us, micros(self.clock.now))  # type: ignore[method-assign]
        if self.http:
            made.answer = dated_answers(made)  # type: ignore[method-assign]
            self.stack.enter_context(made)
        else:
            made.api_url = "http://127.0.0.1/calendar/v3"
        return made

    def _side(self, name: str, kind: str, dav: tuple[str, ...]) -> Side:
        if kind == "google":
            return GoogleSide(self, name, self.users[name])
        return VdirSide(self, name) if kind == "vdir" else DavSide(self, name, *dav)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.db.close()
        self.stack.close()

    def __getitem__(self, side: str) -> Side:
        return self.servers[side]

    @property
    def google(self) -> list[GoogleSide]:
        return [side for side in self.servers.values() if isinstance(side, GoogleSide)]

    def fresh(self) -> int:
        return next(self._numbers)

    # -- the process ---------------------------------------------------------------------------------------------------

    def session(self) -> Session:
        return Session(
            self.db, self.ports, self.installation, lambda account: self.servers[account].provider(), inline=True
        )

    def called(self, side: str, asks: list[Ask], in_a_batch: bool = False) -> None:
        """A request is about to leave."""
        self.wrote += len(asks)
        self.writing |= {self.board.count} if asks else set()
        self.batches |= {self.board.count} if asks and in_a_batch else set()
        self.oracle.leaving(side, asks)

    def writes(self) -> int:
        return self.wrote

    def forms(self, side: str) -> dict[str, Form]:
        return self.servers[side].forms()

    def person(self, deed: Any) -> Any:
        """Do something as a person: what its words replace was taken away by nobody else (I1), and what went, went by
        a person's hand (I2).
        """
        return self.oracle.watch(deed)

    # -- saved games ---------------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return {
            "db": self.db._connection.serialize(), "now": self.clock.now, "oracle": self.oracle.save(),
            "emulator": _saved(self.g), "sides": {name: side.save() for name, side in self.servers.items()},
        }

    def load(self, game: dict[str, Any]) -> None:
        _restored(self.g, game["emulator"])
        for name, saved in game["sides"].items():
            self.servers[name].load(saved)
        self.clock.now = game["now"]
        self.board.disarm()
        self.board.revive()
        self.board.count = self.commit_count = 0
        self.kill_commit = None
        self.writing.clear()
        self.batches.clear()
        self.oracle.load(game["oracle"])
        self._load(game["db"])


_LOGS = ("log", "problems", "remarks", "late")


def _saved(g: GoogleEmulator) -> dict[str, Any]:
    """Rows and bodies never change, so only what holds them is copied."""
    world = g.world
    return {
        "last_us": g.clock._last_us, "calls": world.calls, "mails": list(world.mails), "lag": copy(world.lag),
        "dice": [one.getstate() for one in _dice(g)],
        "calendars": {name: _calendar(one) for name, one in world.calendars.items()},
        "accounts": {n: (deepcopy(a.entries), list(a.list_log)) for n, a in world.accounts.items()},
        "open": dict(world.listings.open), "logs": {name: list(getattr(g.api, name)) for name in _LOGS},
        "blocked": g.quota.writes_blocked_until_s,
    }


def _restored(g: GoogleEmulator, saved: dict[str, Any]) -> None:
    world = g.world
    g.clock._last_us, world.calls, world.lag = saved["last_us"], saved["calls"], copy(saved["lag"])
    world.mails[:] = saved["mails"]
    for one, state in zip(_dice(g), saved["dice"], strict=True):
        one.setstate(state)
    world.calendars.clear()
    world.calendars.update({name: _calendar(one) for name, one in saved["calendars"].items()})
    for name, (entries, log) in saved["accounts"].items():
        world.accounts[name].entries, world.accounts[name].list_log = deepcopy(entries), list(log)
    world.listings.open = dict(saved["open"])
    for name, entries in saved["logs"].items():
        getattr(g.api, name)[:] = entries
    g.quota.writes_blocked_until_s = saved["blocked"]
    g.faults.armed.clear()


def _dice(g: GoogleEmulator) -> list[random.Random]:
    return [g.world.ids.random, g.world.dice, g.faults.dice]


def _calendar(one: Any) -> Any:
    return replace(
        one, more=dict(one.more), acl=dict(one.acl), rows=dict(one.rows), log=[copy(entry) for entry in one.log],
        versions={name: list(rows) for name, rows in one.versions.items()},
        overrides={name: set(ids) for name, ids in one.overrides.items()},
        prefixes={name: set(ids) for name, ids in one.prefixes.items()},
    )
