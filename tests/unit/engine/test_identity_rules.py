"""K1 to K9, D1 to D7, N1 to N3: which replicas are one event, and what a group of calendars makes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from calsync_cli.engine.groups import groups, selected
from calsync_cli.engine.guards import check
from calsync_cli.engine.keys import Marker, link_key
from calsync_cli.engine.match import CONFLICT_COPY
from calsync_cli.engine.plan import plan
from calsync_cli.engine.world import Link, Rules
from calsync_cli.model.account import CalendarName, Pair
from tests.unit.engine.stage import Stage, event, kinds, span, titles


def stage_of(count: int = 2, **rules: Any) -> Stage:
    return Stage(count, Rules("group:g", ("ab",), past_deletes="propagate", **rules))


def linked(count: int = 2, **rules: Any) -> Stage:
    stage = stage_of(count, **rules)
    stage.put(1, "u", event())
    stage.settle()
    return stage


def the_link(stage: Stage) -> Link:
    (link,) = stage.links.values()
    return link


# -- identity ----------------------------------------------------------------------------------------------------------


def test_a_lost_database_is_found_again_by_markers_and_uids_without_a_write() -> None:
    """K1, K8, I5."""
    stage = linked(3)
    stage.links.clear()
    stage.first = True
    assert not stage.run().steps
    assert [s.state for s in the_link(stage).spokes] == ["live"] * 3
    assert [s.owned for s in the_link(stage).spokes] == [False, True, True]


def test_an_invitation_present_in_both_accounts_is_linked_by_its_uid() -> None:
    """K3."""
    stage = stage_of()
    stage.put(1, "invitation", event())
    stage.put(2, "invitation", event())
    made = stage.run()
    assert not made.steps and len(made.linked) == 1


def test_equal_title_time_and_rule_link_on_a_first_sync_when_each_side_has_exactly_one() -> None:
    """K2."""
    stage = stage_of()
    stage.put(1, "one", event())
    stage.put(2, "other", event())
    assert not stage.run().steps
    assert len(stage.links) == 1


def test_two_equal_candidates_are_ambiguous_and_nothing_is_linked_or_created() -> None:
    """K2."""
    stage = stage_of()
    stage.put(1, "one", event())
    stage.put(1, "two", event())
    stage.put(2, "other", event())
    made = stage.run()
    assert not made.steps and not stage.links
    assert [hold.kind for hold in made.holds] == ["ambiguous"] * 3
    assert {(hold.calendar, hold.remote_id) for hold in made.holds} == {(1, "r1"), (1, "r3"), (2, "r5")}


def ambiguous() -> Stage:
    stage = stage_of()
    stage.put(1, "one", event())
    stage.put(1, "two", event())
    stage.put(2, "other", event())
    stage.run()
    return stage


def test_what_is_ambiguous_stays_so_in_every_later_run() -> None:
    """K2, I5, I3."""
    stage = ambiguous()
    for _ in range(2):
        made = stage.run()
        assert not made.steps and not stage.links
        assert [hold.kind for hold in made.holds] == ["ambiguous"] * 3


def test_an_ambiguous_item_is_linked_once_only_one_partner_is_left() -> None:
    """K2."""
    stage = ambiguous()
    stage.edit(1, "two", {"title": "Another dentist"})
    assert kinds(stage.run().steps) == [("create", 2)]
    assert titles(stage, 2) == ["Another dentist", "Dentist"]
    stage.settle()
    assert len(stage.links) == 2 and not stage.waiting


def test_an_ambiguous_item_that_is_alone_after_all_is_copied() -> None:
    """K2."""
    stage = ambiguous()
    stage.delete(2, "other")
    assert kinds(stage.run().steps) == [("create", 2), ("create", 2)]


def test_a_partner_that_cannot_be_read_just_now_is_still_a_partner() -> None:
    """K2, I8: row 16 for what has no link yet."""
    stage = ambiguous()
    stage.unreadable.add(2)
    made = stage.run()
    assert not made.steps and [hold.kind for hold in made.holds] == ["ambiguous"] * 3
    stage.unreadable.clear()
    made = stage.run()
    assert not made.steps and [hold.kind for hold in made.holds] == ["ambiguous"] * 3


def test_a_new_event_beside_ambiguous_ones_is_not_held_with_them() -> None:
    """I14."""
    stage = ambiguous()
    stage.put(1, "new", event("Lunch"))
    assert kinds(stage.run().steps) == [("create", 2)]


def test_a_calendar_that_joins_a_group_is_matched_by_fingerprint_too() -> None:
    """K2, K7: its own event under another UID is not doubled."""
    stage = stage_of(3)
    stage.put(1, "u", event())
    stage.run(fails=lambda step: step.calendar == 3)
    stage.put(3, "own", event())
    stage.first = True
    assert not stage.run().steps
    assert [s.state for s in the_link(stage).spokes] == ["live"] * 3
    stage.edit(3, "own", {"title": "Moved on"})
    stage.settle()
    assert titles(stage, 1) == titles(stage, 2) == ["Moved on"]


def test_two_candidates_of_a_calendar_that_joins_are_ambiguous_and_the_group_goes_on() -> None:
    """K2."""
    stage = stage_of(3)
    stage.put(1, "u", event())
    stage.run(fails=lambda step: step.calendar == 3)
    stage.put(3, "own", event())
    stage.put(3, "own too", event())
    stage.first = True
    made = stage.run()
    assert [hold.calendar for hold in made.holds if hold.kind == "ambiguous"] == [3, 3]
    assert not made.steps


def test_after_the_first_sync_a_fingerprint_links_nothing() -> None:
    """K2: two people who plan the same lunch keep two events."""
    stage = linked()
    stage.put(1, "one", event("Lunch"))
    stage.put(2, "other", event("Lunch"))
    assert kinds(stage.run().steps) == [("create", 1), ("create", 2)]


def test_a_second_event_with_the_same_uid_is_quarantined_not_linked() -> None:
    """K4, I5."""
    stage = linked()
    stage.put(1, "u", event("Twin"), rid="twin")
    made = stage.run()
    assert [(q.calendar, q.remote_id) for q in made.quarantined] == [(1, "twin")]
    assert not made.steps
    assert titles(stage, 2) == ["Dentist"]


def test_a_refused_uid_is_replaced_by_a_derived_one_and_still_found_after_a_lost_database() -> None:
    """K5."""
    stage = stage_of()
    stage.put(1, "u", event())
    stage.run(fails=lambda step: True)
    link = the_link(stage)
    spokes = tuple(replace(s, alias=1) if s.calendar == 2 else s for s in link.spokes)
    stage.links[link.key] = replace(link, spokes=spokes)
    stage.settle()
    (copy,) = stage.things[2].values()
    assert copy.uid != "u" and copy.uid.startswith("u-calsync-")
    stage.edit(2, copy.uid, {"title": "Still the same set"})
    stage.settle()
    assert titles(stage, 1) == ["Still the same set"]


def test_a_changed_provider_id_is_relinked_without_a_write() -> None:
    """K6: uid known, old id gone."""
    stage = linked()
    thing = stage.things[2].pop(stage.find(2, "u"))
    stage.things[2]["renamed"] = thing
    assert not stage.run().steps
    assert the_link(stage).spokes[1].remote_id == "renamed"


def test_a_first_run_deletes_nothing() -> None:
    """K7, I2: a replica without a base is no proof of anything."""
    stage = stage_of()
    stage.put(1, "u", event())
    stage.put(2, "v", event("Other", time=span("2026-12-03 10:00")))
    assert {step.kind for step in stage.run().steps} == {"create"}


def test_a_marker_of_another_installation_stops_the_group() -> None:
    """K9, G9."""
    stage = linked()
    marker = Marker("f" * 32, link_key("group:g", "theirs"), 0).text("cal2", "theirs")
    stage.put(2, "theirs", event("Theirs"), rid="foreign", marker=marker)
    snap = stage.snapshot()
    made = plan(snap)
    assert made.foreign == ((2, "foreign"),)
    assert not made.steps
    assert [trip.kind for trip in check(snap, made)] == ["G9"]


def test_copies_of_a_lost_installation_are_linked_once_approved_never_made_again() -> None:
    """I5, K3, K9: a state folder that was deleted whole looks like another installation's work."""
    stage = linked(3)
    for calendar in (2, 3):
        (copy,) = stage.things[calendar].values()
        copy.marker = Marker("f" * 32, link_key("group:g", "u"), 0).text(f"cal{calendar}", "u")
    stage.links.clear()
    stage.first = True
    snap = stage.snapshot()
    made = plan(snap)
    assert [trip.kind for trip in check(snap, made)] == ["G9"]
    assert not made.steps and len(made.linked) == 1
    stage.run()
    assert [s.state for s in the_link(stage).spokes] == ["live"] * 3
    stage.edit(2, "u", {"title": "Still one event"})
    stage.settle()
    assert [titles(stage, n) for n in (1, 2, 3)] == [["Still one event"]] * 3


def test_a_double_of_a_lost_installation_is_quarantined_and_asks_for_no_approval_in_every_run() -> None:
    """K4, G9."""
    stage = linked()
    marker = Marker("f" * 32, link_key("group:g", "u"), 0).text("cal2", "u-calsync-0badcafe")
    stage.put(2, "u-calsync-0badcafe", event(), rid="double", marker=marker)
    snap = stage.snapshot()
    made = plan(snap)
    assert [(q.calendar, q.remote_id) for q in made.quarantined] == [(2, "double")]
    assert not check(snap, made)


def test_a_copy_of_a_lost_installation_under_a_derived_uid_is_linked_too() -> None:
    """I5, K5."""
    stage = linked()
    (copy,) = stage.things[2].values()
    copy.uid = "u-calsync-0badcafe"
    copy.marker = Marker("f" * 32, link_key("group:g", "u"), 0).text("cal2", copy.uid)
    stage.links.clear()
    stage.first = True
    made = stage.run()
    assert not made.steps and len(made.linked) == 1 and len(made.foreign) == 1


def test_a_marker_pasted_by_a_person_into_another_event_proves_nothing() -> None:
    """K1: the marker is bound to calendar and UID, so a duplicated event with a UID of its own is a new event."""
    stage = linked()
    (copy,) = stage.things[2].values()
    stage.put(2, "pasted", event("Pasted"), marker=copy.marker)
    made = stage.run()
    assert kinds(made.steps) == [("create", 1)]
    assert not made.quarantined
    pasted = stage.links[link_key("group:g", "pasted")]
    assert not pasted.spokes[1].owned


def test_a_conflict_copy_found_after_a_lost_database_stays_where_it_is() -> None:
    """D1, K8: it is never synced."""
    stage = linked(tie="keep-both")
    stage.edit(1, "u", {"title": "From A"})
    stage.edit(2, "u", {"title": "From B"})
    stage.settle()
    assert titles(stage, 1) == ["From A"] and titles(stage, 2) == ["From A", "From B"]
    stage.links.clear()
    stage.first = True
    stage.settle()
    assert titles(stage, 1) == ["From A"] and titles(stage, 2) == ["From A", "From B"]


# -- deciding ----------------------------------------------------------------------------------------------------------


def test_keep_both_keeps_the_loser_as_an_event_on_its_own_side_alone() -> None:
    """D1."""
    stage = linked(3, tie="keep-both")
    for calendar, title in ((1, "From A"), (3, "From C")):
        stage.edit(calendar, "u", {"title": title})
    stage.settle()
    assert [titles(stage, i) for i in (1, 2, 3)] == [["From A"], ["From A"], ["From A", "From C"]]
    (copy,) = [t for t in stage.things[3].values() if CONFLICT_COPY in t.uid]
    stage.edit(3, copy.uid, {"title": "Edited copy"})
    stage.settle()
    assert "Edited copy" not in titles(stage, 1) + titles(stage, 2)


def test_a_conflict_copy_whose_create_failed_is_made_in_the_next_run() -> None:
    """D1."""
    stage = linked(tie="keep-both")
    stage.edit(1, "u", {"title": "From A"})
    stage.edit(2, "u", {"title": "From B"})
    stage.run(fails=lambda step: step.kind == "create")
    stage.settle()
    assert titles(stage, 2) == ["From A", "From B"]


def test_a_conflict_is_not_over_while_one_of_its_sides_cannot_be_read() -> None:
    """Row 16, A3: the question stays the same question."""
    stage = linked(3)
    stage.edit(1, "u", {"title": "From A"})
    stage.edit(2, "u", {"title": "From B"})
    (first,) = stage.run().holds
    stage.unreadable = {1}
    made = stage.run()
    assert [hold.digest for hold in made.holds] == [first.digest]
    assert not made.steps
    assert [stage.form(i, "u")["title"] for i in (1, 2, 3)] == ["From A", "From B", "Dentist"]


def test_a_later_edit_on_a_stale_spoke_of_the_field_the_hub_moved_on_is_a_conflict() -> None:
    """D6; of another field it is not."""
    stage = linked()
    stage.edit(1, "u", {"title": "New"})
    stage.run(fails=lambda step: True)
    stage.edit(2, "u", {"title": "Newer", "url": "https://b"})
    last = stage.settle()
    assert [list(hold.detail) for hold in last.holds] == [["title"]]
    assert stage.form(1, "u")["url"] == "https://b"
    assert [stage.form(i, "u")["title"] for i in (1, 2)] == ["New", "Newer"]


def test_a_deletion_on_a_stale_spoke_is_edit_against_delete() -> None:
    """D6: the person had not seen the change."""
    stage = linked()
    stage.edit(1, "u", {"title": "New"})
    stage.run(fails=lambda step: True)
    stage.delete(2, "u")
    made = stage.run()
    assert kinds(made.steps) == [("create", 2)]
    assert titles(stage, 1) == titles(stage, 2) == ["New"]


def test_creates_come_before_updates_and_deletes_last() -> None:
    """D7."""
    stage = linked()
    for uid in ("v", "w"):
        stage.put(1, uid, event(uid, time=span("2026-12-09 09:00")))
    stage.settle()
    stage.delete(1, "u")
    stage.edit(1, "v", {"title": "V"})
    stage.put(1, "x", event("X", time=span("2026-12-10 09:00")))
    assert [step.kind for step in stage.run().steps] == ["create", "update", "delete"]


def test_a_side_that_cannot_hold_a_field_never_clears_it_elsewhere() -> None:
    """I8: a change is what a side shows now against what that side itself showed before."""
    stage = linked()
    stage.edit(1, "u", {"color": "#ff0000"})
    stage.settle()
    link = the_link(stage)
    poor = replace(link.spokes[1], base={p: v for p, v in (link.spokes[1].base or {}).items() if p != "color"})
    stage.links[link.key] = replace(link, spokes=(link.spokes[0], poor))
    del stage.things[2][stage.find(2, "u")].form["color"]
    stage.edit(2, "u", {"title": "Edited on the poorer side"})
    stage.run()
    assert stage.form(1, "u") == event("Edited on the poorer side", color="#ff0000")


def test_newest_never_lets_a_deletion_win() -> None:
    """D2."""
    stage = linked(conflict="newest")
    stage.edit(1, "u", {"title": "Older than the deletion"}, stage.now)
    stage.delete(2, "u")
    assert kinds(stage.run().steps) == [("create", 2)]


def test_a_frozen_link_is_left_alone() -> None:
    """J3."""
    stage = linked()
    stage.edit(1, "u", {"title": "New"})
    snap = stage.snapshot()
    frozen = replace(snap, links=tuple(replace(link, frozen=True) for link in snap.links))
    assert plan(snap).steps and not plan(frozen).steps and not plan(frozen).links


def test_a_quarantined_link_waits_until_a_replica_looks_different() -> None:
    """I16."""
    from calsync_cli.engine.plan import forms_digest

    stage = linked()
    stage.edit(1, "u", {"title": "New"})
    snap = stage.snapshot()
    (link,) = snap.links
    stage.links[link.key] = replace(the_link(stage), quarantine=("dates differ", forms_digest(link)))
    made = stage.run()
    assert not made.steps and [hold.kind for hold in made.holds] == ["quarantine"]
    stage.edit(1, "u", {"title": "Newer"})
    assert kinds(stage.run().steps) == [("update", 2)]


# -- groups ------------------------------------------------------------------------------------------------------------


def _pair(name: str, a: str, b: str, **more: Any) -> Pair:
    return Pair(name, CalendarName(a, a), CalendarName(b, b), **more)


def test_a_ring_of_two_way_pairs_is_one_group_and_naming_a_pair_names_the_group() -> None:
    """N1, N3."""
    ring = [_pair("ab", "a", "b"), _pair("xy", "x", "y"), _pair("bc", "b", "c"), _pair("ca", "c", "a")]
    found = groups(ring)
    assert sorted(len(group.calendars) for group in found) == [2, 3]
    assert [len(group.pairs) for group in selected(found, ["bc"])] == [3]


def test_a_one_way_pair_is_a_group_of_its_own() -> None:
    """N1."""
    found = groups([_pair("ab", "a", "b"), _pair("bc", "b", "c", direction="b-to-a")])
    assert [group.roles for group in found] == [("both", "both"), ("source", "target")]
    assert [str(name) for name in found[1].calendars] == ["c/c", "b/b"]


def test_a_replica_made_again_after_its_set_was_deleted_rejoins_it() -> None:
    """N2: the tombstone's link, not a new one, and the next generation."""
    stage = linked()
    before = the_link(stage).id
    stage.delete(1, "u")
    stage.settle()
    assert not the_link(stage).alive
    stage.put(2, "u", event("Back"))
    stage.settle()
    assert the_link(stage).id == before
    assert titles(stage, 1) == titles(stage, 2) == ["Back"]


def test_a_copy_that_another_tool_made_is_no_source() -> None:
    """N5: told, and left where it is, run after run; a person's own event beside it flows."""
    stage = stage_of()
    stage.put(1, "copy", event("Copy"), tool="OtherSync")
    stage.put(1, "own", event("Own"))
    for _ in range(3):
        made = stage.run()
        assert made.notes == (
            'copies of events elsewhere that OtherSync made on a/cal stay there alone: 1; to take them along, write '
            'other_tools = "sync" in ab',
        ), made.notes
    assert titles(stage, 2) == ["Own"] and not stage.has(2, "copy") and len(stage.links) == 1


def test_a_copy_that_another_tool_made_flows_where_a_person_wants_it_to() -> None:
    """N5: also one that was left alone before."""
    stage = stage_of()
    stage.put(1, "copy", event("Copy"), tool="OtherSync")
    stage.run()
    stage.rules = replace(stage.rules, other_tools="sync")
    assert not stage.run().notes
    assert titles(stage, 2) == ["Copy"]


@pytest.mark.parametrize("uid", ["copy", "native"])
def test_a_copy_that_another_tool_made_is_linked_with_its_original(uid: str) -> None:
    """N5, K2, K3: whoever changes from another tool to this one gets no double of anything."""
    stage = stage_of()
    stage.put(1, "copy", event("Dentist"), tool="OtherSync")
    stage.put(2, uid, event("Dentist"))
    made = stage.run()
    assert not made.steps and not made.notes and len(stage.links) == 1
    stage.edit(2, uid, {"location": "Room"})
    stage.settle()
    assert stage.things[1][stage.find(1, "copy")].form["location"] == "Room"


def test_an_original_that_comes_later_joins_the_copy_that_another_tool_made() -> None:
    """N5, K3, I5."""
    stage = stage_of()
    stage.put(1, "u", event(), tool="OtherSync")
    stage.run()
    stage.put(2, "u", event())
    assert not stage.run().steps and len(stage.links) == 1


def test_what_is_linked_flows_on_whatever_another_tool_marks() -> None:
    """N5."""
    stage = linked()
    thing = stage.things[1][stage.find(1, "u")]
    thing.tool = "OtherSync"
    stage.edit(1, "u", {"title": "New"})
    assert not stage.run().notes
    assert titles(stage, 2) == ["New"]


def test_edits_in_two_of_three_calendars_settle_as_one_plan() -> None:
    """Section 4: the group is planned as a whole; one write per other calendar (I10)."""
    stage = linked(3)
    stage.edit(2, "u", {"title": "Two"})
    stage.edit(3, "u", {"location": "Room"})
    assert kinds(stage.run().steps) == [("update", 1), ("update", 2), ("update", 3)]
    stage.settle(runs=0)
