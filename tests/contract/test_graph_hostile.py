"""A server that answers anything at all: it ends in an error of ours, never in a traceback, and harms nothing else.

Shape   the emulator's real answers, alone and in batches, with one member replaced; each operation of the provider is
        tried on them. What comes through must be fit for the database and for the mapping
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from calsync_cli.errors import CalsyncError, InternalCheck, MappingError, ProtocolError, TransientError, UnknownOutcome
from calsync_cli.providers.base import Calendar, Item, Receipt, Write
from tests.contract.graph import SECOND, WEEKLY, WIRE, Desk, desk, form, fresh_desk
from tests.contract.hostile import BODIES, ODD, spoil
from tests.emulators.graph.wire import Raw, Reply

__all__ = ["fresh_desk"]


class Liar:
    """Between the emulator and everybody: every n-th answer, or part of one, is spoiled."""

    def __init__(self, here: Desk, seed: int, share: float) -> None:
        self.dice, self.share, self.wire = Random(seed), share, here.g.emulator.one
        here.g.emulator.one = self.one  # type: ignore[method-assign]
        self.here = here

    def one(self, raw: Raw, *, part: bool) -> Reply:
        reply = self.wire(raw, part=part)
        if self.dice.random() >= self.share or reply.status >= 400:
            return reply
        spoiled = spoil(json.loads(reply.body), self.dice) if reply.body else self.dice.choice(ODD)
        return replace(reply, body=json.dumps(spoiled).encode())

    def stop(self) -> None:
        self.here.g.emulator.one = self.wire  # type: ignore[method-assign]


def fit(item: Item) -> None:
    """For the database, and for the mapping."""
    for text in (item.remote_id, item.etag or "", item.payload.decode()):
        assert "\x00" not in text
        text.encode()
    with suppress(MappingError):
        WIRE.read(item.payload)


def operations(here: Desk, items: list[Item], token: str) -> Iterator[Any]:
    provider, cal = here.provider, here.cal
    single, series = items
    yield provider.calendars
    yield lambda: provider.open(here.home)
    yield lambda: list(provider.changes(cal, None))
    yield lambda: list(provider.changes(cal, token))
    yield lambda: list(provider.fetch(cal, [single.remote_id, series.remote_id, "missing"]))
    yield lambda: provider.look(cal, series.remote_id, series.payload)
    yield lambda: provider.look(cal, "key:" + "0" * 32)
    writes = [here.edit(single, {"title": "New"}), here.edit(series, {"title": "New", f"@{SECOND}/title": "Other"}),
              here.new(7), here.new(8, form(recurrence=WEEKLY, **{f"@{SECOND}/title": "Second"}))]  # fmt: skip
    yield lambda: provider.bulk(cal, writes)
    yield lambda: provider.bulk(cal, [Write("delete", one.remote_id, b"", one.etag) for one in items])
    yield lambda: provider.create_calendar("Trips")


def check_answer(answer: Any) -> None:
    for one in answer if isinstance(answer, list) else [answer]:
        match one:
            case InternalCheck():
                raise one
            case Calendar(id=text) | Receipt(remote_id=text):
                assert text.encode()
            case Item():
                fit(one)
        for hint in getattr(one, "hints", ()):
            assert hint.remote_id.encode() and hint.item is None


@pytest.mark.parametrize("seed", range(24))
def test_answers_of_any_shape_end_in_an_error_of_ours_or_in_nothing(seed: int) -> None:
    with desk(seed=seed, check=False) as here:
        series = here.series()
        here.patch_date(series, 11, subject="Changed")
        token = here.token()
        items = [here.look(here.insert()), here.look(series)]
        liar = Liar(here, seed, 0.5)
        for operation in operations(here, items, token):
            try:
                check_answer(operation())
            except CalsyncError as err:
                assert not isinstance(err, InternalCheck), err
                assert str(err).isprintable()
        liar.stop()
        assert here.provider.calendars() and isinstance(here.page().hints, tuple)


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bodies_of_any_kind_end_in_an_error_of_ours(desk: Desk, body: bytes) -> None:
    items = [desk.look(desk.insert()), desk.look(desk.series())]
    token = desk.token()
    desk.g.emulator.one = lambda raw, part: Reply(200, body, {"Content-Type": "application/json"})  # type: ignore[method-assign]
    for operation in operations(desk, items, token):
        try:
            answers = operation()
        except CalsyncError as err:
            assert isinstance(err, ProtocolError | TransientError | UnknownOutcome), err
        else:
            assert all(isinstance(one, CalsyncError | Receipt) for one in answers), answers


@pytest.mark.parametrize("seed", range(12))
def test_a_batch_answered_by_anything_does_nothing_twice(seed: int) -> None:
    """J5: ids doubled, swapped, of other types, statuses that are none, bodies of other shapes."""
    with desk(seed=seed, check=False) as here:
        dice, wire = Random(seed), here.g.emulator.one

        def one(raw: Raw, *, part: bool) -> Reply:
            reply = wire(raw, part=part)
            if part or not raw.target.endswith("$batch"):
                return reply
            told = json.loads(reply.body)
            for _ in range(dice.randrange(1, 4)):
                told = spoil(told, dice)
            return replace(reply, body=json.dumps(told).encode())

        here.g.emulator.one = one  # type: ignore[method-assign,assignment]
        answers = here.provider.bulk(here.cal, [here.new(n) for n in range(10)])
        here.g.emulator.one = wire  # type: ignore[method-assign]
        assert all(isinstance(answer, Receipt | CalsyncError) for answer in answers)
        titles = here.titles()
        assert len(titles) == len(set(titles)) == 10


# -- without end -------------------------------------------------------------------------------------------------------


def endless(here: Desk, *, same: bool, start: str) -> list[int]:
    """Each page says that there is one more."""
    wire, turned = here.g.emulator.one, [0]

    def more(raw: Raw, *, part: bool) -> Reply:
        if start not in raw.target:
            return wire(raw, part=part)
        turned[0] += 1
        link = f"{here.g.graph_url}/me{start}?$skiptoken={'same' if same else turned[0]}"
        body = json.dumps({"value": [], "@odata.nextLink": link}).encode()
        return Reply(200, body, {"Content-Type": "application/json"})

    here.g.emulator.one = more  # type: ignore[method-assign,assignment]
    return turned


@pytest.mark.parametrize("same", [True, False])
def test_a_list_that_goes_round_in_circles_or_on_for_ever_is_ended(
    desk: Desk, same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calsync_cli.providers.graph.rounds.MAX_PAGES", 30)
    monkeypatch.setattr("calsync_cli.providers.graph.calendar_list.MAX_PAGES", 30)
    turned = endless(desk, same=same, start="/calendarView/delta")
    with pytest.raises(ProtocolError, match="does not end"):
        desk.page()
    assert turned[0] == (2 if same else 30)
    desk.g.emulator.one = type(desk.g.emulator).one.__get__(desk.g.emulator)  # type: ignore[method-assign]
    endless(desk, same=same, start="/calendars")
    with pytest.raises(ProtocolError, match="does not end"):
        desk.provider.calendars()
