"""One httpx client per account: timeouts, certificates, proxy, TLS on. Errors of the library end here.

Units   seconds
Limits  MAX_BODY bytes to an answer, unpacked, MAX_LIST to all pages of a list; an exchange takes PATIENCE times the
        account's `timeout` at most
Errors  TransientError: surely not applied (no connection was made); UnknownOutcome: a write may have been; TooMuch
Source  httpx 0.28; facts 7.4
"""

from __future__ import annotations

import email.utils
import os
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from urllib.parse import urljoin, urlsplit

import httpx

from calsync_cli import __version__
from calsync_cli.errors import ConfigError, TransientError, UnknownOutcome
from calsync_cli.model.account import Account
from calsync_cli.providers import body
from calsync_cli.providers.body import TooMuch as TooMuch
from calsync_cli.providers.deadline import Deadline, limit_all

MAX_BODY, MAX_LIST = 32_000_000, 256_000_000
PATIENCE = 10
CONNECT_S = 10.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PORTS = {"https": 443, "http": 80}


NEVER_SENT = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


def make_client(account: Account) -> httpx.Client:
    """No redirects are followed and no credentials are set: both are the caller's, by origin (facts 0.9)."""
    limits = httpx.Limits(max_connections=account.concurrency, max_keepalive_connections=account.concurrency)
    client = httpx.Client(
        http2=False, follow_redirects=False, limits=limits, proxy=account.proxy, verify=_context(account),
        timeout=httpx.Timeout(account.timeout_s, connect=min(CONNECT_S, account.timeout_s)),
        headers={"User-Agent": f"calsync/{__version__}", "Accept-Encoding": body.ACCEPTED},
    )
    limit_all(client)
    return client


_READING = Lock()
"""Accounts begin side by side, and each would read the authorities before another has them."""


@cache
def _public_authorities(*where: str | None) -> ssl.SSLContext:
    """Reading them takes longer than a quiet answer; every client without a certificate of its own shares them.

    where: what the environment says of their place
    """
    return httpx.create_ssl_context()


def _context(account: Account) -> ssl.SSLContext:
    if account.ca_file is None and account.client_cert is None:
        with _READING:
            return _public_authorities(*map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
    key = "ca_file"
    try:
        context = ssl.create_default_context(cafile=str(account.ca_file) if account.ca_file else None)
        if account.client_cert is not None:
            key = "client_cert"
            context.load_cert_chain(str(account.client_cert))
    except OSError as err:
        text = f"the certificate file cannot be used: {_words(err)}"
        raise ConfigError([(f"accounts.{account.name}.{key}", text)]) from err
    return context


def is_allowed(url: str) -> bool:
    """https anywhere, plain http to this machine only."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)


def site(url: str) -> str:
    """Scheme, host and any unusual port: one spelling per origin, and never the user or password of the address."""
    scheme, host, port = origin(url)
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port == PORTS.get(scheme) else f"{scheme}://{name}:{port}"


def joined(base: str, href: str) -> str:
    """The address that `href` means in an answer from `base`. urljoin alone loses a semicolon at the end of a name."""
    if urlsplit(href).scheme in PORTS:
        return href
    return site(base) + href if href.startswith("/") and not href.startswith("//") else urljoin(base, href)


def send(
    client: httpx.Client, request: httpx.Request, *, auth: httpx.Auth | None, writes: bool,
    again: Callable[[], bool] = lambda: False, receive: Receive | None = None, deadline: Deadline | None = None,
) -> httpx.Response:
    """One exchange with the body read and bounded. `again` says whether a read that was cut may be repeated."""
    host = request.url.netloc.decode("ascii", "replace")
    try:
        with deadline or Deadline(_patience_s(request)):
            return (receive or _receive)(client.send(request, auth=auth, stream=True))
    except NEVER_SENT as err:
        raise TransientError(f"{host} cannot be reached ({_words(err)})", next="calsync doctor") from err
    except TooMuch as err:
        if writes:
            raise UnknownOutcome(f"{host} gave no readable answer to a write ({err})") from err
        raise
    except httpx.HTTPError as err:
        if writes:
            raise UnknownOutcome(f"{host} gave no readable answer to a write ({_words(err)})") from err
        if again():
            return send(client, request, auth=auth, writes=writes, receive=receive, deadline=deadline)
        raise TransientError(f"{host} gave no readable answer ({_words(err)})") from err


Receive = Callable[[httpx.Response], httpx.Response]


def _patience_s(request: httpx.Request) -> float:
    return PATIENCE * float(request.extensions["timeout"]["read"])


def _receive(response: httpx.Response) -> httpx.Response:
    try:
        return whole(response, body.read(response, MAX_BODY))
    finally:
        response.close()


def whole(response: httpx.Response, content: bytes) -> httpx.Response:
    """The answer with its body as it is now."""
    untrue = ("content-encoding", "content-length", "transfer-encoding")
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in untrue]
    return httpx.Response(response.status_code, headers=headers, content=content, request=response.request)


def _words(err: Exception) -> str:
    """The reason, without the numbers and file names that libraries put around it."""
    if isinstance(err, httpx.TimeoutException):
        return "it took too long"
    if "CERTIFICATE_VERIFY_FAILED" in str(err):
        reason = re.sub(r"^.*certificate verify failed: |\s*\(_ssl\.c:\d+\)$", "", str(err))
        return f"its certificate is not trusted: {reason}; ca_file names one of your own"
    return re.sub(r"^\[(Errno -?\d+|SSL[^]]*)\] |\s*\(_ssl\.c:\d+\)$", "", str(err)) or "the connection was cut"


def http_date(text: str | None) -> datetime | None:
    """RFC 9110 section 5.6.7; None for what is none."""
    try:
        return email.utils.parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def retry_after_s(response: httpx.Response, now: datetime) -> float | None:
    """Seconds, from a number or a date (RFC 9110 section 10.2.3)."""
    text = response.headers.get("retry-after")
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    when = http_date(text)
    return None if when is None else max(0.0, (when - now).total_seconds())
