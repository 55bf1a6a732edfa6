"""What is fuzzed: each target makes a case from a seed and says which law it breaks, if it breaks one.

Shape   `TARGETS[name](random)` -> (the bytes, the check); a check raises AssertionError, or whatever the reader let out
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

from calsync_cli.errors import MappingError
from calsync_cli.mapping.feed.names import Entry, entries_of
from calsync_cli.mapping.feed.split import split
from calsync_cli.mapping.feed.text import NotAFeed, lines_of
from calsync_cli.mapping.registry import mapping
from calsync_cli.model import recur
from calsync_cli.model.codec import form_from, form_json
from calsync_cli.model.series import Reading
from tests.corpus import ALL
from tests.corpus.odd import Refused
from tests.fakes.ics_server import event, feed
from tests.fuzz.mutate import dumped, worse, worse_value
from tests.unit.graph_oddities import FILES

SLOW_S = 5.0
DATA = Path(__file__).parents[1] / "data"
Case = tuple[bytes, Callable[[], None]]


@contextmanager
def in_time(what: str) -> Iterator[None]:
    begin = process_time()
    yield
    took = process_time() - begin
    assert took < SLOW_S, f"{what} took {took:.1f} s of CPU"


def read(kind: str, payload: bytes) -> Reading | None:
    """The reading, or None where it was refused in words."""
    wire = mapping(kind)
    with in_time("reading"):
        try:
            found = wire.read(payload)
        except MappingError as err:
            assert str(err).strip()
            return None
    assert wire.read(payload) == found
    stored = form_json(found.form)
    stored.encode()
    assert dict(form_from(stored)) == dict(found.form)
    with in_time("asking when it is"):
        recur.last_end(found.form)
        recur.touches(found.form, datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
    return found


# -- iCalendar --------------------------------------------------------------------------------------------------------


@cache
def objects() -> list[bytes]:
    files = [path.read_bytes() for path in sorted((DATA / "ical").rglob("*.ics"))]
    return files + [made.payload if isinstance(made, Refused) else made for _, made in sorted(ALL.items())]


def ical(random: Random) -> Case:
    raw = worse(random.choice(objects()), random, objects())
    return raw, lambda: void(read("ical", raw))


def taken_apart(raw: bytes) -> dict[str, Entry] | None:
    with in_time("taking apart"):
        try:
            return entries_of(split(lines_of(raw)), "feed")
        except NotAFeed as err:
            assert str(err).strip()
            return None


def ics(random: Random) -> Case:
    """Anything may happen to the feed as a whole."""
    bodies = [_events_of(random.choice(objects())) for _ in range(random.randint(1, 5))]
    whole = feed(head="X-WR-TIMEZONE:Europe/Berlin\r\n").replace(b"END:V", b"".join(bodies) + b"END:V")
    raw = worse(whole, random, bodies)

    def check() -> None:
        found = taken_apart(raw)
        for name, entry in (found or {}).items():
            reading = read("ical", entry.payload())
            assert reading is None or reading.uid == name
        again = taken_apart(raw)
        assert (again is None) == (found is None)
        assert {n: (e.etag, e.payload()) for n, e in (found or {}).items()} == {
            n: (e.etag, e.payload()) for n, e in (again or {}).items()}

    return raw, check


WELL = [event(f"well-{n}", f"Day {n}", start=f"203001{n + 10}T090000") for n in range(4)]


def neighbours(random: Random) -> Case:
    """Whatever happens within one event of a feed, the others say what they said."""
    inside = worse(_events_of(random.choice(objects())), random, objects())
    place = random.randrange(len(WELL) + 1)
    body = b"".join(e.encode() for e in WELL[:place]) + b"BEGIN:VEVENT\r\nX-A:B\r\n" + inside + b"\r\nEND:VEVENT\r\n"
    raw = feed().replace(b"END:V", body + b"".join(e.encode() for e in WELL[place:]) + b"END:V")

    def check() -> None:
        before, found = taken_apart(feed(*WELL)), taken_apart(raw)
        assert before is not None and found is not None, "one event took the whole feed along"
        for name, entry in before.items():
            assert name in found, f"{name} is gone"
            assert found[name].etag == entry.etag and found[name].payload() == entry.payload(), f"{name} is another one"

    return raw, check if b"VCALENDAR" not in inside.upper() else lambda: void(taken_apart(raw))


def _events_of(payload: bytes) -> bytes:
    """From the first VEVENT to the end of the last one."""
    begin, end = payload.find(b"BEGIN:VEVENT"), payload.rfind(b"END:VEVENT")
    return payload[begin : end + 10] + b"\r\n" if 0 <= begin < end else b""


# -- JSON -------------------------------------------------------------------------------------------------------------


@cache
def documents(kind: str) -> list[Any]:
    if kind == "graph":
        return [json.loads(raw) for raw in FILES.values()]
    return [json.loads(path.read_bytes()) for path in sorted((DATA / kind).glob("*.json"))]


def a_document(kind: str, random: Random) -> Case:
    known = documents(kind)
    value = random.choice(known)
    if random.random() < 0.1:
        raw = worse(dumped(value), random, [b"{", b'"x":[[[['])
    else:
        raw = dumped(worse_value(value, random, known))
    return raw, lambda: void(read(kind, raw))


def void(_: object) -> None:
    return None


TARGETS: dict[str, Callable[[Random], Case]] = {
    "ics": ics, "neighbours": neighbours, "ical": ical, "google": partial(a_document, "google"),
    "graph": partial(a_document, "graph"),
}
