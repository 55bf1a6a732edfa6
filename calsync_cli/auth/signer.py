"""Accounts whose sign-in is renewed: what signs their requests, and how it is; for all providers that have one.

Start   `state` imports nothing that speaks HTTP; the libraries of one provider are not imported for another
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from calsync_cli.auth import stored
from calsync_cli.auth.stored import State
from calsync_cli.errors import ConfigError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports

if TYPE_CHECKING:
    import httpx

    from calsync_cli.config.secrets import SecretStore


def signer(account: Account, store: Callable[[], SecretStore], ports: Ports) -> httpx.Auth:
    """Makes no request; the store is opened when the first request needs it."""
    match account.provider:
        case "google":
            from calsync_cli.auth.google.token import GoogleToken

            return GoogleToken(account, store, ports)
        case "microsoft":
            from calsync_cli.auth.microsoft.token import MicrosoftToken

            return MicrosoftToken(account, store, ports)
        case _:
            raise _other(account)


def state(account: Account, store: SecretStore, ports: Ports) -> State:
    """Told without asking any server."""
    match account.provider:
        case "google":
            from calsync_cli.auth.google import grant as google
            from calsync_cli.auth.google.problems import problem as problem_at_google

            return stored.state(account, store, ports, google.parse, problem_at_google)
        case "microsoft":
            from calsync_cli.auth.microsoft import grant as microsoft
            from calsync_cli.auth.microsoft.problems import problem as problem_at_microsoft

            return stored.state(account, store, ports, microsoft.parse, problem_at_microsoft)
        case _:
            raise _other(account)


def _other(account: Account) -> ConfigError:
    text = f"{account.provider!r} accounts have no sign-in of this kind"
    return ConfigError([(f"accounts.{account.name}.provider", text)])
