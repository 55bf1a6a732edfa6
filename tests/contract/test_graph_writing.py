"""Writing single events: guards, keys, kinds of time, what stays untouched, no mail (facts L4, L7; I6, I7, I13)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from calsync_cli.errors import CalsyncError, MappingError, NotFound, PreconditionFailed, UnknownOutcome
from calsync_cli.model.times import Floating, Span
from calsync_cli.providers.base import Receipt
from tests.contract.graph import KEYS, WIRE, Desk, at, days, desk, form, fresh_desk, later, meeting, span

__all__ = ["fresh_desk"]
COUNTED = {"change", "id"}


def unchanged(before: dict[str, Any], after: dict[str, Any], *names: str) -> None:
    """Everything but what was written, and what the server counts."""
    free = {*COUNTED, *names}
    assert {k: v for k, v in before.items() if k not in free} == {k: v for k, v in after.items() if k not in free}


# -- keys --------------------------------------------------------------------------------------------------------------


def test_a_new_event_carries_its_key_twice_and_says_whose_copy_it_is(desk: Desk) -> None:
    receipt = desk.create()
    event = desk.event(receipt.remote_id)
    assert {name.rpartition(" ")[2]: value for name, value in event["props"].items()} == {
        "calsync-key": KEYS[0], "calsync-link": "contract", "calsync-uid": "one",
    }  # fmt: skip
    assert event["transactionId"].replace("-", "") == KEYS[0] and len(event["transactionId"]) == 36
    assert event["attendees"] == [] and event["isReminderOn"] is False
    found = desk.look(receipt.remote_id)
    assert receipt.etag == found.etag and desk.look("key:" + KEYS[0]) == found


def test_the_same_create_again_makes_no_second_event(desk: Desk) -> None:
    """L7.2."""
    first, again = desk.create(), desk.create()
    assert first.remote_id == again.remote_id and desk.titles() == ["Tea"]
    with pytest.raises(PreconditionFailed, match="made already"):
        desk.create(form("Coffee"))
    desk.g.knobs.transaction_conflict = "409"
    with pytest.raises(PreconditionFailed, match="made already"):
        desk.create(form("Coffee"))
    assert desk.titles() == ["Tea"]


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "late", "500-after", "garbled"])
@pytest.mark.parametrize("forgets", [False, True])
def test_a_create_whose_answer_was_lost_is_found_or_sent_again_once(desk: Desk, fault: str, forgets: bool) -> None:
    """J4: by its private property, also when the transaction id is long forgotten."""
    desk.arm(fault, method="POST", path="/events$")
    with pytest.raises(UnknownOutcome):
        desk.create()
    later(desk, seconds=5)
    desk.g.emulator.run_late()
    if forgets:
        later(desk, hours=5)
    found = desk.provider.look(desk.cal, desk.provider.remote_id_for(desk.cal, KEYS[0]))
    if found is None:
        desk.create()
    else:
        assert WIRE.read(found.payload).marker == "contract"
    assert desk.titles() == ["Tea"]


def test_a_create_that_the_search_does_not_show_yet_is_still_made_once(desk: Desk) -> None:
    """A6.2: the property filter may lag; the transaction id is remembered meanwhile."""
    desk.g.knobs.filter_lag_s = 60
    later(desk, seconds=61)
    desk.arm("drop-after", method="POST", path="/events$")
    with pytest.raises(UnknownOutcome):
        desk.create()
    assert desk.provider.look(desk.cal, "key:" + KEYS[0]) is None
    desk.create()
    assert desk.titles() == ["Tea"]
    later(desk, seconds=61)
    assert desk.look("key:" + KEYS[0])


def test_of_two_events_with_one_key_the_oldest_is_ours(desk: Desk) -> None:
    """K4: after a copy in Outlook, which copies private properties too (L8.2)."""
    name = desk.create().remote_id
    later(desk, seconds=5)
    desk.g.do(do="copy", id=name, calendar=desk.home)
    assert desk.look("key:" + KEYS[0]).remote_id == name and desk.titles() == ["Tea", "Tea"]


@pytest.mark.parametrize("after", ["deleted", "error", "new"])
def test_a_key_whose_event_somebody_deleted(after: str) -> None:
    """A8: the answer may be the deleted one: it is never shown as there."""
    with desk(transaction_after_delete=after) as here:
        name = here.create().remote_id
        here.remove(name)
        try:
            receipt = here.create()
        except PreconditionFailed:
            assert after == "error" and here.provider.look(here.cal, "key:" + KEYS[0]) is None
        else:
            assert (receipt.remote_id in here.fetched(receipt.remote_id)) == (after == "new")


# -- guards ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", ["update", "delete"])
def test_somebody_who_was_faster_is_not_overwritten(desk: Desk, write: str) -> None:
    item = desk.look(desk.insert())
    desk.patch(item.remote_id, subject="Theirs")
    with pytest.raises(PreconditionFailed, match="changed by somebody else"):
        desk.update(item, {"title": "Ours"}) if write == "update" else desk.delete(item)
    assert desk.titles() == ["Theirs"]


def test_an_edit_that_lands_between_look_and_write_is_not_overwritten(desk: Desk) -> None:
    item = desk.look(desk.insert())
    edit = {"do": "update", "id": item.remote_id, "changes": {"subject": "Theirs"}}
    desk.arm("edit", method="PATCH", edit=edit)
    with pytest.raises(PreconditionFailed):
        desk.update(item, {"title": "Ours"})
    assert desk.titles() == ["Theirs"]


def test_a_new_version_without_any_change_is_another_version_too(desk: Desk) -> None:
    """A2: changes by the service: planned again by the next run."""
    item = desk.look(desk.insert())
    desk.g.do(do="touch", id=item.remote_id)
    with pytest.raises(PreconditionFailed):
        desk.update(item, {"title": "Ours"})


def test_what_is_gone_is_not_made_again_by_a_write(desk: Desk) -> None:
    item = desk.look(desk.insert())
    desk.remove(item.remote_id)
    for attempt in (lambda: desk.update(item, {"title": "Ours"}), lambda: desk.delete(item)):
        with pytest.raises(NotFound):
            attempt()
    assert desk.titles() == []


def test_our_own_write_is_read_back_though_reads_are_behind() -> None:
    """L2.3, docs#3706."""
    with desk(point_lag_s=3) as here:
        name = here.insert()
        later(here, seconds=4)
        item = here.look(name)
        here.update(item, {"title": "New"})
        assert here.read(name)["title"] == "New" and 3 <= sum(here.slept) < 8


# -- kinds of time -----------------------------------------------------------------------------------------------------


def test_timed_becomes_all_day_and_back(desk: Desk) -> None:
    name = desk.create().remote_id
    for when in (days(5, 2), span(6, 14), days(7), span(8, zone="America/New_York")):
        desk.update(desk.look(name), {"time": when})
        assert desk.read(name)["time"] == when


def test_floating_times_are_written_in_the_mailbox_s_zone_and_read_as_floating(desk: Desk) -> None:
    when = Span(Floating(datetime(2026, 5, 4, 9)), Floating(datetime(2026, 5, 4, 10)))
    name = desk.create(form(time=when)).remote_id
    assert desk.read(name)["time"] == when
    later_on = Span(Floating(datetime(2026, 5, 4, 11)), Floating(datetime(2026, 5, 4, 12)))
    desk.update(desk.look(name), {"time": later_on})
    assert desk.read(name)["time"] == later_on


@pytest.mark.parametrize("names", ["windows", "echo"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York", "Asia/Kolkata", "Europe/Vienna"])
def test_a_time_in_any_zone_comes_back(names: str, zone: str) -> None:
    with desk(zone_names=names) as here:
        name = here.create(form(time=span(4, 9, zone))).remote_id
        assert here.read(name)["time"] == span(4, 9, zone)


# -- what stays as it was ----------------------------------------------------------------------------------------------


ODD_MEMBERS: dict[str, Any] = {
    "importance": "high", "categories": ["Red"], "body": {"contentType": "html", "content": "<p>Rich <b>text</b></p>"},
    "location": {"displayName": "Main St 1", "address": {"street": "Main St 1", "city": "Bonn"}},
    "sensitivity": "personal", "showAs": "oof", "hideAttendees": True, "responseRequested": False,
    "singleValueExtendedProperties": [{"id": "String {00020329-0000-0000-c000-000000000046} Name other", "value": "x"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"title": "New"}, {"subject"}), ({"title": None}, {"subject"}),
        ({"location": "Room 1"}, {"location", "locations"}), ({"time": span(5)}, {"start", "end"}),
        ({"time": days()}, {"start", "end", "isAllDay"}), ({"busy": "free"}, {"showAs"}),
        ({"visibility": "confidential"}, {"sensitivity"}), ({"description": "Words"}, {"body"}),
        ({"categories": frozenset({"Red", "Blue"})}, {"categories"}), ({"color": "tomato"}, set()),
        ({"reminders": frozenset({"display:-PT10M"})}, {"isReminderOn", "reminderMinutesBeforeStart"}),
    ],
)  # fmt: skip
def test_only_what_was_changed_is_sent_and_all_else_stays(desk: Desk, changes: Any, members: set[str]) -> None:
    """I7, F3: members of others, rich text, private properties of other tools."""
    item = desk.look(desk.insert(**ODD_MEMBERS))
    before = desk.event(item.remote_id)
    write = desk.edit(item, changes)
    desk.asked  # noqa: B018
    assert isinstance(desk.provider.bulk(desk.cal, [write])[0], Receipt)
    assert [one.split()[0] for one in desk.asked if "/calendars/" not in one] == ["PATCH"]
    after = desk.event(item.remote_id)
    unchanged(before, after, *members, "props", "html", "zoneShown")
    assert before["props"].items() <= after["props"].items()
    if "body" not in members:
        assert after["html"] == before["html"]


def test_an_edit_that_changes_nothing_sends_nothing(desk: Desk) -> None:
    item = desk.look(desk.insert())
    assert WIRE.edit(item.payload, {"title": "Tea"}) == item.payload


# -- meetings (I6) -----------------------------------------------------------------------------------------------------


def test_a_meeting_is_read_with_its_people_so_that_writing_it_is_held(desk: Desk) -> None:
    """Semantics 15: `people` of a reading and `mails` of the calendar are what the engine holds by."""
    mine = desk.insert("Mine", **meeting())
    theirs = desk.insert("Theirs", **meeting(isOrganizer=False, organizer={
        "emailAddress": {"name": "Boss", "address": "boss@x.test"}}))  # fmt: skip
    weekly = desk.series("Weekly", **meeting())
    desk.patch_date(weekly, 11, subject="Changed")
    whose = {mine: "host", theirs: "guest", weekly: "host"}
    for name, found in desk.fetched(mine, theirs, weekly).items():
        reading = WIRE.read(found.payload)
        assert reading.people == whose[name] and reading.form["title"], name
    assert all(cal.mails for cal in desk.provider.calendars()) and desk.provider.open(desk.home).mails
    with pytest.raises(MappingError, match="only its organizer"):
        WIRE.edit(desk.look(theirs).payload, {"title": "Ours"})


def test_in_a_calendar_of_somebody_else_any_meeting_may_be_its_owner_s(desk: Desk) -> None:
    """Nothing there is organized by this account, and yet a write may mail the guests of the owner's meetings."""
    desk.g.do(do="set_calendar", calendar=desk.home, can_share=False)
    boss = {"emailAddress": {"name": "Boss", "address": "boss@x.test"}}
    name = desk.insert("The owner's", **meeting(isOrganizer=False, organizer=boss))
    assert WIRE.read(desk.look(name).payload).people == "host"


def test_one_s_own_fields_of_somebody_else_s_meeting_mail_nobody(desk: Desk) -> None:
    """L7.3: only the own copy changes."""
    boss = {"emailAddress": {"name": "Boss", "address": "boss@x.test"}}
    name = desk.insert("Theirs", **meeting(isOrganizer=False, organizer=boss))
    before = desk.event(name)
    desk.update(desk.look(name), {"busy": "free", "reminders": frozenset({"display:-PT5M"})})
    unchanged(before, desk.event(name), "showAs", "isReminderOn", "reminderMinutesBeforeStart")
    assert desk.g.mails == []


def test_a_new_event_never_invites_anybody(desk: Desk) -> None:
    wanted = form(guests=frozenset({"mailto:you@example.org ACCEPTED REQ-PARTICIPANT INDIVIDUAL"}),
                  organizer="mailto:boss@example.org")  # fmt: skip
    name = desk.create(wanted).remote_id
    assert desk.event(name)["attendees"] == [] and desk.g.mails == []


def test_an_online_meeting_keeps_its_join_block(desk: Desk) -> None:
    """Facts 0.14."""
    name = desk.insert("Call", isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    before = desk.event(name)
    assert before["isOnlineMeeting"]
    desk.update(desk.look(name), {"title": "New", "time": span(5)})
    after = desk.event(name)
    assert after["isOnlineMeeting"] and after["html"] == before["html"] and after["subject"] == "New"


def test_what_the_mapping_refuses_never_leaves(desk: Desk) -> None:
    """A draft that was never sent could be sent by any change (L4.1)."""
    name = desk.insert("Draft", **meeting(isDraft=True))
    with pytest.raises(MappingError, match="never sent"):
        WIRE.edit(desk.look(name).payload, {"title": "Ours"})


def test_what_graph_lets_nobody_write_is_told_with_its_reason(desk: Desk) -> None:
    """S2: hold, say which rule."""
    item = desk.look(desk.insert())
    write = desk.edit(item, {"time": span(5)})
    desk.arm("status", method="PATCH", status=400, code="ErrorCalendarDurationIsTooLong", message="x")
    (error,) = desk.provider.bulk(desk.cal, [write])
    assert isinstance(error, CalsyncError) and "Work: Microsoft refused the event (it is too long)" in str(error)
    assert desk.event(item.remote_id)["start"]["dateTime"] == at(4)["dateTime"]
