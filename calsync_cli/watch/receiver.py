"""The door for notices: 127.0.0.1 only, one unguessable path for each channel, nothing told to whoever knocks.

Answers 404 without a word to everything but a POST to a known path; there 202 whether the notice is believed or not,
        and the echo of a handshake. 413 and 429 beyond the limits, before anything is looked at
Threads uvicorn runs in a thread of its own, so that servers get their answer while a run is under way; `doors` is
        swapped as a whole. All it can do is put something into the inbox
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from calsync_cli.errors import ConfigError
from calsync_cli.model.account import ProviderKind
from calsync_cli.model.plain import dataclass
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Channel
from calsync_cli.providers.notices import MAX_BODY, heard
from calsync_cli.watch.bucket import Bucket
from calsync_cli.watch.inbox import Inbox, Notice

if TYPE_CHECKING:
    import uvicorn

BURST, PER_S = 200, 20.0
BODY_S = 5.0
CONNECTIONS = 100
log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Door:
    """path: the last part of the channel's address, without a slash."""

    number: int
    path: str
    kind: ProviderKind
    channel: Channel


class Receiver:
    """port: 0 for any free one. Raises ConfigError when it is taken."""

    def __init__(self, ports: Ports, inbox: Inbox, port: int = 0) -> None:
        self.doors: tuple[Door, ...] = ()
        self.knock = ports.fresh_id() + ports.fresh_id()
        """The path by which it is tried whether an address leads here."""
        self.refused = 0
        self._inbox = inbox
        self._bucket = Bucket(ports.monotonic_s, BURST, PER_S)
        self._socket = socket.socket()
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("127.0.0.1", port))
        except OSError as err:
            self._socket.close()
            words = f"port {port} of this machine is taken ({err.strerror})"
            raise ConfigError([("watch.port", words)]) from err
        self.port: int = self._socket.getsockname()[1]
        self._server: uvicorn.Server | None = None

    def start(self) -> None:
        """Until then nobody is let in."""
        import uvicorn

        config = uvicorn.Config(
            self, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None, log_level="critical",
            access_log=False, proxy_headers=False, server_header=False, date_header=False, timeout_keep_alive=5,
            limit_concurrency=CONNECTIONS, timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="receiver", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
            self._thread.join(5.0)
        self._socket.close()

    # -- one request ---------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, text = await self._answer(scope, receive)
        self.refused += status >= 400
        body = text.encode()
        headers = [(b"content-length", str(len(body)).encode())]
        if body:
            headers += [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, str]:
        if not self._bucket.take():
            return 429, ""
        path = str(scope["path"]).rpartition("/")[2]
        if scope["method"] != "POST":
            return 404, ""
        if _same(path, self.knock):
            return 204, ""
        door = next((door for door in self.doors if _same(path, door.path)), None)
        if door is None:
            return 404, ""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _body(headers, receive)
        if body is None:
            return 413, ""
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        told = heard(door.kind, door.channel, query, headers, body)
        for news in told.news:
            self._inbox.put(Notice(door.number, news))
        return (200, told.echo) if told.echo is not None else (202, "")


def _same(a: str, b: str) -> bool:
    return hmac.compare_digest(a.encode("utf-8", "replace"), b.encode())


async def _body(headers: dict[str, str], receive: Receive) -> bytes | None:
    """None for one that is too long or takes too long."""
    told = headers.get("content-length", "0")
    if not told.isdecimal() or len(told) > 9 or int(told) > MAX_BODY:
        return None
    try:
        return await asyncio.wait_for(_read(receive), BODY_S)
    except TimeoutError:
        return None


async def _read(receive: Receive) -> bytes | None:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return body
