"""What could be wrong with a person's word on one calendar, put in one at a time: each must be caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from calsync_cli.engine import by_hand, intent, run, settle
from calsync_cli.errors import InternalCheck
from tests.crash.enumerate import Trial
from tests.crash.scenarios import SCENARIOS
from tests.engine import test_by_hand as hand
from tests.engine.world import World, ics

Patch = Callable[[pytest.MonkeyPatch], None]
Check = Callable[[], None]


def instead(module: Any, name: str, made: Any) -> Patch:
    return lambda patch: patch.setattr(module, name, made)


def world() -> World:
    """As the fixture of these tests."""
    made = World("ab")
    for uid in ("one", "two"):
        made.put("a", ics(uid, uid.title(), "LOCATION:Here"))
    made.put("b", ics("series", "Series", hand.SERIES))
    made.run()
    return made


def _as_by_calsync(patch: pytest.MonkeyPatch) -> None:
    """The write is taken for one of calsync's own, of which the others know."""
    real = by_hand._by_hand
    patch.setattr(by_hand, "_by_hand", lambda step, spoke: replace(real(step, spoke), by_hand=False))


def _gone_for_nobody(patch: pytest.MonkeyPatch) -> None:
    real = settle.confirm_delete
    patch.setattr(settle, "confirm_delete", lambda session, op: real(session, replace(op, by_hand=False)))


def _not_stored(patch: pytest.MonkeyPatch) -> None:
    """The journal forgets whose word it was, which a crash makes use of."""
    real = intent.journal.plan_operation

    def forgetful(db: Any, run: int, grp: str, op: Any) -> int:
        return real(db, run, grp, replace(op, by_hand=False))

    patch.setattr(intent.journal, "plan_operation", forgetful)


def _no_sync(patch: pytest.MonkeyPatch) -> None:
    real = run.run
    patch.setattr(by_hand, "run", lambda *args, then=(), **more: real(*args, **more))


def broken_anywhere(name: str) -> None:
    trial = Trial(next(scenario for scenario in SCENARIOS if scenario.name == name))
    for point in trial.different_points():
        trial.play(point)


MUTANTS: dict[str, tuple[Patch, Check]] = {
    "what the person saw is not looked at": (
        instead(by_hand, "_moved", lambda *args: None),
        lambda: hand.test_what_changed_meanwhile_is_not_overwritten(world()),
    ),
    "an edit by hand is calsync's own": (
        _as_by_calsync, lambda: hand.test_an_edit_arrives_and_leaves_what_was_not_named(world()),
    ),
    "a removal by hand is nobody's": (
        _gone_for_nobody, lambda: hand.test_a_removal_goes_everywhere_and_to_the_trash(world()),
    ),
    "whose word it was is not stored": (_not_stored, partial(broken_anywhere, "edited by hand")),
    "nothing is synced behind it": (
        _no_sync, lambda: hand.test_a_new_event_is_on_both_sides_in_one_run_and_rests(world()),
    ),
    "the same event is added again": (
        instead(by_hand, "_alike", lambda form, other: False),
        lambda: hand.test_what_is_there_already_is_not_made_twice_unless_asked(world()),
    ),
    "who may be mailed is not asked": (
        instead(by_hand.Case, "cannot_write", lambda *args: None), hand.test_nobody_is_mailed_by_hand_either,
    ),
    "a busy copy takes text": (
        instead(by_hand, "_hidden", lambda *args: None), hand.test_text_is_not_written_into_a_busy_copy,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_gate_catches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, check = MUTANTS[name]
    mutate(monkeypatch)
    with pytest.raises((AssertionError, InternalCheck)):
        check()
