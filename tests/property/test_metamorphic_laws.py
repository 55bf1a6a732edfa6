"""M1-M12: the same deeds of people in worlds that differ in one thing that must not matter (test-plan section 7).

CALSYNC_M_SCRIPTS sets the number of scripts for each law (by hand: hundreds); a failure names its seed.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from calsync_cli.mapping.contentlines import content_lines, fold
from calsync_cli.model.account import CalendarName, Pair
from calsync_cli.providers.memory import Traits
from tests.engine.faulty_world import FaultyWorld
from tests.engine.metamorphic import RUN, Deed, ends, play, script, shifted, writes
from tests.engine.world import START, World, ics

SCRIPTS = int(os.environ.get("CALSYNC_M_SCRIPTS", "3"))
SEEDS = pytest.mark.parametrize("seed", range(SCRIPTS))
SWAP = {"a": "b", "b": "a", "": ""}


def plain(seed: int) -> tuple[list[Deed], FaultyWorld]:
    """A script, and the world after it."""
    deeds, world = script(seed), FaultyWorld("ab")
    play(world, deeds)
    return deeds, world


@SEEDS
def test_m1_swapped_sides_give_mirrored_plans_and_ends(seed: int) -> None:
    deeds = script(seed)
    one, other = FaultyWorld("ab"), FaultyWorld("ba")
    here, there = play(one, deeds), play(other, [replace(deed, side=SWAP[deed.side]) for deed in deeds])
    # the pair's own sides stay a and b, in the order of the calendars
    assert writes(here) == writes(there)
    left, right = ends(one), ends(other)
    assert (left["a"], left["b"]) == (right["b"], right["a"])


@SEEDS
@pytest.mark.parametrize("order", ["pages", "items", "calendars"])
def test_m2_the_order_of_pages_items_and_calendars_does_not_matter(seed: int, order: str) -> None:
    deeds = script(seed)
    one = FaultyWorld("ab")
    other = FaultyWorld("ab", None, {"a": Traits(page_size=1, fetch_size=1, batch=1), "b": Traits(page_size=2)})
    if order == "items":
        other = FaultyWorld("ab")
        other.board.arm("reorder", times=10_000)
    if order == "calendars":
        deeds = [*script(seed, uids=("u1", "u2", "s1"))]
        pairs = [Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), first_sync="auto"),
                 Pair("cd", CalendarName("c", "c"), CalendarName("d", "d"), first_sync="auto")]
        one, other = FaultyWorld("abcd", pairs), FaultyWorld("abcd", pairs[::-1])
    assert writes(play(one, deeds)) == writes(play(other, deeds))
    assert ends(one) == ends(other)


@SEEDS
def test_m3_the_edits_of_one_run_may_come_in_several(seed: int) -> None:
    deeds, world = plain(seed)
    rng, other = random.Random(seed), FaultyWorld("ab")
    play(other, [one for deed in deeds for one in ([deed, RUN] if rng.random() < 0.5 else [deed])])
    assert ends(world) == ends(other)


@SEEDS
def test_m4_an_unrelated_event_and_an_unrelated_calendar_change_no_plan(seed: int) -> None:
    pair = Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), first_sync="auto")
    more = Pair("cd", CalendarName("c", "c"), CalendarName("d", "d"), first_sync="auto")
    deeds = script(seed)
    others = script(seed + 1000, rounds=1, deeds=12, uids=("u1", "u2", "u3"))
    renamed = [replace(deed, uid=f"x{deed.uid}") for deed in others if deed != RUN]
    mixed = _merged(deeds, renamed, random.Random(seed))
    one, other = FaultyWorld("abcd", [pair]), FaultyWorld("abcd", [pair, more])
    other.put("c", ics("c", "Elsewhere"))
    here, there = writes(play(one, deeds)), writes(play(other, mixed))
    assert here == [write for write in there if write[2] in {deed.uid for deed in deeds}]
    left, right = ends(one), ends(other)
    for side in "ab":
        assert left[side] == {uid: form for uid, form in right[side].items() if not uid.startswith("x")}


def _merged(deeds: list[Deed], others: list[Deed], rng: random.Random) -> list[Deed]:
    """`others` in their order, somewhere between the deeds."""
    found, left = [], list(others)
    for deed in deeds:
        while left and rng.random() < 0.5:
            found.append(left.pop(0))
        found.append(deed)
    return found


@SEEDS
def test_m5_a_quiet_run_anywhere_writes_nothing_and_changes_nothing(seed: int) -> None:
    deeds, world = plain(seed)
    other = FaultyWorld("ab")
    for deed in deeds:
        play(other, [deed])
        if deed == RUN:
            before = other.writes()
            (report,) = play(other, [RUN])
            assert (other.writes(), report.changes) == (before, [])
    assert ends(world) == ends(other)


@SEEDS
@pytest.mark.parametrize("traits", [Traits(delta=False), Traits()], ids=["no deltas", "--full"])
def test_m6_a_full_listing_gives_the_same_plans_as_a_delta(seed: int, traits: Traits) -> None:
    deeds = script(seed)
    one, other = FaultyWorld("ab"), FaultyWorld("ab", None, {"a": traits, "b": traits})
    assert writes(play(one, deeds)) == writes(play(other, deeds, full=traits.delta))
    assert ends(one) == ends(other)


@SEEDS
@pytest.mark.parametrize("expired", ["error", "listing", "silent"])
def test_m7_tokens_that_expire_before_each_run_change_no_end(seed: int, expired: str) -> None:
    """A silent server tells of deletions only in the whole listing of each day, so nobody makes an event anew here."""
    deeds, world = _for_good(script(seed)), FaultyWorld("ab")
    play(world, deeds)
    traits = Traits(expired=expired)  # type: ignore[arg-type]
    other = FaultyWorld("ab", None, {"a": traits, "b": traits})

    def expire(number: int) -> None:
        for server in other.servers.values():
            server.expire_tokens()

    play(other, deeds, before_run=expire)
    assert ends(world) == ends(other, full=True)
    other.oracle.final()


def _for_good(deeds: list[Deed]) -> list[Deed]:
    """Without what people do with an event once it was deleted."""
    gone: set[str] = set()
    found = []
    for deed in deeds:
        if deed == RUN or deed.uid not in gone:
            found.append(deed)
        if deed.what == "delete":
            gone.add(deed.uid)
    return found


@SEEDS
@pytest.mark.parametrize("weeks", [1, 7])
def test_m8_all_times_and_the_clock_some_weeks_later_give_the_plans_of_before_so_much_later(
    seed: int, weeks: int
) -> None:
    deeds = script(seed)
    one, other = FaultyWorld("ab"), FaultyWorld("ab")
    other.clock.now += timedelta(weeks=weeks)
    assert other.clock.now == START + timedelta(weeks=weeks)
    here, there = play(one, deeds), play(other, deeds, weeks=weeks)
    assert writes(here) == writes(there)
    left, right = ends(one), ends(other)
    later = timedelta(weeks=weeks)
    assert {s: {u: shifted(f, later) for u, f in forms.items()} for s, forms in left.items()} == right


@SEEDS
def test_m9_what_a_server_rewrites_without_a_change_is_written_nowhere(seed: int) -> None:
    deeds, world = plain(seed)
    other, rng = FaultyWorld("ab"), random.Random(seed)
    for deed in deeds:
        play(other, [deed])
        if deed == RUN:
            for side, server in other.servers.items():
                for remote_id, payload in server.contents(side).items():
                    if rng.random() < 0.6:
                        other.put(side, rewritten(payload, rng), remote_id)
            before = other.writes()
            play(other, [RUN])
            assert other.writes() == before
    assert ends(world) == ends(other)


def rewritten(payload: bytes, rng: random.Random) -> bytes:
    """Other line ends and folds, names in lower case, other stamps, defaults said (facts section 11)."""
    newline = rng.choice([b"\r\n", b"\n"])
    lines = []
    for line in content_lines(payload):
        text = line.text
        if line.name == "DTSTAMP":
            text = f"DTSTAMP:2026010{rng.randrange(1, 9)}T000000Z"
        if line.name == "SUMMARY" and rng.random() < 0.5:
            text = "summary" + text[7:]
        if text == "END:VEVENT":
            lines += [fold(more, newline) for more in ("SEQUENCE:3", "CLASS:PUBLIC", "X-SERVER:1", "PRIORITY:0")]
        lines.append(fold(text, newline))
    return b"".join(lines)


@SEEDS
def test_m10_a_lost_database_changes_no_calendar_and_doubles_nothing(seed: int) -> None:
    deeds, world = plain(seed)
    other = FaultyWorld("ab")
    for deed in deeds:
        play(other, [deed])
        if deed == RUN:
            ends(other)
            held, before = {name: server.contents(name) for name, server in other.servers.items()}, other.writes()
            other.lose_database()
            ends(other)
            assert {name: server.contents(name) for name, server in other.servers.items()} == held
            assert other.writes() == before
    assert ends(world) == ends(other)
    other.oracle.final()


@SEEDS
def test_m11_two_cron_lines_of_one_group_do_what_one_does(seed: int) -> None:
    """N3: a named pair runs its whole group, so it does not matter which line comes when, nor how often."""
    deeds, rng = script(seed), random.Random(seed)
    one, other = FaultyWorld("abc"), FaultyWorld("abc")
    play(one, deeds)
    for deed in deeds:
        for name in [rng.choice(["ab", "bc"]) for _ in range(rng.randrange(1, 3))] if deed == RUN else [""]:
            _line(other, name) if name else play(other, [deed])
    assert ends(one) == ends(other)


def _line(world: World, name: str) -> None:
    from calsync_cli.engine.groups import groups, selected
    from calsync_cli.engine.run import run
    from calsync_cli.engine.state import Wish
    from tests.engine.faulty_world import AnyPlan

    session = world.session()
    try:
        run(session, selected(groups(world.pairs), [name]), Wish(approved=AnyPlan()))
    finally:
        session.close()
        world.clock.now += world.gap


@SEEDS
def test_m12_a_run_does_what_the_dry_run_before_it_shows(seed: int) -> None:
    deeds, world = plain(seed)
    other = FaultyWorld("ab")
    for deed in deeds:
        if deed != RUN:
            play(other, [deed])
            continue
        before = other.writes()
        shown = play(other, [RUN], dry_run=True)
        assert other.writes() == before
        done = play(other, [RUN])
        assert writes(shown) == writes(done)
        assert {change.outcome for report in done for change in report.changes} <= {"confirmed"}
    assert ends(world) == ends(other)
