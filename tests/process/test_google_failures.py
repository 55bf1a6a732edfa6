"""What goes wrong at Google in real life: told in words, other pairs go on, and the next run catches up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import comparer
from tests.process.desk import Beside
from tests.process.events import events
from tests.process.google import ME, Person, Service, service
from tests.process.program import quiet
from tests.process.test_google import check_equal, check_rest


class Desk(Person, Beside):
    def __init__(self, folder: Path, google: Service) -> None:
        super().__init__(folder)
        self.site = google
        self.lay(events(seed=31, count=16))
        self.google("work", google)
        self.pair("work/primary", "disk/Home")
        self.sync()
        google.do({"do": "clear_logs"})

    def check_well(self) -> None:
        assert self.run("sync").code == 0
        check_equal(self.site, comparer.folder(self.home))
        assert quiet(self.sync())


@pytest.fixture
def google() -> Iterator[Service]:
    with service("--rotate") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, google: Service) -> Desk:
    return Desk(tmp_path, google)


def test_access_tokens_end_and_refresh_tokens_rotate_without_a_word(google: Service, desk: Desk) -> None:
    for number in range(3):
        google.do({"do": "expire_access_tokens"})
        desk.edit(number, f"Round {number}")
        assert desk.run("sync").code == 0
    check_equal(google, comparer.folder(desk.home))
    check_rest(desk, google)


def test_a_storm_of_refusals_for_quota_is_waited_for(google: Service, desk: Desk) -> None:
    for number in range(6):
        desk.edit(number, f"Storm {number}")
    google.do(*[{"do": "fault", "name": name, "times": None, "probability": 0.4, "seconds": 3}
                for name in ("403-user-rate", "403-rate", "429", "503")])
    codes = [desk.run("sync").code for _ in range(2)]
    google.do({"do": "disarm"})
    assert codes[-1] in (0, 1)
    desk.check_well()
    assert {f"Storm {n}" for n in range(6)} <= set(google.titles())


def test_usage_limits_stop_writing_for_the_account_only(google: Service, desk: Desk) -> None:
    google.do({"do": "block_writes", "seconds": 3600})
    desk.edit(0, "Waits")
    assert desk.elsewhere() and desk.code == 1
    assert "no more for now" in desk.words and "Waits" not in google.titles()
    google.do({"do": "advance", "seconds": 3700})
    desk.check_well()
    assert "Waits" in google.titles()


def test_a_sign_in_that_died_is_told_with_the_next_command_and_goes_on_after_it(google: Service, desk: Desk) -> None:
    google.do({"do": "expire_refresh_tokens"}, {"do": "expire_access_tokens"})
    desk.edit(0, "Afterwards")
    assert desk.elsewhere() and desk.code == 5
    assert "no longer accepts the sign-in of work" in desk.words and "next: calsync login work" in desk.words
    assert desk.run("accounts").code == desk.run("doctor").code == 5
    status = desk.run("status").out
    assert "calsync login work" in status and status.count("no longer accepts") == 1
    assert desk.run("login", "work").code == 0
    desk.check_well()
    assert "Afterwards" in google.titles()


@pytest.mark.parametrize(
    ("role", "code", "words"),
    [("reader", 5, "nothing was taken from it"), ("freeBusyReader", 5, "ask its owner to share all details"),
     ("none", 1, "Nothing was deleted elsewhere")],
)
def test_a_share_that_is_taken_back_takes_no_event_with_it(
    google: Service, desk: Desk, role: str, code: int, words: str
) -> None:
    before = comparer.folder(desk.home)
    google.do({"do": "share", "calendar": ME, "user": ME, "role": role})
    assert desk.elsewhere() and desk.code == code, desk.words
    assert words in desk.words
    assert comparer.folder(desk.home) == before
    google.do({"do": "share", "calendar": ME, "user": ME, "role": "owner"})
    desk.check_well()
    assert comparer.folder(desk.home) == before
