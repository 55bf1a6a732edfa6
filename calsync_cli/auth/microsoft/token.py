"""The sign-in of a Microsoft account as httpx.Auth: a bearer token that is renewed before it expires (facts 1.4, 1.7).

Shape   `MicrosoftToken(account, store, ports)`; making one asks nobody, the store is opened with the first request
Start   MSAL is imported when a token must be renewed, and not before: most runs do without
Threads one object serves all threads of a provider; of several that need a new token one asks, the others wait
Safety  between processes a renewal runs inside the store's guard: what is stored is read again, and if somebody else
        has renewed, theirs is used; what Microsoft answers is stored before it is used, so no refresh token is lost
Errors  AuthError, ConfigError: not signed in, or refused (in words); TransientError: the service cannot be reached.
        A 401 renews once, a demand for more (claims) once, and the request is repeated; what then comes is the caller's
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from calsync_cli.auth.microsoft.challenge import claims_of
from calsync_cli.auth.microsoft.grant import Grant, parse
from calsync_cli.auth.microsoft.stored import mismatch
from calsync_cli.config.secrets import SecretStore
from calsync_cli.errors import AuthError, CalsyncError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers.graph.client import ROOT
from calsync_cli.providers.http import origin

log = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=60)
PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Need:
    """What a token must be. instead_of: one that was refused. claims: what Graph demands."""

    instead_of: str | None = None
    claims: str | None = None

    def is_met_by(self, grant: Grant) -> bool:
        return grant.access_token.reveal() != self.instead_of and self.claims in (None, grant.claims)


ANY = _Need()


class MicrosoftToken(httpx.Auth):
    def __init__(self, account: Account, store: Callable[[], SecretStore], ports: Ports) -> None:
        self._account = account
        self._open_store = store
        self._ports = ports
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._unsaved = False
        self._wait_until: datetime | None = None
        self._dead: _Refusal | None = None
        self._origin = origin(account.api_url or ROOT)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if origin(str(request.url)) != self._origin:
            raise ProtocolError(f"the sign-in of {self._account.name} is not for {request.url.host}; nothing was sent")
        token, claims, done = self.bearer(), None, set()
        while True:
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            demanded = claims_of(response)
            kind = "claims" if demanded is not None else "expired"
            if kind in done or (demanded is None and response.status_code != 401):
                return
            done.add(kind)
            claims = demanded or claims
            token = self.bearer(_Need(token, claims))

    def bearer(self, need: _Need = ANY) -> str:
        """An access token that meets the need."""
        grant = self._grant
        if grant is None or self._unsaved or not self._is_good(grant, need):
            with self._lock:
                grant = self._current(need)
        return grant.access_token.reveal()

    # -- under the lock of this object ---------------------------------------------------------------------------------

    def _is_good(self, grant: Grant, need: _Need) -> bool:
        now = self._ports.now()
        if not need.is_met_by(grant):
            return False
        waiting = self._wait_until is not None and now < self._wait_until and now < grant.expires
        return grant.is_fresh(now) or waiting

    def _current(self, need: _Need) -> Grant:
        """Read without the guard first, which is enough for most runs."""
        if self._grant is None:
            self._grant = self._stored(self._open_store())
        if self._grant is None or self._unsaved or not self._is_good(self._grant, need):
            self._renew(need)
        assert self._grant is not None
        return self._grant

    def _stored(self, store: SecretStore) -> Grant | None:
        """Raises AuthError when the configuration is for another sign-in."""
        grant = parse(store.get(self._account.name))
        found = mismatch(self._account, grant) if grant else None
        if found:
            raise AuthError(found, next=f"calsync login {self._account.name}")
        return grant

    def _renew(self, need: _Need) -> None:
        """Sets the grant. While the old token is still good, an unreachable service is no reason to stop."""
        store = self._open_store()
        try:
            with store.guard(self._account.name, self._ports):
                self._renew_alone(store, need)
        except TransientError as err:
            now, grant = self._ports.now(), self._grant
            if grant is None or self._unsaved or not need.is_met_by(grant) or now >= grant.expires:
                raise
            log.warning("%s: %s; the token in use is good until %s", self._account.name, err, grant.expires)
            self._wait_until = now + PATIENCE

    def _renew_alone(self, store: SecretStore, need: _Need) -> None:
        stored = self._stored(store)
        if stored is None:
            self._grant = None
            raise not_signed_in(self._account)
        if self._unsaved and self._grant is not None and stored.signed_in == self._grant.signed_in:
            self._save(store, self._grant)
            stored = self._grant
        self._grant, self._unsaved = stored, False
        if self._is_good(stored, need):
            return
        new = self._asked(store, stored, need.claims)
        log.info("%s: renewed the sign-in%s", self._account.name, " with claims" if need.claims else "")
        self._grant, self._wait_until = new, None
        self._save(store, new)

    def _asked(self, store: SecretStore, grant: Grant, claims: str | None) -> Grant:
        """Renewed by Microsoft. A refresh token that it refused is not shown again for a while: one answer is enough
        for all calendars of a run."""
        from calsync_cli.auth.microsoft.renewal import Dead, renewed

        now = self._ports.now()
        if self._dead is not None and self._dead.is_of(grant, claims) and now < self._dead.until:
            raise self._dead.error
        try:
            return renewed(self._account, grant, self._ports, claims)
        except Dead as dead:
            self._grant, self._dead = None, _Refusal(grant.cache, claims, now + PAUSE, dead.error)
            self._note(store, replace(grant, problem=str(dead.error), wanted=dead.wanted or grant.wanted))
            raise dead.error from None

    def _save(self, store: SecretStore, new: Grant) -> None:
        """What cannot be stored is kept here, not used, and tried again: its refresh token replaces the stored one."""
        try:
            store.set(self._account.name, new.to_secret())
        except CalsyncError as err:
            self._unsaved = True
            text = f"the renewed sign-in of {self._account.name} could not be stored, so it is not used: {err}"
            raise AuthError(text, next=err.next) from None
        self._unsaved = False

    def _note(self, store: SecretStore, grant: Grant) -> None:
        """For `calsync accounts`, and for the next sign-in; the next run asks Microsoft again all the same."""
        try:
            store.set(self._account.name, grant.to_secret())
        except CalsyncError as err:
            log.warning("%s: %s", self._account.name, err)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What Microsoft refused, and in which words."""

    cache: Secret
    claims: str | None
    until: datetime
    error: CalsyncError

    def is_of(self, grant: Grant, claims: str | None) -> bool:
        return self.cache == grant.cache and self.claims == claims


def not_signed_in(account: Account) -> AuthError:
    return AuthError(f"account {account.name} is not signed in", next=f"calsync login {account.name}")
