"""One Google account over HTTP: signed, paced, patient, alone or many calls to a request (facts 2, 7, 8).

Shape   `call(Call)` -> response; `batch(calls)` -> one response or error per call, in order, 50 to a request
Waits   what was surely not carried out is asked again after a while: everything Google was too busy for, and a 403
        without a known reason once; a 409 for parallel writes once, its guard still holds; reads also after a fault or
        a cut. Many at once wait together. Then the refusal itself is the answer, for the caller to put into words
Errors  TransientError: never sent; UnknownOutcome: a write without a readable answer; AuthError of the sign-in
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from calsync_cli import __version__
from calsync_cli.errors import CalsyncError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.plain import dataclass
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.google.answers import event_id
from calsync_cli.providers.google.calendar_list import PATH, api_url
from calsync_cli.providers.google.multipart import MAX_PARTS, decode, encode
from calsync_cli.providers.google.refusals import Meaning, meaning
from calsync_cli.providers.patient import Answer, PatientClient, unheard

__all__ = ["Answer", "Call", "GoogleClient", "event_path", "events_path", "list_entry_path"]

AGENT = f"calsync/{__version__} (gzip)"
"""Google compresses only for those who say so here, too (facts 2)."""
LONGEST_WAIT_S = 32.0
COST = {"PATCH": 3}
"""Quota units (facts 8.1)."""
AGAIN: Mapping[Meaning, int] = {Meaning.BUSY: 6, Meaning.FAULT: 4, Meaning.ODD: 1, Meaning.CONFLICT: 1}
"""How often a call is repeated after such an answer; after FAULT only one that reads."""
AGAIN_UNHEARD = 2
"""The same for a read without any answer."""
QUOTA = (600, 60.0)
"""Units in seconds, of one user (facts 8.1)."""


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


class GoogleClient(PatientClient[Call]):
    max_parts = MAX_PARTS
    service = "Google"

    def __init__(self, account: Account, auth: httpx.Auth, ports: Ports) -> None:
        super().__init__(account, auth, ports, QUOTA)
        self._base = api_url(account)
        parts = urlsplit(self._base)
        self._batch_url = f"{parts.scheme}://{parts.netloc}/batch{parts.path.rstrip('/')}"

    def repeats(self, call: Call, answer: Answer) -> int:
        if isinstance(answer, CalsyncError):
            return AGAIN_UNHEARD if isinstance(answer, TransientError) and not call.writes else 0
        meant = meaning(answer) if answer.status_code >= 300 else None
        if meant is None or (meant is Meaning.FAULT and call.writes):
            return 0
        return AGAIN.get(meant, 0)

    def is_busy(self, response: httpx.Response) -> bool:
        return meaning(response) is Meaning.BUSY

    def pause_s(self, told: float | None, attempt: int, waited: float, *, busy: bool) -> float | None:
        wait = told or min(2.0**attempt, LONGEST_WAIT_S - 1)
        return wait if wait <= LONGEST_WAIT_S else None

    def together(self, calls: Sequence[Call]) -> list[Answer]:
        writes = any(call.writes for call in calls)
        self._pace.take(sum(call.cost for call in calls))
        parts = [self.request(call) for call in calls]
        boundary = f"calsync_{self._ports.fresh_id()}"
        request = self.http.build_request(
            "POST", self._batch_url, content=encode(parts, boundary), timeout=self.patience_s(len(calls)),
            headers={"Content-Type": f"multipart/mixed; boundary={boundary}", "User-Agent": AGENT},
        )
        try:
            response = self.sent(request, writes=writes)
        except http.TooMuch as err:
            return [err] * len(calls) if writes else [self.alone(call) for call in calls]
        except CalsyncError as err:
            return [err] * len(calls)
        if response.status_code != 200:
            return self._refused(calls, response)
        answers = zip(calls, decode(response, parts), strict=True)
        return [answer or unheard(call, self.service) for call, answer in answers]

    def _refused(self, calls: Sequence[Call], response: httpx.Response) -> list[Answer]:
        """The request as a whole: for quota, a fault or the sign-in that is each call's answer. A no to the form says
        nothing about the calls, so each goes alone."""
        if meaning(response) in (Meaning.BUSY, Meaning.FULL, Meaning.DAY_OVER, Meaning.FAULT, Meaning.SIGN_IN):
            return [response] * len(calls)
        return [self.alone(call) for call in calls]

    def request(self, call: Call) -> httpx.Request:
        headers = {"User-Agent": AGENT, **({"If-Match": call.etag} if call.etag is not None else {})}
        content = None
        if call.body is not None:
            content = json.dumps(call.body, separators=(",", ":")).encode("ascii")
            headers["Content-Type"] = "application/json"
        params = {"prettyPrint": "false", **call.params}
        return self.http.build_request(
            call.method, self._base + call.path, params=params, content=content, headers=headers
        )
