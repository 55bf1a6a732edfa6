"""G5: a clock that is far off, or jumped back, stops a group before it writes."""

from datetime import UTC, datetime, timedelta

from calsync_cli.engine.guards import check
from calsync_cli.engine.plan import plan
from calsync_cli.engine.world import CalendarState, Rules, Snapshot

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def _kinds(server: timedelta, last: timedelta | None) -> list[str]:
    calendars = (CalendarState(1, "a/A", "ia", server_now=NOW + server), CalendarState(2, "b/B", "ib"))
    last_run = None if last is None else NOW + last
    snap = Snapshot(Rules("g", ("p",)), calendars, (), (), NOW, "i" * 32, last_run=last_run)
    return [trip.kind for trip in check(snap, plan(snap))]


def test_a_clock_within_a_day_of_the_servers_goes_on() -> None:
    assert _kinds(timedelta(hours=23), None) == []
    assert _kinds(timedelta(hours=-23), timedelta(minutes=-15)) == []


def test_a_clock_more_than_a_day_off_stops() -> None:
    assert _kinds(timedelta(hours=25), None) == ["G5"]
    assert _kinds(timedelta(hours=-25), None) == ["G5"]


def test_a_clock_that_went_back_over_an_hour_stops() -> None:
    assert _kinds(timedelta(0), timedelta(minutes=59)) == []
    assert _kinds(timedelta(0), timedelta(minutes=61)) == ["G5"]
