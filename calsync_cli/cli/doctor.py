"""`doctor`: what could stop a sync, each finding with the command that helps."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.errors import CalsyncError, worst_exit
from calsync_cli.model.account import Config


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    ok: bool
    message: str
    next: str = ""
    code: int = 0


def doctor(ctx: Context, *, as_json: bool) -> int:
    """Nothing is changed, and no calendar is written to."""
    findings = list(_findings(ctx))
    if as_json:
        print_json([
            {"check": f.check, "ok": f.ok, "message": f.message, "next": f.next} for f in findings
        ])
    else:
        table(["check", "state", "what"], [[f.check, "ok" if f.ok else "failed", f.message] for f in findings],
              color=ctx.color)
        for command in dict.fromkeys(f.next for f in findings if f.next and f.next != "calsync doctor"):
            print(f"next: {command}")
    return worst_exit([f.code for f in findings])


def _findings(ctx: Context) -> Iterator[Finding]:
    try:
        config = ctx.config()
        words = f"{len(config.accounts)} accounts, {len(config.pairs)} pairs in {ctx.config_file}"
        yield Finding("config", True, words)
    except CalsyncError as err:
        yield _failed("config", err)
        config = Config(ctx.config_file, {}, {})
    yield _state_folder(ctx)
    yield _try("lock", lambda: _lock(ctx))
    yield _try("database", lambda: _database(ctx))
    yield _try("zones", _zones)
    if any(account.provider == "caldav" for account in config.accounts.values()):
        yield _try("secrets", lambda: _secrets(ctx, config))
    for name in config.accounts:
        yield from _account(ctx, config, name)


def _try(check: str, call: Callable[[], str]) -> Finding:
    try:
        return Finding(check, True, call())
    except CalsyncError as err:
        return _failed(check, err)


def _failed(check: str, err: CalsyncError) -> Finding:
    return Finding(check, False, str(err), err.next, err.exit_code)


def _state_folder(ctx: Context) -> Finding:
    folder = ctx.state_dir
    mode = stat.S_IMODE(folder.stat().st_mode)
    if sys.platform != "win32" and mode & 0o077:
        return Finding("state folder", False, f"{folder} can be read by others", f"chmod 700 {folder}", 1)
    return Finding("state folder", True, str(folder))


def _lock(ctx: Context) -> str:
    from calsync_cli.store.lock import Lock

    Lock(ctx.state_dir, ctx.ports).release()
    return "free"


def _database(ctx: Context) -> str:
    from calsync_cli.errors import StoreError
    from calsync_cli.store.db import FILE_NAME, integrity_problems, open_database

    file = ctx.state_dir / FILE_NAME
    if not file.exists():
        return "none yet; the first sync makes it"
    database = open_database(ctx.state_dir, ctx.ports)
    try:
        problems = integrity_problems(database)
        count = database.value("SELECT count(*) FROM mirror_item")
    finally:
        database.close()
    if problems:
        text = f"{file} is damaged: {problems[0]}. The calendars themselves are not"
        raise StoreError(text, next=f"move {file} away and run calsync sync: it finds every event again")
    return f"sound, {count:,} mirrored events, {file.stat().st_size / 1e6:.1f} MB"


def _zones() -> str:
    from importlib.metadata import version

    from calsync_cli.model.times import zone

    zone("Europe/Berlin")
    return f"time zone data {version('tzdata')}"


def _secrets(ctx: Context, config: Config) -> str:
    from calsync_cli.config.secrets import open_store

    if all(a.password_command or a.password for a in config.accounts.values() if a.provider == "caldav"):
        return "not needed: every account has its own password source"
    return open_store(config.secrets, ctx.state_dir, ctx.environ).describe()


def _account(ctx: Context, config: Config, name: str) -> Iterator[Finding]:
    """Sign-in, and the rights on every calendar that a pair names."""
    from calsync_cli.engine.observe import pick

    work = ctx.workspace()
    try:
        provider = work.connect(name)
        try:
            known = list(provider.calendars())
        finally:
            provider.close()
        yield Finding(f"account {name}", True, f"{len(known)} calendars")
        for wanted in {n for p in config.pairs.values() for n in (p.a, p.b) if n.account == name}:
            found = pick(known, wanted)
            words = "read and write" if found.access == "write" else "read only"
            yield Finding(f"calendar {wanted}", True, words)
    except CalsyncError as err:
        yield _failed(f"account {name}", err)
    finally:
        work.close()
