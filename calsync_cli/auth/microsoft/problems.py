"""What is wrong with a Microsoft sign-in, told without asking anybody."""

from __future__ import annotations

from datetime import datetime

from calsync_cli.auth.microsoft import scopes
from calsync_cli.auth.microsoft.grant import Grant
from calsync_cli.model.account import Account


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
