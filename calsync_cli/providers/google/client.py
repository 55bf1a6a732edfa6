"""One Google account over HTTP: signed, paced, patient with quotas, alone or in batches (facts 2, 7, 8).

Shape   `call(Call)` -> response; `batch(calls)` -> one response or error per call, 50 to a request
Waits   reads are repeated after a refusal for quota, a 5xx or a cut; writes only after a refusal for quota, for that is
        surely not carried out. Then the refusal itself is the answer, for the caller to put into words
Errors  TransientError: never sent; UnknownOutcome: a write without a readable answer; AuthError of the sign-in
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from calsync_cli.errors import CalsyncError, TransientError, UnknownOutcome
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.google.calendar_list import api_url
from calsync_cli.providers.google.multipart import MAX_PARTS, decode, encode
from calsync_cli.providers.google.refusals import is_busy

log = logging.getLogger(__name__)
TRIES = 5
LONGEST_WAIT_S = 32.0
PER_MINUTE = 600
COST = {"PATCH": 3}
"""Quota units (facts 8.1)."""


@dataclass(frozen=True, slots=True)
class Call:
    """path: below the API's address, quoted. etag: the version that a write is for (If-Match)."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    etag: str | None = None

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def cost(self) -> int:
        return COST.get(self.method, 1)


def calendar_path(calendar_id: str, *more: str) -> str:
    return "/".join(("calendars", quote(calendar_id, safe=""), *(quote(part, safe="") for part in more)))


def list_entry_path(calendar_id: str) -> str:
    return f"users/me/calendarList/{quote(calendar_id, safe='')}"


class Pace:
    """A token bucket: as many units at once as a minute allows, then as fast as they come back (facts 8.1)."""

    def __init__(self, ports: Ports, per_minute: int = PER_MINUTE) -> None:
        self._ports, self._rate, self._full = ports, per_minute / 60.0, float(per_minute)
        self._units, self._at = self._full, ports.monotonic_s()
        self._lock = threading.Lock()

    def take(self, units: int) -> None:
        """Waits outside of the lock for what is missing; the debt is noted before."""
        with self._lock:
            now = self._ports.monotonic_s()
            self._units = min(self._full, self._units + (now - self._at) * self._rate) - units
            self._at = now
            missing = -self._units / self._rate
        if missing > 0:
            self._ports.sleep(missing)


class GoogleClient:
    def __init__(self, account: Account, auth: httpx.Auth, ports: Ports) -> None:
        self.account, self._auth, self._ports = account, auth, ports
        self._base = api_url(account)
        parts = urlsplit(self._base)
        self._batch_url = f"{parts.scheme}://{parts.netloc}/batch{parts.path.rstrip('/')}"
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._pace = Pace(ports)
        self.requests = {"read": 0, "write": 0}

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    @property
    def http(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = http.make_client(self.account)
            return self._client

    @property
    def auth(self) -> httpx.Auth:
        return self._auth

    def call(self, call: Call) -> httpx.Response:
        for attempt in range(TRIES):
            self._pace.take(call.cost)
            last = attempt == TRIES - 1
            try:
                response = self._sent(self._request(call), writes=call.writes)
            except TransientError:
                if call.writes or last:
                    raise
                self._ports.sleep(2.0**attempt)
                continue
            passing = is_busy(response) or (not call.writes and response.status_code >= 500)
            if last or not passing or not self._waited(response, attempt):
                return response
        raise AssertionError("unreachable")

    def _waited(self, response: httpx.Response, attempt: int) -> bool:
        """False where we are told to wait longer than a run should."""
        told = response.headers.get("retry-after", "")
        wait = float(told) if told.isdecimal() and len(told) < 6 else 2.0**attempt
        if wait > LONGEST_WAIT_S:
            return False
        self._ports.sleep(wait)
        return True

    def _request(self, call: Call) -> httpx.Request:
        headers = {"If-Match": call.etag} if call.etag is not None else {}
        params = {"prettyPrint": "false", **call.params}
        url = self._base + call.path
        return self.http.build_request(call.method, url, params=params, json=call.body, headers=headers)

    def _sent(self, request: httpx.Request, *, writes: bool) -> httpx.Response:
        with self._lock:
            self.requests["write" if writes else "read"] += 1
        response = http.send(self.http, request, auth=self._auth, writes=writes)
        log.debug("%s %s -> %s", request.method, request.url.copy_with(query=None), response.status_code)
        return response

    # -- batches -------------------------------------------------------------------------------------------------------

    def batch(self, calls: Sequence[Call]) -> list[httpx.Response | CalsyncError]:
        """Answers in the order of the calls. A part that was told to wait is asked again alone (facts 7)."""
        answers: list[httpx.Response | CalsyncError] = []
        for start in range(0, len(calls), MAX_PARTS):
            answers += self._batch(calls[start : start + MAX_PARTS])
        return answers

    def _batch(self, calls: Sequence[Call]) -> list[httpx.Response | CalsyncError]:
        if len(calls) < 2:
            return [self._caught(call) for call in calls]
        writes = any(call.writes for call in calls)
        self._pace.take(sum(call.cost for call in calls))
        parts = [self._request(call) for call in calls]
        boundary = f"calsync_{self._ports.fresh_id()}"
        kind = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
        request = self.http.build_request("POST", self._batch_url, content=encode(parts, boundary), headers=kind)
        try:
            response = self._sent(request, writes=writes)
        except UnknownOutcome as err:
            return [err] * len(calls)
        except CalsyncError as err:
            return [err] * len(calls) if writes else [self._caught(call) for call in calls]
        if response.status_code != 200:
            return self._refused(calls, response)
        return [self._part(call, answer) for call, answer in zip(calls, decode(response, parts), strict=True)]

    def _refused(self, calls: Sequence[Call], response: httpx.Response) -> list[httpx.Response | CalsyncError]:
        """The batch as a whole. Where that surely did nothing, each call goes alone; 5xx may have done some of it."""
        if response.status_code < 500 or not any(call.writes for call in calls):
            return [self._caught(call) for call in calls]
        return [UnknownOutcome(f"Google had a fault of its own ({response.status_code})")] * len(calls)

    def _part(self, call: Call, answer: httpx.Response | None) -> httpx.Response | CalsyncError:
        if answer is None and call.writes:
            return UnknownOutcome("Google gave no readable answer to a write")
        passing = answer is None or answer.status_code == 401 or is_busy(answer)
        return self._caught(call) if answer is None or passing else answer

    def _caught(self, call: Call) -> httpx.Response | CalsyncError:
        try:
            return self.call(call)
        except CalsyncError as err:
            return err
