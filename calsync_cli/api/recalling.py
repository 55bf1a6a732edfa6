"""Taking back, bringing back, trying again (semantics 17)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from calsync_cli.api.looking import Looking
from calsync_cli.api.rows import fitting, iso, start_iso
from calsync_cli.errors import UsageError, worst_exit
from calsync_cli.model.words import closest
from calsync_cli.store import former, journal, links, views

if TYPE_CHECKING:
    from calsync_cli.engine.groups import Group
    from calsync_cli.engine.report import Report
    from calsync_cli.engine.session import Session
    from calsync_cli.engine.state import Wish


class Recalling(Looking):
    __slots__ = ()

    def last_run(self) -> int:
        """The newest run that wrote something. Raises UsageError when none has."""
        found = views.last_writing_run(self.db)
        if found is None:
            raise UsageError("no run has written anything yet", next="calsync history")
        return found

    def undo(self, run: int, wish: Wish) -> Report:
        """Take back what a run wrote, but what was changed since (U1)."""
        from calsync_cli.engine.undo import undo

        if views.run_row(self.db, run) is None:
            raise UsageError(f"there is no run {run}", next="calsync history")
        with self.locked() as session:
            places = journal.places(self.db, run)
            report = undo(session, [*self.groups([]), *self._gone(places)], run, wish)
        self._name_out_of_reach(report, run, {number for numbers in places.values() for number in numbers})
        return report

    def _name_out_of_reach(self, report: Report, run: int, calendars: Collection[int]) -> None:
        """I19: what cannot be taken back is named."""
        from calsync_cli.engine.report import Problem

        names = views.aliases(self.db)
        for label in sorted(names[number] for number in calendars if number in names):
            account = label.partition("/")[0]
            if account not in self.config.accounts:
                text = f"what run {run} wrote on {label} stays: account {account} is not in the configuration any more"
                report.problems.append(Problem("undo", text, "calsync config edit", 3))
                report.exit_code = report.exit_code if report.dry_run else worst_exit([report.exit_code, 3])

    def trash(self) -> list[dict[str, Any]]:
        """What `restore` can bring back, the newest deletion first, as `trash --json` prints it."""
        names = views.aliases(self.db)
        return [self._lost(one, names[one.calendar]) for one in views.trash(self.db) if one.calendar in names]

    def _lost(self, lost: views.Trash, calendar: str) -> dict[str, Any]:
        from calsync_cli.errors import MappingError
        from calsync_cli.mapping.registry import OF_PROVIDER, mapping
        from calsync_cli.model.codec import time_text
        from calsync_cli.model.series import form_span

        account = self.config.accounts.get(calendar.partition("/")[0])
        title, start = "", ""
        try:
            reading = mapping(OF_PROVIDER.get(account.provider if account else "", "ical")).read(lost.payload)
            span = form_span(reading.form)
            title, start = reading.title, start_iso(time_text(span.start)) if span else ""
        except MappingError:
            pass  # it can be told by its UID
        return {
            "id": lost.id, "calendar": calendar, "uid": lost.uid, "title": title, "start": start, "run": lost.run,
            "deleted": iso(lost.at),
        }

    def restore(self, words: str, on: Sequence[str], wish: Wish) -> Report:
        """Make a deleted event again (U2), found by UID, title or part of it: on these calendars, or wherever its
        pairs have it. Raises UsageError when the words fit none, or several events."""
        from calsync_cli.engine.undo import restore

        rows = fitting(self.trash(), words)
        if len({row["uid"] for row in rows}) != 1:
            hint = closest(words, [row["title"] for row in self.trash()])
            text = f"nothing in the trash fits {words!r}{hint}" if not rows else f"several deleted events fit {words!r}"
            raise UsageError(text, next="calsync trash" if not rows else "calsync restore UID")
        lost = next(one for one in views.trash(self.db) if one.id == rows[0]["id"])
        wanted = [number for name in on for number in self._calendars(name)] or list(views.aliases(self.db))
        key = former.key_of_link(self.db, lost.link) if lost.link is not None else None
        with self.locked() as session:  # what a pair made that is gone comes back as what it was, and nowhere else
            groups = self._gone({key: {lost.calendar}}) if key is not None else []
            return restore(session, groups or self.groups([]), lost, wanted, wish)

    def restore_pair(self, pair: str, wish: Wish) -> Report:
        """Make again what was deleted on one calendar of the pair's group and is still on another (U2, N3)."""
        from calsync_cli.engine.undo import put_right

        groups = self.groups([pair])
        with self.locked() as session:
            return put_right(session, groups, wish)

    def purge(self, pair: str, wish: Wish) -> Report:
        """Take away every copy that the pair made and nobody edited."""
        from calsync_cli.engine.purge import purge

        groups = self.groups([pair])
        with self.locked() as session:
            return purge(session, groups, self.config.pairs[pair], wish)

    def _gone(self, about: Mapping[str, Collection[int]]) -> list[Group]:
        from calsync_cli.engine.former import gone_groups

        return gone_groups(self.db, about, self.config.pairs, self.config.accounts)

    def _retire(self, session: Session, names: Sequence[str], wish: Wish, *, due: bool) -> Report:
        from calsync_cli.engine.former import formers
        from calsync_cli.engine.retire import find_names, retire

        find_names(session, self.config.pairs.values())
        found = formers(self.db, self.config.pairs, self.config.accounts)
        self._check_pairs(name for name in names if not any(former.is_called(name) for former in found))
        there = [name for name in names if name in self.config.pairs]
        wanted = [former for former in found if not names or any(map(former.is_called, names))]
        return retire(session, wanted, self.groups(there, due=due) if there or not names else [], wish)

    def left_behind(self) -> list[tuple[str, int, str]]:
        """(calendar, how many copies, of which pair) where a pair left some that the configuration has no more."""
        from calsync_cli.engine.former import formers

        return [
            (one.labels[number], count, " and ".join(pair.name for pair in one.group.pairs))
            for one in formers(self.db, self.config.pairs, self.config.accounts)
            for number, count in sorted(former.copies(self.db, one.group.key).items()) if number in one.left
        ]

    def retry(self, words: Sequence[str], wish: Wish) -> Report:
        """Try again what servers refused or stored otherwise, and read again what could not be read: of the events
        that these words fit, or of all."""
        from calsync_cli.engine.run import run

        found = [event for one in words for event in self._fitting_events(one)]
        with self.locked() as session:
            with self.db.transaction():
                links.try_again(self.db, {e.link_id for e in found if e.link_id is not None} if words else None)
            return run(session, self.groups([]), wish)

    def _fitting_events(self, words: str) -> list[views.EventRow]:
        found = [event for _, event in self.find(words)]
        if not found:
            raise self.unknown_event(words)
        return found
