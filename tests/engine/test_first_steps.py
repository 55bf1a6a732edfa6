"""The main job in small: what flows, what rests, what is asked (decision table rows 1-15)."""

from tests.engine.world import World, ics


def test_a_new_event_is_created_on_the_other_side_and_then_all_rests() -> None:
    world = World()
    world.put("a", ics("u1", "Dentist"))
    report = world.run()
    assert world.titles("b") == ["Dentist"]
    assert report.exit_code == 0
    assert world.quiet()


def test_edits_of_different_fields_on_both_sides_both_arrive() -> None:
    world = World()
    world.put("a", ics("u1", "Dentist"))
    world.run()
    world.edit("a", "u1", title="Dr. Who")
    world.edit("b", "u1", location="Baker St")
    world.run()
    for side in "ab":
        form = world.forms(side)["u1"]
        assert (form["title"], form["location"]) == ("Dr. Who", "Baker St")
    assert world.quiet()


def test_the_same_field_changed_differently_waits_for_a_person_and_the_rest_flows() -> None:
    world = World()
    world.put("a", ics("u1", "Dentist"))
    world.put("a", ics("u2", "Other"))
    world.run()
    world.edit("a", "u1", title="A")
    world.edit("b", "u1", title="B", location="L")
    world.edit("b", "u2", title="Other 2")
    report = world.run()
    assert report.exit_code == 3
    assert world.forms("a")["u1"]["title"] == "A"
    assert world.forms("b")["u1"]["title"] == "B"
    assert world.forms("a")["u1"]["location"] == "L"
    assert world.forms("a")["u2"]["title"] == "Other 2"
    assert world.quiet()


def test_a_deletion_travels_and_a_deletion_against_an_edit_restores() -> None:
    world = World()
    for n in range(3):
        world.put("a", ics(f"u{n}", f"E{n}"))
    world.run()
    world.delete("a", "u0")
    world.delete("b", "u1")
    world.edit("a", "u1", title="Edited")
    report = world.run()
    assert world.titles("a") == world.titles("b") == ["E2", "Edited"]
    assert report.exit_code == 0
    assert world.quiet()


def test_a_ring_of_three_settles_concurrent_edits() -> None:
    from calsync_cli.model.account import CalendarName, Pair

    names = [("a", "b"), ("b", "c"), ("c", "a")]
    pairs = [Pair(x + y, CalendarName(x, x), CalendarName(y, y), first_sync="auto") for x, y in names]
    world = World("abc", pairs)
    world.put("a", ics("u1", "One"))
    world.run()
    assert world.titles("b") == world.titles("c") == ["One"]
    world.edit("b", "u1", title="Two")
    world.edit("c", "u1", location="Room")
    world.run()
    for side in "abc":
        assert world.forms(side)["u1"]["title"] == "Two"
        assert world.forms(side)["u1"]["location"] == "Room"
    assert world.quiet()


def test_a_first_push_that_was_cut_off_goes_on_without_a_guard() -> None:
    """G7 is about surprises, not about what an accepted plan still owes."""
    world = World()
    for n in range(200):
        world.put("a", ics(f"u{n}", f"Event {n}"))
    session = world.session()
    session.stopping = lambda: world.servers["b"].write_count() >= 60
    from calsync_cli.engine.groups import groups
    from calsync_cli.engine.run import run
    from calsync_cli.engine.state import Wish

    run(session, groups(world.pairs), Wish())
    assert 0 < len(world.forms("b")) < 150
    assert world.run().exit_code == 0
    assert len(world.forms("b")) == 200
