"""Signing in to a Microsoft account: by a browser here or by a code elsewhere, the grant tried at once (facts 1.3, L1).

Shape   `by_browser(signing, page)`, `by_code(signing, show)` -> (Grant, calendars); nothing is stored here
Whose   home_account_id says whose sign-in it is: an account stays that person's, unless another one is named
Errors  AuthError and ConfigError in words; UsageError for another person's account; TransientError, ProtocolError
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from calsync_cli.auth.answer import printable
from calsync_cli.auth.microsoft import scopes
from calsync_cli.auth.microsoft.application import Application, application
from calsync_cli.auth.microsoft.grant import Grant
from calsync_cli.auth.microsoft.receiver import Form
from calsync_cli.auth.microsoft.refusals import Case, Refused, Way, explain
from calsync_cli.auth.microsoft.renewal import taken
from calsync_cli.errors import AuthError, ProtocolError, TransientError, UsageError
from calsync_cli.model.account import Account
from calsync_cli.model.plain import dataclass
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar
from calsync_cli.providers.graph.provider import GraphProvider

LONGEST_CODE_S = 3600.0
Page = Callable[[Callable[[str, str], str]], Form]
"""Shows a page: gets a function from (redirect address, state) to the page's address, gives the answer."""
Show = Callable[[str, str, int], None]
"""Tells a person where to enter which code, and for how many minutes it is good."""


@dataclass(frozen=True, slots=True)
class Signing:
    """account.username, if there is one, is whom the page suggests. before: the sign-in to be replaced. named: the
    person was named for this sign-in, so it may be another's than before."""

    account: Account
    client_id: str
    ports: Ports
    before: Grant | None = None
    named: bool = False

    @property
    def claims(self) -> str | None:
        return self.before.wanted if self.before is not None else None


def by_browser(signing: Signing, page: Page) -> tuple[Grant, Sequence[Calendar]]:
    def answer(app: Application) -> Mapping[str, Any]:
        flow: dict[str, Any] = {}

        def begin(redirect_uri: str, state: str) -> str:
            flow.update(app.page(redirect_uri, state, signing.claims))
            return str(flow["auth_uri"])

        form = page(begin)
        if form.error:
            raise Refused(form.fields)
        return app.page_answer(flow, form.fields)

    return _signed_in(signing, "browser", answer)


def by_code(signing: Signing, show: Show) -> tuple[Grant, Sequence[Calendar]]:
    def answer(app: Application) -> Mapping[str, Any]:
        flow = app.code(signing.claims)
        ports, life_s = signing.ports, min(float(flow["expires_in"]), LONGEST_CODE_S)
        show(printable(flow["verification_uri"]), printable(flow["user_code"]), round(life_s / 60))
        deadline = ports.monotonic_s() + life_s
        while ports.monotonic_s() < deadline:
            ports.sleep(min(max(float(flow["interval"]), 1.0), 60.0))
            if (told := _polled(app, flow, signing.claims)) is not None:
                return told
        raise Refused({"error": "expired_token"})

    return _signed_in(signing, "code", answer)


def _polled(app: Application, flow: dict[str, Any], claims: str | None) -> Mapping[str, Any] | None:
    """A network that is gone for a while is no reason to make the person start again."""
    try:
        return app.poll(flow, claims)
    except TransientError:
        return None


def _signed_in(
    signing: Signing, way: Way, answer: Callable[[Application], Mapping[str, Any]]
) -> tuple[Grant, Sequence[Calendar]]:
    account, ports = signing.account, signing.ports
    try:
        with application(account, signing.client_id, ports) as app:
            told = answer(app)
            cache, known = app.cache(), app.accounts()
    except Refused as refused:
        raise explain(refused, Case(account, signing.client_id, way, ports.now(), signing.before)) from None
    again = f"calsync login {account.name}"
    if len(known) != 1 or not isinstance(known[0].get("home_account_id"), str):
        raise ProtocolError(f"the sign-in service does not say whose sign-in of {account.name} it is", next=again)
    if cache is None:
        raise AuthError("Microsoft gave no lasting sign-in; start again and accept all that is asked", next=again)
    grant = _grant(signing, told, cache, known[0]["home_account_id"])
    _check_person(signing, grant)
    return grant, _tried(account, grant, ports)


def _grant(signing: Signing, told: Mapping[str, Any], cache: Secret, home: str) -> Grant:
    """Raises AuthError when less was granted than is needed."""
    account, now = signing.account, signing.ports.now()
    asked = scopes.short(" ".join(scopes.wanted(account)))
    blank = Grant(signing.client_id, home, cache, Secret(""), asked, now, now, now, claims=signing.claims)
    grant = taken(blank, told, account, signing.ports)
    lacking = scopes.missing(account.access, grant.scopes)
    if lacking:
        words = f"Microsoft did not grant {scopes.in_words(lacking)}, and calsync cannot work without; start again and"
        words += " accept it. If the page does not ask for it, add it to the registration (docs/microsoft.md, step 6)"
        raise AuthError(words, next=f"calsync login {account.name}")
    return grant


def _check_person(signing: Signing, grant: Grant) -> None:
    """Raises UsageError: all events of the one would look deleted in the other's calendars."""
    account, before, address = signing.account, signing.before, grant.address or "somebody without a name"
    if before is not None and before.home_account_id == grant.home_account_id:
        return
    wanted = account.username
    matches = wanted is None or wanted.casefold() == address.casefold()
    if before is not None and before.address and before.address.casefold() == address.casefold():
        words = f"this is another account ({grant.kind}) than the one of {account.name} ({before.kind}), though both "
        words += f"are called {address}; nothing was changed. If it shall be this one, sign the other out first"
        raise UsageError(words, next=f"calsync logout {account.name}")
    if not matches or (before is not None and not signing.named):
        known = before.address if before is not None and not signing.named else None
        words = f"{address} signed in, but {account.name} is the account of {known or wanted or 'somebody else'}; "
        words += "nothing was changed. If it shall be another's from now on, add --username "
        words += grant.address or "ADDRESS"
        raise UsageError(words, next=f"calsync login {account.name}")


class _Bearer(httpx.Auth):
    def __init__(self, grant: Grant) -> None:
        self._grant = grant

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["Authorization"] = f"Bearer {self._grant.access_token.reveal()}"
        yield request


def _tried(account: Account, grant: Grant, ports: Ports) -> Sequence[Calendar]:
    provider = GraphProvider(account, _Bearer(grant), ports, ())
    try:
        return provider.calendars()
    finally:
        provider.close()
