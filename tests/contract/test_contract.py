"""One suite that every provider passes: the promises of providers.base, over memory, folders and two real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from calsync_cli.errors import (
    CalendarGone,
    NotFound,
    PreconditionFailed,
    ReadOnly,
    Refused,
    SyncTokenExpired,
    TransientError,
    UnknownOutcome,
)
from calsync_cli.mapping.registry import mapping
from calsync_cli.providers.base import Calendar, Item, Missing, Provider, Receipt
from calsync_cli.providers.memory import Traits
from tests.contract.benches import Bench, dav_bench, memory_bench, running, vdir_bench

MEMORY = {
    "memory": Traits(),
    "memory-poor": Traits(delta=False, receipt="bare", server_stamps=False, fetch_size=2, page_size=2),
    "memory-paged": Traits(page_size=2, fetch_size=3, receipt="item", expired="listing"),
}
SERVERS = ("radicale", "xandikos")
KEYS = [f"{n:032x}" for n in range(1, 100)]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Any]]:
    """Started when first asked for, stopped after the last test."""
    with ExitStack() as stack:

        class Started(dict[str, Any]):
            def __missing__(self, name: str) -> Any:
                self[name] = stack.enter_context(running(name))
                return self[name]

        yield Started()


@pytest.fixture(params=[*MEMORY, "vdir", *SERVERS])
def bench(
    request: pytest.FixtureRequest, servers: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    if request.param in SERVERS:
        made = dav_bench(request.param, servers[request.param])
    elif request.param == "vdir":
        made = vdir_bench(tmp_path, monkeypatch)
    else:
        made = memory_bench(MEMORY[request.param])
    yield made
    made.provider.close()


def event(uid: str, title: str = "Tea", description: str = "") -> bytes:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calsync//contract//EN", "BEGIN:VEVENT",
        f"UID:{uid}", "DTSTAMP:20261101T000000Z", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z",
        f"SUMMARY:{title}", *([f"DESCRIPTION:{description}"] if description else []), "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


@dataclass
class Seen:
    """What the last round of changes showed."""

    etags: dict[str, str | None] = field(default_factory=dict)
    token: str | None = None


def observe(bench: Bench, before: Seen | None = None) -> tuple[set[str], set[str], Seen]:
    """(new or changed ids, ids no longer there, what to start from next time); with or without delta."""
    before = before or Seen()
    now = Seen(dict(before.etags))
    pages = list(bench.provider.changes(bench.cal, before.token))
    hints = {hint.remote_id: hint for page in pages for hint in page.hints}
    if pages[0].listing:
        now.etags = {i: h.etag for i, h in hints.items()}
        changed = {i for i, h in hints.items() if h.etag is None or before.etags.get(i) != h.etag}
        gone = before.etags.keys() - hints.keys()
    else:
        changed = {i for i, h in hints.items() if not h.gone}
        gone = {i for i, h in hints.items() if h.gone}
        now.etags = {i: e for i, e in now.etags.items() if i not in gone} | {i: hints[i].etag for i in changed}
    now.token = pages[-1].token
    return changed, set(gone), now


def foreign(bench: Bench, name: str, payload: bytes) -> str:
    """A person stores an event; its id as the provider shows it."""
    _, _, before = observe(bench)
    bench.put(name, payload)
    _, _, after = observe(bench)
    (new,) = after.etags.keys() - before.etags.keys()
    return new


def one(bench: Bench, remote_id: str) -> Item:
    item = bench.provider.look(bench.cal, remote_id)
    assert item is not None
    return item


def etag(bench: Bench, receipt: Receipt) -> str:
    """The version a careful caller would use next: the point read's."""
    found = one(bench, receipt.remote_id).etag
    assert found is not None
    return found


def means_the_same(a: bytes, b: bytes) -> bool:
    """Servers rewrite bytes (facts 0.4); the meaning must stay."""
    ical = mapping("ical")
    return ical.read(a).uid == ical.read(b).uid and dict(ical.read(a).form) == dict(ical.read(b).form)


# -- reading ----------------------------------------------------------------------------------------------------------


def test_an_empty_calendar_lists_nothing(bench: Bench) -> None:
    assert observe(bench)[0] == set()


def test_the_calendar_is_among_the_calendars_of_the_account(bench: Bench) -> None:
    assert bench.cal.id in {cal.id for cal in bench.provider.calendars()}
    assert bench.provider.open(bench.cal.id).access == "write"


def test_a_created_event_is_listed_fetched_and_looked_up(bench: Bench) -> None:
    body = event("one")
    receipt = bench.provider.create(bench.cal, KEYS[0], body)
    changed, _, seen = observe(bench)
    (fetched,) = bench.provider.fetch(bench.cal, [receipt.remote_id])
    looked = one(bench, receipt.remote_id)
    assert changed == {receipt.remote_id}
    assert isinstance(fetched, Item)
    assert means_the_same(fetched.payload, body)
    assert means_the_same(looked.payload, body)
    assert seen.etags[receipt.remote_id] == fetched.etag == looked.etag


def test_the_receipts_item_is_what_a_point_read_shows(bench: Bench) -> None:
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    if receipt.item is not None:
        assert receipt.item.payload == one(bench, receipt.remote_id).payload
    assert receipt.remote_id == bench.provider.remote_id_for(bench.cal, KEYS[0])


def test_every_id_is_answered_exactly_once(bench: Bench) -> None:
    there = [bench.provider.create(bench.cal, key, event(key)).remote_id for key in KEYS[:7]]
    unknown = [bench.provider.remote_id_for(bench.cal, key) for key in KEYS[40:46]]
    answers = list(bench.provider.fetch(bench.cal, [*unknown, *there]))
    assert sorted(a.remote_id for a in answers) == sorted([*unknown, *there])
    assert {a.remote_id for a in answers if isinstance(a, Missing)} == set(unknown)


def test_fetching_nothing_answers_nothing(bench: Bench) -> None:
    assert list(bench.provider.fetch(bench.cal, [])) == []


def test_looking_for_what_never_was_finds_nothing(bench: Bench) -> None:
    assert bench.provider.look(bench.cal, bench.provider.remote_id_for(bench.cal, KEYS[0])) is None


def test_a_fetched_etag_is_good_for_a_write(bench: Bench) -> None:
    """I13: the version that was read is the version that is replaced."""
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    (item,) = bench.provider.fetch(bench.cal, [receipt.remote_id])
    assert isinstance(item, Item)
    assert item.etag is not None
    bench.provider.update(bench.cal, item.remote_id, event("one", "Coffee"), item.etag)
    assert means_the_same(one(bench, item.remote_id).payload, event("one", "Coffee"))


# -- delta ------------------------------------------------------------------------------------------------------------


def test_changes_show_what_changed_and_what_is_gone_and_nothing_else(bench: Bench) -> None:
    for name in ("kept", "edited", "removed"):
        bench.put(f"{name}.ics", event(name))
    _, _, seen = observe(bench)
    ids = {name: i for i in seen.etags for name in ("kept", "edited", "removed") if name in i}
    bench.put("edited.ics", event("edited", "A new title"))
    bench.remove("removed.ics")
    bench.put("added.ics", event("added"))
    changed, gone, after = observe(bench, seen)
    assert gone == {ids["removed"]}
    assert ids["edited"] in changed
    assert ids["kept"] not in changed
    assert len(changed) == 2
    assert after.etags[ids["kept"]] == seen.etags[ids["kept"]]


def test_an_unchanged_calendar_shows_no_change(bench: Bench) -> None:
    """I3: the second look costs one question and finds nothing."""
    for n in range(5):
        bench.put(f"n{n}.ics", event(f"n{n}"))
    _, _, seen = observe(bench)
    changed, gone, again = observe(bench, seen)
    assert (changed, gone) == (set(), set())
    assert again.etags == seen.etags


def test_a_token_that_no_server_gave_leads_to_a_full_listing(bench: Bench) -> None:
    """T4: either the token is refused before any page, or everything is listed."""
    bench.put("one.ics", event("one"))
    try:
        pages = list(bench.provider.changes(bench.cal, "calsync-garbage"))
    except SyncTokenExpired:
        pages = list(bench.provider.changes(bench.cal, None))
    assert all(page.listing for page in pages)
    assert sum(len(page.hints) for page in pages) == 1


def test_a_delta_provider_gives_a_token_with_the_last_page(bench: Bench) -> None:
    for n in range(5):
        bench.put(f"n{n}.ics", event(f"n{n}"))
    pages = list(bench.provider.changes(bench.cal, None))
    assert all(page.listing for page in pages)
    assert (pages[-1].token is not None) == bench.provider.caps.delta


# -- writing ----------------------------------------------------------------------------------------------------------


def test_the_second_create_under_a_key_is_refused_and_the_first_stays(bench: Bench) -> None:
    """I5: a create that is sent again cannot make a second event or replace the first."""
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    with pytest.raises(PreconditionFailed):
        bench.provider.create(bench.cal, KEYS[0], event("one", "Coffee"))
    assert means_the_same(one(bench, receipt.remote_id).payload, event("one"))


def test_an_update_is_seen(bench: Bench) -> None:
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    old = etag(bench, receipt)
    updated = bench.provider.update(bench.cal, receipt.remote_id, event("one", "Coffee"), old)
    assert updated.remote_id == receipt.remote_id
    assert means_the_same(one(bench, receipt.remote_id).payload, event("one", "Coffee"))
    assert etag(bench, updated) != old


def test_an_update_of_another_version_changes_nothing(bench: Bench) -> None:
    """I13: a person was faster."""
    remote_id = foreign(bench, "tea.ics", event("one"))
    old = one(bench, remote_id).etag
    assert old is not None
    bench.put("tea.ics", event("one", "The person's new title"))
    with pytest.raises(PreconditionFailed):
        bench.provider.update(bench.cal, remote_id, event("one", "Coffee"), old)
    assert means_the_same(one(bench, remote_id).payload, event("one", "The person's new title"))


def test_a_delete_of_another_version_changes_nothing(bench: Bench) -> None:
    remote_id = foreign(bench, "tea.ics", event("one"))
    old = one(bench, remote_id).etag
    assert old is not None
    bench.put("tea.ics", event("one", "The person's new title"))
    with pytest.raises(PreconditionFailed):
        bench.provider.delete(bench.cal, remote_id, old)
    assert means_the_same(one(bench, remote_id).payload, event("one", "The person's new title"))


def test_what_was_deleted_is_gone(bench: Bench) -> None:
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    bench.provider.delete(bench.cal, receipt.remote_id, etag(bench, receipt))
    assert bench.provider.look(bench.cal, receipt.remote_id) is None
    assert observe(bench)[2].etags == {}


def test_an_update_of_a_missing_event_does_not_make_it(bench: Bench) -> None:
    """Servers may answer 412 here, since If-Match fails before the absence counts (RFC 9110 section 13.1.1)."""
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    old = etag(bench, receipt)
    bench.provider.delete(bench.cal, receipt.remote_id, old)
    with pytest.raises((NotFound, PreconditionFailed)):
        bench.provider.update(bench.cal, receipt.remote_id, event("one"), old)
    assert bench.provider.look(bench.cal, receipt.remote_id) is None


def test_a_delete_of_a_missing_event_says_so(bench: Bench) -> None:
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    old = etag(bench, receipt)
    bench.provider.delete(bench.cal, receipt.remote_id, old)
    with pytest.raises(NotFound):
        bench.provider.delete(bench.cal, receipt.remote_id, old)


def test_a_key_may_be_used_again_after_its_event_was_deleted(bench: Bench) -> None:
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    bench.provider.delete(bench.cal, receipt.remote_id, etag(bench, receipt))
    again = bench.provider.create(bench.cal, KEYS[0], event("one", "Coffee"))
    assert means_the_same(one(bench, again.remote_id).payload, event("one", "Coffee"))


def test_the_id_of_a_key_is_a_pure_function(bench: Bench) -> None:
    ids = [bench.provider.remote_id_for(bench.cal, key) for key in KEYS]
    assert ids == [bench.provider.remote_id_for(bench.cal, key) for key in KEYS]
    assert len(set(ids)) == len(KEYS)
    assert observe(bench)[2].etags == {}


ODD_NAMES = [
    "tea time.ics", "50% off.ics", "100%25.ics", "größe.ics", "日本.ics", "me@example.org.ics", "a+b.ics", "a;b,c.ics",
    "what#now.ics", "and & so.ics", "it's.ics", "(1).ics", "a=b.ics", "UPPER.ics", "x" * 100 + ".ics",
]  # fmt: skip


def test_events_with_odd_names_are_read_updated_and_deleted(bench: Bench) -> None:
    names = [name for name in ODD_NAMES if name not in bench.refused_names]
    for n, name in enumerate(names):
        remote_id = foreign(bench, name, event(f"odd-{n}"))
        (item,) = bench.provider.fetch(bench.cal, [remote_id])
        assert isinstance(item, Item), name
        assert item.etag is not None, name
        receipt = bench.provider.update(bench.cal, remote_id, event(f"odd-{n}", "Coffee"), item.etag)
        assert means_the_same(one(bench, remote_id).payload, event(f"odd-{n}", "Coffee")), name
        bench.provider.delete(bench.cal, remote_id, etag(bench, receipt))
        assert bench.provider.look(bench.cal, remote_id) is None, name


def test_eight_threads_create_sixty_four_events(bench: Bench) -> None:
    def make(key: str) -> str:
        return bench.provider.create(bench.cal, key, event(key)).remote_id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(make, KEYS[:64]))
    assert set(observe(bench)[2].etags) == set(ids)
    assert all(isinstance(answer, Item) for answer in bench.provider.fetch(bench.cal, ids))


def race(bench: Bench, write: Callable[[int], Receipt]) -> None:
    """Eight threads write at once, each its own title "Try n", where the server may let only one of them.

    Under contention Xandikos answers the losers with 412, 423 or 500 (measured), so an outcome may be unknown. What
    must hold: nobody is told "done" in vain, and nobody who was told "no" was written.
    """

    def attempt(n: int) -> str:
        try:
            write(n)
        except (PreconditionFailed, TransientError, Refused):
            return "no"
        except UnknownOutcome:
            return "unknown"
        return "done"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    stored = one(bench, bench.provider.remote_id_for(bench.cal, KEYS[0])).payload
    (written,) = [n for n in range(8) if means_the_same(stored, event("one", f"Try {n}"))]
    assert outcomes.count("done") == 1 or "unknown" in outcomes
    assert outcomes[written] in ("done", "unknown")
    assert [n for n in range(8) if outcomes[n] == "done"] in ([written], [])


def test_of_eight_creates_under_one_key_at_once_exactly_one_wins(bench: Bench) -> None:
    """I5."""
    race(bench, lambda n: bench.provider.create(bench.cal, KEYS[0], event("one", f"Try {n}")))


def test_of_eight_updates_of_one_version_at_once_exactly_one_wins(bench: Bench) -> None:
    """I13."""
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    old = etag(bench, receipt)
    race(bench, lambda n: bench.provider.update(bench.cal, receipt.remote_id, event("one", f"Try {n}"), old))


def test_text_of_all_scripts_comes_back(bench: Bench) -> None:
    title = "Grüße 東京 🎉 עברית e\u0301 \\, semi\\; back\\\\slash"
    receipt = bench.provider.create(bench.cal, KEYS[0], event("unicode-✓", title))
    assert means_the_same(one(bench, receipt.remote_id).payload, event("unicode-✓", title))


def test_an_event_of_a_megabyte_comes_back(bench: Bench) -> None:
    body = event("large", description="All work and no play. " * 50_000)
    assert len(body) > 1_000_000
    receipt = bench.provider.create(bench.cal, KEYS[0], body)
    (item,) = bench.provider.fetch(bench.cal, [receipt.remote_id])
    assert isinstance(item, Item)
    assert means_the_same(item.payload, body)


# -- rights and absence -----------------------------------------------------------------------------------------------


def test_a_calendar_that_may_only_be_read_refuses_every_write(bench: Bench) -> None:
    if bench.lock is None:
        pytest.skip("this server knows no rights")
    receipt = bench.provider.create(bench.cal, KEYS[0], event("one"))
    version = etag(bench, receipt)
    bench.lock()
    for write in writes(bench.provider, bench.cal, receipt.remote_id, version):
        with pytest.raises(ReadOnly):
            write()
    assert bench.provider.open(bench.cal.id).access == "read"
    assert means_the_same(one(bench, receipt.remote_id).payload, event("one"))
    assert set(observe(bench)[2].etags) == {receipt.remote_id}


def writes(provider: Provider, cal: Calendar, remote_id: str, version: str) -> list[Any]:
    return [
        lambda: provider.create(cal, KEYS[1], event("two")),
        lambda: provider.update(cal, remote_id, event("one", "Coffee"), version),
        lambda: provider.delete(cal, remote_id, version),
    ]


def test_a_calendar_that_is_not_there_is_an_error_and_not_an_empty_listing(bench: Bench) -> None:
    """O2: otherwise every event would look deleted."""
    bench.provider.create(bench.cal, KEYS[0], event("one"))
    _, _, seen = observe(bench)
    bench.drop()
    with pytest.raises(CalendarGone):
        bench.provider.open(bench.cal.id)
    for token in (None, seen.token):
        with pytest.raises(CalendarGone):
            list(bench.provider.changes(bench.cal, token))
    assert bench.cal.id not in {cal.id for cal in bench.provider.calendars()}
