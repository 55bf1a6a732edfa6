"""`login` and `logout` of Google accounts: what is asked, shown, written and stored, in this order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from calsync_cli.auth.answer import Answer
from calsync_cli.auth.google.grant import Grant, parse
from calsync_cli.cli.context import Context
from calsync_cli.cli.lines import shown
from calsync_cli.cli.screen import say
from calsync_cli.config.secrets import SecretStore
from calsync_cli.errors import UsageError
from calsync_cli.model.account import Account

Write = Callable[[Mapping[str, str]], None]


def login(
    ctx: Context, account: Account, store: SecretStore, write: Write, *, username: str | None, client_file: Path | None,
    no_browser: bool,
) -> int:
    """write: sets keys of the account in the configuration. The sign-in is stored last, when all else worked."""
    from calsync_cli.auth.google.client_file import read_client
    from calsync_cli.auth.google.login import sign_in

    store.describe()  # refuses an unsafe keyring before anybody is sent to a browser
    before = parse(store.get(account.name))
    file = _client_file(account, client_file)
    who = replace(account, username=username or account.username or (before.address if before else None))
    grant, found = sign_in(who, read_client(file, account), ctx.ports, partial(_page, ctx, account, no_browser))
    changes = {"client_file": str(file)} if file != account.client_file else {}
    changes |= {"username": grant.address} if grant.address and not _same(grant.address, account.username) else {}
    write(changes)
    with store.guard(account.name, ctx.ports):
        store.set(account.name, grant.to_secret())
    say(f"signed in to {account.name} as {grant.address or 'an account without a name'}; kept in {store.describe()}")
    if grant.ends is not None:
        print(f"this sign-in ends on {grant.ends:%d %b %Y}: a project in Testing gets 7 days (docs/google.md, step 5)")
    for row in found:
        print(_line(account.name, row))
    return 0


def _same(address: str, configured: str | None) -> bool:
    return configured is not None and address.casefold() == configured.casefold()


def _client_file(account: Account, option: Path | None) -> Path:
    if option is not None:
        return option.expanduser().absolute()
    if account.client_file is not None:
        return account.client_file
    text = f"account {account.name} has no client file; docs/google.md says how to get one, once"
    raise UsageError(text, next=f"calsync login {account.name} --client-file FILE")


def _page(ctx: Context, account: Account, no_browser: bool, begin: Callable[[str, str], str]) -> Answer:
    from calsync_cli.auth.browser import ask

    return ask(
        begin, ctx.ports, browser=not no_browser, say=partial(print, flush=True), stdin=sys.stdin,
        next=f"calsync login {account.name}",
    )


def _line(account: str, row: Mapping[str, Any]) -> str:
    name = shown(str(row.get("summaryOverride") or row.get("summary") or row.get("id")))
    writes = row.get("accessRole") in ("owner", "writer")
    return f"  {account}/{name}" + ("" if writes else "  (read-only)")


def logout(ctx: Context, account: Account, store: SecretStore) -> int:
    """Revokes at Google, then forgets, whether or not the first worked."""
    with store.guard(account.name, ctx.ports):
        grant = parse(store.get(account.name))
        failed = _revoked(ctx, account, grant) if grant else "what was stored is no sign-in"
        store.delete(account.name)
    if failed is None:
        print(f"{account.name} is signed out, at Google too; its calendars were not touched")
        print("other machines that signed in with the same client file and Google account must do so again")
        return 0
    print(f"the sign-in of {account.name} is removed from {store.describe()}; its calendars were not touched")
    print(f"calsync: Google could not be told: {failed}", file=sys.stderr)
    print("  next: remove calsync at https://myaccount.google.com/connections", file=sys.stderr)
    return 1


def _revoked(ctx: Context, account: Account, grant: Grant) -> str | None:
    from calsync_cli.auth.google.revoke import revoke

    return revoke(account, grant, ctx.ports)
