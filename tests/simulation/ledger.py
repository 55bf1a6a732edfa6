"""The truth about a story, written down as it happens and invisible to the engine; breaks where a law breaks.

Shape   `stored` is told of every change that any server makes, by a person or by calsync, in their order
Truth   each event has a birth that travels in a field nobody edits, and each word a person wrote is known with the
        birth of the event it was written into (X6)
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from calsync_cli.providers.memory import Change
from calsync_cli.providers.memory_server import Shelf
from tests.engine.oracles import Broken
from tests.simulation import pen
from tests.simulation.blocks import Blocks
from tests.simulation.topology import Topology

Identity = tuple[bytes, bytes]
Place = tuple[str, Identity]

BOOKKEEPING = re.compile(rb"DTSTAMP|LAST-MODIFIED|SEQUENCE|CREATED|X-CALSYNC[A-Z-]*|BEGIN|END|TZ[A-Z]+")
PROPERTIES: dict[str, frozenset[bytes]] = {
    "title": frozenset({b"SUMMARY"}),
    "location": frozenset({b"LOCATION"}),
    "description": frozenset({b"DESCRIPTION"}),
    "categories": frozenset({b"CATEGORIES"}),
    "url": frozenset({b"URL"}),
    "visibility": frozenset({b"CLASS"}),
    "time": frozenset({b"DTSTART", b"DTEND", b"DURATION", b"RRULE", b"RDATE", b"EXDATE", b"RECURRENCE-ID"}),
    "recurrence": frozenset({b"RRULE", b"RDATE", b"EXDATE"}),
    "reminders": frozenset({b"TRIGGER", b"ACTION", b"DESCRIPTION"}),
}
"""Which lines a changed field may touch (X8)."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What the journal row of a write said when it left: fields it names, words of the image it keeps, its reason."""

    named: frozenset[str]
    kept: frozenset[bytes]
    because: str


class Ledger:
    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.peers = {c: set(group) - {c} for group in topology.groups for c in group}
        self.sources: dict[str, set[str]] = defaultdict(set)
        for source, target in topology.copies:
            self.sources[target].add(source)
        self.reach = {
            c: self.peers.get(c, set()).union(self.sources[c], *(self.peers.get(s, set()) for s in self.sources[c]))
            for c in topology.calendars
        }
        self.tell: Callable[[str], None] = lambda words: None
        self.edits = 0
        self.writes = 0
        self.written: dict[bytes, bytes] = {}
        self.removed: set[bytes] = set()
        self.shown: dict[Place, set[bytes]] = defaultdict(set)
        self.deleted: dict[Identity, list[str]] = defaultdict(list)
        self.made: Counter[Place] = Counter()
        self.gone: Counter[Place] = Counter()
        self.born: dict[Identity, set[str]] = defaultdict(set)
        self.by_hand: set[tuple[str, str]] = set()
        self.touched: set[Place] = set()
        self.expired: set[str] = set()
        self.restores = True
        self.judged: set[bytes] = set()
        self.asked_for: Callable[[str], bool] = lambda remote_id: False
        self.kept: Callable[[], set[bytes]] = set
        self.blocks = Blocks(topology)
        self.open = self.peers.keys() | self.blocks.calendars
        if topology.bridges:
            self.reach = {c: set(topology.calendars) - {c} for c in topology.calendars}

    def token_lost(self, calendar: str) -> None:
        self.expired.add(calendar)

    def stored(self, calendar: str, shelf: Shelf, change: Change, intent: Intent | None) -> None:
        before, after = change.replaced or b"", change.payload or b""
        self.blocks.learn(after)
        who = self.blocks.event_of(pen.identity(after or before))
        words, old = pen.tokens(after), pen.tokens(before)
        place = (calendar, who)
        if after:
            self.shown[place] |= words
        if change.payload is None:
            self.gone[place] += 1
        if change.who == "user":
            self.edits += 1
            self.touched.add(place)
            self.removed |= old - words
            for word in words - old:
                self.written.setdefault(word, who[0])
            self.blocks.heard(calendar, after)
            if change.payload is None:
                self.deleted[who].append(calendar)
                if self.born[who] - self.peers.get(calendar, set()) - {calendar}:
                    self.born[who].discard(calendar)  # what another event of this UID left behind is no part of it (N4)
            elif not before and not self.made[place]:  # else it may carry calsync's line for just this place
                self.born[who].add(calendar)
                self.by_hand.add((calendar, change.remote_id))
            return
        self.writes += 1
        what = f"{_kind(change)} of {change.remote_id} {_name(who)}"
        why = intent.because if intent else ""
        self.tell(f"  {calendar}: {what}: {_listed(old)} -> {_listed(words)} ({why})")
        self._not_mixed(calendar, who, words)
        self.blocks.check(calendar, change)
        if intent is None or old - intent.kept:
            lost = sorted(old - (intent.kept if intent else frozenset()))
            raise Broken(f"I1: {lost} of {change.remote_id} on {calendar} was overwritten and is in no image")
        if change.payload is None:
            self._delete(calendar, who, change)
        elif before:
            self._update(calendar, change, intent.named)
        else:
            self._create(calendar, shelf, who, change)

    def forgotten(self) -> None:
        """The database knows less than it did: a copy whose source cannot be read may be taken for an event of its
        own until it can (N4), and what was deleted at the source then reaches further."""
        for calendar in self.topology.calendars:
            self.reach[calendar] = set(self.topology.calendars)

    def is_derived(self, calendar: str, who: Identity) -> bool:
        """N4: it came to this calendar by a one-way pair, so it is no source for others."""
        if self.blocks.is_block(who):
            return True
        return self.born[who].isdisjoint(self.peers.get(calendar, set()) | {calendar})

    # -- what calsync may write ----------------------------------------------------------------------------------------

    def _not_mixed(self, calendar: str, who: Identity, words: frozenset[bytes]) -> None:
        """X6: an event shows no word that people wrote into another one."""
        for word in words:
            whose = self.written.get(word, who[0])
            if whose != who[0]:
                raise Broken(f"X6: {word.decode()} of {whose.decode()} was written into {_name(who)} on {calendar}")

    def _create(self, calendar: str, shelf: Shelf, who: Identity, change: Change) -> None:
        place = (calendar, who)
        there = [c for c in shelf.items.values() if c is not change]
        others = [c.remote_id for c in there if self.blocks.is_same(c.payload or b"", change.payload or b"")]
        if others:
            raise Broken(f"I5: {_name(who)} was made twice on {calendar}, beside {others}")
        self.made[place] += 1
        made, gone = self.made[place], self.gone[place]
        if made > 1 + gone:
            raise Broken(f"X17: {_name(who)} was made {made} times on {calendar}, and deleted {gone} times")
        if calendar not in self.open and calendar not in self.sources:
            raise Broken(f"I9: {_name(who)} was written to {calendar}, which is a source only")

    def _update(self, calendar: str, change: Change, named: frozenset[str]) -> None:
        before, after = change.replaced or b"", change.payload or b""
        was, now = pen.keeps(before), pen.keeps(after)
        if not pen.keeps(_less_what_goes(before, after, named)) <= now <= was:
            raise Broken(f"I7: an update of {change.remote_id} on {calendar} turned {was} into {now}")
        if calendar not in self.open and (calendar, change.remote_id) in self.by_hand:
            raise Broken(f"I9: an update of {change.remote_id} on {calendar}, which people made there")
        self._only(calendar, change, named)

    def _only(self, calendar: str, change: Change, named: frozenset[str]) -> None:
        """X8: lines of properties that the plan did not name are as they were. A date's exception is one whole."""
        if any(path.startswith("@") for path in named):
            return
        allowed = frozenset().union(*(PROPERTIES.get(path, frozenset()) for path in named))
        after = change.payload or b""
        before, after = pen.flat(_less_what_goes(change.replaced or b"", after, named)), pen.flat(after)
        old, new = (Counter(text.split(pen.NL)) for text in (before, after))
        for line in (old - new) + (new - old):
            name = re.split(rb"[:;]", line, maxsplit=1)[0]
            if name not in allowed and not BOOKKEEPING.fullmatch(name):
                what = f"an update of {sorted(named)} of {change.remote_id} on {calendar}"
                raise Broken(f"X8: {what} changed {line.decode()}")

    def _delete(self, calendar: str, who: Identity, change: Change) -> None:
        """X3: a person deleted it elsewhere. X2: and had seen there all that is deleted here, unless told otherwise."""
        if self.asked_for(change.remote_id):
            return
        if calendar not in self.open and (calendar, change.remote_id) in self.by_hand:
            raise Broken(f"I9: {_name(who)} was deleted on {calendar}, where people made it")
        places = [other for other in self.deleted[who] if other != calendar]
        reach = self.reach[calendar]
        if not [other for other in places if other in reach]:
            raise Broken(f"I2: {_name(who)} was deleted on {calendar} though no person deleted it elsewhere")
        if not self.restores or who[0] in self.judged:
            return
        seen = set().union(*(self.shown[other, who] for other in places))
        unseen = sorted(pen.tokens(change.replaced or b"") - seen)
        if unseen and not self.kept() >= set(unseen):  # what lost a conflict is deleted with the rest
            raise Broken(f"X2: {_name(who)} was deleted on {calendar}; nobody who deleted it had seen {unseen}")


def _exceptions(text: bytes) -> dict[bytes, bytes]:
    """RECURRENCE-ID line -> the lines of that VEVENT."""
    found = {}
    for event in re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", text, re.DOTALL):
        line = re.search(rb"^RECURRENCE-ID.*$", event, re.MULTILINE)
        if line is not None:
            found[line[0]] = event
    return found


def _less_what_goes(before: bytes, after: bytes, named: frozenset[str]) -> bytes:
    """An exception that is none any more goes with its date; one that only moves does not."""
    before, after = pen.flat(before), pen.flat(after)
    if any(path.startswith("@") or path in ("time", "recurrence") for path in named):
        stays = _exceptions(after)
        words = {_timeless(event) for event in stays.values()}
        for name, event in _exceptions(before).items():
            if name not in stays and _timeless(event) not in words:
                before = before.replace(event, b"")
    return before


def _timeless(event: bytes) -> bytes:
    return re.sub(rb"^(DTSTART|DTEND|RECURRENCE-ID).*\n", b"", event, flags=re.MULTILINE)


def _kind(change: Change) -> str:
    return "delete" if change.payload is None else "update" if change.replaced else "create"


def _listed(words: frozenset[bytes]) -> str:
    return " ".join(sorted(word.decode() for word in words)) or "nothing"


def _name(who: Identity) -> str:
    return (who[1] or who[0]).decode()
