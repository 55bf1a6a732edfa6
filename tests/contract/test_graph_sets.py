"""Whole series: master, exceptions, deleted dates; written in several requests, with people and cuts between (L6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from calsync_cli.errors import CalsyncError, NotFound, PreconditionFailed, ProtocolError, Refused, UnknownOutcome
from calsync_cli.model.recur import diff
from calsync_cli.model.series import Form, Path, Recurrence, Value
from calsync_cli.providers.base import Receipt, Write
from tests.contract.graph import (
    FOURTH,
    SECOND,
    THIRD,
    WEEKLY,
    WIRE,
    Desk,
    at,
    days,
    desk,
    form,
    fresh_desk,
    later,
    span,
    weekly,
)

__all__ = ["fresh_desk"]
FULL = form("Weekly", recurrence=WEEKLY, location="Room 1",
            **{f"@{SECOND}/title": "Second", f"@{SECOND}/time": span(11, 15), f"@{THIRD}": "cancelled"})  # fmt: skip
ALL: dict[Path, Value | None] = {
    "title": "Weekly too", f"@{SECOND}/title": "Second too", f"@{FOURTH}": "cancelled", "location": "Room 2",
}


def shifted(shape: Form, hours: int = 2) -> dict[Path, Value | None]:
    """The series two hours later, its instances along with it (R3)."""
    changes: dict[Path, Value | None] = {"time": span(4, 9 + hours)}
    for path, value in shape.items():
        if path.startswith("@"):
            changes[path] = None
            moved = span(11, 15 + hours) if path.endswith("/time") else value
            changes[path.replace("T07", f"T{7 + hours:02d}")] = moved
    return changes


def wanted_after(here: Desk, name: str, changes: Mapping[Path, Value | None]) -> Form:
    return WIRE.read(WIRE.edit(here.look(name).payload, changes)).form


def native(here: Desk) -> str:
    """A person's series like FULL."""
    series = here.series("Weekly", location={"displayName": "Room 1"})
    here.patch_date(series, 11, subject="Second", start=at(11, 15), end=at(11, 16))
    here.remove_date(series, 18)
    return series


# -- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["silent", "master", "siblings", "removed"])
@pytest.mark.parametrize("bumps", [True, False])
def test_a_deleted_date_is_seen_with_the_next_reading_of_the_series(way: str, bumps: bool) -> None:
    """O6, A4.4: the delta hides it or shows little of it; every version of the whole set tells it apart."""
    with desk(deleted_occurrence=way, etag_on_instance_delete=bumps) as here:
        name = here.series()
        before, token = here.look(name), here.token()
        here.remove_date(name, 18)
        hints = here.hints(token)
        assert (name in hints) == (way in ("master", "siblings"))
        for after in (here.look(name), here.fetched(name)[name]):
            assert after.etag != before.etag and WIRE.read(after.payload).form[f"@{THIRD}"] == "cancelled"
        assert here.hints()[name].etag is None, "a full list reads every series anew"


@pytest.mark.parametrize("masters", [True, False])
def test_any_sign_of_life_of_a_series_names_the_series(masters: bool) -> None:
    with desk(masters_in_delta=masters) as here:
        name = here.series()
        token = here.token()
        here.patch_date(name, 11, subject="Second")
        hints = here.hints(token)
        assert hints[name].etag is None and not hints[name].gone
        assert all(hint.gone for other, hint in hints.items() if other != name), "an exception is no set of its own"
        assert here.read(name)[f"@{SECOND}/title"] == "Second"


def test_a_series_is_read_once_however_often_it_is_named(desk: Desk) -> None:
    name = desk.series()
    token = desk.token()
    for day in (4, 11, 18, 25):
        desk.patch_date(name, day, subject=f"Of {day}")
    hints = desk.hints(token)
    assert [other for other, hint in hints.items() if not hint.gone] == [name]


def test_a_deleted_series_is_gone_whatever_of_it_is_named(desk: Desk) -> None:
    for masters in (True, False):
        desk.g.knobs.removed_masters = masters
        name = native(desk)
        token = desk.token()
        desk.remove(name)
        hints = desk.hints(token)
        assert all(hint.gone for hint in hints.values()) and (name in hints) == masters
        assert desk.provider.look(desk.cal, name) is None


def test_a_series_that_becomes_single_and_back(desk: Desk) -> None:
    name = native(desk)
    token = desk.token()
    desk.patch(name, recurrence=None)
    page = desk.page(token)
    assert name in {hint.remote_id for hint in page.hints if not hint.gone}
    assert "recurrence" not in desk.read(name) and f"@{THIRD}" not in desk.read(name)


def test_dates_that_are_not_told_with_the_master_are_read_from_its_blob() -> None:
    """L6.1, L17.7: the same set, and the same version of it, whichever way an account tells it."""
    with desk() as here:
        names = [native(here), here.series("Plain"), here.create(FULL).remote_id]
        here.patch_date(names[0], 25, start=at(27, 9), end=at(27, 10))
        told = here.fetched(*names)
        here.g.knobs.series_members_absent = True
        assert here.fetched(*names) == told
        wanted = wanted_after(here, names[0], ALL)
        here.update(here.look(names[0]), ALL)
        assert not diff(wanted, here.read(names[0]))


@pytest.mark.parametrize("blob", ["", "AAAA", "x", "BDAEMAsgAQAAAAAAAAABAAAAAAAAAAIAAAAiIAAA"])
def test_what_is_not_told_of_a_series_is_never_taken_for_nothing(blob: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """I8: unknown, not restored and not undone."""
    with desk(series_members_absent=True) as here:
        name, single = native(here), here.insert()
        monkeypatch.setattr("tests.emulators.graph.reads.blob", lambda state: blob)
        with pytest.raises(ProtocolError, match="does not tell which dates"):
            here.look(name)
        assert here.look(single)


# -- one date of somebody's series (R9) --------------------------------------------------------------------------------


def lone(here: Desk, series: str | None, day: int = 11, subject: str = "Guest") -> str:
    return here.insert(subject, day, partOf={"series": series, "original": f"2026-05-{day:02d}T07:00:00Z"})


def elsewhere(here: Desk) -> tuple[str, str]:
    """A series on another calendar of theirs, and that calendar."""
    other = here.g.do(do="add_calendar", name="Other")
    return here.g.do(do="create", calendar=other, event={
        "subject": "Theirs", "start": at(), "end": at(4, 10), "recurrence": weekly()}), other  # fmt: skip


@pytest.mark.parametrize("told", [True, False])
def test_an_exception_without_its_series_is_a_set_of_its_own(told: bool) -> None:
    """A guest of one date; whether Graph names a series that nobody can read, or none."""
    with desk(calendar_segment="checked") as here:
        series = elsewhere(here)[0] if told else None
        first, second = lone(here, series), lone(here, series, 18)
        for since in (None, here.token()):
            here.patch(first, location={"displayName": "Room 1"})
            here.patch(second, location={"displayName": "Room 2"})
            named = {name for name, hint in here.hints(since).items() if not hint.gone}
            assert named == ({series} if told else {first, second})
            found = here.fetched(*(name for name in named if name))
            assert found.keys() == {first, second}
            assert WIRE.read(found[first].payload).form[f"@{SECOND}/location"] == "Room 1"
        for name in (first, second):
            assert here.look(name) == found[name]


def test_an_exception_alone_is_changed_and_deleted_under_its_own_version(desk: Desk) -> None:
    name = lone(desk, None)
    item = desk.look(name)
    desk.patch(name, subject="Theirs")
    with pytest.raises(PreconditionFailed):
        desk.update(item, {f"@{SECOND}/title": "Ours"})
    desk.update(desk.look(name), {f"@{SECOND}/title": "Ours"})
    assert desk.event(name)["subject"] == "Ours"
    desk.delete(desk.look(name))
    assert desk.titles() == [] and desk.provider.look(desk.cal, name) is None


def test_an_exception_that_gets_its_series_is_no_longer_alone() -> None:
    with desk(calendar_segment="checked") as here:
        series, _ = elsewhere(here)
        name = lone(here, series)
        token = here.token()
        here.g.do(do="move", id=series, calendar=here.home)
        here.patch(name, subject="Guest too")
        hints = here.hints(token)
        assert hints[name].gone and not hints[series].gone
        assert here.provider.look(here.cal, name) is None and here.look(series)


# -- without disturbance -----------------------------------------------------------------------------------------------


MODES: list[dict[str, Any]] = [
    {}, {"exceptions_inherit_properties": False}, {"zone_names": "echo"}, {"master_patch_drops": False},
    {"recurrence_zone": "empty"}, {"recurrence_zone": "custom"}, {"exception_id_changes": False},
]  # fmt: skip


@pytest.mark.parametrize("modes", MODES, ids=str)
def test_a_whole_series_round_trips_three_times_without_drift(modes: dict[str, Any]) -> None:
    with desk(**modes) as here:
        name = here.create(FULL).remote_id
        assert not diff(FULL, here.read(name))
        for n in range(3):
            changes: dict[Path, Value | None] = {f"@{SECOND}/title": f"Second {n}", "title": f"Weekly {n}"}
            wanted = wanted_after(here, name, changes)
            here.update(here.look(name), changes)
            assert not diff(wanted, here.read(name))


@pytest.mark.parametrize("drops", [True, False])
def test_everything_of_a_series_at_once(drops: bool) -> None:
    with desk(master_patch_drops=drops) as here:
        for name in (here.create(FULL).remote_id, native(here)):
            wanted = wanted_after(here, name, ALL)
            here.update(here.look(name), ALL)
            assert not diff(wanted, here.read(name))


def test_a_time_shift_takes_all_exceptions_along(desk: Desk) -> None:
    """Facts 0.13: Graph drops them; they are made again."""
    for name in (desk.create(FULL).remote_id, native(desk)):
        changes = shifted(desk.read(name))
        wanted = wanted_after(desk, name, changes)
        desk.update(desk.look(name), changes)
        shown = desk.read(name)
        assert not diff(wanted, shown) and shown["@20260511T090000Z/title"] == "Second"


def test_a_longer_rule_keeps_what_people_made_of_single_dates(desk: Desk) -> None:
    for name in (desk.create(FULL).remote_id, native(desk)):
        changes: dict[Path, Value | None] = {
            "recurrence": Recurrence(("COUNT=8;FREQ=WEEKLY",)), f"@{FOURTH}/title": "Fourth",
        }  # fmt: skip
        wanted = wanted_after(desk, name, changes)
        desk.update(desk.look(name), changes)
        shown = desk.read(name)
        assert not diff(wanted, shown) and (shown[f"@{SECOND}/title"], shown[f"@{THIRD}"]) == ("Second", "cancelled")


def test_a_timed_series_becomes_one_of_days_and_back(desk: Desk) -> None:
    name = desk.create(form(recurrence=WEEKLY, **{f"@{THIRD}": "cancelled"})).remote_id
    as_days: dict[Path, Value | None] = {"time": days(), f"@{THIRD}": None, "@20260518": "cancelled"}
    desk.update(desk.look(name), as_days)
    shown = desk.read(name)
    assert shown["time"] == days() and shown["@20260518"] == "cancelled" and f"@{THIRD}" not in shown
    back: dict[Path, Value | None] = {"time": span(), f"@{THIRD}": "cancelled", "@20260518": None}
    desk.update(desk.look(name), back)
    assert not diff(form(recurrence=WEEKLY, **{f"@{THIRD}": "cancelled"}), desk.read(name))


def test_a_date_that_was_deleted_cannot_come_back_and_that_is_told_before_anything_is_sent(desk: Desk) -> None:
    """L6.2."""
    name = native(desk)
    item = desk.look(name)
    desk.asked  # noqa: B018
    with pytest.raises(CalsyncError, match="no way to bring it back"):
        desk.update(item, {f"@{THIRD}": None, "title": "New"})
    assert desk.asked == [] and desk.event(name)["subject"] == "Weekly"


def test_a_date_that_should_be_back_and_is_not_is_told() -> None:
    """Where a change of the time did not drop what was deleted (L17.2)."""
    with desk(master_patch_drops=False) as here:
        name = here.create(form(recurrence=WEEKLY, **{f"@{THIRD}": "cancelled"})).remote_id
        with pytest.raises(UnknownOutcome, match="no way to bring it back"):
            here.update(here.look(name), {"time": span(4, 11), f"@{THIRD}": None})


def test_a_series_is_deleted_as_the_version_it_was_read(desk: Desk) -> None:
    name = native(desk)
    item = desk.look(name)
    desk.patch_date(name, 25, subject="Theirs")
    with pytest.raises(PreconditionFailed):
        desk.delete(item)
    desk.delete(desk.look(name))
    assert desk.titles() == []


def test_a_deletion_of_a_date_that_left_no_trace_in_any_version_is_seen_before_a_write() -> None:
    """I13: the version of a set holds its deleted dates, though Graph changes no etag."""
    with desk(etag_on_instance_delete=False) as here:
        name = here.series()
        item = here.look(name)
        here.patch_date(name, 25, subject="Of a set")
        item = here.look(name)
        here.remove_date(name, 18)
        with pytest.raises(PreconditionFailed):
            here.update(item, {f"@{SECOND}/title": "Ours"})


def test_our_writes_of_dates_are_read_back_though_reads_are_behind() -> None:
    """L2.3, docs#3706: a PATCHed or deleted occurrence shows its old self for a while."""
    with desk(point_lag_s=3) as here:
        name = here.series()
        later(here, seconds=4)
        for changes in ({f"@{SECOND}/title": "Second"}, {f"@{THIRD}": "cancelled"}, {"title": "New"}):
            wanted = wanted_after(here, name, changes)
            here.update(here.look(name), changes)
            assert not diff(wanted, here.read(name))


# -- many at once ------------------------------------------------------------------------------------------------------


def test_many_series_need_few_requests(desk: Desk) -> None:
    """Their masters in one request; then one date of each at a time: read, and written (L9)."""
    before = dict(desk.provider.requests)
    wanted = form(recurrence=WEEKLY, **{f"@{SECOND}/title": "Changed", f"@{THIRD}/location": "Room 1"})
    answers = desk.provider.bulk(desk.cal, [desk.new(n, wanted) for n in range(20)])
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert desk.provider.requests["write"] - before["write"] == 3
    assert desk.provider.requests["read"] - before["read"] == 2
    assert isinstance(answers[7], Receipt) and not diff(wanted, desk.read(answers[7].remote_id))


def test_a_series_that_fails_leaves_the_others_whole(desk: Desk) -> None:
    wanted = form(recurrence=WEEKLY, **{f"@{SECOND}/title": "Changed", f"@{THIRD}": "cancelled"})
    desk.arm("status", method="PATCH", skip=1, status=400, code="ErrorOccurrenceCrossingBoundary")
    answers = desk.provider.bulk(desk.cal, [desk.new(n, wanted) for n in range(3)])
    kinds = sorted(type(answer).__name__ for answer in answers)
    assert kinds == ["Receipt", "Receipt", "UnknownOutcome"]
    (error,) = [one for one in answers if isinstance(one, CalsyncError)]
    assert "not all of the series" in str(error) and "neighbours" in str(error)
    for answer in answers:
        if isinstance(answer, Receipt):
            assert not diff(wanted, desk.read(answer.remote_id))


def test_a_body_that_is_planned_from_another_version_is_not_sent(desk: Desk) -> None:
    name = desk.insert()
    old = desk.look(name)
    desk.patch(name, location={"displayName": "Room 1"})
    new = desk.look(name)
    with pytest.raises(PreconditionFailed, match="another version"):
        desk.provider.update(desk.cal, name, desk.edit(old, {"title": "New"}).body, str(new.etag))
    assert desk.titles() == ["Tea"]


def test_a_write_without_a_version_is_refused_alone(desk: Desk) -> None:
    """I13, I14."""
    one, other = desk.look(desk.insert("One")), desk.look(desk.insert("Other"))
    writes = [Write("delete", one.remote_id, b"", None), Write("delete", other.remote_id, b"", other.etag)]
    first, second = desk.provider.bulk(desk.cal, writes)
    assert isinstance(first, Refused) and "no version" in str(first) and isinstance(second, Receipt)
    assert desk.titles() == ["One"]


# -- with people and faults between any two requests -------------------------------------------------------------------

EDITS: dict[str, Any] = {"everything": lambda shape: ALL, "time shift": shifted}
STEPS = 11
"""More than any of these edits has requests."""
THEIRS: dict[str, dict[str, Any]] = {
    "head": {"do": "update"}, "exception": {"do": "edit_occurrence", "date": "2026-05-11"},
    "date": {"do": "edit_occurrence", "date": "2026-05-25"},
}  # fmt: skip


def seen(here: Desk, name: str) -> list[object]:
    return [value for path, value in here.read(name).items() if path.endswith("title")]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("what", THEIRS)
@pytest.mark.parametrize("step", range(STEPS))
def test_no_edit_of_a_person_is_lost_between_any_two_requests(edit: str, what: str, step: int) -> None:
    """I1, I13. Theirs lands right before the n-th request of ours: either ours says that somebody was faster, or theirs
    is there when ours is done."""
    with desk(batch_shuffled=False) as here:
        name = native(here)
        item = here.look(name)
        changes = EDITS[edit](WIRE.read(item.payload).form)
        action = {**THEIRS[what], "id": name, "changes": {"subject": f"Theirs {what}"}}
        here.arm("edit", skip=step, edit=action)
        answer: Any = None
        try:
            answer = here.update(item, changes)
        except (PreconditionFailed, UnknownOutcome, NotFound) as err:
            answer = err
        happened = bool(here.g.emulator.faults.hit)
        here.g.change(disarm=True)
        assert not happened or f"Theirs {what}" in seen(here, name), (answer, here.read(name))


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "500", "500-after", "412", "429", "cut-body"])
@pytest.mark.parametrize("step", range(5))
def test_a_write_that_was_cut_anywhere_is_gone_on_with_from_the_next_look(edit: str, fault: str, step: int) -> None:
    with desk() as here:
        name = native(here)
        item = here.look(name)
        changes = EDITS[edit](WIRE.read(item.payload).form)
        wanted = WIRE.read(WIRE.edit(item.payload, changes)).form
        here.arm(fault, method="PATCH|DELETE", path="", skip=step, times=0)
        try:
            here.update(item, changes)
        except CalsyncError as err:
            assert isinstance(err, UnknownOutcome | PreconditionFailed) or (step == 0 and fault == "429"), err
        here.g.change(disarm=True)
        for _ in range(3):
            now = here.look(name)
            left = diff(WIRE.read(now.payload).form, wanted)
            if left:
                here.update(now, left)
        assert not diff(wanted, here.read(name))


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "500", "500-after", "412", "cut-body"])
@pytest.mark.parametrize("step", range(3))
def test_a_new_series_that_was_cut_is_there_once_and_can_be_completed(fault: str, step: int) -> None:
    with desk() as here:
        here.arm(fault, method="POST|PATCH|DELETE", path="/events", skip=step, times=0)
        try:
            here.create(FULL)
        except CalsyncError as err:
            assert isinstance(err, UnknownOutcome) or (fault == "412" and step == 0), err
        here.g.change(disarm=True)
        found = here.provider.look(here.cal, here.provider.remote_id_for(here.cal, "0" * 31 + "1"), here.made(FULL))
        if found is None:
            found = here.look(here.create(FULL).remote_id)
        left = diff(WIRE.read(found.payload).form, FULL)
        if left:
            here.update(found, left)
        assert not diff(FULL, here.read(found.remote_id)) and len(here.events()) == 1
