"""Reading from the Google emulator: facts section 13, "Listing", item by item."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulators.google import ME, GoogleEmulator, google_emulator
from tests.emulators.google.client import Client, all_day, timed, weekly
from tests.emulators.google.discovery import check


@pytest.fixture
def g() -> Iterator[GoogleEmulator]:
    with google_emulator() as emulator:
        yield emulator
        assert emulator.problems == []
        assert emulator.mails == []


@pytest.fixture
def client(g: GoogleEmulator) -> Iterator[Client]:
    with Client(g) as made:
        yield made


def make(client: Client, number: int) -> list[str]:
    return [client.insert(timed(f"event {n}")).json["id"] for n in range(number)]


def test_item_7_pages_have_the_size_asked_for_or_forced_and_may_be_empty(g: GoogleEmulator, client: Client) -> None:
    make(client, 5)
    assert [len(page["items"]) for page in client.pages(maxResults=2)] == [2, 2, 1]
    g.world.page_limit = 3
    assert [len(page["items"]) for page in client.pages(maxResults=2500)] == [3, 2]
    g.faults.arm("empty", n=2)
    assert [len(page["items"]) for page in client.pages()] == [0, 0, 3, 2]


def test_item_7_pages_never_hold_more_than_2500(g: GoogleEmulator, client: Client) -> None:
    for number in range(2501):
        g.people.put(ME, f"many{number}", timed("one"))
    assert [len(page["items"]) for page in client.pages(maxResults=9999)] == [2500, 1]


def test_item_8_the_token_comes_on_the_last_page_only(client: Client) -> None:
    make(client, 3)
    pages = list(client.pages(maxResults=1))
    assert [("nextPageToken" in page, "nextSyncToken" in page) for page in pages] == [
        (True, False), (True, False), (False, True)]


@pytest.mark.parametrize("params", [
    {"orderBy": "updated"}, {"q": "event"}, {"iCalUID": "x"}, {"privateExtendedProperty": "a=b"},
    {"sharedExtendedProperty": "a=b"}, {"orderBy": "startTime", "singleEvents": True},
])
def test_item_8_filtered_or_ordered_listings_have_no_token(client: Client, params: dict[str, object]) -> None:
    make(client, 1)
    assert "nextSyncToken" not in client.list(**params).json


def test_item_9_changes_during_paging_come_with_the_next_delta(client: Client) -> None:
    ids = make(client, 4)
    first = client.list(maxResults=2).json
    late = make(client, 1)[0]
    client.patch(ids[0], {"summary": "changed meanwhile"})
    last = client.list(maxResults=2, pageToken=first["nextPageToken"]).json
    changed, _ = client.read(syncToken=last["nextSyncToken"])
    assert set(changed) == {late, ids[0]}


def test_item_9_a_page_asked_for_again_is_the_same_page(client: Client) -> None:
    make(client, 4)
    token = client.list(maxResults=2).json["nextPageToken"]
    once, again = (client.list(maxResults=2, pageToken=token).json for _ in range(2))
    assert once["items"] == again["items"]


def test_item_10_a_token_is_bound_to_calendar_account_and_shape(g: GoogleEmulator, client: Client) -> None:
    other = g.world.add_calendar(ME, "Other").id
    token = client.list().json["nextSyncToken"]
    assert client.list(other, syncToken=token).reason == "invalid"
    assert client.list(syncToken=token, singleEvents=True).reason == "invalid"
    assert client.list(syncToken="garbage").message == "Invalid sync token value."
    g.world.add_account("you@example.test")
    g.world.share(ME, "you@example.test", "reader")
    with Client(g, "you@example.test") as you:
        assert you.list(ME, syncToken=token).status == 400


@pytest.mark.parametrize("params", [
    {"showDeleted": False}, {"q": "x"}, {"iCalUID": "x"}, {"orderBy": "updated"}, {"timeMin": "2026-01-01T00:00:00Z"},
    {"timeMax": "2026-01-01T00:00:00Z"}, {"updatedMin": "2026-01-01T00:00:00Z"}, {"privateExtendedProperty": "a=b"},
])
def test_item_10_a_token_forbids_other_filters(client: Client, params: dict[str, object]) -> None:
    token = client.list().json["nextSyncToken"]
    answer = client.list(syncToken=token, **params)
    assert (answer.status, answer.json["error"]["errors"][0]["location"]) in [(400, "syncToken"), (410, "updatedMin")]
    assert client.list(syncToken=token, showDeleted=True).status == 200


def test_item_11_tokens_expire(g: GoogleEmulator, client: Client) -> None:
    make(client, 3)
    token = client.read()[1]
    g.expire_sync_tokens(ME)
    assert (client.list(syncToken=token).status, client.list(syncToken=token).reason) == (410, "fullSyncRequired")
    fresh = client.read()[1]
    g.faults.arm("410")
    assert client.list(syncToken=fresh).status == 410
    assert client.list(syncToken=fresh).status == 200
    page = client.list(maxResults=1).json["nextPageToken"]
    g.world.listings.expire()
    assert client.list(maxResults=1, pageToken=page).status == 400


def test_item_11_updated_min_too_long_ago(client: Client) -> None:
    assert client.list(updatedMin="2001-01-01T00:00:00Z").reason == "updatedMinTooLongAgo"


def test_item_12_a_delta_names_each_event_once_and_always_its_deletion(client: Client) -> None:
    ids = make(client, 3)
    token = client.read()[1]
    for summary in ("a", "b", "c"):
        client.patch(ids[0], {"summary": summary})
    client.delete(ids[1])
    born_and_gone = make(client, 1)[0]
    client.delete(born_and_gone)
    items = client.list(syncToken=token).json["items"]
    assert sorted(item["id"] for item in items) == sorted([ids[0], ids[1], born_and_gone])
    assert {item["id"]: item.get("summary") for item in items}[ids[0]] == "c"
    assert client.list(syncToken=client.read(syncToken=token)[1]).json["items"] == []


def test_item_12_the_order_is_shuffled_by_the_seed() -> None:
    orders = []
    for seed in (1, 1, 2):
        with google_emulator(seed=seed) as g, Client(g) as client:
            make(client, 20)
            orders.append([item["summary"] for item in client.list().json["items"]])
    assert orders[0] == orders[1] != orders[2]


def test_item_13_a_full_read_shows_cancelled_exceptions_but_no_other_tombstones(client: Client) -> None:
    single = make(client, 1)[0]
    series = client.insert(weekly("series")).json["id"]
    other = client.insert(weekly("other")).json["id"]
    client.delete(f"{series}_20260511T070000Z")
    client.delete(single)
    client.delete(other)
    items, _ = client.read()
    assert set(items) == {series, f"{series}_20260511T070000Z"}
    assert items[f"{series}_20260511T070000Z"]["status"] == "cancelled"
    assert set(client.read(showDeleted=True)[0]) == {single, series, other, f"{series}_20260511T070000Z"}
    assert all(item["status"] == "confirmed" for item in client.read(singleEvents=True)[0].values())


def test_item_14_tombstones_are_minimal(g: GoogleEmulator, client: Client) -> None:
    single = make(client, 1)[0]
    series = client.insert(weekly("series")).json["id"]
    token = client.read()[1]
    client.delete(single)
    gone = f"{series}_20260511T070000Z"
    client.delete(gone)
    items, _ = client.read(syncToken=token)
    assert set(items[single]) == {"kind", "etag", "id", "status"}
    assert items[gone]["recurringEventId"] == series
    assert items[gone]["originalStartTime"]["dateTime"] == "2026-05-11T09:00:00+02:00"
    g.modes.bare_instance_tombstones = True
    assert set(client.read(syncToken=token)[0][gone]) == {"kind", "etag", "id", "status"}
    g.modes.full_tombstones = True
    assert client.read(syncToken=token)[0][single]["summary"] == "event 0"


def test_item_15_masters_are_not_expanded_and_overrides_are_rows_of_their_own(client: Client) -> None:
    series = client.insert(weekly("series")).json["id"]
    moved = f"{series}_20260511T070000Z"
    client.patch(moved, {"summary": "moved"})
    items, _ = client.read()
    assert items[series]["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=4"]
    assert set(items) == {series, moved}
    assert items[moved]["recurringEventId"] == series
    assert "recurrence" not in items[moved]
    expanded, _ = client.read(singleEvents=True)
    assert len(expanded) == 4
    assert series not in expanded
    assert expanded[moved]["summary"] == "moved"


def test_item_15_an_override_may_come_before_its_master_and_on_another_page() -> None:
    places = set()
    for seed in range(6):
        with google_emulator(seed=seed, page=1) as g, Client(g) as client:
            series = client.insert(weekly("series")).json["id"]
            client.patch(f"{series}_20260511T070000Z", {"summary": "moved"})
            places.add(tuple("recurrence" in page["items"][0] for page in client.pages()))
    assert places == {(True, False), (False, True)}


def test_item_15_an_override_without_its_master(g: GoogleEmulator, client: Client) -> None:
    event = timed("one of theirs", day=11, originalStartTime={"dateTime": "2026-05-11T09:00:00+02:00"})
    invited = g.people.invite(ME, "boss@elsewhere.test", event, instance_of="theirseries")
    items, _ = client.read()
    assert items[invited["id"]]["recurringEventId"] == "theirseries"
    assert set(items) == {"theirseries_20260511T070000Z"}


@pytest.mark.parametrize(("flood", "wanted"), [("none", ["m"]), ("before", ["o", "m"]), ("after", ["m", "o"])])
def test_item_16_a_deleted_series_may_flood(flood: str, wanted: list[str]) -> None:
    with google_emulator(modes={"flood": flood, "order": "stable"}) as g, Client(g) as client:
        series = client.insert(weekly("series")).json["id"]
        client.patch(f"{series}_20260511T070000Z", {"summary": "moved"})
        token = client.read()[1]
        client.delete(series)
        items = client.list(syncToken=token).json["items"]
        assert ["m" if item["id"] == series else "o" for item in items] == wanted
        assert client.read()[0] == {}
        assert client.get(f"{series}_20260511T070000Z").json["status"] == "cancelled"


def test_item_16_with_single_events_the_deletion_floods_half_a_year(g: GoogleEmulator, client: Client) -> None:
    series = g.people.insert(ME, weekly("endless", "RRULE:FREQ=DAILY"))["id"]
    token = client.read(singleEvents=True, timeMin="2026-11-01T00:00:00Z", timeMax="2027-11-01T00:00:00Z")[1]
    client.delete(series)
    items, _ = client.read(singleEvents=True, syncToken=token)
    assert 150 < len(items) < 200
    assert {item["status"] for item in items.values()} == {"cancelled"}


def test_item_17_the_envelope(g: GoogleEmulator, client: Client) -> None:
    g.world.accounts[ME].entries[ME]["defaultReminders"] = [{"method": "popup", "minutes": 10}]
    page = client.list().json
    assert check("Events", page) == []
    assert (page["kind"], page["timeZone"], page["accessRole"]) == ("calendar#events", "Europe/Berlin", "owner")
    assert page["defaultReminders"] == [{"method": "popup", "minutes": 10}]
    assert page["updated"].endswith("Z")
    assert page["etag"].startswith('"')


def test_item_18_times_are_rendered_in_the_calendars_zone_or_the_one_asked_for(client: Client) -> None:
    made = client.insert(timed("call", zone="America/New_York")).json
    assert made["start"] == {"dateTime": "2026-05-04T15:00:00+02:00", "timeZone": "America/New_York"}
    shown = client.get(made["id"], timeZone="Asia/Tokyo").json
    assert shown["start"] == {"dateTime": "2026-05-04T22:00:00+09:00", "timeZone": "America/New_York"}
    page = client.list(timeZone="UTC").json
    assert page["timeZone"] == "UTC"
    assert page["items"][0]["start"]["dateTime"] == "2026-05-04T13:00:00Z"


def test_item_19_lag_a_write_is_seen_by_get_at_once_and_by_lists_later(g: GoogleEmulator, client: Client) -> None:
    token = client.read()[1]
    g.world.lag.calls = 3
    made = make(client, 1)[0]
    assert client.get(made).status == 200
    assert client.read(syncToken=token)[0] == {}
    stale, token = client.read(syncToken=token)
    assert stale == {}
    assert set(client.read(syncToken=token)[0]) == {made}


def test_item_19_lag_in_seconds(client: Client, g: GoogleEmulator) -> None:
    g.world.lag.seconds = 5
    made = make(client, 1)[0]
    assert client.read()[0] == {}
    g.clock.advance(6)
    assert set(client.read()[0]) == {made}


def test_a_stale_read_may_be_older_than_the_one_before(g: GoogleEmulator, client: Client) -> None:
    one, two = make(client, 2)
    assert set(client.read()[0]) == {one, two}
    g.faults.arm("stale", n=1)
    stale, token = client.read()
    assert set(stale) == {one}
    assert set(client.read(syncToken=token)[0]) == {two}


def test_windows_bound_the_end_below_and_the_start_above(client: Client) -> None:
    made = client.insert(timed("nine")).json["id"]
    assert client.read(timeMin="2026-05-04T08:00:00Z")[0] == {}
    assert set(client.read(timeMin="2026-05-04T07:59:59.999Z")[0]) == {made}
    assert client.read(timeMax="2026-05-04T07:00:00Z")[0] == {}
    assert set(client.read(timeMax="2026-05-04T07:00:01Z")[0]) == {made}
    assert client.list(timeMin="2026-05-04T08:00:00Z", timeMax="2026-05-04T08:00:00Z").reason == "timeRangeEmpty"


def test_a_windowed_token_also_names_events_outside(g: GoogleEmulator, client: Client) -> None:
    token = client.read(timeMin="2026-06-01T00:00:00Z")[1]
    made = client.insert(all_day("before the window")).json["id"]
    assert set(client.read(syncToken=token)[0]) == {made}
    g.modes.window_delta = "inside"
    assert client.read(syncToken=token)[0] == {}


def test_later_pages_may_show_newer_rows(g: GoogleEmulator, client: Client) -> None:
    g.modes.live_pages = True
    ids = make(client, 3)
    first = client.list(maxResults=2).json
    client.patch(ids[0], {"summary": "newer"})
    last = client.list(maxResults=2, pageToken=first["nextPageToken"]).json
    assert {item["id"]: item["summary"] for item in last["items"]}[ids[0]] == "newer"


def test_ordering_by_start_needs_single_events(client: Client) -> None:
    assert client.list(orderBy="startTime").json["error"]["errors"][0]["location"] == "orderBy"
    client.insert(timed("b", day=5))
    client.insert(timed("a", day=4))
    items = client.list(orderBy="startTime", singleEvents=True).json["items"]
    assert [item["summary"] for item in items] == ["a", "b"]


def test_birthday_calendars_do_not_report_deletions(g: GoogleEmulator, client: Client) -> None:
    calendar = g.world.add_calendar(ME, "Birthdays", kind="contacts", role="reader",
                                    calendar_id="addressbook#contacts@group.v.calendar.google.com")
    g.people.put(calendar.id, "birthday1", all_day("Ann"))
    found, token = client.read(calendar.id)
    assert set(found) == {"birthday1"}
    g.people.put(calendar.id, "birthday1", all_day("Ann", status="cancelled"))
    assert client.read(calendar.id, syncToken=token)[0] == {}


def test_cancelled_masters_once_came_in_plain_listings(g: GoogleEmulator, client: Client) -> None:
    """Quirk 14."""
    series = client.insert(weekly("series")).json["id"]
    client.delete(series)
    g.modes.listed_cancelled_masters = True
    assert client.read()[0][series]["status"] == "cancelled"
    assert "summary" not in client.read()[0][series]
