"""The days over all calendars: what takes place when, once for all copies of an event. Reads the state only.

Shape   `agenda(first, days)` -> Agenda of Happenings, `rows` and `clashes` of which are the data that `--json` prints
Units   days and times are those of this machine's clock; floating times count as such
Rules   copies that are linked, busy ones too, are one event, and it is told as the calendar says that shows all of it;
        called-off events are left out. Those of which calsync cannot know the dates are named in `notes`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from calsync_cli.api.looking import Looking
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Form
from calsync_cli.model.times import AllDay, Floating, Span, When, Zoned, utc
from calsync_cli.store import views

Item = tuple[int, str]
"""(number of the calendar, remote id)."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One date of one event. start, end: aware, in this machine's zone; whole days from midnight to midnight.

    event: the same for all copies and dates of one event; busy: whether it keeps its owner from doing something else
    """

    event: int
    key: str
    uid: str
    title: str
    calendars: tuple[str, ...]
    start: datetime
    end: datetime
    all_day: bool
    busy: bool

    @property
    def order(self) -> tuple[Any, ...]:
        return not self.all_day, self.start, self.end, self.title, self.calendars, self.uid

    def json(self) -> dict[str, Any]:
        start, end = (when.date() if self.all_day else when for when in (self.start, self.end))
        return {
            "title": self.title, "start": start.isoformat(), "end": end.isoformat(), "all_day": self.all_day,
            "busy": self.busy, "calendars": list(self.calendars), "uid": self.uid,
        }


@dataclass(frozen=True, slots=True)
class Agenda:
    first: date
    days: int
    happenings: tuple[Happening, ...]
    notes: tuple[str, ...]

    def rows(self) -> Iterator[tuple[date, Happening]]:
        """One for each event and day, whole days first."""
        for day in (self.first + timedelta(days=n) for n in range(self.days)):
            low, high = midnight(day), midnight(day + timedelta(days=1))
            here = (h for h in self.happenings if h.start < high and (h.end > low or h.start == h.end >= low))
            yield from ((day, one) for one in sorted(here, key=lambda h: h.order))

    def clashes(self) -> Iterator[tuple[Happening, Happening]]:
        """Each two busy events that take place at one time."""
        low = midnight(self.first)
        going_on: list[Happening] = []
        busy = (one for one in self.happenings if one.busy and one.start < one.end)
        for one in sorted(busy, key=lambda h: (h.start, h.order)):
            going_on = [other for other in going_on if other.end > max(one.start, low)]
            yield from ((other, one) for other in going_on if (other.event, other.key) != (one.event, one.key))
            going_on.append(one)


class Days(Looking):
    __slots__ = ()

    def agenda(self, first: date, days: int) -> Agenda:
        """What takes place from midnight of `first` on, as the last sync saw it."""
        low, high = midnight(first), midnight(first + timedelta(days=days))
        names = views.aliases(self.db)
        events = Events(views.copies(self.db))
        found: dict[tuple[int, str, datetime, datetime], list[tuple[bool, int, str, Form, views.EventRow]]] = {}
        unread, vague = 0, set()
        for number in names:
            for row in views.events(self.db, number):
                if row.form is None:
                    unread += 1
                    continue
                item = (number, row.remote_id)
                dates, all_known = _dates(row.form, low, high)
                vague |= set() if all_known else {row.title}
                for key, form, start, end in dates:
                    place = events.of(item), key, start, end
                    found.setdefault(place, []).append((events.is_masked(item), number, names[number], form, row))
        told = tuple(_happening(place, sorted(group, key=lambda one: one[:2])) for place, group in found.items())
        notes = [f'"{title or "(no title)"}" repeats in a way that calsync cannot work out; some dates are missing here'
                 for title in sorted(vague)]
        if unread:
            count = "1 event" if unread == 1 else f"{unread:,} events"
            notes.append(f"{count} could not be read: calsync events list --status quarantined")
        return Agenda(first, days, tuple(sorted(told, key=lambda h: (h.start, h.order))), tuple(notes))


class Events:
    """Which items are copies of one event, over all groups: a copy may be an event for another pair (N4)."""

    def __init__(self, copies: Sequence[tuple[int, int, str, bool]]) -> None:
        self._next: dict[object, object] = {}
        self._numbers: dict[object, int] = {}
        self._masked: set[Item] = set()
        for link, calendar, remote_id, masked in copies:
            self._next[self._root((calendar, remote_id))] = self._root(link)
            self._masked |= {(calendar, remote_id)} if masked else set()

    def _root(self, one: object) -> object:
        while (other := self._next.get(one, one)) != one:
            self._next[one] = self._next.get(other, other)
            one = other
        return one

    def of(self, item: Item) -> int:
        return self._numbers.setdefault(self._root(item), len(self._numbers))

    def is_masked(self, item: Item) -> bool:
        return item in self._masked


def _dates(form: Form, low: datetime, high: datetime) -> tuple[list[tuple[str, Form, datetime, datetime]], bool]:
    from calsync_cli.model.occurrences import occurrences

    dates, all_known = occurrences(form, low, high)
    found: list[tuple[str, Form, datetime, datetime]] = []
    for key, one in dates:
        span = one["time"]
        assert isinstance(span, Span)
        start = here(span.start)
        least = midnight(span.start.day + timedelta(days=1)) if isinstance(span.start, AllDay) else start
        end = max(least, here(span.end))
        if one.get("status") != "cancelled" and start < high and (end > low or start == end >= low):
            found.append((key, one, start, end))
    return found, all_known


def _happening(place: tuple[int, str, datetime, datetime], group: Sequence[Any]) -> Happening:
    """Told by the copy that shows the event itself, if there is one."""
    event, key, start, end = place
    form: Mapping[str, Any] = group[0][3]
    row: views.EventRow = group[0][4]
    all_day = isinstance(form["time"].start, AllDay)
    busy = form.get("busy") != "free" and row.answer != "declined"
    names = tuple(dict.fromkeys(name for _, _, name, _, _ in group))
    return Happening(event, key, row.uid, form.get("title") or "", names, start, end, all_day, busy)


def midnight(day: date) -> datetime:
    """The beginning of a day on this machine's clock, aware."""
    return datetime.combine(day, time()).astimezone()


def here(when: When) -> datetime:
    """The instant on this machine's clock, aware."""
    match when:
        case Zoned():
            return utc(when).astimezone()
        case Floating(local):
            return local.astimezone()
        case AllDay(day):
            return midnight(day)


def today(now: datetime) -> date:
    return now.astimezone().date()
