"""One group with news: plan, guard, execute, tell (design section 2). Loaded only where there is something to plan.

Shape   `proceed` -> True where somebody was faster and another look helps
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from calsync_cli.engine.consent import allowed, identify
from calsync_cli.engine.execute import execute
from calsync_cli.engine.groups import Group
from calsync_cli.engine.losses import previews
from calsync_cli.engine.plan import plan as make_plan
from calsync_cli.engine.report import change_of
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.state import State
from calsync_cli.engine.telling import count_events, count_pairs, place, side_of, tell_executed, tell_holds
from calsync_cli.engine.world import Plan, Step

items = logging.getLogger("calsync_cli.items")


def proceed(state: State, group: Group, scene: Scene, errand: Callable[[Scene], Plan] | None) -> bool:
    plan = make_plan(scene.snapshot) if errand is None else errand(scene)
    plan_id = identify(scene, plan)
    count_pairs(state, group, scene)
    state.pairs[group.pairs[0].name].linked += len(plan.linked)
    tell_holds(state, group, scene, plan)
    state.report.notes += [note for note in plan.notes if note not in state.report.notes]
    losses = previews(state.session, scene)
    if not allowed(state, group, scene, plan, plan_id, losses) or state.wish.dry_run:
        for step in plan.steps:
            pair, side = place(group, scene.names[step.calendar])
            state.report.changes.append(change_of(step, pair, side, "planned", losses(step)))
            if state.wish.dry_run:
                side_of(state, pair, side).count(step.kind)
        return False

    def told(step: Step, outcome: str) -> None:
        """By UID: titles stay out of the log, where they would outlive their event."""
        pair, side = place(group, scene.names[step.calendar])
        items.info("%s: on %s %s %s: %s, %s", pair, side, step.kind, step.uid, outcome, step.because)

    executed = execute(state.session, scene, plan, state.run, told)
    tell_executed(state, group, scene, executed)
    count_events(state, group, scene)
    return executed.stale and not executed.stopped
