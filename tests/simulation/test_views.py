"""X13, W6: stories of pairs where one side shows less of the other; in no write to it is a word of that one to be read.

CALSYNC_L3_VIEWS and CALSYNC_L3_SEED set the size and which stories they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from calsync_cli.engine import case, create_steps, intent, write_steps
from tests.simulation.play import many, one, seed_of
from tests.simulation.story import Counts
from tests.simulation.topology import viewed

OPERATIONS = float(os.environ.get("CALSYNC_L3_VIEWS", "3000"))
SEED = int(os.environ.get("CALSYNC_L3_SEED", "1"))
BROKEN_ONCE = (
    15462291387572118647,  # a date of a block with a person's words stayed when its series lost it
    7546946338362882627,  # words of a date went unsaved when it was cancelled on its block
    10452762345177127203,  # a date with words, left of a series cut short at home, was not in its block
    13552306941233757270,  # a date with words stayed at home when its series was cut short on the block
)


def test_no_story_of_views_breaks_a_law() -> None:
    counts, failures = many(SEED, OPERATIONS, 30, choose=viewed)
    assert not failures, "\n".join(map(str, failures))
    assert counts.operations >= OPERATIONS


@pytest.mark.parametrize("seed", BROKEN_ONCE)
def test_a_story_that_broke_a_law_once_holds(seed: int) -> None:
    failure = one(seed, Counts(), choose=viewed)
    assert failure is None, str(failure)


def _shows_all(patch: pytest.MonkeyPatch) -> None:
    for place in (write_steps, create_steps):
        patch.setattr(place, "shown", lambda view, form: dict(form))
    patch.setattr(intent, "check_views", lambda scene, plan: None)


def _hears_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(case, "with_masks", lambda link, calendars: link)


@pytest.mark.parametrize("mutant", [_shows_all, _hears_all])
def test_a_view_that_fails_is_caught(
    mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    failure = next(found for n in range(50) if (found := one(seed_of(SEED, n), Counts(), choose=viewed)) is not None)
    assert str(failure).startswith("python -m tests.simulation --views --story"), failure
