"""Names of time zones, and the blocks that files define them by."""

from __future__ import annotations

from tests.corpus.odd import UTC, Refused, Table, berlin, event, series, standard, zone
from tests.corpus.times import NY, at


def custom(name: str, *blocks: bytes) -> bytes:
    return event(
        *at("20261124T093000", "20261124T103000", f'"{name}"' if ":" in name or "," in name else name), zones=blocks
    )


def fixed(name: str, offset: str) -> bytes:
    return zone(name, standard("16010101T000000", offset, offset))


CUSTOM = "Customized Time Zone"
ZONES: Table = {
    "zone_without_a_block": event(),
    "zone_with_its_block": event(zones=[berlin()]),
    "zone_with_its_block_after_the_event": event(more=[berlin()]),
    "zone_with_two_blocks_of_one_name": event(zones=[berlin(), berlin()]),
    "zone_with_two_different_blocks_of_one_name": custom("Mine", fixed("Mine", "+0530"), fixed("Mine", "+0900")),
    "zone_block_nobody_uses": event(*UTC, zones=[berlin("Europe/Paris")]),
    "zone_block_with_x_lic_location": custom("Berlin time", berlin("Berlin time", "X-LIC-LOCATION:Europe/Berlin")),
    "zone_block_of_apple": event(
        zones=[berlin("Europe/Berlin", "X-LIC-LOCATION:Europe/Berlin", "LAST-MODIFIED:20260101T000000Z")]
    ),
    "zone_block_with_comments": custom(
        "Mine", zone("Mine", standard("16010101T000000", "+0530", "+0530", "COMMENT:x", "TZNAME;LANGUAGE=en:IST"))
    ),
    "zone_block_cut_off": Refused(
        "END:VCALENDAR stands where END:VTIMEZONE",
        event().replace(b"BEGIN:VEVENT", b"BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:VEVENT", 1),
    ),
    "zone_block_without_observances": Refused("unknown", custom("Mine", zone("Mine"))),
    "zone_block_without_offset_to": Refused(
        "unknown",
        custom(
            "Mine", zone("Mine", b"BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0100\r\nEND:STANDARD")
        ),
    ),
    "zone_block_without_a_start": Refused(
        "unknown",
        custom("Mine", zone("Mine", b"BEGIN:STANDARD\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD")),
    ),
    "zone_block_offset_of_99_hours": Refused("unknown", custom("Mine", fixed("Mine", "+9900"))),
    "zone_block_offset_that_is_a_word": Refused("unknown", custom("Mine", fixed("Mine", "CET"))),
    "zone_block_offset_with_seconds": custom("Mine", zone("Mine", standard("16010101T000000", "+010000", "+010000"))),
    "zone_block_in_lower_case": custom("Mine", fixed("Mine", "+0530").lower().replace(b"tzid:mine", b"tzid:Mine")),
    "zone_block_daylight_only": custom(
        "Mine", zone("Mine", standard("16010101T000000", "+0530", "+0530", kind="DAYLIGHT"))
    ),
    "zone_block_with_rdates": custom(
        "Mine", zone("Mine", standard("20000101T000000", "+0530", "+0530", "RDATE:20010101T000000,20020101T000000"))
    ),
    "zone_block_start_in_utc": custom("Mine", zone("Mine", standard("16010101T000000Z", "+0530", "+0530"))),
    "zone_block_until_floating": custom(
        "Mine",
        zone(
            "Mine",
            standard(
                "19701025T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;UNTIL=20401028T030000;BYMONTH=10;BYDAY=-1SU"
            ),
            standard(
                "19700329T020000",
                "+0100",
                "+0200",
                "RRULE:FREQ=YEARLY;UNTIL=20400325T020000;BYMONTH=3;BYDAY=-1SU",
                kind="DAYLIGHT",
            ),
        ),
    ),
    "zone_block_with_southern_summer": custom(
        "Mine",
        zone(
            "Mine",
            standard("19700405T030000", "+1100", "+1000", "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU"),
            standard("19701004T020000", "+1000", "+1100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU", kind="DAYLIGHT"),
        ),
    ),
    "zone_block_of_exchange_from_1601": custom(
        CUSTOM,
        zone(
            CUSTOM,
            standard("16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10"),
            standard(
                "16010101T020000",
                "+0100",
                "+0200",
                "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
                kind="DAYLIGHT",
            ),
        ),
    ),
    "zone_block_wrong_for_its_iana_name": event(zones=[fixed("Europe/Berlin", "+0900")]),
    "zone_custom_without_a_block": Refused("unknown", custom(CUSTOM)),
    "zone_custom_of_offset_0530": custom(CUSTOM, fixed(CUSTOM, "+0530")),
    "zone_custom_of_offset_minus_0330": custom(CUSTOM, fixed(CUSTOM, "-0300")),
    "zone_custom_of_offset_0017": Refused("no known zone", custom(CUSTOM, fixed(CUSTOM, "+0017"))),
    "zone_windows_berlin": custom("W. Europe Standard Time"),
    "zone_windows_with_block": custom("W. Europe Standard Time", berlin("W. Europe Standard Time")),
    "zone_windows_in_quotes_and_lower_case": event(
        'DTSTART;TZID="w. europe standard time":20261124T093000', 'DTEND;TZID="W. Europe Standard Time":20261124T103000'
    ),
    "zone_windows_utc": custom("UTC"),
    "zone_windows_gmt": custom("GMT Standard Time"),
    "zone_windows_greenwich": custom("Greenwich Standard Time"),
    "zone_windows_of_an_offset": custom("UTC-11"),
    "zone_windows_mexico": custom("Central Standard Time (Mexico)"),
    "zone_windows_display": custom("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"),
    "zone_windows_display_gmt": custom("(GMT-05:00) Eastern Time (US & Canada)"),
    "zone_display_of_no_city": Refused("unknown", custom("(UTC+01:00) Somewhere")),
    "zone_tzone_custom": Refused("unknown", custom("tzone://Microsoft/Custom")),
    "zone_tzone_custom_with_block": custom("tzone://Microsoft/Custom", fixed("tzone://Microsoft/Custom", "+0900")),
    "zone_tzone_utc": custom("tzone://Microsoft/Utc"),
    "zone_of_mozilla": custom("/mozilla.org/20050126_1/Europe/Berlin"),
    "zone_of_evolution": custom("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin"),
    "zone_of_citadel": custom("/citadel.org/20211207_1/America/New_York"),
    "zone_of_bedework": custom("/example.org/America/Indiana/Indianapolis"),
    "zone_with_a_leading_slash": custom("/Europe/Berlin"),
    "zone_with_blanks_for_underscores": custom("America/New York"),
    "zone_with_an_underscore_for_the_slash": custom("Europe_Berlin"),
    "zone_with_an_underscore_and_a_block_of_one_year": custom(
        "Europe_Berlin",
        zone(
            "Europe_Berlin",
            standard("20261025T030000", "+0200", "+0100"),
            standard("20260329T020000", "+0100", "+0200", kind="DAYLIGHT"),
        ),
    ),
    "zone_in_upper_case": custom("EUROPE/BERLIN"),
    "zone_abbreviation_est": custom("EST"),
    "zone_abbreviation_cest": Refused("unknown", custom("CEST")),
    "zone_abbreviation_pst8pdt": custom("PST8PDT"),
    "zone_old_name": custom("Asia/Calcutta"),
    "zone_name_of_2023": custom("America/Ciudad_Juarez"),
    "zone_etc_gmt_minus_3": custom("Etc/GMT-3"),
    "zone_etc_utc": custom("Etc/UTC"),
    "zone_etc_unknown": Refused("unknown", custom("Etc/Unknown")),
    "zone_factory": Refused("unknown", custom("Factory")),
    "zone_local": Refused("unknown", custom("localtime")),
    "zone_posix_prefix": Refused("unknown", custom("posix/Europe/Berlin")),
    "zone_that_climbs_out": Refused("unknown", custom("../../etc/passwd")),
    "zone_that_is_a_folder": Refused("unknown", custom("Europe")),
    "zone_gmt_with_offset": custom("GMT+0100"),
    "zone_utc_with_colon_offset": custom("UTC+05:30"),
    "zone_gmt_of_an_odd_offset": Refused("unknown", custom("GMT+0017")),
    "zone_z": custom("Z"),
    "zone_zulu": custom("Zulu"),
    "zone_of_blanks": event("DTSTART;TZID= :20261124T093000", "DTEND;TZID= :20261124T103000"),
    "zone_name_of_1_000_characters": Refused("unknown", custom("X" * 1000)),
    "zone_name_with_an_emoji": Refused("unknown", custom("Europe/🏖")),
    "zone_name_escaped": custom("Mine\\, yours".replace(",", ";").replace("\\;", ""), fixed("Mine yours", "+0530")),
    "zone_of_the_calendar_and_floating_times": event("DTSTART:20261124T093000", "DTEND:20261124T103000").replace(
        b"VERSION:2.0", b"VERSION:2.0\r\nX-WR-TIMEZONE:Europe/Berlin"
    ),
    "zones_of_start_and_end_under_two_names": event(
        "DTSTART;TZID=Europe/Berlin:20261124T093000", "DTEND;TZID=W. Europe Standard Time:20261124T103000"
    ),
    "zones_of_start_and_exdate_differ": series(f"EXDATE;TZID={NY}:20261201T033000"),
    "zone_url_and_tzuntil": event(
        zones=[berlin("Europe/Berlin", "TZURL:http://tz.test/Berlin.ics", "TZUNTIL:20401231T000000Z")]
    ),
}
