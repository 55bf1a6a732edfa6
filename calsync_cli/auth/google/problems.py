"""What is wrong with a Google sign-in, told without asking anybody."""

from __future__ import annotations

from datetime import datetime

from calsync_cli.auth.google import scopes
from calsync_cli.auth.google.grant import Grant
from calsync_cli.model.account import Account


def problem(account: Account, grant: Grant, now: datetime) -> str | None:
    found = mismatch(account, grant)
    if found is None and grant.ends is not None and grant.ends <= now:
        return f"the sign-in ended on {grant.ends:%d %b %Y}"
    return found or grant.problem


def mismatch(account: Account, grant: Grant) -> str | None:
    """Why the grant does not fit the configuration."""
    lacking = scopes.missing(account.access, grant.scopes)
    return f"the sign-in of {account.name} does not allow {scopes.in_words(lacking)}" if lacking else None
