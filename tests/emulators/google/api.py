"""One API request from arrival to answer, in this order: faults, route, sign-in, scopes, shape, quota, method, checks.

Shape   Api.answer(Request) -> Response for everything below /calendar/v3/ and /batch/; one at a time, under one lock
Honest  Each request and each answer is held against the discovery document; what does not fit is written to `problems`
        and answered 400 (the client's fault) or 500 (ours). Tests assert that `problems` stays empty.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.google import batch, change, create, discovery, errors, faults, freebusy, listing, move, read
from tests.emulators.google.body import READ_ONLY, without_nulls
from tests.emulators.google.calendars import HANDLERS as CALENDAR_HANDLERS
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.discovery import BadParameter, Method
from tests.emulators.google.errors import ApiError
from tests.emulators.google.faults import Fault, Faults
from tests.emulators.google.fields import apply_mask, read_mask
from tests.emulators.google.quota import Quota
from tests.emulators.google.state import Body, World
from tests.emulators.oauth import OAuthServer
from tests.emulators.web import Request, Response, html_response, json_response

SERVICE = "/calendar/v3/"
HANDLERS: dict[str, Callable[[Call], Reply]] = {
    "events.list": listing.list_events, "events.get": read.get, "events.instances": read.instances,
    "events.insert": create.insert, "events.import": create.import_, "events.quickAdd": create.quick_add,
    "events.patch": change.patch, "events.update": change.update, "events.delete": change.delete,
    "events.move": move.move, "freebusy.query": freebusy.query, **CALENDAR_HANDLERS,
}


@dataclass
class Logged:
    """One request as it arrived, and what it was answered; a dropped answer is there too."""

    verb: str
    path: str
    query: str
    method: str
    body: Any
    headers: dict[str, str]
    writes: bool
    status: int = 0
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Late:
    """A request that is carried out only after others, and after its sender gave up."""

    request: Request
    from_call: int
    from_s: float


@dataclass
class Api:
    world: World
    oauth: OAuthServer
    faults: Faults
    quota: Quota
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)             # read-only members in requests: harmless, but noise
    log: list[Logged] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    handlers: dict[str, Callable[[Call], Reply]] = field(default_factory=lambda: dict(HANDLERS))
    _fit: dict[int, Body] = field(default_factory=dict)

    def answer(self, request: Request) -> Response:
        with self.world.lock:
            self.do_late_ones()
            if request.path == batch.PATH and request.method == "POST":
                return batch.run(self, request)
            return self.one(request)

    def one(self, request: Request, authorization: str = "") -> Response:
        """A single request, or one part of a batch with the outer `authorization`."""
        found = discovery.route(request.method, request.path.removeprefix(SERVICE))
        if not request.path.startswith(SERVICE) or found is None:
            self.problems.append(f"{request.method} {request.path}: no such method")
            return html_response(404, "<html><title>Error 404 (Not Found)!!1</title></html>")
        method, path = found
        self.world.calls += 1
        hit = self.faults.take(f"{request.method} {request.path}?{request.query} {method.name}", method.writes)
        logged = Logged(request.method, request.path, request.query, method.name, _readable(request.body),
                        request.headers, method.writes, faults=tuple(hit))
        self.log.append(logged)
        response = self._faulty(request, method, path, authorization, hit)
        logged.status = response.status
        return response

    # -- faults around the work ----------------------------------------------------------------------------------------

    def _faulty(
        self, request: Request, method: Method, path: dict[str, str], authorization: str, hit: dict[str, Fault]
    ) -> Response:
        if "drop-before" in hit or "late" in hit:
            if "late" in hit:
                self.late.append(Late(request, self.world.calls + int(hit["late"].args.get("calls", 1)),
                                      self.world.clock.now_s() + float(hit["late"].args.get("seconds_late", 0))))
            return Response(0, fate="dropped")
        refused = faults.refusal(hit)
        if refused is not None:
            response = html_response(502, faults.BROKEN_PAGE) if "502" in hit else self.refused(refused)
        else:
            self._before(request, path, authorization, hit)
            response = self._work(request, method, path, authorization, faults.hints(hit))
        if "do-after" in hit:
            hit["do-after"].args["action"]()
        return faults.spoiled(response, hit)

    def _before(self, request: Request, path: dict[str, str], authorization: str, hit: dict[str, Fault]) -> None:
        token = self.oauth.bearer(request.headers.get("authorization") or authorization)
        if token is not None and "401" in hit:
            token.expires_s = self.world.clock.now_s()
        if "do" in hit:
            hit["do"].args["action"]()
        if token is not None and "role" in hit and "calendarId" in path:
            name = token.grant.user if path["calendarId"] == "primary" else path["calendarId"]
            self.world.share(name, token.grant.user, str(hit["role"].args.get("role", "reader")))

    def do_late_ones(self, settled: bool = False) -> None:
        """Requests whose connection broke, and which are carried out only now."""
        now_s = self.world.clock.now_s()
        due = [one for one in self.late if settled or (one.from_call <= self.world.calls and one.from_s <= now_s)]
        self.late = [one for one in self.late if one not in due]
        for one in due:
            self.one(one.request)

    # -- the work itself -----------------------------------------------------------------------------------------------

    def _work(
        self, request: Request, method: Method, path: dict[str, str], authorization: str, hints: dict[str, Any]
    ) -> Response:
        try:
            grant = self._signed_in(request.headers.get("authorization") or authorization)
            if not grant.scopes & method.scopes:
                raise errors.insufficient_scopes()
            params, body = self._read(request, method)
            mask = read_mask(params["fields"]) if "fields" in params else {}
            self.quota.spend(grant.user, method.name, method.writes)
            handler = self.handlers.get(method.name)
            if handler is None:
                raise self._loud(request, f"{method.name} is not emulated", 501)
            call = Call(self.world, method, grant.user, path, params, body, request.headers, grant.scopes,
                        grant.client_id, hints)
            return self._told(request, method, handler(call), mask)
        except ApiError as error:
            return self.refused(error)
        except Exception:
            trace = traceback.format_exc()
            return self.refused(self._loud(request, f"the emulator failed: {trace}", 500, "internalError"))

    def _signed_in(self, authorization: str) -> Any:
        if not authorization:
            raise errors.login_required()
        token = self.oauth.bearer(authorization)
        if token is None or token.grant.user not in self.world.accounts:
            raise errors.auth_error()
        return token.grant

    def _read(self, request: Request, method: Method) -> tuple[dict[str, Any], Body]:
        pairs = request.params
        if not self.world.modes.strict:
            pairs = [(name, value) for name, value in pairs if name in method.parameters or name == "fields"]
        try:
            params = method.read_query(pairs)
        except BadParameter as bad:
            raise self._loud(request, str(bad), location=bad.name) from None
        return params, self._read_body(request, method)

    def _read_body(self, request: Request, method: Method) -> Body:
        if method.request is None:
            if request.body:
                raise self._loud(request, f"{method.name} has no body")
            return {}
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise self._loud(request, "the body is not application/json", reason="parseError")
        try:
            body: Any = json.loads(request.body)
        except ValueError:
            raise self._loud(request, "the body is not JSON", reason="parseError") from None
        if not isinstance(body, dict):
            raise self._loud(request, "the body is not an object", reason="parseError")
        wrong = discovery.check(method.request, without_nulls(body))
        if wrong and self.world.modes.strict:
            raise self._loud(request, "; ".join(wrong))
        if wrong:
            body = discovery.known_part(method.request, body)
            if discovery.check(method.request, without_nulls(body)):
                raise errors.invalid("; ".join(wrong))
        if method.request == "Event":
            self._remark(method, body)
        return dict(body)

    def _remark(self, method: Method, body: Body) -> None:
        named = sorted(READ_ONLY & set(body) - ({"organizer"} if method.name == "events.import" else set()))
        if named:
            self.remarks.append(f"{method.name} sends read-only {', '.join(named)}")

    def _loud(self, request: Request, text: str, status: int = 400, reason: str = "invalidParameter",
              location: str = "") -> ApiError:
        self.problems.append(f"{request.method} {request.path}: {text}")
        return ApiError(status, reason, text, location=location)

    # -- the answer ----------------------------------------------------------------------------------------------------

    def _told(self, request: Request, method: Method, reply: Reply, mask: dict[str, Any]) -> Response:
        if reply.content is None:
            return Response(reply.status, headers={"ETag": reply.etag} if reply.etag else {})
        wrong = self._misfits(method, reply.content)
        if wrong:
            raise self._loud(request, f"the emulator's own answer does not fit: {'; '.join(wrong[:5])}", 500)
        told = apply_mask(reply.content, mask)
        headers = {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Vary": "Origin"}
        return json_response(reply.status, told, **headers, **({"ETag": reply.etag} if reply.etag else {}))

    def _misfits(self, method: Method, content: Body) -> list[str]:
        """Items of a listing are checked once each: they are the same objects as long as their row does not change."""
        if method.response is None:
            return [f"{method.name} answers nothing"]
        if method.response != "Events":
            return discovery.check(method.response, content)
        wrong = discovery.check("Events", {**content, "items": []})
        if len(self._fit) > 100_000:
            self._fit.clear()
        for item in content["items"]:
            if self._fit.get(id(item)) is not item:
                wrong += discovery.check("Event", item)
                self._fit[id(item)] = item
        return wrong

    def refused(self, error: ApiError) -> Response:
        body = error.body(self.world.modes.error_form == "new")
        headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else {}
        if error.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
        return json_response(error.status, body, **headers)


def _readable(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body
