"""Whether an address really leads to our receiver: tried by knocking there from outside.

Shape   `tend(url, now)` -> when to come again; `good` is the address that led here last time it was tried, or None
Why     a tunnel names its address seconds before it works, and one that died silently is found out only this way
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

LIMIT_S = 8.0
FIRST, LONGEST = timedelta(seconds=1), timedelta(seconds=60)
AGAIN = timedelta(minutes=5)
GIVE_UP = 8
"""So many failures in a row, and the tunnel is to be started anew."""


class Reach:
    def __init__(self, knocked: Callable[[str], bool]) -> None:
        self._knocked = knocked
        self._url: str | None = None
        self._when: datetime | None = None
        self.failures = 0
        self.good: str | None = None

    def tend(self, url: str | None, now: datetime) -> datetime | None:
        if url != self._url:
            self._url, self._when, self.failures, self.good = url, now, 0, None
        if url is None:
            return None
        if self._when is None or not self._when - AGAIN <= now < self._when:
            self._try(url, now)
        return self._when

    def soon(self) -> None:
        """What was good may not be any more (the machine slept)."""
        self._when = None

    def _try(self, url: str, now: datetime) -> None:
        if self._knocked(url):
            self.good, self.failures, self._when = url, 0, now + AGAIN
        else:
            self.good = None
            self.failures += 1
            self._when = now + min(LONGEST, FIRST * 2 ** (self.failures - 1))


class Knocker:
    """path: the receiver's own for this purpose. One client for all knocks; no connection outlives its knock."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._client: httpx.Client | None = None

    def __call__(self, url: str) -> bool:
        import httpx

        if self._client is None:
            self._client = httpx.Client(timeout=LIMIT_S, headers={"Connection": "close"})
        try:
            return self._client.post(f"{url}/{self._path}").status_code == 204
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return False
