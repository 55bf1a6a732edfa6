"""What goes wrong on demand: faults addressed by method, path and count, before or after it is done (A9.25, A9.26).

Shape   Faults(seed).arm(Fault(...)); .pick(method, path, part) -> Fault or None
Before  drop-before, status, 429, storm, expire-token, claims, claims-403, slow, html, empty, 410, conflict, stale-info;
        late: lost now and done `seconds` later; edit: a person does `edit` just before
After   drop-after, status-after, cut-body, garbled, wrong-item: they apply first and then fail to tell
Batch   half-batch: 503 after half of the parts were done; missing-part: one answer is not there
"""

from __future__ import annotations

import random
import re
from typing import Any

from tests.emulators.graph.knobs import Fault

BEFORE = frozenset({
    "drop-before", "status", "429", "storm", "expire-token", "claims", "claims-403", "slow", "html", "empty", "410",
    "conflict", "stale-info", "late", "edit",
})
AFTER = frozenset({"drop-after", "status-after", "cut-body", "garbled", "wrong-item"})
BATCH = frozenset({"half-batch", "missing-part"})  # taken by the batch itself
OUTER = frozenset({"drop-before", "late", "drop-after", "cut-body", "garbled"})  # a part has no connection of its own
STANDARD: dict[str, tuple[str, dict[str, Any]]] = {  # --fault NAME=P without more: what a status fault says
    "500": ("status", {"status": 500, "code": "ErrorInternalServerError"}),
    "503": ("status", {"status": 503, "code": "ErrorServerBusy", "retry_after": "1"}),
    "504-after": ("status-after", {"status": 504, "code": "UnknownError"}),
    "500-after": ("status-after", {"status": 500, "code": "ErrorInternalServerError"}),
    "423": ("status", {"status": 423, "code": "ErrorMailboxMoveInProgress"}),
    "412": ("conflict", {"status": 412}),
    "409": ("conflict", {"status": 409}),
    "401": ("expire-token", {}),
    "5xx": ("status", {"status": 502, "code": "UnknownError"}),
}
PATHS = {"410": "delta", "conflict": "events/", "wrong-item": "events/"}
METHODS = {"conflict": "PATCH|DELETE", "wrong-item": "GET|PATCH"}


def fault(name: str, **settings: Any) -> Fault:
    """From loose settings: what is no field of Fault becomes a value of it."""
    name, values = STANDARD.get(name, (name, {}))
    if name not in BEFORE | AFTER | BATCH:
        raise ValueError(f"no such fault: {name}")
    fields = {key: settings.pop(key) for key in list(settings) if key in Fault.__dataclass_fields__ and key != "values"}
    where = "outer" if name in OUTER else "any"
    fields = {"path": PATHS.get(name, ""), "method": METHODS.get(name, "*"), "where": where} | fields
    return Fault(name, **fields, values={**values, **settings})


class Faults:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.armed: list[Fault] = []
        self.hit: list[tuple[str, str, str]] = []

    def arm(self, one: Fault) -> None:
        self.armed.append(one)

    def pick(self, method: str, path: str, *, part: bool) -> Fault | None:
        for one in self.armed:
            fits = one.where == "any" or (one.where == "part") == part
            method_fits = one.method == "*" or method in one.method.split("|")
            if one.name in BATCH or not (fits and method_fits and re.search(one.path, path)):
                continue
            if self._strikes(one):
                self.hit.append((one.name, method, path))
                return one
        return None

    def take(self, name: str) -> Fault | None:
        """One of the faults that a batch looks for itself."""
        found = next((one for one in self.armed if one.name == name and self._strikes(one)), None)
        if found:
            self.hit.append((name, "POST", "$batch"))
        return found

    def _strikes(self, one: Fault) -> bool:
        if one.skip > 0:
            one.skip -= 1
            return False
        if one.chance < 1 and self.dice.random() >= one.chance:
            return False
        if one.times == 1:
            self.armed.remove(one)
        elif one.times:
            one.times -= 1
        return True
