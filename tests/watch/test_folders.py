"""Folders watched by the operating system: what is told, and that one that goes away comes back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calsync_cli.watch.folders import LOOK, Folders
from calsync_cli.watch.inbox import Inbox, Signal, Touched

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)


class Desk:
    def __init__(self, root: Path) -> None:
        self.root, self.home = root, root / "Home"
        self.home.mkdir(parents=True)
        self.inbox = Inbox()
        self.folders = Folders(self.inbox)
        self.folders.keep({"disk": root})
        self.folders.tend(NOW)

    def told(self) -> set[Signal]:
        """What is heard until nothing more is; watching begins a moment after it was asked for, and that is told."""
        found = set(self.inbox.take(8.0))
        while more := self.inbox.take(0.6):
            found |= set(more)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "disk")
    yield made
    made.folders.close()


def test_once_it_is_watched_it_is_to_be_looked_at(desk: Desk) -> None:
    """What changed between the last look and this moment is told by nobody else."""
    assert desk.told() == {Touched("disk", None)}


def test_a_new_file_is_told_with_its_folder_and_our_own_half_written_ones_are_not(desk: Desk) -> None:
    desk.told()
    (desk.home / ".calsync-1234.tmp").write_text("half")
    assert desk.inbox.take(0.6) == []
    (desk.home / ".calsync-1234.tmp").rename(desk.home / "new.ics")
    assert desk.told() == {Touched("disk", desk.home)}
    (desk.home / "new.ics").unlink()
    assert desk.told() == {Touched("disk", desk.home)}


def test_a_folder_that_goes_away_is_said_so_and_watched_again_when_it_is_back(desk: Desk) -> None:
    desk.told()
    shutil.rmtree(desk.root)
    assert "is not there" in desk.folders.problem("disk")
    desk.folders.tend(NOW + LOOK)
    assert desk.folders.problem("disk") != ""
    while desk.inbox.take(0.3):
        pass
    desk.home.mkdir(parents=True)
    desk.folders.tend(NOW + 2 * LOOK)
    assert desk.folders.problem("disk") == ""
    assert Touched("disk", None) in desk.told()
    (desk.home / "new.ics").write_text("x")
    assert desk.told() == {Touched("disk", desk.home)}


def test_an_account_that_is_no_longer_configured_is_no_longer_watched(desk: Desk) -> None:
    desk.told()
    desk.folders.keep({})
    assert desk.folders.accounts == frozenset() and desk.folders.tend(NOW + LOOK) is None
