"""Laws of reading under random histories: what deltas add up to is what a full list shows, and what every look shows.

Shape   people edit, shift, cancel, move to another calendar and back, restore and delete; now and then somebody reads
        on from the last link, as an engine does: what is named is fetched, what is said to be gone is looked at. Where
        Graph is silent about a deleted date, the next full list tells of it (facts 0.5, A4.7). What lies outside of the
        window rests as it was (V1)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from calsync_cli.errors import MappingError, SyncTokenExpired
from calsync_cli.model import recur
from calsync_cli.model.account import Window
from calsync_cli.model.series import Form
from calsync_cli.providers.base import Item
from tests.contract.graph import WIRE, Desk, at, desk, later, weekly
from tests.emulators.graph import cruel
from tests.emulators.graph.errors import GraphError

SHOWN: list[dict[str, Any]] = [
    {"deleted_occurrence": "siblings"}, {"deleted_occurrence": "master", "page": 1},
    {"knobs": cruel(deleted_occurrence="siblings", outside_rows="empty", nulls=False)},
    {"masters_in_delta": False, "deleted_occurrence": "siblings", "page": 3},
]  # fmt: skip
SILENT: list[dict[str, Any]] = [{}, {"deleted_occurrence": "removed", "page": 2}, {"etag_on_instance_delete": False}]
WINDOW = Window(timedelta(days=40), timedelta(days=90))


class History:
    def __init__(self, here: Desk, dice: Random) -> None:
        self.here, self.dice = here, dice
        self.other = here.g.do(do="add_calendar", name="Other")
        self.dead: list[str] = []

    def anything(self) -> str:
        return str(self.dice.choice(self.here.events())["id"])

    def series(self) -> str:
        return str(self.dice.choice([one for one in self.here.events() if one["recurrence"]])["id"])

    def date(self) -> dict[str, Any]:
        return {"id": self.series(), "date": f"2026-05-{self.dice.choice([4, 11, 18, 25]):02d}"}

    def remove(self) -> None:
        self.dead.append(self.anything())
        self.here.remove(self.dead[-1])

    def back(self) -> None:
        away = self.dice.choice(self.here.g.events("Other"))
        self.here.g.do(do="move", id=away["id"], calendar=self.here.home)

    def step(self) -> None:
        here, dice, words = self.here, self.dice, f"Edit {self.dice.randrange(10**6)}"
        day, hour = dice.randrange(4, 28), dice.randrange(8, 20)
        month = dice.choice(["05", "06", "11"])  # the last one is outside of the window
        when = {name: {"dateTime": f"2026-{month}-{day:02d}T{hour + n:02d}:00:00", "timeZone": "Europe/Berlin"}
                for n, name in enumerate(("start", "end"))}  # fmt: skip
        doing: list[Callable[[], Any]] = [
            lambda: here.insert(words, day),
            lambda: here.insert(words, 4, recurrence=weekly(count=dice.randrange(2, 6))),
            lambda: here.patch(self.anything(), subject=words), lambda: here.patch(self.anything(), showAs="free"),
            lambda: here.patch(self.anything(), **when), lambda: here.patch(self.series(), recurrence=None),
            lambda: here.patch(self.series(), start=at(4, hour), end=at(4, hour + 1)),
            lambda: here.g.do(do="edit_occurrence", changes={"subject": words}, **self.date()),
            lambda: here.g.do(do="edit_occurrence", changes={"start": at(20, hour), "end": at(20, hour + 1)},
                              **self.date()),
            lambda: here.g.do(do="delete_occurrence", **self.date()), self.remove, self.back,
            lambda: here.g.do(do="move", id=self.anything(), calendar=self.other),
            lambda: here.g.do(do="copy", id=self.anything(), calendar=here.home),
            lambda: here.g.do(do="restore", id=dice.choice(self.dead)),
            lambda: here.g.do(do="touch", id=self.anything()),
        ]  # fmt: skip
        try:
            dice.choice(doing)()
        except (GraphError, IndexError, ValueError):
            return  # nothing of the kind is there, or Outlook would refuse it


class Reader:
    """What the engine's mirror would hold."""

    def __init__(self, here: Desk) -> None:
        self.here = here
        self.token: str | None = None
        self.items: dict[str, Item] = {}

    def read(self) -> None:
        try:
            page = self.here.page(self.token, WINDOW)
        except SyncTokenExpired:
            self.token = None
            return self.read()
        listed = {hint.remote_id: hint for hint in page.hints}
        if page.window is not None:
            gone = [name for name in self.items.keys() - listed.keys() if self.touches(name, page.window)]
        else:
            gone = [name for name, hint in listed.items() if hint.gone and name in self.items]
        for name in gone:
            self.look(name)
        known = {name: item.etag for name, item in self.items.items()}
        wanted = [n for n, h in listed.items() if not h.gone and (h.etag is None or known.get(n) != h.etag)]
        found = list(self.here.provider.fetch(self.here.cal, wanted))
        for one in found:
            if isinstance(one, Item):
                self.items[one.remote_id] = one
            else:
                self.look(one.remote_id)
        self.token = page.token
        return None

    def touches(self, name: str, window: Any) -> bool:
        shown = form(self.items[name])
        return isinstance(shown, str) or recur.touches(shown, *window)

    def look(self, name: str) -> None:
        found = self.here.provider.look(self.here.cal, name)
        self.items.pop(name, None)
        if found is not None:
            self.items[name] = found


def form(item: Item) -> Form | str:
    try:
        return WIRE.read(item.payload).form
    except MappingError as err:
        return str(err)


@pytest.mark.parametrize("seed", range(21))
def test_deltas_add_up_to_the_list_and_to_every_look(seed: int) -> None:
    dice = Random(seed)
    mode = [*SHOWN, *SILENT][seed % 7]
    with desk(seed=seed, **mode) as here:
        history, reader = History(here, dice), Reader(here)
        for _ in range(dice.randrange(10, 25)):
            here.g.knobs.delta_lag_s = dice.choice([0, 0, 5])
            for _ in range(dice.randrange(1, 4)):
                history.step()
                later(here, seconds=dice.choice([0, 3]))
            if dice.random() < 0.6:
                reader.read()
            if dice.random() < 0.05:
                here.g.change(forget_tokens=True)
        later(here, seconds=60)
        here.g.knobs.delta_lag_s = 0
        reader.read()
        full = Reader(here)
        full.read()
        if mode in SILENT:
            reader.token = None
            reader.read()
        assert full.items.keys() <= reader.items.keys()
        window: Any = here.page(None, WINDOW).window
        for name, item in reader.items.items():
            known = form(item)
            if name in full.items or (not isinstance(known, str) and recur.touches(known, *window)):
                looked = here.look(name)
                assert known == form(looked) and item.etag == looked.etag, name
