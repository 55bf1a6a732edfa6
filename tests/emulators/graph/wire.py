"""HTTP/1.1 on a loopback port, with TLS or without: requests in, answers out, and every way to break off.

Shape   Listener(handle, context, port) serves in threads until close(); handle(Raw) -> Reply
Break   Reply.cut: "" whole, "before" reset without a byte, "half" reset in the middle of the body
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

RESET = struct.pack("ii", 1, 0)


@dataclass
class Raw:
    """A request as it came. `path` holds the decoded segments, split before decoding."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> list[str]:
        return [unquote(part) for part in urlsplit(self.target).path.split("/") if part]

    @property
    def query(self) -> dict[str, str]:
        text = urlsplit(self.target).query
        return dict(parse_qsl(text, keep_blank_values=True))

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up or did not trust us is no news; any other fault is shown."""
        if not isinstance(sys.exception(), (ConnectionError, ssl.SSLError, TimeoutError, OSError)):
            super().handle_error(request, client_address)


class Listener:
    def __init__(self, handle: Callable[[Raw], Reply], context: ssl.SSLContext | None = None, port: int = 0,
                 *, compress: Callable[[], bool] = lambda: False) -> None:
        self.handle, self.context, self.compress = handle, context, compress
        self.open(port)

    def open(self, port: int) -> None:
        self.http = _Server(("127.0.0.1", port), _handler(self))
        self.port = self.http.server_port
        threading.Thread(target=self.http.serve_forever, args=(1.0,), daemon=True).start()

    def close(self) -> None:
        closing = threading.Thread(target=self.http.shutdown, daemon=True)
        closing.start()
        with contextlib.suppress(OSError):  # wakes the loop, which then sees that it is over
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        closing.join()
        self.http.server_close()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 120

        def setup(self) -> None:
            if listener.context is not None:
                self.request.settimeout(10)
                self.request = listener.context.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            super().finish()
            with contextlib.suppress(OSError):  # socketserver closes the plain socket only
                self.request.close()

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_any(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items() if name.lower() != "prefer"}
            prefer = self.headers.get_all("prefer")
            if prefer:
                headers["prefer"] = ", ".join(prefer)
            self.answer(listener.handle(Raw(self.command, self.path, headers, self.read_body())))

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_any

        def read_body(self) -> bytes:
            if "chunked" not in self.headers.get("transfer-encoding", ""):
                return self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def answer(self, reply: Reply) -> None:
            if reply.cut == "before":
                self.reset()
                return
            body, headers = reply.body, dict(reply.headers)
            if len(body) > 1400 and listener.compress() and "gzip" in self.headers.get("accept-encoding", ""):
                body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
            headers["Content-Length"] = str(len(body))
            lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('',))[0]}"]
            lines += [f"{name}: {value}" for name, value in {"Date": self.date_time_string(), **headers}.items()]
            head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
            self.wfile.write(head + (body[: len(body) // 2] if reply.cut else body))
            if reply.cut:
                self.wfile.flush()
                self.reset()

        def reset(self) -> None:
            """The peer sees a connection reset, not a polite end."""
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self.connection.close()

    return Handler
