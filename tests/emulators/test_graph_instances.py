"""Occurrences and exceptions in the Graph emulator. Each test cites its items."""

from __future__ import annotations

import base64
import struct
from datetime import date, timedelta
from typing import Any

import pytest

from tests.emulators.graph import graph_emulator, recurrence
from tests.emulators.graph.client import IMMUTABLE, Api, Json, at, body, q, refusal, weekly

BLOB = "Binary {00062002-0000-0000-c000-000000000046} Id 0x8216"
ICAL = dict(zip(recurrence.DAYS, ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], strict=True))


def rule(start: str, *, count: int = 0, end: str = "", **pattern: Any) -> Json:
    kind = (
        {"type": "numbered", "numberOfOccurrences": count}
        if count
        else {"type": "endDate", "endDate": end}
        if end
        else {"type": "noEnd"}
    )
    return {"pattern": {"interval": 1, **pattern}, "range": {"startDate": start, **kind}}


def days(rows: list[Json]) -> list[str]:
    return [row["start"]["dateTime"][:10] for row in rows]


# -- instances ---------------------------------------------------------------------------------------------------------


def test_an_occurrence_becomes_an_exception_or_is_gone_for_good() -> None:
    """L16.42, A9.18"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(recurrence=weekly())
        rows = api.instances(made["id"])
        assert {row["type"] for row in rows} == {"occurrence"} and len({row["iCalUId"] for row in rows}) == 5
        assert {row["seriesMasterId"] for row in rows} == {made["id"]} and len({row["uid"] for row in rows}) == 1
        assert rows[1]["occurrenceId"] == f"OID.{made['id']}.2026-01-12"
        moved = {"start": at("2026-01-13T14:00:00"), "end": at("2026-01-13T15:00:00")}
        after = body(api.patch(f"me/events/{q(rows[1]['id'])}", moved))
        assert (after["type"], after["originalStart"]) == ("exception", "2026-01-12T08:00:00.0000000Z")
        path = f"me/events/{q(rows[2]['id'])}"
        assert [api.delete(path).status_code for _ in range(2)] == [204, 404]
        assert api.get(path).status_code == api.patch(path, {"subject": "x"}).status_code == 404
        assert days(api.instances(made["id"])) == ["2026-01-05", "2026-01-13", "2026-01-26", "2026-02-02"]
        assert refusal(api.patch(f"me/events/{q(rows[3]['id'])}", {"recurrence": weekly()})) == (
            400,
            "ErrorInvalidRequest",
        )
        back = body(api.patch(f"me/events/{q(rows[1]['id'])}", {"start": rows[1]["start"], "end": rows[1]["end"]}))
        assert back["type"] == "exception", "there is no way back"


def test_an_occurrence_does_not_reach_the_day_of_a_neighbour_not_even_of_a_cancelled_one() -> None:
    """L16.42"""
    with graph_emulator() as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        rows = api.instances(master)
        api.delete(f"me/events/{q(rows[2]['id'])}")
        for day in ("2026-01-19", "2026-01-20", "2026-01-05", "2026-01-04"):
            moved = {"start": at(f"{day}T20:00:00"), "end": at(f"{day}T21:00:00")}
            answer = api.patch(f"me/events/{q(rows[1]['id'])}", moved)
            assert refusal(answer) == (400, "ErrorOccurrenceCrossingBoundary"), day
        moved = {"start": at("2026-01-18T20:00:00"), "end": at("2026-01-18T21:00:00")}
        assert api.patch(f"me/events/{q(rows[1]['id'])}", moved).status_code == 200


def test_a_cancelled_instance_may_have_a_code_of_its_own() -> None:
    """L16.42 (L11)"""
    with graph_emulator(gone_occurrence="ErrorCalendarOccurrenceIsDeletedFromRecurrence") as g, Api(g) as api:
        one = api.instances(api.create(recurrence=weekly())["id"])[1]["id"]
        api.delete(f"me/events/{q(one)}")
        assert refusal(api.delete(f"me/events/{q(one)}")) == (404, "ErrorCalendarOccurrenceIsDeletedFromRecurrence")


def test_cancelled_and_changed_instances_are_told_only_to_a_get_of_the_master_that_names_them() -> None:
    """L16.43, A9.18"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(recurrence=weekly())
        rows = api.instances(made["id"])
        api.delete(f"me/events/{q(rows[1]['id'])}")
        api.patch(f"me/events/{q(rows[2]['id'])}", {"subject": "Own"})
        members = "subject,cancelledOccurrences,exceptionOccurrences"
        told = api.read(made["id"], select=members, expand="exceptionOccurrences")
        assert told["cancelledOccurrences"] == [f"OID.{made['id']}.2026-01-12"]
        assert [row["subject"] for row in told["exceptionOccurrences"]] == ["Own"]
        hidden = {"cancelledOccurrences", "exceptionOccurrences"}
        assert not hidden & api.read(made["id"]).keys()
        assert "exceptionOccurrences" not in api.read(made["id"], select=members)
        assert not hidden & api.rows("me/events", {"$select": members})[0].keys()
        assert not any(hidden & row.keys() for row in api.round()[0])
        g.change(knobs={"series_members_absent": True})
        assert not hidden & api.read(made["id"], select=members, expand="exceptionOccurrences").keys()


@pytest.mark.parametrize("changes", [True, False])
def test_the_etag_of_a_master_when_an_instance_is_deleted(changes: bool) -> None:
    """A9.18 (knob)"""
    with graph_emulator(etag_on_instance_delete=changes) as g, Api(g) as api:
        made = api.create(recurrence=weekly())
        rows = api.instances(made["id"])
        assert {row["@odata.etag"] for row in rows} == {made["@odata.etag"]}
        api.delete(f"me/events/{q(rows[1]['id'])}")
        assert (api.read(made["id"])["@odata.etag"] != made["@odata.etag"]) == changes
        own = body(api.patch(f"me/events/{q(rows[2]['id'])}", {"subject": "x"}))
        assert own["@odata.etag"] != api.read(made["id"])["@odata.etag"] != made["@odata.etag"]


def test_instances_need_a_window_and_a_master() -> None:
    """A9.22"""
    with graph_emulator() as g, Api(g) as api:
        master, single = api.create(recurrence=weekly(count=30))["id"], api.create()["id"]
        assert refusal(api.get(f"me/events/{q(master)}/instances")) == (400, "ErrorInvalidParameter")
        window = {"startDateTime": "2026-01-01", "endDateTime": "2027-01-01"}
        first = body(api.get(f"me/events/{q(master)}/instances", window))
        assert len(first["value"]) == 10 and "@odata.nextLink" in first
        assert len(api.rows(f"me/events/{q(master)}/instances", window)) == 30
        for name in (single, first["value"][0]["id"]):
            assert refusal(api.get(f"me/events/{q(name)}/instances", window)) == (400, "ErrorInvalidRequest")


def test_an_exception_moved_across_the_window_is_found_by_where_it_is() -> None:
    """A9.22"""
    with graph_emulator() as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        one = api.instances(master)[3]["id"]
        api.patch(f"me/events/{q(one)}", {"start": at("2026-02-01T09:00:00"), "end": at("2026-02-01T10:00:00")})
        assert days(api.instances(master, endDateTime="2026-02-01T00:00:00Z")) == [
            "2026-01-05",
            "2026-01-12",
            "2026-01-19",
        ]
        assert days(api.instances(master, startDateTime="2026-02-01T00:00:00Z")) == ["2026-02-01", "2026-02-02"]


@pytest.mark.parametrize("inherits", [True, False])
def test_an_exception_carries_the_private_properties_of_its_master_or_does_not(inherits: bool) -> None:
    """L16.34 (L8.2, L17.14)"""
    key = "String {6c2a3e5d-91f4-4b0e-8f51-1b4e0f3d7a20} Name calsync-uid"
    expand = f"singleValueExtendedProperties($filter=id eq '{key}')"
    with graph_emulator(exceptions_inherit_properties=inherits) as g, Api(g) as api:
        master = api.create(recurrence=weekly(), singleValueExtendedProperties=[{"id": key, "value": "u"}])["id"]
        one = api.instances(master)[1]["id"]
        assert "singleValueExtendedProperties" not in api.read(one, expand=expand), "an occurrence inherits nothing"
        api.patch(f"me/events/{q(one)}", {"subject": "x"})
        assert ("singleValueExtendedProperties" in api.read(one, expand=expand)) == inherits


def test_the_recurrence_blob_says_the_same() -> None:
    """L16.45"""
    with graph_emulator() as g, Api(g, prefer=IMMUTABLE) as api:
        made = api.create(recurrence=weekly())
        rows = api.instances(made["id"])
        api.delete(f"me/events/{q(rows[1]['id'])}")
        api.patch(
            f"me/events/{q(rows[2]['id'])}", {"start": at("2026-01-20T09:00:00"), "end": at("2026-01-20T10:00:00")}
        )
        listed = api.rows("me/events", {"$expand": f"singleValueExtendedProperties($filter=id eq '{BLOB}')"})[0]
        raw = base64.b64decode(listed["singleValueExtendedProperties"][0]["value"])
        assert struct.unpack_from("<HHHHH", raw) == (0x3004, 0x3004, 0x200B, 1, 0)
        numbers = struct.unpack_from(f"<{(len(raw) - 10) // 4}I", raw, 10)
        assert numbers[1:4] == (1, 0, 0b10) and numbers[4:7] == (0x2022, 5, 1)
        known = [
            (date(1601, 1, 1) + timedelta(minutes=n)).isoformat() for n in (*numbers[8:10], numbers[11], *numbers[12:])
        ]
        assert numbers[7] == 2 and numbers[10] == 1
        assert known == ["2026-01-12", "2026-01-19", "2026-01-20", "2026-01-05", "2026-02-02"]
