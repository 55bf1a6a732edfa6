"""A receiver on 127.0.0.1 for the one request that a consent page sends back (RFC 8252 section 7.3).

Shape   `with Receiver(answers) as receiver:` gives .redirect_uri; `receive(state)` then waits in threads of its own
        and puts the one Answer that is ours into `answers`; every later request is told that it came too late
Others  other paths, other hosts, wrong states, long requests get a plain page, an error status, and are forgotten
Threads a browser opens connections in advance and leaves them idle, so each has a thread, for TIMEOUT_S at most
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from html import escape
from http.server import BaseHTTPRequestHandler
from queue import SimpleQueue
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Self

from calsync_cli.auth.answer import Answer, NotOurs, read_answer

TIMEOUT_S = 10.0
CROWD = 32
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>calsync</title></head>'
    '<body style="font: 1.1em sans-serif; margin: 4em auto; max-width: 34em"><h1>calsync</h1><p>{}</p></body></html>'
)
DONE = "calsync has what it needs. You can close this window and go back to the terminal."
REFUSED = "Nothing was allowed, so calsync is not signed in. You can close this window and go back to the terminal."
LATE = "This sign-in was answered already. You can close this window."
HEADERS = {
    "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


class Receiver:
    def __init__(self, answers: SimpleQueue[Any]) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.answers = answers
        self.port: int = self._server.server_address[1]
        self.redirect_uri = f"http://127.0.0.1:{self.port}/"
        self._started = False

    def receive(self, state: str, stray: Callable[[str], None] = lambda why: None) -> None:
        """stray: told in words of an answer that was not ours."""
        self._server.state, self._server.stray = state, stray
        self._started = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._started:
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingMixIn, TCPServer):
    """No other program may take the port beside us, so the address is not reused (Windows needs an option for that)."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = False
    request_queue_size = 16
    answers: SimpleQueue[Any]
    state = ""
    stray: Callable[[str], None]

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._turn = threading.Lock()
        self._crowd = threading.BoundedSemaphore(CROWD)
        self._taken = False
        super().__init__(address, handler)

    def server_bind(self) -> None:
        if sys.platform == "win32":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        super().server_bind()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._crowd.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._crowd.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up or talks nonsense is no news, and a trace would show the request."""

    def take(self, query: str) -> Answer | None:
        """The answer, for the first request that brings it; None for one that came too late. Raises NotOurs."""
        answer = read_answer(query, self.state)
        with self._turn:
            if self._taken:
                return None
            self._taken = True
        return answer


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = TIMEOUT_S
    server_version = "calsync"
    sys_version = ""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        port = self.server.server_address[1]
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self._page(421, "This page is for calsync on this machine only.")  # a name that was made to point here
        elif path != "/":
            self._page(404, "There is nothing here.")
        else:
            self._callback(query)

    def _callback(self, query: str) -> None:
        try:
            answer = self.server.take(query)
        except NotOurs as err:
            self._page(400, f"{err}.")
            self.server.stray(str(err))
            return
        if answer is None:
            self._page(410, LATE)
            return
        try:
            self._page(200, REFUSED if answer.error else DONE)
        finally:
            self.server.answers.put(answer)

    def _page(self, status: int, text: str) -> None:
        body = PAGE.format(escape(text)).encode()
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses by itself: other methods, requests that are too long or none at all."""
        self._page(code, "calsync cannot read this request.")

    def log_message(self, format: str, *args: Any) -> None:
        """The request line holds the code."""
