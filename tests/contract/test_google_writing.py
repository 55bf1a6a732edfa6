"""Writing single events: guards, ids, kinds of time, what stays untouched, nobody mailed (facts 5, 6; I6, I7, I13)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from calsync_cli.errors import MappingError, NotFound, PreconditionFailed, Refused, UnknownOutcome
from calsync_cli.model.times import Floating, Span, Zoned
from calsync_cli.providers.base import Item
from tests.contract.google import GUESTS, KEYS, WIRE, Desk, at, days, desk, form, fresh_desk, span

__all__ = ["fresh_desk"]
ODD_MEMBERS: dict[str, Any] = {
    "extendedProperties": {"private": {"other": "tool", "calsyncX": "1"}, "shared": {"X-MOZ-CATEGORIES": "a,b"}},
    "attachments": [{"fileUrl": "https://drive.example/1", "title": "Plan"}],
    "conferenceData": {"conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Meet"}, "conferenceId": "abc",
                       "entryPoints": [{"entryPointType": "video", "uri": "https://meet.example/abc"}]},
    "hangoutLink": "https://meet.example/abc", "guestsCanInviteOthers": False, "eventLabelId": "label-1",
    "source": {"url": "https://x.example/", "title": "X"},
}  # fmt: skip


def unchanged(before: dict[str, Any], after: dict[str, Any], *names: str) -> None:
    """Everything but what was written, and what the server counts."""
    free = {"etag", "updated", "sequence", *names}
    assert {k: v for k, v in before.items() if k not in free} == {k: v for k, v in after.items() if k not in free}


# -- ids ---------------------------------------------------------------------------------------------------------------


def test_a_new_event_has_the_id_of_its_key_and_says_whose_copy_it_is(desk: Desk) -> None:
    receipt = desk.create()
    event = desk.event(receipt.remote_id)
    assert receipt.remote_id == "cs" + KEYS[0] and receipt.item is not None and receipt.etag == event["etag"]
    private = event["extendedProperties"]["private"]
    assert (private["calsync.id"], private["calsync.uid"], private["calsync.link"]) == (event["id"], "one", "contract")
    assert event["reminders"] == {"useDefault": False} and "attendees" not in event
    assert receipt.item == desk.look(receipt.remote_id)


def test_an_id_that_is_taken_is_told_whether_its_event_lives_or_not(desk: Desk) -> None:
    name = desk.create().remote_id
    for _ in range(2):
        with pytest.raises(PreconditionFailed, match="there is, or was, an event under this id"):
            desk.create()
    assert not desk.provider.buried(desk.cal, name)
    desk.remove(name)
    with pytest.raises(PreconditionFailed):
        desk.create()
    assert desk.provider.look(desk.cal, name) is None and desk.provider.buried(desk.cal, name)
    assert not desk.provider.buried(desk.cal, desk.provider.remote_id_for(desk.cal, KEYS[1]))


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "late"])
def test_a_create_whose_answer_was_lost_is_found_or_sent_again_once(desk: Desk, fault: str) -> None:
    """J4: the same key makes the same event, never a second one."""
    desk.g.faults.arm(fault, "events.insert")
    with pytest.raises(UnknownOutcome):
        desk.create()
    desk.g.settle()
    found = desk.provider.look(desk.cal, desk.provider.remote_id_for(desk.cal, KEYS[0]))
    if found is None:
        desk.create()
    else:
        assert WIRE.read(found.payload).marker == "contract"
    assert desk.titles() == ["Tea"]


# -- guards ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", ["update", "delete"])
def test_somebody_who_was_faster_is_not_overwritten(desk: Desk, write: str) -> None:
    item = desk.look(desk.insert())
    desk.patch(item.remote_id, summary="Theirs")
    with pytest.raises(PreconditionFailed, match="changed by somebody else"):
        desk.update(item, {"title": "Ours"}) if write == "update" else desk.delete(item)
    assert desk.titles() == ["Theirs"]


def test_an_edit_that_lands_between_look_and_write_is_not_overwritten(desk: Desk) -> None:
    item = desk.look(desk.insert())
    desk.g.faults.arm("do", "events.patch", action=lambda: desk.patch(item.remote_id, summary="Theirs"))
    with pytest.raises(PreconditionFailed):
        desk.update(item, {"title": "Ours"})
    assert desk.titles() == ["Theirs"]


def test_a_change_of_reminders_alone_is_another_version_too(desk: Desk) -> None:
    """Facts 0.17: `updated` stays as it was."""
    item = desk.look(desk.insert())
    desk.patch(item.remote_id, reminders={"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]})
    assert desk.look(item.remote_id).stamp == item.stamp and desk.look(item.remote_id).etag != item.etag
    with pytest.raises(PreconditionFailed):
        desk.update(item, {"title": "Ours"})


def test_what_is_gone_is_not_made_again_by_a_write(desk: Desk) -> None:
    item = desk.look(desk.insert())
    desk.remove(item.remote_id)
    for attempt in (lambda: desk.update(item, {"title": "Ours"}), lambda: desk.delete(item)):
        with pytest.raises(NotFound):
            attempt()
    assert desk.titles() == []


# -- kinds of time -----------------------------------------------------------------------------------------------------


def test_timed_becomes_all_day_and_back(desk: Desk) -> None:
    name = desk.create().remote_id
    for when in (days(5, 2), span(6, 14), days(7), span(8, zone="America/New_York")):
        receipt = desk.update(desk.look(name), {"time": when})
        assert receipt.item is not None and WIRE.read(receipt.item.payload).form["time"] == when
        assert desk.read(name)["time"] == when


def test_floating_times_are_written_in_the_calendar_s_zone_and_read_as_floating(desk: Desk) -> None:
    when = Span(Floating(datetime(2026, 5, 4, 9)), Floating(datetime(2026, 5, 4, 10)))
    name = desk.create(form(time=when)).remote_id
    assert desk.event(name)["start"]["timeZone"] == "Europe/Berlin" and desk.read(name)["time"] == when
    later = Span(Floating(datetime(2026, 5, 4, 11)), Floating(datetime(2026, 5, 4, 12)))
    desk.update(desk.look(name), {"time": later})
    assert desk.read(name)["time"] == later


@pytest.mark.parametrize("modes", [{}, {"zone_filled": True}, {"normalises": False}])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York", "Asia/Kolkata"])
def test_a_time_in_any_zone_comes_back(modes: dict[str, Any], zone: str) -> None:
    with desk(modes=modes) as here:
        name = here.create(form(time=span(4, 9, zone))).remote_id
        assert here.read(name)["time"] == span(4, 9, zone)


def test_a_zone_that_google_does_not_know_is_refused_by_name() -> None:
    """A name that is too new is written as the older one (facts 5.2); without any there is nothing to write."""
    with desk(modes={"unknown_zones": frozenset({"Europe/Kyiv"})}) as here:
        name = here.create(form(time=span(zone="Europe/Kyiv"))).remote_id
        assert here.event(name)["start"]["timeZone"] == "Europe/Kiev"
        here.g.modes.unknown_zones = frozenset({"Europe/Kyiv", "Europe/Kiev"})
        with pytest.raises(Refused, match="time zone"):
            here.create(form(time=span(zone="Europe/Kyiv")), KEYS[1])
        assert here.titles() == ["Tea"]


def test_what_google_would_refuse_is_not_even_sent(desk: Desk) -> None:
    """Held with a reason, never approximated (facts 5.2, 5.3)."""
    nothing = Span(Zoned(datetime(2026, 5, 4, 9), "UTC"), Zoned(datetime(2026, 5, 4, 9), "UTC"))
    with pytest.raises(MappingError):
        desk.made(form(time=nothing))


# -- what stays as it was ----------------------------------------------------------------------------------------------


def odd_event(here: Desk) -> Item:
    made = here.people.put(here.home, "oddevent", {"summary": "Tea", "start": at(), "end": at(4, 10), **ODD_MEMBERS})
    return here.look(str(made["id"]))


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"title": "New"}, ["summary"]), ({"title": None}, ["summary"]), ({"location": "Room 1"}, ["location"]),
        ({"time": span(5)}, ["start", "end"]), ({"time": days()}, ["start", "end"]),
        ({"busy": "free"}, ["transparency"]), ({"visibility": "private"}, ["visibility"]),
        ({"color": "tomato"}, ["colorId", "extendedProperties"]),
        ({"description": "Words"}, ["description"]), ({"status": "tentative"}, ["status"]),
        ({"reminders": frozenset({"display:-PT10M"})}, ["reminders"]),
    ],
)  # fmt: skip
def test_only_what_was_changed_is_sent_and_all_else_stays(desk: Desk, changes: Any, members: list[str]) -> None:
    """I7: properties of other tools, conferences, attachments, labels."""
    item = odd_event(desk)
    before = desk.event(item.remote_id)
    desk.g.clear_logs()
    desk.update(item, changes)
    (sent,) = [entry for entry in desk.g.log if entry.writes]
    assert set(sent.body) <= set(members) and sent.method == "events.patch"
    after = desk.event(item.remote_id)
    unchanged(before, after, *members)
    for kind, properties in before["extendedProperties"].items():
        kept = after["extendedProperties"][kind]
        assert {name: value for name, value in kept.items() if not name.startswith("calsync.")} == properties


def test_an_edit_that_changes_nothing_sends_nothing(desk: Desk) -> None:
    item = desk.look(desk.insert())
    assert WIRE.edit(item.payload, {"title": "Tea"}) == item.payload


# -- guests (I6) -------------------------------------------------------------------------------------------------------


def meeting(here: Desk, organizer: bool) -> str:
    event = {"summary": "Meeting", "start": at(), "end": at(4, 10), "attendees": [dict(guest) for guest in GUESTS]}
    if organizer:
        return str(here.people.insert(here.home, event)["id"])
    return str(here.people.invite(here.home, "boss@example.org", event)["id"])


def test_a_meeting_of_ours_is_changed_and_deleted_and_nobody_is_mailed(desk: Desk) -> None:
    name = meeting(desk, organizer=True)
    before = desk.event(name)
    desk.update(desk.look(name), {"title": "New", "time": span(5)})
    after = desk.event(name)
    unchanged(before, after, "summary", "start", "end")
    assert after["attendees"] == before["attendees"] and desk.g.mails == []
    desk.delete(desk.look(name))
    assert desk.g.mails == [] and desk.titles() == []


@pytest.mark.parametrize("modes", [{}, {"guest_private_write": "forbidden"}])
def test_a_meeting_of_somebody_else_keeps_its_shared_fields(modes: dict[str, Any]) -> None:
    with desk(home="me@example.test", modes=modes) as here:
        name = meeting(here, organizer=False)
        item = here.look(name)
        with pytest.raises(MappingError, match="only its organizer"):
            WIRE.edit(item.payload, {"title": "Mine"})
        here.update(item, {"busy": "free"})
        assert here.event(name)["transparency"] == "transparent" and here.event(name)["summary"] == "Meeting"
        here.delete(here.look(name))
        assert here.g.mails == []


def test_a_new_event_never_invites_anybody(desk: Desk) -> None:
    wanted = form(guests=frozenset({"mailto:you@example.org ACCEPTED REQ-PARTICIPANT INDIVIDUAL"}),
                  organizer="mailto:boss@example.org")  # fmt: skip
    name = desk.create(wanted).remote_id
    assert "attendees" not in desk.event(name) and desk.g.mails == []


def test_google_s_no_to_a_guest_is_of_the_event_and_not_of_the_calendar(desk: Desk) -> None:
    """403 forbidden is also said of single events: the calendar stays writable."""
    item = desk.look(desk.insert())
    for fault in ("403", "error"):
        more = {"status": 403, "reason": "forbiddenForNonOrganizer"} if fault == "error" else {}
        desk.g.faults.arm(fault, "events.patch", **more)
        with pytest.raises(Refused):
            desk.update(item, {"title": "New"})
    assert desk.provider.open(desk.home).access == "write"
