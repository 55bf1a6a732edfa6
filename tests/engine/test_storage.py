"""The state grows with the events, not with the years: edits over virtual months, and a burst that is over."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from calsync_cli.store.db import Database
from calsync_cli.store.retention import IMAGES, JOURNAL, tidy
from tests.engine.world import World, ics

WORDS = "x" * 2000


def size(db: Database) -> int:
    return int(db.value("PRAGMA page_count")) * int(db.value("PRAGMA page_size"))


def month(world: World, dice: Random, number: int) -> None:
    """33 edits in 6 runs, and quiet days between them; some events go, as many come."""
    for burst in range(6):
        world.clock.now += timedelta(days=5)
        uids = sorted(world.forms("a"))
        for one in range(5):
            world.edit(dice.choice("ab"), uids[(burst * 5 + one) % (len(uids) - 1)], title=f"{number} {burst} {one}")
        if burst % 2:
            world.delete("a", uids[-1])
            world.put("b", ics(f"m{number:02}-{burst}", "New", f"DESCRIPTION:{WORDS}"))
        world.run()
        world.run()
        tidy(world.db)


def test_the_database_levels_off() -> None:
    """S1. What was overwritten is kept 90 days, the journal 400: after these the size stays."""
    world, dice = World(past_deletes="propagate"), Random(1)
    for number in range(20):
        world.put("a", ics(f"u{number:02}", f"Event {number}", f"DESCRIPTION:{WORDS}"))
    world.run()
    sizes = []
    for number in range(26):
        month(world, dice, number)
        sizes.append(size(world.db))
    assert len(world.forms("a")) == 20
    level = max(sizes[14:18])
    assert max(sizes[18:]) <= 1.05 * level, sizes
    rows = {name: world.db.value(f"SELECT count(*) FROM {name}") for name in ("mirror_item", "link")}
    oldest = world.db.value("SELECT min(done_us) FROM operation")
    assert oldest >= world.db.now_us() - JOURNAL // timedelta(microseconds=1)
    assert rows["mirror_item"] <= 2 * 20 + 2 * 3 * 14 and rows["link"] <= 20 + 3 * 14, rows
    quiet = "SELECT count(*) FROM run WHERE id NOT IN (SELECT run_id FROM operation) AND ended_us < ?"
    assert world.db.value(quiet, world.db.now_us() - (IMAGES + timedelta(days=6)) // timedelta(microseconds=1)) == 0


def test_what_is_free_is_given_back_to_the_disk() -> None:
    """A calendar of thousands that was put into a pair by mistake does not fill the disk for ever."""
    world = World()
    world.put("a", ics("u1", "Stays"))
    world.run()
    small = size(world.db)
    with world.db.transaction():
        for number in range(3000):
            world.db.run(
                "INSERT INTO kept (run_id, calendar_id, kind, uid, payload, at_us) VALUES (1, 1, 'trash', ?, ?, ?)",
                f"t{number}", WORDS.encode(), world.db.now_us(),
            )
    assert size(world.db) > 6_000_000
    world.clock.now += timedelta(days=91)
    assert tidy(world.db)
    assert size(world.db) <= small + 100_000
    assert world.db.value("PRAGMA integrity_check") == "ok"
    report = world.run()
    assert report.exit_code == 0 and not report.changes
