"""The door: what is believed, what is not, and that nobody learns which."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from calsync_cli.errors import ConfigError
from calsync_cli.ports import system_ports
from calsync_cli.providers.base import Channel
from calsync_cli.providers.notices import MAX_BODY
from calsync_cli.watch.inbox import Inbox, Notice
from calsync_cli.watch.receiver import BURST, Door, Receiver

GOOGLE = Door(1, "g" * 48, "google", Channel("ours", "me", "", "token-1", "res"))
GRAPH = Door(2, "m" * 48, "microsoft", Channel("sub", "", "", "state-2"))
TRUE = {"X-Goog-Channel-ID": "ours", "X-Goog-Channel-Token": "token-1", "X-Goog-Resource-ID": "res",
        "X-Goog-Resource-State": "exists", "X-Goog-Message-Number": "7"}


class Desk:
    def __init__(self) -> None:
        self.inbox = Inbox()
        self.receiver = Receiver(system_ports(), self.inbox)
        self.receiver.doors = (GOOGLE, GRAPH)
        self.receiver.start()
        self.web = httpx.Client(base_url=f"http://127.0.0.1:{self.receiver.port}", trust_env=False)

    def post(self, path: str, headers: dict[str, str] | None = None, body: Any = b"", **more: Any) -> httpx.Response:
        return self.web.post(path, headers=headers, content=body, **more)

    @property
    def heard(self) -> list[Any]:
        return self.inbox.take(0.01)

    def close(self) -> None:
        self.web.close()
        self.receiver.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


def notice(**changes: Any) -> bytes:
    entry = {"subscriptionId": "sub", "clientState": "state-2", "changeType": "updated", **changes}
    return json.dumps({"value": [entry]}).encode()


def test_it_listens_on_this_machine_only(desk: Desk) -> None:
    assert desk.receiver._socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(ConfigError, match="taken"):
        Receiver(system_ports(), desk.inbox, desk.receiver.port)


def test_true_notices_are_heard_once_however_often_they_come(desk: Desk) -> None:
    for _ in range(3):
        assert desk.post(f"/{GOOGLE.path}", TRUE).status_code == 202
        assert desk.post(f"/prefix/{GRAPH.path}", body=notice()).status_code == 202
    assert sorted(signal.number for signal in desk.heard) == [1, 2]
    desk.post(f"/{GRAPH.path}", body=notice(lifecycleEvent="subscriptionRemoved"))
    assert desk.heard == [Notice(2, "gone")]


@pytest.mark.parametrize("changed", [
    {"X-Goog-Channel-Token": "token-2"}, {"X-Goog-Channel-Token": ""}, {"X-Goog-Channel-ID": "other"},
    {"X-Goog-Resource-ID": "other"}, {"X-Goog-Resource-State": "add"}, {"X-Goog-Channel-Token": "\u00e9"},
])  # fmt: skip
def test_a_forged_google_message_is_answered_like_a_true_one_and_means_nothing(
    desk: Desk, changed: dict[str, str]
) -> None:
    headers = {name: value.encode() for name, value in {**TRUE, **changed}.items()}
    answer = desk.web.post(f"/{GOOGLE.path}", headers=headers)
    assert desk.heard == []
    true = desk.post(f"/{GOOGLE.path}", TRUE)
    assert (answer.status_code, answer.content, answer.headers) == (true.status_code, true.content, true.headers)
    assert desk.heard == [Notice(1, "changed")]


@pytest.mark.parametrize("body", [
    notice(clientState="state-1"), notice(clientState=None), notice(subscriptionId="another"), b"{", b"",
    b'{"value": {}}', notice(clientState="\ud800"),
])  # fmt: skip
def test_a_forged_graph_notice_is_answered_like_a_true_one_and_means_nothing(desk: Desk, body: bytes) -> None:
    answer = desk.post(f"/{GRAPH.path}", body=body)
    assert desk.heard == []
    true = desk.post(f"/{GRAPH.path}", body=notice())
    assert (answer.status_code, answer.content, answer.headers) == (true.status_code, true.content, true.headers)
    assert desk.heard == [Notice(2, "changed")]


def test_one_true_notice_among_forged_ones_counts(desk: Desk) -> None:
    forged = notice(clientState="x", lifecycleEvent="subscriptionRemoved")
    both = [entry for body in (notice(), forged) for entry in json.loads(body)["value"]]
    desk.post(f"/{GRAPH.path}", body=json.dumps({"value": both}).encode())
    assert desk.heard == [Notice(2, "changed")]


@pytest.mark.parametrize("path", ["/", "/x", f"/{'g' * 47}", f"/{'g' * 49}", "/%00", f"/{'m' * 48}/", "/%ff"])
def test_whoever_guesses_learns_nothing(desk: Desk, path: str) -> None:
    answers = [desk.post(path, TRUE), desk.web.get(f"/{GOOGLE.path}"), desk.web.request("PUT", f"/{GOOGLE.path}"),
               desk.web.get(f"/{GRAPH.path}?validationToken=x")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b"")}
    assert all(set(answer.headers) == {"content-length"} for answer in answers)
    assert desk.heard == []


def test_a_handshake_is_echoed_where_it_belongs_and_as_plain_text(desk: Desk) -> None:
    token = "Validation: Testing a+b%2B c"
    answer = desk.post(f"/{GRAPH.path}", params={"validationToken": token})
    assert (answer.status_code, answer.text) == (200, token)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for path, text in ((GOOGLE.path, token), (GRAPH.path, "<script>"), (GRAPH.path, "x" * 3000)):
        assert desk.post(f"/{path}", params={"validationToken": text}).content == b""
    assert desk.heard == []


def test_large_bodies_are_refused_whether_they_say_so_or_not(desk: Desk) -> None:
    assert desk.post(f"/{GRAPH.path}", body=b"x" * (MAX_BODY + 1)).status_code == 413
    assert desk.post(f"/{GRAPH.path}", body=(b"x" * 65536 for _ in range(20))).status_code == 413
    line = http.client.HTTPConnection("127.0.0.1", desk.receiver.port, timeout=5)
    line.putrequest("POST", f"/{GRAPH.path}")
    line.putheader("Content-Length", "99999999999")
    line.endheaders()
    assert line.getresponse().status == 413
    line.close()
    assert desk.post(f"/{GRAPH.path}", body=notice()).status_code == 202, "it goes on"


def test_a_flood_is_cut_off_and_afterwards_it_goes_on(desk: Desk) -> None:
    codes = [desk.post("/x").status_code for _ in range(BURST + 60)]
    assert codes.count(404) >= BURST and codes[-1] == 429
    end = time.monotonic() + 10
    while desk.post(f"/{GOOGLE.path}", TRUE).status_code == 429:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert desk.heard == [Notice(1, "changed")]


def test_nonsense_instead_of_http_hurts_nobody(desk: Desk) -> None:
    for junk in (b"\x00" * 1000, b"POST / HTTP/1.1\r\n" + b"a" * 100_000, b"\x16\x03\x01\x02\x00"):
        with socket.create_connection(("127.0.0.1", desk.receiver.port)) as line:
            line.sendall(junk)
    assert desk.post(f"/{GOOGLE.path}", TRUE).status_code == 202
