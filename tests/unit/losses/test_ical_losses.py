"""The loss table of the iCalendar mapping is true and whole: each clause has a test that fails when it is not so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.ical_losses import LOSSES
from calsync_cli.mapping.inherit import normal
from calsync_cli.mapping.losses import How, Loss, held, left, losses_of, read
from calsync_cli.model.series import CANCELLED, FIELDS, Form, Value
from calsync_cli.model.times import Span, moved
from tests.unit.losses.proofs import Proofs
from tests.unit.mapping.test_ical_oddities import FILES, HALF_TEN, UNREADABLE, WEEKLY, span

KEY = "@20261201T083000Z"
proves = Proofs(LOSSES)


def file(*lines: str, time: str = "DTSTART:20261124T083000Z") -> bytes:
    event = ["BEGIN:VEVENT", "UID:u", "DTSTAMP:20260101T000000Z", time, *lines, "END:VEVENT"]
    return "".join(f"{line}\r\n" for line in ["BEGIN:VCALENDAR", "VERSION:2.0", *event, "END:VCALENDAR"]).encode()


def check_stays(payload: bytes, line: str, change: Mapping[str, Value]) -> None:
    """calsync does not read the line, and an edit of the same field leaves it."""
    assert line.encode() in payload and line.encode() in ICAL.edit(payload, change)


# -- losses ------------------------------------------------------------------------------------------------------------


@proves("guests", left("nobody is invited to a copy: they are listed in lines that no server mails to"))
@proves("organizer", left("a copy is an event of its calendar's owner; listed as the guests are"))
def test_people_are_listed_and_nobody_is_invited() -> None:
    form: Form = {"title": "x", "time": HALF_TEN, "organizer": "mailto:boss@example.org",
                  "guests": frozenset({"mailto:ann@example.org ACCEPTED REQ-PARTICIPANT INDIVIDUAL"})}
    payload = ICAL.make("u", form, "m")
    assert b"\r\nATTENDEE" not in payload and b"\r\nORGANIZER" not in payload
    assert b"X-CALSYNC-ATTENDEE;PARTSTAT=ACCEPTED" in payload and b"X-CALSYNC-ORGANIZER:mailto:boss" in payload
    assert ICAL.read(payload).form == {"title": "x", "time": HALF_TEN}
    assert losses_of(ICAL, payload, form) == (Loss("guests", How.LEFT), Loss("organizer", How.LEFT))


@proves("attachments", read("files inside of the event are not read, and stay"))
def test_files_inside_of_the_event_stay() -> None:
    line = "ATTACH;ENCODING=BASE64;VALUE=BINARY:aGVsbG8="
    payload = file(line, "ATTACH:https://a.example/x")
    assert ICAL.read(payload).form["attachments"] == {"https://a.example/x"}
    check_stays(payload, line, {"attachments": frozenset({"https://b.example/y"})})


@proves("description", read("text with markup beside the plain one is not read, and stays"))
def test_text_with_markup_stays() -> None:
    line = "X-ALT-DESC;FMTTYPE=text/html:<b>plain</b>"
    assert ICAL.read(file("DESCRIPTION:plain", line)).form["description"] == "plain"
    check_stays(file("DESCRIPTION:plain", line), line, {"description": "other"})


@proves("location", read("coordinates and other forms of the place are not read, and stay"))
@pytest.mark.parametrize("line", ["GEO:52.5;13.4", "X-APPLE-STRUCTURED-LOCATION;VALUE=URI:geo:52.5,13.4"])
def test_coordinates_stay(line: str) -> None:
    assert ICAL.read(file("LOCATION:Room 4", line)).form["location"] == "Room 4"
    check_stays(file("LOCATION:Room 4", line), line, {"location": "Room 5"})


@proves("visibility", read("a word that calsync does not know reads as private, and stays"))
def test_unknown_privacy_hides() -> None:
    assert ICAL.read(file("CLASS:X-OF-TOMORROW")).form["visibility"] == "private"
    check_stays(file("CLASS:X-OF-TOMORROW"), "CLASS:X-OF-TOMORROW", {"title": "y"})


@proves("status", read("a word that calsync does not know reads as confirmed, and stays"))
def test_unknown_status_is_none() -> None:
    assert "status" not in ICAL.read(file("STATUS:X-OF-TOMORROW")).form
    check_stays(file("STATUS:X-OF-TOMORROW"), "STATUS:X-OF-TOMORROW", {"title": "y"})


def alarm(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VALARM", "ACTION:DISPLAY", *lines, "END:VALARM")


@proves("reminders", read("snoozed ones and an Apple device's default ones are not read, and stay"))
@pytest.mark.parametrize(
    "line",
    ["RELATED-TO;RELTYPE=SNOOZE:other", "X-APPLE-DEFAULT-ALARM:TRUE"],
)
def test_reminders_that_are_somebodys_state_stay(line: str) -> None:
    payload = file(*alarm("TRIGGER:-PT5M", line), *alarm("TRIGGER:-PT15M"))
    assert ICAL.read(payload).form["reminders"] == {"display:-PT15M"}
    check_stays(payload, line, {"reminders": frozenset({"display:-PT1H"})})


@proves("reminders", read("text, sound and repetition of a reminder are not read, and stay"))
def test_what_a_reminder_says_stays() -> None:
    payload = file(*alarm("TRIGGER:-PT15M", "DESCRIPTION:Leave now", "REPEAT:2", "DURATION:PT5M"))
    assert ICAL.read(payload).form["reminders"] == {"display:-PT15M"}
    for line in ("DESCRIPTION:Leave now", "REPEAT:2"):
        check_stays(payload, line, {"reminders": frozenset({"display:-PT15M", "display:-PT1H"})})


@proves("time", read("without an end it is a day, or a moment; a copy says that end"))
def test_an_end_that_is_not_said() -> None:
    day, moment = ICAL.read(file(time="DTSTART;VALUE=DATE:20261124")), ICAL.read(file())
    assert day.form == {"time": span("20261124", "20261125")}
    assert moment.form == {"time": span("20261124T083000", "20261124T083000", "UTC")}
    assert b"DTEND;VALUE=DATE:20261125" in ICAL.make("u", day.form, "m")
    assert b"DTEND:20261124T083000Z" in ICAL.make("u", moment.form, "m")


@proves("time", read("an end before its start reads as that start; of whole days as one day"))
def test_an_end_before_its_start_reads_as_that_start() -> None:
    back = ICAL.read(FILES["dtend_before_dtstart"]).form["time"]
    days = ICAL.read(FILES["all_day_dtend_equals_dtstart"]).form["time"]
    assert isinstance(back, Span) and back.end == back.start
    assert isinstance(days, Span) and days.end == moved(days.start, timedelta(days=1))


@proves("time", read("a time zone is known by its name, else by the rules that the file gives for it"))
def test_zones_are_known_by_their_names_or_their_rules() -> None:
    for name in ("zone_windows_name", "zone_iana_name_with_wrong_block", "zone_customized_with_own_rules"):
        span = ICAL.read(FILES[name]).span
        assert span is not None and getattr(span.start, "tzid", "").count("/") == 1


# -- exact -------------------------------------------------------------------------------------------------------------

EXACT: Form = {
    "title": "a; b, c\nd", "location": "Room 4", "description": "one\n\n\ttwo  \nthree", "url": "tel:123",
    "color": "turquoise", "visibility": "confidential", "busy": "free", "status": "cancelled",
    "categories": frozenset({"Work", "Home, sweet home"}), "attachments": frozenset({"https://a.example/x,y;z"}),
    "reminders": frozenset({"audio:-PT1M30S", "email:end:PT0S", "display:20261124T070000Z"}), "recurrence": WEEKLY,
    "time": span("20261124T093000", "20261124T103000", ""), "@20261201T093000": CANCELLED,
    "@20261208T093000/time": span("20261208T140000", "20261208T150000"), "@20261208T093000/visibility": "private",
}  # fmt: skip


def test_every_field_but_people_is_exact() -> None:
    payload = ICAL.make("u", EXACT, "m")
    assert ICAL.read(payload).form == normal(EXACT) == EXACT
    assert losses_of(ICAL, payload, EXACT) == () and ICAL.seen(payload) is None
    assert FIELDS.keys() == {path for path in EXACT if not path.startswith("@")} | {"guests", "organizer"}


def test_carried_properties_are_exact() -> None:
    form: Form = {**EXACT, "x:X-PROJECT": "Moon", "@20261208T093000/x:X-PROJECT": "Mars"}
    payload = ICAL.make("u", form, "m")
    assert b"X-PROJECT:Moon\r\n" in payload and losses_of(ICAL, payload, form) == ()


@pytest.mark.parametrize("name", FILES)
def test_what_lies_there_is_seen_as_it_is(name: str) -> None:
    assert losses_of(ICAL, FILES[name]) == ()


# -- held --------------------------------------------------------------------------------------------------------------


def reads(name: str) -> Callable[[], object]:
    return lambda: ICAL.read(UNREADABLE[name])


HOLDS: list[tuple[str, str, Callable[[], object], str]] = [
    ("time", "no start", reads("no_dtstart"), "has no start"),
    ("time", "before the year 1000 or after 9998", reads("year_one"), "is not a possible date"),
    ("time", "a time zone that neither calsync nor its file knows", reads("zone_unknown"), "is unknown"),
    ("recurrence", "an exclusion rule", reads("exrule"), "EXRULE"),
    ("recurrence", "a change of one instance and all that follow it", reads("this_and_future"), "all following ones"),
    ("", "the only instance of its file cancelled",
     lambda: ICAL.edit(FILES["override_without_master"], dict.fromkeys(
         path for path in ICAL.read(FILES["override_without_master"]).form)), "only instance in its file"),
    ("event", "a file with several events, or with none", reads("two_uids"), "different UIDs"),
    ("", "common fields of a series that is not here",
     lambda: ICAL.edit(FILES["override_without_master"], {"title": "y"}), "it has no common fields"),
    ("x:", "a property whose name does not begin with X-",
     lambda: ICAL.make("u", {"title": "x", "time": HALF_TEN, "x:GEO": "1;2"}, "m"), "only X- properties can"),
    ("uid", "an event without one", reads("no_uid"), "has no UID"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "clause", "call", "reason"), HOLDS, ids=[clause for _, clause, _, _ in HOLDS])
def test_what_a_file_cannot_hold_is_held_with_its_reason(
    field: str, clause: str, call: Callable[[], object], reason: str
) -> None:
    with pytest.raises(MappingError, match=reason):
        call()


def test_files_of_no_event_or_of_several_are_left_alone_too() -> None:
    for name in ("no_event", "task_only", "two_masters_under_one_uid"):
        with pytest.raises(MappingError):
            ICAL.read(UNREADABLE[name])


def test_every_clause_has_its_test_and_every_test_its_clause() -> None:
    for field, clause, _, _ in HOLDS:
        proves.note(field, held(clause))
    proves.check()
