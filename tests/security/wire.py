"""A server that says exactly what a test wants, byte by byte, to whoever connects, over plain TCP or TLS.

Shape   `with wire(talk) as here:` gives .url; `talk(send, request)` is called once per connection, in a thread; when
        it returns the connection is closed. `send` raises OSError once the other side has had enough; .heads holds what
        was asked first
"""

from __future__ import annotations

import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Send = Callable[[bytes], None]
Talk = Callable[[Send, bytes], None]


@dataclass
class Wire:
    url: str = ""
    heads: list[bytes] = field(default_factory=list)


@contextmanager
def wire(talk: Talk, context: ssl.SSLContext | None = None) -> Iterator[Wire]:
    listener = socket.create_server(("127.0.0.1", 0))
    here = Wire(f"http{'s' if context else ''}://127.0.0.1:{listener.getsockname()[1]}")

    def serve(peer: socket.socket) -> None:
        with suppress(OSError), (context.wrap_socket(peer, server_side=True) if context else peer) as one:
            one.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head and (more := one.recv(65536)):
                head += more
            here.heads.append(head)
            talk(one.sendall, head)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield here
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def head(status: str = "200 OK", **fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode()


def packed(size: int, times: int = 1) -> Iterator[bytes]:
    """`size` zeros under so many layers of gzip, in pieces."""
    layers = [zlib.compressobj(9, zlib.DEFLATED, 31) for _ in range(times)]
    for _ in range(size // 1_000_000):
        piece = bytes(1_000_000)
        for layer in layers:
            piece = layer.compress(piece)
        if piece:
            yield piece
    rest = b""
    for layer in layers:
        rest = layer.compress(rest) + layer.flush()
    yield rest
