"""Executing a plan: intent, request, outcome, each on disk before the next (semantics section 12).

Order   creates, then updates, then deletes (D7); within a kind in batches, each batch sent side by side
Crash   at any point: `recover` finishes what is `sent`; what is only `planned` is planned again (J2)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from calsync_cli.engine import settle
from calsync_cli.engine.intent import Done, Work, claim_folders, store_plan
from calsync_cli.engine.keys import parse_marker
from calsync_cli.engine.observe import as_calendar, read_item, store_seen
from calsync_cli.engine.plan import write_digest
from calsync_cli.engine.session import Job, Session
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.world import Plan
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
from calsync_cli.providers.base import Item, Receipt, Write
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


def execute(session: Session, scene: Scene, plan: Plan, run: int) -> Executed:
    """Store the plan, then carry it out. Never raises for one item's or one account's failure (I14)."""
    claim_folders(session, scene)
    works, failed = store_plan(session, scene, plan, run)
    result = Executed(failed)
    total, done = len(works), 0
    for kind in ("create", "update", "delete"):
        queue = [work for work in works if work.step.kind == kind]
        for batch in _batches(session, queue):
            if session.stopping():
                result.stopped = True
                break
            ready = [w for w in batch if w.account not in result.account_errors and _met(w, works)]
            if ready:
                _send_batch(session, scene, ready, result)
            done += len(batch)
            session.progress("write", done, total)
    _tidy(session, scene, works, plan)
    result.done += [Done(work.step, work.outcome, work.error) for work in works]
    return result


def _batches(session: Session, queue: list[Work]) -> Iterator[list[Work]]:
    size = min((session.provider(work.account).caps.batch for work in queue), default=1)
    for start in range(0, len(queue), size):
        yield queue[start : start + size]


def _met(work: Work, works: Sequence[Work]) -> bool:
    """R6: the series that takes over must be there before the old one is cut short."""
    needed = [w for w in works if w.step.link in work.step.needs and w.step.calendar == work.step.calendar]
    return all(w.outcome == "confirmed" for w in needed if w.step.kind == "create")


# -- P2, P3 ------------------------------------------------------------------------------------------------------------


def _send_batch(session: Session, scene: Scene, batch: list[Work], result: Executed) -> None:
    with session.db.transaction():
        journal.mark_sent(session.db, [work.op.id for work in batch])
    for work, answer in zip(batch, _answers(session, batch), strict=True):
        if isinstance(answer, CalsyncError):
            work.error = answer
        else:
            work.receipt = answer
    stored = _read_back(session, [w for w in batch if w.receipt is not None and w.step.kind != "delete"])
    looks = _look_after_doubt(session, batch)
    with session.db.transaction():
        for work in batch:
            _close(session, work, stored.get(work.op.id), looks.get(work.op.id, _NOT_LOOKED))
        for work in batch:
            _refresh(session, scene, work.op.link_id)
    for work in batch:
        if isinstance(work.error, RemoteError) and work.outcome == "waiting":
            result.account_errors.setdefault(work.account, work.error)


def _answers(session: Session, batch: list[Work]) -> list[Receipt | CalsyncError | None]:
    """Side by side; all writes of one calendar at once where its provider takes several in one request."""
    groups: dict[tuple[str, int, int], list[int]] = {}
    for place, work in enumerate(batch):
        bulk = session.provider(work.account).caps.bulk
        groups.setdefault((work.account, work.op.calendar, -1 if bulk else place), []).append(place)
    jobs: list[Job[list[Receipt | CalsyncError | None]]] = []
    for (account, _, _), places in groups.items():
        works = [batch[place] for place in places]
        bulk = session.provider(account).caps.bulk > 0
        jobs.append((account, _bulk(session, works) if bulk else _alone(session, *works)))
    answers: list[Receipt | CalsyncError | None] = [None] * len(batch)
    for places, found in zip(groups.values(), session.crew.each(jobs), strict=True):
        for number, place in enumerate(places):
            answers[place] = found if isinstance(found, CalsyncError) else found[number]
    return answers


def _bulk(session: Session, works: list[Work]) -> Callable[[], list[Receipt | CalsyncError | None]]:
    provider: Any = session.provider(works[0].account)
    calendar = as_calendar(mirror.calendar_row(session.db, works[0].op.calendar))
    writes = [Write(w.op.kind, w.op.remote_id, w.op.intent or b"", w.op.etag) for w in works]  # type: ignore[arg-type]
    return partial(provider.bulk, calendar, writes)


def _alone(session: Session, work: Work) -> Callable[[], list[Receipt | CalsyncError | None]]:
    call = _call(session, work)
    return lambda: [call()]


def _call(session: Session, work: Work) -> Callable[[], Receipt | None]:
    provider = session.provider(work.account)
    calendar = as_calendar(mirror.calendar_row(session.db, work.op.calendar))
    op = work.op
    if op.kind == "create":
        return partial(provider.create, calendar, op.key or "", op.intent or b"")

    def guarded() -> Receipt | None:
        etag = op.etag
        if etag is None:  # the server gave no version: make sure of the content, and use what it says now (I13)
            item = provider.look(calendar, op.remote_id)
            if item is None:
                raise NotFound(f"{op.remote_id} is gone")
            if item.payload != op.before:
                raise PreconditionFailed(f"{op.remote_id} was changed by somebody else")
            if item.etag is None:
                raise Refused("the server gives this event no version, so it cannot be changed safely")
            etag = item.etag
        if op.kind == "update":
            return provider.update(calendar, op.remote_id, op.intent or b"", etag)
        provider.delete(calendar, op.remote_id, etag)
        return None

    return guarded


def _read_back(session: Session, works: list[Work]) -> dict[int, Item]:
    """What the server now shows of everything just written, in one request per calendar (F4)."""
    found = {w.op.id: w.receipt.item for w in works if w.receipt is not None and w.receipt.item is not None}
    by_calendar: dict[int, list[Work]] = {}
    for work in works:
        if work.op.id not in found:
            by_calendar.setdefault(work.op.calendar, []).append(work)
    jobs = []
    for number, group in by_calendar.items():
        calendar = as_calendar(mirror.calendar_row(session.db, number))
        ids = [w.receipt.remote_id for w in group if w.receipt is not None]
        provider = session.provider(group[0].account)
        jobs.append((group[0].account, lambda p=provider, c=calendar, i=ids: list(p.fetch(c, i))))
    for group, answer in zip(by_calendar.values(), session.crew.each(jobs), strict=True):
        items = {} if isinstance(answer, CalsyncError) else {a.remote_id: a for a in answer if isinstance(a, Item)}
        for work in group:
            assert work.receipt is not None
            if work.receipt.remote_id in items:
                found[work.op.id] = items[work.receipt.remote_id]
    answered = {w.op.id: w.receipt.etag for w in works if w.receipt is not None}
    doubtful = [w for w in works if w.op.id in found and answered[w.op.id] not in (None, found[w.op.id].etag)]
    answers = session.crew.each([(w.account, _look_at(session, w, found[w.op.id].remote_id)) for w in doubtful])
    for work, seen in zip(doubtful, answers, strict=True):
        del found[work.op.id]  # older than our write, or newer: only a point read tells (O3)
        if isinstance(seen, Item):
            found[work.op.id] = seen
    return found


def _look_at(session: Session, work: Work, remote_id: str) -> Callable[[], Item | None]:
    calendar = as_calendar(mirror.calendar_row(session.db, work.op.calendar))
    return partial(session.provider(work.account).look, calendar, remote_id, _last_known(work.op))


def _last_known(op: Operation) -> bytes:
    """What the item looks like as far as we know: what was to be written, else what was there before."""
    return op.intent or op.before or b""


class _NotLooked:
    """Stands for "no look was made", which is not "gone"."""


_NOT_LOOKED = _NotLooked()


def _look_after_doubt(session: Session, batch: list[Work]) -> dict[int, Item | None]:
    """What is really there where a write was refused for something that stands in its way."""
    works, jobs = [], []
    for work in batch:
        calendar = as_calendar(mirror.calendar_row(session.db, work.op.calendar))
        place = _in_the_way(work, calendar.id)
        if place is not None:
            works.append(work)
            look = session.provider(work.account).look
            jobs.append((work.account, partial(look, calendar, place, _last_known(work.op))))
    answers = session.crew.each(jobs)
    return {w.op.id: a for w, a in zip(works, answers, strict=True) if not isinstance(a, CalsyncError)}


def _in_the_way(work: Work, calendar_id: str) -> str | None:
    match work.error:
        case PreconditionFailed() | NotFound():
            return work.op.remote_id
        case UidConflict(remote_id=str() as other) if "/" not in other or other.startswith(calendar_id):
            return other
    return None


def _close(session: Session, work: Work, stored: Item | None, looked: Item | _NotLooked | None) -> None:
    """One row's end, by what the server said (J6)."""
    op, error = work.op, work.error
    match error:
        case None if op.kind == "delete":
            settle.confirm_delete(session, op)
            work.outcome = "confirmed"
        case None if stored is None:
            journal.note_answered(session.db, op.id)
            work.outcome = "unknown"
        case None:
            assert work.receipt is not None and stored is not None
            words = settle.confirm_write(session, op, work.account, stored, work.receipt.etag)
            work.outcome = "confirmed"
            work.error = Refused(words) if words else None
        case UnknownOutcome():
            journal.note(session.db, op.id, str(error))
            work.outcome = "unknown"
        case NotFound() if op.kind == "delete" and looked is None:
            settle.confirm_delete(session, op)
            work.outcome, work.error = "confirmed", None
        case PreconditionFailed() | NotFound():
            _close_stale(session, work, looked)
        case UidConflict():
            _close_uid_conflict(session, work, error, looked)
        case ReadOnly():
            mirror.lower_access(session.db, op.calendar)
            settle.abandon(session, op, str(error))
            work.outcome = "failed"
        case ItemError():
            settle.refuse(session, op, write_digest(op.kind, op.calendar, op.changes), str(error))
            work.outcome = "failed"
        case _:
            settle.abandon(session, op, str(error))


def _close_stale(session: Session, work: Work, looked: Item | _NotLooked | None) -> None:
    """Somebody was faster: what is there now goes into the mirror and is planned from (J6)."""
    op = work.op
    work.outcome = "stale"
    if op.kind == "create" and isinstance(looked, Item):
        if is_ours(session, op, work.account, looked):
            settle.confirm_write(session, op, work.account, looked, None, late=True)
            work.outcome, work.error = "confirmed", None
        else:
            settle.next_generation(session, op)
        return
    if op.kind == "create" and looked is None:  # taken by something that is gone: Google gives no id twice (J4)
        settle.next_generation(session, op)
        return
    settle.abandon(session, op, str(work.error))
    if isinstance(looked, Item):
        store_seen(session, op.calendar, work.account, [read_item(session, work.account, looked)], [])
    elif looked is None:
        store_seen(session, op.calendar, work.account, [], [op.remote_id])


def is_ours(session: Session, op: Operation, account: str, item: Item) -> bool:
    """Whether the thing at our place carries the marker this very create would have written."""
    row = mirror.calendar_row(session.db, op.calendar)
    seen = read_item(session, account, item)
    intent = session.mapping(account).read(op.intent or b"")
    marker = parse_marker(seen.marker, row.remote, seen.uid)
    return marker is not None and seen.marker == intent.marker


def _close_uid_conflict(session: Session, work: Work, error: UidConflict, looked: Item | _NotLooked | None) -> None:
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
