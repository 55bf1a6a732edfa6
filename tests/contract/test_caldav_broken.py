"""One object that a CalDAV server cannot show, or shows as nonsense, beside a whole calendar (I8, I14, O8)."""

from __future__ import annotations

import pytest

from tests.cli.program import Shell
from tests.engine.world import ics
from tests.fakes.caldav_server import FakeCalDav


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def paired(shell: Shell, server: FakeCalDav, count: int = 4) -> str:
    path = server.calendar("Work")
    shell.config.write_text(
        f'[accounts.x]\nprovider = "vdir"\npath = "x"\n[accounts.dav]\nprovider = "caldav"\nurl = "{server.url}dav/"\n'
        'username = "me"\npassword = "secret"\n[pairs.home]\na = "x/Home"\nb = "dav/Work"\nfirst_sync = "auto"\n'
    )
    for n in range(count):
        server.user_put(f"{path}e{n}.ics", ics(f"u{n}", f"Event {n}"))
    return path


def test_an_object_that_cannot_be_shown_leaves_all_others_in_sync(shell: Shell) -> None:
    with FakeCalDav() as server:
        path = paired(shell, server)
        server.broken.add(f"{path}e0.ics")
        said = shell("sync")
        assert (said.code, "e0.ics was left alone" in said.out) == (1, True)
        assert shell.titles("x") == ["Event 1", "Event 2", "Event 3"]
        assert len(server.contents(path)) == 4


def test_an_object_that_breaks_later_deletes_nothing_and_comes_back(shell: Shell) -> None:
    with FakeCalDav() as server:
        path = paired(shell, server)
        assert shell("sync").code == 0
        server.user_put(f"{path}e0.ics", ics("u0", "Changed, and broken by it"))
        server.broken.add(f"{path}e0.ics")
        server.user_put(f"{path}e1.ics", ics("u1", "Changed and fine"))
        shell("sync")
        assert shell.titles("x") == ["Changed and fine", "Event 0", "Event 2", "Event 3"]
        server.broken.clear()
        server.user_put(f"{path}e0.ics", ics("u0", "Mended"))
        assert shell("sync").code == 0
        assert shell.titles("x") == ["Changed and fine", "Event 2", "Event 3", "Mended"]
        assert len(server.contents(path)) == 4


def test_an_object_that_is_no_calendar_at_all_leaves_all_others_in_sync(shell: Shell) -> None:
    """Xandikos, DAViCal and SOGo store such things (facts 2)."""
    with FakeCalDav() as server:
        path = paired(shell, server)
        server.user_put(f"{path}page.ics", b"<html>\x07</html>")
        said = shell("sync")
        assert (said.code, "page.ics was left alone" in said.out) == (1, True)
        assert shell.titles("x") == ["Event 0", "Event 1", "Event 2", "Event 3"]
        assert server.contents(path)[f"{path}page.ics"] == b"<html>\x07</html>"


def test_a_web_page_in_the_place_of_an_event_is_not_taken_for_it(shell: Shell) -> None:
    """O8 is about what the server holds; this never came from it. Kept with the event's own version it would stay."""
    with FakeCalDav("no-multiget") as server:
        path = paired(shell, server)
        assert shell("sync").code == 0
        server.user_put(f"{path}e0.ics", ics("u0", "Changed"))
        server.faults.append(("GET", "web-page"))
        assert shell("sync").code == 1
        assert shell("sync").code == 0
        assert shell.titles("x") == ["Changed", "Event 1", "Event 2", "Event 3"]
