"""One run: recover, observe, plan, guard, execute, report (design section 2). `--dry-run` stops before execute.

Start   a run that finds nothing to do, which is nearly every one, ends without loading what plans and writes (design 5)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from calsync_cli.engine.groups import Group, windows
from calsync_cli.engine.observe import Observation, notice_places, observe
from calsync_cli.engine.report import Problem, Report, named, problem_of
from calsync_cli.engine.rest import at_rest
from calsync_cli.engine.seen import reread
from calsync_cli.engine.session import Session
from calsync_cli.engine.snapshot import Scene, take
from calsync_cli.engine.state import State, Wish
from calsync_cli.engine.telling import HOLD_NEXT, count_pairs, pair_names, tell_holds
from calsync_cli.engine.world import Plan
from calsync_cli.errors import CalendarGone, CalsyncError, worst_exit
from calsync_cli.model.account import CalendarName
from calsync_cli.model.codec import dumps
from calsync_cli.store import journal, mirror, views
from calsync_cli.store.db import micros
from calsync_cli.store.journal import Operation

MAX_ROUNDS = 3
RETRY = "retry"
UNREADABLE = frozenset({"transient", "calendar-gone", "protocol", "auth", "remote", "config"})


Errand = Callable[[Scene], Plan]
"""What a person asked for, in place of the planner; all else waits for the next run."""


def run(
    session: Session, groups: Sequence[Group], wish: Wish, errand: Errand | None = None, *, then: Sequence[Group] = (),
    anyway: bool = False,
) -> Report:
    """Bring the groups up to date. Raises only what ends the whole run (StoreError, AlreadyRunning, ConfigError).

    then: what is brought up to date as ever, still in this run, once the errand has written something, or `anyway`
    """
    began, started = session.ports.monotonic_s(), session.ports.now()
    stamp = started.isoformat(timespec="seconds").replace("+00:00", "Z")
    session.began_us = micros(started)
    state = State(session, wish, Report(None, wish.dry_run, stamp, notes=[*session.notes]))
    everywhere = [name.account for group in (*groups, *then) for name in group.calendars]
    notice_places(session, [*unfinished(session), *everywhere])
    if not wish.dry_run:
        reread(session)
        with session.db.transaction():
            state.run = state.report.run = journal.start_run(session.db, wish.trigger)
        for op, err in recover(session):
            state.problem(_not_finished(session, op, err))
    _rounds(state, groups, errand)
    wrote = any(change.outcome == "confirmed" for change in state.report.changes)
    if then and (anyway or wrote) and not session.stopping():
        state.wish = wish if anyway else replace(wish, yes=False)  # it was given for the errand
        _rounds(state, then, None)
    if not wish.dry_run and journal.sent(session.db):
        recover(session)
    if not wish.dry_run:
        session.note_addresses()
    _finish(state, began)
    return state.report


def recover(session: Session) -> list[tuple[Operation, CalsyncError]]:
    """What an earlier run left open is closed where it can be (engine.recover)."""
    if not journal.unended(session.db):
        return []
    from calsync_cli.engine.recover import recover as close_open

    return close_open(session)


def notice_late(session: Session) -> None:
    """Writes that were given up and arrived all the same (engine.late)."""
    if journal.gave_up(session.db, micros(session.ports.now() - journal.STILL_UNDER_WAY)):
        from calsync_cli.engine.late import notice_late as notice

        notice(session)


def unfinished(session: Session) -> list[str]:
    """Accounts of the writes whose end is not known."""
    numbers = [journal.operation_of(row).calendar for row in journal.sent(session.db)]
    accounts = [mirror.calendar_row(session.db, number).account for number in numbers]
    return [account for account in accounts if session.knows(account)]


def _not_finished(session: Session, op: Operation, err: CalsyncError) -> Problem:
    """J8: told in each run. A calendar that will not come back is left for a person to say so."""
    row = mirror.calendar_row(session.db, op.calendar)
    what = f"the {op.kind} of {named(op.title, op.start)} on {row.account}/{row.name}"
    command = "calsync journal" if isinstance(err, CalendarGone) else err.next
    text = f"nobody knows whether {what} was made: {err}"
    return Problem(err.code, text, command, err.exit_code, row.account, op.title, discreet=True)


def _rounds(state: State, groups: Sequence[Group], errand: Errand | None) -> None:
    """As often as somebody is faster, within reason."""
    pending = list(groups)
    for round_number in range(MAX_ROUNDS):
        pending = _round(state, pending, errand, full=state.wish.full and round_number == 0)
        if not pending or state.wish.dry_run or state.session.stopping():
            break
    for group in pending:
        words = f"the calendars of {pair_names(group)} changed each time something was to be written; not all is done"
        again = f"sync {group.pairs[0].name}" if errand is None else state.wish.trigger
        state.problem(Problem("stale", words, f"calsync {again}", 1))


def _round(state: State, groups: Sequence[Group], errand: Errand | None, *, full: bool) -> list[Group]:
    """Observe and plan the groups once; returns those where somebody was faster and another look helps."""
    seen = observe(state.session, windows(groups), full=full)
    for name, observation in seen.items():
        if observation.error is not None:
            state.problem(problem_of(observation.error, account=name.account))
    notice_late(state.session)
    if errand is not None:
        return [group for group in groups if _group(state, group, seen, errand, full=True)]
    return [group for group in groups if _tracked(state, group, seen, full=full)]


def _tracked(state: State, group: Group, seen: dict[CalendarName, Observation], *, full: bool) -> bool:
    """One group, and a note of when it ran and whether well."""
    before = len(state.report.problems)
    again = _group(state, group, seen, None, full=full)
    serious = [p for p in state.report.problems[before:] if p.code not in HOLD_NEXT and p.code != "quarantined"]
    failed = bool(serious) or again or any(seen[name].error for name in group.calendars)
    if not state.wish.dry_run:
        with state.session.db.transaction():
            views.group_ran(state.session.db, [str(pair.name) for pair in group.pairs], ok=not failed)
    return again


def _group(
    state: State, group: Group, seen: dict[CalendarName, Observation], errand: Errand | None, *, full: bool
) -> bool:
    if any(seen[name].row is None for name in group.calendars):
        count_pairs(state, group, None)
        return False
    state.session.progress("plan", 0, 0)
    scene = take(state.session, group, seen, full=full)
    if scene.snapshot.first and any(seen[name].error for name in group.calendars):
        count_pairs(state, group, scene)  # K7: what is on both sides can only be told when both were read
        return False
    if state.wish.trigger == RETRY:  # asked for by name: a loop is tried once more (N6)
        scene = replace(scene, snapshot=replace(scene.snapshot, written={}))
    if errand is None and not state.wish.dry_run and at_rest(scene):
        count_pairs(state, group, scene)
        tell_holds(state, group, scene, Plan(scene.key))
        return False
    from calsync_cli.engine.proceed import proceed

    return proceed(state, group, scene, errand)


def _finish(state: State, began: float) -> None:
    session, report = state.session, state.report
    report.seconds = session.ports.monotonic_s() - began
    report.requests = session.requests()
    if journal.sent(session.db):
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
