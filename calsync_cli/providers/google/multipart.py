"""Many calls in one request: the multipart/mixed form of Google's batch endpoint (facts 7). Pure.

Shape   `encode(requests, boundary)` -> body; `decode(response, requests)` -> an answer per request, None where the
        reply has no readable part for it (J5). Parts are told apart by Content-ID; their order means nothing
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.parser import BytesParser
from email.policy import HTTP

import httpx

MAX_PARTS = 50
"""The older guide's limit, and that of several clients; the newer one says 1000 (facts 7)."""
KEPT = ("content-type", "if-match")
_STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})[^\r\n]*\r?\n")


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
    found: list[httpx.Response | None] = [None] * len(requests)
    kind = response.headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        return found
    head = b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n"
    whole = BytesParser(policy=HTTP).parsebytes(head + response.content)
    for part in whole.iter_parts() if whole.is_multipart() else ():
        number = re.search(r"\+(\d{1,3})>?$", str(part.get("content-id", "")).strip())
        payload = part.get_payload(decode=True)
        if number is not None and int(number[1]) < len(requests) and isinstance(payload, bytes):
            found[int(number[1])] = _answer(payload, requests[int(number[1])])
    return found


def _answer(payload: bytes, request: httpx.Request) -> httpx.Response | None:
    status = _STATUS.match(payload)
    if status is None:
        return None
    head, _, body = payload[status.end() :].replace(b"\r\n", b"\n").partition(b"\n\n")
    pairs = [line.partition(b":") for line in head.split(b"\n") if b":" in line]
    headers = [(name.strip(), value.strip()) for name, _, value in pairs]
    told = [(name, value) for name, value in headers if name.lower() not in (b"content-length", b"content-encoding")]
    return httpx.Response(int(status[1]), headers=told, content=body, request=request)
