"""The receiver on loopback: one answer that is ours, and everything else that may knock (RFC 8252 section 7.3)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from urllib.parse import urlencode

import httpx
import pytest

from calsync_cli.auth.answer import Answer
from calsync_cli.auth.loopback import CROWD, Receiver

STATE = "5f0a" * 8


class Desk:
    def __init__(self, receiver: Receiver, answers: SimpleQueue[Answer]) -> None:
        self.receiver, self._answers = receiver, answers
        self.strays: list[str] = []
        receiver.receive(STATE, self.strays.append)

    def get(self, target: str = "", **headers: str) -> httpx.Response:
        return httpx.get(self.receiver.redirect_uri + target, headers=headers, trust_env=False)

    def back(self, **fields: str) -> httpx.Response:
        return self.get("?" + urlencode(fields))

    def answer(self) -> Answer | None:
        try:
            return self._answers.get(timeout=0.3)
        except Empty:
            return None

    def raw(self, sent: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.receiver.port), timeout=5) as line:
            line.sendall(sent)
            got = b""
            while chunk := line.recv(65536):
                got += chunk
            return got


@pytest.fixture
def desk() -> Iterator[Desk]:
    answers: SimpleQueue[Answer] = SimpleQueue()
    with Receiver(answers) as receiver:
        yield Desk(receiver, answers)


def test_the_code_arrives_and_the_page_says_that_the_window_may_be_closed(desk: Desk) -> None:
    page = desk.back(state=STATE, code="4/abc", scope="x")
    assert page.status_code == 200 and "You can close this window" in page.text
    assert desk.answer() == Answer("4/abc")
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "4/abc" not in page.text and "4/abc" not in repr(Answer("4/abc"))


def test_only_one_request_is_answered(desk: Desk) -> None:
    desk.back(state=STATE, code="first")
    late = desk.back(state=STATE, code="second")
    assert late.status_code == 410 and "answered already" in late.text
    assert (desk.answer(), desk.answer()) == (Answer("first"), None)


def test_a_refusal_arrives_in_words(desk: Desk) -> None:
    page = desk.back(state=STATE, error="access_denied")
    assert page.status_code == 200 and "not signed in" in page.text
    assert desk.answer() == Answer(error="access_denied")


@pytest.mark.parametrize(
    "query",
    [
        "", "?", "?code=x", "?state=&code=x", f"?state={STATE[:-1]}&code=x", f"?state={STATE}0&code=x",
        f"?state={STATE}&state={STATE}&code=x", f"?state={STATE}&code=a&code=b", f"?state={STATE}",
        f"?state={STATE}&code=", f"?state={STATE}&code={'x' * 3000}", f"?state={STATE}&code=x&pad={'y' * 9000}",
        f"?state={STATE}&code=%ff",
        "?" + "&".join(f"a{n}=1" for n in range(99)) + f"&state={STATE}&code=x", "?state=%C3%A9&code=x",
    ],
)
def test_a_wrong_answer_is_refused_and_the_right_one_still_gets_through(desk: Desk, query: str) -> None:
    assert desk.get(query).status_code == 400
    assert desk.answer() is None and len(desk.strays) == 1
    assert desk.back(state=STATE, code="right").status_code == 200
    assert desk.answer() == Answer("right")


def test_other_paths_are_not_the_answer(desk: Desk) -> None:
    for path in ("favicon.ico", f"x?state={STATE}&code=x", "robots.txt", "..%2f"):
        assert desk.get(path).status_code == 404
    assert desk.answer() is None and desk.strays == []


def test_a_name_of_elsewhere_that_points_here_is_refused(desk: Desk) -> None:
    assert desk.get(f"?state={STATE}&code=x", Host=f"evil.example:{desk.receiver.port}").status_code == 421
    assert desk.answer() is None
    assert desk.get(f"?state={STATE}&code=x", Host=f"localhost:{desk.receiver.port}").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /?state=" + STATE.encode() + b"&code=x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
        b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n", b"\r\n\r\n", b"\x16\x03\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n", b"GET /?state=" + STATE.encode() + b"&code=x\r\n\r\n",
    ],
)
def test_whatever_else_speaks_is_shown_out_without_its_own_words(desk: Desk, sent: bytes) -> None:
    try:
        got = desk.raw(sent)
    except ConnectionError:
        got = b""
    assert STATE.encode() not in got and b" 200 " not in got
    assert desk.answer() is None
    assert desk.back(state=STATE, code="right").status_code == 200


def test_connections_that_say_nothing_do_not_stand_in_the_way(desk: Desk) -> None:
    """A browser opens some in advance."""
    idle = [socket.create_connection(("127.0.0.1", desk.receiver.port)) for _ in range(CROWD - 2)]
    assert desk.back(state=STATE, code="right").status_code == 200
    for line in idle:
        line.close()


def test_it_listens_on_this_machine_alone_and_on_no_port_that_was_asked_for(desk: Desk) -> None:
    assert desk.receiver._server.server_address[0] == "127.0.0.1"
    assert desk.receiver.port >= 1024
    with socket.socket() as other, pytest.raises(OSError):
        other.bind(("127.0.0.1", desk.receiver.port))


def test_nothing_is_left_listening(desk: Desk) -> None:
    port = desk.receiver.port
    desk.receiver.__exit__()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    with Receiver(SimpleQueue()) as unused:
        assert unused.port
    desk.receiver.__init__(SimpleQueue())  # type: ignore[misc]


def test_of_many_right_answers_at_once_one_is_taken(desk: Desk) -> None:
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(desk.back(state=STATE, code="x").status_code))
               for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] + [410] * 11
    assert (desk.answer(), desk.answer()) == (Answer("x"), None)
