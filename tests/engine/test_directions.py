"""The direction of a pair is changed in the configuration: nothing is doubled, nothing lost, then it rests (V7, I5)."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.oracles import check_alike
from tests.engine.world import ics

DIRECTIONS = ("two-way", "a-to-b", "b-to-a")


@pytest.mark.parametrize(("before", "after"), itertools.permutations(DIRECTIONS, 2))
def test_a_changed_direction_doubles_and_loses_nothing(before: str, after: str) -> None:
    world = FaultyWorld("ab", direction=before)
    for side in "ab":
        world.put(side, ics(f"{side}1", f"tok1{'ab'.index(side)}x"))
        world.put(side, ics(f"{side}2", f"tok2{'ab'.index(side)}x"))
    world.run()
    for side in "ab":
        if world.has(side, "a1"):
            world.edit(side, "a1", **{"title" if side == "a" else "location": "tok30x" if side == "a" else "tok31x"})
    world.pairs = [replace(pair, direction=after) for pair in world.pairs]
    world.put("a", ics("a3", "tok4x"))
    for _ in range(3):
        world.run(approved=AnyPlan())
    assert all(world.forms(side) for side in "ab"), "forms fails on a UID that is twice"
    world.oracle.final()
    world.oracle.no_word_lost()
    assert world.quiet()
    if after == "two-way":
        check_alike(world)


def test_a_copy_of_a_feed_stays_no_source_for_a_pair_that_joins_later() -> None:
    """N4."""
    world = FaultyWorld("abc", direction="a-to-b")
    world.pairs = world.pairs[:1]
    world.put("a", ics("u1", "Copied"))
    world.put("b", ics("u2", "Native"))
    world.run()
    middle = world.pairs[0].b
    joined = replace(world.pairs[0], name="bc", a=middle, b=replace(middle, account="c", calendar="c"))
    world.pairs.append(replace(joined, direction="two-way"))
    for _ in range(2):
        world.run(approved=AnyPlan())
    assert world.titles("c") == ["Native"]
