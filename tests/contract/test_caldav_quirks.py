"""One test per oddity of real servers (facts 1.3, 1.4, 2, 3, 5): the real provider against a server that has it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from calsync_cli.errors import (
    AuthError,
    CalendarGone,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    Refused,
    SyncTokenExpired,
    TooLarge,
    TransientError,
    UidConflict,
    UnknownOutcome,
)
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports, system_ports
from calsync_cli.providers import http
from calsync_cli.providers.base import Calendar, Hint, Item, Missing
from calsync_cli.providers.caldav.provider import CalDavProvider
from tests.engine.world import ics
from tests.fakes.caldav_server import FakeCalDav

KEY = "0123456789abcdef0123456789abcdef"
slept: list[float] = []


def quick() -> Ports:
    real = system_ports()
    return Ports(real.now, real.monotonic_s, slept.append, real.fresh_id)


@contextmanager
def quirk(*switches: str, auth: str = "auto") -> Iterator[tuple[FakeCalDav, CalDavProvider, Calendar]]:
    """A server with these oddities, a provider signed in to it, and one calendar with two events."""
    slept.clear()
    with FakeCalDav(*switches) as server:
        path = server.calendar("Work")
        for n in (1, 2):
            server.user_put(f"{path}e{n}.ics", ics(f"u{n}", f"Event {n}", "CATEGORIES:a,b"))
        provider = CalDavProvider(server.account(auth=auth), lambda: Secret("secret"), quick())
        try:
            yield server, provider, Calendar(path, "Work")
        finally:
            provider.close()


def hints(provider: CalDavProvider, cal: Calendar, since: str | None) -> tuple[dict[str, Hint], str | None]:
    found: dict[str, Hint] = {}
    token = None
    for page in provider.changes(cal, since):
        found |= {hint.remote_id: hint for hint in page.hints}
        token = page.token or token
    return found, token


def live(found: dict[str, Hint]) -> set[str]:
    return {remote_id.rpartition("/")[2] for remote_id, hint in found.items() if not hint.gone}


# -- discovery ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switches", [(), ("302-well-known",), ("absolute-home-on-other-host",)])
def test_calendars_are_found_however_the_home_is_named(switches: tuple[str, ...]) -> None:
    with quirk(*switches) as (_, provider, _):
        (found,) = provider.calendars()
        assert found.name == "Work"
        assert live(hints(provider, found, None)[0]) == {"e1.ics", "e2.ics"}


def test_credentials_do_not_follow_to_another_host() -> None:
    with quirk("absolute-home-on-other-host", "basic-auth") as (server, provider, _):
        with pytest.raises(ProtocolError, match="was not sent there"):
            provider.calendars()
        sent = [{name.lower(): value for name, value in headers.items()} for _, _, headers, _ in server.log]
        elsewhere = [headers for headers in sent if headers["host"].startswith("localhost")]
        assert elsewhere and not any("authorization" in headers for headers in elsewhere)


def test_a_redirect_to_plain_http_elsewhere_is_refused() -> None:
    with quirk("redirects-to-plain-http-elsewhere") as (_, provider, _):
        with pytest.raises(ProtocolError, match="not encrypted"):
            provider.calendars()


def test_the_servers_own_address_of_one_calendar_is_enough() -> None:
    with FakeCalDav() as server:
        path = server.calendar("Only")
        account = replace(server.account(), url=server.url.rstrip("/") + path)
        provider = CalDavProvider(account, lambda: Secret("x"), quick())
        assert [c.id for c in provider.calendars()] == [path]


def test_a_subscribed_calendar_is_not_a_replica() -> None:
    """O9."""
    with quirk("subscribed") as (_, provider, cal), pytest.raises(CalendarGone):
        provider.open(cal.id)


def test_a_calendar_that_is_the_outbox_too_is_a_calendar() -> None:
    """SOGo says both of everybody's first calendar (facts 2)."""
    with quirk() as (server, provider, cal):
        server.shelves[cal.id].kind += "<C:schedule-outbox/>"
        assert [found.id for found in provider.calendars()] == [cal.id] and provider.open(cal.id).access == "write"


def test_a_read_only_calendar_is_recognised_and_refuses_writes() -> None:
    with quirk("read-only") as (_, provider, cal):
        assert provider.open(cal.id).access == "read"
        with pytest.raises(ReadOnly):
            provider.create(cal, KEY, ics("new", "New"))


def test_a_scheduling_server_says_so() -> None:
    with quirk("mail-on-attendee") as (_, provider, cal):
        assert provider.open(cal.id).mails
    with quirk() as (_, provider, cal):
        assert not provider.open(cal.id).mails


@pytest.mark.parametrize(
    ("switch", "auth"),
    [("basic-auth", "auto"), ("digest-auth", "auto"), ("digest-auth", "digest"), ("bearer-auth", "bearer")],
)
def test_every_way_to_sign_in_works(switch: str, auth: str) -> None:
    with quirk(switch, auth=auth) as (_, provider, cal):
        assert live(hints(provider, cal, None)[0]) == {"e1.ics", "e2.ics"}


def test_a_refused_password_names_the_login() -> None:
    with quirk("basic-auth") as (server, _, cal):
        provider = CalDavProvider(server.account(), lambda: Secret("wrong"), quick())
        with pytest.raises(AuthError) as err:
            list(provider.changes(cal, None))
        assert err.value.next == "calsync login fake"


# -- hints -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches", [(), ("no-sync-collection",), ("no-sync-collection", "no-ctag"), ("collection-lists-itself",),
                 ("initial-404-members",), ("propstat-404",), ("no-getetag",), ("etag-quotes-percent-encoded",)]
)
def test_a_first_listing_names_every_event_and_nothing_else(switches: tuple[str, ...]) -> None:
    with quirk(*switches) as (_, provider, cal):
        found, _ = hints(provider, cal, None)
        assert live(found) == {"e1.ics", "e2.ics"} == {i.rpartition("/")[2] for i in found}
        items = list(provider.fetch(cal, list(found)))
        assert all(isinstance(item, Item) for item in items)


@pytest.mark.parametrize(
    "switches", [(), ("418-removed",), ("507-pages",), ("propstat-404",), ("507-pages", "418-removed")]
)
def test_a_delta_names_what_changed_and_what_is_gone(switches: tuple[str, ...]) -> None:
    with quirk(*switches) as (server, provider, cal):
        _, token = hints(provider, cal, None)
        for n in range(3, 8):
            server.user_put(f"{cal.id}e{n}.ics", ics(f"u{n}", "New"))
        server.user_delete(f"{cal.id}e1.ics")
        found, newer = hints(provider, cal, token)
        assert live(found) == {f"e{n}.ics" for n in range(3, 8)}
        assert [hint.remote_id for hint in found.values() if hint.gone] == [f"{cal.id}e1.ics"]
        assert hints(provider, cal, newer)[0] == {}


def test_a_quiet_calendar_costs_one_request() -> None:
    with quirk() as (server, provider, cal):
        _, token = hints(provider, cal, None)
        server.log.clear()
        hints(provider, cal, token)
        assert [(entry[0], entry[3]) for entry in server.log] == [("REPORT", 207)]


@pytest.mark.parametrize("switches", [("token-403",), ("token-412",), ("token-500",)])
def test_a_lost_token_is_an_ordinary_event(switches: tuple[str, ...]) -> None:
    """T4."""
    with quirk(*switches) as (server, provider, cal):
        _, token = hints(provider, cal, None)
        server.forget_tokens()
        with pytest.raises(SyncTokenExpired):
            hints(provider, cal, token)


def test_a_token_that_is_answered_with_everything_loses_nothing() -> None:
    """Facts 0.7: no error and no removals; the engine lists by itself when it looks like that."""
    with quirk("token-207") as (server, provider, cal):
        _, token = hints(provider, cal, None)
        server.forget_tokens()
        assert live(hints(provider, cal, token)[0]) == {"e1.ics", "e2.ics"}


def test_without_sync_collection_an_equal_ctag_saves_the_listing() -> None:
    with quirk("no-sync-collection") as (server, provider, cal):
        _found, token = hints(provider, cal, None)
        assert token is not None and token.startswith("ctag:")
        server.log.clear()
        assert hints(provider, cal, token)[0] == {}
        assert server.requests("PROPFIND") == 1 and server.requests("REPORT") == 0
        server.user_put(f"{cal.id}e3.ics", ics("u3", "New"))
        assert live(hints(provider, cal, token)[0]) == {"e1.ics", "e2.ics", "e3.ics"}


def test_a_missing_calendar_is_no_list_of_deletions() -> None:
    with quirk() as (server, provider, cal):
        _, token = hints(provider, cal, None)
        del server.shelves[cal.id]
        for since in (token, None):
            with pytest.raises(CalendarGone):
                hints(provider, cal, since)


# -- bodies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", ["multiget-omits-missing", "multiget-404-for-live", "no-multiget"])
def test_every_body_asked_for_is_answered_once(switch: str) -> None:
    with quirk(switch) as (_, provider, cal):
        ids = [f"{cal.id}e1.ics", f"{cal.id}none.ics", f"{cal.id}e2.ics"]
        answers = {a.remote_id: type(a) for a in provider.fetch(cal, ids)}
        assert answers == {ids[0]: Item, ids[1]: Missing, ids[2]: Item}


def test_a_body_is_the_same_however_it_was_read() -> None:
    with quirk() as (_, provider, cal):
        (fetched,) = provider.fetch(cal, [f"{cal.id}e1.ics"])
        looked = provider.look(cal, f"{cal.id}e1.ics")
        assert isinstance(fetched, Item) and looked is not None
        assert (fetched.payload, fetched.etag) == (looked.payload, looked.etag)


# -- writes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        (), ("weak-etag",), ("no-etag-on-put",), ("rewrites",), ("etag-quotes-percent-encoded",),
        ("412-names-the-condition",),
    ],
)
def test_a_stale_version_is_never_overwritten_or_deleted(switches: tuple[str, ...]) -> None:
    """I13."""
    with quirk(*switches) as (server, provider, cal):
        remote_id = f"{cal.id}e1.ics"
        old = provider.look(cal, remote_id)
        assert old is not None and old.etag is not None
        server.user_put(remote_id, ics("u1", "A person was faster"))
        with pytest.raises(PreconditionFailed):
            provider.update(cal, remote_id, ics("u1", "Ours"), old.etag)
        with pytest.raises(PreconditionFailed):
            provider.delete(cal, remote_id, old.etag)
        assert b"A person was faster" in server.contents(cal.id)[remote_id]


def test_a_server_that_ignores_conditions_is_compared_with_first() -> None:
    """SOGo (facts 2)."""
    with quirk("delete-ignores-if-match", "if-none-match-ignored") as (server, provider, cal):
        remote_id = f"{cal.id}e1.ics"
        old = provider.look(cal, remote_id)
        assert old is not None and old.etag is not None
        server.user_put(remote_id, ics("u1", "A person was faster"))
        with pytest.raises(PreconditionFailed):
            provider.delete(cal, remote_id, old.etag)
        provider.create(cal, KEY, ics("new", "First"))
        with pytest.raises(PreconditionFailed):
            provider.create(cal, KEY, ics("new", "Second"))
        assert b"First" in server.contents(cal.id)[provider.remote_id_for(cal, KEY)]


def test_an_event_made_anew_under_the_etag_of_a_deleted_one_is_seen_and_not_overwritten() -> None:
    """SOGo counts an event's saves, from nought again after its deletion (facts 2); I1, I13."""
    with quirk("etags-restart", "delete-ignores-if-match") as (server, provider, cal):
        remote_id = f"{cal.id}e1.ics"
        old = provider.look(cal, remote_id)
        _, token = hints(provider, cal, None)
        before = server.etag(remote_id)
        server.user_delete(remote_id)
        server.user_put(remote_id, ics("u1", "Another one"))
        assert server.etag(remote_id) == before
        (hint,) = hints(provider, cal, token)[0].values()
        assert old is not None and old.etag is not None and hint.etag != old.etag
        (fetched,) = provider.fetch(cal, [remote_id])
        assert isinstance(fetched, Item) and fetched.etag is not None and fetched == provider.look(cal, remote_id)
        for write in (lambda: provider.update(cal, remote_id, ics("u1", "Ours"), str(old.etag)),
                      lambda: provider.delete(cal, remote_id, str(old.etag))):
            with pytest.raises(PreconditionFailed):
                write()
        assert b"Another one" in server.contents(cal.id)[remote_id]
        provider.update(cal, remote_id, ics("u1", "Ours"), fetched.etag)
        assert {name.lower(): value for name, value in server.log[-1][2].items()}["if-match"] == before


@pytest.mark.parametrize("name", ["tea time.ics", "50% off.ics", "100%25.ics", "größe.ics", "a#b?.ics"])
def test_an_href_that_is_not_encoded_leads_to_its_event(name: str) -> None:
    """SOGo: what looks like an escape is two digits of the name."""
    with quirk("hrefs-not-encoded") as (server, provider, cal):
        server.user_put(f"{cal.id}{name}", ics("odd", "Odd"))
        found = set(hints(provider, cal, None)[0])
        bodies = [item for item in provider.fetch(cal, list(found)) if isinstance(item, Item)]
        assert len(found) == len(bodies) == 3
        (odd,) = [item for item in bodies if b"UID:odd" in item.payload]
        assert odd.etag is not None
        provider.update(cal, odd.remote_id, ics("odd", "Ours"), odd.etag)
        assert b"Ours" in server.contents(cal.id)[f"{cal.id}{name}"]


@pytest.mark.parametrize("switches", [(), ("412-names-the-condition",)])
def test_a_create_never_overwrites(switches: tuple[str, ...]) -> None:
    with quirk(*switches) as (server, provider, cal):
        provider.create(cal, KEY, ics("new", "First"))
        with pytest.raises(PreconditionFailed):
            provider.create(cal, KEY, ics("new", "Second"))
        assert b"First" in server.contents(cal.id)[provider.remote_id_for(cal, KEY)]


@pytest.mark.parametrize("switches", [(), ("uid-per-account",), ("uid-conflict-409",)])
def test_a_uid_that_is_taken_is_told_apart_from_other_refusals(switches: tuple[str, ...]) -> None:
    """K5."""
    with quirk(*switches) as (_, provider, cal):
        with pytest.raises(UidConflict) as err:
            provider.create(cal, KEY, ics("u1", "Again"))
        assert err.value.remote_id == (None if "uid-conflict-409" in switches else f"{cal.id}e1.ics")


def test_a_uid_that_our_own_event_took_just_now_is_no_other_event() -> None:
    """SOGo answers 409 to the slower of two creates at one address (I5)."""
    with quirk() as (server, provider, cal):
        server.user_put(provider.remote_id_for(cal, KEY), ics("new", "First"))
        server.faults = [("PUT", "409")]
        with pytest.raises(PreconditionFailed):
            provider.create(cal, KEY, ics("new", "Second"))


def test_a_written_copy_always_has_an_end() -> None:
    """iCloud answers 404 to an event without DTEND (facts 4)."""
    from datetime import datetime

    from calsync_cli.mapping.registry import mapping
    from calsync_cli.model.times import Span, Zoned

    when = Zoned(datetime(2026, 12, 1, 9), "Europe/Berlin")
    body = mapping("ical").make("new", {"title": "Point", "time": Span(when, when)}, "")
    with quirk("404-on-missing-dtend") as (server, provider, cal):
        provider.create(cal, KEY, body)
        assert len(server.contents(cal.id)) == 3


def test_deleting_what_is_gone_says_so() -> None:
    with quirk() as (_, provider, cal), pytest.raises(NotFound):
        provider.delete(cal, f"{cal.id}none.ics", '"x"')


# -- faults (facts 1.4) ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [("drop-before", UnknownOutcome), ("drop-after", UnknownOutcome), ("500", UnknownOutcome), ("503", UnknownOutcome),
     ("503 7", TransientError), ("429 7", TransientError), ("413", TooLarge),
     ("507", TooLarge), ("403", ReadOnly), ("401", AuthError), ("412", PreconditionFailed)],
)
def test_each_refusal_of_a_write_means_one_thing(fault: str, error: type[Exception]) -> None:
    """J6: only a definite answer is taken for one."""
    with quirk() as (server, provider, cal):
        server.faults.append(("PUT", fault))
        with pytest.raises(error):
            provider.create(cal, KEY, ics("new", "New"))
        assert server.requests("PUT") <= 1
        assert (provider.remote_id_for(cal, KEY) in server.contents(cal.id)) == (fault == "drop-after")


def test_a_locked_event_is_tried_a_few_times_since_nothing_was_done() -> None:
    """RFC 4918 11.3; Xandikos says so while another write is at work in the same calendar."""
    with quirk() as (server, provider, cal):
        server.faults += [("PUT", "423")] * 2
        provider.create(cal, KEY, ics("new", "New"))
        assert provider.remote_id_for(cal, KEY) in server.contents(cal.id)
    with quirk() as (server, provider, cal):
        server.faults += [("PUT", "423")] * 20
        with pytest.raises(TransientError):
            provider.create(cal, KEY, ics("new", "New"))
        assert provider.remote_id_for(cal, KEY) not in server.contents(cal.id)


def test_a_read_waits_as_told_and_tries_again() -> None:
    with quirk() as (server, provider, cal):
        server.faults += [("REPORT", "503 7"), ("REPORT", "429")]
        assert live(hints(provider, cal, None)[0]) == {"e1.ics", "e2.ics"}
        assert slept[0] == 7.0 and len(slept) == 2


def test_a_read_that_is_cut_is_tried_once_more() -> None:
    with quirk() as (server, provider, cal):
        server.faults.append(("REPORT", "drop-before"))
        assert live(hints(provider, cal, None)[0]) == {"e1.ics", "e2.ics"}
        server.faults += [("REPORT", "drop-before")] * 2
        with pytest.raises(TransientError):
            hints(provider, cal, None)


def test_an_answer_with_entities_is_refused() -> None:
    from calsync_cli.providers.caldav.xml import multistatus

    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaa">]><D:multistatus xmlns:D="DAV:">&a;</D:multistatus>'
    with pytest.raises(ProtocolError):
        multistatus(bomb)


# -- what the second look at facts 1-5 found ---------------------------------------------------------------------------


def test_everything_of_another_host_is_asked_there_and_keeps_its_id() -> None:
    """iCloud (facts 4): the home is on another host, whose answers name their members by path alone."""
    with quirk("absolute-home-on-other-host") as (server, provider, cal):
        (found,) = provider.calendars()
        port = server.http.server_port
        assert found.id == f"http://localhost:{port}{cal.id}"
        server.log.clear()
        ids = list(hints(provider, found, None)[0])
        assert ids and all(i.startswith(found.id) for i in ids)
        items = list(provider.fetch(found, ids))
        assert sorted(item.remote_id for item in items) == sorted(ids)
        provider.create(found, KEY, ics("new", "New"))
        assert {headers["Host"] for _, _, headers, _ in server.log} == {f"localhost:{port}"}


def test_all_homes_are_read_when_there_are_several() -> None:
    with quirk("two-homes") as (server, provider, _):
        server.calendar_at("/dav/shared/me/Team/", "Team")
        assert sorted(c.name for c in provider.calendars()) == ["Team", "Work"]


def test_a_web_page_at_the_address_leads_to_the_next_candidate() -> None:
    """SOGo and Nextcloud show people a page at the root (facts 1.2)."""
    with quirk("html-at-the-root") as (server, _, _):
        provider = CalDavProvider(replace(server.account(), url=server.url), lambda: Secret("x"), quick())
        assert [c.name for c in provider.calendars()] == ["Work"]


def test_where_nothing_is_found_the_address_is_named() -> None:
    with quirk("html-at-the-root") as (server, _, _):
        account = replace(server.account(), url=server.url + "nothing/here/")
        server.shelves.clear()
        server.switches.add("no-principal")
        provider = CalDavProvider(account, lambda: Secret("x"), quick())
        with pytest.raises(ProtocolError, match="no calendars were found at"):
            provider.calendars()


def test_a_server_that_announces_its_mails_to_options_only_is_still_heard() -> None:
    """Xandikos; RFC 4918 section 10.1. I6 hangs on it."""
    with quirk("mail-on-attendee", "dav-header-only-in-options") as (server, provider, cal):
        assert provider.open(cal.id).mails
        provider.open(cal.id)
        assert server.requests("OPTIONS") == 1
    with quirk("dav-header-only-in-options") as (_, provider, cal):
        assert not provider.open(cal.id).mails


def test_sogo_mails_people_though_it_never_says_so() -> None:
    """Facts 3."""
    with quirk("delete-ignores-if-match") as (_, provider, cal):
        assert provider.open(cal.id).mails


def test_a_new_calendar_is_found_where_the_server_put_it() -> None:
    with quirk() as (server, provider, _):
        made = provider.create_calendar("Holidays")
        assert made.name == "Holidays" and made.id in server.shelves


def test_no_calendar_is_made_inside_a_calendar() -> None:
    with quirk() as (server, _, cal):
        account = replace(server.account(), url=server.url.rstrip("/") + cal.id)
        provider = CalDavProvider(account, lambda: Secret("x"), quick())
        with pytest.raises(ProtocolError, match="is that of one calendar"):
            provider.create_calendar("Holidays")
        assert server.requests("MKCALENDAR") == 0


def test_many_threads_may_learn_at_once_that_digest_is_wanted() -> None:
    with quirk("digest-auth") as (_, provider, cal):
        with ThreadPoolExecutor(8) as pool:
            looks = list(pool.map(lambda _: provider.look(cal, f"{cal.id}e1.ics"), range(24)))
        assert all(item is not None for item in looks)


def test_a_wrong_digest_password_is_a_refused_login() -> None:
    with quirk("digest-auth") as (server, _, cal):
        provider = CalDavProvider(server.account(), lambda: Secret("wrong"), quick())
        with pytest.raises(AuthError):
            provider.open(cal.id)


def test_no_limit_is_asked_for_since_two_servers_cut_without_saying_so() -> None:
    """Xandikos, Nextcloud (facts 0.6)."""
    with quirk("limit-cut") as (server, provider, cal):
        for n in range(3, 30):
            server.user_put(f"{cal.id}e{n}.ics", ics(f"u{n}", "New"))
        assert len(hints(provider, cal, None)[0]) == 29


def test_an_etag_is_never_that_of_a_compressed_copy() -> None:
    """nextcloud/server#28140 (facts 0.19)."""
    with quirk("etag-gzip") as (_, provider, cal):
        looked = provider.look(cal, f"{cal.id}e1.ics")
        assert looked is not None and looked.etag is not None
        provider.update(cal, looked.remote_id, ics("u1", "Ours"), looked.etag)


def test_one_object_that_the_server_cannot_show_does_not_hide_the_others() -> None:
    """Facts 2: a broken object kills the server's own report. It comes as an empty body, which is `?` (O8)."""
    with quirk() as (server, provider, cal):
        server.broken.add(f"{cal.id}e1.ics")
        first, second = provider.fetch(cal, [f"{cal.id}e1.ics", f"{cal.id}e2.ics"])
        assert isinstance(first, Item) and (first.payload, first.etag) == (b"", None)
        assert isinstance(second, Item) and b"Event 2" in second.payload


def test_a_server_in_trouble_is_not_taken_for_a_broken_object() -> None:
    with quirk() as (server, provider, cal):
        server.faults += [("REPORT", "500"), *[("GET", "500")] * 3, ("PROPFIND", "500")]
        with pytest.raises(TransientError):
            list(provider.fetch(cal, [f"{cal.id}e1.ics"]))


def test_a_control_character_in_one_event_does_not_hide_the_others() -> None:
    """XML cannot carry it, so the whole multiget is unreadable; four of five servers store it (facts 2)."""
    with quirk() as (server, provider, cal):
        server.user_put(f"{cal.id}e1.ics", ics("u1", "Bell\x07 rings"))
        first, second = provider.fetch(cal, [f"{cal.id}e1.ics", f"{cal.id}e2.ics"])
        assert isinstance(first, Item) and b"\x07" in first.payload
        assert isinstance(second, Item) and b"Event 2" in second.payload


def test_a_batch_that_is_too_long_is_asked_for_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    with quirk() as (server, provider, cal):
        for n in range(3, 9):
            server.user_put(f"{cal.id}e{n}.ics", ics(f"u{n}", "x" * 20_000))
        monkeypatch.setattr(http, "MAX_BODY", 60_000)
        items = list(provider.fetch(cal, [f"{cal.id}e{n}.ics" for n in range(1, 9)]))
        assert len(items) == 8 and all(isinstance(item, Item) and item.payload for item in items)


def test_an_event_of_ten_megabytes_is_read() -> None:
    with quirk() as (server, provider, cal):
        big = ics("u1", "Big", *[f"X-LINE-{n}:" + "y" * 70 for n in range(125_000)])
        assert len(big) > 10_000_000
        server.user_put(f"{cal.id}e1.ics", big)
        (item,) = provider.fetch(cal, [f"{cal.id}e1.ics"])
        assert isinstance(item, Item) and item.payload == big


def test_a_calendar_that_vanished_does_not_make_its_events_look_deleted() -> None:
    """O2: a 404 of the collection is no proof."""
    with quirk() as (server, provider, cal):
        del server.shelves[cal.id]
        with pytest.raises(CalendarGone):
            list(provider.fetch(cal, [f"{cal.id}e1.ics"]))


def test_the_words_of_a_refusal_are_words_and_no_markup() -> None:
    """DAViCal gives its reason as text/xml, beside the name of what was not met (facts 2)."""
    with quirk() as (server, provider, cal):
        text = b'<?xml version="1.0"?><error xmlns="DAV:"><no-such-thing/>The moon\n is wrong.</error>'
        server.refusal = text
        server.faults = [("PUT", "403")]
        with pytest.raises(Refused) as err:
            provider.create(cal, KEY, ics("new", "New"))
        assert str(err.value) == "the server refused the event (no such thing; The moon is wrong.)"


def test_too_large_is_told_apart_from_changed() -> None:
    """Radicale answers 412 to both (facts 2)."""
    with quirk("412-when-large") as (server, provider, cal):
        large = ics("new", "Large", *["X-PAD:" + "y" * 1000] * 2500)
        with pytest.raises(TooLarge):
            provider.create(cal, KEY, large)
        old = provider.look(cal, f"{cal.id}e1.ics")
        assert old is not None and old.etag is not None
        with pytest.raises(TooLarge):
            provider.update(cal, old.remote_id, large, old.etag)
        server.user_put(old.remote_id, ics("u1", "A person was faster"))
        with pytest.raises(PreconditionFailed):
            provider.update(cal, old.remote_id, large, old.etag)


def test_a_refusal_inside_a_multistatus_is_a_refusal() -> None:
    """RFC 4918 section 9.6.1; a DELETE that was answered 207 need not have deleted."""
    with quirk("delete-refused-inside-207") as (_, provider, cal):
        old = provider.look(cal, f"{cal.id}e1.ics")
        assert old is not None and old.etag is not None
        with pytest.raises(TransientError):
            provider.delete(cal, old.remote_id, old.etag)


@pytest.mark.parametrize("fault", ["slow 0.6", "cut-body"])
def test_an_answer_that_never_quite_comes_is_unknown_to_a_write_and_temporary_to_a_read(fault: str) -> None:
    with FakeCalDav() as server:
        path = server.calendar("Work")
        server.user_put(f"{path}e1.ics", ics("u1", "Event", "DESCRIPTION:" + "d" * 4000))
        cal = Calendar(path, "Work")
        provider = CalDavProvider(server.account(timeout_s=0.3), lambda: Secret("x"), quick())
        server.faults += [("GET", fault)] * 2
        with pytest.raises(TransientError):
            provider.look(cal, f"{path}e1.ics")
        server.switches.add("uid-per-account")  # a refusal has a body that can be cut
        server.faults.append(("PUT", fault))
        with pytest.raises(UnknownOutcome):
            provider.create(cal, KEY, ics("u1", "Again"))
        provider.close()


def test_a_server_that_is_down_is_named_with_its_port() -> None:
    with FakeCalDav() as server:
        account = server.account()
    provider = CalDavProvider(account, lambda: Secret("x"), quick())
    with pytest.raises(TransientError, match=r"^127\.0\.0\.1:\d+ cannot be reached \(Connection refused\)$"):
        list(provider.changes(Calendar("/dav/cal/me/Work/", "Work"), None))
    with pytest.raises(TransientError):
        provider.create(Calendar("/dav/cal/me/Work/", "Work"), KEY, ics("u", "Surely not written"))


def test_plain_http_to_another_machine_is_never_spoken() -> None:
    account = Account("far", "caldav", url="http://calendar.example.org/dav/", username="me")
    asked: list[str] = []

    def credential() -> Secret:
        asked.append("password")
        return Secret("x")

    with pytest.raises(ProtocolError, match="not encrypted"):
        CalDavProvider(account, credential, quick()).calendars()
    assert asked == []


def test_more_threads_than_connections_cut_no_request() -> None:
    """httpcore 1.0.9 alone cuts connections in use when requests wait for one; a cut write is of unknown outcome."""
    with FakeCalDav() as server:
        cal = Calendar(server.calendar("Work"), "Work")
        provider = CalDavProvider(server.account(concurrency=2), lambda: Secret("x"), quick())
        with ThreadPoolExecutor(8) as crew:
            list(crew.map(lambda n: provider.create(cal, f"{n:032x}", ics(f"u{n}", "Tea")), range(64)))
        provider.close()
        assert len(server.contents(cal.id)) == 64


def test_the_addresses_of_the_owner_come_with_the_calendars_and_cost_no_request() -> None:
    """calendar-user-address-set (RFC 6638 2.4.1): who is invited there is known to be the owner."""
    with quirk() as (_, provider, _cal):
        assert provider.me == frozenset()
        provider.calendars()
        assert provider.me == {"me@home.test", "me@alias.test"}
