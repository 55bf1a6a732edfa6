"""Laws of reading under random histories: what deltas add up to is what a full list shows, and what every look shows.

Shape   people edit, split, cancel, restore and delete; now and then somebody reads on from the last token, as an engine
        does: bodies of what is named in parts are fetched, what is said to be gone is looked at. Lists may be behind
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from calsync_cli.errors import MappingError, SyncTokenExpired
from calsync_cli.model.series import Form
from calsync_cli.providers.base import Item
from tests.contract.google import WIRE, Desk, at, desk
from tests.emulators.google.errors import ApiError

MODES: list[dict[str, Any]] = [
    {}, {"bare_instance_tombstones": True}, {"full_tombstones": True}, {"flood": "before"}, {"flood": "after"},
    {"rekey": "silent"}, {"live_pages": True}, {"bare_instance_tombstones": True, "flood": "after", "rekey": "silent"},
]  # fmt: skip


class History:
    def __init__(self, here: Desk, dice: Random) -> None:
        self.here, self.dice = here, dice
        self.alone = 0

    def masters(self) -> list[str]:
        home = self.here.g.calendar(self.here.home)
        return [row.id for row in home.rows.values() if row.is_master and not row.dead]

    def instance(self) -> str:
        """Any date of any series, whether somebody has changed it or not."""
        name = self.dice.choice(self.masters())
        return str(self.dice.choice(self.here.people.instances(self.here.home, name))["id"])

    def anything(self) -> str:
        home = self.here.g.calendar(self.here.home)
        return self.dice.choice([row.id for row in home.rows.values() if not row.dead and not row.orphan])

    def cancelled(self) -> str:
        home = self.here.g.calendar(self.here.home)
        return self.dice.choice([row.id for row in home.rows.values() if row.dead and row.master_id and not row.orphan])

    def lone(self) -> None:
        """An invitation to one date of a series that is somebody else's."""
        self.alone += 1
        day, of = 4 + self.alone % 20, f"theirs{self.alone % 3}"
        event = {"summary": "Guest", "start": at(day), "end": at(day, 10), "originalStartTime": at(day)}
        self.here.people.invite(self.here.home, "boss@example.org", event, uid=f"{of}@x.test", instance_of=of)

    def whole(self) -> None:
        """The rest of it: Google then names the dates that were there before."""
        of = f"theirs{self.dice.randrange(3)}"
        self.here.people.put(self.here.home, of, {
            "summary": "Theirs", "start": at(), "end": at(4, 10), "recurrence": ["RRULE:FREQ=DAILY;COUNT=30"],
            "iCalUID": f"{of}@x.test", "attendees": [{"email": self.here.home}], "organizer": {"email": "boss@x.test"},
        })  # fmt: skip
        for row in list(self.here.g.calendar(self.here.home).overrides_of(of)):
            if not row.dead:
                self.here.patch(row.id, colorId=str(self.dice.randrange(1, 12)))

    def split(self) -> None:
        master = self.dice.choice(self.masters())
        dates = self.here.people.instances(self.here.home, master)
        self.here.people.split(self.here.home, master, self.dice.choice(dates[1:])["id"], {"summary": "Later"},
                               full_prefix=self.dice.random() < 0.5)  # fmt: skip

    def step(self) -> None:
        here, dice, words = self.here, self.dice, f"Edit {self.dice.randrange(10**6)}"
        hour = dice.randrange(8, 20)
        rule = f"RRULE:FREQ={dice.choice(['DAILY', 'WEEKLY'])};COUNT={dice.randrange(2, 6)}"
        doing: list[Callable[[], Any]] = [
            lambda: here.insert(words, dice.randrange(4, 28)), lambda: here.series(words),
            lambda: here.patch(self.anything(), summary=words), lambda: here.patch(self.instance(), summary=words),
            lambda: here.patch(self.instance(), start=at(20, hour), end=at(20, hour + 1)),
            lambda: here.remove(self.instance()), lambda: here.remove(self.anything()),
            lambda: here.patch(self.cancelled(), status="confirmed"), self.split, self.lone, self.lone, self.whole,
            lambda: here.patch(dice.choice(self.masters()), recurrence=[rule]),
            lambda: here.patch(dice.choice(self.masters()), start=at(4, hour), end=at(4, hour + 1)),
            lambda: here.people.duplicate(here.home, self.anything()),
            lambda: here.people.delete_following(here.home, dice.choice(self.masters()), self.instance()),
        ]  # fmt: skip
        try:
            dice.choice(doing)()
        except (ApiError, IndexError):
            return  # nothing of the kind is there, or Google would refuse it


class Reader:
    """What the engine's mirror would hold."""

    def __init__(self, here: Desk) -> None:
        self.here = here
        self.token: str | None = None
        self.items: dict[str, Item] = {}

    def read(self) -> None:
        try:
            (page,) = self.here.provider.changes(self.here.cal, self.token)
        except SyncTokenExpired:
            self.token = None
            return self.read()
        named = [hint.remote_id for hint in page.hints if hint.parts is not None and not self.has(hint)]
        found = list(self.here.provider.fetch(self.here.cal, named)) if named else []
        listed = {hint.remote_id: hint for hint in page.hints}
        if page.listing:
            for name in self.items.keys() - listed.keys():
                self.look(name)
        for hint in listed.values():
            if hint.item is not None:
                self.items[hint.remote_id] = hint.item
            elif hint.gone and hint.remote_id in self.items:
                self.look(hint.remote_id)
        for one in found:
            if isinstance(one, Item):
                self.items[one.remote_id] = one
            else:
                self.look(one.remote_id)
        self.token = page.token
        return None

    def has(self, hint: Any) -> bool:
        known = self.items.get(hint.remote_id)
        return known is not None and self.here.provider.holds(known.payload, hint.parts)

    def look(self, name: str) -> None:
        before = self.items.get(name)
        found = self.here.provider.look(self.here.cal, name, before.payload if before is not None else b"")
        self.items.pop(name, None)
        if found is not None:
            self.items[name] = found


def form(item: Item) -> Form | str:
    try:
        return WIRE.read(item.payload).form
    except MappingError as err:
        return str(err)


@pytest.mark.parametrize("seed", range(48))
def test_deltas_add_up_to_the_list_and_to_every_look(seed: int) -> None:
    dice = Random(seed)
    page = dice.choice([None, None, 1, 3])
    with desk(seed=seed, page=page, modes=MODES[seed % len(MODES)]) as here:
        history, reader = History(here, dice), Reader(here)
        for _ in range(dice.randrange(20, 60)):
            here.g.world.lag.calls = dice.choice([0, 0, 1, 4])
            here.g.faults.disarm()
            here.g.faults.arm("stale", "iCalUID=", n=dice.randrange(1, 4), times=None, probability=0.5)
            for _ in range(dice.randrange(1, 4)):
                history.step()
            if dice.random() < 0.6:
                reader.read()
            if dice.random() < 0.05:
                here.g.expire_sync_tokens()
        here.g.settle()
        reader.read()
        full = Reader(here)
        full.read()
        assert reader.items.keys() == full.items.keys()
        for name, item in full.items.items():
            looked = here.look(name)
            assert form(reader.items[name]) == form(item) == form(looked), name
            assert item.etag == looked.etag, name
