"""A time limit for one exchange as a whole.

Why     the HTTP library limits each read alone, so a server that sends a byte now and then could hold a run for days
Shape   `limit_all(client)` once; what the thread then sends inside of `with Deadline(seconds):` ends in time, with the
        library's own time-out errors. One inside of another (a renewed sign-in) has a time of its own and costs the
        outer none
Not     the look-up of a host's name, which belongs to the operating system
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Self

import httpcore
import httpx

from calsync_cli.ports import system_ports

PIECE = 16384
"""Bytes handed over at once: the library gives each hand-over the whole time-out anew."""
_this = threading.local()
_now_s = system_ports().monotonic_s


class Deadline:
    def __init__(self, seconds: float) -> None:
        self._at_s = _now_s() + seconds
        self._entered_s = 0.0
        self._outer: Deadline | None = None

    def __enter__(self) -> Self:
        self._entered_s, self._outer = _now_s(), getattr(_this, "deadline", None)
        _this.deadline = self
        return self

    def __exit__(self, *_: object) -> None:
        _this.deadline = self._outer
        if self._outer is not None:
            self._outer._at_s += _now_s() - self._entered_s

    @property
    def over(self) -> bool:
        return _now_s() >= self._at_s

    def cut_s(self, timeout_s: float | None) -> float:
        """What is left of both; 0 or less when it is over."""
        left = self._at_s - _now_s()
        return left if timeout_s is None else min(timeout_s, left)


def limit_all(client: httpx.Client) -> None:
    """All connections that the client will make, through proxies too. httpx gives no way to say so (0.28)."""
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend)


def _cut_s(timeout_s: float | None, late: type[Exception]) -> float | None:
    deadline: Deadline | None = getattr(_this, "deadline", None)
    if deadline is None:
        return timeout_s
    left = deadline.cut_s(timeout_s)
    if left <= 0:
        raise late("the time for the whole exchange is over")
    return left


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _cut_s(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _cut_s(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), PIECE):
            self._inner.write(buffer[start : start + PIECE], _cut_s(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _cut_s(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
