"""One event as a reader addresses it: a single, a master, or one day of a series.

Shape   whole(box, item, state) -> Seen; one(box, item, state, day) -> Seen or None; instances(..., Window) -> list
Facts   an all-day event meets a window as UTC midnight to UTC midnight (L2.3); the window's end is exclusive
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.emulators.graph import recurrence
from tests.emulators.graph.world import Item, Mailbox, Members, Moment, State


@dataclass(frozen=True, slots=True)
class Window:
    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        return (self.end - self.start) / timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """kind: singleInstance, seriesMaster, occurrence or exception; `day` is the original date of the latter two."""

    box: Mailbox
    item: Item
    state: State
    kind: str
    day: date | None = None

    @property
    def members(self) -> Members:
        if self.kind != "exception" or self.day is None:
            return self.state.members
        return {**self.state.members, **self.state.overrides[self.day].members}

    @property
    def start(self) -> Moment:
        return self._times()[0]

    @property
    def end(self) -> Moment:
        return self._times()[1]

    def _times(self) -> tuple[Moment, Moment]:
        if self.kind == "exception" and self.day is not None:
            override = self.state.overrides[self.day]
            return override.start, override.end
        if self.kind == "occurrence" and self.day is not None:
            return original(self.state, self.day)
        return self.state.start, self.state.end

    @property
    def change(self) -> int:
        return self.state.overrides[self.day].change if self.kind == "exception" and self.day else self.state.change

    @property
    def modified(self) -> datetime:
        return self.state.overrides[self.day].modified if self.kind == "exception" and self.day else self.state.modified

    @property
    def props(self) -> Mapping[str, str]:
        if self.kind == "exception" and self.day:
            return self.state.overrides[self.day].props
        return {} if self.kind == "occurrence" else self.state.props

    @property
    def all_day(self) -> bool:
        return bool(self.members["isAllDay"])

    def span(self) -> tuple[datetime, datetime]:
        if self.all_day:
            return self.start.wall.replace(tzinfo=UTC), self.end.wall.replace(tzinfo=UTC)
        return self.start.instant, self.end.instant

    def overlaps(self, window: Window) -> bool:
        start, end = self.span()
        return start < window.end and (end > window.start or start == end == window.start)


def original(state: State, day: date) -> tuple[Moment, Moment]:
    """Where the pattern puts the occurrence of that date."""
    start = state.start.on(day)
    return start, Moment(start.wall + (state.end.wall - state.start.wall), state.end.zone)


def whole(box: Mailbox, item: Item, state: State) -> Seen:
    return Seen(box, item, state, "seriesMaster" if state.rule else "singleInstance")


def one(box: Mailbox, item: Item, state: State, day: date) -> Seen | None:
    """The instance of that original date; None when the series has none there, or no more."""
    if state.rule is None or day in state.cancelled or not recurrence.hits(state.rule, day):
        return None
    return Seen(box, item, state, "exception" if day in state.overrides else "occurrence", day)


def instances(box: Mailbox, item: Item, state: State, window: Window) -> list[Seen]:
    """Occurrences and exceptions that meet the window, in order of their original dates."""
    if state.rule is None:
        return []
    length = state.end.wall - state.start.wall
    first = (window.start - length - timedelta(days=2)).date()
    last = (window.end + timedelta(days=2)).date()
    days = set(recurrence.between(state.rule, first, last)) | state.overrides.keys()
    found = (one(box, item, state, day) for day in sorted(days - state.cancelled))
    return [seen for seen in found if seen and seen.overlaps(window)]


def in_window(box: Mailbox, item: Item, state: State | None, calendar: int, window: Window) -> list[Seen]:
    """What a calendarView of that calendar shows of the item."""
    if state is None or state.calendar != calendar:
        return []
    if state.rule:
        return instances(box, item, state, window)
    seen = whole(box, item, state)
    return [seen] if seen.overlaps(window) else []


def moment_key(seen: Seen) -> Any:
    return seen.span()[0], seen.item.key
