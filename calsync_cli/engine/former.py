"""Pairs that the configuration has no more, as groups of the store: what they left behind can still be looked at.

Shape   `formers` -> the groups of which calendars are left over; `former` -> one of them by its key, to undo in
Rules   a calendar is left over when no pair joins it to any other calendar of its group; a pair whose direction, view
        or filter changed is the same pair, and a group that got another calendar the same group (V7). While a calendar
        of the configuration has not been found, nothing of its account is left over: it may have another name now
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import reduce

from calsync_cli.engine.groups import Group, groups
from calsync_cli.engine.snapshot import key_of
from calsync_cli.engine.views import of_text
from calsync_cli.model.account import EVERYTHING, IN_WINDOWS, Account, CalendarName, Pair, Window
from calsync_cli.model.plain import dataclass
from calsync_cli.store import former as stored
from calsync_cli.store import mirror
from calsync_cli.store.db import Database
from calsync_cli.store.places import ASIDE

ONE_WAY = "oneway:"


@dataclass(frozen=True, slots=True)
class Former:
    """left: its calendars that no pair joins any more. group: what of it can be looked at; its pairs go by the names
    that they had. labels: how each calendar is called; away: those of no account of today
    """

    group: Group
    left: frozenset[int]
    labels: Mapping[int, str]
    away: frozenset[int]

    @property
    def one_way(self) -> bool:
        return self.group.key.startswith(ONE_WAY)

    def is_called(self, name: str) -> bool:
        return any(pair.name in (name, _unlike(name, [name])) for pair in self.group.pairs)


def formers(db: Database, pairs: Mapping[str, Pair], accounts: Mapping[str, Account]) -> list[Former]:
    """Groups of which calendars are left over, by their keys."""
    joined, unseen = _joined(db, pairs.values()), {name.account for name in unseen_names(db, pairs.values())}
    found = []
    for key in stored.keys(db):
        everywhere = stored.calendars(db, key)
        if unseen & {mirror.account_of(db, number) for number in everywhere}:
            continue  # one of them may go by another name now
        same = [numbers for name, numbers in joined if name == key or len(numbers & everywhere) > 1]
        left = everywhere.difference(*same)
        if left & (stored.members(db, key) | stored.copies(db, key).keys()):
            found.append(former(db, key, left, pairs, accounts))
    return found


def unseen_names(db: Database, pairs: Iterable[Pair]) -> list[CalendarName]:
    """Calendars of the configuration that no run has found yet: perhaps one that is known under another name."""
    names = dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b))
    return [name for name in names if mirror.find_calendar(db, name.account, name.calendar) is None]


def gone_groups(
    db: Database, about: Mapping[str, Collection[int]], pairs: Mapping[str, Pair], accounts: Mapping[str, Account]
) -> list[Group]:
    """Those of these groups that no pair stands for any more, to undo in. about: by key, the calendars in question."""
    known = {key for key, _ in _joined(db, pairs.values())}
    found = [former(db, key, about[key], pairs, accounts).group for key in sorted(about.keys() - known)]
    return [group for group in found if group.calendars]


def _joined(db: Database, pairs: Iterable[Pair]) -> list[tuple[str, set[int]]]:
    """Key and calendars of each group of the configuration that has been synced."""
    found = []
    for group in groups(pairs):
        rows = [mirror.find_calendar(db, name.account, name.calendar) for name in group.calendars]
        numbers = [row.id for row in rows if row is not None]
        found.append((key_of(db, group, numbers), set(numbers)))
    return found


def former(
    db: Database, key: str, left: Collection[int], pairs: Mapping[str, Pair], accounts: Mapping[str, Account]
) -> Former:
    """left: of a one-way group, its target is the one where calsync made copies, or these if it has none there now."""
    numbers = sorted(stored.calendars(db, key) | set(left))
    names = {number: _name(db, number, accounts) for number in numbers}
    away = frozenset(number for number in numbers if _is_away(db, number, names[number], accounts))
    here = [number for number in numbers if number not in away]
    one_way = key.startswith(ONE_WAY)
    targets = {number for number in numbers if number in stored.copies(db, key)} or set(left)
    if one_way:
        here = [number for number in here if number in targets]
    made = _pairs(db, key, names, targets if one_way else set(), pairs, accounts)
    group = Group(
        key, tuple(made), tuple(names[number] for number in here),
        tuple("target" if one_way else "both" for _ in here), gone=True,
    )
    return Former(group, frozenset(left), {number: str(name) for number, name in names.items()}, away)


def _name(db: Database, number: int, accounts: Collection[str]) -> CalendarName:
    known = stored.names(db, number) or [(mirror.account_of(db, number) or "", mirror.calendar_row(db, number).name)]
    return CalendarName(*next((one for one in known if one[0] in accounts), known[0]))


def _is_away(db: Database, number: int, name: CalendarName, accounts: Collection[str]) -> bool:
    return name.account not in accounts or mirror.calendar_row(db, number).remote.startswith(ASIDE)


def _pairs(
    db: Database, key: str, names: Mapping[int, CalendarName], targets: Collection[int], pairs: Mapping[str, Pair],
    accounts: Mapping[str, Account],
) -> list[Pair]:
    """As many as it takes to name each calendar of the group once."""
    known = stored.pairs(db)
    by_label = {str(name): number for number, name in names.items()}
    made: list[Pair] = []
    for number, name in names.items():
        if any(name in (pair.a, pair.b) for pair in made):
            continue
        others = [other for other in names if other != number] or [number]
        other = next((one for one in others if frozenset((str(name), str(names[one]))) in known), others[0])
        first, second = sorted((number, other), key=lambda one: one in targets)
        default = (f"{names[first]} and {names[second]}", str(names[first]), str(names[second]))
        called, a, b = known.get(frozenset((str(name), str(names[other]))), default)
        ends = by_label[a], by_label[b]
        made.append(Pair(
            _unlike(called, {*pairs, *(pair.name for pair in made)}), names[ends[0]], names[ends[1]],
            direction="two-way" if not targets else "b-to-a" if ends[0] in targets else "a-to-b",
            window=_window([names[end] for end in ends], pairs, accounts),
            to_a=of_text(stored.made_under(db, key, ends[0])), to_b=of_text(stored.made_under(db, key, ends[1])),
        ))
    return made


def _unlike(name: str, taken: Collection[str]) -> str:
    """A pair of today may have its name."""
    return name if name not in taken else f"{name} (before)"


def _window(names: Iterable[CalendarName], pairs: Mapping[str, Pair], accounts: Mapping[str, Account]) -> Window:
    """As far as the pairs of today look there, so that nothing is listed anew (T3); else as is usual."""
    found = [pair.window for pair in pairs.values() for name in names if name in (pair.a, pair.b)]
    if found:
        return reduce(Window.with_all_of, found)
    in_windows = any(name.account in accounts and accounts[name.account].provider == "microsoft" for name in names)
    return IN_WINDOWS if in_windows else EVERYTHING
