"""Components beside and within the event, heads, files that are cut off or something else."""

from __future__ import annotations

from tests.corpus.odd import (
    CRLF,
    HEAD,
    UTC,
    Refused,
    Table,
    alarm,
    berlin,
    cal,
    event,
    part,
    vevent,
)
from tests.corpus.people import BOSS, ME

STRUCTURE: Table = {
    "task_beside_the_event": cal(vevent(), part("VTODO", "UID:todo@corpus.test", "SUMMARY:Do")),
    "task_before_the_event_with_its_uid": cal(part("VTODO", "UID:odd@corpus.test", "DUE:20261124T090000Z"), vevent()),
    "journal_beside_the_event": cal(vevent(), part("VJOURNAL", "UID:j@corpus.test")),
    "free_busy_beside_the_event": cal(vevent(), part("VFREEBUSY", "FREEBUSY:20261124T083000Z/PT1H")),
    "availability_beside_the_event": cal(
        vevent(), part("VAVAILABILITY", part("AVAILABLE", "DTSTART:20261124T083000Z"))
    ),
    "x_component_beside_the_event": cal(vevent(), part("X-THING", "X-A:1", part("X-INNER", "B:2"))),
    "x_component_in_the_event": event(part("X-THING", "SUMMARY:not the title", "DTSTART:20200101T000000Z")),
    "event_in_an_event": event(part("VEVENT", "UID:inner@corpus.test", "SUMMARY:inner")),
    "participant_and_location_components": event(
        part("PARTICIPANT", "UID:p1", "PARTICIPANT-TYPE:SPEAKER"), part("VLOCATION", "UID:l1", "NAME:Hall")
    ),
    "component_in_lower_case": event().replace(b"VEVENT", b"vevent"),
    "component_with_blanks": event().replace(b"BEGIN:VEVENT", b"BEGIN: VEVENT "),
    "calendar_in_lower_case": event().replace(b"VCALENDAR", b"vcalendar").replace(b"BEGIN", b"begin"),
    "version_1_0": cal(vevent(), head=["VERSION:1.0", "PRODID:-//Old//EN"]),
    "version_missing": cal(vevent(), head=["PRODID:-//Some//EN"]),
    "head_missing": cal(vevent(), head=[]),
    "head_after_the_event": cal(vevent(), *HEAD, head=[]),
    "head_of_everything": cal(
        vevent(),
        head=[
            *HEAD,
            "METHOD:PUBLISH",
            "CALSCALE:GREGORIAN",
            "NAME:x",
            "X-WR-CALNAME:x",
            "X-WR-CALDESC:y",
            "X-WR-TIMEZONE:Asia/Tokyo",
            "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
            "X-PUBLISHED-TTL:PT1H",
            "COLOR:red",
            "SOURCE;VALUE=URI:https://x.test/f.ics",
            "UID:cal@corpus.test",
            "IMAGE;VALUE=URI:https://x.test/i.png",
        ],
    ),
    "calscale_of_another_calendar": cal(vevent(), head=[*HEAD, "CALSCALE:HEBREW"]),
    "method_request": cal(vevent(BOSS, ME), head=[*HEAD, "METHOD:REQUEST"]),
    "method_cancel": cal(vevent("STATUS:CANCELLED"), head=[*HEAD, "METHOD:CANCEL"]),
    "method_reply": cal(vevent(BOSS, ME), head=[*HEAD, "METHOD:REPLY"]),
    "two_calendars": Refused("more than one calendar", event() + event()),
    "calendar_in_a_calendar": Refused("no event", cal(event().rstrip(CRLF))),
    "no_component": Refused("no event", cal()),
    "only_a_zone": Refused("no event", cal(berlin())),
    "only_a_task": Refused("a task", cal(part("VTODO", "UID:t@corpus.test", "SUMMARY:Do"))),
    "only_a_journal": Refused("a journal", cal(part("VJOURNAL", "UID:j@corpus.test"))),
    "only_free_busy": Refused("free/busy", cal(part("VFREEBUSY", "UID:f@corpus.test"))),
    "only_an_alarm": Refused("no event", cal(alarm("ACTION:DISPLAY", "TRIGGER:-PT15M"))),
    "event_without_a_calendar": Refused("not a calendar file", vevent() + CRLF),
    "event_of_nothing": Refused("no UID", cal(part("VEVENT"))),
    "event_of_a_uid_only": Refused("no start", cal(part("VEVENT", "UID:odd@corpus.test"))),
    "two_events_of_two_uids": Refused("different UIDs", cal(vevent(), vevent("UID:two@corpus.test"))),
    "end_of_the_event_missing": Refused("END:VCALENDAR stands where", event().replace(b"END:VEVENT\r\n", b"")),
    "end_of_the_calendar_missing": Refused("cut off", event().replace(b"END:VCALENDAR\r\n", b"")),
    "end_of_the_event_twice": Refused(
        "END:VEVENT stands where", event().replace(b"END:VEVENT", b"END:VEVENT\r\nEND:VEVENT")
    ),
    "begin_without_a_name": Refused("stands where", event().replace(b"SUMMARY", b"BEGIN:\r\nSUMMARY")),
    "cut_off_within_a_line": Refused("cut off", event()[:-40]),
    "cut_off_after_begin": Refused("cut off", b"BEGIN:VCALENDAR\r\n"),
    "text_before_the_calendar": Refused("not a calendar file", b"Content-Type: text/calendar\r\n\r\n" + event()),
    "text_after_the_calendar": Refused("goes on after the end", event() + b"-- \r\nsent from my phone\r\n"),
    "html_instead_of_a_calendar": Refused("web page", b"<!DOCTYPE html>\r\n<html><body>Sign in</body></html>"),
    "xml_instead_of_a_calendar": Refused("web page", b'<?xml version="1.0"?><error/>'),
    "json_instead_of_a_calendar": Refused("not a calendar file", b'{"error": 401}'),
    "vcard_instead_of_a_calendar": Refused(
        "not a calendar file", b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n"
    ),
    "zip_instead_of_a_calendar": Refused("not a calendar file", b"PK\x03\x04" + bytes(range(256))),
    "nothing_at_all": Refused("empty", b""),
    "blank_lines_only": Refused("empty", b"\r\n \r\n"),
    "properties_in_alphabetical_order": cal(
        part("VEVENT", *sorted(["UID:odd@corpus.test", "SUMMARY:x", *UTC, "RRULE:FREQ=DAILY;COUNT=2", "CLASS:PRIVATE"]))
    ),
    "properties_in_reverse_order": cal(
        part(
            "VEVENT",
            *sorted(
                ["UID:odd@corpus.test", "SUMMARY:x", *UTC, "RRULE:FREQ=DAILY;COUNT=2", "CLASS:PRIVATE"], reverse=True
            ),
        )
    ),
}
