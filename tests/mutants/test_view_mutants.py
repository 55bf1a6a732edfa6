"""Faults of views, filters, carried properties and denials, put in one at a time: each must be caught (I18, O2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from calsync_cli.engine import (
    case,
    create_steps,
    execute,
    fold,
    intent,
    leave,
    losses,
    match,
    plan,
    seen,
    shift,
    views,
    write_steps,
)
from calsync_cli.engine.keys import Marker
from tests.engine import test_answers as answers
from tests.engine import test_carry as carry
from tests.engine import test_doubts as doubts
from tests.engine import test_view_dates as dates
from tests.engine import test_views as shown

Patch = Callable[[pytest.MonkeyPatch], None]
Check = Callable[[], None]


def instead(place: ModuleType, name: str, made: Any) -> Patch:
    return lambda patch: patch.setattr(place, name, made)


def _unmasked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(case, "with_masks", lambda link, calendars: link)


def _bare_marker(patch: pytest.MonkeyPatch) -> None:
    made = lambda session, step, state: Marker(session.installation, step.link, step.generation)  # noqa: E731
    patch.setattr(losses, "_marker", made)


def _not_checked(patch: pytest.MonkeyPatch) -> None:
    """Everything is shown, and nobody looks before it is sent."""
    for place in (write_steps, create_steps):
        patch.setattr(place, "shown", lambda view, form: dict(form))
    patch.setattr(intent, "check_views", lambda scene, plan: None)


def _every_copy_is_one(patch: pytest.MonkeyPatch) -> None:
    for place in (leave.views, case, write_steps):
        patch.setattr(place, "is_copy", lambda link, spoke: spoke.owned)


def _one_look(patch: pytest.MonkeyPatch) -> None:
    def absent_since(session: Any, needed: Any) -> int:
        return int((session.ports.now() - needed).timestamp() * 1_000_000)

    patch.setattr(seen, "absent_since", absent_since)
    patch.setattr("calsync_cli.engine.observe.absent_since", absent_since)


MUTANTS: dict[str, tuple[Patch, Check]] = {
    "a busy copy shows everything": (_not_checked, shown.test_a_busy_copy_holds_when_and_nothing_else),
    "a date that no rule has is not in its block": (
        instead(views, "_with_dates_apart", lambda form, made: {}),
        partial(dates.test_a_date_that_is_left_of_a_series_cut_short_stands_in_its_block, "two-way"),
    ),
    "what hides the words of a date cannot take it out": (
        instead(fold, "let_go", lambda result, voices: None),
        dates.test_a_series_cut_short_on_its_block_is_that_at_home_and_the_words_are_kept,
    ),
    "hidden words stay behind where their series moves": (
        instead(shift, "_is_moved_block", lambda *args: False),
        dates.test_words_stay_with_their_date_where_a_block_is_moved_and_given_another_rule,
    ),
    "a title made by a template is heard": (
        instead(views, "worked_out", lambda view: frozenset()), shown.test_titles_and_templates,
    ),
    "nothing is masked": (_unmasked, shown.test_an_event_that_both_sides_have_gets_no_text_of_the_other),
    "the id of the event is on its block": (
        instead(case, "veiled_uid", lambda installation, uid: uid), shown.test_a_busy_copy_holds_when_and_nothing_else,
    ),
    "the installation is named on a block": (_bare_marker, shown.test_a_busy_copy_holds_when_and_nothing_else),
    "copies that show more are left": (
        instead(plan, "anew", lambda case, decision, there, **more: decision),
        shown.test_a_view_that_shows_less_is_a_migration_that_waits,
    ),
    "what was edited and shows more is left as it is": (
        instead(write_steps, "_is_made_anew", lambda *args: False),
        partial(shown.test_of_a_copy_that_was_edited_when_its_view_narrows_nothing_stays_behind,
                shown.BUSY, "two-way", "moved here"),
    ),
    "blocks are not known again": (
        instead(match, "unveiled", lambda *args: None),
        shown.test_a_pair_that_hides_nothing_any_more_fills_its_blocks,
    ),
    "a block that is copied on is a block there too": (
        instead(match, "_is_event_here", lambda key: False),
        partial(shown.test_a_block_that_is_copied_on_leaks_nothing_and_rests, {}),
    ),
    "nothing is left out": (
        instead(plan, "leaving", lambda case, there: None),
        shown.test_filtered_events_stay_out_and_leaving_deletes_nothing,
    ),
    "what a person edited is retired": (
        instead(leave, "_is_edited", lambda case, spoke: False),
        shown.test_retired_copies_go_but_not_what_a_person_edited,
    ),
    "the last of an event is a copy too": (
        _every_copy_is_one, partial(shown.test_the_last_of_an_event_stays_though_calsync_made_it, True),
    ),
    "a copy starts with what others carry": (
        instead(create_steps, "_to_start_with", lambda case, source, form, folded: {
            path: value for path, value in source.items() if case.is_local(path)
        }),
        carry.test_what_one_pair_carries_is_not_carried_by_another,
    ),
    "an answer goes where nobody was invited": (
        instead(write_steps, "_has_place", lambda path, now: True),
        answers.test_who_is_not_invited_there_gives_no_answer_there,
    ),
    "several looks of a run are several runs": (_one_look, doubts.test_several_looks_of_one_run_are_one_absence),
    "one denial of what stands in the way is a proof": (
        instead(execute, "missed", lambda *args: True),
        doubts.test_a_create_whose_place_is_taken_by_what_is_denied_makes_no_second,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_gate_catches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, check = MUTANTS[name]
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        check()
