"""`login`, `logout`, `accounts`, `calendars`: who is signed in where, and what is there."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from calsync_cli.cli import password_login
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.inspect import account_state
from calsync_cli.cli.lines import day_words
from calsync_cli.cli.screen import say
from calsync_cli.config import edit
from calsync_cli.config.secrets import open_store
from calsync_cli.config.values import BadValue, address, closest
from calsync_cli.errors import AuthError, CalsyncError, UsageError, worst_exit
from calsync_cli.model.account import WITH_LOGIN, WITH_PASSWORD, Account, Config


def login(
    ctx: Context, name: str, *, url: str | None, username: str | None, password_stdin: bool, no_browser: bool = False,
    client_file: Path | None = None, client_id: str | None = None, tenant: str | None = None,
) -> int:
    """Try the sign-in at once, keep it if it works. A provider word makes the account of that name."""
    config, account, is_new = _account(ctx, name, url)
    _check_options(account, {
        "--url": url, "--password-stdin": password_stdin, "--no-browser": no_browser, "--client-file": client_file,
        "--client-id": client_id, "--tenant": tenant,
    })
    store = open_store(config.secrets, ctx.state_dir, ctx.environ)
    head = {"provider": account.provider} if is_new else {}

    def write(changes: Mapping[str, str]) -> None:
        _write_account(ctx.config_file, name, head | dict(changes))

    if account.provider == "google":
        from calsync_cli.cli import google_login

        return google_login.login(
            ctx, account, store, write, username=username, client_file=client_file, no_browser=no_browser
        )
    if account.provider == "microsoft":
        from calsync_cli.cli import microsoft_login

        return microsoft_login.login(
            ctx, account, store, write, username=username, client_id=client_id, tenant=tenant, no_browser=no_browser
        )
    _check_needs_password(account)
    address = {"url": account.url} if account.url and (is_new or url) else {}
    return password_login.login(
        ctx, account, store, lambda changes: write(address | dict(changes)), username=username,
        from_stdin=password_stdin,
    )


ONLY = {
    "--url": WITH_PASSWORD, "--password-stdin": WITH_PASSWORD, "--no-browser": ("google", "microsoft"),
    "--client-file": ("google",), "--client-id": ("microsoft",), "--tenant": ("microsoft",),
}


def _check_options(account: Account, given: Mapping[str, object]) -> None:
    """Raises UsageError for an option of another kind of account."""
    for option, value in given.items():
        if value and account.provider not in ONLY[option]:
            kinds = " and ".join(ONLY[option])
            text = f"{option} is for {kinds} accounts; {account.name} is a {account.provider} account"
            raise UsageError(text, next=f"calsync login {account.name}")


def _check_needs_password(account: Account) -> None:
    """Raises UsageError where a stored password would never be asked for."""
    name = account.name
    if account.provider == "ics":
        text = f"account {name} is a feed, which needs no sign-in: who knows its address may read it"
        raise UsageError(text, next=f"calsync calendars {name}")
    if account.provider not in WITH_PASSWORD:
        raise UsageError(f"account {name} is a {account.provider} account, which needs no sign-in", next="calsync sync")
    if account.password_command is not None:
        text = f"account {name} gets its password from password_command; there is nothing to store"
        raise UsageError(text, next=f"calsync calendars {name}")
    if account.password is not None:
        text = f"account {name} has its password in the configuration, which would go before a stored one"
        raise UsageError(f"{text}; take that line out first", next="calsync config edit")


def _account(ctx: Context, name: str, url: str | None) -> tuple[Config, Account, bool]:
    """The account of the configuration, or a new one for a provider word (True)."""
    config = ctx.config(may_miss=True)
    if name in config.accounts:
        known = config.accounts[name]
        return config, replace(known, url=_address(url) if url else known.url), False
    if name == "ics":
        text = "a feed needs no sign-in; write an account with provider = \"ics\" and its url into the configuration"
        raise UsageError(text, next="calsync config edit")
    if name == "google":
        return config, Account(name, "google"), True
    if name == "microsoft":
        return config, Account(name, "microsoft"), True
    if name == "icloud":
        return config, Account(name, "icloud", url=_address(url) if url else None), True
    if name != "caldav":
        text = f"there is no account {name!r}{closest(name, config.accounts)}"
        raise UsageError(text, next="calsync accounts")
    url = url or password_login.ask("address of the server (https://...): ", "--url")
    return config, Account(name, "caldav", url=_address(url)), True


def _address(text: str) -> str:
    """The same check as in the configuration, before a password goes there."""
    try:
        return address(text)
    except BadValue as err:
        raise UsageError(f"{err}; nothing was sent", next="calsync login -h") from None


def _write_account(file: Path, name: str, changes: Mapping[str, str]) -> None:
    """Set these keys of the account in the user's file; comments, order, rights and a symbolic link stay."""

    def put(document: Any) -> None:
        if name in edit.section(document, "accounts"):
            document["accounts"][name].update(changes)
        else:
            edit.add(document, "accounts", name, changes)

    if not changes:
        return
    try:
        edit.changed(file, put)
    except OSError as err:
        text = f"the sign-in worked, but {file} cannot be written ({err.strerror}); it was not stored"
        raise UsageError(text, next=f"calsync -c FILE login {name}") from err


def logout(ctx: Context, name: str) -> int:
    """Remove what is stored; of a Google account also at Google. The others have nothing that a program can revoke."""
    config = ctx.config()
    if name not in config.accounts:
        raise UsageError(f"there is no account {name!r}{closest(name, config.accounts)}", next="calsync accounts")
    account = config.accounts[name]
    if account.provider not in WITH_LOGIN:
        text = f"account {name} is a {account.provider} account, which needs no sign-in; there is none to remove"
        raise UsageError(text, next="calsync accounts")
    elsewhere = account.password_command is not None or account.password is not None
    try:
        store = open_store(config.secrets, ctx.state_dir, ctx.environ)
        known = store.get(name)
    except AuthError:
        if not elsewhere:
            raise
        known = None  # without a place for secrets none is kept there
    if known is None and elsewhere:
        text = f"account {name} has its password from the configuration; nothing is stored that could be removed"
        raise UsageError(text, next="calsync config edit")
    if known is None:
        say(f"{name} was not signed in")
        return 0
    if config.accounts[name].provider == "google":
        from calsync_cli.cli import google_login

        return google_login.logout(ctx, config.accounts[name], store)
    if config.accounts[name].provider == "microsoft":
        from calsync_cli.cli import microsoft_login

        return microsoft_login.logout(ctx, config.accounts[name], store)
    store.delete(name)
    say(f"the password of {name} is removed from {store.describe()}; its calendars were not touched")
    return 0


def accounts(ctx: Context, *, as_json: bool) -> int:
    """State of each login, without asking any server."""
    work = ctx.workspace()
    try:
        rows = [account_state(work, name) for name in work.config.accounts]
    finally:
        work.close()
    shown = [[row["account"], row["provider"], "yes" if row["signed_in"] else "no", _state(row)] for row in rows]
    if as_json:
        print_json(rows)
    elif not rows:
        say(f"no accounts yet in {ctx.config_file}; start with: calsync init")
    else:
        table(["account", "provider", "ready", "state"], shown, color=ctx.color)
    return 0 if all(row["signed_in"] for row in rows) else 5


def _state(row: Mapping[str, Any]) -> str:
    """`ok, as me@example.com, until Sat 28 Nov 2026`."""
    who = f", as {row['username']}" if row["username"] else ""
    until = f", until {day_words(row['expires'][:10])}" if row["expires"] else ""
    return row["problem"] or f"ok{who}{until}"


def calendars(ctx: Context, name: str | None, *, as_json: bool) -> int:
    """Every calendar of the accounts; one account that fails does not hide the others (I14)."""
    work = ctx.workspace()
    rows: list[dict[str, Any]] = []
    empty: list[str] = []
    problems: list[tuple[str, CalsyncError]] = []
    try:
        for account in _chosen(work.config, name):
            provider = work.connect(account)
            try:
                found = [_calendar_row(account, c) for c in provider.calendars()]
                rows += found
                empty += [] if found else [account]
            except CalsyncError as err:
                problems.append((account, err))
            finally:
                provider.close()
    finally:
        work.close()
    if as_json:
        print_json(rows)
    else:
        shown = [
            [f"{r['account']}/{r['name']}", r["access"], "yes" if r["mails_guests"] else "no", _id_words(r)]
            for r in rows
        ]
        table(["calendar", "access", "mails guests", "id"], shown, color=ctx.color)
        for account in empty:
            say(f"{account} has no calendars yet", f"  next: calsync calendars create {account} NAME")
    for account, problem in problems:
        say(f"! {account}: {problem}", *([f"  next: {problem.next}"] if problem.next else []), to=sys.stderr)
    return worst_exit([err.exit_code for _, err in problems])


def _id_words(row: Mapping[str, Any]) -> str:
    return f"{row['id']} ({row['alias']})" if row["alias"] else str(row["id"])


def _chosen(config: Config, name: str | None) -> Sequence[str]:
    if name is not None and name not in config.accounts:
        raise UsageError(f"there is no account {name!r}{closest(name, config.accounts)}", next="calsync accounts")
    return [name] if name is not None else list(config.accounts)


def _calendar_row(account: str, calendar: Any) -> dict[str, Any]:
    return {
        "account": account, "name": calendar.name, "id": calendar.id, "alias": calendar.alias or None,
        "access": calendar.access, "level": calendar.level, "mails_guests": calendar.mails,
        "max_bytes": calendar.max_bytes, "color": calendar.color,
    }


def create_calendar(ctx: Context, account: str, name: str) -> int:
    """A new, empty calendar."""
    work = ctx.workspace()
    try:
        _chosen(work.config, account)
        known = work.config.accounts[account]
        if known.provider == "vdir" and known.path is not None:
            folder = known.path / name
            if folder.parent != known.path or name.startswith("."):
                text = f"{name!r} cannot be the name of a folder; nothing was made"
                raise UsageError(text, next="calsync calendars -h")
            if folder.exists():
                raise UsageError(f"{account} already has a calendar {name!r}", next=f"calsync calendars {account}")
            try:
                folder.mkdir(parents=True)
            except OSError as err:
                raise UsageError(f"{folder} cannot be made ({err.strerror})", next="calsync doctor") from err
            made = name
        else:
            provider: Any = work.connect(account)
            try:
                if name in (one.name for one in provider.calendars()):
                    text = f"{account} already has a calendar {name!r}"
                    raise UsageError(text, next=f"calsync calendars {account}")
                made = provider.create_calendar(name).name
            finally:
                provider.close()
    finally:
        work.close()
    say(f"made {account}/{made}")
    return 0
