"""Reading a Microsoft calendar: windowed delta, pages, dead links, moved windows, rights, absence (facts A3, A4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from calsync_cli.errors import CalendarGone, MappingError, ProtocolError, SyncTokenExpired, TransientError
from calsync_cli.model import recur
from calsync_cli.model.account import Window
from calsync_cli.providers.base import Item, Missing
from calsync_cli.providers.graph.window import LONGEST, edges
from tests.contract.graph import WIRE, Desk, at, desk, fresh_desk, later
from tests.emulators.graph import cruel

__all__ = ["fresh_desk"]
NARROW = Window(timedelta(days=30), timedelta(days=60))
DAY = timedelta(days=1)


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_a_quiet_calendar_costs_one_request_whatever_it_holds(desk: Desk) -> None:
    for n in range(30):
        desk.insert(f"Event {n}")
    token = desk.token()
    desk.asked  # noqa: B018
    page = desk.page(token)
    assert (page.hints, len(desk.asked)) == ((), 1)


def test_bodies_are_read_twenty_to_a_request(desk: Desk) -> None:
    """One part asks for the calendar itself; a series needs one more, for its deleted dates (L6.1)."""
    names = [desk.insert(f"Event {n}") for n in range(38)] + [desk.series()]
    before = desk.provider.requests["read"]
    assert desk.fetched(*names).keys() == set(names)
    assert desk.provider.requests["read"] - before == 3


# -- pages -------------------------------------------------------------------------------------------------------------


SHAPES: list[dict[str, Any]] = [
    {}, {"page": 1}, {"page": 2}, {"first_page_empty": True}, {"page": 2, "middle_page_empty": True},
    {"last_page_empty": True}, {"repeat_rows": True, "page": 2}, {"removed_at_first": True},
    {"masters_in_delta": False}, {"knobs": cruel()},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pages_of_any_shape_show_the_same(shape: dict[str, Any]) -> None:
    with desk(**shape) as here:
        there = [here.insert(f"Event {n}", n + 4) for n in range(5)] + [here.series()]
        gone = here.insert("Gone")
        here.remove(gone)
        first = here.page()
        assert {hint.remote_id for hint in first.hints} == set(there) and first.listing
        here.patch(there[0], subject="New")
        here.remove(there[1])
        hints = here.hints(first.token)
        assert there[0] in hints and hints[there[1]].gone and there[2] not in hints


def test_an_older_version_of_a_row_makes_no_harm(desk: Desk) -> None:
    """A4.2: the last one read is not surely the newest. A version is only a hint that is compared."""
    name = desk.insert()
    token = desk.token()
    desk.patch(name, subject="One")
    desk.patch(name, subject="Two")
    desk.g.knobs.repeat_rows = True
    hint = desk.hints(token)[name]
    assert WIRE.read(desk.fetched(name)[name].payload).form["title"] == "Two" and hint.item is None


def test_a_list_that_does_not_end_or_has_no_end_is_no_list(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.insert()
    answers: list[dict[str, Any]] = [{"value": []}, {}, {"value": None, "@odata.deltaLink": f"{desk.g.graph_url}/x"}]
    answers += [{"value": [], "@odata.nextLink": f"{desk.g.graph_url}/me/x"}, {"value": [{"subject": "no id"}]}]
    for body in answers:
        wire = httpx.MockTransport(lambda _, told=body: httpx.Response(200, json=told))  # type: ignore[misc]
        monkeypatch.setattr(desk.provider._client, "_client", httpx.Client(transport=wire))
        with pytest.raises(ProtocolError):
            desk.page()


# -- links that die ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["410", "410-location", "400", "404", "400-id"])
def test_a_dead_link_is_told_before_any_page_and_in_the_middle_of_one(form: str) -> None:
    """A4.5: in all forms; the stored link once, one of this round by beginning the round anew."""
    with desk(lost_token=form, page=2) as here:
        names = {here.insert(f"Event {n}") for n in range(7)}
        token = here.token()
        here.g.change(forget_tokens=True)
        with pytest.raises(SyncTokenExpired, match="everything is listed anew"):
            here.page(token)
        assert here.hints().keys() == names
        here.arm("410", path="skiptoken", skip=1)
        assert here.hints().keys() == names
        token = here.token()
        for name in names:
            here.patch(name, subject="New")
        here.arm("410", path="skiptoken")
        assert here.hints(token).keys() == names


@pytest.mark.parametrize("since", ["garbage", "{}", '{"w": 5}', '{"l": 5, "w": []}', "[" * 5000, "null", '"x"'])
def test_a_token_that_we_never_wrote_lists_everything(desk: Desk, since: str) -> None:
    name = desk.insert()
    try:
        page = desk.page(since)
    except SyncTokenExpired:
        page = desk.page()
    assert page.listing and [hint.remote_id for hint in page.hints] == [name]


def test_a_link_that_is_dead_as_soon_as_it_is_made_is_no_endless_loop(desk: Desk) -> None:
    """A4.5: once per calendar and run; no removal is made of it."""
    desk.arm("410", path="delta", times=0)
    with pytest.raises(TransientError, match="to its end"):
        desk.page()
    assert len(desk.asked) < 10


def test_a_page_that_cannot_be_had_is_asked_for_in_smaller_ones() -> None:
    """A4.5: 500 again and again on one link, but for the smallest pages."""
    with desk(poison_page=5) as here:
        names = {here.insert(f"Event {n}") for n in range(12)}
        here.g.knobs.page_cap = 5
        assert here.hints().keys() == names
        prefer = [e["headers"]["prefer"].rpartition("=")[2] for e in here.g.emulator.log.all]  # type: ignore[attr-defined]
        assert list(dict.fromkeys(prefer)) == ["100", "10", "1"]


def test_a_page_that_is_too_long_is_asked_for_in_smaller_ones(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"contentType": "text", "content": "words " * 300}
    names = {desk.insert(f"Event {n}", body=body) for n in range(30)}
    monkeypatch.setattr("calsync_cli.providers.http.MAX_BODY", 45_000)
    assert desk.hints().keys() == names
    assert desk.fetched(*names).keys() == names


def test_a_busy_server_in_the_middle_of_a_round_is_waited_for(desk: Desk) -> None:
    """sdk-dotnet #1568: 503 on the third page: the same link again."""
    desk.g.knobs.page_cap = 2
    names = {desk.insert(f"Event {n}") for n in range(9)}
    desk.arm("503", path="skiptoken", skip=1)
    assert desk.hints().keys() == names and desk.slept == [1.0]


def test_a_link_to_another_server_is_never_followed(desk: Desk) -> None:
    """A9.6, L16.55: it would carry the sign-in there."""
    for n in range(15):
        desk.insert(f"Event {n}")
    token = desk.token()
    desk.g.knobs.page_cap = 5
    desk.g.knobs.foreign_next_link = True
    with pytest.raises(ProtocolError, match="points to another server; nothing was sent there"):
        desk.page()
    assert desk.g.emulator.sign_in.leaks == []
    for link in ("https://evil.example/v1.0/x", "http://127.0.0.1/x", "https://graph@evil.example/", "//evil.example/x",
                 desk.g.graph_url.replace("https://", "https://u:p@"), "file:///etc/passwd"):
        since = json.dumps({**json.loads(token), "l": link})
        with pytest.raises((ProtocolError, SyncTokenExpired, CalendarGone)):
            desk.page(since)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(desk: Desk, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """Not to another server, which would see the sign-in, nor to this one."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, headers={"Location": "https://evil.example/"})

    item = desk.look(desk.insert())
    wire = httpx.Client(transport=httpx.MockTransport(answer))
    monkeypatch.setattr(desk.provider._client, "_client", wire)
    for attempt in (desk.page, desk.provider.calendars, lambda: desk.look(item.remote_id), lambda: desk.delete(item),
                    lambda: desk.provider.bulk(desk.cal, [desk.new(1), desk.new(2)])):  # fmt: skip
        try:
            assert not any(isinstance(one, Item) for one in attempt() or ())  # type: ignore[operator]
        except (ProtocolError, TransientError):
            continue
    assert {request.url.host for request in seen} == {"127.0.0.1"} and desk.titles() == ["Tea"]


# -- windows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1, 30, 365, 800])
def test_the_window_is_of_whole_months_and_moves_with_the_month_only(days: int) -> None:
    window = Window(timedelta(days=days), timedelta(days=days))
    by_month: dict[tuple[int, int], set[tuple[datetime, datetime]]] = {}
    for hour in range(0, 24 * 800, 7):
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        low, high = edges(window, now)
        assert low.day == high.day == 1 and low <= now - timedelta(days=days) and now + timedelta(days=days) < high
        assert high - low <= LONGEST
        by_month.setdefault((now.year, now.month), set()).add((low, high))
    assert all(len(found) == 1 for found in by_month.values())


def test_a_day_that_passes_moves_nothing_and_a_month_begins_anew_without_a_deletion(desk: Desk) -> None:
    """V1, A4.6: what lies behind the old edge is not missing."""
    kept, old = desk.insert("Kept", 20), desk.insert("Old", 2, start=at(2), end=at(2, 10))
    first = desk.page(None, NARROW)
    assert first.window == edges(NARROW, datetime(2026, 5, 1, 8, tzinfo=UTC))
    later(desk, days=1)
    assert desk.page(first.token, NARROW).listing is False, "the same month: the same link"
    later(desk, days=61)
    page = desk.page(first.token, NARROW)
    assert page.listing and page.window is not None and page.window[0].month == 6
    assert {hint.remote_id for hint in page.hints} == set()
    for name in (kept, old):
        assert not recur.touches(WIRE.read(desk.look(name).payload).form, *page.window)
    assert desk.titles() == ["Kept", "Old"]
    assert desk.page(page.token, NARROW).listing is False


def test_what_the_moved_window_uncovers_is_new(desk: Desk) -> None:
    far = desk.g.do(do="create", calendar=desk.home, event={
        "subject": "Far", "start": {"dateTime": "2026-09-10T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-09-10T10:00:00", "timeZone": "UTC"}})  # fmt: skip
    first = desk.page(None, NARROW)
    assert first.hints == ()
    later(desk, days=62)
    assert [hint.remote_id for hint in desk.page(first.token, NARROW).hints] == [far]


@pytest.mark.parametrize("rows", ["removed", "empty", "none"])
def test_an_event_that_moves_out_of_the_window_is_not_gone(rows: str) -> None:
    """V3, A4.4: a point read finds it with its new time, or that it is really gone."""
    with desk(outside_rows=rows) as here:
        name = here.insert()
        token = here.token(NARROW)
        where = {"dateTime": "2029-01-10T09:00:00", "timeZone": "UTC"}
        here.patch(name, start=where, end={**where, "dateTime": "2029-01-10T10:00:00"})
        hint = here.hints(token, NARROW)[name]
        assert hint.gone
        span = here.read(name)["time"]
        assert span.start.local.year == 2029  # type: ignore[union-attr]
        token = here.page(token, NARROW).token
        here.remove(name)
        assert here.provider.look(here.cal, name) is None


def test_what_happens_outside_of_the_window_names_nothing_that_is_known(desk: Desk) -> None:
    """A4.4: an id as removed that was never seen."""
    token = desk.token(NARROW)
    where = {"dateTime": "2029-01-10T09:00:00", "timeZone": "UTC"}
    name = desk.insert(start=where, end={**where, "dateTime": "2029-01-10T10:00:00"})
    hints = desk.hints(token, NARROW)
    assert hints[name].gone and len(hints) == 1


def test_a_delete_at_the_edge_of_the_window_is_seen(desk: Desk) -> None:
    low, high = edges(NARROW, datetime(2026, 5, 1, 8, tzinfo=UTC))
    edge: dict[str, str] = {}
    for word, start in (("first", low), ("last", high - timedelta(hours=1)), ("across", low - timedelta(minutes=30))):
        times = {"start": start, "end": start + timedelta(hours=1)}
        edge[word] = desk.insert(word, **{name: {"dateTime": f"{when:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
                                          for name, when in times.items()})  # fmt: skip
    token = desk.token(NARROW)
    assert desk.hints(None, NARROW).keys() == set(edge.values())
    for name in edge.values():
        desk.remove(name)
    assert {name for name, hint in desk.hints(token, NARROW).items() if hint.gone} == set(edge.values())


def test_a_series_that_began_before_the_window_is_whole(desk: Desk) -> None:
    rule = {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
            "range": {"type": "noEnd", "startDate": "2020-01-06"}}  # fmt: skip
    start = {"dateTime": "2020-01-06T09:00:00", "timeZone": "Europe/Berlin"}
    name = desk.insert("Old", start=start, end={**start, "dateTime": "2020-01-06T10:00:00"}, recurrence=rule)
    desk.g.do(do="delete_occurrence", id=name, date="2020-01-13")
    assert desk.hints(None, NARROW).keys() == {name}
    assert desk.read(name)["@20200113T080000Z"] == "cancelled"


# -- rights and absence ------------------------------------------------------------------------------------------------


def test_the_calendars_of_an_account_with_their_rights(desk: Desk) -> None:
    """A3: default, read-only, shared for reading, shared for writing, without an owner, of the same name."""
    more = {"Shared": {"can_edit": False, "can_share": False, "owner": ["Bob", "bob@x.test"]},
            "Team": {"can_share": False, "removable": True, "owner": ["Bob", "bob@x.test"]},
            "Boss": {"can_view_private": False, "owner": ["Boss", "boss@x.test"]}, "Work": {"hex_color": "#123456"}}
    ids = {name: desk.g.do(do="add_calendar", name=name, **how) for name, how in more.items()}
    found = {cal.id: cal for cal in desk.provider.calendars()}
    assert {name: (found[i].access, found[i].level) for name, i in ids.items()} == {
        "Shared": ("read", "full"), "Team": ("write", "full"), "Boss": ("write", "limited"), "Work": ("write", "full"),
    }  # fmt: skip
    by_name = {cal.name: cal for cal in found.values()}
    assert (by_name["Birthdays"].access, by_name["United States holidays"].access) == ("read", "read")
    assert (by_name["Calendar"].alias, by_name["Calendar"].color) == ("primary", "#0078d4")
    assert by_name["Birthdays"].color is None
    assert [cal.alias for cal in found.values()].count("primary") == 1 and all(cal.mails for cal in found.values())
    assert found[ids["Work"]].color == "#123456" and desk.home in found and ids["Work"] != desk.home


@pytest.mark.parametrize("knob", ["calendars_500", "calendars_of_one_group", "list_page_empty"])
def test_calendars_that_the_list_does_not_show_are_found_by_their_groups(knob: str) -> None:
    """L2.2, A3, T: MS365-Calendar#113."""
    with desk(**{knob: True}) as here:
        assert {cal.name for cal in here.provider.calendars()} >= {"Calendar", "Birthdays", "Work"}


def test_a_sign_in_for_reading_may_write_nothing() -> None:
    with desk(account={"access": "read"}) as here:
        assert {cal.access for cal in here.provider.calendars()} == {"read"}
        assert here.provider.open(here.home).access == "read"


def test_private_details_of_others_are_not_taken_for_the_event(desk: Desk) -> None:
    """O7: hidden since the last look, and nobody said so but the calendar itself."""
    name, other = desk.insert("Secret", sensitivity="private"), desk.insert("Plain")
    assert desk.read(name)["title"] == "Secret"
    desk.g.do(do="set_calendar", calendar=desk.home, can_view_private=False)
    desk.patch(name, location={"displayName": "Room 1"})
    found = desk.fetched(name, other)
    with pytest.raises(MappingError, match="hidden"):
        WIRE.read(found[name].payload)
    assert WIRE.read(found[other].payload).form["title"] == "Plain"
    assert desk.provider.open(desk.home).level == "limited"


def test_a_calendar_that_is_gone_is_an_error_and_no_absence(desk: Desk) -> None:
    """O2."""
    name, token = desk.insert(), desk.token()
    desk.g.do(do="delete_calendar", calendar=desk.home)
    for attempt in (lambda: desk.page(token), desk.page, lambda: desk.provider.open(desk.home),
                    lambda: desk.provider.look(desk.cal, name), lambda: list(desk.provider.fetch(desk.cal, [name])),
                    lambda: desk.provider.look(desk.cal, "key:" + "0" * 32)):  # fmt: skip
        with pytest.raises(CalendarGone, match="Nothing was deleted elsewhere"):
            attempt()


@pytest.mark.parametrize("segment", ["ignored", "checked"])
def test_an_event_that_was_moved_to_another_calendar_is_gone_from_this_one(segment: str) -> None:
    """A4.4, A9.7: under the same immutable id, whichever address answers for it."""
    with desk(calendar_segment=segment) as here:
        name = here.insert()
        token = here.token()
        other = here.g.do(do="add_calendar", name="Other")
        here.g.do(do="move", id=name, calendar=other)
        assert here.hints(token)[name].gone
        assert here.provider.look(here.cal, name) is None
        there = here.provider.open(other)
        (page,) = here.provider.changes(there, None)
        assert [hint.remote_id for hint in page.hints] == [name] and here.provider.look(there, name) is not None


def test_ids_are_case_sensitive_and_quoted(desk: Desk) -> None:
    names = [desk.insert(f"Event {n}") for n in range(6)]
    assert any(set("+/=") & set(name) for name in names)
    assert desk.fetched(*names).keys() == set(names)
    swapped = [name.swapcase() for name in names]
    answers = {}
    for name in swapped:
        try:
            answers[name] = desk.provider.look(desk.cal, name)
        except ProtocolError:  # 400 ErrorInvalidIdMalformed: neither there nor gone
            answers[name] = None
    assert set(answers.values()) == {None}


def test_every_id_is_answered_once_though_it_was_named_twice(desk: Desk) -> None:
    name, gone = desk.insert(), desk.insert("Gone")
    desk.remove(gone)
    found = list(desk.provider.fetch(desk.cal, [name, gone, name, "key:" + "f" * 32]))
    assert [type(one) for one in found] == [Item, Missing, Missing]


def test_a_tombstone_of_what_came_back_is_only_a_hint(desk: Desk) -> None:
    """O2, O4: restored from Deleted Items under its old id."""
    name = desk.insert()
    token = desk.token()
    desk.remove(name)
    gone = desk.page(token)
    desk.g.do(do="restore", id=name)
    assert [hint.gone for hint in gone.hints] == [True] and desk.look(name)


@pytest.mark.parametrize("reason", ["deleted", "changed"])
def test_a_removal_for_any_reason_is_a_hint(reason: str) -> None:
    with desk(removed_reason=reason) as here:
        name = here.insert()
        token = here.token()
        here.remove(name)
        assert here.hints(token)[name].gone


def test_changes_that_reach_the_delta_late_are_seen_with_a_later_link() -> None:
    """A4.2: point reads are current."""
    with desk(delta_lag_s=30) as here:
        later(here, seconds=60)
        token = here.token()
        name = here.insert()
        page = here.page(token)
        assert page.hints == () and here.look(name)
        later(here, seconds=60)
        assert here.hints(page.token).keys() == {name}


def test_the_dates_of_answers_are_told() -> None:
    with desk(frozen=False) as here:
        page = here.page()
        assert page.server_now is not None and abs(page.server_now - datetime.now(UTC)) < timedelta(minutes=2)
