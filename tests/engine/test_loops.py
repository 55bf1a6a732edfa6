"""N6: where another program always sets back what calsync wrote, calsync stops first, and says so."""

from __future__ import annotations

from datetime import timedelta

from tests.engine.world import World, ics


def flipped(world: World, side: str, title: str) -> int:
    """Somebody sets the title on one side, and the run that follows; how much it wrote."""
    world.edit(side, "one", title=title)
    before = world.writes()
    world.run()
    return world.writes() - before


def test_a_field_that_is_always_set_back_is_left_alone_after_four_writes() -> None:
    world = World("ab")
    world.put("a", ics("one", "Ours"))
    world.run()
    writes = [flipped(world, "a", title) for title in (*("Theirs", "Ours") * 6, "Theirs")]
    assert writes == [1] * 4 + [0] * 9
    report = world.run()
    (problem,) = report.problems
    assert (problem.code, report.exit_code) == ("quarantine", 1)
    assert "title was written to b/b 4 times within a day" in problem.message and "another program" in problem.message


def test_edits_of_a_busy_person_are_no_loop() -> None:
    """A dozen new values, and a dozen changes of mind between three."""
    world = World("ab")
    world.put("a", ics("one", "Start"))
    world.run()
    for number in range(12):
        assert flipped(world, "a", f"Title {number}") == 1
    for number in range(12):
        assert flipped(world, "ab"[number % 2], f"One of {number % 3}") == 1
    assert world.forms("a") == world.forms("b")


def test_the_next_day_and_a_retry_try_again() -> None:
    world = World("ab")
    world.put("a", ics("one", "Ours"))
    world.run()
    for title in ("Theirs", "Ours") * 3:
        flipped(world, "a", title)
    assert world.forms("b")["one"]["title"] == "Ours"
    world.edit("a", "one", title="Theirs")
    assert world.run().exit_code == 1 and world.forms("b")["one"]["title"] == "Ours"
    with world.db.transaction():
        world.db.run("UPDATE link SET quarantine = NULL")
    assert world.run(trigger="retry").exit_code == 0 and world.forms("b")["one"]["title"] == "Theirs"
    world.clock.now += timedelta(days=2)
    assert flipped(world, "a", "Ours") == 1


def test_what_stopped_a_loop_is_over_when_the_event_is_edited_otherwise() -> None:
    world = World("ab")
    world.put("a", ics("one", "Ours"))
    world.run()
    for title in ("Theirs", "Ours") * 4:
        flipped(world, "a", title)
    assert flipped(world, "a", "A third one") == 1
    assert world.forms("a") == world.forms("b")


def test_a_replica_that_is_changed_after_each_write_is_left_alone_after_five_runs() -> None:
    """Another program stamps what it finds, with another stamp each time, and calsync keeps what its side says."""
    world = World("ab", conflict="a")
    world.put("a", ics("one", "Ours"))
    world.run()
    wrote = []
    for number in range(6):
        world.edit("a", "one", location=f"Room {number}")
        world.edit("b", "one", location=f"Stamped {number}")
        before = world.writes()
        planned = world.run(dry_run=True).changes
        report = world.run()
        wrote.append(world.writes() - before)
        assert len(planned) == wrote[-1], "the dry run says the same (M12)"
    assert wrote == [1] * 5 + [0]
    assert "in 5 runs one after the other" in report.problems[0].message and report.exit_code == 1
    world.edit("a", "one", location="Room of mine")
    world.run()
    assert world.forms("b")["one"]["location"] == "Room of mine", "an edit brings it to life"


def test_a_person_who_edits_before_every_run_is_no_loop() -> None:
    world = World("ab")
    world.put("a", ics("one", "Start"))
    world.run()
    for number in range(12):
        assert flipped(world, "a", f"Title {number}") == 1
    assert world.forms("a") == world.forms("b")
