"""200 rules: each has a pattern of Outlook with the very same dates, or is refused for the reason in the table (R7).

The dates of the rule are those of recurring-ical-events for ten years, 120 of a yearly one; those of the pattern are
what the emulator's model of Outlook makes of it. Neither knows the code that is tested.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from calsync_cli.errors import MappingError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.graph.document import document
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.recur import last_end, same_recurrence
from calsync_cli.model.series import Recurrence
from calsync_cli.model.times import AllDay, Span, Zoned
from tests.emulators.graph import recurrence as outlook

# Monday 5 January 2026 unless a row names another first date
DAILY, WEEKLY, MONTH_DAY, MONTH_PLACE = "daily", "weekly", "absoluteMonthly", "relativeMonthly"
YEAR_DAY, YEAR_PLACE = "absoluteYearly", "relativeYearly"
MAPPED = {
    DAILY: """
        FREQ=DAILY | FREQ=DAILY;INTERVAL=1 | FREQ=DAILY;INTERVAL=2 | FREQ=DAILY;INTERVAL=3 | FREQ=DAILY;INTERVAL=10
        FREQ=DAILY;INTERVAL=99 | FREQ=DAILY;COUNT=1 | FREQ=DAILY;COUNT=2 | FREQ=DAILY;COUNT=10 | FREQ=DAILY;COUNT=999
        FREQ=DAILY;COUNT=1000 | FREQ=DAILY;COUNT=3000 | FREQ=DAILY;INTERVAL=7 | FREQ=DAILY;INTERVAL=14;COUNT=20
        FREQ=DAILY;UNTIL=20260110T080000Z | FREQ=DAILY;UNTIL=20260110T075959Z | FREQ=DAILY;UNTIL=20260110
        FREQ=DAILY;UNTIL=20260630T070000Z | FREQ=DAILY;UNTIL=20260630T065959Z | FREQ=DAILY;UNTIL=99981231T235959Z
        FREQ=DAILY;WKST=SU | FREQ=DAILY;BYHOUR=9 | FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0
        FREQ=DAILY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12 | FREQ=DAILY;BYSETPOS=1 | FREQ=DAILY;INTERVAL=2;UNTIL=20270101
        FREQ=DAILY;INTERVAL=7;BYDAY=MO
    """,
    WEEKLY: """
        FREQ=WEEKLY | FREQ=WEEKLY;INTERVAL=2 | FREQ=WEEKLY;INTERVAL=99 | FREQ=WEEKLY;BYDAY=MO | FREQ=WEEKLY;BYDAY=MO,WE
        FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR | FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU | FREQ=WEEKLY;COUNT=5
        FREQ=WEEKLY;BYDAY=MO,WE;COUNT=7 | FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20260330T070000Z
        FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20260330T065959Z | FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU
        FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU | FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=MO
        FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SA,SU;WKST=SA | FREQ=WEEKLY;INTERVAL=4;BYDAY=MO,TH;WKST=TH;COUNT=30
        FREQ=WEEKLY;WKST=SU | FREQ=WEEKLY;BYDAY=MO,SU;WKST=SU | FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR | FREQ=DAILY;BYDAY=MO,SU
        FREQ=DAILY;INTERVAL=105 | FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=3
        FREQ=MONTHLY;BYDAY=MO | FREQ=MONTHLY;BYDAY=MO,FR;COUNT=12
        FREQ=YEARLY;BYDAY=MO | FREQ=YEARLY;BYDAY=MO,FR | FREQ=WEEKLY;BYDAY=MO;BYHOUR=9 | FREQ=DAILY;INTERVAL=693
        2026-01-04 FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU | 2026-01-04 FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO
        2026-01-10 FREQ=WEEKLY;BYDAY=SA,SU | 2026-01-10 FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;WKST=SU
        2026-03-29 FREQ=WEEKLY | 2026-10-25 FREQ=WEEKLY;COUNT=60
    """,
    MONTH_DAY: """
        FREQ=MONTHLY | FREQ=MONTHLY;INTERVAL=2 | FREQ=MONTHLY;BYMONTHDAY=5 | FREQ=MONTHLY;BYMONTHDAY=5;COUNT=12
        FREQ=MONTHLY;UNTIL=20261205T080000Z | FREQ=MONTHLY;UNTIL=20261205T075959Z | FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=5
        2026-01-01 FREQ=MONTHLY | 2026-01-28 FREQ=MONTHLY | 2026-01-28 FREQ=MONTHLY;BYMONTHDAY=28;INTERVAL=18
        FREQ=YEARLY;BYMONTHDAY=5 | FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYMONTHDAY=5
        FREQ=YEARLY;BYMONTH=1,4,7,10 | FREQ=MONTHLY;BYMONTH=1,4,7,10 | FREQ=MONTHLY;BYMONTH=1,7;BYMONTHDAY=5
        FREQ=MONTHLY;BYMONTH=1,3,5,7,9,11 | FREQ=DAILY;BYMONTHDAY=5 | 2026-01-31 FREQ=MONTHLY;COUNT=1
        2026-03-30 FREQ=MONTHLY;COUNT=11 | 2026-03-29 FREQ=MONTHLY;UNTIL=20270128T230000Z
        2028-01-29 FREQ=MONTHLY;COUNT=13
        2026-07-31 FREQ=MONTHLY;COUNT=2 | 2026-01-30 FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1
        2026-01-29 FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1 | FREQ=MONTHLY;BYMONTHDAY=5,1;BYSETPOS=-1;COUNT=4
    """,
    MONTH_PLACE: """
        FREQ=MONTHLY;BYDAY=1MO | FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1 | FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1
        FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO | FREQ=MONTHLY;BYDAY=1MO;COUNT=6 | FREQ=MONTHLY;BYDAY=1MO;UNTIL=20270101
        2026-01-12 FREQ=MONTHLY;BYDAY=2MO | 2026-01-19 FREQ=MONTHLY;BYDAY=3MO | 2026-01-26 FREQ=MONTHLY;BYDAY=4MO
        2026-01-26 FREQ=MONTHLY;BYDAY=-1MO | 2026-01-30 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
        2026-01-01 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1 | 2026-01-31 FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=-1
        2026-01-03 FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1 | 2026-01-04 FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=2
        2026-01-31 FREQ=MONTHLY;BYMONTHDAY=-1 | 2026-01-31 FREQ=MONTHLY;BYMONTHDAY=-1;INTERVAL=3
        2026-01-31 FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1 | 2026-01-31 FREQ=DAILY;BYMONTHDAY=-1
        2026-01-31 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1
        2026-01-12 FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=8,9,10,11,12,13,14
        2026-01-04 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=4 | 2026-02-28 FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=30
        2026-01-02 FREQ=MONTHLY;BYDAY=FR;BYSETPOS=1;BYMONTHDAY=1,2,3,4,5,6,7
        2026-01-09 FREQ=YEARLY;BYMONTH=1,4,7,10;BYDAY=2FR
    """,
    YEAR_DAY: """
        FREQ=YEARLY | FREQ=YEARLY;INTERVAL=2 | FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=5 | FREQ=YEARLY;BYMONTH=1
        FREQ=YEARLY;COUNT=5
        FREQ=MONTHLY;BYMONTH=1;BYMONTHDAY=5 | FREQ=MONTHLY;INTERVAL=12 | FREQ=MONTHLY;INTERVAL=24;BYMONTHDAY=5
        FREQ=MONTHLY;INTERVAL=2;BYMONTH=1 | FREQ=YEARLY;UNTIL=20300105T080000Z | 2026-12-31 FREQ=YEARLY
        2026-04-30 FREQ=YEARLY
        2026-02-28 FREQ=YEARLY | 2024-02-29 FREQ=YEARLY;COUNT=1
        2026-12-25 FREQ=YEARLY;INTERVAL=99 | 2024-02-29 FREQ=YEARLY;INTERVAL=4;COUNT=10
        2026-07-31 FREQ=YEARLY;BYMONTH=7
        1996-02-29 FREQ=YEARLY;INTERVAL=4;UNTIL=20300101
    """,
    YEAR_PLACE: """
        2026-11-26 FREQ=YEARLY;BYMONTH=11;BYDAY=4TH | 2026-11-26 FREQ=MONTHLY;BYMONTH=11;BYDAY=TH;BYSETPOS=4
        2026-03-29 FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU | 2026-10-25 FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;COUNT=9
        FREQ=YEARLY;BYMONTH=1;BYDAY=1MO | FREQ=YEARLY;BYDAY=1MO | 2026-12-28 FREQ=YEARLY;BYDAY=-1MO
        2026-05-01 FREQ=YEARLY;BYMONTH=5;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1
        2026-12-31 FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1
        2026-02-28 FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1
        2026-11-03 FREQ=YEARLY;BYMONTH=11;BYDAY=TU;BYMONTHDAY=1,2,3,4,5,6,7
        2026-01-31 FREQ=YEARLY;BYMONTH=1;BYDAY=SA,SU;BYSETPOS=-1 | 2026-01-12 FREQ=MONTHLY;INTERVAL=12;BYDAY=2MO
        2024-02-29 FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1 | 2026-01-26 FREQ=YEARLY;BYDAY=4MO
        FREQ=YEARLY;BYDAY=MO;BYSETPOS=1
    """,
}  # fmt: skip
REFUSED = {
    "repeats every few hours": "FREQ=HOURLY | FREQ=HOURLY;INTERVAL=6;COUNT=4 | FREQ=HOURLY;BYDAY=MO",
    "repeats every few minutes": "FREQ=MINUTELY;INTERVAL=30 | FREQ=MINUTELY;COUNT=2",
    "repeats every few seconds": "FREQ=SECONDLY;COUNT=3",
    "another calendar": "RSCALE=HEBREW;FREQ=YEARLY | RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD",
    "weeks given by number": """
        FREQ=YEARLY;BYWEEKNO=2 | FREQ=YEARLY;BYWEEKNO=2;BYDAY=MO | FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO
    """,
    "days of the year given by number": """
        FREQ=YEARLY;BYYEARDAY=5 | FREQ=YEARLY;BYYEARDAY=5,100 | FREQ=YEARLY;BYYEARDAY=-361
    """,
    "other times of the day": """
        FREQ=DAILY;BYHOUR=9,17 | FREQ=DAILY;BYHOUR=10 | FREQ=DAILY;BYMINUTE=0,30 | FREQ=WEEKLY;BYSECOND=0,1
    """,
    "by a number and by a date": "FREQ=DAILY;COUNT=3;UNTIL=20260110T080000Z",
    "days, and 99 is the most": "FREQ=DAILY;INTERVAL=100 | FREQ=DAILY;INTERVAL=700",
    "weeks, and 99 is the most": "FREQ=WEEKLY;INTERVAL=100 | FREQ=WEEKLY;INTERVAL=520;COUNT=2",
    "several days of the month": """
        2026-01-01 FREQ=MONTHLY;BYMONTHDAY=1,15 | FREQ=MONTHLY;BYMONTHDAY=5,20;COUNT=9 | FREQ=MONTHLY;BYMONTHDAY=5,-1
        FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=5,6 | 2026-03-29 FREQ=MONTHLY;BYMONTHDAY=29,30,31
    """,
    "from the end of the month": """
        2026-01-30 FREQ=MONTHLY;BYMONTHDAY=-2 | 2026-01-22 FREQ=MONTHLY;BYMONTHDAY=-10
        2026-12-30 FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-2
    """,
    "months that lack its day": """
        2026-01-31 FREQ=MONTHLY | 2026-01-30 FREQ=MONTHLY | 2026-01-29 FREQ=MONTHLY
        2026-01-31 FREQ=MONTHLY;BYMONTHDAY=31
        2026-12-30 FREQ=MONTHLY;BYMONTHDAY=30;INTERVAL=2 | 2024-02-29 FREQ=YEARLY
        2024-02-29 FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29
        2024-02-29 FREQ=YEARLY;INTERVAL=4 | 2026-01-31 FREQ=MONTHLY;COUNT=3 | 2026-01-31 FREQ=YEARLY;BYMONTHDAY=31
    """,
    "several n-th weekdays": """
        FREQ=MONTHLY;BYDAY=1MO,1TU | FREQ=MONTHLY;BYDAY=1MO,3MO | FREQ=YEARLY;BYMONTH=1;BYDAY=1MO,-1MO
        2026-01-12 FREQ=MONTHLY;BYDAY=2MO,4MO;COUNT=8
    """,
    "weekday that months may lack": """
        2026-03-30 FREQ=MONTHLY;BYDAY=5MO | 2026-01-19 FREQ=MONTHLY;BYDAY=-2MO
        2026-01-29 FREQ=YEARLY;BYMONTH=1;BYDAY=5TH
        2026-05-18 FREQ=YEARLY;BYDAY=20MO
    """,
    "other dates of a set": """
        2026-01-30 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,1
        2026-01-07 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=5
        2026-01-29 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2
    """,
    "several months only": """
        FREQ=DAILY;BYMONTH=1 | FREQ=YEARLY;BYMONTH=1,3;BYMONTHDAY=5 | FREQ=WEEKLY;BYMONTH=1,2
        FREQ=MONTHLY;BYMONTH=1,2,3
        2026-06-01 FREQ=WEEKLY;BYMONTH=6,7,8;BYDAY=MO;UNTIL=20280101
    """,
    "first date is none of its rule": """
        FREQ=WEEKLY;BYDAY=TU | FREQ=MONTHLY;BYMONTHDAY=6 | FREQ=MONTHLY;BYDAY=2MO | FREQ=YEARLY;BYMONTH=2
        FREQ=YEARLY;BYMONTH=11;BYDAY=4TH | FREQ=DAILY;BYDAY=SA,SU | FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30
        FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
    """,
    "ends before it begins": "FREQ=DAILY;UNTIL=20251231T230000Z | FREQ=DAILY;UNTIL=20260105T075959Z",
    "way of its own": """
        FREQ=YEARLY;BYMONTH=1;BYDAY=MO | FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR | FREQ=MONTHLY;INTERVAL=2;BYDAY=MO
        FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1
    """,
}  # fmt: skip


def rows(table: dict[str, str]) -> list[tuple[str, str, str]]:
    found = []
    for name, text in table.items():
        for row in (one.strip() for line in text.splitlines() for one in line.split("|")):
            if row:
                first, _, rule = row.rpartition(" ")
                found.append((first or "2026-01-05", rule, name))
    return found


GOOD, BAD = rows(MAPPED), rows(REFUSED)


def test_the_table_has_two_hundred_rules() -> None:
    assert len(GOOD) + len(BAD) >= 200
    assert len({(first, rule) for first, rule, _ in GOOD + BAD}) == len(GOOD) + len(BAD)


def form_of(first: str, rule: str, zone: str = "Europe/Berlin") -> dict[str, object]:
    day = date.fromisoformat(first)
    local = datetime.combine(day, datetime.min.time().replace(hour=9))
    span = Span(Zoned(local, zone), Zoned(local + timedelta(minutes=30), zone))
    if not zone:
        span = Span(AllDay(day), AllDay(day + timedelta(days=1)))
    return normal({"title": "x", "time": span, "recurrence": Recurrence((rule,))})  # type: ignore[return-value]


def made(first: str, rule: str, zone: str = "Europe/Berlin") -> dict[str, object]:
    payload = GRAPH.make("u", form_of(first, rule, zone), "m", Place("", "Europe/Berlin"))
    return json.loads(payload)["event"]["recurrence"]  # type: ignore[no-any-return]


def read_alone(first: str, rule: str) -> Recurrence:
    """What the pattern of a rule reads as where nothing is kept beside it."""
    event = json.loads(GRAPH.make("u", form_of(first, rule), ""))["event"]
    del event["singleValueExtendedProperties"]
    read = GRAPH.read(document({**event, "iCalUId": "u"})).form["recurrence"]
    assert isinstance(read, Recurrence)
    return read


def rule_dates(first: str, rule: str, days: int) -> list[date]:
    """So many days of a rule as it stands in the table, by a library that shares nothing with the mapping but dateutil
    below it. Only an UNTIL that is a day is said as its end (rrule_text), which not every library takes it for."""
    rule = re.sub(r"UNTIL=\d{8}$", r"\g<0>T215959Z", rule)
    stamp = f"{first.replace('-', '')}T090000"
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
        f"DTSTART;TZID=Europe/Berlin:{stamp}\r\nDURATION:PT30M\r\nRRULE:{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    start = date.fromisoformat(first)
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(start, start + timedelta(days=days))
    return sorted(event.start.date() for event in found)


@pytest.mark.parametrize(("first", "rule", "kind"), GOOD, ids=lambda value: str(value))
def test_a_rule_becomes_the_pattern_with_the_same_dates(first: str, rule: str, kind: str) -> None:
    said = made(first, rule)
    assert said["pattern"]["type"] == kind  # type: ignore[index]
    start, days = date.fromisoformat(first), 366 * (120 if "Yearly" in kind else 10)
    stored = outlook.checked(outlook.normal(said, start, limits=True))
    assert outlook.dates(stored, start + timedelta(days=days - 1)) == rule_dates(first, rule, days)


@pytest.mark.parametrize(("first", "rule", "kind"), GOOD, ids=lambda value: str(value))
def test_the_pattern_reads_back_as_the_rule(first: str, rule: str, kind: str) -> None:
    form = form_of(first, rule)
    assert GRAPH.read(GRAPH.make("u", form, "m")).form == form
    span, read = form["time"], read_alone(first, rule)
    assert isinstance(span, Span)
    assert same_recurrence(span, read, form["recurrence"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "rule", "kind"), GOOD, ids=lambda value: str(value))
def test_what_was_read_from_a_pattern_becomes_it_again(first: str, rule: str, kind: str) -> None:
    said = made(first, rule)
    again = made(first, read_alone(first, rule).rules[0])
    last = date.fromisoformat(first) + timedelta(days=3653)
    assert outlook_dates(again, first, last) == outlook_dates(said, first, last)


def outlook_dates(said: dict[str, object], first: str, last: date) -> list[date]:
    return outlook.dates(outlook.normal(said, date.fromisoformat(first), limits=True), last)


@pytest.mark.parametrize(("first", "rule", "reason"), BAD, ids=lambda value: str(value))
def test_a_rule_without_a_pattern_is_refused_with_its_reason(first: str, rule: str, reason: str) -> None:
    with pytest.raises(MappingError) as caught:
        made(first, rule)
    assert reason in str(caught.value)


@pytest.mark.parametrize(("first", "rule", "kind"), [row for row in GOOD if "T" not in row[1].partition("UNTIL")[2]
                                                     and "BYHOUR" not in row[1]], ids=lambda value: str(value))
def test_all_day_series_have_the_same_patterns(first: str, rule: str, kind: str) -> None:
    assert made(first, rule, "")["pattern"] == made(first, rule)["pattern"]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Apia", "America/Los_Angeles", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("until", ["20260410T000000Z", "20260410T110000Z", "20260410T200000Z", "20260410T210000Z",
                                   "20260409T210000Z", "20261101T170000Z"])  # fmt: skip
def test_until_becomes_the_day_of_the_last_instance_in_the_zone_of_the_series(zone: str, until: str) -> None:
    form = form_of("2026-01-05", f"FREQ=DAILY;UNTIL={until}", zone)
    end = date.fromisoformat(made("2026-01-05", f"FREQ=DAILY;UNTIL={until}", zone)["range"]["endDate"])  # type: ignore[index]
    rule, span = form["recurrence"], form["time"]
    assert isinstance(rule, Recurrence) and isinstance(span, Span) and isinstance(span.start, Zoned)
    last = last_end(form)  # type: ignore[arg-type]
    assert last is not None
    assert (last - timedelta(minutes=30)).astimezone(ZoneInfo(zone)).date() == end
