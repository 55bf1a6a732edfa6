"""The requests of one batch: sent side by side, read back, and looked after where they were refused (P2, F4, O3).

Shape   per Work: its answer, then what the server shows; nothing here touches the database but to read
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from calsync_cli.engine.intent import Work
from calsync_cli.engine.observe import as_calendar
from calsync_cli.engine.session import Job, Session
from calsync_cli.errors import CalsyncError, NotFound, PreconditionFailed, Refused, UidConflict
from calsync_cli.providers.base import Calendar, Item, Receipt, Write
from calsync_cli.store import mirror
from calsync_cli.store.journal import Operation


def answers_to(session: Session, batch: list[Work]) -> list[Receipt | CalsyncError | None]:
    """Side by side; all writes of one calendar at once where its provider takes several in one request."""
    groups: dict[tuple[str, int, int], list[int]] = {}
    for place, work in enumerate(batch):
        bulk = session.provider(work.account).caps.bulk
        groups.setdefault((work.account, work.op.calendar, -1 if bulk else place), []).append(place)
    jobs: list[Job[list[Receipt | CalsyncError | None]]] = []
    calendars = _calendars(session, batch)
    for (account, number, _), places in groups.items():
        works, calendar = [batch[place] for place in places], calendars[number]
        bulk = session.provider(account).caps.bulk > 0
        jobs.append((account, _bulk(session, calendar, works) if bulk else _alone(session, calendar, *works)))
    answers: list[Receipt | CalsyncError | None] = [None] * len(batch)
    for places, found in zip(groups.values(), session.crew.each(jobs), strict=True):
        for number, place in enumerate(places):
            answers[place] = found if isinstance(found, CalsyncError) else found[number]
    return answers


def _calendars(session: Session, batch: list[Work]) -> dict[int, Calendar]:
    return {number: as_calendar(mirror.calendar_row(session.db, number)) for number in {w.op.calendar for w in batch}}


def _bulk(
    session: Session, calendar: Calendar, works: list[Work]
) -> Callable[[], list[Receipt | CalsyncError | None]]:
    provider: Any = session.provider(works[0].account)
    writes = [Write(w.op.kind, w.op.remote_id, w.op.intent or b"", w.op.etag) for w in works]  # type: ignore[arg-type]
    return partial(provider.bulk, calendar, writes)


def _alone(session: Session, calendar: Calendar, work: Work) -> Callable[[], list[Receipt | CalsyncError | None]]:
    call = _call(session, calendar, work)
    return lambda: [call()]


def _call(session: Session, calendar: Calendar, work: Work) -> Callable[[], Receipt | None]:
    provider = session.provider(work.account)
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


def read_back(session: Session, works: list[Work]) -> dict[int, Item]:
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


class NotLooked:
    """Stands for "no look was made", which is not "gone"."""


NOT_LOOKED = NotLooked()


def look_after_doubt(session: Session, batch: list[Work]) -> dict[int, Item | None]:
    """What is really there where a write was refused for something that stands in its way."""
    works, jobs = [], []
    for work in batch:
        if work.error is None:
            continue
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
