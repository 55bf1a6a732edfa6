"""Many calls in one request: each part has its own end, and none is done twice (facts 7; J5, J6)."""

from __future__ import annotations

import pytest

from calsync_cli.errors import (
    AuthError,
    CalsyncError,
    NotFound,
    PreconditionFailed,
    Refused,
    TransientError,
    UnknownOutcome,
)
from calsync_cli.providers.base import Receipt, Write
from tests.contract.google import SECOND, THIRD, WEEKLY, Desk, desk, form, fresh_desk

__all__ = ["fresh_desk"]


def creates(here: Desk, count: int = 10) -> list[Write]:
    return [here.new(n) for n in range(count)]


def check_each_once(here: Desk, writes: list[Write], answers: list[Receipt | CalsyncError]) -> None:
    """Whoever was told "done" is there, whoever was told "no" is not, and nobody is there twice."""
    here.g.settle()
    there = {event["id"] for event in here.g.events(here.home)}
    for write, answer in zip(writes, answers, strict=True):
        if not isinstance(answer, UnknownOutcome):
            assert isinstance(answer, Receipt) == (write.remote_id in there), answer
    assert len(here.titles()) == len(there)


def test_fifty_creates_are_one_request(desk: Desk) -> None:
    desk.page()
    before = dict(desk.provider.requests)
    answers = desk.provider.bulk(desk.cal, creates(desk, 50))
    assert desk.provider.requests["write"] - before["write"] == 1
    assert desk.provider.requests["read"] == before["read"]
    assert all(isinstance(answer, Receipt) and answer.item is not None for answer in answers)
    assert len(desk.titles()) == 50


def test_more_than_fifty_are_as_many_requests_as_it_takes(desk: Desk) -> None:
    desk.page()
    before = desk.provider.requests["write"]
    answers = desk.provider.bulk(desk.cal, creates(desk, 101))
    assert desk.provider.requests["write"] - before == 3
    assert len(desk.titles()) == 101 == len([one for one in answers if isinstance(one, Receipt)])


def test_one_of_each_kind_in_one_request(desk: Desk) -> None:
    old, dead = desk.look(desk.insert("Old")), desk.look(desk.insert("Dead"))
    before = desk.provider.requests["write"]
    writes = [desk.new(1), desk.edit(old, {"title": "New"}), Write("delete", dead.remote_id, b"", dead.etag)]
    assert all(isinstance(answer, Receipt) for answer in desk.provider.bulk(desk.cal, writes))
    assert (desk.titles(), desk.provider.requests["write"] - before) == (["Event 1", "New"], 1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("done", "answered"), [(0.5, 0.5), (1.0, 0.0), (0.0, 1.0), (1.0, 0.5)])
def test_a_part_without_an_answer_is_unknown_and_is_not_sent_again(seed: int, done: float, answered: float) -> None:
    with desk(seed=seed) as here:
        here.page()
        here.g.faults.arm("partial-batch", done=done, answered=answered)
        writes = creates(here)
        before = here.provider.requests["write"]
        answers = here.provider.bulk(here.cal, writes)
        assert here.provider.requests["write"] - before == 1
        assert all(isinstance(answer, Receipt | UnknownOutcome) for answer in answers)
        check_each_once(here, writes, answers)


def test_reads_without_an_answer_are_asked_again(desk: Desk) -> None:
    names = [desk.insert(f"Event {n}") for n in range(10)]
    desk.page()
    desk.g.faults.arm("partial-batch", done=0.5, answered=0.5, times=2)
    assert {item.remote_id for item in desk.provider.fetch(desk.cal, names)} == set(names)
    desk.g.faults.arm("partial-batch", done=0.5, answered=0.5, times=None)
    with pytest.raises(TransientError, match="without a readable answer"):
        list(desk.provider.fetch(desk.cal, names))


def test_an_expired_token_in_the_parts_is_renewed_once_and_all_is_done_once(desk: Desk) -> None:
    desk.page()
    desk.g.oauth.tokens.expire_access()
    writes = creates(desk)
    answers = desk.provider.bulk(desk.cal, writes)
    assert all(isinstance(answer, Receipt) for answer in answers) and desk.auth.renewed == 1
    check_each_once(desk, writes, answers)


def test_a_token_that_expires_in_the_middle_of_the_parts(desk: Desk) -> None:
    desk.page()
    desk.g.faults.arm("401", "events.insert", skip=4)
    writes = creates(desk)
    answers = desk.provider.bulk(desk.cal, writes)
    assert all(isinstance(answer, Receipt) for answer in answers) and desk.auth.renewed == 1
    check_each_once(desk, writes, answers)


def test_a_sign_in_that_stays_refused_ends_all_parts_in_words(desk: Desk) -> None:
    desk.page()
    desk.g.faults.arm("401", times=None)
    answers = desk.provider.bulk(desk.cal, creates(desk))
    assert {type(answer) for answer in answers} == {AuthError}
    assert desk.asked.count("events.insert") <= 12 and desk.titles() == []


@pytest.mark.parametrize("fault", ["403-rate", "429", "403-user-rate"])
def test_parts_that_were_too_many_wait_together_and_are_done_once(desk: Desk, fault: str) -> None:
    desk.page()
    desk.g.faults.arm(fault, "events.insert", times=30)
    writes = creates(desk, 20)
    answers = desk.provider.bulk(desk.cal, writes)
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert len(desk.slept) == 2 and desk.asked.count("events.insert") == 50
    check_each_once(desk, writes, answers)


def test_parts_of_a_batch_are_paced_and_counted_one_by_one(desk: Desk) -> None:
    desk.g.quota.per_minute = 600
    for start in range(0, 800, 50):
        desk.provider.bulk(desk.cal, [desk.new(n) for n in range(start, start + 50)])
    assert desk.g.quota.refused == 0


# -- the request as a whole --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["429", "403-rate"])
def test_a_batch_that_was_too_much_is_sent_again_whole(desk: Desk, fault: str) -> None:
    desk.page()
    desk.g.faults.arm(fault, " batch$", times=2)
    writes = creates(desk)
    answers = desk.provider.bulk(desk.cal, writes)
    assert all(isinstance(answer, Receipt) for answer in answers) and len(desk.slept) == 2
    check_each_once(desk, writes, answers)


@pytest.mark.parametrize("fault", ["500", "502", "503", "drop-before", "drop-after", "cut", "garbled", "500-after"])
def test_a_batch_of_writes_without_a_readable_answer_is_unknown_in_all_its_parts(desk: Desk, fault: str) -> None:
    desk.page()
    desk.g.faults.arm(fault, " batch$")
    writes = creates(desk)
    answers = desk.provider.bulk(desk.cal, writes)
    assert {type(answer) for answer in answers} == {UnknownOutcome}
    assert desk.asked.count("events.insert") == (0 if fault in ("500", "502", "503", "drop-before") else 10)
    check_each_once(desk, writes, answers)


@pytest.mark.parametrize("fault", ["500", "502", "503", "drop-before", "drop-after", "cut", "garbled", "500-after"])
def test_a_batch_of_reads_without_a_readable_answer_is_asked_again(desk: Desk, fault: str) -> None:
    names = [desk.insert(f"Event {n}") for n in range(10)]
    desk.page()
    desk.g.faults.arm(fault, " batch$")
    assert {item.remote_id for item in desk.provider.fetch(desk.cal, names)} == set(names)
    assert len(desk.slept) == 1


def test_a_batch_whose_form_is_refused_goes_call_by_call() -> None:
    with desk() as here:
        here.page()
        here.g.faults.arm("error", " batch$", status=400, reason="badRequest", message="The batch request has too many")
        writes = creates(here)
        answers = here.provider.bulk(here.cal, writes)
        assert all(isinstance(answer, Receipt) for answer in answers)
        check_each_once(here, writes, answers)


@pytest.mark.parametrize("status", [404, 405, 413])
def test_a_server_without_batches_is_asked_call_by_call(desk: Desk, status: int) -> None:
    """No 404 of the batch's own address is taken for a missing event."""
    names = [desk.insert(f"Event {n}") for n in range(3)]
    desk.g.faults.arm("error", " batch$", times=None, status=status, reason="notFound")
    assert all(isinstance(answer, Receipt) for answer in desk.provider.bulk(desk.cal, creates(desk, 3)))
    assert {item.remote_id for item in desk.provider.fetch(desk.cal, names)} == set(names)


# -- one bad part ------------------------------------------------------------------------------------------------------


def test_each_part_is_told_its_own_end(desk: Desk) -> None:
    """I14: of five writes each ends another way."""
    fine, stale, dead, taken = (desk.look(desk.insert(name)) for name in ("Fine", "Stale", "Dead", "Taken"))
    desk.patch(stale.remote_id, summary="Theirs")
    desk.remove(dead.remote_id)
    desk.create(key=f"{1:032x}")
    bad = desk.new(7)
    desk.g.faults.arm("error", "events.insert", status=400, reason="invalid", message="Invalid start time")
    edits = [desk.edit(item, {"title": title}) for item, title in ((fine, "New"), (stale, "Ours"), (dead, "Ours"))]
    answers = desk.provider.bulk(desk.cal, [*edits, bad, Write("delete", taken.remote_id, b"", taken.etag)])
    assert [type(answer) for answer in answers] == [Receipt, PreconditionFailed, NotFound, Refused, Receipt]
    assert desk.titles() == ["New", "Tea", "Theirs"]


def test_a_write_without_a_version_is_refused_alone(desk: Desk) -> None:
    """I13, I14."""
    one, other = desk.look(desk.insert("One")), desk.look(desk.insert("Other"))
    writes = [Write("delete", one.remote_id, b"", None), Write("delete", other.remote_id, b"", other.etag)]
    first, second = desk.provider.bulk(desk.cal, writes)
    assert isinstance(first, Refused) and "no version" in str(first) and isinstance(second, Receipt)
    assert desk.titles() == ["One"]


def test_a_body_planned_from_another_version_than_it_is_for_is_not_sent(desk: Desk) -> None:
    name = desk.insert()
    old = desk.look(name)
    desk.patch(name, location="Room 1")
    new = desk.look(name)
    with pytest.raises(PreconditionFailed, match="another version"):
        desk.provider.update(desk.cal, name, desk.edit(old, {"title": "New"}).body, str(new.etag))
    assert desk.titles() == ["Tea"]


ODD = [b"", b"{}", b"[]", b"null", b"\xff", b'{"requests": 5}', b'{"requests": [5]}', b'{"event": {}}']


@pytest.mark.parametrize("body", ODD)
def test_a_body_that_no_mapping_made_is_told_alone(desk: Desk, body: bytes) -> None:
    first, second = desk.provider.bulk(desk.cal, [Write("create", "cs1234", body), desk.new(1)])
    assert isinstance(first, CalsyncError) and first.code == "internal-check" and isinstance(second, Receipt)


@pytest.mark.parametrize("name", ["..", "", "a b", "\n"])
def test_an_id_that_fits_no_address_is_told_alone(desk: Desk, name: str) -> None:
    new = desk.new(1)
    bad = [Write("delete", name, b"", '"1"'), Write("create", name, new.body), Write("update", name, new.body, '"1"')]
    answers = desk.provider.bulk(desk.cal, [*bad, new])
    assert [isinstance(answer, CalsyncError) for answer in answers] == [True, True, True, False]


@pytest.mark.parametrize("fault", ["drop-before", "503", "403-rate", "garbled"])
def test_reads_between_the_writes_that_fail_take_nothing_back(desk: Desk, fault: str) -> None:
    """What was written is told as written, whatever becomes of the questions after it."""
    item = desk.look(desk.insert())
    desk.g.faults.arm("403", "events.patch")
    desk.g.faults.arm(fault, "calendarList.get", times=None)
    first, second = desk.provider.bulk(desk.cal, [desk.edit(item, {"title": "New"}), desk.new(1)])
    assert type(first).__name__ == "ReadOnly" and isinstance(second, Receipt)
    series = desk.look(desk.series())
    desk.g.faults.arm(fault, "events.get", skip=1, times=None)
    writes = [desk.edit(series, {"title": "New", f"@{SECOND}/title": "Second"}), desk.new(2)]
    first, second = desk.provider.bulk(desk.cal, writes)
    assert isinstance(first, UnknownOutcome) and isinstance(second, Receipt)
    desk.g.settle()
    assert {"Event 1", "Event 2", "New"} <= set(desk.titles())


# -- series among them -------------------------------------------------------------------------------------------------


def test_many_series_need_few_requests(desk: Desk) -> None:
    """Their masters in one request; their instances read in one, and written in one."""
    desk.page()
    wanted = form(recurrence=WEEKLY, **{f"@{SECOND}/title": "Changed", f"@{THIRD}/location": "Room 1"})
    before = dict(desk.provider.requests)
    answers = desk.provider.bulk(desk.cal, [desk.new(n, wanted) for n in range(20)])
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert desk.provider.requests["write"] - before["write"] == 2
    assert desk.provider.requests["read"] - before["read"] == 1
    assert desk.read(answers[7].remote_id) == wanted if isinstance(answers[7], Receipt) else False


def test_a_series_that_fails_leaves_the_others_whole(desk: Desk) -> None:
    wanted = form(recurrence=WEEKLY, **{f"@{SECOND}/title": "Changed"})
    writes = [desk.new(n, wanted) for n in range(3)]
    desk.g.faults.arm("403", f"PATCH .*{writes[1].remote_id}")
    answers = desk.provider.bulk(desk.cal, writes)
    assert [type(answer) for answer in answers] == [Receipt, UnknownOutcome, Receipt]
    assert "not all of the series" in str(answers[1])
    assert [desk.read(writes[n].remote_id) == wanted for n in range(3)] == [True, False, True]
