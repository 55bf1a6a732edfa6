"""Many calls in one request: each part has its own end, and none is done twice (facts A5, L9; J5, J6)."""

from __future__ import annotations

import pytest

from calsync_cli.errors import (
    AuthError,
    CalsyncError,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    Refused,
    TransientError,
    UnknownOutcome,
)
from calsync_cli.providers.base import Receipt, Write
from tests.contract.graph import Desk, fresh_desk

__all__ = ["fresh_desk"]


def creates(here: Desk, count: int = 10) -> list[Write]:
    return [here.new(n) for n in range(count)]


def check_each_once(here: Desk, writes: list[Write], answers: list[Receipt | CalsyncError]) -> None:
    """Whoever was told "done" is there, whoever was told "no" is not, and nobody is there twice."""
    properties = [one["props"].items() for one in here.events()]
    keys = [next(value for name, value in found if name.endswith("calsync-key")) for found in properties]
    assert len(keys) == len(set(keys))
    for write, answer in zip(writes, answers, strict=True):
        if not isinstance(answer, UnknownOutcome):
            assert isinstance(answer, Receipt) == (write.remote_id.removeprefix("key:") in keys), answer


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (20, 1), (21, 2), (61, 4)])
def test_twenty_writes_are_one_request(desk: Desk, count: int, requests: int) -> None:
    writes = creates(desk, count)
    answers = desk.provider.bulk(desk.cal, writes)
    assert desk.provider.requests["write"] == requests and len(desk.titles()) == count
    check_each_once(desk, writes, answers)


def test_one_of_each_kind_in_one_request(desk: Desk) -> None:
    old, dead = desk.look(desk.insert("Old")), desk.look(desk.insert("Dead"))
    before = desk.provider.requests["write"]
    writes = [desk.new(1), desk.edit(old, {"title": "New"}), Write("delete", dead.remote_id, b"", dead.etag)]
    assert all(isinstance(answer, Receipt) for answer in desk.provider.bulk(desk.cal, writes))
    assert (desk.titles(), desk.provider.requests["write"] - before) == (["Event 1", "New"], 1)


def test_where_the_fifth_part_is_one_too_many_all_is_done_once(desk: Desk) -> None:
    """A5 (T): MailboxConcurrency for the fifth; after that four to a request."""
    desk.g.knobs.batch_fifth = "429"
    writes = creates(desk, 20)
    answers = desk.provider.bulk(desk.cal, writes)
    assert all(isinstance(answer, Receipt) for answer in answers) and desk.slept == [1.0] * 4
    check_each_once(desk, writes, answers)
    desk.slept.clear()
    names = [answer.remote_id for answer in answers if isinstance(answer, Receipt)]
    assert desk.fetched(*names).keys() == set(names) and desk.slept == []


def test_parts_that_are_told_to_wait_wait_for_the_longest_and_are_done_once(desk: Desk) -> None:
    """L9: retry only the failed parts, after the largest Retry-After."""
    desk.arm("429", method="POST", where="part", times=3, retry_after=4)
    desk.arm("429", method="POST", where="part", times=1, retry_after=9)
    writes = creates(desk)
    answers = desk.provider.bulk(desk.cal, writes)
    assert all(isinstance(answer, Receipt) for answer in answers) and desk.slept[0] == 9.0
    assert sum("POST" in one and "batch" not in one for one in desk.asked) == 14
    check_each_once(desk, writes, answers)


def test_a_part_without_an_answer_is_unknown_and_is_not_sent_again(desk: Desk) -> None:
    desk.arm("missing-part")
    writes = creates(desk)
    answers = desk.provider.bulk(desk.cal, writes)
    assert sorted(type(answer).__name__ for answer in answers) == ["Receipt"] * 9 + ["UnknownOutcome"]
    assert sum("batch" in one for one in desk.asked) == 1 and len(desk.titles()) == 10
    check_each_once(desk, writes, answers)


@pytest.mark.parametrize("fault", ["half-batch", "missing-part"])
def test_reads_without_an_answer_are_asked_again(desk: Desk, fault: str) -> None:
    names = [desk.insert(f"Event {n}") for n in range(10)]
    desk.arm(fault, times=2)
    assert desk.fetched(*names).keys() == set(names)
    desk.arm("half-batch", times=0)
    with pytest.raises(TransientError):
        desk.fetched(*names)


CUT = ["half-batch", "drop-before", "drop-after", "cut-body", "garbled", "500", "504-after"]


@pytest.mark.parametrize("fault", CUT)
def test_a_batch_of_writes_without_a_readable_answer_is_unknown_in_all_its_parts(desk: Desk, fault: str) -> None:
    """A5: outer 503 after half of the parts were applied."""
    desk.arm(fault, **({} if fault == "half-batch" else {"path": "batch$"}))
    writes = creates(desk)
    answers = desk.provider.bulk(desk.cal, writes)
    assert {type(answer) for answer in answers} == {UnknownOutcome}
    assert len(desk.titles()) == {"half-batch": 5, "drop-before": 0, "500": 0}.get(fault, 10)
    check_each_once(desk, writes, answers)


@pytest.mark.parametrize("fault", ["429", "storm"])
def test_a_batch_that_was_too_much_is_sent_again_whole(desk: Desk, fault: str) -> None:
    desk.arm(fault, path="batch$", seconds=5)
    writes = creates(desk)
    answers = desk.provider.bulk(desk.cal, writes)
    assert all(isinstance(answer, Receipt) for answer in answers) and desk.slept
    check_each_once(desk, writes, answers)


@pytest.mark.parametrize("status", [400, 404, 405, 413])
def test_a_server_that_takes_no_batch_is_asked_call_by_call(desk: Desk, status: int) -> None:
    """No 404 of the batch's own address is taken for a missing event."""
    names = [desk.insert(f"Event {n}") for n in range(3)]
    desk.arm("status", path="batch$", times=0, status=status, code="BadRequest")
    assert desk.fetched(*names).keys() == set(names)
    writes = creates(desk, 3)
    answers = desk.provider.bulk(desk.cal, writes)
    assert all(isinstance(answer, Receipt) for answer in answers)


def test_an_expired_token_in_the_parts_is_renewed_once_and_all_is_done_once(desk: Desk) -> None:
    desk.arm("status", status=401, code="InvalidAuthenticationToken", where="part", skip=4, times=2)
    writes = creates(desk)
    answers = desk.provider.bulk(desk.cal, writes)
    assert all(isinstance(answer, Receipt) for answer in answers)
    check_each_once(desk, writes, answers)


def test_a_sign_in_that_stays_refused_ends_all_parts_in_words(desk: Desk) -> None:
    desk.arm("status", status=401, code="InvalidAuthenticationToken", times=0)
    answers = desk.provider.bulk(desk.cal, creates(desk))
    assert {type(answer) for answer in answers} == {AuthError} and desk.titles() == []


def test_each_part_is_told_its_own_end(desk: Desk) -> None:
    """I14: of five writes each ends another way."""
    fine, stale, dead, last = (desk.look(desk.insert(name)) for name in ("Fine", "Stale", "Dead", "Last"))
    desk.patch(stale.remote_id, subject="Theirs")
    desk.remove(dead.remote_id)
    desk.arm("status", method="POST", where="part", status=400, code="ErrorInvalidRequest", message="Invalid start")
    edits = [desk.edit(item, {"title": title}) for item, title in ((fine, "New"), (stale, "Ours"), (dead, "Ours"))]
    answers = desk.provider.bulk(desk.cal, [*edits, desk.new(7), Write("delete", last.remote_id, b"", last.etag)])
    assert [type(answer) for answer in answers] == [Receipt, PreconditionFailed, NotFound, Refused, Receipt]
    assert desk.titles() == ["New", "Theirs"]


ODD = [b"", b"{}", b"[]", b"null", b"\xff", b'{"requests": 5}', b'{"requests": [5]}', b'{"event": {}}', b"[" * 9000]


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_a_body_that_no_mapping_made_is_told_alone(desk: Desk, body: bytes) -> None:
    first, second = desk.provider.bulk(desk.cal, [Write("create", "key:1234", body), desk.new(1)])
    assert isinstance(first, CalsyncError) and first.code == "internal-check" and isinstance(second, Receipt)


@pytest.mark.parametrize("name", ["..", ".", "", "a b", "\n"])
def test_an_id_that_leads_to_another_address_is_never_asked_for(desk: Desk, name: str) -> None:
    """`DELETE me/events/..` would mean something else."""
    new = desk.new(1)
    bad = [Write("delete", name, b"", 'W/"1"'), Write("create", name, new.body)]
    bad.append(Write("update", name, new.body, 'W/"1"'))
    answers = desk.provider.bulk(desk.cal, [*bad, new])
    assert [isinstance(answer, CalsyncError) for answer in answers] == [True, True, True, False]
    for ask in (lambda: desk.provider.look(desk.cal, name), lambda: list(desk.provider.fetch(desk.cal, [name])),
                lambda: desk.provider.open(name)):  # fmt: skip
        with pytest.raises(ProtocolError, match="usable id"):
            ask()


def test_a_version_cannot_smuggle_lines_into_a_request(desk: Desk) -> None:
    item = desk.look(desk.insert())
    answers = desk.provider.bulk(desk.cal, [
        Write("delete", item.remote_id, b"", 'W/"1"\r\nX-Evil: 1'), Write("delete", item.remote_id, b"", 'W/"ü"'),
        Write("delete", item.remote_id, b"", 'W/"1"'),
    ])  # fmt: skip
    assert [type(answer).__name__ for answer in answers] == ["Refused", "Refused", "PreconditionFailed"]
    assert desk.titles() == ["Tea"]


def test_preferences_and_versions_stand_in_each_part(desk: Desk) -> None:
    """L9: those of the request around them do not reach it; the end of every test looks at them all."""
    item = desk.look(desk.insert())
    desk.provider.bulk(desk.cal, [desk.edit(item, {"title": "New"}), desk.new(1)])
    parts = [entry for entry in desk.g.emulator.log.all if entry["part"]]  # type: ignore[attr-defined]
    assert {"PATCH", "POST", "GET"} == {entry["method"] for entry in parts}
    assert all('IdType="ImmutableId"' in entry["headers"]["prefer"] for entry in parts)
