"""A feed that vdirsyncer 0.21 has copied into a folder is taken over: nothing is copied, written or lost (I5, W2).

data/vdirsyncer holds what it made itself of `feed.ics`: repeated, moved and cancelled dates, an event without a UID.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.engine.faulty_world import FaultyWorld
from tests.engine.test_feeds import Desk
from tests.engine.world import ics
from tests.fakes.ics_server import FeedServer, feed_server

DATA = Path(__file__).parents[1] / "data/vdirsyncer"
COPIES = {file.stem: file.read_bytes() for file in sorted((DATA / "days").glob("*.ics"))}


class Taken(Desk):
    """One-way, as `import vdirsyncer` writes it."""

    def __init__(self, folder: Path, server: FeedServer) -> None:
        super().__init__(folder, server)
        rules = 'direction = "a-to-b"\ntarget_edits = "overwrite"\ntarget_deletes = "restore"\n'
        self._file.write_text(self._file.read_text() + rules)
        server.body = (DATA / "feed.ics").read_bytes()
        for uid, payload in COPIES.items():
            (self.folder / f"{uid}.ics").write_bytes(payload)

    def files(self) -> dict[str, bytes]:
        return {file.stem: file.read_bytes() for file in self.folder.glob("*.ics")}

    def kept(self, words: str) -> bool:
        """Whether the store has them."""
        with closing(sqlite3.connect(self._state / "calsync.db")) as db:
            return any(words in str(row) for row in db.execute("SELECT * FROM kept"))

    def say(self, old: str, new: str) -> None:
        """The publisher says something else."""
        assert old.encode() in self.server.body
        self.server.body = self.server.body.replace(old.encode(), new.encode())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Taken]:
    with feed_server() as server:
        yield Taken(tmp_path, server)


def test_each_copy_is_linked_and_none_is_written(desk: Taken) -> None:
    first = desk.run()
    assert (first.exit_code, first.changes, first.notes) == (0, [], []) and first.pairs[0].linked == len(COPIES)
    assert desk.files() == COPIES
    assert desk.run().changes == []


def test_from_then_on_they_follow_the_feed(desk: Taken) -> None:
    """An edit, a new event, one that goes: in the files that vdirsyncer made, and with no other line touched."""
    desk.run()
    desk.say("SUMMARY:New Year", "SUMMARY:New Year's Day")
    desk.say("UID:new-year@example.org", "UID:new-year@example.org\r\nLOCATION:everywhere")
    assert [change.action for change in desk.run().changes] == ["update"]
    (stem,) = [stem for stem, payload in desk.files().items() if b"New Year's Day" in payload]
    kept = [line for line in COPIES[stem].splitlines() if not line.startswith((b"SUMMARY", b"DTSTAMP", b"PRODID"))]
    assert set(kept) <= set(desk.files()[stem].splitlines()) and desk.files().keys() == COPIES.keys()
    before, _, rest = desk.server.body.partition(b"BEGIN:VEVENT\r\nUID:new-year")
    desk.server.body = before + rest.partition(b"END:VEVENT\r\n")[2]
    for _ in range(3):  # a feed's silence has to be heard twice, an hour apart (O2)
        report = desk.run(2.0)
        report = desk.run(approved=frozenset(plan["plan"] for plan in report.plans))
    assert desk.files().keys() == COPIES.keys() - {stem}


def test_what_a_person_changed_or_added_is_left_alone(desk: Taken) -> None:
    """W2: it is no copy any more, and the feed's event comes beside it, as into any calendar."""
    (stem,) = [stem for stem, payload in COPIES.items() if b"New Year" in payload]
    mine = COPIES[stem].replace(b"SUMMARY:New Year", b"SUMMARY:New Year, at home")
    (desk.folder / f"{stem}.ics").write_bytes(mine)
    (desk.folder / "own.ics").write_bytes(ics("own", "Dentist"))
    report = desk.run()
    assert [change.title for change in report.changes] == ["New Year"] and report.notes == []
    assert desk.files()[stem] == mine and desk.files()["own"] == ics("own", "Dentist")
    assert len(desk.files()) == len(COPIES) + 2 and desk.run().changes == []


def test_a_copy_of_what_the_feed_has_no_more_stays_and_starts_nothing(desk: Taken) -> None:
    desk.say("SUMMARY:New Year", "SUMMARY:Something else")
    assert [change.action for change in desk.run().changes] == ["create"]
    assert COPIES.items() <= desk.files().items() and desk.run().changes == []


def test_two_that_look_alike_are_asked_about_run_after_run(desk: Taken) -> None:
    """K2: nothing tells which is whose; neither is copied, as long as both are there."""
    before, begin, rest = desk.server.body.partition(b"BEGIN:VEVENT\r\nUID:new-year")
    event, end, after = rest.partition(b"END:VEVENT\r\n")
    once = begin + event + end
    desk.server.body = before + once + once.replace(b"new-year", b"other") + after
    for _ in range(3):
        report = desk.run(25.0)
        assert report.exit_code == 3 and report.changes == [] and desk.files() == COPIES


def test_a_lost_database_takes_them_over_once_more(desk: Taken, tmp_path: Path) -> None:
    """K8, I5."""
    desk.run()
    for file in (tmp_path / "state").glob("calsync*.db*"):
        file.unlink()
    report = desk.run()
    assert report.changes == [] and desk.files() == COPIES and report.pairs[0].linked == len(COPIES)


def test_words_that_a_person_wrote_into_a_copy_go_to_the_store_first(desk: Taken) -> None:
    """I1. As vdirsyncer does (partial_sync = "revert"), the feed's own come back."""
    (stem,) = [stem for stem, payload in COPIES.items() if b"New Year" in payload]
    noted = COPIES[stem].replace(b"SUMMARY:New Year", b"SUMMARY:New Year\r\nLOCATION:in the garden")
    (desk.folder / f"{stem}.ics").write_bytes(noted)
    (change,) = desk.run().changes
    assert (change.action, change.because) == ("update", "location: nothing of it is said elsewhere")
    assert desk.files().keys() == COPIES.keys() and b"LOCATION" not in desk.files()[stem]
    assert desk.kept("in the garden") and desk.run().changes == []


def test_between_calendars_that_both_are_written_they_are_events_like_others() -> None:
    """N5 is about copies of what stands in another calendar of the same person; a feed is none."""
    world = FaultyWorld("ab")
    for payload in COPIES.values():
        world.put("a", payload)
    world.run()
    assert len(world.titles("b")) == len(COPIES) and world.quiet()
