"""Executing a plan: intent, request, outcome, each on disk before the next (semantics section 12).

Order   creates, then updates, then deletes (D7); within a kind in batches, each batch sent side by side
Crash   at any point: `recover` finishes what is `sent`; what is only `planned` is planned again (J2)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from datetime import timedelta

from calsync_cli.engine import late, settle
from calsync_cli.engine.intent import Done, Work, claim_folders, store_plan
from calsync_cli.engine.keys import parse_marker
from calsync_cli.engine.plan import write_digest
from calsync_cli.engine.seen import missed, read_item, store_seen
from calsync_cli.engine.send import NOT_LOOKED, NotLooked, answers_to, look_after_doubt, read_back
from calsync_cli.engine.session import Session
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.world import Plan, Step
from calsync_cli.errors import (
    CalsyncError,
    ItemError,
    NotFound,
    PreconditionFailed,
    ReadOnly,
    Refused,
    RemoteError,
    UidConflict,
    UnknownOutcome,
)
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.base import Item
from calsync_cli.store import journal, mirror
from calsync_cli.store.db import micros
from calsync_cli.store.journal import Operation

GHOSTS = timedelta(days=7)
"""How long a proof of deletion is remembered, as a listing may be older than it (O4)."""


@dataclass(slots=True)
class Executed:
    done: list[Done] = field(default_factory=list)
    account_errors: dict[str, CalsyncError] = field(default_factory=dict)
    stopped: bool = False

    @property
    def stale(self) -> bool:
        return any(done.outcome == "stale" for done in self.done)


Told = Callable[[Step, str], None]
"""Called with each step and its outcome as soon as that is known."""


def execute(
    session: Session, scene: Scene, plan: Plan, run: int, told: Told = lambda step, outcome: None
) -> Executed:
    """Store the plan, then carry it out. Never raises for one item's or one account's failure (I14)."""
    unclaimed = claim_folders(session, scene)
    if unclaimed:
        return Executed(account_errors=unclaimed)
    works, failed = store_plan(session, scene, plan, run)
    result = Executed(failed)
    for one in failed:
        told(one.step, one.outcome)
    total, done = len(works), 0
    if total:
        session.progress("write", done, total)
    for kind in ("create", "update", "delete"):
        queue = [work for work in works if work.step.kind == kind]
        for batch in _batches(session, queue):
            if session.stopping():
                result.stopped = True
                break
            ready = [w for w in batch if w.account not in result.account_errors and _met(w, works)]
            if ready:
                _send_batch(session, scene, ready, result)
            for work in batch:
                told(work.step, work.outcome)
            done += len(batch)
            session.progress("write", done, total)
    _tidy(session, scene, works, plan)
    result.done += [Done(work.step, work.outcome, work.error, work.losses) for work in works]
    return result


def _batches(session: Session, queue: list[Work]) -> Iterator[list[Work]]:
    size = min((session.provider(work.account).caps.batch for work in queue), default=1)
    for start in range(0, len(queue), size):
        yield queue[start : start + size]


def _met(work: Work, works: Sequence[Work]) -> bool:
    """R6: the series that takes over must be there before the old one is cut short."""
    if not work.step.needs:
        return True
    needed = [w for w in works if w.step.link in work.step.needs and w.step.calendar == work.step.calendar]
    return all(w.outcome == "confirmed" for w in needed if w.step.kind == "create")


# -- P2, P3 ------------------------------------------------------------------------------------------------------------


def _send_batch(session: Session, scene: Scene, batch: list[Work], result: Executed) -> None:
    with session.db.transaction():
        journal.mark_sent(session.db, [work.op.id for work in batch])
    for work, answer in zip(batch, answers_to(session, batch), strict=True):
        if isinstance(answer, CalsyncError):
            work.error = answer
        else:
            work.receipt = answer
    stored = read_back(session, [w for w in batch if w.receipt is not None and w.step.kind != "delete"])
    looks = look_after_doubt(session, batch)
    with session.db.transaction():
        for work in batch:
            _close(session, work, stored.get(work.op.id), looks.get(work.op.id, NOT_LOOKED))
        for work in batch:
            _refresh(session, scene, work.op.link_id)
    for work in batch:
        if isinstance(work.error, RemoteError) and work.outcome == "waiting":
            result.account_errors.setdefault(work.account, work.error)


def _close(session: Session, work: Work, stored: Item | None, looked: Item | NotLooked | None) -> None:
    """One row's end, by what the server said (J6)."""
    op, error = work.op, work.error
    match error:
        case None if op.kind == "delete":
            settle.confirm_delete(session, op)
            work.outcome = "confirmed"
        case None if stored is None:
            journal.note_answered(session.db, op.id, work.receipt.remote_id if work.receipt else op.remote_id)
            work.outcome = "unknown"
        case None:
            assert work.receipt is not None and stored is not None
            etag = work.receipt.etag
            words = settle.confirm_write(session, op, work.account, stored, etag, known=work.reading)
            work.outcome = "confirmed"
            work.error = Refused(words) if words else None
        case UnknownOutcome():
            journal.note(session.db, op.id, str(error))
            work.outcome = "unknown"
        case PreconditionFailed() | NotFound():
            _close_stale(session, work, looked)
        case UidConflict():
            _close_uid_conflict(session, work, error, looked)
        case ReadOnly():
            mirror.lower_access(session.db, op.calendar)
            settle.refuse(session, op, write_digest(op.kind, op.calendar, op.changes), str(error))
            work.outcome = "failed"
        case ItemError():
            settle.refuse(session, op, write_digest(op.kind, op.calendar, op.changes), str(error))
            work.outcome = "failed"
        case _:
            settle.abandon(session, op, str(error))


def _close_stale(session: Session, work: Work, looked: Item | NotLooked | None) -> None:
    """Somebody was faster: what is there now goes into the mirror and is planned from (J6)."""
    op = work.op
    work.outcome = "stale"
    gone = looked is None and missed(session, op.calendar, work.account, op.remote_id)
    if op.kind == "delete" and gone and isinstance(work.error, NotFound):
        settle.confirm_delete(session, op)
        work.outcome, work.error = "confirmed", None
        return
    if op.kind == "create" and isinstance(looked, Item):
        if is_ours(session, op, work.account, looked):
            form = read_item(session, work.account, looked).form or {}
            if (arrived := late.nearest(session, op, form)).id == op.id:
                work.outcome, work.error = "confirmed", None
            else:
                settle.abandon(session, op, str(work.error))
            late.confirm(session, arrived, work.account, looked)
        else:
            settle.next_generation(session, op)
        return
    if op.kind == "create" and gone:  # taken by something that is gone: Google gives no id twice (J4)
        settle.next_generation(session, op)
        return
    settle.abandon(session, op, str(work.error))
    if isinstance(looked, Item):
        store_seen(session, op.calendar, work.account, [read_item(session, work.account, looked)], [])


def is_ours(session: Session, op: Operation, account: str, item: Item) -> bool:
    """Whether the thing at our place carries the marker this very create would have written."""
    row = mirror.calendar_row(session.db, op.calendar)
    seen = read_item(session, account, item)
    intent = session.mapping(account).read(op.intent or b"")
    marker = parse_marker(seen.marker, row.remote, seen.uid)
    return marker is not None and seen.marker == intent.marker


def _close_uid_conflict(session: Session, work: Work, error: UidConflict, looked: Item | NotLooked | None) -> None:
    """K5: the UID is taken. By something of this calendar that we have not seen: the next round links it. By something
    of this calendar that cannot be read or linked: that is this event, so there will be no second one (I5, I8).
    Elsewhere on the server: the copy gets a derived UID.
    """
    op, taken = work.op, error.remote_id or ""
    known = bool(mirror.etags(session.db, op.calendar, [taken]))
    if isinstance(looked, Item):
        store_seen(session, op.calendar, work.account, [read_item(session, work.account, looked)], [])
    if known or settle.alias_exhausted(session, op):
        words = f"{taken} of the same calendar already has its UID and could not be linked" if known else str(error)
        settle.refuse(session, op, write_digest(op.kind, op.calendar, op.changes), words)
        work.outcome = "failed"
        return
    if isinstance(looked, Item):
        settle.abandon(session, op, str(error))
    else:
        settle.next_generation(session, op, alias=True)
    work.outcome = "stale"


def _refresh(session: Session, scene: Scene, link_id: int) -> None:
    states = {c.id: c for c in scene.snapshot.calendars}
    settle.refresh_link(session, scene.key, link_id, states, scene.snapshot.rules.local)


def _tidy(session: Session, scene: Scene, works: Sequence[Work], plan: Plan) -> None:
    """What was not sent is planned again; rows of things long gone go."""
    if not works and not plan.links:
        return
    with session.db.transaction():
        journal.drop_planned(session.db)
        mirror.sweep_gone(session.db, micros(session.ports.now() - GHOSTS))
