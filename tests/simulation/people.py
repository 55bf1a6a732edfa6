"""People at work on their calendars: one act at a time, drawn from the story's random numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from tests.simulation import pen

if TYPE_CHECKING:
    from tests.simulation.world import SimWorld

FIRST = datetime(2027, 1, 4, 9)
MOST = 14
"""Events per calendar beyond which people rather delete than add."""

Act = Callable[[], str]


class People:
    """Every act says in words what was done, or "" where there was nothing to do it to."""

    def __init__(self, world: SimWorld, rng: Random) -> None:
        self.world = world
        self.rng = rng
        self._numbers = count(1)
        self._gone: list[tuple[str, bytes]] = []

    def act(self) -> str:
        """One edit by somebody, somewhere."""
        acts: list[tuple[int, Act]] = [
            (5, self.create), (8, self.rename), (6, self.reword), (4, self.move), (4, self.delete),
            (4, self.one_date), (1, self.cut_short), (1, self.invited), (1, self.duplicate), (1, self.bring_back),
            (1, self.clear), (1, self.own_words), (1, self.sweep),
        ]
        for _ in range(6):
            done = self.rng.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()
            if done:
                return done
        return self.create()

    # -- parts ---------------------------------------------------------------------------------------------------------

    def token(self, kind: str = "tok") -> str:
        return f"{kind}{next(self._numbers)}x"

    def where(self) -> str:
        return self.rng.choice(self.world.topology.calendars)

    def _some(self, side: str, *, series: bool = False) -> tuple[str, bytes] | None:
        """One event of a calendar."""
        items = self.world.contents(side)
        found = [(i, p) for i, p in sorted(items.items()) if not series or pen.repeats(p)]
        return self.rng.choice(found) if found else None

    def _save(self, side: str, remote_id: str | None, payload: bytes) -> None:
        self.world.servers[side].user_put(side, remote_id, payload)

    def _new(self, zone: str, *lines: str) -> bytes:
        start = FIRST + timedelta(days=self.rng.randrange(150), hours=self.rng.randrange(9))
        return pen.event(f"u{next(self._numbers)}@x", self.token("birth"), self.token(), start, zone, *lines)

    # -- acts ----------------------------------------------------------------------------------------------------------

    def create(self) -> str:
        side = self.where()
        if len(self.world.contents(side)) > MOST:
            return self.delete()
        lines = []
        if self.rng.random() < 0.3:
            lines.append(f"RRULE:FREQ=WEEKLY;COUNT={self.rng.randint(3, 8)}")
        if self.rng.random() < 0.3:
            lines.append(f"X-PEOPLE-NOTE:{self.token('keep')}")
        if self.rng.random() < 0.2:
            lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Soon", "END:VALARM"]
        if self.rng.random() < 0.3:
            lines.append(f"DESCRIPTION:{self.token()}\\n{self.token()}\\n{self.token()}")
        if self.rng.random() < 0.1:
            lines += ["ORGANIZER:mailto:host@example.org", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:guest@example.org"]
        if self.rng.random() < 0.2:
            lines.append(f"CATEGORIES:{self.token()},{self.token()}")
        payload = self._new(self.rng.choice(pen.ZONES), *lines)
        self._save(side, None, payload)
        return f"{side}: new {pen.uid_of(payload).decode()}"

    def rename(self) -> str:
        return self._property("SUMMARY")

    def reword(self) -> str:
        return self._property(self.rng.choice(("LOCATION", "DESCRIPTION", "DESCRIPTION", "CATEGORIES")))

    def _property(self, name: str) -> str:
        side = self.where()
        one = self._some(side)
        if one is None:
            return ""
        said = pen.value_of(one[1], name)
        old = (said or b"").decode()
        value = self.token()
        if name == "CATEGORIES" and old:
            value = ",".join((*old.split(",")[self.rng.randint(0, 1) :], value))
        elif name == "DESCRIPTION" and old:
            lines = old.split("\\n")
            lines[self.rng.randrange(len(lines))] = value
            value = "\\n".join(lines)
        self._save(side, one[0], pen.written(one[1], name, value))
        return f"{side}: {name} of {one[0]} is {value}"

    def clear(self) -> str:
        side, name = self.where(), self.rng.choice(("LOCATION", "DESCRIPTION", "CATEGORIES"))
        one = self._some(side)
        if one is None or pen.value_of(one[1], name) is None:
            return ""
        self._save(side, one[0], pen.written(one[1], name, None))
        return f"{side}: {name} of {one[0]} cleared"

    def own_words(self) -> str:
        """What calsync does not understand, or does not sync."""
        side = self.where()
        one = self._some(side)
        if one is None:
            return ""
        self._save(side, one[0], pen.written(one[1], "X-PEOPLE-NOTE", self.token("keep")))
        return f"{side}: a note of their own in {one[0]}"

    def move(self) -> str:
        side = self.where()
        one = self._some(side)
        if one is None:
            return ""
        by = timedelta(hours=self.rng.choice((-2, -1, 1, 2, 24)))
        self._save(side, one[0], pen.moved(one[1], by))
        return f"{side}: {one[0]} moved by {by}"

    def one_date(self) -> str:
        side, number = self.where(), self.rng.randrange(5)
        one = self._some(side, series=True)
        if one is None or not pen.has_date(one[1], number):
            return ""
        rule = (pen.value_of(one[1], "RRULE") or b"").decode()
        if number >= int(rule.rpartition("COUNT=")[2].partition(";")[0] or 99):
            return ""
        if self.rng.random() < 0.4:
            self._save(side, one[0], pen.cancelled(one[1], number))
            return f"{side}: date {number} of {one[0]} cancelled"
        by = timedelta(hours=self.rng.choice((0, 0, 3)))
        self._save(side, one[0], pen.excepted(one[1], number, self.token(), by))
        return f"{side}: date {number} of {one[0]} has a title of its own{', later' if by else ''}"

    def cut_short(self) -> str:
        """A series gets another number of dates."""
        side = self.where()
        one = self._some(side, series=True)
        if one is None:
            return ""
        number = self.rng.randint(2, 9)
        self._save(side, one[0], pen.written(one[1], "RRULE", f"FREQ=WEEKLY;COUNT={number}"))
        return f"{side}: {one[0]} has {number} dates"

    def delete(self) -> str:
        side = self.where()
        one = self._some(side)
        if one is None:
            return ""
        self._gone.append((side, one[1]))
        self.world.servers[side].user_delete(side, one[0])
        return f"{side}: {one[0]} deleted"

    def sweep(self) -> str:
        """Many deletions at once, which a guard should ask about."""
        side = self.where()
        items = sorted(self.world.contents(side))
        if len(items) < 6 or self.rng.random() < 0.7:
            return ""
        chosen = self.rng.sample(items, self.rng.randint(4, len(items) - 1))
        for remote_id in chosen:
            self.world.servers[side].user_delete(side, remote_id)
        return f"{side}: {len(chosen)} deleted"

    def invited(self) -> str:
        """The same event comes into another calendar by itself, as invitations do (K3)."""
        side, other = self.where(), self.where()
        one = self._some(side)
        if one is None or side == other or other not in self.world.ledger.peers.get(side, ()):
            return ""
        uid = pen.uid_of(one[1])
        if b"-calsync-" in uid or uid.endswith(pen.BLOCK):
            return ""
        if any(uid == pen.uid_of(p) for p in self.world.contents(other).values()):
            return ""
        self._save(other, None, one[1])
        return f"{other}: {uid.decode()} came by itself"

    def duplicate(self) -> str:
        """With all that is in it, calsync's own line too (K5)."""
        side = self.where()
        one = self._some(side)
        if one is None or len(self.world.contents(side)) > MOST or not pen.BIRTH.search(pen.flat(one[1])):
            return ""  # of a block nobody could tell whose it is
        uid = f"u{next(self._numbers)}@x"
        self._save(side, None, pen.twin(one[1], uid, self.token("birth"), self.token))
        return f"{side}: {one[0]} duplicated as {uid}"

    def bring_back(self) -> str:
        """A client's own undo of a deletion."""
        if not self._gone:
            return ""
        side, payload = self._gone.pop()
        uid = pen.uid_of(payload)
        if uid.endswith(pen.BLOCK) or any(uid == pen.uid_of(p) for p in self.world.contents(side).values()):
            return ""
        self._save(side, None, payload)
        return f"{side}: {uid.decode()} brought back"
