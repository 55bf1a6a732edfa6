"""One mailbox over Microsoft Graph: signed, paced, four requests at once, alone or twenty to a batch (facts L9, L10).

Shape   `call(Call)` -> response; `batch(calls)` -> one response or error per call
Waits   reads are repeated after 429, 5xx or a cut; writes only after a 429, for that is surely not carried out. While
        one request is told to wait all others of the mailbox wait too: asking meanwhile counts against us (L10)
Errors  TransientError: never sent; UnknownOutcome: a write without a readable answer; AuthError of the sign-in
Safety  links of the server are followed to its own origin only, for they carry the sign-in (L2.1)
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from calsync_cli.errors import CalsyncError, ProtocolError, TransientError, UnknownOutcome
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers import http

log = logging.getLogger(__name__)
ROOT = "https://graph.microsoft.com/v1.0"
IDS = 'IdType="ImmutableId"'
"""Without it an event's id changes when it moves to another calendar; it belongs into every request (facts 0.1)."""
MAX_PARTS = 20
IN_FLIGHT = 4
TRIES = 6
LONGEST_WAIT_S = 60.0
BUSY = frozenset({429, 509})
PASSING = frozenset({408, 423, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Call:
    """path: below the root, quoted, with a slash before it; or a whole link of the server's own."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    etag: str | None = None
    prefer: str = ""

    @property
    def writes(self) -> bool:
        return self.method != "GET"


def event_path(event_id: str, *more: str) -> str:
    return "/".join(("/me/events", quoted(event_id), *more))


def calendar_path(calendar_id: str, *more: str) -> str:
    return "/".join(("/me/calendars", quoted(calendar_id), *more))


def quoted(text: str) -> str:
    return quote(text, safe="")


class GraphClient:
    def __init__(self, account: Account, auth: httpx.Auth, ports: Ports) -> None:
        self.account, self._auth, self._ports = account, auth, ports
        self._root = (account.api_url or ROOT).rstrip("/")
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(IN_FLIGHT)
        self._client: httpx.Client | None = None
        self._rest_until_s = 0.0
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

    def call(self, call: Call) -> httpx.Response:
        for attempt in range(TRIES):
            self._rest()
            last = attempt == TRIES - 1
            try:
                response = self._sent(self._request(call), writes=call.writes)
            except TransientError:
                if call.writes or last:
                    raise
                self._ports.sleep(2.0**attempt)
                continue
            passing = is_busy(response) or (not call.writes and response.status_code in PASSING)
            if last or not passing or not self._told_to_wait(response, attempt):
                return response
        raise AssertionError("unreachable")

    def _rest(self) -> None:
        wait = self._rest_until_s - self._ports.monotonic_s()
        if wait > 0:
            self._ports.sleep(wait)

    def _told_to_wait(self, response: httpx.Response, attempt: int) -> bool:
        """False where that is longer than a run should wait."""
        told = http.retry_after_s(response, self._ports.now())
        wait = 2.0 * 2**attempt + self._jitter_s() if told is None else told
        if wait > LONGEST_WAIT_S:
            return False
        with self._lock:
            self._rest_until_s = max(self._rest_until_s, self._ports.monotonic_s() + wait)
        return True

    def _jitter_s(self) -> float:
        """So that several machines that were told to wait do not all come back at once."""
        return int(self._ports.fresh_id()[:4], 16) / 65536

    def _request(self, call: Call) -> httpx.Request:
        url = self._url(call.path)
        headers = _headers(call) | {"client-request-id": self._ports.fresh_id()}
        return self.http.build_request(call.method, url, params=call.params or None, json=call.body, headers=headers)

    def _url(self, path: str) -> str:
        if path.startswith("/"):
            return self._root + path
        if http.origin(path) != http.origin(self._root) or "@" in urlsplit(path).netloc:
            raise ProtocolError(f"{urlsplit(self._root).hostname} points to another server; nothing was sent there")
        return path

    def _sent(self, request: httpx.Request, *, writes: bool) -> httpx.Response:
        with self._slots:
            with self._lock:
                self.requests["write" if writes else "read"] += 1
            response = http.send(self.http, request, auth=self._auth, writes=writes)
        log.debug("%s %s -> %s", request.method, request.url.copy_with(query=None), response.status_code)
        return response

    # -- batches -------------------------------------------------------------------------------------------------------

    def batch(self, calls: Sequence[Call]) -> list[httpx.Response | CalsyncError]:
        """Answers in the order of the calls. A part that was told to wait is asked again alone."""
        answers: list[httpx.Response | CalsyncError] = []
        for start in range(0, len(calls), MAX_PARTS):
            answers += self._batch(calls[start : start + MAX_PARTS])
        return answers

    def _batch(self, calls: Sequence[Call]) -> list[httpx.Response | CalsyncError]:
        if len(calls) < 2:
            return [self._caught(call) for call in calls]
        self._rest()
        writes = any(call.writes for call in calls)
        body = {"requests": [self._part_of(number, call) for number, call in enumerate(calls)]}
        request = self.http.build_request("POST", self._root + "/$batch", json=body)
        try:
            response = self._sent(request, writes=writes)
        except UnknownOutcome as err:
            return [err] * len(calls)
        except CalsyncError as err:
            return [err] * len(calls) if writes else [self._caught(call) for call in calls]
        if response.status_code != 200:
            if writes and response.status_code >= 500:
                return [UnknownOutcome(f"Graph had a fault of its own ({response.status_code})")] * len(calls)
            return [self._caught(call) for call in calls]
        parts = _parts(response)
        return [self._answer(call, parts.get(str(number))) for number, call in enumerate(calls)]

    def _part_of(self, number: int, call: Call) -> dict[str, Any]:
        query = str(httpx.QueryParams(dict(call.params)))
        part: dict[str, Any] = {"id": str(number), "method": call.method, "headers": _headers(call)}
        part["url"] = call.path + (f"?{query}" if query else "")
        if call.body is not None:
            part["body"] = dict(call.body)
            part["headers"] |= {"Content-Type": "application/json"}
        return part

    def _answer(self, call: Call, part: Mapping[str, Any] | None) -> httpx.Response | CalsyncError:
        status = part.get("status") if part is not None else None
        if part is None or not isinstance(status, int):
            return UnknownOutcome("Graph gave no readable answer to a write") if call.writes else self._caught(call)
        headers = {name: str(value) for name, value in _object(part.get("headers")).items()}
        content = json.dumps(part["body"]).encode() if part.get("body") is not None else b""
        kept = {name: value for name, value in headers.items() if name.lower() in ("retry-after", "location")}
        answer = httpx.Response(status, headers=kept, content=content, request=self._request(call))
        return self._caught(call) if is_busy(answer) or status in (401, 424) else answer

    def _caught(self, call: Call) -> httpx.Response | CalsyncError:
        try:
            return self.call(call)
        except CalsyncError as err:
            return err


def is_busy(response: httpx.Response) -> bool:
    """Asked to wait, so surely not carried out (L10)."""
    return response.status_code in BUSY


def json_of(response: httpx.Response) -> dict[str, Any]:
    """The object that an answer holds. Raises ProtocolError."""
    try:
        data = response.json()
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ProtocolError(f"{response.request.url.host} sent something that is no answer of Graph")
    return data


def _headers(call: Call) -> dict[str, str]:
    headers = {"Prefer": f"{IDS}, {call.prefer}" if call.prefer else IDS}
    return headers | ({"If-Match": call.etag} if call.etag is not None else {})


def _parts(response: httpx.Response) -> dict[str, Mapping[str, Any]]:
    try:
        found = json_of(response).get("responses")
    except ProtocolError:
        return {}
    return {str(one.get("id")): one for one in found if isinstance(one, dict)} if isinstance(found, list) else {}


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
