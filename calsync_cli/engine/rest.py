"""Whether there is anything to plan at all. A run that rests stores nothing about its group, and asks nobody."""

from __future__ import annotations

from calsync_cli.engine import guards
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.world import Plan


def at_rest(scene: Scene) -> bool:
    """Nothing new, open, asked or guarded since the last whole plan: then the plan is an empty one, it would be let
    through, and storing it changes nothing."""
    snap = scene.snapshot
    news = snap.links or snap.unlinked or snap.waiting or snap.choices or snap.first or snap.rules_changed
    if news or not scene.settled:
        return False
    if any(calendar.reset or calendar.lowered or not calendar.readable for calendar in snap.calendars):
        return False
    return not guards.check(snap, Plan(snap.rules.key))
