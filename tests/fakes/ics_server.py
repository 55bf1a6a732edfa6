"""A publisher of one feed over real HTTP on loopback, as well behaved or as cruel as a test wants.

Shape   server.body is what is published (bytes, or a function that makes it anew for each request); everything else is
        a knob. server.asked holds the headers of every request, by lower-case name, with the path under ":path"
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

SECRET = "/private-5ecret/basic.ics"


@dataclass
class FeedServer:
    """status: instead of the feed. conditions: how If-None-Match and If-Modified-Since are taken. packing: gzip,
    broken, half or bomb. slow: it sends a byte now and then, in the head or in the body. redirects: one after the
    other, from the first path on; then the feed comes. shut: so many requests get no answer at all
    """

    body: bytes | Callable[[], bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/calendar"
    conditions: str = "etag"  # etag, modified, none, always: any condition is answered 304
    new_etags: bool = False
    packing: str = ""
    cut_at: int | None = None
    slow: str = ""
    redirects: list[str] = field(default_factory=list)
    shut: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    url: str = ""

    @property
    def count(self) -> int:
        return len(self.asked)

    def etag(self, body: bytes) -> str:
        salt = str(self.count) if self.new_etags else ""
        return f'W/"{sha256(body + salt.encode()).hexdigest()[:12]}"'


def _packed(server: FeedServer, body: bytes) -> bytes:
    match server.packing:
        case "gzip":
            return gzip.compress(body)
        case "half":
            return gzip.compress(body)[:-20]
        case "broken":
            return gzip.compress(body)[:10] + b"no deflate at all"
        case "bomb":
            return _bomb()
    return body


@cache
def _bomb() -> bytes:
    """200 MB of nothing."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join([*(squeeze.compress(b" " * 1_000_000) for _ in range(200)), squeeze.flush()])


class _Handler(BaseHTTPRequestHandler):
    server: _Http  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        publisher = self.server.publisher
        publisher.asked.append({name.lower(): value for name, value in self.headers.items()} | {":path": self.path})
        if publisher.shut:
            publisher.shut -= 1
            self.close_connection = True
            self.connection.close()
            return
        with suppress(OSError):
            self._answer(publisher)

    def _answer(self, publisher: FeedServer) -> None:
        hop = len(publisher.redirects)
        if hop and self.path.startswith("/hop"):
            hop -= int(self.path.removeprefix("/hop"))
        if hop:
            self._send(302, {"Location": publisher.redirects[len(publisher.redirects) - hop]}, b"")
            return
        if publisher.status != 200:
            self._send(publisher.status, publisher.headers, b"<html>no</html>")
            return
        body = publisher.body() if callable(publisher.body) else publisher.body
        etag = publisher.etag(body)
        asks = "if-none-match" in publisher.asked[-1] or "if-modified-since" in publisher.asked[-1]
        same = publisher.conditions == "etag" and publisher.asked[-1].get("if-none-match") == etag
        if same or (publisher.conditions == "always" and asks):
            self._send(304, {"ETag": etag, **publisher.headers}, b"")
            return
        headers = {"Content-Type": publisher.content_type, **publisher.headers}
        if publisher.conditions in ("etag", "always"):
            headers["ETag"] = etag
        if publisher.conditions in ("modified", "always"):
            headers["Last-Modified"] = "Sat, 21 Nov 2026 08:00:00 GMT"
        if publisher.packing:
            headers["Content-Encoding"] = "gzip"
        self._send(200, headers, _packed(publisher, body))

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        publisher = self.server.publisher
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if publisher.slow == "head":
            self._trickle(b"X-Slow: ")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if publisher.slow == "body":
            self._trickle(b"")
        self.wfile.write(body[: publisher.cut_at])
        if publisher.cut_at is not None:
            self.close_connection = True

    def _trickle(self, first: bytes) -> None:
        self.flush_headers()
        self.wfile.write(first)
        end = time.monotonic() + 20
        while time.monotonic() < end and not self.server.publisher.stop.wait(0.05):
            self.wfile.write(b"x")

    def log_message(self, format: str, *args: object) -> None:
        """Not on the terminal."""


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, publisher: FeedServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.publisher = publisher


@contextmanager
def feed_server() -> Iterator[FeedServer]:
    publisher = FeedServer()
    http = _Http(publisher)
    publisher.url = f"http://127.0.0.1:{http.server_port}"
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield publisher
    finally:
        publisher.stop.set()
        http.shutdown()
        http.server_close()
        thread.join()


def event(uid: str, title: str, *lines: str, start: str = "20300105T090000", stamp: str = "20260101T000000Z") -> str:
    """A VEVENT without zone; uid "": one without UID."""
    named = [f"UID:{uid}"] if uid else []
    return "\r\n".join(
        ["BEGIN:VEVENT", *named, f"DTSTAMP:{stamp}", f"DTSTART:{start}Z", "DURATION:PT1H", f"SUMMARY:{title}", *lines,
         "END:VEVENT", ""]
    )


def feed(*events: str, head: str = "X-WR-CALNAME:Holidays\r\n") -> bytes:
    top = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//feed\r\n{head}"
    return f"{top}{''.join(events)}END:VCALENDAR\r\n".encode()
