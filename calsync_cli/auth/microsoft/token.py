"""The sign-in of a Microsoft account as httpx.Auth (facts 1.4, 1.7). Errors as in auth.token.

Start   MSAL is imported when a token must be renewed, and not before: most runs do without
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from calsync_cli.auth.microsoft.challenge import claims_of
from calsync_cli.auth.microsoft.grant import Grant, parse
from calsync_cli.auth.microsoft.problems import mismatch
from calsync_cli.auth.token import RenewedToken
from calsync_cli.config.secrets import SecretStore
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers.graph.client import ROOT


class MicrosoftToken(RenewedToken[Grant]):
    def __init__(self, account: Account, store: Callable[[], SecretStore], ports: Ports) -> None:
        super().__init__(account, store, ports, account.api_url or ROOT)

    def parsed(self, secret: Secret | None) -> Grant | None:
        return parse(secret)

    def mismatch(self, grant: Grant) -> str | None:
        return mismatch(self.account, grant)

    def ask(self, grant: Grant, claims: str | None) -> Grant:
        from calsync_cli.auth.microsoft.renewal import renewed

        return renewed(self.account, grant, self.ports, claims)

    def meets(self, grant: Grant, claims: str | None) -> bool:
        return claims in (None, grant.claims)

    def demanded(self, response: httpx.Response) -> str | None:
        return claims_of(response)
