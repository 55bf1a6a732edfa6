"""How long it takes to take a feed apart and to read events into the mirror: `python -m bench.parsing [--events N]`.

Figures CPU seconds of this process (time.process_time) on one core, and the peak of memory that Python allocated;
        nothing here is a test. The events are those of bench.made
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from bench.made import event, feed
from calsync_cli.engine.seen import read_item, store_seen
from calsync_cli.engine.session import Session
from calsync_cli.mapping.feed.names import digest_of, entries_of
from calsync_cli.mapping.feed.split import split
from calsync_cli.mapping.feed.text import lines_of
from calsync_cli.mapping.ical import ICAL
from calsync_cli.model.account import Account
from calsync_cli.ports import system_ports
from calsync_cli.providers.base import Item
from calsync_cli.providers.ics.provider import IcsProvider
from calsync_cli.store import mirror
from calsync_cli.store.db import open_database


@contextmanager
def measured(what: str) -> Iterator[None]:
    begin = process_time()
    yield
    print(f"{what:<58} {process_time() - begin:7.2f} s")


def into_the_mirror(payloads: list[bytes]) -> None:
    """As a run does it: read, then one transaction."""
    account = Account("days", "ics", path=Path("none.ics"))
    with TemporaryDirectory() as folder:
        ports = system_ports()
        db = open_database(Path(folder), ports)
        session = Session(db, ports, "bench", lambda name: IcsProvider(account, ports))
        row = mirror.put_calendar(db, "days", "feed", "feed", "feed", "read", "full", False, None)
        seen = [read_item(session, "days", Item(str(n), str(n), payload)) for n, payload in enumerate(payloads)]
        with db.transaction():
            store_seen(session, row.id, "days", seen, [])
        assert mirror.live_count(db, row.id) == len(payloads) and not mirror.quarantined(db, row.id)
        db.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.parsing")
    parser.add_argument("--events", type=int, default=10_000)
    events = parser.parse_args().events
    raw, payloads = feed(events), [event(number) for number in range(events)]
    print(f"{events:,} events, a feed of {len(raw) / 1e6:.1f} MB, CPU seconds")
    with measured("feed: lines, split, names, etags, digest"):
        entries = entries_of(split(lines_of(raw)), "bench")
        digest_of(entries)
    with measured("feed: the payloads of all events"):
        taken = [entry.payload() for entry in entries.values()]
    with measured("feed: read all of them"):
        for payload in taken:
            ICAL.read(payload)
    with measured("objects: read all of them"):
        for payload in payloads:
            ICAL.read(payload)
    with measured("objects: read into the mirror"):
        into_the_mirror(payloads)
    del entries, taken
    tracemalloc.start()
    entries_of(split(lines_of(raw)), "bench")
    print(f"feed: peak of memory while it is taken apart {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
