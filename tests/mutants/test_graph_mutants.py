"""Deliberate faults of what is special about Microsoft, one at a time: each must be caught by some point of the named
crash scenario or by one of the small stories (mutation gate of the test plan).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calsync_cli.engine import recover
from calsync_cli.engine import run as engine_run
from calsync_cli.providers.graph import provider, reading, steps, writing
from tests.crash.cloud_scenarios import BY_NAME
from tests.crash.cloud_trial import CloudTrial
from tests.emulators.graph.faults import fault
from tests.engine.cloud_oracle import check_agendas
from tests.engine.cloud_world import CloudWorld

Patch = Callable[[pytest.MonkeyPatch], None]
Check = Callable[[], None]
START, SECOND, FOURTH = "2027-03-01T09:00", "2027-03-08T09:00", "2027-03-22T09:00"
WEEKLY = "FREQ=WEEKLY;COUNT=6"


# -- checks ------------------------------------------------------------------------------------------------------------


def crash(name: str, other: str = "vdir") -> Check:
    def check() -> None:
        trial = CloudTrial(BY_NAME[name], "graph", other, {"transaction_memory_s": 0.0})
        with trial.world:
            for point in trial.different_points():
                trial.play(point)

    return check


def synced() -> CloudWorld:
    world = CloudWorld("graph", "vdir", delete_percent=100.0)
    world.known["s"] = world["a"].add("Series", START, rule=WEEKLY)
    world["a"].change(world.known["s"], SECOND, title="tok1x")
    world.known["one"] = world["b"].add("One", START)
    world.run()
    return world


def a_series_cut_short_keeps_its_exceptions() -> None:
    with synced() as world:
        world["b"].split(world.known["s"], FOURTH, "Later half")
        for _ in range(3):
            world.run()
        assert all("tok1x" in world[side].words() for side in "ab")


def a_day_of_an_all_day_series_is_that_day() -> None:
    with synced() as world:
        uid = world["a"].add("Days", "2027-03-01", rule="FREQ=DAILY;COUNT=5")
        world.run()
        world["b"].change(uid, "2027-03-03", title="Third")
        for _ in range(2):
            world.run()
        check_agendas(world)
        assert [seen[1] for seen in world["a"].agenda() if seen[3] == "Third"] == ["2027-03-03"]


def an_edit_of_another_date_is_not_overwritten() -> None:
    """I13: no request can be held to the version of a whole set, so it is compared before."""
    with synced() as world:
        here, uid = world.graph[0], world.known["s"]
        world.person(lambda: world["b"].change(uid, SECOND, title="tok2x"))
        edit = {"do": "edit_occurrence", "mailbox": here.user, "id": here.id_of(uid), "date": SECOND[:10],
                "changes": {"subject": "tok3x"}}
        world.oracle.written.add("tok3x")
        world.m.arm(fault("edit", method="GET", path="events/", edit=edit))
        for _ in range(3):
            world.run()
        world.oracle.no_word_lost()


def a_lost_answer_makes_no_second_event() -> None:
    with CloudWorld("graph", "vdir", knobs={"transaction_memory_s": 0.0}) as world:
        world.run()
        world.m.knobs.filter_lag_s = world.m.knobs.delta_lag_s = 120.0
        world["b"].add("One", START)
        world.m.arm(fault("drop-after", path="/events$", method="POST"))
        for minutes in (0.3, 0.3, 20, 20):
            world.gap = timedelta(minutes=minutes)
            world.run()
        world.oracle.final()


def a_meeting_is_not_written() -> None:
    with synced() as world:
        guest = {"emailAddress": {"address": "friend@elsewhere.test"}}
        world.graph[0].patch(world.known["one"], {"attendees": [guest]})
        world.run()
        world["b"].edit(world.known["one"], title="Changed")
        world.run()
        world.oracle.final()


# -- mutants -----------------------------------------------------------------------------------------------------------


def _exceptions_are_not_written_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writing.Writer, "_plan_again", lambda self, cal, plans: None)


def _a_midnight_names_the_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writing, "is_original", lambda one, original: str(one["originalStart"])[: len(original)] == original)


def _sets_are_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writing.Writer, "_check_sets", lambda self, cal, plans: None)
    patch.setattr(writing, "is_edited", lambda *args: False)


def _nobody_waits_for_a_search(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recover, "_may_still_come", lambda *args: False)


def _a_new_key_per_attempt(patch: pytest.MonkeyPatch) -> None:
    count = itertools.count()
    patch.setattr(provider.GraphProvider, "remote_id_for", lambda self, cal, key: f"key:{next(count):032x}")


def _no_guard(patch: pytest.MonkeyPatch) -> None:
    real = steps.call_of
    patch.setattr(writing, "call_of", lambda *args: replace(real(*args), etag=None))


def _no_recovery(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine_run, "recover", lambda session: [])


def _guests_do_not_matter(patch: pytest.MonkeyPatch) -> None:
    from calsync_cli.mapping.graph import source

    patch.setattr(source, "people_of", lambda resources, calendar: "")


def _deleted_dates_are_left_out(patch: pytest.MonkeyPatch) -> None:
    real = reading.series

    def series(master: Any) -> Any:
        found = real(master)
        found.cancelled = ()
        return found

    patch.setattr(reading, "series", series)


MUTANTS: dict[str, tuple[Patch, Check]] = {
    "dropped exceptions are not written again": (
        _exceptions_are_not_written_again, a_series_cut_short_keeps_its_exceptions,
    ),
    "a day is taken for its neighbour": (_a_midnight_names_the_day, a_day_of_an_all_day_series_is_that_day),
    "sets are not compared": (_sets_are_not_compared, an_edit_of_another_date_is_not_overwritten),
    "nobody waits for the search": (_nobody_waits_for_a_search, a_lost_answer_makes_no_second_event),
    "a new key for each attempt": (_a_new_key_per_attempt, crash("first push to a")),
    "no If-Match": (_no_guard, crash("other fields")),
    "no recovery": (_no_recovery, crash("first push to a")),
    "guests do not matter": (_guests_do_not_matter, a_meeting_is_not_written),
    "deleted dates are left out": (_deleted_dates_are_left_out, crash("series changed on a")),
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
