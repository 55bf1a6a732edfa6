"""Many calls in one request: the multipart/mixed form of Google's batch endpoint (facts 7). Pure.

Shape   `encode(requests, boundary)` -> body; `decode(response, requests)` -> an answer per request, None where the
        reply has no readable part for it (J5). Parts are told apart by Content-ID; their order means nothing
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx

MAX_PARTS = 50
"""The older guide's limit, and that of several clients; the newer one says 1000 (facts 7)."""
KEPT = ("content-type", "if-match")
_BOUNDARY = re.compile(r"""\bboundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))""", re.IGNORECASE)
_NUMBER = re.compile(rb"^content-id:[^\r\n]*\+(\d{1,3})>?[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? ([1-5]\d\d)(?: [^\r\n]*)?")
_BLANK = re.compile(rb"\r?\n\r?\n")


def encode(requests: Sequence[httpx.Request], boundary: str) -> bytes:
    parts = [_part(number, request, boundary) for number, request in enumerate(requests)]
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def _part(number: int, request: httpx.Request, boundary: str) -> bytes:
    head = f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <p+{number}>\r\n\r\n"
    lines = [f"{request.method} {request.url.raw_path.decode('ascii')} HTTP/1.1"]
    lines += [f"{name}: {request.headers[name]}" for name in KEPT if name in request.headers]
    body = request.content
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return (head + "\r\n".join(lines) + "\r\n\r\n").encode() + body + b"\r\n"


def decode(response: httpx.Response, requests: Sequence[httpx.Request]) -> list[httpx.Response | None]:
    """A reply that was cut still has its first parts; the one that was cut itself has none."""
    found: list[httpx.Response | None] = [None] * len(requests)
    kind = response.headers.get("content-type", "")
    named = _BOUNDARY.search(kind)
    if not kind.lower().startswith("multipart/") or named is None:
        return found
    mark = b"\n--" + (named[1] or named[2]).encode("latin-1", "replace")
    _, *parts = (b"\n" + response.content).split(mark)
    for part in parts[:-1]:
        head, inner = _halves(part)
        number = _NUMBER.search(head)
        if number is not None and int(number[1]) < len(requests):
            found[int(number[1])] = _answer(inner, requests[int(number[1])])
    return found


def _halves(text: bytes) -> tuple[bytes, bytes]:
    """Head and body."""
    blank = _BLANK.search(text)
    return (text, b"") if blank is None else (text[: blank.start()], text[blank.end() :])


def _answer(text: bytes, request: httpx.Request) -> httpx.Response | None:
    head, body = _halves(text)
    first, *lines = head.strip().split(b"\n")
    status = _STATUS.fullmatch(first.strip())
    if status is None:
        return None
    pairs = [(name.strip(), value.strip()) for name, mark, value in (line.partition(b":") for line in lines) if mark]
    told = [(name, value) for name, value in pairs if name.lower() in (b"content-type", b"retry-after", b"date")]
    return httpx.Response(int(status[1]), headers=told, content=body.removesuffix(b"\r"), request=request)
