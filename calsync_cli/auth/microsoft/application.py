"""MSAL, the one place that calls it: a public client with our HTTP client and a cache that we keep (facts 1.3, 1.4).

Shape   `with application(account, client_id, ports, cache) as app:` makes one request, for the service's addresses;
        .page, .page_answer, .code, .poll and .renew give what MSAL gives, checked for being an answer at all
Memory  MSAL remembers refusals inside of an application, so every try has one of its own
Errors  Refused for a no; TransientError, ProtocolError. Nothing of MSAL's own errors is shown: they may repeat answers
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from calsync_cli.auth.microsoft import scopes
from calsync_cli.auth.microsoft.authority import authority
from calsync_cli.auth.microsoft.grant import compact
from calsync_cli.auth.microsoft.refusals import Refused
from calsync_cli.auth.microsoft.web import Web
from calsync_cli.errors import ProtocolError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports

log = logging.getLogger(__name__)
Json = Mapping[str, Any]
KEPT = ("RefreshToken", "Account", "AppMetadata")
PENDING = frozenset({"authorization_pending", "slow_down"})
CAPABILITIES = ["CP1"]
"""Claims challenges are understood, so access tokens may live longer (facts 1.7)."""
NONSENSE = (
    ValueError, TypeError, AttributeError, KeyError, IndexError, RuntimeError, AssertionError, OverflowError,
    RecursionError, httpx.InvalidURL,
)
"""What MSAL raises for an answer that is JSON and nothing else it expects."""


class Application:
    def __init__(self, account: Account, client_id: str, web: Web, cache: Secret | None) -> None:
        import msal

        logging.getLogger("msal").setLevel(logging.CRITICAL + 1)  # it would log answers that it cannot read
        self._account = account
        self._cache = msal.SerializableTokenCache()
        self._cache.deserialize(cache.reveal() if cache is not None else None)
        self._app: Any = self._translated(lambda: msal.PublicClientApplication(
            client_id, authority=authority(account), token_cache=self._cache, client_capabilities=CAPABILITIES,
            instance_discovery=False,  # the configuration says whom to trust; else Microsoft is asked about other hosts
            http_client=web, http_cache={},
        ))

    # -- a person signs in ---------------------------------------------------------------------------------------------

    def page(self, redirect_uri: str, state: str, claims: str | None) -> dict[str, Any]:
        """A sign-in by a browser: `auth_uri` is to be opened; the rest is for `page_answer`."""
        flow: dict[str, Any] = self._translated(lambda: self._app.initiate_auth_code_flow(
            scopes.wanted(self._account), redirect_uri=redirect_uri, state=state, prompt="select_account",
            login_hint=self._account.username, claims_challenge=claims, response_mode="form_post",
        ))
        if not str(flow["auth_uri"]).startswith("https://"):
            raise ProtocolError("the sign-in service names a page without encryption; it was not opened")
        return flow

    def page_answer(self, flow: dict[str, Any], fields: Mapping[str, str]) -> Json:
        return self._told(lambda: self._app.acquire_token_by_auth_code_flow(flow, dict(fields)))

    def code(self, claims: str | None) -> dict[str, Any]:
        """A sign-in by a code that is entered elsewhere: `user_code`, `verification_uri`, `expires_in`, `interval`."""
        flow: dict[str, Any] = self._translated(
            lambda: self._app.initiate_device_flow(scopes.wanted(self._account), claims_challenge=claims)
        )
        if flow.get("error"):
            raise Refused(flow)
        if not all(isinstance(flow.get(name), str) for name in ("user_code", "verification_uri", "device_code")):
            raise self._nonsense()
        return flow

    def poll(self, flow: dict[str, Any], claims: str | None) -> Json | None:
        """None while nobody has entered the code. Asks once; `interval` says how long to wait before the next time."""
        flow.pop("latest_attempt_at", None)  # by which MSAL warns of a clock that is not its own
        try:
            return self._told(lambda: self._app.acquire_token_by_device_flow(
                flow, claims_challenge=claims, exit_condition=lambda _: True
            ))
        except Refused as refused:
            if refused.error in PENDING:
                return None
            raise

    # -- nobody is there -----------------------------------------------------------------------------------------------

    def renew(self, home_account_id: str, rights: list[str], claims: str | None) -> Json | None:
        """None when the cache holds no such account."""
        known = next((one for one in self.accounts() if one["home_account_id"] == home_account_id), None)
        if known is None:
            return None
        return self._told(lambda: self._app.acquire_token_silent_with_error(
            rights, known, force_refresh=True, claims_challenge=claims
        ))

    def accounts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._translated(lambda: self._app.get_accounts())
        return found

    def cache(self) -> Secret | None:
        """What must be kept of MSAL's cache; None when there is no refresh token in it."""
        data = json.loads(self._cache.serialize())
        kept = {kind: data[kind] for kind in KEPT if kind in data}
        return Secret(compact(kept)) if kept.get("RefreshToken") else None

    # -- what MSAL says ------------------------------------------------------------------------------------------------

    def _told(self, call: Callable[[], Any]) -> Json:
        told = self._translated(call)
        if not isinstance(told, dict):
            raise self._nonsense()
        if told.get("error"):
            raise Refused(told)
        if "access_token" not in told:
            raise self._nonsense()
        return told

    def _translated(self, call: Callable[[], Any]) -> Any:
        from msal.exceptions import MsalError

        try:
            return call()
        except (MsalError, *NONSENSE) as err:
            log.info("%s: an answer that msal cannot use (%s)", self._account.name, type(err).__name__)
            raise self._nonsense() from None

    def _nonsense(self) -> ProtocolError:
        host = authority(self._account).split("/")[2]
        return ProtocolError(f"{host} does not answer like Microsoft's sign-in service", next="calsync config check")


@contextmanager
def application(account: Account, client_id: str, ports: Ports, cache: Secret | None = None) -> Iterator[Application]:
    web = Web(account, ports)
    try:
        yield Application(account, client_id, web, cache)
    finally:
        web.close()
