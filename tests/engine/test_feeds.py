"""A feed into a folder, by the whole engine and real HTTP, with a clock that a test moves (O2, O9, V8, G2)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from calsync_cli.api import open_workspace
from calsync_cli.config.load import load
from calsync_cli.engine.report import Report
from calsync_cli.engine.state import Wish
from calsync_cli.mapping.ical import ICAL
from calsync_cli.ports import system_ports
from tests.fakes.ics_server import SECRET, FeedServer, event, feed, feed_server

CONFIG = """
[accounts.days]
provider = "ics"
url = "{url}"
[accounts.x]
provider = "vdir"
path = "x"
[pairs.days]
a = "days/feed"
b = "x/Days"
first_sync = "auto"
"""


class Desk:
    """One publisher, one folder. `run` is one run of the program, some time after the last one."""

    def __init__(self, folder: Path, server: FeedServer) -> None:
        self.server, self.folder = server, folder / "x" / "Days"
        self.folder.mkdir(parents=True)
        self._state, self._file, self._now = folder / "state", folder / "config.toml", system_ports().now()
        self._state.mkdir()
        self._file.write_text(CONFIG.format(url=server.url + SECRET))
        self._requests = 0

    def now(self) -> datetime:
        return self._now

    def publish(self, *events: str, head: str = "") -> None:
        self.server.body = feed(*events, head=head)

    def run(self, hours: float = 0.01, *, full: bool = False, approved: frozenset[str] = frozenset()) -> Report:
        self._now += timedelta(hours=hours)
        ports = replace(system_ports(), now=self.now)
        work = open_workspace(load(self._file, {}), self._state, ports, {})
        before = self.server.count
        try:
            return work.sync([], Wish(full=full, approved=approved))
        finally:
            work.close()
            self._requests = self.server.count - before

    def rests(self, hours: float = 0.01, *, requests: int | None = 1, full: bool = False) -> bool:
        """One more run writes nothing and says nothing, with so many requests."""
        before = self.files()
        report = self.run(hours, full=full)
        assert report.exit_code == 0 and not report.problems and self.files() == before
        assert requests is None or self._requests == requests
        return True

    def titles(self) -> list[str]:
        return sorted(str(ICAL.read(path.read_bytes()).form["title"]) for path in self.folder.glob("*.ics"))

    def files(self) -> dict[str, tuple[int, bytes]]:
        return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in self.folder.glob("*.ics")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with feed_server() as server:
        yield Desk(tmp_path, server)


TEN = [event(f"u{n}", f"Day {n}") for n in range(10)]
NAMES = [f"Day {n}" for n in range(10)]


def test_a_feed_arrives_rests_and_changes(desk: Desk) -> None:
    desk.publish(*TEN)
    assert desk.run().exit_code == 0 and desk.titles() == NAMES
    assert desk.rests() and desk.rests()
    desk.publish(event("u0", "Changed"), *TEN[1:], event("new", "New"))
    assert desk.run().exit_code == 0 and desk.titles() == ["Changed", *NAMES[1:], "New"]
    assert desk.rests()


def test_a_deletion_is_believed_after_two_readings_an_hour_apart(desk: Desk) -> None:
    desk.publish(*TEN)
    desk.run()
    desk.publish(*TEN[1:])
    desk.run()
    assert desk.titles() == NAMES
    desk.run(0.9)
    assert desk.titles() == NAMES
    assert desk.run(0.2).exit_code == 0 and desk.titles() == NAMES[1:]
    assert desk.rests()


def test_an_event_that_is_back_within_the_hour_was_never_gone(desk: Desk) -> None:
    desk.publish(*TEN)
    desk.run()
    desk.publish(*TEN[1:])
    desk.run()
    desk.publish(*TEN)
    desk.run(0.5)
    assert desk.titles() == NAMES and desk.rests(2) and desk.titles() == NAMES


def test_what_a_feed_drops_because_it_is_over_stays(desk: Desk) -> None:
    desk.publish(event("old", "Long ago", start="20200101T090000"), *TEN)
    desk.run()
    desk.publish(*TEN)
    for _ in range(4):
        desk.run(2)
    assert "Long ago" in desk.titles() and desk.rests(2)


def test_an_emptied_feed_stops_the_pair_until_a_person_agrees(desk: Desk) -> None:
    desk.publish(*TEN)
    desk.run()
    desk.publish()
    desk.run()
    assert desk.titles() == NAMES
    report = desk.run(1.1)
    assert report.exit_code == 4 and desk.titles() == NAMES
    desk.publish(*TEN)
    assert desk.run().exit_code == 0 and desk.titles() == NAMES and desk.rests()


NOT_FETCHED: dict[str, Callable[[FeedServer], None]] = {
    "a web page": lambda server: setattr(server, "body", b"<html>Sign in</html>"),
    "nothing": lambda server: setattr(server, "body", b""),
    "half of it": lambda server: setattr(server, "body", feed(*TEN)[:700]),
    "a bomb": lambda server: setattr(server, "packing", "bomb"),
    "a broken package": lambda server: setattr(server, "packing", "broken"),
    "410": lambda server: setattr(server, "status", 410),
    "500": lambda server: setattr(server, "status", 500),
}


@pytest.mark.parametrize("spoil", NOT_FETCHED.values(), ids=NOT_FETCHED)
def test_what_is_no_feed_changes_nothing_however_often_it_comes(
    desk: Desk, spoil: Callable[[FeedServer], None]
) -> None:
    desk.publish(*TEN)
    desk.run()
    desk.server.new_etags = True
    spoil(desk.server)
    for _ in range(3):
        report = desk.run(10)
        assert report.exit_code == 1 and desk.titles() == NAMES
        assert len(report.problems) == 1 and "5ecret" not in str(report.problems)
    desk.server.status, desk.server.packing = 200, ""
    desk.publish(*TEN[1:], event("new", "New"))
    assert desk.run().exit_code == 0 and desk.titles() == [*NAMES, "New"]


CHURN: dict[str, Callable[[int], bytes]] = {
    "DTSTAMP": lambda n: feed(*(event(f"u{i}", f"Day {i}", stamp=f"20260101T00{n:02}00Z") for i in range(10))),
    "UIDs": lambda n: feed(*(event(f"{n}-{i}", f"Day {i}") for i in range(10))),
    "order": lambda n: feed(*(event(f"u{(i + n) % 10}", f"Day {(i + n) % 10}") for i in range(10))),
}


@pytest.mark.parametrize("made", CHURN.values(), ids=CHURN)
def test_a_feed_that_is_another_one_each_time_rests(desk: Desk, made: Callable[[int], bytes]) -> None:
    number = itertools.count()
    desk.server.body = lambda: made(next(number) % 60)
    assert desk.run().exit_code == 0 and desk.titles() == NAMES
    assert desk.rests(2) and desk.rests(25, requests=2) and desk.rests(2) and desk.rests(2, requests=2, full=True)


def test_a_day_of_304s_ends_with_a_question_without_conditions(desk: Desk) -> None:
    desk.server.conditions = "always"
    desk.publish(*TEN)
    desk.run()
    desk.publish(*TEN, event("new", "New"))
    assert desk.rests(12) and desk.rests(11)
    assert desk.run(2).exit_code == 0 and "New" in desk.titles()


def test_a_publisher_that_wants_to_be_left_alone_is(desk: Desk) -> None:
    desk.publish(*TEN, head="REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n")
    desk.run()
    assert desk.rests(2, requests=0) and desk.rests(3, requests=0) and desk.rests(2) and desk.rests(2, requests=0)
    assert desk.rests(requests=2, full=True)


def test_one_broken_event_is_quarantined_and_the_others_flow(desk: Desk) -> None:
    desk.publish(*TEN)
    desk.run()
    broken = event("u0", "Day 0", "RRULE:FREQ=SOMETIMES")
    desk.publish(broken, event("u1", "Changed"), *TEN[2:])
    desk.run()
    for hours in (2, 2, 25):
        desk.run(hours)
        assert desk.titles() == sorted(["Day 0", "Changed", *NAMES[2:]])
    desk.publish(*TEN)
    assert desk.run().exit_code == 0 and desk.titles() == NAMES and desk.rests()


def test_a_copy_that_a_person_edits_or_deletes_is_the_persons(desk: Desk) -> None:
    desk.publish(*TEN)
    desk.run()
    first, second, *_ = sorted(desk.folder.glob("*.ics"))
    first.write_bytes(ICAL.edit(first.read_bytes(), {"location": "Here"}))
    second.unlink()
    assert desk.run().exit_code == 0
    assert desk.rests() and b"LOCATION:Here" in first.read_bytes() and not second.exists()

