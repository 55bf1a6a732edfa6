"""The emulator as one object: the world, its switches, and the way of a request from the door to the answer.

Order   fault before, sign-in, throttle, handler, schema check, fault after; batch parts take the same way
Law     nothing is stored by a request that is refused; "after" faults hit answers of requests that were done
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from tests.emulators.graph.calls import Answer, Call
from tests.emulators.graph.delta import Delta
from tests.emulators.graph.errors import GraphError
from tests.emulators.graph.faults import Faults
from tests.emulators.graph.grants import Session
from tests.emulators.graph.hooks import Subscriptions
from tests.emulators.graph.identity import Identity
from tests.emulators.graph.ids import Ids
from tests.emulators.graph.knobs import Fault, Knobs
from tests.emulators.graph.people import People
from tests.emulators.graph.prefer import parse
from tests.emulators.graph.render import Renderer
from tests.emulators.graph.routes import route
from tests.emulators.graph.schema import problems
from tests.emulators.graph.signin import SignIn
from tests.emulators.graph.spoil import after, before, error_reply
from tests.emulators.graph.throttle import Throttle
from tests.emulators.graph.views import Seen
from tests.emulators.graph.wire import Raw, Reply
from tests.emulators.graph.world import User, World
from tests.emulators.graph.writer import Writer

CLIENT_ID = "2f9ad7e3-6a15-4c1c-9d7a-0c3e5b8f1a42"
TENANT = "7d1f4f0a-52c3-4bb1-8a0e-3f6f1f2f9c11"
JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
ANN = User("ann@contoso.example", "Ann", "11111111-aaaa-4aaa-8aaa-000000000001", TENANT)
WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})
QUIET = frozenset({"$batch", "translateExchangeIds"})  # POST that writes nothing itself


class Emulator:
    def __init__(self, knobs: Knobs | None = None, *, seed: int = 0, users: tuple[User, ...] = (ANN,)) -> None:
        self.knobs, self.seed, self.client_id = knobs or Knobs(), seed, CLIENT_ID
        secret = f"graph emulator {seed}".encode()
        self.world = World()
        self.ids = Ids(secret, plain=self.knobs.plain_ids)
        self.faults = Faults(seed)
        self.throttle = Throttle(self.knobs, self.world.clock)
        self.writer = Writer(self.knobs)
        self.identity = Identity(self.world, self.knobs, CLIENT_ID)
        self.sign_in = SignIn(self.identity, self.knobs)
        self.hooks = Subscriptions(self)
        self.people = People(self)
        self.graph_url = self.trap_url = ""
        self.log: list[dict[str, Any]] = []
        self.violations: list[str] = []
        self.dice = random.Random(seed)
        self.late: list[tuple[float, Raw]] = []
        self.stale_reads: dict[tuple[int, int], int] = {}
        for user in users:
            box = self.world.add_mailbox(user)
            box.watchers.append(self.hooks.watch)
            if user.personal:
                self.ids.short.add(box.number)

    def serve_at(self, graph_url: str, authority_url: str) -> None:
        """The addresses that links and discovery name."""
        self.graph_url, self.trap_url, self.sign_in.base = graph_url, f"{authority_url}/v1.0", authority_url
        self.renderer = Renderer(self.ids, self.knobs, graph_url)
        self.delta = Delta(self.renderer, self.knobs, f"graph emulator {self.seed}".encode())

    def note(self, text: str) -> None:
        """A request or an answer that does not fit the entity definitions."""
        self.violations.append(text)
        sys.stderr.write(f"graph emulator: {text}\n")

    # -- a request -----------------------------------------------------------------------------------------------------

    def handle(self, raw: Raw) -> Reply:
        self.run_late()
        return self.one(raw, part=False)

    def run_late(self) -> None:
        """Requests that were lost on the way and arrive now."""
        with self.world.lock:
            now = self.world.clock.monotonic()
            due = [raw for when, raw in self.late if when <= now]
            self.late = [(when, raw) for when, raw in self.late if when > now]
        for raw in due:
            self.one(raw, part=False)

    def one(self, raw: Raw, *, part: bool) -> Reply:
        entry: dict[str, Any] = {
            "method": raw.method,
            "path": raw.target,
            "part": part,
            "headers": _public(raw.headers),
        }
        self.log.append(entry)
        fault = self.faults.pick(raw.method, unquote(raw.target), part=part)
        try:
            reply = before(self, fault, raw) or self._answered(raw, part)
        except GraphError as no:
            reply = error_reply(no, raw, self.knobs, self.world.clock.now())
        except Exception as bug:
            traceback.print_exc()
            self.note(f"{raw.method} {raw.target}: the emulator itself failed: {bug!r}")
            reply = Reply(500)
        reply.headers = {"request-id": str(uuid.uuid4()), **reply.headers}
        if "client-request-id" in raw.headers:
            reply.headers["client-request-id"] = raw.headers["client-request-id"]
        entry["status"] = reply.status
        return after(self, fault, reply) if fault else reply

    def _answered(self, raw: Raw, part: bool) -> Reply:
        with self.world.lock:
            session = self.identity.session(raw.headers.get("authorization", ""))
        call = Call(self, raw, session, part=part, box=session.mailbox)
        if part:
            self.throttle.part(session.mailbox.number)
            return self._routed(call)
        with self.throttle.inside(session.mailbox.number, _units(raw)):
            if self.knobs.latency_s:
                time.sleep(self.knobs.latency_s)
            return self._routed(call)

    def _routed(self, call: Call) -> Reply:
        with self.world.lock:
            call.prefs = parse(call.raw.headers.get("prefer", ""))
            answer = route(call)
        applied = [*call.prefs.applied, *filter(None, [answer.headers.pop("applied", "")])]
        if applied:
            answer.headers["Preference-Applied"] = ", ".join(applied)
        self._check(call, answer)
        if answer.body is None:
            return Reply(answer.status, b"", answer.headers)
        return Reply(
            answer.status,
            json.dumps(answer.body, ensure_ascii=False).encode(),
            {"Content-Type": JSON, **answer.headers},
        )

    def _check(self, call: Call, answer: Answer) -> None:
        for row in answer.rows:
            for text in problems(answer.entity, row, answer=True):
                if not (self.knobs.nulls and "futureMember" in text):
                    self.note(f"answer to {call.method} {call.raw.target}: {text}")

    @contextlib.contextmanager
    def unlocked(self) -> Iterator[None]:
        """Lets others in while we wait for an answer from outside."""
        saved = self.world.lock._release_save()  # type: ignore[attr-defined]
        try:
            yield
        finally:
            self.world.lock._acquire_restore(saved)  # type: ignore[attr-defined]

    def after_write(self, seen: Seen) -> None:
        """The service's own work behind a write: a new etag a little later, without any change to see."""
        if self.knobs.etag_bump_s:
            timer = threading.Timer(self.knobs.etag_bump_s, self._bump, (seen,))
            timer.daemon = True
            timer.start()

    def _bump(self, seen: Seen) -> None:
        with self.world.lock:
            if seen.item.now is not None:
                self.writer.touch(seen)

    # -- short ways for tests ------------------------------------------------------------------------------------------

    def session_of(self, token: str) -> Session:
        return self.identity.sessions[token]

    def counts(self) -> dict[str, int]:
        writes = sum(is_write(entry) for entry in self.log)
        batches = sum(entry["path"].endswith("$batch") for entry in self.log)
        return {"read": len(self.log) - writes - batches, "write": writes}

    def arm(self, fault: Fault) -> None:
        self.faults.arm(fault)


def is_write(entry: dict[str, Any]) -> bool:
    return entry["method"] in WRITES and not QUIET & set(entry["path"].partition("?")[0].split("/"))


def _units(raw: Raw) -> int:
    """A batch takes as many places as it has parts that may run side by side."""
    if not raw.target.endswith("$batch"):
        return 1
    try:
        parts = json.loads(raw.body)["requests"]
        chained = any(part.get("dependsOn") for part in parts)
        return 1 if chained else max(1, min(4, len(parts)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return 1


def _public(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "authorization"}
