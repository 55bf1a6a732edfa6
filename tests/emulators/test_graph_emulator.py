"""The Graph emulator against its checklists: transport, calendars, the side door. Each test cites its items.

Words   S short sheet, L long sheet, A access sheet: L16.n and A9.n are items of their checklists
Rest    the other test_graph_*.py beside this one; the first test here sees to it that no item is without a test
"""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.emulators.graph import graph_emulator
from tests.emulators.graph.client import IMMUTABLE, WINDOW, Api, body, event, q, refusal, weekly

HERE = Path(__file__).parent


def test_every_item_of_the_checklists_has_a_test() -> None:
    cited = set(re.findall(r"\b(?:L16|A9)\.\d+\b", "".join(file.read_text() for file in HERE.glob("test_graph_*.py"))))
    wanted = {f"L16.{n}" for n in range(1, 61)} | {f"A9.{n}" for n in range(1, 35)}
    assert sorted(wanted - cited) == []


# -- transport ---------------------------------------------------------------------------------------------------------


def test_errors_look_as_the_sheet_says_and_name_the_request() -> None:
    """L16.9, A9.6"""
    with graph_emulator() as g, Api(g) as api:
        answer = api.get("me/events/AAMk", client_request_id="journal-7")
        told = body(answer)["error"]
        assert (answer.status_code, told["code"]) == (400, "ErrorInvalidIdMalformed")
        assert told["innerError"].keys() == {"date", "request-id", "client-request-id"}
        assert told["innerError"]["client-request-id"] == answer.headers["client-request-id"] == "journal-7"
        assert answer.headers["request-id"]


@pytest.mark.parametrize(("shape", "check"), [
    ("innererror", lambda answer: "innererror" in answer.json()["error"]),
    ("nested", lambda answer: answer.json()["error"]["innerError"]["code"] == "ErrorInvalidIdMalformed"),
    ("empty-code", lambda answer: answer.json()["error"]["code"] == ""),
    ("other-case", lambda answer: answer.json()["error"]["code"] == "eRRORiNVALIDiDmALFORMED"),
    ("empty-body", lambda answer: answer.content == b""),
    ("html", lambda answer: answer.headers["content-type"] == "text/html"),
])
def test_errors_come_in_other_shapes(shape: str, check: Callable[[httpx.Response], bool]) -> None:
    """L16.9, A9.6"""
    with graph_emulator(error_shape=shape) as g, Api(g) as api:
        answer = api.get("me/events/AAMk")
        assert answer.status_code == 400
        assert check(answer)
        assert answer.headers["request-id"]


def test_preferences_are_parsed_in_every_form_and_the_honoured_ones_are_told() -> None:
    """L16.10, A9.6, A9.8"""
    with graph_emulator() as g, Api(g, prefer=None) as api:
        name = api.create()["id"]
        headers = [("Prefer", IMMUTABLE), ("Prefer", 'outlook.timezone="Asia/Tokyo", unheard.of=1'), ("Prefer", "x; y")]
        answer = api.http.get(f"{g.graph_url}/me/events/{q(name)}", headers=headers)
        assert answer.headers["preference-applied"] == f'{IMMUTABLE}, outlook.timezone="Asia/Tokyo"'
        assert body(answer)["start"] == {"dateTime": "2026-01-05T17:00:00.0000000", "timeZone": "Asia/Tokyo"}
        assert body(answer)["id"] != name
        delta = api.get("me/calendarView/delta", WINDOW, Prefer="odata.maxpagesize=3")
        assert delta.headers["preference-applied"] == "odata.maxpagesize=3, odata.track-changes"
        wrong = api.get("me/events", Prefer='outlook.timezone="Mars/Olympus"')
        assert refusal(wrong) == (400, "TimeZoneNotSupportedException")


def test_ids_are_long_case_sensitive_and_must_be_encoded() -> None:
    """L16.11, A9.7"""
    with graph_emulator() as g, Api(g) as api, Api(g, prefer=None) as plain:
        immutable = api.create()["id"]
        default = body(plain.get(f"me/events/{q(immutable)}"))["id"]
        assert len(immutable) >= 120 and len(default) >= 120 and immutable.endswith("=")
        assert body(api.get(f"me/events/{q(default)}"))["id"] == immutable, "either form is accepted"
        assert api.get(f"me/events/{q(immutable.swapcase())}").status_code == 400
        hard = next(each for each in (plain.create(subject=f"{n}")["id"] for n in range(40)) if "/" in each)
        assert plain.get(f"me/events/{hard}").status_code in (400, 404)
        assert plain.get(f"me/events/{q(hard)}").status_code == 200


def test_default_ids_change_when_an_event_moves_and_immutable_ones_do_not() -> None:
    """L16.11, A9.7"""
    with graph_emulator() as g, Api(g) as api, Api(g, prefer=None) as plain:
        g.do(do="add_calendar", name="Second")
        immutable = api.create()["id"]
        before = body(plain.get(f"me/events/{q(immutable)}"))["id"]
        g.do(do="move", id=immutable, calendar="Second")
        assert plain.get(f"me/events/{q(before)}").status_code == 404
        assert body(plain.get(f"me/events/{q(immutable)}"))["id"] != before
        assert api.read(immutable)["id"] == immutable


def test_the_default_id_of_an_occurrence_changes_when_it_becomes_an_exception() -> None:
    """L16.11 (knob)"""
    for changes in (True, False):
        with graph_emulator(exception_id_changes=changes) as g, Api(g, prefer=None) as plain, Api(g) as api:
            master = plain.create(recurrence=weekly())["id"]
            before = plain.instances(master)[1]["id"]
            stable = api.instances(master)[1]["id"]
            after = body(plain.patch(f"me/events/{q(before)}", {"subject": "moved"}))["id"]
            assert (after != before) == changes
            assert api.instances(master)[1]["id"] == stable


def test_lists_come_in_pages_of_ten_and_links_are_absolute() -> None:
    """L16.12, A9.9"""
    with graph_emulator() as g, Api(g) as api:
        for number in range(23):
            api.create(subject=f"{number}")
        first = body(api.get("me/events"))
        assert len(first["value"]) == 10
        assert first["@odata.nextLink"].startswith(f"{g.graph_url}/me/events?") and "$skip" in first["@odata.nextLink"]
        assert len({row["id"] for row in api.rows("me/events")}) == 23
        assert len(body(api.get("me/events", {"$top": "1000"}))["value"]) == 23
        assert refusal(api.get("me/events", {"$top": "1001"})) == (400, "ErrorInvalidUrlQuery")
        with_select = body(api.get("me/events", {"$top": "5", "$select": "subject"}))
        assert "$select=subject" in with_select["@odata.nextLink"], "a link is bound to its query"


def test_pages_may_be_cut_below_the_wish() -> None:
    """L16.12 (knob), A9.9"""
    with graph_emulator(page=1) as g, Api(g) as api:
        for number in range(3):
            api.create(subject=f"{number}")
        assert len(body(api.get("me/events", {"$top": "100"}))["value"]) == 1
        assert len(api.rows("me/events", {"$top": "100"})) == 3


def test_a_list_may_begin_with_an_empty_page() -> None:
    """L16.12 (knob), A9.9"""
    with graph_emulator(list_page_empty=True) as g, Api(g) as api:
        api.create()
        first = body(api.get("me/events"))
        assert first["value"] == [] and "@odata.nextLink" in first
        assert len(api.rows("me/events")) == 1


def test_members_may_be_null_and_new_ones_may_appear() -> None:
    """L16.13"""
    with graph_emulator(nulls=True) as g, Api(g) as api:
        rows = [api.create(subject="", start=f"2026-01-{day:02d}T09:00:00") for day in range(1, 8)]
        assert all("futureMember" in row for row in rows)
        empty = {name for row in rows for name in ("subject", "iCalUId", "bodyPreview", "uid") if row[name] is None}
        assert empty == {"subject", "iCalUId", "bodyPreview", "uid"}
        assert any(row["organizer"]["emailAddress"]["address"] is None for row in rows)


def test_the_clock_belongs_to_the_test() -> None:
    """L16.16"""
    with graph_emulator() as g, Api(g) as api:
        assert api.get("me").status_code == 200
        g.change(advance_s=3601)
        assert refusal(api.get("me")) == (401, "InvalidAuthenticationToken")


# -- calendars ---------------------------------------------------------------------------------------------------------


def test_an_account_has_a_default_calendar_and_some_that_cannot_be_written() -> None:
    """L16.17, A9.11"""
    with graph_emulator() as g, Api(g) as api:
        g.do(do="add_calendar", name="Team", owner=["Bob", "bob@contoso.example"], can_edit=False, can_share=False)
        g.do(do="add_calendar", name="Team", owner=["Eve", "eve@contoso.example"], can_edit=True)
        found = {row["id"]: row for row in api.rows("me/calendars", {"$top": "2"})}
        assert [row["name"] for row in found.values()].count("Team") == 2, "two with equal names"
        assert sum(row["isDefaultCalendar"] for row in found.values()) == 1
        default = body(api.get("me/calendar"))
        assert not default["isRemovable"] and default["canEdit"] and default["hexColor"] == "#0078d4"
        holidays = next(row for row in found.values() if row["name"] == "United States holidays")
        assert (holidays["canEdit"], holidays["owner"], holidays["hexColor"]) == (False, None, "")
        assert refusal(api.post(f"me/calendars/{q(holidays['id'])}/events", event())) == (403, "ErrorAccessDenied")
        shared = next(row for row in found.values() if row["name"] == "Team")
        assert shared["owner"] == {"name": "Bob", "address": "bob@contoso.example"}
        assert refusal(api.delete(f"me/calendars/{q(default['id'])}")) == (403, "ErrorDeleteDistinguishedFolder")
        g.do(do="set_calendar", calendar="Calendar", name="Kalender")
        assert body(api.get("me/calendar"))["name"] == "Kalender", "names are localised"


def test_calendars_are_made_renamed_and_deleted_with_their_events() -> None:
    """L16.17, A9.12"""
    with graph_emulator() as g, Api(g) as api:
        made = body(api.post("me/calendars", {"name": "Scratch"}))
        assert refusal(api.post("me/calendars", {"name": "Scratch"})) == (409, "ErrorFolderExists")
        assert body(api.patch(f"me/calendars/{q(made['id'])}", {"name": "Sketch"}))["name"] == "Sketch"
        inside = api.create(made["id"])["id"]
        link = api.round(calendar=made["id"])[1]
        assert api.delete(f"me/calendars/{q(made['id'])}").status_code == 204
        for path in (
            f"me/calendars/{q(made['id'])}",
            f"me/calendars/{q(made['id'])}/events",
            f"me/events/{q(inside)}",
            link,
        ):
            assert refusal(api.get(path)) == (404, "ErrorItemNotFound")


def test_groups_hold_the_calendars_and_work_when_the_plain_list_does_not() -> None:
    """L16.18 (knob), A9.11"""
    with graph_emulator(calendars_500=True) as g, Api(g) as api:
        assert api.get("me/calendars").status_code == 500
        groups = api.rows("me/calendarGroups")
        assert [row["name"] for row in groups] == ["My Calendars", "Other Calendars", "People's calendars"]
        names = [row["name"] for each in groups for row in api.rows(f"me/calendarGroups/{q(each['id'])}/calendars")]
        assert sorted(names) == ["Birthdays", "Calendar", "United States holidays"]


def test_the_plain_list_may_show_the_default_group_only() -> None:
    """A9.11 (A3)"""
    with graph_emulator(calendars_of_one_group=True) as g, Api(g) as api:
        assert [row["name"] for row in api.rows("me/calendars")] == ["Calendar"]


def test_rights_fall_between_two_runs() -> None:
    """A9.12"""
    with graph_emulator() as g, Api(g) as api:
        name = api.create()["id"]
        g.do(do="set_calendar", calendar="Calendar", can_edit=False)
        assert body(api.get("me/calendar"))["canEdit"] is False
        assert refusal(api.patch(f"me/events/{q(name)}", {"subject": "x"})) == (403, "ErrorAccessDenied")
        assert refusal(api.delete(f"me/events/{q(name)}")) == (403, "ErrorAccessDenied")
        assert api.read(name)["subject"] == "Dentist"


def test_private_events_of_others_are_hidden() -> None:
    """A9.11"""
    with graph_emulator() as g, Api(g) as api:
        name = g.do(do="create", event=event("Therapy", sensitivity="private", location={"displayName": "Ward 4"}))
        g.do(do="set_calendar", calendar="Calendar", can_view_private=False)
        seen = api.read(name)
        assert (seen["subject"], seen["bodyPreview"], seen["location"]["displayName"]) == (
            "Private Appointment",
            "",
            "",
        )


def test_a_mailbox_may_be_missing_stale_or_on_the_move() -> None:
    """L16.19, A9.12, A9.27"""
    with graph_emulator(mailbox="none") as g, Api(g) as api:
        assert api.get("me").status_code == 200
        for path in ("me/calendars", "me/events", "me/calendarView/delta"):
            assert refusal(api.get(path, WINDOW)) == (404, "MailboxNotEnabledForRESTAPI")
        g.change(knobs={"mailbox": "moving"})
        moving = api.get("me/calendars")
        assert (refusal(moving), moving.headers["retry-after"]) == ((423, "ErrorMailboxMoveInProgress"), "600")
        g.change(knobs={"mailbox": "ok"}, faults=[{"name": "stale-info"}])
        assert refusal(api.get("me/calendars")) == (503, "MailboxInfoStale")
        assert api.get("me/calendars").status_code == 200


def test_a_subscribed_calendar_has_new_ids_after_each_refresh() -> None:
    """A9.13"""
    with graph_emulator() as g, Api(g) as api:
        g.do(do="add_calendar", name="Football", can_edit=False)
        g.do(do="create", calendar="Football", event=event("Final"))
        calendar = g.calendar_id("Football")
        before, link = api.round(calendar=calendar)
        g.do(do="refresh_ics", calendar="Football")
        after = api.round(link)[0]
        assert {row["id"] for row in after if "@removed" in row} == {before[0]["id"]}
        assert [row["subject"] for row in after if "@removed" not in row] == ["Final"]


def test_shared_mailboxes_of_others_are_not_ours() -> None:
    """A9.11"""
    with graph_emulator() as g, Api(g) as api:
        assert api.get("users/ann@contoso.example/calendar").status_code == 200
        assert api.get("users/nobody@contoso.example/calendar").status_code == 404


# -- loudness and the side door ----------------------------------------------------------------------------------------


def test_what_does_not_fit_the_entity_definitions_is_an_error_at_the_end() -> None:
    with pytest.raises(AssertionError, match="subjekt: unknown member"), graph_emulator() as g, Api(g) as api:
        assert api.post("me/events", event() | {"subjekt": "x"}).status_code == 400
    with graph_emulator(check=False) as g, Api(g) as api:
        api.get("me/events", {"$top": "3", "top": "3"})
        assert "unknown query parameter top" in g.violations[0]


def test_the_definitions_are_those_of_the_installed_msgraph_sdk() -> None:
    from tests.emulators.graph.schema import FILE, from_sdk

    pytest.importorskip("msgraph", reason="msgraph-sdk is in the extra `oracles`, for its 390 MB")
    assert json.loads(FILE.read_text()) == from_sdk()


def test_a_hundred_requests_take_less_than_a_second() -> None:
    with graph_emulator() as g, Api(g) as api:
        name, begun = api.create()["id"], time.monotonic()
        for _ in range(100):
            api.read(name)
        assert time.monotonic() - begun < 1.0


def test_the_program_prints_one_line_and_serves_until_it_is_stopped() -> None:
    command = [sys.executable, "-m", "tests.emulators.graph", "--auto-consent", "--page", "2", "--fault", "503=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parents[1]) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told.keys() == {"graph_url", "authority", "ca_file", "control_url", "client_id"}
        side = httpx.Client(base_url=told["control_url"], trust_env=False)
        made = side.post("", json={"edits": [{"do": "create", "event": event("by a person")}], "token": {}}).json()
        answer = httpx.get(f"{told['graph_url']}/me/events/{q(made['results'][0]['id'])}", trust_env=False,
                           verify=ssl.create_default_context(cafile=told["ca_file"]),
                           headers={"Authorization": f"Bearer {made['token']}"})
        assert answer.json()["subject"] == "by a person"
        state = side.get("").json()
        assert (state["requests"], state["mails"]) == ({"read": 1, "write": 0}, [])
        assert [row["subject"] for row in state["events"]["Calendar"]] == ["by a person"]
        assert side.post("", json={"edits": [{"do": "dance"}]}).status_code == 400
        process.terminate()
        assert process.wait(10) == 0


def test_reads_and_writes_are_counted_part_by_part() -> None:
    with graph_emulator() as g, Api(g) as api:
        parts: list[dict[str, Any]] = [
            {"id": "a", "method": "GET", "url": "/me"},
            {
                "id": "b",
                "method": "POST",
                "url": "/me/events",
                "body": event(),
                "headers": {"Content-Type": "application/json"},
            },
        ]
        api.post("$batch", {"requests": parts})
        assert g.state()["requests"] == {"read": 1, "write": 1}
