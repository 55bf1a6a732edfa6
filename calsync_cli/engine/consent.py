"""Whether a plan may be carried out: guards, a first plan's confirmation, a saved plan that has moved (sections 8, 13).

Shape   `allowed` asks and notes what is missing; nothing has been stored or sent before it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from calsync_cli import files
from calsync_cli.engine import guards
from calsync_cli.engine.errands import put_back
from calsync_cli.engine.groups import Group
from calsync_cli.engine.keys import digest
from calsync_cli.engine.losses import Words
from calsync_cli.engine.report import Problem, change_of
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.state import State
from calsync_cli.engine.telling import pair_names, place
from calsync_cli.engine.world import Plan, Step
from calsync_cli.model.codec import dumps, form_json

OF_DELETIONS = ("G1", "G2", "G4")


def identify(scene: Scene, plan: Plan) -> str:
    """The plan's id: the same as long as the same would be done to the same versions (A2, I20)."""
    steps = hashlib.sha256()  # piece by piece: a first plan may have tens of thousands
    for s in plan.steps:
        one = dumps([s.kind, s.calendar, s.uid, s.remote_id, s.etag, form_json(s.changes)])
        steps.update(one.encode("utf-8", "surrogateescape") + b"\n")
    holds = [[h.subject, h.digest] for h in plan.holds]
    return digest(scene.key, steps.hexdigest(), dumps(holds), dumps(sorted(plan.linked)))[:12]


def allowed(
    state: State, group: Group, scene: Scene, plan: Plan, plan_id: str, losses: Callable[[Step], Words]
) -> bool:
    """Guards first, then a first plan's confirmation (K7). Nothing has been stored or sent yet.

    losses: what a step would lose; asked where somebody is to look at the plan before it is carried out
    """
    wish = state.wish
    trips = guards.check(scene.snapshot, plan) if plan.whole else []
    asks = _asks(state, group, scene, plan, plan_id)
    looked_at = wish.dry_run or bool(trips) or asks
    guarded = [f"{t.kind}: {t.words}" for t in trips]
    listed = plan.steps if looked_at or wish.expected is not None else ()
    saved = plan_document(group, scene, plan, listed, plan_id, guarded, losses if looked_at else lambda step: ())
    state.report.plans.append(saved)
    if wish.expected is not None and plan_id not in wish.expected and (plan.steps or plan.linked):
        words = f"the calendars of {pair_names(group)} have changed since the plan was saved; nothing was done"
        state.problem(Problem("plan-moved", words, f"calsync sync {group.pairs[0].name} --dry-run", 3))
        return False
    if trips and wish.plans_dir is not None and not wish.dry_run:
        state.report.notes += _keep_plan(wish.plans_dir, saved, waits=plan_id not in wish.approved)
    for trip in trips:
        guard = {"kind": trip.kind, "message": trip.words, "plan": plan_id}
        for pair in group.pairs:
            state.pairs[pair.name].guard = state.pairs[pair.name].guard or guard
        if plan_id not in wish.approved:
            words = f"{trip.words.rstrip('.')}. Nothing was changed in {pair_names(group)} ({trip.kind})"
            words += _advice(trip, trips, group, scene, plan)
            command = f"calsync sync {group.pairs[0].name} --approve {plan_id}"
            state.problem(Problem("guard", words, command, 0 if wish.dry_run else 4))
    if trips and plan_id not in wish.approved:
        return False
    if wish.dry_run and scene.snapshot.rules_changed and not trips and _waits(group, scene, plan):
        state.report.notes.append(first_words(group, scene, plan))
    if not asks:
        return True
    words = first_words(group, scene, plan) if plan.whole else _wanted_words(wish.trigger, group, plan)
    if wish.confirm is not None and wish.confirm(words, state.report):
        return True
    command = f"calsync sync {group.pairs[0].name} --yes" if plan.whole else f"calsync {wish.trigger} --yes"
    state.problem(Problem("first-plan", f"{words} Nothing was changed yet.", command, 3))
    return False


def _advice(trip: guards.Trip, trips: Sequence[guards.Trip], group: Group, scene: Scene, plan: Plan) -> str:
    """What helps whoever does not want what the plan would do; of deletions once."""
    if trip.kind == "G9":
        return ". Only one machine should sync a pair: if it is another one, take the pair out of its configuration"
    if trip != next((one for one in trips if one.kind in OF_DELETIONS), None):
        return ""
    if not any(step.kind == "delete" for step in plan.steps):
        return ""
    if put_back(scene.snapshot).steps:
        name = group.pairs[0].name
        return f". If they were deleted by mistake, this makes them there again: calsync restore --pair {name}"
    if scene.snapshot.rules_changed:
        return ". If that is not what you meant, put the rules of the pair back as they were"
    return ". If that is a mistake there, wait: when they are back, the sync goes on by itself"


def _asks(state: State, group: Group, scene: Scene, plan: Plan, plan_id: str) -> bool:
    """Whether this plan needs a yes that nobody has given yet (K7); what a person asked for by name always does."""
    wish = state.wish
    if not plan.whole:
        return bool(plan.steps) and not (wish.dry_run or wish.yes)
    told = wish.dry_run or wish.yes or plan_id in wish.approved or wish.expected is not None
    return not told and _waits(group, scene, plan)


def _waits(group: Group, scene: Scene, plan: Plan) -> bool:
    """A first plan, or the first under other rules, that does anything."""
    first = (scene.snapshot.first or scene.snapshot.rules_changed) and bool(plan.steps or plan.linked or plan.holds)
    return first and any(pair.first_sync != "auto" for pair in group.pairs)


def _wanted_words(errand: str, group: Group, plan: Plan) -> str:
    kinds = [step.kind for step in plan.steps]
    counts = ", ".join(f"{kinds.count(kind):,} to {kind}" for kind in ("create", "update", "delete"))
    return f"The plan of {errand} for {pair_names(group)} waits for your yes. Events: {counts}."


def first_words(group: Group, scene: Scene, plan: Plan) -> str:
    """K7: the counts of a first plan in one sentence."""
    creates = dict.fromkeys(scene.names, 0)
    for step in plan.steps:
        if step.kind == "create":
            creates[step.calendar] += 1
    kinds = [step.kind for step in plan.steps] + [hold.kind for hold in plan.holds]
    numbers = [(len(plan.linked), "on several calendars already")]
    numbers += [(count, f"new on {scene.names[number]}") for number, count in creates.items()]
    numbers += [(kinds.count("update"), "to update"), (kinds.count("delete"), "to delete")]
    numbers += [(kinds.count("fields"), "in conflict"), (kinds.count("ambiguous"), "ambiguous")]
    counts = [f"{count:,} {words}" for count, words in numbers if count or scene.snapshot.first]
    kind = "first" if scene.snapshot.first else "changed"
    return f"The {kind} plan of {pair_names(group)} waits for your yes. Events: {', '.join(counts)}."


def plan_document(
    group: Group, scene: Scene, plan: Plan, steps: Sequence[Step], plan_id: str, trips: Sequence[str],
    losses: Callable[[Step], Words],
) -> dict[str, Any]:
    """What `--plan-file` and a tripped guard save. steps: those of the plan, unless nobody will look at them."""
    changes = []
    for step in steps:
        pair, side = place(group, scene.names[step.calendar])
        changes.append(change_of(step, pair, side, "planned", losses(step)).json())
    return {
        "plan": plan_id, "pairs": [pair.name for pair in group.pairs], "guards": list(trips), "changes": changes,
        "linked": len(plan.linked), "holds": [{"kind": h.kind, "title": h.title, "words": h.words} for h in plan.holds],
    }


def _keep_plan(folder: Path, document: dict[str, Any], *, waits: bool) -> list[str]:
    """A stopped plan waits in a file of its own until it is approved. Returns what went wrong with that."""
    path = folder / f"{document['plan']}.json"
    try:
        if not waits:
            path.unlink(missing_ok=True)
            return []
        files.make_folder(folder)
        files.write(path, json.dumps(document, ensure_ascii=False, indent=1))
    except OSError as err:
        return [f"the plan could not be saved in {folder} ({err.strerror})"] if waits else []
    return []
