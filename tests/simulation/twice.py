"""X15, M12: planned twice, or from the same rows in another order, it is one plan, and just that is carried out."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from calsync_cli.engine.groups import groups
from calsync_cli.engine.plan import plan
from calsync_cli.engine.report import Report
from calsync_cli.engine.run import run
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.state import Wish
from calsync_cli.engine.world import Plan
from calsync_cli.model.codec import dumps
from tests.engine.oracles import Broken
from tests.simulation.world import SimWorld


def planned_twice(world: SimWorld, rng: Random) -> None:
    """Two plans by name, one from shuffled rows, then the run itself; in fair weather."""

    def in_any_order(scene: Scene) -> Plan:
        snap = scene.snapshot
        links, unlinked = rng.sample(snap.links, len(snap.links)), rng.sample(snap.unlinked, len(snap.unlinked))
        found = plan(snap)
        if plan(replace(snap, links=tuple(links), unlinked=tuple(unlinked))) != found:
            raise Broken("I20: another order of the same rows gives another plan")
        return found

    for server in world.servers.values():
        server.settle_late()  # else it arrives between the two
    with world.fair():
        one, two = world.run(dry_run=True), world.run(dry_run=True)
        if dumps(one.plans) != dumps(two.plans):
            raise Broken(f"I20: planned twice: {one.plans} and {two.plans}")
        session = world.session()
        run(session, groups(world.pairs), Wish(dry_run=True), in_any_order)
        session.close()
        if world.sent_rows() or any(problem.exit_code for problem in one.problems):
            return  # a dry run neither finishes what is open nor does what has to be asked for
        shown, done = _steps(one), _steps(world.run())
        if world.groups_apart and shown != done:
            raise Broken(f"M12: shown {shown}, done {done}")


def _steps(report: Report) -> list[tuple[object, ...]]:
    """Without order: what somebody was faster at comes in a second round."""
    return sorted((c.pair, c.side, c.action, c.uid, c.fields, c.because) for c in report.changes)
