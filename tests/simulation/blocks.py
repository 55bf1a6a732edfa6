"""What pairs with views may show: the truth about blocks, and X13, that no word of one side is ever read on the other.

Truth   a block is known by its UID, which is made of its event's in a way that a story can repeat; a word belongs to
        the calendars where a person wrote it first, and those that show the same
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from calsync_cli.engine.views import veiled_uid
from calsync_cli.providers.memory import Change
from tests.engine.oracles import Broken
from tests.simulation import pen
from tests.simulation.topology import Topology

Identity = tuple[bytes, bytes]
INSTALLATION = "i" * 32
WORD = re.compile(rb"(?:tok|keep|birth)\d+x|\bu\d+@x")
"""All that could tell something of an event, its UID too."""

UID = re.compile(rb"^UID:([^\r\n]*)", re.MULTILINE)
TIMES = (b"BEGIN", b"END", b"DTSTART", b"DTEND", b"DURATION", b"RRULE", b"RDATE", b"EXDATE", b"RECURRENCE-ID")


class Blocks:
    def __init__(self, topology: Topology) -> None:
        self.calendars = {c for join in topology.bridges for c in join}
        self._sides = {c: {c}.union(*(g for g in topology.groups if c in g)) for c in topology.calendars}
        self._hides = {c for (x, y), views in topology.bridges.items() for c, side in ((x, "to_a"), (y, "to_b"))
                       if side in views}
        self._all_hide = self._hides == self.calendars
        self._events: dict[Identity, Identity] = {}
        self._said: dict[bytes, set[str]] = {}

    def learn(self, payload: bytes) -> None:
        """How a block of this event is called."""
        if self.calendars and payload:
            for uid in {pen.uid_of(payload), *UID.findall(pen.flat(payload))}:  # a derived one too (K5)
                self._events.setdefault((block_uid(uid), b""), pen.identity(payload))

    def event_of(self, who: Identity) -> Identity:
        """Also of what a conflict made of a block (D1), and of the block of that."""
        made = who[1].partition(b"-calsync-")[0] if not who[0] else b""
        if made.endswith(pen.BLOCK) and self.calendars:
            return self._events.get((made, b""), who)[0], who[1]
        event = self._events.get(who, who) if self.calendars else who
        return event if event == who else self.event_of(event)

    def is_block(self, who: Identity) -> bool:
        return bool(self.calendars) and who[0].endswith(pen.BLOCK)

    def is_same(self, one: bytes, other: bytes) -> bool:
        """An event beside its block is told, and another matter: somebody put it there again."""
        first, second = pen.identity(one), pen.identity(other)
        return self.event_of(first) == self.event_of(second) and self.is_block(first) == self.is_block(second)

    def heard(self, calendar: str, payload: bytes) -> None:
        """What a person wrote here, may be read here."""
        for word in WORD.findall(pen.flat(payload)) if self.calendars else ():
            self._said.setdefault(word, self._sides[calendar])

    def check(self, calendar: str, change: Change) -> None:
        """X13, I18: neither in what is written nor in what it is called."""
        if calendar not in self._hides or change.payload is None:
            return
        births = pen.BIRTH.findall(change.payload)
        if births and not self._all_hide and all(calendar in self._said.get(word, ()) for word in births):
            return  # at home here, and others see it whole and write into it
        told = pen.flat(change.payload) + change.remote_id.encode()
        leaked = sorted(word for word in set(WORD.findall(told)) if calendar not in self._said.get(word, ()))
        if leaked:
            raise Broken(f"X13: {leaked} on {calendar}, in {change.remote_id}")


def block_uid(uid: bytes) -> bytes:
    return veiled_uid(INSTALLATION, uid.decode(errors="replace")).encode()


def times(payload: bytes) -> bytes:
    """An event that says no more than when: what a block and its event have in common."""
    kept = []
    for line in pen.flat(payload).split(pen.NL):
        name = re.split(rb"[:;]", line, maxsplit=1)[0]
        if name in TIMES:
            kept.append(line)
        elif name == b"UID":
            kept.append(b"UID:one")
    text = pen.NL.join(kept) + pen.NL
    return re.sub(rb"BEGIN:(VALARM|VTIMEZONE)\r\n.*?END:\1\r\n", b"", text, flags=re.DOTALL)


def shown(topology: Topology) -> Iterator[tuple[str, str, bool]]:
    """(from, to, whether as blocks) for both directions of every pair with views."""
    for (x, y), views in topology.bridges.items():
        yield x, y, "to_b" in views
        yield y, x, "to_a" in views
