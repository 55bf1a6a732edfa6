"""What is stored of a Google sign-in: told without asking anybody, and taken back from Google.

Shape   `state(account, store, now)` for `accounts` and `status`; `revoke(account, grant, ports)` for `logout`
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from calsync_cli.auth.google import scopes
from calsync_cli.auth.google.client_file import TOKEN_URL
from calsync_cli.auth.google.endpoint import Refused, post
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


def state(account: Account, store: SecretStore, now: datetime) -> State:
    again = f"calsync login {account.name}"
    try:
        grant = parse(store.get(account.name))
    except CalsyncError as err:
        return State(False, str(err))
    if grant is None:
        return State(False, f"not signed in; {again}")
    problem = _problem(account, grant, now)
    return State(problem is None, f"{problem}; {again}" if problem else None, grant.ends, grant.address)


def _problem(account: Account, grant: Grant, now: datetime) -> str | None:
    lacking = scopes.missing(account.access, grant.scopes)
    if lacking:
        return f"the sign-in does not allow {scopes.in_words(lacking)}"
    if grant.ends is not None and grant.ends <= now:
        return f"the sign-in ended on {grant.ends:%d %b %Y}"
    return grant.problem


def revoke(account: Account, grant: Grant, ports: Ports) -> str | None:
    """Takes the grant back at Google, for every machine that has it. Why that failed, or None."""
    url = urljoin(account.token_url or grant.token_url or TOKEN_URL, "revoke")
    try:
        post(account, url, {"token": grant.refresh_token.reveal()}, ports)
    except Refused as refused:
        return None if refused.error == "invalid_token" else str(refused)  # that is: gone already
    except CalsyncError as err:
        return str(err)
    return None
