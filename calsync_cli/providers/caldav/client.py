"""Requests of one CalDAV account: sign-in, redirects by hand, waiting as told, counting.

Shape   `request(method, url, ...)` -> httpx.Response with any status; only sign-in and transport become errors here
Threads more of them than `concurrency` wait here: httpcore 1.0.9 cuts connections that are in use when its pool has a
        queue, and a write that is cut is one of unknown outcome
Redirects keep method and body, at most 5, never out of https; credentials go to the same origin, or between hosts of
        icloud.com, and nowhere else (facts 0.9)
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from calsync_cli.errors import AuthError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.caldav.hrefs import Hrefs
from calsync_cli.providers.registry import Credential

log = logging.getLogger(__name__)
REDIRECTS = frozenset({301, 302, 303, 307, 308})
WRITES = frozenset({"PUT", "DELETE", "MKCALENDAR", "MKCOL", "PROPPATCH", "MOVE"})
MAX_HOPS, MAX_TRIES, MAX_WAIT_S = 5, 3, 60.0


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request):  # type: ignore[no-untyped-def]
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class DavClient:
    """`url` is the account's address; relative hrefs are joined to it."""

    def __init__(self, account: Account, credential: Credential, ports: Ports) -> None:
        assert account.url is not None
        self.url = account.url
        self._account = account
        self._credential = credential
        self._ports = ports
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._room = threading.Semaphore(account.concurrency)
        self._client: httpx.Client | None = None
        self._auth: httpx.Auth | None = None
        self._auth_kind = account.auth
        self._sogo: set[str] = set()
        self.me = account.me
        self.requests = {"read": 0, "write": 0}

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def request(
        self, method: str, href: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        url = self._allowed(self.url, href)
        for _ in range(MAX_HOPS + 1):
            response = self._patient(method, url, body, dict(headers or {}))
            if response.status_code not in REDIRECTS or "location" not in response.headers:
                return response
            url = self._allowed(url, response.headers["location"])
        raise ProtocolError(f"{urlsplit(self.url).hostname} redirects in circles")

    def ask(self, method: str, url: str, body: bytes, *, depth: int) -> httpx.Response:
        """A PROPFIND or REPORT. The depth is always said: some servers answer nothing without it (facts 0.8)."""
        headers = {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"}
        return self.request(method, url, body, headers)

    def _allowed(self, base: str, href: str) -> str:
        try:
            url = http.joined(base, href)
            httpx.URL(url)
            allowed = http.is_allowed(url)
        except (ValueError, httpx.InvalidURL) as err:
            raise ProtocolError(f"{urlsplit(base).hostname} points to an address that is none: {href!r}") from err
        if not allowed or (urlsplit(url).scheme == "http" and urlsplit(base).scheme == "https"):
            here, there = urlsplit(base).hostname, http.site(url)
            raise ProtocolError(f"{here} points to {there}, which is not encrypted; nothing was sent there")
        return url

    def _patient(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> httpx.Response:
        """Reads wait as told by 429 and 503; writes never repeat themselves."""
        writes = method in WRITES
        for attempt in range(MAX_TRIES):
            response = self._signed(method, url, body, headers)
            if response.status_code == 423:  # nothing was done (RFC 4918 11.3); Xandikos takes one write at a time
                response = self._in_turn(method, url, body, headers)
            if writes or response.status_code not in (429, 503) or attempt == MAX_TRIES - 1:
                return response
            wait = http.retry_after_s(response, self._ports.now())
            wait = 5.0 * 2**attempt if wait is None else wait
            if wait > MAX_WAIT_S:
                return response
            self._ports.wait(wait, f"{urlsplit(url).hostname} ({self._account.name}) asks to wait")
        raise AssertionError("unreachable")

    def _in_turn(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> httpx.Response:
        with self._turn:
            for attempt in range(MAX_TRIES):
                self._ports.sleep(0.05 * 4**attempt)
                response = self._signed(method, url, body, headers)
                if response.status_code != 423:
                    break
        return response

    def _signed(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> httpx.Response:
        trusted = self.is_trusted(url)
        signer = self._signer() if trusted else None
        response = self._send(method, url, body, headers, signer)
        if response.status_code != 401:
            return response
        if not trusted:
            there, here = (http.site(one).partition("://")[2] for one in (url, self.url))
            text = f"{here} keeps this on {there}, which wants a password; yours is for {here} and was not sent there"
            command = f"give {there} as the address of account {self._account.name} if you trust it"
            raise ProtocolError(text, next=command)
        offered = response.headers.get("www-authenticate", "").lower()
        wants_digest = "digest" in offered and "basic" not in offered
        if self._account.auth == "auto" and wants_digest and not isinstance(signer, httpx.DigestAuth):
            response = self._send(method, url, body, headers, self._digest())
        if response.status_code == 401:
            raise self._refused(url)
        return response

    def _send(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], auth: httpx.Auth | None
    ) -> httpx.Response:
        writes = method in WRITES
        with self._lock:
            if self._client is None:
                self._client = http.make_client(self._account)
            self.requests["write" if writes else "read"] += 1
        if self.is_sogo(url):  # a write on a connection that is dropped would be one of unknown outcome
            headers = {**headers, "Connection": "close"}
        wire = [(name.encode(), value.encode()) for name, value in headers.items()]  # an etag need not be ASCII
        request = self._client.build_request(method, url, content=body, headers=wire)
        tries = iter([True])
        with self._room:
            response = http.send(self._client, request, auth=auth, writes=writes, again=lambda: next(tries, False))
        log.debug("%s %s -> %s", method, request.url, response.status_code)
        if any("sogo" in response.headers.get(name, "").lower() for name in ("server", "x-powered-by")):
            self._sogo.add(http.site(url))
        return response

    def is_sogo(self, url: str) -> bool:
        """SOGo overwrites and deletes whatever the condition says, mails guests unannounced, encodes no href, and drops
        kept connections at will (facts 2, 3, 5)."""
        return "/SOGo/" in url or http.site(url) in self._sogo

    def may_mail(self, url: str) -> bool:
        """Whether this server mails guests without announcing it."""
        return self.is_sogo(url)

    def version(self, url: str, etag: str | None) -> str | None:
        """An etag that is another one for another content; None if there is none. SOGo's counts the saves of an event,
        anew when it was deleted and made again (facts 2)."""
        return None if self.is_sogo(url) else etag or None

    def is_trusted(self, url: str) -> bool:
        home, there = http.origin(self.url), http.origin(url)
        return home == there or (is_apple(self.url) and is_apple(url))

    def hrefs(self) -> Hrefs:
        return Hrefs(self.url, self.is_sogo)

    def homes(self) -> list[str]:
        """Addresses whose children are calendars."""
        from calsync_cli.providers.caldav.discovery import homes

        return homes(self, self._account, self._credential)

    def _refused(self, url: str) -> AuthError:
        return refused(self._account, url, token=self._auth_kind == "bearer")

    def _signer(self) -> httpx.Auth | None:
        with self._lock:
            if self._auth is None:
                self._auth = self._make_signer()
            return self._auth

    def _digest(self) -> httpx.Auth | None:
        """From now on for every request; several threads may find out at the same time."""
        with self._lock:
            if not isinstance(self._auth, httpx.DigestAuth):
                self._auth_kind = "digest"
                self._auth = self._make_signer()
            return self._auth

    def _make_signer(self) -> httpx.Auth | None:
        secret = self._credential()
        account = self._account
        if secret is None:
            if account.username is None:
                return None
            raise AuthError(f"account {account.name} is not signed in", next=f"calsync login {account.name}")
        if self._auth_kind == "bearer":
            return _Bearer(secret.reveal())
        if self._auth_kind == "digest":
            return httpx.DigestAuth(account.username or "", secret.reveal())
        return httpx.BasicAuth(account.username or "", secret.reveal())


def is_apple(url: str) -> bool:
    scheme, host, _ = http.origin(url)
    return scheme == "https" and (host == "icloud.com" or host.endswith(".icloud.com"))


def refused(account: Account, url: str, *, token: bool = False) -> AuthError:
    """A 401. `login` stores nothing for an account that has its password from elsewhere."""
    what = "sign-in token" if token else "user name or password"
    text = f"{urlsplit(url).hostname} refused the {what} of account {account.name}; nothing was changed there"
    if account.password_command is None and account.password is None:
        return AuthError(text, next=f"calsync login {account.name}")
    key = "password" if account.password_command is None else "password_command"
    return AuthError(f"{text}. It comes from {key} in the configuration", next="calsync config edit")


def busy(response: httpx.Response, now: datetime) -> TransientError:
    """429 or 503 that did not go away."""
    host = response.request.url.host
    wait = http.retry_after_s(response, now)
    return TransientError(f"{host} asks to wait ({response.status_code})", retry_after_s=wait)
