"""Guests and organizers, alarms, attachments."""

from __future__ import annotations

from tests.corpus.odd import (
    ALL_DAY,
    SECOND,
    UTC,
    Refused,
    Table,
    alarm,
    cal,
    event,
    override,
    part,
    series,
    vevent,
)

ME = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:me@corpus.test"
BOSS = "ORGANIZER;CN=Boss:mailto:boss@corpus.test"


def people(*lines: str) -> bytes:
    return event(BOSS, *lines)


def alarmed(*lines: str) -> bytes:
    return event(alarm(*lines))


PEOPLE: Table = {
    "guest_name_with_comma_quoted": people('ATTENDEE;CN="Doe, Jane":mailto:jane@corpus.test'),
    "guest_name_with_comma_unquoted": people("ATTENDEE;CN=Doe, Jane:mailto:jane@corpus.test"),
    "guest_name_with_semicolon_unquoted": people("ATTENDEE;CN=Doe; Jane:mailto:jane@corpus.test"),
    "guest_name_with_colon_unquoted": people("ATTENDEE;CN=Team: A:mailto:team@corpus.test"),
    "guest_name_with_backslash_quotes": people('ATTENDEE;CN="a \\"b\\" c":mailto:b@corpus.test'),
    "guest_name_with_single_quotes": people("ATTENDEE;CN='Jane':mailto:jane@corpus.test"),
    "guest_name_with_carets": people("ATTENDEE;CN=a ^'b^' c^nd^^e:mailto:b@corpus.test"),
    "guest_name_empty": people("ATTENDEE;CN=:mailto:b@corpus.test"),
    "guest_name_of_emoji": people('ATTENDEE;CN="🙂 Jane":mailto:jane@corpus.test'),
    "guest_name_with_an_unclosed_quote": people('ATTENDEE;CN="Jane:mailto:jane@corpus.test'),
    "guest_mailto_in_upper_case": people("ATTENDEE:MAILTO:Jane@Corpus.TEST"),
    "guest_without_mailto": people("ATTENDEE:jane@corpus.test"),
    "guest_with_a_blank_after_mailto": people("ATTENDEE:mailto: jane@corpus.test"),
    "guest_as_an_apple_principal": people("ATTENDEE;EMAIL=jane@corpus.test:/aMTIzNDU2/principal/"),
    "guest_as_a_urn": people("ATTENDEE:urn:uuid:11111111-2222-4333-8444-555555555555"),
    "guest_as_invalid_nomail": people("ATTENDEE;CN=Jane:invalid:nomail"),
    "guest_empty": people("ATTENDEE:"),
    "guest_twice": people(ME, ME),
    "guest_twice_with_other_answers": people(ME, "ATTENDEE;PARTSTAT=DECLINED:mailto:me@corpus.test"),
    "guest_with_all_parameters": people(
        'ATTENDEE;CUTYPE=GROUP;MEMBER="mailto:a@b.c","mailto:d@e.f";ROLE=CHAIR;PARTSTAT=DELEGATED;RSVP=TRUE;DELEGATED-TO="mailto:x@y.z";DELEGATED-FROM="mailto:v@w.z";SENT-BY="mailto:s@t.u";CN=All;DIR="ldap://x/o=a,c=b";LANGUAGE=de;SCHEDULE-AGENT=CLIENT:mailto:all@corpus.test'
    ),
    "guest_with_an_unknown_answer": people("ATTENDEE;PARTSTAT=MAYBE:mailto:a@corpus.test"),
    "guest_in_lower_case": people("attendee;partstat=accepted;role=opt-participant:mailto:a@corpus.test"),
    "guest_parameter_without_value": people("ATTENDEE;RSVP:mailto:a@corpus.test"),
    "guests_without_organizer": event(ME),
    "guests_150": people(*(f"ATTENDEE:mailto:g{n}@corpus.test" for n in range(150))),
    "organizer_without_guests": event(BOSS),
    "organizer_twice": event(BOSS, "ORGANIZER:mailto:other@corpus.test", ME),
    "organizer_empty": event("ORGANIZER:"),
    "organizer_is_the_guest": event("ORGANIZER:mailto:me@corpus.test", ME),
    "organizer_of_an_instance_only": series(more=[override(SECOND, BOSS, ME)]),
    "guest_declined_one_instance": series(
        BOSS, ME, more=[override(SECOND, BOSS, ME.replace("ACCEPTED", "DECLINED"))]
    ),
    "guest_of_one_instance_only": series(BOSS, ME, more=[override(SECOND, BOSS, ME, "ATTENDEE:mailto:x@corpus.test")]),
    "guests_missing_in_one_instance": series(BOSS, ME, more=[override(SECOND)]),
    "scheduling_answers": people("ATTENDEE;SCHEDULE-STATUS=2.0:mailto:a@corpus.test", "REQUEST-STATUS:2.0;Success"),
}

ALARMS: Table = {
    "alarm_at_start": alarmed("ACTION:DISPLAY", "TRIGGER:PT0S", "DESCRIPTION:Now"),
    "alarm_at_minus_zero": alarmed("ACTION:DISPLAY", "TRIGGER:-PT0S", "DESCRIPTION:Now"),
    "alarm_after_the_start": alarmed("ACTION:DISPLAY", "TRIGGER:PT10M"),
    "alarm_before_the_end": alarmed("ACTION:DISPLAY", "TRIGGER;RELATED=END:-PT5M"),
    "alarm_of_seconds": alarmed("ACTION:DISPLAY", "TRIGGER:-PT90S"),
    "alarm_of_weeks": alarmed("ACTION:DISPLAY", "TRIGGER:-P2W"),
    "alarm_of_5_weeks": alarmed("ACTION:DISPLAY", "TRIGGER:-P5W"),
    "alarm_at_an_instant": alarmed("ACTION:DISPLAY", "TRIGGER;VALUE=DATE-TIME:20261123T200000Z"),
    "alarm_at_an_instant_not_said": alarmed("ACTION:DISPLAY", "TRIGGER:20261123T200000Z"),
    "alarm_at_a_local_time": alarmed("ACTION:DISPLAY", "TRIGGER;VALUE=DATE-TIME;TZID=Europe/Berlin:20261123T200000"),
    "alarm_switched_off_by_apple": alarmed(
        "ACTION:NONE", "TRIGGER;VALUE=DATE-TIME:19760401T005545Z", "X-APPLE-DEFAULT-ALARM:TRUE"
    ),
    "alarm_with_repetitions": alarmed("ACTION:DISPLAY", "TRIGGER:-PT30M", "REPEAT:3", "DURATION:PT5M"),
    "alarm_by_mail_with_guests": alarmed(
        "ACTION:EMAIL", "TRIGGER:-P1D", "SUMMARY:x", "DESCRIPTION:y", "ATTENDEE:mailto:a@corpus.test"
    ),
    "alarm_with_a_sound": alarmed("ACTION:AUDIO", "TRIGGER:-PT15M", "ATTACH;VALUE=URI:Chord"),
    "alarm_that_runs_a_program": alarmed("ACTION:PROCEDURE", "TRIGGER:-PT15M", "ATTACH:file:///bin/sh"),
    "alarm_of_an_x_action": alarmed("ACTION:X-POPUP", "TRIGGER:-PT15M"),
    "alarm_without_a_trigger": alarmed("ACTION:DISPLAY"),
    "alarm_without_an_action": alarmed("TRIGGER:-PT15M"),
    "alarm_empty": alarmed(),
    "alarm_trigger_is_a_word": alarmed("ACTION:DISPLAY", "TRIGGER:soon"),
    "alarm_trigger_with_double_minus": alarmed("ACTION:DISPLAY", "TRIGGER:--PT15M"),
    "alarm_trigger_without_time_part": alarmed("ACTION:DISPLAY", "TRIGGER:-P15M"),
    "alarm_twice_the_same": event(alarm("ACTION:DISPLAY", "TRIGGER:-PT15M"), alarm("ACTION:DISPLAY", "TRIGGER:-PT15M")),
    "alarms_of_30_kinds": event(*(alarm("ACTION:DISPLAY", f"TRIGGER:-PT{n}M") for n in range(30))),
    "alarm_acknowledged": alarmed(
        "ACTION:DISPLAY", "TRIGGER:-PT15M", "ACKNOWLEDGED:20261124T082000Z", "UID:a1", "RELATED-TO;RELTYPE=SNOOZE:a0"
    ),
    "alarm_by_proximity": event(
        alarm(
            "ACTION:DISPLAY",
            "TRIGGER;VALUE=DATE-TIME:19760401T005545Z",
            "PROXIMITY:DEPART",
            part("VLOCATION", "UID:l1", "URL:geo:52.5,13.4;u=10"),
        )
    ),
    "alarm_of_an_all_day_event_in_the_evening_before": event(*ALL_DAY, alarm("ACTION:DISPLAY", "TRIGGER:-PT4H")),
    "alarm_of_an_all_day_event_in_the_morning": event(*ALL_DAY, alarm("ACTION:DISPLAY", "TRIGGER:PT9H")),
    "alarm_before_the_properties": cal(
        part("VEVENT", alarm("ACTION:DISPLAY", "TRIGGER:-PT15M"), "UID:odd@corpus.test", *UTC, "SUMMARY:late")
    ),
    "alarm_in_an_alarm": Refused("END:", cal(vevent(b"BEGIN:VALARM\r\nACTION:DISPLAY\r\nBEGIN:VALARM\r\nEND:VALARM"))),
    "mozilla_snooze_lines": event(
        "X-MOZ-LASTACK:20261124T082000Z",
        "X-MOZ-SNOOZE-TIME:20261124T083500Z",
        "X-MOZ-GENERATION:3",
        alarm("ACTION:DISPLAY", "TRIGGER:-PT15M"),
    ),
}

ATTACHED: Table = {
    "attachment_inline": event("ATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=text/plain;FILENAME=a.txt:SGVsbG8="),
    "attachment_inline_of_100_kb": event("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "QUJD" * 25_000),
    "attachment_inline_folded": event("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "\r\n ".join(["QUJD" * 18] * 40)),
    "attachment_inline_cut_off": event("ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJ"),
    "attachment_inline_beside_a_link": event("ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJD", "ATTACH:https://files.test/a"),
    "attachment_data_uri": event("ATTACH:data:text/plain;base64,SGVsbG8="),
    "attachment_cid": event("ATTACH:cid:part1@corpus.test"),
    "attachment_of_google_drive": event(
        "ATTACH;FILENAME=Plan;FMTTYPE=application/vnd.google-apps.document:https://drive.google.test/open?id=1&usp=sharing"
    ),
    "attachment_of_nextcloud": event(
        "ATTACH;FMTTYPE=image/png;FILENAME=/Photos/a b.png;X-NC-FILE-ID=12;X-NC-HAS-PREVIEW=true:https://cloud.test/f/12"
    ),
    "attachment_of_apple": event(
        "ATTACH;FMTTYPE=application/pdf;FILENAME=a.pdf;MANAGED-ID=abc;SIZE=1234:https://p01-calendarws.icloud.test/1/2"
    ),
    "attachment_file_path": event("ATTACH:file:///C:/Users/x/a.doc"),
    "attachment_windows_path": event("ATTACH:\\\\server\\share\\a.doc"),
    "attachment_empty": event("ATTACH:"),
    "attachment_twice": event("ATTACH:https://files.test/a", "ATTACH:https://files.test/a"),
    "attachment_uri_with_commas": event("ATTACH:https://files.test/a,b;c?d=e:f"),
    "image_and_conference": event(
        "IMAGE;VALUE=URI;DISPLAY=BADGE:https://x.test/i.png",
        'CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL="Join, now":https://meet.test/1',
    ),
    "structured_data": event(
        'STRUCTURED-DATA;FMTTYPE=application/ld+json;SCHEMA="https://schema.org/Event";VALUE=TEXT:{\\n "a": "b\\,c"\\n}'
    ),
}
