"""Which calendars there are and which pairs join them. A story takes one of these by its seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from calsync_cli.model.account import CalendarName, Pair
from calsync_cli.model.views import View

Join = tuple[str, str, str]
"""(one calendar, the other, direction)"""


@dataclass(frozen=True, slots=True)
class Topology:
    """`groups` are the calendars that shall show the same, `copies` the one-way pairs (source, target), `bridges` the
    two-way pairs with views: by join, what each side shows of the other."""

    name: str
    calendars: str
    joins: tuple[Join, ...]
    bridges: Mapping[tuple[str, str], Mapping[str, View]] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        found: list[set[str]] = []
        for x, y, direction in self.joins:
            if direction == "two-way" and (x, y) not in self.bridges:
                touching = [group for group in found if group & {x, y}]
                found = [g for g in found if g not in touching] + [{x, y}.union(*touching)]
        return ["".join(sorted(group)) for group in found]

    @property
    def copies(self) -> list[tuple[str, str]]:
        return [(x, y) for x, y, direction in self.joins if direction == "a-to-b"]

    @property
    def targets(self) -> set[str]:
        return {y for _, y in self.copies}

    def pairs(self, rules: dict[str, Any]) -> list[Pair]:
        return [
            Pair(f"{x}{y}", CalendarName(x, x), CalendarName(y, y), direction=direction,  # type: ignore[arg-type]
                 first_sync="auto", **rules, **self.bridges.get((x, y), {}))
            for x, y, direction in self.joins
        ]


def _both(*pairs: str) -> tuple[Join, ...]:
    return tuple((pair[0], pair[1], "two-way") for pair in pairs)


def _copy(*pairs: str) -> tuple[Join, ...]:
    return tuple((pair[0], pair[1], "a-to-b") for pair in pairs)


TOPOLOGIES: Sequence[Topology] = (
    Topology("pair", "ab", _both("ab")),
    Topology("ring of three", "abc", _both("ab", "bc", "ca")),
    Topology("ring of five", "abcde", _both("ab", "bc", "cd", "de", "ea")),
    Topology("chain of three", "abc", _both("ab", "bc")),
    Topology("chain of four", "abcd", _both("ab", "bc", "cd")),
    Topology("star", "abcd", _both("ab", "ac", "ad")),
    Topology("two pairs", "abcd", _both("ab", "cd")),
    Topology("copy", "ab", _copy("ab")),
    Topology("two copies into one", "abc", _copy("ac", "bc")),
    Topology("copy of a copy", "abc", _copy("ab", "bc")),
    Topology("pair with a copy", "abc", _both("ab") + _copy("bc")),
    Topology("copy into a pair", "abc", _copy("ab") + _both("bc")),
)
WEIGHTS = (8, 4, 1, 3, 1, 2, 1, 3, 1, 1, 2, 1)
BLOCKS, BOTH = {"to_b": View("busy")}, {"to_a": View("busy", title="Taken"), "to_b": View("busy")}
VIEWED: Sequence[Topology] = (
    Topology("blocks", "ab", _both("ab"), {("a", "b"): BLOCKS}),
    Topology("blocks on both sides", "ab", _both("ab"), {("a", "b"): BOTH}),
    Topology("blocks of a pair", "abc", _both("ab", "bc"), {("b", "c"): BLOCKS}),
    Topology("a bridge between pairs", "abcd", _both("ab", "cd", "bc"), {("b", "c"): BOTH}),
)


def some(rng: Random) -> Topology:
    return rng.choices(TOPOLOGIES, WEIGHTS)[0]


def viewed(rng: Random) -> Topology:
    """Stories of their own, so that the others stay what they were under their seeds."""
    return rng.choices(VIEWED, (4, 3, 2, 2))[0]


def rules(rng: Random) -> dict[str, Any]:
    """The policies of all pairs of a story."""
    picks: dict[str, Callable[[], Any]] = {
        "conflict": lambda: rng.choice(("merge", "merge", "merge", "newest", "a", "b", "ask")),
        "tie": lambda: rng.choice(("ask", "ask", "newest", "a", "b", "keep-both")),
        "orphan": lambda: rng.choice(("ask", "ask", "detach")),
        "target_edits": lambda: rng.choice(("keep", "overwrite")),
        "target_deletes": lambda: rng.choice(("respect", "restore")),
        "reminders": lambda: rng.choice(("keep", "keep", "merge")),
    }
    return {name: pick() for name, pick in picks.items()}
