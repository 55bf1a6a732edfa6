"""Which pairs may stand together: rules N1 and N3 of the semantics, on pairs that are right by themselves.

Shape   `problems(pairs)` -> (path, text) of every pair that cannot stay; `joined_by(pairs)` -> the groups
Words   plain two-way pairs that share calendars are one group; every other pair is a bridge between groups
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from calsync_cli.model.account import CalendarName, Pair

# What the planner knows once per group (engine/snapshot.py). Of delete_limit and notify the strictest counts.
SHARED = (
    "conflict", "tie", "window", "orphan", "past_deletes", "other_tools", "field_policy", "field_off", "reminders",
    "carry",
)
IN_WORDS = {"field_policy": "fields", "field_off": "fields", "carry": "fields"}


class _Joined:
    """Sets of calendars that grow together."""

    def __init__(self) -> None:
        self._parent: dict[CalendarName, CalendarName] = {}

    def find(self, name: CalendarName) -> CalendarName:
        while (up := self._parent.get(name, name)) != name:
            name = up
        return name

    def join(self, one: CalendarName, other: CalendarName) -> bool:
        """False when the two were together already."""
        first, second = self.find(one), self.find(other)
        self._parent[second] = first
        return first != second


def joined_by(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Plain two-way pairs by group, each other pair alone."""
    pairs, joined = list(pairs), _Joined()
    for pair in pairs:
        if pair.plain:
            joined.join(pair.a, pair.b)
    found: dict[object, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(joined.find(pair.a) if pair.plain else pair.name, []).append(pair)
    return list(found.values())


def problems(pairs: Mapping[str, Pair]) -> Iterator[tuple[str, str]]:
    yield from _twins(pairs.values())
    plain = [pair for pair in pairs.values() if pair.plain]
    yield from _policies(plain)
    joined = _Joined()
    for pair in plain:
        joined.join(pair.a, pair.b)
    for pair in pairs.values():
        if not pair.plain and not joined.join(pair.a, pair.b):
            kind = "a one-way pair" if pair.direction != "two-way" else "a pair that has a view or a filter"
            text = f"closes a ring with {kind}: its events would reach one calendar on two ways (N1)"
            yield f"pairs.{pair.name}", f"{text}; take it out, or make every pair of the ring two-way, with neither"


def _twins(pairs: Iterable[Pair]) -> Iterator[tuple[str, str]]:
    seen: dict[frozenset[CalendarName], str] = {}
    for pair in pairs:
        other = seen.setdefault(frozenset((pair.a, pair.b)), pair.name)
        if other != pair.name:
            yield f"pairs.{pair.name}", f"joins the same calendars as {other!r}"


def _policies(pairs: list[Pair]) -> Iterator[tuple[str, str]]:
    """A group has one hub and one policy (N1)."""
    for first, *others in joined_by(pairs):
        for pair in others:
            differ = [IN_WORDS.get(key, key) for key in SHARED if getattr(pair, key) != getattr(first, key)]
            if differ:
                words = " and ".join(dict.fromkeys(differ))
                text = f"is joined with {first.name!r} by shared calendars, so both need the same {words}"
                yield f"pairs.{pair.name}", text
