"""Writing to the Google emulator: facts section 13, "Writing", items 20 to 29."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulators.google import ME, GoogleEmulator, google_emulator
from tests.emulators.google.client import Client, all_day, timed, weekly

MONDAY_2 = "20260511T070000Z"


@pytest.fixture
def g() -> Iterator[GoogleEmulator]:
    with google_emulator() as emulator:
        yield emulator
        assert emulator.problems == []
        assert emulator.mails == []


@pytest.fixture
def client(g: GoogleEmulator) -> Iterator[Client]:
    with Client(g) as made:
        yield made


# -- ids ---------------------------------------------------------------------------------------------------------------


def test_item_20_chosen_ids_are_checked_and_stay_taken(client: Client) -> None:
    assert client.insert(timed("mine", id="cs01234")).json["id"] == "cs01234"
    assert client.insert(timed("again", id="cs01234")).reason == "duplicate"
    assert client.delete("cs01234").status == 204
    answer = client.insert(timed("after deletion", id="cs01234"))
    assert (answer.status, answer.reason) == (409, "duplicate")
    assert client.get("cs01234").json["status"] == "cancelled"


@pytest.mark.parametrize("bad", ["Abcde", "abc-d", "ab_cd", "wxyz0", "abcd", "a" * 1025])
def test_item_20_bad_ids_are_refused(client: Client, bad: str) -> None:
    answer = client.insert(timed("x", id=bad))
    assert (answer.status, answer.message) == (400, "Invalid resource id value.")


def test_item_20_made_up_ids_have_26_characters(client: Client) -> None:
    made = client.insert(timed("x")).json["id"]
    assert len(made) == 26
    assert set(made) <= set("0123456789abcdefghijklmnopqrstuv")


def test_item_21_id_and_uid_are_not_sent_together(g: GoogleEmulator, client: Client) -> None:
    assert client.insert(timed("x", id="abcde", iCalUID="a@b")).status == 400
    g.modes.id_with_uid = "allowed"
    made = client.insert(timed("x", id="abcde", iCalUID="a@b")).json
    assert (made["id"], made["iCalUID"]) == ("abcde", "a@b")
    assert client.insert(timed("x", id="fghij")).json["iCalUID"] == "fghij@google.com"
    assert client.insert(timed("x", iCalUID="c@d")).json["iCalUID"] == "c@d"


def test_item_21_a_known_uid_makes_a_second_row_or_a_conflict(g: GoogleEmulator, client: Client) -> None:
    client.insert(timed("x", iCalUID="a@b"))
    assert client.insert(timed("x", iCalUID="a@b")).status == 200
    g.modes.known_uid = "conflict"
    assert client.insert(timed("x", iCalUID="a@b")).status == 409


def test_item_22_import_derives_the_id_from_the_uid(client: Client) -> None:
    path = client.url() + "/import"
    made = client.ask("POST", path, timed("x", iCalUID="foo@bar", eventType="default")).json
    assert (made["id"], made["iCalUID"], made["eventType"]) == ("_cpnmug32c5p0", "foo@bar", "default")
    assert client.ask("POST", path, timed("x", iCalUID="foo@bar")).reason == "duplicate"
    client.delete(made["id"])
    assert client.ask("POST", path, timed("x", iCalUID="foo@bar")).reason == "duplicate"
    assert client.ask("POST", path, timed("x")).reason == "required"


def test_item_22_import_may_replace(g: GoogleEmulator, client: Client) -> None:
    g.modes.import_again = "replace"
    path = client.url() + "/import"
    first = client.ask("POST", path, timed("one", iCalUID="foo@bar")).json
    second = client.ask("POST", path, timed("two", iCalUID="foo@bar")).json
    assert (second["id"], second["summary"]) == (first["id"], "two")


def test_item_22_the_owner_must_take_part_in_what_is_imported(client: Client) -> None:
    path = client.url() + "/import"
    theirs = timed("x", iCalUID="foo@bar", organizer={"email": "boss@elsewhere.test"})
    assert client.ask("POST", path, theirs).reason == "participantIsNeitherOrganizerNorAttendee"
    made = client.ask("POST", path, {**theirs, "attendees": [{"email": ME}]}).json
    assert made["organizer"]["email"] == "boss@elsewhere.test"


def test_item_22_import_makes_special_events_ordinary(client: Client) -> None:
    body = timed("x", iCalUID="f@b", eventType="focusTime", focusTimeProperties={"chatStatus": "available"})
    made = client.ask("POST", client.url() + "/import", body).json
    assert made["eventType"] == "default"
    assert "focusTimeProperties" not in made


def test_item_22_import_knows_no_send_updates() -> None:
    with google_emulator() as g, Client(g) as client:
        assert client.ask("POST", client.url() + "/import", timed("x", iCalUID="f@b"), sendUpdates="none").status == 400
        assert len(g.problems) == 1


# -- put and patch -----------------------------------------------------------------------------------------------------


def test_item_23_put_clears_what_is_left_out_guests_included(client: Client) -> None:
    rich = timed("rich", location="here", attendees=[{"email": "you@elsewhere.test"}], description="long",
                 extendedProperties={"private": {"a": "1"}}, reminders={"useDefault": False})
    made = client.insert(rich).json
    put = client.update(made["id"], timed("poor")).json
    assert not {"location", "attendees", "description", "extendedProperties"} & set(put)
    assert put["reminders"] == {"useDefault": True}
    assert (put["iCalUID"], put["created"]) == (made["iCalUID"], made["created"])
    assert client.update(made["id"], {"summary": "no times"}).reason == "required"


def test_item_23_patch_merges_objects_deletes_with_null_and_replaces_arrays(client: Client) -> None:
    guests = [{"email": "a@elsewhere.test"}, {"email": "b@elsewhere.test"}]
    made = client.insert(timed("x", location="here", attendees=guests,
                               extendedProperties={"private": {"a": "1", "b": "2"}, "shared": {"s": "1"}})).json
    changes: dict[str, Any] = {
        "location": None, "attendees": guests[:1], "extendedProperties": {"private": {"a": None, "c": "3"}}}
    kept = client.patch(made["id"], changes).json
    assert "location" not in kept
    assert [guest["email"] for guest in kept["attendees"]] == ["a@elsewhere.test", ME]
    assert kept["extendedProperties"] == {"private": {"b": "2", "c": "3"}, "shared": {"s": "1"}}
    assert kept["summary"] == "x"


def test_item_24_etag_and_updated_change_with_each_real_change_only(client: Client) -> None:
    made = client.insert(timed("x")).json
    same = client.patch(made["id"], {"summary": "x", "start": made["start"]}).json
    assert (same["etag"], same["updated"]) == (made["etag"], made["updated"])
    edited = client.patch(made["id"], {"summary": "y"}).json
    assert edited["etag"] != made["etag"]
    assert edited["updated"] > made["updated"]
    reminded = client.patch(made["id"], {"reminders": {"useDefault": False}}).json
    assert reminded["etag"] != edited["etag"]
    assert reminded["updated"] == edited["updated"]


def test_item_25_if_match_and_if_none_match(client: Client) -> None:
    made = client.insert(timed("x")).json
    event, old = made["id"], made["etag"]
    fresh = client.patch(event, {"summary": "y"}, etag=old).json["etag"]
    stale = client.patch(event, {"summary": "z"}, etag=old)
    assert (stale.status, stale.reason) == (412, "conditionNotMet")
    assert client.update(event, timed("z"), etag=old).status == 412
    assert client.delete(event, etag=old).status == 412
    assert client.patch(event, {"summary": "z"}, etag=fresh.strip('"')).status == 412
    assert client.patch(event, {"summary": "z"}, etag="*").status == 200
    etag = client.get(event).json["etag"]
    unchanged = client.get(event, headers={"If-None-Match": etag})
    assert (unchanged.status, unchanged.text) == (304, "")
    assert client.get(event, headers={"If-None-Match": old}).status == 200


# -- times and rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "end", "reason", "message"), [
    ({"date": "2026-05-04"}, {"dateTime": "2026-05-04T10:00:00Z"}, "invalid", "Start and end times must either both"),
    ({"dateTime": "2026-05-04T09:00:00"}, {"dateTime": "2026-05-04T10:00:00Z"}, "invalid", "Missing time zone"),
    ({"dateTime": "2026-05-04T09:00:00Z"}, {"dateTime": "2026-05-04T09:00:00Z"}, "timeRangeEmpty", "The specified"),
    ({"date": "2026-05-04"}, {"date": "2026-05-04"}, "timeRangeEmpty", "The specified time range is empty."),
    ({"dateTime": "2026-05-04T09:00:00", "timeZone": "W. Europe Standard Time"}, {"dateTime": "2026-05-04T10:00:00Z"},
     "invalid", "Invalid time zone definition for start time."),
    ({"date": "2026-05-04", "dateTime": "2026-05-04T09:00:00Z"}, {"date": "2026-05-05"}, "invalid", "Invalid start"),
    (None, {"date": "2026-05-05"}, "required", "Missing start time."),
])
def test_item_26_times_that_are_refused(client: Client, start: Any, end: Any, reason: str, message: str) -> None:
    answer = client.insert({"summary": "x", "start": start, "end": end})
    assert (answer.status, answer.reason) == (400, reason)
    assert answer.message.startswith(message)


def test_item_26_a_timed_series_needs_a_zone(client: Client) -> None:
    body = {"start": {"dateTime": "2026-05-04T09:00:00Z"}, "end": {"dateTime": "2026-05-04T10:00:00Z"}}
    assert client.insert(body).status == 200
    answer = client.insert({**body, "recurrence": ["RRULE:FREQ=DAILY"]})
    assert answer.message == "Missing time zone definition for start time."


def test_item_26_from_timed_to_all_day_needs_nulls(client: Client) -> None:
    made = client.insert(timed("x")).json["id"]
    assert client.patch(made, {"start": {"date": "2026-05-04"}, "end": {"date": "2026-05-05"}}).status == 400
    nulls = {"dateTime": None, "timeZone": None}
    kept = client.patch(made, {"start": {"date": "2026-05-04", **nulls}, "end": {"date": "2026-05-05", **nulls}}).json
    assert kept["start"] == {"date": "2026-05-04"}


def test_item_26_zones_newer_than_the_servers_table_are_refused(g: GoogleEmulator, client: Client) -> None:
    g.modes.unknown_zones = frozenset({"Europe/Kyiv"})
    assert client.insert(timed("x", zone="Europe/Kyiv")).message == "Invalid time zone definition for start time."
    assert client.insert(timed("x", zone="Europe/Kiev")).status == 200


def test_item_26_zero_length_events_are_delivered_and_can_be_edited(g: GoogleEmulator, client: Client) -> None:
    at_nine = {"dateTime": "2026-05-04T09:00:00", "timeZone": "Europe/Berlin"}
    g.people.put(ME, "zerolength", {"summary": "x", "start": at_nine, "end": at_nine})
    assert client.get("zerolength").json["start"] == client.get("zerolength").json["end"]
    assert client.patch("zerolength", {"summary": "y"}).status == 200


@pytest.mark.parametrize(("rule", "status"), [
    ("DTSTART;TZID=Europe/Berlin:20260504T090000", 400), ("RRULE:FREQ=HOURLY;COUNT=3", 500),
    ("RRULE:FREQ=MINUTELY", 500), ("RRULE:FREQ=DAILY;COUNT=3;UNTIL=20270101T000000Z", 400),
    ("RRULE:FREQ=DAILY;COUNT=-1", 400), ("RRULE:FREQ=SOMETIMES", 400), ("FREQ=DAILY", 400),
    ("RRULE:FREQ=DAILY;X-EVOLUTION-ENDDATE=20260101", 400), ("RDATE;VALUE=PERIOD:20260504T070000Z/PT1H", 400),
    ("RRULE:FREQ=YEARLY;RSCALE=CHINESE", 400), ("EXDATE:20260504T070000Z", 400),
    ("RDATE:20260601T070000Z,20260602T070000Z", 200), ("RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=-1SU", 200),
])
def test_item_27_rules_that_are_refused(client: Client, rule: str, status: int) -> None:
    answer = client.insert(timed("x", recurrence=[rule]))
    assert answer.status == status, answer.text
    if status == 400:
        assert answer.message == "Invalid recurrence rule."


def test_item_27_lines_are_written_anew(client: Client) -> None:
    made = client.insert(weekly("x", "RRULE:INTERVAL=1;BYDAY=MO,WE;WKST=MO;FREQ=WEEKLY;COUNT=5")).json
    assert made["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO,WE"]


def test_item_27_until_as_a_date_ends_a_timed_series_early(client: Client) -> None:
    made = client.insert(timed("x", recurrence=["RRULE:FREQ=DAILY;UNTIL=20260506"])).json["id"]
    items = client.ask("GET", client.url(made) + "/instances").json["items"]
    assert [item["id"][-16:-8] for item in items] == ["20260504", "20260505"]


# -- instances ---------------------------------------------------------------------------------------------------------


def test_item_28_instance_ids_hold_the_original_start_in_utc_across_summer_time(client: Client) -> None:
    body = {"summary": "x", "start": {"dateTime": "2026-10-19T09:00:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-10-19T10:00:00", "timeZone": "Europe/Berlin"},
            "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]}
    made = client.insert(body).json["id"]
    items = client.ask("GET", client.url(made) + "/instances").json["items"]
    assert [item["id"] for item in items] == [f"{made}_20261019T070000Z", f"{made}_20261026T080000Z"]
    assert [item["start"]["dateTime"] for item in items] == ["2026-10-19T09:00:00+02:00", "2026-10-26T09:00:00+01:00"]


def test_item_28_all_day_instances(client: Client) -> None:
    made = client.insert(all_day("x", recurrence=["RRULE:FREQ=DAILY;COUNT=2"])).json["id"]
    one = client.get(f"{made}_20260505").json
    assert (one["start"], one["end"], one["originalStartTime"]) == (
        {"date": "2026-05-05"}, {"date": "2026-05-06"}, {"date": "2026-05-05"})


def test_item_28_a_patch_makes_an_exception_whose_id_stays_when_it_moves(client: Client) -> None:
    series = client.insert(weekly("x", location="room")).json
    instance = f"{series['id']}_{MONDAY_2}"
    assert client.get(instance).json["etag"] == series["etag"]
    moved = client.patch(instance, {"start": {"dateTime": "2026-05-12T14:00:00"}, "end": {
        "dateTime": "2026-05-12T15:00:00"}}, etag=series["etag"]).json
    assert moved["id"] == instance
    assert moved["location"] == "room"
    assert moved["originalStartTime"]["dateTime"] == "2026-05-11T09:00:00+02:00"
    assert moved["iCalUID"] == series["iCalUID"]
    assert client.get(series["id"]).json["etag"] == series["etag"]
    assert client.get(instance).json["start"]["dateTime"] == "2026-05-12T14:00:00+02:00"


def test_item_28_the_etag_of_a_plain_instance_changes_with_the_master(client: Client) -> None:
    series = client.insert(weekly("x")).json
    client.patch(series["id"], {"summary": "y"})
    assert client.patch(f"{series['id']}_{MONDAY_2}", {"summary": "z"}, etag=series["etag"]).status == 412


@pytest.mark.parametrize("stamp", ["20260512T070000Z", "20260511", f"{MONDAY_2}_{MONDAY_2}", "20260601T070000Z"])
def test_item_28_starts_that_the_rule_does_not_produce_are_404(client: Client, stamp: str) -> None:
    series = client.insert(weekly("x")).json["id"]
    assert client.get(f"{series}_{stamp}").status == 404
    assert client.patch(f"{series}_{stamp}", {"summary": "y"}).status == 404
    assert client.delete(f"{series}_{stamp}").status == 404


def test_item_28_an_exdate_removes_an_instance(client: Client) -> None:
    lines = ["RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20260511T090000"]
    series = client.insert(timed("x", recurrence=lines)).json["id"]
    assert client.get(f"{series}_{MONDAY_2}").status == 404
    assert client.get(f"{series}_20260518T070000Z").status == 200


def test_item_28_instances_have_no_rule_of_their_own(client: Client) -> None:
    series = client.insert(weekly("x")).json["id"]
    assert client.patch(f"{series}_{MONDAY_2}", {"recurrence": ["RRULE:FREQ=DAILY"]}).status == 400


def test_item_29_instances(client: Client) -> None:
    series = client.insert(weekly("x", "RRULE:FREQ=WEEKLY")).json["id"]
    path = client.url(series) + "/instances"
    one = client.ask("GET", path, originalStart="2026-05-11T09:00:00+02:00").json["items"]
    assert [item["id"] for item in one] == [f"{series}_{MONDAY_2}"]
    window = {"timeMin": "2026-05-05T00:00:00Z", "timeMax": "2026-05-19T00:00:00Z"}
    assert len(client.ask("GET", path, **window).json["items"]) == 2
    client.delete(f"{series}_{MONDAY_2}")
    assert len(client.ask("GET", path, **window).json["items"]) == 1
    assert len(client.ask("GET", path, **window, showDeleted=True).json["items"]) == 2
    page = client.ask("GET", path, maxResults=2).json
    assert len(page["items"]) == 2
    assert len(client.ask("GET", path, maxResults=2, pageToken=page["nextPageToken"]).json["items"]) == 2
    assert "nextSyncToken" not in client.ask("GET", path, **window).json
    one_path = client.url(f"{series}_{MONDAY_2}") + "/instances"
    assert client.ask("GET", one_path).json["items"] == []
    assert len(client.ask("GET", one_path, showDeleted=True).json["items"]) == 1


def test_item_29_an_endless_series_has_730_instances(client: Client) -> None:
    series = client.insert(weekly("x", "RRULE:FREQ=DAILY")).json["id"]
    assert len(client.ask("GET", client.url(series) + "/instances", maxResults=2500).json["items"]) == 730
