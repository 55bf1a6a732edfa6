"""One calendar's round as worker threads run it: which calendar is meant, what changed, bodies by id (O1, O4, T4).

Errors  come out of the calls; the round's own part of them is noted by the one who collects the results (observe.py)
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import field

from calsync_cli.errors import CalsyncError, ConfigError, SyncTokenExpired
from calsync_cli.model.account import EVERYTHING, CalendarName, Window
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.base import Calendar, Item, Missing, Page, Provider
from calsync_cli.store.mirror import CalendarRow

SUSPICIOUS = 10


@dataclass(slots=True)
class Round:
    """One calendar's round in the making."""

    name: CalendarName
    row: CalendarRow | None
    full: bool
    cal: Calendar | None = None
    pages: list[Page] = field(default_factory=list)
    expired: bool = False
    hinted: dict[str, str | None] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    looked: dict[str, Item | None] = field(default_factory=dict)
    error: CalsyncError | None = None
    refreshed: bool = False
    ask_rights: bool = False
    daily: bool = False
    known: int = 0
    window: Window = EVERYTHING


Seen = Callable[[int], None]
"""Told with the number of events of each page as it comes."""


def list_calendar(provider: Provider, item: Round, seen: Seen = lambda count: None) -> None:
    """Hints of one calendar. Its rights are read again whenever everything is listed, or a write waits for them."""
    if item.cal is None or item.full or item.ask_rights:
        item.cal = _resolve(provider, item)
        item.refreshed = True
    token = None if item.full or item.row is None else item.row.token
    try:
        item.pages = _pages(provider, item, token, seen)
    except SyncTokenExpired:
        item.expired = True
        item.pages = _pages(provider, item, None, seen)
        token = None
    if token is not None and not provider.caps.strict and _looks_like_everything(item):
        item.pages = _pages(provider, item, None, seen)
        token = None
    told = next((page.calendar for page in reversed(item.pages) if page.calendar is not None), None)
    if told is not None and told != item.cal:
        item.cal, item.refreshed = told, True
    last = item.pages[-1].token if item.pages else None
    if token is None and last is not None and provider.caps.delta:
        item.pages += _pages(provider, item, last, seen)  # O4: what vanished meanwhile


def _pages(provider: Provider, item: Round, token: str | None, seen: Seen) -> list[Page]:
    assert item.cal is not None
    found = []
    for page in provider.changes(item.cal, token, item.window):
        found.append(page)
        seen(len(page.hints))
    return found


def _looks_like_everything(item: Round) -> bool:
    """Some servers answer a bad token with a full listing and no removals, and do not say so (facts 0.7)."""
    there = sum(not hint.gone for page in item.pages for hint in page.hints)
    listing = any(page.listing for page in item.pages)
    return not listing and there >= SUSPICIOUS and 2 * there >= item.known


def _resolve(provider: Provider, item: Round) -> Calendar:
    if item.row is not None:
        return provider.open(item.row.remote)
    known = list(provider.calendars())
    return pick(known, item.name)


def one_name_each(rounds: list[Round]) -> None:
    """A calendar that two pairs call differently would be two calendars to the planner: none of it is touched."""
    names: dict[tuple[str, str], Round] = {}
    for item in rounds:
        if item.cal is None or item.error is not None:
            continue
        first = names.setdefault((item.name.account, item.cal.id), item)
        if first is not item:
            text = f"is the same calendar as {first.name}; call it the same in every pair"
            first.error = item.error = ConfigError([(str(item.name), text)], next="calsync config edit")


def pick(known: Sequence[Calendar], name: CalendarName) -> Calendar:
    """The calendar meant by an id, the last part of one, or a display name. Raises ConfigError naming the choices."""
    wanted = name.calendar.rstrip("/")
    tests: tuple[Callable[[Calendar], bool], ...] = (
        lambda c: c.id.rstrip("/") == wanted,
        lambda c: c.alias == wanted,
        lambda c: c.id.rstrip("/").rpartition("/")[2] == wanted,
        lambda c: c.name == name.calendar,
        lambda c: c.name.casefold() == name.calendar.casefold(),
    )
    for test in tests:
        found = [calendar for calendar in known if test(calendar)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(c.id for c in found)
            text = f"{len(found)} calendars of {name.account} are called so; use an id: {ids}"
            raise ConfigError([(str(name), text)], next=f"calsync calendars {name.account}")
    if not known:
        make = f"calsync calendars create {name.account} {shlex.quote(name.calendar)}"
        raise ConfigError([(str(name), f"account {name.account} has no calendars yet")], next=make)
    names = ", ".join(repr(c.name) for c in known)
    text = f"no such calendar in account {name.account}; it has: {names}"
    raise ConfigError([(str(name), text)], next=f"calsync calendars {name.account}")


def fetch_bodies(provider: Provider, cal: Calendar, ids: Sequence[str]) -> list[Item | Missing]:
    return list(provider.fetch(cal, ids))
