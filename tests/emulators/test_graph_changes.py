"""calendarView/delta of the Graph emulator: what changed, when, and lost tokens. Each test cites its items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.graph import CRUEL, graph_emulator
from tests.emulators.graph.client import WINDOW, Api, Json, at, body, q, refusal, weekly

SPARSE = {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}


def gone(rows: list[Json]) -> set[str]:
    return {row["id"] for row in rows if "@removed" in row}


def alive(rows: list[Json]) -> list[Json]:
    return [row for row in rows if "@removed" not in row]


def pages(api: Api, wish: int = 50) -> list[list[Json]]:
    """The pages of one first round."""
    found, link = list[list[Json]](), "me/calendarView/delta"
    params: Json | None = WINDOW
    while link:
        told = body(api.get(link, params, Prefer=f'IdType="ImmutableId", odata.maxpagesize={wish}'))
        assert ("@odata.nextLink" in told) != ("@odata.deltaLink" in told)
        found.append(told["value"])
        link, params = told.get("@odata.nextLink", ""), None
    return found


# -- what changed ------------------------------------------------------------------------------------------------------


def test_a_round_tells_what_changed_since_its_link() -> None:
    """L16.48, L16.49"""
    with graph_emulator() as g, Api(g) as api:
        kept, changed, deleted = (api.create(subject=name)["id"] for name in ("kept", "changed", "deleted"))
        rows, link = api.round()
        assert {row["id"] for row in rows} == {kept, changed, deleted}
        api.patch(f"me/events/{q(changed)}", {"subject": "new"})
        api.delete(f"me/events/{q(deleted)}")
        made = api.create(subject="made")["id"]
        rows, link = api.round(link)
        assert gone(rows) == {deleted} and {row["id"]: row["subject"] for row in alive(rows)} == {
            changed: "new",
            made: "made",
        }
        assert api.round(link)[0] == []


@pytest.mark.parametrize(("knob", "kinds"), [
    ("silent", []), ("master", ["seriesMaster"]), ("removed", ["@removed"]),
    ("siblings", ["occurrence", "occurrence", "occurrence", "occurrence", "seriesMaster"]),
])
def test_a_deleted_occurrence_is_hidden_in_one_of_four_ways(knob: str, kinds: list[str]) -> None:
    """L16.49, A9.18"""
    with graph_emulator(deleted_occurrence=knob) as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        one = api.instances(master)[1]["id"]
        link = api.round()[1]
        api.delete(f"me/events/{q(one)}")
        rows = api.round(link)[0]
        assert sorted(row.get("type", "@removed") for row in rows) == kinds
        assert gone(rows) == ({one} if knob == "removed" else set())
        assert all(row["id"] != one for row in api.round()[0])


def test_a_changed_series_comes_whole_without_its_deleted_instances() -> None:
    """L16.49"""
    with graph_emulator() as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        rows = api.instances(master)
        link = api.round()[1]
        api.delete(f"me/events/{q(rows[1]['id'])}")
        api.patch(f"me/events/{q(rows[3]['id'])}", {"subject": "Own"})
        found = api.round(link)[0]
        assert sorted(row["type"] for row in found) == [
            "exception",
            "occurrence",
            "occurrence",
            "occurrence",
            "seriesMaster",
        ]
        assert gone(found) == set()


@pytest.mark.parametrize("masters", [True, False])
def test_a_deleted_series_leaves_tombstones(masters: bool) -> None:
    """L16.49, L16.50, A9.17"""
    with graph_emulator(removed_masters=masters) as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        ids = {row["id"] for row in api.instances(master)}
        link = api.round()[1]
        api.delete(f"me/events/{q(master)}")
        rows = api.round(link)[0]
        assert gone(rows) == ids | ({master} if masters else set())
        assert all(row.keys() == {"@odata.type", "id", "@removed"} for row in rows)


def test_a_move_to_another_calendar_is_a_tombstone_here_and_a_row_there() -> None:
    """L16.49, A9.17"""
    with graph_emulator() as g, Api(g) as api:
        g.do(do="add_calendar", name="Second")
        name = api.create()["id"]
        here, there = api.round()[1], api.round(calendar=g.calendar_id("Second"))[1]
        g.do(do="move", id=name, calendar="Second")
        assert gone(api.round(here)[0]) == {name}
        assert [row["id"] for row in alive(api.round(there)[0])] == [name]


def test_an_event_moved_out_of_the_window_is_removed_and_still_there() -> None:
    """L16.49, A9.17"""
    with graph_emulator() as g, Api(g) as api:
        name = api.create()["id"]
        link = api.round()[1]
        api.patch(f"me/events/{q(name)}", {"start": at("2026-06-05T09:00:00"), "end": at("2026-06-05T10:00:00")})
        assert gone(api.round(link)[0]) == {name}
        assert api.read(name)["start"]["dateTime"].startswith("2026-06-05")


@pytest.mark.parametrize("knob", ["removed", "empty", "none"])
def test_things_outside_the_window_show_as_removed_or_as_empty_rows(knob: str) -> None:
    """L16.50, A9.17 (knob)"""
    with graph_emulator(outside_rows=knob) as g, Api(g) as api:
        link = api.round()[1]
        outside = api.create(start="2026-06-05T09:00:00")["id"]
        rows, link = api.round(link)
        assert gone(rows) == ({outside} if knob == "removed" else set())
        assert [row.keys() for row in alive(rows)] == (
            [{"@odata.type", "@odata.etag", "id"}] if knob == "empty" else []
        )
        api.delete(f"me/events/{q(outside)}")
        assert [row["id"] for row in api.round(link)[0]] == ([] if knob == "none" else [outside])


def test_a_moved_window_is_a_round_of_its_own() -> None:
    """L16.46, A9.14"""
    with graph_emulator() as g, Api(g) as api:
        early, late = api.create()["id"], api.create(start="2026-05-05T09:00:00")["id"]
        old_rows, old = api.round()
        new_rows, new = api.round(startDateTime="2026-02-01T00:00:00Z", endDateTime="2026-07-01T00:00:00Z")
        assert [row["id"] for row in old_rows] == [early] and [row["id"] for row in new_rows] == [late]
        api.patch(f"me/events/{q(early)}", {"subject": "x"})
        assert [row["id"] for row in alive(api.round(old)[0])] == [early]
        assert gone(api.round(new)[0]) == {early}, "outside of the new window"


def test_other_tombstones_reason_phantoms_and_a_first_round() -> None:
    """L16.50, A9.17"""
    with graph_emulator(removed_reason="changed", removed_at_first=True) as g, Api(g) as api:
        link = api.round()[1]
        brief = api.create()["id"]
        api.delete(f"me/events/{q(brief)}")
        row = api.round(link)[0][0]
        assert (row["id"], row["@removed"]) == (brief, {"reason": "changed"})
        assert gone(api.round()[0]) == {brief}
        g.change(knobs={"removed_phantoms": False})
        assert api.round(link)[0] == []


def test_a_series_that_becomes_single_and_one_that_is_shortened() -> None:
    """L16.49 (L3.3, A4.4)"""
    with graph_emulator() as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        old = {row["id"] for row in api.instances(master)}
        link = api.round()[1]
        api.patch(f"me/events/{q(master)}", {"recurrence": weekly(count=3)})
        rows, link = api.round(link)
        assert len(alive(rows)) == 4 and gone(rows) == set(), "silently gone"
        api.patch(f"me/events/{q(master)}", {"recurrence": None})
        rows = api.round(link)[0]
        assert (
            [row["type"] for row in alive(rows)] == ["singleInstance"] and len(gone(rows)) == 3 and not gone(rows) & old
        )


def test_a_restored_event_comes_back() -> None:
    """A9.30"""
    with graph_emulator() as g, Api(g) as api:
        name = api.create()["id"]
        api.delete(f"me/events/{q(name)}")
        link = api.round()[1]
        g.do(do="restore", id=name)
        assert [row["id"] for row in api.round(link)[0]] == [name]


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_change_shows_up_later_while_point_reads_are_current() -> None:
    """A9.19"""
    with graph_emulator(lag=30) as g, Api(g) as api:
        link = api.round()[1]
        name = api.create()["id"]
        assert api.read(name)["subject"] == "Dentist"
        rows, link = api.round(link)
        assert rows == []
        g.change(advance_s=31)
        rows, link = api.round(link)
        assert [row["id"] for row in rows] == [name]
        assert api.round(link)[0] == []


def test_a_change_may_need_some_rounds() -> None:
    """A9.19"""
    with graph_emulator(delta_lag_rounds=2) as g, Api(g) as api:
        link = api.round()[1]
        name, seen = api.create()["id"], list[int]()
        for _ in range(4):
            rows, link = api.round(link)
            seen.append(len(rows))
        assert seen == [0, 0, 1, 0] and api.read(name)


def test_replays_give_the_same_and_old_links_still_work() -> None:
    """L16.51, A9.20"""
    with graph_emulator() as g, Api(g) as api:
        first = api.round()[1]
        names = [api.create(subject="a")["id"]]
        second_rows, second = api.round(first)
        names.append(api.create(subject="b")["id"])
        assert {row["id"] for row in api.round(first)[0]} == set(names)
        assert {row["id"] for row in api.round(second)[0]} == {names[1]}
        assert [row["id"] for row in second_rows] == names[:1]
        for number in range(12):
            api.create(subject=f"{number}")
        start = body(api.get("me/calendarView/delta", WINDOW))["@odata.nextLink"]
        assert body(api.get(start))["value"] == body(api.get(start))["value"], "a page again"


@pytest.mark.parametrize(("form", "status", "code"), [
    ("410", 410, "SyncStateNotFound"), ("410-location", 410, "syncStateNotFound"), ("400", 400, "SyncStateNotFound"),
    ("404", 404, "SyncStateNotFound"), ("400-id", 400, "ErrorInvalidIdMalformed"),
])
def test_tokens_are_lost_in_every_form(form: str, status: int, code: str) -> None:
    """L16.52, A9.20"""
    with graph_emulator(lost_token=form, page=2) as g, Api(g) as api:
        for number in range(5):
            api.create(subject=f"{number}")
        link = api.round()[1]
        middle = body(api.get("me/calendarView/delta", WINDOW))["@odata.nextLink"]
        g.change(forget_tokens=True)
        for lost in (link, middle):
            answer = api.get(lost)
            assert refusal(answer) == (status, code)
            assert ("location" in answer.headers) == (form == "410-location")
        assert len(api.round()[0]) == 5
        fresh = api.round()[1]
        g.change(faults=[{"name": "410", "path": "deltatoken"}])
        assert refusal(api.get(fresh)) == (status, code), "on a fresh token"
        assert api.get(fresh).status_code == 200


def test_tokens_die_of_age_and_of_newer_ones() -> None:
    """L16.52, A9.20"""
    with graph_emulator(delta_tokens_kept=3, delta_token_s=3600) as g, Api(g) as api:
        link = api.round()[1]
        for _ in range(3):
            api.round()
        assert api.get(link).status_code == 200
        api.round()
        assert api.get(link).status_code == 410
        link = api.round()[1]
        g.change(advance_s=3601)
        with Api(g) as later:
            assert later.get(link).status_code == 410


def test_a_delta_may_answer_404_500_and_503_and_choke_on_a_page() -> None:
    """L16.54, A9.21"""
    with graph_emulator(page=1) as g, Api(g) as api:
        for number in range(4):
            api.create(subject=f"{number}")
        for status in (404, 500, 503):
            g.change(faults=[{"name": "status", "status": status, "code": "UnknownError", "path": "/delta"}])
            assert api.get("me/calendarView/delta", WINDOW).status_code == status
        g.change(faults=[{"name": "503", "path": "skiptoken", "skip": 1}])
        link, told = "", body(api.get("me/calendarView/delta", WINDOW))
        codes = []
        for _ in range(4):
            link = told.get("@odata.nextLink", link)
            answer = api.get(link)
            codes.append(answer.status_code)
            told = body(answer) if answer.status_code == 200 else {}
        assert codes == [200, 503, 200, 200]


def test_a_poison_page_works_only_with_small_pages() -> None:
    """A9.21"""
    with graph_emulator(poison_page=5) as g, Api(g) as api:
        for number in range(12):
            api.create(subject=f"{number}")
        first = body(api.get("me/calendarView/delta", WINDOW, Prefer="odata.maxpagesize=10"))
        again = [api.get(first["@odata.nextLink"], Prefer="odata.maxpagesize=10").status_code for _ in range(3)]
        assert again == [500, 500, 500]
        assert sum(len(page) for page in pages(api, 1)) == 12


def test_a_link_may_lead_to_another_host_which_hears_of_whoever_follows() -> None:
    """L16.55"""
    with graph_emulator(foreign_next_link=True, page=1) as g, Api(g) as api:
        for number in range(3):
            api.create(subject=f"{number}")
        link = body(api.get("me/calendarView/delta", WINDOW))["@odata.nextLink"]
        assert link.startswith(g.emulator.trap_url) and not link.startswith(g.graph_url)
        assert g.state()["leaks"] == []
        api.get(link)
        assert len(g.state()["leaks"]) == 1


def test_unbounded_event_deltas_are_off_unless_asked_for() -> None:
    """L16.53"""
    with graph_emulator() as g, Api(g) as api:
        assert api.get("me/events/delta").status_code == 400
        g.change(knobs={"events_delta": True})
        single, master = api.create()["id"], api.create(recurrence=weekly())["id"]
        told = body(api.get("me/events/delta"))
        assert {row["id"] for row in told["value"]} == {single, master}
        assert told["value"][0].keys() == {"@odata.etag", "id", "type", "start", "end"}
        api.delete(f"me/events/{q(single)}")
        assert gone(body(api.get(told["@odata.deltaLink"]))["value"]) == {single}
        late = {"startDateTime": "2026-06-01T00:00:00Z"}
        assert body(api.get("me/events/delta", late))["value"] == []
        assert refusal(api.get("me/events/delta", WINDOW)) == (400, "ErrorInvalidParameter")


def test_with_every_cruelty_a_careful_reader_still_gets_all() -> None:
    """A9.15, A9.17: the union of point reads behind a cruel round is the truth"""
    with graph_emulator(**CRUEL) as g, Api(g) as api:
        names = [api.create(subject=f"old {n}", start=f"2026-01-{n + 1:02d}T09:00:00")["id"] for n in range(12)]
        for name in names[::2]:
            api.patch(f"me/events/{q(name)}", {"subject": "new"})
        for name in names[:3]:
            api.delete(f"me/events/{q(name)}")
        rows: list[Any] = api.round()[0]
        seen = {row["id"] for row in rows}
        truth = {name: api.get(f"me/events/{q(name)}") for name in seen}
        assert {name for name, answer in truth.items() if answer.status_code == 200} == set(names[3:])
