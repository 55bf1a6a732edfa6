"""Zones of Outlook and of IANA: the same instants on both sides, 2000 to 2040, or a refusal; never a shift (I16).

Every Windows name and every IANA name is looked at around each change of its clock. All-day events keep their days in
zones on both sides of UTC.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.graph.clock import Clock, is_plain, node_of
from calsync_cli.mapping.graph.document import document
from calsync_cli.mapping.graph.fields import times
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.graph.zoned import put_span
from calsync_cli.mapping.graph.zones import known, same_clock, sent, transitions, windows_zones
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.series import CANCELLED, Form, Recurrence
from calsync_cli.model.times import AllDay, InstanceKey, Span, Zoned, instance_key, utc
from tests.emulators.graph import zones as outlook
from tests.emulators.graph.views import original
from tests.emulators.graph.world import Item
from tests.unit.graph_outlook import Outlook

IANA = sorted(name for name in available_timezones() if name not in ("localtime", "Factory"))
WINDOWS = outlook.WINDOWS
"""The emulator's own table: CLDR windowsZones, territory 001 (facts L13.2)."""
HOME = Place("", "Europe/Berlin")
YEARS = range(2000, 2041)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@cache
def clock_of(tzid: str) -> tuple[tuple[datetime, timedelta], ...]:
    """When a zone's offset changes and to what, found by walking: no two changes of these years are within six days."""
    at = datetime(1999, 12, 1, 12, tzinfo=ZoneInfo(tzid))
    offset = at.utcoffset()
    found = [(at.astimezone(UTC), offset)]
    while at.year <= YEARS[-1] + 1:
        later = at + timedelta(days=6)
        if (after := later.utcoffset()) != offset:
            found.append((_minute_of(at.astimezone(UTC), later, after), after))
        at, offset = later, after
    return tuple((instant, offset) for instant, offset in found if offset is not None)


def _minute_of(low: datetime, later: datetime, after: timedelta | None) -> datetime:
    def changed(by: int) -> bool:
        return (low + by * MINUTE).astimezone(later.tzinfo).utcoffset() == after

    return low + bisect_left(range((later - low) // MINUTE), True, key=changed) * MINUTE


def one_clock(a: str, b: str, first: date, last: date) -> bool:
    """Whether two zones show the same from the first day to the last."""
    low, high = (datetime.combine(day, time(12), UTC) for day in (first, last))
    return clock_between(a, low, high) == clock_between(b, low, high)


def clock_between(tzid: str, low: datetime, high: datetime) -> tuple[tuple[datetime, timedelta], ...]:
    clock = clock_of(tzid)
    begin = bisect_right(clock, low, key=itemgetter(0))
    return ((low, clock[begin - 1][1]), *clock[begin : bisect_right(clock, high, key=itemgetter(0))])


def moments_of(tzid: str, years: range = YEARS) -> Iterator[datetime]:
    """Instants half an hour before each change of a zone's clock, and some far from any."""
    yield from (datetime(year, 7, 1, 10, tzinfo=UTC) for year in YEARS[::10])
    yield from (at - 30 * MINUTE for at, _ in clock_of(tzid)[1:] if at.year in years)


@cache
def first_alike() -> dict[tuple[tuple[datetime, timedelta], ...], str]:
    """The first name of each clock: 597 names have 191, and what another name repeats is looked at less closely."""
    return {clock_of(name): name for name in reversed(IANA)}


def single(start: Zoned, end: Zoned) -> Form:
    return normal({"title": "x", "time": Span(start, end)})


def instant_of(local: datetime, tzid: str) -> datetime:
    return local.replace(tzinfo=ZoneInfo(tzid)).astimezone(UTC)


def shown_instants(event: dict[str, Any]) -> tuple[datetime, datetime]:
    """When the event is, by the emulator's zones and nothing of ours."""
    nodes = (event["start"], event["end"])
    first, last = (datetime.fromisoformat(n["dateTime"]).replace(tzinfo=outlook.zone(n["timeZone"])) for n in nodes)
    return first.astimezone(UTC), last.astimezone(UTC)


# -- names -------------------------------------------------------------------------------------------------------------


def test_every_windows_name_is_known_by_the_zone_that_cldr_gives_it() -> None:
    assert {name: known(name) for name in WINDOWS} == {
        name: "UTC" if tzid == "Etc/UTC" else tzid for name, tzid in WINDOWS.items()
    }
    assert set(windows_zones()) == set(WINDOWS)


@pytest.mark.parametrize(
    ("name", "tzid"),
    [("w. europe standard time", "Europe/Berlin"), ("Europe/Vienna", "Europe/Vienna"), ("UTC", "UTC"), ("utc", "UTC"),
     ("tzone://Microsoft/Utc", "UTC"), ("tzone://Microsoft/Custom", None), ("Customized Time Zone", None), ("", None),
     ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Amsterdam"), ("EST", "EST"),
     ("Pacific Standard Time (Mexico)", "America/Tijuana"), ("UTC-11", "Etc/GMT+11"), ("GMT", "GMT")],
)  # fmt: skip
def test_names_of_the_wild(name: str, tzid: str | None) -> None:
    assert known(name) == tzid


def test_only_names_that_the_service_takes_are_sent() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    names = {tzid: sent(tzid, now, None) for tzid in IANA}
    assert {name for name in names.values() if name} <= set(WINDOWS)
    assert [tzid for tzid, name in names.items() if name is None] == ["Antarctica/Troll"]


def test_a_zone_is_sent_under_the_name_people_know_it_by() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    wanted = {
        "Europe/Berlin": "W. Europe Standard Time", "Europe/London": "GMT Standard Time",
        "America/New_York": "Eastern Standard Time", "Asia/Kolkata": "India Standard Time",
        "Asia/Calcutta": "India Standard Time", "Europe/Vienna": "W. Europe Standard Time", "GMT": "UTC", "UTC": "UTC",
        "Africa/Accra": "Greenwich Standard Time",
    }  # fmt: skip
    assert {tzid: sent(tzid, now, None) for tzid in wanted} == wanted


# -- instants ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tzid", IANA)
def test_single_events_of_every_iana_zone_have_the_same_instants(tzid: str) -> None:
    for moment in moments_of(tzid, YEARS if first_alike()[clock_of(tzid)] == tzid else YEARS[::10]):
        before = moment.astimezone(ZoneInfo(tzid)).replace(tzinfo=None, fold=0)
        for start in (before, before + HOUR, before + 2 * HOUR):  # once, perhaps twice or not at all, and once again
            span = Span(Zoned(start, tzid), Zoned(start + 45 * MINUTE, tzid))
            event: dict[str, object] = {}
            kept: dict[str, object] = {}
            put_span(event, span, kept, "", life=None, floating=False)
            wanted = instant_of(start, tzid), instant_of(start + 45 * MINUTE, tzid)
            assert shown_instants(event) == wanted
            back = times(event, kept, Clock(), [], recurs=False)
            assert isinstance(back.start, Zoned) and isinstance(back.end, Zoned)
            assert (utc(back.start), utc(back.end)) == (wanted[0], max(wanted))
            assert back == span or not (is_plain(span.start) and is_plain(span.end))


@pytest.mark.parametrize("name", sorted(WINDOWS))
def test_single_events_of_every_windows_zone_are_read_at_the_same_instants(name: str) -> None:
    tzid = WINDOWS[name]
    for instant in (moment + by * HOUR for moment in moments_of(tzid) for by in range(3)):
        node = {"dateTime": f"{instant:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
        event = {"id": "e", "type": "singleInstance", "start": node, "end": node, "originalStartTimeZone": name}
        span = GRAPH.read(document(event)).form["time"]
        assert isinstance(span, Span) and isinstance(span.start, Zoned)
        assert utc(span.start) == instant
        local = instant.astimezone(ZoneInfo(tzid)).replace(tzinfo=None)
        assert span.start.local == local.replace(fold=0) or span.start.tzid == "UTC"


@pytest.mark.parametrize("name", sorted(WINDOWS))
def test_series_of_every_windows_zone_have_the_same_instants_and_so_has_their_copy(name: str) -> None:
    """A night watch of 41 years that somebody keeps in Outlook, on the days around each change of its clock."""
    first, last = datetime(2000, 1, 1, 2, 30), "2040-12-31"
    theirs, ours = Outlook(zone_names="echo"), Outlook()
    item = theirs.write({
        "start": node_of(Zoned(first, "UTC"), name), "end": node_of(Zoned(first + HOUR, "UTC"), name),
        "recurrence": {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "endDate", "startDate": "2000-01-01", "endDate": last},
        },
    })  # fmt: skip
    form = GRAPH.read(theirs.read(item)).form
    copy = ours.create(GRAPH.make("u", form, "m", HOME))
    assert GRAPH.read(ours.read(copy)).form == form
    span = form["time"]
    assert isinstance(span, Span) and isinstance(span.start, Zoned) and isinstance(span.end, Zoned)
    for moment in moments_of(WINDOWS[name]):
        for day in (moment.date() + timedelta(days=by) for by in (-1, 0, 1)):
            start, end = (instant_of(datetime.combine(day, at.local.time()), at.tzid) for at in (span.start, span.end))
            assert instants_at(item, day) == instants_at(copy, day) == (start, end), day


def instants_at(item: Item, day: date) -> tuple[datetime, datetime]:
    """When the occurrence of a date is, by the emulator."""
    assert item.now is not None
    start, end = original(item.now, day)
    return start.instant, end.instant


@pytest.mark.parametrize("tzid", IANA)
def test_series_of_every_iana_zone_keep_their_instants_or_are_refused(tzid: str) -> None:
    """A daily series over all 40 years, and one from today on: each instant by Outlook's zone and by ours."""
    for first, years in ((date(2000, 1, 1), 41), (date(2026, 11, 24), 15)):
        local = datetime.combine(first, time(12))
        last = first.replace(year=first.year + years - 1)
        if first_alike()[clock_of(tzid)] != tzid:
            known_as = sent(tzid, *(datetime.combine(day, time(12), UTC) for day in (first, last)))
            assert one_clock(tzid, WINDOWS[known_as], first, last) if known_as else _has_none(tzid, first, last)
            continue
        span = Span(Zoned(local, tzid), Zoned(local + timedelta(hours=1), tzid))
        form = normal({"time": span, "recurrence": Recurrence((f"FREQ=DAILY;UNTIL={last:%Y%m%d}",))})
        try:
            payload = GRAPH.make("u", form, "m", HOME)
        except MappingError as err:
            assert "none of Outlook's time zones keeps the clock" in str(err)
            assert _has_none(tzid, first, last)
            continue
        name = json.loads(payload)["event"]["start"]["timeZone"]
        assert one_clock(tzid, outlook.zone(name).key, first, last)
        assert GRAPH.read(payload).form == form


def _has_none(tzid: str, first: date, last: date) -> bool:
    return not any(one_clock(tzid, other, first, last) for other in WINDOWS.values())


def test_two_zones_have_one_clock_only_if_it_changes_at_the_very_same_second() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert same_clock("Europe/Berlin", "Europe/Vienna", start, end)
    assert not same_clock("Europe/Chisinau", "Europe/Bucharest", start, end)  # three hours apart on the same night
    summer = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    assert same_clock("Europe/Chisinau", "Europe/Bucharest", *summer)


# -- what comes back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["windows", "echo"])
@pytest.mark.parametrize(
    "tzid", ["Europe/Vienna", "America/Indiana/Knox", "Asia/Kolkata", "Antarctica/Troll", "UTC", "Etc/GMT+5"]
)
def test_the_zone_that_was_meant_comes_back(tzid: str, names: str) -> None:
    box = Outlook(zone_names=names)
    form = single(Zoned(datetime(2026, 11, 24, 9, 30), tzid), Zoned(datetime(2026, 11, 24, 10, 30), tzid))
    assert GRAPH.read(box.read(box.create(GRAPH.make("u", form, "m", HOME)))).form == form


def test_a_zone_that_a_person_changed_in_outlook_counts() -> None:
    half_ten = Zoned(datetime(2026, 11, 24, 9, 30), "Europe/Vienna")
    form = single(half_ten, half_ten)
    data = json.loads(GRAPH.make("u", form, "m", HOME))
    data["event"] |= {"originalStartTimeZone": "Tokyo Standard Time", "originalEndTimeZone": "Tokyo Standard Time"}
    span = GRAPH.read(json.dumps(data).encode()).form["time"]
    there = Zoned(datetime(2026, 11, 24, 17, 30), "Asia/Tokyo")
    assert span == Span(there, there)


def test_a_series_in_a_zone_that_outlook_lacks_is_refused() -> None:
    noon = datetime(2026, 11, 24, 12)
    form = normal({
        "time": Span(Zoned(noon, "Antarctica/Troll"), Zoned(noon, "Antarctica/Troll")),
        "recurrence": Recurrence(("FREQ=WEEKLY",)),
    })  # fmt: skip
    with pytest.raises(MappingError, match="none of Outlook's time zones keeps the clock of Antarctica/Troll"):
        GRAPH.make("u", form, "m", HOME)


def test_a_short_series_may_use_a_zone_that_has_its_clock_for_as_long() -> None:
    noon = datetime(2026, 6, 1, 12)
    form = normal({
        "time": Span(Zoned(noon, "Antarctica/Troll"), Zoned(noon, "Antarctica/Troll")),
        "recurrence": Recurrence(("COUNT=4;FREQ=WEEKLY",)),
    })  # fmt: skip
    assert GRAPH.read(GRAPH.make("u", form, "m", HOME)).form == form


# -- all-day -----------------------------------------------------------------------------------------------------------

SIDES = [
    "Pacific/Kiritimati", "Pacific/Auckland", "Asia/Tokyo", "Europe/Berlin", "UTC", "America/New_York",
    "Pacific/Honolulu", "Etc/GMT+12", "",
]  # fmt: skip


@pytest.mark.parametrize("zone", SIDES)
def test_all_day_events_keep_their_days_in_every_mailbox(zone: str) -> None:
    form = normal({"title": "x", "time": Span(AllDay(date(2026, 11, 24)), AllDay(date(2026, 11, 26)))})
    box = Outlook()
    payload = GRAPH.make("u", form, "m", Place("", zone))
    event = json.loads(payload)["event"]
    assert [event[name]["dateTime"] for name in ("start", "end")] == ["2026-11-24T00:00:00", "2026-11-26T00:00:00"]
    assert event["start"]["timeZone"] == event["end"]["timeZone"]
    assert GRAPH.read(box.read(box.create(payload))).form == form


@pytest.mark.parametrize("zone", SIDES)
def test_instances_of_all_day_series_keep_their_days(zone: str) -> None:
    form = normal({
        "title": "x", "time": Span(AllDay(date(2026, 11, 24)), AllDay(date(2026, 11, 25))),
        "recurrence": Recurrence(("FREQ=WEEKLY",)), "@20261201": CANCELLED, "@20261208/title": "other",
        "@20261215/time": Span(AllDay(date(2026, 12, 16)), AllDay(date(2026, 12, 17))),
    })  # fmt: skip
    box = Outlook()
    payload = box.read(box.create(GRAPH.make("u", form, "m", Place("", zone))))
    assert GRAPH.read(payload).form == form
    data = json.loads(payload)
    for one in data["instances"]:
        del one["occurrenceId"]
    assert GRAPH.read(json.dumps(data).encode()).form == form, "by the instant of its midnight alone"


@pytest.mark.parametrize(
    "zone", ["Pacific/Kiritimati", "Pacific/Auckland", "Asia/Kolkata", "Pacific/Honolulu", "America/New_York"]
)
@pytest.mark.parametrize("hour", [0, 1, 9, 13, 23])
def test_deleted_dates_are_those_of_the_series_whatever_the_date_at_greenwich(zone: str, hour: int) -> None:
    start = Zoned(datetime(2026, 11, 24, hour, 30), zone)
    days = [Zoned(start.local + timedelta(days=n), zone) for n in (1, 3, 4)]
    form = normal({
        "time": Span(start, Zoned(start.local + timedelta(minutes=20), zone)),
        "recurrence": Recurrence(("FREQ=DAILY",)),
        **{f"@{instance_key(day)}": CANCELLED for day in days},
    })  # fmt: skip
    box = Outlook()
    assert GRAPH.read(box.read(box.create(GRAPH.make("u", form, "m", HOME)))).form == form


# -- dates around a change of clocks -----------------------------------------------------------------------------------

NIGHTS = [
    (zone, at.astimezone(ZoneInfo(zone)).date(), clock)
    for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana")
    for at, _ in transitions(zone, 2026)
    for clock in (time(0, 30), time(1, 45), time(2, 30), time(3, 15))
]


def around_a_change(zone: str, night: date, clock: time) -> tuple[dict[str, Any], list[InstanceKey]]:
    """A daily series, and the keys of its dates around a change of its clock."""
    first = Zoned(datetime.combine(night - timedelta(days=5), clock), zone)
    span = Span(first, Zoned(first.local + timedelta(minutes=10), zone))
    days = [Zoned(datetime.combine(night + timedelta(days=by), clock), zone) for by in (-1, 0, 1)]
    form = {"title": "x", "time": span, "recurrence": Recurrence(("FREQ=DAILY",))}
    return form, [instance_key(day) for day in days]


def later(key: InstanceKey, by: timedelta) -> InstanceKey:
    return f"{datetime.fromisoformat(key) + by:%Y%m%dT%H%M%SZ}"


@pytest.mark.parametrize(("zone", "night", "clock"), NIGHTS)
def test_dates_around_a_change_of_clocks_can_be_deleted_and_no_others(zone: str, night: date, clock: time) -> None:
    form, keys = around_a_change(zone, night, clock)
    others = {later(key, by) for key in keys for by in (-HOUR, HOUR)}
    wanted = normal({**form, **{f"@{key}": CANCELLED for key in {*keys, *others}}})
    outlook = Outlook()
    item = outlook.create(GRAPH.make("u", wanted, "m", HOME))
    assert GRAPH.read(outlook.read(item)).form == wanted
    assert item.now is not None and len(item.now.cancelled) == 3, "what is no date is only kept"


@pytest.mark.parametrize(("zone", "night", "clock"), NIGHTS)
def test_dates_around_a_change_of_clocks_can_be_changed_and_no_others(zone: str, night: date, clock: time) -> None:
    form, keys = around_a_change(zone, night, clock)
    wanted = normal({**form, **{f"@{key}/title": "y" for key in keys}})
    outlook = Outlook()
    assert GRAPH.read(outlook.read(outlook.create(GRAPH.make("u", wanted, "m", HOME)))).form == wanted
    for key in {later(key, by) for key in keys for by in (-HOUR, HOUR)}:
        with pytest.raises(MappingError, match="is no date of its series"):
            GRAPH.make("u", normal({**form, f"@{key}/title": "y"}), "m", HOME)


@pytest.mark.parametrize("name", sorted(WINDOWS))
def test_all_day_events_of_every_windows_zone_keep_their_days(name: str) -> None:
    """Also where the day has 23 or 25 hours, or is missing."""
    outlook = Outlook(zone_names="echo")
    for first in (date(2000, 2, 29), date(2011, 12, 30), date(2026, 3, 29), date(2026, 10, 25), date(2040, 12, 31)):
        span = Span(AllDay(first), AllDay(first + timedelta(days=2)))
        days = {"start": node_of(span.start, name), "end": node_of(span.end, name), "isAllDay": True}
        form = GRAPH.read(outlook.read(outlook.write(days))).form
        assert form["time"] == span
        assert GRAPH.read(outlook.read(outlook.create(GRAPH.make("u", form, "m", Place("", name))))).form == form
