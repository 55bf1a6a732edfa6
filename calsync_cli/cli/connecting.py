"""New accounts for `init`: what a person must say of each kind, written down, and signed in to at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from calsync_cli.cli import accounts
from calsync_cli.cli.context import Context
from calsync_cli.cli.questions import ask
from calsync_cli.config import edit
from calsync_cli.config.load import load
from calsync_cli.errors import ConfigError, UsageError

PLACES = {
    "google": "Google Calendar", "microsoft": "Outlook, Microsoft 365", "icloud": "Apple iCloud",
    "caldav": "Nextcloud, Fastmail and other CalDAV servers", "folder": "a folder of calendars on this machine",
    "feed": "an .ics address or file, which is only read",
}


def connect(ctx: Context, kind: str, free: str) -> None:
    """free: a name that no account has yet, or that of one which is not signed in to."""
    match kind:
        case "folder":
            _folder(ctx, ask("Folder, whose sub-folders are calendars [~/.calendars]: ", "~/.calendars"), free)
        case "feed":
            where = ask("Its address (https://..., webcal://...) or file: ")
            _add(ctx, ask(f"Name for it [{free}]: ", free), _feed(where))
        case _:
            sign_in(ctx, kind, ask(f"Name for it [{free}]: ", free))


def sign_in(ctx: Context, kind: str, name: str) -> None:
    """Also to an account that is there already, and was not signed in to: what it says is not asked again, but the
    address, which may be what was wrong."""
    known = ctx.config(may_miss=True).accounts.get(name)
    if known is not None and known.provider != kind:
        text = f"account {name} is a {known.provider} account; give this one another name"
        raise UsageError(text, next="calsync accounts")
    table: dict[str, str] = {"provider": kind}
    more: dict[str, Any] = {}
    if kind == "caldav" and known is None:
        table["url"] = ask("Address of the server (https://...): ")
    elif kind == "caldav" and known is not None and known.url:
        more["url"] = _address(known.url)
    elif kind == "google" and (known is None or known.client_file is None):
        more["client_file"] = Path(ask("Client file of your Google project (docs/google.md says how): ")).expanduser()
    elif kind == "microsoft" and (known is None or known.client_id is None):
        more["client_id"] = ask("Client id of your registration (docs/microsoft.md says how): ")
    if known is None:
        _add(ctx, name, table)
    accounts.login(ctx, name, **{"url": None, "username": None, "password_stdin": False, **more})


def _address(known: str) -> str | None:
    """None: it stays as it is."""
    said = ask(f"Address of the server [{known}]: ", known)
    return said if said != known else None


def connected(ctx: Context, said: str) -> None:
    """`--account NAME=WHERE`: a folder, an address or a provider's word. What is there already is left."""
    name, _, where = said.partition("=")
    if not name or not where:
        text = f"{said!r} is no account; write NAME=FOLDER, NAME=https://... or NAME=google"
        raise UsageError(text, next="calsync init -h")
    if name in ctx.config(may_miss=True).accounts:
        return
    if where in ("google", "microsoft", "icloud"):
        _add(ctx, name, {"provider": where})
    elif where.startswith(("webcal:", "webcals:")) or where.lower().endswith(".ics"):
        _add(ctx, name, _feed(where))
    elif "://" in where:
        _add(ctx, name, {"provider": "caldav", "url": where})
    else:
        _folder(ctx, where, name)


def _folder(ctx: Context, where: str, name: str) -> None:
    path = Path(where).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise UsageError(f"{path} cannot be made ({err.strerror})", next="calsync init") from None
    _add(ctx, name, {"provider": "vdir", "path": where if where.startswith("~") else str(path.absolute())})


def _feed(where: str) -> dict[str, str]:
    return {"provider": "ics", "url" if "://" in where else "path": where}


def _add(ctx: Context, name: str, table: Mapping[str, str]) -> None:
    if name in ctx.config(may_miss=True).accounts:
        text = f"there is an account {name!r} already; give this one another name"
        raise UsageError(text, next="calsync accounts")
    try:
        edit.changed(
            ctx.config_file, lambda document: edit.add(document, "accounts", name, table),
            lambda file: load(file, ctx.environ),
        )
    except ConfigError as err:
        text = "; ".join(words for _, words in err.problems)
        raise UsageError(f"{text}; nothing was written", next="calsync init") from None
    except OSError as err:
        raise UsageError(f"{ctx.config_file} cannot be written ({err.strerror})", next="calsync -c FILE init") from None
