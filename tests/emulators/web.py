"""A small threaded HTTP server for emulators: a function from Request to Response behind a loopback port.

Shape   `with WebServer(answer, port=0) as web:` gives .port; `answer(Request) -> Response` runs in a thread
Cruel   Response.fate: "sent", "dropped" (the connection closes without a byte), "cut" (half the body, then closed);
        Response.delay_s waits before anything is sent, outside of the emulator's locks
Fast    HTTP/1.1 keep-alive, one write per answer, no Nagle
"""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

GZIP_FROM_BYTES = 1400


@dataclass
class Request:
    """One request; the path is still percent-encoded, header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def params(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fate: str = "sent"
    delay_s: float = 0.0

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


def json_response(status: int, content: Any, **headers: str) -> Response:
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(status, body, {"Content-Type": "application/json; charset=UTF-8", **headers})


def html_response(status: int, page: str) -> Response:
    return Response(status, page.encode(), {"Content-Type": "text/html; charset=UTF-8"})


def redirect(location: str) -> Response:
    return Response(302, b"", {"Location": location, "Cache-Control": "no-store"})


class WebServer:
    def __init__(self, answer: Callable[[Request], Response], port: int = 0) -> None:
        self._http = _Server(("127.0.0.1", port), _handler(answer))
        self.port: int = self._http.server_port

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news; any other fault is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(answer: Callable[[Request], Response]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def handle_any(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(size)
            if len(body) < size:  # whoever sent it died half way; no server acts on a piece of a request
                self.close_connection = True
                return
            response = answer(Request(self.command, path, query, headers, body))
            if response.delay_s:
                time.sleep(response.delay_s)
            if response.fate == "dropped":
                self.close_connection = True
                return
            self._send(response, packed=_wants_gzip(headers))

        def _send(self, response: Response, packed: bool) -> None:
            body, headers = response.body, dict(response.headers)
            if packed and len(body) >= GZIP_FROM_BYTES and "Content-Encoding" not in headers:
                body = gzip.compress(body, 1)
                headers["Content-Encoding"] = "gzip"
            if response.status not in (204, 304):
                headers["Content-Length"] = str(len(body))
            headers.setdefault("Date", formatdate(usegmt=True))
            lines = [f"HTTP/1.1 {response.status} {phrase(response.status)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
            if self.command == "HEAD":
                body = b""
            if response.fate == "cut":
                body = body[: len(body) // 2]
                self.close_connection = True
            self.wfile.write(head + body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_any

    return Handler


def _wants_gzip(headers: dict[str, str]) -> bool:
    """Compressed only when both headers ask for it (Google's performance guide)."""
    return "gzip" in headers.get("accept-encoding", "") and "gzip" in headers.get("user-agent", "")


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
