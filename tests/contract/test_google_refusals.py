"""What Google refuses over HTTP, alone and in batches: repeated where that may help, told where it does not (8.2)."""

from __future__ import annotations

from collections import deque
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
from tests.contract.google import KEYS, Desk, desk, error_of, form, fresh_desk
from tests.unit.google.test_refusals import ROWS, Row

__all__ = ["fresh_desk"]
REPEATED = {"BUSY": 7, "FAULT": 5, "ODD": 2, "CONFLICT": 2, "SIGN_IN": 2}
"""How often a read is asked in all; a write after a fault only once."""


def arm(here: Desk, row: Row, match: str, **more: Any) -> None:
    error = row[0]
    args = {"status": error.status, "reason": error.reason, "message": error.message, "domain": error.domain,
            "location": error.location, "details": error.details}  # fmt: skip
    here.g.faults.arm("error", match, times=None, **args, **more)


ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0].status}-{row[0].reason}")


@ROW
def test_a_list_that_is_refused(row: Row) -> None:
    with desk() as here:
        here.insert()
        arm(here, row, "events.list")
        wanted: type[CalsyncError] = CalendarGone if row[0].status in (404, 410) else row[2]
        with pytest.raises(wanted) as told:
            here.page()
        assert str(told.value) and len(here.asked) == REPEATED.get(row[1].name, 1)
        here.g.faults.disarm()
        assert len(here.hints()) == 1


@ROW
def test_a_point_read_that_is_refused_is_never_an_absence(row: Row) -> None:
    """O2: but for the 404 and 410 of the event itself, in a calendar that is there."""
    with desk() as here:
        name = here.insert()
        arm(here, row, "events.get")
        if row[0].status in (404, 410):
            assert here.provider.look(here.cal, name) is None
            assert here.asked[-1] == "calendarList.get"
        else:
            with pytest.raises(row[2]):
                here.look(name)


@ROW
@pytest.mark.parametrize("many", [False, True], ids=["alone", "in a batch"])
def test_a_write_that_is_refused(row: Row, many: bool) -> None:
    """Each of its own class, and of a batch only the part that was refused."""
    with desk() as here:
        names = [here.insert(f"Event {n}") for n in range(3 if many else 1)]
        items = [here.look(name) for name in names]
        here.g.clear_logs()
        arm(here, row, f"PATCH .*{names[0]}")
        writes = [here.edit(item, {"title": "New"}) for item in items]
        first, *others = here.provider.bulk(here.cal, writes)
        wanted: type[CalsyncError] = row[3]
        if row[1].name == "NO_RIGHT":  # the calendar itself may still be written, so it was meant for this event
            wanted = Refused
        assert type(error_of(first)) is wanted
        assert [type(one).__name__ for one in others] == ["Receipt"] * len(others)
        repeats = 1 if row[1].name == "FAULT" else REPEATED.get(row[1].name, 1)
        repeats += many and row[1].name == "SIGN_IN"  # first in the batch, then alone, then with a new token
        assert sum(entry.method == "events.patch" and names[0] in entry.path for entry in here.g.log) == repeats
        assert here.titles().count("New") == len(others)


def test_a_right_that_was_taken_away_makes_the_calendar_read_only(desk: Desk) -> None:
    item = desk.look(desk.insert())
    desk.g.world.share(desk.home, desk.g.me, "reader")
    for attempt in (lambda: desk.create(), lambda: desk.update(item, {"title": "New"}), lambda: desk.delete(item)):
        with pytest.raises(ReadOnly, match="Work may not be written by this account") as told:
            attempt()
        assert told.value.next == "calsync calendars work"
    assert desk.titles() == ["Tea"]


def test_a_write_to_a_calendar_that_is_gone_is_no_missing_event(desk: Desk) -> None:
    item = desk.look(desk.insert())
    desk.g.world.remove_calendar(desk.home)
    with pytest.raises(NotFound):
        desk.update(item, {"title": "New"})
    with pytest.raises(CalendarGone, match="Nothing was deleted"):
        desk.look(item.remote_id)


# -- waiting -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["429", "403-rate", "403-user-rate"])
@pytest.mark.parametrize("form_of_errors", ["classic", "new"])
def test_a_storm_of_half_a_minute_is_waited_out(fault: str, form_of_errors: str) -> None:
    with desk(modes={"error_form": form_of_errors}) as here:
        here.g.faults.arm(fault, times=None, seconds=30)
        assert here.create().remote_id
        assert 30 <= sum(here.slept) < 64 and here.titles() == ["Tea"]
        waits = [round(wait) for wait in here.slept]
        assert waits == [2**n for n in range(len(waits))], "random parts below a second are added"


def test_google_says_how_long_to_wait(desk: Desk) -> None:
    desk.g.faults.arm("429", "events.list", retry_after_s=7)
    desk.page()
    assert desk.slept == [7.0]


@pytest.mark.parametrize("seconds", [33, 3600, 99999])
def test_longer_than_a_run_should_last_is_not_waited(desk: Desk, seconds: int) -> None:
    desk.g.faults.arm("429", "events.list", times=None, retry_after_s=seconds)
    with pytest.raises(TransientError) as told:
        desk.page()
    assert (desk.slept, told.value.retry_after_s) == ([], float(seconds))


def test_usage_limits_stop_writing_at_once_and_reading_goes_on(desk: Desk) -> None:
    desk.insert()
    desk.g.quota.writes_blocked_until_s = desk.g.clock.now_s() + 7200
    answers = desk.provider.bulk(desk.cal, [desk.new(n) for n in range(60)])
    told = {str(error_of(one)) for one in answers}
    assert len(told) == 1 and "try again in an hour" in told.pop()
    assert all(isinstance(one, TransientError) and one.retry_after_s == 3600.0 for one in answers)
    assert desk.slept == [] and desk.asked.count("events.insert") == 50, "nothing more leaves once the account ended"
    assert len(desk.hints()) == 1
    with pytest.raises(TransientError, match="try again in an hour"):
        desk.create()
    assert desk.asked.count("events.insert") == 50, "nor within the hour"
    desk.g.quota.writes_blocked_until_s = 0.0
    desk.now_s += 3600.0
    assert desk.create().remote_id


def test_many_reads_of_an_account_that_is_refused_wait_only_once(desk: Desk) -> None:
    names = [desk.insert(f"Event {n}") for n in range(160)]
    desk.page()
    desk.g.faults.arm("403-rate", "events.get", times=None)
    with pytest.raises(TransientError, match="too busy"):
        list(desk.provider.fetch(desk.cal, names))
    assert 60 < sum(desk.slept) < 70


def test_a_quota_that_never_comes_back_ends_with_words(desk: Desk) -> None:
    desk.g.quota.per_minute = 0
    with pytest.raises(TransientError, match="too busy for work"):
        desk.create()
    assert 60 < sum(desk.slept) < 70


def test_a_minute_s_quota_is_never_overdrawn(desk: Desk) -> None:
    """1,000 creates are 1,000 units, 600 of which Google takes in a minute."""
    desk.g.quota.per_minute = 600
    for start in range(0, 1000, 50):
        answers = desk.provider.bulk(desk.cal, [desk.new(n) for n in range(start, start + 50)])
        assert not any(isinstance(one, CalsyncError) for one in answers)
    assert desk.g.quota.refused == 0 and len(desk.titles()) == 1000
    assert len(desk.slept) == 1 and 60 < desk.slept[0] < 63


def test_another_program_in_the_same_quota_is_waited_for(desk: Desk) -> None:
    desk.g.quota.per_minute = 600
    desk.g.quota.spent[desk.g.me] = deque([(desk.g.clock.now_s(), 590)])
    answers = desk.provider.bulk(desk.cal, [desk.new(n) for n in range(50)])
    assert not any(isinstance(one, CalsyncError) for one in answers)
    assert len(desk.titles()) == 50 and sum(desk.slept) < 70


# -- signed in ---------------------------------------------------------------------------------------------------------


def test_an_expired_access_token_is_renewed_once(desk: Desk) -> None:
    desk.insert()
    desk.g.oauth.tokens.expire_access()
    assert len(desk.hints()) == 1 and desk.auth.renewed == 1
    desk.g.oauth.tokens.expire_access()
    assert desk.create().remote_id and desk.auth.renewed == 2


def test_a_sign_in_that_is_refused_though_fresh_is_told_once(desk: Desk) -> None:
    desk.g.faults.arm("401", times=None)
    with pytest.raises(AuthError, match="although it is fresh") as told:
        desk.page()
    assert told.value.next == "calsync login work" and len(desk.asked) == 2 and desk.slept == []


def test_a_missing_scope_is_told_by_its_name() -> None:
    from tests.emulators.google.emulator import SCOPE

    with desk() as here:
        here.auth.value = here.g.token(scopes=[SCOPE + "calendar.events.readonly"])
        here.page()
        with pytest.raises(AuthError, match="see the list of calendars"):
            here.provider.calendars()


# -- without a readable answer -----------------------------------------------------------------------------------------


LOST = ["drop-before", "drop-after", "cut", "garbled", "empty-answer", "500-after", "503-after"]


@pytest.mark.parametrize("fault", LOST)
def test_a_read_without_a_readable_answer(desk: Desk, fault: str) -> None:
    desk.insert()
    desk.g.faults.arm(fault, "events.list", times=None)
    with pytest.raises((TransientError, ProtocolError)):
        desk.page()
    desk.g.faults.disarm()
    desk.g.faults.arm(fault, "events.list")
    if fault in ("garbled", "empty-answer"):
        with pytest.raises(ProtocolError, match="api_url"):
            desk.page()
    else:
        assert len(desk.hints()) == 1


@pytest.mark.parametrize("fault", [*LOST, "500", "502", "503", "504", "late"])
@pytest.mark.parametrize("kind", ["create", "update", "delete"])
def test_a_write_without_a_readable_answer_is_unknown_and_not_repeated(desk: Desk, fault: str, kind: str) -> None:
    """J6: whether it was carried out is for the next look to find."""
    item = desk.look(desk.insert())
    desk.g.clear_logs()
    desk.g.faults.arm(fault, f"events.{'patch' if kind == 'update' else 'insert' if kind == 'create' else 'delete'}")
    attempts = {"create": lambda: desk.create(), "update": lambda: desk.update(item, {"title": "New"}),
                "delete": lambda: desk.delete(item)}  # fmt: skip
    if kind == "delete" and fault in ("cut", "garbled", "empty-answer"):
        desk.delete(item)  # its answer says nothing but that it is done
    else:
        with pytest.raises(UnknownOutcome):
            attempts[kind]()
    assert sum(entry.writes for entry in desk.g.log) == 1
    desk.g.settle()
    carried_out = fault not in ("drop-before", "500", "502", "503", "504")
    expected = {"create": ["Tea", "Tea"], "update": ["New"], "delete": []}
    assert desk.titles() == (expected[kind] if carried_out else ["Tea"])


def test_a_server_that_is_not_there_is_told_soon() -> None:
    with desk() as here:
        item = here.look(here.insert())
        here.provider._client._base = "http://127.0.0.1:9/calendar/v3/"
        here.provider._client._batch_url = "http://127.0.0.1:9/batch/calendar/v3"
        for attempt in (lambda: here.page(), lambda: here.update(item, {"title": "New"})):
            with pytest.raises(TransientError, match="cannot be reached"):
                attempt()
        assert sum(here.slept) < 6


def test_a_proxy_s_page_is_not_remembered_as_google_s_no(desk: Desk) -> None:
    from tests.emulators.web import Response

    wire = desk.g.api.one
    desk.g.api.one = lambda request, authorization="": Response(403, b"<html>Proxy</html>")  # type: ignore[method-assign]
    with pytest.raises(ProtocolError, match="or something in between, answered 403"):
        desk.provider.create(desk.cal, KEYS[0], desk.made(form()))
    desk.g.api.one = wire  # type: ignore[method-assign]


def test_a_conflict_of_parallel_writes_is_tried_once_more(desk: Desk) -> None:
    item = desk.look(desk.insert())
    desk.g.faults.arm("409", "events.patch")
    desk.update(item, {"title": "New"})
    assert desk.titles() == ["New"]
    desk.g.faults.arm("409", "events.patch", times=2)
    with pytest.raises(PreconditionFailed):
        desk.update(desk.look(item.remote_id), {"title": "Newer"})


def test_an_odd_403_is_tried_once_more(desk: Desk) -> None:
    odd = {"status": 403, "reason": "odd", "message": "Try later"}
    desk.g.faults.arm("error", "events.insert", **odd)
    desk.create()
    assert (desk.asked.count("events.insert"), desk.titles()) == (2, ["Tea"])
    desk.g.faults.arm("error", "events.insert", times=2, **odd)
    with pytest.raises(Refused, match="Try later"):
        desk.create(key=KEYS[1])
    assert (desk.asked.count("events.insert"), desk.titles()) == (4, ["Tea"])
