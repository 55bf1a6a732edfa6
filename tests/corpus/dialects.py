"""What single programs, servers and feeds add to an event."""

from __future__ import annotations

from tests.corpus.odd import (
    ALL_DAY,
    UTC,
    Table,
    alarm,
    berlin,
    event,
    override,
    series,
)
from tests.corpus.people import BOSS, ME

DIALECTS: Table = {
    "apple_structured_location": event(
        'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="Street 1\\n1234 City";X-APPLE-MAPKIT-HANDLE=CAES;'
        'X-APPLE-RADIUS=70;X-TITLE="Café, Bar":geo:52.520008,13.404954',
        "LOCATION:Café\\, Bar\\nStreet 1",
    ),
    "apple_travel_time": event(
        "X-APPLE-TRAVEL-DURATION;VALUE=DURATION:PT45M",
        "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
        "X-APPLE-TRAVEL-START;ROUTING=CAR;VALUE=URI;X-TITLE=Home:",
    ),
    "apple_creator_identity": event(
        "X-APPLE-CREATOR-IDENTITY:com.apple.mobilecal", "X-APPLE-CREATOR-TEAM-IDENTITY:0000000000", "TRANSP:OPAQUE"
    ),
    "apple_birthday_calendar": series(
        *ALL_DAY, "RRULE:FREQ=YEARLY", "X-APPLE-UNIVERSAL-ID:1", "CLASS:PUBLIC", "TRANSP:TRANSPARENT"
    ),
    "apple_no_subscribed_alarm": event(
        "X-APPLE-EWS-BUSYSTATUS:FREE",
        alarm(
            "X-WR-ALARMUID:1",
            "UID:1",
            "TRIGGER:-PT15M",
            "X-APPLE-DEFAULT-ALARM:TRUE",
            "ATTACH;VALUE=URI:Chord",
            "ACTION:AUDIO",
        ),
    ),
    "apple_split_series": series(
        "RELATED-TO;RELTYPE=X-CALENDARSERVER-RECURRENCE-SET:11111111-2222-4333-8444-555555555555"
    ),
    "outlook_busy_status": event(
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF",
        "X-MICROSOFT-CDO-IMPORTANCE:1",
        "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        "X-MS-OLK-CONFTYPE:0",
    ),
    "outlook_all_day_flag": event(
        "DTSTART;TZID=W. Europe Standard Time:20261124T000000",
        "DTEND;TZID=W. Europe Standard Time:20261125T000000",
        "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
    ),
    "outlook_html_description": event(
        "DESCRIPTION:Text\\n",
        'X-ALT-DESC;FMTTYPE=text/html:<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2//EN">\\n<HTML>Text</HTML>',
    ),
    "outlook_tabs_instead_of_folds": event(
        b"DESCRIPTION:Some long text that\r\n\t is folded by tabs and\r\n\t goes on"
    ),
    "outlook_categories_with_colors": event("CATEGORIES:Red Category,Büro"),
    "outlook_recurring_with_windows_zone": series(
        "DTSTART;TZID=W. Europe Standard Time:20261124T093000",
        "DTEND;TZID=W. Europe Standard Time:20261124T103000",
        zones=[berlin("W. Europe Standard Time")],
        more=[override("RECURRENCE-ID;TZID=W. Europe Standard Time:20261201T000000", "SUMMARY:named by midnight")],
    ),
    "exchange_instance_by_midnight": series(more=[override("RECURRENCE-ID;TZID=Europe/Berlin:20261201T000000")]),
    "exchange_appointment_lines": event(
        "X-MICROSOFT-CDO-APPT-SEQUENCE:0",
        "X-MICROSOFT-CDO-OWNERAPPTID:2115",
        "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
        "X-MICROSOFT-CDO-INSTTYPE:0",
        "X-MICROSOFT-DONOTFORWARDMEETING:FALSE",
        'X-MICROSOFT-LOCATIONS:[{"DisplayName":"Room"\\,"LocationUri":""}]',
    ),
    "exchange_skype_lines": event(
        "X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.test/l/meetup-join/19%3a",
        "X-MICROSOFT-SCHEDULINGSERVICEUPDATEURL:https://api.test/",
        'X-MICROSOFT-ONLINEMEETINGINFORMATION:{"OnlineMeetingChannelId":null}',
    ),
    "exchange_empty_organizer_name": event('ORGANIZER;CN="":mailto:boss@corpus.test', ME),
    "google_conference": event(
        "X-GOOGLE-CONFERENCE:https://meet.google.test/abc-defg-hij", "DESCRIPTION:-::~:~::~:~:~\\nJoin\\n-::~:~::-"
    ),
    "google_secret_feed_event": event(
        "DTSTART:20261124T083000Z",
        "DTEND:20261124T093000Z",
        "CREATED:00001231T000000Z",
        "SEQUENCE:1",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
    ),
    "google_html_description": event('DESCRIPTION:<a href="https://x.test">link</a><br>next &amp\\; last'),
    "google_hangout_and_num_guests": event(
        "X-GOOGLE-HANGOUT:https://meet.test/x",
        BOSS,
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=a@corpus.test;X-NUM-GUESTS=0:mailto:a@corpus.test",
    ),
    "google_instance_id_in_utc": series(
        more=[override("RECURRENCE-ID:20261201T083000Z", "DTSTART:20261201T130000Z", "DTEND:20261201T140000Z")]
    ),
    "google_split_uid": event("UID:abc123_R20261124T083000@google.test"),
    "nextcloud_lines": event("X-NC-GROUP-ID:1", "COLOR:lightblue", "LAST-MODIFIED:20260101T000000Z"),
    "nextcloud_talk_room": event("LOCATION:https://cloud.test/call/abc", "URL:https://cloud.test/call/abc"),
    "nextcloud_birthday": series(
        "DTSTART;VALUE=DATE:19800704",
        "DTEND;VALUE=DATE:19800705",
        "RRULE:FREQ=YEARLY",
        "SUMMARY:🎂 Jane (1980)",
        "X-NEXTCLOUD-BC-FIELD-TYPE:BDAY",
        "X-NEXTCLOUD-BC-UNKNOWN-YEAR:0",
        "X-NEXTCLOUD-BC-YEAR:1980",
    ),
    "thunderbird_lines": event(
        "X-MOZ-SEND-INVITATIONS:TRUE",
        "X-MOZ-SEND-INVITATIONS-UNDISCLOSED:FALSE",
        "X-MOZ-RECEIVED-SEQUENCE:0",
        "X-MOZ-RECEIVED-DTSTAMP:20260101T000000Z",
    ),
    "thunderbird_offline_flag": event("X-MOZ-FAKED-MASTER:1", "X-MOZ-INVITED-ATTENDEE:mailto:me@corpus.test"),
    "evolution_lines": event(
        "X-EVOLUTION-CALDAV-HREF:/dav/1.ics",
        'X-EVOLUTION-CALDAV-ETAG:"1"',
        "X-LIC-ERROR;X-LIC-ERRORTYPE=VALUE-PARSE-ERROR:No value for LOCATION property. Removing entire property:",
    ),
    "kde_lines": event("X-KDE-KCALCORE-ENABLED:TRUE", "X-KDE-ICAL-IMPLEMENTATION-VERSION:1.0", "X-KDE-TEXTFORMAT:HTML"),
    "davx5_lines": event("X-EVOLUTION-ALARM-UID:1", "X-DAVX5-ETAG:x", "X-MS-OLK-FORCEINSPECTOROPEN:TRUE"),
    "lotus_notes_lines": event(
        "X-LOTUS-UPDATE-SEQ:1",
        "X-LOTUS-UPDATE-WISL:$S:1\\;$L:1\\;$B:1",
        'ATTENDEE;CN="Jane Doe/Org";ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:jane@corpus.test',
    ),
    "zimbra_lines": event("X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY", "X-ZIMBRA-LOCAL-ONLY:TRUE", "CLASS:PUBLIC"),
    "facebook_feed_event": event(
        *UTC,
        "UID:e123@facebook.test",
        "PARTSTAT:NEEDS-ACTION",
        "ORGANIZER;CN=Somebody:MAILTO:noreply@facebookmail.test",
        "URL:https://facebook.test/events/1/",
    ),
    "meetup_feed_event": event(
        "URL;VALUE=URI:https://meetup.test/x", "CLASS:PUBLIC", "GEO:52.52;13.40", "CREATED:20260101T000000Z"
    ),
    "airbnb_feed_event": event(
        "DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261128", "SUMMARY:Airbnb (Not available)", "-DTSTAMP"
    ),
    "school_timetable_event": event("DTSTART:20261124T083000", "DTEND:20261124T091500", "SUMMARY:Ma\\;R12\\;Hr. X"),
    "sports_feed_event": event("SUMMARY:⚽ A – B (2:1)", "DURATION:PT1H45M", "DTSTART:20261124T193000Z"),
    "holiday_feed_event": event(
        "DTSTART;VALUE=DATE:20261225",
        "-DTEND",
        "TRANSP:TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "SUMMARY;LANGUAGE=de:1. Weihnachtstag",
    ),
    "moon_feed_event": event("DTSTART:20261124T145300Z", "-DTEND", "SUMMARY:🌕 Full moon"),
    "booking_page_event": event(
        'ORGANIZER;CN="Book, me";SENT-BY="mailto:bot@corpus.test":mailto:me@corpus.test',
        "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Guest:mailto:g@corpus.test",
        "DESCRIPTION:Cancel: https://x.test/c?id=1\\nReschedule: https://x.test/r?id=1",
    ),
    "train_ticket": event(
        "DTSTART;TZID=Europe/Berlin:20261124T093000",
        "DTEND;TZID=Europe/Paris:20261124T153000",
        "LOCATION:Berlin Hbf",
        "X-TICKET:ICE 123",
    ),
    "flight_ticket": event(
        "DTSTART;TZID=Europe/Berlin:20261124T093000",
        "DTEND;TZID=America/Los_Angeles:20261124T123000",
        "SUMMARY:✈ LH 456 FRA → LAX",
    ),
    "server_radicale": event("X-RADICALE-NAME:abc.ics"),
    "server_xandikos": event("X-XANDIKOS-ETAG:1"),
    "server_sogo": event("X-SOGO-SEND-APPOINTMENT-NOTIFICATIONS:NO", "CLASS:PUBLIC"),
    "server_davmail": event("X-MICROSOFT-CDO-REPLYTIME:16010101T000000Z", "SEQUENCE:0", "TRANSP:OPAQUE"),
    "server_fastmail": event("X-JMAP-MAX-INSTANCE:1", "X-APPLE-DEFAULT-ALARM;VALUE=BOOLEAN:FALSE", "JSID:1"),
}
