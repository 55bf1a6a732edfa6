"""What calsync reads from each odd object, against what icalendar and recurring_ical_events read from the same bytes.

Shape   the object and the clean copy that calsync makes of it are expanded by the other reader, to the same agenda.
        OTHERWISE names the objects that it reads otherwise, and why calsync does not; those that it cannot read at all
        are not compared
"""

from __future__ import annotations

from datetime import date

import icalendar
import pytest
import recurring_ical_events

from calsync_cli.mapping.ical import ICAL
from calsync_cli.model.series import LOCAL_FIELDS, without_fields
from tests.corpus import OBJECTS
from tests.engine.ical_sides import _ical_seen
from tests.engine.sides import Seen

SPAN = date(2026, 9, 1), date(2028, 1, 1)
OTHERWISE = {
    "unfolds characters, not bytes; decodes what is not UTF-8 to replacement characters": {
        "fold_at_40_octets_within_emoji", "lone_surrogate_as_bytes", "overlong_utf8", "latin1_title_in_utf8_file",
        "windows_1252_quotes", "bytes_that_windows_1252_lacks", "utf8_cut_within_a_character", "charset_parameter",
    },
    "keeps control characters and decomposed letters, which no other calendar gives back": {
        "vertical_tab_in_a_text", "form_feed_in_a_text", "nul_in_the_title", "bell_and_escape_in_the_title",
        "delete_character_in_the_place", "control_characters_everywhere", "combining_accent_decomposed",
        "hangul_decomposed", "texts_differ_only_in_normalisation",
    },
    "makes a list of a second description": {"description_twice"},
    "takes the value's form for its type, or a day's zone for a time": {
        "day_start_and_zoned_end", "day_start_and_midnight_end", "value_date_with_a_time", "day_with_a_zone",
    },
    "lets events end before or when they start": {
        "end_before_the_start", "day_end_equals_start", "day_end_before_start", "duration_negative",
    },
    "makes times of days that last hours": {"duration_of_hours_on_a_day", "duration_of_36_hours_on_a_day"},
    "adds hours to the wall clock, not to the instant (RFC 5545 section 3.3.6)": {"duration_over_the_spring_gap"},
    "drops the Z and keeps the zone, or takes the second of two zones": {"zone_and_z", "zone_parameter_twice"},
    "reads a name that it does not know as no zone": {
        "zone_windows_display", "zone_windows_display_gmt", "zone_with_blanks_for_underscores",
        "zone_with_an_underscore_for_the_slash", "zone_in_upper_case", "zone_gmt_with_offset",
        "zone_utc_with_colon_offset",
    },
    "applies X-WR-TIMEZONE, which is for feeds": {"zone_of_the_calendar_and_floating_times"},
    "ends a rule at the midnight before its last day (facts section 6)": {"until_as_a_day"},
    "does not find the instance of a day or of another form (facts 7.2)": {
        "rdate_a_day_on_timed", "exdate_local_midnight_on_days_in_utc", "instance_by_day", "instance_by_day_not_said",
        "instance_without_uid", "instance_twice", "instance_twice_in_two_forms",
    },
    "shows cancelled instances": {
        "instance_cancelled", "instance_cancelled_in_lower_case", "instance_cancelled_of_nothing_else",
        "instance_alone_cancelled",
    },
    "does not see a component whose name has blanks": {"component_with_blanks"},
}  # fmt: skip
COMPARED = {name: payload for name, payload in OBJECTS.items() if len(payload) < 30_000 and b"SECONDLY" not in payload}


def agenda(payload: bytes) -> list[Seen] | None:
    """None where the other reader gives up."""
    icalendar.use_zoneinfo()
    try:
        found = recurring_ical_events.of(icalendar.Calendar.from_ical(payload)).between(*SPAN)
        return sorted(_ical_seen("", one) for one in found)
    except Exception:  # of many kinds: it says of none that it may come
        return None


def alike(seen: list[Seen]) -> list[Seen]:
    """But for blanks at the end of texts, which calsync does not count."""
    return [(one[0], one[1], one[2], one[3].rstrip(), one[4].rstrip(), one[5].rstrip()) for one in seen]


@pytest.mark.parametrize("name", COMPARED)
def test_another_reader_sees_the_same_in_the_odd_file_and_in_a_clean_copy(name: str) -> None:
    there = agenda(COMPARED[name])
    form = without_fields(ICAL.read(COMPARED[name]).form, LOCAL_FIELDS)
    here = agenda(ICAL.make("u", form, ""))
    if there is not None and here is not None and not any(name in names for names in OTHERWISE.values()):
        assert alike(there) == alike(here)
