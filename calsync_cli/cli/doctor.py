"""`doctor`: what could stop a sync, each finding with the command that helps."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lines import ago, counted
from calsync_cli.cli.screen import say
from calsync_cli.errors import AuthError, CalsyncError, StoreError, worst_exit
from calsync_cli.model.account import WITH_LOGIN, CalendarName, Config, Pair
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.base import Calendar, Provider
from calsync_cli.store import views
from calsync_cli.store.backup import DAILY


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    ok: bool
    message: str
    next: str = ""
    code: int = 0
    detail: Mapping[str, int] | None = None

    def json(self) -> dict[str, Any]:
        told = {"check": self.check, "ok": self.ok, "message": self.message, "next": self.next}
        return told | ({"detail": dict(self.detail)} if self.detail is not None else {})


REBUILD = "calsync doctor --rebuild"


def rebuild(ctx: Context, *, as_json: bool) -> int:
    """Make the state usable again: the daily copy, or a new one, in the place of a damaged database."""
    from calsync_cli.store import backup
    from calsync_cli.store.lock import Lock

    lock = Lock(ctx.state_dir, ctx.ports)
    try:
        words = backup.rebuild(ctx.state_dir, ctx.ports)
    finally:
        lock.release()
    if as_json:
        print_json({"done": words, "next": "calsync sync --dry-run"})
    else:
        say(words, "  next: calsync sync --dry-run")
    return 0


def doctor(ctx: Context, *, bundle: Path | None, as_json: bool) -> int:
    """Nothing is changed, and no calendar is written to. bundle: where a report is to be written instead."""
    findings = list(_findings(ctx))
    if bundle is not None:
        from calsync_cli.cli.bundle import bundle as write

        return write(ctx, bundle, findings, worst_exit([f.code for f in findings]))
    if as_json:
        print_json([finding.json() for finding in findings])
    else:
        bad = sum(not f.ok for f in findings)
        shown = [f for f in findings if not (f.ok and ctx.quiet)]
        rows = [[f.check, "ok" if f.ok else "failed", tuple(f.message.split("\n"))] for f in shown]
        table(["check", "state", "what"], rows, color=ctx.color)
        if bad or not ctx.quiet:
            again = f"{counted(bad, 'finding')}; once mended, look again: calsync doctor"
            say("", again if bad else "all is well")
        for command in dict.fromkeys(f.next for f in findings if f.next and f.next != "calsync doctor"):
            say(f"  next: {command}")
    return worst_exit([f.code for f in findings])


def _findings(ctx: Context) -> Iterator[Finding]:
    try:
        config = ctx.config()
        words = f"{counted(len(config.accounts), 'account')}, {counted(len(config.pairs), 'pair')} in {ctx.config_file}"
        yield Finding("config", True, words)
    except CalsyncError as err:
        yield _failed("config", err)
        config = Config(ctx.config_file, {}, {})
    folder = _try("state folder", lambda: _state_folder(ctx))
    yield folder
    state_is_sound = False
    if folder.code in (0, 1):  # too open is not unusable
        yield _try("lock", lambda: _lock(ctx))
        database = _try("database", lambda: _database(ctx))
        yield database
        state_is_sound = database.ok
        if database.ok:
            yield from _storage(ctx)
            yield _try("clock", lambda: _clock(ctx))
            yield from _open_ends(ctx) if config.accounts else ()
    yield _try("zones", _zones)
    if any(account.provider in WITH_LOGIN for account in config.accounts.values()):
        yield _try("secrets", lambda: _secrets(ctx, config))
    for name in config.accounts if folder.code in (0, 1) else ():  # a login needs the folder for its secrets
        yield from _account(ctx, config, name, state_is_sound)


def _try(check: str, call: Callable[[], str]) -> Finding:
    try:
        return Finding(check, True, call())
    except CalsyncError as err:
        return _failed(check, err)
    except OSError as err:
        return Finding(check, False, f"{err.filename or check}: {err.strerror}", code=7)


def _failed(check: str, err: CalsyncError) -> Finding:
    return Finding(check, False, str(err), err.next, err.exit_code)


class _TooOpen(CalsyncError):
    """Works, but others may read what is theirs to keep out of."""


def _state_folder(ctx: Context) -> str:
    folder = ctx.state_dir
    mode = stat.S_IMODE(folder.stat().st_mode)
    if sys.platform != "win32" and mode & 0o077:
        raise _TooOpen(f"{folder} can be entered by others", next=f"chmod 700 {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"{folder} cannot be written by this user", next="calsync --state-dir DIR doctor")
    return str(folder)


def _lock(ctx: Context) -> str:
    from calsync_cli.store.lock import Lock

    Lock(ctx.state_dir, ctx.ports).release()
    return "free"


def _database(ctx: Context) -> str:
    from calsync_cli.store.db import FILE_NAME, integrity_problems, open_database

    file = ctx.state_dir / FILE_NAME
    if not file.exists():
        return "none yet; the first sync makes it"
    try:
        database = open_database(ctx.state_dir, ctx.ports)
    except StoreError as err:
        if isinstance(err.__cause__, sqlite3.DatabaseError):  # no database at all; a newer one is another matter
            raise StoreError(f"{err}. The calendars are not; nothing of them is lost with it", next=REBUILD) from err
        raise
    try:
        problems = integrity_problems(database)
        count = database.value("SELECT count(*) FROM mirror_item")
    finally:
        database.close()
    if problems:
        text = f"{file} is damaged: {problems[0]}. The calendars are not; nothing of them is lost with it"
        raise StoreError(text, next=REBUILD)
    copy = ctx.state_dir / DAILY
    copied = f", copied {ago(_changed(copy), ctx.ports.now())}" if copy.exists() else ""
    return f"sound, {counted(count, 'mirrored event')}, {file.stat().st_size / 1e6:.1f} MB{copied}"


def _storage(ctx: Context) -> Iterator[Finding]:
    from calsync_cli.cli import storage

    found = storage.look(ctx)
    if found is not None:
        yield Finding("storage", True, "\n".join(storage.words(found, ctx)), detail=found.json())


def _open_ends(ctx: Context) -> Iterator[Finding]:
    """What pairs of before left behind is no fault: it stays until somebody wants it gone."""
    left, unfinished = ctx.look(lambda work: (work.left_behind(), work.unfinished()))
    if left:
        words = [f"{label}: {counted(count, 'event')} made by {pair}, a pair of before" for label, count, pair in left]
        yield Finding("copies", True, "\n".join(words), "calsync sync --retire --dry-run")
    if unfinished:
        words = [f"{one['action']} on {one['calendar']}: {one['words']}" for one in unfinished[:5]]
        yield Finding("journal", False, "\n".join(["the end of a write is not known", *words]), "calsync journal", 1)


def _changed(file: Path) -> str:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat()


class _WrongTime(CalsyncError):
    """Nothing is lost by it, but windows and ages would be wrong (G5)."""


def _clock(ctx: Context) -> str:
    """Against the last run in the database; `sync` compares with the servers' own clocks too (G5)."""
    from calsync_cli.store.db import FILE_NAME, open_database

    now, before = ctx.ports.now(), None
    if (ctx.state_dir / FILE_NAME).exists():
        database = open_database(ctx.state_dir, ctx.ports)
        try:
            before = views.last_run(database)
        finally:
            database.close()
    if before is not None and before > now:
        text = f"it is {now:%d %b %Y %H:%M} UTC here, but the last run ended at {before:%d %b %Y %H:%M} UTC"
        raise _WrongTime(f"{text}; set the right time", next="calsync doctor")
    return f"{now:%d %b %Y %H:%M} UTC"


def _zones() -> str:
    from importlib.metadata import version

    from calsync_cli.model.times import zone

    zone("Europe/Berlin")
    return f"time zone data {version('tzdata')}"


def _secrets(ctx: Context, config: Config) -> str:
    from calsync_cli.config.secrets import open_store

    asked = [a for a in config.accounts.values() if a.provider in WITH_LOGIN]
    if all(a.password_command or a.password for a in asked):
        return "not needed: every account has its own password source"
    return open_store(config.secrets, ctx.state_dir, ctx.environ).describe()


def _account(ctx: Context, config: Config, name: str, state_is_sound: bool) -> Iterator[Finding]:
    """Sign-in, and the rights on every calendar that a pair names; of a paired folder also its marker (O2)."""
    work = ctx.workspace()
    known: list[Calendar] = []
    wanted = dict.fromkeys(n for p in config.pairs.values() for n in (p.a, p.b) if n.account == name)
    unmarked: dict[str, str] = {}

    def look() -> str:
        provider = work.connect(name)
        try:
            known.extend(provider.calendars())
            if state_is_sound:
                unmarked.update(_unmarked(work, provider, known, wanted))
        finally:
            provider.close()
        return counted(len(known), "calendar")

    try:
        signed_in = _try(f"account {name}", look)
    finally:
        work.close()
    yield signed_in
    for calendar in wanted if signed_in.ok else ():
        yield _try(f"calendar {calendar}", partial(_rights, known, calendar, config, unmarked))


def _unmarked(
    work: Workspace, provider: Provider, known: Sequence[Calendar], wanted: Iterable[CalendarName]
) -> Iterator[tuple[str, str]]:
    """Folders that were paired and have lost their marker: (id, the command that puts it back)."""
    identity, mark_command = getattr(provider, "identity", None), getattr(provider, "mark_command", None)
    if identity is None or mark_command is None:
        return
    paired = {views.paired_id(work.db, name.account, name.calendar) for name in wanted}
    yield from ((cal.id, mark_command(cal)) for cal in known if cal.id in paired and identity(cal) is None)


class _Unmarked(CalsyncError):
    """Nothing is lost, but no deletion in this folder would be believed."""


def _rights(
    known: Sequence[Calendar], wanted: CalendarName, config: Config, unmarked: Mapping[str, str]
) -> str:
    from calsync_cli.engine.listing import pick

    calendar = pick(known, wanted)
    if calendar.id in unmarked:
        text = "its .calsync marker is gone, so this may be an empty mount point or another folder; if it is the right"
        raise _Unmarked(f"{text} one, mark it", next=unmarked[calendar.id])
    if calendar.access == "write":
        return "read and write"
    written = any(wanted in _targets(pair) for pair in config.pairs.values())
    if written:
        pair = next(pair for pair in config.pairs.values() if wanted in _targets(pair))
        way = only_reading(pair, wanted)
        text = f"may only be read, and the pair {pair.name} writes to it"
        raise AuthError(text, next=f'ask its owner for the right to write, or set direction = "{way}" there')
    return "read only, which is enough"


def only_reading(pair: Pair, calendar: CalendarName) -> str:
    """The direction in which the pair writes nothing to this calendar."""
    return "a-to-b" if calendar == pair.a else "b-to-a"


def _targets(pair: Pair) -> tuple[CalendarName, ...]:
    return {"two-way": (pair.a, pair.b), "a-to-b": (pair.b,), "b-to-a": (pair.a,)}[pair.direction]
