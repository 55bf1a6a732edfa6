"""What must hold at every moment and at the end, judged from the servers' own history and the database (test-plan 6).

Broken is raised with the rule's code. Nothing here asks the engine what it thinks.
"""

from __future__ import annotations

import itertools
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from calsync_cli.engine.leave import NO_PART, SHOWED_MORE
from calsync_cli.engine.retire import RETIRED
from calsync_cli.engine.views import veiled_uid
from calsync_cli.model import recur
from calsync_cli.model.series import Form, without_fields
from calsync_cli.providers.memory import Call, Change
from tests.engine.told import check_told
from tests.unit.engine.stage import waits_for_answer

if TYPE_CHECKING:
    from tests.engine.faulty_world import FaultyWorld

_UID = re.compile(rb"^UID:(.*?)\r?$", re.MULTILINE)
_DERIVED = re.compile(rb"-calsync-[0-9a-f]{8}$")
TOKEN = re.compile(rb"tok\d+x")


CLOCK_STEPS = timedelta(minutes=5)
"""How far a test may put the clock back."""


class Broken(AssertionError):
    """An invariant does not hold."""


class Oracle:
    def __init__(self, world: FaultyWorld) -> None:
        self.world = world
        self._tokens: dict[int, str | None] = {}
        self.stored: set[bytes] = set()
        self.asked_for: set[str] = set()
        self.retired: set[str] = set()
        self.by_hand: set[tuple[str, str]] = set()
        self.veils: dict[bytes, bytes] = {}

    def save(self) -> Any:
        return dict(self._tokens), set(self.stored), set(self.asked_for), set(self.retired), set(self.by_hand)

    def load(self, saved: Any) -> None:
        self._tokens = dict(saved[0])
        self.stored, self.asked_for, self.retired, self.by_hand = (set(one) for one in saved[1:])

    def forget(self) -> None:
        self._tokens.clear()

    # -- at every moment -----------------------------------------------------------------------------------------------

    def call(self, call: Call) -> None:
        """I12: a durable row in state `sent` before the first byte. I13: every update and delete names a version."""
        db = self.world.db
        if db._connection.in_transaction:
            raise Broken(f"a transaction is open while {call.name} is under way")
        if not call.writes:
            return
        row = db.one(
            "SELECT o.key, o.etag FROM operation o JOIN calendar c ON c.id = o.calendar_id WHERE o.state = 'sent' "
            "AND o.kind = ? AND o.remote_id = ? AND c.remote = ?", call.name, call.remote_id, call.calendar,
        )
        if row is None:
            raise Broken(f"I12: {call.name} of {call.remote_id} left without a row in state sent")
        if not call.guard:
            raise Broken(f"I13: {call.name} of {call.remote_id} left without a precondition")
        if call.name == "create" and row["key"] != call.guard:
            raise Broken("J4: a create left under another key than its row's")

    def committed(self) -> None:
        """I11: what the stored token covers is in the mirror."""
        db = self.world.db
        for row in db.all("SELECT id, account, remote, sync_token FROM calendar"):
            if self._tokens.get(row["id"]) != row["sync_token"]:
                self._tokens[row["id"]] = row["sync_token"]
                self._covered(row)

    def _covered(self, row: Any) -> None:
        token = row["sync_token"]
        if token is None or not token.startswith(f"{self.world.servers[row['account']]._epoch}-"):
            return
        upto = int(token.partition("-")[2])
        shelf = self.world.servers[row["account"]].shelves[row["remote"]]
        rows = self.world.db.all("SELECT remote_id, etag, gone FROM mirror_item WHERE calendar_id = ?", row["id"])
        mirror = {r["remote_id"]: r for r in rows}
        for remote_id, change in shelf.at(upto).items():
            have = mirror.get(remote_id)
            later = [c for c in shelf.history if c.remote_id == remote_id and c.number >= change.number]
            if have is None:  # never seen; fine if the next answer will say that it is gone
                covered = any(c.payload is None for c in later)
            else:
                covered = have["gone"] or have["etag"] in [c.etag for c in later]
            if not covered:
                raise Broken(f"I11: token {token} is ahead of the mirror at {remote_id}")

    # -- at the end ----------------------------------------------------------------------------------------------------

    def final(self) -> None:
        for name, server in self.world.servers.items():
            if server.mails:
                raise Broken(f"I6: {len(server.mails)} mails were sent")
            self._no_duplicates(name)
            for change in server.history(name):
                if change.who != "calsync" or change.payload is not None or self._was_asked_for(change):
                    continue
                if not self._person_deleted(change):
                    raise Broken(f"I2: {change.remote_id} was deleted on {name} though no person deleted that event")
        if self.world.sent_rows():
            raise Broken("I12: a row is still open")

    def _no_duplicates(self, name: str) -> None:
        seen: set[bytes] = set()
        made_by_us = {c.remote_id for c in self.world.servers[name].history(name) if c.who == "calsync"}
        items = sorted(self.world.servers[name].contents(name).items(), key=lambda item: item[0] in made_by_us)
        for remote_id, payload in items:
            uid = uid_of(payload)
            if uid in seen and remote_id in made_by_us:
                raise Broken(f"I5: {uid.decode()} is twice on {name}")
            seen.add(uid)

    def _was_asked_for(self, change: Change) -> bool:
        """By name: an undo or a purge (U1). Or by a rule, of a copy that calsync made (W4)."""
        self.remember_deletes()
        if change.remote_id not in self.retired:
            return change.remote_id in self.asked_for
        histories = [shelf.history for server in self.world.servers.values() for shelf in server.shelves.values()]
        return next(c for history in histories for c in history if c.remote_id == change.remote_id).who == "calsync"

    def remember_deletes(self) -> None:
        """Which deletions nobody made on a calendar, of a database that may be lost."""
        for row in self.world.db.all("SELECT remote_id, parks, because FROM operation WHERE kind = 'delete'"):
            self.asked_for |= {row["remote_id"]} if row["parks"] else set()
            rule = row["because"].startswith((NO_PART, SHOWED_MORE, RETIRED))
            self.retired |= {row["remote_id"]} if rule else set()
        sql = "SELECT account, remote_id FROM operation o JOIN calendar c ON c.id = o.calendar_id WHERE kind = 'delete'"
        self.by_hand |= {(row["account"], row["remote_id"]) for row in self.world.db.all(f"{sql} AND by_hand = 1")}
        for row in self.world.db.all("SELECT uid FROM link"):
            self.veils[veiled_uid(self.world.installation, row["uid"]).encode()] = row["uid"].encode()

    def _person_deleted(self, change: Change) -> bool:
        uid = self._event_of(change)
        return any(
            (other.who == "user" or (name, other.remote_id) in self.by_hand)
            and other.payload is None and self._event_of(other) == uid and other.stamp <= change.stamp + CLOCK_STEPS
            for name, server in self.world.servers.items() for other in server.history(name)
        )

    def _event_of(self, change: Change) -> bytes:
        """UID of the event, also of what is only a block of it on this calendar (W6)."""
        self.remember_deletes()
        uid = uid_of(change.replaced or b"")
        return self.veils.get(uid, uid)

    # -- X1 ------------------------------------------------------------------------------------------------------------

    def remember_store(self) -> None:
        """What a database that is about to be lost tells of the past."""
        self.remember_deletes()
        for row in self.world.db.all("SELECT value, payload FROM kept"):
            self.stored |= set(TOKEN.findall((row["value"] or "").encode() + (row["payload"] or b"")))

    def no_word_lost(self) -> None:
        """I1: a token a person wrote is current somewhere, was taken away by a person, or is in the store."""
        self.remember_store()
        written: dict[bytes, str] = {}
        removed: set[bytes] = set()
        current: set[bytes] = set()
        for name, server in self.world.servers.items():
            for payload in server.contents(name).values():
                current |= set(TOKEN.findall(payload))
            for change in server.history(name):
                if change.who == "user":
                    now = set(TOKEN.findall(change.payload or b""))
                    written |= dict.fromkeys(now, name)
                    removed |= set(TOKEN.findall(change.replaced or b"")) - now
        lost = written.keys() - current - removed - self.stored
        if lost:
            raise Broken(f"I1: lost {[(t.decode(), written[t]) for t in sorted(lost)]}")


def uid_of(payload: bytes) -> bytes:
    """The event's UID, also of a copy that had to take a derived one (K5)."""
    found = _UID.search(payload)
    return _DERIVED.sub(b"", found[1]) if found else b""


# -- settling ----------------------------------------------------------------------------------------------------------

MAX_RUNS = 4
LOCAL = frozenset({"reminders", "guests", "organizer"})


def check_rest(world: FaultyWorld) -> None:
    """I3, I4: with all faults off it comes to rest within a few runs. The first lists everything anew."""
    from tests.engine.faulty_world import AnyPlan

    for number in range(MAX_RUNS + 1):
        before = world.writes()
        world.run(full=number == 0, approved=AnyPlan())
        if number and world.writes() == before:
            return
    raise Broken(f"I4: still writing after {MAX_RUNS} runs")


def check_alike(world: FaultyWorld) -> None:
    """I4: every calendar of the group shows the same, but for what waits for a person; that can be shown to them."""
    check_told(world)
    asked: dict[str, set[str]] = {}
    sql = "SELECT h.detail, h.kind, h.remote_id, l.uid FROM hold h LEFT JOIN link l ON l.id = h.link_id"
    for row in world.db.all(sql):
        paths = json.loads(row["detail"])["fields"] if row["kind"] == "fields" else [""]
        asked.setdefault(row["uid"] or row["remote_id"], set()).update(paths)
    forms = {name: world.forms(name) for name in world.servers}
    for uid in sorted({uid for shown in forms.values() for uid in shown}):
        if "" in asked.get(uid, ()) or (uid in asked and world.pairs and world.pairs[0].conflict == "ask"):
            continue  # row 4 with "ask": nothing at all is written
        seen = {}
        for name, shown in forms.items():
            form = shown.get(uid)
            if form is None and uid in asked:
                continue  # a new copy waits for the answer too
            seen[name] = None if form is None else {
                path: value for path, value in without_fields(form, LOCAL).items()
                if not waits_for_answer(path, asked.get(uid, ()), [f[uid] for f in forms.values() if uid in f])
            }
        if any(_differ(form, other) for form, other in itertools.pairwise(seen.values())):
            raise Broken(f"I4: {uid} differs: {_differing(seen)}, asked: {asked.get(uid)}")


def _differ(form: Form | None, other: Form | None) -> bool:
    """Rules by their dates (R8)."""
    return form is not other and (form is None or other is None or bool(recur.diff(form, other)))


def _differing(seen: dict[str, Any]) -> dict[str, Any]:
    """Of each side's form only what is not the same on all."""
    there = [form for form in seen.values() if form is not None]
    same = {path for path in there[0] if all(path in form and form[path] == there[0][path] for form in there)}
    return {name: form and {path: value for path, value in form.items() if path not in same}
            for name, form in seen.items()}
