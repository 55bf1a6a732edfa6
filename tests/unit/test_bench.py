"""The tools of the benchmark do what they say: events from a seed, a CalDAV server that keeps its guards, a wire that
counts. Nothing here measures anything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench import made
from bench.bed import Helper, Measure
from bench.draw import picture
from bench.results import FLOOR, OURS, PEER, Row, Target, table
from calsync_cli.errors import NotFound, PreconditionFailed, UidConflict
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import system_ports
from calsync_cli.providers.base import Item
from calsync_cli.providers.caldav.provider import CalDavProvider

KEY = "0123456789abcdef0123456789abcdef"


@contextmanager
def helper(module: str, *, greets: bool = True) -> Iterator[Helper]:
    running = Helper(sys.executable, "-m", module, greets=greets)
    try:
        yield running
    finally:
        running.close()


# -- events ------------------------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_events_and_a_longer_calendar_begins_with_a_shorter() -> None:
    few, many = made.events(20, seed=7), made.events(40, seed=7)
    assert few == made.events(20, seed=7)
    assert few.items() <= many.items() and few.keys().isdisjoint(made.events(20, seed=8))


def test_every_event_can_be_read_and_so_can_its_edit() -> None:
    readings = [mapping("ical").read(body) for body in made.events(60).values()]
    assert len({reading.uid for reading in readings}) == 60
    assert any(path.startswith("@") or "/" in path for reading in readings for path in reading.form)
    for number in range(60):
        before, after = mapping("ical").read(made.event(number)), mapping("ical").read(made.edited(made.event(number)))
        assert {path for path in before.form if before.form[path] != after.form.get(path)} == {"title", "location"}


# -- the CalDAV server -------------------------------------------------------------------------------------------------


@pytest.fixture
def dav() -> Iterator[Helper]:
    with helper("bench.dav") as running:
        yield running


def provider(port: int) -> CalDavProvider:
    account = Account("bench", "caldav", url=f"http://127.0.0.1:{port}/me/", username="me")
    return CalDavProvider(account, lambda: Secret("any"), system_ports())


def test_the_server_lists_changes_and_holds_writers_to_what_they_saw(dav: Helper) -> None:
    dav.ask({"make": "home", "events": 30})
    server = provider(dav.told["port"])
    (calendar,) = server.calendars()
    (page,) = server.changes(calendar, None)
    assert len(page.hints) == 30 and page.listing
    bodies = [one for one in server.fetch(calendar, [hint.remote_id for hint in page.hints]) if isinstance(one, Item)]
    assert {one.payload for one in bodies} == set(made.events(30).values())
    ours = made.event(99)
    receipt = server.create(calendar, KEY, ours)
    with pytest.raises(PreconditionFailed):
        server.create(calendar, KEY, ours)
    with pytest.raises(UidConflict):
        server.create(calendar, KEY[::-1], ours)
    with pytest.raises(PreconditionFailed):
        server.update(calendar, receipt.remote_id, made.edited(ours), '"0"')
    changed = server.update(calendar, receipt.remote_id, made.edited(ours), receipt.etag or "")
    (page,) = server.changes(calendar, page.token)
    assert [(hint.remote_id, hint.etag, hint.gone) for hint in page.hints] == [(receipt.remote_id, changed.etag, False)]
    server.delete(calendar, receipt.remote_id, changed.etag or "")
    with pytest.raises(NotFound):
        server.delete(calendar, receipt.remote_id, changed.etag or "")
    (page,) = server.changes(calendar, page.token)
    assert [(hint.remote_id, hint.gone) for hint in page.hints] == [(receipt.remote_id, True)]
    server.close()


def test_a_saved_calendar_comes_back_with_its_token(dav: Helper) -> None:
    dav.ask({"make": "home", "events": 200})
    saved = dav.ask({"save": "home"})
    edited = dav.ask({"edit": "home", "share": 0.01})
    assert edited["token"] != saved["token"]
    server = provider(dav.told["port"])
    (calendar,) = server.calendars()
    (page,) = server.changes(calendar, f"sync:{saved['token']}")
    assert len(page.hints) == 2
    assert dav.ask({"load": "home"}) == saved
    server.close()


# -- the wire ----------------------------------------------------------------------------------------------------------


def test_the_wire_counts_requests_and_changes_nothing(dav: Helper) -> None:
    dav.ask({"make": "home", "events": 100})
    with helper("bench.proxy", greets=False) as wires:
        port = wires.ask({"open": dav.told["port"], "delay_ms": 5})["port"]
        server = provider(port)
        (calendar,) = server.calendars()
        (page,) = server.changes(calendar, None)
        bodies = list(server.fetch(calendar, [hint.remote_id for hint in page.hints]))
        assert {one.payload for one in bodies if isinstance(one, Item)} == set(made.events(100).values())
        server.close()
        seen = wires.ask({"count": port})
        assert seen["by"]["REPORT"] == 2 and seen["requests"] == sum(seen["by"].values()) == 6
        assert wires.ask({"count": port})["requests"] == 0


# -- measuring and telling ---------------------------------------------------------------------------------------------


def test_a_launched_command_tells_what_it_took() -> None:
    script = str(Path(made.__file__).with_name("launch.py"))
    code = "print('out'); big = b'x' * 30_000_000; raise SystemExit(3)"
    command = [sys.executable, "-I", "-S", script, sys.executable, "-c", code]
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert (told["code"], told["out"], told["err"]) == (3, "out\n", "")
    assert told["rss_mib"] > 28 and told["cpu_s"] > 0 and told["wall_s"] > 0


def test_a_ratio_is_the_median_of_pairs_and_a_target_is_met_or_not() -> None:
    def took(*seconds: float) -> list[Measure]:
        return [Measure(one, one, 10.0) for one in seconds]

    series = {OURS: took(1.2, 2.6, 9.0), FLOOR: took(1.0, 2.0, 3.0), PEER: took(2.4, 5.2, 9.0)}
    row = Row("noop", "nothing to do", series, [Target(FLOOR, most=1.35), Target(PEER, least=1.5)])
    assert row.value(FLOOR) == pytest.approx(1.3) and row.value(PEER) == pytest.approx(2.0)
    assert [verdict.split()[0] for verdict in row.verdicts()] == ["ok", "ok"]
    assert "nothing to do" in table([row]) and "<svg" in picture([row])
    assert Row("x", "y", series, [Target(FLOOR, most=1.2)]).verdicts()[0].startswith("MISS")
