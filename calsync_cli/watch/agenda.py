"""Which groups are to be synced, and when. Pure: the time is passed in, by the wall clock, which goes on during sleep.

Shape   `hear(key, now)` notes a notice, `due(now)` says what to run, `begun` and `ended` frame a run, `next(now)` is
        when to ask again
Rules   notices of JOIN are one; a group runs for notices BURST times at will and then once in REFILL, whoever sends
        them; a failed group is tried again after RETRY, twice that, ..., at most `poll`; everything runs each `poll`,
        and at once when the clock was set back. A group with calendars that nobody tells of also runs each `every` of
        its pairs, where that is shorter
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from calsync_cli.model.plain import dataclass

JOIN = timedelta(seconds=2)
BURST, REFILL = 10, timedelta(seconds=10)
RETRY = timedelta(seconds=60)
BUSY = timedelta(seconds=5)
"""Another run holds the lock."""


@dataclass(slots=True)
class Entry:
    """heard: the first notice that no run has looked into; runs: how many may be made for notices, at `filled`.

    every: how often it runs though nothing was heard, None for as often as all; looked: when it ran last
    """

    every: timedelta | None = None
    looked: datetime | None = None
    heard: datetime | None = None
    runs: float = BURST
    filled: datetime | None = None
    again: datetime | None = None
    failures: int = 0


class Agenda:
    def __init__(self, poll: timedelta) -> None:
        self.poll = poll
        self.polled: datetime | None = None
        self._free: datetime | None = None
        self._entries: dict[str, Entry] = {}

    def keep(self, keys: Iterable[str]) -> None:
        """The groups that there are now."""
        self._entries = {key: self._entries.get(key, Entry()) for key in keys}

    def hear(self, key: str, now: datetime) -> None:
        entry = self._entries.get(key)
        if entry is not None and entry.heard is None:
            entry.heard = now

    def look_every(self, every: Mapping[str, timedelta]) -> None:
        """The groups with calendars that nobody tells of, and how often they want to be looked at."""
        for key, entry in self._entries.items():
            entry.every = every.get(key)

    def was_told(self, keys: Iterable[str]) -> bool:
        """Whether a notice is what these run for."""
        return any(self._entries[key].heard is not None for key in keys)

    def poll_soon(self) -> None:
        self.polled = None

    # -- what is due ---------------------------------------------------------------------------------------------------

    def polls(self, now: datetime) -> bool:
        """Whether everything is due."""
        return self.polled is None or not self.polled <= now < self.polled + self.poll

    def must_look(self, now: datetime) -> bool:
        """Whether something is due; a poll is, even when there is no group, for the configuration may have new ones."""
        return bool(self.due(now)) or (self.polls(now) and not self._must_wait(now))

    def due(self, now: datetime) -> list[str]:
        if self._must_wait(now):
            return []
        if self.polls(now):
            return list(self._entries)
        return [key for key, entry in self._entries.items() if self._when(entry, now) <= now]

    def next(self, now: datetime) -> datetime:
        times = [now if self.polls(now) or self.polled is None else self.polled + self.poll]
        times += [self._when(entry, now) for entry in self._entries.values()]
        free = self._free if self._free is not None and self._must_wait(now) else now
        return max(min(times), free, now)

    def next_look(self, key: str) -> datetime | None:
        """When the group runs if nobody asks for it before."""
        times = [self.polled + self.poll] if self.polled is not None else []
        entry = self._entries.get(key, Entry())
        return min(times + [one for one in (entry.again, self._look(entry)) if one is not None], default=None)

    @staticmethod
    def _look(entry: Entry) -> datetime | None:
        return entry.looked + entry.every if entry.looked is not None and entry.every is not None else None

    def _must_wait(self, now: datetime) -> bool:
        return self._free is not None and self._free - BUSY <= now < self._free

    def _when(self, entry: Entry, now: datetime) -> datetime:
        """The end of time where nothing waits."""
        times = [datetime.max.replace(tzinfo=now.tzinfo)]
        times += [one for one in (entry.again, self._look(entry)) if one is not None]
        if entry.heard is not None:
            short = max(0.0, 1 - self._runs(entry, now))
            times.append(max(min(entry.heard, now) + JOIN, now + short * REFILL if short else now))
            if entry.heard + JOIN <= now and not short:
                times.append(now)
        return min(times)

    @staticmethod
    def _runs(entry: Entry, now: datetime) -> float:
        if entry.filled is None:
            return entry.runs
        return min(BURST, entry.runs + max(timedelta(0), now - entry.filled) / REFILL)

    # -- runs ----------------------------------------------------------------------------------------------------------

    def begun(self, keys: Collection[str], now: datetime, *, polling: bool) -> None:
        """From here on a notice asks for another run."""
        if polling:
            self.polled = now
        for key in keys:
            entry = self._entries[key]
            if entry.heard is not None and not polling:
                entry.runs, entry.filled = self._runs(entry, now) - 1, now
            entry.heard = entry.again = None
            entry.looked = now

    def ended(self, keys: Collection[str], failed: Collection[str], now: datetime) -> None:
        for key in keys:
            entry = self._entries[key]
            entry.failures = entry.failures + 1 if key in failed else 0
            if entry.failures:
                entry.again = now + min(self.poll, RETRY * 2 ** min(entry.failures - 1, 20))

    def kept_out(self, keys: Collection[str], now: datetime, *, polling: bool) -> None:
        """Another run was at work: what was due is still due, a little later."""
        self._free = now + BUSY
        if polling:
            self.polled = None
        for key in keys:
            entry = self._entries[key]
            entry.heard = entry.heard or now
            entry.runs = min(BURST, entry.runs + 1)
