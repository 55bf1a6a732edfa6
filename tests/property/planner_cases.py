"""Random hub and spokes: one random set, and perturbations of it on each calendar that are correlated on purpose.

Every value a person writes carries a token of its own, so that a lost one is seen (X1).
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from calsync_cli.engine.world import Rules, Step
from calsync_cli.model import recur
from calsync_cli.model.series import CANCELLED, Form, Recurrence, Value, instance_keys, join
from calsync_cli.model.times import AllDay, Span, Zoned, moved
from tests.unit.engine.stage import NOW, Stage, key

POLICIES = ("merge", "merge", "merge", "a", "b", "newest", "ask")
TIES = ("ask", "ask", "a", "b", "newest", "keep-both")


class Case:
    """One world, one seed. `run()` plays it and raises Broken where a law does not hold."""

    def __init__(self, seed: int, policy: str | None = None, tie: str | None = None) -> None:
        self.rng = random.Random(seed)
        rng = self.rng
        rules = Rules(
            "group:g", ("ab",), conflict=policy or rng.choice(POLICIES), tie=tie or rng.choice(TIES),  # type: ignore[arg-type]
            orphan=rng.choice(("ask", "detach")), past_deletes="propagate",
        )
        self.stage = Stage(2 if rng.random() < 0.6 else 3, rules)
        self.tokens = 0
        self.repeats = rng.random() < 0.3
        self.uids = [f"u{n}" for n in range(1 if rng.random() < 0.8 else 2)]
        self.pool: list[dict[str, Value | None]] = []

    # -- values --------------------------------------------------------------------------------------------------------

    def token(self) -> str:
        self.tokens += 1
        return f"t{self.tokens}"

    def span(self, repeats: bool) -> Span:
        self.tokens += 1
        if not repeats and self.rng.random() < 0.2:
            day = AllDay(datetime(2027, 1, 1).date() + timedelta(days=self.tokens))
            return Span(day, AllDay(day.day + timedelta(days=1)))
        start = datetime(2026, 12, 1, 9) + timedelta(minutes=5 * self.tokens)
        return Span(Zoned(start, "Europe/Berlin"), Zoned(start + timedelta(hours=1), "Europe/Berlin"))

    def new_form(self) -> dict[str, Value]:
        form: dict[str, Value] = {"title": self.token(), "time": self.span(self.repeats)}
        if self.repeats:
            form["recurrence"] = Recurrence((f"COUNT={self.rng.randint(3, 6)};FREQ=WEEKLY",))
        if self.rng.random() < 0.5:
            form["description"] = "\n".join(self.token() for _ in range(self.rng.randint(1, 4)))
        if self.rng.random() < 0.3:
            form["categories"] = frozenset({self.token(), self.token()})
        return form

    def change(self, form: Form) -> dict[str, Value | None]:
        """One edit of an event as it is; now and then the same edit that somebody made elsewhere."""
        rng = self.rng
        if self.pool and rng.random() < 0.15:
            return dict(rng.choice(self.pool))
        kind = rng.choice(("title", "title", "location", "description", "categories", "status", "time", "series"))
        changes: dict[str, Value | None]
        match kind:
            case "title" | "location":
                changes = {kind: None if rng.random() < 0.2 and kind == "location" else self.token()}
            case "description":
                changes = {kind: self.text(str(form.get(kind, "")))}
            case "categories":
                now = form.get(kind)
                have = set(now) if isinstance(now, frozenset) else set()
                have = {c for c in have if rng.random() < 0.7} | ({self.token()} if rng.random() < 0.7 else set())
                changes = {kind: frozenset(have) or None}
            case "status":
                changes = {kind: rng.choice(("tentative", "cancelled", None))}
            case "time":
                changes = {"time": self.span("recurrence" in form)}
            case _:
                changes = self.series_change(form)
        self.pool.append(changes)
        return changes

    def text(self, text: str) -> str | None:
        lines = text.split("\n") if text else []
        at = self.rng.randint(0, len(lines))
        match self.rng.randint(0, 2):
            case 0:
                lines.insert(at, self.token())
            case 1:
                lines[at : at + 1] = [self.token()]
            case _:
                lines[at : at + 1] = []
        return "\n".join(lines) or None

    def series_change(self, form: Form) -> dict[str, Value | None]:
        rng, span = self.rng, form.get("time")
        if "recurrence" not in form or not isinstance(span, Span) or not isinstance(span.start, Zoned):
            return {"url": self.token()}
        pick = rng.random()
        if pick < 0.3:
            return {"recurrence": Recurrence((f"COUNT={rng.randint(2, 6)};FREQ=WEEKLY",))}
        if pick < 0.45:
            return self.shift(form, span, timedelta(minutes=5 * self.tokens + 5))
        keys = [recur.instance_key(when) for when in recur.starts(span, form["recurrence"])]  # type: ignore[arg-type]
        which = rng.choice(keys or [key(0)])
        own = {path: None for path in form if path.startswith(f"@{which}")}
        if pick < 0.65:
            return own | {join(which, ""): CANCELLED}
        changes: dict[str, Value | None] = {join(which, "title"): self.token()}
        if join(which, "") in own:
            changes[join(which, "")] = None
        if pick > 0.85:
            changes[join(which, "time")] = self.span(True)
        return changes

    def shift(self, form: Form, span: Span, by: timedelta) -> dict[str, Value | None]:
        """A whole series moved by a client: the instances take their keys along (R3)."""
        self.tokens += 1
        changes: dict[str, Value | None] = {"time": Span(moved(span.start, by), moved(span.end, by))}
        for name in instance_keys(form):
            fresh = recur.shifted_key(name, span.start, by)
            for path, value in form.items():
                if path.startswith(f"@{name}"):
                    changes.setdefault(path, None)
                    changes[path.replace(name, fresh)] = value
        return changes

    # -- play ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Either one calendar has each set, or several do, alike or nearly so (rows 1 to 4)."""
        for uid in self.uids:
            form = self.new_form()
            for number, calendar in enumerate(self.rng.sample(self.stage.ids, len(self.stage.ids))):
                if number == 0 or self.rng.random() < 0.2:
                    mine = dict(form)
                    if self.rng.random() < 0.5 and number:
                        self.stage.put(calendar, uid, mine)
                        self.edit(calendar, uid)
                    else:
                        self.stage.put(calendar, uid, mine)

    def edit(self, calendar: int, uid: str) -> None:
        stamp = NOW - timedelta(seconds=self.rng.choice((5, 60, 600, 6000))) if self.rng.random() < 0.8 else None
        self.stage.edit(calendar, uid, self.change(self.stage.form(calendar, uid)), stamp)

    def perturb(self) -> None:
        for calendar in self.stage.ids:
            for uid in self.uids:
                if not self.stage.has(calendar, uid):
                    if self.rng.random() < 0.05:
                        self.stage.put(calendar, uid, self.new_form())
                    continue
                pick = self.rng.random()
                if pick < 0.12:
                    self.stage.delete(calendar, uid)
                    if self.rng.random() < 0.15:
                        self.stage.put(calendar, uid, self.new_form())  # row 17
                elif pick < 0.6:
                    for _ in range(self.rng.randint(1, 2)):
                        self.edit(calendar, uid)

    def _fails(self, rate: float, step: Step) -> bool:
        return self.rng.random() < rate

    def unsettle(self) -> None:
        """A beginning, some rounds with failing writes and blind calendars, and edits that no run has seen yet."""
        rng, stage = self.rng, self.stage
        self.begin()
        for _ in range(rng.randint(1, 3)):
            if rng.random() < 0.8:
                fault_rate = 0.5 if rng.random() < 0.3 else 0.0
                stage.run(rng, partial(self._fails, fault_rate))
            self.pool.clear()
            self.perturb()
            stage.unreadable = {rng.choice(stage.ids)} if rng.random() < 0.1 else set()
        stage.unreadable = set()

    def run(self) -> None:
        self.unsettle()
        last = self.stage.settle(self.rng)
        self.stage.check_lost()
        self.stage.check_equal(last)


def replay(seed: int, **rules: Any) -> Case:
    """Play one seed, for a person with a failed one."""
    case = Case(seed)
    case.stage.rules = replace(case.stage.rules, **rules)
    case.run()
    return case


if __name__ == "__main__":
    replay(int(sys.argv[1]))
