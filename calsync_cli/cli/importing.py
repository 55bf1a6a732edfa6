"""`import PROGRAM` and `init --from PROGRAM`: another program's set-up becomes accounts and pairs of calsync."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json
from calsync_cli.cli.lines import counted
from calsync_cli.cli.screen import say
from calsync_cli.config import edit
from calsync_cli.config.load import load
from calsync_cli.config.secrets import open_store
from calsync_cli.errors import AuthError, ConfigError, UsageError
from calsync_cli.model.account import WITH_LOGIN
from calsync_cli.model.secret import Secret
from calsync_cli.model.words import closest
from calsync_cli.setup import calendarsync, found, khal, vdirsyncer, vdirsyncer_file, yaml_lines
from calsync_cli.setup.notes import BadSetup, Setup, Table

FORMATS = ("vdirsyncer", "calendarsync", "khal")


def bring(ctx: Context, source: str, file: Path | None, *, preview: bool, as_json: bool = False) -> int:
    """What is there already under the same name and alike is left; another of that name gets a number."""
    setup = new_of(ctx, source, file)
    unsaved = [] if preview else keep(ctx, setup)
    if as_json:
        notes = [{"what": one.what, "message": one.words, "next": one.then} for one in setup.notes]
        print_json({"accounts": setup.accounts, "pairs": setup.pairs, "notes": notes, "written": not preview})
        return 0
    say(*report(ctx, setup, preview=preview))
    if not preview:
        say(*_next(ctx, setup, unsaved))
    return 0


def keep(ctx: Context, setup: Setup) -> list[str]:
    """Into the configuration, and passwords into the keyring. Returns the accounts whose password stays unsaved."""
    secrets = ctx.config(may_miss=True).secrets
    if setup.accounts or setup.pairs:
        _write(ctx, setup)
    return _keep_passwords(ctx, secrets, setup)


def new_of(ctx: Context, source: str, file: Path | None) -> Setup:
    """Without what the configuration has already. Raises UsageError for what cannot be read."""
    return _without_what_is_there(_translated(ctx, source, file), _tables(ctx))


def _translated(ctx: Context, source: str, file: Path | None) -> Setup:
    if source not in FORMATS:
        text = f"calsync cannot read the set-up of {source!r}{closest(source, FORMATS)}; it reads: {', '.join(FORMATS)}"
        raise UsageError(text, next="calsync import -h")
    again = f"calsync import {source} FILE"
    path = file.expanduser() if file is not None else _usual(ctx, source)
    if path is None:
        text = f"there is no configuration of {source} in its usual places"
        raise UsageError(f"{text}; nothing was touched", next=again)
    try:
        return _read(ctx, source, path, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        reason = getattr(err, "strerror", None) or "it is no UTF-8 text"
        raise UsageError(f"{path} cannot be read ({reason}); nothing was touched", next=again) from None
    except BadSetup as err:
        text = f"{path} is no configuration of {source}: {err}; nothing was touched"
        raise UsageError(text, next=again) from None


def _usual(ctx: Context, source: str) -> Path | None:
    """Where that program itself would look."""
    match source:
        case "vdirsyncer":
            return found.vdirsyncer_file(ctx.environ)
        case "khal":
            return found.khal_file(ctx.environ)
    here = Path.cwd() / found.CALENDARSYNC
    return here if here.is_file() else None


def _read(ctx: Context, source: str, path: Path, text: str) -> Setup:
    match source:
        case "calendarsync":
            return calendarsync.translate(yaml_lines.parse(text))
        case "khal":
            return khal.translate(text)
    known = vdirsyncer_file.parse(text)
    return vdirsyncer.translate(known, found.discovered(known, path, ctx.environ), str(found.home_of(ctx.environ)))


def _tables(ctx: Context) -> Mapping[str, Mapping[str, Any]]:
    """The file as it says it, to see what it has already."""
    import tomllib

    if not ctx.config_file.exists():
        return {}
    return tomllib.loads(ctx.config_file.read_text(encoding="utf-8-sig"))


def _without_what_is_there(setup: Setup, there: Mapping[str, Mapping[str, Any]]) -> Setup:
    accounts = there.get("accounts", {})
    setup = setup.renamed(_other_names(setup.accounts, accounts), {})
    setup = setup.renamed({}, _other_names(setup.pairs, there.get("pairs", {})))
    setup.accounts = {name: table for name, table in setup.accounts.items() if name not in accounts}
    setup.passwords = {name: secret for name, secret in setup.passwords.items() if name not in accounts}
    setup.pairs = {name: table for name, table in setup.pairs.items() if name not in there.get("pairs", {})}
    return setup


def _other_names(wanted: Mapping[str, Table], there: Mapping[str, Any]) -> dict[str, str]:
    """Names that stand there for something else. An account may have got more keys by signing in."""
    names = {}
    for name, table in wanted.items():
        number, other = 2, name
        while other in there and not table.items() <= dict(there[other]).items():
            number, other = number + 1, f"{name}-{number}"
        if other != name:
            names[name] = other
    return names


def _write(ctx: Context, setup: Setup) -> None:
    def put(document: Any) -> None:
        for kind, tables in (("accounts", setup.accounts), ("pairs", setup.pairs)):
            for name, table in tables.items():
                notes = setup.of(account=name) if kind == "accounts" else setup.of(pair=name)
                edit.add(document, kind, name, table, [f"{setup.program}: {one.text}" for one in notes])

    try:
        edit.changed(ctx.config_file, put, lambda file: load(file, ctx.environ))
    except ConfigError as err:
        text = "; ".join(f"{path} {words}" for path, words in err.problems)
        text = f"this set-up does not fit into {ctx.config_file}: {text}; nothing was written"
        raise UsageError(text, next=f"calsync import {setup.program.lower()} --print") from None
    except OSError as err:
        text = f"{ctx.config_file} cannot be written ({err.strerror}); nothing was changed"
        raise UsageError(text, next=f"calsync -c FILE import {setup.program.lower()}") from None


def _keep_passwords(ctx: Context, secrets: Any, setup: Setup) -> list[str]:
    """Accounts whose password could not be put away."""
    if not setup.passwords:
        return []
    try:
        store = open_store(secrets, ctx.state_dir, ctx.environ)
        store.describe()
        for name, password in setup.passwords.items():
            store.set(name, Secret(password))
    except AuthError as err:
        say(f"! passwords stay where they are: {err}", to=sys.stderr)
        return list(setup.passwords)
    return []


def report(ctx: Context, setup: Setup, *, preview: bool) -> Iterator[str]:
    for name, table in setup.accounts.items():
        where = table.get("url") or table.get("path") or ""
        yield f"account {name}: {table['provider']} {where}".rstrip()
    for name, table in setup.pairs.items():
        arrow = {"a-to-b": "->", "b-to-a": "<-"}.get(table["direction"], "<->")
        yield f"pair {name}: {table['a']} {arrow} {table['b']}"
    yield from (f"! {one.text}" for one in setup.notes)
    counts = f"{counted(len(setup.accounts), 'account')} and {counted(len(setup.pairs), 'pair')}"
    if not setup.accounts and not setup.pairs:
        yield f"nothing new for {ctx.config_file}"
    else:
        yield f"{counts} {'would be' if preview else 'are'} added to {ctx.config_file}"


def _next(ctx: Context, setup: Setup, unsaved: list[str]) -> Iterator[str]:
    """Events that both sides have are linked by their UID, and the first plan copies none of them."""
    for name, table in setup.accounts.items():
        known = name in setup.passwords and name not in unsaved
        if table["provider"] in WITH_LOGIN and not known and "password_command" not in table:
            yield f"  next: calsync login {name}"
    if setup.pairs:
        yield "  next: calsync sync --dry-run"
        program = setup.program
        linked = "events that vdirsyncer has synced are linked, not copied; " if program == "vdirsyncer" else ""
        yield f"        {linked}let {program} rest from then on"
    elif setup.accounts:
        yield "  next: calsync init"
