"""A sign-in as httpx.Auth: a bearer token that is renewed before it expires; what all services share.

Shape   a service gives `parsed`, `mismatch`, `ask`, and if it has them `meets` and `demanded`; making one asks nobody,
        the store is opened with the first request
Threads one object serves all threads of a provider; of several that need a new token one asks, the others wait
Safety  between processes a renewal runs inside the store's guard: what is stored is read again, and if somebody else
        has renewed, theirs is used; what the service answers is stored before it is used, so no refresh token is lost
Errors  AuthError, ConfigError: not signed in, or refused (in words); TransientError: the service cannot be reached.
        A 401 renews once, a demand for more (claims) once, and the request is repeated; what then comes is the caller's
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import httpx

from calsync_cli.config.secrets import SecretStore
from calsync_cli.errors import AuthError, CalsyncError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.plain import dataclass
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers.http import origin

log = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=60)
PAUSE = timedelta(minutes=10)


class Grant(Protocol):
    """signed_in: by a person; expires: the access token, aware UTC. renewal: what the service renews it by."""

    @property
    def access_token(self) -> Secret: ...

    @property
    def signed_in(self) -> datetime: ...

    @property
    def expires(self) -> datetime: ...

    @property
    def renewal(self) -> Secret: ...

    def is_fresh(self, now: datetime) -> bool: ...

    def to_secret(self) -> Secret: ...


G = TypeVar("G", bound=Grant)


class Dead(Exception):
    """The service will not renew the sign-in. error: what to raise; noted: the grant that says so when it is read."""

    def __init__(self, error: CalsyncError, noted: Grant) -> None:
        super().__init__(str(error))
        self.error, self.noted = error, noted


@dataclass(frozen=True, slots=True)
class Need:
    """What a token must be. instead_of: one that was refused. claims: what the service demands of it."""

    instead_of: str | None = None
    claims: str | None = None


ANY = Need()


class RenewedToken(httpx.Auth, ABC, Generic[G]):
    def __init__(self, account: Account, store: Callable[[], SecretStore], ports: Ports, root: str) -> None:
        """root: the address of the service; the token is sent to its origin alone."""
        self.account = account
        self.ports = ports
        self._open_store = store
        self._origin = origin(root)
        self._lock = threading.Lock()
        self._grant: G | None = None
        self._unsaved = False
        self._wait_until: datetime | None = None
        self._dead: _Refusal | None = None

    # -- the service's own ---------------------------------------------------------------------------------------------

    @abstractmethod
    def parsed(self, secret: Secret | None) -> G | None:
        """The grant that a secret holds."""

    @abstractmethod
    def mismatch(self, grant: G) -> str | None:
        """Why the grant does not fit the configuration."""

    @abstractmethod
    def ask(self, grant: G, claims: str | None) -> G:
        """The grant renewed. Raises Dead, TransientError, ProtocolError."""

    def meets(self, grant: G, claims: str | None) -> bool:
        return claims is None

    def demanded(self, response: httpx.Response) -> str | None:
        """The claims that an answer demands."""
        return None

    # -- for httpx -----------------------------------------------------------------------------------------------------

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if origin(str(request.url)) != self._origin:
            raise ProtocolError(f"the sign-in of {self.account.name} is not for {request.url.host}; nothing was sent")
        token, claims, done = self.bearer(), None, set()
        while True:
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            demanded = self.demanded(response)
            kind = "claims" if demanded is not None else "expired"
            if kind in done or (demanded is None and response.status_code != 401):
                return
            done.add(kind)
            claims = demanded or claims
            token = self.bearer(Need(token, claims))

    def bearer(self, need: Need = ANY) -> str:
        """An access token that meets the need."""
        grant = self._grant
        if grant is None or self._unsaved or not self._is_good(grant, need):
            with self._lock:
                grant = self._current(need)
        return grant.access_token.reveal()

    # -- under the lock of this object ---------------------------------------------------------------------------------

    def _fits(self, grant: G, need: Need) -> bool:
        return grant.access_token.reveal() != need.instead_of and self.meets(grant, need.claims)

    def _is_good(self, grant: G, need: Need) -> bool:
        now = self.ports.now()
        waiting = self._wait_until is not None and now < self._wait_until and now < grant.expires
        return self._fits(grant, need) and (grant.is_fresh(now) or waiting)

    def _current(self, need: Need) -> G:
        """Read without the guard first, which is enough for most runs."""
        if self._grant is None:
            self._grant = self._stored(self._open_store())
        if self._grant is None or self._unsaved or not self._is_good(self._grant, need):
            self._renew(need)
        assert self._grant is not None
        return self._grant

    def _stored(self, store: SecretStore) -> G | None:
        """Raises AuthError when the configuration is for another sign-in."""
        grant = self.parsed(store.get(self.account.name))
        found = self.mismatch(grant) if grant else None
        if found:
            raise AuthError(found, next=f"calsync login {self.account.name}")
        return grant

    def _renew(self, need: Need) -> None:
        """Sets the grant. While the old token is still good, an unreachable service is no reason to stop."""
        store = self._open_store()
        try:
            with store.guard(self.account.name, self.ports):
                self._renew_alone(store, need)
        except TransientError as err:
            now, grant = self.ports.now(), self._grant
            if grant is None or self._unsaved or not self._fits(grant, need) or now >= grant.expires:
                raise
            log.warning("%s: %s; the token in use is good until %s", self.account.name, err, grant.expires)
            self._wait_until = now + PATIENCE

    def _renew_alone(self, store: SecretStore, need: Need) -> None:
        stored = self._stored(store)
        if stored is None:
            self._grant = None
            raise not_signed_in(self.account)
        if self._unsaved and self._grant is not None and stored.signed_in == self._grant.signed_in:
            self._save(store, self._grant, stored)
            stored = self._grant
        self._grant, self._unsaved = stored, False
        if self._is_good(stored, need):
            return
        new = self._asked(store, stored, need.claims)
        log.info("%s: renewed the sign-in%s", self.account.name, " with claims" if need.claims else "")
        self._grant, self._wait_until = new, None
        self._save(store, new, stored)

    def _asked(self, store: SecretStore, grant: G, claims: str | None) -> G:
        """What was refused is not shown again for a while: one answer is enough for all calendars of a run."""
        now, by = self.ports.now(), (grant.renewal, claims)
        if self._dead is not None and self._dead.by == by and now < self._dead.until:
            raise self._dead.error
        try:
            return self.ask(grant, claims)
        except Dead as dead:
            self._grant, self._dead = None, _Refusal(by, now + PAUSE, dead.error)
            self._note(store, dead.noted)
            raise dead.error from None

    def _save(self, store: SecretStore, new: G, old: G) -> None:
        """A replaced refresh token that cannot be stored must not be lost: it is kept here, not used, and tried again.
        An access token alone may be lost."""
        try:
            store.set(self.account.name, new.to_secret())
        except CalsyncError as err:
            if new.renewal == old.renewal:
                log.warning("%s: the renewed sign-in could not be stored: %s", self.account.name, err)
                return
            self._unsaved = True
            text = f"the renewed sign-in of {self.account.name} could not be stored, so it is not used: {err}"
            raise AuthError(text, next=err.next) from None
        self._unsaved = False

    def _note(self, store: SecretStore, noted: Grant) -> None:
        """For `calsync accounts`, and for the next sign-in; the next run asks the service again all the same."""
        try:
            store.set(self.account.name, noted.to_secret())
        except CalsyncError as err:
            log.warning("%s: %s", self.account.name, err)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What was refused: the renewal and the claims asked for."""

    by: tuple[Secret, str | None]
    until: datetime
    error: CalsyncError


def not_signed_in(account: Account) -> AuthError:
    return AuthError(f"account {account.name} is not signed in", next=f"calsync login {account.name}")
