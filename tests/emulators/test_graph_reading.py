"""Private properties and the ways of reading in the Graph emulator. Each test cites its items."""

from __future__ import annotations

import pytest

from tests.emulators.graph import graph_emulator
from tests.emulators.graph.client import WINDOW, Api, body, event, q, refusal, weekly

KEY = "String {6C2A3E5D-91F4-4B0E-8F51-1B4E0F3D7A20} Name calsync-uid"
FILTER = f"singleValueExtendedProperties/any(ep: ep/id eq '{KEY}' and ep/value eq '%s')"
EXPAND = f"singleValueExtendedProperties($filter=id eq '{KEY}')"


# -- private properties ------------------------------------------------------------------------------------------------


def test_private_properties_are_told_only_to_those_who_name_them() -> None:
    """L16.34"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(singleValueExtendedProperties=[{"id": KEY, "value": "Uid-1"}])
        assert "singleValueExtendedProperties" not in made
        assert "singleValueExtendedProperties" not in api.read(made["id"])
        told = api.read(made["id"], expand=EXPAND)["singleValueExtendedProperties"]
        assert told == [
            {
                "id": KEY.replace("6C2A3E5D-91F4-4B0E-8F51-1B4E0F3D7A20", "6c2a3e5d-91f4-4b0e-8f51-1b4e0f3d7a20"),
                "value": "Uid-1",
            }
        ]
        other_name = EXPAND.replace("calsync-uid", "Calsync-Uid")
        assert "singleValueExtendedProperties" not in api.read(made["id"], expand=other_name), "names keep their case"
        for value, found in (("uid-1", 1), ("UID-1", 1), ("uid-2", 0)):
            assert len(api.rows("me/events", {"$filter": FILTER % value})) == found, "values are compared without case"
        with_both = api.rows("me/events", {"$filter": FILTER % "uid-1", "$expand": EXPAND, "$select": "subject"})
        assert with_both[0].keys() >= {"id", "subject", "singleValueExtendedProperties", "@odata.etag"}
        api.patch(f"me/events/{q(made['id'])}", {"singleValueExtendedProperties": [{"id": KEY, "value": "Uid-2"}]})
        assert len(api.rows("me/events", {"$filter": FILTER % "uid-2"})) == 1


def test_a_filter_by_property_may_lag() -> None:
    """A9.29"""
    with graph_emulator(filter_lag_s=30) as g, Api(g) as api:
        api.create(singleValueExtendedProperties=[{"id": KEY, "value": "u"}])
        assert api.rows("me/events", {"$filter": FILTER % "u"}) == []
        assert len(api.rows("me/events")) == 1
        g.change(advance_s=31)
        assert len(api.rows("me/events", {"$filter": FILTER % "u"})) == 1


@pytest.mark.parametrize("copies", [True, False])
def test_a_copy_made_by_a_person_carries_the_properties_or_does_not(copies: bool) -> None:
    """L16.34 (knob), A9.29"""
    with graph_emulator(copies_properties=copies) as g, Api(g) as api:
        made = api.create(singleValueExtendedProperties=[{"id": KEY, "value": "u"}], transactionId="t")
        copy = g.do(do="copy", id=made["id"])
        assert copy != made["id"] and "transactionId" not in api.read(copy)
        assert len(api.rows("me/events", {"$filter": FILTER % "u"})) == 1 + copies


def test_badly_written_options_are_refused() -> None:
    """L16.34, L16.35"""
    with graph_emulator() as g, Api(g) as api:
        for params in (
            {"$filter": FILTER % "it's"},
            {"$filter": "subject eq"},
            {"$expand": "singleValueExtendedProperties($filter=id"},
            {"$select": "subject,colour"},
            {"$expand": "calendar"},
        ):
            assert refusal(api.get("me/events", params))[0] == 400, params
        assert api.rows("me/events", {"$filter": FILTER % "it''s"}) == []


def test_a_body_over_four_megabytes_is_refused() -> None:
    """L16.34"""
    with graph_emulator() as g, Api(g) as api:
        big = event() | {"body": {"contentType": "text", "content": "x" * 4_100_000}}
        assert api.post("me/events", big).status_code == 413


# -- reading -----------------------------------------------------------------------------------------------------------


def test_select_gives_what_it_names() -> None:
    """L16.35, A9.9"""
    with graph_emulator() as g, Api(g) as api:
        name = api.create()["id"]
        assert api.read(name, select="subject").keys() - {"@odata.context"} == {"id", "@odata.etag", "subject"}
        assert "onlineMeeting" not in api.read(name, select="onlineMeeting")
        assert "onlineMeeting" in api.read(name, select="onlineMeeting,isOnlineMeeting")
        assert refusal(api.get(f"me/events/{q(name)}", {"$select": "colour"})) == (400, "BadRequest")


def test_filters_work_on_the_documented_fields_only() -> None:
    """L16.35, A9.9"""
    with graph_emulator() as g, Api(g) as api:
        early, late = (
            api.create(),
            api.create(subject="Late", start="2026-02-02T09:00:00", recurrence=weekly("2026-02-02")),
        )
        for text, found in {
            "start/dateTime ge '2026-01-20T00:00:00'": [late], "type eq 'seriesMaster'": [late],
            f"iCalUId eq '{early['iCalUId']}'": [early], "subject eq 'late' or isAllDay eq true": [late],
            "lastModifiedDateTime ge 2026-01-01T00:00:00Z and not (subject eq 'Late')": [early],
            "startswith(subject,'De')": [early], "lastModifiedDateTime lt 2020-01-01T00:00:00Z": [],
        }.items():
            assert [row["id"] for row in api.rows("me/events", {"$filter": text})] == [row["id"] for row in found], text
        for text in ("bodyPreview eq 'x'", "seriesMasterId eq 'x'", "attendees/any(a:a/type eq 'required')"):
            assert refusal(api.get("me/events", {"$filter": text})) == (400, "ErrorInvalidRequest")
        both = {"$filter": "subject eq 'Late' and start/dateTime ge '2026-01-01'", "$orderby": "start/dateTime"}
        assert refusal(api.get("me/events", both)) == (400, "InefficientFilter")
        ordered = {"$filter": "start/dateTime ge '2026-01-01'", "$orderby": "start/dateTime desc"}
        assert [row["subject"] for row in api.rows("me/events", ordered)] == ["Late", "Dentist"]


def test_a_view_needs_its_window_and_shows_instances_not_masters() -> None:
    """L16.36"""
    with graph_emulator() as g, Api(g) as api:
        api.create()
        api.create(subject="Series", start="2026-01-12T09:00:00", recurrence=weekly("2026-01-12"))
        for params in ({}, {"startDateTime": "2026-01-01"}):
            assert refusal(api.get("me/calendarView", params)) == (400, "ErrorInvalidParameter")
        empty = api.get("me/calendarView", WINDOW | {"startDateTime": ""})
        assert "The value '' of parameter 'StartDateTime' is invalid." in empty.text
        far = WINDOW | {"endDateTime": "2031-01-01T00:00:01Z"}
        assert refusal(api.get("me/calendarView", far)) == (400, "ErrorInvalidRequest")
        rows = api.rows("me/calendarView", WINDOW | {"$top": "50"})
        assert [row["type"] for row in rows].count("occurrence") == 5 and len(rows) == 6
        assert not any(row["originalStart"] or "createdDateTime" in row for row in rows)
        assert any(row["originalStart"] for row in api.rows("me/calendarView", WINDOW | {"$select": "*"}))
        assert {row["type"] for row in api.rows("me/events")} == {"singleInstance", "seriesMaster"}


def test_window_ends_are_read_with_their_own_offset() -> None:
    """L16.36, A9.8"""
    with graph_emulator() as g, Api(g) as api:
        api.create(start="2026-01-05T09:00:00", zone="UTC")
        for start, seen in (
            ("2026-01-05T11:00:00+02:00", 1),
            ("2026-01-05T10:00:00", 0),
            ("2026-01-05T12:00:01+02:00", 0),
        ):
            window = {"startDateTime": start, "endDateTime": "2026-01-06T00:00:00Z"}
            answer = api.rows("me/calendarView", window, Prefer='outlook.timezone="Asia/Tokyo"')
            assert len(answer) == seen, start


def test_lists_may_go_back_in_time() -> None:
    """L16.37, A9.19: never a point read"""
    with graph_emulator(stale_lists=3) as g, Api(g) as api:
        for number in range(10):
            api.create(subject=f"{number}")
        sizes = [len(api.rows("me/events", {"$top": "50"})) for _ in range(20)]
        assert min(sizes) >= 7 and max(sizes) == 10 and sizes != sorted(sizes)


def test_reads_after_a_write_may_be_stale() -> None:
    """L16.37, A9.19"""
    with graph_emulator(stale_instance_reads=2) as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        one = api.instances(master)[1]["id"]
        api.patch(f"me/events/{q(one)}", {"subject": "New"})
        assert [api.read(one)["subject"] for _ in range(3)] == ["Dentist", "Dentist", "New"]
        g.change(knobs={"point_lag_s": 10}, advance_s=20)
        api.patch(f"me/events/{q(master)}", {"subject": "Newer"})
        assert api.read(master)["subject"] == "Dentist"
        g.change(advance_s=11)
        assert api.read(master)["subject"] == "Newer"


@pytest.mark.parametrize(("knob", "status"), [("ignored", 200), ("checked", 404)])
def test_the_calendar_in_the_path_of_an_event_is_ignored_or_checked(knob: str, status: int) -> None:
    """A9.17 (A4.4): a moved event under its old calendar"""
    with graph_emulator(calendar_segment=knob) as g, Api(g) as api:
        g.do(do="add_calendar", name="Second")
        name, old = api.create()["id"], g.calendar_id()
        g.do(do="move", id=name, calendar="Second")
        assert api.get(f"me/calendars/{q(old)}/events/{q(name)}").status_code == status
        assert body(api.get(f"me/events/{q(name)}/calendar"))["name"] == "Second"


def test_ids_can_be_translated() -> None:
    """A9.7 (A8)"""
    with graph_emulator() as g, Api(g) as api, Api(g, prefer=None) as plain:
        immutable = api.create()["id"]
        default = plain.rows("me/events")[0]["id"]
        asked = {
            "inputIds": [default, immutable[:-10]],
            "sourceIdType": "restId",
            "targetIdType": "restImmutableEntryId",
        }
        rows = body(api.post("me/translateExchangeIds", asked))["value"]
        assert rows[0]["targetId"] == immutable and rows[1]["errorDetails"]


def test_the_service_names_its_zones() -> None:
    """L16.21 (L13.1)"""
    with graph_emulator() as g, Api(g) as api:
        windows = {row["alias"] for row in api.get("me/outlook/supportedTimeZones").json()["value"]}
        path = "me/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')"
        assert "W. Europe Standard Time" in windows
        assert "Europe/Berlin" in {row["alias"] for row in api.get(path).json()["value"]}
        assert refusal(api.get("me/mailboxSettings/timeZone")) == (403, "ErrorAccessDenied")
        with Api(g, token=g.token(scopes="MailboxSettings.Read")) as more:
            assert more.get("me/mailboxSettings/timeZone").json()["value"] == "W. Europe Standard Time"
