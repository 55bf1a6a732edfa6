"""Signing in with user name and password: tried at once, kept only if it opened the door (CalDAV, iCloud)."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from calsync_cli.cli.context import Context
from calsync_cli.cli.screen import say, shown
from calsync_cli.config.secrets import SecretStore
from calsync_cli.errors import UsageError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret

APP_PASSWORD = re.compile(r"[a-z]{4}(-[a-z]{4}){3}")
HOW_APPLE_WANTS_IT = (
    "Apple wants an app-specific password here, never that of your Apple Account:",
    "  1. at https://account.apple.com: Sign-In and Security, App-Specific Passwords",
    "  2. make one, call it calsync, and paste it here (xxxx-xxxx-xxxx-xxxx)",
)
UNLIKE_APPLE = (
    "! this does not look like an app-specific password (xxxx-xxxx-xxxx-xxxx); Apple takes no other. It is tried anyway"
)


def login(
    ctx: Context, account: Account, store: SecretStore, write: Callable[[Mapping[str, str]], None], *,
    username: str | None, from_stdin: bool,
) -> int:
    """`write` puts changes of the account into the configuration. Raises AuthError for a wrong password."""
    store.describe()  # refuses an unsafe keyring before a password is asked for
    what = "Apple Account (mail address): " if account.provider == "icloud" else "user name: "
    name = username or account.username or ask(what, "--username")
    secret = Secret(_password(account, name, from_stdin=from_stdin))
    from calsync_cli.auth.caldav import sign_in

    found = sign_in(replace(account, username=name), secret, ctx.ports)
    write({"username": name} if name != account.username else {})
    store.set(account.name, secret)
    say(f"signed in to {account.name} as {name}; password kept in {store.describe()}")
    for calendar in found:
        say(f"  {account.name}/{shown(calendar.name)}" + ("  (read-only)" if calendar.access == "read" else ""))
    return 0


def ask(question: str, flag: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask on; give {flag}", next="calsync login -h")
    return input(question).strip()


def _password(account: Account, username: str, *, from_stdin: bool) -> str:
    apple = account.provider == "icloud"
    if from_stdin:
        found = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        if apple:
            say(*HOW_APPLE_WANTS_IT, to=sys.stderr)
        found = getpass.getpass("app-specific password: " if apple else f"password of {username}: ")
    else:
        text = "there is no terminal to ask for the password on; give --password-stdin"
        raise UsageError(text, next="calsync login -h")
    found = found.strip() if apple else found
    if not found:
        raise UsageError("the password is empty; nothing was stored", next="calsync login -h")
    if apple and not APP_PASSWORD.fullmatch(found):
        say(UNLIKE_APPLE, to=sys.stderr)
    return found
