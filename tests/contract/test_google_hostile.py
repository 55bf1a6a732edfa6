"""A server that answers anything at all: it ends in an error of ours, never in a traceback, and harms nothing else.

Shape   the emulator's real answers with one member, somewhere, replaced by something of another type; each operation of
        the provider is tried on them. What comes through must be fit for the database and for the mapping
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from calsync_cli.errors import CalsyncError, InternalCheck, MappingError, ProtocolError, TransientError
from calsync_cli.providers.base import Calendar, Item, Receipt, Write
from tests.contract.google import SECOND, WEEKLY, WIRE, Desk, desk, form, fresh_desk
from tests.contract.hostile import BODIES, ODD, spoil
from tests.emulators.web import Response

__all__ = ["fresh_desk"]


class Liar:
    """Between the emulator and everybody: every n-th answer is spoiled."""

    def __init__(self, here: Desk, seed: int, share: float) -> None:
        self.dice, self.share, self.wire = Random(seed), share, here.g.api.one
        here.g.api.one = self.one  # type: ignore[method-assign]
        self.here = here

    def one(self, request: Any, authorization: str = "") -> Response:
        response = self.wire(request, authorization)
        if self.dice.random() >= self.share or response.status >= 400:
            return response
        spoiled = spoil(json.loads(response.body), self.dice) if response.body else self.dice.choice(ODD)
        return Response(response.status, json.dumps(spoiled).encode(), dict(response.headers))

    def stop(self) -> None:
        self.here.g.api.one = self.wire  # type: ignore[method-assign]


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
    yield lambda: provider.buried(cal, single.remote_id)
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
            assert hint.remote_id.encode()
            if hint.item is not None:
                fit(hint.item)
        if isinstance(one, Receipt) and one.item is not None:
            fit(one.item)


@pytest.mark.parametrize("seed", range(40))
def test_answers_of_any_shape_end_in_an_error_of_ours_or_in_nothing(seed: int) -> None:
    with desk(seed=seed) as here:
        series = here.series()
        here.patch(f"{series}_{SECOND}", summary="Changed")
        here.people.invite(here.home, "boss@example.org", {
            "summary": "Guest", "start": {"date": "2026-05-04"}, "end": {"date": "2026-05-05"},
            "originalStartTime": {"date": "2026-05-04"}}, uid="their@uid", instance_of="theirs")  # fmt: skip
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


@pytest.mark.parametrize("body", BODIES)
def test_bodies_of_any_kind_end_in_an_error_of_ours(desk: Desk, body: bytes) -> None:
    items = [desk.look(desk.insert()), desk.look(desk.series())]
    token = desk.token()
    desk.g.api.one = lambda request, authorization="": Response(200, body)  # type: ignore[method-assign]
    for operation in operations(desk, items, token):
        try:
            answers = operation()
        except CalsyncError as err:
            assert isinstance(err, ProtocolError | TransientError), err
        else:
            assert all(isinstance(one, CalsyncError | Receipt) for one in answers), answers


# -- without end -------------------------------------------------------------------------------------------------------


def endless(here: Desk, same: bool) -> list[int]:
    """Each page says that there is one more."""
    answer, turned = here.g.api.handlers["events.list"], [0]

    def more(call: Any) -> Any:
        call.params.pop("pageToken", None)
        reply = answer(call)
        turned[0] += 1
        reply.content.pop("nextSyncToken", None)
        reply.content["nextPageToken"] = "same" if same else f"page {turned[0]}"
        return reply

    here.g.api.handlers["events.list"] = more
    return turned


def test_a_list_that_goes_round_in_circles_is_ended(desk: Desk) -> None:
    turned = endless(desk, same=True)
    with pytest.raises(ProtocolError, match="does not end"):
        desk.page()
    assert turned[0] == 2


def test_a_list_without_end_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync_cli.providers.google.reading.MAX_PAGES", 30)
    turned = endless(desk, same=False)
    with pytest.raises(ProtocolError, match="does not end"):
        desk.page()
    assert turned[0] == 30


def test_a_page_that_is_too_long_is_asked_for_in_smaller_ones(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {desk.insert(f"Event {n}", description="words " * 300) for n in range(60)}
    monkeypatch.setattr("calsync_cli.providers.http.MAX_BODY", 100_000)
    assert desk.hints().keys() == names
    sizes = [dict(part.split("=") for part in entry.query.split("&"))["maxResults"] for entry in desk.g.log]
    assert sizes == ["2500", "250", "25", "25", "25"]
    assert {item.remote_id for item in desk.provider.fetch(desk.cal, sorted(names))} == names
    monkeypatch.setattr("calsync_cli.providers.http.MAX_BODY", 1000)
    with pytest.raises(TransientError, match="to its end"):
        desk.page()


@pytest.mark.parametrize("name", ["..", ".", "", "a b", "\n"])
def test_an_id_that_leads_to_another_address_is_never_asked_for(desk: Desk, name: str) -> None:
    """`DELETE calendars/x/events/..` would mean the calendar."""
    for operation in (lambda: desk.provider.delete(desk.cal, name, '"1"'), lambda: desk.provider.look(desk.cal, name),
                      lambda: list(desk.provider.fetch(desk.cal, [name]))):  # fmt: skip
        desk.page()
        desk.g.clear_logs()
        with pytest.raises(ProtocolError, match="usable id"):
            operation()
        assert desk.asked == []


def test_a_version_cannot_smuggle_lines_into_a_request(desk: Desk) -> None:
    item = desk.look(desk.insert())
    answers = desk.provider.bulk(desk.cal, [
        Write("delete", item.remote_id, b"", '"1"\r\nX-Evil: 1'), Write("delete", item.remote_id, b"", '"ü"'),
        Write("delete", item.remote_id, b"", '"1"'),
    ])  # fmt: skip
    assert [type(answer).__name__ for answer in answers] == ["Refused", "Refused", "PreconditionFailed"]
    assert desk.titles() == ["Tea"]
