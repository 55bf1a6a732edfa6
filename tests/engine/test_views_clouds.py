"""One two-way pair between real providers: work shows at home as blocks, home shows at work whole (W6, X13).

Five rounds of edits on both sides; after each no word of work is to be found in anything the other service holds, what
was moved there has moved here, and a further run writes nothing.
"""

from __future__ import annotations

import random

import pytest

from calsync_cli.model.views import View
from tests.engine.cloud_world import CloudWorld

PAIRS = [("google", "vdir"), ("google", "graph"), ("graph", "google"), ("vdir", "google"), ("dav", "graph")]
SECRET = "secretword"


class Office:
    """People at work and at home, by chance but always the same."""

    def __init__(self, world: CloudWorld, seed: int) -> None:
        self.world, self.chance, self.count = world, random.Random(seed), 0
        self.work: list[str] = []
        self.home: list[str] = []

    def word(self) -> str:
        self.count += 1
        return f"{SECRET}{self.count}x"

    def begin(self) -> None:
        a, b = self.world["a"], self.world["b"]
        self.work = [
            a.add(self.word(), "2027-03-01T09:00", location=self.word(), text=self.word()),
            a.add(self.word(), "2027-03-02T11:00", rule="FREQ=WEEKLY;COUNT=5", text=self.word()),
            a.add(self.word(), "2027-03-04", location=self.word()),
        ]
        self.home = [b.add("Choir", "2027-03-03T18:00", location="Church", text="Bach")]

    def round(self, number: int) -> None:
        a, b = self.world["a"], self.world["b"]
        there = [uid for uid in self.work if uid in a.uids()]
        for uid in there:
            a.edit(uid, **{self.chance.choice(("title", "location", "text")): self.word()})
        series = self.work[1]
        if series in there and len(a.dates(series)) > 2:
            a.change(series, a.dates(series)[number % 2], title=self.word())
        if self.home[0] in a.uids():
            a.edit(self.home[0], title=f"Choir {number}")
        if self.home[0] in b.uids():
            b.edit(self.home[0], location=f"Hall {number}")
        blocks = sorted(set(b.uids()) - set(self.home) - set(self.work))
        single = next((uid for uid in blocks if not b.dates(uid) and not self.is_all_day(uid)), None)
        if single:
            b.shift(single, f"2027-03-01T{10 + number}:00")
        if number == 3 and blocks:
            repeating = next((uid for uid in blocks if b.dates(uid)), None)
            if repeating:
                b.cancel(repeating, b.dates(repeating)[-1])
        if number == 4 and self.work[2] in there:
            a.delete(self.work[2])

    def is_all_day(self, uid: str) -> bool:
        return any(seen[0] == uid and len(seen[1]) == 10 for seen in self.world["b"].agenda())


def check_no_word(world: CloudWorld) -> None:
    for text in world["b"].texts():
        assert SECRET not in text, text[max(0, text.index(SECRET) - 200) : text.index(SECRET) + 50]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_five_rounds_without_a_leak(a: str, b: str) -> None:
    with CloudWorld(a, b, to_b=View("busy", title="Taken")) as world:
        office = Office(world, 7)
        office.begin()
        for number in range(5):
            world.run()
            world.run()
            check_no_word(world)
            assert world.quiet()
            office.round(number)
        world.run()
        world.run()
        check_no_word(world)
        assert world.quiet()
        times = {name: sorted(seen[1:3] for seen in world[name].agenda()) for name in "ab"}
        assert times["a"] == times["b"]
        assert any("T13:00" in start for start, _ in times["a"]), "moved on the block, to two in Berlin"
        home = {name: [seen[3:5] for seen in world[name].agenda() if seen[0] == office.home[0]] for name in "ab"}
        assert home["a"] == home["b"] == [("Choir 4", "Hall 4")]
        assert not world.sent_rows()
        assert not any(found for cloud in world.clouds.values() for found in cloud.complaints().values()), "I6"
