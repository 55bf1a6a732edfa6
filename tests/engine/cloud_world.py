"""A world whose calendars are real providers before emulated services: Google and Microsoft over HTTP, folders, CalDAV.

    with CloudWorld(a="google", b="graph") as world:
        uid = world["a"].add("Standup", "2027-03-01T09:00", rule="FREQ=WEEKLY;COUNT=6")
        world.run()
        assert world["b"].agenda() == world["a"].agenda()

All of FaultyWorld: world.kill_commit, world.board, world.crash_run(), restart(), save() and load(), `oracle`. One
emulator serves every side of a kind, with an account for each: `world.g` Google's, `world.m` Microsoft's. Time is
world.clock for engine and emulators alike.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from calsync_cli.engine.groups import carried, chained
from calsync_cli.engine.session import Session
from calsync_cli.model.account import Pair
from calsync_cli.model.series import Form
from calsync_cli.store.db import open_connection
from tests.emulators.google.emulator import GoogleEmulator
from tests.emulators.graph.app import Emulator
from tests.engine.cloud_oracle import CloudOracle
from tests.engine.cloud_wire import Ask
from tests.engine.faulty_world import FaultyWorld
from tests.engine.google_cloud import GoogleCloud
from tests.engine.google_sides import GoogleSide
from tests.engine.graph_cloud import GraphCloud
from tests.engine.graph_sides import GraphSide
from tests.engine.ical_sides import DavSide, ICloudSide, VdirSide
from tests.engine.sides import Side
from tests.engine.world import Clock
from tests.fakes.memory_faults import Board

HTTP = os.environ.get("CALSYNC_CLOUD_WIRE") == "http"
SHM = Path("/dev/shm")


class CloudWorld(FaultyWorld):
    """Sides by name: "google", "graph", "vdir", "dav" or "icloud". `rules` go into every pair, `modes` to Google's
    emulator, `knobs` to Microsoft's, `dav` to the CalDAV server. `ring`: the last calendar is joined to the first.
    """

    def __init__(
        self, a: str = "google", b: str = "vdir", c: str = "", *, http: bool = HTTP,
        modes: dict[str, Any] | None = None, knobs: dict[str, Any] | None = None, dav: tuple[str, ...] = (),
        ring: bool = False, **rules: Any,
    ) -> None:
        self.stack = ExitStack()
        self.http = http
        self.folder = self.stack.enter_context(
            tempfile.TemporaryDirectory(prefix="calsync-", dir=SHM if SHM.is_dir() else None)
        )
        self.clock = Clock()
        self.ports = self.clock.ports()
        kinds = {name: kind for name, kind in (("a", a), ("b", b), ("c", c)) if kind}
        self.users = {name: f"{name}@example.test" for name in kinds}
        self.clouds: dict[str, GoogleCloud | GraphCloud] = {}
        if "google" in kinds.values():
            self.clouds["google"] = GoogleCloud(self, self._users_of("google", kinds), modes)
        if "graph" in kinds.values():
            self.clouds["graph"] = GraphCloud(self, self._users_of("graph", kinds), knobs)
        self.board = Board()
        self.commit_count = 0
        self.kill_commit: tuple[int, str] | None = None
        self.wrote = 0
        self.writing: set[int] = set()
        self.batches: set[int] = set()
        self.known: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self.oracle = CloudOracle(self)  # type: ignore[assignment]
        self.servers: dict[str, Side] = {name: self._side(name, kind, dav) for name, kind in kinds.items()}  # type: ignore[assignment]
        names = {name: side.calendar for name, side in self.servers.items()}
        neighbours = [*itertools.pairwise(names), *([(list(names)[-1], "a")] if ring else [])]
        self.pairs = [Pair(f"{x}{y}", names[x], names[y], first_sync="auto", **rules) for x, y in neighbours]
        self.installation = "i" * 32
        self.gap = timedelta(minutes=3)
        self._hook(open_connection(":memory:", self.ports))

    def _users_of(self, kind: str, kinds: dict[str, str]) -> list[str]:
        return [self.users[name] for name in kinds if kinds[name] == kind]

    def _side(self, name: str, kind: str, dav: tuple[str, ...]) -> Side:
        match kind:
            case "google":
                return GoogleSide(self, name, self.users[name])
            case "graph":
                return GraphSide(self, name, self.users[name])
            case "vdir":
                return VdirSide(self, name)
            case "icloud":
                return ICloudSide(self, name)
        return DavSide(self, name, *dav)

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
    def g(self) -> GoogleEmulator:
        cloud = self.clouds["google"]
        assert isinstance(cloud, GoogleCloud)
        return cloud.g

    @property
    def m(self) -> Emulator:
        cloud = self.clouds["graph"]
        assert isinstance(cloud, GraphCloud)
        return cloud.m

    @property
    def google(self) -> list[GoogleSide]:
        return [side for side in self.servers.values() if isinstance(side, GoogleSide)]

    @property
    def graph(self) -> list[GraphSide]:
        return [side for side in self.servers.values() if isinstance(side, GraphSide)]

    def fresh(self) -> int:
        return next(self._numbers)

    # -- the process ---------------------------------------------------------------------------------------------------

    def session(self) -> Session:
        return Session(
            self.db, self.ports, self.installation, lambda account: self.servers[account].provider(), inline=True,
            carry=carried(self.pairs), chained=chained(self.pairs), owners=self.owners,
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
            "clouds": {name: cloud.save() for name, cloud in self.clouds.items()},
            "sides": {name: side.save() for name, side in self.servers.items()},
        }

    def begin_count(self) -> None:
        super().begin_count()
        self.batches.clear()

    def load(self, game: dict[str, Any]) -> None:
        for name, saved in game["clouds"].items():
            self.clouds[name].load(saved)
        for name, saved in game["sides"].items():
            self.servers[name].load(saved)
        self.clock.now = game["now"]
        self.board.disarm()
        self.board.revive()
        self.begin_count()
        self.kill_commit = None
        self.oracle.load(game["oracle"])
        self._load(game["db"])
