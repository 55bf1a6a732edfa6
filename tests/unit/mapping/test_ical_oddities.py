"""What real files hold, one oddity per file in tests/data/ical, and what calsync reads from it (facts section 6)."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import parse
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.series import CANCELLED, LOCAL_FIELDS, Form, Recurrence, Value, applied, without_fields
from calsync_cli.model.times import AllDay, Floating, Span, When, Zoned

DATA = Path(__file__).parents[2] / "data" / "ical"
FILES = {path.stem: path.read_bytes() for path in sorted(DATA.glob("*.ics"))}
UNREADABLE = {path.stem: path.read_bytes() for path in sorted((DATA / "unreadable").glob("*.ics"))}


def at(text: str, tzid: str = "Europe/Berlin") -> When:
    if len(text) == 8:
        return AllDay(date.fromisoformat(text))
    local = datetime.fromisoformat(text)
    return Zoned(local, tzid) if tzid else Floating(local)


def span(start: str, end: str, tzid: str = "Europe/Berlin") -> Span:
    return Span(at(start, tzid), at(end, tzid))


HALF_TEN = span("20261124T093000", "20261124T103000")
WEEKLY = Recurrence(("FREQ=WEEKLY",))
AFTERNOON = span("20261201T140000", "20261201T150000")

EXPECTED: dict[str, dict[str, Value]] = {
    "override_in_utc": {"@20261201T083000Z/time": AFTERNOON},
    "override_floating_in_zoned_series": {"@20261201T083000Z/time": AFTERNOON},
    "override_by_date_on_timed_series": {"@20261201T083000Z/time": AFTERNOON},
    "override_in_other_zone_by_instant": {"@20261201T083000Z/title": "Planning abroad"},
    "override_in_other_zone_by_wall_time": {"@20261201T083000Z/title": "Planning abroad"},
    "override_moved_across_dst": {"@20270323T083000Z/time": span("20270330T093000", "20270330T103000")},
    "override_cancelled": {"@20261201T083000Z": CANCELLED},
    "override_with_nothing_of_its_own": {},
    "override_twice_higher_sequence_counts": {"@20261201T083000Z/title": "newer"},
    "override_before_its_master": {"@20261201T083000Z/title": "Special"},
    "override_without_start": {"@20261201T083000Z/title": "Only the title"},
    "exdate_as_date_on_timed_series": {"@20261201T083000Z": CANCELLED},
    "exdate_list_in_utc": {"@20261201T083000Z": CANCELLED, "@20261208T083000Z": CANCELLED},
    "exdate_floating_and_empty": {"@20261201T083000Z": CANCELLED},
    "series_split_by_icloud": {},
}
"""Instances of files that all hold the same weekly series."""

WHOLE: dict[str, Form] = {
    "override_without_master": {
        "@20261201T083000Z/time": span("20261201T093000", "20261201T103000"),
        "@20261201T083000Z/title": "Guest of one",
        "@20261201T083000Z/organizer": "mailto:host@example.org",
        "@20261201T083000Z/guests": frozenset({"mailto:me@example.org NEEDS-ACTION REQ-PARTICIPANT INDIVIDUAL"}),
    },
    "override_empties_fields": {
        "time": HALF_TEN, "recurrence": WEEKLY, "title": "Planning", "location": "Room 4", "busy": "free",
        "categories": frozenset({"Work", "Plan"}), "reminders": frozenset({"display:-PT15M"}),
        "@20261201T083000Z/location": "", "@20261201T083000Z/busy": "", "@20261201T083000Z/categories": frozenset(),
        "@20261201T083000Z/reminders": frozenset(),
    },
    "override_of_all_day_series_named_in_utc": {
        "time": span("20261124", "20261125"), "recurrence": WEEKLY, "title": "Bins",
        "@20261201/time": span("20261202", "20261203"),
    },
    "series_in_the_hour_that_comes_twice": {
        "time": span("20261024T023000", "20261024T033000"), "recurrence": Recurrence(("COUNT=4;FREQ=DAILY",)),
        "title": "Night watch", "@20261025T013000Z": CANCELLED,
    },
    "text_escapes_of_the_wild": {
        "time": HALF_TEN, "title": 'a, b; c\\n d: "e" "f" g,h;i', "description": "one\ntwo\nthree\\\nfour",
    },
    "words_set": {
        "time": HALF_TEN, "title": "Words", "visibility": "private", "busy": "free", "status": "tentative",
        "url": "https://example.org/?a=1,2;b", "color": "turquoise",
    },
    "values_at_their_defaults": {"time": HALF_TEN, "title": "Defaults"},
    "categories_on_several_lines": {
        "time": HALF_TEN, "title": "Tags", "categories": frozenset({"Work", "Home, sweet home", "Urgent"}),
    },
    "attachments_inline_and_linked": {
        "time": HALF_TEN, "title": "Files",
        "attachments": frozenset({"https://files.example.org/a,b;c.pdf", "CID:part1@example.org"}),
    },
    "alarms_of_apple_and_mozilla": {
        "time": HALF_TEN, "title": "Alarms",
        "reminders": frozenset({"display:-PT15M", "audio:end:PT0S", "email:20261123T200000Z"}),
    },
    "param_quoted_cn_with_comma": {
        "time": HALF_TEN, "title": "People", "organizer": "mailto:boss@example.org",
        "guests": frozenset({
            "mailto:jane@example.org ACCEPTED OPT-PARTICIPANT INDIVIDUAL",
            "mailto:room4@example.org NEEDS-ACTION REQ-PARTICIPANT ROOM",
        }),
    },
    "param_cn_with_backslash_quotes": {
        "time": HALF_TEN, "title": "Quotes", "organizer": "mailto:jj@example.org",
        "guests": frozenset({"mailto:b@example.org DECLINED REQ-PARTICIPANT INDIVIDUAL"}),
    },
}  # fmt: skip

TIMES: dict[str, Span] = {
    "no_dtend_timed": span("20261124T083000", "20261124T083000", "UTC"),
    "no_dtend_all_day": span("20261124", "20261125"),
    "all_day_dtend_equals_dtstart": span("20261124", "20261125"),
    "all_day_without_value_date": span("20261124", "20261126"),
    "dtend_before_dtstart": span("20261124T083000", "20261124T083000", "UTC"),
    "dtend_of_other_kind": HALF_TEN,
    "dtend_and_duration": span("20261124T083000", "20261124T093000", "UTC"),
    "dtend_in_other_zone": Span(at("20261124T093000"), at("20261124T123000", "America/New_York")),
    "duration_pt24h_over_dst": span("20261024T120000", "20261025T110000"),
    "duration_p1d_over_dst": span("20261024T120000", "20261025T120000"),
    "duration_on_all_day": span("20261124", "20261201"),
    "floating_time": span("20261124T093000", "20261124T103000", ""),
    "dates_in_iso_spelling": span("20261124T083000", "20261124T093000", "UTC"),
    "zone_windows_name": HALF_TEN,
    "zone_windows_name_undefined": span("20261124T093000", "20261124T103000", "America/Los_Angeles"),
    "zone_customized_with_own_offset": span("20261124T093000", "20261124T103000", "Asia/Kolkata"),
    "zone_customized_with_own_rules": span("20261124T093000", "20261124T103000", "America/New_York"),
    "zone_vendor_prefix": HALF_TEN,
    "zone_vendor_prefix_with_version": span("20261124T093000", "20261124T103000", "America/Argentina/Buenos_Aires"),
    "zone_x_lic_location": HALF_TEN,
    "zone_outlook_display_name": span("20261124T093000", "20261124T103000", "Europe/Amsterdam"),
    "zone_us_display_name": span("20261124T093000", "20261124T103000", "America/New_York"),
    "zone_and_z_together": span("20261124T083000", "20261124T093000", "UTC"),
    "zone_gmt_offset_name": span("20261124T093000", "20261124T103000", "Etc/GMT-1"),
    "zone_in_lower_case": HALF_TEN,
    "zone_microsoft_utc": span("20261124T093000", "20261124T103000", "UTC"),
    "zone_iana_name_with_wrong_block": HALF_TEN,
    "line_ends_mixed": HALF_TEN,
    "names_in_lower_case": HALF_TEN,
    "bom": HALF_TEN,
    "year_1604_birthday": span("16040229", "16040301"),
}

RULES: dict[str, Recurrence] = {
    "until_as_date_on_timed_rule": Recurrence(("FREQ=WEEKLY;UNTIL=20261208T225959Z",)),
    "until_floating_on_zoned_rule": Recurrence(("FREQ=WEEKLY;UNTIL=20261208T083000Z",)),
    "until_in_utc_on_all_day_rule": Recurrence(("FREQ=DAILY;UNTIL=20261128",)),
    "two_rrules": Recurrence(("BYMONTHDAY=1;FREQ=MONTHLY", "FREQ=WEEKLY")),
    "rrule_rscale": Recurrence(("FREQ=YEARLY;RSCALE=CHINESE;SKIP=FORWARD",)),
    "rrule_secondly": Recurrence(("COUNT=10;FREQ=SECONDLY",)),
    "rrule_odd_spelling": Recurrence(("BYDAY=MO,1MO,WE,FR;COUNT=8;FREQ=WEEKLY",)),
    "rdate_only": Recurrence((), (at("20261126T093000"), at("20261201T140000"), at("20261203T093000"))),
    "rdate_periods": Recurrence(
        (), (), ("20261126T093000/PT2H", "20261127T093000/20261127T113000", "20261128T083000Z/PT1H")
    ),
}

TITLES = {
    "fold_inside_utf8_character": "Grüße aus Köln 🚲 und Übersee, " * 5 + "Grüße aus Köln 🚲 und Übersee,",
    "fold_with_tabs": "one two three",
    "emoji_and_combining_characters": "👩‍👩‍👧 Caf\u00e9 😀",
    "latin1_bytes": "Grüße",
    "two_summaries": "first",
    "blank_lines_and_trailing_spaces": "Spaces",
    "param_rfc6868_carets": "Carets",
    "line_without_colon": "Stray text",
}

REASONS = {
    "html_login_page": "web page", "empty": "empty", "blank": "empty", "plain_text": "not a calendar file",
    "cut_off": "cut off: END:VEVENT", "missing_end_of_calendar": "cut off: END:VCALENDAR",
    "wrong_nesting": "END:VEVENT stands where END:VALARM", "two_calendars": "more than one calendar object",
    "text_after_the_end": "goes on after the end", "two_uids": "different UIDs", "no_uid": "no UID",
    "two_masters_under_one_uid": "several events under one UID", "no_event": "no event",
    "task_only": "a task, not an event",
    "no_dtstart": "no start", "impossible_date": "DTSTART is not a possible date: '20261332'",
    "impossible_exdate": "EXDATE is not a possible date", "impossible_duration": "DURATION is not a possible length",
    "freq_foo": "FREQ=FOO", "interval_zero": "INTERVAL=0", "until_impossible": "UNTIL=20261301",
    "zone_unknown": "its time zone 'Mars/Base' is unknown and the file does not define it",
    "zone_with_rules_of_no_zone": "'Customized Time Zone' is unknown and no known zone keeps the rules",
    "zone_block_without_offsets": "'Mine' is unknown", "this_and_future": "all following", "exrule": "EXRULE",
    "year_one": "not a possible date", "utf16": "not a calendar file",
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_instances_of_a_weekly_series(name: str) -> None:
    form = {"time": HALF_TEN, "recurrence": WEEKLY, "title": "Planning", **EXPECTED[name]}
    assert ICAL.read(FILES[name]).form == form


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_form(name: str) -> None:
    assert ICAL.read(FILES[name]).form == WHOLE[name]


@pytest.mark.parametrize("name", TIMES)
def test_the_time_block(name: str) -> None:
    assert ICAL.read(FILES[name]).form["time"] == TIMES[name]


@pytest.mark.parametrize("name", RULES)
def test_the_rule(name: str) -> None:
    assert ICAL.read(FILES[name]).form["recurrence"] == RULES[name]


@pytest.mark.parametrize("name", TITLES)
def test_the_title(name: str) -> None:
    assert ICAL.read(FILES[name]).title == TITLES[name]


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_trusted_is_refused_with_a_reason_for_a_person_o8(name: str) -> None:
    with pytest.raises(MappingError) as caught:
        ICAL.read(UNREADABLE[name])
    assert REASONS[name] in str(caught.value)


NINES = "9" * 5000
"""More digits than Python makes a number of (CVE-2020-10735), which it tells by a ValueError."""


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"RRULE:FREQ=DAILY;COUNT={NINES}", "COUNT=9999"),
        (f"RRULE:FREQ=DAILY;INTERVAL={NINES}", "INTERVAL=9999"),
        (f"DURATION:P{NINES}D", "DURATION is not a possible length"),
        ("BEGIN:X\r\n" * 3000 + "END:X\r\n" * 3000, "nested"),
    ],
    ids=["count", "interval", "duration", "nesting"],
)
def test_a_file_made_to_break_programs_is_refused_and_no_more_i14(line: str, reason: str) -> None:
    with pytest.raises(MappingError) as caught:
        ICAL.read(hostile(line))
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_sequence_of_5000_digits_is_only_a_sequence() -> None:
    assert ICAL.read(hostile(f"SEQUENCE:{NINES}")).form["title"] == "Hostile"


def hostile(lines: str) -> bytes:
    head = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:h\r\nSUMMARY:Hostile\r\nDTSTART:20261124T093000Z\r\n"
    return f"{head}{lines.strip()}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()


def test_the_marker_and_the_people_of_a_lone_override_are_seen_r9() -> None:
    reading = ICAL.read(FILES["override_without_master"])
    assert (reading.uid, reading.marker, reading.people) == ("odd-1@example.org", "inst.link.1.check", "host")
    assert reading.title == "Guest of one"


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("dtend_before_dtstart", "ends before it starts"),
        ("dtend_and_duration", "an end and a duration"),
        ("line_without_colon", "this line lost its fold"),
        ("latin1_bytes", "SUMMARY is not UTF-8"),
        ("override_without_start", "no start of its own"),
        ("task_beside_event", "also holds a task"),
        ("alarms_of_apple_and_mozilla", "'soon'"),
    ],
)
def test_what_was_read_only_roughly_is_reported(name: str, remark: str) -> None:
    assert any(remark in loss for loss in ICAL.read(FILES[name]).losses)


# -- C1: every file, unchanged and with one field changed -------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_an_unedited_file_keeps_every_byte_c1(name: str) -> None:
    payload = FILES[name]
    assert ICAL.edit(payload, {}) is payload
    assert ICAL.edit(payload, dict(ICAL.read(payload).form)) == payload
    assert parse(payload).data() == payload


@pytest.mark.parametrize("name", FILES)
def test_a_new_title_changes_the_title_lines_only_c1(name: str) -> None:
    payload = FILES[name]
    before = ICAL.read(payload).form
    master = "title" if "time" in before else "@20261201T083000Z/title"
    change = {master: "Neuer Titel, mit Komma"}
    edited = ICAL.edit(payload, change)
    assert ICAL.read(edited).form == applied(before, change)
    assert lines_but(edited, "SUMMARY") == lines_but(payload, "SUMMARY")
    assert edited.count(b"Neuer Titel\\, mit Komma") >= 1


@pytest.mark.parametrize("name", FILES)
def test_a_copy_of_every_file_reads_as_the_same_event_c2(name: str) -> None:
    form = without_fields(ICAL.read(FILES[name]).form, LOCAL_FIELDS)
    copy = ICAL.read(ICAL.make("copy", form, "m"))
    assert copy.form == form == normal(form)
    assert (copy.people, copy.losses) == ("", ())


def lines_but(payload: bytes, name: str) -> list[bytes]:
    """Every raw line of every component except the VEVENTs' own lines of that name."""
    calendar = parse(payload).calendar
    kept = []
    for child in calendar.children:
        if getattr(child, "name", "") == "VEVENT" and not hasattr(child, "flat"):
            kept += [line.raw for line in child.lines if line.name != name]  # type: ignore[union-attr]
            kept += [raw for part in child.children if hasattr(part, "children") for raw in part.raw()]  # type: ignore
        else:
            kept += list(child.raw()) if hasattr(child, "children") else [child.raw]  # type: ignore[operator]
    return kept
