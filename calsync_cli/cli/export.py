"""`export`: one calendar as an .ics file, offline."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from calsync_cli.cli.context import Context
from calsync_cli.cli.lines import counted
from calsync_cli.cli.screen import harmless, say, shown
from calsync_cli.errors import UsageError


def export(ctx: Context, calendar: str, file: Path | None, *, force: bool) -> int:
    """To the file or standard output. Returns 1 when an event had to stay behind, which is named."""
    if file is not None and not force and file.exists():
        raise _there_already(calendar, file)
    found = ctx.look(lambda work: work.export(calendar))
    if file is None:
        _print(found.data)
    else:
        _write(ctx, calendar, file, found.data, force=force)
        if not ctx.quiet:
            say(f"{counted(found.events, 'event')} of {shown(found.calendar)} written to {shown(str(file))}")
    for remote_id, why in found.left_out:
        say(f"! {shown(remote_id)} is not in the file: {shown(why)}", to=sys.stderr)
    if found.left_out:
        say("  next: calsync events list --status quarantined", to=sys.stderr)
    return 1 if found.left_out else 0


def _print(data: bytes) -> None:
    """As it is, but where texts of others could steer a terminal."""
    if sys.stdout.isatty():
        print(*(harmless(line) for line in data.decode().split("\r\n")[:-1]), sep="\n")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _write(ctx: Context, calendar: str, file: Path, data: bytes, *, force: bool) -> None:
    """All or nothing. With force what was there stays until the new file is whole."""
    target = file.resolve() if force else file
    fresh = target.with_name(f".{target.name}.{ctx.ports.fresh_id()}") if force else target
    try:
        with fresh.open("xb") as stream:
            try:
                stream.write(data)
                stream.flush()
            except OSError:
                fresh.unlink()
                raise
        if force:
            fresh.replace(target)
    except FileExistsError as err:
        raise _there_already(calendar, file) from err
    except OSError as err:
        fresh.unlink(missing_ok=True) if force else None
        text = f"{file} cannot be written ({err.strerror}); nothing was changed"
        raise UsageError(text, next="calsync export CALENDAR FILE") from err


def _there_already(calendar: str, file: Path) -> UsageError:
    text = f"{file} is there already; nothing was written"
    return UsageError(text, next=f"{shlex.join(['calsync', 'export', calendar, str(file)])} --force")
