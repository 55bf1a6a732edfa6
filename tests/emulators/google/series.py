"""What happens to the overrides of a series when it ends or its rule changes (facts 4.3, 4.4, items 16, 31)."""

from __future__ import annotations

from tests.emulators.google.lookup import original
from tests.emulators.google.state import Body, Calendar, Row, World

STRICTNESS = {"public": 0, "default": 1, "private": 2, "confidential": 2}


def cancelled(body: Body) -> Body:
    return {**body, "status": "cancelled"}


def end(world: World, calendar: Calendar, row: Row) -> Row:
    """Cancels an event; overrides of a series go with it, and by mode each leaves a tombstone before or after."""
    overrides = [one for one in calendar.overrides_of(row.id) if not one.dead]
    flood = world.modes.flood
    if flood == "before":
        _bury(world, calendar, overrides)
    gone = world.store(calendar, row.id, cancelled(row.body), reminders=row.reminders)
    if flood == "after":
        _bury(world, calendar, overrides)
    elif flood == "none":
        for one in overrides:
            world.end_quietly(calendar, one, orphan=False)
    return gone


def keep_strictest(world: World, calendar: Calendar, body: Body, before: Body) -> None:
    """A stricter visibility of one instance spreads to the whole series; a laxer one is ignored (facts 5.1)."""
    master = calendar.rows.get(body.get("recurringEventId", ""))
    was, now = before.get("visibility", "default"), body.get("visibility", "default")
    if master is None or master.dead or STRICTNESS[was] == STRICTNESS[now]:
        return
    if STRICTNESS[now] < STRICTNESS[was]:
        body.pop("visibility", None)
        body.update({"visibility": was} if was != "default" else {})
    elif STRICTNESS[now] > STRICTNESS[master.body.get("visibility", "default")]:
        world.store(calendar, master.id, {**master.body, "visibility": now})


def _bury(world: World, calendar: Calendar, rows: list[Row]) -> None:
    for row in rows:
        world.store(calendar, row.id, cancelled(row.body))


def rekey(world: World, calendar: Calendar, master: Row) -> None:
    """Overrides that the rule no longer has are dropped: with a tombstone, or without a word."""
    for row in list(calendar.overrides_of(master.id)):
        if master.is_master and master.recurrence.has(original(row)):
            continue
        if world.modes.rekey == "tombstones":
            world.store(calendar, row.id, cancelled(row.body), orphan=True)
        else:
            world.end_quietly(calendar, row, orphan=True)
