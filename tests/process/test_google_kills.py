"""L5 over Google: SIGKILL at random moments of first push and of updates; an insert whose answer never came among them.

Rule    whatever the moment, the runs after it end with everything there once, and then rest (I3, I5, I12, J5)
"""

from __future__ import annotations

import random
from pathlib import Path

from tests.process import comparer, comparer_google
from tests.process.events import events, retitled
from tests.process.google import ME, Person, Service, service
from tests.process.program import file_of, fill, quiet, writes
from tests.process.test_google import is_mine_and_to_come
from tests.process.test_kills import killed

KILLS = 16


def killed_often(person: Person, dice: random.Random, longest_s: float) -> tuple[bool, float]:
    """Kills once. A kill that came too late lowers the longest delay, one that hit raises it: all of a run is met."""
    hit = killed(person, dice.uniform(0.0, longest_s))
    return hit, min(5.0, longest_s * 1.05) if hit else max(0.05, longest_s * 0.9)


def settle(person: Person) -> None:
    for _ in range(4):
        if writes(person.sync()) == 0:
            break
    assert person.query("SELECT id, kind, remote_id FROM operation WHERE state = 'sent'") == []
    assert quiet(person.sync())


def edits(dice: random.Random, google: Service, home: Path, number: int) -> dict[str, str]:
    """Titles that must be read in the end: each event is only ever edited on one side."""
    known = sorted((comparer_google.uid(one), one["id"]) for one in google.events() if is_mine_and_to_come(one))
    on_disk = comparer.uids(comparer.folder(home).values())
    found = {}
    for _ in range(min(3, len(known))):
        at = dice.randrange(len(known))
        (uid, event_id), title = known[at], f"Edit {number} of {at}"
        if uid.endswith(("0", "2", "4", "6", "8", "g")) or uid not in on_disk:
            google.do({"do": "patch", "calendar": ME, "id": event_id, "changes": {"summary": title}})
        else:
            file = file_of(home, uid)
            file.write_bytes(retitled(file.read_bytes(), title))
        found[uid] = title
    return found


def test_kills_in_the_first_push_and_in_updates_of_series_make_nothing_twice(tmp_path: Path) -> None:
    dice, titles = random.Random(8), dict[str, str]()
    with service("--mode", "normalises=false") as google:  # else what Google tidied may look like a person's edit
        person, made = Person(tmp_path), events(seed=8, count=64)
        home = person.vdir("disk")
        fill(home, made)
        person.google("work", google)
        person.pair("work/primary", "disk/Home")
        google.do({"do": "fault", "name": "slow", "times": None, "seconds_slow": 0.05})
        longest, met = 0.4, 0
        for number in range(KILLS):
            if number >= KILLS // 3:
                titles |= edits(dice, google, home, number)
            hit, longest = killed_often(person, dice, longest)
            met += hit
        google.do({"do": "disarm"})
        settle(person)
        there, here = google.events(), comparer.folder(home)
        assert comparer_google.uids(there) == dict.fromkeys(made, 1) == comparer.uids(here.values())
        assert comparer_google.difference(there, here.values()) == []
        shown = {comparer_google.uid(one): one["summary"] for one in there if "recurringEventId" not in one}
        assert {uid: shown[uid] for uid in titles} == titles
        assert google.mails == []
        assert met >= KILLS // 3, f"only {met} kills met a run at work: the delays are wrong"
