"""Pairs -> groups: plain two-way pairs that share calendars are planned together, others alone (N1, N3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from calsync_cli.engine.world import Role
from calsync_cli.model.account import CalendarName, Pair, Window
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import LOCAL_FIELDS
from calsync_cli.model.views import PLAIN, View


@dataclass(frozen=True, slots=True)
class Group:
    """Calendars in priority order with their roles, and the pairs that join them. `key` names it in the store.

    gone: no pair of the configuration any more; its key is just the one that the store knows (engine.former)
    """

    key: str
    pairs: tuple[Pair, ...]
    calendars: tuple[CalendarName, ...]
    roles: tuple[Role, ...]
    gone: bool = False

    @property
    def one_way(self) -> bool:
        return self.roles[0] != "both"

    def view(self, name: CalendarName) -> View:
        """What copies on this calendar show."""
        pair = self.pairs[0]
        return PLAIN if pair.plain else pair.to_a if name == pair.a else pair.to_b

    @property
    def discreet(self) -> bool:
        """One side shows no titles of the other."""
        return any(view.view == "busy" for pair in self.pairs for view in (pair.to_a, pair.to_b))

    @property
    def bridge(self) -> bool:
        """A two-way pair that stands alone, since the two sides do not hold the same (N1)."""
        return not self.one_way and not self.pairs[0].plain


def groups(pairs: Iterable[Pair]) -> list[Group]:
    """All groups, in the order of their first pairs."""
    found: list[list[Pair]] = []
    alone: list[Pair] = []
    for pair in pairs:
        if not pair.plain:
            alone.append(pair)
            continue
        touching = [group for group in found if any({pair.a, pair.b} & {other.a, other.b} for other in group)]
        merged = [other for group in touching for other in group] + [pair]
        found = [group for group in found if group not in touching] + [merged]
    bridges = [_bridge(pair) if pair.direction == "two-way" else _one_way(pair) for pair in alone]
    return [_two_way(group) for group in found] + bridges


def windows(all_groups: Sequence[Group]) -> dict[CalendarName, Window]:
    """Each calendar of these groups, with the window that holds those of all its pairs."""
    found: dict[CalendarName, Window] = {}
    for group in all_groups:
        for pair in group.pairs:
            for name in (pair.a, pair.b):
                found[name] = found[name].with_all_of(pair.window) if name in found else pair.window
    return {name: found[name] for group in all_groups for name in group.calendars}


def carried(pairs: Iterable[Pair]) -> dict[str, frozenset[str]]:
    """By account, the properties that its pairs carry by name."""
    found: dict[str, frozenset[str]] = {}
    for pair in pairs:
        for name in (pair.a, pair.b):
            found[name.account] = found.get(name.account, frozenset()).union(pair.carry)
    return {account: names for account, names in found.items() if names}


def chained(pairs: Iterable[Pair]) -> frozenset[str]:
    """Keys of the groups whose copies are copied on (N4)."""
    alone = [pair for pair in pairs if pair.chain and not pair.plain]
    return frozenset(group.key for group in groups(alone)) | {_two_way([pair]).key for pair in alone}


def selected(all_groups: Sequence[Group], names: Sequence[str]) -> list[Group]:
    """The groups of the named pairs, or all of them (N3)."""
    return [g for g in all_groups if not names or any(pair.name in names for pair in g.pairs)]


def _two_way(pairs: list[Pair]) -> Group:
    calendars = tuple(dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b)))
    roles: tuple[Role, ...] = tuple("both" for _ in calendars)
    return Group(f"group:{calendars[0]}", tuple(pairs), calendars, roles)


def _bridge(pair: Pair) -> Group:
    return Group(f"bridge:{pair.a}={pair.b}", (pair,), (pair.a, pair.b), ("both", "both"))


def _one_way(pair: Pair) -> Group:
    source, target = (pair.a, pair.b) if pair.direction == "a-to-b" else (pair.b, pair.a)
    return Group(f"oneway:{source}>{target}", (pair,), (source, target), ("source", "target"))


def local_fields(pairs: Sequence[Pair]) -> frozenset[str]:
    """Fields that do not cross in this group."""
    fields = LOCAL_FIELDS | {name for pair in pairs for name in pair.field_off}
    return fields | {"reminders"} if any(pair.reminders == "keep" for pair in pairs) else fields
