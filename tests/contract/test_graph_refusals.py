"""What Graph refuses over HTTP, alone and in batches: repeated where that may help, told where not (A6, L10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from calsync_cli.errors import (
    AuthError,
    CalendarGone,
    CalsyncError,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    Refused,
    TransientError,
    UnknownOutcome,
)
from calsync_cli.providers.base import Receipt
from calsync_cli.providers.graph.refusals import Meaning
from tests.contract.graph import KEYS, Desk, desk, error_of, form, fresh_desk, later
from tests.emulators.graph import cruel
from tests.unit.graph.test_refusals import ROWS, Row

__all__ = ["fresh_desk"]
REPEATED = {Meaning.BUSY: 5, Meaning.FAULT: 5, Meaning.DEPENDENT: 2, Meaning.SIGN_IN: 2}
"""How often a read is asked in all; a write after a fault only once."""


@pytest.fixture(scope="module", name="shared")
def one_desk() -> Iterator[Desk]:
    """For the rows of the table, which leave nothing behind."""
    with desk() as here:
        yield here


@pytest.fixture(name="calm")
def calm_desk(shared: Desk) -> Iterator[Desk]:
    yield shared
    shared.g.change(disarm=True)
    for event in shared.events():
        shared.remove(event["id"])
    shared.slept.clear()
    shared.provider._client.max_parts = 20


def arm(here: Desk, row: Row, **where: Any) -> None:
    here.arm("status", status=row.status, code=row.code, times=0, **where)


def seen(here: Desk, path: str) -> int:
    return sum(path in one for one in here.asked)


ROW = pytest.mark.parametrize("row", ROWS, ids=str)


@ROW
def test_a_delta_that_is_refused(calm: Desk, row: Row) -> None:
    name = calm.insert()
    calm.asked  # noqa: B018
    arm(calm, row, path="calendarView/delta")
    wanted: type[CalsyncError] = CalendarGone if row.meaning is Meaning.GONE and row.status == 404 else row.read
    if row.status == 410:
        wanted = TransientError
    with pytest.raises(CalendarGone if row.meaning is Meaning.GONE and row.status == 400 else wanted) as told:
        calm.page()
    assert str(told.value)
    if row.status != 410:
        assert seen(calm, "delta") == REPEATED.get(row.meaning, 1)
    calm.g.change(disarm=True)
    assert calm.hints().keys() == {name}


@ROW
def test_a_point_read_that_is_refused_is_never_an_absence(calm: Desk, row: Row) -> None:
    """O2: but for the 404 and 410 of the event itself, in a calendar that is there."""
    name = calm.insert()
    arm(calm, row, path=r"calendars/.*/events/" + re.escape(name))
    if row.meaning is Meaning.GONE:
        assert calm.provider.look(calm.cal, name) is None
        assert seen(calm, f"GET /me/calendars/{calm.home}")
    else:
        with pytest.raises(row.read):
            calm.look(name)


@ROW
@pytest.mark.parametrize("many", [False, True], ids=["alone", "in a batch"])
def test_a_write_that_is_refused(calm: Desk, row: Row, many: bool) -> None:
    """Each of its own class, and of a batch only the part that was refused."""
    names = [calm.insert(f"Event {n}") for n in range(3 if many else 1)]
    items = [calm.look(name) for name in names]
    calm.asked  # noqa: B018
    arm(calm, row, of=names[0], method="PATCH")
    first, *others = calm.provider.bulk(calm.cal, [calm.edit(item, {"title": "New"}) for item in items])
    wanted: type[CalsyncError] = row.write
    if row.meaning is Meaning.NO_RIGHT:  # the calendar itself may still be written, so it was meant for this event
        wanted = Refused
    assert type(error_of(first)) is wanted and (row.words in str(first) or wanted is Refused)
    assert [type(one) for one in others] == [Receipt] * len(others)
    repeats = 1 if row.meaning is Meaning.FAULT else REPEATED.get(row.meaning, 1)
    repeats += many and row.meaning is Meaning.SIGN_IN  # first in the batch, then alone, then with a new token
    assert seen(calm, f"PATCH /me/events/{names[0]}") == repeats
    assert calm.titles().count("New") == len(others)


def test_a_delete_of_what_is_gone_is_no_failure_of_the_rest(desk: Desk) -> None:
    """A6.2: delete: confirm; the engine looks."""
    item = desk.look(desk.insert())
    desk.remove(item.remote_id)
    with pytest.raises(NotFound):
        desk.delete(item)


def test_a_right_that_was_taken_away_makes_the_calendar_read_only(desk: Desk) -> None:
    item = desk.look(desk.insert())
    desk.g.do(do="set_calendar", calendar=desk.home, can_edit=False)
    for attempt in (lambda: desk.create(), lambda: desk.update(item, {"title": "New"}), lambda: desk.delete(item)):
        with pytest.raises(ReadOnly, match="Work may not be written by this account") as told:
            attempt()
        assert told.value.next == "calsync calendars work"
    assert desk.titles() == ["Tea"]


def test_a_write_to_a_calendar_that_is_gone_is_no_missing_event(desk: Desk) -> None:
    item = desk.look(desk.insert())
    desk.g.do(do="delete_calendar", calendar=desk.home)
    with pytest.raises(NotFound):
        desk.update(item, {"title": "New"})
    with pytest.raises(CalendarGone, match="Nothing was deleted"):
        desk.look(item.remote_id)


@pytest.mark.parametrize("mailbox", ["none", "moving"])
def test_a_mailbox_that_is_not_there_or_is_moved_is_told(desk: Desk, mailbox: str) -> None:
    """A9.12: no licence; a move of ten minutes is not waited for."""
    desk.g.knobs.mailbox = mailbox
    with pytest.raises(AuthError if mailbox == "none" else TransientError) as told:
        desk.page()
    assert desk.slept == [] and ("no mailbox" in str(told.value) or told.value.retry_after_s == 600.0)  # type: ignore[attr-defined]
    with pytest.raises(AuthError if mailbox == "none" else TransientError):
        desk.create()


def test_a_full_mailbox_takes_nothing_new_and_lets_go_of_the_old(desk: Desk) -> None:
    """A6.2: hold creates, deletes go on."""
    item = desk.look(desk.insert())
    desk.g.change(full=True)
    with pytest.raises(Refused, match="the mailbox is full"):
        desk.create()
    desk.delete(item)
    assert desk.titles() == []


# -- waiting -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "waits"),
    [("7", [7.0]), ("2.128", [2.128]), ("date", [2.0]), ("absent", [10.0]), ("soon", [10.0]), ("0", [10.0])],
)  # fmt: skip
def test_graph_says_how_long_to_wait(told: str, waits: list[float]) -> None:
    """L10: seconds, decimals, a date, nothing; without a sensible word ten seconds."""
    with desk(frozen=False, retry_after=told if told in ("absent", "date") else "10") as here:
        here.arm("429", path="delta", retry_after=told if told not in ("absent", "date") else None)
        here.page()
        assert here.slept == pytest.approx(waits, abs=1.1)


@pytest.mark.parametrize("seconds", [301, 3600, 99999])
def test_longer_than_a_run_should_last_is_not_waited(desk: Desk, seconds: int) -> None:
    desk.arm("429", path="delta", times=0, retry_after=seconds)
    with pytest.raises(TransientError) as told:
        desk.page()
    assert (desk.slept, told.value.retry_after_s) == ([], float(seconds))


def test_all_waits_of_a_call_together_are_five_minutes_at_most(desk: Desk) -> None:
    desk.arm("429", path="delta", times=0, retry_after=120)
    with pytest.raises(TransientError, match="too busy for work"):
        desk.page()
    assert desk.slept == [120.0, 120.0]


def test_a_storm_of_half_a_minute_is_waited_out(desk: Desk) -> None:
    desk.g.knobs.retry_after = "absent"
    desk.arm("storm", path="events", seconds=25)
    assert desk.create().remote_id
    assert 25 <= sum(desk.slept) < 45 and desk.titles() == ["Tea"]


def test_others_of_the_mailbox_wait_along(desk: Desk) -> None:
    """L10: requests while throttled count too."""
    desk.arm("429", path="delta", retry_after=20)
    desk.page()
    before = list(desk.slept)
    desk.provider._client._pace.pause(5)
    desk.page()
    assert before == [20.0] and desk.slept == pytest.approx([20.0, 5.0])


def test_ten_thousand_requests_in_ten_minutes_are_never_overdrawn(desk: Desk) -> None:
    desk.provider._client._pace._limit = 100  # as if it were the tenth part of them
    desk.g.knobs.window_requests = 100
    desk.g.emulator.throttle.recent.clear()
    for start in range(0, 160, 20):
        answers = desk.provider.bulk(desk.cal, [desk.new(n) for n in range(start, start + 20)])
        assert not any(isinstance(one, CalsyncError) for one in answers)
    assert len(desk.titles()) == 160 and 600 <= sum(desk.slept) < 610


def test_never_more_than_four_at_once(desk: Desk) -> None:
    """A6.1: a batch counts as the four parts of it that run side by side."""
    from concurrent.futures import ThreadPoolExecutor

    desk.g.knobs.latency_s = 0.003
    names = [desk.insert(f"Event {n}") for n in range(12)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: desk.provider.look(desk.cal, name), names))
        list(pool.map(lambda n: desk.provider.bulk(desk.cal, [desk.new(n)]), range(12)))
        list(pool.map(lambda _: desk.provider.open(desk.home), range(12)))
    assert desk.g.emulator.throttle.most_busy == 4 and desk.slept == []


@pytest.mark.parametrize(("wanted", "given"), [(1, 1), (3, 3), (8, 4)])
def test_who_wants_fewer_at_once_gets_fewer(wanted: int, given: int) -> None:
    """There are as many connections as that; four are all that Graph takes (A6.1)."""
    with desk(account={"concurrency": wanted}) as here:
        assert here.provider.caps.concurrency == given and here.page().hints == ()


# -- signed in ---------------------------------------------------------------------------------------------------------


def test_an_expired_access_token_is_renewed_once(desk: Desk) -> None:
    desk.insert()
    desk.g.change(expire_access_tokens=True)
    assert len(desk.hints()) == 1 and desk.auth.renewed == 1
    desk.g.change(expire_access_tokens=True)
    assert desk.create().remote_id and desk.auth.renewed == 2


def test_a_sign_in_that_is_refused_though_fresh_is_told_once(desk: Desk) -> None:
    desk.arm("status", status=401, code="InvalidAuthenticationToken", times=0)
    with pytest.raises(AuthError, match="although it is fresh") as told:
        desk.page()
    assert told.value.next == "calsync login work" and len(desk.asked) == 2 and desk.slept == []


@pytest.mark.parametrize("kind", ["claims", "claims-403"])
@pytest.mark.parametrize("many", [False, True], ids=["alone", "in a batch"])
def test_a_demand_for_more_proof_is_told(desk: Desk, kind: str, many: bool) -> None:
    """A1.7: the sign-in answers it where it can (tests of auth); here nobody does. 401 on a write: not applied."""
    items = [desk.look(desk.insert(f"Event {n}")) for n in range(2 if many else 1)]
    desk.arm(kind, method="PATCH", times=0)
    answers = desk.provider.bulk(desk.cal, [desk.edit(item, {"title": "New"}) for item in items])
    for one in answers:
        assert isinstance(one, AuthError) and "asks for more proof" in str(one) and one.next == "calsync login work"
    assert "New" not in desk.titles()


def test_a_sign_in_without_the_right_to_write_harms_nothing(desk: Desk) -> None:
    item = desk.look(desk.insert())
    desk.auth.value = desk.g.token(scopes="Calendars.Read User.Read")
    with pytest.raises(Refused, match="does not let this account change this event"):
        desk.update(item, {"title": "New"})
    desk.auth.value = desk.g.token(scopes="User.Read")
    with pytest.raises(AuthError):
        desk.page()


# -- without a readable answer -----------------------------------------------------------------------------------------


LOST = ["drop-before", "drop-after", "cut-body", "garbled", "500-after", "504-after"]


@pytest.mark.parametrize("fault", LOST)
def test_a_read_without_a_readable_answer(desk: Desk, fault: str) -> None:
    desk.insert()
    desk.arm(fault, path="delta", times=0)
    with pytest.raises((TransientError, ProtocolError)):
        desk.page()
    desk.g.change(disarm=True)
    desk.arm(fault, path="delta")
    if fault == "garbled":
        with pytest.raises(ProtocolError, match="api_url"):
            desk.page()
    else:
        assert len(desk.hints()) == 1


@pytest.mark.parametrize("fault", [*LOST, "500", "503", "5xx", "html", "empty", "late"])
@pytest.mark.parametrize("kind", ["create", "update", "delete"])
def test_a_write_without_a_readable_answer_is_unknown_and_not_repeated(desk: Desk, fault: str, kind: str) -> None:
    """J6: whether it was carried out is for the next look to find."""
    item = desk.look(desk.insert())
    desk.asked  # noqa: B018
    desk.arm(fault, method={"create": "POST", "update": "PATCH", "delete": "DELETE"}[kind], path="/events")
    attempts = {"create": lambda: desk.create(), "update": lambda: desk.update(item, {"title": "New"}),
                "delete": lambda: desk.delete(item)}  # fmt: skip
    if kind == "delete" and fault in ("cut-body", "garbled"):
        desk.delete(item)  # its answer says nothing but that it is done
    else:
        with pytest.raises(UnknownOutcome):
            attempts[kind]()
    assert len(desk.writes) == 1
    later(desk, seconds=5)
    desk.g.emulator.run_late()
    carried_out = fault not in ("drop-before", "500", "503", "5xx", "html", "empty")
    expected = {"create": ["Tea", "Tea"], "update": ["New"], "delete": []}
    assert desk.titles() == (expected[kind] if carried_out else ["Tea"])


def test_an_answer_to_a_write_that_is_of_another_event_is_unknown(desk: Desk) -> None:
    """A6.2: 200, other item id."""
    item = desk.look(desk.insert())
    desk.arm("wrong-item", method="PATCH")
    with pytest.raises(UnknownOutcome, match="another event"):
        desk.update(item, {"title": "New"})
    desk.arm("wrong-item", method="GET", path=r"calendars/.*/events/")
    with pytest.raises(ProtocolError, match="another event"):
        desk.look(item.remote_id)


def test_a_server_that_is_not_there_is_told_soon(desk: Desk) -> None:
    item = desk.look(desk.insert())
    for broken in (desk.g.unreachable(), desk.g.untrusted()):
        with broken:
            desk.provider._client.close()
            desk.provider._client._client = None
            for attempt in (lambda: desk.page(), lambda: desk.update(item, {"title": "New"})):
                with pytest.raises(TransientError, match="cannot be reached"):
                    attempt()
    assert sum(desk.slept) < 12


def test_a_conflict_of_the_service_s_own_writes_is_left_to_the_next_run(desk: Desk) -> None:
    """J6, A6.2: a spurious 412 or 409 heals by itself there; nothing is sent twice."""
    item = desk.look(desk.insert())
    for status in (412, 409):
        desk.arm("conflict", status=status)
        with pytest.raises(PreconditionFailed):
            desk.update(item, {"title": "New"})
    desk.update(item, {"title": "New"})
    assert desk.titles() == ["New"]


# -- calendars ---------------------------------------------------------------------------------------------------------


def test_a_calendar_of_a_name_that_is_there_is_that_one(desk: Desk) -> None:
    """A6.2: ErrorFolderExists: look up by name."""
    assert desk.provider.create_calendar("Work").id == desk.home
    made = desk.provider.create_calendar("Other")
    assert made.access == "write" and made.id in {cal.id for cal in desk.provider.calendars()}


@pytest.mark.parametrize("shape", ["innererror", "nested", "empty-code", "other-case", "empty-body", "html"])
def test_all_shapes_of_a_refusal_are_understood(shape: str) -> None:
    """A9.6: by status where there is no code."""
    with desk(error_shape=shape, knobs=cruel(nulls=False, batch_fifth="queued")) as here:
        item = here.look(here.insert())
        here.patch(item.remote_id, subject="Theirs")
        with pytest.raises(PreconditionFailed):
            here.update(item, {"title": "Ours"})
        here.remove(item.remote_id)
        with pytest.raises(NotFound):
            here.delete(item)
        assert here.provider.look(here.cal, item.remote_id) is None
        bad = here.provider.create(here.cal, KEYS[5], here.made(form(), KEYS[5]))
        assert bad.remote_id and here.titles() == ["Tea"]
