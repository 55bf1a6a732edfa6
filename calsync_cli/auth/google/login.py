"""Signing in to a Google account: consent in a browser, a code for a grant, the grant tried at once (facts 1.3, 1.4).

Shape   `sign_in(account, client, ports, page)` -> (Grant, calendar list); nothing is stored here
Library google-auth-oauthlib makes the address with PKCE (S256). The receiver is ours, since the library's takes the
        first request for the answer, whatever it is (facts 1.4); so is the exchange, since its answer has to be bounded
Errors  AuthError in words; UsageError for another person's account; TransientError, ProtocolError, ConfigError
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from calsync_cli.auth.answer import Answer, printable
from calsync_cli.auth.google import scopes
from calsync_cli.auth.google.client_file import Client
from calsync_cli.auth.google.deaths import explain
from calsync_cli.auth.google.endpoint import Refused, post
from calsync_cli.auth.google.grant import Grant, life
from calsync_cli.auth.stored import header_text
from calsync_cli.errors import AuthError, ProtocolError, TransientError, UsageError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers.google.calendar_list import entries
from calsync_cli.providers.http import make_client

Page = Callable[[Callable[[str, str], str]], Answer]
"""Shows a consent page: gets a function from (redirect address, state) to the page's address, gives the answer."""


def sign_in(account: Account, client: Client, ports: Ports, page: Page) -> tuple[Grant, Sequence[Mapping[str, Any]]]:
    """account.username, if there is one, is who must sign in; Google's page offers it first."""
    flow = _flow(account, client)

    def begin(redirect_uri: str, state: str) -> str:
        flow.redirect_uri = redirect_uri
        hint = {"login_hint": account.username} if account.username else {}
        prompt = "consent" if account.username else "select_account consent"  # consent: only then a refresh token comes
        with _loopback_may_be_http(client):
            url, _ = flow.authorization_url(state=state, prompt=prompt, **hint)
        return str(url)

    answer = page(begin)
    if answer.error:
        raise _declined(answer.error, account, ports.now())
    grant = _grant(_exchanged(flow, answer.code, account, client, ports), account, client, ports)
    return _tried(grant, account)


def _flow(account: Account, client: Client) -> Any:
    from google_auth_oauthlib.flow import InstalledAppFlow

    known = {
        "client_id": client.id, "client_secret": client.secret.reveal(), "auth_uri": client.auth_url,
        "token_uri": client.token_url,
    }
    return InstalledAppFlow.from_client_config({"installed": known}, scopes=list(scopes.SCOPES[account.access]))


@contextmanager
def _loopback_may_be_http(client: Client) -> Iterator[None]:
    """The library refuses plain http even to this machine. Ours were checked (config/values.py, `address`)."""
    name = "OAUTHLIB_INSECURE_TRANSPORT"
    plain = urlsplit(client.auth_url).scheme == "http"
    before = os.environ.get(name)
    if plain:
        os.environ[name] = "1"
    try:
        yield
    finally:
        if plain and before is None:
            del os.environ[name]
        elif plain and before is not None:
            os.environ[name] = before


def _declined(error: str, account: Account, now: datetime) -> AuthError:
    if error == "access_denied":
        words = (
            f"nothing was allowed on Google's page, so {account.name} is not signed in. If Google did not let you go "
            "on: while the project is in Testing, the account must be one of its test users (docs/google.md, step 4)"
        )
        return AuthError(words, next=f"calsync login {account.name}")
    return explain(Refused(error), account, None, now)


def _exchanged(flow: Any, code: str, account: Account, client: Client, ports: Ports) -> Mapping[str, Any]:
    """The token server's answer, asked for once: a code is good for one exchange."""
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": str(flow.redirect_uri),
        "client_id": client.id, "client_secret": client.secret.reveal(), "code_verifier": str(flow.code_verifier),
    }
    try:
        return post(account, client.token_url, form, ports, pauses_s=())
    except Refused as refused:
        raise explain(refused, account, None, ports.now()) from None
    except TransientError as err:
        text = f"{err}; the sign-in page has to be shown again"
        raise TransientError(text, next=f"calsync login {account.name}") from None


def _grant(answer: Mapping[str, Any], account: Account, client: Client, ports: Ports) -> Grant:
    now = ports.now()
    try:
        granted = answer.get("scope")
        known = granted.split() if isinstance(granted, str) else granted
        ends, expires = life(answer.get("refresh_token_expires_in")), life(answer.get("expires_in"))
        rights = frozenset(scopes.SCOPES[account.access] if known is None else map(header_text, known))
        refresh = answer.get("refresh_token")
        if refresh is None:
            words = "Google gave no lasting sign-in; remove calsync at myaccount.google.com/connections and start again"
            raise AuthError(words, next=f"calsync login {account.name}")
        grant = Grant(
            client_id=client.id, client_secret=client.secret, token_url=client.token_url,
            refresh_token=Secret(header_text(refresh)), access_token=Secret(header_text(answer.get("access_token"))),
            scopes=rights, signed_in=now, obtained=now, expires=now + (expires or timedelta(hours=1)),
            ends=now + ends if ends else None,
        )
    except (TypeError, ValueError, OverflowError):
        raise ProtocolError(f"the answer of the token server for {account.name} makes no sense") from None
    lacking = scopes.missing(account.access, grant.scopes)
    if lacking:
        words = f"{scopes.in_words(lacking)} was left unticked on Google's page, and calsync cannot work without; "
        raise AuthError(words + "start again and tick every box", next=f"calsync login {account.name}")
    return grant


class _Bearer(httpx.Auth):
    def __init__(self, grant: Grant) -> None:
        self._grant = grant

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["Authorization"] = f"Bearer {self._grant.access_token.reveal()}"
        yield request


def _tried(grant: Grant, account: Account) -> tuple[Grant, Sequence[Mapping[str, Any]]]:
    """Whose account it is, by its primary calendar, whose id is the address (facts 1.6)."""
    with make_client(account) as client:
        found = list(entries(client, _Bearer(grant), account))
    address = next((str(row["id"]) for row in found if row.get("primary") and row.get("id")), None)
    if account.username and address and address.casefold() != account.username.casefold():
        words = (
            f"{address} signed in, but {account.name} is the account of {account.username}; nothing was changed. If it "
            f"shall be another's from now on, add --username {address}"
        )
        raise UsageError(words, next=f"calsync login {account.name}")
    return replace(grant, address=printable(address) if address else None), found
