"""More deliberate faults of the engine, one at a time: those of the test plan's list that the other modules leave, and
those that were really there once. Each must be caught by a named story or by the points of a crash scenario.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from calsync_cli.api import base, open_workspace
from calsync_cli.config.load import load
from calsync_cli.engine import intent, observe, presence, snapshot, undo
from calsync_cli.engine.presence import Is
from calsync_cli.engine.state import Wish
from calsync_cli.errors import AlreadyRunning
from calsync_cli.mapping import new_event
from calsync_cli.model import recur
from calsync_cli.ports import system_ports
from calsync_cli.providers.google import multipart
from calsync_cli.providers.vdir import VdirProvider
from calsync_cli.store import journal, links, mirror
from calsync_cli.store.lock import Lock
from tests.contract import test_google_batches as batches
from tests.crash.enumerate import Trial
from tests.crash.further import FURTHER
from tests.crash.scenarios import BY_NAME, NEAR
from tests.engine import test_directions as directions
from tests.engine import test_doubts as doubts
from tests.engine import test_half_seen as half_seen
from tests.engine import test_undo as undoing
from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.world import ics
from tests.fakes.memory_faults import SimulatedCrash
from tests.mutants.test_engine_mutants import a_ghost_stays_dead

Patch = Callable[[pytest.MonkeyPatch], None]
Check = Callable[[], None]


# -- checks ------------------------------------------------------------------------------------------------------------


def crash(name: str) -> Check:
    def check() -> None:
        scenarios = BY_NAME | {scenario.name: scenario for scenario in FURTHER}
        trial = Trial(scenarios[name])
        for point in trial.points():
            trial.play(point)

    return check


def an_edit_made_since_is_not_taken_back() -> None:
    undoing.test_what_was_changed_since_is_told_and_left_alone(undoing.world.__wrapped__())  # type: ignore[attr-defined]


def an_older_listing_is_looked_at_again() -> None:
    """O3: a listing may be older than what we wrote a moment ago."""
    world = FaultyWorld("ab")
    world.put("a", ics("u1", "One"))
    world.run()
    world.gap = world.gap / 10
    world.edit("a", "u1", title="Two")
    world.run()
    late = world.servers["b"]
    late.visible = lambda: 1  # type: ignore[method-assign]
    world.run(full=True)
    assert world.titles("a") == world.titles("b") == ["Two"], "an older version was taken for an edit"


def what_leaves_the_window_stays_everywhere() -> None:
    """V1: leaving is not deleting."""
    world = FaultyWorld("ab", **NEAR)
    world.put("a", ics("u1", "Near"))
    world.put("a", ics("u9", "Soon far", start="20261215T090000"))
    world.run()
    world.replace("a", "u9", "20261215", "20270901")
    for _ in range(3):
        world.run(approved=AnyPlan())
    assert world.has("a", "u9") and world.has("b", "u9"), "what left the window was taken for deleted"


def answers_in_another_order_are_told_apart() -> None:
    """Facts 7: the parts of an answer come in any order; here the last comes first."""
    real = multipart.decode

    def turned(response: Any, requests: Any) -> Any:
        boundary = multipart._BOUNDARY.search(response.headers["content-type"])
        assert boundary is not None
        mark = b"--" + (boundary[1] or boundary[2]).encode()
        first, *parts, last = response.content.split(mark)
        response._content = mark.join([first, *(b"\r\n" + part.strip() + b"\r\n" for part in parts[::-1]), last])
        return real(response, requests)

    with pytest.MonkeyPatch.context() as patch, batches.desk() as here:
        from calsync_cli.providers.google import client

        patch.setattr(multipart, "decode", turned)
        if hasattr(client, "decode"):
            patch.setattr(client, "decode", turned)
        here.page()
        writes = [here.new(1), *batches.creates(here, 0)]
        writes += [batches.Write("delete", "nothere0000", b"", '"1"')]
        answers = here.provider.bulk(here.cal, writes)
        assert isinstance(answers[0], batches.Receipt) and isinstance(answers[1], batches.NotFound), answers


def the_lock_is_held_while_anything_is_written() -> None:
    """L1: whoever comes while a file is being written finds the lock taken."""
    met: list[str] = []
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        for side in "xy":
            (folder / side / "Home").mkdir(parents=True)
        (folder / "x" / "Home" / "u1.ics").write_bytes(ics("u1", "One"))
        config = folder / "config.toml"
        accounts = "".join(f'[accounts.{s}]\nprovider = "vdir"\npath = "{folder / s}"\n' for s in "xy")
        config.write_text(accounts + '[pairs.home]\na = "x/Home"\nb = "y/Home"\nfirst_sync = "auto"\n')
        state = folder / "state"
        state.mkdir()
        real = VdirProvider.create

        def create(self: Any, *words: Any) -> Any:
            try:
                Lock(state, system_ports()).release()
                met.append("free")
            except AlreadyRunning:
                met.append("taken")
            return real(self, *words)

        patch.setattr(VdirProvider, "create", create)
        work = open_workspace(load(config, {}), state, system_ports(), {})
        try:
            work.sync([], Wish(yes=True))
        finally:
            work.close()
    assert met == ["taken"]


def guests_stay_where_they_are() -> None:
    """I6: a copy in a calendar whose server mails guests has none."""
    world = FaultyWorld("ab")
    world.servers["b"].set_calendar("b", mails=True)
    people = ("ORGANIZER:mailto:me@example.org", "ATTENDEE:mailto:you@example.org")
    world.put("a", ics("u1", "Meeting", *people))
    world.run()
    world.oracle.final()
    assert world.has("b", "u1")


# -- mutants -----------------------------------------------------------------------------------------------------------


def _older_is_accepted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(journal, "recent_writes", lambda db, calendar, since: set())
    patch.setattr(observe, "_is_no_newer", lambda *args: False)
    patch.setattr(observe, "_doubtful", lambda *args: False)


def _proof_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mirror, "proved_gone", lambda db, calendar, remote_id: False)


def _less_is_an_edit(patch: pytest.MonkeyPatch) -> None:
    class Equal(tuple[str, ...]):
        def index(self, *_: Any) -> int:
            return 0

    patch.setattr(observe, "LEVELS", Equal(observe.LEVELS))


def _outside_is_gone(patch: pytest.MonkeyPatch) -> None:
    real, outside = presence.state, presence.all_outside

    def state(case: Any, spoke: Any) -> Is:
        here = spoke.replica.form if spoke.replica is not None else None
        low, high = case.snap.rules.window.bounds(case.snap.now, presence.LEAVE_AFTER)
        away = here is not None and not case.snap.rules.window.all and not recur.touches(here, low, high)
        return Is.GONE if away else real(case, spoke)

    patch.setattr(presence, "state", state)
    patch.setattr(presence, "all_outside", lambda case: False if case.link.id is not None else outside(case))


def _lock_is_let_go(patch: pytest.MonkeyPatch) -> None:
    class Released(Lock):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            self.release()

    patch.setattr(base, "Lock", Released)


def _copies_are_sources(patch: pytest.MonkeyPatch) -> None:
    real = links.unlinked

    def unlinked(db: Any, grp: str, calendar: int, members: Any, **more: Any) -> Any:
        everywhere = [row[0] for row in db.all("SELECT id FROM calendar")]
        return real(db, grp, calendar, everywhere, **more)

    patch.setattr(links, "unlinked", unlinked)


def _former_copies_are_hidden(patch: pytest.MonkeyPatch) -> None:
    real = links.unlinked
    patch.setattr(links, "unlinked", lambda db, grp, calendar, members, **more: real(db, grp, calendar, (), **more))


def _answers_by_position(patch: pytest.MonkeyPatch) -> None:
    class InOrder:
        """Stands for the number that a part names: the place it is found at."""

        def search(self, head: bytes) -> Any:
            self.count = getattr(self, "count", -1) + 1
            return re.match(rb"(\d+)", str(self.count).encode())

    patch.setattr(multipart, "_NUMBER", InOrder())


def _undo_asks_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(undo, "_why_not", lambda *args: "")


def _guests_are_copied(patch: pytest.MonkeyPatch) -> None:
    real = new_event._people

    def people(fields: Mapping[str, Any], pen: Any) -> Any:
        lines = [pen.line("ATTENDEE", f"mailto:{guest.partition(' ')[0]}") for guest in fields.get("guests") or ()]
        return [*real(fields, pen), *lines]

    patch.setattr(new_event, "_people", people)


def _answer_goes_with_the_plan(patch: pytest.MonkeyPatch) -> None:
    real = links.replace_holds
    patch.setattr(links, "replace_holds", lambda db, grp, holds, planned, undecided, writing, ids: real(
        db, grp, holds, planned, undecided, (), ids))


def _absent_calendars_forget(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(presence, "is_blind", lambda *args: False)


def _rules_are_old_at_once(patch: pytest.MonkeyPatch) -> None:
    real = intent._store_outlook

    def store(session: Any, scene: Any, plan: Any, known: Any) -> None:
        real(session, scene, plan, known)
        links.group_planned(session.db, scene.key, scene.rules_digest)

    patch.setattr(intent, "_store_outlook", store)


def _resets_are_over_at_once(patch: pytest.MonkeyPatch) -> None:
    real = intent._store_outlook

    def store(session: Any, scene: Any, plan: Any, known: Any) -> None:
        real(session, scene, plan, known)
        mirror.clear_reset(session.db, list(scene.names))

    patch.setattr(intent, "_store_outlook", store)


def _deletion_still_waits(why: Callable[[FaultyWorld], None]) -> Check:
    def a_deletion_still_waits() -> None:
        half_seen.test_a_deletion_still_waits_for_a_yes_when_the_other_calendar_is_back(why)

    return a_deletion_still_waits


def an_answer_is_kept() -> None:
    half_seen.test_an_answer_is_not_forgotten_while_a_calendar_is_away("b", "approve", "create")


def a_former_copy_is_no_second_event() -> None:
    directions.test_a_changed_direction_doubles_and_loses_nothing("a-to-b", "two-way")


MUTANTS: dict[str, tuple[Patch, Check]] = {
    "older version accepted": (_older_is_accepted, an_older_listing_is_looked_at_again),
    "reappearance after proof accepted without point read": (_proof_is_forgotten, a_ghost_stays_dead),
    "redacted title taken as edit": (
        _less_is_an_edit, doubts.test_a_calendar_that_shows_less_than_before_is_not_believed,
    ),
    "out-of-window taken as gone": (_outside_is_gone, what_leaves_the_window_stays_everywhere),
    "lock released early": (_lock_is_let_go, the_lock_is_held_while_anything_is_written),
    "derived copy used as source": (
        _copies_are_sources, directions.test_a_copy_of_a_feed_stays_no_source_for_a_pair_that_joins_later,
    ),
    "batch answer matched by position": (_answers_by_position, answers_in_another_order_are_told_apart),
    "undo without precondition": (_undo_asks_nobody, an_edit_made_since_is_not_taken_back),
    "guests copied": (_guests_are_copied, guests_stay_where_they_are),
    "an answer goes with the plan": (_answer_goes_with_the_plan, crash("a deletion is approved")),
    "a calendar that is away forgets answers": (_absent_calendars_forget, an_answer_is_kept),
    "rules count as seen after half a look": (_rules_are_old_at_once, _deletion_still_waits(half_seen.other_window)),
    "a lost token is over after half a look": (_resets_are_over_at_once, _deletion_still_waits(half_seen.lost_token)),
    "copies of a former one-way pair are hidden": (_former_copies_are_hidden, a_former_copy_is_no_second_event),
}
assert snapshot.links is links  # the patches above reach the code that runs


@pytest.mark.parametrize("check", dict.fromkeys(check for _, check in MUTANTS.values()), ids=lambda c: c.__name__)
def test_the_sound_engine_passes(check: Check) -> None:
    check()


@pytest.mark.parametrize("name", MUTANTS)
def test_the_gate_catches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, check = MUTANTS[name]
    mutate(monkeypatch)
    with pytest.raises((AssertionError, SimulatedCrash)):
        check()
