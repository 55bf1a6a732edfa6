"""The loop of `calsync watch`: waits for whatever comes first, runs what is due, looks after channels and tunnel.

Shape   `Watch(...).run()` returns when `stop()` was called, with every channel closed that could be
Rule    each run is an ordinary one under the lock (L3); between runs nothing is held but the lock of watching itself.
        Whatever fails is told, and tried again
Threads one: the loop's. Others only put into the inbox
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from calsync_cli.engine.groups import Group
from calsync_cli.engine.report import Problem
from calsync_cli.engine.state import Wish
from calsync_cli.errors import AlreadyRunning, CalsyncError
from calsync_cli.model.account import CalendarName
from calsync_cli.ports import Ports
from calsync_cli.store import mirror
from calsync_cli.watch.agenda import Agenda
from calsync_cli.watch.channels import Channels, Wanted
from calsync_cli.watch.folders import Folders
from calsync_cli.watch.inbox import Inbox, Notice, Stirred, Touched
from calsync_cli.watch.reach import GIVE_UP, Reach
from calsync_cli.watch.receiver import Door
from calsync_cli.watch.state import AccountState, How, Screen, WatchState
from calsync_cli.watch.systemd import Systemd
from calsync_cli.watch.teller import Teller
from calsync_cli.watch.tunnel import Way

if TYPE_CHECKING:
    from calsync_cli.api import Workspace

LONGEST_WAIT_S = 30.0
"""So soon it is noticed that the machine slept."""
SLEPT = timedelta(seconds=60)
SOON = frozenset({"transient", "protocol", "remote", "stale", "more-to-do", "unknown-outcome"})
"""Problems that another try may mend; others wait for a person, or for `poll`."""
CLOSING_S = 20.0


class Watch:
    def __init__(
        self, open_workspace: Callable[[], Workspace], ports: Ports, inbox: Inbox, way: Way, reach: Reach,
        screen: Screen, systemd: Systemd, *, poll: timedelta, pairs: Sequence[str] = (),
        let_in: Callable[[tuple[Door, ...]], None] = lambda doors: None,
    ) -> None:
        self._open, self._ports, self._inbox, self._way, self._reach = open_workspace, ports, inbox, way, reach
        self._teller, self._systemd, self._pairs = Teller(screen, systemd), systemd, list(pairs)
        self.agenda = Agenda(poll)
        self.channels = Channels(ports, let_in)
        self.folders = Folders(inbox)
        self._groups: dict[str, Group] = {}
        self._wanted: dict[Wanted, list[CalendarName]] = {}
        self._places: dict[str, CalendarName] = {}
        self._accounts: list[str] = []
        self._notices: dict[str, datetime] = {}
        self._runs: dict[str, datetime] = {}
        self._stopped = self._busy = False
        self._clocks = (ports.now(), ports.monotonic_s())
        self._alive_s = ports.monotonic_s()

    def stop(self) -> None:
        """From a signal handler: the run under way ends at its next clean boundary."""
        self._stopped = True
        self._inbox.put(Stirred())

    def run(self) -> None:
        """A second signal ends it at once (KeyboardInterrupt); then the next start stops the channels."""
        try:
            self._begin()
            self._systemd.ready()
            while not self._stopped:
                self._round()
            self._close_channels()
        finally:
            self._systemd.stopping()
            self.folders.close()
            self._way.close()

    def _begin(self) -> None:
        with self._work() as work:
            left = self.channels.load(work)
            self._look_around(work)
        if left:
            self._teller.tell(f"{_channels(left)} of an earlier run to be stopped first")

    def _round(self) -> None:
        now = self._ports.now()
        self._notice_sleep(now)
        if self.agenda.must_look(now):
            self._cycle(self.agenda.due(now), now)
        times = [self.agenda.next(self._ports.now()), self._look_after(self._ports.now())]
        self._teller.draw(self.state())
        if not self._stopped:
            wait = (min(times) - self._ports.now()).total_seconds()
            self._listen(min(wait, LONGEST_WAIT_S, self._systemd.watchdog_s or LONGEST_WAIT_S))

    def _notice_sleep(self, now: datetime) -> None:
        """The wall clock went on while the machine slept, or was set: everything is looked at."""
        (wall, steady), self._clocks = self._clocks, (now, self._ports.monotonic_s())
        if abs(now - wall - timedelta(seconds=self._clocks[1] - steady)) > SLEPT:
            self._teller.tell("the machine slept, or its clock was set: everything is looked at")
            self.agenda.poll_soon()
            self._reach.soon()
            self.channels.try_again()

    # -- hearing -------------------------------------------------------------------------------------------------------

    def _listen(self, wait_s: float) -> None:
        for signal in self._inbox.take(wait_s):
            now = self._ports.now()
            if isinstance(signal, Notice):
                wanted = self.channels.heard(signal.number, signal.news, now)
                if wanted is not None:
                    self._notices[wanted[0]] = now
                    self._hear(self._wanted.get(wanted, []), now)
            elif isinstance(signal, Touched):
                self._notices[signal.account] = now
                name = self._places.get(str(signal.folder))
                here = [n for group in self._groups.values() for n in group.calendars if n.account == signal.account]
                self._hear([name] if name is not None else here, now)
        self._stay_alive()

    def _hear(self, names: Sequence[CalendarName], now: datetime) -> None:
        for key, group in self._groups.items():
            if any(name in group.calendars for name in names):
                self.agenda.hear(key, now)

    # -- a run ---------------------------------------------------------------------------------------------------------

    def _cycle(self, keys: Sequence[str], now: datetime) -> None:
        polling, told = self.agenda.polls(now), self.agenda.was_told(keys)
        self._busy = True
        self._teller.draw(self.state())
        self.agenda.begun(keys, now, polling=polling)
        failed: set[str] = set()
        try:
            with self._work() as work:
                failed = self._synced(work, keys, "notice" if told and not polling else "poll")
                self._look_around(work)
        except AlreadyRunning:
            self.agenda.kept_out(keys, self._ports.now(), polling=polling)
        except CalsyncError as err:
            self._teller.failed(err)
            failed = set(keys)
        self.agenda.ended([key for key in keys if key in self._groups], failed, self._ports.now())
        self._busy = False

    def _synced(self, work: Workspace, keys: Sequence[str], trigger: str) -> set[str]:
        """The groups that are worth another try before long."""
        groups = [self._groups[key] for key in keys if key in self._groups]
        names = [group.pairs[0].name for group in groups if group.pairs[0].name in work.config.pairs]
        if not names:
            return set()
        try:
            report = work.sync(names, Wish(trigger=trigger, plans_dir=work.state_dir / "plans"))
        except AlreadyRunning:
            raise
        except CalsyncError as err:
            work.tell_failure(err)
            raise
        report.notes += work.follow(report)
        now = self._ports.now()
        self._runs.update({name.account: now for group in groups for name in group.calendars})
        self._teller.report(report)
        bad = [problem for problem in report.problems if problem.code in SOON]
        return {group.key for group in groups if any(_concerns(problem, group) for problem in bad)}

    # -- what is around ------------------------------------------------------------------------------------------------

    def _look_around(self, work: Workspace) -> None:
        """The groups of the configuration as it is now, the channels that they want, the folders that they have."""
        wanted = [name for name in self._pairs if name in work.config.pairs]
        groups = work.groups(wanted) if wanted or not self._pairs else []
        self._groups = {group.key: group for group in groups}
        self.agenda.keep(self._groups)
        names = list(dict.fromkeys(name for group in self._groups.values() for name in group.calendars))
        accounts = [work.config.accounts[account] for account in dict.fromkeys(name.account for name in names)]
        push = {account.name: _push(work, account.name) for account in accounts}
        self._wanted, self._places = {}, {}
        for name in names:
            row = mirror.find_calendar(work.db, name.account, name.calendar)
            if row is not None:
                self._places[row.remote] = name
                key = (name.account, row.remote if push[name.account] == "calendar" else "")
                if push[name.account]:
                    self._wanted.setdefault(key, []).append(name)
        self.folders.keep({one.name: one.path for one in accounts if one.provider == "vdir" and one.path is not None})
        self._runs = {one.name: self._runs[one.name] for one in accounts if one.name in self._runs}
        self._accounts = sorted(one.name for one in accounts)

    def _look_after(self, now: datetime) -> datetime:
        """Tunnel, reach, channels, folders; when to come again."""
        times = [self._way.tend(now), self.folders.tend(now)]
        before = self._reach.good
        times.append(self._reach.tend(self._way.url, now))
        base = self._reach.good
        if self._reach.failures >= GIVE_UP:
            self._way.restart("it does not lead here", now)
            times.append(now)
        if base is not None and base != before:
            self.channels.try_again()
            for key in self._groups:  # notices may have been lost meanwhile
                self.agenda.hear(key, now)
        self._tend_channels(base, now)
        self.agenda.look_every(self._untold())
        times += [self.channels.next, self.agenda.next(now)]
        self._teller.changes(self.state())
        return min(time for time in times if time is not None)

    def _tend_channels(self, base: str | None, now: datetime) -> None:
        if not self.channels.due(self._wanted, base, now):
            return
        try:
            with self._work() as work:
                for key in self.channels.tend(work, self._wanted, base, now):
                    self._hear(self._wanted.get(key, []), now)
        except CalsyncError as err:
            self._teller.failed(err)

    @contextmanager
    def _work(self) -> Iterator[Workspace]:
        """Opened for each use: the configuration may have been edited, the state put right by `doctor`."""
        work = self._open()
        work.stopping = self._must_end
        try:
            yield work
        finally:
            work.close()

    def _must_end(self) -> bool:
        self._stay_alive()
        return self._stopped

    def _stay_alive(self) -> None:
        now = self._ports.monotonic_s()
        if self._systemd.watchdog_s and now - self._alive_s >= self._systemd.watchdog_s / 2:
            self._alive_s = now
            self._systemd.alive()

    # -- how it is -----------------------------------------------------------------------------------------------------

    def state(self) -> WatchState:
        accounts = tuple(self._account_state(name) for name in self._accounts)
        return WatchState(self._ports.now(), self._way_words(), accounts, self._busy, self._teller.waits)

    def _account_state(self, name: str) -> AccountState:
        channels = self.channels.active(name)
        problem = self.channels.problem(name) or self.folders.problem(name)
        folder = name in self.folders.accounts
        how: How = "folder" if folder and not problem else "notices" if channels and self._reach.good else "looking"
        renewal = min((one.renewal for one in channels if one.renewal is not None), default=None)
        here = [key for key, group in self._groups.items() if any(one.account == name for one in group.calendars)]
        look = min((time for key in here if (time := self.agenda.next_look(key)) is not None), default=None)
        return AccountState(name, how, problem, self._notices.get(name), self._runs.get(name), renewal, look)

    def _untold(self) -> dict[str, timedelta]:
        """Groups with an account that nothing is heard of, and how often their pairs want to be looked at."""
        silent = {name for name in self._accounts if self._account_state(name).how == "looking"}
        return {
            key: min(pair.every for pair in group.pairs) for key, group in self._groups.items()
            if any(name.account in silent for name in group.calendars)
        }

    def _way_words(self) -> str:
        if self._way.url is None or self._reach.good is not None:
            return self._way.words
        return f"{self._way.words} does not lead here yet"

    # -- the end -------------------------------------------------------------------------------------------------------

    def _close_channels(self) -> None:
        later = "the next start does it"
        try:
            with self._work() as work:
                left = self.channels.close_all(work, self._ports.monotonic_s() + CLOSING_S)
            if left:
                self._teller.tell(f"{_channels(left)} could not be stopped; {later}", wrong=True)
        except CalsyncError as err:
            self._teller.tell(f"the channels could not be stopped ({err}); {later}", wrong=True)


def _channels(count: int) -> str:
    return f"{count} channel{'s' if count != 1 else ''}"


def _concerns(problem: Problem, group: Group) -> bool:
    return problem.account is None or any(name.account == problem.account for name in group.calendars)


def _push(work: Workspace, account: str) -> str:
    provider = work.connect(account)
    try:
        return str(provider.caps.push)
    finally:
        provider.close()
