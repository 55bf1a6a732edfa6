"""calendarView/delta of the Graph emulator: requests, pages, rows. Each test cites its items."""

from __future__ import annotations

import pytest

from tests.emulators.graph import graph_emulator
from tests.emulators.graph.client import WINDOW, Api, Json, body, event, q, refusal, weekly

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


# -- the request -------------------------------------------------------------------------------------------------------


def test_the_window_is_needed_once_and_baked_into_the_links() -> None:
    """L16.46, A9.14"""
    with graph_emulator() as g, Api(g) as api:
        for params in ({}, {"startDateTime": "2026-01-01"}):
            answer = api.get("me/calendarView/delta", params)
            assert refusal(answer) == (400, "ErrorInvalidParameter")
            assert "This request requires a time window specified by" in answer.text
        empty = api.get("me/calendarView/delta", WINDOW | {"startDateTime": ""})
        assert "The value '' of parameter 'StartDateTime' is invalid." in empty.text
        assert refusal(api.get("me/calendarView/delta", WINDOW | {"endDateTime": "2031-01-01"})) == (
            400,
            "ErrorInvalidRequest",
        )
        link = api.round()[1]
        api.create(start="2026-05-05T09:00:00")
        assert alive(api.round(link)[0]) == []
        assert refusal(api.get(f"{link}&startDateTime=2026-05-01&endDateTime=2026-06-01")) == (
            400,
            "ErrorInvalidParameter",
        )
        g.change(knobs={"window_with_token": "ignore"})
        assert api.get(f"{link}&startDateTime=2026-05-01&endDateTime=2026-06-01").status_code == 200


def test_tokens_are_opaque_differ_each_round_and_belong_to_their_calendar() -> None:
    """L16.46, A9.14"""
    with graph_emulator() as g, Api(g) as api:
        g.do(do="add_calendar", name="Second")
        first, second = api.round()[1], api.round()[1]
        token = first.partition("$deltatoken=")[2]
        assert first != second and "2026" not in token
        edited = api.get(first[:-6] + "AAAAAA")
        assert refusal(edited) == (400, "BadRequest") and "Badly formed token" in edited.text
        other = f"me/calendars/{q(g.calendar_id('Second'))}/calendarView/delta?$deltatoken={token}"
        assert refusal(api.get(other)) == (400, "BadRequest")
        assert refusal(api.get(first.replace("$deltatoken", "$skiptoken"))) == (400, "BadRequest")


@pytest.mark.parametrize("option", ["$select=subject", "$filter=type eq 'occurrence'", "$orderby=subject", "$search=x",
                                    "$expand=singleValueExtendedProperties", "$top=5"])
def test_unsupported_options_are_refused_and_noted(option: str) -> None:
    """L16.47, A9.14"""
    name, _, value = option.partition("=")
    with graph_emulator(check=False) as g, Api(g) as api:
        answer = api.get("me/calendarView/delta", WINDOW | {name: value})
        assert refusal(answer) == (400, "ErrorInvalidUrlQuery") and name in answer.text
        assert len(g.violations) == 1
        g.change(knobs={"odd_options": "ignore"})
        assert api.get("me/calendarView/delta", WINDOW | {name: value}).status_code == 200


# -- pages -------------------------------------------------------------------------------------------------------------


def test_page_size_is_a_wish_and_a_series_stays_on_one_page() -> None:
    """L16.47, L16.48, A9.15"""
    with graph_emulator() as g, Api(g) as api:
        for number in range(7):
            api.create(subject=f"{number}")
        master = api.create(recurrence=weekly())["id"]
        sizes = [len(page) for page in pages(api, 3)]
        assert sum(sizes) == 13 and max(sizes) >= 6
        with_series = [page for page in pages(api, 3) if any(row.get("seriesMasterId") == master for row in page)]
        assert len(with_series) == 1 and any(row["id"] == master for row in with_series[0])
        g.change(knobs={"page_cap": 2})
        assert max(len(page) for page in pages(api, 50)) <= 7 and len(pages(api, 50)) >= 4


def test_pages_may_be_empty_first_in_the_middle_and_last() -> None:
    """L16.47, A9.15"""
    with graph_emulator(first_page_empty=True, middle_page_empty=True, last_page_empty=True) as g, Api(g) as api:
        for number in range(5):
            api.create(subject=f"{number}")
        sizes = [len(page) for page in pages(api, 2)]
        assert sizes == [0, 2, 0, 2, 1, 0]


def test_rows_may_come_twice_as_older_versions_and_in_any_order() -> None:
    """L16.51, A9.15"""
    with graph_emulator(repeat_rows=True) as g, Api(g) as api:
        ids = [api.create(subject=f"old {number}")["id"] for number in range(9)]
        for name in ids:
            api.patch(f"me/events/{q(name)}", {"subject": "new"})
        rows, others = api.round()[0], api.round()[0]
        assert len(rows) > 9 and {row["id"] for row in rows} == set(ids)
        assert any(row["subject"].startswith("old") for row in rows), "an old version"
        for name in ids:
            assert "new" in [row["subject"] for row in rows if row["id"] == name]
        assert [row["id"] for row in rows] != [row["id"] for row in others]


# -- rows --------------------------------------------------------------------------------------------------------------


def test_rows_of_each_kind() -> None:
    """L16.48, A9.16"""
    with graph_emulator() as g, Api(g) as api:
        single = api.create()
        master = api.create(start="2025-12-15T09:00:00", recurrence=weekly("2025-12-15", 5))["id"]
        window = {"startDateTime": "2025-12-01T00:00:00Z", "endDateTime": "2026-04-01T00:00:00Z"}
        api.patch(f"me/events/{q(api.instances(master, **window)[4]['id'])}", {"subject": "Own"})
        rows = {row["id"]: row for row in api.round()[0]}
        assert rows[master]["type"] == "seriesMaster" and rows[master]["start"]["dateTime"].startswith("2025-12-15")
        assert rows[master]["recurrence"]["pattern"]["type"] == "weekly"
        kinds = sorted(row["type"] for row in rows.values())
        assert kinds == ["exception", "occurrence", "seriesMaster", "singleInstance"]
        occurrence = next(row for row in rows.values() if row["type"] == "occurrence")
        assert occurrence.keys() == SPARSE and occurrence["seriesMasterId"] == master
        exception = next(row for row in rows.values() if row["type"] == "exception")
        assert exception["subject"] == "Own" and exception["originalStart"] == "2026-01-12T08:00:00.0000000Z"
        assert rows[single["id"]].keys() - {"@odata.type"} == single.keys() - {"@odata.context"}


def test_a_round_may_be_without_masters() -> None:
    """A9.16 (knob)"""
    with graph_emulator(masters_in_delta=False) as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        rows = api.round()[0]
        assert {row["type"] for row in rows} == {"occurrence"} and {row["seriesMasterId"] for row in rows} == {master}


def test_a_cancelled_meeting_is_an_ordinary_row() -> None:
    """A9.16"""
    with graph_emulator() as g, Api(g) as api:
        name = g.do(do="create", event=event("Review", isOrganizer=False))
        link = api.round()[1]
        g.do(do="cancel_meeting", id=name)
        assert [(row["isCancelled"], row["subject"]) for row in api.round(link)[0]] == [(True, "Canceled: Review")]


def test_links_work_with_both_forms_of_ids() -> None:
    """A9.7, A9.14"""
    with graph_emulator() as g, Api(g) as api, Api(g, prefer=None) as plain:
        immutable = api.create()["id"]
        link = api.round()[1]
        api.patch(f"me/events/{q(immutable)}", {"subject": "x"})
        assert [row["id"] for row in api.round(link)[0]] == [immutable]
        assert [row["id"] for row in plain.round(link)[0]] != [immutable]
