"""What follows a run: notices of its trouble, and its changes for the programs of [[hooks]]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from calsync_cli.api.base import Base
from calsync_cli.config.environment import without_secrets
from calsync_cli.errors import AlreadyRunning, CalsyncError, UsageError
from calsync_cli.store import views

if TYPE_CHECKING:
    from calsync_cli.engine.report import Change, Problem, Report


class Behind(Base):
    __slots__ = ()

    def follow(self, report: Report) -> list[str]:
        """Tell what is new of the run's trouble, and run the hooks. Returns what went wrong with that, in words."""
        if report.dry_run:
            return []
        notes = self._tell(report.problems, [pair.pair for pair in report.pairs], report.run)
        if self.config.hooks and report.run is not None:
            from calsync_cli.after.hooks import run_hooks

            sides = {(one.pair, side): getattr(one, side).calendar for one in report.pairs for side in ("a", "b")}
            changes = [self._told(change, sides[change.pair, change.side]) for change in report.changes]
            notes += run_hooks(self.config.hooks, report.run, changes, self.config.file.parent, self._surroundings())
        return notes

    def tell_failure(self, err: CalsyncError) -> list[str]:
        """The same for what ended a whole run, which says nothing about any pair. That another one was at work, or
        that words did not fit together, is no trouble."""
        from calsync_cli.engine.report import problem_of

        return [] if isinstance(err, AlreadyRunning | UsageError) else self._tell([problem_of(err)], [], None)

    def _tell(self, problems: Sequence[Problem], pairs: Sequence[str], run: int | None) -> list[str]:
        notify = self.config.notify
        if notify.command is None and not notify.desktop:
            return []
        from calsync_cli.after.news import kind_of
        from calsync_cli.after.notices import tell

        rows = [{**one.json(), "kind": kind_of(one.code, one.exit_code)} for one in problems]
        folder, environ = self.config.file.parent, self._surroundings()
        return tell(notify, self.state_dir, rows, pairs, run=run, folder=folder, environ=environ)

    def _surroundings(self) -> dict[str, str]:
        """So that `calsync` asks about the same configuration and state when such a program calls it."""
        own = {"CALSYNC_CONFIG": str(self.config.file), "CALSYNC_STATE_DIR": str(self.state_dir)}
        return {**without_secrets(self.environ), **own}

    def _told(self, change: Change, calendar: str) -> dict[str, Any]:
        """A change with the event as it is now; nothing of one that is gone."""
        account, _, name = calendar.partition("/")
        number = views.calendar_ids(self.db, account, name)
        rows = views.events(self.db, number, uid=change.uid) if number is not None else []
        event = rows[0] if rows and change.action != "delete" else None
        return {**change.json(), "calendar": calendar, "event": _details(event) if event is not None else None}


def _details(event: views.EventRow) -> dict[str, Any]:
    from calsync_cli.api.rows import event_json
    from calsync_cli.model.series import FIELDS

    form = event.form or {}
    texts = {name: value for name in FIELDS if isinstance(value := form.get(name), str)}
    sets = {name: sorted(value) for name in FIELDS if isinstance(value := form.get(name), frozenset)}
    row = event_json(event, "")
    return {**texts, **sets, **{name: row[name] for name in ("title", "start", "end", "recurring")}}
