"""Faults that were really there until the simulation found them, put back one at a time: each must be caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from calsync_cli.engine import fold, late, match, settle, write_steps
from calsync_cli.engine import run as engine_run
from calsync_cli.store import journal, links, mirror
from tests.engine import test_absence as absence
from tests.engine import test_doubts as doubts
from tests.engine import test_moved_series as moved
from tests.engine import test_one_way as one_way

Patch = Callable[[pytest.MonkeyPatch], None]
Check = Callable[[], None]


def _late_deletes_unnoticed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine_run, "notice_late", lambda session: None)
    patch.setattr(match, "_made_again", lambda before, link: link)  # which catches it, too


def _late_writes_unnoticed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(journal, "late_writes", lambda db, since: [])


def _the_last_create_arrived(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(late, "nearest", lambda session, op, shown: op)


def _resets_end_without_proof(patch: pytest.MonkeyPatch) -> None:
    def clear(db: Any, calendars: Any) -> None:
        for calendar in calendars:
            db.run("UPDATE calendar SET reset = 0, lowered = '' WHERE id = ?", calendar)

    patch.setattr(mirror, "clear_reset", clear)


def _released_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(links, "let_go", lambda *args: [])


def _found_copies_agree(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(write_steps, "_target_base", lambda case, spoke, now, folded: spoke.base or now)


def _cancelled_words_go(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(write_steps, "_cancelled_words", lambda *args: [])


def _leftovers_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(write_steps, "_leftovers", lambda *args: {})


def _contested_moves_move(patch: pytest.MonkeyPatch) -> None:
    real = fold.shifted

    def shifted(result: Any, voices: Any, move: Any, ctx: Any) -> Any:
        return real(replace(result, contested={}, by={}), voices, move, ctx)

    patch.setattr(fold, "shifted", shifted)


def _other_words_go(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(settle, "_keep_other_words", lambda *args: None)


def _proof_is_in_doubt_again(patch: pytest.MonkeyPatch) -> None:
    real = mirror.set_gone

    def set_gone(db: Any, calendar: int, remote_id: str, level: int, seq: int) -> None:
        if level == 1:
            db.run("UPDATE mirror_item SET gone = 0 WHERE calendar_id = ? AND remote_id = ?", calendar, remote_id)
        real(db, calendar, remote_id, level, seq)

    patch.setattr(mirror, "set_gone", set_gone)


def late_writes_are_ours() -> None:
    for calls in range(1, 9):
        doubts.test_a_write_of_ours_that_arrives_late_is_no_edit_by_a_person("update", calls, "before it arrives")


def late_creates_are_told_apart() -> None:
    for calls in range(1, 9):
        doubts.test_a_write_of_ours_that_arrives_late_is_no_edit_by_a_person("create", calls, "before it arrives")


def what_a_date_keeps_goes_with_it() -> None:
    moved.test_what_a_date_keeps_for_itself_goes_with_the_date("a")


def a_contested_move_moves_no_dates() -> None:
    moved.test_a_move_that_is_contested_moves_no_dates_yet("ask", "b")


MUTANTS: dict[str, tuple[Patch, Check]] = {
    "a late delete is a person's": (
        _late_deletes_unnoticed, doubts.test_a_delete_that_arrives_late_is_not_taken_for_a_persons,
    ),
    "a late update is a person's": (_late_writes_unnoticed, late_writes_are_ours),
    "whatever create arrived, it was the last": (_the_last_create_arrived, late_creates_are_told_apart),
    "a lost token is over before what was missing is proved": (
        _resets_end_without_proof,
        absence.test_what_is_missing_after_a_lost_token_is_asked_about_though_its_proof_comes_later,
    ),
    "what was proved gone is in doubt again": (
        _proof_is_in_doubt_again, absence.test_what_is_gone_does_not_come_back_because_a_late_listing_shows_it,
    ),
    "a released copy is forgotten": (
        _released_are_forgotten, one_way.test_a_released_copy_is_the_events_again_when_its_source_is_back,
    ),
    "a copy without a base agrees to all it says": (
        _found_copies_agree, one_way.test_an_edited_copy_is_not_retired_after_the_database_was_lost,
    ),
    "words in a cancelled date of a copy are not kept": (
        _cancelled_words_go, one_way.test_words_in_a_date_of_the_copy_that_the_source_cancels_are_kept,
    ),
    "what a date keeps for itself stays": (_leftovers_stay, what_a_date_keeps_goes_with_it),
    "a contested move moves its dates": (_contested_moves_move, a_contested_move_moves_no_dates),
    "words after an answer without a version are the server's": (
        _other_words_go,
        doubts.test_words_written_right_after_a_write_that_was_answered_without_a_version_are_not_lost,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_gate_catches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, check = MUTANTS[name]
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        check()
