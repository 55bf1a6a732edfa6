"""The side door for tests: what is stored, what was asked and mailed, and how to change it (plain HTTP, JSON).

GET     {"mails": [...], "requests": {"read": n, "write": n}, "events": {calendar: [...]}, "violations": [...],
         "log": [{"method", "path", "status", "part", "headers"}], "leaks": [...], "subscriptions": [...], "hit": [...],
         "devices": {user_code: state}, "mailboxes": {address: {"events", "mails"}}}
POST    any of these members, done in this order; the answer is {"results": [...]} with one object per edit
         "advance_s": seconds              the clock of the emulator goes forward
         "knobs": {name: value}            see knobs.py
         "faults": [{"name", ...}]         see faults.py; "disarm": true takes all away
         "edits": [{"do": ...}]            see people.py; a single edit may stand at the top
         "forget_tokens": true or calendar name    delta tokens are lost;    "forget_transactions": true
         "expire_access_tokens": true, "revoke": true or address, "refuse": [{"code": 700082, "grant": "*", "times": 1}]
         "authority_down": {"times", "status", "retry_after"}    the sign-in side answers only that
         "claims": true or false           Graph wants a token obtained with claims (address in "mailbox")
         "device": {"user_code": "...", "do": "approve" or "decline", "account": "..."}
         "lifecycle": event                "drop_subscriptions": true        "full": true or false, the quota
         "token": {"mailbox", "scopes"}    an access token without any sign-in; the answer holds "token"
         "clear": ["mails", "log", "violations", "hit"]
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.emulators.graph.errors import GraphError
from tests.emulators.graph.faults import fault
from tests.emulators.graph.wire import Raw, Reply
from tests.emulators.graph.world import Mailbox

if TYPE_CHECKING:
    from tests.emulators.graph.app import Emulator

SCOPES = "Calendars.ReadWrite User.Read"
KNOWN = frozenset({
    "authority_down", "advance_s", "knobs", "faults", "disarm", "edits", "do", "forget_tokens",
    "forget_transactions", "expire_access_tokens", "revoke", "refuse", "claims", "device", "lifecycle",
    "drop_subscriptions", "full", "token", "clear", "mailbox",
})


class Control:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def handle(self, raw: Raw) -> Reply:
        try:
            with self.emulator.world.lock:
                return _json(200, self.state() if raw.method == "GET" else self.change(json.loads(raw.body or b"{}")))
        except (ValueError, KeyError, StopIteration, TypeError) as err:
            return _json(400, {"error": f"{type(err).__name__}: {err}"})
        except GraphError as no:
            return _json(400, {"error": f"{no.code}: {no.message}"})

    def state(self) -> dict[str, Any]:
        one, boxes = self.emulator, self.emulator.world.mailboxes
        return {
            "mails": boxes[0].mails, "requests": one.counts(), "events": one.people.events(boxes[0]),
            "violations": one.violations, "log": one.log, "leaks": one.sign_in.leaks, "hit": one.faults.hit,
            "sign_in_log": one.sign_in.log, "most_at_once": one.throttle.most_busy,
            "subscriptions": [{"id": s.id, "resource": s.resource, "url": s.url} for s in one.hooks.alive.values()],
            "devices": {code: grant.state for code, grant in one.identity.devices.items()},
            "mailboxes": {box.user.address: {"events": one.people.events(box), "mails": box.mails} for box in boxes},
        }

    def change(self, wanted: dict[str, Any]) -> dict[str, Any]:
        one = self.emulator
        edits = [wanted] if "do" in wanted else wanted.get("edits", [])
        unknown = set() if "do" in wanted else wanted.keys() - KNOWN
        if unknown:
            raise ValueError(f"unknown members: {sorted(unknown)}")
        one.world.clock.advance(float(wanted.get("advance_s", 0)))
        one.knobs.change(wanted.get("knobs", {}))
        one.ids.plain = one.knobs.plain_ids
        if wanted.get("disarm"):
            one.faults.armed.clear()
        for settings in wanted.get("faults", []):
            one.arm(fault(**settings))
        one.run_late()
        results = [one.people.do(edit) for edit in edits]
        answer: dict[str, Any] = {"results": results}
        self._tokens(wanted)
        if "token" in wanted:
            asked = wanted["token"] if isinstance(wanted["token"], dict) else {}
            scopes = frozenset(asked.get("scopes", SCOPES).split())
            answer["token"] = one.identity.access_token(self._box(asked), scopes)
        if "lifecycle" in wanted:
            answer["told"] = one.hooks.lifecycle(wanted["lifecycle"])
        if wanted.get("drop_subscriptions"):
            one.hooks.alive.clear()
        for name in wanted.get("clear", []):
            lists: dict[str, list[Any]] = {
                "mails": self._box(wanted).mails,
                "log": one.log,
                "violations": one.violations,
                "hit": one.faults.hit,
            }
            lists[name].clear()
        return answer

    def _box(self, wanted: dict[str, Any]) -> Mailbox:
        found = (
            self.emulator.world.mailbox(wanted["mailbox"]) if "mailbox" in wanted else self.emulator.world.mailboxes[0]
        )
        if found is None:
            raise ValueError(f"no such mailbox: {wanted['mailbox']}")
        return found

    def _tokens(self, wanted: dict[str, Any]) -> None:
        one, box = self.emulator, self._box(wanted) if "do" not in wanted else self.emulator.world.mailboxes[0]
        if wanted.get("forget_tokens"):
            named = wanted["forget_tokens"]
            one.delta.forget(box, box.named(named).key if isinstance(named, str) else None)
        if wanted.get("forget_transactions"):
            box.transactions.clear()
        if wanted.get("expire_access_tokens"):
            one.identity.expire_access_tokens()
        if wanted.get("revoke"):
            one.identity.revoke(box if wanted["revoke"] is True else self._box({"mailbox": wanted["revoke"]}))
        for no in wanted.get("refuse", []):
            one.identity.refusals.append((int(no["code"]), no.get("grant", "*"), int(no.get("times", 1))))
        if "claims" in wanted:
            since = {"nbf": {"essential": True, "value": str(int(one.world.clock.now().timestamp()))}}
            box.needs_claims = {"access_token": since} if wanted["claims"] else None
        if "full" in wanted:
            box.full = bool(wanted["full"])
        if "authority_down" in wanted:
            asked = wanted["authority_down"]
            one.sign_in.down, one.sign_in.down_status = int(asked.get("times", 1)), int(asked.get("status", 503))
            one.sign_in.down_wait = str(asked.get("retry_after", "1"))
        if "device" in wanted:
            self._device(wanted["device"])

    def _device(self, asked: dict[str, Any]) -> None:
        grant = self.emulator.identity.devices[asked["user_code"]]
        grant.state = {"approve": "approved", "decline": "declined"}[asked.get("do", "approve")]
        grant.mailbox = self.emulator.identity.signing_in(asked.get("account", ""))


def _json(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})
