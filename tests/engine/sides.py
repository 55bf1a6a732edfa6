"""A calendar of a CloudWorld with the people at it, who know nothing of calsync: what all kinds have in common.

Shape   a Side knows what its people do (add, edit, shift, cancel, change, restore, split, delete), what they see
        (`forms`, `agenda`, `words`), how a provider is connected to it, and how it is saved and put back
Times   "2027-03-08T09:00" on the wall clock of Berlin, or "2027-03-08"; an instance is named by its original start
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from calsync_cli.errors import MappingError
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import CalendarName
from calsync_cli.model.series import Form
from calsync_cli.model.times import AllDay, When, Zoned, instance_key, moved
from calsync_cli.providers.base import Provider

if TYPE_CHECKING:
    from tests.engine.cloud_world import CloudWorld

BERLIN = "Europe/Berlin"
FIRST, LAST = date(2026, 10, 1), date(2028, 1, 1)
Seen = tuple[str, str, str, str, str, str]
"""One date as people see it: UID, start, end, title, location, description."""

_DERIVED = re.compile(r"-calsync-[0-9a-f]{8}$")


def words_in(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"tok\d+x", text)}


def when_of(text: str) -> When:
    if len(text) == 10:
        return AllDay(date.fromisoformat(text))
    return Zoned(datetime.fromisoformat(text), BERLIN)


def key_of(start: str) -> str:
    return instance_key(when_of(start))


def plain_uid(uid: str) -> str:
    """Also of a copy that had to take a derived one (K5)."""
    return _DERIVED.sub("", uid)


class Side(ABC):
    kind = ""

    def __init__(self, world: CloudWorld, name: str) -> None:
        self.world, self.name = world, name

    @property
    @abstractmethod
    def calendar(self) -> CalendarName: ...

    @abstractmethod
    def provider(self) -> Provider: ...

    @abstractmethod
    def save(self) -> Any: ...

    @abstractmethod
    def load(self, saved: Any) -> None: ...

    # -- what people see -----------------------------------------------------------------------------------------------

    @abstractmethod
    def payloads(self) -> dict[str, tuple[str, bytes]]:
        """Living sets by their id on this side: UID by ground truth, and what calsync's mapping would read."""

    @abstractmethod
    def agenda(self) -> list[Seen]:
        """Every date of the year, expanded by somebody else's code."""

    mapping = "ical"

    def forms(self) -> dict[str, Form]:
        """UID -> form; what cannot be read is {}. Doubles are the oracle's matter, here the last one counts."""
        found: dict[str, Form] = {}
        for uid, payload in self.payloads().values():
            try:
                found[uid] = mapping(self.mapping).read(payload).form
            except MappingError:
                found[f"unreadable {uid}"] = {}
        return found

    @abstractmethod
    def texts(self) -> list[str]:
        """All text of what is alive."""

    def words(self) -> set[str]:
        """Every token tok1x that a person can see here."""
        return words_in(self.texts())

    def words_in_no_list(self, series: str) -> set[str]:
        """Of edits of single dates that no list of the service shows yet: who does not know of the date cannot ask for
        it, and no version of the series tells of it. Deleting or moving the series takes these words away."""
        return set()

    def uids(self) -> set[str]:
        return {uid for uid, _ in self.payloads().values()}

    def has(self, uid: str) -> bool:
        return any(uid == other for other, _ in self.payloads().values())

    def id_of(self, uid: str) -> str:
        return next(remote_id for remote_id, (other, _) in self.payloads().items() if other == uid)

    def uid_at(self, remote_id: str) -> str | None:
        found = self.payloads().get(remote_id)
        return found[0] if found else None

    def not_covered(self, token: str, mirror: Mapping[str, Any]) -> str:
        """What this token says we know and the mirror does not (I11): an id, or "". Where tokens can be read."""
        return ""

    def names_of(self, remote_id: str) -> tuple[str, ...]:
        """Under which ids the journal may know what a write to this one belongs to; the set's own comes first."""
        return (remote_id,)

    # -- what people do ------------------------------------------------------------------------------------------------

    @abstractmethod
    def add(self, title: str, start: str, *, hours: int = 1, rule: str = "", location: str = "", text: str = "",
            uid: str = "", guests: tuple[str, ...] = (), link: str = "") -> str:
        """A new event; returns its UID. `uid` asks for one, where the side lets people have a say; `link` is left
        out where events have none."""

    @abstractmethod
    def edit(self, uid: str, *, title: str | None = None, location: str | None = None, text: str | None = None) -> None:
        """"" clears."""

    @abstractmethod
    def shift(self, uid: str, start: str) -> None:
        """Move an event, or all dates of a series, so that it begins at `start`."""

    @abstractmethod
    def set_rule(self, uid: str, rule: str) -> None: ...

    @abstractmethod
    def cancel(self, uid: str, at: str) -> None: ...

    @abstractmethod
    def change(self, uid: str, at: str, *, title: str = "", to: str = "") -> None:
        """One date of a series."""

    @abstractmethod
    def restore(self, uid: str, at: str) -> None:
        """A cancelled date comes back."""

    @abstractmethod
    def split(self, uid: str, at: str, title: str) -> str:
        """"This and following": returns the UID of the later half."""

    @abstractmethod
    def delete(self, uid: str) -> None: ...

    @abstractmethod
    def dates(self, uid: str) -> list[str]:
        """The original starts of a series that a person finds there; [] for an event that does not repeat."""


def later(when: When, hours: int) -> When:
    return moved(when, timedelta(days=max(1, hours // 24)) if isinstance(when, AllDay) else timedelta(hours=hours))


def moment_text(text: str) -> str:
    if len(text) == 10:
        return text
    return datetime.fromisoformat(text).astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M")
