"""What a run works with: the database, one provider per account, a few threads, the mappings.

Threads  providers are called from worker threads; the database only from the thread that made the session (Q3)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from typing import TypeVar

from calsync_cli.errors import CalendarGone, CalsyncError
from calsync_cli.mapping.base import Mapping as WireMapping
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import ANSWER
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Provider
from calsync_cli.store.db import Database

T = TypeVar("T")
ADDRESSES = "addresses"
Job = tuple[str, Callable[[], T]]
"""(account, call): calls of one account share its connection limit."""


class Crew:
    """Runs calls side by side, each account within its own limit. Errors of the tree come back as values."""

    def __init__(self, limits: Callable[[str], int], *, inline: bool = False) -> None:
        self._limits = limits
        self._inline = inline
        self._pools: dict[str, ThreadPoolExecutor] = {}

    def each(self, jobs: Sequence[Job[T]]) -> list[T | CalsyncError]:
        """Results in the order of the jobs. Anything but a CalsyncError is raised."""
        if self._inline or len(jobs) == 1:
            return [_caught(call) for _, call in jobs]
        futures = [self._pool(account).submit(_caught, call) for account, call in jobs]
        return [future.result() for future in futures]

    def _pool(self, account: str) -> ThreadPoolExecutor:
        if account not in self._pools:
            self._pools[account] = ThreadPoolExecutor(self._limits(account), thread_name_prefix=account)
        return self._pools[account]

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(cancel_futures=True)


def _caught(call: Callable[[], T]) -> T | CalsyncError:
    try:
        return call()
    except CalsyncError as err:
        return err


@dataclass(slots=True)
class Session:
    """`connect` makes the provider of an account on first use; `installation` is this state folder's own id.

    began_us  when the run in progress began; set by `run`, 0 before
    owners    by account, the owner's addresses as far as the configuration knows them
    carry     by account, the properties that some pair of it carries by name (model.series.CARRIED)
    chained   groups whose copies other pairs may copy on (N4)
    progress  called with (what, done, total) while long work goes on
    notes     what is to be told of the state before the run
    stopping  asked between requests: a person or the clock wants the run to end at the next clean boundary (J7, L4)
    """

    db: Database
    ports: Ports
    installation: str
    connect: Callable[[str], Provider]
    inline: bool = False
    began_us: int = 0
    owners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    carry: Mapping[str, frozenset[str]] = field(default_factory=dict)
    chained: frozenset[str] = frozenset()
    progress: Callable[[str, int, int], None] = lambda what, done, total: None
    stopping: Callable[[], bool] = lambda: False
    notes: Sequence[str] = ()
    _providers: dict[str, Provider] = field(default_factory=dict)
    _crew: Crew | None = None

    def provider(self, account: str) -> Provider:
        if account not in self._providers:
            self._providers[account] = self.connect(account)
        return self._providers[account]

    def knows(self, account: str) -> bool:
        """Whether the configuration still has it; the state may tell of others."""
        try:
            self.provider(account)
        except CalendarGone:
            return False
        return True

    @property
    def crew(self) -> Crew:
        if self._crew is None:
            self._crew = Crew(lambda account: self.provider(account).caps.concurrency, inline=self.inline)
        return self._crew

    def mapping(self, account: str) -> WireMapping:
        asked = ANSWER in self.carry.get(account, ())
        return mapping(self.provider(account).caps.mapping, self.me(account) if asked else frozenset())

    def me(self, account: str) -> frozenset[str]:
        """Under which addresses the owner of these calendars is invited; a folder knows none, and takes those of all
        accounts."""
        own = self.own_addresses(account)
        return own or frozenset().union(*map(self.own_addresses, self.owners))

    def own_addresses(self, account: str) -> frozenset[str]:
        """What the configuration says, what was told in earlier runs, and in this one."""
        told: frozenset[str] = getattr(self._providers.get(account), "me", frozenset())
        return self.owners.get(account, frozenset()) | told | frozenset(self._told().get(self._who(account), ()))

    def note_addresses(self) -> None:
        """Services tell them when their calendars are looked for, which is not in every run."""
        before = self._told()
        now = before | {self._who(account): sorted(self.own_addresses(account)) for account in self._providers}
        now = {who: found for who, found in now.items() if found}
        if now != before:
            with self.db.transaction():
                self.db.set_meta(ADDRESSES, json.dumps(now))

    def _told(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = json.loads(self.db.meta(ADDRESSES) or "{}")
        return found

    def _who(self, account: str) -> str:
        """Another person at the same account has other addresses."""
        return " ".join((account, *sorted(self.owners.get(account, ()))))

    def requests(self) -> Mapping[str, Mapping[str, int]]:
        """Requests made so far in this session, by account."""
        counted = {name: getattr(provider, "requests", None) for name, provider in self._providers.items()}
        return {name: dict(count) for name, count in counted.items() if count is not None}

    def close(self) -> None:
        if self._crew is not None:
            self._crew.close()
        for provider in self._providers.values():
            provider.close()
