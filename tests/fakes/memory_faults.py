"""A MemoryServer that breaks on command (test-plan.md section 3). Every provider call is a fault point.

    board = Board()                                   # one per simulated process; several servers may share it
    server = FaultyServer(clock, board=board)
    server.fault_at(7, "kill-after")                  # the 7th provider call, over all servers of the board
    server.arm("429", call="update", times=2)         # the next two updates
    board.chaos(random.Random(seed), 0.1, ("before", "after-applied", "stale"))

After a kill every further call raises SimulatedCrash too, as in a dead process, until `board.revive()`.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeVar, cast, get_args

from calsync_cli.errors import (
    AuthError,
    CalendarGone,
    CalsyncError,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    SyncTokenExpired,
    TransientError,
    UnknownOutcome,
)
from calsync_cli.providers.base import Hint, Item, Missing
from calsync_cli.providers.memory import Call, Change, MemoryServer, Traits
from calsync_cli.providers.memory_server import Shelf

T = TypeVar("T")

Fault = Literal[
    "before",         # nothing applied, no connection
    "after-applied",  # applied, the answer is lost
    "garbled",        # applied, the answer is unreadable
    "late",           # the answer is lost; applied some calls or minutes later
    "kill-before",    # the process dies before the call
    "kill-after",     # the process dies after the call was applied
    "stale",          # changes and fetch show an older state; look never does
    "replay",         # changes repeats hints that were given before
    "reorder",        # changes gives its hints in another order
    "empty",          # changes shows nothing
    "token-expired",  # changes with a token is refused
    "flaky-404",      # the item is answered as missing though it is there (where one absence is no proof)
    "slow",           # `board.on_slow` runs first: a test moves its clock there
    "401",
    "403",
    "404",            # of the collection
    "409",
    "412",
    "429",            # with Retry-After
    "429-bare",
    "5xx",            # a write: not applied, but nobody can know
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
KILLS: tuple[Fault, ...] = ("kill-before", "kill-after")


class SimulatedCrash(BaseException):
    """The process was killed here. No handler of the program may stop it."""


@dataclass
class Armed:
    kind: Fault
    call: str | None
    times: int


@dataclass
class Board:
    """The switches, and the count of calls over all servers that share it."""

    stale_depth: int = 3
    late_calls: int = 5
    late_time: timedelta = timedelta(minutes=10)
    on_slow: Callable[[], None] = lambda: None
    count: int = 0
    dead: bool = False
    struck: list[tuple[int, str, Fault]] = field(default_factory=list)
    _at: dict[int, Fault] = field(default_factory=dict)
    _armed: list[Armed] = field(default_factory=list)
    _chaos: tuple[random.Random, float, Sequence[Fault]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fault_at(self, number: int, kind: Fault) -> None:
        self._at[number] = kind

    def arm(self, kind: Fault, *, call: str | None = None, times: int = 1) -> None:
        self._armed.append(Armed(kind, call, times))

    def chaos(self, rng: random.Random, rate: float, kinds: Sequence[Fault]) -> None:
        self._chaos = (rng, rate, kinds)

    def disarm(self) -> None:
        self._at.clear()
        self._armed.clear()
        self._chaos = None

    def revive(self) -> None:
        self.dead = False

    def pick(self, call: Call) -> Fault | None:
        """Count this call and say what shall happen to it."""
        with self._lock:
            if self.dead:
                raise SimulatedCrash
            self.count += 1
            kind = self._at.pop(self.count, None) or self._next_armed(call) or self._by_chance()
            if kind is not None:
                self.struck.append((self.count, call.name, kind))
            self.dead = kind in KILLS
            return kind

    def _next_armed(self, call: Call) -> Fault | None:
        for armed in self._armed:
            if armed.call in (None, call.name):
                armed.times -= 1
                if not armed.times:
                    self._armed.remove(armed)
                return armed.kind
        return None

    def _by_chance(self) -> Fault | None:
        if self._chaos is None:
            return None
        rng, rate, kinds = self._chaos
        return rng.choice(kinds) if rng.random() < rate else None


class FaultyServer(MemoryServer):
    """`observers` see each call before it happens, for oracles on the order of things (I11, I12, I13).

    denied: ids that are listed and answered as missing all the same; True: writes to them too
    """

    def __init__(
        self, now: Callable[[], datetime], traits: Traits | None = None, *, board: Board | None = None, seed: int = 0
    ) -> None:
        super().__init__(now, traits)
        self.board = board or Board()
        self.observers: list[Callable[[Call], None]] = []
        self.denied: dict[str, bool] = {}
        self._rng = random.Random(seed)
        self._late: list[tuple[int, datetime, Callable[[], object]]] = []
        self._now: Fault | None = None

    def fault_at(self, number: int, kind: Fault) -> None:
        self.board.fault_at(number, kind)

    def arm(self, kind: Fault, *, call: str | None = None, times: int = 1) -> None:
        self.board.arm(kind, call=call, times=times)

    def perform(self, call: Call, action: Callable[[], T]) -> T:
        with self.lock:
            self._apply_late(self.board.count, self.now())
            kind = self.board.pick(call)
            for observer in self.observers:
                observer(call)
            if kind is None:
                return super().perform(call, action)
            self.calls.append(call)
            self._now = kind
            try:
                return self._strike(kind, call, action)
            finally:
                self._now = None

    def settle_late(self) -> None:
        """Everything that was under way arrives now."""
        with self.lock:
            late, self._late = self._late, []
            for _, _, action in late:
                with suppress(CalsyncError):
                    action()

    def _apply_late(self, count: int, now: datetime) -> None:
        due = [entry for entry in self._late if count >= entry[0] or now >= entry[1]]
        self._late = [entry for entry in self._late if entry not in due]
        for _, _, action in due:
            with suppress(CalsyncError):
                action()

    def _strike(self, kind: Fault, call: Call, action: Callable[[], T]) -> T:
        match kind:
            case "before" | "kill-before":
                raise SimulatedCrash if kind in KILLS else TransientError("The connection was refused.")
            case "after-applied" | "garbled" | "kill-after":
                with suppress(CalsyncError):  # whatever the server said, it did not arrive
                    action()
                raise SimulatedCrash if kind in KILLS else _lost(call, garbled=kind == "garbled")
            case "late":
                if call.writes:
                    board = self.board
                    self._late.append((board.count + board.late_calls, self.now() + board.late_time, action))
                raise _lost(call)
            case "slow":
                self.board.on_slow()
                return action()
            case "flaky-404":
                return self._flaky(call, action)
            case "stale" | "replay" | "reorder" | "empty" | "token-expired":
                return action()  # bent below, where the answer is made
            case _:
                raise _status(kind, call)

    def _flaky(self, call: Call, action: Callable[[], T]) -> T:
        if call.name == "look":
            return cast(T, None)
        if call.name == "fetch":
            found = cast("list[Missing]", action())
            return cast(T, [Missing(item.remote_id) for item in found])
        if call.name in ("update", "delete"):
            raise NotFound("404")
        return action()

    # -- bent answers -------------------------------------------------------------------------------------------------

    def visible(self) -> int:
        return max(0, super().visible() - self.board.stale_depth) if self._now == "stale" else super().visible()

    def hints(self, calendar_id: str, since: str | None) -> tuple[list[Hint], str | None, bool]:
        hints, token, listing = super().hints(calendar_id, since)
        if self._now == "reorder":
            self._rng.shuffle(hints)
        if self._now == "empty":
            return [], since or token, listing
        return hints, token, listing

    def item(self, calendar_id: str, remote_id: str, *, exact: bool) -> Item | None:
        found = super().item(calendar_id, remote_id, exact=exact)
        return None if remote_id in self.denied else found

    def _check(self, shelf: Shelf, call: Call, there: Change | None) -> None:
        super()._check(shelf, call, there)
        if call.name != "create" and call.remote_id is not None and self.denied.get(call.remote_id):
            raise NotFound("404")

    def _start(self, since: str | None) -> int | None:
        start = super()._start(since)
        if start is not None and self._now == "token-expired":
            raise SyncTokenExpired("410")
        return max(0, start - self.board.stale_depth) if start is not None and self._now == "replay" else start


def _lost(call: Call, *, garbled: bool = False) -> CalsyncError:
    if call.writes:
        return UnknownOutcome("The connection broke before the answer came.")
    return ProtocolError("The answer cannot be read.") if garbled else TransientError("The connection broke.")


def _status(kind: Fault, call: Call) -> CalsyncError:
    match kind:
        case "401":
            return AuthError("401", next="calsync login memory")
        case "403":
            return ReadOnly("403") if call.writes else AuthError("403")
        case "404":
            return CalendarGone("404")
        case "409" | "412":
            return PreconditionFailed(kind) if call.writes else ProtocolError(kind)
        case "429":
            return TransientError("429", retry_after_s=30.0)
        case "429-bare":
            return TransientError("429")
        case "5xx":
            return UnknownOutcome("503") if call.writes else TransientError("503")
    raise AssertionError(f"no such fault: {kind}")
