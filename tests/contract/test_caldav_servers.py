"""The CalDAV provider against real Radicale and Xandikos, where the contract suite does not look (facts 1, 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from calsync_cli.errors import (
    AuthError,
    PreconditionFailed,
    ReadOnly,
    SyncTokenExpired,
    TooLarge,
    TransientError,
    UidConflict,
)
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports, system_ports
from calsync_cli.providers.base import Calendar, Hint, Item
from calsync_cli.providers.caldav.provider import CalDavProvider
from tests.engine.world import ics
from tests.fakes import servers
from tests.fakes.servers import Server, freeze, radicale, xandikos

KEY = "0123456789abcdef0123456789abcdef"
ICS = {"Content-Type": "text/calendar"}


@pytest.fixture(scope="module", params=[radicale, xandikos], ids=["radicale", "xandikos"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with request.param() as running:
        yield running


_made = iter(range(1000))


@pytest.fixture
def cal(server: Server) -> Calendar:
    """A calendar with eight events."""
    path = server.make_calendar(f"work-{next(_made)}")
    for n in range(8):
        put(server, f"{path}e{n}.ics", ics(f"{path}u{n}", f"Event {n}"))
    return Calendar(path, "Work")


@pytest.fixture
def provider(server: Server) -> Iterator[CalDavProvider]:
    made = provider_for(server)
    yield made
    made.close()


def provider_for(server: Server, password: str = "any", **other: Any) -> CalDavProvider:
    real = system_ports()
    ports = Ports(real.now, real.monotonic_s, lambda _: None, real.fresh_id)
    return CalDavProvider(replace(server.account(), **other), lambda: Secret(password), ports)


def put(server: Server, path: str, body: bytes) -> None:
    assert server.raw("PUT", path, body, ICS).status_code in (201, 204)


def hints(provider: CalDavProvider, cal: Calendar, since: str | None) -> tuple[dict[str, Hint], str]:
    pages = list(provider.changes(cal, since))
    assert pages[-1].token is not None
    return {hint.remote_id: hint for page in pages for hint in page.hints}, pages[-1].token


def test_a_quiet_calendar_costs_one_request_in_a_new_process(server: Server, cal: Calendar) -> None:
    """Design section 5: no OPTIONS, no PROPFIND, no 401 first, whatever the number of events."""
    _, token = hints(provider_for(server), cal, None)
    fresh = provider_for(server)
    assert hints(fresh, cal, token)[0] == {}
    assert fresh.requests == {"read": 1, "write": 0}


def test_a_first_sync_costs_one_listing_and_one_multiget(cal: Calendar, provider: CalDavProvider) -> None:
    found, _ = hints(provider, cal, None)
    items = list(provider.fetch(cal, list(found)))
    assert len(items) == 8 and all(isinstance(item, Item) for item in items)
    assert provider.requests == {"read": 2, "write": 0}


def test_a_token_of_nobody_is_an_expired_one(cal: Calendar, provider: CalDavProvider) -> None:
    """T4: 403 from one, 412 from the other."""
    with pytest.raises(SyncTokenExpired):
        hints(provider, cal, "sync:http://example.org/sync/never-given")


def test_past_deletions_are_not_in_a_first_listing(server: Server, cal: Calendar, provider: CalDavProvider) -> None:
    """Radicale lists them, against RFC 6578 section 3.4."""
    assert server.raw("DELETE", f"{cal.id}e0.ics").status_code in (200, 204)
    found, _ = hints(provider, cal, None)
    assert len(found) == 7 and not any(hint.gone for hint in found.values())


def test_a_bodys_etag_and_bytes_are_the_same_however_read(cal: Calendar, provider: CalDavProvider) -> None:
    remote_id = f"{cal.id}e1.ics"
    (fetched,) = provider.fetch(cal, [remote_id])
    looked = provider.look(cal, remote_id)
    assert isinstance(fetched, Item) and looked is not None
    assert (fetched.payload, fetched.etag) == (looked.payload, looked.etag)
    assert fetched.payload.count(b"\n") == fetched.payload.count(b"\r\n")


def test_a_uid_that_is_taken_in_the_calendar_is_told_apart(cal: Calendar, provider: CalDavProvider) -> None:
    with pytest.raises(UidConflict):
        provider.create(cal, KEY, ics(f"{cal.id}u1", "Again"))


def test_two_writers_of_one_version_cannot_both_win(cal: Calendar, server: Server) -> None:
    """I13."""
    one, other = provider_for(server), provider_for(server)
    seen = one.look(cal, f"{cal.id}e2.ics")
    assert seen is not None and seen.etag is not None
    other.update(cal, seen.remote_id, ics(f"{cal.id}u2", "The other was faster"), seen.etag)
    for write in (lambda: one.update(cal, seen.remote_id, ics(f"{cal.id}u2", "Ours"), seen.etag or ""),
                  lambda: one.delete(cal, seen.remote_id, seen.etag or "")):
        with pytest.raises(PreconditionFailed):
            write()
    now = one.look(cal, seen.remote_id)
    assert now is not None and b"The other was faster" in now.payload


def test_a_calendar_made_by_us_takes_events_and_is_listed(server: Server, provider: CalDavProvider) -> None:
    name = f"Müller & Söhne {next(_made)}"
    made = provider.create_calendar(name)
    assert (made.name, made.access) == (name, "write")
    receipt = provider.create(made, KEY, ics(made.id, "First"))
    assert list(hints(provider, made, None)[0]) == [receipt.remote_id]


def test_the_address_of_one_calendar_is_enough(server: Server, cal: Calendar) -> None:
    alone = provider_for(server, url=server.url.rstrip("/") + cal.id)
    assert [found.id for found in alone.calendars()] == [cal.id]


def test_a_server_that_is_down_is_waited_for(server: Server, cal: Calendar, provider: CalDavProvider) -> None:
    _, token = hints(provider, cal, None)
    server.stop()
    try:
        with pytest.raises(TransientError, match=rf"127\.0\.0\.1:{server.port} cannot be reached"):
            hints(provider, cal, token)
        with pytest.raises(TransientError):
            provider.create(cal, KEY, ics("down", "Surely not written"))
    finally:
        server.start()
    assert hints(provider, cal, token)[0] == {}


# -- one server only ---------------------------------------------------------------------------------------------------


def test_xandikos_says_only_to_options_that_it_may_mail_people() -> None:
    """Facts 2 and 3; without it I6 would not hold there."""
    with xandikos() as server:
        assert provider_for(server).open(server.make_calendar("work")).mails
    with radicale() as server:
        assert not provider_for(server).open(server.make_calendar("work")).mails


def test_a_wrong_password_names_the_login_and_a_right_one_opens() -> None:
    with radicale(users={"me": "right"}) as server:
        cal = Calendar(server.make_calendar("work"), "Work")
        assert [found.name for found in provider_for(server, "right").calendars()] == ["work"]
        wrong = provider_for(server, "wrong")
        for ask in (wrong.calendars, lambda: list(wrong.changes(cal, None)), lambda: wrong.create(cal, KEY, b"x")):
            with pytest.raises(AuthError) as err:
                ask()
            assert err.value.next == "calsync login dav"


def test_a_calendar_that_became_read_only_refuses_and_shows_it() -> None:
    with radicale() as server:
        path = server.make_calendar("frozen")
        put(server, f"{path}e.ics", ics("u", "Event"))
        provider = provider_for(server)
        cal = provider.open(path)
        item = provider.look(cal, f"{path}e.ics")
        assert cal.access == "write" and item is not None and item.etag is not None
        freeze(server)
        etag = item.etag
        for write in (lambda: provider.create(cal, KEY, ics("new", "New")),
                      lambda: provider.update(cal, item.remote_id, ics("u", "Changed"), etag),
                      lambda: provider.delete(cal, item.remote_id, etag)):
            with pytest.raises(ReadOnly):
                write()
        assert provider.open(path).access == "read"
        assert provider.look(cal, item.remote_id) == item


def test_radicales_answer_to_an_event_over_its_limit_means_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 412, which anywhere else means: changed by somebody (facts 2)."""
    small = servers.RADICALE.replace("[auth]", "max_resource_size = 1200000\n[auth]")
    monkeypatch.setattr(servers, "RADICALE", small)
    with radicale() as server:
        provider = provider_for(server)
        cal = provider.open(server.make_calendar("work"))
        assert cal.max_bytes == 1_200_000
        body = ics("large", "Large", *["X-PAD:" + "y" * 60] * 20_000)
        with pytest.raises(TooLarge):
            provider.create(cal, KEY, body)
