"""The sign-in of a Google account as httpx.Auth: a bearer token that is renewed before it expires (facts 1.5, 8.2).

Shape   `GoogleToken(account, store, ports)`; making one asks nobody, the store is opened with the first request
Threads one object serves all threads of a provider; of several that need a new token one asks, the others wait
Safety  between processes a renewal runs inside the store's guard: what is stored is read again, and if somebody else
        has renewed, theirs is used; what Google answers is stored before it is used, so no refresh token is lost
Errors  AuthError: not signed in, or the refresh token is dead (in words); TransientError: the token server cannot be
        reached. A 401 renews once and repeats the request once; a second one is the caller's to put into words
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from calsync_cli.auth.google import scopes
from calsync_cli.auth.google.deaths import explain
from calsync_cli.auth.google.endpoint import Refused, post
from calsync_cli.auth.google.grant import Grant, parse
from calsync_cli.config.secrets import SecretStore
from calsync_cli.errors import AuthError, CalsyncError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers.google.calendar_list import api_url
from calsync_cli.providers.http import origin

log = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=60)
PAUSE = timedelta(minutes=10)


class GoogleToken(httpx.Auth):
    def __init__(self, account: Account, store: Callable[[], SecretStore], ports: Ports) -> None:
        self._account = account
        self._open_store = store
        self._ports = ports
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._unsaved = False
        self._wait_until: datetime | None = None
        self._dead: _Dead | None = None
        self._origin = origin(api_url(account))

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if origin(str(request.url)) != self._origin:
            raise ProtocolError(f"the sign-in of {self._account.name} is not for {request.url.host}; nothing was sent")
        token = self.bearer()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = f"Bearer {self.bearer(instead_of=token)}"
            yield request

    def bearer(self, instead_of: str | None = None) -> str:
        """An access token; another one than `instead_of`, which a server refused."""
        grant = self._grant
        if grant is None or self._unsaved or not self._is_good(grant, instead_of):
            with self._lock:
                grant = self._current(instead_of)
        return grant.access_token.reveal()

    # -- under the lock of this object ---------------------------------------------------------------------------------

    def _is_good(self, grant: Grant, instead_of: str | None) -> bool:
        now = self._ports.now()
        if grant.access_token.reveal() == instead_of:
            return False
        waiting = self._wait_until is not None and now < self._wait_until and now < grant.expires
        return grant.is_fresh(now) or waiting

    def _current(self, instead_of: str | None) -> Grant:
        """Read without the guard first, which is enough for most runs."""
        if self._grant is None:
            self._grant = self._stored(self._open_store())
        if self._grant is None or self._unsaved or not self._is_good(self._grant, instead_of):
            self._renew(instead_of)
        assert self._grant is not None
        return self._grant

    def _stored(self, store: SecretStore) -> Grant | None:
        """Raises AuthError when the configuration asks for more than was granted."""
        grant = parse(store.get(self._account.name))
        lacking = scopes.missing(self._account.access, grant.scopes) if grant else []
        if lacking:
            name, words = self._account.name, scopes.in_words(lacking)
            raise AuthError(f"the sign-in of {name} does not allow {words}", next=f"calsync login {name}")
        return grant

    def _renew(self, instead_of: str | None) -> None:
        """Sets the grant. While the old token is still good, an unreachable server is no reason to stop."""
        store = self._open_store()
        try:
            with store.guard(self._account.name, self._ports):
                self._renew_alone(store, instead_of)
        except TransientError as err:
            now, grant = self._ports.now(), self._grant
            if grant is None or self._unsaved or grant.access_token.reveal() == instead_of or now >= grant.expires:
                raise
            log.warning("%s: %s; the token in use is good until %s", self._account.name, err, grant.expires)
            self._wait_until = now + PATIENCE

    def _renew_alone(self, store: SecretStore, instead_of: str | None) -> None:
        stored = self._stored(store)
        if stored is None:
            self._grant = None
            raise not_signed_in(self._account)
        if self._unsaved and self._grant is not None and stored.signed_in == self._grant.signed_in:
            self._save(store, self._grant, stored)
            stored = self._grant
        self._grant, self._unsaved = stored, False
        if self._is_good(stored, instead_of):
            return
        new = self._asked(store, stored)
        log.info("%s: renewed the sign-in", self._account.name)
        self._grant, self._wait_until = new, None
        self._save(store, new, stored)

    def _asked(self, store: SecretStore, grant: Grant) -> Grant:
        """Renewed by Google. A refresh token that it refused is not shown again for a while: one answer is enough for
        all calendars of a run."""
        now = self._ports.now()
        if self._dead is not None and self._dead.refresh_token == grant.refresh_token and now < self._dead.until:
            raise AuthError(self._dead.words, next=self._dead.next)
        try:
            return renewed(self._account, grant, self._ports)
        except AuthError as err:
            self._grant, self._dead = None, _Dead(grant.refresh_token, now + PAUSE, str(err), err.next)
            self._note(store, replace(grant, problem=str(err)))
            raise

    def _save(self, store: SecretStore, new: Grant, old: Grant) -> None:
        """A replaced refresh token that cannot be stored must not be lost: it is kept here, not used, and tried again.
        An access token alone may be lost."""
        try:
            store.set(self._account.name, new.to_secret())
        except CalsyncError as err:
            if new.refresh_token == old.refresh_token:
                log.warning("%s: the renewed sign-in could not be stored: %s", self._account.name, err)
                return
            self._unsaved = True
            text = f"the renewed sign-in of {self._account.name} could not be stored, so it is not used: {err}"
            raise AuthError(text, next=err.next) from None
        self._unsaved = False

    def _note(self, store: SecretStore, grant: Grant) -> None:
        """For `calsync accounts`; the next run asks Google again all the same."""
        try:
            store.set(self._account.name, grant.to_secret())
        except CalsyncError as err:
            log.warning("%s: %s", self._account.name, err)


@dataclass(frozen=True, slots=True)
class _Dead:
    """A refresh token that Google refused, and in which words."""

    refresh_token: Secret
    until: datetime
    words: str
    next: str


def not_signed_in(account: Account) -> AuthError:
    return AuthError(f"account {account.name} is not signed in", next=f"calsync login {account.name}")


def renewed(account: Account, grant: Grant, ports: Ports) -> Grant:
    """Ask the token server for a new access token. Raises AuthError in words, TransientError, ProtocolError."""
    form = {
        "grant_type": "refresh_token", "client_id": grant.client_id, "client_secret": grant.client_secret.reveal(),
        "refresh_token": grant.refresh_token.reveal(),
    }
    try:
        answer = post(account, account.token_url or grant.token_url, form, ports)
    except Refused as refused:
        raise explain(refused, account, grant, ports.now()) from None
    try:
        return grant.renewed(answer, ports.now())
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ProtocolError(f"the answer of the token server for {account.name} makes no sense") from None
