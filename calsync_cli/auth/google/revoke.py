"""A sign-in taken back at Google (facts 1.1), for every machine that has it."""

from __future__ import annotations

from urllib.parse import urljoin

from calsync_cli.auth.google.endpoint import Refused, post
from calsync_cli.auth.google.grant import Grant
from calsync_cli.errors import CalsyncError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports


def revoke(account: Account, grant: Grant, ports: Ports) -> str | None:
    """Why it failed, or None. The end point lies beside the one for tokens."""
    url = urljoin(account.token_url or grant.token_url, "revoke")
    try:
        post(account, url, {"token": grant.refresh_token.reveal()}, ports)
    except Refused as refused:
        return None if refused.error == "invalid_token" else str(refused)  # that is: gone already
    except CalsyncError as err:
        return str(err)
    return None
