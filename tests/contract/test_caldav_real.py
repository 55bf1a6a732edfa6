"""The CalDAV provider at real Radicale and Xandikos: what it costs, and what it says when things are not as they were.

What every provider promises is in test_contract.py, what other servers do in test_caldav_quirks.py. Requests are
counted in the servers' own logs, so that nothing the client does in silence (a 401 and again, a redirect) goes unseen.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from calsync_cli.errors import (
    AuthError,
    CalendarGone,
    NotFound,
    PreconditionFailed,
    ReadOnly,
    Refused,
    SyncTokenExpired,
    TooLarge,
    TransientError,
    UidConflict,
)
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports, system_ports
from calsync_cli.providers.base import Calendar, Item, Missing
from calsync_cli.providers.caldav.provider import BATCH, CalDavProvider
from tests.contract.test_contract import KEYS
from tests.fakes.servers import Radicale, Server, radicale, xandikos

PASSWORD = "correct horse"
STARTERS: dict[str, Callable[[], object]] = {"radicale": lambda: radicale({"me": PASSWORD}), "xandikos": xandikos}
_names = count(1)
_LOGGED = re.compile(r'(?:\[INFO\] |")([A-Z]+) (?:request for \'|(?=/))([^\' ]*)')


def event(uid: str, title: str = "Tea", description: str = "") -> bytes:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calsync//contract//EN", "BEGIN:VEVENT",
        f"UID:{uid}", "DTSTAMP:20261101T000000Z", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z",
        f"SUMMARY:{title}", *([f"DESCRIPTION:{description}"] if description else []), "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def means_the_same(a: bytes, b: bytes) -> bool:
    """Servers rewrite bytes (facts 0.4); the meaning must stay."""
    ical = mapping("ical")
    return ical.read(a).uid == ical.read(b).uid and dict(ical.read(a).form) == dict(ical.read(b).form)


@pytest.fixture(scope="module")
def running() -> Iterator[Callable[[str], Server]]:
    """Each server is started when first asked for."""
    with ExitStack() as stack:
        started: dict[str, Server] = {}

        def get(name: str) -> Server:
            if name not in started:
                started[name] = stack.enter_context(STARTERS[name]())  # type: ignore[arg-type]
            return started[name]

        yield get


@pytest.fixture(params=[*STARTERS])
def server(request: pytest.FixtureRequest, running: Callable[[str], Server]) -> Server:
    return running(request.param)


@pytest.fixture
def only_radicale(running: Callable[[str], Server]) -> Radicale:
    """For what needs passwords, rights or limits."""
    found = running("radicale")
    assert isinstance(found, Radicale)
    return found


@pytest.fixture
def provider(server: Server) -> Iterator[CalDavProvider]:
    with closing(connected(server)) as found:
        yield found


@pytest.fixture
def cal(server: Server, provider: CalDavProvider) -> Calendar:
    return new_calendar(server, provider)


def connected(server: Server, password: str = PASSWORD, **changes: object) -> CalDavProvider:
    real = system_ports()
    ports = Ports(real.now, real.monotonic_s, lambda _: None, real.fresh_id)
    return CalDavProvider(replace(server.account(), **changes), lambda: Secret(password), ports)  # type: ignore[arg-type]


def new_calendar(server: Server, provider: CalDavProvider) -> Calendar:
    return provider.open(server.make_calendar(f"real-{next(_names)}"))


def put(server: Server, cal: Calendar, name: str, payload: bytes) -> None:
    """A person saves an event with another program."""
    answer = server.raw("PUT", cal.id + name, payload, {"Content-Type": "text/calendar"})
    assert answer.status_code in (201, 204), answer.text


def token_of(provider: CalDavProvider, cal: Calendar, since: str | None = None) -> str:
    token = list(provider.changes(cal, since))[-1].token
    assert token is not None
    return token


def requests_during(server: Server, action: Callable[[], object]) -> list[str]:
    """The methods that the server itself logged meanwhile; a marker at each end tells that its log is there so far."""
    before = _marked(server)
    action()
    return _marked(server)[len(before) : -1]


def _marked(server: Server) -> list[str]:
    mark = f"/mark-{next(_names)}"
    server.raw("OPTIONS", mark)
    for _ in range(200):
        logged = _LOGGED.findall(Path(server.folder / "server.log").read_text(errors="replace"))
        if any(path.startswith(mark) for _, path in logged):
            return [method for method, _ in logged]
        time.sleep(0.01)
    raise AssertionError(f"{mark} never came into the log")


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_a_quiet_calendar_costs_one_request_whatever_it_holds(server: Server, provider: CalDavProvider) -> None:
    """Promise 3 of the design: no OPTIONS, no PROPFIND, no request that is refused with 401 first."""
    cal = new_calendar(server, provider)
    token = token_of(provider, cal)
    few = requests_during(server, lambda: list(provider.changes(cal, token)))
    for n in range(40):
        put(server, cal, f"e{n}.ics", event(f"quiet-{cal.id}-{n}"))
    token = token_of(provider, cal, token)
    many = requests_during(server, lambda: list(provider.changes(cal, token)))
    assert few == many == ["REPORT"]


def test_a_new_process_needs_one_request_too(server: Server, provider: CalDavProvider, cal: Calendar) -> None:
    """Each run from cron is one: what it needs to know is in the token and the calendar's id."""
    token = token_of(provider, cal)
    with closing(connected(server)) as fresh:
        assert requests_during(server, lambda: list(fresh.changes(cal, token))) == ["REPORT"]
        assert fresh.requests == {"read": 1, "write": 0}


def test_bodies_are_fetched_in_batches(server: Server, provider: CalDavProvider, cal: Calendar) -> None:
    for n in range(BATCH + 1):
        put(server, cal, f"e{n}.ics", event(f"batch-{cal.id}-{n}"))
    ids = [hint.remote_id for page in provider.changes(cal, None) for hint in page.hints]
    answers: list[Item | Missing] = []
    assert requests_during(server, lambda: answers.extend(provider.fetch(cal, ids))) == ["REPORT", "REPORT"]
    assert sorted(answer.remote_id for answer in answers) == sorted(ids)
    assert all(isinstance(answer, Item) for answer in answers)


def test_a_write_is_one_request(server: Server, provider: CalDavProvider, cal: Calendar) -> None:
    made = requests_during(server, lambda: provider.create(cal, KEYS[0], event(f"w-{cal.id}")))
    looked = provider.look(cal, provider.remote_id_for(cal, KEYS[0]))
    assert looked is not None and looked.etag is not None
    version = looked.etag
    removed = requests_during(server, lambda: provider.delete(cal, looked.remote_id, version))
    assert (made, removed) == (["PUT"], ["DELETE"])


def test_every_request_is_counted(server: Server, provider: CalDavProvider, cal: Calendar) -> None:
    before = dict(provider.requests)

    def work() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: provider.create(cal, key, event(f"{cal.id}-{key}")), KEYS[:24]))
            list(pool.map(lambda key: provider.look(cal, provider.remote_id_for(cal, key)), KEYS[:24]))

    logged = requests_during(server, work)
    assert provider.requests["write"] - before["write"] == logged.count("PUT") >= 24
    assert provider.requests["read"] - before["read"] == logged.count("GET") == 24


# -- tokens and versions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["sync:calsync-garbage", "sync:http://radicale.org/ns/sync/" + "0" * 64])
def test_a_token_that_the_server_does_not_know_is_refused_before_the_first_page(
    provider: CalDavProvider, cal: Calendar, token: str
) -> None:
    """T4. Radicale says 403, Xandikos 412 (facts 0.7)."""
    provider.create(cal, KEYS[0], event(f"t-{cal.id}"))
    pages = provider.changes(cal, token)
    with pytest.raises(SyncTokenExpired):
        next(pages)
    (page,) = provider.changes(cal, None)
    assert page.listing and len(page.hints) == 1


def test_an_event_deleted_long_ago_is_no_hint_in_a_first_listing(
    server: Server, provider: CalDavProvider, cal: Calendar
) -> None:
    """Radicale lists past deletions there, against RFC 6578 section 3.4 (facts 1.3)."""
    put(server, cal, "gone.ics", event(f"g-{cal.id}"))
    token_of(provider, cal)
    assert server.raw("DELETE", f"{cal.id}gone.ics").status_code in (200, 204)
    (page,) = provider.changes(cal, None)
    assert page.listing and page.hints == ()


def test_each_page_tells_the_servers_clock(provider: CalDavProvider, cal: Calendar) -> None:
    """G5, D2."""
    for page in provider.changes(cal, None):
        assert page.server_now is not None
        assert abs(page.server_now - datetime.now(UTC)) < timedelta(seconds=30)


def test_a_body_is_the_same_by_multiget_and_by_get_and_has_crlf(provider: CalDavProvider, cal: Calendar) -> None:
    """XML turns CRLF into LF (facts 1.1); a mirror must not see two events in one."""
    remote_id = provider.create(cal, KEYS[0], event(f"b-{cal.id}", "Zwölf Grüße \\, 東京")).remote_id
    (fetched,) = provider.fetch(cal, [remote_id])
    looked = provider.look(cal, remote_id)
    assert isinstance(fetched, Item) and looked is not None
    assert (fetched.payload, fetched.etag) == (looked.payload, looked.etag)
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", looked.payload) is None


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["with space", "größe 日本", "me@example.org", "a+b=c", "~tilde", "100%25"])
def test_a_calendar_with_an_odd_name_is_listed_opened_and_written(
    server: Server, provider: CalDavProvider, name: str
) -> None:
    """Ids are decoded paths; every one leads back to its calendar, in this process and in the next."""
    path = f"{server.home}{name}/".replace("%", "%25")  # a percent sign in a name stays encoded (hrefs.py)
    if name == "100%25" and "xandikos" in str(server.folder):
        pytest.skip("Xandikos itself fails at a percent sign in a calendar's name (500)")
    server.make_calendar(name)
    cal = next(c for c in provider.calendars() if c.name == name)
    assert cal.id == path
    remote_id = provider.create(cal, KEYS[0], event(f"odd {name}")).remote_id
    with closing(connected(server)) as fresh:
        assert fresh.open(cal.id) == cal
        (page,) = fresh.changes(cal, None)
        assert [hint.remote_id for hint in page.hints] == [remote_id]
        (item,) = fresh.fetch(cal, [remote_id])
        assert isinstance(item, Item) and item.etag is not None
        fresh.update(cal, remote_id, event(f"odd {name}", "Coffee"), item.etag)
        looked = fresh.look(cal, remote_id)
        assert looked is not None and looked.etag is not None and b"Coffee" in looked.payload
        fresh.delete(cal, remote_id, looked.etag)
        assert fresh.look(cal, remote_id) is None


# -- calendars ---------------------------------------------------------------------------------------------------------


def test_a_new_calendar_is_made_listed_and_empty(server: Server, provider: CalDavProvider) -> None:
    name = f"Neu & schön {next(_names)}"
    made = provider.create_calendar(name)
    assert (made.name, made.access) == (name, "write")
    assert made in provider.calendars()
    (page,) = provider.changes(made, None)
    assert page.hints == ()
    provider.create(made, KEYS[0], event(f"new-{made.id}"))


@pytest.mark.parametrize("start", ["", "{home}", "{calendar}"])
def test_calendars_are_found_from_the_server_the_home_and_the_calendar_itself(
    server: Server, provider: CalDavProvider, cal: Calendar, start: str
) -> None:
    url = server.url.rstrip("/") + start.format(home=server.home, calendar=cal.id)
    with closing(connected(server, url=url)) as there:
        found = {c.id for c in there.calendars()}
        assert found == ({cal.id} if start == "{calendar}" else {c.id for c in provider.calendars()})
        assert cal.id in found and there.open(cal.id).name == cal.name


def test_a_server_that_mails_guests_is_known_by_its_header(server: Server, provider: CalDavProvider) -> None:
    """Semantics 15; Xandikos announces calendar-auto-schedule, Radicale does not (facts 2)."""
    assert new_calendar(server, provider).mails == ("xandikos" in str(server.folder))


def test_a_calendar_that_is_not_there_is_gone_and_nothing_else(server: Server, provider: CalDavProvider) -> None:
    """O2. Xandikos answers 207 with a 404 inside."""
    with pytest.raises(CalendarGone, match="Nothing was deleted") as err:
        provider.open(f"{server.home}never-was/")
    assert err.value.next == "calsync calendars dav"


def test_a_home_is_no_calendar(server: Server, provider: CalDavProvider) -> None:
    """A PUT there would replace a whole collection on Radicale (facts 0.17)."""
    with pytest.raises(CalendarGone):
        provider.open(server.home)


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_a_wrong_password_names_the_login_and_never_itself(only_radicale: Radicale) -> None:
    with closing(connected(only_radicale)) as right:
        cal = new_calendar(only_radicale, right)
        token = token_of(right, cal)
    with closing(connected(only_radicale, "wrong-password")) as wrong:
        for ask in (
            wrong.calendars, lambda: wrong.open(cal.id), lambda: list(wrong.changes(cal, token)),
            lambda: list(wrong.fetch(cal, [f"{cal.id}e.ics"])), lambda: wrong.look(cal, f"{cal.id}e.ics"),
            lambda: wrong.create(cal, KEYS[0], event("never")), lambda: wrong.delete(cal, f"{cal.id}e.ics", '"x"'),
        ):  # fmt: skip
            with pytest.raises(AuthError) as err:
                ask()
            assert "refused the user name or password of account dav" in str(err.value)
            assert "wrong-password" not in str(err.value)
            assert err.value.next == "calsync login dav"


def test_a_calendar_that_becomes_read_only_is_still_read_and_refuses_each_write(only_radicale: Radicale) -> None:
    with closing(connected(only_radicale)) as provider:
        cal = new_calendar(only_radicale, provider)
        beside = new_calendar(only_radicale, provider)
        remote_id = provider.create(cal, KEYS[0], event(f"r-{cal.id}")).remote_id
        before = provider.look(cal, remote_id)
        token = token_of(provider, cal)
        only_radicale.make_read_only(cal.id)
        assert (provider.open(cal.id).access, provider.open(beside.id).access) == ("read", "write")
        assert before is not None and before.etag is not None
        version = before.etag
        for write in (
            lambda: provider.create(cal, KEYS[1], event("never")),
            lambda: provider.update(cal, remote_id, event(f"r-{cal.id}", "Coffee"), version),
            lambda: provider.delete(cal, remote_id, version),
        ):
            with pytest.raises(ReadOnly):
                write()
        assert provider.look(cal, remote_id) == before
        (page,) = provider.changes(cal, token)
        assert page.hints == ()


def test_a_uid_that_is_taken_is_said_and_the_first_event_stays(provider: CalDavProvider, cal: Calendar) -> None:
    """K5; Radicale 409, Xandikos 412, both with no-uid-conflict (facts 2)."""
    body = event(f"same-{cal.id}")
    remote_id = provider.create(cal, KEYS[0], body).remote_id
    with pytest.raises(UidConflict):
        provider.create(cal, KEYS[1], event(f"same-{cal.id}", "Coffee"))
    (page,) = provider.changes(cal, None)
    assert [hint.remote_id for hint in page.hints] == [remote_id]
    looked = provider.look(cal, remote_id)
    assert looked is not None and means_the_same(looked.payload, body)


def test_bytes_that_are_no_event_are_refused_with_words(provider: CalDavProvider, cal: Calendar) -> None:
    """A refusal must not look like "somebody was faster": that would be tried again for ever."""
    with pytest.raises(Refused, match="refused the event"):
        provider.create(cal, KEYS[0], b"this is no calendar\r\n")
    assert provider.look(cal, provider.remote_id_for(cal, KEYS[0])) is None


def test_an_event_beyond_the_servers_limit_is_too_large(only_radicale: Radicale) -> None:
    """Radicale answers 412 to it, like to a version that has changed (facts 2)."""
    with closing(connected(only_radicale)) as provider:
        cal = new_calendar(only_radicale, provider)
        assert cal.max_bytes is not None
        body = event(f"l-{cal.id}", description="x" * cal.max_bytes)
        with pytest.raises(TooLarge):
            provider.create(cal, KEYS[0], body)
        assert provider.look(cal, provider.remote_id_for(cal, KEYS[0])) is None


def test_a_write_into_a_calendar_that_is_gone_says_so(server: Server, provider: CalDavProvider) -> None:
    cal = new_calendar(server, provider)
    assert server.raw("DELETE", cal.id).status_code in (200, 204)
    with pytest.raises(CalendarGone):
        provider.create(cal, KEYS[0], event(f"x-{cal.id}"))
    with pytest.raises(CalendarGone):
        list(provider.fetch(cal, [provider.remote_id_for(cal, KEYS[0])]))


# -- a server that goes away -------------------------------------------------------------------------------------------


def test_a_server_that_is_down_is_named_and_nothing_was_written(server: Server, provider: CalDavProvider) -> None:
    cal = new_calendar(server, provider)
    remote_id = provider.create(cal, KEYS[0], event(f"d-{cal.id}")).remote_id
    item = provider.look(cal, remote_id)
    assert item is not None and item.etag is not None
    version, token = item.etag, token_of(provider, cal)
    server.stop()
    try:
        for ask in (
            provider.calendars, lambda: provider.open(cal.id), lambda: list(provider.changes(cal, token)),
            lambda: list(provider.fetch(cal, [remote_id])), lambda: provider.look(cal, remote_id),
            lambda: provider.create(cal, KEYS[1], event("never")),
            lambda: provider.update(cal, remote_id, event(f"d-{cal.id}", "Coffee"), version),
            lambda: provider.delete(cal, remote_id, version),
        ):  # fmt: skip
            with pytest.raises(TransientError, match=rf"^127\.0\.0\.1:{server.port} cannot be reached"):
                ask()
    finally:
        server.start()
    assert provider.look(cal, remote_id) == item
    (page,) = provider.changes(cal, token)
    assert page.hints == ()


def test_a_restart_of_the_server_between_two_requests_is_not_noticed(server: Server, provider: CalDavProvider) -> None:
    """The kept connection is dead then; a write on it must not end as an unknown outcome."""
    cal = new_calendar(server, provider)
    token = token_of(provider, cal)
    server.stop()
    server.start()
    remote_id = provider.create(cal, KEYS[0], event(f"s-{cal.id}")).remote_id
    (page,) = provider.changes(cal, token)
    assert [hint.remote_id for hint in page.hints] == [remote_id]


def test_a_stale_version_is_refused_and_a_missing_event_is_told_apart(server: Server, provider: CalDavProvider) -> None:
    """I13; both servers answer 412 to either."""
    cal = new_calendar(server, provider)
    put(server, cal, "e.ics", event(f"v-{cal.id}"))
    old = provider.look(cal, f"{cal.id}e.ics")
    assert old is not None and old.etag is not None
    put(server, cal, "e.ics", event(f"v-{cal.id}", "A person was faster"))
    with pytest.raises(PreconditionFailed):
        provider.delete(cal, old.remote_id, old.etag)
    assert server.raw("DELETE", old.remote_id).status_code in (200, 204)
    with pytest.raises(NotFound):
        provider.delete(cal, old.remote_id, old.etag)
