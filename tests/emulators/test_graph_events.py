"""Single events in the Graph emulator: reading, writing, meetings. Each test cites its items (see test_graph_emulator)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.emulators.graph import CONSUMERS, User, graph_emulator
from tests.emulators.graph.client import IMMUTABLE, WINDOW, Api, at, body, event, q, refusal, weekly
from tests.emulators.graph.zones import LISTED, WINDOWS

KEY = "String {6C2A3E5D-91F4-4B0E-8F51-1B4E0F3D7A20} Name calsync-uid"
FILTER = f"singleValueExtendedProperties/any(ep: ep/id eq '{KEY}' and ep/value eq '%s')"
EXPAND = f"singleValueExtendedProperties($filter=id eq '{KEY}')"
GUEST = {"emailAddress": {"name": "Gil", "address": "gil@contoso.example"}, "type": "required"}
BOB = User("bob@outlook.example", "Bob", "00000000-0000-0000-0001-0123456789ab", CONSUMERS, personal=True)
SPOILT = "not as the entity definitions say"


# -- times -------------------------------------------------------------------------------------------------------------


def test_times_come_in_utc_with_seven_digits_or_in_the_zone_asked_for() -> None:
    """L16.20, A9.8"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(zone="Europe/Berlin")
        assert made["start"] == {"dateTime": "2026-01-05T08:00:00.0000000", "timeZone": "UTC"}
        assert made["createdDateTime"].endswith("Z") and len(made["createdDateTime"].partition(".")[2]) == 8
        path = f"me/events/{q(made['id'])}"
        for zone, hour in (("Tokyo Standard Time", 17), ("America/New_York", 3)):
            shown = body(api.get(path, Prefer=f'outlook.timezone="{zone}"'))
            assert shown["start"] == {"dateTime": f"2026-01-05T{hour:02d}:00:00.0000000", "timeZone": zone}
        assert refusal(api.get(path, Prefer='outlook.timezone="PDT"')) == (400, "TimeZoneNotSupportedException")


@pytest.mark.parametrize(("knob", "told"), [("windows", "Pacific Standard Time"), ("echo", "America/Los_Angeles")])
def test_the_zone_of_the_author_is_echoed_or_comes_back_as_its_windows_name(knob: str, told: str) -> None:
    """L16.21, S9: the two sheets differ; a switch"""
    with graph_emulator(zone_names=knob) as g, Api(g) as api:
        made = api.create(zone="America/Los_Angeles", recurrence=weekly())
        assert (made["originalStartTimeZone"], made["originalEndTimeZone"]) == (told, told)
        assert made["recurrence"]["range"]["recurrenceTimeZone"] == told


def test_every_documented_zone_name_is_taken_and_others_are_not() -> None:
    """L16.21 (L13.1)"""
    with graph_emulator() as g, Api(g) as api:
        for name in (*sorted(LISTED), *sorted(WINDOWS)):
            answer = api.post("me/events", event(zone=name))
            assert answer.status_code == 201, name
        for name in ("PDT", "EST", "MST", "HST", "", "Europe/Vienna", "tzone://Microsoft/Custom", "Mars"):
            assert refusal(api.post("me/events", event(zone=name))) == (400, "TimeZoneNotSupportedException"), name
        path = f"me/events/{q(api.create()['id'])}"
        assert refusal(api.patch(path, {"start": {"dateTime": "2026-01-05T08:00:00"}})) == (
            400,
            "TimeZoneNotSupportedException",
        )
        g.change(knobs={"iana": "all"})
        assert api.post("me/events", event(zone="Europe/Vienna")).status_code == 201


def test_an_offset_in_a_time_is_honoured() -> None:
    """L16.21 (L4.2)"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(start="2026-01-05T12:30:00+02:00", end="2026-01-05T13:30:00+02:00", zone="UTC")
        assert made["start"]["dateTime"] == "2026-01-05T10:30:00.0000000"


def test_an_event_may_be_empty_but_not_end_before_it_starts() -> None:
    """L16.22"""
    with graph_emulator() as g, Api(g) as api:
        assert api.create(end="2026-01-05T09:00:00")["end"]["dateTime"] == "2026-01-05T08:00:00.0000000"
        wrong = api.post("me/events", event(end="2026-01-05T08:59:00"))
        assert refusal(wrong) == (400, "ErrorCalendarEndDateIsEarlierThanStartDate")
        wrong = api.post("me/events", event(end="2032-01-05T08:59:00"))
        assert refusal(wrong) == (400, "ErrorCalendarDurationIsTooLong")


@pytest.mark.parametrize(("start", "end", "zones", "says"), [
    ("2026-01-05T01:00:00", "2026-01-06T00:00:00", ("UTC", "UTC"), "The Event.Start property for an all-day event"),
    ("2026-01-05T00:00:00", "2026-01-06T01:00:00", ("UTC", "UTC"), "The Event.End property for an all-day event"),
    ("2026-01-05T00:00:00", "2026-01-05T00:00:00", ("UTC", "UTC"), "must be at least 24 hours"),
    ("2026-01-05T00:00:00", "2026-01-06T00:00:00", ("UTC", "Asia/Tokyo"), "same time zone"),
])
def test_all_day_rules(start: str, end: str, zones: tuple[str, str], says: str) -> None:
    """L16.23"""
    with graph_emulator() as g, Api(g) as api:
        sent = {"subject": "x", "isAllDay": True, "start": at(start, zones[0]), "end": at(end, zones[1])}
        answer = api.post("me/events", sent)
        assert refusal(answer) == (400, "ErrorInvalidRequest") and says in answer.text
        api.create(isAllDay=True, start="2026-01-05T00:00:00", end="2026-01-06T00:00:00", zone="Asia/Tokyo")


def test_all_day_events_keep_their_dates_in_every_zone_and_meet_windows_as_utc_days() -> None:
    """L16.23"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(isAllDay=True, start="2026-01-05T00:00:00", end="2026-01-06T00:00:00", zone="Asia/Tokyo")
        path = f"me/events/{q(made['id'])}"
        shown = body(api.get(path, Prefer='outlook.timezone="Pacific Standard Time"'))
        assert (shown["start"]["dateTime"], shown["end"]["dateTime"]) == (
            "2026-01-05T00:00:00.0000000",
            "2026-01-06T00:00:00.0000000",
        )
        for start, end, seen in (("05T23:00", "06T12:00", 1), ("04T12:00", "05T00:00", 0), ("06T00:00", "07T00:00", 0)):
            window = {"startDateTime": f"2026-01-{start}:00Z", "endDateTime": f"2026-01-{end}:00Z"}
            assert len(api.rows("me/calendarView", window)) == seen
        answer = api.patch(path, {"isAllDay": False})
        assert refusal(answer) == (400, "ErrorInvalidRequest") and "Missing parameters: Event.Start" in answer.text


def test_wrong_shapes_are_refused_and_noted() -> None:
    """L16.24"""
    with pytest.raises(AssertionError, match=SPOILT), graph_emulator() as g, Api(g) as api:
        for sent in (event() | {"start": {"date": "2026-01-05"}}, event() | {"start": "2026-01-05"},
                     event() | {"categories": "one"}, event() | {"isAllDay": "yes"}):
            assert refusal(api.post("me/events", sent)) == (400, "UnableToDeserializePostBody")
        assert refusal(api.post("me/events", event() | {"colour": "red"})) == (400, "RequestBodyRead")
        assert refusal(api.post("me/events", event() | {"showAs": "asleep"})) == (400, "RequestBodyRead")
        assert len(g.violations) == 6
        g.change(knobs={"unknown_members": "ignore"})
        assert api.post("me/events", event() | {"colour": "red"}).status_code == 201


def test_bodies_need_a_content_type_and_json() -> None:
    """L16.24"""
    with graph_emulator() as g, Api(g) as api:
        url = f"{g.graph_url}/me/events"
        assert api.http.post(url, content=b"{}").status_code == 400
        assert api.http.post(url, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400


# -- bodies ------------------------------------------------------------------------------------------------------------


def test_text_is_kept_as_wrapped_html_and_read_as_text_with_crlf() -> None:
    """L16.25"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(body={"contentType": "text", "content": "Bring  card\n<now> & here"})
        assert made["body"] == {"contentType": "text", "content": "Bring\u00a0 card\r\n<now> & here\r\n"}
        assert made["bodyPreview"] == "Bring\u00a0 card\r\n<now> & here"
        html = body(api.get(f"me/events/{q(made['id'])}", Prefer=IMMUTABLE))["body"]
        assert html["contentType"] == "html" and "<!-- converted from text -->" in html["content"]
        assert 'class="PlainText">Bring&nbsp; card<br>\r\n&lt;now&gt; &amp; here</div>' in html["content"]
        long = api.create(body={"contentType": "text", "content": "x" * 400})
        assert len(long["bodyPreview"]) == 255
        assert api.create()["body"]["content"] == "\r\n"
        g.change(knobs={"empty_body": ""})
        assert api.create()["body"]["content"] == ""


def test_html_is_cleaned_and_links_show_in_the_text() -> None:
    """L16.25"""
    with graph_emulator() as g, Api(g) as api:
        page = '<p onclick="x()" id=a class="b">See <a target=_blank href="https://a.example/">this</a></p><script>x</script><blink>!'
        made = api.create(body={"contentType": "html", "content": page})
        shown = body(api.get(f"me/events/{q(made['id'])}", Prefer=IMMUTABLE))["body"]["content"]
        assert '<p class="b" id="a">See <a href="https://a.example/">this</a></p>!' in shown
        assert shown.startswith("<html>\r\n<head>\r\n<meta") and shown.endswith("</html>\r\n")
        assert made["body"]["content"] == "See this<https://a.example/>\r\n!\r\n"


# -- members -----------------------------------------------------------------------------------------------------------


def test_a_patch_merges_at_the_top_and_replaces_below() -> None:
    """L16.26"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(location={"displayName": "Main St", "address": {"city": "Bonn"}}, categories=["a", "b"])
        place = {"displayName": "Main St", "locationType": "default", "uniqueId": "Main St", "uniqueIdType": "private"}
        assert made["location"] == place | {"address": {"city": "Bonn"}} and made["locations"] == [made["location"]]
        path = f"me/events/{q(made['id'])}"
        after = body(api.patch(path, {"location": {"displayName": "Side St"}, "categories": ["c"]}))
        assert (after["location"]["displayName"], after["locations"][0].get("address")) == ("Side St", None)
        assert (after["categories"], after["subject"]) == (["c"], "Dentist")
        both = body(api.patch(path, {"locations": [{"displayName": "One"}, {"displayName": "Two"}]}))
        assert both["location"]["displayName"] == "One; Two" and len(both["locations"]) == 2
        assert body(api.patch(path, {"location": {"displayName": ""}}))["locations"] == []


def test_what_is_not_said_at_create_has_its_default() -> None:
    """L16.27"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create()
        defaults = {"showAs": "busy", "sensitivity": "normal", "importance": "normal", "isReminderOn": True,
                    "reminderMinutesBeforeStart": 15, "responseRequested": True, "allowNewTimeProposals": True}
        assert {key: made[key] for key in defaults} == defaults
        assert made["organizer"]["emailAddress"] == {"name": "Ann", "address": "ann@contoso.example"}
        assert made["responseStatus"]["response"] == "organizer" and made["isOrganizer"]
        assert made["type"] == "singleInstance" and made["recurrence"] is None


@pytest.mark.parametrize(("knob", "status"), [("refuse", 400), ("ignore", 201)])
def test_read_only_members_are_refused_or_ignored_and_noted(knob: str, status: int) -> None:
    """L16.28"""
    with pytest.raises(AssertionError, match=SPOILT), graph_emulator(read_only_members=knob) as g, Api(g) as api:
        answer = api.post("me/events", event() | {"iCalUId": "mine", "bodyPreview": "x"})
        assert answer.status_code == status
        assert "mine" not in (answer.text if status == 201 else "")


def test_subjects_end_at_255_characters() -> None:
    """S9"""
    with graph_emulator() as g, Api(g) as api:
        assert refusal(api.post("me/events", event("x" * 256))) == (400, "ErrorPropertyValidationFailure")
        g.change(knobs={"long_subject": "cut"})
        assert len(api.create(subject="x" * 256)["subject"]) == 255
        assert api.create(subject="one\r\ntwo")["subject"] == "one two"


def test_an_online_meeting_lives_in_the_body() -> None:
    """L16.28"""
    with graph_emulator() as g, Api(g, prefer=IMMUTABLE) as api:
        made = api.create(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness",
                          body={"contentType": "html", "content": "<p>Agenda</p>"})
        url = made["onlineMeeting"]["joinUrl"]
        assert made["isOnlineMeeting"] and url in made["body"]["content"] and "Agenda" in made["body"]["content"]
        path = f"me/events/{q(made['id'])}"
        kept = body(
            api.patch(path, {"body": {"contentType": "html", "content": made["body"]["content"] + "<p>more</p>"}})
        )
        assert kept["isOnlineMeeting"]
        lost = body(api.patch(path, {"body": {"contentType": "html", "content": "<p>only this</p>"}}))
        assert (lost["isOnlineMeeting"], lost["onlineMeeting"]) == (False, None)


def test_personal_accounts_have_no_online_meetings() -> None:
    """L16.18, L16.28"""
    with graph_emulator(users=(BOB,)) as g, Api(g) as api:
        assert body(api.get("me/calendar"))["allowedOnlineMeetingProviders"] == []
        made = api.create(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
        assert (made["isOnlineMeeting"], made["onlineMeeting"], made["onlineMeetingProvider"]) == (
            False,
            None,
            "unknown",
        )


# -- versions ----------------------------------------------------------------------------------------------------------


def test_every_write_makes_a_new_etag_and_a_stale_one_is_refused() -> None:
    """L16.29, L16.30, A9.10"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create()
        path, old = f"me/events/{q(made['id'])}", made["@odata.etag"]
        assert old == f'W/"{made["changeKey"]}"'
        new = body(api.patch(path, {"subject": "b"}, If_Match=old))["@odata.etag"]
        assert new != old
        for answer in (api.patch(path, {"subject": "c"}, If_Match=old), api.delete(path, If_Match=old)):
            assert refusal(answer) == (412, "ErrorIrresolvableConflict")
        assert body(api.patch(path, {"subject": "d"}))["subject"] == "d", "without If-Match the last writer wins"
        assert api.read(made["id"])["subject"] == "d"


def test_an_etag_may_change_again_without_any_change_to_see() -> None:
    """L16.29 (knob), A9.10"""
    with graph_emulator(etag_bump_s=0.05) as g, Api(g) as api:
        made = api.create()
        time.sleep(0.15)
        later = api.read(made["id"])
        assert later.pop("@odata.etag") != made.pop("@odata.etag") and later.pop("changeKey") != made.pop("changeKey")
        assert {k: v for k, v in later.items() if "odata" not in k} == {
            k: v for k, v in made.items() if "odata" not in k
        }
        g.change(knobs={"etag_bump_s": 0})
        before = api.read(made["id"])["@odata.etag"]
        g.do(do="touch", id=made["id"])
        assert api.read(made["id"])["@odata.etag"] != before


@pytest.mark.parametrize("status", [409, 412])
@pytest.mark.parametrize("code", ["ErrorIrresolvableConflict", "PreconditionFailed"])
def test_a_conflict_may_come_without_any_reason(status: int, code: str) -> None:
    """L16.30 (knob), A9.10"""
    with graph_emulator() as g, Api(g) as api:
        path = f"me/events/{q(api.create()['id'])}"
        g.change(faults=[{"name": "conflict", "status": status, "code": code}])
        assert refusal(api.patch(path, {"subject": "x"})) == (status, code)
        assert api.patch(path, {"subject": "x"}).status_code == 200


def test_a_repeated_create_gives_the_first_event() -> None:
    """L16.31, A9.28"""
    with graph_emulator() as g, Api(g) as api:
        sent = event(transactionId="7f0c9a52-0000-4000-8000-000000000001")
        first, again = api.post("me/events", sent), api.post("me/events", sent)
        assert (first.status_code, again.status_code) == (201, 201)
        assert body(first)["id"] == body(again)["id"] and len(g.events()) == 1
        assert body(first)["transactionId"] == sent["transactionId"]
        assert "transactionId" not in api.create()
        changed = api.patch(f"me/events/{q(body(first)['id'])}", {"transactionId": "x"})
        assert refusal(changed) == (400, "ErrorInvalidRequest")


@pytest.mark.parametrize(("knob", "status"), [("400", 400), ("409", 409), ("first", 201)])
def test_the_same_transaction_with_another_body(knob: str, status: int) -> None:
    """L16.31, A9.28: the sheets differ (error, or the first event unchanged); a switch"""
    with graph_emulator(transaction_conflict=knob) as g, Api(g) as api:
        first = api.create(transactionId="t-1")["id"]
        answer = api.post("me/events", event("other", transactionId="t-1"))
        assert answer.status_code == status and len(g.events()) == 1
        if status == 201:
            assert (body(answer)["id"], body(answer)["subject"]) == (first, "Dentist")
        else:
            assert body(answer)["error"]["code"] == "ErrorDuplicateTransactionId"
            assert body(answer)["error"]["@event.existingEventId"] == first


def test_a_transaction_is_forgotten_after_a_while() -> None:
    """L16.31, A9.28, A9.29"""
    with graph_emulator(transaction_memory_s=600) as g, Api(g) as api:
        ids = [api.create(transactionId="t-1")["id"]]
        g.change(advance_s=500)
        ids.append(api.create(transactionId="t-1")["id"])
        g.change(advance_s=200)
        ids.append(api.create(transactionId="t-1")["id"])
        assert ids[0] == ids[1] != ids[2]
        g.change(forget_transactions=True)
        assert api.create(transactionId="t-1")["id"] not in ids


@pytest.mark.parametrize("knob", ["deleted", "error", "new"])
def test_a_repeat_after_the_first_was_deleted(knob: str) -> None:
    """A9.28"""
    with graph_emulator(transaction_after_delete=knob) as g, Api(g) as api:
        first = api.create(transactionId="t-1")["id"]
        assert api.delete(f"me/events/{q(first)}").status_code == 204
        answer = api.post("me/events", event(transactionId="t-1"))
        assert answer.status_code == (400 if knob == "error" else 201)
        if knob == "deleted":
            assert body(answer)["id"] == first and api.get(f"me/events/{q(first)}").status_code == 404
        if knob == "new":
            assert body(answer)["id"] != first
        assert len(g.events()) == (1 if knob == "new" else 0)


def test_a_deleted_event_is_not_found_and_may_be_restored() -> None:
    """L16.33, A9.30"""
    for knob in ("same", "new"):
        with graph_emulator(restore=knob) as g, Api(g) as api:
            name = api.create()["id"]
            path = f"me/events/{q(name)}"
            assert [api.delete(path).status_code for _ in range(2)] == [204, 404]
            assert refusal(api.get(path)) == (404, "ErrorItemNotFound")
            assert refusal(api.patch(path, {"subject": "x"})) == (404, "ErrorItemNotFound")
            back = g.do(do="restore", id=name)
            assert (back == name) == (knob == "same")
            assert api.read(back)["subject"] == "Dentist"


# -- meetings ----------------------------------------------------------------------------------------------------------


def _kinds(g: Any) -> list[str]:
    kinds = [mail["kind"] for mail in g.mails]
    g.mails.clear()
    return kinds


def test_every_write_on_a_meeting_mails_its_guests() -> None:
    """L16.32, A9.34"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(attendees=[GUEST], recurrence=weekly())
        assert g.mails[0]["to"] == ["gil@contoso.example"] and _kinds(g) == ["invitation"]
        path = f"me/events/{q(made['id'])}"
        api.patch(path, {"location": {"displayName": "Room 2"}})
        assert _kinds(g) == ["update"]
        other = GUEST | {"emailAddress": {"name": "Ida", "address": "ida@contoso.example"}}
        api.patch(path, {"attendees": [other]})
        assert sorted(_kinds(g)) == ["cancellation", "invitation"], "only those added and removed"
        one = api.instances(made["id"])[1]["id"]
        api.patch(f"me/events/{q(one)}", {"subject": "Moved"})
        assert _kinds(g) == ["update"], "each instance sends its own"
        api.delete(f"me/events/{q(one)}")
        assert _kinds(g) == ["cancellation"]
        api.patch(path, {"singleValueExtendedProperties": [{"id": KEY, "value": "x"}]})
        assert _kinds(g) == []
        api.delete(path)
        assert _kinds(g) == ["cancellation"]
        api.delete(f"me/events/{q(api.create()['id'])}")
        assert _kinds(g) == [], "without guests nobody is told"


@pytest.mark.parametrize("mails", [True, False])
def test_personal_changes_of_the_organizer_mail_or_do_not(mails: bool) -> None:
    """L16.32 (L17.9), A9.34"""
    with graph_emulator(personal_writes_mail=mails) as g, Api(g) as api:
        path = f"me/events/{q(api.create(attendees=[GUEST])['id'])}"
        g.mails.clear()
        api.patch(path, {"reminderMinutesBeforeStart": 5, "showAs": "free", "categories": ["x"]})
        assert _kinds(g) == (["update"] if mails else [])


def test_answers_to_meetings_have_their_rules() -> None:
    """L16.32"""
    with graph_emulator() as g, Api(g) as api:
        own = f"me/events/{q(api.create(attendees=[GUEST])['id'])}"
        g.mails.clear()
        assert refusal(api.post(f"{own}/accept", {"sendResponse": False})) == (400, "ErrorInvalidRequest")
        boss = {"emailAddress": {"name": "Boss", "address": "boss@contoso.example"}}
        invited = g.do(do="create", event=event("Review", organizer=boss, isOrganizer=False, attendees=[GUEST]))
        theirs = f"me/events/{q(invited)}"
        assert refusal(api.post(f"{theirs}/cancel", {"comment": ""})) == (400, "ErrorInvalidRequest")
        proposing = {"sendResponse": False, "proposedNewTime": {"start": at("2026-01-06"), "end": at("2026-01-07")}}
        assert refusal(api.post(f"{theirs}/decline", proposing)) == (400, "ErrorInvalidParameter")
        assert api.post(f"{theirs}/tentativelyAccept", {"sendResponse": False}).status_code == 202
        assert api.read(invited)["responseStatus"]["response"] == "tentativelyAccepted" and _kinds(g) == []
        assert api.post(f"{theirs}/accept", {"sendResponse": True}).status_code == 202
        assert (g.mails[0]["to"], _kinds(g)) == (["boss@contoso.example"], ["response"])
        assert api.post(f"{theirs}/decline", {"sendResponse": False}).status_code == 202
        assert api.get(theirs).status_code == 404 and _kinds(g) == []
        assert api.post(f"{own}/cancel", {"comment": "off"}).status_code == 202
        assert _kinds(g) == ["cancellation"] and api.get(own).status_code == 404


def test_an_attendee_changes_only_the_own_copy_until_the_organizer_writes() -> None:
    """L16.32"""
    with graph_emulator() as g, Api(g) as api:
        name = g.do(do="create", event=event("Review", isOrganizer=False, attendees=[GUEST]))
        assert body(api.patch(f"me/events/{q(name)}", {"subject": "Mine"}))["subject"] == "Mine" and _kinds(g) == []
        g.do(do="organizer_update", id=name, changes={"location": {"displayName": "Room 9"}})
        seen = api.read(name)
        assert (seen["subject"], seen["location"]["displayName"]) == ("Review", "Room 9")
        g.do(do="cancel_meeting", id=name)
        seen = api.read(name)
        assert (seen["isCancelled"], seen["subject"]) == (True, "Canceled: Review")
        api.delete(f"me/events/{q(name)}")
        assert _kinds(g) == []


def test_answers_of_guests_change_the_event() -> None:
    """A9.10: responses of guests make a new etag"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(attendees=[GUEST])
        g.do(do="respond", id=made["id"], attendee="gil@contoso.example", response="accepted")
        seen = api.read(made["id"])
        assert seen["attendees"][0]["status"]["response"] == "accepted" and seen["@odata.etag"] != made["@odata.etag"]


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
