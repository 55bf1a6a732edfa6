"""Answers that do not end, in size or in time, from whoever a provider or a sign-in asks."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count

import httpx
import pytest

from calsync_cli.auth.google.endpoint import post
from calsync_cli.auth.microsoft.web import Web
from calsync_cli.errors import CalsyncError, ProtocolError, TransientError, UnknownOutcome
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports, system_ports
from calsync_cli.providers import http
from calsync_cli.providers.caldav.client import DavClient
from calsync_cli.providers.deadline import Deadline
from calsync_cli.providers.google.client import Call as GoogleCall
from calsync_cli.providers.google.client import GoogleClient
from calsync_cli.providers.graph.client import Call as GraphCall
from calsync_cli.providers.graph.client import GraphClient
from calsync_cli.providers.ics import web
from calsync_cli.providers.ics.web import WebSource
from tests.emulators.graph.tls import TestCa
from tests.security.wire import Send, Talk, head, packed, wire

LIMIT, TIMEOUT_S, PATIENCE_S = 300_000, 0.1, 0.2


def ports() -> Ports:
    """Waiting costs nothing here; what is measured are the exchanges."""
    real, tick = system_ports(), count()
    return Ports(lambda: datetime(2026, 11, 21, tzinfo=UTC), lambda: float(next(tick)), lambda s: None, real.fresh_id)


def account(url: str, provider: str) -> Account:
    return Account("x", provider, url=url, api_url=url, token_url=url, timeout_s=TIMEOUT_S)


def _caldav(url: str) -> object:
    return DavClient(account(url, "caldav"), lambda: Secret("s"), ports()).request("PROPFIND", "/")


def _google(url: str) -> object:
    return GoogleClient(account(url + "/", "google"), httpx.BasicAuth("a", "b"), ports()).call(GoogleCall("GET", "x"))


def _graph(url: str) -> object:
    return GraphClient(account(url, "microsoft"), httpx.BasicAuth("a", "b"), ports()).call(GraphCall("GET", "/x"))


def _ics(url: str) -> object:
    return WebSource(account(url, "ics"), ports()).get({})


def _token(url: str) -> object:
    return post(account(url, "google"), url, {"a": "b"}, ports())



ASKERS: dict[str, Callable[[str], object]] = {
    "caldav": _caldav, "google": _google, "graph": _graph, "ics": _ics, "google token": _token,
}  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY", LIMIT)
    monkeypatch.setattr(web, "MAX_BYTES", LIMIT)
    monkeypatch.setattr(http, "PATIENCE", PATIENCE_S / TIMEOUT_S)
    monkeypatch.setattr(web, "TOTAL_S", PATIENCE_S)


def endless(send: Send, request: bytes) -> None:
    send(head(Content_Type="application/json"))
    while True:
        send(b"x" * 65536)


def chunked(send: Send, request: bytes) -> None:
    send(head(Transfer_Encoding="chunked"))
    while True:
        send(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def bomb(send: Send, request: bytes) -> None:
    send(head(Content_Encoding="gzip"))
    for piece in packed(50_000_000):
        send(piece)


def nested(send: Send, request: bytes) -> None:
    """A few kilobytes that are gigabytes; the library's own reader would have unpacked both layers."""
    send(head(Content_Encoding="gzip, gzip") + BOMB_OF_BOMBS)


BOMB_OF_BOMBS = gzip.compress(b"".join(packed(50_000_000)))


@pytest.mark.parametrize("ask", ASKERS.values(), ids=ASKERS)
@pytest.mark.parametrize("talk", [endless, chunked, bomb, nested], ids=lambda talk: talk.__name__)
def test_an_answer_without_end_is_left_before_it_fills_the_memory(ask: Callable[[str], object], talk: Talk) -> None:
    with wire(talk) as here:
        tracemalloc.start()
        with pytest.raises(CalsyncError) as caught:
            ask(here.url)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert isinstance(caught.value, ProtocolError | TransientError) and peak < 20 * LIMIT


def drip_head(send: Send, request: bytes) -> None:
    send(b"HTTP/1.1 200 OK\r\n")
    while True:
        send(b"X: y\r\n")
        time.sleep(0.03)


def drip_body(send: Send, request: bytes) -> None:
    send(head(Content_Type="text/calendar"))
    while True:
        send(b" ")
        time.sleep(0.03)


def ended(ask: Callable[[str], object], url: str, most_s: float) -> CalsyncError:
    begin = time.monotonic()
    with pytest.raises(CalsyncError) as caught:
        ask(url)
    assert time.monotonic() - begin < most_s
    return caught.value


@pytest.mark.parametrize("ask", ASKERS.values(), ids=ASKERS)
@pytest.mark.parametrize("talk", [drip_head, drip_body], ids=lambda talk: talk.__name__)
def test_a_server_that_sends_a_byte_now_and_then_is_left_in_time(ask: Callable[[str], object], talk: Talk) -> None:
    with wire(talk) as here:
        found = ended(ask, here.url, 4 * PATIENCE_S + 2)
    assert isinstance(found, TransientError) and ("too long" in str(found) or "took more than" in str(found))


@pytest.fixture(scope="module")
def ca() -> Iterator[TestCa]:
    made = TestCa()
    yield made
    made.close()


def test_the_same_over_tls_and_at_the_sign_in_service(ca: TestCa) -> None:
    with wire(drip_head, ca.context()) as here:
        asked = Account("x", "microsoft", ca_file=ca.ca_file, timeout_s=TIMEOUT_S)
        ended(lambda url: Web(asked, ports()).get(url), here.url, 4 * PATIENCE_S + 2)
        assert here.heads
    with wire(bomb, ca.context()) as here, pytest.raises(ProtocolError):
        Web(asked, ports()).get(here.url)


def test_the_same_through_a_proxy() -> None:
    with wire(drip_body) as here:
        asked = Account("x", "caldav", url="http://127.0.0.1:9/", proxy=here.url, timeout_s=TIMEOUT_S)
        ended(lambda _: DavClient(asked, lambda: Secret("s"), ports()).request("GET", "/"), "", 4 * PATIENCE_S + 2)
        assert here.heads


def test_the_same_on_a_connection_that_was_good_before() -> None:
    """The second request goes over the first one's connection."""
    good = iter([True])

    def talk(send: Send, request: bytes) -> None:
        if next(good, False):
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            time.sleep(0.1)
        drip_head(send, request)

    with wire(talk) as here:
        client = DavClient(account(here.url, "caldav"), lambda: Secret("s"), ports())
        assert client.request("GET", "/").content == b"ok"
        ended(lambda _: client.request("GET", "/"), "", 4 * PATIENCE_S + 2)


def test_an_endless_answer_to_a_write_leaves_its_outcome_open() -> None:
    with wire(endless) as here:
        client = DavClient(account(here.url, "caldav"), lambda: Secret("s"), ports())
        with pytest.raises(UnknownOutcome):
            client.request("PUT", "/x.ics", b"BEGIN:VCALENDAR")


def test_a_packed_answer_is_read() -> None:
    def talk(send: Send, request: bytes) -> None:
        assert b"accept-encoding: gzip\r\n" in request.lower()
        send(head(Content_Encoding="gzip") + gzip.compress(b"x" * 100_000))

    with wire(talk) as here:
        client = DavClient(account(here.url, "caldav"), lambda: Secret("s"), ports())
        assert client.request("GET", "/").content == b"x" * 100_000


def test_a_renewal_inside_of_a_request_has_its_own_time() -> None:
    with Deadline(0.2) as outer:
        with Deadline(10) as inner:
            time.sleep(0.3)
            assert not inner.over
        assert not outer.over
        time.sleep(0.3)
        assert outer.over
