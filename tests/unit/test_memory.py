"""The reference provider and its fault switches: what other tests lean on must itself be right."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calsync_cli.errors import (
    AuthError,
    CalendarGone,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    SyncTokenExpired,
    TooLarge,
    TransientError,
    UidConflict,
    UnknownOutcome,
)
from calsync_cli.providers.base import Calendar, Item, Missing, Page
from calsync_cli.providers.memory import Mail, MemoryProvider, Traits
from tests.fakes.memory_faults import FAULTS, Board, FaultyServer, SimulatedCrash

KEY = "0" * 32
FILE = f"{KEY}.ics"
START = datetime(2026, 11, 24, 9, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time


class World:
    """A server with the calendar "work" and one login."""

    def __init__(self, traits: Traits | None = None, board: Board | None = None) -> None:
        self.clock = Clock()
        self.server = FaultyServer(self.clock, traits, board=board)
        self.server.add_calendar("work")
        self.provider = MemoryProvider(self.server)
        self.cal = Calendar("work", "work")

    def pages(self, since: str | None = None) -> list[Page]:
        return list(self.provider.changes(self.cal, since))

    def token(self) -> str:
        token = self.pages()[-1].token
        assert token is not None
        return token

    def shown(self, since: str | None = None) -> list[tuple[str, bool]]:
        return [(hint.remote_id, hint.gone) for page in self.pages(since) for hint in page.hints]

    def fetched(self, remote_id: str) -> Item | Missing:
        (answer,) = self.provider.fetch(self.cal, [remote_id])
        return answer

    def create(self, body: bytes = b"x") -> str:
        etag = self.provider.create(self.cal, KEY, body).etag
        assert etag is not None
        return etag

    def contents(self) -> dict[str, bytes]:
        return self.server.contents("work")


@pytest.fixture
def world() -> World:
    return World()


# -- the server -------------------------------------------------------------------------------------------------------


def test_the_history_says_who_wrote_what_and_what_it_replaced(world: World) -> None:
    remote_id = world.server.user_put("work", None, b"one")
    etag = world.provider.look(world.cal, remote_id).etag  # type: ignore[union-attr]
    world.provider.update(world.cal, remote_id, b"two", etag or "")
    world.server.user_delete("work", remote_id)
    history = [(c.who, c.payload, c.replaced) for c in world.server.history("work")]
    assert history == [("user", b"one", None), ("calsync", b"two", b"one"), ("user", None, b"two")]
    assert world.server.write_count() == 1


def test_a_person_cannot_delete_what_is_not_there(world: World) -> None:
    world.server.user_delete("work", "nothing.ics")
    assert world.server.history("work") == []


def test_items_carry_the_servers_stamp(world: World) -> None:
    remote_id = world.server.user_put("work", None, b"x")
    world.clock.time += timedelta(hours=1)
    assert world.fetched(remote_id) == Item(remote_id, "v1", b"x", START)
    assert world.pages()[0].server_now == START + timedelta(hours=1)
    world.server.traits.server_stamps = False
    assert world.fetched(remote_id) == Item(remote_id, "v1", b"x", None)


def test_a_token_stands_for_one_calendar_state_whatever_other_calendars_do(world: World) -> None:
    world.server.add_calendar("home")
    token = world.token()
    world.server.user_put("home", "elsewhere.ics", b"x")
    world.server.user_put("work", "a.ics", b"x")
    world.server.user_put("work", "b.ics", b"x")
    world.server.user_delete("work", "a.ics")
    assert world.shown(token) == [("a.ics", True), ("b.ics", False)]


def test_an_event_made_and_deleted_between_two_looks_is_a_gone_hint(world: World) -> None:
    token = world.token()
    world.server.user_put("work", "brief.ics", b"x")
    world.server.user_delete("work", "brief.ics")
    assert world.shown(token) == [("brief.ics", True)]


def test_the_round_shows_the_state_of_its_first_page(world: World) -> None:
    """An edit between two pages comes with the next token, never lost (I11)."""
    world.server.traits.page_size = 1
    world.server.user_put("work", "a.ics", b"x")
    world.server.user_put("work", "b.ics", b"x")
    rounds = world.provider.changes(world.cal, None)
    pages = [next(rounds)]
    world.server.user_put("work", "b.ics", b"edited in mid-round")
    pages += list(rounds)
    assert [page.token for page in pages] == [None, "0-2"]
    assert world.shown("0-2") == [("b.ics", False)]


@pytest.mark.parametrize("kind", ["error", "listing", "silent"])
def test_an_expired_token_is_answered_in_one_of_three_ways(world: World, kind: Any) -> None:
    world.server.traits.expired = kind
    world.server.user_put("work", "a.ics", b"x")
    world.server.user_put("work", "b.ics", b"x")
    token = world.token()
    world.server.user_delete("work", "a.ics")
    world.server.expire_tokens()
    if kind == "error":
        with pytest.raises(SyncTokenExpired):
            world.pages(token)
    else:
        (page,) = world.pages(token)
        assert [h.remote_id for h in page.hints] == ["b.ics"]
        assert page.listing == (kind == "listing")
    assert world.shown(world.token()) == []


def test_a_server_without_delta_lists_everything_each_time() -> None:
    world = World(Traits(delta=False))
    world.server.user_put("work", "a.ics", b"x")
    (page,) = world.pages("0-1")
    assert (page.listing, page.token, len(page.hints)) == (True, None, 1)


RECEIPTS = [("etag", True, False), ("item", True, True), ("bare", False, False)]


@pytest.mark.parametrize(("kind", "etag", "item"), RECEIPTS)
def test_a_receipt_carries_what_the_server_tells(world: World, kind: Any, etag: bool, item: bool) -> None:
    world.server.traits.receipt = kind
    receipt = world.provider.create(world.cal, KEY, b"x")
    assert (receipt.etag is not None, receipt.item is not None) == (etag, item)


def test_a_rewriting_server_stores_something_else(world: World) -> None:
    world.server.traits.rewrite = bytes.upper
    world.create(b"tea")
    world.server.user_put("work", "a.ics", b"coffee")
    assert world.contents() == {FILE: b"TEA", "a.ics": b"COFFEE"}


def test_a_redacting_server_shows_less_below_full_level(world: World) -> None:
    """O7."""
    world.server.traits.redact = lambda _: b"Busy"
    remote_id = world.server.user_put("work", None, b"secret")
    assert world.fetched(remote_id) == Item(remote_id, "v1", b"secret", START)
    world.server.set_calendar("work", level="busy")
    assert world.provider.open("work").level == "busy"
    assert world.fetched(remote_id) == Item(remote_id, "v1", b"Busy", START)
    assert world.contents() == {remote_id: b"secret"}


def test_a_uid_can_be_taken(world: World) -> None:
    world.server.traits.uid_unique = True
    remote_id = world.server.user_put("work", None, b"BEGIN:VEVENT\r\nUID:one\r\n")
    with pytest.raises(UidConflict) as caught:
        world.create(b"UID;X-A=b:one\r\n")
    assert caught.value.remote_id == remote_id
    world.create(b"UID:two\r\n")


def test_a_size_limit_is_kept() -> None:
    world = World()
    world.server.add_calendar("small", max_bytes=3)
    with pytest.raises(TooLarge):
        world.provider.create(world.provider.open("small"), KEY, b"four")
    world.provider.create(world.provider.open("small"), KEY, b"xxx")


def test_mail_goes_out_only_where_the_server_mails_and_only_for_events_with_people(world: World) -> None:
    """I6 is measured by this counter."""
    guests = b"BEGIN:VEVENT\r\nATTENDEE;CN=A:mailto:a@example.org\r\n"
    world.server.user_put("work", "meeting.ics", guests)
    etag = world.create(guests)
    assert world.server.mails == []
    world.server.set_calendar("work", mails=True)
    etag = world.provider.update(world.cal, FILE, b"no people\r\nX-ATTENDEE:none", etag).etag or ""
    world.provider.delete(world.cal, FILE, etag)
    assert world.server.mails == [Mail("work", FILE, "update")]
    world.provider.create(world.cal, KEY, b"ORGANIZER:mailto:a@example.org")
    assert world.server.mails[-1] == Mail("work", FILE, "create")


def test_the_call_log_shows_each_write_with_its_precondition(world: World) -> None:
    """I13 is measured by this log."""
    etag = world.create()
    world.provider.update(world.cal, FILE, b"y", etag)
    world.provider.delete(world.cal, FILE, "v2")
    log = [(call.number, call.name, call.guard) for call in world.server.calls]
    assert log == [(1, "create", KEY), (2, "update", "v1"), (3, "delete", "v2")]
    assert world.provider.requests == {"read": 0, "write": 3}


def test_a_login_may_see_only_some_calendars(world: World) -> None:
    world.server.add_calendar("home")
    assert [cal.id for cal in MemoryProvider(world.server, only=("home",)).calendars()] == ["home"]


def test_missing_items_are_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.provider.update(world.cal, FILE, b"x", "v1")
    with pytest.raises(NotFound):
        world.provider.delete(world.cal, FILE, "v1")


# -- faults -----------------------------------------------------------------------------------------------------------

WRITE_FAULTS: dict[str, tuple[type[BaseException], bool]] = {
    "before": (TransientError, False),
    "after-applied": (UnknownOutcome, True),
    "garbled": (UnknownOutcome, True),
    "late": (UnknownOutcome, False),
    "kill-before": (SimulatedCrash, False),
    "kill-after": (SimulatedCrash, True),
    "401": (AuthError, False),
    "403": (ReadOnly, False),
    "404": (CalendarGone, False),
    "409": (PreconditionFailed, False),
    "412": (PreconditionFailed, False),
    "429": (TransientError, False),
    "429-bare": (TransientError, False),
    "5xx": (UnknownOutcome, False),
}


@pytest.mark.parametrize("kind", WRITE_FAULTS)
def test_a_fault_of_a_write_is_told_and_applied_as_its_name_says(world: World, kind: Any) -> None:
    error, applied = WRITE_FAULTS[kind]
    world.server.arm(kind)
    with pytest.raises(error):
        world.create()
    world.server.board.revive()
    assert (FILE in world.contents()) == applied


@pytest.mark.parametrize("kind", WRITE_FAULTS)
def test_the_same_fault_of_a_read_ends_the_calendar_and_never_looks_like_a_write_error(world: World, kind: Any) -> None:
    world.create()
    world.server.arm(kind)
    with pytest.raises((TransientError, ProtocolError, AuthError, CalendarGone, SimulatedCrash)):
        world.provider.look(world.cal, FILE)
    world.server.board.revive()
    assert world.provider.look(world.cal, FILE) is not None


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_strikes_once_and_is_over(world: World, kind: Any) -> None:
    world.server.arm(kind)
    try:
        world.create()
    except (Exception, SimulatedCrash) as err:
        assert kind in WRITE_FAULTS, err
    assert [fault for _, _, fault in world.server.board.struck] == [kind]
    world.server.board.revive()
    world.server.settle_late()
    world.provider.calendars()
    assert len(world.server.board.struck) == 1


def test_after_a_kill_the_process_stays_dead_on_all_its_servers() -> None:
    board = Board()
    a, b = World(board=board), World(board=board)
    a.server.arm("kill-after", call="create")
    with pytest.raises(SimulatedCrash):
        a.create()
    for call in (b.provider.calendars, lambda: b.create(), lambda: a.provider.look(a.cal, FILE)):
        with pytest.raises(SimulatedCrash):
            call()
    board.revive()
    assert a.contents() == {FILE: b"x"}
    assert b.contents() == {}


def test_calls_are_numbered_over_all_servers_of_a_board() -> None:
    board = Board()
    a, b = World(board=board), World(board=board)
    board.fault_at(3, "429")
    a.provider.calendars()
    b.provider.calendars()
    with pytest.raises(TransientError) as caught:
        a.provider.calendars()
    assert caught.value.retry_after_s == 30
    assert board.count == 3


def test_a_fault_waits_for_the_call_it_was_armed_for(world: World) -> None:
    world.server.arm("412", call="update", times=2)
    etag = world.create()
    for _ in range(2):
        with pytest.raises(PreconditionFailed):
            world.provider.update(world.cal, FILE, b"y", etag)
    world.provider.update(world.cal, FILE, b"y", etag)
    assert world.contents() == {FILE: b"y"}


def test_each_page_is_a_call_that_can_break(world: World) -> None:
    world.server.traits.page_size = 1
    for name in ("a", "b", "c"):
        world.server.user_put("work", f"{name}.ics", b"x")
    world.server.fault_at(2, "before")
    pages: list[Page] = []
    with pytest.raises(TransientError):
        pages.extend(world.provider.changes(world.cal, None))
    assert [page.token for page in world.pages()] == [None, None, "0-3"]


def settle_by_calls(world: World) -> None:
    for _ in range(6):
        world.provider.calendars()


def settle_by_clock(world: World) -> None:
    world.clock.time += timedelta(minutes=11)
    world.provider.calendars()


@pytest.mark.parametrize("settle", [settle_by_calls, settle_by_clock, lambda world: world.server.settle_late()])
def test_a_late_write_arrives_after_a_look_that_did_not_show_it(world: World, settle: Callable[[World], None]) -> None:
    world.server.arm("late")
    with pytest.raises(UnknownOutcome):
        world.create()
    assert world.provider.look(world.cal, FILE) is None
    settle(world)
    assert world.provider.look(world.cal, FILE) is not None


def test_a_late_write_still_obeys_its_precondition(world: World) -> None:
    etag = world.create()
    world.server.arm("late")
    with pytest.raises(UnknownOutcome):
        world.provider.update(world.cal, FILE, b"late", etag)
    world.server.user_put("work", FILE, b"a person's")
    world.server.settle_late()
    assert world.contents() == {FILE: b"a person's"}


def test_stale_reads_show_an_older_state_but_a_point_read_never_does(world: World) -> None:
    """O1, O3."""
    world.server.user_put("work", "a.ics", b"1")
    world.server.user_put("work", "gone.ics", b"1")
    token = world.token()
    world.server.user_put("work", "a.ics", b"2")
    world.server.user_delete("work", "gone.ics")
    world.server.board.stale_depth = 2
    world.server.arm("stale", times=4)
    assert [hint.etag for page in world.pages() for hint in page.hints] == ["v1", "v2"]
    assert world.shown(token) == []
    old = world.fetched("a.ics")
    assert isinstance(old, Item)
    assert old.payload == b"1"
    now = world.provider.look(world.cal, "a.ics")
    assert now is not None
    assert now.payload == b"2"


def test_a_stale_round_gives_a_token_for_what_it_showed(world: World) -> None:
    """Otherwise the simulated server itself would lose changes."""
    world.server.user_put("work", "a.ics", b"1")
    world.server.user_put("work", "b.ics", b"1")
    world.server.board.stale_depth = 1
    world.server.arm("stale")
    token = world.token()
    assert world.shown(token) == [("b.ics", False)]


def test_a_replay_repeats_hints_and_a_reorder_shuffles_them(world: World) -> None:
    for n in range(6):
        world.server.user_put("work", f"{n}.ics", b"x")
    token = world.token()
    world.server.arm("replay")
    assert [i for i, _ in world.shown(token)] == ["3.ics", "4.ics", "5.ics"]
    world.server.arm("reorder")
    shuffled = world.shown()
    assert shuffled != world.shown()
    assert sorted(shuffled) == world.shown()


def test_an_empty_answer_shows_nothing_and_loses_nothing(world: World) -> None:
    world.server.user_put("work", "a.ics", b"x")
    token = world.token()
    world.server.user_put("work", "b.ics", b"x")
    world.server.arm("empty")
    (page,) = world.pages(token)
    assert (page.hints, page.token) == ((), token)
    assert world.shown(token) == [("b.ics", False)]
    world.server.arm("empty")
    assert world.shown() == []


def test_a_single_token_can_be_refused(world: World) -> None:
    token = world.token()
    world.server.arm("token-expired")
    with pytest.raises(SyncTokenExpired):
        world.pages(token)
    assert world.shown(token) == []


def test_a_flaky_server_says_404_once(world: World) -> None:
    etag = world.create()
    world.server.arm("flaky-404", times=3)
    assert world.provider.look(world.cal, FILE) is None
    assert world.fetched(FILE) == Missing(FILE)
    with pytest.raises(NotFound):
        world.provider.delete(world.cal, FILE, etag)
    assert world.provider.look(world.cal, FILE) is not None


def test_a_slow_call_moves_the_clock_first(world: World) -> None:
    def slow() -> None:
        world.clock.time += timedelta(minutes=5)

    world.server.board.on_slow = slow
    world.server.arm("slow")
    world.create()
    assert world.server.history("work")[0].stamp == START + timedelta(minutes=5)


def test_chance_faults_are_a_function_of_the_seed() -> None:
    """Q4."""

    def run(seed: int) -> list[tuple[int, str, str]]:
        world = World()
        world.server.board.chaos(random.Random(seed), 0.3, ("before", "stale"))
        for _ in range(50):
            try:
                world.provider.calendars()
            except TransientError:
                continue
        return list(world.server.board.struck)

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 5 < len(run(1)) < 30


def test_disarming_ends_all_faults(world: World) -> None:
    world.server.arm("before", times=9)
    world.server.fault_at(1, "before")
    world.server.board.chaos(random.Random(0), 1.0, ("before",))
    world.server.board.disarm()
    world.create()


def test_observers_see_each_call_before_it_happens(world: World) -> None:
    """For oracles such as "the journal row is `sent` before the request leaves" (I12)."""
    seen: list[tuple[str, bool]] = []
    world.server.observers.append(lambda call: seen.append((call.name, FILE in world.contents())))
    world.create()
    assert seen == [("create", False)]


def test_error_texts_name_what_happened(world: World) -> None:
    world.server.set_calendar("work", gone=True)
    with pytest.raises(CalendarGone, match=re.escape("The calendar work is not there")):
        world.provider.open("work")
