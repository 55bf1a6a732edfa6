"""Where an account signs in: the server and, as the first part of the path, who may (facts 1.2). Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from calsync_cli.model.account import Account

GLOBAL = "https://login.microsoftonline.com"
ANYBODY = "common"


def tenant(account: Account) -> str:
    """`tenant` goes before what stands in the path of `authority`."""
    return account.tenant or urlsplit(account.authority or "").path.strip("/") or ANYBODY


def authority(account: Account) -> str:
    return f"https://{urlsplit(account.authority or GLOBAL).netloc}/{tenant(account)}"
