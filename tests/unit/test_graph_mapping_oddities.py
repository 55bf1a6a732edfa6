"""What Graph really sends, one oddity per file in tests/data/graph, and what calsync reads from it (facts L4 to L8)."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.mapping import GRAPH, GraphMapping
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.series import CANCELLED, Form, Recurrence, Value
from calsync_cli.model.times import AllDay, Floating, Span, When, Zoned
from tests.unit.graph_oddities import FILES, NO_EVENT_SETS, UNREADABLE


def at(text: str, tzid: str = "Europe/Berlin") -> When:
    if len(text) == 8:
        return AllDay(date.fromisoformat(text))
    local = datetime.fromisoformat(text)
    return Zoned(local, tzid) if tzid else Floating(local)


def span(start: str, end: str, tzid: str = "Europe/Berlin") -> Span:
    return Span(at(start, tzid), at(end, tzid))


HALF_TEN = span("20261124T093000", "20261124T103000")
IN_UTC = span("20261124T083000", "20261124T093000", "UTC")
DAYS = span("20261124", "20261125")
WEEKLY = Recurrence(("BYDAY=TU;FREQ=WEEKLY",))
KEY, NEXT = "@20261201T083000Z", "@20261208T083000Z"
TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%3a%221%22%7d"

TIMES: dict[str, Span] = {
    "all_day": DAYS, "all_day_end_equals_start": DAYS, "all_day_labelled_with_the_zone_of_the_request": DAYS,
    "all_day_of_a_mailbox_far_east": DAYS, "all_day_of_a_mailbox_far_west": DAYS,
    "all_day_three_days": span("20261124", "20261127"),
    "zone_of_the_request_not_of_the_event": HALF_TEN, "offset_in_date_time": HALF_TEN, "zone_in_lower_case": HALF_TEN,
    "zone_display_name": HALF_TEN, "zone_custom": HALF_TEN, "zone_custom_but_the_end_knows": HALF_TEN,
    "zone_kept_is_none": HALF_TEN, "utc_event": IN_UTC, "zone_tzone_utc": IN_UTC, "zone_names_missing": IN_UTC,
    "zone_custom_and_mailbox_unknown": IN_UTC,
    "zone_iana_name": span("20261124T093000", "20261124T103000", "Europe/Vienna"),
    "zone_kept_beside_it": span("20261124T093000", "20261124T103000", "Europe/Vienna"),
    "zone_kept_and_overtaken_by_a_person": span("20261124T173000", "20261124T183000", "Asia/Tokyo"),
    "zone_of_2026": span("20261124T093000", "20261124T103000", "America/Vancouver"),
    "zero_length": span("20261124T093000", "20261124T093000"),
    "ends_before_it_starts": span("20261124T093000", "20261124T093000"),
    "no_end": span("20261124T093000", "20261124T093000"),
    "flight_between_two_zones": Span(at("20261124T093000"), at("20261124T123000", "America/New_York")),
    "first_of_two_equal_hours": span("20261025T023000", "20261025T033000"),
    "second_of_two_equal_hours": Span(at("20261025T013000", "UTC"), at("20261025T033000")),
    "midnight_to_midnight_but_not_all_day": span("20261124T000000", "20261125T000000"),
    "floating_copy": span("20261124T093000", "20261124T103000", ""),
    "floating_copy_moved_to_a_zone_by_a_person": span("20261124T093000", "20261124T103000", "America/New_York"),
}  # fmt: skip

RULES: dict[str, str] = {
    "daily": "FREQ=DAILY;INTERVAL=3", "weekly_on_two_days": "BYDAY=TU,FR;FREQ=WEEKLY",
    "weekly_every_second_week_begins_on_sunday": "BYDAY=TU,SU;FREQ=WEEKLY;INTERVAL=2;WKST=SU",
    "monthly_day": "BYMONTHDAY=24;FREQ=MONTHLY", "monthly_day_31": "BYMONTHDAY=-1;FREQ=MONTHLY",
    "monthly_day_30_from_a_february": "BYMONTHDAY=28,29,30;BYSETPOS=-1;FREQ=MONTHLY",
    "monthly_fourth_tuesday": "BYDAY=4TU;FREQ=MONTHLY",
    "monthly_last_working_day": "BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;FREQ=MONTHLY",
    "yearly_day": "BYMONTH=11;BYMONTHDAY=24;FREQ=YEARLY",
    "yearly_29_february": "BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1;FREQ=YEARLY",
    "yearly_last_sunday_of_march": "BYDAY=-1SU;BYMONTH=3;FREQ=YEARLY",
    "numbered": "BYDAY=TU;COUNT=7;FREQ=WEEKLY", "series_of_one": "BYDAY=TU;COUNT=1;FREQ=WEEKLY",
    "ends_on_a_date": "BYDAY=TU;FREQ=WEEKLY;UNTIL=20270330T073000Z",
    "ends_after_all_that_outlook_knows": "BYDAY=TU;FREQ=WEEKLY", "unused_members_missing": "BYDAY=TU;FREQ=WEEKLY",
    "names_in_capitals": "BYDAY=TU;FREQ=WEEKLY", "start_date_missing": "BYDAY=TU;FREQ=WEEKLY",
    "zone_of_the_series_custom_but_original_known": "BYDAY=TU;FREQ=WEEKLY",
    "zone_of_the_series_known_but_original_custom": "BYDAY=TU;FREQ=WEEKLY",
    "zone_of_the_series_empty": "BYDAY=TU;FREQ=WEEKLY", "rule_kept_beside_it": "FREQ=WEEKLY",
    "rule_kept_and_overtaken_by_a_person": "FREQ=DAILY", "rule_kept_is_none": "BYDAY=TU;FREQ=WEEKLY",
    "rule_kept_names_a_time_of_day": "BYHOUR=9;FREQ=WEEKLY",
}  # fmt: skip

INSTANCES: dict[str, dict[str, Value]] = {
    "deleted_date": {KEY: CANCELLED}, "deleted_date_alone": {KEY: CANCELLED},
    "deleted_date_as_instant": {KEY: CANCELLED},
    "deleted_date_of_a_former_pattern": {NEXT: CANCELLED}, "deleted_date_with_an_exception": {KEY: CANCELLED},
    "deleted_date_of_an_all_day_series": {"time": DAYS, "@20261201": CANCELLED},
    "deleted_dates_after_the_end": {
        "recurrence": Recurrence(("BYDAY=TU;FREQ=WEEKLY;UNTIL=20261205T083000Z",)), KEY: CANCELLED,
    },
    "night_series_deleted_by_its_local_date": {
        "time": span("20261124T003000", "20261124T013000"), "@20261130T233000Z": CANCELLED,
    },
    "night_series_deleted_by_the_date_at_greenwich": {
        "time": span("20261124T003000", "20261124T013000"), "@20261130T233000Z": CANCELLED,
    },
    "override_moved": {f"{KEY}/time": span("20261201T140000", "20261201T150000")},
    "override_moved_across_dst": {"@20270323T083000Z/time": span("20270329T093000", "20270329T103000")},
    "override_of_other_title": {f"{KEY}/title": "Special"},
    "override_without_title_and_with_a_place": {f"{KEY}/title": "", f"{KEY}/location": "Room 4"},
    "override_all_day_of_a_timed_series": {f"{KEY}/time": span("20261201", "20261202")},
    "override_in_another_zone": {f"{KEY}/time": span("20261201T020000", "20261201T030000", "America/New_York")},
    "override_in_a_custom_zone": {f"{KEY}/time": span("20261201T140000", "20261201T150000")},
    "override_named_by_its_occurrence_id_alone": {f"{KEY}/title": "Special"},
    "override_named_by_its_original_start_alone": {f"{KEY}/title": "Special"},
    "override_called_off_by_its_organizer": {KEY: CANCELLED, "organizer": "mailto:ann@outlook.example"},
    "override_twice_the_later_counts": {f"{KEY}/title": "newer"},
    "override_with_nothing_of_its_own": {}, "override_outside_of_its_series": {},
    "plain_occurrences_beside_the_exception": {f"{KEY}/title": "Special"},
    "override_of_an_all_day_series": {"time": DAYS, "@20261201/time": span("20261202", "20261203")},
    "override_of_an_all_day_series_by_a_midnight_in_the_east": {
        "time": DAYS, "@20261201/time": span("20261202", "20261203"),
    },
    "override_of_an_all_day_series_by_a_midnight_in_the_west": {
        "time": DAYS, "@20261201/time": span("20261202", "20261203"),
    },
    "kept_for_an_exception": {"color": "red", f"{KEY}/color": "blue", f"{KEY}/title": "Special"},
    "kept_nothing_for_an_exception": {"color": "red", f"{KEY}/color": "", f"{KEY}/title": "Special"},
    "kept_for_an_instance_without_an_exception": {f"{KEY}/color": "blue"},
    "kept_dates_off_that_are_none": {"@20261202T083000Z": CANCELLED},
}  # fmt: skip
"""Instances of files that all hold the same weekly series."""

SINGLE: dict[str, dict[str, Value]] = {
    "html_of_outlook": {"description": "Hello all,\n\nTom & Eve come too"},
    "html_converted_from_text": {"description": "Bring card\n\n  indented  twice\na < b & c"},
    "html_list": {"description": "Agenda\n- one\n- two now"},
    "html_links": {
        "description": "the page (https://x.example/?a=1&b=2)\nhttps://y.example/z\nhere (https://z.example/) me",
    },
    "html_table_and_ruler": {"description": "a b\nc\n\nafter"},
    "html_of_word_conditionals": {"description": "1. point"},
    "html_preformatted": {"description": "one  two\n    three"},
    "html_never_closed": {"description": "open bold <!-- no end"},
    "body_as_text": {"description": "Bring card\n\nat nine"}, "body_of_line_ends_only": {}, "body_of_an_empty_div": {},
    "body_null": {}, "teams_meeting": {"description": "Agenda: all\n\nBring cake", "url": TEAMS},
    "teams_meeting_of_today": {
        "description": "Agenda", "url": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_y/0",
    },
    "teams_meeting_without_rulers": {"description": "Agenda"},
    "online_meeting_without_its_block": {"description": "Agenda", "url": TEAMS},
    "online_meeting_read_as_text": {"description": "Agenda", "url": TEAMS},
    "join_link_of_somebody_else": {"description": "Join https://teams.microsoft.com/l/meetup-join/other"},
    "subject_null": {"title": ""}, "subject_with_line_break": {"title": "Plan\nning"},
    "emoji_and_combining_characters": {"title": "👩‍👩‍👧 Caf\u00e9 😀"}, "title_kept_beside_it": {"title": "P" * 300},
    "title_kept_and_overtaken_by_a_person": {}, "location_in_the_list_only": {"location": "Room 4; Room 5"},
    "location_with_odd_coordinates": {"location": " Room 4"},
    "categories_of_all_kinds": {"categories": frozenset({"Red category", "Work", "Home, sweet home"})},
    "words_set": {
        "busy": "free", "visibility": "private", "categories": frozenset({"Work"}), "location": "Room 4",
        "reminders": frozenset({"display:-PT30M"}),
    },
    "show_as_tentative": {"status": "tentative"}, "show_as_oof": {}, "show_as_workingelsewhere": {},
    "show_as_unknown": {},
    "show_as_unknownfuturevalue": {}, "sensitivity_personal": {"visibility": "private"},
    "sensitivity_confidential": {"visibility": "confidential"},
    "sensitivity_unknownfuturevalue": {"visibility": "private"},
    "reminder_of_nothing": {"reminders": frozenset({"display:PT0S"})}, "reminder_of_strange_types": {},
    "reminder_after_the_start": {},
    "reminders_kept_beside_it": {"reminders": frozenset({"audio:-PT15M", "email:-P1D"})},
    "guests_and_a_room": {
        "organizer": "mailto:ann@outlook.example",
        "guests": frozenset({
            "mailto:jane@example.org TENTATIVE REQ-PARTICIPANT INDIVIDUAL",
            "mailto:joe@example.org DECLINED OPT-PARTICIPANT INDIVIDUAL",
            "mailto:room4@example.org NEEDS-ACTION NON-PARTICIPANT RESOURCE",
        }),
    },
    "guest_of_a_meeting": {
        "organizer": "mailto:boss@example.org",
        "guests": frozenset({"mailto:ann@outlook.example NEEDS-ACTION REQ-PARTICIPANT INDIVIDUAL"}),
    },
    "guest_who_may_not_see_the_others": {"organizer": "mailto:boss@example.org"},
    "guest_of_a_meeting_called_off": {
        "title": "Canceled: Planning", "status": "cancelled", "busy": "free", "organizer": "mailto:boss@example.org",
    },
    "organizer_without_address": {
        "guests": frozenset({"mailto:jane@example.org NEEDS-ACTION REQ-PARTICIPANT INDIVIDUAL"}),
    },
    "draft_of_a_meeting": {
        "organizer": "mailto:ann@outlook.example",
        "guests": frozenset({"mailto:jane@example.org NEEDS-ACTION REQ-PARTICIPANT INDIVIDUAL"}),
    },
    "our_copy": {}, "our_copy_with_ids_in_another_case": {}, "our_copy_released": {}, "properties_of_others": {},
    "kept_beside_the_event": {
        "color": "turquoise", "status": "cancelled", "url": "tel:123",
        "attachments": frozenset({"https://drive.example/a"}),
    },
    "kept_words_overtaken_by_a_person": {}, "kept_and_damaged": {}, "kept_and_of_strange_types": {},
    "kept_and_lost": {},
    "ical_uid_null": {}, "ical_uid_and_uid_null": {}, "members_of_the_future": {},
    "members_of_strange_types": {"title": ""},
    "members_missing": {"title": ""}, "members_beside_the_event": {}, "attachments": {},
    "private_event_of_others_shown_in_full": {"visibility": "private"}, "event_of_others_on_a_shared_calendar": {},
}  # fmt: skip

WHOLE: dict[str, Form] = {
    "override_without_master": {
        f"{KEY}/time": span("20261201T093000", "20261201T103000"), f"{KEY}/title": "Guest of one",
        f"{KEY}/organizer": "mailto:host@example.org",
        f"{KEY}/guests": frozenset({"mailto:ann@outlook.example ACCEPTED REQ-PARTICIPANT INDIVIDUAL"}),
    },
    "two_overrides_without_master": {
        f"{KEY}/time": span("20261201T093000", "20261201T103000"), f"{KEY}/title": "One",
        "@20261208/time": span("20261208", "20261209"), "@20261208/title": "Two",
    },
    "floating_series": {
        "time": span("20261124T093000", "20261124T103000", ""), "title": "Planning",
        "recurrence": Recurrence(("BYDAY=TU;FREQ=WEEKLY;UNTIL=20261222T093000",)), "@20261208T093000": CANCELLED,
        "@20261201T093000/time": span("20261201T140000", "20261201T150000", ""),
    },
}  # fmt: skip

REASONS = {
    "empty": "not a JSON document", "blank": "not a JSON document", "not_json": "not a JSON document",
    "cut_off": "not a JSON document", "nan": "not a JSON document", "not_utf8": "not a JSON document",
    "too_deep": "not a JSON document", "ical": "not a JSON document", "null": "not a JSON document",
    "a_list": "not an event set", "a_list_of_events": "not an event set", "event_is_a_text": "not an event set",
    "calendar_is_a_text": "not an event set", "instances_is_an_object": "not an event set",
    "cancelled_is_an_object": "deleted date of this event set is not a text",
    "cancelled_holds_a_number": "deleted date of this event set is not a text", "instance_is_a_text": "not an object",
    "no_event_and_no_instances": "holds no event", "instances_without_a_date": "does not say which one it is",
    "occurrence_where_a_series_belongs": "stands where its series",
    "exception_where_a_series_belongs": "stands where its",
    "hidden_private_event": "hidden from this account", "hidden_instance": "hidden from this account",
    "no_start": "start is not a possible date: ''", "start_is_a_day": "start is not a possible date",
    "impossible_day": "start is not a possible date: '2026-13-32", "year_one": "start is not a possible date",
    "year_9999": "start is not a possible date", "all_day_at_noon": "all-day, but its start is no midnight",
    "zone_of_the_start_unknown": "time zone of its start is unknown: 'Mars/Base'",
    "zone_of_a_series_unknown": "so its later dates are unknown too",
    "zone_of_a_series_missing": "'not told', so its later",
    "series_in_the_second_of_two_equal_hours": "second of two equal hours", "pattern_missing": "does not know: ''",
    "pattern_of_tomorrow": "does not know: 'hourly'", "pattern_without_days": "not one that Outlook can have",
    "pattern_with_an_unknown_day": "not one that Outlook can have",
    "pattern_every_0_days": "not one that Outlook can have",
    "pattern_interval_is_a_text": "no possible interval", "pattern_day_32": "not one that Outlook can have",
    "pattern_day_0": "not one that Outlook can have", "pattern_month_13": "not one that Outlook can have",
    "pattern_index_fifth": "not one that Outlook can have",
    "range_missing": "ends in a way that calsync does not know: ''",
    "range_of_tomorrow": "does not know: 'forever'", "range_of_no_occurrence": "does not know: 'numbered'",
    "range_ends_before_it_begins": "ends before it begins", "range_end_impossible": "no possible endDate: '2026-02-30'",
    "range_begins_on_another_day": "begins at 2026-11-25, its first event at 2026-11-24",
    "first_date_is_none_of_the_pattern": "is none of its pattern",
    "instance_of_another_series": "belongs to another series",
    "instance_that_does_not_say_which": "does not say which one",
    "instance_with_an_impossible_start": "its start is not a",
    "instance_with_an_impossible_original_start": "its original start is not a",
    "two_uids_without_master": "which one event",
    "no_uid_and_no_id": "no UID",
}  # fmt: skip


def test_the_registry_knows_it() -> None:
    wire = mapping("graph")
    assert isinstance(wire, GraphMapping)
    assert wire.edit(FILES["all_day"], {}) is FILES["all_day"]


def test_every_file_has_its_expectation() -> None:
    assert FILES.keys() == TIMES.keys() | RULES.keys() | INSTANCES.keys() | SINGLE.keys() | WHOLE.keys()
    assert UNREADABLE.keys() | NO_EVENT_SETS.keys() == REASONS.keys()
    assert len(FILES) + len(REASONS) > 200


@pytest.mark.parametrize("name", TIMES)
def test_the_time_block(name: str) -> None:
    assert GRAPH.read(FILES[name]).form == {"time": TIMES[name], "title": "Planning"}


@pytest.mark.parametrize("name", RULES)
def test_the_rule(name: str) -> None:
    assert GRAPH.read(FILES[name]).form.get("recurrence") == Recurrence((RULES[name],))


@pytest.mark.parametrize("name", INSTANCES)
def test_instances_of_a_weekly_series(name: str) -> None:
    form = {"time": HALF_TEN, "recurrence": WEEKLY, "title": "Planning", **INSTANCES[name]}
    assert GRAPH.read(FILES[name]).form == form


@pytest.mark.parametrize("name", SINGLE)
def test_the_fields_of_one_event(name: str) -> None:
    form = {"time": HALF_TEN, "title": "Planning", **SINGLE[name]}
    assert GRAPH.read(FILES[name]).form == {path: value for path, value in form.items() if value}


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_form(name: str) -> None:
    assert GRAPH.read(FILES[name]).form == WHOLE[name]


@pytest.mark.parametrize("name", REASONS)
def test_what_cannot_be_trusted_is_refused_with_a_reason_for_a_person_o8(name: str) -> None:
    with pytest.raises(MappingError) as caught:
        GRAPH.read({**UNREADABLE, **NO_EVENT_SETS}[name])
    assert REASONS[name] in str(caught.value)


@pytest.mark.parametrize(
    ("name", "uid", "marker"),
    [
        ("our_copy", "uid-of-the-other-side@x", "inst.link.1.check"),
        ("our_copy_with_ids_in_another_case", "uid-of-the-other-side@x", "inst.link.1.check"),
        ("our_copy_released", "040000008200E00074C5B7101A82E008000000000001", None),
        ("properties_of_others", "040000008200E00074C5B7101A82E008000000000001", None),
        ("ical_uid_null", "the-uid", None),
        ("ical_uid_and_uid_null", "AAkOdd1=@graph.microsoft.com", None),
        ("override_without_master", "series-uid", None),
    ],
)
def test_whose_copy_it_is(name: str, uid: str, marker: str | None) -> None:
    reading = GRAPH.read(FILES[name])
    assert (reading.uid, reading.marker) == (uid, marker)


PEOPLE = {
    "guests_and_a_room", "guest_of_a_meeting", "guest_who_may_not_see_the_others", "guest_of_a_meeting_called_off",
    "organizer_without_address", "draft_of_a_meeting", "override_called_off_by_its_organizer",
    "override_without_master", "members_of_strange_types",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_people_are_seen_where_there_are_guests_or_another_organizer(name: str) -> None:
    assert GRAPH.read(FILES[name]).people == ("host" if name in PEOPLE else "")


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("ends_before_it_starts", "ends before it starts; read as having no length"),
        ("all_day_end_equals_start", "read as one day"), ("no_end", "it has no end"),
        ("zone_custom", "'tzone://Microsoft/Custom' is unknown; read by its instants"),
        ("zone_names_missing", "'not told' is unknown; read by its instants"),
        ("override_outside_of_its_series", "outside of its series was left alone"),
        ("kept_and_lost", "its attachments did not fit into the event at Outlook and was lost"),
    ],
)  # fmt: skip
def test_what_is_read_only_roughly_is_reported(name: str, remark: str) -> None:
    assert any(loss.endswith(remark) or remark in loss for loss in GRAPH.read(FILES[name]).losses)


@pytest.mark.parametrize("name", ["zero_length", "flight_between_two_zones", "all_day_three_days", "daily"])
def test_what_is_read_as_it_stands_is_not_remarked_on(name: str) -> None:
    assert GRAPH.read(FILES[name]).losses == ()
