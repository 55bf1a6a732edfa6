"""Writes of ours that arrive after they were given up as lost: what they leave behind is no edit by a person (J3, J6).

Shape   `notice_late` between observing and planning; `nearest` where a create met one that was there before it
"""

from __future__ import annotations

from calsync_cli.engine import settle
from calsync_cli.engine.session import Session
from calsync_cli.model.series import Form
from calsync_cli.providers.base import Item
from calsync_cli.store import journal, mirror
from calsync_cli.store.db import micros
from calsync_cli.store.journal import Operation


def notice_late(session: Session) -> None:
    """Deletes: else they would delete what somebody brought back elsewhere meanwhile (I2, X17). Creates and updates:
    else their words would stand against newer ones of the side they came from (I1)."""
    since = micros(session.ports.now() - journal.STILL_UNDER_WAY)
    for op in journal.late_deletes(session.db, since):
        with session.db.transaction():
            settle.confirm_delete(session, op)
            session.db.run("UPDATE link SET open = 1 WHERE id = ?", op.link_id)
    told = set()
    for op in journal.late_writes(session.db, since):
        if (op.link_id, op.calendar) not in told and _noticed(session, op):
            told.add((op.link_id, op.calendar))


def _noticed(session: Session, op: Operation) -> bool:
    account = mirror.calendar_row(session.db, op.calendar).account
    row = session.db.one(
        "SELECT etag, payload, form, marker FROM mirror_item WHERE calendar_id = ? AND remote_id = ?",
        op.calendar, op.remote_id,
    )
    if row is None or row["form"] is None or not session.knows(account):
        return False
    item = Item(op.remote_id, row["etag"], row["payload"])
    form = mirror.form_at(session.db, op.calendar, op.remote_id) or {}
    if op.kind == "create":
        op = nearest(session, op, form)
    elif not settle.arrived(session, op, account, form, row["marker"]):
        return False
    with session.db.transaction():
        confirm(session, op, account, item)
    return True


def confirm(session: Session, op: Operation, account: str, item: Item) -> None:
    settle.confirm_write(session, op, account, item, None, late=True)
    session.db.run("UPDATE link SET open = 1 WHERE id = ?", op.link_id)


def nearest(session: Session, op: Operation, shown: Form) -> Operation:
    """Which of the creates of this very place it was that arrived: the one whose words are there, else the one least
    changed since; of equal ones the oldest, since to ask once too often loses nothing."""
    tried = [*journal.given_up_creates(session.db, op), op]
    return min(tried, key=lambda one: len(settle.other_words(one.intent_form or {}, shown)))
