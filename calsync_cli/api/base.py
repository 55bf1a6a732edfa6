"""A configuration with its state folder: database, lock, providers, groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calsync_cli import files
from calsync_cli.errors import CalendarGone, StoreError, UsageError
from calsync_cli.model.account import CalendarName, Config, Pair
from calsync_cli.model.plain import dataclass
from calsync_cli.model.words import closest
from calsync_cli.ports import Ports
from calsync_cli.store import backup, views
from calsync_cli.store.db import Database, open_database
from calsync_cli.store.lock import Lock

if TYPE_CHECKING:
    from calsync_cli.engine.groups import Group
    from calsync_cli.engine.session import Session
    from calsync_cli.providers.base import Provider


@dataclass(slots=True)
class Base:
    """What every part of a Workspace stands on. Opening it makes no request and takes no lock."""

    config: Config
    state_dir: Path
    ports: Ports
    environ: Mapping[str, str]
    progress: Callable[[str, int, int], None] = lambda what, done, total: None
    stopping: Callable[[], bool] = lambda: False
    _db: Database | None = field(default=None)

    @property
    def db(self) -> Database:
        if self._db is None:
            self._db = open_database(self.state_dir, self.ports)
        return self._db

    def close(self) -> None:
        if self._db is not None:
            self._db.close()

    def groups(self, pairs: Sequence[str], *, due: bool = False) -> list[Group]:
        """The groups to work on. Raises UsageError for a pair that the configuration does not have."""
        from calsync_cli.engine.groups import groups, selected

        self._check_pairs(pairs)
        found = selected(groups(self.config.pairs.values()), pairs)
        return [group for group in found if not due or any(self.is_due(pair) for pair in group.pairs)]

    def is_due(self, pair: Pair) -> bool:
        """A scheduler's runs are never exactly as far apart as it was told, and a fifth early is not late."""
        ran, _ = views.pair_times(self.db, pair.name)
        return ran is None or self.ports.now() - ran >= pair.every * 0.8

    def _check_pairs(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.config.pairs:
                known = ", ".join(self.config.pairs) or "none"
                text = f"there is no pair {name!r}{closest(name, self.config.pairs)} (pairs: {known})"
                raise UsageError(text, next="calsync status")

    @contextmanager
    def locked(self) -> Iterator[Session]:
        """A session under the lock of the state folder. Raises AlreadyRunning."""
        from calsync_cli.engine.groups import carried, chained
        from calsync_cli.engine.session import Session

        lock = Lock(self.state_dir, self.ports)
        try:
            notes = backup.notice(self.db, self.state_dir)
            session = Session(
                self.db, self.ports, self.installation(), self.connect, progress=self.progress, stopping=self.stopping,
                notes=notes, owners={name: one.me for name, one in self.config.accounts.items()},
                carry=carried(self.config.pairs.values()), chained=chained(self.config.pairs.values()),
            )
            try:
                yield session
                self._look_after_state()
            finally:
                session.close()
        finally:
            lock.release()

    def _look_after_state(self) -> None:
        """Once a day, behind a run: old things are forgotten, and the database is copied (U1, U3)."""
        from calsync_cli.store import retention

        backup.note(self.db, self.state_dir)
        if retention.tidy(self.db):
            backup.keep_daily(self.db, self.state_dir)

    def installation(self) -> str:
        """This state folder's own random id; kept beside the database too, so that a lost database keeps it (K8)."""
        file = self.state_dir / "installation"
        try:
            if file.exists():
                return file.read_text(encoding="ascii").strip()
            known = self.db.meta("installation") or self.ports.fresh_id()
            files.write(file, known + "\n")
        except OSError as err:
            raise StoreError(f"{file} cannot be used ({err.strerror}); no calendar was touched") from err
        with self.db.transaction():
            self.db.set_meta("installation", known)
        return known

    def connect(self, account: str) -> Provider:
        """A provider of an account of the configuration; the caller closes it. Makes no request. Raises CalendarGone
        for an account that was taken out of it."""
        from calsync_cli.engine.groups import carried
        from calsync_cli.providers.registry import connect

        if account not in self.config.accounts:
            raise CalendarGone(f"account {account} is not in the configuration any more", next="calsync config edit")
        known = self.config.accounts[account]

        def store() -> Any:
            from calsync_cli.config.secrets import open_store

            return open_store(self.config.secrets, self.state_dir, self.environ)

        def credential() -> Any:
            from calsync_cli.config.secrets import password_for

            return password_for(known, store)

        def signer() -> Any:
            from calsync_cli.auth.signer import signer as made

            return made(known, store, self.ports)

        carry = carried(self.config.pairs.values()).get(account, frozenset())
        return connect(known, credential, signer, self.ports, carry)

    def _number(self, name: CalendarName) -> int | None:
        return views.calendar_ids(self.db, name.account, name.calendar)

    def _calendars(self, name: str | None) -> dict[int, str]:
        known = views.aliases(self.db)
        if name is None:
            return known
        short = self.config.short_names.get(name)
        wanted = str(short) if short else name
        found = {number: label for number, label in known.items() if label == wanted}
        if not found:
            have = ", ".join(sorted(known.values())) or "none"
            hint = closest(name, [*known.values(), *self.config.short_names])
            text = f"no calendar {name!r} has been synced yet{hint} (known: {have})"
            raise UsageError(text, next="calsync calendars")
        return found
