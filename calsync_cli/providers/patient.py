"""One account over HTTP, alone or many calls to a request: what the services that answer in batches have in common.

Shape   a service gives `request` (one call as HTTP), `together` (many in one request), `repeats` (how often an answer
        of this kind is asked for again), `is_busy`, `pause_s`; `call(c)` -> response; `batch(calls)` -> one response or
        error per call, in order
Waits   what was surely not carried out is asked again after a while; many at once wait together. Then the refusal
        itself is the answer, for the caller to put into words
401     the sign-in repeats a request that expired; of parts it sees nothing, so the first of them alone renews it
Errors  TransientError: never sent; UnknownOutcome: a write without a readable answer; AuthError of the sign-in
Threads one client serves all threads of a provider
"""

from __future__ import annotations

import logging
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

import httpx

from calsync_cli.errors import CalsyncError, TransientError, UnknownOutcome
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.pace import Pace

log = logging.getLogger(__name__)
_SECONDS = re.compile(r"\d{1,5}(\.\d{1,9})?", re.ASCII)

Answer = httpx.Response | CalsyncError


class Asking(Protocol):
    @property
    def writes(self) -> bool: ...

    @property
    def cost(self) -> int:
        """In units of the service's quota."""
        ...


C = TypeVar("C", bound=Asking)


class PatientClient(ABC, Generic[C]):
    max_parts: int
    service: ClassVar[str]

    def __init__(self, account: Account, auth: httpx.Auth, ports: Ports, quota: tuple[int, float]) -> None:
        """quota: units in seconds."""
        self.account, self._auth, self._ports = account, auth, ports
        self._called = f"{self.service} ({account.name})"
        self._pace = Pace(ports, *quota, self._called)
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self.requests = {"read": 0, "write": 0}

    # -- the service's own ---------------------------------------------------------------------------------------------

    @abstractmethod
    def request(self, call: C) -> httpx.Request:
        """Alone."""

    @abstractmethod
    def together(self, calls: Sequence[C]) -> list[Answer]:
        """In one request."""

    @abstractmethod
    def repeats(self, call: C, answer: Answer) -> int:
        """How often in all the call may be asked again after an answer of this kind; 0 where it is final."""

    @abstractmethod
    def is_busy(self, response: httpx.Response) -> bool:
        """Asked to wait: so must all others of this account."""

    @abstractmethod
    def pause_s(self, told: float | None, attempt: int, waited: float, *, busy: bool) -> float | None:
        """How long to wait before the next attempt (the first has number 0); None: longer than a run should."""

    # -- asking --------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    @property
    def http(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = http.make_client(self.account)
            return self._client

    def call(self, call: C) -> httpx.Response:
        (answer,) = self.batch([call])
        if isinstance(answer, CalsyncError):
            raise answer
        return answer

    def batch(self, calls: Sequence[C]) -> list[Answer]:
        """Either all of them write or none. Where reading has failed, the rest is not asked: its answer is the same."""
        answers: list[Answer] = []
        while len(answers) < len(calls):
            now = calls[len(answers) : len(answers) + self.max_parts]
            found = self._patiently(now)
            answers += found
            failed = next((answer for answer in found if not now[0].writes and _has_failed(answer)), None)
            if failed is not None:
                return answers + [failed] * (len(calls) - len(answers))
        return answers

    # -- again and again -----------------------------------------------------------------------------------------------

    def _patiently(self, calls: Sequence[C]) -> list[Answer]:
        answers, attempt, waited = self._asked(calls), 0, 0.0
        while True:
            again = [n for n, call in enumerate(calls) if attempt < self.repeats(call, answers[n])]
            wait = self._waited([answers[n] for n in again], attempt, waited) if again else None
            if wait is None:
                return answers
            for n, answer in zip(again, self._asked([calls[n] for n in again]), strict=True):
                answers[n] = answer
            attempt, waited = attempt + 1, waited + wait

    def _waited(self, answers: Sequence[Answer], attempt: int, waited: float) -> float | None:
        """The seconds; None where we are told to wait longer than a run should. The others of this account wait along.
        A part of a second is added, so that clients that were refused together do not come back together."""
        responses = [answer for answer in answers if isinstance(answer, httpx.Response)]
        told = [wait for response in responses if (wait := told_to_wait_s(response)) is not None]
        busy = any(self.is_busy(response) for response in responses)
        wait = self.pause_s(max(told, default=None), attempt, waited, busy=busy)
        if wait is None:
            return None
        wait += 0.0 if max(told, default=0.0) else self._jitter()
        log.debug("%s: waiting %.1f s before attempt %d", self.account.name, wait, attempt + 2)
        if busy:
            self._pace.pause(wait)
        else:
            self._ports.wait(wait, f"no useful answer from {self._called}; asking again in")
        return wait

    def _jitter(self) -> float:
        return int(self._ports.fresh_id()[:4], 16) / 65536

    # -- one request ---------------------------------------------------------------------------------------------------

    def _asked(self, calls: Sequence[C]) -> list[Answer]:
        if len(calls) == 1:
            return [self.alone(calls[0])]
        answers = self.together(calls) if calls else []
        expired = [n for n, answer in enumerate(answers) if isinstance(answer, httpx.Response) and _is_401(answer)]
        if expired:
            first, *rest = expired
            renewed = answers[first] = self.alone(calls[first])
            passed = isinstance(renewed, httpx.Response) and not _is_401(renewed)
            again = self.together([calls[n] for n in rest]) if rest and passed else [renewed] * len(rest)
            for n, answer in zip(rest, again, strict=True):
                answers[n] = answer
        return answers

    def alone(self, call: C) -> Answer:
        self._pace.take(call.cost)
        try:
            return self.sent(self.request(call), writes=call.writes)
        except CalsyncError as err:
            return err

    def sent(self, request: httpx.Request, *, writes: bool) -> httpx.Response:
        with self._lock:
            self.requests["write" if writes else "read"] += 1
        response = http.send(self.http, request, auth=self._auth, writes=writes)
        log.debug("%s %s -> %s", request.method, request.url.copy_with(query=None), response.status_code)
        return response

    def patience_s(self, parts: int) -> httpx.Timeout:
        """For so many calls at once: a part takes about a fifth of a second."""
        return httpx.Timeout(self.account.timeout_s + parts, connect=min(http.CONNECT_S, self.account.timeout_s))


def unheard(call: Asking, service: str) -> CalsyncError:
    """A part of many that has no readable answer (J5)."""
    words = f"{service} left a part of many without a readable answer"
    return UnknownOutcome(words) if call.writes else TransientError(words)


def told_to_wait_s(response: httpx.Response) -> float | None:
    """Retry-After in seconds: a sensible number, or a date by the service's own clock (RFC 9110 section 10.2.3)."""
    told = response.headers.get("retry-after", "").strip()
    if told.isascii() and told.replace(".", "", 1).isdecimal():
        return float(told) if _SECONDS.fullmatch(told) else None
    when, now = http.http_date(told), http.http_date(response.headers.get("date"))
    return max(0.0, (when - now).total_seconds()) if when is not None and now is not None else None


def _has_failed(answer: Answer) -> bool:
    return isinstance(answer, CalsyncError) or answer.status_code not in (200, 404, 410)


def _is_401(response: httpx.Response) -> bool:
    return response.status_code == 401
