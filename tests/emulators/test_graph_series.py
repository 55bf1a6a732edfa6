"""Series in the Graph emulator: patterns, ranges, expansion, masters. Each test cites its items."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrulestr

from tests.emulators.graph import graph_emulator, recurrence
from tests.emulators.graph.client import Api, Json, at, body, event, q, refusal, weekly

BLOB = "Binary {00062002-0000-0000-c000-000000000046} Id 0x8216"
ICAL = dict(zip(recurrence.DAYS, ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], strict=True))


def rule(start: str, *, count: int = 0, end: str = "", **pattern: Any) -> Json:
    kind = (
        {"type": "numbered", "numberOfOccurrences": count}
        if count
        else {"type": "endDate", "endDate": end}
        if end
        else {"type": "noEnd"}
    )
    return {"pattern": {"interval": 1, **pattern}, "range": {"startDate": start, **kind}}


def days(rows: list[Json]) -> list[str]:
    return [row["start"]["dateTime"][:10] for row in rows]


# -- validation --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pattern", "code"), [
    ({"type": "weekly", "daysOfWeek": []}, "ErrorCalendarInvalidRecurrence"),
    ({"type": "absoluteMonthly"}, "ErrorCalendarInvalidRecurrence"),
    ({"type": "absoluteYearly", "dayOfMonth": 5}, "ErrorCalendarInvalidRecurrence"),
    ({"type": "relativeYearly", "daysOfWeek": ["monday"]}, "ErrorCalendarInvalidRecurrence"),
    ({"type": "daily", "interval": 0}, "ErrorCalendarInvalidRecurrence"),
    ({"type": "daily", "interval": 100}, "ErrorPropertyValidationFailure"),
    ({"type": "daily", "dayOfMonth": 77}, "ErrorPropertyValidationFailure"),
])
def test_patterns_are_validated_unused_members_too(pattern: Json, code: str) -> None:
    """L16.38"""
    with graph_emulator() as g, Api(g) as api:
        answer = api.post("me/events", event(recurrence=rule("2026-01-05", **pattern)))
        assert refusal(answer) == (400, code)


@pytest.mark.parametrize(("extent", "code"), [
    ({"startDate": "2026-01-06"}, "ErrorInvalidRecurrenceRange"),
    ({"recurrenceTimeZone": "Asia/Tokyo"}, "ErrorPropertyValidationFailure"),
    ({"type": "endDate", "endDate": "2026-01-04"}, "ErrorInvalidRecurrenceRange"),
    ({"type": "endDate", "endDate": "4500-09-02"}, "ErrorRecurrenceEndDateTooBig"),
    ({"type": "numbered", "numberOfOccurrences": 0}, "ErrorInvalidRecurrenceRange"),
    ({"type": "numbered", "numberOfOccurrences": 1000}, "ErrorInvalidRecurrenceRange"),
])
def test_ranges_are_validated(extent: Json, code: str) -> None:
    """L16.38"""
    with graph_emulator() as g, Api(g) as api:
        sent = weekly()
        sent["range"] |= extent
        assert refusal(api.post("me/events", event(recurrence=sent))) == (400, code)


def test_a_rule_without_an_occurrence_is_refused_and_so_are_too_long_occurrences() -> None:
    """L16.38"""
    with graph_emulator() as g, Api(g) as api:
        none = rule("2026-01-05", end="2026-01-06", type="weekly", daysOfWeek=["friday"])
        assert refusal(api.post("me/events", event(recurrence=none))) == (400, "ErrorRecurrenceHasNoOccurrence")
        daily = rule("2026-01-05", type="daily")
        long = api.post("me/events", event(end="2026-01-06T10:00:00", recurrence=daily))
        assert refusal(long) == (400, "ErrorOccurrenceTimeSpanTooBig")


def test_the_start_date_is_the_local_one_and_zone_names_may_be_mixed() -> None:
    """L16.38 (L5.1): 01:00Z on the 29th is the 28th in Los Angeles"""
    with graph_emulator() as g, Api(g) as api:
        late = {"start": "2026-10-28T18:00:00", "zone": "America/Los_Angeles"}
        sent = rule("2026-10-28", count=3, type="weekly", daysOfWeek=["wednesday"])
        sent["range"]["recurrenceTimeZone"] = "Pacific Standard Time"
        assert api.create(**late, recurrence=sent)["start"]["dateTime"] == "2026-10-29T01:00:00.0000000"
        wrong = rule("2026-10-29", count=3, type="weekly", daysOfWeek=["thursday"])
        assert refusal(api.post("me/events", event(**late, recurrence=wrong))) == (400, "ErrorInvalidRecurrenceRange")


@pytest.mark.parametrize(("knob", "first"), [("move", "2026-01-09"), ("keep", "2026-01-05"), ("refuse", None)])
def test_a_start_off_the_pattern(knob: str, first: str | None) -> None:
    """L16.38 (L17.4)"""
    with graph_emulator(off_pattern_start=knob) as g, Api(g) as api:
        answer = api.post(
            "me/events", event(recurrence=rule("2026-01-05", count=2, type="weekly", daysOfWeek=["friday"]))
        )
        if first is None:
            assert refusal(answer) == (400, "ErrorInvalidRecurrenceRange")
        else:
            assert days([body(answer)]) == [first]
            assert days(api.instances(body(answer)["id"])) == ["2026-01-09", "2026-01-16"]


@pytest.mark.parametrize(("knob", "shown"), [
    ("event", "W. Europe Standard Time"), ("empty", ""), ("custom", "tzone://Microsoft/Custom"),
])
def test_unused_members_are_filled_on_read(knob: str, shown: str) -> None:
    """L16.39"""
    with graph_emulator(recurrence_zone=knob) as g, Api(g) as api:
        told = api.create(recurrence=rule("2026-01-05", type="daily"))["recurrence"]
        assert told["pattern"] == {
            "type": "daily",
            "interval": 1,
            "month": 0,
            "dayOfMonth": 0,
            "firstDayOfWeek": "sunday",
            "index": "first",
        }
        assert told["range"] == {"type": "noEnd", "startDate": "2026-01-05", "endDate": "0001-01-01",
                                 "numberOfOccurrences": 0, "recurrenceTimeZone": shown}


# -- expansion ---------------------------------------------------------------------------------------------------------


def test_a_series_keeps_its_wall_time_across_summer_time_and_one_in_utc_does_not() -> None:
    """L16.40"""
    with graph_emulator() as g, Api(g) as api:
        for zone, hours in (("Europe/Berlin", ["08", "08", "07"]), ("UTC", ["09", "09", "09"])):
            made = api.create(start="2026-03-16T09:00:00", zone=zone, recurrence=weekly("2026-03-16", 3))
            assert [row["start"]["dateTime"][11:13] for row in api.instances(made["id"])] == hours
        gap = api.create(start="2026-03-29T02:30:00")
        assert gap["start"]["dateTime"] == "2026-03-29T01:30:00.0000000", "a time that does not exist moves forward"


@pytest.mark.parametrize(
    ("start", "pattern", "expected"),
    [
        ("2026-01-31", {"type": "absoluteMonthly", "dayOfMonth": 31}, "01-31 02-28 03-31 04-30"),
        ("2026-01-30", {"type": "absoluteMonthly", "dayOfMonth": 30}, "01-30 02-28 03-30 04-30"),
        ("2024-02-29", {"type": "absoluteYearly", "dayOfMonth": 29, "month": 2}, "02-29 02-28 02-28 02-28"),
        (
            "2026-01-05",
            {"type": "relativeMonthly", "daysOfWeek": ["monday", "tuesday"], "index": "first"},
            "01-05 02-02 03-02 04-06",
        ),
        (
            "2026-01-30",
            {"type": "relativeMonthly", "daysOfWeek": recurrence.DAYS[:5], "index": "last"},
            "01-30 02-27 03-31 04-30",
        ),
        (
            "2026-11-26",
            {"type": "relativeYearly", "daysOfWeek": ["thursday"], "index": "fourth", "month": 11},
            "11-26 11-25 11-23 11-22",
        ),
        (
            "2026-01-04",
            {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"], "firstDayOfWeek": "sunday"},
            "01-04 01-05 01-18 01-19",
        ),
        (
            "2026-01-04",
            {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"], "firstDayOfWeek": "monday"},
            "01-04 01-12 01-18 01-26",
        ),
    ],
)
def test_expansion_as_outlook_does_it(start: str, pattern: Json, expected: str) -> None:
    """L16.40 (the vectors of L5.3)"""
    stored = recurrence.normal(rule(start, **pattern), date.fromisoformat(start), limits=True)
    assert " ".join(f"{day:%m-%d}" for day in recurrence.dates(stored, date.max, limit=4)) == expected


def _as_rrule(p: Json) -> str:
    """By L5.2, days 29 to 31 left out."""
    step, names = f";INTERVAL={p['interval']}", ",".join(ICAL[day] for day in p.get("daysOfWeek", ()))
    place = f";BYDAY={names};BYSETPOS={recurrence.INDEX[p.get('index', 'first')]}"
    return {
        "daily": f"FREQ=DAILY{step}",
        "weekly": f"FREQ=WEEKLY{step};BYDAY={names};WKST={ICAL[p.get('firstDayOfWeek', 'sunday')]}",
        "absoluteMonthly": f"FREQ=MONTHLY{step};BYMONTHDAY={p.get('dayOfMonth')}",
        "relativeMonthly": f"FREQ=MONTHLY{step}{place}",
        "absoluteYearly": f"FREQ=YEARLY{step};BYMONTH={p.get('month')};BYMONTHDAY={p.get('dayOfMonth')}",
        "relativeYearly": f"FREQ=YEARLY{step};BYMONTH={p.get('month')}{place}",
    }[p["type"]]


def test_expansion_agrees_with_dateutil() -> None:
    """L16.40: 600 random patterns"""
    dice = random.Random(5)
    for _ in range(600):
        start = date(2020, 1, 1) + timedelta(days=dice.randrange(3000))
        pattern = {
            "type": dice.choice(list(recurrence.NEEDED)),
            "interval": dice.randint(1, 4),
            "month": dice.randint(1, 12),
            "dayOfMonth": dice.randint(1, 28),
            "index": dice.choice(list(recurrence.INDEX)),
            "firstDayOfWeek": dice.choice(recurrence.DAYS),
            "daysOfWeek": dice.sample(recurrence.DAYS, dice.randint(1, 7)),
        }
        stored = recurrence.normal(rule(start.isoformat(), **pattern), start, limits=True)
        text = _as_rrule(stored["pattern"])
        wanted = [
            hit.date()
            for hit, _ in zip(
                rrulestr(text, dtstart=datetime.combine(start, datetime.min.time())), range(30), strict=False
            )
        ]
        assert recurrence.dates(stored, date.max, limit=len(wanted)) == wanted, text


# -- masters -----------------------------------------------------------------------------------------------------------


def test_a_master_changes_its_zone_only_with_its_rule() -> None:
    """L16.41"""
    with graph_emulator() as g, Api(g) as api:
        path = f"me/events/{q(api.create(recurrence=weekly())['id'])}"
        moved = {"start": at("2026-01-05T09:00:00", "Asia/Tokyo"), "end": at("2026-01-05T10:00:00", "Asia/Tokyo")}
        assert refusal(api.patch(path, moved)) == (400, "ErrorPropertyValidationFailure")
        uneven = moved | {"end": at("2026-01-05T10:00:00", "Europe/Berlin"), "recurrence": weekly()}
        assert refusal(api.patch(path, uneven)) == (400, "ErrorPropertyValidationFailure")
        after = body(api.patch(path, moved | {"recurrence": weekly()}))
        assert after["originalStartTimeZone"] == "Tokyo Standard Time"


def test_a_series_becomes_a_single_event_and_back() -> None:
    """L16.41"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(recurrence=weekly())
        path = f"me/events/{q(made['id'])}"
        single = body(api.patch(path, {"recurrence": None}))
        assert (single["type"], single["recurrence"], single["start"]) == ("singleInstance", None, made["start"])
        assert (
            refusal(api.get(f"{path}/instances", {"startDateTime": "2026-01-01", "endDateTime": "2026-02-01"}))[0]
            == 400
        )
        again = body(api.patch(path, {"recurrence": weekly(count=2)}))
        assert again["type"] == "seriesMaster" and len(api.instances(made["id"])) == 2


@pytest.mark.parametrize("drops", [True, False])
@pytest.mark.parametrize("change", [
    {"recurrence": weekly(count=5)},
    {"start": at("2026-01-05T11:00:00"), "end": at("2026-01-05T12:00:00")},
])
def test_time_or_rule_of_a_master_drop_its_exceptions(drops: bool, change: Json) -> None:
    """L16.44 (knob)"""
    with graph_emulator(master_patch_drops=drops) as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        rows = api.instances(master)
        api.patch(f"me/events/{q(rows[1]['id'])}", {"subject": "Other"})
        api.delete(f"me/events/{q(rows[2]['id'])}")
        api.patch(f"me/events/{q(master)}", change)
        after = api.instances(master)
        assert len(after) == (5 if drops else 4)
        assert ("Other" in [row["subject"] for row in after]) != drops


def test_other_members_of_a_master_are_inherited_except_where_overridden() -> None:
    """L16.44"""
    with graph_emulator() as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        api.patch(f"me/events/{q(api.instances(master)[1]['id'])}", {"subject": "Own"})
        api.patch(f"me/events/{q(master)}", {"subject": "New", "location": {"displayName": "Hall"}})
        rows = api.instances(master)
        assert [row["subject"] for row in rows] == ["New", "Own", "New", "New", "New"]
        assert {row["location"]["displayName"] for row in rows} == {"Hall"}


def test_rewriting_the_rule_gives_occurrences_new_ids() -> None:
    """L16.42 (A8)"""
    with graph_emulator() as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        old = api.instances(master)[0]["id"]
        api.patch(f"me/events/{q(master)}", {"recurrence": weekly(count=3)})
        assert api.get(f"me/events/{q(old)}").status_code == 404
        assert api.instances(master)[0]["id"] != old
