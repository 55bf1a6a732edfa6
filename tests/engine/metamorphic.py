"""Scripts of people's deeds, played on worlds that differ in one thing (test-plan section 7, M1-M12).

Shape   `script(seed)` -> Deeds: what people do on sides a and b, with "run" between; one seed, one script.
        `play(world, deeds)` does them; `ends(world)` is what the calendars hold once all rests
Quiet   between two runs each event is touched on one side only, so that nothing is a conflict
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calsync_cli.engine.report import Report
from calsync_cli.model.series import CANCELLED, Form, Recurrence, Value, join, split
from calsync_cli.model.times import Span, Zoned, instance_key, moved
from tests.engine.faulty_world import AnyPlan
from tests.engine.world import World, ics

UIDS = ("u1", "u2", "u3", "s1", "s2")
FIRST = datetime(2027, 1, 11, 9)
"""A Monday in a winter without changes of the clock before March 28."""
RULES = {"s1": "FREQ=WEEKLY;COUNT=4", "s2": "FREQ=DAILY;COUNT=5"}
TEXTS = ("title", "location", "description")


@dataclass(frozen=True)
class Deed:
    """what: add edit move cancel change delete, or run. `at` counts dates of a series, `text` is new in the script."""

    what: str
    side: str = ""
    uid: str = ""
    field: str = ""
    at: int = 0
    text: str = ""


RUN = Deed("run")


def script(seed: int, rounds: int = 4, deeds: int = 5, uids: tuple[str, ...] = UIDS) -> list[Deed]:
    rng = random.Random(seed)
    found: list[Deed] = []
    there: set[str] = set()
    for number in range(rounds):
        sides = {uid: rng.choice("ab") for uid in uids}
        before = frozenset(there)
        for step in range(deeds):
            uid = rng.choice(uids)
            text = f"tok{seed}x{number}x{step}x"
            if uid not in there:
                if uid in before:
                    continue  # deleted in this round: it comes back in another, where all know that it went
                there.add(uid)
                found.append(Deed("add", sides[uid], uid, text=text))
                continue
            what = rng.choice(("edit", "edit", "move", "cancel", "change", "delete"))
            if what == "delete":
                there.discard(uid)
                before |= {uid}
            found.append(Deed(what, sides[uid], uid, rng.choice(TEXTS), rng.randrange(4), text))
        found.append(RUN)
    return found


# -- playing -----------------------------------------------------------------------------------------------------------


def play(
    world: World, deeds: list[Deed], *, weeks: int = 0, before_run: Callable[[int], None] = lambda number: None,
    **wish: Any,
) -> list[Report]:
    reports = []
    for number, deed in enumerate(deeds):
        if deed.what == "run":
            before_run(number)
            reports.append(world.run(approved=AnyPlan(), **wish))
        else:
            do(world, deed, timedelta(weeks=weeks))
    return reports


def do(world: World, deed: Deed, later: timedelta) -> None:
    side, uid = deed.side, deed.uid
    if deed.what == "add":
        more = (f"RRULE:{RULES[uid]}",) if uid in RULES else ()
        world.put(side, ics(uid, deed.text, *more, start=f"{FIRST + later:%Y%m%dT%H%M%S}"))
        return
    form = world.forms(side)[uid]
    key = _date(form, deed.at)
    match deed.what:
        case "edit":
            world.edit(side, uid, **{deed.field: deed.text})
        case "move":
            world.edit(side, uid, **_moved(form, timedelta(hours=1 + deed.at)))
        case "delete":
            world.delete(side, uid)
        case "cancel" if key and _others(form, key):
            gone = {path: None for path in form if split(path)[0] == key}
            world.edit(side, uid, **{**gone, f"@{key}": CANCELLED})
        case "change" if key and form.get(f"@{key}") != CANCELLED:
            world.edit(side, uid, **{f"@{key}/{deed.field}": deed.text})


def _keys(form: Form) -> list[str]:
    from calsync_cli.model.recur import starts

    span, rule = form["time"], form.get("recurrence")
    assert isinstance(span, Span)
    return [instance_key(one) for one in starts(span, rule)] if isinstance(rule, Recurrence) else []


def _date(form: Form, at: int) -> str:
    keys = _keys(form)
    return keys[at % len(keys)] if keys else ""


def _others(form: Form, key: str) -> bool:
    return any(form.get(f"@{one}") != CANCELLED for one in _keys(form) if one != key)


def _moved(form: Form, by: timedelta) -> dict[str, Value | None]:
    """Its dates go along (R3)."""
    span = form["time"]
    assert isinstance(span, Span)
    changes: dict[str, Value | None] = {"time": Span(moved(span.start, by), moved(span.end, by))}
    for path, value in form.items():
        key, name = split(path)
        if key:
            changes.setdefault(path, None)
            changes[join(_later(key, by), name)] = value
    return changes


def _later(key: str, by: timedelta) -> str:
    return f"{datetime.strptime(key, '%Y%m%dT%H%M%SZ') + by:%Y%m%dT%H%M%SZ}"


# -- judging -----------------------------------------------------------------------------------------------------------


def ends(world: World, **wish: Any) -> dict[str, dict[str, Form]]:
    """Side -> UID -> form, after it came to rest. Fails on a UID held twice (I5)."""
    for _ in range(5):
        before = world.writes()
        world.run(approved=AnyPlan(), **wish)
        if world.writes() == before:
            return {name: world.forms(name) for name in world.servers}
    raise AssertionError("I4: it does not come to rest")


def shifted(form: Form, by: timedelta) -> Form:
    """The same event so much later, where no clock changes in between."""
    return {_path(path, by): _value(value, by) for path, value in form.items()}


def _path(path: str, by: timedelta) -> str:
    key, name = split(path)
    return join(_later(key, by), name) if key else path


def _value(value: Value, by: timedelta) -> Value:
    if not isinstance(value, Span):
        return value
    start, end = value.start, value.end
    assert isinstance(start, Zoned) and isinstance(end, Zoned)
    return Span(moved(start, by), moved(end, by))


def writes(reports: list[Report]) -> list[tuple[str, ...]]:
    """Every write of these runs, in no order within a run."""
    return [one for report in reports for one in sorted(_words(report))]


def _words(report: Report) -> Iterator[tuple[str, ...]]:
    for one in report.changes:
        yield (one.side, one.action, one.uid, *one.fields)
