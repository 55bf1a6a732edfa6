"""The events of a feed, put together and named: one Entry for each event set, under the UID it will have. Pure.

Shape   `entries_of(split, feed, by_content)` -> Entry by name, which is its UID and its remote id; the order in the
        feed makes no difference. `payload` is one VCALENDAR with the VTIMEZONEs that its lines name
Names   the UID; a UID that several events have gets #1, #2, ... in the order of their starts; without a UID the name is
        made of start and title. by_content: of start, end, title and place, for a feed that gives new UIDs each time
Etag    what an entry says: without UID, and without what changes at every request (facts 11)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from calsync_cli.mapping.feed.split import Part, Split, raw_value
from calsync_cli.mapping.values import clean

NOISE = frozenset({b"UID", b"DTSTAMP", b"CREATED", b"LAST-MODIFIED", b"SEQUENCE"})
_SAYS = (b"DTSTART", b"DTEND", b"DURATION", b"SUMMARY", b"LOCATION")
_REPEATS = (b"RRULE", b"RDATE")


@dataclass(frozen=True)
class Entry:
    """One event set: the event itself first where it is there, then its changed instances."""

    uid: str
    parts: tuple[Part, ...]
    etag: str

    def payload(self) -> bytes:
        scope = self.parts[0].scope
        lines = [b"BEGIN:VCALENDAR", b"VERSION:2.0", b"PRODID:" + scope.head.get(b"PRODID", b"-//calsync//feed")]
        for name in sorted({name for part in self.parts for name in part.zone_names()}):
            lines += scope.zones.get(name, ())
        for part in self.parts:
            lines += [b"BEGIN:VEVENT", b"UID:" + self.uid.encode("utf-8", "replace")]
            lines += [line for line in part.lines if line[:4].upper() not in (b"UID:", b"UID;")]
            lines += [b"END:VEVENT"] if part.whole else []
        return b"\r\n".join([*lines, b"END:VCALENDAR", b""])


@dataclass(frozen=True)
class Named:
    """A part with what naming asks of it."""

    part: Part

    @cached_property
    def uid(self) -> str:
        """As the reader of events spells it."""
        return clean(raw_value(self.part.first(b"UID"))).strip()

    @cached_property
    def is_instance(self) -> bool:
        return self.part.first(b"RECURRENCE-ID") != b""

    @cached_property
    def digest(self) -> bytes:
        """Of all lines, in the order of their names: some programs write them in another order each time."""
        told = []
        for line in self.part.lines:
            colon, semicolon = line.find(b":"), line.find(b";")
            name = line[: semicolon if 0 <= semicolon < colon else colon].upper()
            if name not in NOISE:
                told.append((name, line))
        told.sort(key=lambda one: one[0])
        found = sha256(b"\n".join(line for _, line in told))
        found.update(b"whole" if self.part.whole else b"cut")
        for name in sorted(self.part.zone_names()):
            found.update(b"\n".join(self.part.scope.zones.get(name, ())))
        return found.digest()

    @property
    def order(self) -> tuple[str, bytes]:
        return raw_value(self.part.first(b"DTSTART")), self.digest

    def says(self) -> tuple[bytes, ...]:
        return tuple(self.part.first(name) for name in _SAYS)


def entries_of(split: Split, feed: str, *, by_content: bool = False) -> dict[str, Entry]:
    named = [Named(part) for part in split.parts]
    known: dict[str, list[Named]] = {}
    for one in named:
        if one.uid:
            known.setdefault(one.uid, []).append(one)
    found: dict[str, Entry] = {}
    nameless = [[one] for one in named if not one.uid]
    sets = {uid: _sets(group) for uid, group in known.items()}
    if by_content:
        _add(found, _by_words([s for group in sets.values() for s in group] + nameless, feed, Named.says))
        return found
    for uid, group in sorted(sets.items()):
        _add(found, [(uid, group[0])] if len(group) == 1 else [(f"{uid}#{n}", s) for n, s in enumerate(group, 1)])
    _add(found, _by_words(nameless, feed, lambda one: (one.part.first(b"DTSTART"), one.part.first(b"SUMMARY"))))
    return found


def _sets(group: Sequence[Named]) -> list[list[Named]]:
    """What has one UID: one event with its changed instances, mostly. An event that is there twice is one event."""
    masters = list({one.digest: one for one in sorted((o for o in group if not o.is_instance), key=_order)}.values())
    instances = list({one.digest: one for one in sorted((o for o in group if o.is_instance), key=_order)}.values())
    if not masters:
        return [instances]
    series = next((m for m in masters if any(m.part.first(name) for name in _REPEATS)), masters[0])
    return [[master, *(instances if master is series else ())] for master in masters]


def _order(one: Named) -> tuple[str, bytes]:
    return one.order


def _by_words(
    sets: Iterable[Sequence[Named]], feed: str, words: object
) -> list[tuple[str, Sequence[Named]]]:
    """Names made of words, numbered where several say the same."""
    assert callable(words)
    seen: Counter[tuple[bytes, ...]] = Counter()
    found = []
    for one in sorted(sets, key=lambda one: [o.digest for o in one]):
        said = words(one[0])
        seen[said] += 1
        text = b"\0".join([feed.encode(), *said, str(seen[said]).encode()])
        found.append((sha256(text).hexdigest(), one))
    return found


def _add(found: dict[str, Entry], sets: Iterable[tuple[str, Sequence[Named]]]) -> None:
    """A name that is taken already (a UID that ends in #2) gets a number more, never the other's place."""
    for name, group in sets:
        uid, more = name, 1
        while uid in found:
            more += 1
            uid = f"{name}#{more}"
        etag = sha256(b"".join(one.digest for one in group)).hexdigest()[:32]
        found[uid] = Entry(uid, tuple(one.part for one in group), etag)


def digest_of(entries: Mapping[str, Entry]) -> str:
    """What the whole feed says, whatever names it gives to its events."""
    return sha256("\n".join(sorted(entry.etag for entry in entries.values())).encode()).hexdigest()[:32]


def renamed(one: Mapping[str, Entry], other: Mapping[str, Entry]) -> bool:
    """Whether more than half of the events of a feed have another name when it is read again, and say the same."""
    gone = Counter(entry.etag for name, entry in one.items() if name not in other)
    come = Counter(entry.etag for name, entry in other.items() if name not in one)
    return 2 * sum((gone & come).values()) > len(one)
