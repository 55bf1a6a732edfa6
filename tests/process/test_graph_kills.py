"""L5 over Graph: SIGKILL at random moments of a first push; creates whose answer never came among them.

Rule    whatever the moment, the runs after it end with everything there once, and then rest (I3, I5, I12, J5)
"""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from calsync_cli.engine.observe import SETTLE
from tests.process import comparer, comparer_graph
from tests.process.graph import Person, service
from tests.process.program import fill
from tests.process.test_google_kills import killed_often, settle
from tests.process.test_graph import to_come

KILLS = 10
MICROSECOND = timedelta(microseconds=1)


def later(person: Person) -> None:
    """A create that was cut off before it left, and that no search finds, is waited for as long as one may be late."""
    with closing(sqlite3.connect(person.state / "calsync.db")) as db, db:
        db.execute("UPDATE operation SET sent_us = sent_us - ? WHERE state = 'sent'", [2 * SETTLE // MICROSECOND])


def test_ten_kills_in_the_first_push_make_nothing_twice_and_lose_nothing(tmp_path: Path) -> None:
    """Outlook forgets the transactionId of half of the creates meanwhile: our own key in the event is what counts."""
    dice = random.Random(8)
    with service("--knob", "latency_s=0.03") as graph:
        person, made = Person(tmp_path), to_come(seed=8, count=48)
        home = person.vdir("disk")
        fill(home, made)
        person.microsoft("office", graph)
        person.look_ahead("office/primary", "disk/Home")
        longest, met = 1.0, 0
        for number in range(KILLS):
            hit, longest = killed_often(person, dice, longest)
            met += hit
            if number % 2:
                graph.change(forget_transactions=True)
        graph.change(knobs={"latency_s": 0})
        person.run("sync")
        later(person)
        settle(person)
        there, here = graph.events(), comparer.folder(home)
        assert comparer_graph.uids(there) == dict.fromkeys(made, 1) == comparer.uids(here.values())
        assert comparer_graph.difference(there, here.values()) == []
        assert comparer.difference(made.values(), here.values()) == []
        assert met >= KILLS // 2, f"only {met} kills met a run at work: the delays are wrong"
