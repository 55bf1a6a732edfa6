"""An event more, changed or less on one calendar, by a person's word; then the calendars of its pairs are synced.

Shape   `copy_of(words)` finds the Copy that is meant; `add`, `edit` and `remove` write and return the run's Report
Rules   only calendars of pairs that have been synced: of no other one calsync keeps what it needs to finish a write
        that was cut off, or to take it back
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from calsync_cli.api.days import Events
from calsync_cli.api.looking import Looking
from calsync_cli.errors import UsageError
from calsync_cli.model.account import CalendarName
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Changes, Form, form_span
from calsync_cli.model.times import InstanceKey, rough_instant, wall
from calsync_cli.model.words import closest
from calsync_cli.store import views

if TYPE_CHECKING:
    from calsync_cli.engine.by_hand import Said
    from calsync_cli.engine.report import Report
    from calsync_cli.engine.state import Wish


@dataclass(frozen=True, slots=True)
class Copy:
    """One event on the calendar where it is to be changed; `others` also have it, and follow."""

    calendar: CalendarName
    row: views.EventRow
    others: tuple[str, ...]

    @property
    def form(self) -> Form:
        return self.row.form or {}

    def dates(self, day: date) -> list[tuple[InstanceKey, Form]]:
        """Those of its dates that begin on this day, by its own clock."""
        from calsync_cli.model.occurrences import occurrences

        span = form_span(self.form)
        if span is None:
            return []
        noon = rough_instant(span.start).tzinfo
        low = datetime.combine(day, time(), noon) - timedelta(days=1)
        found, _ = occurrences(self.form, low, low + timedelta(days=3))
        starts = [(key, one, form_span(one)) for key, one in found]
        return [(key, one) for key, one, at in starts if at is not None and wall(at.start).date() == day]


class Editing(Looking):
    __slots__ = ()

    def calendar_named(self, words: str) -> CalendarName:
        """Of a pair, as the configuration names it. Raises UsageError for what is in no pair, or was never synced."""
        known = {str(name): name for pair in self.config.pairs.values() for name in (pair.a, pair.b)}
        known |= {short: name for short, name in self.config.short_names.items() if str(name) in known}
        if words not in known:
            account = words.partition("/")[0]
            if account not in self.config.accounts and "/" in words:
                have = ", ".join(self.config.accounts) or "none"
                hint = closest(account, self.config.accounts) or f" (accounts: {have})"
                raise UsageError(f"there is no account {account!r}{hint}; nothing was written", next="calsync accounts")
            hint = closest(words, known) or f" (in pairs: {', '.join(known) or 'none'})"
            text = f"{words} is in no pair, so what is written there could not be taken back{hint}; nothing was written"
            raise UsageError(text, next="calsync status")
        name = known[words]
        if self._number(name) is None:
            pair = next(p.name for p in self.config.pairs.values() if name in (p.a, p.b))
            raise UsageError(f"{name} has not been synced yet; nothing was written", next=f"calsync sync {pair}")
        return name

    def copy_of(self, words: str, calendar: str | None = None) -> list[Copy]:
        """The events that the words fit (see `find`), each where it is to be changed: on the calendar named, else where
        it is at home; a copy that calsync made only where nothing else is left. Raises UsageError when there is none.
        """
        wanted = None if calendar is None else self.calendar_named(calendar)
        names = {str(name): name for pair in self.config.pairs.values() for name in (pair.a, pair.b)}
        found: dict[int, list[tuple[str, views.EventRow]]] = {}
        same = Events(views.copies(self.db))
        for label, row in self.find(words):
            if label in names and row.form is not None:
                found.setdefault(same.of((row.calendar_id, row.remote_id)), []).append((label, row))
        events = []
        for copies in found.values():
            here = [one for one in copies if wanted is None or one[0] == str(wanted)]
            here.sort(key=lambda one: self._is_copy(one[1]))
            if here:
                label, row = here[0]
                events.append(Copy(names[label], row, tuple(other for other, _ in copies if other != label)))
        if not events:
            raise self.unknown_event(words, "" if calendar is None else f" on {calendar}")
        return events

    def _is_copy(self, row: views.EventRow) -> bool:
        return row.link_id is None or views.is_owned(self.db, row.calendar_id, row.remote_id)

    def add(self, calendar: CalendarName, form: Form, wish: Wish, *, again: bool = False) -> Report:
        from calsync_cli.engine.by_hand import added, under_way

        uid = f"{self.ports.fresh_id()}@calsync"
        return self._carry_out(calendar, lambda snap, number: added(
            snap, number, uid, form, again=again, under_way=under_way(self.db, number)), wish)

    def edit(self, copy: Copy, changes: Changes, wish: Wish) -> Report:
        from calsync_cli.engine.by_hand import edited

        place, seen = copy.row.remote_id, copy.form
        return self._carry_out(copy.calendar, lambda snap, number: edited(snap, number, place, changes, seen), wish)

    def remove(self, copy: Copy, wish: Wish) -> Report:
        from calsync_cli.engine.by_hand import removed

        place, seen = copy.row.remote_id, copy.form
        return self._carry_out(copy.calendar, lambda snap, number: removed(snap, number, place, seen), wish)

    def _carry_out(self, calendar: CalendarName, said: Said, wish: Wish) -> Report:
        from calsync_cli.engine.by_hand import carry_out

        with self.locked() as session:
            return carry_out(session, self.groups([]), calendar, said, wish)
