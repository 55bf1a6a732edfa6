"""Reading a Google calendar: lists, deltas, pages, tokens, tombstones, rights (facts 3, 4; O1 to O7, T1 to T4)."""

from __future__ import annotations

from typing import Any

import pytest

from calsync_cli.errors import (
    AuthError,
    CalendarGone,
    MappingError,
    ProtocolError,
    SyncTokenExpired,
    TransientError,
)
from calsync_cli.providers.base import Calendar, Hint
from tests.contract.google import SECOND, THIRD, WIRE, Desk, at, desk, fresh_desk

__all__ = ["fresh_desk"]


def form_of(hint: Hint) -> dict[str, Any]:
    assert hint.item is not None
    return dict(WIRE.read(hint.item.payload).form)


def title_of(hint: Hint) -> str:
    return str(form_of(hint)["title"])


# -- lists and deltas --------------------------------------------------------------------------------------------------


def test_a_quiet_calendar_costs_one_request_whatever_it_holds(desk: Desk) -> None:
    for n in range(5):
        desk.insert(f"Event {n}")
    desk.people.delete(desk.home, f"{desk.series()}_{SECOND}")
    token = desk.token()
    desk.g.clear_logs()
    page = desk.page(token)
    assert (page.hints, page.listing, desk.asked) == ((), False, ["events.list"])
    assert page.token is not None and page.token.startswith("1:")
    assert page.calendar is not None and (page.calendar.access, page.calendar.level) == ("write", "full")
    assert page.server_now is not None


def test_a_first_read_costs_one_request_and_its_bodies_are_whole(desk: Desk) -> None:
    single, series = desk.insert("Single"), desk.series()
    desk.patch(f"{series}_{SECOND}", summary="Changed")
    desk.remove(f"{series}_{THIRD}")
    hints = desk.hints()
    assert desk.asked == ["events.list"] and hints.keys() == {single, series}
    form = form_of(hints[series])
    assert (form[f"@{SECOND}/title"], form[f"@{THIRD}"]) == ("Changed", "cancelled")
    for name, hint in hints.items():
        looked = desk.look(name)
        assert hint.etag == looked.etag and form_of(hint) == WIRE.read(looked.payload).form


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"modes": {"live_pages": True}}])
def test_pages_of_any_size_show_the_same(size: int, options: dict[str, Any]) -> None:
    with desk(page=size, **options) as here:
        names = {here.insert(f"Event {n}") for n in range(5)} | {here.series()}
        master = here.series("Other")
        here.patch(f"{master}_{SECOND}", summary="Changed")
        hints = here.hints()
        assert hints.keys() == {*names, master}
        token = here.token()
        for name in names:
            here.patch(name, summary="New")
        delta = here.hints(token)
        assert delta.keys() == names and {title_of(hint) for hint in delta.values()} == {"New"}


def test_empty_pages_with_more_to_come_are_read_through(desk: Desk) -> None:
    name = desk.insert()
    desk.g.faults.arm("empty", "events.list", n=5)
    desk.g.faults.arm("page", "events.list", n=1, times=None)
    assert desk.hints().keys() == {name}


def test_a_delta_names_what_changed_and_what_is_gone(desk: Desk) -> None:
    kept, edited, gone = (desk.insert(f"Event {n}") for n in range(3))
    token = desk.token()
    desk.patch(edited, summary="New")
    desk.remove(gone)
    new = desk.insert("Added")
    desk.g.clear_logs()
    hints = desk.hints(token)
    assert {name: hint.gone for name, hint in hints.items()} == {edited: False, gone: True, new: False}
    assert desk.asked == ["events.list"] and kept not in hints
    assert desk.provider.look(desk.cal, gone) is None


def test_a_change_of_a_series_reads_the_whole_of_it(desk: Desk) -> None:
    """O6: three requests for one series; of fifty the masters come in one, and the lists in another."""
    series = [desk.series(f"Series {n}") for n in range(5)]
    for name in series:
        desk.patch(f"{name}_{SECOND}", summary="Changed")
    token = desk.token()
    for name in series:
        desk.remove(f"{name}_{THIRD}")
    before = dict(desk.provider.requests)
    hints = {name: hint for name, hint in desk.hints(token).items() if not hint.gone}
    assert desk.provider.requests["read"] - before["read"] == 3
    assert hints.keys() == set(series)
    for hint in hints.values():
        form = form_of(hint)
        assert (form[f"@{SECOND}/title"], form[f"@{THIRD}"]) == ("Changed", "cancelled")


def test_a_change_while_pages_are_turned_is_seen_then_or_with_the_next_token(desk: Desk) -> None:
    names = [desk.insert(f"Event {n}") for n in range(6)]
    desk.g.world.page_limit = 2
    desk.g.faults.arm("do", "pageToken.*events.list", action=lambda: desk.patch(names[0], summary="New"))
    first = desk.page()
    assert {hint.remote_id for hint in first.hints} == set(names)
    assert title_of(desk.hints(first.token)[names[0]]) == "New"


# -- tokens ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["expired", "garbage", "another shape", "another calendar", "410 in mid-list"])
def test_a_token_that_is_no_good_is_told_before_any_page(desk: Desk, why: str) -> None:
    name = desk.insert()
    token = desk.token()
    if why == "expired":
        desk.g.expire_sync_tokens()
    elif why == "410 in mid-list":
        desk.g.world.page_limit = 1
        desk.insert()
        desk.insert()
        desk.g.faults.arm("do-after", "events.list", action=desk.g.expire_sync_tokens)
        desk.g.faults.arm("error", "pageToken", status=410, reason="fullSyncRequired")
    elif why == "another calendar":
        other = desk.g.world.add_calendar(desk.g.me, "Other").id
        (page,) = desk.provider.changes(Calendar(other, "Other"), None)
        token = str(page.token)
    else:
        token = {"garbage": "1:garbage", "another shape": "0:" + token}[why]
    with pytest.raises(SyncTokenExpired):
        list(desk.provider.changes(desk.cal, token))
    assert name in desk.hints() and name not in desk.hints(desk.token())


def test_a_lost_place_among_the_pages_begins_the_list_anew(desk: Desk) -> None:
    """Page tokens live shortly (facts 4.2)."""
    names = {desk.insert(f"Event {n}") for n in range(5)}
    desk.g.world.page_limit = 2
    desk.g.faults.arm("do", "pageToken.*events.list", action=desk.g.world.listings.expire)
    assert desk.hints().keys() == names
    desk.g.faults.arm("do", "pageToken.*events.list", action=desk.g.world.listings.expire, times=None)
    with pytest.raises(TransientError, match="to its end"):
        desk.page()


def test_a_list_that_ends_without_a_token_is_no_list(desk: Desk) -> None:
    answer = desk.g.api.handlers["events.list"]

    def without(call: Any) -> Any:
        reply = answer(call)
        reply.content.pop("nextSyncToken", None)
        return reply

    desk.g.api.handlers["events.list"] = without
    with pytest.raises(ProtocolError, match="without a sync token"):
        desk.page()


# -- tombstones --------------------------------------------------------------------------------------------------------

TOMBSTONES = pytest.mark.parametrize(
    "modes", [{}, {"bare_instance_tombstones": True}, {"full_tombstones": True},
              {"bare_instance_tombstones": True, "error_form": "new"}], ids=["usual", "bare", "full", "bare-new"]
)  # fmt: skip


@TOMBSTONES
def test_a_date_that_is_taken_out_and_comes_back(modes: dict[str, Any]) -> None:
    with desk(modes=modes) as here:
        series = here.series()
        token = here.token()
        here.remove(f"{series}_{SECOND}")
        page = here.page(token)
        (hint,) = [hint for hint in page.hints if hint.item is not None]
        assert hint.remote_id == series and form_of(hint)[f"@{SECOND}"] == "cancelled"
        here.patch(f"{series}_{SECOND}", status="confirmed")
        (hint,) = [hint for hint in here.page(page.token).hints if hint.item is not None]
        assert f"@{SECOND}" not in form_of(hint)


@TOMBSTONES
@pytest.mark.parametrize("flood", ["none", "before", "after"])
def test_a_deleted_series_is_gone_and_its_instances_are_nothing(modes: dict[str, Any], flood: str) -> None:
    with desk(modes={**modes, "flood": flood}) as here:
        series = here.series()
        here.patch(f"{series}_{SECOND}", summary="Changed")
        here.remove(f"{series}_{THIRD}")
        token = here.token()
        here.remove(series)
        hints = here.hints(token)
        assert hints[series].gone and all(hint.gone for hint in hints.values())
        assert all(here.provider.look(here.cal, name) is None for name in hints)
        assert here.hints() == {}


@TOMBSTONES
def test_a_deleted_event_and_one_whose_id_looks_like_an_instance(modes: dict[str, Any]) -> None:
    with desk(modes=modes) as here:
        single = here.insert()
        odd = "holiday_20260511"
        here.people.put(here.home, odd, {"summary": "Odd", "start": at(), "end": at(4, 10)})
        token = here.token()
        assert here.hints()[odd].item is not None
        here.remove(single)
        here.remove(odd)
        assert {name for name, hint in here.hints(token).items() if hint.gone} == {single, odd}
        assert here.provider.look(here.cal, odd) is None


def test_cancelled_masters_in_a_plain_list_are_no_events() -> None:
    """Facts 4.3, May 2025."""
    with desk(modes={"listed_cancelled_masters": True}) as here:
        series, living = here.series("Dead"), here.series("Living")
        here.patch(f"{series}_{SECOND}", summary="Changed")
        here.remove(series)
        assert here.hints().keys() == {living}


def test_a_bare_tombstone_in_a_full_list_is_still_a_cancelled_date(desk: Desk) -> None:
    series = desk.series()
    desk.remove(f"{series}_{SECOND}")
    answer = desk.g.api.handlers["events.list"]

    def bare(call: Any) -> Any:
        reply = answer(call)
        for item in reply.content["items"]:
            if item["status"] == "cancelled":
                reply.content["items"] = [
                    {name: value for name, value in one.items() if name in ("id", "status", "etag", "kind")}
                    if one is item else one for one in reply.content["items"]
                ]
        return reply

    desk.g.api.handlers["events.list"] = bare
    assert form_of(desk.hints()[series])[f"@{SECOND}"] == "cancelled"


# -- rights ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "access", "level"),
    [("owner", "write", "full"), ("writer", "write", "full"), ("writerWithoutPrivateAccess", "write", "limited"),
     ("reader", "read", "limited"), ("freeBusyReader", "read", "busy")],
)  # fmt: skip
def test_every_list_tells_the_present_rights(role: str, access: str, level: str) -> None:
    with desk(accounts=("me@example.test", "her@example.test")) as here:
        shared = here.g.world.add_calendar("her@example.test", "Hers").id
        here.g.world.share(shared, here.g.me, role)
        (cal,) = [one for one in here.provider.calendars() if one.id == shared]
        assert (cal.access, cal.level) == (access, level)
        (page,) = here.provider.changes(Calendar(shared, "Hers"), None)
        assert page.calendar is not None and (page.calendar.access, page.calendar.level) == (access, level)
        assert here.provider.open(shared) == cal


def test_a_sign_in_for_reading_may_write_nothing() -> None:
    with desk(account={"access": "read"}) as here:
        assert {cal.access for cal in here.provider.calendars()} == {"read"}
        assert here.page().calendar == Calendar(here.home, "Work", "read", zone="Europe/Berlin")


def test_a_calendar_that_only_shows_when_it_is_busy_is_refused_in_words() -> None:
    with desk(accounts=("me@example.test", "her@example.test")) as here:
        shared = here.g.world.add_calendar("her@example.test", "Hers").id
        here.g.world.share(shared, here.g.me, "freeBusyReader")
        cal = here.provider.open(shared)
        with pytest.raises(AuthError, match=r"Hers only shows work when it is busy.*ask its owner") as told:
            list(here.provider.changes(cal, None))
        assert told.value.next == "calsync calendars"


def test_a_calendar_that_is_no_longer_shared_is_gone_and_not_empty() -> None:
    with desk(accounts=("me@example.test", "her@example.test")) as here:
        shared = here.g.world.add_calendar("her@example.test", "Hers").id
        here.g.world.share(shared, here.g.me, "writer")
        name = here.people.insert(shared, {"summary": "Tea", "start": at(), "end": at(4, 10)})["id"]
        cal = here.provider.open(shared)
        (page,) = here.provider.changes(cal, None)
        here.g.world.share(shared, here.g.me, "none")
        provider = here.provider
        for attempt in (lambda: list(provider.changes(cal, None)), lambda: list(provider.changes(cal, page.token)),
                        lambda: provider.look(cal, name), lambda: list(provider.fetch(cal, [name])),
                        lambda: provider.open(shared)):  # fmt: skip
            with pytest.raises(CalendarGone, match="Nothing was deleted elsewhere"):
                attempt()


def test_private_details_of_others_are_not_taken_for_the_event() -> None:
    """O7: a redacted event is unreadable, never an event without a title."""
    with desk(accounts=("me@example.test", "her@example.test")) as here:
        shared = here.g.world.add_calendar("her@example.test", "Hers").id
        here.g.world.share(shared, here.g.me, "reader")
        event = {"summary": "Secret", "start": at(), "end": at(4, 10), "visibility": "private"}
        hidden = here.people.insert(shared, event)["id"]
        series = here.people.insert(shared, {**event, "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]})["id"]
        (page,) = here.provider.changes(Calendar(shared, "Hers"), None)
        assert {hint.remote_id for hint in page.hints} == {hidden, series}
        for hint in page.hints:
            with pytest.raises(MappingError, match="hidden from this account"):
                form_of(hint)


def test_special_events_are_read_and_say_that_they_are_never_changed() -> None:
    with desk(home="me@example.test") as here:
        kinds = {
            "fromGmail": {}, "focusTime": {"focusTimeProperties": {}}, "outOfOffice": {"outOfOfficeProperties": {}},
            "kindOfTomorrow": {},
        }  # fmt: skip
        here.g.api._misfits = lambda method, content: []  # type: ignore[method-assign]
        names = [str(here.people.put(here.home, kind.lower(), {"summary": kind, "eventType": kind, "start": at(),
                                                               "end": at(4, 10), **more})["id"])
                 for kind, more in kinds.items()]  # fmt: skip
        hints = here.hints()
        assert hints.keys() == set(names)
        for hint in hints.values():
            assert hint.item is not None
            assert any("never changes them" in loss for loss in WIRE.read(hint.item.payload).losses)
            with pytest.raises(MappingError, match="never changes them"):
                WIRE.edit(hint.item.payload, {"title": "New"})


# -- calendars ---------------------------------------------------------------------------------------------------------


def test_the_list_of_calendars_in_pages_with_hidden_and_foreign_ones() -> None:
    with desk(accounts=("me@example.test", "her@example.test"), page=1) as here:
        hidden = here.g.world.add_calendar(here.g.me, "Hidden").id
        here.g.world.accounts[here.g.me].entries[hidden]["hidden"] = True
        here.g.world.accounts[here.g.me].entries[hidden]["summaryOverride"] = "My name for it"
        found = {cal.id: cal for cal in here.provider.calendars()}
        assert {cal.name for cal in found.values()} == {"me@example.test", "Work", "My name for it"}
        assert found[here.g.me].alias == "primary" and found[here.home].alias == ""
        assert found[here.home].zone == "Europe/Berlin"
        assert here.provider.open("primary").id == here.g.me


def test_the_list_of_calendars_is_asked_for_patiently(desk: Desk) -> None:
    desk.g.faults.arm("503", "calendarList.list", times=2)
    desk.g.faults.arm("403-rate", "calendarList.list")
    assert len(desk.provider.calendars()) == 2


def test_a_calendar_is_made_where_the_sign_in_allows_it(desk: Desk) -> None:
    made = desk.provider.create_calendar("Trips")
    assert (made.name, made.access) == ("Trips", "write") and made in desk.provider.calendars()
    desk.g.modes.calendars_allowed = 0
    with pytest.raises(TransientError, match="no more for now"):
        desk.provider.create_calendar("More")


@pytest.mark.parametrize("name", ["me@x.test", "de.german#holiday@group.v.calendar.google.com", "größe&co/50%?@x.test"])
def test_addresses_of_calendars_are_quoted(name: str) -> None:
    with desk() as here:
        here.g.world.add_calendar(here.g.me, "Odd", calendar_id=name)
        cal = here.provider.open(name)
        made = here.people.insert(name, {"summary": "Tea", "start": at(), "end": at(4, 10)})["id"]
        assert here.provider.look(cal, made) is not None and cal.id == name
