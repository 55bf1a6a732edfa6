"""Apple iCloud, fact by fact (facts 4): the real provider against a server that has Apple's oddities."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from calsync_cli.errors import AuthError, CalendarGone, ProtocolError, TransientError, UidConflict
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.secret import Secret
from calsync_cli.providers import http
from calsync_cli.providers.base import Calendar, Hint, Item
from calsync_cli.providers.icloud.client import START, preset
from calsync_cli.providers.icloud.provider import ICloudProvider
from tests.contract.test_caldav_quirks import KEY, live, quick
from tests.engine.world import ics
from tests.fakes.icloud_server import APPLE_PASSWORD, PASSWORD, USER, FakeICloud


@contextmanager
def apple(*odd: str, **more: str) -> Iterator[tuple[FakeICloud, ICloudProvider, str]]:
    """A server, a provider signed in to it, and the id of a calendar with two events."""
    with FakeICloud(*odd, **more) as server:  # type: ignore[arg-type]
        path = server.calendar("Work")
        for n in (1, 2):
            server.user_put(f"{path}e{n}.ics", ics(f"u{n}", f"Event {n}"))
        provider = another(server)
        try:
            yield server, provider, path
        finally:
            provider.close()


def another(server: FakeICloud, password: str = PASSWORD) -> ICloudProvider:
    """As in the next run."""
    return ICloudProvider(server.account(), lambda: Secret(password), quick())


def hints(provider: ICloudProvider, cal: Calendar, since: str | None = None) -> tuple[dict[str, Hint], str | None]:
    pages = list(provider.changes(cal, since))
    return {hint.remote_id: hint for page in pages for hint in page.hints}, pages[-1].token


# -- which calendars there are -----------------------------------------------------------------------------------------


def test_only_calendars_of_events_are_shown_and_their_ids_name_no_host() -> None:
    """Tasks, inboxes and subscriptions are none; a subscription says so when it is named (O9)."""
    with apple() as (server, provider, path):
        (found,) = provider.calendars()
        assert (found.id, found.name, found.access) == (path, "Work", "write")
        with pytest.raises(CalendarGone, match="subscription"):
            provider.open(f"{server.home}B1A2/")


def test_a_calendar_that_somebody_shares_has_an_id_of_64_digits() -> None:
    with apple() as (server, provider, _):
        shared = server.calendar_at(f"{server.home}{'0123456789abcdef' * 4}/", "Club")
        server.user_put(f"{shared}x.ics", ics("s1", "Match"))
        found = next(one for one in provider.calendars() if one.name == "Club")
        assert found.id == shared and live(hints(provider, found)[0]) == {"x.ics"}


def test_guests_count_as_mailed_since_nothing_is_known_of_schedule_agent() -> None:
    """Semantics 15, I6: the fake announces no scheduling, and Apple need not either."""
    with apple() as (_, provider, path):
        assert provider.open(path).mails


def test_calendars_are_made_on_the_partition() -> None:
    with apple() as (server, provider, _):
        made = provider.create_calendar("New")
        assert made.name == "New" and server.shelves[made.id].name == "New"
        assert [m for m, _ in server.asked(server.partition)].count("MKCALENDAR") == server.requests("MKCALENDAR") == 1


# -- where they are ----------------------------------------------------------------------------------------------------


def test_the_password_goes_to_apples_hosts_and_nowhere_else() -> None:
    """The partition is another port of the same host here; `localhost` is a stranger to 127.0.0.1."""
    with apple() as (_, provider, path):
        provider.open(path)
    with apple(host="localhost") as (server, provider, path):
        with pytest.raises(ProtocolError, match="was not sent there"):
            provider.open(path)
        signed = [h["Host"] for _, _, h, _ in server.log if "Authorization" in h]
        assert signed and not any(host.startswith("localhost") for host in signed)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://caldav.icloud.com/", True),
        ("https://p42-caldav.icloud.com:443/1/calendars/", True),
        ("https://p42-caldav.icloud.com.example.org/", False),
        ("https://noticloud.com/", False),
        ("http://p42-caldav.icloud.com/", False),
        ("https://example.org/", False),
    ],
)
def test_apples_hosts_are_those_of_icloud_com(url: str, trusted: bool) -> None:
    from calsync_cli.model.account import Account
    from calsync_cli.providers.icloud.client import ICloudClient

    account = preset(Account("home", "icloud", username=USER, concurrency=16))
    assert (account.url, account.auth, account.concurrency) == (START, "basic", 4)
    assert ICloudClient(account, lambda: None, quick()).is_trusted(url) == trusted


def test_a_quiet_run_asks_the_partition_once_and_nobody_else() -> None:
    with apple() as (server, first, path):
        cal = first.open(path)
        _, token = hints(first, cal)
        server.log.clear()
        second = another(server)
        assert hints(second, cal, token) == ({}, token)
        assert second.requests == {"read": 1, "write": 0}
        assert server.asked(server.partition) == [("REPORT", path)]


def test_a_full_listing_looks_the_partition_up_again() -> None:
    """The engine lists everything once a day, so the address is a day old at most."""
    with apple() as (server, first, path):
        cal = first.open(path)
        hints(first, cal)
        server.move(answer=404)
        server.log.clear()
        second = another(server)
        assert live(hints(second, second.open(path))[0]) == {"e1.ics", "e2.ics"}
        assert [host for _, _, h, _ in server.log if (host := h["Host"]) not in (server.url, server.partition)]
        assert second.requests["read"] == 4  # two to find it, one to open it, one to list it


@pytest.mark.parametrize("answer", [404, 401, 421, 0])
@pytest.mark.parametrize("what", ["changes", "look", "open", "fetch", "update", "delete", "create"])
def test_after_a_move_each_request_finds_its_way(answer: int, what: str) -> None:
    """Above all no 404 of a partition that was left is taken for a deletion (O2)."""
    with apple() as (server, first, path):
        cal = first.open(path)
        found, token = hints(first, cal)
        item = first.look(cal, f"{path}e1.ics")
        assert item is not None and item.etag is not None and token is not None
        server.move(answer)
        second = another(server)
        second._apple.recall(token.partition(" ")[0])  # as the first calendar of the run does
        if what == "changes":
            server.user_delete(f"{path}e2.ics")
            later, again = hints(second, cal, token)
            assert [hint.gone for hint in later.values()] == [True] and again is not None
            assert again.startswith(server.partition.rstrip("/"))
        elif what == "look":
            assert second.look(cal, item.remote_id) == item
        elif what == "open":
            assert second.open(path).id == path
        elif what == "fetch":
            assert all(isinstance(one, Item) for one in second.fetch(cal, list(found)))
        elif what == "update":
            second.update(cal, item.remote_id, item.payload.replace(b"Event 1", b"Tea"), item.etag)
            assert b"Tea" in server.contents(path)[item.remote_id]
        elif what == "delete":
            second.delete(cal, item.remote_id, item.etag)
            assert item.remote_id not in server.contents(path)
        else:
            second.create(cal, KEY, ics("new", "New"))
            assert len(server.contents(path)) == 3
        assert [p for m, p in server.asked(server.url) if m == "PROPFIND"] == ["/", server.principal] * 2


def test_four_calendars_at_once_ask_for_the_new_partition_once() -> None:
    with apple() as (server, first, path):
        paths = [path, *(server.calendar(f"More{n}") for n in range(3))]
        cals = [first.open(one) for one in paths]
        tokens = [hints(first, cal)[1] for cal in cals]
        server.move(421)
        server.log.clear()
        second = another(server)
        with ThreadPoolExecutor(4) as crew:
            done = list(crew.map(lambda pair: hints(second, *pair), zip(cals, tokens, strict=True)))
        assert all(found == {} for found, _ in done)
        assert len(server.asked(server.url)) == 2


def test_while_apple_cannot_say_where_the_account_is_nothing_counts_as_gone() -> None:
    with apple() as (server, first, path):
        cal = first.open(path)
        _, token = hints(first, cal)
        assert token is not None
        server.move(404)
        server.faults += [("PROPFIND", "503 1")] * 6
        second = another(server)
        second._apple.recall(token.partition(" ")[0])
        for _ in range(2):  # the second answer as well: nothing was learnt from the first
            with pytest.raises(TransientError):
                second.look(cal, f"{path}e1.ics")


def test_what_is_gone_is_asked_about_once_in_a_run() -> None:
    with apple() as (server, first, path):
        cal = first.open(path)
        _, token = hints(first, cal)
        server.user_delete(f"{path}e1.ics")
        server.user_delete(f"{path}e2.ics")
        second = another(server)
        hints(second, cal, token)
        server.log.clear()
        assert [second.look(cal, f"{path}e{n}.ics") for n in (1, 2)] == [None, None]
        assert len(server.asked(server.url)) == 2


# -- who may come in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", [APPLE_PASSWORD, "abcd-efgh-ijkl-zzzz"])
def test_a_refused_password_says_which_one_apple_wants(password: str) -> None:
    with apple() as (server, _, path):
        provider = another(server, password)
        for call in (provider.calendars, lambda: provider.open(path)):
            with pytest.raises(AuthError, match="app-specific password") as err:
                call()
            assert err.value.next == "calsync login home"
        assert all("Authorization" in h for _, _, h, _ in server.log)  # at once, since Apple offers its own kind first


def test_a_password_that_ended_between_two_runs_is_asked_about_once() -> None:
    """Every calendar of the account meets the same 401; too many of them lock an account."""
    with apple() as (server, first, path):
        cal = first.open(path)
        _, token = hints(first, cal)
        server.revoke()
        server.log.clear()
        second = another(server)
        for _ in range(3):
            with pytest.raises(AuthError):
                hints(second, cal, token)
        assert len(server.asked(server.url)) == 1 and len(server.log) == 4


def test_a_stale_address_of_somebody_elses_host_is_forgotten() -> None:
    with apple() as (server, provider, path):
        cal = Calendar(path, "Work")
        found, token = hints(provider, cal, "https://evil.example.org sync:t0")
        assert live(found) == {"e1.ics", "e2.ics"} and token is not None and token.startswith("http://127.0.0.1")
        assert server.log


# -- events ------------------------------------------------------------------------------------------------------------


def test_the_collection_itself_is_no_event_and_hosts_in_hrefs_change_no_id() -> None:
    with apple() as (server, provider, path):
        for n in range(12):
            server.user_put(f"{path}m{n}.ics", ics(f"m{n}", f"More {n}"))
        cal = provider.open(path)
        found, _ = hints(provider, cal)
        assert set(found) == set(server.contents(path))
        bodies = {one.remote_id: one for one in provider.fetch(cal, list(found))}
        assert set(bodies) == set(found) and all(isinstance(one, Item) for one in bodies.values())
        assert not [path for method, path in server.asked(server.url) if method in ("REPORT", "GET")]


def test_what_multiget_misses_is_looked_at_before_it_is_missing() -> None:
    with apple("multiget-misses") as (_, provider, path):
        cal = provider.open(path)
        found, _ = hints(provider, cal)
        assert all(isinstance(one, Item) for one in provider.fetch(cal, list(found)))


@pytest.mark.parametrize("odd", [(), ("403-no-end",)])
@pytest.mark.parametrize("start", ["DTSTART:20261124T090000Z", "DTSTART;VALUE=DATE:20261124"])
def test_an_event_without_an_end_is_sent_with_it_once_it_was_refused(odd: tuple[str, ...], start: str) -> None:
    """It means the same (I7). A copy always has an end; this is one that Apple holds without, edited elsewhere."""
    wire = mapping("ical")
    with apple(*odd) as (server, provider, path):
        lines = [one for one in ics("u9", "Point").split(b"\r\n") if b"DTEND" not in one]
        bare = b"\r\n".join(start.encode() if one.startswith(b"DTSTART") else one for one in lines)
        server.user_put(f"{path}e9.ics", bare)
        cal = provider.open(path)
        item = provider.look(cal, f"{path}e9.ics")
        assert item is not None and item.etag is not None and b"DTEND" not in item.payload
        edited = wire.edit(item.payload, {"title": "Dot"})
        provider.update(cal, item.remote_id, edited, item.etag)
        stored = server.contents(path)[item.remote_id]
        assert b"\r\nDTEND" in stored and wire.read(stored).form == wire.read(edited).form
        assert server.requests("PUT") == 2


def test_an_event_that_has_a_length_is_sent_as_it_is() -> None:
    with apple() as (server, provider, path):
        payload = ics("u9", "Tea").replace(b"DTEND:20261124T100000Z", b"DURATION:PT1H")
        provider.create(provider.open(path), KEY, payload)
        assert server.requests("PUT") == 1


def test_a_uid_of_another_calendar_names_the_event_that_has_it() -> None:
    """K5: UIDs are the account's, not the calendar's."""
    with apple() as (server, provider, path):
        other = server.calendar("Other")
        with pytest.raises(UidConflict) as err:
            provider.create(provider.open(other), KEY, ics("u1", "Again"))
        assert err.value.remote_id == f"{path}e1.ics"


def test_no_write_uses_the_wild_card_that_apple_has_backwards() -> None:
    with apple() as (server, provider, path):
        cal = provider.open(path)
        receipt = provider.create(cal, KEY, ics("new", "New"))
        item = provider.look(cal, receipt.remote_id)
        assert item is not None and item.etag is not None
        provider.update(cal, item.remote_id, item.payload.replace(b"New", b"Old"), item.etag)
        item = provider.look(cal, receipt.remote_id)
        assert item is not None and item.etag is not None
        provider.delete(cal, item.remote_id, item.etag)
        assert not [h for _, _, h, _ in server.log if h.get("If-Match") == "*"]


def test_a_second_dtstamp_and_lines_of_apples_survive_an_edit() -> None:
    wire = mapping("ical")
    with apple() as (server, provider, path):
        cal = provider.open(path)
        item = provider.look(cal, f"{path}e1.ics")
        assert item is not None and item.etag is not None and item.payload.count(b"\r\nDTSTAMP") == 2
        provider.update(cal, item.remote_id, wire.edit(item.payload, {"title": "Tea"}), item.etag)
        stored = server.contents(path)[item.remote_id]
        assert stored == item.payload.replace(b"SUMMARY:Event 1", b"SUMMARY:Tea")
        assert b"X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC  \r\n" in stored


def test_discovery_that_is_asked_to_wait_says_so() -> None:
    with apple() as (server, provider, _):
        server.faults += [("PROPFIND", "503")] * 3
        with pytest.raises(TransientError, match="asks to wait"):
            provider.open("/x/")


def test_an_account_for_which_apple_names_no_calendars_is_told() -> None:
    with apple() as (server, _, path):
        account = replace(server.account(), url=f"{server.url}1/nothing/")
        provider = ICloudProvider(account, lambda: Secret(PASSWORD), quick())
        with pytest.raises(ProtocolError, match="names no calendars"):
            provider.open(path)


def test_it_works_over_tls_too() -> None:
    with FakeICloud(tls=True) as server:
        path = server.calendar("Work")
        provider = another(server)
        assert provider.calendars()[0].id == path and http.origin(server.partition)[0] == "https"


# -- the fake itself ---------------------------------------------------------------------------------------------------


def test_an_independent_client_finds_its_way_too() -> None:
    """The caldav library, which knows iCloud's partitions as hosts of another name."""
    from caldav.davclient import DAVClient

    with FakeICloud(host="localhost") as server:
        server.calendar("Work")
        client = DAVClient(url=server.url, username=USER, password=PASSWORD, auth_type="basic", enable_rfc6764=False)
        with client:
            (cal,) = [one for one in client.principal().calendars() if one.get_display_name() == "Work"]
            cal.add_event(ics("lib", "From the library").decode())
            found = cal.get_objects_by_sync_token(load_objects=True, disable_fallback=True)
            assert ["From the library" in one.data for one in found] == [True]
            token = found.sync_token
            assert list(cal.get_objects_by_sync_token(token, disable_fallback=True)) == []
            cal.events()[0].delete()
            assert server.contents(next(p for p, s in server.shelves.items() if s.name == "Work")) == {}


def test_the_addresses_of_the_owner_come_with_the_calendars() -> None:
    with apple() as (_, provider, _path):
        provider.calendars()
        assert {"me@home.test", "me@alias.test"} <= provider.me
