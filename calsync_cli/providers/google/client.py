"""One Google account over HTTP: signed, paced, patient, alone or many calls to a request (facts 2, 7, 8).

Shape   `call(Call)` -> response; `batch(calls)` -> one response or error per call, in order, 50 to a request
Waits   what was surely not carried out is asked again after a while: everything Google was too busy for, and a 403
        without a known reason once; a 409 for parallel writes once, its guard still holds; reads also after a fault or
        a cut. Many at once wait together. Then the refusal itself is the answer, for the caller to put into words
Errors  TransientError: never sent; UnknownOutcome: a write without a readable answer; AuthError of the sign-in
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

from calsync_cli import __version__
from calsync_cli.errors import CalsyncError, TransientError, UnknownOutcome
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.google.answers import event_id
from calsync_cli.providers.google.calendar_list import PATH, api_url
from calsync_cli.providers.google.multipart import MAX_PARTS, decode, encode
from calsync_cli.providers.google.pace import Pace
from calsync_cli.providers.google.refusals import Meaning, meaning, told_to_wait_s

log = logging.getLogger(__name__)
AGENT = f"calsync/{__version__} (gzip)"
"""Google compresses only for those who say so here, too (facts 2)."""
LONGEST_WAIT_S = 32.0
COST = {"PATCH": 3}
"""Quota units (facts 8.1)."""
AGAIN: Mapping[Meaning, int] = {Meaning.BUSY: 6, Meaning.FAULT: 4, Meaning.ODD: 1, Meaning.CONFLICT: 1}
"""How often a call is repeated after such an answer; after FAULT only one that reads."""
AGAIN_UNHEARD = 2
"""The same for a read without any answer."""

Answer = httpx.Response | CalsyncError


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


def events_path(calendar_id: str) -> str:
    return f"calendars/{_quoted(calendar_id)}/events"


def event_path(calendar_id: str, name: str, *more: str) -> str:
    """Raises ProtocolError for an id that would lead to another address than an event's."""
    return "/".join((events_path(calendar_id), _quoted(name), *more))


def list_entry_path(calendar_id: str) -> str:
    return f"{PATH}/{_quoted(calendar_id)}"


def _quoted(name: str) -> str:
    return quote(event_id({"id": name}), safe="")


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

    def call(self, call: Call) -> httpx.Response:
        (answer,) = self.batch([call])
        if isinstance(answer, CalsyncError):
            raise answer
        return answer

    def batch(self, calls: Sequence[Call]) -> list[Answer]:
        """Either all of them write or none. Where reading has failed, the rest is not asked: its answer is the same."""
        answers: list[Answer] = []
        for start in range(0, len(calls), MAX_PARTS):
            answers += self._patiently(calls[start : start + MAX_PARTS])
            failed = next((answer for answer in answers[start:] if not calls[0].writes and _has_failed(answer)), None)
            if failed is not None:
                return answers + [failed] * (len(calls) - len(answers))
        return answers

    # -- again and again -----------------------------------------------------------------------------------------------

    def _patiently(self, calls: Sequence[Call]) -> list[Answer]:
        answers, attempt = self._asked(calls), 0
        while True:
            again = [n for n, call in enumerate(calls) if _may_pass(call, answers[n], attempt)]
            if not again or not self._waited([answers[n] for n in again], attempt):
                return answers
            for n, answer in zip(again, self._asked([calls[n] for n in again]), strict=True):
                answers[n] = answer
            attempt += 1

    def _waited(self, answers: Sequence[Answer], attempt: int) -> bool:
        """False where we are told to wait longer than a run should. The others of this account wait along."""
        responses = [answer for answer in answers if isinstance(answer, httpx.Response)]
        told = [wait for response in responses if (wait := told_to_wait_s(response)) is not None]
        if max(told, default=0.0) > LONGEST_WAIT_S:
            return False
        wait = max(told, default=0.0) or min(2.0**attempt, LONGEST_WAIT_S - 1) + self._jitter()
        log.debug("%s: waiting %.1f s before attempt %d", self.account.name, wait, attempt + 2)
        if any(meaning(response) is Meaning.BUSY for response in responses):
            self._pace.pause(wait)
        else:
            self._ports.sleep(wait)
        return True

    def _jitter(self) -> float:
        """0 to 1, so that clients that were refused together do not come back together (facts 8.1)."""
        return int(self._ports.fresh_id()[:4], 16) / 65536

    # -- one request ---------------------------------------------------------------------------------------------------

    def _asked(self, calls: Sequence[Call]) -> list[Answer]:
        if len(calls) == 1:
            return [self._alone(calls[0])]
        answers = self._together(calls) if calls else []
        expired = [n for n, answer in enumerate(answers) if isinstance(answer, httpx.Response) and _is_401(answer)]
        if expired:  # in parts only, which the sign-in does not see: the first of them alone renews it (facts 7)
            first, *rest = expired
            renewed = answers[first] = self._alone(calls[first])
            if rest and isinstance(renewed, httpx.Response) and not _is_401(renewed):
                for n, answer in zip(rest, self._together([calls[n] for n in rest]), strict=True):
                    answers[n] = answer
        return answers

    def _alone(self, call: Call) -> Answer:
        self._pace.take(call.cost)
        try:
            return self._sent(self._request(call), writes=call.writes)
        except CalsyncError as err:
            return err

    def _together(self, calls: Sequence[Call]) -> list[Answer]:
        writes = any(call.writes for call in calls)
        self._pace.take(sum(call.cost for call in calls))
        parts = [self._request(call) for call in calls]
        boundary = f"calsync_{self._ports.fresh_id()}"
        request = self.http.build_request(
            "POST", self._batch_url, content=encode(parts, boundary), timeout=self._patience_s(len(calls)),
            headers={"Content-Type": f"multipart/mixed; boundary={boundary}", "User-Agent": AGENT},
        )
        try:
            response = self._sent(request, writes=writes)
        except http.TooMuch as err:
            return [err] * len(calls) if writes else [self._alone(call) for call in calls]
        except CalsyncError as err:
            return [err] * len(calls)
        if response.status_code != 200:
            return self._refused(calls, response)
        return [_part(call, answer) for call, answer in zip(calls, decode(response, parts), strict=True)]

    def _refused(self, calls: Sequence[Call], response: httpx.Response) -> list[Answer]:
        """The request as a whole: for quota, a fault or the sign-in that is each call's answer. A no to the form says
        nothing about the calls, so each goes alone."""
        if meaning(response) in (Meaning.BUSY, Meaning.FULL, Meaning.DAY_OVER, Meaning.FAULT, Meaning.SIGN_IN):
            return [response] * len(calls)
        return [self._alone(call) for call in calls]

    def _patience_s(self, parts: int) -> httpx.Timeout:
        """A part takes Google about a fifth of a second."""
        return httpx.Timeout(self.account.timeout_s + parts, connect=min(http.CONNECT_S, self.account.timeout_s))

    def _request(self, call: Call) -> httpx.Request:
        headers = {"User-Agent": AGENT, **({"If-Match": call.etag} if call.etag is not None else {})}
        content = None
        if call.body is not None:
            content = json.dumps(call.body, separators=(",", ":")).encode("ascii")
            headers["Content-Type"] = "application/json"
        params = {"prettyPrint": "false", **call.params}
        return self.http.build_request(
            call.method, self._base + call.path, params=params, content=content, headers=headers
        )

    def _sent(self, request: httpx.Request, *, writes: bool) -> httpx.Response:
        with self._lock:
            self.requests["write" if writes else "read"] += 1
        response = http.send(self.http, request, auth=self._auth, writes=writes)
        log.debug("%s %s -> %s", request.method, request.url.copy_with(query=None), response.status_code)
        return response


def _may_pass(call: Call, answer: Answer, attempt: int) -> bool:
    if isinstance(answer, CalsyncError):
        return isinstance(answer, TransientError) and not call.writes and attempt < AGAIN_UNHEARD
    meant = meaning(answer) if answer.status_code >= 300 else None
    if meant is None or (meant is Meaning.FAULT and call.writes):
        return False
    return attempt < AGAIN.get(meant, 0)


def _has_failed(answer: Answer) -> bool:
    return isinstance(answer, CalsyncError) or answer.status_code not in (200, 404, 410)


def _is_401(response: httpx.Response) -> bool:
    return response.status_code == 401


def _part(call: Call, answer: httpx.Response | None) -> Answer:
    if answer is not None:
        return answer
    words = "Google left a part of many without a readable answer"
    return UnknownOutcome(words) if call.writes else TransientError(words)
