"""What goes wrong at Microsoft in real life: told in words, other pairs go on, and the next run catches up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process import comparer
from tests.process.desk import Beside
from tests.process.graph import HOME, Person, Service, service
from tests.process.program import quiet
from tests.process.test_graph import check_equal, check_rest, to_come


class Desk(Person, Beside):
    def __init__(self, folder: Path, graph: Service) -> None:
        super().__init__(folder)
        self.site = graph
        self.lay(to_come(seed=31, count=16))
        self.microsoft("office", graph)
        self.look_ahead("office/primary", "disk/Home")
        self.sync()

    def check_well(self) -> None:
        assert self.run("sync").code == 0
        check_equal(self.site, comparer.folder(self.home))
        assert quiet(self.sync())


@pytest.fixture
def graph() -> Iterator[Service]:
    with service("--knob", "old_refresh_token=refused") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, graph: Service) -> Desk:
    return Desk(tmp_path, graph)


# -- the sign-in -------------------------------------------------------------------------------------------------------


def test_what_needs_nobody_is_done_without_a_word(graph: Service, desk: Desk) -> None:
    """Access tokens end, refresh tokens rotate, and continuous access evaluation wants a claim (facts 1.5, 1.7)."""
    for number, change in enumerate(({"expire_access_tokens": True}, {"claims": True})):
        graph.change(**change)
        desk.edit(number, f"Round {number}")
        assert desk.told() == 0
    check_equal(graph, comparer.folder(desk.home))
    check_rest(desk, graph)


def test_a_sign_in_that_died_is_told_with_the_next_command_and_goes_on_after_it(graph: Service, desk: Desk) -> None:
    graph.change(revoke=True, expire_access_tokens=True)
    desk.edit(0, "Afterwards")
    assert desk.elsewhere() and desk.code == 5
    assert "no longer accepts the sign-in of office" in desk.words and "next: calsync login office" in desk.words
    assert desk.run("accounts").code == desk.run("doctor").code == 5
    status = desk.run("status").out
    assert "calsync login office" in status and status.count("no longer accepts") == 1
    assert desk.run("login", "office").code == 0
    desk.check_well()
    assert "Afterwards" in graph.titles()


def test_a_challenge_that_needs_a_person_is_told_and_met_at_the_next_sign_in(graph: Service, desk: Desk) -> None:
    graph.change(claims=True, refuse=[{"code": 50076, "grant": "refresh_token"}])
    desk.edit(0, "Proved")
    assert desk.elsewhere() and desk.code == 5
    assert "second proof" in desk.words and "next: calsync login office" in desk.words
    assert desk.run("login", "office").code == 0
    desk.check_well()
    assert "Proved" in graph.titles()


def test_where_an_administrator_must_agree_the_ways_out_are_named(graph: Service, tmp_path: Path) -> None:
    graph.change(knobs={"consent": "admin"})
    person = Person(tmp_path)
    person.configure("office", graph)
    said = person.run("login", "office")
    assert said.code == 5
    for words in ("administrator", "AADSTS90094", "docs/microsoft.md", "publish", "next: calsync login office"):
        assert words in said.err, said.err
    assert not (person.state / "secrets.json").exists()


# -- the calendar ------------------------------------------------------------------------------------------------------


TAKEN: list[tuple[dict[str, Any], dict[str, Any], int, str]] = [
    ({"edits": [{"do": "set_calendar", "calendar": HOME, "can_edit": False}]},
     {"edits": [{"do": "set_calendar", "calendar": HOME, "can_edit": True}]}, 5, "may not be written"),
    ({"faults": [{"name": "status", "status": 404, "code": "ErrorItemNotFound", "path": "calendars/", "times": 0}]},
     {"disarm": True}, 1, "Nothing was deleted elsewhere"),
    ({"knobs": {"mailbox": "none"}}, {"knobs": {"mailbox": "ok"}}, 5, "has no mailbox"),
]


def test_what_is_taken_away_takes_no_event_with_it(graph: Service, desk: Desk) -> None:
    before = set(comparer.uids(comparer.folder(desk.home).values()))
    for number, (taken, given, code, words) in enumerate(TAKEN):
        graph.change(**taken)
        desk.edit(number, f"Meanwhile {number}")
        assert (desk.told(), words in desk.words) == (code, True), desk.words
        assert before == set(comparer.uids(comparer.folder(desk.home).values()))
        assert desk.told() == code, desk.words
        graph.change(**given)
        assert desk.told() == 0, desk.words
        assert f"Meanwhile {number}" in graph.titles()
    desk.check_well()


def test_a_full_mailbox_is_told_and_written_once_there_is_room(graph: Service, desk: Desk) -> None:
    graph.change(full=True)
    (desk.home / "new.ics").write_bytes(next(iter(to_come(seed=32, count=1).values())))
    assert desk.told() == 1 and "the mailbox is full" in desk.words
    graph.change(full=False)
    assert desk.told() == 1 and "next: calsync retry" in desk.words
    assert desk.run("sync", "--full").code == 0
    desk.check_well()


# -- storms ------------------------------------------------------------------------------------------------------------


def test_a_storm_of_refusals_is_waited_for(graph: Service, desk: Desk) -> None:
    for number in range(6):
        desk.edit(number, f"Storm {number}")
    storm = [{"name": "429", "times": 3, "chance": 0.5}, {"name": "503", "times": 1, "chance": 0.5}]
    graph.change(knobs={"retry_after": "1"}, faults=storm)
    assert desk.told() in (0, 1)
    graph.change(disarm=True, knobs={"retry_after": "3600"}, faults=[{"name": "429", "times": 0}])
    desk.edit(6, "Waits")
    assert desk.elsewhere() and desk.code == 1, "longer than a run should wait"
    assert "too busy for office" in desk.words and "Waits" not in graph.titles()
    graph.change(disarm=True)
    desk.check_well()
    assert {"Waits", *(f"Storm {n}" for n in range(6))} <= set(graph.titles())
