"""What must hold when a story ends and everybody rests (test-plan 6). Breaks as soon as a law breaks: see `ledger`.

Nothing here asks the engine what an event says; what waits for a person is read from the list that calsync shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from calsync_cli.store import links
from tests.engine.oracles import Broken
from tests.simulation import alike, blocks, pen
from tests.simulation.world import SimWorld

HELD_FOR_GOOD = frozenset({"ambiguous", "notify", "quarantine", "refused"})
"""What no answer ends: the events themselves have to be changed."""


def final(world: SimWorld) -> None:
    for name, server in world.servers.items():
        if server.mails:
            raise Broken(f"I6: {len(server.mails)} mails were sent on {name}")
        seen = Counter(pen.identity(payload) for payload in world.contents(name).values())
        double = [who for who, number in seen.items() if number > 1]
        if double:
            raise Broken(f"I5: {double} are on {name} more than once")
    if world.sent_rows():
        raise Broken("I12: a row is still open")


def no_word_lost(world: SimWorld) -> None:
    """X1: every word is current somewhere, was taken away by a person, or is in the store."""
    ledger = world.ledger
    world.oracle.remember_store()
    current = set().union(*(pen.tokens(p) for name in world.servers for p in world.contents(name).values()))
    lost = ledger.written.keys() - current - ledger.removed - world.oracle.stored
    if lost:
        raise Broken(f"I1: lost {sorted((word.decode(), ledger.written[word].decode()) for word in lost)}")


def asked(world: SimWorld) -> dict[bytes, set[str]]:
    """UID -> kinds of what waits for a person about it."""
    found: dict[bytes, set[str]] = {}
    sql = (
        "SELECT h.kind, h.calendar_id, h.remote_id, l.uid FROM hold h LEFT JOIN link l ON l.id = h.link_id"
    )
    for row in world.db.all(sql):
        uid = (row["uid"] or "").encode() or _uid_at(world, row["calendar_id"], row["remote_id"])
        found.setdefault(uid, set()).add(row["kind"])
    for row in world.db.all("SELECT uid, problem FROM mirror_item WHERE problem IS NOT NULL AND gone < 2"):
        found.setdefault(row["uid"].encode(), set()).add("quarantine")
    return found


def _uid_at(world: SimWorld, calendar: int, remote_id: str) -> bytes:
    uid = world.db.value("SELECT uid FROM mirror_item WHERE calendar_id = ? AND remote_id = ?", calendar, remote_id)
    return (uid or "").encode()


def check_alike(world: SimWorld, *, whole: bool) -> None:
    """X5: the calendars of a group show the same, copies what their source shows; but for what waits for a person.

    whole: every event by its instances (X12), else only those whose lines differ
    """
    waiting = asked(world)
    for group in world.topology.groups:
        shown = {name: _by_uid(world, name, own=True) for name in group}
        for uid in sorted({uid for events in shown.values() for uid in events} - waiting.keys()):
            if b"-calsync-copy-" in uid:
                continue  # D1: it stays where its loser was
            for one, other in pairwise(group):
                _same(uid, one, shown[one].get(uid), other, shown[other].get(uid), whole)
    for name, other, as_blocks in blocks.shown(world.topology):
        _bridged(world, name, other, as_blocks, waiting)
    for source, target in world.topology.copies:
        _copied(world, source, target, waiting, whole)


def _bridged(world: SimWorld, name: str, other: str, as_blocks: bool, waiting: dict[bytes, set[str]]) -> None:
    """W6: what is at home on one side is on the other, once, at the same times, or wholly."""
    own = _by_uid(world, name, own=True)
    there = {uid: p for uid, p in _by_uid(world, other).items() if world.ledger.is_derived(other, pen.identity(p))}
    for uid, payload in own.items():
        if uid in waiting or b"-calsync-copy-" in uid:
            continue
        copy = there.get(blocks.block_uid(uid) if as_blocks else uid)
        if copy is None:
            raise Broken(f"W6: {uid.decode()} is on {name} and not shown on {other}")
        if as_blocks and not alike.same(blocks.times(payload), blocks.times(copy)):
            raise Broken(f"W6: {uid.decode()} is on {name} at other times than its block on {other}")
        if not as_blocks:
            _same(uid, name, payload, other, copy, False)
    names = _by_uid(world, name).keys()  # also what lives on there alone, and its block here
    shown = {blocks.block_uid(uid) for uid in (*names, *waiting)} | names | waiting.keys()
    for uid, payload in there.items():
        known = uid in shown or blocks.block_uid(uid) in names or _is_unknown(world, other, payload)
        if not known and b"-calsync-copy-" not in uid:
            raise Broken(f"W6: {uid.decode()} on {other} shows what is not on {name}")


def _by_uid(world: SimWorld, name: str, *, own: bool = False) -> dict[bytes, bytes]:
    """own: what did not come by a one-way pair."""
    return {
        pen.uid_of(payload): payload for payload in world.contents(name).values()
        if not (own and world.ledger.is_derived(name, pen.identity(payload)))
    }


def _same(uid: bytes, one: str, left: bytes | None, other: str, right: bytes | None, whole: bool) -> None:
    if left is None or right is None:
        if left is not right:
            there, missing = (other, one) if left is None else (one, other)
            raise Broken(f"I4: {uid.decode()} is on {there} and not on {missing}")
        return
    if (whole and alike.difference([left], [right])) or not alike.same(left, right):
        raise Broken(f"I4: {uid.decode()} differs: {alike.difference([left], [right])[:6]}")


def _copied(world: SimWorld, source: str, target: str, waiting: dict[bytes, set[str]], whole: bool) -> None:
    """W2, W4: a copy that no person touched is as its source, and not there without it."""
    ledger, there = world.ledger, _by_uid(world, target)
    for uid, payload in _by_uid(world, source, own=True).items():
        who = pen.identity(payload)
        if uid in waiting or _is_touched(world, target, who) or (world.was_lost and ledger.deleted[who]):
            continue  # a copy that was copied on while the database was lost is deleted with that one (N4)
        _same(uid, source, payload, target, there.get(uid), whole)
    sources = ledger.sources[target] | ledger.peers.get(target, set())
    alive = {pen.uid_of(p) for name in sources for p in world.contents(name).values()}
    for uid, payload in there.items():
        touched = _is_touched(world, target, pen.identity(payload))
        if uid not in waiting and uid not in alive and not touched and not _is_unknown(world, target, payload):
            raise Broken(f"W4: the copy of {uid.decode()} on {target} outlived its source")


def _is_touched(world: SimWorld, target: str, who: pen.Identity) -> bool:
    """By a person, there or where it was copied on to while the database was lost (N4)."""
    places = {target} | (world.ledger.peers.get(target, set()) if world.was_lost else set())
    return any((calendar, who) in world.ledger.touched for calendar in places)


def _is_unknown(world: SimWorld, target: str, payload: bytes) -> bool:
    """Its source went while the database was lost: without a base nothing is deleted (I2)."""
    remote_id = next(i for i, other in world.contents(target).items() if other == payload)
    sources = sorted(world.ledger.sources[target] | world.ledger.peers.get(target, set()))
    sql = (
        "SELECT 1 FROM spoke s JOIN calendar c ON c.id = s.calendar_id WHERE s.remote_id = ? AND c.account = ? "
        "AND EXISTS (SELECT 1 FROM spoke o JOIN calendar d ON d.id = o.calendar_id WHERE o.link_id = s.link_id "
        f"AND d.account IN ({','.join('?' * len(sources))}))"
    )
    return world.was_lost and world.db.value(sql, remote_id, target, *sources) is None


def check_answered(world: SimWorld) -> None:
    """After every question was answered, only what no answer ends may wait; with it an answer that calls for it."""
    for uid, kinds in asked(world).items():
        if not kinds & HELD_FOR_GOOD:
            raise Broken(f"A3: {uid.decode()} still waits though all was answered: {sorted(kinds)}")


def answer(world: SimWorld, words: Sequence[str] = ("a", "b", "base", "both")) -> int:
    """A person decides everything that is asked; how many questions there were."""
    rows = world.db.all(
        "SELECT h.id, h.kind, l.uid FROM hold h JOIN link l ON l.id = h.link_id "
        "WHERE h.kind IN ('fields', 'delete', 'orphan') ORDER BY h.id"  # also where the value before was never known
    )
    for row in rows:
        word = world.board.rng.choice(("a", "b") if row["kind"] == "delete" else words)
        world.ledger.judged |= {
            pen.identity(payload)[0] for name in world.servers for payload in world.contents(name).values()
            if pen.uid_of(payload) == row["uid"].encode()
        }
        with world.db.transaction():
            links.set_choice(world.db, row["id"], {"": word})
    return len(rows)
