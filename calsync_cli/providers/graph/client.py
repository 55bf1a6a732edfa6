"""One mailbox over Microsoft Graph: signed, paced, four requests at once, alone or twenty to a batch (facts L9, L10).

Waits   as providers.patient: reads are repeated after 429, 5xx or a cut; writes only after what says that nothing was
        done. All of a call's waits together are five minutes at most
Places  a batch is run four parts at a time by Graph, so it takes as many of the four places of a mailbox (A5, A6.1)
Safety  links of the server are followed to its own origin only, for they carry the sign-in (L2.1)
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from calsync_cli.errors import CalsyncError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.plain import dataclass
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.graph.answers import Json, event_id, json_of
from calsync_cli.providers.graph.refusals import Meaning, meaning
from calsync_cli.providers.patient import Answer, PatientClient, unheard

ROOT = "https://graph.microsoft.com/v1.0"
IDS = 'IdType="ImmutableId"'
"""Without it an event's id changes when it moves to another calendar; it belongs into every request (facts 0.1)."""
MAX_PARTS = 20
IN_FLIGHT = 4
QUOTA = (10_000, 600.0)
"""Requests in seconds, of one app and mailbox (A6.1)."""
PATIENCE_S = 300.0
BUSY_S = 10.0
"""The first wait where Graph does not say how long (facts S2)."""
AGAIN: Mapping[Meaning, int] = {Meaning.BUSY: 6, Meaning.FAULT: 4, Meaning.DEPENDENT: 1}
"""How often a call is repeated after such an answer; after FAULT only one that reads."""
AGAIN_UNHEARD = 2
"""The same for a read without any answer."""
WHOLE = frozenset({
    Meaning.BUSY, Meaning.LOCKED, Meaning.FAULT, Meaning.SIGN_IN, Meaning.CLAIMS, Meaning.NO_MAILBOX, Meaning.POLICY,
})  # fmt: skip
"""What a refusal of a batch as a whole can mean for each of its parts."""


@dataclass(frozen=True, slots=True)
class Call:
    """path: below the root, quoted, with a slash before it; or a whole link of the server's own.
    etag: the version that a write is for (If-Match)."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    etag: str | None = None
    prefer: str = ""

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def cost(self) -> int:
        return 1

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Prefer": f"{IDS}, {self.prefer}" if self.prefer else IDS}
        return headers | ({"If-Match": self.etag} if self.etag is not None else {})


def event_path(name: str, *more: str) -> str:
    """Raises ProtocolError for an id that would lead to another address than an event's."""
    return "/".join(("/me/events", quoted(name), *more))


def calendar_path(calendar_id: str, *more: str) -> str:
    return "/".join(("/me/calendars", quoted(calendar_id), *more))


def quoted(name: str) -> str:
    return quote(event_id({"id": name}), safe="")


class GraphClient(PatientClient[Call]):
    service = "Microsoft"

    def __init__(self, account: Account, auth: httpx.Auth, ports: Ports) -> None:
        super().__init__(account, auth, ports, QUOTA)
        self.max_parts = MAX_PARTS
        self._root = (account.api_url or ROOT).rstrip("/")
        self._places = _Places(IN_FLIGHT)

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
        wait = told or (BUSY_S if busy else 1.0) * 2.0**attempt
        return wait if waited + wait <= PATIENCE_S else None

    def sent(self, request: httpx.Request, *, writes: bool, places: int = 1) -> httpx.Response:
        with self._places.taken(places):
            return super().sent(request, writes=writes)

    def request(self, call: Call) -> httpx.Request:
        headers = call.headers | {"client-request-id": self._ports.fresh_id()}
        content = None
        if call.body is not None:
            content = _dumped(call.body)
            headers["Content-Type"] = "application/json"
        return self.http.build_request(
            call.method, self._url(call.path), params=call.params or None, content=content, headers=headers
        )

    def _url(self, path: str) -> str:
        if path.startswith("/"):
            return self._root + path
        if http.origin(path) != http.origin(self._root) or "@" in urlsplit(path).netloc:
            raise ProtocolError(f"{urlsplit(self._root).hostname} points to another server; nothing was sent there")
        return path

    # -- batches -------------------------------------------------------------------------------------------------------

    def together(self, calls: Sequence[Call]) -> list[Answer]:
        writes = any(call.writes for call in calls)
        self._pace.take(sum(call.cost for call in calls))
        body = {"requests": [_part(str(number), call) for number, call in enumerate(calls)]}
        request = self.http.build_request(
            "POST", f"{self._root}/$batch", content=_dumped(body), timeout=self.patience_s(len(calls)),
            headers={"Content-Type": "application/json", "client-request-id": self._ports.fresh_id()},
        )
        try:
            response = self.sent(request, writes=writes, places=min(len(calls), IN_FLIGHT))
        except http.TooMuch as err:
            return [err] * len(calls) if writes else [self.alone(call) for call in calls]
        except CalsyncError as err:
            return [err] * len(calls)
        if response.status_code != 200:
            return [response] * len(calls) if meaning(response) in WHOLE else [self.alone(call) for call in calls]
        parts = _parts(response)
        answers = [self._answer(call, parts.get(str(n)), response) for n, call in enumerate(calls)]
        busy = [isinstance(answer, httpx.Response) and self.is_busy(answer) for answer in answers]
        if any(busy) and not all(busy):  # the fifth part was one too many (A5)
            self.max_parts = IN_FLIGHT
        return answers

    def _answer(self, call: Call, part: Mapping[str, Any] | None, whole: httpx.Response) -> Answer:
        status = part.get("status") if part is not None else None
        if part is None or not isinstance(status, int) or not 200 <= status <= 599:
            return unheard(call, self.service)
        found = part.get("headers")
        told = {str(name).lower(): value for name, value in found.items()} if isinstance(found, dict) else {}
        headers = {"date": whole.headers.get("date", "")}
        headers |= {name: str(value) for name in KEPT if isinstance(value := told.get(name), str | int)}
        try:
            content = _dumped(part["body"]) if part.get("body") is not None else b""
        except RecursionError:
            return unheard(call, self.service)
        latin = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]  # as on a wire
        return httpx.Response(status, headers=latin, content=content, request=self.request(call))


KEPT = ("retry-after", "www-authenticate")


class _Places:
    """So many at once. Whoever needs several is not overtaken for ever by those who need one."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, count: int) -> Iterator[None]:
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._left >= count)
            self._left -= count
        try:
            yield
        finally:
            with self._changed:
                self._left += count
                self._changed.notify_all()


def _part(name: str, call: Call) -> Json:
    """Preferences and preconditions of the request around it do not reach a part (L9)."""
    query = str(httpx.QueryParams(dict(call.params)))
    part: Json = {"id": name, "method": call.method, "headers": call.headers}
    part["url"] = call.path + (f"?{query}" if query else "")
    if call.body is not None:
        part["body"] = dict(call.body)
        part["headers"] |= {"Content-Type": "application/json"}
    return part


def _parts(response: httpx.Response) -> dict[str, Mapping[str, Any]]:
    """By their ids; answers come in any order."""
    try:
        found = json_of(response).get("responses")
    except ProtocolError:
        return {}
    return {str(one.get("id")): one for one in found if isinstance(one, dict)} if isinstance(found, list) else {}


def _dumped(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode("ascii")
