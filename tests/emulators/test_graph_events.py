"""Single events in the Graph emulator: times, bodies, members. Each test cites its items."""

from __future__ import annotations

import pytest

from tests.emulators.graph import CONSUMERS, User, graph_emulator
from tests.emulators.graph.client import IMMUTABLE, Api, at, body, event, q, refusal, weekly
from tests.emulators.graph.zones import LISTED, WINDOWS

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


@pytest.mark.parametrize("odd", ["tzone://Microsoft/Custom", "Customized Time Zone", "tzone://Microsoft/Utc", ""])
def test_a_person_may_have_used_a_zone_without_a_name(odd: str) -> None:
    """L16.39, S9 (L13.4)"""
    with graph_emulator() as g, Api(g) as api:
        name = g.do(do="create", event=event(recurrence=weekly(), zoneShown=odd))
        made = api.read(name)
        assert made["originalStartTimeZone"] == made["recurrence"]["range"]["recurrenceTimeZone"] == odd
        assert made["start"]["dateTime"] == "2026-01-05T08:00:00.0000000"
        new = {"start": at("2026-01-05T09:30:00"), "end": at("2026-01-05T10:00:00")}
        assert body(api.patch(f"me/events/{q(name)}", new))["originalStartTimeZone"] == "W. Europe Standard Time"


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


def test_what_the_emulator_does_not_have_is_refused_not_dropped() -> None:
    with graph_emulator() as g, Api(g) as api:
        for name in ("extensions", "attachments", "multiValueExtendedProperties"):
            assert refusal(api.post("me/events", event() | {name: []})) == (501, "NotImplemented")


def test_personal_accounts_have_shorter_immutable_ids() -> None:
    """A9.5, L16.11 (L2.1)"""
    with graph_emulator(users=(BOB,)) as g, Api(g) as api:
        name = api.create()["id"]
        assert len(name) == 68 and api.read(name)["id"] == name


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
