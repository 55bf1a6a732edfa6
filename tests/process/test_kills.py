"""L5: the real program is killed with SIGKILL at random moments, again and again, while people keep editing.

Seeds   the moments are drawn from a seed, but where they fall in the program depends on the machine: that is wanted
Many    100 kills between two folders per commit; CALSYNC_KILLS=1000 and CALSYNC_SEED=7 play another thousand
Rule    whatever the moment, the runs after it end with everything there once, and then rest (I3, I5, I12, I21, J5)
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from pathlib import Path

from tests.fakes.servers import radicale
from tests.process import comparer
from tests.process.events import event, events, retitled
from tests.process.program import Program, file_of, fill, quiet, writes

RUNS_TO_QUIET = 3
KILLS = int(os.environ.get("CALSYNC_KILLS", "100"))
SEED = int(os.environ.get("CALSYNC_SEED", "4"))


def killed(program: Program, after_s: float) -> bool:
    """Kills one run so long after its start in the database; whether the kill met it still at work, and not only its
    process on the way out."""
    known = last_run(program)
    process = program.start("sync", "-q")
    while process.poll() is None and last_run(program) == known:
        time.sleep(0.002)
    time.sleep(after_s)
    process.kill()
    _, err = process.communicate()
    assert "Traceback" not in err, err
    newest = program.query("SELECT ended_us FROM run ORDER BY id DESC LIMIT 1")
    return bool(newest) and newest[0][0] is None


def last_run(program: Program) -> int:
    try:
        return int(program.query("SELECT coalesce(max(id), 0) FROM run")[0][0])
    except sqlite3.OperationalError:
        return 0  # not made yet


def killed_often(program: Program, dice: random.Random, longest_s: float) -> float:
    """Kills once. A kill that came too late lowers the longest delay, one that hit raises it: all of a run is met."""
    hit = killed(program, dice.uniform(0.0, longest_s))
    return min(20.0, longest_s * 1.05) if hit else max(0.02, longest_s * 0.9)


def settle(program: Program) -> None:
    """Runs until one finds nothing to write; then no journal row may be open and a further run rests."""
    for _ in range(RUNS_TO_QUIET):
        if writes(program.sync()) == 0:
            break
    assert program.query("SELECT id, kind, remote_id FROM operation WHERE state = 'sent'") == []
    assert quiet(program.sync())


class Person:
    """Edits, makes and deletes events on two folders, each event only ever on one side and one way: no conflicts.

    `titles` is what must be read in the end, `gone` what must not be there.
    """

    def __init__(self, dice: random.Random, sides: tuple[Path, Path], made: dict[str, bytes]) -> None:
        self.dice, self.sides = dice, sides
        self.known = sorted(uid for uid, payload in made.items() if b":2030" in payload)
        self.all = set(made)
        self.titles: dict[str, str] = {}
        self.gone: set[str] = set()
        self._count = 0

    def act(self) -> None:
        self._count += 1
        kind = self._count % 10
        if kind == 3:
            self._make()
        elif kind == 7 and len(self.gone) < 10:
            self._delete()
        else:
            self._retitle()

    def _make(self) -> None:
        uid, payload = event(self.dice, 77, 8 * self._count)
        (self.dice.choice(self.sides) / f"new-{self._count}.ics").write_bytes(payload)
        self.all.add(uid)

    def _delete(self) -> None:
        uid = self.dice.choice([u for u in self.known if u not in self.titles and u not in self.gone])
        file_of(self.sides[0], uid).unlink()
        self.gone.add(uid)

    def _retitle(self) -> None:
        uid = self.dice.choice([u for u in self.known if u not in self.gone])
        try:
            file = file_of(self.sides[self.known.index(uid) % 2], uid)
        except StopIteration:
            return  # the first push has not brought it there yet
        self.titles[uid] = f"Edit {self._count} 📝"
        file.write_bytes(retitled(file.read_bytes(), self.titles[uid]))

    def check(self) -> None:
        a, b = (comparer.folder(side) for side in self.sides)
        for held in (a, b):
            assert comparer.uids(held.values()) == dict.fromkeys(self.all - self.gone, 1)
        assert comparer.difference(a.values(), b.values()) == []
        texts = {uid: p.decode() for p in b.values() for uid in comparer.uids([p])}
        for uid, title in self.titles.items():
            assert f"SUMMARY:{title}\r\n" in texts[uid]


def test_a_hundred_kills_between_two_folders_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Some in the first push, the others with edits, new events and deletions between them."""
    dice = random.Random(SEED)
    made = events(seed=SEED, count=200)
    program = Program(tmp_path)
    sides = program.vdir("x"), program.vdir("y")
    fill(sides[0], made)
    program.pair("x/Home", "y/Home")
    person = Person(dice, sides, made)
    longest = 0.5
    for n in range(KILLS):
        if n >= 10:
            for _ in range(dice.randrange(4)):
                person.act()
        longest = killed_often(program, dice, longest)
    settle(program)
    person.check()
    cut_off = program.query("SELECT count(*) FROM run WHERE ended_us IS NULL")[0][0]
    print(f"\n{KILLS} kills, {cut_off} of them met a run at work")
    assert cut_off >= 0.4 * KILLS, f"only {cut_off} kills met a run at work: the delays are wrong"


def test_ten_kills_in_the_first_push_of_a_thousand_events_to_radicale(tmp_path: Path) -> None:
    dice = random.Random(5)
    made = events(seed=5, count=1000)
    with radicale() as server:
        program = Program(tmp_path)
        home = program.vdir("disk")
        fill(home, made)
        program.caldav("dav", server)
        calendar = server.make_calendar("work")
        program.pair("disk/Home", "dav/work")
        met, arrived, longest = 0, 0, 2.5
        for _ in range(10):
            met += killed(program, dice.uniform(0.0, longest))
            arrived = len(comparer.members(server, calendar))
            longest *= 1.0 if arrived else 1.6  # a slow machine needs longer to come to its first request
        settle(program)
        there = comparer.members(server, calendar)
        assert comparer.uids(there.values()) == dict.fromkeys(made, 1)
        assert comparer.difference(made.values(), there.values()) == []
        assert comparer.difference(made.values(), comparer.folder(home).values()) == []
        assert met == 10 and arrived > 0, (met, arrived)


def test_kills_with_edits_on_radicale_between_them(tmp_path: Path) -> None:
    """The same with a server: its creates may have happened or not when the program comes back."""
    dice = random.Random(6)
    made = events(seed=6, count=150)
    with radicale() as server:
        program = Program(tmp_path)
        home = program.vdir("disk")
        fill(home, made)
        program.caldav("dav", server)
        calendar = server.make_calendar("work")
        program.pair("disk/Home", "dav/work")
        longest, titles = 2.0, {}
        for n in range(16):
            uid = dice.choice([u for u, p in made.items() if b":2030" in p])
            titles[uid] = f"Edit {n}"
            file = file_of(home, uid)
            file.write_bytes(retitled(file.read_bytes(), titles[uid]))
            longest = killed_often(program, dice, longest)
        settle(program)
        there = comparer.members(server, calendar)
        assert comparer.uids(there.values()) == dict.fromkeys(made, 1)
        assert comparer.difference(comparer.folder(home).values(), there.values()) == []
        texts = {uid: p.decode() for p in there.values() for uid in comparer.uids([p])}
        assert all(f"SUMMARY:{title}\r\n" in texts[uid] for uid, title in titles.items())
