"""Laws of the Google emulator under random histories: deltas lead where a full read leads, and nothing falls over."""

from __future__ import annotations

import random
from typing import Any

import httpx
import pytest

from tests.emulators.google import ME, GoogleEmulator, google_emulator
from tests.emulators.google.client import Client, all_day, timed, weekly
from tests.emulators.google.modes import Modes

YOU = "you@example.test"
STEPS = 60
Item = dict[str, Any]


class World:
    """People who edit at random, and one reader who follows by tokens."""

    def __init__(self, g: GoogleEmulator, client: Client, seed: int) -> None:
        self.g, self.client, self.dice = g, client, random.Random(seed)
        self.other = g.world.add_calendar(ME, "Other").id
        self.mirror: dict[str, Item] = {}
        self.token = ""

    def edit(self) -> None:
        people, dice = self.g.people, self.dice
        living = [item for item in self.g.events() if item["status"] != "cancelled" and "self" in item["organizer"]]
        kind = dice.choice(["make", "make", "series", "day", "patch", "one", "drop", "delete", "split", "rule", "move"])
        if kind in ("make", "series", "day") or not living:
            make = {"series": weekly, "day": all_day}.get(kind, timed)
            guests = {"attendees": [{"email": YOU}]} if dice.random() < 0.3 else {}
            people.insert(ME, make(f"event {dice.random()}", **guests))
            return
        item = dice.choice(living)
        series = [one for one in living if "recurrence" in one]
        if kind == "patch":
            people.patch(ME, item["id"], {"summary": f"edited {dice.random()}"})
        elif kind == "delete":
            people.delete(ME, item["id"])
        elif kind == "move" and "recurringEventId" not in item:
            people.move(ME, item["id"], self.other)
        elif series:
            self._edit_series(kind, dice.choice(series))

    def _edit_series(self, kind: str, master: Item) -> None:
        people, dice = self.g.people, self.dice
        instances = people.instances(ME, master["id"])
        if not instances:
            return
        one = dice.choice(instances)
        if kind == "one":
            people.patch(ME, one["id"], {"summary": f"only here {dice.random()}"})
        elif kind == "drop":
            people.delete(ME, one["id"])
        elif kind == "rule" and "_R" not in master["id"] and not self._was_split(master["id"]):
            people.patch(ME, master["id"], {"recurrence": [f"RRULE:FREQ=WEEKLY;COUNT={dice.randint(1, 5)}"]})
        elif kind == "split" and one["id"] != instances[0]["id"]:
            people.split(ME, master["id"], one["id"], {"summary": f"later {dice.random()}"})

    def _was_split(self, master_id: str) -> bool:
        """Its rule and that of the later part would name the same instances."""
        return any(name.startswith(f"{master_id}_R") for name in self.g.calendar().rows)

    def read(self) -> None:
        """One delta; a broken one is simply tried again the next time, as a client does."""
        try:
            pages = list(self.client.pages(**({"syncToken": self.token} if self.token else {})))
        except (httpx.TransportError, AssertionError):
            return
        for page in pages:
            for item in page["items"]:
                self._apply(item)
        self.token = pages[-1]["nextSyncToken"]

    def _apply(self, item: Item) -> None:
        self.mirror[item["id"]] = item
        if item["status"] == "cancelled" and "recurringEventId" not in item:
            gone = {name for name, one in self.mirror.items() if one.get("recurringEventId") == item["id"]}
            for name in gone | {item["id"]}:
                del self.mirror[name]


@pytest.mark.parametrize("seed", range(12))
def test_deltas_lead_where_a_full_read_leads(seed: int) -> None:
    with google_emulator(seed=seed, accounts=[ME, YOU], page=3, lag_calls=seed % 4) as g, Client(g) as client:
        world = World(g, client, seed)
        for name in ("drop-after", "503", "empty", "stale", "403-rate"):
            g.faults.arm(name, "events.list", times=None, probability=0.05)
        for _ in range(STEPS):
            world.edit()
            if world.dice.random() < 0.4:
                world.read()
        g.settle()
        g.world.page_limit = None
        world.read()
        full, _ = client.read()
        assert {name: item for name, item in full.items() if item["status"] != "cancelled"} == {
            name: item for name, item in world.mirror.items() if item["status"] != "cancelled"}
        assert {name for name, item in full.items() if item["status"] == "cancelled"} <= set(world.mirror)
        assert client.list(syncToken=world.token).json["items"] == []
        assert g.problems == []
        assert g.mails == []


@pytest.mark.parametrize("seed", range(8))
def test_nothing_falls_over_in_any_mode(seed: int) -> None:
    dice = random.Random(seed)
    modes = {
        "live_pages": dice.random() < 0.5, "bare_instance_tombstones": dice.random() < 0.5,
        "full_tombstones": dice.random() < 0.5, "listed_cancelled_masters": dice.random() < 0.5,
        "flood": dice.choice(["none", "before", "after"]), "rekey": dice.choice(["tombstones", "silent"]),
        "exception_inherits_private": dice.random() < 0.5, "normalises": dice.random() < 0.5,
    }
    assert set(modes) <= set(Modes.__dataclass_fields__)
    with google_emulator(seed=seed, accounts=[ME, YOU], page=4, modes=modes) as g, Client(g) as client:
        world = World(g, client, seed)
        for _ in range(STEPS):
            world.edit()
            world.read()
        for params in ({"showDeleted": True}, {"singleEvents": True}, {"singleEvents": True, "showDeleted": True}):
            client.read(**params)
            with Client(g, YOU) as you:
                you.read(**params)
        assert g.problems == []
