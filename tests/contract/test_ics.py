"""A feed over real HTTP: what is asked, what is believed, what is refused (O2, O9, facts section 8)."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from calsync_cli.errors import (
    AuthError,
    CalendarGone,
    CalsyncError,
    ProtocolError,
    ReadOnly,
    RemoteError,
    SyncTokenExpired,
    TransientError,
)
from calsync_cli.mapping.ical import ICAL
from calsync_cli.model.account import Account
from calsync_cli.ports import system_ports
from calsync_cli.providers.base import Calendar, Item, Missing, Page
from calsync_cli.providers.ics import source, web
from calsync_cli.providers.ics.provider import IcsProvider
from tests.fakes.ics_server import SECRET, FeedServer, event, feed, feed_server

TWO = feed(event("u1", "Tea"), event("u2", "Milk"))
CAL = Calendar("feed", "feed", "read")


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as made:
        made.body = TWO
        yield made


class Reader:
    """A new provider for each run, as the program has it, with a clock of its own; the token is kept between runs."""

    def __init__(self, account: Account) -> None:
        self.account, self.token, self.later = account, None, timedelta(0)  # type: tuple[Account, str | None, timedelta]

    def now(self) -> datetime:
        return system_ports().now() + self.later

    def provider(self) -> IcsProvider:
        return IcsProvider(self.account, replace(system_ports(), now=self.now))

    def page(self, *, full: bool = False) -> Page:
        provider = self.provider()
        (page,) = provider.changes(CAL, None if full else self.token)
        provider.close()
        self.token = page.token
        return page

    def all(self) -> dict[str, str]:
        """Title by id of everything, read past what is known."""
        provider = self.provider()
        (page,) = provider.changes(CAL, None)
        found = list(provider.fetch(CAL, [hint.remote_id for hint in page.hints]))
        provider.close()
        assert page.listing and all(isinstance(item, Item) for item in found)
        assert {h.remote_id: h.etag for h in page.hints} == {i.remote_id: i.etag for i in found if isinstance(i, Item)}
        return {i.remote_id: str(ICAL.read(i.payload).form["title"]) for i in found if isinstance(i, Item)}


@pytest.fixture
def reader(server: FeedServer) -> Reader:
    return Reader(Account("days", "ics", url=server.url + SECRET))


def quiet(page: Page) -> bool:
    return not page.hints and not page.listing and page.token is not None


# -- what is asked ----------------------------------------------------------------------------------------------------


def test_everything_is_listed_once_and_then_one_conditional_request_says_that_nothing_is_new(
    server: FeedServer, reader: Reader
) -> None:
    page = reader.page()
    assert page.listing and {hint.remote_id for hint in page.hints} == {"u1", "u2"}
    assert page.calendar == Calendar("feed", "Holidays", "read") and page.server_now is None
    before, token = server.count, reader.token
    assert quiet(reader.page()) and server.count == before + 1
    assert server.asked[-1]["if-none-match"] == server.etag(TWO) and reader.token == token


def test_the_first_run_asks_twice_and_without_conditions(server: FeedServer, reader: Reader) -> None:
    provider = reader.provider()
    (cal,) = provider.calendars()
    (page,) = provider.changes(cal, None)
    assert (cal.id, cal.name, cal.access, len(page.hints)) == ("feed", "Holidays", "read", 2)
    assert server.count == 2 and provider.requests == {"read": 2, "write": 0}
    assert not any("if-none-match" in asked for asked in server.asked)


def test_a_listing_after_the_calendars_were_shown_is_not_from_memory(server: FeedServer, reader: Reader) -> None:
    provider = reader.provider()
    provider.calendars()
    server.body = feed(event("u3", "New"))
    (page,) = provider.changes(CAL, None)
    assert {hint.remote_id for hint in page.hints} == {"u3"}


def test_a_change_lists_everything_and_only_what_changed_has_another_etag(server: FeedServer, reader: Reader) -> None:
    old = {hint.remote_id: hint.etag for hint in reader.page().hints}
    server.body = feed(event("u1", "Tea"), event("u2", "Cocoa"), event("u3", "New"))
    page = reader.page()
    new = {hint.remote_id: hint.etag for hint in page.hints}
    assert page.listing and new["u1"] == old["u1"] and new["u2"] != old["u2"] and set(new) == {"u1", "u2", "u3"}


NOISE: dict[str, Callable[[int], bytes]] = {
    "DTSTAMP": lambda n: feed(event("u1", "Tea", stamp=f"20260101T0000{n:02}Z")),
    "the order of events": lambda n: feed(*[event("u1", "Tea"), event("u2", "Milk")][:: 1 - 2 * (n % 2)]),
    "an alarm": lambda n: feed(event("u1", "Tea", "BEGIN:VALARM", f"UID:{n}", "TRIGGER:-PT5M", "END:VALARM")),
    "PRODID": lambda n: feed(event("u1", "Tea"), head=f"X-GENERATED:{n}\r\n"),
    "the UIDs": lambda n: feed(*(event(f"{n}-{i}", f"Match {i}") for i in range(4))),
}


@pytest.mark.parametrize("made", NOISE.values(), ids=NOISE)
def test_what_is_new_at_each_request_is_nothing_new(
    server: FeedServer, reader: Reader, made: Callable[[int], bytes]
) -> None:
    number = itertools.count()
    server.body = lambda: made(next(number))
    first = reader.page()
    assert quiet(reader.page()) and quiet(reader.page())
    again = reader.page(full=True)
    assert {(h.remote_id, h.etag) for h in again.hints} == {(h.remote_id, h.etag) for h in first.hints}


def test_events_of_a_feed_with_new_uids_each_time_keep_their_ids_while_others_come_and_go(
    server: FeedServer, reader: Reader
) -> None:
    number = itertools.count()
    titles = ["Match 1", "Match 2", "Match 3"]
    server.body = lambda: feed(*(event(f"{next(number)}", title) for title in titles))
    first = reader.page()
    titles[:] = ["Match 0", "Match 1", "Match 3"]
    second = reader.page()
    both = {h.remote_id for h in first.hints} & {h.remote_id for h in second.hints}
    assert second.listing and len(both) == 2 and len(second.hints) == 3
    assert {h.remote_id for h in reader.page(full=True).hints} == {h.remote_id for h in second.hints}
    assert sorted(reader.all().values()) == titles


def test_new_uids_under_one_etag_are_seen_too(server: FeedServer, reader: Reader) -> None:
    number = itertools.count()
    server.conditions = "always"
    server.body = lambda: feed(*(event(f"{next(number)}", f"Match {n}") for n in range(4)))
    first = reader.page()
    assert quiet(reader.page()) and reader.page(full=True).hints == first.hints


def test_an_etag_that_is_new_for_each_request_is_no_news(server: FeedServer, reader: Reader) -> None:
    server.new_etags = True
    reader.page()
    assert quiet(reader.page()) and quiet(reader.page())


def test_another_etag_of_the_same_words_is_the_one_to_ask_with_from_then_on(
    server: FeedServer, reader: Reader
) -> None:
    reader.page()
    server.body = feed(event("u1", "Tea", stamp="20270101T000000Z"), event("u2", "Milk"))
    assert quiet(reader.page()) and quiet(reader.page())
    assert server.asked[-1]["if-none-match"] == server.etag(server.body)


def test_a_server_that_answers_every_condition_with_304_is_asked_without_one_by_the_daily_listing(
    server: FeedServer, reader: Reader
) -> None:
    server.conditions = "always"
    reader.page()
    server.body = feed(event("u1", "Changed"))
    assert quiet(reader.page())
    assert len(reader.page(full=True).hints) == 1


def test_last_modified_is_asked_with_too(server: FeedServer, reader: Reader) -> None:
    server.conditions = "modified"
    reader.page()
    reader.page()
    assert server.asked[-1]["if-modified-since"] == "Sat, 21 Nov 2026 08:00:00 GMT"


def test_a_304_that_nobody_asked_for_is_no_answer(server: FeedServer, reader: Reader) -> None:
    server.status = 304
    with pytest.raises(ProtocolError, match="304"):
        reader.page()


# -- how often --------------------------------------------------------------------------------------------------------

HOW_OFTEN: dict[str, tuple[str, dict[str, str], float]] = {
    "nothing said": ("", {}, 0),
    "no-cache": ("", {"Cache-Control": "no-cache, max-age=0"}, 0),
    "max-age": ("", {"Cache-Control": "public, max-age=7200"}, 2),
    "a minute": ("REFRESH-INTERVAL;VALUE=DURATION:PT1M\r\n", {}, 0.25),
    "a week": ("X-PUBLISHED-TTL:P1W\r\n", {}, 24),
    "the feed before the header": ("X-PUBLISHED-TTL:PT3H\r\n", {"Cache-Control": "max-age=60"}, 3),
}


@pytest.mark.parametrize(("head", "headers", "hours"), HOW_OFTEN.values(), ids=HOW_OFTEN)
def test_nobody_is_asked_before_the_publisher_wants_it(
    server: FeedServer, reader: Reader, head: str, headers: dict[str, str], hours: float
) -> None:
    server.body, server.headers = feed(event("u1", "Tea"), head=head), headers
    reader.page()
    before = server.count
    reader.later = timedelta(hours=hours) - timedelta(minutes=1)
    assert quiet(reader.page()) and server.count == before + (hours == 0)
    reader.later = timedelta(hours=hours) + timedelta(minutes=1)
    asked = server.count
    assert quiet(reader.page()) and quiet(reader.page()) and server.count == asked + 1 + (hours == 0)
    assert reader.page(full=True).listing and server.count > asked + 1


def test_a_clock_that_was_set_back_does_not_keep_a_feed_from_being_read(server: FeedServer, reader: Reader) -> None:
    server.body = feed(event("u1", "Tea"), head="X-PUBLISHED-TTL:PT12H\r\n")
    reader.later = timedelta(days=400)
    reader.page()
    reader.later, before = timedelta(0), server.count
    reader.page()
    assert server.count == before + 1


@pytest.mark.parametrize("token", ["", "x", "{}", "[]", '{"version":1}', '{"place":1,"a":2}'])
def test_a_token_that_is_none_is_an_expired_one(reader: Reader, token: str) -> None:
    reader.token = token
    with pytest.raises(SyncTokenExpired):
        reader.page()


def test_the_token_of_another_address_is_an_expired_one(server: FeedServer, reader: Reader) -> None:
    reader.page()
    reader.account = replace(reader.account, url=server.url + "/other.ics")
    with pytest.raises(SyncTokenExpired):
        reader.page()


# -- looking ----------------------------------------------------------------------------------------------------------


def test_a_look_after_a_304_reads_the_feed_once_without_conditions(server: FeedServer, reader: Reader) -> None:
    reader.page()
    provider = reader.provider()
    (page,) = provider.changes(CAL, reader.token)
    assert quiet(page)
    server.body = feed(event("u1", "Newer"))
    before = server.count
    found = provider.look(CAL, "u1", b"")
    assert found is not None and ICAL.read(found.payload).form["title"] == "Newer"
    assert provider.look(CAL, "u2", b"") is None and list(provider.fetch(CAL, ["u2"])) == [Missing("u2")]
    assert "if-none-match" not in server.asked[before] and server.count == before + 2
    assert provider.caps.absent_for == timedelta(hours=1) and provider.caps.rolling


def test_a_provider_that_lives_on_does_not_look_into_the_past(server: FeedServer, reader: Reader) -> None:
    server.conditions = "always"
    provider = reader.provider()
    (page,) = provider.changes(CAL, None)
    server.body = feed(event("u1", "Newer"))
    assert all(map(quiet, provider.changes(CAL, page.token)))
    assert provider.look(CAL, "u2", b"") is None


def test_a_look_that_cannot_read_the_feed_proves_nothing(server: FeedServer, reader: Reader) -> None:
    reader.page()
    provider = reader.provider()
    list(provider.changes(CAL, reader.token))
    server.body = b"<html>Sign in</html>"
    with pytest.raises(ProtocolError):
        provider.look(CAL, "u2", b"")


# -- what is no feed --------------------------------------------------------------------------------------------------


def knobs(**values: object) -> Callable[[FeedServer], None]:
    return lambda server: [setattr(server, name, value) for name, value in values.items()] and None


BAD: dict[str, tuple[Callable[[FeedServer], None], type[CalsyncError], str]] = {
    "a web page": (knobs(body=b"<!DOCTYPE html><html>Sign in</html>"), ProtocolError, "web page"),
    "nothing": (knobs(body=b""), ProtocolError, "empty"),
    "a picture": (knobs(body=b"\x89PNG\r\n\x1a\n\0\0", content_type="image/png"), ProtocolError, "not a calendar"),
    "half a feed": (knobs(body=TWO[:150]), ProtocolError, "cut off"),
    "a cut connection": (knobs(cut_at=100), TransientError, "no readable answer"),
    "no answer": (knobs(shut=1), TransientError, "no readable answer"),
    "a bomb": (knobs(packing="bomb"), ProtocolError, "more than 20 MB"),
    "too much": (knobs(body=TWO + b" " * 20_000_000), ProtocolError, "more than 20 MB"),
    "half a packed feed": (knobs(packing="half"), ProtocolError, "only a part"),
    "a broken packed feed": (knobs(packing="broken"), ProtocolError, "unpacked"),
    "another packing": (knobs(headers={"Content-Encoding": "br"}), ProtocolError, "packed as 'br'"),
    "401": (knobs(status=401), AuthError, "wants a user and a password"),
    "403": (knobs(status=403), AuthError, "does not show"),
    "404": (knobs(status=404), CalendarGone, "is not there"),
    "410": (knobs(status=410), CalendarGone, "no more"),
    "429": (knobs(status=429, headers={"Retry-After": "90"}), TransientError, "just now (429)"),
    "500": (knobs(status=500), TransientError, "just now (500)"),
    "503": (knobs(status=503), TransientError, "just now (503)"),
    "204": (knobs(status=204), ProtocolError, "204"),
    "418": (knobs(status=418), ProtocolError, "418"),
    "a circle": (knobs(redirects=[f"/hop{n}" for n in range(1, 9)]), ProtocolError, "without end"),
    "sent to nowhere": (knobs(redirects=["file:///etc/passwd"]), ProtocolError, "not on the web"),
    "sent to nonsense": (knobs(redirects=["http://[::1/"]), TransientError, "no readable answer"),
}


@pytest.mark.parametrize(("make", "kind", "words"), BAD.values(), ids=BAD)
def test_this_is_not_fetched_and_the_words_say_why_without_the_address(
    server: FeedServer, reader: Reader, make: Callable[[FeedServer], None], kind: type[CalsyncError], words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "calsync_cli")
    reader.page()
    token = reader.token
    server.body, server.new_etags = feed(event("u1", "New")), True
    make(server)
    for full in (False, True):
        with pytest.raises(kind) as caught:
            reader.page(full=full)
        make(server)  # what holds for one request only
        assert words in str(caught.value) and "were read before stay" in str(caught.value)
        assert isinstance(caught.value, RemoteError) and "5ecret" not in str(caught.value) + caught.value.next
    assert reader.token == token and "5ecret" not in caplog.text


def test_how_long_to_wait_is_told(server: FeedServer, reader: Reader) -> None:
    server.status, server.headers = 503, {"Retry-After": "90"}
    with pytest.raises(TransientError) as caught:
        reader.page()
    assert caught.value.retry_after_s == 90


@pytest.mark.parametrize("slow", ["head", "body"])
def test_a_server_that_sends_a_byte_now_and_then_is_left_in_time(
    server: FeedServer, reader: Reader, slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "TOTAL_S", 0.4)
    server.slow = slow
    begin = time.monotonic()
    with pytest.raises(TransientError, match="took more than"):
        reader.page()
    assert time.monotonic() - begin < 10


def test_a_server_that_takes_offence_at_a_second_question_is_read_once(server: FeedServer, reader: Reader) -> None:
    def once() -> bytes:
        server.status = 429
        return TWO

    server.body = once
    assert len(reader.page().hints) == 2 and server.count == 2


def test_nobody_listens(reader: Reader) -> None:
    reader.account = replace(reader.account, url="http://127.0.0.1:9" + SECRET)
    with pytest.raises(TransientError, match="cannot be reached") as caught:
        reader.page()
    assert "5ecret" not in str(caught.value)


def test_a_bomb_is_not_unpacked(server: FeedServer, reader: Reader) -> None:
    import tracemalloc

    server.packing = "bomb"
    tracemalloc.start()
    with pytest.raises(ProtocolError):
        reader.page()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * source.MAX_BYTES


FINE: dict[str, Callable[[FeedServer], None]] = {
    "gzip": knobs(packing="gzip"),
    "another type": knobs(content_type="text/html; charset=utf-8"),
    "a BOM": knobs(body=b"\xef\xbb\xbf" + TWO),
    "five redirects": knobs(redirects=[f"/hop{n}" for n in range(1, 6)]),
}


@pytest.mark.parametrize("make", FINE.values(), ids=FINE)
def test_this_is_a_feed(server: FeedServer, reader: Reader, make: Callable[[FeedServer], None]) -> None:
    make(server)
    assert reader.all() == {"u1": "Tea", "u2": "Milk"}


def test_the_charset_of_the_header_counts_where_it_is_no_utf8(server: FeedServer, reader: Reader) -> None:
    server.body = feed(event("u1", "Γεια")).decode().encode("iso-8859-7")
    server.content_type = "text/calendar; charset=ISO-8859-7"
    assert reader.all() == {"u1": "Γεια"}


def test_an_emptied_feed_is_a_valid_listing_of_nothing(server: FeedServer, reader: Reader) -> None:
    reader.page()
    server.body = feed()
    page = reader.page()
    assert page.listing and not page.hints


# -- where it leads ---------------------------------------------------------------------------------------------------


def test_a_user_in_the_address_signs_in_there_and_nowhere_else(server: FeedServer, reader: Reader) -> None:
    with feed_server() as other:
        other.body = TWO
        reader.account = replace(reader.account, url=server.url.replace("//", "//me:pa%40ss@") + SECRET)
        server.redirects = ["/hop1"]
        assert len(reader.page().hints) == 2
        assert {asked.get("authorization") for asked in server.asked} == {"Basic bWU6cGFAc3M="}
        server.redirects = [other.url + "/x"]
        reader.page(full=True)
        assert other.asked and all("authorization" not in asked for asked in other.asked)
        assert "pa@ss" not in str(reader.token) and "pa%40ss" not in str(reader.token)


def test_https_is_never_left_for_http(reader: Reader) -> None:
    made = web.WebSource(replace(reader.account, url="https://example.org/x"), system_ports())
    with pytest.raises(ProtocolError, match="not encrypted"):
        made._next("https://example.org/x", "http://example.org/x")
    assert made._next("http://example.org/x", "https://example.org/y") == "https://example.org/y"
    assert made._next("https://example.org/x", "/y") == "https://example.org/y"


def test_a_publisher_cannot_send_this_machine_to_its_neighbours(
    server: FeedServer, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first server stands for one on the web: no address of it is private."""
    with feed_server() as neighbour:
        neighbour.body = TWO
        server.redirects = [neighbour.url + "/admin"]
        port, inside = int(neighbour.url.rpartition(":")[2]), web._is_inside
        assert len(reader.page().hints) == 2, "the user's own address is on this machine too"
        asked = neighbour.count
        seen = iter([False, True])
        monkeypatch.setattr(web, "_is_inside", lambda host: inside(host) and next(seen))
        with pytest.raises(ProtocolError, match="inside of this network") as caught:
            reader.page(full=True)
        assert neighbour.count == asked and str(port) not in str(caught.value)


def test_a_proxy_is_not_sent_to_the_neighbours_either(server: FeedServer, reader: Reader) -> None:
    """The proxy of the account answers for every host."""
    reader.account = replace(reader.account, url="http://feeds.example.org" + SECRET, proxy=server.url)
    assert len(reader.page().hints) == 2
    for address in ("http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://10.1.2.3/", "http://nas.local/"):
        server.redirects = [address + "hop1"]
        with pytest.raises(ProtocolError, match="inside of this network"):
            reader.page(full=True)


INSIDE = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
          "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "localhost", "router.local"]  # fmt: skip


def test_addresses_that_are_not_everybodys() -> None:
    assert [host for host in INSIDE if not web._is_inside(host)] == []
    assert not any(map(web._is_inside, ["93.184.216.34", "2606:2800:220:1::1", "example.org", "localhost.example.org"]))


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "days.ics"
    path.write_bytes(TWO)
    return path


def test_a_file_is_read_when_its_version_has_changed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(Account("days", "ics", path=file))
    assert reader.all() == {"u1": "Tea", "u2": "Milk"}
    reader.page()
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("read"))
    assert quiet(reader.page())
    monkeypatch.undo()
    file.write_bytes(feed(event("u1", "Tea")))
    assert len(reader.page().hints) == 1


def test_a_file_is_not_asked_at_intervals(file: Path) -> None:
    file.write_bytes(feed(event("u1", "Tea"), head="REFRESH-INTERVAL:P1D\r\n"))
    reader = Reader(Account("days", "ics", path=file))
    reader.page()
    file.write_bytes(feed(event("u1", "Milk"), head="REFRESH-INTERVAL:P1D\r\n"))
    assert reader.page().listing


def test_a_file_that_is_not_there_or_no_feed_proves_nothing(file: Path, tmp_path: Path) -> None:
    reader = Reader(Account("days", "ics", path=file))
    reader.page()
    file.write_bytes(TWO[:-30])
    with pytest.raises(ProtocolError, match="cut off"):
        reader.page()
    file.unlink()
    with pytest.raises(CalendarGone, match="is not there"):
        reader.page()
    with pytest.raises(ProtocolError, match="no file"):
        Reader(Account("days", "ics", path=tmp_path)).page()
    with file.open("wb") as large:
        large.truncate(source.MAX_BYTES + 1)
    with pytest.raises(ProtocolError, match="more than 20 MB"):
        reader.page()


# -- nothing is written -----------------------------------------------------------------------------------------------


def test_every_write_is_refused(server: FeedServer, reader: Reader) -> None:
    provider = reader.provider()
    writes: list[Callable[[], object]] = [
        lambda: provider.create(CAL, "0" * 32, TWO), lambda: provider.update(CAL, "u1", TWO, "e"),
        lambda: provider.delete(CAL, "u1", "e"), lambda: provider.create_calendar("New"),
    ]
    for write in writes:
        with pytest.raises(ReadOnly, match="only be read"):
            write()
    assert server.count == 0


def test_there_is_one_calendar(reader: Reader) -> None:
    assert reader.provider().open("feed").access == "read"
    with pytest.raises(CalendarGone):
        reader.provider().open("other")
