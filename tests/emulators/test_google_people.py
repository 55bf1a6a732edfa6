"""People, guests, rights and limits in the Google emulator: facts section 13, items 30 to 40."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulators.google import ME, GoogleEmulator, google_emulator
from tests.emulators.google.client import Client, all_day, timed, weekly

YOU, OUTSIDER = "you@example.test", "guest@elsewhere.test"
MONDAY_2, MONDAY_3 = "20260511T070000Z", "20260518T070000Z"


@pytest.fixture
def g() -> Iterator[GoogleEmulator]:
    with google_emulator(accounts=[ME, YOU]) as emulator:
        yield emulator
        assert emulator.problems == []


@pytest.fixture
def client(g: GoogleEmulator) -> Iterator[Client]:
    with Client(g) as made:
        yield made


@pytest.fixture
def you(g: GoogleEmulator) -> Iterator[Client]:
    with Client(g, YOU) as made:
        yield made


# -- items 30 to 33: people, series, deleting, moving ------------------------------------------------------------------


def test_item_30_a_split_makes_a_new_master_and_ends_the_old_one(g: GoogleEmulator, client: Client) -> None:
    private = {"private": {"calsync.id": "x"}}
    series = client.insert(weekly("x", "RRULE:FREQ=WEEKLY;COUNT=5", extendedProperties=private)).json["id"]
    client.patch(f"{series}_{MONDAY_3}", {"summary": "an exception that is reset"})
    token = client.read()[1]
    made = g.people.split(ME, series, f"{series}_{MONDAY_2}", {"summary": "later ones"})
    assert made["id"] == f"{series}_R20260511T070000"
    assert made["iCalUID"] == f"{series}_R20260511T070000@google.com"
    assert made["extendedProperties"] == private
    assert made["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=4"]
    assert client.get(series).json["recurrence"] == ["RRULE:FREQ=WEEKLY;UNTIL=20260511T065959Z"]
    items = client.ask("GET", client.url(made["id"]) + "/instances").json["items"]
    assert [item["id"] for item in items][:2] == [f"{series}_{MONDAY_2}", f"{series}_{MONDAY_3}"]
    assert {item["recurringEventId"] for item in items} == {made["id"]}
    assert {item["summary"] for item in items} == {"later ones"}
    assert client.patch(f"{series}_{MONDAY_3}", {"summary": "of the new one"}).json["recurringEventId"] == made["id"]
    changed, _ = client.read(syncToken=token)
    assert {series, made["id"]} <= set(changed)


def test_item_30_instances_of_a_split_may_carry_the_new_id(g: GoogleEmulator, client: Client) -> None:
    series = client.insert(weekly("x")).json["id"]
    made = g.people.split(ME, series, f"{series}_{MONDAY_2}", full_prefix=True)
    assert client.get(f"{made['id']}_{MONDAY_3}").status == 200
    assert client.get(f"{series}_{MONDAY_3}").status == 404


def test_item_30_delete_this_and_following(g: GoogleEmulator, client: Client) -> None:
    series = client.insert(weekly("x")).json["id"]
    g.people.delete_following(ME, series, f"{series}_{MONDAY_2}")
    assert len(client.read(singleEvents=True)[0]) == 1


def test_item_30_a_duplicate_carries_the_same_private_marker(g: GoogleEmulator, client: Client) -> None:
    made = client.insert(timed("x", extendedProperties={"private": {"calsync.id": "x"}})).json
    copy = g.people.duplicate(ME, made["id"])
    assert copy["id"] != made["id"]
    assert copy["iCalUID"] != made["iCalUID"]
    assert copy["extendedProperties"] == made["extendedProperties"]


def test_item_30_people_edit_one_or_all_delete_move_and_answer(g: GoogleEmulator, client: Client, you: Client) -> None:
    other = g.world.add_calendar(ME, "Other").id
    series = client.insert(weekly("x", attendees=[{"email": YOU}])).json["id"]
    g.people.patch(ME, series, {"summary": "all"})
    g.people.patch(ME, f"{series}_{MONDAY_2}", {"summary": "one"})
    g.people.respond(YOU, series, "accepted")
    g.people.delete(ME, f"{series}_{MONDAY_3}")
    assert {item["summary"] for item in client.read(singleEvents=True)[0].values()} == {"all", "one"}
    assert len(you.read(singleEvents=True)[0]) == 3
    mine = {guest["email"]: guest for guest in client.get(series).json["attendees"]}
    assert mine[YOU]["responseStatus"] == "accepted"
    g.people.move(ME, series, other)
    assert len(client.read(other, singleEvents=True)[0]) == 3
    g.people.delete(other, series)
    assert client.read(other)[0] == you.read()[0] == {}
    assert g.mails == []


def test_item_30_people_hold_shapes_that_the_api_refuses(g: GoogleEmulator, client: Client) -> None:
    dirty = ["RRULE:FREQ=YEARLY;BYMONTHDAY=4;X-EVOLUTION-ENDDATE=20260101", "RRULE:DATE;", "EXDATE;VALUE=DATE:20260504"]
    g.people.put(ME, "dirty", timed("dirty", recurrence=dirty, eventType="brandNew"))
    shown = client.get("dirty").json
    assert shown["recurrence"] == dirty
    assert shown["eventType"] == "brandNew"
    assert client.list(singleEvents=True, timeMax="2026-12-01T00:00:00Z").status == 200


@pytest.mark.parametrize("rekey", ["tombstones", "silent"])
def test_item_31_a_new_rule_drops_overrides_that_no_longer_match(
    g: GoogleEmulator, client: Client, rekey: str
) -> None:
    g.modes.change({"rekey": rekey})
    series = client.insert(weekly("x")).json["id"]
    kept, dropped = f"{series}_{MONDAY_2}", f"{series}_{MONDAY_3}"
    client.patch(kept, {"summary": "kept"})
    client.patch(dropped, {"summary": "dropped"})
    token = client.read()[1]
    client.patch(series, {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    assert set(client.read()[0]) == {series, kept}
    assert client.get(dropped).status == 404
    named = {series, dropped} if rekey == "tombstones" else {series}
    assert set(client.read(syncToken=token)[0]) == named


def test_item_31_another_start_drops_all_overrides(client: Client) -> None:
    series = client.insert(weekly("x")).json["id"]
    client.patch(f"{series}_{MONDAY_2}", {"summary": "moved"})
    client.patch(series, {"start": {"dateTime": "2026-05-04T08:00:00"}})
    assert set(client.read()[0]) == {series}


def test_item_32_deleting(client: Client) -> None:
    single = client.insert(timed("x")).json["id"]
    assert client.delete(single).status == 204
    again = client.delete(single)
    assert (again.status, again.reason) == (410, "deleted")
    assert client.patch(single, {"summary": "y"}).reason == "deleted"
    assert client.delete("neverexisted").status == 404
    assert client.get(single).json["status"] == "cancelled"
    series = client.insert(weekly("x")).json["id"]
    client.delete(f"{series}_{MONDAY_2}")
    assert client.get(series).json["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=4"]
    assert client.delete(f"{series}_{MONDAY_2}").status == 410


def test_item_32_cancelled_by_status_and_brought_back(g: GoogleEmulator, client: Client) -> None:
    series = client.insert(weekly("x")).json["id"]
    instance = f"{series}_{MONDAY_2}"
    assert client.patch(instance, {"status": "cancelled"}).json["status"] == "cancelled"
    assert client.patch(instance, {"status": "confirmed"}).json["summary"] == "x"
    single = client.insert(timed("x")).json["id"]
    client.delete(single)
    assert client.patch(single, {"status": "confirmed"}).status == 403
    g.modes.revive = "allowed"
    assert client.patch(single, {"status": "confirmed"}).json["status"] == "confirmed"


def test_item_33_move(g: GoogleEmulator, client: Client) -> None:
    other = g.world.add_calendar(ME, "Other").id
    series = client.insert(weekly("x")).json
    client.patch(f"{series['id']}_{MONDAY_2}", {"summary": "moved"})
    token = client.read()[1]
    path = client.url(series["id"]) + "/move"
    assert client.ask("POST", path, destination=other, etag='"1"').status == 412
    answer = client.ask("POST", path, destination=other, etag=series["etag"], sendUpdates="none").json
    assert (answer["id"], answer["status"]) == (series["id"], "cancelled")
    there = client.get(series["id"], other).json
    assert (there["status"], there["organizer"]["email"], there["iCalUID"]) == ("confirmed", other, series["iCalUID"])
    assert client.get(f"{series['id']}_{MONDAY_2}", other).json["summary"] == "moved"
    assert client.read(syncToken=token)[0][series["id"]]["status"] == "cancelled"
    g.modes.move_answer = "alive"
    back = client.ask("POST", client.url(series["id"], other) + "/move", destination=ME).json
    assert back["status"] == "confirmed"


def test_item_33_only_whole_ordinary_events_move(g: GoogleEmulator, client: Client) -> None:
    other = g.world.add_calendar(ME, "Other").id
    series = client.insert(weekly("x")).json["id"]
    path = client.url(f"{series}_{MONDAY_2}") + "/move"
    assert client.ask("POST", path, destination=other).status == 400
    g.people.put(ME, "frommail", timed("flight", eventType="fromGmail"))
    assert client.ask("POST", client.url("frommail") + "/move", destination=other).reason == "eventTypeRestriction"


# -- items 34 and 35: guests and mails ---------------------------------------------------------------------------------


def test_item_34_guests_change_only_their_own_copy(g: GoogleEmulator, client: Client, you: Client) -> None:
    event = client.insert(timed("x", attendees=[{"email": YOU}])).json["id"]
    copy = you.get(event).json
    assert (copy["organizer"]["email"], "self" in copy["organizer"]) == (ME, False)
    assert [guest.get("self") for guest in copy["attendees"]] == [None, True]
    refused = you.patch(event, {"summary": "mine now"})
    assert (refused.status, refused.reason) == (403, "forbiddenForNonOrganizer")
    answered = [{"email": ME}, {"email": YOU, "responseStatus": "accepted"}]
    answered[0] = {"email": ME, "responseStatus": "accepted"}
    own = {"attendees": answered, "colorId": "3", "transparency": "transparent", "reminders": {"useDefault": False},
           "extendedProperties": {"private": {"a": "1"}}}
    assert you.patch(event, own).status == 200
    mine = client.get(event).json
    assert {guest["email"]: guest["responseStatus"] for guest in mine["attendees"]}[YOU] == "accepted"
    assert not {"colorId", "transparency", "extendedProperties"} & set(mine)
    g.modes.guest_private_write = "forbidden"
    assert you.patch(event, {"extendedProperties": {"private": {"a": "2"}}}).status == 403


def test_item_34_deleting_as_guest_declines(g: GoogleEmulator, client: Client, you: Client) -> None:
    event = client.insert(timed("x", attendees=[{"email": YOU}])).json["id"]
    assert you.delete(event, sendUpdates="none").status == 204
    mine = client.get(event).json
    assert mine["status"] == "confirmed"
    assert {guest["email"]: guest["responseStatus"] for guest in mine["attendees"]}[YOU] == "declined"
    assert g.mails == []


def test_item_34_guests_who_may_modify(client: Client, you: Client) -> None:
    event = client.insert(timed("x", attendees=[{"email": YOU}], guestsCanModify=True)).json["id"]
    assert you.patch(event, {"summary": "ours"}).status == 200
    assert client.get(event).json["summary"] == "ours"


def test_item_34_hidden_guest_lists_are_short(client: Client, you: Client) -> None:
    guests = [{"email": YOU}, {"email": OUTSIDER}]
    event = client.insert(timed("x", attendees=guests, guestsCanSeeOtherGuests=False)).json["id"]
    shown = you.get(event).json
    assert [guest["email"] for guest in shown["attendees"]] == [YOU]
    assert shown["attendeesOmitted"] is True
    assert len(client.get(event).json["attendees"]) == 3
    assert len(client.get(event, maxAttendees=1).json["attendees"]) == 1


def test_item_34_only_my_response_with_attendees_omitted(client: Client, you: Client) -> None:
    event = client.insert(timed("x", attendees=[{"email": YOU}, {"email": OUTSIDER}])).json["id"]
    body = timed("ignored", attendeesOmitted=True, attendees=[{"email": YOU, "responseStatus": "tentative"}])
    assert len(you.update(event, body).json["attendees"]) == 3
    assert client.get(event).json["summary"] == "x"


@pytest.mark.parametrize(("send", "kinds"), [
    ({}, []), ({"sendUpdates": "none"}, []), ({"sendUpdates": "externalOnly"}, [OUTSIDER]),
    ({"sendUpdates": "all"}, [OUTSIDER, YOU]), ({"sendNotifications": True}, [OUTSIDER, YOU]),
])
def test_item_35_the_mail_log(g: GoogleEmulator, client: Client, send: dict[str, Any], kinds: list[str]) -> None:
    guests = [{"email": YOU}, {"email": OUTSIDER}]
    event = client.insert(timed("x", attendees=guests), **send).json["id"]
    client.patch(event, {"summary": "y"}, **send)
    client.patch(event, {"reminders": {"useDefault": False}}, **send)
    client.delete(event, **send)
    expected = [(kind, email) for kind in ("invitation", "update", "cancellation") for email in kinds]
    assert [(mail["kind"], mail["to"]) for mail in g.mails] == expected


def test_item_35_guests_who_use_google_see_the_event_even_without_mail(client: Client, you: Client) -> None:
    event = client.insert(timed("x", attendees=[{"email": YOU}]), sendUpdates="none").json
    token = you.read()[1]
    assert you.get(event["id"]).json["iCalUID"] == event["iCalUID"]
    client.patch(event["id"], {"summary": "y"}, sendUpdates="none")
    assert you.read(syncToken=token)[0][event["id"]]["summary"] == "y"
    client.update(event["id"], timed("alone"), sendUpdates="none")
    assert you.get(event["id"]).json["status"] == "cancelled"


def test_item_35_a_guests_answer_is_mailed_to_the_organizer(g: GoogleEmulator, client: Client, you: Client) -> None:
    event = client.insert(timed("x", attendees=[{"email": YOU}])).json["id"]
    you.delete(event, sendUpdates="all")
    assert [(mail["kind"], mail["to"]) for mail in g.mails] == [("response", ME)]


def test_item_35_import_sends_nothing(g: GoogleEmulator, client: Client, you: Client) -> None:
    body = timed("x", iCalUID="a@b", attendees=[{"email": YOU}, {"email": ME}])
    client.ask("POST", client.url() + "/import", body)
    assert g.mails == []
    assert you.read()[0] == {}


def test_item_35_an_answer_to_one_instance_reaches_the_organizer(client: Client, you: Client) -> None:
    series = client.insert(weekly("x", attendees=[{"email": YOU}])).json["id"]
    answered = [{"email": ME, "responseStatus": "accepted"}, {"email": YOU, "responseStatus": "declined"}]
    instance = f"{series}_{MONDAY_2}"
    assert you.patch(instance, {"attendees": answered}).status == 200
    for event, response in ((instance, "declined"), (series, "needsAction")):
        shown = {guest["email"]: guest["responseStatus"] for guest in client.get(event).json["attendees"]}
        assert shown[YOU] == response


def test_visibility_of_one_instance_spreads_when_stricter(client: Client) -> None:
    """Facts 5.1."""
    series = client.insert(weekly("x")).json["id"]
    client.patch(f"{series}_{MONDAY_2}", {"visibility": "private"})
    assert client.get(series).json["visibility"] == "private"
    assert client.patch(f"{series}_{MONDAY_3}", {"visibility": "public"}).json["visibility"] == "private"


# -- items 36 to 40: parameters, limits, rights, types, texts ----------------------------------------------------------


def test_item_36_conference_and_attachments_need_their_parameter(client: Client) -> None:
    conference = {"createRequest": {"requestId": "abc", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    extra = {"conferenceData": conference, "attachments": [{"fileUrl": "https://drive.example.test/1"}]}
    plain = client.insert(timed("x", **extra)).json
    assert not {"conferenceData", "attachments", "hangoutLink"} & set(plain)
    full = client.insert(timed("x", **extra), conferenceDataVersion=1, supportsAttachments=True).json
    assert full["hangoutLink"] == full["conferenceData"]["entryPoints"][0]["uri"]
    kept = client.patch(full["id"], {"summary": "y", "conferenceData": None, "attachments": None}).json
    assert {"conferenceData", "attachments", "hangoutLink"} <= set(kept)
    assert {"conferenceData", "attachments"} <= set(client.update(full["id"], timed("z")).json)


@pytest.mark.parametrize("body", [
    {"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": n} for n in range(6)]}},
    {"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 40321}]}},
    {"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": -1}]}},
    {"reminders": {"useDefault": False, "overrides": [{"method": "sms", "minutes": 1}]}},
    {"reminders": {"useDefault": True, "overrides": [{"method": "popup", "minutes": 1}]}},
    {"extendedProperties": {"private": {f"k{n}": "v" for n in range(301)}}},
    {"extendedProperties": {"private": {"k" * 45: "v"}}}, {"extendedProperties": {"private": {"k": "v" * 1025}}},
    {"extendedProperties": {"private": {f"k{n}": "v" * 1000 for n in range(33)}}},
    {"colorId": "12"}, {"colorId": "0"}, {"status": "maybe"}, {"visibility": "secret"}, {"transparency": "glass"},
    {"source": {"url": "ftp://example.test"}}, {"attendees": [{"email": "nobody"}]}, {"attendees": [{}]},
])
def test_item_37_limits(client: Client, body: dict[str, Any]) -> None:
    assert client.insert(timed("x", **body)).status == 400


def test_item_37_what_is_just_allowed(client: Client) -> None:
    overrides = [{"method": "popup", "minutes": n} for n in (40320, 30, 10, 0)] + [{"method": "email", "minutes": 5}]
    body = {"reminders": {"useDefault": False, "overrides": overrides}, "colorId": "11",
            "extendedProperties": {"private": {"k" * 44: "v" * 1024}}}
    made = client.insert(timed("x", **body)).json
    assert [one["minutes"] for one in made["reminders"]["overrides"]] == [0, 5, 10, 30, 40320]


def test_item_38_roles(g: GoogleEmulator, client: Client, you: Client) -> None:
    open_one = client.insert(timed("open")).json["id"]
    secret = client.insert(timed("secret", visibility="private", location="bank")).json["id"]
    assert you.list(ME).status == 404
    g.world.share(ME, YOU, "reader")
    token = you.read(ME)[1]
    assert you.list(ME).json["accessRole"] == "reader"
    assert you.get(open_one, ME).json["summary"] == "open"
    hidden = you.get(secret, ME).json
    assert hidden["visibility"] == "private"
    assert not {"summary", "location", "attendees", "organizer"} & set(hidden)
    for answer in (you.insert(timed("x"), ME), you.patch(open_one, {"summary": "x"}, ME), you.delete(open_one, ME)):
        assert (answer.status, answer.reason) == (403, "requiredAccessLevel")
    g.world.share(ME, YOU, "freeBusyReader")
    assert you.list(ME, syncToken=token).status == 410
    assert "summary" not in you.get(open_one, ME).json
    g.world.share(ME, YOU, "writerWithoutPrivateAccess")
    assert you.patch(open_one, {"summary": "edited"}, ME).status == 200
    assert you.patch(secret, {"summary": "edited"}, ME).status == 403
    g.world.share(ME, YOU, "writer")
    assert you.get(secret, ME).json["location"] == "bank"
    g.world.share(ME, YOU, "none")
    assert you.list(ME).status == 404


def test_item_38_a_role_can_change_in_mid_run_and_a_calendar_can_vanish(
    g: GoogleEmulator, client: Client, you: Client
) -> None:
    g.world.share(ME, YOU, "writer")
    g.faults.arm("role", "events.insert", role="reader")
    assert you.insert(timed("x"), ME).status == 403
    assert you.list(ME).json["accessRole"] == "reader"
    g.faults.arm("role", "events.list", role="none")
    assert you.list(ME).status == 404
    other = g.world.add_calendar(ME, "Other").id
    client.ask("PATCH", f"users/me/calendarList/{other}", {"hidden": True})
    shown = [item["id"] for item in client.ask("GET", "users/me/calendarList").json["items"]]
    assert other not in shown
    assert client.list(other).status == 200
    g.world.remove_calendar(other)
    assert client.list(other).status == 404


@pytest.mark.parametrize(("kind", "body"), [
    ("fromGmail", timed("x")), ("focusTime", timed("x")), ("outOfOffice", all_day("x", outOfOfficeProperties={})),
    ("workingLocation", timed("x", workingLocationProperties={"type": "homeOffice"})), ("birthday", all_day("x")),
    ("default", timed("x", focusTimeProperties={})),
])
def test_item_39_special_types_have_rules(client: Client, kind: str, body: dict[str, Any]) -> None:
    assert client.insert({**body, "eventType": kind}).reason == "eventTypeRestriction"


def test_item_39_special_types_that_can_be_made(g: GoogleEmulator, client: Client) -> None:
    place = {"eventType": "workingLocation", "visibility": "public", "transparency": "transparent",
             "workingLocationProperties": {"type": "homeOffice", "homeOffice": {}}}
    made = client.insert(timed("home", **place)).json
    assert made["workingLocationProperties"]["type"] == "homeOffice"
    assert client.insert(timed("focus", eventType="focusTime", focusTimeProperties={})).status == 200
    birthday = all_day("Ann", eventType="birthday", visibility="private", transparency="transparent",
                       recurrence=["RRULE:FREQ=YEARLY"], birthdayProperties={"type": "birthday"})
    assert client.insert(birthday).status == 200
    other = g.world.add_calendar(ME, "Other").id
    assert client.insert(timed("home", **place), other).reason == "eventTypeRestriction"
    assert client.patch(made["id"], {"eventType": "default"}).reason == "eventTypeRestriction"


def test_item_39_events_from_mail_are_nearly_read_only(g: GoogleEmulator, client: Client) -> None:
    g.people.put(ME, "flight1", timed("flight", eventType="fromGmail", endTimeUnspecified=True))
    assert client.patch("flight1", {"summary": "mine"}).reason == "eventTypeRestriction"
    assert client.patch("flight1", {"end": {"dateTime": "2026-05-04T12:00:00"}}).status == 400
    assert client.patch("flight1", {"colorId": "4"}).status == 200
    assert client.list(eventTypes="fromGmail").json["items"][0]["endTimeUnspecified"] is True
    assert client.list(eventTypes=["default", "birthday"]).json["items"] == []


def test_item_40_texts(g: GoogleEmulator, client: Client) -> None:
    made = client.insert(timed("x" * 2000, description="<b>bold</b><br />" + "y" * 9000)).json
    assert len(made["summary"]) == 1024
    assert len(made["description"]) == 8192
    assert made["description"].startswith("<b>bold</b><br>y")
    g.modes.long_text = "refused"
    assert client.insert(timed("x" * 1025)).status == 400


def test_a_round_trip_rewrites_without_anybodys_edit(client: Client) -> None:
    """Facts 11.2."""
    body = timed("snow \u2744\ufe0f  ", description="a \r\nb\r\n", transparency="opaque", visibility="default",
                 attendees=[{"email": "z@elsewhere.test"}, {"email": "A@elsewhere.test"}], zone="Asia/Calcutta")
    made = client.insert(body).json
    assert (made["summary"], made["description"]) == ("snow \u2744", "a\nb")
    assert not {"transparency", "visibility"} & set(made)
    assert [guest["email"] for guest in made["attendees"]] == ["a@elsewhere.test", ME, "z@elsewhere.test"]
    assert made["start"]["timeZone"] == "Asia/Kolkata"


def test_sequence_grows_with_times_and_never_falls(client: Client) -> None:
    made = client.insert(timed("x", sequence=3)).json
    assert client.patch(made["id"], {"summary": "y"}).json["sequence"] == 3
    assert client.patch(made["id"], {"start": {"dateTime": "2026-05-04T08:00:00"}}).json["sequence"] == 4
    assert client.patch(made["id"], {"sequence": 2}).message.startswith("Invalid sequence value")
