"""Where credentials go: to the origin they are for, whatever a server says.

For CalDAV and iCloud also tests/unit/caldav/test_client.py, for feeds tests/contract/test_ics.py.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from calsync_cli.auth.google.endpoint import post
from calsync_cli.auth.token import RenewedToken
from calsync_cli.errors import CalsyncError, ProtocolError
from calsync_cli.model.secret import Secret
from calsync_cli.providers.caldav.client import DavClient
from calsync_cli.providers.google.client import Call as GoogleCall
from calsync_cli.providers.google.client import GoogleClient
from calsync_cli.providers.graph.client import Call as GraphCall
from calsync_cli.providers.graph.client import GraphClient
from tests.security.test_answers import account, ports
from tests.security.wire import Send, head, wire

SECRET = "Bearer t0psecret"


class Bearer(RenewedToken):  # type: ignore[type-arg]
    """The real one's rules about origins, with a token that needs no store."""

    def parsed(self, secret: Secret | None) -> None:
        raise AssertionError

    mismatch = ask = parsed  # type: ignore[assignment]

    def bearer(self, need: object = None) -> str:
        return SECRET.removeprefix("Bearer ")


def _google(url: str) -> object:
    asked = replace(account(url + "/", "google"), timeout_s=10.0)
    return GoogleClient(asked, Bearer(asked, lambda: None, ports(), url), ports()).call(GoogleCall("GET", "x"))  # type: ignore[arg-type,return-value]


def _graph(url: str) -> object:
    asked = replace(account(url, "microsoft"), timeout_s=10.0)
    return GraphClient(asked, Bearer(asked, lambda: None, ports(), url), ports()).call(GraphCall("GET", "/x"))  # type: ignore[arg-type,return-value]


def _token(url: str) -> object:
    return post(replace(account(url, "google"), timeout_s=10.0), url, {"refresh_token": SECRET}, ports())


def _caldav(url: str) -> object:
    asked = replace(account(url, "caldav"), username="me", timeout_s=10.0)
    return DavClient(asked, lambda: Secret(SECRET), ports()).request("PROPFIND", "/")


ASKERS: dict[str, Callable[[str], object]] = {
    "google": _google, "graph": _graph, "google token": _token, "caldav": _caldav,
}  # fmt: skip


def nothing(send: Send, request: bytes) -> None:
    send(head(Content_Length="0"))


@pytest.mark.parametrize("ask", ASKERS.values(), ids=ASKERS)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_takes_no_credential_to_another_origin(ask: Callable[[str], object], status: str) -> None:
    """The thief listens on another port of the same machine, which is another origin."""
    with wire(nothing) as thief:

        def away(send: Send, request: bytes) -> None:
            send(head(status, Location=f"{thief.url}/x", Content_Length="0"))

        with wire(away) as here:
            try:
                ask(here.url)
            except CalsyncError as err:
                assert "t0psecret" not in str(err)
            assert b"t0psecret" in here.heads[0] or ask is _token or b"Basic" in here.heads[0]
        assert not any(b"authorization" in one.lower() or b"t0psecret" in one for one in thief.heads)
        assert thief.heads == [] or ask is _caldav


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/next", "http://127.0.0.1:1/next", "https://graph.microsoft.com.evil.example/x",
        "https://graph.microsoft.com@evil.example/x", "//evil.example/x", "https:evil.example", "ftp://evil.example/",
        "https://graph.microsoft.com:444/x", "http://graph.microsoft.com/x",
    ],
)
def test_a_link_to_go_on_with_leads_nowhere_else(link: str) -> None:
    """@odata.nextLink and @odata.deltaLink; the stored one too."""
    asked: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={})

    here = account("https://graph.microsoft.com/v1.0", "microsoft")
    client = GraphClient(here, Bearer(here, lambda: None, ports(), here.api_url or ""), ports())  # type: ignore[arg-type,return-value]
    client._client = httpx.Client(transport=httpx.MockTransport(note))
    with suppress(ProtocolError, httpx.InvalidURL):
        client.call(GraphCall("GET", link))
    assert not [url for url in asked if not url.startswith("https://graph.microsoft.com/v1.0/")]


def test_the_bearer_itself_refuses_any_other_origin() -> None:
    here = account("https://graph.microsoft.com/v1.0", "microsoft")
    auth = Bearer(here, lambda: None, ports(), "https://graph.microsoft.com/v1.0")  # type: ignore[arg-type,return-value]
    for url in ("https://evil.example/", "http://graph.microsoft.com/", "https://graph.microsoft.com:8443/"):
        with pytest.raises(ProtocolError, match="nothing was sent"):
            next(auth.auth_flow(httpx.Request("GET", url)))
