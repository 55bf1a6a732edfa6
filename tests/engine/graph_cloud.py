"""Microsoft as one of the services of a CloudWorld: its emulator, on the world's clock, saved and put back.

Direct  requests are answered in the same thread; with CALSYNC_CLOUD_WIRE=http, or `http=True`, they go over TLS. What
        the client meets is the same
"""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from tests.emulators.graph.app import TENANT, Emulator
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.running import Running
from tests.emulators.graph.wire import Raw, Reply
from tests.emulators.graph.world import Item, Mailbox, User
from tests.engine.cloud_wire import http_now

if TYPE_CHECKING:
    from tests.engine.cloud_world import CloudWorld

TICK = timedelta(microseconds=1)


class GraphCloud:
    def __init__(self, world: CloudWorld, users: list[str], knobs: dict[str, Any] | None) -> None:
        self.world = world
        found = [User(one, one.partition("@")[0], f"00000000-0000-0000-0000-{n:012}", TENANT)
                 for n, one in enumerate(users, 1)]
        self.m = Emulator(replace(Knobs(), **({"deleted_occurrence": "siblings"} | (knobs or {}))), users=tuple(found))
        self.last = world.clock.now
        self.m.world.clock.now = self.now  # type: ignore[method-assign]
        self.m.world.clock.monotonic = lambda: world.clock.now.timestamp()  # type: ignore[method-assign]
        self._verify: Any = False
        if world.http:
            running = Running(self.m)
            world.stack.callback(running.close)
            running.graph.handle = self.answer
            self._verify = running.client_context()
        else:
            self.m.serve_at("https://127.0.0.1/v1.0", "https://localhost")

    def now(self) -> datetime:
        """No two versions are of the same moment."""
        self.last = max(self.last + TICK, self.world.clock.now)
        return self.last

    def answer(self, raw: Raw) -> Reply:
        """With the Date of the emulator's own clock, which the engine compares with its own (G5)."""
        reply = self.m.handle(raw)
        reply.headers["Date"] = http_now(self.world.clock.now)
        return reply

    def transport(self) -> httpx.BaseTransport:
        return httpx.HTTPTransport(verify=self._verify) if self.world.http else Direct(self)

    def complaints(self) -> dict[str, list[Any]]:
        mails = [mail for box in self.m.world.mailboxes for mail in box.mails]
        return {"mails": mails, "violations": self.m.violations}

    def break_a_batch(self) -> None:
        """Some parts are done and the answer says nothing, or one of the answers is not there."""
        from tests.emulators.graph.faults import fault

        self.m.arm(fault("half-batch" if self.m.dice.random() < 0.5 else "missing-part"))

    def lag(self, seconds: float) -> None:
        """So far are lists and searches behind; point reads never are."""
        self.m.knobs.delta_lag_s = self.m.knobs.list_lag_s = self.m.knobs.filter_lag_s = seconds

    def settle(self) -> None:
        self.lag(0.0)

    def expire_tokens(self) -> None:
        self.m.delta.forget()

    def save(self) -> Any:
        """States never change, so only what holds them is copied."""
        m = self.m
        return {
            "last": self.last, "boxes": [_saved(box) for box in m.world.mailboxes], "violations": list(m.violations),
            "stale": dict(m.stale_reads), "late": list(m.late), "dice": [one.getstate() for one in _dice(m)],
            "rounds": m.delta.rounds.copy(), "delta": [deepcopy(getattr(m.delta, name)) for name in _DELTA],
            "log": list(m.log), "knobs": replace(m.knobs),
        }

    def load(self, saved: Any) -> None:
        m = self.m
        self.last = saved["last"]
        for box, one in zip(m.world.mailboxes, saved["boxes"], strict=True):
            _restored(box, one)
        m.violations[:], m.log[:], m.late = saved["violations"], saved["log"], list(saved["late"])
        m.stale_reads.clear()
        m.stale_reads.update(saved["stale"])
        for one, state in zip(_dice(m), saved["dice"], strict=True):
            one.setstate(state)
        for name, value in zip(_DELTA, saved["delta"], strict=True):
            setattr(m.delta, name, deepcopy(value))
        m.delta.rounds = saved["rounds"].copy()
        m.knobs.__dict__.update(saved["knobs"].__dict__)
        m.throttle.recent.clear()
        m.throttle.until.clear()
        m.faults.armed.clear()


class Direct(httpx.BaseTransport):
    """The emulator without a socket between."""

    def __init__(self, cloud: GraphCloud) -> None:
        self.cloud = cloud

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self.cloud.answer(Raw(request.method, request.url.raw_path.decode("ascii"), headers, request.content))
        if reply.cut:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)


_DELTA = ("number", "issued", "marks", "lost_below")


def _dice(m: Emulator) -> list[Any]:
    return [m.dice, m.faults.dice, m.delta.dice]


def _saved(box: Mailbox) -> dict[str, Any]:
    return {
        "items": {key: list(item.history) for key, item in box.items.items()}, "log": list(box.log),
        "mails": list(box.mails), "transactions": dict(box.transactions), "seq": box.seq, "keys": box.keys,
        "calendars": {key: copy(one) for key, one in box.calendars.items()}, "full": box.full,
    }


def _restored(box: Mailbox, saved: dict[str, Any]) -> None:
    box.items = {key: Item(key, list(history)) for key, history in saved["items"].items()}
    box.calendars = {key: copy(one) for key, one in saved["calendars"].items()}
    box.log, box.mails, box.transactions = list(saved["log"]), list(saved["mails"]), dict(saved["transactions"])
    box.seq, box.keys, box.full = saved["seq"], saved["keys"], saved["full"]


