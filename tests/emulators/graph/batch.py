"""`$batch`: up to twenty requests in one, each on its own (facts A5, L9).

Shape   run(call) -> Answer; each part goes through the same door as a request from outside
Facts   no header of the outer request reaches a part; answers come in any order; a failed predecessor gives 424
"""

from __future__ import annotations

import base64
import json
import random
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from tests.emulators.graph.calls import Answer, Call
from tests.emulators.graph.errors import GraphError, bad
from tests.emulators.graph.wire import Raw, Reply

CONFLICT = "The send or update operation could not be performed because the change key does not match."
MOST = 20
MEMBERS = frozenset({"id", "method", "url", "headers", "body", "dependsOn"})
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
SHOWN = frozenset({"Content-Type", "Retry-After", "Location", "WWW-Authenticate"})
Part = dict[str, Any]


def run(call: Call) -> Answer:
    parts = _checked(call, call.json())
    knobs, emulator = call.emulator.knobs, call.emulator
    answers: dict[str, Part] = {}
    order = (
        random.Random(len(emulator.log)).sample(parts, len(parts))
        if knobs.batch_shuffled and not _chained(parts)
        else parts
    )
    half = emulator.faults.take("half-batch")
    for place, part in enumerate(order):
        if half is not None and place >= len(order) // 2:
            break
        if knobs.batch_same_item == "conflict" and _beside(call, part, order[:place]):
            answers[part["id"]] = _refused(part["id"], GraphError(409, "ErrorIrresolvableConflict", CONFLICT), {})
            continue
        late = knobs.batch_fifth == "429" and place >= knobs.concurrency and not part.get("dependsOn")
        answers[part["id"]] = _answer(call, part, answers, late=late)
    if half is not None:
        raise GraphError(int(half.values.get("status", 503)), "ErrorServerBusy", "The service is unavailable.")
    responses = list(answers.values())
    if emulator.faults.take("missing-part") is not None:
        responses.pop()
    if knobs.batch_shuffled:
        random.Random(len(emulator.log) + 1).shuffle(responses)
    return Answer(200, {"responses": responses})


def _beside(call: Call, part: Part, others: list[Part]) -> bool:
    """Another write of the batch goes to the same event or series at the same moment."""
    mine = _written(call, part)
    return mine is not None and not part.get("dependsOn") and any(_written(call, other) == mine for other in others)


def _written(call: Call, part: Part) -> int | None:
    path = [unquote(text) for text in part["url"].partition("?")[0].split("/")]
    names = [call.emulator.ids.read(text) for text in path if len(text) > 60]
    keys = [name.key for name in names if name and name.kind in "eioj"]
    return keys[-1] if keys and part["method"].upper() in ("PATCH", "DELETE") else None


def _checked(call: Call, body: Any) -> list[Part]:
    parts = body.get("requests")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise bad("Invalid batch payload format.", "BadRequest")
    if len(parts) > MOST:
        raise bad(f"Number of batch request steps exceeds the maximum value of {MOST}.", "BadRequest")
    names = [part.get("id") for part in parts]
    if not all(isinstance(name, str) and name for name in names) or len({str(n).lower() for n in names}) < len(names):
        raise bad("Every request of a batch needs an id of its own.", "BadRequest")
    for part in parts:
        for member in part.keys() - MEMBERS:
            call.note(f"unknown member {member} of a batch part")
        if part.get("method", "").upper() not in METHODS or not isinstance(part.get("url"), str):
            raise bad("Invalid request in the batch.", "BadRequest")
        if not set(part.get("dependsOn") or ()) <= set(names):
            raise bad("A request depends on one that is not in the batch.", "BadRequest")
    if call.emulator.knobs.batch_mixed == "refuse" and not _uniform(parts):
        raise bad("The requests of a batch must all be sequential, all parallel or all depend on one.", "BadRequest")
    return parts


def _chained(parts: list[Part]) -> bool:
    return any(part.get("dependsOn") for part in parts)


def _uniform(parts: list[Part]) -> bool:
    """Either none depends on another, or each on the one before it."""
    if not _chained(parts):
        return True
    pairs = pairwise(parts)
    return not parts[0].get("dependsOn") and all(later.get("dependsOn") == [part["id"]] for part, later in pairs)


def _answer(call: Call, part: Part, answers: dict[str, Part], *, late: bool) -> Part:
    failed = [name for name in part.get("dependsOn") or () if answers.get(name, {"status": 424})["status"] >= 400]
    if failed:
        return _refused(part["id"], GraphError(424, "FailedDependency", "A request this one depends on failed."), {})
    if late:
        return _refused(part["id"], call.emulator.throttle.refusal("MailboxConcurrency", 429), {})
    headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    body = b""
    if part.get("body") is not None:
        if "content-type" not in headers:
            call.note("a batch part has a body and no Content-Type")
        body = json.dumps(part["body"]).encode()
    headers["authorization"] = call.raw.headers.get("authorization", "")
    target = "/v1.0/" + part["url"].lstrip("/")
    return _shown(part["id"], call.emulator.one(Raw(part["method"].upper(), target, headers, body), part=True))


def _refused(name: str, error: GraphError, headers: dict[str, str]) -> Part:
    return {"id": name, "status": error.status, "headers": {**error.headers, **headers},
            "body": {"error": {"code": error.code, "message": error.message}}}


def _shown(name: str, reply: Reply) -> Part:
    shown: Part = {"id": name, "status": reply.status, "headers": {
        key: value for key, value in reply.headers.items() if key in SHOWN}}
    if reply.body:
        kind = reply.headers.get("Content-Type", "")
        try:
            shown["body"] = json.loads(reply.body) if "json" in kind else base64.b64encode(reply.body).decode()
        except ValueError:
            shown["body"] = base64.b64encode(reply.body).decode()
    return shown
