"""Single edits of what Google gave: which JSON members change, which requests that makes (I7, R2-R4, facts 5, 6)."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.google.address import addressed, instance_id, settled
from calsync_cli.mapping.google.document import document
from calsync_cli.mapping.google.kept import kept_of, put_kept
from calsync_cli.mapping.google.mapping import GOOGLE
from calsync_cli.mapping.google.patches import Patch, patches
from calsync_cli.model.series import CANCELLED, Changes, Form, Recurrence
from calsync_cli.model.times import AllDay, Floating, Span, Zoned, moved
from tests.unit.test_google_mapping_oddities import FILES, HALF_TEN, KEY, NEXT, WEEKLY, span

BERLIN = "Europe/Berlin"
DAYS = Span(AllDay(date(2026, 11, 24)), AllDay(date(2026, 11, 25)))
ETAG = '"3560000000000000"'
Json = dict[str, Any]


def node(text: str, offset: str = "+01:00", zone: str = BERLIN) -> Json:
    return {"dateTime": f"2026-{text}:00{offset}", "timeZone": zone}


def requests(name: str, changes: Changes) -> list[Patch]:
    return patches(FILES[name], GOOGLE.edit(FILES[name], changes))


def members(name: str, changes: Changes) -> Json:
    """What the one request of an edit sends."""
    (step,) = requests(name, changes)
    return step.members


def event(payload: bytes) -> Json:
    found = json.loads(payload)["event"]
    assert isinstance(found, dict)
    return found


# -- one event ---------------------------------------------------------------------------------------------------------


def test_a_changed_title_is_one_patch_of_one_member_with_its_version() -> None:
    (step,) = requests("words_set", {"title": "Neu"})
    assert step == Patch("patch", "k3v0odd1", "", ETAG, {"summary": "Neu"})
    assert not step.reschedules


def test_cleared_words_become_their_default_and_cleared_texts_go() -> None:
    change: Changes = {
        "visibility": None, "busy": None, "status": None, "color": None, "location": None, "url": None,
    }  # fmt: skip
    assert members("words_set", change) == {
        "visibility": "default", "transparency": "opaque", "status": "confirmed", "colorId": None, "location": None,
        "source": None,
    }  # fmt: skip


def test_a_timed_event_becomes_all_day_and_back_with_the_other_kind_set_to_null() -> None:
    """Both keys present: the request fails or the old one wins (facts 5.2)."""
    sent = members("no_title", {"time": DAYS})
    assert sent["start"] == {"date": "2026-11-24", "dateTime": None, "timeZone": None}
    assert sent["end"] == {"date": "2026-11-25", "dateTime": None, "timeZone": None}
    sent = members("all_day", {"time": HALF_TEN})
    assert sent["start"] == {**node("11-24T09:30"), "date": None}
    assert sent["end"] == {**node("11-24T10:30"), "date": None}


def test_a_longer_event_sends_both_ends_and_keeps_the_spelling_of_the_one_that_stays() -> None:
    sent = members("offset_of_the_calendar_not_of_the_event", {
        "time": span("20261124T093000", "20261124T113000", "America/New_York"),
    })  # fmt: skip
    assert sent["start"] == node("11-24T15:30", "+01:00", "America/New_York")
    assert sent["end"] == node("11-24T11:30", "-05:00", "America/New_York")


def test_zones_that_google_was_slow_to_learn_are_written_as_their_older_names() -> None:
    kyiv = span("20261124T093000", "20261124T103000", "Europe/Kyiv")
    sent = members("no_title", {"time": kyiv})
    assert sent["start"]["timeZone"] == "Europe/Kiev"


def test_times_that_are_there_twice_are_told_apart_by_their_offset() -> None:
    first = Zoned(datetime(2026, 10, 25, 2, 30), BERLIN)
    sent = members("no_title", {"time": Span(first, Zoned(datetime(2026, 10, 25, 1, 45), "UTC"))})
    assert sent["start"]["dateTime"] == "2026-10-25T02:30:00+02:00"
    assert sent["end"] == {"dateTime": "2026-10-25T01:45:00Z", "timeZone": "UTC"}


def test_a_single_event_that_begins_to_repeat_gets_the_zone_a_series_needs() -> None:
    sent = members("utc_without_zone", {"recurrence": WEEKLY})
    assert sent["recurrence"] == ["RRULE:FREQ=WEEKLY"]
    assert sent["start"] == {"dateTime": "2026-11-24T08:30:00Z", "timeZone": "UTC"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"time": Span(HALF_TEN.start, HALF_TEN.start)}, "no length"),
        ({"time": Span(HALF_TEN.end, HALF_TEN.start)}, "no length"),
        ({"time": None}, "cannot lose its time"),
        ({"recurrence": Recurrence(("COUNT=3;FREQ=HOURLY",))}, "every few hours"),
        ({"recurrence": Recurrence(("FREQ=MINUTELY",))}, "every few minutes"),
        ({"recurrence": Recurrence(("FREQ=YEARLY;RSCALE=CHINESE;SKIP=FORWARD",))}, "another calendar"),
        ({"recurrence": Recurrence(("COUNT=3;FREQ=DAILY;UNTIL=20261231T225959Z",))}, "by a number and by a date"),
        ({"recurrence": Recurrence((), (), ("20261126T093000/PT2H",))}, "a length of its own"),
        ({f"{KEY}/title": "no series"}, "no date of its series"),
        ({"guests": frozenset({"mailto:a@b.c ACCEPTED REQ-PARTICIPANT INDIVIDUAL"})}, "never changed by a sync"),
        ({"organizer": "mailto:a@b.c"}, "never changed by a sync"),
        ({"visibility": "secret"}, "no visibility"),
        ({"status": "maybe"}, "no status"),
        ({"busy": "perhaps"}, "no busy state"),
    ],
)
def test_what_google_refuses_is_held_with_a_reason_and_never_approximated(change: Changes, reason: str) -> None:
    with pytest.raises(MappingError, match=reason):
        GOOGLE.edit(FILES["no_title"], change)


def test_an_event_of_no_length_keeps_it_while_something_else_changes() -> None:
    assert members("zero_length", {"title": "Neu"}) == {"summary": "Neu"}


# -- descriptions, links, colours, reminders ---------------------------------------------------------------------------


def test_one_changed_line_keeps_the_markup_of_the_others() -> None:
    text = "Hello all,\nsee the page (https://x.example/?a=1&b=2)\n\nTom & Anna"
    assert members("html_description", {"description": text}) == {
        "description": 'Hello <b>all</b>,<br>see <a href="https://x.example/?a=1&amp;b=2">the page</a><br><br>'
        "Tom &amp; Anna"
    }


def test_a_new_item_of_a_list_and_a_removed_one() -> None:
    sent = members("html_list", {"description": "Agenda\n- one\n- two now\n- three"})
    assert sent["description"] == "<p>Agenda</p><ul><li>one</li><li>two <i>now</i></li><li>three</li></ul>"
    sent = members("html_list", {"description": "Agenda\n- two now"})
    assert sent["description"] == "<p>Agenda</p><ul><li></li><li>two <i>now</i></li></ul>"


def test_plain_text_is_sent_as_it_is_unless_google_would_take_it_for_html() -> None:
    assert members("no_title", {"description": "a < b & c"}) == {"description": "a < b & c"}
    sent = members("no_title", {"description": "<b> &amp;\nnext"})
    assert sent == {"description": "&lt;b&gt; &amp;amp;<br>next"}


def test_the_end_of_a_long_description_is_kept_beside_the_event_and_follows_an_edit_of_its_beginning() -> None:
    text = "\n".join(f"line {n} of many" for n in range(700))
    payload = GOOGLE.edit(FILES["no_title"], {"description": text})
    assert len(event(payload)["description"]) <= 8192 < len(text)
    assert GOOGLE.read(payload).form["description"] == text
    by_hand = payload.replace(b"line 0 of", b"LINE 0 of")
    assert GOOGLE.read(by_hand).form["description"] == text.replace("line 0 of", "LINE 0 of")


def test_what_does_not_fit_is_lost_and_said_so_and_the_rest_is_kept() -> None:
    text = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(20000))
    payload = GOOGLE.edit(FILES["no_title"], {"description": text, "categories": frozenset({"Work"})})
    reading = GOOGLE.read(payload)
    assert reading.form["categories"] == frozenset({"Work"})
    assert reading.form["description"] == text[:8192]
    assert "its description did not fit into the event at Google and was lost" in reading.losses
    again = GOOGLE.read(GOOGLE.edit(payload, {"categories": frozenset({"Home"})}))
    assert any("its description did not fit" in loss for loss in again.losses)
    mended = GOOGLE.read(GOOGLE.edit(payload, {"description": "short"}))
    assert not any("did not fit" in loss for loss in mended.losses)
    assert all(len(value) <= 900 for value in event(payload)["extendedProperties"]["private"].values())


def test_a_web_address_is_the_source_and_any_other_is_kept() -> None:
    assert members("words_set", {"url": "https://new.example/"})["source"] == {
        "title": "Ticket", "url": "https://new.example/",
    }  # fmt: skip
    assert members("no_title", {"url": "https://new.example/"})["source"]["title"] == "https://new.example/"
    edited = GOOGLE.edit(FILES["words_set"], {"url": "tel:123"})
    assert "source" not in event(edited) and GOOGLE.read(edited).form["url"] == "tel:123"


def test_the_source_of_somebody_elses_event_cannot_be_seen_and_is_not_written() -> None:
    creator = b'"creator":{"email":"me@example.org","self":true}'
    other = FILES["words_set"].replace(creator, b'"creator":{"email":"x@y.z"}')
    edited = GOOGLE.edit(other, {"url": "https://new.example/"})
    assert event(edited)["source"] == event(other)["source"]
    assert GOOGLE.read(edited).form["url"] == "https://new.example/"


@pytest.mark.parametrize(
    ("color", "color_id"), [("red", "11"), ("turquoise", "2"), ("#0b8043", "10"), ("#fff", "1"), ("Tomato", "6")]
)
def test_a_colour_is_shown_by_the_nearest_of_eleven_and_kept(color: str, color_id: str) -> None:
    edited = GOOGLE.edit(FILES["no_title"], {"color": color})
    assert event(edited)["colorId"] == color_id
    assert GOOGLE.read(edited).form["color"] == color
    by_hand = edited.replace(f'"colorId":"{color_id}"'.encode(), b'"colorId":"4"')
    assert GOOGLE.read(by_hand).form["color"] == "lightcoral"


def test_no_colour_of_this_world_is_kept_and_not_shown() -> None:
    edited = GOOGLE.edit(FILES["no_title"], {"color": "octarine"})
    assert "colorId" not in event(edited) and GOOGLE.read(edited).form["color"] == "octarine"


def test_one_reminder_is_swapped_and_the_others_keep_their_order() -> None:
    wanted = frozenset({"email:-P1D", "display:PT0S", "display:-PT2H"})
    assert members("reminders_of_all_kinds", {"reminders": wanted}) == {
        "reminders": {
            "useDefault": False,
            "overrides": [
                {"method": "email", "minutes": 1440}, {"method": "popup", "minutes": 0},
                {"method": "popup", "minutes": 120},
            ],
        }
    }  # fmt: skip


def test_no_reminders_is_not_the_default_and_a_first_one_replaces_the_default() -> None:
    assert event(GOOGLE.make("u", {"time": HALF_TEN}, ""))["reminders"] == {"useDefault": False}
    assert members("reminders_by_default", {"reminders": frozenset({"display:-PT15M"})})["reminders"] == {
        "useDefault": False, "overrides": [{"method": "popup", "minutes": 15}],
    }  # fmt: skip
    assert members("reminders_of_all_kinds", {"reminders": None})["reminders"]["overrides"] == []


@pytest.mark.parametrize(
    ("reminders", "popups"),
    [
        ({"audio:-PT15M"}, ["popup:15"]),
        ({"audio:-PT15M", "display:-PT15M"}, ["popup:15"]),
        ({"display:-PT90S"}, ["popup:2"]),
        ({"display:end:-PT90M"}, ["popup:30"]),
        ({"display:20261124T080000Z"}, ["popup:30"]),
        ({"display:20261124T080000"}, ["popup:90"]),
        ({"display:PT5M", "display:end:PT0S", "display:-P30D", "display:soon"}, []),
        ({f"display:-PT{n}M" for n in range(1, 8)}, [f"popup:{n}" for n in (7, 6, 5, 4, 3)]),
        ({"email:-PT1H", "procedure:-PT2H"}, ["email:60", "popup:120"]),
    ],
)
def test_reminders_google_cannot_say_get_a_popup_in_their_place_and_come_back(
    reminders: set[str], popups: list[str]
) -> None:
    edited = GOOGLE.edit(FILES["reminders_none"], {"reminders": frozenset(reminders)})
    shown = event(edited)["reminders"].get("overrides", [])
    assert [f"{item['method']}:{item['minutes']}" for item in shown] == popups
    assert GOOGLE.read(edited).form["reminders"] == reminders


def test_a_popup_that_a_person_removes_takes_what_it_stands_for_with_it() -> None:
    edited = GOOGLE.edit(FILES["reminders_none"], {"reminders": frozenset({"audio:-PT15M", "email:-PT1H"})})
    by_hand = edited.replace(b',{"method":"popup","minutes":15}', b"")
    assert by_hand != edited and GOOGLE.read(by_hand).form["reminders"] == {"email:-PT1H"}


def test_a_reminder_before_the_end_follows_the_event() -> None:
    edited = GOOGLE.edit(FILES["reminders_none"], {"reminders": frozenset({"display:end:-PT90M"})})
    longer = GOOGLE.edit(edited, {"time": span("20261124T093000", "20261124T104500")})
    assert event(longer)["reminders"]["overrides"] == [{"method": "popup", "minutes": 15}]
    assert GOOGLE.read(longer).form["reminders"] == {"display:end:-PT90M"}


def test_a_cancelled_event_that_is_still_there_is_tentative_at_google() -> None:
    """`status: cancelled` would delete it (facts 11.1)."""
    edited = GOOGLE.edit(FILES["no_title"], {"status": "cancelled"})
    assert event(edited)["status"] == "tentative"
    assert GOOGLE.read(edited).form["status"] == "cancelled"
    by_hand = edited.replace(b'"status":"tentative"', b'"status":"confirmed"')
    assert "status" not in GOOGLE.read(by_hand).form


def test_attachments_are_read_and_never_removed_and_other_links_are_kept() -> None:
    edited = GOOGLE.edit(FILES["attachments"], {"attachments": frozenset({"https://other.example/b"})})
    assert event(edited)["attachments"] == event(FILES["attachments"])["attachments"]
    both = frozenset({"https://other.example/b", "https://drive.example/a"})
    assert GOOGLE.read(edited).form["attachments"] == both
    assert "attachments" not in members("attachments", {"attachments": both})


def test_carried_properties_are_kept_and_given_by_name() -> None:
    names = ["x:X-PROJECT", "x:X-OTHER"]
    assert GOOGLE.carried(FILES["kept_beside_the_event"], names) == {"x:X-PROJECT": "Apollo"}
    edited = GOOGLE.edit(FILES["kept_beside_the_event"], {"x:X-PROJECT": None, "x:X-OTHER": "1"})
    assert GOOGLE.carried(edited, names) == {"x:X-OTHER": "1"}
    assert GOOGLE.read(edited).form == GOOGLE.read(FILES["kept_beside_the_event"]).form
    series = GOOGLE.edit(FILES["override_moved"], {"x:X-OTHER": "1", f"{KEY}/x:X-OTHER": "2"})
    assert GOOGLE.carried(series, names) == {"x:X-OTHER": "1", f"{KEY}/x:X-OTHER": "2"}


def test_an_instance_that_has_none_of_what_its_series_gets_says_so() -> None:
    """What is kept with a series counts for its instances; before, such a one took it over."""
    bare = GOOGLE.edit(FILES["override_moved"], {"categories": frozenset({"Work"}), f"{KEY}/categories": frozenset()})
    form = GOOGLE.read(bare).form
    assert (form["categories"], form[f"{KEY}/categories"]) == (frozenset({"Work"}), frozenset())


def test_properties_of_others_stay_and_only_changed_ones_are_sent() -> None:
    edited = GOOGLE.edit(FILES["properties_of_others"], {"categories": frozenset({"Work"})})
    properties = event(edited)["extendedProperties"]
    assert properties["shared"] == {"team": "blue"} and properties["private"]["other.app"] == "1"
    (step,) = patches(FILES["properties_of_others"], edited)
    assert list(step.members["extendedProperties"]["private"]) == ["calsync.loss.0"]


# -- whose event -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"color": "red"}, {"busy": "free"}, {"reminders": frozenset({"display:-PT5M"})}])
def test_a_guest_may_change_what_is_only_his(change: Changes) -> None:
    edited = GOOGLE.edit(FILES["guest_of_a_meeting"], change)
    assert GOOGLE.read(edited).form == {**GOOGLE.read(FILES["guest_of_a_meeting"]).form, **change}


def test_nothing_is_kept_on_a_guests_copy() -> None:
    """Even private properties of it were refused (facts 5.5)."""
    edited = GOOGLE.edit(FILES["guest_of_a_meeting"], {"color": "turquoise"})
    assert "extendedProperties" not in event(edited)


@pytest.mark.parametrize("change", [{"title": "x"}, {"categories": frozenset({"x"})}, {"time": DAYS}])
def test_a_guest_changes_nothing_else(change: Changes) -> None:
    with pytest.raises(MappingError, match="only its organizer"):
        GOOGLE.edit(FILES["guest_of_a_meeting"], change)


def test_the_organizer_may_be_the_calendar_itself_and_guests_may_be_let() -> None:
    own = FILES["guest_of_a_meeting"].replace(b'"id":"me@example.org"', b'"id":"boss@example.org"')
    assert GOOGLE.edit(own, {"title": "x"}) != own
    assert GOOGLE.edit(FILES["guests_may_modify"], {"title": "x"}) != FILES["guests_may_modify"]


def test_a_locked_event_takes_a_reminder_but_no_text() -> None:
    assert "reminders" in members("locked", {"reminders": frozenset({"display:-PT5M"})})
    with pytest.raises(MappingError, match="locked"):
        GOOGLE.edit(FILES["locked"], {"location": "x"})


def test_a_released_event_loses_its_marker_and_nothing_else() -> None:
    released = GOOGLE.remove_marker(FILES["our_copy"])
    assert "extendedProperties" not in event(released)
    reading = GOOGLE.read(released)
    assert (reading.uid, reading.marker) == ("k3v0odd1@google.com", None)
    (step,) = patches(FILES["our_copy"], released)
    assert set(step.members["extendedProperties"]["private"].values()) == {None}
    floating = GOOGLE.remove_marker(FILES["floating_copy"])
    assert GOOGLE.read(floating).form == GOOGLE.read(FILES["floating_copy"]).form
    assert GOOGLE.remove_marker(FILES["no_title"]) is FILES["no_title"]


def test_a_uid_too_long_to_keep_is_held() -> None:
    assert GOOGLE.read(GOOGLE.make("u" * 8000, {"time": HALF_TEN}, "m")).uid == "u" * 8000
    with pytest.raises(MappingError, match="8,001 characters"):
        GOOGLE.make("u" * 8001, {"time": HALF_TEN}, "m")


# -- instances ---------------------------------------------------------------------------------------------------------


def test_a_cancelled_instance_is_taken_out_by_its_id() -> None:
    assert requests("override_with_nothing_of_its_own", {NEXT: CANCELLED}) == [
        Patch("cancel", "k3v0odd1_20261208T083000Z", "2026-12-08T08:30:00Z")
    ]
    assert requests("override_with_nothing_of_its_own", {KEY: CANCELLED}) == [
        Patch("cancel", "k3v0odd1_20261201T083000Z", "2026-12-01T08:30:00Z", ETAG)
    ]


def test_an_instance_brought_back_is_restored_or_its_line_goes() -> None:
    (step,) = requests("cancelled_with_all_details", {KEY: None})
    assert (step.kind, step.id, step.etag) == ("restore", "k3v0odd1_20261201T083000Z", ETAG)
    assert (step.members["status"], step.members["summary"]) == ("confirmed", "Planning")
    assert step.members["start"] == node("12-01T09:30")
    assert members("exdate_line", {KEY: None}) == {"recurrence": ["RRULE:FREQ=WEEKLY"]}
    assert members("exdate_list_in_utc", {KEY: None}) == {
        "recurrence": ["RRULE:FREQ=WEEKLY", "EXDATE:20261208T083000Z"]
    }


def test_an_instance_brought_back_with_a_title_of_its_own() -> None:
    change: Changes = {KEY: None, f"{KEY}/title": "Special"}
    (step,) = requests("cancelled_minimal", change)
    assert (step.kind, step.members["summary"], step.etag) == ("restore", "Special", '"3560000001"')
    first, second = requests("exdate_line", change)
    assert first.members == {"recurrence": ["RRULE:FREQ=WEEKLY"]} and first.reschedules
    assert (second.kind, second.members) == ("patch", {"summary": "Special"})


def test_a_first_change_of_an_instance_sends_what_it_does_not_inherit() -> None:
    (step,) = requests("override_with_nothing_of_its_own", {f"{NEXT}/title": "Special"})
    assert step == Patch(
        "patch", "k3v0odd1_20261208T083000Z", "2026-12-08T08:30:00Z", None, {"summary": "Special"}
    )
    later = span("20261208T140000", "20261208T150000")
    (step,) = requests("override_with_nothing_of_its_own", {f"{NEXT}/time": later, f"{NEXT}/title": ""})
    assert step.members == {"summary": None, "start": node("12-08T14:00"), "end": node("12-08T15:00")}


def test_an_instance_of_a_later_half_of_a_split_series_must_be_asked_for() -> None:
    """Its id keeps the prefix of the first half (facts 4.4, 5.4)."""
    (step,) = requests("split_later_half", {f"{NEXT}/title": "x"})
    assert (step.id, step.original) == ("", "2026-12-08T08:30:00Z")
    start = Zoned(datetime(2026, 12, 8, 9, 30), BERLIN)
    assert instance_id("abc_R20261201T083000", start) == "" == instance_id("", start)
    assert instance_id("abc", AllDay(date(2026, 12, 8))) == "abc_20261208"


def test_a_new_title_of_the_series_reaches_exceptions_that_had_the_old_one() -> None:
    first, second = requests("override_moved", {"title": "Neu"})
    assert (first.members, second.members) == ({"summary": "Neu"}, {"summary": "Neu"})
    assert [step.members for step in requests("override_of_other_title", {"title": "Neu"})] == [{"summary": "Neu"}]


def test_an_exception_goes_back_to_what_its_series_says_but_stays_one() -> None:
    (step,) = requests("override_of_other_title", {f"{KEY}/title": None})
    assert (step.id, step.members) == ("k3v0odd1_20261201T083000Z", {"summary": "Planning"})


def test_a_series_moved_by_an_hour_takes_its_dates_along_r3() -> None:
    """Google drops exceptions whose date moved; they are made again under their new ids (facts 4.4)."""
    later = Span(moved(HALF_TEN.start, timedelta(hours=1)), moved(HALF_TEN.end, timedelta(hours=1)))
    new = "@20261201T093000Z"
    change: Changes = {"time": later, f"{KEY}/title": None, f"{new}/title": "Special"}
    first, second = requests("override_of_other_title", change)
    assert first.reschedules and list(first.members) == ["start", "end"]
    assert (second.id, second.etag) == ("k3v0odd1_20261201T093000Z", None)
    assert second.members == {"summary": "Special"}
    change = {"time": later, KEY: None, new: CANCELLED}
    assert members("cancelled_minimal", change)["recurrence"] == [
        "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20261201T103000",
    ]  # fmt: skip
    assert members("exdate_list_in_utc", {**change, NEXT: None, "@20261208T093000Z": CANCELLED})["recurrence"] == [
        "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20261201T103000,20261208T103000",
    ]  # fmt: skip


def test_rules_that_stay_keep_their_spelling_and_a_changed_one_its_place() -> None:
    extra = Recurrence(("BYMONTHDAY=1;FREQ=MONTHLY", "FREQ=WEEKLY;INTERVAL=2"))
    assert members("two_rrules", {"recurrence": extra})["recurrence"] == [
        "RRULE:FREQ=WEEKLY;INTERVAL=2", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1",
    ]  # fmt: skip
    dates = Recurrence((), (Zoned(datetime(2026, 11, 26, 9, 30), BERLIN), Zoned(datetime(2026, 12, 9, 9, 30), BERLIN)))
    assert members("rdate_only", {"recurrence": dates})["recurrence"] == [
        "RDATE;TZID=Europe/Berlin:20261126T093000", "RDATE;TZID=Europe/Berlin:20261209T093000",
    ]  # fmt: skip
    stray = members("dtstart_line_in_recurrence", {"recurrence": Recurrence(("FREQ=DAILY",))})["recurrence"]
    assert stray == ["DTSTART;TZID=Europe/Berlin:20261124T093000", "RRULE:FREQ=DAILY", "no line at all"]


def test_a_count_that_systems_understand_differently_is_written_as_its_last_date() -> None:
    """The start is a Tuesday: it is one of the three, or comes before them (facts 5.3)."""
    three = Recurrence(("BYDAY=MO;COUNT=3;FREQ=WEEKLY",))
    made = GOOGLE.make("u", {"time": HALF_TEN, "recurrence": three}, "")
    assert event(made)["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261214T083000Z"]
    assert GOOGLE.read(made).form["recurrence"] == three
    assert GOOGLE.edit(made, {"recurrence": three}) is made
    later = Span(moved(HALF_TEN.start, timedelta(hours=1)), moved(HALF_TEN.end, timedelta(hours=1)))
    moved_on = GOOGLE.edit(made, {"time": later})
    assert event(moved_on)["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261214T093000Z"]
    assert GOOGLE.read(moved_on).form["recurrence"] == three
    by_hand = made.replace(b"UNTIL=20261214", b"UNTIL=20261221")
    assert GOOGLE.read(by_hand).form["recurrence"] == Recurrence(("BYDAY=MO;FREQ=WEEKLY;UNTIL=20261221T083000Z",))
    tuesdays = Recurrence(("BYDAY=TU;COUNT=3;FREQ=WEEKLY",))
    assert event(GOOGLE.edit(made, {"recurrence": tuesdays}))["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3"]
    days: Form = {"time": DAYS, "recurrence": three}
    assert event(GOOGLE.make("u", days, ""))["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261214"]


def test_a_shortened_series_drops_exceptions_after_its_end_and_holds_those_that_are_wanted() -> None:
    until = Recurrence(("FREQ=WEEKLY;UNTIL=20261130T225959Z",))
    edited = GOOGLE.edit(FILES["override_of_other_title"], {"recurrence": until, f"{KEY}/title": None})
    assert json.loads(edited)["instances"] == []
    assert len(patches(FILES["override_of_other_title"], edited)) == 1
    with pytest.raises(MappingError, match="no date of its series"):
        GOOGLE.edit(FILES["override_of_other_title"], {"recurrence": until})


def test_a_series_becomes_a_single_event() -> None:
    change: Changes = {"recurrence": None, KEY: None}
    edited = GOOGLE.edit(FILES["cancelled_minimal"], change)
    assert "recurrence" not in event(edited) and json.loads(edited)["instances"] == []


def test_a_private_instance_does_not_make_its_series_private() -> None:
    """A stricter word on one instance spreads to all of them (facts 5.1)."""
    edited = GOOGLE.edit(FILES["override_moved"], {f"{KEY}/visibility": "private"})
    assert all("visibility" not in resource for resource in json.loads(edited)["instances"])
    assert GOOGLE.read(edited).form[f"{KEY}/visibility"] == "private"
    stricter = GOOGLE.edit(edited, {"visibility": "confidential"})
    assert GOOGLE.read(stricter).form[f"{KEY}/visibility"] == "private"
    by_hand = edited.replace(b'"recurrence":', b'"visibility":"confidential","recurrence":')
    assert GOOGLE.read(by_hand).form[f"{KEY}/visibility"] == "private"


def test_a_series_becomes_private_but_for_one_instance() -> None:
    edited = GOOGLE.edit(FILES["override_moved"], {"visibility": "private", f"{KEY}/visibility": ""})
    assert GOOGLE.read(edited).form["visibility"] == "private"
    assert GOOGLE.read(edited).form[f"{KEY}/visibility"] == ""


def test_a_series_that_a_person_makes_private_is_so_with_all_its_instances() -> None:
    """Its exceptions may still say what they said (facts 5.1)."""
    by_hand = FILES["override_moved"].replace(b'"recurrence":', b'"visibility":"private","recurrence":')
    form = GOOGLE.read(by_hand).form
    assert form["visibility"] == "private" and f"{KEY}/visibility" not in form


def test_an_exception_that_may_have_its_series_properties_says_which_are_its_own() -> None:
    """A new exception is born with copies of them, or without (facts 5.7): it must read the same."""
    before = FILES["kept_for_an_exception"]
    edited = GOOGLE.edit(before, {"@20261215T083000Z/categories": frozenset()})
    (step,) = patches(before, edited)
    assert step.members["extendedProperties"]["private"] == {
        "calsync.key": "20261215T083000Z", "calsync.loss.0": None,
    }  # fmt: skip


def test_an_instance_without_its_series_is_edited_alone_r9() -> None:
    lone = FILES["two_overrides_without_master"]
    (step,) = patches(lone, GOOGLE.edit(lone, {f"{KEY}/title": "Neu"}))
    assert (step.id, step.members, step.etag) == ("k3v0odd1_20261201T083000Z", {"summary": "Neu"}, ETAG)
    for change, reason in (
        ({"title": "x"}, "no common fields"),
        ({"@20261215T083000Z/title": "x"}, "another instance"),
        ({NEXT: None, f"{NEXT}/title": "x"}, "cannot come back"),
    ):
        with pytest.raises(MappingError, match=reason):
            GOOGLE.edit(lone, change)


# -- new copies --------------------------------------------------------------------------------------------------------


def test_a_new_copy_is_one_insert_that_names_its_own_id_and_no_guest() -> None:
    form: Form = {"time": HALF_TEN, "title": "T", "recurrence": WEEKLY, KEY: CANCELLED, f"{NEXT}/title": "S",
                  "guests": frozenset({"mailto:a@b.c ACCEPTED REQ-PARTICIPANT INDIVIDUAL"})}  # fmt: skip
    first, second = patches(None, addressed(GOOGLE.make("uid@x", form, "a.b.1.c"), "cs0abc", BERLIN))
    assert (first.kind, first.id, first.etag) == ("insert", "cs0abc", None)
    assert first.members == {
        "id": "cs0abc", "summary": "T", "start": node("11-24T09:30"), "end": node("11-24T10:30"),
        "recurrence": ["RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20261201T093000"],
        "reminders": {"useDefault": False},
        "extendedProperties": {"private": {
            "calsync.v": "1", "calsync.id": "cs0abc", "calsync.link": "a.b.1.c", "calsync.uid": "uid@x",
        }},
    }  # fmt: skip
    assert (second.kind, second.id) == ("patch", "cs0abc_20261208T083000Z")
    assert second.members == {"summary": "S"}


def test_a_cancelled_date_of_an_event_that_does_not_repeat_means_nothing_but_its_own() -> None:
    assert "recurrence" not in event(GOOGLE.make("u", {"time": HALF_TEN, NEXT: CANCELLED}, ""))
    with pytest.raises(MappingError, match="only date is cancelled"):
        GOOGLE.make("u", {"time": HALF_TEN, "@20261124T083000Z": CANCELLED}, "")


def test_floating_times_wait_for_the_zone_of_their_calendar() -> None:
    local = datetime(2026, 11, 24, 9, 30)
    form: Form = {
        "time": Span(Floating(local), Floating(local + timedelta(hours=1))), "title": "T",
        "recurrence": Recurrence(("FREQ=DAILY;UNTIL=20261130T120000",)), "@20261126T093000": CANCELLED,
        "@20261127T093000/title": "S",
    }  # fmt: skip
    made = GOOGLE.make("u", form, "")
    assert event(made)["start"] == {"dateTime": "2026-11-24T09:30:00"}
    there = addressed(made, "cs0abc", BERLIN)
    assert event(there)["start"] == node("11-24T09:30")
    assert event(there)["recurrence"] == [
        "RRULE:FREQ=DAILY;UNTIL=20261130T110000Z", "EXDATE;TZID=Europe/Berlin:20261126T093000",
    ]  # fmt: skip
    assert json.loads(there)["instances"][0]["id"] == "cs0abc_20261127T083000Z"
    assert GOOGLE.read(there).form == GOOGLE.read(made).form == form
    assert settled(there, "Asia/Tokyo") is there


def test_a_zoned_event_becomes_floating_in_the_calendars_zone_and_back() -> None:
    local = datetime(2026, 11, 24, 9, 30)
    floating = GOOGLE.edit(FILES["no_title"], {"time": Span(Floating(local), Floating(local + timedelta(hours=2)))})
    assert event(floating)["end"] == node("11-24T11:30")
    assert event(floating)["extendedProperties"] == {"private": {"calsync.floating": BERLIN}}
    zoned = GOOGLE.edit(floating, {"time": HALF_TEN})
    assert "extendedProperties" not in event(zoned) and GOOGLE.read(zoned).form["time"] == HALF_TEN


def test_kept_pieces_keep_their_bytes_while_they_say_the_same() -> None:
    """Another zlib may pack the same note in other bytes; that alone is no reason to write."""
    before = FILES["kept_beside_the_event"]
    edited = GOOGLE.edit(before, {"title": "x"})
    assert event(edited)["extendedProperties"] == event(before)["extendedProperties"]
    assert kept_of(event(edited))["categories"] == ["Work", "Home, sweet home"]


# -- what could go wrong on the way ------------------------------------------------------------------------------------


def changed(name: str, change: Any) -> bytes:
    """A file with something else in it: `change` gets the decoded document."""
    body = json.loads(FILES[name])
    change(body)
    return document(body["event"], body["instances"], body["calendar"])


def test_neighbouring_cancelled_dates_follow_their_series_by_one_day_r3() -> None:
    """Google lets the exceptions be, for both of their dates are there still: one is brought back, one serves again."""
    def daily(body: Json) -> None:
        body["event"]["recurrence"] = ["RRULE:FREQ=DAILY"]
        body["instances"] = [{"id": f"k3v0odd1_2026120{n}T083000Z", "status": "cancelled"} for n in (1, 2)]

    payload = changed("cancelled_minimal", daily)
    later = Span(moved(HALF_TEN.start, timedelta(days=1)), moved(HALF_TEN.end, timedelta(days=1)))
    change: Changes = {"time": later, KEY: None, "@20261203T083000Z": CANCELLED}
    edited = GOOGLE.edit(payload, change)
    first, second = patches(payload, edited)
    assert first.members["recurrence"] == ["RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Berlin:20261203T093000"]
    assert (second.kind, second.id) == ("restore", "k3v0odd1_20261201T083000Z")
    off = {path for path, value in GOOGLE.read(edited).form.items() if value == CANCELLED}
    assert off == {"@20261202T083000Z", "@20261203T083000Z"}


def test_an_exception_at_a_date_of_the_moved_series_shows_what_that_date_shall() -> None:
    """Special goes along to the next day; its exception stays with Google, and must not say Special there (R3)."""

    def daily(body: Json) -> None:
        body["event"]["recurrence"] = ["RRULE:FREQ=DAILY"]

    payload = changed("override_of_other_title", daily)
    later = Span(moved(HALF_TEN.start, timedelta(days=1)), moved(HALF_TEN.end, timedelta(days=1)))
    edited = GOOGLE.edit(payload, {"time": later, f"{KEY}/title": None, "@20261202T083000Z/title": "Special"})
    first, second, third = patches(payload, edited)
    assert first.reschedules
    assert (second.id, second.etag, second.members) == ("k3v0odd1_20261201T083000Z", ETAG, {"summary": "Planning"})
    assert (third.id, third.etag, third.members) == ("k3v0odd1_20261202T083000Z", None, {"summary": "Special"})


def test_tombstones_of_exceptions_that_google_dropped_are_no_cancelled_dates() -> None:
    def left(body: Json) -> None:
        body["instances"] = [
            {"id": f"k3v0odd1_{stamp}", "status": "cancelled"} for stamp in ("20261202T083000Z", "20261201")
        ]

    assert GOOGLE.read(changed("cancelled_minimal", left)).form.keys() == {"time", "title", "recurrence"}


def test_a_restored_exception_keeps_properties_of_others_and_forgets_its_own_notes() -> None:
    def off(body: Json) -> None:
        body["instances"] = body["instances"][:1]
        body["instances"][0]["status"] = "cancelled"
        body["instances"][0]["extendedProperties"]["private"]["other.app"] = "1"
        body["instances"][0]["attendees"] = body["event"]["attendees"] = [{"email": "a@b.c"}]

    payload = changed("kept_for_an_exception", off)
    assert GOOGLE.read(payload).form[KEY] == CANCELLED
    edited = GOOGLE.edit(payload, {KEY: None})
    assert GOOGLE.read(edited).form["categories"] == frozenset({"Work"})
    assert not any(path.startswith(KEY) for path in GOOGLE.read(edited).form)
    (step,) = patches(payload, edited)
    assert "attendees" not in step.members
    assert all(name.startswith("calsync.") for name in step.members["extendedProperties"]["private"])
    properties = json.loads(edited)["instances"][0]["extendedProperties"]["private"]
    assert properties["other.app"] == "1" and kept_of({"extendedProperties": {"private": properties}}) == {
        "categories": ["Work"]
    }


def test_of_two_exceptions_for_one_date_the_higher_sequence_counts_in_any_order() -> None:
    def reverse(body: Json) -> None:
        body["instances"].reverse()

    def promote(body: Json) -> None:
        body["instances"][1]["sequence"] = 2

    name = "override_twice_higher_sequence_counts"
    assert GOOGLE.read(changed(name, reverse)).form[f"{KEY}/title"] == "newer"
    assert GOOGLE.read(changed(name, promote)).form[f"{KEY}/title"] == "older"  # of equal ones the later


def test_an_until_of_the_old_kind_goes_with_the_old_kind_of_start() -> None:
    """A date-time UNTIL on an all-day series sometimes shifts its end by a day (facts 5.3)."""
    edited = GOOGLE.edit(FILES["until_as_date_on_timed_rule"], {
        "time": DAYS, "recurrence": Recurrence(("FREQ=WEEKLY;UNTIL=20261208",)),
    })  # fmt: skip
    assert event(edited)["recurrence"] == ["RRULE:FREQ=WEEKLY;UNTIL=20261208"]
    back = GOOGLE.edit(edited, {"time": HALF_TEN, "recurrence": Recurrence(("FREQ=WEEKLY;UNTIL=20261208T225959Z",))})
    assert event(back)["recurrence"] == ["RRULE:FREQ=WEEKLY;UNTIL=20261208T225959Z"]


def test_an_exception_is_never_cancelled_but_there_unless_its_series_is() -> None:
    def overtaken(body: Json) -> None:
        body["event"] |= {"status": "confirmed"}
        put_kept(body["event"], {"status": ["cancelled", "tentative"]})
        body["instances"][0] |= {"status": "tentative"}

    payload = changed("override_moved", overtaken)
    assert GOOGLE.read(payload).form[f"{KEY}/status"] == "tentative"
    whole = payload.replace(b'"status":"confirmed"', b'"status":"tentative"')
    assert f"{KEY}/status" not in GOOGLE.read(whole).form and GOOGLE.read(whole).form["status"] == "cancelled"


def test_an_edit_that_would_not_read_back_is_not_written_i16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync_cli.mapping.google.edit.edit_lines", lambda edit: None)
    with pytest.raises(MappingError, match=r"would not read back as asked \(recurrence\)"):
        GOOGLE.edit(FILES["override_moved"], {"recurrence": Recurrence(("FREQ=DAILY",))})
