"""`login` and `logout` of Microsoft accounts: what is asked, shown, written and stored, in this order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from calsync_cli.auth.microsoft.grant import Grant, parse
from calsync_cli.cli.context import Context
from calsync_cli.cli.lines import shown
from calsync_cli.cli.screen import say
from calsync_cli.config.secrets import SecretStore
from calsync_cli.config.values import BadValue, guid, tenant
from calsync_cli.errors import UsageError
from calsync_cli.model.account import Account
from calsync_cli.providers.base import Calendar

Write = Callable[[Mapping[str, str]], None]
WHERE_ALLOWED = {
    "personal": "https://account.live.com/consent/Manage",
    "work or school": "https://myapps.microsoft.com",
}
EVERYWHERE = "https://mysignins.microsoft.com"


def login(
    ctx: Context, account: Account, store: SecretStore, write: Write, *, username: str | None, client_id: str | None,
    tenant: str | None, no_browser: bool,
) -> int:
    """write: sets keys of the account in the configuration. The sign-in is stored last, when all else worked."""
    store.describe()  # refuses an unsafe keyring before anybody is sent to a browser
    before = parse(store.get(account.name))
    who = _with_options(account, client_id, tenant)
    who = replace(who, username=username or who.username or (before.address if before else None))
    grant, found = _signed_in(ctx, who, before, named=username is not None, no_browser=no_browser)
    write(_changes(account, who, grant))
    with store.guard(account.name, ctx.ports):
        store.set(account.name, grant.to_secret())
    name = grant.address or "an account without a name"
    say(f"signed in to {account.name} as {name} ({grant.kind} account); kept in {store.describe()}")
    for calendar in found:
        print(f"  {account.name}/{shown(calendar.name)}" + ("  (read-only)" if calendar.access == "read" else ""))
    return 0


def _with_options(account: Account, client_id: str | None, chosen: str | None) -> Account:
    """The same checks as in the configuration, before anything is sent there."""
    try:
        client_id, chosen = guid(client_id) if client_id else None, tenant(chosen) if chosen else None
    except BadValue as err:
        raise UsageError(f"{err}; nothing was sent", next="calsync login -h") from None
    account = replace(account, client_id=client_id or account.client_id, tenant=chosen or account.tenant)
    if account.client_id is None:
        text = f"account {account.name} has no client id; docs/microsoft.md says how to get one, once"
        raise UsageError(text, next=f"calsync login {account.name} --client-id ID")
    return account


def _signed_in(
    ctx: Context, account: Account, before: Grant | None, *, named: bool, no_browser: bool
) -> tuple[Grant, Sequence[Calendar]]:
    from calsync_cli.auth.microsoft.login import Signing, by_browser, by_code
    from calsync_cli.auth.microsoft.page import NoBrowser, ask

    say, again = partial(print, flush=True), f"calsync login {account.name}"
    signing = Signing(account, account.client_id or "", ctx.ports, before, named)
    if not no_browser:
        try:
            return by_browser(signing, lambda begin: ask(begin, ctx.ports, say=say, next=again))
        except NoBrowser:
            say("No browser can be opened here, so a code is used.")
    return by_code(signing, partial(_show_code, say))


def _show_code(say: Callable[[str], None], address: str, code: str, minutes: int) -> None:
    say(f"Open this address in any browser, on any machine:\n\n  {address}\n")
    say(f"and enter this code there, which is good for {minutes} minutes:\n\n  {code}\n")


def _changes(account: Account, who: Account, grant: Grant) -> dict[str, str]:
    """What the configuration does not say yet. The address, so that nobody else signs in by mistake."""
    found = {"client_id": (account.client_id, who.client_id), "tenant": (account.tenant, who.tenant)}
    changes = {key: new for key, (old, new) in found.items() if new and new != old}
    if grant.address and grant.address.casefold() != (account.username or "").casefold():
        changes["username"] = grant.address
    return changes


def logout(ctx: Context, account: Account, store: SecretStore) -> int:
    """Forgets here. Microsoft has no end point by which a program takes its sign-in back."""
    with store.guard(account.name, ctx.ports):
        grant = parse(store.get(account.name))
        store.delete(account.name)
    print(f"the sign-in of {account.name} is removed from {store.describe()}; its calendars were not touched")
    if grant is not None:
        print(f"what was allowed to calsync stands until you remove it at {WHERE_ALLOWED[grant.kind]}")
        if grant.kind != "personal":
            print(f"and all sign-ins of the account end with: Sign out everywhere, at {EVERYWHERE}")
    return 0
