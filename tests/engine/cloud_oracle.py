"""What must hold at every moment and at the end of a CloudWorld, judged from what the services themselves remember.

Shape   `leaving` before each write, `committed` after each commit, `watch` around what people do, `final` and the
        checks at the end; Broken with the rule's code. Nothing here asks the engine what it thinks, but what is held
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from calsync_cli.engine.retire import RETIRED
from tests.engine.cloud_wire import Ask
from tests.engine.oracles import Broken, check_alike
from tests.engine.sides import Seen, Side

if TYPE_CHECKING:
    from tests.engine.cloud_world import CloudWorld

_OWN_FILE = re.compile(r"(^|/)([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\.ics$")
_OURS = {"google": (b'"calsync.id"',), "graph": (b"Name calsync-key",)}
TOKEN = re.compile(r"tok\d+x")


class CloudOracle:
    def __init__(self, world: CloudWorld) -> None:
        self.world = world
        self._tokens: dict[int, str | None] = {}
        self.stored: set[str] = set()
        self.written: set[str] = set()
        self.removed: set[str] = set()
        self.deleted_by_people: set[str] = set()
        self.deleted: list[tuple[str, str]] = []

    def save(self) -> Any:
        kept = (self.stored, self.written, self.removed, self.deleted_by_people)
        return dict(self._tokens), [set(one) for one in kept], list(self.deleted)

    def load(self, saved: Any) -> None:
        self._tokens, self.deleted = dict(saved[0]), list(saved[2])
        self.stored, self.written, self.removed, self.deleted_by_people = (set(one) for one in saved[1])

    def forget(self) -> None:
        self._tokens.clear()

    # -- at every write ------------------------------------------------------------------------------------------------

    def leaving(self, name: str, asks: Iterable[Ask]) -> None:
        """I12: a durable row in state `sent` before the first byte. I13: a precondition. I6: nobody is mailed."""
        db = self.world.db
        if db._connection.in_transaction:
            raise Broken("a transaction is open while a request is under way")
        for ask in asks:
            side = self.world.servers[name]
            if not ask.quiet:
                raise Broken(f"I6: a {ask.kind} of {ask.remote_id} left without sendUpdates=none")
            if not ask.guard:
                raise Broken(f"I13: a {ask.kind} of {ask.remote_id} left without a precondition")
            names = side.names_of(ask.remote_id)
            series = names[0]
            kinds = (ask.kind,) if ask.remote_id in names else ("create", "update")
            rows = [row for row in db.all(
                "SELECT o.kind, o.key, o.etag, o.remote_id FROM operation o JOIN calendar c ON c.id = o.calendar_id "
                "WHERE o.state = 'sent' AND c.account = ?", name,
            ) if row["remote_id"] in names]
            row = next((row for row in rows if row["kind"] in kinds), None)
            if row is None:
                raise Broken(f"I12: a {ask.kind} of {ask.remote_id} left without a row in state sent")
            self._check_guard(side, ask, row, whole=series == ask.remote_id)
            if series == ask.remote_id and (ask.moves or ask.kind == "delete"):
                self.removed |= side.words_in_no_list(series)
            if ask.kind == "delete" and series == ask.remote_id:
                self.deleted.append((name, side.uid_at(series) or ""))

    def _check_guard(self, side: Side, ask: Ask, row: Any, *, whole: bool) -> None:
        """The very version that the row was planned from; of an instance, and of a CalDAV answer, some version."""
        if ask.kind == "create":
            if row["key"] not in ask.guard and ask.guard != "*":
                raise Broken("J4: a create left under another key than its row's")
        elif whole and side.kind != "dav" and row["etag"] is not None:
            planned = re.sub(r"#[0-9a-f]{24}$", "", row["etag"])
            if ask.guard != planned:
                raise Broken(f"I13: {ask.remote_id} left for version {ask.guard}, planned from {planned}")

    # -- at every commit -----------------------------------------------------------------------------------------------

    def committed(self) -> None:
        """I11: what the stored token covers is in the mirror."""
        db = self.world.db
        for row in db.all("SELECT id, account, sync_token FROM calendar"):
            if self._tokens.get(row["id"]) != row["sync_token"]:
                self._tokens[row["id"]] = row["sync_token"]
                side = self.world.servers[row["account"]]
                if row["sync_token"] is not None:
                    sql = "SELECT remote_id, payload, gone FROM mirror_item WHERE calendar_id = ?"
                    mirror = {one["remote_id"]: one for one in db.all(sql, row["id"])}
                    if ahead := side.not_covered(row["sync_token"], mirror):
                        raise Broken(f"I11: the token is ahead of the mirror at {ahead}")

    # -- people --------------------------------------------------------------------------------------------------------

    def watch(self, deed: Callable[[], Any]) -> Any:
        sides = self.world.servers
        before = {name: (side.words(), side.uids()) for name, side in sides.items()}
        result = deed()
        for name, side in sides.items():
            words, uids = side.words(), side.uids()
            self.written |= words - before[name][0]
            self.removed |= before[name][0] - words
            self.deleted_by_people |= before[name][1] - uids
        return result

    # -- at the end ----------------------------------------------------------------------------------------------------

    def final(self) -> None:
        for cloud in self.world.clouds.values():
            for name, found in cloud.complaints().items():
                if found:
                    raise Broken(f"I6: {name}: {found[:3]}")
        for name, side in self.world.servers.items():
            _no_duplicates(name, side)
        sql = (
            "SELECT uid FROM link WHERE id IN "
            "(SELECT link_id FROM operation WHERE kind = 'delete' AND (by_hand = 1 OR because = ?))"
        )
        wanted = self.deleted_by_people | {row["uid"] for row in self.world.db.all(sql, RETIRED)}
        for name, uid in self.deleted:
            if uid and uid not in wanted:
                raise Broken(f"I2: {uid} was deleted on {name} though no person deleted that event")
        if self.world.sent_rows():
            raise Broken("I12: a row is still open")

    def remember_store(self) -> None:
        """Tokens in the store of a database that is about to be lost."""
        for row in self.world.db.all("SELECT value, payload FROM kept"):
            text = (row["value"] or "") + (row["payload"] or b"").decode("utf-8", "replace")
            self.stored |= set(TOKEN.findall(text))

    def no_word_lost(self) -> None:
        """I1: a token a person wrote is current somewhere, was taken away by a person, or is in the store."""
        self.remember_store()
        current = {word for side in self.world.servers.values() for word in side.words()}
        lost = self.written - current - self.removed - self.stored
        if lost:
            raise Broken(f"I1: lost {sorted(lost)}")


def _no_duplicates(name: str, side: Side) -> None:
    payloads = side.payloads()
    counts = Counter(uid for uid, _ in payloads.values())
    for remote_id, (uid, payload) in payloads.items():
        ours = _OWN_FILE.search(remote_id) or any(mark in payload for mark in _OURS.get(side.kind, ()))
        if counts[uid] > 1 and ours:
            raise Broken(f"I5: {uid} is twice on {name}: {[i for i, (u, _) in payloads.items() if u == uid]}")


def held_uids(world: CloudWorld) -> set[str]:
    sql = "SELECT l.uid, h.calendar_id, h.remote_id FROM hold h LEFT JOIN link l ON l.id = h.link_id"
    found = {row["uid"] for row in world.db.all(sql) if row["uid"]}
    for row in world.db.all("SELECT m.uid FROM hold h JOIN mirror_item m USING (calendar_id, remote_id)"):
        found.add(row["uid"])
    return found


def check_agendas(world: CloudWorld) -> None:
    """X5, X12: every date of the year is the same everywhere, as somebody else expands it."""
    held = held_uids(world)
    shown = {name: _open(side.agenda(), held) for name, side in world.servers.items()}
    (first, agenda), *rest = shown.items()
    for name, other in rest:
        if agenda != other:
            here, there = agenda - other, other - agenda
            raise Broken(f"I16: only on {first}: {sorted(here)}\n    only on {name}: {sorted(there)}")


def _open(agenda: list[Seen], held: set[str]) -> Counter[Seen]:
    """Texts word by word: blanks and empty lines are what a cloud may show otherwise (loss tables)."""
    return Counter((*one[:-1], " ".join(one[-1].split())) for one in agenda if one[0] not in held)


def check_one_look(world: CloudWorld) -> None:
    """I3: a run in which nothing happened asks each calendar once and writes nothing."""
    before, calls = world.writes(), dict.fromkeys(world.servers, 0)
    real = world.called

    def counting(side: str, asks: list[Ask], in_a_batch: bool = False) -> None:
        calls[side] += 1
        real(side, asks, in_a_batch)

    world.called = counting  # type: ignore[method-assign]
    world.run()
    del world.called  # type: ignore[method-assign]
    if world.writes() != before or any(count != 1 for count in calls.values()):
        raise Broken(f"I3: a quiet run asked {calls} times and wrote {world.writes() - before}")


def check_settled(world: CloudWorld, runs: int = 3) -> None:
    """Within a few runs all is alike, nothing is owed, nobody was mailed, nothing was lost."""
    for _ in range(runs):
        world.run()
    if not world.quiet():
        raise Broken("I3: it does not rest")
    world.oracle.final()
    world.oracle.no_word_lost()
    check_alike(world)
    check_agendas(world)
    check_one_look(world)
