"""How the servers behave and when they fail (test-plan 3), all by the seed of the story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from calsync_cli.errors import CalsyncError, PreconditionFailed, UnknownOutcome
from calsync_cli.model.account import EVERYTHING, Window
from calsync_cli.providers.base import Calendar, Capabilities, Page, Receipt, Write
from calsync_cli.providers.memory import Call, MemoryProvider, Traits
from tests.fakes.memory_faults import KILLS, Board, Fault, FaultyServer, SimulatedCrash
from tests.simulation.ledger import Intent, Ledger

ANY: tuple[Fault, ...] = ("before", "garbled", "slow", "401", "403", "404", "429", "429-bare", "5xx", "kill-before",
                          "kill-after")
BY_CALL: dict[str, tuple[Fault, ...]] = {
    "calendars": ANY,
    "open": ANY,
    "changes": (*ANY, "stale", "stale", "replay", "reorder", "empty", "token-expired"),
    "fetch": (*ANY, "stale", "stale"),
    "look": (*ANY, "flaky-404"),
    "create": (*ANY, "after-applied", "after-applied", "late", "late", "409", "412"),
    "update": (*ANY, "after-applied", "after-applied", "late", "late", "412", "412"),
    "delete": (*ANY, "after-applied", "after-applied", "late", "late", "412", "412"),
}
HONEST = frozenset(("before", "after-applied", "garbled", "kill-before", "kill-after", "412", "429", "429-bare", "5xx",
                    "slow"))
"""What may go on for ever without a person having to look (X16)."""

Chance = Callable[[], float]


class Weather(Board):
    """The board of a story: what strikes which call is drawn from `rng`; `rate` 0 is fair weather."""

    def __init__(self, rng: Random, rate: float) -> None:
        super().__init__(on_slow=lambda: None)
        self.rng = rng
        self.rate = rate
        self.only: frozenset[str] | None = None
        self.kinds: Counter[str] = Counter()
        self.meddling: Callable[[Call], None] = lambda call: None

    def pick(self, call: Call) -> Fault | None:
        if self.dead:
            raise SimulatedCrash
        self.count += 1
        if self.rate == 0 or self.rng.random() >= self.rate:
            return None
        kind = self.rng.choice(BY_CALL[call.name])
        if self.only is not None and kind not in self.only:
            return None
        self.stale_depth = self.rng.choice((1, 2, 3, 8, 30))
        self.late_calls = self.rng.choice((1, 3, 10, 60))
        self.late_time = timedelta(minutes=self.rng.choice((1, 5, 15, 30)))
        self.dead = kind in KILLS
        return kind

    def note(self, kind: Fault) -> None:
        self.kinds[kind] += 1


class SimServer(FaultyServer):
    """A faulty server that never lies where no client could know, and tells what it stores to the ledger."""

    def __init__(self, name: str, now: Any, traits: Traits, board: Weather, ledger: Ledger) -> None:
        super().__init__(now, traits, board=board, seed=board.rng.getrandbits(32))
        self.name = name
        self.ledger = ledger
        self.weather = board
        self.since: str | None = None
        self.intents: dict[Call, Intent] = {}
        self._writing: Intent | None = None
        self._denied: dict[str, Any] = {}

    def perform(self, call: Call, action: Callable[[], Any]) -> Any:
        self.weather.meddling(call)
        return super().perform(call, action)

    def _strike(self, kind: Fault, call: Call, action: Callable[[], Any]) -> Any:
        """A first listing that shows nothing cannot be told from an empty calendar; a token cannot expire that is none;
        what is absent again and again for as long as a proof takes is gone (O2)."""
        pointless = {
            "empty": self.since is None and self.traits.delta,
            "token-expired": self.since is None or not self.traits.delta,
            "replay": self.since is None or not self.traits.delta,
            "flaky-404": not self._may_deny(call),
        }
        if pointless.get(kind, False):
            self._now = None
            return action()
        self.weather.note(kind)
        return super()._strike(kind, call, action)

    def _may_deny(self, call: Call) -> bool:
        if self.traits.absent_for is None:
            return False
        began = self._denied.setdefault(call.remote_id or "", self.now())
        return bool(timedelta(0) <= self.now() - began < self.traits.absent_for / 2)

    def _start(self, since: str | None) -> int | None:
        try:
            return super()._start(since)
        except CalsyncError:
            self.ledger.token_lost(self.name)
            raise

    def write(self, call: Call) -> Receipt:
        self._writing = self.intents.pop(call, None)
        return super().write(call)

    def _store(self, shelf: Any, remote_id: str, payload: bytes | None, who: Any) -> Any:
        change = super()._store(shelf, remote_id, payload, who)
        self.ledger.stored(self.name, shelf, change, self._writing if who == "calsync" else None)
        return change


class SimProvider(MemoryProvider):
    """`bulk` > 0: writes of one calendar leave together, and any of them may be applied and any answered (J5)."""

    def __init__(self, server: SimServer, bulk: int) -> None:
        super().__init__(server)
        self._server = server
        self._bulk = bulk

    @property
    def caps(self) -> Capabilities:
        caps = super().caps
        return replace(caps, bulk=self._bulk) if self._bulk else caps

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        """The last page says what the account may see, as Google's do (O7)."""
        self._server.since = since
        for page in super().changes(cal, since, window):
            face = self._server.shelves[cal.id].face
            yield replace(page, calendar=face) if face.level != cal.level else page

    def bulk(self, cal: Calendar, writes: Sequence[Write]) -> list[Receipt | CalsyncError | None]:
        found: list[Receipt | CalsyncError | None] = []
        for write in writes:
            try:
                found.append(self._one(cal, write))
            except CalsyncError as err:
                found.append(err)
        if len(writes) > 1 and self._server.weather.rate and self._server.weather.rng.random() < 0.05:
            self._server.weather.kinds["partial batch"] += 1
            lost = self._server.weather.rng.randrange(len(writes))
            found[lost:] = [UnknownOutcome("The answer was cut short.")] * (len(writes) - lost)
        return found

    def _one(self, cal: Calendar, write: Write) -> Receipt | None:
        """As the services' own batches: nothing leaves that names no version (I13)."""
        if write.kind == "create":
            return self.create(cal, write.remote_id.removesuffix(".ics"), write.body)
        if write.etag is None:
            raise PreconditionFailed(f"the version of {write.remote_id} is not known")
        if write.kind == "update":
            return self.update(cal, write.remote_id, write.body, write.etag)
        self.delete(cal, write.remote_id, write.etag)
        return None


def climate(rng: Random) -> tuple[Traits, int]:
    """How one server is for the whole of a story: its traits, and how many writes it takes at once."""
    traits = Traits(
        delta=rng.random() < 0.8,
        server_stamps=rng.random() < 0.8,
        expired=rng.choice(("error", "error", "listing", "silent")),
        receipt=rng.choice(("etag", "etag", "item", "bare")),
        uid_unique=True,
        redact=lambda payload: payload.replace(b"SUMMARY:", b"SUMMARY:Busy"),
    )
    if rng.random() < 0.3:
        traits.page_size, traits.fetch_size, traits.batch = rng.randint(1, 4), rng.randint(1, 3), rng.randint(1, 4)
    if rng.random() < 0.1:
        traits.absent_for = timedelta(hours=1)
    return traits, rng.choice((0, 0, 0, 5))
