"""K9: two installations on one pair, the one in the middle of a run of the other: nothing is lost, doubled or deleted.

At every call of the first machine's run, one point per story, the second machine does a whole run of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from calsync_cli.providers.memory import Call, MemoryServer, Traits
from tests.engine.faulty_world import AnyPlan
from tests.engine.oracles import TOKEN
from tests.engine.world import World, ics

Story = Callable[[World], None]
ANY = AnyPlan()


class Shared(MemoryServer):
    """`at_call` is told before each call what is about to be done."""

    at_call: Callable[[Call], None] = staticmethod(lambda call: None)

    def perform(self, call: Call, action: Callable[[], Any]) -> Any:
        self.at_call(call)
        return super().perform(call, action)


def machines(**kind: Any) -> tuple[World, World]:
    first = World("ab", server=Shared, traits={name: Traits(**kind) for name in "ab"})
    second = World("ab", server=Shared)
    second.servers, second.clock, second.installation = first.servers, first.clock, "j" * 32
    return first, second


def run(world: World) -> None:
    world.run(yes=True, approved=ANY)


def nothing_yet(world: World) -> None:
    for number in range(3):
        world.put("ab"[number % 2], ics(f"u{number}", f"tok{number}x"))


def a_new_one(world: World) -> None:
    world.put("a", ics("u8", "tok8x"))


def an_edit(world: World) -> None:
    world.edit("a", "u0", title="tok10x")


def edits_of_both_sides(world: World) -> None:
    world.edit("a", "u0", title="tok10x")
    world.edit("b", "u0", location="tok11x")


def a_deletion(world: World) -> None:
    world.delete("a", "u0")


def a_series_loses_a_date(world: World) -> None:
    world.put("b", ics("u9", "tok9x", "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261208T090000"))


OLD = {b"tok1x", b"tok2x"}
WORDS: dict[Story, set[bytes]] = {
    nothing_yet: OLD | {b"tok0x"}, a_new_one: OLD | {b"tok0x", b"tok8x"}, an_edit: OLD | {b"tok10x"},
    edits_of_both_sides: OLD | {b"tok10x", b"tok11x"}, a_deletion: OLD, a_series_loses_a_date: OLD | {b"tok9x"},
}
"""What must be left at the end."""


@pytest.mark.parametrize("kind", [{}, {"delta": False}, {"batch": 1}], ids=str)
@pytest.mark.parametrize("story", [nothing_yet, a_new_one, an_edit, edits_of_both_sides, a_deletion,
                                   a_series_loses_a_date])
def test_two_machines_at_the_same_moment(story: Story, kind: dict[str, Any]) -> None:
    point, calls = 0, 1
    while point < calls:
        point += 1
        calls = _played(story, kind, point)


def _played(story: Story, kind: dict[str, Any], point: int) -> int:
    first, second = machines(uid_unique=True, **kind)  # as RFC 4791, section 5.3.2.1, wants it
    if story is not nothing_yet:
        nothing_yet(first)
        for world in (first, second, first, second):
            run(world)
    story(first)
    calls = _met(first, second, point)
    for world in (second, first, second, first):
        run(world)
    where = f"met at call {point}"
    assert first.forms("a") == first.forms("b"), where
    assert WORDS[story] <= set(TOKEN.findall(b"".join(first.servers["a"].contents("a").values()))), where
    for name in "ab":
        gone = [c for c in first.servers[name].history(name) if c.who != "user" and c.payload is None]
        assert story is a_deletion or not gone, where
    before = first.writes()
    for world in (first, second):
        run(world)
    assert first.writes() == before, where
    return calls


def _met(first: World, second: World, point: int) -> int:
    """A run of the first machine, with one of the second just before that call; how many calls there were."""
    count = 0

    def meet(call: Call) -> None:
        nonlocal count
        count += 1
        if count == point:
            run(second)

    for server in first.servers.values():
        server.at_call = meet
    run(first)
    for server in first.servers.values():
        server.at_call = lambda call: None
    return count


def test_where_a_server_takes_one_uid_twice_the_copies_are_named_and_nothing_is_deleted() -> None:
    """A folder lets both machines make their copy in the same second; from then on it is left to a person."""
    first, second = machines()
    nothing_yet(first)
    for world in (first, second, first, second):
        run(world)
    a_new_one(first)
    _met(first, second, 4)
    report = first.run(approved=ANY)
    assert [p.event for p in report.problems if p.code == "quarantined"] == ["tok8x"]
    copies = [payload for payload in first.servers["b"].contents("b").values() if b"UID:u8" in payload]
    assert len(copies) == 2
    before = first.writes()
    for world in (first, second, first):
        run(world)
    assert first.writes() == before
