"""The way of every request between a provider and its server in a CloudWorld: counted, judged, broken, cut off.

Shape   `Wire` is the transport of an httpx client, for Google and CalDAV; `Gate` stands before a provider without HTTP
        (vdir) and counts its calls instead. Both ask the world's Board what shall happen (tests/fakes/memory_faults.py)
Direct  a request to Google's emulator is answered in the same thread; with CALSYNC_CLOUD_WIRE=http, or `http=True`, it
        goes over a real connection. What the client meets is the same
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import httpx

from calsync_cli.errors import CalsyncError, ProtocolError, TransientError, UnknownOutcome
from calsync_cli.providers.base import Calendar, Page, Provider, Receipt
from tests.emulators.google.batch import PATH as BATCH
from tests.emulators.google.batch import read_parts
from tests.emulators.google.emulator import GoogleEmulator
from tests.emulators.web import Request, Response
from tests.fakes.memory_faults import SimulatedCrash

if TYPE_CHECKING:
    from tests.engine.cloud_world import CloudWorld

T = TypeVar("T")
GRAPH_BATCH = "/v1.0/$batch"
PAGE = b"<html><title>Sign in to this network</title></html>"
_EVENT = re.compile(r"/calendars/([^/]+)/events(?:/([^/?]+))?$")
MOVES = frozenset({"start", "end", "recurrence"})
_GRAPH_EVENT = re.compile(r"/me/(?:calendars/[^/]+/)?events(?:/([^/?]+))?$")
DAV_WRITES = {"PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True)
class Ask:
    """One write as it is about to leave. kind: create update delete; guard: its precondition, "" when it has none.

    quiet: whether it says that nobody shall be mailed (I6); other protocols have no such word
    moves: a series, whose edited dates the service then drops
    """

    side: str
    kind: str
    remote_id: str
    guard: str = ""
    quiet: bool = True
    moves: bool = False


@dataclass(frozen=True)
class Called:
    """What the Board is told."""

    name: str
    writes: bool


class Token(httpx.Auth):
    """Signed in; a 401 brings a new token and one repetition, as auth/token.py does."""

    def __init__(self, fresh: Callable[[], str]) -> None:
        self.fresh, self.value = fresh, fresh()

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = f"Bearer {self.value}"
        response = yield request
        if response.status_code == 401:
            self.value = self.fresh()
            request.headers["Authorization"] = f"Bearer {self.value}"
            yield request


class Wire(httpx.BaseTransport):
    def __init__(self, world: CloudWorld, side: str, inner: httpx.BaseTransport) -> None:
        self.world, self.side, self.inner = world, side, inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        asks = asks_of(self.side, request)
        kind = self.world.board.pick(Called(_name(request), bool(asks)))  # type: ignore[arg-type]
        self.world.called(self.side, asks, _is_batch(request))
        if kind is not None:
            return self._strike(str(kind), request)
        return self.inner.handle_request(request)

    def _strike(self, kind: str, request: httpx.Request) -> httpx.Response:
        if kind == "kill-before":
            raise SimulatedCrash
        if kind == "before":
            raise httpx.ConnectError("Connection refused")
        if kind.startswith("half") and _is_batch(request):
            self.world.clouds[self.world.servers[self.side].kind].break_a_batch()
        if kind == "half":
            return self.inner.handle_request(request)
        with suppress(httpx.HTTPError):  # whatever the server did, nothing of it arrives
            self.inner.handle_request(request).read()
        if kind.endswith("kill") or kind == "kill-after":
            raise SimulatedCrash
        if kind == "after-applied":
            raise httpx.ReadError("Connection reset by peer")
        return httpx.Response(200, headers={"Content-Type": "text/html"}, content=PAGE)

    def close(self) -> None:
        self.inner.close()


class Direct(httpx.BaseTransport):
    """The emulator without a socket between."""

    def __init__(self, emulator: GoogleEmulator) -> None:
        self.emulator = emulator

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.emulator.answer(as_asked(request))
        if answer.fate != "sent":
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(answer.status, headers=dated(self.emulator, answer).headers, content=answer.body)


def as_asked(request: httpx.Request) -> Request:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request(request.method, path, query, headers, request.content)


def dated(emulator: GoogleEmulator, answer: Response) -> Response:
    """With the Date of the emulator's own clock, which the engine compares with its own (G5)."""
    answer.headers["Date"] = formatdate(emulator.clock.now_s(), usegmt=True)
    return answer


def http_now(now: datetime) -> str:
    return formatdate(now.timestamp(), usegmt=True)


def dated_answers(emulator: GoogleEmulator) -> Callable[[Request], Response]:
    plain = emulator.answer
    return lambda request: dated(emulator, plain(request))


# -- what a request is about -------------------------------------------------------------------------------------------


def _name(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def _is_batch(request: httpx.Request) -> bool:
    return request.url.path in (BATCH, GRAPH_BATCH)


def asks_of(side: str, request: httpx.Request) -> list[Ask]:
    if request.url.path == BATCH:
        parts = [part.request for part in read_parts(as_asked(request))]
        return [ask for part in parts if (ask := _google_ask(side, part)) is not None]
    if "/calendar/v3/" in request.url.path:
        ask = _google_ask(side, as_asked(request))
        return [ask] if ask is not None else []
    if request.url.path.startswith("/v1.0/"):
        parts = json.loads(request.content)["requests"] if _is_batch(request) else [_part(request)]
        return [ask for part in parts if (ask := _graph_ask(side, part)) is not None]
    if request.method not in DAV_WRITES:
        return []
    headers, path = request.headers, unquote(request.url.path)
    if headers.get("if-none-match") == "*":
        return [Ask(side, "create", path, "*")]
    return [Ask(side, DAV_WRITES[request.method], path, headers.get("if-match", ""))]


def _google_ask(side: str, request: Request) -> Ask | None:
    found = _EVENT.search(request.path)
    if request.method == "GET" or found is None:
        return None
    quiet = ("sendUpdates", "none") in request.params
    if request.method == "POST":
        event_id = str(json.loads(request.body).get("id", ""))
        return Ask(side, "create", event_id, event_id, quiet)
    kind = "delete" if request.method == "DELETE" else "update"
    moves = kind == "update" and not MOVES.isdisjoint(json.loads(request.body))
    return Ask(side, kind, unquote(found[2] or ""), request.headers.get("if-match", ""), quiet, moves)


def _part(request: httpx.Request) -> dict[str, Any]:
    """As it would stand in a batch."""
    headers = {"If-Match": request.headers["if-match"]} if "if-match" in request.headers else {}
    body = json.loads(request.content) if request.content else {}
    path = request.url.raw_path.decode("ascii").removeprefix("/v1.0")
    return {"method": request.method, "url": path, "headers": headers, "body": body}


def _graph_ask(side: str, part: dict[str, Any]) -> Ask | None:
    """Nothing that it could say would keep Microsoft from mailing guests, so its mail log is what counts."""
    found = _GRAPH_EVENT.search(part["url"].partition("?")[0])
    if part["method"] == "GET" or found is None:
        return None
    if part["method"] == "POST":
        key = str(part["body"].get("transactionId", "")).replace("-", "")
        return Ask(side, "create", f"key:{key}", key)
    kind = "delete" if part["method"] == "DELETE" else "update"
    return Ask(side, kind, unquote(found[1] or ""), part["headers"].get("If-Match", ""))


# -- providers without HTTP --------------------------------------------------------------------------------------------


class Gate:
    """A provider whose every call is a step of its own."""

    def __init__(self, world: CloudWorld, side: str, inner: Provider) -> None:
        self._world, self._side, self._inner = world, side, inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def calendars(self) -> Sequence[Calendar]:
        return self._pass("calendars", None, self._inner.calendars)

    def open(self, calendar_id: str) -> Calendar:
        return self._pass("open", None, lambda: self._inner.open(calendar_id))

    def changes(self, cal: Calendar, *since: Any) -> list[Page]:
        return self._pass("changes", None, lambda: list(self._inner.changes(cal, *since)))

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Any:
        return self._pass("fetch", None, lambda: list(self._inner.fetch(cal, remote_ids)))

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Any:
        return self._pass("look", None, lambda: self._inner.look(cal, remote_id, known))

    def create(self, cal: Calendar, key: str, body: bytes) -> Receipt:
        ask = Ask(self._side, "create", self._inner.remote_id_for(cal, key), key)
        return self._pass("create", ask, lambda: self._inner.create(cal, key, body))

    def update(self, cal: Calendar, remote_id: str, body: bytes, etag: str) -> Receipt:
        ask = Ask(self._side, "update", remote_id, etag)
        return self._pass("update", ask, lambda: self._inner.update(cal, remote_id, body, etag))

    def delete(self, cal: Calendar, remote_id: str, etag: str) -> None:
        ask = Ask(self._side, "delete", remote_id, etag)
        self._pass("delete", ask, lambda: self._inner.delete(cal, remote_id, etag))

    def _pass(self, name: str, ask: Ask | None, action: Callable[[], T]) -> T:
        kind = self._world.board.pick(Called(name, ask is not None))  # type: ignore[arg-type]
        self._world.called(self._side, [ask] if ask is not None else [])
        if kind in (None, "half"):
            return action()
        if kind == "kill-before":
            raise SimulatedCrash
        if kind == "before":
            raise TransientError("the disk is away")
        with suppress(CalsyncError):
            action()
        if kind in ("kill-after", "half-kill"):
            raise SimulatedCrash
        if ask is not None:
            raise UnknownOutcome("the answer was lost")
        raise ProtocolError("nobody can read this") if kind == "garbled" else TransientError("the answer was lost")
