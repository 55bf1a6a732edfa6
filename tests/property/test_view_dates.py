"""W6, I16: a series and its block, both cut, prolonged, moved, cancelled and changed at single dates, have the same
dates at rest; no word of it goes over, and each is still there or in the store (I18, I1). People leave in their files
what calendar programs leave: exceptions of dates that the rule has no more.

CALSYNC_L1_VIEWS sets how many stories there are.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from random import Random

import pytest

from calsync_cli.model.views import View
from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.oracles import check_rest
from tests.simulation import alike, blocks, pen

STORIES = int(os.environ.get("CALSYNC_L1_VIEWS", "32"))
PARTS = 4
START = datetime(2027, 1, 4, 9)


class Series:
    """One series at home on a, with its block on b."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(seed)
        self.words: list[str] = []
        self.edited: list[tuple[str, str, bytes]] = []
        self.world = FaultyWorld("ab", to_b=View("busy"), orphan="detach", conflict=rng.choice("ab"))
        zone = rng.choice(pen.ZONES)
        self.world.put("a", pen.event("u1@x", "birth0x", self.word(), START, zone, "RRULE:FREQ=WEEKLY;COUNT=5"))

    def word(self) -> str:
        self.words.append(f"tok{len(self.words)}x")
        return self.words[-1]

    def edit(self) -> None:
        """By anybody."""
        side, rng = self.rng.choice("ab"), self.rng
        found = [(i, p) for i, p in sorted(self.world.servers[side].contents(side).items()) if pen.repeats(p)]
        if not found:
            return
        remote_id, payload = rng.choice(found)
        number = rng.randrange(6)
        match rng.choice(("dates", "dates", "date", "date", "off", "move", "rule")):
            case "dates":
                payload = pen.written(payload, "RRULE", f"FREQ=WEEKLY;COUNT={rng.randint(2, 7)}")
            case "date" if pen.has_date(payload, number):
                by = timedelta(hours=rng.choice((0, 0, 3)))
                payload = pen.excepted(payload, number, self.word() if side == "a" else "Mine", by)
            case "off" if pen.has_date(payload, number):
                payload = pen.cancelled(payload, number)
            case "move":
                payload = pen.moved(payload, timedelta(hours=rng.choice((-2, 1, 24))))
            case "rule":  # both at once, as when a week's day is changed in a program that names it
                shifted = pen.moved(payload, timedelta(hours=24))
                payload = pen.written(shifted, "RRULE", f"FREQ=WEEKLY;COUNT={rng.randint(2, 7)}")
        self.world.servers[side].user_put(side, remote_id, payload)
        self.edited.append((side, remote_id, payload))

    def rest(self) -> None:
        for _ in range(3):
            self.world.run(approved=AnyPlan())
        check_rest(self.world)
        here, there = ({pen.uid_of(p): p for p in self.world.servers[side].contents(side).values()} for side in "ab")
        assert {blocks.block_uid(uid) for uid in here} == there.keys()
        for uid, payload in here.items():
            block = there[blocks.block_uid(uid)]
            assert alike.same(blocks.times(payload), blocks.times(block)), f"{pen.flat(payload)!r}\n{pen.flat(block)!r}"
        if len(self.edited) == 1 and b"Mine" not in self.edited[0][2]:  # what one person leaves is what both see then
            ((side, remote_id, payload),) = self.edited
            now = self.world.servers[side].contents(side)[remote_id]
            assert alike.same(blocks.times(payload), blocks.times(now)), f"{pen.flat(payload)!r}\n{pen.flat(now)!r}"
        self.edited.clear()

    def judge(self) -> None:
        kept = str([row["value"] for row in self.world.db.all("SELECT value FROM kept")])
        left = b"".join(self.world.servers["a"].contents("a").values()).decode() + kept
        assert not [word for word in self.words if word not in left]
        told = b"".join(change.payload or b"" for change in self.world.servers["b"].history("b"))
        assert not [word for word in self.words if word.encode() in told]


@pytest.mark.parametrize("part", range(PARTS))
def test_a_series_and_its_block_have_the_same_dates(part: int) -> None:
    for seed in range(part, STORIES, PARTS):
        story = Series(seed)
        story.world.run()
        for _ in range(5):
            for _ in range(story.rng.choice((1, 1, 2))):
                story.edit()
            story.rest()
        story.judge()
