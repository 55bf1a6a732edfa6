"""P1: a plan becomes what is on disk before anything is sent: hub and bases, holds, what will be lost, journal rows.

Shape   `store_plan` -> the works to send, and the steps that cannot even be said
Errors  InternalCheck when the mirror lacks what a step was planned from
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from calsync_cli.engine.losses import Words, before_image, body_of, place_of, told
from calsync_cli.engine.observe import as_calendar
from calsync_cli.engine.plan import write_digest
from calsync_cli.engine.seen import read
from calsync_cli.engine.session import Session
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.views import is_copy, leaks
from calsync_cli.engine.world import Plan, Step
from calsync_cli.errors import CalsyncError, InternalCheck, ItemError, MappingError
from calsync_cli.mapping.base import NOWHERE
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Reading
from calsync_cli.providers.base import Receipt
from calsync_cli.store import journal, links, mirror
from calsync_cli.store.journal import Operation


@dataclass(slots=True)
class Done:
    """What became of one step: confirmed, failed, stale (somebody was faster), unknown, or waiting."""

    step: Step
    outcome: str
    error: CalsyncError | None = None
    losses: Words = ()


@dataclass(slots=True)
class Work:
    """One journalled step on its way. `outcome` and `error` are filled in as they become known.

    reading: how the body to send reads
    """

    step: Step
    op: Operation
    account: str
    losses: Words = ()
    outcome: str = "waiting"
    error: CalsyncError | None = None
    receipt: Receipt | None = None
    reading: Reading | None = None


def claim_folders(session: Session, scene: Scene) -> dict[str, CalsyncError]:
    """Pairing a folder marks it, so that an empty mount point is never taken for deletions (O2).

    A plan that is executed without the marker, in a later run, is one that a person approved (G6). Returns the accounts
    whose folders could not be marked: nothing is agreed about these.
    """
    failed: dict[str, CalsyncError] = {}
    readable = {calendar.id for calendar in scene.snapshot.calendars if calendar.readable}
    for number, name in scene.names.items():
        provider = session.provider(name.account)
        claim, identity = getattr(provider, "claim", None), getattr(provider, "identity", None)
        row = mirror.calendar_row(session.db, number)
        if claim is not None and identity is not None and row.access == "write" and number in readable:
            calendar = as_calendar(row)
            try:
                if identity(calendar) is None:
                    claim(calendar, session.installation)
            except CalsyncError as err:
                failed[name.account] = err
    return failed


def store_plan(session: Session, scene: Scene, plan: Plan, run: int) -> tuple[list[Work], list[Done]]:
    """P1, one transaction: hub, bases, what will be lost, holds, and a row per write."""
    check_views(scene, plan)
    db, key = session.db, scene.key
    works: list[Work] = []
    failed: list[Done] = []
    with db.transaction():
        links.ensure_group(db, key, list(scene.names))
        numbers = {link.key: links.save_link(db, key, link) for link in plan.links}
        known = {link.key: link.id for link in scene.snapshot.links if link.id is not None} | numbers
        if plan.whole:
            _store_outlook(session, scene, plan, known)
        linked = {link.key: link for link in (*scene.snapshot.links, *plan.links)}
        for kept in plan.kept:
            spoke = next(s for s in linked[kept.link].spokes if s.calendar == kept.calendar)
            body = mirror.payload(db, kept.calendar, spoke.remote_id) if spoke.remote_id else None
            links.keep(db, run, kept, known.get(kept.link), body)
        for step in plan.steps:
            account = scene.names[step.calendar].account
            try:
                op, losses, reading = _lower(session, scene, step, numbers[step.link])
            except ItemError as err:
                _remember_refusal(session, scene, step, numbers[step.link], str(err))
                failed.append(Done(step, "failed", err))
                continue
            op = replace(op, id=journal.plan_operation(db, run, key, op))
            works.append(Work(step, op, account, losses, reading=reading))
    return works, failed


def check_views(scene: Scene, plan: Plan) -> None:
    """I18: nothing is stored and nothing sent of a plan that would show in a copy what its view hides."""
    views = {calendar.id: calendar.view for calendar in scene.snapshot.calendars}
    owned = {(link.key, s.calendar) for link in plan.links for s in link.spokes if is_copy(link, s)}
    for step in plan.steps:
        made = step.kind == "create" and not step.by_hand and step.view != ""  # that is the side's own (D1, R2)
        copied = made or (step.kind == "update" and (step.link, step.calendar) in owned)
        if copied and (hidden := leaks(views[step.calendar], step.changes)):
            raise InternalCheck(f"a copy would show what its view hides: {', '.join(hidden)}")


def _store_outlook(session: Session, scene: Scene, plan: Plan, known: Mapping[str, int]) -> None:
    """What a plan of the whole group says beside its writes: what waits, what was looked at, by which rules."""
    db, key = session.db, scene.key
    looked_at = set(known.values())
    undecided = {known[name] for name in plan.undecided if name in known}
    writing = {known[step.link] for step in plan.steps if step.link in known}
    writing |= {known[h.link] for h in plan.holds if h.calendar is not None and h.link is not None and h.link in known}
    links.replace_holds(db, key, plan.holds, looked_at, undecided, writing, known)
    links.save_quarantine(db, plan.quarantined, plan.cleared)
    links.save_outside(db, key, plan.outside, afresh=scene.snapshot.rules_changed)
    if all(calendar.readable for calendar in scene.snapshot.calendars):
        # row 16: what could not be compared with all is planned again, under the guards of today (G4)
        links.mark_planned(db, key, scene.seqs, scene.day)
        links.group_planned(db, key, scene.rules_digest)
        mirror.clear_reset(db, list(scene.names))


def _lower(
    session: Session, scene: Scene, step: Step, link_id: int
) -> tuple[Operation, Words, Reading | None]:
    """Step -> journal row with the bytes to send, what is lost on the way, and how the bytes read."""
    wire = session.mapping(scene.names[step.calendar].account)
    op = Operation(
        step.kind, step.calendar, step.remote_id or "", link_id, step.rev, step.changes, step.title, step.start,
        step.because, etag=step.etag, held=step.held, grp=scene.key, parks=step.parks, view=step.view,
        by_hand=step.by_hand, releases=step.releases,
    )
    place = NOWHERE
    if step.kind == "create":
        key, place = place_of(session, scene, step)
        op = replace(op, remote_id=place.remote_id, key=key)
    else:
        op = replace(op, before=before_image(session, step))
    never_written = getattr(wire, "never_written", None)
    if step.kind == "delete":
        if never_written is not None and (why := never_written(op.before)):
            raise MappingError(why)
        return op, (), None
    body = body_of(session, scene, step, place)
    reading = read(session, scene.names[step.calendar].account, body)
    return replace(op, intent=body, intent_form=reading.form), told(wire, step, body, reading.form), reading


def _remember_refusal(session: Session, scene: Scene, step: Step, link_id: int, words: str) -> None:
    """A write that cannot even be said is not tried again until something else is asked."""
    link = links.link_by_id(session.db, link_id, list(scene.names))
    assert link is not None
    spoke = next(s for s in link.spokes if s.calendar == step.calendar)
    digest = write_digest(step.kind, step.calendar, step.changes)
    links.save_spoke(session.db, scene.key, link_id, replace(spoke, refused=digest, problem=words))
