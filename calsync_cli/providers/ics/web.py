"""A feed on the web: conditional GET, redirects by hand, bounded in time and size.

Redirects at most 5; never from https to http; and onto an address inside of this network only if the user's own leads
        there too, so that a publisher cannot make this machine ask its neighbours
Secrets the address is one: who knows it reads the calendar. Only scheme and host are ever told. A user and password in
        it go to the same origin and nowhere else
Errors  as in source.py; each status that publishers use has words of its own
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from calsync_cli.errors import AuthError, CalendarGone, ProtocolError, RemoteError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers import body, http
from calsync_cli.providers.deadline import Deadline
from calsync_cli.providers.ics.source import KEPT, MAX_BYTES, Answer, Validators, too_large, useless

log = logging.getLogger(__name__)
TOTAL_S = 60.0
MAX_HOPS = 5
ASKING = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE | re.ASCII)


class WebSource:
    served = True

    def __init__(self, account: Account, ports: Ports) -> None:
        assert account.url is not None
        parts = urlsplit(account.url)
        self._account, self._ports = account, ports
        self._auth = (unquote(parts.username or ""), unquote(parts.password or "")) if parts.username else None
        self._url = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
        self._client: httpx.Client | None = None
        self.host = http.site(self._url).partition("://")[2]
        self.place, self.label = f"ics {self.host} {sha256(account.url.encode()).hexdigest()[:16]}", self.host
        self.requests = {"read": 0, "write": 0}

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def get(self, validators: Validators) -> Answer:
        headers = {asked: validators[name] for name, asked in ASKING.items() if name in validators}
        response = self._followed(headers)
        if response.status_code == 304 and headers:
            return Answer(None, validators, max_age_s=_max_age_s(response))
        if response.status_code != 200:
            raise self._refusal(response)
        found = {name: response.headers[name] for name in ASKING if name in response.headers}
        return Answer(response.content, found, response.charset_encoding or "", _max_age_s(response))

    # -- redirects -----------------------------------------------------------------------------------------------------

    def _followed(self, headers: Mapping[str, str]) -> httpx.Response:
        url, watch, deadline = self._url, _Watch(), Deadline(TOTAL_S)
        for _ in range(MAX_HOPS + 1):
            response = self._sent(url, headers, watch, deadline)
            if not response.has_redirect_location:
                return response
            url = self._next(url, response.headers["location"])
            watch.at_home = watch.saw_inside
        raise useless(f"{self.host} sends from one address to the next without end")

    def _next(self, url: str, location: str) -> str:
        try:
            target = http.joined(url, location)
            host = httpx.URL(target).host
            scheme = urlsplit(target).scheme
        except (ValueError, httpx.InvalidURL):
            raise useless(f"{self.host} sends on to an address that is none") from None
        if scheme not in http.PORTS or not host:
            raise useless(f"{self.host} sends on to an address that is not on the web")
        if scheme == "http" and urlsplit(url).scheme == "https":
            raise useless(f"{self.host} sends on to {http.site(target)}, which is not encrypted; it was not asked")
        if self._account.proxy is not None and _is_inside(host):  # what the proxy connects to cannot be seen
            raise _inside(self.host)
        return target

    def _sent(self, url: str, headers: Mapping[str, str], watch: _Watch, deadline: Deadline) -> httpx.Response:
        if self._client is None:
            self._client = http.make_client(self._account)
        wire = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
        wire += [(b"Accept", b"text/calendar, */*;q=0.5"), (b"Connection", b"close")]
        extensions = {"timeout": self._client.timeout.as_dict()}
        if self._account.proxy is None:
            extensions["trace"] = watch.trace  # type: ignore[assignment]
        request = self._client.build_request("GET", url, headers=wire, extensions=extensions)
        auth = httpx.BasicAuth(*self._auth) if self._auth and http.origin(url) == http.origin(self._url) else None
        self.requests["read"] += 1
        try:
            response = http.send(
                self._client, request, auth=auth, writes=False, receive=self._received, deadline=deadline
            )
        except TransientError as err:
            if deadline.over:
                raise TransientError(f"{self.host} took more than {TOTAL_S:.0f} s. {KEPT}") from err
            if watch.refused:
                raise _inside(self.host) from err
            raise TransientError(f"{err}. {KEPT}", next=err.next) from err
        log.debug("GET %s -> %s", http.site(url), response.status_code)
        return response

    # -- the answer ----------------------------------------------------------------------------------------------------

    def _received(self, response: httpx.Response) -> httpx.Response:
        """Only of a 200 is the body read."""
        try:
            return http.whole(response, body.read(response, MAX_BYTES) if response.status_code == 200 else b"")
        except http.TooMuch:
            raise too_large(f"The feed of {self.host}") from None
        except httpx.DecodingError as err:
            raise useless(f"{self.host} sent the feed in a form that cannot be read: {err}") from None
        finally:
            response.close()

    def _refusal(self, response: httpx.Response) -> RemoteError:
        status, edit = response.status_code, "calsync config edit"
        match status:
            case 401:
                return AuthError(f"{self.host} wants a user and a password for this feed ({status}). {KEPT}", next=edit)
            case 403:
                text = f"{self.host} does not show this feed ({status}); a secret address may have been renewed. {KEPT}"
                return AuthError(text, next=edit)
            case 404 | 410:
                word = "is not there" if status == 404 else "is there no more"
                return CalendarGone(f"The feed {word} at {self.host} ({status}). {KEPT}", next=edit)
        if status in (408, 425, 429) or status >= 500:
            wait = http.retry_after_s(response, self._ports.now())
            return TransientError(f"{self.host} cannot show the feed just now ({status}). {KEPT}", retry_after_s=wait)
        return useless(f"{self.host} answered the feed's address with {status}")


def _max_age_s(response: httpx.Response) -> int | None:
    """0 and `no-cache` say that it may change at any time, not how often to ask."""
    found = _MAX_AGE.search(response.headers.get("cache-control", ""))
    return int(found.group(1)) or None if found else None


# -- what the connection shows ----------------------------------------------------------------------------------------


class _Watch:
    """Over one request and those it is sent on to: where the connections lead, of which each is a new one."""

    def __init__(self) -> None:
        self.refused = self.saw_inside = False
        self.at_home: bool | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the HTTP library with every step; a new connection is looked at before anything is sent."""
        if not event.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        inside = _is_inside(str(info["return_value"].get_extra_info("server_addr")[0]))
        self.saw_inside |= inside
        if inside and self.at_home is False:
            self.refused = True
            raise httpx.ConnectError("inside of this network")


def _is_inside(host: str) -> bool:
    """An address of this machine or of a network that is not everybody's."""
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith((".localhost", ".local", ".internal"))
    mapped = getattr(address, "ipv4_mapped", None)
    return not (mapped or address).is_global


def _inside(host: str) -> ProtocolError:
    return useless(f"{host} sends on to an address inside of this network; it was not asked")
