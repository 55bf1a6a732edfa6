"""Brings notices to the client's address, as unreliably as asked, and asks there first whether it wants them.

Shape   Courier(knobs).handshake(url) raises GraphError 400; .post(url, notice) queues; a thread delivers
Facts   A7: 10 s for the handshake, 3 s for a notice, then repeats with growing gaps; a slow host waits, then loses
"""

from __future__ import annotations

import contextlib
import heapq
import http.client
import itertools
import json
import random
import ssl
import threading
import time
from typing import Any
from urllib.parse import quote_plus, urlsplit

from tests.emulators.graph.errors import GraphError, bad
from tests.emulators.graph.knobs import Knobs

TOKEN = "Validation: Testing client application reachability for subscription Request-Id: a+b%2B c"
NOT_VALIDATED = (
    "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request."
)
GATHER_S = 0.02
REPEATS = (0.5, 1.0, 2.0, 4.0)  # seconds here; the service stretches them over four hours
SLOW_S = 2.9
SLOW_DELAY_S = 600.0
JUDGED_AFTER = 100


class Courier:
    def __init__(self, knobs: Knobs) -> None:
        self.knobs = knobs
        self.queue: list[tuple[float, int, str, dict[str, Any], int]] = []
        self.number = itertools.count()
        self.wake = threading.Condition()
        self.delivered: list[tuple[str, int, dict[str, Any]]] = []
        self.dropped: list[dict[str, Any]] = []
        self.pace: dict[str, list[bool]] = {}  # host -> slow or not, of its last notices
        self.thread: threading.Thread | None = None
        self.closed = False
        self.trust = ssl.create_default_context()
        self.trust.check_hostname, self.trust.verify_mode = False, ssl.CERT_NONE

    def handshake(self, url: str) -> None:
        join = "&" if "?" in url else "?"
        target = f"{url}{join}validationToken={quote_plus(TOKEN)}"
        try:
            status, kind, body = self._send(target, b"", "text/plain; charset=utf-8", self.knobs.handshake_s)
        except TimeoutError:
            raise bad("Subscription validation request timed out.", "ValidationError") from None
        except (OSError, http.client.HTTPException):
            text = "Subscription validation request failed. The underlying connection was closed."
            raise bad(text, "InvalidRequest") from None
        if status != 200 or not kind.startswith("text/plain") or body.decode("utf-8", "replace") != TOKEN:
            raise GraphError(400, "ValidationError", NOT_VALIDATED)

    def post(self, url: str, notice: dict[str, Any], *, twice: bool = False) -> None:
        delay = self.knobs.notices_delay_s + GATHER_S
        if self.state(urlsplit(url).netloc) == "slow":
            delay += SLOW_DELAY_S
        with self.wake:
            for gap in (0.0, 0.2) if twice else (0.0,):
                late = random.random() * 0.2 if self.knobs.notices_shuffled else 0.0
                heapq.heappush(self.queue, (time.monotonic() + delay + gap + late, next(self.number), url, notice, 0))
            if self.thread is None:
                self.thread = threading.Thread(target=self._work, daemon=True)
                self.thread.start()
            self.wake.notify()

    def close(self) -> None:
        with self.wake:
            self.closed = True
            self.wake.notify()

    def _work(self) -> None:
        while True:
            with self.wake:
                while not self.closed and (not self.queue or self.queue[0][0] > time.monotonic()):
                    self.wake.wait(self.queue[0][0] - time.monotonic() if self.queue else None)
                if self.closed:
                    return
                due = [heapq.heappop(self.queue)]
                while self.queue and self.queue[0][0] <= time.monotonic() and self.queue[0][2] == due[0][2]:
                    due.append(heapq.heappop(self.queue))
            self._deliver(due[0][2], [entry[3] for entry in due], due[0][4])

    def _deliver(self, url: str, notices: list[dict[str, Any]], tries: int) -> None:
        """Several notices, also of several subscriptions, share one request."""
        host = urlsplit(url).netloc
        if self.state(host) == "drop":
            self.dropped += notices
            return
        begun, status = time.monotonic(), 0
        with contextlib.suppress(OSError, http.client.HTTPException):
            body = json.dumps({"value": notices}).encode()
            status = self._send(url, body, "application/json", self.knobs.notice_answer_s)[0]
        self.pace.setdefault(host, []).append(time.monotonic() - begun > SLOW_S)
        if 200 <= status < 300:
            self.delivered += [(url, status, one) for one in notices]
        elif tries < len(REPEATS):
            with self.wake:
                for one in notices:
                    heapq.heappush(
                        self.queue, (time.monotonic() + REPEATS[tries], next(self.number), url, one, tries + 1)
                    )
        else:
            self.dropped += notices

    def state(self, host: str) -> str:
        """ok, slow or drop, by the share of slow answers once a hundred were seen."""
        seen = self.pace.get(host, [])
        share = sum(seen) / len(seen) if len(seen) >= JUDGED_AFTER else 0.0
        return "drop" if share >= 0.15 else "slow" if share >= 0.1 else "ok"

    def _send(self, url: str, body: bytes, kind: str, wait_s: float) -> tuple[int, str, bytes]:
        parts = urlsplit(url)
        place = parts.path + (f"?{parts.query}" if parts.query else "")
        secure = parts.scheme == "https"
        link: http.client.HTTPConnection = (
            http.client.HTTPSConnection(parts.netloc, timeout=wait_s, context=self.trust) if secure
            else http.client.HTTPConnection(parts.netloc, timeout=wait_s)
        )
        try:
            link.request("POST", place or "/", body, {"Content-Type": kind})
            answer = link.getresponse()
            return answer.status, answer.getheader("Content-Type") or "", answer.read(100_000)
        finally:
            link.close()
