"""The mutation gate, planner side (test plan section 6): each deliberate fault must make a row, law or rule check fail.

A new bug found in the planner adds its fault here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import pytest

from calsync_cli.engine import fold, guards, instances, match, plan, presence, verdict, write_steps
from calsync_cli.engine.presence import Is
from calsync_cli.engine.world import Entry, Plan, Snapshot
from calsync_cli.model.times import Span
from tests.property.planner_cases import Case
from tests.unit.engine import stage
from tests.unit.engine import test_decision_table as table
from tests.unit.engine import test_identity_rules as identity
from tests.unit.engine import test_modes_and_guards as modes
from tests.unit.engine import test_series_rules as series

SEEDS = 1200


def checks() -> Iterator[Callable[[], None]]:
    """Cheapest first; each raises where it finds a fault."""
    for module in (identity, series, modes):
        for name, check in vars(module).items():
            if name.startswith("test_"):
                yield from (partial(check, **values) for values in _parameters(check))
    yield from (partial(table.test_row, number) for number in table.table())
    yield from (Case(seed).run for seed in range(SEEDS))


def _parameters(check: Any) -> Iterator[dict[str, Any]]:
    """What pytest would call the test with: every combination of its `parametrize` marks."""
    marks = [mark.args for mark in getattr(check, "pytestmark", ()) if mark.name == "parametrize"]
    lists = [[{names: c} if isinstance(names, str) else dict(zip(names, c, strict=True)) for c in cases]
             for names, cases in marks]
    for values in product(*lists):
        yield {name: value for one in values for name, value in one.items()}


def is_caught() -> bool:
    for check in checks():
        try:
            check()
        except Exception:
            return True
    return False


@dataclass(frozen=True)
class Mutant:
    """`make` gets the real function and returns the faulty one."""

    fault: str
    place: Any
    name: str
    make: Callable[[Any], Any]


def _only_unknown_bases(real: Any) -> Any:
    return lambda case, spoke: spoke.base is None


def _old_counter(real: Any) -> Any:
    def faulty(case: Any, speaking: Any) -> Any:
        folded = real(case, speaking)
        folded.hub = {p: replace(e, rev=min(e.rev, case.link.rev)) for p, e in folded.hub.items()}
        folded.rev = case.link.rev
        return folded

    return faulty


def _start_from_one_end_from_the_other(real: Any) -> Any:
    def faulty(result: Any, paths: Any, contenders: Any, offers: Any, ctx: Any) -> None:
        values = [c.value for c in contenders]
        if paths == ("time",) and all(isinstance(value, Span) for value in values):
            mixed = Span(values[0].start, values[-1].end)
            result.hub["time"] = Entry(mixed, result.rev, contenders[0].calendar)
            result.by["time"] = contenders[0].calendar
            return
        real(result, paths, contenders, offers, ctx)

    return faulty


def _against_the_hub(real: Any) -> Any:
    def faulty(link: Any, speaking: Any, ctx: Any, unheard: Any = ()) -> Any:
        hub = {p: e.value for p, e in link.hub.items() if e.value is not None}
        return real(link, tuple(replace(s, base=hub or s.base) for s in speaking), ctx, unheard)

    return faulty


def _thawed(real: Any) -> Any:
    def faulty(case: Any) -> Any:
        case.link = replace(case.link, frozen=False)
        return real(case)

    return faulty


def _pair_by_pair(real: Any) -> Any:
    def faulty(snap: Snapshot) -> Plan:
        if len(snap.calendars) < 3:
            return real(snap)  # type: ignore[no-any-return]
        plans = []
        for first in range(len(snap.calendars) - 1):
            pair = snap.calendars[first : first + 2]
            ids = {c.id for c in pair}
            links = tuple(replace(k, spokes=tuple(s for s in k.spokes if s.calendar in ids)) for k in snap.links)
            loose = tuple(r for r in snap.unlinked if r.calendar in ids)
            plans.append(real(replace(snap, calendars=pair, links=links, unlinked=loose)))
        return Plan(
            snap.rules.key, tuple(k for p in plans for k in p.links), tuple(s for p in plans for s in p.steps),
            tuple(h for p in plans for h in p.holds), tuple(k for p in plans for k in p.kept),
        )

    return faulty


def _absence_is_deletion(real: Any) -> Any:
    def faulty(case: Any, spoke: Any) -> Is:
        state = real(case, spoke)
        return Is.GONE if state is Is.UNKNOWN else state  # type: ignore[no-any-return]

    return faulty


def _first_speaker(real: Any) -> Any:
    def faulty(paths: Any, contenders: Any, ctx: Any) -> str:
        verdict = real(paths, contenders, ctx)
        return str(contenders[0].calendar) if verdict == "hold" else verdict

    return faulty


def _in_its_own_light(real: Any) -> Any:
    return lambda path, now, value: real(path, now, value) and not (path == "recurrence" and value is None)


MUTANTS = [
    Mutant("delete beats edit", plan, "_judgement", lambda real: lambda *args: "delete"),
    Mutant("edit beats delete under every policy", plan, "_judgement", lambda real: lambda *args: "restore"),
    Mutant("delete on a stale spoke as row 11", presence, "not_up_to_date", _only_unknown_bases),
    Mutant("a deletion without a base counts", presence, "not_up_to_date", lambda real: lambda *args: False),
    Mutant("loser not stored", plan, "keep_lost", lambda real: lambda *args: None),
    Mutant("source base advanced without hub counter", plan, "_fold", _old_counter),
    Mutant("start merged apart from end", fold, "decide", _start_from_one_end_from_the_other),
    Mutant("time merged apart from the rule", fold, "_settle_schedule", lambda real: lambda *args: None),
    Mutant("missing field taken as cleared", plan, "fold", _against_the_hub),
    Mutant("frozen link planned", plan, "decide", _thawed),
    Mutant("ring planned pair by pair", stage, "plan", _pair_by_pair),
    Mutant("absence taken as deletion", presence, "state", _absence_is_deletion),
    Mutant("a tie is decided without asking", verdict, "_verdict", _first_speaker),
    Mutant("orphan written over the series", fold, "find_orphans", lambda real: lambda *args: None),
    Mutant("a cancellation beats an edit it had not seen", instances, "_dispute",
           lambda real: lambda result, key, voices: real(replace(result, hub={}), key, voices)),
    Mutant("ambiguous items are forgotten after the first run", match, "_match_by_fingerprint",
           lambda real: lambda snap, result: real(snap, result) if snap.first else None),
    Mutant("a copy of another tool is a source", match, "_leave_copies", lambda real: lambda result: None),
    Mutant("a copy of another tool never meets its original", match, "_match_by_fingerprint",
           lambda real: lambda snap, result: (match._leave_copies(result), real(snap, result))),
    Mutant("instance keys left behind by a shift", fold, "shifted",
           lambda real: lambda result, voices, move, ctx: voices),
    Mutant("a conflict forgets a side that cannot be read", fold, "_with_unheard",
           lambda real: lambda result, voices, unheard, ctx: voices),
    Mutant("value of a conflict's copy never claimed", fold, "_unclaimed", lambda real: lambda *args: []),
    Mutant("a create that failed is given up", plan, "_awaits_creation", lambda real: lambda case: False),
    Mutant("native event of a target written", write_steps, "_is_writable_target", lambda real: lambda *args: True),
    Mutant("past deletes travel", presence, "ended", lambda real: lambda *args: False),
    Mutant("a rule that was taken away is not written", write_steps, "_differs", _in_its_own_light),
    Mutant("what is owed to a calendar that is away is no surprise", guards, "_is_owed",
           lambda real: lambda *args: False),
    Mutant("this and following in any order", plan, "with_needs",
           lambda real: lambda decisions: [step for d in decisions for step in d.steps]),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.fault)
def test_the_fault_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutant.place, mutant.name, mutant.make(getattr(mutant.place, mutant.name)))
    assert is_caught(), f"{mutant.fault}: nothing noticed"


def test_without_a_fault_nothing_is_caught() -> None:
    assert not is_caught()
