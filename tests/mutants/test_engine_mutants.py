"""Deliberate faults of execution, observation and recovery, one at a time: each must be caught (mutation gate).

A mutant is caught when at least one point of the named crash scenarios, or one of the small stories below, fails.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from calsync_cli.engine import execute, losses, observe, proceed, recover, settle
from calsync_cli.engine import run as engine_run
from calsync_cli.errors import CalsyncError, InternalCheck
from calsync_cli.providers.base import Hint
from calsync_cli.store import journal, links, mirror
from tests.crash.enumerate import Trial
from tests.crash.scenarios import BY_NAME
from tests.engine.faulty_world import FaultyWorld
from tests.engine.oracles import Broken
from tests.engine.world import ics
from tests.fakes.memory_faults import SimulatedCrash

Patch = Callable[[pytest.MonkeyPatch], None]
Check = Callable[[], None]


# -- checks ------------------------------------------------------------------------------------------------------------


def crash(*names: str) -> Check:
    """All points of these scenarios."""

    def check() -> None:
        for name in names:
            trial = Trial(BY_NAME[name])
            for point in trial.points():
                trial.play(point)

    return check


def synced(count: int = 2, **rules: Any) -> FaultyWorld:
    world = FaultyWorld("ab", **rules)
    for number in range(count):
        world.put("a", ics(f"u{number}", f"E{number}"))
    world.run()
    return world


def a_short_listing_deletes_nothing() -> None:
    """O2: what a listing leaves out is looked at."""
    world = synced()
    world.servers["b"].expire_tokens()
    world.servers["b"].traits.expired = "listing"
    real = world.servers["b"].hints
    world.servers["b"].hints = lambda c, s: (real(c, s)[0][:1], *real(c, s)[1:])
    world.run()
    assert world.titles("a") == ["E0", "E1"], "a deletion was taken from a listing"


def a_tombstone_of_a_living_event_deletes_nothing() -> None:
    world = synced()
    real = world.servers["b"].hints
    ids = list(world.servers["b"].contents("b"))
    world.servers["b"].hints = lambda c, s: ([Hint(ids[0], gone=True)], *real(c, s)[1:])
    world.run()
    assert world.titles("a") == ["E0", "E1"], "a deletion was taken from a tombstone"


def a_ghost_stays_dead() -> None:
    """O4: a listing shows again what a point read proved gone."""
    world = synced()
    remote_id = world.find("b", "u0")
    old = next(c for c in world.servers["b"].history("b") if c.remote_id == remote_id)
    world.delete("b", "u0")
    world.run()
    assert world.titles("a") == ["E1"]
    shelf, real = world.servers["b"], world.servers["b"].hints
    shelf.hints = lambda c, s: ([Hint(remote_id, old.etag)], *real(c, s)[1:])
    items = shelf.item
    shelf.item = lambda c, i, exact: (
        shelf._shown(shelf.shelves["b"], old) if i == remote_id and not exact else items(c, i, exact=exact)
    )
    world.run()
    assert world.titles("a") == ["E1"], "a ghost was adopted"


def a_faster_person_is_never_overwritten() -> None:
    """I13: an edit lands between our reading and our writing."""
    for deed in ("update", "delete"):
        world = synced()

        done: list[str] = []

        def meddle(call: Any, world: FaultyWorld = world, deed: str = deed, done: list[str] = done) -> None:
            if call.name == deed and call.calendar == "b" and not done:
                done.append(deed)
                world.edit("b", "u0", location="Mine")

        world.servers["b"].observers.append(meddle)
        world.edit("a", "u0", title="T") if deed == "update" else world.delete("a", "u0")
        world.run()
        world.run()
        assert any(f.get("location") == "Mine" for f in world.forms("b").values()), f"{deed} destroyed an edit"


def a_guard_stops_everything_before_the_first_write() -> None:
    world = synced(12)
    for number in range(6):
        world.delete("b", f"u{number}")
    world.put("b", ics("new", "New"))
    before = world.writes()
    assert world.run().exit_code == 4
    assert world.writes() == before, "something was written although a guard tripped"
    assert not world.db.value("SELECT count(*) FROM spoke WHERE remote_id IS NULL")
    assert not world.db.value("SELECT count(*) FROM link WHERE uid = 'new'"), "a stopped plan was stored"


def an_open_row_freezes_its_event() -> None:
    """J3, J8: the server cannot be asked what became of the write, so the event is left alone."""
    world = synced()
    world.edit("a", "u0", title="T")
    world.board.arm("5xx", call="update")
    world.board.arm("before", call="look", times=1)
    world.run()
    assert world.sent_rows() == 1, "an unknown outcome was closed without a look"
    world.edit("a", "u0", title="T2")
    world.board.arm("before", call="look")
    writes = world.writes()
    report = world.run()
    assert world.writes() == writes, "a frozen event was written"
    assert report.exit_code == 1
    world.run()
    world.run()
    assert world.sent_rows() == 0
    assert sorted(world.titles("b")) == ["E1", "T2"]


def a_late_create_makes_no_second_event() -> None:
    """J4: the first attempt arrives after we looked and sent it again; it meets its own key."""
    world = FaultyWorld("ab")
    world.put("a", ics("u0", "E0"))
    world.board.late_calls, world.board.late_time = 10**6, timedelta(days=10)
    world.board.arm("late", call="create")
    world.run()
    world.run()
    world.servers["b"].settle_late()
    world.run()
    assert len(world.servers["b"].contents("b")) == 1, "one event became two"


# -- mutants -----------------------------------------------------------------------------------------------------------


def _new_key(patch: pytest.MonkeyPatch) -> None:
    count = iter(range(10**6))
    patch.setattr(losses, "create_key", lambda *parts: f"{next(count):032x}")


def _rows_forgotten(patch: pytest.MonkeyPatch) -> None:
    def forget(session: Any) -> list[Any]:
        with session.db.transaction():
            session.db.run("UPDATE operation SET state = 'abandoned' WHERE state = 'sent'")
        return []

    patch.setattr(engine_run, "recover", forget)


def _row_after_request(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(journal, "mark_sent", lambda db, ids: None)


def _token_first(patch: pytest.MonkeyPatch) -> None:
    """The token is on disk before the items it covers."""
    real = observe._save

    def save(session: Any, item: Any, *more: Any) -> Any:
        token = next((p.token for p in reversed(item.pages) if p.token is not None), None)
        if item.row is not None and item.error is None and token is not None:
            with session.db.transaction():
                mirror.save_token(session.db, item.row.id, token, full=False)
        return real(session, item, *more)

    patch.setattr(observe, "_save", save)


def _token_of_partial_round(patch: pytest.MonkeyPatch) -> None:
    """A round that failed half way is stored as if it were whole."""
    real = observe._save

    def save(session: Any, item: Any, *more: Any) -> Any:
        if item.pages and item.row is not None:
            item.error = None
        return real(session, item, *more)

    patch.setattr(observe, "_save", save)


def _no_precondition(kind: str) -> Patch:
    def patch_it(patch: pytest.MonkeyPatch) -> None:
        from calsync_cli.providers.memory import MemoryProvider

        real = getattr(MemoryProvider, kind)

        def blind(self: Any, cal: Any, remote_id: str, *rest: Any) -> Any:
            there = self.server.shelves[cal.id].items.get(remote_id)
            etag = there.etag if there else rest[-1]
            return real(self, cal, remote_id, *rest[:-1], etag)

        def fresh(self: Any, cal: Any, remote_id: str, *rest: Any) -> Any:
            for observer in self.server.observers:  # the person's edit lands before the blind write reads the version
                from calsync_cli.providers.memory import Call

                if observer.__name__ == "meddle":
                    observer(Call(0, kind, cal.id))
            return blind(self, cal, remote_id, *rest)

        patch.setattr(MemoryProvider, kind, fresh)

    return patch_it


def _absence_is_proof(patch: pytest.MonkeyPatch) -> None:
    real = observe._needs

    def needs(session: Any, item: Any) -> Any:
        wants, looks = real(session, item)
        listed = {h.remote_id for page in item.pages for h in page.hints}
        for remote_id in [i for i in looks if i not in listed]:
            item.looked[remote_id] = None
            looks.remove(remote_id)
        return wants, looks

    patch.setattr(observe, "_needs", needs)


def _tombstone_is_proof(patch: pytest.MonkeyPatch) -> None:
    real = observe._needs

    def needs(session: Any, item: Any) -> Any:
        wants, looks = real(session, item)
        dead = {h.remote_id for page in item.pages for h in page.hints if h.gone}
        for remote_id in [i for i in looks if i in dead]:
            item.looked[remote_id] = None
            looks.remove(remote_id)
        return wants, looks

    patch.setattr(observe, "_needs", needs)


def _ghost_adopted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mirror, "proved_gone", lambda db, calendar, remote_id: False)
    patch.setattr(journal, "recent_writes", lambda db, calendar, since: set())


def _guard_too_late(patch: pytest.MonkeyPatch) -> None:
    real = proceed.allowed

    def allowed(state: Any, group: Any, scene: Any, plan: Any, *more: Any) -> bool:
        execute.execute(state.session, scene, plan, state.run)
        return bool(real(state, group, scene, plan, *more))

    patch.setattr(proceed, "allowed", allowed)


def _frozen_is_planned(patch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    real = links._link
    patch.setattr(links, "_link", lambda *args: replace(real(*args), frozen=False))


def _retry_without_key(patch: pytest.MonkeyPatch) -> None:
    """A create that had not arrived is sent again as the next generation."""

    def resolve(session: Any, op: Any, account: str, item: Any) -> None:
        settle.next_generation(session, op)

    patch.setattr(recover, "_resolve_create", resolve)


def _no_look_after_write(patch: pytest.MonkeyPatch) -> None:
    """An unknown outcome counts as done."""
    real = execute._close

    def close(session: Any, work: Any, stored: Any, looked: Any) -> None:
        if isinstance(work.error, CalsyncError) and work.error.code == "unknown-outcome":
            settle.abandon(session, work.op, "surely not")
            return
        real(session, work, stored, looked)

    patch.setattr(execute, "_close", close)


MUTANTS: dict[str, tuple[Patch, Check]] = {
    "new key per attempt": (_new_key, a_late_create_makes_no_second_event),
    "sent row dropped without look": (_rows_forgotten, an_open_row_freezes_its_event),
    "row committed after the request": (_row_after_request, crash("row 6: edited on a")),
    "token saved before the mirror": (_token_first, crash("row 6: edited on a")),
    "token saved after a partial round": (_token_of_partial_round, crash("small pages")),
    "no precondition on update": (_no_precondition("update"), a_faster_person_is_never_overwritten),
    "no precondition on delete": (_no_precondition("delete"), a_faster_person_is_never_overwritten),
    "absence taken as deletion": (_absence_is_proof, a_short_listing_deletes_nothing),
    "tombstone taken as proof": (_tombstone_is_proof, a_tombstone_of_a_living_event_deletes_nothing),
    "ghost adopted": (_ghost_adopted, a_ghost_stays_dead),
    "guard after the first write": (_guard_too_late, a_guard_stops_everything_before_the_first_write),
    "retry without key": (_retry_without_key, a_late_create_makes_no_second_event),
    "frozen link planned": (_frozen_is_planned, an_open_row_freezes_its_event),
    "unknown outcome taken as failure": (_no_look_after_write, an_open_row_freezes_its_event),
}
CHECKS = list(dict.fromkeys(check for _, check in MUTANTS.values() if check.__name__ != "check"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_sound_engine_passes(check: Check) -> None:
    check()


@pytest.mark.parametrize("name", MUTANTS)
def test_the_gate_catches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, check = MUTANTS[name]
    mutate(monkeypatch)
    with pytest.raises((AssertionError, Broken, SimulatedCrash, InternalCheck)):
        check()
