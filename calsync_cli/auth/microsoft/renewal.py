"""A grant made new without a person (facts 1.4): MSAL redeems the refresh token of the cache that is kept in the grant.

Errors  Dead for a definite no: an AuthError or ConfigError in words, and noted what the next sign-in must ask for;
        TransientError, ProtocolError
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from calsync_cli.auth.answer import printable
from calsync_cli.auth.microsoft import scopes
from calsync_cli.auth.microsoft.application import application
from calsync_cli.auth.microsoft.challenge import both
from calsync_cli.auth.microsoft.grant import Grant, life
from calsync_cli.auth.microsoft.refusals import Case, Refused, explain
from calsync_cli.auth.stored import header_text
from calsync_cli.auth.token import Dead
from calsync_cli.errors import AuthError, CalsyncError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports

log = logging.getLogger(__name__)


def renewed(account: Account, grant: Grant, ports: Ports, claims: str | None) -> Grant:
    """claims: what Graph demands of the token beyond being valid."""
    try:
        with application(account, grant.client_id, ports, grant.cache) as app:
            told = app.renew(grant.home_account_id, scopes.held(account, grant.scopes), claims)
            cache = app.cache()
    except Refused as refused:
        log.info("%s: the sign-in was refused: %s %s", account.name, refused.error, refused.codes)
        error = explain(refused, Case(account, grant.client_id, "renewal", ports.now(), grant))
        if isinstance(error, TransientError):
            raise error from None
        raise _dead(error, grant, both(claims, refused.claims)) from None
    if told is None or cache is None:
        words = f"the sign-in of {account.name} was made at another server than the configuration names now"
        raise _dead(AuthError(words, next=f"calsync login {account.name}"), grant)
    return taken(replace(grant, cache=cache, claims=claims, wanted=None, problem=None), told, account, ports)


def _dead(error: CalsyncError, grant: Grant, wanted: str | None = None) -> Dead:
    return Dead(error, replace(grant, problem=str(error), wanted=wanted or grant.wanted))


def taken(grant: Grant, told: Mapping[str, Any], account: Account, ports: Ports) -> Grant:
    """The grant with the access token of an answer. Raises ProtocolError."""
    now = ports.now()
    try:
        granted = told.get("scope")
        return replace(
            grant, access_token=Secret(header_text(told["access_token"])), obtained=now,
            expires=now + life(told.get("expires_in")), address=address_of(told) or grant.address,
            scopes=scopes.short(granted) if isinstance(granted, str) and granted else grant.scopes,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ProtocolError(f"the answer of the sign-in service for {account.name} makes no sense") from None


def address_of(told: Mapping[str, Any]) -> str | None:
    """By what the person signs in. For display, and for the page's first suggestion: nobody vouches for it."""
    claims = told.get("id_token_claims")
    name = claims.get("preferred_username") or claims.get("upn") if isinstance(claims, dict) else None
    return printable(name)[:320] or None if isinstance(name, str) else None
