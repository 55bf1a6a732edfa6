"""One httpx client per account: timeouts, certificates, proxy, TLS on. Errors of the library end here.

Units   seconds
Errors  TransientError: surely not applied (no connection was made); UnknownOutcome: a write may have been
Source  httpx 0.28; facts 7.4
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from calsync_cli import __version__
from calsync_cli.errors import ConfigError, ProtocolError, TransientError, UnknownOutcome
from calsync_cli.model.account import Account

MAX_BODY = 64_000_000
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def make_client(account: Account) -> httpx.Client:
    """No redirects are followed and no credentials are set: both are the caller's, by origin (facts 0.9)."""
    limits = httpx.Limits(max_connections=account.concurrency, max_keepalive_connections=account.concurrency)
    return httpx.Client(
        http2=False, follow_redirects=False, timeout=account.timeout_s, limits=limits, proxy=account.proxy,
        verify=_context(account), headers={"User-Agent": f"calsync/{__version__}"},
    )


def _context(account: Account) -> ssl.SSLContext | bool:
    if account.ca_file is None and account.client_cert is None:
        return True
    try:
        context = ssl.create_default_context(cafile=str(account.ca_file) if account.ca_file else None)
        if account.client_cert is not None:
            context.load_cert_chain(str(account.client_cert))
    except OSError as err:
        text = f"the certificate file cannot be used: {err}"
        raise ConfigError([(f"accounts.{account.name}.ca_file", text)]) from err
    return context


def is_allowed(url: str) -> bool:
    """https anywhere, plain http to this machine only."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def send(
    client: httpx.Client, request: httpx.Request, *, auth: httpx.Auth | None, writes: bool,
    again: Callable[[], bool] = lambda: False,
) -> httpx.Response:
    """One exchange with the body read and bounded. `again` says whether a read that was cut may be repeated."""
    host = request.url.netloc.decode("ascii", "replace")
    try:
        return _receive(client, request, auth)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as err:
        raise TransientError(f"{host} cannot be reached ({_words(err)})", next="calsync doctor") from err
    except httpx.HTTPError as err:
        if writes:
            raise UnknownOutcome(f"{host} gave no readable answer to a write ({_words(err)})") from err
        if again():
            return send(client, request, auth=auth, writes=writes)
        raise TransientError(f"{host} gave no readable answer ({_words(err)})") from err


def _receive(client: httpx.Client, request: httpx.Request, auth: httpx.Auth | None) -> httpx.Response:
    response = client.send(request, auth=auth, stream=True)
    try:
        chunks, size = [], 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > MAX_BODY:
                raise ProtocolError(f"{request.url.host} sent more than {MAX_BODY:,} bytes in one answer")
            chunks.append(chunk)
    finally:
        response.close()
    decoded = ("content-encoding", "content-length", "transfer-encoding")  # no longer true of the body as it is now
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in decoded]
    return httpx.Response(response.status_code, headers=headers, content=b"".join(chunks), request=request)


def _words(err: Exception) -> str:
    text = re.sub(r"^\[Errno -?\d+\] ", "", str(err)) or type(err).__name__
    return "it took too long" if isinstance(err, httpx.TimeoutException) else text
