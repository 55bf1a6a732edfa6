"""What the suites of single providers share: events as a person words them, and writing as the engine does.

Shape   `Desk` is for one calendar and a provider that is signed in to it; create, update, delete take fields and send
        payloads of the mapping under versions as read. Times are in May 2026, whose 4th is a Monday
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from calsync_cli.errors import CalsyncError
from calsync_cli.mapping.base import Mapping as Wire
from calsync_cli.mapping.base import Place
from calsync_cli.model.series import Form, Path, Recurrence, Value
from calsync_cli.model.times import AllDay, Span, Zoned
from calsync_cli.providers.base import Calendar, Item, Receipt, Write

BERLIN = "Europe/Berlin"
KEYS = [f"{n:032x}" for n in range(1, 3000)]
WEEKLY = Recurrence(("COUNT=4;FREQ=WEEKLY",))
SECOND, THIRD, FOURTH = "20260511T070000Z", "20260518T070000Z", "20260525T070000Z"


def span(day: int = 4, hour: int = 9, zone: str = BERLIN) -> Span:
    """One hour."""
    start = datetime(2026, 5, day, hour)
    return Span(Zoned(start, zone), Zoned(start + timedelta(hours=1), zone))


def days(day: int = 4, length: int = 1) -> Span:
    return Span(AllDay(date(2026, 5, day)), AllDay(date(2026, 5, day + length)))


def form(title: str = "Tea", **more: Value) -> dict[Path, Value]:
    return {"time": span(), "title": title, **more}


def error_of(found: Any) -> CalsyncError:
    assert isinstance(found, CalsyncError), found
    return found


class Writing:
    """As the engine does it."""

    wire: Wire
    provider: Any

    @property
    def cal(self) -> Calendar:
        raise NotImplementedError

    def look(self, remote_id: str, known: bytes = b"") -> Item:
        found = self.provider.look(self.cal, remote_id, known)
        assert isinstance(found, Item)
        return found

    def read(self, remote_id: str) -> Form:
        return self.wire.read(self.look(remote_id).payload).form

    def made(self, wanted: Form | None = None, key: str = KEYS[0], uid: str = "one") -> bytes:
        place = Place(self.provider.remote_id_for(self.cal, key), BERLIN)
        return self.wire.make(uid, wanted if wanted is not None else form(), "contract", place)

    def create(self, wanted: Form | None = None, key: str = KEYS[0], uid: str = "one") -> Receipt:
        receipt: Receipt = self.provider.create(self.cal, key, self.made(wanted, key, uid))
        return receipt

    def update(self, item: Item, changes: Mapping[Path, Value | None]) -> Receipt:
        write = self.edit(item, changes)
        assert write.etag is not None
        receipt: Receipt = self.provider.update(self.cal, item.remote_id, write.body, write.etag)
        return receipt

    def delete(self, item: Item) -> None:
        assert item.etag is not None
        self.provider.delete(self.cal, item.remote_id, item.etag)

    def new(self, number: int, wanted: Form | None = None) -> Write:
        """One create of many."""
        body = self.made(wanted or form(f"Event {number}"), KEYS[number], KEYS[number])
        return Write("create", self.provider.remote_id_for(self.cal, KEYS[number]), body)

    def edit(self, item: Item, changes: Mapping[Path, Value | None]) -> Write:
        return Write("update", item.remote_id, self.wire.edit(item.payload, changes), item.etag)
