"""Where requests and the password go (facts 0.9, 1.2), over a transport that only writes down what it is asked."""

from __future__ import annotations

import base64
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from calsync_cli.errors import AuthError, ConfigError, ProtocolError, TransientError, UnknownOutcome
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.caldav.client import DavClient

BASIC = "Basic " + base64.b64encode(b"me:secret").decode()
Answer = Callable[[httpx.Request], httpx.Response]
slept: list[float] = []
PORTS = Ports(lambda: datetime(2026, 11, 21, tzinfo=UTC), lambda: 0.0, slept.append, lambda: "0" * 32)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[DavClient, list[httpx.Request]]]]:
    made: list[DavClient] = []
    slept.clear()

    def make(answer: Answer, url: str = "https://dav.example.org/dav/") -> tuple[DavClient, list[httpx.Request]]:
        seen: list[httpx.Request] = []

        def note(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return answer(request)

        monkeypatch.setattr(http, "make_client", lambda _: httpx.Client(transport=httpx.MockTransport(note)))
        account = Account("home", "caldav", url=url, username="me")
        made.append(DavClient(account, lambda: Secret("secret"), PORTS))
        return made[-1], seen

    yield make
    for one in made:
        one.close()


def moved(code: int, to: str) -> Answer:
    return lambda request: (
        httpx.Response(207) if request.url.path == "/new/" else httpx.Response(code, headers={"Location": to})
    )


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_keeps_method_body_and_password(client, code: int) -> None:  # type: ignore[no-untyped-def]
    dav, seen = client(moved(code, "/new/"))
    assert dav.request("PROPFIND", "/dav/", b"<body/>", {"Depth": "0"}).status_code == 207
    first, second = seen
    assert (second.method, second.content, second.headers["depth"]) == ("PROPFIND", b"<body/>", "0")
    assert first.headers["authorization"] == second.headers["authorization"] == BASIC


@pytest.mark.parametrize(
    ("home", "to", "sent"),
    [
        ("https://dav.example.org/", "https://dav.example.org:443/new/", True),
        ("https://dav.example.org/", "https://dav.example.org:8443/new/", False),
        ("https://dav.example.org/", "https://other.example.org/new/", False),
        ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com:443/new/", True),
        ("https://caldav.icloud.com/", "https://icloud.com.example.org/new/", False),
        ("https://caldav.icloud.com/", "https://noticloud.com/new/", False),
        ("https://dav.example.org/", "https://p42-caldav.icloud.com/new/", False),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:9000/new/", False),
    ],
)
def test_the_password_goes_to_its_own_origin_only(client, home: str, to: str, sent: bool) -> None:  # type: ignore[no-untyped-def]
    dav, seen = client(moved(302, to), home)
    dav.request("PROPFIND", "/dav/")
    assert ("authorization" in seen[1].headers) == sent


@pytest.mark.parametrize("to", [
    "http://dav.example.org/new/", "http://127.0.0.1:8080/new/", "http://localhost/new/", "ftp://dav.example.org/",
    "file:///etc/hosts", "http://[x/",
])  # fmt: skip
def test_a_redirect_out_of_encryption_is_not_followed(client, to: str) -> None:  # type: ignore[no-untyped-def]
    dav, seen = client(moved(302, to))
    with pytest.raises(ProtocolError):
        dav.request("PROPFIND", "/dav/")
    assert len(seen) == 1


def test_redirects_in_circles_end_after_five(client) -> None:  # type: ignore[no-untyped-def]
    dav, seen = client(moved(302, "/dav/again/"))
    with pytest.raises(ProtocolError, match="in circles"):
        dav.request("PROPFIND", "/dav/")
    assert len(seen) == 6


def test_the_first_request_already_carries_the_password(client) -> None:  # type: ignore[no-untyped-def]
    """Yahoo's 401 offers nothing (facts 1.4), and a quiet calendar costs one request."""
    dav, seen = client(lambda _: httpx.Response(207))
    dav.request("REPORT", "/dav/")
    assert [request.headers["authorization"] for request in seen] == [BASIC]
    assert dav.requests == {"read": 1, "write": 0}


def test_a_wait_longer_than_a_minute_is_left_to_the_caller(client) -> None:  # type: ignore[no-untyped-def]
    dav, seen = client(lambda _: httpx.Response(429, headers={"Retry-After": "3600"}))
    assert dav.request("REPORT", "/dav/").status_code == 429
    assert (len(seen), slept) == (1, [])


def test_a_write_is_never_repeated_for_being_too_early(client) -> None:  # type: ignore[no-untyped-def]
    dav, seen = client(lambda _: httpx.Response(503, headers={"Retry-After": "1"}))
    assert dav.request("PUT", "/dav/a.ics", b"x").status_code == 503
    assert (len(seen), slept, dav.requests) == (1, [], {"read": 0, "write": 1})


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("err", [httpx.ConnectError("no"), httpx.ConnectTimeout("slow"), httpx.ProxyError("407")])
def test_without_a_connection_nothing_was_written(client, method: str, err: Exception) -> None:  # type: ignore[no-untyped-def]
    def fail(request: httpx.Request) -> httpx.Response:
        raise err

    dav, seen = client(fail)
    with pytest.raises(TransientError):
        dav.request(method, "/dav/a.ics")
    assert len(seen) == 1


@pytest.mark.parametrize(("method", "error", "tries"), [("GET", TransientError, 2), ("DELETE", UnknownOutcome, 1)])
def test_a_cut_connection_repeats_reads_once_and_writes_never(  # type: ignore[no-untyped-def]
    client, method: str, error: type[Exception], tries: int
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    dav, seen = client(fail)
    with pytest.raises(error, match=r"^dav\.example\.org gave no readable answer"):
        dav.request(method, "/dav/a.ics")
    assert len(seen) == tries


def test_an_etag_need_not_be_ascii(client) -> None:  # type: ignore[no-untyped-def]
    dav, seen = client(lambda _: httpx.Response(204))
    dav.request("PUT", "/dav/a.ics", b"x", {"If-Match": '"größe"'})
    assert dict(seen[0].headers.raw)[b"If-Match"] == '"größe"'.encode()


def test_an_account_that_is_not_signed_in_names_the_login() -> None:
    account = Account("home", "caldav", url="https://dav.example.org/", username="me")
    with pytest.raises(AuthError) as err:
        DavClient(account, lambda: None, PORTS).request("GET", "/")
    assert err.value.next == "calsync login home"


@pytest.mark.parametrize("key", ["ca_file", "client_cert"])
def test_a_certificate_file_that_cannot_be_used_is_named(key: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bad.pem").write_text("no certificate")
    account = Account("home", "caldav", url="https://dav.example.org/", **{key: tmp_path / "bad.pem"})
    with pytest.raises(ConfigError) as err:
        http.make_client(account)
    assert err.value.problems[0][0] == f"accounts.home.{key}"


def test_accounts_that_begin_side_by_side_read_the_authorities_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", "/a place that nobody has read yet")
    read, gate = [], threading.Barrier(4)
    real = ssl.create_default_context

    def slowly(**given: Any) -> ssl.SSLContext:
        read.append(given)
        time.sleep(0.02)
        return real(**given)

    def begin(name: str) -> httpx.Client:
        gate.wait()
        return http.make_client(Account(name, "caldav", url="https://dav.example.org/", username="me"))

    monkeypatch.setattr(ssl, "create_default_context", slowly)
    with ThreadPoolExecutor(4) as crew:
        for one in crew.map(begin, "abcd"):
            one.close()
    assert len(read) == 1


@pytest.mark.parametrize(
    ("url", "site"),
    [("https://me:secret@dav.example.org/x?token=1", "https://dav.example.org"), ("https://A.example:443/", "https://a.example"),
     ("http://127.0.0.1:5232/x", "http://127.0.0.1:5232"), ("http://[::1]:80/", "http://[::1]")],
)
def test_a_site_has_one_name_and_no_secrets(url: str, site: str) -> None:
    assert http.site(url) == site
