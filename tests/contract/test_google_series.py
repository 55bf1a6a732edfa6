"""Series at Google: splits, instances without their series, lists that are behind (facts 4.4, 4.5; O1, O6, R9)."""

from __future__ import annotations

from typing import Any

import pytest

from calsync_cli.providers.base import Hint, Missing
from tests.contract.google import FOURTH, SECOND, THIRD, WEEKLY, WIRE, Desk, at, desk, form, fresh_desk, span

__all__ = ["fresh_desk"]
STRANGER = "theirs"


def forms(hints: dict[str, Hint]) -> dict[str, dict[str, Any]]:
    return {name: dict(WIRE.read(hint.item.payload).form) for name, hint in hints.items() if hint.item is not None}


# -- splits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full_prefix", [False, True], ids=["old prefix", "prefix _R"])
@pytest.mark.parametrize("bare", [False, True])
def test_both_halves_of_a_split_series_are_whole(full_prefix: bool, bare: bool) -> None:
    with desk(modes={"bare_instance_tombstones": bare}) as here:
        series = here.series()
        here.patch(f"{series}_{SECOND}", summary="Early")
        token = here.token()
        third, changes = f"{series}_{THIRD}", {"summary": "Later"}
        later = here.people.split(here.home, series, third, changes, full_prefix=full_prefix)["id"]
        prefix = later if full_prefix else series
        here.patch(f"{prefix}_{FOURTH}", location="Room 1")
        found = forms(here.hints(token))
        assert found.keys() == {series, later} == forms(here.hints()).keys()
        assert found[series][f"@{SECOND}/title"] == "Early" and found[later][f"@{FOURTH}/location"] == "Room 1"
        assert found[later]["title"] == "Later" and f"@{FOURTH}/location" not in found[series]
        token = here.token()
        here.remove(f"{prefix}_{FOURTH}")
        found = forms(here.hints(token))
        assert found.keys() == {later} and found[later][f"@{FOURTH}"] == "cancelled"
        assert here.read(later) == found[later] == forms(here.hints())[later]


@pytest.mark.parametrize("full_prefix", [False, True])
def test_an_instance_of_a_later_half_is_written(full_prefix: bool) -> None:
    """Its id cannot be computed (facts 5.4)."""
    with desk() as here:
        series = here.series()
        later = here.people.split(here.home, series, f"{series}_{THIRD}", full_prefix=full_prefix)["id"]
        here.update(here.look(later), {f"@{FOURTH}/title": "Mine"})
        here.update(here.look(later), {f"@{THIRD}": "cancelled"})
        assert here.read(later)[f"@{FOURTH}/title"] == "Mine" and here.read(later)[f"@{THIRD}"] == "cancelled"
        prefix = later if full_prefix else series
        assert here.event(f"{prefix}_{FOURTH}")["summary"] == "Mine"


def test_a_copied_marker_is_not_believed(desk: Desk) -> None:
    """Facts 4.4: private properties are copied to the later half, and to a duplicate."""
    name = desk.create(form(recurrence=WEEKLY)).remote_id
    later = desk.people.split(desk.home, name, f"{name}_{THIRD}")["id"]
    double = desk.people.duplicate(desk.home, name)["id"]
    assert WIRE.read(desk.look(name).payload).uid == "one"
    for copy in (later, double):
        reading = WIRE.read(desk.look(copy).payload)
        assert (reading.marker, reading.uid) == (None, f"{copy}@google.com")


# -- instances without their series (R9) -------------------------------------------------------------------------------


def alone(here: Desk, day: int = 11, of: str = STRANGER, uid: str = "their@uid", summary: str = "Guest") -> str:
    event = {"summary": summary, "start": at(day), "end": at(day, 10), "originalStartTime": at(day)}
    made = here.people.invite(here.home, "boss@example.org", event, uid=uid, instance_of=of)
    return str(made["id"])


def test_an_instance_without_its_series_is_a_set_of_its_own(desk: Desk) -> None:
    token = desk.token()
    first, second = alone(desk), alone(desk, 18)
    assert first == f"{STRANGER}_{SECOND}"
    for hints in (desk.hints(token), desk.hints()):
        found = forms(hints)
        assert found.keys() == {first, second}
        assert found[first] != found[second] and found[first][f"@{SECOND}/title"] == "Guest"
    item = desk.look(first)
    assert item.etag == desk.event(first)["etag"] == desk.hints()[first].etag
    assert list(desk.provider.fetch(desk.cal, [first, STRANGER]))[1] == Missing(STRANGER)


def test_many_instances_alone_need_few_requests(desk: Desk) -> None:
    token = desk.token()
    names = {alone(desk, 4 + n, f"theirs{n}", f"uid{n}@x.test") for n in range(20)}
    before = desk.provider.requests["read"]
    assert names <= forms(desk.hints(token)).keys()
    assert desk.provider.requests["read"] - before == 6


def test_an_instance_alone_is_changed_and_deleted_under_its_own_version(desk: Desk) -> None:
    name = alone(desk)
    desk.update(desk.look(name), {f"@{SECOND}/color": "tomato"})
    assert desk.event(name)["colorId"]
    desk.delete(desk.look(name))
    assert desk.provider.look(desk.cal, name) is None and desk.hints() == {}


def test_an_instance_that_goes_away_is_gone(desk: Desk) -> None:
    name = alone(desk)
    token = desk.token()
    desk.remove(name)
    assert desk.hints(token)[name].gone and desk.provider.look(desk.cal, name) is None


def test_an_instance_that_gets_its_series_is_no_longer_alone(desk: Desk) -> None:
    """Else the same date would be there twice."""
    name = alone(desk)
    token = desk.token()
    event = {"summary": "Theirs", "start": at(), "end": at(4, 10), "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]}
    desk.people.put(desk.home, STRANGER, {**event, "iCalUID": "their@uid"})
    desk.patch(name, colorId="8")
    hints = desk.hints(token)
    assert (hints[name].gone, hints[STRANGER].gone) == (True, False)
    assert desk.provider.look(desk.cal, name) is None and list(desk.provider.fetch(desk.cal, [name])) == [Missing(name)]
    for found in (forms(hints)[STRANGER], forms(desk.hints())[STRANGER], desk.read(STRANGER)):
        assert found[f"@{SECOND}/color"]


@pytest.mark.parametrize("where", ["list", "delta"])
def test_an_instance_whose_series_a_list_does_not_show_yet_is_not_alone(desk: Desk, where: str) -> None:
    """A list may be behind for the one and not for the other (facts 4.5): the series is asked for by its id."""
    token = desk.token()
    series = desk.series()
    desk.patch(f"{series}_{SECOND}", summary="Changed")
    answer = desk.g.api.handlers["events.list"]

    def without_master(call: Any) -> Any:
        reply = answer(call)
        if "iCalUID" not in call.params:
            reply.content["items"] = [item for item in reply.content["items"] if item["id"] != series]
        return reply

    desk.g.api.handlers["events.list"] = without_master
    found = forms(desk.hints(token if where == "delta" else None))
    assert found.keys() == {series} and found[series][f"@{SECOND}/title"] == "Changed"


def test_a_series_that_lost_its_rule_is_a_single_event(desk: Desk) -> None:
    series = desk.series()
    desk.patch(f"{series}_{SECOND}", summary="Changed")
    token = desk.token()
    desk.patch(series, recurrence=[])
    for hints in (desk.hints(token), desk.hints()):
        assert forms(hints).keys() == {series} and "recurrence" not in forms(hints)[series]
    assert desk.read(series) == forms(desk.hints())[series]


def test_a_series_without_a_uid_is_found_among_all_events(desk: Desk) -> None:
    series = desk.series()
    desk.patch(f"{series}_{SECOND}", summary="Changed")
    desk.insert("Another")
    answers = {name: desk.g.api.handlers[name] for name in ("events.get", "events.list")}

    def anonymous(name: str) -> Any:
        def handler(call: Any) -> Any:
            reply = answers[name](call)
            items = reply.content.get("items", [reply.content])
            stripped = [{key: value for key, value in item.items() if key != "iCalUID"} for item in items]
            reply.content = {**reply.content, "items": stripped} if "items" in reply.content else stripped[0]
            return reply

        return handler

    for name in answers:
        desk.g.api.handlers[name] = anonymous(name)
    assert desk.read(series)[f"@{SECOND}/title"] == "Changed"


# -- lists that are behind ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lag", [{"lag_s": 3600.0}, {"lag_calls": 6}, {"lag_calls": 1}])
def test_a_look_is_right_while_every_list_is_behind(lag: dict[str, Any]) -> None:
    with desk(**lag) as here:
        series = here.series()
        before = here.look(series)
        here.patch(f"{series}_{SECOND}", summary="Changed")
        here.remove(f"{series}_{THIRD}")
        here.patch(series, location="Room 1")
        known = WIRE.edit(before.payload, {f"@{SECOND}/title": "Changed", f"@{THIRD}": "cancelled"})
        found = here.look(series, known)
        shown = WIRE.read(found.payload).form
        assert (shown["location"], shown[f"@{SECOND}/title"], shown[f"@{THIRD}"]) == ("Room 1", "Changed", "cancelled")
        here.g.settle()
        assert here.look(series).etag == found.etag


def test_our_own_writes_are_read_back_whole_while_lists_are_behind() -> None:
    """F4: the engine fetches what it wrote, in the same process."""
    with desk(lag_s=3600.0) as here:
        wanted = form(recurrence=WEEKLY, **{f"@{SECOND}/title": "Changed", f"@{THIRD}": "cancelled"})
        name = here.create(wanted).remote_id
        (item,) = here.provider.fetch(here.cal, [name])
        assert not isinstance(item, Missing) and WIRE.read(item.payload).form == wanted
        here.update(item, {f"@{SECOND}/title": "Again", f"@{FOURTH}/location": "Room 1"})
        (item,) = here.provider.fetch(here.cal, [name])
        assert not isinstance(item, Missing)
        shown = WIRE.read(item.payload).form
        assert (shown[f"@{SECOND}/title"], shown[f"@{FOURTH}/location"]) == ("Again", "Room 1")
        here.g.settle()
        assert here.look(name).etag == item.etag


@pytest.mark.parametrize("calls", [1, 2, 3, 5])
def test_a_delta_that_is_behind_shows_it_with_a_later_token(calls: int) -> None:
    """A token stands for what its list showed: nothing falls between two of them."""
    with desk() as here:
        series, single = here.series(), here.insert()
        token = here.token()
        here.g.world.lag.calls = calls
        here.patch(single, summary="New")
        here.patch(f"{series}_{SECOND}", summary="Changed")
        here.remove(f"{series}_{THIRD}")
        seen: dict[str, Any] = {}
        for _ in range(12):
            page = here.page(token)
            seen |= forms({hint.remote_id: hint for hint in page.hints})
            token = str(page.token)
        assert seen[single]["title"] == "New"
        assert (seen[series][f"@{SECOND}/title"], seen[series][f"@{THIRD}"]) == ("Changed", "cancelled")


@pytest.mark.parametrize("behind", [1, 2])
def test_a_list_of_a_series_that_is_older_than_the_delta_hides_no_exception(desk: Desk, behind: int) -> None:
    series = desk.series()
    token = desk.token()
    desk.patch(f"{series}_{SECOND}", summary="Changed")
    desk.remove(f"{series}_{THIRD}")
    desk.g.faults.arm("stale", "iCalUID=", n=behind, times=None)
    found = forms(desk.hints(token))[series]
    assert (found[f"@{SECOND}/title"], found[f"@{THIRD}"]) == ("Changed", "cancelled")


def test_an_instance_that_google_only_makes_up_is_no_exception(desk: Desk) -> None:
    """A GET of any date of a series shows one; so does a look at an exception that is none any more."""
    series = desk.series()
    item = desk.look(series)
    known = WIRE.edit(item.payload, {f"@{SECOND}/title": "Changed", f"@{THIRD}": "cancelled"})
    assert desk.look(series, known).etag == item.etag == desk.hints()[series].etag
    assert WIRE.read(desk.look(series, known).payload).form == desk.read(series)


@pytest.mark.parametrize("rekey", ["tombstones", "silent"])
def test_exceptions_that_a_new_rule_dropped_do_not_come_back(rekey: str) -> None:
    """Their tombstones are newer than any list, and yet no cancelled dates of the series."""
    with desk(modes={"rekey": rekey}) as here:
        series = here.series()
        here.patch(f"{series}_{SECOND}", summary="Changed")
        here.remove(f"{series}_{THIRD}")
        token, before = here.token(), here.look(series)
        here.patch(series, recurrence=["RRULE:FREQ=WEEKLY;INTERVAL=4;COUNT=4"])
        for shown in (forms(here.hints(token))[series], forms(here.hints())[series], here.read(series)):
            assert not [path for path in shown if path.startswith("@")], shown
        assert WIRE.read(here.look(series, before.payload).payload).form == here.read(series)


def test_a_time_that_moved_leaves_no_exception_of_the_old_one(desk: Desk) -> None:
    series = desk.series()
    desk.patch(f"{series}_{SECOND}", summary="Changed")
    token, before = desk.token(), desk.look(series)
    desk.patch(series, start=at(4, 11), end=at(4, 12))
    shown = forms(desk.hints(token))[series]
    assert shown["time"] == span(4, 11) and not [path for path in shown if path.startswith("@")]
    assert desk.look(series, before.payload).etag == desk.look(series).etag



# -- echo --------------------------------------------------------------------------------------------------------------


def test_what_we_wrote_ourselves_is_known_when_a_delta_names_it(desk: Desk) -> None:
    """O5: so a run after one that wrote asks one question, however many series there were."""
    series = desk.create(form(recurrence=WEEKLY)).remote_id
    token = desk.token()
    for changes in ({"title": "All"}, {f"@{SECOND}/title": "One"}, {f"@{THIRD}": "cancelled"}):
        desk.update(desk.look(series), changes)
        known = desk.look(series).payload
        desk.g.clear_logs()
        (page,) = desk.provider.changes(desk.cal, token)
        (parts,) = [hint.parts for hint in page.hints if hint.parts is not None]
        assert desk.provider.holds(known, parts) and desk.asked == ["events.list"]
    desk.patch(f"{series}_{SECOND}", summary="By a person")
    (page,) = desk.provider.changes(desk.cal, token)
    (parts,) = [hint.parts for hint in page.hints if hint.parts is not None]
    assert not desk.provider.holds(known, parts) and not desk.provider.holds(b"", parts)
