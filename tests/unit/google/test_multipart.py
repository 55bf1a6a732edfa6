"""Many calls in one request, and what Google makes of it (facts 7)."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_cli.providers.google.multipart import decode, encode
from tests.emulators.google.batch import read_parts
from tests.emulators.web import Request

URL = "https://www.googleapis.com/calendar/v3/calendars/a%40b/events"


def patch(n: int) -> httpx.Request:
    guard = {"If-Match": '"1"'}
    return httpx.Request("PATCH", f"{URL}/e{n}?sendUpdates=none", json={"summary": f"ü{n}"}, headers=guard)


REQUESTS = [httpx.Request("GET", f"{URL}/e{n}") for n in range(3)]


def reply(*parts: bytes, boundary: str = "b", kind: str = "", end: bytes = b"--b--\r\n") -> httpx.Response:
    head = {"Content-Type": kind or f"multipart/mixed; boundary={boundary}"}
    content = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return httpx.Response(200, headers=head, content=content + end)


KIND = b"Content-Type: application/json\r\n"


def part(n: int, status: str = "200 OK", body: bytes = b"{}", head: bytes = KIND) -> bytes:
    outer = b"Content-Type: application/http\r\nContent-ID: <response-p+%d>\r\n\r\n" % n
    return outer + b"HTTP/1.1 " + status.encode() + b"\r\n" + head + b"\r\n" + body


def test_each_part_carries_its_guard_and_its_body_and_no_credentials() -> None:
    body = encode([patch(0), patch(1)], "xyz")
    found = read_parts(Request("POST", "", "", {"content-type": "multipart/mixed; boundary=xyz"}, body))
    assert [one.request.path for one in found] == [f"/calendar/v3/calendars/a%40b/events/e{n}" for n in (0, 1)]
    assert [one.request.headers["if-match"] for one in found] == ['"1"', '"1"']
    assert found[1].request.body == '{"summary":"ü1"}'.encode()
    assert b"authorization" not in body.lower() and b"host" not in body.lower()


def test_answers_find_their_calls_whatever_their_order() -> None:
    parts = (part(2, body=b'{"n":2}'), part(0, "412 Precondition Failed"), part(1, "204 No Content", b""))
    got = decode(reply(*parts), REQUESTS)
    assert [one.status_code for one in got if one] == [412, 204, 200]
    assert got[2] is not None and got[2].json() == {"n": 2} and got[2].request is REQUESTS[2]


def test_a_part_without_an_answer_is_none_and_the_others_stay() -> None:
    got = decode(reply(part(0), part(2)), REQUESTS)
    assert [one is None for one in got] == [False, True, False]


def test_waiting_times_are_kept_and_lengths_are_not_believed() -> None:
    head = b"Retry-After: 7\r\nContent-Length: 999\r\nContent-Encoding: gzip\r\n"
    (one, *_) = decode(reply(part(0, "429 Too Many Requests", b"{}", head)), REQUESTS)
    assert one is not None and one.headers["retry-after"] == "7" and one.json() == {}


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, headers={"Content-Type": "multipart/mixed"}, content=b"--b\r\n"),
        httpx.Response(200, headers={"Content-Type": 'multipart/mixed; boundary=""'}, content=b"----"),
        reply(), reply(b""), reply(b"no head at all"), reply(part(7)), reply(part(0, "999 Odd")), reply(part(0, "OK")),
        reply(part(0), end=b""), reply(part(0)[:-30], end=b""), reply(part(0), boundary="other"),
        reply(b"Content-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}"),
        reply(b"Content-ID: <response-p+99999999999>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_has_no_answers(response: httpx.Response) -> None:
    assert decode(response, REQUESTS) == [None, None, None]


def test_a_reply_that_was_cut_keeps_its_whole_parts_only() -> None:
    whole = reply(part(0), part(1, body=b'{"long": "answer"}'))
    cut = httpx.Response(200, headers=whole.headers, content=whole.content[:-20])
    assert [one is None for one in decode(cut, REQUESTS)] == [False, True, True]


def test_other_spellings_of_the_form_are_read() -> None:
    lines = reply(part(0)).content.replace(b"\r\n", b"\n").replace(b"Content-ID", b"content-id").replace(b"1.1", b"2")
    kind = {"Content-Type": 'Multipart/Mixed; a=b; BOUNDARY="b"'}
    got = decode(httpx.Response(200, headers=kind, content=lines), REQUESTS)
    assert got[0] is not None and got[0].status_code == 200


@given(st.binary(max_size=400))
def test_no_bytes_break_it(noise: bytes) -> None:
    for content in (noise, b"--b\r\n" + noise + b"\r\n--b--", part(0)[:40] + noise):
        response = httpx.Response(200, headers={"Content-Type": "multipart/mixed; boundary=b"}, content=content)
        assert len(decode(response, REQUESTS)) == 3
