"""Deliberate faults of what is special about Google, one at a time: each must be caught by some point of the named
crash scenarios or by one of the small stories (mutation gate of the test plan).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from calsync_cli.engine import observe, settle
from calsync_cli.engine import run as engine_run
from calsync_cli.providers.google import provider, reading, steps
from calsync_cli.store import links
from tests.crash.cloud_scenarios import BY_NAME
from tests.crash.cloud_trial import CloudTrial
from tests.engine.cloud_oracle import check_agendas
from tests.engine.cloud_world import CloudWorld

Patch = Callable[[pytest.MonkeyPatch], None]
Check = Callable[[], None]
START, SECOND = "2027-03-01T09:00", "2027-03-08T09:00"
WEEKLY = "FREQ=WEEKLY;COUNT=4"


# -- checks ------------------------------------------------------------------------------------------------------------


def crash(name: str, other: str = "vdir") -> Check:
    def check() -> None:
        trial = CloudTrial(BY_NAME[name], "google", other)
        with trial.world:
            for point in trial.different_points():
                trial.play(point)

    return check


def synced() -> CloudWorld:
    world = CloudWorld("google", "vdir", delete_percent=100.0)
    world.known["s"] = world["a"].add("Series", START, rule=WEEKLY)
    world.known["one"] = world["b"].add("One", START)
    world.run()
    return world


def a_calendar_that_goes_away_in_mid_run_deletes_nothing() -> None:
    """O2: an old list leaves an event out, and then the whole calendar answers 404, which is no proof for the event."""
    with synced() as world:
        world.g.faults.arm("stale", "events.list", times=2, n=1)
        world.g.faults.arm("404", "events.get|calendarList.get", times=None, skip=1)
        agenda = world["b"].agenda()
        world.run(full=True)
        assert world.g.faults.used.get("404"), "nobody looked"
        world.g.faults.disarm()
        world.run()
        assert world["b"].agenda() == agenda, "a calendar that was away was taken for deletions"


def an_edit_of_another_date_is_not_overwritten() -> None:
    """I13: no request can be held to the version of a whole set, so it is compared before."""
    with synced() as world:
        here = world.google[0]
        at = here.instance(world.known["s"], SECOND)
        world.person(lambda: world["b"].change(world.known["s"], SECOND, title="tok1x"))
        deed = lambda: world.person(lambda: here.patch_at(at, {"summary": "tok2x"}))  # noqa: E731
        world.g.faults.arm("do", "events.get", action=deed)
        for _ in range(3):
            world.run()
        world.oracle.no_word_lost()
        world.oracle.final()


def what_our_writes_changed_comes_back_once() -> None:
    with synced() as world:
        world.person(lambda: world["b"].change(world.known["s"], SECOND, title="Changed"))
        for _ in range(3):
            world.run()
        check_agendas(world)
        assert world.quiet()


# -- mutants -----------------------------------------------------------------------------------------------------------


def _mail_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(steps, "QUIET", {"sendUpdates": "all"})


def _say_nothing_of_mails(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(steps, "QUIET", {})


def _no_guard(patch: pytest.MonkeyPatch) -> None:
    real = steps.call_of
    from calsync_cli.providers.google import writing

    patch.setattr(writing, "call_of", lambda *args: replace(real(*args), etag=None))


def _new_id_per_attempt(patch: pytest.MonkeyPatch) -> None:
    count = itertools.count()
    patch.setattr(provider.GoogleProvider, "remote_id_for", lambda self, cal, key: f"cs{next(count):032x}")


def _no_recovery(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine_run, "recover", lambda session: [])


def _half_is_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(settle, "not_arrived", lambda *args: frozenset())


def _made_up_dates_are_exceptions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading, "is_plain", lambda *args: False)


def _no_check_of_the_calendar(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading.Reader, "entry", lambda self, cal: {"accessRole": "owner", "timeZone": "UTC"})


def _sets_are_not_compared(patch: pytest.MonkeyPatch) -> None:
    from calsync_cli.providers.google import writing

    patch.setattr(writing.Writer, "_check_sets", lambda self, cal, plans: None)
    patch.setattr(writing, "is_edited", lambda *args: False)


def _exceptions_left_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading.Reader, "_fill", lambda self, cal, series, known: None)


def _losers_are_not_stored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(links, "keep", lambda *args: None)


def _a_listing_proves_deletion(patch: pytest.MonkeyPatch) -> None:
    real = observe._needs

    def needs(session: Any, item: Any) -> Any:
        wants, looks = real(session, item)
        item.looked |= dict.fromkeys(looks)
        return wants, []

    patch.setattr(observe, "_needs", needs)


MUTANTS: dict[str, tuple[Patch, Check]] = {
    "everybody is mailed": (_mail_everybody, crash("first push to a")),
    "sendUpdates is left out": (_say_nothing_of_mails, crash("first push to a")),
    "no If-Match": (_no_guard, crash("other fields")),
    "a new id for each attempt": (_new_id_per_attempt, crash("first push to a")),
    "no recovery": (_no_recovery, crash("first push to a")),
    "half a series is whole": (_half_is_whole, crash("series renamed on b, a date on a")),
    "dates that Google makes up are exceptions": (_made_up_dates_are_exceptions, crash("first push to a")),
    "a calendar's 404 proves deletions": (
        _no_check_of_the_calendar, a_calendar_that_goes_away_in_mid_run_deletes_nothing,
    ),
    "sets are not compared": (_sets_are_not_compared, an_edit_of_another_date_is_not_overwritten),
    "exceptions are left out": (_exceptions_left_out, what_our_writes_changed_comes_back_once),
    "a listing proves deletion": (_a_listing_proves_deletion, crash("tokens expired")),
}


@pytest.mark.parametrize("check", dict.fromkeys(check for _, check in MUTANTS.values() if check.__name__ != "check"),
                         ids=lambda check: check.__name__)
def test_the_story_passes_without_a_mutant(check: Check) -> None:
    check()


@pytest.mark.parametrize("name", MUTANTS)
def test_it_is_caught_when(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    patch, check = MUTANTS[name]
    patch(monkeypatch)
    with pytest.raises(AssertionError):
        check()
