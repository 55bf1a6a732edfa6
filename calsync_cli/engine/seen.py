"""What was read from a calendar -> rows of its mirror (O2, O3, O8).

Shape   `read_item` makes one row of a payload; `store_seen` stores rows and absences in the caller's transaction;
        `missed` an absence that a write met
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from calsync_cli.engine.session import Session
from calsync_cli.errors import MappingError
from calsync_cli.model.series import ANSWER, Reading
from calsync_cli.providers.base import Item
from calsync_cli.store import mirror
from calsync_cli.store.db import micros, moment
from calsync_cli.store.mirror import Seen

DENIED = "the server lists it, and denied when asked that it is there; the next run asks again"


def read(session: Session, account: str, payload: bytes) -> Reading:
    """What a payload means, with what is carried by name. Raises MappingError."""
    wire = session.mapping(account)
    reading = wire.read(payload)
    names = session.carry.get(account)
    return replace(reading, form={**reading.form, **wire.carried(payload, names)}) if names else reading


def reread(session: Session) -> None:
    """What is carried by name has changed: payloads that are here already are read again, without the network (V7), but
    where they hold only what was asked for."""
    now = {account: _carried(session, account, names) for account, names in sorted(session.carry.items()) if names}
    before = json.loads(session.db.meta("carry") or "{}")
    if now == before:
        return
    with session.db.transaction():
        for account in {*now, *before}:
            if now.get(account) != before.get(account) and session.knows(account):
                _read_again(session, account)
                if session.provider(account).caps.by_name and {*now.get(account, ())} - {*before.get(account, ())}:
                    mirror.forget_all_versions(session.db, account)  # there is more to be asked for
        session.db.set_meta("carry", json.dumps(now))


def _carried(session: Session, account: str, names: frozenset[str]) -> list[str]:
    """What its payloads are read for; whose answer is looked for is a part of it."""
    return sorted(names) + (sorted(session.me(account)) if ANSWER in names else [])


def _read_again(session: Session, account: str) -> None:
    seq = mirror.next_seq(session.db)
    for row in mirror.readable(session.db, account):
        stamp = moment(row["stamp_us"]) if row["stamp_us"] else None
        item = Item(row["remote_id"], row["etag"], row["payload"], stamp)
        mirror.put_item(session.db, row["calendar_id"], read_item(session, account, item), seq)


def read_item(session: Session, account: str, item: Item) -> Seen:
    """Payload -> mirror row. What cannot be read is kept raw, with the reason (O8)."""
    try:
        return seen_as(item, read(session, account, item.payload))
    except MappingError as err:
        return Seen(item.remote_id, "", item.etag, item.payload, None, str(err), stamp=item.stamp)


def seen_as(item: Item, reading: Reading) -> Seen:
    """The same, of a payload that was read already."""
    return Seen(
        item.remote_id, reading.uid, item.etag, item.payload, reading.form, None, reading.marker, reading.people,
        item.stamp, reading.own_uid, reading.made, reading.tool, reading.kind, reading.answer,
    )


def denied(session: Session, calendar_id: int, account: str, listed: Sequence[str]) -> list[Seen]:
    """Of what was listed and then was not there: rows for what the mirror has none of, to be stored as absent. The
    token moves on, so nothing else would remember them; where one absence is a proof they are gone (O2).
    """
    if session.provider(account).caps.absent_for is None:
        return []
    known = mirror.etags(session.db, calendar_id, listed)
    new = [i for i in listed if i not in known and not mirror.proved_gone(session.db, calendar_id, i)]
    return [Seen(remote_id, "", None, b"", None, DENIED) for remote_id in new]


def store_seen(session: Session, calendar_id: int, account: str, seen: Sequence[Seen], gone: Sequence[str]) -> None:
    """Within a transaction: items as just read, and ids that a point read proved gone (O2)."""
    seq = mirror.next_seq(session.db) if seen or gone else 0
    for one in sorted(seen, key=lambda one: one.made):  # of an event and its copy the older one comes first
        mirror.put_item(session.db, calendar_id, one, seq)
    needed = session.provider(account).caps.absent_for
    since = mirror.suspects(session.db, calendar_id) if gone and needed is not None else {}
    for remote_id in gone:
        proved = needed is None or (remote_id in since and since[remote_id] <= absent_since(session, needed))
        mirror.set_gone(session.db, calendar_id, remote_id, 2 if proved else 1, seq)


def missed(session: Session, calendar_id: int, account: str, remote_id: str) -> bool:
    """Within a transaction: a write found that it is not there, and so did a look. Whether that is a proof (O2); if
    not, the mirror remembers it, and the next run looks again.
    """
    store_seen(session, calendar_id, account, denied(session, calendar_id, account, [remote_id]), [remote_id])
    single = session.provider(account).caps.absent_for is None
    return single or mirror.proved_gone(session.db, calendar_id, remote_id)


def absent_since(session: Session, needed: timedelta) -> int:
    """Since when, in microseconds, something must have been missing for its absence to be a proof now: for that long,
    and in an earlier run too."""
    return min(micros(session.ports.now() - needed), session.began_us - 1)
