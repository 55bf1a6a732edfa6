"""The sign-in of a Google account as httpx.Auth (facts 1.5, 8.2). Errors as in auth.token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from calsync_cli.auth.google.deaths import explain
from calsync_cli.auth.google.endpoint import Refused, post
from calsync_cli.auth.google.grant import Grant, parse
from calsync_cli.auth.google.problems import mismatch
from calsync_cli.auth.token import Dead, RenewedToken
from calsync_cli.config.secrets import SecretStore
from calsync_cli.errors import AuthError, ProtocolError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers.google.calendar_list import api_url


class GoogleToken(RenewedToken[Grant]):
    def __init__(self, account: Account, store: Callable[[], SecretStore], ports: Ports) -> None:
        super().__init__(account, store, ports, api_url(account))

    def parsed(self, secret: Secret | None) -> Grant | None:
        return parse(secret)

    def mismatch(self, grant: Grant) -> str | None:
        return mismatch(self.account, grant)

    def ask(self, grant: Grant, claims: str | None) -> Grant:
        try:
            return renewed(self.account, grant, self.ports)
        except AuthError as err:
            raise Dead(err, replace(grant, problem=str(err))) from None


def renewed(account: Account, grant: Grant, ports: Ports) -> Grant:
    """Ask the token server for a new access token. Raises AuthError in words, TransientError, ProtocolError."""
    form = {
        "grant_type": "refresh_token", "client_id": grant.client_id, "client_secret": grant.client_secret.reveal(),
        "refresh_token": grant.refresh_token.reveal(),
    }
    try:
        answer = post(account, account.token_url or grant.token_url, form, ports)
    except Refused as refused:
        raise explain(refused, account, grant, ports.now()) from None
    try:
        return grant.renewed(answer, ports.now())
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ProtocolError(f"the answer of the token server for {account.name} makes no sense") from None
