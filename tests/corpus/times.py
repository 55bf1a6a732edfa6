"""Times: forms of DTSTART and DTEND, lengths, changes of the clock, the ends of the calendar."""

from __future__ import annotations

from tests.corpus.odd import ALL_DAY, UTC, Refused, Table, event, series

NY = "America/New_York"


def at(start: str, end: str, tzid: str = "Europe/Berlin") -> tuple[str, str]:
    return f"DTSTART;TZID={tzid}:{start}", f"DTEND;TZID={tzid}:{end}"


def days(first: str, last: str) -> tuple[str, str]:
    return f"DTSTART;VALUE=DATE:{first}", f"DTEND;VALUE=DATE:{last}"


FORMS: Table = {
    "utc_start_and_end": event(*UTC),
    "utc_start_and_zoned_end": event("DTSTART:20261124T083000Z", "DTEND;TZID=Europe/Berlin:20261124T103000"),
    "utc_start_and_floating_end": event("DTSTART:20261124T083000Z", "DTEND:20261124T093000"),
    "zoned_start_and_utc_end": event("DTEND:20261124T093000Z"),
    "zoned_start_and_day_end": event("DTEND;VALUE=DATE:20261125"),
    "day_start_and_zoned_end": event("DTSTART;VALUE=DATE:20261124", "DTEND;TZID=Europe/Berlin:20261124T103000"),
    "day_start_and_midnight_end": event("DTSTART;VALUE=DATE:20261124", "DTEND:20261126T000000Z"),
    "floating_start_and_end": event("DTSTART:20261124T093000", "DTEND:20261124T103000"),
    "floating_series": series("DTSTART:20261124T093000", "DTEND:20261124T103000"),
    "floating_with_duration": event("DTSTART:20261124T093000", "DURATION:PT90M"),
    "floating_over_midnight": event("DTSTART:20261124T233000", "DTEND:20261125T013000"),
    "lower_case_t_and_z": event("DTSTART:20261124t083000z", "DTEND:20261124t093000z"),
    "value_parameter_in_lower_case": event("DTSTART;value=date:20261124", "DTEND;value=date:20261125"),
    "value_date_time_said": event("DTSTART;VALUE=DATE-TIME;TZID=Europe/Berlin:20261124T093000"),
    "value_date_with_a_time": event("DTSTART;VALUE=DATE:20261124T000000", "DTEND;VALUE=DATE:20261125T000000"),
    "value_date_time_with_a_day": event("DTSTART;VALUE=DATE-TIME:20261124", "DTEND;VALUE=DATE-TIME:20261125"),
    "day_with_a_zone": event("DTSTART;VALUE=DATE;TZID=Europe/Berlin:20261124", "DTEND;VALUE=DATE:20261125"),
    "day_with_a_z": Refused("not a possible date", event("DTSTART;VALUE=DATE:20261124Z")),
    "day_with_dashes": event(*days("2026-11-24", "2026-11-25")),
    "time_with_dashes_and_colons": event("DTSTART:2026-11-24T08:30:00Z", "DTEND:2026-11-24T09:30:00Z"),
    "time_without_seconds": event("DTSTART:20261124T0830Z", "DTEND:20261124T0930Z"),
    "time_with_fractions": event("DTSTART:20261124T083000.500Z", "DTEND:20261124T093000.000Z"),
    "time_with_an_offset": event("DTSTART:20261124T093000+0100", "DTEND:20261124T103000+0100"),
    "time_with_an_offset_and_colon": event("DTSTART:2026-11-24T09:30:00+01:00", "DTEND:2026-11-24T10:30:00+01:00"),
    "time_with_a_blank_instead_of_t": event("DTSTART:2026-11-24 08:30:00Z", "DTEND:2026-11-24 09:30:00Z"),
    "blanks_around_a_time": event("DTSTART:  20261124T083000Z ", "DTEND: 20261124T093000Z"),
    "seconds_that_are_not_zero": event("DTSTART:20261124T083017Z", "DTEND:20261124T093043Z"),
    "leap_second": event("DTSTART:20161231T235960Z", "DTEND:20170101T003000Z"),
    "hour_24": event("DTSTART;TZID=Europe/Berlin:20261124T230000", "DTEND;TZID=Europe/Berlin:20261124T240000"),
    "hour_25": Refused("not a possible date", event("DTSTART:20261124T253000Z")),
    "minute_60": Refused("not a possible date", event("DTSTART:20261124T096000Z")),
    "day_zero": Refused("not a possible date", event("DTSTART;VALUE=DATE:20261100")),
    "month_13": Refused("not a possible date", event("DTSTART;VALUE=DATE:20261301")),
    "february_30": Refused("not a possible date", event("DTSTART:20260230T090000Z")),
    "february_29_of_no_leap_year": Refused("not a possible date", event("DTSTART;VALUE=DATE:20270229")),
    "year_of_two_digits": Refused("not a possible date", event("DTSTART;VALUE=DATE:261124")),
    "year_of_five_digits": Refused("not a possible date", event("DTSTART;VALUE=DATE:120261124")),
    "american_date": Refused("not a possible date", event("DTSTART:11/24/2026 09:30")),
    "start_empty": Refused("not a possible date", event("DTSTART:")),
    "start_is_a_word": Refused("not a possible date", event("DTSTART:tomorrow")),
    "end_empty": Refused("not a possible date", event("DTEND:")),
    "start_twice": event("DTSTART:20261124T083000Z", "DTSTART:20261125T083000Z", "DTEND:20261124T093000Z"),
    "end_twice": event("DTEND:20261124T093000Z", "DTEND:20261124T103000Z"),
    "end_before_the_start": event("DTEND;TZID=Europe/Berlin:20261124T083000"),
    "end_a_second_after_the_start": event("DTEND;TZID=Europe/Berlin:20261124T093001"),
    "end_equals_the_start": event("DTEND;TZID=Europe/Berlin:20261124T093000"),
    "end_a_year_later": event("DTEND;TZID=Europe/Berlin:20271124T103000"),
    "end_in_another_zone_before_by_wall_time": event(f"DTEND;TZID={NY}:20261124T053000"),
    "end_missing_in_a_series": series("-DTEND"),
    "day_end_missing": event(ALL_DAY[0], "-DTEND"),
    "day_end_equals_start": event(ALL_DAY[0], "DTEND;VALUE=DATE:20261124"),
    "day_end_before_start": event(ALL_DAY[0], "DTEND;VALUE=DATE:20261120"),
    "days_over_new_year": event(*days("20261224", "20270102")),
    "days_400_long": event(*days("20260101", "20270205")),
    "x_parameters_on_times": event(
        "DTSTART;X-VOBJ-ORIGINAL-TZID=Europe/Berlin;TZID=Europe/Berlin:20261124T093000",
        'DTEND;TZID=Europe/Berlin;X-A="b;c":20261124T103000',
    ),
    "zone_parameter_quoted": event(
        'DTSTART;TZID="Europe/Berlin":20261124T093000', 'DTEND;TZID="Europe/Berlin":20261124T103000'
    ),
    "zone_parameter_empty": event("DTSTART;TZID=:20261124T093000", "DTEND;TZID=:20261124T103000"),
    "zone_parameter_twice": event("DTSTART;TZID=Europe/Berlin;TZID=Asia/Tokyo:20261124T093000"),
    "zone_and_z": event("DTSTART;TZID=Europe/Berlin:20261124T083000Z", "DTEND;TZID=Europe/Berlin:20261124T093000Z"),
}

LENGTHS: Table = {
    f"duration_{name}": event(f"DURATION:{text}")
    for name, text in {
        "one_week": "P1W",
        "zero": "PT0S",
        "p0d": "P0D",
        "days_and_hours": "P1DT2H3M4S",
        "only_p": "P",
        "pt": "PT",
        "minus_zero": "-PT0S",
        "plus_sign": "+PT1H",
        "lower_case": "pt1h",
        "weeks_and_days": "P1W2D",
        "90_minutes": "PT90M",
        "86400_seconds": "PT86400S",
        "with_blanks": " PT1H ",
        "empty_hours": "PT1H0M0S",
    }.items()
} | {
    "duration_negative": event("DURATION:-PT1H"),
    "duration_with_fractions": Refused("not a possible length", event("DURATION:PT1.5H")),
    "duration_of_months": Refused("not a possible length", event("DURATION:P1M")),
    "duration_is_a_number": Refused("not a possible length", event("DURATION:3600")),
    "duration_empty": Refused("not a possible length", event("DURATION:")),
    "duration_of_hours_on_a_day": event(ALL_DAY[0], "DURATION:PT12H"),
    "duration_of_36_hours_on_a_day": event(ALL_DAY[0], "DURATION:PT36H"),
    "duration_of_a_week_on_a_day": event(ALL_DAY[0], "DURATION:P1W"),
    "duration_over_the_spring_gap": event("DTSTART;TZID=Europe/Berlin:20270328T010000", "DURATION:PT2H"),
    "duration_p1d_into_the_gap": event("DTSTART;TZID=Europe/Berlin:20270327T023000", "DURATION:P1D"),
    "duration_pt24h_into_the_overlap": event("DTSTART;TZID=Europe/Berlin:20261024T023000", "DURATION:PT24H"),
    "duration_of_a_series_over_dst": series("DTSTART;TZID=Europe/Berlin:20261020T120000", "DURATION:PT24H"),
    "duration_with_a_value_parameter": event("DURATION;VALUE=DURATION:PT1H"),
    "duration_before_the_start": event("DURATION:PT2H", "DTSTART:20261124T083000Z"),
    "duration_of_900_years": event("DURATION:P328500D"),
    "duration_too_long": Refused("not a possible length", event("DURATION:P99999999W")),
}

CLOCKS: Table = {
    "gap_start": event(*at("20270328T023000", "20270328T033000")),
    "gap_end": event(*at("20270328T010000", "20270328T023000")),
    "gap_both": event(*at("20270328T021000", "20270328T022000")),
    "gap_series_daily": series(*at("20270326T023000", "20270326T033000"), "RRULE:FREQ=DAILY;COUNT=5"),
    "gap_exdate": series(
        *at("20270326T023000", "20270326T033000"),
        "RRULE:FREQ=DAILY;COUNT=5",
        "EXDATE;TZID=Europe/Berlin:20270328T023000",
    ),
    "overlap_start": event(*at("20261025T023000", "20261025T033000")),
    "overlap_end": event(*at("20261025T013000", "20261025T023000")),
    "overlap_both": event(*at("20261025T021000", "20261025T022000")),
    "overlap_second_hour_in_utc": event("DTSTART:20261025T013000Z", "DTEND:20261025T023000Z"),
    "overlap_series_daily": series(*at("20261023T023000", "20261023T033000"), "RRULE:FREQ=DAILY;COUNT=5"),
    "overlap_exdate_in_utc": series(
        *at("20261023T023000", "20261023T033000"), "RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20261025T003000Z"
    ),
    "gap_of_half_an_hour_lord_howe": event(*at("20261004T021500", "20261004T031500", "Australia/Lord_Howe")),
    "gap_of_a_day_apia_2011": event(*at("20111230T090000", "20111230T100000", "Pacific/Apia")),
    "days_over_the_lost_day_of_apia": event(*days("20111229", "20111231")),
    "gap_at_midnight_sao_paulo": event(*at("20171015T000000", "20171015T010000", "America/Sao_Paulo")),
    "gap_at_midnight_beirut": event(*at("20270328T000000", "20270328T010000", "Asia/Beirut")),
    "clock_of_casablanca_in_ramadan": series(*at("20270205T100000", "20270205T110000", "Africa/Casablanca")),
    "clock_of_dublin_negative_dst": event(*at("20261124T093000", "20261124T103000", "Europe/Dublin")),
    "clock_of_volgograd_changed_rules": event(*at("20201227T013000", "20201227T033000", "Europe/Volgograd")),
    "offset_of_45_minutes": event(*at("20261124T093000", "20261124T103000", "Asia/Kathmandu")),
    "offset_of_14_hours": event(*at("20261124T093000", "20261124T103000", "Pacific/Kiritimati")),
    "offset_with_seconds_before_1900": event(*at("18800101T120000", "18800101T130000", "Europe/Amsterdam")),
    "zone_troll_with_two_hours_of_dst": event(*at("20260701T093000", "20260701T103000", "Antarctica/Troll")),
    "flight_across_the_date_line": event(
        "DTSTART;TZID=Pacific/Auckland:20261124T093000", "DTEND;TZID=Pacific/Honolulu:20261123T203000"
    ),
    "flight_series": series("DTEND;TZID=America/New_York:20261124T120000"),
}

ENDS_OF_TIME: Table = {
    "leap_day_yearly": series(*days("20240229", "20240301"), "RRULE:FREQ=YEARLY"),
    "leap_day_single": event(*days("20280229", "20280301")),
    "century_that_is_no_leap_year": event(*days("21000228", "21000301")),
    "year_1000": event(*days("10000101", "10000102")),
    "year_999": Refused("not a possible date", event(*days("09990101", "09990102"))),
    "year_1": Refused("not a possible date", event(*days("00010101", "00010102"))),
    "year_0": Refused("not a possible date", event(*days("00000101", "00000102"))),
    "year_1582_gregorian_gap": event(*days("15821010", "15821011")),
    "year_1601_of_windows": event("DTSTART:16010101T000000Z", "DTEND:16010101T010000Z"),
    "year_1604_birthday_of_apple": series(*days("16040704", "16040705"), "RRULE:FREQ=YEARLY"),
    "year_1899": event("DTSTART:18991230T000000Z", "DTEND:18991230T010000Z"),
    "year_1969": event(*at("19691231T235959", "19700101T000001")),
    "year_2038_second_after_unix": event("DTSTART:20380119T031408Z", "DTEND:20380119T041408Z"),
    "year_2106": event("DTSTART:21060207T062816Z", "DTEND:21060207T072816Z"),
    "year_9998": event(*days("99981230", "99981231")),
    "year_9999": Refused("not a possible date", event(*days("99991230", "99991231"))),
    "until_in_year_9999": series("RRULE:FREQ=YEARLY;UNTIL=99991231T235959Z"),
    "until_in_year_1": series("RRULE:FREQ=WEEKLY;UNTIL=00010101T000000Z"),
    "end_in_year_9999": Refused("not a possible date", event("DTEND;TZID=Europe/Berlin:99991231T235959")),
    "start_at_the_unix_epoch": event("DTSTART:19700101T000000Z", "DTEND:19700101T000000Z"),
}

TIMES: Table = {**FORMS, **LENGTHS, **CLOCKS, **ENDS_OF_TIME}
