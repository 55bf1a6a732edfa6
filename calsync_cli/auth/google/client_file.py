"""The client file that a user downloads from the Google Cloud console (facts 1.2).

Shape   `read_client(path, account)` -> Client; addresses in the configuration go before those in the file
Errors  UsageError, which says what kind of file it is instead and where the right one comes from
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from calsync_cli.config.values import BadValue, address
from calsync_cli.errors import UsageError
from calsync_cli.model.account import Account
from calsync_cli.model.plain import dataclass
from calsync_cli.model.secret import Secret

AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"
MAX_BYTES = 100_000
RIGHT_ONE = (
    "needed is the JSON file of an OAuth client of type Desktop app; docs/google.md says how to make one"
)


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client of the user's own project. For a desktop client the secret is no real one (facts 1.2), yet it is
    never shown."""

    id: str
    secret: Secret
    auth_url: str
    token_url: str


def read_client(path: Path, account: Account) -> Client:
    try:
        return _client(path, account)
    except _Unfit as err:
        raise UsageError(f"{err}; {RIGHT_ONE}", next=f"calsync login {account.name} --client-file FILE") from None


class _Unfit(Exception):
    """Why this file is not the right one."""


def _client(path: Path, account: Account) -> Client:
    data = _json(path)
    kind, known = _kind(data)
    if kind != "installed":
        raise _Unfit(f"{path} {known}")
    found = data["installed"]
    if not isinstance(found, dict):
        raise _Unfit(f"{path} is damaged")
    for key in ("client_id", "client_secret"):
        if not isinstance(found.get(key), str) or not found[key]:
            raise _Unfit(f"{path} holds no {key}")
    auth_url = account.auth_url or found.get("auth_uri") or AUTH_URL
    token_url = account.token_url or found.get("token_uri") or TOKEN_URL
    try:
        return Client(found["client_id"], Secret(found["client_secret"]), address(auth_url), address(token_url))
    except BadValue as err:
        raise _Unfit(f"{path} names a server that cannot be used: {err}") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as err:
        raise _Unfit(f"the client file {path} cannot be read ({err.strerror})") from None
    try:
        data = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _Unfit(f"{path} is no JSON file") from None
    if not isinstance(data, dict):
        raise _Unfit(f"{path} is no client file")
    return data


def _kind(data: dict[str, Any]) -> tuple[str, str]:
    """(kind, what to say of it when it is the wrong one)."""
    if "installed" in data:
        return "installed", ""
    if "web" in data:
        return "web", "is for a client of type Web application, which cannot send the answer to this machine"
    if data.get("type") == "service_account":
        return "service account", "is the key of a service account, which has calendars of its own and not yours"
    if data.get("type") == "authorized_user" or "refresh_token" in data:
        return "token", "holds the sign-in of another program, not a client"
    return "unknown", "is no client file"
