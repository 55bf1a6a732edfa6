"""What is stored of a Google sign-in, for `accounts` and `status`: told without asking anybody.

Start   nothing that speaks HTTP is imported here; `status` is quick
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from calsync_cli.auth.google import scopes
from calsync_cli.auth.google.grant import Grant, parse
from calsync_cli.config.secrets import SecretStore
from calsync_cli.errors import CalsyncError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports


@dataclass(frozen=True, slots=True)
class State:
    """expires: when the sign-in ends by itself, None for never. problem: with the command that helps."""

    signed_in: bool
    problem: str | None = None
    expires: datetime | None = None
    address: str | None = None


def state(account: Account, store: SecretStore, ports: Ports) -> State:
    again = f"calsync login {account.name}"
    try:
        grant = _read(account, store, ports)
    except CalsyncError as err:
        return State(False, str(err))
    if grant is None:
        return State(False, f"not signed in; {again}")
    problem = _problem(account, grant, ports.now())
    return State(problem is None, f"{problem}; {again}" if problem else None, grant.ends, grant.address)


def _read(account: Account, store: SecretStore, ports: Ports) -> Grant | None:
    """Once more inside the guard when there is nothing: a keyring may be in the middle of taking a new value."""
    found = parse(store.get(account.name))
    if found is None:
        with store.guard(account.name, ports):
            found = parse(store.get(account.name))
    return found


def _problem(account: Account, grant: Grant, now: datetime) -> str | None:
    lacking = scopes.missing(account.access, grant.scopes)
    if lacking:
        return f"the sign-in does not allow {scopes.in_words(lacking)}"
    if grant.ends is not None and grant.ends <= now:
        return f"the sign-in ended on {grant.ends:%d %b %Y}"
    return grant.problem
