"""What may come to the receiver of Microsoft's answer, and what is taken: one form, ours, once (RFC 8252, RFC 9700)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from urllib.parse import urlencode

import httpx
import pytest

from calsync_cli.auth.answer import NotOurs
from calsync_cli.auth.loopback import DONE, LATE, REFUSED
from calsync_cli.auth.microsoft.receiver import MAX_FORM, Form, FormReceiver, read_form

STATE = "s" * 32
CODE = {"code": "M.C5_" + "c" * 3000, "state": STATE, "client_info": "e30"}


class Door:
    def __init__(self) -> None:
        self.answers: SimpleQueue[Form] = SimpleQueue()
        self.strays: list[str] = []
        self.receiver = FormReceiver(self.answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.receiver.port}"

    def post(self, form: dict[str, str], path: str = "/", **headers: str) -> httpx.Response:
        return httpx.post(self.url + path, data=form, headers=headers, trust_env=False)

    def came(self) -> Form | None:
        try:
            return self.answers.get(timeout=0.2)
        except Empty:
            return None


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    with door.receiver as receiver:
        receiver.receive(STATE, stray=door.strays.append)
        yield door


def test_the_form_is_taken_once(door: Door) -> None:
    assert door.receiver.redirect_uri == f"http://localhost:{door.receiver.port}"
    answer = door.post(CODE)
    assert answer.status_code == 200 and DONE in answer.text and CODE["code"] not in answer.text
    form = door.came()
    assert form is not None and form.fields == CODE and not form.error
    late = door.post(CODE)
    assert late.status_code == 410 and LATE in late.text and door.came() is None
    assert CODE["code"] not in repr(form)


def test_a_refusal_comes_with_its_description(door: Door) -> None:
    said = {"error": "access_denied", "error_description": "AADSTS65004: no", "state": STATE, "error_subcode": "cancel"}
    answer = door.post(said)
    assert answer.status_code == 200 and REFUSED in answer.text
    form = door.came()
    assert form is not None and form.error == "access_denied"
    assert form.fields["error_description"] == "AADSTS65004: no"


def test_connections_that_a_browser_opens_in_advance_do_not_hold_up_the_answer(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.receiver.port)), socket.create_connection(
        ("127.0.0.1", door.receiver.port)
    ) as second:
        second.sendall(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n")
        assert door.post(CODE).status_code == 200 and door.came() is not None


def test_it_listens_to_this_machine_only(door: Door) -> None:
    assert door.receiver._server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("form", "path", "headers", "status"),
    [
        (CODE | {"state": "x" * 32}, "/", {}, 400), ({"code": "c"}, "/", {}, 400), ({"state": STATE}, "/", {}, 400),
        ({}, "/", {}, 400), (CODE, "/other", {}, 404), (CODE, "/", {"Host": "evil.example"}, 421),
        ({**CODE, "code": "x" * MAX_FORM}, "/", {}, 413), (CODE, "/", {"Content-Length": "99999999"}, 413),
        (CODE, "/", {"Content-Length": "x"}, 413),
    ],
)
def test_what_is_not_ours_is_refused_and_the_wait_goes_on(
    door: Door, form: dict[str, str], path: str, headers: dict[str, str], status: int
) -> None:
    raw = f"POST {path} HTTP/1.1\r\n"
    body = urlencode(form).encode()
    known = {"Host": f"localhost:{door.receiver.port}", "Content-Length": str(len(body)), **headers}
    raw += "".join(f"{name}: {value}\r\n" for name, value in known.items()) + "\r\n"
    with socket.create_connection(("127.0.0.1", door.receiver.port), 5) as client:
        client.sendall(raw.encode() + body[:60000])
        assert client.recv(100).split()[1] == str(status).encode()
    assert door.came() is None
    assert door.post(CODE).status_code == 200 and door.came() is not None


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS"])
def test_an_answer_in_an_address_is_not_taken(door: Door, method: str) -> None:
    answer = httpx.request(method, f"{door.url}/?{urlencode(CODE)}", trust_env=False)
    assert answer.status_code in (404, 501) and door.came() is None


@pytest.mark.parametrize("body", [
    f"state={STATE}&state={STATE}&code=c", f"state={STATE}&code=c&code=d", f"state={STATE}&code=%ff",
    f"state={STATE}&code=", "&".join(f"a{n}=b" for n in range(40)), f"state={STATE}\u00e9&code=c",
])
def test_odd_forms_are_nobodys(body: str) -> None:
    with pytest.raises(NotOurs):
        read_form(body, STATE)


def test_an_error_that_cannot_be_printed_is_still_an_error() -> None:
    assert read_form(urlencode({"state": STATE, "error": "\x1b\x00"}), STATE).error == "unreadable"
