"""Finishing what a crash left open: every `sent` row is looked up on its server, before observation (J2, J3)."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from calsync_cli.engine import late, settle
from calsync_cli.engine.execute import is_ours
from calsync_cli.engine.observe import SETTLE, as_calendar, shows_less
from calsync_cli.engine.seen import missed, read_item, store_seen
from calsync_cli.engine.session import Session
from calsync_cli.errors import CalendarGone, CalsyncError, TransientError
from calsync_cli.providers.base import Calendar, Item, Provider
from calsync_cli.store import journal, links, mirror
from calsync_cli.store.db import Database, micros
from calsync_cli.store.journal import Operation


def recover(session: Session) -> list[tuple[Operation, CalsyncError]]:
    """Close every open row that can be decided; returns those that cannot be yet, which stay frozen (J8)."""
    db = session.db
    rows = journal.sent(db)
    if db.value("SELECT 1 FROM operation WHERE state = 'planned'") is not None:
        with db.transaction():
            journal.drop_planned(db)
    if not rows:
        return []
    ops = [journal.operation_of(row) for row in rows]
    accounts = {op.calendar: mirror.calendar_row(db, op.calendar).account for op in ops}
    undecided = [(op, _gone(accounts[op.calendar])) for op in ops if not session.knows(accounts[op.calendar])]
    rows = [row for row in rows if session.knows(accounts[row["calendar_id"]])]
    ops = [op for op in ops if session.knows(accounts[op.calendar])]
    _sweep_folders(session, ops, accounts)
    jobs = []
    for op in ops:
        calendar = as_calendar(mirror.calendar_row(db, op.calendar))
        provider = session.provider(accounts[op.calendar])
        jobs.append((accounts[op.calendar], partial(_seen, provider, calendar, op)))
    answers = session.crew.each(jobs)
    hidden = _hidden(session, sorted({op.calendar for op in ops}))
    for row, op, found in zip(rows, ops, answers, strict=True):
        answer = hidden.get(op.calendar, found)
        if answer is None and _may_still_come(session, op, accounts[op.calendar], row["sent_us"]):
            answer = TransientError("it is not known yet whether it arrived; it is looked for again before it is sent")
        if isinstance(answer, CalsyncError):
            undecided.append((op, answer))
            continue
        with db.transaction():
            _resolve(session, op, accounts[op.calendar], answer)
    _note(session, undecided)
    return undecided


def _gone(account: str) -> CalsyncError:
    return CalendarGone(f"account {account} is not in the configuration any more")


def _note(session: Session, undecided: list[tuple[Operation, CalsyncError]]) -> None:
    """What `calsync journal` tells of them."""
    told = {row["id"]: row["error"] for row in journal.sent(session.db)}
    news = [(op.id, str(err)) for op, err in undecided if told.get(op.id) != str(err)]
    if news:
        with session.db.transaction():
            for number, words in news:
                journal.note(session.db, number, words)


def give_up(db: Database, ids: Collection[int]) -> None:
    """A person says that nobody will ever know of these what became of them (J8). They may have arrived all the same:
    that is seen as of those that a cut off run gives up (engine.late)."""
    with db.transaction():
        for row in journal.sent(db):
            if row["id"] in ids:
                journal.close(db, row["id"], "abandoned", error=journal.BY_HAND)
            if row["id"] in ids and row["link_id"] is not None:
                links.set_open(db, row["link_id"], open=True)


def _hidden(session: Session, numbers: list[int]) -> dict[int, CalsyncError]:
    """Calendars that cannot be opened, or show this account less than before: what a look finds there may be half of
    what is there (O7)."""
    rows = [mirror.calendar_row(session.db, number) for number in numbers]
    jobs = [(row.account, partial(session.provider(row.account).open, row.remote)) for row in rows]
    found: dict[int, CalsyncError] = {}
    for row, answer in zip(rows, session.crew.each(jobs), strict=True):
        error = shows_less(f"{row.account}/{row.name}", row, answer) if isinstance(answer, Calendar) else answer
        if error is not None:
            found[row.id] = error
    return found


def _seen(provider: Provider, calendar: Calendar, op: Operation) -> Item | None:
    """What is there now. A server that remembers removals tells a create that never came from one that was undone."""
    found = provider.look(calendar, op.remote_id, op.intent or op.before or b"")
    buried = getattr(provider, "buried", None)
    if found is None and op.kind == "create" and buried is not None and buried(calendar, op.remote_id):
        return Item(op.remote_id, None, op.intent or b"")
    return found


def _may_still_come(session: Session, op: Operation, account: str, sent_us: int) -> bool:
    """A create that nobody finds yet, where looking is a search that may be behind (J table, graph)."""
    waits = op.kind == "create" and not op.answered and session.provider(account).caps.searched
    return waits and micros(session.ports.now() - SETTLE) < sent_us


def _sweep_folders(session: Session, ops: list[Operation], accounts: dict[int, str]) -> None:
    for number in sorted({op.calendar for op in ops}):
        sweep = getattr(session.provider(accounts[number]), "sweep", None)
        if sweep is not None:
            try:
                sweep(as_calendar(mirror.calendar_row(session.db, number)))
            except CalsyncError:
                continue  # the look below tells it better


def _resolve(session: Session, op: Operation, account: str, item: Item | None) -> None:
    """The table of section 12, columns "unknown create" and "unknown update / delete"."""
    if op.link_id is None:
        journal.close(session.db, op.id, "abandoned", error="its event is no longer linked")
    elif op.kind == "delete":
        _resolve_delete(session, op, account, item)
    elif op.kind == "create":
        _resolve_create(session, op, account, item)
    else:
        _resolve_update(session, op, account, item)


def _resolve_delete(session: Session, op: Operation, account: str, item: Item | None) -> None:
    if item is None and missed(session, op.calendar, account, op.remote_id):
        settle.confirm_delete(session, op)
        session.db.run("UPDATE link SET open = 1 WHERE id = ?", op.link_id)
        return
    settle.abandon(session, op, journal.STILL_THERE)
    if item is not None:
        store_seen(session, op.calendar, account, [read_item(session, account, item)], [])


def _resolve_create(session: Session, op: Operation, account: str, item: Item | None) -> None:
    """Ours: adopt. Foreign: the next generation. Nothing there: the same key is sent again, which is harmless (J4);
    unless the server had said yes, for then a person removed it, and the coming observation has to prove that (O2).
    """
    if item is None and op.answered:
        item = Item(op.remote_id, None, op.intent or b"")
    if item is None:
        settle.abandon(session, op, journal.NOT_ARRIVED)
    elif is_ours(session, op, account, item):
        form = read_item(session, account, item).form or {}
        if (arrived := late.nearest(session, op, form)).id != op.id:
            settle.abandon(session, op, journal.NOT_ARRIVED)
        late.confirm(session, arrived, account, item)
    else:
        settle.next_generation(session, op)
        store_seen(session, op.calendar, account, [read_item(session, account, item)], [])


def _resolve_update(session: Session, op: Operation, account: str, item: Item | None) -> None:
    """The intent is there: confirm. Else it is planned again from what is there now."""
    if item is None:
        settle.abandon(session, op, "the event is gone")
        store_seen(session, op.calendar, account, [], [op.remote_id])
        return
    seen = read_item(session, account, item)
    if item.etag != op.etag and seen.form is not None and settle.arrived(session, op, account, seen.form, seen.marker):
        late.confirm(session, op, account, item)
        return
    settle.abandon(session, op, journal.NOT_ARRIVED)
    store_seen(session, op.calendar, account, [seen], [])
