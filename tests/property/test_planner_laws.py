"""L1: laws of the planner over random hubs and spokes (I1 to I5, I20; X1 to X5, X15; M1, M2, M4).

A failure names its seed; `python -m tests.property.planner_cases SEED` plays it again.
`CALSYNC_PLANNER_CASES` sets the number of cases, `CALSYNC_PLANNER_SEED` the first seed (nightly: millions).
"""

from __future__ import annotations

import dataclasses
import os
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_cli.engine.plan import plan
from calsync_cli.engine.world import CalendarState, Entry, Link, Plan, Replica, Snapshot, Spoke
from calsync_cli.model.codec import dumps, form_json, value_json
from tests.property.planner_cases import Case
from tests.unit.engine.stage import Broken, Stage, event

CASES = int(os.environ.get("CALSYNC_PLANNER_CASES", "20000"))
FIRST = int(os.environ.get("CALSYNC_PLANNER_SEED", "0"))
SHARES = 8


@pytest.mark.parametrize("share", range(SHARES))
def test_any_group_comes_to_rest_equal_and_complete(share: int) -> None:
    """I4 then I3; X1 no value of a person is lost; X3 deletes answer deletes; X5 readable replicas are equal."""
    for seed in range(FIRST + share, FIRST + CASES, SHARES):
        try:
            Case(seed).run()
        except Exception as err:
            raise Broken(f"seed {seed}: {err}") from err


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_any_group_comes_to_rest_shrunk_when_it_does_not(rng: random.Random) -> None:
    case = Case(0)
    case.rng = rng
    case.run()


def _snapshots(count: int, first: int = 1_000_000) -> list[tuple[int, Snapshot]]:
    found = []
    for seed in range(first, first + count):
        case = Case(seed)
        case.unsettle()
        found.append((seed, case.stage.snapshot()))
    return found


def test_a_group_without_news_has_an_empty_plan() -> None:
    """What `rest.at_rest` relies on: it ends a run before the planner is loaded."""
    for seed, snap in _snapshots(100):
        for first in (False, True):
            empty = replace(snap, links=(), unlinked=(), waiting={}, choices={}, first=first)
            assert plan(empty) == Plan(snap.rules.key), f"seed {seed}"


# -- M1: swapping the sides mirrors the plan ---------------------------------------------------------------------------

WORDS = {"a": "b", "b": "a"}
SIDES = {1: 2, 2: 1}


def _mirror_spoke(spoke: Spoke) -> Spoke:
    replica = spoke.replica and replace(spoke.replica, calendar=SIDES[spoke.calendar])
    return replace(spoke, calendar=SIDES[spoke.calendar], replica=replica)


def _mirror_link(link: Link) -> Link:
    hub = {path: Entry(e.value, e.rev, SIDES[e.source]) for path, e in link.hub.items()}
    return replace(link, spokes=tuple(_mirror_spoke(s) for s in reversed(link.spokes)), hub=hub)


def _mirror_calendar(state: CalendarState) -> CalendarState:
    return replace(state, id=SIDES[state.id])


def _mirror(snap: Snapshot) -> Snapshot:
    rules: Any = snap.rules
    rules = replace(
        rules, conflict=WORDS.get(rules.conflict, rules.conflict), tie=WORDS.get(rules.tie, rules.tie),
        policy={path: WORDS.get(word, word) for path, word in rules.policy.items()},
    )
    return replace(
        snap, rules=rules, calendars=tuple(_mirror_calendar(c) for c in reversed(snap.calendars)),
        links=tuple(_mirror_link(link) for link in snap.links),
        unlinked=tuple(replace(r, calendar=SIDES[r.calendar]) for r in snap.unlinked),
    )


def _deeds(made: Plan, sides: dict[int, int]) -> tuple[list[str], list[str], list[str]]:
    """What a plan does, with the sides renamed, in an order of its own."""
    steps = [
        dumps([s.kind, sides[s.calendar], s.uid, form_json(s.changes), s.remote_id, sorted(s.held), s.rev])
        for s in made.steps
    ]
    holds = [dumps([h.kind, h.link, sorted(h.detail) if h.kind != "delete" else []]) for h in made.holds]
    kept = [dumps([k.kind, sides[k.calendar], k.path, value_json(k.value)]) for k in made.kept]
    return sorted(steps), sorted(holds), sorted(kept)


def test_swapping_a_and_b_mirrors_the_plan() -> None:
    """M1. keep-both keeps a's version by rule (D1) and is left out."""
    compared = 0
    for seed, snap in _snapshots(2500):
        if len(snap.calendars) == 2 and snap.rules.tie != "keep-both":
            compared += 1
            assert _deeds(plan(snap), {1: 1, 2: 2}) == _deeds(plan(_mirror(snap)), SIDES), f"seed {seed}"
    assert compared > 1000


# -- M2, X15: order of rows does not matter ----------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else str(value)


def _shuffled(rng: random.Random, items: Any) -> Any:
    return type(items)(rng.sample(list(items), len(items)))


def _reordered(rng: random.Random, snap: Snapshot) -> Snapshot:
    def form(replica: Replica) -> Replica:
        return replace(replica, form=dict(_shuffled(rng, list((replica.form or {}).items()))))

    def link(k: Link) -> Link:
        spokes = tuple(replace(s, replica=s.replica and form(s.replica)) for s in k.spokes)
        return replace(k, hub=dict(_shuffled(rng, list(k.hub.items()))), spokes=spokes)

    links, unlinked = tuple(map(link, snap.links)), tuple(map(form, snap.unlinked))
    return replace(snap, links=_shuffled(rng, links), unlinked=_shuffled(rng, unlinked))


def test_the_order_of_rows_does_not_change_a_byte_of_the_plan() -> None:
    rng = random.Random(1)
    for seed, snap in _snapshots(1500):
        once = dumps(_plain(plan(snap)))
        assert dumps(_plain(plan(snap))) == once, f"seed {seed}"
        assert dumps(_plain(plan(_reordered(rng, snap)))) == once, f"seed {seed}"


# -- M4: an unrelated event --------------------------------------------------------------------------------------------


def test_an_unrelated_event_changes_nothing_for_the_others() -> None:
    for seed, snap in _snapshots(1500):
        other = Replica(snap.calendars[0].id, "other", "unrelated", "1", event("Unrelated", url="https://other"))
        before, after = plan(snap), plan(replace(snap, unlinked=(*snap.unlinked, other)))
        own = {link.key for link in after.links if link.uid == "unrelated"}
        assert tuple(s for s in after.steps if s.link not in own) == before.steps, f"seed {seed}"
        assert tuple(k for k in after.links if k.key not in own) == before.links, f"seed {seed}"
        assert (after.holds, after.kept, after.quarantined) == (before.holds, before.kept, before.quarantined)
        assert any(s.link in own and s.kind == "create" for s in after.steps)


def test_copies_of_another_tool_make_no_event_anywhere() -> None:
    """N5: a new set that only such copies show is written nowhere, and one more changes nothing for the others."""
    for seed, snap in _snapshots(600):
        marked = replace(snap, unlinked=tuple(replace(item, tool="OtherSync") for item in snap.unlinked))
        known, new = {link.key for link in snap.links}, {item.uid for item in snap.unlinked}
        before = plan(marked)
        made = [s for s in before.steps if s.kind == "create" and s.uid in new and s.link not in known]
        assert not made, f"seed {seed}"
        source = next(calendar for calendar in snap.calendars if calendar.role != "target")
        other = Replica(source.id, "other", "unrelated", "1", event("Unrelated", url="https://other"), tool="OtherSync")
        after = plan(replace(marked, unlinked=(*marked.unlinked, other)))
        assert replace(after, notes=()) == replace(before, notes=()), f"seed {seed}"
        assert any("OtherSync" in note for note in after.notes) or not source.readable, f"seed {seed}"


# -- M3, M5 ------------------------------------------------------------------------------------------------------------


def test_edits_of_one_run_or_of_several_end_the_same() -> None:
    """M3, without conflicts: one calendar's edits in a row."""
    for seed in range(300):
        ends = []
        for pause in (False, True):
            case = Case(seed, "merge", "ask")
            stage = case.stage
            stage.put(1, "u", case.new_form())
            stage.run()
            for _ in range(3):
                case.edit(1, "u")
                if pause:
                    stage.run()
            stage.settle()
            ends.append([form_json(stage.form(i, "u")) for i in stage.ids])
        assert ends[0] == ends[1], f"seed {seed}"


def test_a_quiet_run_anywhere_changes_nothing() -> None:
    """M5, I3: a further run between two rounds plans no write and moves no row."""
    for seed in range(1500):
        case = Case(seed)
        case.begin()
        case.stage.run(case.rng)
        case.stage.run(case.rng)
        quiet = plan(case.stage.snapshot())
        assert not quiet.steps and not quiet.links and not quiet.kept, f"seed {seed}"


def test_a_set_is_written_at_most_once_per_other_replica_and_edit() -> None:
    """X4, I10: one person's edit, at most replicas - 1 writes."""
    for seed in range(300):
        case = Case(seed, "merge", "ask")
        stage: Stage = case.stage
        stage.put(1, "u", case.new_form())
        stage.settle()
        before = stage.writes
        case.edit(1, "u")
        stage.settle()
        assert stage.writes - before <= len(stage.ids) - 1, f"seed {seed}"
