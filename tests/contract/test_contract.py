"""One suite that every provider passes: the promises of providers.base.

Over memory, folders, two real CalDAV servers, Apple's way of CalDAV, the emulators of Google Calendar and of Microsoft
Graph. No test knows a payload's format.
"""

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
from calsync_cli.providers.base import Item, Missing, Receipt
from calsync_cli.providers.memory import Traits
from tests.contract.benches import (
    GOOGLE,
    GRAPH,
    ICLOUD,
    Bench,
    Said,
    dav_bench,
    google_bench,
    graph_bench,
    icloud_bench,
    memory_bench,
    running,
    vdir_bench,
)

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


@pytest.fixture(params=[*MEMORY, "vdir", *SERVERS, *ICLOUD, *GOOGLE, *GRAPH])
def bench(
    request: pytest.FixtureRequest, servers: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    if request.param in SERVERS:
        made = dav_bench(request.param, servers[request.param])
    elif request.param in ICLOUD:
        made = icloud_bench(servers[request.param])
    elif request.param in GOOGLE:
        made = google_bench(servers[request.param])
    elif request.param in GRAPH:
        made = graph_bench(servers[request.param])
    elif request.param == "vdir":
        made = vdir_bench(tmp_path, monkeypatch)
    else:
        made = memory_bench(MEMORY[request.param])
    yield made
    made.provider.close()
    made.check()


def created(bench: Bench, uid: str = "one", key: str = KEYS[0], title: str = "Tea") -> Receipt:
    return bench.provider.create(bench.cal, key, bench.body(key, uid, title))


def updated(bench: Bench, item: Item, title: str) -> Receipt:
    """As a careful caller writes: from what it read, under the version it read."""
    assert item.etag is not None
    return bench.provider.update(bench.cal, item.remote_id, bench.titled(item, title), item.etag)


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


def foreign(bench: Bench, name: str, uid: str) -> str:
    """A person stores an event; its id as the provider shows it."""
    _, _, before = observe(bench)
    bench.put(name, Said(uid))
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


# -- reading ----------------------------------------------------------------------------------------------------------


def test_an_empty_calendar_lists_nothing(bench: Bench) -> None:
    assert observe(bench)[0] == set()


def test_the_calendar_is_among_the_calendars_of_the_account(bench: Bench) -> None:
    assert bench.cal.id in {cal.id for cal in bench.provider.calendars()}
    assert bench.provider.open(bench.cal.id).access == "write"


def test_a_created_event_is_listed_fetched_and_looked_up(bench: Bench) -> None:
    receipt = created(bench)
    changed, _, seen = observe(bench)
    (fetched,) = bench.provider.fetch(bench.cal, [receipt.remote_id])
    looked = one(bench, receipt.remote_id)
    assert changed == {receipt.remote_id}
    assert isinstance(fetched, Item)
    assert bench.shows(fetched.payload, "one")
    assert bench.shows(looked.payload, "one")
    assert fetched.etag == looked.etag
    assert seen.etags[receipt.remote_id] == (fetched.etag if bench.versions else None)


def test_the_receipts_item_is_what_a_point_read_shows(bench: Bench) -> None:
    receipt = created(bench)
    if receipt.item is not None:
        assert receipt.item.payload == one(bench, receipt.remote_id).payload
    named = bench.provider.remote_id_for(bench.cal, KEYS[0])
    assert (receipt.remote_id == named) == bench.named
    assert one(bench, named).payload == one(bench, receipt.remote_id).payload


def test_every_id_is_answered_exactly_once(bench: Bench) -> None:
    there = [created(bench, key, key).remote_id for key in KEYS[:7]]
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
    receipt = created(bench)
    (item,) = bench.provider.fetch(bench.cal, [receipt.remote_id])
    assert isinstance(item, Item)
    assert item.etag is not None
    updated(bench, item, "Coffee")
    assert bench.shows(one(bench, item.remote_id).payload, "one", "Coffee")


# -- delta ------------------------------------------------------------------------------------------------------------


def test_changes_show_what_changed_and_what_is_gone_and_nothing_else(bench: Bench) -> None:
    ids = {name: foreign(bench, f"{name}.ics", name) for name in ("kept", "edited", "removed")}
    bench.settle()
    _, _, seen = observe(bench)
    bench.put("edited.ics", Said("edited", "A new title"))
    bench.remove("removed.ics")
    bench.put("added.ics", Said("added"))
    changed, gone, after = observe(bench, seen)
    assert gone == {ids["removed"]}
    assert ids["edited"] in changed
    assert ids["kept"] not in changed
    assert len(changed) == 2
    assert after.etags[ids["kept"]] == seen.etags[ids["kept"]]


def test_an_unchanged_calendar_shows_no_change(bench: Bench) -> None:
    """I3: the second look costs one question and finds nothing."""
    for n in range(5):
        bench.put(f"n{n}.ics", Said(f"n{n}"))
    bench.settle()
    _, _, seen = observe(bench)
    changed, gone, again = observe(bench, seen)
    assert (changed, gone) == (set(), set())
    assert again.etags == seen.etags


def test_a_token_that_no_server_gave_leads_to_a_full_listing(bench: Bench) -> None:
    """T4: either the token is refused before any page, or everything is listed."""
    bench.put("one.ics", Said("one"))
    try:
        pages = list(bench.provider.changes(bench.cal, "calsync-garbage"))
    except SyncTokenExpired:
        pages = list(bench.provider.changes(bench.cal, None))
    assert all(page.listing for page in pages)
    assert sum(len(page.hints) for page in pages) == 1


def test_a_delta_provider_gives_a_token_with_the_last_page(bench: Bench) -> None:
    for n in range(5):
        bench.put(f"n{n}.ics", Said(f"n{n}"))
    pages = list(bench.provider.changes(bench.cal, None))
    assert all(page.listing for page in pages)
    assert (pages[-1].token is not None) == bench.provider.caps.delta


# -- writing ----------------------------------------------------------------------------------------------------------


def test_the_second_create_under_a_key_is_refused_and_the_first_stays(bench: Bench) -> None:
    """I5: a create that is sent again cannot make a second event or replace the first."""
    receipt = created(bench)
    with pytest.raises(PreconditionFailed):
        created(bench, title="Coffee")
    assert bench.shows(one(bench, receipt.remote_id).payload, "one")


def test_an_update_is_seen(bench: Bench) -> None:
    before = one(bench, created(bench).remote_id)
    receipt = updated(bench, before, "Coffee")
    assert receipt.remote_id == before.remote_id
    assert bench.shows(one(bench, before.remote_id).payload, "one", "Coffee")
    assert etag(bench, receipt) != before.etag


def test_an_update_of_another_version_changes_nothing(bench: Bench) -> None:
    """I13: a person was faster."""
    before = one(bench, foreign(bench, "tea.ics", "one"))
    bench.put("tea.ics", Said("one", "The person's new title"))
    with pytest.raises(PreconditionFailed):
        updated(bench, before, "Coffee")
    assert bench.shows(one(bench, before.remote_id).payload, "one", "The person's new title")


def test_a_delete_of_another_version_changes_nothing(bench: Bench) -> None:
    before = one(bench, foreign(bench, "tea.ics", "one"))
    assert before.etag is not None
    bench.put("tea.ics", Said("one", "The person's new title"))
    with pytest.raises(PreconditionFailed):
        bench.provider.delete(bench.cal, before.remote_id, before.etag)
    assert bench.shows(one(bench, before.remote_id).payload, "one", "The person's new title")


def test_what_was_deleted_is_gone(bench: Bench) -> None:
    receipt = created(bench)
    bench.provider.delete(bench.cal, receipt.remote_id, etag(bench, receipt))
    assert bench.provider.look(bench.cal, receipt.remote_id) is None
    assert observe(bench)[2].etags == {}


def test_an_update_of_a_missing_event_does_not_make_it(bench: Bench) -> None:
    """Servers may answer 412 here, since If-Match fails before the absence counts (RFC 9110 section 13.1.1)."""
    before = one(bench, created(bench).remote_id)
    assert before.etag is not None
    bench.provider.delete(bench.cal, before.remote_id, before.etag)
    with pytest.raises((NotFound, PreconditionFailed)):
        updated(bench, before, "Coffee")
    assert bench.provider.look(bench.cal, before.remote_id) is None


def test_a_delete_of_a_missing_event_says_so(bench: Bench) -> None:
    receipt = created(bench)
    old = etag(bench, receipt)
    bench.provider.delete(bench.cal, receipt.remote_id, old)
    with pytest.raises(NotFound):
        bench.provider.delete(bench.cal, receipt.remote_id, old)


def test_a_key_may_be_used_again_after_its_event_was_deleted_or_never_more(bench: Bench) -> None:
    """Google gives no id twice (J4): there the next generation of the key is used."""
    receipt = created(bench)
    bench.provider.delete(bench.cal, receipt.remote_id, etag(bench, receipt))
    if bench.reusable:
        again = created(bench, title="Coffee")
        assert bench.shows(one(bench, again.remote_id).payload, "one", "Coffee")
    else:
        with pytest.raises(PreconditionFailed):
            created(bench, title="Coffee")
        assert bench.provider.look(bench.cal, receipt.remote_id) is None


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
        remote_id = foreign(bench, name, f"odd-{n}")
        (item,) = bench.provider.fetch(bench.cal, [remote_id])
        assert isinstance(item, Item), name
        receipt = updated(bench, item, "Coffee")
        assert bench.shows(one(bench, remote_id).payload, f"odd-{n}", "Coffee"), name
        bench.provider.delete(bench.cal, remote_id, etag(bench, receipt))
        assert bench.provider.look(bench.cal, remote_id) is None, name


def test_eight_threads_create_sixty_four_events(bench: Bench) -> None:
    def make(key: str) -> str:
        return created(bench, key, key).remote_id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(make, KEYS[:64]))
    assert set(observe(bench)[2].etags) == set(ids)
    assert all(isinstance(answer, Item) for answer in bench.provider.fetch(bench.cal, ids))


def race(bench: Bench, write: Callable[[int], Receipt]) -> None:
    """Eight threads write at once, each its own title "Try n", where the server may let only one of them.

    Under contention Xandikos answers the losers with 412, 423 or 500 (measured), so an outcome may be unknown. What
    must hold: nobody is told "done" in vain, and nobody who was told "no" was written. Of a server without a lock only
    the second can be asked.
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
    (written,) = [n for n in range(8) if bench.shows(stored, "one", f"Try {n}")]
    assert outcomes[written] in ("done", "unknown")
    if not bench.atomic:
        return
    assert outcomes.count("done") == 1 or "unknown" in outcomes
    assert [n for n in range(8) if outcomes[n] == "done"] in ([written], [])


def test_of_eight_creates_under_one_key_at_once_exactly_one_wins(bench: Bench) -> None:
    """I5."""
    race(bench, lambda n: created(bench, title=f"Try {n}"))


def test_of_eight_updates_of_one_version_at_once_exactly_one_wins(bench: Bench) -> None:
    """I13."""
    before = one(bench, created(bench).remote_id)
    race(bench, lambda n: updated(bench, before, f"Try {n}"))


def test_text_of_all_scripts_comes_back(bench: Bench) -> None:
    title = "Grüße 東京 🎉 עברית e\u0301 \\, semi\\; back\\\\slash"
    receipt = created(bench, "unicode-✓", title=title)
    assert bench.shows(one(bench, receipt.remote_id).payload, "unicode-✓", title)


def test_an_event_as_long_as_there_is_room_comes_back(bench: Bench) -> None:
    """A megabyte, where the server does not say less."""
    words = ("All work and no play. " * (bench.room // 22)).strip()
    receipt = bench.provider.create(bench.cal, KEYS[0], bench.body(KEYS[0], "large", description=words))
    (item,) = bench.provider.fetch(bench.cal, [receipt.remote_id])
    assert isinstance(item, Item)
    assert bench.shows(item.payload, "large", description=words)


# -- rights and absence -----------------------------------------------------------------------------------------------


def test_a_calendar_that_may_only_be_read_refuses_every_write(bench: Bench) -> None:
    if bench.lock is None:
        pytest.skip("this server knows no rights")
    item = one(bench, created(bench).remote_id)
    bench.lock()
    for write in writes(bench, item):
        with pytest.raises(ReadOnly):
            write()
    assert bench.provider.open(bench.cal.id).access == "read"
    assert bench.shows(one(bench, item.remote_id).payload, "one")
    assert set(observe(bench)[2].etags) == {item.remote_id}


def writes(bench: Bench, item: Item) -> list[Callable[[], object]]:
    return [
        lambda: created(bench, "two", KEYS[1]),
        lambda: updated(bench, item, "Coffee"),
        lambda: bench.provider.delete(bench.cal, item.remote_id, str(item.etag)),
    ]


def test_a_calendar_that_is_not_there_is_an_error_and_not_an_empty_listing(bench: Bench) -> None:
    """O2: otherwise every event would look deleted."""
    created(bench)
    _, _, seen = observe(bench)
    bench.drop()
    with pytest.raises(CalendarGone):
        bench.provider.open(bench.cal.id)
    for token in (None, seen.token):
        with pytest.raises(CalendarGone):
            list(bench.provider.changes(bench.cal, token))
    assert bench.cal.id not in {cal.id for cal in bench.provider.calendars()}
