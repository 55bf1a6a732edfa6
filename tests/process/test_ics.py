"""A feed by whole commands: what a person types, reads and finds in the folder afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.ics_server import SECRET, FeedServer, event, feed, feed_server
from tests.process import comparer
from tests.process.program import Program, quiet, writes

TEN = [event(f"u{n}", f"Day {n}") for n in range(10)]
NAMES = [f"Day {n}" for n in range(10)]


class Feeds(Program):
    """`server` publishes ten events, which a pair that says nothing of a direction takes to a folder."""

    def __init__(self, folder: Path, server: FeedServer) -> None:
        super().__init__(folder)
        self.server = server
        server.body = feed(*TEN)
        self.ics("days", server.url + SECRET)
        self.home = self.vdir("x")
        self.pair("days/feed", "x/Home")

    def titles(self) -> list[str]:
        return sorted(title for _, _, _, title, *_ in comparer.seen(comparer.folder(self.home).values()))

    def all_said(self) -> str:
        """Whatever the program left on disk but the configuration, where the address has to be."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and path != self.config]
        return "".join(path.read_bytes().decode("latin-1") for path in files)


@pytest.fixture
def feeds(tmp_path: Path) -> Iterator[Feeds]:
    with feed_server() as server:
        yield Feeds(tmp_path, server)


def test_a_feeds_first_days(feeds: Feeds) -> None:
    report = feeds.sync()
    assert feeds.titles() == NAMES and report["pairs"][0]["b"]["created"] == 10
    before = feeds.server.count
    assert quiet(feeds.sync()) and feeds.server.count == before + 1
    assert "if-none-match" in feeds.server.asked[-1]
    feeds.server.body = feed(event("u0", "Changed"), *TEN[1:], event("new", "New"))
    report = feeds.sync()
    assert (report["pairs"][0]["b"]["created"], report["pairs"][0]["b"]["updated"], writes(report)) == (1, 1, 2)
    assert feeds.titles() == ["Changed", *NAMES[1:], "New"] and quiet(feeds.sync())
    assert feeds.folder.joinpath("state").exists() and "5ecret" not in feeds.all_said()


def test_a_feed_that_is_spoiled_changes_nothing_and_says_why(feeds: Feeds) -> None:
    feeds.sync()
    half, page, number = feed(*TEN)[:-200], b"<!DOCTYPE html><title>Sign in</title>", itertools.count()
    for body, words in ((page, "web page"), (half, "cut off"), (b"", "empty")):
        feeds.server.body = body
        said = feeds.run("sync")
        assert said.code == 1 and words in said.out + said.err and "5ecret" not in said.out + said.err
        assert feeds.titles() == NAMES
    feeds.server.body, feeds.server.packing = feed(*TEN), "bomb"
    feeds.server.new_etags = True
    assert feeds.run("sync").code == 1 and feeds.titles() == NAMES
    feeds.server.packing, feeds.server.body = "", feed()
    assert feeds.run("sync").code == 0 and feeds.titles() == NAMES
    feeds.server.body = lambda: feed(*(event(f"u{n}", f"Day {n}", stamp=f"2026010{next(number) % 9 + 1}T000000Z")
                                       for n in range(10)))
    assert feeds.run("sync").code == 0 and quiet(feeds.sync()) and feeds.titles() == NAMES
    assert "5ecret" not in feeds.all_said()


def test_uids_that_are_new_for_each_reader_rest(feeds: Feeds) -> None:
    number = itertools.count()
    feeds.server.body = lambda: feed(*(event(f"{next(number)}", title) for title in NAMES))
    feeds.sync()
    assert quiet(feeds.sync()) and quiet(feeds.sync("--full")) and feeds.titles() == NAMES


def test_every_other_command_knows_feeds(feeds: Feeds, tmp_path: Path) -> None:
    said = feeds.run("calendars")
    assert said.code == 0 and "days/Holidays" in said.out and "read" in said.out and "feed" in said.out
    said = feeds.run("doctor")
    assert said.code == 0 and "read only, which is enough" in " ".join(said.out.split()), said.out
    said = feeds.run("accounts")
    assert said.code == 0 and "ics" in said.out
    for words in (("login", "days"), ("logout", "days"), ("login", "ics")):
        said = feeds.run(*words)
        assert said.code == 2 and "needs no sign-in" in said.err and "next: calsync" in said.err
    said = feeds.run("calendars", "create", "days", "New")
    assert said.code == 5 and "only be read" in said.err
    assert feeds.run("sync").code == 0
    said = feeds.run("status")
    assert said.code == 0 and "-->" in said.out and "5ecret" not in said.out + said.err
    feeds.server.status = 403
    said = feeds.run("doctor")
    assert said.code == 5 and "secret address may have been renewed" in " ".join(said.out.split())
    feeds.config.write_text(feeds.config.read_text() + 'direction = "two-way"\n')
    said = feeds.run("config", "check")
    assert said.code == 2 and 'write direction = "a-to-b"' in said.out + said.err


def test_a_file_is_a_feed_too(tmp_path: Path) -> None:
    program = Program(tmp_path)
    file, home = tmp_path / "days.ics", program.vdir("x")
    file.write_bytes(feed(*TEN))
    program._accounts += f'[accounts.days]\nprovider = "ics"\npath = "{file}"\n'
    program.pair("x/Home", "days/feed")
    program.sync()
    assert len(list(home.glob("*.ics"))) == 10 and quiet(program.sync())
    file.unlink()
    said = program.run("sync")
    assert said.code == 1 and "is not there" in said.out + said.err and len(list(home.glob("*.ics"))) == 10
    said = program.run("accounts")
    assert said.code == 5 and "is not there" in said.out
