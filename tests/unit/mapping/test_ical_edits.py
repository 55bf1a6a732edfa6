"""Single edits of foreign files: which lines change, and how they look afterwards (I7, R2-R4, facts 0.1-0.3)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.ical import ICAL
from calsync_cli.model.series import CANCELLED, Changes, Form, Recurrence
from calsync_cli.model.times import AllDay, Floating, Span, Zoned, moved

DATA = Path(__file__).parents[2] / "data" / "ical"
KEY = "20261201T083000Z"


def file(name: str) -> bytes:
    return (DATA / f"{name}.ics").read_bytes()


def changed(payload: bytes, changes: Changes) -> tuple[list[str], list[str]]:
    """Lines that went and lines that came, in order."""
    old, new = payload.decode().splitlines(), ICAL.edit(payload, changes).decode().splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def berlin(day: int, hour: int, minute: int = 30, *, month: int = 11, hours: int = 1) -> Span:
    start = Zoned(datetime(2026, month, day, hour, minute), "Europe/Berlin")
    return Span(start, Zoned(start.local + timedelta(hours=hours), "Europe/Berlin"))


def test_a_changed_title_keeps_its_place_language_and_line_end() -> None:
    payload = file("altrep_description").replace(b"\r\n", b"\n")
    gone, came = changed(payload, {"title": "Neu", "description": "a\nb"})
    assert gone == ["SUMMARY;LANGUAGE=de:Alt", 'DESCRIPTION;ALTREP="data:text/html,%3Cb%3Ehi%3C/b%3E";X-MARK=1:hi']
    assert came == ["SUMMARY;LANGUAGE=de:Neu", "DESCRIPTION;X-MARK=1:a\\nb"]
    assert b"\r" not in ICAL.edit(payload, {"title": "Neu"})


def test_a_new_property_goes_before_the_sub_components_and_a_cleared_one_goes() -> None:
    payload = file("alarms_of_apple_and_mozilla")
    edited = ICAL.edit(payload, {"location": "Here", "title": None}).decode()
    assert "LOCATION:Here\r\nBEGIN:VALARM" in edited
    assert "SUMMARY:Alarms" not in edited


def test_cleared_words_become_their_default_in_place() -> None:
    gone, came = changed(file("words_set"), {"visibility": None, "busy": None, "status": None, "color": None})
    assert came == ["CLASS:PUBLIC", "TRANSP:OPAQUE", "STATUS:CONFIRMED"]
    assert "COLOR:turquoise" in gone


def test_one_reminder_is_swapped_and_the_other_alarms_keep_their_bytes() -> None:
    payload = file("alarms_of_apple_and_mozilla")
    kept = ICAL.read(payload).form["reminders"]
    assert isinstance(kept, frozenset)
    edited = ICAL.edit(payload, {"reminders": kept - {"audio:end:PT0S"} | {"display:-P1D"}})
    assert b"TRIGGER;RELATED=END:PT0S" not in edited and b"TRIGGER:-P1D" in edited
    assert b"TRIGGER:-PT900S\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nACKNOWLEDGED" in edited
    assert b"X-APPLE-DEFAULT-ALARM:TRUE" in edited and b"RELTYPE=SNOOZE" in edited and b"TRIGGER:soon" in edited


def test_categories_and_attachments_change_by_set_difference() -> None:
    change: Changes = {"categories": frozenset({"Urgent", "Home, sweet home", "New, one"})}
    gone, came = changed(file("categories_on_several_lines"), change)
    assert gone == ["CATEGORIES:Work,Home\\, sweet home", "CATEGORIES;LANGUAGE=en: Work ,Urgent"]
    assert came == ["CATEGORIES:Home\\, sweet home", "CATEGORIES;LANGUAGE=en:Urgent,New\\, one"]
    gone, came = changed(file("attachments_inline_and_linked"), {"attachments": frozenset({"https://new.example/x"})})
    assert len(gone) == 2 and came == ["ATTACH:https://new.example/x"]
    assert b"VALUE=BINARY" in ICAL.edit(file("attachments_inline_and_linked"), {"attachments": None})


def test_a_moved_event_keeps_its_duration_when_the_file_used_one() -> None:
    payload = file("duration_p1d_over_dst")
    assert changed(payload, {"time": berlin(24, 12, 0, month=11, hours=24)}) == (
        ["DTSTART;TZID=Europe/Berlin:20261024T120000"],
        ["DTSTART;TZID=Europe/Berlin:20261124T120000"],
    )
    _, came = changed(payload, {"time": berlin(24, 12, 0, month=10, hours=2)})
    assert came == ["DURATION:PT2H"]


def test_an_event_without_end_gets_one_when_its_time_changes() -> None:
    """iCloud answers 404 to a timed event without DTEND (facts 0.12)."""
    start = Zoned(datetime(2026, 11, 25, 8, 0), "UTC")
    _, came = changed(file("no_dtend_timed"), {"time": Span(start, start)})
    assert came == ["DTSTART:20261125T080000Z", "DTEND:20261125T080000Z"]


def test_an_end_that_the_new_start_overtakes_is_written_anew() -> None:
    """Read mercifully the old end would still give one day, but no other program reads it so."""
    _, came = changed(
        file("all_day_without_value_date"), {"time": Span(AllDay(date(2026, 12, 1)), AllDay(date(2026, 12, 2)))}
    )
    assert came == ["DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261202"]


def test_a_zone_keeps_the_name_the_file_has_for_it() -> None:
    _, came = changed(file("zone_windows_name"), {"time": berlin(25, 9)})
    assert came == [
        "DTSTART;TZID=W. Europe Standard Time:20261125T093000", "DTEND;TZID=W. Europe Standard Time:20261125T103000",
    ]  # fmt: skip


def test_a_zone_new_to_the_file_brings_its_vtimezone() -> None:
    start = Zoned(datetime(2026, 11, 25, 9, 0), "America/New_York")
    payload = file("zone_windows_name")
    edited = ICAL.edit(payload, {"time": Span(start, moved(start, timedelta(hours=1)))})
    assert edited.count(b"BEGIN:VTIMEZONE") == 2
    assert b"END:VTIMEZONE\r\nBEGIN:VTIMEZONE\r\nTZID:America/New_York\r\n" in edited
    assert edited.index(b"TZID:America/New_York") < edited.index(b"BEGIN:VEVENT")


def test_a_timed_event_becomes_all_day_and_floating() -> None:
    _, came = changed(file("two_dtstamps"), {"time": Span(AllDay(date(2026, 11, 24)), AllDay(date(2026, 11, 25)))})
    assert came == ["DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125"]
    local = Floating(datetime(2026, 11, 24, 9, 0))
    _, came = changed(file("two_dtstamps"), {"time": Span(local, local)})
    assert came == ["DTSTART:20261124T090000", "DTEND:20261124T090000"]


def test_until_is_written_as_an_instant_and_other_rules_keep_their_bytes() -> None:
    rules = Recurrence(("BYMONTHDAY=1;FREQ=MONTHLY", "FREQ=WEEKLY;UNTIL=20270101T083000Z"))
    gone, came = changed(file("two_rrules"), {"recurrence": rules})
    assert (gone, came) == (["RRULE:FREQ=WEEKLY"], ["RRULE:FREQ=WEEKLY;UNTIL=20270101T083000Z"])


def test_a_cancelled_instance_becomes_an_exdate_in_the_style_of_the_file_r4() -> None:
    assert changed(file("two_rrules"), {f"@{KEY}": CANCELLED})[1] == ["EXDATE;TZID=Europe/Berlin:20261201T093000"]
    _, came = changed(file("exdate_list_in_utc"), {"@20261215T083000Z": CANCELLED})
    assert came == ["EXDATE:20261215T083000Z"]


def test_cancelling_an_instance_takes_its_override_out() -> None:
    change: Changes = {f"@{KEY}": CANCELLED, f"@{KEY}/time": None}
    edited = ICAL.edit(file("override_in_utc"), change)
    assert edited.count(b"BEGIN:VEVENT") == 1 and b"EXDATE;TZID=Europe/Berlin:20261201T093000" in edited


def test_an_instance_comes_back_from_its_exdate_line() -> None:
    gone, came = changed(file("exdate_list_in_utc"), {f"@{KEY}": None})
    assert (gone, came) == (["EXDATE:20261201T083000Z,20261208T083000Z"], ["EXDATE:20261208T083000Z"])
    assert changed(file("exdate_as_date_on_timed_series"), {f"@{KEY}": None}) == (["EXDATE;VALUE=DATE:20261201"], [])
    assert ICAL.edit(file("override_cancelled"), {f"@{KEY}": None}).count(b"BEGIN:VEVENT") == 1


def test_a_new_override_is_a_copy_of_the_masters_lines_people_and_alarms_included() -> None:
    payload = file("override_empties_fields").replace(
        b"LOCATION:Room 4\r\n",
        b"LOCATION:Room 4\r\nORGANIZER:mailto:o@example.org\r\nATTENDEE:mailto:a@example.org\r\nX-A:1\r\n",
    )
    edited = ICAL.edit(payload, {"@20261208T083000Z/title": "Other"})
    new = edited.decode().split("BEGIN:VEVENT\r\n")[3]
    assert new.startswith("UID:odd-1@example.org\r\nRECURRENCE-ID;TZID=Europe/Berlin:20261208T093000\r\n")
    assert "DTSTART;TZID=Europe/Berlin:20261208T093000\r\nDTEND;TZID=Europe/Berlin:20261208T103000\r\n" in new
    assert "ATTENDEE:mailto:a@example.org\r\nX-A:1\r\n" in new and "BEGIN:VALARM" in new and "RRULE" not in new


def test_an_override_goes_when_nothing_of_its_own_remains_but_not_with_strange_lines_in_it_i7() -> None:
    payload = file("override_in_utc")
    assert ICAL.edit(payload, {f"@{KEY}/time": None}).count(b"BEGIN:VEVENT") == 1
    strange = payload.replace(b"RECURRENCE-ID", b"X-ONLY-HERE:1\r\nRECURRENCE-ID")
    edited = ICAL.edit(strange, {f"@{KEY}/time": None})
    assert b"X-ONLY-HERE:1" in edited and b"DTSTART;TZID=Europe/Berlin:20261201T093000" in edited
    assert not [path for path in ICAL.read(edited).form if path.startswith("@")]


def test_an_override_with_a_part_of_its_own_stays_too_i7() -> None:
    payload = file("override_in_utc")
    at = payload.rindex(b"END:VEVENT")
    strange = payload[:at] + b"BEGIN:X-PART\r\nX-A:1\r\nEND:X-PART\r\n" + payload[at:]
    assert b"X-A:1" in ICAL.edit(strange, {f"@{KEY}/time": None})


def test_an_override_hidden_by_an_exdate_is_left_as_it_was_found_i7() -> None:
    payload = file("override_in_utc").replace(
        b"RRULE:FREQ=WEEKLY\r\n", b"RRULE:FREQ=WEEKLY\r\nEXDATE;TZID=Europe/Berlin:20261201T093000\r\n"
    )
    assert ICAL.read(payload).form[f"@{KEY}"] == CANCELLED
    assert changed(payload, {"location": "Hall"}) == ([], ["LOCATION:Hall"])
    back = ICAL.edit(payload, {f"@{KEY}": None})  # back to what the master says, not to what was hidden
    assert back.count(b"BEGIN:VEVENT") == 1 and b"EXDATE" not in back


def test_no_override_is_left_where_the_series_has_no_instance_any_more_i16() -> None:
    """A RECURRENCE-ID that names no instance shows as an extra event in most programs."""
    payload = file("override_with_nothing_of_its_own")
    edited = ICAL.edit(payload, {"recurrence": Recurrence(("COUNT=3;FREQ=MONTHLY",))})
    assert edited.count(b"BEGIN:VEVENT") == 1
    assert ICAL.edit(payload, {"recurrence": None}).count(b"BEGIN:VEVENT") == 1
    assert ICAL.edit(payload, {"recurrence": Recurrence(("COUNT=3;FREQ=WEEKLY",))}).count(b"BEGIN:VEVENT") == 2


def test_an_override_outside_of_its_series_goes_with_its_words_i16() -> None:
    """Also one with a part of its own: without its words it would show the series where it has no date."""
    payload = file("override_in_utc").replace(b"RRULE:FREQ=WEEKLY", b"RRULE:FREQ=MONTHLY")
    at = payload.rindex(b"END:VEVENT")
    strange = payload[:at] + b"BEGIN:X-PART\r\nX-A:1\r\nEND:X-PART\r\n" + payload[at:]
    own = {path: None for path in ICAL.read(strange).form if path.startswith("@")}
    assert own and ICAL.edit(strange, own).count(b"BEGIN:VEVENT") == 1
    assert ICAL.edit(strange, {"title": "Renamed"}).count(b"BEGIN:VEVENT") == 2


def test_of_two_overrides_of_one_instance_both_move_and_both_go() -> None:
    payload = file("override_twice_higher_sequence_counts")
    change = {"time": berlin(24, 11), **shifted(ICAL.read(payload).form, KEY, "20261201T103000Z")}
    assert ICAL.edit(payload, change).count(b"RECURRENCE-ID;TZID=Europe/Berlin:20261201T113000") == 2
    assert ICAL.edit(payload, {f"@{KEY}/title": None}).count(b"BEGIN:VEVENT") == 1
    edited = ICAL.edit(payload, {f"@{KEY}/title": "newest"})
    assert b"SUMMARY:newest" in edited and b"SUMMARY:older" in edited


def test_a_zone_the_file_names_but_does_not_define_stays_undefined() -> None:
    assert b"VTIMEZONE" not in ICAL.edit(file("zone_vendor_prefix"), {"time": berlin(25, 9)})


def test_an_override_follows_its_master_in_what_it_inherits_and_keeps_what_is_its_own() -> None:
    edited = ICAL.edit(file("override_in_utc"), {"title": "Renamed", "location": "Hall"})
    assert edited.count(b"SUMMARY:Renamed") == 2 and edited.count(b"LOCATION:Hall") == 2
    own = ICAL.edit(file("override_before_its_master"), {"title": "Renamed"})
    assert own.count(b"SUMMARY:Renamed") == 1 and b"SUMMARY:Special" in own


def shifted(form: Form, old: str, new: str) -> Changes:
    paths = {path: value for path, value in form.items() if path.startswith(f"@{old}")}
    return {**dict.fromkeys(paths), **{path.replace(old, new): value for path, value in paths.items()}}


def test_a_moved_series_takes_its_overrides_along_in_place_r3() -> None:
    payload = file("override_before_its_master")
    change = {"time": berlin(24, 11), **shifted(ICAL.read(payload).form, KEY, "20261201T103000Z")}
    gone, came = changed(payload, change)
    assert len(gone) == len(came) == 5
    assert "RECURRENCE-ID;TZID=Europe/Berlin:20261201T113000" in came
    assert ICAL.edit(payload, change).index(b"SUMMARY:Special") < ICAL.edit(payload, change).index(b"SUMMARY:Planning")


def test_a_moved_series_takes_its_exdates_along_r3() -> None:
    payload = file("exdate_as_date_on_timed_series")
    change = {"time": berlin(25, 9), **shifted(ICAL.read(payload).form, KEY, "20261202T083000Z")}
    assert changed(payload, change)[1] == [
        "DTSTART;TZID=Europe/Berlin:20261125T093000", "DTEND;TZID=Europe/Berlin:20261125T103000",
        "EXDATE;TZID=Europe/Berlin:20261202T093000",
    ]  # fmt: skip


def test_people_are_never_changed_i6() -> None:
    payload = file("param_quoted_cn_with_comma")
    for change in (
        {"guests": None},
        {"organizer": "mailto:other@example.org"},
        {"guests": frozenset({"mailto:x@y.z A B C"})},
    ):
        with pytest.raises(MappingError, match="guests and organizer"):
            ICAL.edit(payload, change)
    assert ICAL.edit(payload, {"title": "x"}).count(b"ATTENDEE") == 2


def test_a_copy_never_names_people_to_the_server_i6() -> None:
    form = ICAL.read(file("param_quoted_cn_with_comma")).form
    copy = ICAL.make("copy", form, "m")
    assert b"\r\nATTENDEE" not in copy and b"\r\nORGANIZER" not in copy
    assert b"X-CALSYNC-ATTENDEE;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT" in copy.replace(b"\r\n ", b"")
    assert b"X-CALSYNC-ORGANIZER:mailto:boss@example.org" in copy
    assert not ICAL.read(copy).people


def test_a_lone_override_is_edited_and_never_given_a_master_r9() -> None:
    payload = file("override_without_master")
    gone, came = changed(payload, {f"@{KEY}/title": "Neu"})
    assert (gone, came) == (["SUMMARY:Guest of one"], ["SUMMARY:Neu"])
    with pytest.raises(MappingError, match="one instance of a series"):
        ICAL.edit(payload, {"title": "x"})
    with pytest.raises(MappingError, match="no event"):
        ICAL.edit(payload, dict.fromkeys(ICAL.read(payload).form))


@pytest.mark.parametrize(
    "change",
    [{"time": None}, {"busy": "perhaps"}, {"reminders": frozenset({"soon"})}, {"x:UID": "other"}, {"x:SUMMARY": "t"}],
)
def test_what_the_format_cannot_say_is_refused(change: Changes) -> None:
    with pytest.raises(MappingError):
        ICAL.edit(file("two_dtstamps"), change)


def test_the_marker_comes_off_and_nothing_else() -> None:
    payload = ICAL.make("u", ICAL.read(file("override_in_utc")).form, "inst.link.1.check")
    released = ICAL.remove_marker(payload)
    assert released == payload.replace(b"X-CALSYNC-LINK:inst.link.1.check\r\n", b"")
    assert ICAL.read(released).marker is None


def test_bookkeeping_lines_are_left_alone() -> None:
    payload = file("two_dtstamps").replace(b"SUMMARY", b"SEQUENCE:7\r\nLAST-MODIFIED:20261101T000000Z\r\nSUMMARY")
    edited = ICAL.edit(payload, {"title": "x", "time": berlin(25, 9)})
    for line in (b"SEQUENCE:7\r\n", b"LAST-MODIFIED:20261101T000000Z\r\n", b"DTSTAMP:20261102T130000Z\r\n"):
        assert line in edited


def test_a_property_carried_by_name_is_read_and_written_in_place() -> None:
    payload = file("x_properties_and_x_components")
    assert ICAL.carried(payload, ["x:X-AFTER"]) == {"x:X-AFTER": "component"}
    assert changed(payload, {"x:X-AFTER": "new"}) == (["X-AFTER:component"], ["X-AFTER:new"])
    assert changed(payload, {"x:X-AFTER": None}) == (["X-AFTER:component"], [])


def test_a_megabyte_of_description_is_edited_without_touching_the_rest() -> None:
    payload = file("two_dtstamps")
    text = "Zeile mit Ümlaut, Komma; und \\ Strich\n" * 26_000
    big = ICAL.edit(payload, {"description": text})
    assert ICAL.read(big).form["description"] == text.rstrip()
    assert all(len(line) <= 75 for line in big.split(b"\r\n"))
    assert ICAL.edit(big, {"description": None}) == payload


def test_a_rule_that_is_written_begins_with_freq() -> None:
    form = {"time": berlin(23, 9), "recurrence": Recurrence(("BYDAY=MO;COUNT=3;FREQ=WEEKLY",))}
    made = ICAL.make("u", form, "m")
    assert b"\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3\r\n" in made
    assert b"\nRRULE:FREQ=DAILY;COUNT=3\r\n" in ICAL.edit(made, {"recurrence": Recurrence(("COUNT=3;FREQ=DAILY",))})


def test_the_same_form_always_makes_the_same_bytes_i20() -> None:
    form = ICAL.read(file("override_empties_fields")).form
    assert ICAL.make("u", form, "m") == ICAL.make("u", dict(reversed(form.items())), "m")
