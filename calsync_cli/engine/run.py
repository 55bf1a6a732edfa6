"""One run: recover, observe, plan, guard, execute, report (design section 2). `--dry-run` stops before execute."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calsync_cli.engine import guards
from calsync_cli.engine.execute import Executed, execute
from calsync_cli.engine.groups import Group, windows
from calsync_cli.engine.keys import digest
from calsync_cli.engine.observe import Observation, observe
from calsync_cli.engine.plan import plan as make_plan
from calsync_cli.engine.recover import recover
from calsync_cli.engine.report import PairReport, Problem, Report, SideCount, change_of, named, problem_of
from calsync_cli.engine.session import Session
from calsync_cli.engine.snapshot import Scene, take
from calsync_cli.engine.world import Hold, Plan
from calsync_cli.errors import worst_exit
from calsync_cli.model.account import CalendarName
from calsync_cli.model.codec import dumps, form_json
from calsync_cli.store import journal, mirror, views

MAX_ROUNDS = 3
UNREADABLE = frozenset({"transient", "calendar-gone", "protocol", "auth", "remote", "config"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for.

    confirm   asked for a first or reconfigure plan when neither `yes` nor `first_sync = "auto"` says so
    approved  ids of plans whose guard trips a person has looked at
    expected  apply: the ids that the plans must have, else the world has moved
    """

    dry_run: bool = False
    yes: bool = False
    full: bool = False
    approved: frozenset[str] = frozenset()
    expected: frozenset[str] | None = None
    confirm: Callable[[str, Report], bool] | None = None
    trigger: str = "manual"
    plans_dir: Path | None = None


@dataclass(slots=True)
class _State:
    session: Session
    wish: Wish
    report: Report
    run: int = 0
    pairs: dict[str, PairReport] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)

    def problem(self, problem: Problem) -> None:
        if problem not in self.report.problems:
            self.report.problems.append(problem)
            self.codes.append(problem.exit_code)


def run(session: Session, groups: Sequence[Group], wish: Wish) -> Report:
    """Bring the groups up to date. Raises only what ends the whole run (StoreError, AlreadyRunning, ConfigError)."""
    began, started = session.ports.monotonic_s(), session.ports.now()
    stamp = started.isoformat(timespec="seconds").replace("+00:00", "Z")
    state = _State(session, wish, Report(None, wish.dry_run, stamp))
    if not wish.dry_run:
        with session.db.transaction():
            state.run = state.report.run = journal.start_run(session.db, wish.trigger)
        for op, err in recover(session):
            account = mirror.calendar_row(session.db, op.calendar).account
            state.problem(problem_of(err, account=account, event=op.title))
    pending = list(groups)
    for round_number in range(MAX_ROUNDS):
        pending = _round(state, pending, full=wish.full and round_number == 0)
        if not pending or wish.dry_run or session.stopping():
            break
    if not wish.dry_run and any(executed_unknown(session)):
        recover(session)
    _finish(state, began)
    return state.report


def executed_unknown(session: Session) -> list[Any]:
    return journal.sent(session.db)


def _round(state: _State, groups: Sequence[Group], *, full: bool) -> list[Group]:
    """Observe and plan the groups once; returns those where somebody was faster and another look helps."""
    seen = observe(state.session, windows(groups), full=full)
    for name, observation in seen.items():
        if observation.error is not None:
            state.problem(problem_of(observation.error, account=name.account))
    return [group for group in groups if _tracked(state, group, seen, full=full)]


def _tracked(state: _State, group: Group, seen: dict[CalendarName, Observation], *, full: bool) -> bool:
    """One group, and a note of when it ran and whether well."""
    before = len(state.report.problems)
    again = _group(state, group, seen, full=full)
    serious = [p for p in state.report.problems[before:] if p.code not in HOLD_NEXT and p.code != "quarantined"]
    failed = bool(serious) or any(seen[name].error for name in group.calendars)
    if not state.wish.dry_run:
        with state.session.db.transaction():
            views.group_ran(state.session.db, [str(pair.name) for pair in group.pairs], ok=not failed)
    return again


def _group(state: _State, group: Group, seen: dict[CalendarName, Observation], *, full: bool) -> bool:
    if any(seen[name].row is None for name in group.calendars):
        _count_pairs(state, group, None)
        return False
    scene = take(state.session, group, seen, full=full)
    if scene.snapshot.first and any(seen[name].error for name in group.calendars):
        _count_pairs(state, group, scene)  # K7: what is on both sides can only be told when both were read
        return False
    plan = make_plan(scene.snapshot)
    plan_id = identify(scene, plan)
    _count_pairs(state, group, scene)
    state.pairs[group.pairs[0].name].linked += len(plan.linked)
    _tell_holds(state, group, scene, plan)
    state.report.notes += [note for note in plan.notes if note not in state.report.notes]
    if not _allowed(state, group, scene, plan, plan_id) or state.wish.dry_run:
        for step in plan.steps:
            pair, side = _place(group, scene.names[step.calendar])
            state.report.changes.append(change_of(step, pair, side, "planned"))
            if state.wish.dry_run:
                _side(state, pair, side).count(step.kind)
        return False
    executed = execute(state.session, scene, plan, state.run)
    _tell_executed(state, group, scene, executed)
    _count_events(state, group, scene)
    return executed.stale and not executed.stopped


# -- consent -----------------------------------------------------------------------------------------------------------


def identify(scene: Scene, plan: Plan) -> str:
    """The plan's id: the same as long as the same would be done to the same versions (A2, I20)."""
    steps = [[s.kind, s.calendar, s.uid, s.remote_id, s.etag, form_json(s.changes)] for s in plan.steps]
    holds = [[h.subject, h.digest] for h in plan.holds]
    return digest(scene.key, dumps(steps), dumps(holds), dumps(sorted(plan.linked)))[:12]


def _allowed(state: _State, group: Group, scene: Scene, plan: Plan, plan_id: str) -> bool:
    """Guards first, then a first plan's confirmation (K7). Nothing has been stored or sent yet."""
    wish = state.wish
    trips = guards.check(scene.snapshot, plan)
    saved = plan_document(group, scene, plan, plan_id, [f"{t.kind}: {t.words}" for t in trips])
    state.report.plans.append(saved)
    if wish.expected is not None and plan_id not in wish.expected and (plan.steps or plan.linked):
        words = f"the calendars of {_pairs(group)} have changed since the plan was saved; nothing was done"
        state.problem(Problem("plan-moved", words, f"calsync sync {group.pairs[0].name} --dry-run", 3))
        return False
    if trips and plan_id not in wish.approved and not wish.dry_run:
        _save_plan(wish, saved)
    for trip in trips:
        guard = {"kind": trip.kind, "message": trip.words, "plan": plan_id}
        for pair in group.pairs:
            state.pairs[pair.name].guard = state.pairs[pair.name].guard or guard
        if plan_id not in wish.approved:
            words = f"{trip.words}. Nothing was changed in {_pairs(group)} ({trip.kind})"
            command = f"calsync sync {group.pairs[0].name} --approve {plan_id}"
            state.problem(Problem("guard", words, command, 0 if wish.dry_run else 4))
    if trips and plan_id not in wish.approved:
        return False
    first = (scene.snapshot.first or scene.snapshot.rules_changed) and bool(plan.steps or plan.linked or plan.holds)
    if not first or wish.dry_run or wish.yes or plan_id in wish.approved or wish.expected is not None:
        return True
    if all(pair.first_sync == "auto" for pair in group.pairs):
        return True
    if wish.confirm is not None and wish.confirm(first_words(group, scene, plan), state.report):
        return True
    command = f"calsync sync {group.pairs[0].name} --yes"
    words = f"{first_words(group, scene, plan)} Nothing was changed yet."
    state.problem(Problem("first-plan", words, command, 3))
    return False


def first_words(group: Group, scene: Scene, plan: Plan) -> str:
    """K7: the counts of a first plan in one sentence."""
    creates = dict.fromkeys(scene.names, 0)
    for step in plan.steps:
        if step.kind == "create":
            creates[step.calendar] += 1
    kinds = [step.kind for step in plan.steps] + [hold.kind for hold in plan.holds]
    counts = [f"{len(plan.linked):,} on several calendars already"]
    counts += [f"{count:,} new on {scene.names[number]}" for number, count in creates.items()]
    counts += [f"{kinds.count('update'):,} to update", f"{kinds.count('delete'):,} to delete"]
    counts += [f"{kinds.count('fields'):,} in conflict", f"{kinds.count('ambiguous'):,} ambiguous"]
    kind = "first" if scene.snapshot.first else "changed"
    return f"The {kind} plan of {_pairs(group)} waits for your yes. Events: {', '.join(counts)}."


def plan_document(group: Group, scene: Scene, plan: Plan, plan_id: str, trips: Sequence[str]) -> dict[str, Any]:
    """What `--plan-file` and a tripped guard save."""
    changes = []
    for step in plan.steps:
        pair, side = _place(group, scene.names[step.calendar])
        changes.append(change_of(step, pair, side, "planned").json())
    return {
        "plan": plan_id, "pairs": [pair.name for pair in group.pairs], "guards": list(trips), "changes": changes,
        "linked": len(plan.linked), "holds": [{"kind": h.kind, "title": h.title, "words": h.words} for h in plan.holds],
    }


def _save_plan(wish: Wish, document: dict[str, Any]) -> None:
    if wish.plans_dir is not None:
        wish.plans_dir.mkdir(mode=0o700, exist_ok=True)
        path = wish.plans_dir / f"{document['plan']}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


# -- telling -----------------------------------------------------------------------------------------------------------

HOLD_EXIT = {"read-only": 5, "refused": 1, "quarantine": 1}
HOLD_NEXT = {
    "fields": "calsync conflicts resolve", "delete": "calsync conflicts resolve", "orphan": "calsync conflicts resolve",
    "ambiguous": "calsync events list --status held", "read-only": "calsync calendars",
    "notify": "calsync events list --status held", "refused": "calsync events list --status error",
    "quarantine": "calsync events list --status quarantined",
}


def _tell_holds(state: _State, group: Group, scene: Scene, plan: Plan) -> None:
    counters = {"fields": "conflicts", "delete": "conflicts", "orphan": "conflicts", "ambiguous": "ambiguous",
                "refused": "failed", "quarantine": "quarantined"}
    for hold in sorted(plan.holds, key=lambda h: (h.start, h.title)):
        pair = _hold_pair(state, group, scene, hold)
        counter = counters.get(hold.kind, "held")
        setattr(pair, counter, getattr(pair, counter) + 1)
        message = f"{named(hold.title, hold.start)}: {hold.words}"
        state.problem(Problem(hold.kind, message, HOLD_NEXT[hold.kind], HOLD_EXIT.get(hold.kind, 3), event=hold.title))
    for number, name in scene.names.items():
        bad = {row["remote_id"]: row["problem"] for row in mirror.quarantined(state.session.db, number)}
        cleared = {remote_id for calendar, remote_id in plan.cleared if calendar == number}
        bad |= {q.remote_id: q.words for q in plan.quarantined if q.calendar == number}
        for remote_id, words in sorted(bad.items()):
            if remote_id in cleared:
                continue
            pair_name, _ = _place(group, name)
            state.pairs[pair_name].quarantined += 1
            text = f"{name}: {remote_id} was left alone: {words}"
            next_command = "calsync events list --status quarantined"
            state.problem(Problem("quarantined", text, next_command, 1, account=name.account, event=remote_id))


def _hold_pair(state: _State, group: Group, scene: Scene, hold: Hold) -> PairReport:
    if hold.calendar is not None:
        return state.pairs[_place(group, scene.names[hold.calendar])[0]]
    return state.pairs[group.pairs[0].name]


def _tell_executed(state: _State, group: Group, scene: Scene, executed: Executed) -> None:
    for done in executed.done:
        pair, side = _place(group, scene.names[done.step.calendar])
        state.report.changes.append(change_of(done.step, pair, side, done.outcome))
        if done.outcome == "confirmed":
            _side(state, pair, side).count(done.step.kind)
        if done.error is not None and done.outcome not in ("stale", "waiting"):
            state.pairs[pair].failed += 1
            text = f"{named(done.step.title, done.step.start)} on {scene.names[done.step.calendar]}: {done.error}"
            command = done.error.next or "calsync sync"
            account = scene.names[done.step.calendar].account
            state.problem(
                Problem(done.error.code, text, command, done.error.exit_code, account=account, event=done.step.title)
            )
        if done.outcome in ("waiting", "unknown"):
            state.codes.append(1)
    for account, err in executed.account_errors.items():
        state.problem(problem_of(err, account=account))
    if executed.stopped:
        words = "the run was stopped between two requests; more is to be done"
        state.problem(Problem("more-to-do", words, "calsync sync", 1))


def _count_pairs(state: _State, group: Group, scene: Scene | None) -> None:
    for pair in group.pairs:
        if pair.name not in state.pairs:
            state.pairs[pair.name] = PairReport(pair.name, SideCount(str(pair.a)), SideCount(str(pair.b)))
            state.report.pairs.append(state.pairs[pair.name])
        report = state.pairs[pair.name]
        report.conflicts = report.ambiguous = report.held = report.quarantined = 0
    if scene is not None:
        _count_events(state, group, scene)


def _count_events(state: _State, group: Group, scene: Scene) -> None:
    numbers = {name: number for number, name in scene.names.items()}
    for pair in group.pairs:
        report = state.pairs[pair.name]
        report.a.events = mirror.live_count(state.session.db, numbers[pair.a])
        report.b.events = mirror.live_count(state.session.db, numbers[pair.b])


def _place(group: Group, name: CalendarName) -> tuple[str, str]:
    """The pair and side by which a calendar of the group is named in reports."""
    for pair in group.pairs:
        if name == pair.a:
            return pair.name, "a"
        if name == pair.b:
            return pair.name, "b"
    raise KeyError(str(name))


def _side(state: _State, pair: str, side: str) -> SideCount:
    report = state.pairs[pair]
    return report.a if side == "a" else report.b


def _pairs(group: Group) -> str:
    return " and ".join(pair.name for pair in group.pairs)


def _finish(state: _State, began: float) -> None:
    session, report = state.session, state.report
    report.seconds = session.ports.monotonic_s() - began
    report.requests = session.requests()
    unknown = journal.sent(session.db)
    if unknown:
        state.codes.append(1)
    report.exit_code = worst_exit(state.codes)
    if state.wish.dry_run and not any(seen in UNREADABLE for seen in (p.code for p in report.problems)):
        report.exit_code = 0  # a plan that could be made is a success, whatever it says (cli.md section 4)
    if not state.wish.dry_run:
        summary = {
            "pairs": [p.json() for p in report.pairs],
            "requests": {name: dict(count) for name, count in report.requests.items()},
            "errors": [p.json() for p in report.problems],
        }
        with session.db.transaction():
            journal.end_run(session.db, state.run, report.exit_code, dumps(summary))


