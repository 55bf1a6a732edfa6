"""Series: rules, extra and cancelled dates, changed instances."""

from __future__ import annotations

from tests.corpus.odd import ALL_DAY, SECOND, UTC, Refused, Table, alarm, berlin, cal, event, override, series, vevent

BERLIN = "TZID=Europe/Berlin"


def rule(text: str, *lines: str) -> bytes:
    return series(f"RRULE:{text}", *lines)


def days(text: str) -> bytes:
    return series(*ALL_DAY, f"RRULE:{text}")


def instance(which: str, *lines: str | bytes) -> bytes:
    return series(more=[override(which, *lines)])


RULES: Table = {
    "rule_lower_case": rule("freq=weekly;count=6;byday=tu"),
    "rule_with_blanks": rule("FREQ=WEEKLY; COUNT=6; BYDAY=TU, TH"),
    "rule_freq_last": rule("COUNT=6;INTERVAL=2;FREQ=WEEKLY"),
    "rule_with_a_trailing_semicolon": rule("FREQ=WEEKLY;COUNT=6;"),
    "rule_with_two_semicolons": rule("FREQ=WEEKLY;;COUNT=6"),
    "rule_with_a_part_twice": rule("FREQ=WEEKLY;COUNT=6;COUNT=3"),
    "rule_with_all_defaults": rule("FREQ=WEEKLY;COUNT=6;INTERVAL=1;WKST=MO"),
    "rule_with_an_x_part": Refused("X-FOO", rule("FREQ=WEEKLY;X-FOO=1")),
    "rule_with_an_unknown_part": Refused("BYEASTER", rule("FREQ=YEARLY;BYEASTER=0")),
    "rule_empty": event("RRULE:"),
    "rule_of_blanks": event("RRULE:  "),
    "rule_without_freq": Refused("FREQ", rule("COUNT=6")),
    "rule_freq_empty": Refused("FREQ", rule("FREQ=;COUNT=6")),
    "rule_is_a_word": Refused("WEEKLY is missing", rule("weekly")),
    "rule_with_a_parameter": series("RRULE;X-NOTE=odd:FREQ=WEEKLY;COUNT=6"),
    "rule_twice_the_same": series("RRULE:FREQ=WEEKLY;COUNT=6", "RRULE:FREQ=WEEKLY;COUNT=6"),
    "rule_twice_different": series("RRULE:FREQ=WEEKLY;COUNT=6", "RRULE:FREQ=MONTHLY;COUNT=3"),
    "rule_on_a_lone_override": cal(override(SECOND, "RRULE:FREQ=DAILY;COUNT=2")),
    "count_1": rule("FREQ=DAILY;COUNT=1"),
    "count_0": Refused("COUNT=0", rule("FREQ=DAILY;COUNT=0")),
    "count_negative": Refused("COUNT=-1", rule("FREQ=DAILY;COUNT=-1")),
    "count_with_leading_zeros": rule("FREQ=DAILY;COUNT=0006"),
    "count_of_10_000": rule("FREQ=DAILY;COUNT=10000"),
    "count_and_until": rule("FREQ=WEEKLY;COUNT=6;UNTIL=20261215T083000Z"),
    "interval_0": Refused("INTERVAL=0", rule("FREQ=DAILY;INTERVAL=0")),
    "interval_of_1000": rule("FREQ=DAILY;INTERVAL=1000"),
    "until_is_the_start": rule("FREQ=WEEKLY;UNTIL=20261124T083000Z"),
    "until_before_the_start": rule("FREQ=WEEKLY;UNTIL=20261101T083000Z"),
    "until_a_second_before_an_instance": rule("FREQ=WEEKLY;UNTIL=20261208T082959Z"),
    "until_exactly_an_instance": rule("FREQ=WEEKLY;UNTIL=20261208T083000Z"),
    "until_as_a_day": rule("FREQ=WEEKLY;UNTIL=20261208"),
    "until_floating": rule("FREQ=WEEKLY;UNTIL=20261208T093000"),
    "until_with_dashes": rule("FREQ=WEEKLY;UNTIL=2026-12-08T08:30:00Z"),
    "until_in_lower_case": rule("FREQ=WEEKLY;UNTIL=20261208t083000z"),
    "until_of_24_hours": Refused("UNTIL", rule("FREQ=WEEKLY;UNTIL=20261208T240000Z")),
    "until_with_a_leap_second": rule("FREQ=WEEKLY;UNTIL=20261231T235960Z"),
    "until_empty": Refused("UNTIL", rule("FREQ=WEEKLY;UNTIL=")),
    "until_in_utc_on_floating": series(
        "DTSTART:20261124T093000", "DTEND:20261124T103000", "RRULE:FREQ=WEEKLY;UNTIL=20261208T093000Z"
    ),
    "until_in_utc_on_days": days("FREQ=DAILY;UNTIL=20261128T000000Z"),
    "until_at_the_end_of_a_day_in_utc_on_days": days("FREQ=DAILY;UNTIL=20261128T225959Z"),
    "until_across_dst_at_midnight": series(
        f"DTSTART;{BERLIN}:20261020T003000",
        f"DTEND;{BERLIN}:20261020T013000",
        "RRULE:FREQ=WEEKLY;UNTIL=20261102T233000Z",
    ),
    "byday_monday_with_ordinals": rule("FREQ=MONTHLY;COUNT=6;BYDAY=1MO,-1MO"),
    "byday_plus_sign": rule("FREQ=MONTHLY;COUNT=6;BYDAY=+2TU"),
    "byday_fifth": rule("FREQ=MONTHLY;COUNT=6;BYDAY=5TU"),
    "byday_53rd_of_a_year": rule("FREQ=YEARLY;COUNT=3;BYDAY=53TH"),
    "byday_0": Refused("BYDAY", rule("FREQ=MONTHLY;BYDAY=0MO")),
    "byday_unknown": Refused("BYDAY", rule("FREQ=WEEKLY;BYDAY=XX")),
    "byday_empty": Refused("BYDAY", rule("FREQ=WEEKLY;BYDAY=")),
    "byday_twice_the_same": rule("FREQ=WEEKLY;COUNT=6;BYDAY=TU,TU,MO,TU"),
    "byday_with_daily": rule("FREQ=DAILY;COUNT=9;BYDAY=MO,TU,WE,TH,FR"),
    "byday_that_the_start_is_not": rule("FREQ=WEEKLY;COUNT=6;BYDAY=MO"),
    "byday_all_seven": rule("FREQ=WEEKLY;COUNT=9;BYDAY=SU,MO,TU,WE,TH,FR,SA"),
    "bymonthday_31": rule("FREQ=MONTHLY;COUNT=6;BYMONTHDAY=31"),
    "bymonthday_minus_1": rule("FREQ=MONTHLY;COUNT=6;BYMONTHDAY=-1"),
    "bymonthday_32": Refused("BYMONTHDAY", rule("FREQ=MONTHLY;BYMONTHDAY=32")),
    "bymonthday_0": Refused("BYMONTHDAY", rule("FREQ=MONTHLY;BYMONTHDAY=0")),
    "bymonthday_friday_the_13th": rule("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=13;BYDAY=FR"),
    "bymonth_with_weekly": rule("FREQ=WEEKLY;COUNT=9;BYMONTH=11,1"),
    "bymonth_13": Refused("BYMONTH", rule("FREQ=YEARLY;BYMONTH=13")),
    "bymonth_leap_month": rule("FREQ=YEARLY;RSCALE=CHINESE;BYMONTH=5L;BYMONTHDAY=1"),
    "bymonth_leap_month_of_no_other_calendar": Refused("BYMONTH=5L", rule("FREQ=YEARLY;BYMONTH=5L")),
    "byyearday_366": rule("FREQ=YEARLY;COUNT=3;BYYEARDAY=366"),
    "byyearday_minus_1": rule("FREQ=YEARLY;COUNT=3;BYYEARDAY=-1"),
    "byweekno_53": rule("FREQ=YEARLY;COUNT=3;BYWEEKNO=53;BYDAY=TU"),
    "byweekno_1_over_new_year": rule("FREQ=YEARLY;COUNT=4;BYWEEKNO=1;BYDAY=MO"),
    "bysetpos_last_working_day": rule("FREQ=MONTHLY;COUNT=6;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    "bysetpos_first_and_last": rule("FREQ=MONTHLY;COUNT=6;BYDAY=TU;BYSETPOS=1,-1"),
    "bysetpos_alone": rule("FREQ=MONTHLY;COUNT=3;BYSETPOS=1"),
    "bysetpos_0": Refused("BYSETPOS", rule("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=0")),
    "byhour_and_byminute": rule("FREQ=DAILY;COUNT=6;BYHOUR=9,15;BYMINUTE=30"),
    "bysecond_60": rule("FREQ=DAILY;COUNT=2;BYSECOND=60"),
    "byhour_24": Refused("BYHOUR", rule("FREQ=DAILY;BYHOUR=24")),
    "wkst_sunday_every_second_week": rule("FREQ=WEEKLY;INTERVAL=2;COUNT=6;WKST=SU;BYDAY=TU,SU"),
    "wkst_unknown": Refused("WKST", rule("FREQ=WEEKLY;WKST=XX")),
    "rscale_gregorian_skip": rule("FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=FORWARD;BYMONTHDAY=31;COUNT=4"),
    "rscale_hebrew": days("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD"),
    "rscale_empty": Refused("RSCALE", rule("FREQ=YEARLY;RSCALE=")),
    "freq_hourly": rule("FREQ=HOURLY;INTERVAL=6;COUNT=10"),
    "freq_minutely": rule("FREQ=MINUTELY;INTERVAL=15;COUNT=10"),
    "freq_secondly_for_ever": rule("FREQ=SECONDLY"),
    "rule_that_never_happens": rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    "rule_longer_than_its_step": series(f"DTEND;{BERLIN}:20261126T103000", "RRULE:FREQ=DAILY;COUNT=5"),
    "rule_daily_for_ever_since_1990": series(
        f"DTSTART;{BERLIN}:19900101T090000", f"DTEND;{BERLIN}:19900101T100000", "RRULE:FREQ=DAILY"
    ),
    "exrule": Refused("EXRULE", series("EXRULE:FREQ=MONTHLY")),
    "easter_by_many_rdates": series(*ALL_DAY, "-RRULE", "RDATE;VALUE=DATE:20270328,20280416,20290401,20300421"),
}

DATES: Table = {
    "rdate_in_utc": series("RDATE:20261126T083000Z"),
    "rdate_in_another_zone": series("RDATE;TZID=America/New_York:20261126T033000"),
    "rdate_floating_on_zoned": series("RDATE:20261126T093000"),
    "rdate_a_day_on_timed": series("RDATE;VALUE=DATE:20261126"),
    "rdate_a_time_on_days": series(*ALL_DAY, "RDATE:20261126T000000Z"),
    "rdate_that_repeats_the_rule": series(f"RDATE;{BERLIN}:20261201T093000"),
    "rdate_that_repeats_the_start": event(f"RDATE;{BERLIN}:20261124T093000"),
    "rdate_before_the_start": series(f"RDATE;{BERLIN}:20261110T093000"),
    "rdate_twice": series(f"RDATE;{BERLIN}:20261126T093000,20261126T093000", f"RDATE;{BERLIN}:20261126T093000"),
    "rdate_out_of_order": series(f"RDATE;{BERLIN}:20261230T093000,20261126T093000"),
    "rdate_empty": series("RDATE:"),
    "rdate_with_empty_items": series(f"RDATE;{BERLIN}:,20261126T093000,,"),
    "rdate_cancelled_by_exdate": series(f"RDATE;{BERLIN}:20261126T093000", f"EXDATE;{BERLIN}:20261126T093000"),
    "rdate_period_with_end": series(f"RDATE;VALUE=PERIOD;{BERLIN}:20261126T093000/20261126T123000"),
    "rdate_period_with_length": series(f"RDATE;VALUE=PERIOD;{BERLIN}:20261126T093000/PT3H"),
    "rdate_period_in_utc": series("RDATE;VALUE=PERIOD:20261126T083000Z/PT3H"),
    "rdate_period_not_said": series(f"RDATE;{BERLIN}:20261126T093000/PT3H"),
    "rdate_periods_only": series("-RRULE", f"RDATE;VALUE=PERIOD;{BERLIN}:20261126T093000/PT1H,20261127T093000/PT2H"),
    "rdate_period_cut_off": Refused("RDATE", series(f"RDATE;VALUE=PERIOD;{BERLIN}:20261126T093000/")),
    "rdate_period_of_an_impossible_length": Refused(
        "period", series(f"RDATE;VALUE=PERIOD;{BERLIN}:20261126T093000/P1X")
    ),
    "rdate_period_that_ends_by_a_word": Refused("RDATE", series(f"RDATE;VALUE=PERIOD;{BERLIN}:20261126T093000/x")),
    "rdate_is_a_word": Refused("RDATE", series("RDATE:soon")),
    "exdate_in_utc": series("EXDATE:20261201T083000Z"),
    "exdate_in_another_zone": series("EXDATE;TZID=America/New_York:20261201T033000"),
    "exdate_by_another_zones_wall_time": series("EXDATE;TZID=America/New_York:20261201T093000"),
    "exdate_floating": series("EXDATE:20261201T093000"),
    "exdate_as_a_day": series("EXDATE;VALUE=DATE:20261201"),
    "exdate_as_a_day_not_said": series("EXDATE:20261201"),
    "exdate_a_time_on_days": series(*ALL_DAY, "RRULE:FREQ=DAILY;COUNT=6", "EXDATE:20261126T000000Z"),
    "exdate_local_midnight_on_days_in_utc": series(*ALL_DAY, "RRULE:FREQ=DAILY;COUNT=6", "EXDATE:20261125T230000Z"),
    "exdate_of_the_start": series(f"EXDATE;{BERLIN}:20261124T093000"),
    "exdate_of_nothing": series(f"EXDATE;{BERLIN}:20261202T093000"),
    "exdate_of_every_date": series("RRULE:FREQ=WEEKLY;COUNT=2", f"EXDATE;{BERLIN}:20261124T093000,20261201T093000"),
    "exdate_before_the_start": series(f"EXDATE;{BERLIN}:20261117T093000"),
    "exdate_twice": series(f"EXDATE;{BERLIN}:20261201T093000", f"EXDATE;{BERLIN}:20261201T093000"),
    "exdate_list_folded": series(f"EXDATE;{BERLIN}:20261201T093000,\r\n 20261208T093000,20261\r\n 215T093000"),
    "exdate_lists_of_three_kinds": series(
        "EXDATE:20261201T083000Z", f"EXDATE;{BERLIN}:20261208T093000", "EXDATE;VALUE=DATE:20261215"
    ),
    "exdate_empty": series("EXDATE:"),
    "exdate_with_blanks": series(f"EXDATE;{BERLIN}: 20261201T093000 , 20261208T093000"),
    "exdate_separated_by_semicolons": Refused("EXDATE", series(f"EXDATE;{BERLIN}:20261201T093000;20261208T093000")),
    "exdate_is_a_period": Refused("EXDATE", series("EXDATE;VALUE=PERIOD:20261201T083000Z/PT1H")),
    "exdate_of_an_event_that_does_not_repeat": event(f"EXDATE;{BERLIN}:20261201T093000"),
    "exdate_of_its_only_date": event(f"EXDATE;{BERLIN}:20261124T093000"),
    "exdate_a_hundred": series(
        "RRULE:FREQ=DAILY", *(f"EXDATE;{BERLIN}:2026{m:02}{d:02}T093000" for m in (11, 12) for d in range(25, 31))
    ),
    "exdate_with_x_parameters": series(f"EXDATE;X-WHO=me;{BERLIN}:20261201T093000"),
    "exdate_and_override_of_one_date": series(f"EXDATE;{BERLIN}:20261201T093000", more=[override(SECOND)]),
    "exdate_in_a_windows_zone": series("EXDATE;TZID=W. Europe Standard Time:20261201T093000"),
}

INSTANCES: Table = {
    "instance_moved": instance(SECOND),
    "instance_in_utc": instance("RECURRENCE-ID:20261201T083000Z"),
    "instance_floating": instance("RECURRENCE-ID:20261201T093000"),
    "instance_by_day": instance("RECURRENCE-ID;VALUE=DATE:20261201"),
    "instance_by_day_not_said": instance("RECURRENCE-ID:20261201"),
    "instance_in_another_zone": instance("RECURRENCE-ID;TZID=Asia/Tokyo:20261201T173000"),
    "instance_by_another_zones_wall_time": instance("RECURRENCE-ID;TZID=Asia/Tokyo:20261201T093000"),
    "instance_in_a_windows_zone": instance("RECURRENCE-ID;TZID=W. Europe Standard Time:20261201T093000"),
    "instance_of_an_unknown_zone": Refused("unknown", instance("RECURRENCE-ID;TZID=Nowhere:20261201T093000")),
    "instance_of_days_by_time": series(
        *ALL_DAY,
        more=[override("RECURRENCE-ID:20261201T000000Z", "DTSTART;VALUE=DATE:20261202", "DTEND;VALUE=DATE:20261203")],
    ),
    "instance_of_days_becomes_timed": series(*ALL_DAY, more=[override("RECURRENCE-ID;VALUE=DATE:20261201")]),
    "instance_of_a_timed_becomes_a_day": instance(SECOND, "DTSTART;VALUE=DATE:20261202", "DTEND;VALUE=DATE:20261203"),
    "instance_with_range": Refused("all following", instance(SECOND.replace("-ID", "-ID;RANGE=THISANDFUTURE"))),
    "instance_with_range_in_lower_case": Refused(
        "all following", instance(SECOND.replace("-ID", "-ID;range=thisandfuture"))
    ),
    "instance_with_range_prior": instance(SECOND.replace("-ID", "-ID;RANGE=THISANDPRIOR")),
    "instance_of_no_date": instance(f"RECURRENCE-ID;{BERLIN}:20261202T093000"),
    "instance_before_the_series": instance(f"RECURRENCE-ID;{BERLIN}:20261117T093000"),
    "instance_after_the_series": instance(f"RECURRENCE-ID;{BERLIN}:20281205T093000"),
    "instance_of_the_first_date": instance(f"RECURRENCE-ID;{BERLIN}:20261124T093000"),
    "instance_of_an_rdate": series(
        f"RDATE;{BERLIN}:20261126T093000", more=[override(f"RECURRENCE-ID;{BERLIN}:20261126T093000")]
    ),
    "instance_moved_onto_another": instance(
        SECOND, f"DTSTART;{BERLIN}:20261208T093000", f"DTEND;{BERLIN}:20261208T103000"
    ),
    "instance_moved_before_the_series": instance(
        SECOND, f"DTSTART;{BERLIN}:20261001T093000", f"DTEND;{BERLIN}:20261001T103000"
    ),
    "instance_moved_into_another_zone": instance(
        SECOND, "DTSTART;TZID=Asia/Tokyo:20261201T220000", "DTEND;TZID=Asia/Tokyo:20261201T230000"
    ),
    "instance_longer_than_its_series": instance(
        SECOND, f"DTSTART;{BERLIN}:20261201T093000", f"DTEND;{BERLIN}:20261203T093000"
    ),
    "instance_of_no_length": instance(SECOND, f"DTSTART;{BERLIN}:20261201T093000", "DURATION:PT0S"),
    "instance_without_a_start": instance(SECOND, "-DTSTART", "-DTEND"),
    "instance_without_a_title": instance(SECOND, "-SUMMARY"),
    "instance_without_anything": instance(SECOND, "-SUMMARY", "-DTSTART", "-DTEND", "-DTSTAMP"),
    "instance_without_uid": series(more=[override(SECOND, "-UID")]),
    "instance_of_another_uid": Refused("different UIDs", series(more=[override(SECOND, "UID:other@corpus.test")])),
    "instance_uid_in_another_case": Refused("different UIDs", series(more=[override(SECOND, "UID:ODD@corpus.test")])),
    "instance_cancelled": instance(SECOND, "STATUS:CANCELLED"),
    "instance_cancelled_in_lower_case": instance(SECOND, "STATUS:cancelled"),
    "instance_cancelled_of_nothing_else": instance(SECOND, "STATUS:CANCELLED", "-SUMMARY", "-DTEND"),
    "instance_tentative": instance(SECOND, "STATUS:TENTATIVE"),
    "instance_with_a_rule": instance(SECOND, "RRULE:FREQ=DAILY;COUNT=2"),
    "instance_with_exdates": instance(SECOND, f"EXDATE;{BERLIN}:20261208T093000"),
    "instance_with_an_alarm_of_its_own": instance(SECOND, alarm("ACTION:DISPLAY", "TRIGGER:-PT5M")),
    "instance_without_the_alarm_of_its_series": series(
        alarm("ACTION:DISPLAY", "TRIGGER:-PT5M"), more=[override(SECOND)]
    ),
    "instance_twice": series(more=[override(SECOND, "SUMMARY:one"), override(SECOND, "SUMMARY:two")]),
    "instance_twice_by_sequence": series(
        more=[override(SECOND, "SUMMARY:new", "SEQUENCE:2"), override(SECOND, "SUMMARY:old", "SEQUENCE:1")]
    ),
    "instance_twice_in_two_forms": series(
        more=[override(SECOND, "SUMMARY:one"), override("RECURRENCE-ID:20261201T083000Z", "SUMMARY:two")]
    ),
    "instance_before_its_series": cal(override(SECOND), vevent("RRULE:FREQ=WEEKLY;COUNT=6")),
    "instances_of_every_date": series(
        "RRULE:FREQ=WEEKLY;COUNT=3",
        more=[
            override(
                f"RECURRENCE-ID;{BERLIN}:2026{d}T093000",
                f"SUMMARY:{d}",
                f"DTSTART;{BERLIN}:2026{d}T100000",
                f"DTEND;{BERLIN}:2026{d}T110000",
            )
            for d in ("1124", "1201", "1208")
        ],
    ),
    "instances_of_no_series": cal(override(SECOND), override(f"RECURRENCE-ID;{BERLIN}:20261208T093000")),
    "instance_alone": cal(override(SECOND)),
    "instance_alone_of_a_day": cal(
        override("RECURRENCE-ID;VALUE=DATE:20261201", "DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261202")
    ),
    "instance_alone_cancelled": cal(override(SECOND, "STATUS:CANCELLED")),
    "instance_alone_with_range": Refused(
        "all following", cal(override("RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T083000Z"))
    ),
    "instance_of_an_event_that_does_not_repeat": event(more=[override(SECOND)]),
    "instance_of_the_only_date": event(more=[override(f"RECURRENCE-ID;{BERLIN}:20261124T093000")]),
    "instance_id_empty": Refused("RECURRENCE-ID", instance("RECURRENCE-ID:")),
    "instance_id_is_a_word": Refused("RECURRENCE-ID", instance("RECURRENCE-ID:second")),
    "instance_in_the_gap": series(
        f"DTSTART;{BERLIN}:20270321T023000",
        f"DTEND;{BERLIN}:20270321T033000",
        more=[override(f"RECURRENCE-ID;{BERLIN}:20270328T023000", "SUMMARY:in the gap")],
    ),
    "instance_in_the_second_equal_hour": series(
        f"DTSTART;{BERLIN}:20261018T023000",
        f"DTEND;{BERLIN}:20261018T033000",
        more=[override("RECURRENCE-ID:20261025T013000Z", "SUMMARY:second")],
    ),
    "instance_beside_blank_lines_in_its_series": series("", more=[override(SECOND, "")]),
    "instance_beside_stray_text_in_its_series": series("* buy cups", more=[override(SECOND, "- and plates")]),
    "instance_with_lines_its_series_lacks": instance(SECOND, "X-ONLY-HERE:1", "COMMENT:moved because"),
    "instance_of_a_recurrence_id_with_x_parameter": instance(SECOND.replace(";TZID", ";X-A=b;TZID")),
    "series_with_two_masters": Refused(
        "several events", cal(vevent(), vevent("DTSTART:20261125T083000Z", "DTEND:20261125T093000Z"))
    ),
    "series_with_two_equal_masters": Refused("several events", cal(vevent(), vevent())),
    "series_in_utc_over_dst": series("DTSTART:20261020T073000Z", "DTEND:20261020T083000Z"),
    "series_that_changes_zone_in_an_instance": series(
        *UTC, zones=[berlin()], more=[override("RECURRENCE-ID:20261201T083000Z")]
    ),
}

REPEATING: Table = {**RULES, **DATES, **INSTANCES}
