"""Provider kind -> a provider for one account. Each module is imported only when an account of its kind is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from calsync_cli.errors import ConfigError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Provider

if TYPE_CHECKING:
    import httpx

Credential = Callable[[], Secret | None]
"""Asks the secret store for the account's password or token when it is first needed; None when there is none."""

Signer = Callable[[], "httpx.Auth"]
"""Makes what signs the requests of an account whose sign-in is renewed (auth/signer.py)."""


def connect(
    account: Account, credential: Credential, signer: Signer, ports: Ports, carry: Iterable[str] = ()
) -> Provider:
    """carry: what its pairs carry by name. Raises ConfigError for a kind this version cannot connect."""
    match account.provider:
        case "vdir":
            from calsync_cli.providers.vdir import VdirProvider

            return VdirProvider(account, ports)
        case "caldav":
            from calsync_cli.providers.caldav.provider import CalDavProvider

            return CalDavProvider(account, credential, ports)
        case "icloud":
            from calsync_cli.providers.icloud.provider import ICloudProvider

            return ICloudProvider(account, credential, ports)
        case "google":
            from calsync_cli.providers.google.provider import GoogleProvider

            return GoogleProvider(account, signer(), ports)
        case "microsoft":
            from calsync_cli.mapping.graph.kept import ids
            from calsync_cli.providers.graph.provider import GraphProvider

            return GraphProvider(account, signer(), ports, ids(carry))
        case "ics":
            from calsync_cli.providers.ics.provider import IcsProvider

            return IcsProvider(account, ports)
        case kind:
            text = f"{kind!r} accounts cannot be synced by this version"
            raise ConfigError([(f"accounts.{account.name}.provider", text)])
