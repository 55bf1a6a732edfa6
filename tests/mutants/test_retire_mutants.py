"""What could be wrong with taking away what pairs left behind, put in one at a time: each must be caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from calsync_cli.engine import former, retire
from tests.engine import test_retire as retiring
from tests.engine import world

Patch = Callable[[pytest.MonkeyPatch], None]
Check = Callable[[], None]


def instead(module: Any, name: str, made: Any) -> Patch:
    return lambda patch: patch.setattr(module, name, made)


def _deletes_what_it_lets_go(patch: pytest.MonkeyPatch) -> None:
    """The last one of an event goes like any other."""
    patch.setattr(former.Former, "one_way", property(lambda self: True))


def _unkept(patch: pytest.MonkeyPatch) -> None:
    real = retire.retired
    patch.setattr(retire, "retired", lambda snap, one: replace(real(snap, one), kept=()))


def _every_pair_is_gone(patch: pytest.MonkeyPatch) -> None:
    """A pair whose direction or view changed is not known again."""
    real = former._joined
    patch.setattr(former, "_joined", lambda db, pairs: [(key, set()) for key, _ in real(db, pairs)])


ONE_WAY, TWO_WAY = {"direction": "a-to-b"}, dict[str, Any]()
MUTANTS: dict[str, tuple[Patch, Check]] = {
    "what a person edited goes": (
        instead(retire, "touched", lambda case, spoke: False), retiring.test_a_copy_that_somebody_edited_is_let_go,
    ),
    "what is left of an event goes": (_deletes_what_it_lets_go, retiring.test_what_is_left_of_an_event_stays),
    "the marker stays on what was let go": (
        instead(retire, "_let_go", lambda *args: None),
        retiring.test_a_copy_that_somebody_edited_is_let_go,
    ),
    "what goes is not in the trash": (_unkept, retiring.test_a_one_way_copy_goes_whatever_became_of_its_event),
    "what nobody can compare goes": (
        instead(retire, "_not_now", lambda *args: ""),
        partial(retiring.test_the_account_of_its_events_may_be_gone_too, TWO_WAY,
                ["Five", "Four", "One", "Three", "Two"]),
    ),
    "a changed pair is a new one": (
        _every_pair_is_gone,
        partial(retiring.test_a_pair_whose_rules_changed_is_not_gone, {"to_b": retiring.View("busy")}),
    ),
    "nothing is forgotten": (
        instead(retire.stored, "forget", lambda *args: None),
        partial(retiring.test_a_pair_that_comes_again_makes_its_copies_again, ONE_WAY),
    ),
    "an undo knows only the pairs of today": (
        instead(world, "gone_groups", lambda *args: []),
        partial(retiring.test_it_is_taken_back_as_any_run_is, ONE_WAY),
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_gate_catches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, check = MUTANTS[name]
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        check()
