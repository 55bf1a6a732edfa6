"""Channels of servers that can push: opened where the tunnel leads here, renewed at half of their life, closed when
they are no longer wanted; also those of a run that died.

Shape   `tend(work, wanted, base, now)` does what is due; `heard` takes a notice
Rule    a channel is in the store before a server hears of it, and until the server was told to stop. What fails is
        tried again after longer and longer pauses, by account, and costs nothing but latency meanwhile
Order   a channel is opened, and then its calendars are read: whatever changed before is seen by that
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from calsync_cli.errors import AuthError, CalsyncError, ConfigError, TransientError, UnknownOutcome
from calsync_cli.model.plain import dataclass
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Channel
from calsync_cli.store import channels as store
from calsync_cli.watch.receiver import Door

if TYPE_CHECKING:
    from calsync_cli.api import Workspace

PAUSE, LONGEST = timedelta(seconds=60), timedelta(hours=1)
LONGEST_LIFE = timedelta(days=8)
"""No service keeps a channel longer; so long one is remembered whose opening was not answered."""
RENEW_GAP = timedelta(minutes=10)
"""A server that asks again and again to be renewed is heard so often (facts L12.1)."""

ACCOUNT_WIDE = (TransientError, UnknownOutcome, AuthError, ConfigError)
"""After these nothing else of the account is tried for a while."""

Wanted = tuple[str, str]
"""(account, calendar's stable id; "" for all of the account)."""
Task = tuple[str, str, str]
"""(account, what, of which): what failed, and is tried again by itself. Nothing else waits for it."""


@dataclass(slots=True)
class Held:
    """One channel. lost: the server does not know it, or nobody knows whether it does: it is closed, not used."""

    number: int
    account: str
    channel: Channel
    opened: datetime
    lost: bool = False
    renew: bool = False

    @property
    def key(self) -> Wanted:
        return self.account, self.channel.calendar

    def is_over(self, now: datetime) -> bool:
        return (self.channel.expires or self.opened + LONGEST_LIFE) <= now

    @property
    def renewal(self) -> datetime | None:
        """Half of its life is a wide margin for a server that does not answer."""
        return None if self.channel.expires is None else self.opened + (self.channel.expires - self.opened) / 2


class Channels:
    def __init__(self, ports: Ports, let_in: Callable[[tuple[Door, ...]], None]) -> None:
        """let_in: told whenever the doors change."""
        self._ports, self._let_in = ports, let_in
        self.held: dict[int, Held] = {}
        self._problems: dict[Task, str] = {}
        self._again: dict[Task, tuple[int, datetime]] = {}
        self.next: datetime | None = None

    def load(self, work: Workspace) -> int:
        """What an earlier run left open; it is closed by the next `tend`."""
        for number, row in store.known(work.db).items():
            channel = Channel(row.remote_id, row.calendar, row.address, row.secret, row.resource, row.expires)
            self.held[number] = Held(number, row.account, channel, row.opened, lost=True)
        return len(self.held)

    def heard(self, number: int, news: str, now: datetime) -> Wanted | None:
        """The calendar that is to be read because of it; None for a channel that is closed by now."""
        one = self.held.get(number)
        if one is None:
            return None
        if news == "gone":
            one.lost, self.next = True, now
        elif news == "renew" and now - one.opened >= RENEW_GAP:
            one.renew, self.next = True, now
        return one.key

    def active(self, account: str) -> list[Held]:
        return [one for one in self.held.values() if one.account == account and not one.lost]

    def try_again(self) -> None:
        """Something changed for the better: a new address, or the machine woke up."""
        self._again.clear()
        self.next = None

    # -- what is due ---------------------------------------------------------------------------------------------------

    def due(self, wanted: Collection[Wanted], base: str | None, now: datetime) -> list[str]:
        """Accounts with something to do now."""
        names = {account for account, _ in wanted} | {one.account for one in self.held.values()}
        return [name for name in sorted(names) if not self._rests(name, wanted, base, now)]

    def tend(self, work: Workspace, wanted: Collection[Wanted], base: str | None, now: datetime) -> list[Wanted]:
        """Newly opened ones, whose calendars are to be read now. Without a base nothing is opened."""
        opened: list[Wanted] = []
        for account in self.due(wanted, base, now):
            mine = [key for key in wanted if key[0] == account]
            with self._trying((account, "all", ""), now), self._provider(work, account) as provider:
                self._tend_account(work, provider, account, mine, base, now, opened)
        self.next = self._next(now)
        return opened

    def problem(self, account: str) -> str:
        """In words; nothing where all is well."""
        return next((words for task, words in self._problems.items() if task[0] == account), "")

    def _rests(self, account: str, wanted: Collection[Wanted], base: str | None, now: datetime) -> bool:
        if self._waits((account, "all", ""), now):
            return True
        mine = self._of(account)
        there = {one.key for one in mine}
        missing = [key for key in wanted if key[0] == account and key not in there]
        return all(self._is_at_rest(one, wanted, base, now) for one in mine) and (
            base is None or all(self._waits(_opening(key), now) for key in missing)
        )

    def _is_at_rest(self, one: Held, wanted: Collection[Wanted], base: str | None, now: datetime) -> bool:
        if one.key in wanted and self._is_sound(one, base, now):
            return True
        return any(self._waits(task, now) for task in (_closing(one), _renewing(one)))

    @contextmanager
    def _trying(self, task: Task, now: datetime) -> Iterator[None]:
        """What fails here is told, and tried again later and later. What is about the whole account goes further up."""
        try:
            yield
        except CalsyncError as err:
            if task[1] != "all" and isinstance(err, ACCOUNT_WIDE):
                raise
            self._failed(task, err, now)
        else:
            self._again.pop(task, None)
            self._problems.pop(task, None)

    def _waits(self, task: Task, now: datetime) -> bool:
        _, again = self._again.get(task, (0, now))
        return again - LONGEST <= now < again

    @contextmanager
    def _provider(self, work: Workspace, account: str) -> Iterator[Any]:
        """None where the account is no longer configured: nobody can be told any more, and its channels end."""
        provider: Any = work.connect(account) if account in work.config.accounts else None
        try:
            yield provider
        finally:
            if provider is not None:
                provider.close()

    def _tend_account(
        self, work: Workspace, provider: Any, account: str, wanted: Collection[Wanted], base: str | None, now: datetime,
        opened: list[Wanted],
    ) -> None:
        for one in self._of(account):
            may_stay = one.key in wanted and self._may_stay(one, base, now)
            if not may_stay and not self._waits(_closing(one), now):
                with self._trying(_closing(one), now):
                    self._close(work, provider, one)
        if base is None:
            return
        for one in self._of(account):
            if not one.lost and self._is_due(one, now) and not self._waits(_renewing(one), now):
                with self._trying(_renewing(one), now):
                    if self._renewed(work, provider, one, base, now):
                        opened.append(one.key)
        for key in wanted:
            there = any(one.key == key for one in self._of(account))  # also a lost one: it is closed first
            if not there and not self._waits(_opening(key), now):
                with self._trying(_opening(key), now):
                    self._open(work, provider, key, base, now)
                    opened.append(key)

    def _of(self, account: str) -> list[Held]:
        return [one for one in self.held.values() if one.account == account]

    def _is_sound(self, one: Held, base: str | None, now: datetime) -> bool:
        return self._may_stay(one, base, now) and (base is None or not self._is_due(one, now))

    @staticmethod
    def _may_stay(one: Held, base: str | None, now: datetime) -> bool:
        """While nothing leads here it waits: the tunnel may come back as it was."""
        leads_here = base is None or one.channel.address.startswith(f"{base}/")
        return not one.lost and leads_here and not one.is_over(now)

    @staticmethod
    def _is_due(one: Held, now: datetime) -> bool:
        return one.renew or one.renewal is None or one.renewal <= now or one.opened > now

    def _failed(self, task: Task, err: CalsyncError, now: datetime) -> None:
        count, _ = self._again.get(task, (0, now))
        self._again[task] = (count + 1, now + min(LONGEST, PAUSE * 2 ** min(count, 10)))
        self._problems[task] = str(err)

    def _next(self, now: datetime) -> datetime | None:
        times = [one.renewal for one in self.held.values() if one.renewal is not None and not one.lost]
        times = [time for time in times if time > now] + [again for _, again in self._again.values()]
        return min(times, default=None)

    # -- one channel ---------------------------------------------------------------------------------------------------

    def _open(self, work: Workspace, provider: Any, key: Wanted, base: str, now: datetime) -> Held:
        account, calendar = key
        known_by = "" if provider.caps.push == "account" else self._ports.fresh_id()
        door, secret = (self._ports.fresh_id() + self._ports.fresh_id()[:16] for _ in range(2))
        wanted = Channel(known_by, calendar, f"{base}/{door}", secret)
        with work.db.transaction():
            number = store.noted(work.db, account, calendar, known_by, wanted.address, secret)
        one = self.held[number] = Held(number, account, wanted, now)
        self._changed(work)  # the server may knock before it answers
        try:
            self._answered(work, one, provider.open_channel(wanted), now)
        except (UnknownOutcome, TransientError):  # it may be open
            one.lost = True
            raise
        except CalsyncError:
            self._forget(work, one)
            raise
        return one

    def _renewed(self, work: Workspace, provider: Any, one: Held, base: str, now: datetime) -> bool:
        """Whether another one took its place, so that something may have been missed in between."""
        longer = provider.renew_channel(one.channel)
        if longer is not None:
            self._answered(work, one, longer, now)
        elif provider.caps.push == "account":  # it has just said that it does not know it
            self._close(work, provider, one)
            self._open(work, provider, one.key, base, now)
        else:
            self._open(work, provider, one.key, base, now)
            self._close(work, provider, one)
        return longer is None

    def _answered(self, work: Workspace, one: Held, channel: Channel, now: datetime) -> None:
        one.channel, one.opened, one.renew = channel, now, False
        with work.db.transaction():
            store.answered(work.db, one.number, channel.id, channel.resource, channel.expires or now)
        self._changed(work)

    def _close(self, work: Workspace, provider: Any, one: Held) -> None:
        one.lost = True
        if provider is not None and not one.is_over(self._ports.now()):
            provider.close_channel(one.channel)
        self._forget(work, one)

    def _forget(self, work: Workspace, one: Held) -> None:
        with work.db.transaction():
            store.forget(work.db, one.number)
        for task in (_closing(one), _renewing(one)):
            self._again.pop(task, None)
            self._problems.pop(task, None)
        self.held.pop(one.number, None)
        self._changed(work)

    def _changed(self, work: Workspace) -> None:
        accounts = work.config.accounts
        self._let_in(tuple(
            Door(one.number, one.channel.address.rpartition("/")[2], accounts[one.account].provider, one.channel)
            for one in self.held.values() if not one.lost and one.account in accounts
        ))

    def close_all(self, work: Workspace, until_s: float) -> int:
        """At the end: as many as there is time for. Returns how many are left for the next start."""
        for account in sorted({one.account for one in self.held.values()}):
            if self._ports.monotonic_s() > until_s:
                break
            with suppress(CalsyncError), self._provider(work, account) as provider:
                for one in self._of(account):
                    with self._trying(_closing(one), self._ports.now()):
                        self._close(work, provider, one)
        return len(self.held)


def _opening(key: Wanted) -> Task:
    return key[0], "open", key[1]


def _closing(one: Held) -> Task:
    return one.account, "close", str(one.number)


def _renewing(one: Held) -> Task:
    return one.account, "renew", str(one.number)
