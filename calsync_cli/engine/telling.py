"""What a run tells: counts per pair and side, every hold and failure in words with the command that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calsync_cli.engine.groups import Group
from calsync_cli.engine.report import PairReport, Problem, SideCount, change_of, named, problem_of
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.state import State
from calsync_cli.engine.world import Hold, Plan
from calsync_cli.model.account import CalendarName
from calsync_cli.model.series import form_title
from calsync_cli.store import mirror, views

if TYPE_CHECKING:
    from calsync_cli.engine.execute import Executed

HOLD_EXIT = {"read-only": 5, "refused": 1, "quarantine": 1}
HOLD_NEXT = {
    "fields": "calsync conflicts resolve", "delete": "calsync conflicts resolve", "orphan": "calsync conflicts resolve",
    "ambiguous": "calsync events list --status held", "read-only": "calsync calendars",
    "notify": "calsync events list --status held", "refused": "calsync retry",
    "quarantine": "calsync events list --status quarantined", "undo": "calsync history",
    "approval": "calsync approvals", "by-hand": "calsync events list",
    "retire": "calsync sync --retire",
}


def tell_holds(state: State, group: Group, scene: Scene, plan: Plan) -> None:
    counters = {"fields": "conflicts", "delete": "conflicts", "orphan": "conflicts", "ambiguous": "ambiguous",
                "refused": "failed", "quarantine": "quarantined"}
    for hold in sorted(plan.holds, key=lambda h: (h.start, h.title)):
        if hold.kind == "refused" and hold.link in state.refused:
            continue  # just told, by the round before
        pair = _hold_pair(state, group, scene, hold)
        counter = counters.get(hold.kind, "held")
        setattr(pair, counter, getattr(pair, counter) + 1)
        message = f"{named(hold.title, hold.start)}: {hold.words}"
        code = HOLD_EXIT.get(hold.kind, 3)
        command = str(hold.detail.get("next") or HOLD_NEXT[hold.kind])
        asked = Problem(hold.kind, message, command, code, event=hold.title, discreet=group.discreet)
        state.problem(asked)
    for number, name in scene.names.items():
        bad = {row["remote_id"]: row["problem"] for row in mirror.quarantined(state.session.db, number)}
        cleared = {remote_id for calendar, remote_id in plan.cleared if calendar == number}
        bad |= {q.remote_id: q.words for q in plan.quarantined if q.calendar == number}
        for remote_id, words in sorted(bad.items()):
            if remote_id in cleared:
                continue
            pair_name, _ = place(group, name)
            state.pairs[pair_name].quarantined += 1
            form = mirror.form_at(state.session.db, number, remote_id)
            event, what = remote_id, remote_id
            if form is not None:
                from calsync_cli.engine.case import start_text

                event, what = form_title(form), f"{named(form_title(form), start_text(form))} in {remote_id}"
            text = f"{name}: {what} was left alone: {words}"
            state.problem(Problem("quarantined", text, HOLD_NEXT["quarantine"], 1, name.account, event, group.discreet))


def _hold_pair(state: State, group: Group, scene: Scene, hold: Hold) -> PairReport:
    if hold.calendar is not None:
        return state.pairs[place(group, scene.names[hold.calendar])[0]]
    return state.pairs[group.pairs[0].name]


def tell_executed(state: State, group: Group, scene: Scene, executed: Executed) -> None:
    tried_again = {pair.name for pair in group.pairs}
    changes = state.report.changes
    state.report.changes = [c for c in changes if c.outcome != "stale" or c.pair not in tried_again]
    for done in executed.done:
        pair, side = place(group, scene.names[done.step.calendar])
        state.report.changes.append(change_of(done.step, pair, side, done.outcome, done.losses))
        if done.outcome == "confirmed":
            side_of(state, pair, side).count(done.step.kind)
        if done.error is not None and done.outcome not in ("stale", "waiting"):
            state.pairs[pair].failed += 1
            state.refused.add(done.step.link)
            text = f"{named(done.step.title, done.step.start)} on {scene.names[done.step.calendar]}: {done.error}"
            account = scene.names[done.step.calendar].account
            state.problem(Problem(
                done.error.code, text, done.error.next, done.error.exit_code, account, done.step.title, group.discreet,
            ))
        if done.outcome in ("waiting", "unknown"):
            state.codes.append(1)
    for account, err in executed.account_errors.items():
        state.problem(problem_of(err, account=account))
    if executed.stopped:
        words = "the run was stopped between two requests; more is to be done"
        state.problem(Problem("more-to-do", words, "calsync sync", 1))


def count_pairs(state: State, group: Group, scene: Scene | None) -> None:
    for pair in group.pairs:
        if pair.name not in state.pairs:
            state.pairs[pair.name] = PairReport(pair.name, SideCount(str(pair.a)), SideCount(str(pair.b)))
            state.report.pairs.append(state.pairs[pair.name])
        report = state.pairs[pair.name]
        report.conflicts = report.ambiguous = report.held = report.quarantined = 0
    if scene is not None:
        count_events(state, group, scene)


def count_events(state: State, group: Group, scene: Scene) -> None:
    numbers = {name: number for number, name in scene.names.items()}
    for pair in group.pairs:
        report = state.pairs[pair.name]
        for name, side in ((pair.a, report.a), (pair.b, report.b)):
            number = numbers.get(name) or views.calendar_ids(state.session.db, name.account, name.calendar)
            side.events = mirror.live_count(state.session.db, number) if number else 0


def place(group: Group, name: CalendarName) -> tuple[str, str]:
    """The pair and side by which a calendar of the group is named in reports."""
    for pair in group.pairs:
        if name == pair.a:
            return pair.name, "a"
        if name == pair.b:
            return pair.name, "b"
    raise KeyError(str(name))


def side_of(state: State, pair: str, side: str) -> SideCount:
    report = state.pairs[pair]
    return report.a if side == "a" else report.b


def pair_names(group: Group) -> str:
    return " and ".join(pair.name for pair in group.pairs)
