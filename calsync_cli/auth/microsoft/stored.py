"""What is stored of a Microsoft sign-in, for `accounts` and `status`: told without asking anybody.

Start   nothing that speaks HTTP is imported here; `status` is quick
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from calsync_cli.auth.microsoft import scopes
from calsync_cli.auth.microsoft.grant import Grant, parse
from calsync_cli.config.secrets import SecretStore
from calsync_cli.errors import CalsyncError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports


@dataclass(frozen=True, slots=True)
class State:
    """expires: when the sign-in ends unless it is used before. problem: with the command that helps."""

    signed_in: bool
    problem: str | None = None
    expires: datetime | None = None
    address: str | None = None


def state(account: Account, store: SecretStore, ports: Ports) -> State:
    again = f"calsync login {account.name}"
    try:
        grant = read(account, store, ports)
    except CalsyncError as err:
        return State(False, str(err))
    if grant is None:
        return State(False, f"not signed in; {again}")
    found = problem(account, grant, ports.now())
    return State(found is None, f"{found}; {again}" if found else None, grant.ends, grant.address)


def read(account: Account, store: SecretStore, ports: Ports) -> Grant | None:
    """Once more inside the guard when there is nothing: a keyring may be in the middle of taking a new value."""
    found = parse(store.get(account.name))
    if found is None:
        with store.guard(account.name, ports):
            found = parse(store.get(account.name))
    return found


def problem(account: Account, grant: Grant, now: datetime) -> str | None:
    found = mismatch(account, grant)
    if found is None and grant.ends <= now:
        return f"the sign-in was not used since {grant.obtained:%d %b %Y}, and Microsoft ends it after 90 days"
    return found or grant.problem


def mismatch(account: Account, grant: Grant) -> str | None:
    """Why the grant does not fit the configuration."""
    lacking = scopes.missing(account.access, grant.scopes)
    if lacking:
        return f"the sign-in of {account.name} does not allow {scopes.in_words(lacking)}"
    if account.client_id is not None and account.client_id != grant.client_id:
        return f"the sign-in of {account.name} was made with another client_id"
    return None
