"""The end of a story: faults off, it rests and everything is judged; questions are answered; a run is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.engine.faulty_world import AnyPlan
from tests.engine.oracles import Broken, check_rest
from tests.simulation import alike, oracles, pen
from tests.simulation.weather import HONEST

if TYPE_CHECKING:
    from tests.simulation.story import Story

REST = timedelta(minutes=65)
"""Between runs: longer than a proof of absence takes."""


def end(story: Story) -> None:
    world = story.world
    world.make_right()
    world.gap = REST
    world.board.meddling = lambda call: None
    story.approved = True
    if not story.calm:
        _alive(story)
    world.board.rate = 0
    for server in world.servers.values():
        server.settle_late()
    _judge(story)
    for words in (("a", "b", "base", "both"), ("a", "b", "both"), ("a", "b"), ("a", "b")):
        if not oracles.answer(world, words):
            break
        _judge(story)
    oracles.check_answered(world)
    if story.calm:
        _bounded(story)
    prompt = not any(server.traits.absent_for for server in world.servers.values())
    if prompt and story.rng.random() < 0.3:  # else a deletion takes an hour to be believed, and comes in between
        _undone(story)


def _alive(story: Story) -> None:
    """X16: with one call in ten failing, and people gone, it is quiet within 20 runs of all groups; a first sync, which
    needs every calendar whole, comes before these."""
    world = story.world
    world.board.rate, world.board.only = 0.1, HONEST
    for server in world.servers.values():  # a round of twenty pages, each of which may fail, is not read in ten runs
        server.traits.page_size = server.traits.fetch_size = 100
    left = 20
    for number in range(100):  # what was refused for good is asked again with `full`
        story.say_of(world.crash_run(approved=AnyPlan(), full=number % 4 == 0))
        world.restart()
        left -= world.all_planned()
        if not left:
            break
    world.board.rate = 0
    before = world.writes()
    story.say_of(world.run(approved=AnyPlan()))
    story.oracles["X16 endings at 10 % faults"] += 1
    if world.writes() != before or world.sent_rows():
        raise Broken(f"X16: {world.writes() - before} writes and {world.sent_rows()} open rows after 20 runs")


def _judge(story: Story) -> None:
    world = story.world
    check_rest(world)
    story.say("at rest, judged")
    whole = story.rng.random() < 0.02
    oracles.final(world)
    oracles.no_word_lost(world)
    oracles.check_alike(world, whole=whole)
    story.oracles["X12 whole comparisons" if whole else "X5 comparisons"] += 1


def _bounded(story: Story) -> None:
    """X4, I10: one edit makes one write per other replica, and one more where it lost."""
    ledger, others = story.world.ledger, len(story.topology.calendars) - 1
    lost = int(story.world.db.value("SELECT count(*) FROM kept"))
    story.oracles["X4 bounds"] += 1
    if ledger.writes > (ledger.edits + lost) * others:
        raise Broken(f"I10: {ledger.writes} writes for {ledger.edits} edits of which {lost} lost")


def _undone(story: Story) -> None:
    """X14: what one run did is taken back by name, and stays so."""
    world, rng = story.world, story.rng
    for _ in range(rng.randint(1, 4)):
        story.person()
    before = {name: world.contents(name) for name in world.servers}
    done = world.run(approved=AnyPlan())
    if not done.changes:
        return
    back = world.undo(done.run)
    story.oracles["X14 undos"] += 1
    words = " ".join([*(problem.message for problem in back.problems), *back.notes])
    story.say(f"run {done.run} taken back: {words}")
    for name in world.servers:
        was, now = ({pen.uid_of(p): p for p in items.values()} for items in (before[name], world.contents(name)))
        for uid in sorted(was.keys() | now.keys()):
            left, right = was.get(uid), now.get(uid)
            title = (pen.value_of(left or right or b"", "SUMMARY") or b"?").decode()
            if not _same(left, right) and title not in words:
                raise Broken(f"I19: {uid.decode()} ({title}) on {name} is not as before, and not named: {words}")
    writes = world.writes()
    world.run(approved=AnyPlan())
    if world.writes() != writes and world.groups_apart:  # a copy follows its source, also back
        raise Broken(f"I19: {world.writes() - writes} writes after a run was taken back")


def _same(left: bytes | None, right: bytes | None) -> bool:
    return left is right if left is None or right is None else alike.same(left, right)
