"""What Google really sends, one oddity per file in tests/data/google, and what calsync reads from it (facts 4-11)."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.google.address import addressed
from calsync_cli.mapping.google.document import document
from calsync_cli.mapping.google.mapping import GOOGLE, GoogleMapping
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.inherit import normal
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.codec import form_from, form_json
from calsync_cli.model.series import CANCELLED, LOCAL_FIELDS, Form, Recurrence, Value, applied, without_fields
from calsync_cli.model.times import AllDay, Floating, Span, When, Zoned

DATA = Path(__file__).parents[1] / "data" / "google"
UNREADABLE = {path.stem: path.read_bytes() for path in sorted((DATA / "unreadable").glob("*.json"))}


def _payload(path: Path) -> bytes:
    """The file in the one spelling a provider stores; files are written for people."""
    parts = json.loads(path.read_text(encoding="utf-8"))
    body = json.loads(document(parts["event"], parts["instances"], parts.get("calendar")))
    return json.dumps({**parts, **body}, separators=(",", ":"), sort_keys=True).encode()


FILES = {path.stem: _payload(path) for path in sorted(DATA.glob("*.json"))}


def at(text: str, tzid: str = "Europe/Berlin") -> When:
    if len(text) == 8:
        return AllDay(date.fromisoformat(text))
    local = datetime.fromisoformat(text)
    return Zoned(local, tzid) if tzid else Floating(local)


def span(start: str, end: str, tzid: str = "Europe/Berlin") -> Span:
    return Span(at(start, tzid), at(end, tzid))


HALF_TEN = span("20261124T093000", "20261124T103000")
WEEKLY = Recurrence(("FREQ=WEEKLY",))
DAYS = span("20261124", "20261125")
KEY, NEXT = "@20261201T083000Z", "@20261208T083000Z"

TIMES: dict[str, Span] = {
    "all_day": DAYS,
    "all_day_three_days": span("20261124", "20261127"),
    "all_day_end_equals_start": DAYS,
    "all_day_with_null_date_time": DAYS,
    "offset_of_the_calendar_not_of_the_event": span("20261124T093000", "20261124T103000", "America/New_York"),
    "utc_without_zone": span("20261124T083000", "20261124T093000", "UTC"),
    "offset_without_zone": HALF_TEN,
    "offset_without_zone_and_calendar": span("20261124T083000", "20261124T093000", "UTC"),
    "zone_unknown": HALF_TEN,
    "zone_windows_name": HALF_TEN,
    "zone_in_lower_case": HALF_TEN,
    "zone_without_offset": HALF_TEN,
    "zero_length": span("20261124T093000", "20261124T093000"),
    "ends_before_it_starts": span("20261124T093000", "20261124T093000"),
    "flight_between_two_zones": Span(at("20261124T093000"), at("20261124T123000", "America/New_York")),
    "fractions_of_a_second": HALF_TEN,
    "lower_case_t_and_z": span("20261124T083000", "20261124T093000", "UTC"),
    "second_of_two_equal_hours": Span(at("20261025T013000", "UTC"), at("20261025T033000")),
    "first_of_two_equal_hours": span("20261025T023000", "20261025T033000"),
    "end_time_unspecified": HALF_TEN,
    "no_end": span("20261124T093000", "20261124T093000"),
    "room_day_as_midnights": span("20261124T000000", "20261125T000000"),
    "floating_copy": span("20261124T093000", "20261124T103000", ""),
    "floating_not_settled_yet": span("20261124T093000", "20261124T103000", ""),
    "floating_copy_moved_to_a_zone_by_a_person": span("20261124T093000", "20261124T103000", "America/New_York"),
}

RULES: dict[str, Recurrence | None] = {
    "until_as_date_on_timed_rule": Recurrence(("FREQ=WEEKLY;UNTIL=20261208T225959Z",)),
    "until_in_utc_on_all_day_rule": Recurrence(("FREQ=DAILY;UNTIL=20261128",)),
    "x_parts_in_rule": Recurrence(("COUNT=4;FREQ=WEEKLY",)),
    "rule_reserialised": WEEKLY,
    "rule_in_lower_case": WEEKLY,
    "rdate_only": Recurrence((), (at("20261126T093000"), at("20261201T140000"), at("20261203T093000"))),
    "rdate_in_another_zone": Recurrence(("COUNT=2;FREQ=WEEKLY",), (at("20261203T093000"),)),
    "rdate_periods": Recurrence((), (), ("20261126T093000/PT2H",)),
    "two_rrules": Recurrence(("BYMONTHDAY=1;FREQ=MONTHLY", "FREQ=WEEKLY")),
    "hourly_rule": Recurrence(("COUNT=3;FREQ=HOURLY",)),
    "count_and_until": Recurrence(("COUNT=3;FREQ=WEEKLY;UNTIL=20261231T225959Z",)),
    "dtstart_line_in_recurrence": WEEKLY,
    "recurrence_empty": None,
    "series_between_two_zones": WEEKLY,
    "split_first_half_with_leftover": Recurrence(("FREQ=WEEKLY;UNTIL=20261201T225959Z",)),
    "our_copy_split_by_a_person": WEEKLY,
}

INSTANCES: dict[str, dict[str, Value]] = {
    "exdate_line": {KEY: CANCELLED},
    "exdate_list_in_utc": {KEY: CANCELLED, NEXT: CANCELLED},
    "exdate_as_date_on_timed_series": {KEY: CANCELLED},
    "exdate_line_and_cancelled_exception": {KEY: CANCELLED, NEXT: CANCELLED},
    "exdate_over_a_changed_instance": {KEY: CANCELLED},
    "override_moved": {f"{KEY}/time": span("20261201T140000", "20261201T150000")},
    "override_moved_across_dst": {"@20270323T083000Z/time": span("20270330T093000", "20270330T103000")},
    "override_offsets_of_the_calendar": {f"{KEY}/time": span("20261201T140000", "20261201T150000")},
    "override_of_other_title": {f"{KEY}/title": "Special"},
    "override_without_title_and_with_colour": {"location": "Room 4", f"{KEY}/title": "", f"{KEY}/color": "red"},
    "override_with_nothing_of_its_own": {},
    "override_all_day_of_a_timed_series": {f"{KEY}/time": span("20261201", "20261202")},
    "override_of_an_all_day_series": {"time": DAYS, "@20261201/time": span("20261202", "20261203")},
    "override_in_another_zone": {f"{KEY}/time": span("20261201T020000", "20261201T030000", "America/New_York")},
    "cancelled_minimal": {KEY: CANCELLED},
    "cancelled_with_original_start": {KEY: CANCELLED},
    "cancelled_with_all_details": {KEY: CANCELLED},
    "cancelled_day_minimal": {"time": DAYS, "@20261201": CANCELLED},
    "override_without_original_start": {f"{KEY}/title": "Special"},
    "override_of_imported_series": {f"{KEY}/title": "Special"},
    "override_twice_higher_sequence_counts": {f"{KEY}/title": "newer"},
    "override_listed_out_of_order": {f"{KEY}/title": "first", f"{NEXT}/title": "second"},
    "split_later_half": {f"{KEY}/title": "Special"},
    "kept_for_an_exception": {"categories": frozenset({"Work"}), f"{KEY}/categories": frozenset({"Home"})},
    "kept_nothing_for_an_exception": {"categories": frozenset({"Work"}), f"{KEY}/categories": frozenset()},
}
"""Instances of files that all hold the same weekly series."""

SINGLE: dict[str, dict[str, Value]] = {
    "former_series_with_leftovers": {},
    "html_description": {"description": "Hello all,\nsee the page (https://x.example/?a=1&b=2)\n\nTom & Eve"},
    "html_list": {"description": "Agenda\n- one\n- two now"},
    "html_of_an_invitation": {"description": "Hi\nthere\nall of you"},
    "plain_description_with_angle_brackets": {"description": "a < b and <none> of &this;\n  indented"},
    "description_of_entities_only": {"description": "Tom & Eve"},
    "description_longer_than_google_keeps": {"description": "start of it\nand the end"},
    "emoji_and_combining_characters": {"title": "👩‍👩‍👧 Caf\u00e9 😀"},
    "crlf_and_control_characters": {"title": "ab", "description": "one\ntwothree"},
    "lone_surrogate": {"title": "Plan"},
    "no_title": {"title": ""},
    "visibility_public": {},
    "visibility_confidential": {"visibility": "confidential"},
    "visibility_of_tomorrow": {"visibility": "private"},
    "words_set": {
        "visibility": "private", "busy": "free", "status": "tentative", "color": "red", "location": " Room 4",
        "url": "https://example.org/?a=1,2;b",
    },
    "colour_unknown": {}, "reminders_by_default": {}, "reminders_none": {}, "conference": {}, "locked": {},
    "reminders_of_all_kinds": {"reminders": frozenset({"display:-PT15M", "email:-P1D", "display:PT0S"})},
    "attachments": {"attachments": frozenset({"https://drive.example/a"})},
    "members_of_the_future": {}, "organizer_without_guests": {}, "without_event_type": {}, "properties_of_others": {},
    "guests_and_a_room": {
        "organizer": "mailto:me@example.org",
        "guests": frozenset({
            "mailto:jane@example.org ACCEPTED OPT-PARTICIPANT INDIVIDUAL",
            "mailto:room4@resource.calendar.google.com NEEDS-ACTION REQ-PARTICIPANT RESOURCE",
            "mailto:me@example.org ACCEPTED REQ-PARTICIPANT INDIVIDUAL",
        }),
    },
    "guest_of_a_meeting": {
        "organizer": "mailto:boss@example.org",
        "guests": frozenset({
            "mailto:boss@example.org ACCEPTED REQ-PARTICIPANT INDIVIDUAL",
            "mailto:me@example.org TENTATIVE REQ-PARTICIPANT INDIVIDUAL",
        }),
    },
    "guests_may_modify": {
        "organizer": "mailto:boss@example.org",
        "guests": frozenset({"mailto:me@example.org ACCEPTED REQ-PARTICIPANT INDIVIDUAL"}),
    },
    "guests_left_out": {"organizer": "mailto:me@example.org"},
    "members_of_strange_types": {"title": "", "organizer": "mailto:me@example.org"},
    "our_copy": {}, "our_copy_duplicated_by_a_person": {}, "our_copy_with_a_long_uid": {}, "kept_and_damaged": {},
    "kept_beside_the_event": {
        "color": "turquoise", "status": "cancelled", "url": "tel:123",
        "categories": frozenset({"Work", "Home, sweet home"}),
    },
    "kept_words_overtaken_by_a_person": {"color": "red", "categories": frozenset({"Work"})},
    "focus_time": {}, "out_of_office": {}, "from_gmail": {}, "kind_of_tomorrow": {},
    "working_location": {"time": DAYS, "busy": "free"},
    "birthday": {
        "time": span("16040229", "16040301"), "recurrence": Recurrence(("FREQ=YEARLY",)), "busy": "free",
        "visibility": "private",
    },
    "private_event_on_own_calendar": {"title": "", "visibility": "private"},
    "private_event_of_others_shown_in_full": {"visibility": "private"},
}  # fmt: skip

WHOLE: dict[str, Form] = {
    "override_without_master": {
        f"{KEY}/time": span("20261201T093000", "20261201T103000"), f"{KEY}/title": "Guest of one",
        f"{KEY}/organizer": "mailto:host@example.org",
        f"{KEY}/guests": frozenset({"mailto:me@example.org ACCEPTED REQ-PARTICIPANT INDIVIDUAL"}),
    },
    "two_overrides_without_master": {
        f"{KEY}/time": span("20261201T093000", "20261201T103000"), f"{KEY}/title": "One", NEXT: CANCELLED,
    },
    "floating_series": {
        "time": span("20261124T093000", "20261124T103000", ""), "title": "Planning",
        "recurrence": Recurrence(("FREQ=WEEKLY;UNTIL=20261222T093000",)), "@20261208T093000": CANCELLED,
        "@20261201T093000/time": span("20261201T140000", "20261201T150000", ""),
    },
}  # fmt: skip

REASONS = {
    "empty": "not a JSON document", "blank": "not a JSON document", "not_json": "not a JSON document",
    "cut_off": "not a JSON document", "nan": "not a JSON document", "not_utf8": "not a JSON document",
    "too_deep": "not a JSON document", "ical": "not a JSON document", "a_list": "not an event set",
    "an_events_listing": "not an event set", "event_is_a_text": "not an event set",
    "instances_is_an_object": "not an event set", "instance_is_a_text": "not an object",
    "no_event_and_no_instances": "holds no event", "deleted_event": "was deleted",
    "deleted_event_minimal": "was deleted", "hidden_private_event": "hidden from this account",
    "hidden_private_event_for_a_writer": "hidden from this account", "hidden_instance": "hidden from this account",
    "free_busy_role": "only see when this calendar is busy", "start_day_end_time": "start is a day and its end a time",
    "day_and_time_at_once": "a day and a time at once", "no_start": "has no start",
    "impossible_day": "start is not a possible date: '2026-13-32'", "impossible_time": "start is not a possible date",
    "year_one": "start is not a possible date", "zone_of_a_series_unknown": "'Mars/Base', so its later dates",
    "zone_of_a_series_missing": "later dates are unknown", "zone_and_offset_missing": "time zone of its start",
    "series_in_the_second_of_two_equal_hours": "second of two equal hours", "exrule": "EXRULE",
    "freq_foo": "FREQ=FOO", "rule_that_is_a_date": "cannot be understood", "recurrence_is_a_text": "not a list",
    "recurrence_holds_a_number": "not a list", "impossible_exdate": "EXDATE is not a possible date",
    "no_uid_and_no_id": "no UID", "instance_of_another_series": "belongs to another series",
    "instance_that_does_not_say_which": "does not say which one", "two_uids_without_master": "which one event",
    "instance_with_an_impossible_stamp": "does not say which one", "only_cancelled_dates_left": "only cancelled dates",
    "instance_where_a_series_belongs": "stands where its series",
}  # fmt: skip


def test_the_registry_knows_it() -> None:
    wire = mapping("google")
    assert isinstance(wire, GoogleMapping)
    assert wire.edit(FILES["all_day"], {}) is FILES["all_day"]


def test_every_file_has_its_expectation() -> None:
    assert FILES.keys() == TIMES.keys() | RULES.keys() | INSTANCES.keys() | SINGLE.keys() | WHOLE.keys()
    assert UNREADABLE.keys() == REASONS.keys()
    assert len(FILES) + len(UNREADABLE) > 150


@pytest.mark.parametrize("name", TIMES)
def test_the_time_block(name: str) -> None:
    assert GOOGLE.read(FILES[name]).form == {"time": TIMES[name], "title": "Planning"}


@pytest.mark.parametrize("name", RULES)
def test_the_rule(name: str) -> None:
    assert GOOGLE.read(FILES[name]).form.get("recurrence") == RULES[name]


@pytest.mark.parametrize("name", INSTANCES)
def test_instances_of_a_weekly_series(name: str) -> None:
    form = {"time": HALF_TEN, "recurrence": WEEKLY, "title": "Planning", **INSTANCES[name]}
    assert GOOGLE.read(FILES[name]).form == form


@pytest.mark.parametrize("name", SINGLE)
def test_the_fields_of_one_event(name: str) -> None:
    form = {"time": HALF_TEN, "title": "Planning", **SINGLE[name]}
    assert GOOGLE.read(FILES[name]).form == {path: value for path, value in form.items() if value}


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_form(name: str) -> None:
    assert GOOGLE.read(FILES[name]).form == WHOLE[name]


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_trusted_is_refused_with_a_reason_for_a_person_o8(name: str) -> None:
    with pytest.raises(MappingError) as caught:
        GOOGLE.read(UNREADABLE[name])
    assert REASONS[name] in str(caught.value)


@pytest.mark.parametrize(
    ("name", "uid", "marker"),
    [
        ("our_copy", "uid-of-the-other-side@x", "inst.link.1.check"),
        ("our_copy_duplicated_by_a_person", "k3v0twin@google.com", None),
        ("our_copy_split_by_a_person", "k3v0odd1_R20261201T083000@google.com", None),
        ("our_copy_with_a_long_uid", "u" * 1000 + "v" * 30, "inst.link.1.check"),
        ("override_without_master", "odd-1@example.org", None),
        ("floating_not_settled_yet", "u", None),
        ("properties_of_others", "k3v0odd1@google.com", None),
    ],
)
def test_a_marker_is_believed_only_where_it_names_its_own_event(name: str, uid: str, marker: str | None) -> None:
    reading = GOOGLE.read(FILES[name])
    assert (reading.uid, reading.marker) == (uid, marker)


PEOPLE = {"guests_and_a_room", "guest_of_a_meeting", "guests_may_modify", "guests_left_out", "override_without_master",
          "members_of_strange_types"}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_people_are_seen_where_there_are_guests(name: str) -> None:
    assert GOOGLE.read(FILES[name]).people == ("host" if name in PEOPLE else "")


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("ends_before_it_starts", "ends before it starts; read as having no length"),
        ("all_day_end_equals_start", "read as one day"),
        ("no_end", "it has no end"),
        ("zone_unknown", "'Mars/Base' is unknown; read by its offset"),
        ("dtstart_line_in_recurrence", "was left alone: 'DTSTART"),
        ("count_and_until", "both COUNT and UNTIL"),
        ("split_first_half_with_leftover", "at no date of its series was left alone"),
        ("former_series_with_leftovers", "at no date of its series was left alone"),
        ("end_time_unspecified", "its end is not known"),
        ("birthday", "is a birthday; calsync reads such events and never changes them"),
        ("from_gmail", "made by Google from a mail"),
        ("kind_of_tomorrow", "of the kind 'holographic'"),
    ],
)
def test_what_is_read_only_roughly_is_reported(name: str, remark: str) -> None:
    assert any(loss.endswith(remark) or remark in loss for loss in GOOGLE.read(FILES[name]).losses)


# -- C1: every file, unchanged and with one field changed -------------------------------------------------------------

NEVER_WRITTEN = {
    "birthday": "a birthday", "focus_time": "a focus time", "out_of_office": "an out-of-office time",
    "working_location": "a working location", "from_gmail": "from a mail", "kind_of_tomorrow": "'holographic'",
    "locked": "locked", "guest_of_a_meeting": "only its organizer",
    "override_without_master": "only its organizer",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_special_kinds_are_never_written_nor_deleted(name: str) -> None:
    kinds = {"birthday", "focus_time", "out_of_office", "working_location", "from_gmail", "kind_of_tomorrow"}
    why = GOOGLE.never_written(FILES[name])
    assert bool(why) == (name in kinds) and (not why or why in GOOGLE.read(FILES[name]).losses)


@pytest.mark.parametrize("name", FILES)
def test_an_unedited_event_set_keeps_every_byte_c1(name: str) -> None:
    payload = FILES[name]
    reading = GOOGLE.read(payload)
    assert GOOGLE.edit(payload, {}) is payload
    assert GOOGLE.edit(payload, dict(reading.form)) is payload
    assert normal(reading.form) == reading.form == form_from(form_json(reading.form))


@pytest.mark.parametrize("name", FILES)
def test_a_new_title_changes_the_titles_only_c1(name: str) -> None:
    payload = FILES[name]
    before = GOOGLE.read(payload).form
    change = {"title" if "time" in before else f"{KEY}/title": "Neuer Titel"}
    if name in NEVER_WRITTEN:
        with pytest.raises(MappingError, match=NEVER_WRITTEN[name]):
            GOOGLE.edit(payload, change)
        return
    edited = GOOGLE.edit(payload, change)
    assert GOOGLE.read(edited).form == applied(before, change)
    assert _but_titles(edited) == _but_titles(payload)
    assert edited.count(b"Neuer Titel") >= 1


def _but_titles(payload: bytes) -> object:
    body = json.loads(payload)
    for resource in [*filter(None, [body["event"]]), *body["instances"]]:
        resource.pop("summary", None)
    return body


CANNOT_BE_MADE = {
    "zero_length": "has no length", "ends_before_it_starts": "has no length", "no_end": "has no length",
    "hourly_rule": "every few hours", "count_and_until": "by a number and by a date",
    "rdate_periods": "a length of its own", "override_without_master": "a series that is not here",
    "two_overrides_without_master": "a series that is not here",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_copy_of_every_event_reads_as_the_same_event_c2(name: str) -> None:
    form = without_fields(GOOGLE.read(FILES[name]).form, LOCAL_FIELDS)
    if name in CANNOT_BE_MADE:
        with pytest.raises(MappingError, match=CANNOT_BE_MADE[name]):
            GOOGLE.make("copy", form, "m")
        return
    copy = GOOGLE.read(GOOGLE.make("copy", form, "m"))
    assert (copy.form, copy.uid, copy.marker, copy.people) == (form, "copy", "m", "")


# -- C2: across and back ----------------------------------------------------------------------------------------------

ICAL_FILES = {path.stem: path.read_bytes() for path in sorted((DATA.parent / "ical").glob("*.ics"))}
HELD_FROM_ICAL = {
    "dtend_before_dtstart": "has no length", "no_dtend_timed": "has no length",
    "override_without_master": "a series that is not here", "rdate_periods": "a length of its own",
    "rrule_rscale": "another calendar", "rrule_secondly": "every few seconds",
}  # fmt: skip


def crossing(form: Form) -> Form:
    """What of a form crosses to Google and back: all but people (`losses.LOSSES`)."""
    return without_fields(form, LOCAL_FIELDS)


@pytest.mark.parametrize("name", ICAL_FILES)
def test_an_icalendar_event_crosses_to_google_and_back_c2(name: str) -> None:
    form = ICAL.read(ICAL_FILES[name]).form
    if name in HELD_FROM_ICAL:
        with pytest.raises(MappingError, match=HELD_FROM_ICAL[name]):
            GOOGLE.make("u", form, "m")
        return
    there = addressed(GOOGLE.make("u", form, "m"), "cs0example", "Europe/Berlin")
    back = ICAL.make("u", GOOGLE.read(there).form, "m")
    assert GOOGLE.read(there).form == ICAL.read(back).form == crossing(form)
    assert GOOGLE.edit(there, dict(ICAL.read(back).form)) == there  # the second trip changes nothing


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"two_overrides_without_master"}))  # one each is a set (R9)
def test_an_event_of_google_crosses_to_icalendar_and_back_c2(name: str) -> None:
    payload = FILES[name]
    form = GOOGLE.read(payload).form
    back = ICAL.read(ICAL.make("u", form, "m")).form
    assert back == crossing(form)
    assert GOOGLE.edit(payload, {path: back.get(path) for path in crossing(form)}) is payload
