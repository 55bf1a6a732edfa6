"""Faults put into effect, and the many shapes of an error body (facts A2, A9.6, A9.25).

Shape   before(emulator, fault, raw) -> Reply or None; after(emulator, fault, reply) -> Reply; error_reply(...)
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.emulators.graph.errors import GraphError
from tests.emulators.graph.knobs import Fault, Knobs
from tests.emulators.graph.wire import Raw, Reply

if TYPE_CHECKING:
    from tests.emulators.graph.app import Emulator

HTML = {"Content-Type": "text/html"}


def before(emulator: Emulator, fault: Fault | None, raw: Raw) -> Reply | None:
    """A reply that ends the request before anything is done, or None to go on."""
    if fault is None:
        return None
    values = fault.values
    match fault.name:
        case "drop-before":
            return Reply(0, cut="before")
        case "late":
            emulator.late.append((emulator.world.clock.monotonic() + float(values.get("seconds", 1)), raw))
            return Reply(0, cut="before")
        case "edit":
            with emulator.world.lock:
                emulator.people.do(dict(values["edit"]))
        case "slow":
            time.sleep(float(values.get("seconds", 1)))
        case "status":
            headers = {"Retry-After": str(values["retry_after"])} if "retry_after" in values else {}
            status = int(values.get("status", 500))
            raise GraphError(status, values.get("code", "UnknownError"), values.get("message", ""), headers=headers)
        case "429":
            raise emulator.throttle.refusal("RequestRate", 429, values.get("retry_after"))
        case "storm":
            emulator.throttle.storm(_mailbox(emulator, raw), float(values.get("seconds", 2)))
        case "expire-token":
            emulator.identity.session(raw.headers.get("authorization", "")).dead = True
        case "claims" | "claims-403":
            _challenge(emulator, raw, 401 if fault.name == "claims" else 403, lasting=not values.get("once"))
        case "html":
            status = int(values.get("status", 502))
            return Reply(status, b"<html><body><h1>502 Bad Gateway</h1></body></html>", dict(HTML))
        case "empty":
            return Reply(int(values.get("status", 500)))
        case "410":
            raise emulator.delta.gone(emulator.graph_url + raw.target.removeprefix("/v1.0").partition("?")[0])
        case "conflict":
            code = values.get("code", "ErrorIrresolvableConflict")
            raise GraphError(int(values.get("status", 412)), code, "The change key does not match.")
        case "stale-info":
            raise GraphError(503, "MailboxInfoStale", "Mailbox info is stale.", headers={"Retry-After": "1"})
    return None


def _mailbox(emulator: Emulator, raw: Raw) -> int:
    return emulator.identity.session(raw.headers.get("authorization", "")).mailbox.number


def _challenge(emulator: Emulator, raw: Raw, status: int, *, lasting: bool) -> None:
    session = emulator.identity.session(raw.headers.get("authorization", ""))
    since = str(int(emulator.world.clock.now().timestamp()))
    claims: dict[str, Any] = {"access_token": {"nbf": {"essential": True, "value": since}}}
    if lasting:
        session.mailbox.needs_claims = claims
    raise emulator.identity.challenge(claims, status)


def after(emulator: Emulator, fault: Fault, reply: Reply) -> Reply:
    """Everything is done; the client hears of it wrongly or not at all."""
    match fault.name:
        case "drop-after":
            return replace(reply, cut="before")
        case "cut-body":
            return replace(reply, cut="half")
        case "garbled":
            return replace(reply, body=reply.body[: len(reply.body) // 2] + b'"\x00\xff{')
        case "status-after":
            error = GraphError(int(fault.values.get("status", 504)), fault.values.get("code", "UnknownError"), "")
            if "html" in fault.values:
                return Reply(error.status, b"<html>Gateway Timeout</html>", dict(HTML))
            raw = Raw("GET", "", dict(reply.headers))
            return error_reply(error, raw, emulator.knobs, emulator.world.clock.now())
        case "wrong-item":
            return replace(reply, body=_another(reply.body))
    return reply


def _another(body: bytes) -> bytes:
    """200, and the id of something else."""
    try:
        told = json.loads(body)
        told["id"] = told["id"][:-8] + "AAAAAA=="
    except (ValueError, KeyError, TypeError):
        return body
    return json.dumps(told).encode()


def error_reply(no: GraphError, raw: Raw, knobs: Knobs, now: datetime) -> Reply:
    inner: dict[str, Any] = {"date": now.strftime("%Y-%m-%dT%H:%M:%S"), "request-id": str(uuid.uuid4()),
                             "client-request-id": raw.headers.get("client-request-id", str(uuid.uuid4()))}
    error: dict[str, Any] = {"code": no.code, "message": no.message, **no.extra}
    match knobs.error_shape:
        case "empty-body":
            return Reply(no.status, b"", dict(no.headers))
        case "html":
            return Reply(no.status, b"<html><body>Service error</body></html>", {**HTML, **no.headers})
        case "innererror":
            error["innererror"] = inner
        case "nested":
            error |= {
                "code": "invalidRequest" if no.status == 400 else "generalException",
                "innerError": {**inner, "code": no.code},
            }
        case "empty-code":
            error |= {"code": "", "message": "", "innerError": inner}
        case "other-case":
            error |= {"code": no.code.swapcase(), "innerError": inner}
        case _:
            error["innerError"] = inner
    return Reply(no.status, json.dumps({"error": error}).encode(), {"Content-Type": "application/json", **no.headers})
